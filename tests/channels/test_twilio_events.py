"""Twilio's posts about messages and calls, and people's replies."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.twilio_events import SUPPRESSING_ERRORS, Inbound, notice_of, read_inbound, read_status
from models.callback import Malformed
from models.contact.delivery import Progress, Report

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


def message(status: str, code: str = "") -> Report:
    form = {"MessageSid": "SM1", "MessageStatus": status, "To": "+5582999990000"}
    return read_status({**form, "ErrorCode": code} if code else form, "c-01-sms", NOW)


def call(status: str, **more: str) -> Report:
    return read_status({"CallSid": "CA1", "CallStatus": status, **more}, "c-01-voice", NOW)


@pytest.mark.parametrize(
    ("report", "progress", "contact"),
    [
        (message("accepted"), Progress.QUEUED, None),
        (message("queued"), Progress.QUEUED, None),
        (message("sending"), Progress.QUEUED, None),
        (message("sent"), Progress.SENT, None),
        (message("delivered"), Progress.DELIVERED, None),
        (message("Delivered"), Progress.DELIVERED, None),
        (message("read"), Progress.READ, None),
        (message("sent", "30005"), Progress.SENT, None),
        (message("undelivered"), Progress.FAILED, None),
        (message("undelivered", "30003"), Progress.FAILED, None),
        (message("undelivered", "30005"), Progress.BOUNCED, "suppressed"),
        (message("undelivered", "30006"), Progress.BOUNCED, "suppressed"),
        (message("failed", "21211"), Progress.BOUNCED, "suppressed"),
        (message("failed", "21614"), Progress.BOUNCED, "suppressed"),
        (message("failed", "63024"), Progress.BOUNCED, "suppressed"),
        (message("failed", "21610"), Progress.BLOCKED, "refused"),
        (message("failed", "x"), Progress.FAILED, None),
        (message("failed", "9" * 50), Progress.FAILED, None),
        (message("canceled"), Progress.FAILED, None),
        (message("of-next-year"), None, None),
        (call("queued"), Progress.QUEUED, None),
        (call("initiated"), Progress.QUEUED, None),
        (call("ringing"), Progress.SENT, None),
        (call("in-progress"), Progress.SENT, None),
        (call("in-progress", AnsweredBy="human"), Progress.SENT, None),
        (call("completed", AnsweredBy="human"), Progress.ANSWERED, None),
        (call("completed", AnsweredBy="machine_start"), Progress.FAILED, None),
        (call("completed", AnsweredBy="machine_end_beep"), Progress.FAILED, None),
        (call("completed", AnsweredBy="fax"), Progress.FAILED, None),
        (call("completed", AnsweredBy="unknown"), Progress.SENT, None),
        (call("completed"), Progress.SENT, None),
        (call("busy"), Progress.FAILED, None),
        (call("no-answer"), Progress.FAILED, None),
        (call("failed"), Progress.FAILED, None),
        (call("canceled"), Progress.FAILED, None),
        (call("failed", ErrorCode="21217"), Progress.BOUNCED, "suppressed"),
        (call("failed", ErrorCode="13225"), Progress.FAILED, None),
    ],
)
def test_a_status_is_understood(report: Report, progress: Progress | None, contact: str | None) -> None:
    assert (report.progress, report.contact) == (progress, contact)
    assert bool(report.reason) is (progress is not None and progress.lost)


def test_a_status_is_known_by_message_and_status() -> None:
    assert (message("sent").event, message("delivered").event) == ("SM1 sent", "SM1 delivered")
    assert (message("sent").message, message("sent").notice, message("sent").at) == ("SM1", "c-01-sms", NOW)
    assert call("busy").event == "CA1 busy"


def test_a_call_says_when() -> None:
    assert call("busy", Timestamp="Fri, 20 Nov 2026 14:00:00 +0000").at == datetime(2026, 11, 20, 14, tzinfo=UTC)
    for wrong in ("", "yesterday", "Fri, 20 Nov 2099 14:00:00 +0000", "Mon, 01 Jan 0001 00:00:00 +1400"):
        assert call("busy", Timestamp=wrong).at == NOW


@pytest.mark.parametrize("notice", ["", "a\0", "x" * 65, "a b", "ação", "'; --"])
def test_what_is_no_notice_of_ours_is_none(notice: str) -> None:
    assert notice_of(notice) is None


def test_reasons_name_nobody() -> None:
    assert message("undelivered", "30003").reason == "a operadora não entregou a mensagem (código 30003)"
    assert not any(character.isdigit() for why in SUPPRESSING_ERRORS.values() for character in why)


@pytest.mark.parametrize(
    ("sender", "channel", "address"),
    [
        ("+5582999990000", "sms", "+5582999990000"),
        ("whatsapp:+5582999990000", "whatsapp", "+5582999990000"),
        ("messenger:1234567", "messenger", "1234567"),
    ],
)
def test_an_inbound_message_has_its_channel(sender: str, channel: str, address: str) -> None:
    form = {"MessageSid": "SM1", "From": sender, "Body": "1", "OptOutType": "stop"}
    assert read_inbound(form) == Inbound("SM1", channel, address, "1", "STOP")


def test_a_long_message_is_cut() -> None:
    assert len(read_inbound({"MessageSid": "SM1", "From": "+55", "Body": "a" * 5000}).body) == 1600


@pytest.mark.parametrize("form", [{}, {"MessageSid": ""}, {"MessageSid": "a b"}, {"MessageSid": "x" * 65}])
def test_without_an_id_nothing_is_taken(form: dict[str, str]) -> None:
    for read in (read_inbound, lambda form: read_status({**form, "MessageStatus": "sent"}, None, NOW)):
        with pytest.raises(Malformed):
            read(form)


names = st.sampled_from(
    ["MessageSid", "MessageStatus", "CallSid", "CallStatus", "ErrorCode", "AnsweredBy", "Timestamp", "From", "Body"]
)


@given(st.dictionaries(names, st.text(max_size=30)))
def test_any_form_is_read_or_refused(form: dict[str, str]) -> None:
    for read in (read_inbound, lambda form: read_status(form, "n", NOW)):
        with contextlib.suppress(Malformed):
            read(form)
