"""A link is believed only as it was made, for what it was made, and for as long as it was made for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.links import ExpiredLink, Links, WrongLink, links_from
from models.errors import Refusal

OLD, NEW = "o" * 32, "n" * 32
CASE = "0123456789abcdef"
URL = "https://regua.example"

cases = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


def token(url: str) -> str:
    return url.rpartition("/")[2]


@given(cases)
def test_a_link_leads_back_to_its_case_and_shows_nothing_of_it(case: str) -> None:
    url = Links([NEW], URL).pay(case)
    assert url.startswith("https://regua.example/p/")
    assert case not in url
    assert Links([NEW], URL).read_pay(token(url)) == case


def test_a_link_leaves_room_in_an_sms() -> None:
    assert len(token(Links([NEW], URL).pay(CASE))) == 35


@given(st.integers(0, 34), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_letter_makes_it_wrong(place: int, letter: str) -> None:
    made = token(Links([NEW], URL).pay(CASE))
    changed = made[:place] + letter + made[place + 1 :]
    if changed != made:
        with pytest.raises(WrongLink):
            Links([NEW], URL).read_pay(changed)


def test_a_letter_of_the_other_base64_makes_it_wrong() -> None:
    made = ((key, token(Links([key], URL).pay(CASE))) for key in (f"{n:032}" for n in range(1000)))
    key, link = next((key, link) for key, link in made if "-" in link)
    with pytest.raises(WrongLink):
        Links([key], URL).read_pay(link.replace("-", "+"))


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


def test_a_link_expires() -> None:
    made = token(Links([NEW], URL).pay(CASE))
    with pytest.raises(ExpiredLink):
        Links([NEW], URL, valid_days=-1).read_pay(made)


def test_a_new_key_signs_and_the_old_one_is_still_believed_until_it_is_taken_away() -> None:
    before = token(Links([OLD], URL).pay(CASE))
    after = token(Links([NEW, OLD], URL).pay(CASE))
    assert Links([NEW, OLD], URL).read_pay(before) == CASE
    assert Links([NEW], URL).read_pay(after) == CASE
    with pytest.raises(WrongLink):
        Links([NEW], URL).read_pay(before)


def test_settings_are_whole_or_not_there() -> None:
    assert links_from({}) is None
    links = links_from({"REGUA_LINK_KEY": f"{NEW} {OLD}", "REGUA_PUBLIC_URL": f"{URL}/"})
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
