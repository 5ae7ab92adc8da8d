"""One town for the session: a server that skips time, the real worker, relay and PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from sqlalchemy import Engine

from storage.engine import connect
from tests.chance import fresh_key
from tests.conftest import for_app, of_database
from tests.workflows.town import Town, keep_histories, skipping_time

RECORDED = {
    "test_every_hypothesis_climbs_rung_by_rung_to_the_suspension": "climb",
    "test_registered_debt_climbs_to_referral": "referral",
    "test_a_reversal_opens_a_resolved_case_again_where_it_stood": "reversal",
    "test_a_return_filed_unpaid_goes_on_in_the_row_of_the_unpaid": "reclassification",
    "test_hardship_moves_h1_to_h2_once": "hardship",
    "test_a_pause_leaves_the_remaining_wait": "pause",
    "test_a_rejected_suspension_is_asked_for_again_after_the_wait_and_may_be_approved": "rejection",
    "test_suspended_and_paid_gives_the_benefits_back_and_resolves": "reinstatement",
    "test_a_broken_agreement_resumes_the_ruler_at_its_row_and_rung_with_what_is_left": "default",
    "test_all_paid_completes_it_and_the_case_resolves_with_the_discount_remitted": "completion",
    "test_the_taxpayer_signs_on_the_page_behind_his_link": "link",
    "test_cancelling_gives_the_benefits_back": "cancellation",
    "test_a_hold_ends_by_itself_and_the_case_goes_on_with_the_remaining_wait": "hold",
    "test_a_defence_stops_the_suspension_until_it_is_rejected": "defence",
    "test_the_notice_of_cadin_runs_its_thirty_days_before_a_suit": "court",
    "test_a_paused_cohort_sends_nothing_and_goes_on_with_the_waits_that_were_left": "lifecycle",
}
"""The lives whose histories are kept, by the name of their test."""


@pytest.fixture(scope="session")
def town_database(postgres: str) -> Iterator[str]:
    name = f"town_{fresh_key()[:12]}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
        yield for_app(of_database(postgres, name))
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def town_engine(town_database: str) -> Iterator[Engine]:
    engine = connect(town_database, pool=30)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
async def whole_town(
    town_database: str, town_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    async with skipping_time() as env:
        town = Town(env, town_database, town_engine, tmp_path_factory.mktemp("outbox"))
        async with town.at_work():
            yield town


@pytest.fixture
async def town(whole_town: Town, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """The town for one test: the lives begun in it end with it, and leave their histories if asked to."""
    yield whole_town
    if request.node.name in RECORDED:
        await keep_histories(whole_town, RECORDED[request.node.name])
    await whole_town.forget()
