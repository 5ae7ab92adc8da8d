"""Charges with a due date (cobv) at the authority's bank.

A charge is put under our own txid: the API takes a repeated PUT of an open charge as a revision of it, so a request
whose answer was lost is simply made again.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from banks.api_pix import Answer, ApiPix, json_of, refuse
from banks.bank import Charge, Closed, Debits, Issued, State
from models.errors import Refusal
from models.payment.brcode import LARGEST, Receiver, dynamic, read_brcode

SCOPES = "cobv.read cobv.write"
LONGEST_NAME = 140
"""The shortest of the standard's limits: a recurrence's."""

STATES = {
    "ATIVA": State.OPEN,
    "CONCLUIDA": State.PAID,
    "REMOVIDA_PELO_USUARIO_RECEBEDOR": State.REMOVED,
    "REMOVIDA_PELO_PSP": State.REMOVED,
}


class Psp:
    paid_once = True

    def __init__(self, api: ApiPix, key: str, debits: Debits | None = None) -> None:
        self._api = api
        self._key = key
        self.debits = debits

    def new_txid(self) -> str:
        return f"RG{secrets.token_hex(16).upper()}"

    def issue(self, charge: Charge) -> Issued:
        body = {
            **_terms(charge),
            "devedor": payer_of(charge.tax_id, charge.name, f"charge {charge.txid}"),
            "chave": self._key,
        }
        return self._issued(self._ask("PUT", charge.txid, body), charge)

    def revise(self, charge: Charge, revision: int) -> Issued:
        return self._issued(self._ask("PATCH", charge.txid, _terms(charge)), charge)

    def remove(self, txid: str) -> None:
        self._ask("PATCH", txid, {"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR"})

    def _ask(self, method: str, txid: str, body: dict[str, object]) -> Answer:
        answer = self._api.send(method, f"cobv/{txid}", body)
        if answer.status_code == 404 and method == "PATCH":
            # never issued, or at the bank that was used before this one
            raise Closed(State.REMOVED)
        if answer.status_code == 400 and (state := self._state(txid)) not in (None, State.OPEN):
            raise Closed(state)
        if not answer.is_success:
            refuse(answer, f"charge {txid}")
        return json_of(answer)

    def _state(self, txid: str) -> State | None:
        """The charge's state at the bank; None when the bank doesn't know it."""
        answer = self._api.send("GET", f"cobv/{txid}")
        return STATES.get(json_of(answer).get("status", "")) if answer.is_success else None

    def _issued(self, answer: Answer, charge: Charge) -> Issued:
        # the standard's schema has the location in `loc`, its list of required fields beside it
        location = answer.get("location") or (answer.get("loc") or {}).get("location")
        if not isinstance(location, str) or not isinstance(answer.get("revisao"), int):
            raise Refusal(f"the bank's answer about charge {charge.txid} has no location or no revision")
        location = re.sub(r"^https?://", "", location)
        brcode = _brcode(answer.get("pixCopiaECola"), location, charge.receiver)
        return Issued(brcode, answer["revisao"], location)


def _terms(charge: Charge) -> dict[str, object]:
    """The day and amount of a charge, which a revision may change. It is never paid after its day, on which another
    amount is owed."""
    if not 0 < charge.amount <= LARGEST:
        raise Refusal(f"charge {charge.txid} is of more than a Pix can be, or of nothing")
    return {
        "calendario": {"dataDeVencimento": charge.due.isoformat(), "validadeAposVencimento": 0},
        "valor": {"original": f"{charge.amount:.2f}"},
    }


def payer_of(tax_id: str, name: str, what: str) -> dict[str, str]:
    """The payer as the API wants him. Raises Refusal for a masked CPF: a bank charges only whom it can name."""
    if re.fullmatch(r"[0-9]{11}", tax_id):
        return {"cpf": tax_id, "nome": name[:LONGEST_NAME]}
    if re.fullmatch(r"[0-9A-Z]{14}", tax_id):
        return {"cnpj": tax_id, "nome": name[:LONGEST_NAME]}
    raise Refusal(f"{what} can't be issued: the debtor's tax id is masked")


def _brcode(given: Any, location: str, receiver: Receiver) -> str:
    """The Pix code to copy: the bank's own text where it is of this charge, else made of the location."""
    try:
        if isinstance(given, str) and read_brcode(given).location == location:
            return given
    except Refusal:
        pass
    return dynamic(location, receiver)
