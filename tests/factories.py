"""A row of a table for a test, which says what matters to it; the rest is made up as the database accepts it."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from models.case.state import CaseState
from storage.schema import cases, cohorts, debtors, debts, notices, payments, taxpayers
from tests.chance import fresh_key

DAY = date(2026, 11, 3)


def taxpayer(connection: Connection, **columns: Any) -> int:
    """A company; its id."""
    row = {"key": fresh_key(), "tax_id": "11222333000181", "name": "Padaria Exemplo", "is_company": True}
    return int(connection.execute(insert(taxpayers).values(row | columns).returning(taxpayers.c.id)).scalar_one())


def debt(connection: Connection, *owers: int, **columns: Any) -> Row[tuple[str, str]]:
    """R$ 1.000,00 of IPTU that all of them owe; its id and its Pix txid."""
    row = {"tax": "IPTU", "inscription": fresh_key(), "due": date(2026, 10, 9), "amount": Decimal(1000)}
    made = connection.execute(insert(debts).values(row | columns).returning(debts.c.id, debts.c.pix_txid)).one()
    for ower in owers:
        connection.execute(insert(debtors).values(debt=made.id, taxpayer=ower))
    return made


def payment(connection: Connection, amount: str = "1.00") -> int:
    """A Pix that no debt of ours is known for; its id."""
    row = {"end_to_end_id": fresh_key(), "amount": amount, "paid_at": func.now(), "paid_on": func.current_date()}
    return int(connection.execute(insert(payments).values(row).returning(payments.c.id)).scalar_one())


def case(connection: Connection, taxpayer: int, cohort: str, opened: date = DAY, **columns: Any) -> str:
    """A case of a cohort that is there, by its ruler, at the beginning; its id."""
    ruler = select(cohorts.c.ruler).where(cohorts.c.name == cohort).scalar_subquery()
    state = CaseState.at_start(opened).model_dump(mode="json")
    row = {"taxpayer": taxpayer, "tax": "IPTU", "cohort": cohort, "ruler": ruler, "state": state}
    return str(connection.execute(insert(cases).values(row | columns).returning(cases.c.id)).scalar_one())


def notice(connection: Connection, case: str, channel: str, step: int = 0, **columns: Any) -> str:
    """A reminder that was sent; its id."""
    row = {
        "id": f"{case}-{step:02}-{channel}",
        "case": case,
        "step": step,
        "channel": channel,
        "rung_channel": channel,
        "at": DAY,
        "hypothesis": "h1",
        "stage": "reminder",
        "rigidity": 1,
        "tone": "friendly",
        "template": "x",
        "formal": False,
        "status": "sent",
        "body": "Há uma pendência.",
    }
    return str(connection.execute(insert(notices).values(row | columns).returning(notices.c.id)).scalar_one())
