"""Who may do what (S): persons, the database's own door, files, terminals, and what a call can take away."""

import json
import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from commands.web import manners
from models.case.gate import must_be_other
from models.errors import Refusal
from models.folders import KEPT
from models.roles import Actor, Role
from operations.cases import approve_suspension
from operations.operation import Credentials
from storage.audit.log import Entry, write
from storage.audit.persons import link_name, read_people
from storage.audit.tokens import issue
from storage.case.cases import read_case
from tests.builders import FACTS, ICMS
from tests.casebook.matter import Matter, asking
from tests.casebook.test_process_on_record import awaits_approval, goes_on_to, lived
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.payloads import CIPHER
from tests.record_world import STARTED_BY, Street
from tests.web.pix_world import World, body, pix
from web.console.api import staff_routes
from web.security.guard import Guard
from web.webhooks.pix import pix_routes
from workflows.client import connect

# ---- S3: one person approves once


@pytest.mark.parametrize("again", ["bruno", "BRUNO", " bruno  "])
def test_s3_a_name_in_other_letters_is_the_same_person(again: str) -> None:
    with pytest.raises(Refusal):
        must_be_other(approved_by("bruno").state, again, started_by="Caio")


@pytest.mark.parametrize("again", ["Bruno.", "bruno,", "Bruno\u200b"])
def test_s3_a_name_spelt_otherwise_is_the_same_person(again: str) -> None:
    with pytest.raises(Refusal):
        must_be_other(approved_by("bruno").state, again, started_by="Caio")


def approved_by(name: str) -> Matter:
    """Eighty millions, which two people must approve."""
    case = asking(each="20000000.00")
    case.approve_by(name)
    return case


def test_s3_the_last_supervisor_s_token_ends_no_protection(line: Line, engine: Engine) -> None:
    made = line.json("token", "issue", "bia", "--role", "supervisor", "--by", "root")
    os.environ["REGUA_TOKEN"] = made["token"]
    try:
        code, _, _ = line("token", "revoke", "bia")
    finally:
        del os.environ["REGUA_TOKEN"]
    if code == 0:
        code, _, _ = line("token", "issue", "mallory", "--role", "supervisor", "--by", "mallory")
    assert code == 1


def test_s3_an_expired_token_ends_no_protection(line: Line, engine: Engine, owner: Engine) -> None:
    line.json("token", "issue", "bia", "--role", "supervisor", "--by", "root", "--days", "1")
    with owner.begin() as connection:
        connection.execute(text("UPDATE tokens SET expires_at = now() - interval '1 minute'"))
    assert line("token", "issue", "mallory", "--role", "supervisor", "--by", "mallory")[0] == 1


@pytest.fixture
def asked(engine: Engine) -> tuple[Street, str]:
    """A case that awaits an approval; Caio started its cohort."""
    street, life = lived(engine, FACTS["h8"])
    awaits_approval(street, life)
    return street, life.case


def approves(street: Street, case: str, who: Credentials) -> None:
    approve_suspension(street.engine, who, case, "", "conferido", street.now)


def as_supervisors(engine: Engine, **issued_by: str) -> dict[str, Credentials]:
    """Each with a token of her own, issued by whom it is said."""
    with engine.begin() as connection:
        return {
            name: Credentials(name, issue(connection, name, Role.SUPERVISOR, by, None))
            for name, by in issued_by.items()
        }


def test_s3_a_supervisor_s_second_name_approves_nothing_more(asked: tuple[Street, str]) -> None:
    street, case = asked
    who = as_supervisors(street.engine, bia="root", bia2="bia", dora="root")
    with street.engine.begin() as connection:
        state = read_case(connection, case).state.approved("bia", (), "seen")
        for name, beside in (("bia2", "bia"), ("bia", "bia")):
            with pytest.raises(Refusal, match="four eyes"):
                must_be_other(state, name, STARTED_BY, read_people(connection))
            assert beside in state.approvers
        must_be_other(state, "dora", STARTED_BY, read_people(connection))
        link_name(connection, "bia", "d. o. r. a.", "dora")
        with pytest.raises(Refusal, match="four eyes"):
            must_be_other(state, "dora", STARTED_BY, read_people(connection))
    with street.engine.begin() as connection:
        link_name(connection, "bia2", STARTED_BY, "dora")
    with pytest.raises(Refusal, match="started the cohort"):
        approves(street, case, who["bia2"])


def test_s3_who_imported_what_a_case_rests_on_does_not_approve_it(asked: tuple[Street, str]) -> None:
    street, case = asked
    who = as_supervisors(street.engine, bia="root", dora="root")
    with street.engine.begin() as connection:
        write(connection, Entry(Actor("dora"), "benefits import", "sha256:0", {}))
    with pytest.raises(Refusal, match="dora did `benefits import`"):
        approves(street, case, who["dora"])
    approves(street, case, who["bia"])


# ---- S4: what a backup holds


def test_s4_what_can_t_be_made_again_is_in_the_backup() -> None:
    assert {"outbox", "rejects", "keys", "domicile"} <= set(KEPT)


# ---- S5: half-sent requests

SECRET = "not-a-secret-that-anybody-has"


@contextmanager
def serving(app: FastAPI) -> Iterator[int]:
    """The app as `web` serves it; yields its port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, **{**manners(), "log_level": "critical"}))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        yield port
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of each connection are this process's."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], min(before[1], 8192)), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_s5_half_sent_requests_keep_no_payment_out(engine: Engine) -> None:
    world = World(engine)
    owing, _ = world.owing_case()
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(pix_routes(engine, SECRET, CIPHER))
    with serving(app) as port, ExitStack() as slow:
        for _ in range(1100):
            caller = slow.enter_context(socket.create_connection(("127.0.0.1", port)))
            caller.sendall(f"POST /webhooks/pix/{SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode())
        url = f"http://127.0.0.1:{port}/webhooks/pix/{SECRET}"
        answer = httpx.post(url, content=body([pix(owing.txid)]), timeout=60)
    assert answer.status_code == 200
    assert world.received(owing) == "100.00"


# ---- S7: the database's own door

CHANGED = {
    "a domicile's notice": "DELETE FROM notices WHERE channel = 'domicile'",
    "what a notice says": "UPDATE notices SET body = 'outra coisa'",
    "when a notice was served": "UPDATE notices SET served_on = served_on - 3",
    "by whom a notice was served": "UPDATE notices SET served_by = 'Ana'",
    "an amount": "UPDATE debts SET amount = amount / 2",
    "who started the cohort": "UPDATE cohorts SET started_by = 'Outro'",
    "who approved": "UPDATE approvals SET given_by = 'Outra'",
    "a payment": "UPDATE payments SET amount = amount / 2",
    "a decision": "UPDATE decisions SET reason = 'outra'",
    "an entry of the log": "DELETE FROM audit_log",
}


@pytest.fixture
def record(engine: Engine) -> Engine:
    """A persistent defaulter of whom everything above is on record."""
    street, life = lived(engine, FACTS["h8"])
    goes_on_to(street, life, "final_notice")
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO approvals ("case", given_by, reason, given_on, seen)
                    VALUES (:case, 'Ana', 'conferido', '2026-11-20', '{}')"""),
            {"case": life.case},
        )
        issue(connection, "root", "supervisor", "root", 1)  # type: ignore[arg-type]
    [(txid,)] = life.rows("SELECT pix_txid FROM debts WHERE tax = :tax ORDER BY id LIMIT 1")
    street.pays(txid, Decimal("100.00"))
    return engine


@pytest.mark.parametrize("what", CHANGED)
def test_s7_what_is_recorded_is_not_changed_unseen(record: Engine, line: Line, what: str) -> None:
    before = violations(line)
    try:
        with record.begin() as connection:
            connection.execute(text(CHANGED[what]))
    except DBAPIError:
        return
    assert len(violations(line)) > len(before)


def violations(line: Line) -> list[str]:
    return list(json.loads(line("audit", "--all", "--json")[1])["violations"])


# ---- S8: terminals

STEERS = ("\x1b[2J", "\x9b2J", "\x07")


@pytest.mark.parametrize("steers", STEERS)
def test_s8_no_reason_steers_another_person_s_terminal(line: Line, engine: Engine, steers: str) -> None:
    _, case = World(engine).owing_case()
    words = ("case", "hold", case, "--ground", "deposit", "--by", "ana", "--reason", f"visto {steers} fim")
    assert line(*words)[0] in (0, 1, 2)
    code, said, complained = line("case", "show", case)
    if code:
        raise RuntimeError(complained)
    assert steers not in said + complained


@pytest.mark.parametrize("steers", STEERS)
def test_s8_no_name_steers_another_person_s_terminal(line: Line, engine: Engine, steers: str) -> None:
    _, case = World(engine).owing_case()
    with engine.begin() as connection:
        connection.execute(text("UPDATE taxpayers SET name = :name"), {"name": f"Padaria {steers} Pão"})
    code, said, complained = line("case", "show", case, "--reveal")
    if code:
        raise RuntimeError(complained)
    assert steers not in said + complained


# ---- S9: who is shown


def test_s9_without_reveal_nobody_is_named(line: Line, engine: Engine) -> None:
    street, life = lived(engine, FACTS["h7"])
    goes_on_to(street, life, "warning")
    shown = str(line.json("case", "show", life.case))
    assert "Padaria" not in shown
    assert "11.222.333/0001-81" not in shown


def test_s9_nobody_is_named_by_what_somebody_typed_either(line: Line, engine: Engine) -> None:
    _, case = World(engine).owing_case()
    with engine.begin() as connection:
        connection.execute(text("UPDATE taxpayers SET name = 'Padaria Pão Quente', email = 'ze@padaria.example'"))
    typed = "PADARIA PAO QUENTE pediu (ze@padaria.example), https://regua.example/p/abc"
    line.json("case", "hold", case, "--ground", "deposit", "--by", "ana", "--reason", typed)
    with engine.begin() as connection:
        token = issue(connection, "caio", "auditor", "root", 1)  # type: ignore[arg-type]
    app = FastAPI()
    app.include_router(staff_routes(engine, connect))
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}/api/cases/{case}"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    for shown in (str(line.json("case", "show", case)), answer.text):
        assert "pediu" in shown
        assert not [word for word in ("PADARIA", "Padaria", "ze@", "/p/abc") if word in shown]


# ---- S10: where nothing is founded


@pytest.mark.parametrize("name", ["a\nb", "../../x"])
def test_s10_a_cohort_has_a_name_that_can_be_typed(line: Line, name: str) -> None:
    assert line("cohort", "start", name, "--ruler", ICMS, "--by", "ana", "--dry-run")[0] in (1, 2)


@pytest.mark.parametrize("place", ["/proc/regua", "{tmp}/" + "d" * 300, "{tmp}/file/home"])
def test_s10_a_stack_that_can_t_be_there_says_so_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (tmp_path / "file").write_text("")
    home = Path(place.format(tmp=tmp_path))
    monkeypatch.setenv("REGUA_HOME", str(home))
    code, said, complained = Line(capsys, monkeypatch)("stack", "up")
    assert (code, said) == (1, "")
    assert complained.count("\n") == 1
    assert "fault of ours" not in complained
    assert not os.path.exists(home) or not any(home.iterdir())  # noqa: PTH110 - Path.exists raises for a long one
