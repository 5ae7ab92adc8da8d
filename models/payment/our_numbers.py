"""The nosso número of a slip of ours at each bank, and the free field of its bar code: one entry a bank.

A slip has a number of its own, counted at its bank, since no bank's field has room for a debt's. Sources: the banks'
own manuals of the slip and of CNAB 240.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from models.errors import Refusal
from models.payment.barcode import modulus_10, modulus_11


@dataclass(frozen=True)
class Account:
    """Where a bank credits our slips, and by which contract."""

    bank: str
    agency: str
    account: str
    agreement: str
    """Convênio, or the beneficiary's code."""
    wallet: str
    """Carteira, or modalidade."""
    agency_digit: str = ""
    """The check digits, where the bank has them."""
    account_digit: str = ""

    @property
    def printed(self) -> str:
        """Agency and account, or the beneficiary's code where that stands in its place, as people read them."""
        agency = f"{self.agency}-{self.agency_digit}" if self.agency_digit else self.agency
        account = f"{self.account}-{self.account_digit}" if self.account_digit else self.account or self.agreement
        return f"{agency} / {account}"


@dataclass(frozen=True)
class OurNumber:
    """A slip's number at its bank."""

    printed: str
    """As people read it on the slip."""
    returned: int
    """The number that the digits are which the bank's return file names the slip by."""
    remitted: str
    """38-57 of segment P."""
    free: str
    """The free field of the bar code."""


class SlipBank(ABC):
    """A bank that slips of ours are registered with."""

    name: ClassVar[str]
    check_digit: ClassVar[str]
    """That of the bank's own code, as it is printed."""
    digits: ClassVar[int]
    """How many a number may have."""
    sizes: ClassVar[Mapping[str, tuple[int, ...]]]
    """How many digits the fields of an account have, those that a slip needs."""

    def checked(self, account: Account) -> None:
        """Check an account's fields. Raises Refusal: which, and how many digits it has."""
        for field, sizes in self.sizes.items():
            written = getattr(account, field)
            if not (written.isascii() and written.isdigit() and len(written) in sizes):
                wanted = " or ".join(map(str, sizes))
                raise Refusal(f"the {field} of slips at {self.name} has {wanted} digits, and {written!r} has not")

    def our_number(self, account: Account, number: int) -> OurNumber:
        """The number of our slip `number`, from 1. Raises Refusal when the bank's field has no room for it."""
        if number >= 10**self.digits:
            raise Refusal(f"{self.name}'s numbers are used up: a slip's has {self.digits} digits")
        return self._of(account, number)

    def remitted_account(self, account: Account) -> str:
        """18-37 of segment P: agency and account."""
        return f"{account.agency:0>5}{account.agency_digit or ' '}{account.account:0>12}{account.account_digit or ' '} "

    @abstractmethod
    def _of(self, account: Account, number: int) -> OurNumber: ...


class BancoDoBrasil(SlipBank):
    """Convênio of seven digits: 17 digits, without a check digit."""

    name, check_digit, digits = "Banco do Brasil", "9", 10
    sizes: ClassVar = {"agency": (4,), "account": (5, 6, 7, 8), "agreement": (7,), "wallet": (2,)}

    def _of(self, account: Account, number: int) -> OurNumber:
        whole = f"{account.agreement}{number:010}"
        return OurNumber(whole, number, f"{whole:<20}", f"000000{whole}{account.wallet}")


class Santander(SlipBank):
    name, check_digit, digits = "Santander", "7", 7  # the bank's CNAB 400 has no room for more
    sizes: ClassVar = {"agency": (4,), "account": (8, 9), "agreement": (7,), "wallet": (3,)}

    def _of(self, account: Account, number: int) -> OurNumber:
        whole = f"{number:012}"
        check = modulus_11(whole)
        free = f"9{account.agreement}{whole}{check}0{account.wallet}"
        return OurNumber(f"{whole}-{check}", number, f"00000  {whole}{check}", free)

    def remitted_account(self, account: Account) -> str:
        return f"{account.agency}{account.agency_digit or ' '}{account.account:0>9}{account.account_digit or ' '}00000"


class Caixa(SlipBank):
    """SIGCB: 14 (registered, issued by the client) and 15 digits."""

    name, check_digit, digits = "Caixa", "0", 15
    sizes: ClassVar = {"agency": (4,), "agreement": (6,)}

    def _of(self, account: Account, number: int) -> OurNumber:
        whole = f"14{number:015}"
        beneficiary = account.agreement + modulus_11(account.agreement)
        most = f"{beneficiary}{whole[2:5]}{whole[0]}{whole[5:8]}{whole[1]}{whole[8:]}"
        return OurNumber(f"{whole}-{modulus_11(whole)}", number, f"{whole:>20}", most + modulus_11(most))

    def remitted_account(self, account: Account) -> str:
        return f"{account.agency:0>5}{account.agency_digit or ' '}{account.agreement}{0:08}"


class Bradesco(SlipBank):
    name, check_digit, digits = "Bradesco", "2", 11
    sizes: ClassVar = {"agency": (4,), "account": (7,), "wallet": (2,)}

    def _of(self, account: Account, number: int) -> OurNumber:
        whole = f"{number:011}"
        check = _bradesco_digit(account.wallet + whole)
        free = f"{account.agency}{account.wallet}{whole}{account.account}0"
        return OurNumber(f"{account.wallet}/{whole}-{check}", number, f"{account.wallet:0>3}00000{whole}{check}", free)


class Itau(SlipBank):
    name, check_digit, digits = "Itaú", "7", 8
    sizes: ClassVar = {"agency": (4,), "account": (5,), "wallet": (3,)}

    def _of(self, account: Account, number: int) -> OurNumber:
        whole, where = f"{number:08}", account.agency + account.account
        check = modulus_10(f"{where}{account.wallet}{whole}")
        free = f"{account.wallet}{whole}{check}{where}{modulus_10(where)}000"
        return OurNumber(f"{account.wallet}/{whole}-{check}", number, f"{account.wallet}{whole}{check:<9}", free)

    def remitted_account(self, account: Account) -> str:
        return f"0{account.agency} {0:07}{account.account} {account.account_digit or ' '}"


class Sicoob(SlipBank):
    """Number of seven and a check digit; then, in files, parcela, modalidade and form."""

    name, check_digit, digits = "Sicoob", "0", 7
    sizes: ClassVar = {"agency": (4,), "agreement": (7,), "wallet": (2,)}

    def _of(self, account: Account, number: int) -> OurNumber:
        check = _sicoob_digit(f"{account.agency}{account.agreement:0>10}{number:07}")
        whole = f"{number:07}{check}"
        free = f"{int(account.wallet)}{account.agency}{account.wallet}{account.agreement}{whole}001"
        return OurNumber(f"{number:07}-{check}", int(whole), f"{whole:0>10}01{account.wallet}4{'':5}", free)


SLIP_BANKS: Mapping[str, SlipBank] = {
    "001": BancoDoBrasil(),
    "033": Santander(),
    "104": Caixa(),
    "237": Bradesco(),
    "341": Itau(),
    "756": Sicoob(),
}


def _bradesco_digit(digits: str) -> str:
    """Modulus 11 with weights 2 to 7 from the right; what would be 10 is P, 11 is 0."""
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(digits)))
    found = 11 - total % 11
    return {10: "P", 11: "0"}.get(found, str(found))


def _sicoob_digit(digits: str) -> str:
    """Modulus 11 with weights 3, 1, 9, 7 from the left, over and over; remainders 0 and 1 give 0."""
    rest = sum(int(digit) * (3, 1, 9, 7)[place % 4] for place, digit in enumerate(digits)) % 11
    return str(11 - rest) if rest > 1 else "0"
