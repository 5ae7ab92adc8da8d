"""Calendars, read from files of their own with every fault at its line."""

from __future__ import annotations

from functools import lru_cache

from models.law.calendar_table import CalendarTable, calendar_table_faults
from models.yaml_file import ReadTable, read_table


@lru_cache(maxsize=32)
def read_calendar(text: str) -> ReadTable[CalendarTable]:
    """Read a file of `calendars/`, with every fault at its line."""
    return read_table(text, "a calendar", CalendarTable, calendar_table_faults)
