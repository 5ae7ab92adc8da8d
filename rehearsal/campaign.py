"""The city's settlement campaign: the shipped one, its days moved so that the offer opens on the city's first day.

Its banks have more days to report than the shipped one's: where the clock goes on, as in the storm of `make chaos`, a
day passes in a blink, and a busy machine may lag.
"""

from __future__ import annotations

from datetime import date

from models.assets import RulerBundle, with_tables
from models.money.offer import Offer
from models.ruler.check import read_ruler


def opening_on(first_day: date, offer: Offer, bundle: RulerBundle) -> RulerBundle:
    """The offer stands for as many days as the shipped one."""
    later = first_day - offer.from_
    moved = bundle.source.replace(f"from: {offer.from_}", f"from: {first_day}")
    moved = moved.replace(f"until: {offer.deadline_day}", f"until: {offer.deadline_day + later}")
    moved = moved.replace("processing: 5 business", "processing: 20 business")
    ruler = read_ruler(moved).ruler
    assert ruler is not None  # noqa: S101 - the shipped one is sound, and only its days have changed
    return RulerBundle(with_tables(ruler, bundle.texts), moved, bundle.texts)
