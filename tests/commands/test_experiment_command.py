"""`experiment show` as an analyst types it."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from models.errors import Refusal
from models.proof.experiment import Experiment, Primary
from storage.case.experiments import register
from tests.commands.test_import_command import Line, line
from tests.ledger import COHORT, NOTIFIED, UNTIL, Ledger

__all__ = ["line"]

ASKED = Experiment("lembrete-por-sms", "an SMS brings more payers than an e-mail", Primary.PAYERS)


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """Two rulers and a control group, and the day they were to be read on."""
    made = Ledger(engine)
    made.with_a_rival()
    made.run("UPDATE cohorts SET reads_on = :on", on=UNTIL)
    with engine.begin() as connection:
        register(connection, COHORT, ASKED, "ana")
    for name, arm, payers in (("a", "ruler", 20), ("b", "rival", 40), ("c", "control", 5)):
        made.cases(name, 100, "10000.00", arm=arm)
        made.paid(name, payers, f"{payers * 100}.00", NOTIFIED + timedelta(days=30))
    made.run("UPDATE cases SET unit = id, stratum = 'ICMS/2/unknown'")
    return made


@pytest.mark.parametrize("named", [ASKED.name, COHORT])
def test_it_shows_what_was_registered_who_was_drawn_and_the_planned_reading(
    line: Line, ledger: Ledger, named: str
) -> None:
    said = line.json("experiment", "show", named)
    assert (said["name"], said["claim"], said["primary_figure"]) == (ASKED.name, ASKED.claim, "payers")
    assert (said["registered_by"], said["reads_on"], said["on"], said["look"]) == (
        "ana",
        "2026-08-31",
        "2026-08-31",
        "planned",
    )
    assert {each["arm"]: each["share"] for each in said["arms"]} == {"ruler": "0.45", "control": "0.1", "rival": "0.45"}
    assert {(each["arm"], each["units"], each["cases"]) for each in said["strata"]} == {
        ("ruler", 100, 100),
        ("rival", 100, 100),
        ("control", 100, 100),
    }
    assert [round(each["value"], 6) for each in said["comparisons"]] == [-0.2, 0.15, 0.35]
    assert all(each["p"] <= each["p_adjusted"] <= 3 * each["p"] for each in said["comparisons"])


def test_before_the_planned_day_it_is_read_by_what_holds_on_any(line: Line, ledger: Ledger) -> None:
    ledger.run("UPDATE cohorts SET reads_on = CURRENT_DATE + 400")
    said = line.json("experiment", "show", COHORT)
    assert said["look"] == "any_day"
    code, shown, complained = line("experiment", "show", COHORT)
    assert (code, complained) == (0, "")
    assert "by an interval that holds on any day" in shown


def test_one_that_is_not_there_is_refused(line: Line, ledger: Ledger) -> None:
    code, _, complained = line("experiment", "show", "nothing")
    assert code == 1
    assert "there is no experiment nothing" in complained


def test_it_is_written_once(engine: Engine, ledger: Ledger) -> None:
    for statement in ("UPDATE experiments SET claim = 'another'", "DELETE FROM experiments"):
        with pytest.raises(DBAPIError):
            ledger.run(statement)
    with engine.begin() as connection, pytest.raises(Refusal, match="experiment lembrete-por-sms is cohort outubro's"):
        register(connection, "another", ASKED, "ana")
