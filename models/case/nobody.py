"""The reasons for which a cohort takes nobody in; the words are in commands/selection.py and web/console/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from models.case.evidence import Filing
from models.case.facts import CaseFacts
from models.formats import money
from models.ruler.schema import Ruler


class Lack(StrEnum):
    """A thing that people lack whom a cohort doesn't take in."""

    RECORD = "record"
    """There is no debt and no return at all."""
    TAX = "tax"
    """There is none of the taxes that are asked for; `what` are those there are."""
    DEBTS = "debts"
    """Returns declare tax of which there is no debt."""
    OPEN = "open"
    """Nothing is open of these taxes."""
    KEY = "key"
    """Nobody meets a key of the selection, which `what` is; `cases` are those whom the keys before it name."""
    ELSEWHERE = "elsewhere"
    """Another cohort, which `what` is, has their open cases."""
    DUE = "due"
    """Nothing of theirs is overdue yet."""
    RETURNS = "returns"
    """There is no return of the periods they owe for, and the ruler goes by returns."""
    AMOUNT = "amount"
    """They owe less than the ruler's minimum balance."""
    EVIDENCE = "evidence"
    """Nothing that is open of theirs is evidence that the ruler takes."""


class Missed(NamedTuple):
    lack: Lack
    cases: int = 0
    """Taxpayers and taxes; of returns alone taxpayers."""
    what: str = ""


def in_words(
    missed: Sequence[Missed], sentences: Mapping[Lack, str], ruler: Ruler, taxes: str, keys: Mapping[str, str]
) -> str:
    """The reasons in the sentences of whoever tells it; `taxes` are those asked for, `keys` the selection's."""
    about = {"ruler": ruler.label, "taxes": taxes, "least": money(ruler.payments.minimum_balance)}
    return "; ".join(
        sentences[lack].format(cases=cases, what=keys.get(what, what), **about) for lack, cases, what in missed
    )


def lack_of(ruler: Ruler, facts: CaseFacts) -> Lack:
    """The lack of a taxpayer whom no cohort has, and whom the ruler's evidence doesn't reach."""
    if not facts.debts and not any(_overdue(ruler, facts, filing) for filing in facts.filings):
        return Lack.DUE
    if not facts.evidence and ruler.entry.reads_returns:
        known = {filing.period for filing in facts.filings}
        if any(debt.period not in known for debt in facts.debts):
            return Lack.RETURNS
    if facts.evidence and 0 < facts.balance < facts.minimum_balance:
        return Lack.AMOUNT
    return Lack.EVIDENCE


def _overdue(ruler: Ruler, facts: CaseFacts, filing: Filing) -> bool:
    return ruler.jurisdiction.has_passed(filing.due, facts.today)
