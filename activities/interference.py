"""Puts on record what somebody did in Temporal itself."""

from __future__ import annotations

from sqlalchemy import Engine
from temporalio import activity

from activities.dependencies import now
from storage.audit.interference import record_interference, record_refused_update
from workflows.effects import Interference, InterferenceEffects


class InterferenceActivities(InterferenceEffects):
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @activity.defn
    def record_interference(self, told: Interference) -> None:
        with self.engine.begin() as connection:
            if told.what == "update":
                record_refused_update(connection, told.subject, told.name, told.times)
            else:
                record_interference(connection, told.what, told.subject, told.case, now())
