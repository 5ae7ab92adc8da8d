"""The file of a cohort: all that a person reads of it at once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, func, select

from models.case.cohort_state import State
from models.money.prices import ChannelCost
from storage.case.cases import frozen_ruler
from storage.case.cohorts import read_cohort
from storage.case.prescription import count_near
from storage.contact.costs import spent_by_channel
from storage.schema import cases


class CellCount(TypedDict):
    hypothesis: str | None
    stage: str | None
    cases: int


class CohortFile(TypedDict):
    cohort: str
    ruler: str
    state: State
    lifecycle_set_by: str | None
    lifecycle_since: date | None
    started_by: str
    today: date
    cases: int
    near_prescription: int
    statuses: dict[str, int]
    cells: list[CellCount]
    budget: Decimal | None
    spent: Decimal
    costs: list[ChannelCost]


def cohort_file(connection: Connection, name: str, now: datetime) -> CohortFile:
    """Read a cohort's cases by status and by cell, and what was spent. Raises Refusal when there is no such cohort."""
    known = read_cohort(connection, name)
    costs, statuses = spent_by_channel(connection, name), statuses_of(connection, name)
    return {
        "cohort": name,
        "ruler": known.frozen.ruler.label,
        "state": known.lifecycle.state,
        "lifecycle_set_by": known.lifecycle.by or None,
        "lifecycle_since": known.lifecycle.on,
        "started_by": known.started_by,
        "today": known.clock.day_at(now),
        "cases": sum(statuses.values()),
        "near_prescription": count_near(connection, name, now),
        "statuses": statuses,
        "cells": _cells(connection, name),
        "budget": known.budget,
        "spent": sum((channel["cost"] for channel in costs), Decimal(0)),
        "costs": costs,
    }


def statuses_of(connection: Connection, name: str) -> dict[str, int]:
    state = cases.c.status
    query = select(state, func.count()).where(cases.c.cohort == name).group_by(state).order_by(state)
    return {status: count for status, count in connection.execute(query).tuples()}  # noqa: C416 - typed so


def _cells(connection: Connection, name: str) -> list[CellCount]:
    """The cells, each case's by its own ruler."""
    place = cases.c.state["place"]
    row, rung = place["row"].astext, func.coalesce(place["rung"].as_integer(), -1)
    alike = (row, rung, cases.c.ruler)
    counts: Counter[tuple[str | None, str | None]] = Counter()
    query = select(*alike, func.count()).where(cases.c.cohort == name).group_by(*alike).order_by(*alike)
    for hypothesis, index, digest, count in connection.execute(query):
        rows = frozen_ruler(connection, digest).ruler.rows
        stage = rows[hypothesis].rungs[index].stage if index >= 0 else None
        counts[hypothesis, stage] += count
    return [{"hypothesis": hypothesis, "stage": stage, "cases": n} for (hypothesis, stage), n in counts.items()]
