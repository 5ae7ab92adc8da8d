"""Delivery reports of providers on record: the fate of notices, and what it says of a taxpayer's addresses.

A report is stored once, by the provider's id of it, together with all that it moves: the notice, the address, the
journal and the signals for the outbox. A batch is a handful of statements, however long it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, text

from models.case.journal import EntryKind
from models.contact.delivery import LEFT, Fate, Progress, Report, Service
from models.events import CommunicationChanged, ContactLost, Event, NoticeLost, NoticeServed
from models.formats import day
from models.law.calendar import Clock
from models.words import CHANNELS
from storage.case.cases import read_case
from storage.case.journal import Evidence, JournalRow
from storage.contact.communications import take_up_again
from storage.outbox import enqueue_each
from storage.schema import decisions, notices


def record_reports(engine: Engine, reports: Sequence[Report], now: datetime) -> int:
    """Store reports and give how many of them were new. All are stored or none, and to repeat the call changes
    nothing."""
    with engine.begin() as connection:
        return take_reports(connection, reports, now)


def opt_out(engine: Engine, case: str, channel: str, via: str) -> None:
    """Stop messages on a channel at once and for good, for all cases of the taxpayer. Raises Refusal when there is no
    such case."""
    with engine.begin() as connection:
        taxpayer = read_case(connection, case).taxpayer
        locked = lock_cases_of(connection, [taxpayer], datetime.now(UTC))
        refuse(connection, locked, [(taxpayer, channel)], via)
        locked.write()


def take_reports(connection: Connection, reports: Sequence[Report], now: datetime) -> int:
    named = _named(connection, reports)
    locked = lock_cases_of(connection, {notice.taxpayer for notice in named.values()}, now)
    new = _unheard(connection, reports, named)
    heard: dict[str, list[Report]] = defaultdict(list)
    for report in new:
        if about := _about(report, named):
            heard[about.id].append(report)
    if heard:
        matched = _move(connection, locked, heard)
        _suppress_contact(connection, locked, matched)
        refusing = [notice for notice, report in matched if report.contact == "refused"]
        refuse(connection, locked, [(notice["taxpayer"], notice["channel"]) for notice in refusing], "provider")
    locked.write()
    return len(new)


def text_of(engine: Engine, notice: str) -> str | None:
    """The text of a notice as it was sent; None when there is no such notice."""
    asked = select(notices.c.body).where(notices.c.id == notice)
    with engine.connect() as connection:
        return connection.scalar(asked)


@dataclass(frozen=True)
class _Named:
    id: str
    taxpayer: int


NAMED = text("""
    SELECT notices.id AS name, notices.id, taxpayer FROM notices JOIN cases ON cases.id = notices."case"
    WHERE notices.id = ANY(:notices)
    UNION ALL
    SELECT provider_id, notices.id, taxpayer FROM notices JOIN cases ON cases.id = notices."case"
    WHERE provider_id = ANY(:messages)
""")


def _named(connection: Connection, reports: Sequence[Report]) -> dict[str, _Named]:
    """The notices that the reports are about, by the names that they give them."""
    asked = {
        "notices": sorted({report.notice for report in reports if report.notice}),
        "messages": sorted({report.message for report in reports if report.message}),
    }
    return {row.name: _Named(row.id, row.taxpayer) for row in connection.execute(NAMED, asked)}


def _about(report: Report, named: dict[str, _Named]) -> _Named | None:
    return named.get(report.notice or "") or named.get(report.message or "")


# in the order of their ids, so that two calls with the same events wait for each other instead of deadlocking
HEARD = text("""
    INSERT INTO delivery_events (provider, event, notice, kind, reason, at)
    SELECT * FROM unnest(CAST(:provider AS text[]), CAST(:event AS text[]), CAST(:notice AS text[]),
                         CAST(:kind AS text[]), CAST(:reason AS text[]), CAST(:at AS timestamptz[]))
    ON CONFLICT DO NOTHING RETURNING provider, event
""")


def _unheard(connection: Connection, reports: Sequence[Report], named: dict[str, _Named]) -> list[Report]:
    """Store the reports and give those that were not stored before."""
    once = {(report.provider, report.event): report for report in reversed(reports)}
    ordered = [once[key] for key in sorted(once)]
    about = [_about(report, named) for report in ordered]
    columns: dict[str, list[Any]] = {
        "provider": [report.provider for report in ordered],
        "event": [report.event for report in ordered],
        "notice": [notice.id if notice else None for notice in about],
        "kind": [report.kind for report in ordered],
        "reason": [report.reason for report in ordered],
        "at": [report.at for report in ordered],
    }
    return [once[row.provider, row.event] for row in connection.execute(HEARD, columns)]


NOTICES = text("""
    SELECT notices.*, cases.taxpayer, EXISTS (SELECT FROM notice_credits WHERE notice = notices.id) AS lists
    FROM notices JOIN cases ON cases.id = notices."case"
    WHERE notices.id = ANY(:ids) ORDER BY notices.id FOR UPDATE OF notices
""")

MOVED = text("""
    UPDATE notices
    SET status = moved.status, failure = moved.failure, served_on = moved.served_on, served_by = moved.served_by,
        served_reference = moved.served_reference, provider = coalesce(notices.provider, moved.provider),
        provider_id = coalesce(notices.provider_id, moved.message), sent_at = coalesce(notices.sent_at, moved.sent_at)
    FROM unnest(CAST(:id AS text[]), CAST(:status AS text[]), CAST(:failure AS text[]), CAST(:served_on AS date[]),
                CAST(:served_by AS text[]), CAST(:served_reference AS text[]), CAST(:provider AS text[]),
                CAST(:message AS text[]), CAST(:sent_at AS timestamptz[]))
         AS moved (id, status, failure, served_on, served_by, served_reference, provider, message, sent_at)
    WHERE notices.id = moved.id
""")

Matched = list[tuple[RowMapping, Report]]
"""Each new report with the notice it is about."""


def _move(connection: Connection, locked: LockedCases, heard: dict[str, list[Report]]) -> Matched:
    moved: dict[str, list[Any]] = defaultdict(list)
    matched: Matched = []
    for notice in connection.execute(NOTICES, {"ids": list(heard)}).mappings():
        reports = heard[notice["id"]]
        matched += [(notice, report) for report in reports]
        before = fate = _fate(notice)
        for report in reports:
            on = max(notice["at"], locked.day(notice["case"], report.at))
            fate = fate.after(report, notice["lists"], on)
        _journal_fate(locked, notice, before, fate)
        left = [report.at for report in reports if report.progress in LEFT and report.progress is not Progress.QUEUED]
        values = {
            "id": notice["id"],
            "status": str(fate.progress),
            "failure": fate.failure,
            "served_on": fate.service and fate.service.on,
            "served_by": fate.service and fate.service.by,
            "served_reference": (fate.service and fate.service.reference) or None,
            "provider": reports[0].provider,
            "message": next((report.message for report in reports if report.message), None),
            "sent_at": min(left, default=None),
        }
        for name, value in values.items():
            moved[name].append(value)
    connection.execute(MOVED, moved)
    return matched


def _fate(notice: RowMapping) -> Fate:
    on, by = notice["served_on"], notice["served_by"]
    service = Service(on, by, notice["served_reference"] or "") if on else None
    return Fate(Progress(notice["status"]), notice["failure"], service)


def _journal_fate(locked: LockedCases, notice: RowMapping, before: Fate, after: Fate) -> None:
    case, name = notice["case"], notice["id"]
    if after.progress.lost and not before.progress.lost:
        reason = f"notificação {name} por {CHANNELS[notice['channel']]} não chegou: {after.failure}"
        locked.note(case, EntryKind.NOTICE_LOST, reason, locked.today(case), {"notice": name})
        if notice["communication"]:
            locked.lose(case, notice["communication"])
        else:
            locked.enqueue(case, NoticeLost(notice=name))
    if after.service and after.service != before.service:
        on, by = after.service.on, SERVED[Progress(after.service.by)]
        why = f"ciência da notificação {name} em {day(on)}: {by}"
        locked.note(case, EntryKind.NOTICE_SERVED, why, on, {"notice": name})
        locked.enqueue(case, NoticeServed(notice=name, on=on))


SERVED = {
    Progress.DELIVERED: "entregue, segundo o provedor",
    Progress.READ: "lida, segundo o provedor",
    Progress.ANSWERED: "respondida pelo contribuinte",
}

SUPPRESSED = text("""
    INSERT INTO suppressed_contacts (taxpayer, channel, address, why, notice)
    SELECT * FROM unnest(CAST(:taxpayer AS bigint[]), CAST(:channel AS text[]), CAST(:address AS text[]),
                         CAST(:why AS text[]), CAST(:notice AS text[]))
    ON CONFLICT DO NOTHING RETURNING taxpayer
""")


def _suppress_contact(connection: Connection, locked: LockedCases, matched: Matched) -> None:
    """Put addresses on the suppression list: no notice goes there again until people give them anew."""
    suppressed = [
        (notice["taxpayer"], notice["channel"], notice["address"], report.reason or report.kind, notice["id"])
        for notice, report in matched
        if report.contact == "suppressed" and notice["address"]
    ]
    names = ("taxpayer", "channel", "address", "why", "notice")
    if suppressed:
        rows = dict(zip(names, map(list, zip(*sorted(suppressed), strict=True)), strict=True))
        for taxpayer in set(connection.scalars(SUPPRESSED, rows)):
            locked.enqueue_all(taxpayer, ContactLost())


REFUSED = text("""
    INSERT INTO opt_outs (taxpayer, channel, via)
    SELECT taxpayer, channel, :via FROM unnest(CAST(:taxpayers AS bigint[]), CAST(:channels AS text[]))
                                        AS refused (taxpayer, channel)
    ON CONFLICT DO NOTHING RETURNING taxpayer, channel
""")


def refuse(connection: Connection, locked: LockedCases, refused: Iterable[tuple[int, str]], via: str) -> None:
    """Stop messages to taxpayers on the channels on which they want no more."""
    ordered = sorted(set(refused))
    if not ordered:
        return
    asked = {"taxpayers": [who for who, _ in ordered], "channels": [channel for _, channel in ordered], "via": via}
    for who, channel in connection.execute(REFUSED, asked).tuples():
        reason = f"contribuinte não quer mais mensagens por {CHANNELS[channel]} ({VIA.get(via, via)})"
        for case in locked.open_of(who):
            locked.note(case, EntryKind.CONTACT_REFUSED, reason, locked.today(case), {"channel": channel})
        locked.enqueue_all(who, ContactLost())


VIA = {
    "provider": "segundo o provedor",
    "contacts import": "segundo o arquivo de contatos",
    "reply": "em resposta",
    "call": "em conversa com atendente",
    "link": "pelo link da mensagem",
}


@dataclass(frozen=True)
class _Case:
    id: str
    taxpayer: int
    row: str | None
    open: bool
    ruler: str
    clock: Clock


CASES_OF = text("""
    SELECT cases.id, taxpayer, state -> 'place' ->> 'row' AS "row", closed_at IS NULL AS open, cases.ruler, clock
    FROM cases JOIN cohorts ON cohorts.name = cases.cohort
    WHERE taxpayer = ANY(:taxpayers) ORDER BY cases.id FOR UPDATE OF cases
""")


def lock_cases_of(connection: Connection, taxpayers: Iterable[int], now: datetime) -> LockedCases:
    """Lock all cases of these taxpayers: news of an address concerns each of them."""
    rows = connection.execute(CASES_OF, {"taxpayers": sorted(set(taxpayers))}).mappings()
    found = [_Case(**{**row, "clock": Clock.model_validate(row["clock"])}) for row in rows]
    return LockedCases(connection, now, {case.id: case for case in found})


@dataclass
class LockedCases:
    """The locked cases of some taxpayers, with the journal entries and signals that `write` puts on record."""

    connection: Connection
    now: datetime
    cases: dict[str, _Case]
    _journal: list[JournalRow] = field(default_factory=list)
    _events: dict[tuple[str, Event], None] = field(default_factory=dict)

    @cached_property
    def _open(self) -> dict[int, list[str]]:
        by_taxpayer: dict[int, list[str]] = defaultdict(list)
        for case in self.cases.values():
            if case.open:
                by_taxpayer[case.taxpayer].append(case.id)
        return by_taxpayer

    def open_of(self, taxpayer: int) -> list[str]:
        return self._open.get(taxpayer, [])

    def today(self, case: str) -> date:
        return self.cases[case].clock.day_at(self.now)

    def day(self, case: str, instant: datetime) -> date:
        """The case's day of an instant: of its arrival on a compressed clock, and never after today."""
        clock = self.cases[case].clock
        return clock.day_at(self.now if clock.compressed else min(instant, self.now))

    def note(self, case: str, kind: EntryKind, reason: str, at: date, evidence: Evidence) -> None:
        of = self.cases[case]
        self._journal.append(
            {
                "case": case,
                "at": at,
                "kind": kind,
                "reason": reason,
                "ruler": of.ruler,
                "evidence": evidence,
                "hypothesis": of.row,
            }
        )

    def enqueue(self, case: str, event: Event) -> None:
        """Enqueue an event once; a closed case has no workflow to signal."""
        if self.cases[case].open:
            self._events[case, event] = None

    def lose(self, case: str, communication: str) -> None:
        """Have a communication look for another channel; it has a workflow of its own, whether its case is open or
        not."""
        take_up_again(self.connection, communication)
        self._events[case, CommunicationChanged(communication=communication)] = None

    def enqueue_all(self, taxpayer: int, event: Event) -> None:
        for case in self.open_of(taxpayer):
            self.enqueue(case, event)

    def write(self) -> None:
        if self._journal:
            self.connection.execute(insert(decisions), self._journal)
        enqueue_each(self.connection, self._events)
