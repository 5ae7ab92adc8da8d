"""Stretches of days: each day counted once, whatever overlaps."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.law.spans import Span, joined

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(60)]
SPANS = st.lists(st.builds(Span, st.sampled_from(DAYS), st.sampled_from(DAYS)), max_size=6)


def test_what_touches_is_one() -> None:
    spans = [Span(date(2026, 1, 4), date(2026, 1, 5)), Span(date(2026, 1, 1), date(2026, 1, 3))]
    assert joined(spans) == (Span(date(2026, 1, 1), date(2026, 1, 5)),)


@given(SPANS, st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_each_day_counts_once(spans: list[Span], first: date, last: date) -> None:
    by_hand = sum(first <= day <= last and any(s.first <= day <= s.last for s in spans) for day in DAYS)
    assert sum(span.within(first, last) for span in joined(spans)) == by_hand
