"""The certificate of the server: one that was given, or one of its own making."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from parley.errors import InvalidSettings
from parley.storage.secret_files import replace

CERTIFICATE_FILE = ".tls.pem"
"""Key and certificate in one file, so that they are replaced together."""

_DAYS = 365
_RENEW_BEFORE_DAYS = 30
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """PEM files of a certificate and its key, or `self_signed`; neither means plain HTTP. `names` are
    addresses and names that a self-signed certificate is for, besides this machine's own.
    """

    certificate: Path | None = None
    key: Path | None = None
    self_signed: bool = False
    names: tuple[str, ...] = ()


def tls_context(data_dir: Path, options: TlsOptions) -> ssl.SSLContext | None:
    """What connections are secured with, None where they are not. Blocks; raises InvalidSettings."""
    if options.certificate is not None or options.key is not None:
        if options.certificate is None or options.key is None:
            raise InvalidSettings("TLS needs both --tls-cert and --tls-key.")
        return _context(options.certificate, options.key)
    if not options.self_signed:
        return None
    try:
        path = self_signed(data_dir, options.names)
    except OSError as error:
        raise InvalidSettings(
            "The certificate in the data directory cannot be written; correct its permissions.",
            detail=type(error).__name__,
        ) from error
    return _context(path, path)


def self_signed(data_dir: Path, names: tuple[str, ...], now: datetime.datetime | None = None) -> Path:
    """The PEM file of a certificate for these names, made anew when it is missing, damaged, for other
    names or soon too old.
    """
    path = data_dir / CERTIFICATE_FILE
    moment = now or datetime.datetime.now(datetime.UTC)
    wanted = _subjects(names)
    if not _still_good(path, wanted, moment):
        replace(path, _make(wanted, moment))
    return path


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password of its own, OpenSSL would ask the terminal for one.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise InvalidSettings(
            "The TLS certificate and key cannot be used; name PEM files that belong together, "
            "the key without a password.",
            detail=type(error).__name__,
        ) from error
    return context


def _subjects(names: tuple[str, ...]) -> list[str]:
    unspecified = {"", "*", "0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on
    return sorted({*_LOCAL, socket.gethostname().lower(), *(name.lower() for name in names)} - unspecified)


def _still_good(path: Path, wanted: list[str], now: datetime.datetime) -> bool:
    try:
        content = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(content)
        serialization.load_pem_private_key(content, password=None)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    names = [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]
    margin = datetime.timedelta(days=_RENEW_BEFORE_DAYS)
    return sorted(names) == wanted and now + margin < certificate.not_valid_after_utc


def _make(names: list[str], now: datetime.datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Parley")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of clients may be a little behind.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
