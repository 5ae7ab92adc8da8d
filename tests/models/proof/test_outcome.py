"""The figures that Alagoas published of its Central de Cobrança and of its pilot, out of ledgers with those totals."""

from datetime import date, timedelta
from decimal import Decimal

from models.proof.outcome import Calls, Chargeable, Coverage, Receipt, Recovered, coverage, recovered


def parts(total: str, count: int) -> list[Decimal]:
    """`count` different amounts that make the total to the cent."""
    cents = int(Decimal(total) * 100)
    weights = range(1, count + 1)
    amounts = [cents * weight // sum(weights) for weight in weights]
    amounts[-1] += cents - sum(amounts)
    return [Decimal(amount) / 100 for amount in amounts]


def percent(share: Decimal | None, places: int = 0) -> str:
    assert share is not None
    return f"{share * 100:.{places}f}"


def test_alagoas_charged_459_of_857_and_58_percent_of_the_value() -> None:
    left = Decimal("11075506.96") - Decimal("6424216.03")
    cases = [Chargeable(amount, charged=True) for amount in parts("6424216.03", 459)]
    cases += [Chargeable(amount, charged=False) for amount in parts(str(left), 857 - 459)]
    found = coverage(cases)
    assert found == Coverage(857, 459, Decimal("11075506.96"), Decimal("6424216.03"))
    assert (percent(found.share), percent(found.amount_share)) == ("54", "58")


def test_alagoas_recovered_two_million_of_which_89_percent_by_its_actions() -> None:
    notice = date(2018, 6, 4)
    spontaneous = parts(str(Decimal("2057993.52") - Decimal("1839126.35")), 40)
    receipts = [
        Receipt(notice + timedelta(days=n % 60), each, notice) for n, each in enumerate(parts("1839126.35", 300))
    ]
    receipts += [Receipt(notice - timedelta(days=1 + n), each, notice) for n, each in enumerate(spontaneous[:20])]
    receipts += [Receipt(notice, each, None) for each in spontaneous[20:]]
    found = recovered(receipts)
    assert found == Recovered(after_action=Decimal("1839126.35"), spontaneous=Decimal("218867.17"))
    assert found.total == Decimal("2057993.52")
    assert percent(found.share_after_action, 1) == "89.4"


def test_in_alagoas_pilot_92_of_169_answered() -> None:
    assert percent(Calls(started=169, answered=92).share) == "54"


def test_nothing_has_no_share() -> None:
    assert coverage([]).share is coverage([]).amount_share is recovered([]).share_after_action is None
    assert Calls(0, 0).share is None
    assert coverage([Chargeable(Decimal(0), charged=True)]).amount_share is None
