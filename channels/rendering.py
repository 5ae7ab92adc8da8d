"""The words of a message: a template of `templates/` filled with one taxpayer's standing."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, BaseModel, ConfigDict

from models.ruler import Channel, Contact
from models.words import day, money, period

TEMPLATES = Path(__file__).parent.parent / "templates"


def _one_line(text: str) -> str:
    """Without line breaks and control characters: a taxpayer's name can't add a paragraph to a message."""
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).split())


Line = Annotated[str, AfterValidator(_one_line)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Addressee(_Value):
    name: Line
    tax_id: Line
    """A CPF or CNPJ as people write it, with dots and dashes."""
    is_company: bool


class OpenDebt(_Value):
    inscription: Line | None
    tax: Line
    period: Line | None
    due: date
    amount: Decimal
    pix_txid: Line | None


class MissingReturn(_Value):
    tax: Line
    period: Line
    due: date


class OpenDivergence(_Value):
    tax: Line
    period: Line
    declared: Decimal | None
    assessed: Decimal | None
    paid: Decimal


class Letter(_Value):
    """All that a template may say: its fields are a template's only names. Amounts are in reais."""

    authority: str
    title: str
    contact: Contact
    case: str
    """The case's opaque id: the protocol number a taxpayer quotes."""
    today: date
    hypothesis_name: str
    stage_name: str
    taxpayer: Addressee
    balance: Decimal
    debts: tuple[OpenDebt, ...]
    missing_returns: tuple[MissingReturn, ...]
    divergences: tuple[OpenDivergence, ...]
    benefits: tuple[Line, ...]
    deadline: date | None
    """The earliest day of the next step, where one is known."""
    defence_days: int | None


class InstalmentLetter(_Value):
    """All that a message about one instalment may say. Instalments may be disclosed (CTN art. 198, § 3º, III)."""

    authority: str
    contact: Contact
    case: str
    today: date
    taxpayer: Addressee
    n: int
    of: int
    due: date
    amount: Decimal
    """What is left of it, with the price of its slip."""
    pix_txid: Line
    payable: bool
    """Whether it can be paid now: some policies take an overdue instalment after the last one only."""
    breaks_on: date | None
    """The last day on which paying it keeps the agreement."""


class Message(_Value):
    subject: str | None
    """None on channels that have none."""
    body: str


class Words(ImmutableSandboxedEnvironment):
    """Templates as their authors may write them: no access to Python, no unknown name passes, plain text comes out."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        super().__init__(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=False,  # messages are plain text
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals.clear()
        filters: dict[str, Callable[..., Any]] = {"money": money, "day": day, "period": period}
        self.filters.update(filters)


_WORDS = Words()


def template_file(channel: Channel, template: str) -> str:
    return f"{channel}/{template}.txt.j2"


def reinstatement_template(suspension_template: str) -> str:
    """The words that give benefits back stand beside those that suspend them."""
    return f"{suspension_template.rpartition('/')[0]}/reinstatement".removeprefix("/")


def render(channel: Channel, template: str, letter: BaseModel, words: Words = _WORDS) -> Message:
    """Raises `jinja2.TemplateError` on a faulty template; `template_faults` finds those before a ruler is used."""
    text = words.get_template(template_file(channel, template)).render(letter.model_dump())
    if channel in ("sms", "voice"):
        return Message(subject=None, body=text.strip())
    subject, _, body = text.lstrip().partition("\n")
    paragraphs = re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", body, flags=re.MULTILINE))
    return Message(subject=subject.strip(), body=paragraphs.strip() + "\n" if paragraphs.strip() else "")
