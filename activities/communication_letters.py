"""The subject of a communication as the record tells it now: what overtook it, its words, and what they may say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import select

from activities.letters import credit_of
from channels.communications import (
    BeforeDueLetter,
    InstalmentLetter,
    PromiseLetter,
    ReceiptDebt,
    ReceiptInstalment,
    ReceiptLetter,
    SigningLetter,
)
from channels.links import Links
from channels.rendering import Addressee, Words, Written, pinned_words
from models.agreement.instalments import State
from models.assets import Texts, template_file
from models.collections.promise import PromiseState
from models.contact.channel import CHANNELS, Channel
from models.contact.communication import CommunicationKind
from models.errors import Unreckonable
from models.ruler.schema import Contact, Credit
from models.taxid import formatted
from models.words import PAID_BY, PROMISE_STATES, tax_in_words
from storage.agreement.agreements import read_life, read_row
from storage.agreement.policies import pinned_policy
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.before_due import falls_due
from storage.case.promise_reminders import read_promised
from storage.collections.agreed import read_agreed
from storage.contact.communications import CommunicationTransaction
from storage.payments.charges import brcodes_of_instalments
from storage.payments.receipts import PaidInstalment, ReceivedPayment, read_received
from storage.payments.statement import spare_of
from storage.schema import instalments


@dataclass(frozen=True)
class Subject:
    overtaken: str | None
    """Why it is not to be sent any more, in pt-BR."""
    texts: Texts
    """The templates that its words are taken from."""
    words: Words
    letter: Callable[[], Written]

    def worded(self, template: str) -> frozenset[Channel]:
        """The channels that have words for it: what was frozen before a template was written has none."""
        return frozenset(c for c in CHANNELS if template_file(f"{c}/{template}.txt.j2") in self.texts)


def subject_of(tx: CommunicationTransaction, links: Links | None) -> Subject:
    page = links.pay(tx.case.id) if links else None
    if tx.told.instalment:
        return _instalment(tx, page)
    if tx.told.promise:
        return _promise(tx, page)
    if tx.told.call:
        return _signing(tx, links.agree(tx.case.id) if links else None)
    return _receipt(tx, page) if tx.told.payment else _before_due(tx, page)


# ---- an instalment


def _instalment(tx: CommunicationTransaction, page: str | None) -> Subject:
    mine = instalments.c.id == tx.told.instalment
    columns = (instalments.c.agreement, instalments.c.n, instalments.c.pix_txid)
    about = tx.connection.execute(select(*columns).where(mine)).one()
    row = read_row(tx.connection, about.agreement)
    deal, life = read_life(tx.connection, row, tx.today)
    entry = life.entries[about.n - 1]
    texts = pinned_policy(tx.connection, row["policy"]).texts

    def letter() -> InstalmentLetter:
        return InstalmentLetter(
            **_common(tx, page, deal.policy.is_example),
            n=entry.n,
            of=len(life.entries),
            due=entry.due,
            amount=life.asked(entry.n, tx.today),
            pix_txid=about.pix_txid,
            brcode=brcodes_of_instalments(tx.connection, row["id"]).get(entry.n),
            payable=life.books.payable(entry, tx.today),
            breaks_on=life.breaks_on,
        )

    overtaken = None
    if row["state"] != State.ACTIVE or life.state is not State.ACTIVE:
        overtaken = "o parcelamento acabou antes do envio"
    elif entry.paid_on is not None:
        overtaken = "a parcela foi paga antes do envio"
    elif tx.told.kind is CommunicationKind.REMINDER and tx.at > entry.due:
        overtaken = "a parcela venceu antes do envio"
    return Subject(overtaken, texts, pinned_words(row["policy"], texts), letter)


# ---- a payment


def _receipt(tx: CommunicationTransaction, page: str | None) -> Subject:
    assert tx.told.payment is not None  # noqa: S101 - it is about one thing
    received = read_received(tx.connection, tx.told.payment, tx.case.id)
    frozen = tx.case.frozen
    overtaken = None
    if tx.told.kind is CommunicationKind.RECEIPT and not (received and received.amount):
        overtaken = "o pagamento foi devolvido ou desvinculado antes do envio"
    elif tx.told.kind is CommunicationKind.CORRECTION and not (received and received.gone):
        overtaken = "o recibo voltou a valer antes do envio"

    def letter() -> ReceiptLetter:
        assert received is not None  # noqa: S101 - it is overtaken
        return ReceiptLetter(
            **_common(tx, page, False),
            paid_on=received.paid_on,
            by=PAID_BY[received.channel],
            amount=received.amount,
            gone=received.gone,
            excess=_excess(tx, received),
            debts=_debts(tx, received),
            instalments=tuple(_paid(tx, each) for each in received.instalments),
            credit=_credit(tx, received),
        )

    return Subject(overtaken, frozen.texts, pinned_words(frozen.digest, frozen.texts), letter)


def _credit(tx: CommunicationTransaction, received: ReceivedPayment) -> Credit:
    return _credit_of(tx, received.registered_on) if received.registered_on else "registered"


def _credit_of(tx: CommunicationTransaction, registered_on: Sequence[date | None]) -> Credit:
    return credit_of(tx.case.ruler.credit, [on <= tx.today if on else None for on in registered_on])


def _debts(tx: CommunicationTransaction, received: ReceivedPayment) -> tuple[ReceiptDebt, ...]:
    left = _left(tx, [debt.id for debt in received.debts])
    return tuple(
        ReceiptDebt(
            tax=tax_in_words(tx.case.tax),
            inscription=debt.inscription,
            period=debt.period,
            amount=debt.amount,
            left=left.get(debt.id),
        )
        for debt in received.debts
    )


def _excess(tx: CommunicationTransaction, received: ReceivedPayment) -> Decimal:
    """The part of a payment that none of what it is on needs; none where a rate is missing that says so."""
    try:
        return sum((spare_of(tx.connection, part) for part in received.parts), Decimal(0))
    except Unreckonable:
        return Decimal(0)


def _left(tx: CommunicationTransaction, debts: list[str]) -> dict[str, Decimal]:
    """The amount owed of each debt today; of none where a rate is missing that says so."""
    try:
        owed = owed_of(tx.connection, debts, accrual_of(tx.case.ruler), tx.today)
    except Unreckonable:
        return {}
    return {debt: each.total for debt, each in owed.items()}


def _paid(tx: CommunicationTransaction, paid: PaidInstalment) -> ReceiptInstalment:
    _, life = read_life(tx.connection, read_row(tx.connection, paid.agreement), tx.today)
    unpaid = sum(entry.paid_on is None for entry in life.entries)
    return ReceiptInstalment(n=paid.n, of=len(life.entries), amount=paid.amount, unpaid=unpaid)


# ---- what falls due


def _before_due(tx: CommunicationTransaction, page: str | None) -> Subject:
    assert tx.told.due is not None  # noqa: S101 - it is about one thing
    frozen = tx.case.frozen

    falling = falls_due(tx.connection, tx.case, tx.told.due, tx.today)

    def letter() -> BeforeDueLetter:
        what = {"pays": "debt" in falling, "files": "return" in falling}
        return BeforeDueLetter(**_common(tx, page, False), tax=tax_in_words(tx.case.tax), **what)

    overtaken = None
    if frozen.ruler.before_due is None:
        overtaken = "a régua não avisa mais antes do vencimento"
    elif tx.at > tx.told.due or not falling:
        overtaken = "venceu, foi pago, entregue ou está suspenso antes do envio"
    return Subject(overtaken, frozen.texts, pinned_words(frozen.digest, frozen.texts), letter)


# ---- a promise


def _promise(tx: CommunicationTransaction, page: str | None) -> Subject:
    assert tx.told.promise is not None  # noqa: S101 - it is about one thing
    frozen = tx.case.frozen
    promised = read_promised(tx.connection, tx.told.promise)

    def letter() -> PromiseLetter:
        return PromiseLetter(
            **_common(tx, page, False),
            promised_for=promised["promised_for"],
            amount=promised["amount"] - promised["paid"],
            credit=_credit_of(tx, promised["registered_on"]),
        )

    overtaken = None
    if promised["state"] != PromiseState.OPEN:
        overtaken = f"a promessa está {PROMISE_STATES[promised['state']]} antes do envio"
    elif tx.at > promised["due"]:
        overtaken = "o dia prometido passou antes do envio"
    return Subject(overtaken, frozen.texts, pinned_words(frozen.digest, frozen.texts), letter)


# ---- what was agreed to in a call


def _signing(tx: CommunicationTransaction, page: str | None) -> Subject:
    assert tx.told.call is not None  # noqa: S101 - it is about one thing
    frozen = tx.case.frozen
    agreed = read_agreed(tx.connection, tx.told.call)

    def letter() -> SigningLetter:
        return SigningLetter(**_common(tx, page, False), instalments=agreed.instalments)

    overtaken = None
    if tx.case.closed_at is not None:
        overtaken = "o caso acabou antes do envio"
    elif agreed.signed:
        overtaken = "o parcelamento foi assinado antes do envio"
    return Subject(overtaken, frozen.texts, pinned_words(frozen.digest, frozen.texts), letter)


class Common(TypedDict):
    authority: str
    contact: Contact
    case: str
    today: date
    taxpayer: Addressee
    page: str | None
    gsm7: bool
    example: bool


def _common(tx: CommunicationTransaction, page: str | None, example: bool) -> Common:
    ruler, who = tx.case.ruler, tx.person
    return {
        "authority": ruler.authority,
        "contact": ruler.contact,
        "case": tx.case.id,
        "today": tx.at,
        "taxpayer": Addressee(name=who.name, tax_id=formatted(who.tax_id), is_company=who.is_company),
        "page": page,
        "gsm7": ruler.sms.gsm7,
        "example": example or ruler.is_example,
    }
