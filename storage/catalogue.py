"""The catalogue of rulers, policies and tables: a file of the analyst's, or a shipped one by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.errors import Refusal
from models.yaml_file import ReadTable, Table

ROOT = Path(__file__).parent.parent
LONGEST = 1_000_000
"""Bytes. No ruler or policy comes near; a device or a database dump does."""


@dataclass(frozen=True)
class Catalogue:
    folder: str
    noun: str
    """What its files are: ruler, policy."""

    def names(self) -> list[str]:
        return sorted(path.stem for path in (ROOT / self.folder).glob("*.yaml"))

    def read(self, name_or_path: str) -> tuple[str, str]:
        """The path and the text of a file. Refuses, in one sentence, what is no text file."""
        shipped = name_or_path in self.names()
        path = ROOT / self.folder / f"{name_or_path}.yaml" if shipped else Path(name_or_path)
        shown = f"{self.folder}/{path.name}" if shipped else name_or_path
        try:
            with path.open("rb") as file:
                content = file.read(LONGEST + 1)
        except FileNotFoundError:
            choice = f"give a path, or the name of a shipped one: {', '.join(self.names())}"
            raise Refusal(f"there is no {self.noun} file {shown!r}; {choice}") from None
        except IsADirectoryError:
            raise Refusal(f"{shown} is a folder; give the path of a {self.noun}'s YAML file") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Refusal(f"{shown!r} can't be read: {reason}") from None
        return shown, self._text(shown, content)

    def table(self, name_or_path: str, read: Callable[[str], ReadTable[Table]]) -> Table:
        """The table in a file. Refuses a faulty one with all its faults, one a line."""
        path, text = self.read(name_or_path)
        found = read(text)
        if found.table is None:
            count = "a fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
            raise Refusal("\n".join([f"{path} has {count}:", *(f"{path}: {fault}" for fault in found.faults)]))
        return found.table

    def _text(self, shown: str, content: bytes) -> str:
        if len(content) > LONGEST:
            raise Refusal(f"{shown} is longer than {LONGEST:,} bytes: it is no {self.noun}")
        if b"\0" in content:
            raise Refusal(f"{shown} is a binary file or UTF-16; a {self.noun} is YAML saved as UTF-8")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise Refusal(f"{shown} is not UTF-8 (line {line}); save it as UTF-8") from None
        if not text.strip():
            raise Refusal(f"{shown} is empty")
        return text


RULERS = Catalogue("rulers", "ruler")
AGREEMENTS = Catalogue("agreements", "policy")
ACCRUALS = Catalogue("accruals", "accrual table")
PRICES = Catalogue("prices", "price table")
