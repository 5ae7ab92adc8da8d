"""The forms by which a ruler is edited, and the text that each makes of it: only its own lines change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from models.contact.channel import CHANNELS, Channel
from models.ruler.check import read_ruler
from models.ruler.schema import Hypothesis
from models.yaml_edit import in_yaml, value_at, with_value
from web.console.bodies import Asking, Said

SETTINGS: Mapping[tuple[str, ...], str] = {
    ("title",): "Título",
    ("sender",): "Remetente dos e-mails",
    ("contact", "site"): "Página impressa nas mensagens",
    ("contact", "phone"): "Telefone impresso nas mensagens",
    ("entry", "return"): "Declaração omissa leva a, na 1ª, 2ª, … vez",
    ("entry", "divergence"): "Divergência leva a",
    ("entry", "non_payment"): "Falta de pagamento leva a",
    ("entry", "assessed"): "Lançamento de ofício não pago leva a",
    ("jurisdiction", "contact_hours", "default", "weekdays"): "Horas de contato, dias úteis",
    ("jurisdiction", "contact_hours", "default", "saturdays"): "Horas de contato, sábados",
    ("gate", "defence"): "Prazo de defesa",
    ("gate", "second_above"): "Acima de quanto, em reais, duas pessoas aprovam",
    ("payments", "minimum_balance"): "Saldo abaixo do qual o caso se resolve",
    ("payments", "reanchor_share"): "Parte paga que recomeça o prazo",
    ("promises", "minimum"): "Parte do devido que uma promessa cobre, pelo menos",
    ("promises", "longest"): "Prazo mais longo de uma promessa",
}
"""The keys that have a field of their own, where the ruler writes them on one line."""

Text = Annotated[str, Field(default="", max_length=2000, pattern=r"^[^\x00]*$")]
Revision = Annotated[int, Field(ge=0, lt=2**31)]
Number = Annotated[int, Field(ge=0, lt=1000)]


class Editing(Asking):
    revision: Revision


class Celling(Editing):
    row: Hypothesis
    rung: Number
    rigidity: Annotated[int, Field(ge=1, le=10)]
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    unit: Literal["business", "legal"] = "business"
    channels: tuple[Channel, ...] = ()
    fallback: Text = ""
    formal: bool = False
    template: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/_-]*$", max_length=200)]
    hours: Text = ""


class Rowing(Editing):
    row: Hypothesis
    name: Said
    climbs_to: Hypothesis | None = None


class Setting(Editing):
    place: Said
    value: Said


class Writing(Editing):
    file: Said
    text: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    row: Hypothesis | None = None
    rung: Number | None = None


class Publishing(Asking):
    seen: Said
    reason: Said


class NotEdited(Exception):
    """An edit that can't be taken: what is wrong, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("the edit was not taken")
        self.errors = errors


def with_cell(text: str, said: Celling) -> str:
    """The ruler with a cell as its form says. Raises NotEdited with what the form says wrong."""
    rung = ("rows", said.row, "rungs", said.rung)
    if value_at(text, (*rung, "stage")) is None:
        raise NotEdited({"row": "não há tal célula"})
    wait = "before" if value_at(text, (*rung, "before")) else "dwell"
    written = {
        "rigidity": in_yaml(said.rigidity),
        wait: f"{said.days} {said.unit}" if said.days else None,
        "channels": in_yaml(said.channels) if said.channels else None,
        "fallback": fallback_in_yaml(said.fallback),
        "formal": "true" if said.formal else None,
        "template": in_yaml(said.template),
        "hours": f'"{said.hours.strip()}"' if said.hours.strip() else None,
    }
    for name, value in written.items():
        if name == "channels" and value == "[email]" and value_at(text, (*rung, name)) is None:
            continue  # it is so where nothing is written
        text = must_fit(with_value(text, (*rung, name), value), (*rung, name), "days" if name == wait else name)
    return text


def must_fit(text: str, where: tuple[str | int, ...], field: str) -> str:
    """The text, where what was written at a key has the shape of its value. Raises NotEdited."""
    wrong = next((fault for fault in read_ruler(text).faults if fault.where[: len(where)] == where), None)
    if wrong is not None:
        raise NotEdited({field: wrong.what})
    return text


def fallback_in_yaml(written: str) -> str | None:
    """Ways out as people write them, `email: sms, voice`, a line each."""
    ways = []
    for line in filter(None, map(str.strip, written.splitlines())):
        channel, colon, others = line.partition(":")
        named = [word for word in re.split(r"[,\s]+", others) if word]
        if not colon or not named or {channel.strip(), *named} - set(CHANNELS):
            raise NotEdited({"fallback": f"escreva canal: canais, com {', '.join(CHANNELS)}"})
        ways.append(f"{channel.strip()}: [{', '.join(named)}]")
    return f"{{{', '.join(ways)}}}" if ways else None


def settings_of(text: str) -> list[tuple[str, str, str]]:
    """The keys with a field of their own: where each is, its label, and what stands there."""
    found = ((where, label, value_at(text, where)) for where, label in SETTINGS.items())
    return [(".".join(where), label, value.strip("[]\"'")) for where, label, value in found if value is not None]


def with_row(text: str, said: Rowing) -> str:
    """The ruler with the name and the way up of a row as its form says."""
    text = with_value(text, ("rows", said.row, "name"), in_yaml(said.name.strip()))
    return with_value(text, ("rows", said.row, "climbs_to"), said.climbs_to)


def with_setting(text: str, said: Setting) -> str:
    """The ruler with one of SETTINGS as its form says. Raises NotEdited."""
    where = tuple(said.place.split("."))
    if where not in SETTINGS:
        raise NotEdited({"value": "não há tal chave"})
    value = said.value.strip()
    is_list = (value_at(text, where) or "").startswith("[")
    written = in_yaml(tuple(re.split(r"[,\s]+", value))) if is_list else in_yaml(value)
    return must_fit(with_value(text, where, written), where, "value")
