"""A workflow that is lost between two notices of one contact: the next one sends the rest, unless it is overtaken."""

from datetime import timedelta
from typing import Literal

import pytest
from sqlalchemy import Engine, update

from models.case.step import Action
from models.contact.delivery import Progress
from models.law.requests import RequestKind
from models.ruler.schema import Stage
from storage.case.people import suppress_contact
from storage.law.requests import answer_request, record_request
from storage.schema import cases
from tests.builders import FACTS, ICMS
from tests.record_world import FAR, Life, Street
from workflows.effects import Contact, EvaluationRequest

First = Literal["domicile", "email"]


def left_by_halves(engine: Engine, first: First = "email") -> Life:
    """A persistent defaulter's formal notice, which left by one of its two channels when the workflow was lost."""
    street = Street(engine, ICMS, [FACTS["h8"]] * 2, compressed=False, providers=True, shared=False)
    # the turn of the second comes later in the day
    life = street.lives[1]
    assert life.next_action
    assert life.next_action.runs_at
    street.worker.now = life.next_action.runs_at
    step = life.next_action.step
    assert {route.channel for route in step.routes} == {"domicile", "email"}
    street.worker.run(street.notices.notify, Contact(case=life.case, step=step, channel=first, rung_channel=first))
    life.loses_its_workflow()
    return life


def times_left(life: Life) -> dict[str, int]:
    """How often each channel was handed its notice."""
    carriers = life.street.carriers
    had = {channel: carriers[channel].had[f"{life.case}-00-{channel}"] for channel in ("email", "domicile")}
    return {channel: times for channel, times in had.items() if times}


@pytest.mark.parametrize("first", ["domicile", "email"])
def test_the_other_notice_leaves_once_the_workflow_is_back(engine: Engine, first: First) -> None:
    life = left_by_halves(engine, first)
    life.street.rest()
    assert times_left(life) == {"email": 1, "domicile": 1}


def test_another_workflow_lost_after_it_sends_nothing_twice(engine: Engine) -> None:
    life = left_by_halves(engine)
    life.street.rest()
    life.loses_its_workflow()
    life.street.rest()
    assert times_left(life) == {"email": 1, "domicile": 1}


def test_it_waits_for_the_contact_hours_when_the_workflow_is_back_at_night(engine: Engine) -> None:
    life = left_by_halves(engine, "domicile")
    life.street.worker.now = life.street.now.replace(hour=3) + timedelta(days=1)
    life.street.rest()
    assert times_left(life) == {"domicile": 1}
    life.street.goes_on()
    assert times_left(life) == {"email": 1, "domicile": 1}


def test_it_stays_where_it_is_once_all_is_paid(engine: Engine) -> None:
    life = left_by_halves(engine)
    for txid, balance in life.rows("SELECT pix_txid, balance FROM debts WHERE tax = :tax"):
        life.street.pays(txid, balance)
    life.street.rest()
    assert times_left(life) == {"email": 1}


def test_it_leaves_no_more_by_a_channel_whose_address_failed_since(engine: Engine) -> None:
    life = left_by_halves(engine, "domicile")
    with engine.begin() as connection:
        [(email,)] = life.rows("SELECT email FROM taxpayers WHERE id = :who")
        suppress_contact(connection, life.taxpayer, "email", email, "caixa inexistente")
    life.street.rest()
    assert times_left(life) == {"domicile": 1}


def test_it_waits_while_all_of_it_is_contested(engine: Engine) -> None:
    life = left_by_halves(engine)
    kind = RequestKind.CONTEST
    record_request(engine, life.case, kind, "ana", "protocolo 1", life.street.now)
    life.street.rest()
    assert times_left(life) == {"email": 1}
    answer_request(engine, life.case, kind, "denied", "bia", "parecer 1", life.street.now)
    life.street.rest()
    assert times_left(life) == {"email": 1, "domicile": 1}


def test_it_waits_while_the_case_is_paused(engine: Engine) -> None:
    life = left_by_halves(engine)
    with engine.begin() as connection:
        connection.execute(update(cases).values(paused_by="ana", paused_on=life.street.today))
    life.street.rest()
    assert times_left(life) == {"email": 1}
    with engine.begin() as connection:
        connection.execute(update(cases).values(paused_by=None, paused_on=None))
    life.news = True
    life.street.rest()
    assert times_left(life) == {"email": 1, "domicile": 1}


def test_no_suspension_is_asked_for_while_a_notice_of_the_last_contact_is_still_to_leave(engine: Engine) -> None:
    """Its workflow is back after a long outage, when the term of the notice before is over: the final notice, which
    left by the channel that carries no act alone, goes first, and is served."""
    street = Street(engine, ICMS, [FACTS["h8"]] * 2, compressed=False, providers=True, shared=False)
    life = street.lives[1]
    street.goes_on()
    street.reports(f"{life.case}-00-domicile", "domicile", Progress.READ)
    street.rest()
    assert life.next_action
    step = life.next_action.step
    assert step.stage is Stage.FINAL_NOTICE
    street.worker.now = life.next_action.runs_at or FAR
    street.worker.run(street.notices.notify, Contact(case=life.case, step=step, channel="sms", rung_channel="sms"))
    street.worker.now += timedelta(days=84)
    back = street.worker.run(street.cases.evaluate, EvaluationRequest(case=life.case))
    assert back.next_action.step.action is Action.ASK_APPROVAL
    put_off = street.worker.run(street.cases.ask_approval, life.case)
    assert put_off.runs_at > street.worker.now
    assert asked_for(life) == 0
    life.loses_its_workflow()
    street.rest()
    assert life.rows('SELECT count(*) FROM notices WHERE "case" = :case AND step = 1') == [(3,)]
    assert asked_for(life) == 0
    assert life.next_action.step.action is not Action.ASK_APPROVAL


def asked_for(life: Life) -> int:
    [(count,)] = life.rows("SELECT count(*) FROM decisions WHERE \"case\" = :case AND kind = 'approval_asked'")
    return int(count)
