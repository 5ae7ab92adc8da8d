"""The effect of each of SendGrid's events on a notice and on an address."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sendgrid_events import read_events
from models.callback import Malformed
from models.contact.delivery import Progress, Report

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
AT = int(datetime(2026, 11, 3, 12, tzinfo=UTC).timestamp())


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"event": kind, "sg_event_id": "ev1", "timestamp": AT, "email": "a@exemplo.com", "notice": "n-1", **more}


def read(*events: dict[str, Any]) -> list[Report]:
    return read_events(json.dumps(events).encode(), NOW)


@pytest.mark.parametrize(
    ("sent", "progress", "contact"),
    [
        (event("processed"), Progress.SENT, None),
        (event("deferred", response="451 later"), None, None),
        (event("delivered", response="250 OK"), Progress.DELIVERED, None),
        (event("open"), Progress.READ, None),
        (event("open", sg_machine_open=False), Progress.READ, None),
        (event("open", sg_machine_open=True), Progress.DELIVERED, None),
        (event("click", url="https://exemplo.gov.br"), Progress.READ, None),
        (event("bounce", type="bounce", status="5.1.1"), Progress.BOUNCED, "suppressed"),
        (event("bounce", type="blocked"), Progress.BLOCKED, None),
        (event("dropped", reason="Bounced Address"), Progress.BOUNCED, "suppressed"),
        (event("dropped", reason="Invalid"), Progress.BOUNCED, "suppressed"),
        (event("dropped", reason="Unsubscribed Address"), Progress.BLOCKED, "refused"),
        (event("dropped", reason="Spam Reporting Address"), Progress.BLOCKED, "refused"),
        (event("dropped", reason="Spam Content"), Progress.FAILED, None),
        (event("dropped"), Progress.FAILED, None),
        (event("spamreport"), None, "refused"),
        (event("unsubscribe"), None, "refused"),
        (event("group_unsubscribe", asm_group_id=7), None, "refused"),
        (event("group_resubscribe"), None, None),
        (event("an event of next year"), None, None),
    ],
)
def test_an_event_is_understood(sent: dict[str, Any], progress: Progress | None, contact: str | None) -> None:
    (report,) = read(sent)
    assert (report.progress, report.contact) == (progress, contact)
    assert (report.provider, report.event, report.kind, report.notice) == ("sendgrid", "ev1", sent["event"], "n-1")
    assert report.at == datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert bool(report.reason) is (progress is not None and progress.lost)


def test_a_reason_names_the_status_and_nobody() -> None:
    said = "550 5.1.1 <maria@exemplo.com>: user unknown"
    (report,) = read(event("bounce", type="bounce", status="5.1.1", reason=said))
    assert report.reason == "o endereço de e-mail não existe ou não recebe mensagens (5.1.1)"
    (report,) = read(event("bounce", type="bounce", status="maria"))
    assert report.reason == "o endereço de e-mail não existe ou não recebe mensagens"


@pytest.mark.parametrize("notice", [None, 7, ["n"], "a\0b", "\ud800"])
def test_what_is_no_notice_of_ours_is_none(notice: Any) -> None:
    assert read(event("open", notice=notice))[0].notice is None


@pytest.mark.parametrize(
    "change",
    [
        {"sg_event_id": None},
        {"sg_event_id": ""},
        {"sg_event_id": "x" * 256},
        {"sg_event_id": "\0"},
        {"sg_event_id": "\ud800"},
        {"event": 1},
        {"timestamp": None},
        {"timestamp": "1669651200"},
        {"timestamp": True},
        {"timestamp": 0},
        {"timestamp": -1},
        {"timestamp": 1.5},
        {"timestamp": 10**300},
        {"timestamp": AT + 10**8},
    ],
)
def test_an_event_that_says_not_which_or_when_refuses_the_batch(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as refused:
        read(event("open"), {**event("open"), **change})
    assert refused.value.field == f"[1].{next(iter(change))}"


BOMBS = [
    b"",
    b"{}",
    b"null",
    b"[1]",
    b"[" * 100_000,
    b'[{"a":' * 50_000,
    b"[1" + b"0" * 100_000 + b"]",
    b'[{"timestamp": 1e999999}]',
    b"[NaN]",
    b"\xff",
    b'[{"event": "\\u0000"}]',
]


@pytest.mark.parametrize("sent", BOMBS, ids=range(len(BOMBS)))
def test_what_is_no_batch_is_refused(sent: bytes) -> None:
    with pytest.raises(Malformed):
        read_events(sent, NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["event", "sg_event_id", "timestamp", "notice", "reason", "type", "status", "sg_machine_open"])


@given(st.lists(st.dictionaries(names, json_values), max_size=3))
def test_anything_is_read_or_refused(events: list[dict[str, Any]]) -> None:
    with contextlib.suppress(Malformed):
        read_events(json.dumps(events).encode(), NOW)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert read_events(body, NOW) == []
