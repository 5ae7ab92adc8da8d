"""The faults of the templates that communications of a ruler are made of, found before anybody is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from channels.communications import (
    BeforeDueLetter,
    PromiseLetter,
    ReceiptDebt,
    ReceiptInstalment,
    ReceiptLetter,
    SigningLetter,
)
from channels.rendering import HEADED, Addressee, Words, Written, render
from channels.template_check import SAMPLE_LINK, words_faults
from models.assets import Texts, template_file
from models.contact.communication import RECEIPTS, CommunicationKind
from models.ruler.schema import Ruler
from models.words import tax_in_words
from models.yaml_file import Fault

WHERE = ("contact",)
"""The key of a ruler that the faults of receipts and of promises' reminders are told at: no row of it names them."""


def receipt_faults(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """The faults of the words of receipts and corrections."""
    for kind in RECEIPTS:
        yield from (Fault(WHERE, what) for what in _faults(kind, sample_receipts(ruler), texts))


def promise_faults(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """The faults of the words that remind of a promise."""
    first = sample_promise(ruler)
    letters = (first, first.model_copy(update={"credit": "not_registered", "page": None}))
    yield from (Fault(WHERE, what) for what in _faults(CommunicationKind.PROMISE, letters, texts))


def signing_faults(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """The faults of the words with the address of a signature, where the ruler offers agreements."""
    if ruler.agreements and ruler.agreements.policy:
        letters = (sample_signing(ruler), sample_signing(ruler).model_copy(update={"instalments": None, "page": None}))
        yield from (Fault(WHERE, what) for what in _faults(CommunicationKind.SIGNING, letters, texts))


def before_due_faults(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """The faults of the words before a due date, where the ruler has such notices."""
    if ruler.before_due:
        found = _faults(CommunicationKind.BEFORE_DUE, _samples_before_due(ruler), texts)
        yield from (Fault(("before_due",), what) for what in found)


COMMUNICATION_FAULTS = (receipt_faults, promise_faults, signing_faults, before_due_faults)
"""All looks at them."""


def _faults(kind: CommunicationKind, letters: Sequence[Written], texts: Texts) -> Iterator[str]:
    """Files missing, names that no such letter knows, words that don't render, a letter without a subject."""
    words = Words(texts)
    for channel in kind.channels:
        name = f"{channel}/{kind.template}.txt.j2"
        file = template_file(name)
        if file not in texts:
            yield f"has no words for {kind} by {channel}: write {file}"
            continue
        faults = words_faults(file, texts)
        yield from faults
        for letter in () if faults else letters:
            try:
                message = render(channel, kind.template, letter, words)
            except Exception as error:
                yield f"{file}: {error}"
                break
            if not message.body or (channel in HEADED and not message.subject):
                yield f"{file}: renders to a message without words, or without a subject"
                break


def _sample(ruler: Ruler) -> dict[str, Any]:
    """The parts that made-up letters of a ruler have alike."""
    return {
        "authority": ruler.authority,
        "contact": ruler.contact,
        "case": "1b94c8f7a2d05e63",
        "today": date(2026, 2, 2),
        "taxpayer": Addressee(name="Padaria Exemplo Ltda.", tax_id="12.ABC.345/01DE-35", is_company=True),
        "page": SAMPLE_LINK,
        "gsm7": ruler.sms.gsm7,
        "example": ruler.is_example,
    }


def sample_promise(ruler: Ruler) -> PromiseLetter:
    """A made-up reminder of a promise."""
    promised = {"promised_for": date(2026, 2, 3), "amount": Decimal("400.00")}
    return PromiseLetter(**_sample(ruler), **promised, credit="registered")


def sample_signing(ruler: Ruler) -> SigningLetter:
    """A made-up message with the address of a signature."""
    return SigningLetter(**_sample(ruler), instalments=6)


def sample_before_due(ruler: Ruler, pays: bool = True, files: bool = False) -> BeforeDueLetter:
    """A made-up letter before a due date."""
    tax = tax_in_words(ruler.taxes[0] if ruler.taxes else "IPTU")
    return BeforeDueLetter(**_sample(ruler), tax=tax, pays=pays, files=files)


def _samples_before_due(ruler: Ruler) -> tuple[BeforeDueLetter, ...]:
    """Letters that differ in all that a template may ask about."""
    returns = ((False, True), (True, True)) if ruler.entry.reads_returns else ()
    return tuple(sample_before_due(ruler, pays, files) for pays, files in ((True, False), *returns))


def sample_receipts(ruler: Ruler) -> tuple[ReceiptLetter, ...]:
    """Made-up receipts that differ in all that a template may ask about. The first is what most people get."""
    debt = ReceiptDebt(
        tax="IPTU", inscription="2025-000123", period="2025-01", amount=Decimal("400.00"), left=Decimal("600.00")
    )
    settled = debt.model_copy(update={"period": None, "left": Decimal(0)})
    unknown = debt.model_copy(update={"left": None})
    instalment = ReceiptInstalment(n=2, of=12, amount=Decimal("150.00"), unpaid=10)
    first = ReceiptLetter(
        **_sample(ruler),
        paid_on=date(2026, 1, 30),
        by="Pix",
        amount=Decimal("400.00"),
        gone=Decimal("50.00"),
        excess=Decimal(0),
        debts=(debt,),
        instalments=(),
        credit="registered",
    )
    return (
        first,
        first.model_copy(update={"credit": "not_registered", "page": None}),
        first.model_copy(update={"debts": (settled, unknown), "gone": Decimal(0), "excess": Decimal("10.00")}),
        first.model_copy(update={"debts": (), "instalments": (instalment,), "amount": Decimal("150.00")}),
        first.model_copy(update={"debts": (), "amount": Decimal(0), "gone": Decimal("400.00")}),
    )
