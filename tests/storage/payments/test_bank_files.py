"""Bank files on a real PostgreSQL: what counts, once, and what became of every cent."""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.payment.barcode import our_number
from models.payment.pix import PixPayment, PixRefund
from storage.audit.invariants import violations
from storage.intake.files import look_over_text
from storage.intake.rejects import Rejects
from storage.payments.bank_files import BankFileImported, import_bank_file
from storage.payments.ledger import record_pix
from storage.payments.matching import match
from storage.payments.statement import list_payments, reconcile
from storage.payments.unmatched_reversals import list_unmatched_reversals
from tests.bank_lines import PAID_ON, Paid, barcode, cnab240, febraban, header, trailer
from tests.owing import debtor
from tests.web.pix_world import COMPRESSED, TO_CASES, Owing, World, end_to_end_id

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
PAID_AT = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
"""In São Paulo still the evening of PAID_ON."""


class Till(World):
    """The world, with a counter at which files are handed in."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        super().__init__(engine)
        self.file, self.rejects = folder / "return.ret", folder / "rejects.csv"

    def take(self, lines: Sequence[str], accept_totals: bool = False, accept_repeat: bool = False) -> BankFileImported:
        self.file.write_bytes("".join(f"{line}\r\n" for line in lines).encode("latin-1"))
        with Rejects(self.rejects) as rejects:
            return import_bank_file(
                self.engine,
                look_over_text(self.file),
                rejects,
                NOW,
                accept_totals=accept_totals,
                accept_repeat=accept_repeat,
            )

    def slip(self, owing: Owing, value: str = "100.00") -> str:
        return barcode(self.slip_number(owing), value)

    def slip_number(self, owing: Owing) -> int:
        return int(self.rows(f"SELECT slip_number FROM debts WHERE id = '{owing.debt}'")[0][0])

    def pix(self, owing: Owing, amount: str = "100.00", refunded: str | None = None, id: str | None = None) -> str:
        refunds = (PixRefund("R1", Decimal(refunded), NOW),) if refunded else ()
        payment = PixPayment(id or end_to_end_id(), owing.txid, Decimal(amount), PAID_AT, refunds)
        record_pix(self.engine, [payment], NOW)
        return payment.end_to_end_id

    def states(self, state: Any = None) -> list[tuple[str, str, str, str, str]]:
        with self.engine.connect() as connection:
            found = list(list_payments(connection, state))
        parts = ("state", "amount", "allocated", "excess", "reversed")
        return [tuple(map(str, itemgetter(*parts)(payment))) for payment in found]  # type: ignore[misc]

    def balances(self, on: date | None = None) -> bool:
        with self.engine.connect() as connection:
            return reconcile(connection, on).balanced


@pytest.fixture
def till(engine: Engine, tmp_path: Path) -> Till:
    return Till(engine, tmp_path)


def counts(imported: BankFileImported) -> tuple[int, int, str, int, int]:
    return (imported.records, imported.accepted, f"{imported.amount:.2f}", imported.duplicates, imported.unmatched)


class TestImport:
    def test_a_payment_lowers_its_debt_and_tells_each_open_case(self, till: Till) -> None:
        owers = [till.taxpayer(), till.taxpayer()]
        owing, told = till.debt(*owers), {till.case(ower) for ower in owers}
        assert counts(till.take(febraban([Paid(till.slip(owing), "40.00")]))) == (1, 1, "40.00", 0, 0)
        assert till.received(owing) == "40.00"
        assert till.rows("SELECT channel, paid_on, end_to_end_id FROM payments") == [("bank", PAID_ON, None)]
        said = (PAID_ON, "payment", "pagamento de R$ 40,00 recebido pelo banco")
        assert set(till.rows('SELECT "case", at, kind, reason FROM decisions')) == {(case, *said) for case in told}
        assert {case for (case,) in till.rows(f'SELECT "case" FROM outbox WHERE {TO_CASES}')} == told

    def test_on_a_compressed_clock_it_is_dated_by_its_arrival(self, till: Till) -> None:
        owing, _ = till.owing_case(cohort="compressed")
        till.take(febraban([Paid(till.slip(owing))]))
        assert till.rows("SELECT paid_on FROM payments") == [(COMPRESSED.day_at(NOW),)]

    def test_on_a_compressed_clock_it_is_dated_by_a_day_that_the_clock_has_passed(self, till: Till) -> None:
        owing, _ = till.owing_case(cohort="compressed")
        today, slip = COMPRESSED.day_at(NOW), till.slip(owing)
        days = [COMPRESSED.origin_day, today - timedelta(days=5), today, today + timedelta(days=1)]
        till.take(
            [header(made_on=days[-1]), *(Paid(slip, on=day).line(n) for n, day in enumerate(days))], accept_totals=True
        )
        dated = [*days[:-1], today]
        assert till.rows("SELECT paid_on FROM payments ORDER BY paid_at") == [(day,) for day in dated]
        assert till.rows("SELECT at FROM decisions WHERE kind = 'payment' ORDER BY id") == [(day,) for day in dated]

    def test_a_cnab_title_is_known_by_its_nosso_numero(self, till: Till) -> None:
        owing, _ = till.owing_case()
        number = our_number(till.slip_number(owing))
        assert counts(till.take(cnab240([(number, "06", "60.00"), (number, "02", "60.00")]))) == (1, 1, "60.00", 0, 0)
        assert till.received(owing) == "60.00"

    def test_bad_lines_are_set_aside_and_the_good_ones_stand(self, till: Till) -> None:
        owing, _ = till.owing_case()
        good, bad = till.slip(owing), till.slip(owing)
        bad = bad[:3] + str((int(bad[3]) + 1) % 10) + bad[4:]
        imported = till.take(febraban([Paid(good), Paid(bad, "7.00"), Paid(barcode(10**9), "3.00")]))
        assert counts(imported) == (3, 2, "103.00", 0, 1)
        assert "3,the check digit of the barcode is wrong,G" in till.rejects.read_text()
        assert till.received(owing) == "100.00"
        assert till.balances()

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n"])
    def test_however_its_text_is_written(self, till: Till, mark: bytes, encoding: str, end: bytes) -> None:
        owing, _ = till.owing_case()
        lines = febraban([Paid(till.slip(owing), "40.00")])
        lines[0] = lines[0].replace("PREFEITURA", "SÃO JOSÉ  ")
        text = [b"", *(line.encode(encoding) for line in lines), b"", b"\x1a"]
        till.file.write_bytes(mark + end.join(text))
        with Rejects(till.rejects) as rejects:
            imported = import_bank_file(till.engine, look_over_text(till.file), rejects, NOW)
        assert (imported.applied, counts(imported)) == (True, (1, 1, "40.00", 0, 0))

    def test_a_blank_line_makes_no_other_file_of_it(self, till: Till) -> None:
        owing, _ = till.owing_case()
        lines = febraban([Paid(till.slip(owing))])
        till.take(lines)
        with pytest.raises(Refusal, match="file number 1 of this convênio was imported before"):
            till.take(["", *lines, "\x1a"])

    def test_many_batches(self, till: Till) -> None:
        owing, _ = till.owing_case("100000.00")
        imported = till.take(febraban([Paid(till.slip(owing), "1.00")] * 2_500))
        assert counts(imported) == (2_500, 2_500, "2500.00", 0, 0)
        assert till.received(owing) == "2500.00"


class TestNumbers:
    def test_a_repeat_is_refused_and_accepted_counts_nothing_again(self, till: Till) -> None:
        owing, _ = till.owing_case()
        lines = febraban([Paid(till.slip(owing)), Paid(till.slip(owing)), Paid(barcode(10**9), "3.00")])
        till.take(lines)
        with pytest.raises(Refusal, match="file number 1 of this convênio was imported before"):
            till.take(lines)
        again = till.take(lines, accept_repeat=True)
        assert counts(again) == (3, 3, "203.00", 3, 0)
        assert till.received(owing) == "200.00"
        assert till.rows("SELECT state, number FROM bank_files") == [("applied", 1)]

    def test_gaps_and_latecomers_are_said(self, till: Till) -> None:
        assert till.take(febraban([], number=3)).warnings == []
        assert "number 4 is missing" in till.take(febraban([], number=5)).warnings[0]
        assert "numbers 6 to 8 are missing" in till.take(febraban([], number=9)).warnings[0]
        assert "comes after number 9" in till.take(febraban([], number=4)).warnings[0]
        assert till.take(febraban([], number=1, agreement="OTHER")).warnings == []

    def test_an_import_that_was_cut_off_is_taken_up(self, till: Till) -> None:
        owing, _ = till.owing_case()
        lines = febraban([Paid(till.slip(owing), "10.00"), Paid(till.slip(owing), "20.00")])
        till.take(lines)
        with till.engine.begin() as connection:
            connection.execute(text("UPDATE bank_files SET state = 'applying', applied_at = NULL"))
        assert counts(till.take(lines)) == (2, 2, "30.00", 2, 0)
        assert till.rows("SELECT state FROM bank_files") == [("applied",)]


class TestTrailer:
    def test_what_disagrees_is_kept_aside_until_accepted(self, till: Till) -> None:
        owing, _ = till.owing_case()
        lines = [*febraban([Paid(till.slip(owing))])[:-1], trailer(3, "99.00")]
        for _ in range(2):
            imported = till.take(lines)
            assert (imported.applied, len(imported.disagreements)) == (False, 1)
            assert till.received(owing) == "0.00"
            assert till.rows("SELECT state, accepted FROM bank_files") == [("disagreeing", 1)]
        assert till.take(lines, accept_totals=True).applied
        assert till.received(owing) == "100.00"
        assert till.rows("SELECT state FROM bank_files") == [("applied",)]

    def test_each_guard_is_passed_by_itself(self, till: Till) -> None:
        owing, _ = till.owing_case()
        lines = febraban([Paid(till.slip(owing))])
        till.take(lines)
        wrong = [*febraban([Paid(till.slip(owing), "7.00")])[:-1], trailer(3, "99.00")]
        with pytest.raises(Refusal, match="--accept-repeat"):
            till.take(wrong, accept_totals=True)
        assert not till.take(wrong, accept_repeat=True).applied
        assert till.take(wrong, accept_repeat=True, accept_totals=True).applied
        assert till.received(owing) == "107.00"

    def test_the_banks_corrected_file_of_the_same_number_is_taken(self, till: Till) -> None:
        owing, _ = till.owing_case()
        whole = febraban([Paid(till.slip(owing))])
        assert not till.take(whole[:-1]).applied
        assert till.take(whole).applied
        assert till.received(owing) == "100.00"


class TestOnce:
    def test_the_webhook_first(self, till: Till) -> None:
        owing, _ = till.owing_case()
        till.pix(owing)
        lines = febraban([Paid(till.slip(owing), channel="9")])
        assert counts(till.take(lines)) == (1, 1, "100.00", 1, 0)
        assert till.received(owing) == "100.00"
        assert till.rows(f"SELECT count(*) FROM outbox WHERE {TO_CASES}") == [(1,)]
        assert till.take(lines, accept_repeat=True).duplicates == 1

    def test_the_file_first(self, till: Till) -> None:
        owing, _ = till.owing_case()
        till.take(febraban([Paid(till.slip(owing), channel="i")]))
        id = till.pix(owing)
        assert till.received(owing) == "100.00"
        till.pix(owing, id=id)
        assert till.received(owing) == "100.00"
        # the refund finds the payment that the file reported
        till.pix(owing, refunded="30.00", id=id)
        assert till.received(owing) == "70.00"
        assert till.balances()

    @pytest.mark.parametrize("file_first", [True, False])
    def test_two_equal_payments_of_a_day_stay_two(self, till: Till, file_first: bool) -> None:
        owing, _ = till.owing_case()
        lines = febraban([Paid(till.slip(owing), "10.00", channel="9")] * 2)
        if file_first:
            till.take(lines)
        till.pix(owing, "10.00")
        till.pix(owing, "10.00")
        if not file_first:
            assert till.take(lines).duplicates == 2
        assert till.received(owing) == "20.00"
        till.pix(owing, "10.00")
        assert till.received(owing) == "30.00"

    def test_one_webhook_and_two_lines_are_two_payments(self, till: Till) -> None:
        owing, _ = till.owing_case()
        till.pix(owing, "10.00")
        till.take(febraban([Paid(till.slip(owing), "10.00", channel="9")] * 2))
        assert till.received(owing) == "20.00"
        till.pix(owing, "10.00")
        assert till.received(owing) == "20.00"

    @pytest.mark.parametrize(
        "other", [{"channel": "1"}, {"amount": "99.99"}, {"on": date(2026, 3, 1)}], ids=["channel", "amount", "day"]
    )
    def test_what_differs_is_another_payment(self, till: Till, other: dict[str, Any]) -> None:
        owing, _ = till.owing_case("500.00")
        till.pix(owing)
        assert till.take(febraban([Paid(till.slip(owing), **{"channel": "9", **other})])).duplicates == 0

    def test_a_payment_that_two_files_report_with_its_authentication(self, till: Till) -> None:
        owing, _ = till.owing_case()
        same = Paid(till.slip(owing), authentication="AUT1")
        till.take(febraban([same]))
        assert till.take(febraban([same], number=2)).duplicates == 1
        assert till.take(febraban([Paid(same.code)], number=3)).duplicates == 0

    def test_a_line_said_twice_is_one_payment(self, till: Till) -> None:
        owing, _ = till.owing_case()
        first, line, _ = febraban([Paid(till.slip(owing), "10.00")])
        assert counts(till.take([first, line, line, trailer(4, "20.00")])) == (2, 2, "20.00", 1, 0)
        assert till.received(owing) == "10.00"

    def test_webhooks_and_a_file_at_the_same_time(self, till: Till) -> None:
        owings = [till.owing_case()[0] for _ in range(20)]
        lines = febraban([Paid(till.slip(owing), channel="9") for owing in reversed(owings)])
        webhooks = [threading.Thread(target=till.pix, args=(owing,)) for owing in owings]
        for webhook in webhooks:
            webhook.start()
        till.take(lines)
        for webhook in webhooks:
            webhook.join()
        assert {till.received(owing) for owing in owings} == {"100.00"}
        assert till.rows(f"SELECT count(*) FROM outbox WHERE {TO_CASES}") == [(20,)]


class TestStates:
    def test_each_cent_is_somewhere(self, till: Till) -> None:
        owing, _ = till.owing_case("100.00")
        slip = till.slip(owing)
        first = Paid(slip, "70.00", date(2026, 3, 1))
        till.take(febraban([first, Paid(slip, "50.00"), Paid(slip, "50.00"), Paid(barcode(10**9), "3.00")]))
        till.pix(owing, "5.00", refunded="5.00")
        assert till.states() == [
            ("matched", "70.00", "70.00", "0.00", "0.00"),
            ("excess", "50.00", "30.00", "20.00", "0.00"),
            ("excess", "50.00", "0.00", "50.00", "0.00"),
            ("unmatched", "3.00", "0.00", "0.00", "0.00"),
            ("reversed", "5.00", "0.00", "0.00", "5.00"),
        ]
        assert [len(till.states(state)) for state in ("unmatched", "excess", "reversed")] == [1, 2, 1]
        with till.engine.connect() as connection:
            proof = reconcile(connection, None)
        sums = (proof.receipts, proof.allocations, proof.excess, proof.unmatched, proof.reversals, proof.difference)
        assert sums == tuple(map(Decimal, ("178.00", "100.00", "70.00", "3.00", "5.00", "0.00")))
        assert proof.balanced

    def test_a_lost_cent_is_found(self, till: Till) -> None:
        owing, _ = till.owing_case()
        till.take(febraban([Paid(till.slip(owing))]))
        with till.engine.begin() as connection:
            connection.execute(text("UPDATE debts SET received = received - 0.01"))
        with till.engine.connect() as connection:
            proof = reconcile(connection, PAID_ON)
        assert (proof.difference, proof.faulty_debts, proof.balanced) == (Decimal("0.01"), [owing.debt], False)
        assert till.balances(date(2026, 3, 1))


class TestMatch:
    @pytest.fixture
    def lost(self, till: Till) -> int:
        till.take(febraban([Paid(barcode(10**9), "80.00")]))
        return int(till.rows("SELECT id FROM payments")[0][0])

    def test_puts_a_payment_on_a_debt(self, till: Till, lost: int) -> None:
        owing, case = till.owing_case()
        match(till.engine, lost, owing.debt, "ana", NOW)
        assert till.received(owing) == "80.00"
        reason = "pagamento de R$ 80,00 recebido antes e vinculado por ana"
        assert till.rows('SELECT "case", kind, reason FROM decisions') == [(case, "payment", reason)]
        assert till.rows(f'SELECT "case", name FROM outbox WHERE {TO_CASES}') == [(case, "payment_received")]
        assert till.rows("SELECT debt, matched_by, paid_on FROM payments") == [(owing.debt, "ana", PAID_ON)]
        assert till.balances()
        assert not till.states("unmatched")

    def test_twice_is_refused(self, till: Till, lost: int) -> None:
        owing, _ = till.owing_case()
        match(till.engine, lost, owing.debt, "ana", NOW)
        with pytest.raises(Refusal, match="already"):
            match(till.engine, lost, owing.debt, "ana", NOW)
        assert till.received(owing) == "80.00"

    def test_what_is_not_there_is_refused(self, till: Till, lost: int) -> None:
        owing, _ = till.owing_case()
        with pytest.raises(Refusal, match="no debt"):
            match(till.engine, lost, "nobodys", "ana", NOW)
        with pytest.raises(Refusal, match="no payment"):
            match(till.engine, lost + 1, owing.debt, "ana", NOW)

    def test_the_second_report_of_a_pix_is_no_other_payment(self, till: Till) -> None:
        owing, _ = till.owing_case()
        till.take(febraban([Paid(till.slip(owing), channel="9")]))
        till.pix(Owing("", "nobodys"))
        [(second,)] = till.rows("SELECT id FROM payments WHERE debt IS NULL")
        with pytest.raises(Refusal, match="the same Pix"):
            match(till.engine, second, owing.debt, "ana", NOW)
        till.pix(owing)
        match(till.engine, second, owing.debt, "ana", NOW)
        assert till.received(owing) == "200.00"

    def test_what_was_given_back_stays_given_back(self, till: Till) -> None:
        owing, _ = till.owing_case()
        stranger = Owing("", "nobodys")
        till.pix(stranger, "10.00", refunded="4.00")
        till.pix(stranger, "5.00", refunded="5.00")
        partly, wholly = (id for (id,) in till.rows("SELECT id FROM payments ORDER BY id"))
        match(till.engine, partly, owing.debt, "ana", NOW)
        assert till.received(owing) == "6.00"
        assert till.balances()
        with pytest.raises(Refusal, match="given back whole"):
            match(till.engine, wholly, owing.debt, "ana", NOW)


def test_an_open_case_is_told_of_each_payment_once(till: Till, owner: Engine) -> None:
    """As the invariants see it, matching by hand included: the money counts from then on."""
    till.take(febraban([Paid(barcode(10**9), "5.00")]))
    owing, case = till.owing_case()
    till.take(febraban([Paid(till.slip(owing), "10.00", channel="9")], number=2))
    till.pix(owing, "10.00")
    match(till.engine, till.rows("SELECT min(id) FROM payments")[0][0], owing.debt, "ana", NOW)
    with till.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET delivered_at = clock_timestamp()"))
    ruler = (Path(__file__).parents[3] / "rulers" / "alagoas-icms.yaml").read_text()
    with owner.begin() as connection:
        connection.execute(text("UPDATE rulers SET source = :ruler"), {"ruler": ruler})
    assert violations(till.engine, "real") == []
    assert till.rows(f'SELECT count(*), min("case") FROM outbox WHERE {TO_CASES}') == [(2, case)]


class TestTakenBack:
    """Caixa's movement 47, by the title that was paid."""

    def file(self, *titles: tuple[str, str, str], number: int = 1) -> list[str]:
        return ["104" + line[3:] for line in cnab240(titles, number)]

    def test_a_payment_is_taken_back_once_and_each_open_case_told(self, till: Till) -> None:
        owing, case = till.owing_case()
        title = our_number(till.slip_number(owing))
        till.take(self.file((title, "06", "60.00")))
        back = self.file((title, "47", "60.00"), number=2)
        imported = till.take(back)
        assert (imported.reversals, imported.accepted, imported.records) == (1, 0, 1)
        assert till.received(owing) == "0.00"
        assert till.rows(f"""SELECT name FROM outbox WHERE "case" = '{case}' AND {TO_CASES} ORDER BY id""") == [
            ("payment_received",),
            ("payment_reversed",),
        ]
        said = till.rows("SELECT reason FROM decisions WHERE kind = 'payment_reversed'")
        assert said == [("devolução de R$ 60,00 de um pagamento recebido pelo banco",)]
        till.take(back, accept_repeat=True)
        assert till.rows("SELECT amount::text FROM reversals") == [("60.00",)]
        assert till.balances()

    def test_paid_taken_back_and_paid_again_in_one_file(self, till: Till) -> None:
        owing, _ = till.owing_case()
        title = our_number(till.slip_number(owing))
        lines = self.file((title, "47", "60.00"), (title, "46", "60.00"), (title, "06", "60.00"))
        assert till.take(lines).reversals == 1
        till.take(lines, accept_repeat=True)
        assert till.received(owing) == "60.00"
        assert till.states("reversed") == [("reversed", "60.00", "0.00", "0.00", "60.00")]
        assert till.balances()

    def test_of_a_payment_that_is_nobody_s(self, till: Till) -> None:
        till.take(self.file(("999", "06", "60.00")))
        assert till.take(self.file(("999", "47", "20.00"), number=2)).reversals == 1
        assert till.states() == [("unmatched", "60.00", "0.00", "0.00", "20.00")]
        assert till.balances()

    def test_of_a_payment_that_was_matched_by_hand(self, till: Till) -> None:
        owing, _ = till.owing_case()
        till.take(self.file(("999", "06", "60.00")))
        match(till.engine, till.rows("SELECT id FROM payments")[0][0], owing.debt, "ana", NOW)
        till.take(self.file(("999", "47", "60.00"), number=2))
        assert till.received(owing) == "0.00"

    @pytest.mark.parametrize(("slip", "amount"), [("998", "60.00"), ("999", "60.01")])
    def test_what_was_never_paid_waits_and_is_listed(self, till: Till, slip: str, amount: str) -> None:
        till.take(self.file(("999", "06", "60.00")))
        imported = till.take(self.file((slip, "47", amount), number=2))
        assert (imported.reversals, imported.reversals_waiting, imported.records) == (0, 1, 1)
        assert "which `payments unmatched` lists" in imported.warnings[-1]
        with till.engine.connect() as connection:
            listed = list_unmatched_reversals(connection)
        assert [(each["slip"], str(each["amount"])) for each in listed] == [(slip, amount)]
        assert till.rows("SELECT count(*) FROM reversals") == [(0,)]

    def test_files_may_come_in_either_order(self, till: Till) -> None:
        owing, _ = till.owing_case()
        title = our_number(till.slip_number(owing))
        back = self.file((title, "47", "60.00"), number=2)
        for _ in range(2):
            till.take(back, accept_repeat=True)
        assert till.take(self.file((title, "06", "60.00"))).accepted == 1
        assert till.received(owing) == "0.00"
        assert till.states() == [("reversed", "60.00", "0.00", "0.00", "60.00")]
        with till.engine.connect() as connection:
            assert list_unmatched_reversals(connection) == []
        till.take(back, accept_repeat=True)
        assert till.states() == [("reversed", "60.00", "0.00", "0.00", "60.00")]
        assert till.balances()

    def test_of_a_title_that_was_paid_more_than_once_no_cent_is_left_over(self, till: Till) -> None:
        """The reversal of the second payment comes before it, and finds the first one alone."""
        till.take(self.file(("999", "06", "67.52")))
        till.take(self.file(("999", "47", "65.63"), number=2))
        till.take(self.file(("999", "47", "67.52"), number=3))
        till.take(self.file(("999", "06", "65.63"), number=4))
        assert [state for state, *_ in till.states()] == ["reversed", "reversed"]
        with till.engine.connect() as connection:
            assert list_unmatched_reversals(connection) == []
        assert till.balances()

    def test_of_another_bank_s_title_it_is_none(self, till: Till) -> None:
        till.take(cnab240([("999", "06", "60.00")]))
        assert till.take(self.file(("999", "47", "60.00"))).reversals == 0

    def test_a_case_that_it_paid_is_opened_again(self, till: Till) -> None:
        owing, case = till.owing_case()
        title = our_number(till.slip_number(owing))
        till.take(self.file((title, "06", "100.00")))
        with till.engine.begin() as connection:
            connection.execute(text("UPDATE cases SET status = 'resolved', closed_at = now()"))
        till.take(self.file((title, "47", "100.00"), number=2))
        assert till.rows("SELECT id FROM cases WHERE closed_at IS NULL") == [(case,)]


class TestPayer:
    """A number that doesn't bear our mark, at Sicoob; segment T states whose the title is."""

    def take(self, till: Till, owing: Owing, payer: str = " " * 16, amount: str = "60.00") -> int:
        lines = ["756" + line[3:] for line in cnab240([(f"{till.slip_number(owing):010}01014", "06", amount)])]
        lines = [line[:132] + payer + line[148:] if line[13:14] == "T" else line for line in lines]
        return till.take(lines).unmatched

    def owing(self, till: Till, tax_id: str) -> Owing:
        owing, _ = till.owing_case()
        with till.engine.begin() as connection:
            connection.execute(text("UPDATE taxpayers SET tax_id = :id"), {"id": tax_id})
        return owing

    @pytest.mark.parametrize(
        ("tax_id", "payer", "unmatched"),
        [
            ("12345678000195", "2012345678000195", 0),
            ("00345678000195", "2000345678000195", 0),
            ("52998224725", "1000052998224725", 0),
            ("XXX982247XX", "1000052998224725", 0),
            ("XXX982248XX", "1000052998224725", 1),
            ("52998224725", "0000000000000000", 1),
            ("52998224725", " " * 16, 1),
            ("12345678000195", "2012345678000276", 1),
        ],
    )
    def test_is_one_of_the_debtors_or_it_is_not_our_slip(
        self, till: Till, tax_id: str, payer: str, unmatched: int
    ) -> None:
        assert self.take(till, self.owing(till, tax_id), payer) == unmatched
        assert till.rows("SELECT count(*) FROM payments") == [(1,)]

    @pytest.mark.parametrize(("amount", "unmatched"), [("100.00", 0), ("99.99", 1), ("100.01", 1), ("40.00", 1)])
    def test_where_there_is_none_the_amount_has_to_be_what_is_owed(
        self, till: Till, amount: str, unmatched: int
    ) -> None:
        owing, _ = till.owing_case()
        assert self.take(till, owing, amount=amount) == unmatched
        assert till.received(owing) == ("0.00" if unmatched else "100.00")

    def test_or_what_is_owed_with_what_delay_has_added(self, till: Till) -> None:
        who = debtor(till.engine)
        who.on_ruler(date(2026, 2, 1))
        owing = Owing(who.debt, who.txid)
        # a fine of 20 %, and 1 % for each of five months, on 2 March
        assert self.take(till, owing, amount="1250.00") == 0
