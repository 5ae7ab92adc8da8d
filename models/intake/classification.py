"""The row of a ruler's map to which the evidence about each taxpayer leads, on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.case.evidence import Classification, Debt, Evidence, classify
from models.case.facts import facts_of
from models.formats import tax_name
from models.intake.facts import Known, Pair
from models.ruler.schema import Ruler


@dataclass(frozen=True)
class Classified:
    """One taxpayer and tax, the evidence there is, and where it leads."""

    pair: Pair
    evidence: tuple[Evidence, ...]
    found: Classification


def classified(
    ruler: Ruler, known: Mapping[Pair, Known], assets: Mapping[str, Decimal], on: date
) -> Iterator[Classified]:
    """Each taxpayer and tax of which something is outstanding that the ruler takes, as a case that starts on the day
    `on` would be; amounts are those of the extract, without what delay adds. `assets`: what a taxpayer is known to own,
    by key."""
    taxes: dict[str, list[Pair]] = defaultdict(list)
    for pair in known if ruler.entry.thresholds else ():
        taxes[pair[0]].append(pair)
    for pair, facts in known.items():
        if _is_for(ruler, pair[1]):
            elsewhere = [debt for other in taxes[pair[0]] if other != pair for debt in known[other].debts.values()]
            evidence, found = _judged(ruler, facts, elsewhere, assets.get(pair[0]), on)
            if found:
                yield Classified(pair, evidence, found)


def _is_for(ruler: Ruler, tax: str) -> bool:
    return not ruler.taxes or tax in map(tax_name, ruler.taxes)


def _judged(
    ruler: Ruler, facts: Known, elsewhere: Iterable[Debt], assets: Decimal | None, on: date
) -> tuple[tuple[Evidence, ...], Classification | None]:
    filings = facts.filings.values() if ruler.entry.reads_returns else ()
    owned = assets if ruler.entry.thresholds else None
    seen = facts_of(ruler, on, facts.debts.values(), filings, known_assets=owned, elsewhere=elsewhere)
    if not seen.outstanding:
        return seen.evidence, None
    return seen.evidence, classify(ruler, seen.debts, seen.live_evidence, on, owned, seen.elsewhere)
