"""A cohort that takes nobody in: each lack, on a record that has just that."""

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Engine, insert, text

from models.case.nobody import Lack, Missed
from models.case.selection import Selection
from models.law.calendar import Clock
from models.ruler.schema import Ruler
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.case.nobody import why_nobody
from storage.catalogue import RULERS
from storage.schema import filings
from tests import factories
from tests.builders import ICMS, REGISTERED, bundled, shipped

TODAY = date(2026, 11, 3)
NOON = datetime(2026, 11, 3, 15, tzinfo=UTC)
ALL = Selection()
RETURN = {"tax": "ICMS", "period": "2026-09", "due": date(2026, 10, 9), "status": "filed", "declared": 1000, "paid": 0}


def owing(engine: Engine, tax: str = "ICMS", **columns: object) -> int:
    with engine.begin() as connection:
        someone = factories.taxpayer(connection)
        factories.debt(connection, someone, tax=tax, period="2026-09", **columns)
        return someone


def returned(engine: Engine, taxpayer: int, **columns: object) -> None:
    with engine.begin() as connection:
        connection.execute(insert(filings).values(taxpayer=taxpayer, **RETURN | columns))


def why(engine: Engine, selection: Selection = ALL, ruler: str | Ruler = ICMS, cohort: str = "new") -> list[Missed]:
    read = shipped(ruler) if isinstance(ruler, str) else ruler
    return list(why_nobody(engine, read, selection, TODAY, cohort))


def test_nothing_was_imported(engine: Engine) -> None:
    assert why(engine) == [Missed(Lack.RECORD)]


def test_nothing_is_of_the_tax(engine: Engine) -> None:
    owing(engine, "IPTU")
    owing(engine, "ISS")
    assert why(engine) == [Missed(Lack.TAX, what="IPTU, ISS")]
    assert why(engine, Selection(tax="IPVA"), REGISTERED) == [Missed(Lack.TAX, what="IPTU, ISS")]


def test_returns_were_not_imported_yet(engine: Engine) -> None:
    someone = owing(engine)
    owing(engine)
    assert why(engine) == [Missed(Lack.RETURNS, 2)]
    returned(engine, someone, period="2026-08", status="filed", paid=1000, paid_on=date(2026, 9, 9))
    assert why(engine) == [Missed(Lack.RETURNS, 2)], "of the period that is owed for there is none"
    returned(engine, someone)
    assert why(engine) == []


def test_debts_were_not_imported_yet(engine: Engine) -> None:
    with engine.begin() as connection:
        someone = factories.taxpayer(connection)
    returned(engine, someone)
    assert why(engine) == [Missed(Lack.DEBTS, 1)]


def test_all_is_paid(engine: Engine) -> None:
    owing(engine, "IPTU", received=1000)
    assert why(engine, ruler=REGISTERED) == [Missed(Lack.OPEN)]


def test_a_key_that_nobody_meets_is_named_with_those_before_it(engine: Engine) -> None:
    owing(engine, "IPTU")
    owing(engine, "IPTU", amount=90)
    few = Selection(min_amount=Decimal(100), litigation=True, protested=True)
    assert why(engine, few, REGISTERED) == [Missed(Lack.KEY, 1, "litigation")]


def test_an_amount_that_nobody_owes_where_delay_adds_to_it(engine: Engine) -> None:
    owing(engine, "IPTU")
    accruing = bundled(RULERS.read(REGISTERED)[1].replace("version: 1", "version: 1\naccrual: alagoas-icms")).ruler
    assert why(engine, Selection(min_amount=Decimal(5000)), accruing) == [Missed(Lack.KEY, 1, "min-amount")]


def test_others_have_them_nothing_is_due_or_it_is_too_little(engine: Engine) -> None:
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=NOON, origin_day=TODAY, timezone="America/Maceio")
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
    create_cohort(engine, Cohort("former", frozen, ALL, clock, "ana"))
    for _ in range(3):
        someone = owing(engine, "IPTU")
        with engine.begin() as connection:
            factories.case(connection, someone, "former")
    for due in (TODAY, date(2026, 12, 10)):
        owing(engine, "IPTU", due=due)
    owing(engine, "IPTU", amount=Decimal("9.99"))
    assert why(engine, ruler=REGISTERED) == [
        Missed(Lack.ELSEWHERE, 3, "former"),
        Missed(Lack.DUE, 2),
        Missed(Lack.AMOUNT, 1),
    ]
    assert why(engine, ruler=REGISTERED, cohort="former") == [], "it has somebody"


def test_what_is_on_hold_is_taken_in(engine: Engine) -> None:
    owing(engine, "IPTU")
    with engine.begin() as connection:
        held = "INSERT INTO holds (debt, ground, source) SELECT id, 'injunction', 'person' FROM debts"
        connection.execute(text(held))
    assert why(engine, ruler=REGISTERED) == []
