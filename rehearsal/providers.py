"""The posts that providers of e-mail and SMS would make: put on record by what their webhooks call, since a rehearsal
has no keys to sign a call with."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Engine, text

from channels.sendgrid_events import read_events
from channels.twilio_events import PROVIDER
from models.contact.replies import intent_of
from storage.contact.delivery import record_reports
from storage.contact.replies import Reply, record_reply

NEWEST_MAIL = text("""
    SELECT id FROM notices WHERE "case" = :case AND channel = 'email' AND sent_at IS NOT NULL AND communication IS NULL
    ORDER BY step DESC LIMIT 1
""")

NO_SUCH_MAILBOX = "5.1.1"


def bounce(engine: Engine, case: str, event: str, now: datetime) -> None:
    """The newest e-mail of a case comes back."""
    with engine.connect() as connection:
        notice = connection.execute(NEWEST_MAIL, {"case": case}).scalar_one()
    bounced = {"event": "bounce", "sg_event_id": event, "timestamp": int(now.timestamp()), "notice": notice}
    record_reports(engine, read_events(json.dumps([bounced | {"status": NO_SUCH_MAILBOX}]).encode(), now), now)


def answer_sms(engine: Engine, phone: str, body: str, event: str, now: datetime) -> None:
    reply = Reply(PROVIDER, event, "sms", phone, body, intent_of(body))
    record_reply(engine, reply, now, pay_link=None)
