"""The periods as the authority knows them, the evidence it amounts to, and the row that evidence leads to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict

from models.case.persistent_defaulter import persistent_defaulter
from models.law.grounds import PRESCRIBED
from models.ruler.schema import Hypothesis, Kind, Ruler
from models.words import KINDS


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class Debt(_Fact):
    id: str
    inscription: str
    period: str | None
    due: date
    balance: Decimal
    litigation: bool
    registered_on: date | None = None
    """The day of its registration as dívida ativa; none: no extract has said."""
    ledger: Decimal = Decimal(0)
    """The rest of the amount that was imported: what delay adds by the day is not in it."""
    lodged: Decimal = Decimal(0)
    """The amount that was imported, whatever was paid on it since."""
    grounds: tuple[str, ...] = ()
    """Why it is on hold; empty: it is not."""
    held_since: date | None = None
    """The day its first ground began; none: the day it came to be known."""
    held_until: date | None = None
    """Its last day on hold; none: nobody has said."""
    ground_ends_on: date | None = None
    """The last day of the first of its grounds to end, though others may go on; none: nobody has said of any."""
    defended: bool = False
    """A defence against it is open, or was accepted."""
    protested: bool = False
    prescribes: date | None = None
    """The day from which it is prescribed (CTN art. 174), where known."""
    prescription_refuted: bool = False
    """People have said that it isn't."""

    @property
    def outstanding(self) -> bool:
        return self.balance > 0 and not self.grounds and not self.defended

    @property
    def paid_in_part(self) -> bool:
        return 0 < self.ledger < self.lodged

    def on_day(self, today: date) -> Debt:
        """The debt as it is on that day: what seems prescribed is set apart, until people have said whether it is."""
        if self.prescribes is None or today < self.prescribes or self.prescription_refuted:
            return self
        since = self.held_since if self.grounds else self.prescribes
        apart = {"grounds": (*self.grounds, PRESCRIBED), "held_since": since, "held_until": None}
        return self.model_copy(update=apart)


class Filing(_Fact):
    """A return as last known. Amounts in reais; `paid` is what the authority had received, `paid_on` when."""

    period: str
    due: date
    status: str
    filed_on: date | None = None
    declared: Decimal | None = None
    assessed: Decimal | None = None
    paid: Decimal = Decimal(0)
    paid_on: date | None = None
    paid_before_due: Decimal = Decimal(0)
    """The amount an earlier version of the return knew paid by the due date: a later payment doesn't undo it."""
    corrected: Decimal | None = None

    @property
    def paid_in_time(self) -> Decimal:
        now_known = self.paid if self.paid_on is None or self.paid_on <= self.due else Decimal(0)
        return max(now_known, self.paid_before_due)

    @property
    def declares_now(self) -> Decimal:
        return self.corrected if self.corrected is not None else self.declared or Decimal(0)

    @property
    def declared_at_most(self) -> Decimal:
        """A rectification that declares more is collected; one that declares less cures."""
        return max(self.declares_now, self.declared or Decimal(0))


class Evidence(_Fact):
    """One period with one kind of nonconformity, judged on what was true by the due date."""

    kind: Kind
    period: str
    due: date
    open: bool
    """Whether it is not cured: a later payment or correction cures, and never turns one kind into another."""
    wants_return: bool = False
    """Whether its cure is a return (missing or to be corrected), not a payment."""


def evidence_of(ruler: Ruler, debts: Iterable[Debt], filings: Iterable[Filing]) -> tuple[Evidence, ...]:
    """All evidence of the kinds the ruler takes, oldest first, of debts and returns whose due date has passed."""
    debts = tuple(debts)
    filings = tuple(filings)
    found: list[Evidence] = []
    for filing in filings:
        of_period = [debt for debt in debts if debt.period == filing.period]
        found += _of_filing(filing, of_period, ruler.payments.tolerance)
    returns = {filing.period for filing in filings}
    for debt in debts:
        if not (ruler.entry.reads_returns and debt.period in returns):
            found.append(
                Evidence(
                    kind=_kind_of_debt(ruler, debt),
                    period=debt.period or debt.inscription,
                    due=debt.due,
                    open=debt.balance > 0,
                )
            )
    return tuple(sorted((e for e in found if ruler.entry.takes(e.kind)), key=lambda e: (e.due, e.period, e.kind)))


def _kind_of_debt(ruler: Ruler, debt: Debt) -> Kind:
    """The kind of evidence that a debt is of which no return tells."""
    registered = debt.registered_on is not None and ruler.entry.takes(Kind.REGISTERED_DEBT)
    return Kind.ASSESSED if ruler.entry.takes(Kind.ASSESSED) and not registered else Kind.REGISTERED_DEBT


def _of_filing(filing: Filing, debts: list[Debt], tolerance: Decimal) -> list[Evidence]:
    """The evidence of a return; `debts` are those that the ledger has for its period."""
    found = []
    if filing.status in ("missing", "late"):
        missing = filing.status == "missing"
        found.append(Evidence(kind=Kind.RETURN, period=filing.period, due=filing.due, open=missing, wants_return=True))
    if filing.status not in ("filed", "late") or filing.declared is None:
        return found
    owed = sum((debt.balance for debt in debts), Decimal(0)) if debts else None
    paid = filing.paid_in_time
    raised = _raised_beyond(filing, debts, tolerance)
    # what is paid beyond what was declared is the taxpayer's credit (CTN art. 165)
    short = paid > 0 and filing.declared_at_most - paid > tolerance
    assessed = filing.declared if filing.assessed is None else filing.assessed
    differs_from_assessed = abs(filing.declared - assessed) > tolerance
    if short or differs_from_assessed or (raised and owed == 0):
        unpaid = filing.declares_now - filing.paid > tolerance
        wrong = abs(filing.declares_now - assessed) > tolerance if differs_from_assessed else unpaid
        found.append(
            Evidence(
                kind=Kind.DIVERGENCE,
                period=filing.period,
                due=filing.due,
                open=wrong and (raised or owed != 0),
                wants_return=differs_from_assessed or raised or owed is None,
            )
        )
    if filing.declared_at_most > tolerance and paid == 0:
        owes = owed > 0 if owed is not None else filing.declares_now - filing.paid > tolerance
        found.append(Evidence(kind=Kind.NON_PAYMENT, period=filing.period, due=filing.due, open=owes))
    return found


def _raised_beyond(filing: Filing, debts: list[Debt], tolerance: Decimal) -> bool:
    """Whether a rectification has raised a return beyond what was paid and what the ledger has of its period."""
    known = max(filing.paid, filing.paid_in_time + sum((debt.lodged for debt in debts), Decimal(0)))
    return filing.declares_now > (filing.declared or 0) and filing.declares_now - known > tolerance


def window_start(ruler: Ruler, start: date) -> date:
    """The first day of the look-back window of a case that starts on `start`."""
    return start - relativedelta(months=ruler.recurrence.window_months)


def occurrences_of(ruler: Ruler, kind: Kind, evidence: Iterable[Evidence], start: date) -> int:
    """Periods with that kind of evidence inside the window that ends on `start`, cured or not; at least one."""
    since = window_start(ruler, start)
    return max(1, len({e.period for e in evidence if e.kind is kind and since < e.due <= start}))


class Classification(_Fact):
    """The row that evidence leads to, and why in words."""

    kind: Kind
    row: Hypothesis
    occurrences: int
    reason: str
    by_thresholds: bool = False
    """Whether the thresholds of the law were met."""


def classify(
    ruler: Ruler,
    debts: Iterable[Debt],
    evidence: Iterable[Evidence],
    start: date,
    assets: Decimal | None = None,
    elsewhere: Iterable[Debt] = (),
) -> Classification | None:
    """The row whose first rung is most rigid among the open kinds, ties to the higher row; that of a persistent
    defaulter is one of them. None: nothing is open."""
    debts = tuple(debts)
    evidence = tuple(evidence)
    kinds = {e.kind for e in evidence if e.open}
    found = [_classify_kind(ruler, kind, debts, evidence, start) for kind in sorted(kinds)]
    defaulting = persistent_defaulter(ruler, debts, evidence, start, assets, elsewhere)
    if defaulting and Kind.NON_PAYMENT in kinds:
        times = occurrences_of(ruler, Kind.NON_PAYMENT, evidence, start)
        row, why = defaulting.row, f"devedor contumaz: {defaulting.reason}"
        found.append(Classification(kind=Kind.NON_PAYMENT, row=row, occurrences=times, reason=why, by_thresholds=True))
    return max(found, key=lambda c: (ruler.rigidity(c.row, 0, c.occurrences), c.row), default=None)


def _classify_kind(
    ruler: Ruler, kind: Kind, debts: tuple[Debt, ...], evidence: tuple[Evidence, ...], start: date
) -> Classification:
    times = occurrences_of(ruler, kind, evidence, start)
    if kind is Kind.REGISTERED_DEBT:
        row, why = _registered(ruler, debts, start)
        return Classification(kind=kind, row=row, occurrences=times, reason=why)
    rows = ruler.entry.by_occurrence(kind) or ()
    row = rows[min(times, len(rows)) - 1]
    why = f"{KINDS[kind]}: {times}ª ocorrência em {ruler.recurrence.window_months} meses leva a {row.upper()}"
    return Classification(kind=kind, row=row, occurrences=times, reason=why)


def _registered(ruler: Ruler, debts: tuple[Debt, ...], start: date) -> tuple[Hypothesis, str]:
    rule = ruler.entry.registered_debt
    assert rule is not None  # noqa: S101 - the ruler takes registered debt, or there would be no such evidence
    unpaid = [debt for debt in debts if debt.outstanding] or [debt for debt in debts if debt.balance > 0]
    if any(debt.litigation for debt in unpaid):
        return rule.litigation, f"débito inscrito e ajuizado leva a {rule.litigation.upper()}"
    if len(unpaid) > 1:
        return rule.several, f"{len(unpaid)} inscrições em aberto levam a {rule.several.upper()}"
    if unpaid and unpaid[0].due <= window_start(ruler, start):
        months = ruler.recurrence.window_months
        return rule.older, f"uma inscrição em aberto, de mais de {months} meses, leva a {rule.older.upper()}"
    return rule.single, f"uma única inscrição recente em aberto leva a {rule.single.upper()}"
