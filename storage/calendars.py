"""Calendars: the one that a ruler goes by, a file of the analyst, or one by its name."""

from models.assets import Texts, calendar_file
from models.calendar_file import read_calendar
from models.law.calendar_table import CalendarTable
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import CALENDARS, SHIPPED


def load_calendar(name_or_path: str, texts: Texts = SHIPPED) -> CalendarTable:
    """Load a calendar. Refuses a faulty one with all its faults, one a line."""
    return CALENDARS.table(name_or_path, read_calendar, texts)


def calendar_faults(ruler: Ruler, texts: Texts) -> list[Fault]:
    """The faults of a ruler that names a calendar which isn't there, is faulty or is of another state."""
    where, place = ("jurisdiction", "calendar"), ruler.jurisdiction
    if isinstance(place.calendar, CalendarTable):
        if place.calendar.state == place.state:
            return []
        of, here = (state or "no state" for state in (place.calendar.state, place.state))
        return [Fault(where, f"is of {of}, and the jurisdiction of {here}: their holidays differ")]
    if place.calendar is None:
        return []
    file = calendar_file(place.calendar)
    if file not in texts:
        known = ", ".join(CALENDARS.names(texts))
        return [Fault(where, f"names {place.calendar}, which is not in calendars/; known are {known}")]
    return [Fault(where, f"{file}: {fault}") for fault in read_calendar(texts[file]).faults]
