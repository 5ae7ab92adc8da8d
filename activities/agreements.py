"""The activities of one instalment agreement: each is one case transaction, and doing it twice does it once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.dependencies import Dependencies, contact_at, now, share_of
from channels.mail_gateway import Busy, Outgoing, Unanswered, Undeliverable
from channels.mail_html import Letterhead, mail_html
from channels.rendering import Addressee, InstalmentLetter, pinned_words, render
from models.agreement.deal import Entry
from models.agreement.instalments import State, Step
from models.assets import INSTALMENT_MESSAGES
from models.case.journal import EntryKind
from models.contact.channel import Channel
from models.taxid import formatted
from models.words import CHANNELS as CHANNEL_NAMES
from storage.agreement.agreements import AgreementTransaction, agreement_transaction, read_row
from storage.agreement.policies import pinned_policy
from storage.case.people import Person, read_person, suppress_contact
from storage.payments.charges import brcodes_of_instalments
from storage.schema import instalments
from workflows.effects import (
    UNSENT,
    AgreementEffects,
    AgreementNextAction,
    AgreementReview,
    InstalmentMessage,
    UnsentMessage,
)

DATABASE_AWAY = timedelta(minutes=1)
"""After which a message is tried again that could not even be read."""

MESSAGES = {"reminder": "lembrete", "alert": "alerta"}


class AgreementActivities(AgreementEffects):
    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies

    @activity.defn
    def review_agreement(self, dispatch: AgreementReview) -> AgreementNextAction:
        """Review an agreement as the record tells it now; a break that is certain by the day of the step is decided."""
        with self._case_transaction(dispatch.agreement, dispatch.step) as tx:
            return self._next_action(tx)

    @activity.defn
    def write_about_instalment(self, dispatch: AgreementReview) -> AgreementNextAction:
        """Put a message on record before anything leaves, for the channels that reach the taxpayer now; nothing outside
        their hours, for which the next action says when they open."""
        step = dispatch.step
        assert step is not None  # noqa: S101 - there is no message without a step
        with self._case_transaction(dispatch.agreement, step) as tx:
            channels = self._channels(tx, step)
            if _is_next(tx, step) and _is_lawful_now(tx, step.on, channels):
                at = tx.agreed.case.clock.carried(step.on, tx.today)
                reason = step.reason if channels else f"{step.reason}; nenhum canal alcança o contribuinte"
                tx.note(EntryKind(f"agreement_{step.kind}"), reason, at, step.n)
            elif not tx.was_told(step):
                channels = []
            messages = tuple(self._message(tx, step, channel) for channel in channels)
            return self._next_action(tx).model_copy(update={"messages": messages})

    @activity.defn
    def hand_over_message(self, message: InstalmentMessage) -> datetime | None:
        """Nothing leaves for an instalment that was paid, or an agreement that is over. A second attempt asks the
        provider first. Raises ApplicationError of type UNSENT."""
        step = message.step
        try:
            with self._case_transaction(message.agreement, step) as tx:
                entry = tx.agreed.life.entries[step.n - 1]
                if entry.paid_on is not None or tx.agreed.life.state is not State.ACTIVE:
                    return None
                if not _is_lawful_now(tx, step.on, [message.channel]):
                    return _opens_at(tx, step.on, [message.channel])
                if message.channel not in self._channels(tx, step):
                    raise _unsent("o contato deixou de existir ou foi recusado", non_retryable=True)
                outgoing = self._outgoing(tx, entry, message)
        except OperationalError:
            if activity.info().attempt > 1:
                raise
            # nothing was handed over, so this was none of the two attempts
            return now() + DATABASE_AWAY
        adapter = self.dependencies.gateway_of(tx.agreed.case).adapter(message.channel)
        try:
            if outgoing.since is None or not adapter.taken(outgoing):
                adapter.deliver(outgoing)
        except Undeliverable as refusal:
            if refusal.contact_is_suppressed:
                self._suppress_contact(tx.agreed.case.taxpayer, outgoing, refusal.reason)
            raise _unsent(refusal.reason, non_retryable=True) from None
        except Busy as busy:
            delay = timedelta(seconds=busy.retry_after) if busy.retry_after else None
            raise _unsent(str(busy), next_retry_delay=delay) from None
        except Unanswered as lost:
            raise _unsent(str(lost)) from None
        return None

    @activity.defn
    def record_unsent(self, unsent: UnsentMessage) -> None:
        message = unsent.message
        with self._case_transaction(message.agreement, message.step) as tx:
            what = f"{MESSAGES[message.step.kind]} da parcela {message.step.n}"
            why = f"não consta que o {what} tenha saído por {CHANNEL_NAMES[message.channel]}: {unsent.why}"
            tx.note(EntryKind.AGREEMENT_MESSAGE_UNSENT, why, tx.today, message.step.n)

    def _case_transaction(self, agreement: str, step: Step | None) -> AbstractContextManager[AgreementTransaction]:
        return agreement_transaction(self.dependencies.engine, agreement, now(), step.on if step else None)

    def _next_action(self, tx: AgreementTransaction) -> AgreementNextAction:
        agreed = tx.agreed
        step, active = agreed.step, agreed.life.state is State.ACTIVE
        return AgreementNextAction(
            revision=agreed.revision,
            state=agreed.life.state,
            step=step,
            runs_at=_opens_at(tx, step.on, self._channels(tx, step)) if step else None,
            paid=sum(entry.paid_on is not None for entry in agreed.life.entries),
            of=len(agreed.life.entries),
            on_hold_since=agreed.life.effective_on if active else None,
            charges=self.dependencies.bank is not None,
        )

    # ---- the messages about an instalment

    def _channels(self, tx: AgreementTransaction, step: Step) -> list[Channel]:
        """The channels of the step's message that reach the taxpayer; a break has none."""
        reached = _person(tx).contacts.reach(self.dependencies.gateway_of(tx.agreed.case).unaddressed).open
        return [channel for channel in INSTALMENT_MESSAGES.get(step.kind, ()) if channel in reached]

    def _message(self, tx: AgreementTransaction, step: Step, channel: Channel) -> InstalmentMessage:
        queue = self.dependencies.queue(tx.agreed.case, channel)
        return InstalmentMessage(agreement=tx.agreed.id, step=step, channel=channel, queue=queue)

    def _outgoing(self, tx: AgreementTransaction, entry: Entry, message: InstalmentMessage) -> Outgoing:
        agreed, step, channel = tx.agreed, message.step, message.channel
        ruler, who = agreed.case.ruler, _person(tx)
        digest = read_row(tx.connection, agreed.id)["policy"]
        words = pinned_words(digest, pinned_policy(tx.connection, digest).texts)
        page = self.dependencies.links.pay(agreed.case.id) if self.dependencies.links else None
        written = render(channel, f"agreements/{step.kind}", _letter(tx, entry, who, page), words)
        head = Letterhead(authority=ruler.authority, site=ruler.contact.site, pay_pages=None)
        links, attempt = self.dependencies.links, activity.info()
        return Outgoing(
            notice=f"agreement-{agreed.id}-{step.n:02}-{step.kind}-{channel}",
            case=agreed.case.id,
            cohort=agreed.case.cohort,
            ruler=ruler.label,
            channel=channel,
            sender_name=ruler.authority,
            sender=ruler.sender,
            recipient_name=who.name,
            recipient=who.contacts.address(channel),
            subject=written.subject,
            body=written.body,
            html=mail_html(written, head, words) if channel == "email" else None,
            unsubscribe=links.unsubscribe(agreed.case.id, "email") if links and channel == "email" else None,
            at=now(),
            since=attempt.scheduled_time if attempt.attempt > 1 else None,
        )

    def _suppress_contact(self, taxpayer: int, message: Outgoing, why: str) -> None:
        with self.dependencies.engine.begin() as connection:
            suppress_contact(connection, taxpayer, message.channel, message.recipient, why)


def _unsent(why: str, **retry: Any) -> ApplicationError:
    return ApplicationError(why, type=UNSENT, **retry)


def _is_next(tx: AgreementTransaction, step: Step) -> bool:
    coming = tx.agreed.step
    return coming is not None and (coming.kind, coming.n) == (step.kind, step.n) and coming.on <= tx.today


def _opens_at(tx: AgreementTransaction, day: date, channels: Iterable[Channel]) -> datetime | None:
    """The wall instant at which the first of the channels may be used; without channels, of the step itself."""
    case = tx.agreed.case
    openings = [at for channel in channels if (at := contact_at(case, day, [channel]))]
    return min(openings, default=case.clock.instant_of(day, share_of(tx.agreed.id)))


def _is_lawful_now(tx: AgreementTransaction, day: date, channels: Iterable[Channel]) -> bool:
    """Whether a contact is lawful now. On a compressed clock it is judged by the instant it was due at, which lies
    inside its hours."""
    at = _opens_at(tx, day, channels)
    return tx.agreed.case.clock.compressed or (at is not None and at <= now())


def _person(tx: AgreementTransaction) -> Person:
    case = tx.agreed.case
    return read_person(tx.connection, case.id, case.state.steps, case.clock, tx.today)


def _letter(tx: AgreementTransaction, entry: Entry, who: Person, page: str | None) -> InstalmentLetter:
    agreed = tx.agreed
    return InstalmentLetter(
        authority=agreed.case.ruler.authority,
        contact=agreed.case.ruler.contact,
        case=agreed.case.id,
        today=tx.today,
        taxpayer=Addressee(name=who.name, tax_id=formatted(who.tax_id), is_company=who.is_company),
        n=entry.n,
        of=len(agreed.life.entries),
        due=entry.due,
        amount=agreed.life.asked(entry.n, tx.today),
        pix_txid=_txid(tx.connection, agreed.id, entry.n),
        brcode=brcodes_of_instalments(tx.connection, agreed.id).get(entry.n),
        page=page,
        payable=agreed.life.books.payable(entry, tx.today),
        breaks_on=agreed.life.breaks_on,
        example=agreed.deal.policy.is_example or agreed.case.ruler.is_example,
        gsm7=agreed.case.ruler.sms.gsm7,
    )


def _txid(connection: Connection, agreement: str, n: int) -> str:
    mine = (instalments.c.agreement == agreement) & (instalments.c.n == n)
    return str(connection.execute(select(instalments.c.pix_txid).where(mine)).scalar_one())
