"""CNAB 240 by bank: whose movements bring money, which take it back, and by what a slip of ours is known."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pytest

from models.payment.bank_record import BankPayment, BankReturn, RejectedLine
from models.payment.bank_return import open_return
from models.payment.barcode import our_number
from tests.bank_lines import cnab240
from tests.casebook.book import DATA, rows

TODAY = date(2026, 11, 28)


class Read(NamedTuple):
    returned: BankReturn
    paid: list[BankPayment]
    taken_back: list[BankPayment]
    rejected: list[RejectedLine]


def read(lines: Sequence[str]) -> Read:
    returned = open_return(lines, TODAY)
    records = list(returned.records())
    money = [record for record in records if isinstance(record, BankPayment)]
    return Read(
        returned,
        [each for each in money if not each.taken_back],
        [each for each in money if each.taken_back],
        [record for record in records if isinstance(record, RejectedLine)],
    )


def of_bank(code: str, titles: Sequence[tuple[str, str, str]], agreement: str = "AGREEMENT") -> list[str]:
    """Titles (nosso número, movement, amount) in a file of that bank; `agreement` is its convênio, of nine places."""
    lines = [code + line[3:] for line in cnab240(titles)]
    return [lines[0].replace("AGREEMENT", f"{agreement:>9}"), *lines[1:]]


def put(lines: Sequence[str], first: int, written: str) -> list[str]:
    """The same with something written into segment T at a position."""
    at = first - 1
    return [
        line[:at] + written + line[at + len(written) :] if line[7:8] == "3" and line[13] == "T" else line
        for line in lines
    ]


def file(name: str) -> list[str]:
    return (DATA / "bank" / name).read_text(encoding="latin-1").splitlines()


class TestRealFiles:
    @pytest.mark.parametrize(
        "row", [row for row in rows("bank/expected.tsv") if row["payments"]], ids=lambda r: r["file"]
    )
    def test_bring_what_their_own_tests_say(self, row: dict[str, str]) -> None:
        found = read(file(row["file"]))
        total = sum((each.amount for each in found.paid), Decimal(0))
        assert (str(len(found.paid)), f"{total:.2f}") == (row["payments"], row["total"])
        assert (found.taken_back, found.rejected) == ([], [])

    def test_caixa_pays_on_line_and_takes_back(self) -> None:
        amounts = [Decimal("800.00"), Decimal("49.90")]
        on_line, back = read(file("cef46.ret")), read(file("cef47.ret"))
        assert ([each.amount for each in on_line.paid], on_line.taken_back, on_line.rejected) == (amounts, [], [])
        assert (back.paid, [each.amount for each in back.taken_back], back.rejected) == ([], amounts, [])


class TestMovements:
    @pytest.mark.parametrize(
        ("bank", "movement", "is_what"),
        [
            ("001", "06", "payment"),
            ("001", "17", "payment"),
            ("001", "46", "nothing"),
            ("033", "17", "payment"),
            ("085", "76", "payment"),
            ("085", "77", "payment"),
            ("104", "06", "payment"),
            ("104", "46", "payment"),
            ("104", "44", "reversal"),
            ("104", "47", "reversal"),
            ("341", "06", "payment"),
            ("341", "08", "payment"),
            ("341", "17", "nothing"),
            ("237", "08", "nothing"),
            ("341", "10", "for people"),
            ("237", "44", "for people"),
            ("237", "45", "for people"),
            ("748", "76", "for people"),
            ("756", "99", "for people"),
            ("001", "ZZ", "for people"),
            ("999", "06", "payment"),
            ("999", "47", "nothing"),
            ("999", "02", "nothing"),
        ],
    )
    def test_are_the_bank_s(self, bank: str, movement: str, is_what: str) -> None:
        found = read(of_bank(bank, [("1", movement, "10.00")]))
        counted = {"payment": found.paid, "reversal": found.taken_back, "for people": found.rejected}
        assert [what for what, those in counted.items() if those] == ([is_what] if is_what != "nothing" else [])

    @pytest.mark.parametrize(("bank", "movement"), [("756", "99"), ("104", "44"), ("341", "10")])
    def test_without_money_none_is_for_people(self, bank: str, movement: str) -> None:
        found = read(of_bank(bank, [("1", movement, "0.00")]))
        assert (found.paid, found.taken_back, found.rejected) == ([], [], [])
        assert found.returned.warnings() == [f"1 titles of movement {movement} bring no money"]

    def test_what_is_unknown_says_whose_and_which(self) -> None:
        (rejected,) = read(of_bank("756", [("1", "06", "1.00"), ("2", "99", "10.00")])).rejected
        assert rejected.reason == "an amount is paid by movement 99, which is not known of Sicoob"
        assert rejected.line == 6


NUMBERS = {
    "Banco do Brasil, seven digits": ("001", "003294860", "32948600000000196", 196),
    "Banco do Brasil, six digits": ("001", "000329486", "329486001967", 196),
    "Banco do Brasil, four digits": ("001", "000003294", "32940000196X", 196),
    "Santander, where FEBRABAN has it": ("033", "", "0000000001962", 196),
    "Ailos": ("085", "", "00123456000000196", 196),
    "Caixa, registered": ("104", "", "140000000000001967", 196),
    "Caixa, blanks before it": ("104", "", "  240000000000001967", 196),
    "Bradesco": ("237", "", "00900000000000001967", 196),
    "Bradesco, check digit P": ("237", "", "0090000000000000196P", 196),
    "Itaú": ("341", "", "109000001967", 196),
    "Sicoob": ("756", "", "000000019601014", 196),
    "Banco do Brasil, another convênio": ("001", "003294861", "32948600000000196", None),
    "Banco do Brasil, unknown convênio": ("001", "", "32948600000000196", None),
    "Sicredi, numbered anew each year": ("748", "", "262001969", None),
    "BTG, numbered by the bank": ("208", "", "00000000196", None),
    "any bank, with our mark": ("748", "", our_number(196), 196),
    "nobody": ("104", "", "00000000000000000196", None),
}


class TestNumbers:
    @pytest.mark.parametrize("whose", NUMBERS)
    def test_our_digits_are_where_the_bank_has_them(self, whose: str) -> None:
        bank, agreement, written, slip = NUMBERS[whose]
        (paid,) = read(of_bank(bank, [(written, "06", "10.00")], agreement)).paid
        assert paid.slip_number == slip

    def test_santander_has_them_three_places_on(self) -> None:
        lines = put(of_bank("033", [("", "06", "10.00")]), 38, "   0000000001962" + "1")
        (paid,) = read(lines).paid
        assert paid.slip_number == 196

    @pytest.mark.parametrize(
        ("bank", "first", "written"),
        [
            ("748", 106, our_number(196)),
            ("748", 106, our_number(196).rjust(25, "0")),
            ("748", 59, "734800000000196"),
            ("748", 59, "000000000000196"),
            ("748", 106, "196".rjust(25, "0")),
            ("033", 55, "734800000000196"),
            ("033", 101, our_number(196)),
        ],
    )
    def test_what_we_wrote_into_the_title_names_it_too(self, bank: str, first: int, written: str) -> None:
        (paid,) = read(put(of_bank(bank, [("99", "06", "10.00")]), first, written)).paid
        assert (paid.slip_number, paid.code.strip()[:2]) == (196, "99")

    @pytest.mark.parametrize(
        ("first", "written"), [(59, "196"), (59, "0000000196"), (106, "IPTU 2026 196"), (59, "0" * 15)]
    )
    def test_another_system_s_reference_names_none(self, first: int, written: str) -> None:
        (paid,) = read(put(of_bank("748", [("99", "06", "10.00")]), first, written)).paid
        assert paid.slip_number is None

    def test_our_mark_goes_before_the_bank_s_digits(self) -> None:
        lines = put(of_bank("756", [("000000019601014", "06", "10.00")]), 106, our_number(7))
        assert [paid.slip_number for paid in read(lines).paid] == [7]

    def test_without_our_mark_the_payer_has_to_vouch(self) -> None:
        titled = put(of_bank("756", [("000000019601014", "06", "10.00")]), 133, "1000052998224725")
        assert [paid.payer for paid in read(titled).paid] == ["52998224725"]
        marked = put(titled, 106, our_number(196))
        assert [paid.payer for paid in read(marked).paid] == [""]


class TestTolerance:
    LINES = of_bank("756", [("000000019601014", "06", "10.00"), ("000000019701014", "06", "5.00")])

    def amounts(self, lines: Sequence[str]) -> list[str]:
        found = read(lines)
        assert (found.rejected, found.returned.disagreements()) == ([], [])
        return [f"{paid.amount}" for paid in found.paid]

    def test_segments_in_small_letters_are_read(self) -> None:
        lines = of_bank("001", [("73480000000000042", "06", "10.00")])
        small = [line[:13] + line[13:14].lower() + line[14:] if line[7:8] == "3" else line for line in lines]
        assert [paid.slip_number for paid in read(small).paid] == [42]

    def test_lines_cut_where_they_are_blank(self) -> None:
        assert self.amounts([line.rstrip() for line in self.LINES]) == ["10.00", "5.00"]

    @pytest.mark.parametrize("segment", ["Y", "W", "S", "A"])
    def test_other_segments_may_stand_between(self, segment: str) -> None:
        more = [f"75600013{n:05d}{segment} 06".ljust(240) for n in (11, 12)]
        lines = [*self.LINES[:3], more[0], *self.LINES[3:4], more[1], *self.LINES[4:-2]]
        ends = [f"75600015{'':9}{len(lines):06d}", f"75699999{'':9}{1:06d}{len(lines) + 2:06d}"]
        assert self.amounts([*lines, *ends]) == ["10.00", "5.00"]

    def test_a_lot_may_begin_and_end_with_more_lines_than_one(self) -> None:
        lines = [*self.LINES[:2], "75600012", *self.LINES[2:-2], "75600014"]
        ends = [f"75600015{'':9}{len(lines):06d}", f"75699999{'':9}{1:06d}{len(lines) + 2:06d}"]
        assert self.amounts([*lines, *ends]) == ["10.00", "5.00"]

    def test_two_lots(self) -> None:
        second = [line[:3] + "0002" + line[7:] for line in self.LINES[1:-1]]
        end = f"75699999{'':9}{2:06d}{2 + len(self.LINES[1:-1]) + len(second):06d}"
        assert self.amounts([*self.LINES[:-1], *second, end]) == ["10.00", "5.00"] * 2

    @pytest.mark.parametrize("counted", [lambda lines: lines, lambda lines: lines - 2, lambda lines: 0])
    def test_a_file_may_be_counted_without_its_own_two_lines_or_not_at_all(self, counted: object) -> None:
        count = counted(len(self.LINES))  # type: ignore[operator]
        assert self.amounts([*self.LINES[:-1], f"75699999{'':9}{1:06d}{count:06d}"]) == ["10.00", "5.00"]
        found = read([*self.LINES[:-1], f"75699999{'':9}{1:06d}{count:06d}"])
        assert found.returned.warnings() == ([] if count else ["its trailers don't say how many lines there are"])

    def test_a_line_that_is_missing_is_said(self) -> None:
        assert len(read([*self.LINES[:4], *self.LINES[6:]]).returned.disagreements()) == 2
