"""Sentences that a text may not say, each sentence beside one that is fine."""

import pytest

from channels.claims import wrong_claims, wrong_promises
from channels.rendering import Letter, Message, PastAgreement, PastDefence
from channels.template_check import sample_letters
from models.contact.channel import Channel
from models.law.calendar import Unit, Wait
from tests.builders import ICMS, shipped

RULER = shipped(ICMS)
PLAIN = sample_letters(RULER, "h8", RULER.rows["h8"].rungs[0])[0].model_copy(
    update={"missing_returns": (), "divergences": ()}
)
RETURNS = sample_letters(RULER, "h3", RULER.rows["h3"].rungs[0])[0]
ON_RECORD = PLAIN.model_copy(
    update={
        "partly_paid": True,
        "guaranteed": True,
        "agreement": PastAgreement(ended_on=None),
        "defence": PastDefence.model_validate({"filed_on": "2026-01-07", "state": "rejected", "decided_on": None}),
    }
)
PERSON = PLAIN.model_copy(update={"taxpayer": PLAIN.taxpayer.model_copy(update={"is_company": False})})


def told(letter: Letter, body: str, channel: Channel = "email") -> list[str]:
    return [*wrong_claims(letter, channel, Message(subject="Assunto", body=body))]


@pytest.mark.parametrize(
    "sentence",
    [
        "Até esta data não consta regularização, garantia ou defesa.",
        "Não há parcelamento em vigor.",
        "Consta débito, sem pagamento e sem parcelamento.",
        "Continuamos sem identificar o pagamento.",
        "Nenhuma defesa foi apresentada.",
        "Nada temos a registrar: falta o pagamento.",
        "Inexiste garantia.",
    ],
)
def test_what_is_on_record_is_not_denied(sentence: str) -> None:
    assert told(PLAIN, sentence) == []
    assert told(ON_RECORD, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Sem pagamento nem acordo, a cobrança segue.",
        "Decorrido o prazo sem defesa nem pagamento, o benefício pode ser suspenso.",
        "O contribuinte pode apresentar defesa ou garantia.",
        "A defesa foi rejeitada. Não respondemos por e-mail.",
        "A defesa apresentada em 07/01/2026 (processo 1500-001234/2025) foi rejeitada em 19/01/2026.",
        "Pague ou parcele para encerrar a cobrança.",
    ],
)
def test_a_condition_or_an_offer_denies_nothing(sentence: str) -> None:
    assert told(ON_RECORD, sentence) == []


@pytest.mark.parametrize(
    ("letter", "sentence", "fine_in"),
    [
        (PLAIN, "A regularização espontânea continua aberta.", RETURNS),
        (PLAIN, "Veja o artigo 138 do CTN.", RETURNS),
        (PLAIN, "Suspensão (LC nº 225/2026, art. 11).", PLAIN.model_copy(update={"statutory": True})),
        (PLAIN, "Nos termos da Lei Complementar 225, de 2026.", PLAIN.model_copy(update={"statutory": True})),
        (PLAIN.model_copy(update={"in_court": True}), "A dívida segue para execução fiscal.", PLAIN),
        (PLAIN.model_copy(update={"in_court": True}), "O débito poderá ser ajuizado.", PLAIN),
        (PLAIN, "Esta não é a primeira vez.", PLAIN.model_copy(update={"occurrences": 2})),
        (PLAIN, "Diferença repetida.", PLAIN.model_copy(update={"occurrences": 2})),
        (PERSON, "Seus benefícios fiscais foram suspensos.", PLAIN),
    ],
)
def test_what_the_law_keeps_from_some_is_said_to_others(letter: Letter, sentence: str, fine_in: Letter) -> None:
    assert len(told(letter, sentence)) == 1
    assert told(fine_in, sentence) == []


def test_benefits_of_a_person_are_told_in_the_domicile() -> None:
    assert told(PERSON, "Seus benefícios fiscais foram suspensos.", "domicile") == []


@pytest.mark.parametrize("text", ["Lei a citar pelo Município.", "Lei ??.", "Pague \x1b[2J já.", "Olá\u202e"])
def test_nobody_reads_questions_or_what_no_reader_sees(text: str) -> None:
    assert told(PLAIN, text)


@pytest.mark.parametrize(
    ("sentence", "given", "dwell", "wrong"),
    [
        ("No prazo de 30 dias, contados da ciência", "30 legal", "30 legal", 0),
        ("No prazo de 60 dias", "30 legal", "30 legal", 2),
        ("no prazo de até 10 dias", "30 legal", "30 legal", 1),
        ("no prazo de trinta (30) dias", "30 legal", "30 legal", 0),
        ("no prazo de noventa dias", "30 legal", "30 legal", 2),
        ("no prazo de 30 dias úteis", "30 legal", "30 legal", 2),
        ("O contribuinte tem 45 dias, contados da notificação, para pagar", "30 legal", "30 legal", 2),
        ("o registro pode levar alguns dias úteis", "30 legal", "30 legal", 0),
        ("no prazo de 30 dias", "30 legal", "15 legal", 1),
    ],
)
def test_a_notice_promises_the_term_that_the_ruler_keeps(sentence: str, given: str, dwell: str, wrong: int) -> None:
    found = wrong_promises(Message(subject="x", body=sentence), _wait(given), _wait(dwell))
    assert len([*found]) == wrong


def _wait(written: str) -> Wait:
    days, unit = written.split()
    return Wait(days=int(days), unit=Unit(unit))
