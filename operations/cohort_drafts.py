"""Acts on drafts of cohorts, and the plan that a draft describes: written field by field, checked, then started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from models.as_typed import read_amount, read_day
from models.assets import RulerBundle, Texts
from models.case.selection import Selection
from models.case.selection_keys import selection_of
from models.errors import Refusal
from models.law.calendar import Clock
from models.percentages import share_of
from models.ruler.rivals import must_reach_alike
from models.slug import must_be_slug
from operations.cohorts import Rival, clock_of, must_not_be_over, must_share
from operations.operation import Act, operation
from operations.rulers import load_ruler
from storage.case import cohort_drafts
from storage.catalogue import RULERS

T = TypeVar("T")
Load = Callable[[str, Texts], RulerBundle]

KEYS = (
    "tax", "uf", "municipality", "min_amount", "max_amount", "min_age", "max_age", "due_from", "due_until", "person",
    "reach", "litigation", "protested", "benefits",
)  # fmt: skip
"""The keys of a selection that have a field of their own; any other is written in `select`."""


class FaultyDraft(Refusal):
    """A draft that describes no cohort yet."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {error}" for field, error in errors.items()))
        self.errors = errors
        """The faults, by field."""


@dataclass(frozen=True)
class Plan:
    """A cohort as a draft describes it."""

    name: str
    bundle: RulerBundle
    selection: Selection
    clock: Clock
    budget: Decimal | None
    control: Decimal | None
    rivals: tuple[Rival, ...]
    reads_on: date | None
    rehearsal: bool
    contacted_too: bool


def planned(
    fields: Mapping[str, str], texts: Texts, day_seconds: float, now: datetime, load: Load = load_ruler
) -> Plan:
    """The plan of a draft, its rulers read by `load`. Raises FaultyDraft with what is wrong at each field."""
    errors: dict[str, str] = {}

    def read(field: str, reader: Callable[[str], T]) -> T | None:
        written = fields.get(field, "").strip()
        try:
            return reader(written) if written else None
        except Refusal as refusal:
            errors[field] = str(refusal)
            return None

    name = fields.get("name", "").strip()
    read("name", lambda written: must_be_slug("a cohort", written))
    bundle = read("ruler", lambda written: _ruler(written, texts, load))
    for field in ("name", "ruler"):
        if not fields.get(field, "").strip():
            errors[field] = "say it"
    selection = clock = None
    rival = read("rival", lambda written: _rival(bundle, _ruler(written, texts, load)))
    control, budget, reads_on = read("control", share_of), read("budget", read_amount), read("reads_on", read_day)
    if bundle:
        clock = clock_of(bundle.ruler, day_seconds, None, now)
        read("ruler", lambda written: must_not_be_over(bundle.ruler, clock.origin_day))
        try:
            selection = _selection(bundle, fields)
        except Refusal as refusal:
            errors[_field_of(str(refusal))] = str(refusal)
    if errors or bundle is None or selection is None or clock is None:
        raise FaultyDraft(errors)
    rivals = (Rival(rival, None),) if rival else ()
    try:
        must_share(control, rivals, bundle.ruler)
    except Refusal as refusal:
        raise FaultyDraft({"control": str(refusal)}) from None
    chosen = {field: bool(fields.get(field)) for field in ("rehearsal", "contacted_too")}
    return Plan(name, bundle, selection, clock, budget, control, rivals, reads_on, **chosen)


def _ruler(name: str, texts: Texts, load: Load) -> RulerBundle:
    if name not in RULERS.names(texts):  # a path would be one of this machine's
        raise Refusal(f"there is no ruler {name!r} in the catalogue")
    return load(name, texts)


def _rival(bundle: RulerBundle | None, rival: RulerBundle) -> RulerBundle:
    if bundle is not None:
        if rival.source == bundle.source:
            raise Refusal("it is the same ruler: two different ones can be compared")
        must_reach_alike(bundle.ruler, rival.ruler)
    return rival


def _selection(bundle: RulerBundle, fields: Mapping[str, str]) -> Selection:
    own = {key: fields[key].strip().replace(" ", "_") for key in KEYS if fields.get(key, "").strip()}
    return selection_of(bundle.ruler, [fields.get("select", "")], _unlisted, **own)


def _unlisted(named: str) -> tuple[str, ...]:
    raise Refusal("lists of people are files of the command line: `cohort start --select`")


def _field_of(refusal: str) -> str:
    key = refusal.partition(":")[0].replace("-", "_")
    return key if key in KEYS else "select"


@operation("cohort draft")
def save_draft(act: Act, draft: int | None, fields: Mapping[str, str]) -> int:
    """Keep a draft as it is written so far, a new one where there is none yet; what was checked of it is gone."""
    with act.engine.begin() as connection:
        if draft is None:
            act.entry.subject = str(made := cohort_drafts.make_draft(connection, fields, act.by))
            return made
        cohort_drafts.change_draft(connection, draft, fields)
        return draft


@operation("cohort check")
def ask_check(act: Act, draft: int) -> None:
    """Have a draft checked, as `cohort start --dry-run` does, by the work beside the web."""
    with act.engine.begin() as connection:
        cohort_drafts.ask_check(connection, draft)


@operation("cohort draft --drop")
def drop_draft(act: Act, draft: int) -> None:
    """Drop a draft."""
    with act.engine.begin() as connection:
        cohort_drafts.end_draft(connection, draft)
