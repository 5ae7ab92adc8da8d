"""A template or table file edited, or gone, under a running cohort: nothing that runs changes (casebook L30)."""

import email
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from email import policy as mail_policy
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.testing import ActivityEnvironment

import channels.rendering
import storage.agreement.policies
import storage.case.cases
from activities.agreements import AgreementActivities
from activities.cases import CaseActivities
from activities.communications import CommunicationActivities
from activities.dependencies import Dependencies
from activities.notices import NoticeActivities
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from models.errors import Refusal
from operations.agreements import SIGNER
from operations.rulers import load_ruler
from storage.agreement.asked import SigningRequest
from storage.agreement.policies import offered_policy
from storage.agreement.signing import sign
from storage.catalogue import KINDS, ROOT, SHIPPED
from storage.read_models.agree_page import read_agree_page
from tests.agreement_world import OPENED, SP, Contract, at, contract
from tests.builders import REGISTERED
from workflows.effects import AgreementReview, CommunicationDispatch, Contact, EvaluationRequest

NAMED = "accrual: multa\n"
TABLE = """\
accrual: multa
title: Multa de mora
fine: [{from: 2000-01-01, source: lei de exemplo, steps: [{percent: "20"}]}]
interest: []
"""
SIGNED = date(2026, 3, 2)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the repository ships, and read in its stead, with a table of accrual more."""
    folder = tmp_path / "checkout"
    for kind in KINDS:
        shutil.copytree(ROOT / kind, folder / kind)
    (folder / "accruals" / "multa.yaml").write_text(TABLE)
    monkeypatch.setattr(SHIPPED, "root", folder)
    return folder


def edited(checkout: Path) -> None:
    """Each template and table says something else."""
    for file in checkout.glob("templates/**/*.txt.j2"):
        file.write_text("Outro assunto\n\nOutras palavras\n")
    for file in checkout.glob("templates/**/*.html.j2"):
        file.write_text("<p>Outra moldura</p>")
    replaced(checkout / "accruals" / "multa.yaml", '"20"', '"90"')
    replaced(checkout / "prices" / "brasil.yaml", 'price: "0', 'price: "7')
    replaced(checkout / "agreements" / "sao-paulo.yaml", "first_after_months: 0", "first_after_months: 2")


def replaced(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def gone(checkout: Path) -> None:
    shutil.rmtree(checkout)


CHANGES = pytest.mark.parametrize("change", [edited, gone])


@pytest.fixture
def new_worker(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and nothing is remembered of what was read before, as in a process that has just begun."""

    def begin() -> None:
        monkeypatch.setattr(storage.case.cases, "_frozen", {})
        monkeypatch.setattr(storage.agreement.policies, "_pinned", {})
        monkeypatch.setattr(channels.rendering, "_pinned", {})
        storage.agreement.policies._read.cache_clear()

    return begin


class Sent:
    """The messages that one case is sent, and their cost."""

    def __init__(self, made: Contract, folder: Path) -> None:
        self.made, self.folder = made, folder
        self.dependencies = Dependencies(made.engine, MailGateway({}, FileTransport(folder)))
        self.world = ActivityEnvironment()
        self.world.info = replace(self.world.info, started_time=at(OPENED))

    def notice(self) -> list[str]:
        """The next one on its day."""
        next_action = self.world.run(
            CaseActivities(self.dependencies).evaluate, EvaluationRequest(case=self.made.case)
        ).next_action
        assert next_action.runs_at
        self.world.info = replace(self.world.info, started_time=next_action.runs_at)
        contact = Contact(case=self.made.case, step=next_action.step, channel="email", rung_channel="email")
        self.world.run(NoticeActivities(self.dependencies).notify, contact)
        query = """SELECT subject, body, CAST(cost AS text) FROM notices
            WHERE "case" = :case AND kind = 'rung' ORDER BY step DESC LIMIT 1"""
        return [self.impersonal(part) for part in (*self.made.rows(query)[0], self.letter())]

    def instalment_message(self) -> str:
        does = AgreementActivities(self.dependencies)
        self.world.info = replace(self.world.info, started_time=at(SIGNED))
        looked = self.world.run(does.review_agreement, AgreementReview(agreement=self.made.agreement))
        assert looked.runs_at
        self.world.info = replace(self.world.info, started_time=looked.runs_at)
        dispatch = AgreementReview(agreement=self.made.agreement, step=looked.step)
        self.world.run(does.tell_of_instalment, dispatch)
        told = CommunicationActivities(self.dependencies)
        of_case = """SELECT id FROM communications WHERE "case" = :case AND kind = 'instalment_reminder'"""
        [(communication,)] = self.made.rows(of_case)
        by_mail = CommunicationDispatch(communication=communication, channel="email", rung_channel="email")
        self.world.run(told.communicate, by_mail)
        return self.impersonal(self.letter())

    def impersonal(self, text: str) -> str:
        """Without the ids that no two cases share."""
        ids = """SELECT id FROM cases WHERE id = :case UNION ALL
            SELECT unnest(ARRAY[pix_txid, inscription]) FROM debts WHERE id = ANY(:debts) UNION ALL
            SELECT pix_txid FROM instalments WHERE agreement = :agreement"""
        for [own] in self.made.rows(ids, debts=self.made.debts):
            text = text.replace(own, "ID")
        return text

    def letter(self) -> str:
        """All the words of the newest mail, as text and as HTML."""
        newest = max(self.folder.rglob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        mail = email.message_from_bytes(newest.read_bytes(), policy=mail_policy.default)
        return "\n".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")


@CHANGES
def test_the_next_notices_are_as_before(
    engine: Engine, checkout: Path, new_worker: Callable[[], None], change: Callable[[Path], None], tmp_path: Path
) -> None:
    first, second = (contract(engine, "500.00", accrual=NAMED) for _ in range(2))
    before = Sent(first, tmp_path / "first")
    expected = [before.notice(), before.notice()]
    assert "600,00" in expected[0][1]
    change(checkout)
    new_worker()
    after = Sent(second, tmp_path / "second")
    assert [after.notice(), after.notice()] == expected


@CHANGES
def test_the_messages_of_a_signed_agreement_are_as_before(
    engine: Engine, checkout: Path, new_worker: Callable[[], None], change: Callable[[Path], None], tmp_path: Path
) -> None:
    first, second = (contract(engine, "900.00") for _ in range(2))
    for made in (first, second):
        made.sign(SP, 3, SIGNED)
        made.pay(1, SIGNED)
    expected = Sent(first, tmp_path / "first").instalment_message()
    assert "303,00" in expected
    change(checkout)
    new_worker()
    assert Sent(second, tmp_path / "second").instalment_message() == expected


@CHANGES
def test_what_a_taxpayer_may_sign_by_his_link_is_as_before(
    engine: Engine, checkout: Path, new_worker: Callable[[], None], change: Callable[[Path], None], tmp_path: Path
) -> None:
    made = contract(engine, "900.00")
    with engine.connect() as connection:
        expected = read_agree_page(connection, made.case, at(SIGNED))
        assert expected is not None
        assert expected.offers[0].quotes
        change(checkout)
        new_worker()
        assert read_agree_page(connection, made.case, at(SIGNED)) == expected
        offered = offered_policy(storage.case.cases.read_case(connection, made.case).frozen)
    _, signed = sign(engine, made.case, offered, SigningRequest(3), SIGNER, "link", at(SIGNED))
    assert (
        signed.instalments == next(plan for plan in expected.offers[0].quotes if len(plan.instalments) == 3).instalments
    )


def test_ruler_check_reads_the_new_files(checkout: Path) -> None:
    assert load_ruler(REGISTERED).ruler.label == "divida-ativa v1"
    replaced(checkout / "templates" / "parts" / "matter.txt.j2", "{{", "{{ desconhecido }}{{")
    with pytest.raises(Refusal, match="uses 'desconhecido', which no message knows"):
        load_ruler(REGISTERED)
    gone(checkout)
    with pytest.raises(Refusal, match="there is no ruler file 'divida-ativa'"):
        load_ruler(REGISTERED)


def test_a_cohort_started_later_runs_on_the_new_files(engine: Engine, checkout: Path, tmp_path: Path) -> None:
    """And the one that runs keeps its own: the digests differ."""
    old = contract(engine, "500.00", accrual=NAMED)
    expected = Sent(old, tmp_path / "old").notice()
    with (checkout / "templates" / "email" / "base.txt.j2").open("a") as base:
        base.write("\nRodapé novo\n")
    replaced(checkout / "accruals" / "multa.yaml", '"20"', '"90"')
    new = contract(engine, "500.00", accrual=NAMED, cohort="iptu-2")
    said = Sent(new, tmp_path / "new").notice()
    assert "950,00" in said[1]
    assert said[1].rstrip().endswith("Rodapé novo")
    assert not expected[1].rstrip().endswith("Rodapé novo")
    query = "SELECT ruler FROM cases WHERE id = :case"
    assert old.get(query) != new.get(query)
