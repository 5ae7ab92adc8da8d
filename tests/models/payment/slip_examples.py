"""A slip at Itaú, invented but for its bar code, which is of pyboleto's tests."""

from datetime import date
from decimal import Decimal

from models.payment.our_numbers import Account
from models.payment.slip import AtBank, Slip

ITAU = Account("341", "0293", "01328", "", "109", "", "0")

SLIP = Slip(
    id=7,
    barcode="34199439500000029801090000015710293013280000",
    amount=Decimal("29.80"),
    due=date(2026, 4, 10),
    issued_on=date(2026, 3, 11),
    beneficiary="Município de Exemplo",
    beneficiary_tax_id="12345678000195",
    payer="José da Conceição",
    payer_tax_id="52998224725",
    subject="IPTU 2025",
    our_number="73480000000000042",
    at_bank=AtBank("341", "0293 / 01328-0", "109", "109/00000157-1", "109000001571        "),
)
