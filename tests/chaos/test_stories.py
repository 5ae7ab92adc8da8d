"""Which differences between a calm and a stormy life have a reason, and which are faults of ours."""

from datetime import date

from tests.chaos.stories import Difference, Entry, Story, differences

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def story(*entries: str | Entry, status: str = "resolved", cell: str = "h1 reminder") -> Story:
    told = tuple(entry if isinstance(entry, Entry) else of(entry) for entry in entries)
    return Story(person=7, case="c1", status=status, cell=cell, entries=told)


def of(said: str, at: date = MONDAY) -> Entry:
    kind, _, cell = said.partition(" ")
    return Entry(kind, cell, at)


def compared(calm: Story, stormy: Story) -> Difference | None:
    return next(iter(differences({7: calm}, {7: stormy})), None)


def test_the_same_life_on_other_days_is_no_difference() -> None:
    calm = story("notice h1 reminder", "payment", "resolved")
    late = story("notice h1 reminder", of("payment", TUESDAY), of("resolved", TUESDAY))
    assert compared(calm, late) is None


def test_a_payment_that_came_a_rung_later_explains_the_rung() -> None:
    calm = story("notice h1 reminder", "payment", "resolved")
    late = story("notice h1 reminder", "notice h1 alert", "payment", "resolved", cell="h1 alert")
    found = compared(calm, late)
    assert found
    assert found.because == "notice h1 alert of 2026-03-02 came where the calm day had payment of 2026-03-02"


def test_a_payment_that_came_sooner_or_never_explains_too() -> None:
    calm = story("notice h1 reminder", "notice h1 alert", "payment", "resolved", cell="h1 alert")
    soon = story("notice h1 reminder", "payment", "resolved")
    never = story("notice h1 reminder", "notice h1 alert", status="running", cell="h1 alert")
    for stormy in (soon, never):
        found = compared(calm, stormy)
        assert found
        assert found.because


def test_a_rung_that_a_campaign_had_no_time_for_is_explained_by_its_end() -> None:
    calm = story("notice h1 reminder", "notice h1 alert", "ended", status="ended", cell="h1 alert")
    late = story("notice h1 reminder", "ended", status="ended")
    found = compared(calm, late)
    assert found
    assert found.because


def test_what_was_heard_on_another_day_explains_what_follows_from_it() -> None:
    calm = story("notice h8 notice", "served", "notice h8 final_notice", cell="h8 final_notice", status="running")
    late = story("notice h8 notice", of("served", TUESDAY), cell="h8 notice", status="running")
    found = compared(calm, late)
    assert found
    assert found.because == "served of 2026-03-03 came on another day than the calm day's, 2026-03-02"


def test_what_a_clerk_did_on_another_day_explains_a_referral_that_there_was_no_day_left_for() -> None:
    calm = story("notice h8 final_notice", "prior_step_taken", "referred", status="referred")
    late = story("notice h8 final_notice", of("prior_step_taken", TUESDAY), status="running")
    found = compared(calm, late)
    assert found
    assert found.because == "prior_step_taken of 2026-03-03 came on another day than the calm day's, 2026-03-02"


def test_a_rung_that_is_simply_missing_is_a_fault() -> None:
    calm = story("notice h1 reminder", "payment", "notice h1 alert", status="running", cell="h1 alert")
    stuck = story("notice h1 reminder", "payment", status="running")
    found = compared(calm, stuck)
    assert found
    assert found.because is None


def test_a_person_without_a_case_is_a_fault() -> None:
    [found] = differences({7: story()}, {})
    assert found.because is None


def test_the_channels_of_a_rung_are_one_contact_in_any_order() -> None:
    one = story("notice h8 notice", "served", "notice h8 notice", "served", cell="h8 notice")
    other = story("notice h8 notice", "notice h8 notice", "served", "served", cell="h8 notice")
    assert compared(one, other) is None
    assert one.rungs == ["h8 notice"]


def test_a_rung_taken_again_counts_again() -> None:
    assert story("notice h1 alert", "lost", "notice h1 alert").rungs == ["h1 alert", "h1 alert"]
