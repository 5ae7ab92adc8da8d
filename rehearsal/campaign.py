"""The city's settlement campaign: the shipped one, its days moved so that the offer opens on the city's first day.

Its banks have more days to report than the shipped one's: where the clock goes on, as in the storm of `make chaos`, a
day passes in a blink, and a busy machine may lag.
"""

from __future__ import annotations

from datetime import date

from models.money.offer import Offer
from models.ruler.check import read_ruler
from models.ruler.schema import Ruler


def opening_on(first_day: date, offer: Offer, source: str) -> tuple[Ruler, str]:
    """The offer stands for as many days as the shipped one."""
    later = first_day - offer.from_
    moved = source.replace(f"from: {offer.from_}", f"from: {first_day}")
    moved = moved.replace(f"until: {offer.deadline_day}", f"until: {offer.deadline_day + later}")
    moved = moved.replace("processing: 5 business", "processing: 20 business")
    ruler = read_ruler(moved).ruler
    assert ruler is not None  # noqa: S101 - the shipped one is sound, and only its days have changed
    return ruler, moved
