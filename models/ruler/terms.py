"""The term that a formal notice gives, which its words promise and its rung keeps."""

from __future__ import annotations

from models.law.calendar import Unit, Wait
from models.ruler.schema import Hypothesis, Ruler, Stage


def term_given(ruler: Ruler, row: Hypothesis, index: int) -> Wait | None:
    """The gate's term for defence on the last formal notice before a suspension, else the notice's own dwell. None: it
    is no formal notice, or a suspension, which gives none."""
    rung = ruler.rung(row, index)
    if not rung.formal or rung.stage is Stage.SUSPENSION:
        return None
    after = ruler.rows[row].rungs[index + 1 :]
    if ruler.gate and after and after[0].stage is Stage.SUSPENSION:
        return ruler.gate.defence
    return rung.dwell


def time_given(wait: Wait) -> str:
    """A term as a notice writes it, in pt-BR: `30 dias`, which are continuous ones, or `22 dias úteis`."""
    return f"{wait.days} dias úteis" if wait.unit is Unit.BUSINESS else f"{wait.days} dias"
