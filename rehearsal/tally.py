"""The city's results so far."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Engine, text

TALLY = text("""
    SELECT (SELECT count(*) FROM notices WHERE sent_at IS NOT NULL AND communication IS NULL) AS notices,
           (SELECT count(*) FROM communications WHERE kind = 'receipt' AND outcome = 'sent') AS receipts,
           (SELECT count(*) FROM payments) AS payments,
           (SELECT coalesce(sum(amount), 0) FROM payments)
               - (SELECT coalesce(sum(amount), 0) FROM reversals) AS recovered,
           count(*) FILTER (WHERE status = 'resolved') AS resolved,
           count(*) FILTER (WHERE status = 'benefits_suspended') AS suspended,
           coalesce(sum(revision), 0) + (SELECT coalesce(sum(revision), 0) FROM agreements) AS revisions
    FROM cases
""")


@dataclass(frozen=True)
class Tally:
    notices: int
    """All but those of communications."""
    receipts: int
    """Payments whose receipt was sent."""
    payments: int
    recovered: Decimal
    """In reais, what the bank took back taken off."""
    resolved: int
    suspended: int
    """Cases whose benefits are suspended now."""
    revisions: int
    """How often anything was done to a case or an agreement."""


def take_tally(engine: Engine) -> Tally:
    with engine.connect() as connection:
        return Tally(**connection.execute(TALLY).mappings().one())
