"""The thresholds of a persistent defaulter (devedor contumaz, LC 225/2026 arts. 11–13), and who meets them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from dateutil.relativedelta import relativedelta

from models.formats import money, percent
from models.law.assessment_period import AssessmentPeriod, longest_streak, read_period
from models.law.jurisdiction import PersistentDefaulter
from models.ruler.schema import Hypothesis, Kind, Ruler

if TYPE_CHECKING:
    from models.case.evidence import Debt, Evidence

REPEATED_IN = relativedelta(months=12)
UNPAID = frozenset({Kind.NON_PAYMENT, Kind.REGISTERED_DEBT})
"""The kinds of evidence that are credits nobody has paid."""


LeftToPeople = Literal["paid_in_part", "assessed"]
"""Why a period is left out of the thresholds: a part of it is paid, or it is of a tax that the authority assesses
itself, such as IPTU and IPVA: a year that no return declares."""


@dataclass(frozen=True)
class Defaulting:
    """The finding that the thresholds of the law are met, and how."""

    row: Hypothesis
    law: PersistentDefaulter
    finding: str
    """In pt-BR, without the law."""

    @property
    def reason(self) -> str:
        return f"{self.finding} ({self.law.source})"


def persistent_defaulter(
    ruler: Ruler,
    debts: Iterable[Debt],
    evidence: Iterable[Evidence],
    start: date,
    assets: Decimal | None,
    elsewhere: Iterable[Debt] = (),
) -> Defaulting | None:
    """Whether a taxpayer is a persistent defaulter: substantial, also against what the taxpayer is known to own, and
    repeated, in consecutive assessment periods or in alternate ones. `elsewhere` are the debts of all other taxes that
    this authority has of the taxpayer's. What is held (suspended, guaranteed, in an agreement) doesn't count, and a
    period paid in part is for people to judge. Who owns more than is known may show it in a defence."""
    law = ruler.defaulter_law(start)
    if law is None or ruler.entry.thresholds is None:
        return None
    debts, elsewhere = tuple(debts), tuple(elsewhere)
    owed = sum((debt.balance for debt in (*debts, *elsewhere) if debt.outstanding), Decimal(0))
    if owed < law.amount:
        return None
    share = ""
    if law.assets_share is not None:
        if owed <= law.assets_share * (assets or 0):
            return None
        known = f"mais de {percent(law.assets_share * 100)}% do patrimônio conhecido"
        share = f", {known if assets else 'sem patrimônio conhecido'},"
    periods = {*_periods(debts, evidence, start), *_periods_elsewhere(elsewhere, start)}
    if longest_streak(periods) < law.consecutive and len(periods) < law.alternate:
        return None
    finding = f"{money(owed)} em aberto{share} e {len(periods)} períodos em doze meses"
    return Defaulting(row=ruler.entry.thresholds.row, law=law, finding=finding)


def periods_left_to_people(
    ruler: Ruler, debts: Iterable[Debt], evidence: Iterable[Evidence], start: date, elsewhere: Iterable[Debt] = ()
) -> Counter[LeftToPeople]:
    """The periods of twelve months that the thresholds leave out, by why: people judge whether they count."""
    if ruler.defaulter_law(start) is None:
        return Counter()
    since, debts, elsewhere = start - REPEATED_IN, tuple(debts), tuple(elsewhere)
    in_part = {
        (whose, debt.period)
        for whose, owed in enumerate((debts, elsewhere))
        for debt in owed
        if debt.outstanding and debt.paid_in_part and since < debt.due <= start
    }
    assessed = {(0, e.period) for e in evidence if _is_assessed(e) and e.open and since < e.due <= start}
    assessed |= {
        (1, debt.period or "") for debt in _unpaid(elsewhere) if _is_a_year(debt.period) and since < debt.due <= start
    }
    left: Counter[LeftToPeople] = Counter({"paid_in_part": len(in_part), "assessed": len(assessed)})
    return +left


def _periods(debts: tuple[Debt, ...], evidence: Iterable[Evidence], start: date) -> set[AssessmentPeriod]:
    in_part = {debt.period for debt in debts if debt.paid_in_part}
    counts = (e for e in evidence if e.kind in UNPAID and not _is_assessed(e))
    unpaid = (e for e in counts if e.open and e.period not in in_part)
    return _read(e.period for e in unpaid if start - REPEATED_IN < e.due <= start)


def _periods_elsewhere(elsewhere: tuple[Debt, ...], start: date) -> set[AssessmentPeriod]:
    counts = (debt for debt in _unpaid(elsewhere) if not _is_a_year(debt.period))
    return _read(debt.period for debt in counts if start - REPEATED_IN < debt.due <= start)


def _unpaid(debts: Iterable[Debt]) -> Iterator[Debt]:
    return (debt for debt in debts if debt.outstanding and not debt.paid_in_part)


def _is_assessed(evidence: Evidence) -> bool:
    """Whether it is of a tax that the authority assesses itself: a year of which no return tells is."""
    return evidence.kind is Kind.ASSESSED or (evidence.kind is Kind.REGISTERED_DEBT and _is_a_year(evidence.period))


def _is_a_year(period: str | None) -> bool:
    read = read_period(period or "")
    return read is not None and read.a_year == 1


def _read(written: Iterable[str | None]) -> set[AssessmentPeriod]:
    return {period for text in written if text and (period := read_period(text))}
