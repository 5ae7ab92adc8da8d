"""The layout of a return file, told by its first line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from models.errors import Refusal
from models.payment.bank_record import BankReturn, written_lines
from models.payment.cnab240 import Cnab240Return, is_cnab240
from models.payment.cnab400 import Cnab400Return, is_cnab400
from models.payment.febraban import FebrabanReturn, is_febraban


def open_return(lines: Iterable[str], today: date) -> BankReturn:
    """Open a return file by the layout of its first line that isn't blank; `lines` come without their ends. Raises
    Refusal when it is no return file, or its header can't be read."""
    rest = written_lines(lines)
    _, first = next(rest, (0, ""))
    if is_febraban(first):
        return FebrabanReturn(first, rest, today)
    if is_cnab240(first):
        return Cnab240Return(first, rest, today)
    if is_cnab400(first):
        return Cnab400Return(first, rest, today)
    if not first:
        raise Refusal("nothing is written on any of its lines; nothing was imported")
    raise Refusal(
        "it begins neither like a FEBRABAN collection file (A) nor like a CNAB 240 or CNAB 400 return; nothing was"
        " imported"
    )
