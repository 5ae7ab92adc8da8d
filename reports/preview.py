"""A ruler read before anything is sent: every message of every rung as its reader gets it, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from babel.numbers import format_currency
from markupsafe import Markup

from channels.communication_check import sample_before_due, sample_receipts
from channels.mail_html import Letterhead, mail_content
from channels.markup import markup
from channels.rendering import Letter, Message, Words, Written, render
from channels.template_check import MOST_SEGMENTS, SAMPLE_PAGES, sample_letters
from models.contact.channel import Channel
from models.contact.communication import RECEIPTS, CommunicationKind
from models.contact.sms import Measured, measure
from models.formats import money
from models.money.prices import PriceTable, cost_of
from models.ruler.schema import ByHabit, Hypothesis, Ruler, Rung, tone_of
from models.words import CHANNELS, COMMUNICATIONS, STAGES, TONES, habits_in_words
from reports.heatmap import ink, shade, svg

WORDS_A_MINUTE = 140
"""The speed of a recorded voice that is easy to follow: calls are paid for by the minute begun."""

RETURNS: frozenset[Hypothesis] = frozenset({"h3", "h4"})
DIVERGENCES: frozenset[Hypothesis] = frozenset({"h5", "h6"})


@dataclass(frozen=True)
class Shown:
    """One message to the sample taxpayer."""

    channel: Channel
    instead_of: Channel | None
    """The channel of the rung that it stands in for when that doesn't reach the taxpayer."""
    message: Message
    cost: Decimal
    sms: Measured | None

    @property
    def too_long(self) -> bool:
        return self.sms is not None and self.sms.segments > MOST_SEGMENTS

    @property
    def accented(self) -> bool:
        """Whether the text is written in characters that leave an SMS less than half the room."""
        return self.sms is not None and self.sms.encoding == "ucs2"


@dataclass(frozen=True)
class ShownRung:
    row: Hypothesis
    rung: Rung
    habit: ByHabit | None
    """The habit that it is for; none: everybody else."""
    messages: tuple[Shown, ...]

    @property
    def cost(self) -> Decimal:
        """The cost of a contact where every channel reaches the taxpayer."""
        return sum((shown.cost for shown in self.messages if shown.instead_of is None), Decimal(0))


def shown_rungs(ruler: Ruler, prices: PriceTable, words: Words, on: date) -> Iterator[ShownRung]:
    for row, _, rung, habit in ruler.variants():
        yield ShownRung(row, rung, habit, shown_messages(ruler, row, rung, prices, words, on))


def shown_messages(
    ruler: Ruler, row: Hypothesis, rung: Rung, prices: PriceTable, words: Words, on: date
) -> tuple[Shown, ...]:
    """The messages of a rung by each of its channels, and by those that they fall back to."""
    letter = sample_letter(ruler, row, rung)
    return tuple(
        _shown(channel, None if channel == rung_channel else rung_channel, rung.template, letter, prices, words, on)
        for rung_channel, channels in ruler.ways(rung).items()
        for channel in channels
    )


def shown_receipts(
    ruler: Ruler, prices: PriceTable, words: Words, on: date
) -> Iterator[tuple[CommunicationKind, tuple[Shown, ...]]]:
    """The receipt of a payment, and the correction of one, as the sample taxpayer gets them for the ruler's kind of
    credit."""
    letter = sample_receipts(ruler)[0].model_copy(update={"credit": ruler.credit})
    for kind in RECEIPTS:
        yield kind, _by_each_channel(kind, letter, prices, words, on)


def shown_before_due(ruler: Ruler, prices: PriceTable, words: Words, on: date) -> tuple[Shown, ...]:
    """The notice before a due date as the sample taxpayer gets it; none where the ruler has no such notice."""
    if ruler.before_due is None:
        return ()
    return _by_each_channel(CommunicationKind.BEFORE_DUE, sample_before_due(ruler), prices, words, on)


def _by_each_channel(
    kind: CommunicationKind, letter: Written, prices: PriceTable, words: Words, on: date
) -> tuple[Shown, ...]:
    [(first, channels)] = kind.fallbacks.items()
    return tuple(
        _shown(channel, None if channel == first else first, kind.template, letter, prices, words, on)
        for channel in channels
    )


def sample_letter(ruler: Ruler, row: Hypothesis, rung: Rung) -> Letter:
    """The letter to one invented company, about what the row is for."""
    letter = sample_letters(ruler, row, rung)[0]
    if row in RETURNS:
        return letter.model_copy(update={"debts": (), "divergences": (), "balance": Decimal(0)})
    debts = letter.debts[:2]
    return letter.model_copy(
        update={
            "debts": debts,
            "balance": sum((debt.amount for debt in debts), Decimal(0)),
            "missing_returns": (),
            "divergences": letter.divergences[:1] if row in DIVERGENCES else (),
        }
    )


def _shown(
    channel: Channel,
    instead_of: Channel | None,
    template: str,
    letter: Written,
    prices: PriceTable,
    words: Words,
    on: date,
) -> Shown:
    message = render(channel, template, letter, words)
    sms = measure(message.body) if channel == "sms" else None
    minutes = -(-len(message.body.split()) // WORDS_A_MINUTE)
    cost = cost_of(prices, channel, on, sms.segments if sms else minutes)
    return Shown(channel, instead_of, message, cost, sms)


# ---- the page


def price(amount: Decimal) -> str:
    """A price with four decimals, as written: an e-mail costs less than a cent."""
    written: str = format_currency(amount, "BRL", "¤ #,##0.0000", locale="pt_BR", currency_digits=False)
    return written.replace("\xa0", " ")


_environment = markup("preview")
_environment.filters.update(price=price, money=money)
_environment.globals.update(
    habits_in_words=habits_in_words,
    channels=CHANNELS,
    stages=STAGES,
    tones=TONES,
    tone_of=tone_of,
    shade=shade,
    ink=ink,
    most_segments=MOST_SEGMENTS,
)


def page(ruler: Ruler, prices: PriceTable, words: Words, on: date) -> str:
    """The preview as one HTML file that needs nothing else, so that it can be mailed, printed and kept with the
    ruler."""
    rungs = list(shown_rungs(ruler, prices, words, on))
    head = Letterhead(ruler.authority, ruler.contact.site, SAMPLE_PAGES)
    return _environment.get_template("preview.html.j2").render(
        ruler=ruler,
        prices=prices,
        rows=[(ruler.rows[row], row, list(group)) for row, group in groupby(rungs, key=lambda shown: shown.row)],
        receipts=[(COMMUNICATIONS[kind], shown) for kind, shown in shown_receipts(ruler, prices, words, on)],
        before_due=shown_before_due(ruler, prices, words, on),
        warnings=_warned(rungs),
        # drawn by us from a checked ruler, whose words are escaped in it
        map=Markup(svg(ruler)),  # noqa: S704
        mail=lambda message: Markup(mail_content(message, head, words)),  # noqa: S704 - escaped where it is made
    )


def _warned(rungs: Sequence[ShownRung]) -> int:
    return sum(shown.too_long or shown.accented for rung in rungs for shown in rung.messages)
