"""`stack up`, `down`, `status`, `backup`, `restore`, `rotate-key`: the embedded services, with nothing to install."""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from commands.console import Json, emit, say
from embedded import postgres
from embedded.backup import back_up
from embedded.backup import restore as put_back
from embedded.home import REAL_DAY, Services, home, lock_holder, only_stack, place, running_services, running_stack
from embedded.ports import Ports
from embedded.stack import Listening, Stack, sign_in_address, stoppable
from models.errors import Refusal

TEND_SECONDS = 0.25
STOP_SECONDS = 60.0

MOST_WORKERS = 4
"""As many as the embedded PostgreSQL has connections for, of which each holds twenty (`worker.CONNECTIONS`)."""

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 finds a free one.")]

stack = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(stack, name="stack")


@stack.command()
def up(
    day_seconds: Annotated[float, typer.Option(help="How long a day lasts; fewer than 86400 to rehearse.")] = REAL_DAY,
    temporal_port: Port = 0,
    ui_port: Port = 0,
    web_port: Port = 0,
    database_port: Port = 0,
    workers: Annotated[
        int, typer.Option(min=1, max=MOST_WORKERS, help="Worker processes: each keeps one processor busy.")
    ] = 1,
    listen: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Serve other machines too, by HTTPS alone: 0.0.0.0, or one address."),
    ] = "",
    https_port: Annotated[int, typer.Option(min=1, max=65535, help="With --listen.")] = 8443,
    ssl_certfile: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Our certificate (PEM), with --listen; else one is made."),
    ] = None,
    ssl_keyfile: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Its private key, where it is a file of its own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start everything and stay in the foreground until Ctrl-C; what is stored outlives it."""
    ports = Ports(temporal=temporal_port, ui=ui_port, web=web_port, database=database_port)
    listening = listening_at(listen, https_port, ssl_certfile, ssl_keyfile)
    running = False
    with stoppable():
        try:
            with Stack(home(), day_seconds, ports, listening, workers) as started:
                announce(started, as_json)
                started.publish()
                running = True
                while True:
                    started.tend()
                    time.sleep(TEND_SECONDS)
        except KeyboardInterrupt:
            if not running:
                raise Refusal("stopped before the stack was ready") from None


def listening_at(address: str, port: int, certificate: Path | None, key: Path | None) -> Listening | None:
    """Where the web listens to other machines; None: nowhere. Raises Refusal for what is no address of this machine."""
    if not address:
        if certificate or key:
            raise Refusal("--ssl-certfile is for --listen: this machine alone is served without it")
        return None
    if key and not certificate:
        raise Refusal("--ssl-keyfile is the key of --ssl-certfile; give both")
    try:
        family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except ValueError:
        raise Refusal(f"--listen {address!r} is no IP address; 0.0.0.0 stands for each of this machine's") from None
    except OSError as error:
        raise Refusal(f"nothing can listen at {address}, port {port}: {error.strerror}") from None
    return Listening(address, port, certificate, key)


@stack.command()
def down(as_json: Json = False) -> None:
    """Stop the stack that runs in this home, and wait until it is gone."""
    pid = lock_holder(home())
    if pid is not None:
        stop(pid)
    said = f"stopped (pid {pid})" if pid is not None else f"no stack is running in {home()}"
    emit({"stopped": pid is not None, "pid": pid}, as_json, lambda: say(said))


@stack.command()
def status(as_json: Json = False) -> None:
    """The addresses of the stack that runs in this home; exit code 1 when there is none."""
    services = running_services(home())
    if services is None:
        pid = lock_holder(home())
        state = f"is starting or stopping (pid {pid})" if pid is not None else "is not running"
        raise Refusal(f"the stack in {home()} {state}")
    emit(services.model_dump(), as_json, lambda: show(services))


@stack.command()
def sign_in(as_json: Json = False) -> None:
    """Print an address at which a supervisor signs in at the console: it works once, within five minutes. Once a
    supervisor has had a token, people sign in with theirs."""
    where, services = running_stack()
    owner = postgres.address(where, postgres.port_of(services.database))
    address = sign_in_address(owner, services, "stack sign-in")
    emit({"sign_in": address}, as_json, lambda: say(address))


@stack.command()
def rotate_key(as_json: Json = False) -> None:
    """Make a new key, which from the next `stack up` on encrypts what Temporal keeps; the old ones go on decrypting."""
    where = home()
    with only_stack(where):
        key = where.add_payload_key()
    said = f"key {key} encrypts from the next `stack up` on; the keys before it stay in {where.keys}, to decrypt"
    emit({"key": key}, as_json, lambda: say(said))


@stack.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="In a folder it is named after the moment.")],
    as_json: Json = False,
) -> None:
    """Keep all of this home in one file, whether its stack runs or not. It holds people's data and every key."""
    with interruptible("no file was made"):
        file = back_up(home(), target.absolute())
    size = file.stat().st_size
    said = f"{file} ({size:,} bytes); whoever reads it reads everything"
    emit({"file": str(file), "bytes": size}, as_json, lambda: say(said))


@stack.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `stack backup` made.")],
    into: Annotated[Path | None, typer.Option(help="Another home; later commands need it as REGUA_HOME.")] = None,
    as_json: Json = False,
) -> None:
    """Make a home from a backup; it must be empty. `stack up` then goes on where the backup was taken."""
    where = home() if into is None else place(into)
    with interruptible("nothing was restored"):
        recovered = put_back(file.absolute(), where)
    said = f"{where} is restored; `stack up` goes on with {recovered.cases} cases and {recovered.agreements} agreements"
    told = {"home": str(where), **asdict(recovered)}
    emit(told, as_json, lambda: say(said))


@contextmanager
def interruptible(consequence: str) -> Iterator[None]:
    with stoppable():
        try:
            yield
        except KeyboardInterrupt:
            raise Refusal(f"stopped; {consequence}") from None


def announce(stack: Stack, as_json: bool) -> None:
    said = {"state": "ready", **stack.services.model_dump(), "sign_in": stack.sign_in, **told_of(stack.recovered)}

    def readable() -> None:
        say("ready")
        say(f"console: {stack.sign_in}")
        if stack.fingerprint:
            say(f"certificate of our own making; browsers ask, and its SHA-256 is {stack.fingerprint}")
        show(stack.services)
        if stack.recovered:
            say(RECOVERED.format(*stack.recovered))

    emit(said, as_json, readable)
    sys.stdout.flush()


RECOVERED = "No supervisor's token was in force any more; this one is {}'s, for 30 days, and its issue is on record: {}"


def told_of(recovered: tuple[str, str] | None) -> dict[str, object]:
    return {"supervisor": {"name": recovered[0], "token": recovered[1]}} if recovered else {}


def show(services: Services) -> None:
    """Show a stack to people; the password and the webhook's secret are left to stack.json and to `--json`."""
    database = urlsplit(services.database)
    rows = {
        "Web": services.web,
        "Console": services.console,
        **({"For others": f"{services.https}/console"} if services.https else {}),
        "Temporal Web UI": services.ui,
        "Temporal": services.temporal,
        "Metrics": f"{services.temporal_metrics} {services.worker_metrics} {services.web_metrics}",
        "PostgreSQL": f"{database.hostname}:{database.port}{database.path}",
        "A day lasts": f"{services.day_seconds:g} s",
        "All addresses": home().stack_json,
    }
    for name, value in rows.items():
        say(f"  {name:<16} {value}")


def stop(pid: int) -> None:
    try:
        process = os.pidfd_open(pid)
        signal.pidfd_send_signal(process, signal.SIGTERM)
    except ProcessLookupError:
        return
    # readable once the process has ended
    gone, _, _ = select.select([process], [], [], STOP_SECONDS)
    if not gone:
        raise Refusal(f"the stack (pid {pid}) has not stopped within {STOP_SECONDS:.0f} seconds; see {home().logs}")
