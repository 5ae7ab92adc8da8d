"""The page of a call that is under way: whom to ask for, and once the taxpayer speaks, all that may be said to him."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select, text

from models.collections.promise import least_promised
from models.errors import Unreckonable
from models.words import tax_in_words
from storage.case.cases import read_case
from storage.case.facts import read_facts
from storage.case.people import read_person
from storage.collections.calls import UnderWay
from storage.read_models.agree_page import AgreePage, read_agree_page
from storage.read_models.case_file import case_file
from storage.read_models.case_parts import CaseFile
from storage.schema import taxpayers


@dataclass(frozen=True)
class CallPage:
    call: UnderWay
    what: str
    """The task in pt-BR."""
    authority: str
    tax: str
    name: str
    is_company: bool
    tax_id: str
    phone: str | None
    today: date
    owed: Decimal | None
    """The amount that can be demanded today; none: that can't be told."""
    least: Decimal | None
    last_day: date
    """The least that may be promised, and the last day for which."""
    file: CaseFile
    plans: AgreePage | None
    """The plans that may be agreed to; none: the ruler offers none."""


WHAT = text("SELECT what FROM tasks WHERE id = :task")


def read_call_page(connection: Connection, call: UnderWay, now: datetime) -> CallPage:
    """Read the page of a call; whether it may be shown whole is for the caller to see by `call.confirmed`."""
    case = read_case(connection, call.case)
    today = case.clock.day_at(now)
    who = connection.execute(select(taxpayers).where(taxpayers.c.id == case.taxpayer)).one()
    person = read_person(connection, case.id, case.state.steps - 1, case.clock, today)
    owed: Decimal | None = None
    plans: AgreePage | None = None
    try:
        owed = read_facts(connection, case.ruler, [case.pair], today)[case.pair].balance
        plans = read_agree_page(connection, case.id, now)
    except Unreckonable:
        owed = None
    rule = case.ruler.promises
    return CallPage(
        call=call,
        what=connection.execute(WHAT, {"task": call.task}).scalar_one(),
        authority=case.ruler.authority,
        tax=tax_in_words(case.tax),
        name=who.name,
        is_company=who.is_company,
        tax_id=who.tax_id,
        phone=person.contacts.address("voice"),
        today=today,
        owed=owed,
        least=least_promised(rule, owed) if owed else None,
        last_day=case.frozen.calendar.after(today, rule.longest),
        file=case_file(connection, case.id, reveal=False),
        plans=plans,
    )
