"""Facts for tests, in the fewest words: a shipped ruler, a debt, a return."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from channels.rendering import Message, Words, Written
from channels.rendering import render as rendered
from models.assets import RulerBundle, Texts, with_tables
from models.case.evidence import Debt, Filing
from models.contact.channel import Channel
from models.law.calendar import Calendar
from models.ruler.check import read_ruler
from models.ruler.schema import Hypothesis, Ruler
from storage.catalogue import RULERS, SHIPPED

ICMS = "alagoas-icms"
REGISTERED = "divida-ativa"
REFIS = "refis-2023"


@lru_cache
def shipped(name: str) -> Ruler:
    ruler = read_ruler(RULERS.read(name)[1]).ruler
    assert ruler is not None
    return with_tables(ruler, SHIPPED)


def bundled(source: str, texts: Texts = SHIPPED) -> RulerBundle:
    """A ruler's text with all that it names."""
    ruler = read_ruler(source).ruler
    assert ruler is not None
    return RulerBundle(with_tables(ruler, texts), source, texts)


SHIPPED_WORDS = Words(SHIPPED)


def render(channel: Channel, template: str, letter: Written, words: Words = SHIPPED_WORDS) -> Message:
    """A message in the words of the examples."""
    return rendered(channel, template, letter, words)


def revised_icms() -> str:
    """A second version of the ruler for ICMS, of any tax: h1 without its alert, h3 with a longer wait after its
    reminder, h7 with an alert before its warning."""
    source = RULERS.read(ICMS)[1].replace("version: 1\n", "version: 2\n").replace("taxes: [ICMS]\n", "")
    warning = _rung("warning", 5, 7, "h7-warning")
    changes = {
        _rung("alert", 2, 5, "h1-alert"): "",
        _rung("reminder", 1, 5, "h3-reminder"): _rung("reminder", 1, 8, "h3-reminder"),
        warning: _rung("alert", 5, 3, "h7-warning") + warning,
    }
    for before, after in changes.items():
        assert source.count(before) == 1
        source = source.replace(before, after)
    return source


def _rung(stage: str, rigidity: int, days: int, template: str) -> str:
    keys = [f"rigidity: {rigidity}", f"dwell: {days} business", "channels: [email]", f"template: {ICMS}/{template}"]
    return "\n        ".join([f"      - stage: {stage}", *keys]) + "\n"


@lru_cache
def calendar_of(name: str) -> Calendar:
    return shipped(name).jurisdiction.days_off(2024)


def due_of(period: str) -> date:
    """The ninth of the month after `period`, as ICMS is due."""
    year, month = map(int, period.split("-"))
    return date(year + month // 12, month % 12 + 1, 9)


def months(count: int, last: str = "2026-09") -> list[str]:
    """The `count` periods that end with `last`, oldest first."""
    year, month = map(int, last.split("-"))
    ends = [year * 12 + month - 1 - back for back in range(count)]
    return [f"{end // 12}-{end % 12 + 1:02}" for end in reversed(ends)]


def debt(period: str | None = "2026-09", balance: str | Decimal = "1000.00", *grounds: str, **more: Any) -> Debt:
    name = period or "inscription-1"
    made = {"id": f"d-{name}", "inscription": f"i-{name}", "period": period, "litigation": False, "grounds": grounds}
    due = due_of(period) if period else date(2026, 10, 9)
    return Debt.model_validate({**made, "due": due, "balance": Decimal(balance), "ledger": Decimal(balance), **more})


def filing(period: str = "2026-09", declared: str | None = "1000.00", **more: Any) -> Filing:
    """A return filed in time, nothing paid."""
    return Filing.model_validate(
        {"period": period, "due": due_of(period), "status": "filed", "declared": declared, **more}
    )


def missing(period: str = "2026-09") -> Filing:
    return filing(period, None, status="missing")


Facts = tuple[list[Debt], list[Filing]]
"""The debts and returns known of one taxpayer."""


def unpaid(times: int = 1, each: str = "1000.00", last: str = "2026-09") -> Facts:
    periods = months(times, last)
    return [debt(period, each) for period in periods], [filing(period, each) for period in periods]


def without_return(times: int = 1) -> Facts:
    return [], [missing(period) for period in months(times)]


def underpaid(times: int = 1) -> Facts:
    in_part = [filing(period, paid="400.00", paid_on=due_of(period)) for period in months(times)]
    return [debt(period, "600.00") for period in months(times)], in_part


def inscribed(period: str = "2026-09") -> Facts:
    return [debt(period)], []


FACTS: dict[Hypothesis, Facts] = {
    "h1": unpaid(1),
    "h2": unpaid(2),
    "h3": without_return(1),
    "h4": without_return(2),
    "h5": underpaid(1),
    "h6": underpaid(2),
    "h7": unpaid(3),
    "h8": unpaid(4, "4000000.00"),
}
"""For each hypothesis what leads to it on a ruler for declared ICMS, when the case starts in November 2026."""


def cells_from(ruler: Ruler, row: Hypothesis) -> list[tuple[str, str]]:
    """Every cell of a climb that begins with `row` and is never interrupted."""
    rows = [row, *ruler.climb(row)]
    return [(name, str(rung.stage)) for name in rows for rung in ruler.rows[name].rungs]
