"""The message of a claimed notice, as its provider is handed it, and what that costs."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from temporalio.exceptions import ApplicationError

from activities.dependencies import now
from channels.links import Links
from channels.mail_gateway import Adapter, Content, Outgoing
from channels.mail_html import Letterhead, mail_html
from channels.rendering import Message, Words, pinned_words
from models.contact.channel import Channel
from models.contact.sms import measure
from models.errors import Refusal
from models.money.prices import cost_of
from models.taxid import formatted
from storage.amounts.prices import prices_of
from storage.case.cases import Case
from storage.case.people import Person
from storage.contact.notices import IssuedNotice


def outgoing(
    case: Case,
    who: Person,
    made: IssuedNotice,
    adapter: Adapter,
    links: Links | None,
    words: Words,
    content: Content | None = None,
) -> Outgoing:
    """`words`: the templates that the notice was made of, of which an e-mail takes its HTML; `content`: the template
    that WhatsApp approved for it."""
    ruler = case.ruler
    refusable = made.channel == "email" and not made.formal
    return Outgoing(
        notice=made.id,
        case=case.id,
        cohort=case.cohort,
        ruler=ruler.label,
        channel=made.channel,
        sender_name=ruler.authority,
        sender=ruler.sender,
        recipient_name=who.name,
        recipient=made.address if adapter.needs_contact else _written_to(made.channel, who),
        subject=made.subject,
        body=made.body,
        html=_html(case, made, links, words) if made.channel == "email" else None,
        personal=_personal(made, who),
        unsubscribe=links.unsubscribe(case.id, "email") if links and refusable else None,
        content=content,
        at=now(),
        since=made.claimed_at,
        formal=made.formal,
    )


def made_of(
    channel: Channel, message: Message, who: Person, adapter: Adapter, segments: int, cost: Decimal
) -> dict[str, object]:
    """The columns of a notice that say what leaves by a channel, to which address, and what it costs."""
    return {
        "channel": channel,
        "subject": message.subject,
        "body": message.body,
        "address": who.contacts.address(channel) if adapter.needs_contact else None,
        "unanswered": 1 if adapter.needs_contact else 0,
        "segments": segments,
        "cost": cost,
    }


def words_of(case: Case) -> Words:
    """The templates that its ruler was frozen with."""
    return pinned_words(case.frozen.digest, case.frozen.texts)


def price_of(case: Case, channel: Channel, message: Message, at: date) -> tuple[int, Decimal]:
    """The segments of a message, and its price. Raises ApplicationError where its ruler's prices don't say."""
    segments = measure(message.body).segments if channel == "sms" else 1
    try:
        return segments, cost_of(prices_of(case.ruler), channel, at, segments)
    except Refusal as missing:
        # tried again until the cohort goes over to a ruler with that price, and seen as pending in the Web UI meanwhile
        raise ApplicationError(str(missing), type="NoPrice") from None


def _html(case: Case, made: IssuedNotice, links: Links | None, words: Words) -> str:
    pay_pages = links.pay_pages if links else None
    head = Letterhead(authority=case.ruler.authority, site=case.ruler.contact.site, pay_pages=pay_pages)
    return mail_html(Message(subject=made.subject, body=made.body), head, words)


OWN = re.compile(r"\S*\d\S*")
"""Amounts, dates, numbers and links: what of a text may be one recipient's alone."""


def _personal(made: IssuedNotice, who: Person) -> tuple[str, ...]:
    return tuple(dict.fromkeys([who.name, *OWN.findall(f"{made.subject or ''} {made.body}")]))


def _written_to(channel: str, who: Person) -> str | None:
    """The name that a file is written to, for providers that need no address."""
    if channel == "domicile":
        return formatted(who.tax_id)
    return who.contacts.addresses["address" if channel == "letter" else "email"]
