"""The providers of channels: those whose keys the environment has. The other channels become files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from channels.domicile import Domicile
from channels.file_transport import FileTransport
from channels.mail_gateway import Adapter, MailGateway
from channels.on_paper import OnPaper
from channels.rotation import newest_first
from channels.sendgrid import SendGrid
from channels.twilio import Twilio
from models.contact.phone import e164
from models.errors import Refusal
from models.folders import Folder

TWILIO_SENDERS = {
    "sms": "REGUA_SMS_FROM",
    "whatsapp": "REGUA_WHATSAPP_FROM",
    "messenger": "REGUA_MESSENGER_FROM",
    "voice": "REGUA_VOICE_FROM",
}
NUMBERED = ("whatsapp", "voice")
"""Channels whose sender is a telephone number; an SMS may also come from a short code."""
NOWHERE = "outbox"
"""Written for a sender: this channel leaves by no provider."""


def gateway_from(environment: Mapping[str, str], home: Path) -> MailGateway:
    """The mail gateway that the environment configures. Raises Refusal when a provider is configured by half."""
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    adapters: dict[str, Adapter] = {
        "domicile": Domicile(Folder.DOMICILE.of(home)),
        "letter": OnPaper("postal", needs_contact=True),
        "gazette": OnPaper("gazette", needs_contact=False),
    }
    return MailGateway(adapters | _mail(given) | _telephone(given), FileTransport(Folder.OUTBOX.of(home)))


def rate_of(provider: str, environment: Mapping[str, str]) -> float | None:
    """Messages a second that a provider takes, all workers together; None: as many as come."""
    setting = f"REGUA_{provider.upper()}_RATE"
    written = environment.get(setting, "").strip()
    if not written:
        return None
    try:
        rate = float(written)
    except ValueError:
        raise Refusal(f"{setting} is {written!r}; write messages a second, for example 10") from None
    if not 0 < rate < float("inf"):
        raise Refusal(f"{setting} is {written}; it must be above 0")
    return rate


def _mail(given: Mapping[str, str]) -> dict[str, Adapter]:
    if "SENDGRID_API_KEY" not in given:
        _without_key(given, "SENDGRID_API_KEY", "REGUA_SENDGRID_URL", "REGUA_SENDGRID_SANDBOX")
        return {}
    sandbox = given.get("REGUA_SENDGRID_SANDBOX", "no").lower()
    if sandbox not in ("yes", "no"):
        raise Refusal("REGUA_SENDGRID_SANDBOX is neither yes nor no")
    return {
        "email": SendGrid(
            key=given["SENDGRID_API_KEY"],
            sender=given.get("REGUA_EMAIL_FROM"),
            sandbox=sandbox == "yes",
            url=given.get("REGUA_SENDGRID_URL"),
        )
    }


def _telephone(given: Mapping[str, str]) -> dict[str, Adapter]:
    if "TWILIO_ACCOUNT_SID" not in given and "TWILIO_AUTH_TOKEN" not in given:
        _without_key(given, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN", "REGUA_TWILIO_URL", *TWILIO_SENDERS.values())
        return {}
    needed = {
        "TWILIO_ACCOUNT_SID": "the account",
        "TWILIO_AUTH_TOKEN": "its token",
        "REGUA_PUBLIC_URL": "the address under which Twilio reaches our webhooks",
        **{setting: f"the sender on {channel}, or `{NOWHERE}`" for channel, setting in TWILIO_SENDERS.items()},
    }
    if missing := [f"{setting} ({what})" for setting, what in needed.items() if setting not in given]:
        raise Refusal(f"Twilio is configured by half; set {', '.join(missing)}")
    if not given["REGUA_PUBLIC_URL"].startswith(("https://", "http://")):
        raise Refusal("REGUA_PUBLIC_URL is not an address such as https://regua.prefeitura.example")
    senders = {
        channel: _sender(channel, setting, given[setting])
        for channel, setting in TWILIO_SENDERS.items()
        if given[setting] != NOWHERE
    }
    twilio = Twilio(
        account=given["TWILIO_ACCOUNT_SID"],
        token=newest_first(given["TWILIO_AUTH_TOKEN"])[0],
        senders=senders,
        public_url=given["REGUA_PUBLIC_URL"].rstrip("/"),
        url=given.get("REGUA_TWILIO_URL"),
    )
    return dict.fromkeys(senders, twilio)


def _sender(channel: str, setting: str, written: str) -> str:
    try:
        return e164(written) if channel in NUMBERED else written
    except ValueError as error:
        raise Refusal(f"{setting} {error}") from None


def _without_key(given: Mapping[str, str], key: str, *settings: str) -> None:
    """A setting that would do nothing is a key that was forgotten."""
    if idle := [setting for setting in settings if setting in given]:
        raise Refusal(f"{', '.join(idle)} means nothing without {key}")
