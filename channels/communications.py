"""All that the templates of communications may say: of an instalment, of a payment that came in, of what falls due or
was promised."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from channels.rendering import OPEN, Addressee, Line, Value
from models.contact.channel import Channel
from models.ruler.schema import Contact, Credit


class _Written(Value):
    """The names that every communication may say."""

    authority: str
    contact: Contact
    case: str
    """The case's opaque id: the protocol number a taxpayer quotes."""
    today: date
    taxpayer: Addressee
    page: Line | None = None
    """The taxpayer's own address at which he sees what is owed, and pays it."""
    gsm7: bool = False
    example: bool = False
    """Whether nobody has verified the ruler or the policy: the message says so."""


class InstalmentLetter(_Written):
    """All that a message about one instalment may say. Instalments may be disclosed (CTN art. 198, § 3º, III)."""

    n: int
    of: int
    due: date
    amount: Decimal
    """The part of it still to be paid, with the price of its slip."""
    pix_txid: Line
    payable: bool
    """Whether it can be paid now: some policies take an overdue instalment after the last one only."""
    brcode: Line | None = None
    """Pix *copia e cola*, where the bank has a charge of it."""
    breaks_on: date | None
    """The last day on which paying it keeps the agreement."""

    def names(self, channel: Channel) -> dict[str, object]:
        return self.model_dump()


class ReceiptDebt(Value):
    tax: Line
    inscription: Line
    period: Line | None
    amount: Decimal
    """The part of the payment that counts for it."""
    left: Decimal | None
    """The amount owed of it now; none: that can't be told."""


class ReceiptInstalment(Value):
    n: int
    of: int
    amount: Decimal
    unpaid: int
    """The instalments of its agreement that are not paid yet."""


class ReceiptLetter(_Written):
    """All that a receipt of a payment may say, or the correction of one. Amounts are in reais."""

    paid_on: date
    by: Line
    """How it came: `Pix`, `banco`."""
    amount: Decimal
    """The part of it that counts."""
    gone: Decimal
    """The part of it that counted once, and went back or elsewhere since."""
    excess: Decimal
    """The part of what counts that nothing it is on needs; zero where that can't be told."""
    debts: tuple[ReceiptDebt, ...]
    instalments: tuple[ReceiptInstalment, ...]
    credit: Credit
    """Registered, where all debts that it is or was on are, or it is for instalments, which may be disclosed as much
    (CTN art. 198, § 3º, III)."""

    def names(self, channel: Channel) -> dict[str, object]:
        """The names that a template for `channel` knows. Of an unregistered debt an open channel is told nothing but
        that a payment came (CTN art. 198)."""
        discloses = channel not in OPEN or self.credit == "registered"
        withheld = {} if discloses else {"amount": None, "gone": None, "excess": None, "debts": (), "instalments": ()}
        return {**self.model_dump(), **withheld, "discloses": discloses}


class BeforeDueLetter(_Written):
    """All that a notice before a due date may say: neither amount nor period nor day, since it goes by open channels
    and nothing that falls due is registered yet (CTN art. 198)."""

    tax: Line
    pays: bool
    """Whether something to be paid falls due."""
    files: bool
    """Whether the deadline of a return falls due."""

    def names(self, channel: Channel) -> dict[str, object]:
        return self.model_dump()


class SigningLetter(_Written):
    """All that the message with the address of a signature may say; `page` is that address."""

    instalments: int | None
    """How many were agreed to; none: that was left open."""

    def names(self, channel: Channel) -> dict[str, object]:
        return self.model_dump()


class PromiseLetter(_Written):
    """All that the reminder of a promise may say. The amount is in reais."""

    promised_for: date
    amount: Decimal
    """The part of it that hasn't come yet."""
    credit: Credit
    """Registered, where all debts of the case are."""

    def names(self, channel: Channel) -> dict[str, object]:
        """The names that a template for `channel` knows: of unregistered debts no amount goes by an open channel (CTN
        art. 198)."""
        discloses = channel not in OPEN or self.credit == "registered"
        return {**self.model_dump(), **({} if discloses else {"amount": None}), "discloses": discloses}


KNOWN_OF_INSTALMENTS = frozenset(InstalmentLetter.model_fields) | frozenset(SigningLetter.model_fields)
KNOWN_OF_RECEIPTS = frozenset(ReceiptLetter.model_fields) | {"discloses"}
KNOWN_BEFORE_DUE = frozenset(BeforeDueLetter.model_fields)
KNOWN_OF_PROMISES = frozenset(PromiseLetter.model_fields) | {"discloses"}
"""The only names of the templates of each."""
