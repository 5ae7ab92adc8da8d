"""The pages on which a ruler is read and changed: its map, a form a cell, its words, the difference, and publishing."""

from __future__ import annotations

import difflib
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from jinja2 import TemplateError
from sqlalchemy import Engine

from channels.rendering import Words
from models.assets import Texts, published_as, template_choices, template_file, with_tables
from models.contact.channel import CHANNELS as ALL_CHANNELS
from models.errors import Refusal
from models.persons import People
from models.roles import DUTIES
from models.ruler.check import read_ruler
from models.ruler.schema import Ruler, Rung, Stage
from models.words import CHANNELS, STAGES
from models.yaml_file import Fault
from operations.catalogue import in_force
from operations.ruler_drafts import begin_draft, drop_ruler_draft, edit_draft, file_of, publish_draft
from operations.rulers import key, map_faults
from storage.amounts.prices import prices_of
from storage.audit.persons import read_people
from storage.catalogue import RULERS
from storage.published import newest_versions, versions_of
from storage.ruler_drafts import RulerDraft, digest_of, draft_of, open_drafts
from web.console.approvals import is_stale
from web.console.door import Admitted, Visitor
from web.console.forms import WrongForm, read_form
from web.console.pages import HEADERS, Pages, page, see_other
from web.console.ruler_forms import (
    Celling,
    Editing,
    NotEdited,
    Publishing,
    Rowing,
    Setting,
    Writing,
    settings_of,
    with_cell,
    with_row,
    with_setting,
)
from web.console.ruler_moves import Moves, moves_of
from web.webhooks.webhook import Refused

WORDS: dict[str, Any] = {"stages": STAGES, "channels": CHANNELS, "all_channels": ALL_CHANNELS}


def ruler_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def read(ruler: str) -> tuple[RulerDraft | None, Texts]:
        """The draft, if there is one, and the texts in force."""
        texts = in_force(engine)
        with engine.connect() as connection:
            draft = draft_of(connection, ruler) if "\0" not in ruler else None
        if draft is None and ruler not in RULERS.names(texts):
            raise Refused(404, "there is no such ruler")
        return draft, texts

    @pages.reads("rulers", "/rulers")
    async def index(request: Request) -> Response:
        return await run_sync(lambda: page(request, "rulers", rulers=listed(), **WORDS))

    def listed() -> list[dict[str, Any]]:
        texts = in_force(engine)
        with engine.connect() as connection:
            drafts = open_drafts(connection)
            versions = {each.name: each for each in newest_versions(connection, "ruler")}
        found = []
        for name in RULERS.names(texts):
            ruler = read_ruler(texts[file_of(name)]).sketch
            found.append({"name": name, "ruler": ruler, "draft": drafts.get(name), "version": versions.get(name)})
        return found

    def shown(
        request: Request, by: Visitor, ruler: str, cell: tuple[str, int] | None, status: int = 200, **more: Any
    ) -> Response:
        draft, texts = read(ruler)
        known = with_draft(draft, texts)
        text = known[file_of(ruler)]
        sketch = read_ruler(text).sketch
        if sketch is None:
            raise Refused(409, f"{ruler} can't be shown as a map: it is no ruler")
        faults = map_faults(text, known)
        with engine.connect() as connection:
            people = read_people(connection)
            history = [version for version, _ in versions_of(connection, ruler, "ruler")]
        values = {
            "ruler_name": ruler, "ruler": sketch, "draft": draft, "text": text, "file": file_of(ruler),
            "history": history, "faults": told(faults), "at": at_cells(faults), "errors": {}, "refusal": "",
            "settings": settings_of(text),
            "works": by.actor.role in DUTIES[edit_draft.duty], "cell": cell_of(sketch, known, cell) if cell else None,
            "diff": list(difference(draft, texts)), "seen": digest_of(draft, texts) if draft else "",
            "conflict": conflict_of(draft, by, people), "stale": is_stale(by), "stage_list": list(Stage),
        }  # fmt: skip
        return page(request, "ruler", status, **(values | more), **WORDS)

    @pages.reads("rulers", "/rulers/{ruler}")
    async def show(request: Request, by: Admitted, ruler: str, row: str = "", rung: int = 0) -> Response:
        return await run_sync(lambda: shown(request, by, ruler, (row, rung) if row else None))

    @pages.reads("rulers", "/rulers/{ruler}/file")
    async def export(ruler: str) -> Response:
        """The file as it would be published, or as it is in force."""
        draft, texts = await run_sync(read, ruler)
        text = with_draft(draft, texts)[file_of(ruler)]
        named = {**HEADERS, "Content-Disposition": f'attachment; filename="{ruler}.yaml"'}
        return Response(text, media_type="application/yaml; charset=utf-8", headers=named)

    @pages.reads("rulers", "/rulers/{ruler}/moves")
    async def show_moves(request: Request, ruler: str) -> Response:
        return await run_sync(lambda: page(request, "ruler_moves", ruler_name=ruler, moves=moved(ruler)))

    def moved(ruler: str) -> list[Moves]:
        draft, texts = read(ruler)
        known = with_draft(draft, texts)
        return moves_of(engine, ruler, known[file_of(ruler)], known)

    @pages.does(begin_draft, "/rulers/{ruler}/draft")
    async def begin(by: Admitted, ruler: str) -> Response:
        await run_sync(read, ruler)
        await run_sync(begin_draft, engine, by.who, ruler)
        return see_other(f"/console/rulers/{ruler}")

    @pages.does(drop_ruler_draft, "/rulers/{ruler}/drop")
    async def drop(by: Admitted, ruler: str) -> Response:
        await run_sync(read, ruler)
        await run_sync(drop_ruler_draft, engine, by.who, ruler)
        return see_other(f"/console/rulers/{ruler}")

    async def edited(
        request: Request, by: Visitor, ruler: str, said: Editing, file: str, change: Callable[[str], str]
    ) -> Response:
        """Change a text of the draft, and show the map again, with what is wrong where it can't be."""
        row, rung = getattr(said, "row", None), getattr(said, "rung", None)
        cell = (row, rung) if row is not None and rung is not None else None

        def act() -> Response:
            draft, texts = read(ruler)
            if draft is None:
                raise Refused(409, "the draft was published or dropped meanwhile")
            try:
                text = change(with_draft(draft, texts).get(file, ""))
                edit_draft(engine, by.who, ruler, said.revision, file, text)
            except NotEdited as wrong:
                return shown(request, by, ruler, cell, 422, errors=wrong.errors)
            except Refusal as refusal:
                return shown(request, by, ruler, cell, 409, refusal=str(refusal))
            return see_other(f"/console/rulers/{ruler}" + (f"?row={row}&rung={rung}#celula" if cell else ""))

        return await run_sync(act)

    def form_error(request: Request, by: Visitor, ruler: str, wrong: WrongForm) -> Response:
        row, rung = wrong.given.get("row"), wrong.given.get("rung")
        cell = (str(row), int(str(rung))) if row and str(rung).isdecimal() else None
        return shown(request, by, ruler, cell, 422, errors=wrong.errors)

    @pages.does(edit_draft, "/rulers/{ruler}/cells", Celling)
    async def edit_cell(request: Request, by: Admitted, ruler: str) -> Response:
        try:
            said = await read_form(request, Celling)
        except WrongForm as wrong:
            told_wrong = wrong
            return await run_sync(lambda: form_error(request, by, ruler, told_wrong))
        return await edited(request, by, ruler, said, file_of(ruler), lambda text: with_cell(text, said))

    @pages.does(edit_draft, "/rulers/{ruler}/rows", Rowing)
    async def edit_row(request: Request, by: Admitted, ruler: str) -> Response:
        said = await read_form(request, Rowing)
        return await edited(request, by, ruler, said, file_of(ruler), lambda text: with_row(text, said))

    @pages.does(edit_draft, "/rulers/{ruler}/settings", Setting)
    async def edit_setting(request: Request, by: Admitted, ruler: str) -> Response:
        said = await read_form(request, Setting)
        return await edited(request, by, ruler, said, file_of(ruler), lambda text: with_setting(text, said))

    @pages.does(edit_draft, "/rulers/{ruler}/texts", Writing)
    async def write(request: Request, by: Admitted, ruler: str) -> Response:
        said = await read_form(request, Writing)
        # a browser sends the ends of lines as on the telegraph
        text = said.text.replace("\r\n", "\n").rstrip("\n") + "\n"
        return await edited(request, by, ruler, said, said.file, lambda _: text)

    @pages.does(publish_draft, "/rulers/{ruler}/publish", Publishing)
    async def publish(request: Request, by: Admitted, ruler: str) -> Response:
        await run_sync(read, ruler)
        try:
            said = await read_form(request, Publishing)
            await run_sync(publish_draft, engine, by.who, ruler, said.seen, said.reason)
        except WrongForm:
            return await run_sync(lambda: shown(request, by, ruler, None, 422, errors={"reason": "diga por quê"}))
        except Refusal as refusal:
            words = str(refusal)
            return await run_sync(lambda: shown(request, by, ruler, None, 409, refusal=words))
        return see_other(f"/console/rulers/{ruler}")

    return pages


def with_draft(draft: RulerDraft | None, texts: Texts) -> Texts:
    """The texts as they would be in force once the draft, if there is one, is published."""
    return ChainMap(draft["texts"], texts) if draft else texts  # type: ignore[arg-type]  # never written to


def told(faults: tuple[Fault, ...]) -> list[tuple[str, int | None, str]]:
    return [(key(fault), fault.line, fault.what) for fault in faults]


def at_cells(faults: tuple[Fault, ...]) -> Mapping[tuple[str, int], int]:
    """How many faults each cell has."""
    count: dict[tuple[str, int], int] = defaultdict(int)
    for fault in faults:
        match fault.where:
            case ("rows", str() as row, "rungs", int() as rung, *_):
                count[row, rung] += 1
    return count


def cell_of(ruler: Ruler, texts: Texts, cell: tuple[str, int]) -> dict[str, Any]:
    """A cell for its form: the rung, the files of its words, and its messages to the sample taxpayer."""
    row, index = cell
    found = next((each for name, n, each in ruler.cells() if (name, n) == (row, index)), None)
    if found is None:
        raise Refused(404, "there is no such cell")
    of_row = ruler.rows[row]  # type: ignore[index]  # found above
    fallback = found.fallback or {}
    return {
        "row": row, "index": index, "rung": found, "name": of_row.name, "climbs_to": of_row.climbs_to,
        "fallback": "\n".join(f"{channel}: {', '.join(others)}" for channel, others in fallback.items()),
        "words": list(words_of(ruler, found, texts)), **messages_of(ruler, row, found, texts),
    }  # fmt: skip


def words_of(ruler: Ruler, rung: Rung, texts: Texts) -> Iterator[tuple[str, str, str]]:
    """The files in which a rung's words stand, or would where the product's own are sent, each with its channel and the
    text that is sent now."""
    seen = set[str]()
    for channel in (each for ways in ruler.ways(rung).values() for each in ways):
        choices = [template_file(name) for name in template_choices(channel, rung.template)]
        sent = next((each for each in choices if each in texts), choices[0])
        own = sent if published_as(sent) else choices[0]
        if own not in seen:
            seen.add(own)
            yield channel, own, texts.get(sent, "")


def messages_of(ruler: Ruler, row: str, rung: Rung, texts: Texts) -> dict[str, Any]:
    """The messages of a rung by channel with segments and price, or why they can't be made."""
    # what composes messages takes long to load
    from reports.preview import shown_messages

    try:
        whole = with_tables(ruler, texts)
        today = datetime.now(UTC).date()
        made = shown_messages(whole, row, rung, prices_of(whole), Words(texts), today)  # type: ignore[arg-type]
    except (TemplateError, Refusal) as error:
        return {"messages": (), "unmade": str(error)}
    return {"messages": made, "unmade": ""}


def difference(draft: RulerDraft | None, texts: Texts) -> Iterator[str]:
    """The lines that publishing would change, file by file."""
    for file, text in (draft["texts"] if draft else {}).items():
        before = texts.get(file, "")
        yield from difflib.unified_diff(
            before.splitlines(), text.splitlines(), file, file, "em vigor", "rascunho", 1, ""
        )


def conflict_of(draft: RulerDraft | None, by: Visitor, people: People) -> str:
    """The reason why who looks may not publish; empty: there is none."""
    if draft is None or by.actor.role not in DUTIES[publish_draft.duty]:
        return "Só a supervisão publica."
    if not draft["editors"]:
        return "Nada foi mudado ainda."
    if any(people.same(name, by.actor.name) for name in draft["editors"]):
        return "Quatro olhos: você mudou este rascunho, e outra pessoa da supervisão o publica."
    return ""
