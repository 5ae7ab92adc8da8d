"""The fate of a notice is told by its reports, not by their order."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.contact.delivery import Fate, Progress, Report, Service

FIRST = date(2026, 11, 3)


def report(event: str, progress: Progress | None, reason: str | None = None) -> Report:
    at = datetime(2026, 11, 3, tzinfo=UTC)
    return Report("sendgrid", event, "word", at, progress=progress, reason=reason)


reports = st.builds(
    report,
    st.text("abc", min_size=1, max_size=3),
    st.none() | st.sampled_from(Progress),
    st.none() | st.sampled_from(["caixa cheia", "não existe"]),
)
told = st.lists(st.tuples(reports, st.integers(0, 5).map(lambda days: FIRST + timedelta(days))), max_size=8)


def fate_of(heard: list[tuple[Report, date]], formal: bool, begun: Fate = Fate(Progress.CLAIMED)) -> Fate:  # noqa: B008
    for each, on in heard:
        begun = begun.after(each, formal, on)
    return begun


@given(st.data(), told, st.booleans())
def test_any_order_and_repetition_ends_the_same(
    data: st.DataObject, heard: list[tuple[Report, date]], formal: bool
) -> None:
    again = data.draw(st.permutations(heard + data.draw(st.lists(st.sampled_from(heard)) if heard else st.just([]))))
    assert fate_of(again, formal) == fate_of(heard, formal)


@given(told, reports, st.booleans())
def test_nothing_moves_it_back(heard: list[tuple[Report, date]], late: Report, formal: bool) -> None:
    before = fate_of(heard, formal)
    assert before.after(late, formal, FIRST).progress.rank >= before.progress.rank


@given(told, st.booleans())
def test_only_a_formal_notice_that_arrived_is_served(heard: list[tuple[Report, date]], formal: bool) -> None:
    fate = fate_of(heard, formal)
    proofs = [on for each, on in heard if each.progress and each.progress.serves]
    served = formal and bool(proofs) and not fate.progress.lost
    assert (fate.service is not None) is served
    if fate.service:
        assert fate.service.on == min(proofs)


@given(told)
def test_what_a_person_signed_for_stands(heard: list[tuple[Report, date]]) -> None:
    signed = Service(FIRST + timedelta(2), "ana", "AR 1")
    assert fate_of(heard, True, Fate(Progress.SENT, service=signed)).service == signed
