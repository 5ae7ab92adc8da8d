"""Entries that can't be right, by the command line and on the page of a case: one sentence each, nothing changed."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

from models.roles import Role
from tests.agreement_world import Contract, contract
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.web.console.console_world import browser, signed_in_as

TODAY = datetime.now(UTC).date()
NOTICED = TODAY - timedelta(days=40)
BEFORE, TOMORROW = NOTICED - timedelta(days=1), TODAY + timedelta(days=2)
WHY = "processo 7"


class Entry(NamedTuple):
    """`words` of `case VERB CASE`, and the form of the page that says it; {0} and {1} are the case's debts, {2} is
    another's, and {mistake} a ruling that was annulled."""

    words: str
    path: str
    form: dict[str, Any]
    told: str


def defence(told: str, on: date | None = None, credit: str = "") -> Entry:
    form = {"reference": "D2"} | ({"on": f"{on}"} if on else {}) | ({"credits": credit} if credit else {})
    words = f"defence --by bia --reference D2{f' --on {on}' if on else ''}{f' --debt {credit}' if credit else ''}"
    return Entry(words, "defence", form, told)


def served(on: str, told: str) -> Entry:
    form = {"notice": "n1", "on": on, "reference": "AR 1"}
    return Entry(f"served --notice n1 --on {on} --by bia --reference AR1", "served", form, told)


def step(on: str, told: str) -> Entry:
    form = {"kind": "protest", "on": on, "reference": "c1"}
    return Entry(f"step --kind protest --on {on} --by bia --reference c1", "step", form, told)


def hold(told: str, **days: str) -> Entry:
    words = " ".join(f"--{name} {day}" for name, day in days.items())
    form = {"ground": "deposit", "reason": WHY, **days}
    return Entry(f"hold --ground deposit --by bia --reason p7 {words}", "hold", form, told)


def annulment(kind: str, told: str, entry: str = "") -> Entry:
    form = {"kind": kind, "reason": WHY} | ({"entry": entry} if entry else {})
    words = f"annul --kind {kind} --by bia --reason p7{f' --id {entry}' if entry else ''}"
    return Entry(words, "annul", form, told)


RULING = {"decided": "rejected", "reason": WHY}

ENTRIES = {
    "a defence on a credit no notice listed": defence("no formal notice of case", credit="{1}"),
    "a defence on a foreign credit": defence("no formal notice of case", credit="{2}"),
    "a defence before its notice": defence("before the first formal notice", on=BEFORE),
    "a defence in the future": defence("yet to come", on=TOMORROW),
    "a defence in another century": defence("1900|before the first formal notice", on=date(1825, 1, 5)),
    "two rulings": Entry("defence --decided rejected --by bia --reason p7", "defence/ruling", RULING, "already"),
    "service before its notice": served(f"{BEFORE}", "between the notice's day"),
    "service in the future": served(f"{TOMORROW}", "between the notice's day"),
    "service beyond 2200": served("2201-01-01", "1900|between the notice's day"),
    "a step before the debt existed": step("2024-12-31", "there was no debt"),
    "a step in the future": step(f"{TOMORROW}", "yet to come"),
    "a step before 1900": step("1899-12-31", "1900|there was no debt"),
    "a hold that ends beyond 2200": hold("2200", until="9999-12-31"),
    "a hold that begins before 1900": hold("1900", **{"from": "1899-12-31"}),
    "a hold that begins in the future": hold("yet to come", **{"from": f"{TOMORROW}"}),
    "an annulment of an annulment": annulment("annulment", "an annulment is final"),
    "the same ruling annulled twice": annulment("ruling", "annulled already", entry="{mistake}"),
    "an annulment of another case's entry": annulment("step", "no prior step 999999", entry="999999"),
    "an interruption before the debt existed": Entry(
        "interruption --kind acknowledgement --on 2019-01-05 --by bia --reference t1",
        "interruption",
        {"cause": "acknowledgement", "on": "2019-01-05", "reference": "t1"},
        "there was no debt",
    ),
    "a request before the case": Entry(
        "review --kind contest --on 2019-01-05 --by bia --reference t1",
        "request",
        {"kind": "contest", "on": "2019-01-05", "reference": "t1"},
        "before the case began",
    ),
    "an answer to nothing": Entry(
        "review --kind contest --decided granted --by bia --reason p7",
        "request/answer",
        {"kind": "contest", "decided": "granted", "reason": WHY},
        "no contest that is open",
    ),
}


class World(NamedTuple):
    made: Contract
    names: dict[str, str]

    def fill(self, written: Any) -> Any:
        return json.loads(re.sub(r"\{(\w+)\}", lambda found: self.names[found[1]], json.dumps(written)))

    def record(self) -> list[Any]:
        tables = (
            *("defences", "defence_credits", "annulments", "prior_steps", "prior_step_debts", "holds", "requests"),
            *("interruptions", "decisions", "outbox", "acts", "notices", "tasks", "cases", "debts"),
        )
        return [self.made.rows(f"SELECT to_jsonb({table}) FROM {table} ORDER BY 1") for table in tables]


@pytest.fixture
def world(engine: Engine, line: Line) -> World:
    """A formal notice lists one of two debts; the defence against it was rejected, that annulled, and ruled on anew."""
    made, other = contract(engine, "600.00", "1200.00"), contract(engine, "50.00")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            'INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone,'
            " template, formal, status, body, sent_at) VALUES"
            f" ('n1', '{made.case}', 0, 'domicile', 'domicile', '{NOTICED}', 'h7', 'notice', 7, 'formal', 'x', true,"
            " 'sent', '', now())"
        )
        listed = "INSERT INTO notice_credits (notice, credit, debt, amount) VALUES ('n1', '{0}', '{0}', 600)"
        connection.exec_driver_sql(listed.format(made.debts[0]))
    line.json("case", "defence", made.case, "--by", "ana", "--reference", "D1", "--on", f"{NOTICED}")
    rule = ("case", "defence", made.case, "--decided", "rejected", "--by", "bia", "--reason", WHY)
    line.json(*rule)
    [(mistake,)] = made.rows("SELECT id FROM defences")
    line.json("case", "annul", made.case, "--kind", "ruling", "--by", "bia", "--reason", WHY)
    line.json(*rule)
    return World(made, {"0": made.debts[0], "1": made.debts[1], "2": other.debts[0], "mistake": f"{mistake}"})


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
async def test_an_entry_that_can_not_be_right_changes_nothing(
    engine: Engine, line: Line, world: World, entry: Entry
) -> None:
    before = world.record()
    verb, *words = world.fill(entry.words).split()
    code, said, complained = line("case", verb, world.made.case, *words)
    assert code in (1, 2), said
    assert re.search(entry.told, " ".join(complained.replace("│", " ").split())), complained
    assert "Traceback" not in complained
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        sent = await http.post(f"/console/cases/{world.made.case}/{entry.path}", data=world.fill(entry.form))
    assert sent.status_code in (409, 422), sent.text[:2000]
    assert world.record() == before
