"""`agreement …`: what an instalment agreement would cost under a policy, and those that were signed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, shown, table
from commands.documents import Html, Pdf, write_document
from commands.listing import After, Limit, list_rows
from commands.portuguese import AGREEMENT_STATES, IDENTIFICATIONS, LITIGATIONS, PAYS, PORTIONS, REGIMES
from commands.typed import day, one_of, some_amount
from models.agreement.charges import NOTHING
from models.agreement.identity import Identification, identity_needed
from models.agreement.instalments import State
from models.agreement.policy import Litigation, Policy, Portion, Regime
from models.agreement.quote import Instalment, Pay, Quote, Request, quote
from models.errors import Refusal
from storage.agreement.policy_files import load_policy
from storage.amounts.shipped_rates import shipped_rates

if TYPE_CHECKING:
    from storage.agreement.asked import SigningRequest
    from storage.read_models.case_parts import AgreementFile, ListedAgreement

agreement_commands = typer.Typer(no_args_is_help=True)

SignedOn = Annotated[
    date | None,
    typer.Option("--date", parser=day, metavar="DATE", help="Day of the agreement; default: today."),
]


PrecatorioAmount = Annotated[
    Decimal | None,
    typer.Option(parser=some_amount, metavar="AMOUNT", help="What a precatório pays of it, where the policy allows."),
]


def register(app: typer.Typer) -> None:
    app.add_typer(agreement_commands, name="agreement")


@agreement_commands.command("quote")
def quote_(
    policy: Annotated[str, typer.Option(help="The name of a shipped policy, or a file.")],
    amount: Annotated[
        Decimal | None,
        typer.Option(parser=some_amount, metavar="AMOUNT", help="What is owed, less what was paid before; or --case."),
    ] = None,
    case: Annotated[str, typer.Option(metavar="CASE", help="What this case owes and is not on hold.")] = "",
    debts: Annotated[
        Portion | None, one_of(PORTIONS, help="With --case: those in court, those that aren't, or all.")
    ] = None,
    debt_kind: Annotated[str, typer.Option(help="A debt kind of the policy; default: its first.")] = "",
    litigation: Annotated[
        Litigation | None,
        one_of(
            LITIGATIONS, Litigation, help="How far the collection has gone; default: not in court, or as on record."
        ),
    ] = None,
    renegotiation: Annotated[
        int | None,
        typer.Option(min=0, help="How many agreements on it were broken before; default: none, or on record."),
    ] = None,
    company: Annotated[bool, typer.Option("--company", help="Of a legal person's: some minimums are others.")] = False,
    granted: Annotated[str, typer.Option(help="The act that grants more instalments than the limit.")] = "",
    instalments: Annotated[
        int | None, typer.Option(min=1, help="How many; default: as many as the policy allows.")
    ] = None,
    regime: Annotated[Regime | None, one_of(REGIMES, Regime, help="Default: that of the debt kind.")] = None,
    date_: SignedOn = None,
    pay: Annotated[Pay, one_of(PAYS, Pay, help="`cash` is the whole debt at once.")] = Pay.SLIP,
    precatorio: PrecatorioAmount = None,
    html: Html = None,
    pdf: Pdf = None,
    as_json: Json = False,
) -> None:
    """Show the schedule of an instalment agreement, on an amount or on the debts of a case. Exit code 1: not possible,
    and by which rule."""
    if (amount is None) == (not case):
        raise typer.BadParameter("say --amount, or --case for what a case owes", param_hint="--amount")
    if not case and debts:
        raise typer.BadParameter("chooses among the debts of a case; say --case too", param_hint="--debts")
    if case and company:
        raise typer.BadParameter("is on record for a case", param_hint="--company")
    granted = granted.strip()
    if amount is None:
        from storage.agreement.asked import Precatorio, SigningRequest

        wanted = SigningRequest(
            1,
            pay,
            debt_kind or None,
            litigation,
            regime,
            renegotiation,
            date_,
            granted or None,
            debts=debts or "all",
            precatorio=Precatorio(precatorio, "") if precatorio else None,
        )
        rules, request, offer = _quoted(case, policy, wanted, instalments)
    else:
        rules = load_policy(policy).policy
        kind = _kind(rules, debt_kind)
        request = Request(
            amount=amount,
            on=date_ or _today(rules),
            kind=kind,
            regime=_regime(rules, kind, regime),
            litigation=litigation or Litigation.NONE,
            renegotiation=renegotiation or 0,
            pay=pay,
            instalments=instalments,
            company=company,
            granted=granted or None,
            offset=precatorio or NOTHING,
        )
        offer = quote(rules, request, shipped_rates())
    data = {
        "policy": rules.label,
        "debt_kind": request.kind,
        "regime": request.regime,
        "amount": request.amount,
        **asdict(offer),
        "instalments": [_instalment_data(each) for each in offer.instalments],
        "replaced": rules.replaced.by if rules.replaced else None,
        "example": rules.is_example,
        "identity": identity_needed(rules, request.amount),
        "access_key": rules.debt_kinds[request.kind].access_key,
    }
    if precatorio:
        data["offset"] = precatorio
    if html or pdf:
        from reports.schedule import schedule

        write_document(schedule(rules, request, offer), html, pdf)
    emit(data, as_json, lambda: _readable(rules, request, offer))


def _quoted(case: str, policy: str, wanted: SigningRequest, instalments: int | None) -> tuple[Policy, Request, Quote]:
    """The policy, what signing on a case's debts would ask of it, and the answer."""
    from commands.imports import answering_database
    from operations.catalogue import in_force
    from storage.agreement.signing import quote_case

    with answering_database() as engine, engine.connect() as connection:
        rules = load_policy(policy, in_force(engine)).policy
        return rules, *quote_case(connection, case, rules, wanted, instalments, datetime.now(UTC))


@agreement_commands.command("sign")
def sign_(
    case: Annotated[str, typer.Argument(metavar="CASE")],
    policy: Annotated[str, typer.Option(help="The name of a policy, or a file.")],
    instalments: Annotated[int, typer.Option(help="How many.")],
    by: By,
    pay: Annotated[Pay, one_of(PAYS, Pay, help="`cash` is the whole debt at once.")] = Pay.SLIP,
    debt_kind: Annotated[str, typer.Option(help="Default: the case's tax, or the policy's first kind.")] = "",
    litigation: Annotated[
        Litigation | None, one_of(LITIGATIONS, Litigation, help="Default: as the debts are on record.")
    ] = None,
    regime: Annotated[Regime | None, one_of(REGIMES, Regime, help="Default: that of the debt kind.")] = None,
    renegotiation: Annotated[
        int | None, typer.Option(min=0, help="How many were broken before; default: those on record.")
    ] = None,
    date_: SignedOn = None,
    granted: Annotated[str, typer.Option(help="The act that grants more instalments than the limit.")] = "",
    campaign: Annotated[bool, typer.Option("--campaign", help="In a modality of the case's campaign.")] = False,
    debts: Annotated[Portion, one_of(PORTIONS, help="Those in court, those that aren't, or all.")] = "all",
    authorization: Annotated[
        str, typer.Option(help="With --pay direct-debit: that by which the bank debits the instalments.")
    ] = "",
    precatorio: PrecatorioAmount = None,
    process: Annotated[str, typer.Option(help="The process in which the precatório's offset was granted.")] = "",
    identified_by: Annotated[
        Identification | None, one_of(IDENTIFICATIONS, Identification, help="How the taxpayer was identified.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Sign an agreement on what a case owes and is not on hold. Exit code 1: not possible, and by which rule."""
    from commands.imports import answering_database
    from embedded.home import find_services
    from operations.agreements import sign_agreement
    from operations.catalogue import in_force
    from storage.agreement.asked import Precatorio, SigningRequest

    if precatorio is None and process:
        raise typer.BadParameter("says the process of a precatório; say --precatorio too", param_hint="--process")
    if authorization and pay is not Pay.DIRECT_DEBIT:
        raise typer.BadParameter("is for --pay direct-debit", param_hint="--authorization")
    with answering_database() as engine:
        bundle = load_policy(policy, in_force(engine))
        wanted = SigningRequest(
            instalments,
            pay,
            debt_kind or None,
            litigation,
            regime,
            renegotiation,
            date_,
            granted.strip() or None,
            campaign,
            debts,
            authorization.strip(),
            Precatorio(precatorio, process) if precatorio else None,
            identified_by,
        )
        told = datetime.now(UTC), find_services().providers
        agreement = sign_agreement(engine, credentials(by), case, bundle, wanted, *told)
    _emit_file(agreement, as_json)


@agreement_commands.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID|CASE", help="An agreement, or the case of the newest one.")],
    as_json: Json = False,
) -> None:
    """Show an agreement: its instalments, what each is paid by, and what comes next."""
    _emit_file(name, as_json)


@agreement_commands.command("list")
def list_(
    state: Annotated[State | None, one_of(AGREEMENT_STATES, State, help="Only those that are so.")] = None,
    cohort: Annotated[str, typer.Option(help="Only those of this cohort's cases.")] = "",
    limit: Limit = None,
    after: After = None,
    as_json: Json = False,
) -> None:
    """List agreements: of cases near prescription first, then the newest."""
    from commands.imports import answering_database
    from storage.read_models.case_file import list_agreements

    columns = ("id", "case", "policy", "state", "amount", "paid", "instalments", "signed_on", "next_step_on")

    def show(found: list[ListedAgreement]) -> None:
        table(columns, map(itemgetter(*columns), found))

    with answering_database() as engine, engine.connect() as connection:
        read = partial(list_agreements, connection, state, cohort or None)
        list_rows("agreements", "id", read, show, limit, after, as_json)


def _change(operation: Callable[..., object], agreement: str, by: str, reason: str, as_json: bool) -> None:
    """Change an agreement for a reason, which must be said, and show what it is now."""
    from commands.imports import answering_database

    if not reason.strip():
        raise typer.BadParameter("must not be empty", param_hint="--reason")
    with answering_database() as engine:
        operation(engine, credentials(by), agreement, reason, datetime.now(UTC))
    _emit_file(agreement, as_json)


@agreement_commands.command("break")
def break_(
    agreement: Annotated[str, typer.Argument(metavar="ID")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it is kept on record.")],
    as_json: Json = False,
) -> None:
    """Break an agreement from today on, where its policy names no day for it, or the debtor gives it up."""
    from operations.agreements import break_agreement

    _change(break_agreement, agreement, by, reason, as_json)


@agreement_commands.command("end-debit")
def end_debit(
    agreement: Annotated[str, typer.Argument(metavar="ID")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it is kept on record.")],
    as_json: Json = False,
) -> None:
    """Say that an agreement's instalments are no longer debited: its discount ends as the policy says."""
    from operations.agreements import end_agreed_debit

    _change(end_agreed_debit, agreement, by, reason, as_json)


@agreement_commands.command("ask-debit")
def ask_debit(
    agreement: Annotated[str, typer.Argument(metavar="ID")],
    by: By,
    bank: Annotated[str, typer.Option(metavar="ISPB", help="The taxpayer's bank.")],
    account: Annotated[str, typer.Option(metavar="[AGENCY/]NUMBER", help="His account there.")],
    as_json: Json = False,
) -> None:
    """Ask a taxpayer's bank to let an agreement's instalments be debited, by Pix Automático."""
    from banks.settings import account_from, bank_from
    from commands.imports import answering_database
    from operations.agreements import ask_for_debit

    ours, his = bank_from(os.environ), account_from(account, "--account")
    with answering_database() as engine:
        recurrence = ask_for_debit(engine, credentials(by), agreement, ours, bank, his, datetime.now(UTC))
    emit({"agreement": agreement, "recurrence": recurrence}, as_json, lambda: say(recurrence))


@agreement_commands.command("refuse-offset")
def refuse_offset(
    agreement: Annotated[str, typer.Argument(metavar="ID")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it is kept on record.")],
    as_json: Json = False,
) -> None:
    """Take back what a precatório paid of an agreement: it is owed again, in one instalment more."""
    from operations.agreements import refuse_agreed_offset

    _change(refuse_agreed_offset, agreement, by, reason, as_json)


def _emit_file(name: str, as_json: bool) -> None:
    from commands.imports import answering_database
    from storage.read_models.case_file import agreement_file

    with answering_database() as engine, engine.connect() as connection:
        file = agreement_file(connection, name)
    emit(file, as_json, lambda: _show(file))


def _show(file: AgreementFile) -> None:
    what = f"{shown(file['amount'])} · {file['policy']} · {file['state']}"
    say(f"{file['agreement']} · case {file['case']} · {what}")
    columns = (
        "n",
        "due",
        "principal",
        "interest",
        "amount",
        "fee",
        "credited",
        "received",
        "paid_on",
        "pix_txid",
        "slip_number",
    )
    table(columns, map(itemgetter(*columns), file["instalments"]))
    signature = ("signed_on", "signed_by", "identified_by", "effective_on", "discount", "renegotiation")
    record: Mapping[str, object] = file
    for fact in (*signature, "broken_on", "decided_on", "completed_on"):
        if record[fact]:
            say(f"{fact.replace('_', ' ')}: {shown(record[fact])}")
    if file["next_step"]:
        say(f"next: {file['next_step']['on']} {file['next_step']['reason']}")
    if file["tasks"]:
        table(("due", "task", "source", "done"), (each.values() for each in file["tasks"]))


def _instalment_data(each: Instalment) -> dict[str, object]:
    return {
        "n": each.n,
        "due": each.due,
        "amount": each.amount,
        "principal": each.principal,
        "interest": each.interest,
        "estimated": each.estimated,
    }


def _readable(policy: Policy, request: Request, offer: Quote) -> None:
    kind = policy.debt_kinds[request.kind].name
    if policy.replaced:
        instead = f"; see {policy.replaced.policy}" if policy.replaced.policy else ""
        say(f"warning: since {policy.replaced.since} {policy.replaced.by} rules instead of this policy{instead}")
    if policy.is_example:
        say("an example: no authority has confirmed these rules")
    say(f"{policy.label} · {policy.authority} · {kind} · {shown(request.amount)}")
    columns = ("nº", "due", "principal", "interest", "amount")
    table(columns, [(each.n, each.due, each.principal, each.interest, each.amount) for each in offer.instalments])
    if any(each.estimated for each in offer.instalments):
        say("interest of months to come is estimated by the last rate that is known")
    sums = {
        **({"paid by a precatório": request.offset} if request.offset else {}),
        "down payment, in the first instalment": offer.down_payment,
        "discount": offer.discount,
        "bonus, if all is paid in time": offer.bonus,
        "price of the slips": offer.fee,
        "total": offer.total,
    }
    for name, value in sums.items():
        say(f"{name}: {shown(value)}")
    say(f"instalments at most: {offer.max_instalments}")
    if means := identity_needed(policy, request.amount):
        say(f"to sign it: {means}")


def _kind(policy: Policy, written: str) -> str:
    if not written:
        return next(iter(policy.debt_kinds))
    if written not in policy.debt_kinds:
        known = ", ".join(policy.debt_kinds)
        raise typer.BadParameter(f"{policy.agreement} has no {written!r}; it has {known}", param_hint="--debt-kind")
    return written


def _regime(policy: Policy, kind: str, regime: Regime | None) -> Regime:
    possible = policy.debt_kinds[kind].regimes
    if regime is not None and regime not in possible:
        raise Refusal(f"a debt of kind {kind} is of regime {' or '.join(possible)}, not {regime}")
    return regime or possible[0]


def _today(policy: Policy) -> date:
    return datetime.now(ZoneInfo(policy.jurisdiction.timezone)).date()
