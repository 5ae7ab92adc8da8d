"""`agreement quote`: what an instalment agreement would cost under a policy, or why it is not possible."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from commands.console import Json, emit, out, table
from models.aftermath import identity_needed
from models.agreement import Litigation, Policy, Regime
from models.errors import Refusal
from models.extract import Rejected, read_amount
from models.quote import Pay, Quote, Request, quote
from models.words import day, money
from storage.policies import load_policy

agreement_commands = typer.Typer(no_args_is_help=True, help="Instalment agreements: quote one under a policy.")


def register(app: typer.Typer) -> None:
    app.add_typer(agreement_commands, name="agreement")


@agreement_commands.callback()
def agreement() -> None:
    """A group, although it has a single command so far."""


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
    rules, _ = load_policy(policy)
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
