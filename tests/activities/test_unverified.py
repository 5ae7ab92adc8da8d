"""An example is never truly sent: a worker with a provider's keys refuses what began without one."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update
from temporalio.exceptions import ApplicationError

from storage.case.cases import read_case
from storage.schema import cohorts
from tests.builders import FACTS, ICMS
from tests.record_world import Street

NOTICES = 'SELECT id FROM notices WHERE "case" = :case ORDER BY id'


def street(engine: Engine, providers: bool, unverified: bool) -> Street:
    made = Street(engine, ICMS, [FACTS["h1"]], compressed=False, providers=providers, shared=False)
    with engine.begin() as connection:
        connection.execute(update(cohorts).where(cohorts.c.name == made.cohort.name).values(unverified=unverified))
    return made


def test_an_example_is_refused_by_the_worker_that_would_truly_send_it(engine: Engine) -> None:
    made = street(engine, providers=True, unverified=True)
    [life] = made.lives
    before = life.rows(NOTICES)
    made.goes_on()
    assert life.rows(NOTICES) == before
    assert life.tries_again_at == made.now + timedelta(hours=1)
    with engine.connect() as connection:
        case = read_case(connection, life.case)
    with pytest.raises(ApplicationError, match=f"{ICMS} v1 is an example, which nobody has verified") as refused:
        made.notices.dependencies.adapter(case, "email")
    assert refused.value.type == "Unverified"


@pytest.mark.parametrize(("providers", "unverified"), [(False, True), (True, False)])
def test_it_becomes_a_file_without_a_provider_and_a_cohort_of_before_goes_on(
    engine: Engine, providers: bool, unverified: bool
) -> None:
    made = street(engine, providers, unverified)
    [life] = made.lives
    before = life.rows(NOTICES)
    made.goes_on()
    assert len(life.rows(NOTICES)) == len(before) + 1


@pytest.mark.parametrize(("unverified", "sent"), [(True, 0), (False, 1)])
def test_nor_is_a_receipt_of_one(engine: Engine, unverified: bool, sent: int) -> None:
    made = street(engine, providers=True, unverified=unverified)
    [life] = made.lives
    [(txid, amount)] = life.rows("SELECT pix_txid, balance FROM debts JOIN debtors ON debt = id WHERE taxpayer = :who")
    made.pays(txid, amount)
    made.rest()
    assert life.rows("SELECT count(*) FROM notices WHERE \"case\" = :case AND kind = 'receipt'") == [(sent,)]
