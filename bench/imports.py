"""Rows imported a second, by the analyst's own command from its start to its end, in both layouts.

Bare: the same file by PostgreSQL's own COPY into one table of text without an index, as fast as psycopg hands it over.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import monotonic

import psycopg
from psycopg import sql

from bench.figures import Figure, at_most, share_of_bare
from bench.ground import Ground, run_command
from models.taxid import cnpj_check_digits, cpf_check_digits

REGUA_HEADER = "tax_id;name;uf;tax;inscription;due;amount;email;situation;litigation"
PGFN_HEADER = (
    "CPF_CNPJ;TIPO_PESSOA;TIPO_DEVEDOR;NOME_DEVEDOR;UF_DEVEDOR;UNIDADE_RESPONSAVEL;NUMERO_INSCRICAO;"
    "TIPO_SITUACAO_INSCRICAO;SITUACAO_INSCRICAO;RECEITA_PRINCIPAL;DATA_INSCRICAO;INDICADOR_AJUIZADO;VALOR_CONSOLIDADO"
)

SHARE, PEAK = 0.25, 300
CHUNK = 1 << 18


async def import_figures(ground: Ground) -> list[Figure]:
    figures = []
    for layout, header, row in (("regua", REGUA_HEADER, _regua_row), ("pgfn", PGFN_HEADER, _pgfn_row)):
        ground.say(f"an import of {ground.scale.rows} rows in the layout of {layout}")
        file = ground.home / f"{layout}.csv"
        _write(file, header, (row(number) for number in range(ground.scale.rows)))
        bare = _copy_seconds(ground.owners_database, file, header.count(";") + 1)
        seconds, peak = await run_command(ground, "taxpayers", "import", str(file), "--json")
        file.unlink()
        rate, floor = ground.scale.rows / seconds, ground.scale.rows / bare
        figures += [
            share_of_bare(SHARE, f"rows imported a second, {layout}", rate, floor),
            at_most(PEAK, f"import memory, peak MiB, {layout}", peak),
        ]
    return figures


def _write(file: Path, header: str, rows: Iterable[str]) -> None:
    with file.open("w", encoding="latin-1", newline="") as out:
        out.write(f"{header}\r\n")
        out.writelines(f"{row}\r\n" for row in rows)


def _regua_row(number: int) -> str:
    """A line of the product's own layout; two people have three debts."""
    base = f"{number * 2 // 3 + 1:09}"
    who = f"{base}{cpf_check_digits(base)};Pessoa Exemplo {base};AL"
    return f"{who};IPTU;{number:012};2025-03-15;{100 + number % 900}.50;p{base}@example.com;Em cobrança;NAO"


def _pgfn_row(number: int) -> str:
    base = f"9{number * 2 // 3 + 1:07}0001"
    who = f"{base}{cnpj_check_digits(base)};Pessoa jurídica;PRINCIPAL;Empresa Exemplo {base};AL;ALAGOAS"
    return f"{who};{number:014};Em cobrança;ATIVA EM COBRANCA;Multa;15/03/2025;NAO;{100 + number % 900}.50"


def _copy_seconds(database: str, file: Path, columns: int) -> float:
    each = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(f"c{n}")) for n in range(columns))
    began = monotonic()
    with psycopg.connect(database) as connection, file.open("rb") as source:
        connection.execute(sql.SQL("CREATE TABLE raw ({})").format(each))
        with connection.cursor().copy(
            "COPY raw FROM STDIN (FORMAT csv, HEADER, DELIMITER ';', ENCODING 'LATIN1')"
        ) as copy:
            while chunk := source.read(CHUNK):
                copy.write(chunk)
        connection.commit()
        took = monotonic() - began
        connection.execute("DROP TABLE raw")
    return took
