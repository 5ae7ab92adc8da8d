"""Persons, not names: one identity with the names it signs in by, and what one person may not do alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from models.errors import Refusal

LONGEST = 64

_FOLDED = re.compile(r"[a-z0-9]+")


def folded(name: str) -> str:
    """A name as it is compared: its letters and digits alone, without accents, whatever their case."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def must_be_name(name: str) -> None:
    """Check the name of a person. Raises Refusal: it is too long, or can't be told from another by its letters."""
    if len(name) > LONGEST or not name.isprintable() or not _FOLDED.fullmatch(folded(name)):
        shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
        raise Refusal(f"{shown!r} is no name of a person here: up to {LONGEST} characters, Latin letters or digits")


@dataclass(frozen=True)
class SignIn:
    """A name by which a person signs in, and who said so; the person's own says that there is one."""

    person: str
    name: str
    linked_by: str


@dataclass(frozen=True)
class People:
    """The persons that are known. A link is never taken back: what was one person stays one."""

    _person: Mapping[str, str] = field(default_factory=dict)
    """Folded name -> the person's first name on record."""
    _vouched: Mapping[str, Set[str]] = field(default_factory=dict)
    """Person -> the persons who added it, or linked a name to it."""

    @classmethod
    def of(cls, sign_ins: Iterable[SignIn]) -> People:
        """The persons of all sign-ins, the oldest first. Two that share a name are one."""
        told = [*sign_ins]
        groups: dict[str, list[str]] = {}
        for sign_in in told:
            one, other = folded(sign_in.person), folded(sign_in.name)
            first, second = groups.setdefault(one, [one]), groups.setdefault(other, [other])
            if first is not second:
                first.extend(second)
                groups.update(dict.fromkeys(second, first))
        written = {folded(s.person): s.person for s in reversed(told)}
        person = {name: next(written[other] for other in group if other in written) for name, group in groups.items()}
        people = cls(person)
        vouched: dict[str, set[str]] = {}
        for sign_in in told:
            vouched.setdefault(people.named(sign_in.person), set()).add(people.named(sign_in.linked_by))
        return cls(person, vouched)

    def knows(self, name: str) -> bool:
        return folded(name) in self._person

    def named(self, name: str) -> str:
        """The person of a name, as first written; who isn't known is what the name says."""
        return self._person.get(folded(name), name)

    def same(self, one: str, other: str) -> bool:
        return folded(self.named(one)) == folded(self.named(other))

    def vouched_by(self, one: str, other: str) -> bool:
        """Whether nobody but `other` ever said who `one` is."""
        return self._vouched.get(self.named(one)) == {self.named(other)} and not self.same(one, other)


NOBODY_KNOWN = People()
