"""Days, amounts and words as people type them, and what is refused."""

from datetime import date
from decimal import Decimal
from typing import get_args

import pytest
import typer

from commands import portuguese
from commands.typed import amount, day, some_amount, word
from models.agreement.instalments import State
from models.agreement.policy import Litigation, Regime
from models.agreement.quote import Pay
from models.case.facts import StepKind
from models.case.status import Status
from models.law.grounds import Ground
from models.roles import Role
from models.ruler.schema import Stage
from models.words import TASKS
from storage.payments.statement import State as PaymentState


@pytest.mark.parametrize("written", ["23/11/2026", "2026-11-23", " 23/11/2026 "])
def test_a_day_is_read_in_both_spellings(written: str) -> None:
    assert day(written) == date(2026, 11, 23)


@pytest.mark.parametrize("written", ["1900-01-01", "31/12/2200", "1/2/2026"])
def test_the_ends_of_what_is_read(written: str) -> None:
    assert 1900 <= day(written).year <= 2200


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("1899-12-31", "outside the years 1900 to 2200"),
        ("01/01/2201", "outside the years 1900 to 2200"),
        ("9999-12-31", "outside the years 1900 to 2200"),
        ("0001-01-01", "outside the years 1900 to 2200"),
        ("31/02/2026", "doesn't exist"),
        ("2026-13-01", "doesn't exist"),
        ("11-23-2026", "write 23/11/2026 or 2026-11-23"),
        ("20261123", "write 23/11/2026 or 2026-11-23"),
        ("tomorrow", "write 23/11/2026 or 2026-11-23"),
        ("٢٣/11/2026", "write 23/11/2026 or 2026-11-23"),
        ("", "write 23/11/2026 or 2026-11-23"),
    ],
)
def test_what_is_no_day_is_refused_in_one_sentence(written: str, complaint: str) -> None:
    with pytest.raises(typer.BadParameter, match=complaint):
        day(written)


@pytest.mark.parametrize(
    ("written", "reais"),
    [
        ("1000", "1000.00"),
        ("1000.00", "1000.00"),
        ("1000,00", "1000.00"),
        ("1.000,00", "1000.00"),
        ("1.234.567,8", "1234567.80"),
        ("1.000.000", "1000000.00"),
        ("0,01", "0.01"),
        ("0", "0.00"),
    ],
)
def test_an_amount_is_read_in_both_spellings(written: str, reais: str) -> None:
    assert str(amount(written)) == reais


@pytest.mark.parametrize("written", ["1.000", "1,000.00", "-1", "1e3", "R$", "0.001", "NaN", "", "1000000000000"])
def test_what_is_no_amount_or_could_be_two_is_refused(written: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"write 1000\.00 or 1.000,00|one trillion"):
        amount(written)


def test_nothing_is_no_debt() -> None:
    with pytest.raises(typer.BadParameter, match="more than zero"):
        some_amount("0,00")
    assert some_amount("0,01") == Decimal("0.01")


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("benefits_suspended", "benefits_suspended"),
        ("benefits-suspended", "benefits_suspended"),
        ("Suspenso", "benefits_suspended"),
        ("benefícios suspensos", "benefits_suspended"),
        ("BENEFICIOS SUSPENSOS", "benefits_suspended"),
        ("em curso", "running"),
    ],
)
def test_a_word_is_taken_in_both_languages(written: str, known: str) -> None:
    assert word(portuguese.STATUSES)(written) == known


def test_what_is_nearest_is_suggested_in_both_languages() -> None:
    with pytest.raises(typer.BadParameter, match=r"did you mean benefits_suspended or benefícios suspensos$"):
        word(portuguese.STATUSES)("suspensos")
    with pytest.raises(typer.BadParameter, match=r"there are accepted or acolhida, rejected or rejeitada$"):
        word(portuguese.RULINGS)("x")


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (portuguese.STATUSES, [*Status]),
        (portuguese.STAGES, [*Stage]),
        (portuguese.GROUNDS, [*Ground]),
        (portuguese.PRIOR_STEPS, get_args(StepKind)),
        (portuguese.TASKS, TASKS),
        (portuguese.AGREEMENT_STATES, [*State]),
        (portuguese.LITIGATIONS, [*Litigation]),
        (portuguese.REGIMES, [*Regime]),
        (portuguese.PAYS, [*Pay]),
        (portuguese.PAYMENT_STATES, get_args(PaymentState)),
        (portuguese.ROLES, [*Role]),
    ],
)
def test_every_word_there_is_can_be_typed(words: dict[str, tuple[str, ...]], known: list[str]) -> None:
    assert [*words] == [str(each) for each in known]
    for english in words:
        assert word(words)(english) == english
    spellings = [spelling for others in words.values() for spelling in others]
    assert len(spellings) == len(set(spellings)), "one word means one thing"
