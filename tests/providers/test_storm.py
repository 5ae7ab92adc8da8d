"""A cohort whose providers err, keep silent and lose answers: every notice is accounted for, and none goes astray.

`make fuzz` makes it larger; the figures are printed.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from channels.sendgrid import SendGrid
from channels.twilio import Twilio
from storage.audit.invariants import violations
from tests.builders import FACTS
from tests.chance import examples
from tests.providers.fake import ACCOUNT, KEY, TOKEN, FakeProviders, duplicates
from tests.providers.weather import Fault, Weather
from tests.workflows.town import Life, Town, skipping_time

SIZE = examples(8)
SHARES = {
    Fault.REFUSED: 0.01,
    Fault.TOO_MANY: 0.02,
    Fault.BROKEN: 0.02,
    Fault.SILENT: 0.02,
    Fault.DROPPED: 0.01,
}
SENDERS = {"sms": "28471", "voice": "+558233150000"}


@pytest.mark.hypothesis
async def test_every_notice_is_accounted_for(
    database: str, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    # in `make test` a storm in which an e-mail, the SMS for it and another e-mail are lost
    with FakeProviders(Weather(seed + 2, SHARES)) as providers:
        mail = SendGrid(KEY, url=providers.url, timeout=1.0)
        phone = Twilio(ACCOUNT, TOKEN, SENDERS, "https://regua.example", url=providers.url, timeout=1.0)
        post = MailGateway({"email": mail, "sms": phone, "voice": phone}, FileTransport(tmp_path))
        async with skipping_time() as env:
            town = Town(env, database, engine, tmp_path, post)
            async with town.at_work():
                paid = await climb_in_the_storm(town)
            taken, repeated = providers.taken, set(duplicates(providers.taken))
        assert providers.problems == []
    sent = notices(town)
    figures = Counter(f"{row['channel']} {row['status']}" for row in sent)
    with capsys.disabled():
        print(f"\n{SIZE} people: {dict(figures)}, repeated by their provider: {len(repeated)}")

    assert {row["status"] for row in sent} <= {"queued", "sent", "failed"}
    assert all(row["failure"] for row in sent if row["status"] == "failed")
    arrived = {each.notice for each in taken}
    assert {row["id"] for row in sent if row["status"] != "failed"} <= arrived
    assert all(row["channel"] == "email" for row in sent if row["id"] in repeated), "Twilio can tell, SendGrid can't"
    assert max(Counter(each.notice for each in taken).values()) <= 2
    assert all(life.status == "resolved" for life in paid)
    assert [fault for cohort in town.cohorts for fault in violations(engine, cohort)] == []


async def climb_in_the_storm(town: Town) -> list[Life]:
    """Until nothing is left to do but to wait for proof of service; every third person pays on the way."""
    facts = [FACTS["h7" if n % 2 else "h1"] for n in range(SIZE)]
    lives = await town.begin(*facts, fallback={"email": ["sms"], "sms": ["voice"]})
    for _ in range(12):
        await lives[0].passes(1)
    paid = lives[::3]
    for life in paid:
        await life.pays_everything()
    while not all(life.status == "resolved" or life.next_on is None for life in lives):
        await lives[0].passes(1)
    return paid


def notices(town: Town) -> list[dict[str, Any]]:
    with town.engine.connect() as connection:
        carried = text("SELECT * FROM notices WHERE channel IN ('email', 'sms', 'voice')")
        return [dict(row) for row in connection.execute(carried).mappings()]
