"""Activities one at a time, as a worker that dies in between would run them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.testing import ActivityEnvironment

from activities.cases import CaseActivities
from activities.dependencies import Dependencies
from activities.notices import NoticeActivities
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from models.case.step import Step
from models.contact.channel import Channel
from models.payment.pix import PixPayment
from operations.cases import Acted
from operations.operation import Credentials
from storage.payments.ledger import record_pix
from tests.builders import ICMS, debt, filing, months, shipped
from tests.chance import fresh_key
from tests.workflows.town import Life, Town
from workflows.effects import Contact, EvaluationRequest, NextAction

FINAL_NOTICE_OF_H7 = 2


class Hand:
    """Does to one case what its workflow would ask for."""

    def __init__(self, life: Life, outbox: Path, post: MailGateway | None = None) -> None:
        self.life = life
        self.outbox = outbox
        self.now = datetime.now(UTC)
        dependencies = Dependencies(life.town.engine, post or MailGateway({}, FileTransport(outbox)))
        self.cases, self.notices = CaseActivities(dependencies), NoticeActivities(dependencies)

    def _run(self, effect: Callable[[Any], Any], argument: Any) -> Any:
        world = ActivityEnvironment()
        world.info = replace(world.info, started_time=self.now)
        return world.run(effect, argument)

    def look(self) -> Step:
        step: Step = self._run(self.cases.evaluate, EvaluationRequest(case=self.life.case)).next_action.step
        return step

    def notify(self, step: Step, channel: Channel = "email", rung_channel: Channel | None = None) -> NextAction:
        contact = Contact(case=self.life.case, step=step, channel=channel, rung_channel=rung_channel or channel)
        next_action: NextAction = self._run(self.notices.notify, contact)
        return next_action

    def acts(self, does: Callable[[Engine, Credentials, str, datetime], Acted]) -> Step:
        """Ana acts on the case, and it looks at its record."""
        does(self.life.town.engine, Credentials("Ana"), self.life.case, self.now)
        return self.look()

    def climb(self, rungs: int) -> Step:
        """Does that many rungs, and says which is next."""
        step = self.look()
        for _ in range(rungs):
            self.wait_for(step)
            step = self.notify(step).step
        return step

    def wait_for(self, step: Step) -> None:
        assert step.on is not None
        due = self.life.clock.instant_of(step.on, 0.5)
        assert due is not None
        self.now = due

    def pay(self, amount: str, period: str) -> None:
        query = f"""SELECT pix_txid FROM debts JOIN debtors ON debtors.debt = debts.id
                    WHERE taxpayer = :who AND period = '{period}'"""
        payment = PixPayment(f"E{fresh_key()[:31]}", self.life.rows(query)[0][0], Decimal(amount), self.now)
        record_pix(self.life.town.engine, [payment], self.now)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.outbox.iterdir())


@pytest.fixture
async def hand(town: Town, tmp_path: Path) -> Hand:
    owed = [debt(period) for period in months(3)]
    [life] = await town.begin((owed, [filing(period) for period in months(3)]), start=False)
    return Hand(life, tmp_path / "outbox")


def notices(hand: Hand, columns: str) -> list[tuple[object, ...]]:
    return hand.life.rows(f'SELECT {columns} FROM notices WHERE "case" = :case ORDER BY step, channel')


async def test_a_notice_asked_for_twice_leaves_once(hand: Hand) -> None:
    first = hand.look()
    hand.wait_for(first)
    hand.notify(first)
    hand.notify(first)
    assert len(hand.files) == 1
    assert notices(hand, "step, channel, status") == [(0, "email", "sent")]


async def test_a_notice_claimed_by_a_worker_that_died_leaves_after_all(hand: Hand) -> None:
    first = hand.look()
    hand.wait_for(first)
    hand.outbox.write_text("a file where the folder should be")
    with pytest.raises(FileExistsError):
        hand.notify(first)
    assert notices(hand, "status") == [("claimed",)]
    hand.outbox.unlink()
    hand.notify(first)
    assert notices(hand, "status") == [("sent",)]
    assert len(hand.files) == 1


async def test_a_rung_that_was_paid_for_is_not_done(hand: Hand) -> None:
    first = hand.look()
    hand.wait_for(first)
    await hand.life.pays_everything()
    assert hand.notify(first).step.action == "resolve"
    assert notices(hand, "id") == []


async def test_a_rung_is_not_done_before_its_day(hand: Hand) -> None:
    second = hand.climb(1)
    assert second.on is not None
    early = second.model_copy(update={"on": second.on - timedelta(days=1)})
    assert hand.notify(early).step == second
    assert len(notices(hand, "id")) == 1


async def test_both_channels_of_a_rung_carry_one_day(hand: Hand) -> None:
    final = hand.climb(FINAL_NOTICE_OF_H7)
    assert final.row is not None
    assert final.rung is not None
    assert shipped(ICMS).rung(final.row, final.rung).channels == ("email", "sms")
    hand.wait_for(final)
    hand.notify(final, "email")
    hand.now += timedelta(days=3) * float(hand.life.clock.day_seconds / 86_400)
    hand.pay("1000.00", months(3)[0])
    hand.look()
    assert hand.life.journal[-1] == "reanchored"
    hand.notify(final, "sms")
    [email, sms] = notices(hand, "at")[-2:]
    assert email == sms
