"""The faults of a ruler's templates, found before anybody gets a message."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import product
from traceback import extract_tb
from typing import Any

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError, meta, nodes
from pydantic import BaseModel

from channels.claims import wrong_claims, wrong_promises
from channels.communications import KNOWN_BEFORE_DUE, KNOWN_OF_INSTALMENTS, KNOWN_OF_PROMISES, KNOWN_OF_RECEIPTS
from channels.rendering import (
    HEADED,
    KNOWN,
    OPEN,
    Addressee,
    AnnouncedTerm,
    Letter,
    Message,
    MissingReturn,
    OpenDebt,
    OpenDivergence,
    PastAgreement,
    PastDefence,
    render,
)
from channels.template_reading import EveryBranch, ReadWords, reads_plainly
from models.assets import Texts, channels_of, reinstatement_template, template_choices, template_file
from models.contact.channel import Channel
from models.contact.sms import measure
from models.errors import Refusal
from models.law.calendar import Wait
from models.money.offer import Offer
from models.money.offered import Offered, OfferedModality
from models.ruler.schema import ByHabit, Hypothesis, Ruler, Rung, Stage, tone_of
from models.ruler.terms import term_given, time_given
from models.words import BASES, LADDER, STAGES, STATUTE
from models.yaml_file import Fault

MOST_SEGMENTS = 2
"""The segments of an SMS before `ruler check` warns: each is paid for, and some telephones show them apart."""
SAMPLE_PAGES = "https://pague.authority.example/p/"
SAMPLE_TERM = AnnouncedTerm(last_day=date(2026, 3, 4), act_from=date(2026, 3, 5))
"""Thirty continuous days from Mon 02/02/2026."""
SAMPLE_LINK = f"{SAMPLE_PAGES}ASNFZ4mrze8.awNWmg.jZh-6H4lF9sZ3wqd"
"""As long as a real one."""
KNOWN_BESIDE = {
    "agreements": KNOWN_OF_INSTALMENTS,
    "payments": KNOWN_OF_RECEIPTS,
    "before_due": KNOWN_BEFORE_DUE,
    "promises": KNOWN_OF_PROMISES,
}
"""The names of the templates of communications, by their folder."""
UNSPEAKABLE = re.compile(r"https?:|www\.|\d\d|R\$")


def template_faults(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """The faults of a ruler's templates: files missing, names unknown in any branch, words that don't render, links or
    numbers read aloud, debt detail stated over an open channel before registration (CTN art. 198), and formal notices
    on the way to a suspension that don't say by what: LC 225/2026's thresholds, or the end of the ladder."""
    check = _Check(texts)
    known: set[str] = set()
    for row, index, rung, habit in ruler.variants():
        where = place_of(ruler, row, index, habit)
        letters = sample_letters(ruler, row, rung)
        # the first names one of all that a template may name, for a reading of every branch of it
        letters = [letters[0].model_copy(update=ON_RECORD), *letters, *circumstances(ruler, letters)]
        for channel in channels_of(ruler, rung):
            faults = check.faults(channel, rung.template, letters)
            if not faults and (given := term_given(ruler, row, index)):
                faults = check.promises(channel, rung.template, letters[0], given, rung.dwell)
            for what in faults:
                if what not in known:
                    yield Fault(where, what)
                known.add(what)
            if not check.file(channel, rung.template):
                yield Fault(where, f"has no words for {channel}: write {check.wanted(channel, rung.template)}")
        if (rung.formal or rung.stage is Stage.SUSPENSION) and _suspends(ruler, row):
            for what in check.basis_left_out(channels_of(ruler, rung), rung.template, letters[0]):
                yield Fault(where, what)
        if rung.stage is Stage.SUSPENSION:
            given_back = reinstatement_template(rung.template)
            if not check.file("email", given_back):
                yield Fault(where, f"has no words for giving benefits back: write {check.wanted('email', given_back)}")
            for what in check.faults("email", given_back, [*letters, _nothing_open(letters[0])]):
                yield Fault(where, what)


def place_of(ruler: Ruler, row: Hypothesis, index: int, habit: ByHabit | None) -> tuple[str | int, ...]:
    """The key that names the words of a rung; by a habit that has none of its own, the habit's channels."""
    rung = ("rows", row, "rungs", index)
    if habit is None:
        return (*rung, "template")
    key = "template" if habit.template else "channels" if habit.channels else "hours"
    return (*rung, "by_habit", ruler.rung(row, index).by_habit.index(habit), key)


def _suspends(ruler: Ruler, row: Hypothesis) -> bool:
    return any(rung.stage is Stage.SUSPENSION for rung in ruler.rows[row].rungs)


def words_faults(file: str, texts: Texts) -> list[str]:
    """The faults of one template whoever uses it: its syntax, names that no message knows, what it extends."""
    check = _Check(texts)
    try:
        return list(dict.fromkeys(check.written(file.removeprefix(template_file("")))))
    except TemplateError as error:
        return [check.sentence(error)]
    except Refusal as no_text:
        return [str(no_text)]


def template_warnings(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """The messages that can be sent but had better be shorter. To be asked of a ruler whose templates have no
    faults."""
    check, known = _Check(texts), set[str]()
    for row, index, rung, habit in ruler.variants():
        if "sms" not in channels_of(ruler, rung):
            continue
        messages = check.messages("sms", rung.template, sample_letters(ruler, row, rung))
        segments = max(measure(message.body).segments for message in messages)
        if segments > MOST_SEGMENTS and rung.template not in known:
            yield Fault(place_of(ruler, row, index, habit), f"its SMS takes {segments} segments")
        known.add(rung.template)


def sample_letters(ruler: Ruler, row: Hypothesis, rung: Rung) -> list[Letter]:
    """Made-up letters that differ in all that a template may ask about. The first has one of everything or more."""
    debts = tuple(
        OpenDebt(
            inscription=f"2025{n:08}",
            tax=ruler.taxes[0] if ruler.taxes else "IPTU",
            period=f"2025-{n:02}",
            due=date(2025, n + 1, 10),
            amount=Decimal(n) * Decimal("123456.78"),
            pix_txid=f"{n:026}",
            brcode=f"00020126{n:080}6304{n:04}" if n > 1 else None,
            offered=Decimal(n) * 100 if ruler.offer else None,
            process="0800001-11.2025.8.02.0001",
        )
        for n in (1, 2, 3)
    )
    bare = debts[0].model_copy(update={"inscription": None, "period": None, "pix_txid": None})
    tax = debts[0].tax
    missing = tuple(MissingReturn(tax=d.tax, period=d.period or "", due=d.due) for d in debts)
    divergences = tuple(
        OpenDivergence(tax=d.tax, period=d.period or "", declared=d.amount, assessed=d.amount * 2, paid=Decimal("1.00"))
        for d in debts
    )
    silent = divergences[0].model_copy(update={"declared": None, "assessed": None})
    facts_by_pair: list[dict[str, Any]] = [
        {"debts": debts, "missing_returns": missing, "divergences": divergences},
        {"debts": debts[:1], "missing_returns": (), "divergences": ()},
        {"debts": (bare, *debts[1:]), "missing_returns": (), "divergences": ()},
        {"debts": (), "missing_returns": missing[:1], "divergences": ()},
        {"debts": (), "missing_returns": missing, "divergences": ()},
        {"debts": (), "missing_returns": (), "divergences": divergences[:1]},
        {"debts": (), "missing_returns": (), "divergences": (silent, *divergences[1:])},
    ]
    company = Addressee(name="Padaria Exemplo Ltda.", tax_id="12.ABC.345/01DE-35", is_company=True)
    person = Addressee(name="Maria Exemplo da Silva", tax_id="111.444.777-35", is_company=False)
    days = {"deadline": date(2026, 3, 5), "defence_days": 30, "time_given": "30 dias", "term": SAMPLE_TERM}
    circumstances: list[dict[str, Any]] = [
        {**days, "benefits": ("Crédito presumido",), "link": SAMPLE_LINK},
        {"deadline": None, "defence_days": None, "benefits": ()},
        {**days, "benefits": ("Crédito presumido", "Diferimento")},
    ]
    *usual, several_benefits = circumstances
    pairs = [*product(facts_by_pair, usual), (facts_by_pair[0], several_benefits), (facts_by_pair[2], several_benefits)]
    return [
        Letter(
            authority=ruler.authority,
            title=ruler.title,
            contact=ruler.contact,
            case="c-7f3a9b2e",
            today=date(2026, 2, 2),
            hypothesis=row,
            hypothesis_name=ruler.rows[row].name,
            stage=rung.stage,
            stage_name=STAGES[rung.stage],
            tone=tone_of(rung.rigidity),
            taxpayer=(company, person)[(n + n // 2) % 2],
            tax=tax,
            credit=ruler.credit,
            gsm7=ruler.sms.gsm7,
            example=ruler.is_example,
            **_sample_basis(ruler, statutory=ruler.gate is not None and ruler.gate.basis == "statutory"),
            balance=sum((debt.amount for debt in facts["debts"]), Decimal("0.00")),
            offer=_sample_offer(ruler.offer) if ruler.offer else None,
            **facts,
            **circumstance,
        )
        for n, (facts, circumstance) in enumerate(pairs)
    ]


ON_RECORD: dict[str, Any] = {
    "partly_paid": True,
    "guaranteed": True,
    "agreement": PastAgreement(ended_on=date(2026, 1, 5)),
    "defence": PastDefence(
        process="1500-001234/2025", filed_on=date(2026, 1, 7), state="rejected", decided_on=date(2026, 1, 19)
    ),
}


def circumstances(ruler: Ruler, letters: list[Letter]) -> list[Letter]:
    """Letters to taxpayers of whom more is on record: a past agreement, a defence, a guarantee, a part that was
    paid; a suit; the other basis; debts that nobody has registered."""
    everything, owing = letters[0], next(letter for letter in letters if len(letter.debts) == 1)
    more = [ON_RECORD, {"occurrences": 3}, {"in_court": True}, _sample_basis(ruler, statutory=not owing.statutory)]
    secret = [letter.model_copy(update={"credit": "not_registered"}) for letter in (everything, owing)]
    return [*(owing.model_copy(update=each) for each in more), *secret]


def _sample_basis(ruler: Ruler, statutory: bool) -> dict[str, Any]:
    law = ruler.gate.law.source if ruler.gate and ruler.gate.law else None
    if statutory:
        finding = "R$ 16.000.000,00 em aberto e 5 períodos em doze meses (LC 225/2026, arts. 11 a 13)"
        said = {"basis": STATUTE.format(finding=finding), "basis_name": BASES["statutory"]}
        return {**said, "statutory": True, "law": law}
    said = {"basis": LADDER.format(label=ruler.label), "basis_name": BASES["ladder"]}
    return {**said, "statutory": False, "law": law}


def _sample_offer(offer: Offer) -> Offered:
    total = Decimal("123456.78")
    fallbacks = [OfferedModality(**modality.model_dump(), total=total, each=total) for modality in offer.modalities]
    best = max(modality.percent for modality in offer.modalities)
    return Offered(
        name=offer.name,
        law=offer.law,
        until=offer.until,
        percent=best,
        full=total,
        modalities=tuple(fallbacks),
        paid_in_part=Decimal("100.00"),
    )


def _nothing_open(letter: Letter) -> Letter:
    return letter.model_copy(update={"debts": (), "missing_returns": (), "divergences": (), "balance": Decimal("0.00")})


DETAIL = {
    "amounts": frozenset(
        {"balance", "amount", "declared", "assessed", "paid", "offered", "full", "total", "each", "paid_in_part"}
    ),
    "periods or due dates": frozenset({"period", "due"}),
    "numbers of debts": frozenset({"inscription", "pix_txid", "brcode", "process"}),
    "defences, guarantees or parts paid": frozenset({"partly_paid", "guaranteed", "filed_on", "decided_on"}),
}
"""The fields of a letter, and of its parts, that tax secrecy covers."""
SECRET = frozenset().union(*DETAIL.values())


def _owing_other(part: Any, name: str, names: frozenset[str]) -> Any:
    """A part of a letter that differs in nothing but the fields of these names. A message that keeps the secret is the
    same for both, whatever form a template would have written it in."""
    if name in names:
        return _other(part)
    if isinstance(part, tuple):
        return tuple(_owing_other(item, name, names) for item in part)
    if not isinstance(part, BaseModel):
        return part
    return part.model_copy(update={inner: _owing_other(value, inner, names) for inner, value in part})


def _other(value: Any) -> Any:
    """Another value of the samples' kind, different at both ends: `2025-01` becomes `1987-02`."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        return value * 7 + 1
    if isinstance(value, date):
        return value.replace(year=1987, day=value.day + 1)
    return value and f"{value[:-1].replace('2025', '1987')}{(int(value[-1]) + 1) % 10}"


@dataclass(frozen=True)
class _Read:
    """A template as written, and what its text alone tells."""

    unknown: list[str]
    """A sentence for each name in it that no message knows."""
    tops: tuple[tuple[str, int], ...]
    """The blocks at its top, and their lines."""
    blocks: frozenset[str]
    parent: str | None
    """The template it extends, where that is written out."""
    extends: bool
    others: list[str | None]
    """All that it extends or includes; None for one that is chosen while it renders."""
    names: frozenset[str]
    """The names in a message that it asks for itself."""
    plain: bool
    """Whether it reads nothing that could be missing (`reads_plainly`)."""


Alike = list[tuple[Letter, Letter]]
"""Letters, each with one that is the same to a template."""
DERIVED = {"discloses": "credit", "basis": "credit", "benefits": "taxpayer"}
"""Names of a message, and what of a letter they depend on besides."""


def _each(alike: Alike) -> list[Letter]:
    """The letters that differ, each once."""
    return [*{id(same): same for _, same in alike}.values()]


class _Check:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._words = ReadWords(texts)
        self._every_branch = EveryBranch(texts)
        for words in (self._words, self._every_branch):
            words.auto_reload = False  # nobody edits them meanwhile, and each look costs more than the rendering
        self._known: dict[str, _Read] = {}
        self._asks: dict[str, frozenset[str]] = {}
        self._owing_other = cache(_owing_other)
        """The letters of a ruler's rungs have most of their parts in common."""
        self._messages: dict[int, Message] = {}
        """The words of each letter of one template, by the letter's identity while `faults` looks at it."""

    def wanted(self, channel: Channel, template: str) -> str:
        """The file that an author would write: the most particular one."""
        return template_file(template_choices(channel, template)[0])

    def file(self, channel: Channel, template: str) -> str | None:
        """The one whose words are sent."""
        choices = template_choices(channel, template)
        return next((file for file in choices if template_file(file) in self._texts), None)

    def faults(self, channel: Channel, template: str, letters: list[Letter]) -> list[str]:
        """The faults of one template, each sentence once, with its own file and line. A missing file is not among
        them."""
        file = self.file(channel, template)
        if file is None:
            return []
        try:
            written = list(self.written(file))
        except TemplateError as error:
            return [self.sentence(error)]
        except Refusal as no_text:
            return [str(no_text)]
        if not written:
            self._messages.clear()
            alike = self._alike(file, letters)
            written = list(self._rendered(channel, template, file, _each(alike)))
            written = written or list(self._secrets_told(channel, template, file, alike))
            written = written or list(self._claims(channel, template, file, alike))
        return list(dict.fromkeys(written))

    def _names(self, file: str) -> frozenset[str]:
        """All that a sound template and what it extends or includes may ask a message for."""
        if file not in self._asks:
            read = self._read(file)
            self._asks[file] = read.names.union(*(self._names(other) for other in read.others if other))
        return self._asks[file]

    def _plain(self, file: str) -> bool:
        read = self._read(file)
        return read.plain and all(self._plain(other) for other in read.others if other)

    def _alike(self, file: str, letters: list[Letter]) -> Alike:
        """Each letter with the first of those that are the same to a template, by all that it can make its words of:
        few differ in what an SMS says."""
        names = self._names(file)
        names |= {DERIVED[name] for name in DERIVED.keys() & names}
        asked = sorted(names & Letter.model_fields.keys())
        first: dict[tuple[Any, ...], Letter] = {}
        return [
            (letter, first.setdefault(tuple(getattr(letter, name) for name in asked), letter)) for letter in letters
        ]

    def messages(self, channel: Channel, template: str, letters: list[Letter]) -> list[Message]:
        """All that a sound template says to these letters, each message once."""
        file = self.file(channel, template)
        different = _each(self._alike(file, letters)) if file else []
        return [render(channel, template, letter, self._words) for letter in different]

    def written(self, file: str, children: Sequence[tuple[str, _Read]] = ()) -> Iterator[str]:
        """The faults that can be told from the text alone, parents and includes too. `children` extend `file`, nearest
        last."""
        read = self._read(file)
        yield from read.unknown
        if not read.extends:
            for child, line, block in _orphans(children, read.blocks):
                yield f"{template_file(child)}:{line}: fills the block {block!r}, which nothing shows"
        for other in read.others:
            if other is None:
                yield f"{template_file(file)}: chooses a template while it renders, which can't be checked"
            else:
                yield from self.written(other, [*children, (file, read)] if other == read.parent else [])

    def _read(self, file: str) -> _Read:
        if file not in self._known:
            where = template_file(file)
            if where not in self._texts:
                raise TemplateNotFound(file)
            tree = self._words.read(file, where, self._texts[where])
            lines = {node.name: node.lineno for node in reversed(list(tree.find_all(nodes.Name)))}
            known = KNOWN_BESIDE.get(file.split("/")[1], KNOWN)
            names = frozenset(self._words.asked.get(file, ()))
            extended = next(tree.find_all(nodes.Extends), None)
            self._known[file] = _Read(
                unknown=[
                    f"{where}:{lines.get(name, 1)}: uses {name!r}, which no message knows"
                    for name in sorted(names - known)
                ],
                tops=tuple((block.name, block.lineno) for block in tree.body if isinstance(block, nodes.Block)),
                blocks=frozenset(block.name for block in tree.find_all(nodes.Block)),
                parent=extended.template.value if extended and isinstance(extended.template, nodes.Const) else None,
                extends=extended is not None,
                others=list(meta.find_referenced_templates(tree)),
                names=names,
                plain=reads_plainly(tree, self._words),
            )
            self._every_branch.trees[file] = tree
        return self._known[file]

    def _rendered(self, channel: Channel, template: str, file: str, letters: list[Letter]) -> Iterator[str]:
        """The faults that only show when a template is rendered: attributes, filters, empty words, a link read
        aloud."""
        try:
            if not self._plain(file):
                render(channel, template, letters[0], self._every_branch)
        except TemplateError as error:
            if not isinstance(error, UndefinedError) or "has no attribute" in str(error):
                yield self.sentence(error)
        except Exception:  # noqa: S110 - branches meant for other letters may not suit this one
            pass
        for letter in letters:
            try:
                message = self._said(channel, template, letter)
            except Exception as error:
                yield self.sentence(error)
                continue
            if not message.body:
                yield f"{template_file(file)}: renders to an empty message"
            if channel in HEADED and not message.subject:
                yield f"{template_file(file)}: has no subject"
            if channel == "voice" and UNSPEAKABLE.search(message.body):
                yield f"{template_file(file)}: is spoken, and nobody writes down a link or a number"

    def _secrets_told(self, channel: Channel, template: str, file: str, alike: Alike) -> Iterator[str]:
        letters = _each([(letter, same) for letter, same in alike if letter.credit != "registered"])
        if channel not in OPEN or not letters:
            return
        said = []
        if self._differ(channel, template, file, letters, SECRET):
            said = [what for what, names in DETAIL.items() if self._differ(channel, template, file, letters, names)]
        if said:
            yield (
                f"{template_file(file)}: by {channel}, an open channel, it states {', '.join(said)} before "
                "registration (CTN art. 198): ask `discloses`, or leave that to the page behind `link`"
            )

    def _claims(self, channel: Channel, template: str, file: str, alike: Alike) -> Iterator[str]:
        """The sentences that are wrong in one of the letters, which need not be the one that was rendered: to a
        template that doesn't ask, all taxpayers are alike."""
        for letter, same in alike:
            for what in wrong_claims(letter, channel, self._said(channel, template, same)):
                yield f"{template_file(file)}: {what}"

    def promises(self, channel: Channel, template: str, letter: Letter, given: Wait, dwell: Wait | None) -> list[str]:
        """The terms that a sound template of a formal notice promises and its ruler doesn't keep."""
        file = self.file(channel, template)
        if file is None:
            return []
        term = {"defence_days": given.days, "time_given": time_given(given)}
        message = render(channel, template, letter.model_copy(update=term), self._words)
        return [f"{template_file(file)}: {what}" for what in dict.fromkeys(wrong_promises(message, given, dwell))]

    def _differ(
        self, channel: Channel, template: str, file: str, letters: list[Letter], secret: frozenset[str]
    ) -> bool:
        """Whether any of the messages would be another if these fields were."""
        asked = self._names(file) & Letter.model_fields.keys()
        for letter in letters:
            others = {name: self._owing_other(getattr(letter, name), name, secret) for name in asked}
            same = all(getattr(letter, name) == other for name, other in others.items())
            other = letter.model_copy(update=others)
            if not same and self._said(channel, template, letter) != render(channel, template, other, self._words):
                return True
        return False

    def _said(self, channel: Channel, template: str, letter: Letter) -> Message:
        """The message of a letter by a channel, rendered once."""
        if id(letter) not in self._messages:
            self._messages[id(letter)] = render(channel, template, letter, self._words)
        return self._messages[id(letter)]

    def basis_left_out(self, channels: list[Channel], template: str, letter: Letter) -> list[str]:
        """The files of a rung's letters, or of all its messages where it has no letter, that never print `basis`.
        Faulty ones are told elsewhere."""
        letters = [channel for channel in channels if channel in HEADED] or channels
        other = letter.model_copy(update={"basis": "outro fundamento", "basis_name": "outro"})
        silent = [channel for channel in letters if self._same(channel, template, letter, other)]
        files = dict.fromkeys(template_file(self.file(channel, template) or "") for channel in silent)
        return [
            f"{file}: is formal, may lead to a suspension, and doesn't say by what: print `basis`" for file in files
        ]

    def _same(self, channel: Channel, template: str, letter: Letter, other: Letter) -> bool:
        try:
            return render(channel, template, letter, self._words) == render(channel, template, other, self._words)
        except Exception:
            return False

    def sentence(self, error: Exception) -> str:
        """The template's file and line, and what happened there."""
        if isinstance(error, TemplateSyntaxError):
            return f"{template_file(str(error.name))}:{error.lineno}: {error.message}"
        if isinstance(error, TemplateNotFound):
            return f"{template_file(str(error.name))}: is extended or included, but doesn't exist"
        frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename in self._texts]
        if not frames:
            return f"templates: {error}"
        return f"{frames[-1].filename}:{frames[-1].lineno}: {_reason(error)}"


def _reason(error: Exception) -> str:
    if isinstance(error, TemplateError):
        return str(error).replace("'dict object' has no attribute", "there is no")
    return f"fails with {type(error).__name__}: {error}"


def _orphans(children: Sequence[tuple[str, _Read]], shown: Set[str]) -> Iterator[tuple[str, int, str]]:
    """Blocks at the top of a child template that no template above it has, from the base down."""
    for file, child in reversed(children):
        for name, line in child.tops:
            if name not in shown:
                yield file, line, name
        shown |= child.blocks
