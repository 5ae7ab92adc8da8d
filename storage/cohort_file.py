"""How a cohort stands: all that a person reads of it at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from models.ruler import Ruler
from storage.cohorts import read_cohort
from storage.costs import spent_by_channel
from storage.prescription import count_near
from storage.schema import cases


def cohort_file(connection: Connection, name: str, now: datetime) -> dict[str, Any]:
    """Its cases by status and by cell, and what was spent. Raises Refusal when there is no such cohort."""
    known = read_cohort(connection, name)
    costs, statuses = spent_by_channel(connection, name), statuses_of(connection, name)
    return {
        "cohort": name,
        "ruler": known.frozen.ruler.label,
        "state": known.steering.state,
        "steered_by": known.steering.by or None,
        "steered_on": known.steering.on,
        "started_by": known.started_by,
        "today": known.clock.day_at(now),
        "cases": sum(statuses.values()),
        "near_prescription": count_near(connection, name, now),
        "statuses": statuses,
        "cells": _cells(connection, name, known.frozen.ruler),
        "budget": known.budget,
        "spent": sum((channel["cost"] for channel in costs), Decimal(0)),
        "costs": costs,
    }


def statuses_of(connection: Connection, name: str) -> dict[str, int]:
    state = cases.c.status
    query = select(state, func.count()).where(cases.c.cohort == name).group_by(state).order_by(state)
    return {status: count for status, count in connection.execute(query).tuples()}  # noqa: C416 - typed so


def _cells(connection: Connection, name: str, ruler: Ruler) -> list[dict[str, Any]]:
    row, rung = cases.c.position["row"].astext, cases.c.position["rung"].as_integer()
    query = select(row, rung, func.count()).where(cases.c.cohort == name).group_by(row, rung).order_by(row, rung)
    return [
        {
            "hypothesis": hypothesis,
            "stage": ruler.rung(hypothesis, index).stage if hypothesis and index >= 0 else None,
            "cases": count,
        }
        for hypothesis, index, count in connection.execute(query)
    ]
