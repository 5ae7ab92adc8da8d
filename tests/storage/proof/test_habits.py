"""A taxpayer's conduct in earlier cases, as the record tells it when his next one is drawn."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from models.case.selection import Selection
from models.law.calendar import Clock
from models.proof.holdout import Arm, Habit
from storage.case.cohorts import Cohort, Lot, create_cohort, pin_ruler
from storage.case.selection import named_by, selecting
from storage.catalogue import RULERS
from storage.proof.holdout import draw_arms, drawn
from tests.builders import ICMS, shipped

OPENED, NOTIFIED, CLOSED = date(2026, 3, 2), date(2026, 3, 10), datetime(2026, 5, 4, tzinfo=UTC)
DAY = timedelta(days=1)

PERSON = """
    INSERT INTO taxpayers (key, tax_id, name, is_company) VALUES (:who, :who, 'Empresa', true);
    INSERT INTO debts (id, tax, inscription, due, amount) VALUES (:who, 'ICMS', :who, '2026-02-10', 1000);
    INSERT INTO debtors (debt, taxpayer) SELECT :who, id FROM taxpayers WHERE key = :who;
    INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, status, owed)
    SELECT 'new ' || :who, id, 'ICMS', cohorts.name, ruler, '{}', 'control', 1000 FROM taxpayers, cohorts
    WHERE key = :who AND cohorts.name = 'next'
"""

EARLIER = """
    INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, status, opened_on, opened_at, closed_at)
    SELECT :case, id, 'ICMS', cohorts.name, ruler, '{}', 'cancelled', :opened, :opened, :closed_at
    FROM taxpayers, cohorts WHERE key = :who AND cohorts.name = 'former'
"""

NOTICE = """
    INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                         formal, status, body, sent_at)
    VALUES (:case, :case, 0, 'email', 'email', :at, 'h1', 'reminder', 1, 'friendly', 't', false, 'sent', '', now())
"""

PAYMENT = """
    INSERT INTO payments (reference, debt, amount, paid_at, paid_on, recorded_at)
    VALUES (:reference, :who, 100, now(), :on, :recorded_at)
"""


class Past:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        clock = Clock(
            day_seconds=Decimal(86_400),
            origin_wall=datetime(2026, 3, 2, 12, tzinfo=UTC),
            origin_day=OPENED,
            timezone="America/Maceio",
        )
        with engine.begin() as connection:
            frozen = pin_ruler(connection, shipped(ICMS), RULERS.read(ICMS)[1], 2025)
        create_cohort(engine, Cohort("former", frozen, Selection(), clock, "ana"))
        lot = Lot("salt", Decimal("0.5"))
        self.cohort = create_cohort(engine, Cohort("next", frozen, Selection(), clock, "ana", lot=lot))

    def run(self, statements: str, **given: object) -> None:
        with self.engine.begin() as connection:
            for statement in statements.split(";"):
                connection.execute(text(statement), given)

    def person(self, who: str = "a") -> None:
        self.run(PERSON, who=who)

    def case(self, who: str = "a", later: timedelta = timedelta(), notified: bool = True) -> None:
        """An earlier one, opened and closed so much later."""
        closed = CLOSED + later
        case = f"{who} {closed:%m%d}"
        self.run(EARLIER, who=who, case=case, opened=OPENED + later, closed_at=closed)
        if notified:
            self.run(NOTICE, case=case, at=NOTIFIED + later)

    def pays(self, on: date, who: str = "a") -> None:
        """On record the same day."""
        noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        self.run(PAYMENT, who=who, on=on, reference=f"{who} {on}", recorded_at=noon)

    def habits(self) -> dict[str, Habit]:
        """The habit of each person, once the next cohort is drawn."""
        draw_arms(self.engine, self.cohort)
        with self.engine.connect() as connection:
            arms = drawn(connection, "next").values()
        return {each.case.removeprefix("new "): each.habit for arm in arms for each in arm}

    def habit(self) -> Habit:
        [habit] = self.habits().values()
        return habit


@pytest.fixture
def past(engine: Engine) -> Past:
    made = Past(engine)
    made.person()
    return made


def test_who_has_no_earlier_case_has_no_history(past: Past) -> None:
    past.pays(NOTIFIED)
    assert past.habit() is Habit.UNKNOWN


@pytest.mark.parametrize(
    ("on", "habit"),
    [
        (OPENED - DAY, Habit.SILENT),
        (OPENED, Habit.PAID_UNPROMPTED),
        (NOTIFIED - DAY, Habit.PAID_UNPROMPTED),
        (NOTIFIED, Habit.PAID_AFTER_NOTICE),
        (NOTIFIED + 30 * DAY, Habit.PAID_AFTER_NOTICE),
        (CLOSED.date() + DAY, Habit.SILENT),
    ],
)
def test_a_payment_counts_by_its_day(past: Past, on: date, habit: Habit) -> None:
    past.case()
    past.pays(on)
    assert past.habit() is habit


def test_who_was_not_notified_and_paid_did_so_unprompted_and_else_tells_nothing(past: Past) -> None:
    past.person("b")
    for who in "ab":
        past.case(who, notified=False)
    past.pays(NOTIFIED)
    assert past.habits() == {"a": Habit.PAID_UNPROMPTED, "b": Habit.UNKNOWN}


def test_money_that_was_given_back_is_no_payment(past: Past) -> None:
    past.case()
    past.pays(NOTIFIED)
    past.run("""
        INSERT INTO reversals (payment, reference, amount, reversed_on)
        SELECT id, 'back', amount, paid_on FROM payments
    """)
    assert past.habit() is Habit.SILENT


ANSWERS = {
    "a notice answered": "UPDATE notices SET status = 'answered'",
    "a reply": """INSERT INTO replies (provider, event, channel, address, "case", body, intent)
                  VALUES ('twilio', 'e', 'sms', 'x', 'a 0504', 'ok', 'unclear')""",
    "a defence": """INSERT INTO defences ("case", filed_on, reference, recorded_by)
                    VALUES ('a 0504', '2026-03-20', 'r', 'ana')""",
    "hardship": "UPDATE cases SET hardship_on = '2026-03-20' WHERE id = 'a 0504'",
    "a word of payment": "UPDATE cases SET claimed_paid_on = '2026-03-20' WHERE id = 'a 0504'",
    "a return filed": "UPDATE cases SET status = 'resolved' WHERE id = 'a 0504'",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_who_answered_without_paying(past: Past, answer: str) -> None:
    past.case()
    past.run(ANSWERS[answer])
    assert past.habit() is Habit.ANSWERED


def test_the_last_case_that_tells_anything_counts(past: Past) -> None:
    past.case()
    past.pays(NOTIFIED)
    past.case(later=100 * DAY, notified=False)
    assert past.habit() is Habit.PAID_AFTER_NOTICE
    past.case(later=200 * DAY)
    past.run("UPDATE cases SET arm = NULL, status = 'control' WHERE cohort = 'next'")
    assert past.habit() is Habit.SILENT


def test_what_he_does_in_a_case_that_is_open_is_no_history(past: Past) -> None:
    past.case()
    # one case of a tax is open at a time
    past.run("UPDATE cases SET closed_at = clock_timestamp() WHERE cohort = 'next'")
    past.run("UPDATE cases SET closed_at = NULL WHERE id = 'a 0504'")
    assert past.habit() is Habit.UNKNOWN


def test_each_habit_has_its_share_in_the_control_group(past: Past) -> None:
    for n in range(40):
        past.person(f"p{n}")
        if n < 20:
            past.case(f"p{n}")
        if n < 10:
            past.pays(NOTIFIED, f"p{n}")
    past.habits()
    with past.engine.connect() as connection:
        arms = drawn(connection, "next")
    held, others = (Counter(each.habit for each in cases) for cases in (arms[Arm.CONTROL], arms[Arm.RULER]))
    assert held[Habit.PAID_AFTER_NOTICE] == others[Habit.PAID_AFTER_NOTICE] == 5
    assert held[Habit.SILENT] == others[Habit.SILENT] == 5
    assert abs(held[Habit.UNKNOWN] - others[Habit.UNKNOWN]) == 1


def named(past: Past, **asked: object) -> str:
    """Whom these keys of a selection name."""
    query, given = named_by(shipped(ICMS), Selection.model_validate(asked), CLOSED.date())
    people = f"SELECT DISTINCT key FROM ({query}) AS found JOIN taxpayers ON id = taxpayer ORDER BY key"
    with past.engine.connect() as connection:
        return "".join(connection.scalars(selecting(people), given))


def test_a_payment_is_of_the_channel_of_the_last_notice_before_it(past: Past) -> None:
    """A pays between an e-mail and an SMS, B after both."""
    past.person("b")
    for who, on in (("a", NOTIFIED + DAY), ("b", NOTIFIED + 9 * DAY)):
        past.case(who)
        past.pays(on, who)
    past.run("""
        INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                             formal, status, body, sent_at)
        SELECT 'later ' || id, "case", 1, 'sms', 'sms', at + 5, hypothesis, 'alert', 2, tone, 't', false, 'sent', '',
               now()
        FROM notices
    """)
    assert (named(past, paid_after=["email"]), named(past, paid_after=["sms"])) == ("a", "b")
    assert named(past, paid_after=["sms", "email"]) == "ab"


def test_who_reads_or_answers_on_a_channel_and_when(past: Past) -> None:
    """A opened an e-mail at nine in the morning, in Maceió; B wrote by SMS at nine in the evening."""
    past.person("b")
    for who in "ab":
        past.case(who)
    past.run("""
        UPDATE notices SET status = 'read' WHERE "case" = 'a 0504';
        INSERT INTO delivery_events (provider, event, notice, kind, at)
        VALUES ('sendgrid', 'e', 'a 0504', 'open', '2026-03-10 12:00+00');
        INSERT INTO replies (provider, event, channel, address, taxpayer, "case", body, intent, recorded_at)
        SELECT 'twilio', 'r', 'sms', 'x', id, 'b 0504', 'ok', 'unclear', '2026-03-11 00:00+00'
        FROM taxpayers WHERE key = 'b'
    """)
    assert (named(past, opened=["email"]), named(past, opened=["sms"])) == ("a", "")
    assert (named(past, answered=["sms"]), named(past, answered=["email"])) == ("b", "")
    assert (named(past, active="morning"), named(past, active="evening")) == ("a", "b")
