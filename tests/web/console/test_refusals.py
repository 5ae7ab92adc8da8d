"""The refusals of operations are told in Portuguese where people meet them, whatever names and days stand in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from models.case.blocks import Block, Situation
from models.case.commands import Act, check_defence, must_be_possible, must_have_been, to_be_ruled_on
from models.case.gate import must_be_other
from models.case.state import ApprovalRound, CaseState, OnRow
from models.case.status import Status
from models.errors import Refusal
from models.persons import People, SignIn
from models.roles import must_be_apart
from models.ruler.schema import Kind
from operations.cases import CHANGED
from web.console.refusals import PORTUGUESE, in_portuguese, refusal_in_words

DAY = date(2026, 11, 3)
RUNNING, PAUSED = Situation(state=Status.RUNNING), Block(kind=Status.PAUSED, reason="", since=DAY)
ROUND = ApprovalRound(asked_on=DAY, approvers=("ana",))
APPROVED = CaseState.at_start(DAY).model_copy(
    update={"place": OnRow(row="h8", kind=Kind.NON_PAYMENT, entered_because="", approval=ROUND)}
)
VOUCHED = People.of([SignIn("ana", "ana", "root"), SignIn("bia", "bia", "ana")])

REFUSED: dict[str, Callable[[], object]] = {
    "iniciou o grupo": lambda: must_be_other(CaseState.at_start(DAY), "ana", "Ana"),
    "ana já aprovou": lambda: must_be_other(APPROVED, "ana", "caio"),
    "só ana responde por quem é bia": lambda: must_be_other(APPROVED, "bia", "caio", VOUCHED),
    "fez “cohort start”": lambda: must_be_apart("case approve", "ana", [("cohort start", "ana")], People()),
    "está em curso, e não aguarda aprovação": lambda: must_be_possible(Act.APPROVE, RUNNING),
    "já está pausado": lambda: must_be_possible(Act.PAUSE, Situation(state=Status.RUNNING, blocks=(PAUSED,))),
    "está encaminhado; não há o que pausar": lambda: must_be_possible(Act.PAUSE, Situation(state=Status.REFERRED)),
    "o grupo inteiro": lambda: must_be_possible(
        Act.RESUME,
        Situation(state=Status.RUNNING, blocks=(PAUSED.model_copy(update={"whole_cohort": True}),)),
    ),
    "está em curso, e não pausado": lambda: must_be_possible(Act.RESUME, RUNNING),
    "regularizado: nada mais": lambda: must_be_possible(Act.HOLD, Situation(state=Status.RESOLVED)),
    "2026-11-04 ainda não chegou": lambda: must_have_been("a defence can't be filed", date(2026, 11, 4), DAY),
    "ainda não há de que se defender": lambda: check_defence(DAY, None, [], DAY),
    "não há defesa": lambda: to_be_ruled_on([]),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_refusal_is_told_in_portuguese(words: str) -> None:
    with pytest.raises(Refusal) as refused:
        REFUSED[words]()
    assert words in (in_portuguese(str(refused.value)) or "")


def test_what_changed_meanwhile_is_told_too_and_nothing_else_is_listed() -> None:
    assert "confira abaixo" in (in_portuguese(CHANGED) or "")
    assert len(PORTUGUESE) == len(REFUSED) + 2


def test_what_nobody_put_into_words_is_marked_as_english_and_escaped() -> None:
    assert refusal_in_words("there is no <b>") == '<span lang="en">there is no &lt;b&gt;</span>'
    assert (
        refusal_in_words("four eyes: <i> has approved already; x")
        == "quatro olhos: &lt;i&gt; já aprovou; falta outra pessoa"
    )
