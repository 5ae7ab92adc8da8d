"""The faults of the templates that receipts are made of, found before anybody pays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from channels.communications import ReceiptDebt, ReceiptInstalment, ReceiptLetter
from channels.rendering import HEADED, Addressee, Words, render
from channels.template_check import SAMPLE_LINK, words_faults
from models.assets import Texts, template_file
from models.contact.communication import RECEIPTS
from models.ruler.schema import Ruler
from models.yaml_file import Fault

WHERE = ("contact",)
"""The key of a ruler that its receipts' faults are told at: no row of it names them."""


def receipt_faults(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """Files missing, names that no receipt knows, words that don't render, a letter without a subject."""
    words = Words(texts)
    for kind in RECEIPTS:
        for channel in kind.channels:
            name = f"{channel}/{kind.template}.txt.j2"
            file = template_file(name)
            if file not in texts:
                yield Fault(WHERE, f"has no words for {kind} by {channel}: write {file}")
                continue
            faults = words_faults(file, texts)
            yield from (Fault(WHERE, what) for what in faults)
            for letter in () if faults else sample_receipts(ruler):
                try:
                    message = render(channel, kind.template, letter, words)
                except Exception as error:
                    yield Fault(WHERE, f"{file}: {error}")
                    break
                if not message.body or (channel in HEADED and not message.subject):
                    yield Fault(WHERE, f"{file}: renders to a message without words, or without a subject")
                    break


def sample_receipts(ruler: Ruler) -> tuple[ReceiptLetter, ...]:
    """Made-up receipts that differ in all that a template may ask about. The first is what most people get."""
    debt = ReceiptDebt(
        tax="IPTU", inscription="2025-000123", period="2025-01", amount=Decimal("400.00"), left=Decimal("600.00")
    )
    settled = debt.model_copy(update={"period": None, "left": Decimal(0)})
    unknown = debt.model_copy(update={"left": None})
    instalment = ReceiptInstalment(n=2, of=12, amount=Decimal("150.00"), unpaid=10)
    first = ReceiptLetter(
        authority=ruler.authority,
        contact=ruler.contact,
        case="1b94c8f7a2d05e63",
        today=date(2026, 2, 2),
        taxpayer=Addressee(name="Padaria Exemplo Ltda.", tax_id="12.ABC.345/01DE-35", is_company=True),
        page=SAMPLE_LINK,
        gsm7=ruler.sms.gsm7,
        example=ruler.is_example,
        paid_on=date(2026, 1, 30),
        by="Pix",
        amount=Decimal("400.00"),
        gone=Decimal("50.00"),
        debts=(debt,),
        instalments=(),
        credit="registered",
    )
    return (
        first,
        first.model_copy(update={"credit": "not_registered", "page": None}),
        first.model_copy(update={"debts": (settled, unknown), "gone": Decimal(0)}),
        first.model_copy(update={"debts": (), "instalments": (instalment,), "amount": Decimal("150.00")}),
        first.model_copy(update={"debts": (), "amount": Decimal(0), "gone": Decimal("400.00")}),
    )
