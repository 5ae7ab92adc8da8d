"""Communications beside the rungs: whom they reach and when, what overtakes them, and what follows when one is lost."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text, update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.agreements import AgreementActivities
from activities.communications import CommunicationActivities
from activities.dependencies import Dependencies
from channels.file_transport import FileTransport
from channels.mail_gateway import Adapter, MailGateway
from channels.sendgrid import SendGrid
from channels.sendgrid_events import read_events
from channels.twilio import Twilio
from models.case.cohort_state import State
from models.collections.outcome import Outcome
from models.collections.promise import PromiseChannel
from models.contact.delivery import Progress, Report
from models.law.calendar import Clock
from operations.cases import pause_case, resume_case
from operations.operation import Credentials
from storage.case.cases import read_case
from storage.case.cohort_lifecycle import change_cohort_state
from storage.case.first_evaluation import evaluate_first
from storage.case.people import read_person
from storage.case.promising import cancel_promise, make_promise
from storage.case.tasks import ask_people
from storage.case.transaction import case_transaction
from storage.collections.calls import Result, confirm, end_call
from storage.collections.queue import Taken, take_next
from storage.contact.costs import change_budget
from storage.contact.delivery import record_reports
from storage.payments.corrections import refund, unmatch
from storage.payments.ledger import record_pix
from storage.payments.matching import match
from storage.schema import cases, cohorts, debts, holds, opt_outs, replies, suppressed_contacts, taxpayers
from tests import factories
from tests.agreement_world import BH, SP, Contract, at, contract
from tests.providers.fake import ACCOUNT, KEY, TOKEN, FakeProviders
from tests.providers.weather import Fault
from workflows.effects import (
    AgreementNextAction,
    AgreementReview,
    CommunicationDispatch,
    CommunicationNextAction,
    Dispatch,
)

SIGNED = date(2026, 3, 2)
"""A Monday."""
EMAIL, PHONE = "fiscal@padaria.example", "+5582999990000"
WORKDAY, SUNDAY = date(2026, 3, 3), date(2026, 3, 8)


@pytest.fixture
def providers() -> Iterator[FakeProviders]:
    with FakeProviders() as providers:
        yield providers
        assert providers.problems == []


@dataclass
class Mailed:
    """One notice of a communication, as it is on record."""

    channel: str
    rung_channel: str
    status: str
    body: str


class Hand:
    """Does to one taxpayer what the workflows of his agreement and of his communications would ask for."""

    def __init__(self, made: Contract, providers: FakeProviders, outbox: Path) -> None:
        mail = SendGrid(KEY, url=providers.url, timeout=2.0, patience=0.0)
        senders = {"sms": "28471", "voice": "+558233150000", "whatsapp": "+558233150001"}
        phone = Twilio(ACCOUNT, TOKEN, senders, "https://regua.example", url=providers.url, timeout=2.0)
        # nobody's Messenger is known here
        by: dict[str, Adapter] = {"email": mail, "sms": phone, "voice": phone, "whatsapp": phone, "messenger": phone}
        dependencies = Dependencies(made.engine, MailGateway(by, FileTransport(outbox)))
        self.made, self.outbox = made, outbox
        self.agreed, self.does = AgreementActivities(dependencies), CommunicationActivities(dependencies)
        self.now = at(SIGNED)

    def run(self, effect: Callable[[Any], Any], asked: Any) -> Any:
        world = ActivityEnvironment()
        world.info = replace(world.info, started_time=self.now)
        return world.run(effect, asked)

    @property
    def clock(self) -> Clock:
        with self.made.engine.connect() as connection:
            return read_case(connection, self.made.case).clock

    # ---- the agreement

    def look(self) -> AgreementNextAction:
        asked = AgreementReview(agreement=self.made.agreement)
        next_action: AgreementNextAction = self.run(self.agreed.review_agreement, asked)
        return next_action

    def is_due(self) -> AgreementReview:
        """The agreement's next step, at the instant it is due."""
        looked = self.look()
        assert looked.runs_at is not None
        self.now = max(self.now, looked.runs_at)
        return AgreementReview(agreement=self.made.agreement, step=looked.step)

    def tells(self, kind: str = "instalment_reminder") -> str:
        """The communication that comes of the agreement's next step."""
        self.run(self.agreed.tell_of_instalment, self.is_due())
        return self.the(kind)

    # ---- the case

    def is_judged(self) -> None:
        with case_transaction(self.made.engine, self.made.case, self.now):
            pass

    # ---- its communications

    def all(self, kind: str) -> list[str]:
        query = """SELECT id FROM communications WHERE "case" = :case AND kind = :kind ORDER BY recorded_at, id"""
        return [row[0] for row in self.made.rows(query, kind=kind)]

    def the(self, kind: str) -> str:
        [only] = self.all(kind)
        return only

    def looks(self, communication: str) -> CommunicationNextAction:
        looked: CommunicationNextAction = self.run(self.does.look_at_communication, communication)
        return looked

    def sends_by(self, communication: str, dispatch: Dispatch) -> CommunicationNextAction:
        asked = CommunicationDispatch(
            communication=communication, channel=dispatch.channel, rung_channel=dispatch.rung_channel
        )
        answer: CommunicationNextAction = self.run(self.does.communicate, asked)
        return answer

    def sends(self, communication: str) -> str | None:
        """Until it is over, or waits for something else than its hours."""
        while (now := self.looks(communication)).outcome is None and now.runs_at is not None:
            self.now = max(self.now, now.runs_at)
            for dispatch in now.dispatches:
                self.sends_by(communication, dispatch)
        return now.outcome

    def mailed(self, communication: str) -> list[Mailed]:
        query = """SELECT channel, rung_channel, status, body FROM notices WHERE communication = :of
                   ORDER BY claimed_at, channel"""
        return [Mailed(*row) for row in self.made.rows(query, of=communication)]

    def why(self, communication: str) -> str:
        return str(self.made.rows("SELECT reason FROM communications WHERE id = :of", of=communication)[0][0])

    def bounces(self, communication: str) -> None:
        told = {"event": "bounce", "sg_event_id": f"b-{communication}", "timestamp": int(self.now.timestamp())}
        told |= {"notice": f"{communication}-email", "status": "5.1.1"}
        record_reports(self.made.engine, read_events(json.dumps([told]).encode(), self.now), self.now)

    def wants_none_by(self, *channels: str) -> None:
        rows = [{"taxpayer": self.made.taxpayer, "channel": channel, "via": "link"} for channel in channels]
        with self.made.engine.begin() as connection:
            connection.execute(insert(opt_outs), rows)


def reachable(made: Contract) -> Contract:
    with made.engine.begin() as connection:
        connection.execute(update(taxpayers).values(email=EMAIL, phone=PHONE))
    return made


@pytest.fixture
def hand(engine: Engine, providers: FakeProviders, tmp_path: Path) -> Hand:
    """Somebody with an agreement in six instalments, the first of which is paid."""
    made = reachable(contract(engine, "1200.00"))
    made.sign(BH, 6, SIGNED)
    made.pay(1, SIGNED)
    return Hand(made, providers, tmp_path)


@pytest.fixture
def payer(engine: Engine, providers: FakeProviders, tmp_path: Path) -> Hand:
    """Somebody with one debt of R$ 1,000, who pays R$ 400 of it."""
    hand = Hand(reachable(contract(engine, "1000.00")), providers, tmp_path)
    hand.now = at(WORKDAY)
    hand.made.pay_debt(0, WORKDAY, "400.00")
    return hand


# ---- instalments


def test_a_reminder_leaves_by_each_channel_inside_its_hours(hand: Hand, providers: FakeProviders) -> None:
    reminder = hand.tells()
    assert [(each.channel, each.queue) for each in hand.looks(reminder).dispatches] == [
        ("email", "regua-sendgrid"),
        ("sms", "regua-twilio"),
    ]
    assert hand.sends(reminder) == "sent"
    assert 8 <= hand.clock.logical_at(hand.now).hour < 20
    assert sorted(taken.kind for taken in providers.taken) == ["mail", "message"]


def test_asked_for_twice_it_is_told_once(hand: Hand) -> None:
    step = hand.is_due()
    hand.run(hand.agreed.tell_of_instalment, step)
    hand.run(hand.agreed.tell_of_instalment, step)
    hand.the("instalment_reminder")
    assert hand.made.journal.count("agreement_reminder") == 1


def test_held_up_until_the_night_it_waits_for_the_morning(hand: Hand, providers: FakeProviders) -> None:
    reminder = hand.tells()
    [by_mail, _] = hand.looks(reminder).dispatches
    hand.now = hand.now.replace(hour=23, minute=59)
    opens = hand.sends_by(reminder, by_mail).runs_at
    assert opens is not None
    assert opens > hand.now
    assert providers.taken == []


@pytest.mark.parametrize("sms", ["refused", "suppressed", "absent"])
def test_a_channel_that_does_not_reach_the_taxpayer_is_left_out(hand: Hand, sms: str) -> None:
    who = hand.made.taxpayer
    with hand.made.engine.begin() as connection:
        if sms == "refused":
            connection.execute(insert(opt_outs).values(taxpayer=who, channel="sms", via="link"))
        elif sms == "suppressed":
            row = {"taxpayer": who, "channel": "sms", "address": PHONE, "why": "número inexistente"}
            connection.execute(insert(suppressed_contacts).values(row))
        else:
            connection.execute(update(taxpayers).values(phone=None))
    assert [each.channel for each in hand.looks(hand.tells()).dispatches] == ["email"]


def test_who_cannot_be_reached_at_all_is_seen_on_the_record(hand: Hand) -> None:
    with hand.made.engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone=None, email=None))
    reminder = hand.tells()
    assert hand.sends(reminder) == "unreached"
    [(reason,)] = hand.made.rows("SELECT reason FROM decisions WHERE kind = 'communication_unsent'")
    assert reason == "lembrete de parcela não enviado: nenhum canal alcança o contribuinte"


@pytest.mark.parametrize("pauses", ["case", "cohort"])
def test_a_pause_holds_what_asks_for_money_until_it_is_over(hand: Hand, providers: FakeProviders, pauses: str) -> None:
    reminder = hand.tells()
    paused(hand, pauses, True)
    [by_mail, _] = hand.looks(reminder).dispatches
    assert hand.sends_by(reminder, by_mail).runs_at is None
    assert hand.sends(reminder) is None
    assert providers.taken == []
    paused(hand, pauses, False)
    news = "SELECT payload FROM outbox WHERE name = 'communication_changed' ORDER BY id DESC LIMIT 1"
    assert hand.made.get(news) == {"communication": reminder}
    assert hand.sends(reminder) == "sent"


def paused(hand: Hand, which: str, is_so: bool) -> None:
    if which == "cohort":
        to = State.PAUSED if is_so else State.RUNNING
        change_cohort_state(hand.made.engine, "iptu", to, "ana", "revisão dos textos", hand.now)
    else:
        act = pause_case if is_so else resume_case
        act(hand.made.engine, Credentials("ana"), hand.made.case, hand.now)


@pytest.mark.parametrize("pauses", ["case", "cohort"])
def test_a_pause_holds_no_receipt(payer: Hand, pauses: str) -> None:
    paused(payer, pauses, True)
    assert payer.sends(payer.the("receipt")) == "sent"


def test_where_there_were_no_words_for_it_yet_that_is_the_reason(payer: Hand) -> None:
    with payer.made.engine.begin() as connection:
        connection.execute(OLDER)
        connection.execute(update(cases).values(ruler="older"))
    assert payer.sends(payer.the("receipt")) == "withdrawn"
    assert payer.why(payer.the("receipt")) == "a régua foi congelada antes de haver palavras para isto"


OLDER = text("""
    INSERT INTO rulers (digest, label, source, holidays, offers, accrues, assets)
    SELECT 'older', label, source, holidays, offers, accrues,
           (SELECT jsonb_object_agg(key, value) FROM jsonb_each(assets) WHERE key NOT LIKE '%/payments/%')
    FROM rulers
""")


def test_a_receipt_names_what_was_paid_too_much(payer: Hand) -> None:
    payer.made.pay_debt(0, WORKDAY, "650.00")
    [_, second] = payer.all("receipt")
    assert payer.sends(second) == "sent"
    [mail] = payer.mailed(second)
    assert "quitado" in mail.body
    assert "R$ 50,00 foram pagos a mais" in mail.body


def test_what_was_paid_meanwhile_is_not_reminded_of(hand: Hand, providers: FakeProviders) -> None:
    reminder = hand.tells()
    hand.made.pay(2, hand.now.date())
    assert hand.sends(reminder) == "withdrawn"
    assert hand.why(reminder) == "a parcela foi paga antes do envio"
    assert providers.taken == []


def test_a_reminder_of_what_has_become_overdue_is_not_sent(hand: Hand, providers: FakeProviders) -> None:
    reminder = hand.tells()
    hand.now += timedelta(days=10)
    assert hand.sends(reminder) == "withdrawn"
    assert providers.taken == []


def test_a_rehearsal_writes_files(hand: Hand, providers: FakeProviders) -> None:
    with hand.made.engine.begin() as connection:
        connection.execute(update(cohorts).values(rehearsal=True))
    hand.sends(hand.tells())
    assert len(list(hand.outbox.iterdir())) == 2
    assert providers.taken == []


def test_a_lost_answer_makes_no_duplicate_where_the_provider_can_tell(hand: Hand, providers: FakeProviders) -> None:
    reminder = hand.tells()
    [_, by_sms] = hand.looks(reminder).dispatches
    # the fake providers keep the wall's time, and are asked for what came since the claim
    providers.weather.comes(Fault.DROPPED)
    with pytest.raises(ApplicationError):
        hand.sends_by(reminder, by_sms)
    hand.sends_by(reminder, by_sms)
    assert len(providers.taken) == 1


def test_a_bounce_suppresses_the_address_and_another_channel_tells(hand: Hand, providers: FakeProviders) -> None:
    hand.made.pay(2, SIGNED, "1.00")
    alert = missed(hand)
    with hand.made.engine.begin() as connection:
        connection.execute(insert(opt_outs).values(taxpayer=hand.made.taxpayer, channel="voice", via="link"))
    hand.now += timedelta(minutes=1)
    assert hand.sends(alert) == "sent"
    hand.bounces(alert)
    assert hand.made.rows("SELECT channel, address FROM suppressed_contacts") == [("email", EMAIL)]
    assert hand.sends(alert) == "sent"
    sent = [(each.channel, each.rung_channel, each.status) for each in hand.mailed(alert)]
    assert ("email", "email", "bounced") in sent
    assert {channel for channel, _, _ in sent} == {"email", "sms"}


def missed(hand: Hand) -> str:
    """The second instalment is not paid, and the alert of it is due."""
    reminder = hand.tells()
    hand.sends(reminder)
    return hand.tells("instalment_alert")


def test_a_reminder_waits_for_a_day_on_which_the_person_may_be_contacted(hand: Hand) -> None:
    reminder = hand.tells()
    day = hand.now.astimezone(UTC).date()
    with hand.made.engine.begin() as connection:
        connection.execute(NOTICE_OF_A_RUNG, {"case": hand.made.case, "at": day})
    later = hand.looks(reminder).runs_at
    assert later is not None
    assert later.date() > day


def test_a_reminder_is_one_contact_whatever_its_channels_and_a_receipt_none(hand: Hand) -> None:
    hand.sends(hand.the("receipt"))
    hand.sends(hand.tells())
    with hand.made.engine.connect() as connection:
        case = read_case(connection, hand.made.case)
        who = read_person(connection, case.id, 0, case.clock, hand.now.date())
    assert len(hand.made.rows("SELECT id FROM notices")) == 3
    assert len(who.contacted) == 1


# ---- promises


@pytest.fixture
def promiser(engine: Engine, providers: FakeProviders, tmp_path: Path) -> Hand:
    """Somebody with one debt of R$ 1,000 who promises on Wednesday the 4th of March to pay R$ 600 on the 10th."""
    hand = Hand(reachable(contract(engine, "1000.00")), providers, tmp_path)
    hand.now = at(PROMISED_ON)
    phone = PromiseChannel.PHONE
    make_promise(engine, hand.made.case, Decimal("600.00"), date(2026, 3, 10), phone, "dora", hand.now)
    return hand


PROMISED_ON = date(2026, 3, 4)


def test_the_day_before_a_promise_is_reminded_of_by_one_channel_and_counts(
    promiser: Hand, providers: FakeProviders
) -> None:
    reminder = promiser.the("promise_reminder")
    assert promiser.sends(reminder) == "sent"
    local = promiser.clock.logical_at(promiser.now)
    assert (local.date(), 8 <= local.hour < 20) == (date(2026, 3, 9), True)
    [mail] = promiser.mailed(reminder)
    assert (mail.channel, len(providers.taken)) == ("email", 1)
    assert "um pagamento de R$ 600,00 para 10/03/2026" in mail.body
    with promiser.made.engine.connect() as connection:
        case = read_case(connection, promiser.made.case)
        who = read_person(connection, case.id, 0, case.clock, promiser.now.date())
    assert [contact.on for contact in who.contacted] == [date(2026, 3, 9)]


def test_a_reminder_goes_by_the_next_channel_that_the_person_reads(promiser: Hand) -> None:
    promiser.wants_none_by("email")
    reminder = promiser.the("promise_reminder")
    assert promiser.sends(reminder) == "sent"
    [sms] = promiser.mailed(reminder)
    assert sms.channel == "sms"
    assert "R$" not in sms.body


def test_of_an_unregistered_debt_a_reminder_names_no_amount(promiser: Hand) -> None:
    """CTN art. 198: an e-mail may be read by others."""
    with promiser.made.engine.begin() as connection:
        connection.execute(update(debts).values(registered_on=date(2027, 1, 1)))
    reminder = promiser.the("promise_reminder")
    promiser.sends(reminder)
    [mail] = promiser.mailed(reminder)
    assert "R$" not in mail.body
    assert "10/03/2026" in mail.body


@pytest.mark.parametrize("meanwhile", ["paid", "cancelled", "late"])
def test_of_a_promise_that_is_over_nobody_is_reminded(promiser: Hand, providers: FakeProviders, meanwhile: str) -> None:
    if meanwhile == "paid":
        promiser.made.pay_debt(0, date(2026, 3, 6), "600.00")
    elif meanwhile == "cancelled":
        [(promise,)] = promiser.made.rows("SELECT id FROM promises")
        cancel_promise(promiser.made.engine, promiser.made.case, promise, "bia", "engano", promiser.now)
    else:
        promiser.now = at(date(2026, 3, 11))
    reminder = promiser.the("promise_reminder")
    assert promiser.sends(reminder) == "withdrawn"
    assert "antes do envio" in promiser.why(reminder)
    assert providers.taken == []


@pytest.mark.parametrize("pauses", ["case", "cohort"])
def test_a_pause_holds_a_reminder(promiser: Hand, providers: FakeProviders, pauses: str) -> None:
    paused(promiser, pauses, True)
    assert promiser.sends(promiser.the("promise_reminder")) is None
    assert providers.taken == []


# ---- what was agreed to in a call


@pytest.fixture
def agreeing(engine: Engine, providers: FakeProviders, tmp_path: Path) -> Hand:
    """Somebody who said in a call that he wants to pay in three instalments."""
    hand = Hand(reachable(contract(engine, "1000.00")), providers, tmp_path)
    hand.now = at(PROMISED_ON)
    with engine.begin() as connection:
        ask_people(connection, read_case(connection, hand.made.case), "call", "r1", "x", PROMISED_ON)
    taken = take_next(engine, "dora", hand.now)
    assert isinstance(taken, Taken)
    confirm(engine, taken.call, "dora", hand.now)
    end_call(engine, taken.call, "dora", Result(Outcome.AGREES, instalments=3), hand.now)
    return hand


def test_who_agreed_in_a_call_is_sent_the_address_at_which_he_signs(agreeing: Hand) -> None:
    told = agreeing.the("signing_link")
    assert agreeing.sends(told) == "sent"
    [mail] = agreeing.mailed(told)
    assert "em 3 parcelas" in mail.body
    assert "Ele só vale depois que você o confirmar" in mail.body
    with agreeing.made.engine.connect() as connection:
        case = read_case(connection, agreeing.made.case)
        assert read_person(connection, case.id, 0, case.clock, PROMISED_ON).contacted == (), "he asked for it"


def test_who_has_signed_by_then_is_sent_nothing(agreeing: Hand, providers: FakeProviders) -> None:
    agreeing.made.sign(SP, 3, PROMISED_ON)
    told = agreeing.the("signing_link")
    assert agreeing.sends(told) == "withdrawn"
    assert agreeing.why(told) == "o parcelamento foi assinado antes do envio"
    assert providers.taken == []


NOTICE_OF_A_RUNG = text("""
    INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                         formal, status, body)
    VALUES ('n', :case, 0, 'email', 'email', :at, 'h1', 'reminder', 1, 'friendly', 't', false, 'sent', 'b')
""")


# ---- receipts


def test_a_payment_has_one_receipt_that_says_what_it_paid_and_what_is_left(payer: Hand) -> None:
    receipt = payer.the("receipt")
    assert payer.sends(receipt) == "sent"
    [mail] = payer.mailed(receipt)
    assert mail.channel == "email"
    assert "R$ 400,00" in mail.body
    assert "falta pagar R$ 600,00" in mail.body


def test_a_payment_reported_twice_has_one_receipt(payer: Hand, providers: FakeProviders) -> None:
    txid = payer.made.rows("SELECT pix_txid FROM debts WHERE id = :debt", debt=payer.made.debts[0])[0][0]
    again = payer.made._pay(txid, Decimal("100.00"), WORKDAY)
    record_pix(payer.made.engine, [again], payer.now)
    assert len(payer.all("receipt")) == 2
    for receipt in payer.all("receipt"):
        payer.sends(receipt)
        payer.sends(receipt)
    assert len(providers.taken) == 2


def test_what_is_given_back_before_the_receipt_leaves_has_none(payer: Hand, providers: FakeProviders) -> None:
    [(payment,)] = payer.made.rows("SELECT id FROM payments")
    refund(payer.made.engine, payment, "Ana", "engano", payer.now, Decimal("400.00"))
    receipt = payer.the("receipt")
    assert payer.sends(receipt) == "withdrawn"
    assert payer.why(receipt) == "o pagamento foi devolvido ou desvinculado antes do envio"
    assert payer.all("correction") == []
    assert providers.taken == []


def test_put_back_on_its_debt_the_payment_has_its_receipt(payer: Hand) -> None:
    [(payment,)] = payer.made.rows("SELECT id FROM payments")
    unmatch(payer.made.engine, payment, "Ana", "engano", payer.now)
    assert payer.sends(payer.the("receipt")) == "withdrawn"
    match(payer.made.engine, payment, payer.made.debts[0], "Ana", payer.now)
    assert payer.sends(payer.the("receipt")) == "sent"


def test_what_is_given_back_after_the_receipt_is_corrected_once(payer: Hand) -> None:
    payer.sends(payer.the("receipt"))
    [(payment,)] = payer.made.rows("SELECT id FROM payments")
    for amount in ("50.00", "100.00"):
        refund(payer.made.engine, payment, "Ana", "engano", payer.now, Decimal(amount))
    correction = payer.the("correction")
    assert payer.sends(correction) == "sent"
    [mail] = payer.mailed(correction)
    assert "R$ 150,00 foram devolvidos" in mail.body
    assert "contam R$ 250,00" in mail.body
    refund(payer.made.engine, payment, "Ana", "engano", payer.now, Decimal("250.00"))
    assert len(payer.all("correction")) == 2


def test_whoever_wants_no_messages_gets_no_receipt_and_the_reason_is_seen(payer: Hand) -> None:
    payer.wants_none_by("email", "sms", "whatsapp", "messenger")
    receipt = payer.the("receipt")
    assert payer.sends(receipt) == "unreached"
    assert payer.why(receipt) == "nenhum canal alcança o contribuinte"
    [(reason,)] = payer.made.rows("SELECT reason FROM decisions WHERE kind = 'communication_unsent'")
    assert reason == "recibo de pagamento não enviado: nenhum canal alcança o contribuinte"


@pytest.mark.parametrize(("wrote", "channel"), [(timedelta(hours=23), "whatsapp"), (timedelta(hours=25), "sms")])
def test_whatsapp_is_used_within_a_day_of_what_the_taxpayer_wrote_there(
    payer: Hand, wrote: timedelta, channel: str
) -> None:
    payer.wants_none_by("email")
    row: dict[str, Any] = {"provider": "twilio", "event": "SM1", "channel": "whatsapp", "address": PHONE}
    row |= {"body": "oi", "taxpayer": payer.made.taxpayer, "intent": "unclear", "recorded_at": payer.now - wrote}
    with payer.made.engine.begin() as connection:
        connection.execute(insert(replies).values(row))
    assert [each.channel for each in payer.looks(payer.the("receipt")).dispatches] == [channel]


def test_money_that_comes_on_a_sunday_is_receipted_on_monday_morning(payer: Hand) -> None:
    payer.now = at(SUNDAY)
    payer.made.pay_debt(0, SUNDAY, "10.00")
    opens = payer.looks(payer.all("receipt")[-1]).runs_at
    assert opens is not None
    local = payer.clock.logical_at(opens)
    assert local.date() == SUNDAY + timedelta(days=1)
    assert local.hour >= 8


def test_a_budget_used_up_holds_it_until_there_is_more(payer: Hand, providers: FakeProviders) -> None:
    with payer.made.engine.begin() as connection:
        connection.execute(update(cohorts).values(budget=Decimal(0)))
    receipt = payer.the("receipt")
    assert payer.sends(receipt) is None
    assert providers.taken == []
    change_budget(payer.made.engine, "iptu", Decimal("10.00"), "Ana", payer.now)
    news = "SELECT count(*) FROM outbox WHERE payload ->> 'communication' = :of"
    assert payer.made.rows(news, of=receipt) == [(2,)]
    assert payer.sends(receipt) == "sent"
    assert payer.made.rows("SELECT spent > 0 FROM cohorts") == [(True,)]


def test_an_unregistered_debt_is_named_in_no_open_channel(payer: Hand) -> None:
    with payer.made.engine.begin() as connection:
        connection.execute(update(debts).values(registered_on=date(2027, 1, 1)))
    receipt = payer.the("receipt")
    payer.sends(receipt)
    [mail] = payer.mailed(receipt)
    assert "R$" not in mail.body
    assert "sigilo fiscal" in mail.body


@pytest.mark.parametrize("status", ["control", "resolved", "paused"])
def test_who_pays_gets_a_receipt_wherever_the_case_stands(payer: Hand, status: str) -> None:
    with payer.made.engine.begin() as connection:
        connection.execute(update(cases).values(status=status, closed_at=payer.now if status == "resolved" else None))
    assert payer.sends(payer.the("receipt")) == "sent"


def test_a_receipt_that_bounces_goes_by_sms(payer: Hand) -> None:
    receipt = payer.the("receipt")
    payer.sends(receipt)
    payer.bounces(receipt)
    assert payer.sends(receipt) == "sent"
    assert [(each.channel, each.status) for each in payer.mailed(receipt)] == [("email", "bounced"), ("sms", "queued")]
    delivered = Report("twilio", "SM2", "delivered", payer.now, f"{receipt}-sms", progress=Progress.DELIVERED)
    record_reports(payer.made.engine, [delivered], payer.now)
    assert payer.mailed(receipt)[1].status == "delivered"


def test_the_receipt_of_an_instalment_tells_how_many_are_left(hand: Hand) -> None:
    receipt = hand.the("receipt")
    hand.sends(receipt)
    [mail] = hand.mailed(receipt)
    assert "parcela 1 de 6" in mail.body
    assert "faltam 5 parcelas" in mail.body


def test_a_payment_of_nobody_who_is_collected_from_has_no_receipt(payer: Hand) -> None:
    payer.made._pay("RG" + "0" * 30, Decimal("5.00"), WORKDAY)
    assert len(payer.all("receipt")) == 1


# ---- before a due date

QUOTA = date(2026, 3, 20)
"""A Friday; ten days before it is a Tuesday."""


def owner_of_a_quota(engine: Engine, providers: FakeProviders, tmp_path: Path, key: str) -> Hand:
    """Somebody with an open case, of whose tax another debt falls due."""
    hand = Hand(reachable(contract(engine, "1000.00", accrual=key)), providers, tmp_path)
    hand.now = at(WORKDAY)
    with engine.begin() as connection:
        hand.made.debts.append(factories.debt(connection, hand.made.taxpayer, due=QUOTA).id)
    return hand


@pytest.fixture
def owner(engine: Engine, providers: FakeProviders, tmp_path: Path) -> Hand:
    return owner_of_a_quota(engine, providers, tmp_path, "\nbefore_due: {days: 10}\n")


def test_ten_days_before_a_due_date_one_message_says_neither_amount_nor_day(owner: Hand) -> None:
    owner.is_judged()
    told = owner.the("before_due")
    assert owner.sends(told) == "sent"
    assert owner.clock.logical_at(owner.now).date() == date(2026, 3, 10)
    [mail] = owner.mailed(told)
    assert mail.channel == "email"
    assert "vence nos próximos dias" in mail.body
    assert [secret for secret in ("R$", "20/03", "2026", "1.000") if secret in mail.body] == []


def test_without_the_key_nobody_is_told(engine: Engine, providers: FakeProviders, tmp_path: Path) -> None:
    hand = owner_of_a_quota(engine, providers, tmp_path, "")
    hand.is_judged()
    assert hand.all("before_due") == []


def test_of_all_that_falls_due_on_a_day_there_is_one_notice_however_often_the_case_is_judged(owner: Hand) -> None:
    with owner.made.engine.begin() as connection:
        factories.debt(connection, owner.made.taxpayer, due=QUOTA)
    evaluate_first(owner.made.engine, "iptu", [owner.made.case], owner.now, frozenset())
    owner.is_judged()
    owner.sends(owner.the("before_due"))
    owner.is_judged()
    assert owner.sends(owner.the("before_due")) == "sent"
    assert len(owner.mailed(owner.the("before_due"))) == 1


def test_of_what_is_overdue_or_paid_or_of_another_tax_nobody_is_told(owner: Hand) -> None:
    with owner.made.engine.begin() as connection:
        connection.execute(update(debts).where(debts.c.id == owner.made.debts[1]).values(received=Decimal(1000)))
        factories.debt(connection, owner.made.taxpayer, due=WORKDAY - timedelta(days=1))
        factories.debt(connection, owner.made.taxpayer, due=QUOTA, tax="ISS")
    owner.is_judged()
    assert owner.all("before_due") == []


STOPS = {
    "paid": "UPDATE debts SET received = amount WHERE id = :quota",
    "on hold": "INSERT INTO holds (debt, ground, source) VALUES (:quota, 'injunction', 'person')",
    "put off": "UPDATE debts SET due = '2026-06-20' WHERE id = :quota",
    "case paused": "UPDATE cases SET paused_by = 'Ana', paused_on = '2026-03-04' WHERE id = :case",
    "cohort paused": "UPDATE cohorts SET lifecycle = 'paused'",
    "case over": "UPDATE cases SET status = 'resolved', closed_at = now() WHERE id = :case",
    "control": "UPDATE cases SET status = 'control' WHERE id = :case",
}


@pytest.mark.parametrize("stop", STOPS)
def test_what_is_paid_held_or_paused_before_it_leaves_is_not_sent(
    owner: Hand, providers: FakeProviders, stop: str
) -> None:
    owner.is_judged()
    told = owner.the("before_due")
    with owner.made.engine.begin() as connection:
        connection.execute(text(STOPS[stop]), {"case": owner.made.case, "quota": owner.made.debts[1]})
    assert owner.sends(told) == "withdrawn"
    assert providers.taken == []


def test_once_the_hold_is_lifted_it_is_asked_for_anew(owner: Hand) -> None:
    owner.is_judged()
    with owner.made.engine.begin() as connection:
        connection.execute(text(STOPS["on hold"]), {"quota": owner.made.debts[1]})
    assert owner.sends(owner.the("before_due")) == "withdrawn"
    owner.is_judged()
    assert owner.sends(owner.the("before_due")) == "withdrawn"
    with owner.made.engine.begin() as connection:
        connection.execute(update(holds).values(lifted_at=owner.now))
    owner.is_judged()
    assert owner.sends(owner.the("before_due")) == "sent"


def test_kept_back_by_the_limits_until_after_the_due_date_it_is_not_sent(owner: Hand, providers: FakeProviders) -> None:
    owner.now = at(QUOTA)
    with owner.made.engine.begin() as connection:
        connection.execute(NOTICE_OF_A_RUNG, {"case": owner.made.case, "at": QUOTA})
    owner.is_judged()
    assert owner.sends(owner.the("before_due")) == "withdrawn"
    assert providers.taken == []


def test_it_moves_no_case_and_counts_as_a_contact(owner: Hand) -> None:
    owner.is_judged()
    state = owner.made.rows("SELECT state, next_step, revision FROM cases WHERE id = :case")
    told = owner.the("before_due")
    owner.sends(told)
    assert owner.made.rows("SELECT state, next_step, revision FROM cases WHERE id = :case") == state
    [notice] = owner.made.rows("SELECT step, stage, formal, served_on, cost > 0 FROM notices")
    assert notice == (None, None, False, None, True)
    with owner.made.engine.connect() as connection:
        who = read_person(connection, owner.made.case, 0, owner.clock, owner.now.date())
    assert len(who.contacted) == 1
