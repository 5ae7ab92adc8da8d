"""The files of a case, an agreement and a cohort, and the lists: what PostgreSQL gives is what their types declare."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args, get_origin, get_type_hints

import pytest
from sqlalchemy import Engine, insert

from models.payment.pix import PixPayment
from models.roles import Actor, Role
from storage.agreement.agreement_row import AgreementRow
from storage.agreement.agreements import read_row
from storage.audit.checkpoints import Checkpoint, checkpoint_now, newest_checkpoint
from storage.audit.log import Entry, LoggedEntry, read_log, write
from storage.audit.tokens import ListedToken, issue, list_tokens
from storage.case.prescription import ListedCase, list_cases
from storage.case.tasks import OpenTask, open_tasks
from storage.payments.ledger import record_pix, take_back
from storage.payments.matching import UnmatchedPayment, unmatched
from storage.payments.quarantine import QuarantinedItem, Unread, keep, list_quarantined
from storage.payments.reports import TakenBack
from storage.payments.statement import StatedPayment, list_payments
from storage.payments.unmatched_reversals import UnmatchedReversal, list_unmatched_reversals
from storage.read_models.case_file import agreement_file, case_file, list_agreements
from storage.read_models.case_parts import AgreementFile, CaseFile, ListedAgreement
from storage.read_models.cohort_file import CohortFile, cohort_file
from storage.read_models.dossier import Dossier, read_dossier
from storage.schema import remissions
from tests.agreement_world import SP, Contract, contract
from tests.explained_world import with_everything
from tests.shapes import misfits
from tests.web.pix_world import end_to_end_id

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def case(engine: Engine) -> str:
    return with_everything(engine)


@pytest.fixture
def signed(engine: Engine) -> Contract:
    made = contract(engine, "600.00", "1200.00", protested=True)
    made.sign(SP, 3, date(2026, 3, 10))
    made.pay(1, date(2026, 3, 10))
    with engine.begin() as connection:
        row = {"debt": made.debts[0], "ground": "agreement", "reference": made.agreement, "amount": Decimal("1.00")}
        connection.execute(insert(remissions).values(remitted_on=date(2026, 3, 10), **row))
    return made


@pytest.mark.parametrize("reveal", [False, True])
def test_a_case(engine: Engine, case: str, signed: Contract, reveal: bool) -> None:
    with engine.connect() as connection:
        file, held = case_file(connection, case, reveal), case_file(connection, signed.case, reveal)
    assert [*misfits(file, CaseFile), *misfits(held, CaseFile)] == []
    # no part but these, which no query gives, is empty in both: an empty list fits any shape
    empty = [part for part, value in file.items() if value == [] == held.get(part)]
    assert empty == ["blocks", "left_to_people"]
    assert all(("address" in notice) is reveal for notice in file["notices"])
    assert all(("body" in reply) is reveal for reply in file["replies"])


def test_a_dossier(engine: Engine, case: str, signed: Contract) -> None:
    shapes = get_type_hints(Dossier)
    parts = [part for part, shape in shapes.items() if get_origin(shape) is Sequence]
    full, held = read_dossier(engine, case), read_dossier(engine, signed.case)
    for part in parts:
        (shape,) = get_args(shapes[part])
        assert_rows([*getattr(full, part), *getattr(held, part)], shape)
    assert len(parts) == 16


def test_an_agreement(engine: Engine, signed: Contract) -> None:
    with engine.connect() as connection:
        file = agreement_file(connection, signed.agreement)
        assert [*misfits(read_row(connection, signed.agreement), AgreementRow)] == []
        assert file["debts"]
        assert file["instalments"]
        assert file["tasks"]
        assert [*misfits(file, AgreementFile)] == []


def test_a_cohort(engine: Engine, case: str) -> None:
    with engine.connect() as connection:
        cohort = case_file(connection, case, reveal=False)["cohort"]
        assert [*misfits(cohort_file(connection, cohort, NOW), CohortFile)] == []


def test_the_lists(engine: Engine, case: str, signed: Contract) -> None:
    with engine.begin() as connection:
        write(connection, Entry(Actor("ana"), "case show", case))
        cohort = case_file(connection, case, reveal=False)["cohort"]
        assert_rows(list(list_cases(connection, cohort, NOW)), ListedCase)
        assert_rows(list(list_agreements(connection, None, None)), ListedAgreement)
        assert_rows(list(list_payments(connection, None)), StatedPayment)
        assert_rows(list(read_log(connection)), LoggedEntry)
        assert_rows(list(open_tasks(connection, NOW)), OpenTask)


def test_the_keepers_rows(engine: Engine, signed: Contract) -> None:
    keep(engine, [Unread(b"{", b"sealed", "no JSON", NOW)])
    take_back(engine, [TakenBack("104/1", "999", None, Decimal("1.00"), NOW, "reversal 1")], NOW)
    record_pix(engine, [PixPayment(end_to_end_id(), "f" * 32, Decimal("1.00"), NOW)], NOW)
    assert checkpoint_now(engine, patience=60)
    with engine.begin() as connection:
        issue(connection, "bia", Role.ANALYST, "ana", 30)
        assert_rows(list_tokens(connection, datetime.now(UTC)), ListedToken)
        assert_rows([newest_checkpoint(connection)], Checkpoint)
        assert_rows(list_quarantined(connection), QuarantinedItem)
        assert_rows(unmatched(connection), UnmatchedPayment)
        assert_rows(list_unmatched_reversals(connection), UnmatchedReversal)


def assert_rows(rows: Sequence[object], shape: type) -> None:
    assert rows
    assert [misfit for row in rows for misfit in misfits(row, shape)] == []
