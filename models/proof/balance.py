"""Whether two groups that were drawn were alike before anything was sent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, pstdev

from babel.numbers import format_decimal
from scipy.stats import chi2_contingency

from models.proof.holdout import Candidate, band_of

NEGLIGIBLE = 0.1
"""Standard deviations apart: less is held to be no imbalance (Austin, Statistics in Medicine 28, 2009)."""
LEVEL = 0.05


@dataclass(frozen=True)
class Balance:
    covariate: str
    """In pt-BR."""
    apart: float
    """The standardised difference: of the means of an amount; of the category that differs most."""
    p: float
    """How often a fair draw is at least as far apart."""

    @property
    def balanced(self) -> bool:
        """Whether the groups are alike enough. Small ones are far apart by chance and large ones improbably close, so
        it takes both to raise an alarm."""
        return self.apart < NEGLIGIBLE or self.p >= LEVEL

    @property
    def said(self) -> str:
        apart, p = (format_decimal(round(each, 2), "0.00", locale="pt_BR") for each in (self.apart, self.p))
        verdict = "equilibrado" if self.balanced else "desequilibrado"
        return f"{self.covariate}: diferença de {apart} desvio-padrão (p = {p}), {verdict}"


def balance(drawn: Sequence[Candidate], others: Sequence[Candidate]) -> tuple[Balance, ...]:
    """The comparison by amount, tax, band and habit; empty when a group is empty, since nothing can be compared
    then."""
    if not drawn or not others:
        return ()
    categories: dict[str, Callable[[Candidate], Hashable]] = {
        "tributo": lambda each: each.tax,
        "faixa de valor": lambda each: band_of(each.amount),
        "hábito": lambda each: each.habit,
    }
    return (
        _amounts(drawn, others),
        *(
            _categories(covariate, Counter(map(category, drawn)), Counter(map(category, others)))
            for covariate, category in categories.items()
        ),
    )


def _amounts(drawn: Sequence[Candidate], others: Sequence[Candidate]) -> Balance:
    """The comparison of amounts, on a logarithmic scale, since a few owe more than all the rest together."""
    ours, theirs = ([math.log10(1 + max(float(each.amount), 0)) for each in group] for group in (drawn, others))
    spread = pstdev([*ours, *theirs])
    apart = abs(fmean(ours) - fmean(theirs)) / spread if spread else 0.0
    return Balance("valor devido", apart, 2 * NormalDist().cdf(-apart / math.sqrt(1 / len(ours) + 1 / len(theirs))))


def _categories(covariate: str, ours: Counter[Hashable], theirs: Counter[Hashable]) -> Balance:
    found = sorted({*ours, *theirs}, key=str)
    counts = [[group[each] for each in found] for group in (ours, theirs)]
    shares = [[count / sum(group) for count in group] for group in counts]
    apart = max(_standardised(one, other) for one, other in zip(*shares, strict=True))
    return Balance(covariate, apart, float(chi2_contingency(counts, correction=False).pvalue))


def _standardised(one: float, other: float) -> float:
    middle = (one + other) / 2
    return abs(one - other) / math.sqrt(middle * (1 - middle)) if 0 < middle < 1 else 0.0
