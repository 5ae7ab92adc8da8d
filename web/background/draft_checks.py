"""Checks drafts of cohorts that somebody asked to have checked, one at a time; whichever process comes first has it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import anyio
import structlog
from anyio.to_thread import run_sync
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from activities.first_messages import first_messages
from models.errors import Refusal
from models.json_form import plain
from models.proof.holdout import RIVALS
from operations.catalogue import in_force
from operations.cohort_drafts import planned
from operations.cohorts import must_share
from storage.case.cohort_drafts import Draft, end_check, take_check, tell_progress
from storage.case.dry_run import foresee
from storage.case.selection import count_named

log = structlog.get_logger()

PAUSE_SECONDS = 1.0


async def check_drafts(engine: Engine, pause: float = PAUSE_SECONDS) -> None:
    """Check them until cancelled; a database that doesn't answer is asked again."""
    while True:
        try:
            if not await run_sync(check_next, engine):
                await anyio.sleep(pause)
        except SQLAlchemyError as error:
            log.warning("no draft was checked", reason=type(error).__name__)
            await anyio.sleep(pause)


def check_next(engine: Engine) -> bool:
    """Check the draft that waits longest. False: none does."""
    with engine.begin() as connection:
        draft = take_check(connection)
    if draft is None:
        return False
    found, failure = None, None
    try:
        found = checked(engine, draft)
    except Refusal as refusal:
        failure = str(refusal)
    except SQLAlchemyError:
        raise
    except Exception as error:  # a fault of ours is told by its kind: it is not to be tried for ever
        log.error("a draft can't be checked", kind=type(error).__name__)
        failure = "a fault of ours; what happened is in our log"
    with engine.begin() as connection:
        end_check(connection, draft, found, failure)
    return True


def checked(engine: Engine, draft: Draft) -> dict[str, Any]:
    """The dry run of a draft's plan and its first messages, as JSON has them. Raises Refusal."""
    plan = planned(draft["fields"], in_force(engine), day_seconds(), datetime.now(UTC))
    ruler, today = plan.bundle.ruler, plan.clock.origin_day
    with engine.connect() as connection:
        named = count_named(connection, ruler, plan.selection, today)

    def progress(seen: int) -> None:
        with engine.begin() as connection:
            tell_progress(connection, draft, seen, named)

    others = {arm: rival.bundle.ruler for arm, rival in zip(RIVALS, plan.rivals, strict=False)}
    shares = must_share(plan.control, plan.rivals, ruler)
    foreseen = foresee(engine, ruler, plan.selection, today, plan.budget, shares, others, progress)
    messages = first_messages(engine, plan.bundle, plan.selection, plan.clock)
    return {
        **json.loads(json.dumps(foreseen, default=plain)),
        "messages": [asdict(message) for message in messages],
        "today": today.isoformat(),
    }


def day_seconds() -> float:
    """How long a day lasts here, as for the worker."""
    return float(os.environ.get("REGUA_DAY_SECONDS") or 86_400)
