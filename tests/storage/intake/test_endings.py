"""Debts that are over, as a source says or a person, and that this can be taken back."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from models.law.extinction import Extinction
from storage.payments.write_offs import list_write_offs, undo_write_off, write_off
from tests.storage.intake.test_imports import ABC
from tests.storage.intake.test_statements import NOON, OWN, Source, own

SITUATION = f"{OWN};situation"


@pytest.fixture
def source(engine: Engine, tmp_path: Path) -> Source:
    return Source(engine, tmp_path)


def says(source: Source, *rows: str, day: int = 0) -> Any:
    return source.debts(*rows, header=SITUATION, now=NOON + timedelta(days=day))


def extinct(source: Source) -> list[tuple[object, ...]]:
    return source.ask("SELECT inscription, extinct_on, balance FROM debts ORDER BY 1")


# ---- as the source says


@pytest.mark.parametrize(
    ("row", "ground"),
    [
        (f"{own('0.00')};Quitada", "payment"),
        (f"{own('0,00')};", "payment"),
        (f"{own('')};Quitada", "payment"),
        (f"{own('').replace('2025-10-20', '')};Paga", "payment"),
        (f"{own('1000.00')};Cancelada", "cancellation"),
        (f"{own('1000.00')};Prescrita", "prescription"),
        (f"{own('.00')};Remitida", "remission"),
    ],
)
def test_what_is_over_at_the_source_is_over_here(source: Source, row: str, ground: str) -> None:
    says(source, f"{own()};")
    source.opens_cases()
    told = says(source, row, day=1)
    assert told.ended == {ground: 1}
    assert extinct(source) == [("I1", date(2026, 11, 21), 0)]
    assert source.ask("SELECT amount, due FROM debts") == [(1000, date(2025, 10, 20))]
    said = source.ask('SELECT ground, "on", state, source, decided_by, reason FROM extinctions')
    why = "linha 2 do extrato de 21/11/2026"
    assert said == [(ground, date(2026, 11, 21), "confirmed", "extract", "taxpayers import", why)]
    assert [event for _, event in source.owed()] == ["extract_changed"]
    assert source.ask("SELECT count(*) FROM decisions WHERE kind = 'extinction_confirmed'") == [(1,)]
    says(source, row, day=2)
    assert source.ask("SELECT count(*) FROM extinctions") == [(1,)]
    assert len(source.owed()) == 1


def test_a_debt_that_is_over_and_was_never_known_is_passed_over_with_its_people(source: Source) -> None:
    told = says(source, f"{own('0.00')};", f"{own('5.00', 'I2', ABC, 'ABC')};Cancelada", f"{own('7.00', 'I3')};")
    assert told.nothing_owed == 2
    assert source.ask("SELECT inscription FROM debts") == [("I3",)]
    assert source.ask("SELECT name FROM taxpayers") == [("ACME",)]
    assert source.rejected() == ""


def test_what_the_source_took_for_over_and_collects_again_is_owed_again(source: Source) -> None:
    says(source, f"{own()};")
    says(source, f"{own('0.00')};", day=1)
    source.opens_cases()
    says(source, f"{own('900.00')};", day=2)
    assert extinct(source) == [("I1", None, 900)]
    undone = source.ask("SELECT undone_by, undone_because FROM extinctions")
    assert undone == [("taxpayers import", "linha 2 do extrato seguinte: em cobrança")]
    says(source, f"{own('0.00')};", day=2)
    assert extinct(source) == [("I1", date(2026, 11, 22), 0)]


def test_a_hold_of_the_extract_ends_with_the_debt(source: Source) -> None:
    says(source, f"{own()};Garantia")
    says(source, f"{own()};Cancelada", day=1)
    assert source.held() == []


# ---- as a person says


def by_person(source: Source, on: date | None = None) -> str:
    [(debt,)] = source.ask("SELECT id FROM debts")
    write_off(source.engine, debt, Extinction.CANCELLATION, "ana", "processo 7", NOON + timedelta(days=3), on)
    return str(debt)


def test_a_person_writes_a_debt_off_and_no_extract_takes_that_back(source: Source) -> None:
    says(source, f"{own()};")
    source.opens_cases()
    debt = by_person(source)
    assert extinct(source) == [("I1", date(2026, 11, 23), 0)]
    assert [event for _, event in source.owed()] == ["extract_changed"]
    [(why,)] = source.ask("SELECT reason FROM decisions WHERE kind = 'extinction_confirmed'")
    assert why == (
        f"débito {debt} baixado: cancelamento do lançamento ou da inscrição (CTN arts. 145 e 149), desde 23/11/2026,"
        " por ana: processo 7"
    )
    says(source, f"{own('900.00')};", day=4)
    assert extinct(source) == [("I1", date(2026, 11, 23), 0)]


def test_a_write_off_is_undone_whoever_said_it(source: Source) -> None:
    says(source, f"{own()};")
    debt = by_person(source)
    undo_write_off(source.engine, debt, "bia", "engano", NOON + timedelta(days=4))
    assert extinct(source) == [("I1", None, 1000)]
    says(source, f"{own('0.00')};", day=5)
    undo_write_off(source.engine, debt, "bia", "o pagamento era de outro", NOON + timedelta(days=6))
    assert extinct(source) == [("I1", None, 1000)]
    with source.engine.connect() as connection:
        listed = [(row["source"], row["by"], row["undone_by"]) for row in list_write_offs(connection)]
    assert listed == [("person", "ana", "bia"), ("extract", "taxpayers import", "bia")]
    with pytest.raises(Refusal, match="isn't written off"):
        undo_write_off(source.engine, debt, "bia", "outra vez", NOON)


def test_a_case_that_ended_by_a_write_off_goes_on_when_it_is_undone(source: Source) -> None:
    says(source, f"{own()};")
    source.opens_cases()
    debt = by_person(source)
    with source.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET closed_at = now(), status = 'resolved'")
    undone = undo_write_off(source.engine, debt, "bia", "engano", NOON + timedelta(days=4))
    assert len(undone.cases) == 1
    assert source.ask("SELECT status, closed_at FROM cases") == [("running", None)]


@pytest.mark.parametrize(("on", "refusal"), [(date(2026, 11, 24), "still to come"), (None, "extinct since 2026-11-23")])
def test_what_can_not_be_written_off(source: Source, on: date | None, refusal: str) -> None:
    says(source, f"{own()};")
    if on is None:
        by_person(source)
    with pytest.raises(Refusal, match=refusal):
        by_person(source, on=on)
    with pytest.raises(Refusal, match="there is no debt nothing"):
        write_off(source.engine, "nothing", Extinction.PAYMENT, "ana", "x", datetime.now(tz=NOON.tzinfo))
