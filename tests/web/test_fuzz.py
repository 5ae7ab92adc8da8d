"""Nothing that anybody sends is answered with a fault of ours, in front of each route's door or behind it."""

import asyncio
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as reproducible
from hypothesis import strategies as st
from requests import PreparedRequest, Request
from schemathesis import Case, GenerationMode
from sqlalchemy import Engine, text
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from channels.links import Links
from models.intake.upload import Kind
from models.law.requests import RequestKind
from models.payment.slip import Beneficiary
from models.portal.attachment import read_attachment
from models.portal.table import RequestForm
from models.roles import Actor, Role
from operations.agreements import SIGNER
from operations.conversation_effects import Effects
from operations.due_process import file_by_link
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.audit.tokens import issue
from storage.case.cohort_drafts import make_draft
from storage.conversation.conversations import open_conversation
from storage.intake.uploads import keep_upload
from tests import factories
from tests.agreement_world import SP, contract
from tests.chance import examples
from tests.web.webhooks.test_pix_webhook import NOTHING_LISTENS, SECRET
from tests.web.webhooks.test_sendgrid_webhook import PUBLIC, signature
from web.app import create_app

REQUESTS = examples(6)
"""The requests of each kind to each route; as often again, up to so many times, as nobody was let in."""
TIMES = 8
SITE = "https://regua.exemplo.gov.br"
OPEN = ("/consulta/{kind}", "/certidao", "/pedido", "/p/{token}/certidao.pdf")
"""No doors: whoever is told that there is nothing of that number, or no certificate, has been let in."""
TOKEN = "not-a-token"
LINKS = Links(["k" * 32], SITE)
ADDRESSES = (f"203.{n // 62500 % 250}.{n // 250 % 250}.{n % 250}" for n in count())


@pytest.fixture
def app(database: str, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    settings = {"SENDGRID_WEBHOOK_KEY": PUBLIC, "TWILIO_AUTH_TOKEN": TOKEN}
    settings |= {"REGUA_PUBLIC_URL": SITE, "REGUA_LINK_KEY": "k" * 32, "REGUA_SLIP_FEBRABAN": "1234"}
    settings |= {"REGUA_PORTAL": "sao-paulo"}
    # nobody runs what the process does beside answering, and its health would say so after a while
    settings |= {"REGUA_BACKGROUND": "elsewhere"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return create_app(database, NOTHING_LISTENS, SECRET)


@pytest.fixture
def links(engine: Engine) -> dict[str, str]:
    """Where the doors lead, by what the addresses begin with, and a supervisor's token for the staff API. The agreement
    is signed, since Temporal isn't there."""
    made = contract(engine, "400.00", "800.00")
    case = made.case
    sign(engine, case, load_policy(SP), SigningRequest(3), SIGNER, "link", datetime.now(UTC))
    with engine.begin() as connection:
        bearer = issue(connection, "bia", Role.SUPERVISOR, "root", None)
        payment = factories.payment(connection)
        draft = make_draft(connection, {"name": "iptu", "ruler": "alagoas-icms"}, "ana")
        upload = keep_upload(connection, BytesIO(b"tax_id\n"), "a.csv", Kind.TAXPAYERS, Actor("ana"))
        instalment = connection.execute(text("SELECT id FROM instalments WHERE n = 1")).scalar_one()
    effects = Effects(Beneficiary(""), datetime.now(UTC))
    talk = open_conversation(engine, "jaque-ipva", effects, effects.now)
    with engine.connect() as connection:
        conversation = connection.execute(text("SELECT id FROM conversations")).scalar_one()
    form = RequestForm(name="duvida", title="Dúvida", kind=RequestKind.QUESTION, asks="Qual?", files=True)
    sent = [read_attachment("a.pdf", b"%PDF-1.7")]
    number = file_by_link(engine, case, form, "Quanto?", sent, datetime.now(UTC))
    with engine.connect() as connection:
        file = connection.execute(text("SELECT id FROM request_files")).scalar_one()
    doors = {"/p/": LINKS.pay(case), "/a/": LINKS.agree(case), "/u/": LINKS.unsubscribe(case, "email")}
    return {
        **doors,
        "case": case,
        "what": "tasks",
        "kind": "iptu",
        "taxpayer": str(made.taxpayer),
        "purpose": instalment,
        "name": "iptu",
        "draft": str(draft),
        "payment": str(payment),
        "upload": str(upload),
        "ruler": "alagoas-icms",
        "talk": talk,
        "form": "duvida",
        "number": str(number),
        "file": str(file),
        "conversation": str(conversation),
        "bearer": bearer,
    }


@pytest.mark.hypothesis
@pytest.mark.parametrize("mode", GenerationMode)
def test_no_request_makes_a_fault_of_ours(app: FastAPI, links: dict[str, str], mode: GenerationMode, seed: int) -> None:
    described = schemathesis.openapi.from_dict(app.openapi())
    shut = []
    with asyncio.Runner() as loop:
        for path, methods in app.openapi()["paths"].items():
            for method in methods:
                route = described[path][method]
                if mode is GenerationMode.NEGATIVE and not route.body:
                    continue
                cases = route.as_strategy(generation_mode=mode)
                for turn in range(TIMES):
                    answered = loop_through(loop, app, cases, links, seed + turn)
                    if mode is GenerationMode.NEGATIVE or path in OPEN or was_let_in(answered):
                        break
                else:
                    shut.append(f"{method} {path}")
    assert shut == [], "behind these doors nothing was tried"


def was_let_in(statuses: set[int]) -> bool:
    """A conflict is told to who was, too."""
    return min(statuses) < 400 or 409 in statuses


def loop_through(
    loop: asyncio.Runner, app: FastAPI, cases: st.SearchStrategy[Case[Any]], links: dict[str, str], number: int
) -> set[int]:
    """Call an operation with made-up requests, and give the statuses that were answered."""
    statuses = set()

    @reproducible(number)
    @settings(max_examples=REQUESTS, suppress_health_check=list(HealthCheck))
    @given(cases, st.integers(0, 3))
    def answered(case: Case[Any], luck: int) -> None:
        request = requested(case, links if luck else {})
        # from somewhere else each time, or it would soon be too many
        answer = loop.run(sent(app, request, next(ADDRESSES)))
        assert answer.status_code < 500, answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        statuses.add(answer.status_code)

    answered()
    return statuses


async def sent(app: FastAPI, request: PreparedRequest, address: str) -> Response:
    async with AsyncClient(transport=ASGITransport(app, client=(address, 4000))) as http:
        return await http.request(
            str(request.method),
            str(request.url),
            content=body_of(request),
            headers=[(name, str(value)) for name, value in request.headers.items()],
        )


def requested(case: Case[Any], links: dict[str, str]) -> PreparedRequest:
    """With links, as from somebody who is let in."""
    if links and case.path == "/console/sign-in" and case.method == "POST":
        case.body = {"token": links["bearer"]}
    if links and "given" in case.path_parameters:
        case.path_parameters["given"] = SECRET
    if links and "token" in case.path_parameters:
        case.path_parameters["token"] = links[case.path.partition("{token}")[0]].rpartition("/")[2]
    for named in links.keys() & case.path_parameters.keys() - {"token"}:
        case.path_parameters[named] = links[named]
    request = Request(**case.as_transport_kwargs(base_url=SITE)).prepare()
    if links:
        request.headers.update(signatures(request), Authorization=f"Bearer {links['bearer']}")
        request.headers["Sec-Fetch-Site"] = "same-origin"
    return request


def signatures(request: PreparedRequest) -> dict[str, str]:
    """All that we know, whoever it is."""
    body = body_of(request)
    parts = urlsplit(str(request.url))
    address = f"{SITE}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    form = ImmutableMultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return {**signature(body), "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(address, form)}


def body_of(request: PreparedRequest) -> bytes:
    body = request.body or b""
    assert isinstance(body, (str, bytes))
    return body.encode() if isinstance(body, str) else body
