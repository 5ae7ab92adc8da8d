"""`catalogue …`: what an authority publishes, and what its names stand for from then on."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from models.errors import Refusal
from operations.catalogue import in_force
from operations.rulers import load_ruler
from storage.catalogue import ROOT
from tests.commands.test_import_command import Line, line

__all__ = ["line"]

TABLE = """\
accrual: maceio
title: Multa de Maceió
fine: [{from: 2000-01-01, source: lei municipal, steps: [{percent: "10"}]}]
interest: []
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An authority's own ruler, with a table and templates of its own, laid out as the repository."""
    root = tmp_path / "maceio"
    ruler = (ROOT / "rulers" / "divida-ativa.yaml").read_text()
    ruler = ruler.replace("ruler: divida-ativa", "ruler: maceio").replace("divida-ativa/h", "maceio/h")
    written(root / "rulers" / "maceio.yaml", f"{ruler}\naccrual: maceio\n")
    written(root / "accruals" / "maceio.yaml", TABLE)
    for file in (ROOT / "templates" / "email" / "divida-ativa").iterdir():
        written(root / "templates" / "email" / "maceio" / file.name, file.read_text())
    return root


def written(file: Path, content: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def published(line: Line, *words: str | Path) -> list[tuple[str, str, int, str]]:
    told = line.json("catalogue", "import", *words, "--by", "ana")["published"]
    return [(each["kind"], each["name"], each["version"], each["state"]) for each in told]


def test_what_is_imported_has_versions_and_only_what_changed_a_new_one(line: Line, folder: Path) -> None:
    kinds = ("accrual", "ruler", "templates")
    assert published(line, folder) == [(kind, "maceio", 1, "published") for kind in kinds]
    assert published(line, folder) == [(kind, "maceio", 1, "unchanged") for kind in kinds]
    written(folder / "accruals" / "maceio.yaml", TABLE.replace('"10"', '"20"'))
    assert published(line, folder, "--note", "Lei 7.000/2026") == [
        ("accrual", "maceio", 2, "published"),
        ("ruler", "maceio", 1, "unchanged"),
        ("templates", "maceio", 1, "unchanged"),
    ]
    listed = line.json("catalogue", "list")["catalogue"]
    mine = {each["kind"]: each for each in listed if each["name"] == "maceio"}
    assert {kind: each["version"] for kind, each in mine.items()} == {"accrual": 2, "ruler": 1, "templates": 1}
    assert (mine["accrual"]["published_by"], mine["accrual"]["note"]) == ("ana", "Lei 7.000/2026")
    assert {"kind": "ruler", "name": "alagoas-icms", "version": None}.items() <= example(listed).items()
    assert [each["name"] for each in line.json("catalogue", "list", "--kind", "prices")["catalogue"]] == ["brasil"]


def example(listed: list[dict[str, Any]]) -> dict[str, Any]:
    return next(each for each in listed if each["name"] == "alagoas-icms" and each["kind"] == "ruler")


def test_each_import_leaves_an_entry(line: Line, folder: Path) -> None:
    published(line, folder / "accruals" / "maceio.yaml")
    [entry] = line.json("audit-log")["entries"]
    assert entry["detail"] == {"published": "accrual maceio 1,"}
    assert (entry["command"], entry["actor"], entry["outcome"]) == ("catalogue import", "ana", "done")
    assert entry["subject"].startswith("sha256:")


def test_a_name_stands_for_what_was_published_last(line: Line, engine: Engine, folder: Path) -> None:
    with pytest.raises(Refusal, match="there is no ruler file 'maceio'"):
        load_ruler("maceio", in_force(engine))
    published(line, folder)
    bundle = load_ruler("maceio", in_force(engine))
    assert bundle.ruler.label == "maceio v1"
    assert bundle.ruler.accrual is not None
    assert not isinstance(bundle.ruler.accrual, str)
    assert bundle.ruler.accrual.title == "Multa de Maceió"
    written(folder / "accruals" / "maceio.yaml", TABLE.replace("Multa de Maceió", "Outra"))
    published(line, folder)
    again = load_ruler("maceio", in_force(engine)).ruler.accrual
    assert again is not None
    assert not isinstance(again, str)
    assert again.title == "Outra"


def test_a_published_name_goes_before_an_example_and_a_path_before_both(
    line: Line, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = (ROOT / "rulers" / "divida-ativa.yaml").read_text()
    own = written(tmp_path / "own.yaml", shipped.replace("version: 1\n", "version: 7\n"))
    published(line, own)
    assert load_ruler("divida-ativa").ruler.version == 1
    assert load_ruler("divida-ativa", in_force(engine)).ruler.version == 7
    written(tmp_path / "divida-ativa", shipped.replace("version: 1\n", "version: 9\n"))
    monkeypatch.chdir(tmp_path)
    assert load_ruler("divida-ativa", in_force(engine)).ruler.version == 9


def test_with_one_fault_nothing_is_published_and_each_is_told_with_its_line(line: Line, folder: Path) -> None:
    ruler = folder / "rulers" / "maceio.yaml"
    written(ruler, ruler.read_text().replace("accrual: maceio", "accrual: atlantis"))
    written(folder / "templates" / "email" / "maceio" / "unused.txt.j2", "Assunto\n\n{{ autority }}\n")
    written(folder / "templates" / "parts" / "own.txt.j2", "palavras")
    code, said, complained = line("catalogue", "import", folder, "--by", "ana")
    assert (code, said) == (1, "")
    last = len(ruler.read_text().splitlines())
    assert f"rulers/maceio.yaml:{last}: accrual: names atlantis, which is not in accruals/" in complained
    assert "templates/email/maceio/unused.txt.j2:3: uses 'autority', which no message knows" in complained
    assert "templates/parts/own.txt.j2: is of the product's own" in complained
    assert [each for each in line.json("catalogue", "list")["catalogue"] if each["version"]] == []


def test_a_ruler_that_changed_says_so_in_its_number(line: Line, folder: Path) -> None:
    published(line, folder)
    ruler = folder / "rulers" / "maceio.yaml"
    written(ruler, ruler.read_text().replace("0800", "0900"))
    code, _, complained = line("catalogue", "import", ruler, "--by", "ana")
    at = next(n for n, each in enumerate(ruler.read_text().splitlines(), start=1) if each.startswith("version"))
    assert code == 1
    assert f"rulers/maceio.yaml:{at}: version: must be more than 1, which is published" in complained
    written(ruler, ruler.read_text().replace("version: 1\n", "version: 2\n"))
    assert published(line, ruler) == [("ruler", "maceio", 2, "published")]


def test_yaml_that_can_not_be_read_is_told_with_its_line(line: Line, folder: Path) -> None:
    written(folder / "accruals" / "maceio.yaml", "accrual: maceio\nfine: [\n")
    code, _, complained = line("catalogue", "import", folder, "--by", "ana")
    assert code == 1
    assert "accruals/maceio.yaml:3: is not YAML" in complained


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("authority: nobody\n", "doesn't say what it is: it needs one of the keys ruler, agreement, accrual, prices"),
        ("accrual: maceio\ntitle: T\nfine: [\n", "doesn't say what it is"),
        ("accrual: ../../etc\ntitle: T\nfine: []\ninterest: []\n", "is of the product's own"),
        ("", "is empty"),
    ],
)
def test_what_is_nothing_to_publish_is_refused(line: Line, tmp_path: Path, content: str, sentence: str) -> None:
    code, said, complained = line("catalogue", "import", written(tmp_path / "x.yaml", content), "--by", "ana")
    assert (code, said) == (1, "")
    assert sentence in complained


def test_a_folder_without_a_catalogue_is_refused(line: Line, tmp_path: Path) -> None:
    code, _, complained = line("catalogue", "import", tmp_path, "--by", "ana")
    assert (code, "has nothing to publish" in complained) == (1, True)


def test_a_file_is_exported_as_it_was_imported_in_whichever_version(line: Line, folder: Path, tmp_path: Path) -> None:
    published(line, folder)
    written(folder / "accruals" / "maceio.yaml", TABLE.replace('"10"', '"20"'))
    published(line, folder)
    line.json("catalogue", "export", "maceio", "--to", tmp_path / "copy")
    exported = {file.relative_to(tmp_path / "copy"): file.read_text() for file in files(tmp_path / "copy")}
    assert exported == {file.relative_to(folder): file.read_text() for file in files(folder)}
    assert all(state == "unchanged" for *_, state in published(line, tmp_path / "copy"))
    line.json("catalogue", "export", "maceio", "--kind", "accrual", "--version", "1", "--to", tmp_path / "old")
    [old] = files(tmp_path / "old")
    assert old.read_text() == TABLE
    shown = line.json("catalogue", "show", "maceio", "--kind", "accrual")["entries"]
    assert [(each["version"], list(each["texts"])) for each in shown] == [(2, ["accruals/maceio.yaml"])]


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_an_example_can_be_exported_changed_and_published(line: Line, tmp_path: Path) -> None:
    line.json("catalogue", "export", "refis-2023", "--to", tmp_path)
    assert (tmp_path / "templates" / "sms" / "refis-2023" / "last-call.txt.j2").exists()
    shutil.rmtree(tmp_path / "templates" / "sms")
    assert published(line, tmp_path) == [
        ("ruler", "refis-2023", 1, "published"),
        ("templates", "refis-2023", 1, "published"),
    ]


def test_an_unknown_name_is_refused(line: Line) -> None:
    assert line("catalogue", "show", "atlantis")[2] == (
        "error: the catalogue has no atlantis; `catalogue list` shows what it has\n"
    )
    assert (
        "has no prices brasil version 3" in line("catalogue", "show", "brasil", "--kind", "prices", "--version", "3")[2]
    )


def test_nobody_changes_what_was_published_nor_what_is_frozen(line: Line, engine: Engine, folder: Path) -> None:
    """The application's role may add to them only."""
    published(line, folder)
    for table in ("published", "assets", "rulers", "policies"):
        with pytest.raises(ProgrammingError, match="permission denied"), engine.begin() as connection:
            connection.execute(text(f"DELETE FROM {table}"))
