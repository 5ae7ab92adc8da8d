"""Conversations at the console: those that wait, one with its transcript, taken, answered, given back and ended."""

from datetime import UTC, datetime

from sqlalchemy import Engine, text

from models.payment.slip import Beneficiary
from models.roles import Role
from operations.conversation_effects import Effects
from storage.conversation.conversations import hear, open_conversation
from tests.web.console.console_world import browser, signed_in_as

NOW = datetime.now(UTC)
EFFECTS = Effects(Beneficiary(""), NOW)


def queued(engine: Engine) -> tuple[str, str]:
    """A conversation that waits for a person: its token, and its page."""
    token = open_conversation(engine, "jaque-ipva", EFFECTS, NOW)
    for event, written in enumerate(("ABC1D23", "<b>atendente</b>", "atendente")):
        hear(engine, token, str(event), written, EFFECTS, NOW)
    with engine.connect() as connection:
        number = connection.scalar(text("SELECT id FROM conversations WHERE token = :token"), {"token": token})
    return token, f"/console/conversations/{number}"


async def test_an_agent_takes_a_conversation_answers_and_gives_it_back(engine: Engine) -> None:
    _, page = queued(engine)
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        listed = (await http.get("/console/conversations")).text
        assert f'href="{page}"' in listed
        assert "na fila" in listed
        shown = (await http.get(page)).text
        assert ("ABC1D23" in shown, "&lt;b&gt;atendente" in shown, "não entendida" in shown) == (True, True, True)
        assert (await http.post(f"{page}/answer", data={"said": "cedo"})).status_code == 409
        assert (await http.post(f"{page}/claim")).headers["location"] == f"{page}?done=claim"
        assert (await http.post(f"{page}/answer", data={})).status_code == 422
        assert (await http.post(f"{page}/answer", data={"said": "Bom dia."})).status_code == 303
        assert "Bom dia." in (await http.get(page)).text
        async with browser(engine, signed_in_as(engine, "eva", Role.AGENT)) as other:
            assert (await other.post(f"{page}/claim")).status_code == 409
            assert "Está com outra pessoa" in (await other.get(page)).text
        assert (await http.post(f"{page}/return")).status_code == 303
        assert "com o assistente" in (await http.get(page)).text
        assert (await http.post(f"{page}/claim")).status_code == 303
        assert (await http.post(f"{page}/end")).status_code == 303
        assert "Esta conversa terminou" in (await http.get(page)).text
        assert (await http.get("/console/conversations/99999")).status_code == 404
    with engine.connect() as connection:
        said = connection.execute(text("SELECT command, outcome, detail FROM audit_log WHERE actor = 'dora'")).all()
    assert [(row.command, row.outcome) for row in said if row.command.startswith("conversation")] == [
        ("conversation answer", "refused"),
        ("conversation claim", "done"),
        ("conversation answer", "done"),
        ("conversation return", "done"),
        ("conversation claim", "done"),
        ("conversation end", "done"),
    ]
    assert not any("Bom dia" in str(row.detail) for row in said), "what is said stays with the conversation"


async def test_an_auditor_reads_a_conversation_and_takes_none(engine: Engine) -> None:
    _, page = queued(engine)
    async with browser(engine, signed_in_as(engine, "caio", Role.AUDITOR)) as http:
        assert "seu papel só a lê" in (await http.get(page)).text
        assert (await http.post(f"{page}/claim")).status_code == 403
