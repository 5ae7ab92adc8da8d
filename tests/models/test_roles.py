from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.roles import DUTIES, Actor, Role, SignInAnew, must_be_allowed, must_be_fresh

ANA, BIA, CAIO = Actor("ana", Role.ANALYST), Actor("bia", Role.SUPERVISOR), Actor("caio", Role.AUDITOR)
DORA = Actor("dora", Role.AGENT)
NOBODY = Actor("root")
ALL = frozenset(Role)

actors = st.builds(Actor, st.just("somebody"), st.sampled_from([None, *Role]))


@given(st.sampled_from(sorted(DUTIES)), actors)
def test_without_tokens_everybody_may_do_everything(command: str, actor: Actor) -> None:
    must_be_allowed(command, actor, frozenset())


@given(st.sampled_from(sorted(DUTIES)), st.sets(st.sampled_from(Role), min_size=1).map(frozenset))
def test_once_one_is_in_force_nobody_may_without(command: str, in_force: frozenset[Role]) -> None:
    if command.startswith("token ") and Role.SUPERVISOR not in in_force:
        must_be_allowed(command, NOBODY, in_force)
        return
    with pytest.raises(Refusal, match=f"`{command}` needs a token of role .*; set REGUA_TOKEN to yours"):
        must_be_allowed(command, NOBODY, in_force)


@given(st.sampled_from(sorted(DUTIES)))
def test_a_supervisor_may_do_all_that_an_analyst_may(command: str) -> None:
    must_be_allowed(command, BIA, ALL)


CHANGING = sorted(name for name in DUTIES if not name.endswith("reveal") and name != "session end")


@given(st.sampled_from(CHANGING))
def test_an_auditor_changes_nothing(command: str) -> None:
    with pytest.raises(Refusal, match="caio's is auditor"):
        must_be_allowed(command, CAIO, ALL)


@pytest.mark.parametrize("command", ["case approve", "case reject", "token issue", "token revoke", "made up"])
def test_an_analyst_judges_nothing(command: str) -> None:
    with pytest.raises(Refusal, match="needs a token of role supervisor; ana's is analyst"):
        must_be_allowed(command, ANA, ALL)


def test_who_is_signed_in_has_a_role_also_while_no_token_was_issued() -> None:
    signed_in = replace(ANA, signed_in_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    with pytest.raises(Refusal, match="ana's is analyst"):
        must_be_allowed("case approve", signed_in, frozenset())


@pytest.mark.parametrize(("minutes", "fresh"), [(0, True), (15, True), (16, False), (480, False)])
@pytest.mark.parametrize("duty", ["case approve", "case step"])
def test_a_suspension_and_what_leads_to_court_want_a_fresh_sign_in(duty: str, minutes: int, fresh: bool) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    bia = replace(BIA, signed_in_at=at)
    with nullcontext() if fresh else pytest.raises(SignInAnew, match="the last 15 minutes"):
        must_be_fresh(duty, bia, at + timedelta(minutes=minutes))
    must_be_fresh("case pause", bia, at + timedelta(minutes=minutes))
    must_be_fresh(duty, BIA, at + timedelta(minutes=minutes))


def test_an_agent_talks_to_taxpayers_and_reads_no_log() -> None:
    for duty in ("case contact", "case hardship", "case review", "task done", "case show --reveal"):
        must_be_allowed(duty, DORA, ALL)
    for duty in ("case hold", "case pause", "case step", "cohort start", "payments match"):
        with pytest.raises(Refusal, match="dora's is agent"):
            must_be_allowed(duty, DORA, ALL)


def test_everybody_with_a_token_may_see_a_tax_id() -> None:
    for actor in (ANA, BIA, CAIO, DORA):
        must_be_allowed("case show --reveal", actor, ALL)
