"""`web`, `background`, `migrate`, `downgrade`: what a deployment starts, configured by the environment alone."""

import asyncio
import os
import ssl
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
import uvicorn
from sqlalchemy.exc import OperationalError

from activities.log import log_to_stderr
from commands.console import Json, emit, say
from commands.services import temporal_client
from commands.stack import RECOVERED, told_of
from models.errors import Refusal
from operations.tokens import recovered_supervisor
from storage.grants import grant_to
from storage.migrate import downgrade as take_back
from storage.migrate import upgrade
from web.app import create_app
from web.background.work import work_alone
from web.security.connections import Patient, raise_file_limit
from workflows.build import build_id, make_current
from workflows.client import connect as connect_to_temporal
from workflows.client import connect_settings, register_search_attributes
from workflows.metrics import serve_metrics
from workflows.secrecy import cipher_from

VARIABLES = {
    "DATABASE_URL": "the database, for example postgresql://regua:password@127.0.0.1:5432/regua",
    "REGUA_PIX_SECRET": "the last segment of the address that the bank's Pix callbacks are sent to, random",
}


def register(app: typer.Typer) -> None:
    app.command()(web)
    app.command()(background)
    app.command()(migrate)
    app.command()(downgrade)


def web(
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="0.0.0.0 to be reached from other machines.")] = "127.0.0.1",
    ssl_certfile: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Our certificate (PEM): serve HTTPS.")
    ] = None,
    ssl_keyfile: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Its private key, where it is a file of its own.")
    ] = None,
    ssl_ca_certs: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Let in only who has a certificate by these."),
    ] = None,
) -> None:
    """Serve the webhooks, and deliver what they owe to the running cases."""
    app = create_app(variable("DATABASE_URL"), None, variable("REGUA_PIX_SECRET"))
    connect_settings()
    serve_metrics(os.environ)
    log_to_stderr()
    try:
        raise_file_limit()
        uvicorn.run(app, host=host, port=port, **manners(ssl_certfile, ssl_keyfile, ssl_ca_certs))
    except ssl.SSLError:
        raise Refusal(
            "HTTPS can't be served: a file named by --ssl-… is no PEM, or the key is not the certificate's"
        ) from None


def background() -> None:
    """Do what `web` does beside answering, as a process of its own: deliver, reconcile, set checkpoints, measure."""
    database = variable("DATABASE_URL")
    cipher_from(os.environ)
    connect_settings()
    serve_metrics(os.environ)
    log_to_stderr()
    work_alone(database, connect_to_temporal)


def manners(certificate: Path | None = None, key: Path | None = None, clients: Path | None = None) -> dict[str, Any]:
    """The settings that uvicorn is given. Raises Refusal when it would serve less safely than was asked for."""
    if certificate is None and (key or clients):
        raise Refusal("without --ssl-certfile nothing is encrypted, and no client's certificate asked for")
    return {
        "http": Patient,
        # secrets and links are parts of addresses
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "ssl_certfile": certificate,
        "ssl_keyfile": key,
        "ssl_ca_certs": clients,
        "ssl_cert_reqs": ssl.CERT_REQUIRED if clients else ssl.CERT_NONE,
    }


def migrate(
    app_role: Annotated[
        str, typer.Option(help="The role as which worker, web and commands connect: it is granted what they need.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Bring the database at DATABASE_URL to this version's schema, and Temporal to its attributes and workers."""
    try:
        upgrade(variable("DATABASE_URL"))
        if app_role:
            grant_to(variable("DATABASE_URL"), app_role)
        recovered = recovered_supervisor(variable("DATABASE_URL"), "migrate")
    except (OperationalError, psycopg.OperationalError):
        raise Refusal("the database at DATABASE_URL is not answering, or doesn't let us in") from None
    asyncio.run(_prepare_temporal())
    done = f"the database has this version's schema; workers of build {build_id()} serve from now on"
    if recovered:
        done += f"\n{RECOVERED.format(*recovered)}"
    emit({"migrated": True, **told_of(recovered)}, as_json, lambda: say(done))


def downgrade(
    schema: Annotated[str, typer.Argument(help="The newest that the older code knows, for example 0005.")],
    as_json: Json = False,
) -> None:
    """Take the database back to an older schema, before older code is started; what only newer ones hold is lost."""
    take_back(variable("DATABASE_URL"), schema)
    emit({"schema": schema}, as_json, lambda: say(f"the database has schema {schema}; start the older code now"))


async def _prepare_temporal() -> None:
    client = await temporal_client()
    await register_search_attributes(client)
    await make_current(client, build_id())


def variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise Refusal(f"the variable {name} is missing: {VARIABLES[name]}")
    return value
