"""The city's campaign is the shipped one on other days."""

from datetime import date, timedelta

from models.assets import with_tables
from operations.rulers import examined, load_ruler
from rehearsal.campaign import opening_on


def test_the_offer_opens_on_the_first_day_and_stands_as_long_as_the_shipped_one() -> None:
    bundle = load_ruler("refis-2023")
    shipped = bundle.ruler
    assert shipped.offer
    first_day = date(2026, 3, 2)
    moved = opening_on(first_day, shipped.offer, bundle)
    ruler, faults = examined(moved.source)
    assert ruler
    assert not faults
    assert with_tables(ruler, bundle.texts) == moved.ruler
    assert ruler.offer
    assert ruler.offer.from_ == first_day
    assert ruler.offer.until - shipped.offer.until == timedelta(days=(first_day - shipped.offer.from_).days)
    assert ruler.offer.modalities == shipped.offer.modalities
    assert ruler.rows == shipped.rows
