"""`report` as an analyst types it."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.proof.figures import FIGURES
from tests.commands.test_import_command import Line, line
from tests.ledger import COHORT, NOTIFIED, UNTIL, Ledger

__all__ = ["line"]

ASKED = ("report", COHORT, "--on", str(UNTIL))


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    made = Ledger(engine)
    made.cases("n", 90, "9000.00")
    made.cases("c", 10, "1000.00", arm="control")
    made.notified("n")
    made.paid("n", 30, "3000.00", NOTIFIED + timedelta(days=30))
    made.paid("c", 1, "100.00", NOTIFIED + timedelta(days=30))
    return made


def test_it_says_in_portuguese_what_the_ruler_brought(line: Line, ledger: Ledger) -> None:
    code, said, complained = line(*ASKED)
    assert (code, complained) == (0, "")
    for words in ("90 de 90 (100,0 %)", "R$ 3.100,00, após ação R$ 3.000,00", "+23,33 pp", "indício, não prova"):
        assert words in said


def test_as_json_it_holds_every_table(line: Line, ledger: Ledger) -> None:
    said = line.json(*ASKED)
    assert (said["cases"], said["held_out"], said["on"]) == (100, 10, "2026-08-31")
    assert said["recovered"]["total"] == "3100.00"
    assert {*FIGURES, "comparison", "robust", "curves", "sendings"} == {*said["tables"]}


def test_of_two_rulers_it_says_which_brought_more_and_at_what_cost(line: Line, ledger: Ledger) -> None:
    ledger.with_a_rival()
    ledger.cases("b", 90, "9000.00", arm="rival")
    ledger.notified("b")
    ledger.paid("b", 60, "6000.00", NOTIFIED + timedelta(days=30))
    code, said, _ = line(*ASKED)
    assert code == 0
    assert "régua A (alagoas-icms v1) menos régua B (alagoas-icms v2), por sorteio" in said
    assert "−33,33 pp" in said
    found = line.json(*ASKED)
    assert [(each["arm"], each["payers"], each["cost"]) for each in found["arms"]] == [
        ("ruler", 30, "9.00"),
        ("rival", 60, "9.00"),
        ("control", 1, "0.00"),
    ]
    assert [round(each["points"], 4) for each in found["by_ruler"]] == [-0.3333, 0.2333, 0.5667]
    compared = {(row["treated"], row["control"]) for row in found["tables"]["comparison"]}
    assert len(compared) == 5, "the two rulers, each with the control group, both with it, and as delivered"


def test_every_table_is_a_file_that_a_spreadsheet_opens(line: Line, ledger: Ledger, tmp_path: Path) -> None:
    code, said, complained = line(*ASKED, "--csv", tmp_path / "new")
    assert (code, said) == (0, "")
    assert "22 tables" in complained
    with (tmp_path / "new" / "groups.csv").open(encoding="utf-8-sig") as file:
        control, ruler = csv.DictReader(file, delimiter=";")
    assert (control["arm"], control["received"], ruler["payers"]) == ("control", "100,00", "30")


def test_it_reckons_with_the_authoritys_own_figures(line: Line, ledger: Ledger) -> None:
    said = line.json(*ASKED, "--goal", "31.000,00", "--letter-cost", "2,95", "--counter-share", "40%", "--within", "10")
    assert said["goal"] == {"goal": "31000.00", "share": 0.1}
    assert said["avoided"] == {"letters": 90, "letters_cost": "265.50", "settled": 30, "visits": 12}
    assert said["tables"]["channels"][0]["paid"] == 0
    assert line.json(*ASKED)["goal"] is None


@pytest.mark.parametrize(
    ("option", "value"), [("--goal", "0"), ("--letter-cost", "-1"), ("--counter-share", "140%"), ("--within", "0")]
)
def test_a_figure_that_is_none_is_wrong_usage(line: Line, ledger: Ledger, option: str, value: str) -> None:
    code, _, complained = line(*ASKED, option, value)
    assert (code, option in complained) == (2, True)


def test_the_page_gets_its_own_name_in_a_folder(line: Line, ledger: Ledger, tmp_path: Path) -> None:
    for given, written in ((tmp_path, tmp_path / f"report-{COHORT}.html"), (tmp_path / "x.html", tmp_path / "x.html")):
        code, said, complained = line(*ASKED, "--html", given)
        assert (code, said) == (0, "")
        assert str(written) in complained.replace("\n", "")
        assert "o que a régua trouxe" in written.read_text()


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_explained_by_its_query(line: Line, ledger: Ledger, figure: str) -> None:
    code, said, _ = line(*ASKED, "--explain", figure)
    assert code == 0
    for words in (FIGURES[figure].formula, f"fonte: {FIGURES[figure].source}", f"cohort = {COHORT}, on = {UNTIL}"):
        assert words in said
    assert said.rstrip().endswith(";")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("report", "nobody"), "there is no cohort nobody; the latest are outubro"),
        (("report", "nobody", "--explain", "groups"), "there is no cohort nobody"),
        (("report", COHORT, "--explain", "sorte"), "there is no figure sorte; known are heat_map"),
        (("report", COHORT, "--on", "2001-01-01"), "outubro runs since 2026-06-01"),
        (("report", COHORT, "--html", "/proc/nothing/x.html"), "can't be written to /proc/nothing/x.html"),
        (("report", COHORT, "--csv", "/proc/nothing"), "can't be written to /proc/nothing"),
    ],
)
def test_what_can_not_be_is_refused_in_one_sentence(
    line: Line, ledger: Ledger, words: tuple[str, ...], sentence: str
) -> None:
    code, said, complained = line(*words)
    assert (code, said) == (1, "")
    assert complained.startswith("error: ")
    assert sentence in complained
    assert complained.count("\n") == 1


def test_no_date_is_wrong_usage(line: Line, ledger: Ledger) -> None:
    assert line("report", COHORT, "--on", "tomorrow")[0] == 2
