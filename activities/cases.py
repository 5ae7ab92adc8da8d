"""What is done to one case: each activity is one sitting on the case's row, and doing it twice does it once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from temporalio import activity

from activities.letters import letter_for
from channels.outbox import Outbox
from channels.post import Outgoing
from channels.rendering import Message, render
from models.case import Status
from models.decision import Action, Step
from models.plan import plan
from models.ruler import Channel, tone_of
from models.words import day
from storage.cases import Sitting, sitting
from storage.schema import benefits, cases, notices, suspensions, taxpayers
from workflows.effects import CaseCommand, CaseEffects, Contact, Hearing, Outlook, PlannedStep, Stocktaking


class CaseActivities(CaseEffects):
    def __init__(self, engine: Engine, outbox: Outbox) -> None:
        self.engine = engine
        self.outbox = outbox

    @activity.defn
    def take_stock(self, hearing: Hearing) -> Stocktaking:
        """Reads how the case stands now; a hardship that reached only the workflow is put on record."""
        with sitting(self.engine, hearing.case, _now()) as sat:
            if hearing.hardship_on and sat.case.hardship_on is None:
                sat.journal("hardship_declared", "dificuldade declarada por sinal", hearing.hardship_on)
                _set(sat, hardship_on=hearing.hardship_on)
                sat.look_again()
        return Stocktaking(outlook=_outlook(sat), path=_path(self.engine, sat), plan=_plan(sat))

    @activity.defn
    def notify(self, contact: Contact) -> Outlook:
        """One notice: claimed in a transaction that sees every payment before it, then sent, then recorded as sent."""
        with sitting(self.engine, contact.case, _now(), contact.step.on) as sat:
            claimed = _claim(sat, contact)
        if claimed is None:
            return _outlook(sat)
        self.outbox.deliver(claimed)
        if _record_sent(self.engine, claimed.notice, sat.case.clock.compressed):
            with sitting(self.engine, contact.case, _now(), contact.step.on) as sat:
                pass
        return _outlook(sat)

    @activity.defn
    def ask_approval(self, case: str) -> Outlook:
        def ask(sat: Sitting) -> None:
            on = sat.case.clock.carried(sat.step.on or sat.today, sat.today)
            sat.journal("approval_asked", sat.step.reason, on, sat.step)
            sat.judge(sat.position.asked(on))

        return self._if_due(case, Action.ASK_APPROVAL, ask)

    @activity.defn
    def approve_suspension(self, asked: CaseCommand) -> Outlook:
        def approve(sat: Sitting) -> None:
            by, why = asked.command.by, asked.command.reason
            sat.journal("approved", f"suspensão aprovada por {by}: {why}", step=sat.step)
            sat.judge(sat.position.approved(by))

        return self._if_awaiting(asked.case, approve)

    @activity.defn
    def reject_suspension(self, asked: CaseCommand) -> Outlook:
        def reject(sat: Sitting) -> None:
            by, why = asked.command.by, asked.command.reason
            sat.journal("rejected", f"suspensão recusada por {by}: {why}", step=sat.step)
            sat.judge(sat.position.rejected(sat.today))

        return self._if_awaiting(asked.case, reject)

    @activity.defn
    def suspend_benefits(self, case: str) -> Outlook:
        def suspend(sat: Sitting) -> None:
            held = select(benefits.c.id).where(
                benefits.c.taxpayer == sat.case.taxpayer, func.coalesce(benefits.c.tax, sat.case.tax) == sat.case.tax
            )
            for benefit in sat.connection.scalars(held).all():
                sat.connection.execute(
                    insert(suspensions)
                    .values(benefit=benefit, case=case, suspended_on=sat.today, approved_by=sat.position.approved_by)
                    .on_conflict_do_nothing()
                )
            sat.journal("suspended", sat.step.reason, step=sat.step)
            sat.judge(sat.position.suspended_now(sat.today))

        return self._if_due(case, Action.SUSPEND, suspend)

    @activity.defn
    def reinstate_benefits(self, case: str) -> Outlook:
        def reinstate(sat: Sitting) -> None:
            _give_back(sat)
            sat.journal("reinstated", sat.step.reason)
            sat.judge(sat.position.reinstated(sat.case.ruler, sat.today))

        return self._if_due(case, Action.REINSTATE, reinstate)

    @activity.defn
    def refer(self, case: str) -> Outlook:
        def refer(sat: Sitting) -> None:
            sat.journal("referred", sat.step.reason, sat.step.on)
            sat.judge(sat.position.referred_now())

        return self._if_due(case, Action.REFER, refer)

    @activity.defn
    def resolve(self, case: str) -> Outlook:
        def resolve(sat: Sitting) -> None:
            sat.journal("resolved", sat.step.reason)
            sat.close(Status.RESOLVED)

        return self._if_due(case, Action.RESOLVE, resolve)

    @activity.defn
    def cancel(self, case: str) -> Outlook:
        """The case is over whatever it owes; a benefit that it holds suspended is given back."""
        with sitting(self.engine, case, _now()) as sat:
            if sat.case.closed_at is None:
                _give_back(sat)
                sat.journal("cancelled", "caso cancelado por um supervisor")
                sat.close(Status.CANCELLED)
        return _outlook(sat)

    @activity.defn
    def pause(self, asked: CaseCommand) -> Outlook:
        return self._set_paused(asked.case, asked.command.by)

    @activity.defn
    def resume(self, asked: CaseCommand) -> Outlook:
        return self._set_paused(asked.case, None, f"retomado por {asked.command.by}")

    def _set_paused(self, case: str, by: str | None, why: str | None = None) -> Outlook:
        with sitting(self.engine, case, _now()) as sat:
            climbing = not (sat.position.suspended or sat.position.referred)
            if sat.case.closed_at is None and climbing:
                if why:
                    sat.journal("resume_asked", why)
                _set(sat, paused_by=by)
                sat.look_again()
        return _outlook(sat)

    def _if_due(self, case: str, action: Action, act: Callable[[Sitting], None]) -> Outlook:
        """Acts when `action` is still what comes next; overtaken or done already, it changes nothing."""
        with sitting(self.engine, case, _now()) as sat:
            if sat.case.closed_at is None and sat.step.action is action and sat.due:
                act(sat)
        return _outlook(sat)

    def _if_awaiting(self, case: str, act: Callable[[Sitting], None]) -> Outlook:
        with sitting(self.engine, case, _now()) as sat:
            if sat.case.closed_at is None and sat.step.status is Status.AWAITING_APPROVAL:
                act(sat)
        return _outlook(sat)


def _now() -> datetime:
    """The server's own clock when this activity began: one clock for all workers, and the one that tests can move."""
    return activity.info().started_time


def _set(sat: Sitting, **values: Any) -> None:
    sat.connection.execute(update(cases).where(cases.c.id == sat.case.id).values(**values))


def _give_back(sat: Sitting) -> None:
    sat.connection.execute(
        update(suspensions)
        .where(suspensions.c.case == sat.case.id, suspensions.c.reinstated_at.is_(None))
        .values(reinstated_on=sat.today, reinstated_at=func.clock_timestamp())
    )


def _claim(sat: Sitting, contact: Contact) -> Outgoing | None:
    """The message to send; None when it was sent already, or when something overtook it."""
    notice = f"{contact.case}-{contact.step.number:02}-{contact.channel}"
    made = sat.connection.execute(select(notices).where(notices.c.id == notice)).one_or_none()
    if made is not None and made.status == "sent":
        return None
    who = sat.connection.execute(select(taxpayers).where(taxpayers.c.id == sat.case.taxpayer)).one()
    if made is not None:
        return _outgoing(sat, notice, contact.channel, who, Message(subject=made.subject, body=made.body))
    if sat.case.closed_at is not None or not _is_current(sat, contact.step):
        return None
    at = _day_of_rung(sat, contact.step)
    message = _write(sat, contact, notice, at, who)
    if sat.position.steps == contact.step.number:
        _advance(sat, at)
    return _outgoing(sat, notice, contact.channel, who, message)


def _is_current(sat: Sitting, asked: Step) -> bool:
    """Whether the rung is still the next one, or was just done on another of its channels and may go on."""
    step, position = sat.step, sat.position
    if position.steps == asked.number:
        return step.action is Action.NOTIFY and sat.due and (step.row, step.rung) == (asked.row, asked.rung)
    just_done = position.steps == asked.number + 1 and (position.row, position.rung) == (asked.row, asked.rung)
    return just_done and sat.standing.outstanding and sat.standing.paused_by is None


def _write(sat: Sitting, contact: Contact, notice: str, at: date, who: Row[Any]) -> Message:
    """Claims the notice: from here on it may leave, whatever is paid later."""
    step = contact.step
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018
    rung = sat.case.ruler.rung(step.row, step.rung)
    channel: Channel = "sms" if contact.channel == "sms" else "email"
    message = render(channel, rung.template, letter_for(sat, step, at, who))
    sat.connection.execute(
        insert(notices).values(
            id=notice,
            case=contact.case,
            step=step.number,
            channel=contact.channel,
            way=contact.channel,
            at=at,
            hypothesis=step.row,
            stage=rung.stage,
            rigidity=step.rigidity,
            tone=tone_of(step.rigidity),
            template=rung.template,
            formal=rung.formal,
            status="claimed",
            subject=message.subject,
            body=message.body,
        )
    )
    sat.journal("notice", step.reason, at, step)
    return message


def _day_of_rung(sat: Sitting, step: Step) -> date:
    """One rung is one contact: its channels carry the day of the first of them, whatever is paid in between."""
    begun = select(notices.c.at).where(notices.c.case == sat.case.id, notices.c.step == step.number).limit(1)
    return sat.connection.scalar(begun) or sat.case.clock.carried(sat.step.on or sat.today, sat.today)


def _advance(sat: Sitting, at: date) -> None:
    step = sat.step
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018
    sat.judge(sat.position.done(sat.case.ruler, step.row, step.rung, step.rigidity, at))
    if sat.case.ruler.rung(step.row, step.rung).formal:
        # what comes next waits for the service of this notice, no longer of the one before
        sat.look_again()


def _outgoing(sat: Sitting, notice: str, channel: str, who: Row[Any], message: Message) -> Outgoing:
    return Outgoing(
        notice=notice,
        case=sat.case.id,
        cohort=sat.case.cohort,
        ruler=sat.case.ruler.label,
        channel=channel,
        sender_name=sat.case.ruler.authority,
        sender=sat.case.ruler.sender,
        recipient_name=who.name,
        recipient=who.email,
        subject=message.subject,
        body=message.body,
        at=_now(),
    )


def _record_sent(engine: Engine, notice: str, compressed: bool) -> bool:
    """Whether sending was service too: it is for a formal notice on a compressed clock. On a real one service must be
    proven."""
    sent: dict[str, Any] = {"status": "sent", "sent_at": func.clock_timestamp()}
    with engine.begin() as connection:
        claimed = update(notices).where(notices.c.id == notice, notices.c.status == "claimed")
        formal = connection.execute(claimed.values(sent).returning(notices.c.formal)).scalar_one_or_none()
        if formal and compressed:
            served = {"served_on": notices.c.at, "served_by": "outbox"}
            connection.execute(update(notices).where(notices.c.id == notice).values(served))
    return bool(formal and compressed)


def _outlook(sat: Sitting) -> Outlook:
    closed = sat.closes or sat.case.closed_at is not None
    step, position, ruler = sat.step, sat.position, sat.case.ruler
    rung = ruler.rung(step.row, step.rung) if step.row is not None and step.rung is not None else None
    stands = ruler.rung(position.row, position.rung) if position.row is not None and position.rung >= 0 else None
    waits = step.on is not None and not step.action.at_once and not closed
    return Outlook(
        revision=sat.case.revision + 1,
        step=step.model_copy(update={"status": sat.status}),
        closed=closed,
        runs_at=sat.case.clock.instant_of(step.on, _share(sat.case.id)) if waits and step.on else None,
        channels=rung.channels if rung else (),
        hypothesis=position.row,
        stage=stands.stage if stands else None,
        rigidity=position.last_rigidity or None,
    )


def _share(case: str) -> float:
    """The part of a day by which this case's steps run after the day's opening, so that a wave is spread over it."""
    return 0.05 + 0.9 * int(case[:8], 16) / 2**32


PATH = text("""
    SELECT at, hypothesis, stage, rigidity FROM notices WHERE "case" = :case
    GROUP BY step, at, hypothesis, stage, rigidity ORDER BY step
""")


def _path(engine: Engine, sat: Sitting) -> tuple[str, ...]:
    with engine.connect() as connection:
        rows = connection.execute(PATH, {"case": sat.case.id}).all()
    return tuple(f"{day(row.at)} · {row.hypothesis.upper()} · {row.stage} · {row.rigidity}" for row in rows)


def _plan(sat: Sitting) -> tuple[PlannedStep, ...]:
    if sat.closes or sat.case.closed_at is not None:
        return ()
    steps = plan(sat.case.ruler, sat.case.frozen.calendar, sat.position, sat.standing)
    return tuple(PlannedStep(on=step.on, what=_what(step)) for step in steps)


def _what(step: Step) -> str:
    cell = f"{step.row.upper()} · {step.stage} · {step.rigidity}" if step.row and step.stage else ""
    return cell if step.action is Action.NOTIFY else f"{step.action} {cell}".strip()
