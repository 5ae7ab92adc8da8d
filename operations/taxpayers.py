"""Acts about a taxpayer: reveal who it is."""

from __future__ import annotations

from operations.operation import Act, must_say, operation
from storage.read_models.taxpayer_file import TaxpayerFile, person_in, taxpayer_file


@operation("taxpayer reveal")
def reveal_taxpayer(act: Act, taxpayer: int, reason: str) -> TaxpayerFile:
    """Show all that is on record of a taxpayer, named; the reason is kept without the name."""
    must_say("why", reason)
    with act.engine.connect() as connection:
        act.tell(reason=person_in(connection, taxpayer).redacted(reason))
        return taxpayer_file(connection, taxpayer, reveal=True)
