"""One notice between the record and a provider that refuses or keeps silent: it leaves once, or is seen to fail."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from temporalio.exceptions import ApplicationError

from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from channels.sendgrid import SendGrid
from channels.twilio import Twilio
from models.case.cohort_state import State
from models.case.step import Step
from operations.cases import pause_case, resume_case
from storage.case.cohort_lifecycle import change_cohort_state
from storage.contact.costs import change_budget
from storage.schema import cases, cohorts, opt_outs, taxpayers
from tests.builders import FACTS
from tests.providers.fake import ACCOUNT, KEY, TOKEN, FakeProviders
from tests.providers.weather import Fault
from tests.workflows.test_case_transactions import Hand, notices
from tests.workflows.town import Town

SENDERS = {"sms": "28471", "voice": "+558233150000"}
PHONE = "+5582999990000"
EMAIL = "fiscal@padaria.example"


@pytest.fixture
def providers() -> Iterator[FakeProviders]:
    with FakeProviders() as providers:
        yield providers
        assert providers.problems == []


@pytest.fixture
async def hand(town: Town, tmp_path: Path, providers: FakeProviders) -> Hand:
    """The first rung of h1, by e-mail with SMS behind it."""
    [life] = await town.begin(FACTS["h1"], start=False, fallback={"email": ["sms"]})
    mail = SendGrid(KEY, url=providers.url, timeout=2.0, patience=0.0)
    phone = Twilio(ACCOUNT, TOKEN, SENDERS, "https://regua.example", url=providers.url, timeout=2.0)
    hand = Hand(
        life, tmp_path / "outbox", MailGateway({"email": mail, "sms": phone}, FileTransport(tmp_path / "outbox"))
    )
    addressed(hand, email=EMAIL, phone=PHONE)
    return hand


def addressed(hand: Hand, **addresses: str | None) -> None:
    with hand.life.town.engine.begin() as connection:
        mine = taxpayers.c.id == hand.life.taxpayer
        connection.execute(update(taxpayers).where(mine).values(**addresses))


def first(hand: Hand) -> Step:
    step = hand.look()
    hand.wait_for(step)
    return step


def test_a_notice_that_was_taken_is_recorded_with_its_name_there(hand: Hand, providers: FakeProviders) -> None:
    hand.notify(first(hand))
    [taken] = providers.taken
    assert notices(hand, "status, provider, address") == [("queued", "sendgrid", EMAIL)]
    assert taken.notice == notices(hand, "id")[0][0]


@pytest.mark.parametrize("fault", [Fault.TOO_MANY, Fault.BROKEN])
def test_a_provider_that_is_busy_is_asked_again_after_its_own_delay(
    hand: Hand, providers: FakeProviders, fault: Fault
) -> None:
    step = first(hand)
    providers.weather.comes(fault)
    with pytest.raises(ApplicationError) as refusal:
        hand.notify(step)
    assert not refusal.value.non_retryable
    if fault is Fault.TOO_MANY:
        assert refusal.value.next_retry_delay is not None
    hand.notify(step)
    assert len(providers.taken) == 1
    assert notices(hand, "status") == [("queued",)]


async def test_what_was_refused_for_now_does_not_leave_after_the_payment(hand: Hand, providers: FakeProviders) -> None:
    step = first(hand)
    providers.weather.comes(Fault.TOO_MANY)
    with pytest.raises(ApplicationError):
        hand.notify(step)
    await hand.life.pays_everything()
    assert hand.notify(step).step.action == "resolve"
    assert providers.taken == []
    assert notices(hand, "status, failure") == [("failed", "nada mais a cobrar antes do envio")]


def changed_state(hand: Hand, to: State) -> None:
    [(cohort,)] = hand.life.rows("SELECT cohort FROM cases WHERE id = :case")
    change_cohort_state(hand.life.town.engine, cohort, to, "Ana", "lei nova", hand.now)


def test_what_was_refused_for_now_waits_with_its_paused_cohort(hand: Hand, providers: FakeProviders) -> None:
    step = first(hand)
    providers.weather.comes(Fault.TOO_MANY)
    with pytest.raises(ApplicationError):
        hand.notify(step)
    changed_state(hand, State.PAUSED)
    with pytest.raises(ApplicationError) as waits:
        hand.notify(step)
    assert (waits.value.type, providers.taken) == ("Paused", [])
    changed_state(hand, State.RUNNING)
    hand.notify(step)
    assert len(providers.taken) == 1


def test_what_was_refused_for_now_does_not_leave_a_cancelled_cohort(hand: Hand, providers: FakeProviders) -> None:
    step = first(hand)
    providers.weather.comes(Fault.TOO_MANY)
    with pytest.raises(ApplicationError):
        hand.notify(step)
    changed_state(hand, State.CANCELLED)
    assert hand.notify(step).step.action == "cancel"
    assert (notices(hand, "status"), providers.taken) == ([("failed",)], [])


def test_a_lost_answer_makes_one_duplicate_at_most_where_the_provider_cannot_tell(
    hand: Hand, providers: FakeProviders
) -> None:
    step = first(hand)
    providers.weather.comes(Fault.DROPPED, Fault.DROPPED)
    for _ in range(2):
        with pytest.raises(ApplicationError):
            hand.notify(step)
    hand.notify(step)
    assert len(providers.taken) == 2
    [(status, failure)] = notices(hand, "status, failure")
    assert (status, failure) == ("failed", "o provedor não respondeu a dois envios")


async def test_nothing_is_handed_over_again_after_the_payment(hand: Hand, providers: FakeProviders) -> None:
    addressed(hand, email=None)
    step = first(hand)
    providers.weather.comes(Fault.SILENT)
    with pytest.raises(ApplicationError):
        hand.notify(step, "sms", rung_channel="email")
    await hand.life.pays_everything()
    hand.notify(step, "sms", rung_channel="email")
    assert providers.taken == []
    assert notices(hand, "status, failure") == [("failed", "nada mais a cobrar antes do envio")]


def test_a_lost_answer_makes_no_duplicate_where_the_provider_can_tell(hand: Hand, providers: FakeProviders) -> None:
    addressed(hand, email=None)
    step = first(hand)
    assert [route.channel for route in step.routes] == ["sms"]
    providers.weather.comes(Fault.DROPPED)
    with pytest.raises(ApplicationError):
        hand.notify(step, "sms", rung_channel="email")
    hand.notify(step, "sms", rung_channel="email")
    [taken] = providers.taken
    assert notices(hand, "status, provider_id") == [("queued", taken.id)]


def test_a_worker_that_died_in_the_middle_counts_as_a_lost_answer(hand: Hand, providers: FakeProviders) -> None:
    step = first(hand)
    providers.weather.comes(Fault.SILENT)
    with pytest.raises(ApplicationError):
        hand.notify(step)
    assert notices(hand, "status, unanswered") == [("claimed", 1)]


def test_what_a_webhook_told_meanwhile_settles_a_lost_answer(hand: Hand, providers: FakeProviders) -> None:
    step = first(hand)
    providers.weather.comes(Fault.DROPPED)
    with pytest.raises(ApplicationError):
        hand.notify(step)
    with hand.life.town.engine.begin() as connection:
        connection.execute(
            text("""UPDATE notices SET status = 'delivered' WHERE "case" = :case"""), {"case": hand.life.case}
        )
    hand.notify(step)
    assert len(providers.taken) == 1
    assert notices(hand, "status") == [("delivered",)]


def test_what_cannot_heal_is_seen_to_fail_and_falls_over(hand: Hand, providers: FakeProviders) -> None:
    providers.weather.comes(Fault.REFUSED)
    next_action = hand.notify(first(hand))
    assert notices(hand, "channel, status") == [("email", "failed")]
    assert next_action.step.number == 0
    [dispatch] = next_action.dispatches
    assert (dispatch.channel, dispatch.rung_channel, dispatch.queue) == ("sms", "email", "regua-twilio")
    hand.notify(next_action.step, "sms", rung_channel="email")
    assert notices(hand, "channel, rung_channel, status") == [("email", "email", "failed"), ("sms", "email", "queued")]
    assert hand.look().number == 1


def test_a_number_that_is_gone_leaves_a_case_that_people_must_look_at(hand: Hand, providers: FakeProviders) -> None:
    addressed(hand, email=None)
    providers.invalid[PHONE] = 21211
    next_action = hand.notify(first(hand), "sms", rung_channel="email")
    assert next_action.step.status == "unreachable"
    assert hand.life.rows("SELECT channel, address FROM suppressed_contacts WHERE taxpayer = :who") == [("sms", PHONE)]
    addressed(hand, phone="+5582988880000")
    again = hand.look()
    assert (again.rung, again.number) == (0, 1)


def test_nothing_leaves_on_a_refused_channel(hand: Hand) -> None:
    with hand.life.town.engine.begin() as connection:
        row = {"taxpayer": hand.life.taxpayer, "channel": "email", "via": "link"}
        connection.execute(insert(opt_outs).values(row))
    assert [route.channel for route in hand.look().routes] == ["sms"]


def budget(hand: Hand, amount: str) -> None:
    with hand.life.town.engine.begin() as connection:
        mine = text("""UPDATE cohorts SET budget = :amount WHERE name = (SELECT cohort FROM cases WHERE id = :case)""")
        connection.execute(mine, {"amount": amount, "case": hand.life.case})


def test_a_cohort_stops_before_its_budget_is_passed(hand: Hand, providers: FakeProviders) -> None:
    step = first(hand)
    budget(hand, "0.00")
    assert hand.notify(step).step.status == "over_budget"
    assert providers.requests == []
    budget(hand, "10.00")
    assert hand.look().status == "running"
    hand.notify(step)
    [(cost,)] = notices(hand, "cost")
    assert hand.life.rows("SELECT spent FROM cohorts JOIN cases ON cohort = name WHERE id = :case") == [(cost,)]


def test_a_case_without_money_is_paused_and_lacks_it_still_when_resumed(hand: Hand, providers: FakeProviders) -> None:
    """Casebook L25: the pause and the budget are facts of their own, and each ends alone."""
    step = first(hand)
    budget(hand, "0.00")
    hand.notify(step)
    assert hand.acts(pause_case).status == "paused"
    assert [block["kind"] for block in hand.life.get("blocks")] == ["paused", "over_budget"]
    assert hand.acts(resume_case).status == "running"
    assert hand.notify(step).step.status == "over_budget"
    hand.acts(pause_case)
    change_budget(hand.life.town.engine, hand.life.get("cohort"), Decimal("10.00"), "Ana", hand.now)
    assert [block["kind"] for block in hand.life.get("blocks")] == ["paused"]
    hand.look()
    assert [block["kind"] for block in hand.life.get("blocks")] == ["paused"]
    assert providers.taken == []


def test_a_rehearsal_stays_in_the_outbox(hand: Hand, providers: FakeProviders) -> None:
    with hand.life.town.engine.begin() as connection:
        mine = select(cases.c.cohort).where(cases.c.id == hand.life.case).scalar_subquery()
        connection.execute(update(cohorts).where(cohorts.c.name == mine).values(rehearsal=True))
    hand.notify(first(hand))
    assert providers.requests == []
    assert len(hand.files) == 1
