"""Promises by the book in a life by the book, in which each fault is planted in turn and must be found."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.storage.audit.test_invariants import NOTICED, PAID, planted
from tests.storage.audit.test_invariants import lived as lived


def promise(state: str, **more: str) -> str:
    """R$ 100 promised on Wednesday the 22nd of April for Monday the 27th, which the bank must have told by the 29th."""
    row = {"amount": "100", "promised_for": "'2026-04-27'", "due": "'2026-04-27'", "judged_on": "'2026-04-29'"}
    row |= {"channel": "'phone'", "made_by": "'dora'", "made_on": "'2026-04-22'", "after_payment": "0"}
    row |= {"state": f"'{state}'", "recorded_at": f"'{PAID - timedelta(seconds=1)}'", **more}
    return f'INSERT INTO promises ("case", {", ".join(row)}) SELECT id, {", ".join(row.values())} FROM cases;'


KEPT = promise("kept", paid="100", decided_on="'2026-04-27'")
FAR = {"judged_on": "'2999-01-04'", "due": "'2999-01-01'", "promised_for": "'2999-01-01'"}
OPEN = promise("open", **FAR)
EARLY = {"made_on": "'2026-03-03'", "promised_for": "'2026-03-20'", "due": "'2026-03-20'", "judged_on": "'2026-03-25'"}
BROKEN = promise("broken", **EARLY, decided_on="'2026-03-25'", recorded_at=f"'{NOTICED + timedelta(seconds=1)}'")
UNCLOSED = "UPDATE cases SET closed_at = NULL;"
FRIENDLY = "UPDATE notices SET formal = false WHERE step = 1;"
BESIDE = """
    INSERT INTO audit_log (actor, authenticated, command, subject)
    SELECT 'bia', true, 'case promise --another', id FROM cases;
"""


def held(rung: int) -> str:
    return f"""
        UPDATE cases SET next_step = '{{"action": "notify", "row": "h8", "rung": {rung}, "on": "2999-01-04",
            "reason": "r; promessa de R$ 100,00 para 01/01/2999 aguarda o banco"}}';
    """


NONE = {
    "kept by the money that came": UNCLOSED + KEPT,
    "open": OPEN,
    "two by a supervisor": OPEN + OPEN + BESIDE,
    "broken, and a formal notice left": BROKEN,
    "taken back, and a friendly notice left": promise(
        "cancelled", **EARLY, cancelled_by="'bia'", decided_on="'2026-03-05'"
    )
    + FRIENDLY,
}

FAULTS = {
    f"{UNCLOSED}{KEPT} UPDATE payments SET paid_on = '2026-04-28'": "is kept by 100.00, and 0 came for it",
    f"{UNCLOSED}{KEPT} UPDATE promises SET after_payment = (SELECT max(id) FROM payments)": "and 0 came for it",
    f"""{UNCLOSED}{KEPT} INSERT INTO reversals (payment, reference, amount, reversed_on)
        SELECT id, 'R1', 40, '2026-04-28' FROM payments""": "is kept by 100.00, and 60.00 came for it",
    f"{UNCLOSED}{KEPT} UPDATE promises SET paid = 0": "is kept by 0.00",
    UNCLOSED + promise("open"): "was to be kept or broken on 2026-04-29, and is open",
    promise("broken", decided_on="'2026-04-28'"): "is broken on 2026-04-28, before 2026-04-29",
    OPEN + OPEN: "has 2 promises open, and a supervisor took 0 beside one",
    f"{OPEN}{OPEN}{OPEN}{BESIDE}": "has 3 promises open, and a supervisor took 1 beside one",
    f"{OPEN} UPDATE cases SET arm = 'control'": "is of the control group",
    BROKEN + FRIENDLY: "was open, and yet the notice n1 of 2026-03-18 left",
    OPEN + held(1): "its formal notice waits until 2999-01-04 for promise",
}


@pytest.mark.parametrize("life", NONE)
def test_by_the_book_there_is_none(lived: Engine, life: str) -> None:
    with planted(lived, NONE[life]) as found:
        assert not [violation for violation in found if "promise" in violation], found


@pytest.mark.parametrize(("sql", "sentence"), FAULTS.items(), ids=[str(n) for n in range(len(FAULTS))])
def test_a_planted_fault_is_found(lived: Engine, sql: str, sentence: str) -> None:
    with planted(lived, sql) as found:
        assert any(sentence in violation for violation in found), found
