"""On which days people may put something on record, and what they are told when they may not."""

from collections.abc import Callable
from datetime import date

import pytest

from models.case.blocks import Situation
from models.case.commands import check_defence, check_hold, check_ruling, must_be_open, to_be_ruled_on
from models.case.facts import Defence
from models.case.status import Status
from models.errors import Refusal
from models.law.grounds import Ground, ended_by, read_ground
from models.words import GROUNDS

TODAY, BEFORE, EARLIER, LATER = (date(2026, 11, day) for day in (20, 10, 5, 25))
OPEN = Defence(filed_on=BEFORE)
ACCEPTED = Defence(filed_on=BEFORE, state="accepted", decided_on=BEFORE)
REJECTED = Defence(filed_on=BEFORE, state="rejected", decided_on=BEFORE)


def test_each_ground_has_its_words_and_may_be_written_with_hyphens() -> None:
    for ground in Ground:
        assert read_ground(f" {ground.replace('_', '-').upper()} ") is ground
        assert GROUNDS[ground]


def test_an_extract_s_ground_is_not_for_people() -> None:
    with pytest.raises(Refusal, match="there is no ground 'tax_benefit'; choose one of moratorium, deposit"):
        read_ground("tax_benefit")


@pytest.mark.parametrize(
    ("source", "told"),
    [("extract", "next extract"), ("agreement a1", "ends with the agreement a1"), ("person", "people lift it")],
)
def test_who_lifts_a_hold(source: str, told: str) -> None:
    assert told in ended_by(source)


def test_what_fits() -> None:
    check_hold(TODAY, None, TODAY)
    check_hold(EARLIER, TODAY, TODAY)
    check_defence(TODAY, TODAY, [], TODAY)
    check_defence(BEFORE, EARLIER, [REJECTED], TODAY)
    check_ruling(BEFORE, OPEN, TODAY)
    must_be_open(Situation(state=Status.REFERRED))


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (lambda: check_hold(date(1, 1, 1), None, TODAY), "can't begin on 0001-01-01: write a day from 1900-01-01"),
        (lambda: check_hold(date(1899, 12, 31), None, TODAY), "can't begin on 1899-12-31"),
        (lambda: check_hold(TODAY, date(2201, 1, 1), TODAY), "can't end on 2201-01-01: write a day from 1900-01-01 to"),
        (lambda: check_hold(TODAY, date.max, TODAY), "can't end on 9999-12-31"),
        (lambda: check_hold(LATER, None, TODAY), "can't begin on 2026-11-25, which is yet to come"),
        (lambda: check_hold(BEFORE, EARLIER, TODAY), "can't end on 2026-11-05, before it begins on 2026-11-10"),
        (lambda: check_hold(EARLIER, BEFORE, TODAY), "until 2026-11-10 is over already"),
        (lambda: check_defence(TODAY, None, [], TODAY), "no formal notice was sent"),
        (lambda: check_defence(BEFORE, TODAY, [], TODAY), "before the first formal notice of 2026-11-20"),
        (lambda: check_defence(LATER, BEFORE, [], TODAY), "yet to come"),
        (lambda: check_defence(TODAY, BEFORE, [OPEN], TODAY), "filed on 2026-11-10 is open already"),
        (lambda: check_defence(TODAY, BEFORE, [ACCEPTED], TODAY), "filed on 2026-11-10 was accepted"),
        (lambda: check_defence(EARLIER, EARLIER, [REJECTED], TODAY), "before the rejection of 2026-11-10"),
        (lambda: to_be_ruled_on([]), "no defence is on record"),
        (lambda: to_be_ruled_on([REJECTED]), "was rejected on 2026-11-10 already"),
        (lambda: to_be_ruled_on([OPEN, OPEN]), "2 defences are open"),
        (lambda: check_ruling(EARLIER, OPEN, TODAY), "before it was filed on 2026-11-10"),
        (lambda: check_ruling(LATER, OPEN, TODAY), "yet to come"),
        (lambda: must_be_open(Situation(state=Status.RESOLVED)), "the case is resolved: nothing more can be done"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(check: Callable[[], None], told: str) -> None:
    with pytest.raises(Refusal, match=told):
        check()
