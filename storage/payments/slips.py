"""Slips on record: issued for what is owed, shown again as they were, and found by the number a bank returns.

A boleto has a number of its own, counted at its bank under an advisory lock: no bank's field has room for a debt's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, TypedDict

from sqlalchemy import Connection, Engine, RowMapping, bindparam, func, insert, select, text, tuple_

from models.errors import Refusal
from models.payment.barcode import our_number, slip_barcode
from models.payment.boleto import boleto_code
from models.payment.our_numbers import SLIP_BANKS, Account
from models.payment.slip import AtBank, Beneficiary, Slip, only_digits
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import Case, read_case
from storage.case.facts import read_facts
from storage.paging import WHOLE, Listing, Page
from storage.schema import slips

LONGEST = timedelta(days=30)
"""For how long a slip may be paid at most; less where the amount owed changes sooner."""

SlipKind = Literal["boleto", "collection"]


@dataclass(frozen=True)
class Wanted:
    """A slip that is asked for."""

    purpose: str
    """A debt or an instalment."""
    kind: SlipKind
    due: date | None = None
    """None: the last day on which the amount is what is owed."""


class PaidFor(NamedTuple):
    """The debt or instalment that a slip is for."""

    debt: str | None
    instalment: str | None


Returned = tuple[str, int]
"""A bank, and the number that its return names a slip by."""


@dataclass(frozen=True)
class _Owed:
    purpose: PaidFor
    case: Case
    amount: Decimal
    due: date
    slip_number: int


def issue(engine: Engine, wanted: Wanted, beneficiary: Beneficiary, by: str, now: datetime) -> int:
    """Issue a slip, and return its id; one that says the same already is that one. Raises Refusal."""
    with engine.begin() as connection:
        owed = _owed(connection, wanted, now)
        if (same := _same(connection, owed, wanted.kind)) is not None:
            return same
        row: dict[str, object] = {
            "kind": wanted.kind,
            "debt": owed.purpose.debt,
            "instalment": owed.purpose.instalment,
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


def _at_bank(connection: Connection, beneficiary: Beneficiary, owed: _Owed) -> dict[str, object]:
    """The bank's side of a boleto: its number and its bar code."""
    account = _account(beneficiary)
    payer = connection.execute(PAYER, {"taxpayer": owed.case.taxpayer}).scalar_one()
    only_digits(payer)
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('slips of ' || :bank))"), {"bank": account.bank})
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


def _account(beneficiary: Beneficiary) -> Account:
    if beneficiary.account is None:
        raise Refusal("no bank is configured that registers slips; set REGUA_SLIP_BANK and what belongs to it")
    return beneficiary.account


def _collection(beneficiary: Beneficiary, owed: _Owed) -> str:
    if not beneficiary.febraban_code:
        raise Refusal("no code of FEBRABAN's is configured for collection slips; set REGUA_SLIP_FEBRABAN")
    return slip_barcode(owed.slip_number, owed.amount, beneficiary.febraban_code, beneficiary.segment).digits


# ---- what is owed


def _owed(connection: Connection, wanted: Wanted, now: datetime) -> _Owed:
    found = connection.execute(PURPOSE, {"purpose": wanted.purpose}).mappings().one_or_none()
    if found is None:
        raise Refusal(f"there is no debt and no instalment {wanted.purpose} that a case is open for")
    case = read_case(connection, found["case"])
    today = case.clock.day_at(now)
    if found["instalment"] is None:
        amount, last = _of_debt(connection, case, wanted.purpose, today)
    else:
        amount, last = _of_instalment(found, today)
    due = wanted.due or last
    if due < today:
        raise Refusal(f"a slip can't be due on {due:%d/%m/%Y}: that day has passed")
    if due > last:
        raise Refusal(f"what is owed changes after {last:%d/%m/%Y}: a slip can't be due later")
    return _Owed(PaidFor(found["debt"], found["instalment"]), case, amount, due, found["slip_number"])


def _of_debt(connection: Connection, case: Case, debt: str, today: date) -> tuple[Decimal, date]:
    facts = read_facts(connection, case.ruler, [case.pair], today)[case.pair]
    if debt not in {each.id for each in facts.debts if each.outstanding}:
        raise Refusal(f"debt {debt} can't be demanded: it is not due, on hold, or nothing is owed of it")
    owed = owed_of(connection, [debt], accrual_of(case.ruler), today)[debt]
    return owed.total, owed.unchanged_until(today + LONGEST)


def _of_instalment(found: RowMapping, today: date) -> tuple[Decimal, date]:
    if found["amount"] <= 0:
        raise Refusal(f"instalment {found['instalment']} is paid")
    return found["amount"], max(found["due"], today)


def _same(connection: Connection, owed: _Owed, kind: SlipKind) -> int | None:
    mine = slips.c.debt == owed.purpose.debt if owed.purpose.debt else slips.c.instalment == owed.purpose.instalment
    says = (slips.c.kind == kind) & (slips.c.amount == owed.amount) & (slips.c.due == owed.due)
    return connection.scalars(select(slips.c.id).where(mine, says).limit(1)).one_or_none()


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
        subject=row["subject"],
        our_number=our_number(row["slip_number"]),
        at_bank=at_bank if row["bank"] else None,
    )


def purposes_of_returned(connection: Connection, returned: Collection[Returned]) -> dict[Returned, PaidFor]:
    """The debts and instalments of slips, by bank and the number that its return names them by."""
    if not returned:
        return {}
    asked = select(slips.c.bank, slips.c.returned_number, slips.c.debt, slips.c.instalment)
    rows = connection.execute(asked.where(tuple_(slips.c.bank, slips.c.returned_number).in_(returned)))
    return {(row.bank, row.returned_number): PaidFor(row.debt, row.instalment) for row in rows}


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


PAYER = text("SELECT tax_id FROM taxpayers WHERE id = :taxpayer")

# of co-debtors the one whose case was opened first
PURPOSE = text("""
    SELECT debts.id AS debt, NULL AS instalment, cases.id AS "case", debts.slip_number, NULL AS amount, debts.due
    FROM debts JOIN debtors ON debtors.debt = debts.id
    JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax AND cases.closed_at IS NULL
    WHERE debts.id = :purpose
    UNION ALL
    SELECT NULL, instalments.id, agreements."case", slip_number,
           instalments.amount + fee - credited - received, instalments.due
    FROM instalments JOIN agreements ON agreements.id = instalments.agreement AND agreements.closed_at IS NULL
    WHERE instalments.id = :purpose
    LIMIT 1
""")

SLIPS = text("""
    SELECT slips.*, taxpayers.name, taxpayers.tax_id,
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
