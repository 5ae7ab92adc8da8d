"""Receipts and their corrections: every template in all that it may have to say."""

from itertools import product

import pytest

from channels.communication_check import receipt_faults, sample_receipts
from channels.communications import ReceiptLetter
from models.contact.channel import Channel
from models.contact.communication import RECEIPTS, CommunicationKind
from models.contact.sms import measure
from storage.catalogue import SHIPPED
from tests.builders import ICMS, REGISTERED, render, shipped

LETTERS = sample_receipts(shipped(REGISTERED))
BY_CHANNEL = [(kind, channel) for kind in RECEIPTS for channel in kind.channels]
SECRETS = ("R$", "2025-000123", "01/2025", "IPTU", "quitado")
"""The parts of the sample that an open channel learns of a registered debt alone."""


def said(kind: CommunicationKind, channel: Channel, letter: ReceiptLetter) -> str:
    message = render(channel, kind.template, letter)
    return f"{message.subject or ''}\n{message.body}"


@pytest.mark.parametrize(("kind", "channel"), BY_CHANNEL)
def test_of_an_unregistered_debt_it_says_that_a_payment_came_and_nothing_more(
    kind: CommunicationKind, channel: Channel
) -> None:
    for letter in LETTERS:
        told = said(kind, channel, letter.model_copy(update={"credit": "not_registered"}))
        assert "30/01/2026" in told
        assert [secret for secret in SECRETS if secret in told] == []


def test_of_a_registered_debt_a_letter_says_what_was_paid_and_what_is_left() -> None:
    told = said(CommunicationKind.RECEIPT, "email", LETTERS[0])
    assert "Recebemos R$ 400,00 por Pix em 30/01/2026" in told
    assert "IPTU, nº 2025-000123, período 01/2025: R$ 400,00; falta pagar R$ 600,00" in told


def test_what_is_settled_is_said_to_be_and_what_nobody_can_tell_is_not_guessed() -> None:
    told = said(CommunicationKind.RECEIPT, "email", LETTERS[2])
    assert "IPTU, nº 2025-000123: R$ 400,00; quitado" in told
    assert "período 01/2025: R$ 400,00\n" in told


def test_what_was_paid_too_much_is_named_with_the_right_to_have_it_back() -> None:
    told = said(CommunicationKind.RECEIPT, "email", LETTERS[2])
    assert "Disso, R$ 10,00 foram pagos a mais. Você pode pedir a restituição (CTN, art. 165)" in told
    assert "a mais" not in said(CommunicationKind.RECEIPT, "email", LETTERS[0])


def test_a_correction_says_what_went_and_what_counts_still() -> None:
    told = said(CommunicationKind.CORRECTION, "email", LETTERS[0])
    assert "R$ 50,00 foram devolvidos, estornados ou aplicados em outro débito" in told
    assert "contam R$ 400,00" in told
    nothing = said(CommunicationKind.CORRECTION, "email", LETTERS[4])
    assert "R$ 400,00 foram devolvidos" in nothing
    assert "contam" not in nothing.replace("não contam mais", "")


@pytest.mark.parametrize(("kind", "letter"), product(RECEIPTS, LETTERS))
def test_an_sms_takes_two_segments_at_most(kind: CommunicationKind, letter: ReceiptLetter) -> None:
    assert measure(said(kind, "sms", letter)).segments <= 2


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_the_shipped_words_have_no_fault(name: str) -> None:
    assert list(receipt_faults(shipped(name), SHIPPED)) == []


def test_faults_are_told_with_their_file() -> None:
    unknown = {**SHIPPED, "templates/sms/payments/receipt.txt.j2": "Recebemos {{ balance }}"}
    [fault] = receipt_faults(shipped(REGISTERED), unknown)
    assert fault.what == "templates/sms/payments/receipt.txt.j2:1: uses 'balance', which no message knows"
    missing = {name: text for name, text in SHIPPED.items() if name != "templates/whatsapp/payments/correction.txt.j2"}
    [fault] = receipt_faults(shipped(REGISTERED), missing)
    assert fault.what.endswith("write templates/whatsapp/payments/correction.txt.j2")
    empty = {**SHIPPED, "templates/messenger/payments/receipt.txt.j2": "{{ gone and '' }}"}
    faults = [fault.what for fault in receipt_faults(shipped(REGISTERED), empty)]
    assert [what.partition(":")[0] for what in faults] == [
        "templates/whatsapp/payments/receipt.txt.j2",
        "templates/messenger/payments/receipt.txt.j2",
    ]
