"""A letter on paper: what stands where on its pages, and that the file says what is what."""

from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import NumberObject

from channels.letter_pdf import LetterPages, letter_pdf

LETTER = LetterPages(
    authority="Procuradoria do Município",
    addressee="Padaria & Filhos Ltda",
    address="Rua do Sol, 12, Centro, Maceió/AL, 57020-000",
    subject="Notificação formal – protocolo 0123456789abcdef",
    body="\n\n".join(["Contribuinte:", *(f"Parágrafo {n}. " + "texto " * 80 for n in range(12)), "- um\n- dois\n"]),
    code="AR0000001234",
)


def elements(node: Any) -> list[tuple[str, Any]]:
    """The structure of a PDF in reading order: each element's role, and the stretch of a page that it holds."""
    found = []
    for child in node["/K"]:
        inner = child.get_object()
        if "/S" in inner:
            found += [(inner["/S"], inner), *elements(inner)]
    return found


def test_the_first_page_has_the_addressee_and_the_code_of_the_receipt() -> None:
    text = PdfReader(BytesIO(letter_pdf(LETTER))).pages[0].extract_text()
    head = text[: text.index("Contribuinte")].splitlines()
    assert head == [
        "Procuradoria do Município",
        "Padaria & Filhos Ltda",
        "Rua do Sol, 12, Centro",
        "57020-000 Maceió/AL",
        "AR0000001234",
        "Notificação formal – protocolo 0123456789abcdef",
    ]


def test_every_page_has_the_code_and_the_words_go_on() -> None:
    pages = [page.extract_text() for page in PdfReader(BytesIO(letter_pdf(LETTER))).pages]
    assert len(pages) > 1
    assert all("AR0000001234" in page for page in pages)
    assert "- um\n- dois" in pages[-1]


def test_the_file_says_what_is_a_heading_and_what_a_paragraph() -> None:
    read = PdfReader(BytesIO(letter_pdf(LETTER)))
    catalog: Any = read.trailer["/Root"]
    assert (catalog["/MarkInfo"]["/Marked"], catalog["/Lang"]) == (True, "pt-BR")
    roles = [role for role, _ in elements(catalog["/StructTreeRoot"]["/K"].get_object())]
    assert roles[:5] == ["/P", "/P", "/P", "/H1", "/P"], "sender, addressee, code, subject, and the words"
    assert set(roles[5:]) == {"/P"}


def test_each_stretch_of_a_page_leads_back_to_its_element() -> None:
    read = PdfReader(BytesIO(letter_pdf(LETTER)))
    catalog: Any = read.trailer["/Root"]
    numbers: Any = catalog["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    for index, page in enumerate(read.pages):
        content: Any = page.get_contents()
        assert content is not None
        stream = content.get_data()
        assert stream.count(b"BDC") + stream.count(b"BMC") == stream.count(b"EMC")
        assert page["/StructParents"] == NumberObject(index)
        assert len(numbers[2 * index + 1]) == stream.count(b"/MCID")


def test_the_same_letter_is_the_same_file_and_one_that_isnt_posted_says_so() -> None:
    assert letter_pdf(LETTER) == letter_pdf(LETTER)
    rehearsed = LetterPages(**{**vars(LETTER), "code": None, "address": "sem endereço"})
    text = PdfReader(BytesIO(letter_pdf(rehearsed))).pages[0].extract_text()
    assert "sem valor postal" in text
    assert "AR000" not in text
