"""A Pix key alone: static codes that any wallet pays, and no bank is asked for.

A static code has a txid of at most 25 characters, so these charges have their own; the debts' is longer. The bank
reports payments to the webhook by it all the same.
"""

from __future__ import annotations

import re
import secrets

from banks.bank import Charge, Closed, Issued, State
from models.payment.brcode import STATIC_TXID, static


class PixKey:
    paid_once = False
    debits = None

    def __init__(self, key: str) -> None:
        self._key = key

    def new_txid(self) -> str:
        return f"RG{secrets.token_hex(12)[:23].upper()}"

    def issue(self, charge: Charge) -> Issued:
        return Issued(static(self._key, charge.receiver, charge.amount, charge.txid), revision=0)

    def revise(self, charge: Charge, revision: int) -> Issued:
        """The former code may still be paid: with its amount, to the same txid."""
        if not re.fullmatch(STATIC_TXID, charge.txid):
            # issued by a bank that isn't used any more
            raise Closed(State.REMOVED)
        return Issued(static(self._key, charge.receiver, charge.amount, charge.txid), revision=revision + 1)

    def remove(self, txid: str) -> None:
        """There is nothing to take back: who kept the code may pay it."""
