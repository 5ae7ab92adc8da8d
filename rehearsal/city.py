"""An invented city: who owes what at the start, and how each person will answer which notice.

The same seed and start, the same people. Nobody here exists: names say so, addresses end in `.example`, and the tax
ids, though valid, are numbered from a range that is not being given out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from random import Random

from dateutil.relativedelta import relativedelta

from models.case.evidence import Debt, Filing
from models.case.status import Status
from models.ruler.schema import Hypothesis, Stage
from models.taxid import cnpj_check_digits, cpf_check_digits

ICMS, IPTU, ISS = "ICMS", "IPTU", "ISS"
RULERS = {ICMS: "alagoas-icms", IPTU: "divida-ativa", ISS: "refis-2023"}
"""The shipped ruler that each tax of the city is collected with; the campaign's days are moved into the city's."""

MOST_TAXPAYERS = 10_000

WHOLE, HALF = Decimal(1), Decimal("0.5")

LATE_BY = timedelta(days=20)
"""How late earlier periods were paid or corrected: past their due date, before the city starts."""


class Does(StrEnum):
    PAY = "pay"
    REFUND = "refund"
    """The bank gives the last payment back."""
    FILE = "file"
    """Files what is missing and has paid it elsewhere, so that nothing is left."""
    FILE_UNPAID = "file_unpaid"
    """Files what is missing; what it declares becomes a debt."""
    CORRECT = "correct"
    DECLARE_HARDSHIP = "declare_hardship"
    BOUNCE = "bounce"
    """The e-mail comes back."""
    ASK_INSTALMENTS = "ask_instalments"
    """By a reply to the SMS."""
    SIGN = "sign"
    """An instalment agreement on all that is owed."""
    PAY_INSTALMENT = "pay_instalment"
    TAKE_OFFER = "take_offer"
    """Pays by Pix what the campaign asks."""
    TAKE_OFFER_AT_BANK = "take_offer_at_bank"
    """Pays it with the slip, over the counter: the bank reports that days later, in a file."""


@dataclass(frozen=True)
class Act:
    """An act of a person in answer to a notice: the n-th one, or the first of a stage."""

    answers: int | Stage
    does: Does
    after: int = 1
    """Days after the notice."""
    share: Decimal = WHOLE
    """The share paid of what is still open."""
    instalments: int = 0
    """When signing, how many of them are paid; when paying one, which."""


@dataclass(frozen=True)
class Person:
    number: int
    tax_id: str
    name: str
    email: str
    phone: str
    uf: str
    tax: str
    role: str
    hypothesis: Hypothesis | None
    """The row that the evidence leads to; none when all of it is on hold."""
    debts: tuple[Debt, ...]
    filings: tuple[Filing, ...]
    benefits: tuple[str, ...]
    declares: Decimal
    """The amount that a return still missing will declare, in reais."""
    acts: tuple[Act, ...]
    rejected_first: bool
    """Whether the supervisor, asked to suspend this person's benefits, refuses the first time."""
    ends: Status
    """How the case ends when the city is given its 240 days."""


@dataclass(frozen=True)
class Situation:
    debts: tuple[Debt, ...] = ()
    filings: tuple[Filing, ...] = ()


Situated = Callable[[Random, date, int], Situation]
"""From chance, the city's first day and the person's number."""


@dataclass(frozen=True)
class Role:
    name: str
    hypothesis: Hypothesis | None
    situated: Situated
    acts: tuple[Act, ...] = ()
    ends: Status = Status.RESOLVED
    tax: str = ICMS
    benefits: bool = True
    rejected_first: bool = False


def city(seed: int, start: date, taxpayers: int) -> tuple[Person, ...]:
    """Everybody plays a role of CAST in turn, so that each role is as frequent as it is listed."""
    return tuple(_person(seed, start, number) for number in range(taxpayers))


def _person(seed: int, start: date, number: int) -> Person:
    role = CAST[number % len(CAST)]
    chance = Random(f"{seed}/{number}")  # noqa: S311 - a play, not a secret
    situation = role.situated(chance, start, number)
    hesitates = chance.randint(0, 2)
    is_company = role.tax == ICMS or chance.random() < 0.3
    return Person(
        number=number,
        tax_id=_cnpj(chance, number) if is_company else _cpf(chance, number),
        name=_company(chance, number) if is_company else _citizen(chance, number),
        email=f"contribuinte{number:05}@cidade.example",
        phone=f"+55829000{number:05}",
        uf="AL",
        tax=role.tax,
        role=role.name,
        hypothesis=role.hypothesis,
        debts=situation.debts,
        filings=situation.filings,
        benefits=_benefits(chance) if role.benefits and role.tax == ICMS else (),
        declares=_amount(chance),
        acts=tuple(_delayed(act, hesitates) for act in role.acts),
        rejected_first=role.rejected_first,
        ends=role.ends,
    )


def _delayed(act: Act, days: int) -> Act:
    return replace(act, after=act.after + days)


# ---- identities


TRADES = ("Padaria", "Mercearia", "Oficina", "Livraria", "Papelaria", "Cerâmica", "Confecções", "Laticínios", "Bazar")
FANCIES = (
    "Lua de Papel",
    "Nuvem Azul",
    "Peixe Voador",
    "Sol da Meia-Noite",
    "Tatu Feliz",
    "Maré Mansa",
    "Caju Dourado",
)
GIVEN = ("Aurora", "Benedito", "Clarice", "Dalva", "Everaldo", "Iracema", "Jacinto", "Marinalva", "Severino", "Zulmira")
INVENTED = ("Imaginária", "Fantasia", "Quimera", "Faz de Conta", "Utopia", "Ninguém", "Miragem")
BENEFITS = ("Crédito presumido", "Redução da base de cálculo", "Diferimento na importação", "Isenção parcial")


def _company(chance: Random, number: int) -> str:
    return f"{chance.choice(TRADES)} {chance.choice(FANCIES)} {number:03} Ltda (fictícia)"


def _citizen(chance: Random, number: int) -> str:
    return f"{chance.choice(GIVEN)} {chance.choice(INVENTED)} {number:03} (pessoa fictícia)"


def _cnpj(chance: Random, number: int) -> str:
    """Numeric, or alphanumeric as since July 2026."""
    end = "".join(chance.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2)) if number % 5 == 4 else f"{chance.randint(0, 99):02}"
    base = f"9{number:05}{end}0001"
    return base + cnpj_check_digits(base)


def _cpf(chance: Random, number: int) -> str:
    base = f"{chance.randint(100, 999)}{number:05}{chance.randint(0, 9)}"
    return base + cpf_check_digits(base)


def _benefits(chance: Random) -> tuple[str, ...]:
    return tuple(sorted(chance.sample(BENEFITS, chance.randint(1, 2))))


# ---- situations


def _amount(chance: Random, least: int = 300, most: int = 40_000) -> Decimal:
    return Decimal(chance.randint(least * 100, most * 100)) / 100


def _share(amount: Decimal, share: Decimal) -> Decimal:
    return (amount * share).quantize(Decimal("0.01"))


def _month(start: date, back: int) -> tuple[str, date]:
    """The period whose tax was due `back` months before the city starts, and its due date."""
    due = start + relativedelta(months=-back, day=20)
    return f"{due - relativedelta(months=1):%Y-%m}", due


def _icms_debt(number: int, period: str, due: date, balance: Decimal) -> Debt:
    inscription = f"ICMS-{period}-{number:05}"
    return Debt(id=inscription, inscription=inscription, period=period, due=due, balance=balance, litigation=False)


def unpaid(chance: Random, start: date, number: int, times: int) -> Situation:
    """Declared and not paid, `times` periods running: the earlier ones were paid late, the last is open."""
    filings = [_paid_late(chance, start, back) for back in range(times, 1, -1)]
    period, due = _month(start, 1)
    amount = _amount(chance)
    filings.append(Filing(period=period, due=due, status="filed", declared=amount))
    return Situation((_icms_debt(number, period, due, amount),), tuple(filings))


def _paid_late(chance: Random, start: date, back: int) -> Filing:
    period, due = _month(start, back)
    amount = _amount(chance)
    return Filing(period=period, due=due, status="filed", declared=amount, paid=amount, paid_on=due + LATE_BY)


def defaulting(chance: Random, start: date, number: int) -> Situation:
    """Above the thresholds of LC 225/2026: five consecutive periods and more than R$ 15 million open."""
    months = [_month(start, back) for back in range(5, 0, -1)]
    amounts = [_amount(chance, 3_100_000, 4_900_000) for _ in months]
    return Situation(
        tuple(_icms_debt(number, period, due, owed) for (period, due), owed in zip(months, amounts, strict=True)),
        tuple(
            Filing(period=period, due=due, status="filed", declared=owed)
            for (period, due), owed in zip(months, amounts, strict=True)
        ),
    )


def unfiled(chance: Random, start: date, number: int, times: int) -> Situation:
    """The last return is missing; the ones before came late, though paid in time."""
    filings = []
    for back in range(times, 1, -1):
        period, due = _month(start, back)
        paid = _amount(chance)
        late = {"status": "late", "filed_on": due + LATE_BY, "declared": paid, "paid": paid, "paid_on": due}
        filings.append(Filing.model_validate({"period": period, "due": due, **late}))
    period, due = _month(start, 1)
    return Situation((), (*filings, Filing(period=period, due=due, status="missing")))


def mistaken(chance: Random, start: date, number: int, times: int) -> Situation:
    """Declared and paid less than was assessed; the errors before were corrected, and the rest paid with that."""
    filings = []
    for back in range(times, 0, -1):
        period, due = _month(start, back)
        declared = _amount(chance)
        assessed = _share(declared, Decimal("1.25"))
        wrong = Filing(
            period=period, due=due, status="filed", declared=declared, assessed=assessed, paid=declared, paid_on=due
        )
        filings.append(
            wrong
            if back == 1
            else wrong.model_copy(update={"corrected": assessed, "paid": assessed, "paid_on": due + LATE_BY})
        )
    return Situation((), tuple(filings))


def short(chance: Random, start: date, number: int) -> Situation:
    """Paid less than was declared: the rest is a debt."""
    period, due = _month(start, 1)
    declared = _amount(chance, 1_000)
    paid = _share(declared, Decimal("0.6"))
    filing = Filing(period=period, due=due, status="filed", declared=declared, paid=paid, paid_on=due)
    return Situation((_icms_debt(number, period, due, declared - paid),), (filing,))


def inscribed(
    chance: Random,
    start: date,
    number: int,
    ages: tuple[int, ...],
    tax: str = IPTU,
    litigation: bool = False,
    held: int = 0,
    least: int = 200,
) -> Situation:
    """Registered debt, one inscription for each of `ages` (days), of `least` reais or more; the first `held` are being
    negotiated."""
    return Situation(
        tuple(
            Debt(
                id=f"{tax}-{number:05}-{index}",
                inscription=f"{tax}-{number:05}-{index}",
                period=str(start.year - index),
                due=start - timedelta(days=age + chance.randint(0, 30)),
                balance=_amount(chance, least, 6_000),
                litigation=litigation,
                grounds=("negotiation",) if index <= held else (),
            )
            for index, age in enumerate(ages, start=1)
        )
    )


# ---- roles


def _times(situation: Callable[..., Situation], times: int) -> Situated:
    return partial(situation, times=times)


def _roll(*ages: int, tax: str = IPTU, litigation: bool = False, held: int = 0) -> Situated:
    return partial(inscribed, ages=ages, tax=tax, litigation=litigation, held=held)


def _pays(answers: int | Stage, after: int = 1, share: Decimal = WHOLE) -> Act:
    return Act(answers, Does.PAY, after, share)


def _signs(answers: int, pays: int) -> Act:
    return Act(answers, Does.SIGN, 2, instalments=pays)


FOR_INSTALMENTS = partial(inscribed, least=600)
"""Enough for three instalments of what a policy asks at least."""

SUSPENDED, REFERRED, ON_HOLD = Status.BENEFITS_SUSPENDED, Status.REFERRED, Status.ON_HOLD

# The first 30 show all there is to see; the rest makes the mild ends of the map as busy as they are in life.
CAST = (
    Role("forgot, and pays at the reminder", "h1", _times(unpaid, 1), (_pays(1),)),
    Role("ignores all, pays once suspended", "h7", _times(unpaid, 3), (_pays(Stage.SUSPENSION, 4),)),
    Role("files at the reminder", "h3", _times(unfiled, 1), (Act(1, Does.FILE, 2),)),
    Role("corrects at the alert", "h5", _times(mistaken, 1), (Act(2, Does.CORRECT, 2),)),
    Role("persistent defaulter who ignores all", "h8", defaulting, ends=SUSPENDED),
    Role("unable to pay, pays at the warning", "h2", _times(unpaid, 2), (_pays(2, 2),)),
    Role("repeatedly late, files at the notice", "h4", _times(unfiled, 2), (Act(2, Does.FILE, 2),)),
    Role("repeated error, corrects at the warning", "h6", _times(mistaken, 2), (Act(2, Does.CORRECT, 3),)),
    Role("forgot the IPTU, pays at the alert", "h1", _roll(60), (_pays(2),), tax=IPTU),
    Role("several inscriptions, ignores all", "h7", _roll(90, 460), ends=REFERRED, tax=IPTU),
    Role(
        "declares hardship, pays in two parts",
        "h1",
        _times(unpaid, 1),
        (Act(1, Does.DECLARE_HARDSHIP, 2), _pays(3, 2, HALF), _pays(5, 2)),
    ),
    Role("pays half, then the rest", "h1", _times(unpaid, 1), (_pays(2, 2, HALF), _pays(4, 2))),
    Role(
        "files without paying, pays later",
        "h3",
        _times(unfiled, 1),
        (Act(2, Does.FILE_UNPAID, 2), _pays(4, 2)),
    ),
    Role("pays at the final notice", "h7", _times(unpaid, 3), (_pays(3, 3),)),
    Role(
        "pays, the bank takes it back, pays again",
        "h1",
        _times(unpaid, 1),
        (_pays(1), Act(1, Does.REFUND, 12), _pays(3, 2)),
    ),
    Role("never files, ignores all", "h4", _times(unfiled, 2), ends=SUSPENDED),
    Role("IPTU under negotiation", None, _roll(90, held=1), ends=ON_HOLD, tax=IPTU),
    Role("paid short, pays at the warning", "h5", short, (_pays(3, 2),)),
    Role("defaulter without benefits", "h8", defaulting, ends=REFERRED, benefits=False),
    Role("old IPTU, pays in two parts", "h2", _roll(500), (_pays(2, 2, HALF), _pays(3, 2)), tax=IPTU),
    Role("suspended at the second asking", "h7", _times(unpaid, 3), ends=SUSPENDED, rejected_first=True),
    Role("persistent error, corrects as a non-payer", "h6", _times(mistaken, 2), (Act(5, Does.CORRECT, 2),)),
    Role("forgets through the whole map, pays suspended", "h1", _times(unpaid, 1), (_pays(Stage.SUSPENSION, 3),)),
    Role("defaulter, pays at the formal notice", "h8", defaulting, (_pays(1, 5),)),
    Role("first e-mail bounces, pays at the alert", "h1", _times(unpaid, 1), (Act(1, Does.BOUNCE, 0), _pays(2, 2))),
    Role(
        "first e-mail bounces, asks by SMS for instalments, signs and pays them",
        "h1",
        partial(FOR_INSTALMENTS, ages=(60,)),
        (Act(1, Does.BOUNCE, 0), Act(1, Does.ASK_INSTALMENTS, 5), _signs(2, pays=3)),
        tax=IPTU,
    ),
    Role(
        "signs an agreement, breaks it, ignores all",
        "h2",
        partial(FOR_INSTALMENTS, ages=(500,)),
        (_signs(1, pays=1),),
        ends=REFERRED,
        tax=IPTU,
    ),
    Role("takes the offer", "h1", _roll(200, tax=ISS), (Act(1, Does.TAKE_OFFER, 2),), tax=ISS),
    Role(
        "takes the offer in its last days, at a slow bank",
        "h1",
        _roll(300, tax=ISS),
        (Act(1, Does.TAKE_OFFER_AT_BANK, 40),),
        tax=ISS,
    ),
    Role("lets the offer pass", "h1", _roll(400, tax=ISS), ends=Status.ENDED, tax=ISS),
    Role(
        "pays once suspended, the bank takes it back",
        "h7",
        _times(unpaid, 3),
        (_pays(Stage.SUSPENSION, 3), Act(Stage.SUSPENSION, Does.REFUND, 12)),
        ends=SUSPENDED,
    ),
    Role("in litigation, pays at the notice", "h7", _roll(400, litigation=True), (_pays(2, 2),), tax=IPTU),
    Role("IPTU and hardship", "h1", _roll(60), (Act(1, Does.DECLARE_HARDSHIP, 1), _pays(4, 2)), tax=IPTU),
    Role("files once suspended", "h3", _times(unfiled, 1), (Act(Stage.SUSPENSION, Does.FILE, 3),)),
    Role("one inscription negotiated, pays the other", "h1", _roll(120, 60, held=1), (_pays(2, 2),), ON_HOLD, IPTU),
    Role("forgot, and pays at the alert", "h1", _times(unpaid, 1), (_pays(2),)),
    Role("forgot, and pays at the warning", "h1", _times(unpaid, 1), (_pays(3, 2),)),
    Role("forgot to file, files at the alert", "h3", _times(unfiled, 1), (Act(2, Does.FILE, 2),)),
    Role("mistaken, corrects at the reminder", "h5", _times(mistaken, 1), (Act(1, Does.CORRECT, 2),)),
    Role("unable to pay, pays at the notice", "h2", _times(unpaid, 2), (_pays(3, 3),)),
    Role("forgot the IPTU, pays at the reminder", "h1", _roll(60), (_pays(1),), tax=IPTU),
    Role("old IPTU, ignores all", "h2", _roll(700), ends=REFERRED, tax=IPTU),
    Role("third time, pays at the warning", "h7", _times(unpaid, 3), (_pays(1, 3),)),
    Role("repeated error, corrects at the notice", "h6", _times(mistaken, 2), (Act(3, Does.CORRECT, 3),)),
    Role("several inscriptions, pays at the notice", "h7", _roll(90, 460), (_pays(2, 2),), tax=IPTU),
    Role("repeatedly late, files at the final notice", "h4", _times(unfiled, 2), (Act(3, Does.FILE, 2),)),
)
