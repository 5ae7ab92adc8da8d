"""Instalment agreements: each rule of Belo Horizonte's and São Paulo's texts is one dated case, named after it."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.agreement.aftermath import aftermath, enforceable, protest_stands
from models.agreement.bonus import accumulated_bonus, bonus_instalments, bonus_of_sequence, slip_fee
from models.agreement.default import (
    breaks_on,
    broken_by,
    decided_on,
    last_banking_day,
    new_agreement_from,
    payable,
)
from models.agreement.identity import identity_needed
from models.agreement.offset import Incurred, offset_of_debts
from models.agreement.policy import Litigation, Policy, Regime
from models.agreement.policy_check import read_policy
from models.agreement.quote import Pay, Quote, Request, early_discount, handful, quote
from models.errors import Refusal
from storage.amounts.shipped_rates import shipped_rates
from storage.catalogue import AGREEMENTS

BH, SP = "belo-horizonte", "sao-paulo"
SIGNED = date(2026, 3, 10)


@lru_cache
def policy_of(name: str) -> Policy:
    policy, faults = read_policy(AGREEMENTS.read(name)[1])
    assert policy is not None
    assert faults == ()
    return policy


def asked(name: str, amount: str, count: int | None = None, kind: str = "iptu", **terms: Any) -> Quote:
    request = Request(Decimal(amount), SIGNED, kind, instalments=count)
    return quote(policy_of(name), Request(**{**vars(request), **terms}), shipped_rates())


def amounts(offer: Quote) -> list[str]:
    """The parts of the amount agreed; the charges of time are apart."""
    return [str(instalment.principal) for instalment in offer.instalments]


def days(*written: str) -> list[date]:
    return [*map(date.fromisoformat, written)]


# ---- Belo Horizonte, Decreto 14.346/2011


@pytest.mark.parametrize(
    ("litigation", "renegotiation", "limit"),
    [
        ("none", 0, 180),
        ("none", 1, 120),
        ("none", 2, 60),
        ("suit", 0, 60),
        ("suit", 1, 24),
        ("seizure", 0, 24),
        ("restriction", 0, 3),
    ],
)
def test_bh_limits_by_litigation_and_renegotiation(litigation: str, renegotiation: int, limit: int) -> None:
    state: dict[str, Any] = {"litigation": Litigation(litigation), "renegotiation": renegotiation}
    offer = asked(BH, "100000.00", **state)
    assert (len(offer.instalments), offer.max_instalments) == (limit, limit)
    with pytest.raises(Refusal, match=rf"at most {limit} instalments, not {limit + 1} \[Decreto 14.346/2011\]"):
        asked(BH, "100000.00", limit + 1, **state)


@pytest.mark.parametrize(
    ("litigation", "renegotiation", "why"),
    [
        ("none", 3, "2 renegotiations for a debt not in litigation, not 3"),
        ("suit", 2, "one renegotiation for a debt in a suit, not 2"),
        ("seizure", 1, "no renegotiation for a debt under seizure or attachment, not 1"),
        ("restriction", 1, "no renegotiation for a debt under judicial restriction, not 1"),
        ("frozen", 0, "no agreement for a debt with a frozen bank account"),
        ("frozen", 1, "no agreement for a debt with a frozen bank account"),
    ],
)
def test_bh_grants_no_more(litigation: str, renegotiation: int, why: str) -> None:
    with pytest.raises(Refusal, match=rf"{why} \[Decreto 14.346/2011\]"):
        asked(BH, "100000.00", 1, litigation=Litigation(litigation), renegotiation=renegotiation)


@pytest.mark.parametrize(
    ("kind", "discount"),
    [
        ("iptu", "150.00"),
        ("iss", "150.00"),
        ("tax-fine", "150.00"),
        ("public-price", "150.00"),
        ("traffic-fine", "0.00"),
    ],
)
def test_bh_fifteen_percent_off_the_whole_debt_at_once(kind: str, discount: str) -> None:
    """For tax, fiscal and public-price credits; two instalments are no longer payment at once."""
    for at_once in (asked(BH, "1000.00", pay=Pay.CASH, kind=kind), asked(BH, "1000.00", 1, kind)):
        assert str(at_once.discount) == discount
        assert [(i.due, i.amount) for i in at_once.instalments] == [(SIGNED, Decimal("1000.00") - at_once.discount)]
    assert asked(BH, "1000.00", 2, kind).discount == 0


def test_bh_the_whole_debt_can_be_paid_with_a_frozen_account() -> None:
    """Only the agreement is refused."""
    offer = asked(BH, "1000.00", pay=Pay.CASH, litigation=Litigation.FROZEN)
    assert (amounts(offer), offer.max_instalments) == (["850.00"], 1)


def test_bh_ten_percent_off_for_direct_debit() -> None:
    offer = asked(BH, "1000.00", 9, pay=Pay.DIRECT_DEBIT)
    assert str(offer.discount) == "100.00"
    assert amounts(offer) == ["100.00"] * 9


def test_bh_ten_percent_off_instalments_paid_early() -> None:
    assert early_discount(policy_of(BH), Decimal("333.33"), discounted=False) == Decimal("33.33")


def test_bh_discounts_do_not_add_up() -> None:
    assert asked(BH, "1000.00", 1, pay=Pay.DIRECT_DEBIT).discount == Decimal("150.00")
    assert early_discount(policy_of(BH), Decimal("333.33"), discounted=True) == 0


@pytest.mark.parametrize(
    ("paid", "bonus", "accumulated"),
    [
        (12, "1.00", "1.00"),
        (24, "1.20", "2.20"),
        (36, "1.40", "3.60"),
        (48, "1.60", "5.20"),
        (60, "1.80", "7.00"),
        (72, "2.00", "9.00"),
        (84, "2.20", "11.20"),
        (96, "2.40", "13.60"),
        (108, "2.60", "16.20"),
        (120, "2.80", "19.00"),
        (132, "3.00", "22.00"),
        (144, "3.20", "25.20"),
        (156, "3.40", "28.60"),  # the source gives no sums from here on: see the next test
        (168, "3.60", "32.20"),
        (180, "3.80", "36.00"),
    ],
)
def test_bh_punctuality_bonus_for_each_twelve_in_sequence(paid: int, bonus: str, accumulated: str) -> None:
    assert str(bonus_of_sequence(policy_of(BH), paid // 12)) == bonus
    assert str(accumulated_bonus(policy_of(BH), paid)) == accumulated
    assert str(accumulated_bonus(policy_of(BH), paid + 11)) == accumulated


@pytest.mark.parametrize(
    ("count", "credited"),
    [
        (1, "0.00"),
        (12, "0.00"),  # the twelfth payment earns one, and nothing is left to pay
        (13, "1.00"),
        (24, "1.00"),  # 23 paid + 1 credited
        (26, "2.00"),  # 24 paid, and of the 1.20 they earn only 1.00 has something left to credit
        (60, "5.20"),
        (120, "13.60"),
        (180, "25.20"),  # 154 and a fraction paid: the last sum that the source's table has
    ],
)
def test_bh_bonus_is_credited_from_the_end_while_something_is_left(count: int, credited: str) -> None:
    assert str(bonus_instalments(policy_of(BH), count)) == credited


def test_bh_bonus_in_money_stands_apart_from_the_total() -> None:
    offer = asked(BH, "6000.10", 60)  # 5.20 of the last instalments, 100.00 each
    assert (str(offer.bonus), offer.total) == ("520.00", sum(each.amount for each in offer.instalments) + offer.fee)


@pytest.mark.parametrize(
    ("count", "fee"),
    [(1, "0.00"), (12, "0.00"), (13, "26.00"), (60, "120.00"), (61, "183.00"), (96, "288.00"), (97, "388.00")],
)
def test_bh_slip_fee_free_to_12_half_to_60_three_quarters_to_96(count: int, fee: str) -> None:
    """At R$ 4.00 a slip, a setting of the policy."""
    assert str(slip_fee(policy_of(BH), count)) == fee
    offer = asked(BH, "100000.00", count)
    assert (str(offer.fee), offer.total - sum(each.amount for each in offer.instalments)) == (fee, Decimal(fee))


def test_bh_direct_debit_needs_no_slip() -> None:
    assert asked(BH, "100000.00", 60, pay=Pay.DIRECT_DEBIT).fee == 0


OWED = [
    Incurred("new", date(2007, 12, 1), Decimal("500.00")),
    Incurred("old", date(2007, 11, 30), Decimal("200.00")),
    Incurred("oldest", date(2006, 1, 10), Decimal("100.00")),
]


def test_bh_municipal_precatorios_pay_what_is_from_before_december_2007_the_oldest_first() -> None:
    assert offset_of_debts(policy_of(BH), OWED, Decimal("250.00")) == {
        "oldest": Decimal("100.00"),
        "old": Decimal("150.00"),
    }
    with pytest.raises(Refusal, match=r"at most R\$ 300.00 of these debts: what fell due before 2007-12-01"):
        offset_of_debts(policy_of(BH), OWED, Decimal("300.01"))


def test_a_policy_may_let_precatorios_pay_no_more_than_a_share_of_each_debt() -> None:
    bh = policy_of(BH)
    rule = bh.precatorio_offset
    assert rule is not None
    half = bh.model_copy(update={"precatorio_offset": rule.model_copy(update={"share": Decimal("0.5")})})
    assert offset_of_debts(half, OWED, Decimal("150.00")) == {"oldest": Decimal("50.00"), "old": Decimal("100.00")}
    with pytest.raises(Refusal, match=r"at most R\$ 150.00"):
        offset_of_debts(half, OWED, Decimal("150.01"))


def test_sp_knows_of_no_precatorio() -> None:
    with pytest.raises(Refusal, match="sao-paulo knows of no precatório"):
        asked(SP, "1200.00", 3, offset=Decimal("100.00"))


def test_bh_what_a_precatorio_pays_is_in_no_instalment_and_no_discount() -> None:
    offer = asked(BH, "1000.00", 4, offset=Decimal("200.00"), pay=Pay.DIRECT_DEBIT)
    # a tenth of 800.00, and the rest in four
    assert (offer.discount, [each.principal for each in offer.instalments]) == (
        Decimal("80.00"),
        [Decimal("180.00")] * 4,
    )
    with pytest.raises(Refusal, match="nothing is left to agree upon"):
        asked(BH, "1000.00", 4, offset=Decimal("1000.00"))


def test_bh_text_says_nothing_of_default_and_nothing_is_invented() -> None:
    with pytest.raises(Refusal, match="doesn't say when an agreement breaks"):
        breaks_on(policy_of(BH), Regime.NORMAL, [SIGNED])


def test_bh_debt_is_on_hold_from_signature() -> None:
    assert not enforceable(policy_of(BH), SIGNED, None, SIGNED)


# ---- São Paulo, Portaria PGM 16/2014 and SP156


@pytest.mark.parametrize(
    ("regime", "amount", "most"),
    [
        ("normal", "9000.00", 60),
        ("normal", "8999.99", 59),
        ("normal", "1000000.00", 60),
        ("normal", "150.00", 1),
        ("simples", "8999.99", 59),
        ("simei", "3000.00", 60),
        ("simei", "2999.99", 59),
    ],
)
def test_sp_sixty_instalments_of_150_or_50_for_simei(regime: str, amount: str, most: int) -> None:
    offer = asked(SP, amount, regime=Regime(regime))
    assert (len(offer.instalments), offer.max_instalments) == (most, most)
    with pytest.raises(Refusal, match=r"\[Portaria PGM 16/2014"):
        asked(SP, amount, most + 1, regime=Regime(regime))


def test_sp_names_the_rule_that_refuses() -> None:
    with pytest.raises(Refusal, match="at most 60 instalments, not 1000"):
        asked(SP, "1000.00", 1000)
    with pytest.raises(Refusal, match=r"under R\$ 150.00: R\$ 1000.00 takes at most 6, not 7"):
        asked(SP, "1000.00", 7)
    with pytest.raises(Refusal, match=r"R\$ 149.99 can only be paid at once"):
        asked(SP, "149.99")
    with pytest.raises(Refusal, match="payment in cash is one instalment, not 2"):
        asked(SP, "1000.00", 2, pay=Pay.CASH)


@pytest.mark.parametrize(
    ("regime", "renegotiation", "down", "first"),
    [
        ("normal", 0, "0.00", "1000.00"),
        ("normal", 1, "500.00", "1450.00"),
        ("normal", 2, "1000.00", "1900.00"),
        ("normal", 3, "1500.00", "2350.00"),
        ("simples", 0, "0.00", "1000.00"),
        ("simples", 1, "1000.00", "1900.00"),
        ("simples", 2, "2000.00", "2800.00"),
        ("simples", 30, "2000.00", "2800.00"),
        ("simei", 30, "2000.00", "2800.00"),
    ],
)
def test_sp_down_payment_is_charged_in_the_first_instalment(
    regime: str, renegotiation: int, down: str, first: str
) -> None:
    offer = asked(SP, "10000.00", 10, regime=Regime(regime), renegotiation=renegotiation)
    rest = str((Decimal("10000.00") - Decimal(down)) / 10)
    assert (str(offer.down_payment), amounts(offer)) == (down, [first, *[rest] * 9])


def test_sp_the_minimum_is_kept_by_the_instalments_besides_the_down_payment() -> None:
    """R$ 1,000.00 takes 6 of 166.66; with 15 % down R$ 850.00 is left, which takes 5 of 170.00."""
    offer = asked(SP, "1000.00", renegotiation=3)
    assert amounts(offer) == ["320.00", "170.00", "170.00", "170.00", "170.00"]


def test_sp_three_renegotiations_at_most() -> None:
    with pytest.raises(Refusal, match=r"3 renegotiations for a debt not in litigation, not 4 \[Portaria PGM 16/2014"):
        asked(SP, "10000.00", 10, renegotiation=4)


@pytest.mark.parametrize(
    ("due", "last"),
    [
        ("2026-01-15", "2026-02-27"),  # 28 February is a Saturday
        ("2026-01-31", "2026-02-27"),
        ("2026-04-10", "2026-05-29"),  # 31 May is a Sunday
        ("2024-02-10", "2024-03-28"),  # 29 March is Good Friday
        ("2026-11-10", "2026-12-30"),  # banks are closed on 31 December
        ("2026-12-10", "2027-01-29"),
    ],
)
def test_sp_breaks_on_the_last_banking_day_of_the_month_after_the_due_date(due: str, last: str) -> None:
    breaks = breaks_on(policy_of(SP), Regime.NORMAL, days(due))
    assert breaks == date.fromisoformat(last)
    assert breaks == last_banking_day(policy_of(SP), breaks)


def test_sp_the_oldest_open_instalment_breaks_it() -> None:
    assert broken_by(policy_of(SP), Regime.NORMAL, days("2026-05-11", "2026-03-10")) == date(2026, 3, 10)
    assert breaks_on(policy_of(SP), Regime.NORMAL, []) is None


def test_sp_a_break_is_decided_after_the_banks_processing_days() -> None:
    """Friday 27/02/2026, three business days: a payment dated in time prevents it until then."""
    assert decided_on(policy_of(SP), date(2026, 2, 27)) == date(2026, 3, 4)


def test_sp_an_overdue_instalment_can_be_paid_until_the_break() -> None:
    [due, last] = days("2026-01-15", "2026-12-15")
    told = [
        payable(policy_of(SP), Regime.NORMAL, due, last, on) for on in days("2026-01-15", "2026-02-27", "2026-02-28")
    ]
    assert told == [True, True, False]


@pytest.mark.parametrize(("due", "first"), [("2026-01-15", "2026-03-31"), ("2025-12-15", "2026-02-28")])
def test_sp_new_agreement_75_days_after_the_due_date_of_that_instalment(due: str, first: str) -> None:
    assert new_agreement_from(policy_of(SP), Regime.NORMAL, date.fromisoformat(due)) == date.fromisoformat(first)


@pytest.mark.parametrize(
    ("unpaid", "breaks"),
    [
        (("2026-01-15", "2026-02-18"), None),
        (("2026-01-15", "2026-02-18", "2026-03-16"), "2026-03-16"),
        (("2026-01-15", "2026-06-15", "2026-09-15", "2026-10-15"), "2026-09-15"),
    ],
)
@pytest.mark.parametrize("regime", [Regime.SIMPLES, Regime.SIMEI])
def test_sp_simples_breaks_at_the_third_open_instalment_consecutive_or_not(
    unpaid: tuple[str, ...], breaks: str | None, regime: Regime
) -> None:
    assert breaks_on(policy_of(SP), regime, days(*unpaid)) == (date.fromisoformat(breaks) if breaks else None)


def test_sp_simples_overdue_instalments_are_paid_at_the_end_not_during() -> None:
    [due, last] = days("2026-01-15", "2026-12-15")
    told = [
        payable(policy_of(SP), Regime.SIMPLES, due, last, on) for on in days("2026-01-15", "2026-01-16", "2026-12-16")
    ]
    assert told == [True, False, True]


def test_sp_simples_waits_75_days_from_the_third_open_instalment() -> None:
    due = broken_by(policy_of(SP), Regime.SIMPLES, days("2026-01-15", "2026-06-15", "2026-09-15"))
    assert due is not None
    assert new_agreement_from(policy_of(SP), Regime.SIMPLES, due) == date(2026, 11, 29)


@pytest.mark.parametrize(("amount", "means"), [("100000.00", None), ("100000.01", "senha web")])
def test_sp_web_password_above_100_000(amount: str, means: str | None) -> None:
    assert identity_needed(policy_of(SP), Decimal(amount)) == means


def test_sp_aftermath_of_the_first_instalment() -> None:
    """Paid on Thursday 12/02/2026; Carnival is on the 16th and 17th. Processed in 3 business days, registers 5 more."""
    tasks = aftermath(policy_of(SP), date(2026, 2, 12), protested=True, litigation=Litigation.SUIT)
    assert [(due.task, due.on.isoformat()) for due in tasks] == [
        ("suit_suspension", "2026-02-12"),
        ("processed", "2026-02-19"),
        ("protest_costs", "2026-02-24"),
        ("registers_removed", "2026-02-26"),
    ]
    assert {due.source for due in tasks} == {"SP156, principais etapas"}


def test_sp_a_debt_neither_protested_nor_in_a_suit_has_no_such_tasks() -> None:
    tasks = aftermath(policy_of(SP), date(2026, 2, 12), protested=False, litigation=Litigation.NONE)
    assert [due.task for due in tasks] == ["processed", "registers_removed"]


def test_sp_the_protest_stands_until_its_costs_are_paid() -> None:
    [before, paid] = days("2026-02-23", "2026-02-24")
    assert protest_stands(None, paid)
    assert protest_stands(paid, before)
    assert not protest_stands(paid, paid)


def test_sp_debt_is_on_hold_from_the_first_payment() -> None:
    [before, paid] = days("2026-03-11", "2026-03-12")
    assert enforceable(policy_of(SP), SIGNED, None, paid)
    assert enforceable(policy_of(SP), SIGNED, paid, before)
    assert not enforceable(policy_of(SP), SIGNED, paid, paid)


@pytest.mark.parametrize(
    ("kinds", "key"),
    [
        ("iptu trsd", "SQL"),
        ("iss tfa tfe", "CCM"),
        ("simples", "CNPJ"),
        ("itbi", "guia de recolhimento"),
        ("lifts", "chapa numérica"),
        ("construction environmental-fine contract-fine", "Processo Administrativo"),
        ("trss", "AMLURB"),
        ("traffic-fine", "Auto de Multa ou Número do CPF ou CNPJ"),
        ("market", "matrícula"),
    ],
)
def test_sp_access_key_by_debt_kind(kinds: str, key: str) -> None:
    for kind in kinds.split():
        assert key in str(policy_of(SP).debt_kinds[kind].access_key)


# ---- rounding and due dates


@pytest.mark.parametrize(("amount", "discount"), [("0.10", "0.02"), ("0.30", "0.05"), ("0.50", "0.08")])
def test_half_a_cent_of_discount_is_rounded_up(amount: str, discount: str) -> None:
    assert str(asked(BH, amount, pay=Pay.CASH).discount) == discount


def test_half_a_cent_of_down_payment_is_rounded_up() -> None:
    assert str(asked(SP, "1010.10", 5, renegotiation=1).down_payment) == "50.51"  # of 50.505


def test_cents_left_over_are_in_the_first_instalment() -> None:
    assert amounts(asked(BH, "1000.00", 3)) == ["333.34", "333.33", "333.33"]
    assert amounts(asked(SP, "1000.03", 5, renegotiation=1)) == ["240.03", "190.00", "190.00", "190.00", "190.00"]


def test_due_monthly_on_the_same_day_clipped_and_rolled_to_a_banking_day() -> None:
    """CTN art. 210: 31 January and 28 February 2026 are Saturdays, 31 May a Sunday."""
    offer = asked(SP, "1000.00", 5, on=date(2026, 1, 31))
    assert [i.due for i in offer.instalments] == days(
        "2026-02-02", "2026-03-02", "2026-03-31", "2026-04-30", "2026-06-01"
    )


def test_holidays_are_known_to_the_last_of_180_instalments() -> None:
    offer = asked(BH, "100000.00", on=date(2026, 12, 25))
    calendar = policy_of(BH).calendar(2026)
    assert offer.instalments[-12].due == date(2040, 12, 26)
    assert offer.instalments[-12].due.weekday() < 5
    assert all(calendar.is_working(i.due) for i in offer.instalments)


# ---- always

REQUESTS = st.builds(
    Request,
    amount=st.decimals(min_value="0.01", max_value="999999999999.99", places=2)
    | st.decimals(min_value="0.01", max_value="20000", places=2),
    on=st.dates(date(2020, 1, 1), date(2060, 12, 31)),
    kind=st.sampled_from(("iptu", "traffic-fine")),
    regime=st.sampled_from(Regime),
    litigation=st.sampled_from(Litigation),
    renegotiation=st.integers(0, 5),
    pay=st.sampled_from(Pay),
    instalments=st.none() | st.integers(1, 200),
)


def answer(policy: Policy, request: Request) -> Quote | Refusal:
    try:
        return quote(policy, request, shipped_rates())
    except Refusal as refusal:
        return refusal


@given(st.sampled_from((BH, SP)).map(policy_of), REQUESTS)
def test_a_quote_is_exact_or_refused(policy: Policy, request: Request) -> None:
    offer = answer(policy, request)
    if isinstance(offer, Refusal):
        assert (str(offer).endswith("]") and offer.plain) or request.pay is Pay.CASH
        return
    parts = [instalment.principal for instalment in offer.instalments]
    paid = [instalment.amount for instalment in offer.instalments]
    terms = policy.terms_of(request.regime)
    assert sum(parts) == request.amount - offer.discount
    assert offer.total == sum(paid) + offer.fee
    assert parts[0] == max(parts)
    assert parts[0] >= offer.down_payment
    # in the agreement's own month nothing is added, afterwards 1 % a month and more
    months = [
        (each.agreed.year - request.on.year) * 12 + each.agreed.month - request.on.month for each in offer.instalments
    ]
    for each, count in zip(offer.instalments, months, strict=True):
        least = (each.principal * count / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert each.interest >= (0 if request.pay is Pay.CASH else least)
        assert count or not each.interest
    assert min(offer.down_payment, offer.discount, offer.bonus, offer.fee) >= 0
    assert offer.bonus < sum(parts)
    assert min(parts) > 0
    assert [instalment.n for instalment in offer.instalments] == [*range(1, len(paid) + 1)]
    assert len(paid) == request.instalments or (request.instalments is None and len(paid) == offer.max_instalments)
    assert all(amount == amount.quantize(Decimal("0.01")) for amount in (*paid, offer.bonus, offer.fee, offer.total))
    if request.pay is not Pay.CASH:
        counts = terms.limits.by_litigation[request.litigation]
        assert len(paid) <= offer.max_instalments <= counts[min(request.renegotiation, len(counts) - 1)]
        assert terms.minimum_instalment is None or min(parts) >= terms.minimum_instalment.amount


@given(st.sampled_from((BH, SP)).map(policy_of), REQUESTS)
def test_one_more_than_the_most_is_refused(policy: Policy, request: Request) -> None:
    offer = answer(policy, Request(**{**vars(request), "instalments": None}))
    most = 1 if isinstance(offer, Refusal) else offer.max_instalments
    with pytest.raises(Refusal):
        quote(policy, Request(**{**vars(request), "instalments": most + 1}), shipped_rates())


@given(st.sampled_from((BH, SP)).map(policy_of), REQUESTS)
def test_what_is_shown_to_choose_from_is_never_refused(policy: Policy, request: Request) -> None:
    offer = answer(policy, Request(**{**vars(request), "instalments": None}))
    if isinstance(offer, Quote):
        counts = handful(offer.max_instalments)
        for count in counts:
            quote(policy, Request(**{**vars(request), "instalments": count}), shipped_rates())
        assert counts == sorted(set(counts))
        assert len(counts) <= 5


@given(st.dates(date(2020, 1, 1), date(2060, 12, 31)))
def test_a_new_agreement_never_precedes_the_break(due: date) -> None:
    breaks = breaks_on(policy_of(SP), Regime.NORMAL, [due])
    assert breaks is not None
    assert due < breaks < new_agreement_from(policy_of(SP), Regime.NORMAL, due)
    assert breaks.year * 12 + breaks.month == due.year * 12 + due.month + 1


# ---- the file of a policy


def edited(old: str, new: str) -> str:
    text = AGREEMENTS.read(SP)[1]
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "where", "what", "line"),
    [
        ("minimum_instalment:", "minimal:", "terms.normal.minimal", "is an unknown key", "minimal:"),
        ("      source: Portaria PGM 16/2014 (SP156)\n", "", "terms.normal.limits.source", "is missing", "limits:"),
        (", frozen: *limit", "", "terms.normal.limits", "says nothing about frozen", "limits:"),
        ('"150.00"', '"150.001"', "terms.normal.minimum_instalment.amount", "2 decimal places", '"150.001"'),
        ("until: last", "until: next", "terms.normal.default.until", "due_date", "until: next"),
        ("  normal:", "  ordinary:", "terms.ordinary", "'normal'", "  ordinary:"),
        ("&limit [60,", "&limit [0,", "terms.normal.limits.by_litigation.none.0", "equal to 1", "&limit [0,"),
        ("version: 2", "version: 2\nversion: 3", "version", "written twice", "version: 3"),
    ],
)
def test_a_faulty_policy_is_refused_at_its_line(old: str, new: str, where: str, what: str, line: str) -> None:
    text = edited(old, new)
    told = {".".join(map(str, fault.where)): fault for fault in read_policy(text)[1]}
    assert what in told[where].what
    assert told[where].line == text[: text.index(line)].count("\n") + 1


def test_a_policy_signed_on_under_the_former_key_still_says_when_it_is_in_default() -> None:
    former = AGREEMENTS.read(SP)[1].replace("    default:\n", "    breaking:\n")
    policy, faults = read_policy(former)
    assert former.count("    breaking:\n") == 2
    assert not faults
    assert policy == policy_of(SP)


def test_a_policy_may_not_have_the_former_key_beside_the_present_one() -> None:
    [fault] = read_policy(edited("    default:\n", "    breaking: null\n    default:\n"))[1]
    assert fault.where == ("terms", "normal", "breaking")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "agreement: x\nagreement: y\n", "\x01"])
def test_what_is_no_policy_is_told(text: str) -> None:
    policy, faults = read_policy(text)
    assert policy is None
    assert faults
