"""The bank: it reports Pix at once, by the webhook, and what is paid over its counter days later, in a return file."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine

from models.payment.barcode import slip_barcode
from models.payment.febraban import WIDTH
from storage.intake.files import look_over_text
from storage.intake.rejects import Rejects
from storage.payments.bank_files import import_bank_file

CALL_SECONDS = 10.0
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""This machine's own addresses are reached without a proxy."""

REPORTS_AFTER = timedelta(days=5)
"""So late that the deadline of a campaign may have passed, and soon enough to be within its days of processing."""

FEBRABAN_CODE = "1234"


@dataclass(frozen=True)
class PaidSlip:
    slip_number: int
    amount: Decimal
    on: date


class Bank:
    def __init__(self, engine: Engine, folder: Path, webhook: str) -> None:
        """Open a bank whose return files go to `folder`."""
        self.engine = engine
        self.folder = folder
        self.webhook = webhook
        self._till: list[PaidSlip] = []
        self._files = 0

    def live(self, today: date) -> bool:
        """Deliver a file of the payments whose time has come; whether there were any."""
        due = [slip for slip in self._till if slip.on + REPORTS_AFTER <= today]
        if due:
            self._deliver(due, today)
            self._till = [slip for slip in self._till if slip not in due]
        return bool(due)

    def take(self, slip: PaidSlip) -> None:
        self._till.append(slip)

    def call(self, payments: list[dict[str, object]]) -> None:
        """Call the webhook. Raises URLError when nobody answers; a refusal would be a fault of ours, and is not
        hidden."""
        body = json.dumps({"pix": payments}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.webhook}/pix", body, headers)  # noqa: S310 - our own http address
        try:
            DIRECTLY.open(request, timeout=CALL_SECONDS).close()
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                raise AssertionError(f"the webhook refused a callback ({refused.code})") from None
            raise

    def _deliver(self, slips: list[PaidSlip], today: date) -> None:
        self._files += 1
        file = self.folder / f"{len(list(self.folder.iterdir())):04}-bank.ret"
        lines = return_file(slips, self._files, today)
        file.write_text("".join(f"{line}\r\n" for line in lines), encoding="ascii", newline="")
        with Rejects(file.with_suffix(".rejects")) as rejects:
            imported = import_bank_file(self.engine, look_over_text(file), rejects, datetime.now(UTC))
        if rejects.count or not imported.applied:
            raise AssertionError(f"the invented {file.name} was not taken whole: {imported.disagreements}")


def return_file(slips: list[PaidSlip], number: int, made_on: date) -> list[str]:
    """FEBRABAN arrecadação, version 4: header, one G record a slip, trailer with count and total."""
    header = f"A2{'CIDADE':<20}{'PREFEITURA FICTICIA':<20}999{'BANCO FICTICIO':<20}{made_on:%Y%m%d}{number:06}04"
    details = [_paid(slip, made_on, line) for line, slip in enumerate(slips, start=1)]
    trailer = f"Z{len(slips) + 2:06}{_cents(sum((slip.amount for slip in slips), Decimal(0))):017}"
    return [line.ljust(WIDTH) for line in (header, *details, trailer)]


def _paid(slip: PaidSlip, credited_on: date, line: int) -> str:
    code = slip_barcode(slip.slip_number, slip.amount, FEBRABAN_CODE).digits
    dates = f"{slip.on:%Y%m%d}{credited_on:%Y%m%d}"
    return f"G{'00001-0':<20}{dates}{code}{_cents(slip.amount):012}{0:07}{line:08}{'0001':<8}1{'':23}1"


def _cents(amount: Decimal) -> int:
    return int(amount.scaleb(2))
