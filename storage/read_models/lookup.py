"""Registered debts that somebody finds by their access keys, for a page that names nobody (CTN art. 198, § 3º, II)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.intake.access_keys import ACCESS_KEYS
from models.money.accrual import Accrual
from models.payment.barcode import LARGEST_VALUE, slip_barcode
from models.payment.slip import Beneficiary
from models.portal.keys import OF_THE_COMPANY, OF_THE_DEBT
from models.words import tax_in_words
from storage.case.cases import read_case
from storage.case.debts import grounds_of, owed_each
from storage.payments.charges import brcodes_of
from storage.payments.posting import TIMEZONE

MOST = 100
"""Debts that are shown at once: a company's may be thousands."""

Spelled = Mapping[str, tuple[str, ...]]
"""The spellings of each key that was given, by its kind."""


@dataclass(frozen=True)
class LookedUp:
    """A registered debt as everybody may see it."""

    tax: str
    inscription: str
    period: str | None
    registered_on: date
    litigation: bool
    protested: bool
    owed: Accrual | None
    """None: what it costs today can't be told without a person."""
    grounds: frozenset[str]
    """Why it is on hold; empty: it is not."""
    settled_on: date | None
    """The day of its last payment, or on which it became extinct otherwise."""
    brcode: str | None = None
    """Its open Pix charge, while it may be paid."""
    typed: str | None = None
    """The 48 digits of its slip, while it may be paid."""

    @property
    def total(self) -> Decimal:
        return self.owed.total if self.owed else Decimal(0)

    @property
    def settled(self) -> bool:
        return self.owed is not None and self.total <= 0

    @property
    def payable(self) -> bool:
        return self.total > 0 and not self.grounds


_BY_KIND = {
    kind: f"SELECT debt FROM access_keys WHERE kind = '{kind}' AND value_key = ANY(:{kind})"  # noqa: S608 - constants
    for kind in ACCESS_KEYS
} | {
    OF_THE_DEBT: "SELECT id FROM debts WHERE inscription_key = ANY(:inscription)",
    OF_THE_COMPANY: """SELECT debt FROM debtors JOIN taxpayers ON taxpayers.id = debtors.taxpayer
                       WHERE taxpayers.key = ANY(:cnpj) AND is_company""",
}

# the clock is that of the first case that is open for it
_FOUND = """
    SELECT debts.id, tax, inscription, period, registered_on, litigation, protested, balance = 0 AS settled,
           slip_number, extinct_on, (SELECT max(paid_on) FROM payments WHERE payments.debt = debts.id) AS paid_on,
           (SELECT min(cases.id) FROM debtors JOIN cases USING (taxpayer)
            WHERE debtors.debt = debts.id AND cases.tax = debts.tax AND closed_at IS NULL) AS "case"
    FROM debts
    WHERE registered_on IS NOT NULL AND (CAST(:taxes AS text[]) IS NULL OR tax = ANY(:taxes)) AND debts.id IN ({})
    ORDER BY settled, registered_on, debts.id LIMIT :most
"""


def look_up(
    connection: Connection, keys: Spelled, taxes: Iterable[str] | None, beneficiary: Beneficiary, now: datetime
) -> list[LookedUp]:
    """The registered debts that have all of these keys, those first of which something is owed."""
    together = " INTERSECT ".join(_BY_KIND[kind] for kind in keys)
    query = text(_FOUND.format(together)).bindparams(
        bindparam("taxes", type_=ARRAY(Text)), *(bindparam(kind, type_=ARRAY(Text)) for kind in keys)
    )
    asked = {**{kind: [*spelled] for kind, spelled in keys.items()}, "taxes": [*taxes] if taxes else None}
    rows = connection.execute(query, {**asked, "most": MOST}).mappings().all()
    today = _today(connection, rows, now)
    ids = [row["id"] for row in rows]
    owed, brcodes = owed_each(connection, ids, today), brcodes_of(connection, ids)
    grounds = grounds_of(connection, ids, today)
    return [
        _looked_up(
            row,
            owed.get(row["id"]),
            grounds[row["id"]],
            brcodes.get(row["id"]),
            beneficiary,
        )
        for row in rows
    ]


def _today(connection: Connection, rows: Sequence[RowMapping], now: datetime) -> date:
    """The day on which what is owed is told: that of the case, whose clock may be a rehearsal's."""
    case = next((row["case"] for row in rows if row["case"]), None)
    return read_case(connection, case).clock.day_at(now) if case else now.astimezone(TIMEZONE).date()


def _looked_up(
    row: RowMapping, owed: Accrual | None, grounds: frozenset[str], brcode: str | None, beneficiary: Beneficiary
) -> LookedUp:
    debt = LookedUp(
        tax=tax_in_words(row["tax"]),
        inscription=row["inscription"],
        period=row["period"],
        registered_on=row["registered_on"],
        litigation=row["litigation"],
        protested=row["protested"],
        owed=owed,
        grounds=grounds,
        settled_on=row["extinct_on"] or row["paid_on"],
    )
    if not debt.payable:
        return debt
    return replace(debt, brcode=brcode, typed=_typed(row["slip_number"], debt.total, beneficiary))


def _typed(slip_number: int, amount: Decimal, beneficiary: Beneficiary) -> str | None:
    """The line of a slip; none where slips aren't issued, or none can carry so much."""
    if not beneficiary.febraban_code or amount > LARGEST_VALUE:
        return None
    return slip_barcode(slip_number, amount, beneficiary.febraban_code, beneficiary.segment).typed
