"""Tax clearance certificates, which taxpayers issue to themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from models.errors import Refusal
from models.portal.table import Certificates
from operations.operation import BY_LINK, record_refused
from storage.audit.log import Entry, carry
from storage.law import certificates


def issue_by_link(engine: Engine, case: str, authority: str, terms: Certificates, now: datetime) -> str:
    """Issue the certificate of the taxpayer whose link was opened, and return its code. He needs no duty: it says what
    is on record. Raises Refusal: he gets none."""
    own = engine.execution_options()
    entry = Entry(BY_LINK, "certificate issue", case, {"via": "link"})
    carry(own, entry)
    try:
        return certificates.issue(own, case, authority, terms, now)
    except Refusal:
        record_refused(engine, entry)
        raise
