"""Instalment agreements on record. Whenever something happens to one, its life is told anew from all its payments, in
the transaction of what happened: holds, allocations, remissions and tasks follow from it.

Rows are locked as everywhere: cases by id, then debts by id. Who holds the debts of an agreement holds the agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from models.agreement.aftermath import aftermath
from models.agreement.deal import Deal, Paid
from models.agreement.instalments import Life, State, Step, live
from models.agreement.quote import Instalment, Request
from models.case.commands import Act
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import AgreementChanged
from models.formats import day
from models.roles import Actor
from storage.agreement.agreement_row import AgreementRow
from storage.agreement.policies import pinned_policy
from storage.agreement.shares import GROUND, allocate, read_shares, write_off
from storage.amounts.rates import read_rates
from storage.case.acts import put_act
from storage.case.cases import Case, read_case
from storage.case.journal import Evidence
from storage.case.locks import LOCK_CASES, lock_cases_and_debts, with_array
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.rows import typed_rows
from storage.schema import agreement_debts, agreements, holds, instalments, tasks

UNDONE = "agreement"
"""Who closes a task whose cause, the first payment, was taken back."""

REQUEST = TypeAdapter(Request)


@dataclass(frozen=True)
class AgreementRecord:
    """An instalment agreement on record: its case, its deal, and its life so far."""

    id: str
    case: Case
    deal: Deal
    life: Life
    revision: int

    @property
    def step(self) -> Step | None:
        return self.life.step


# ---- locking


COVERED = with_array("agreements", "SELECT DISTINCT debt FROM agreement_debts WHERE agreement = ANY(:agreements)")

# newest first: what is paid straight to a debt, it hears of
NEWEST_OF_DEBTS = with_array(
    "debts",
    """
    SELECT DISTINCT ON (agreement_debts.debt) agreements.id
    FROM agreement_debts JOIN agreements ON agreements.id = agreement_debts.agreement
    WHERE agreement_debts.debt = ANY(:debts) ORDER BY agreement_debts.debt, agreements.recorded_at DESC
    """,
)


def debts_of(connection: Connection, covered_by: Iterable[str]) -> list[str]:
    return list(connection.scalars(COVERED, {"agreements": [*covered_by]}))


def newest_agreements(connection: Connection, of_debts: Iterable[str]) -> set[str]:
    return set(connection.scalars(NEWEST_OF_DEBTS, {"debts": [*of_debts]}))


def agreements_of(connection: Connection, case: str, *, active: bool = False) -> list[str]:
    """The agreements of a case, the oldest first: all, or those that live."""
    mine = select(agreements.c.id).where(agreements.c.case == case)
    mine = mine.where(agreements.c.closed_at.is_(None)) if active else mine
    return list(connection.scalars(mine.order_by(agreements.c.recorded_at)))


@dataclass
class AgreementTransaction:
    connection: Connection
    agreed: AgreementRecord
    today: date

    def note(self, kind: EntryKind, reason: str, at: date, n: int) -> None:
        """Put a message about an instalment on record; what comes next follows from it."""
        _journal(self.connection, self.agreed.case, self.agreed.id, kind, reason, at, {"instalment": n})
        self.agreed = tell(self.connection, self.agreed.id, self.today)


@contextmanager
def agreement_transaction(
    engine: Engine, agreement: str, now: datetime, not_before: date | None = None
) -> Iterator[AgreementTransaction]:
    """Open one transaction over one agreement, told anew on today's facts; `not_before` is the day of the step being
    carried out, should the clock be a little behind it."""
    with engine.begin() as connection:
        lock_cases_and_debts(connection, debts_of(connection, [agreement]))
        today = read_case(connection, read_row(connection, agreement)["case"]).clock.day_at(now)
        today = max(today, not_before or today)
        yield AgreementTransaction(connection, tell(connection, agreement, today), today)


def rescind(engine: Engine, agreement: str, who: Actor, why: str, now: datetime) -> AgreementRecord:
    """Break an agreement by a person's word, with effect from today: for what a policy says nothing about."""
    with agreement_transaction(engine, agreement, now) as tx:
        if tx.agreed.life.state is not State.ACTIVE:
            raise Refusal(f"agreement {agreement} is {tx.agreed.life.state}: there is nothing to break")
        terms = {**read_row(tx.connection, agreement)["terms"], "rescinded_on": tx.today.isoformat()}
        tx.connection.execute(update(agreements).where(agreements.c.id == agreement).values(terms=terms))
        what = f"parcelamento rompido por {who.name}: {why}"
        _journal(tx.connection, tx.agreed.case, agreement, EntryKind.AGREEMENT_RESCINDED, what, tx.today, {})
        put_act(tx.connection, Act.BREAK, tx.agreed.case.id, who, f"{what} ({agreement})")
        return tell(tx.connection, agreement, tx.today)


# ---- telling


def read_row(connection: Connection, agreement: str) -> AgreementRow:
    """Read an agreement's row. Raises Refusal when there is none."""
    asked = select(agreements).where(agreements.c.id == agreement)
    found = typed_rows(AgreementRow, connection.execute(asked).mappings())
    if not found:
        raise Refusal(f"there is no agreement {agreement}; `agreement list` shows them")
    return found[0]


def read_life(connection: Connection, row: AgreementRow, today: date) -> tuple[Deal, Life]:
    """Read an agreement's life as it stands on record, changing nothing."""
    deal = _deal(connection, row)
    paid = [Paid(**each) for each in connection.execute(PAID, {"agreement": row["id"]}).mappings()]
    agreed = connection.execute(MESSAGES, {"case": row["case"], "agreement": row["id"]})
    messages = frozenset((each.kind.removeprefix("agreement_"), each.n) for each in agreed)
    return deal, live(deal, paid, today, messages)


def _deal(connection: Connection, row: AgreementRow) -> Deal:
    known = select(instalments).where(instalments.c.agreement == row["id"]).order_by(instalments.c.n)
    schedule = connection.execute(known).mappings().all()
    rescinded = row["terms"].get("rescinded_on")
    return Deal(
        policy=pinned_policy(connection, row["policy"]).policy,
        request=REQUEST.validate_python(row["terms"]["request"]),
        schedule=tuple(
            Instalment(each["n"], each["due"], each["amount"], nominal=each["nominal"]) for each in schedule
        ),
        rates=read_rates(connection),
        discount=row["discount"],
        slip_fee=schedule[0]["fee"],
        rescinded_on=date.fromisoformat(rescinded) if rescinded else None,
        brought=_brought(connection, row),
    )


def _brought(connection: Connection, row: AgreementRow) -> dict[str, Decimal]:
    """By debt, what an agreement is to pay of it in money: all that it brought in, but what a precatório pays."""
    mine = agreement_debts.c.agreement == row["id"]
    rows = connection.execute(select(agreement_debts.c.debt, agreement_debts.c.amount).where(mine))
    brought: dict[str, Decimal] = dict(rows.tuples().all())
    offset = row["terms"].get("offset")
    if offset and "refused_on" not in offset:
        brought |= {debt: brought[debt] - Decimal(part) for debt, part in offset["debts"].items()}
    return brought


PAID = text("""
    WITH mine AS (SELECT id, recorded_at FROM agreements WHERE id = :agreement),
    netted AS (
        SELECT payments.*,
               payments.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS net
        FROM payments
        WHERE payments.instalment IN (SELECT id FROM instalments WHERE agreement = :agreement)
           OR payments.debt IN (SELECT debt FROM agreement_debts WHERE agreement = :agreement)
    )
    SELECT netted.id, netted.paid_on AS day, net AS amount, instalments.n, NULL AS debt
    FROM netted JOIN instalments ON instalments.id = netted.instalment
    UNION ALL
    SELECT netted.id, paid_on, net, NULL, debt
    FROM netted, mine WHERE debt IS NOT NULL AND coalesce(matched_at, netted.recorded_at) >= mine.recorded_at
    UNION ALL
    SELECT payments.id, payments.paid_on, allocations.amount, NULL, allocations.debt
    FROM mine JOIN agreement_debts ON agreement_debts.agreement = mine.id
    JOIN allocations ON allocations.debt = agreement_debts.debt
    JOIN payments ON payments.id = allocations.payment AND payments.recorded_at >= mine.recorded_at
    JOIN instalments ON instalments.id = payments.instalment AND instalments.agreement <> mine.id
""")

MESSAGES = text("""
    SELECT kind, CAST(evidence ->> 'instalment' AS integer) AS n FROM decisions
    WHERE "case" = :case AND kind IN ('agreement_reminder', 'agreement_alert') AND evidence ->> 'agreement' = :agreement
""")


def tell(connection: Connection, agreement: str, today: date) -> AgreementRecord:
    """Tell an agreement's life anew and make the record follow. The cases and debts it is about are locked."""
    row = read_row(connection, agreement)
    deal, life = read_life(connection, row, today)
    case = read_case(connection, row["case"])
    if row["state"] not in (State.ACTIVE, life.state) and _superseded(connection, row):
        # another agreement has taken its place: what was undone of this one leaves it broken
        life.state, life.step = State.BROKEN, None
    held = life.effective_on if life.state is State.ACTIVE else None
    turned = _transition(connection, row, life, case, today)
    _put_instalments(connection, row, life, today)
    shares = read_shares(connection, row, life)
    allotted = allocate(connection, agreement, shares, life)
    write_off(connection, row, allotted.left, life, case)
    moved = _hold(connection, agreement, [share.debt for share in shares], held is not None)
    _put_tasks(connection, row, deal, life, case, any(share.protested for share in shares))
    if moved or turned:
        open_cases = connection.scalars(LOCK_CASES, {"debts": [share.debt for share in shares]}).all()
        enqueue(connection, open_cases, AgreementChanged(agreement=agreement))
    _save(connection, row, life, held, allotted.charges)
    return AgreementRecord(agreement, case, deal, life, row["revision"] + 1)


def _superseded(connection: Connection, row: AgreementRow) -> bool:
    newer = text("""
        SELECT EXISTS (
            SELECT FROM agreements AS other WHERE other.recorded_at > :recorded_at
            AND EXISTS (
                SELECT FROM agreement_debts AS mine JOIN agreement_debts AS theirs ON theirs.debt = mine.debt
                WHERE mine.agreement = :id AND theirs.agreement = other.id))
    """)
    asked = {"recorded_at": row["recorded_at"], "id": row["id"]}
    return bool(connection.execute(newer, asked).scalar_one())


def _transition(connection: Connection, row: AgreementRow, life: Life, case: Case, today: date) -> bool:
    """Journal the agreement's state, if that is new."""
    before, now = State(row["state"]), life.state
    if now is before:
        return False
    if now is State.BROKEN:
        why = f"parcelamento rompido com efeito desde {day(life.breaks_on or today)}"
    elif now is State.COMPLETED:
        why = f"parcelamento concluído em {day(life.completed_on or today)}: todas as parcelas pagas"
    elif before is State.BROKEN:
        why = "rompimento desfeito: o pagamento feito no prazo chegou depois"
    else:
        why = "parcelamento reaberto: um pagamento foi devolvido"
    kind = {
        State.BROKEN: EntryKind.AGREEMENT_BROKEN,
        State.COMPLETED: EntryKind.AGREEMENT_COMPLETED,
        State.ACTIVE: EntryKind.AGREEMENT_RESTORED,
    }
    evidence = {"breaks_on": _iso(life.breaks_on), "decided_on": _iso(life.decided_on)}
    _journal(connection, case, row["id"], kind[now], why, today, evidence)
    return True


def _iso(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _put_instalments(connection: Connection, row: AgreementRow, life: Life, today: date) -> None:
    put = (
        update(instalments)
        .where(instalments.c.agreement == row["id"], instalments.c.n == bindparam("which"))
        .values(
            interest=bindparam("more"),
            credited=bindparam("credit"),
            received=bindparam("came_in"),
            paid_on=bindparam("on"),
        )
    )
    rows = [
        {
            "which": entry.n,
            "more": life.books.interest(entry, today),
            "credit": entry.credited,
            "came_in": entry.received + entry.charges_paid + entry.fee,
            "on": entry.paid_on,
        }
        for entry in life.entries
    ]
    connection.execute(put, rows)


def _save(
    connection: Connection, row: AgreementRow, life: Life, held: date | None, charges: Mapping[str, Decimal]
) -> None:
    broken, completed = life.state is State.BROKEN, life.state is State.COMPLETED
    closed = broken or completed
    values = {
        "state": life.state.value,
        "effective_on": held or (row["effective_on"] if closed else None),
        "broken_on": life.breaks_on if broken else None,
        "decided_on": life.decided_on if broken else None,
        "completed_on": life.completed_on if completed else None,
        "charges": {} if broken else {debt: f"{amount:.2f}" for debt, amount in charges.items() if amount},
        "next_step": life.step.model_dump(mode="json") if life.step else None,
        "revision": row["revision"] + 1,
        "closed_at": (row["closed_at"] or func.clock_timestamp()) if closed else None,
    }
    connection.execute(update(agreements).where(agreements.c.id == row["id"]).values(values))


# ---- what follows from it


def _hold(connection: Connection, agreement: str, of_debts: list[str], wanted: bool) -> bool:
    """Place the agreement's holds (CTN art. 151, VI), or lift them; tell whether that is new."""
    source = f"agreement {agreement}"
    mine = holds.c.debt.in_(of_debts) & (holds.c.source == source) & holds.c.lifted_at.is_(None)
    held = set(connection.scalars(select(holds.c.debt).where(mine)))
    if wanted:
        rows = [{"debt": debt, "ground": GROUND, "source": source} for debt in of_debts if debt not in held]
        if rows:
            connection.execute(upsert(holds).values(rows).on_conflict_do_nothing())
        return bool(rows)
    if held:
        connection.execute(update(holds).where(mine).values(lifted_at=func.clock_timestamp()))
    return bool(held)


def _put_tasks(connection: Connection, row: AgreementRow, deal: Deal, life: Life, case: Case, protested: bool) -> None:
    """The dated tasks that follow the first payment; closed again when it was taken back."""
    mine = (tasks.c.case == case.id) & (tasks.c.reference == row["id"])
    if life.first_paid_on is None:
        undone = {"done_at": func.clock_timestamp(), "done_by": UNDONE}
        connection.execute(update(tasks).where(mine, tasks.c.done_at.is_(None)).values(undone))
        return
    due = aftermath(deal.policy, life.first_paid_on, protested=protested, litigation=deal.request.litigation)
    rows = [
        {
            "case": case.id,
            "kind": each.task,
            "reference": row["id"],
            "what": each.what,
            "source": each.source,
            "due": each.on,
        }
        for each in due
    ]
    if rows:
        again = upsert(tasks).values(rows)
        moved = {"due": again.excluded.due, "done_at": None, "done_by": None}
        key = (tasks.c.case, tasks.c.kind, tasks.c.reference)
        reopened = (tasks.c.done_by == UNDONE) | (tasks.c.done_at.is_(None) & (tasks.c.due != again.excluded.due))
        connection.execute(again.on_conflict_do_update(index_elements=key, set_=moved, where=reopened))


def _journal(
    connection: Connection, case: Case, agreement: str, kind: EntryKind, why: str, at: date, evidence: Evidence
) -> None:
    record_decision(connection, case, kind, why, at, {"agreement": agreement, **evidence})
