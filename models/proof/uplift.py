"""The uplift: what a ruler brought in that would not have come by itself: two groups compared, with 95 % intervals.

docs/proof.md says how, and why so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from statistics import median
from typing import NamedTuple

from babel.numbers import format_decimal, format_percent

from models.proof.anytime import read_anytime
from models.proof.estimate import ALPHA, Estimate
from models.proof.experiment import holm
from models.proof.randomization import Reading, Stratum, comparison, read

FEW_PAYERS = 30
"""With fewer in a group the mean of what they paid may hang on one of them."""
CENT = Decimal("0.01")
TRIMMED = 100
"""One payer in so many, the largest, is counted no higher than the others by the winsorised reading."""


class Basis(StrEnum):
    """The cases that count as notified."""

    INTENTION_TO_TREAT = "intention_to_treat"
    """Everybody as drawn, reached or not: the comparison that proves something."""
    PER_PROTOCOL = "per_protocol"
    """As drawn, without whoever was contacted by another cohort, tax, co-debtor or call: a hint of what these blur."""
    AS_DELIVERED = "as_delivered"
    """Only who was reached. Such people may pay more readily in any case, so that this is a hint and no proof."""


BASES = {
    Basis.INTENTION_TO_TREAT: "por intenção de tratar (todos como sorteados, alcançados ou não)",
    Basis.PER_PROTOCOL: "por protocolo (sem quem teve contato por fora do sorteio: indício, não prova)",
    Basis.AS_DELIVERED: "como entregue (só quem foi alcançado: indício, não prova)",
}


class Look(StrEnum):
    """The day of a reading, which decides what its interval promises."""

    PLANNED = "planned"
    """The one day that was named before anything was sent: the interval is as short as one look allows."""
    ANY_DAY = "any_day"
    """A day like others: the interval holds on all of them together."""

    @property
    def other(self) -> Look:
        return Look.ANY_DAY if self is Look.PLANNED else Look.PLANNED


LOOKS = {
    Look.PLANNED: "leitura na data marcada no início",
    Look.ANY_DAY: "leitura válida em qualquer dia",
}


class Payer(NamedTuple):
    """A unit of the draw (a person with all his cases, and who owes with him) of which more came in than went back."""

    stratum: str
    cases: int
    """The cases of the unit that paid."""
    cents: int


@dataclass(frozen=True)
class Group:
    name: str
    """In pt-BR, such as `notificados` or `régua A (iptu v1)`."""
    cases: int
    units: Mapping[str, int] = field(default_factory=dict)
    """By stratum, how many were drawn."""
    paid: tuple[Payer, ...] = ()
    typical: Decimal = CENT
    """The debt of one of its units when it was drawn: the root of the mean square."""

    @property
    def size(self) -> int:
        """Its units."""
        return sum(self.units.values())

    @property
    def payers(self) -> int:
        return sum(payer.cases for payer in self.paid)

    @property
    def received(self) -> Decimal:
        return Decimal(sum(payer.cents for payer in self.paid)).scaleb(-2)

    @property
    def rate(self) -> float | None:
        return self.payers / self.cases if self.cases else None

    @property
    def per_head(self) -> Decimal | None:
        return (self.received / self.cases).quantize(CENT) if self.cases else None

    def paid_in(self, stratum: str) -> list[Payer]:
        return self._by_stratum.get(stratum, [])

    @cached_property
    def _by_stratum(self) -> Mapping[str, list[Payer]]:
        found: dict[str, list[Payer]] = defaultdict(list)
        for payer in self.paid:
            found[payer.stratum].append(payer)
        return found

    @property
    def median_paid(self) -> Decimal | None:
        """The middle of what its payers paid."""
        return Decimal(round(median(payer.cents for payer in self.paid))).scaleb(-2) if self.paid else None


def group_of(name: str, received: Iterable[Decimal], typical: Decimal = CENT) -> Group:
    """The group made of what was received of each case, each drawn by itself and from one stratum."""
    cents = [int(amount.scaleb(2)) for amount in received]
    paid = tuple(Payer("", 1, amount) for amount in cents if amount > 0)
    return Group(name, len(cents), {"": len(cents)}, paid, typical)


def together(name: str, groups: Iterable[Group]) -> Group:
    """Several groups as one."""
    parts = [group for group in groups if group.cases]
    units: Counter[str] = Counter()
    for part in parts:
        units.update(part.units)
    paid = tuple(payer for part in parts for payer in part.paid)
    return Group(name, sum(part.cases for part in parts), units, paid, max((p.typical for p in parts), default=CENT))


@dataclass(frozen=True)
class Uplift:
    """The treated less the control group, or one arm less another; none where that can't be told, and then `cautions`
    says why."""

    basis: Basis
    look: Look
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
    rate_p_adjusted: float | None = None
    value_p_adjusted: float | None = None
    """The p-values by Holm, where it is one of several comparisons; none: it stands alone."""
    cautions: tuple[str, ...] = ()
    """The cautions a reader has to know, in pt-BR."""

    @property
    def brought_in(self) -> Estimate | None:
        """Reais that would not have come without the ruler, from all who were treated."""
        return self.value and self.value.scaled(self.treated.cases)


def compare(
    treated: Group, control: Group, basis: Basis = Basis.INTENTION_TO_TREAT, look: Look = Look.PLANNED
) -> Uplift:
    if empty := [group.name for group in (treated, control) if not group.cases]:
        nothing = tuple(f"{name}: nenhum caso, e por isso não há com o que comparar" for name in empty)
        return Uplift(basis, look, treated, control, cautions=nothing)
    cautions = tuple(_cautions(treated, control))
    pair = _Pair(treated, control, look)
    if not pair.paid:
        return Uplift(basis, look, treated, control, rate=_nobody_pays(treated, control), rate_p=1.0, cautions=cautions)
    rate = pair.reading(lambda payer: payer.cases, typical=1)
    value = pair.reading(lambda payer: payer.cents, typical=pair.owed)
    return Uplift(
        basis,
        look,
        treated,
        control,
        rate=rate.difference,
        rate_relative=rate.ratio,
        rate_p=rate.p,
        value=value.difference.scaled(0.01),
        value_relative=value.ratio,
        value_p=value.p,
        cautions=cautions,
    )


def side_by_side(uplifts: Sequence[Uplift]) -> tuple[Uplift, ...]:
    """Comparisons made together: each p-value also as adjusted for how many there are."""
    if len(uplifts) < 2:
        return tuple(uplifts)
    rates, values = _adjusted([each.rate_p for each in uplifts]), _adjusted([each.value_p for each in uplifts])
    return tuple(
        replace(each, rate_p_adjusted=rate, value_p_adjusted=value)
        for each, rate, value in zip(uplifts, rates, values, strict=True)
    )


def _adjusted(ps: Sequence[float | None]) -> list[float | None]:
    found = iter(holm([p for p in ps if p is not None]))
    return [None if p is None else next(found) for p in ps]


@dataclass(frozen=True)
class Robust:
    """The value received where no single payer weighs much."""

    winsorized: Estimate
    """Reais received per head, one payer in TRIMMED, and at least one, counted as no larger than the next."""
    winsorized_p: float
    ranks_p: float
    """The p-value of the payers' places by amount, which one large payer moves as little as a median."""


def robust(treated: Group, control: Group, look: Look) -> Robust | None:
    """The value of two groups read again, without its largest payers and by places; none where nobody paid."""
    if not (treated.cases and control.cases and (pair := _Pair(treated, control, look)).paid):
        return None
    most, places = _most_but_the_largest(pair.cents), _places(pair.cents)
    winsorized = pair.reading(lambda payer: min(payer.cents, most), typical=pair.owed)
    ranks = pair.reading(lambda payer: places[payer.cents], typical=max(places.values()))
    return Robust(winsorized.difference.scaled(0.01), winsorized.p, ranks.p)


class _Pair:
    """Two groups by the strata that have units of both, read by one weight or another of their payers."""

    def __init__(self, treated: Group, control: Group, look: Look) -> None:
        self.treated, self.control, self.look = treated, control, look
        self.strata = comparable(treated.units, control.units)
        self.paid = [*treated.paid, *control.paid]
        self.cents = [payer.cents for payer in self.paid]
        self.owed = max(treated.typical, control.typical).scaleb(2)
        self.units_a_case = (treated.size + control.size) / (treated.cases + control.cases)

    def reading(self, weight: Callable[[Payer], int], typical: Decimal | int) -> Reading:
        """The reading a case: of this weight, which is typically so large. Somebody must have paid."""
        compared = comparison(
            Stratum(
                sum(self.treated.units.get(each, 0) for each in joined),
                sum(self.control.units.get(each, 0) for each in joined),
                [weight(payer) for each in joined for payer in self.treated.paid_in(each)],
                [weight(payer) for each in joined for payer in self.control.paid_in(each)],
            )
            for joined in self.strata
        )
        found = read(compared) if self.look is Look.PLANNED else read_anytime(compared, float(typical))
        return found._replace(difference=found.difference.scaled(self.units_a_case))


def comparable(ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[list[str]]:
    """Strata joined along the line of the draw until there are units of both groups in each. Who is in a stratum too
    small to have any held out is compared with his neighbours, who had the same chance, and not left out."""
    found: list[list[str]] = []
    waiting: list[str] = []
    for stratum in sorted({*ours, *theirs}):
        waiting.append(stratum)
        if all(any(units.get(each) for each in waiting) for units in (ours, theirs)):
            found.append(waiting)
            waiting = []
    if found:
        found[-1] += waiting
    return found


def _nobody_pays(treated: Group, control: Group) -> Estimate:
    """How much may have been missed where nobody paid: Clopper and Pearson's upper end of none in so many units."""
    ours, theirs = (1 - (ALPHA / 2) ** (1 / group.size) for group in (treated, control))
    return Estimate(0.0, -theirs, ours)


def _most_but_the_largest(cents: Sequence[int]) -> int:
    """The largest amount once one payer in TRIMMED, and at least one, is left out."""
    return sorted(cents)[max(len(cents) - 1 - max(len(cents) // TRIMMED, 1), 0)]


def _places(cents: Sequence[int]) -> Mapping[int, int]:
    """The place of each amount among all, twice the middle of those that are alike."""
    counts = Counter(cents)
    places, below = {}, 0
    for amount in sorted(counts):
        places[amount] = 2 * below + counts[amount] + 1
        below += counts[amount]
    return places


# ---- in words


def conclusions(uplift: Uplift) -> tuple[str, ...]:
    """The findings in pt-BR, a sentence a figure; empty where nothing can be compared."""
    found = (
        (uplift.rate, uplift.rate_p_adjusted, 100, "ponto percentual de pagantes", "pontos percentuais de pagantes"),
        (uplift.value, uplift.value_p_adjusted, 1, "real por contribuinte", "reais por contribuinte"),
    )
    return tuple(
        _conclusion(uplift, estimate.scaled(factor), adjusted, one, many)
        for estimate, adjusted, factor, one, many in found
        if estimate
    )


def _conclusion(uplift: Uplift, estimate: Estimate, adjusted: float | None, one: str, many: str) -> str:
    treated, control = uplift.treated.name, uplift.control.name
    between = f"entre {_number(estimate.low)} e {_number(estimate.high)}"
    if not estimate.beyond_chance:
        return f"{treated} e {control}: diferença que pode ser do acaso ({between} {many}, com 95 % de confiança)"
    if adjusted is not None and adjusted > ALPHA:
        return (
            f"{treated} e {control}: diferença que pode ser do acaso, entre tantas comparações ({between} {many}, com"
            " 95 % de confiança só nesta)"
        )
    apart = abs(estimate.value)
    more = "a mais" if estimate.value > 0 else "a menos"
    unit = one if apart < 2 else many
    return f"{treated}: {_number(apart)} {unit} {more} que {control} ({between}, com 95 % de confiança)"


def _number(number: float) -> str:
    return format_decimal(round(number, 2), "#,##0.00", locale="pt_BR").replace("-", "−")


def _cautions(treated: Group, control: Group) -> Iterator[str]:
    for group in (treated, control):
        if not group.paid:
            yield f"{group.name}: nada entrou; não há variação em %"
        elif group.payers < FEW_PAYERS:
            few = "só 1 pagante" if group.payers == 1 else f"só {group.payers} pagantes"
            yield f"{group.name}: {few}; o que não se vê pode ser grande"
    largest = max((payer.cents for payer in (*treated.paid, *control.paid)), default=0)
    whole = sum(payer.cents for payer in (*treated.paid, *control.paid))
    if whole and largest * 5 > whole and len(treated.paid) + len(control.paid) > 5:
        yield (
            f"um só pagante trouxe {format_percent(largest / whole, locale='pt_BR')} do valor: leia também o valor"
            " aparado e por postos"
        )
