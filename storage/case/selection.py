"""The query of whom a selection names, by the record of a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case.selection import Selection
from models.errors import Refusal
from models.formats import tax_name
from models.ruler.schema import Ruler
from storage.case.cases import Pair
from storage.case.habits import HABIT, OF_CHANNELS, SPOKEN

DEBTORS = """
    SELECT debtors.taxpayer, debts.tax
    FROM debtors JOIN debts ON debts.id = debtors.debt
    WHERE (:accruing OR balance > 0) AND (:every_tax OR debts.tax = ANY(:taxes))
      AND (debtors.taxpayer, debts.tax) > (:after_taxpayer, :after_tax)
    GROUP BY debtors.taxpayer, debts.tax
    HAVING :accruing OR coalesce(
        sum(balance) FILTER (WHERE NOT EXISTS (
            SELECT FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL)),
        sum(balance)) BETWEEN :min_amount AND coalesce(CAST(:max_amount AS numeric), 'Infinity')
"""

FILERS = """
    SELECT DISTINCT taxpayer, tax FROM filings
    WHERE superseded_at IS NULL AND (:every_tax OR tax = ANY(:taxes))
      AND (taxpayer, tax) > (:after_taxpayer, :after_tax)
      AND (status = 'missing' OR assessed IS NOT NULL AND assessed <> coalesce(corrected, declared)
           OR paid > 0 AND paid <> coalesce(corrected, declared) OR corrected > declared)
      AND :min_amount <= 0
"""

OF_A_DEBT: Mapping[str, str] = {
    "uf": "debtors.uf = :uf",
    "due_from": "debts.due >= :due_from",
    "due_until": "debts.due <= :due_until",
    "min_age": "debts.due <= CAST(:today AS date) - :min_age",
    "max_age": "debts.due >= CAST(:today AS date) - :max_age",
    "registered_from": "registered_on >= :registered_from",
    "registered_until": "registered_on <= :registered_until",
    "litigation": "litigation = :litigation",
    "protested": "protested = :protested",
}
"""The conditions that one open debt of the taxpayer and tax has to meet together."""

ADDRESS = """
    SELECT value FROM contacts WHERE contacts.taxpayer = people.taxpayer AND kind = 'address'
    ORDER BY said_on DESC, place LIMIT 1"""
"""The newest postal address, in one line that ends with its municipality, state and postcode."""

ACCENTED = "'ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ', 'AAAAAEEEEIIIIOOOOOUUUUCN'"
POSTCODE = "'(?<![0-9])([0-9]{2})[.]?([0-9]{3})-?([0-9]{3})(?![0-9])'"

OF_A_PERSON: Mapping[str, str] = {
    "person": "EXISTS (SELECT FROM taxpayers WHERE id = people.taxpayer AND is_company = (:person = 'company'))",
    "reach": """EXISTS (SELECT FROM taxpayers WHERE id = people.taxpayer AND CASE :reach
        WHEN 'email' THEN email IS NOT NULL WHEN 'phone' THEN phone IS NOT NULL
        WHEN 'messenger' THEN messenger IS NOT NULL
        ELSE (num_nonnulls(email, phone, messenger) > 0) = (:reach = 'any') END)""",
    "benefits": """:benefits = EXISTS (
        SELECT FROM benefits WHERE benefits.taxpayer = people.taxpayer
        AND (benefits.tax IS NULL OR benefits.tax = people.tax))""",
    "broken_agreements": """(
        SELECT count(*) FROM agreements JOIN cases ON cases.id = agreements."case"
        WHERE cases.taxpayer = people.taxpayer AND agreements.state = 'broken') >= :broken_agreements""",
    "municipality": f"""EXISTS (
        SELECT FROM ({ADDRESS}) AS newest
        WHERE ' ' || regexp_replace(translate(upper(value), {ACCENTED}), '[^A-Z0-9]+', ' ', 'g')
            ~ (' ' || :municipality || '( [A-Z]{{2}})?( CEP)?[ 0-9]*$'))""",
    "postcode": f"""EXISTS (
        SELECT FROM ({ADDRESS}) AS newest
        CROSS JOIN LATERAL regexp_matches(value, {POSTCODE}, 'g') AS found
        CROSS JOIN unnest(:postcode) AS beginning
        WHERE starts_with(array_to_string(found, ''), beginning))""",
    **OF_CHANNELS,
    "habits": f"coalesce(({HABIT}), 'unknown') = ANY(:habits)",
    "top_share": """people.taxpayer IN (
        SELECT taxpayer FROM (
            SELECT taxpayer, sum(paid) AS brought, sum(sum(paid)) OVER () AS whole,
                   sum(sum(paid)) OVER (ORDER BY sum(paid) DESC, taxpayer) - sum(paid) AS before
            FROM filings
            WHERE superseded_at IS NULL AND paid_on > CAST(:today AS date) - 365 AND paid_on <= :today
              AND (:every_tax OR tax = ANY(:taxes))
            GROUP BY taxpayer) AS ranked
        WHERE brought > 0 AND before < :top_share * whole)""",
    "only": "EXISTS (SELECT FROM taxpayers WHERE id = people.taxpayer AND tax_id = ANY(:only))",
    "exclude": "NOT EXISTS (SELECT FROM taxpayers WHERE id = people.taxpayer AND tax_id = ANY(:exclude))",
}

TAXES = text("SELECT tax FROM debts UNION SELECT tax FROM filings ORDER BY tax")
"""The taxes of which anything is on record."""

HEARD = """
    SELECT count(DISTINCT found.taxpayer) AS people, array_agg(DISTINCT cohort ORDER BY cohort) AS cohorts
    FROM ({named}) AS found JOIN cases ON cases.taxpayer = found.taxpayer
    WHERE closed_at IS NULL AND cohort <> :cohort AND coalesce(arm, 'ruler') <> 'control'
"""

OF_LISTS = ("paid_after", "opened", "answered")
LISTS = [bindparam(name, type_=ARRAY(Text)) for name in ("taxes", "habits", "only", "exclude", "postcode", *OF_LISTS)]


def selecting(query: str) -> TextClause:
    """A query around that of `named_by`, with its lists bound as such."""
    return text(query).bindparams(*(each for each in LISTS if f":{each.key}" in query))


def named_by(ruler: Ruler, selection: Selection, today: date, after: Pair = (0, "")) -> tuple[str, dict[str, object]]:
    """A query for the taxpayers and taxes that a selection names, beyond a pair, and what it is asked with. Amounts
    that grow by a table of accrual are in no column: whoever reads the facts has to judge them."""
    asked = selection.asked
    taxes = [selection.tax] if selection.tax else [tax_name(tax) for tax in ruler.taxes]
    given = {key: asked[key] for key in (*OF_A_DEBT, *OF_A_PERSON) if key in asked}
    given |= {
        "every_tax": not taxes,
        "taxes": taxes,
        "min_amount": selection.min_amount,
        "max_amount": selection.max_amount,
        "accruing": ruler.accrual is not None,
        "after_taxpayer": after[0],
        "after_tax": after[1],
        "today": today,
        "timezone": ruler.jurisdiction.timezone,
    }
    by_debt = [OF_A_DEBT[key] for key in OF_A_DEBT if key in asked]
    conditions = [OF_A_PERSON[key] for key in OF_A_PERSON if key in asked]
    if by_debt:
        conditions.append(f"""EXISTS (
            SELECT FROM debtors JOIN debts ON debts.id = debtors.debt
            WHERE debtors.taxpayer = people.taxpayer AND debts.tax = people.tax AND (:accruing OR balance > 0)
              AND {" AND ".join(by_debt)})""")
    returns_count = any(rows for rows in (ruler.entry.return_, ruler.entry.divergence))
    people = f"{DEBTORS} UNION {FILERS}" if returns_count else DEBTORS
    query = f"SELECT taxpayer, tax FROM ({people}) AS people WHERE {' AND '.join(['true', *conditions])}"  # noqa: S608 - of constants
    if "habits" in asked:
        query = f"WITH spoken AS ({SPOKEN}) {query}"
    return query, {name: value for name, value in given.items() if f":{name}" in query}


def count_named(connection: Connection, ruler: Ruler, selection: Selection, today: date) -> int:
    """How many a selection names; where what is owed accrues, at most."""
    named, asked = named_by(ruler, selection, today)
    query = f"SELECT count(*) FROM ({named}) AS found"  # noqa: S608 - of constants
    return int(connection.execute(selecting(query), asked).scalar_one())


def counts_by_key(connection: Connection, ruler: Ruler, selection: Selection, today: date) -> dict[str, int]:
    """How many are left as each key is added to those before it: where a selection loses people."""
    left, so_far = {"everybody": count_named(connection, ruler, Selection(), today)}, {}
    for key, value in selection.asked.items():
        so_far[key] = value
        left[key.replace("_", "-")] = count_named(connection, ruler, Selection(**so_far), today)
    return left


def must_be_unheard(connection: Connection, ruler: Ruler, selection: Selection, cohort: str, today: date) -> None:
    """Check that nobody who may be held out is contacted by another cohort. Raises Refusal with how many are."""
    named, asked = named_by(ruler, selection, today)
    found = connection.execute(selecting(HEARD.format(named=named)), asked | {"cohort": cohort}).one()
    if found.people:
        raise Refusal(
            f"{found.people} of these people are contacted by {', '.join(found.cohorts[:5])}: held out, they would hear"
            " of it all the same. Wait, choose others, or say --contacted-too; the report counts them"
        )
