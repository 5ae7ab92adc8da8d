"""Notices before a due date: their words, and what is wrong with a ruler's."""

import pytest

from channels.communication_check import before_due_faults, sample_before_due
from models.contact.communication import CommunicationKind
from models.contact.sms import measure
from models.ruler.check import read_ruler
from models.ruler.schema import BeforeDue, Ruler
from storage.amounts.prices import price_faults
from storage.catalogue import RULERS, SHIPPED
from tests.builders import ICMS, render, shipped

KIND = CommunicationKind.BEFORE_DUE
SMS = "templates/sms/before_due/notice.txt.j2"


def telling(name: str = ICMS) -> Ruler:
    return shipped(name).model_copy(update={"before_due": BeforeDue(days=10)})


def test_it_says_that_it_is_a_courtesy_and_names_the_tax_alone() -> None:
    message = render("email", KIND.template, sample_before_due(telling()))
    assert message.subject == "Seu ICMS tem vencimento próximo"
    assert "Este aviso é uma cortesia, e não uma cobrança nem uma notificação" in message.body
    assert "R$" not in message.body


def test_of_a_return_it_speaks_of_a_deadline_and_of_no_payment() -> None:
    message = render("email", KIND.template, sample_before_due(telling(), pays=False, files=True))
    assert message.subject == "Sua declaração de ICMS tem prazo próximo"
    assert "pagamento" not in message.body
    both = render("email", KIND.template, sample_before_due(telling(), files=True)).body
    assert "Um pagamento de ICMS" in both
    assert "declaração de ICMS em seu nome também está perto" in both


@pytest.mark.parametrize(("pays", "files"), [(True, False), (False, True), (True, True)])
def test_each_sms_takes_two_segments_at_most(pays: bool, files: bool) -> None:
    said = render("sms", KIND.template, sample_before_due(telling(), pays, files)).body
    assert measure(said).segments <= 2


def test_the_shipped_words_have_no_fault() -> None:
    assert list(before_due_faults(telling(), SHIPPED)) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Pague {{ amount }}", f"{SMS}:1: uses 'amount', which no message knows"),
        ("{{ tax and '' }}", f"{SMS}: renders to a message without words, or without a subject"),
        (None, f"has no words for before_due by sms: write {SMS}"),
    ],
)
def test_a_fault_of_its_words_is_told_at_its_key(words: str | None, told: str) -> None:
    texts = {name: text for name, text in SHIPPED.items() if name != SMS} | ({SMS: words} if words else {})
    [fault] = before_due_faults(telling(), texts)
    assert (fault.where, fault.what) == (("before_due",), told)
    assert list(before_due_faults(shipped(ICMS), texts)) == []


def test_its_channels_must_have_a_price() -> None:
    prices = """prices: own
title: Contrato
channels:
  email: [{from: 2026-01-01, source: Contrato, price: "0.0050"}]
"""
    only_mail = telling().model_copy(update={"prices": "own", "rows": {}})
    [fault] = price_faults(only_mail, {"prices/own.yaml": prices})
    assert fault.what == "own has no price for sms"


@pytest.mark.parametrize("days", ["0", "61", "1.5", "dez", "true"])
def test_only_a_number_of_days_within_two_months_is_taken(days: str) -> None:
    read = read_ruler(RULERS.read(ICMS)[1] + f"\nbefore_due: {{days: {days}}}\n")
    [fault] = read.faults
    assert fault.where[:2] == ("before_due", "days")
    assert fault.line is not None
