"""Against a Twilio on this machine, which checks every request against its own description."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from channels.mail_gateway import Busy, Content, Outgoing, Receipt, Unanswered, Undeliverable
from channels.twilio import Twilio, voice_twiml
from channels.twilio_events import SUPPRESSING_ERRORS
from tests.channels.messages import PUBLIC_URL, outgoing
from tests.providers.fake import ACCOUNT, TOKEN, FakeProviders
from tests.providers.weather import Fault

SENDERS = {"sms": "28471", "whatsapp": "+558233150000", "messenger": "104857600", "voice": "+558233150000"}
TEMPLATE = Content("HX" + "a1" * 16, ("Padaria & Filhos 1", "R$ 1.234,56"))


@pytest.fixture
def providers() -> Iterator[FakeProviders]:
    with FakeProviders() as providers:
        yield providers
        assert providers.problems == []


@pytest.fixture
def twilio(providers: FakeProviders) -> Twilio:
    return Twilio(ACCOUNT, TOKEN, SENDERS, PUBLIC_URL, url=providers.url, timeout=60.0)


def hurried(providers: FakeProviders) -> Twilio:
    """For where no answer comes."""
    return Twilio(ACCOUNT, TOKEN, SENDERS, PUBLIC_URL, url=providers.url, timeout=0.2)


def test_an_sms_names_where_its_status_goes(providers: FakeProviders, twilio: Twilio) -> None:
    message = outgoing(channel="sms")
    receipt = twilio.deliver(message)
    [taken] = providers.taken
    assert receipt == Receipt("twilio", taken.id, "queued")
    assert taken.asked == {
        "To": message.recipient,
        "From": "28471",
        "Body": message.body,
        "StatusCallback": f"{PUBLIC_URL}/webhooks/twilio/status?notice={message.notice}",
    }


def test_whatsapp_sends_an_approved_template_or_a_reply(providers: FakeProviders, twilio: Twilio) -> None:
    message = outgoing(channel="whatsapp")
    twilio.deliver(replace(message, content=TEMPLATE))
    twilio.deliver(message)
    template, reply = (taken.asked for taken in providers.taken)
    assert (template["To"], template["From"]) == (f"whatsapp:{message.recipient}", "whatsapp:+558233150000")
    assert (template["ContentSid"], "Body" in template) == (TEMPLATE.sid, False)
    assert json.loads(template["ContentVariables"]) == {"1": "Padaria & Filhos 1", "2": "R$ 1.234,56"}
    assert (reply["Body"], "ContentSid" in reply) == (message.body, False)


def test_messenger_goes_to_an_id(providers: FakeProviders, twilio: Twilio) -> None:
    twilio.deliver(outgoing(channel="messenger", recipient="2048"))
    [taken] = providers.taken
    assert (taken.to, taken.sender) == ("messenger:2048", "messenger:104857600")


def test_a_call_reads_the_text_takes_one_key_and_tells_a_machine(providers: FakeProviders, twilio: Twilio) -> None:
    message = outgoing(channel="voice", body="Débito < R$ 10 & vencido. Tecle 1 para repetir.")
    twilio.deliver(message)
    [taken] = providers.taken
    assert taken.asked["MachineDetection"] == "Enable"
    assert taken.asked["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    [gather] = ElementTree.fromstring(taken.asked["Twiml"])
    [say] = gather
    assert (say.tag, say.text, say.attrib["language"]) == ("Say", message.body, "pt-BR")
    assert gather.attrib["numDigits"] == "1"
    assert gather.attrib["action"] == f"{PUBLIC_URL}/webhooks/twilio/voice?notice={message.notice}"


def test_a_call_may_play_a_recording() -> None:
    [gather] = ElementTree.fromstring(
        voice_twiml("texto", "https://a.example/v?x=1&y=2", "https://a.example/aviso.mp3")
    )
    assert [(part.tag, part.text) for part in gather] == [("Play", "https://a.example/aviso.mp3")]


@pytest.mark.parametrize("code", sorted(SUPPRESSING_ERRORS))
def test_a_refused_contact_is_told_with_its_reason_and_without_the_number(
    code: int, providers: FakeProviders, twilio: Twilio
) -> None:
    message = outgoing(channel="sms")
    assert message.recipient
    providers.invalid[message.recipient] = code
    with pytest.raises(Undeliverable) as refused:
        twilio.deliver(message)
    assert (refused.value.contact_is_suppressed, refused.value.reason) == (True, SUPPRESSING_ERRORS[code])
    assert refused.value.__cause__ is None


def test_a_malformed_number_is_a_suppressed_contact(providers: FakeProviders, twilio: Twilio) -> None:
    with pytest.raises(Undeliverable) as refused:
        twilio.deliver(outgoing(channel="sms", recipient="99999-1234"))
    assert refused.value.contact_is_suppressed


def test_no_contact_no_request(providers: FakeProviders, twilio: Twilio) -> None:
    with pytest.raises(Undeliverable) as refused:
        twilio.deliver(outgoing(channel="voice", recipient=None))
    assert refused.value.contact_is_suppressed
    assert providers.requests == []


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.UNAUTHORIZED, Fault.TOO_LARGE])
def test_what_cannot_heal_is_told_as_such(fault: Fault, providers: FakeProviders, twilio: Twilio) -> None:
    providers.weather.comes(fault)
    with pytest.raises(Undeliverable) as refused:
        twilio.deliver(outgoing(channel="sms"))
    assert not refused.value.contact_is_suppressed


def test_too_many_requests_wait_as_long_as_asked(providers: FakeProviders, twilio: Twilio) -> None:
    providers.weather.comes(Fault.TOO_MANY, Fault.BROKEN)
    providers.retry_after = 7
    with pytest.raises(Busy) as busy:
        twilio.deliver(outgoing(channel="sms"))
    assert busy.value.retry_after == 7
    with pytest.raises(Busy):
        twilio.deliver(outgoing(channel="sms"))
    assert providers.taken == []


def test_a_provider_that_isnt_there_took_nothing() -> None:
    with FakeProviders() as gone:
        twilio = hurried(gone)
    with pytest.raises(Busy):
        twilio.deliver(outgoing(channel="sms"))


MESSAGES = [
    outgoing(channel="sms"),
    outgoing(channel="whatsapp", content=TEMPLATE),
    outgoing(channel="messenger", recipient="2048"),
    outgoing(channel="voice"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.channel)
def test_a_message_whose_answer_was_lost_is_found_again(
    message: Outgoing, providers: FakeProviders, twilio: Twilio
) -> None:
    providers.weather.comes(Fault.DROPPED)
    began = datetime.now(UTC)
    with pytest.raises(Unanswered):
        twilio.deliver(message)
    again = replace(message, since=began)
    assert twilio.taken(again) == Receipt("twilio", providers.taken[0].id, "queued")


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.channel)
def test_a_message_that_never_arrived_is_not_found(message: Outgoing, providers: FakeProviders, twilio: Twilio) -> None:
    providers.weather.comes(Fault.SILENT)
    began = datetime.now(UTC)
    with pytest.raises(Unanswered):
        hurried(providers).deliver(message)
    assert twilio.taken(replace(message, since=began)) is None


def test_another_message_to_the_same_number_is_not_taken_for_it(providers: FakeProviders, twilio: Twilio) -> None:
    message = outgoing(channel="sms", since=datetime.now(UTC))
    twilio.deliver(outgoing(channel="sms", body="Outro aviso"))
    twilio.deliver(outgoing(2, channel="sms", body=message.body))
    assert twilio.taken(message) is None


def test_a_message_of_another_day_is_not_taken_for_it(providers: FakeProviders, twilio: Twilio) -> None:
    message = outgoing(channel="sms", since=datetime.now(UTC))
    twilio.deliver(message)
    providers.taken[0] = replace(providers.taken[0], at=datetime.now(UTC) - timedelta(days=1))
    assert twilio.taken(message) is None


def test_while_twilio_cant_say_it_is_not_known(providers: FakeProviders, twilio: Twilio) -> None:
    providers.weather.comes(Fault.BROKEN)
    with pytest.raises(Busy):
        twilio.taken(outgoing(channel="sms", since=datetime.now(UTC)))
