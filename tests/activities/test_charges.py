"""The charges of a case: one open a debt, of today's amount, whatever the bank does meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from activities.charges import bring_up_to_date
from banks.bank import Unavailable
from banks.pix_key import PixKey
from models.payment.brcode import read_brcode
from models.payment.pix import PixPayment, PixRefund
from storage.payments.charges import brcodes_of
from storage.payments.ledger import record_pix
from storage.payments.matching import unmatched
from storage.payments.statement import list_payments, reconcile
from storage.read_models.case_file import case_file
from tests.agreement_world import SP, Contract, contract
from tests.banks.fake_psp import KEY, REMOVED, FakePsp, busy, drops, refuses, unheard
from tests.owing import SERIES, Debtor, debtor, noon

OPENED, FIRST, LATER = date(2026, 2, 1), date(2026, 2, 10), date(2026, 3, 2)


def rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        found = connection.execute(text(sql))
        return [tuple(row) for row in found] if found.returns_rows else []


def charges(engine: Engine) -> list[tuple[object, ...]]:
    return rows(engine, "SELECT state, amount, due, revision FROM charges ORDER BY id")


def code(who: Debtor) -> str | None:
    with who.engine.connect() as connection:
        return brcodes_of(connection, [who.debt]).get(who.debt)


def txids(engine: Engine) -> list[str]:
    return [str(row[0]) for row in rows(engine, "SELECT txid FROM charges ORDER BY id")]


def test_a_debt_is_charged_with_what_is_owed_until_that_changes(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    bring_up_to_date(engine, client, case, noon(FIRST))
    # March adds 1 % of 1,000.00
    assert charges(engine) == [("open", Decimal("1240.00"), date(2026, 2, 28), 0)]
    location = read_brcode(code(who) or "").location
    assert location == bank.open[0]["loc"]["location"]
    asked = len(bank.asked)
    bring_up_to_date(engine, client, case, noon(date(2026, 2, 27)))
    assert len(bank.asked) == asked
    bring_up_to_date(engine, client, case, noon(LATER))
    assert charges(engine) == [("open", Decimal("1250.00"), date(2026, 3, 31), 1)]
    assert [made["valor"]["original"] for made in bank.open] == ["1250.00"]


def test_while_the_bank_is_away_nothing_is_lost_and_nothing_doubled(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    bank.trouble += [unheard, drops, busy]
    for _ in range(3):
        with pytest.raises(Unavailable):
            bring_up_to_date(engine, client, case, noon(FIRST))
        assert code(who) is None
    bring_up_to_date(engine, client, case, noon(FIRST))
    assert len(bank.charges) == 1
    bank.trouble += [drops]
    with pytest.raises(Unavailable):
        bring_up_to_date(engine, client, case, noon(LATER))
    bring_up_to_date(engine, client, case, noon(LATER))
    assert charges(engine) == [("open", Decimal("1250.00"), date(2026, 3, 31), 1)]


def test_many_at_once_make_one_charge(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: bring_up_to_date(engine, client, case, noon(FIRST)), range(8)))
    assert len(bank.charges) == len(charges(engine)) == 1


def test_what_is_paid_to_a_charge_is_for_its_debt_and_the_rest_gets_another(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    bring_up_to_date(engine, client, case, noon(FIRST))
    [first] = txids(engine)
    # the charge of February, which the bank took in March
    bank.charges[first]["status"] = "CONCLUIDA"
    who.pays("1240.00", LATER, first)
    bring_up_to_date(engine, client, case, noon(LATER))
    assert charges(engine) == [
        ("paid", Decimal("1240.00"), date(2026, 2, 28), 0),
        ("open", Decimal("10.00"), date(2026, 3, 31), 0),
    ]
    # refused by a bank that takes one payment a charge; should one take it, it is not lost
    who.pays("10.00", LATER, first)
    assert who.owes(LATER) == 0
    assert rows(engine, "SELECT debt FROM payments WHERE debt IS NULL") == []


def test_a_charge_that_was_removed_at_the_bank_is_replaced_and_one_paid_there_is_not(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    bring_up_to_date(engine, client, case, noon(FIRST))
    bank.charges[txids(engine)[0]]["status"] = REMOVED
    bring_up_to_date(engine, client, case, noon(LATER))
    assert [row[0] for row in charges(engine)] == ["removed", "open"]
    bank.charges[txids(engine)[1]]["status"] = "CONCLUIDA"
    bring_up_to_date(engine, client, case, noon(date(2026, 4, 1)))
    assert [row[0] for row in charges(engine)] == ["removed", "paid"]
    assert bank.open == []


def test_a_charge_that_the_bank_does_not_revise_is_closed_and_made_anew(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    bring_up_to_date(engine, client, case, noon(FIRST))
    [first] = txids(engine)
    bank.trouble += [refuses]
    bring_up_to_date(engine, client, case, noon(LATER))
    assert charges(engine) == [
        ("removed", Decimal("1240.00"), date(2026, 2, 28), 0),
        ("open", Decimal("1250.00"), date(2026, 3, 31), 0),
    ]
    assert [made["valor"]["original"] for made in bank.open] == ["1250.00"]
    who.pays("1240.00", LATER, first)
    assert who.owes(LATER) == Decimal("10.00")


def test_one_that_it_does_not_close_either_stays(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    bring_up_to_date(engine, client, case, noon(FIRST))
    bank.trouble += [refuses, refuses]
    bring_up_to_date(engine, client, case, noon(LATER))
    assert charges(engine) == [("open", Decimal("1240.00"), date(2026, 2, 28), 0)]


OFFER = """
offer:
  {name: Anistia, law: lei, from: 2026-02-01, until: "2026-02-15 18:00", of: [fine, interest],
   modalities: [{instalments: 1, percent: "90"}]}
"""


def test_in_a_campaign_the_charge_is_of_what_is_offered_until_the_offer_ends(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED, more=OFFER), bank.client()
    bring_up_to_date(engine, client, case, noon(FIRST))
    # 90 % off 240.00
    assert charges(engine) == [("open", Decimal("1024.00"), date(2026, 2, 15), 0)]
    bring_up_to_date(engine, client, case, noon(date(2026, 2, 16)))
    assert charges(engine) == [("open", Decimal("1240.00"), date(2026, 2, 28), 1)]


def test_what_is_on_hold_can_not_be_paid_by_charge(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    case, client = who.on_ruler(OPENED), bank.client()
    bring_up_to_date(engine, client, case, noon(FIRST))
    rows(engine, "INSERT INTO holds (debt, ground, source) SELECT id, 'guarantee', 'extract' FROM debts")
    bring_up_to_date(engine, client, case, noon(FIRST))
    assert (bank.open, code(who), [row[0] for row in charges(engine)]) == ([], None, ["removed"])


def test_what_the_bank_never_takes_is_left_without_a_charge(engine: Engine) -> None:
    who, bank = debtor(engine, tax_id="XXX982247XX"), FakePsp()
    case = who.on_ruler(OPENED)
    bring_up_to_date(engine, bank.client(), case, noon(FIRST))
    assert (bank.charges, code(who)) == ({}, None)


def test_nothing_is_charged_while_nobody_knows_how_much(engine: Engine) -> None:
    who, bank = debtor(engine), FakePsp()
    bring_up_to_date(engine, bank.client(), who.on_ruler(OPENED, SERIES), noon(FIRST))
    assert charges(engine) == []


def test_with_a_key_alone_the_code_is_paid_by_its_own_txid(engine: Engine) -> None:
    who, bank = debtor(engine), PixKey(KEY)
    case = who.on_ruler(OPENED)
    bring_up_to_date(engine, bank, case, noon(FIRST))
    read = read_brcode(code(who) or "")
    assert (read.amount, [read.txid]) == (Decimal("1240.00"), txids(engine))
    who.pays("240.00", FIRST, read.txid)
    assert who.owes(FIRST) == Decimal("1000.00")
    bring_up_to_date(engine, bank, case, noon(FIRST))
    assert charges(engine) == [("open", Decimal("1000.00"), date(2026, 2, 28), 1)]
    # and a bank that is configured later issues its own
    psp = FakePsp()
    bring_up_to_date(engine, psp.client(), case, noon(LATER))
    assert len(psp.open) == 1
    assert read_brcode(code(who) or "").location


# ---- instalments


def test_each_instalment_has_a_charge_and_the_debts_have_none(engine: Engine) -> None:
    """São Paulo, 3 × R$ 300.00: 1 % a month, and the third IPCA besides, at the last rate that is shipped (0.18 %)."""
    made, bank = contract(engine, "900.00"), FakePsp()
    bring_up_to_date(engine, bank.client(), made.case, noon(FIRST))
    made.sign(SP, 3, FIRST)
    bring_up_to_date(engine, bank.client(), made.case, noon(FIRST))
    assert charges(engine)[0] == ("removed", Decimal("900.00"), date(2026, 3, 12), 0)
    assert sorted(charges(engine)[1:]) == [
        ("open", Decimal("300.00"), FIRST, 0),
        ("open", Decimal("303.00"), date(2026, 3, 10), 0),
        ("open", Decimal("306.55"), date(2026, 4, 10), 0),
    ]


def test_what_is_paid_to_the_charge_of_an_instalment_is_the_instalment_s(engine: Engine) -> None:
    made, bank = contract(engine, "900.00"), FakePsp()
    made.sign(SP, 3, FIRST)
    bring_up_to_date(engine, bank.client(), made.case, noon(FIRST))
    second = made.get("SELECT txid FROM charges JOIN instalments ON instalments.id = instalment WHERE n = 2")
    record_pix(engine, [PixPayment(f"E{'2' * 31}", second, Decimal("303.00"), noon(date(2026, 3, 10)))], noon(LATER))
    assert made.rows("SELECT n, paid_on FROM instalments ORDER BY n") == [
        (1, None),
        (2, date(2026, 3, 10)),
        (3, None),
    ]
    bring_up_to_date(engine, bank.client(), made.case, noon(date(2026, 3, 10)))
    assert made.rows("SELECT state FROM charges JOIN instalments ON instalments.id = instalment ORDER BY n") == [
        ("open",),
        ("paid",),
        ("open",),
    ]
    made.look(date(2026, 6, 1))
    bring_up_to_date(engine, bank.client(), made.case, noon(date(2026, 6, 1)))
    assert made.state == "broken"
    assert sorted((state, amount) for state, amount, *_ in charges(engine)) == [
        # the debt's, of what the 303.00 left
        ("open", Decimal("597.00")),
        ("paid", Decimal("303.00")),
        ("removed", Decimal("306.55")),
        # the first, late for 28 days: 1 % and 9.24 %
        ("removed", Decimal("330.72")),
    ]


# ---- all at once


def paid_together(made: Contract, amount: str, on: date, back: str = "") -> None:
    txid = made.get('SELECT txid FROM charges WHERE "case" IS NOT NULL ORDER BY id DESC LIMIT 1')
    refunds = (PixRefund("R1", Decimal(back), noon(on)),) if back else ()
    record_pix(made.engine, [PixPayment(f"E{'3' * 31}", txid, Decimal(amount), noon(on), refunds)], noon(on))


def together(made: Contract) -> list[tuple[str, str]]:
    asked = 'SELECT state, CAST(amount AS text) FROM charges WHERE "case" IS NOT NULL ORDER BY id'
    return [(state, amount) for state, amount in made.rows(asked)]


def balanced(made: Contract) -> bool:
    with made.engine.connect() as connection:
        return reconcile(connection, None).balanced


def test_one_charge_pays_all_that_a_case_owes(engine: Engine) -> None:
    made, bank = contract(engine, "100.00", "200.00", "300.00"), FakePsp()
    bring_up_to_date(engine, bank.client(), made.case, noon(FIRST))
    assert together(made) == [("open", "600.00")]
    assert len(bank.open) == 4
    paid_together(made, "600.00", FIRST)
    assert made.received == ["100.00", "200.00", "300.00"]
    assert balanced(made)
    told = made.rows("SELECT reason FROM decisions WHERE kind = 'payment' ORDER BY id")
    assert [reason for (reason,) in told] == [
        f"pagamento de R$ {amount},00 recebido por Pix, parte de cobrança conjunta" for amount in (100, 200, 300)
    ]
    bring_up_to_date(engine, bank.client(), made.case, noon(FIRST))
    assert together(made) == [("paid", "600.00")]
    assert {made["status"] for made in bank.charges.values()} == {"ATIVA", REMOVED}
    with engine.connect() as connection:
        assert unmatched(connection) == []
        assert [row["state"] for row in list_payments(connection, "matched")] == ["matched"] * 3


@pytest.mark.parametrize(
    ("amount", "received"),
    [
        ("250.00", ["100.00", "150.00", "0.00"]),
        ("50.00", ["50.00", "0.00", "0.00"]),
        ("601.00", ["100.00", "200.00", "301.00"]),
    ],
)
def test_it_fills_the_debts_in_turn_as_far_as_it_goes(engine: Engine, amount: str, received: list[str]) -> None:
    made = contract(engine, "100.00", "200.00", "300.00")
    bring_up_to_date(engine, PixKey(KEY), made.case, noon(FIRST))
    paid_together(made, amount, FIRST)
    paid_together(made, amount, FIRST)
    assert made.received == received
    assert balanced(made)


def test_it_is_revised_when_one_is_paid_alone_and_removed_when_one_is_left(engine: Engine) -> None:
    made, bank = contract(engine, "100.00", "200.00", "300.00"), FakePsp()
    bring_up_to_date(engine, bank.client(), made.case, noon(FIRST))
    made.pay_debt(0, FIRST, "100.00")
    bring_up_to_date(engine, bank.client(), made.case, noon(FIRST))
    assert together(made) == [("open", "500.00")]
    paid_together(made, "500.00", FIRST)
    assert made.received == ["100.00", "200.00", "300.00"]
    other = contract(engine, "100.00", "200.00")
    bring_up_to_date(engine, bank.client(), other.case, noon(FIRST))
    other.pay_debt(0, FIRST, "100.00")
    bring_up_to_date(engine, bank.client(), other.case, noon(FIRST))
    assert together(other)[-1] == ("removed", "300.00")


def test_what_the_bank_gives_back_of_it_is_taken_from_the_last(engine: Engine) -> None:
    made = contract(engine, "100.00", "200.00", "300.00")
    bring_up_to_date(engine, PixKey(KEY), made.case, noon(FIRST))
    paid_together(made, "600.00", FIRST, back="450.00")
    assert made.received == ["100.00", "50.00", "0.00"]
    assert balanced(made)


def test_the_case_s_file_names_each_part_by_the_payment_that_came_in(engine: Engine) -> None:
    made = contract(engine, "100.00", "200.00")
    bring_up_to_date(engine, PixKey(KEY), made.case, noon(FIRST))
    paid_together(made, "300.00", FIRST)
    with engine.connect() as connection:
        shown = case_file(connection, made.case, reveal=False)["payments"]
    assert {each["id"] for each in shown} == {f"E{'3' * 31}"}
    assert sorted(str(each["amount"]) for each in shown) == ["100.00", "200.00"]
