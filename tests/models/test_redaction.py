"""No text that went through redaction says who the taxpayer is, however it is written in it."""

from hypothesis import given
from hypothesis import strategies as st

from models.contact.sms import transliterate
from models.redaction import Person
from models.taxid import cnpj_check_digits, cpf_check_digits, formatted

AROUND = st.text(max_size=30).map(lambda text: f"{text} ")
LETTERS = "abcdefghijklmnopqrstuvwxyzáéíóúâêôãõçàüABCDEFGHIJKLMNOPQRSTUVWXYZÁÉÍÓÚÂÊÔÃÕÇ"
NAMES = st.lists(st.text(LETTERS, min_size=2, max_size=12), min_size=1, max_size=5).map(" ".join)
CNPJS = st.text("0123456789ABCDEFGHJK", min_size=12, max_size=12).map(lambda base: base + cnpj_check_digits(base))
CPFS = st.text("0123456789", min_size=9, max_size=9).map(lambda base: base + cpf_check_digits(base))
PHONES = st.integers(11_900_000_000, 99_999_999_999).map(lambda number: f"+55{number}")


@given(AROUND, AROUND, st.one_of(CNPJS, CPFS))
def test_no_tax_id_is_left(before: str, after: str, number: str) -> None:
    person = Person(tax_id=number, name="")
    for written in (number, number.lower(), formatted(number), " ".join(number)):
        assert written not in person.redacted(f"{before}{written} {after}")


@given(AROUND, AROUND, NAMES)
def test_no_name_is_left(before: str, after: str, name: str) -> None:
    person = Person(tax_id="00000000000000", name=name)
    for written in (name, name.upper(), name.replace(" ", "\n"), name.replace(" ", "  "), transliterate(name)):
        said = person.redacted(f"{before}{written} {after}")
        assert f" {written} " not in said
        assert "[nome omitido]" in said


@given(AROUND, PHONES)
def test_no_telephone_is_left(before: str, phone: str) -> None:
    person = Person(tax_id="00000000000000", name="", addresses=(phone, "dona@padaria.example"))
    area, first, last = phone[3:5], phone[5:10], phone[10:]
    for written in (phone, phone[3:], f"({area}) {first}-{last}", f"+55 {area} {first}-{last}", "Dona@Padaria.example"):
        assert written not in person.redacted(f"{before}<{written}>")


def test_a_name_that_a_message_cut_is_not_left() -> None:
    name = "Comércio de Alimentos " * 9
    said = Person(tax_id="00000000000000", name=name).redacted(f"Olá, {name[:149]}…, há débito")
    assert said == "Olá, [nome omitido], há débito"


def test_a_personal_link_is_not_left() -> None:
    said = Person(tax_id="00000000000000", name="").redacted(
        "Veja https://pague.example/p/a.b-c e https://site.example."
    )
    assert said == "Veja [ligação pessoal omitida] e https://site.example."


def test_words_that_only_hold_the_name_stay() -> None:
    assert Person(tax_id="00000000000000", name="Ana").redacted("analisada por Ana") == "analisada por [nome omitido]"
