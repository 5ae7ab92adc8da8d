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


SENTENCES = {
    "ana mudou o rascunho": "four eyes: ana changed the draft, so somebody else must publish it",
    "mudado por ana enquanto": "the draft was changed by ana meanwhile; look at it and edit it again",
    "não há mais rascunho": "there is no draft of alagoas-icms: it was published or dropped already",
    "mudou depois de mostrado": "the draft, or what is in force, has changed since it was shown; look at it again",
    "a.csv está vazio": "a.csv is empty",
    "a.csv tem cabeçalho": "a.csv has a header and no rows",
    "não é texto": "a.csv is a binary file, not text",
    "UTF-16; salve-o": "a.csv is UTF-16; save it as text in UTF-8",
    "não é um cabeçalho": "a.csv: its first line is not a header; docs/data.md lists the columns",
    "as colunas tax, uf": "the header lacks tax, uf; docs/data.md lists the columns",
    "nenhum formato conhecido": "the header is of no layout known here: Régua's begins with tax_id, PGFN's with"
    " CPF_CNPJ (docs/data.md)",
    "retorno CNAB": "it begins neither like a FEBRABAN collection file (A) nor like a CNAB 240 or CNAB 400"
    " return; nothing was imported",
    "JSON do SGS": "a.csv is neither SGS's JSON nor its CSV, whose header is `data;valor`",
    "de número 7": "file number 7 of this convênio was imported before; --accept-repeat imports it all the same, and"
    " counts nothing twice",
    "conferido antes": "the file is to be checked before it is imported, and is imported once",
    "já foi importado, ou": "the file was imported already, or is being imported",
    "espere o fim": "the file is being imported; wait for its end",
    "falha nossa": "a fault of ours; what happened is in our log",
    "confira-o primeiro": "the draft has changed since it was checked, or never was; check it first",
    "veja acima": "something stands against starting it; see above",
    "não começou uma entrada": "this browser began no sign-in, or too long ago",
    "não é à entrada": "the provider's answer is not to the sign-in that this browser began",
    "não prova": "the provider's answer is no proof: InvalidClaimError",
    "não deixou entrar: access_denied": "the provider let nobody in: access_denied",
    "id.example não responde": "https://id.example does not answer",
    "não diz email": "the provider says no email of who signed in",
    "não verificou": "the provider has not verified the e-mail of who signed in",
    "nenhum papel": "the provider gives who signed in none of the roles that are known here",
    "não tem outro papel": "an auditor is nothing else, and the provider gives who signed in another role too",
}


@pytest.mark.parametrize("words", SENTENCES)
def test_the_refusals_of_files_drafts_and_sign_ins_are_in_portuguese(words: str) -> None:
    assert words in (in_portuguese(SENTENCES[words]) or "")


@pytest.mark.parametrize("words", REFUSED)
def test_a_refusal_is_told_in_portuguese(words: str) -> None:
    with pytest.raises(Refusal) as refused:
        REFUSED[words]()
    assert words in (in_portuguese(str(refused.value)) or "")


def test_what_changed_meanwhile_is_told_too_and_nothing_else_is_listed() -> None:
    assert "confira abaixo" in (in_portuguese(CHANGED) or "")
    assert len(PORTUGUESE) == len(REFUSED) + len(SENTENCES) + 2


def test_what_nobody_put_into_words_is_marked_as_english_and_escaped() -> None:
    assert refusal_in_words("there is no <b>") == '<span lang="en">there is no &lt;b&gt;</span>'
    assert (
        refusal_in_words("four eyes: <i> has approved already; x")
        == "quatro olhos: &lt;i&gt; já aprovou; falta outra pessoa"
    )
