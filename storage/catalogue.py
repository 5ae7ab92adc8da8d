"""The catalogue of rulers, policies, tables and templates: a file of the analyst's, or what a name stands for."""

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from models.assets import Texts
from models.errors import Refusal
from models.yaml_file import ReadTable, Table

ROOT = Path(__file__).parent.parent
LONGEST = 1_000_000
"""Bytes. No ruler or policy comes near; a device or a database dump does."""

KINDS = ("rulers", "agreements", "accruals", "prices", "calendars", "templates")
"""The folders of texts that a ruler is made of."""


class Folder(Mapping[str, str]):
    """The texts in a folder laid out as this repository, by their paths in it; each is read when it is asked for.

    Raises Refusal for a file that is no text."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __getitem__(self, name: str) -> str:
        if not self._is_file(name):
            raise KeyError(name)
        return _text(name, _content(name, self.root / name), "text")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._is_file(name)

    def __iter__(self) -> Iterator[str]:
        files = (file for kind in KINDS for file in sorted((self.root / kind).rglob("*")) if file.is_file())
        return (file.relative_to(self.root).as_posix() for file in files)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_file(self, name: str) -> bool:
        parts = PurePosixPath(name).parts
        return parts[:1] != () and parts[0] in KINDS and ".." not in parts and _is_file(self.root / name)


SHIPPED = Folder(ROOT)
"""The examples of this repository."""


class Found(NamedTuple):
    shown: str
    """The path by which people know the text."""
    text: str
    texts: Texts
    """The texts that its names stand for: what lies in the folder of its file first."""


@dataclass(frozen=True)
class Catalogue:
    folder: str
    noun: str
    """The noun for its files: ruler, policy."""

    def names(self, texts: Texts = SHIPPED) -> list[str]:
        return sorted(PurePosixPath(name).stem for name in texts if name.startswith(f"{self.folder}/"))

    def read(self, name_or_path: str) -> tuple[str, str]:
        """The path and the text of a file, or of a shipped one."""
        return self.find(name_or_path)[:2]

    def find(self, name_or_path: str, texts: Texts = SHIPPED) -> Found:
        """A file at that path, else what `texts` has by that name. Refuses, in one sentence, what is no text file."""
        named = f"{self.folder}/{name_or_path}.yaml"
        path = Path(name_or_path)
        if named in texts and not _is_file(path):
            return Found(named, texts[named], texts)
        choice = f"give a path, or a name: {', '.join(self.names(texts))}"
        text = read_file(name_or_path, self.noun, choice)
        root = path.parent.parent if path.parent.name == self.folder else path.parent
        return Found(name_or_path, text, ChainMap(Folder(root), texts))  # type: ignore[arg-type]  # never written to

    def table(self, name_or_path: str, read: Callable[[str], ReadTable[Table]], texts: Texts = SHIPPED) -> Table:
        """The table in a file, or by that name. Refuses a faulty one with all its faults, one a line."""
        path, text, _ = self.find(name_or_path, texts)
        found = read(text)
        if found.table is None:
            count = "a fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
            raise Refusal("\n".join([f"{path} has {count}:", *(f"{path}: {fault}" for fault in found.faults)]))
        return found.table


def read_file(path: str, noun: str, choice: str) -> str:
    """The text of an analyst's file; `choice` says what else there is where there is none. Refuses, in one sentence,
    what is no text file."""
    try:
        text = _text(path, _content(path, Path(path)), noun)
    except FileNotFoundError:
        raise Refusal(f"there is no {noun} file {path!r}; {choice}") from None
    except IsADirectoryError:
        raise Refusal(f"{path or '.'} is a folder; give the path of a {noun}'s YAML file") from None
    if not text.strip():
        raise Refusal(f"{path} is empty")
    return text


def _is_file(path: Path) -> bool:
    return isfile(path)  # noqa: PTH113 - Path.is_file() raises for a name that is too long


def _content(shown: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST + 1)
    except (FileNotFoundError, IsADirectoryError):
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"{shown!r} can't be read: {reason}") from None


def _text(shown: str, content: bytes, noun: str) -> str:
    if len(content) > LONGEST:
        raise Refusal(f"{shown} is longer than {LONGEST:,} bytes: it is no {noun}")
    if b"\0" in content:
        raise Refusal(f"{shown} is a binary file or UTF-16; a {noun} is YAML saved as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refusal(f"{shown} is not UTF-8 (line {line}); save it as UTF-8") from None
    return text


RULERS = Catalogue("rulers", "ruler")
AGREEMENTS = Catalogue("agreements", "policy")
ACCRUALS = Catalogue("accruals", "accrual table")
PRICES = Catalogue("prices", "price table")
CALENDARS = Catalogue("calendars", "calendar")
