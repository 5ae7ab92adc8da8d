"""Monthly rates that tables of accrual name, in percent, and the files the Central Bank publishes them in (SGS)."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from models.errors import Refusal, Unreckonable

DATE_COLUMNS = ("data", "date", "mês", "mes")
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Rates:
    """Rates in percent by series and month, a month being its first day."""

    by_series: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)

    def percent(self, series: str, month: date) -> Decimal:
        """The rate of a month, in percent. Raises Unreckonable, naming the month: a rate that isn't known is not
        zero."""
        known = self.by_series.get(series, {})
        if month not in known:
            raise Unreckonable(
                f"the rate of {series} for {month:%m/%Y} is missing; "
                f"load it with `python starter.py rates import FILE --series {series}`",
                lacks=f"a taxa {series} de {month:%m/%Y}",
            )
        return known[month]

    def percent_or_last(self, series: str, month: date) -> tuple[Decimal, bool]:
        """The rate of a month and whether it is known: for a month that is still to come it is the last one known.
        Raises Unreckonable where there is none before it."""
        known = self.by_series.get(series, {})
        last = max(known, default=month)
        return self.percent(series, min(month, last)), month <= last


@dataclass(frozen=True)
class Rate:
    month: date
    percent: Decimal


@dataclass(frozen=True)
class Series:
    """A series of monthly rates with where it is from and the last month that it knows."""

    name: str
    source: str
    percents: Mapping[date, Decimal]

    @property
    def through(self) -> date:
        return max(self.percents)


def read_series(text: str) -> Series:
    """Read a file of `rates/`: `series`, `source`, and `percent` by month."""
    written = yaml.safe_load(text)
    percents = {_month(str(month)): _percent(str(rate)) for month, rate in written["percent"].items()}
    return Series(written["series"], written["source"], percents)


@dataclass(frozen=True)
class Row:
    """One row of a file: a rate, or the reason it is none."""

    line: int
    rate: Rate | None
    reason: str
    text: str


def read_sgs(text: str, name: str) -> list[Row]:
    """The rows of a file of SGS, JSON or CSV by its content. Refuses what is neither, naming the file."""
    rows = list(_json(text, name) if text.lstrip()[:1] in ("[", "{") else _csv(text, name))
    if not rows:
        raise Refusal(f"{name} has no rates in it")
    return list(_consistent(rows))


def _json(text: str, name: str) -> Iterator[Row]:
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    try:
        whole = decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{name} is not JSON: {error}") from None
    if not isinstance(whole, list):
        raise Refusal(f'{name} is not a list of {{"data": …, "valor": …}} as SGS publishes it')
    start, line = text.index("[") + 1, 1 + text.count("\n", 0, text.index("["))
    while (begin := re.compile(r"[\s,]*").match(text, start)) and text[begin.end()] != "]":
        line += text.count("\n", start, begin.end())
        item, end = decoder.raw_decode(text, begin.end())
        yield _of_item(line, item, text[begin.end() : end])
        line += text.count("\n", begin.end(), end)
        start = end


def _of_item(line: int, item: Any, text: str) -> Row:
    if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("data", "valor")):
        return Row(line, None, "is not an object with data and valor", text)
    return _row(line, item["data"], item["valor"], text)


def _csv(text: str, name: str) -> Iterator[Row]:
    lines = text.splitlines()
    delimiter = ";" if ";" in lines[0] else ","
    header = [column.strip().lower() for column in next(csv.reader([lines[0]], delimiter=delimiter))]
    if len(header) != 2 or header[0] not in DATE_COLUMNS:
        raise Refusal(f"{name} is neither SGS's JSON nor its CSV, whose header is `data;valor`")
    for line, written in enumerate(lines[1:], start=2):
        if not written.strip():
            continue
        fields = next(csv.reader([written], delimiter=delimiter))
        if len(fields) == 2:
            yield _row(line, fields[0], fields[1], written)
        else:
            yield Row(line, None, f"has {len(fields)} columns, not 2", written)


def _row(line: int, day: str, percent: str, text: str) -> Row:
    try:
        return Row(line, Rate(_month(day.strip()), _percent(percent.strip())), "", text)
    except ValueError as error:
        return Row(line, None, str(error), text)


def _month(written: str) -> date:
    if brazilian := re.fullmatch(r"(?:(\d{2})/)?(\d{2})/(\d{4})", written):
        day, month, year = brazilian[1] or "01", brazilian[2], brazilian[3]
    elif iso := re.fullmatch(r"(\d{4})-(\d{2})(?:-(\d{2}))?", written):
        year, month, day = iso[1], iso[2], iso[3] or "01"
    else:
        raise ValueError(f"{written[:20]!r} is not a date")
    try:
        first = date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError(f"{written!r} is not a day that exists") from None
    if first.day != 1:
        raise ValueError(f"{written!r} is not the first of a month: a series by the day is no monthly rate")
    if not 1900 <= first.year <= 2100:
        raise ValueError(f"{written!r} is before 1900 or after 2100")
    return first


def _percent(written: str) -> Decimal:
    """`1.28`, `1,28`, `-0,5`. A thousands separator makes it no monthly rate."""
    if not (number := re.fullmatch(r"-?\d{1,3}(?:[.,](\d+))?", written)):
        raise ValueError(f"{written[:20]!r} is not a percentage")
    if len(number[1] or "") > MOST_DECIMALS:
        raise ValueError(f"{written[:20]!r} has more than {MOST_DECIMALS} decimals")
    return Decimal(written.replace(",", "."))


def _consistent(rows: list[Row]) -> Iterator[Row]:
    """Reject contradictions: where two rows disagree about a month, the first one decides."""
    said: dict[date, Row] = {}
    for row in rows:
        first = said.setdefault(row.rate.month, row) if row.rate else row
        if row.rate and first.rate and first.rate.percent != row.rate.percent:
            yield Row(row.line, None, f"contradicts line {first.line} about {row.rate.month:%m/%Y}", row.text)
        else:
            yield row
