"""PGFN's open data: the lists of debtors of FGTS, social security and all else, in all their versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from models.formats import fold
from models.intake.columns import in_order
from models.intake.debts import About, DebtReader, DebtRow, about_row
from models.intake.fields import (
    LONGEST_NAME,
    Rejected,
    read_date,
    read_inscription,
    read_owed,
    read_text,
    read_who,
    read_yes_no,
    uf_if_any,
)
from models.intake.situation import situation_of

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

FGTS, SOCIAL_SECURITY, OTHER = "FGTS", "SOCIAL-SECURITY", "OTHER"
"""The taxes, one a list."""


def pgfn_reader(header: Sequence[str], today: date) -> DebtReader:
    header = [name.strip().upper() for name in header]
    fields_of = in_order(header, PGFN_REQUIRED, PGFN_OPTIONAL)
    tax_of_header = _tax_of(header)
    has_debtors_uf, has_origin = "UF_DEVEDOR" in header, "ARQUIVO_ORIGEM" in header
    latest = today.isoformat()

    def read(fields: list[str]) -> DebtRow:
        tax_id, name, inscription, situation, detail, due, litigation, amount, uf, units_uf, origin = fields_of(fields)
        name = read_text(name, "NOME_DEVEDOR", LONGEST_NAME)
        number, key = read_who(tax_id, name, "CPF_CNPJ")
        inscription, known_by = read_inscription(inscription, "NUMERO_INSCRICAO")
        due = read_date(due, "DATA_INSCRICAO")
        if due > latest:
            raise Rejected("DATA_INSCRICAO is in the future")
        hold, ended = situation_of(situation, detail)
        owed, ended = read_owed(amount, "VALOR_CONSOLIDADO", ended)
        return DebtRow(
            number,
            key,
            name,
            "",
            "",
            uf_if_any(uf if has_debtors_uf else units_uf),
            (has_origin and _tax_of_origin(origin)) or tax_of_header,
            inscription,
            known_by,
            "",
            due,
            read_yes_no(litigation, "INDICADOR_AJUIZADO"),
            owed,
            hold,
            ended,
            registered_on=due,
        )

    number = header.index("NUMERO_INSCRICAO")

    def about(fields: list[str]) -> About:
        # an inscription is of one list only, so that it may be looked for in all that the file can be of
        taxes = (FGTS, SOCIAL_SECURITY, OTHER) if has_origin else (tax_of_header,)
        return About(taxes, about_row(fields, len(header), (), number).inscription_keys)

    return DebtReader(read, about, columns_vary=False, amounts="left")


def _tax_of(header: Sequence[str]) -> str:
    if "ENTIDADE_RESPONSAVEL" in header or "UNIDADE_INSCRICAO" in header:
        return FGTS
    return SOCIAL_SECURITY if "TIPO_CREDITO" in header else OTHER


@lru_cache(maxsize=64)
def _tax_of_origin(origin: str) -> str | None:
    """The tax by ARQUIVO_ORIGEM of older files: "FGTS", "Previdenciario", "Nao_Previdenciario"."""
    words = fold(origin)
    if "PREVIDENCIARI" in words:
        return OTHER if words.startswith("NAO") or " NAO " in f" {words} " else SOCIAL_SECURITY
    return FGTS if "FGTS" in words else None
