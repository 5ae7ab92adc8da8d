"""A small invented set to try the product with: taxpayers and debts, returns, benefits.

ICMS taxpayers of Alagoas between them meet all eight hypotheses of rulers/alagoas-icms.yaml; IPTU debtors, of whom
only registered debts are known, are for rulers/divida-ativa.yaml. The same number, seed and date give the same files.
"""

from __future__ import annotations

import csv
import io
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from models.intake.benefits import BENEFITS_OPTIONAL, BENEFITS_REQUIRED
from models.intake.debts import TAXPAYERS_OPTIONAL, TAXPAYERS_REQUIRED
from models.intake.filings import FILINGS_OPTIONAL, FILINGS_REQUIRED
from models.ruler.schema import Hypothesis
from models.taxid import cnpj_check_digits, cpf_check_digits, formatted

HYPOTHESES: tuple[Hypothesis, ...] = ("h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8")
FEWEST, MOST = 10, 99_999
REGISTERED_SHARE = 6
"""One taxpayer in so many has registered debts only."""

MONTHS = 6
"""Periods of each ICMS taxpayer, all inside a ruler's window of twelve months."""
ICMS_DUE_DAY = 9

PERSISTENT_DEFAULTER = Decimal(4_000_000)
"""A month's tax of a persistent defaulter: five of them pass LC 225/2026's R$ 15 million."""

TRADES = ("Comércio", "Indústria", "Distribuidora", "Mercado", "Confecções", "Laticínios")
BENEFITS = (
    ("CRED-PRES", "Crédito presumido de ICMS"),
    ("BASE-RED", "Redução da base de cálculo de ICMS"),
    ("DIFERIMENTO", "Diferimento de ICMS na importação"),
)

Row = dict[str, str]


class Person(NamedTuple):
    number: int
    tax_id: str
    name: str

    @property
    def columns(self) -> Row:
        email, phone = f"contribuinte{self.number}@example.com", f"+55 82 90000-{self.number % 10_000:04}"
        return {"tax_id": self.tax_id, "name": self.name, "email": email, "phone": phone}


@dataclass
class Sample:
    date: date
    taxpayers: list[Row] = field(default_factory=list)
    filings: list[Row] = field(default_factory=list)
    benefits: list[Row] = field(default_factory=list)
    intended: list[Hypothesis] = field(default_factory=list)
    registered: int = 0

    def files(self) -> dict[str, str]:
        return {
            "taxpayers.csv": _csv(self.taxpayers, (*TAXPAYERS_REQUIRED, *TAXPAYERS_OPTIONAL)),
            "filings.csv": _csv(self.filings, (*FILINGS_REQUIRED, *FILINGS_OPTIONAL)),
            "benefits.csv": _csv(self.benefits, (*BENEFITS_REQUIRED, *BENEFITS_OPTIONAL)),
        }

    def counts(self) -> dict[str, int]:
        return {
            "taxpayers": len({row["tax_id"] for row in (*self.taxpayers, *self.filings)}),
            "registered_only": self.registered,
            "debts": len({(row["tax"], row["inscription"]) for row in self.taxpayers}),
            "filings": len(self.filings),
            "benefits": len(self.benefits),
        }

    def hypotheses(self) -> dict[str, int]:
        """How many ICMS taxpayers are meant to start in each row."""
        return dict(sorted(Counter(self.intended).items()))


def generate(taxpayers: int, seed: int, on: date) -> Sample:
    sample, random = Sample(on), Random(seed)  # noqa: S311 - invented data, no secret
    registered = taxpayers // REGISTERED_SHARE
    periods = _periods_due_before(on)
    for number in range(1, taxpayers - registered + 1):
        _add_icms(sample, random, _company(random, number), HYPOTHESES[(number - 1) % len(HYPOTHESES)], periods)
    while sample.registered < registered:
        first = taxpayers - registered + sample.registered + 1
        people = [_citizen(random, first)]
        if sample.registered % 5 == 4 and sample.registered + 1 < registered:
            people.append(_citizen(random, first + 1))
        _add_registered(sample, random, people)
    return sample


# ---- ICMS: returns, and a debt for what they leave open


class Period(NamedTuple):
    name: str
    due: date


def _periods_due_before(on: date) -> list[Period]:
    """The last months whose tax was due before `on`, oldest first."""
    last = on - relativedelta(months=on.day <= ICMS_DUE_DAY, day=ICMS_DUE_DAY)
    dues = [last - relativedelta(months=back) for back in reversed(range(MONTHS))]
    return [Period(f"{due - relativedelta(months=1):%Y-%m}", due) for due in dues]


def _add_icms(
    sample: Sample, random: Random, person: Person, hypothesis: Hypothesis, periods: Sequence[Period]
) -> None:
    sample.intended.append(hypothesis)
    wrong = {"h1": 1, "h2": 2, "h3": 1, "h4": 2, "h5": 1, "h6": 2, "h7": 3, "h8": 5}[hypothesis]
    for index, period in enumerate(periods):
        tax = _money(random, PERSISTENT_DEFAULTER, 2) if hypothesis == "h8" else _money(random, Decimal(800), 20)
        filed_on = (period.due - timedelta(days=random.randrange(1, 9))).isoformat()
        row = {**person.columns, "tax": "ICMS", "period": period.name, "due": period.due.isoformat()}
        filed = {**row, "status": "filed", "filed_on": filed_on, "declared": str(tax)}
        if index < len(periods) - wrong:
            sample.filings.append({**filed, "paid": str(tax), "paid_on": filed_on})
        elif hypothesis in ("h3", "h4"):
            sample.filings.append({**row, "status": "missing"})
        elif hypothesis in ("h5", "h6"):
            _add_divergence(sample, person, period, filed, tax, assessed=person.number % 16 > 8)
        else:
            sample.filings.append(filed)
            owns = {"assets": str(PERSISTENT_DEFAULTER)} if hypothesis == "h8" else {}
            sample.taxpayers.append({**_icms_debt(person, period, tax), **owns})
    for code, name in random.sample(BENEFITS, random.choice((1, 1, 2))):
        sample.benefits.append({"tax_id": person.tax_id, "code": code, "name": name, "tax": "ICMS"})


def _add_divergence(sample: Sample, person: Person, period: Period, filed: Row, tax: Decimal, assessed: bool) -> None:
    """Less was paid than declared; or declared and paid, but more was assessed."""
    difference = (tax * Decimal("0.4")).quantize(Decimal("0.01"))
    more_assessed = {"paid": str(tax), "assessed": str(tax + difference)}
    less_paid = {"paid": str(tax - difference)}
    sample.filings.append({**filed, **(more_assessed if assessed else less_paid), "paid_on": filed["filed_on"]})
    sample.taxpayers.append(_icms_debt(person, period, difference))


def _icms_debt(person: Person, period: Period, amount: Decimal) -> Row:
    return {
        **person.columns,
        "uf": "AL",
        "tax": "ICMS",
        "inscription": f"AL{period.name.replace('-', '')}{person.number:06}",
        "period": period.name,
        "due": period.due.isoformat(),
        "amount": str(amount),
    }


# ---- IPTU: registered debts, of one citizen or of a couple


def _add_registered(sample: Sample, random: Random, people: Sequence[Person]) -> None:
    """Add registered debts, in turn: a recent one, an older one, several, one in litigation, one in negotiation."""
    kind = sample.registered % 5
    ages = {0: (120,), 1: (900,), 2: (150, 520, 880), 3: (700,), 4: (200,)}[kind]
    for index, age in enumerate(ages, start=1):
        due = sample.date - timedelta(days=age + random.randrange(30))
        debt = {
            "tax": "IPTU",
            "inscription": f"IPTU{due.year}{people[0].number:06}-{index}",
            "period": str(due.year),
            "due": due.isoformat(),
            "amount": str(_money(random, Decimal(300), 15)),
            "litigation": "SIM" if kind == 3 else "NAO",
            "situation": "Em negociação" if kind == 4 else "Em cobrança",
        }
        sample.taxpayers.extend({**person.columns, "uf": "AL", **debt} for person in people)
    sample.registered += len(people)


# ---- people who don't exist


def _company(random: Random, number: int) -> Person:
    """Numeric roots from 90 million up are given to nobody yet; every third CNPJ is of the alphanumeric kind."""
    alphabet = string.ascii_uppercase if number % 3 == 0 else string.digits
    base = "9" + "".join(random.choices(alphabet, k=2)) + f"{number:05}0001"
    name = f"{random.choice(TRADES)} Exemplo {number:04} Ltda"
    return Person(number, formatted(base + cnpj_check_digits(base)), name)


def _citizen(random: Random, number: int) -> Person:
    base = "".join(random.choices(string.digits, k=3)) + f"{number:06}"
    return Person(number, formatted(base + cpf_check_digits(base)), f"Pessoa Exemplo {number:04}")


def _money(random: Random, least: Decimal, spread: int) -> Decimal:
    """An amount in reais from `least` to `spread` times that."""
    cents = random.randrange(int(least) * 100, int(least) * 100 * spread)
    return Decimal(cents).scaleb(-2)


def _csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
