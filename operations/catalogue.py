"""The catalogue: what an authority publishes of its own, looked through before, and what a name stands for today."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from channels.template_check import words_faults
from models.agreement.policy_check import read_policy
from models.assets import PUBLISHED_IN, PublishedKind, Texts, published_as
from models.calendar_file import read_calendar
from models.errors import Refusal
from models.money.tables import read_accrual, read_prices
from models.yaml_file import Fault, read_keys
from operations.operation import Act, operation
from operations.rulers import examined, placed
from storage.catalogue import KINDS, SHIPPED, Folder, read_file
from storage.published import Publication, Version, publish, published_texts, versions_of

FIRST_KEYS = {
    "ruler": "rulers",
    "agreement": "agreements",
    "accrual": "accruals",
    "prices": "prices",
    "calendar": "calendars",
}
"""The key that names what a YAML file is, and its folder."""


def in_force(engine: Engine) -> Texts:
    """The text that each name stands for: the one published last, else what is shipped as an example."""
    with engine.connect() as connection:
        return ChainMap(published_texts(connection), SHIPPED)  # type: ignore[arg-type]  # never written to


@operation("catalogue import")
def import_texts(act: Act, path: Path, note: str = "") -> list[Publication]:
    """Publish a YAML file, or all in a folder laid out as this repository. Raises Refusal with every fault, one a
    line, and then nothing is published."""
    texts = _handed_in(path)
    with act.engine.connect() as connection:
        must_be_publishable(texts, published_texts(connection), str(path))
    with act.engine.begin() as connection:
        return put_in_force(act, connection, texts, note)


def must_be_publishable(texts: Mapping[str, str], before: Mapping[str, str], shown: str) -> None:
    """Check texts that would be published over those of `before`. Raises Refusal with every fault, one a line."""
    known: Texts = ChainMap(texts, before, SHIPPED)  # type: ignore[arg-type]  # never written to
    faults = [fault for file in texts for fault in (*_faults(file, known), *_number_faults(file, texts[file], before))]
    if faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise Refusal("\n".join([f"{shown} has {count}; nothing was published:", *faults]))


def put_in_force(act: Act, connection: Connection, texts: Texts, note: str) -> list[Publication]:
    """Publish texts that were looked through, in the caller's transaction."""
    done = publish(connection, texts, act.by, note)
    act.tell(published=[f"{each.version.kind} {each.version.name} {each.version.version}," for each in done])
    return done


def _handed_in(path: Path) -> dict[str, str]:
    """Texts by name. Raises Refusal when there is nothing to publish."""
    if not path.is_dir():
        text = read_file(str(path), "catalogue", "give a YAML file, or a folder of them")
        if file := _file_of(text):
            return {file: text}
        keys = ", ".join(FIRST_KEYS)
        raise Refusal(f"{path} doesn't say what it is: it needs one of the keys {keys} with its name")
    texts = dict(Folder(path))
    if not texts:
        raise Refusal(f"{path} has nothing to publish; give a YAML file, or a folder with {', '.join(KINDS)} in it")
    return texts


def _file_of(text: str) -> str | None:
    """The place of a YAML file in a catalogue's folder, by what it calls itself; None: it says no name."""
    keys = read_keys(text, "a catalogue's file")[0] or {}
    return next((f"{folder}/{keys[key]}.yaml" for key, folder in FIRST_KEYS.items() if keys.get(key)), None)


LAYOUT = f"{', '.join(f'{folder}/NAME.yaml' for folder in PUBLISHED_IN)}, templates/CHANNEL/NAME/…"


def _faults(file: str, texts: Texts) -> Iterator[str]:
    """The faults of a text, each with its line, as it would be used beside the others."""
    of, text = published_as(file), texts[file]
    if of is None:
        yield f"{file}: is of the product's own; what can be published is {LAYOUT}"
    elif of[0] == "templates":
        yield from words_faults(file, texts)
    else:
        if _file_of(text) not in (None, file):
            yield f"{file}: must call itself {of[1]}, as its file"
        yield from (placed(file, fault) for fault in _faults_of_yaml(of[0], text, texts))


def _number_faults(file: str, text: str, before: Mapping[str, str]) -> Iterator[str]:
    """The fault of a ruler or policy that changed and kept its number: people know it by its label."""
    if text == before.get(file, text):
        return
    keys, lines, _ = read_keys(text, "a catalogue's file")
    number, former = (
        (keys or {}).get("version"),
        (read_keys(before[file], "a catalogue's file")[0] or {}).get("version"),
    )
    if isinstance(number, int) and isinstance(former, int) and number <= former:
        fault = Fault(("version",), f"must be more than {former}, which is published", lines.of(("version",)))
        yield placed(file, fault)


def _faults_of_yaml(kind: PublishedKind, text: str, texts: Texts) -> tuple[Fault, ...]:
    match kind:
        case "ruler":
            return examined(text, texts)[1]
        case "policy":
            return read_policy(text)[1]
        case "accrual":
            return read_accrual(text).faults
        case "calendar":
            return read_calendar(text).faults
        case _:
            return read_prices(text).faults


@dataclass(frozen=True)
class Entry:
    """One kind of a name in the catalogue."""

    kind: PublishedKind
    name: str
    version: Version | None
    """None: an example that is shipped."""
    texts: Texts


def entries(engine: Engine, name: str, kind: PublishedKind | None = None, version: int | None = None) -> list[Entry]:
    """The entries of a name, one a kind: the newest version or that one, else the shipped example. Raises Refusal when
    there is no such thing."""
    with engine.connect() as connection:
        known = versions_of(connection, name, kind)
    found = {
        each.kind: Entry(each.kind, name, each, texts)
        for each, texts in reversed(known)
        if version is None or each.version == version
    }
    if version is None:
        found = {of: Entry(of, name, None, texts) for of, texts in _examples(name, kind).items()} | found
    if not found:
        what = " ".join([*([kind] if kind else []), name, *([f"version {version}"] if version else [])])
        raise Refusal(f"the catalogue has no {what}; `catalogue list` shows what it has")
    return [found[each] for each in sorted(found)]


def _examples(name: str, kind: PublishedKind | None) -> dict[PublishedKind, dict[str, str]]:
    found: dict[PublishedKind, dict[str, str]] = {}
    for file in SHIPPED:
        of = published_as(file)
        if of and of[1] == name and kind in (None, of[0]):
            found.setdefault(of[0], {})[file] = SHIPPED[file]
    return found


def examples() -> list[tuple[PublishedKind, str]]:
    """All that is shipped, by kind and name."""
    return sorted({of for file in SHIPPED if (of := published_as(file))})


def export(found: list[Entry], folder: Path) -> list[Path]:
    """Write what the entries consist of into a folder laid out as this repository, ready to be imported again."""
    written = []
    for entry in found:
        for file, text in entry.texts.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written
