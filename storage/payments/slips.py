"""Slips on record: issued for what is owed, shown again as they were, and found by the number a bank returns.

A boleto has a number of its own, counted at its bank under an advisory lock: no bank's field has room for a debt's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypedDict

from sqlalchemy import Connection, Engine, RowMapping, bindparam, func, insert, select, text, tuple_

from models.errors import Refusal
from models.payment.barcode import our_number, slip_barcode
from models.payment.boleto import boleto_code
from models.payment.our_numbers import SLIP_BANKS, Account
from models.payment.slip import AtBank, Beneficiary, Slip, only_digits
from storage.paging import WHOLE, Listing, Page
from storage.payments.slip_terms import Owed, PaidFor, owed_for
from storage.schema import slips

SlipKind = Literal["boleto", "collection"]


@dataclass(frozen=True)
class Wanted:
    """A slip that is asked for."""

    purpose: str
    """A debt or an instalment."""
    kind: SlipKind
    due: date | None = None
    """None: the last day on which the amount is what is owed."""


Returned = tuple[str, int]
"""A bank, and the number that its return names a slip by."""


def issue(engine: Engine, wanted: Wanted, beneficiary: Beneficiary, by: str, now: datetime) -> int:
    """Issue a slip, and return its id; one that says the same already is that one. Raises Refusal."""
    with engine.begin() as connection:
        owed = owed_for(connection, wanted.purpose, now, wanted.due)
        if (same := _same(connection, owed, wanted.kind)) is not None:
            return same
        row: dict[str, object] = {
            "kind": wanted.kind,
            "debt": owed.paid_for.debt,
            "instalment": owed.paid_for.instalment,
            "taxpayer": owed.case.taxpayer,
            "amount": owed.amount,
            "due": owed.due,
            "issued_on": owed.case.clock.day_at(now),
            "issued_by": by,
            "beneficiary": owed.case.ruler.authority,
            "beneficiary_tax_id": beneficiary.tax_id,
        }
        if wanted.kind == "boleto":
            row |= _at_bank(connection, beneficiary, owed)
        else:
            row |= {"barcode": _collection(beneficiary, owed)}
        return int(connection.execute(insert(slips).values(row).returning(slips.c.id)).scalar_one())


def _at_bank(connection: Connection, beneficiary: Beneficiary, owed: Owed) -> dict[str, object]:
    """The bank's side of a boleto: its number and its bar code."""
    account = account_of(beneficiary)
    only_digits(connection.execute(PAYER, {"taxpayer": owed.case.taxpayer}).one().tax_id)
    lock_slips_of(connection, account.bank)
    last = select(func.coalesce(func.max(slips.c.sequence), 0)).where(slips.c.bank == account.bank)
    sequence = connection.execute(last).scalar_one() + 1
    ours = SLIP_BANKS[account.bank].our_number(account, sequence)
    return {
        "bank": account.bank,
        "account": account.printed,
        "wallet": account.wallet,
        "sequence": sequence,
        "printed_number": ours.printed,
        "remitted_number": ours.remitted,
        "returned_number": ours.returned,
        "barcode": boleto_code(account.bank, owed.due, owed.amount, ours.free).digits,
    }


def lock_slips_of(connection: Connection, bank: str) -> None:
    """Let nobody else number slips or files of a bank until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('slips of ' || :bank))"), {"bank": bank})


def account_of(beneficiary: Beneficiary) -> Account:
    """The account that slips registered with a bank are paid to. Raises Refusal when there is none."""
    if beneficiary.account is None:
        raise Refusal("no bank is configured that registers slips; set REGUA_SLIP_BANK and what belongs to it")
    return beneficiary.account


def _collection(beneficiary: Beneficiary, owed: Owed) -> str:
    if not beneficiary.febraban_code:
        raise Refusal("no code of FEBRABAN's is configured for collection slips; set REGUA_SLIP_FEBRABAN")
    return slip_barcode(owed.slip_number, owed.amount, beneficiary.febraban_code, beneficiary.segment).digits


def _same(connection: Connection, owed: Owed, kind: SlipKind) -> int | None:
    paid_for = owed.paid_for
    mine = slips.c.debt == paid_for.debt if paid_for.debt else slips.c.instalment == paid_for.instalment
    says = (slips.c.kind == kind) & (slips.c.amount == owed.amount) & (slips.c.due == owed.due)
    return connection.scalars(select(slips.c.id).where(mine, says).limit(1)).one_or_none()


def draw(connection: Connection, case: str, purpose: str, beneficiary: Beneficiary, now: datetime) -> Slip:
    """A collection slip for something that a case owes, without a row of its own: its bar code says what it is for.
    Raises Refusal."""
    owed = owed_for(connection, purpose, now, case=case)
    payer = connection.execute(PAYER, {"taxpayer": owed.case.taxpayer}).one()
    return Slip(
        id=owed.slip_number,
        barcode=_collection(beneficiary, owed),
        amount=owed.amount,
        due=owed.due,
        issued_on=owed.case.clock.day_at(now),
        beneficiary=owed.case.ruler.authority,
        beneficiary_tax_id=beneficiary.tax_id,
        payer=payer.name,
        payer_tax_id=payer.tax_id,
        subject=owed.subject,
        our_number=our_number(owed.slip_number),
    )


# ---- what was issued


def read_slip(connection: Connection, slip: int) -> Slip:
    """A slip as it was issued. Raises Refusal when there is none."""
    found = read_slips(connection, [slip])
    if not found:
        raise Refusal(f"there is no slip {slip}; `slip list` shows them")
    return found[0]


def read_slips(connection: Connection, ids: Collection[int]) -> list[Slip]:
    return [_slip(row) for row in connection.execute(SLIPS, {"ids": list(ids)}).mappings()]


def _slip(row: RowMapping) -> Slip:
    at_bank = AtBank(row["bank"], row["account"], row["wallet"], row["printed_number"], row["remitted_number"])
    return Slip(
        id=row["id"],
        barcode=row["barcode"],
        amount=row["amount"],
        due=row["due"],
        issued_on=row["issued_on"],
        beneficiary=row["beneficiary"],
        beneficiary_tax_id=row["beneficiary_tax_id"],
        payer=row["name"],
        payer_tax_id=row["tax_id"],
        payer_address=row["address"] or "",
        subject=row["subject"],
        our_number=our_number(row["slip_number"]),
        at_bank=at_bank if row["bank"] else None,
    )


@dataclass(frozen=True)
class Issued:
    """Slips of ours by the numbers that banks return, and the banks at which we count them."""

    paid_for: Mapping[Returned, PaidFor]
    banks: frozenset[str]


def issued_among(connection: Connection, returned: Collection[Returned]) -> Issued:
    """The slips of ours among what banks return."""
    if not returned:
        return Issued({}, frozenset())
    asked = select(slips.c.bank, slips.c.returned_number, slips.c.debt, slips.c.instalment)
    rows = connection.execute(asked.where(tuple_(slips.c.bank, slips.c.returned_number).in_(returned)))
    banks = select(slips.c.bank).where(slips.c.bank.in_({bank for bank, _ in returned})).distinct()
    return Issued(
        {(row.bank, row.returned_number): PaidFor(row.debt, row.instalment) for row in rows},
        frozenset(connection.scalars(banks)),
    )


class ListedSlip(TypedDict):
    id: int
    kind: SlipKind
    debt: str | None
    instalment: str | None
    amount: Decimal
    due: date
    issued_on: date
    issued_by: str
    bank: str | None
    number: str | None
    barcode: str
    remittance: int | None
    recorded_at: datetime


LISTED = Listing[ListedSlip](
    columns="""slips.id, kind, debt, instalment, amount, due, issued_on, issued_by, slips.bank,
               printed_number AS number, barcode, remittances.number AS remittance, slips.recorded_at""",
    tables="""slips LEFT JOIN remittances ON remittances.id = slips.remittance
              WHERE CAST(:purpose AS text) IS NULL OR :purpose IN (debt, instalment)""",
    order="slips.id",
    key="id",
    noun="slip",
)


def list_slips(connection: Connection, purpose: str | None = None, page: Page = WHOLE) -> Iterator[ListedSlip]:
    """The slips in the order of issue, all or those of a debt or instalment."""
    return LISTED.rows(connection, page, {"purpose": purpose})


PAYER = text("SELECT tax_id, name FROM taxpayers WHERE id = :taxpayer")

SLIPS = text("""
    SELECT slips.*, taxpayers.name, taxpayers.tax_id, taxpayers.address,
           coalesce(debts.slip_number, instalments.slip_number) AS slip_number,
           CASE WHEN slips.debt IS NOT NULL
                THEN concat_ws(' ', debts.tax, debts.inscription, debts.period)
                ELSE 'parcela ' || instalments.n || ' de ' || (
                    SELECT count(*) FROM instalments AS all_of WHERE all_of.agreement = instalments.agreement) END
               AS subject
    FROM slips JOIN taxpayers ON taxpayers.id = slips.taxpayer
    LEFT JOIN debts ON debts.id = slips.debt LEFT JOIN instalments ON instalments.id = slips.instalment
    WHERE slips.id = ANY(:ids) ORDER BY slips.id
""").bindparams(bindparam("ids"))
