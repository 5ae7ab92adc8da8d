"""A case that nothing happens to: what a ruler would do with somebody it doesn't know yet."""

from datetime import date
from decimal import Decimal

from models.evidence import Debt, Evidence
from models.position import Position
from models.ruler import Hypothesis, Kind, Ruler
from models.standing import Standing


def imagined_case(ruler: Ruler, row: Hypothesis, occurrences: int, start: date) -> tuple[Position, Standing]:
    """A case that enters `row` on `start`, with evidence of the kind that leads there and nothing ever cured."""
    kind = _kind_leading_to(ruler, row)
    why = f"{occurrences}ª ocorrência"
    position = Position.at_start(start).enter(ruler, row, kind, occurrences, start, why)
    owed = Debt(id="", inscription="", period="", due=start, balance=Decimal("1000.00"), litigation=False)
    evidence = Evidence(kind=kind, period="", due=start, open=True, wants_return=kind is Kind.RETURN)
    standing = Standing(today=start, debts=(owed,), evidence=(evidence,), has_benefits=True)
    return position.model_copy(update={"kinds": (kind,)}), standing


def _kind_leading_to(ruler: Ruler, row: Hypothesis) -> Kind:
    """The kind whose entries, or their climbs, reach the row soonest."""

    def climbs(entry: Hypothesis) -> int:
        path = [entry, *ruler.climb(entry)]
        return path.index(row) if row in path else len(ruler.rows)

    reached = {
        kind: min(climbs(entry) for entry in ruler.entry.by_occurrence(kind) or ())
        for kind in Kind
        if ruler.entry.by_occurrence(kind)
    }
    return min(reached, key=lambda kind: reached[kind], default=Kind.REGISTERED_DEBT)
