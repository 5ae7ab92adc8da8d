"""A campaign on record: what settles, whoever reports it and whenever, and what a reversal undoes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from activities.charges import bring_up_to_date
from models.agreement.instalments import State
from models.case.selection import Selection
from models.errors import Refusal
from models.law.calendar import Clock
from models.money.accrual import NOTHING
from models.money.rates import Rate
from models.payment.pix import PixPayment, PixRefund
from models.roles import Actor
from operations.agreements import sign_by_link
from storage.agreement.agreements import agreement_transaction
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.amounts.rates import record_rates
from storage.case.cases import frozen_ruler
from storage.case.cohorts import Cohort, candidates, create_cohort, open_cases, pin_ruler
from storage.case.dry_run import foresee
from storage.case.facts import read_facts
from storage.catalogue import RULERS
from storage.intake.files import look_over_text
from storage.intake.rejects import Rejects
from storage.payments.bank_files import import_bank_file
from storage.payments.ledger import record_pix
from storage.payments.matching import match
from storage.payments.offers import offer_on, settle
from storage.payments.statement import list_payments, reconcile
from storage.read_models.agree_page import AgreePage, read_agree_page
from storage.read_models.pay_page import read_pay_page
from tests import factories
from tests.bank_lines import Paid, barcode, febraban
from tests.banks.fake_psp import FakePsp
from tests.builders import REFIS, REGISTERED, bundled, shipped
from tests.chance import fresh_key
from web.portal.pages import page_named, pay_page

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
FIRST_DAY = date(2023, 5, 2)
JUNE_PRICE = "1032.00"
"""The price of 1,000.00 due on 15/06/2022: a tenth of a fine of 20 % and of twelve months' interest of 1 %."""
REMITTED = Decimal("288.00")


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SAO_PAULO).astimezone(UTC)


@dataclass
class City:
    """Taxpayers who owe IPTU, and the cohorts that rulers are started on."""

    engine: Engine
    folder: Path

    def owes(self, amount: str = "1000.00") -> int:
        with self.engine.begin() as connection:
            taxpayer = factories.taxpayer(connection)
            factories.debt(connection, taxpayer, due=date(2022, 6, 15), amount=Decimal(amount))
        return taxpayer

    def starts(self, ruler: str = REFIS, on: date = FIRST_DAY, source: str | None = None, name: str = "") -> int:
        """How many cases were opened by a cohort of everybody who owes."""
        written = source or RULERS.read(ruler)[1]
        read = bundled(written).ruler
        clock = Clock(
            day_seconds=Decimal(86_400),
            origin_wall=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
            origin_day=on,
            timezone="America/Sao_Paulo",
            notices_at=datetime(2023, 1, 1, 9, tzinfo=UTC).time(),
        )
        with self.engine.begin() as connection:
            frozen = pin_ruler(connection, read, written, 2022)
        cohort = create_cohort(self.engine, Cohort(name or f"c-{fresh_key()[:6]}", frozen, Selection(), clock, "ana"))
        return sum(
            open_cases(self.engine, cohort, page, on) for page in candidates(self.engine, read, cohort.selection, on)
        )

    def campaign(self, amount: str = "1000.00", **more: Any) -> "Target":
        taxpayer = self.owes(amount)
        assert self.starts(**more) == 1
        return Target(self, taxpayer)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]


@dataclass
class Target:
    """One taxpayer in a campaign, with one debt."""

    city: City
    taxpayer: int

    @property
    def case(self) -> str:
        [(case,)] = self.city.rows("SELECT id FROM cases WHERE taxpayer = :who", who=self.taxpayer)
        return str(case)

    @cached_property
    def debt(self) -> tuple[str, str, int]:
        """Its id, txid and slip number."""
        query = """SELECT debts.id, pix_txid, slip_number FROM debts JOIN debtors ON debt = debts.id
                   WHERE taxpayer = :who"""
        [(debt, txid, slip)] = self.city.rows(query, who=self.taxpayer)
        return str(debt), str(txid), int(slip)

    def pays(self, amount: str, paid: str, id: str | None = None, back: str | None = None) -> str:
        end_to_end_id = id or f"E{fresh_key()[:31]}"
        refunds = (PixRefund("R1", Decimal(back), at(paid)),) if back else ()
        record_pix(
            self.city.engine, [PixPayment(end_to_end_id, self.debt[1], Decimal(amount), at(paid), refunds)], at(paid)
        )
        return end_to_end_id

    def pays_at_the_bank(self, amount: str, on: date, reported: str, by_pix: bool = False) -> None:
        file = self.city.folder / "return.ret"
        paid = Paid(barcode(self.debt[2], amount), amount, on, channel="9" if by_pix else "1")
        file.write_bytes("".join(f"{line}\r\n" for line in febraban([paid])).encode("latin-1"))
        with Rejects(self.city.folder / "rejects.csv") as rejects:
            import_bank_file(self.city.engine, look_over_text(file), rejects, at(reported))

    def owes(self, on: date) -> Decimal:
        [(digest,)] = self.city.rows("SELECT ruler FROM cases WHERE taxpayer = :who", who=self.taxpayer)
        with self.city.engine.connect() as connection:
            ruler = frozen_ruler(connection, digest).ruler
            return read_facts(connection, ruler, [(self.taxpayer, "IPTU")], on)[self.taxpayer, "IPTU"].balance

    @property
    def remissions(self) -> list[tuple[Any, ...]]:
        query = "SELECT amount, ground, reference, remitted_on FROM remissions WHERE debt = :debt ORDER BY id"
        return self.city.rows(query, debt=self.debt[0])

    @property
    def remitted(self) -> Decimal:
        [(remitted, summed)] = self.city.rows(
            """SELECT remitted, (SELECT coalesce(sum(amount), 0) FROM remissions WHERE debt = debts.id)
               FROM debts WHERE id = :debt""",
            debt=self.debt[0],
        )
        assert remitted == summed
        return Decimal(remitted)

    @property
    def journal(self) -> list[str]:
        query = """SELECT kind FROM decisions JOIN cases ON cases.id = "case"
                   WHERE taxpayer = :who ORDER BY decisions.id"""
        return [row[0] for row in self.city.rows(query, who=self.taxpayer)]

    def reason(self, kind: str) -> str:
        query = """SELECT reason FROM decisions JOIN cases ON cases.id = "case"
                   WHERE taxpayer = :who AND kind = :kind ORDER BY decisions.id DESC LIMIT 1"""
        return str(self.city.rows(query, who=self.taxpayer, kind=kind)[0][0])


@pytest.fixture
def city(engine: Engine, tmp_path: Path) -> City:
    return City(engine, tmp_path)


def test_the_offered_amount_paid_in_time_settles_the_debt(city: City) -> None:
    target = city.campaign()
    target.pays(JUNE_PRICE, "2023-06-23T16:00:59")
    assert target.remissions == [(REMITTED, "campaign", "refis-2023 v1", date(2023, 6, 23))]
    assert target.remitted == REMITTED
    assert target.owes(date(2023, 6, 23)) == target.owes(date(2024, 6, 23)) == 0
    assert target.journal == ["payment", "remitted", "settled"]
    assert "288,00" in target.reason("remitted")


def test_the_statement_knows_no_excess_of_what_settled(city: City) -> None:
    target = city.campaign()
    target.pays(JUNE_PRICE, "2023-06-20T10:00")
    with city.engine.connect() as connection:
        assert [row["state"] for row in list_payments(connection, None)] == ["matched"]
        assert reconcile(connection, None).balanced


def test_a_minute_late_is_a_partial_payment_and_says_so(city: City) -> None:
    target = city.campaign()
    target.pays(JUNE_PRICE, "2023-06-23T16:01")
    assert (target.remitted, target.owes(date(2023, 6, 23))) == (NOTHING, REMITTED)
    assert target.journal == ["payment", "paid_late"]
    assert "23/06/2023 às 16:00" in target.reason("paid_late")


def test_a_cent_less_is_a_partial_payment_and_the_next_message_says_so(city: City) -> None:
    target = city.campaign()
    target.pays("1031.99", "2023-06-20T10:00")
    assert (target.remitted, target.journal) == (NOTHING, ["payment", "paid_less"])
    assert "1.032,00" in target.reason("paid_less")
    [(case,)] = city.rows("SELECT id FROM cases")
    with city.engine.connect() as connection:
        [(digest,)] = connection.execute(text("SELECT digest FROM rulers"))
        ruler = frozen_ruler(connection, digest).ruler
        found = offer_on(connection, ruler, case, [target.debt[0]], date(2023, 6, 21)).offered
    assert (found.paid_in_part, found.full) == (Decimal("1031.99"), target.owes(date(2023, 6, 21)))
    assert found.modalities[0].total < found.full


@pytest.mark.parametrize("by_pix", [False, True])
def test_paid_in_time_at_the_bank_and_reported_days_later_settles(city: City, by_pix: bool) -> None:
    target = city.campaign()
    target.pays_at_the_bank(JUNE_PRICE, date(2023, 6, 23), reported="2023-06-28T08:00", by_pix=by_pix)
    assert (target.remitted, target.owes(date(2023, 6, 28))) == (REMITTED, NOTHING)


def test_the_price_is_that_of_the_day_of_paying_not_of_reporting(city: City) -> None:
    target = city.campaign()
    target.pays_at_the_bank("1031.00", date(2023, 5, 31), reported="2023-06-05T08:00")
    assert target.remissions == [(Decimal("279.00"), "campaign", "refis-2023 v1", date(2023, 5, 31))]
    assert target.owes(date(2023, 6, 5)) == 0


def test_paid_the_day_after_at_the_bank_is_late(city: City) -> None:
    target = city.campaign()
    target.pays_at_the_bank(JUNE_PRICE, date(2023, 6, 26), reported="2023-06-27T08:00")
    assert target.journal == ["payment", "paid_late"]


def test_a_pix_first_reported_by_the_bank_stays_in_time_when_the_webhook_comes(city: City) -> None:
    """The bank's file knows no hour; the webhook's report of the same payment changes none."""
    target = city.campaign()
    target.pays_at_the_bank(JUNE_PRICE, date(2023, 6, 23), reported="2023-06-27T08:00", by_pix=True)
    target.pays(JUNE_PRICE, "2023-06-23T15:00")
    target.pays("5.00", "2023-07-10T10:00")
    assert target.remitted == REMITTED


def test_reported_after_the_campaign_ended_it_still_settles(city: City) -> None:
    target = city.campaign()
    with city.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET status = 'ended', closed_at = clock_timestamp()"))
    target.pays_at_the_bank(JUNE_PRICE, date(2023, 6, 22), reported="2023-07-20T08:00")
    assert (target.remitted, target.journal) == (REMITTED, ["remitted", "settled"])


def test_a_reversal_undoes_the_remission_and_another_payment_earns_it_anew(city: City) -> None:
    target = city.campaign()
    paid = target.pays(JUNE_PRICE, "2023-05-31T10:00")
    assert target.remitted == Decimal("279.00")
    target.pays(JUNE_PRICE, "2023-05-31T10:00", id=paid, back="2.00")
    assert target.remitted == 0
    assert target.owes(date(2023, 5, 31)) == Decimal("1310.00") - Decimal("1030.00")
    assert target.journal[-2:] == ["remission_undone", "payment_reversed"]
    target.pays("230.00", "2023-06-02T10:00")
    [(taken, *_), (undone, *_), (earned, _, _, on)] = target.remissions
    assert (taken, undone, on) == (Decimal("279.00"), Decimal("-279.00"), date(2023, 6, 2))
    assert target.remitted == earned
    assert target.owes(date(2024, 6, 2)) == 0


def test_a_resolved_case_whose_settling_payment_is_reversed_is_opened_again(city: City) -> None:
    target = city.campaign()
    paid = target.pays(JUNE_PRICE, "2023-06-20T10:00")
    with city.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET status = 'resolved', closed_at = clock_timestamp()"))
    target.pays(JUNE_PRICE, "2023-06-20T10:00", id=paid, back="1.00")
    assert city.rows("SELECT status, closed_at FROM cases") == [("running", None)]
    assert target.remitted == 0


def test_in_whatever_order_payments_are_reported_the_same_is_remitted(city: City) -> None:
    payments = [("300.00", "2023-05-10T10:00"), ("400.00", "2023-06-01T10:00"), ("520.00", "2023-06-23T15:59")]
    outcomes = set()
    for order in permutations(payments):
        target = city.campaign()
        for amount, when in order:
            target.pays(amount, when)
        outcomes.add((target.remitted, target.owes(date(2023, 6, 24))))
    assert len(outcomes) == 1
    assert outcomes.pop()[0] > 0


def test_a_payment_matched_by_hand_settles_by_its_own_day(city: City) -> None:
    target = city.campaign()
    stray = PixPayment("E1", "UNKNOWN", Decimal(JUNE_PRICE), at("2023-06-20T10:00"))
    record_pix(city.engine, [stray], at("2023-06-20T10:00"))
    [(payment,)] = city.rows("SELECT id FROM payments")
    match(city.engine, payment, target.debt[0], "Ana", at("2023-07-01T10:00"))
    assert target.remitted == REMITTED
    assert set(target.journal) == {"payment", "remitted", "settled"}


def test_what_can_not_be_told_for_want_of_a_rate_is_judged_once_it_is_there(city: City, owner: Engine) -> None:
    table = """accrual:
  accrual: test
  title: Teste
  fine: []
  interest: [{from: 2000-01-01, source: lei, series: selic, month_of_payment: "1"}]
"""
    source = RULERS.read(REFIS)[1].replace("accrual: pindamonhangaba\n", table)
    months = [date(2022, month, 1) for month in range(6, 13)] + [date(2023, month, 1) for month in range(1, 6)]
    with city.engine.begin() as connection:
        record_rates(connection, "selic", [Rate(month, Decimal(1)) for month in months])
    target = city.campaign(source=source)
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM rates WHERE month = '2023-05-01'"))
    target.pays("1012.00", "2023-06-20T10:00")
    assert target.remissions == []
    with city.engine.begin() as connection:
        record_rates(connection, "selic", [Rate(date(2023, 5, 1), Decimal(1))])
        settle(connection, [target.debt[0]])
    assert (target.remitted, target.owes(date(2023, 6, 21))) == (Decimal("108.00"), NOTHING)


def test_a_charge_is_of_the_offered_amount_until_the_offer_is_over(city: City) -> None:
    target, bank = city.campaign(), FakePsp(today=FIRST_DAY)
    [(case,)] = city.rows("SELECT id FROM cases")
    for now in ("2023-06-20T10:00", "2023-06-23T16:00", "2023-06-23T16:01"):
        bring_up_to_date(city.engine, bank.client(), case, at(now))
        amount, due = ("1320.00", date(2023, 6, 30)) if now.endswith("01") else (JUNE_PRICE, date(2023, 6, 23))
        found = city.rows("SELECT amount, due FROM charges WHERE debt = :debt AND state = 'open'", debt=target.debt[0])
        assert found == [(Decimal(amount), due)]


def test_the_page_behind_a_link_shows_the_offer_while_it_is_open(city: City) -> None:
    city.campaign()
    [(case,)] = city.rows("SELECT id FROM cases")
    with city.engine.connect() as connection:
        shown = {
            now: bytes(pay_page(page).body).decode()
            for now in ("2023-06-23T16:00", "2023-06-23T16:01")
            if (page := read_pay_page(connection, case, at(now)))
        }
    for written in ("Anistia 2023: até 23/06/2023 às 16:00", "R$ 1.032,00", "em 6 parcelas de R$ 182,67"):
        assert [written in page for page in shown.values()] == [True, False]
    assert ["R$ 1.320,00" in page for page in shown.values()] == [True, True]


def test_nobody_is_in_two_rulers_at_once_and_the_second_says_whom_it_leaves_out(city: City) -> None:
    city.campaign()
    other = city.owes()
    assert city.starts(REGISTERED, name="second") == 1
    assert city.rows("SELECT taxpayer FROM cases WHERE cohort = 'second'") == [(other,)]
    read = shipped(REGISTERED)
    assert foresee(city.engine, read, Selection(), FIRST_DAY)["already_open"] == 2
    with city.engine.begin() as connection:
        connection.execute(
            text("UPDATE cases SET status = 'ended', closed_at = clock_timestamp() WHERE cohort <> 'second'")
        )
    assert city.starts(REGISTERED, name="third") == 1


class TestTheHourComesLater:
    """A bank's file tells the day of a Pix alone; the webhook tells the hour, afterwards."""

    def paid_at_the_bank(self, city: City) -> Target:
        target = city.campaign()
        target.pays_at_the_bank(JUNE_PRICE, date(2023, 6, 23), reported="2023-06-26T08:00", by_pix=True)
        assert target.remitted == REMITTED
        return target

    def test_what_was_in_time_stays_settled(self, city: City) -> None:
        target = self.paid_at_the_bank(city)
        target.pays(JUNE_PRICE, "2023-06-23T15:59")
        assert target.remitted == REMITTED
        assert city.rows("SELECT hour_known, paid_at FROM payments") == [(True, at("2023-06-23T15:59"))]

    def test_a_case_that_was_closed_for_it_is_opened_again(self, city: City) -> None:
        target = self.paid_at_the_bank(city)
        with city.engine.begin() as connection:
            connection.execute(text("UPDATE cases SET status = 'resolved', closed_at = now()"))
        target.pays(JUNE_PRICE, "2023-06-23T16:05")
        assert target.remitted == 0
        assert city.rows("SELECT status, closed_at FROM cases") == [("running", None)]
        assert "reopened" in target.journal

    def test_a_second_look_changes_nothing(self, city: City) -> None:
        target = self.paid_at_the_bank(city)
        id = target.pays(JUNE_PRICE, "2023-06-23T16:05")
        told = city.rows("SELECT count(*) FROM outbox"), target.journal
        target.pays(JUNE_PRICE, "2023-06-23T16:05", id=id)
        assert (city.rows("SELECT count(*) FROM outbox"), target.journal) == told


# ---- in instalments


def agreed(target: Target, count: int, on: str) -> str:
    wanted = SigningRequest(count, campaign=True)
    made, _ = sign(target.city.engine, target.case, load_policy("sao-paulo"), wanted, Actor("Ana"), "command", at(on))
    return made.id


def pays_instalment(target: Target, agreement: str, n: int) -> None:
    asked = "SELECT pix_txid, amount + interest, due FROM instalments WHERE agreement = :agreement AND n = :n"
    [(txid, amount, due)] = target.city.rows(asked, agreement=agreement, n=n)
    paid = PixPayment(f"E{fresh_key()[:31]}", txid, amount, at(f"{due}T12:00"))
    record_pix(target.city.engine, [paid], paid.paid_at)


def test_a_modality_in_instalments_is_an_agreement_whose_discount_comes_with_the_last(city: City) -> None:
    """R$ 10,000.00 due on 15/06/2022: 20 % and twelve months of 1 % on 15/06/2023, less 70 % of both."""
    target = city.campaign("10000.00")
    made = agreed(target, 6, "2023-06-15T12:00")
    [(amount, discount)] = city.rows("SELECT amount, discount FROM agreements")
    assert (amount, discount) == (Decimal("13200.00"), Decimal("2240.00"))
    for n in range(1, 7):
        assert target.remitted == 0
        pays_instalment(target, made, n)
    assert city.rows("SELECT state FROM agreements") == [("completed",)]
    assert city.rows("SELECT sum(amount) FROM remissions WHERE ground = 'agreement'") == [(Decimal("2240.00"),)]


def test_the_discount_is_lost_with_the_agreement(city: City) -> None:
    target = city.campaign("10000.00")
    made = agreed(target, 6, "2023-06-15T12:00")
    pays_instalment(target, made, 1)
    with agreement_transaction(city.engine, made, at("2023-12-01T12:00")) as tx:
        assert tx.agreed.life.state is State.BROKEN
    assert city.rows("SELECT count(*) FROM remissions") == [(0,)]


BY_LINK = "agreements: {resume: {row: h1, stage: warning}, policy: sao-paulo}"


def agree_page(target: Target, on: str) -> AgreePage:
    with target.city.engine.connect() as connection:
        found = read_agree_page(connection, target.case, at(on))
    assert found is not None
    return found


def test_the_page_of_the_link_has_a_campaign_s_modalities_beside_the_plans_of_its_policy(city: City) -> None:
    target = city.campaign("10000.00", source=f"{RULERS.read(REFIS)[1]}\n{BY_LINK}\n")
    page = agree_page(target, "2023-06-15T12:00")
    of_campaign, plain = page.offers
    # 3,200.00 of fine and interest, less 70 % and 50 %
    assert [(len(each.instalments), each.discount) for each in of_campaign.quotes] == [
        (6, Decimal("2240.00")),
        (12, Decimal("1600.00")),
    ]
    assert (of_campaign.wanted.campaign, plain.wanted.campaign) == (True, False)
    assert {each.discount for each in plain.quotes} == {NOTHING}
    shown = bytes(page_named("agree", 200, page=page, notice=None, token="nobodys").body).decode()
    assert "se ele se romper, o desconto se perde" in shown
    assert shown.count('name="campaign"') == 1


def test_after_the_campaign_the_page_of_the_link_has_its_policy_s_plans_alone(city: City) -> None:
    target = city.campaign("10000.00", source=f"{RULERS.read(REFIS)[1]}\n{BY_LINK}\n")
    assert [each.wanted.campaign for each in agree_page(target, "2023-06-23T16:01").offers] == [False]


def test_a_modality_is_signed_by_the_link(city: City) -> None:
    target = city.campaign("10000.00", source=f"{RULERS.read(REFIS)[1]}\n{BY_LINK}\n")
    sign_by_link(city.engine, target.case, SigningRequest(12, campaign=True), at("2023-06-15T12:00"))
    assert city.rows("SELECT discount, signed_via FROM agreements") == [(Decimal("1600.00"), "link")]


@pytest.mark.parametrize(("count", "on"), [(6, "2023-06-26T12:00"), (5, "2023-06-15T12:00"), (1, "2023-06-15T12:00")])
def test_what_the_offer_does_not_have_is_refused(city: City, count: int, on: str) -> None:
    target = city.campaign("10000.00")
    with pytest.raises(Refusal, match=r"no offer of a campaign is open|has modalities in 6, 12 instalments, not in"):
        agreed(target, count, on)
