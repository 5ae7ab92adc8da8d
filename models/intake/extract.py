"""The rows an authority delivers: what each layout's columns are, and how a row is read or why it is rejected.

Row values are text in PostgreSQL's own form, empty for NULL: millions of them pass on their way to COPY.
docs/data.md says the same for analysts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Literal, NamedTuple, TypeVar

from models.contact.phone import e164
from models.errors import Refusal
from models.formats import fold, tax_name
from models.intake.situation import ground_of
from models.law.states import STATES
from models.taxid import MASK, TaxId, read_tax_id

Layout = Literal["regua", "pgfn"]

EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
"""01/01/1000 and 31/12/9999 are how systems write "unknown"."""
LARGEST_WHOLE_DIGITS = 12
"""One trillion reais and more is a typing error."""
LONGEST_NAME, LONGEST_CODE = 250, 60

YES = frozenset(("SIM", "S", "YES", "Y", "TRUE", "T", "1"))
KINDS = {
    "TAX": "tax",
    "IMPOSTO": "tax",
    "FEE": "fee",
    "TAXA": "fee",
    "CONTRIBUTION": "contribution",
    "CONTRIBUICAO": "contribution",
    "CONTRIBUICAO DE MELHORIA": "contribution",
}
"""In which order a payment is imputed (CTN art. 163, II)."""
NO = frozenset(("NAO", "NÃO", "N", "NO", "FALSE", "F", "0"))

_POINT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]{1,2})?|\.[0-9]{1,2})")
_COMMA = re.compile(r"-?(?:[0-9]*|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]{1,2}")
_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_DATE_BR = re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})")
_PERIOD = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]|T[1-4]))?")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_PHONE = re.compile(r"\+?[0-9]{8,15}")
_PHONE_PUNCTUATION = str.maketrans("", "", " ()-.")


class Rejected(ValueError):
    """The reason for which a row is not taken: the column and what is wrong with it, without the person's data."""


class DebtRow(NamedTuple):
    tax_id: str
    key: str
    name: str
    email: str
    phone: str
    uf: str
    tax: str
    inscription: str
    period: str
    due: str
    litigation: str
    amount: str
    ground: str
    kind: str = ""
    prescribes: str = ""
    own: str = ""
    assets: str = ""


class FilingRow(NamedTuple):
    tax_id: str
    key: str
    name: str
    email: str
    phone: str
    tax: str
    period: str
    due: str
    status: str
    filed_on: str
    declared: str
    assessed: str
    paid: str
    paid_on: str
    corrected: str
    corrected_on: str


class BenefitRow(NamedTuple):
    tax_id: str
    key: str
    code: str
    name: str
    tax: str


class AssetsRow(NamedTuple):
    tax_id: str
    key: str
    assets: str


Row = TypeVar("Row", DebtRow, FilingRow, BenefitRow, AssetsRow)
Reader = Callable[[list[str]], Row]
"""Reads the fields of one row; raises Rejected."""
Fields = Callable[[list[str]], tuple[str, ...]]

TAXPAYERS_REQUIRED = ("tax_id", "name", "uf", "tax", "inscription", "due", "amount")
TAXPAYERS_OPTIONAL = ("email", "phone", "period", "situation", "litigation", "kind", "prescribes", "own", "assets")
FILINGS_REQUIRED = ("tax_id", "tax", "period", "due", "status")
FILINGS_OPTIONAL = (
    *("name", "email", "phone"),
    *("filed_on", "declared", "assessed", "paid", "paid_on", "corrected", "corrected_on"),
)
BENEFITS_REQUIRED = ("tax_id", "code", "name")
BENEFITS_OPTIONAL = ("tax",)
ASSETS_REQUIRED = ("tax_id", "assets")
PGFN_REQUIRED = (
    "CPF_CNPJ",
    "NOME_DEVEDOR",
    "NUMERO_INSCRICAO",
    "TIPO_SITUACAO_INSCRICAO",
    "SITUACAO_INSCRICAO",
    "DATA_INSCRICAO",
    "INDICADOR_AJUIZADO",
    "VALOR_CONSOLIDADO",
)
PGFN_OPTIONAL = ("UF_DEVEDOR", "UF_UNIDADE_RESPONSAVEL", "ARQUIVO_ORIGEM")


# ---- layouts


def debt_reader(header: Sequence[str], today: date, layout: Layout | None = None) -> Reader[DebtRow]:
    """The reader for a file with that header; a Refusal when the header is not of `layout`, or of none."""
    found = _layout_of(header)
    if layout is not None and found != layout:
        is_of = f"it is of the layout {found}" if found else "it is of no layout known here"
        raise Refusal(f"the header is not of the layout {layout}: {is_of}")
    if found == "pgfn":
        return _pgfn_reader([name.strip().upper() for name in header], today)
    if found == "regua":
        return _regua_reader(header)
    raise Refusal(
        "the header is of no layout known here: Régua's begins with tax_id, PGFN's with CPF_CNPJ (docs/data.md)"
    )


def _layout_of(header: Sequence[str]) -> Layout | None:
    names = {name.strip().lower() for name in header}
    if "cpf_cnpj" in names:
        return "pgfn"
    return "regua" if "tax_id" in names else None


def _in_order(header: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> Fields:
    """Take a row's fields in the order required, optional, whatever the file's order; "" for an absent column."""
    width = len(header)
    for name in header:
        if list(header).count(name) > 1:
            raise Refusal(f"the header has the column {name} twice")
    missing = [name for name in required if name not in header]
    if missing:
        raise Refusal(f"the header lacks {', '.join(missing)}; docs/data.md lists the columns")
    pick: Fields = itemgetter(*(header.index(name) if name in header else width for name in (*required, *optional)))

    def fields_of(fields: list[str]) -> tuple[str, ...]:
        if len(fields) != width:
            raise Rejected(f"has {len(fields)} columns, the header {width}")
        fields.append("")
        return pick(fields)

    return fields_of


def _own(header: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> Fields:
    names = [name.strip().lower() for name in header]
    unknown = [name for name in names if name not in required and name not in optional]
    if unknown and not set(required) - set(names):
        raise Refusal(f"the header has a column that isn't known here: {unknown[0]!r}; docs/data.md lists the columns")
    return _in_order(names, required, optional)


def _regua_reader(header: Sequence[str]) -> Reader[DebtRow]:
    fields_of = _own(header, TAXPAYERS_REQUIRED, TAXPAYERS_OPTIONAL)

    def read(fields: list[str]) -> DebtRow:
        tax_id, name, uf, tax, inscription, due, amount, *optional = fields_of(fields)
        email, phone, period, situation, litigation, kind, prescribes, own, assets = optional
        name = read_text(name, "name", LONGEST_NAME)
        number, key = _tax_id(tax_id, name, "tax_id")
        return DebtRow(
            number,
            key,
            name,
            read_email(email) if email else "",
            read_phone(phone) if phone else "",
            read_uf(uf, "uf"),
            read_tax(tax, "tax"),
            read_text(inscription, "inscription", LONGEST_CODE),
            read_period(period, "period") if period.strip() else "",
            read_date(due, "due"),
            read_yes_no(litigation, "litigation") if litigation.strip() else "f",
            read_amount(amount, "amount"),
            ground_of(situation.strip() or "em cobrança") or "",
            read_kind(kind, "kind") if kind.strip() else "",
            read_date(prescribes, "prescribes") if prescribes.strip() else "",
            read_yes_no(own, "own") if own.strip() else "",
            read_money(assets, "assets") if assets.strip() else "",
        )

    return read


def _pgfn_reader(header: Sequence[str], today: date) -> Reader[DebtRow]:
    fields_of = _in_order(header, PGFN_REQUIRED, PGFN_OPTIONAL)
    tax_of_header = _pgfn_tax(header)
    has_debtors_uf, has_origin = "UF_DEVEDOR" in header, "ARQUIVO_ORIGEM" in header
    latest = today.isoformat()

    def read(fields: list[str]) -> DebtRow:
        tax_id, name, inscription, situation, detail, due, litigation, amount, uf, units_uf, origin = fields_of(fields)
        name = read_text(name, "NOME_DEVEDOR", LONGEST_NAME)
        number, key = _tax_id(tax_id, name, "CPF_CNPJ")
        due = read_date(due, "DATA_INSCRICAO")
        if due > latest:
            raise Rejected("DATA_INSCRICAO is in the future")
        return DebtRow(
            number,
            key,
            name,
            "",
            "",
            _uf_if_any(uf if has_debtors_uf else units_uf),
            (has_origin and _tax_of_origin(origin)) or tax_of_header,
            read_text(inscription, "NUMERO_INSCRICAO", LONGEST_CODE),
            "",
            due,
            read_yes_no(litigation, "INDICADOR_AJUIZADO"),
            read_amount(amount, "VALOR_CONSOLIDADO"),
            ground_of(situation, detail) or "",
        )

    return read


def _pgfn_tax(header: Sequence[str]) -> str:
    if "ENTIDADE_RESPONSAVEL" in header or "UNIDADE_INSCRICAO" in header:
        return "FGTS"
    return "SOCIAL-SECURITY" if "TIPO_CREDITO" in header else "OTHER"


@lru_cache(maxsize=64)
def _tax_of_origin(origin: str) -> str | None:
    """The tax by ARQUIVO_ORIGEM of older files: "FGTS", "Previdenciario", "Nao_Previdenciario"."""
    words = fold(origin)
    if "PREVIDENCIARI" in words:
        return "OTHER" if words.startswith("NAO") or " NAO " in f" {words} " else "SOCIAL-SECURITY"
    return "FGTS" if "FGTS" in words else None


def filing_reader(header: Sequence[str]) -> Reader[FilingRow]:
    fields_of = _own(header, FILINGS_REQUIRED, FILINGS_OPTIONAL)

    def read(fields: list[str]) -> FilingRow:
        values = [value.strip() for value in fields_of(fields)]
        tax_id, tax, period, due, status, name, email, phone = values[:8]
        filed_on, declared, assessed, paid, paid_on, corrected, corrected_on = values[8:]
        name = read_text(name, "name", LONGEST_NAME) if name else ""
        number, key = _tax_id(tax_id, name, "tax_id")
        row = FilingRow(
            number,
            key,
            name,
            read_email(email) if email else "",
            read_phone(phone) if phone else "",
            read_tax(tax, "tax"),
            read_period(period, "period"),
            read_date(due, "due"),
            status.lower(),
            read_date(filed_on, "filed_on") if filed_on else "",
            read_money(declared, "declared") if declared else "",
            read_money(assessed, "assessed") if assessed else "",
            read_money(paid, "paid") if paid else "0",
            read_date(paid_on, "paid_on") if paid_on else "",
            read_money(corrected, "corrected") if corrected else "",
            read_date(corrected_on, "corrected_on") if corrected_on else "",
        )
        _check_filing(row)
        return row

    return read


def _check_filing(row: FilingRow) -> None:
    """Refuse a return whose columns contradict each other; ISO dates compare as text."""
    if row.status in ("filed", "late"):
        _check_filed(row)
    elif row.status in ("missing", "not_required"):
        for column in ("filed_on", "declared", "corrected", "corrected_on"):
            if getattr(row, column):
                raise Rejected(f"{column} is given, but the return is {row.status}")
    else:
        raise Rejected("status is none of filed, late, missing, not_required" if row.status else "status is missing")
    if bool(row.paid_on) != bool(row.paid.strip("0.")):
        raise Rejected("paid_on is given without paid" if row.paid_on else "paid_on is missing")


def _check_filed(row: FilingRow) -> None:
    if not row.declared:
        raise Rejected(f"declared is missing, but the return is {row.status}")
    if row.status == "late" and not row.filed_on:
        raise Rejected("filed_on is missing, but the return is late")
    if row.status == "late" and row.filed_on <= row.due:
        raise Rejected("filed_on is not after due, but the return is late")
    if row.status == "filed" and row.filed_on > row.due:
        raise Rejected("filed_on is after due: the return is late")
    if bool(row.corrected) != bool(row.corrected_on):
        raise Rejected("corrected and corrected_on go together: one of them is missing")
    if row.corrected and row.corrected_on < row.filed_on:
        raise Rejected("corrected_on is before filed_on")


def benefit_reader(header: Sequence[str]) -> Reader[BenefitRow]:
    fields_of = _own(header, BENEFITS_REQUIRED, BENEFITS_OPTIONAL)

    def read(fields: list[str]) -> BenefitRow:
        tax_id, code, name, tax = fields_of(fields)
        number, key = _tax_id(tax_id, "", "tax_id")
        return BenefitRow(
            number,
            key,
            read_text(code, "code", LONGEST_CODE),
            read_text(name, "name", LONGEST_NAME),
            read_tax(tax, "tax") if tax.strip() else "",
        )

    return read


def assets_reader(header: Sequence[str]) -> Reader[AssetsRow]:
    """The reader of what taxpayers are known to own, in reais."""
    fields_of = _own(header, ASSETS_REQUIRED, ())

    def read(fields: list[str]) -> AssetsRow:
        tax_id, assets = fields_of(fields)
        number, key = _tax_id(tax_id, "", "tax_id")
        return AssetsRow(number, key, read_money(assets, "assets"))

    return read


# ---- fields


def _tax_id(text: str, name: str, column: str) -> TaxId:
    try:
        tax_id = read_tax_id(text, name)
    except ValueError as error:
        raise Rejected(f"{column} {error}" if text.strip() else f"{column} is missing") from None
    if not name and tax_id.number.startswith(MASK):
        raise Rejected(f"{column} is a masked CPF, which says who it is only together with the name")
    return tax_id


def read_text(text: str, column: str, longest: int) -> str:
    """A text with single spaces and no line breaks."""
    text = " ".join(text.split())
    if not text:
        raise Rejected(f"{column} is missing")
    if len(text) > longest:
        raise Rejected(f"{column} is longer than {longest} characters")
    return text


def read_amount(text: str, column: str) -> str:
    """An amount of more than zero: `1234.56`, `1.234,56`, `1234,56`, `.33`."""
    amount = read_money(text, column)
    if not amount.strip("0."):
        raise Rejected(f"{column} is not more than zero")
    return amount


def read_money(text: str, column: str) -> str:
    """An amount of zero or more."""
    text = text.strip()
    if _COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif not _POINT.fullmatch(text):
        what = "is not an amount: 1234.56, 1234,56 or 1.234,56" if text else "is missing"
        raise Rejected(f"{column} {what}")
    if text[0] == "-":
        raise Rejected(f"{column} is negative")
    if len(text) > LARGEST_WHOLE_DIGITS and len(text.partition(".")[0].lstrip("0")) > LARGEST_WHOLE_DIGITS:
        raise Rejected(f"{column} is one trillion or more")
    return text


@lru_cache(maxsize=1 << 15)
def read_date(text: str, column: str) -> str:
    """A date written `2026-10-31` or `31/10/2026`, as the former."""
    text = text.strip()
    match = _DATE_BR.fullmatch(text) or _DATE.fullmatch(text)
    if match is None:
        raise Rejected(f"{column} is not a date: YYYY-MM-DD or DD/MM/YYYY" if text else f"{column} is missing")
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise Rejected(f"{column} is a day that doesn't exist") from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Rejected(f"{column} is before {EARLIEST_YEAR}" if day.year < EARLIEST_YEAR else f"{column} is too late")
    return day.isoformat()


@lru_cache(maxsize=1 << 10)
def read_period(text: str, column: str) -> str:
    """A period: a month `2026-09`, a quarter `2026-T3` (or `2026-Q3`) or a year `2026`."""
    period = text.strip().upper().replace("Q", "T")
    if not _PERIOD.fullmatch(period):
        raise Rejected(f"{column} is not a period: 2026-09, 2026-T3 or 2026" if period else f"{column} is missing")
    return period


@lru_cache(maxsize=1 << 10)
def read_tax(text: str, column: str) -> str:
    tax = tax_name(text)
    if not tax or len(tax) > LONGEST_CODE:
        raise Rejected(f"{column} is longer than {LONGEST_CODE} characters" if tax else f"{column} is missing")
    return tax


def read_uf(text: str, column: str) -> str:
    uf = text.strip().upper()
    if uf not in STATES and uf != "NA":
        raise Rejected(f"{column} is not a Brazilian state" if uf else f"{column} is missing")
    return _uf_if_any(uf)


def _uf_if_any(text: str) -> str:
    """The state's two letters, or empty: PGFN writes NA, and now and then Si, where it knows none."""
    return text if text in STATES else ""


def read_kind(text: str, column: str) -> str:
    kind = KINDS.get(fold(text))
    if kind is None:
        raise Rejected(f"{column} is none of tax, fee, contribution")
    return kind


def read_yes_no(text: str, column: str) -> str:
    answer = text.strip().upper()
    if answer in YES:
        return "t"
    if answer in NO:
        return "f"
    raise Rejected(f"{column} is neither SIM nor NAO" if answer else f"{column} is missing")


def read_email(text: str) -> str:
    email = text.strip()
    if email and (len(email) > LONGEST_NAME or not _EMAIL.fullmatch(email)):
        raise Rejected("email is not an e-mail address")
    return email


def read_phone(text: str) -> str:
    phone = text.translate(_PHONE_PUNCTUATION).strip()
    if phone and not _PHONE.fullmatch(phone):
        raise Rejected("phone is not a telephone number: 8 to 15 digits, with or without + in front")
    try:
        return e164(phone) if phone else ""
    except ValueError:
        # no reason to leave the debt out; without its + nothing is ever sent there, and the case shows it
        return phone.removeprefix("+")
