"""Work of activities in batches: what is asked for while one batch is carried out is carried out together after it.

A transaction over sixteen cases costs little more than one over a single case. Each case keeps its own decision,
journal and revision; where one of them fails, nothing is on record, and each is done again alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, PriorityQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine

from models.contact.channel import Channel
from storage.case.transaction import CaseTransaction, Look, case_transactions
from storage.contact.notices import claim
from storage.engine import is_away

TOGETHER = 16
"""Pieces of a batch: a payment for the debts of one of its cases waits for all."""

AskedT = TypeVar("AskedT")
AnswerT = TypeVar("AnswerT")


class _Alone(Exception):
    """It failed together with others, and is to be tried alone."""


class Batches(Generic[AskedT, AnswerT]):
    """Work that `together` does: all or nothing, and what it leaves out is asked for again. One batch is carried out at
    a time. Called by many threads at once."""

    def __init__(self, together: Callable[[Sequence[AskedT]], Iterable[tuple[AskedT, AnswerT]]]) -> None:
        self._together = together
        self._waiting: PriorityQueue[tuple[bool, int, AskedT, Future[AnswerT]]] = PriorityQueue()
        self._numbers = count()
        self._turns = ThreadPoolExecutor(1)

    def carry_out(self, asked: AskedT, first: bool = False) -> AnswerT:
        """Wait for the answer; `first`: before all that wait. Raises what the work raises."""
        answer: Future[AnswerT] = Future()
        self._enqueue(asked, answer, first)
        try:
            return answer.result()
        except _Alone:
            [(_, alone)] = self._together([asked])
        return alone

    def _enqueue(self, asked: AskedT, answer: Future[AnswerT], first: bool) -> None:
        self._waiting.put((not first, next(self._numbers), asked, answer))
        self._turns.submit(self._take_turn)

    def _take_turn(self) -> None:
        if not (batch := self._next_batch()):
            return
        answers = {id(asked): answer for asked, answer in batch}
        try:
            for asked, done in self._together([asked for asked, _ in batch]):
                answers[id(asked)].set_result(done)
        except BaseException as error:
            shared = len(batch) == 1 or is_away(error)
            for answer in answers.values():
                answer.set_exception(error if shared else _Alone())
            return
        for asked, answer in batch:
            if not answer.done():
                self._enqueue(asked, answer, first=True)

    def _next_batch(self) -> list[tuple[AskedT, Future[AnswerT]]]:
        batch: list[tuple[AskedT, Future[AnswerT]]] = []
        while len(batch) < TOGETHER:
            try:
                _, _, asked, answer = self._waiting.get_nowait()
            except Empty:
                break
            batch.append((asked, answer))
        return batch


@dataclass(frozen=True, kw_only=True)
class CaseAct(Look):
    """A look at a case, and what is done to it in its case transaction."""

    act: Callable[[CaseTransaction], Any]
    context: Context = field(default_factory=copy_context)
    """In which it acts: it knows its own activity, whichever thread carries it out."""


def act_together(
    engine: Engine, unaddressed: Set[Channel], acts: Sequence[CaseAct]
) -> list[tuple[CaseAct, tuple[CaseTransaction, Any]]]:
    """Act on several cases in one transaction: gives each as it was saved, and what its act gave."""
    with case_transactions(engine, acts, unaddressed) as held:
        done = [(asked, (tx, asked.context.run(asked.act, tx))) for asked, tx in held]
        write_claims([tx for _, tx in held])
    return done


def write_claims(transactions: Sequence[CaseTransaction]) -> None:
    """Write the notices that were claimed in one transaction."""
    if rows := [row for tx in transactions for row in tx.claims]:
        claim(transactions[0].connection, rows)
    for tx in transactions:
        tx.claims.clear()
