"""Certificates of our own making."""

from __future__ import annotations

import datetime
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from parley.errors import InvalidSettings
from parley.server.tls import CERTIFICATE_FILE, TlsOptions, self_signed, tls_context


def test_none_where_none_is_asked_for(tmp_path: Path):
    assert tls_context(tmp_path, TlsOptions()) is None
    assert not list(tmp_path.iterdir())


def test_a_certificate_is_made_once_for_this_machine_and_the_names_asked_for(tmp_path: Path):
    options = TlsOptions(self_signed=True, names=("192.168.1.5", "parley.lan", "0.0.0.0"))
    assert isinstance(tls_context(tmp_path, options), ssl.SSLContext)
    path = tmp_path / CERTIFICATE_FILE
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tls_context(tmp_path, options)
    assert path.read_bytes() == before
    names = x509.load_pem_x509_certificate(before).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    dns = names.value.get_values_for_type(x509.DNSName)
    addresses = [str(address) for address in names.value.get_values_for_type(x509.IPAddress)]
    assert {"localhost", "parley.lan"} <= set(dns)
    assert {"127.0.0.1", "::1", "192.168.1.5"} == set(addresses)


@pytest.mark.parametrize("days", [340, 400])
def test_an_old_certificate_is_renewed(tmp_path: Path, days: int):
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    before = self_signed(tmp_path, (), now=then).read_bytes()
    assert self_signed(tmp_path, ()).read_bytes() != before


def test_a_certificate_for_other_names_or_a_damaged_one_is_renewed(tmp_path: Path):
    before = self_signed(tmp_path, ()).read_bytes()
    named = self_signed(tmp_path, ("parley.lan",)).read_bytes()
    assert named != before
    for broken in (b"", b"nonsense", named[:100], named[: named.index(b"-----BEGIN CERTIFICATE")]):
        (tmp_path / CERTIFICATE_FILE).write_bytes(broken)
        assert isinstance(tls_context(tmp_path, TlsOptions(self_signed=True)), ssl.SSLContext)


def test_files_that_cannot_be_used_are_told_without_their_place(tmp_path: Path):
    good = self_signed(tmp_path, ())
    for options in (
        TlsOptions(certificate=good),
        TlsOptions(key=good),
        TlsOptions(certificate=tmp_path / "missing.pem", key=good),
        TlsOptions(certificate=good, key=Path(__file__)),
    ):
        with pytest.raises(InvalidSettings) as caught:
            tls_context(tmp_path, options)
        assert str(tmp_path) not in caught.value.message
