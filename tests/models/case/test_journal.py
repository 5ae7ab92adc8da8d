"""The kinds of journal entries: each has a subject and an action, a title in reports, and keeps its stored word."""

import re

import pytest

from models.case.journal import SUBJECTS, EntryKind
from reports.chronology import TITLES


def test_each_kind_is_a_subject_and_an_action() -> None:
    events = [kind.event for kind in EntryKind]
    assert len(set(events)) == len(events)
    assert all(re.fullmatch(r"[a-z_]+:[a-z_]+", event) for event in events)
    assert {kind.subject for kind in EntryKind} == set(SUBJECTS)


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("classified", "case:classified"),
        ("suspended", "benefits:suspended"),
        ("prior_step_taken", "prior_step:taken"),
        ("payment", "payment:received"),
        ("paused", "clock:paused"),
    ],
)
def test_the_stored_word_stays(word: str, event: str) -> None:
    assert EntryKind(word).event == event


def test_each_kind_has_a_title_in_the_explanation() -> None:
    assert set(TITLES) == set(EntryKind)
