"""Who is one person, by the audit's own reading: SQL over raw rows, which shares nothing with `models/persons.py`."""


def _folded(name: str) -> str:
    return f"lower(regexp_replace(normalize({name}, NFKD), '[^[:alnum:]]', '', 'g'))"


# of all names that links lead to from a name, the first by the alphabet stands for the person
PERSONS = f"""
    WITH RECURSIVE links AS (
        SELECT {_folded("person")} AS one, {_folded("name")} AS other FROM sign_ins
        UNION SELECT {_folded("name")}, {_folded("person")} FROM sign_ins
    ), reached AS (
        SELECT one, one AS other FROM links
        UNION SELECT reached.one, links.other FROM reached JOIN links ON links.one = reached.other
    ), persons AS (
        SELECT one AS name, min(other) AS person FROM reached GROUP BY one
    )
"""  # noqa: S608 - constants


def person_of(name: str) -> str:
    """SQL of the person of a name; `name` is an expression, in a query that begins with PERSONS."""
    return f"coalesce((SELECT person FROM persons WHERE persons.name = {_folded(name)}), {_folded(name)})"  # noqa: S608 - constants
