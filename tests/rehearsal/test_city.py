"""The invented city: the same for the same seed, valid, and led by the shipped rulers to where its roles say."""

from datetime import date

import pytest
from stdnum.br import cnpj, cpf

from models.case.evidence import classify
from models.case.facts import facts_of
from models.ruler.schema import Ruler
from rehearsal.city import CAST, ICMS, RULERS, Person, city
from tests.builders import shipped

STARTS = (date(2026, 3, 2), date(2028, 2, 29), date(2026, 12, 31))


def ruler_of(person: Person) -> Ruler:
    return shipped(RULERS[person.tax])


def test_the_same_seed_and_start_make_the_same_city() -> None:
    assert city(7, STARTS[0], 60) == city(7, STARTS[0], 60)


def test_a_larger_city_has_the_smaller_one_in_it() -> None:
    assert city(7, STARTS[0], 60)[:24] == city(7, STARTS[0], 24)


def test_another_seed_makes_other_people() -> None:
    assert {p.name for p in city(1, STARTS[0], 60)} != {p.name for p in city(2, STARTS[0], 60)}


@pytest.mark.parametrize("seed", range(3))
def test_nobody_has_the_tax_id_of_another_and_all_are_valid(seed: int) -> None:
    people = city(seed, STARTS[0], 1_000)
    assert len({person.tax_id for person in people}) == len(people)
    assert all(cnpj.is_valid(p.tax_id) if len(p.tax_id) == 14 else cpf.is_valid(p.tax_id) for p in people)


@pytest.mark.parametrize("start", STARTS)
def test_the_evidence_leads_everybody_to_the_row_of_their_role(start: date) -> None:
    rulers = {person.tax: ruler_of(person) for person in city(1, start, len(CAST))}
    for person in city(1, start, 3 * len(CAST)):
        ruler = rulers[person.tax]
        facts = facts_of(ruler, start, person.debts, person.filings)
        found = classify(ruler, facts.debts, facts.live_evidence, start)
        assert (found.row if found else None) == person.hypothesis, person.role
        assert facts.outstanding == (person.hypothesis is not None)


def test_a_small_city_has_all_eight_hypotheses_and_every_tax() -> None:
    people = city(1, STARTS[0], 30)
    assert {p.hypothesis for p in people if p.tax == ICMS} == {f"h{n}" for n in range(1, 9)}
    assert {p.tax for p in people} == set(RULERS)


def test_no_role_is_played_by_accident() -> None:
    assert len({role.name for role in CAST}) == len(CAST)
