"""Money that people put elsewhere or give back, on a real PostgreSQL: by new entries, told at once, to the cent."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from models.payment.pix import PixPayment, PixRefund
from storage.payments.corrections import list_corrections, move, refund, unmatch
from storage.payments.ledger import record_pix
from storage.payments.matching import match, unmatched
from tests.bank_lines import Paid, febraban
from tests.storage.payments.test_bank_files import NOW, PAID_AT, Till
from tests.web.pix_world import Owing, end_to_end_id


@pytest.fixture
def till(engine: Engine, tmp_path: Path) -> Till:
    return Till(engine, tmp_path)


def stray(till: Till, amount: str = "100.00") -> int:
    """A Pix for nothing that we know of."""
    record_pix(till.engine, [PixPayment(end_to_end_id(), "RG" + "F" * 32, Decimal(amount), PAID_AT)], NOW)
    return newest(till)


def newest(till: Till) -> int:
    return int(till.rows("SELECT max(id) FROM payments")[0][0])


class TestUnmatch:
    def test_a_wrong_match_is_undone_and_the_money_matched_anew(self, till: Till) -> None:
        wrong, _ = till.owing_case()
        right, _ = till.owing_case()
        payment = stray(till)
        match(till.engine, payment, wrong.debt, "ana", NOW)
        undone = unmatch(till.engine, payment, "bia", "outro contribuinte", NOW)
        assert (undone.payment, undone.amount) == (payment, Decimal("100.00"))
        assert (till.received(wrong), till.received(right)) == ("0.00", "0.00")
        with till.engine.connect() as connection:
            assert [row["id"] for row in unmatched(connection)] == [undone.part]
        match(till.engine, payment, right.debt, "bia", NOW)
        assert (till.received(wrong), till.received(right)) == ("0.00", "100.00")
        assert till.balances()

    def test_what_was_recorded_stays(self, till: Till) -> None:
        wrong, _ = till.owing_case()
        payment = stray(till)
        match(till.engine, payment, wrong.debt, "ana", NOW)
        before = till.rows("SELECT * FROM payments")
        journal = till.rows("SELECT * FROM decisions ORDER BY id")
        unmatch(till.engine, payment, "bia", "outro contribuinte", NOW)
        assert till.rows("SELECT * FROM payments ORDER BY id")[:1] == before
        assert till.rows("SELECT * FROM decisions ORDER BY id")[: len(journal)] == journal

    def test_the_case_hears_of_it_with_the_reason(self, till: Till) -> None:
        wrong, case = till.owing_case()
        payment = stray(till)
        match(till.engine, payment, wrong.debt, "ana", NOW)
        unmatch(till.engine, payment, "bia", "outro contribuinte", NOW)
        told = 'SELECT "case", kind, reason FROM decisions ORDER BY id DESC LIMIT 1'
        why = "R$ 100,00 de um pagamento recebido por Pix deixam de contar aqui, por bia: outro contribuinte"
        assert till.rows(told) == [(case, "payment_reversed", why)]
        assert till.rows("SELECT name FROM outbox ORDER BY id DESC LIMIT 1") == [("payment_reversed",)]

    def test_a_case_that_it_had_resolved_is_opened_again(self, till: Till) -> None:
        taxpayer = till.taxpayer()
        wrong, payment = till.debt(taxpayer), stray(till)
        match(till.engine, payment, wrong.debt, "ana", NOW)
        case = till.case(taxpayer, status="resolved", closed="2026-03-04")
        unmatch(till.engine, payment, "bia", "outro contribuinte", NOW)
        assert till.rows(f"SELECT status, closed_at FROM cases WHERE id = '{case}'") == [("running", None)]

    def test_what_is_on_nothing_can_t_be_taken_off(self, till: Till) -> None:
        payment = stray(till)
        with pytest.raises(Refusal, match=f"payment {payment} is on nothing"):
            unmatch(till.engine, payment, "bia", "engano", NOW)
        with pytest.raises(Refusal, match="there is no payment 99"):
            unmatch(till.engine, 99, "bia", "engano", NOW)

    def test_its_bank_s_second_report_is_still_the_same_payment(self, till: Till) -> None:
        """A Pix put on another debt by hand, and then reported by a bank's file under the code that was paid."""
        paid, _ = till.owing_case()
        meant, _ = till.owing_case()
        till.pix(paid)
        unmatch(till.engine, newest(till), "bia", "engano", NOW)
        match(till.engine, newest(till), meant.debt, "bia", NOW)
        till.take(by_pix(till, paid))
        assert (till.received(paid), till.received(meant)) == ("0.00", "100.00")
        assert till.balances()


def by_pix(till: Till, owing: Owing) -> list[str]:
    return febraban([Paid(till.slip(owing), channel="9")])


class TestMove:
    def test_an_excess_goes_to_another_open_debt_of_the_person(self, till: Till) -> None:
        person = till.taxpayer()
        one, other, case = till.debt(person), till.debt(person), till.case(person)
        till.pix(one, "160.00")
        moved = move(till.engine, newest(till), other.debt, "bia", "pagou a maior", NOW)
        assert moved.amount == Decimal("60.00")
        assert (till.received(one), till.received(other)) == ("100.00", "60.00")
        assert till.states("excess") == []
        assert till.states("moved") == [("matched", "160.00", "100.00", "0.00", "0.00")]
        assert till.balances()
        told = f"SELECT kind FROM decisions WHERE \"case\" = '{case}' ORDER BY id"
        assert till.rows(told) == [("payment",), ("payment_reversed",), ("payment",)]

    def test_no_more_than_the_other_owes(self, till: Till) -> None:
        person = till.taxpayer()
        one, other = till.debt(person), till.debt(person, amount="40.00")
        till.pix(one, "160.00")
        assert move(till.engine, newest(till), other.debt, "bia", "sobra", NOW).amount == Decimal("40.00")
        assert till.states("excess") == [("excess", "160.00", "100.00", "20.00", "0.00")]
        assert till.balances()

    @pytest.mark.parametrize(
        ("debt", "says"),
        [("another person's", "another person's"), ("itself", "already"), ("none", "there is no debt")],
    )
    def test_it_goes_nowhere_else(self, till: Till, debt: str, says: str) -> None:
        person = till.taxpayer()
        one = till.debt(person)
        wanted = {"another person's": till.debt(till.taxpayer()).debt, "itself": one.debt, "none": "0" * 16}[debt]
        till.pix(one, "160.00")
        with pytest.raises(Refusal, match=says):
            move(till.engine, newest(till), wanted, "bia", "sobra", NOW)

    def test_what_a_debt_needed_stays_there(self, till: Till) -> None:
        person = till.taxpayer()
        one, other = till.debt(person), till.debt(person)
        till.pix(one, "100.00")
        with pytest.raises(Refusal, match="nothing of payment"):
            move(till.engine, newest(till), other.debt, "bia", "sobra", NOW)
        till.pix(one, "30.00")
        with pytest.raises(Refusal, match="only R\\$ 30,00"):
            move(till.engine, newest(till), other.debt, "bia", "sobra", NOW, Decimal("31.00"))

    def test_a_debt_that_owes_nothing_takes_nothing(self, till: Till) -> None:
        person = till.taxpayer()
        one, other = till.debt(person), till.debt(person)
        till.pix(other, "100.00")
        till.pix(one, "160.00")
        with pytest.raises(Refusal, match="nothing is owed"):
            move(till.engine, newest(till), other.debt, "bia", "sobra", NOW)


class TestRefund:
    def test_by_default_it_is_what_is_too_much(self, till: Till) -> None:
        owing, case = till.owing_case()
        till.pix(owing, "160.00")
        assert refund(till.engine, newest(till), "bia", "restituição 7/2026", NOW).amount == Decimal("60.00")
        assert till.states("reversed") == [("matched", "160.00", "100.00", "0.00", "60.00")]
        assert till.received(owing) == "100.00"
        assert till.balances()
        last = f"SELECT reason FROM decisions WHERE \"case\" = '{case}' ORDER BY id DESC LIMIT 1"
        why = "devolução de R$ 60,00 de um pagamento recebido por Pix, por bia: restituição 7/2026"
        assert till.rows(last) == [(why,)]

    def test_the_bank_s_own_report_of_it_is_the_same_refund(self, till: Till) -> None:
        owing, _ = till.owing_case()
        paid = till.pix(owing, "160.00")
        refund(till.engine, newest(till), "bia", "restituição", NOW)
        for _ in range(2):
            till.pix(owing, "160.00", refunded="60.00", id=paid)
        assert till.states() == [("matched", "160.00", "100.00", "0.00", "60.00")]
        again = PixPayment(paid, owing.txid, Decimal("160.00"), PAID_AT, (PixRefund("R2", Decimal("60.00"), NOW),))
        record_pix(till.engine, [again], NOW)
        assert till.states() == [("matched", "160.00", "40.00", "0.00", "120.00")]

    def test_what_is_not_too_much_only_where_it_is_said(self, till: Till) -> None:
        owing, _ = till.owing_case()
        till.pix(owing, "100.00")
        with pytest.raises(Refusal, match="--amount says how much"):
            refund(till.engine, newest(till), "bia", "sentença", NOW)
        with pytest.raises(Refusal, match="no more than R\\$ 100,00"):
            refund(till.engine, newest(till), "bia", "sentença", NOW, Decimal("100.01"))
        refund(till.engine, newest(till), "bia", "sentença", NOW, Decimal("100.00"))
        assert till.received(owing) == "0.00"
        with pytest.raises(Refusal, match="given back whole"):
            refund(till.engine, newest(till), "bia", "sentença", NOW)

    def test_the_bank_s_refund_is_of_what_people_put_elsewhere_first(self, till: Till) -> None:
        person = till.taxpayer()
        one, other = till.debt(person), till.debt(person)
        paid = till.pix(one, "160.00")
        move(till.engine, newest(till), other.debt, "bia", "sobra", NOW)
        till.pix(one, "160.00", refunded="90.00", id=paid)
        assert (till.received(one), till.received(other)) == ("70.00", "0.00")
        assert till.balances()


def test_each_correction_is_listed(till: Till) -> None:
    person = till.taxpayer()
    one, other = till.debt(person), till.debt(person)
    till.pix(one, "160.00")
    first = newest(till)
    moved = move(till.engine, first, other.debt, "bia", "sobra", NOW)
    undone = unmatch(till.engine, moved.part or 0, "ana", "engano", NOW)
    refund(till.engine, undone.part or 0, "bia", "restituição", datetime(2026, 3, 4, tzinfo=UTC))
    with till.engine.connect() as connection:
        listed = list(list_corrections(connection))
        kinds = [[row["id"] for row in list_corrections(connection, kind)] for kind in ("moved", "refunded")]
    keys = ("kind", "payment", "debt", "to", "by", "reason")
    assert [tuple(row[key] for key in keys) for row in listed] == [  # type: ignore[literal-required]
        ("moved", first, one.debt, other.debt, "bia", "sobra"),
        ("unmatched", moved.part, other.debt, None, "ana", "engano"),
        ("refunded", undone.part, None, None, "bia", "restituição"),
    ]
    assert kinds == [[listed[0]["id"]], [listed[2]["id"]]]
    assert till.balances()
