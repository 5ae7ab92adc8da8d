"""The file of a taxpayer: all cases, debts, contacts, messages, agreements and requests; named only where revealed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict

from sqlalchemy import Connection, TextClause, select, text

from models.errors import Refusal
from models.redaction import Person
from models.taxid import formatted, mask
from storage.rows import RowT, typed_rows
from storage.schema import taxpayers

SHOWN = 100
"""Rows of what grows without end: the newest."""


class TaxpayersCase(TypedDict):
    case: str
    tax: str
    cohort: str
    status: str
    opened_on: date
    closed: bool


class TaxpayersDebt(TypedDict):
    id: str
    tax: str
    inscription: str
    period: str | None
    due: date
    balance: Decimal
    held: bool


class Contact(TypedDict):
    kind: str
    value: NotRequired[str]
    """Told only in a file that reveals the taxpayer."""
    source: str
    said_on: date
    consent: bool | None


class Suppressed(TypedDict):
    channel: str
    address: NotRequired[str]
    why: str
    recorded_at: datetime


class Message(TypedDict):
    case: str
    at: datetime
    channel: str
    said: str
    """The stage of a notice, or the intent of a reply."""
    status: str | None
    """None: it is a reply."""


class TaxpayersAgreement(TypedDict):
    id: str
    case: str
    policy: str
    state: str
    amount: Decimal
    signed_on: date


class TaxpayersPayment(TypedDict):
    id: int
    channel: str
    amount: Decimal
    paid_on: date
    inscription: str | None


class TaxpayersRequest(TypedDict):
    case: str
    kind: str
    made_on: date
    due: date
    answer: str | None


class TaxpayerFile(TypedDict):
    taxpayer: int
    tax_id: str
    """Masked in a file that doesn't reveal the taxpayer; the name is left out there."""
    name: str | None
    is_company: bool
    cases: list[TaxpayersCase]
    debts: list[TaxpayersDebt]
    reached_at: dict[str, str]
    """By kind the addresses that messages go to; empty ones in a file that doesn't reveal the taxpayer."""
    contacts: list[Contact]
    suppressed: list[Suppressed]
    opted_out: list[str]
    messages: list[Message]
    agreements: list[TaxpayersAgreement]
    payments: list[TaxpayersPayment]
    requests: list[TaxpayersRequest]


CASES = text("""
    SELECT id AS "case", tax, cohort, status, opened_on, closed_at IS NOT NULL AS closed
    FROM cases WHERE taxpayer = :taxpayer ORDER BY closed_at IS NOT NULL, opened_on DESC, id LIMIT :shown
""")

DEBTS = text("""
    SELECT id, tax, inscription, period, due, balance,
           EXISTS (SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL) AS held
    FROM debtors JOIN debts ON debts.id = debtors.debt
    WHERE debtors.taxpayer = :taxpayer ORDER BY balance = 0, due, id LIMIT :shown
""")

CONTACTS = text("""
    SELECT kind, value, source, said_on, consent FROM contacts
    WHERE taxpayer = :taxpayer ORDER BY kind, said_on DESC, place LIMIT :shown
""")

SUPPRESSED = text("""
    SELECT channel, address, why, recorded_at FROM suppressed_contacts
    WHERE taxpayer = :taxpayer AND recovered_at IS NULL ORDER BY id LIMIT :shown
""")

OPTED_OUT = text("SELECT channel FROM opt_outs WHERE taxpayer = :taxpayer ORDER BY channel")

MESSAGES = text("""
    SELECT * FROM (
        SELECT "case", claimed_at AS at, channel, stage AS said, notices.status FROM notices
        JOIN cases ON cases.id = "case" WHERE cases.taxpayer = :taxpayer
        UNION ALL
        SELECT coalesce("case", ''), recorded_at, channel, intent, NULL FROM replies WHERE taxpayer = :taxpayer
    ) AS messages ORDER BY at DESC LIMIT :shown
""")

AGREEMENTS = text("""
    SELECT agreements.id, "case", label AS policy, agreements.state, agreements.amount, signed_on
    FROM agreements JOIN policies ON policies.digest = policy JOIN cases ON cases.id = "case"
    WHERE cases.taxpayer = :taxpayer ORDER BY agreements.recorded_at DESC LIMIT :shown
""")

PAYMENTS = text("""
    SELECT payments.id, channel, payments.amount, paid_on, inscription FROM debtors
    JOIN payments ON payments.debt = debtors.debt JOIN debts ON debts.id = debtors.debt
    WHERE debtors.taxpayer = :taxpayer
    UNION ALL
    SELECT payments.id, channel, payments.amount, payments.paid_on, NULL FROM cases
    JOIN agreements ON agreements."case" = cases.id JOIN instalments ON instalments.agreement = agreements.id
    JOIN payments ON payments.instalment = instalments.id WHERE cases.taxpayer = :taxpayer
    ORDER BY paid_on DESC, id LIMIT :shown
""")

REQUESTS = text("""
    SELECT "case", kind, made_on, due, answer FROM requests JOIN cases ON cases.id = "case"
    WHERE cases.taxpayer = :taxpayer ORDER BY answer IS NOT NULL, due LIMIT :shown
""")


def taxpayer_file(connection: Connection, taxpayer: int, reveal: bool) -> TaxpayerFile:
    """Everything on record of a taxpayer. Raises Refusal when there is none of that id."""
    found = connection.execute(select(taxpayers).where(taxpayers.c.id == taxpayer)).one_or_none()
    if found is None:
        raise Refusal(f"there is no taxpayer {taxpayer}")
    asked = {"taxpayer": taxpayer, "shown": SHOWN}

    def rows(shape: type[RowT], query: TextClause) -> list[RowT]:
        return typed_rows(shape, connection.execute(query, asked).mappings())

    used = {"email": found.email, "phone": found.phone, "messenger": found.messenger}
    contacts, suppressed = rows(Contact, CONTACTS), rows(Suppressed, SUPPRESSED)
    if not reveal:
        for contact in contacts:
            del contact["value"]
        for each in suppressed:
            del each["address"]
    return {
        "taxpayer": taxpayer,
        "tax_id": formatted(found.tax_id) if reveal else mask(found.tax_id),
        "name": found.name if reveal else None,
        "is_company": found.is_company,
        "cases": rows(TaxpayersCase, CASES),
        "debts": rows(TaxpayersDebt, DEBTS),
        "reached_at": {kind: value if reveal else "" for kind, value in used.items() if value},
        "contacts": contacts,
        "suppressed": suppressed,
        "opted_out": list(connection.scalars(OPTED_OUT, asked)),
        "messages": rows(Message, MESSAGES),
        "agreements": rows(TaxpayersAgreement, AGREEMENTS),
        "payments": rows(TaxpayersPayment, PAYMENTS),
        "requests": rows(TaxpayersRequest, REQUESTS),
    }


def person_in(connection: Connection, taxpayer: int) -> Person:
    """A taxpayer as he may stand in a text about him. Raises Refusal when there is none of that id."""
    file = taxpayer_file(connection, taxpayer, reveal=True)
    known = [each["value"] for each in file["contacts"]] + [each["address"] for each in file["suppressed"]]
    tax_id = connection.scalar(select(taxpayers.c.tax_id).where(taxpayers.c.id == taxpayer))
    return Person(tax_id=str(tax_id), name=file["name"] or "", addresses=(*known, *file["reached_at"].values()))
