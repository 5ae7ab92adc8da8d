"""The invariants of what a case tells and is told: each decision has a reason, each payment one signal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from storage.audit.life import Life


def explained(life: Life) -> Iterator[str]:
    for decision in life.decisions:
        if not decision["reason"].strip():
            yield f"the decision {decision['kind']} of {decision['recorded_at']:%Y-%m-%d} says no reason"


def told_once(life: Life) -> Iterator[str]:
    """Each payment that came while the case was open was told by one delivered signal."""
    signals = Counter(signal["payment"] for signal in life.signals)
    journalled = Counter(decision["payment"] for decision in life.decisions if decision["kind"] == "payment")
    reopened = any(decision["kind"] == "reopened" for decision in life.decisions)
    for payment in (money for money in life.money if money["id"] and money["amount"] > 0):
        was_open = life.case["opened_at"] <= payment["recorded_at"] and (
            life.case["closed_at"] is None or payment["recorded_at"] < life.case["closed_at"]
        )
        # when a case that was opened again had been closed before is not kept: its journal says what it was to hear
        owed = journalled[payment["id"]] if reopened else int(was_open)
        if (times := signals[payment["id"]]) != owed:
            yield f"payment {payment['id']} is owed to it {owed} times, and was signalled {times} times"
    for signal in life.signals:
        if signal["delivered_at"] is None:
            yield f"the signal {signal['id']} of payment {signal['payment']} is not delivered"
