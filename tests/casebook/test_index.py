"""No case of the casebook is left out: each has a test, or a reason why nothing can show it yet."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent

NOT_TESTABLE: dict[str, str] = {}


def test_every_case_has_a_test_or_a_reason() -> None:
    table = re.findall(r"^\| ([LIMST]\d+) \|", (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(table) == 36 + 8 + 13 + 10 + 6
    tested = {case for case, _, _ in cases_tested()}
    assert tested & NOT_TESTABLE.keys() == set()
    assert tested | NOT_TESTABLE.keys() == set(table)


def test_a_mark_names_the_case_that_its_test_is_of() -> None:
    assert [(name, marked) for case, name, marks in cases_tested() for marked in marks if marked != case] == []


def cases_tested() -> Iterator[tuple[str, str, list[str]]]:
    """Case, name and the cases that its marks name, of each test that is of a case."""
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if named := re.match(r"test_([limst]\d+)_", node.name):
                yield named[1].upper(), node.name, [*_marked(node)]


def _marked(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "wrong":
            assert isinstance(mark.args[0], ast.Constant)
            yield str(mark.args[0].value)
