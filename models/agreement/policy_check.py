"""A policy read from its YAML with every fault at its line, those of a well-formed one too."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from models.agreement.charges import NONE, Correction
from models.agreement.policy import Policy
from models.agreement.rule import Rule
from models.law.dated import Where
from models.law.verification import marking_faults
from models.yaml_file import Fault, open_questions, read_keys, shape_faults


def read_policy(text: str) -> tuple[Policy | None, tuple[Fault, ...]]:
    """Read a policy's YAML: the policy, unless its shape is wrong, and every fault with its line."""
    written, lines, faults = read_keys(text, "an agreement policy")
    if written is None:
        return None, faults
    try:
        policy = Policy.model_validate(written)
    except ValidationError as invalid:
        return None, (*faults, *shape_faults(invalid, lines))
    found = (*marking_faults(policy), *policy_faults(policy))
    faults += tuple(Fault(where, what, lines.of(where)) for where, what in found)
    return policy, faults if policy.is_example else (*faults, *open_questions(policy, text))


SILENT = "is not said, and nothing is free of it unless a law says so (CTN art. 155-A, § 1º): write it, or its `none`"


def policy_faults(policy: Policy) -> Iterator[tuple[Where, str]]:
    for regime, terms in policy.terms.items():
        where = ("terms", regime.value)
        for key in ("correction", "interest", "late"):
            if getattr(terms, key) is None:
                yield (*where, key), SILENT
        if terms.interest and terms.interest.per_month and not _bare(terms.correction):
            yield (*where, "interest"), "stands beside Selic, which is interest itself: only one of them can be charged"
        free = {
            "correction": terms.correction is not None and terms.correction.by == NONE,
            "interest": terms.interest is not None and terms.interest.per_month == 0 and _bare(terms.correction),
            "late": terms.late is not None and not terms.late.steps,
        }
        for key in (key for key, is_free in free.items() if is_free and not getattr(terms, key).cites_a_law):
            yield (*where, key, "source"), "cites no law by its number: only a law frees an instalment of it"
    yield from _granted(policy)


def _bare(correction: Correction | None) -> bool:
    """Whether no series that is interest itself, as Selic is, stands beside it."""
    return correction is None or correction.by == NONE or correction.compounded


def _granted(policy: Policy) -> Iterator[tuple[Where, str]]:
    """The faults of rules that forgive, or impute to the debtor's loss, without a law."""
    found = policy.discounts
    granted: dict[Where, Rule | None] = {
        ("discounts", "at_once"): found.at_once,
        ("discounts", "direct_debit"): found.direct_debit,
        ("discounts", "early"): found.early,
        ("punctuality_bonus",): policy.punctuality_bonus,
    }
    for where, rule in granted.items():
        if rule is not None and not rule.cites_a_law:
            yield (*where, "source"), "cites no law by its number: nothing is remitted without one (CTN art. 97, VI)"
    if policy.imputation and policy.imputation.order == "last_first" and not policy.imputation.cites_a_law:
        yield ("imputation", "source"), "cites no law by its number: without one the oldest due is paid first (CTN 163)"
