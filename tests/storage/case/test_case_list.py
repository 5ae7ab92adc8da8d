"""The list of a cohort's cases: near prescription first, then as they were opened, page by page."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text

from models.case.status import Status
from models.errors import Refusal
from storage.case.prescription import count_near, list_cases
from storage.paging import Page
from tests.agreement_world import contract

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

# near until 16/09/2026, 180 days after that day: x has two debts near, y one; z's is held, and v's moved beyond it by a
# protest, u's is paid, and t is closed; w's prescribes later
DEBTS = """
    ('x1', 'x', '2026-08-02', 10), ('x2', 'x', '2026-06-01', 10), ('y1', 'y', '2026-06-01', 10),
    ('z1', 'z', '2026-05-01', 10), ('v1', 'v', '2026-04-30', 10), ('u1', 'u', '2026-04-01', 0),
    ('t1', 't', '2026-04-01', 10), ('w1', 'w', '2026-09-17', 10), ('s1', 's', NULL, 10)
"""
ADDED = (
    """INSERT INTO taxpayers (key, tax_id, name, is_company)
       SELECT 'k' || one, '0', 'Pessoa', false FROM unnest(string_to_array('x y z v u t w s', ' ')) AS one""",
    f"""INSERT INTO debts (id, tax, inscription, due, amount, received, prescribes)
        SELECT id, 'IPTU', id, '2021-01-01', 10, 10 - left_over, CAST(prescribes AS date)
        FROM (VALUES {DEBTS}) AS debt (id, who, prescribes, left_over)""",
    f"""INSERT INTO debtors (debt, taxpayer) SELECT debt.id, taxpayers.id
        FROM (VALUES {DEBTS}) AS debt (id, who, prescribes, left_over) JOIN taxpayers ON key = 'k' || who""",
    """INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, opened_at, closed_at, status)
       SELECT right(key, 1), taxpayers.id, tax, cohort, ruler, state,
              CAST('2026-03-01' AS timestamptz) + make_interval(hours => ascii(right(key, 1))),
              CASE WHEN key = 'kt' THEN now() END, CASE WHEN key = 'kt' THEN 'resolved' ELSE 'running' END
       FROM taxpayers, cases WHERE key LIKE 'k_'""",
    "INSERT INTO holds (debt, ground, source) VALUES ('z1', 'data_under_review', 'person')",
    """INSERT INTO interruptions (debt, cause, "on", reference, recorded_by)
       VALUES ('v1', 'order_to_cite', '2026-01-05', 'autos', 'ana')""",
)


@pytest.fixture
def cohort(engine: Engine) -> str:
    contract(engine, "100.00")
    with engine.begin() as connection:
        for statement in ADDED:
            connection.execute(text(statement))
        connection.execute(text("UPDATE cases SET opened_at = '2026-03-02' WHERE length(id) > 1"))
        return str(connection.execute(text("SELECT name FROM cohorts")).scalar_one())


def listed(engine: Engine, cohort: str, page: Page, status: Status | None = None) -> list[tuple[str, bool]]:
    with engine.connect() as connection:
        rows = list(list_cases(connection, cohort, NOW, status, page))
    return [(row["case"], row["near_prescription"]) for row in rows if len(row["case"]) == 1]


def test_the_near_come_first_and_the_others_as_they_were_opened(engine: Engine, cohort: str) -> None:
    order = listed(engine, cohort, Page())
    assert order == [("x", True), ("y", True), *((case, False) for case in "stuvwz")]
    with engine.connect() as connection:
        assert count_near(connection, cohort, NOW) == 2
        days = {row["case"]: row["prescribes"] for row in list_cases(connection, cohort, NOW)}
    assert (days["x"], days["y"], days["w"]) == (date(2026, 6, 1), date(2026, 6, 1), date(2026, 9, 17))
    assert (days["v"], days["z"], days["u"], days["t"], days["s"]) == (date(2031, 1, 5), None, None, None, None)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_join_to_the_whole_list(engine: Engine, cohort: str, size: int) -> None:
    with engine.connect() as connection:
        whole = [row["case"] for row in list_cases(connection, cohort, NOW)]
        joined: list[str] = []
        while page := [
            row["case"] for row in list_cases(connection, cohort, NOW, None, Page(size, joined[-1] if joined else None))
        ]:
            joined += page
    assert joined == whole


def test_a_status_keeps_the_order_and_a_cursor_of_another_is_refused(engine: Engine, cohort: str) -> None:
    assert listed(engine, cohort, Page(), Status.RESOLVED) == [("t", False)]
    assert [case for case, _ in listed(engine, cohort, Page(after="y"), Status.RUNNING)] == [*"suvwz"]
    with pytest.raises(Refusal, match="has no case 't'"):
        listed(engine, cohort, Page(after="t"), Status.RUNNING)
    with pytest.raises(Refusal, match="has no case 'x'"), engine.connect() as connection:
        list(list_cases(connection, "another", NOW, None, Page(after="x")))
