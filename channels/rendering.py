"""The words of a message: a template filled with the facts of one case."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import CodeType
from typing import Annotated, Any, Literal, Protocol

from jinja2 import BytecodeCache, FunctionLoader, StrictUndefined
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, BaseModel, ConfigDict

from models.assets import Texts, template_choices, template_file
from models.contact.channel import CHANNELS, Channel
from models.contact.sms import transliterate
from models.formats import day, moment, money, percent, period
from models.money.offered import Offered
from models.ruler.schema import Contact, Credit, Hypothesis, Stage, Tone

HEADED: frozenset[Channel] = frozenset({"email", "domicile", "letter"})
"""The channels whose messages are letters with a subject; the others carry a few sentences."""
OPEN: frozenset[Channel] = frozenset(CHANNELS) - {"domicile", "letter"}
"""The channels that others than the taxpayer may see: all but the authority's own electronic domicile, and a closed
letter that is handed to him against a receipt."""
LONGEST_NAME = 150
"""Characters. Longer than any registered name; what goes on after it is no name."""


def _one_line(text: str) -> str:
    """The text without line breaks, control characters and those that turn the direction of writing: a taxpayer's name
    can't add a paragraph to a message, nor show as something else."""
    unseen = ("Zl", "Zp")
    clean = (" " if unicodedata.category(c) in unseen or unicodedata.category(c)[0] == "C" else c for c in text)
    return " ".join("".join(clean).split())


def _no_longer_than_a_name(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


Line = Annotated[str, AfterValidator(_one_line)]
Name = Annotated[Line, AfterValidator(_no_longer_than_a_name)]


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Addressee(Value):
    name: Name
    tax_id: Line
    """A CPF or CNPJ as people write it, with dots and dashes."""
    is_company: bool

    @property
    def published(self) -> "Addressee":
        """The same for everybody's eyes: of a person only the middle of the CPF (LGPD art. 6º, III)."""
        return self if self.is_company else self.model_copy(update={"tax_id": f"***{self.tax_id[3:11]}-**"})


class OpenDebt(Value):
    inscription: Line | None
    tax: Line
    period: Line | None
    due: date
    registered_on: date | None = None
    """The day it was registered as dívida ativa; where that is all that is known, it is `due` too."""
    amount: Decimal
    pix_txid: Line | None
    brcode: Line | None = None
    """Pix *copia e cola*."""
    offered: Decimal | None = None
    """The amount that settles it today in one payment, in a campaign."""
    registered: bool | None = None
    """None: no extract has said."""
    litigation: bool = False
    process: Line | None = None
    """The number of the suit, where it is known."""


class MissingReturn(Value):
    tax: Line
    period: Line
    due: date


class OpenDivergence(Value):
    tax: Line
    period: Line
    declared: Decimal | None
    assessed: Decimal | None
    paid: Decimal


class AnnouncedTerm(Value):
    """The days that a formal notice announces, should the taxpayer be served on the day it bears."""

    last_day: date
    """The last that is his."""
    act_from: date
    """The first on which the authority may act."""
    provisional: bool = False
    """Whether a list of days off that is still to come may put them off."""


class PastAgreement(Value):
    """An agreement that was on record for these debts, and ended."""

    ended_on: date | None


class PastDefence(Value):
    """The newest defence on record."""

    process: Line | None = None
    """Its number in the authority's register; none: the record has words there."""
    appeal: bool = False
    """Whether it is against the rejection of another."""
    filed_on: date
    state: Literal["open", "accepted", "rejected"]
    decided_on: date | None
    late: bool = False
    """Whether it was filed after its last day."""


class Letter(Value):
    """All that a template may say, with the channel it is for. Amounts are in reais."""

    authority: str
    title: str
    contact: Contact
    case: str
    """The case's opaque id: the protocol number a taxpayer quotes."""
    today: date
    hypothesis: Hypothesis
    hypothesis_name: str
    stage: Stage
    stage_name: str
    tone: Tone
    taxpayer: Addressee
    tax: Line
    credit: Credit
    balance: Decimal
    debts: tuple[OpenDebt, ...]
    missing_returns: tuple[MissingReturn, ...]
    divergences: tuple[OpenDivergence, ...]
    benefits: tuple[Line, ...]
    deadline: date | None
    """The earliest day of the next step, where one is known."""
    defence_days: int | None
    """How many days a formal notice gives."""
    time_given: Line | None = None
    """The same with their unit: `30 dias`, `22 dias úteis`."""
    term: AnnouncedTerm | None = None
    basis: str = ""
    """By what the case is on its way to a suspension: the thresholds of the law, or the end of its ladder."""
    basis_name: str = ""
    """The same without amounts, for open channels."""
    statutory: bool = False
    """Whether it is by the thresholds of LC 225/2026: of others no document cites that law."""
    law: Line | None = None
    """The authority's own law by which its ladder may end in a suspension."""
    partly_paid: bool = False
    """Whether something was paid on what is open."""
    agreement: PastAgreement | None = None
    defence: PastDefence | None = None
    guaranteed: bool = False
    """Whether a guarantee of what is open is or was on record."""
    occurrences: int = 1
    """How often the taxpayer was caught, in the ruler's window."""
    in_court: bool = False
    """Whether all debts that are open are in court already."""
    example: bool = False
    """Whether nobody has verified the ruler: its documents say so."""
    reinstated: bool = False
    """It says that benefits are back."""
    offer: Offered | None = None
    """The offer of a settlement campaign, at the amounts of `today`."""
    gsm7: bool = False
    """Whether an SMS is written without what GSM-7 lacks."""
    link: str | None = None
    """Where this taxpayer, and nobody else, sees what is owed and pays it; none: the site has to do."""

    def names(self, channel: Channel) -> dict[str, object]:
        """The names that a template for `channel` knows. Before registration only a closed channel discloses debt
        detail: amounts, periods, due dates, numbers of inscriptions; and of a person's benefits nobody else learns (CTN
        art. 198)."""
        discloses = self.credit == "registered" or channel not in OPEN
        basis = self.basis if discloses else self.basis_name
        benefits = self.benefits if self.taxpayer.is_company or channel not in OPEN else ()
        own = {"basis": basis, "benefits": benefits, "channel": channel, "closed": channel not in OPEN}
        own["discloses"] = discloses
        taxpayer = self.taxpayer.published if channel == "gazette" else self.taxpayer
        return {**self.model_dump(), **own, "taxpayer": taxpayer.model_dump()}


KNOWN = frozenset(Letter.model_fields) | {"channel", "closed", "discloses"}
"""A template's only names."""


class Written(Protocol):
    """All that one message may say."""

    @property
    def gsm7(self) -> bool: ...

    @property
    def example(self) -> bool: ...

    def names(self, channel: Channel) -> dict[str, object]:
        """The names that a template for `channel` knows."""


class Message(Value):
    subject: str | None
    """None on channels that have none."""
    body: str


class _Compiled(BytecodeCache):
    """The compiled templates, in memory: each text is compiled once a process, whichever rulers it is of."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


COMPILED = _Compiled()


class Words(ImmutableSandboxedEnvironment):
    """Templates as their authors may write them: no access to Python, no unknown name passes, plain text comes out,
    and markup only of those that are named so."""

    def __init__(self, texts: Texts) -> None:
        def load(name: str) -> tuple[str, str, None] | None:
            file = template_file(name)
            return (texts[file], file, None) if file in texts else None

        super().__init__(
            loader=FunctionLoader(load),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html.j2"),
            auto_reload=False,
            bytecode_cache=COMPILED,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals.clear()
        filters: dict[str, Callable[..., Any]] = {
            "money": money,
            "day": day,
            "moment": moment,
            "percent": percent,
            "period": period,
        }
        self.filters.update(filters)


_pinned: dict[str, Words] = {}


def pinned_words(digest: str, texts: Texts) -> Words:
    """The templates of a frozen ruler or policy, compiled once a process: what a digest stands for never changes."""
    if digest not in _pinned:
        _pinned[digest] = Words(texts)
    return _pinned[digest]


EXAMPLE = "EXEMPLO: as regras desta mensagem não foram verificadas pela autoridade, e ela não tem efeito legal."
"""The first line of a letter whose ruler nobody has verified."""
SHORT_EXAMPLE = "EXEMPLO, sem efeito legal."
"""The same before the few sentences of other channels; it counts in an SMS's segments."""


def render(channel: Channel, template: str, letter: Written, words: Words) -> Message:
    """Fill a template. Raises `jinja2.TemplateError` on a faulty one; `template_faults` finds those before a ruler is
    used."""
    text = words.select_template(template_choices(channel, template)).render(letter.names(channel)).strip()
    if letter.example and text and channel not in HEADED:
        text = f"{SHORT_EXAMPLE} {text}"
    if channel == "sms" and letter.gsm7:
        text = transliterate(text)
    subject, _, body = text.partition("\n") if channel in HEADED else (None, "", text)
    lines = "\n".join(line.rstrip(" \t") for line in body.split("\n"))
    paragraphs = re.sub(r"\n{3,}", "\n\n", lines).strip()
    if subject is None:
        return Message(subject=None, body=paragraphs)
    if letter.example and paragraphs:
        paragraphs = f"{EXAMPLE}\n\n{paragraphs}"
    return Message(subject=subject.strip(), body=f"{paragraphs}\n" if paragraphs else "")
