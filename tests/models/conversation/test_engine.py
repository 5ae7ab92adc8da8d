"""The course of a conversation, from transcripts: what is said, what is done, what isn't understood."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.conversation.check import check_flow
from models.conversation.drawing import svg
from models.conversation.engine import Outcome, Reaction, begin, done, filled, heard, within
from models.conversation.flow import Do, Flow, read_flow
from storage.conversation.flow_files import read_flows, shipped_texts

NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)
"""A Monday."""
FLOWS = read_flows(shipped_texts())


def flow(steps: dict[str, Any], start: str = "a", **more: Any) -> Flow:
    written = {"flow": "x", "version": 1, "title": "Um fluxo", "example": True, "media": ["web"], **more}
    read = read_flow(yaml.safe_dump({**written, "start": start, "steps": steps}))
    assert read.table, read.faults
    return read.table


def faults(steps: dict[str, Any], **more: Any) -> list[str]:
    one = flow(steps, **more)
    return [f"{where[-1]}: {what}" for where, what in check_flow({**FLOWS, "x": one}, "x")]


def played(name: str, *answers: str, outcomes: dict[Do, Outcome] | None = None, link: bool = False) -> Reaction:
    """The reaction after the last of these answers; what is done succeeds unless said otherwise."""

    def through(reaction: Reaction) -> Reaction:
        while reaction.do and reaction.do is not Do.HAND_OVER:
            outcome = (outcomes or {}).get(reaction.do, Outcome(True, {"debts": "IPVA: R$ 10,00", "codes": "0002"}))
            following = done(FLOWS, reaction.place, reaction.do, outcome, NOW)
            reaction = replace(following, said=(*reaction.said, *following.said))
        return reaction

    reaction = through(begin(FLOWS, name, NOW, identified=link))
    for answer in answers:
        reaction = through(heard(FLOWS, reaction.place, answer, NOW))
    return reaction


def test_jaque_asks_plate_and_renavam_and_tells_the_debts() -> None:
    reaction = played("jaque-ipva")
    assert reaction.said[-1] == "Qual é a placa do veículo? Por exemplo ABC1D23."
    reaction = played("jaque-ipva", "abc1d23", "639884962")
    assert reaction.said[0] == "IPVA: R$ 10,00"
    assert reaction.place.identified
    assert played("jaque-ipva", "abc1d23", "639884962", "pix").said[0] == "0002"


def test_nothing_found_tells_nothing_and_identifies_nobody() -> None:
    reaction = played("jaque-ipva", "abc1d23", "639884962", outcomes={Do.IDENTIFY: Outcome(False)})
    assert reaction.said[0].startswith("Não encontrei")
    assert not reaction.place.identified


def test_who_is_not_understood_is_asked_again_and_then_handed_over() -> None:
    reaction = played("jaque-ipva", "xyz")
    assert (reaction.unclear, reaction.said[0], reaction.do) == (True, "Não entendi a placa.", None)
    assert played("jaque-ipva", "xyz", "xyz", "xyz").do is Do.HAND_OVER


def test_a_person_is_asked_for_anywhere_and_the_question_stands_afterwards() -> None:
    reaction = played("jaque-ipva", "atendente")
    assert reaction.do is Do.HAND_OVER
    back = done(FLOWS, reaction.place, Do.HAND_OVER, Outcome(True), NOW)
    assert back.said == ("Qual é a placa do veículo? Por exemplo ABC1D23.",)
    assert heard(FLOWS, back.place, "abc1d23", NOW).place.answers == {"plate": "ABC1D23"}


def test_the_menu_tells_of_debts_only_who_came_by_a_link() -> None:
    assert "IPVA: R$ 10,00" in played("atendimento", "1", link=True).said
    assert not any("R$" in said for said in played("atendimento", "1").said)
    assert played("atendimento", "4", link=True).said[0].startswith("Sua contestação foi registrada")
    assert played("atendimento", "ipva").place.flow == "jaque-ipva"


def test_it_ends_when_he_says_so() -> None:
    assert played("atendimento", "sair").place.ended
    assert played("atendimento", "2", "encerrar").place.ended


@pytest.mark.parametrize(
    ("day", "hour", "open_"), [(30, 8, True), (30, 17, True), (30, 18, False), (30, 7, False), (29, 12, False)]
)
def test_hours_are_of_working_days(day: int, hour: int, open_: bool) -> None:
    assert within("08:00-18:00", datetime(2026, 11, day, hour, tzinfo=UTC)) is open_


def test_what_is_not_known_is_left_out_and_answers_are_not_templates() -> None:
    place = begin(FLOWS, "atendimento", NOW).place.model_copy(update={"answers": {"name": "{total}"}})
    assert filled("Oi {name}, {total}", place) == "Oi {total}, "


@pytest.mark.hypothesis
@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=60), st.sampled_from(["1", "2", "3", "4", "5", "6", "pix", "sim", "nao", "abc1d23"])
        ),
        max_size=12,
    )
)
def test_whatever_is_written_it_goes_on_or_ends_and_tells_nobody_too_early(answers: list[str]) -> None:
    for name in FLOWS:
        reaction = begin(FLOWS, name, NOW)
        for answer in answers:
            if reaction.place.ended or reaction.do is Do.HAND_OVER:
                break
            reaction = heard(FLOWS, reaction.place, answer, NOW)
            while reaction.do and reaction.do is not Do.HAND_OVER:
                assert reaction.do is Do.IDENTIFY or reaction.place.identified
                reaction = done(FLOWS, reaction.place, reaction.do, Outcome(False), NOW)
            assert reaction.place.ended or reaction.do or FLOWS[reaction.place.flow].steps[reaction.place.step].ask


# ---- the check


@pytest.mark.parametrize("name", FLOWS)
def test_the_shipped_flows_have_no_fault(name: str) -> None:
    assert list(check_flow(FLOWS, name)) == []
    assert svg(FLOWS[name]).count("<rect") == len(FLOWS[name].steps) + 1


ASKS = {"ask": "text", "says": "E?", "lost": "z"}
END = {"say": "Fim."}


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ({"a": {"say": "x", "to": "b"}, "b": {"say": "y", "to": "a"}}, "a: comes back to itself without a question"),
        ({"a": {"say": "x", "to": "a"}}, "a: comes back to itself without a question"),
        ({"a": {**ASKS, "to": "a", "lost": "a"}}, "a: never comes to an end"),
        ({"a": END, "b": END}, "b: is never reached"),
        ({"a": {"say": "{total}"}}, "a: tells {total} to who may not be identified"),
        ({"a": {"do": "pay", "to": "z", "fails": "z"}, "z": END}, "a: does `pay` for who may not be identified"),
        (
            {"a": {"do": "identify", "to": "z", "fails": "b"}, "b": {"say": "{debts}"}, "z": END},
            "b: tells {debts} to who may not be identified",
        ),
        ({"a": {"do": "identify", "to": "z"}, "z": END}, "a: says nothing of when `identify` can't be done"),
        ({"a": {"say": "{nome}"}}, "a: has a place {nome} that nothing fills"),
        ({"a": {"go": "nowhere"}}, "a: goes to the flow nowhere"),
        (
            {"a": {"branch": [{"identified": True, "to": "z"}, {"hours": "08:00-18:00", "to": "z"}]}, "z": END},
            "a: goes nowhere",
        ),
    ],
)
def test_faults_are_found(steps: dict[str, Any], fault: str) -> None:
    assert any(each.startswith(fault) for each in faults(steps)), faults(steps)


def test_words_fit_the_channel_that_carries_them() -> None:
    long, many = {"a": {"say": "á" * 500}}, [{"title": f"Opção número {n:013}", "to": "z"} for n in range(11)]
    assert faults(long, media=["web"]) == []
    assert faults(long, media=["sms"]) == ["a: is 4 segments as an SMS, and 3 are the most"]
    menu = {"a": {"ask": "menu", "says": "E?", "options": many, "lost": "z"}, "z": END}
    assert faults(menu, media=["whatsapp"])[0] == "a: has 11 items, and a list of WhatsApp's 10 at most"
    assert faults(menu, media=["voice"]) == ["a: has 11 items, and a telephone 9 keys for them"]


def test_who_is_identified_may_be_told() -> None:
    steps = {
        "a": {"do": "identify", "to": "b", "fails": "z"},
        "b": {"do": "statement", "to": "c", "fails": "z"},
        "c": {"say": "{debts}", "to": "z"},
        "z": END,
    }
    assert faults(steps) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"say": "x", "ask": "text"}, "must have exactly one of say, ask, branch, do and go, and has 2"),
        ({}, "must have exactly one of say, ask, branch, do and go, and has 0"),
        ({"say": "x", "options": []}, "has options, which a step with `say` doesn't have"),
        ({"ask": "menu", "says": "x", "lost": "a"}, "a menu has options, and only a menu has"),
        ({"ask": "text", "says": "x", "to": "a"}, "says nothing of who isn't understood: write `lost`"),
        ({"say": "x", "to": "nowhere"}, "goes to nowhere, and there is no such step"),
        ({"do": "harm"}, "Input should be"),
    ],
)
def test_a_step_is_one_thing(step: dict[str, Any], said: str) -> None:
    written = {"flow": "x", "version": 1, "title": "Um", "example": True, "media": ["web"], "start": "a"}
    read = read_flow(yaml.safe_dump({**written, "steps": {"a": step}}))
    assert read.table is None
    assert any(said in str(fault) and fault.line for fault in read.faults), read.faults
