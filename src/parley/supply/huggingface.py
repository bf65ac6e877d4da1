"""The part of Hugging Face's HTTP interface that downloads need; its mirrors speak the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from parley.engines.model import ModelSource
from parley.errors import InvalidSettings
from parley.supply.hubs import Checksum, Offer, RemoteFile
from parley.supply.line import Refused, ask
from parley.supply.selecting import commit_like, selected

if TYPE_CHECKING:
    import httpx


async def offer(
    client: httpx.AsyncClient, endpoint: str, token: str, source: ModelSource, *, within: float
) -> Offer:
    """The files of a repository at the revision; raises LineFailed, Refused, InvalidSettings."""
    headers = _authorised(token)
    revision = quote(source.revision, safe="")
    found = await ask(
        client,
        f"{endpoint}/api/models/{source.repo}/revision/{revision}",
        params={"blobs": "true"},
        headers=headers,
        within=within,
    )
    commit = commit_like(found.get("sha") if isinstance(found, dict) else None)
    if not commit:
        raise Refused("it does not say which commit the revision is")
    at = f"{endpoint}/{source.repo}/resolve/{commit}"
    return Offer(
        source=source,
        commit=commit,
        files=selected(source, _files(found, at)),
        licence=_licence(found),
        headers=headers,
    )


def _authorised(token: str) -> dict[str, str]:
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise InvalidSettings("models.hf_token (HF_TOKEN) holds characters that no token has; correct it.")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _files(found: Mapping[str, Any], at: str) -> Iterator[RemoteFile]:
    for entry in found.get("siblings") or ():
        path = str(entry.get("rfilename", ""))
        yield RemoteFile(
            path=path,
            size_bytes=_size(entry),
            checksum=_checksum(entry),
            url=f"{at}/{quote(path)}",
        )


def _size(entry: Mapping[str, Any]) -> int:
    size = (entry.get("lfs") or {}).get("size", entry.get("size"))
    return size if isinstance(size, int) else -1


def _checksum(entry: Mapping[str, Any]) -> Checksum:
    """Large files are known by their SHA-256, small ones by git's name for them."""
    large = (entry.get("lfs") or {}).get("sha256")
    if large:
        return Checksum(algorithm="sha256", value=str(large).lower())
    return Checksum(algorithm="git", value=str(entry.get("blobId") or "").lower())


def _licence(found: Mapping[str, Any]) -> str:
    card = found.get("cardData") or {}
    licence = card.get("license") if isinstance(card, dict) else ""
    return licence if isinstance(licence, str) else ""
