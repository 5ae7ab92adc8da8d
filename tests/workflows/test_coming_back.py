"""From a provider's signed word to the case's next step: what was lost falls over, what was read is served."""

from collections.abc import Iterator
from datetime import UTC, datetime

import anyio
import httpx
import pytest
from fastapi import FastAPI

from models.case.status import Status
from models.contact.delivery import Route
from storage.contact.contacts import give_contact
from tests.providers.callbacks import Callbacks, play_events
from tests.providers.fake import TOKEN, FakeProviders
from tests.workflows.test_case_transactions import Hand, notices
from tests.workflows.test_handing_over import first
from tests.workflows.test_handing_over import hand as hand
from tests.workflows.test_handing_over import providers as providers
from web.webhooks.sendgrid import sendgrid_routes
from web.webhooks.twilio import TwilioSettings, twilio_routes

PUBLIC_URL = "https://regua.example"
"""As the hand's Twilio knows us."""


class Inside(httpx.BaseTransport):
    """To an app in this process, for callers that don't await."""

    def __init__(self, app: FastAPI) -> None:
        self._asgi = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answer() -> httpx.Response:
            answered = await self._asgi.handle_async_request(request)
            return httpx.Response(answered.status_code, content=await answered.aread())

        return anyio.run(answer)


@pytest.fixture
def callbacks(hand: Hand) -> Iterator[Callbacks]:
    app = FastAPI()
    engine = hand.life.town.engine
    with httpx.Client(transport=Inside(app)) as http:
        callbacks = Callbacks(http, PUBLIC_URL)
        app.include_router(sendgrid_routes(engine, callbacks.public_key))
        app.include_router(twilio_routes(engine, TwilioSettings((TOKEN,), PUBLIC_URL), pay_link=None))
        yield callbacks


def tell(callbacks: Callbacks, providers: FakeProviders, fate: str) -> None:
    """Report the fate of the message that was taken last."""
    answers = play_events(callbacks, providers.taken[-1:], fate)
    assert {answer.status_code for answer in answers} <= {200, 204}


def test_what_bounces_falls_over_until_nobody_is_reached_and_goes_on_when_people_find_a_contact(
    hand: Hand, providers: FakeProviders, callbacks: Callbacks
) -> None:
    hand.notify(first(hand))
    tell(callbacks, providers, "bounced")
    by_sms = hand.look()
    assert by_sms.routes == (Route(channel="sms", rung_channel="email"),)
    hand.wait_for(by_sms)
    hand.notify(by_sms, "sms", "email")
    tell(callbacks, providers, "bounced")
    assert notices(hand, "channel, status") == [("email", "bounced"), ("sms", "bounced")]
    assert hand.look().status is Status.UNREACHABLE
    give_contact(hand.life.town.engine, hand.life.case, "bruno", datetime.now(UTC), email="outra@padaria.example")
    assert hand.look().status is Status.RUNNING


@pytest.mark.parametrize(("fate", "status"), [("read", "read"), ("unsubscribed", "delivered"), ("blocked", "blocked")])
def test_what_becomes_of_a_mail_is_on_record(
    hand: Hand, providers: FakeProviders, callbacks: Callbacks, fate: str, status: str
) -> None:
    hand.notify(first(hand))
    tell(callbacks, providers, fate)
    tell(callbacks, providers, fate)
    assert notices(hand, "status") == [(status,)]
    refused = hand.life.rows(f"SELECT channel FROM opt_outs WHERE taxpayer = {hand.life.taxpayer}")
    assert refused == ([] if fate == "read" else [("email",)])
