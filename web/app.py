"""The web application: all routes, and what works beside them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import anyio
from fastapi import FastAPI

from banks.settings import beneficiary_from
from channels.links import links_from
from storage.contact.delivery import opt_out
from storage.engine import connect
from web.background.relay import Relay
from web.background.work import is_here, work
from web.console.api import staff_routes
from web.console.codec import codec_app, readers_from
from web.console.console import console_routes
from web.console.oidc import provider_from
from web.health import health_routes
from web.portal.agreeing import agreeing_routes
from web.portal.certificates import certificate_routes, check_routes
from web.portal.chat import chat_routes
from web.portal.contesting import contesting_routes
from web.portal.lookup import lookup_routes
from web.portal.pages import page_routes
from web.portal.requests import follow_routes, request_routes
from web.portal.settings import portal_from
from web.portal.slips import slip_routes
from web.portal.statement import statement_routes
from web.security.guard import Guard
from web.security.validation import quote_nothing
from web.webhooks.pix import pix_routes
from web.webhooks.pix_automatico import recurrence_routes
from web.webhooks.sendgrid import sendgrid_routes
from web.webhooks.twilio import twilio_routes, twilio_settings
from workflows import client
from workflows.secrecy import VARIABLE, cipher_from


def workflows_in(environment: Mapping[str, str]) -> str | None:
    """The address of our workflows in Temporal's Web UI; None where nobody says where that is."""
    origin = environment.get("REGUA_UI_ORIGINS", "").split(",")[0].strip().rstrip("/")
    return f"{origin}/namespaces/{environment.get('TEMPORAL_NAMESPACE', 'default')}/workflows" if origin else None


def create_app(database: str, temporal_address: str | None, pix_secrets: str) -> FastAPI:
    """Make the application. Without an address, Temporal is where the environment says."""
    engine = connect(database)
    links = links_from(os.environ)
    cipher, readers = cipher_from(os.environ), readers_from(os.environ)
    temporal = (
        partial(client.connect_to, temporal_address, os.environ[VARIABLE]) if temporal_address else client.connect
    )

    relay = Relay(database, engine, temporal) if is_here() else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            if relay:
                tasks.start_soon(work, database, engine, temporal, relay)
            yield
            tasks.cancel_scope.cancel()
        engine.dispose()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(Guard)
    quote_nothing(app)
    app.include_router(pix_routes(engine, pix_secrets, cipher))
    app.include_router(recurrence_routes(engine, pix_secrets, cipher))
    app.include_router(sendgrid_routes(engine, os.environ.get("SENDGRID_WEBHOOK_KEY", "")))
    app.include_router(twilio_routes(engine, twilio_settings(os.environ), links.pay if links else None))
    beneficiary = beneficiary_from(os.environ)
    table = portal_from(os.environ)
    if table:
        app.include_router(lookup_routes(engine, table, beneficiary))
        app.include_router(check_routes(engine, table))
        app.include_router(follow_routes(engine, table))
        app.include_router(chat_routes(engine, links, table, beneficiary))
    if links:
        slips, certificates = bool(beneficiary.febraban_code), bool(table and table.certificates)
        app.include_router(
            page_routes(
                engine,
                links,
                opt_out,
                slips=slips,
                certificates=certificates,
                conversations=table is not None,
                requests=bool(table and table.requests),
            )
        )
        if slips:
            app.include_router(slip_routes(engine, links, beneficiary))
        app.include_router(statement_routes(engine, links))
        app.include_router(agreeing_routes(engine, links, slips=slips))
        app.include_router(contesting_routes(engine, links))
        if table and table.requests:
            app.include_router(request_routes(engine, links, table))
        if table and table.certificates:
            app.include_router(certificate_routes(engine, links, table, table.certificates))
    app.include_router(staff_routes(engine, temporal))
    app.include_router(console_routes(engine, temporal, workflows_in(os.environ), provider_from(os.environ)))
    app.include_router(health_routes(engine, (lambda: relay.looked_at) if relay else None))
    if readers:
        app.mount("/codec", codec_app(cipher, readers))
    return app
