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
from models.payment.pix import EARLIEST, PixPayment, PixRefund, read_callback, read_item

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
    assert read_callback(json.dumps({"pix": [written(payment) for payment in call]}).encode(), NOW).payments == call


@given(st.binary())
def test_random_bytes_are_refused(sent: bytes) -> None:
    with pytest.raises(Malformed):
        read_callback(sent, NOW)


@given(anything)
def test_any_json_is_read_or_refused(sent: Any) -> None:
    for shape in (sent, {"pix": sent}, {"pix": [sent]}, {"pix": [item(devolucoes=sent)]}):
        read_or_refused(shape)


@given(st.sampled_from(["endToEndId", "txid", "valor", "horario", "devolucoes"]), anything)
def test_what_is_accepted_is_valid_by_the_standard(name: str, value: Any) -> None:
    """Apart from where banks are known to differ: numbers, nothing, nulls."""
    if value in ("", None) or isinstance(value, int | float):
        return
    sent = {"pix": [item(**{name: value})]}
    if read_or_refused(sent):
        jsonschema.validate(sent, SCHEMA)


@given(st.text("0123456789.-+eE_ ٣", max_size=14))
def test_amounts_are_those_of_the_standard(amount: str) -> None:
    sent = {"pix": [item(valor=amount)]}
    if read_or_refused(sent):
        jsonschema.validate(sent, SCHEMA)
        assert Decimal(amount) > 0


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=40),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=12), inner),
)


@given(st.lists(plain, max_size=4), st.sampled_from([None, 2]), st.booleans())
def test_each_item_is_kept_as_it_was_sent(items: list[Any], indent: int | None, ascii: bool) -> None:
    sent = json.dumps({"a": [1], "pix": items, "z": {"pix": 1}}, indent=indent, ensure_ascii=ascii)
    parts = read_callback(sent.encode(), NOW).as_sent()
    assert [json.loads(part) for part in parts] == items


def read_or_refused(sent: Any) -> bool:
    try:
        callback = read_callback(json.dumps(sent).encode(), NOW)
    except Malformed:
        return False
    return bool(callback.read)


def test_the_examples_of_the_standard_are_read() -> None:
    pending = refund(status="EM_PROCESSAMENTO")
    read = read_callback(body(item(devolucoes=pending)), NOW)
    assert read.payments == (
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
    (payment,) = read_callback(body(item(devolucoes=[*devolucoes, refund()])), NOW).payments
    assert [kept.id for kept in payment.refunds] == ["123ABC"]


def test_a_refund_is_dated_by_its_settlement() -> None:
    times = {"solicitacao": "2020-09-09T20:15:00Z", "liquidacao": "2020-09-10T09:00:00-03:00"}
    (payment,) = read_callback(body(item(devolucoes=refund(horario=times))), NOW).payments
    assert payment.refunds[0].at == datetime(2020, 9, 10, 12, 0, tzinfo=UTC)


def test_nulls_are_absent() -> None:
    (payment,) = read_callback(body(item(txid=None, infoPagador=None, devolucoes=None)), NOW).payments
    assert payment.txid is None
    assert payment.refunds == ()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"7",
        b"[" * 200_000,
        b'{"pix": ' * 100_000,
        b'{"pix": NaN}',
        b"{}",
        b'{"pix": null}',
        b'{"teste": 1}',
    ],
)
def test_what_is_no_callback_is_refused(sent: bytes) -> None:
    with pytest.raises(Malformed):
        read_callback(sent, NOW)


@pytest.mark.parametrize("sent", [b'{"evento":"teste_webhook"}', b'{"pix": []}', b'\xef\xbb\xbf{"pix": []}'])
def test_a_test_of_the_address_has_no_items(sent: bytes) -> None:
    callback = read_callback(sent, NOW)
    assert (callback.payments, callback.unreadable, callback.as_sent()) == ((), {}, [])


WRONG = [
    (7, ""),
    ("x", ""),
    ([], ""),
    (item(endToEndId=None), "endToEndId"),
    (item(endToEndId=""), "endToEndId"),
    (item(endToEndId="E1"), "endToEndId"),
    (item(endToEndId="E12345678202009091221kkkkkkkkkk\0"), "endToEndId"),
    (item(endToEndId="E12345678202009091221kkkkkkkkkkk\n"), "endToEndId"),
    (item(txid="a" * 36), "txid"),
    (item(txid="a\0"), "txid"),
    (item(txid=7), "txid"),
    (item(txid="\ud800"), "txid"),
    (item(valor="0.00"), "valor"),
    (item(valor="-1.00"), "valor"),
    (item(valor="1.000"), "valor"),
    (item(valor="1"), "valor"),
    (item(valor="NaN"), "valor"),
    (item(valor="12345678901.00"), "valor"),
    (item(valor="1\u0663.00"), "valor"),
    (item(valor=None), "valor"),
    (item(valor=True), "valor"),
    (item(valor=0), "valor"),
    (item(valor=-1), "valor"),
    (item(valor=1.005), "valor"),
    (item(valor=12345678901), "valor"),
    (item(valor=[]), "valor"),
    (item(tipo="TALVEZ"), "tipo"),
    (item(tipo=7), "tipo"),
    (item(status="NAO_REALIZADO"), "status"),
    (item(horario=""), "horario"),
    (item(horario=7), "horario"),
    (item(horario="2020-09-09"), "horario"),
    (item(horario="2020-09-09T20:15:00"), "horario"),
    (item(horario="2020-02-30T20:15:00Z"), "horario"),
    (item(horario="2020-09-09T25:15:00Z"), "horario"),
    (item(horario="2020-09-09T20:15:00+99:99"), "horario"),
    (item(horario="0001-01-01T00:00:00+10:00"), "horario"),
    (item(horario="9999-12-31T23:59:59-10:00"), "horario"),
    (item(horario="2026-11-24T00:00:00Z"), "horario"),
    (item(devolucoes="x"), "devolucoes"),
    (item(devolucoes=[refund(), 7]), "devolucoes[1]"),
    (item(devolucoes=refund(id=None, rtrId=None)), "devolucoes[0].id"),
    (item(devolucoes=refund(valor=None)), "devolucoes[0].valor"),
    (item(devolucoes=refund(status="TALVEZ")), "devolucoes[0].status"),
    (item(devolucoes=refund(status=[])), "devolucoes[0].status"),
    (item(devolucoes=refund(horario=7)), "devolucoes[0].horario"),
    (item(devolucoes=refund(horario={"liquidacao": "x"})), "devolucoes[0].horario.liquidacao"),
]
OTHER = item(endToEndId="E" + "9" * 31)


@pytest.mark.parametrize(("sent", "field"), WRONG)
def test_what_is_wrong_is_told_by_its_field_and_costs_no_other_item(sent: Any, field: str) -> None:
    callback = read_callback(body(sent, OTHER), NOW)
    assert [payment.end_to_end_id for payment in callback.payments] == [OTHER["endToEndId"]]
    ((place, reason),) = callback.unreadable.items()
    assert (place, reason.partition(": ")[0]) == (0, f"pix[0].{field}".rstrip("."))
    with pytest.raises(Malformed):
        read_item(callback.as_sent()[0], NOW)


class TestOddItems:
    """Forms that banks' own documents show."""

    def one(self, sent: Any, arrived_at: datetime = NOW) -> PixPayment:
        callback = read_callback(sent if isinstance(sent, bytes) else body(sent), arrived_at)
        assert callback.unreadable == {}
        (payment,) = callback.payments
        return payment

    @pytest.mark.parametrize(
        ("written", "amount"),
        [
            ("110", "110.00"),
            ("110.5", "110.50"),
            ("110.50", "110.50"),
            ("0.01", "0.01"),
            ("110.500", "110.50"),
            ("9999999999.99", "9999999999.99"),
        ],
    )
    def test_an_amount_may_be_a_number(self, written: str, amount: str) -> None:
        sent = body(item(valor="X")).replace(b'"X"', written.encode())
        assert str(self.one(sent).amount) == amount

    def test_without_an_instant_it_is_that_of_the_call(self) -> None:
        assert self.one(item(horario=None)).paid_at == NOW

    @pytest.mark.parametrize("offset", ["-0300", "-03:00"])
    def test_an_offset_may_lack_its_colon(self, offset: str) -> None:
        at = self.one(item(horario=f"2020-09-09T20:15:00.358{offset}")).paid_at
        assert at == datetime(2020, 9, 9, 23, 15, 0, 358000, tzinfo=UTC)

    def test_an_empty_txid_is_none(self) -> None:
        assert self.one(item(txid="")).txid is None

    def test_a_static_code_s_txid_is_none(self) -> None:
        [payment] = read_callback(body({**item(), "txid": "***"}), NOW).payments
        assert payment.txid is None

    def test_each_list_of_a_body_that_has_several_is_read(self) -> None:
        other = {**item(), "endToEndId": "E" + "2" * 31}
        sent = f'{{"pix": [{json.dumps(item())}], "pix": null, "pix": [7, {json.dumps(other)}]}}'.encode()
        callback = read_callback(sent, NOW)
        assert [payment.end_to_end_id for payment in callback.payments] == [item()["endToEndId"], other["endToEndId"]]
        assert [*callback.unreadable] == [1]
        assert callback.as_sent()[1] == b"7"

    @pytest.mark.parametrize(("again", "read"), [("10.00", 1), ("99.00", 0)])
    def test_an_amount_that_is_said_twice_is_read_where_it_is_the_same(self, again: str, read: int) -> None:
        first = json.dumps({**item(), "valor": "10.00"})[:-1] + f', "valor": "{again}"}}'
        callback = read_callback(
            f'{{"pix": [{first}, {json.dumps({**item(), "endToEndId": "E" + "2" * 31})}]}}'.encode(), NOW
        )
        assert len(callback.payments) == 1 + read
        assert [*callback.unreadable.values()] == ["pix[0].valor: is said twice, and differently"][read:]

    @pytest.mark.parametrize("cash", ["saque", "troco"])
    def test_what_is_partly_paid_out_in_cash_is_for_people(self, cash: str) -> None:
        with pytest.raises(Malformed, match="paid out in cash"):
            read_item(json.dumps({**item(), "componentesValor": {cash: {"valor": "5.00"}}}).encode(), NOW)
        assert read_item(json.dumps({**item(), "componentesValor": {"original": {"valor": "5.00"}}}).encode(), NOW)

    def test_pix_may_be_one_object(self) -> None:
        assert self.one(json.dumps({"pix": item()}).encode()).amount == Decimal("110.00")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
    def test_it_may_be_encoded_otherwise(self, encoding: str) -> None:
        sent = json.dumps({"pix": [item(infoPagador="João"), 7, {"a": "João"}]}, ensure_ascii=False).encode(encoding)
        callback = read_callback(sent, NOW)
        assert len(callback.payments) == 1
        assert callback.as_sent()[2].decode(encoding) == '{"a": "João"}'

    @pytest.mark.parametrize("nul", ["\\u0000", "\0"])
    def test_the_payer_s_text_may_hold_a_nul(self, nul: str) -> None:
        sent = body(item(infoPagador="X")).replace(b'"X"', f'"a{nul}b"'.encode())
        assert self.one(sent).txid is not None

    @pytest.mark.parametrize("status", ["REALIZADO", "NAO_REALIZADO"])
    def test_a_pix_that_was_sent_is_no_receipt(self, status: str) -> None:
        sent = item(tipo="SOLICITACAO", status=status, horario=None)
        callback = read_callback(body(sent, OTHER), NOW)
        assert [payment.end_to_end_id for payment in callback.payments] == [OTHER["endToEndId"]]
        assert callback.unreadable == {}

    def test_a_payment_and_its_refund_may_be_two_items(self) -> None:
        payment = self.one(body(item(), item(devolucoes=[refund()])))
        assert [each.amount for each in payment.refunds] == [Decimal("10.00")]

    def test_a_refund_may_have_the_transfer_s_id_alone(self) -> None:
        (found,) = self.one(item(devolucoes=refund(id=None))).refunds
        assert (found.id, found.rtr_id) == ("D12345678202009091221abcdf098765",) * 2


def test_a_reason_repeats_nothing_of_what_was_sent() -> None:
    for name in ("endToEndId", "txid", "valor", "horario", "tipo", "status", "devolucoes"):
        callback = read_callback(body(item(**{name: "Maria das Dores 529.982.247-25"})), NOW)
        assert len(callback.unreadable) == 1
        assert "Maria" not in str(callback.unreadable)
