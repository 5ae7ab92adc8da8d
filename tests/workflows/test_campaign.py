"""A settlement campaign from its first message to its end, on a real clock with the time between skipped."""

import asyncio
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from models.formats import money
from storage.audit.invariants import violations
from storage.case.cases import read_case
from storage.intake.files import look_over_text
from storage.intake.rejects import Rejects
from storage.payments.bank_files import import_bank_file
from storage.payments.offers import offer_on
from tests.bank_lines import Paid, barcode, febraban
from tests.builders import REFIS, Facts, debt
from tests.workflows.town import REAL_DAY, Life, Town

CENT = Decimal("0.01")


async def test_five_taxpayers_in_a_campaign(town: Town, tmp_path: Path) -> None:
    start = (await town.env.get_current_time()).date()
    deadline = datetime.combine(start + timedelta(days=65), time(16))
    lives = await town.begin(*[owing(start)] * 5, ruler=REFIS, day_seconds=REAL_DAY, until=deadline)
    in_time, reported_late, late, less, idle = lives

    await in_time.climbs(1)
    await in_time.pays(str(price_of(in_time, await in_time.today())))
    assert await in_time.ends() == "resolved"
    assert in_time.journal[-4:] == ["payment", "remitted", "settled", "resolved"]

    await less.climbs(2)
    await less.pays(str(price_of(less, await less.today()) - CENT))
    await less.told()
    assert (less.status, less.journal[-2:]) == ("running", ["payment", "paid_less"])

    while await idle.today() <= deadline.date():
        await idle.passes(1)
    price = price_of(reported_late, deadline.date())
    await a_bank_file_reports(reported_late, price, deadline.date(), tmp_path)
    assert await reported_late.ends() == "resolved"
    await late.pays(str(price))
    await late.told()
    assert (late.status, late.journal[-2:]) == ("running", ["payment", "paid_late"])

    for life in (late, less, idle):
        await life.reaches("ended")
        assert await life.ends() == "ended"
        assert life.journal[-1] == "ended"
    assert [len(life.path) for life in lives] == [1, 4, 4, 4, 4]
    assert {on < deadline.date() for life in lives for on, _ in mails(life)} == {True}
    assert [("Já recebemos" in body) for _, body in mails(less)] == [False, False, True, True]
    for on, body in mails(idle):
        assert money(price_of(idle, on)) in body
    assert violations(town.engine, idle.get("cohort")) == []


def owing(start: date) -> Facts:
    """For so long that delay has added a fine and interest."""
    return [debt(balance="1000.00", due=start - timedelta(days=400))], []


def price_of(life: Life, on: date) -> Decimal:
    """The price that settles the life's debt on a day."""
    [(owed,)] = life.rows("SELECT debt FROM debtors WHERE taxpayer = :who")
    with life.town.engine.connect() as connection:
        ruler = read_case(connection, life.case).ruler
        return offer_on(connection, ruler, life.case, [owed], on).prices[owed]


def mails(life: Life) -> list[tuple[date, str]]:
    query = """SELECT at, body FROM notices WHERE "case" = :case AND channel = 'email' AND kind = 'rung'
               ORDER BY step"""
    return [(on, body) for on, body in life.rows(query)]


async def a_bank_file_reports(life: Life, amount: Decimal, paid_on: date, folder: Path) -> None:
    [(slip,)] = life.rows("SELECT slip_number FROM debts JOIN debtors ON debt = id WHERE taxpayer = :who")
    paid = Paid(barcode(slip, str(amount)), str(amount), paid_on)
    file, now = folder / "return.ret", await life.town.env.get_current_time()
    file.write_bytes("".join(f"{line}\r\n" for line in febraban([paid], agreement="REFIS")).encode("latin-1"))
    with Rejects(folder / "rejects.csv") as rejects:
        await asyncio.to_thread(import_bank_file, life.town.engine, look_over_text(file), rejects, now)
