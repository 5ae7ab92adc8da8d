import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.roles import DUTIES, Actor, Role, must_be_allowed

ANA, BIA, CAIO = Actor("ana", Role.ANALYST), Actor("bia", Role.SUPERVISOR), Actor("caio", Role.AUDITOR)
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


@given(st.sampled_from(sorted(command for command in DUTIES if not command.endswith("--reveal"))))
def test_an_auditor_changes_nothing(command: str) -> None:
    with pytest.raises(Refusal, match="caio's is auditor"):
        must_be_allowed(command, CAIO, ALL)


@pytest.mark.parametrize("command", ["case approve", "case reject", "token issue", "token revoke", "made up"])
def test_an_analyst_judges_nothing(command: str) -> None:
    with pytest.raises(Refusal, match="needs a token of role supervisor; ana's is analyst"):
        must_be_allowed(command, ANA, ALL)


def test_everybody_with_a_token_may_see_a_tax_id() -> None:
    for actor in (ANA, BIA, CAIO):
        must_be_allowed("case show --reveal", actor, ALL)
