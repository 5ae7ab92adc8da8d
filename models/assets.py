"""The assets of a ruler, of which its messages, amounts and costs are made beside its own text: tables, a policy,
templates, by name.

A name says where a text stands in a folder laid out as this repository: `accruals/federal.yaml`,
`templates/email/refis-2023/alert.txt.j2`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from models.calendar_file import read_calendar
from models.contact.channel import CHANNELS, Channel
from models.contact.communication import INSTALMENTS, RECEIPTS, CommunicationKind
from models.law.calendar_table import CalendarTable
from models.law.dated import Where
from models.law.verification import Verifiable
from models.money.accrual_table import AccrualTable
from models.money.prices import PriceTable
from models.money.tables import read_accrual, read_prices
from models.ruler.schema import Ruler, Rung, Stage

if TYPE_CHECKING:
    from jinja2 import Environment

    from models.agreement.policy import Policy

Texts = Mapping[str, str]
"""Texts by name."""

MAIL = "email/mail.html.j2"
"""The HTML around the words of an e-mail."""


@dataclass(frozen=True)
class RulerBundle:
    """All that a cohort can be started on."""

    ruler: Ruler
    """With its tables."""
    source: str
    texts: Texts
    """The texts that its names stand for."""


@dataclass(frozen=True)
class PolicyBundle:
    """All that an agreement can be signed on."""

    policy: Policy
    source: str
    texts: Texts
    """The texts its messages' templates are taken from."""


PublishedKind = Literal["ruler", "policy", "accrual", "prices", "calendar", "templates"]

PUBLISHED_IN: dict[str, PublishedKind] = {
    "rulers": "ruler",
    "agreements": "policy",
    "accruals": "accrual",
    "prices": "prices",
    "calendars": "calendar",
}


def published_as(file: str) -> tuple[PublishedKind, str] | None:
    """The kind and the name under which a text is published: a YAML file by its own, a template with its set, as
    `templates/email/refis-2023/alert.txt.j2` with the set refis-2023. None: it belongs to the product."""
    path = PurePosixPath(file)
    match path.parts:
        case [folder, _] if folder in PUBLISHED_IN and path.suffix == ".yaml":
            return PUBLISHED_IN[folder], path.stem
        case ["templates", channel, name, _, *_] if channel in CHANNELS:
            return "templates", name
    return None


def accrual_file(name: str) -> str:
    return f"accruals/{name}.yaml"


def prices_file(name: str) -> str:
    return f"prices/{name}.yaml"


def calendar_file(name: str) -> str:
    return f"calendars/{name}.yaml"


def policy_file(name: str) -> str:
    return f"agreements/{name}.yaml"


def template_file(name: str) -> str:
    return f"templates/{name}"


def template_choices(channel: Channel, template: str) -> list[str]:
    """The templates that words are looked for in, in order: the ruler's own for the channel first. Without them the
    electronic domicile and a letter get the e-mail's, and each short channel what its base says by hypothesis and
    tone."""
    own = f"{channel}/{template}.txt.j2"
    if channel == "email":
        return [own]
    return [own, f"email/{template}.txt.j2" if channel in ("domicile", "letter") else f"{channel}/base.txt.j2"]


def reinstatement_template(suspension_template: str) -> str:
    """The words that give benefits back stand beside those that suspend them."""
    return f"{suspension_template.rpartition('/')[0]}/reinstatement".removeprefix("/")


def channels_of(ruler: Ruler, rung: Rung) -> list[Channel]:
    """All that a rung's notices may leave by, fallbacks included, each once."""
    return list(dict.fromkeys(channel for ways in ruler.ways(rung).values() for channel in ways))


def assets_of_ruler(ruler: Ruler, texts: Texts) -> dict[str, str]:
    """All that its cases run on and `texts` has. What is missing is for `ruler check` to tell."""
    policy = ruler.agreements.policy if ruler.agreements else None
    beside = [*RECEIPTS, CommunicationKind.PROMISE, *((*INSTALMENTS, CommunicationKind.SIGNING) if policy else ())]
    beside += [CommunicationKind.BEFORE_DUE] if ruler.before_due else []
    messages = [*_notices(ruler), *_communications(beside)]
    named = [accrual_file(ruler.accrual)] if isinstance(ruler.accrual, str) else []
    named += [prices_file(ruler.prices)] if isinstance(ruler.prices, str) else []
    named += [policy_file(policy)] if policy else []
    calendar = ruler.jurisdiction.calendar
    named += [calendar_file(calendar)] if isinstance(calendar, str) else []
    found = {name: texts[name] for name in named if name in texts} | _templates(messages, texts)
    return dict(sorted(found.items()))


def assets_of_policy(texts: Texts) -> dict[str, str]:
    """All that the messages about an agreement's instalments are made of."""
    return dict(sorted(_templates(_communications(INSTALMENTS), texts).items()))


def with_tables(ruler: Ruler, texts: Texts) -> Ruler:
    """The ruler with the tables that it names in their place. One that isn't in `texts`, or is faulty, stays a name."""
    accrual = read_accrual(texts.get(accrual_file(ruler.accrual), "")).table if isinstance(ruler.accrual, str) else None
    prices = read_prices(texts.get(prices_file(ruler.prices), "")).table if isinstance(ruler.prices, str) else None
    ruler = ruler.model_copy(update={"accrual": accrual or ruler.accrual, "prices": prices or ruler.prices})
    return with_calendar(ruler, texts)


def with_calendar(ruler: Ruler, texts: Texts) -> Ruler:
    """The ruler with the calendar that it names in its place. One that isn't in `texts`, or is faulty, stays a name."""
    place = ruler.jurisdiction
    file = calendar_file(place.calendar) if isinstance(place.calendar, str) else ""
    table = read_calendar(texts.get(file, "")).table
    return ruler.model_copy(update={"jurisdiction": place.model_copy(update={"calendar": table})}) if table else ruler


def unverified(ruler: Ruler, pinned: Texts) -> list[str]:
    """The ruler by its label, and the tables and policies among what it is pinned with, that nobody has verified."""
    # most rulers name no policy
    from models.agreement.policy_check import read_policy

    readers: dict[str, Callable[[str], Verifiable | None]] = {
        "accruals": lambda text: read_accrual(text).table,
        "prices": lambda text: read_prices(text).table,
        "calendars": lambda text: read_calendar(text).table,
        "agreements": lambda text: read_policy(text)[0],
    }
    files = [(name, readers.get(PurePosixPath(name).parts[0])) for name in pinned]
    read = {name: reader(pinned[name]) for name, reader in files if reader}
    return [
        *([ruler.label] if ruler.is_example else []),
        *(name for name, file in read.items() if file and file.is_example),
    ]


def examples_in(ruler: Ruler, texts: Texts) -> Iterator[tuple[Where, str]]:
    """The tables and the policy that a ruler names and nobody has verified, by the key that names them."""
    tables = with_tables(ruler, texts)
    if isinstance(ruler.accrual, str) and isinstance(tables.accrual, AccrualTable) and tables.accrual.is_example:
        yield ("accrual",), accrual_file(ruler.accrual)
    if isinstance(ruler.prices, str) and isinstance(tables.prices, PriceTable) and tables.prices.is_example:
        yield ("prices",), prices_file(ruler.prices)
    calendar = tables.jurisdiction.calendar
    if isinstance(calendar, CalendarTable) and calendar.is_example:
        yield ("jurisdiction", "calendar"), calendar_file(calendar.calendar)
    if ruler.agreements and (named := ruler.agreements.policy):
        # most rulers name none
        from models.agreement.policy_check import read_policy

        policy, _ = read_policy(texts.get(policy_file(named), ""))
        if policy and policy.is_example:
            yield ("agreements", "policy"), policy_file(named)


def _notices(ruler: Ruler) -> Iterator[list[str]]:
    """The templates by message: the files that its words may stand in, the first of which counts."""
    for _, _, rung, _ in ruler.variants():
        for channel in channels_of(ruler, rung):
            yield template_choices(channel, rung.template)
        if rung.stage is Stage.SUSPENSION:
            for channel in CHANNELS:
                yield template_choices(channel, reinstatement_template(rung.template))
    yield [MAIL]


def _communications(kinds: Iterable[CommunicationKind]) -> Iterator[list[str]]:
    """Each by its own words alone: the base of a channel is a notice's."""
    for kind in kinds:
        for channel in kind.channels:
            yield [f"{channel}/{kind.template}.txt.j2"]
    yield [MAIL]


def _templates(messages: Iterable[list[str]], texts: Texts) -> dict[str, str]:
    """The first of each message's files, and all that these extend or include."""
    waiting = [next((name for name in choices if template_file(name) in texts), None) for choices in messages]
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        file = template_file(name) if name else ""
        if name and file not in found and file in texts:
            found[file] = texts[file]
            waiting += _referenced(found[file])
    return found


def _referenced(template: str) -> list[str | None]:
    from jinja2 import TemplateSyntaxError, meta

    try:
        return list(meta.find_referenced_templates(_syntax().parse(template)))
    except TemplateSyntaxError:
        return []  # `ruler check` tells where


@cache
def _syntax() -> Environment:
    from jinja2 import Environment

    return Environment(autoescape=True)
