"""The part of ModelScope's HTTP interface that downloads need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from parley.engines.model import ModelSource
from parley.supply.hubs import Checksum, Offer, RemoteFile
from parley.supply.line import LineFailed, Refused, ask
from parley.supply.selecting import commit_like, selected

if TYPE_CHECKING:
    import httpx


async def offer(client: httpx.AsyncClient, endpoint: str, source: ModelSource, *, within: float) -> Offer:
    """The files of a repository at the revision; raises LineFailed, Refused."""
    api = f"{endpoint}/api/v1/models/{source.repo}"
    found = await ask(
        client,
        f"{api}/repo/files",
        params={"Revision": source.revision, "Recursive": "True"},
        headers={},
        within=within,
    )
    data = _data(found)
    entries = [entry for entry in data.get("Files") or () if entry.get("Type") != "tree"]
    if not entries:
        # What it answers for a revision that does not exist is a success without files.
        raise Refused("it does not have this model or revision")
    # Asked for by the name that its own tools would use; checksums tell if a branch moves meanwhile.
    files = selected(source, _files(entries, api, source.revision))
    return Offer(source=source, commit=_commit(data, entries, source.revision), files=files)


def _data(found: Any) -> Mapping[str, Any]:
    """What the envelope holds; the status of HTTP is 200 for some failures."""
    if not isinstance(found, dict):
        raise LineFailed("it answers something else than a hub does")
    data = found.get("Data")
    if not found.get("Success", True) or found.get("Code", 200) != 200 or not isinstance(data, dict):
        raise Refused("it does not have this model or revision")
    return data


def _commit(data: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], revision: str) -> str:
    """The commit asked for, or that of a branch or tag: the answer abbreviates it, but files that came
    with it name it in full. Where none does, it stays unknown, and the branch is written down."""
    if commit := commit_like(revision):
        return commit
    short = str((data.get("LatestCommitter") or {}).get("ShortId") or "")
    full = {commit_like(entry.get("Revision")) for entry in entries} - {""}
    return next((commit for commit in sorted(full) if short and commit.startswith(short)), revision)


def _files(entries: Sequence[Mapping[str, Any]], api: str, revision: str) -> Iterator[RemoteFile]:
    for entry in entries:
        path = str(entry.get("Path", ""))
        size = entry.get("Size")
        yield RemoteFile(
            path=path,
            size_bytes=size if isinstance(size, int) else -1,
            checksum=Checksum(algorithm="sha256", value=str(entry.get("Sha256") or "").lower()),
            url=f"{api}/repo?{urlencode({'Revision': revision, 'FilePath': path})}",
        )
