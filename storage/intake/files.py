"""A delivered file, CSV or of fixed columns: looked over whole before anything is read from it, then read line by line
in little memory."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from models.errors import Refusal

CHUNK = 1 << 20
LONGEST_RECORD = 1_000
"""Physical lines that one quoted row may span; more means that its quote was never closed."""
ROWS_A_REPORT = 5_000

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BINARY = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a"))


class Record(NamedTuple):
    line: int
    """The line of the file, from 1, the header included; where the row begins."""
    fields: list[str]
    text: str


@dataclass(frozen=True)
class TextFile:
    path: Path
    size: int
    digest: str
    encoding: str

    @property
    def label(self) -> str:
        """The name for what is kept about this very content."""
        return f"{self.path.stem}-{self.digest[:8]}"

    def lines(self, progress: Callable[[int], None] = lambda read: None) -> Generator[str]:
        """Every line without its end; `progress` hears now and then how many bytes were read."""
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.encoding, "replace", newline="\n") as lines:
            for line, text in enumerate(lines, start=1):
                if line % ROWS_A_REPORT == 0:
                    progress(raw.tell())
                yield text.rstrip("\r\n")
        progress(self.size)


@dataclass(frozen=True)
class SourceFile(TextFile):
    delimiter: str
    header: list[str]

    def records(self, progress: Callable[[int], None] = lambda read: None) -> Iterator[Record]:
        """The rows after the header, blank lines left out; `progress` hears now and then how many bytes were read."""
        delimiter = self.delimiter
        with self.path.open("rb") as raw:
            lines = enumerate(TextIOWrapper(raw, self.encoding, "replace", newline="\n"), start=1)
            next(lines)
            for line, text in lines:
                if line % ROWS_A_REPORT == 0:
                    progress(raw.tell())
                if '"' in text:
                    yield self._quoted(line, text, lines)
                elif not text.isspace():
                    yield Record(line, text.rstrip("\r\n").split(delimiter), text)
        progress(self.size)

    def _quoted(self, line: int, text: str, lines: Iterator[tuple[int, str]]) -> Record:
        """A row with quotes in it, which may go on over the next lines."""
        record, width = [text], len(self.header)
        while (fields := _fields(text, self.delimiter)) is None:
            _, more = next(lines, (0, ""))
            if not more or len(record) == LONGEST_RECORD:
                raise Refusal(
                    f"{self.path.name}, line {line}: a quote is opened and never closed; nothing was imported"
                )
            record.append(more)
            text = "".join(record)
        if len(record) > 1 and len(fields) != width:
            raise Refusal(
                f"{self.path.name}, line {line}: a quote is opened and closed only {len(record) - 1} lines further,"
                " in the midst of another row; nothing was imported"
            )
        return Record(line, fields, text)


def _fields(text: str, delimiter: str) -> list[str] | None:
    """Split a line into fields; None when a quote is still open at the end."""
    end = "\0"
    text = text.rstrip().replace("\r", " ")
    try:
        *fields, last = next(csv.reader([f"{text}{delimiter}{end}"], delimiter=delimiter))
    except csv.Error:
        return None
    return fields if last == end else None


def look_over(path: Path) -> SourceFile:
    """Refuse what is not a text file of rows; find its encoding and delimiter."""
    file = look_over_text(path)
    first = next(file.lines(), "")
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    header = _fields(first, delimiter)
    if header is None or not first.strip():
        raise Refusal(f"{path.name}: its first line is not a header; docs/data.md lists the columns")
    header = [column.strip() for column in header]
    return SourceFile(path, file.size, file.digest, file.encoding, delimiter, header)


def look_over_text(path: Path) -> TextFile:
    """Refuse what is not a text file of lines; find its encoding."""
    try:
        if path.is_dir():
            raise Refusal(f"{path} is a directory; name a file")
        if not path.is_file():
            raise Refusal(f"{path} doesn't exist" if not path.exists() else f"{path} is not a regular file")
        digest, encoding, size = _scan(path)
    except OSError as error:
        raise Refusal(f"{path} can't be read: {error.strerror}") from None
    return TextFile(path, size, digest, encoding)


def _scan(path: Path) -> tuple[str, str, int]:
    """The file's SHA-256, encoding and size, found in one pass."""
    digest, size, is_utf8 = hashlib.sha256(), 0, True
    # not final: a file that was cut inside a character is UTF-8 all the same
    utf8 = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if size == 0 and chunk.startswith(UTF16_MARKS):
                raise Refusal(f"{path.name} is UTF-16; save it as text in UTF-8")
            if len(chunk.translate(None, BINARY)) != len(chunk):
                raise Refusal(f"{path.name} is a binary file, not text")
            if len(chunk) == CHUNK and b"\n" not in chunk:
                raise Refusal(f"{path.name} has a line longer than {CHUNK:,} bytes; it is no text of rows")
            digest.update(chunk)
            size += len(chunk)
            is_utf8 = is_utf8 and _decodes(utf8, chunk)
    if size == 0:
        raise Refusal(f"{path.name} is empty")
    return digest.hexdigest(), "utf-8-sig" if is_utf8 else "latin-1", size


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True
