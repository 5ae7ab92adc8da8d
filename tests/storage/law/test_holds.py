"""Holds that people place and lift: on which debts, in which cases, and what of it is refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from models.law.grounds import Ground
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import read_case
from storage.case.facts import read_facts
from storage.case.transaction import case_transaction
from storage.law.holds import Changed, place_hold, release_hold
from tests import owing
from tests.agreement_world import BH, Contract, at, co_debtor, contract

ON = date(2026, 3, 10)


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "600.00", "1200.00")


def place(made: Contract, ground: Ground = Ground.DEPOSIT, *of_debts: str, on: date = ON, **more: Any) -> Changed:
    return place_hold(made.engine, made.case, ground, "ana", "guia 12", at(on), of_debts=of_debts, **more)


def release(made: Contract, *of_debts: str, ground: Ground | None = None, **more: Any) -> Changed:
    return release_hold(made.engine, made.case, "bruno", "levantado", at(ON), ground, of_debts, **more)


def balance(made: Contract, on: date = ON) -> Decimal:
    """As the case sees it on that day."""
    with case_transaction(made.engine, made.case, at(on)) as tx:
        return tx.facts.balance


def owed(made: Contract) -> list[tuple[Any, ...]]:
    return made.rows('SELECT "case" FROM outbox WHERE name = \'holds_changed\' ORDER BY "case"')


def test_all_debts_of_a_case_are_held_and_every_debtor_s_case_is_told(made: Contract) -> None:
    other = co_debtor(made)
    changed = place(made, evidence="fls. 3", until=date(2026, 4, 1))
    assert [(hold.debt, hold.since, hold.until) for hold in changed.holds] == [
        (debt, ON, date(2026, 4, 1)) for debt in sorted(made.debts)
    ]
    assert changed.cases == sorted([made.case, other.case])
    assert owed(made) == [(case,) for case in changed.cases]
    assert balance(made) == balance(other) == 0
    [why] = {row[0] for row in made.rows("SELECT reason FROM decisions WHERE kind = 'hold_placed'")}
    assert "depósito do montante integral (CTN art. 151, II), desde 10/03/2026 até 01/04/2026" in why
    assert why.endswith("por ana: guia 12; prova: fls. 3")
    assert made.rows("SELECT DISTINCT source, placed_by, reason, evidence FROM holds") == [
        ("person", "ana", "guia 12", "fls. 3")
    ]


def test_one_debt_is_held_and_the_other_stays_owed(made: Contract) -> None:
    place(made, Ground.INJUNCTION, made.debts[0])
    assert balance(made) == Decimal("1200.00")


def test_several_grounds_hold_until_the_last_is_lifted(made: Contract) -> None:
    place(made, Ground.DEPOSIT)
    place(made, Ground.BANKRUPTCY)
    assert {hold.ground for hold in release(made, ground=Ground.DEPOSIT).holds} == {"deposit"}
    assert balance(made) == 0
    assert len(release(made).holds) == len(made.debts)
    assert balance(made) == Decimal("1800.00")
    assert made.rows("SELECT DISTINCT lifted_by, lifted_because FROM holds") == [("bruno", "levantado")]
    assert made.journal.count("hold_lifted") == 2


def test_a_hold_is_over_the_day_after_its_last(made: Contract) -> None:
    place(made, until=date(2026, 3, 20))
    assert balance(made, date(2026, 3, 20)) == 0
    assert balance(made, date(2026, 3, 21)) == Decimal("1800.00")
    assert made.rows("SELECT DISTINCT lifted_by FROM holds") == [("calendar",)]


def test_the_case_looks_again_when_one_ground_of_several_is_over_and_names_it_no_more(made: Contract) -> None:
    place(made, Ground.DEATH)
    place(made, Ground.INJUNCTION, until=date(2026, 3, 20))
    with case_transaction(made.engine, made.case, at(ON)) as tx:
        step = tx.step
        assert "liminar" in step.reason
        assert step.on == date(2026, 3, 21)
    with case_transaction(made.engine, made.case, at(date(2026, 3, 21))) as tx:
        assert (tx.step.reason, tx.step.on) == ("exigibilidade suspensa: falecimento", None)


def test_a_hold_that_is_over_holds_nobody_out_of_a_cohort(made: Contract) -> None:
    place(made, until=date(2026, 3, 20))
    with made.engine.connect() as connection:
        ruler, pair = read_case(connection, made.case).ruler, (made.taxpayer, "IPTU")
        seen = [read_facts(connection, ruler, [pair], date(2026, 3, day))[pair].balance for day in (20, 21)]
    assert seen == [0, Decimal("1800.00")]


def test_the_same_ground_twice_is_refused_for_the_debts_it_holds(made: Contract) -> None:
    place(made, Ground.DEATH, made.debts[1])
    with pytest.raises(Refusal, match=f"already held on the ground death: debt {made.debts[1]}; name the others"):
        place(made, Ground.DEATH)
    place(made, Ground.DEATH, made.debts[0])
    assert balance(made) == 0


def test_what_an_agreement_holds_is_not_people_s_to_release(made: Contract) -> None:
    signed = made.sign(BH, 3, ON)
    made.pay(1, ON)
    with pytest.raises(Refusal, match=rf"on agreement by agreement {signed} \(it ends with the agreement {signed}\)"):
        release(made)
    assert made.held


def test_what_an_extract_holds_is_the_next_one_s_to_release(made: Contract) -> None:
    query = "INSERT INTO holds (debt, ground, source) VALUES (:debt, 'guarantee', 'extract') RETURNING 1"
    with made.engine.begin() as connection:
        connection.exec_driver_sql(query.replace(":debt", f"'{made.debts[0]}'"))
    with pytest.raises(Refusal, match=rf"debt {made.debts[0]} on guarantee by extract \(the next extract lifts it\)"):
        release(made)


def test_nothing_held_is_nothing_to_release(made: Contract) -> None:
    with pytest.raises(Refusal, match="nothing of people's to release; nothing is held"):
        release(made)


def test_what_is_refused_changes_nothing(made: Contract) -> None:
    other = contract(made.engine, "10.00", tax="ISS")
    for of_debts, days, told in (
        (["nobody's"], {}, f"case {made.case} has no debt nobody's; `case show"),
        (other.debts, {}, "has no debt"),
        ([], {"since": date(2026, 3, 11)}, "yet to come"),
        ([], {"until": date(2026, 3, 9)}, "before it begins"),
    ):
        with pytest.raises(Refusal, match=told):
            place(made, Ground.DEPOSIT, *of_debts, **days)
    assert made.rows("SELECT count(*) FROM holds") == [(0,)]
    assert owed(made) == []


def test_a_closed_case_is_not_held(made: Contract) -> None:
    with made.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET status = 'resolved', closed_at = now()")
    with pytest.raises(Refusal, match="the case is resolved: nothing more"):
        place(made)


def test_a_release_carries_the_day_of_the_decision_that_ended_the_hold(made: Contract) -> None:
    place(made, Ground.INJUNCTION, since=date(2026, 2, 2))
    release(made, made.debts[0], published=date(2026, 3, 6))
    release(made, made.debts[1])
    ended = dict(made.rows("SELECT debt, ended_on FROM holds"))
    assert ended == {made.debts[0]: date(2026, 3, 6), made.debts[1]: ON}
    assert made.rows("SELECT count(*) FROM decisions WHERE reason LIKE '%decisão publicada em 06/03/2026%'") == [(1,)]


@pytest.mark.parametrize(
    ("published", "told"), [(date(2026, 3, 11), "yet to come"), (date(2026, 2, 1), "before the hold it ends began")]
)
def test_a_decision_is_published_while_the_hold_lasts(made: Contract, published: date, told: str) -> None:
    place(made, Ground.INJUNCTION, since=date(2026, 2, 2))
    with pytest.raises(Refusal, match=told):
        release(made, published=published)
    assert made.rows("SELECT count(*) FROM holds WHERE lifted_at IS NULL") == [(2,)]


# R$ 1,000.00 due on Mon 09/03/2026, 0.33 % of fine a day up to 20 %, 1 % of interest a month, an injunction from 20/03:
# ten days of fine, 10/03 to 19/03, before it
@pytest.mark.parametrize(
    ("on", "published", "owes"),
    [
        (date(2026, 3, 31), None, "1033.00"),
        (date(2026, 12, 31), None, "1123.00"),  # nine months of interest, no fine while it holds
        (date(2026, 6, 19), date(2026, 5, 20), "1063.00"),  # the thirtieth day
        (date(2026, 6, 20), date(2026, 5, 20), "1066.30"),  # the day after it
        (date(2026, 5, 1), date(2026, 4, 1), "1053.00"),
        (date(2026, 5, 2), date(2026, 4, 1), "1056.30"),
    ],
)
def test_the_default_fine_goes_on_thirty_days_after_the_decision(
    engine: Engine, on: date, published: date | None, owes: str
) -> None:
    debtor = owing.debtor(engine, due=date(2026, 3, 9))
    case = debtor.on_ruler(date(2026, 3, 9))
    place_hold(engine, case, Ground.MANDADO_DE_SEGURANCA, "ana", "MS 1", at(on), since=date(2026, 3, 20))
    if published:
        release_hold(engine, case, "ana", "cassada", at(on), published=published)
    with engine.connect() as connection:
        assert owed_of(connection, [debtor.debt], accrual_of(owing.ruler()), on)[debtor.debt].total == Decimal(owes)


def test_an_injunction_until_a_day_ends_with_it(engine: Engine) -> None:
    debtor = owing.debtor(engine, due=date(2026, 3, 9))
    case = debtor.on_ruler(date(2026, 3, 9))
    days: dict[str, Any] = {"since": date(2026, 3, 20), "until": date(2026, 5, 20)}
    place_hold(engine, case, Ground.INJUNCTION, "ana", "liminar", at(date(2026, 5, 1)), **days)
    assert debtor.owes(date(2026, 6, 20)) == Decimal("1066.30")


def test_other_grounds_stop_no_fine(engine: Engine) -> None:
    debtor = owing.debtor(engine, due=date(2026, 3, 9))
    case = debtor.on_ruler(date(2026, 3, 9))
    days: dict[str, Any] = {"since": date(2026, 3, 20), "until": date(2026, 3, 30)}
    place_hold(engine, case, Ground.JUDICIAL_ORDER, "ana", "ordem", at(date(2026, 3, 20)), **days)
    assert debtor.owes(date(2026, 3, 31)) == Decimal("1072.60")  # twenty-two days of fine
