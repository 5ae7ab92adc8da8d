"""When the law takes a publication in the electronic domicile as served, place by place."""

from datetime import date
from typing import Any

import pytest
from holidays.countries.brazil import Brazil

from models.law.brazil import holidays_of, optional_days_of
from models.law.calendar_table import OPTIONAL_DAYS
from models.law.jurisdiction import Jurisdiction
from models.ruler.schema import Thresholds
from models.states import STATES
from tests.builders import ICMS, shipped

BELO_HORIZONTE = ("MG", "15 legal", "first_working_day")
MATO_GROSSO = ("MT", "10 business", "publication")
FEDERAL = (None, "15 legal", "publication")


def jurisdiction(state: str | None, wait: str, counts_from: str, **more: Any) -> Jurisdiction:
    rule = {"from": "2026-01-01", "source": "lei", "wait": wait, "counts_from": counts_from, **more}
    place = {"name": "x", "timezone": "America/Sao_Paulo", "state": state, "deemed": [rule]}
    return Jurisdiction.model_validate(place)


@pytest.mark.parametrize(
    ("place", "published", "served"),
    [
        (BELO_HORIZONTE, "2026-11-03", "2026-11-19"),  # Tuesday: from Wednesday on
        (BELO_HORIZONTE, "2026-11-06", "2026-11-24"),  # Friday: from Monday on
        (BELO_HORIZONTE, "2026-11-04", "2026-11-23"),  # ends on 20/11, a holiday, and a weekend follows
        (BELO_HORIZONTE, "2026-10-30", "2026-11-18"),  # Friday: over All Souls' Day too, from Tuesday on
        (MATO_GROSSO, "2026-11-03", "2026-11-17"),
        (MATO_GROSSO, "2026-11-06", "2026-11-23"),  # over 20/11
        (MATO_GROSSO, "2026-12-18", "2027-01-05"),  # over Christmas and New Year
        (FEDERAL, "2026-11-03", "2026-11-18"),
        (FEDERAL, "2026-11-06", "2026-11-23"),  # ends on a Saturday
    ],
)
def test_silence_serves_on_the_day_that_the_law_says(
    place: tuple[str | None, str, str], published: str, served: str
) -> None:
    where = jurisdiction(*place)
    deemed = where.deemed_on(date.fromisoformat(published), where.days_off(2026))
    assert deemed == (date.fromisoformat(served), "lei")


def test_without_a_law_of_that_day_silence_serves_nobody() -> None:
    where = jurisdiction(*FEDERAL, to="2026-06-30")
    calendar = where.days_off(2025)
    assert where.deemed_on(date(2026, 6, 30), calendar)
    assert where.deemed_on(date(2026, 7, 1), calendar) is None
    assert where.deemed_on(date(2025, 12, 31), calendar) is None


def test_a_ruler_s_own_amount_goes_before_the_law_s_table() -> None:
    ruler = shipped(ICMS)
    law = ruler.defaulter_law(date(2026, 11, 3))
    assert law is not None
    assert [law.amount, law.assets_share, law.consecutive, law.alternate] == [15_000_000, 1, 4, 6]
    assert ruler.defaulter_law(date(2026, 1, 7)) is None, "before LC 225/2026 nobody is one"
    thresholds = Thresholds.model_validate({"row": "h8", "amount": "1000.00", "alternate": 3})
    own = ruler.model_copy(update={"entry": ruler.entry.model_copy(update={"thresholds": thresholds})})
    found = own.defaulter_law(date(2020, 1, 1))
    assert found is not None
    assert [found.amount, found.assets_share, found.alternate] == [1000, None, 3]


def test_states_and_optional_days_are_those_that_the_library_of_holidays_knows() -> None:
    assert set(Brazil.subdivisions) - {"São Paulo Capital"} == STATES
    years = (2024, 2025, 2030)
    optional = Brazil(years=years, categories=("optional",), language="pt_BR")
    assert set(optional.values()) == set(OPTIONAL_DAYS)
    assert optional_days_of(years) == dict(optional.items())
    for state in (None, "AL", "SP"):
        assert holidays_of(state, years) == set(Brazil(subdiv=state, years=years))
