"""Acts about slips: issue one, and write the file that registers them with their bank."""

from __future__ import annotations

from datetime import date, datetime

from models.payment.slip import Beneficiary, Slip
from operations.operation import Act, operation
from storage.payments import remittances, slips
from storage.payments.remittances import Remitted
from storage.payments.slips import SlipKind, Wanted


@operation("slip issue")
def issue_slip(
    act: Act, purpose: str, kind: SlipKind, beneficiary: Beneficiary, now: datetime, due: date | None = None
) -> Slip:
    """Issue a slip for what is owed of a debt or an instalment; one that says the same already is that one."""
    act.tell(kind=kind, due=due)
    issued = slips.issue(act.engine, Wanted(purpose, kind, due), beneficiary, act.by, now)
    with act.engine.connect() as connection:
        return slips.read_slip(connection, issued)


@operation("slip remit")
def remit_slips(act: Act, beneficiary: Beneficiary, now: datetime) -> Remitted:
    """Write the slips that no file has yet into one, for their bank to register."""
    remitted = remittances.remit(act.engine, beneficiary, act.by, now)
    act.tell(bank=beneficiary.account.bank if beneficiary.account else "", number=remitted.number)
    return remitted
