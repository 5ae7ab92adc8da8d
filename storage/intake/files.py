"""A delivered file, CSV or of fixed columns: looked over whole before anything is read from it, then read line by line
in little memory."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice, repeat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from models.errors import Refusal

CHUNK = 1 << 20
LONGEST_RECORD = 1_000
"""Physical lines that one quoted row may span; more means that its quote was never closed."""
ROWS_A_REPORT = 5_000

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BINARY = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a"))


DELIMITERS = (";", ",", "\t", "|")
BLANK = "".join(DELIMITERS) + " "
"""All that is on a line of empty cells."""
_SEPARATOR = re.compile(r"\W?sep=([;,\t|])\W?")
"""The line by which a spreadsheet names the separator of those after it."""

_SURELY_UTF8 = re.compile(rb"\xc3(?![\x85\x91-\x97\xaa\xb0\xba])[\x80-\xbf]")
"""An accented letter in UTF-8, but for the few that could be a Windows letter before a closing quote, a dash or an
ordinal."""
_WINDOWS = {0xDC00 + byte: bytes((byte,)).decode("cp1252", "replace") for byte in range(0x80, 0x100)}


class Record(NamedTuple):
    line: int
    """The line of the file, from 1, the header included; where the row begins."""
    fields: list[str]
    text: str
    odd: bool = False
    """Not UTF-8, in a file that otherwise is."""


@dataclass(frozen=True)
class TextFile:
    path: Path
    size: int
    digest: str
    encoding: str
    mixed: bool = False
    """Some of it is UTF-8, and some isn't."""

    @property
    def label(self) -> str:
        """The name for what is kept about this very content."""
        return f"{self.path.stem}-{self.digest[:8]}"

    def lines(self, progress: Callable[[int], None] = lambda read: None) -> Generator[str]:
        """Every line without its end; `progress` hears now and then how many bytes were read."""
        return (text.rstrip("\r\n") for text, _ in self.decoded(progress))

    def decoded(self, progress: Callable[[int], None]) -> Generator[tuple[str, bool]]:
        """Every line with its end, and whether it is the odd one: not UTF-8, in a file that otherwise is."""
        with self.path.open("rb") as raw:
            lines = map(_decoded, raw) if self.mixed else zip(self._text(raw), repeat(False))
            for line, decoded in enumerate(lines, start=1):
                if line % ROWS_A_REPORT == 0:
                    progress(raw.tell())
                yield decoded
        progress(self.size)

    def _text(self, raw: BinaryIO) -> TextIOWrapper:
        return TextIOWrapper(raw, self.encoding, "replace", newline="\n")


@dataclass(frozen=True)
class SourceFile(TextFile):
    delimiter: str = ";"
    header: Sequence[str] = ()
    header_line: int = 1
    """The line of its header."""

    def records(self, progress: Callable[[int], None] = lambda read: None) -> Iterator[Record]:
        """The rows after the header, without those that are blank; `progress` hears now and then how many bytes were
        read."""
        delimiter, blank = self.delimiter, f"{self.delimiter} \t\r\n"
        lines = enumerate(self.decoded(progress), start=1)
        for line, (text, odd) in lines:
            if line <= self.header_line or not text.strip(blank):
                continue
            if '"' in text:
                yield self._quoted(line, text, odd, lines)
            else:
                yield Record(line, text.rstrip("\r\n").split(delimiter), text, odd)

    def _quoted(self, line: int, text: str, odd: bool, lines: Iterator[tuple[int, tuple[str, bool]]]) -> Record:
        """A row with quotes in it, which may go on over the next lines."""
        record, width = [text], len(self.header)
        while (fields := _fields(text, self.delimiter)) is None:
            _, (more, odd_too) = next(lines, (0, ("", False)))
            if not more or len(record) == LONGEST_RECORD:
                raise Refusal(
                    f"{self.path.name}, line {line}: a quote is opened and never closed; nothing was imported"
                )
            record.append(more)
            text, odd = "".join(record), odd or odd_too
        if len(record) > 1 and (len(fields) < width or any(fields[width:])):
            raise Refusal(
                f"{self.path.name}, line {line}: a quote is opened and closed only {len(record) - 1} lines further,"
                " in the midst of another row; nothing was imported"
            )
        return Record(line, fields, text, odd)


def _fields(text: str, delimiter: str) -> list[str] | None:
    """Split a line into fields; None when a quote is still open at the end."""
    end = "\0"
    text = text.rstrip("\r\n ").replace("\r", " ")
    try:
        *fields, last = next(csv.reader([f"{text}{delimiter}{end}"], delimiter=delimiter))
    except csv.Error:
        return None
    return fields if last == end else None


def _decoded(line: bytes) -> tuple[str, bool]:
    """A line of a mixed file: UTF-8 if it can be; else Windows-1252, though what in it is UTF-8 stays so."""
    try:
        return line.removeprefix(codecs.BOM_UTF8).decode(), False
    except UnicodeDecodeError:
        if _SURELY_UTF8.search(line):
            return line.decode("utf-8", "surrogateescape").translate(_WINDOWS), True
        return line.decode("cp1252", "replace"), True


def look_over(path: Path) -> SourceFile:
    """Refuse what is not a text file of rows; find its encoding, delimiter and header: the first line that isn't blank,
    or the one after a spreadsheet's `sep=;`."""
    file = look_over_text(path)
    written = ((place, line) for place, line in enumerate(file.lines(), start=1) if line.strip(BLANK))
    (at, first), (after, second) = (*islice(written, 2), (0, ""), (0, ""))[:2]
    named = _SEPARATOR.fullmatch(first)
    line = second if named else first
    delimiter = named[1] if named else max(DELIMITERS, key=lambda one: len(_fields(line, one) or ()))
    header = _fields(line, delimiter)
    if header is None or not line.strip():
        raise Refusal(f"{path.name}: its first line is not a header; docs/data.md lists the columns")
    while header and not header[-1].strip():
        header.pop()
    header = [column.strip() for column in header]
    found = after if named else at
    return SourceFile(path, file.size, file.digest, file.encoding, file.mixed, delimiter, header, header_line=found)


def look_over_text(path: Path) -> TextFile:
    """Refuse what is not a text file of lines; find its encoding."""
    try:
        if path.is_dir():
            raise Refusal(f"{path} is a directory; name a file")
        if not path.is_file():
            raise Refusal(f"{path} doesn't exist" if not path.exists() else f"{path} is not a regular file")
        return _scan(path)
    except OSError as error:
        raise Refusal(f"{path} can't be read: {error.strerror}") from None


def _scan(path: Path) -> TextFile:
    """Find the file's SHA-256, size and encoding in one pass: UTF-8, Windows-1252, which has the letters of Latin-1, or
    both by turns."""
    digest, size, is_utf8, has_utf8 = hashlib.sha256(), 0, True, False
    # not final: a file that was cut inside a character is UTF-8 all the same
    utf8 = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if size == 0 and chunk.startswith(UTF16_MARKS):
                raise Refusal(f"{path.name} is UTF-16; save it as text in UTF-8")
            has_utf8 = has_utf8 or (size == 0 and chunk.startswith(codecs.BOM_UTF8))
            if len(chunk.translate(None, BINARY)) != len(chunk):
                raise Refusal(f"{path.name} is a binary file, not text")
            if len(chunk) == CHUNK and b"\n" not in chunk:
                raise Refusal(f"{path.name} has a line longer than {CHUNK:,} bytes; it is no text of rows")
            digest.update(chunk)
            size += len(chunk)
            is_utf8 = is_utf8 and _decodes(utf8, chunk)
            has_utf8 = has_utf8 or bool(_SURELY_UTF8.search(chunk))
    if size == 0:
        raise Refusal(f"{path.name} is empty")
    encoding = "utf-8-sig" if is_utf8 else "cp1252"
    return TextFile(path, size, digest.hexdigest(), encoding, mixed=has_utf8 and not is_utf8)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True
