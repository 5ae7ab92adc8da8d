"""The web process as it is started: whom TLS lets in, and what it writes down of a call."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from httpx import AsyncClient, TransportError

from channels.links import Links
from commands.web import manners
from models.errors import Refusal
from tests.web.pix_world import body, pix, until
from tests.web.webhooks.test_pix_webhook import NOTHING_LISTENS, SECRET, URL
from web.app import create_app

KEY = "k" * 32

NO_USE = dict.fromkeys(
    ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
)
NO_USE |= {"encipher_only": False, "decipher_only": False}
SIGNING = x509.KeyUsage(digital_signature=False, key_cert_sign=True, **NO_USE)
SERVING = x509.KeyUsage(digital_signature=True, key_cert_sign=False, **NO_USE)


@dataclass(frozen=True)
class Signed:
    """A certificate with its key, in files."""

    certificate: Path
    key: Path


class Authority:
    def __init__(self, name: str, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.root = self._written(name, self._of(self._name, self._key, authority=True), self._key).certificate

    def sign(self, name: str) -> Signed:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._written(name, self._of(subject, key, authority=False), key)

    def _of(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(SIGNING if authority else SERVING, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _written(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Signed:
        signed = Signed(self._folder / f"{name}.pem", self._folder / f"{name}-key.pem")
        signed.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        signed.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return signed


@asynccontextmanager
async def served(
    database: str, certificate: Path | None = None, key: Path | None = None, clients: Path | None = None
) -> AsyncIterator[str]:
    """The address of a web process; of a task of ours, here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(database, NOTHING_LISTENS, SECRET)
        server = uvicorn.Server(uvicorn.Config(app, **manners(certificate, key, clients)))
        running = asyncio.create_task(server.serve([listener]))

        async def started() -> bool:
            return server.started or running.done()

        await until(started)
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


def caller(authority: Authority, shown: Signed | None = None) -> AsyncClient:
    trusting = ssl.create_default_context(cafile=authority.root)
    if shown:
        trusting.load_cert_chain(shown.certificate, shown.key)
    return AsyncClient(verify=trusting)


async def test_only_the_bank_gets_in_where_its_certificate_is_asked_for(database: str, tmp_path: Path) -> None:
    ours, banks, strangers = (Authority(name, tmp_path) for name in ("ours", "banks", "strangers"))
    server = ours.sign("server")
    async with served(database, server.certificate, server.key, banks.root) as address:
        async with caller(ours, banks.sign("bank")) as bank:
            answer = await bank.post(address + URL, content=body([pix(None)]))
        assert (answer.status_code, answer.json()) == (200, {"payments": 1, "reversals": 0})
        assert "strict-transport-security" in answer.headers
        for shown in (None, strangers.sign("stranger")):
            async with caller(ours, shown) as stranger:
                with pytest.raises(TransportError):
                    await stranger.post(address + URL, content=body([pix(None)]))


async def test_neither_secrets_nor_links_are_written_down(
    database: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGUA_LINK_KEY", KEY)
    monkeypatch.setenv("REGUA_PUBLIC_URL", "http://regua")
    link = Links([KEY], "").pay("0123456789abcdef")
    async with served(database) as address, AsyncClient() as http:
        answers = [
            await http.post(address + URL, content=body([pix(None)])),
            await http.post(address + URL, content=b"{"),
            await http.get(address + URL),
            await http.get(address + link),
            await http.post(address + link.replace("/p/", "/a/"), content=b"instalments=3"),
        ]
        assert await garbage(address, f"GET {URL} {link} HTTP/1.1\r\n\r\n") == b"HTTP/1.1 400 Bad Request"
    assert [answer.status_code for answer in answers] == [200, 400, 405, 404, 404]
    assert all("server" not in answer.headers for answer in answers)
    written = "".join(capfd.readouterr())
    # so that it is known to be heard
    assert "webhook refused" in written
    assert SECRET not in written
    assert link.rpartition("/")[2] not in written


async def garbage(address: str, sent: str) -> bytes:
    """The first line of what is answered to something that no client sends."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent.encode())
    first = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return first.strip()


@pytest.mark.parametrize("asked", [{"key": Path("key.pem")}, {"clients": Path("banks.pem")}])
def test_nothing_is_served_in_clear_to_whom_tls_was_promised(asked: dict[str, Path]) -> None:
    with pytest.raises(Refusal, match="--ssl-certfile"):
        manners(**asked)
