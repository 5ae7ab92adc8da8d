"""`agreement …`: what an instalment agreement would cost under a policy, and those that were signed."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, out, table
from commands.imports import answering_database
from models.agreement.aftermath import identity_needed
from models.agreement.instalments import State
from models.agreement.policy import Litigation, Policy, Regime
from models.agreement.quote import Pay, Quote, Request, quote
from models.errors import Refusal
from models.formats import day, money
from models.intake.extract import Rejected, read_amount
from models.words import AGREEMENT_STATES
from operations.agreements import break_agreement, sign_agreement
from operations.catalogue import in_force
from storage.agreement.policies import load_policy
from storage.agreement.signing import SigningRequest
from storage.read_models.case_file import agreement_file, list_agreements

agreement_commands = typer.Typer(no_args_is_help=True, help="Instalment agreements: quote, sign and see them.")


def register(app: typer.Typer) -> None:
    app.add_typer(agreement_commands, name="agreement")


@agreement_commands.command("quote")
def quote_(
    policy: Annotated[str, typer.Option(help="The name of a shipped policy, or a file.")],
    amount: Annotated[str, typer.Option(help="What is owed, for example 1234.56; less what was paid before.")],
    debt_kind: Annotated[str, typer.Option(help="A debt kind of the policy; default: its first.")] = "",
    litigation: Annotated[Litigation, typer.Option(help="How far the collection has gone.")] = Litigation.NONE,
    renegotiation: Annotated[int, typer.Option(min=0, help="How many agreements on it were broken before.")] = 0,
    instalments: Annotated[
        int | None, typer.Option(min=1, help="How many; default: as many as the policy allows.")
    ] = None,
    regime: Annotated[Regime | None, typer.Option(help="Default: that of the debt kind.")] = None,
    date_: Annotated[str, typer.Option("--date", help="Day of the agreement, YYYY-MM-DD; default: today.")] = "",
    pay: Annotated[Pay, typer.Option(help="`cash` is the whole debt at once.")] = Pay.SLIP,
    as_json: Json = False,
) -> None:
    """Show the schedule of an instalment agreement. Exit code 1: not possible, and by which rule."""
    owed = _amount(amount)
    rules = load_policy(policy).policy
    kind = _kind(rules, debt_kind)
    request = Request(
        amount=owed,
        on=_day(date_, rules),
        kind=kind,
        regime=_regime(rules, kind, regime),
        litigation=litigation,
        renegotiation=renegotiation,
        pay=pay,
        instalments=instalments,
    )
    offer = quote(rules, request)
    data = {
        "policy": rules.label,
        "debt_kind": kind,
        "regime": request.regime,
        "amount": owed,
        **asdict(offer),
        "identity": identity_needed(rules, owed),
        "access_key": rules.debt_kinds[kind].access_key,
    }
    emit(data, as_json, lambda: _readable(rules, request, offer))


@agreement_commands.command("sign")
def sign_(
    case: Annotated[str, typer.Argument(metavar="CASE")],
    policy: Annotated[str, typer.Option(help="The name of a policy, or a file.")],
    instalments: Annotated[int, typer.Option(help="How many.")],
    by: By,
    pay: Annotated[Pay, typer.Option(help="`cash` is the whole debt at once.")] = Pay.SLIP,
    debt_kind: Annotated[str, typer.Option(help="Default: the case's tax, or the policy's first kind.")] = "",
    litigation: Annotated[Litigation | None, typer.Option(help="Default: as the debts are on record.")] = None,
    regime: Annotated[Regime | None, typer.Option(help="Default: that of the debt kind.")] = None,
    renegotiation: Annotated[
        int | None, typer.Option(min=0, help="How many were broken before; default: those on record.")
    ] = None,
    date_: Annotated[str, typer.Option("--date", help="Day of the agreement, YYYY-MM-DD; default: today.")] = "",
    as_json: Json = False,
) -> None:
    """Sign an agreement on all that a case owes and is not on hold. Exit code 1: not possible, and by which rule."""
    with answering_database() as engine:
        bundle = load_policy(policy, in_force(engine))
        on = _day(date_, bundle.policy) if date_ else None
        wanted = SigningRequest(instalments, pay, debt_kind or None, litigation, regime, renegotiation, on)
        agreement = sign_agreement(engine, credentials(by), case, bundle, wanted, datetime.now(UTC))
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
    state: Annotated[State | None, typer.Option(help="Only those that are so.")] = None,
    cohort: Annotated[str, typer.Option(help="Only those of this cohort's cases.")] = "",
    as_json: Json = False,
) -> None:
    """List agreements: of cases near prescription first, then the newest."""
    with answering_database() as engine, engine.connect() as connection:
        found = list_agreements(connection, state, cohort or None)
    columns = ("id", "case", "policy", "state", "amount", "paid", "instalments", "signed_on", "next_step_on")
    rows = [[_shown(each[column]) for column in columns] for each in found]
    emit({"agreements": found}, as_json, lambda: table(columns, rows))


@agreement_commands.command("break")
def break_(
    agreement: Annotated[str, typer.Argument(metavar="ID")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it is kept on record.")],
    as_json: Json = False,
) -> None:
    """Break an agreement from today on, where its policy names no day for it, or the debtor gives it up."""
    if not reason.strip():
        raise typer.BadParameter("must not be empty", param_hint="--reason")
    with answering_database() as engine:
        break_agreement(engine, credentials(by), agreement, reason, datetime.now(UTC))
    _emit_file(agreement, as_json)


def _emit_file(name: str, as_json: bool) -> None:
    with answering_database() as engine, engine.connect() as connection:
        file = agreement_file(connection, name)
    emit(file, as_json, lambda: _show(file))


def _show(file: dict[str, Any]) -> None:
    what = f"{money(file['amount'])} · {file['policy']} · {AGREEMENT_STATES[file['state']]}"
    out.print(f"{file['agreement']} · case {file['case']} · {what}", markup=False, soft_wrap=True)
    columns = ("n", "due", "amount", "fee", "credited", "received", "paid_on", "pix_txid", "slip_number")
    table(columns, ([_shown(each[column]) for column in columns] for each in file["instalments"]))
    shown = ("signed_on", "signed_by", "effective_on", "discount", "renegotiation", "broken_on", "decided_on")
    for column in (*shown, "completed_on"):
        if file[column]:
            out.print(f"{column}: {_shown(file[column])}", markup=False)
    if file["next_step"]:
        out.print(f"next: {file['next_step']['on']} {file['next_step']['reason']}", markup=False, soft_wrap=True)
    if file["tasks"]:
        table(("due", "task", "source", "done"), ([_shown(v) for v in each.values()] for each in file["tasks"]))


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money(value)
    return day(value) if isinstance(value, date) else value


def _readable(policy: Policy, request: Request, offer: Quote) -> None:
    kind = policy.debt_kinds[request.kind].name
    out.print(f"{policy.label} · {policy.authority} · {kind} · {money(request.amount)}", markup=False, soft_wrap=True)
    table(("nº", "vencimento", "valor"), [(i.n, day(i.due), money(i.amount)) for i in offer.instalments])
    sums = {
        "Entrada, dentro da primeira parcela": offer.down_payment,
        "Desconto": offer.discount,
        "Bônus, se tudo for pago em dia": offer.bonus,
        "Preço público das guias": offer.fee,
        "Total": offer.total,
    }
    for name, value in sums.items():
        out.print(f"{name}: {money(value)}")
    out.print(f"Parcelas no máximo: {offer.max_instalments}")
    if means := identity_needed(policy, request.amount):
        out.print(f"Para assinar: {means}")


def _amount(written: str) -> Decimal:
    try:
        amount = Decimal(read_amount(written, "amount"))
    except Rejected as rejected:
        raise typer.BadParameter(str(rejected), param_hint="--amount") from None
    return amount.quantize(Decimal("0.01"))


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


def _day(written: str, policy: Policy) -> date:
    today = datetime.now(ZoneInfo(policy.jurisdiction.timezone)).date()
    try:
        day = date.fromisoformat(written) if written else today
    except ValueError:
        raise typer.BadParameter(f"{written!r} is not a date; write YYYY-MM-DD", param_hint="--date") from None
    if not 1990 <= day.year <= 2100:
        raise typer.BadParameter("must lie between 1990 and 2100", param_hint="--date")
    return day
