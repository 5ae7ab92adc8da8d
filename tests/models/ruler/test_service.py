"""Which channels serve a formal notice, and what a ruler may not leave open of it."""

import pytest

from models.contact.channel import CHANNELS, Channel
from models.law.calendar import Unit, Wait
from models.ruler.floors import floor_faults, missing_laws
from models.ruler.schema import Ruler, ServiceRule
from tests.builders import ICMS, REGISTERED, shipped

BY_EMAIL = ServiceRule(email_law="Lei 1.234/2026, art. 5º")


@pytest.mark.parametrize("channel", CHANNELS)
def test_only_the_domicile_serves_unless_a_law_says_so_of_an_e_mail(channel: Channel) -> None:
    assert shipped(ICMS).serves(channel) is (channel == "domicile")
    cited = shipped(REGISTERED).model_copy(update={"service": BY_EMAIL})
    assert cited.serves(channel) is (channel in ("domicile", "email"))


def test_an_e_mail_that_may_not_list_the_credits_serves_for_none() -> None:
    assert not shipped(ICMS).model_copy(update={"service": BY_EMAIL}).serves("email")


def only_by(*channels: Channel) -> Ruler:
    ruler = shipped(REGISTERED)
    first, *others = ruler.rows["h8"].rungs
    rungs = (first.model_copy(update={"channels": channels}), *others)
    rows = {**ruler.rows, "h8": ruler.rows["h8"].model_copy(update={"rungs": rungs})}
    return ruler.model_copy(update={"rows": rows})


def test_a_formal_notice_that_nothing_serves_lacks_its_law() -> None:
    def lacking(ruler: Ruler) -> list[object]:
        return [fault.where for fault in missing_laws(ruler) if "serve no formal notice" in fault.what]

    assert lacking(only_by("email", "sms")) == [("rows", "h8", "rungs", 0, "channels")]
    assert lacking(only_by("email", "sms").model_copy(update={"service": BY_EMAIL})) == []
    assert lacking(only_by("domicile", "sms")) == []


@pytest.mark.parametrize(("days", "unit", "lawful"), [(9, "legal", False), (10, "legal", True), (10, "business", True)])
def test_an_appeal_has_at_least_ten_days(days: int, unit: str, lawful: bool) -> None:
    ruler = shipped(ICMS)
    assert ruler.gate
    gate = ruler.gate.model_copy(update={"appeal": Wait(days=days, unit=Unit(unit))})
    found = [fault.where for fault in floor_faults(ruler.model_copy(update={"gate": gate}))]
    assert (("gate", "appeal") in found) is not lawful
