"""A case on record with something of everything, of an invented taxpayer with a hostile name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, insert, text

from models.case.selection import Selection
from models.case.state import CaseState, OnRow
from models.law.calendar import Clock
from models.ruler.schema import Kind
from storage import schema
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.catalogue import RULERS
from tests.builders import ICMS, shipped

NAME = "Padaria <script>alert(1)</script> & Filhos"
TAX_ID, FORMATTED = "12ABC34501DE35", "12.ABC.345/01DE-35"
EMAIL, PHONE = "dona@padaria.example", "+5582999991234"
LINK = "https://pague.authority.example/p/ASNFZ4mrze8.awNWmg.jZh-6H4lF9sZ3wqd"
PERSONAL = (NAME, "<script>", TAX_ID, FORMATTED, EMAIL, "99999-1234", PHONE, LINK, "jZh-6H4lF9sZ3wqd", "minha sócia")
"""The personal data that only `--reveal` may tell."""
DAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Recorder:
    """Adds rows to one case; each row has its own second."""

    def __init__(self, connection: Connection, cohort: str, ruler: str) -> None:
        self.connection, self.ruler = connection, ruler
        self.seconds = count()
        self.debts: list[str] = []
        person = {"tax_id": TAX_ID, "name": NAME, "is_company": True, "email": EMAIL, "phone": PHONE}
        self.taxpayer = self.add(schema.taxpayers, key=f"{TAX_ID} {cohort}", **person)
        place = OnRow(row="h8", kind=Kind.NON_PAYMENT, rung=0)
        state = CaseState.at_start(DAY).model_copy(update={"place": place, "steps": 1})
        self.case = self.add(
            schema.cases,
            taxpayer=self.taxpayer,
            tax="ICMS",
            cohort=cohort,
            ruler=ruler,
            state=state.model_dump(mode="json"),
            opened_at=MORNING,
        )

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=next(self.seconds))

    def add(self, table: Any, **values: Any) -> Any:
        return self.connection.execute(
            insert(table).values(values).returning(table.primary_key.columns[0])
        ).scalar_one()

    def journal(self, kind: str, reason: str, at: date = DAY, **more: Any) -> None:
        given = {"evidence": {}, "recorded_at": self.now(), "occurrences": 2, **more}
        self.add(schema.decisions, case=self.case, ruler=self.ruler, kind=kind, reason=reason, at=at, **given)

    def notice(self, step: int, channel: str, body: str, stage: str = "notice", **more: Any) -> str:
        given = {
            "id": f"{self.case}-{step:02}-{channel}",
            "rung_channel": channel,
            "at": DAY,
            "hypothesis": "h8",
            "rigidity": 9,
            "tone": "final",
            "template": "alagoas-icms/h8-notice",
            "formal": True,
            "status": "sent",
            "claimed_at": self.now(),
            "sent_at": self.now(),
            **more,
        }
        made: str = self.add(
            schema.notices, case=self.case, step=step, channel=channel, stage=stage, body=body, **given
        )
        return made

    def lists(self, notice: str) -> None:
        """All debts, in a formal notice."""
        listed = """
            INSERT INTO notice_credits (notice, credit, debt, period, amount, due)
            SELECT :notice, debts.id, debts.id, period, amount, due FROM debts
            JOIN debtors ON debtors.debt = debts.id WHERE debtors.taxpayer = :taxpayer
        """
        self.connection.execute(text(listed), {"notice": notice, "taxpayer": self.taxpayer})

    def approval(self, by: str, reason: str, **seen: Any) -> None:
        given = {
            "on": DAY.isoformat(),
            "balance": "1234.56",
            "basis": "ladder",
            "because": "fim da régua",
            "benefits": [{"id": "b", "code": "P1", "name": "PRODESIN"}],
            "notices": [],
            "fingerprint": "f" * 64,
            **seen,
        }
        row = {"given_by": by, "reason": reason, "given_on": DAY, "seen": given, "recorded_at": self.now()}
        self.add(schema.approvals, case=self.case, state="lapsed", **row)


def begun(engine: Engine, cohort: str = "icms") -> tuple[str, str]:
    """A cohort, and the digest of its ruler."""
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(ICMS), RULERS.read(ICMS)[1], 2025)
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=MORNING, origin_day=DAY, timezone="America/Maceio")
    create_cohort(engine, Cohort(cohort, frozen, Selection(), clock, "ana"))
    return cohort, frozen.digest


def with_everything(engine: Engine) -> str:
    """The case."""
    founded = begun(engine)
    with engine.begin() as connection:
        record = Recorder(connection, *founded)
        _enqueue(record)
        _climb(record)
        _answer(record)
        return str(record.case)


def _enqueue(record: Recorder) -> None:
    debts = []
    for period in ("2025-12", "2026-01"):
        row = {"inscription": f"I-{period}", "period": period, "due": date(2026, 2, 9), "amount": "1500.00"}
        debts.append(record.add(schema.debts, tax="ICMS", prescribes=date(2031, 2, 9), **row))
        record.connection.execute(insert(schema.debtors).values(debt=debts[-1], taxpayer=record.taxpayer))
    record.debts = debts
    returned = {"period": "2025-12", "due": date(2026, 1, 20), "status": "filed", "declared": "1500.00"}
    record.add(schema.filings, taxpayer=record.taxpayer, tax="ICMS", **returned, recorded_at=MORNING)
    record.add(
        schema.holds,
        debt=debts[1],
        ground="injunction",
        source="person",
        placed_by="Caio",
        reason="liminar concedida & juntada",
        evidence="autos 0700",
        since=DAY,
        placed_at=MORNING,
        lifted_at=MORNING + timedelta(days=1),
        lifted_by="Caio",
        lifted_because="liminar cassada",
    )
    paid = {"amount": "265.44", "paid_at": MORNING, "paid_on": DAY, "recorded_at": MORNING}
    payment = record.add(schema.payments, end_to_end_id="E2E-1", debt=debts[0], **paid)
    back = {"reference": "DEV-1", "amount": "1.00", "reversed_on": DAY, "recorded_at": MORNING}
    record.add(schema.reversals, payment=payment, **back)
    evidence = {"payment": payment, "amount": "265.44", "debt": debts[0]}
    record.journal("payment", "pagamento de R$ 265,44 recebido por Pix", evidence=evidence)


def _climb(record: Recorder) -> None:
    seen = {"balance": "1234.56", "grounds": ["injunction"], "debts": {}, "open": ["non_payment 2025-12"]}
    record.journal("classified", "declarado & não pago: leva a H8", hypothesis="h8", evidence=seen)
    body = f"{NAME}\nCNPJ nº {FORMATTED} ({TAX_ID})\nAcesse {LINK}\nFundamento: fim da régua.\n"
    on, law = date(2026, 3, 17), "Decreto 70.235/1972, art. 23"
    served: dict[str, Any] = {"served_on": on, "served_by": "deemed", "served_reference": law}
    formal = record.notice(0, "domicile", body, subject="Notificação formal", deemed_on=on, deemed_by=law, **served)
    record.lists(formal)
    cell: dict[str, Any] = {"hypothesis": "h8", "stage": "notice", "rigidity": 9, "evidence": seen}
    record.journal("notice", "H8 · notificação: primeiro contato", **cell)
    sent = record.notice(0, "email", body, address=EMAIL, provider="sendgrid", provider_id="sg-1")
    record.journal("notice", "H8 · notificação: primeiro contato", **cell)
    for number, (kind, reason) in enumerate({"delivered": None, "bounce": f"550 <{EMAIL}> unknown"}.items()):
        happened = {"event": f"ev-{number}", "kind": kind, "reason": reason, "at": MORNING}
        record.add(schema.delivery_events, provider="sendgrid", notice=sent, **happened)
    record.journal("served", "ciência tácita", at=on)
    cell["stage"], cell["rigidity"] = "suspension", 10
    record.journal("approval_asked", "suspensão de benefícios aguarda aprovação", **cell)
    record.approval("Bia", "conferido & de acordo")
    record.journal("approved", "suspensão aprovada por Bia: conferido & de acordo", **cell)
    benefit = record.add(schema.benefits, taxpayer=record.taxpayer, code="P1", name="PRODESIN")
    record.add(
        schema.suspensions,
        benefit=benefit,
        case=record.case,
        suspended_on=DAY,
        approved_by="Bia",
        recorded_at=MORNING,
        reinstated_on=DAY,
        reinstated_at=MORNING,
    )
    record.journal("suspended", "suspensão aprovada por Bia", **cell)
    record.journal("reinstated", "cessou a causa da suspensão: benefícios devolvidos")
    record.notice(1, "email", f"{NAME}: benefícios devolvidos", "suspension", kind="reinstatement", formal=False)
    record.journal("notice", "comunicação de que os benefícios foram devolvidos", **cell)


def _answer(record: Recorder) -> None:
    filed = {"filed_on": DAY, "reference": "processo 77", "recorded_by": "Caio", "recorded_at": MORNING}
    decided = {"state": "rejected", "decided_on": DAY, "decided_by": "Bia", "reason": "sem prova"}
    record.add(schema.defences, case=record.case, **filed, **decided, decided_at=MORNING)
    step = {"kind": "protest", "on": DAY, "reference": "cartório 3", "recorded_by": "Caio", "recorded_at": MORNING}
    asked = {"kind": "access", "made_on": DAY, "due": DAY, "reference": "protocolo 5", "recorded_by": "Caio"}
    record.add(schema.requests, case=record.case, **asked, recorded_at=MORNING)
    kept = {"state": "kept", "paid": "100.00", "decided_on": DAY, "channel": "phone", "made_by": "Dora", "made_on": DAY}
    days = {"promised_for": DAY, "due": DAY, "judged_on": DAY + timedelta(days=3), "after_payment": 0}
    record.add(schema.promises, case=record.case, amount="100.00", **days, **kept, recorded_at=MORNING)
    taken = record.add(schema.prior_steps, case=record.case, **step)
    record.add(schema.prior_step_debts, prior_step=taken, debt=record.debts[0])
    said = {"channel": "sms", "address": PHONE, "body": "fale com minha sócia", "intent": "objection"}
    record.add(schema.replies, case=record.case, taxpayer=record.taxpayer, provider="twilio", event="r1", **said)
    reason = f"contestação de {NAME.upper()} pelo telefone (82) 99999-1234, CNPJ {FORMATTED}"
    record.journal("objection_asked", reason)
