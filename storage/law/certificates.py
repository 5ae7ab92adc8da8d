"""Tax clearance certificates on record: judged from all that a taxpayer owes, issued, and checked by their code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, insert, select, text

from models.errors import Refusal
from models.formats import day, period
from models.law.certificate import HINDERING, Certificate, Credit, CreditStatus, Issued, Judged, judge
from models.portal.table import Certificates
from models.words import tax_in_words
from storage.case.cases import read_case
from storage.case.debts import grounds_of, owed_each
from storage.schema import certificates, taxpayers


@dataclass(frozen=True)
class Prospect:
    """The certificate that a taxpayer would get today."""

    judged: Judged
    stale: str | None
    """Why nobody can say today what is owed; none: it can be said."""

    @property
    def certificate(self) -> Certificate | None:
        return None if self.stale else self.judged.certificate

    @property
    def hindrances(self) -> list[tuple[Credit, CreditStatus]]:
        return [(credit, status) for credit, status in self.judged.credits if status in HINDERING]


def prospect(connection: Connection, taxpayer: int, terms: Certificates, today: date) -> Prospect:
    """The certificate that a taxpayer would get today, by all his credits, whatever case they are of."""
    return Prospect(judge(_credits(connection, taxpayer, today), today), _stale(connection, terms, today))


def issue(engine: Engine, case: str, authority: str, terms: Certificates, now: datetime) -> str:
    """Issue the certificate of a case's taxpayer, and return its code; one issued today that says the same is that one.
    Raises Refusal: he gets none."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        today = record.clock.day_at(now)
        found = prospect(connection, record.taxpayer, terms, today)
        if found.certificate is None:
            raise Refusal(found.stale or "something is owed that is due, not suspended and not secured")
        row = {
            "taxpayer": record.taxpayer,
            "kind": found.certificate,
            "authority": authority,
            "law": terms.law,
            "issued_on": today,
            "valid_until": today + timedelta(days=terms.valid_days),
        }
        listed = [{"debt": credit.debt, "status": status} for credit, status in found.judged.credits]
        same = [certificates.c[name] == value for name, value in row.items()]
        code = connection.scalars(select(certificates.c.code).where(*same, certificates.c.credits == listed)).first()
        if code is None:
            made = insert(certificates).values(row | {"credits": listed}).returning(certificates.c.code)
            code = connection.scalars(made).one()
        return str(code)


def latest(connection: Connection, taxpayer: int, today: date) -> Issued | None:
    """The last certificate of a taxpayer, while it is valid."""
    return _read(connection, certificates.c.taxpayer == taxpayer, certificates.c.valid_until >= today)


def by_code(connection: Connection, code: str) -> Issued | None:
    """The certificate of that code."""
    return _read(connection, certificates.c.code == code)


def _read(connection: Connection, *where: ColumnElement[bool]) -> Issued | None:
    asked = select(certificates, taxpayers.c.name, taxpayers.c.tax_id).join_from(certificates, taxpayers)
    row = connection.execute(asked.where(*where).order_by(certificates.c.id.desc()).limit(1)).mappings().first()
    if row is None:
        return None
    return Issued(
        number=f"{row['issued_on'].year}/{row['id']:06}",
        code=row["code"],
        name=row["name"],
        tax_id=row["tax_id"],
        kind=Certificate(row["kind"]),
        authority=row["authority"],
        law=row["law"],
        issued_on=row["issued_on"],
        valid_until=row["valid_until"],
    )


OWING = text("""
    SELECT debts.id, tax, inscription, period, due, litigation, EXISTS (
        SELECT FROM defence_credits JOIN defences ON defences.id = defence
        WHERE credit = debts.id AND state IN ('open', 'accepted') AND NOT EXISTS (
            SELECT FROM annulments WHERE annulments.kind = 'ruling' AND entry = CAST(defences.id AS text))) AS defended
    FROM debtors JOIN debts ON debts.id = debt
    WHERE debtors.taxpayer = :taxpayer AND extinct_on IS NULL ORDER BY due, debts.id
""")


def _credits(connection: Connection, taxpayer: int, today: date) -> list[Credit]:
    """The credits of which something is owed, or of which that can't be told."""
    rows = connection.execute(OWING, {"taxpayer": taxpayer}).mappings().all()
    debts = [row["id"] for row in rows]
    owed, grounds = owed_each(connection, debts, today), grounds_of(connection, debts, today)
    return [
        Credit(
            debt=row["id"],
            what=", ".join(
                filter(None, (tax_in_words(row["tax"]), row["inscription"], row["period"] and period(row["period"])))
            ),
            due=row["due"],
            amount=owed[row["id"]].total if row["id"] in owed else None,
            litigation=row["litigation"],
            defended=row["defended"],
            grounds=grounds[row["id"]],
        )
        for row in rows
        if row["id"] not in owed or owed[row["id"]].total > 0
    ]


def _stale(connection: Connection, terms: Certificates, today: date) -> str | None:
    """Why nobody can say what is owed on a day: no source has said all that it has, or one not for too long."""
    as_of = connection.execute(text("SELECT min(as_of) FROM extract_sources")).scalar_one()
    if as_of is None:
        return "nenhum extrato completo das dívidas foi recebido ainda"
    if as_of < today - timedelta(days=terms.stale_days):
        return (
            f"o último extrato das dívidas é de {day(as_of)}, e certidões só saem com um de até {terms.stale_days} dias"
        )
    return None
