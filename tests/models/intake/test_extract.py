import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.formats import tax_name
from models.intake.benefits import BENEFITS_REQUIRED, benefit_reader
from models.intake.debts import TAXPAYERS_OPTIONAL, TAXPAYERS_REQUIRED, DebtRow
from models.intake.extract import debt_reader
from models.intake.fields import ContactRefused, Rejected, read_date, read_money, read_period
from models.intake.filings import FILINGS_OPTIONAL, FILINGS_REQUIRED, filing_reader
from models.intake.pgfn import PGFN_REQUIRED
from models.intake.situation import in_negotiation, situation_of
from models.words import GROUNDS

TODAY = date(2026, 11, 20)
OTHER = [
    *("CPF_CNPJ", "TIPO_PESSOA", "TIPO_DEVEDOR", "NOME_DEVEDOR", "UF_DEVEDOR", "UNIDADE_RESPONSAVEL"),
    *("NUMERO_INSCRICAO", "TIPO_SITUACAO_INSCRICAO", "SITUACAO_INSCRICAO", "RECEITA_PRINCIPAL"),
    *("DATA_INSCRICAO", "INDICADOR_AJUIZADO", "VALOR_CONSOLIDADO"),
]
OWN = (*TAXPAYERS_REQUIRED, *TAXPAYERS_OPTIONAL)
PGFN_ROW = {
    "CPF_CNPJ": "11.222.333/0001-81",
    "NOME_DEVEDOR": "RIO  BRANCO CLUB",
    "UF_DEVEDOR": "AC",
    "UF_UNIDADE_RESPONSAVEL": "AM",
    "NUMERO_INSCRICAO": "FGAC201900092",
    "TIPO_SITUACAO_INSCRICAO": "Em cobrança",
    "SITUACAO_INSCRICAO": "INSCRITA",
    "DATA_INSCRICAO": "14/11/2019",
    "INDICADOR_AJUIZADO": "NAO",
    "VALOR_CONSOLIDADO": "304558.98",
}
OWN_ROW = {
    "tax_id": "390.533.447-05",
    "name": "Ana",
    "uf": "al",
    "tax": "iptu",
    "inscription": "1",
    "due": "31/10/2026",
    "amount": "1.234,56",
}
FILING_ROW = {"tax_id": "390.533.447-05", "tax": "ICMS", "period": "2026-09", "due": "2026-10-09"}


def pgfn(header: Sequence[str] = OTHER, **changed: str) -> DebtRow:
    row = {**PGFN_ROW, **changed}
    return debt_reader(header, TODAY)([row.get(name, "x") for name in header])


def own(**changed: str) -> DebtRow:
    row = {**OWN_ROW, **changed}
    return debt_reader(OWN, TODAY)([row.get(name, "") for name in OWN])


def filing(**changed: str) -> Any:
    header = (*FILINGS_REQUIRED, *FILINGS_OPTIONAL)
    row = {**FILING_ROW, **changed}
    return filing_reader(header)([row.get(name, "") for name in header])


# ---- PGFN


def test_pgfn_row() -> None:
    row = pgfn()
    assert row.key == row.tax_id == "11222333000181"
    assert (row.name, row.uf, row.tax, row.inscription) == ("RIO BRANCO CLUB", "AC", "OTHER", "FGAC201900092")
    assert (row.due, row.amount, row.litigation, row.ground) == ("2019-11-14", "304558.98", "f", "")


def test_pgfn_tax_is_the_layout() -> None:
    social_security = ["TIPO_CREDITO" if name == "RECEITA_PRINCIPAL" else name for name in OTHER]
    fgts = [*OTHER[:6], "ENTIDADE_RESPONSAVEL", "UNIDADE_INSCRICAO", *OTHER[6:]]
    older = ["UF_UNIDADE_RESPONSAVEL" if name == "UF_DEVEDOR" else name for name in (*fgts, "ARQUIVO_ORIGEM")]
    assert pgfn(social_security).tax == "SOCIAL-SECURITY"
    assert pgfn(fgts).tax == "FGTS"
    assert (pgfn(older).tax, pgfn(older).uf) == ("FGTS", "AM")
    assert pgfn(older, ARQUIVO_ORIGEM="Nao_Previdenciario").tax == "OTHER"
    assert pgfn(older, ARQUIVO_ORIGEM="PREVIDENCIARIO").tax == "SOCIAL-SECURITY"


def test_columns_are_found_by_name() -> None:
    assert pgfn(OTHER[::-1]) == pgfn()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"VALOR_CONSOLIDADO": "-3.00"}, "VALOR_CONSOLIDADO is negative"),
        ({"VALOR_CONSOLIDADO": "1000000000000.00"}, "VALOR_CONSOLIDADO is one trillion or more"),
        ({"VALOR_CONSOLIDADO": ""}, "VALOR_CONSOLIDADO is missing"),
        ({"VALOR_CONSOLIDADO": "n/d"}, "VALOR_CONSOLIDADO is not an amount"),
        ({"DATA_INSCRICAO": "01/01/1000"}, "DATA_INSCRICAO is before 1900"),
        ({"DATA_INSCRICAO": "31/02/2020"}, "DATA_INSCRICAO is a day that doesn't exist"),
        ({"DATA_INSCRICAO": "21/11/2026"}, "DATA_INSCRICAO is in the future"),
        ({"CPF_CNPJ": "04.071.544/0001-04"}, "CPF_CNPJ is not a CNPJ: its check digits are wrong"),
        ({"NOME_DEVEDOR": "  "}, "NOME_DEVEDOR is missing"),
        ({"NUMERO_INSCRICAO": ""}, "NUMERO_INSCRICAO is missing"),
        ({"NUMERO_INSCRICAO": "9" * 61}, "NUMERO_INSCRICAO is longer than 60 characters"),
        ({"INDICADOR_AJUIZADO": "TALVEZ"}, "INDICADOR_AJUIZADO is neither SIM nor NAO"),
    ],
)
def test_pgfn_rejects(changed: dict[str, str], reason: str) -> None:
    with pytest.raises(Rejected, match=re.escape(reason)):
        pgfn(**changed)


def test_pgfn_takes() -> None:
    assert pgfn(VALOR_CONSOLIDADO=".33").amount == ".33"
    assert pgfn(UF_DEVEDOR="NA").uf == pgfn(UF_DEVEDOR="Si").uf == ""
    assert pgfn(DATA_INSCRICAO="20/11/2026").due == "2026-11-20"
    assert pgfn(CPF_CNPJ="XXX735.623XX", NOME_DEVEDOR="ana  lima").key == "XXX735623XX ANA LIMA"


@pytest.mark.parametrize(
    ("situation", "ground"),
    [
        ("Em cobrança", ""),
        ("EM COBRANCA", ""),
        ("Benefício Fiscal", "tax_benefit"),
        ("Em negociação", "negotiation"),
        ("Garantia", "guarantee"),
        ("SUSPENSO POR DECISAO JUDICIAL", "judicial_decision"),
        ("Outra", "unknown_situation"),
        ("", "unknown_situation"),
    ],
)
def test_grounds(situation: str, ground: str) -> None:
    assert situation_of(situation, "INSCRITA") == (ground, "")
    assert not ground or ground in GROUNDS


@pytest.mark.parametrize(
    ("situation", "ended"),
    [
        ("Quitada", "payment"),
        ("dívida QUITADA", "payment"),
        ("Débito pago integralmente", "payment"),
        ("PAGA EM 10/11/2026", "payment"),
        ("Extinta por pagamento", "payment"),
        ("Liquidado", "payment"),
        ("CDA cancelada", "cancellation"),
        ("Inscrição anulada", "cancellation"),
        ("Extinta por cancelamento", "cancellation"),
        ("Prescrita", "prescription"),
        ("Extinto por prescrição", "prescription"),
        ("extinta por decadência", "lapse"),
        ("Remitida", "remission"),
        ("baixado por remissão", "remission"),
        ("compensada", "compensation"),
    ],
)
def test_a_situation_may_say_how_the_debt_ended(situation: str, ended: str) -> None:
    assert situation_of(situation) == situation_of("Em cobrança", situation) == ("", ended)
    assert own(situation=situation, amount="").ended == own(situation=situation, amount="10.00").ended == ended


@pytest.mark.parametrize(
    "situation",
    ["Paga parcialmente", "Não paga", "A pagar", "Pedido de cancelamento", "Cancelamento em análise", "Baixada", "x"],
)
def test_a_situation_that_does_not_say_how_it_ended_is_not_understood(situation: str) -> None:
    assert situation_of(situation) == ("unknown_situation", "")


@pytest.mark.parametrize(
    ("detail", "hold"),
    [
        ("PRÉ-INSCRITA", "not_yet_registered"),
        ("A SER INSCRITA", "not_yet_registered"),
        ("AGUARDANDO INSCRIÇÃO", "not_yet_registered"),
        ("EM RETIFICAÇÃO", "under_rectification"),
        ("ATIVA A SER RETIFICADA", "under_rectification"),
        ("INSCRIÇÃO RETIFICADA", ""),
        ("PARCELAMENTO RESCINDIDO", ""),
        ("PARC RESC", ""),
        ("NEGOCIAÇÃO EM RESCISÃO", "negotiation"),
        ("PARCELAMENTO A RESCINDIR", "negotiation"),
        ("REPARCELADA APÓS RESCISÃO", "negotiation"),
    ],
)
def test_what_is_rescinded_preregistered_or_rectified_is_that(detail: str, hold: str) -> None:
    assert situation_of("Em cobrança", detail) == situation_of(detail) == (hold, "")
    assert not hold or hold in GROUNDS


@pytest.mark.parametrize("amount", ["0", "0,00", ".00", "0.00"])
def test_where_nothing_is_owed_the_debt_was_paid(amount: str) -> None:
    assert (own(amount=amount).ended, pgfn(VALOR_CONSOLIDADO=amount).ended) == ("payment", "payment")
    assert own(amount=amount, situation="cancelada").ended == "cancellation"


@pytest.mark.parametrize(
    "detail",
    [
        "ATIVA AJUIZADA - PARCELADA",
        "INSCRITA-NEGOCIADA NO SISPAR",
        "NEGOCIADO NO SISPAR",
        "ATIVA AJUIZADA NEGOCIADA NO SISPAR - BLOQUEADA",
        "Ativa em negociação",
        "ATIVA NAO AJUIZAVEL EM PROCESSO DE NEGOCIACAO NO SISPAR",
        "ATIVA NAO AJUIZADA PARCELADA LEI 12996/14",
        "ATIVA AJUIZADA PARC LEI 11941/09 ART 1-DIVIDAS SEM PARCEL. ANTERIOR",
        "ATIVA AJUIZADA AGUARD NEG LEI 12.996/14 - TODOS DEBITOS ATENDEM",
        "ATIVA COM PARCELAMENTO SIMPLIFICADO E AJUIZAMENTO A SER CANCELADO",
        "OPCAO REFIS EXIGIBILIDADE SUSPENSA",
        "TRANSAÇÃO EXCEPCIONAL",
        "ACORDO HOMOLOGADO",
        "PARCELAMENTO SEM GARANTIA",
    ],
)
def test_a_negotiation_holds(detail: str) -> None:
    assert situation_of("Em cobrança", detail) == ("negotiation", "")


@pytest.mark.parametrize(
    "detail",
    [
        "",
        "INSCRITA",
        "AJUIZADA",
        "PETICIONADA",
        "EMBARGADA",
        "NÃO NEGOCIADA",
        "ATIVA SEM PARCELAMENTO",
        "ATIVA NAO AJUIZAVEL COM AJUIZAMENTO A CANCELAR",
        "ATIVA COM PARCELAMENTO RESCINDIDO E AJUIZAMENTO A SER PROSSEGUIDO",
        "NEGOCIAÇÃO ROMPIDA",
        "PARCELAMENTO CANCELADO",
        "RESCISAO EXCLUSAO DE CREDITOS DE PARCELAMENTOS ESP",
        "AGUARDANDO ACORDAO",
        "ATIVA A SER COBRADA DE ACORDO COM A LEI",
    ],
)
def test_no_negotiation_or_one_that_is_over_holds_nothing(detail: str) -> None:
    assert not in_negotiation(detail)


# ---- Régua's own


def test_own_row() -> None:
    row = own(email="ana@example.com", phone="+55 (82) 90000-0001", period="2026-q3", litigation="sim")
    assert (row.tax, row.uf, row.due, row.amount) == ("IPTU", "AL", "2026-10-31", "1234.56")
    assert (row.email, row.phone, row.period, row.litigation) == ("ana@example.com", "+5582900000001", "2026-T3", "t")
    assert (own(assets="0").assets, own(assets="1.500,00").assets, row.assets) == ("0", "1500.00", "")
    assert (row.ground, own(situation="em cobrança").ground, own(situation="Garantia").ground) == ("", "", "guarantee")


@pytest.mark.parametrize("column", TAXPAYERS_REQUIRED)
def test_own_requires(column: str) -> None:
    with pytest.raises(Rejected, match=f"{column} is missing"):
        own(**{column: " "})


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"uf": "XX"}, "uf"),
        ({"period": "09/26"}, "period"),
        ({"litigation": "maybe"}, "litigation"),
        ({"assets": "some"}, "assets"),
    ],
)
def test_own_rejects_what_is_malformed(changed: dict[str, str], column: str) -> None:
    with pytest.raises(Rejected, match=column):
        own(**changed)


@pytest.mark.parametrize(
    ("written", "email", "phone"),
    [
        ({"email": "ana", "phone": "(82) 99999-1234"}, "", "+5582999991234"),
        ({"email": "e@x,example", "phone": "x"}, "", ""),
        ({"email": "a@x.example; b@x.example"}, "", ""),
        ({"email": "a@x.example", "phone": "99 / 88"}, "a@x.example", ""),
    ],
)
def test_a_contact_that_is_none_costs_the_contact_alone(written: dict[str, str], email: str, phone: str) -> None:
    with pytest.raises(ContactRefused) as refused:
        own(**written)
    assert refused.value.row == own()._replace(email=email, phone=phone)
    for column in ("email", "phone"):
        wrong = bool(written.get(column)) and not getattr(refused.value.row, column)
        assert (f"{column} is not" in str(refused.value)) == wrong


def test_a_return_too_is_taken_without_a_contact_that_is_none() -> None:
    with pytest.raises(ContactRefused, match="email is not") as refused:
        filing(status="missing", name="Ana", email="ana")
    assert (refused.value.row.name, refused.value.row.email) == ("Ana", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [("2020/00123-4", "2020001234"), ("ab.12", "AB12"), ("Nº 7-Ç", "no7c"), (" 12  34 ", "1234"), ("ﬁ1", "FI1")],
)
def test_an_inscription_has_one_key_however_it_is_written(one: str, other: str) -> None:
    assert own(inscription=one).inscription_key == own(inscription=other).inscription_key
    assert own(inscription=one).inscription == " ".join(one.split())


def test_an_inscription_without_letters_and_digits_is_none() -> None:
    with pytest.raises(Rejected, match="inscription has neither letters nor digits"):
        own(inscription="--/--")


@pytest.mark.parametrize("name", ["ANA DA CONCEIÇÃO", "Ana da Conceicao", "ana  da conceição.", "ANA-DA CONCEIÇÃO"])
def test_a_masked_person_has_one_key_however_the_name_is_written(name: str) -> None:
    assert pgfn(CPF_CNPJ="***.735.623-**", NOME_DEVEDOR=name).key == "XXX735623XX ANA DA CONCEICAO"


def test_a_wrong_number_of_columns_is_rejected() -> None:
    with pytest.raises(Rejected, match="has 2 columns, the header 26"):
        debt_reader(OWN, TODAY)(["a", "b"])


def test_empty_columns_that_a_spreadsheet_adds_change_nothing() -> None:
    read, row = debt_reader(OWN, TODAY), tuple(OWN_ROW.get(name, "") for name in OWN)
    assert read([*row, "", ""]) == own()
    with pytest.raises(Rejected, match="has 28 columns, the header 26"):
        read([*row, "", "x"])


@pytest.mark.parametrize(
    ("fields", "taxes", "keys"),
    [
        ([OWN_ROW.get(name, "") for name in OWN], ("IPTU",), ("1",)),
        (["390.533.447-05", "Silva", "Ana", "AL", "iptu"], ("390.533.447-05", "SILVA", "ANA", "AL", "IPTU"), None),
    ],
)
def test_a_row_that_can_not_be_taken_still_names_its_debt(
    fields: list[str], taxes: tuple[str, ...], keys: tuple[str, ...] | None
) -> None:
    about = debt_reader(OWN, TODAY).about(fields)
    assert about.taxes == taxes
    assert about.inscription_keys == (keys or ("39053344705", "SILVA", "ANA", "AL", "IPTU"))


def test_tax_names_have_one_spelling() -> None:
    assert tax_name(" taxa_de  lixo ") == tax_name("TAXA-DE-LIXO") == "TAXA-DE-LIXO"


# ---- headers


def test_headers_that_are_refused() -> None:
    with pytest.raises(Refusal, match="of no layout known here"):
        debt_reader(["a", "b"], TODAY)
    with pytest.raises(Refusal, match="not of the layout pgfn: it is of the layout regua"):
        debt_reader(OWN, TODAY, "pgfn")
    with pytest.raises(Refusal, match="not of the layout regua: it is of the layout pgfn"):
        debt_reader(OTHER, TODAY, "regua")
    with pytest.raises(Refusal, match="lacks VALOR_CONSOLIDADO"):
        debt_reader(OTHER[:-1], TODAY)
    with pytest.raises(Refusal, match="'e-mail'"):
        debt_reader((*OWN, "e-mail"), TODAY)
    with pytest.raises(Refusal, match="uf twice"):
        debt_reader((*OWN, "uf"), TODAY)
    with pytest.raises(Refusal, match="lacks tax_id"):
        benefit_reader(["code"])
    with pytest.raises(Refusal, match="lacks period, due, status"):
        filing_reader(["tax_id", "tax"])


# ---- returns


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "missing"},
        {"status": "not_required"},
        {"status": "FILED", "declared": "0"},
        {"status": "filed", "declared": "10,00", "filed_on": "2026-10-09", "paid": "10", "paid_on": "09/10/2026"},
        {"status": "late", "declared": "10", "filed_on": "2026-10-10"},
        {"status": "filed", "declared": "10", "corrected": "12", "corrected_on": "2026-11-01"},
        {"status": "missing", "assessed": "10"},
    ],
)
def test_returns_that_fit(changed: dict[str, str]) -> None:
    assert filing(**changed).status == changed["status"].lower()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": ""}, "status is missing"),
        ({"status": "lost"}, "status is none of"),
        ({"status": "missing", "filed_on": "2026-10-01"}, "filed_on is given"),
        ({"status": "missing", "declared": "1"}, "declared is given"),
        ({"status": "filed"}, "declared is missing"),
        ({"status": "filed", "declared": "-1"}, "declared is negative"),
        ({"status": "filed", "declared": "1", "filed_on": "2026-10-10"}, "filed_on is after due"),
        ({"status": "late", "declared": "1"}, "filed_on is missing"),
        ({"status": "late", "declared": "1", "filed_on": "2026-10-09"}, "filed_on is not after due"),
        ({"status": "filed", "declared": "1", "paid": "1"}, "paid_on is missing"),
        ({"status": "filed", "declared": "1", "paid_on": "2026-10-01"}, "paid_on is given without paid"),
        ({"status": "filed", "declared": "1", "corrected": "1"}, "go together"),
        ({"status": "missing", "tax_id": "XXX735.623XX"}, "masked CPF"),
    ],
)
def test_returns_that_do_not_fit(changed: dict[str, str], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        filing(**changed)


# ---- fields


@pytest.mark.parametrize(
    ("written", "amount"),
    [("1234.56", "1234.56"), ("1.234,56", "1234.56"), ("1234,56", "1234.56"), (",5", ".5"), ("7", "7")],
)
def test_amounts(written: str, amount: str) -> None:
    assert read_money(written, "amount") == amount


@pytest.mark.parametrize("written", ["1,234.56", "1.234", "1e5", "NaN", "Infinity", "1 000", "10.005", "٣", "--1", "."])
def test_no_amounts(written: str) -> None:
    with pytest.raises(Rejected):
        read_money(written, "amount")


@given(st.integers(1, 10**14 - 1))
def test_an_amount_is_the_same_however_it_is_written(cents: int) -> None:
    reais, rest = divmod(cents, 100)
    english, thousands = f"{reais}.{rest:02}", f"{reais:,}".replace(",", ".")
    assert read_money(english, "a") == read_money(f"{thousands},{rest:02}", "a") == english


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_date_is_the_same_however_it_is_written(day: date) -> None:
    assert read_date(f"{day:%d/%m/}{day.year}", "due") == read_date(day.isoformat(), "due") == day.isoformat()


@given(st.text() | st.from_regex(r"[0-9/.,Tt-]{0,12}", fullmatch=True))
def test_fields_are_read_or_rejected_whatever_they_hold(text: str) -> None:
    for read in (read_money, read_date, read_period):
        with suppress(Rejected):
            assert read(text, "column")


READERS = [
    (debt_reader(OTHER, TODAY), len(OTHER), OTHER),
    (debt_reader(OWN, TODAY), len(OWN), OWN),
    (filing_reader((*FILINGS_REQUIRED, *FILINGS_OPTIONAL)), 15, (*FILINGS_REQUIRED, *FILINGS_OPTIONAL)),
    (benefit_reader(BENEFITS_REQUIRED), 3, BENEFITS_REQUIRED),
]
GOOD = {**PGFN_ROW, **OWN_ROW, **FILING_ROW, "status": "filed", "code": "B1", "declared": "1"}


@pytest.mark.parametrize(("read", "width", "header"), READERS)
@given(data=st.data())
def test_rows_are_read_or_rejected_whatever_they_hold(read: Any, width: int, header: Any, data: st.DataObject) -> None:
    """Good rows with a few fields of anything; what is taken holds nothing that would break COPY's text format."""
    fields = [GOOD.get(name, "") for name in header]
    for place in data.draw(st.sets(st.integers(0, width - 1), max_size=3)):
        fields[place] = data.draw(st.text() | st.sampled_from(list(GOOD.values())))
    try:
        row = read(fields)
    except ContactRefused as refused:
        row = refused.row
    except Rejected:
        return
    assert all(isinstance(value, str) and not set(value) & set("\t\n\r") for value in row)


def test_pgfn_columns_are_required() -> None:
    for name in PGFN_REQUIRED[1:]:
        with pytest.raises(Refusal, match=name):
            debt_reader([column for column in OTHER if column != name], TODAY)
