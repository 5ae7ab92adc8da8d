"""The bytes of a mail are those that the library's own message objects write."""

from datetime import UTC, datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr

from hypothesis import given
from hypothesis import strategies as st

from channels.eml import eml
from channels.mail_gateway import Outgoing
from tests.channels.messages import outgoing

UTF_8 = Charset("utf-8")
UTF_8.body_encoding = QP

ANY_TEXT = st.text(st.characters(codec="utf-8"))
WRITTEN = st.text(st.sampled_from("aé ç\t\n\r=.-—R$1\u00a0\u2028"), max_size=400)
"""Words, long lines, and all that is quoted or broken in some other way."""


def by_the_library(message: Outgoing) -> bytes:
    mail: MIMEBase = _part(message.body, "plain")
    if message.html:
        boundary = f"=_{message.notice}"
        mail = MIMEMultipart("alternative", boundary, [mail, _part(message.html, "html")])
    mail["From"] = _address(message.sender_name, message.sender)
    mail["To"] = (
        _address(message.recipient_name, message.recipient) if message.recipient else "undisclosed-recipients:;"
    )
    mail["Subject"] = Header(_line(message.subject or ""), UTF_8, header_name="Subject").encode()
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.notice}@regua.invalid>"
    mail["X-Regua-Notice"] = message.notice
    return mail.as_bytes(policy=compat32.clone(linesep="\r\n"))


def _part(text: str, kind: str) -> MIMEText:
    part = MIMEText("", kind)
    del part["Content-Transfer-Encoding"]
    part.set_payload(text, UTF_8)
    return part


def _address(name: str, address: str) -> str:
    return formataddr((_line(name), address), UTF_8)


def _line(text: str) -> str:
    return " ".join(text.split())


@given(
    name=ANY_TEXT | WRITTEN,
    recipient=st.none() | st.emails(),
    subject=st.none() | ANY_TEXT | WRITTEN,
    body=ANY_TEXT | WRITTEN,
    html=st.none() | ANY_TEXT | WRITTEN,
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_a_mail_is_as_the_library_writes_it(
    name: str, recipient: str | None, subject: str | None, body: str, html: str | None, at: datetime
) -> None:
    message = outgoing(recipient_name=name, recipient=recipient, subject=subject, body=body, html=html, at=at)
    assert eml(message) == by_the_library(message)


@given(sender=WRITTEN, notice=st.text("0123456789abcdef-", min_size=1, max_size=90))
def test_its_headers_are_folded_as_the_library_folds_them(sender: str, notice: str) -> None:
    message = outgoing(sender_name=sender, notice=notice, html="<p>há</p>")
    assert eml(message) == by_the_library(message)
