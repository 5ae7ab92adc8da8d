"""`calendar term`, `accrual quote`, `ruler classify` and `payments import --dry-run`, as somebody without a stack runs
them."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.bank_lines import Paid, barcode, cnab240, febraban, trailer
from tests.commands.test_import_command import Line
from tests.oracle.calendar import BY_DECREE, last_day


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Line:
    monkeypatch.setenv("REGUA_HOME", str(tmp_path / "home"))
    return Line(capsys, monkeypatch)


class TestCalendarTerm:
    def test_of_a_ruler(self, line: Line) -> None:
        said = line.json(
            "calendar", "term", "06/11/2026", "2026-11-19", "--wait", "30 legal", "--ruler", "alagoas-icms"
        )
        assert said == [
            {"event": "2026-11-06", "first_day": "2026-11-09", "last_day": "2026-12-09", "act_from": "2026-12-10"}
            | {"provisional": False},  # 08/12 is off by decree
            {"event": "2026-11-19", "first_day": "2026-11-23", "last_day": "2026-12-22", "act_from": "2026-12-23"}
            | {"provisional": False},
        ]

    def test_beyond_the_last_list_of_a_calendar_a_last_day_is_provisional(self, line: Line) -> None:
        said = line.json("calendar", "term", "2026-11-30", "2026-12-01", "--wait", "30 legal", "--calendar", "alagoas")
        assert [(found["last_day"], found["provisional"]) for found in said] == [
            ("2026-12-30", False),
            ("2027-01-04", True),  # 31/12 is off by decree, 01/01 a Friday
        ]

    @pytest.mark.parametrize(("unit", "length"), [("legal", 30), ("business", 20)])
    @pytest.mark.parametrize("recess", [False, True])
    def test_730_days_of_a_calendar_end_as_counted_apart(
        self, line: Line, unit: str, length: int, recess: bool
    ) -> None:
        events = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
        asked = ("calendar", "term", *map(str, events), "--wait", f"{length} {unit}", "--calendar", "alagoas")
        said = line.json(*asked, *(("--recess", "12-20:01-20") if recess else ()))
        counted = [last_day(BY_DECREE["alagoas"], event, length, unit, recess) for event in events]
        assert [found["last_day"] for found in said] == [str(last) for last in counted]
        assert [found["act_from"] for found in said] == [str(last + timedelta(days=1)) for last in counted]

    def test_of_days_off_in_a_file(self, line: Line, tmp_path: Path) -> None:
        file = tmp_path / "off.txt"
        file.write_text("# by decree\n2026-12-08\n\n25/12/2026  # Natal\n")
        asked = ("calendar", "term", "2026-11-06", "--wait", "30 legal", "--days-off", file)
        assert [found["act_from"] for found in line.json(*asked)] == ["2026-12-10"]
        assert [found["act_from"] for found in line.json(*asked, "--recess", "12-01:12-31")] == ["2027-01-09"]

    @pytest.mark.parametrize(
        ("words", "code", "complaint"),
        [
            (("2026-11-06", "--wait", "30 days", "--ruler", "alagoas-icms"), 2, "write `30 legal` or `20 business`"),
            (("2026-11-06", "--wait", "30 legal"), 2, "say one of them"),
            (("1026-11-06", "--wait", "30 legal", "--ruler", "alagoas-icms"), 2, "outside the years"),
            (("2026-11-06", "--wait", "30 legal", "--ruler", "atlantis"), 1, "there is no ruler file 'atlantis'"),
            (("2026-11-06", "--wait", "30 legal", "--days-off", "nowhere.txt"), 1, "can't be read: No such file"),
            (
                ("2026-11-06", "--wait", "30 legal", "--ruler", "alagoas-icms", "--recess", "01-01:12-31"),
                2,
                "whole year",
            ),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, line: Line, words: tuple[str, ...], code: int, complaint: str
    ) -> None:
        ended, said, complained = line("calendar", "term", *words)
        assert (ended, said) == (code, "")
        assert complaint in " ".join(complained.replace("│", " ").split())

    def test_a_line_that_is_no_date_is_named(self, line: Line, tmp_path: Path) -> None:
        file = tmp_path / "off.txt"
        file.write_text("2026-12-08\nNatal\n")
        code, _, complained = line("calendar", "term", "2026-11-06", "--wait", "30 legal", "--days-off", file)
        assert (code, f"{file}:2: 'Natal' is not a date" in complained.replace("\n", "")) == (1, True)


class TestAccrualQuote:
    def test_the_months_of_a_file(self, line: Line, tmp_path: Path) -> None:
        rates = tmp_path / "selic.json"
        rates.write_text('[{"data": "01/11/2025", "valor": "1.05"}]')
        asked = ("--table", "federal", "--due", "20/10/2025", "--on", "01/12/2025", "--rates", rates)
        said = line.json("accrual", "quote", "--principal", "1.000,00", *asked)
        assert (said["fine"], said["interest"], said["total"]) == ("138.60", "20.50", "1159.10")
        assert [(each["component"], each["amount"]) for each in said["lines"]] == [
            ("principal", "1000.00"),
            ("fine", "138.60"),
            ("interest", "20.50"),
        ]
        code, table, _ = line("accrual", "quote", "--principal", "1000", *asked)
        assert (code, "total R$ 1.159,10" in table) == (0, True)

    def test_the_shipped_series_where_no_file_is_named(self, line: Line) -> None:
        asked = ("--table", "federal", "--due", "20/10/2025", "--on", "01/12/2025", "--principal", "1000")
        assert line.json("accrual", "quote", *asked)["interest"] == "20.50"

    def test_a_rate_that_is_missing_is_never_zero(self, line: Line) -> None:
        words = ("--table", "federal", "--principal", "10", "--due", "2025-10-20", "--on", "2026-02-02")
        code, said, complained = line("accrual", "quote", *words)
        assert (code, said) == (1, "")
        assert "the rate of selic for 01/2026 is missing" in complained
        assert "--rates FILE" in complained


DEBTS = """tax_id;name;uf;tax;inscription;period;due;amount
11.222.333/0001-81;Um;AL;ICMS;1;2026-09;2026-10-20;100,00
11.444.777/0001-61;Dois;AL;ICMS;2;2026-09;2026-10-20;100,00
11.444.777/0001-61;Dois;AL;ICMS;3;2026-08;2026-09-20;100,00
111.444.777-35;Três;AL;ICMS;4;2026-09;2026-10-20;16000000,00
111.444.777-34;Errado;AL;ICMS;5;2026-09;2026-10-20;100,00
"""
FILINGS = """tax_id;tax;period;due;status;filed_on;declared;paid;paid_on
11.222.333/0001-81;ICMS;2026-09;2026-10-20;filed;2026-10-20;100,00;;
11.444.777/0001-61;ICMS;2026-09;2026-10-20;filed;2026-10-20;100,00;;
11.444.777/0001-61;ICMS;2026-08;2026-09-20;filed;2026-09-20;100,00;;
111.444.777-35;ICMS;2026-09;2026-10-20;filed;2026-10-20;16000000,00;;
111.444.777-35;ICMS;2026-08;2026-09-20;filed;2026-09-20;5,00;5,00;2026-10-01
111.444.777-35;ICMS;2026-07;2026-08-20;filed;2026-08-20;5,00;5,00;2026-10-01
"""


class TestRulerClassify:
    @pytest.fixture
    def asked(self, tmp_path: Path) -> tuple[str, ...]:
        debts, filings = tmp_path / "debts.csv", tmp_path / "filings.csv"
        debts.write_text(DEBTS)
        filings.write_text(FILINGS)
        return ("alagoas-icms", "--debts", str(debts), "--filings", str(filings), "--on", "03/11/2026")

    def test_each_taxpayer_is_led_to_a_row(self, line: Line, asked: tuple[str, ...]) -> None:
        code, _, complained = line("ruler", "classify", *asked)
        assert code == 0
        assert "debts.csv:6: tax_id is not a CPF: its check digits are wrong" in complained
        _, said, _ = line("ruler", "classify", *asked, "--json")
        found = {each["tax_id"]: (each["hypothesis"], each["occurrences"]) for each in json.loads(said)}
        assert found == {
            "11.222.333/0001-81": ("h1", 1),
            "11.444.777/0001-61": ("h2", 2),
            "111.444.777-35": ("h7", 3),
        }

    def test_what_is_owned_is_asked_of_a_file(self, line: Line, asked: tuple[str, ...], tmp_path: Path) -> None:
        assets = tmp_path / "assets.csv"
        assets.write_text("tax_id;assets\n111.444.777-35;1.000.000,00\n")
        assert line("ruler", "classify", *asked, "--assets", assets)[0] == 0
        assets.write_text("cpf;patrimonio\n1;2\n")
        code, _, complained = line("ruler", "classify", *asked, "--assets", assets)
        assert (code, "the header lacks tax_id, assets" in complained) == (1, True)


class TestPaymentsDryRun:
    def test_a_line_said_twice_is_one_payment(self, line: Line, tmp_path: Path) -> None:
        paid = Paid(barcode(1, "100.00"), "100.00")
        file = tmp_path / "return.ret"
        first, payment, _ = febraban([paid])
        lines = [first, payment, payment, trailer(4, "200.00")]
        file.write_bytes("".join(f"{each}\r\n" for each in lines).encode("latin-1"))
        said = line.json("payments", "import", file, "--dry-run")
        assert list(said) == ["format", "payments", "amount", "reversals", "rejected", "warnings"]
        assert [*said.values()] == ["febraban-150", 1, "100.00", 0, 0, []]
        assert not (tmp_path / "home" / "rejects").exists()

    def test_an_unknown_movement_with_money_needs_people(self, line: Line, tmp_path: Path) -> None:
        file = tmp_path / "return.ret"
        lines = cnab240([("1", "06", "10.00"), ("2", "99", "5.00")])
        file.write_bytes("".join(f"{each}\r\n" for each in lines).encode("latin-1"))
        code, said, complained = line("payments", "import", file, "--dry-run", "--json")
        found = json.loads(said)
        assert (code, complained, found["payments"], found["rejected"]) == (3, "", 1, 1)
        code, _, complained = line("payments", "import", file, "--dry-run")
        reason = "an amount is paid by movement 99, which is not known of Banco do Brasil"
        assert (code, complained) == (3, f"return.ret:6: {reason}\n")

    def test_what_is_no_return_file_is_refused(self, line: Line, tmp_path: Path) -> None:
        file = tmp_path / "return.ret"
        file.write_text("hello\n")
        code, said, complained = line("payments", "import", file, "--dry-run")
        assert (code, said, complained.count("\n")) == (1, "", 1)
