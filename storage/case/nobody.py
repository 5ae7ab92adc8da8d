"""The reasons for which a cohort takes nobody in, by the record of a day."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import date

from sqlalchemy import Connection, Engine

from models.case.nobody import Lack, Missed, lack_of
from models.case.selection import Selection
from models.formats import tax_name
from models.ruler.schema import Ruler
from storage.case.cohorts import candidates
from storage.case.dry_run import declared_alone
from storage.case.selection import TAXES, count_named, counts_by_key

TOLD = 20
"""Taxes that are told of those there are."""


def why_nobody(engine: Engine, ruler: Ruler, selection: Selection, today: date, cohort: str) -> tuple[Missed, ...]:
    """The lacks of those whom a cohort doesn't take in, most of them first; empty: it has somebody, or would take
    somebody in."""
    with engine.connect() as connection:
        if missed := _on_record(connection, ruler, selection, today):
            return (missed,)
    found: Counter[tuple[Lack, str]] = Counter()
    with closing(candidates(engine, ruler, selection, today)) as pages:
        for page in pages:
            for candidate in page:
                if candidate.cohort not in (None, cohort):
                    found[Lack.ELSEWHERE, candidate.cohort or ""] += 1
                elif candidate.cohort or candidate.takes(ruler):
                    return ()
                else:
                    found[lack_of(ruler, candidate.facts), ""] += 1
    if found:
        return tuple(Missed(lack, cases, what) for (lack, what), cases in found.most_common())
    # what accrues is in no column: all are named, and none of them owes as much, or as little, as is asked
    with engine.connect() as connection:
        named = count_named(connection, ruler, selection, today)
    return (Missed(Lack.KEY, named, "min-amount" if selection.max_amount is None else "max-amount"),)


def _on_record(connection: Connection, ruler: Ruler, selection: Selection, today: date) -> Missed | None:
    """The lack of the record as a whole, or the key that names nobody; none: somebody is named."""
    known = list(connection.scalars(TAXES))
    asked = [selection.tax] if selection.tax else [tax_name(tax) for tax in ruler.taxes]
    if not known:
        return Missed(Lack.RECORD)
    if asked and not set(asked) & set(known):
        return Missed(Lack.TAX, what=", ".join(known[:TOLD]))
    left = counts_by_key(connection, ruler, selection, today)
    most, *after = left.values()
    if not most:
        alone = declared_alone(connection, ruler, selection, today)
        return Missed(Lack.DEBTS, alone) if alone else Missed(Lack.OPEN)
    before = most
    for key, count in zip(list(left)[1:], after, strict=True):
        if not count:
            return Missed(Lack.KEY, before, key)
        before = count
    return None
