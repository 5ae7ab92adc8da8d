"""Extracts speak of themselves and of debts they had before: amounts, days, debtors, rows that are no use."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.payment.pix import PixPayment
from storage.payments.ledger import record_pix
from tests.builders import REGISTERED
from tests.storage.intake.test_imports import ABC, ACME, Intake, pgfn
from tests.storage.payments.test_offers import City

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)
OWN = "tax_id;name;uf;tax;inscription;due;amount"


def own(
    amount: str = "1000.00", inscription: str = "I1", tax_id: str = ACME, name: str = "ACME", tax: str = "IPTU"
) -> str:
    return f"{tax_id};{name};AL;{tax};{inscription};2025-10-20;{amount}"


class Source(Intake):
    """A source that says what is left of each debt."""

    def says(self, *rows: str, day: int = 0, **more: Any) -> Any:
        return self.debts(*rows, header=OWN, now=NOON + timedelta(days=day), **{"amounts": "left", **more})

    def pays(self, amount: str, day: int, heard: int | None = None) -> None:
        """Somebody pays the only debt by Pix, and we hear of it on another day."""
        [(txid, number)] = self.ask("SELECT pix_txid, (SELECT count(*) FROM payments) FROM debts")
        paid = PixPayment(f"E{number:031}", txid, Decimal(amount), NOON + timedelta(days=day))
        record_pix(self.engine, [paid], NOON + timedelta(days=day if heard is None else heard))

    def opens_cases(self) -> None:
        City(self.engine, self.file.parent).starts(ruler=REGISTERED, on=NOON.date())
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM outbox"))

    def balance(self) -> Decimal:
        [(balance,)] = self.ask("SELECT balance FROM debts")
        return Decimal(balance)


@pytest.fixture
def source(engine: Engine, tmp_path: Path) -> Source:
    return Source(engine, tmp_path)


# ---- what is left


def test_what_was_paid_before_is_off_what_is_left_already_and_what_is_paid_later_is_not(source: Source) -> None:
    source.says(own("1000.00"))
    source.pays("600.00", day=1)
    source.says(own("400.00"), day=10)
    assert source.balance() == 400
    source.pays("150.00", day=11)
    assert source.balance() == 250
    source.says(own("400.00"), day=12)
    assert source.balance() == 250
    source.says(own("250.00"), day=30)
    assert source.balance() == 250
    assert source.held() == []


def test_what_was_lodged_is_lessened_by_all_that_was_paid(source: Source) -> None:
    source.says(own("1000.00"), amounts="lodged")
    source.pays("600.00", day=1)
    source.says(own("1000.00"), day=20, amounts="lodged")
    assert source.balance() == 400


def test_a_payment_that_we_hear_of_late_is_not_taken_off_again(source: Source) -> None:
    source.says(own("1000.00"))
    source.says(own("400.00"), day=30)
    source.pays("600.00", day=3, heard=33)
    assert source.balance() == 400
    source.says(own("400.00"), day=60)
    assert source.balance() == 400
    assert source.held() == []


def test_a_payment_of_the_last_days_counts_and_is_not_asked_for_again(source: Source) -> None:
    """The bank may not have told the source; nobody who has paid is dunned meanwhile."""
    source.says(own("1000.00"))
    source.says(own("1000.00"), day=10)
    source.pays("1000.00", day=9, heard=12)
    assert source.balance() == 0


def test_where_the_source_never_hears_of_a_payment_people_look(source: Source) -> None:
    source.says(own("1000.00"))
    source.pays("600.00", day=1)
    source.opens_cases()
    source.says(own("1000.00"), day=1)
    assert source.balance() == 400
    assert source.held() == []
    told = source.says(own("1000.00"), day=20)
    assert told.on_hold == {"data_under_review": 1}
    assert source.balance() == 1000
    assert source.held() == [("I1", "data_under_review", "person")]
    [(why,)] = source.ask("SELECT reason FROM holds")
    assert why == ("o extrato de 10/12/2026 diz R$ 1.000,00 em aberto, sem abater o que foi pago até então: R$ 600,00")
    assert [event for _, event in source.owed()] == ["extract_changed"]
    source.says(own("1000.00"), day=30)
    assert source.held() == [("I1", "data_under_review", "person")]


def test_a_source_is_remembered_by_what_its_amounts_were(source: Source) -> None:
    source.says(own("1000.00"), snapshot_of="roll")
    source.pays("600.00", day=1)
    told = source.says(own("400.00"), day=10, snapshot_of="roll", amounts=None)
    assert told.amounts == "left"
    assert source.balance() == 400
    assert source.says(own("400.00"), day=10, amounts=None).amounts == "lodged"
    assert source.debts(pgfn()).amounts == "left"


def test_a_snapshot_is_of_the_day_that_a_rehearsal_has_come_to_and_of_the_wall_s_beside_a_real_case(
    source: Source,
) -> None:
    """A day a minute since the day before: 1,440 of them, so 30/10/2030."""
    assert source.says(own(), snapshot_of="roll").as_of == NOON.date()
    source.opens_cases()
    assert source.says(own(), snapshot_of="roll").as_of == NOON.date()
    began = {"origin_wall": f"{NOON - timedelta(days=1)}", "origin_day": "2026-11-20"}
    clock = {"day_seconds": "60", "timezone": "America/Maceio", **began}
    with source.engine.begin() as connection:
        connection.execute(text("UPDATE cohorts SET clock = CAST(:clock AS jsonb)"), {"clock": json.dumps(clock)})
    assert source.says(own(), snapshot_of="roll").as_of == date(2030, 10, 30)
    assert source.ask("SELECT as_of FROM extract_sources") == [(date(2030, 10, 30),)]
    source.debts(own(inscription="I2", tax_id=ABC, name="ABC"), header=OWN, now=NOON)
    City(source.engine, source.file.parent).starts(ruler=REGISTERED, on=NOON.date())
    assert source.says(own(), own(inscription="I2", tax_id=ABC, name="ABC")).as_of == NOON.date()


def test_on_a_compressed_clock_the_day_of_an_import_is_the_case_s_own(source: Source) -> None:
    """Days last a minute: two hours after it began, the case is in March."""
    source.says(own("1000.00"))
    source.opens_cases()
    began = {"origin_wall": NOON.isoformat(), "origin_day": "2026-11-20"}
    clock = {"day_seconds": "60", "timezone": "America/Maceio", **began}
    with source.engine.begin() as connection:
        connection.execute(text("UPDATE cohorts SET clock = CAST(:clock AS jsonb)"), {"clock": json.dumps(clock)})
    [(txid,)] = source.ask("SELECT pix_txid FROM debts")
    heard = NOON + timedelta(minutes=100)
    record_pix(source.engine, [PixPayment(f"E{7:031}", txid, Decimal("600.00"), heard)], heard)
    assert source.ask("SELECT paid_on FROM payments") == [(date(2027, 2, 28),)]
    source.debts(own("400.00"), header=OWN, now=NOON + timedelta(minutes=120), amounts="left")
    assert source.balance() == 400
    assert source.ask("SELECT as_of FROM debts") == [(date(2027, 3, 20),)]


# ---- the day


def test_an_older_snapshot_never_takes_the_place_of_a_newer_one(source: Source) -> None:
    source.says(own("400.00"), snapshot_of="roll", as_of=date(2026, 11, 10))
    with pytest.raises(Refusal, match="roll is known as of 2026-11-10 already; a snapshot of 2026-11-09"):
        source.says(own("900.00"), snapshot_of="roll", as_of=date(2026, 11, 9))
    assert source.balance() == 400


def test_rows_older_than_what_is_known_are_passed_over_one_by_one(source: Source) -> None:
    source.says(own("400.00"), as_of=date(2026, 11, 10))
    told = source.says(own("900.00"), own("70.00", "I2"), as_of=date(2026, 11, 9))
    assert (told.outdated, told.debts) == (1, 1)
    assert source.ask("SELECT inscription, balance FROM debts ORDER BY 1") == [("I1", 400), ("I2", 70)]


def test_no_extract_is_of_a_day_to_come(source: Source) -> None:
    with pytest.raises(Refusal, match="--as-of 2026-11-21 is in the future"):
        source.says(own(), as_of=date(2026, 11, 21))
    assert source.ask("SELECT count(*) FROM debts") == [(0,)]


# ---- debtors


def test_who_is_no_longer_named_is_off_the_debt_and_his_case_is_told(source: Source) -> None:
    source.says(own(), own(tax_id=ABC, name="ABC"), snapshot_of="roll")
    source.opens_cases()
    source.says(own(), snapshot_of="roll")
    assert source.ask("SELECT tax_id FROM debtors JOIN taxpayers ON id = taxpayer") == [("11222333000181",)]
    of_the_other = "FROM cases JOIN taxpayers ON taxpayers.id = taxpayer AND tax_id = '12ABC34501DE35'"
    [(case, debt)] = source.ask(f"SELECT cases.id, (SELECT id FROM debts) {of_the_other}")
    assert (case, "extract_changed") in source.owed()
    told = source.ask(f"SELECT reason {of_the_other} JOIN decisions ON \"case\" = cases.id AND kind = 'debtor_removed'")
    assert told == [(f"o último extrato não o nomeia mais devedor do débito {debt}",)]
    source.says(own(), own(tax_id=ABC, name="ABC"), snapshot_of="roll")
    assert source.ask("SELECT count(*) FROM debtors") == [(2,)]


def test_a_file_that_is_no_snapshot_takes_nobody_off(source: Source) -> None:
    source.says(own(), own(tax_id=ABC, name="ABC"))
    source.says(own())
    assert source.ask("SELECT count(*) FROM debtors") == [(2,)]


def test_a_debtor_whose_row_can_not_be_read_is_not_gone(source: Source) -> None:
    source.says(own(), own(tax_id=ABC, name="ABC"), snapshot_of="roll")
    source.says(own(), own(tax_id=f"{ABC[:-1]}9", name="ABC"), snapshot_of="roll")
    assert source.ask("SELECT count(*) FROM debtors") == [(2,)]
    assert source.held() == [("I1", "unusable_row", "extract")]


# ---- rows that are no use


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (own("a lot"), "linha 3: amount is not an amount: 1234.56, 1234,56 or 1.234,56"),
        (own(tax_id="1"), "linha 3: tax_id is neither a CPF (11 digits) nor a CNPJ (14 characters)"),
        (own(inscription="i-1", name=""), "linha 3: name is missing"),
        (own(name="ACME; FILIAL"), "linha 3: has 8 columns, the header 7"),
        (own().rpartition(";")[0], "linha 3: has 6 columns, the header 7"),
    ],
)
def test_a_known_debt_is_held_with_the_line_that_could_not_be_read(source: Source, bad: str, reason: str) -> None:
    of_another_tax = own().replace("IPTU", "ISS")
    source.says(own("900.00"), own(inscription="I2"), of_another_tax, snapshot_of="roll")
    source.open_case(tax="IPTU")
    told = source.says(own(inscription="I2"), bad, of_another_tax, snapshot_of="roll")
    assert told.on_hold == {"unusable_row": 1}
    query = "SELECT tax, inscription, ground, reason FROM holds JOIN debts ON debts.id = debt WHERE lifted_at IS NULL"
    assert source.ask(query) == [("IPTU", "I1", "unusable_row", reason)]
    assert source.owed() == [("case-1", "extract_changed")]
    source.says(own(inscription="I2"), bad, of_another_tax, snapshot_of="roll")
    assert len(source.held()) == 1
    source.says(own("900.00"), own(inscription="I2"), of_another_tax, snapshot_of="roll")
    assert source.held() == []


def test_a_row_of_no_known_debt_that_is_no_use_holds_nothing(source: Source) -> None:
    source.says(own())
    source.says(own(), own("a lot", "I9"), "x")
    assert source.held() == []


def test_pgfn_s_rows_that_are_no_use_hold_their_debts_too(source: Source) -> None:
    source.debts(pgfn(), pgfn("I2"))
    source.debts(pgfn(on="01/01/1000"), pgfn("I2"))
    assert source.held() == [("I1", "unusable_row", "extract")]


def test_nothing_that_is_staged_outlives_the_import(source: Source) -> None:
    source.says(own())
    with source.engine.connect() as connection:
        query = text("SELECT count(*) FROM pg_class WHERE relpersistence = 't'")
        assert connection.execute(query).scalar_one() == 0
