"""The banks' own layouts of a CNAB 400 return: one entry a bank, since the standard fixes little but the width.

Sources: the banks' own manuals (Banco do Brasil CBR643, Itaú and Bradesco "Cobrança 400 posições", Santander "Cobrança
400", Caixa SIGCB). A CNAB 400 return names no payer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.payment.cnab_banks import BANKS, CnabBank, FirstToLast, movements


@dataclass(frozen=True)
class Layout400:
    """The places of a return's fields, 1-based and inclusive, that differ from bank to bank."""

    titles: CnabBank
    """The meaning of its movements, and where and how a title is numbered."""
    detail: str = "1"
    """The record type of a title."""
    number_at: FirstToLast | None = None
    """The file's number, in the header; none: it has none."""
    agreement_at: tuple[FirstToLast, ...] = ((27, 46),)
    """The convênio or account, in the header: the first of these that is filled."""
    net_of_fee: bool = False
    """Whether the amount is what is left of the payment after the bank's fee."""


LAYOUTS: Mapping[str, Layout400] = {
    "001": Layout400(
        CnabBank(
            "Banco do Brasil",
            payments=movements("05-08 15"),
            no_money=movements("02 03 09-14 16 19 21-28 31-39 41 42 72-74 76 96-98"),
            after_agreement=BANKS["001"].after_agreement,
            number_at=((64, 80),),
            client_at=((39, 63),),
        ),
        detail="7",
        number_at=(101, 107),
        agreement_at=((150, 156), (27, 40)),
    ),
    "033": Layout400(
        CnabBank(
            "Santander",
            payments=movements("06-08 17"),
            no_money=movements("01-03 09-15 21-26 29 30 32-36 61-63"),
            our_number="([0-9]{7})[0-9]",
            number_at=((63, 70),),
            client_at=((38, 62),),
        ),
    ),
    "104": Layout400(
        CnabBank(
            "Caixa",
            payments=movements("21 22"),
            reversals=movements("33"),
            no_money=movements("01-12 20 23-32 34-39 99"),
            our_number=BANKS["104"].our_number,
            number_at=((57, 73),),
            client_at=((32, 56),),
        ),
        number_at=(390, 394),
        agreement_at=((27, 37),),
    ),
    "237": Layout400(
        CnabBank(
            "Bradesco",
            payments=movements("06 15 17"),
            reversals=movements("22 40"),
            no_money=movements("02 03 09-14 18-21 23 24 27-30 32-35 55 68 69 73 74"),
            our_number="([0-9]{11})[0-9P]",
            number_at=((71, 82),),
            client_at=((38, 62),),
        ),
        number_at=(109, 113),
    ),
    "341": Layout400(
        CnabBank(
            "Itaú",
            payments=movements("06-08"),
            no_money=BANKS["341"].no_money | movements("64 71 73"),
            our_number="([0-9]{8})[0-9]",
            number_at=((86, 94),),
            client_at=((38, 62),),
        ),
        number_at=(109, 113),
        net_of_fee=True,
    ),
}
"""By the bank's code, 77-79 of the header."""
