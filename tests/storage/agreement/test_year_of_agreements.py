"""A year of extracts, payments, refunds and agreements, held against a naive ledger after each thing that happens.

The ledger is written apart: lists of what was lodged, paid, given back and agreed upon, gone through from the first to
the last each time. It knows nothing of the product's, nor of its calendar: only what the sources say. An agreement of
São Paulo breaks on the last banking day of the month after an unpaid instalment's due date, which is certain three
banking days later; what names an instalment goes there, the rest to what is due, the oldest first, then to what is to
come; money from before an agreement is not its own. The policy here has no charges, so that each cent can be told by
hand; the others of this folder have them.

Two years in `make test`; `make fuzz` plays forty, from its seed on.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import Engine, text

from models.agreement.quote import Pay
from models.assets import PolicyBundle
from models.errors import Refusal
from models.intake.extract import debt_reader
from models.intake.statement import Statement
from models.payment.pix import PixPayment
from storage.agreement.agreements import agreement_transaction, rescind
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.catalogue import AGREEMENTS
from storage.intake.debts import import_debts
from storage.intake.files import look_over
from storage.intake.rejects import Rejects
from tests.agreement_world import ANA, OPENED, SP, at, contract
from tests.chance import fuzzing
from tests.oracle.calendar import NATIONAL, Days

pytestmark = pytest.mark.hypothesis
"""Chosen by `make fuzz` too."""

CENT, NOTHING = Decimal("0.01"), Decimal("0.00")
BANKING = Days((*NATIONAL, "01-25", "12-31"))
LODGED = ("700.00", "1100.00")
"""1,800.00 in all."""
ELSEWHERE = Decimal("500.00")
"""A debt of another tax, which extracts tell of."""
DISCOUNT = Decimal("0.1")
"""For who pays by direct debit."""

FREE = f"""
    interest: {{per_month: "0", source: Lei 1/2026}}
    correction: {{by: none, source: Lei 1/2026}}
    late: {{steps: [], source: Lei 1/2026}}
    limits:
      by_litigation: {{none: [60, 60, 60, 60, 60, 60], suit: [], seizure: [], restriction: [], frozen: []}}
      unlimited_renegotiations: true
      source: Lei 1/2026
    minimum_instalment: {{amount: "1.00", source: Lei 1/2026}}
    default:
      open_instalments: 1
      until: last_banking_day_of_next_month
      overdue_paid: during
      new_agreement_after_days: 0
      source: Lei 1/2026
discounts:
  direct_debit: {{share: "{DISCOUNT}", when_it_ends: rest, source: Lei 1/2026}}
"""


# ---- the ledger


@dataclass
class Money:
    """A payment, less what was given back of it."""

    id: int
    day: date
    amount: Decimal
    plan: int | None = None
    """The agreement whose instalment `n` it names; None: a debt."""
    n: int = 0
    debt: str = ""
    elsewhere: bool = False


@dataclass
class Plan:
    since: int
    """The payments there were when it was signed."""
    signed: date
    dues: list[date]
    parts: list[Decimal]
    discount: Decimal
    brought: dict[str, Decimal]
    """By debt: a payment to it pays no more of the plan."""
    given_up: date | None = None

    def played(self, money: list[Money], mine: int, today: date) -> tuple[str, list[Decimal]]:
        """Its state, and what is left of each instalment."""
        left, room = list(self.parts), dict(self.brought)
        for each in sorted(money, key=lambda each: (each.day, each.id)):
            if each.elsewhere or each.id < self.since or not each.amount:
                continue
            if (ends := self.ends(left)) and ends < each.day:
                break
            self.take(each, each.plan == mine, left, room)
        if not any(left):
            return "completed", left
        ends = self.ends(left)
        if ends is None or ends == self.given_up:
            return "broken", left
        certain = ends
        for _ in range(3):
            certain = BANKING.from_on(certain + timedelta(days=1))
        return ("broken" if today >= certain else "active"), left

    def ends(self, left: list[Decimal]) -> date | None:
        """The last day on which a payment keeps it from default; none: all is paid."""
        due = min((due for due, part in zip(self.dues, left, strict=True) if part), default=None)
        if due is None:
            return None
        last = due + relativedelta(months=1, day=31)
        while not BANKING.works(last):
            last -= timedelta(days=1)
        return min(last, self.given_up or last)

    def take(self, each: Money, names_one: bool, left: list[Decimal], room: dict[str, Decimal]) -> None:
        order = sorted(range(len(left)), key=lambda place: (self.dues[place] > each.day, place))
        if names_one:
            order = [each.n - 1, *(place for place in order if place != each.n - 1)]
        amount = min(each.amount, room.get(each.debt, each.amount))
        for place in order:
            part = min(amount, left[place])
            left[place] -= part
            amount -= part
            if each.debt in room:
                room[each.debt] -= part


@dataclass
class Ledger:
    money: list[Money] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    lodged: Decimal = Decimal("1800.00")
    lodged_elsewhere: Decimal = ELSEWHERE

    def played(self, today: date) -> list[tuple[str, list[Decimal]]]:
        played = [plan.played(self.money, place, today) for place, plan in enumerate(self.plans)]
        # one that another has followed on its debts stays over
        return [
            (state if state == "completed" or place == len(played) - 1 else "broken", left)
            for place, (state, left) in enumerate(played)
        ]

    def forgiven(self, today: date) -> Decimal:
        states = [state for state, _ in self.played(today)]
        return sum((p.discount for p, state in zip(self.plans, states, strict=True) if state == "completed"), NOTHING)

    def owed(self, today: date) -> Decimal:
        paid = sum((each.amount for each in self.money if not each.elsewhere), NOTHING)
        return max(self.lodged - paid - self.forgiven(today), NOTHING)

    def owed_elsewhere(self) -> Decimal:
        paid = sum((each.amount for each in self.money if each.elsewhere), NOTHING)
        return max(self.lodged_elsewhere - paid, NOTHING)


# ---- what happens


class Year:
    """One taxpayer's year, drawn from a seed: whatever happens is done to the product and noted in the ledger."""

    def __init__(self, engine: Engine, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.made = contract(engine, *LODGED, cohort=f"year-{seed}")
        self.folder = folder
        self.policy = free_policy(folder)
        self.ledger = Ledger()
        self.today = OPENED
        self.pix: list[PixPayment] = []
        self.agreements: list[str] = []
        self.told: list[str] = []
        self.inscription = f"ISS-{seed}"
        self.extract(ELSEWHERE)

    def passes(self) -> None:
        while self.today < OPENED + timedelta(days=365):
            self.today += timedelta(days=self.chance.randint(1, 9))
            happens = self.chance.choices(
                (self.pays, self.pays_a_debt, self.pays_elsewhere, self.refunds, self.signs, self.gives_up, self.tells),
                (40, 8, 8, 12, 16, 2, 8),
            )[0]
            self.told.append(f"{self.today}: {happens.__name__}")
            self.looks()
            happens()
            self.looks()
            self.compare()

    def looks(self) -> None:
        """Look at each agreement, as its workflow does."""
        for agreement in self.agreements:
            with agreement_transaction(self.made.engine, agreement, at(self.today)):
                pass

    # each does nothing where there is nothing to do it to

    def pays(self) -> None:
        if not self.agreements:
            return
        place = len(self.agreements) - 1
        _, left = self.ledger.played(self.today)[place]
        open_ = [n for n, part in enumerate(left, start=1) if part]
        if not open_:
            return
        n = open_[0] if self.chance.random() < 0.8 else self.chance.choice(open_)
        amount = (
            left[n - 1]
            if self.chance.random() < 0.7
            else self.part_of(min(sum(left, NOTHING), self.ledger.owed(self.today)))
        )
        query = "SELECT pix_txid FROM instalments WHERE agreement = :agreement AND n = :n"
        self.pay(self.one(query, agreement=self.agreements[-1], n=n), amount, plan=place, n=n)

    def pays_a_debt(self) -> None:
        which = self.chance.choice(self.made.debts)
        balance = self.one("SELECT balance FROM debts WHERE id = :debt", debt=which)
        if balance:
            self.pay(
                self.one("SELECT pix_txid FROM debts WHERE id = :debt", debt=which), self.part_of(balance), debt=which
            )

    def pays_elsewhere(self) -> None:
        if self.ledger.owed_elsewhere() > CENT:
            asked = "SELECT pix_txid FROM debts WHERE inscription = :inscription"
            txid = self.one(asked, inscription=self.inscription)
            self.pay(txid, self.part_of(self.ledger.owed_elsewhere() - CENT), elsewhere=True)

    def refunds(self) -> None:
        known = [place for place, each in enumerate(self.ledger.money) if each.amount]
        if known:
            place = self.chance.choice(known)
            money = self.ledger.money[place]
            amount = money.amount if self.chance.random() < 0.5 else self.part_of(money.amount)
            self.made.give_back(self.pix[place], self.today, str(amount))
            money.amount -= amount

    def signs(self) -> None:
        owed, count = self.ledger.owed(self.today), self.chance.randint(2, 8)
        states = [state for state, _ in self.ledger.played(self.today)]
        debit = self.chance.random() < 0.3
        wanted = SigningRequest(count, Pay.DIRECT_DEBIT if debit else Pay.SLIP, authorization="1" if debit else "")
        if "active" in states:
            # what an agreement leaves out could be signed about by itself: here there is one at a time
            return
        try:
            agreed, offer = sign(self.made.engine, self.made.case, self.policy, wanted, ANA, "command", at(self.today))
        except Refusal as refusal:
            told = str(refusal)
        else:
            told = ""
        if told:
            # after a word of a person's the wait runs from an instalment that may be due later still
            waits = bool(self.ledger.plans and self.ledger.plans[-1].given_up) and "is possible from" in told
            assert owed < count or waits, told
            return
        discount = (owed * DISCOUNT).quantize(CENT, "ROUND_HALF_UP") if debit else NOTHING
        each, over = divmod(int((owed - discount) * 100), count)
        parts = [Decimal(each + (over if n == 0 else 0)).scaleb(-2) for n in range(count)]
        dues = [BANKING.from_on(self.today + relativedelta(months=n)) for n in range(count)]
        assert [(i.due, i.amount) for i in offer.instalments] == list(zip(dues, parts, strict=True))
        brought = dict(self.made.rows(BROUGHT, of=agreed.id))
        assert sum(brought.values()) == owed
        self.ledger.plans.append(Plan(len(self.ledger.money), self.today, dues, parts, discount, brought))
        self.agreements.append(agreed.id)

    def gives_up(self) -> None:
        if self.agreements and self.ledger.played(self.today)[-1][0] == "active":
            rescind(self.made.engine, self.agreements[-1], ANA, "desistência", at(self.today))
            self.ledger.plans[-1].given_up = self.today

    def tells(self) -> None:
        """An extract: what is left, less the payments of days before its own, and now and then more than was lodged."""
        if self.chance.random() < 0.3:
            self.ledger.lodged_elsewhere += self.part_of(Decimal("100.00"))
        before = (each.amount for each in self.ledger.money if each.elsewhere and each.day < self.today)
        self.extract(self.ledger.lodged_elsewhere - sum(before, NOTHING))

    # ---- how it is done

    def extract(self, left: Decimal) -> None:
        if left <= 0:
            return
        file = self.folder / "extract.csv"
        file.write_text(
            "tax_id;name;email;phone;uf;tax;inscription;period;due;amount;situation;litigation\n"
            f"{TAX_ID};PESSOA;;;AL;ISS;{self.inscription};;2025-09-10;{left};;\n"
        )
        source = look_over(file)
        merge = partial(import_debts, statement=Statement(amounts="left", as_of=self.today), now=at(self.today))
        with Rejects(self.folder / "rejects.csv") as rejects, self.made.engine.begin() as connection:
            merge(connection, source, debt_reader(source.header, self.today), rejects)
            assert rejects.count == 0

    def pay(self, txid: str, amount: Decimal, plan: int | None = None, n: int = 0, **to: Any) -> None:
        self.pix.append(self.made._pay(txid, amount, self.today))
        self.ledger.money.append(Money(len(self.ledger.money), self.today, amount, plan, n, **to))

    def part_of(self, amount: Decimal) -> Decimal:
        return Decimal(self.chance.randint(1, max(1, int(amount * 100)))).scaleb(-2)

    def one(self, query: str, **asked: object) -> Any:
        with self.made.engine.connect() as connection:
            return connection.execute(text(query), asked).scalar_one()

    def compare(self) -> None:
        said = "\n".join(self.told) + f"\n{self.made.balances} {self.made.received}"
        ledger, played = self.ledger, self.ledger.played(self.today)
        owed = sum(map(Decimal, self.made.balances), NOTHING)
        assert owed == ledger.owed(self.today), f"{said}\n{owed} owed, not {ledger.owed(self.today)}"
        elsewhere = self.one("SELECT balance FROM debts WHERE inscription = :of", of=self.inscription)
        assert elsewhere == ledger.owed_elsewhere(), said
        for agreement, (state, left) in zip(self.agreements, played, strict=True):
            assert self.one("SELECT state FROM agreements WHERE id = :of", of=agreement) == state, said
            rows = self.made.rows(INSTALMENTS, of=agreement)
            if agreement == self.agreements[-1]:
                assert [row[0] for row in rows] == left, f"{said}\n{rows} {left}"
        forgiven = "SELECT coalesce(sum(amount), 0.00) FROM remissions WHERE debt = ANY(:debts)"
        given = self.one(forgiven, debts=self.made.debts)
        assert given == ledger.forgiven(self.today), f"{said}\n{given} forgiven, not {ledger.forgiven(self.today)}"
        last = played[-1] if played else ("", [])
        first_paid = bool(played) and not last[1][0]
        held = self.one(HELD, debts=self.made.debts) > 0
        assert held == (last[0] == "active" and first_paid), f"{said} {last}"
        assert self.made.balanced(), f"{said} unbalanced"


TAX_ID = "20000002151"
HELD = "SELECT count(*) FROM holds WHERE debt = ANY(:debts) AND ground = 'agreement' AND lifted_at IS NULL"
BROUGHT = "SELECT debt, amount FROM agreement_debts WHERE agreement = :of"
INSTALMENTS = "SELECT amount - received FROM instalments WHERE agreement = :of ORDER BY n"


def free_policy(folder: Path) -> PolicyBundle:
    """São Paulo's, without charges and with short terms."""
    source = AGREEMENTS.read(SP)[1]
    head, rest = source.split("  normal:\n")
    after = rest[rest.index("# A fonte não diz quando") :]
    file = folder / "free.yaml"
    file.write_text(f"{head}  normal:{FREE}{after}".replace(", regimes: [simples, simei]", ""))
    return load_policy(str(file))


YEARS = 40 if fuzzing() else 2


def test_each_year_is_told_to_the_cent(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    first = int(request.config.getoption("--hypothesis-seed") or 0) if fuzzing() else 0
    for seed in range(first, first + YEARS):
        Year(engine, seed, tmp_path).passes()
