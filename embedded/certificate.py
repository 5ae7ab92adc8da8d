"""A certificate of this machine's own making, for people who have none: browsers ask whether to believe it."""

from __future__ import annotations

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from embedded.home import Home, write_private

LASTS = timedelta(days=397)
"""The longest that browsers believe a certificate."""
RENEWED = timedelta(days=30)
"""Before it ends another one is made."""

NAMES = ("localhost", "127.0.0.1")


def own_certificate(home: Home, address: str) -> tuple[Path, Path]:
    """The certificate for an address and its key, both PEM files of the home; made anew when it ends soon, or is for
    another address."""
    certificate, key = home.keys / "web.crt", home.keys / "web.key"
    names = sorted({*NAMES, socket.gethostname(), *([] if is_any(address) else [address])})
    if not (certificate.exists() and key.exists() and _is_good(certificate.read_bytes(), names)):
        made, secret = _made(names)
        write_private(key, secret)
        write_private(certificate, made)
    return certificate, key


def fingerprint(certificate: Path) -> str:
    """Its SHA-256, as browsers show it."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(SHA256()).hex(":").upper()


def is_any(address: str) -> bool:
    """Whether it stands for every address of this machine."""
    return address in ("0.0.0.0", "::")  # noqa: S104 - only compared


def _is_good(written: bytes, names: list[str]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(written)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    known = sorted(str(each.value) for each in found)
    return known == names and certificate.not_valid_after_utc > datetime.now(UTC) + RENEWED


def _made(names: list[str]) -> tuple[str, str]:
    """A certificate and its key, PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Régua")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
