"""Acts on a whole cohort: start it, set its budget, pause, resume and cancel it, give it another ruler."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.assets import RulerBundle, assets_of_ruler, unverified
from models.case.cohort_state import State
from models.case.selection import Selection
from models.errors import Refusal
from models.law.calendar import Clock
from models.proof.experiment import Experiment
from models.proof.holdout import RIVALS, Arm, shares_of
from models.ruler.check import read_ruler
from models.ruler.schema import Ruler
from models.slug import must_be_slug
from operations.operation import Act, must_say, operation
from storage.case import ruler_change
from storage.case.cohort_lifecycle import change_cohort_state
from storage.case.cohorts import (
    Cohort,
    Lot,
    OtherArm,
    create_cohort,
    must_be_reckonable,
    pin_ruler,
    read_cohort,
)
from storage.case.intakes import begin_schedule, begin_start, must_have_no_schedule
from storage.case.ruler_change import Foreseen, foresee_migration
from storage.case.selection import must_be_unheard
from storage.contact import costs
from storage.proof import holdout
from workflows.effects import STARTS_A_SECOND

Progress = Callable[[int], None]

EVENING = 18
"""From this local hour on, a real clock's first day is the next one."""


def clock_of(ruler: Ruler, day_seconds: float, start: date | None, now: datetime) -> Clock:
    """The clock of a cohort that is started now. Raises Refusal where a real clock would begin on another day."""
    real = day_seconds == timedelta(days=1).total_seconds()
    local = now.astimezone(ZoneInfo(ruler.jurisdiction.timezone))
    first = local.date() + timedelta(days=1 if local.hour >= EVENING and real else 0)
    if start is not None:
        if real:
            raise Refusal("a real clock starts today; --start goes with a --day-seconds below 86400")
        first = start
    return Clock(
        day_seconds=Decimal(str(day_seconds)),
        origin_wall=now,
        origin_day=first,
        timezone=ruler.jurisdiction.timezone,
    )


class Rival(NamedTuple):
    """Another ruler, to be compared with a cohort's."""

    bundle: RulerBundle
    share: Decimal | None
    """The part of all cases that is drawn for it; none: as much as the cohort's ruler has."""


@operation("cohort start")
def begin_cohort(
    act: Act,
    name: str,
    bundle: RulerBundle,
    selection: Selection,
    clock: Clock,
    budget: Decimal | None = None,
    rehearsal: bool = False,
    control: Decimal | None = None,
    rivals: Sequence[Rival] = (),
    rate: float = STARTS_A_SECOND,
    reads_on: date | None = None,
    contacted_too: bool = False,
    providers: Collection[str] = (),
    experiment: Experiment | None = None,
) -> Cohort:
    """Put a cohort and the rulers it pins on record, each with all that it is made of; it is found there again.

    `rivals` are the other rulers of its draw; `rate` is how many cases are started a second at most.
    `reads_on` is the day its figures are for; `providers` are those by which messages truly leave; `experiment` is
    registered with the cohort. Raises Refusal where somebody whom another cohort contacts might be held out, unless
    `contacted_too`.
    """
    for each in (bundle, *(rival.bundle for rival in rivals)):
        must_be_verified(each, clock, rehearsal, providers)
    if reads_on is not None and not (control or rivals or bundle.ruler.goes_by_habit):
        raise Refusal("--reads-on is the day of a comparison: say --control or --arm too")
    if reads_on is not None and reads_on <= clock.origin_day:
        raise Refusal(f"--reads-on {reads_on} is not after the cohort's first day, {clock.origin_day}")
    if experiment is not None:
        must_be_slug("an experiment", experiment.name)
        must_say("what it claims", experiment.claim)
        if reads_on is None:
            raise Refusal(f"experiment {experiment.name} needs the day on which it will be read: say --reads-on")
        act.tell(experiment=experiment.name, claim=experiment.claim, primary=experiment.primary)
    if control and not contacted_too:
        with act.engine.connect() as connection:
            must_be_unheard(connection, bundle.ruler, selection, name, clock.origin_day)
    select = [f"{key}={value}" for key, value in selection.told.items()]
    act.tell(ruler=bundle.ruler.label, select=select, budget=budget, rehearse=rehearsal, control=control, rate=rate)
    act.tell(reads_on=reads_on, contacted_too=contacted_too)
    act.tell(arms=[f"{rival.bundle.ruler.label}={rival.share or 'even'}" for rival in rivals])
    for rival in rivals:
        if rival.bundle.ruler.goes_by_habit:
            raise Refusal(
                f"{rival.bundle.ruler.label} has by_habit, which only the cohort's own ruler may have: it is compared"
                " with its own standard rungs"
            )
    begun = _founded(act, name, bundle, selection, clock, budget, rehearsal, control, rivals, reads_on, experiment)
    with act.engine.begin() as connection:
        begin_start(connection, name, rate, act.by)
    return begun


@operation("schedule create")
def create_schedule(
    act: Act,
    name: str,
    cron: str,
    make: Callable[[Callable[[datetime], object]], object],
    bundle: RulerBundle,
    selection: Selection,
    clock: Clock,
    budget: Decimal | None = None,
    rehearsal: bool = False,
    control: Decimal | None = None,
    rate: float = STARTS_A_SECOND,
    providers: Collection[str] = (),
) -> None:
    """Found a cohort that takes in whom its selection names at each time of `cron`. `make` makes the schedule and has
    the cohort founded, telling when it was made; it leaves none where the cohort is refused."""
    must_be_slug("a cohort", name)
    must_be_verified(bundle, clock, rehearsal, providers)
    select = [f"{key}={value}" for key, value in selection.told.items()]
    detail = {"cron": cron, "ruler": bundle.ruler.label}
    act.tell(**detail, select=select, budget=budget, rehearse=rehearsal, control=control, rate=rate)

    def found(made_at: datetime) -> None:
        _founded(act, name, bundle, selection, clock, budget, rehearsal, control)
        with act.engine.begin() as connection:
            begin_schedule(connection, name, rate, act.by, cron, made_at)

    with act.engine.connect() as connection:
        must_have_no_schedule(connection, name)
    make(found)


def _founded(
    act: Act,
    name: str,
    bundle: RulerBundle,
    selection: Selection,
    clock: Clock,
    budget: Decimal | None,
    rehearsal: bool,
    control: Decimal | None,
    rivals: Sequence[Rival] = (),
    reads_on: date | None = None,
    experiment: Experiment | None = None,
) -> Cohort:
    must_be_slug("a cohort", name)
    must_be_reckonable(act.engine, bundle.ruler, selection, clock.origin_day)
    must_not_be_over(bundle.ruler, clock.origin_day)
    shares = must_share(control, rivals, bundle.ruler)
    first_year = clock.origin_day.year - 1
    with act.engine.begin() as connection:
        frozen = pin_ruler(connection, bundle.ruler, bundle.source, first_year, bundle.texts)
        others = tuple(
            OtherArm(arm, shares[arm], pin_ruler(connection, each.ruler, each.source, first_year, each.texts))
            for arm, (each, _) in zip(RIVALS, rivals, strict=False)
        )
    standard = shares.get(Arm.STANDARD)
    lot = Lot(secrets.token_hex(16), control, others, standard, reads_on, experiment) if shares else None
    unverified = any(_examples(each, clock, rehearsal) for each in (bundle, *(rival.bundle for rival in rivals)))
    cohort = Cohort(name, frozen, selection, clock, act.by, budget, rehearsal, unverified, lot)
    return create_cohort(act.engine, cohort)


def must_share(control: Decimal | None, rivals: Sequence[Rival], ruler: Ruler) -> dict[str, Decimal]:
    """The shares of a draw, but for what is left to the cohort's ruler; one that goes by habit is compared with its
    standard rungs. Raises Refusal where nothing is left, or there are more rulers than a cohort compares."""
    if len(rivals) > len(RIVALS):
        raise Refusal(
            f"--arm is there {len(rivals)} times: a cohort compares its ruler with up to {len(RIVALS)} others"
        )
    beside = {arm: rival.share for arm, rival in zip(RIVALS, rivals, strict=False)}
    shares = shares_of(control, beside | ({Arm.STANDARD: None} if ruler.goes_by_habit else {}))
    if not all(share > 0 for share in shares.values()) or sum(shares.values()) >= 1:
        raise Refusal("the shares of --control and --arm leave nobody to the cohort's own ruler: together below 100%")
    return shares


def must_be_verified(bundle: RulerBundle, clock: Clock, rehearsal: bool, providers: Collection[str]) -> None:
    """Check that nobody is truly contacted by an example. Raises Refusal where days are real, messages leave by a
    provider, and the ruler or something it names was verified by nobody."""
    if providers and (open_ones := _examples(bundle, clock, rehearsal)):
        verb = "is an example" if len(open_ones) == 1 else "are examples"
        raise Refusal(
            f"{' and '.join(open_ones)} {verb}, which nobody has verified, and {' and '.join(providers)} would truly"
            " send: have the authority verify it (`verified: {by, on, act}`), or rehearse it with --rehearse"
        )


def _examples(bundle: RulerBundle, clock: Clock, rehearsal: bool) -> list[str]:
    """The parts of a ruler that nobody has verified, where it would run in earnest."""
    if rehearsal or clock.compressed:
        return []
    as_written = read_ruler(bundle.source).ruler or bundle.ruler
    return unverified(as_written, assets_of_ruler(as_written, bundle.texts))


def must_not_be_over(ruler: Ruler, day: date) -> None:
    """Check that a campaign isn't over. Raises Refusal when nothing is left on `day` of what the ruler offers."""
    if ruler.offer and ruler.offer.deadline_day <= day:
        raise Refusal(
            f"the offer of {ruler.label} ends on {ruler.offer.until:%Y-%m-%d at %H:%M} and contacts nobody on its last"
            f" day: on {day} nothing is left of it. Write another `until` and raise the version; to rehearse it, set"
            " --day-seconds and --start"
        )


@operation("cohort release")
def release_control(act: Act, name: str) -> int:
    """Let go of a cohort's control group, so that other cohorts may take it up. Returns how many cases."""
    return holdout.release(act.engine, name)


@operation("cohort budget")
def change_budget(act: Act, name: str, amount: Decimal, now: datetime) -> int:
    """Change what a cohort may spend. Returns how many stopped cases look again."""
    act.tell(amount=f"{amount}")
    return costs.change_budget(act.engine, name, amount, act.by, now)


@operation("cohort pause")
def pause_cohort(act: Act, name: str, reason: str, now: datetime) -> int:
    """Hold every case of a cohort: no notice is claimed once this has returned. Returns how many are told."""
    return change_cohort_state(act.engine, name, State.PAUSED, act.by, reason.strip(), now)


@operation("cohort resume")
def resume_cohort(act: Act, name: str, reason: str, now: datetime) -> int:
    """Let the clocks of a paused cohort run on, with the waits that were left; cases paused alone stay so."""
    return change_cohort_state(act.engine, name, State.RUNNING, act.by, reason.strip(), now)


@operation("cohort cancel")
def cancel_cohort(act: Act, name: str, reason: str, now: datetime) -> int:
    """End a cohort for good: its cases are closed, and the benefits they hold suspended are given back."""
    must_say("why", reason)
    return change_cohort_state(act.engine, name, State.CANCELLED, act.by, reason.strip(), now)


@operation("cohort migrate")
def migrate_cohort(
    act: Act,
    name: str,
    bundle: RulerBundle,
    now: datetime,
    seen: Progress,
    moved: Progress,
    providers: Collection[str] = (),
) -> Foreseen:
    """Let a running cohort's open cases, and those to come, go by another version of its ruler. What comes of it."""
    act.tell(ruler=bundle.ruler.label)
    with act.engine.connect() as connection:
        cohort = read_cohort(connection, name)
    must_be_verified(bundle, cohort.clock, cohort.rehearsal, providers)
    foreseen = foresee_migration(act.engine, name, bundle, now, seen)
    open_ones = _examples(bundle, cohort.clock, cohort.rehearsal)
    ruler_change.migrate_cohort(act.engine, name, bundle, act.by, now, moved, unverified=bool(open_ones))
    return foreseen
