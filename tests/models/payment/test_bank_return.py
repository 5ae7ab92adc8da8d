"""Return files, whole and broken: every line is a payment or a reason, and nothing crashes."""

from datetime import date
from decimal import Decimal
from itertools import chain, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.payment.bank_record import BankPayment, BankReturn, RejectedLine
from models.payment.bank_return import open_return
from models.payment.barcode import our_number
from tests.bank_lines import Fields, Paid, barcode, cnab240, cnab400, febraban, header, trailer

TODAY = date(2026, 11, 22)
SAMPLES = Path(__file__).parents[2] / "data"
GOOD = febraban([Paid(barcode(number), f"{number}0.01") for number in range(1, 6)])
TITLES = cnab240([(our_number(number), "06", f"{number}0.01") for number in range(1, 6)])


def read(lines: list[str]) -> tuple[BankReturn, list[BankPayment], list[RejectedLine]]:
    returned = open_return(lines, TODAY)
    records = list(returned.records())
    paid = [record for record in records if isinstance(record, BankPayment)]
    return returned, paid, [record for record in records if isinstance(record, RejectedLine)]


def reasons(lines: list[str]) -> list[tuple[int, str]]:
    return [(rejected.line, rejected.reason) for rejected in read(lines)[2]]


def with_line(place: int, line: str, lines: list[str] = GOOD) -> list[str]:
    return [*lines[:place], line, *lines[place + 1 :]]


class TestFebraban:
    def test_a_whole_file(self) -> None:
        returned, paid, rejected = read(febraban([Paid(barcode(7), "12.34", channel="i", authentication="A1")], 42))
        assert (returned.header.agreement, returned.header.number) == ("001/AGREEMENT", 42)
        assert paid == [
            BankPayment(2, barcode(7), 7, Decimal("12.34"), date(2026, 3, 2), "A1", "00000001", by_pix=True)
        ]
        assert (rejected, returned.disagreements(), returned.warnings()) == ([], [], [])

    @pytest.mark.parametrize("version", ["04", "05", "06", "07"])
    def test_each_version(self, version: str) -> None:
        assert len(read([header(version=version), *GOOD[1:]])[1]) == 5

    def test_lines_may_be_cut_where_they_are_blank(self) -> None:
        _, paid, rejected = read([line.rstrip() for line in GOOD])
        assert (len(paid), rejected) == (5, [])

    def test_a_line_of_nothing_is_no_payment_and_nobody_s_work(self) -> None:
        returned, paid, rejected = read(febraban([Paid(barcode(7), "0.00"), Paid(barcode(7), "1.00")]))
        assert ([payment.line for payment in paid], rejected) == ([3], [])
        assert (returned.disagreements(), returned.warnings()) == ([], ["1 lines report that nothing was paid"])

    @pytest.mark.parametrize(
        ("first", "last", "written", "reason"),
        [
            (82, 93, "00000000000A", "the amount received is not a number"),
            (22, 29, "20260230", "the payment date is no date"),
            (22, 29, "2026²230", "the payment date is no date"),
            (22, 29, "20991231", "the payment date is in the future"),
            (22, 29, "19000101", "the payment date is before 1990"),
            (41, 41, "x", "the barcode holds something else than digits; an alphanumeric CNPJ can't be in one"),
            (60, 60, "X", "the barcode holds something else than digits; an alphanumeric CNPJ can't be in one"),
            (1, 1, "B", "its type is none of A, G and Z"),
        ],
    )
    def test_a_bad_line_is_rejected_and_the_others_stand(
        self, first: int, last: int, written: str, reason: str
    ) -> None:
        line = GOOD[2]
        broken = with_line(2, line[: first - 1] + written + line[last:])
        assert reasons(broken) == [(3, reason)]
        assert len(read(broken)[1]) == 4

    def test_the_amount_of_a_rejected_line_is_in_the_total_all_the_same(self) -> None:
        line = GOOD[2]
        wrong_digit = str((int(line[40]) + 1) % 10)
        returned, paid, rejected = read(with_line(2, line[:40] + wrong_digit + line[41:]))
        assert [bad.reason for bad in rejected] == ["the check digit of the barcode is wrong"]
        assert (len(paid), returned.disagreements()) == (4, [])

    def test_a_total_that_cannot_be_confirmed_is_said(self) -> None:
        returned, _, _ = read(with_line(2, GOOD[2][:81] + "?" * 12 + GOOD[2][93:]))
        assert returned.disagreements() == []
        assert returned.warnings() == ["the amount of 1 rejected lines can't be read, so the total is not confirmed"]

    def test_other_value_kinds_are_taken_and_said(self) -> None:
        real = "82210000215048200974123220154098290108605940"
        returned, paid, _ = read(febraban([Paid(real)]))
        assert (len(paid), paid[0].slip_number) == (1, None)
        assert "value kind outside 6-9" in returned.warnings()[0]

    @pytest.mark.parametrize(
        ("end", "fault"),
        [
            (trailer(7, "150.04"), "says R$ 150.04 and its lines add up to R$ 150.05"),
            (trailer(7, "150.06"), "says R$ 150.06"),
            (trailer(8, "150.05"), "counts 8 lines and it has 7"),
            ("Z00000x", "ends without its trailer"),
        ],
    )
    def test_a_trailer_that_disagrees(self, end: str, fault: str) -> None:
        returned, paid, _ = read([*GOOD[:-1], end])
        assert len(paid) == 5
        assert fault in returned.disagreements()[0]

    @pytest.mark.parametrize("count", ["000002", "1000002"])
    def test_a_million_lines_are_more_than_the_trailer_can_count(self, count: str) -> None:
        lines = chain([GOOD[0]], repeat("none of A, G and Z", 1_000_000), [f"Z{count}{0:017d}"])
        returned = open_return(lines, TODAY)
        assert sum(1 for _ in returned.records()) == 1_000_000
        assert returned.disagreements() == []

    def test_lines_after_the_trailer_are_rejected_and_disagree(self) -> None:
        swapped = [*GOOD[:-2], GOOD[-1], GOOD[-2]]
        assert reasons(swapped) == [(7, "it stands after the trailer (Z)")]
        returned, _, _ = read(swapped)
        assert "add up to R$ 100.04" in returned.disagreements()[0]

    def test_a_second_header_is_rejected(self) -> None:
        assert reasons([GOOD[0], *GOOD]) == [(2, "a second header (A)")]

    @pytest.mark.parametrize(
        ("first", "reason"),
        [
            ("A1" + GOOD[0][2:], "not that of a return"),
            (header(version="03"), "layout version"),
            (GOOD[0][:65] + "20261301" + GOOD[0][73:], "the date is no date"),
            (GOOD[0][:73] + "     x" + GOOD[0][79:], "the file number is not a number"),
            (GOOD[0] + "x", "151 characters"),
            (GOOD[1], "begins neither"),
            ("B", "begins neither"),
        ],
    )
    def test_a_header_that_cannot_be_read_refuses_the_file(self, first: str, reason: str) -> None:
        with pytest.raises(Refusal, match=reason):
            read([first, *GOOD[1:]])


class TestCnab240:
    @pytest.mark.parametrize(
        ("sample", "amounts", "warnings"),
        [
            ("cnab240-lot-counts-details.ret", ["10.00"], ["1 titles of movement 02 bring no money"]),
            ("cnab240-lot-counts-all.ret", ["2.00", "2.00", "2.00"], []),
        ],
    )
    def test_two_banks_own_files(self, sample: str, amounts: list[str], warnings: list[str]) -> None:
        returned, paid, rejected = read((SAMPLES / sample).read_text().split("\n"))
        assert ([str(payment.amount) for payment in paid], rejected) == (amounts, [])
        assert (returned.disagreements(), returned.warnings()) == ([], warnings)

    def test_a_slip_of_ours_is_known_by_its_number(self) -> None:
        returned, paid, rejected = read(TITLES)
        assert [payment.slip_number for payment in paid] == [1, 2, 3, 4, 5]
        assert (rejected, returned.disagreements()) == ([], [])

    def test_a_segment_alone_is_rejected(self) -> None:
        without_u = [*TITLES[:3], *TITLES[4:]]
        assert reasons(without_u) == [(3, "a segment T without its U after it")]
        without_t = [*TITLES[:2], *TITLES[3:]]
        assert reasons(without_t) == [(3, "a segment U without its T before it")]
        assert len(read(without_t)[1]) == 4
        assert len(read(without_t)[0].disagreements()) == 2

    def test_swapped_segments_pair_with_nobody_elses(self) -> None:
        _, paid, rejected = read([*TITLES[:2], TITLES[3], TITLES[2], *TITLES[4:]])
        assert [payment.slip_number for payment in paid] == [2, 3, 4, 5]
        assert [(bad.line, bad.reason[:14]) for bad in rejected] == [(3, "a segment U wi"), (4, "a segment T wi")]

    def test_an_amount_that_is_none(self) -> None:
        broken = with_line(3, TITLES[3][:77] + "x" + TITLES[3][78:], TITLES)
        assert reasons(broken) == [(4, "the amount paid is not a number")]

    def test_a_remittance_is_no_return(self) -> None:
        with pytest.raises(Refusal, match="not that of a return"):
            read([TITLES[0][:142] + "1" + TITLES[0][143:], *TITLES[1:]])


DETAIL: Fields = {(38, 62): f"{our_number(7):<25}", (109, 110): "06", (111, 116): "020326", (254, 266): f"{1234:013}"}
LAYOUTS = {
    "febraban": febraban([Paid(barcode(7), "12.34")]),
    "cnab-240": cnab240([(our_number(7), "06", "12.34")]),
    "cnab-400": cnab400("237", {(109, 113): "00042"}, [DETAIL]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
class TestWhatOnlyBeginsOrEndsAText:
    @pytest.mark.parametrize("before", ["", " ", "\t", "\x1a", "\f", "\ufeff"])
    def test_blank_lines_before_the_header_are_none_of_the_file_s(self, layout: str, before: str) -> None:
        lines = LAYOUTS[layout]
        returned, paid, rejected = read([before, "", *lines, "", "   "])
        at = {"febraban": 4, "cnab-240": 6, "cnab-400": 4}[layout]
        assert [(payment.line, payment.amount) for payment in paid] == [(at, Decimal("12.34"))]
        assert (rejected, returned.disagreements()) == ([], [])

    @pytest.mark.parametrize("mark", ["\x1a", " \x1a ", "\f", "\t", "\x1a\x1a", "  "])
    def test_marks_at_the_end_of_a_line_are_none_of_its_fields(self, layout: str, mark: str) -> None:
        returned, paid, rejected = read([f"{line}{mark}" for line in LAYOUTS[layout]])
        assert ([payment.amount for payment in paid], rejected) == ([Decimal("12.34")], [])
        assert returned.disagreements() == []

    def test_a_page_begins_with_a_mark(self, layout: str) -> None:
        returned, paid, rejected = read([f"\f{line}" for line in LAYOUTS[layout]])
        assert (len(paid), rejected, returned.disagreements()) == (1, [], [])

    def test_letters_may_be_small(self, layout: str) -> None:
        returned, paid, rejected = read([line.lower() for line in LAYOUTS[layout]])
        assert (len(paid), rejected, returned.disagreements()) == (1, [], [])

    def test_nothing_but_blank_lines(self, layout: str) -> None:
        with pytest.raises(Refusal, match="nothing is written on any of its lines"):
            read([" " * len(line) for line in LAYOUTS[layout]])


files = st.sampled_from(["\r\n".join(GOOD), "\r\n".join(TITLES)])


def survives(content: bytes, encoding: str = "utf-8") -> None:
    lines = [line.rstrip("\r") for line in content.decode(encoding, "replace").split("\n")]
    try:
        returned, paid, _ = read(lines)
    except Refusal:
        return
    assert all(payment.amount > 0 and payment.code.isprintable() for payment in paid)
    returned.disagreements()
    returned.warnings()


@given(files, st.data())
def test_cut_at_any_byte_it_is_refused_or_disagrees(content: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(content.rstrip()) - 1))
    lines = content[:cut].split("\r\n")
    try:
        returned, paid, _ = read(lines)
    except Refusal:
        return
    assert returned.disagreements()
    whole = read(content.split("\r\n"))[1]
    assert [(payment.code, payment.amount) for payment in paid] == [
        (payment.code, payment.amount) for payment in whole[: len(paid)]
    ]


@given(files, st.data())
def test_shuffled_lines_never_invent_money(content: str, data: st.DataObject) -> None:
    first, *rest = content.split("\r\n")
    _, paid, _ = read([first, *data.draw(st.permutations(rest))])
    whole = read([first, *rest])[1]
    assert {payment.code for payment in paid} <= {payment.code for payment in whole}
    assert sum(payment.amount for payment in paid) <= sum(payment.amount for payment in whole)


@given(files, st.data())
def test_any_bytes_anywhere_do_no_harm(content: str, data: st.DataObject) -> None:
    raw = bytearray(content.encode())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=5)):
        raw[place] = data.draw(st.integers(0, 255))
    for encoding in ("utf-8", "latin-1"):
        survives(bytes(raw), encoding)


@given(st.binary(max_size=400))
def test_any_bytes_at_all_do_no_harm(content: bytes) -> None:
    survives(b"A2" + content)
    survives(b"00100000" + content)


@pytest.mark.parametrize("length", [20, 60, 77, 78, 85, 91])
def test_a_title_cut_off_before_its_amount_is_no_title_without_money(length: int) -> None:
    lines = cnab240([(our_number(7), "06", "100.00"), (our_number(8), "06", "50.00")])
    _, paid, rejected = read(with_line(3, lines[3][:length], lines))
    assert [each.amount for each in paid] == [Decimal("50.00")]
    assert [(each.line, each.reason) for each in rejected] == [(4, "it is cut off before the amount paid")]
