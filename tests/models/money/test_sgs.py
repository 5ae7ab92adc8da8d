"""The Central Bank's files as it publishes them, and as they arrive."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.money.rates import Rate, read_sgs

OCTOBER, NOVEMBER = Rate(date(2025, 10, 1), Decimal("1.28")), Rate(date(2025, 11, 1), Decimal("1.05"))


@pytest.mark.parametrize(
    "text",
    [
        '[{"data":"01/10/2025","valor":"1.28"},{"data":"01/11/2025","valor":"1.05"}]',
        '\n[ {"data": "01/10/2025", "valor": 1.28},\n  {"data": "2025-11-01", "valor": "1,05"} ]\n',
        'data;valor\n"01/10/2025";"1,28"\n"01/11/2025";"1,05"\n',
        '"data";"valor"\r\n"01/10/2025";"1,28"\r\n\r\n"01/11/2025";"1,05"\r\n',
        "Data;4390 - Taxa de juros - Selic acumulada no mês - % a.m.\n10/2025;1,28\n11/2025;1,05",
        'date,value\n2025-10,1.28\n2025-11-01,"1,05"\n',
    ],
)
def test_both_formats_and_their_variants(text: str) -> None:
    assert [row.rate for row in read_sgs(text, "selic.txt")] == [OCTOBER, NOVEMBER]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('"02/10/2025";"1,28"', "'02/10/2025' is not the first of a month"),
        ('"01/13/2025";"1,28"', "'01/13/2025' is not a day that exists"),
        ('"01/10/1025";"1,28"', "before 1900"),
        ('"outubro";"1,28"', "'outubro' is not a date"),
        ('"01/10/2025";""', "'' is not a percentage"),
        ('"01/10/2025";"1.000,28"', "'1.000,28' is not a percentage"),
        ('"01/10/2025";"NaN"', "'NaN' is not a percentage"),
        ('"01/10/2025";"1,1234567"', "has more than 6 decimals"),
        ('"01/10/2025";"1,28";""', "has 3 columns, not 2"),
        ('"01/11/2025";"1,06"', "contradicts line 2 about 11/2025"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_the_others_stand(written: str, reason: str) -> None:
    good, bad = read_sgs(f'data;valor\n"01/11/2025";"1,05"\n{written}\n', "selic.csv")
    assert good.rate == NOVEMBER
    assert (bad.line, bad.rate) == (3, None)
    assert reason in bad.reason


def test_json_rows_know_their_lines_too() -> None:
    rows = read_sgs('[{"data":"01/10/2025",\n"valor":"1.28"},\n\n{"data":"x","valor":"1"}\n,7,\n{"data":1}]', "s.json")
    assert [(row.line, row.rate) for row in rows] == [(1, OCTOBER), (4, None), (5, None), (6, None)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[]", "has no rates in it"),
        ("data;valor\n", "has no rates in it"),
        ("tax_id;name\n1;2\n", "is neither SGS's JSON nor its CSV"),
        ('{"error": "Not Found"}', "is not a list"),
        ('[{"data":"01/10/2025","valor":"1.2', "is not JSON"),
        ("<html></html>", "is neither"),
    ],
)
def test_what_is_no_series_is_refused_whole(text: str, what: str) -> None:
    with pytest.raises(Refusal, match=r"^selic\.txt ") as refused:
        read_sgs(text, "selic.txt")
    assert what in str(refused.value)


FILE = 'data;valor\n"01/10/2025";"1,28"\n"01/11/2025";"1,05"\n'


@given(st.integers(0, len(FILE)), st.text(max_size=5))
def test_a_damaged_file_is_refused_or_says_which_rows_are_bad(cut: int, noise: str) -> None:
    try:
        rows = read_sgs(FILE[:cut] + noise + FILE[cut + len(noise) :], "selic.csv")
    except Refusal:
        return
    assert all((row.rate is None) == bool(row.reason) for row in rows)
