"""Prescription, from which on a debt can no longer be demanded: five years that events begin anew (CTN art. 174)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from models.errors import Refusal
from models.law.spans import ONE_DAY, Span, joined

NEAR = timedelta(days=180)
"""Time for what interrupts it: the registers' notice runs 30 days, and a protest (LC 208/2024) or a court's order to
summon needs months of preparation."""

FIVE_YEARS = 5


class Cause(StrEnum):
    """A cause by which a prescription is interrupted: CTN art. 174 § 1º, as LC 236/2026 has it."""

    ORDER_TO_CITE = "order_to_cite"
    """I, the court's."""
    CDA_PROTEST = "cda_protest"
    """II, the extrajudicial protest of the CDA."""
    JUDICIAL_PROTEST = "judicial_protest"
    """II."""
    JUDICIAL_NOTICE = "judicial_notice"
    """III, an act of a court that puts the debtor in default."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """IV, an act by which the debtor unequivocally acknowledges the debt."""
    AGREEMENT_REQUEST = "agreement_request"
    """IV: to ask for instalments, also where that is refused (Súmula STJ 653). The authority's own plan, which nobody
    asked for, is none (Tema STJ 980)."""
    MEDIATION = "mediation"
    ARBITRATION = "arbitration"
    SUIT_CLOSED = "suit_closed"
    """The sentence that closes the suit."""
    BANKRUPTCY_INFORMATION = "bankruptcy_information"
    """The court of the bankruptcy was told of the debt."""
    EXTRAJUDICIAL_EXECUTION = "extrajudicial_execution"


LC_208, LC_236 = date(2024, 7, 3), date(2026, 9, 4)

IN_FORCE = {
    Cause.CDA_PROTEST: (LC_208, "LC 208/2024"),
    Cause.MEDIATION: (LC_236, "LC 236/2026"),
    Cause.ARBITRATION: (LC_236, "LC 236/2026"),
    Cause.SUIT_CLOSED: (LC_236, "LC 236/2026"),
    Cause.BANKRUPTCY_INFORMATION: (LC_236, "LC 236/2026"),
    Cause.EXTRAJUDICIAL_EXECUTION: (LC_236, "LC 236/2026"),
}
"""The causes that a law has added: what happened before it is none."""


@dataclass(frozen=True)
class Interruption:
    cause: Cause
    on: date

    @property
    def counts(self) -> bool:
        return self.on >= IN_FORCE.get(self.cause, (date.min, ""))[0]


def must_interrupt(event: Interruption) -> None:
    """Check that it interrupts a prescription. Raises Refusal for one from before the law that made it a cause."""
    if not event.counts:
        since, law = IN_FORCE[event.cause]
        raise Refusal(f"a {event.cause} of {event.on} interrupts nothing: it does from {since} on ({law})")


def five_years_after(day: date) -> date:
    """The day of the same number; of 29 February, where there is none, the day after it would be (CC art. 132 § 3º).

    It isn't put off where nobody works on it: nothing is demanded on a day of which that is doubtful.
    """
    try:
        return day.replace(year=day.year + FIVE_YEARS)
    except ValueError:
        return date(day.year + FIVE_YEARS, 3, 1)


def _five_years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - FIVE_YEARS)
    except ValueError:
        return date(day.year - FIVE_YEARS, 2, 28)


def prescription(
    stated: date | None, interruptions: Iterable[Interruption] = (), suspended: Iterable[Span] = ()
) -> date | None:
    """The day from which a debt is prescribed: `stated`, as the authority knows it, and moved by what happened since.

    An interruption begins five years anew, on its day, or once enforceability is suspended no more. The days on which
    it is suspended are added. Nothing undoes a prescription, and what happened before the five years that are
    running began is in them already. None: nobody has said, and nothing has begun it anew.
    """
    spans = joined(suspended)
    begins = _five_years_before(stated) if stated else None
    ends = stated
    for event in sorted((each for each in interruptions if each.counts), key=lambda each: each.on):
        if begins is not None and ends is not None:
            if event.on <= begins:
                continue
            if event.on > _prolonged(begins, ends, spans):
                break
        begins = _running_from(event.on, spans)
        ends = five_years_after(begins)
    return _prolonged(begins, ends, spans) if begins and ends else None


def _running_from(day: date, spans: Iterable[Span]) -> date:
    """That day, or the first after it on which enforceability is suspended no more."""
    return next((span.last + ONE_DAY for span in spans if span.first <= day <= span.last), day)


def _prolonged(begins: date, ends: date, spans: Iterable[Span]) -> date:
    """The end of what began on a day, once the suspended days until then are added to it."""
    for span in spans:
        if span.first > ends:
            break
        ends += timedelta(days=span.within(begins, span.last))
    return ends
