"""Temporal's own environment says where the server is and how it is reached, by mutual TLS too."""

from pathlib import Path

import pytest

from models.errors import Refusal
from workflows.client import connect_settings


def test_mutual_tls_is_told_by_the_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"SERVER_CA_CERT": "ca", "CLIENT_CERT": "client", "CLIENT_KEY": "key"}
    for name, content in names.items():
        file = tmp_path / name
        file.write_text(content)
        monkeypatch.setenv(f"TEMPORAL_TLS_{name}_PATH", str(file))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    settings = connect_settings()
    tls = settings["tls"]
    assert settings["target_host"] == "temporal.example:7233"
    assert not isinstance(tls, bool | None)
    assert (tls.server_root_ca_cert, tls.client_cert, tls.client_private_key) == (b"ca", b"client", b"key")


def test_without_an_address_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    with pytest.raises(Refusal, match="TEMPORAL_ADDRESS is missing"):
        connect_settings()
