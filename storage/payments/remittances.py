"""Files that register slips with their bank: each slip is in one, and each file can be had again as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, insert, select, update

from models.errors import Refusal
from models.payment.our_numbers import Account
from models.payment.remessa import Remittance, write_remessa
from models.payment.slip import Beneficiary, Slip
from storage.payments.posting import TIMEZONE
from storage.payments.slips import account_of, lock_slips_of, read_slips
from storage.schema import remittances, slips


@dataclass(frozen=True)
class Remitted:
    number: int
    slips: int
    lines: Sequence[str]


def remit(engine: Engine, beneficiary: Beneficiary, by: str, now: datetime, timezone: ZoneInfo = TIMEZONE) -> Remitted:
    """Write the slips of the configured bank that no file has yet into one. Raises Refusal when there are none."""
    account = account_of(beneficiary)
    with engine.begin() as connection:
        lock_slips_of(connection, account.bank)
        waiting = _waiting(connection, account)
        if not waiting:
            raise Refusal(f"no slip waits to be registered with bank {account.bank}")
        last = select(func.coalesce(func.max(remittances.c.number), 0)).where(remittances.c.bank == account.bank)
        number = connection.execute(last).scalar_one() + 1
        payee = waiting[0].beneficiary
        lines = write_remessa(Remittance(number, now.astimezone(timezone), payee, beneficiary.tax_id, account), waiting)
        row = {
            "bank": account.bank,
            "number": number,
            "slips": len(waiting),
            "content": "\r\n".join(lines),
            "made_by": by,
        }
        file = connection.execute(insert(remittances).values(row).returning(remittances.c.id)).scalar_one()
        mine = slips.c.id.in_([slip.id for slip in waiting])
        connection.execute(update(slips).where(mine).values(remittance=file))
    return Remitted(number, len(waiting), lines)


def remitted_before(connection: Connection, bank: str, number: int) -> Remitted:
    """A file as it was handed out. Raises Refusal when there is none."""
    mine = select(remittances).where(remittances.c.bank == bank, remittances.c.number == number)
    found = connection.execute(mine).mappings().one_or_none()
    if found is None:
        raise Refusal(f"there is no file {number} of slips for bank {bank}")
    return Remitted(number, found["slips"], found["content"].split("\r\n"))


def _waiting(connection: Connection, account: Account) -> list[Slip]:
    """The slips that no file has, of one beneficiary: a file names one."""
    mine = (slips.c.bank == account.bank) & slips.c.remittance.is_(None)
    first = select(slips.c.beneficiary).where(mine).order_by(slips.c.id).limit(1).scalar_subquery()
    ids = connection.scalars(select(slips.c.id).where(mine, slips.c.beneficiary == first))
    return read_slips(connection, ids.all())
