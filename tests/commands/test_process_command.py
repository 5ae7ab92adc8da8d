"""`case hold`, `release`, `defence`, `step`, and near prescription in lists, as an analyst types them."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.agreement_world import Contract, contract
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line


def today() -> date:
    return datetime.now(UTC).date()


WHO = ("--by", "ana", "--reason", "processo 7")


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "600.00", "1200.00")


def notified(made: Contract, days_ago: int = 5) -> date:
    """The day a formal notice was sent."""
    on = today() - timedelta(days=days_ago)
    with made.engine.begin() as connection:
        connection.exec_driver_sql(
            'INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone,'
            f" template, formal, status, body, sent_at) VALUES"
            f" ('n1', '{made.case}', 0, 'domicile', 'domicile', '{on}', 'h7',"
            " 'notice', 7, 'formal', 'x', true, 'sent', '', now())"
        )
    return on


def refused(line: Line, *words: str) -> str:
    code, said, complained = line(*words)
    assert code in (1, 2), said
    return " ".join(complained.replace("│", " ").split())


def test_held_shown_and_released(line: Line, made: Contract) -> None:
    words = ("case", "hold", made.case, "--ground", "mandado-de-seguranca", "--debt", made.debts[0], *WHO)
    held = line.json(*words, "--evidence", "MS 12", "--until", f"{today() + timedelta(days=9)}")
    [hold] = held["placed"]
    assert (held["case"], held["cases"]) == (made.case, [made.case])
    assert (hold["debt"], hold["ground"]) == (made.debts[0], "mandado_de_seguranca")
    [shown] = line.json("case", "show", made.case)["holds"]
    assert (shown["by"], shown["reason"], shown["evidence"]) == ("ana", "processo 7", "MS 12")
    assert (shown["from"], shown["until"], shown["debts"]) == (hold["from"], hold["until"], [made.debts[0]])
    released = line.json("case", "release", made.case, *WHO)
    assert released["released"] == [hold]
    assert line.json("case", "show", made.case)["holds"] == []
    assert line(*words)[0] == 0
    assert "mandado de segurança" in " ".join(line("case", "show", made.case)[1].replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hold", "--ground", "whim", *WHO), "there are moratorium or moratória"),
        (("hold", "--ground", "death", "--by", " ", "--reason", "x"), "must not be empty"),
        (("hold", "--ground", "death", "--debt", "x", *WHO), "has no debt x"),
        (("hold", "--ground", "death", "--from", "2199-01-01", *WHO), "yet to come"),
        (("release", *WHO), "nothing is held"),
        (("defence", "--by", "ana"), "say --reference to file a defence"),
        (("defence", "--by", "ana", "--reference", "D1", "--decided", "accepted"), "say --reference to file"),
        (("defence", "--by", "ana", "--reference", "D1"), "no formal notice was sent"),
        (("defence", "--decided", "accepted", *WHO), "no defence is on record"),
        (
            ("step", "--kind", "prayer", "--on", "2026-01-05", "--reference", "x", "--by", "ana"),
            "there are registration or inscrição",
        ),
        (("step", "--kind", "protest", "--on", "2199-01-05", "--reference", "x", "--by", "ana"), "yet to come"),
    ],
)
def test_what_is_wrong_is_told(line: Line, made: Contract, words: tuple[str, ...], told: str) -> None:
    verb, *rest = words
    assert told in refused(line, "case", verb, made.case, *rest)


def test_a_defence_is_filed_once_and_decided_once(line: Line, made: Contract) -> None:
    on = notified(made)
    file = ("case", "defence", made.case, "--by", "ana", "--reference", "D1", "--on")
    assert "before the first formal notice" in refused(line, *file, f"{on - timedelta(days=1)}")
    assert line.json(*file, f"{on}")["defence"]["state"] == "open"
    assert "is open already" in refused(line, *file, f"{on}")
    decide = ("case", "defence", made.case, "--decided", "rejected", *WHO)
    assert "--reason" in refused(line, "case", "defence", made.case, "--decided", "rejected", "--by", "ana")
    decided = line.json(*decide)
    assert decided["defence"]["filed_on"] == on.isoformat()
    assert "was rejected" in refused(line, *decide)
    [shown] = line.json("case", "show", made.case)["defences"]
    assert (shown["state"], shown["decided_by"], shown["reason"], shown["reference"]) == (
        *("rejected", "ana", "processo 7", "D1"),
    )
    assert made.journal == ["defence_filed", "defence_rejected"]
    assert made.rows("SELECT name FROM outbox") == [("defence_changed",)] * 2


def test_a_step_before_the_suit_is_taken_once(line: Line, made: Contract) -> None:
    words = (
        "case",
        "step",
        made.case,
        "--kind",
        "cadin-notice",
        "--on",
        "2026-01-05",
        "--reference",
        "C9",
        "--by",
        "bia",
    )
    taken = {"kind": "cadin_notice", "on": "2026-01-05", "reference": "C9", "debts": sorted(made.debts)}
    assert line.json(*words)["step"] == taken
    assert "cadin-notice of 2026-01-05 on record already: C9, by bia" in refused(line, *words)
    [shown] = line.json("case", "show", made.case)["prior_steps"]
    assert shown == {**taken, "id": shown["id"], "by": "bia", "annulled_on": None}
    assert made.rows("SELECT name FROM outbox") == [("prior_step_taken",)]


def prescribing(engine: Engine, days: int | None) -> Contract:
    return contract(engine, "500.00", prescribes=days and today() + timedelta(days=days))


def ask_people(made: Contract, due: int) -> None:
    with made.engine.begin() as connection:
        connection.exec_driver_sql(
            'INSERT INTO tasks ("case", kind, reference, what, due) VALUES'
            f" ('{made.case}', 'call', 'x', 'ligar', '{today() + timedelta(days=due)}')"
        )


def listed(found: Any) -> list[str]:
    return [row["case"] for row in found]


def test_what_is_near_prescription_comes_first_everywhere(line: Line, engine: Engine) -> None:
    unknown, far, near, nearest, held = (prescribing(engine, days) for days in (None, 500, 100, 10, 5))
    line.json("case", "hold", held.case, "--ground", "deposit", *WHO)
    for due, made in enumerate((unknown, far, near, nearest)):
        ask_people(made, due)
    found = line.json("case", "list", "iptu")["cases"]
    assert listed(found) == [made.case for made in (nearest, near, unknown, far, held)]
    assert [row["near_prescription"] for row in found] == [True, True, False, False, False]
    assert [row["prescribes"] is None for row in found] == [False, False, True, False, True]
    assert listed(line.json("task", "list")["tasks"]) == [made.case for made in (nearest, near, unknown, far)]
    assert line.json("cohort", "status", "iptu")["near_prescription"] == 2
    assert "2 of 5 cases near prescription" in line("cohort", "status", "iptu")[1]
    assert "near" in line("case", "list", "iptu")[1]


def test_an_agreement_broken_near_prescription_is_listed_before_newer_ones(
    line: Line, engine: Engine, owner: Engine
) -> None:
    """Five years begin with the default: it lies nearly as long back."""
    old, new = prescribing(engine, None), prescribing(engine, None)
    for made in (old, new):
        signed = ("agreement", "sign", made.case, "--policy", "belo-horizonte", "--instalments", "2", "--by", "ana")
        line.json("agreement", "break", line.json(*signed)["agreement"], *WHO)
    long_ago = today() - timedelta(days=5 * 365 - 100)
    with owner.begin() as connection:
        changed = 'UPDATE agreements SET signed_on = %s, broken_on = %s WHERE "case" = %s'
        connection.exec_driver_sql(changed, (long_ago - timedelta(days=90), long_ago, old.case))
    assert listed(line.json("agreement", "list")["agreements"]) == [old.case, new.case]


def test_an_act_is_on_record_while_temporal_is_away(line: Line, made: Contract) -> None:
    """Nothing is at the address of Temporal here; the relay tells the case as soon as something is."""
    code, said, complained = line("case", "pause", made.case, "--by", "ana", "--json")
    assert (code, json.loads(said)) == (0, {"case": made.case, "status": "paused"})
    assert complained.startswith("the case does not answer yet: it is on record")
    [(act,)] = made.rows("SELECT id FROM acts")
    assert made.rows("SELECT name, payload, delivered_at FROM outbox") == [("act_recorded", {"act": act}, None)]
    assert refused(line, "case", "pause", made.case, "--by", "bia").endswith("the case is paused already")
    assert line("case", "resume", made.case, "--by", "bia")[0] == 0
    assert made.rows("SELECT command, outcome FROM audit_log WHERE subject = :case ORDER BY id") == [
        ("case pause", "done"),
        ("case pause", "refused"),
        ("case resume", "done"),
    ]
