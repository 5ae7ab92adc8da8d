"""The words of an arrangement with a person: a promise is reminded of, and an agreement signed at an address."""

import pytest

from channels.communication_check import promise_faults, sample_promise, sample_signing, signing_faults
from models.contact.channel import Channel
from models.contact.communication import CommunicationKind
from models.contact.sms import measure
from storage.catalogue import RULERS, SHIPPED
from tests.builders import ICMS, REGISTERED, render, shipped

PROMISE, SIGNING = CommunicationKind.PROMISE, CommunicationKind.SIGNING
CHANNELS = PROMISE.channels


@pytest.mark.parametrize("channel", CHANNELS)
def test_of_debts_that_are_not_registered_a_reminder_names_the_day_alone(channel: Channel) -> None:
    """CTN art. 198; all its channels may be seen by others."""
    letter = sample_promise(shipped(ICMS)).model_copy(update={"credit": "not_registered"})
    told = render(channel, PROMISE.template, letter).body
    assert "03/02/2026" in told
    assert "R$" not in told


def test_of_registered_ones_its_mail_names_the_amount() -> None:
    told = render("email", PROMISE.template, sample_promise(shipped(REGISTERED)))
    assert told.subject == "Lembrete: pagamento combinado para 03/02/2026"
    assert "um pagamento de R$ 400,00 para 03/02/2026" in told.body


def test_the_address_to_sign_at_says_that_nothing_is_signed_yet() -> None:
    told = render("email", SIGNING.template, sample_signing(shipped(REGISTERED))).body
    assert "em 6 parcelas" in told
    assert "Ele só vale depois que você o confirmar" in told


@pytest.mark.parametrize("kind", [PROMISE, SIGNING])
def test_each_sms_takes_two_segments_at_most(kind: CommunicationKind) -> None:
    letter = sample_promise(shipped(REGISTERED)) if kind is PROMISE else sample_signing(shipped(REGISTERED))
    assert measure(render("sms", kind.template, letter).body).segments <= 2


@pytest.mark.parametrize("name", RULERS.names())
def test_the_shipped_words_have_no_fault(name: str) -> None:
    assert [*promise_faults(shipped(name), SHIPPED), *signing_faults(shipped(name), SHIPPED)] == []


def test_a_file_that_is_missing_is_told() -> None:
    texts = {name: text for name, text in SHIPPED.items() if name != "templates/sms/promises/reminder.txt.j2"}
    [fault] = promise_faults(shipped(ICMS), texts)
    assert fault.what == "has no words for promise_reminder by sms: write templates/sms/promises/reminder.txt.j2"
