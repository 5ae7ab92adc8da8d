"""The messages about an instalment: every template in all that it may have to say."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from channels.communications import InstalmentLetter
from channels.rendering import Addressee
from models.contact.channel import CHANNELS, Channel
from models.contact.communication import CommunicationKind
from models.contact.sms import measure
from models.ruler.schema import Contact
from tests.builders import render

KINDS = {"reminder": CommunicationKind.REMINDER, "alert": CommunicationKind.ALERT}
FILES = sorted((channel, kind) for kind, told in KINDS.items() for channel in told.channels)


def letter(payable: bool, breaks_on: date | None) -> InstalmentLetter:
    return InstalmentLetter(
        authority="Procuradoria da Fazenda – Dívida Ativa",
        contact=Contact(site="https://divida-ativa.fazenda.example/consulta", phone="0800 000 0001"),
        case="c-7f3a9b2e",
        today=date(2026, 4, 7),
        taxpayer=Addressee(name="Padaria Exemplo Ltda.", tax_id="12.ABC.345/01DE-35", is_company=True),
        n=180,
        of=180,
        due=date(2026, 4, 10),
        amount=Decimal("250.00"),
        pix_txid="RG0",
        payable=payable,
        breaks_on=breaks_on,
    )


LETTERS = [letter(payable, breaks_on) for payable, breaks_on in product((True, False), (date(2026, 5, 29), None))]


def test_every_channel_of_a_reminder_and_an_alert_has_words() -> None:
    assert FILES == [
        ("email", "alert"),
        ("email", "reminder"),
        ("sms", "alert"),
        ("sms", "reminder"),
        ("voice", "alert"),
    ]


@pytest.mark.parametrize(("channel", "kind"), FILES)
def test_it_says_which_instalment_and_until_when(channel: Channel, kind: str) -> None:
    assert channel in CHANNELS
    for each in LETTERS:
        message = render(channel, f"agreements/{kind}", each)
        assert "180" in message.body
        assert "10/04/2026" in message.body
        assert (message.subject is None) == (channel != "email")
        tells = kind == "alert" and channel != "sms"
        assert ("29/05/2026" in message.body) == (tells and each.breaks_on is not None)
        assert channel != "sms" or measure(message.body).segments == 1


def test_it_says_the_code_and_the_page_to_pay_at_where_there_are_such() -> None:
    own = letter(payable=True, breaks_on=None).model_copy(
        update={"brcode": "000201CODE", "page": "https://a.example/p/x"}
    )
    for kind in ("alert", "reminder"):
        said = render("email", f"agreements/{kind}", own).body
        assert "000201CODE" in said
        assert "https://a.example/p/x" in said


def test_what_can_be_paid_at_the_end_only_is_told_so() -> None:
    said = {payable: render("email", "agreements/alert", letter(payable, None)).body for payable in (True, False)}
    assert "RG0" in said[True]
    assert "RG0" not in said[False]
    assert "ao final, à vista" in said[False]
