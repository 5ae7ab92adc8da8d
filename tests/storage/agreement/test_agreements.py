"""Agreements on record: refusals, the money of instalments on debts, holds, breaks, completion, and their undoing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models.agreement.identity import Identification
from models.agreement.policy import Litigation, Portion
from models.agreement.quote import Pay
from models.errors import Refusal
from models.payment.pix import PixPayment
from models.roles import Actor
from storage.agreement.agreements import rescind
from storage.agreement.asked import Precatorio, SigningRequest
from storage.agreement.debits import end_debit
from storage.agreement.offsets import refuse_offset
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import quote_case
from storage.case.debts import owed_on
from storage.case.transaction import case_transaction
from storage.payments.ledger import record_bank
from storage.payments.reports import Receipt
from storage.payments.statement import list_payments
from tests.agreement_world import ANA, BH, FINE, SP, Contract, at, co_debtor, contract
from tests.chance import examples, fresh_key

BIA = Actor("Bia")
SIGNED = date(2026, 3, 10)
SECOND_DUE = date(2026, 4, 10)
JUNE, JULY, AUGUST = date(2026, 6, 10), date(2026, 7, 10), date(2026, 8, 10)
"""Working days, a month apart."""
LAST_DAY = date(2026, 5, 29)
"""The last banking day of the month after the second instalment's due date (São Paulo)."""
CERTAIN = date(2026, 6, 3)
"""Three banking days later."""


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "600.00", "1200.00")


# ---- signing


def test_an_agreement_is_about_what_the_case_owes_and_starts_its_workflow(made: Contract) -> None:
    agreement = made.sign(BH, 9, SIGNED)
    assert made.rows("SELECT amount, discount, renegotiation, signed_by FROM agreements") == [
        (Decimal("1800.00"), Decimal("0.00"), 0, "Ana")
    ]
    assert made.rows("SELECT count(*), sum(amount) FROM instalments") == [(9, Decimal("1800.00"))]
    assert made.rows("SELECT name, payload FROM outbox ORDER BY name") == [
        ("agreement_changed", {"agreement": agreement}),
        ("instalments_changed", {"agreement": agreement}),
    ]
    assert made.journal == ["agreement_signed"]


def test_instalments_are_paid_by_their_own_txid_and_slip(made: Contract) -> None:
    made.sign(BH, 3, SIGNED)
    names = made.rows("SELECT pix_txid, slip_number FROM instalments UNION SELECT pix_txid, slip_number FROM debts")
    assert len({txid for txid, _ in names}) == len({slip for _, slip in names}) == 5


@pytest.mark.parametrize(
    ("policy", "count", "wanted", "why"),
    [
        (BH, 10, {"litigation": Litigation.FROZEN}, "grants no agreement for a debt with a frozen bank account"),
        (BH, 0, {}, "an agreement has at least one instalment"),
        (BH, 1000, {}, "at most 180 instalments, not 1000 [Decreto 14.346/2011]"),
        (SP, 60, {}, "no instalment may be under R$ 150.00"),
        (BH, 2, {"pay": Pay.CASH}, "payment in cash is one instalment, not 2"),
        (BH, 2, {"kind": "ipva"}, "belo-horizonte has no debt kind 'ipva'"),
    ],
)
def test_a_refusal_names_the_rule_and_leaves_nothing(
    made: Contract, policy: str, count: int, wanted: dict[str, object], why: str
) -> None:
    assert why in made.refused(policy, count, SIGNED, **wanted)
    assert made.journal == []


def test_a_paid_debt_is_refused(made: Contract) -> None:
    made.pay_debt(0, SIGNED, "600.00")
    made.pay_debt(1, SIGNED, "1200.00")
    assert "its debts are paid" in made.refused(BH, 2, SIGNED)


def test_a_closed_case_is_refused(made: Contract) -> None:
    with made.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET status = 'cancelled', closed_at = now()"))
    assert "is cancelled" in made.refused(BH, 2, SIGNED)


def test_a_case_holds_one_agreement(made: Contract) -> None:
    first = made.sign(BH, 2, SIGNED)
    assert f"holds the agreement {first} already" in made.refused(BH, 2, SIGNED)


def test_a_debt_is_in_one_agreement_whoever_of_its_debtors_signs(made: Contract) -> None:
    first = made.sign(SP, 2, SIGNED)
    assert f"is in the agreement {first} of another debtor" in co_debtor(made).refused(SP, 2, SIGNED)


@pytest.mark.parametrize("identified", [None, Identification.LINK, Identification.DOCUMENT])
def test_sp_above_100_000_nobody_signs_without_the_web_password(
    engine: Engine, identified: Identification | None
) -> None:
    rich = contract(engine, "60000.00", "40000.01")
    assert "the taxpayer signs with senha web [SP156, observações]" in rich.refused(
        SP, 60, SIGNED, identified=identified
    )


@pytest.mark.parametrize("identified", [Identification.WEB_PASSWORD, Identification.CERTIFICATE])
def test_sp_above_100_000_the_agreement_says_how_he_was_identified(engine: Engine, identified: Identification) -> None:
    rich = contract(engine, "100000.01")
    rich.sign(SP, 60, SIGNED, identified=identified)
    assert rich.get("SELECT identified_by FROM agreements") == identified


def test_sp_100_000_sharp_need_no_web_password(engine: Engine) -> None:
    contract(engine, "100000.00").sign(SP, 60, SIGNED, identified=Identification.DOCUMENT)


# ---- what is in court and what isn't


@pytest.fixture
def mixed(engine: Engine) -> Contract:
    """600.00 that isn't in court, and 1,200.00 that is."""
    both = contract(engine, "600.00", "1200.00")
    with engine.begin() as connection:
        connection.execute(text("UPDATE debts SET litigation = true WHERE amount = 1200"))
    return both


def agreed(made: Contract, agreement: str) -> list[tuple[object, ...]]:
    return made.rows(
        "SELECT amounts.amount, terms -> 'request' ->> 'litigation' FROM agreements AS amounts WHERE id = :it",
        it=agreement,
    )


def test_bh_together_they_are_refused(mixed: Contract) -> None:
    assert "can't be in one agreement [Decreto 14.346/2011, art. 1º, § 1º]" in mixed.refused(BH, 6, SIGNED)


def test_bh_each_is_signed_apart_by_its_own_limits_and_lives_beside_the_other(mixed: Contract) -> None:
    unsued = mixed.sign(BH, 3, SIGNED, debts="unsued")
    assert "takes at most 60 instalments, not 61" in mixed.refused(BH, 61, SIGNED, debts="sued")
    sued = mixed.sign(BH, 6, SIGNED, debts="sued")
    assert agreed(mixed, unsued) == [(Decimal("600.00"), "none")]
    assert agreed(mixed, sued) == [(Decimal("1200.00"), "suit")]
    mixed.pay(1, SIGNED)
    assert mixed.received == ["0.00", "200.00"]
    assert mixed.held
    assert "holds the agreement" in mixed.refused(BH, 6, SIGNED, debts="sued")


@pytest.mark.parametrize(("debts", "amount", "most"), [("sued", "1200.00", 6), ("unsued", "600.00", 3)])
def test_bh_a_quote_on_a_case_is_what_signing_makes(mixed: Contract, debts: Portion, amount: str, most: int) -> None:
    wanted = SigningRequest(1, debts=debts)
    with mixed.engine.connect() as connection:
        rules = load_policy(BH).policy
        request, offer = quote_case(connection, mixed.case, rules, wanted, None, at(SIGNED))
        three = quote_case(connection, mixed.case, rules, wanted, 3, at(SIGNED))[1]
        with pytest.raises(Refusal, match="can't be in one agreement"):
            quote_case(connection, mixed.case, rules, SigningRequest(1), None, at(SIGNED))
    assert (request.amount, len(offer.instalments), request.company) == (Decimal(amount), most, True)
    mixed.sign(BH, 3, SIGNED, debts=debts)
    signed = mixed.rows("SELECT due, amount + interest FROM instalments ORDER BY n")
    assert signed == [(each.due, each.amount) for each in three.instalments]


def test_a_portion_that_is_empty_is_refused(made: Contract) -> None:
    assert "none of the debts that could be agreed upon is in court" in made.refused(BH, 6, SIGNED, debts="sued")


def test_when_one_is_broken_the_other_stands_and_is_completed(mixed: Contract) -> None:
    unsued = mixed.sign(SP, 4, SIGNED, debts="unsued")
    mixed.pay(1, SIGNED)
    mixed.sign(SP, 1, SIGNED, debts="sued")
    mixed.pay(1, SIGNED)
    assert mixed.state == "completed"
    mixed.agreement = unsued
    mixed.look(CERTAIN)
    assert mixed.state == "broken"
    assert mixed.balances == ["450.00", "0.00"]
    assert mixed.balanced()


def test_the_case_resumes_after_the_one_that_is_broken(mixed: Contract) -> None:
    broken = mixed.sign(SP, 4, SIGNED, debts="unsued")
    mixed.pay(1, SIGNED)
    mixed.sign(SP, 6, SIGNED, debts="sued")
    mixed.agreement = broken
    mixed.look(CERTAIN)
    with case_transaction(mixed.engine, mixed.case, at(CERTAIN)) as tx:
        found = tx.facts.broken_agreement
    assert (found and found.id, found and found.on) == (broken, LAST_DAY)


def test_two_signings_at_once_make_one_agreement(made: Contract) -> None:
    other = co_debtor(made)

    def attempt(who: Contract) -> str:
        try:
            return who.sign(BH, 2, SIGNED)
        except Refusal:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(attempt, [made, other, made, other])]
    assert made.rows("SELECT count(*) FROM agreements") == [(1,)]
    assert answers.count("refused") == 3


# ---- a precatório that pays a part


def credited(made: Contract) -> str:
    return made.sign(BH, 4, SIGNED, precatorio=Precatorio(Decimal("300.00"), "01.023.456/2026"))


def pays_all(made: Contract) -> None:
    for n, due in made.rows("SELECT n, due FROM instalments ORDER BY n"):
        made.pay(n, due)


@pytest.fixture
def old(engine: Engine) -> Contract:
    """600.00 and 500.00 from before December 2007."""
    made = contract(engine, "600.00", "500.00", due=date(2007, 1, 10))
    with engine.begin() as connection:
        connection.execute(text("UPDATE debts SET due = '2007-02-10' WHERE amount = 500"))
    return made


def test_what_a_precatorio_pays_is_off_the_debts_and_the_instalments_pay_the_rest(old: Contract) -> None:
    credited(old)
    assert old.balances == ["300.00", "500.00"]
    assert old.rows("SELECT count(*), sum(amount) FROM instalments") == [(4, Decimal("800.00"))]
    pays_all(old)
    assert (old.state, old.balances) == ("completed", ["0.00", "0.00"])
    assert old.balanced()


def test_when_the_offset_is_refused_it_is_owed_again_in_one_instalment_more(old: Contract) -> None:
    agreement = credited(old)
    refuse_offset(old.engine, agreement, BIA, "cessão não homologada", at(SIGNED + timedelta(days=20)))
    assert old.balances == ["600.00", "500.00"]
    # a month after 30/03/2026
    assert old.rows("SELECT n, due, amount FROM instalments ORDER BY n DESC LIMIT 1") == [
        (5, date(2026, 4, 30), Decimal("300.00"))
    ]
    for n in range(1, 6):
        assert old.state == "active"
        old.pay(n, date(2026, 4, 1))
    old.pay(5, date(2026, 4, 1))
    assert (old.state, old.balances) == ("completed", ["0.00", "0.00"])
    assert "agreement_offset_refused" in old.journal
    assert old.balanced()


def test_refused_after_all_was_paid_the_agreement_lives_again(old: Contract) -> None:
    agreement = credited(old)
    pays_all(old)
    with old.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET status = 'resolved', closed_at = now()"))
    refuse_offset(old.engine, agreement, BIA, "cessão não homologada", at(SIGNED + timedelta(days=20)))
    assert old.state == "active"
    assert old.rows("SELECT n, amount FROM instalments WHERE paid_on IS NULL") == [(5, Decimal("300.00"))]
    assert sum(map(Decimal, old.balances)) > 0
    assert old.get("SELECT closed_at FROM cases") is None


def test_refused_after_a_break_the_debts_owe_it(old: Contract) -> None:
    agreement = credited(old)
    rescind(old.engine, agreement, ANA, "desistência", at(SIGNED))
    refuse_offset(old.engine, agreement, BIA, "cessão não homologada", at(SIGNED))
    assert (old.state, old.balances) == ("broken", ["600.00", "500.00"])
    assert old.rows("SELECT count(*) FROM instalments") == [(4,)]


def test_an_offset_is_refused_once_and_where_there_is_one(old: Contract) -> None:
    agreement = credited(old)
    refuse_offset(old.engine, agreement, BIA, "x", at(SIGNED))
    with pytest.raises(Refusal, match="was refused on 2026-03-10 already"):
        refuse_offset(old.engine, agreement, BIA, "x", at(SIGNED))
    plain = contract(old.engine, "900.00", cohort="other")
    with pytest.raises(Refusal, match="has no precatório that pays a part"):
        refuse_offset(plain.engine, plain.sign(BH, 2, SIGNED), BIA, "x", at(SIGNED))


def test_a_debt_that_is_too_young_for_it_is_paid_by_no_precatorio(made: Contract) -> None:
    assert "at most R$ 0.00 of these debts" in made.refused(BH, 4, SIGNED, precatorio=Precatorio(Decimal(10), "p"))


# ---- direct debit


def ends_debit(made: Contract, on: date) -> list[tuple[Any, ...]]:
    """The instalment that is added."""
    count = made.get("SELECT count(*) FROM instalments")
    end_debit(made.engine, made.agreement, BIA, "conta encerrada", at(on))
    return made.rows("SELECT due, amount FROM instalments WHERE n > :count", count=count)


def test_when_the_debit_ends_the_discount_on_what_is_still_to_be_paid_is_lost(made: Contract) -> None:
    made.sign(BH, 3, SIGNED, pay=Pay.DIRECT_DEBIT, authorization="0001")
    made.pay(1, SIGNED)
    # a tenth of 1,800.00 is 180.00, two thirds of it on the two to come; a month after the end
    assert ends_debit(made, SIGNED + timedelta(days=1)) == [(date(2026, 4, 13), Decimal("120.00"))]
    for n, due in made.rows("SELECT n, due FROM instalments WHERE n > 1 ORDER BY due"):
        made.pay(n, due)
    assert (made.state, made.balances) == ("completed", ["0.00", "0.00"])
    forgiven = made.get("SELECT sum(amount) FROM remissions WHERE ground = 'agreement'")
    assert forgiven == Decimal("60.00")


def test_a_debit_ends_once_and_where_there_is_one(made: Contract) -> None:
    made.sign(BH, 3, SIGNED, pay=Pay.DIRECT_DEBIT, authorization="0001")
    ends_debit(made, SIGNED)
    with pytest.raises(Refusal, match="ended on 2026-03-10 already"):
        ends_debit(made, SIGNED)
    plain = contract(made.engine, "900.00", cohort="other")
    plain.sign(BH, 2, SIGNED)
    with pytest.raises(Refusal, match="is not paid by direct debit"):
        ends_debit(plain, SIGNED)


def test_a_larger_discount_does_not_hang_on_the_debit(made: Contract) -> None:
    """A single instalment has the 15 % of payment at once."""
    made.sign(BH, 1, SIGNED, pay=Pay.DIRECT_DEBIT, authorization="0001")
    assert ends_debit(made, SIGNED) == []


# ---- money


def test_an_instalment_is_shared_among_the_debts_by_ctn_163_the_larger_first(made: Contract) -> None:
    made.sign(BH, 6, SIGNED)
    made.pay(1, SIGNED)
    made.pay(2, SIGNED, "200.00")
    assert made.received == ["0.00", "500.00"]
    made.pay(3, SIGNED, "800.00")
    assert made.received == ["100.00", "1200.00"]
    assert made.balanced()


def test_a_debt_that_prescribes_sooner_is_paid_first(made: Contract) -> None:
    with made.engine.begin() as connection:
        connection.execute(text("UPDATE debts SET prescribes = '2027-01-01' WHERE id = :debt"), {"debt": made.debts[0]})
    made.sign(BH, 3, SIGNED)
    made.pay(1, SIGNED)
    assert made.received == ["600.00", "0.00"]


def test_it_counts_once_by_webhook_and_in_a_bank_file(made: Contract) -> None:
    made.sign(BH, 3, SIGNED)
    made.pay(1, SIGNED, "600.00")
    slip = made.get("SELECT slip_number FROM instalments WHERE n = 1")
    reported = Receipt("pix", Decimal("600.00"), at(SIGNED), reference="G1", slip="x", slip_number=slip)
    assert record_bank(made.engine, [reported], at(SIGNED)).payments == 0
    assert made.rows("SELECT count(*), sum(amount) FROM payments") == [(1, Decimal("600.00"))]


def test_a_slip_at_the_bank_pays_its_price_too(engine: Engine) -> None:
    made = contract(engine, "4800.00")
    made.sign(BH, 24, SIGNED)
    slip = made.get("SELECT slip_number FROM instalments WHERE n = 1")
    receipt = Receipt("bank", Decimal("202.00"), at(SIGNED), reference="G1", slip="x", slip_number=slip)
    record_bank(made.engine, [receipt], at(SIGNED))
    assert made.received == ["200.00"]
    with made.engine.connect() as connection:
        [paid] = list_payments(connection, None)
    assert (paid["state"], paid["allocated"], paid["excess"]) == ("matched", Decimal("202.00"), Decimal("0.00"))
    assert made.balanced()


def test_what_is_paid_beyond_an_instalment_pays_the_next_to_come(made: Contract) -> None:
    """The second, ahead of its day, with 10 % off."""
    made.sign(BH, 3, SIGNED)
    made.pay(1, SIGNED, "1200.00")
    assert made.rows("SELECT n, received, paid_on FROM instalments ORDER BY n") == [
        (1, Decimal("600.00"), SIGNED),
        (2, Decimal("540.00"), SIGNED),
        (3, Decimal("60.00"), None),
    ]
    assert made.received == ["0.00", "1200.00"]


def test_what_is_paid_straight_to_a_debt_pays_its_instalments(made: Contract) -> None:
    made.sign(BH, 3, SIGNED)
    made.pay(1, SIGNED)
    made.pay_debt(1, SIGNED, "1200.00")
    assert made.received == ["600.00", "1200.00"]
    assert made.state == "completed"
    assert made.balances == ["0.00", "0.00"]
    assert made.balanced()


def test_what_a_debt_does_not_need_is_excess_and_pays_no_instalment(made: Contract) -> None:
    """Else the other debt would be forgiven as much once all is paid, and who paid it could still have it back."""
    made.sign(SP, 3, SIGNED)
    made.pay_debt(0, SIGNED, "1200.00")
    with made.engine.connect() as connection:
        assert [paid["excess"] for paid in list_payments(connection, "excess")] == [Decimal("600.00")]
    assert made.rows("SELECT n FROM instalments WHERE paid_on IS NOT NULL") == [(1,)]
    made.pay(2, SIGNED)
    assert made.state == "active"
    made.pay(3, SIGNED)
    assert (made.state, made.balances) == ("completed", ["0.00", "0.00"])
    assert made.rows("SELECT count(*) FROM remissions") == [(0,)]
    assert made.balanced()


def test_what_time_added_is_no_excess_when_it_is_paid_straight_to_a_debt(engine: Engine) -> None:
    """300.00, 303.00 (1 % a month) and 306.55 (0.54 of IPCA, 2 % of 300.54); the second went to the debt."""
    made = contract(engine, "900.00")
    made.sign(BH, 3, JUNE)
    made.pay(1, JUNE)
    made.pay_debt(0, JULY, "303.00")
    made.pay(3, AUGUST, "306.55")
    assert made.state == "completed"
    assert excesses(made) == [Decimal("0.00")] * 3
    made.pay_debt(0, AUGUST, "10.00")
    assert sum(excesses(made)) == Decimal("10.00")
    assert made.balanced()


def test_what_was_paid_for_time_pays_the_debt_itself_once_the_agreement_is_broken(engine: Engine) -> None:
    """603.00 of 900.00 were paid, and 297.00 are owed: 10.00 more than that is excess."""
    made = contract(engine, "900.00")
    made.sign(BH, 3, JUNE)
    made.pay(1, JUNE)
    made.pay_debt(0, JULY, "303.00")
    rescind(made.engine, made.agreement, ANA, "desistência", at(JULY))
    made.pay_debt(0, AUGUST, "307.00")
    assert made.balances == ["0.00"]
    assert sum(excesses(made)) == Decimal("10.00")
    assert made.balanced()


def excesses(made: Contract) -> list[Decimal]:
    with made.engine.connect() as connection:
        return [paid["excess"] for paid in list_payments(connection, None)]


def test_a_payment_no_debt_needs_is_excess(made: Contract) -> None:
    made.sign(BH, 1, SIGNED)
    made.pay(1, SIGNED)
    made.pay(1, SIGNED, "50.00")
    with made.engine.connect() as connection:
        assert [paid["excess"] for paid in list_payments(connection, "excess")] == [Decimal("50.00")]
    assert made.balanced()


def test_a_reversal_takes_everything_back(made: Contract) -> None:
    made.sign(SP, 4, SIGNED)
    before = (made.received, made.held, made.tasks, made.state)
    payment = made.pay(1, SIGNED)
    assert made.held
    assert made.tasks.keys() == {"processed", "registers_removed"}
    made.give_back(payment, SIGNED + timedelta(days=1))
    assert (made.received, made.held, made.tasks, made.state) == before
    assert made.rows("SELECT received, paid_on FROM instalments WHERE n = 1") == [(Decimal("0.00"), None)]
    assert made.balanced()


# ---- hold, break, completion


def test_bh_debts_are_on_hold_from_the_signature(made: Contract) -> None:
    made.sign(BH, 9, SIGNED)
    assert made.held


def test_sp_debts_are_on_hold_from_the_payment_of_the_first_instalment(made: Contract) -> None:
    made.sign(SP, 4, SIGNED)
    assert not made.held
    made.pay(1, SIGNED, "100.00")
    assert not made.held
    made.pay(1, SIGNED, "350.00")
    assert made.held


def broken(made: Contract) -> None:
    """The second instalment is never paid."""
    made.sign(SP, 4, SIGNED)
    made.pay(1, SIGNED)
    made.look(CERTAIN - timedelta(days=1))
    assert made.state == "active"
    made.look(CERTAIN)
    assert made.state == "broken"


def test_sp_breaks_from_the_last_banking_day_but_only_once_the_banks_have_reported(made: Contract) -> None:
    broken(made)
    assert not made.held
    assert made.rows("SELECT broken_on, decided_on, effective_on FROM agreements") == [(LAST_DAY, CERTAIN, SIGNED)]
    assert made.balances == ["600.00", "750.00"]
    assert made.rows("SELECT count(*) FROM outbox WHERE name = 'agreement_changed'") == [(2,)]


def test_a_payment_made_in_time_that_arrives_late_prevents_the_break(made: Contract) -> None:
    made.sign(SP, 4, SIGNED)
    made.pay(1, SIGNED)
    made.pay(2, LAST_DAY, reported=CERTAIN)
    made.look(CERTAIN)
    assert made.state == "active"


def test_a_payment_made_in_time_undoes_a_break_that_was_decided(made: Contract) -> None:
    broken(made)
    made.pay(2, LAST_DAY, reported=CERTAIN + timedelta(days=2))
    assert (made.state, made.held) == ("active", True)
    assert made.journal[-2:] == ["agreement_restored", "payment"]


def test_a_payment_a_day_late_undoes_nothing_and_lowers_the_debt(made: Contract) -> None:
    broken(made)
    made.pay(2, LAST_DAY + timedelta(days=1), "450.00", reported=CERTAIN)
    assert (made.state, made.held) == ("broken", False)
    assert made.balances == ["600.00", "300.00"]
    assert made.balanced()


def test_a_reversal_after_the_break_day_breaks_it(made: Contract) -> None:
    made.sign(SP, 4, SIGNED)
    made.pay(1, SIGNED)
    second = made.pay(2, SECOND_DUE)
    made.pay(3, date(2026, 5, 8))
    made.look(CERTAIN)
    assert made.state == "active"
    made.give_back(second, CERTAIN)
    assert made.state == "broken"


def test_all_paid_completes_it_and_the_discount_is_remitted(made: Contract) -> None:
    made.sign(BH, 3, SIGNED, pay=Pay.DIRECT_DEBIT)
    for n in (1, 2, 3):
        made.pay(n, SIGNED)
    assert made.state == "completed"
    assert made.balances == ["0.00", "0.00"]
    assert made.rows("SELECT sum(amount) FROM remissions") == [(Decimal("180.00"),)]
    assert not made.held
    assert made.balanced()


def test_a_reversal_after_completion_takes_the_remission_back(made: Contract) -> None:
    made.sign(BH, 3, SIGNED, pay=Pay.DIRECT_DEBIT)
    paid = [made.pay(n, SIGNED, "540.00") for n in (1, 2, 3)]
    made.give_back(paid[-1], SIGNED, "40.00")
    assert (made.state, made.held) == ("active", True)
    assert made.rows("SELECT sum(amount) FROM remissions") == [(Decimal("0.00"),)]
    assert sum(Decimal(balance) for balance in made.balances) == Decimal("220.00")
    made.pay(3, SIGNED, "40.00")
    assert (made.state, made.balances) == ("completed", ["0.00", "0.00"])
    assert made.balanced()


def test_bh_ten_percent_off_each_instalment_paid_early(made: Contract) -> None:
    made.sign(BH, 3, SIGNED)
    made.pay(1, SIGNED)
    made.pay(2, SIGNED, "540.00")
    made.pay(3, SIGNED, "540.00")
    assert made.state == "completed"
    assert made.rows("SELECT sum(amount) FROM remissions") == [(Decimal("120.00"),)]


def test_bh_fifteen_percent_off_for_payment_at_once_on_its_day(made: Contract) -> None:
    made.sign(BH, 1, SIGNED, pay=Pay.CASH)
    assert not made.held
    made.pay(1, SIGNED, reported=SIGNED + timedelta(days=3))
    assert (made.state, made.balances) == ("completed", ["0.00", "0.00"])
    assert made.rows("SELECT sum(amount) FROM remissions") == [(Decimal("270.00"),)]


def test_a_payment_at_once_a_day_late_is_a_partial_payment(made: Contract) -> None:
    made.sign(BH, 1, SIGNED, pay=Pay.CASH)
    made.look(SIGNED + timedelta(days=1))
    assert made.state == "broken"
    made.pay(1, SIGNED + timedelta(days=1))
    assert sum(Decimal(balance) for balance in made.balances) == Decimal("270.00")
    made.sign(BH, 1, SIGNED + timedelta(days=1))
    assert made.rows("SELECT renegotiation FROM agreements WHERE closed_at IS NULL") == [(0,)]


def test_bh_an_agreement_is_broken_by_a_person_since_its_text_names_no_day(made: Contract) -> None:
    made.sign(BH, 9, SIGNED)
    made.look(SIGNED + timedelta(days=900))
    assert made.state == "active"
    rescind(made.engine, made.agreement, ANA, "nada pago", at(SIGNED + timedelta(days=900)))
    assert (made.state, made.held) == ("broken", False)


def test_the_amount_is_what_is_owed_that_day_with_all_that_delay_added(engine: Engine) -> None:
    made = contract(engine, "1000.00", accrual=FINE)
    made.sign(BH, 3, SIGNED, pay=Pay.DIRECT_DEBIT)
    assert made.rows("SELECT amount, discount FROM agreements") == [(Decimal("1200.00"), Decimal("120.00"))]
    for n in (1, 2, 3):
        made.pay(n, SIGNED)
    assert (made.state, made.received) == ("completed", ["1080.00"])
    assert made.rows("SELECT amount FROM remissions") == [(Decimal("120.00"),)]
    with engine.connect() as connection:
        assert owed_on(connection, made.debts[0], SIGNED).owed.total == 0
    assert made.balanced()


def test_the_acts_of_people_on_agreements_are_acts(old: Contract) -> None:
    agreement = credited(old)
    refuse_offset(old.engine, agreement, BIA, "cessão não homologada", at(SIGNED))
    rescind(old.engine, agreement, ANA, "desistência", at(SIGNED))
    debited = contract(old.engine, "900.00", cohort="other")
    debited.sign(BH, 3, SIGNED, pay=Pay.DIRECT_DEBIT, authorization="0001")
    ends_debit(debited, SIGNED)
    acts = 'SELECT kind, who, reason FROM acts WHERE "case" = :case ORDER BY id'
    [sign, refused, broken_] = old.rows(acts)
    assert sign[0] == "sign"
    assert refused[:2] == ("refuse-offset", "Bia")
    assert "cessão não homologada" in refused[2]
    assert broken_[:2] == ("break", "Ana")
    assert [row[:2] for row in debited.rows(acts)] == [("sign", "Ana"), ("end-debit", "Bia")]


# ---- money that was on the debt before the agreement, and goes back


def paid_before(engine: Engine, accrual: str = FINE) -> tuple[Contract, PixPayment]:
    """1,000.00 and a fine of 200.00, 300.00 of it paid before the agreement about the other 900.00."""
    made = contract(engine, "1000.00", accrual=accrual)
    before = made.pay_debt(0, SIGNED - timedelta(days=9), "300.00")
    made.sign(SP, 3, SIGNED)
    assert made.get("SELECT amount FROM agreements") == Decimal("900.00")
    return made, before


def pays_on_each_due_date(made: Contract) -> date:
    last = SIGNED
    for n, due in made.rows("SELECT n, due FROM instalments WHERE agreement = :agreement ORDER BY n"):
        made.pay(n, due)
        last = due
    assert made.state == "completed"
    return last


def owes(made: Contract, on: date) -> Decimal:
    with made.engine.connect() as connection:
        return owed_on(connection, made.debts[0], on).owed.total


def test_a_payment_from_before_that_is_refunded_while_the_agreement_lives_is_owed_beside_it(engine: Engine) -> None:
    made, before = paid_before(engine)
    made.give_back(before, SIGNED + timedelta(days=3))
    last = pays_on_each_due_date(made)
    assert owes(made, last) == Decimal("300.00")
    assert made.balanced()


def test_a_payment_from_before_that_is_refunded_after_all_was_paid_is_owed_again(engine: Engine) -> None:
    made, before = paid_before(engine)
    last = pays_on_each_due_date(made)
    assert owes(made, last) == 0
    made.give_back(before, last + timedelta(days=1))
    assert (made.state, owes(made, last + timedelta(days=1))) == ("completed", Decimal("300.00"))
    assert made.balanced()


def test_what_the_table_adds_to_it_is_owed_too_and_to_what_was_agreed_is_not(engine: Engine) -> None:
    """One per cent a month of the table, from 10/01/2025: on 900.00 of it the agreement has charges of its own."""
    monthly = "{from: 2000-01-01, source: lei, per_month: '1', month_of_payment: '1'}"
    made = contract(engine, "1000.00", accrual=FINE.replace("interest: []", f"interest: [{monthly}]"))
    before = made.pay_debt(0, SIGNED, "300.00")
    made.sign(SP, 3, SIGNED)
    last = pays_on_each_due_date(made)
    assert owes(made, last) == 0
    made.give_back(before, last)
    # by March 1,000.00, 200.00 and 140.00, of which 1,040.00 were agreed upon: the principal in the other 300.00 is
    # 223.88, which grows by two months until May
    assert (last, owes(made, last)) == (date(2026, 5, 11), Decimal("304.48"))
    assert made.balanced()


def test_the_charges_of_an_agreement_pay_nothing_that_is_owed_beside_it(engine: Engine) -> None:
    """Without a table too, where what is refunded is less than the charges."""
    made = contract(engine, "1000.00")
    before = made.pay_debt(0, SIGNED, "100.00")
    made.sign(SP, 3, SIGNED)
    last = pays_on_each_due_date(made)
    assert (made.received, made.balances) == (["1009.55"], ["0.00"])
    made.give_back(before, last, "5.00")
    assert (made.balances, owes(made, last)) == (["5.00"], Decimal("5.00"))
    made.give_back(before, last, "95.00")
    assert (made.balances, owes(made, last)) == (["100.00"], Decimal("100.00"))
    assert made.balanced()


# ---- renegotiation


def test_sp_new_agreement_75_days_after_the_due_date_with_what_is_left_and_five_percent_down(made: Contract) -> None:
    broken(made)
    first = SECOND_DUE + timedelta(days=75)
    why = made.refused(SP, 4, first - timedelta(days=1))
    assert "possible from 2026-06-24, 75 days after the due date 2026-04-10" in why
    made.sign(SP, 4, first)
    assert made.rows("SELECT amount, renegotiation FROM agreements WHERE closed_at IS NULL") == [
        (Decimal("1350.00"), 1)
    ]
    assert made.rows("SELECT amount FROM instalments WHERE agreement = :agreement AND n = 1") == [(Decimal("388.14"),)]


def test_sp_waits_75_days_from_a_break_by_a_person_and_deducts_what_was_paid(made: Contract) -> None:
    """450.00 of 1,800.00 were paid, and nothing was due: 11/03 and 75 days are 25/05."""
    made.sign(SP, 4, SIGNED)
    made.pay(1, SIGNED)
    rescind(made.engine, made.agreement, ANA, "desistência", at(date(2026, 3, 11)))
    why = made.refused(SP, 4, date(2026, 5, 24))
    assert "possible from 2026-05-25, 75 days after the break, on 2026-03-11, of" in why
    made.sign(SP, 4, date(2026, 5, 25))
    assert made.rows("SELECT amount, renegotiation FROM agreements WHERE closed_at IS NULL") == [
        (Decimal("1350.00"), 1)
    ]


def test_sp_a_person_who_breaks_it_later_does_not_put_the_wait_off(made: Contract) -> None:
    """The second instalment was due on 10/04 and unpaid: 75 days from then are 24/06."""
    made.sign(SP, 4, SIGNED)
    made.pay(1, SIGNED)
    rescind(made.engine, made.agreement, ANA, "desistência", at(date(2026, 4, 20)))
    why = made.refused(SP, 4, date(2026, 6, 23))
    assert "possible from 2026-06-24, 75 days after the due date 2026-04-10 of the instalment" in why
    made.sign(SP, 4, date(2026, 6, 24))


def test_sp_simples_waits_too_where_too_little_is_open_to_break_it(engine: Engine) -> None:
    """Two of two are open and only the third would break it; a person did, on 11/03."""
    made = contract(engine, "900.00")
    made.sign(SP, 2, SIGNED, kind="simples")
    rescind(made.engine, made.agreement, ANA, "desistência", at(date(2026, 3, 11)))
    assert "possible from 2026-05-25" in made.refused(SP, 2, date(2026, 5, 24), kind="simples")


def test_bh_renegotiations_run_out(made: Contract) -> None:
    for times in range(3):
        made.sign(BH, 2, SIGNED)
        assert made.get("SELECT max(renegotiation) FROM agreements") == times
        rescind(made.engine, made.agreement, ANA, "desistência", at(SIGNED))
    assert "2 renegotiations for a debt not in litigation, not 3" in made.refused(BH, 2, SIGNED)


def test_a_break_is_not_undone_under_a_new_agreement(made: Contract) -> None:
    broken(made)
    old, new = made.agreement, made.sign(SP, 4, SECOND_DUE + timedelta(days=75))
    made.agreement = old
    made.pay(2, LAST_DAY, "450.00", reported=date(2026, 7, 1))
    assert made.state == "broken"
    made.agreement = new
    assert made.state == "active"
    assert made.rows("SELECT sum(received) FROM instalments WHERE agreement = :agreement") == [(Decimal("450.00"),)]
    assert made.balanced()


def test_sp_aftermath_of_the_first_instalment_is_dated_tasks(engine: Engine) -> None:
    made = contract(engine, "900.00", protested=True, litigation=True)
    made.sign(SP, 4, SIGNED)
    assert made.tasks == {}
    made.pay(1, SIGNED)
    assert made.tasks == {
        "suit_suspension": date(2026, 3, 10),
        "processed": date(2026, 3, 13),
        "protest_costs": date(2026, 3, 18),
        "registers_removed": date(2026, 3, 20),
    }


def test_a_payment_at_the_moment_of_default_leaves_one_story(made: Contract) -> None:
    made.sign(SP, 4, SIGNED)
    made.pay(1, SIGNED)
    with ThreadPoolExecutor(4) as pool:
        deciding = [pool.submit(made.look, CERTAIN) for _ in range(3)]
        pool.submit(made.pay, 2, LAST_DAY, "450.00", CERTAIN).result()
        for decided in deciding:
            decided.result()
    assert (made.state, made.held, made.received) == ("active", True, ["0.00", "900.00"])
    assert made.balanced()


# ---- always

MADE = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 80_000), st.sampled_from(["1", "2", "3", "debt 0", "debt 1"])),
    max_size=5,
    unique_by=lambda made: made[0],
)


@settings(max_examples=examples(5), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(MADE, st.randoms(use_true_random=False))
def test_every_cent_is_told_whatever_is_paid_in_whatever_order(
    engine: Engine, payments: list[tuple[int, int, str]], chance: Random
) -> None:
    """São Paulo in three, not broken within forty days: receipts are what the instalments took, what the debts were
    given and what is in excess, and the order in which they are reported makes no difference."""
    told = []
    for shuffled in (payments, chance.sample(payments, len(payments))):
        made = contract(engine, "600.00", "1200.00", cohort=f"c-{fresh_key()}")
        made.sign(SP, 3, SIGNED)
        for day, cents, to in shuffled:
            on, amount = SIGNED + timedelta(days=day), str(Decimal(cents).scaleb(-2))
            if to.startswith("debt"):
                made.pay_debt(int(to[-1]), on, amount)
            else:
                made.pay(int(to), on, amount)
        assert made.balanced()
        made.look(SIGNED + timedelta(days=41))
        rows = made.rows("""
            SELECT n, received, interest, paid_on FROM instalments WHERE agreement = :agreement ORDER BY n
        """)
        taken = sum((row[1] for row in rows), Decimal(0))
        paid = sum((Decimal(cents).scaleb(-2) for _, cents, _ in payments), Decimal(0))
        given = sum(map(Decimal, made.received), Decimal(0))
        assert taken <= paid
        assert taken <= given <= paid
        assert made.rows("SELECT count(*) FROM remissions WHERE reference = :agreement") == [(0,)]
        told.append((rows, made.received, made.state, made.held))
    assert told[0][0] == told[1][0]
    assert told[0][2:] == told[1][2:]
