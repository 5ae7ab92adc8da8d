"""`power` as an analyst types it: it needs neither database nor Temporal, and answers at once."""

import ast

import pytest

from commands import COMMANDS
from tests.commands.test_import_command import REPOSITORY, Line

ASKED = ("power", "--base-rate", "6%", "--uplift", "1pp")

PROVING = {"report"}
"""Commands that compute intervals, and may wait for SciPy."""


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(capsys, monkeypatch)


def test_the_usual_shares_are_laid_side_by_side(line: Line) -> None:
    said = line.json(*ASKED)
    assert (said["power"], said["level"]) == (0.8, 0.05)
    assert [(row["cohort"], row["control"]) for row in said["designs"]][1::3] == [(54163, 5416), (19079, 9540)]
    code, table, complained = line(*ASKED)
    assert (code, complained) == (0, "")
    assert "54.163" in table


def test_a_cohort_of_a_size_is_told_its_share(line: Line) -> None:
    (found,) = line.json(*ASKED, "--cohort", "60000")["designs"]
    assert found == {
        "figure": "rate",
        "cohort": 60000,
        "control": 5356,
        "share": 0.089267,
        "uplift": 0.01,
        "detectable": 0.01,
        "power": 0.8001,
        "enough": True,
        "design_effect": 1.0,
        "counted_control": 5356.0,
        "counted_treated": 54644.0,
    }


def test_cases_drawn_in_units_are_counted_as_fewer_strangers(line: Line) -> None:
    units = ("--control", "10%", "--unit-size", "3", "--correlation", "0.5")
    (found,) = line.json(*ASKED, *units)["designs"]
    assert (found["control"], found["design_effect"], found["counted_control"]) == (10832, 2.0, 5416.0)
    assert "10832 held out and 97493 treated, counted as 5.416 and 48.746 strangers" in line(*ASKED, *units)[1]
    for wrong in (("--unit-size", "0.5"), ("--correlation", "1.1"), ("--unit-variation", "-1")):
        assert line(*ASKED, *wrong)[0] == 2


def test_a_cohort_that_is_too_small_is_told_what_it_could_show(line: Line) -> None:
    (found,) = line.json(*ASKED, "--cohort", "5000", "--control", "10%")["designs"]
    assert (found["control"], found["enough"]) == (500, False)
    assert found["detectable"] > 0.03
    assert "an effect of this size may go unseen" in line(*ASKED, "--cohort", "5000")[1]


def test_the_value_per_head_has_an_answer_of_its_own(line: Line) -> None:
    rate, value = line.json(*ASKED, "--control", "0.1", "--amount-sd", "400", "--amount-uplift", "12,50")["designs"]
    assert (rate["cohort"], value["cohort"]) == (54163, 89306)
    _, visible = line.json(*ASKED, "--cohort", "60000", "--amount-sd", "400")["designs"]
    assert (visible["cohort"], visible["control"], visible["detectable"]) == (60000, 5356, 16.05)
    assert "R$ 16,05" in line(*ASKED, "--cohort", "60000", "--amount-sd", "400")[1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--base-rate", "6", "--uplift", "1pp"), "'6' is not a share"),
        (("--base-rate", "0%", "--uplift", "1pp"), "is not a share between 0% and 100%"),
        (("--base-rate", "6%", "--uplift", "1%"), "'1%' is not a difference in percentage points"),
        (("--base-rate", "99.5%", "--uplift", "1pp"), "makes 100% or more"),
        ((*ASKED[1:], "--control", "100%"), "is not a share between 0% and 100%"),
        ((*ASKED[1:], "--amount-uplift", "9"), "needs --amount-sd"),
        ((*ASKED[1:], "--amount-sd", "-1"), "is not an amount"),
        ((*ASKED[1:], "--amount-sd", "R$"), "is not an amount"),
        ((*ASKED[1:], "--cohort", "1"), "greater than or equal to 2"),
    ],
)
def test_what_makes_no_sense_is_refused(line: Line, words: tuple[str, ...], complaint: str) -> None:
    code, said, complained = line("power", *words)
    assert (code, said) == (2, "")
    assert complaint in " ".join(complained.replace("│", " ").split())


def test_an_uplift_that_no_cohort_shows_is_refused(line: Line) -> None:
    code, said, complained = line("power", "--base-rate", "6%", "--uplift", "0.000001pp")
    assert (code, said) == (1, "")
    assert complained.startswith("error: no cohort of up to 100,000,000 cases shows so small an uplift")


def test_nothing_else_waits_for_scipy() -> None:
    files = {file for command in COMMANDS.values() for file in command.files.split()} - PROVING
    loaded = imported_with("worker", "starter", *(f"commands.{file}" for file in files))
    assert not {module for module in loaded if module.startswith("scipy")}


def imported_with(*modules: str) -> set[str]:
    """All that is imported as soon as some modules of ours are, through others of ours."""
    found, ahead = set[str](), set(modules)
    while ahead:
        found.add(name := ahead.pop())
        path = REPOSITORY / f"{name.replace('.', '/')}.py"
        for statement in ast.parse(path.read_text()).body if path.exists() else ():
            if isinstance(statement, ast.Import):
                ahead |= {alias.name for alias in statement.names} - found
            elif isinstance(statement, ast.ImportFrom) and statement.module:
                names = {f"{statement.module}.{alias.name}" for alias in statement.names}
                ahead |= ({statement.module} | names) - found
    return found
