"""Each operation, carried out and refused, leaves its entry in the audit log; with the change, or by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text, update
from sqlalchemy.exc import IntegrityError

from banks.bank import BankAccount
from models.agreement.quote import Pay
from models.case.selection import Selection
from models.collections.outcome import Outcome as CallOutcome
from models.collections.queue import Queue
from models.contact.post import Outcome
from models.contact.receipt_code import receipt_code
from models.errors import Refusal
from models.intake.benefits import benefit_reader
from models.intake.contacts import contact_reader
from models.intake.extract import debt_reader
from models.intake.filings import filing_reader
from models.intake.outcomes import outcome_reader
from models.intake.statement import Statement
from models.intake.upload import Kind, Options
from models.law.calendar import Clock
from models.law.extinction import Extinction
from models.law.grounds import Ground
from models.law.prescription import Cause
from models.law.requests import RequestKind
from models.money.rates import Rate
from models.payment.our_numbers import Account
from models.payment.pix import PixPayment
from models.payment.slip import Beneficiary
from models.roles import DUTIES, Role
from operations.agreements import (
    ask_for_debit,
    break_agreement,
    end_agreed_debit,
    refuse_agreed_offset,
    sign_agreement,
)
from operations.calls import confirm_party, reassign_call, receive_visit, set_queues, take_next, tell_outcome
from operations.cases import (
    approve_suspension,
    declare_hardship,
    give_contact,
    pause_case,
    recover_cases,
    reject_suspension,
    resume_case,
    reveal_case,
    reveal_dossier,
)
from operations.catalogue import import_texts, in_force
from operations.cohort_drafts import ask_check, drop_draft, save_draft
from operations.cohorts import (
    begin_cohort,
    cancel_cohort,
    change_budget,
    create_schedule,
    migrate_cohort,
    pause_cohort,
    release_control,
    resume_cohort,
)
from operations.conversation_effects import Effects
from operations.conversations import (
    answer_in_conversation,
    claim_conversation,
    end_conversation,
    return_conversation,
)
from operations.debts import undo_write_off, write_off
from operations.due_process import (
    annul,
    answer_request,
    file_defence,
    judge_extinction,
    place_hold,
    record_interruption,
    record_request,
    register_service,
    release_hold,
    rule_on_defence,
    take_prior_step,
    take_request,
)
from operations.imports import (
    export_taxpayers,
    import_bulk_contacts,
    import_held_benefits,
    import_rates,
    import_returns,
    import_taxpayers,
)
from operations.operation import OPERATIONS, Credentials
from operations.payments import (
    import_bank_file,
    match_payment,
    move_payment,
    refund_payment,
    retry_item,
    unmatch_payment,
)
from operations.post import draw_edital, import_outcomes, post_letters, register_letter, register_publication
from operations.promises import cancel_promise, take_another_promise, take_promise
from operations.ruler_drafts import begin_draft, drop_ruler_draft, edit_draft, publish_draft
from operations.rulers import load_ruler
from operations.schedules import backfill_schedule, delete_schedule, pause_schedule, resume_schedule
from operations.sessions import end_own_session, sign_in_by_token
from operations.slips import issue_slip, remit_slips
from operations.tasks import finish_task
from operations.taxpayers import reveal_taxpayer
from operations.tokens import issue_token, link_person, put_person, revoke_token
from operations.uploads import bring_file, check_file, drop_upload, start_import, take_rejects
from rehearsal.sample import generate
from storage.agreement.asked import Precatorio, SigningRequest
from storage.agreement.policy_files import load_policy
from storage.audit.sessions import signed_in
from storage.audit.tokens import issue
from storage.case.cases import read_case
from storage.case.cohort_drafts import make_draft
from storage.case.intakes import begin_schedule
from storage.case.tasks import ask_people
from storage.collections.queue import Taken
from storage.conversation.conversations import claim, open_conversation, read_conversation
from storage.intake.files import look_over, look_over_text
from storage.intake.rejects import Rejects
from storage.law.annulments import Mistake
from storage.payments import slips
from storage.payments.ledger import record_pix
from storage.payments.quarantine import Unread, keep
from storage.payments.slips import Wanted
from storage.ruler_drafts import digest_of, draft_of
from storage.schema import notice_credits, taxpayers
from tests import post_world
from tests.agreement_world import OPENED, SP, Contract, at, contract
from tests.bank_lines import Paid, barcode, febraban
from tests.banks.fake_psp import FakePsp
from tests.builders import FACTS, ICMS, REGISTERED, revised_icms
from tests.delivery_world import DeliveryWorld
from tests.payloads import CIPHER
from tests.post_world import LATER, POSTED, PostWorld
from tests.record_world import Street
from web.background.uploads import work_on_next

BIA, ANA = Credentials("Bia"), Credentials("Ana")
ON = date(2026, 3, 10)
NOW = at(ON)
EFFECTS = Effects(Beneficiary(""), NOW)
CLOCK = Clock(day_seconds=Decimal(86_400), origin_wall=NOW, origin_day=ON, timezone="America/Sao_Paulo")


def ignore(read: int) -> None:
    """Nobody watches."""


@dataclass
class World:
    engine: Engine
    folder: Path
    made: Contract

    @property
    def case(self) -> str:
        return self.made.case

    def file(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def sample(self, name: str) -> Path:
        return self.file(name, generate(24, seed=1, on=OPENED).files()[name])

    def rejects(self) -> Rejects:
        return Rejects(self.folder / "rejects.csv")

    def notified(self) -> str:
        """A formal notice that was sent, of one of the debts."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(
                'INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone,'
                f" template, formal, status, body, sent_at) VALUES ('n1', '{self.case}', 0, 'domicile', 'domicile',"
                f" '{ON}', 'h7', 'notice', 7, 'formal', 'x', true, 'sent', '', now())"
            )
            listed = {"notice": "n1", "credit": self.made.debts[0], "debt": self.made.debts[0]}
            connection.execute(insert(notice_credits).values(listed))
        return "n1"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return World(engine, tmp_path, contract(engine, "600.00", "1200.00"))


CARRIED_OUT: dict[str, Callable[[World], str | None]] = {}
"""By duty, an operation done in a world that is ready for it; the subject of its entry."""


def carried_out(duty: str) -> Callable[[Callable[[World], str | None]], None]:
    def kept(does: Callable[[World], str | None]) -> None:
        CARRIED_OUT[duty] = does

    return kept


# ---- a case


def awaiting(world: World) -> tuple[str, datetime]:
    street = Street(world.engine, ICMS, [FACTS["h8"]], compressed=True, providers=False, shared=False)
    [life] = street.lives
    while life.status != "awaiting_approval":
        street.goes_on()
    return life.case, street.now


@carried_out("case approve")
def _(world: World) -> str:
    case, now = awaiting(world)
    approve_suspension(world.engine, BIA, case, "", "ciência provada", now)
    return case


@carried_out("case reject")
def _(world: World) -> str:
    case, now = awaiting(world)
    reject_suspension(world.engine, BIA, case, "conferir antes", now)
    return case


@carried_out("case pause")
def _(world: World) -> str:
    pause_case(world.engine, BIA, world.case, NOW)
    return world.case


@carried_out("case resume")
def _(world: World) -> str:
    pause_case(world.engine, BIA, world.case, NOW)
    resume_case(world.engine, BIA, world.case, NOW)
    return world.case


@carried_out("case hardship")
def _(world: World) -> str:
    declare_hardship(world.engine, BIA, world.case, NOW)
    return world.case


@carried_out("case contact")
def _(world: World) -> str:
    give_contact(world.engine, BIA, world.case, NOW, email="outra@padaria.example")
    return world.case


@carried_out("case revive")
def _(world: World) -> None:
    recover_cases(world.engine, BIA)


@carried_out("case show --reveal")
def _(world: World) -> str:
    assert reveal_case(world.engine, BIA, world.case)["tax_id"]
    return world.case


@carried_out("case explain --reveal")
def _(world: World) -> str:
    reveal_dossier(world.engine, BIA, world.case)
    return world.case


# ---- due process


@carried_out("case hold")
def _(world: World) -> str:
    place_hold(world.engine, BIA, world.case, Ground.DEPOSIT, "guia 7", NOW)
    return world.case


@carried_out("case release")
def _(world: World) -> str:
    place_hold(world.engine, BIA, world.case, Ground.DEPOSIT, "guia 7", NOW)
    release_hold(world.engine, BIA, world.case, "levantado", NOW)
    return world.case


@carried_out("case defence")
def _(world: World) -> str:
    world.notified()
    file_defence(world.engine, BIA, world.case, "protocolo 7", NOW)
    return world.case


@carried_out("case defence --decided")
def _(world: World) -> str:
    world.notified()
    file_defence(world.engine, BIA, world.case, "protocolo 7", NOW)
    rule_on_defence(world.engine, BIA, world.case, "accepted", "parecer", NOW)
    return world.case


@carried_out("case step")
def _(world: World) -> str:
    take_prior_step(world.engine, BIA, world.case, "protest", ON, "livro 7", NOW)
    return world.case


@carried_out("case review")
def _(world: World) -> str:
    record_request(world.engine, BIA, world.case, RequestKind.ACCESS, "protocolo 7", NOW)
    return world.case


@carried_out("case review --decided")
def _(world: World) -> str:
    record_request(world.engine, BIA, world.case, RequestKind.ACCESS, "protocolo 7", NOW)
    answer_request(world.engine, BIA, world.case, RequestKind.ACCESS, "granted", "parecer 7", NOW)
    return world.case


@carried_out("case promise")
def _(world: World) -> str:
    take_promise(world.engine, BIA, world.case, Decimal("900.00"), date(2026, 3, 16), NOW)
    return world.case


@carried_out("case promise --another")
def _(world: World) -> str:
    take_promise(world.engine, BIA, world.case, Decimal("900.00"), date(2026, 3, 16), NOW)
    take_another_promise(world.engine, BIA, world.case, Decimal("900.00"), date(2026, 3, 17), NOW)
    return world.case


@carried_out("case promise --cancel")
def _(world: World) -> str:
    made = take_promise(world.engine, BIA, world.case, Decimal("900.00"), date(2026, 3, 16), NOW)
    cancel_promise(world.engine, BIA, world.case, made.id, "engano", NOW)
    return world.case


def called(world: World) -> int:
    with world.engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone="+5582999990000"))
        ask_people(connection, read_case(connection, world.case), "call", "r1", "x", ON)
    taken = take_next(world.engine, BIA, NOW)
    assert isinstance(taken, Taken)
    return taken.call


@carried_out("call next")
def _(world: World) -> None:
    called(world)


@carried_out("call visit")
def _(world: World) -> str:
    receive_visit(world.engine, BIA, world.case, NOW)
    return world.case


@carried_out("call confirm")
def _(world: World) -> str:
    confirm_party(world.engine, BIA, call := called(world), NOW)
    return str(call)


@carried_out("call outcome")
def _(world: World) -> str:
    tell_outcome(world.engine, BIA, call := called(world), CallOutcome.BUSY, NOW)
    return str(call)


@carried_out("call reassign")
def _(world: World) -> str:
    reassign_call(world.engine, BIA, call := called(world), "Caio", NOW)
    return str(call)


@carried_out("call queues")
def _(world: World) -> str:
    set_queues(world.engine, BIA, "Caio", [Queue.REQUESTS])
    return "Caio"


@carried_out("case annul")
def _(world: World) -> str:
    take_prior_step(world.engine, BIA, world.case, "conciliation", ON, "ata 7", NOW)
    annul(world.engine, BIA, world.case, Mistake.STEP, None, "engano", NOW)
    return world.case


@carried_out("case interruption")
def _(world: World) -> str:
    record_interruption(world.engine, BIA, world.case, Cause.ORDER_TO_CITE, ON, "autos 7", NOW)
    return world.case


@carried_out("case extinct")
def _(world: World) -> str:
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE debts SET prescribes = '2026-01-01'"))
    judge_extinction(world.engine, BIA, world.case, "confirmed", "parecer 7", NOW)
    return world.case


@carried_out("case served")
def _(world: World) -> str:
    register_service(world.engine, BIA, world.case, world.notified(), ON, "recibo 7", NOW)
    return world.case


# ---- a cohort and its schedule


@carried_out("cohort start")
def _(world: World) -> str:
    begin_cohort(world.engine, BIA, "nova", load_ruler(REGISTERED), Selection(tax="IPTU"), CLOCK)
    return "nova"


@carried_out("schedule create")
def _(world: World) -> str:
    bundle = load_ruler(REGISTERED)
    create_schedule(world.engine, BIA, "nova", "0 3 * * *", lambda found: found(NOW), bundle, Selection(), CLOCK)
    return "nova"


@carried_out("catalogue import")
def _(world: World) -> str:
    file = world.file("revised.yaml", revised_icms())
    assert import_texts(world.engine, BIA, file)[0].is_new
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


@carried_out("cohort budget")
def _(world: World) -> str:
    change_budget(world.engine, BIA, "iptu", Decimal(5), NOW)
    return "iptu"


@carried_out("cohort release")
def _(world: World) -> str:
    assert release_control(world.engine, BIA, "iptu") == 0
    return "iptu"


@carried_out("cohort draft")
def _(world: World) -> str:
    return str(save_draft(world.engine, BIA, None, {"name": "iptu"}))


@carried_out("cohort check")
def _(world: World) -> str:
    with world.engine.begin() as connection:
        draft = make_draft(connection, {"name": "iptu"}, "bia")
    ask_check(world.engine, BIA, draft)
    return str(draft)


@carried_out("cohort draft --drop")
def _(world: World) -> str:
    with world.engine.begin() as connection:
        draft = make_draft(connection, {"name": "iptu"}, "bia")
    drop_draft(world.engine, BIA, draft)
    return str(draft)


@carried_out("cohort pause")
def _(world: World) -> str:
    pause_cohort(world.engine, BIA, "iptu", "", NOW)
    return "iptu"


@carried_out("cohort resume")
def _(world: World) -> str:
    resume_cohort(world.engine, BIA, "iptu", "", NOW)
    return "iptu"


@carried_out("cohort cancel")
def _(world: World) -> str:
    cancel_cohort(world.engine, BIA, "iptu", "lei nova", NOW)
    return "iptu"


@carried_out("cohort migrate")
def _(world: World) -> str:
    DeliveryWorld(world.engine)
    bundle = load_ruler(str(world.file("revised.yaml", revised_icms())))
    migrate_cohort(world.engine, BIA, "icms", bundle, NOW, ignore, ignore)
    return "icms"


def scheduled(world: World) -> None:
    with world.engine.begin() as connection:
        begin_schedule(connection, "iptu", 1.0, "ana", "0 3 * * *", NOW)


@carried_out("schedule pause")
def _(world: World) -> str:
    scheduled(world)
    pause_schedule(world.engine, BIA, "iptu")
    return "iptu"


@carried_out("schedule resume")
def _(world: World) -> str:
    scheduled(world)
    resume_schedule(world.engine, BIA, "iptu")
    return "iptu"


@carried_out("schedule delete")
def _(world: World) -> str:
    scheduled(world)
    delete_schedule(world.engine, BIA, "iptu")
    return "iptu"


@carried_out("schedule backfill")
def _(world: World) -> str:
    scheduled(world)
    backfill_schedule(world.engine, BIA, "iptu", ON, ON, lambda: None)
    return "iptu"


# ---- files, money, agreements


@carried_out("taxpayers import")
def _(world: World) -> str:
    source = look_over(world.sample("taxpayers.csv"))
    with world.rejects() as rejects:
        import_taxpayers(
            world.engine, BIA, source, debt_reader(source.header, OPENED), rejects, ignore, Statement(), NOW
        )
    return f"sha256:{source.digest}"


@carried_out("filings import")
def _(world: World) -> str:
    source = look_over(world.sample("filings.csv"))
    with world.rejects() as rejects:
        import_returns(world.engine, BIA, source, filing_reader(source.header), rejects, ignore)
    return f"sha256:{source.digest}"


@carried_out("benefits import")
def _(world: World) -> str:
    source = look_over(world.sample("benefits.csv"))
    with world.rejects() as rejects:
        import_held_benefits(world.engine, BIA, source, benefit_reader(source.header), rejects, ignore)
    return f"sha256:{source.digest}"


@carried_out("rates import")
def _(world: World) -> str:
    file = world.file("selic.csv", "01/01/2026;1,00")
    import_rates(world.engine, BIA, file, "selic", [Rate(date(2026, 1, 1), Decimal(1))])
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


@carried_out("payments import")
def _(world: World) -> str:
    [(number,)] = world.made.rows("SELECT slip_number FROM debts ORDER BY id LIMIT 1")
    lines = febraban([Paid(barcode(number), "120.00")])
    source = look_over_text(world.file("return.ret", "".join(f"{line}\r\n" for line in lines)))
    with world.rejects() as rejects:
        imported = import_bank_file(world.engine, BIA, source, rejects, NOW, ignore)
    assert imported.applied
    return f"sha256:{source.digest}"


@carried_out("taxpayers export")
def _(world: World) -> str | None:
    export_taxpayers(world.engine, BIA, world.file("there.csv", "").with_name("export.csv"), None, None)
    return None


@carried_out("contacts import")
def _(world: World) -> str:
    source = look_over(world.file("contacts.csv", "tax_id,email\n39053344705,ana@x.example\n"))
    with world.rejects() as rejects:
        import_bulk_contacts(world.engine, BIA, source, contact_reader(source.header, OPENED), rejects, ignore, NOW)
    return f"sha256:{source.digest}"


def brought(world: World) -> int:
    """A file that was brought and checked."""
    upload = bring_file(
        world.engine, BIA, BytesIO(b"tax_id,email\n39053344705,ana@x.example\n"), "a.csv", Kind.CONTACTS
    )
    assert work_on_next(world.engine)
    return upload


@carried_out("import upload")
def _(world: World) -> str:
    return str(bring_file(world.engine, BIA, BytesIO(b"tax_id,email\n"), "a.csv", Kind.CONTACTS))


@carried_out("import check")
def _(world: World) -> str:
    upload = brought(world)
    check_file(world.engine, BIA, upload, Kind.FILINGS, Options())
    return str(upload)


@carried_out("import start")
def _(world: World) -> str:
    upload = brought(world)
    start_import(world.engine, BIA, upload)
    return str(upload)


@carried_out("import rejects")
def _(world: World) -> str:
    upload = brought(world)
    take_rejects(world.engine, BIA, upload)
    return str(upload)


@carried_out("import drop")
def _(world: World) -> str:
    upload = brought(world)
    drop_upload(world.engine, BIA, upload)
    return str(upload)


@carried_out("ruler draft")
def _(world: World) -> str:
    begin_draft(world.engine, BIA, "alagoas-icms")
    return "alagoas-icms"


def edited(world: World) -> str:
    """A draft of a ruler that somebody changed; its file as it was."""
    begin_draft(world.engine, BIA, "alagoas-icms")
    text = in_force(world.engine)["rulers/alagoas-icms.yaml"].replace("version: 1", "version: 2")
    edit_draft(world.engine, ANA, "alagoas-icms", 0, "rulers/alagoas-icms.yaml", f"{text}# agora\n")
    return "alagoas-icms"


@carried_out("ruler edit")
def _(world: World) -> str:
    begin_draft(world.engine, BIA, "alagoas-icms")
    text = in_force(world.engine)["rulers/alagoas-icms.yaml"]
    edit_draft(world.engine, BIA, "alagoas-icms", 0, "rulers/alagoas-icms.yaml", f"{text}# agora\n")
    return "alagoas-icms"


@carried_out("ruler draft --drop")
def _(world: World) -> str:
    begin_draft(world.engine, BIA, "alagoas-icms")
    drop_ruler_draft(world.engine, BIA, "alagoas-icms")
    return "alagoas-icms"


@carried_out("ruler publish")
def _(world: World) -> str:
    ruler = edited(world)
    with world.engine.connect() as connection:
        draft = draft_of(connection, ruler)
    assert draft
    publish_draft(world.engine, BIA, ruler, digest_of(draft, in_force(world.engine)), "testado")
    return ruler


@carried_out("debt write-off")
def _(world: World) -> str:
    write_off(world.engine, BIA, world.made.debts[0], Extinction.REMISSION, "lei 7", NOW)
    return world.made.debts[0]


@carried_out("debt write-off --undo")
def _(world: World) -> str:
    write_off(world.engine, BIA, world.made.debts[0], Extinction.REMISSION, "lei 7", NOW)
    undo_write_off(world.engine, BIA, world.made.debts[0], "engano", NOW)
    return world.made.debts[0]


@carried_out("payments match")
def _(world: World) -> str:
    record_pix(world.engine, [PixPayment(f"E{'1' * 31}", "RG" + "F" * 32, Decimal(7), NOW)], NOW)
    [(payment,)] = world.made.rows("SELECT id FROM payments")
    match_payment(world.engine, BIA, payment, world.made.debts[0], NOW)
    return str(payment)


@carried_out("payments unmatch")
def _(world: World) -> str:
    payment = paid_too_much(world)
    unmatch_payment(world.engine, BIA, payment, "débito errado", NOW)
    return str(payment)


@carried_out("payments move")
def _(world: World) -> str:
    payment = paid_too_much(world)
    move_payment(world.engine, BIA, payment, world.made.debts[1], "sobra", NOW)
    return str(payment)


@carried_out("payments refund")
def _(world: World) -> str:
    payment = paid_too_much(world)
    refund_payment(world.engine, BIA, payment, "sobra", NOW)
    return str(payment)


def paid_too_much(world: World) -> int:
    """A payment by which the first debt has more than it needs."""
    [(txid,)] = world.made.rows("SELECT pix_txid FROM debts WHERE id = :debt", debt=world.made.debts[0])
    record_pix(world.engine, [PixPayment(f"E{'3' * 31}", txid, Decimal(5000), NOW)], NOW)
    [(payment,)] = world.made.rows("SELECT id FROM payments")
    return int(payment)


PAYEE = Beneficiary("12345678000195", Account("341", "0293", "01328", "", "109"), "1234")


@carried_out("slip issue")
def _(world: World) -> str:
    debt = world.made.debts[0]
    issue_slip(world.engine, BIA, debt, "collection", PAYEE, NOW)
    return debt


@carried_out("slip remit")
def _(world: World) -> None:
    slips.issue(world.engine, Wanted(world.made.debts[0], "boleto"), PAYEE, "ana", NOW)
    assert remit_slips(world.engine, BIA, PAYEE, NOW).slips == 1


@carried_out("letter post")
def _(world: World) -> None:
    PostWorld(world.engine).waiting()
    assert len(post_letters(world.engine, BIA, post_world.at(POSTED)).batch.notices) == 1


def posted_letter(world: World) -> str:
    """The code of its receipt."""
    post = PostWorld(world.engine)
    post.waiting()
    return receipt_code(post.closed().batch.notices[0].number)


@carried_out("letter outcome")
def _(world: World) -> str:
    code = posted_letter(world)
    assert register_letter(world.engine, BIA, code, Outcome.DELIVERED, post_world.at(LATER), date(2026, 11, 9))
    return code


@carried_out("letter import")
def _(world: World) -> str:
    source = look_over(world.file("retornos.csv", f"code;outcome;date\n{posted_letter(world)};ausente;09/11/2026\n"))
    with world.rejects() as rejects:
        read, today = outcome_reader(source.header), post_world.at(LATER)
        assert import_outcomes(world.engine, BIA, source, read, rejects, ignore, today).failed == 1
    return f"sha256:{source.digest}"


@carried_out("gazette draw")
def _(world: World) -> None:
    PostWorld(world.engine).waiting("gazette")
    assert len(draw_edital(world.engine, BIA, post_world.at(POSTED)).batch.notices) == 1


@carried_out("gazette published")
def _(world: World) -> str:
    post = PostWorld(world.engine)
    post.waiting("gazette")
    edital = post.closed("gazette").batch.id
    assert register_publication(world.engine, BIA, edital, "DOE/AL", POSTED, "p. 3", post_world.at(LATER)) == 1
    return str(edital)


@carried_out("payments retry")
def _(world: World) -> str:
    sent = json.dumps({"endToEndId": f"E{'2' * 31}", "valor": "7.00", "horario": "2026-03-02T01:30:00Z"}).encode()
    keep(world.engine, [Unread(sent, CIPHER.seal(sent), "item.valor: …", NOW)])
    [(item,)] = world.made.rows("SELECT id FROM quarantined_items")
    assert retry_item(world.engine, BIA, item, CIPHER, NOW).payments == 1
    return str(item)


@carried_out("agreement sign")
def _(world: World) -> str:
    sign_agreement(world.engine, BIA, world.case, load_policy(SP), SigningRequest(3), NOW)
    return world.case


@carried_out("agreement refuse-offset")
def _(world: World) -> str:
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE debts SET due = '2007-01-10'"))
    wanted = SigningRequest(1, precatorio=Precatorio(Decimal("10.00"), "01.023.456/2026"))
    agreement = sign_agreement(world.engine, BIA, world.case, load_policy("belo-horizonte"), wanted, NOW)
    refuse_agreed_offset(world.engine, BIA, agreement, "cessão não homologada", NOW)
    return agreement


@carried_out("agreement ask-debit")
def _(world: World) -> str:
    wanted = SigningRequest(3, pay=Pay.DIRECT_DEBIT, authorization="0001")
    agreement = sign_agreement(world.engine, BIA, world.case, load_policy("belo-horizonte"), wanted, NOW)
    bank, account = FakePsp(today=NOW.date()).client(), BankAccount("2569", "550689")
    ask_for_debit(world.engine, BIA, agreement, bank, "91193552", account, NOW)
    return agreement


@carried_out("agreement end-debit")
def _(world: World) -> str:
    wanted = SigningRequest(1, pay=Pay.DIRECT_DEBIT, authorization="0001")
    agreement = sign_agreement(world.engine, BIA, world.case, load_policy("belo-horizonte"), wanted, NOW)
    end_agreed_debit(world.engine, BIA, agreement, "conta encerrada", NOW)
    return agreement


@carried_out("agreement break")
def _(world: World) -> str:
    agreement = sign_agreement(world.engine, BIA, world.case, load_policy(SP), SigningRequest(3), NOW)
    break_agreement(world.engine, BIA, agreement, "a pedido", NOW)
    return agreement


# ---- tasks and tokens


@carried_out("task done")
def _(world: World) -> str:
    with world.engine.begin() as connection:
        ask_people(connection, read_case(connection, world.case), "call", "ref", "ligar", ON)
    [(task,)] = world.made.rows("SELECT id FROM tasks")
    finish_task(world.engine, BIA, task)
    return str(task)


@carried_out("person add")
def _(world: World) -> str:
    put_person(world.engine, BIA, "caio")
    return "caio"


@carried_out("person link")
def _(world: World) -> str:
    put_person(world.engine, BIA, "dora")
    link_person(world.engine, BIA, "dora", "d.lima")
    return "dora"


@carried_out("token issue")
def _(world: World) -> str:
    issue_token(world.engine, BIA, "ana", Role.ANALYST, 30)
    return "ana"


@carried_out("token revoke")
def _(world: World) -> str:
    with world.engine.begin() as connection:
        token = issue(connection, "bia", Role.SUPERVISOR, "root", None)
        issue(connection, "ana", Role.ANALYST, "root", None)
    revoke_token(world.engine, Credentials("bia", token), "ana")
    return "ana"


def talk_of(world: World) -> int:
    """A conversation that the bot holds."""
    token = open_conversation(world.engine, "atendimento", EFFECTS, NOW)
    with world.engine.connect() as connection:
        found = read_conversation(connection, token=token)
    assert found
    return found.id


@carried_out("case review --taken")
def _(world: World) -> str:
    made = record_request(world.engine, BIA, world.case, RequestKind.ACCESS, "protocolo 5", NOW)
    take_request(world.engine, BIA, world.case, made.id, NOW)
    return world.case


@carried_out("conversation claim")
def _(world: World) -> str:
    claim_conversation(world.engine, BIA, talk := talk_of(world))
    return str(talk)


@carried_out("conversation answer")
def _(world: World) -> str:
    talk = talk_of(world)
    claim(world.engine, talk, "Bia")
    answer_in_conversation(world.engine, BIA, talk, "Bom dia.")
    return str(talk)


@carried_out("conversation return")
def _(world: World) -> str:
    talk = talk_of(world)
    claim(world.engine, talk, "Bia")
    return_conversation(world.engine, BIA, talk, EFFECTS, NOW)
    return str(talk)


@carried_out("conversation end")
def _(world: World) -> str:
    talk = talk_of(world)
    claim(world.engine, talk, "Bia")
    end_conversation(world.engine, BIA, talk)
    return str(talk)


@carried_out("taxpayer reveal")
def _(world: World) -> str:
    reveal_taxpayer(world.engine, BIA, world.made.taxpayer, "ligação")
    return str(world.made.taxpayer)


@carried_out("session end")
def _(world: World) -> str:
    with world.engine.begin() as connection:
        token = issue(connection, "bia", Role.SUPERVISOR, "root", None)
    secret = sign_in_by_token(world.engine, token)
    with world.engine.connect() as connection:
        session = signed_in(connection, secret).session
    end_own_session(world.engine, Credentials("bia", session=secret), session)
    return str(session)


# ---- what is so of each


def entries(engine: Engine, duty: str) -> list[tuple[Any, ...]]:
    query = "SELECT subject, outcome, role FROM audit_log WHERE command = :command ORDER BY id"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), {"command": duty})]


def test_each_operation_is_tried_here() -> None:
    assert CARRIED_OUT.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("duty", CARRIED_OUT)
def test_what_is_done_is_on_record_once(world: World, duty: str) -> None:
    subject = CARRIED_OUT[duty](world)
    role = "supervisor" if duty in ("token revoke", "session end") else None
    assert entries(world.engine, duty) == [(subject, "done", role)]


@pytest.mark.parametrize("duty", OPERATIONS)
def test_nobody_without_its_duty_does_it_and_who_tried_is_on_record(engine: Engine, duty: str) -> None:
    roles = {"ana": Role.ANALYST, "bia": Role.SUPERVISOR, "caio": Role.AUDITOR, "dora": Role.AGENT}
    with engine.begin() as connection:
        held = {name: issue(connection, name, role, "root", None) for name, role in roles.items()}
    unfit = [name for name, role in roles.items() if role not in DUTIES[duty]]
    for who in [Credentials("eva"), Credentials("bia", "bia.guessed"), *(Credentials(n, held[n]) for n in unfit)]:
        with pytest.raises(Refusal, match="token"):
            OPERATIONS[duty](engine, who, "Maria da Silva")
    refused = [(None, "refused", None)] * 2 + [(None, "refused", roles[name]) for name in unfit]
    assert entries(engine, duty) == refused


def test_what_the_record_does_not_allow_is_on_record_too_and_changes_nothing(world: World) -> None:
    with pytest.raises(Refusal, match="not awaiting approval"):
        approve_suspension(world.engine, BIA, world.case, "", "já", NOW)
    with pytest.raises(Refusal, match="say why"):
        approve_suspension(world.engine, BIA, world.case, "", " ", NOW)
    assert entries(world.engine, "case approve") == [(world.case, "refused", None)] * 2
    assert world.made.rows("SELECT count(*) FROM acts") == [(0,)]


def test_what_cannot_be_entered_is_not_done(world: World, owner: Engine) -> None:
    """The act, what it changes and its entry are one transaction."""
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_log ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    try:
        with pytest.raises(IntegrityError):
            pause_case(world.engine, BIA, world.case, NOW)
    finally:
        with owner.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE audit_log DROP CONSTRAINT full_up")
    assert world.made.rows("SELECT paused_by FROM cases") == [(None,)]
    assert world.made.rows("SELECT count(*) FROM acts") == [(0,)]
    assert world.made.rows("SELECT count(*) FROM outbox") == [(0,)]
