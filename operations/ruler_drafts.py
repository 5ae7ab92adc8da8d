"""Acts on drafts of rulers: begin one, change a text of it, drop it, and publish it as another person."""

from __future__ import annotations

from models.assets import published_as, template_choices, template_file
from models.errors import Refusal
from models.ruler.check import read_ruler
from models.yaml_edit import with_value
from operations.catalogue import in_force, must_be_publishable, put_in_force
from operations.operation import Act, must_say, operation
from storage import ruler_drafts
from storage.audit.persons import read_people
from storage.catalogue import LONGEST, RULERS
from storage.published import Publication, published_texts


def file_of(ruler: str) -> str:
    """The name of a ruler's file."""
    return f"{RULERS.folder}/{ruler}.yaml"


@operation("ruler draft")
def begin_draft(act: Act, ruler: str) -> None:
    """Begin a draft of a ruler as it is in force, with the next number: people know a ruler by its label."""
    texts = in_force(act.engine)
    if ruler not in RULERS.names(texts):
        raise Refusal(f"there is no ruler {ruler!r} in the catalogue")
    text = texts[file_of(ruler)]
    read = read_ruler(text)
    number = read.ruler.version + 1 if read.ruler else 1
    with act.engine.begin() as connection:
        ruler_drafts.make_draft(
            connection, ruler, {file_of(ruler): with_value(text, ("version",), str(number))}, act.by
        )


@operation("ruler edit")
def edit_draft(act: Act, ruler: str, revision: int, file: str, text: str) -> None:
    """Put a text in place of one of the draft's: the ruler's own, or a template of its messages. It may have faults,
    which publishing refuses, but it has to be readable as what it is."""
    if len(text.encode()) > LONGEST:
        raise Refusal(f"{file} would be longer than {LONGEST:,} bytes")
    if "\0" in text:
        raise Refusal(f"{file} would hold a character that no text has")
    with act.engine.begin() as connection:
        draft = ruler_drafts.draft_of(connection, ruler)
        if draft is None:
            raise Refusal(f"there is no draft of {ruler}: it was published or dropped meanwhile")
        if file == file_of(ruler):
            _must_be_readable(ruler, text)
        elif file not in templates_of(draft["texts"][file_of(ruler)]):
            raise Refusal(f"{file} is no template of a message of {ruler}")
        act.tell(file=file)
        ruler_drafts.change_draft(connection, ruler, revision, file, text, act.by)


def _must_be_readable(ruler: str, text: str) -> None:
    read = read_ruler(text)
    if read.sketch is None:
        raise Refusal(str(read.faults[0]) if read.faults else "it is no ruler")
    if read.sketch.ruler != ruler:
        raise Refusal(f"it must go on calling itself {ruler}")


def templates_of(text: str) -> frozenset[str]:
    """The files in which the words of a ruler's messages may be written, rung by rung and channel by channel."""
    sketch = read_ruler(text).sketch
    rungs = sketch.variants() if sketch else ()
    return frozenset(
        file
        for _, _, rung, _ in rungs
        for channels in (sketch.ways(rung).values() if sketch else ())
        for channel in channels
        for file in map(template_file, template_choices(channel, rung.template))
        if published_as(file)
    )


@operation("ruler draft --drop")
def drop_ruler_draft(act: Act, ruler: str) -> None:
    """Drop a draft; what is in force stays."""
    with act.engine.begin() as connection:
        ruler_drafts.end_draft(connection, ruler, published=False)


@operation("ruler publish")
def publish_draft(act: Act, ruler: str, seen: str, note: str) -> list[Publication]:
    """Publish a draft exactly as it was shown, as somebody who changed nothing of it. Raises Refusal with every
    fault, and then nothing is published."""
    must_say("why", note)
    with act.engine.begin() as connection:
        draft = ruler_drafts.draft_of(connection, ruler, lock=True)
        if draft is None:
            raise Refusal(f"there is no draft of {ruler}: it was published or dropped already")
        people = read_people(connection)
        if any(people.same(name, act.by) for name in draft["editors"]):
            raise Refusal(f"four eyes: {act.by} changed the draft, so somebody else must publish it")
        known = in_force(act.engine)
        if ruler_drafts.digest_of(draft, known) != seen:
            raise Refusal("the draft, or what is in force, has changed since it was shown; look at it again")
        must_be_publishable(draft["texts"], published_texts(connection), ruler)
        ruler_drafts.end_draft(connection, ruler, published=True)
        # a version is whole: the other texts of each name go on as they are
        names = {published_as(file) for file in draft["texts"]}
        whole = {file: known[file] for file in known if published_as(file) in names}
        return put_in_force(act, connection, {**whole, **draft["texts"]}, note)
