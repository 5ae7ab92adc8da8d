"""One person is one, whatever names she goes by, and two names never make two of her."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.persons import People, SignIn, folded, must_be_name
from models.roles import ALONE, APART, DUTIES, Role, must_be_apart, must_be_compatible


@pytest.mark.parametrize(
    ("name", "is_as"),
    [
        ("Bruno.", "bruno"),
        (" bruno  ", "bruno"),
        ("BRUNO", "bruno"),
        ("Bru\u200bno", "bruno"),
        ("bruno,", "bruno"),
        ("Antônio Conceição", "antonioconceicao"),
        ("Anto\u0302nio", "antonio"),
        ("ＢＲＵＮＯ", "bruno"),
        ("ﬁ", "fi"),
        ("straße", "strasse"),
        ("b.r-u_n'o", "bruno"),
    ],
)
def test_names_are_compared_by_their_letters_alone(name: str, is_as: str) -> None:
    assert folded(name) == is_as


@pytest.mark.parametrize(
    "name", ["", " ", "...", "\u200b", "Brun\u043e", "ana\nbia", "a\x1b[2Jb", "x" * 65, "ana\u202e"]
)
def test_what_can_t_be_told_from_another_is_no_name(name: str) -> None:
    with pytest.raises(Refusal, match="is no name of a person") as refused:
        must_be_name(name)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", ["ana", "Bia Souza", "j.silva@prefeitura.example", "João d'Ávila", "matrícula 4711"])
def test_what_people_are_called_is_one(name: str) -> None:
    must_be_name(name)


def told(*links: tuple[str, str]) -> People:
    return People.of(SignIn(person, name, "root") for person, name in links)


LINKS = [("bia", "bia"), ("caio", "caio"), ("bia", "b.souza"), ("dora", "dora"), ("caio", "c@x"), ("dora", "B. Souza")]


def test_links_make_one_person_of_all_that_they_join() -> None:
    people = told(*LINKS)
    assert people.same("Dora", "bia")
    assert people.same("b.souza.", "DORA")
    assert people.same("c@x", "Caio")
    assert not people.same("caio", "bia")
    assert not people.same("caio", "eva")
    assert people.named("BSouza") in ("bia", "dora")
    assert people.named("Eva L.") == "Eva L."


def joined(links: list[tuple[str, str]], one: str, other: str) -> bool:
    """Whether links lead from one to the other, walked from name to name."""
    seen, next_ones = set[str](), {one}
    while next_ones:
        seen |= next_ones
        next_ones = {b for pair in links for a, b in (pair, pair[::-1]) if a in next_ones} - seen
    return other in seen


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))), st.integers(0, 99))
def test_who_is_one_person_doesn_t_hang_on_the_order_of_what_was_said(
    links: list[tuple[str, str]], shuffle: int
) -> None:
    mixed = random.Random(shuffle).sample(links, len(links))
    first, again = told(*links), told(*mixed)
    for one in "abcdefgh":
        for other in "abcdefgh":
            assert first.same(one, other) == again.same(one, other) == joined(links, one, other)


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name) == folded(unicodedata.normalize("NFC", name))


def test_who_is_vouched_for_by_one_alone_is_no_second_pair_of_eyes_beside_her() -> None:
    alone = People.of([SignIn("bia", "bia", "root"), SignIn("caio", "caio", "Bia")])
    assert alone.vouched_by("caio", "bia")
    assert not alone.vouched_by("bia", "caio")
    both = People.of([SignIn("bia", "bia", "root"), SignIn("caio", "caio", "bia"), SignIn("caio", "caio", "dora")])
    assert not both.vouched_by("caio", "bia")


# ---- who is apart from whom

APART_BY_HAND = [
    ("case approve", "cohort start"),
    ("case approve", "schedule create"),
    ("case approve", "taxpayers import"),
    ("case approve", "filings import"),
    ("case approve", "benefits import"),
]


def test_the_table_is_what_is_written_here_and_names_duties() -> None:
    assert [(duty, before) for duty, all_before in APART.items() for before in all_before] == APART_BY_HAND
    assert {duty for pair in APART_BY_HAND for duty in pair} <= DUTIES.keys()


@pytest.mark.parametrize(("duty", "before"), APART_BY_HAND)
def test_who_did_the_one_does_not_do_the_other(duty: str, before: str) -> None:
    people = told(("bia", "bia"), ("bia", "b2"))
    with pytest.raises(Refusal, match=f"did `{before}`, on which this rests, so somebody else must `{duty}`"):
        must_be_apart(duty, "bia", [(before, "B2.")], people)
    must_be_apart(duty, "bia", [(before, "caio")], people)
    must_be_apart("case reject", "bia", [(before, "bia")], people)


@pytest.mark.parametrize("other", sorted(set(Role) - ALONE))
def test_an_auditor_is_nothing_else(other: Role) -> None:
    for pair in ((Role.AUDITOR, other), (other, Role.AUDITOR)):
        with pytest.raises(Refusal, match="an auditor is nothing else"):
            must_be_compatible("bia", *pair)
    must_be_compatible("bia", Role.AUDITOR, Role.AUDITOR)
    must_be_compatible("bia", Role.ANALYST, Role.SUPERVISOR)
