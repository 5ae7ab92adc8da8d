"""An HTML mail says what its plain text says, fetches nothing, and can't be made to say more."""

import re

import pytest

from channels.mail_html import Letterhead, mail_html
from channels.rendering import Letter, Message
from channels.template_check import SAMPLE_LINK, sample_letters
from tests.builders import ICMS, REGISTERED, SHIPPED_WORDS, render, shipped
from tests.html import Opened

SITE = "https://site.example/consulta"
HEAD = Letterhead("Fazenda & Cia", SITE, "https://pague.authority.example/p/")


def opened(body: str, subject: str = "Assunto") -> Opened:
    mail = Opened(mail_html(Message(subject=subject, body=body), HEAD, SHIPPED_WORDS))
    assert mail.stack == []
    assert mail.fetched == []
    return mail


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_every_mail_of_a_ruler_has_the_words_of_its_plain_text_in_their_order(name: str) -> None:
    ruler = shipped(name)
    head = Letterhead(ruler.authority, ruler.contact.site, HEAD.pay_pages)
    for row, _, rung in ruler.cells():
        for letter in sample_letters(ruler, row, rung):
            message = render("email", rung.template, letter)
            mail = Opened(mail_html(message, head, SHIPPED_WORDS))
            assert mail.stack == []
            said = mail.text.replace("Consultar e resolver", "").split()
            plain = re.sub(r"(?m)^- ", "", message.body)
            assert said == f"{message.subject} {ruler.authority} {message.subject} {plain}".split()
            assert set(mail.links) == {ruler.contact.site, *([letter.link] if letter.link else [])}


def test_paragraphs_lists_and_lines_keep_their_shape() -> None:
    html = mail_html(Message(subject="s", body="Um\nDois\n\nComo:\n- a\n  e mais\n- b\nFim\n"), HEAD, SHIPPED_WORDS)
    lines = re.sub(r' style="[^"]*"', "", html)
    assert "<p>Um<br>Dois</p>" in lines
    assert re.search(r"<p>Como:</p>\s*<ul>\s*<li>a<br>e mais</li>\s*<li>b</li>\s*</ul>\s*<p>Fim</p>", lines)


def test_the_link_to_what_is_owed_is_a_button_and_stays_readable() -> None:
    mail = opened(f"Veja: {SAMPLE_LINK}\n\nOu {SITE}.")
    assert mail.links == [SAMPLE_LINK, SAMPLE_LINK, SITE]
    assert "Consultar e resolver" in mail.text
    assert "Consultar e resolver" not in opened(f"Veja em {SITE}.").text


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "<a href='//x'>", "<!--", "&lt;b&gt;", '"><img src=x>', "{{ 7 * 191 }}"]
)
def test_markup_in_a_name_or_a_subject_stays_text(name: str) -> None:
    mail = opened(f"Olá, {name},\n\nTexto.", subject=name)
    assert mail.text.count(name) == 3
    assert not mail.tags & {"script", "img", "a"}


def test_an_address_in_a_name_is_no_link() -> None:
    assert opened("Olá, http://pague-aqui.example/p/1 e https://site.example.evil/consulta,").links == []
    assert opened(f"Olá, {SITE}.evil/x,").links == []


def test_the_same_text_makes_the_same_mail() -> None:
    ruler = shipped(ICMS)
    letter: Letter = sample_letters(ruler, "h1", ruler.rung("h1", 0))[0]
    message = render("email", "alagoas-icms/h1-reminder", letter)
    assert mail_html(message, HEAD, SHIPPED_WORDS) == mail_html(message, HEAD, SHIPPED_WORDS)
