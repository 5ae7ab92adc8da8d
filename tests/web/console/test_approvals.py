"""A suspension is judged on its page: on exactly what is shown, by other eyes, freshly signed in; then the next."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from models.roles import Role
from tests.builders import FACTS, ICMS
from tests.record_world import STARTED_BY, Street
from tests.web.console.console_world import browser, signed_in_as

OWED = """SELECT inscription FROM debts JOIN debtors ON debt = id
    WHERE taxpayer = (SELECT taxpayer FROM cases WHERE id = :case)"""

QUEUE = "/console/waiting/awaiting_approval"


def two_awaiting_approval(engine: Engine) -> Street:
    """Two cases that await the approval of a suspension today, by the clock of this machine."""
    street = Street(engine, ICMS, [FACTS["h8"]] * 2, compressed=True, providers=False, shared=False)
    while not all(life.status == "awaiting_approval" for life in street.lives):
        street.goes_on()
    moved = street.clock.model_copy(update={"origin_wall": street.clock.origin_wall + (datetime.now(UTC) - street.now)})
    with engine.begin() as connection:
        connection.execute(text("UPDATE cohorts SET clock = CAST(:clock AS jsonb)"), {"clock": moved.model_dump_json()})
    return street


@pytest.fixture
def street(engine: Engine) -> Street:
    return two_awaiting_approval(engine)


def seen_in(html: str) -> str:
    [seen] = re.findall(r'name="seen" value="([0-9a-f]{64})"', html)
    return str(seen)


def acts(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        return [(row.kind, row.case, row.who) for row in connection.execute(text('SELECT kind, "case", who FROM acts'))]


def last_day_of(street: Street, case: str) -> tuple[str, str]:
    """The last day of the defence and the first of the act, as the journal told them when approval was asked for."""
    asked = """SELECT reason FROM decisions WHERE "case" = :case AND kind = 'approval_asked'"""
    with street.engine.connect() as connection:
        reason = connection.execute(text(asked), {"case": case}).scalar_one()
    [(last, first)] = re.findall(r"(\d\d/\d\d/\d{4})[^,/]*, ato a partir de (\d\d/\d\d/\d{4})", reason)
    return last, first


async def test_it_shows_by_credit_all_that_the_approval_rests_on(engine: Engine, street: Street) -> None:
    case = street.lives[0].case
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        shown = (await http.get(f"/console/approvals/{case}")).text
    for day in last_day_of(street, case):
        assert f">{day}" in shown
    owed = street.lives[0].rows(OWED)
    assert all(inscription in shown for (inscription,) in owed)
    assert shown.count('class="tag bad">no ato') == len(owed)
    assert f"iniciado por {STARTED_BY}" in shown
    assert "Nada, pelo registro" in shown


async def test_an_approval_is_of_what_was_shown_and_leads_to_the_next(engine: Engine, street: Street) -> None:
    first, second = sorted(life.case for life in street.lives)
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        shown = await http.get(f"/console/approvals/{first}")
        blank = await http.post(f"/console/approvals/{first}/approve", data={"seen": seen_in(shown.text)})
        assert (blank.status_code, "diga por quê" in blank.text) == (422, True)
        wrong = await http.post(f"/console/approvals/{first}/approve", data={"seen": "0" * 64, "reason": "conferido"})
        assert (wrong.status_code, "nada foi decidido" in wrong.text) == (409, True)
        assert acts(engine) == []
        form = {"seen": seen_in(shown.text), "reason": "conferido"}
        approved = await http.post(f"/console/approvals/{first}/approve", data=form)
        assert approved.headers["location"] == f"/console/approvals/{second}?decided=approved"
        further = (await http.get(approved.headers["location"])).text
        rejected = await http.post(
            f"/console/approvals/{second}/reject", data={"seen": seen_in(further), "reason": "há defesa em papel"}
        )
        assert rejected.headers["location"] == QUEUE
        assert "Nada espera aprovação neste caso" in (await http.get(f"/console/approvals/{second}")).text
    assert acts(engine) == [("approve", first, "bia"), ("reject", second, "bia")]


@pytest.mark.parametrize("word", ["approve", "reject"])
async def test_what_changed_meanwhile_is_not_judged(engine: Engine, street: Street, word: str) -> None:
    case = street.lives[0].case
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        seen = seen_in((await http.get(f"/console/approvals/{case}")).text)
        with engine.begin() as connection:
            connection.execute(text("UPDATE debts SET received = 1"))
        refused = await http.post(f"/console/approvals/{case}/{word}", data={"seen": seen, "reason": "conferido"})
    assert refused.status_code == 409
    assert ">conferido</textarea>" in refused.text
    assert acts(engine) == []


async def test_who_started_the_cohort_is_told_before_the_buttons(engine: Engine, street: Street) -> None:
    case = street.lives[0].case
    async with browser(engine, signed_in_as(engine, STARTED_BY, Role.SUPERVISOR)) as http:
        shown = (await http.get(f"/console/approvals/{case}")).text
        assert "quatro olhos" in shown
        assert "/approve" not in shown
        refused = await http.post(
            f"/console/approvals/{case}/approve", data={"seen": seen_in(shown), "reason": "conferido"}
        )
        assert refused.status_code == 409
    assert acts(engine) == []


async def test_an_approval_wants_a_fresh_sign_in(engine: Engine, owner: Engine, street: Street) -> None:
    case = street.lives[0].case
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        with owner.begin() as connection:
            connection.execute(text("UPDATE sessions SET signed_in_at = signed_in_at - interval '16 minutes'"))
        shown = (await http.get(f"/console/approvals/{case}")).text
        assert f'href="/console/sign-in?next=/console/approvals/{case}"' in shown
        assert "/approve" not in shown
        sent = await http.post(
            f"/console/approvals/{case}/approve", data={"seen": seen_in(shown), "reason": "conferido"}
        )
        assert sent.headers["location"].startswith("/console/sign-in")
    assert acts(engine) == []


@pytest.mark.parametrize(("role", "status"), [(Role.ANALYST, 200), (Role.AUDITOR, 200), (Role.AGENT, 403)])
async def test_others_see_what_they_may_and_judge_nothing(
    engine: Engine, street: Street, role: Role, status: int
) -> None:
    case = street.lives[0].case
    async with browser(engine, signed_in_as(engine, "eva", role)) as http:
        shown = await http.get(f"/console/approvals/{case}")
        assert (shown.status_code, "<textarea" in shown.text) == (status, False)
        for word in ("approve", "reject"):
            sent = await http.post(f"/console/approvals/{case}/{word}", data={"reason": "conferido"})
            assert sent.status_code == 403
    assert acts(engine) == []
