"""A stack that other machines reach: by HTTPS alone, with a certificate of its own making or a given one."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from commands.stack import listening_at
from embedded.certificate import fingerprint, own_certificate
from embedded.home import Home
from embedded.ports import free_ports
from embedded.stack import Listening, Stack
from models.errors import Refusal

OTHER = "127.0.0.2"
"""An address of this machine that is not the one its own parts use."""


@pytest.fixture
def where(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_a_certificate_is_made_once_for_an_address_and_is_private(where: Home) -> None:
    certificate, key = own_certificate(where, OTHER)
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {OTHER, "127.0.0.1"} <= {str(each) for each in names.get_values_for_type(x509.IPAddress)}
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert read.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)
    assert isinstance(read.public_key(), ec.EllipticCurvePublicKey)
    assert key.stat().st_mode & 0o777 == 0o600
    ssl.create_default_context().load_cert_chain(certificate, key)
    seen = fingerprint(certificate)
    assert len(seen.split(":")) == 32
    assert own_certificate(where, OTHER) == (certificate, key)
    assert fingerprint(certificate) == seen
    own_certificate(where, "127.0.0.3")
    assert fingerprint(certificate) != seen


def test_what_nothing_can_listen_at_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.touch()
    assert listening_at("", 8443, None, None) is None
    for address, certificate, secret in (
        ("host.example", None, None),
        ("203.0.113.9", None, None),
        ("", key, None),
        (OTHER, None, key),
    ):
        with pytest.raises(Refusal):
            listening_at(address, 8443, certificate, secret)


def test_others_sign_in_over_https_and_hear_nothing_else(tmp_path: Path) -> None:
    [port] = free_ports(1, besides=set())
    with Stack(Home(tmp_path / "home"), listening=Listening(OTHER, port)) as stack:
        assert stack.services.https == f"https://{OTHER}:{port}"
        trusted = ssl.create_default_context(cafile=str(stack.home.keys / "web.crt"))
        once = parse_qs(urlsplit(stack.sign_in).query)["once"][0]
        with httpx.Client(base_url=f"https://{OTHER}:{port}", verify=trusted, trust_env=False) as http:
            answer = http.post("/console/sign-in", data={"once": once}, headers={"Origin": f"https://{OTHER}:{port}"})
            assert answer.status_code == 303
            [cookie] = answer.headers.get_list("set-cookie")
            assert cookie.startswith("__Host-regua=")
            assert "Secure" in cookie
            assert "Strict-Transport-Security" in answer.headers
            assert http.get("/console").status_code == 200
        with httpx.Client(trust_env=False) as http:
            with pytest.raises(httpx.TransportError):
                http.get(f"http://{OTHER}:{port}/console/sign-in")
            with pytest.raises(httpx.TransportError):  # by plain HTTP only this machine's own address answers
                http.get(f"http://{OTHER}:{urlsplit(str(stack.services.web)).port}/console/sign-in")
            assert http.get(f"{stack.services.web}/console/sign-in").status_code == 200
