"""The people of the city: they read their mail, and act by the doors that everybody has."""

from __future__ import annotations

import hashlib
import heapq
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, text

from models.calendar import Clock
from models.city import Act, Does, Person
from models.ruler import Stage
from rehearsal.census import Census, corrected, filed_late, newly_owed
from storage.hardship import declare_hardship

OVERLAP = timedelta(seconds=5)
"""A notice is stamped as sent a moment before it can be seen, so the latest mail is read again."""

RETRY = timedelta(seconds=1)
"""After which the bank calls again when nobody answered."""

CALL_SECONDS = 10.0
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""This machine's own addresses are reached without a proxy."""

REPORTED_TWICE = 3
"""Every so many people's bank reports their payments twice."""

MAIL = text("""
    SELECT notices."case", step, stage, min(at) AS at, min(sent_at) AS sent_at, tax_id
    FROM notices JOIN cases ON cases.id = notices."case" JOIN taxpayers ON taxpayers.id = cases.taxpayer
    WHERE sent_at >= :since
    GROUP BY notices."case", step, stage, tax_id ORDER BY min(sent_at)
""")

TO_PAY = text("""
    SELECT inscription, pix_txid, balance FROM cases
    JOIN debtors ON debtors.taxpayer = cases.taxpayer JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
    WHERE cases.id = :case AND balance > 0
      AND NOT EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL)
    ORDER BY inscription
""")


@dataclass(frozen=True, order=True)
class Intent:
    """An act that a notice has called for, and the wall instant it is done at."""

    at: datetime
    number: int
    index: int
    case: str = field(compare=False)
    act: Act = field(compare=False)


class Townspeople:
    def __init__(
        self, engine: Engine, census: Census, clock: Clock, webhook: str, seed: int, people: Iterable[Person]
    ) -> None:
        self.engine = engine
        self.census = census
        self.clock = clock
        self.webhook = webhook
        self.seed = seed
        self.people = {person.tax_id: person for person in people}
        self.by_number = {person.number: person for person in self.people.values()}
        self._read: set[tuple[str, int]] = set()
        self._suspended: set[str] = set()
        self._since = datetime.min.replace(tzinfo=UTC)
        self._intents: list[Intent] = []
        self._paid: dict[int, list[dict[str, Any]]] = {}

    @property
    def idle(self) -> bool:
        return not self._intents

    def live(self, now: datetime) -> None:
        """Reads the mail, then does what is due."""
        with self.engine.connect() as connection:
            mail = connection.execute(MAIL, {"since": self._since}).all()
        for letter in mail:
            self._since = max(self._since, letter.sent_at - OVERLAP)
            if (letter.case, letter.step) not in self._read:
                self._read.add((letter.case, letter.step))
                self._answer(self.people[letter.tax_id], letter.case, letter.step + 1, Stage(letter.stage), letter.at)
        while self._intents and self._intents[0].at <= now:
            intent = heapq.heappop(self._intents)
            if not self._carry_out(intent):
                heapq.heappush(self._intents, Intent(now + RETRY, intent.number, intent.index, intent.case, intent.act))

    def _answer(self, person: Person, case: str, nth: int, stage: Stage, at: date) -> None:
        """What nobody would do before the city's last day is never done."""
        first_of_stage = stage is Stage.SUSPENSION and case not in self._suspended
        if first_of_stage:
            self._suspended.add(case)
        for index, act in enumerate(person.acts):
            if act.answers == nth or (act.answers == stage and first_of_stage):
                instant = self.clock.instant_of(at + timedelta(days=act.after), share=0.5)
                if instant is not None:
                    heapq.heappush(self._intents, Intent(instant, person.number, index, case, act))

    def _carry_out(self, intent: Intent) -> bool:
        """False when it must be tried again."""
        person, act = self.by_number[intent.number], intent.act
        today = self.clock.day_at(datetime.now(UTC))
        try:
            match act.does:
                case Does.PAY:
                    self._pay(person, intent)
                case Does.REFUND:
                    self._give_back(person)
                case Does.FILE:
                    self.census.take_filings(filed_late(person, today, paid=True))
                case Does.FILE_UNPAID:
                    self.census.take_debts(newly_owed(person))
                    self.census.take_filings(filed_late(person, today, paid=False))
                case Does.CORRECT:
                    self.census.take_filings(corrected(person, today))
                case Does.DECLARE_HARDSHIP:
                    declare_hardship(self.engine, intent.case, by="contribuinte")
        except urllib.error.URLError:
            return False
        return True

    def _pay(self, person: Person, intent: Intent) -> None:
        with self.engine.connect() as connection:
            owed = connection.execute(TO_PAY, {"case": intent.case}).all()
        payments = [
            self._pix(person, intent, debt.inscription, debt.pix_txid, _part(debt.balance, intent.act.share))
            for debt in owed
        ]
        if not payments:
            return
        self._paid[person.number] = payments
        self._call(payments)
        if person.number % REPORTED_TWICE == 0:
            self._call(payments)

    def _pix(self, person: Person, intent: Intent, inscription: str, txid: str, amount: Decimal) -> dict[str, Any]:
        return {
            "endToEndId": f"E{self._reference(person, intent.index, inscription)}",
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
        self._call([{**payment, "devolucoes": [self._refund(payment)]} for payment in self._paid[person.number]])

    def _refund(self, payment: dict[str, Any]) -> dict[str, Any]:
        reference = self._reference(payment["endToEndId"])
        return {
            "id": reference,
            "rtrId": f"D{reference}",
            "valor": payment["valor"],
            "horario": {"solicitacao": _now(), "liquidacao": _now()},
            "status": "DEVOLVIDO",
        }

    def _call(self, payments: list[dict[str, Any]]) -> None:
        """Raises URLError when nobody answers; a refusal would be a fault of ours, and is not hidden."""
        body = json.dumps({"pix": payments}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.webhook}/pix", body, headers)  # noqa: S310 - our own http address
        try:
            DIRECTLY.open(request, timeout=CALL_SECONDS).close()
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                raise AssertionError(f"the webhook refused a callback ({refused.code})") from None
            raise


def _part(balance: Decimal, share: Decimal) -> Decimal:
    return (balance * share).quantize(Decimal("0.01"))


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
