"""A slip as it is printed, and as it is registered with a bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.errors import Refusal
from models.payment.barcode import Barcode, read_barcode
from models.payment.boleto import BoletoCode, read_boleto
from models.payment.our_numbers import Account


@dataclass(frozen=True)
class Beneficiary:
    """Who is paid by slips, and how: at a bank that registers them, or by FEBRABAN's arrecadação."""

    tax_id: str
    account: Account | None = None
    febraban_code: str = ""
    """Four digits; with `segment`, what a collection slip begins with."""
    segment: str = "1"


@dataclass(frozen=True)
class AtBank:
    """The names by which a bank knows a slip."""

    bank: str
    account: str
    """Agency and account as printed."""
    wallet: str
    number: str
    """The nosso número as printed."""
    remitted: str
    """The nosso número as a file writes it."""


@dataclass(frozen=True)
class Slip:
    id: int
    barcode: str
    """The 44 digits."""
    amount: Decimal
    due: date
    issued_on: date
    beneficiary: str
    beneficiary_tax_id: str
    payer: str
    payer_tax_id: str
    subject: str
    """The thing that is paid, as its payer reads it."""
    our_number: str
    """Our mark and number, by which a return names it where its bank's own number isn't known."""
    payer_address: str = ""
    """In one line; empty: none is known."""
    at_bank: AtBank | None = None
    """None: a collection slip, which no bank registers."""

    @property
    def code(self) -> BoletoCode | Barcode:
        return read_boleto(self.barcode) if self.at_bank else read_barcode(self.barcode)

    @property
    def document(self) -> str:
        """Our own number of it, as people read it."""
        return f"{self.id:08}"


def only_digits(tax_id: str) -> str:
    """A CPF or CNPJ for a bank's file. Raises Refusal for one that is masked."""
    if len(tax_id) in (11, 14) and tax_id.isalnum() and tax_id.isascii():
        return tax_id
    raise Refusal("a bank registers a slip only for whom it can name, and this tax id is masked")
