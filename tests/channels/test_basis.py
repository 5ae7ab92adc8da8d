"""By what benefits are suspended, the thresholds of the law or the ladder's end, is said in every formal notice."""

from datetime import date

import pytest

from channels.template_check import sample_letters, template_faults
from models.ruler.schema import Ruler
from models.words import BASES
from reports.preview import sample_letter, shown_rungs
from storage.amounts.prices import prices_of
from storage.catalogue import SHIPPED
from tests.builders import ICMS, SHIPPED_WORDS, render, shipped

SAID = "Fundamento: {{ basis }}.\n"
NOTICE = "email/alagoas-icms/h8-notice.txt.j2"
SUSPENSION = "email/alagoas-icms/h8-suspension.txt.j2"


def statutory() -> Ruler:
    ruler = shipped(ICMS)
    assert ruler.gate
    return ruler.model_copy(update={"gate": ruler.gate.model_copy(update={"basis": "statutory"})})


@pytest.mark.parametrize("ruler", [shipped(ICMS), statutory()], ids=["ladder", "statutory"])
def test_each_formal_notice_of_the_shipped_ruler_says_it(ruler: Ruler) -> None:
    for index, rung in enumerate(ruler.rows["h8"].rungs):
        letter = sample_letters(ruler, "h8", rung)[0]
        assert f"Fundamento: {letter.basis}." in render("domicile", rung.template, letter).body, index
        assert f"Fundamento: {letter.basis_name}." in render("email", rung.template, letter).body


@pytest.mark.parametrize(("file", "places"), [(NOTICE, [0, 1]), (SUSPENSION, [2])])
def test_one_that_leaves_it_out_is_refused(file: str, places: list[int]) -> None:
    name = f"templates/{file}"
    texts = {**SHIPPED, name: SHIPPED[name].replace(SAID, "")}
    faults = list(template_faults(shipped(ICMS), texts))
    assert [fault.where for fault in faults] == [("rows", "h8", "rungs", place, "template") for place in places]
    assert all("doesn't say by what: print `basis`" in fault.what for fault in faults)


def test_over_an_open_channel_it_is_said_without_amounts() -> None:
    ruler = statutory()
    rung = ruler.rows["h8"].rungs[0]
    letter = sample_letter(ruler, "h8", rung)
    assert "R$" in letter.basis
    assert "R$" in render("domicile", rung.template, letter).body
    assert "R$" not in render("email", rung.template, letter).body


def test_the_preview_shows_it() -> None:
    shown = [
        one
        for one in shown_rungs(shipped(ICMS), prices_of(shipped(ICMS)), SHIPPED_WORDS, date(2026, 3, 2))
        if one.row == "h8"
    ]
    assert [rung.rung.stage for rung in shown] == ["notice", "final_notice", "suspension"]
    for rung in shown:
        assert any(BASES["ladder"] in message.message.body for message in rung.messages)
