"""Return files as a bank would write them, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.payment.barcode import slip_barcode

PAID_ON = date(2026, 3, 2)


def barcode(slip_number: int, value: str = "100.00") -> str:
    return slip_barcode(slip_number, Decimal(value), "1234").digits


@dataclass(frozen=True)
class Paid:
    """One G record."""

    code: str
    amount: str = "100.00"
    on: date = PAID_ON
    channel: str = "1"
    authentication: str = ""

    def line(self, sequence: int) -> str:
        cents = int(Decimal(self.amount).scaleb(2))
        front = (
            f"G{'12345-6':<20}{self.on:%Y%m%d}{self.on:%Y%m%d}{self.code}{cents:012d}{0:07d}{sequence:08d}{'0001':<8}"
        )
        return f"{front}{self.channel}{self.authentication:<23}1".ljust(150)


def header(number: int = 1, agreement: str = "AGREEMENT", version: str = "04", made_on: date = date(2026, 3, 3)) -> str:
    front = f"A2{agreement:<20}{'PREFEITURA':<20}001{'BANCO':<20}{made_on:%Y%m%d}{number:06d}{version}"
    return front.ljust(150)


def trailer(count: int, total: str) -> str:
    return f"Z{count:06d}{int(Decimal(total).scaleb(2)):017d}".ljust(150)


def febraban(paid: Sequence[Paid], number: int = 1, agreement: str = "AGREEMENT") -> list[str]:
    lines = [payment.line(place) for place, payment in enumerate(paid, start=1)]
    total = sum((Decimal(payment.amount) for payment in paid), Decimal(0))
    return [header(number, agreement), *lines, trailer(len(lines) + 2, str(total))]


def cnab240(titles: Sequence[tuple[str, str, str]], number: int = 1) -> list[str]:
    """`titles` are nosso número, movement, amount."""
    first = (
        f"00100000{'':9}2{'12345678000195':0>14}{'AGREEMENT':<20}{'':20}".ljust(142) + f"203032026101500{number:06d}040"
    )
    details = []
    for place, (our_number, movement, amount) in enumerate(titles):
        front = f"0010001 3{2 * place + 1:05d}T {movement}".replace("0010001 3", "00100013")
        details.append(f"{front}{'':20}{our_number:<20}".ljust(240))
        paid = f"{int(Decimal(amount).scaleb(2)):015d}"
        charge = f"00100013{2 * place + 2:05d}U {movement}{'':0>60}{paid}{paid}{'':0>30}"
        details.append(f"{charge}0203202603032026")
    lot = ["00100011T01  040", *details, f"00100015{'':9}{len(details) + 2:06d}"]
    return [first, *lot, f"00199999{'':9}{1:06d}{len(lot) + 2:06d}"]


Fields = dict[tuple[int, int], str]
"""The fields of a line by their places, 1-based and inclusive."""


def line_of(width: int, fields: Fields) -> str:
    """A line that is blank but for these fields."""
    written = [" "] * width
    for (first, last), text in fields.items():
        assert len(text) == last - first + 1, (first, last, text)
        written[first - 1 : last] = text
    return "".join(written)


def cnab400(bank: str, header: Fields, titles: Sequence[Fields], detail: str = "1") -> list[str]:
    """A CNAB 400 return whose lines number themselves."""
    first = {(1, 2): "02", (3, 9): "RETORNO", (77, 79): bank, (95, 100): "030326", (395, 400): "000001", **header}
    numbered = [
        line_of(400, {(1, 1): detail, (395, 400): f"{place:06}", **title})
        for place, title in enumerate(titles, start=2)
    ]
    last = {(1, 1): "9", (2, 2): "2", (395, 400): f"{len(titles) + 2:06}"}
    return [line_of(400, first), *numbered, line_of(400, last)]
