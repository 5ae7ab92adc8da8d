"""The taxpayer of a case as he may stand in a text about him, to be taken out of it."""

from sqlalchemy import Connection, text

from models.redaction import Person

# a taxpayer's addresses past and present: whatever may stand in a text about him
PERSON = text("""
    SELECT tax_id, name, array_remove(ARRAY[email, phone, messenger, taxpayers.address]
        || ARRAY(SELECT address FROM suppressed_contacts WHERE taxpayer = taxpayers.id ORDER BY id)
        || ARRAY(SELECT address FROM notices WHERE "case" = :case ORDER BY step, channel)
        || ARRAY(SELECT address FROM replies WHERE "case" = :case ORDER BY id), NULL) AS addresses
    FROM taxpayers WHERE id = (SELECT taxpayer FROM cases WHERE id = :case)
""")


def person_of(connection: Connection, case: str) -> Person:
    return Person.model_validate(dict(connection.execute(PERSON, {"case": case}).mappings().one()))
