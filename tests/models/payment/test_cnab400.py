"""CNAB 400 returns of the five largest banks, written place by place as their manuals print them."""

from datetime import date
from decimal import Decimal

import pytest

from models.errors import Refusal
from models.payment.bank_record import BankPayment, RejectedLine
from models.payment.bank_return import open_return
from tests.bank_lines import Fields, cnab400

TODAY = date(2026, 3, 3)


def cents(amount: str) -> str:
    return f"{int(Decimal(amount) * 100):013}"


def title(movement: str, paid: str, more: Fields) -> Fields:
    return {(109, 110): movement, (111, 116): "020326", (153, 165): cents(paid), (254, 266): cents(paid), **more}


def read(lines: list[str]) -> tuple[list[BankPayment], list[RejectedLine], list[str], list[str]]:
    returned = open_return(lines, TODAY)
    records = list(returned.records())
    paid = [record for record in records if isinstance(record, BankPayment)]
    rejected = [record for record in records if isinstance(record, RejectedLine)]
    return paid, rejected, returned.disagreements(), returned.warnings()


BANKS: dict[str, tuple[str, Fields, Fields, str]] = {
    "001": ("7", {(101, 107): "0000012", (150, 156): "3294860"}, {(64, 80): "32948600000000042"}, "06"),
    "033": ("1", {(27, 46): "11110000000099999999"}, {(63, 70): "00000420"}, "06"),
    "104": ("1", {(27, 30): "1111", (31, 36): "999999", (390, 394): "00007"}, {(57, 73): "24000000000000042"}, "21"),
    "237": ("1", {(27, 46): "00000000000004466911", (109, 113): "00042"}, {(71, 82): "00000000042P"}, "06"),
    "341": ("1", {(27, 38): "011100123450", (109, 113): "00112"}, {(86, 94): "000000420"}, "06"),
}
"""The record type of a title, what the header has, where slip 42 is, and a movement that is a payment."""


@pytest.mark.parametrize("bank", BANKS)
def test_a_title_that_was_paid(bank: str) -> None:
    detail, header, numbered, movement = BANKS[bank]
    [payment], rejected, disagreements, warnings = read(
        cnab400(bank, header, [title(movement, "12.34", numbered)], detail)
    )
    assert (payment.slip_number, payment.amount, payment.paid_on) == (42, Decimal("12.34"), date(2026, 3, 2))
    assert (rejected, disagreements, warnings) == ([], [], [])


@pytest.mark.parametrize("bank", BANKS)
def test_what_brings_no_money_and_what_nobody_knows(bank: str) -> None:
    detail, header, numbered, _ = BANKS[bank]
    lines = cnab400(bank, header, [title("02", "0.00", numbered), title("70", "5.00", numbered)], detail)
    paid, [rejected], _, warnings = read(lines)
    assert (paid, rejected.line) == ([], 3)
    assert rejected.reason.startswith("an amount is paid by movement 70, which is not known of ")
    assert warnings == ["1 titles of movement 02 bring no money"]


def test_a_file_is_told_by_its_number_or_by_its_day() -> None:
    told = {bank: open_return(cnab400(bank, BANKS[bank][1], []), TODAY).header for bank in BANKS}
    assert [(told[bank].number, told[bank].numbered) for bank in sorted(told)] == [
        (12, True),
        (20260303, False),
        (7, True),
        (42, True),
        (112, True),
    ]
    assert told["001"].agreement == "001/3294860"


def test_a_bradesco_payment_that_is_taken_back() -> None:
    [payment], *_ = read(cnab400("237", BANKS["237"][1], [title("40", "7.00", BANKS["237"][2])]))
    assert payment.taken_back


def test_itau_s_fee_is_part_of_what_was_paid() -> None:
    """Face 395.41 and 0.01 of interest, of which the bank credits 392.09 and keeps 3.33."""
    net = {
        (153, 165): cents("395.41"),
        (176, 188): cents("3.33"),
        (254, 266): cents("392.09"),
        (267, 279): cents("0.01"),
    }
    gross = {(176, 188): cents("3.33")}
    titles = [title("06", "0.00", {**BANKS["341"][2], **net}), title("06", "100.00", {**BANKS["341"][2], **gross})]
    paid, *_ = read(cnab400("341", BANKS["341"][1], titles))
    assert [str(payment.amount) for payment in paid] == ["395.42", "100.00"]


def test_our_mark_in_what_we_wrote_into_the_title() -> None:
    mine = {(38, 62): f"{'7348' + '0' * 11 + '42':<25}", (86, 94): "999999999"}
    [payment], *_ = read(cnab400("341", BANKS["341"][1], [title("06", "1.00", mine)]))
    assert payment.slip_number == 42


def test_a_line_that_is_lost_shows() -> None:
    lines = cnab400("341", BANKS["341"][1], [title("06", "1.00", BANKS["341"][2])] * 3)
    assert read([*lines[:2], *lines[3:]])[2] == ["its trailer (9) is numbered 5 and it has 4 lines"]
    assert read(lines[:-1])[2] == ["it ends without its trailer (9), so lines may be missing"]


@pytest.mark.parametrize(
    ("first", "last", "written", "reason"),
    [
        (254, 266, "00000000A0000", "the amount paid is not a number"),
        (111, 116, "310226", "the payment date is no date"),
        (111, 116, "010127", "the payment date is in the future"),
        (1, 1, "X", "its record type is none of a return of Itaú"),
    ],
)
def test_a_bad_line_is_rejected_and_the_others_stand(first: int, last: int, written: str, reason: str) -> None:
    good = title("06", "1.00", BANKS["341"][2])
    lines = cnab400("341", BANKS["341"][1], [good, good])
    lines[1] = lines[1][: first - 1] + written + lines[1][last:]
    paid, rejected, *_ = read(lines)
    assert [(line.line, line.reason) for line in rejected] == [(2, reason)]
    assert [payment.line for payment in paid] == [3]


def test_lines_may_be_cut_and_other_records_stand_between() -> None:
    lines = cnab400("341", BANKS["341"][1], [title("06", "1.00", BANKS["341"][2])])
    pix = "3" + " " * 393 + "000003"
    cut = [lines[0].rstrip(), lines[1], pix, lines[2][:394] + "000004"]
    paid, rejected, disagreements, warnings = read(cut)
    assert (len(paid), rejected, disagreements) == (1, [], [])
    assert warnings == ["1 lines say more about the title before them, and are left out"]


@pytest.mark.parametrize(
    ("bank", "says"), [("999", "a bank that is not known; known are 001 Banco do Brasil"), ("   ", "not known")]
)
def test_another_bank_s_is_refused(bank: str, says: str) -> None:
    with pytest.raises(Refusal, match=says):
        open_return(cnab400(bank, {}, []), TODAY)


@pytest.mark.parametrize("length", [50, 120, 255, 300])
def test_a_line_cut_off_is_no_title_without_money(length: int) -> None:
    titles: list[Fields] = [
        {(38, 62): f"{n:<25}", (109, 110): "06", (111, 116): "020326", (254, 266): f"{10_000:013}"} for n in (1, 2)
    ]
    lines = cnab400("237", {(109, 113): "00042"}, titles)
    returned = open_return(iter([lines[0], lines[1][:length], *lines[2:]]), date(2026, 3, 5))
    [cut, whole] = returned.records()
    assert isinstance(cut, RejectedLine)
    assert cut.reason.startswith(f"it is cut off: it has {len(lines[1][:length].rstrip())} characters of 400")
    assert isinstance(whole, BankPayment)
