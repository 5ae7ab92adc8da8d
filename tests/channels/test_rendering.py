"""Every message that can be sent is whole, fits its channel, keeps secrets, and can't be turned against us."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from jinja2.exceptions import SecurityError

from channels.rendering import LONGEST_NAME, OPEN, Letter, Message, Words
from channels.template_check import UNSPEAKABLE, sample_letters, template_faults, template_warnings
from models.assets import reinstatement_template
from models.contact.channel import CHANNELS, Channel
from models.contact.sms import measure
from models.formats import day, money, period
from models.law.verification import Verified
from models.ruler.check import read_ruler
from models.ruler.schema import Contact, Ruler, Rung
from storage.catalogue import RULERS, SHIPPED
from tests.builders import ICMS, REGISTERED, render, shipped

AMOUNT = re.compile(r"R\$|\d,\d\d\b")


def messages(ruler: Ruler, channel: Channel) -> Iterator[tuple[Rung, Letter, Message]]:
    for row, _, rung in ruler.cells():
        for letter in sample_letters(ruler, row, rung):
            yield rung, letter, render(channel, rung.template, letter)


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_every_email_says_what_is_open_where_to_look_and_whom_to_call(name: str) -> None:
    seen = set()
    for rung, letter, message in messages(shipped(name), "email"):
        seen.add(rung.template)
        assert message.subject
        assert "\n" not in message.subject
        for needed in (letter.contact.site, letter.contact.phone, letter.case, letter.authority, letter.taxpayer.name):
            assert needed in message.body, rung.template
        count = len(letter.debts) + len(letter.missing_returns) + len(letter.divergences)
        assert ("Está em aberto" if count == 1 else "Estão em aberto") in message.body
        assert (letter.link or "") in message.body
        assert not re.search(r"[{}]|None|Undefined|\n\n\n|[ \t]\n|\.\.| ,", message.body), message.body
    assert seen == {rung.template for _, _, rung in shipped(name).cells()}


def details(letter: Letter) -> Iterator[str]:
    """All that tax secrecy covers, as a message would write it."""
    for debt in letter.debts:
        yield from (money(debt.amount), day(debt.due), *filter(None, (debt.inscription, debt.pix_txid, debt.brcode)))
    periods = (each.period for part in (letter.debts, letter.missing_returns, letter.divergences) for each in part)
    yield from (period(written) for written in periods if written)
    for divergence in letter.divergences:
        yield money(divergence.paid)


@pytest.mark.parametrize("channel", sorted(OPEN))
def test_before_registration_no_open_channel_states_debt_detail(channel: Channel) -> None:
    for rung, letter, message in messages(shipped(ICMS), channel):
        said = message.body + (message.subject or "")
        assert not AMOUNT.search(said), rung.template
        assert not [detail for detail in details(letter) if detail in said], rung.template


def test_the_electronic_domicile_gets_the_same_letter_with_all_detail() -> None:
    for _, letter, message in messages(shipped(ICMS), "domicile"):
        assert message.subject
        assert all(money(debt.amount) in message.body for debt in letter.debts)
        assert all(period(missing.period) in message.body for missing in letter.missing_returns)


def test_registered_debt_lists_inscriptions_amounts_and_total() -> None:
    for _, letter, message in messages(shipped(REGISTERED), "email"):
        for debt in letter.debts:
            assert money(debt.amount) in message.body
            assert (debt.inscription or "") in message.body
            assert (debt.brcode or "") in message.body
        assert len(letter.debts) < 2 or f"Total dos débitos: {money(letter.balance)}" in message.body


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_no_subject_shows_an_amount_or_a_name(name: str) -> None:
    for _, letter, message in messages(shipped(name), "email"):
        assert not AMOUNT.search(message.subject or "")
        assert letter.taxpayer.name not in (message.subject or "")


def verified(name: str) -> Ruler:
    by = Verified(by="Procuradoria", on=date(2026, 10, 1), act="Portaria 1")
    return shipped(name).model_copy(update={"example": False, "verified": by})


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "messenger", "voice", "gazette"])
def test_each_message_of_an_example_says_so(channel: Channel) -> None:
    for _, _, message in messages(shipped(ICMS), channel):
        assert message.body.startswith("EXEMPLO, sem efeito legal. ")
    assert not [message for _, _, message in messages(verified(ICMS), channel) if "EXEMPLO" in message.body]


def test_the_mark_of_an_example_counts_in_the_segments_of_an_sms() -> None:
    marked, plain = (messages(ruler, "sms") for ruler in (shipped(ICMS), verified(ICMS)))
    lengths = zip(marked, plain, strict=True)
    assert {measure(one[2].body).segments - measure(other[2].body).segments for one, other in lengths} == {0, 1}


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_an_sms_is_one_segment_whether_it_has_a_link_or_a_long_site(name: str) -> None:
    ruler = verified(name)
    site = "https://" + "portal-do-contribuinte.fazenda.example/".ljust(52, "x")
    longer = ruler.model_copy(update={"contact": Contact(site=site, phone="0800 000 0000")})
    for _, letter, message in messages(longer, "sms"):
        measured = measure(message.body)
        assert (measured.encoding, measured.segments) == ("gsm7", 1), message.body
        assert (letter.link or site) in message.body


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
@pytest.mark.parametrize("channel", ["sms", "whatsapp", "messenger", "voice"])
def test_whoever_holds_the_telephone_learns_no_name_and_no_amount(name: str, channel: Channel) -> None:
    for _, letter, message in messages(shipped(name), channel):
        assert message.subject is None
        assert letter.taxpayer.name not in message.body
        assert letter.taxpayer.tax_id not in message.body
        assert not AMOUNT.search(message.body)
        assert not [detail for detail in details(letter) if detail in message.body]
        assert not re.search(r"[{}]|None|Undefined|\n\n\n|[ \t]\n|\.\.| ,", message.body), message.body


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_what_is_spoken_has_no_link_and_offers_three_keys(name: str) -> None:
    for _, _, message in messages(shipped(name), "voice"):
        assert not UNSPEAKABLE.search(message.body)
        assert re.findall(r"tecle (\d)", message.body) == ["1", "2", "3"]


def test_each_hypothesis_and_tone_has_words_of_its_own() -> None:
    ruler = shipped(ICMS)
    said = {
        (row, rung.stage): render("messenger", rung.template, sample_letters(ruler, row, rung)[0]).body
        for row, _, rung in ruler.cells()
    }
    assert len(set(said.values())) == len(said)


def test_a_long_sms_is_a_warning_and_no_fault() -> None:
    ruler = shipped(REGISTERED).model_copy(update={"authority": "Procuradoria-Geral do Município " * 12})
    assert list(template_faults(ruler, SHIPPED)) == []
    warnings = list(template_warnings(ruler, SHIPPED))
    assert {warning.where[:2] for warning in warnings} == {("rows", row) for row in ruler.rows}
    assert "its SMS takes 4 segments" in warnings[0].what
    assert list(template_warnings(shipped(REGISTERED), SHIPPED)) == []


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("amounts", "{{ balance | money }}"),
        ("amounts", "{{ 'muito' if balance > 500000 else 'pouco' }}"),
        ("amounts", "{% for d in divergences %}{{ d.paid }}{% endfor %}"),
        ("periods or due dates", "{% for d in debts %}{{ d.period or '' }}{% endfor %}"),
        ("periods or due dates", "{% for m in missing_returns %}{{ m.due | day }}{% endfor %}"),
        ("numbers of debts", "{% for d in debts %}{{ (d.inscription or 'x')[-1] }}{% endfor %}"),
        ("amounts, numbers of debts", "{% include 'email/t2.txt.j2' %}"),
    ],
)
def test_debt_detail_over_an_open_channel_is_refused_in_whatever_form(told: str, words: str) -> None:
    pix = "{% for d in debts %}{{ d.amount }} {{ d.pix_txid }}{% endfor %}"
    texts = written(f"Texto {words}", t2=pix)
    for credit in ("not_registered", "registered"):  # the secret is of the debt, whatever its ruler is for
        [fault] = template_faults(custom().model_copy(update={"credit": credit}), texts)
        assert f"email/t.txt.j2: by email, an open channel, it states {told} before registration" in fault.what
    asked = written(f"Texto {{% if discloses %}}{words}{{% endif %}}", t2=pix)
    assert list(template_faults(custom(), asked)) == []
    closed = custom(("domicile",)).model_copy(update={"credit": "not_registered"})
    assert list(template_faults(closed, texts)) == []


def test_a_fallbacks_words_are_checked_too() -> None:
    ruler = custom().model_copy(update={"fallback": {"email": ("voice",)}})
    spoken = {"templates/voice/base.txt.j2": "Acesse {{ contact.site }}"}
    [fault] = template_faults(ruler, written("texto") | spoken)
    assert "voice/base.txt.j2: is spoken, and nobody writes down a link" in fault.what


def test_a_ruler_that_does_not_say_is_taken_for_the_more_secret() -> None:
    text = RULERS.read(ICMS)[1].replace("credit: not_registered\n", "")
    assert credit_of(text) == "not_registered"
    assert credit_of(RULERS.read(REGISTERED)[1].replace("credit: registered\n", "")) == "registered"


def credit_of(text: str) -> str | None:
    ruler = read_ruler(text).ruler
    return ruler.credit if ruler else None


def letter_of(name: str, template: str, **changes: object) -> Letter:
    ruler = shipped(name)
    row, rung = next((row, rung) for row, _, rung in ruler.cells() if rung.template == template)
    plain = sample_letters(ruler, row, rung)[0]
    return Letter.model_validate({**plain.model_dump(), **changes})


def test_the_last_message_is_the_sources_own() -> None:
    letter = letter_of(ICMS, "alagoas-icms/h8-suspension")
    sentence = "comunicamos que seus benefícios fiscais foram suspensos devido à não regularização de seus débitos"
    company = render("email", "alagoas-icms/h8-suspension", letter).body
    assert f"Empresa CNPJ nº 12.ABC.345/01DE-35, {sentence} junto ao Fisco." in company
    person = {"name": "Maria Exemplo", "tax_id": "111.444.777-35", "is_company": False}
    to_a_person = letter_of(ICMS, "alagoas-icms/h8-suspension", taxpayer=person)
    closed = render("domicile", "alagoas-icms/h8-suspension", to_a_person).body
    assert f"Contribuinte CPF nº 111.444.777-35, {sentence} junto ao Fisco." in closed
    by_mail = render("email", "alagoas-icms/h8-suspension", to_a_person)
    assert "benefício" not in f"{by_mail.subject}{by_mail.body}"  # CTN art. 198, § 3º, is about companies


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_a_formal_notice_gives_the_ways_out_and_the_time_for_them(name: str) -> None:
    for rung, letter, message in messages(shipped(name), "email"):
        if rung.formal and rung.stage != "suspension":
            assert "No prazo de 30 dias, contados da ciência" in message.body
            assert "apresentar defesa, que tem efeito suspensivo" in message.body
            assert not letter.debts or all(
                rung_channel in message.body for rung_channel in ("- pagar", "- parcelar", "apresentar bens")
            )


def test_a_reminder_is_no_audit_and_leaves_returns_open_to_spontaneous_correction() -> None:
    """For tax declared and unpaid nothing is spontaneous any more (STJ, Súmula 360)."""
    for rung, letter, message in messages(shipped(ICMS), "email"):
        if not rung.formal:
            assert "não inicia procedimento de fiscalização" in message.body
            assert ("CTN, art. 138" in message.body) is bool(letter.missing_returns or letter.divergences)


def test_benefits_given_back_say_so_and_list_only_what_is_still_open() -> None:
    template = reinstatement_template("alagoas-icms/h8-suspension")
    assert template == "alagoas-icms/reinstatement"
    nothing: dict[str, object] = {"debts": (), "missing_returns": (), "divergences": (), "balance": Decimal(0)}
    settled = letter_of(ICMS, "alagoas-icms/h8-suspension", today=date(2026, 5, 4), **nothing)
    body = render("email", template, settled).body
    assert "seus benefícios fiscais foram restabelecidos em 04/05/2026" in body
    assert "em aberto" not in body
    owing = render("email", template, letter_of(ICMS, "alagoas-icms/h8-suspension")).body
    assert "Estão em aberto" in owing


@pytest.mark.parametrize(
    "name",
    ["{{ 7 * 191 }}", "{% for x in debts %}x{% endfor %}", "<script>alert('1')</script>", "A & B \\n {# c #}"],
)
def test_markup_in_a_taxpayers_name_stays_text(name: str) -> None:
    person = {"name": name, "tax_id": "111.444.777-35", "is_company": False}
    letter = letter_of(REGISTERED, "divida-ativa/h1-reminder", taxpayer=person)
    message = render("email", "divida-ativa/h1-reminder", letter)
    assert f"Olá, {name}," in message.body


def test_line_breaks_in_a_name_add_no_paragraph_and_no_header() -> None:
    sly = {"name": "João\r\nBcc: x@y.example\n\n\u2028Pague aqui\x1b[0m", "tax_id": "1", "is_company": False}
    message = render(
        "email", "divida-ativa/h1-reminder", letter_of(REGISTERED, "divida-ativa/h1-reminder", taxpayer=sly)
    )
    assert "Olá, João Bcc: x@y.example Pague aqui [0m," in message.body.splitlines()


def test_a_name_cannot_turn_the_writing_round_nor_fill_the_page() -> None:
    sly = {"name": "Ana \u202etxt.exe\u200b" + "a" * 5000, "tax_id": "1", "is_company": False}
    name = letter_of(REGISTERED, "divida-ativa/h1-reminder", taxpayer=sly).taxpayer.name
    assert name.startswith("Ana txt.exe a")
    assert len(name) == LONGEST_NAME
    assert name.endswith("…")


@pytest.mark.parametrize(
    "escape",
    [
        "{{ authority.__class__.__mro__ }}",
        "{{ debts.__init__.__globals__ }}",
        "{{ ''['__class__'] }}",
        "{{ '{0.__class__}'.format(authority) }}",
    ],
)
def test_the_sandbox_blocks_the_way_to_python(escape: str) -> None:
    texts = written(escape)
    with pytest.raises(SecurityError):
        render("email", "t", letter_of(REGISTERED, "divida-ativa/h1-reminder"), Words(texts))


def written(body: str, subject: str = "Assunto", **others: str) -> dict[str, str]:
    """Templates of which the e-mail `t` has these words."""
    texts = {"t": f"{subject}\n\n{body}"} | others
    return {f"templates/email/{name}.txt.j2": text for name, text in texts.items()}


def custom(channels: tuple[Channel, ...] = ("email",)) -> Ruler:
    """The registered-debt ruler with one row of one rung, whose template is `t`, and no fallback."""
    ruler = shipped(REGISTERED)
    rung = ruler.rung("h1", 0).model_copy(update={"template": "t", "channels": channels})
    row = ruler.rows["h1"].model_copy(update={"rungs": (rung,)})
    return ruler.model_copy(update={"rows": {"h1": row}, "fallback": {}})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{{ autority }}", "email/t.txt.j2:3: uses 'autority', which no message knows"),
        ("um\n{% if balance > 999999999 %}\n{{ segredo }}\n{% endif %}", "t.txt.j2:5: uses 'segredo'"),
        ("um\n{% if balance > 999999999 %}\n{{ taxpayer.nome }}\n{% endif %}", "t.txt.j2:5: there is no 'nome'"),
        ("{{ 'a' if balance >= 0 else contact.fax }}", "t.txt.j2:3: there is no 'fax'"),
        (
            "{% for d in debts %}{% if d.amount > 999999999 %}{{ d.valor }}{% endif %}{% endfor %}",
            "there is no 'valor'",
        ),
        ("{{ balance | dinheiro }}", "t.txt.j2:3: No filter named 'dinheiro'"),
        ("{% if balance < 0 %}{{ balance | dinheiro }}{% endif %}", "No filter named 'dinheiro'"),
        ("{{ deadline | day }}", "t.txt.j2:3: fails with"),
        ("{{ debts[0].tax }}", "t.txt.j2:3:"),
        ("{% if %}", "t.txt.j2:3: Expected an expression"),
        ("{% include 'email/gone.txt.j2' %}", "email/gone.txt.j2: is extended or included, but doesn't exist"),
        ("{% include case %}", "chooses a template while it renders"),
        ("{{ range(3) }}", "uses 'range'"),
        ("{{ authority.__class__ }}", "unsafe"),
        ("", "renders to an empty message"),
    ],
)
def test_a_faulty_template_is_told_with_its_line(body: str, told: str) -> None:
    faults = list(template_faults(custom(), written(body)))
    assert any(told in fault.what for fault in faults), faults
    assert {fault.where for fault in faults} == {("rows", "h1", "rungs", 0, "template")}


def test_a_block_that_nothing_shows_is_a_fault() -> None:
    child = "{% extends 'email/base.txt.j2' %}\n{% block openning %}x{% endblock %}"
    texts = written("", t=child, base="Assunto\n{% block opening %}oi{% endblock %}")
    [fault] = template_faults(custom(), texts)
    assert fault.what.endswith("email/t.txt.j2:2: fills the block 'openning', which nothing shows")


def test_words_missing_for_one_channel_only() -> None:
    [fault] = template_faults(custom(("email", "sms")), written("texto"))
    assert fault.where == ("rows", "h1", "rungs", 0, "template")
    assert "has no words for sms: write" in fault.what
    assert "sms/t.txt.j2" in fault.what


def test_a_ruler_needs_no_words_of_its_own_but_an_e_mails() -> None:
    texts = {**SHIPPED, **written("texto")}
    assert list(template_faults(custom(CHANNELS), texts)) == []
    texts["templates/whatsapp/t.txt.j2"] = "palavras próprias"
    letter = sample_letters(custom(), "h1", custom().rung("h1", 0))[0]
    assert render("whatsapp", "t", letter, Words(texts)).body == "EXEMPLO, sem efeito legal. palavras próprias"


def test_a_ruler_that_suspends_needs_words_to_give_back() -> None:
    ruler = shipped(ICMS)
    texts = {name: text for name, text in SHIPPED.items() if not name.endswith("/reinstatement.txt.j2")}
    [fault] = template_faults(ruler, texts)
    assert fault.where == ("rows", "h8", "rungs", 2, "template")
    assert "email/alagoas-icms/reinstatement.txt.j2" in fault.what


def test_a_text_is_compiled_once_whichever_rulers_use_it_and_anew_once_it_changes() -> None:
    name = "email/base.txt.j2"
    changed = {**SHIPPED, f"templates/{name}": "Outro texto."}
    first, second, other = (Words(texts).get_template(name).root_render_func for texts in (SHIPPED, SHIPPED, changed))
    assert first.__code__ is second.__code__
    assert list(other(Words(changed).get_template(name).new_context())) == ["Outro texto."]
