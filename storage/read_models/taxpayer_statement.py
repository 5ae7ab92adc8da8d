"""The statement of a case on a day, as its taxpayer reads it: what each debt consists of, what holds it, and all that
happened. It reads, and locks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, TextClause, select, text

from models.case.evidence import Debt
from models.case.facts import FormalNotice
from models.case.in_time import defence_term
from models.case.view import View
from models.errors import Refusal
from models.law.term import Term
from models.money.accrual import NOTHING, Accrual
from models.ruler.schema import Ruler
from models.taxid import mask
from models.words import COMMUNICATIONS, INTENTS, STAGES, tax_in_words
from storage.case.cases import Case, read_case
from storage.case.debts import owed_each
from storage.case.prescription import horizons
from storage.law.approvals import view_of
from storage.paging import WHOLE
from storage.read_models.case_file import AGREEMENTS, BENEFITS, PAYMENTS, PROMISES, REQUESTS
from storage.read_models.case_parts import Benefit, ListedAgreement, Payment, Promise, Request
from storage.rows import RowT, typed_rows
from storage.schema import taxpayers

FURTHEST = timedelta(days=366)
"""The latest day ahead of which a statement tells."""


@dataclass(frozen=True)
class StatedDebt:
    debt: Debt
    owed: Accrual | None
    """On the day of the statement; None: it can't be told without a person, or an index of that day isn't out yet."""

    @property
    def settled(self) -> bool:
        return self.owed is not None and self.owed.total <= 0

    @property
    def apart(self) -> bool:
        """Whether it can't be demanded now."""
        return bool(self.debt.grounds) or self.debt.defended


@dataclass(frozen=True)
class StatedNotice:
    notice: FormalNotice
    term: Term | None
    """For a defence; None: nobody was served it yet, or its ruler gives no term."""


class StatedMessage(TypedDict):
    on: date
    channel: str
    said: str
    """The stage of a rung, the kind of a communication, or the intent of a reply, in words."""
    status: str | None
    """None: the taxpayer said it."""


@dataclass(frozen=True)
class Statement:
    ruler: Ruler
    case: str
    name: str
    tax_id: str
    """Masked: who opens the link knows his own."""
    tax: str
    today: date
    on: date
    """The day of which the amounts are."""
    debts: Sequence[StatedDebt]
    notices: Sequence[StatedNotice]
    agreements: Sequence[ListedAgreement]
    benefits: Sequence[Benefit]
    requests: Sequence[Request]
    promises: Sequence[Promise]
    payments: Sequence[Payment]
    messages: Sequence[StatedMessage]

    @property
    def latest(self) -> date:
        return self.today + FURTHEST

    @property
    def demandable(self) -> list[StatedDebt]:
        return [each for each in self.debts if not each.settled and not each.apart]

    @property
    def apart(self) -> list[StatedDebt]:
        return [each for each in self.debts if not each.settled and each.apart]

    @property
    def settled(self) -> list[StatedDebt]:
        return [each for each in self.debts if each.settled]

    @property
    def total(self) -> Decimal | None:
        """The amount of what can be demanded; None: that of one can't be told."""
        owed = [each.owed for each in self.demandable]
        return None if None in owed else sum((each.total for each in owed if each), NOTHING)


MESSAGES = text("""
    SELECT * FROM (
        SELECT notices.at AS "on", channel, coalesce(communications.kind, stage) AS said, status
        FROM notices LEFT JOIN communications ON communications.id = communication WHERE notices."case" = :case
        UNION ALL
        SELECT CAST(recorded_at AT TIME ZONE :timezone AS date), channel, intent, NULL FROM replies
        WHERE "case" = :case
    ) AS messages ORDER BY "on" DESC, said, channel
""")

SAID = {**{stage.value: said for stage, said in STAGES.items()}, **COMMUNICATIONS, **INTENTS}


def read_statement(connection: Connection, case: str, now: datetime, on: date | None = None) -> Statement | None:
    """Read the statement at `now`, of today unless another day is said; None when there is no such case. Raises
    Refusal, in pt-BR: a day that is over, or too far ahead."""
    try:
        found = read_case(connection, case)
    except Refusal:
        return None
    today = found.clock.day_at(now)
    day = on or today
    if not today <= day <= today + FURTHEST:
        raise Refusal("day out of range", plain="Escolha um dia de hoje em diante, dentro de um ano.")
    view = view_of(connection, found, now)
    known = sorted(view.facts.debts, key=lambda debt: (debt.due, debt.id))
    owed = owed_each(connection, [debt.id for debt in known], day)
    who = connection.execute(select(taxpayers).where(taxpayers.c.id == found.taxpayer)).one()
    asked = {"case": case, "taxpayer": found.taxpayer, "tax": found.tax, "timezone": found.clock.timezone}

    def rows(shape: type[RowT], query: TextClause) -> list[RowT]:
        return typed_rows(shape, connection.execute(query, asked).mappings())

    return Statement(
        ruler=found.ruler,
        case=found.id,
        name=who.name,
        tax_id=mask(who.tax_id),
        tax=tax_in_words(found.tax),
        today=today,
        on=day,
        debts=[StatedDebt(debt, owed.get(debt.id)) for debt in known],
        notices=[_stated(view, notice) for notice in view.facts.formal_notices],
        agreements=_agreements(connection, found, now),
        benefits=rows(Benefit, BENEFITS),
        requests=rows(Request, REQUESTS),
        promises=rows(Promise, PROMISES),
        payments=rows(Payment, PAYMENTS),
        messages=[_worded(message) for message in rows(StatedMessage, MESSAGES)],
    )


def _stated(view: View, notice: FormalNotice) -> StatedNotice:
    """The notice with the last of its credits' terms, which a standstill may have made longer for one of them."""
    if notice.served_on is None or view.ruler.gate is None or not notice.credits:
        return StatedNotice(notice, None)
    served_on = notice.served_on
    terms = [defence_term(view, credit, served_on) for credit in notice.credits]
    return StatedNotice(notice, max(terms, key=lambda term: term.last_day))


def _agreements(connection: Connection, case: Case, now: datetime) -> list[ListedAgreement]:
    asked = {"case": case.id, "state": None, **horizons(connection, now, case.cohort)}
    return list(AGREEMENTS.rows(connection, WHOLE, asked))


def _worded(message: StatedMessage) -> StatedMessage:
    return {**message, "said": SAID.get(message["said"], message["said"])}
