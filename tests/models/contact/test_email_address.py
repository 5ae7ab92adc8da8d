"""E-mail addresses, and texts that are none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contact.email_address import email_address


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ana@exemplo.com.br", "ana@exemplo.com.br"),
        ("  Ana.Lima+iptu@EXEMPLO.com ", "Ana.Lima+iptu@exemplo.com"),
        ("josé@prefeitura.são-paulo.gov.br", "josé@prefeitura.são-paulo.gov.br"),
        ("a@1.com", "a@1.com"),
    ],
)
def test_an_address_is_kept(written: str, kept: str) -> None:
    assert email_address(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ana",
        "ana@",
        "@exemplo.com",
        "ana@exemplo",
        "ana@exemplo.c",
        "ana@-exemplo.com",
        "ana@exemplo..com",
        "ana..lima@exemplo.com",
        "ana lima@exemplo.com",
        "ana@exemplo.com, bruno@exemplo.com",
        "Ana <ana@exemplo.com>",
        "ana@exemplo.com\nBcc: todos@exemplo.com",
        "a" * 65 + "@exemplo.com",
        "a@" + "b" * 300 + ".com",
        "ana@exemplo.com\0",
    ],
)
def test_anything_else_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(ValueError, match=r"is not an e-mail address, as nome@exemplo\.com\.br$"):
        email_address(written)


@given(st.text(max_size=80))
def test_what_is_kept_is_one_line_with_one_at(written: str) -> None:
    with contextlib.suppress(ValueError):
        kept = email_address(written)
        assert kept.count("@") == 1
        assert not any(character.isspace() for character in kept)
