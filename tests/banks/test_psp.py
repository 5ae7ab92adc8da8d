"""Charges at a bank that answers by the standard, late, wrongly or not at all."""

from binascii import crc_hqx
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from banks.bank import Charge, Closed, State, Unavailable
from banks.pix_key import PixKey
from banks.settings import NEEDED, bank_from
from models.errors import Refusal
from models.payment.brcode import Receiver, read_brcode
from tests.banks.fake_psp import KEY, FakePsp, busy, drops, forgets_tokens, unheard

TXID = "RG0123456789ABCDEF0123456789ABCDEF"


def charge(amount: str = "1232.70", due: date = date(2026, 2, 10), tax_id: str = "11222333000181") -> Charge:
    return Charge(TXID, Decimal(amount), due, tax_id, "Empresa de Tal", Receiver("Fazenda", "Maceió"))


def test_a_charge_is_issued_and_can_be_paid() -> None:
    bank = FakePsp()
    issued = bank.client().issue(charge())
    assert (issued.location, issued.revision) == (f"pix.example.com/qr/v2/cobv/{TXID.lower()}", 0)
    assert read_brcode(issued.brcode or "").location == issued.location
    [made] = bank.open
    assert made["valor"] == {"original": "1232.70"}
    assert made["calendario"] == {"dataDeVencimento": "2026-02-10", "validadeAposVencimento": 0}
    assert made["devedor"] == {"cnpj": "11222333000181", "nome": "Empresa de Tal"}


def test_a_person_is_charged_by_cpf_and_one_who_is_masked_is_not() -> None:
    bank = FakePsp()
    bank.client().issue(charge(tax_id="52998224725"))
    assert bank.open[0]["devedor"] == {"cpf": "52998224725", "nome": "Empresa de Tal"}
    with pytest.raises(Refusal, match="masked"):
        bank.client().issue(charge(tax_id="XXX982247XX"))


def test_the_bank_s_own_code_is_taken_where_it_is_of_this_charge() -> None:
    bank = FakePsp()
    client = bank.client()
    own = (client.issue(charge()).brcode or "").replace("Fazenda", "SEFAZAL")
    own = own[:-4] + _crc(own[:-4])
    bank.charges[TXID]["pixCopiaECola"] = own
    assert client.revise(charge("9.00"), 0).brcode == own
    bank.charges[TXID]["pixCopiaECola"] = own[:-1]
    assert read_brcode(client.revise(charge("8.00"), 1).brcode or "").receiver.name == "Fazenda"


def _crc(text: str) -> str:
    return f"{crc_hqx(text.encode(), 0xFFFF):04X}"


def test_asked_for_again_it_is_one_charge_revised() -> None:
    bank = FakePsp()
    client = bank.client()
    assert [client.issue(charge()).revision for _ in range(2)] == [0, 0]
    assert client.issue(charge("9.00")).revision == 1
    assert client.revise(charge("10.00"), 1).revision == 2
    assert [made["valor"]["original"] for made in bank.open] == ["10.00"]


def test_a_lost_answer_is_asked_for_again() -> None:
    bank = FakePsp()
    client = bank.client()
    bank.trouble += [drops, unheard, busy]
    for _ in range(3):
        with pytest.raises(Unavailable):
            client.issue(charge())
    assert client.issue(charge()).revision == 0
    assert len(bank.open) == 1


def test_a_token_serves_until_it_ends() -> None:
    bank = FakePsp()
    client = bank.client()
    for _ in range(3):
        client.issue(charge())
    assert bank.asked.count("token") == 1
    bank.trouble.append(forgets_tokens)
    client.issue(charge())
    assert bank.asked.count("token") == 2
    bank = FakePsp(expires_in=30)
    client = bank.client()
    client.issue(charge())
    client.issue(charge())
    assert bank.asked.count("token") == 2


def test_a_client_that_the_bank_does_not_know_is_told_which_settings() -> None:
    with pytest.raises(Refusal, match="REGUA_PSP_CLIENT_SECRET"):
        FakePsp().client(secret="other").issue(charge())


def test_a_refusal_names_the_field_and_nobody() -> None:
    with pytest.raises(Refusal) as refused:
        FakePsp(today=date(2026, 3, 1)).client().issue(charge())
    assert "cobv.calendario.dataDeVencimento" in str(refused.value)
    assert TXID in str(refused.value)
    assert "11222333000181" not in str(refused.value)


@pytest.mark.parametrize("amount", ["0.00", "10000000000.00"])
def test_what_a_pix_can_not_be_is_not_asked_for(amount: str) -> None:
    bank = FakePsp()
    with pytest.raises(Refusal):
        bank.client().issue(charge(amount))
    assert bank.asked == []


def test_a_charge_that_is_over_says_how() -> None:
    bank = FakePsp()
    client = bank.client()
    with pytest.raises(Closed) as unknown:
        client.revise(charge(), 0)
    assert unknown.value.state is State.REMOVED
    client.issue(charge())
    client.remove(TXID)
    assert bank.open == []
    with pytest.raises(Closed) as removed:
        client.revise(charge("9.00"), 0)
    assert removed.value.state is State.REMOVED
    bank.charges[TXID]["status"] = "CONCLUIDA"
    with pytest.raises(Closed) as paid:
        client.issue(charge("9.00"))
    assert paid.value.state is State.PAID


def test_which_bank_the_environment_names(tmp_path: Path) -> None:
    assert bank_from({}) is None
    assert isinstance(bank_from({"REGUA_PIX_KEY": KEY}), PixKey)
    given = dict.fromkeys(NEEDED, "x") | {"REGUA_PSP_URL": "https://pix.example.com/api", "REGUA_PIX_KEY": KEY}
    for name in NEEDED:
        if name != "REGUA_PSP_URL":
            with pytest.raises(Refusal, match=f"configured by half; set {name}"):
                bank_from({**given, name: " "})
    with pytest.raises(Refusal, match="REGUA_PSP_CERT and REGUA_PSP_KEY_FILE are no certificate"):
        bank_from({**given, "REGUA_PSP_CERT": str(tmp_path / "missing.pem")})
    with pytest.raises(Refusal, match="REGUA_PSP_URL is no address"):
        bank_from({**given, "REGUA_PSP_URL": "http://pix.example.com"})
    with pytest.raises(Refusal, match="REGUA_PIX_KEY is no Pix key"):
        bank_from({"REGUA_PIX_KEY": "ç"})


def test_a_pix_key_alone_needs_nobody() -> None:
    bank = PixKey(KEY)
    mine = Charge(bank.new_txid(), Decimal("5.00"), date(2026, 2, 10), "XXX", "Fulano", Receiver("Fazenda", "Maceió"))
    read = read_brcode(bank.issue(mine).brcode or "")
    assert (read.key, read.amount, read.txid) == (KEY, Decimal("5.00"), mine.txid)
    with pytest.raises(Closed):
        bank.revise(charge(), 0)
