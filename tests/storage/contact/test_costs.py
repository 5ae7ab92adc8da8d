"""Money as analysts see it: before a cohort starts, while it runs, and when its budget is changed."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from models.case.selection import Selection
from models.errors import Refusal
from models.law.calendar import Clock
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.case.dry_run import foresee
from storage.catalogue import RULERS
from storage.contact.costs import change_budget, spent_by_channel
from tests import factories
from tests.builders import REGISTERED, shipped

TODAY = date(2026, 11, 3)
NOW = datetime(2026, 11, 3, tzinfo=UTC)
RULER = shipped(REGISTERED)
COHORT = "iptu"
CLOCK = Clock(
    day_seconds=Decimal(86_400),
    origin_wall=NOW,
    origin_day=TODAY,
    timezone="America/Sao_Paulo",
)


def begin(engine: Engine, budget: Decimal | None = None) -> Cohort:
    with engine.begin() as connection:
        frozen = pin_ruler(connection, RULER, RULERS.read(REGISTERED)[1], 2025)
    return create_cohort(engine, Cohort(COHORT, frozen, Selection(), CLOCK, "ana", budget))


def owing(engine: Engine, name: str) -> int:
    """A taxpayer with a single inscription."""
    with engine.begin() as connection:
        who = factories.taxpayer(connection, key=name)
        factories.debt(connection, who)
    return who


def case(engine: Engine, name: str, status: str) -> str:
    who = owing(engine, name)
    blocks = [] if status == "running" else [{"kind": status, "reason": "r"}]
    with engine.begin() as connection:
        return factories.case(connection, who, COHORT, TODAY, status=status, blocks=blocks)


def notice(engine: Engine, case: str, step: int, channel: str, cost: str) -> None:
    with engine.begin() as connection:
        factories.notice(connection, case, channel, step, at=TODAY, cost=Decimal(cost))


def test_the_dry_run_prices_every_notice_of_the_whole_ladder(engine: Engine) -> None:
    for name in ("A", "B"):
        owing(engine, name)
    climb = ["h1", *RULER.climb("h1")]
    count = Counter(channel for row in climb for rung in RULER.rows[row].rungs for channel in rung.channels)
    costs = foresee(engine, RULER, Selection(), TODAY)["costs"]
    each = {"email": Decimal("0.0050"), "sms": Decimal("0.0800"), "domicile": Decimal(0)}
    assert costs["channels"] == [
        {"channel": channel, "notices": 2 * n, "cost": 2 * n * each[channel]} for channel, n in sorted(count.items())
    ]
    assert costs["whole_ladder"] == sum(2 * n * each[channel] for channel, n in count.items())
    assert 0 < costs["first_30_days"] < costs["whole_ladder"]
    assert costs["monthly_fee"] == 1500


def test_the_dry_run_says_whether_the_budget_bears_the_ladder(engine: Engine) -> None:
    owing(engine, "A")
    whole = foresee(engine, RULER, Selection(), TODAY)["costs"]["whole_ladder"]
    for budget, bears in ((whole, True), (whole - Decimal("0.01"), False), (None, True)):
        assert foresee(engine, RULER, Selection(), TODAY, budget)["costs"]["within_budget"] is bears


def test_what_was_spent_is_counted_by_channel_and_for_that_cohort_only(engine: Engine) -> None:
    begin(engine)
    first, second = case(engine, "A", "running"), case(engine, "B", "running")
    notice(engine, first, 0, "email", "0.0050")
    notice(engine, second, 0, "email", "0.0050")
    notice(engine, second, 1, "sms", "0.1600")
    with engine.connect() as connection:
        assert spent_by_channel(connection, COHORT) == [
            {"channel": "email", "notices": 2, "cost": Decimal("0.0100")},
            {"channel": "sms", "notices": 1, "cost": Decimal("0.1600")},
        ]
        assert spent_by_channel(connection, "another") == []


def test_another_budget_wakes_the_cases_that_the_former_one_stopped_and_says_who_changed_it(engine: Engine) -> None:
    begin(engine, Decimal(10))
    case(engine, "A", "running")
    stopped = [case(engine, name, "over_budget") for name in ("B", "C")]
    assert change_budget(engine, COHORT, Decimal("1000.50"), "ana", NOW) == 2
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT budget FROM cohorts")) == Decimal("1000.50")
        owed = connection.execute(text('SELECT "case", name FROM outbox')).all()
        assert sorted(owed) == sorted((each, "budget_changed") for each in stopped)
        told = connection.execute(text('SELECT "case", reason FROM decisions')).all()
        assert sorted(told) == sorted(
            (each, "orçamento da coorte alterado para R$ 1.000,50 por ana") for each in stopped
        )


def test_the_budget_of_no_cohort_is_not_changed(engine: Engine) -> None:
    with pytest.raises(Refusal, match="there is no cohort iptu"):
        change_budget(engine, COHORT, Decimal(1), "ana", NOW)


def test_a_cohort_started_again_keeps_its_budget_and_another_one_is_refused(engine: Engine) -> None:
    begin(engine, Decimal(10))
    assert begin(engine).budget == Decimal(10)
    assert begin(engine, Decimal(10)).budget == Decimal(10)
    with pytest.raises(Refusal, match="change it with `cohort budget iptu AMOUNT`"):
        begin(engine, Decimal(20))
