"""What is done to one instalment agreement: each activity is one sitting, and doing it twice does it once."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select
from temporalio import activity

from activities.desk import now, share_of
from channels.post import Outgoing, Post
from channels.rendering import Addressee, InstalmentLetter, render
from models.breaking import payable
from models.channel import Channel
from models.instalments import Entry, State, Step
from models.quote import Pay
from models.taxid import formatted
from storage.agreements import AgreementSitting, Told, agreement_sitting
from storage.policies import shipped_policy
from storage.schema import instalments, taxpayers
from storage.signing import Wish, sign
from workflows.effects import AgreementEffects, AgreementErrand, AgreementOutlook, AgreementWish, Signed

CHANNELS: dict[str, tuple[Channel, ...]] = {"reminder": ("email", "sms"), "alert": ("email", "voice")}
"""A missed instalment is told by voice too, as Alagoas does."""


class AgreementActivities(AgreementEffects):
    def __init__(self, engine: Engine, post: Post) -> None:
        self.engine = engine
        self.post = post

    @activity.defn
    def sign_agreement(self, wish: AgreementWish) -> Signed:
        """Raises `Refusal` with the rule that says so."""
        asked = Wish(wish.instalments, wish.pay, wish.kind, wish.litigation, wish.regime)
        told, offer = sign(self.engine, wish.case, *shipped_policy(wish.policy), asked, wish.by, "link", now())
        first = offer.instalments[0]
        return Signed(
            agreement=told.id, instalments=len(offer.instalments), first_due=first.due, first_amount=first.amount
        )

    @activity.defn
    def review_agreement(self, errand: AgreementErrand) -> AgreementOutlook:
        """As the record tells it now; a break that is certain by the day of the step is decided."""
        with agreement_sitting(self.engine, errand.agreement, now(), errand.step.on if errand.step else None) as sat:
            return _outlook(sat.told)

    @activity.defn
    def write_about_instalment(self, errand: AgreementErrand) -> AgreementOutlook:
        """On record before it leaves; asked for again, the same messages leave under the same names."""
        step = errand.step
        assert step is not None  # noqa: S101 - there is no message without a step
        with agreement_sitting(self.engine, errand.agreement, now(), step.on) as sat:
            messages = _messages(sat, step)
            if _is_next(sat, step):
                at = sat.told.case.clock.carried(step.on, sat.today)
                sat.note(f"agreement_{step.kind}", step.reason, at, step.n)
            elif not sat.was_told(step):
                messages = []
            outlook = _outlook(sat.told)
        for message in messages:
            self.post.rehearsed().adapter(message.channel).deliver(message)
        return outlook


def _is_next(sat: AgreementSitting, step: Step) -> bool:
    coming = sat.told.step
    return coming is not None and (coming.kind, coming.n) == (step.kind, step.n) and coming.on <= sat.today


def _outlook(told: Told) -> AgreementOutlook:
    step, active = told.step, told.life.state is State.ACTIVE
    return AgreementOutlook(
        revision=told.revision,
        state=told.life.state,
        step=step,
        runs_at=told.case.clock.instant_of(step.on, share_of(told.id)) if step else None,
        paid=sum(entry.paid_on is not None for entry in told.life.entries),
        of=len(told.life.entries),
        on_hold_since=told.life.effective_on if active else None,
    )


# ---- the messages about an instalment


def _messages(sat: AgreementSitting, step: Step) -> list[Outgoing]:
    told, entry = sat.told, sat.told.life.entries[step.n - 1]
    letter = _letter(sat, entry)
    who = sat.connection.execute(select(taxpayers).where(taxpayers.c.id == told.case.taxpayer)).one()
    ruler, messages = told.case.ruler, []
    for channel in CHANNELS[step.kind]:
        message = render(channel, f"agreements/{step.kind}", letter)
        messages.append(
            Outgoing(
                notice=f"agreement-{told.id}-{step.n:02}-{step.kind}-{channel}",
                case=told.case.id,
                cohort=told.case.cohort,
                ruler=ruler.label,
                channel=channel,
                sender_name=ruler.authority,
                sender=ruler.sender,
                recipient_name=who.name,
                recipient=who.email if channel == "email" else who.phone,
                subject=message.subject,
                body=message.body,
                at=now(),
            )
        )
    return messages


def _letter(sat: AgreementSitting, entry: Entry) -> InstalmentLetter:
    told = sat.told
    who = sat.connection.execute(select(taxpayers).where(taxpayers.c.id == told.case.taxpayer)).one()
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
    )


def _txid(connection: Connection, agreement: str, n: int) -> str:
    mine = (instalments.c.agreement == agreement) & (instalments.c.n == n)
    return str(connection.execute(select(instalments.c.pix_txid).where(mine)).scalar_one())


def _payable(told: Told, entry: Entry, sat: AgreementSitting) -> bool:
    policy, request = told.deal.policy, told.deal.request
    if request.pay is Pay.CASH or policy.terms_of(request.regime).breaking is None:
        return True
    return payable(policy, request.regime, entry.due, told.life.entries[-1].due, sat.today)
