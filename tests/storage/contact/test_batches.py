"""Letters and editals on record: each notice in one batch, what its receipt or its publication serves, and what not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, update

from models.contact.post import Outcome
from models.contact.receipt_code import receipt_code
from models.errors import Refusal
from storage.case.cases import read_case
from storage.case.transaction import case_transaction
from storage.contact.batches import read_batch
from storage.law.annulments import Mistake, annul
from storage.law.service import prove_service
from storage.schema import cases, debts, notice_credits
from tests.post_world import ADDRESS, LATER, POSTED, PostWorld, at


@pytest.fixture
def world(engine: Engine) -> PostWorld:
    return PostWorld(engine)


@pytest.fixture
def letter(world: PostWorld) -> tuple[str, str, int]:
    """A case, its letter that was posted, and the letter's number."""
    case, notice = world.waiting()
    return case, notice, world.closed().batch.notices[0].number


class TestBatches:
    def test_a_letter_is_posted_by_its_batch(self, world: PostWorld) -> None:
        case, notice = world.waiting()
        [page] = world.closed().batch.notices
        assert (page.addressee, page.address) == ("Padaria Exemplo", ADDRESS)
        assert world.of(notice, "status, provider_id") == ("sent", receipt_code(page.number))
        assert world.rows("SELECT left_on FROM batched_notices") == [(POSTED,)]
        assert world.journal() == [(case, "notice_posted")]

    def test_each_letter_is_in_one_batch_whoever_closes_them_at_once(self, world: PostWorld) -> None:
        wait = {world.waiting()[1] for _ in range(6)}

        def close(_: int) -> list[str]:
            try:
                return [page.notice for page in world.closed().batch.notices]
            except Refusal:
                return []

        with ThreadPoolExecutor(4) as people:
            posted = [notice for batch in people.map(close, range(4)) for notice in batch]
        assert sorted(posted) == sorted(wait)

    def test_a_batch_is_read_again_as_it_was(self, world: PostWorld) -> None:
        world.waiting()
        closed = world.closed()
        world.waiting()
        world.closed()
        with world.engine.connect() as connection:
            assert read_batch(connection, "letter", closed.batch.id) == closed.batch

    def test_what_was_paid_meanwhile_is_withdrawn_and_a_paused_case_waits(self, world: PostWorld) -> None:
        _, paid = world.waiting()
        paused, kept = world.waiting()
        _, gone = world.waiting()
        owed = notice_credits.select().where(notice_credits.c.notice == paid)
        with world.engine.begin() as connection:
            debt = connection.execute(owed).one().debt
            connection.execute(update(debts).where(debts.c.id == debt).values(received=1000))
            blocked = {"status": "paused", "blocks": [{"kind": "paused", "reason": "pausado"}]}
            connection.execute(update(cases).where(cases.c.id == paused).values(blocked))
        closed = world.closed()
        assert ([page.notice for page in closed.batch.notices], closed.withdrawn, closed.waiting) == ([gone], 1, 1)
        assert world.of(paid, "status, failure") == ("failed", "nada mais a cobrar por ela antes de sair")
        assert world.of(kept, "status") == ("queued",)

    def test_an_example_truly_posts_nothing(self, engine: Engine) -> None:
        world = PostWorld(engine, "example: true")
        world.waiting()
        with pytest.raises(Refusal, match="which is an example: nobody has verified that"):
            world.closed()

    def test_nothing_is_no_batch(self, world: PostWorld) -> None:
        world.notified("letter", status="sent")
        with pytest.raises(Refusal, match="no letter waits to be posted"):
            world.closed()


class TestReceipts:
    def test_a_letter_serves_on_the_date_of_its_receipt(self, world: PostWorld, letter: tuple[str, str, int]) -> None:
        case, notice, number = letter
        assert world.came(number, Outcome.DELIVERED, date(2026, 11, 9))
        served = (date(2026, 11, 9), "Ana", f"AR {receipt_code(number)}", "delivered")
        assert world.of(notice, "served_on, served_by, served_reference, status") == served
        assert (case, "notice_served") in world.signals()

    def test_nobody_was_served_it_before_its_posting(self, world: PostWorld, letter: tuple[str, str, int]) -> None:
        case, notice, _ = letter
        [(posted,)] = world.rows("SELECT left_on FROM batched_notices")
        before, today = posted - timedelta(days=1), posted + timedelta(days=1)
        with world.engine.begin() as connection:
            record = read_case(connection, case)
            with pytest.raises(Refusal, match=f"between the notice's day {posted} and today"):
                prove_service(connection, record, notice, before, "AR 1", "ana", today)

    def test_without_a_date_it_serves_fifteen_days_after_posting(
        self, world: PostWorld, letter: tuple[str, str, int]
    ) -> None:
        """Thu 05/11 and fifteen continuous days are Fri 20/11, a day off: Mon 23/11."""
        case, notice, number = letter
        assert world.came(number, Outcome.DELIVERED, None, date(2026, 11, 12))
        assert world.of(notice, "served_on, deemed_on, deemed_by") == (
            None,
            date(2026, 11, 23),
            "Decreto 70.235/1972, art. 23, II",
        )
        assert world.signals() == [(case, "service_foreseen")]

    @pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.DELIVERED])
    def test_a_letter_that_reached_nobody_is_lost(
        self, world: PostWorld, letter: tuple[str, str, int], outcome: Outcome
    ) -> None:
        case, notice, number = letter
        world.came(number, outcome)
        status = "bounced" if outcome in ("moved", "unknown", "insufficient") else "failed"
        assert world.of(notice, "status, served_on") == (status, None)
        assert (case, "notice_lost") in world.signals()
        suppressed = world.rows("SELECT channel, address FROM suppressed_contacts")
        assert suppressed == ([("letter", ADDRESS)] if status == "bounced" else [])

    @pytest.mark.parametrize(
        ("on", "why"), [(date(2026, 11, 4), "is before the day of letter"), (date(2026, 11, 28), "is in the future")]
    )
    def test_days_that_cant_be_are_refused(
        self, world: PostWorld, letter: tuple[str, str, int], on: date, why: str
    ) -> None:
        with pytest.raises(Refusal, match=why):
            world.came(letter[2], Outcome.DELIVERED, on)
        assert world.of(letter[1], "served_on, status") == (None, "sent")

    def test_the_same_again_changes_nothing_and_something_else_is_refused(
        self, world: PostWorld, letter: tuple[str, str, int]
    ) -> None:
        world.came(letter[2], Outcome.ABSENT)
        assert not world.came(letter[2], Outcome.ABSENT)
        with pytest.raises(Refusal, match=r"on record as not handed over \(ausente\)"):
            world.came(letter[2], Outcome.DELIVERED, date(2026, 11, 9))

    def test_an_unknown_code_is_refused(self, world: PostWorld, letter: tuple[str, str, int]) -> None:
        with pytest.raises(Refusal, match="there is no letter AR"):
            world.came(letter[2] + 1, Outcome.ABSENT)

    def test_a_receipt_that_was_annulled_is_registered_anew(
        self, world: PostWorld, letter: tuple[str, str, int]
    ) -> None:
        case, notice, number = letter
        world.came(number, Outcome.DELIVERED, date(2026, 11, 9))
        annul(world.engine, case, Mistake.SERVICE, notice, "Bia", "AR de outro", at(LATER))
        assert world.came(number, Outcome.DELIVERED, date(2026, 11, 10))
        assert world.of(notice, "served_on") == (date(2026, 11, 10),)


class TestPublication:
    def test_an_edital_serves_fifteen_days_after_it(self, world: PostWorld) -> None:
        """Published Thu 05/11: Mon 23/11, since 20/11 is a day off."""
        case, notice = world.waiting("gazette", address=None)
        edital = world.closed("gazette").batch.id
        assert world.of(notice, "status") == ("queued",)
        assert world.published(edital) == 1
        assert world.of(notice, "status, deemed_on") == ("sent", date(2026, 11, 23))
        with case_transaction(world.engine, case, at(LATER)) as tx:
            [formal] = tx.facts.formal_notices
        assert formal.deemed_on == date(2026, 11, 23)

    def test_is_registered_once_and_after_an_annulment_anew(self, world: PostWorld) -> None:
        case, notice = world.waiting("gazette", address=None)
        edital = world.closed("gazette").batch.id
        world.published(edital)
        with pytest.raises(Refusal, match="is on record as published"):
            world.published(edital)
        done = annul(world.engine, case, Mistake.SERVICE, notice, "Bia", "outra edição", at(LATER))
        assert "prevista para 23/11/2026" in done.what
        assert world.published(edital, date(2026, 11, 10)) == 1
        assert world.of(notice, "deemed_on") == (date(2026, 11, 25),)

    @pytest.mark.parametrize("on", [date(2026, 11, 2), date(2026, 11, 28)])
    def test_a_day_that_cant_be_is_refused(self, world: PostWorld, on: date) -> None:
        world.waiting("gazette", address=None)
        edital = world.closed("gazette").batch.id
        with pytest.raises(Refusal, match=r"before the day of|in the future"):
            world.published(edital, on)
        assert world.signals() == []

    def test_an_edital_that_isnt_there_is_refused(self, world: PostWorld) -> None:
        with pytest.raises(Refusal, match="there is no batch 999999"):
            world.published(999999)


def test_letters_and_editals_have_numbers_of_their_own(world: PostWorld) -> None:
    world.waiting()
    letters = world.closed().batch
    with world.engine.connect() as connection, pytest.raises(Refusal, match="`gazette list`"):
        read_batch(connection, "gazette", letters.id)
