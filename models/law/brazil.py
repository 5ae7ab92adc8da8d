"""The holidays of Brazil, from the library that knows those of the world.

Its package loads two hundred countries to give one, which takes longer than most commands; the file of this one needs
none of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, cast


def holidays_of(state: str | None, years: Iterable[int]) -> set[date]:
    """The national ones, and those of a state, two letters, if one is named."""
    return set(_brazil()(subdiv=state, years=years))


def optional_days_of(years: Iterable[int]) -> dict[date, str]:
    """The days on which authorities may choose not to work (pontos facultativos), by their usual names."""
    return dict(_brazil()(years=years, categories=("optional",), language="pt_BR").items())


@cache
def _brazil() -> Any:
    import holidays

    file = Path(str(holidays.__file__)).with_name("countries") / "brazil.py"
    spec = cast(ModuleSpec, spec_from_file_location("brazil", file))
    module = module_from_spec(spec)
    cast(Loader, spec.loader).exec_module(module)
    return module.Brazil
