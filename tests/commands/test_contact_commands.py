"""The commands for those who can't be reached, and for replies and tasks."""

import pytest
from sqlalchemy import Engine

from channels.twilio_events import PROVIDER
from models.contact.replies import Intent
from storage.contact.replies import Reply, record_reply
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.delivery_world import NOW, DeliveryWorld


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


def replied(world: DeliveryWorld, intent: Intent = Intent.CALL) -> str:
    """The case of somebody who wrote to us."""
    phone = world.phone()
    case = world.case(world.taxpayer(phone))
    world.notice(case, address=phone, failure="ninguém atendeu", status="failed")
    record_reply(world.engine, Reply(PROVIDER, f"SM{case}", "sms", phone, "Sou a Maria", intent), NOW, None)
    return case


class TestContact:
    def test_is_put_on_record_as_the_networks_write_it(self, world: DeliveryWorld, line: Line) -> None:
        taxpayer = world.taxpayer("+558230000000")
        case, other = world.case(taxpayer), world.case(taxpayer, "IPVA")
        words = ("case", "contact", case, "--phone", "(82) 99654-3210", "--email", " Ana.Lima@Exemplo.COM.br ")
        given = line.json(*words, "--by", "bruno")
        assert given == {"case": case, "kinds": ["email", "phone"], "recovered": [], "refused": []}
        assert world.rows("SELECT email, phone FROM taxpayers") == [("Ana.Lima@exemplo.com.br", "+5582996543210")]
        assert set(world.signals()) == {(case, "contact_given"), (other, "contact_given")}
        assert set(world.rows("SELECT reason FROM decisions")) == {("e-mail e telefone informado por bruno",)}

    def test_given_again_is_alive_again(self, world: DeliveryWorld, line: Line) -> None:
        taxpayer = world.taxpayer("+5582996543210")
        case = world.case(taxpayer)
        with world.engine.begin() as connection:
            for channel, address in (("sms", "+5582996543210"), ("voice", "+5582996543210"), ("sms", "another")):
                row = f"({taxpayer}, '{channel}', '{address}', 'x')"
                connection.exec_driver_sql(
                    f"INSERT INTO suppressed_contacts (taxpayer, channel, address, why) VALUES {row}"
                )
            connection.exec_driver_sql(f"INSERT INTO opt_outs VALUES ({taxpayer}, 'whatsapp', 'reply')")
            connection.exec_driver_sql(f"INSERT INTO opt_outs VALUES ({taxpayer}, 'email', 'link')")
        given = line.json("case", "contact", case, "--phone", "82996543210", "--by", "bruno")
        assert (given["recovered"], given["refused"]) == (["sms", "voice"], ["whatsapp"])
        assert world.rows("SELECT address, recovered_by FROM suppressed_contacts WHERE recovered_at IS NULL") == [
            ("another", None)
        ]

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            ((), "say --email, --phone or --address"),
            (("--phone", "12"), "--phone is not a telephone number"),
            (("--phone", "(82) 9999"), "--phone is not a telephone number"),
            (("--email", "maria"), "--email is not an e-mail address"),
            (("--email", "maria@exemplo"), "--email is not an e-mail address"),
            (("--email", "Maria <maria@exemplo.com>"), "--email is not an e-mail address"),
        ],
    )
    def test_that_is_none_is_refused(
        self, world: DeliveryWorld, line: Line, words: tuple[str, ...], complaint: str
    ) -> None:
        case = world.case(world.taxpayer())
        code, _, said = line("case", "contact", case, *words, "--by", "bruno")
        assert (code, complaint in said, "maria" in said) == (1, True, False)
        assert world.signals() == []

    def test_of_no_case_is_refused(self, world: DeliveryWorld, line: Line) -> None:
        code, _, said = line("case", "contact", "nobodys", "--phone", "82996543210", "--by", "bruno")
        assert (code, "there is no case nobodys" in said) == (1, True)


def test_the_unreachable_are_listed(world: DeliveryWorld, line: Line) -> None:
    world.case(world.taxpayer())
    case = world.case(world.taxpayer(), status="unreachable")
    assert line.json("case", "list", "icms", "--status", "unreachable")["cases"] == [
        {"case": case, "status": "unreachable", "prescribes": None, "near_prescription": False}
    ]
    assert len(line.json("case", "list", "icms")["cases"]) == 2


def test_a_cases_file_tells_what_came_back_and_nobodys_words(world: DeliveryWorld, line: Line) -> None:
    case = replied(world)
    file = line.json("case", "show", case)
    assert [(notice["status"], notice["failure"]) for notice in file["notices"]] == [("failed", "ninguém atendeu")]
    assert [(reply["channel"], reply["intent"]) for reply in file["replies"]] == [("sms", "call")]
    assert [task["kind"] for task in file["tasks"]] == ["call"]
    assert "Maria" not in str(file)
    assert "+5582" not in str(file)
    assert line.json("case", "show", case, "--reveal")["replies"][0]["body"] == "Sou a Maria"
    code, said, _ = line("case", "show", case)
    assert (code, "atendente" in said) == (0, True)


class TestTask:
    def test_is_listed_until_it_is_done(self, world: DeliveryWorld, line: Line) -> None:
        case = replied(world)
        replied(world, Intent.OBJECTION)
        (task,) = line.json("task", "list", "--kind", "call")["tasks"]
        assert (task["case"], task["cohort"], task["due"]) == (case, "icms", "2026-11-23")
        assert len(line.json("task", "list", "--cohort", "icms")["tasks"]) == 2
        assert line.json("task", "done", task["id"], "--by", "bruno") == {"task": task["id"], "done_by": "bruno"}
        assert line.json("task", "list", "--kind", "call")["tasks"] == []
        code, _, said = line("task", "done", task["id"], "--by", "carla")
        assert (code, f"task {task['id']} was done by bruno" in said) == (1, True)

    def test_that_is_unknown_is_refused(self, world: DeliveryWorld, line: Line) -> None:
        assert line("task", "done", "7", "--by", "bruno")[0] == 1
        assert line("task", "done", "7", "--by", " ")[0] == 2
        assert line("task", "list", "--kind", "wanted")[0] == 2
        assert line("task", "list", "--cohort", "nobodys")[0] == 1

    def test_reads_as_a_table(self, world: DeliveryWorld, line: Line) -> None:
        case = replied(world)
        code, said, _ = line("task", "list")
        assert (code, case in said) == (0, True)
