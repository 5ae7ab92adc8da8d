"""The Pix callback as values: anything may come in, only what the standard allows gets through."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.callback import Malformed
from models.payment.pix import EARLIEST, PixPayment, PixRefund, read_callback

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parent / "bcb-pix-callback.schema.json").read_text())

codes = st.text("abcXYZ0189", min_size=1, max_size=35)
amounts = st.decimals(Decimal("0.01"), Decimal("9999999999.99"), places=2)
instants = st.datetimes(
    EARLIEST.replace(tzinfo=None) + timedelta(days=1), NOW.replace(tzinfo=None), timezones=st.just(UTC)
)
refunds = st.builds(PixRefund, id=codes, amount=amounts, at=st.none() | instants)
payments = st.builds(
    PixPayment,
    end_to_end_id=st.text("abcXYZ0189", min_size=32, max_size=32),
    txid=st.none() | codes,
    amount=amounts,
    paid_at=instants,
    refunds=st.lists(refunds, max_size=3).map(tuple),
)
calls = st.lists(payments, max_size=4, unique_by=lambda payment: payment.end_to_end_id).map(tuple)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=12), inner))


def written(payment: PixPayment) -> dict[str, Any]:
    item: dict[str, Any] = {
        "endToEndId": payment.end_to_end_id,
        "valor": f"{payment.amount:.2f}",
        "horario": payment.paid_at.isoformat(),
    }
    if payment.txid is not None:
        item["txid"] = payment.txid
    if payment.refunds:
        item["devolucoes"] = [written_refund(refund) for refund in payment.refunds]
    return item


def written_refund(refund: PixRefund) -> dict[str, Any]:
    times = {} if refund.at is None else {"liquidacao": refund.at.isoformat()}
    return {"id": refund.id, "valor": f"{refund.amount:.2f}", "horario": times, "status": "DEVOLVIDO"}


def body(*items: Any) -> bytes:
    return json.dumps({"pix": items}).encode()


def item(**changed: Any) -> dict[str, Any]:
    return {
        "endToEndId": "E12345678202009091221kkkkkkkkkkk",
        "txid": "c3e0e7a4e7f1469a9f782d3d4999343c",
        "valor": "110.00",
        "horario": "2020-09-09T20:15:00.358Z",
        "infoPagador": "0123456789",
        **changed,
    }


def refund(**changed: Any) -> dict[str, Any]:
    return {
        "id": "123ABC",
        "rtrId": "D12345678202009091221abcdf098765",
        "valor": "10.00",
        "horario": {"solicitacao": "2020-09-09T20:15:00.358Z"},
        "status": "DEVOLVIDO",
        **changed,
    }


@given(calls)
def test_what_is_written_is_read_back(call: tuple[PixPayment, ...]) -> None:
    assert read_callback(json.dumps({"pix": [written(payment) for payment in call]}).encode(), NOW) == call


@given(st.binary())
def test_random_bytes_are_refused(sent: bytes) -> None:
    with pytest.raises(Malformed):
        read_callback(sent, NOW)


@given(anything)
def test_any_json_is_read_or_refused(sent: Any) -> None:
    for shape in (sent, {"pix": sent}, {"pix": [sent]}, {"pix": [item(devolucoes=sent)]}):
        read_or_refused(shape)


@given(st.sampled_from(["endToEndId", "txid", "valor", "horario", "infoPagador", "devolucoes"]), anything)
def test_what_is_accepted_is_valid_by_the_standard(name: str, value: Any) -> None:
    sent = {"pix": [item(**{name: value})]}
    if read_or_refused(sent):
        jsonschema.validate(sent, SCHEMA)


@given(st.text("0123456789.-+eE_ ٣", max_size=14))
def test_amounts_are_those_of_the_standard(amount: str) -> None:
    sent = {"pix": [item(valor=amount)]}
    if read_or_refused(sent):
        jsonschema.validate(sent, SCHEMA)
        assert Decimal(amount) > 0


def read_or_refused(sent: Any) -> bool:
    try:
        read_callback(json.dumps(sent).encode(), NOW)
    except Malformed:
        return False
    return True


def test_the_examples_of_the_standard_are_read() -> None:
    pending = refund(status="EM_PROCESSAMENTO")
    read = read_callback(body(item(devolucoes=pending)), NOW)
    assert read == (
        PixPayment(
            end_to_end_id="E12345678202009091221kkkkkkkkkkk",
            txid="c3e0e7a4e7f1469a9f782d3d4999343c",
            amount=Decimal("110.00"),
            paid_at=datetime(2020, 9, 9, 20, 15, 0, 358000, tzinfo=UTC),
        ),
    )


def test_only_refunds_carried_out_are_kept() -> None:
    devolucoes = [
        refund(id=status, status=status.replace("0", "_")) for status in ("EM0PROCESSAMENTO", "NAO0REALIZADO")
    ]
    (payment,) = read_callback(body(item(devolucoes=[*devolucoes, refund()])), NOW)
    assert [kept.id for kept in payment.refunds] == ["123ABC"]


def test_a_refund_is_dated_by_its_settlement() -> None:
    times = {"solicitacao": "2020-09-09T20:15:00Z", "liquidacao": "2020-09-10T09:00:00-03:00"}
    (payment,) = read_callback(body(item(devolucoes=refund(horario=times))), NOW)
    assert payment.refunds[0].at == datetime(2020, 9, 10, 12, 0, tzinfo=UTC)


def test_nulls_are_absent() -> None:
    (payment,) = read_callback(body(item(txid=None, infoPagador=None, devolucoes=None)), NOW)
    assert payment.txid is None
    assert payment.refunds == ()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b"", "body"),
        (b"\xff\xfe", "body"),
        (b"not json", "body"),
        (b"[]", "body"),
        (b"[" * 200_000, "body"),
        (b'{"pix": ' * 100_000, "body"),
        (b'{"pix": NaN}', "body"),
        (b'{"pix": ' + b"1" * 5000 + b"}", "body"),
        (b"{}", "pix"),
        (b'{"pix": null}', "pix"),
        (b'{"pix": {}}', "pix"),
        (body(7), "pix[0]"),
        (body(item(), item()), "pix[1].endToEndId"),
        (body(item(endToEndId=None)), "pix[0].endToEndId"),
        (body(item(endToEndId="E1")), "pix[0].endToEndId"),
        (body(item(endToEndId="E12345678202009091221kkkkkkkkkk\0")), "pix[0].endToEndId"),
        (body(item(endToEndId="E12345678202009091221kkkkkkkkkkk\n")), "pix[0].endToEndId"),
        (body(item(txid="")), "pix[0].txid"),
        (body(item(txid="a" * 36)), "pix[0].txid"),
        (body(item(txid="a\0")), "pix[0].txid"),
        (body(item(txid=7)), "pix[0].txid"),
        (body(item(infoPagador="a\0")), "pix[0].infoPagador"),
        (body(item(valor="0.00")), "pix[0].valor"),
        (body(item(valor="-1.00")), "pix[0].valor"),
        (body(item(valor="1.000")), "pix[0].valor"),
        (body(item(valor="1")), "pix[0].valor"),
        (body(item(valor=1.00)), "pix[0].valor"),
        (body(item(valor="NaN")), "pix[0].valor"),
        (body(item(valor="12345678901.00")), "pix[0].valor"),
        (body(item(valor="1\u0663.00")), "pix[0].valor"),
        (body(item(valor=None)), "pix[0].valor"),
        (body(item(horario=None)), "pix[0].horario"),
        (body(item(horario="2020-09-09")), "pix[0].horario"),
        (body(item(horario="2020-09-09T20:15:00")), "pix[0].horario"),
        (body(item(horario="2020-02-30T20:15:00Z")), "pix[0].horario"),
        (body(item(horario="2020-09-09T25:15:00Z")), "pix[0].horario"),
        (body(item(horario="2020-09-09T20:15:00+99:99")), "pix[0].horario"),
        (body(item(horario="0001-01-01T00:00:00+10:00")), "pix[0].horario"),
        (body(item(horario="9999-12-31T23:59:59-10:00")), "pix[0].horario"),
        (body(item(horario="2026-11-24T00:00:00Z")), "pix[0].horario"),
        (body(item(devolucoes="x")), "pix[0].devolucoes"),
        (body(item(devolucoes=[refund(), 7])), "pix[0].devolucoes[1]"),
        (body(item(devolucoes=refund(id=None))), "pix[0].devolucoes[0].id"),
        (body(item(devolucoes=refund(valor=10))), "pix[0].devolucoes[0].valor"),
        (body(item(devolucoes=refund(status="TALVEZ"))), "pix[0].devolucoes[0].status"),
        (body(item(devolucoes=refund(status=[]))), "pix[0].devolucoes[0].status"),
        (body(item(devolucoes=refund(horario=7))), "pix[0].devolucoes[0].horario"),
        (
            body(item(devolucoes=refund(horario={"liquidacao": "x"}))),
            "pix[0].devolucoes[0].horario.liquidacao",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(sent: bytes, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_callback(sent, NOW)
    assert refused.value.field == field


def test_a_reason_repeats_nothing_of_what_was_sent() -> None:
    for name in ("endToEndId", "txid", "valor", "horario"):
        with pytest.raises(Malformed) as refused:
            read_callback(body(item(**{name: "Maria das Dores 529.982.247-25"})), NOW)
        assert "Maria" not in str(refused.value)
