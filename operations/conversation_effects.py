"""The closed list of what a flow does, on record: found debts, what is owed, codes to pay by, a contest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from sqlalchemy import Connection

from models.conversation.engine import Outcome
from models.conversation.flow import Do
from models.formats import money, period
from models.payment.slip import Beneficiary
from models.portal.keys import WrongKey, read_key
from operations.operation import BY_LINK
from storage.audit.log import Entry, write
from storage.case.cases import read_case
from storage.case.facts import open_credits
from storage.conversation.conversations import Conversation
from storage.law.requests import contested
from storage.read_models.lookup import LookedUp, look_up
from storage.read_models.pay_page import read_pay_page

KEYS = ("plate", "renavam")
"""The keys by which a flow finds debts, both of which a debt must have."""
MOST = 10
"""Debts that are told one by one."""

FAILED = Outcome(False)


@dataclass(frozen=True)
class Effects:
    """The acts that a flow asks for, carried out at `now`. `admit` tells whether a key may be tried, and `missed`
    counts one that found nothing."""

    beneficiary: Beneficiary
    now: datetime
    admit: Callable[[str], bool] = lambda _: True
    missed: Callable[[], None] = lambda: None

    def __call__(self, connection: Connection, talk: Conversation, what: Do) -> Outcome:
        match what:
            case Do.IDENTIFY:
                return self._identified(connection, talk)
            case Do.STATEMENT:
                return _told(self._owed(connection, talk))
            case Do.PAY:
                return _codes(self._owed(connection, talk))
            case Do.CONTEST:
                return self._contested(connection, talk)
            case Do.HAND_OVER:
                return FAILED
        assert_never(what)

    def _identified(self, connection: Connection, talk: Conversation) -> Outcome:
        """By the keys that were answered, of registered debts alone; whose link it is was identified by it."""
        if talk.case and not any(key in talk.place.answers for key in KEYS):
            return Outcome(True, {"found": ""})
        if not self.admit(repr(sorted(talk.place.answers.items()))):
            return FAILED
        found = self._looked_up(connection, talk)
        if not found:
            self.missed()
        return Outcome(bool(found), {"found": str(len(found))})

    def _looked_up(self, connection: Connection, talk: Conversation) -> list[LookedUp]:
        try:
            keys = {key: read_key(key, talk.place.answers.get(key, "")) for key in KEYS}
        except WrongKey:
            return []
        return look_up(connection, keys, None, self.beneficiary, self.now)

    def _owed(self, connection: Connection, talk: Conversation) -> Sequence[Charge]:
        """The debts that can be paid: those of the keys that were answered, else those of the case."""
        if any(key in talk.place.answers for key in KEYS):
            found = self._looked_up(connection, talk)
            return [
                Charge(each.tax, each.inscription, each.period, each.total, each.brcode)
                for each in found
                if each.payable
            ]
        page = read_pay_page(connection, talk.case, self.now) if talk.case else None
        if page is None:
            return []
        return [
            Charge(page.tax, debt.inscription, debt.period, debt.balance, page.brcodes.get(debt.id))
            for debt in page.debts
        ]

    def _contested(self, connection: Connection, talk: Conversation) -> Outcome:
        """All that is open in the case whose link was opened is contested, once."""
        if talk.case is None:
            return FAILED
        case = read_case(connection, talk.case, lock=True)
        today = case.clock.day_at(self.now)
        credits = open_credits(connection, case, today)
        if case.closed_at is not None or not credits:
            return FAILED
        contested(connection, case, credits, "conversa na página do contribuinte", BY_LINK.name, today)
        said: dict[str, object] = {"kind": "contest", "credit": [*credits], "via": "conversation"}
        write(connection, Entry(BY_LINK, "case review", case.id, said))
        return Outcome(True)


@dataclass(frozen=True)
class Charge:
    """A debt that can be paid, as it is told."""

    tax: str
    inscription: str
    period: str | None
    amount: Decimal
    brcode: str | None

    @property
    def name(self) -> str:
        return f"{self.tax}{f', {period(self.period)}' if self.period else ''}, inscrição {self.inscription}"


def _told(owed: Sequence[Charge]) -> Outcome:
    total = sum((each.amount for each in owed), Decimal("0.00"))
    lines = [f"{each.name}: {money(each.amount)}" for each in owed[:MOST]]
    more = [f"e mais {len(owed) - MOST}"] if len(owed) > MOST else []
    said = [*lines, *more, f"Total: {money(total)}"] if owed else ["Não há nada a pagar agora."]
    return Outcome(True, {"debts": "\n".join(said), "total": money(total)})


def _codes(owed: Sequence[Charge]) -> Outcome:
    """The codes as charges of one choice: `guia 1 de 3`."""
    coded = [each for each in owed if each.brcode]
    told = [
        f"Guia {n} de {len(coded)}: {each.name}, {money(each.amount)}. Pix copia e cola: {each.brcode}"
        for n, each in enumerate(coded[:MOST], start=1)
    ]
    return Outcome(bool(told), {"codes": "\n".join(told)})
