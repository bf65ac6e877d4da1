"""API keys: `pk_<id>_<secret>`, of which only the digest of the secret is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from parley.storage.database import Database
from parley.storage.tables import KeyRow

KEY_PREFIX = "pk_"

_SHAPE = re.compile(r"pk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_COLUMNS = (
    KeyRow.id,
    KeyRow.name,
    KeyRow.subject,
    KeyRow.scopes,
    KeyRow.created_at,
    KeyRow.expires_at,
    KeyRow.revoked_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret. Times are seconds since the epoch."""

    id: str
    name: str
    subject: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    revoked_at: float | None

    def is_valid(self, now: float) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Keys:
    """The keys that were given out. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, subject: str, *, name: str = "", scopes: Iterable[str] = (), expires_s: float | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which nobody can be told again."""
        secret = secrets.token_urlsafe(32)
        now = time.time()
        key = ApiKey(
            id=secrets.token_hex(6),
            name=name,
            subject=subject,
            scopes=tuple(sorted(set(scopes))),
            created_at=now,
            expires_at=None if expires_s is None else now + expires_s,
            revoked_at=None,
        )
        row = insert(KeyRow).values(
            id=key.id,
            name=name,
            digest=_digest(secret),
            subject=subject,
            scopes=" ".join(key.scopes),
            created_at=now,
            expires_at=key.expires_at,
            revoked_at=None,
        )
        await self._database.write(lambda connection: connection.execute(row))
        return key, f"{KEY_PREFIX}{key.id}_{secret}"

    async def find(self, text: str) -> ApiKey | None:
        """The valid key with that text; None for one that is unknown, revoked or expired."""
        shape = _SHAPE.fullmatch(text)
        if shape is None:
            return None
        row = select(KeyRow.digest, *_COLUMNS).where(KeyRow.id == shape[1])
        found = await self._database.read(lambda connection: connection.execute(row).one_or_none())
        if found is None or not hmac.compare_digest(found[0], _digest(shape[2])):
            return None
        key = _key(found)
        return key if key.is_valid(time.time()) else None

    async def list(self) -> list[ApiKey]:
        """All keys, the oldest first, those that open nothing any more too."""
        rows = select(*_COLUMNS).order_by(KeyRow.created_at, KeyRow.id)
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return [_key(row) for row in found]

    async def revoke(self, key_id: str) -> bool:
        """Make a key open nothing any more; False if there is no such key or it was revoked before."""
        row = update(KeyRow).where(KeyRow.id == key_id, KeyRow.revoked_at.is_(None))
        row = row.values(revoked_at=time.time())
        return await self._database.write(lambda connection: connection.execute(row).rowcount == 1)


def _digest(secret: str) -> str:
    # The secret has 256 random bits: a slow password hash would protect nothing more.
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        subject=row.subject,
        scopes=tuple(row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
