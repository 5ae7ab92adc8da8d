"""Due process (L) where the record shows it: who is served by what, which holds count, what a letter says of a case."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from models.case.step import Action
from models.contact.delivery import Progress
from models.errors import Refusal
from models.events import ExtractChanged
from models.law.grounds import Ground
from operations.cases import approve_suspension
from operations.operation import Credentials
from storage.audit.invariants import violations
from storage.case.prescription import list_cases
from storage.law.approvals import to_be_approved
from storage.law.defences import file_defence, rule_on_defence
from storage.law.holds import place_hold, release_hold
from storage.law.prior_steps import take_prior_step
from storage.outbox import enqueue
from storage.read_models.case_file import case_file
from storage.schema import benefits
from tests import builders, owing
from tests.agreement_world import BH, Contract, at, contract
from tests.builders import FACTS, ICMS, REGISTERED, Facts, debt
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.record_world import Life, Street

WHO = ("--by", "ana", "--reason", "processo 7")


def lived(engine: Engine, facts: Facts, ruler: str = ICMS, providers: bool = False) -> tuple[Street, Life]:
    """One taxpayer on record, whom the real activities write to."""
    street = Street(engine, ruler, [facts], compressed=True, providers=providers, shared=False)
    [life] = street.lives
    return street, life


def goes_on_to(street: Street, life: Life, stage: str) -> None:
    for _ in range(40):
        if any(row[0] == stage for row in life.rows('SELECT stage FROM notices WHERE "case" = :case')):
            return
        street.goes_on()
    raise RuntimeError(f"never came to {stage}: {life.next_action}")


def awaits_approval(street: Street, life: Life) -> None:
    for _ in range(40):
        if life.status == "awaiting_approval" and life.next_action and life.next_action.step.action is Action.WAIT:
            return
        street.goes_on()
    raise RuntimeError(f"never awaited approval: {life.next_action}")


def bodies(life: Life, stage: str) -> list[str]:
    written = life.rows('SELECT body FROM notices WHERE "case" = :case AND stage = :stage', stage=stage)
    return [row[0] for row in written]


# ---- L8: prescription is a date that events move


@pytest.fixture
def prescribing(engine: Engine) -> Contract:
    return contract(engine, "1000.00", due=date(2022, 2, 1), prescribes=date(2027, 2, 1))


def prescribes(made: Contract, on: date) -> date | None:
    with made.engine.connect() as connection:
        [listed] = list_cases(connection, "iptu", at(on))
    return listed["prescribes"]


def test_l8_nothing_moves_a_prescription_by_itself(prescribing: Contract) -> None:
    assert prescribes(prescribing, date(2026, 12, 2)) == date(2027, 2, 1)


@pytest.mark.parametrize("on", [date(2026, 12, 1), date(2026, 6, 30)])
def test_l8_the_protest_of_the_cda_begins_five_years_anew(prescribing: Contract, on: date) -> None:
    now = at(date(2026, 12, 2))
    take_prior_step(prescribing.engine, prescribing.case, "protest", on, "cartório 1", "Ana", now)
    assert prescribes(prescribing, date(2026, 12, 2)) == on.replace(year=on.year + 5)


def test_l8_a_protest_before_the_law_of_2024_interrupts_nothing(prescribing: Contract) -> None:
    """LC 208/2024 holds for protests made from 03/07/2024 on."""
    now, before = at(date(2026, 12, 2)), date(2024, 7, 2)
    take_prior_step(prescribing.engine, prescribing.case, "protest", before, "cartório 1", "Ana", now)
    assert prescribes(prescribing, date(2026, 12, 2)) == date(2027, 2, 1)


def test_l8_after_an_agreement_five_years_begin_with_its_default(prescribing: Contract) -> None:
    """Requested on 01/12/2026, the early date of its default 01/04/2027."""
    prescribing.sign(BH, 2, date(2026, 12, 1))
    with prescribing.engine.begin() as connection:
        connection.execute(text("UPDATE holds SET lifted_at = now() WHERE ground = 'agreement'"))
        connection.execute(text("UPDATE agreements SET state = 'broken', broken_on = '2027-04-01'"))
    assert prescribes(prescribing, date(2027, 4, 2)) == date(2032, 4, 1)


def test_l8_a_refused_request_interrupts_too(prescribing: Contract) -> None:
    """Súmula STJ 653."""
    prescribing.refused(BH, 500, date(2026, 12, 1))
    assert prescribes(prescribing, date(2026, 12, 2)) == date(2031, 12, 1)


# ---- L3: of several assessments of a credit the last is in force


def reassessed(street: Street, life: Life, by: str) -> str:
    """One of its debts is assessed at another amount."""
    [(debt,)] = life.rows("SELECT min(debt) FROM debtors WHERE taxpayer = :who")
    with street.engine.begin() as connection:
        connection.execute(text(f"UPDATE debts SET amount = amount + {by} WHERE id = '{debt}'"))
        enqueue(connection, [life.case], ExtractChanged())
    street.rest()
    return str(debt)


def suspended_for(life: Life) -> set[str]:
    [(credits,)] = life.rows('SELECT DISTINCT credits FROM suspensions WHERE "case" = :case')
    return set(credits)


def test_l3_benefits_are_not_suspended_for_a_credit_assessed_at_more_than_its_notices_list(engine: Engine) -> None:
    street, life = lived(engine, FACTS["h8"])
    awaits_approval(street, life)
    raised = reassessed(street, life, "100.00")
    approve_suspension(engine, Credentials("Ana"), life.case, "", "conferido", street.now)
    street.rest()
    assert len(suspended_for(life)) == 3
    assert raised not in suspended_for(life)


def test_l3_a_credit_assessed_at_less_needs_no_other_notice(engine: Engine) -> None:
    street, life = lived(engine, FACTS["h8"])
    awaits_approval(street, life)
    lowered = reassessed(street, life, "-100.00")
    approve_suspension(engine, Credentials("Ana"), life.case, "", "conferido", street.now)
    street.rest()
    assert lowered in suspended_for(life)


def test_l3_a_credit_assessed_at_more_gets_a_notice_of_its_own(engine: Engine) -> None:
    street, life = lived(engine, FACTS["h8"])
    awaits_approval(street, life)
    raised = reassessed(street, life, "100.00")
    for _ in range(3):
        street.goes_on()
    listed = """SELECT assessed FROM notice_credits JOIN notices ON notices.id = notice
                WHERE credit = :debt AND channel = 'domicile' ORDER BY claimed_at"""
    amounts = [assessed for (assessed,) in life.rows(listed, debt=raised)]
    assert amounts == sorted(amounts)
    assert {amounts[0], amounts[-1]} == {Decimal("4000000.00"), Decimal("4000100.00")}
    assert violations(engine, street.cohort.name) == []


# ---- L10, L26: what is filed after the last day is late


def test_l10_a_late_defence_suspends_nothing_and_may_be_accepted_all_the_same(engine: Engine) -> None:
    street, life = lived(engine, FACTS["h8"])
    awaits_approval(street, life)
    filed = file_defence(engine, life.case, "Ana", "protocolo 1", street.now)
    assert set(filed.late) == set(filed.credits), "its day is the one after the last, or later"
    street.rest()
    assert life.status == "awaiting_approval"
    [(why,)] = life.rows("""SELECT reason FROM decisions WHERE "case" = :case AND kind = 'defence_filed'""")
    assert "fora do prazo" in why
    with engine.connect() as connection:
        [shown] = case_file(connection, life.case, reveal=False)["defences"]
    assert shown["late"] == list(filed.late)
    rule_on_defence(engine, life.case, "accepted", "Bia", "parecer 9", street.now)
    street.rest()
    assert life.rows("SELECT status FROM cases WHERE id = :case") == [("resolved",)]
    assert violations(engine, street.cohort.name) == []


def test_l10_an_appeal_after_its_last_day_keeps_no_gate_shut(engine: Engine) -> None:
    street, life = lived(engine, FACTS["h8"])
    goes_on_to(street, life, "final_notice")
    file_defence(engine, life.case, "Ana", "protocolo 1", street.now)
    rule_on_defence(engine, life.case, "rejected", "Bia", "parecer 9", street.now)
    rejected = street.today
    awaits_approval(street, life)
    assert street.today > rejected + timedelta(days=30)
    appeal = file_defence(engine, life.case, "Ana", "protocolo 2", street.now)
    assert appeal.appeal
    assert appeal.late
    street.rest()
    assert life.status == "awaiting_approval"
    approve_suspension(engine, Credentials("Bia"), life.case, "", "conferido", street.now)
    street.rest()
    assert life.rows('SELECT count(*) FROM suspensions WHERE "case" = :case') == [(1,)]
    assert violations(engine, street.cohort.name) == []


# ---- L9: only a route that carries the whole act serves it


@pytest.mark.parametrize("channel", ["sms", "email"])
@pytest.mark.parametrize("progress", [Progress.DELIVERED, Progress.READ])
def test_l9_what_announces_a_notice_never_serves_it(engine: Engine, channel: str, progress: Progress) -> None:
    street, life = lived(engine, FACTS["h8"], providers=True)
    goes_on_to(street, life, "final_notice")
    mine = 'SELECT id FROM notices WHERE "case" = :case AND stage = :stage AND channel = :channel'
    [(notice,)] = life.rows(mine, stage="final_notice", channel=channel)
    street.reports(notice, channel, progress)
    served = 'SELECT served_on FROM notices WHERE "case" = :case AND stage = :stage'
    assert {row[0] for row in life.rows(served, stage="final_notice")} == {None}


def test_l9_the_domicile_serves_when_its_term_is_over(engine: Engine) -> None:
    street, life = lived(engine, FACTS["h8"], providers=True)
    goes_on_to(street, life, "notice")
    mine = """SELECT served_on, deemed_on FROM notices WHERE "case" = :case AND channel = 'domicile'"""
    [(served, deemed)] = life.rows(mine)
    assert served is None
    while life.rows(mine)[0][0] is None:
        street.goes_on()
        assert street.today <= deemed + timedelta(days=5)
    assert life.rows(mine)[0][0] == deemed


# ---- L13: what a ladder alone may say


def test_l13_no_document_cites_the_federal_law_for_who_is_below_its_thresholds(engine: Engine) -> None:
    street, life = lived(engine, builders.unpaid(3, "20.00"))
    formal = """SELECT body FROM notices WHERE "case" = :case AND formal"""
    while not life.rows(formal):
        street.goes_on()
    for (body,) in life.rows(formal):
        assert "225/2026" not in body


# ---- L16: an approval is of the benefits that were seen


def test_l16_a_benefit_granted_between_two_approvals_is_seen(engine: Engine) -> None:
    street, life = lived(engine, builders.unpaid(4, "20000000.00"))
    awaits_approval(street, life)

    def seen() -> Any:
        with engine.connect() as connection:
            found = to_be_approved(connection, life.case, street.now)
        assert found
        return found["fingerprint"]

    before = seen()
    with engine.begin() as connection:
        connection.execute(insert(benefits).values(taxpayer=life.taxpayer, code="P2", name="Outro"))
    assert seen() != before


def test_l16_the_second_approval_is_refused_where_a_benefit_was_granted_since_the_first(engine: Engine) -> None:
    """Also before the case's workflow has heard of it."""
    street, life = lived(engine, builders.unpaid(4, "20000000.00"))
    awaits_approval(street, life)
    approve_suspension(engine, Credentials("Ana"), life.case, "", "conferido", street.now)
    street.rest()
    with engine.begin() as connection:
        connection.execute(insert(benefits).values(taxpayer=life.taxpayer, code="P2", name="Outro"))
    with pytest.raises(Refusal, match="the case has changed"):
        approve_suspension(engine, Credentials("Bia"), life.case, "", "conferido", street.now)
    street.rest()
    assert life.rows('SELECT count(*) FROM suspensions WHERE "case" = :case') == [(0,)]


# ---- L20: what is given back is given back whole

ANOTHER_CASE = """
    INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, status)
    SELECT id || 'b', taxpayer, 'OUTRO', cohort, ruler, state, 'benefits_suspended' FROM cases WHERE id = :case;
    INSERT INTO suspensions (benefit, "case", suspended_on, approved_by)
    SELECT benefit, "case" || 'b', suspended_on, 'Bia' FROM suspensions WHERE "case" = :case
"""


def suspended(engine: Engine) -> tuple[Street, Life]:
    street, life = lived(engine, FACTS["h8"])
    awaits_approval(street, life)
    approve_suspension(engine, Credentials("Ana"), life.case, "", "conferido", street.now)
    street.rest()
    street.goes_on()
    return street, life


def letters_that_give_back(street: Street, life: Life) -> int:
    """How many there are once all that this case is about is paid."""
    for txid, owed in life.rows("SELECT pix_txid, balance FROM debts WHERE tax = :tax ORDER BY id"):
        street.pays(txid, owed)
    street.rest()
    for _ in range(3):
        street.goes_on()
    return len(life.rows("""SELECT DISTINCT step FROM notices WHERE "case" = :case AND kind = 'reinstatement'"""))


def test_l20_nobody_is_told_of_benefits_that_another_case_still_keeps(engine: Engine) -> None:
    street, life = suspended(engine)
    with engine.begin() as connection:
        for statement in ANOTHER_CASE.split(";"):
            connection.execute(text(statement), {"case": life.case})
    assert letters_that_give_back(street, life) == 0


def test_l20_who_has_them_back_is_told(engine: Engine) -> None:
    assert letters_that_give_back(*suspended(engine)) == 1


# ---- L21: who is in court already


def test_l21_a_debtor_in_court_reads_of_the_suit_that_exists(engine: Engine) -> None:
    in_court = debt(None, "1000.00", id="court", inscription="court", litigation=True)
    street, life = lived(engine, ([in_court], []), REGISTERED)
    goes_on_to(street, life, "warning")
    for body in bodies(life, "warning"):
        assert "processo" in body
        assert "custas" in body
        assert "execução fiscal" not in body


# ---- L23, L24: a share is of what was owed when the payment came


def test_l24_money_beyond_the_debt_it_was_paid_for_counts_for_nothing(engine: Engine) -> None:
    owed = [debt("2026-08", "1000.00"), debt("2026-09", "100.00")]
    street, life = lived(engine, (owed, [builders.filing("2026-08"), builders.filing("2026-09", "100.00")]))
    street.goes_on()
    street.passes(1)
    [(txid,)] = life.rows("SELECT pix_txid FROM debts WHERE tax = :tax AND period = '2026-09'")
    street.pays(txid, Decimal("500.00"))
    street.rest()
    assert "reanchored" not in [row[0] for row in life.rows('SELECT kind FROM decisions WHERE "case" = :case')]


def test_l24_a_third_of_what_is_owed_does_count(engine: Engine) -> None:
    owed = [debt("2026-08", "1000.00"), debt("2026-09", "500.00")]
    street, life = lived(engine, (owed, [builders.filing("2026-08"), builders.filing("2026-09", "500.00")]))
    street.goes_on()
    street.passes(1)
    [(txid,)] = life.rows("SELECT pix_txid FROM debts WHERE tax = :tax AND period = '2026-09'")
    street.pays(txid, Decimal("500.00"))
    street.rest()
    assert "reanchored" in [row[0] for row in life.rows('SELECT kind FROM decisions WHERE "case" = :case')]


# ---- L27: days that people type


@pytest.mark.parametrize("until", ["9999-12-31", "2201-01-01"])
def test_l27_a_hold_ends_within_1900_to_2200(line: Line, engine: Engine, until: str) -> None:
    made = contract(engine, "600.00")
    code, said, _ = line("case", "hold", made.case, "--ground", "deposit", "--until", until, *WHO)
    assert code in (1, 2), said


@pytest.mark.parametrize("since", ["0001-01-01", "1899-12-31"])
def test_l27_a_hold_begins_within_1900_to_2200(line: Line, engine: Engine, since: str) -> None:
    made = contract(engine, "600.00")
    code, said, _ = line("case", "hold", made.case, "--ground", "deposit", "--from", since, *WHO)
    assert code in (1, 2), said


def test_l27_a_hold_of_this_century_is_taken(line: Line, engine: Engine) -> None:
    made = contract(engine, "600.00")
    words = ("--ground", "deposit", "--from", "2001-01-01", "--until", "2199-12-31")
    assert line("case", "hold", made.case, *words, *WHO)[0] == 0


# ---- L29: a sentence states what was looked up


@pytest.mark.parametrize("what", ["defence", "agreement"])
def test_l29_a_final_notice_denies_nothing_that_is_on_record(engine: Engine, what: str) -> None:
    street, life = lived(engine, FACTS["h8"])
    goes_on_to(street, life, "notice")
    if what == "defence":
        file_defence(engine, life.case, "Ana", "protocolo 1", street.now)
        street.rest()
        rule_on_defence(engine, life.case, "rejected", "Bia", "parecer", street.now)
    else:
        place_hold(engine, life.case, Ground.AGREEMENT, "Ana", "parcelado em outro sistema", street.now)
        street.rest()
        release_hold(engine, life.case, "Ana", "rompido", street.now)
    street.rest()
    goes_on_to(street, life, "final_notice")
    for body in bodies(life, "final_notice"):
        assert "não consta" not in body


# ---- L35: an injunction stops the default fine


@pytest.mark.parametrize(
    ("on", "fine"),
    [
        (date(2026, 5, 20), "0.00"),  # published that day
        (date(2026, 6, 19), "0.00"),  # the thirtieth day after
        (date(2026, 6, 22), "9.90"),  # three days × 0.33 %
    ],
)
def test_l35_no_fine_for_the_days_of_an_injunction_and_thirty_more(engine: Engine, on: date, fine: str) -> None:
    """R$ 1,000.00 due on Mon 09/03/2026, an injunction from 10/03 to the decision published on 20/05."""
    debtor = owing.debtor(engine, due=date(2026, 3, 9))
    case = debtor.on_ruler(date(2026, 3, 9))
    of_day = owing.noon
    place_hold(engine, case, Ground.INJUNCTION, "Ana", "processo 7", of_day(date(2026, 3, 10)))
    release_hold(engine, case, "Ana", "cassada", of_day(date(2026, 5, 20)))
    months = {5: 2, 6: 3}[on.month]
    # interest of 1 % a month goes on: April, and the month of payment
    assert debtor.owes(on) == Decimal("1000.00") + 10 * months + Decimal(fine)


# ---- L36: the grounds of LC 236/2026


@pytest.mark.parametrize("ground", ["arbitration", "transaction", "mediation", "bond"])
def test_l36_the_grounds_of_2026_suspend(line: Line, engine: Engine, ground: str) -> None:
    made = contract(engine, "600.00")
    known = [g for g in list(Ground) if ground in g]
    assert known
    assert line("case", "hold", made.case, "--ground", known[0], *WHO)[0] == 0


@pytest.mark.parametrize("ground", ["moratorium", "deposit", "administrative_appeal", "injunction", "agreement"])
def test_l36_the_older_grounds_suspend(line: Line, engine: Engine, ground: str) -> None:
    made = contract(engine, "600.00")
    assert line.json("case", "hold", made.case, "--ground", ground, *WHO)["placed"][0]["debt"] == made.debts[0]
