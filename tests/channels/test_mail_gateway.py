import email
import email.policy
import json
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from channels.file_transport import FileTransport
from channels.mail_gateway import Busy, MailGateway, Outgoing, Unanswered, Undeliverable, failure_of
from channels.settings import gateway_from, rate_of
from models.contact.channel import CHANNELS
from models.errors import Refusal
from tests.channels.messages import PUBLIC_URL, outgoing
from tests.providers.fake import FakeProviders

SENDGRID = {"SENDGRID_API_KEY": "SG.key"}
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC0",
    "TWILIO_AUTH_TOKEN": "token",
    "REGUA_PUBLIC_URL": "https://regua.example/",
    "REGUA_SMS_FROM": "28471",
    "REGUA_WHATSAPP_FROM": "(82) 3315-0000",
    "REGUA_MESSENGER_FROM": "outbox",
    "REGUA_VOICE_FROM": "(82) 3315-0000",
}


ON_PAPER = ["domicile", "postal", "gazette"]
"""The authority's own channels, which need no keys."""


def providers(post: MailGateway) -> list[str]:
    return [post.adapter(channel).name for channel in CHANNELS]


def test_without_keys_messages_stay_here_and_need_no_contact(tmp_path: Path) -> None:
    post = gateway_from({}, tmp_path)
    assert providers(post) == ["file"] * 5 + ON_PAPER
    assert [channel for channel in CHANNELS if post.reaches(channel)] == ["letter"]


def test_each_channel_leaves_by_the_provider_whose_keys_are_given(tmp_path: Path) -> None:
    assert providers(gateway_from(SENDGRID, tmp_path)) == ["sendgrid", *["file"] * 4, *ON_PAPER]
    post = gateway_from(SENDGRID | TWILIO, tmp_path)
    assert providers(post) == ["sendgrid", "twilio", "twilio", "file", "twilio", *ON_PAPER]
    assert [channel for channel in CHANNELS if post.reaches(channel)] == ["email", "sms", "whatsapp", "voice", "letter"]


def test_in_a_rehearsal_nothing_leaves(tmp_path: Path) -> None:
    assert providers(gateway_from(SENDGRID | TWILIO, tmp_path).rehearsed()) == ["file"] * len(CHANNELS)


@pytest.mark.parametrize("missing", TWILIO)
def test_half_a_provider_is_refused_with_what_is_missing(missing: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=missing):
        gateway_from({name: value for name, value in TWILIO.items() if name != missing}, tmp_path)
    with pytest.raises(Refusal, match=missing):
        gateway_from(TWILIO | {missing: " "}, tmp_path)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"REGUA_SMS_FROM": "28471"}, "REGUA_SMS_FROM means nothing without TWILIO_ACCOUNT_SID"),
        ({"REGUA_SENDGRID_SANDBOX": "yes"}, "REGUA_SENDGRID_SANDBOX means nothing without SENDGRID_API_KEY"),
        (SENDGRID | {"REGUA_SENDGRID_SANDBOX": "perhaps"}, "REGUA_SENDGRID_SANDBOX"),
        (TWILIO | {"REGUA_PUBLIC_URL": "regua.example"}, "REGUA_PUBLIC_URL is not an address"),
        (TWILIO | {"REGUA_VOICE_FROM": "ramal 12"}, "REGUA_VOICE_FROM is not a telephone number"),
    ],
)
def test_a_setting_that_cant_be_meant_is_refused(environment: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=told):
        gateway_from(environment, tmp_path)


@pytest.mark.parametrize(("written", "rate"), [("", None), ("10", 10.0), (" 0.5 ", 0.5)])
def test_a_provider_may_be_given_a_rate(written: str, rate: float | None) -> None:
    assert rate_of("twilio", {"REGUA_TWILIO_RATE": written, "REGUA_SENDGRID_RATE": "99"}) == rate


@pytest.mark.parametrize("written", ["0", "-1", "fast", "nan", "inf"])
def test_a_rate_that_cant_be_meant_is_refused(written: str) -> None:
    with pytest.raises(Refusal, match="REGUA_TWILIO_RATE"):
        rate_of("twilio", {"REGUA_TWILIO_RATE": written})


def read_mail(folder: Path, message: Outgoing) -> EmailMessage:
    content = (folder / f"{message.notice}.eml").read_bytes()
    read = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_the_file_transport_keeps_a_mail_with_both_of_its_texts(tmp_path: Path) -> None:
    message = outgoing(html="<p>há débito</p>")
    assert FileTransport(tmp_path).deliver(message).status == "sent"
    mail = read_mail(tmp_path, message)
    parts = [(part.get_content_type(), part.get_content().strip()) for part in mail.iter_parts()]
    assert parts == [("text/plain", message.body.strip()), ("text/html", "<p>há débito</p>")]
    assert mail["To"] == "Padaria & Filhos 1 <contribuinte1@cidade.example>"


def test_the_file_transport_keeps_other_messages_as_text_and_one_file_a_notice(tmp_path: Path) -> None:
    outbox, message = FileTransport(tmp_path), outgoing(channel="sms", recipient=None)
    assert outbox.taken(message) is None
    receipts = {outbox.deliver(message), outbox.deliver(message), outbox.taken(message)}
    assert len(receipts) == 1
    assert [file.read_text() for file in tmp_path.iterdir()] == [message.body]


def test_a_publication_keeps_its_first_date(tmp_path: Path) -> None:
    domicile = gateway_from({}, tmp_path).adapter("domicile")
    first = outgoing(channel="domicile", formal=True)
    later = outgoing(channel="domicile", formal=True, at=first.at + timedelta(days=1))
    assert domicile.taken(first) is None
    assert domicile.deliver(first) == domicile.deliver(later) == domicile.taken(later)
    [file] = (tmp_path / "domicile").iterdir()
    published = json.loads(file.read_text())
    assert (published["notice"], published["text"]) == (first.notice, first.body)
    assert published["published_at"] == first.at.isoformat()


@pytest.mark.parametrize("channel", ["email", "sms", "voice"])
def test_no_log_quotes_a_person(channel: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with FakeProviders() as providers:
        adapter = gateway_from(providers.environment | {"REGUA_PUBLIC_URL": PUBLIC_URL}, tmp_path).adapter(channel)
        message = outgoing(channel=channel, since=datetime.now(UTC))
        adapter.deliver(message)
        adapter.taken(message)
        providers.invalid[message.recipient or ""] = 21211
        with pytest.raises(Undeliverable):
            adapter.deliver(message)
    assert len(providers.requests) >= 2
    assert not any(own in caplog.text for own in (message.recipient or "", message.recipient_name, "99900001"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_cannot_heal_is_not_tried_again(status: int) -> None:
    assert isinstance(failure_of(status, {}, "recusado"), Undeliverable)


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_lost_the_answer_leaves_it_open(status: int) -> None:
    assert isinstance(failure_of(status, {}, ""), Unanswered)


def test_the_provider_says_how_long_to_wait() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=90)
    headers = [
        {"Retry-After": "7"},
        {"retry-after": format_datetime(soon, usegmt=True)},
        {"X-RateLimit-Reset": str(int(soon.timestamp()))},
        {"Retry-After": format_datetime(soon - timedelta(hours=1), usegmt=True)},
        {"Retry-After": "soon"},
        {},
    ]
    waits = [failure_of(429, given, "") for given in headers]
    delays = [busy.retry_after for busy in waits if isinstance(busy, Busy)]
    assert [None if delay is None else round(delay, -1) for delay in delays] == [10, 90, 90, 0, None, None]
    assert delays[0] == 7
