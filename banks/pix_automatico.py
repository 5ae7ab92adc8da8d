"""Pix Automático at the authority's bank: the payer authorises once that an agreement's instalments are debited
(`rec`, asked of his bank by `solicrec`), and each is then a charge of that recurrence (`cobr`).

A charge is put under our own txid, and its state is asked for where the bank doesn't take it: so a request whose answer
was lost is simply made again. It is never revised, only cancelled, until the day of its debit.
"""

from __future__ import annotations

import secrets
from datetime import UTC, timedelta

from banks.api_pix import ApiPix, json_of, refuse
from banks.bank import Authorization, BankAccount, Charge, Closed, Issued, State
from banks.psp import payer_of
from models.errors import Refusal
from models.payment.brcode import LARGEST

SCOPES = "rec.write solicrec.write cobr.read cobr.write"
ANSWERED_WITHIN = timedelta(days=7)
"""The time that a payer has to authorise."""
LONGEST_CONTRACT = 35

STATES = {
    "CRIADA": State.OPEN,
    "ATIVA": State.OPEN,
    "CONCLUIDA": State.PAID,
    "EXPIRADA": State.REMOVED,
    "REJEITADA": State.REMOVED,
    "CANCELADA": State.REMOVED,
}


class PixAutomatico:
    paid_once = True
    debits = None

    def __init__(self, api: ApiPix, receiver: BankAccount) -> None:
        self._api = api
        self._receiver = receiver

    def new_txid(self) -> str:
        return f"RG{secrets.token_hex(16).upper()}"

    def ask(self, wanted: Authorization) -> str:
        """Ask the payer's bank for his authorisation; return the recurrence's id. One whose answer was lost is never
        authorised, and expires. Raises Unavailable, or Refusal."""
        payer = payer_of(wanted.tax_id, wanted.name, f"agreement {wanted.agreement}")
        contract = {"contrato": wanted.agreement[:LONGEST_CONTRACT], "objeto": "Parcelamento de débitos"}
        authorised: dict[str, object] = {
            "vinculo": {**contract, "devedor": payer},
            "calendario": {"dataInicial": wanted.first_due.isoformat(), "periodicidade": "MENSAL"},
            "politicaRetentativa": "NAO_PERMITE",
        }
        recurrence = self._make("rec", authorised)
        owner = {name: value for name, value in payer.items() if name != "nome"}
        expires = (wanted.asked_at.astimezone(UTC) + ANSWERED_WITHIN).strftime("%Y-%m-%dT%H:%M:%SZ")
        request: dict[str, object] = {
            "idRec": recurrence,
            "calendario": {"dataExpiracaoSolicitacao": expires},
            "destinatario": {"ispbParticipante": wanted.ispb, **_written(wanted.account), **owner},
        }
        self._make("solicrec", request)
        return recurrence

    def end(self, recurrence: str) -> None:
        """End a recurrence; one that is over already stays so. Raises Unavailable, or Refusal."""
        answer = self._api.send("PATCH", f"rec/{recurrence}", {"status": "CANCELADA"})
        if not answer.is_success and answer.status_code not in (400, 404):
            refuse(answer, f"recurrence {recurrence}")

    def issue(self, charge: Charge) -> Issued:
        if not 0 < charge.amount <= LARGEST:
            raise Refusal(f"charge {charge.txid} is of more than a Pix can be, or of nothing")
        body: dict[str, object] = {
            "idRec": charge.recurrence,
            "calendario": {"dataDeVencimento": charge.due.isoformat()},
            "valor": {"original": f"{charge.amount:.2f}"},
            "ajusteDiaUtil": True,
            "recebedor": {**_written(self._receiver), "tipoConta": "CORRENTE"},
        }
        answer = self._api.send("PUT", f"cobr/{charge.txid}", body)
        if answer.status_code == 400 and (state := self._state(charge.txid)):
            if state is not State.OPEN:
                raise Closed(state)
        elif not answer.is_success:
            refuse(answer, f"charge {charge.txid}")
        return Issued(None, revision=0)

    def revise(self, charge: Charge, revision: int) -> Issued:
        raise Refusal(f"charge {charge.txid} is debited: it is cancelled and made anew, never revised")

    def remove(self, txid: str) -> None:
        answer = self._api.send("PATCH", f"cobr/{txid}", {"status": "CANCELADA"})
        if answer.status_code == 404:
            raise Closed(State.REMOVED)
        if answer.status_code == 400 and (state := self._state(txid)) not in (None, State.OPEN):
            raise Closed(state)
        if not answer.is_success:
            refuse(answer, f"charge {txid}")

    def _make(self, what: str, body: dict[str, object]) -> str:
        """Make a recurrence or a request of it; return the recurrence's id."""
        answer = self._api.send("POST", what, body)
        if not answer.is_success:
            refuse(answer, what)
        made = json_of(answer).get("idRec")
        if not isinstance(made, str):
            raise Refusal(f"the bank's answer about {what} has no idRec")
        return made

    def _state(self, txid: str) -> State | None:
        """The charge's state at the bank; None when the bank doesn't know it."""
        answer = self._api.send("GET", f"cobr/{txid}")
        return STATES.get(json_of(answer).get("status", "")) if answer.is_success else None


def _written(account: BankAccount) -> dict[str, object]:
    written: dict[str, object] = {"conta": account.number}
    return written | ({"agencia": account.agency} if account.agency else {})
