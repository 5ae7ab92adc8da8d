import pytest

from models.errors import Refusal
from models.ruler.rivals import must_reach_alike
from models.ruler.schema import Ruler
from storage.catalogue import RULERS
from tests.builders import ICMS, REFIS, REGISTERED, bundled, shipped

SOURCE = RULERS.read(ICMS)[1].replace("version: 1", "version: 2")


def changed(was: str, becomes: str) -> Ruler:
    assert was in SOURCE
    return bundled(SOURCE.replace(was, becomes)).ruler


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("dwell: 5 business", "dwell: 9 business"),
        ("channels: [email]", "channels: [email, sms]"),
        ("non_payment: [h1, h2, h7]", "non_payment: [h2, h7]"),
    ],
)
def test_what_is_done_to_people_may_differ(was: str, becomes: str) -> None:
    must_reach_alike(shipped(ICMS), changed(was, becomes))


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("taxes: [ICMS]", "taxes: [ICMS, IPVA]", "they differ in taxes,"),
        ("  return: [h3, h4]\n", "", "they differ in the evidence that enters,"),
        ('minimum_balance: "10.00"', 'minimum_balance: "50.00"', "they differ in the minimum balance,"),
        ('tolerance: "1.00"', 'tolerance: "2.00"', "they differ in the tolerance,"),
        ("timezone: America/Maceio", "timezone: America/Recife", "they differ in jurisdiction,"),
    ],
)
def test_whom_they_reach_may_not(was: str, becomes: str, said: str) -> None:
    with pytest.raises(Refusal, match=f"alagoas-icms v1 and alagoas-icms v2 can't be compared.*{said}"):
        must_reach_alike(shipped(ICMS), changed(was, becomes))


def test_a_campaign_offers_the_same_to_equals() -> None:
    with pytest.raises(Refusal, match="and in the offer, so that they would not reach the same people"):
        must_reach_alike(shipped(REGISTERED), shipped(REFIS))
