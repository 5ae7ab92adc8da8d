"""The fakes are what the other tests believe in: they refuse what the providers would, and sign as they do."""

import json
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

from channels.settings import gateway_from
from tests.channels.messages import PUBLIC_URL, outgoing
from tests.providers.callbacks import CALL_FATES, MAIL_FATES, MESSAGE_FATES, Callbacks, play_events
from tests.providers.contract import CALLS, MESSAGES, form_problems, mail_problems, query_problems
from tests.providers.fake import TOKEN, FakeProviders
from tests.providers.weather import Fault, Weather

ANA = {"to": [{"email": "ana@cidade.example"}], "subject": "Aviso", "custom_args": {"notice": "n"}}
MAIL = {
    "personalizations": [ANA],
    "from": {"email": "cobranca@prefeitura.example"},
    "content": [{"type": "text/plain", "value": "texto"}],
}
SMS = {"To": ["+5582999990001"], "From": ["28471"], "Body": ["texto"]}
CALL = {"To": ["+5582999990001"], "From": ["+558233150000"], "Twiml": ["<Response><Say>texto</Say></Response>"]}


def test_a_request_as_described_has_no_problems() -> None:
    assert mail_problems(MAIL) == form_problems(MESSAGES, SMS) == form_problems(CALLS, CALL) == []
    assert query_problems(MESSAGES, {"To": ["+5582999990001"], "PageSize": ["50"]}) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": {}}, "from"),
        ({"sender": "ana"}, ""),
        ({"content": [{"type": "text/html", "value": "b"}, {"type": "text/plain", "value": "a"}]}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [ANA] * 1001}, "personalizations"),
        ({"personalizations": [ANA] * 2}, "personalizations"),
        ({"personalizations": [{"to": [{"email": "ana"}], "subject": "a"}]}, "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": [{"email": "a@b.example"}]}]}, "subject"),
        ({"categories": ["x" * 256]}, "categories.0"),
    ],
)
def test_a_mail_that_sendgrid_would_refuse_is_told_by_field(change: dict[str, object], field: str) -> None:
    assert [problem.field for problem in mail_problems(MAIL | change)] == [field]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (MESSAGES, SMS | {"To": ["82 99999-0001"]}),
        (MESSAGES, SMS | {"Body": ["x" * 1_601]}),
        (MESSAGES, SMS | {"Text": ["x"]}),
        (MESSAGES, SMS | {"Body": ["one", "two"]}),
        (MESSAGES, SMS | {"StatusCallback": ["/relative"]}),
        (MESSAGES, {"To": SMS["To"], "From": SMS["From"]}),
        (CALLS, CALL | {"Twiml": ["<Response><Shout/></Response>"]}),
        (CALLS, CALL | {"Twiml": ["<Response>"]}),
        (CALLS, CALL | {"Twiml": ["<Response><Say>" + "x" * 4_000 + "</Say></Response>"]}),
    ],
)
def test_a_form_that_twilio_would_refuse_is_told(path: str, form: dict[str, list[str]]) -> None:
    assert len(form_problems(path, form)) == 1


def test_the_weather_of_a_seed_is_always_the_same_and_keeps_its_shares() -> None:
    shares = {Fault.BROKEN: 0.05, Fault.SILENT: 0.02, Fault.DROPPED: 0.01}
    one, two = Weather(7, shares), Weather(7, shares)
    drawn = [one.next() for _ in range(2_000)]
    assert drawn == [two.next() for _ in range(2_000)]
    counted = Counter(drawn)
    assert [0.5 < counted[fault] / (2_000 * share) < 1.5 for fault, share in shares.items()] == [True] * 3


@pytest.mark.parametrize("channel", ["email", "sms", "voice"])
def test_events_are_signed_as_the_sdks_check_them(channel: str, tmp_path: Path) -> None:
    received: list[httpx.Request] = []

    def product(request: httpx.Request) -> httpx.Response:
        received.append(request)
        return httpx.Response(204)

    http = httpx.Client(transport=httpx.MockTransport(product))
    callbacks = Callbacks(http, PUBLIC_URL)
    with FakeProviders() as providers:
        post = gateway_from(providers.environment | {"REGUA_PUBLIC_URL": PUBLIC_URL}, tmp_path)
        message = outgoing(channel=channel)
        post.adapter(channel).deliver(message)
        fates = {"email": MAIL_FATES, "sms": MESSAGE_FATES, "voice": CALL_FATES}[channel]
        for fate in fates:
            play_events(callbacks, providers.of(message.notice), fate)
    assert len(received) == (len(fates) if channel == "email" else sum(map(len, fates.values())))
    for request in received:
        if channel == "email":
            signature = request.headers["X-Twilio-Email-Event-Webhook-Signature"]
            timestamp = request.headers["X-Twilio-Email-Event-Webhook-Timestamp"]
            body = request.content.decode()
            assert EventWebhook(callbacks.public_key).verify_signature(body, signature, timestamp)
            assert {event["notice"] for event in json.loads(body)} == {message.notice}
        else:
            form, signature = dict(parse_qsl(request.content.decode())), request.headers["X-Twilio-Signature"]
            assert RequestValidator(TOKEN).validate(str(request.url), form, signature)
            assert request.url.params["notice"] == message.notice
