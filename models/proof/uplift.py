"""The uplift: what a ruler brought in that would not have come by itself: two groups compared, with 95 % intervals.

docs/proof.md says which formula is used where, and why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import NormalDist, stdev

from babel.numbers import format_decimal
from scipy.stats import binomtest, chi2_contingency, fisher_exact, ttest_ind_from_stats
from scipy.stats.contingency import expected_freq, relative_risk

CONFIDENCE = 0.95
NORMAL = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)

FEWEST_EXPECTED = 5
"""Below so many cases in a cell a chi-square test is not to be relied on (Cochran's rule)."""
FEW_PAYERS = 30
"""With fewer in a group the mean of what they paid may hang on one of them."""
CENT = Decimal("0.01")


class Basis(StrEnum):
    """The cases that count as notified."""

    INTENTION_TO_TREAT = "intention_to_treat"
    """Everybody as drawn, reached or not: the comparison that proves something."""
    AS_DELIVERED = "as_delivered"
    """Only who was reached. Such people may pay more readily in any case, so that this is a hint and no proof."""


BASES = {
    Basis.INTENTION_TO_TREAT: "por intenção de tratar (todos como sorteados, alcançados ou não)",
    Basis.AS_DELIVERED: "como entregue (só quem foi alcançado: indício, não prova)",
}


@dataclass(frozen=True)
class Group:
    name: str
    """In pt-BR, such as `notificados` or `régua A (iptu v1)`."""
    cases: int
    payers: int
    """Cases of which more was received than was given back."""
    received: Decimal
    deviation: float
    """The standard deviation of receipts a case, in reais, non-payers included: of a sample (n − 1), 0 for one."""

    @property
    def rate(self) -> float | None:
        return self.payers / self.cases if self.cases else None

    @property
    def per_head(self) -> Decimal | None:
        return (self.received / self.cases).quantize(CENT) if self.cases else None


def group_of(name: str, received: Iterable[Decimal]) -> Group:
    """The group made of what was received of each case."""
    amounts = list(received)
    deviation = stdev(map(float, amounts)) if len(amounts) > 1 else 0.0
    return Group(name, len(amounts), sum(amount > 0 for amount in amounts), sum(amounts, Decimal(0)), deviation)


def together(name: str, groups: Iterable[Group]) -> Group:
    """Several groups as one; its deviation is that of all their cases."""
    parts = [group for group in groups if group.cases]
    cases, received = sum(part.cases for part in parts), sum((part.received for part in parts), Decimal(0))
    mean = float(received) / cases if cases else 0.0
    squares = sum((part.cases - 1) * part.deviation**2 + part.cases * (_mean(part) - mean) ** 2 for part in parts)
    deviation = math.sqrt(squares / (cases - 1)) if cases > 1 else 0.0
    return Group(name, cases, sum(part.payers for part in parts), received, deviation)


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Whether no effect at all is ruled out, at 95 %."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Uplift:
    """The treated less the control group, or one arm less another; none where that can't be told, and then `cautions`
    says why."""

    basis: Basis
    treated: Group
    control: Group
    rate: Estimate | None = None
    """A difference of payment rates as a fraction: 0.01 is one percentage point."""
    rate_relative: Estimate | None = None
    """0.2: the rate is 20 % higher."""
    rate_p: float | None = None
    value: Estimate | None = None
    """Reais received per head."""
    value_relative: Estimate | None = None
    """0.2: 20 % more received per head."""
    value_p: float | None = None
    cautions: tuple[str, ...] = ()
    """The cautions a reader has to know, in pt-BR."""

    @property
    def brought_in(self) -> Estimate | None:
        """Reais that would not have come without the ruler, from all who were treated."""
        return self.value and _scaled(self.value, self.treated.cases)


def compare(treated: Group, control: Group, basis: Basis = Basis.INTENTION_TO_TREAT) -> Uplift:
    if empty := [group.name for group in (treated, control) if not group.cases]:
        nothing = tuple(f"{name}: nenhum caso, e por isso não há com o que comparar" for name in empty)
        return Uplift(basis, treated, control, cautions=nothing)
    dispersion = _dispersion(treated, control)
    return Uplift(
        basis,
        treated,
        control,
        rate=_rate(treated, control),
        rate_relative=_rate_relative(treated, control),
        rate_p=_rate_p(treated, control),
        value=_value(treated, control, dispersion) if dispersion else None,
        value_relative=_value_relative(treated, control, dispersion) if dispersion else None,
        value_p=_value_p(treated, control) if dispersion else None,
        cautions=tuple(_cautions(treated, control, dispersion)),
    )


# ---- how many pay


def _rate(treated: Group, control: Group) -> Estimate:
    """Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10): it holds for few payers and rates
    near 0, where the textbook's interval is too short."""
    ours, theirs = _wilson(treated), _wilson(control)
    value = ours.value - theirs.value
    return Estimate(
        value,
        low=value - math.hypot(ours.value - ours.low, theirs.high - theirs.value),
        high=value + math.hypot(ours.high - ours.value, theirs.value - theirs.low),
    )


def _wilson(group: Group) -> Estimate:
    interval = binomtest(group.payers, group.cases).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(group.payers / group.cases, float(interval.low), float(interval.high))


def _rate_relative(treated: Group, control: Group) -> Estimate | None:
    """Katz's interval of the logarithm of the ratio, which has none where nobody or everybody of a group pays."""
    if not all(0 < group.payers < group.cases for group in (treated, control)):
        return None
    ratio = relative_risk(treated.payers, treated.cases, control.payers, control.cases)
    interval = ratio.confidence_interval(CONFIDENCE)
    return Estimate(ratio.relative_risk - 1, float(interval.low) - 1, float(interval.high) - 1)


def _rate_p(treated: Group, control: Group) -> float:
    counts = [[group.payers, group.cases - group.payers] for group in (treated, control)]
    if expected_freq(counts).min() < FEWEST_EXPECTED:
        return float(fisher_exact(counts).pvalue)
    return float(chi2_contingency(counts, correction=False).pvalue)


# ---- how much they pay
#
# A few payments make most of the sum, and a hold-out is small: its own deviation hangs on the few large debts that
# happened to be paid in it, and Welch's interval, which trusts it, is too short. Both groups are drawn from the same
# people, so one dispersion is taken from all of them: the variance of a group's amounts is that many times its mean,
# as when payments come by chance, some more often, each of a size that chance decides too.


def _dispersion(treated: Group, control: Group) -> float | None:
    """The size in reais of one payment as it weighs in the sum; none where nothing came in or all paid the same."""
    if treated.received <= 0 or control.received <= 0:
        return None
    cases = treated.cases + control.cases
    variance = sum((group.cases - 1) * group.deviation**2 for group in (treated, control)) / max(cases - 2, 1)
    return variance / (float(treated.received + control.received) / cases) or None


def _value(treated: Group, control: Group, dispersion: float) -> Estimate:
    value = _mean(treated) - _mean(control)
    reach = NORMAL * math.sqrt(dispersion * (_mean(treated) / treated.cases + _mean(control) / control.cases))
    return Estimate(value, value - reach, value + reach)


def _value_relative(treated: Group, control: Group, dispersion: float) -> Estimate | None:
    """The interval is the logarithm's, since a ratio errs further upwards than downwards."""
    if min(treated.received, control.received) < dispersion:
        return None
    ratio = _mean(treated) / _mean(control)
    reach = math.exp(NORMAL * math.sqrt(dispersion / float(treated.received) + dispersion / float(control.received)))
    return Estimate(ratio - 1, ratio / reach - 1, ratio * reach - 1)


def _value_p(treated: Group, control: Group) -> float:
    """Student's test: without an effect the means are equal, and with them the deviations."""
    summaries = ((_mean(group), group.deviation, group.cases) for group in (treated, control))
    return float(ttest_ind_from_stats(*(each for group in summaries for each in group), equal_var=True).pvalue)


def _mean(group: Group) -> float:
    return float(group.received) / group.cases


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(estimate.value * factor, estimate.low * factor, estimate.high * factor)


# ---- in words


def conclusions(uplift: Uplift) -> tuple[str, ...]:
    """The findings in pt-BR, a sentence a figure; empty where nothing can be compared."""
    found = (
        (uplift.rate, 100, "ponto percentual de pagantes", "pontos percentuais de pagantes"),
        (uplift.value, 1, "real por contribuinte", "reais por contribuinte"),
    )
    return tuple(
        _conclusion(uplift, _scaled(estimate, factor), one, many) for estimate, factor, one, many in found if estimate
    )


def _conclusion(uplift: Uplift, estimate: Estimate, one: str, many: str) -> str:
    treated, control = uplift.treated.name, uplift.control.name
    between = f"entre {_number(estimate.low)} e {_number(estimate.high)}"
    if not estimate.beyond_chance:
        return f"{treated} e {control}: diferença que pode ser do acaso ({between} {many}, com 95 % de confiança)"
    apart = abs(estimate.value)
    more = "a mais" if estimate.value > 0 else "a menos"
    unit = one if apart < 2 else many
    return f"{treated}: {_number(apart)} {unit} {more} que {control} ({between}, com 95 % de confiança)"


def _number(number: float) -> str:
    return format_decimal(round(number, 2), "#,##0.00", locale="pt_BR").replace("-", "−")


def _cautions(treated: Group, control: Group, dispersion: float | None) -> Iterator[str]:
    for group in (treated, control):
        if group.received <= 0:
            yield f"{group.name}: nada entrou; não há variação em % nem intervalo do valor por contribuinte"
        elif group.payers == group.cases:
            yield f"{group.name}: todos pagaram; não há variação de pagantes em %"
        elif group.payers < FEW_PAYERS:
            few = "só 1 pagante" if group.payers == 1 else f"só {group.payers} pagantes"
            yield f"{group.name}: {few}; o intervalo do valor por contribuinte é apenas aproximado"
        if dispersion and group.received < dispersion:
            yield f"{group.name}: entrou menos do que um só pagamento costuma pesar; não há variação do valor em %"
    if dispersion is None and min(treated.received, control.received) > 0:
        yield "todos pagaram o mesmo: não há intervalo do valor por contribuinte"
