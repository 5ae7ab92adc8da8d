"""The Central Bank's Pix callback (API Pix 2.9.0), read item by item: a payment, none, or the field that is wrong.

A call bundles payments of people who have nothing to do with each other, so what is wrong with one item costs no other.
What the payer wrote (`infoPagador`) is left behind, and no reason repeats what was sent. Where the standard contradicts
itself, or banks' own documents it, we take the wider reading: `txid` has 1–35 characters, is empty, absent or `***`;
`devolucoes` and `pix` are a list or a single object; `valor` may be a number; an instant that isn't given is that of
the call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from models.callback import Malformed
from models.payment.brcode import NO_TXID

T = TypeVar("T")

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""Before Pix began (November 2020), since the standard's own examples are from that September."""

SKEW = timedelta(days=1)
"""How far a bank's clock may run ahead of ours."""

STATUSES = ("EM_PROCESSAMENTO", "DEVOLVIDO", "NAO_REALIZADO")
"""The states of a refund."""
DONE = (None, "REALIZADO", "CONCLUIDO", "CONCLUIDA", "LIQUIDADO")
"""The state of a payment that came in, where a bank states one."""
SENT = "SOLICITACAO"
"""The `tipo` of a Pix that left the account (Efí)."""

INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})")
WRITTEN = re.compile(r"[0-9]{1,10}\.[0-9]{2}")
NUMERIC = re.compile(r"[0-9]{1,10}(\.[0-9]{1,20})?")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class PixRefund:
    """A refund (devolução) that the bank has carried out; those pending or not carried out change nothing."""

    id: str
    amount: Decimal
    at: datetime | None
    """When it was settled, else when it was asked for."""
    rtr_id: str | None = None
    """The id of the transfer back, which some banks give alone."""


@dataclass(frozen=True)
class PixPayment:
    end_to_end_id: str
    txid: str | None
    amount: Decimal
    paid_at: datetime
    refunds: tuple[PixRefund, ...] = ()


@dataclass(frozen=True)
class Callback:
    """A call's items by their places: those that are payments, and why others can't be read."""

    text: str
    encoding: str
    read: Mapping[int, PixPayment]
    unreadable: Mapping[int, str]

    @property
    def payments(self) -> tuple[PixPayment, ...]:
        return merged(self.read.values())

    def as_sent(self) -> list[bytes]:
        """Each item as it was sent."""
        return [item.encode(self.encoding) for item in items_as_written(self.text)]


def merged(told: Iterable[PixPayment]) -> tuple[PixPayment, ...]:
    """One payment for each endToEndId: a bank may tell of a payment and of its refund in two items, or two calls."""
    found: dict[str, PixPayment] = {}
    for payment in told:
        first = found.get(payment.end_to_end_id)
        found[payment.end_to_end_id] = replace(first, refunds=first.refunds + payment.refunds) if first else payment
    return tuple(found.values())


def read_callback(body: bytes, arrived_at: datetime) -> Callback:
    """Read a call's body. Raises Malformed when it is no JSON object, or has no `pix` and is no bank's test."""
    text, encoding = _text_of(body)
    said = _json_of(text)
    if not isinstance(said, _Object):
        raise Malformed("body", "must be an object")
    lists = [value for name, value in said.pairs if name == "pix" and value is not None]
    if not lists and "evento" not in said:
        raise Malformed("pix", "is missing")
    read, unreadable = {}, {}
    for place, item in enumerate(item for sent in lists for item in (sent if isinstance(sent, list) else [sent])):
        try:
            payment = _payment(item, f"pix[{place}]", arrived_at)
        except Malformed as wrong:
            unreadable[place] = str(wrong)
        else:
            if payment:
                read[place] = payment
    return Callback(text, encoding, read, unreadable)


def read_item(written: bytes, arrived_at: datetime) -> PixPayment | None:
    """Read one item of a call as it was sent. Raises Malformed."""
    return _payment(_json_of(_text_of(written)[0]), "item", arrived_at)


def _payment(sent: Any, where: str, arrived_at: datetime) -> PixPayment | None:
    """The payment that an item tells of; None when the money left the account."""
    item = _Fields.of(sent, where)
    if (kind := item.text("tipo")) == SENT:
        return None
    if kind is not None:
        item.wrong("tipo", "is none that is known, so the money may have left")
    if item.text("status") not in DONE:
        item.wrong("status", "is none of a payment that was carried out")
    if item.is_paid_out():
        item.wrong("componentesValor", "says that some of it was paid out in cash")
    refunds = [_refund(refund, arrived_at) for refund in item.objects("devolucoes")]
    return PixPayment(
        end_to_end_id=item.required(item.code("endToEndId", 32, 32), "endToEndId"),
        txid=item.code("txid", 1, 35),
        amount=item.amount("valor"),
        paid_at=item.instant("horario", arrived_at) or arrived_at,
        refunds=tuple(refund for refund in refunds if refund is not None),
    )


def _refund(refund: _Fields, arrived_at: datetime) -> PixRefund | None:
    rtr_id = refund.code("rtrId", 1, 35)
    reference = refund.required(refund.code("id", 1, 35) or rtr_id, "id")
    amount = refund.amount("valor")
    times = refund.object("horario")
    asked = times.instant("solicitacao", arrived_at)
    settled = times.instant("liquidacao", arrived_at)
    if refund.text("status") not in STATUSES:
        refund.wrong("status", f"must be one of {', '.join(STATUSES)}")
    carried_out = refund.values["status"] == "DEVOLVIDO"
    return PixRefund(reference, amount, settled or asked, rtr_id) if carried_out else None


# ---- JSON as banks send it


class _Number(str):
    """A JSON number as it was written: an amount never passes through a float."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


class _Object(dict[str, Any]):
    """A JSON object, with all that it says under a name that it has more than once."""

    def __init__(self, pairs: Sequence[tuple[str, Any]] = ()) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    @property
    def contradicted(self) -> str | None:
        """A name that has two values, if there is one."""
        return next((name for name, value in self.pairs if self[name] != value), None)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Object,
    parse_float=_Number,
    parse_int=_Number,
    parse_constant=_refuse_constant,
    strict=False,
)
"""Not strict: the payer's text may hold a NUL."""
_BLANKS = re.compile(r"[ \t\n\r]*")


def _text_of(body: bytes) -> tuple[str, str]:
    """A body's text and its encoding: a Unicode one, with a BOM or without, else Latin-1."""
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding), encoding
    except UnicodeDecodeError:
        return body.decode("latin-1"), "latin-1"


def _json_of(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Malformed("body", f"is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Malformed("body", "is nested too deeply") from None
    except ValueError:
        raise Malformed("body", "holds a number that JSON does not have") from None


def items_as_written(text: str) -> list[str]:
    """The text of each item of `pix`, in a body that has been read."""
    found: list[str] = []
    for name, start, end in _members(text):
        if name == "pix" and not text.startswith("null", start):
            found += _elements(text, start) if text[start] == "[" else [text[start:end]]
    return found


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """The names of the outermost object, and where their values begin and end."""
    at = _past(text, _past(text, 0) + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _past(text, _past(text, at) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield name, start, end
        at = _next(text, end)


def _elements(text: str, start: int) -> Iterator[str]:
    at = _past(text, start + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield text[at:end]
        at = _next(text, end)


def _next(text: str, end: int) -> int:
    at = _past(text, end)
    return _past(text, at + 1) if text[at] == "," else at


def _past(text: str, at: int) -> int:
    """The next place that is no blank."""
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


@dataclass(frozen=True)
class _Fields:
    """One JSON object and its place in the body. A null, or an empty code, is an absent field."""

    where: str
    values: _Object

    @classmethod
    def of(cls, value: Any, where: str) -> _Fields:
        if not isinstance(value, _Object):
            raise Malformed(where, "must be an object")
        if twice := value.contradicted:
            raise Malformed(f"{where}.{twice}", "is said twice, and differently")
        return cls(where, value)

    def path(self, name: str) -> str:
        return f"{self.where}.{name}"

    def wrong(self, name: str, reason: str) -> NoReturn:
        raise Malformed(self.path(name), reason)

    def required(self, value: T | None, name: str) -> T:
        if value is None:
            self.wrong(name, "is missing")
        return value

    def object(self, name: str) -> _Fields:
        value = self.values.get(name)
        return _Fields.of(_Object() if value is None else value, self.path(name))

    def objects(self, name: str) -> Iterator[_Fields]:
        """The objects of a list, or the only one."""
        value = self.values.get(name)
        if isinstance(value, dict):
            value = [value]
        if value is not None and not isinstance(value, list):
            self.wrong(name, "must be a list")
        for index, item in enumerate(value or ()):
            yield _Fields.of(item, f"{self.path(name)}[{index}]")

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is not None and (isinstance(value, _Number) or not isinstance(value, str)):
            self.wrong(name, "must be a string")
        return value

    def is_paid_out(self) -> bool:
        """Whether it is Pix Saque or Pix Troco, by which the payer gets some of it in cash."""
        parts = self.values.get("componentesValor")
        return isinstance(parts, _Object) and any(parts.get(name) for name in ("saque", "troco"))

    def code(self, name: str, shortest: int, longest: int) -> str | None:
        value = self.text(name)
        if value in ("", NO_TXID):
            return None
        if value is not None and not re.fullmatch(f"[a-zA-Z0-9]{{{shortest},{longest}}}", value):
            length = str(longest) if shortest == longest else f"{shortest} to {longest}"
            self.wrong(name, f"must be {length} letters and digits")
        return value

    def amount(self, name: str) -> Decimal:
        value = self.required(self.values.get(name), name)
        written = NUMERIC if isinstance(value, _Number) else WRITTEN
        if not isinstance(value, str) or not written.fullmatch(value):
            self.wrong(name, "must be 1 to 10 digits, a point and 2 digits, for example 110.00")
        amount = Decimal(value).quantize(CENT)
        if amount != Decimal(value):
            self.wrong(name, "must not have parts of a cent")
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
