"""No case of the casebook is left out: each has a test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def test_every_case_has_a_test() -> None:
    table = re.findall(r"^\| ([LIMST]\d+) \|", (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(table) == 36 + 8 + 13 + 10 + 6
    assert {*cases_tested()} == set(table)


def cases_tested() -> Iterator[str]:
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if named := re.match(r"test_([limst]\d+)_", node.name):
                yield named[1].upper()
