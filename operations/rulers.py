"""A ruler as people hand it in: read with all that it names, and looked through for every fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain

from models.assets import RulerBundle, Texts, examples_in, with_calendar, with_tables
from models.errors import Refusal
from models.ruler.check import read_ruler, rule_faults
from models.ruler.floors import missing_laws
from models.ruler.schema import Ruler
from models.yaml_file import Fault, open_questions
from storage.agreement.policy_files import policy_faults
from storage.amounts.accruals import accrual_faults
from storage.amounts.prices import price_faults
from storage.calendars import calendar_faults
from storage.catalogue import RULERS, SHIPPED

Look = Callable[[Ruler, Texts], Iterable[Fault]]

OF_THE_MAP: tuple[Look, ...] = (
    lambda ruler, _: rule_faults(ruler),
    accrual_faults,
    price_faults,
    policy_faults,
    calendar_faults,
    lambda ruler, texts: _names_examples(ruler, texts),
)
"""The parts a ruler is looked through for, but for its templates."""


def load_ruler(name_or_path: str, texts: Texts = SHIPPED) -> RulerBundle:
    """The ruler in a file, or by its name in `texts`. Refuses a faulty one with all its faults, one a line."""
    found = RULERS.find(name_or_path, texts)
    ruler = _sound(found.shown, *examined(found.text, found.texts))
    return RulerBundle(with_tables(ruler, found.texts), found.text, found.texts)


def glance(name_or_path: str, texts: Texts = SHIPPED) -> RulerBundle:
    """The same for a page that is shown often: nobody has looked through its tables and templates. Refuses what is no
    ruler."""
    found = RULERS.find(name_or_path, texts)
    ruler = _read(found.text)
    if ruler is None:
        return load_ruler(name_or_path, texts)
    return RulerBundle(with_tables(ruler, found.texts), found.text, found.texts)


@lru_cache(maxsize=32)
def _read(text: str) -> Ruler | None:
    return read_ruler(text).ruler


def load_map(name_or_path: str, texts: Texts = SHIPPED) -> Ruler:
    """The ruler in a file or by its name, for what sends nothing: its templates aren't looked at. Refuses a faulty one
    as `load_ruler` does."""
    found = RULERS.find(name_or_path, texts)
    return _sound(found.shown, *_examined(found.text, found.texts, OF_THE_MAP))


def map_faults(text: str, texts: Texts) -> tuple[Fault, ...]:
    """The faults of a ruler that are found at once: all but those of its templates."""
    return _examined(text, texts, OF_THE_MAP)[1]


def _sound(shown: str, ruler: Ruler | None, faults: tuple[Fault, ...]) -> Ruler:
    if ruler is None or faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise Refusal("\n".join([f"{shown} has {count}:", *(placed(shown, fault) for fault in faults)]))
    return ruler


def examined(text: str, texts: Texts = SHIPPED) -> tuple[Ruler | None, tuple[Fault, ...]]:
    """A ruler, unless the shape of its text is wrong, and every fault that can be found so far, in reading order."""
    # templates take long to load, and more to look through
    from channels.communication_check import before_due_faults, receipt_faults
    from channels.template_check import template_faults

    return _examined(text, texts, (*OF_THE_MAP, template_faults, receipt_faults, before_due_faults))


def left_open(ruler: Ruler, text: str) -> tuple[Fault, ...]:
    """Find what only an example may leave open: a question to a lawyer, the law of a consequence, who verified it."""
    missing = read_ruler(text).placed(missing_laws(ruler))
    return _in_reading_order((*open_questions(ruler, text), *missing))


def _examined(text: str, texts: Texts, looks: tuple[Look, ...]) -> tuple[Ruler | None, tuple[Fault, ...]]:
    read = read_ruler(text)
    sketch, faults = read.sketch and with_calendar(read.sketch, texts), read.faults
    if sketch is not None:
        found = read.placed(chain.from_iterable(look(sketch, texts) for look in looks))
        faults += tuple(fault for fault in found if not any(_about_the_same(fault, told) for told in read.faults))
        if not sketch.is_example:
            faults += left_open(sketch, text)
    return read.ruler and with_calendar(read.ruler, texts), _in_reading_order(faults)


def _names_examples(ruler: Ruler, texts: Texts) -> Iterator[Fault]:
    """The faults of a verified ruler that goes by a table or a policy which nobody has verified."""
    if not ruler.is_example:
        for where, file in examples_in(ruler, texts):
            yield Fault(where, f"names {file}, which is an example: nobody has verified it")


def _in_reading_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line or 0))


def _about_the_same(fault: Fault, other: Fault) -> bool:
    depth = min(len(fault.where), len(other.where))
    return depth > 0 and fault.where[:depth] == other.where[:depth]


def placed(path: str, fault: Fault) -> str:
    """A fault as compilers write it, so that editors jump there: `FILE:LINE: key: what`."""
    place = f"{path}:{fault.line}" if fault.line else path
    return f"{place}: {key(fault)}: {fault.what}" if fault.where else f"{place}: {fault.what}"


def key(fault: Fault) -> str:
    return ".".join(str(part) for part in fault.where)
