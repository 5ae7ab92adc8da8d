"""A name can be typed, stand in an address and be a file's."""

import pytest

from models.errors import Refusal
from models.slug import must_be_slug


@pytest.mark.parametrize("name", ["iptu-2025", "REFIS", "icms_10.2026", "a", "x" * 64, "2026"])
def test_a_name_of_letters_and_digits_is_one(name: str) -> None:
    must_be_slug("a cohort", name)


@pytest.mark.parametrize(
    "name",
    ["", " ", "a\nb", "a\n", "../../x", "..", ".a", "-rf", "a/b", "a b", "a\x00", "\x1b[2J", "x" * 65, "é", "a\u202eb"],
)
def test_what_could_be_taken_for_something_else_is_none(name: str) -> None:
    with pytest.raises(Refusal, match="is no name for a cohort") as refused:
        must_be_slug("a cohort", name)
    assert str(refused.value).isprintable()


def test_a_very_long_one_is_not_repeated() -> None:
    with pytest.raises(Refusal) as refused:
        must_be_slug("a cohort", "x" * 3000)
    assert len(str(refused.value)) < 300
