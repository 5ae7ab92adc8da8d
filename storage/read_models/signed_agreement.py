"""The agreements that run on a case, as its pages show them: the price of each instalment, and the codes to pay by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select

from models.agreement.charges import NOTHING
from models.agreement.quote import Pay
from storage.agreement.agreement_row import Deed
from storage.agreement.agreements import agreements_of, debts_of, read_life, read_row
from storage.payments.charges import brcodes_of_instalments
from storage.schema import instalments


@dataclass(frozen=True)
class ShownInstalment:
    id: str
    n: int
    of: int
    due: date
    principal: Decimal
    amount: Decimal
    """The price with all charges and its slip, by the due date, or today where that has passed; nothing once it is
    paid."""
    paid_on: date | None
    payable: bool
    overdue: bool
    brcode: str | None
    """Pix *copia e cola*."""
    pix_txid: str
    slip_number: int

    @property
    def charges(self) -> Decimal:
        return self.amount - self.principal


@dataclass(frozen=True)
class SignedAgreement:
    id: str
    on: date
    on_hold_since: date | None
    """None: not before its first instalment is paid."""
    breaks_on: date | None
    debts: frozenset[str]
    debited: bool
    """Whether its instalments are debited from an account."""
    offset: Decimal
    """The part that a precatório pays, unless that was refused."""
    process: str
    """In which it was granted."""
    schedule: Sequence[ShownInstalment]
    deed: Deed | None
    """None: it was not signed on a page."""

    @property
    def open(self) -> list[ShownInstalment]:
        return [each for each in self.schedule if each.amount]


def read_signed_agreements(connection: Connection, case: str, today: date) -> list[SignedAgreement]:
    """Read the running agreements of a case, the oldest first."""
    return [_read(connection, agreement, today) for agreement in agreements_of(connection, case, active=True)]


def _read(connection: Connection, agreement: str, today: date) -> SignedAgreement:
    row = read_row(connection, agreement)
    offset = row["terms"].get("offset")
    granted = offset if offset and "refused_on" not in offset else None
    deal, life = read_life(connection, row, today)
    codes = brcodes_of_instalments(connection, agreement)
    rows = connection.execute(select(instalments).where(instalments.c.agreement == agreement)).all()
    stored = {each.n: each for each in rows}
    open_ = {entry.n for entry in life.books.open_entries}
    schedule = [
        ShownInstalment(
            id=stored[entry.n].id,
            n=entry.n,
            of=len(life.entries),
            due=entry.due,
            principal=entry.left,
            amount=life.asked(entry.n, today) if entry.n in open_ else NOTHING,
            paid_on=entry.paid_on,
            payable=life.books.payable(entry, today),
            overdue=entry.due < today,
            brcode=codes.get(entry.n) if entry.n in open_ else None,
            pix_txid=stored[entry.n].pix_txid,
            slip_number=stored[entry.n].slip_number,
        )
        for entry in life.entries
    ]
    return SignedAgreement(
        id=agreement,
        on=row["signed_on"],
        on_hold_since=life.effective_on,
        breaks_on=life.breaks_on,
        debited=deal.request.pay is Pay.DIRECT_DEBIT and "ended_on" not in row["terms"].get("debit", {}),
        offset=sum(map(Decimal, granted["debts"].values()), NOTHING) if granted else NOTHING,
        process=granted["process"] if granted else "",
        debts=frozenset(debts_of(connection, [agreement])),
        schedule=schedule,
        deed=row["terms"].get("deed"),
    )
