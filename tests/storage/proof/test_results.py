"""The figures of a cohort's report through SQL: those the sources published, and what each must never do."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from models.proof.outcome import Assumptions
from models.proof.uplift import Look
from storage.proof.figures import FIGURES, named, whole_query
from storage.proof.holdout import release
from storage.proof.report import read_report
from storage.proof.results import question, read_results
from tests.ledger import COHORT, NOTIFIED, OPENED, UNTIL, Ledger

BEFORE, AFTER = NOTIFIED - timedelta(days=1), NOTIFIED + timedelta(days=30)


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


def percent(share: Decimal | None, places: int = 0) -> str:
    assert share is not None
    return f"{share * 100:.{places}f}"


def test_alagoas_coverage_and_recovered(ledger: Ledger) -> None:
    ledger.without_holdout()
    ledger.cases("charged", 459, "6424216.03", arm=None)
    ledger.cases("left", 857 - 459, str(Decimal("11075506.96") - Decimal("6424216.03")), arm=None)
    ledger.notified("charged")
    ledger.paid("charged", 300, "1839126.35", AFTER)
    ledger.paid("charged", 20, "100000.00", BEFORE)
    ledger.paid("left", 20, str(Decimal("2057993.52") - Decimal("1839126.35") - 100_000), AFTER)
    found = ledger.results()
    assert (found.coverage.charged, found.coverage.to_charge) == (459, 857)
    assert (percent(found.coverage.share), percent(found.coverage.amount_share)) == ("54", "58")
    assert found.coverage.amount_to_charge == Decimal("11075506.96")
    assert found.recovered.total == Decimal("2057993.52")
    assert found.recovered.after_action == Decimal("1839126.35")
    assert percent(found.recovered.share_after_action, 1) == "89.4"


def test_pindamonhangaba_received_a_fifth_more_from_the_notified(ledger: Ledger) -> None:
    """60,000 notified, 3,700 of them paid R$ 3.6 M, and 20 % more per head than the not notified: a tenth of it."""
    ledger.cases("n", 6_000, "17000000.00")
    ledger.cases("c", 1_000, "2833333.33", arm="control")
    ledger.notified("n", channel="sms")
    ledger.paid("n", 370, "360000.00", AFTER)
    ledger.paid("c", 51, "50000.00", AFTER)
    found = ledger.results()
    assert found.by_lot is not None
    assert found.by_lot.value_relative is not None
    assert (found.by_lot.treated.cases, found.by_lot.treated.payers) == (6_000, 370)
    assert found.by_lot.value_relative.value == pytest.approx(0.2)
    assert found.by_lot.brought_in is not None
    assert found.by_lot.brought_in.value == pytest.approx(60_000)
    assert found.held_out == 1_000
    assert found.coverage.to_charge == 6_000, "nobody is to charge the control group"
    assert sum(row["control"] for row in found.rows["recovered"]) == 50_000


def test_in_alagoas_pilot_92_of_169_answered(ledger: Ledger) -> None:
    ledger.cases("answered", 92, "9200.00")
    ledger.cases("busy", 77, "7700.00")
    ledger.cases("waiting", 5, "500.00")
    ledger.notified("answered", channel="voice", status="sent")
    ledger.notified("busy", channel="voice", status="failed")
    ledger.notified("waiting", channel="voice", status="queued")
    ledger.run("""
        INSERT INTO delivery_events (provider, event, notice, kind, at)
        SELECT 'twilio', id || told, id, told, now()
        FROM notices, unnest(ARRAY['ringing', 'in-progress', 'completed']) AS told WHERE starts_with(id, 'answered')
    """)
    calls = ledger.results().calls
    assert (calls.started, calls.answered, percent(calls.share)) == (169, 92, "54")


def test_alagoas_delinquency_before_and_since(ledger: Ledger) -> None:
    """7.47 % with a deviation of 1.34, then 5.01 % with 0.33: of months that have them."""
    ledger.cases("a", 1, "100.00")
    for month, rate in ((3, "6.13"), (4, "7.47"), (5, "8.81"), (6, "4.68"), (7, "5.01"), (8, "5.34")):
        unpaid = Decimal(rate) * 10_000
        ledger.returned(date(2026, month, 1), "1000000.00", str(1_000_000 - unpaid))
    found = ledger.results()
    assert (percent(found.before.mean, 2), percent(found.before.deviation, 2)) == ("7.47", "1.34")
    assert (percent(found.after.mean, 2), percent(found.after.deviation, 2)) == ("5.01", "0.33")


def test_who_was_not_reached_counts_as_drawn_and_not_as_delivered(ledger: Ledger) -> None:
    ledger.cases("got", 40, "4000.00")
    ledger.cases("lost", 60, "6000.00")
    ledger.cases("c", 50, "5000.00", arm="control")
    ledger.notified("got")
    ledger.notified("lost", status="bounced")
    ledger.paid("got", 20, "2000.00", AFTER)
    found = ledger.results()
    assert found.by_lot is not None
    assert (found.by_lot.treated.cases, found.by_lot.control.cases) == (100, 50)
    assert (found.as_delivered.treated.cases, found.as_delivered.control.cases) == (40, 50)
    assert found.as_delivered.control.name == "grupo de controle"


def test_without_a_holdout_the_reached_are_compared_with_all_others_and_nothing_is_proved(ledger: Ledger) -> None:
    ledger.without_holdout()
    ledger.cases("got", 40, "4000.00", arm=None)
    ledger.cases("other", 30, "3000.00", arm=None)
    ledger.notified("got")
    found = ledger.results()
    assert found.by_lot is None
    assert (found.as_delivered.treated.cases, found.as_delivered.control.cases) == (40, 30)
    assert found.as_delivered.control.name == "não alcançados"


def test_curves_count_the_days_from_the_draw_to_the_last_debt_paid(ledger: Ledger) -> None:
    ledger.cases("a", 4, "400.00")
    ledger.cases("c", 4, "400.00", arm="control")
    ledger.paid("a", 2, "200.00", OPENED + timedelta(days=10))
    ledger.paid("c", 3, "150.00", OPENED + timedelta(days=5))
    ledger.paid("c", 1, "50.00", OPENED + timedelta(days=40))
    curves = {
        name: [(point.day, point.paid) for point in curve.points] for name, curve in ledger.results().curves.items()
    }
    assert curves == {"notificados": [(10, 0.5), (91, 0.5)], "grupo de controle": [(40, 0.25), (91, 0.25)]}


def test_money_given_back_a_day_not_over_and_a_day_before_the_case_do_not_count(ledger: Ledger) -> None:
    ledger.cases("a", 3, "3000.00")
    ledger.paid("a", 3, "900.00", AFTER)
    ledger.paid("a", 1, "77.00", OPENED - timedelta(days=1))
    ledger.paid("a", 1, "55.00", UNTIL + timedelta(days=1))
    ledger.run("""
        INSERT INTO reversals (payment, reference, amount, reversed_on)
        SELECT id, 'back', amount, CAST('2026-07-10' AS date) FROM payments WHERE debt = 'a2'
    """)
    assert ledger.results().recovered.total == Decimal("600.00")
    assert ledger.results(date(2026, 7, 9)).recovered.total == Decimal("900.00")
    assert ledger.results().rows["groups"][0]["payers"] == 2


def test_both_reports_count_as_recovered_what_the_debts_needed(ledger: Ledger) -> None:
    ledger.cases("a", 3, "300.00")
    ledger.paid("a", 2, "110.00", AFTER)
    ledger.paid("a", 1, "9999.00", AFTER)
    told = read_report(ledger.engine, COHORT)
    assert (told.recovered, told.payments) == (Decimal("155.00"), 3)
    assert ledger.results().recovered.total == Decimal("155.00")


def test_a_debt_of_two_cases_counts_once(ledger: Ledger) -> None:
    ledger.cases("a", 2, "2000.00")
    ledger.run("INSERT INTO debtors (debt, taxpayer) SELECT 'a1', id FROM taxpayers WHERE key = 'a2'")
    ledger.paid("a", 1, "1000.00", AFTER)
    found = ledger.results()
    assert found.recovered.total == Decimal("1000.00")
    assert found.rows["groups"][0]["payers"] == 1


def test_cells_hold_cases_notices_and_money(ledger: Ledger) -> None:
    ledger.cases("a", 3, "300.00")
    ledger.cases("b", 2, "1000.00")
    ledger.notified("a")
    ledger.notified("b")
    ledger.notified("b", step=10, stage="alert", on=AFTER)
    ledger.notified("b", step=2, stage="warning", on=AFTER)
    cells = {row["stage"]: (row["cases"], row["notices"], row["owed"]) for row in ledger.results().rows["heat_map"]}
    assert cells == {"alert": (2, 2, 1000), "reminder": (3, 5, 300), "warning": (0, 2, 0)}


def test_a_channel_is_paid_for_by_what_its_cases_brought(ledger: Ledger) -> None:
    ledger.cases("a", 10, "1000.00")
    ledger.cases("b", 10, "1000.00")
    ledger.notified("a", channel="email", status="read")
    ledger.notified("a", channel="sms", cost=Decimal("0.08"))
    ledger.notified("b", channel="sms", status="answered", cost=Decimal("0.08"))
    ledger.paid("a", 1, "100.00", AFTER)
    ledger.paid("b", 1, "30.00", BEFORE)
    rows = {row["channel"]: row for row in ledger.results().rows["channels"]}
    email, sms = rows["email"], rows["sms"]
    assert (email["sent"], email["delivered"], email["read"], email["answered"]) == (10, 10, 10, 0)
    assert (sms["sent"], sms["delivered"], sms["read"], sms["answered"]) == (20, 20, 10, 10)
    assert (email["received"], sms["received"], sms["cost"]) == (100, 100, Decimal("1.6000"))


def test_by_month_what_was_to_be_charged_and_was(ledger: Ledger) -> None:
    """Three of six are charged in June, one more in July; one pays unasked in June and one is never charged."""
    ledger.cases("june", 3, "300.00")
    ledger.cases("july", 1, "40.00")
    ledger.cases("paid", 1, "50.00")
    ledger.cases("never", 1, "7.00")
    ledger.cases("c", 1, "1.00", arm="control")
    ledger.notified("june")
    ledger.notified("july", on=date(2026, 7, 20))
    ledger.paid("paid", 1, "50.00", date(2026, 6, 30))
    months = [
        (row["month"].month, row["to_charge"], row["charged"], row["amount_to_charge"], row["amount_charged"])
        for row in ledger.results().rows["coverage_by_month"]
    ]
    assert months == [(6, 6, 3, 397, 300), (7, 2, 1, 47, 40), (8, 1, 0, 7, 0)]


def test_pindamonhangaba_a_tenth_of_the_years_receipts_came_through_the_programme(ledger: Ledger) -> None:
    ledger.cases("n", 10, "4000000.00")
    ledger.paid("n", 10, "3600000.00", AFTER)
    ledger.run(
        "INSERT INTO debts (id, tax, inscription, due, amount) VALUES ('else', 'ICMS', 'else', :due, 40000000)",
        due=OPENED,
    )
    ledger.paid("n", 1, "1.00", date(2025, 12, 31))
    ledger.run(
        "INSERT INTO payments (reference, debt, amount, paid_at, paid_on) VALUES ('e', 'else', 32400000, now(), :on)",
        on=date(2026, 2, 1),
    )
    found = ledger.results().programme
    assert (found.year, found.brought, found.received) == (2026, Decimal("3600000.00"), Decimal("36000000.00"))
    assert percent(found.share) == "10"


def test_each_payment_counts_once_for_the_cell_of_the_last_notice_before_it(ledger: Ledger) -> None:
    ledger.cases("a", 2, "400.00")
    ledger.notified("a", cost=Decimal("0.10"))
    ledger.notified("a", step=1, stage="alert", on=AFTER, cost=Decimal("0.30"))
    ledger.paid("a", 1, "100.00", AFTER - timedelta(days=1))
    ledger.paid("a", 2, "50.00", AFTER)
    ledger.paid("a", 1, "9.00", BEFORE)
    rows = {
        row["hypothesis"] or row["stage"]: (row["notices"], row["cost"], row["received"])
        for row in ledger.results().rows["cost_by_cell"]
    }
    assert rows == {
        "h1": (4, Decimal("0.80"), 150),
        "reminder": (2, Decimal("0.20"), 100),
        "alert": (2, Decimal("0.60"), 50),
    }


@pytest.mark.parametrize(("within", "paid"), [(29, 0), (30, 1)])
def test_a_funnel_ends_with_who_paid_within_so_many_days(ledger: Ledger, within: int, paid: int) -> None:
    ledger.cases("a", 3, "300.00")
    ledger.notified("a")
    ledger.paid("a", 1, "100.00", AFTER)
    [row] = read_results(ledger.engine, COHORT, UNTIL, Assumptions(within=within)).rows["channels"]
    assert (row["sent"], row["paid"]) == (3, paid)


def test_what_was_avoided_is_reckoned_by_the_authoritys_own_rates(ledger: Ledger) -> None:
    """Five written notices and two calls; of five cases notified two paid afterwards and one replied."""
    ledger.cases("a", 5, "500.00")
    ledger.cases("c", 1, "100.00", arm="control")
    ledger.notified("a")
    ledger.notified("a1", channel="voice")
    ledger.notified("a2", channel="voice")
    ledger.paid("a", 2, "100.00", AFTER)
    ledger.paid("c", 1, "100.00", AFTER)
    ledger.run("""INSERT INTO replies (provider, event, channel, address, "case", body, intent)
                  VALUES ('twilio', 'e', 'sms', 'x', 'a5', 'ok', 'unclear')""")
    assumed = Assumptions(letter_cost=Decimal("2.95"), counter_share=Decimal("0.4"))
    found = read_results(ledger.engine, COHORT, UNTIL, assumed).avoided
    assert (found.letters, found.letters_cost) == (5, Decimal("14.75"))
    assert (found.settled, found.visits) == (3, 1)
    unknown = ledger.results().avoided
    assert (unknown.letters_cost, unknown.visits) == (None, None)


def test_the_call_centre_is_an_arm_of_its_own_with_its_promises(ledger: Ledger) -> None:
    """Ten cases of R$ 100: four promised, of which one R$ 50 too little; two were spoken to, and four weren't."""
    ledger.cases("promised", 4, "400.00")
    ledger.cases("spoken", 2, "200.00")
    ledger.cases("left", 4, "400.00")
    ledger.run("""
        INSERT INTO tasks ("case", kind, reference, what, due) SELECT id, 'collect', 'r', 'x', '2026-06-10' FROM cases
        WHERE starts_with(id, 'spoken');
        INSERT INTO calls (task, agent, queue, channel, at, lapses_at, confirmed_at)
        SELECT id, 'dora', 'collection', 'phone', '2026-06-10', now(), now() FROM tasks;
        INSERT INTO promises ("case", amount, promised_for, due, judged_on, channel, made_by, made_on, after_payment,
                              state, paid, decided_on)
        SELECT id, 100, '2026-06-15', '2026-06-15', '2026-06-17', 'phone', 'dora', '2026-06-10', 0,
               (ARRAY['kept', 'kept_in_part', 'broken', 'open'])[n], (ARRAY[100, 50, 0, 0])[n], '2026-06-17'
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM cases WHERE starts_with(id, 'promised')) AS four
    """)
    ledger.paid("promised", 2, "150.00", date(2026, 6, 15))
    ledger.paid("spoken", 1, "30.00", date(2026, 6, 9))
    ledger.paid("left", 3, "60.00", date(2026, 6, 9))
    found = ledger.results()
    assert [tuple(row.values()) for row in found.rows["call_centre"]] == [
        ("promised", 4, 400, 2, 150),
        ("ruler", 4, 400, 3, 60),
        ("spoken", 2, 200, 0, 0),
    ]
    [by_phone] = found.rows["promises"]
    assert tuple(by_phone.values()) == ("phone", 4, 400, 3, 300, 1, 150, 1, 1)
    assert (found.coverage.charged, found.coverage.to_charge) == (2, 10), "a person spoke to two"
    before = ledger.results(date(2026, 6, 16)).rows["promises"][0]
    assert (before["given"], before["matured"], before["kept_amount"]) == (4, 0, 0)


def test_progress_adds_up_by_day(ledger: Ledger) -> None:
    ledger.cases("a", 2, "19000.00")
    ledger.paid("a", 1, "1000.00", BEFORE)
    ledger.paid("a", 2, "3000.00", AFTER)
    assert [(row["day"], row["total"]) for row in ledger.results().rows["progress"]] == [(BEFORE, 1000), (AFTER, 4000)]


def test_each_query_as_printed_gives_what_the_report_shows(ledger: Ledger) -> None:
    ledger.cases("a", 20, "2000.00")
    ledger.cases("c", 5, "500.00", arm="control")
    ledger.notified("a")
    ledger.notified("a", channel="voice")
    ledger.paid("a", 7, "700.00", AFTER)
    ledger.paid("c", 1, "50.00", AFTER)
    ledger.returned(date(2026, 7, 1), "1000.00", "900.00")
    ledger.run(PROMISED, on=NOTIFIED, ours="a%")
    ledger.run("""UPDATE cases SET next_step = '{"action": "notify", "row": "h1", "rung": 1, "on": "2026-09-03",
                                                "routes": [{"channel": "email"}]}', state = '{"occurrences": 1}'""")
    found = ledger.results()
    with ledger.engine.connect() as connection:
        for figure in FIGURES:
            alone = [
                dict(row)
                for row in connection.exec_driver_sql(
                    whole_query(figure, question(ledger.engine, COHORT, UNTIL))
                ).mappings()
            ]
            assert alone, figure
            assert alone == [dict(row) for row in found.rows[figure]], figure


def test_two_rulers_are_compared_with_each_other_and_with_the_control_group(ledger: Ledger) -> None:
    ledger.with_a_rival()
    ledger.cases("a", 400, "40000.00")
    ledger.cases("b", 400, "40000.00", arm="rival")
    ledger.cases("c", 200, "20000.00", arm="control")
    ledger.notified("a", cost=Decimal("0.10"))
    ledger.notified("b", cost=Decimal("0.25"))
    ledger.notified("b", channel="sms", step=1, stage="warning", on=AFTER, cost=Decimal("0.25"))
    ledger.paid("a", 40, "4000.00", AFTER)
    ledger.paid("b", 80, "8000.00", AFTER)
    ledger.paid("c", 10, "1000.00", AFTER)
    found = ledger.results()
    ours, theirs, control = "régua A (alagoas-icms v1)", "régua B (alagoas-icms v2)", "grupo de controle"
    told = {(each.treated.name, each.control.name): each.rate for each in found.by_ruler}
    assert {pair: rate and round(rate.value, 9) for pair, rate in told.items()} == {
        (ours, theirs): -0.1,
        (ours, control): 0.05,
        (theirs, control): 0.15,
    }
    assert found.by_lot is not None
    assert found.by_lot.rate is not None
    assert found.by_lot.treated.cases == 800
    assert found.by_lot.rate.value == pytest.approx(0.1)
    assert [(each.arm, each.sent, each.cost) for each in found.arms] == [
        ("ruler", 400, Decimal("40.0000")),
        ("rival", 800, Decimal("200.0000")),
        ("control", 0, 0),
    ]
    assert found.arms[1].cost_of_a_real == Decimal("0.025")
    assert list(found.curves) == [ours, theirs, control]
    assert [(each.ours, each.theirs) for each in found.ranked] == list(told)
    assert all(each.p < 0.05 for each in found.ranked)
    assert found.coverage.to_charge == 800


def test_two_rulers_without_a_control_group_prove_which_is_better_and_not_what_they_bring(ledger: Ledger) -> None:
    ledger.with_a_rival()
    ledger.run("UPDATE cohorts SET control_share = NULL")
    ledger.cases("a", 100, "10000.00")
    ledger.cases("b", 100, "10000.00", arm="rival")
    ledger.paid("b", 30, "3000.00", AFTER)
    found = ledger.results()
    assert found.by_lot is None
    assert [(each.treated.payers, each.control.payers) for each in found.by_ruler] == [(0, 30)]


def test_what_is_to_be_sent_is_forecast_by_each_cases_own_ruler(ledger: Ledger) -> None:
    ledger.with_a_rival("channels: [email]", "channels: [sms]")
    ledger.cases("a", 2, "200.00")
    ledger.cases("b", 3, "300.00", arm="rival")
    today = question(ledger.engine, COHORT).on
    step = {"action": "notify", "row": "h1", "rung": 0, "on": today.isoformat(), "routes": [{"channel": "voice"}]}
    ledger.run("UPDATE cases SET ruler = arms.ruler FROM arms WHERE cases.arm = arms.arm")
    ledger.run("UPDATE cases SET next_step = CAST(:step AS jsonb)", step=json.dumps(step))
    sendings = [each.sending for each in ledger.results(today).forecast or ()]
    assert {(each.channel, each.notices) for each in sendings if each.on > today} == {("email", 2), ("sms", 3)}
    assert [each[:2] for each in sendings] == sorted(each[:2] for each in sendings)


def test_an_empty_cohort_has_no_figure_and_no_fault(ledger: Ledger) -> None:
    found = ledger.results()
    assert (found.cases, found.coverage.share, found.recovered.share_after_action, found.calls.share) == (
        0,
        *[None] * 3,
    )
    assert found.curves == {}
    assert found.by_lot is not None
    assert found.by_lot.rate is None
    assert found.by_lot.cautions


def test_what_is_unknown_is_refused_in_a_sentence(ledger: Ledger) -> None:
    with pytest.raises(Refusal, match="there is no figure sorte; known are heat_map, coverage"):
        named("sorte")
    with pytest.raises(Refusal, match="outubro runs since 2026-06-01, and today is"):
        ledger.results(OPENED - timedelta(days=1))


def test_a_released_control_group_ends_the_comparison(ledger: Ledger) -> None:
    ledger.cases("c", 3, "300.00", arm="control")
    assert release(ledger.engine, COHORT) == 3
    assert release(ledger.engine, COHORT) == 0
    ledger.run("UPDATE cases SET closed_at = '2026-07-01 15:00+00'")
    assert question(ledger.engine, COHORT).on == date(2026, 7, 1)


# ---- contamination, and the day of reading


def test_who_hears_of_a_debt_from_another_cohort_is_counted_and_left_out_of_one_reading(ledger: Ledger) -> None:
    """Three of ten held out are written to for another tax: by number, by what they owe, and a reading without them."""
    ledger.cases("n", 90, "9000.00")
    ledger.cases("c", 10, "1000.00", arm="control")
    ledger.notified("n")
    ledger.paid("n", 30, "3000.00", AFTER)
    ledger.paid("c", 1, "100.00", AFTER)
    ledger.run("""
        INSERT INTO cohorts (name, ruler, started_by, selection, clock)
        SELECT 'outra', ruler, started_by, selection, clock FROM cohorts;
        INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, opened_on, owed)
        SELECT 'x' || id, taxpayer, 'IPVA', 'outra', ruler, '{}', opened_on, 50
        FROM cases WHERE id IN ('c1', 'c2', 'c3')
    """)
    ledger.notified("x")
    found = ledger.results()
    told = {row["arm"]: (row["cases"], row["contaminated"], row["owed"]) for row in found.rows["contamination"]}
    assert told == {"control": (10, 3, Decimal("300.00")), "ruler": (90, 0, Decimal(0))}
    assert found.per_protocol is not None
    assert found.by_lot is not None
    assert (found.by_lot.control.cases, found.by_lot.control.payers) == (10, 1)
    assert (found.per_protocol.control.cases, found.per_protocol.control.payers) == (7, 0)


def test_a_day_that_was_not_named_is_read_by_the_longer_interval(ledger: Ledger) -> None:
    ledger.cases("n", 90, "9000.00")
    ledger.cases("c", 60, "6000.00", arm="control")
    ledger.notified("n")
    ledger.paid("n", 60, "6000.00", AFTER)
    ledger.paid("c", 20, "2000.00", AFTER)
    ledger.run("UPDATE cohorts SET reads_on = :on", on=UNTIL)
    planned, day_before = ledger.results(UNTIL), ledger.results(UNTIL - timedelta(days=1))
    assert (planned.look, day_before.look) == (Look.PLANNED, Look.ANY_DAY)
    for found, other in ((planned.by_lot, planned.other_look), (day_before.other_look, day_before.by_lot)):
        assert found is not None
        assert other is not None
        assert found.rate is not None
        assert other.rate is not None
        assert found.rate.value == other.rate.value == pytest.approx(1 / 3)
        assert other.rate.low < found.rate.low < found.rate.high < other.rate.high


def test_rungs_by_habit_are_compared_among_those_that_they_tell_apart(ledger: Ledger) -> None:
    ledger.run("INSERT INTO arms (cohort, arm, share) SELECT name, 'standard', 0.45 FROM cohorts")
    for name, arm, known, payers in (
        ("a", "ruler", True, 60),
        ("b", "ruler", False, 10),
        ("c", "standard", True, 20),
        ("d", "standard", False, 10),
        ("e", "control", True, 5),
    ):
        ledger.cases(name, 100, "10000.00", arm=arm)
        ledger.paid(name, payers, f"{payers}00.00", AFTER)
        if known:
            habits = "UPDATE cases SET contact_habits = jsonb_build_object('opened', :opened) WHERE id LIKE :ours"
            ledger.run(habits.replace(":opened", "jsonb_build_array('sms')"), ours=f"{name}%")
    found = ledger.results()
    ours, standard, control = (
        "régua A por hábito (alagoas-icms v1)",
        "régua A padrão (alagoas-icms v1)",
        "grupo de controle",
    )
    told = {(each.treated.name, each.control.name): each.rate and round(each.rate.value, 9) for each in found.by_ruler}
    assert told == {
        (
            "régua A por hábito, de hábito conhecido (alagoas-icms v1)",
            "régua A padrão, de hábito conhecido (alagoas-icms v1)",
        ): 0.4,
        (ours, control): 0.3,
        (standard, control): 0.1,
    }
    assert found.by_ruler[0].treated.cases == 100
    assert found.by_ruler[0].rate_p_adjusted is not None
    assert [outcome.arm for outcome in found.arms] == ["ruler", "standard", "control"]
    assert found.coverage.to_charge == 400


CALLED = """INSERT INTO tasks ("case", kind, reference, what, due, done_at, done_by)
    SELECT id, 'call', 'r', 'ligar', :on, now(), 'rui' FROM cases WHERE id LIKE :ours"""
PROMISED = """INSERT INTO promises
    ("case", amount, promised_for, due, judged_on, channel, made_by, made_on, after_payment)
    SELECT id, 10, :on, :on, CAST(:on AS date) + 3, 'phone', 'rui', :on, 0 FROM cases WHERE id LIKE :ours"""


@pytest.mark.parametrize("contact", [CALLED, PROMISED])
def test_who_is_held_out_and_called_is_contaminated_and_a_call_is_part_of_a_ruler(ledger: Ledger, contact: str) -> None:
    ledger.cases("n", 10, "1000.00")
    ledger.cases("c", 9, "900.00", arm="control")
    ledger.run(contact, on=NOTIFIED, ours="n%")
    ledger.run(contact, on=NOTIFIED, ours="c1")
    ledger.run(contact, on=UNTIL + timedelta(days=1), ours="c2")
    told = {row["arm"]: (row["contaminated"], row["owed"]) for row in ledger.results().rows["contamination"]}
    assert told == {"control": (1, Decimal("100.00")), "ruler": (0, Decimal(0))}
