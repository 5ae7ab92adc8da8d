"""Slips from issue to payment, on a real PostgreSQL: registered by our file, returned by the bank's, on their debts."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.payment.barcode import read_barcode
from models.payment.boleto import read_boleto
from models.payment.our_numbers import Account
from models.payment.slip import Beneficiary, Slip
from storage.payments.remittances import remit, remitted_before
from storage.payments.slips import Wanted, issue, list_slips, read_slip
from tests.bank_lines import Fields, Paid, cnab240, cnab400, febraban
from tests.storage.payments.test_bank_files import Till
from tests.web.pix_world import Owing

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CNPJ = "12345678000195"

AT = {
    "001": Account("001", "9999", "99999", "3294860", "17"),
    "033": Account("033", "1333", "", "0707077", "101"),
    "104": Account("104", "1565", "", "005507", ""),
    "237": Account("237", "0278", "0039232", "", "09"),
    "341": Account("341", "0293", "01328", "", "109"),
    "756": Account("756", "0001", "", "0000019", "01"),
}


@pytest.fixture
def till(engine: Engine, tmp_path: Path) -> Till:
    return Till(engine, tmp_path)


def beneficiary(bank: str = "341") -> Beneficiary:
    return Beneficiary(CNPJ, AT[bank], "1234")


def boleto(till: Till, owing: Owing, bank: str = "341", due: date | None = None) -> Slip:
    issued = issue(till.engine, Wanted(owing.debt, "boleto", due), beneficiary(bank), "ana", NOW)
    with till.engine.connect() as connection:
        return read_slip(connection, issued)


def returned(bank: str, p: str, *, ours: str = "") -> list[str]:
    """The bank's return for a line P of our file: the number it knows the slip by, and, if wanted, what we wrote."""
    number = p[44:57] if bank == "033" else p[37:57].lstrip(" ")
    place = (41, 53) if bank == "033" else (38, 57)
    lines = [bank + line[3:] for line in cnab240([("", "06", "100.00")])]
    lines[0] = lines[0].replace("AGREEMENT", f"{AT[bank].agreement or 0:0>9}")
    written: Fields = {} if ours else {place: f"{number:<{place[1] - place[0] + 1}}"}
    if ours:
        written = {(101, 125) if bank == "033" else (106, 130): ours}
    t = lines[2]
    for (first, last), said in written.items():
        t = t[: first - 1] + said + t[last:]
    return [*lines[:2], t, *lines[3:]]


@pytest.mark.parametrize("bank", AT)
@pytest.mark.parametrize("told_by", ["the bank's number", "what we wrote"])
def test_a_slip_comes_back_to_its_debt(till: Till, bank: str, told_by: str) -> None:
    others = [till.owing_case()[0] for _ in range(3)]
    owing, _ = till.owing_case()
    for other in others:
        boleto(till, other, bank)
    slip = boleto(till, owing, bank)
    lines = remit(till.engine, beneficiary(bank), "ana", NOW).lines
    [p] = [line for line in lines if line[13:14] == "P" and line[62:77].strip() == slip.document]
    till.take(returned(bank, p, ours=p[195:220] if told_by == "what we wrote" else ""))
    assert till.received(owing) == "100.00"
    assert {till.received(other) for other in others} == {"0.00"}


def test_a_slip_of_itau_comes_back_by_cnab_400_too(till: Till) -> None:
    till.owing_case()
    owing, _ = till.owing_case()
    boleto(till, owing)
    number = {(86, 94): "000000016", (109, 110): "06", (111, 116): "020326", (254, 266): f"{10000:013}"}
    till.take(cnab400("341", {(27, 38): "029300013280"}, [number]))
    assert till.received(owing) == "100.00"


def test_the_number_is_the_bank_s_before_it_is_a_debt_s(till: Till) -> None:
    """The first slip at a bank has the number that the first debt has too."""
    first, _ = till.owing_case()
    assert till.slip_number(first) == min(n for (n,) in till.rows("SELECT slip_number FROM debts"))
    owing, _ = till.owing_case()
    slip = boleto(till, owing, "104")
    assert slip.at_bank is not None
    assert slip.at_bank.number.startswith("14000000000000001")
    [_, _, p, *_] = remit(till.engine, beneficiary("104"), "ana", NOW).lines
    till.take(returned("104", p))
    assert (till.received(first), till.received(owing)) == ("0.00", "100.00")


def test_a_number_that_we_have_not_given_out_is_nobody_s_where_we_count_ourselves(till: Till) -> None:
    """Another system's slip at our bank, whose number a debt has by chance, and no payer that could vouch for it."""
    issued = [till.owing_case()[0] for _ in range(2)]
    owing, _ = till.owing_case()
    for each in issued:
        boleto(till, each, "104")
    stranger = "24" + f"{till.slip_number(owing):015}" + "0"
    lines = [f"104{line[3:]}" for line in cnab240([(stranger, "06", "100.00")])]
    till.take(lines)
    assert till.received(owing) == "0.00"
    assert [state for state, *_ in till.states()] == ["unmatched"]


def test_a_collection_slip_comes_back_by_its_bar_code(till: Till) -> None:
    owing, _ = till.owing_case("60.00")
    issued = issue(till.engine, Wanted(owing.debt, "collection"), Beneficiary("", None, "1234"), "ana", NOW)
    with till.engine.connect() as connection:
        slip = read_slip(connection, issued)
    assert read_barcode(slip.barcode).value == Decimal("60.00")
    till.take(febraban([Paid(slip.barcode, "60.00")]))
    assert till.received(owing) == "60.00"


def test_what_a_slip_says(till: Till) -> None:
    owing, _ = till.owing_case("1234.56")
    slip = boleto(till, owing, due=date(2026, 3, 20))
    code = read_boleto(slip.barcode)
    assert (code.bank, code.value, code.due(date(2026, 3, 1))) == ("341", Decimal("1234.56"), date(2026, 3, 20))
    assert (slip.amount, slip.due, slip.issued_on) == (Decimal("1234.56"), date(2026, 3, 20), date(2026, 3, 2))
    assert slip.beneficiary_tax_id == CNPJ


def test_the_same_slip_is_issued_once_and_numbers_go_on(till: Till) -> None:
    owing, _ = till.owing_case()
    first, again = boleto(till, owing), boleto(till, owing)
    other = boleto(till, owing, due=date(2026, 3, 9))
    assert (first == again, first.id == other.id) == (True, False)
    with till.engine.connect() as connection:
        assert [row["number"] for row in list_slips(connection, owing.debt)] == [
            first.at_bank and first.at_bank.number,
            other.at_bank and other.at_bank.number,
        ]
        assert list(list_slips(connection, "0" * 16)) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE debts SET received = amount", "nothing is owed"),
        ("UPDATE debts SET due = '2026-12-01'", "not due"),
        ("UPDATE cases SET closed_at = now(), status = 'resolved'", "a case is open for"),
        ("UPDATE taxpayers SET tax_id = '***123456**'", "masked"),
    ],
)
def test_what_can_t_be_demanded_gets_no_slip(till: Till, change: str, says: str) -> None:
    owing, _ = till.owing_case()
    with till.engine.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(Refusal, match=says):
        boleto(till, owing)


@pytest.mark.parametrize(("due", "says"), [(date(2026, 3, 1), "has passed"), (date(2026, 4, 2), "changes after")])
def test_a_slip_is_due_while_its_amount_is_what_is_owed(till: Till, due: date, says: str) -> None:
    owing, _ = till.owing_case()
    with pytest.raises(Refusal, match=says):
        boleto(till, owing, due=due)


def test_each_slip_is_in_one_file_and_a_file_can_be_had_again(till: Till) -> None:
    owing, _ = till.owing_case()
    boleto(till, owing)
    first = remit(till.engine, beneficiary(), "ana", NOW)
    with pytest.raises(Refusal, match="no slip waits"):
        remit(till.engine, beneficiary(), "ana", NOW)
    boleto(till, owing, due=date(2026, 3, 9))
    second = remit(till.engine, beneficiary(), "ana", NOW)
    assert (first.number, first.slips, second.number, second.slips) == (1, 1, 2, 1)
    with till.engine.connect() as connection:
        assert remitted_before(connection, "341", 1).lines == list(first.lines)
        with pytest.raises(Refusal, match="there is no file 9"):
            remitted_before(connection, "341", 9)


def test_what_isn_t_configured_is_said(till: Till) -> None:
    owing, _ = till.owing_case()
    for kind, says in (("boleto", "REGUA_SLIP_BANK"), ("collection", "REGUA_SLIP_FEBRABAN")):
        with pytest.raises(Refusal, match=says):
            issue(till.engine, Wanted(owing.debt, kind), Beneficiary(""), "ana", NOW)  # type: ignore[arg-type]
