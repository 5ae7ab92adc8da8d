"""Money (M): what banks report, what delay costs, and where a payment goes."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine

from channels.links import Links
from models.agreement.deal import Deal, Paid
from models.agreement.instalments import Life, live
from models.agreement.quote import Request, quote
from models.errors import Refusal
from models.money.accrual import accrue
from models.money.rates import Rates, read_sgs
from models.money.tables import read_accrual
from models.payment.barcode import NoBarcode, our_number, read_typed
from models.payment.brcode import read_brcode
from models.payment.pix import PixPayment
from storage.agreement.policy_files import load_policy
from storage.amounts.shipped_rates import shipped_rates
from storage.catalogue import ACCRUALS
from storage.payments.ledger import record_pix
from tests.agreement_world import BH, FINE, SP, Contract, contract
from tests.bank_lines import cnab240
from tests.casebook.book import DATA, rows
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.payloads import CIPHER
from tests.storage.payments.test_offers import JUNE_PRICE, REMITTED, City
from tests.storage.payments.test_offers import city as city
from tests.web.pix_world import World, end_to_end_id, pix
from web.portal.pages import page_routes
from web.security.guard import Guard
from web.webhooks.pix import pix_routes

CENTS = Decimal("0.01")


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


# ---- M1, M2: banks' return files

BANK = {row["file"]: row for row in rows("bank/expected.tsv")}


@pytest.mark.parametrize("name", [name for name, row in BANK.items() if row["payments"]])
def test_m1_a_bank_s_own_file_brings_what_its_own_test_says(line: Line, name: str) -> None:
    imported = line.json("payments", "import", DATA / "bank" / name, "--force")
    assert (str(imported["accepted"]), imported["amount"]) == (BANK[name]["payments"], BANK[name]["total"])
    assert imported["rejected"] == 0


def test_m1_movement_46_is_a_payment(line: Line) -> None:
    imported = line.json("payments", "import", DATA / "bank/cef46.ret", "--force")
    assert (imported["accepted"], imported["amount"]) == (2, "849.90")


def test_m1_movement_47_takes_payments_back(line: Line) -> None:
    line.json("payments", "import", DATA / "bank/caixa-9.ret", "--force")
    line.json("payments", "import", DATA / "bank/cef47.ret", "--force")
    back = line.json("payments", "list", "--state", "reversed")["payments"]
    assert sorted(payment["amount"] for payment in back) == ["49.90", "800.00"]


def slip_number(world: World, debt: str) -> int:
    return int(world.rows(f"SELECT slip_number FROM debts WHERE id = '{debt}'")[0][0])


BANKS = {
    "Banco do Brasil, convênio of seven digits": ("001", "3294860{slip:010}"),
    "Caixa": ("104", "24{slip:015}7"),
    "Sicoob": ("756", "{slip:010}01014"),
}
"""How these banks number a title of ours: their code, and the nosso número, after which blanks follow."""


@pytest.mark.parametrize("bank", BANKS)
def test_m2_our_slip_is_known_by_the_number_that_its_bank_gives_it(
    line: Line, world: World, tmp_path: Path, bank: str
) -> None:
    owing, _ = world.owing_case()
    code, numbered = BANKS[bank]
    lines = cnab240([(numbered.format(slip=slip_number(world, owing.debt)), "06", "100.00")])
    of_bank = [code + written[3:] for written in lines]
    assert imported_unmatched(line, tmp_path, [of_bank[0].replace("AGREEMENT", "003294860"), *of_bank[1:]]) == 0


def test_m2_our_slip_is_known_by_what_we_wrote_into_the_title(line: Line, world: World, tmp_path: Path) -> None:
    """Segment T, 106–130: the identification of the title in the company."""
    owing, _ = world.owing_case()
    lines = cnab240([("00000000009999999999", "06", "100.00")])
    mine = f"{our_number(slip_number(world, owing.debt)):<25}"
    titled = [text[:105] + mine + text[130:] if text[13:14] == "T" else text for text in lines]
    assert imported_unmatched(line, tmp_path, titled) == 0


def test_m2_a_title_that_is_nobody_s_stays_unmatched(line: Line, world: World, tmp_path: Path) -> None:
    world.owing_case()
    assert imported_unmatched(line, tmp_path, cnab240([("00000000009999999999", "06", "100.00")])) == 1


def imported_unmatched(line: Line, folder: Path, lines: list[str]) -> int:
    file = folder / "return.ret"
    file.write_text("".join(f"{one}\r\n" for one in lines), encoding="latin-1", newline="")
    imported = line.json("payments", "import", file)
    if imported["accepted"] != 1:
        raise RuntimeError(f"the bank's file was not taken: {imported}")
    return int(imported["unmatched"])


# ---- M3: Pix callbacks

CALLBACKS = {
    said["name"]: said
    for said in map(json.loads, (DATA / "pix/callbacks.jsonl").read_text(encoding="utf-8").splitlines())
}
SECRET = "not-a-secret-that-anybody-has"


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.include_router(pix_routes(engine, SECRET, CIPHER))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


@pytest.mark.parametrize("name", CALLBACKS)
async def test_m3_a_bank_s_callback_is_answered(http: AsyncClient, name: str) -> None:
    answer = await http.post(f"/webhooks/pix/{SECRET}", json=CALLBACKS[name]["body"])
    assert answer.status_code == CALLBACKS[name]["expected"]


@pytest.mark.parametrize("name", CALLBACKS)
async def test_m3_a_good_payment_is_recorded_whatever_its_neighbour_is(
    http: AsyncClient, world: World, name: str
) -> None:
    owing, _ = world.owing_case()
    body = CALLBACKS[name]["body"]
    await http.post(f"/webhooks/pix/{SECRET}", json={**body, "pix": [*body.get("pix", []), pix(owing.txid)]})
    assert world.received(owing) == "100.00"


async def test_m3_a_pix_that_was_sent_is_no_receipt(http: AsyncClient, world: World) -> None:
    await http.post(f"/webhooks/pix/{SECRET}", json=CALLBACKS["efi-sent-pix"]["body"])
    assert world.rows("SELECT count(*) FROM payments") == [(0,)]


# ---- M4: one Pix, reported twice


@pytest.mark.parametrize("order", ["webhook first", "bank first"])
def test_m4_a_pix_after_the_deadline_is_late_whoever_reports_it_first(city: City, order: str) -> None:
    """At 16:05 of the last day, which ends at 16:00."""
    target = city.campaign()

    def by_bank() -> None:
        target.pays_at_the_bank(JUNE_PRICE, date(2023, 6, 23), reported="2023-06-26T08:00", by_pix=True)

    def by_webhook() -> None:
        target.pays(JUNE_PRICE, "2023-06-23T16:05")

    for reports in (by_webhook, by_bank) if order == "webhook first" else (by_bank, by_webhook):
        reports()
    assert target.remitted == 0


def test_m4_a_pix_before_the_deadline_settles_either_way(city: City) -> None:
    target = city.campaign()
    target.pays(JUNE_PRICE, "2023-06-23T15:55")
    target.pays_at_the_bank(JUNE_PRICE, date(2023, 6, 23), reported="2023-06-26T08:00", by_pix=True)
    assert target.remitted == REMITTED


# ---- M5: what delay costs

ACCRUED = rows("accrual/cases.tsv")


@pytest.fixture(scope="module")
def selic() -> Rates:
    read = read_sgs((DATA / "accrual/selic.json").read_text(), "selic.json")
    return Rates({"selic": {row.rate.month: row.rate.percent for row in read if row.rate}})


@pytest.mark.parametrize("case", ACCRUED, ids=lambda case: f"{case['table']} {case['due']} {case['paid']}")
def test_m5_fine_and_interest_are_those_of_the_law(case: dict[str, str], selic: Rates) -> None:
    table = read_accrual(ACCRUALS.read(case["table"])[1]).table
    if table is None:
        raise RuntimeError(f"there is no table {case['table']}")
    due, paid = date.fromisoformat(case["due"]), date.fromisoformat(case["paid"])
    owed = accrue(table, Decimal(case["principal"]), due, paid, selic)
    assert (owed.fine, owed.interest) == (Decimal(case["fine"]), Decimal(case["interest"]))


# ---- M6 to M11: agreements


def test_m6_nothing_is_remitted_without_a_law(engine: Engine) -> None:
    """R$ 1,000.00 due on 10/01/2025, agreed at R$ 1,320.00 in six: a fine of 20 % and twelve months of 1 %."""
    rule = "{from: 2000-01-01, source: lei, per_month: '1', month_of_payment: '1'}"
    monthly = FINE.replace("interest: []", f"interest: [{rule}]")
    made = contract(engine, "1000.00", accrual=monthly)
    made.sign(BH, 6, date(2026, 1, 12))
    if made.rows("SELECT amount FROM agreements") != [(Decimal("1320.00"),)]:
        raise RuntimeError(f"agreed at {made.rows('SELECT amount FROM agreements')}")
    for n, due in made.rows("SELECT n, due FROM instalments ORDER BY n"):
        made.pay(n, due)
    received = sum(Decimal(each) for each in made.received)
    assert received > Decimal("1320.00")
    assert made.rows("SELECT count(*) FROM remissions") == [(0,)]


def in_six(engine: Engine) -> Contract:
    """São Paulo, 6 × R$ 200.00, the first paid on the day of its signature."""
    made = contract(engine, "1200.00")
    made.sign(SP, 6, date(2026, 2, 2))
    made.pay(1, made.get("SELECT due FROM instalments WHERE n = 1"))
    if made.rows("SELECT DISTINCT amount FROM instalments") != [(Decimal("200.00"),)]:
        raise RuntimeError("the instalments are not of R$ 200.00")
    return made


def due_of(made: Contract, n: int) -> date:
    return made.get(f"SELECT due FROM instalments WHERE n = {n}")  # type: ignore[no-any-return]


def paid_numbers(made: Contract) -> list[int]:
    return [n for (n,) in made.rows("SELECT n FROM instalments WHERE paid_on IS NOT NULL ORDER BY n")]


def test_m7_what_is_paid_to_the_debt_goes_to_the_overdue_instalment(engine: Engine) -> None:
    made = in_six(engine)
    made.pay_debt(0, due_of(made, 2) + timedelta(days=5), "200.00")
    assert paid_numbers(made) == [1, 2]
    made.look(due_of(made, 3) + timedelta(days=40))
    made.pay(3, due_of(made, 3))
    assert made.state == "active"


def test_m8_what_is_paid_on_one_code_pays_what_is_overdue(engine: Engine) -> None:
    made = in_six(engine)
    made.pay(3, due_of(made, 3) + timedelta(days=2), "400.00")
    assert paid_numbers(made) == [1, 2, 3]


def early(policy: str, count: int, signed: date, paid: dict[int, tuple[date, str]]) -> Life:
    """An agreement of R$ 600.00, and what was paid of each instalment, and when."""
    rules = load_policy(policy).policy
    request = Request(Decimal("600.00"), signed, kind=next(iter(rules.debt_kinds)), instalments=count)
    schedule = quote(rules, request, shipped_rates()).instalments
    deal = Deal(rules, request, schedule, Decimal(0), Decimal(0), rates=shipped_rates())
    payments = [Paid(n, on, Decimal(amount), n) for n, (on, amount) in paid.items()]
    return live(deal, payments, signed + timedelta(days=200))


def test_m11_the_nominal_day_is_not_early(engine: Engine) -> None:
    """Signed on 14/10/2026: the second falls due on Saturday 14/11, payable until Monday 16/11."""
    life = early(BH, 3, date(2026, 10, 14), {1: (date(2026, 10, 14), "200.00"), 2: (date(2026, 11, 14), "180.00")})
    if life.entries[1].due != date(2026, 11, 16):
        raise RuntimeError(f"the second falls due on {life.entries[1].due}")
    assert life.entries[1].forgiven == 0


def test_m11_the_day_before_it_is() -> None:
    life = early(BH, 3, date(2026, 10, 14), {1: (date(2026, 10, 14), "200.00"), 2: (date(2026, 11, 13), "180.00")})
    assert life.entries[1].forgiven == Decimal("20.00")


@pytest.mark.parametrize("count", ["180", "2"])
def test_m10_no_instalment_is_below_the_minimum(line: Line, count: str) -> None:
    words = ("agreement", "quote", "--policy", BH, "--amount", "1.80", "--instalments", count)
    code, _, complained = line(*words)
    assert code == 1
    assert "instalment" in complained


# ---- M12: what people put right


def test_m12_a_wrong_match_is_undone_by_a_new_entry(line: Line, world: World) -> None:
    wrong_one, _ = world.owing_case()
    right_one, _ = world.owing_case()
    by_mistake = PixPayment(end_to_end_id(), None, Decimal("100.00"), datetime(2026, 3, 2, tzinfo=UTC))
    record_pix(world.engine, [by_mistake], datetime(2026, 3, 2, tzinfo=UTC))
    [lost] = line.json("payments", "list", "--state", "unmatched")["payments"]
    line.json("payments", "match", str(lost["id"]), wrong_one.debt, "--by", "ana")
    recorded = world.rows("SELECT * FROM decisions ORDER BY id")
    line.json("payments", "unmatch", str(lost["id"]), "--by", "bia", "--reason", "outro contribuinte")
    assert (world.received(wrong_one), world.rows("SELECT * FROM decisions ORDER BY id")[: len(recorded)]) == (
        "0.00",
        recorded,
    )
    [again] = line.json("payments", "list", "--state", "unmatched")["payments"]
    assert (again["end_to_end_id"], again["amount"]) == (by_mistake.end_to_end_id, "100.00")
    line.json("payments", "match", str(again["id"]), right_one.debt, "--by", "bia")
    assert world.received(right_one) == "100.00"
    assert line.json("payments", "reconcile")["balanced"]


def test_m12_an_excess_is_moved_to_another_debt_of_the_person(line: Line, world: World) -> None:
    person = world.taxpayer()
    one, other, _ = world.debt(person), world.debt(person), world.case(person)
    paid = PixPayment(end_to_end_id(), one.txid, Decimal("150.00"), datetime(2026, 3, 2, tzinfo=UTC))
    record_pix(world.engine, [paid], datetime(2026, 3, 2, tzinfo=UTC))
    [excess] = line.json("payments", "list", "--state", "excess")["payments"]
    words = ("payments", "move", str(excess["id"]), other.debt, "--by", "bia")
    assert line(*words)[0] == 2, "without a reason"
    line.json(*words, "--reason", "pagou a maior")
    assert (world.received(one), world.received(other)) == ("100.00", "50.00")
    assert line.json("payments", "list", "--state", "excess")["payments"] == []
    assert line.json("payments", "reconcile")["balanced"]


# ---- M9, M13: pages

PAGES = "http://regua"
LINKS = Links(["k" * 32], PAGES)


@pytest.fixture
async def pages(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, LINKS, lambda *_: None))
    async with AsyncClient(transport=ASGITransport(app), base_url=PAGES) as client:
        yield client


async def test_m9_the_page_shows_the_agreement_and_how_to_pay_its_instalment(
    pages: AsyncClient, engine: Engine
) -> None:
    made = contract(engine, "1200.00")
    made.sign(BH, 6, date(2026, 2, 2))
    said = (await pages.get(LINKS.pay(made.case))).text
    assert "1 de 6" in said
    assert "200,00" in said
    assert "1.200,00" not in said


async def test_m13_twelve_charges_are_paid_at_once_or_one_by_one(pages: AsyncClient, engine: Engine) -> None:
    made = contract(engine, *["100.00"] * 12)
    said = (await pages.get(LINKS.pay(made.case))).text
    for n in range(1, 13):
        assert f"{n} de 12" in said
    assert "tudo" in said


# ---- codes that are in circulation

BRCODES = [row for row in rows("codes/brcode.tsv") if row["valid"] != "None"]


@pytest.mark.parametrize("row", BRCODES, ids=[row["source"] for row in BRCODES])
def test_codes_a_br_code_is_read_or_refused_as_its_source_says(row: dict[str, str]) -> None:
    if row["valid"] == "True":
        assert read_brcode(row["text"]).receiver.name
    else:
        with pytest.raises(Refusal):
            read_brcode(row["text"])


@pytest.mark.parametrize("row", rows("codes/barcode.tsv"), ids=lambda row: row["line"])
def test_codes_a_typed_line_is_read_or_refused_as_its_source_says(row: dict[str, str]) -> None:
    if row["valid"] == "true":
        assert read_typed(row["line"]).typed == row["line"]
    else:
        with pytest.raises(NoBarcode):
            read_typed(row["line"])
