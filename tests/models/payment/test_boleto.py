"""Slips: codes and numbers as the banks' manuals and other libraries have them, and the file that registers them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from models.errors import Refusal
from models.payment.barcode import NoBarcode
from models.payment.boleto import boleto_code, due_factor, read_boleto
from models.payment.our_numbers import SLIP_BANKS, Account
from models.payment.remessa import Remittance, write_remessa
from models.payment.slip import Slip
from tests.models.payment.slip_examples import ITAU, SLIP

PUBLISHED = {
    "341": (
        Account("341", "0293", "01328", "", "109"),
        (157, date(2009, 10, 19), "29.80"),
        "34199439500000029801090000015710293013280000",
        "34191.09008 00015.710296 30132.800001 9 43950000002980",
    ),
    "237": (
        Account("237", "0278", "0039232", "", "06", "0", "4"),
        (2125525, date(2011, 2, 5), "8280.00"),
        "23794486900008280000278060000212552500392320",
        "23790.27804 60000.212559 25003.923205 4 48690000828000",
    ),
    "033": (
        Account("033", "1333", "", "0707077", "102"),
        (1234567, date(2012, 7, 22), "2952.95"),
        "03395540200002952959070707700000123456790102",
        "03399.07073 07700.000123 34567.901029 5 54020000295295",
    ),
    "001": (
        Account("001", "9999", "99999", "7777777", "18"),
        (87654, date(2011, 3, 8), "2952.95"),
        "00196490000002952950000007777777000008765418",
        "00190.00009 07777.777009 00087.654182 6 49000000295295",
    ),
    "104": (
        Account("104", "0000", "", "005507", ""),
        (222333777777777, date(2006, 8, 23), "321.12"),
        "10494324200000321120055077222133347777777771",
        "10490.05505 77222.133348 77777.777713 4 32420000032112",
    ),
}
"""Examples of pyboleto's tests and of Caixa's manual: account, number, due date and value; what comes of them."""


@pytest.mark.parametrize("bank", PUBLISHED)
def test_a_slip_s_code_is_the_published_one(bank: str) -> None:
    account, (number, due, value), digits, line = PUBLISHED[bank]
    ours = SLIP_BANKS[bank].our_number(account, number)
    code = boleto_code(bank, due, Decimal(value), ours.free)
    assert (code.digits, code.typed) == (digits, line)
    assert read_boleto(line) == read_boleto(digits) == code
    assert (code.value, code.due(due)) == (Decimal(value), due)


@pytest.mark.parametrize(
    ("bank", "printed"),
    [("341", "109/00000157-1"), ("033", "000001234567-9"), ("001", "77777770000087654")],
)
def test_a_number_is_printed_as_its_bank_does(bank: str, printed: str) -> None:
    account, (number, *_), *_ = PUBLISHED[bank]
    assert SLIP_BANKS[bank].our_number(account, number).printed == printed


@pytest.mark.parametrize(("wallet", "number", "check"), [("19", 2, "8"), ("19", 1, "P"), ("19", 6, "0")])
def test_bradesco_s_check_digit_is_that_of_its_manual(wallet: str, number: int, check: str) -> None:
    ours = SLIP_BANKS["237"].our_number(Account("237", "0278", "0039232", "", wallet), number)
    assert ours.printed == f"{wallet}/{number:011}-{check}"


def test_sicoob_s_check_digit_is_that_of_its_manual() -> None:
    """Cooperative 0001, client 1-9, number 21: check digit 8."""
    ours = SLIP_BANKS["756"].our_number(Account("756", "0001", "", "0000019", "01"), 21)
    assert (ours.printed, ours.returned, ours.remitted) == ("0000021-8", 218, "000000021801014     ")


@pytest.mark.parametrize(
    ("due", "factor"),
    [
        (date(2000, 7, 3), 1000),
        (date(2025, 2, 21), 9999),
        (date(2025, 2, 22), 1000),
        (date(2025, 2, 23), 1001),
        (date(2026, 12, 31), 1677),
        (date(2049, 10, 13), 9999),
    ],
)
def test_the_factor_goes_on_from_1000_after_9999(due: date, factor: int) -> None:
    assert due_factor(due) == factor


@pytest.mark.parametrize("due", [date(2000, 7, 2), date(2049, 10, 14), date(1990, 1, 1)])
def test_a_day_without_a_factor_is_refused(due: date) -> None:
    with pytest.raises(Refusal, match="no factor"):
        due_factor(due)


def test_a_factor_is_read_as_the_nearer_of_its_two_days() -> None:
    code = boleto_code("341", date(2025, 3, 1), Decimal("1.00"), "1" * 25)
    assert (code.due(date(2026, 1, 1)), code.due(date(2001, 1, 1))) == (date(2025, 3, 1), date(2000, 7, 10))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("34191.09008 00015.710296 30132.800001 8 43950000002980", "the check digit of the slip is wrong"),
        ("34191.09007 00015.710296 30132.800001 9 43950000002980", "the check digit of block 1 is wrong"),
        ("34191.09008", "44 digits"),
        ("34182" + "0" * 39, "not in reais"),
    ],
)
def test_what_is_no_slip_is_refused(written: str, reason: str) -> None:
    with pytest.raises(NoBarcode, match=reason):
        read_boleto(written)


@pytest.mark.parametrize(
    ("value", "free", "reason"),
    [("0.00", "1" * 25, "from R"), ("100000000.00", "1" * 25, "from R"), ("1", "1", "free")],
)
def test_what_doesn_t_fit_is_refused(value: str, free: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        boleto_code("341", date(2026, 1, 1), Decimal(value), free)


def test_a_bank_s_numbers_end_and_its_fields_have_their_digits() -> None:
    account = Account("341", "0293", "01328", "", "109")
    with pytest.raises(Refusal, match="used up"):
        SLIP_BANKS["341"].our_number(account, 10**8)
    with pytest.raises(Refusal, match="the wallet of slips at Itaú has 3 digits"):
        SLIP_BANKS["341"].checked(Account("341", "0293", "01328", "", "9"))


def slip(id: int = 7, tax_id: str = SLIP.payer_tax_id) -> Slip:
    return replace(SLIP, id=id, payer_tax_id=tax_id)


def at(line: str, first: int, last: int) -> str:
    return line[first - 1 : last]


class TestRemessa:
    FILE = Remittance(3, datetime(2026, 3, 11, 9, 5, tzinfo=UTC), "Município de Exemplo", "12345678000195", ITAU)

    def test_each_field_is_in_its_place(self) -> None:
        header, lot, p, q, r, lot_end, end = write_remessa(self.FILE, [slip()])
        assert {len(line) for line in (header, lot, p, q, r, lot_end, end)} == {240}
        assert (at(header, 1, 8), at(header, 18, 32), at(header, 143, 163)) == (
            "34100000",
            "212345678000195",
            "111032026090500000003",
        )
        assert (at(lot, 1, 16), at(lot, 18, 33)) == ("34100011R01  060", "2012345678000195")
        assert (at(p, 8, 17), at(p, 18, 37), at(p, 38, 57)) == (
            "300001P 01",
            "00293 0000000" + "01328 0",
            "109000001571        ",
        )
        assert (at(p, 63, 77), at(p, 78, 85), at(p, 86, 100)) == ("00000007       ", "10042026", "000000000002980")
        assert (at(p, 110, 117), at(p, 196, 220), at(p, 228, 229)) == ("11032026", "73480000000000042        ", "09")
        assert (at(q, 14, 14), at(q, 18, 33), at(q, 34, 73).rstrip()) == (
            "Q",
            "1000052998224725",
            "JOSE DA CONCEICAO",
        )
        assert (at(r, 14, 14), at(lot_end, 8, 46), at(end, 4, 29)) == (
            "R",
            f"5{'':9}00000500000100000000000002980",
            f"99999{'':9}000001000007",
        )

    @pytest.mark.parametrize(
        ("address", "written"),
        [
            (
                "Rua das Flores, 10, Centro, Maceió/AL, CEP 57000-000",
                ("RUA DAS FLORES, 10", "CENTRO", "57000000", "MACEIO", "AL"),
            ),
            ("Av. Sete 5, 01310-100", ("AV. SETE 5", "", "01310100", "", "")),
            ("Rua das Flores, 10", ("NAO INFORMADO", "", "00000000", "", "")),
            ("", ("NAO INFORMADO", "", "00000000", "", "")),
        ],
    )
    def test_the_payer_s_address_is_written_where_a_letter_would_find_it(
        self, address: str, written: tuple[str, ...]
    ) -> None:
        q = write_remessa(self.FILE, [replace(slip(), payer_address=address)])[3]
        places = ((74, 113), (114, 128), (129, 136), (137, 151), (152, 153))
        assert tuple(at(q, *place).rstrip() for place in places) == written

    def test_lines_are_numbered_through_the_lot(self) -> None:
        lines = write_remessa(self.FILE, [slip(1), slip(2)])
        assert [at(line, 9, 14) for line in lines[2:-2]] == [
            f"{n:05}{kind}" for n, kind in enumerate("PQRPQR", start=1)
        ]
        assert at(lines[-2], 24, 46) == "00000200000000000005960"

    def test_an_alphanumeric_cnpj_is_written_as_it_is(self) -> None:
        assert at(write_remessa(self.FILE, [slip(tax_id="12ABC34501DE35")])[3], 18, 33) == "2012ABC34501DE35"

    @pytest.mark.parametrize(("slips", "says"), [([], "no slip"), ([slip(tax_id="***123456**")], "masked")])
    def test_what_no_bank_takes_is_refused(self, slips: list[Slip], says: str) -> None:
        with pytest.raises(Refusal, match=says):
            write_remessa(self.FILE, slips)
