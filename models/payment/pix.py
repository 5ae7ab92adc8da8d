"""The Central Bank's Pix callback (API Pix 2.9.0), read into values or refused with the field that is wrong.

What the payer wrote (`infoPagador`) is checked and left behind, and no reason repeats what was sent. Where the
standard contradicts itself we take the wider reading: `txid` has 1–35 characters or is absent, `devolucoes` is a list
or, as in the standard's own example, a single object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from models.callback import Malformed, json_of

T = TypeVar("T")

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""Before Pix began (November 2020), since the standard's own examples are from that September."""

SKEW = timedelta(days=1)
"""How far a bank's clock may run ahead of ours."""

STATUSES = ("EM_PROCESSAMENTO", "DEVOLVIDO", "NAO_REALIZADO")

INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class PixRefund:
    """A refund (devolução) that the bank has carried out; those pending or not carried out change nothing."""

    id: str
    amount: Decimal
    at: datetime | None
    """When it was settled, else when it was asked for."""


@dataclass(frozen=True)
class PixPayment:
    end_to_end_id: str
    txid: str | None
    amount: Decimal
    paid_at: datetime
    refunds: tuple[PixRefund, ...] = ()


def read_callback(body: bytes, arrived_at: datetime) -> tuple[PixPayment, ...]:
    callback = _Fields.of(json_of(body), "")
    payments = tuple(_payment(item, arrived_at) for item in callback.objects("pix", required=True))
    first_with: dict[str, int] = {}
    for index, payment in enumerate(payments):
        first = first_with.setdefault(payment.end_to_end_id, index)
        if first != index:
            raise Malformed(f"pix[{index}].endToEndId", f"is the same as that of pix[{first}]")
    return payments


def _payment(item: _Fields, arrived_at: datetime) -> PixPayment:
    item.free_text("chave")
    item.free_text("infoPagador")
    refunds = [_refund(refund, arrived_at) for refund in item.objects("devolucoes", single=True)]
    return PixPayment(
        end_to_end_id=item.required(item.code("endToEndId", 32, 32), "endToEndId"),
        txid=item.code("txid", 1, 35),
        amount=item.amount("valor"),
        paid_at=item.required(item.instant("horario", arrived_at), "horario"),
        refunds=tuple(refund for refund in refunds if refund is not None),
    )


def _refund(refund: _Fields, arrived_at: datetime) -> PixRefund | None:
    reference = refund.required(refund.code("id", 1, 35), "id")
    amount = refund.amount("valor")
    times = refund.object("horario")
    asked = times.instant("solicitacao", arrived_at)
    settled = times.instant("liquidacao", arrived_at)
    if refund.values.get("status") not in STATUSES:
        refund.wrong("status", f"must be one of {', '.join(STATUSES)}")
    return PixRefund(reference, amount, settled or asked) if refund.values["status"] == "DEVOLVIDO" else None


@dataclass(frozen=True)
class _Fields:
    """One JSON object and its place in the body. A null is an absent field."""

    where: str
    values: dict[str, Any]

    @classmethod
    def of(cls, value: Any, where: str) -> _Fields:
        if not isinstance(value, dict):
            raise Malformed(where or "body", "must be an object")
        return cls(where, value)

    def path(self, name: str) -> str:
        return f"{self.where}.{name}".lstrip(".")

    def wrong(self, name: str, reason: str) -> NoReturn:
        raise Malformed(self.path(name), reason)

    def required(self, value: T | None, name: str) -> T:
        if value is None:
            self.wrong(name, "is missing")
        return value

    def object(self, name: str) -> _Fields:
        value = self.values.get(name)
        return _Fields.of({} if value is None else value, self.path(name))

    def objects(self, name: str, *, required: bool = False, single: bool = False) -> Iterator[_Fields]:
        value = self.values.get(name)
        if value is None and required:
            self.wrong(name, "is missing")
        if single and isinstance(value, dict):
            value = [value]
        if value is not None and not isinstance(value, list):
            self.wrong(name, "must be a list")
        for index, item in enumerate(value or ()):
            yield _Fields.of(item, f"{self.path(name)}[{index}]")

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            self.wrong(name, "must be a string")
        return value

    def free_text(self, name: str) -> None:
        if "\0" in (self.text(name) or ""):
            self.wrong(name, "must not hold a NUL character")

    def code(self, name: str, shortest: int, longest: int) -> str | None:
        value = self.text(name)
        if value is not None and not re.fullmatch(f"[a-zA-Z0-9]{{{shortest},{longest}}}", value):
            length = str(longest) if shortest == longest else f"{shortest} to {longest}"
            self.wrong(name, f"must be {length} letters and digits")
        return value

    def amount(self, name: str) -> Decimal:
        value = self.required(self.text(name), name)
        if not re.fullmatch(r"[0-9]{1,10}\.[0-9]{2}", value):
            self.wrong(name, "must be a string of 1 to 10 digits, a point and 2 digits, for example 110.00")
        amount = Decimal(value)
        if not amount:
            self.wrong(name, "must be above zero")
        return amount

    def instant(self, name: str, arrived_at: datetime) -> datetime | None:
        value = self.text(name)
        if value is None:
            return None
        if not INSTANT.fullmatch(value):
            self.wrong(name, "must be a date, a time and an offset, for example 2020-09-09T20:15:00.358Z")
        try:
            instant = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            self.wrong(name, "is no possible date and time")
        if instant < EARLIEST:
            self.wrong(name, f"is before {EARLIEST.year}, when there was no Pix")
        if instant > arrived_at + SKEW:
            self.wrong(name, "is in the future")
        return instant
