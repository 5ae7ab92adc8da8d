"""The units of a draw: cases that a notice to one of them reaches all of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise


def units(together: Iterable[Sequence[str]]) -> dict[str, str]:
    """Case → the unit it belongs to, named for the first of its cases by id. `together` lists cases that share a
    person, a debt or an address; what is joined by a third is one unit too."""
    # a worker that draws nothing needn't hold it in memory
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    groups = list(together)
    cases = sorted({case for group in groups for case in group})
    if not cases:
        return {}
    places = {case: place for place, case in enumerate(cases)}
    pairs = [(places[one], places[other]) for group in groups for one, other in pairwise(group)]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    joined = coo_array(([True] * len(pairs), (rows, columns)), shape=(len(cases), len(cases)))
    _, labels = connected_components(joined, directed=False)
    first: dict[int, str] = {}
    return {case: first.setdefault(int(label), case) for case, label in zip(cases, labels, strict=True)}
