"""The text of an edital: who couldn't be served otherwise, by which law the publication serves, and where the acts are.

It is for everybody's eyes, so each entry says what `templates/gazette/` lets it say (CTN art. 198).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, groupby

from models.formats import day
from models.ruler.schema import Ruler
from models.ruler.terms import time_given
from storage.contact.batches import Batch, OnPage


def edital(batch: Batch, rulers: Mapping[str, Ruler]) -> str:
    """The text of an edital; the notices of one ruler stand together. `rulers` are by digest."""
    return "\n\n".join(_paragraphs(batch, rulers)) + "\n"


def _paragraphs(batch: Batch, rulers: Mapping[str, Ruler]) -> Iterator[str]:
    yield f"EDITAL DE INTIMAÇÃO Nº {batch.id}, de {day(batch.closed_at.astimezone().date())}"

    def whose(notice: OnPage) -> str:
        return notice.ruler

    numbers = count(1)
    for digest, notices in groupby(sorted(batch.notices, key=whose), whose):
        ruler = rulers[digest]
        by_law = ruler.service.gazette
        served = f" {time_given(by_law.after)} após a publicação deste edital ({by_law.law})" if by_law else ""
        yield (
            f"{ruler.authority} intima os contribuintes abaixo dos atos que lhes são dirigidos, por não ter sido"
            f" possível a ciência por outro meio. Considera-se feita a ciência{served}; dela contam-se os prazos."
        )
        yield from (f"{next(numbers)}. {notice.body.strip()}" for notice in notices)
        yield f"{ruler.authority}. {ruler.contact.site}"
