"""Notices that don't arrive, people who can't be reached, and contacts that have to wait: what the case does then."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case.facts import CaseFacts
from models.case.plan import plan
from models.case.status import Status
from models.case.step import Action
from models.contact.channel import CHANNELS, Channel
from models.contact.contacts import Contacts, Reach
from models.contact.delivery import Delivery, Progress, Route, routes_after_loss, routes_of
from models.law.calendar import Unit, Wait
from tests.builders import FACTS
from tests.models.case.test_decision import PaperCase, check_life

LOST = (Progress.FAILED, Progress.BOUNCED, Progress.BLOCKED)


def only(*channels: Channel) -> Reach:
    return Reach(open=frozenset(channels), formal=frozenset(channels))


@dataclass
class Addressed(PaperCase):
    """A case whose notices go to addresses, and may be lost."""

    reach: Reach = field(default_factory=Reach)
    deliveries: tuple[Delivery, ...] = ()
    contacted_on: tuple[date, ...] = ()
    claimed_paid_on: date | None = None
    over_budget: bool = False

    @property
    def facts(self) -> CaseFacts:
        names = ("reach", "deliveries", "contacted_on", "claimed_paid_on", "over_budget")
        more = {name: getattr(self, name) for name in names}
        return super().facts.model_copy(update={**more, "limits": self.ruler.limits})

    def falls_back(self, **fallbacks: tuple[Channel, ...]) -> "Addressed":
        self.ruler = self.ruler.model_copy(update={"fallback": fallbacks})
        self.sit()
        return self

    def contact(self) -> tuple[Route, ...]:
        """The next rung leaves, or the last one goes on by other channels; its notices."""
        step = self.step
        assert step.action is Action.NOTIFY
        assert step.on is not None
        new = step.number == self.state.steps
        made = tuple(
            Delivery(channel=route.channel, rung_channel=route.rung_channel, progress=Progress.SENT)
            for route in step.routes
        )
        if new:
            self.deliveries = ()
            self.carry_out()
        self.deliveries = made if new else (*self.deliveries, *made)
        self.sit()
        return step.routes

    def becomes(self, channel: Channel, progress: Progress) -> None:
        self.deliveries = tuple(
            d.model_copy(update={"progress": d.progress.moved(progress)}) if d.channel == channel else d
            for d in self.deliveries
        )
        self.sit()


def addressed(row: Any = "h1", **more: Any) -> Addressed:
    debts, filings = FACTS[row]
    return Addressed({d.period or d.id: d for d in debts}, {f.period: f for f in filings}, **more)


@pytest.mark.parametrize("events", permutations((Progress.SENT, Progress.DELIVERED, Progress.BOUNCED)))
def test_events_in_any_order_end_the_same(events: tuple[Progress, ...]) -> None:
    progress = Progress.CLAIMED
    for event in events:
        progress = progress.moved(event)
    assert progress is Progress.BOUNCED


@given(st.lists(st.sampled_from(Progress)), st.lists(st.sampled_from(Progress)))
def test_a_notice_never_goes_back(before: list[Progress], after: list[Progress]) -> None:
    progress = Progress.CLAIMED
    for event in before:
        progress = progress.moved(event)
    then = progress
    for event in after:
        then = then.moved(event)
    assert then.rank >= progress.rank


def test_each_way_takes_the_first_channel_that_reaches() -> None:
    fallbacks: dict[Channel, tuple[Channel, ...]] = {"email": ("email", "voice"), "sms": ("sms", "voice")}
    assert routes_of(fallbacks, {"email", "sms"}) == (
        Route(channel="email", rung_channel="email"),
        Route(channel="sms", rung_channel="sms"),
    )
    assert routes_of(fallbacks, {"sms", "voice"}) == (
        Route(channel="voice", rung_channel="email"),
        Route(channel="sms", rung_channel="sms"),
    )
    assert routes_of(fallbacks, {"voice"}) == (Route(channel="voice", rung_channel="email"),), (
        "a channel is used once a rung"
    )


def test_a_fallback_that_was_lost_too_gives_way_to_the_next() -> None:
    fallbacks: dict[Channel, tuple[Channel, ...]] = {"email": ("email", "sms", "voice")}
    lost = [Delivery(channel=channel, rung_channel="email", progress=Progress.BOUNCED) for channel in ("email", "sms")]
    assert routes_after_loss(fallbacks, tuple(lost), CHANNELS) == (Route(channel="voice", rung_channel="email"),)


@pytest.mark.parametrize("loss", LOST)
def test_a_lost_notice_falls_over_in_the_same_contact(loss: Progress) -> None:
    case = addressed().falls_back(email=("sms",))
    case.contact()
    case.becomes("email", loss)
    step = case.step
    assert (step.action, step.number, step.on) == (Action.NOTIFY, 0, case.today)
    assert step.routes == (Route(channel="sms", rung_channel="email"),)
    assert (step.row, step.rung) == ("h1", 0)
    case.contact()
    assert (case.step.number, case.step.rung) == (1, 1), "and then the ladder goes on"


def test_a_notice_that_was_delivered_needs_no_fallback() -> None:
    case = addressed().falls_back(email=("sms",))
    case.contact()
    case.becomes("email", Progress.DELIVERED)
    assert case.step.number == 1


def test_a_case_without_contact_is_unreachable_and_takes_the_rung_again() -> None:
    case = addressed(reach=only("email"))
    case.contact()
    case.reach = only()
    case.becomes("email", Progress.BOUNCED)
    assert (case.step.action, case.step.status) == (Action.WAIT, Status.UNREACHABLE)
    assert "lost" in {transition.kind for transition in case.transitions}
    case.reach = only("sms", "email")
    case.sit()
    step = case.step
    assert (step.row, step.rung, step.number) == ("h1", 0, 1), "the rung that reached nobody is not skipped"
    assert step.on == case.today, "and needn't wait again"


def test_the_plan_of_a_case_whose_rung_was_lost_ends() -> None:
    case = addressed()
    case.contact()
    case.becomes("email", Progress.FAILED)
    ahead = list(islice(plan(case.view), 100))
    assert (ahead[0].row, ahead[0].rung) == ("h1", 0)
    assert len(ahead) < 100


def test_a_rung_whose_sending_failed_is_taken_again_after_its_dwell() -> None:
    case = addressed().falls_back()
    case.contact()
    done_on = case.today
    case.becomes("email", Progress.FAILED)
    dwell = case.ruler.rung("h1", 0).dwell
    assert dwell
    assert (case.step.rung, case.step.on) == (0, case.calendar.after(done_on, dwell))


def test_nobody_is_asked_for_who_was_never_reachable() -> None:
    case = addressed(reach=only())
    assert (case.step.action, case.step.status) == (Action.WAIT, Status.UNREACHABLE)


def test_a_payment_ends_an_unreachable_case() -> None:
    case = addressed(reach=only())
    case.pay("1000.00")
    assert case.step.action is Action.RESOLVE


def test_a_formal_notice_that_was_lost_serves_nobody() -> None:
    case = addressed("h8", compressed=False)
    case.contact()
    case.reach = only()
    case.becomes("domicile", Progress.FAILED)
    case.becomes("email", Progress.BOUNCED)
    assert case.step.status is Status.UNREACHABLE
    assert all(notice.served_on is None for notice in case.notices)


def test_the_communication_of_a_suspension_falls_over_too() -> None:
    case = addressed("h8").falls_back(email=("whatsapp",))
    while case.state.status is not Status.BENEFITS_SUSPENDED:
        if case.step.action is Action.NOTIFY:
            case.contact()
        else:
            case.carry_out()
            case.approve()
    case.contact()
    case.becomes("email", Progress.BOUNCED)
    assert case.step.routes == (Route(channel="whatsapp", rung_channel="email"),)
    assert case.step.status is Status.BENEFITS_SUSPENDED


@given(
    st.lists(st.sampled_from([*LOST, Progress.DELIVERED, Progress.READ]), max_size=14), st.sampled_from(["h1", "h7"])
)
def test_no_rung_is_skipped_whatever_is_lost(outcomes: list[Progress], row: str) -> None:
    case = addressed(row).falls_back(email=("sms", "voice"))
    done: list[tuple[Any, Any]] = []
    for outcome in outcomes:
        if case.step.action is not Action.NOTIFY:
            break
        new, lost = case.step.number == case.state.steps, case.state.steps and not case.state.stands
        step = case.step
        routes = case.contact()
        if new and not lost:
            done.append((step.row, step.rung))
        for route in routes:
            case.becomes(route.channel, outcome)
    assert len(set(done)) == len(done), "a rung that reached somebody is not taken again"


def test_at_most_so_many_contacts_a_week() -> None:
    case = addressed()
    first = case.step.on
    assert first is not None
    case.contacted_on = tuple(first - timedelta(days=n) for n in (1, 2, 3))
    case.sit()
    assert case.step.on is not None
    assert case.step.on > first
    assert "limite de contatos" in case.step.reason


def test_a_formal_notice_is_not_put_off_by_other_contacts() -> None:
    case = addressed("h8")
    due = case.step.on
    assert due is not None
    case.contacted_on = (due,) * 9
    case.sit()
    assert case.step.on == due


def test_a_payment_that_is_claimed_is_waited_for() -> None:
    case = addressed()
    case.claimed_paid_on = case.today
    case.sit()
    assert case.step.on == case.calendar.after(case.today, Wait(days=3, unit=Unit.BUSINESS))


def test_a_claim_does_not_put_off_what_is_due_later() -> None:
    case = addressed()
    case.contact()
    due = case.step.on
    case.claimed_paid_on = case.today
    case.sit()
    assert case.step.on == due


def test_a_cohort_without_money_waits_in_a_state_of_its_own() -> None:
    case = addressed(over_budget=True)
    assert (case.step.action, case.step.status) == (Action.WAIT, Status.OVER_BUDGET)


def test_the_paper_lives_still_hold() -> None:
    case = addressed()
    for _ in range(4):
        case.contact()
        case.becomes("email", Progress.DELIVERED)
    check_life(case)


CONTACTS = Contacts(addresses={"email": "a@b.example", "phone": "+5582999990000", "messenger": None})


def test_a_contact_reaches_by_the_channels_of_its_addresses() -> None:
    assert CONTACTS.reach(frozenset()).open == {"email", "sms", "whatsapp", "voice"}
    assert "messenger" in CONTACTS.reach(frozenset({"messenger"})).open, "whose sender needs no address of it"


def test_an_address_dies_on_the_channel_that_it_failed_on() -> None:
    landline = CONTACTS.model_copy(update={"suppressed": frozenset({("sms", "+5582999990000")})})
    assert landline.address("sms") is None
    assert landline.address("voice") == "+5582999990000"


def test_a_refusal_holds_for_all_but_notices_of_record() -> None:
    refused = CONTACTS.model_copy(update={"refused": frozenset({"email", "sms"})})
    reach = refused.reach(frozenset())
    assert reach.open == {"whatsapp", "voice"}
    assert reach.formal == {"email", "whatsapp", "voice"}
