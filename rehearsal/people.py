"""The people of the city: they read their mail, and act by the doors that everybody has."""

from __future__ import annotations

import hashlib
import heapq
import urllib.error
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from models.errors import Refusal
from models.ruler.schema import Stage
from operations.agreements import SIGNER
from operations.cases import declare_hardship
from operations.operation import Credentials
from rehearsal.bank import Bank, PaidSlip
from rehearsal.census import Census, corrected, filed_late
from rehearsal.city import Act, Does, Person
from rehearsal.providers import answer_sms, bounce
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.case.cases import read_case
from storage.payments.offers import offer_on

OVERLAP = timedelta(seconds=5)
"""A notice is stamped as sent a moment before it can be seen, so the latest mail is read again."""

NOBODY_ANSWERED = (urllib.error.URLError, ConnectionError, TimeoutError, OperationalError)

REPORTED_TWICE = 3
"""Every so many people's bank reports their payments twice."""

POLICY, INSTALMENTS = "sao-paulo", 3
"""The policy an agreement is signed by, and its instalments."""

IN_GOOD_TIME = timedelta(days=2)
"""So long before its due date an instalment is paid."""

INSTALMENTS_PLEASE = "2"
"""As the menu of the replies has it."""

MAIL = text("""
    SELECT notices."case", step, stage, min(at) AS at, min(sent_at) AS sent_at, tax_id
    FROM notices JOIN cases ON cases.id = notices."case" JOIN taxpayers ON taxpayers.id = cases.taxpayer
    WHERE sent_at >= :since AND communication IS NULL
    GROUP BY notices."case", step, stage, tax_id ORDER BY tax_id, step
""")

TO_PAY = text("""
    SELECT debts.id, inscription, pix_txid, slip_number, balance FROM cases
    JOIN debtors ON debtors.taxpayer = cases.taxpayer JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
    WHERE cases.id = :case AND balance > 0
      AND NOT EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL)
    ORDER BY inscription
""")

INSTALMENT = text("""
    SELECT pix_txid, instalments.amount + interest + fee AS amount
    FROM agreements JOIN instalments ON instalments.agreement = agreements.id
    WHERE "case" = :case AND n = :n
""")


@dataclass(frozen=True, order=True)
class Intent:
    """An act that a notice has called for, and the day it is done on."""

    on: date
    number: int
    index: int
    case: str = field(compare=False)
    act: Act = field(compare=False)


class Townspeople:
    def __init__(self, engine: Engine, census: Census, bank: Bank, seed: int, people: Iterable[Person]) -> None:
        self.engine = engine
        self.census = census
        self.bank = bank
        self.seed = seed
        self.people = {person.tax_id: person for person in people}
        self.by_number = {person.number: person for person in self.people.values()}
        self._read: set[tuple[str, int]] = set()
        self._suspended: set[str] = set()
        self._since = datetime.min.replace(tzinfo=UTC)
        self._intents: list[Intent] = []
        self._paid: dict[int, list[dict[str, object]]] = {}

    def live(self, today: date) -> bool:
        """Read the mail, then do what is due, of each person one act: the next one is done once it is heard. Whether
        anybody did anything."""
        self._read_mail()
        done: set[int] = set()
        later = []
        while self._intents and self._intents[0].on <= today:
            intent = heapq.heappop(self._intents)
            if intent.number in done or not self._carry_out(intent, today):
                later.append(intent)
            done.add(intent.number)
        for intent in later:
            heapq.heappush(self._intents, intent)
        return bool(done)

    def _read_mail(self) -> None:
        with self.engine.connect() as connection:
            mail = connection.execute(MAIL, {"since": self._since}).all()
        for letter in mail:
            self._since = max(self._since, letter.sent_at - OVERLAP)
            if (letter.case, letter.step) not in self._read:
                self._read.add((letter.case, letter.step))
                self._answer(self.people[letter.tax_id], letter.case, letter.step + 1, Stage(letter.stage), letter.at)

    def _answer(self, person: Person, case: str, nth: int, stage: Stage, at: date) -> None:
        first_of_stage = stage is Stage.SUSPENSION and case not in self._suspended
        if first_of_stage:
            self._suspended.add(case)
        for index, act in enumerate(person.acts):
            if act.answers == nth or (act.answers == stage and first_of_stage):
                self._intend(person.number, index, case, act, at + timedelta(days=act.after))

    def mean_to_pay(self, tax_id: str, case: str, on: date, share: Decimal) -> None:
        """Have somebody pay a share of what he owes on a day, as he promised."""
        person = self.people[tax_id]
        act = Act(answers=0, does=Does.PAY, share=share)
        self._intend(person.number, len(person.acts), case, act, on)

    def _intend(self, number: int, index: int, case: str, act: Act, on: date) -> None:
        heapq.heappush(self._intents, Intent(on, number, index, case, act))

    def _carry_out(self, intent: Intent, today: date) -> bool:
        """Carry an intent out; False when it must be tried again."""
        person, act, now = self.by_number[intent.number], intent.act, datetime.now(UTC)
        event = self._reference(person, intent.index, "event")
        try:
            match act.does:
                case Does.PAY:
                    self._pay(person, intent)
                case Does.REFUND:
                    self._give_back(person)
                case Does.FILE:
                    self.census.take_filings(filed_late(person, today, paid=True))
                case Does.FILE_UNPAID:
                    self.census.take_unpaid(person, today)
                case Does.CORRECT:
                    self.census.take_filings(corrected(person, today))
                case Does.DECLARE_HARDSHIP:
                    # refused when it is on record already, its answer lost
                    with suppress(Refusal):
                        declare_hardship(self.engine, Credentials("contribuinte"), intent.case, now)
                case Does.BOUNCE:
                    bounce(self.engine, intent.case, event, now)
                case Does.ASK_INSTALMENTS:
                    answer_sms(self.engine, person.phone, INSTALMENTS_PLEASE, event, now)
                case Does.SIGN:
                    self._sign(intent, today)
                case Does.PAY_INSTALMENT:
                    self._pay_instalment(person, intent)
                case Does.TAKE_OFFER:
                    self._take_offer(person, intent, today)
                case Does.TAKE_OFFER_AT_BANK:
                    self._take_offer_at_bank(intent)
        except NOBODY_ANSWERED:
            return False
        return True

    def _pay(self, person: Person, intent: Intent) -> None:
        parts = {debt: _part(debt.balance, intent.act.share) for debt in self._to_pay(intent.case)}
        self._pay_by_pix(person, intent, parts)

    def _take_offer(self, person: Person, intent: Intent, today: date) -> None:
        self._pay_by_pix(person, intent, self._offered(intent.case, today))

    def _take_offer_at_bank(self, intent: Intent) -> None:
        """Take the offer at the bank on the day that was meant, however late it is carried out: a bank's file names its
        days."""
        for debt, price in self._offered(intent.case, intent.on).items():
            self.bank.take(PaidSlip(debt.slip_number, price, intent.on))

    def _to_pay(self, case: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(TO_PAY, {"case": case}))

    def _offered(self, case: str, on: date) -> dict[Any, Decimal]:
        """The prices, in reais, that settle each debt of a campaign's case on a day."""
        debts = {debt.id: debt for debt in self._to_pay(case)}
        with self.engine.connect() as connection:
            prices = offer_on(connection, read_case(connection, case).ruler, case, [*debts], on).prices
        return {debts[name]: price for name, price in prices.items()}

    def _pay_by_pix(self, person: Person, intent: Intent, amounts: dict[Any, Decimal]) -> None:
        payments = [
            self._pix(person, intent, debt.inscription, debt.pix_txid, amount) for debt, amount in amounts.items()
        ]
        if not payments:
            return
        self._paid[person.number] = payments
        self.bank.call(payments)
        if person.number % REPORTED_TWICE == 0:
            self.bank.call(payments)

    def _sign(self, intent: Intent, today: date) -> None:
        """Sign an agreement, meaning to pay the first instalments, each in good time."""
        wanted = SigningRequest(INSTALMENTS)
        _, offer = sign(self.engine, intent.case, load_policy(POLICY), wanted, SIGNER, "link", datetime.now(UTC))
        tomorrow = today + timedelta(days=1)
        for instalment in offer.instalments[: intent.act.instalments]:
            act = replace(intent.act, does=Does.PAY_INSTALMENT, instalments=instalment.n)
            on = max(instalment.due - IN_GOOD_TIME, tomorrow)
            self._intend(intent.number, intent.index, intent.case, act, on)

    def _pay_instalment(self, person: Person, intent: Intent) -> None:
        n = intent.act.instalments
        with self.engine.connect() as connection:
            due = connection.execute(INSTALMENT, {"case": intent.case, "n": n}).one()
        self.bank.call([self._pix(person, intent, f"instalment {n}", due.pix_txid, due.amount)])

    def _pix(self, person: Person, intent: Intent, what: str, txid: str, amount: Decimal) -> dict[str, object]:
        return {
            "endToEndId": f"E{self._reference(person, intent.index, what)}",
            "txid": txid,
            "valor": f"{amount:.2f}",
            "horario": _now(),
            "chave": "pix@sefaz.example",
            "infoPagador": "pagamento do débito",
        }

    def _reference(self, *parts: object) -> str:
        """31 letters and digits: the same person's same act has the same one on every run."""
        parts = tuple(part.number if isinstance(part, Person) else part for part in parts)
        return hashlib.sha256(f"{self.seed}/{parts}".encode()).hexdigest()[:31]

    def _give_back(self, person: Person) -> None:
        """The bank sends what it sent, now with its refund."""
        self.bank.call([{**payment, "devolucoes": [self._refund(payment)]} for payment in self._paid[person.number]])

    def _refund(self, payment: dict[str, object]) -> dict[str, object]:
        reference = self._reference(payment["endToEndId"])
        return {
            "id": reference,
            "rtrId": f"D{reference}",
            "valor": payment["valor"],
            "horario": {"solicitacao": _now(), "liquidacao": _now()},
            "status": "DEVOLVIDO",
        }


def _part(balance: Decimal, share: Decimal) -> Decimal:
    return (balance * share).quantize(Decimal("0.01"))


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
