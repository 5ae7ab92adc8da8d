"""The messages about an instalment: whom they reach and when, and what becomes of one whose answer is lost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update
from sqlalchemy.exc import OperationalError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.agreements import AgreementActivities
from activities.dependencies import Dependencies
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from channels.sendgrid import SendGrid
from channels.twilio import Twilio
from storage.engine import connect
from storage.schema import cohorts, opt_outs, suppressed_contacts, taxpayers
from tests.agreement_world import BH, Contract, at, contract
from tests.providers.fake import ACCOUNT, KEY, TOKEN, FakeProviders
from tests.providers.weather import Fault
from workflows.effects import AgreementNextAction, AgreementReview, InstalmentMessage, UnsentMessage

SIGNED = date(2026, 3, 2)
EMAIL, PHONE = "fiscal@padaria.example", "+5582999990000"


@pytest.fixture
def providers() -> Iterator[FakeProviders]:
    with FakeProviders() as providers:
        yield providers
        assert providers.problems == []


class Hand:
    """Does to one agreement what its workflow would ask for."""

    def __init__(self, made: Contract, providers: FakeProviders, outbox: Path) -> None:
        mail = SendGrid(KEY, url=providers.url, timeout=2.0, patience=0.0)
        senders = {"sms": "28471", "voice": "+558233150000"}
        phone = Twilio(ACCOUNT, TOKEN, senders, "https://regua.example", url=providers.url, timeout=2.0)
        post = MailGateway({"email": mail, "sms": phone, "voice": phone}, FileTransport(outbox))
        self.made, self.outbox = made, outbox
        self.does = AgreementActivities(Dependencies(made.engine, post))
        self.now = at(SIGNED)

    def run(self, effect: Callable[[Any], Any], asked: Any, attempt: int = 1) -> Any:
        world = ActivityEnvironment()
        # the fake providers keep the wall's time, the agreement lives on its own days
        world.info = replace(world.info, started_time=self.now, attempt=attempt, scheduled_time=datetime.now(UTC))
        return world.run(effect, asked)

    def look(self) -> AgreementNextAction:
        next_action: AgreementNextAction = self.run(
            self.does.review_agreement, AgreementReview(agreement=self.made.agreement)
        )
        return next_action

    def write(self) -> AgreementNextAction:
        """At the instant that the agreement's next step is due."""
        looked = self.look()
        assert looked.runs_at is not None
        self.now = max(self.now, looked.runs_at)
        return self.write_now(looked)

    def write_now(self, looked: AgreementNextAction) -> AgreementNextAction:
        dispatch = AgreementReview(agreement=self.made.agreement, step=looked.step)
        next_action: AgreementNextAction = self.run(self.does.write_about_instalment, dispatch)
        return next_action

    def hand_over(self, message: InstalmentMessage, attempt: int = 1) -> Any:
        return self.run(self.does.hand_over_message, message, attempt)


@pytest.fixture
def hand(engine: Engine, providers: FakeProviders, tmp_path: Path) -> Hand:
    made = contract(engine, "1200.00")
    made.sign(BH, 6, SIGNED)
    made.pay(1, SIGNED)
    with engine.begin() as connection:
        connection.execute(update(taxpayers).values(email=EMAIL, phone=PHONE))
    return Hand(made, providers, tmp_path)


def channels(next_action: AgreementNextAction) -> list[str]:
    return [message.channel for message in next_action.messages]


def test_a_reminder_leaves_by_each_channel_inside_its_hours(hand: Hand, providers: FakeProviders) -> None:
    next_action = hand.write()
    assert 8 <= hand.made.look(SIGNED).case.clock.logical_at(hand.now).hour < 20
    assert [(message.channel, message.queue) for message in next_action.messages] == [
        ("email", "regua-sendgrid"),
        ("sms", "regua-twilio"),
    ]
    assert [hand.hand_over(message) for message in next_action.messages] == [None, None]
    assert len(providers.taken) == 2
    assert list(hand.outbox.iterdir()) == []


def test_asked_for_twice_the_same_messages_are_named(hand: Hand) -> None:
    next_action = hand.write()
    [message, _] = next_action.messages
    dispatch = AgreementReview(agreement=hand.made.agreement, step=message.step)
    assert hand.run(hand.does.write_about_instalment, dispatch).messages == next_action.messages
    assert hand.made.journal.count("agreement_reminder") == 1


def test_at_night_nothing_is_written_and_the_morning_is_named(hand: Hand) -> None:
    looked = hand.look()
    assert looked.runs_at is not None
    hand.now = looked.runs_at.replace(hour=2)
    hand.now = max(hand.now, looked.runs_at.replace(hour=23, minute=59))
    next_action = hand.write_now(looked)
    assert next_action.messages == ()
    assert "agreement_reminder" not in hand.made.journal
    assert next_action.runs_at is not None
    assert next_action.runs_at > hand.now


def test_what_is_late_is_written_at_once_inside_the_hours(hand: Hand) -> None:
    looked = hand.look()
    assert looked.step is not None
    [morning] = [each for each in (looked.step.on + timedelta(days=n) for n in range(1, 8)) if each.weekday() == 1]
    hand.now = at(morning).replace(hour=11, minute=1)
    assert channels(hand.write_now(looked)) == ["email", "sms"]


def test_a_message_held_up_until_the_night_waits_for_the_morning(hand: Hand, providers: FakeProviders) -> None:
    [message, _] = hand.write().messages
    hand.now = hand.now.replace(hour=23, minute=59)
    opens = hand.hand_over(message)
    assert opens > hand.now
    assert providers.taken == []
    hand.now = opens
    assert hand.hand_over(message) is None
    assert len(providers.taken) == 1


@pytest.mark.parametrize("rung_channel", ["refused", "suppressed", "absent"])
def test_a_channel_that_does_not_reach_the_taxpayer_is_left_out(hand: Hand, rung_channel: str) -> None:
    who = hand.made.taxpayer
    with hand.made.engine.begin() as connection:
        if rung_channel == "refused":
            connection.execute(insert(opt_outs).values(taxpayer=who, channel="sms", via="link"))
        elif rung_channel == "suppressed":
            row = {"taxpayer": who, "channel": "sms", "address": PHONE, "why": "número inexistente"}
            connection.execute(insert(suppressed_contacts).values(row))
        else:
            connection.execute(update(taxpayers).values(phone=None))
    assert channels(hand.write()) == ["email"]


def test_who_cannot_be_reached_at_all_is_seen_on_the_record(hand: Hand) -> None:
    with hand.made.engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone=None, email=None))
    assert hand.write().messages == ()
    [(reason,)] = hand.made.rows("SELECT reason FROM decisions WHERE kind = 'agreement_reminder'")
    assert "nenhum canal alcança o contribuinte" in reason


def test_what_was_paid_meanwhile_is_not_reminded_of(hand: Hand, providers: FakeProviders) -> None:
    [message, _] = hand.write().messages
    hand.made.pay(2, hand.now.date())
    assert hand.hand_over(message) is None
    assert providers.taken == []


def test_a_rehearsal_writes_files(hand: Hand, providers: FakeProviders) -> None:
    with hand.made.engine.begin() as connection:
        connection.execute(update(cohorts).values(rehearsal=True))
    for message in hand.write().messages:
        hand.hand_over(message)
    assert len(list(hand.outbox.iterdir())) == 2
    assert providers.taken == []


def test_a_lost_answer_makes_no_duplicate_where_the_provider_can_tell(hand: Hand, providers: FakeProviders) -> None:
    [_, sms] = hand.write().messages
    providers.weather.comes(Fault.DROPPED)
    with pytest.raises(ApplicationError, match="não respondeu"):
        hand.hand_over(sms)
    hand.hand_over(sms, attempt=2)
    assert len(providers.taken) == 1


def test_a_database_that_is_away_costs_none_of_the_two_attempts(hand: Hand, providers: FakeProviders) -> None:
    [message, _] = hand.write().messages
    does, hand.does = (
        hand.does,
        AgreementActivities(
            Dependencies(connect("postgresql://127.0.0.1:1/away"), MailGateway({}, FileTransport(hand.outbox)))
        ),
    )
    again = hand.hand_over(message)
    assert again > hand.now
    with pytest.raises(OperationalError):
        hand.hand_over(message, attempt=2)
    hand.does, hand.now = does, again
    assert hand.hand_over(message) is None
    assert len(providers.taken) == 1


def test_a_suppressed_contact_is_not_tried_again_and_is_seen_on_the_record(
    hand: Hand, providers: FakeProviders
) -> None:
    with hand.made.engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone="+15005550009"))
    [_, sms] = hand.write().messages
    providers.weather.comes(Fault.REFUSED)
    with pytest.raises(ApplicationError) as refusal:
        hand.hand_over(sms)
    assert refusal.value.non_retryable
    hand.run(hand.does.record_unsent, UnsentMessage(message=sms, why=refusal.value.message))
    [(reason,)] = hand.made.rows("SELECT reason FROM decisions WHERE kind = 'agreement_message_unsent'")
    assert reason.startswith("não consta que o lembrete da parcela 2 tenha saído por SMS: ")
    assert PHONE not in reason
