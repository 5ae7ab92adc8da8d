"""The invariant of what is contested: no step about a credit until people have answered its taxpayer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from storage.audit.life import Life


def contested_left_alone(life: Life) -> Iterator[str]:
    for notice in life.notices:
        if notice["kind"] == "rung" and notice["stage"] != "suspension":
            for credit in _contested(life, notice["credits"], notice["claimed_at"]):
                yield f"notice {notice['id']} lists credit {credit}, which was contested"
    for suspension in life.suspensions:
        for credit in _contested(life, suspension["credits"], suspension["recorded_at"]):
            yield f"the suspension of {suspension['suspended_on']} is for credit {credit}, which was contested"
    for referral in (decision for decision in life.decisions if decision["kind"] == "referred"):
        for credit in _contested(life, referral["referred"] or [], referral["recorded_at"]):
            yield f"was referred for debt {credit}, which was contested"


def _contested(life: Life, credits: list[str], moment: datetime) -> list[str]:
    """The credits of these that a contest names which was open at that moment."""
    still_open = [
        contest
        for contest in life.contests
        if contest["recorded_at"] <= moment and not (contest["answered_at"] and contest["answered_at"] <= moment)
    ]
    return sorted(credit for credit in credits if any(credit in contest["credits"] for contest in still_open))
