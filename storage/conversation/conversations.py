"""Conversations on record: each line that was said, where the flow is, and who holds it: the bot, the queue, a person.

Whatever changes a conversation locks its row first. So of two messages at once one is answered after the other, and
from the transaction in which a person takes it the bot is silent.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypedDict

from sqlalchemy import ColumnElement, Connection, Engine, Row, insert, select, text, update

from models.conversation.engine import Outcome, Place, Reaction, begin, done, heard
from models.conversation.flow import Do, Flow
from models.errors import Refusal
from storage.assets import keep, read_assets
from storage.conversation.flow_files import read_flows, shipped_texts
from storage.payments.posting import TIMEZONE
from storage.rows import typed_rows
from storage.schema import conversation_lines, conversations

Holder = Literal["bot", "queue", "person", "nobody"]
Speaker = Literal["taxpayer", "bot", "person"]

LONGEST = 4096
"""Characters of a line, as long as a message of WhatsApp's."""
MOST_ACTS = 10
"""Acts after one answer. A flow that was checked asks in between, so it is a guard."""

OVER = "Esta conversa terminou. Comece outra."
QUEUED = "Uma pessoa vai responder aqui, {hours}. {ahead}"


class TooLong(Refusal):
    """A line is longer than a line may be."""


class Over(Refusal):
    """The conversation is over, and hears nothing more."""


@dataclass(frozen=True)
class Conversation:
    id: int
    token: str
    case: str | None
    flow: Flow
    flows: dict[str, Flow]
    """All that there were when it began, by name."""
    place: Place
    held_by: Holder
    agent: str | None


class Line(TypedDict):
    id: int
    by: Speaker
    agent: str | None
    text: str
    unclear: bool
    at: datetime


CarryOut = Callable[[Connection, Conversation, Do], Outcome]
"""Does what a flow asks for, in the transaction of the line that led to it."""


def open_conversation(engine: Engine, flow: str, carry_out: CarryOut, now: datetime, case: str | None = None) -> str:
    """Begin a conversation by a shipped flow, about a case where its link was opened; returns its token. Raises
    Refusal: there is no such flow."""
    texts = shipped_texts()
    if flow not in texts:
        raise Refusal(f"there is no flow {flow}", "Não há esta conversa.")
    flows = read_flows(texts)
    reaction = begin(flows, flow, _local(now), identified=case is not None)
    token = secrets.token_hex(16)
    with engine.begin() as connection:
        row = {"token": token, "case": case, "flow": flow, "pinned": keep(connection, texts)}
        connection.execute(insert(conversations).values(**row, place=reaction.place.model_dump(mode="json")))
        _follow(connection, _locked(connection, conversations.c.token == token), reaction, carry_out, now)
    return token


def hear(engine: Engine, token: str, event: str, written: str, carry_out: CarryOut, now: datetime) -> None:
    """Take a taxpayer's line, once by its event, and let the bot answer where it holds the conversation. Raises Over,
    TooLong, and Refusal where there is no such conversation."""
    said = written.replace("\0", "").strip()
    if len(said) > LONGEST:
        raise TooLong(f"a line has {LONGEST} characters at most", f"Escreva até {LONGEST} caracteres de cada vez.")
    with engine.begin() as connection:
        talk = _locked(connection, conversations.c.token == token)
        mine = (conversation_lines.c.conversation == talk.id) & (conversation_lines.c.event == event)
        if not said or connection.execute(select(conversation_lines.c.id).where(mine)).first():
            return
        if talk.held_by == "nobody":
            raise Over("the conversation is over", OVER)
        reaction = heard(talk.flows, talk.place, said, _local(now)) if talk.held_by == "bot" else None
        line = {"conversation": talk.id, "by": "taxpayer", "text": said, "event": event}
        connection.execute(insert(conversation_lines).values(**line, unclear=reaction is not None and reaction.unclear))
        if reaction:
            _follow(connection, talk, reaction, carry_out, now)


def _follow(connection: Connection, talk: Conversation, reaction: Reaction, carry_out: CarryOut, now: datetime) -> None:
    """Say what a reaction says, do what it does, and go on until something is asked, handed over or over."""
    for _ in range(MOST_ACTS):
        _say(connection, talk.id, reaction.said)
        at = replace(talk, place=reaction.place)
        if reaction.do is Do.HAND_OVER:
            _hand_over(connection, at, now)
            return
        if reaction.do is None:
            _save(connection, at, "nobody" if reaction.place.ended else "bot")
            return
        outcome = carry_out(connection, at, reaction.do)
        reaction = done(talk.flows, reaction.place, reaction.do, outcome, _local(now))
    raise Refusal(f"flow {talk.flow.label} does more than {MOST_ACTS} things after one answer")


AHEAD = text("SELECT count(*) FROM conversations WHERE held_by = 'queue'")


def _hand_over(connection: Connection, talk: Conversation, now: datetime) -> None:
    """Put a conversation into the queue, and say once when people answer and how many are before."""
    ahead = connection.execute(AHEAD).scalar_one()
    before = {0: "Você é o próximo.", 1: "Há uma conversa antes da sua."}.get(
        ahead, f"Há {ahead} conversas antes da sua."
    )
    _say(connection, talk.id, [QUEUED.format(hours=talk.flow.hours_in_words, ahead=before)])
    _save(connection, talk, "queue", queued_at=now)


def _say(connection: Connection, conversation: int, lines: Iterable[str], agent: str | None = None) -> None:
    by: Speaker = "person" if agent else "bot"
    rows = [{"conversation": conversation, "by": by, "agent": agent, "text": line} for line in lines if line.strip()]
    if rows:
        connection.execute(insert(conversation_lines), rows)


def _save(connection: Connection, talk: Conversation, held_by: Holder, **more: object) -> None:
    values = {"place": talk.place.model_dump(mode="json"), "held_by": held_by, "agent": None, **more}
    connection.execute(update(conversations).where(conversations.c.id == talk.id).values(values))


def _local(now: datetime) -> datetime:
    return now.astimezone(TIMEZONE)


# ---- by people


def claim(engine: Engine, conversation: int, agent: str) -> None:
    """Take a conversation that waits, or that the bot holds: from now on the bot is silent. Raises Refusal."""
    with engine.begin() as connection:
        talk = _locked(connection, conversations.c.id == conversation)
        if talk.held_by == "nobody":
            raise Refusal(f"conversation {conversation} is over")
        if talk.held_by == "person" and talk.agent != agent:
            raise Refusal(f"conversation {conversation} is held by {talk.agent}")
        _save(connection, talk, "person", agent=agent)


def answer(engine: Engine, conversation: int, agent: str, written: str) -> None:
    """Say something to the taxpayer. Raises Refusal: somebody else holds it, or nobody does."""
    if len(written) > LONGEST:
        raise Refusal(f"an answer has {LONGEST} characters at most")
    with engine.begin() as connection:
        _say(connection, _held(connection, conversation, agent).id, [written], agent)


def give_back(engine: Engine, conversation: int, agent: str, carry_out: CarryOut, now: datetime) -> None:
    """Give a conversation back to the bot, which goes on where it was. Raises Refusal."""
    with engine.begin() as connection:
        talk = _held(connection, conversation, agent)
        reaction = done(talk.flows, talk.place, Do.HAND_OVER, Outcome(True), _local(now))
        _follow(connection, talk, reaction, carry_out, now)


def end(engine: Engine, conversation: int, agent: str) -> None:
    """End a conversation; it hears nothing more. Raises Refusal."""
    with engine.begin() as connection:
        _save(connection, _held(connection, conversation, agent), "nobody")


def _held(connection: Connection, conversation: int, agent: str) -> Conversation:
    talk = _locked(connection, conversations.c.id == conversation)
    if talk.held_by != "person" or talk.agent != agent:
        raise Refusal(f"conversation {conversation} is not in your hands: take it first")
    return talk


# ---- read


def _locked(connection: Connection, which: ColumnElement[bool]) -> Conversation:
    row = connection.execute(select(conversations).where(which).with_for_update()).one_or_none()
    if row is None:
        raise Refusal("there is no such conversation", "Não há esta conversa.")
    return _of(connection, row)


def _of(connection: Connection, row: Row[Any]) -> Conversation:
    flows = read_flows(read_assets(connection, row.pinned))
    return Conversation(
        id=row.id,
        token=row.token,
        case=row.case,
        flow=flows[row.flow],
        flows=flows,
        place=Place.model_validate(row.place),
        held_by=row.held_by,
        agent=row.agent,
    )


def read_conversation(
    connection: Connection, *, token: str | None = None, id: int | None = None
) -> Conversation | None:
    """The conversation of that token, or of that number; None: there is none."""
    which = conversations.c.token == token if token is not None else conversations.c.id == id
    row = connection.execute(select(conversations).where(which)).one_or_none()
    return _of(connection, row) if row else None


LINES = text("""
    SELECT id, by, agent, text, unclear, at FROM conversation_lines WHERE conversation = :conversation ORDER BY id
""")


def lines_of(connection: Connection, conversation: int) -> list[Line]:
    """All that was said, in order."""
    return typed_rows(Line, connection.execute(LINES, {"conversation": conversation}).mappings())


class Waiting(TypedDict):
    id: int
    flow: str
    held_by: Holder
    agent: str | None
    queued_at: datetime
    lines: int


WAITING = text("""
    SELECT id, flow, held_by, agent, queued_at,
           (SELECT count(*) FROM conversation_lines WHERE conversation = conversations.id) AS lines
    FROM conversations WHERE held_by IN ('queue', 'person') ORDER BY held_by = 'person', queued_at, id
""")


def waiting(connection: Connection) -> list[Waiting]:
    """The conversations that wait for a person, the oldest first, then those that somebody holds."""
    return typed_rows(Waiting, connection.execute(WAITING).mappings())


class NotUnderstood(TypedDict):
    conversation: int
    flow: str
    text: str
    at: datetime


UNCLEAR = text("""
    SELECT conversation, flow, text, at FROM conversation_lines JOIN conversations ON conversations.id = conversation
    WHERE unclear ORDER BY conversation_lines.id DESC LIMIT 100
""")


def not_understood(connection: Connection) -> list[NotUnderstood]:
    """The newest answers that no flow understood, for an analyst to add their words."""
    return typed_rows(NotUnderstood, connection.execute(UNCLEAR).mappings())
