"""Intake (I): what an authority's extracts say, and what becomes of the cases that are open meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from activities.cases import CaseActivities
from activities.dependencies import Dependencies
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from models.case.selection import Selection
from models.case.step import Action, Step
from models.payment.pix import PixPayment
from storage.case.dry_run import foresee
from storage.payments.ledger import record_pix
from tests.builders import ICMS, REGISTERED, shipped
from tests.casebook.book import DATA
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.record_world import Worker
from tests.storage.payments.test_offers import City
from workflows.effects import EvaluationRequest

INTAKE = DATA / "intake"
TODAY = date(2026, 11, 27)


@dataclass
class Roll:
    """The debts that extracts have brought, and the cases opened on them by a cohort of everybody."""

    engine: Engine
    folder: Path
    line: Line

    def imports(self, file: str | Path, *more: str) -> dict[str, Any]:
        told: dict[str, Any] = self.line.json("taxpayers", "import", INTAKE / file, *more)
        return told

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def opens(self) -> int:
        """How many cases a cohort on registered debt began with."""
        return City(self.engine, self.folder).starts(ruler=REGISTERED, on=TODAY)

    def case_of(self, tax_id: str) -> str:
        query = "SELECT cases.id FROM cases JOIN taxpayers ON taxpayers.id = taxpayer WHERE tax_id = :who"
        [(case,)] = self.rows(query, who=tax_id)
        return str(case)

    def next_step(self, tax_id: str) -> Step:
        """The step that its workflow would be told on the morning after."""
        dependencies = Dependencies(self.engine, MailGateway({}, FileTransport(self.folder)))
        worker = Worker(now=datetime(2026, 11, 30, 12, tzinfo=UTC))
        step: Step = worker.run(
            CaseActivities(dependencies).evaluate, EvaluationRequest(case=self.case_of(tax_id))
        ).next_action.step
        return step


@pytest.fixture
def roll(engine: Engine, tmp_path: Path, line: Line) -> Roll:
    return Roll(engine, tmp_path, line)


def would_start(roll: Roll, ruler: str) -> int:
    return int(foresee(roll.engine, shipped(ruler), Selection(), TODAY)["would_start"])


# ---- I1: facts count from their day


def test_i1_a_debt_that_is_not_due_starts_no_case(roll: Roll) -> None:
    roll.imports("r-f1.csv")
    assert would_start(roll, REGISTERED) == 0


def test_i1_a_return_that_may_still_be_filed_starts_no_case(roll: Roll) -> None:
    roll.line.json("filings", "import", INTAKE / "r-f1f.csv")
    assert would_start(roll, ICMS) == 0


def test_i1_an_open_case_takes_back_what_was_put_off(roll: Roll) -> None:
    roll.imports("r-f18.csv")
    roll.opens()
    roll.imports("r-f18b.csv")
    assert roll.next_step("20000006149").action is not Action.NOTIFY


def test_i1_a_debt_that_is_due_starts_one(roll: Roll) -> None:
    roll.imports("r-f18.csv")
    assert would_start(roll, REGISTERED) == 1


def filed(roll: Roll, folder: Path, *rows: str) -> None:
    file = folder / "returns.csv"
    header = "tax_id;name;tax;period;due;status;declared;paid;paid_on;corrected;corrected_on"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    roll.line.json("filings", "import", file)


def test_a_return_that_alone_knows_of_a_debt_opens_a_case(roll: Roll, tmp_path: Path) -> None:
    filed(roll, tmp_path, "51000001000177;EXEMPLO;ICMS;2026-09;2026-10-09;filed;1000.00;;;;")
    foreseen = foresee(roll.engine, shipped(ICMS), Selection(), TODAY)
    assert (foreseen["would_start"], foreseen["declared_without_debt"]) == (1, 0)
    assert [(cell["hypothesis"], cell["owed"]) for cell in foreseen["cells"]] == [("h1", Decimal("1000.00"))]


def test_a_return_from_before_its_due_date_is_told(roll: Roll, tmp_path: Path) -> None:
    """The machine's day lies before that due date, the dry run's after it."""
    filed(roll, tmp_path, "51000001000177;EXEMPLO;ICMS;2099-09;2099-10-09;filed;1000.00;;;;")
    foreseen = foresee(roll.engine, shipped(ICMS), Selection(), date(2099, 10, 12))
    assert (foreseen["would_start"], foreseen["declared_without_debt"]) == (0, 1)


def test_a_rectification_that_declares_more_is_collected(roll: Roll, tmp_path: Path) -> None:
    filed(
        roll,
        tmp_path,
        "51000001000177;EXEMPLO;ICMS;2026-09;2026-10-09;filed;1000.00;1000.00;2026-10-08;1500.00;2026-11-02",
    )
    foreseen = foresee(roll.engine, shipped(ICMS), Selection(), TODAY)
    assert [(cell["hypothesis"], cell["cases"]) for cell in foreseen["cells"]] == [("h5", 1)]


# ---- I2 to I4: the newest extract of a source


def test_i2_who_is_no_longer_named_is_told_nothing_more(roll: Roll) -> None:
    roll.imports("r-f2.csv", "--snapshot-of", "roll")
    roll.opens()
    roll.imports("r-f2b.csv", "--snapshot-of", "roll")
    assert roll.next_step("20000001180").action is Action.NOTIFY
    assert roll.next_step("20000001260").action is not Action.NOTIFY
    assert roll.rows("SELECT count(*) FROM debtors") == [(1,)]


def test_i3_what_is_left_is_not_lessened_by_what_was_paid_before(roll: Roll) -> None:
    roll.imports("r-f3.csv")
    roll.opens()
    [(txid,)] = roll.rows("SELECT pix_txid FROM debts")
    paid = datetime(2026, 11, 27, 15, tzinfo=UTC)
    record_pix(roll.engine, [PixPayment("E" + "3" * 31, txid, Decimal("600.00"), paid)], paid)
    roll.imports("r-f3b.csv", "--amounts", "left")
    assert roll.rows("SELECT balance FROM debts") == [(Decimal("400.00"),)]
    assert roll.next_step("20000002151").action is not Action.RESOLVE


def test_i4_what_is_paid_at_the_source_is_collected_no_more(roll: Roll) -> None:
    roll.imports("r-f5.csv")
    roll.opens()
    told = roll.imports("r-f5b.csv")
    assert told["rejected"] == 0
    assert roll.next_step("20000004103").action is Action.RESOLVE


# ---- I5, I6: contacts


def test_i5_a_bad_contact_leaves_the_debt_in_force(roll: Roll) -> None:
    roll.imports("r-f9.csv", "--snapshot-of", "roll")
    roll.imports("r-f9b.csv", "--snapshot-of", "roll")
    assert roll.rows("SELECT count(*) FROM holds WHERE lifted_at IS NULL") == [(0,)]


def test_i5_a_bad_contact_is_told_with_its_line(roll: Roll) -> None:
    roll.imports("r-f9.csv")
    told = roll.imports("r-f9b.csv")
    kept = Path(told["rejects_file"]).read_text()
    assert "2,email" in kept
    assert roll.rows("SELECT email FROM taxpayers WHERE tax_id = '51000002000111'") == [("e@x.example",)]


def test_i6_what_a_person_put_on_record_stays(roll: Roll) -> None:
    roll.imports("r-f7.csv")
    roll.opens()
    case = roll.case_of("20000005177")
    roll.line.json("case", "contact", case, "--email", "novo@x.example", "--by", "ana")
    roll.imports("r-f7.csv")
    assert roll.rows("SELECT email FROM taxpayers") == [("novo@x.example",)]


# ---- I7, I8: files as spreadsheets save them


def test_i7_one_odd_line_spoils_no_other(roll: Roll) -> None:
    roll.imports("t8-mixed.csv")
    assert roll.rows("SELECT name FROM taxpayers WHERE tax_id = '10000020397'") == [("JOÃO CONCEIÇÃO",)]


def test_i7_the_odd_line_is_read_right(roll: Roll) -> None:
    roll.imports("t8-mixed.csv")
    assert roll.rows("SELECT name FROM taxpayers WHERE tax_id = '10000020478'") == [("JOSEÉSILVA",)]


def test_i7_quotes_of_windows_are_quotes(roll: Roll, tmp_path: Path) -> None:
    """cp1252 has them where Latin-1 has control characters."""
    file = tmp_path / "cp1252.csv"
    content = (INTAKE / "t8-mixed.csv").read_bytes().splitlines(keepends=True)
    file.write_bytes(content[0] + content[2].replace(b"JOSE\xc9SILVA", b"PADARIA \x93P\xc3O\x94"))
    roll.line.json("taxpayers", "import", file)
    assert roll.rows("SELECT name FROM taxpayers") == [("PADARIA “PÃO”",)]


SAVED: dict[str, Callable[[str], bytes]] = {
    "tabs": lambda text: text.replace(";", "\t").encode(),
    "bars": lambda text: text.replace(";", "|").encode(),
    "a line that names the separator": lambda text: b"sep=;\n" + text.encode(),
    "quotes": lambda text: "\n".join(
        ";".join(f'"{field}"' for field in line.split(";")) for line in text.splitlines()
    ).encode(),
    "a byte order mark": lambda text: text.encode("utf-8-sig"),
    "commas": lambda text: text.replace(";", ",").encode(),
}


@pytest.mark.parametrize("saved", SAVED)
def test_i8_a_file_is_read_however_a_spreadsheet_saved_it(roll: Roll, tmp_path: Path, saved: str) -> None:
    file = tmp_path / "saved.csv"
    file.write_bytes(SAVED[saved]((INTAKE / "r-f18.csv").read_text()))
    code, said, complained = roll.line("taxpayers", "import", file, "--json")
    assert (code, complained) == (0, ""), said
    assert roll.rows("SELECT inscription, due FROM debts") == [("Q", date(2026, 9, 10))]
