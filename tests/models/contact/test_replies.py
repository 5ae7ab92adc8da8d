"""Replies as people write them: in a hurry, without accents, with too many of them, with emojis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contact.replies import ANSWERS, ASK, MENU, NOT_PROMISED, NOTHING_OPEN, Intent, intent_of

GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)

SAID = {
    Intent.PAY: (
        "1",
        " 1 ",
        "1.",
        "1️⃣",
        "①",
        "opção 1",
        "Opcao 1 por favor",
        "um",
        "1 pagar",
        "quero a 1",
        "pagar",
        "PAGAR!!!",
        "Quero pagar",
        "como faço pra pagar?",
        "manda o pix",
        "me manda o boleto por favor 🙏",
        "2a via do boleto",
        "2 via",
        "segunda via",
        "cadê o link",
        "pagar hoje",
    ),
    Intent.PROMISE: (
        "pago amanhã",
        "vou pagar sexta",
        "prometo pagar dia 10",
        "R$ 200 dia 5",
        "sexta",
    ),
    Intent.INSTALMENTS: (
        "2",
        "dois",
        "2 parcelar",
        "2 - parcelar",
        "parcelar",
        "quero parcelar",
        "Quero PARCELAR a dívida",
        "da pra dividir?",
        "posso pagar em 10x?",
        "posso pagar em dez vezes",
        "quero pagar parcelado",
        "não tenho como pagar agora",
        "nao consigo pagar tudo",
        "estou sem condições 😢",
        "quero fazer um acordo",
        "negociar",
        "renegociação",
    ),
    Intent.PAID: (
        "3",
        "três",
        "tres",
        "3 já paguei",
        "ja paguei!!",
        "já paguei",
        "JÁ PAGUEI ISSO",
        "paguei ontem",
        "ta pago",
        "tá pago já",
        "já foi pago",
        "fiz o pix hoje de manhã",
        "segue o comprovante",
        "quitado",
        "já quitei essa dívida 👍",
        "não devo nada, já paguei",
    ),
    Intent.OBJECTION: (
        "4",
        "quatro",
        "4 contestar",
        "contestar",
        "quero contestar essa cobrança",
        "não devo isso",
        "nao reconheço essa divida",
        "valor errado",
        "o valor está errado",
        "cobrança indevida!!",
        "essa dívida não é minha",
        "discordo",
    ),
    Intent.CALL: (
        "5",
        "cinco",
        "5 falar com atendente",
        "atendente",
        "quero falar com alguém",
        "falar com uma pessoa",
        "ATENDIMENTO HUMANO",
        "me liga",
        "me liguem por favor",
        "já paguei, quero falar com um atendente",
    ),
    Intent.OPT_OUT: (
        "sair",
        "SAIR",
        "Sair.",
        "quero sair",
        "PARAR",
        "pare",
        "parem!!!",
        "cancelar",
        "STOP",
        "stop all",
        "unsubscribe",
        "descadastrar",
        "sair da lista",
        "não quero mais receber",
        "nao quero receber mensagens",
        "não quero mais essas mensagens",
        "para de me mandar mensagem",
        "parem de me ligar",
        "não me mande mais mensagem",
        "não me liguem",
        "me tira dessa lista",
        "remova meu número",
        "tirem o meu telefone do cadastro",
        "sair por favor 🙏",
    ),
    Intent.UNCLEAR: (
        "",
        "   ",
        "👍",
        "?",
        "oi",
        "bom dia",
        "quem é?",
        "6",
        "12",
        "0",
        "ajuda",
        "2 dias atrás",
        "1 mês",
        "não paguei",
        "ainda não paguei",
        "não vou pagar",
        "já parcelei",
        "já fiz acordo",
        "número errado",
        "não mandei",
        "quero sair dessa situação",
        "obrigado",
        "١",
    ),
}


@pytest.mark.parametrize(("said", "meant"), [(said, meant) for meant, fallbacks in SAID.items() for said in fallbacks])
def test_is_understood(said: str, meant: Intent) -> None:
    assert intent_of(said) is meant


@given(st.text(max_size=1700))
def test_whatever_is_written_is_answered(written: str) -> None:
    assert ANSWERS[intent_of(written)]


@given(st.sampled_from(sorted(MENU)), st.sampled_from(["{}", " {} ", "{}!", "opção {}", "{} por favor", "{}️⃣"]))
def test_a_number_of_the_menu_is_its_request(number: str, written: str) -> None:
    assert intent_of(written.format(number)) is MENU[number]


@pytest.mark.parametrize("answer", [*ANSWERS.values(), NOT_PROMISED, ASK, NOTHING_OPEN])
def test_an_answer_is_one_segment_of_an_sms(answer: str) -> None:
    sent = answer.format(link="https://regua.exemplo.gov.br/p/" + "x" * 40, on="10/03/2026")
    assert set(sent) <= GSM7
    assert len(sent) <= 160


def test_the_menu_offers_every_request() -> None:
    assert set(MENU.values()) | {Intent.PROMISE, Intent.OPT_OUT, Intent.UNCLEAR} == set(Intent)
    assert all(number in ASK for number in MENU)
    assert "SAIR" in ASK
