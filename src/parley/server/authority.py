"""Who a token stands for: JWTs signed with our key, and API keys.

Every way to fail looks the same to the caller; the log has the kind.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import jwt

from parley.errors import AuthFailed, InvalidSettings
from parley.jobs.principal import Principal
from parley.storage.keys import KEY_PREFIX, ApiKey
from parley.storage.secret_files import read_or_create

SECRET_FILE = ".secret"  # noqa: S105 - a file's name; hidden, because a data directory is new while it holds only hidden files
MAX_TOKEN_CHARACTERS = 8192
MAX_SUBJECT_CHARACTERS = 200
LEEWAY_S = 10.0
"""Clocks of two machines that are kept by NTP differ by less."""

_log = logging.getLogger(__name__)


class KnownKeys(Protocol):
    """Where API keys are looked up."""

    async def find(self, text: str) -> ApiKey | None:
        """The valid key with that text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityOptions:
    """`secret` is the key of HS algorithms (None: a random one in the data directory), `public_key`
    the PEM file of the others.
    """

    enabled: bool = False
    secret: str | None = field(default=None, repr=False)
    algorithm: str = "HS256"
    public_key: Path | None = None
    allow_eternal_tokens: bool = False


class Authority:
    """Knows users by their tokens. `enabled` False: everybody is the one user there is."""

    def __init__(self, options: AuthorityOptions, key: str | bytes, keys: KnownKeys | None = None) -> None:
        self.enabled = options.enabled
        self._options = options
        self._key = key
        self._keys = keys

    @classmethod
    def open(cls, data_dir: Path, options: AuthorityOptions, keys: KnownKeys | None = None) -> Authority:
        """Read the key, making a random secret where none is set. Blocks; raises InvalidSettings."""
        return cls(options, _signing_key(data_dir, options), keys)

    async def identify(self, token: str | None) -> Principal:
        """The user a token stands for; raises AuthFailed."""
        if not self.enabled:
            return Principal()
        try:
            return await self._identify(token)
        except AuthFailed as error:
            _log.info("authentication failed: %s", error.detail)
            raise

    async def _identify(self, token: str | None) -> Principal:
        if not token:
            raise _failed("no token")
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise _failed("oversize token")
        if token.startswith(KEY_PREFIX):
            return await self._by_key(token)
        return self._by_jwt(token)

    async def _by_key(self, token: str) -> Principal:
        key = await self._keys.find(token) if self._keys is not None else None
        if key is None:
            raise _failed("API key unknown, revoked or expired")
        return Principal(user=key.subject, scopes=frozenset(key.scopes))

    def _by_jwt(self, token: str) -> Principal:
        required = ["sub"] if self._options.allow_eternal_tokens else ["sub", "exp"]
        try:
            # PyJWT compares the token's algorithm with this list: the token never chooses.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[self._options.algorithm],
                options={"require": required},
                leeway=LEEWAY_S,
            )
        except jwt.PyJWTError as error:
            raise _failed(type(error).__name__) from None
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            # Claims may be numbers without end or nested a thousand deep.
            raise _failed(type(error).__name__) from None
        return Principal(user=_subject(claims), scopes=_scopes(claims.get("scope")))

    def mint(self, subject: str, expires_s: float | None, scopes: Iterable[str] = ()) -> str:
        """A token for a user; `expires_s` None makes an eternal one. Raises InvalidSettings where only
        the issuer of tokens can sign.
        """
        if not self._options.algorithm.startswith("HS"):
            raise InvalidSettings(
                f"{self._options.algorithm} tokens are signed elsewhere; make them where the private key is."
            )
        now = time.time()
        claims: dict[str, Any] = {"sub": subject, "iat": int(now)}
        if expires_s is not None:
            claims["exp"] = int(now + expires_s)
        if wanted := " ".join(sorted(set(scopes))):
            claims["scope"] = wanted
        return jwt.encode(claims, self._key, algorithm=self._options.algorithm)


async def open_authority(data_dir: Path, options: AuthorityOptions, keys: KnownKeys) -> Authority:
    """The authority of a server; raises InvalidSettings."""
    return await asyncio.to_thread(Authority.open, data_dir, options, keys)


def is_revocable(token: str | None) -> bool:
    """Whether a token may lose its meaning at any moment, as an API key does."""
    return token is not None and token.startswith(KEY_PREFIX)


def _failed(kind: str) -> AuthFailed:
    return AuthFailed("Authentication failed; send a valid token.", detail=kind)


def _subject(claims: dict[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS:
        raise _failed("bad subject")
    if not subject.isprintable():
        raise _failed("bad subject")
    return subject


def _scopes(claim: Any) -> frozenset[str]:
    """RFC 8693 has scopes in one string with blanks between; lists are common too."""
    if isinstance(claim, str):
        return frozenset(claim.split())
    if isinstance(claim, list):
        return frozenset(scope for scope in claim if isinstance(scope, str))
    return frozenset()


def _signing_key(data_dir: Path, options: AuthorityOptions) -> str | bytes:
    if not options.algorithm.startswith("HS"):
        return _public_key(options)
    if options.secret:
        return options.secret
    try:
        return read_or_create(data_dir / SECRET_FILE, _new_secret).decode().strip()
    except (OSError, UnicodeError) as error:
        raise InvalidSettings(
            "The secret in the data directory cannot be read or written; correct its permissions.",
            detail=type(error).__name__,
        ) from error


def _new_secret() -> bytes:
    # 64 bytes: as many as HS512 can use.
    return secrets.token_hex(64).encode()


def _public_key(options: AuthorityOptions) -> bytes:
    if options.public_key is None:
        raise InvalidSettings(f"Tokens signed with {options.algorithm} need auth.public_key, a PEM file.")
    try:
        content = options.public_key.read_bytes()
        jwt.get_algorithm_by_name(options.algorithm).prepare_key(content)
    except (OSError, ValueError, TypeError, jwt.PyJWTError) as error:
        raise InvalidSettings(
            f"auth.public_key is not a public key for {options.algorithm}; name a PEM file.",
            detail=type(error).__name__,
        ) from error
    return content
