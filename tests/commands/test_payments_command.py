"""`payments …` as an analyst types it: totals on stdout, one sentence on stderr, exit codes."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from storage.payments.quarantine import Unread, keep
from tests.bank_lines import Paid, barcode, febraban, trailer
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.payloads import CIPHER
from tests.web.pix_world import World, pix

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
SAMPLES = Path(__file__).parent.parent / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "return.ret"


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def write(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{one}\r\n" for one in lines), encoding="latin-1", newline="")


def slip(world: World, debt: str) -> str:
    return barcode(world.rows(f"SELECT slip_number FROM debts WHERE id = '{debt}'")[0][0])


def payments(line: Line, *words: str) -> list[dict[str, Any]]:
    return list(line.json("payments", "list", *words)["payments"])


def test_a_file_from_import_to_reconciliation(line: Line, world: World, file: Path) -> None:
    owing, _ = world.owing_case()
    write(file, febraban([Paid(slip(world, owing.debt), "120.00"), Paid(barcode(10**9), "7.00"), Paid("9" * 44)]))
    code, said, complained = line("payments", "import", file, "--json")
    assert (code, complained) == (3, "")
    imported = json.loads(said)
    kept = Path(imported.pop("rejects_file"))
    assert '4,"the barcode begins with another digit than 8, so it is of no collection slip",' in kept.read_text()
    assert imported == {
        "records": 3,
        "accepted": 2,
        "amount": "127.00",
        "reversals": 0,
        "reversals_waiting": 0,
        "rejected": 1,
        "duplicates": 0,
        "unmatched": 1,
        "applied": True,
        "warnings": [],
    }
    assert [payment["excess"] for payment in payments(line, "--state", "excess")] == ["20.00"]
    assert payments(line, "--state", "reversed") == []
    [lost] = payments(line, "--state", "unmatched")
    other, _ = world.owing_case()
    assert line.json("payments", "match", str(lost["id"]), other.debt, "--by", "ana")["debt"] == other.debt
    code, said, complained = line("payments", "match", str(lost["id"]), other.debt, "--by", "ana")
    assert (code, said, complained.count("\n")) == (1, "", 1)
    proof = line.json("payments", "reconcile", "--date", "2026-03-02")
    assert (proof["receipts"], proof["difference"], proof["balanced"]) == ("127.00", "0.00", True)
    for command in ("list", "reconcile", "unmatched"):
        assert line("payments", command)[0] == 0


def test_a_repeat_is_refused_unless_forced(line: Line, world: World, file: Path) -> None:
    owing, _ = world.owing_case()
    write(file, febraban([Paid(slip(world, owing.debt))]))
    line.json("payments", "import", file)
    code, said, complained = line("payments", "import", file)
    assert (code, said) == (1, "")
    assert complained.startswith("error: file number 1 of this convênio was imported before")
    again = line.json("payments", "import", file, "--force")
    assert (again["accepted"], again["duplicates"], again["unmatched"]) == (1, 1, 0)


def test_a_trailer_that_disagrees_is_an_error_until_forced(line: Line, world: World, file: Path) -> None:
    owing, _ = world.owing_case()
    write(file, [*febraban([Paid(slip(world, owing.debt))])[:-1], trailer(3, "1.00")])
    code, said, complained = line("payments", "import", file, "--json")
    assert (code, json.loads(said)["applied"]) == (1, False)
    assert complained.count("\n") == 1
    assert "kept aside" in complained
    assert world.received(owing) == "0.00"
    assert line.json("payments", "import", file, "--force")["applied"]
    assert world.received(owing) == "100.00"


def test_a_ledger_that_lost_a_cent_ends_with_1(line: Line, world: World, engine: Engine) -> None:
    world.owing_case()
    with engine.begin() as connection:
        connection.execute(text("UPDATE debts SET received = 0.01"))
    code, _, complained = line("payments", "reconcile")
    assert code == 1
    assert "1 debts disagree" in complained


@pytest.mark.parametrize(
    ("sample", "amount"), [("cnab240-lot-counts-details.ret", "10.00"), ("cnab240-lot-counts-all.ret", "6.00")]
)
def test_two_banks_own_files(line: Line, sample: str, amount: str) -> None:
    imported = line.json("payments", "import", SAMPLES / sample)
    assert (imported["amount"], imported["rejected"]) == (amount, 0)
    assert imported["unmatched"] == imported["accepted"] == imported["records"]


@pytest.mark.parametrize(
    "content", [b"", b"tax_id;name\n1;2\n", b"\x00\x01", b"A", b"00100000", "A2ção".encode("utf-16"), b"\xff\xfe"]
)
def test_what_is_no_return_file_ends_with_one_sentence(line: Line, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    code, said, complained = line("payments", "import", file)
    assert (code, said, complained.count("\n")) == (1, "", 1)
    assert complained.startswith("error: ")
    assert "fault of ours" not in complained


class TestQuarantine:
    """Items that the webhook kept, as `payments quarantined` and `payments retry` have them."""

    def kept(self, engine: Engine, item: dict[str, Any]) -> str:
        sent = json.dumps(item).encode()
        keep(engine, [Unread(sent, CIPHER.seal(sent), "pix[0].valor: is missing", NOW)])
        with engine.connect() as connection:
            return str(connection.scalar(text("SELECT id FROM quarantined_items")))

    def test_what_waits_is_listed_without_what_was_sent(self, line: Line, engine: Engine) -> None:
        self.kept(engine, pix(None, infoPagador="Maria das Dores"))
        (item,) = line.json("payments", "quarantined")["items"]
        assert sorted(item) == ["arrived_at", "id", "last_arrived_at", "reason", "times"]
        assert (item["reason"], item["times"]) == ("pix[0].valor: is missing", 1)
        code, said, complained = line("payments", "quarantined")
        assert (code, complained) == (0, "")
        assert "Maria" not in said + str(item)

    def test_what_can_be_read_now_is_recorded_as_of_when_it_arrived(
        self, line: Line, world: World, engine: Engine
    ) -> None:
        owing, _ = world.owing_case()
        item = self.kept(engine, pix(owing.txid, horario=None))
        retried = line.json("payments", "retry", item, "--by", "ana")
        assert retried == {"item": int(item), "by": "ana", "payments": 1, "reversals": 0}
        assert world.received(owing) == "100.00"
        assert world.rows("SELECT paid_at FROM payments") == [(NOW,)]
        assert line.json("payments", "quarantined")["items"] == []
        assert line.json("payments", "reconcile")["balanced"]
        code, _, complained = line("payments", "retry", item, "--by", "ana")
        assert (code, complained) == (1, f"error: item {item} was settled by ana already\n")

    def test_what_still_cannot_be_read_waits_on(self, line: Line, engine: Engine) -> None:
        item = self.kept(engine, pix(None, "Maria"))
        code, said, complained = line("payments", "retry", item, "--by", "ana")
        assert (code, said) == (1, "")
        assert complained.startswith("error: item.valor: must be")
        assert "Maria" not in complained
        assert len(line.json("payments", "quarantined")["items"]) == 1

    def test_an_item_that_is_not_there_is_refused(self, line: Line) -> None:
        code, _, complained = line("payments", "retry", "7", "--by", "ana")
        assert (code, complained.count("\n")) == (1, 1)
