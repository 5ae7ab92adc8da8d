"""What is done to one instalment agreement: each activity is one sitting, and doing it twice does it once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.desk import Desk, contact_at, now, share_of
from channels.mail_html import Letterhead, mail_html
from channels.post import Busy, Outgoing, Unanswered, Undeliverable
from channels.rendering import Addressee, InstalmentLetter, render
from models.breaking import payable
from models.channel import Channel
from models.instalments import Entry, State, Step
from models.quote import Pay
from models.taxid import formatted
from models.words import CHANNELS as CHANNEL_NAMES
from storage.agreement.policy_files import shipped_policy
from storage.agreements import AgreementSitting, Told, agreement_sitting
from storage.people import Person, bury, read_person
from storage.schema import instalments
from storage.signing import Wish, sign
from workflows.effects import (
    UNSENT,
    AgreementEffects,
    AgreementErrand,
    AgreementOutlook,
    AgreementWish,
    InstalmentMessage,
    Signed,
    UnsentMessage,
)

CHANNELS: dict[str, tuple[Channel, ...]] = {"reminder": ("email", "sms"), "alert": ("email", "voice")}
"""A missed instalment is told by voice too, as Alagoas does."""

DATABASE_AWAY = timedelta(minutes=1)
"""After which a message is tried again that could not even be read."""

MESSAGES = {"reminder": "lembrete", "alert": "alerta"}


class AgreementActivities(AgreementEffects):
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @activity.defn
    def sign_agreement(self, wish: AgreementWish) -> Signed:
        """Raises `Refusal` with the rule that says so."""
        asked = Wish(wish.instalments, wish.pay, wish.kind, wish.litigation, wish.regime)
        told, offer = sign(self.desk.engine, wish.case, *shipped_policy(wish.policy), asked, wish.by, "link", now())
        first = offer.instalments[0]
        return Signed(
            agreement=told.id, instalments=len(offer.instalments), first_due=first.due, first_amount=first.amount
        )

    @activity.defn
    def review_agreement(self, errand: AgreementErrand) -> AgreementOutlook:
        """As the record tells it now; a break that is certain by the day of the step is decided."""
        with self._sitting(errand.agreement, errand.step) as sat:
            return self._outlook(sat)

    @activity.defn
    def write_about_instalment(self, errand: AgreementErrand) -> AgreementOutlook:
        """On record before anything leaves, for the channels that reach the taxpayer now; nothing outside their hours,
        for which the outlook says when they open."""
        step = errand.step
        assert step is not None  # noqa: S101 - there is no message without a step
        with self._sitting(errand.agreement, step) as sat:
            channels = self._channels(sat, step)
            if _is_next(sat, step) and _is_lawful_now(sat, step.on, channels):
                at = sat.told.case.clock.carried(step.on, sat.today)
                reason = step.reason if channels else f"{step.reason}; nenhum canal alcança o contribuinte"
                sat.note(f"agreement_{step.kind}", reason, at, step.n)
            elif not sat.was_told(step):
                channels = []
            messages = tuple(self._message(sat, step, channel) for channel in channels)
            return self._outlook(sat).model_copy(update={"messages": messages})

    @activity.defn
    def hand_over_message(self, message: InstalmentMessage) -> datetime | None:
        """Nothing leaves for an instalment that was paid, or an agreement that is over. A second attempt asks the
        provider first. Raises ApplicationError of type UNSENT."""
        step = message.step
        try:
            with self._sitting(message.agreement, step) as sat:
                entry = sat.told.life.entries[step.n - 1]
                if entry.paid_on is not None or sat.told.life.state is not State.ACTIVE:
                    return None
                if not _is_lawful_now(sat, step.on, [message.channel]):
                    return _opens_at(sat, step.on, [message.channel])
                if message.channel not in self._channels(sat, step):
                    raise _unsent("o contato deixou de existir ou foi recusado", non_retryable=True)
                outgoing = self._outgoing(sat, entry, message)
        except OperationalError:
            if activity.info().attempt > 1:
                raise
            # nothing was handed over, so this was none of the two attempts
            return now() + DATABASE_AWAY
        adapter = self.desk.post_of(sat.told.case).adapter(message.channel)
        try:
            if outgoing.since is None or not adapter.taken(outgoing):
                adapter.deliver(outgoing)
        except Undeliverable as refusal:
            if refusal.contact_is_dead:
                self._bury(sat.told.case.taxpayer, outgoing, refusal.reason)
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
        with self._sitting(message.agreement, message.step) as sat:
            what = f"{MESSAGES[message.step.kind]} da parcela {message.step.n}"
            why = f"não consta que o {what} tenha saído por {CHANNEL_NAMES[message.channel]}: {unsent.why}"
            sat.note("agreement_message_unsent", why, sat.today, message.step.n)

    def _sitting(self, agreement: str, step: Step | None) -> AbstractContextManager[AgreementSitting]:
        return agreement_sitting(self.desk.engine, agreement, now(), step.on if step else None)

    def _outlook(self, sat: AgreementSitting) -> AgreementOutlook:
        told = sat.told
        step, active = told.step, told.life.state is State.ACTIVE
        return AgreementOutlook(
            revision=told.revision,
            state=told.life.state,
            step=step,
            runs_at=_opens_at(sat, step.on, self._channels(sat, step)) if step else None,
            paid=sum(entry.paid_on is not None for entry in told.life.entries),
            of=len(told.life.entries),
            on_hold_since=told.life.effective_on if active else None,
        )

    # ---- the messages about an instalment

    def _channels(self, sat: AgreementSitting, step: Step) -> list[Channel]:
        """Those of the step's message that reach the taxpayer; a break has none."""
        reached = _person(sat).contacts.reach(self.desk.post_of(sat.told.case).unaddressed).open
        return [channel for channel in CHANNELS.get(step.kind, ()) if channel in reached]

    def _message(self, sat: AgreementSitting, step: Step, channel: Channel) -> InstalmentMessage:
        queue = self.desk.queue(sat.told.case, channel)
        return InstalmentMessage(agreement=sat.told.id, step=step, channel=channel, queue=queue)

    def _outgoing(self, sat: AgreementSitting, entry: Entry, message: InstalmentMessage) -> Outgoing:
        told, step, channel = sat.told, message.step, message.channel
        ruler, who = told.case.ruler, _person(sat)
        written = render(channel, f"agreements/{step.kind}", _letter(sat, entry, who))
        head = Letterhead(authority=ruler.authority, site=ruler.contact.site, pay_pages=None)
        links, attempt = self.desk.links, activity.info()
        return Outgoing(
            notice=f"agreement-{told.id}-{step.n:02}-{step.kind}-{channel}",
            case=told.case.id,
            cohort=told.case.cohort,
            ruler=ruler.label,
            channel=channel,
            sender_name=ruler.authority,
            sender=ruler.sender,
            recipient_name=who.name,
            recipient=who.contacts.address(channel),
            subject=written.subject,
            body=written.body,
            html=mail_html(written, head) if channel == "email" else None,
            unsubscribe=links.unsubscribe(told.case.id, "email") if links and channel == "email" else None,
            at=now(),
            since=attempt.scheduled_time if attempt.attempt > 1 else None,
        )

    def _bury(self, taxpayer: int, message: Outgoing, why: str) -> None:
        with self.desk.engine.begin() as connection:
            bury(connection, taxpayer, message.channel, message.recipient, why)


def _unsent(why: str, **retry: Any) -> ApplicationError:
    return ApplicationError(why, type=UNSENT, **retry)


def _is_next(sat: AgreementSitting, step: Step) -> bool:
    coming = sat.told.step
    return coming is not None and (coming.kind, coming.n) == (step.kind, step.n) and coming.on <= sat.today


def _opens_at(sat: AgreementSitting, day: date, channels: Iterable[Channel]) -> datetime | None:
    """The wall instant at which the first of the channels may be used; without channels, of the step itself."""
    case = sat.told.case
    openings = [at for channel in channels if (at := contact_at(case, day, [channel]))]
    return min(openings, default=case.clock.instant_of(day, share_of(sat.told.id)))


def _is_lawful_now(sat: AgreementSitting, day: date, channels: Iterable[Channel]) -> bool:
    """On a compressed clock a contact is judged by the instant it was due at, which lies inside its hours."""
    at = _opens_at(sat, day, channels)
    return sat.told.case.clock.compressed or (at is not None and at <= now())


def _person(sat: AgreementSitting) -> Person:
    case = sat.told.case
    return read_person(sat.connection, case.id, case.position.steps, case.clock, sat.today)


def _letter(sat: AgreementSitting, entry: Entry, who: Person) -> InstalmentLetter:
    told = sat.told
    return InstalmentLetter(
        authority=told.case.ruler.authority,
        contact=told.case.ruler.contact,
        case=told.case.id,
        today=sat.today,
        taxpayer=Addressee(name=who.name, tax_id=formatted(who.tax_id), is_company=who.is_company),
        n=entry.n,
        of=len(told.life.entries),
        due=entry.due,
        amount=entry.left + told.deal.slip_fee - entry.fee,
        pix_txid=_txid(sat.connection, told.id, entry.n),
        payable=_payable(told, entry, sat),
        breaks_on=told.life.breaks_on,
        gsm7=told.case.ruler.sms.gsm7,
    )


def _txid(connection: Connection, agreement: str, n: int) -> str:
    mine = (instalments.c.agreement == agreement) & (instalments.c.n == n)
    return str(connection.execute(select(instalments.c.pix_txid).where(mine)).scalar_one())


def _payable(told: Told, entry: Entry, sat: AgreementSitting) -> bool:
    policy, request = told.deal.policy, told.deal.request
    if request.pay is Pay.CASH or policy.terms_of(request.regime).breaking is None:
        return True
    return payable(policy, request.regime, entry.due, told.life.entries[-1].due, sat.today)
