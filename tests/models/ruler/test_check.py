"""A wrong ruler is refused with every fault, each at its line; a right one passes."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ruler.check import read_ruler, rule_faults
from models.ruler.schema import MOST_RIGID, Hypothesis, Recurrence, Ruler
from models.yaml_file import Fault
from operations.rulers import examined
from storage.catalogue import RULERS
from tests.builders import ICMS, REFIS, REGISTERED, shipped
from tests.chance import examples

TEXT = RULERS.read(ICMS)[1]
REGISTERED_TEXT = RULERS.read(REGISTERED)[1]


def faults_of(text: str) -> dict[str, Fault]:
    """By place; without the templates', which take longer to look for."""
    read = read_ruler(text)
    meant = read.placed(rule_faults(read.sketch)) if read.sketch else ()
    return by_place((*meant, *read.faults))


def by_place(faults: tuple[Fault, ...]) -> dict[str, Fault]:
    return {".".join(map(str, fault.where)): fault for fault in faults}


def line_of(text: str, fragment: str) -> int:
    assert fragment in text
    return text[: text.index(fragment)].count("\n") + 1


def edited(*changes: tuple[str, str], text: str = TEXT) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("name", RULERS.names())
def test_shipped_rulers_are_clean(name: str) -> None:
    ruler, faults = examined(RULERS.read(name)[1])
    assert ruler is not None
    assert faults == ()


H1_CLIMB = "climbs_to: h2\n    rungs:\n      - stage: reminder"
NON_PAYMENT = "non_payment: [h1, h2, h7]"
SUSPENSION = (
    "      - stage: suspension\n        rigidity: 10\n        channels: [domicile, email]\n        formal: true"
)
FIRST_WAIT = "        dwell: 5 business\n"


DEEMED = TEXT[TEXT.index("    - {from: 2020-01-01") : TEXT.index("  persistent_defaulter:")]
DEFAULTER = TEXT[TEXT.index("  persistent_defaulter:") : TEXT.index("\ncontact:")]


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("rigidity: 2\n", "rigidity: 9\n", "rows.h1.rungs.2.rigidity", "softens along the row: 3 after 9"),
        ("rigidity: 3\n", "rigidity: 8\n", "rows.h2.rungs.0.rigidity", "softens on the climb from h1: 3 after 8"),
        ("step: 1", "step: -1", "recurrence.step", "softens with recurrence"),
        (NON_PAYMENT, "non_payment: [h7, h1, h2]", "entry.non_payment.1", "occurrence 2 starts at 2, the one before 5"),
        (NON_PAYMENT, "non_payment: [h2, h7]", "rows.h1", "can't be reached"),
        (NON_PAYMENT, "non_payment: []", "entry.non_payment", "at least 1 item"),
        (H1_CLIMB, H1_CLIMB.replace("h2", "h1"), "rows.h1.climbs_to", "climbs without end: h1 → h1"),
        ("climbs_to: h8", "climbs_to: h3", "rows.h3.climbs_to", "climbs without end: h3 → h4 → h3"),
        ("ask_again", "ask_agan", "gate.ask_agan", "is an unknown key"),
        ("version: 1", "version: 1\nversion: 2", "version", "is written twice"),
        ("[email, sms]\n        template: alagoas-icms/h4-f", "[sms, sms]\n        template: alagoas-icms/h4-f",
         "rows.h4.rungs.2.channels", "names a channel twice"),
        ("contact_hours:", 'notices_at: "09:00"\n  contact_hours:', "jurisdiction.notices_at", "write contact_hours"),
        ("[domicile, email]\n        formal: true\n        template: alagoas-icms/h8-notice",
         "[sms, voice]\n        formal: true\n        template: alagoas-icms/h8-notice",
         "rows.h8.rungs.0.channels", "may be refused: a formal notice goes by domicile or email or letter too"),
        ('voice: {weekdays: "09:00-18:00"}', 'sms: {weekdays: "20:00-21:00"}', "rows.h4.rungs.2.channels",
         "email and sms have no contact hours in common"),
        ('"09:00-18:00"', '"9-18"', "jurisdiction.contact_hours.voice.weekdays", "`08:00-20:00`"),
        ('"09:00-18:00"', '"18:00-09:00"', "jurisdiction.contact_hours.voice.weekdays", "closes at 09:00"),
        ("voice: {", "fax: {", "jurisdiction.contact_hours.fax", "'gazette' or 'default'"),
        ("\nentry:", "\nlimits: {per_day: 0}\n\nentry:", "limits.per_day", "greater than or equal to 1"),
        (FIRST_WAIT, "", "rows.h1.rungs.0.dwell", "is missing"),
        (FIRST_WAIT, "        dwell: five days\n", "rows.h1.rungs.0.dwell", "10 business"),
        (FIRST_WAIT, "        dwell: 5\n", "rows.h1.rungs.0.dwell", "valid dictionary"),
        ("America/Maceio", "America/Macondo", "jurisdiction", "unknown time zone 'America/Macondo'"),
        ("state: AL", "state: LA", "jurisdiction", "unknown state 'LA'"),
        (SUSPENSION, SUSPENSION + "\n        dwell: 5 legal", "rows.h8.rungs.2.dwell", "has no meaning"),
        ("rigidity: 10", "rigidity: 11", "rows.h8.rungs.2.rigidity", "less than or equal to 10"),
        ("stage: final_notice\n        rigidity: 9", "stage: alert\n        rigidity: 9", "rows.h8.rungs.1.stage",
         "alert can't follow notice"),
        ("[h5, h6]", "[h5, h9]", "entry.divergence.1", "'h7' or 'h8'"),
        ("  from: h1\n  to: h2", "  from: h1\n  to: h9", "hardship.to", "'h8'"),
        (DEEMED, DEEMED * 2, "jurisdiction.deemed.1.from", "must be later than the entry before it"),
        (DEEMED, DEEMED + DEEMED.replace("2020", "2021"), "jurisdiction.deemed.1.from", "overlaps with the entry"),
        ("    - from: 2026-01-08\n", "    - from: 2026-01-08\n      to: 2025-01-08\n",
         "jurisdiction.persistent_defaulter.0.to", "ends before it begins"),
        (DEFAULTER, "", "entry.thresholds", "has no amount"),
    ],
)  # fmt: skip
def test_each_fault_is_found_where_it_is(old: str, new: str, where: str, what: str) -> None:
    found = faults_of(edited((old, new)))
    assert where in found, list(found)
    assert what in found[where].what
    assert found[where].line is not None


def test_suspension_needs_a_formal_notice_and_a_gate() -> None:
    gate = TEXT[TEXT.index("gate:") : TEXT.index("\nrows:")]
    found = faults_of(edited((gate, "")).replace("        formal: true\n", ""))
    assert "without a formal notice" in found["rows.h8.rungs.2.stage"].what
    assert "defence time" in found["gate"].what


def test_a_gate_for_persistent_defaulters_needs_their_thresholds() -> None:
    statutory = edited(("basis: ladder", "basis: statutory"))
    assert faults_of(statutory) == {}
    found = faults_of(edited(("  thresholds: {row: h8}", "  #"), text=statutory))
    assert "entry.thresholds is missing" in found["gate.basis"].what
    with_amount = edited(("{row: h8}", '{row: h8, amount: "1000.00"}'), (DEFAULTER, ""), text=statutory)
    assert faults_of(with_amount) == {}


def test_a_campaign_refers_nobody() -> None:
    found = faults_of(RULERS.read(REFIS)[1] + "\nreferral: {cadin: 30 legal}\n")
    assert "has no meaning" in found["referral"].what
    assert faults_of(REGISTERED_TEXT + "\nreferral: {cadin: null}\n") == {}


def test_a_row_that_names_no_row_of_the_ruler() -> None:
    found = faults_of(edited(("several: h7", "several: h3"), text=REGISTERED_TEXT))
    assert "names the row h3" in found["entry.registered_debt.several"].what


def test_registered_debt_does_not_soften_with_one_more_inscription() -> None:
    found = faults_of(edited(("several: h7", "several: h1"), text=REGISTERED_TEXT))
    assert "it starts at 1, older at 3" in found["entry.registered_debt.several"].what


def test_a_row_without_evidence_is_unreachable_unless_hardship_leads_there() -> None:
    without = edited(("older: h2", "older: h7"), ("climbs_to: h2", "climbs_to: h7"), text=REGISTERED_TEXT)
    assert "rows.h2" not in faults_of(without)
    assert (
        "can't be reached" in faults_of(edited(("hardship:\n  from: h1\n  to: h2\n", ""), text=without))["rows.h2"].what
    )


def test_all_faults_at_once_with_their_lines() -> None:
    text = edited(
        ("version: 1", "version: one"),
        ("tolerance:", "tolerence:"),
        ("ask_again: 15 business", "ask_again: 15 days"),
        ("dwell: 5 business", "dwell: 5 workdays"),
    )
    found = by_place(examined(text)[1])
    assert {where: fault.line for where, fault in found.items()} == {
        "version": line_of(text, "version: one"),
        "payments.tolerence": line_of(text, "tolerence:"),
        "gate.ask_again": line_of(text, "ask_again"),
        "rows.h1.rungs.0.dwell": line_of(text, "dwell: 5 workdays"),
    }


def test_faults_of_shape_do_not_hide_those_of_meaning() -> None:
    text = edited(
        ("ask_again: 15 business", "ask_again: 15 days"), ("rigidity: 2", "rigidity: 9"), ("h8-notice", "h8-notise")
    )
    found = by_place(examined(text)[1])
    assert set(found) == {"gate.ask_again", "rows.h1.rungs.2.rigidity", "rows.h8.rungs.0.template"}
    assert "write templates/email/alagoas-icms/h8-notise.txt.j2" in found["rows.h8.rungs.0.template"].what
    assert found["rows.h8.rungs.0.template"].line == line_of(text, "h8-notise")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ruler: [unclosed", "is not YAML"),
        ("just words", "must be a mapping"),
        ("- a list", "must be a mapping"),
        ("# only a comment", "must be a mapping"),
        ("when: 2026-13-45", "is not YAML"),
        ("a: !!python/object/apply:os.system [true]", "is not YAML"),
    ],
)
def test_what_is_no_ruler(text: str, what: str) -> None:
    [fault] = read_ruler(text).faults
    assert what in fault.what


def test_aliases_cannot_exhaust_the_reader() -> None:
    doubling = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))])
    assert "a59" in faults_of(doubling)


def never_softens(ruler: Ruler) -> bool:
    """The law of the map, written a second time and naively: every pair of cells and occurrences is compared."""

    def heat(row: Hypothesis, rung: int, occurrences: int) -> int:
        return min(MOST_RIGID, ruler.rows[row].rungs[rung].rigidity + ruler.recurrence.step * (occurrences - 1))

    for name, row in ruler.rows.items():
        for occurrences in range(1, 25):
            heats = [heat(name, index, occurrences) for index in range(len(row.rungs))]
            if row.climbs_to:
                heats.append(heat(row.climbs_to, 0, occurrences))
            if heats != sorted(heats):
                return False
    entry = ruler.entry
    for rows in (entry.non_payment, entry.return_, entry.divergence):
        firsts = [heat((*rows, *rows[-1:] * 24)[n], 0, n + 1) for n in range(24)] if rows else []
        if firsts != sorted(firsts):
            return False
    if (debt := entry.registered_debt) is None:
        return True
    first: Callable[[Hypothesis], int] = lambda row: heat(row, 0, 1)  # noqa: E731
    ways_up = [(debt.single, debt.older), (debt.older, debt.several), (debt.older, debt.litigation)]
    return all(first(a) <= first(b) for a, b in ways_up)


@settings(max_examples=examples(300))
@given(name=st.sampled_from([ICMS, REGISTERED]), data=st.data())
def test_any_other_rigidity_keeps_the_map_monotone_or_is_refused(name: str, data: st.DataObject) -> None:
    ruler = shipped(name)
    cell, index, rung = data.draw(st.sampled_from(list(ruler.cells())))
    warmer = rung.model_copy(update={"rigidity": data.draw(st.integers(1, MOST_RIGID))})
    rungs = ruler.rows[cell].rungs
    row = ruler.rows[cell].model_copy(update={"rungs": (*rungs[:index], warmer, *rungs[index + 1 :])})
    changed = ruler.model_copy(update={"rows": {**ruler.rows, cell: row}})
    softens = [fault for fault in rule_faults(changed) if "softens" in fault.what]
    assert bool(softens) is not never_softens(changed)


@settings(max_examples=examples(150))
@given(order=st.lists(st.sampled_from(["h1", "h2", "h7", "h8"]), min_size=1, max_size=4), step=st.integers(-2, 3))
def test_any_order_of_entry_keeps_the_map_monotone_or_is_refused(order: list[str], step: int) -> None:
    ruler = shipped(ICMS)
    entry = ruler.entry.model_copy(update={"non_payment": tuple(order)})
    ruler = ruler.model_copy(update={"entry": entry, "recurrence": Recurrence(step=step)})
    softens = [fault for fault in rule_faults(ruler) if "softens" in fault.what]
    if never_softens(ruler):
        assert not softens
    else:
        assert softens
