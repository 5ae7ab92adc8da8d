"""The banks' own ways in a CNAB 240 return: one entry a bank; what isn't said there is FEBRABAN's.

A movement is a payment, takes a payment back, or is known to bring no money. One that is none of these and has money in
it is for people. Sources: FEBRABAN CNAB 240, note C044, and the banks' own manuals of the layout.

A bank's own nosso número has no room for our mark (`models/payment/barcode.py`): there the digits alone name the slip,
and the payer that the title states must be one of its debtors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.payment.bank_record import BadLine
from models.payment.barcode import slip_of_our_number

WHOLE = re.compile(r"[0-9]{15}|[0-9]{25}")
"""A slip number that the client wrote into the whole of a field, zeros before it."""

FirstToLast = tuple[int, int]
"""Positions in segment T, 1-based and inclusive."""


def movements(listed: str) -> frozenset[str]:
    """`02-05 07` is 02, 03, 04, 05 and 07."""
    found: set[str] = set()
    for part in listed.split():
        first, _, last = part.partition("-")
        found |= {f"{code:02}" for code in range(int(first), int(last or first) + 1)} if first.isdigit() else {part}
    return frozenset(found)


PAID = movements("06 17")
"""Liquidated, and liquidated after write-off or without registration."""
NO_MONEY = movements("02-05 07-09 11-15 19 20 23-30 33-43 46-61 63-65 73")
"""Entries, instructions, rejections, fees. Not in it: 10 (ended since it was paid), 44 and 45 (the cheque came back,
was cleared), whose money people look at."""


@dataclass(frozen=True)
class CnabBank:
    """A bank's movements, and where in segment T our digits are."""

    name: str
    payments: frozenset[str] = PAID
    reversals: frozenset[str] = frozenset()
    no_money: frozenset[str] = NO_MONEY
    our_number: str | None = None
    """A nosso número of ours as a pattern whose group is the slip number. None: the bank gives the numbers out."""
    after_agreement: Mapping[int, str] = field(default_factory=dict)
    """The same for a bank whose numbers begin with the convênio: what follows it, by how many digits it has."""
    number_at: tuple[FirstToLast, ...] = ((38, 57),)
    client_at: tuple[FirstToLast, ...] = ((59, 73), (106, 130))
    """The client's own fields of the title: seu número, and its identification in the company."""
    payer_at: FirstToLast = (134, 148)

    def brings_money(self, movement: str) -> bool:
        """Whether an amount by that movement is a payment, or one taken back. Raises BadLine where nobody can tell."""
        if movement in self.payments | self.reversals:
            return True
        if movement in self.no_money:
            return False
        raise BadLine(f"an amount is paid by movement {movement}, which is not known of {self.name}")

    def slip_of(self, numbers: Sequence[str], ours: Sequence[str], agreement: str) -> tuple[int | None, bool]:
        """The slip number of a title, and whether our mark is with it: in its nosso número, or in what we wrote."""
        marked = (slip_of_our_number(written) for written in [*numbers, *ours])
        if found := next(filter(None, marked), None):
            return found, True
        by_bank = (self.slip_number(written, agreement) for written in numbers)
        by_us = (int(written) for written in ours if WHOLE.fullmatch(written))
        return next(filter(None, [*by_bank, *by_us]), None), False

    def slip_number(self, written: str, agreement: str) -> int | None:
        """The slip number in a nosso número, blanks around it taken off, that this bank's title of ours may have."""
        pattern = self.our_number
        if len(agreement) in self.after_agreement:
            pattern = agreement + self.after_agreement[len(agreement)]
        found = re.fullmatch(pattern, written) if pattern else None
        return int(found[1]) if found else None


FEBRABAN = CnabBank("FEBRABAN")

BANKS = {
    "001": CnabBank(
        "Banco do Brasil",
        # only after the shorter convênios a check digit follows
        after_agreement={7: "([0-9]{10})", 6: "([0-9]{5})[0-9X]", 4: "([0-9]{7})[0-9X]"},
    ),
    "033": CnabBank(
        "Santander",
        our_number="([0-9]{12})[0-9]",
        no_money=NO_MONEY | movements("32 A4"),
        # from the nosso número on its segment T is shorter than FEBRABAN's
        number_at=((41, 53), (38, 57)),
        client_at=((55, 69), (101, 125)),
        payer_at=(129, 143),
    ),
    "085": CnabBank(
        "Ailos",
        payments=PAID | movements("76 77"),
        no_money=NO_MONEY | movements("22 89 91-98"),
        our_number="[0-9]{8}([0-9]{9})",
    ),
    "104": CnabBank(
        "Caixa",
        payments=PAID | movements("46"),
        reversals=movements("44 47"),
        no_money=movements("01-05 07-09 11-14 19 20 23-30 35-41 45 51-53 61 62"),
        # 14 registered, 24 not, by whom the slip was issued; and the check digit
        our_number="[12][14]([0-9]{15})[0-9]?",
    ),
    "208": CnabBank("BTG Pactual"),
    "237": CnabBank("Bradesco", our_number="(?:[0-9]{3}0{5})?([0-9]{11})[0-9P]"),
    "341": CnabBank(
        "Itaú",
        # 17 is a rejection there, and 08 a payment at the notary's
        payments=movements("06 08"),
        no_money=movements("02-05 09 11-21 23-30 32-48 51-57 60-63 74 75 77-80 82 83 85-94"),
        our_number="[0-9]{3}([0-9]{8})[0-9]",
    ),
    "748": CnabBank("Sicredi"),
    "756": CnabBank(
        "Sicoob",
        # then parcela, modalidade, form
        our_number="([0-9]{10})[0-9]{2}[0-9]{2}[0-9]",
    ),
}
"""By the code that files begin with. Sicredi's numbers begin anew each year, and BTG gives out its own."""


def bank_of(code: str) -> CnabBank:
    """The bank's entry, or FEBRABAN's for all others."""
    return BANKS.get(code, FEBRABAN)
