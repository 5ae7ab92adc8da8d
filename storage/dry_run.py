"""What a cohort would do, on the facts of now: the same decisions as the live cases', and nothing written or sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine

from models.calendar import Calendar
from models.decision import Action, decide
from models.plan import plan
from models.position import Position
from models.ruler import Ruler
from models.standing import Standing
from storage.cohorts import Selection, candidates

HORIZON = timedelta(days=30)

Cell = tuple[str, str]
"""Hypothesis and stage."""


def foresee(engine: Engine, ruler: Ruler, selection: Selection, today: date) -> dict[str, Any]:
    """How many cases would start in which cell, how many are on hold and why, and what would leave in 30 days."""
    calendar = ruler.jurisdiction.calendar(today.year - 1)
    start = Position.at_start(today)
    cells: Counter[Cell] = Counter()
    on_hold: Counter[str] = Counter()
    notices: Counter[tuple[str, str, str]] = Counter()
    held = already_open = 0
    # cases that enter by the same cell have the same first month
    month: dict[Cell, list[tuple[str, str, str]]] = {}
    for page in candidates(engine, ruler, selection, today):
        for candidate in page:
            if candidate.in_case:
                already_open += 1
            elif not candidate.takes(ruler):
                continue
            elif candidate.standing.on_hold:
                held += 1
                on_hold.update(candidate.standing.grounds)
            else:
                step = decide(ruler, calendar, start, candidate.standing).step
                cell = (step.row or "", str(step.stage))
                if cell not in month:
                    month[cell] = list(_first_month(ruler, calendar, start, candidate.standing))
                cells[cell] += 1
                notices.update(month[cell])
    return {
        "would_start": cells.total(),
        "cells": [{"hypothesis": h, "stage": s, "cases": n} for (h, s), n in sorted(cells.items())],
        "would_be_on_hold": held,
        "on_hold": dict(sorted(on_hold.items())),
        "already_open": already_open,
        "first_30_days": {
            "notices": notices.total(),
            "cells": [
                {"hypothesis": h, "stage": s, "channel": c, "notices": n} for (h, s, c), n in sorted(notices.items())
            ],
        },
    }


def _first_month(
    ruler: Ruler, calendar: Calendar, start: Position, standing: Standing
) -> Iterator[tuple[str, str, str]]:
    for step in plan(ruler, calendar, start, standing):
        if step.on is None or step.on > standing.today + HORIZON:
            return
        if step.action is Action.NOTIFY and step.row and step.rung is not None and step.stage:
            for channel in ruler.rung(step.row, step.rung).channels:
                yield step.row, str(step.stage), channel
