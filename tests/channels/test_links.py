"""A link is believed only as it was made, for what it was made, and for as long as it was made for."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.links import ExpiredLink, Links, WrongLink, links_from
from models.errors import Refusal

OLD, NEW = "o" * 32, "n" * 32
CASE = "0123456789abcdef"
URL = "https://regua.example"

cases = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


MADE = datetime(2026, 3, 2, 12, tzinfo=UTC)


def token(url: str) -> str:
    return url.rpartition("/")[2]


def at(now: datetime) -> Links:
    return Links([NEW], URL, now=now.timestamp)


@given(cases)
def test_a_link_leads_back_to_its_case_and_shows_nothing_of_it(case: str) -> None:
    url = Links([NEW], URL).pay(case)
    assert url.startswith("https://regua.example/p/")
    assert case not in url
    assert bytes.fromhex(case) not in urlsafe_b64decode(token(url) + "=")
    assert Links([NEW], URL).read_pay(token(url)) == case


@given(cases, cases, st.integers(0, 90))
def test_two_links_have_nothing_in_common(case: str, another: str, days: int) -> None:
    one, other = token(at(MADE).pay(case)), token(at(MADE + timedelta(days=days)).pay(another))
    # of 35 letters out of 64 chance makes a dozen the same once in 10^13 pairs
    assert one == other or sum(a == b for a, b in zip(one, other, strict=True)) < 12


def test_a_link_leaves_room_in_an_sms() -> None:
    assert len(token(Links([NEW], URL).pay(CASE))) == 35


@given(st.integers(0, 34), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_letter_makes_it_wrong(place: int, letter: str) -> None:
    made = token(Links([NEW], URL).pay(CASE))
    changed = made[:place] + letter + made[place + 1 :]
    if changed != made:
        with pytest.raises(WrongLink):
            Links([NEW], URL).read_pay(changed)


@given(st.text())
def test_what_was_never_a_link_is_wrong(written: str) -> None:
    for read in (Links([NEW], URL).read_pay, Links([NEW], URL).read_unsubscribe):
        with pytest.raises(WrongLink):
            read(written)


def test_a_link_is_good_for_one_purpose() -> None:
    links = Links([NEW], URL)
    assert links.read_unsubscribe(token(links.unsubscribe(CASE, "email"))) == (CASE, "email")
    with pytest.raises(WrongLink):
        links.read_unsubscribe(token(links.pay(CASE)))
    with pytest.raises(WrongLink):
        links.read_pay(token(links.unsubscribe(CASE, "email")))


def test_a_link_to_agree_is_for_nothing_else() -> None:
    links = Links([NEW], URL)
    assert links.read_agree(token(links.agree(CASE))) == CASE
    with pytest.raises(WrongLink):
        links.read_agree(token(links.pay(CASE)))
    with pytest.raises(WrongLink):
        links.read_pay(token(links.agree(CASE)))


def test_a_link_expires_by_the_clock_on_the_wall() -> None:
    made = token(at(MADE).pay(CASE))
    assert at(MADE + timedelta(days=90)).read_pay(made) == CASE
    with pytest.raises(ExpiredLink):
        at(MADE + timedelta(days=91)).read_pay(made)
    with pytest.raises(WrongLink):
        at(MADE + timedelta(days=91)).read_pay("A" * len(made))


def test_a_new_key_signs_and_the_old_one_is_still_believed_until_it_is_taken_away() -> None:
    before = token(Links([OLD], URL).pay(CASE))
    after = token(Links([NEW, OLD], URL).pay(CASE))
    assert Links([NEW, OLD], URL).read_pay(before) == CASE
    assert Links([NEW], URL).read_pay(after) == CASE
    with pytest.raises(WrongLink):
        Links([NEW], URL).read_pay(before)


@pytest.mark.parametrize("between", [" ", ","])
def test_settings_are_whole_or_not_there(between: str) -> None:
    assert links_from({}) is None
    links = links_from({"REGUA_LINK_KEY": f"{NEW}{between}{OLD}", "REGUA_PUBLIC_URL": f"{URL}/"})
    assert links is not None
    assert links.read_pay(token(Links([OLD], URL).pay(CASE))) == CASE
    assert links.pay_pages == f"{URL}/p/"
    for half, missing in (
        ({"REGUA_LINK_KEY": NEW}, "REGUA_PUBLIC_URL is missing"),
        ({"REGUA_PUBLIC_URL": URL}, "REGUA_LINK_KEY is missing"),
        ({"REGUA_LINK_KEY": "short", "REGUA_PUBLIC_URL": URL}, "shorter than 32"),
    ):
        with pytest.raises(Refusal, match=missing):
            links_from(half)
