from hypothesis import given
from hypothesis import strategies as st

from channels.merge_template import TAG, merge_template

OWN = st.lists(st.text(st.sampled_from("ab1-regu:t0 "), max_size=6), max_size=5)
TEXT = st.lists(st.sampled_from(["a", "b", "ab", "1", "-", " ", "t0", "regua:", "-regua:t0-", "débito "])).map("".join)


def filled(text: str, values: dict[str, str]) -> str:
    """As SendGrid fills it: one tag after another."""
    for tag, value in values.items():
        text = text.replace(tag, value)
    return text


@given(TEXT, OWN)
def test_the_values_put_back_give_the_text(text: str, personal: list[str]) -> None:
    made = merge_template(text, personal, "t")
    assert filled(made.text, made.values) == text
    assert filled(made.text, dict(reversed(made.values.items()))) == text


def test_messages_that_differ_in_what_is_personal_share_a_template() -> None:
    ana = merge_template("Ana deve R$ 10,00: Ana, pague.", ("Ana", "R$ 10,00"), "t")
    rui = merge_template("Rui Sá deve R$ 7,50: Rui Sá, pague.", ("Rui Sá", "R$ 7,50"), "t")
    assert ana.text == rui.text == f"{TAG}t0- deve {TAG}t1-: {TAG}t0-, pague."


def test_a_personal_string_inside_another_doesnt_tear_it_apart() -> None:
    made = merge_template("R$ 1.000,00, em parcelas de R$ 1", ("R$ 1", "R$ 1.000,00"), "t")
    assert made.text == f"{TAG}t1-, em parcelas de {TAG}t0-"


def test_a_text_that_holds_a_tag_is_left_alone() -> None:
    assert merge_template(f"Ana {TAG}t0-", ("Ana",), "t").values == {}
