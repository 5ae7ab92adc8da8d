"""The costs of a cohort's notices, and its budget for them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, func, insert, select, text, update

from models.case.journal import EntryKind
from models.case.status import Status
from models.events import BudgetChanged
from models.formats import money
from models.money.prices import ChannelCost, fits
from storage.case.cases import Case
from storage.case.cohorts import read_cohort
from storage.contact.communications import money_came
from storage.outbox import enqueue
from storage.rows import typed_rows
from storage.schema import cases, cohorts, decisions, notices


def spent_by_channel(connection: Connection, cohort: str) -> list[ChannelCost]:
    query = (
        select(notices.c.channel, func.count().label("notices"), func.sum(notices.c.cost).label("cost"))
        .join(cases, cases.c.id == notices.c.case)
        .where(cases.c.cohort == cohort)
        .group_by(notices.c.channel)
        .order_by(notices.c.channel)
    )
    return typed_rows(ChannelCost, connection.execute(query).mappings())


def spent_of_budget(connection: Connection, cohort: str) -> Decimal:
    """The sum that a cohort has spent of its budget; nothing is counted where it has none."""
    return Decimal(connection.execute(select(cohorts.c.spent).where(cohorts.c.name == cohort)).scalar_one())


def spend(connection: Connection, case: Case, cost: Decimal, at_any_cost: bool = False) -> bool:
    """Take the money from the cohort's budget, where it has one: never more than there is, however many claim.

    The row stays locked also when there isn't enough: whoever raises the budget then sees this case as stopped.
    """
    if not case.budgeted:
        return True
    mine = cohorts.c.name == case.cohort
    purse = connection.execute(select(cohorts.c.budget, cohorts.c.spent).where(mine).with_for_update()).one()
    if not (at_any_cost or fits(purse.budget, purse.spent, cost)):
        return False
    connection.execute(update(cohorts).where(mine).values(spent=purse.spent + cost))
    return True


# where something else stops the case too, nothing is tried, and so nothing would be found out anew
FORGET_LACK = text("""
    UPDATE cases SET blocks = jsonb_path_query_array(blocks, '$[*] ? (@.kind != "over_budget")')
    WHERE cohort = :cohort AND status <> 'over_budget' AND blocks @> '[{"kind": "over_budget"}]'
""")


def change_budget(engine: Engine, cohort: str, amount: Decimal, by: str, now: datetime) -> int:
    """Change the sum that the cohort may spend in all; gives how many cases that the former budget had stopped look
    again. Raises Refusal when there is no such cohort.

    The amount is committed before the stopped cases are looked for: whoever claims a notice reads it from the cohort's
    locked row, and so has either seen the new one or already shows as stopped.
    """
    with engine.begin() as connection:
        known = read_cohort(connection, cohort)
        connection.execute(update(cohorts).where(cohorts.c.name == cohort).values(budget=amount))
    with engine.begin() as connection:
        lacks = cases.c.blocks.contains([{"kind": Status.OVER_BUDGET}])
        held_up = select(cases.c.id).where(cases.c.cohort == cohort, lacks)
        stopped = connection.scalars(held_up.order_by(cases.c.id).with_for_update()).all()
        entry = {
            "at": known.clock.day_at(now),
            "kind": EntryKind.BUDGET_CHANGED,
            "reason": f"orçamento da coorte alterado para {money(amount)} por {by}",
            "ruler": known.frozen.digest,
            "evidence": {},
        }
        connection.execute(FORGET_LACK, {"cohort": cohort})
        money_came(connection, cohort)
        if stopped:
            connection.execute(insert(decisions), [{"case": case, **entry} for case in stopped])
            enqueue(connection, stopped, BudgetChanged())
    return len(stopped)
