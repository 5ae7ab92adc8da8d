"""The floors of national law, which no ruler may lower, whoever verified it: code and no configuration."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import urlsplit

from models.law.calendar import Unit, Wait
from models.law.contact_hours import STATE_LAW, law_of_hours, widens
from models.law.jurisdiction import FEDERAL_VALUES_HOLD, PersistentDefaulter
from models.law.term import never_shorter
from models.ruler.schema import Ruler, Stage
from models.yaml_file import Fault

DEFENCE = Wait(days=30, unit=Unit.LEGAL)
"""From the notification on (LC 225/2026, arts. 11 to 13); of terms that could apply the later end counts."""
APPEAL = Wait(days=10, unit=Unit.LEGAL)
"""Lei 9.784/1999, art. 59, which is subsidiary (LC 225/2026 art. 12 § 9º)."""
DEEMED = Wait(days=10, unit=Unit.LEGAL)
"""No law known takes a shorter silence for service: SP 10 days, the Union and Belo Horizonte 15."""
TOO_SOON = "takes silence for service sooner than any law known: none does so in less than 10 days"
CONSECUTIVE, ALTERNATE = 4, 6
"""Periods in twelve months (LC 225/2026, art. 11)."""
FEDERAL_AMOUNT, FEDERAL_SHARE = Decimal("15000000.00"), Decimal(1)
"""The values of LC 225/2026, for who has no law of his own (arts. 11 § 4º and 57)."""


def floor_faults(ruler: Ruler) -> Iterator[Fault]:
    """Find what national law forbids in a ruler, an example too."""
    yield from _terms(ruler)
    yield from _thresholds(ruler)
    yield from _hours(ruler)
    yield from _softening_edges(ruler)
    yield from _site(ruler)
    yield from _registered(ruler)


def _terms(ruler: Ruler) -> Iterator[Fault]:
    if ruler.gate and not never_shorter(ruler.gate.defence, DEFENCE):
        what = "is shorter than 30 continuous days from the notification, which no ruler may lower (LC 225/2026)"
        yield Fault(("gate", "defence"), what)
    if ruler.gate and not never_shorter(ruler.gate.appeal, APPEAL):
        what = "is shorter than 10 days for an appeal against a rejected defence (LC 225/2026 art. 4º, VII; Lei 9.784)"
        yield Fault(("gate", "appeal"), what)
    for name, row in ruler.rows.items():
        last = row.rungs[-2].dwell if len(row.rungs) > 1 and row.rungs[-1].stage is Stage.SUSPENSION else None
        if ruler.gate and last and not (never_shorter(last, ruler.gate.defence) and never_shorter(last, DEFENCE)):
            what = "is shorter than the term for defence that its notice gives: the gate's, and 30 continuous days"
            yield Fault(("rows", name, "rungs", len(row.rungs) - 2, "dwell"), what)
    for index, deemed in enumerate(ruler.jurisdiction.deemed):
        if not never_shorter(deemed.wait, DEEMED):
            yield Fault(("jurisdiction", "deemed", index, "wait"), TOO_SOON)
    for means, by_law in (("letter", ruler.service.letter), ("gazette", ruler.service.gazette)):
        if by_law and not never_shorter(by_law.after, DEEMED):
            yield Fault(("service", means, "after"), TOO_SOON)


def _thresholds(ruler: Ruler) -> Iterator[Fault]:
    for index, law in enumerate(ruler.jurisdiction.persistent_defaulter):
        where = ("jurisdiction", "persistent_defaulter", index)
        yield from _periods(where, law.consecutive, law.alternate)
        if law.of == "federal":
            yield from _federal(where, law)
    if written := ruler.entry.thresholds:
        yield from _periods(("entry", "thresholds"), written.consecutive, written.alternate)


def _registered(ruler: Ruler) -> Iterator[Fault]:
    """Only what is registered is protested, sued for, and told over open channels; debts say each for itself."""
    if ruler.credit == "registered" and ruler.entry.credit != "registered":
        what = (
            "can't be registered: the ruler takes evidence of credits that nobody need have registered (CTN art. 201)"
        )
        yield Fault(("credit",), f"{what}; extracts say of each debt whether it is, by registered_on")


def _periods(where: tuple[str | int, ...], consecutive: int, alternate: int) -> Iterator[Fault]:
    if consecutive < CONSECUTIVE:
        what = f"calls a default repeated after {consecutive}: by LC 225/2026 four consecutive periods are the least"
        yield Fault((*where, "consecutive"), what)
    if alternate < ALTERNATE:
        what = f"calls a default repeated after {alternate}: by LC 225/2026 six alternate periods are the least"
        yield Fault((*where, "alternate"), what)


def _federal(where: tuple[str | int, ...], law: PersistentDefaulter) -> Iterator[Fault]:
    own = "; where a law of the authority's own says less, write `of: own`, and that law as its source"
    if law.amount < FEDERAL_AMOUNT:
        yield Fault((*where, "amount"), f"is less than the R$ 15,000,000.00 of LC 225/2026{own}")
    if law.assets_share is None or law.assets_share < FEDERAL_SHARE:
        yield Fault((*where, "assets_share"), f"must be 1 by LC 225/2026: more is owed than all known assets{own}")


def _hours(ruler: Ruler) -> Iterator[Fault]:
    law = law_of_hours(ruler.jurisdiction.state)
    written = ruler.jurisdiction.contact_hours.root
    for name in dict.fromkeys([*written, "default"]):
        if widens(written.get(name, STATE_LAW), law.hours):
            where = ("jurisdiction", "contact_hours", *((name,) if name in written else ()))
            yield Fault(where, f"widens the hours of {law.source}, {law.hours}: a ruler only narrows them")


def _softening_edges(ruler: Ruler) -> Iterator[Fault]:
    """Edges between rows that lead to a softer message, beside those that `rule_faults` knows."""
    if (edge := ruler.hardship) and edge.from_row in ruler.rows and edge.to_row in ruler.rows:
        hardest = ruler.rows[edge.from_row].rungs[-1].rigidity
        softened = ruler.rows[edge.to_row].rungs[0].rigidity
        if edge.from_row in ruler.climb(edge.to_row):
            yield Fault(("hardship", "to"), f"leads down: {edge.to_row} lies below {edge.from_row} on the climb")
        elif softened < hardest:
            yield Fault(
                ("hardship", "to"), f"softens: {edge.to_row} begins at {softened}, {edge.from_row} ends at {hardest}"
            )
    if (thresholds := ruler.entry.thresholds) and thresholds.row in ruler.rows:
        there = ruler.rows[thresholds.row].rungs[0].rigidity
        for row in ruler.entry.non_payment or ():
            if row in ruler.rows and there < ruler.rows[row].rungs[0].rigidity:
                what = f"softens: {thresholds.row} begins at {there}, {row} at {ruler.rows[row].rungs[0].rigidity}"
                yield Fault(("entry", "thresholds", "row"), what)
                break


def _site(ruler: Ruler) -> Iterator[Fault]:
    try:
        address = urlsplit(ruler.contact.site)
        sound = address.scheme == "https" and bool(address.hostname) and not address.username
    except ValueError:
        sound = False
    if not sound or any(c.isspace() for c in ruler.contact.site):
        what = "is no address that a taxpayer may be sent to: write one that begins with https://"
        yield Fault(("contact", "site"), what)


# ---- laws that are missing: only an example may lack them


def missing_laws(ruler: Ruler) -> Iterator[Fault]:
    """The laws that a ruler's consequences lack."""
    gate, suspends = ruler.gate, any(row.rungs[-1].stage is Stage.SUSPENSION for row in ruler.rows.values())
    if gate and suspends and gate.basis == "ladder" and gate.law is None:
        what = "suspends at the end of the map without a law of the authority's own: write gate.law, with its date"
        yield Fault(("gate", "basis"), what)
    for row, index, rung in ruler.cells():
        if rung.formal and rung.stage is not Stage.SUSPENSION and not any(map(ruler.serves, rung.channels)):
            what = (
                "serve no formal notice: add `domicile`, or cite in `service` the law by which a letter or e-mail does"
            )
            yield Fault(("rows", row, "rungs", index, "channels"), what)
    if ruler.offer and not ruler.offer.law.strip():
        yield Fault(("offer", "law"), "is missing: nothing is remitted without a cited law")
    if gate and gate.basis == "statutory" and ruler.jurisdiction.state is not None:
        laws = ruler.jurisdiction.persistent_defaulter
        if not any(law.of == "own" or law.from_ >= FEDERAL_VALUES_HOLD for law in laws):
            what = "is LC 225/2026, which a state or city without a law of its own can't use before 09/01/2027"
            yield Fault(("gate", "basis"), what)
