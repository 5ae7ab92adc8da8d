"""A whole report worked out anew from the rows of the record, in plain loops, by nothing of what reads the report."""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text

from storage.proof.results import Results
from tests.ledger import OPENED, UNTIL, Ledger

NOTHING = Decimal(0)
LEAST = Decimal(10)
"""The minimum balance of the ledger's ruler."""
TABLES = ("cases", "debts", "payments", "reversals", "notices")


@pytest.fixture(scope="module")
def luck() -> random.Random:
    return random.Random(20_261_130)


class Notebook:
    """The record of a cohort whose cases have a debt each, which has the case's own id."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as connection:
            self.rows = {table: connection.execute(text(f"SELECT * FROM {table}")).all() for table in TABLES}
        self.owed: dict[str, Decimal] = {debt.id: debt.amount for debt in self.rows["debts"]}
        self.first: dict[str, date] = {}
        for notice in self.rows["notices"]:
            if notice.sent_at:
                self.first[notice.case] = min(notice.at, self.first.get(notice.case, notice.at))
        self.paid = self._paid()
        self.came = {case: [each for each in paid if each[0] >= OPENED] for case, paid in self.paid.items()}

    def _paid(self) -> dict[str, list[tuple[date, Decimal]]]:
        """By debt, the part of each payment that it needed, the first payments first."""
        paid: dict[str, list[tuple[date, Decimal]]] = {debt: [] for debt in self.owed}
        left = dict(self.owed)
        for payment in sorted(self.rows["payments"], key=lambda each: (each.paid_on, each.id)):
            back = sum((each.amount for each in self._reversals(payment)), NOTHING)
            if payment.paid_on <= UNTIL:
                needed = min(payment.amount - back, max(left[payment.debt], NOTHING))
                left[payment.debt] -= payment.amount - back
                paid[payment.debt].append((payment.paid_on, needed))
        return paid

    def _reversals(self, payment: Row[Any]) -> list[Row[Any]]:
        return [each for each in self.rows["reversals"] if each.payment == payment.id and each.reversed_on <= UNTIL]

    def received(self, case: str) -> Decimal:
        return sum((amount for _, amount in self.came[case]), NOTHING)

    def of_arm(self, arm: str) -> list[str]:
        return [case.id for case in self.rows["cases"] if case.arm == arm]

    def settled_after(self, case: str) -> int | None:
        """Days until less than the minimum balance was owed."""
        left = self.owed[case]
        for day, amount in sorted(self.paid[case]):
            left -= amount
            if day >= OPENED and left < LEAST:
                return (day - OPENED).days
        return None


@pytest.fixture
def book(engine: Engine, luck: random.Random) -> tuple[Notebook, Results]:
    ledger = Ledger(engine)
    ledger.cases("n", 60, "6000.00")
    ledger.cases("c", 30, "3000.00", arm="control")
    for n in range(1, 61):
        channels = luck.sample(["email", "sms", "voice"], luck.randint(0, 3))
        for step, channel in enumerate(channels):
            told = {"status": luck.choice(["delivered", "read", "answered", "bounced", "claimed"]), "step": step}
            told["cost"] = Decimal(luck.randint(1, 30)).scaleb(-2)
            _only(ledger, f"n{n}", channel, OPENED + timedelta(days=luck.randint(0, 40)), told)
    for case in [*(f"n{n}" for n in range(1, 61)), *(f"c{n}" for n in range(1, 31))]:
        for _ in range(luck.choice([0, 0, 1, 2])):
            _paid(ledger, case, luck)
    found = ledger.results()
    return Notebook(engine), found


def _only(ledger: Ledger, case: str, channel: str, on: date, told: dict[str, Any]) -> None:
    """A notice of one case, whose id others may begin with."""
    ledger.run(
        """INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone,
                                template, formal, status, body, cost, sent_at)
           VALUES (CAST(:case AS text) || :channel, :case, :step, :channel, :channel, :on, 'h1', 'reminder', 1,
                   'friendly', 't', false, :status, '', :cost, CASE WHEN :status <> 'claimed' THEN now() END)""",
        case=case, channel=channel, on=on, **told,
    )  # fmt: skip


def _paid(ledger: Ledger, case: str, luck: random.Random) -> None:
    """A part, all but a little, all or too much, or some before the case; of some a part is given back."""
    on, amount = OPENED + timedelta(days=luck.randint(-5, 95)), Decimal(luck.choice([3, 40, 95, 100, 250]))
    amount = min(amount, Decimal(40)) if on < OPENED else amount
    ledger.run(
        "INSERT INTO payments (reference, debt, amount, paid_at, paid_on) VALUES (:ref, :case, :amount, now(), :on)",
        ref=str(luck.random()), case=case, amount=amount, on=on,
    )  # fmt: skip
    if luck.random() < 0.2:
        ledger.run(
            """INSERT INTO reversals (payment, reference, amount, reversed_on)
               SELECT max(id), 'back', 2, :on FROM payments""",
            on=on + timedelta(days=luck.randint(0, 30)),
        )


def test_the_report_is_that_of_the_rows(book: tuple[Notebook, Results]) -> None:
    rows, found = book
    treated, control = rows.of_arm("ruler"), rows.of_arm("control")
    groups = {row["arm"]: (row["cases"], row["payers"], row["received"]) for row in found.rows["groups"]}
    assert groups == {
        arm: (len(cases), sum(rows.received(case) > 0 for case in cases), sum(map(rows.received, cases), NOTHING))
        for arm, cases in (("ruler", treated), ("control", control))
    }
    charged = [case for case in treated if case in rows.first]
    assert (found.coverage.to_charge, found.coverage.charged) == (len(treated), len(charged))
    assert found.coverage.amount_charged == sum((rows.owed[case] for case in charged), NOTHING)
    after = [
        amount for case in charged for day, amount in rows.came[case] if day >= rows.first[case]
    ]  # nobody held out is charged
    assert found.recovered.after_action == sum(after, NOTHING)
    assert found.recovered.total == sum(map(rows.received, [*treated, *control]), NOTHING)
    months: Counter[date] = Counter()
    for case in [*treated, *control]:
        for day, amount in rows.came[case]:
            months[day.replace(day=1)] += amount  # type: ignore[assignment]
    assert {row["month"]: row["total"] for row in found.rows["recovered"]} == dict(months)


def test_so_are_its_curves_and_its_channels(book: tuple[Notebook, Results]) -> None:
    rows, found = book
    for arm, name in (("ruler", "notificados"), ("control", "grupo de controle")):
        days = Counter(day for case in rows.of_arm(arm) if (day := rows.settled_after(case)) is not None)
        told = {row["day"]: row["paid"] for row in found.rows["survival"] if row["arm"] == arm and row["paid"]}
        assert told == days, name
    sent = [notice for notice in rows.rows["notices"] if notice.sent_at]
    for row in found.rows["channels"]:
        own = [notice for notice in sent if notice.channel == row["channel"]]
        assert row["sent"] == len(own)
        assert row["delivered"] == sum(notice.status in ("delivered", "read", "answered") for notice in own)
        assert row["read"] == sum(notice.status in ("read", "answered") for notice in own)
        assert row["lost"] == sum(notice.status == "bounced" for notice in own)
        within = [
            any(amount > 0 and 0 <= (day - notice.at).days <= 30 for day, amount in rows.came[notice.case])
            for notice in own
        ]
        assert row["paid"] == sum(within)


def test_the_p_value_of_payers_is_that_of_the_draw_made_again(
    book: tuple[Notebook, Results], luck: random.Random
) -> None:
    """Ten thousand draws of who is held out, of all who were drawn, with who paid held fixed."""
    rows, found = book
    assert found.other_look is not None
    assert found.other_look.rate_p is not None
    everybody = [*rows.of_arm("ruler"), *rows.of_arm("control")]
    paid = [rows.received(case) > 0 for case in everybody]
    seen = sum(paid[:60])
    drawn = [sum(luck.sample(paid, 60)) for _ in range(10_000)]
    above, below = (sum(1 for n in drawn if side(n)) / 10_000 for side in (seen.__le__, seen.__ge__))
    assert found.other_look.rate_p == pytest.approx(min(1.0, 2 * min(above, below)), abs=0.03)
