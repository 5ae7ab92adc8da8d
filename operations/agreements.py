"""Acts on instalment agreements: sign one for a taxpayer, and break one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from banks.bank import Authorization, Bank, BankAccount
from models.agreement.identity import Identification
from models.agreement.instalments import State
from models.agreement.quote import Pay
from models.assets import PolicyBundle
from models.errors import Refusal
from operations.operation import BY_LINK, Act, must_say, operation, record_refused
from storage.agreement.agreements import read_life, read_row, rescind
from storage.agreement.asked import SigningRequest
from storage.agreement.debits import end_debit
from storage.agreement.offsets import refuse_offset
from storage.agreement.policies import offered_policy
from storage.agreement.signing import sign
from storage.audit.log import Entry, carry
from storage.case.cases import read_case
from storage.payments.recurrences import asked_of, record_asked
from storage.schema import taxpayers


@operation("agreement sign")
def sign_agreement(
    act: Act,
    case: str,
    policy: PolicyBundle,
    wanted: SigningRequest,
    now: datetime,
    providers: Collection[str] = (),
) -> str:
    """Sign an agreement on all that a case owes and is not on hold; returns its id.

    Raises Refusal by the rule that it breaks, and for an example where messages truly leave, by these `providers`.
    """
    with act.engine.connect() as connection:
        signed = read_case(connection, case)
    if policy.policy.is_example and providers and not (signed.rehearsal or signed.clock.compressed):
        raise Refusal(
            f"{policy.policy.label} is an example, which nobody has verified, and {' and '.join(providers)} would truly"
            " send: have the authority verify it (`verified: {by, on, act}`)"
        )
    act.tell(policy=policy.policy.label, instalments=wanted.instalments, pay=wanted.pay, on=wanted.on)
    act.tell(debts=wanted.debts, identified_by=wanted.identified)
    if wanted.pay is Pay.DIRECT_DEBIT:
        must_say("by which authorization the bank debits the instalments", wanted.authorization)
        act.tell(authorization=wanted.authorization)
    if wanted.precatorio:
        must_say("in which process the offset was granted", wanted.precatorio.process)
        act.tell(precatorio=wanted.precatorio.amount, process=wanted.precatorio.process)
    agreed, _ = sign(act.engine, case, policy, wanted, act.actor, "command", now)
    return agreed.id


SIGNER = BY_LINK


def sign_by_link(engine: Engine, case: str, wanted: SigningRequest, now: datetime) -> str:
    """Sign an agreement for the taxpayer whose link was opened, by the policy that his ruler was frozen with; returns
    its id. He has no token and needs no duty: his signature binds him alone. Raises Refusal by the rule that it breaks.
    """
    own = engine.execution_options()
    said = {"instalments": str(wanted.instalments), "debts": wanted.debts, "campaign": str(wanted.campaign)}
    if wanted.accepted:
        said["deed"] = wanted.accepted.digest
    entry = Entry(SIGNER, "agreement sign", case, {**said, "via": "link"})
    carry(own, entry)
    try:
        with own.connect() as connection:
            offered = offered_policy(read_case(connection, case).frozen)
        known = replace(wanted, identified=Identification.LINK)
        agreed, _ = sign(own, case, offered, known, SIGNER, "link", now)
    except Refusal:
        record_refused(engine, entry)
        raise
    return agreed.id


@operation("agreement refuse-offset")
def refuse_agreed_offset(act: Act, agreement: str, reason: str, now: datetime) -> None:
    """Take back what a precatório paid of an agreement, since the offset was refused after all."""
    must_say("why", reason)
    refuse_offset(act.engine, agreement, act.actor, reason, now)


@operation("agreement ask-debit")
def ask_for_debit(act: Act, agreement: str, bank: Bank | None, ispb: str, account: BankAccount, now: datetime) -> str:
    """Have the authority's bank ask a taxpayer's bank to let an agreement's instalments be debited (Pix Automático);
    returns the recurrence's id. The account is told to the bank, and kept nowhere here."""
    if bank is None or bank.debits is None:
        raise Refusal(
            "no bank with Pix Automático is configured (docs/pix.md); a person attests the debit, with `agreement sign"
            " --pay direct-debit --authorization`"
        )
    if not re.fullmatch("[0-9A-Z]{8}", ispb):
        raise Refusal("a bank is named by its ISPB: 8 digits or capital letters")
    with act.engine.connect() as connection:
        wanted = _authorization(connection, agreement, ispb, account, now)
    # nothing is locked while a bank thinks
    recurrence = bank.debits.ask(wanted)
    act.tell(recurrence=recurrence)
    with act.engine.begin() as connection:
        asked = record_asked(connection, recurrence, agreement, act.by)
    if not asked:
        bank.debits.end(recurrence)
        raise Refusal(f"somebody else asked for the debit of agreement {agreement} meanwhile")
    return recurrence


def _authorization(
    connection: Connection, agreement: str, ispb: str, account: BankAccount, now: datetime
) -> Authorization:
    """The authorisation to ask for. Raises Refusal where nothing is to be debited, or it was asked for already."""
    row = read_row(connection, agreement)
    case = read_case(connection, row["case"])
    today = case.clock.day_at(now)
    deal, life = read_life(connection, row, today)
    coming = [entry.due for entry in life.books.open_entries if entry.due > today]
    if life.state is not State.ACTIVE or not coming:
        raise Refusal(f"nothing of agreement {agreement} is still to come: there is nothing to debit")
    if deal.request.pay is not Pay.DIRECT_DEBIT or "ended_on" in row["terms"].get("debit", {}):
        raise Refusal(f"agreement {agreement} is not paid by direct debit")
    if asked := asked_of(connection, agreement):
        raise Refusal(f"the debit of agreement {agreement} was asked for already: recurrence {asked}")
    who = connection.execute(select(taxpayers).where(taxpayers.c.id == case.taxpayer)).one()
    return Authorization(agreement, min(coming), who.tax_id, who.name, ispb, account, now)


@operation("agreement end-debit")
def end_agreed_debit(act: Act, agreement: str, reason: str, now: datetime) -> None:
    """Record that an agreement's instalments are no longer debited, which costs the discount for that."""
    must_say("why", reason)
    end_debit(act.engine, agreement, act.actor, reason, now)


@operation("agreement break")
def break_agreement(act: Act, agreement: str, reason: str, now: datetime) -> None:
    """Break an agreement from today on, where its policy names no day for it, or the debtor gives it up."""
    must_say("why", reason)
    rescind(act.engine, agreement, act.actor, reason, now)
