"""Where rulers are read from: a file of the analyst's, or one shipped in `rulers/` by its name."""

from pathlib import Path

from models.errors import Refusal

SHIPPED = Path(__file__).parent.parent / "rulers"
LONGEST = 1_000_000
"""Bytes. No ruler comes near; a device or a database dump does."""


def shipped_rulers() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def read_ruler_file(name_or_path: str) -> tuple[str, str]:
    """The path and the text of a ruler. Refuses, in one sentence, what is no text file."""
    return read_yaml_file(SHIPPED, "ruler", name_or_path)


def read_yaml_file(shipped: Path, kind: str, name_or_path: str) -> tuple[str, str]:
    """The path and the text of a YAML file: one in the folder `shipped` by its name, or any by its path."""
    names = sorted(path.stem for path in shipped.glob("*.yaml"))
    path = shipped / f"{name_or_path}.yaml" if name_or_path in names else Path(name_or_path)
    shown = name_or_path if path.parent != shipped else f"{shipped.name}/{path.name}"
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except FileNotFoundError:
        known = ", ".join(names)
        raise Refusal(
            f"there is no {kind} file {shown!r}; give a path, or the name of a shipped one: {known}"
        ) from None
    except IsADirectoryError:
        raise Refusal(f"{shown} is a folder; give the path of a {kind}'s YAML file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"{shown!r} can't be read: {reason}") from None
    return shown, _text(shown, kind, content)


def _text(shown: str, kind: str, content: bytes) -> str:
    if len(content) > LONGEST:
        raise Refusal(f"{shown} is longer than {LONGEST:,} bytes: it is no {kind}")
    if b"\0" in content:
        raise Refusal(f"{shown} is a binary file or UTF-16; a {kind} is YAML saved as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refusal(f"{shown} is not UTF-8 (line {line}); save it as UTF-8") from None
    if not text.strip():
        raise Refusal(f"{shown} is empty")
    return text
