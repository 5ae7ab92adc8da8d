"""The terms of a slip: the debt or instalment it is for, the amount of today, and the last day on which it is that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, text

from models.errors import Refusal
from storage.agreement.agreements import read_life, read_row
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import Case, read_case
from storage.case.facts import read_facts
from storage.payments.charges import LONGEST


class PaidFor(NamedTuple):
    """The debt or instalment that a slip is for."""

    debt: str | None
    instalment: str | None


@dataclass(frozen=True)
class Owed:
    paid_for: PaidFor
    case: Case
    amount: Decimal
    due: date
    slip_number: int
    subject: str
    """As its payer reads it."""


def owed_for(connection: Connection, purpose: str, now: datetime, due: date | None = None, case: str = "") -> Owed:
    """The terms of a slip for a debt or an instalment, of that case where one is named. Raises Refusal: there is none,
    it can't be demanded, or not until `due`."""
    found = connection.execute(PURPOSE, {"purpose": purpose, "case": case}).mappings().first()
    if found is None:
        raise Refusal(f"there is no debt and no instalment {purpose} that a case is open for")
    of_case = read_case(connection, found["case"])
    today = of_case.clock.day_at(now)
    if found["instalment"] is None:
        amount, last = _of_debt(connection, of_case, purpose, today)
    else:
        amount, last = _of_instalment(connection, found, today)
    wanted = due or last
    if wanted < today:
        raise Refusal(f"a slip can't be due on {wanted:%d/%m/%Y}: that day has passed")
    if wanted > last:
        raise Refusal(f"what is owed changes after {last:%d/%m/%Y}: a slip can't be due later")
    paid_for = PaidFor(found["debt"], found["instalment"])
    return Owed(paid_for, of_case, amount, wanted, found["slip_number"], found["subject"])


def _of_debt(connection: Connection, case: Case, debt: str, today: date) -> tuple[Decimal, date]:
    facts = read_facts(connection, case.ruler, [case.pair], today)[case.pair]
    if debt not in {each.id for each in facts.debts if each.outstanding}:
        raise Refusal(f"debt {debt} can't be demanded: it is not due, on hold, or nothing is owed of it")
    owed = owed_of(connection, [debt], accrual_of(case.ruler), today)[debt]
    return owed.total, owed.unchanged_until(today + LONGEST)


def _of_instalment(connection: Connection, found: RowMapping, today: date) -> tuple[Decimal, date]:
    row = read_row(connection, found["agreement"])
    _, life = read_life(connection, row, today)
    entry = life.entries[found["n"] - 1]
    if entry not in life.books.open_entries:
        raise Refusal(f"instalment {found['instalment']} is paid")
    if not life.books.payable(entry, today):
        raise Refusal(f"by its policy instalment {found['instalment']}, which is late, is paid at the end")
    return life.asked(entry.n, today), life.asked_until(entry.n, today, today + LONGEST)


# of co-debtors the one whose case was opened first
PURPOSE = text("""
    SELECT * FROM (
        SELECT debts.id AS debt, NULL AS instalment, NULL AS agreement, NULL AS n, cases.id AS "case", opened_at,
               debts.slip_number, concat_ws(' ', debts.tax, debts.inscription, debts.period) AS subject
        FROM debts JOIN debtors ON debtors.debt = debts.id
        JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax AND cases.closed_at IS NULL
        WHERE debts.id = :purpose
        UNION ALL
        SELECT NULL, instalments.id, agreements.id, n, agreements."case", agreements.recorded_at, slip_number,
               'parcela ' || n || ' de ' || (
                   SELECT count(*) FROM instalments AS all_of WHERE all_of.agreement = agreements.id)
        FROM instalments JOIN agreements ON agreements.id = instalments.agreement AND agreements.closed_at IS NULL
        WHERE instalments.id = :purpose
    ) AS purposes WHERE :case IN ('', "case") ORDER BY opened_at LIMIT 1
""")
