"""`agreement quote`, as an analyst runs it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from pypdf import PdfReader
from typer.testing import CliRunner

from commands.agreement import register
from storage.catalogue import AGREEMENTS
from tests.commands.test_import_command import Line

BH, SP = "belo-horizonte", "sao-paulo"

app = typer.Typer()
register(app)


class Quote:
    def __init__(self, line: Line) -> None:
        self.line = line

    def __call__(self, *words: str) -> tuple[int, str, str]:
        return self.line("agreement", "quote", *words)

    def json(self, *words: str) -> Any:
        return self.line.json("agreement", "quote", *words)


@pytest.fixture
def quote(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quote:
    """Without a database or a Temporal server: it needs neither."""
    return Quote(Line(capsys, monkeypatch))


def test_a_schedule_as_json(quote: Quote) -> None:
    told = quote.json("--policy", SP, "--amount", "1000.01", "--renegotiation", "1", "--date", "2026-03-10")
    assert told == {
        "policy": "sao-paulo v2",
        "debt_kind": "iptu",
        "regime": "normal",
        "amount": "1000.01",
        "instalments": [
            # 1 % a month, and IPCA of the months between, at the last rate that is shipped: 0.18 % (11/2025)
            {"n": n, "due": due, "amount": amount, "principal": part, "interest": interest, "estimated": n > 2}
            for n, due, amount, part, interest in [
                (1, "2026-03-10", "208.36", "208.36", "0.00"),
                (2, "2026-04-10", "159.91", "158.33", "1.58"),
                (3, "2026-05-11", "161.78", "158.33", "3.45"),
                (4, "2026-06-10", "163.67", "158.33", "5.34"),
                (5, "2026-07-10", "165.56", "158.33", "7.23"),
                (6, "2026-08-10", "167.44", "158.33", "9.11"),
            ]
        ],
        "down_payment": "50.00",
        "discount": "0.00",
        "bonus": "0.00",
        "fee": "0.00",
        "total": "1026.72",
        "max_instalments": 6,
        "replaced": None,
        "example": True,
        "identity": None,
        "access_key": "Número do cadastro do imóvel (SQL – Setor/Quadra/Lote)",
    }


def test_the_total_is_the_instalments_and_the_fee(quote: Quote) -> None:
    told = quote.json("--policy", BH, "--amount", "7.000,00", "--instalments", "60")
    assert sum(Decimal(i["principal"]) for i in told["instalments"]) == Decimal("7000.00")
    assert (told["fee"], told["max_instalments"]) == ("120.00", 140)
    assert Decimal(told["total"]) == sum(Decimal(i["amount"]) for i in told["instalments"]) + 120


def test_it_says_that_another_text_rules_instead(quote: Quote) -> None:
    assert quote.json("--policy", BH, "--amount", "7000")["replaced"] == "Decreto 16.809/2017"
    assert "warning: since 2017-12-20 Decreto 16.809/2017 rules" in quote("--policy", BH, "--amount", "7000")[1]
    assert quote.json("--policy", "belo-horizonte-2017", "--amount", "7000")["replaced"] is None


def test_2017_more_instalments_are_granted_by_the_commission_with_a_deposit(quote: Quote) -> None:
    asked = ("--policy", "belo-horizonte-2017", "--amount", "100000", "--instalments", "108")
    code, _, complained = quote(*asked)
    assert (code, "at most 60 instalments, not 108 [Decreto 16.809/2017]" in complained) == (1, True)
    assert quote.json(*asked, "--granted", "Ata 7/2026")["down_payment"] == "12000.00"
    assert quote(*asked, "--granted", "Ata 7/2026", "--litigation", "suit")[0] == 1


def test_2017_an_act_that_says_nothing_grants_nothing(quote: Quote) -> None:
    code, _, complained = quote(
        "--policy", "belo-horizonte-2017", "--amount", "9000", "--instalments", "61", "--granted", " "
    )
    assert (code, "at most 60 instalments, not 61" in complained) == (1, True)


def test_2017_a_company_s_instalments_are_of_two_hundred_at_least(quote: Quote) -> None:
    asked = ("--policy", "belo-horizonte-2017", "--amount", "1000")
    assert quote.json(*asked)["max_instalments"] == 20
    assert quote.json(*asked, "--company")["max_instalments"] == 5


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "say --amount, or --case"),
        (("--amount", "9000", "--case", "c"), "say --amount, or --case"),
        (("--amount", "9000", "--debts", "sued"), "chooses among the debts of a case"),
        (("--case", "c", "--company"), "is on record for a case"),
    ],
)
def test_it_is_of_an_amount_or_of_a_case(quote: Quote, words: tuple[str, ...], why: str) -> None:
    code, _, complained = quote("--policy", BH, *words)
    assert (code, why in complained) == (2, True)


def test_the_schedule_is_a_page_and_a_paper(quote: Quote, tmp_path: Path) -> None:
    page, paper = tmp_path / "made" / "q.html", tmp_path / "q.pdf"
    code, _, complained = quote(
        "--policy",
        BH,
        "--amount",
        "1800",
        "--instalments",
        "3",
        "--date",
        "2026-03-10",
        "--html",
        str(page),
        "--pdf",
        str(paper),
    )
    assert (code, "wrote" in complained) == (0, True)
    read = "".join(each.extract_text() for each in PdfReader(paper).pages)
    for said in (page.read_text(encoding="utf-8"), read):
        for expected in ("R$\xa01.800,00", "10/04/2026", "R$\xa0606,00", "Decreto 16.809/2017", "Exemplo"):
            assert expected in said.replace("R$ ", "R$\xa0")


def test_fees_above_the_debt_are_refused(quote: Quote, tmp_path: Path) -> None:
    file = tmp_path / "cara.yaml"
    file.write_text(AGREEMENTS.read(BH)[1].replace('amount: "4.00"', 'amount: "400.00"'))
    code, _, complained = quote("--policy", str(file), "--amount", "1000", "--instalments", "13")
    assert (code, "the slips would cost R$ 2600.00, more than the R$ 1000.00 owed" in complained) == (1, True)


def test_a_debt_of_simples_takes_its_terms(quote: Quote) -> None:
    told = quote.json("--policy", SP, "--amount", "200000", "--debt-kind", "simples", "--renegotiation", "7")
    assert (told["regime"], told["down_payment"], told["identity"]) == ("simples", "40000.00", "senha web")


def test_a_table_for_people(quote: Quote) -> None:
    code, said, _ = quote("--policy", BH, "--amount", "1000", "--pay", "cash", "--date", "2026-03-10")
    assert code == 0
    assert "2026-03-10" in said
    assert "R$ 850,00" in said
    assert "discount: R$ 150,00" in said


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("--instalments 1000", "at most 180 instalments, not 1000 [Decreto 14.346/2011]"),
        ("--litigation frozen", "no agreement for a debt with a frozen bank account [Decreto 14.346/2011]"),
        ("--litigation seizure --renegotiation 1", "no renegotiation for a debt under seizure or attachment, not 1"),
        ("--policy sao-paulo --instalments 7", "no instalment may be under R$ 150.00"),
        ("--policy sao-paulo --debt-kind simples --regime normal", "is of regime simples or simei, not normal"),
        ("--policy atlantis", "there is no policy file 'atlantis'"),
        ("--policy=", ". is a folder; give the path of a policy's YAML file"),
        ("--html x --pdf x", "--html and --pdf are both 'x'"),
    ],
)
def test_a_refusal_names_the_rule_in_one_sentence(quote: Quote, words: str, rule: str) -> None:
    code, said, complained = quote("--policy", BH, "--amount", "1000", *words.split())
    assert (code, said) == (1, "")
    assert rule in complained
    assert complained.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        "--amount -5",
        "--amount 0",
        "--amount NaN",
        "--amount 1e5",
        "--amount 0.001",
        "--amount 1000000000000",
        "--instalments 0",
        "--instalments -1",
        "--instalments three",
        "--renegotiation -1",
        "--litigation jail",
        "--regime presumido",
        "--debt-kind ipva",
        "--date 2026-02-30",
        "--date 0001-01-01",
        "--date 2201-01-01",
        "--date 31/04/2026",
        "--pay barter",
    ],
)
def test_wrong_usage_is_exit_code_2(words: str) -> None:
    done = CliRunner().invoke(app, ["agreement", "quote", "--policy", BH, "--amount", "1000", *words.split()])
    assert (done.exit_code, done.stdout) == (2, "")
    assert words.split()[0] in done.stderr


def test_a_policy_of_the_analysts_own_and_its_faults(quote: Quote, tmp_path: Path) -> None:
    file = tmp_path / "minha.yaml"
    text = AGREEMENTS.read(SP)[1]
    file.write_text(text.replace("[60, 60, 60, 60]", "[48]", 1))
    assert quote.json("--policy", str(file), "--amount", "90000")["max_instalments"] == 48
    file.write_text(text.replace("due_dates:", "due_days:"))
    code, _, complained = quote("--policy", str(file), "--amount", "90000")
    assert code == 1
    assert "has 2 faults:" in complained
    assert f"{file}:{text[: text.index('due_dates:')].count(chr(10)) + 1}: due_days: is an unknown key" in complained
