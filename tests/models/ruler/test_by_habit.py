"""A rung by habit: another channel, hour or wording for some people, and never a softer or harsher rung."""

import pytest

from models.contact.habits import ContactHabits, DayPart
from models.law.calendar import Window
from models.ruler.check import read_ruler, rule_faults
from models.ruler.schema import Ruler
from operations.rulers import examined
from storage.catalogue import RULERS
from tests.builders import REGISTERED
from tests.models.ruler.test_check import by_place

TEXT = RULERS.read(REGISTERED)[1]
FIRST = TEXT[TEXT.index("      - stage: reminder") : TEXT.index("      - stage: alert")]
BY_HABIT = """        by_habit:
          - {paid_after: [whatsapp], channels: [whatsapp]}
          - {answered: [sms, voice], active: evening, channels: [sms], hours: 18:00-20:00}
"""


def written(by_habit: str, rung: str = FIRST) -> str:
    return TEXT.replace(rung, rung + by_habit, 1)


def read(text: str) -> Ruler:
    ruler = read_ruler(text).ruler
    assert ruler is not None
    return ruler


def faults_of(text: str) -> dict[str, str]:
    found = read_ruler(text)
    meant = found.placed(rule_faults(found.sketch)) if found.sketch else ()
    return {where: fault.what for where, fault in by_place((*meant, *found.faults)).items() if "by_habit" in where}


RULER = read(written(BY_HABIT))


@pytest.mark.parametrize(
    ("habits", "channels"),
    [
        (ContactHabits(), ("email",)),
        (ContactHabits(paid_after=("whatsapp", "email")), ("whatsapp",)),
        (ContactHabits(answered=("sms",)), ("email",)),
        (ContactHabits(answered=("voice",), active=DayPart.EVENING), ("sms",)),
        (ContactHabits(paid_after=("whatsapp",), answered=("sms",), active=DayPart.EVENING), ("whatsapp",)),
    ],
)
def test_the_first_habit_that_fits_is_taken_with_all_that_it_asks(
    habits: ContactHabits, channels: tuple[str, ...]
) -> None:
    theirs = RULER.kept_to(habits)
    first = theirs.rung("h1", 0)
    assert first.channels == channels
    assert RULER.tells_apart(habits) is (channels != ("email",))
    assert first.hours == (Window.model_validate("18:00-20:00") if channels == ("sms",) else None)


def test_what_a_rung_weighs_is_the_same_for_everybody() -> None:
    theirs = RULER.kept_to(ContactHabits(paid_after=("whatsapp",)))
    for (row, index, ours), (_, _, other) in zip(RULER.cells(), theirs.cells(), strict=True):
        same = {"stage", "rigidity", "dwell", "before", "formal", "fallback"}
        assert ours.model_dump(include=same) == other.model_dump(include=same), (row, index)


def test_it_is_a_ruler_like_others_with_every_channel_known() -> None:
    _, faults = examined(written(BY_HABIT))
    assert faults == ()
    assert {"whatsapp", "sms"} <= RULER.channels
    assert [habit is None for row, _, _, habit in RULER.variants() if row == "h1"][:3] == [True, False, False]


@pytest.mark.parametrize(
    ("habit", "where", "what"),
    [
        ("{opened: [email], channels: [sms], rigidity: 9}", "", "would change rigidity by habit"),
        ("{opened: [email], dwell: 3 business}", "", "never a softer or harsher rung"),
        ("{opened: [email], formal: true, stage: alert}", "", "would change formal and stage by habit"),
        ("{opened: [email], fallback: {sms: [email]}}", "", "would change fallback"),
        ("{opened: [email]}", "", "changes nothing"),
        ("{channels: [sms]}", "", "is for nobody"),
        ("{opened: [email], channels: [sms, sms]}", "channels", "names a channel twice"),
        ("{opened: [email], hours: 21:00-22:00}", "hours", "21:00-22:00 lies outside of the contact hours of email"),
        ("{opened: [email], channels: [sms], hours: 06:00-07:00}", "hours", "outside of the contact hours of sms"),
        ("{opened: [email], hours: at night}", "hours", "hours are written from opening to closing"),
        ("{opened: [email], suspends: true}", "suspends", "is an unknown key"),
        ("{opened: [pigeon], channels: [sms]}", "opened.0", "Input should be"),
    ],
)
def test_a_habit_that_would_do_more_or_nothing_is_refused(habit: str, where: str, what: str) -> None:
    found = faults_of(written(f"        by_habit:\n          - {habit}\n"))
    place = ".".join(filter(None, ("rows.h1.rungs.0.by_habit.0", where)))
    assert what in found[place], found


def test_the_words_of_a_harsher_rung_are_no_wording_of_this_one() -> None:
    harsher = RULER.rung("h1", 1).template
    found = faults_of(written(f"        by_habit:\n          - {{opened: [email], template: {harsher}}}\n"))
    assert "are the words of a rung of rigidity" in found["rows.h1.rungs.0.by_habit.0.template"]


def test_words_that_are_not_there_are_missed() -> None:
    _, faults = examined(written("        by_habit:\n          - {opened: [email], template: nowhere/words}\n"))
    assert "has no words for email" in by_place(faults)["rows.h1.rungs.0.by_habit.0.template"].what


def test_how_a_formal_notice_is_served_is_no_matter_of_habit() -> None:
    text = RULERS.read("alagoas-icms")[1]
    formal = text.index("        formal: true\n")
    text = (
        text[:formal]
        + "        by_habit:\n          - {opened: [email], channels: [email, domicile]}\n"
        + text[formal:]
    )
    assert any("whether and when a formal notice is served" in what for what in faults_of(text).values())
