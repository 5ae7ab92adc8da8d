"""Who acts: tokens, roles, and the entry that every command leaves which changes something."""

import getpass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from models.roles import Role
from operations.tokens import recovered_supervisor
from storage.audit.tokens import issue, revoke
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.delivery_world import DeliveryWorld
from tests.storage.intake.test_imports import PGFN, pgfn


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


@pytest.fixture
def case(world: DeliveryWorld) -> str:
    return world.case(world.taxpayer("+558230000000"))


def entries(line: Line, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line.json("audit-log", *words)["entries"]
    return found


class TestWithoutTokens:
    def test_who_says_so_acts_and_is_called_unauthenticated(self, line: Line, case: str) -> None:
        line.json("case", "contact", case, "--phone", "82996543210", "--by", "bruno")
        [entry] = entries(line)
        assert (
            entry.items()
            >= {
                "actor": "bruno",
                "role": None,
                "authenticated": False,
                "command": "case contact",
                "subject": case,
                "detail": {},
                "outcome": "done",
            }.items()
        )
        code, said, _ = line("audit-log")
        assert (code, "unauth" in said) == (0, True)

    def test_the_machines_user_acts_when_nobody_is_named(self, line: Line, case: str) -> None:
        line.json("case", "hardship", case)
        assert [entry["actor"] for entry in entries(line, "--case", case)] == [getpass.getuser()]

    def test_what_was_refused_is_on_record_without_what_was_typed(self, line: Line, case: str) -> None:
        assert line("case", "contact", case, "--phone", "12", "--by", "bruno")[0] == 1
        assert line("case", "contact", "Maria da Silva", "--phone", "82996543210", "--by", "bruno")[0] == 1
        found = [(entry["subject"], entry["detail"], entry["outcome"]) for entry in entries(line)]
        assert found == [(case, {}, "refused"), (None, {}, "refused")]

    def test_reading_leaves_nothing_but_a_revealed_tax_id_does(self, line: Line, case: str) -> None:
        line.json("case", "show", case)
        line.json("case", "list", "icms")
        assert entries(line) == []
        line.json("case", "show", case, "--reveal")
        assert [entry["command"] for entry in entries(line)] == ["case show --reveal"]

    def test_a_file_is_told_by_its_digest(self, line: Line, tmp_path: Path) -> None:
        file = tmp_path / "extract.csv"
        file.write_text(f"{PGFN}\n{pgfn()}\n")
        for _ in range(2):
            line.json("taxpayers", "import", file)
        first, again = entries(line)
        assert first["subject"] == again["subject"]
        assert first["subject"].startswith("sha256:")


class TestWithTokens:
    @pytest.fixture
    def held(self, line: Line) -> dict[str, str]:
        """The tokens of a supervisor, and of the others by her leave."""
        given = {"bia": line.json("token", "issue", "bia", "--role", "supervisor")["token"]}
        line.monkeypatch.setenv("REGUA_TOKEN", given["bia"])
        for name, role in (("ana", "analyst"), ("caio", "auditor")):
            given[name] = line.json("token", "issue", name, "--role", role, "--days", "30")["token"]
        line.monkeypatch.delenv("REGUA_TOKEN")
        return given

    def test_whose_it_is_acts(self, line: Line, case: str, held: dict[str, str]) -> None:
        line.monkeypatch.setenv("REGUA_TOKEN", held["ana"])
        line.json("case", "hardship", case)
        [entry] = entries(line, "--by", "ana")
        assert (entry["role"], entry["authenticated"]) == ("analyst", True)
        assert ("dificuldade declarada, registrada por ana",) in line_rows(line, case)

    def test_another_name_is_refused(self, line: Line, case: str, held: dict[str, str]) -> None:
        line.monkeypatch.setenv("REGUA_TOKEN", held["ana"])
        code, _, said = line("case", "hardship", case, "--by", "bruno")
        assert (code, "REGUA_TOKEN is ana's token, and --by says bruno" in said) == (1, True)

    @pytest.mark.parametrize(
        ("holder", "complaint"),
        [
            (None, "needs a token of role agent or analyst or supervisor; set REGUA_TOKEN to yours"),
            ("caio", "caio's is auditor"),
            ("false", "the token is not in force"),
        ],
    )
    def test_nobody_else_changes_anything(
        self, line: Line, world: DeliveryWorld, case: str, held: dict[str, str], holder: str | None, complaint: str
    ) -> None:
        if holder:
            line.monkeypatch.setenv("REGUA_TOKEN", held.get(holder, "bia.guessed"))
        code, _, said = line("case", "hardship", case)
        assert (code, complaint in said.replace("\n", " ")) == (1, True)
        assert world.rows("SELECT hardship_on FROM cases") == [(None,)]
        assert entries(line)[-1]["outcome"] == "refused"

    def test_reads_go_on_without_one_but_reveal_nothing(self, line: Line, case: str, held: dict[str, str]) -> None:
        line.json("case", "show", case)
        assert line("case", "show", case, "--reveal")[0] == 1
        line.monkeypatch.setenv("REGUA_TOKEN", held["caio"])
        line.json("case", "show", case, "--reveal")

    def test_a_revoked_one_is_none(self, line: Line, case: str, held: dict[str, str]) -> None:
        line.monkeypatch.setenv("REGUA_TOKEN", held["bia"])
        assert line.json("token", "revoke", "ana") == {"name": "ana", "revoked_by": "bia"}
        line.monkeypatch.setenv("REGUA_TOKEN", held["ana"])
        assert line("case", "hardship", case)[0] == 1
        states = {token["name"]: token["state"] for token in line.json("token", "list")["tokens"]}
        assert states == {"ana": "revoked", "bia": "in force", "caio": "in force"}

    def test_it_is_kept_nowhere(self, world: DeliveryWorld, held: dict[str, str]) -> None:
        kept = str(world.rows("SELECT * FROM tokens")) + str(world.rows("SELECT * FROM audit_log"))
        assert not [token for token in held.values() if token.partition(".")[2] in kept]

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (("issue", "ana", "--role", "auditor"), "ana has a token in force"),
            (("issue", "ana lima", "--role", "auditor"), "is no name for a token"),
            (("revoke", "dora"), "dora has no token in force"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, line: Line, held: dict[str, str], words: tuple[str, ...], complaint: str
    ) -> None:
        line.monkeypatch.setenv("REGUA_TOKEN", held["bia"])
        code, _, said = line("token", *words)
        assert (code, complaint in said) == (1, True)


class TestPersons:
    @pytest.fixture
    def bia(self, line: Line) -> str:
        """A supervisor's token; she acts from now on."""
        line.json("person", "add", "caio", "--by", "root")
        token = str(line.json("token", "issue", "bia", "--role", "supervisor", "--by", "root")["token"])
        line.monkeypatch.setenv("REGUA_TOKEN", token)
        return token

    @pytest.mark.usefixtures("bia")
    @pytest.mark.parametrize("name", ["bia", "Bia.", "BIA", "b.souza"])
    def test_nobody_issues_or_revokes_her_own(self, line: Line, world: DeliveryWorld, name: str) -> None:
        caio = line.json("token", "issue", "caio", "--role", "supervisor")["token"]
        bia = line.monkeypatch
        with bia.context() as as_caio:
            as_caio.setenv("REGUA_TOKEN", caio)
            line.json("person", "link", "bia", "b.souza")
        for words in (("issue", name, "--role", "analyst"), ("revoke", name)):
            code, _, said = line("token", *words)
            assert (code, "another supervisor must" in said) == (1, True)

    @pytest.mark.usefixtures("bia")
    def test_a_second_name_is_the_same_person(self, line: Line, world: DeliveryWorld) -> None:
        caio = line.json("token", "issue", "caio", "--role", "supervisor")["token"]
        second = line.json("token", "issue", "c.reis", "--role", "analyst")["token"]
        line.json("person", "link", "caio", "C. Reis")
        line.monkeypatch.setenv("REGUA_TOKEN", second)
        line.json("case", "hardship", world.case(world.taxpayer("+558230000000")))
        assert entries(line)[-1]["actor"] == "caio"
        [caio] = [person for person in line.json("person", "list")["persons"] if person["person"] == "caio"]
        assert (set(caio["names"]), caio["added_by"]) == ({"caio", "c.reis", "C. Reis"}, ["root", "bia"])

    @pytest.mark.usefixtures("bia")
    def test_an_auditor_holds_no_other_token(self, line: Line, world: DeliveryWorld) -> None:
        line.json("token", "issue", "caio", "--role", "auditor")
        line.json("person", "link", "caio", "c.reis")
        code, _, said = line("token", "issue", "c.reis", "--role", "analyst")
        assert (code, "an auditor is nothing else" in said) == (1, True)

    def test_of_two_who_would_revoke_each_other_one_stays(self, engine: Engine) -> None:
        with engine.begin() as connection:
            for name in ("bia", "caio"):
                issue(connection, name, Role.SUPERVISOR, "root", None)
        with engine.begin() as connection:
            revoke(connection, "bia", "caio")
        with pytest.raises(Refusal, match="last supervisor's token"), engine.begin() as connection:
            revoke(connection, "Caio.", "bia")

    def test_nothing_is_open_once_all_tokens_have_expired(self, line: Line, owner: Engine, case: str) -> None:
        line.json("token", "issue", "bia", "--role", "supervisor", "--by", "root")
        with owner.begin() as connection:
            connection.exec_driver_sql("UPDATE tokens SET expires_at = now() - interval '1 minute'")
        token_words = (("issue", "eva", "--role", "supervisor"), ("revoke", "bia"))
        acts = [*(("token", *words) for words in token_words), ("case", "pause", case), ("person", "add", "eva")]
        for words in (*acts, ("person", "link", "bia", "eva"), ("case", "show", case, "--reveal")):
            assert line(*words)[0] == 1, words

    def test_who_owns_the_database_gives_the_last_supervisor_a_token_on_record(
        self, line: Line, owner: Engine, case: str
    ) -> None:
        address = owner.url.render_as_string(hide_password=False)
        assert recovered_supervisor(address, "stack up") is None
        line.json("token", "issue", "bia", "--role", "supervisor", "--by", "root")
        assert recovered_supervisor(address, "stack up") is None
        with owner.begin() as connection:
            connection.exec_driver_sql("UPDATE tokens SET expires_at = now() - interval '1 minute'")
        name, token = recovered_supervisor(address, "stack up") or ("", "")
        assert recovered_supervisor(address, "stack up") is None
        line.monkeypatch.setenv("REGUA_TOKEN", token)
        line.json("case", "hardship", case)
        told = [(entry["command"], entry["subject"], entry["authenticated"]) for entry in entries(line)]
        assert (name, told[-2:]) == ("bia", [("stack up", "bia", False), ("case hardship", case, True)])


def line_rows(line: Line, case: str) -> list[tuple[str]]:
    return [(event["reason"],) for event in line.json("case", "show", case)["events"]]


class TestAudit:
    def test_says_that_nothing_is_wrong_and_what_to_keep(self, line: Line, case: str) -> None:
        line.json("case", "hardship", case)
        said = line.json("audit", "icms")
        assert (said["cohort"], said["cases"], said["violations"]) == ("icms", 1, [])
        assert said["chain"] == {"decisions": 1, "audit_log": 2, "seals": 1, "sealed_now": True, "ok": True}
        assert said["seal"]["detail"]["decisions"] == 1
        assert line.json("audit", "--all")["seal"]["hash"] == said["seal"]["hash"]
        assert line("audit", "icms")[:2][0] == 0

    def test_names_what_is_wrong(self, line: Line, owner: Engine, case: str) -> None:
        line.json("case", "hardship", case)
        with owner.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE decisions DISABLE TRIGGER USER")
            connection.exec_driver_sql("UPDATE decisions SET reason = 'z'")
            connection.exec_driver_sql("ALTER TABLE decisions ENABLE TRIGGER USER")
        code, said, _ = line("audit", "icms")
        assert (code, f"case {case}: decision" in said, "1 faults" in said) == (1, True, True)

    @pytest.mark.parametrize(("words", "code"), [((), 2), (("icms", "--all"), 2), (("nobodys",), 1)])
    def test_wants_a_cohort(self, line: Line, world: DeliveryWorld, words: tuple[str, ...], code: int) -> None:
        assert line("audit", *words)[0] == code
