"""The city's campaign is the shipped one on other days."""

from datetime import date, timedelta

from commands.ruler import examined
from models.ruler.check import read_ruler
from rehearsal.campaign import opening_on
from storage.catalogue import RULERS


def test_the_offer_opens_on_the_first_day_and_stands_as_long_as_the_shipped_one() -> None:
    source = RULERS.read("refis-2023")[1]
    shipped = read_ruler(source).ruler
    assert shipped
    assert shipped.offer
    first_day = date(2026, 3, 2)
    ruler, moved = opening_on(first_day, shipped.offer, source)
    assert examined(moved) == (ruler, ())
    assert ruler.offer
    assert ruler.offer.from_ == first_day
    assert ruler.offer.until - shipped.offer.until == timedelta(days=(first_day - shipped.offer.from_).days)
    assert ruler.offer.modalities == shipped.offer.modalities
    assert ruler.rows == shipped.rows
