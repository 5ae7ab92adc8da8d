"""The invented bank's return file is one that the product takes without a complaint."""

from datetime import date
from decimal import Decimal

from models.payment.bank_record import BankPayment
from models.payment.bank_return import open_return
from rehearsal.bank import PaidSlip, return_file


def test_its_file_says_what_was_paid_and_when_and_adds_up() -> None:
    slips = [PaidSlip(7, Decimal("1234.56"), date(2026, 4, 20)), PaidSlip(8, Decimal("0.01"), date(2026, 4, 21))]
    returned = open_return(return_file(slips, 3, date(2026, 4, 26)), date(2026, 4, 26))
    payments = [record for record in returned.records() if isinstance(record, BankPayment)]
    assert [(paid.slip_number, paid.amount, paid.paid_on) for paid in payments] == [
        (slip.slip_number, slip.amount, slip.on) for slip in slips
    ]
    assert (returned.header.number, returned.header.made_on) == (3, date(2026, 4, 26))
    assert returned.disagreements() == returned.warnings() == []
