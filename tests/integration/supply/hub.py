"""A hub on the loopback that speaks as Hugging Face and as ModelScope do, with the faults of a real line.

Shapes: Hugging Face's `/api/models/{repo}/revision/{rev}?blobs=true` and `/{repo}/resolve/{commit}/{path}`
(large files by redirect to a content network, `X-Linked-Etag`), ModelScope's
`/api/v1/models/{repo}/repo/files` (an unknown revision is a success without files) and
`/repo?Revision=&FilePath=` (a range may be answered with status 200). The content network is another
port, so another host as far as credentials go.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 4096
"""Files from this size on are large ones, which the content network has."""


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    server: str
    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str:
        return self.headers.get("range", "")


@dataclass
class Fault:
    """What goes wrong with a file, `times` times; `at` is the byte where it happens."""

    kind: str
    times: int = 1
    at: int = 0
    wait: str = "0"
    speed: Callable[[], None] = lambda: time.sleep(0.05)


@dataclass
class Hub:
    """Files by path for each repository, and what was asked."""

    repos: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    faults: dict[str, list[Fault]] = field(default_factory=dict[str, "list[Fault]"])
    asked: list[Asked] = field(default_factory=list[Asked])
    token: str = ""
    ranges: bool = True
    licence: str = "mit"
    revisions: tuple[str, ...] = ("main", "master", COMMIT)
    listed: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
    address: str = ""
    network: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)

    def fetched(self, path: str) -> list[Asked]:
        """The requests that asked for a file's bytes, wherever those are."""
        return [
            each for each in self.asked if each.path.endswith(quote(path)) and "/api/models" not in each.path
        ]

    def break_(self, path: str, kind: str, **more: Any) -> None:
        self.faults.setdefault(path, []).append(Fault(kind, **more))

    def fault(self, path: str) -> Fault | None:
        for fault in self.faults.get(path, []):
            if fault.times > 0:
                fault.times -= 1
                return fault
        return None


@contextmanager
def hub(**repos: dict[str, bytes]) -> Iterator[Hub]:
    """A running hub; repositories are given as owner__name."""
    made = Hub(repos={name.replace("__", "/"): files for name, files in repos.items()})
    front, network = _serve(made, "hub", _Front), _serve(made, "network", _Network)
    made.address = f"http://127.0.0.1:{front.server_port}"
    made.network = f"http://127.0.0.1:{network.server_port}"
    try:
        yield made
    finally:
        made.stopping.set()
        for server in (front, network):
            server.shutdown()
            server.server_close()


def _serve(made: Hub, name: str, kind: type[_Answers]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type(kind.__name__, (kind,), {"hub": made, "name": name}))
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


class _Answers(BaseHTTPRequestHandler):
    hub: Hub
    name: str
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.hub.asked.append(Asked(self.name, self.path, headers))
        try:
            self.answer(urlsplit(self.path).path, parse_qs(urlsplit(self.path).query), headers)
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True

    def answer(self, path: str, query: dict[str, list[str]], headers: dict[str, str]) -> None:
        raise NotImplementedError

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def json(self, answer: Any, status: int = 200) -> None:
        self.say(status, json.dumps(answer).encode(), Content_Type="application/json")

    def send_file(self, path: str, content: bytes, *, partial: int = 206) -> None:
        fault = self.hub.fault(path)
        if fault and fault.kind.isdecimal():
            self.say(int(fault.kind), b"{}", Retry_After=fault.wait)
            return
        if fault and fault.kind == "wrong":
            content = bytes(len(content))
        begin = self._begin(len(content))
        self.send_response(partial if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.end_headers()
        self._pour(content, begin, fault)

    def _begin(self, length: int) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return min(int(asked[1]), length) if asked and self.hub.ranges else 0

    def _pour(self, content: bytes, begin: int, fault: Fault | None) -> None:
        if fault and fault.kind == "cut":
            self.wfile.write(content[begin : max(begin, fault.at)])
            self.wfile.flush()
            self.connection.shutdown(2)
            self.close_connection = True
        elif fault and fault.kind == "slow":
            self.wfile.write(content[begin : max(begin, fault.at)])
            for offset in range(max(begin, fault.at), len(content)):
                fault.speed()
                if self.hub.stopping.is_set():
                    break
                self.wfile.write(content[offset : offset + 1])
                self.wfile.flush()
        elif fault and fault.kind == "silent":
            self.wfile.write(content[begin : max(begin, fault.at)])
            self.wfile.flush()
            self.hub.stopping.wait(60)
            self.close_connection = True
        else:
            self.wfile.write(content[begin:])


class _Network(_Answers):
    """Where the bytes of large files lie; signed addresses need no credentials and want none."""

    def answer(self, path: str, query: dict[str, list[str]], headers: dict[str, str]) -> None:
        owner, name, file = unquote(path).lstrip("/").split("/", 2)
        self.send_file(file, self.hub.repos[f"{owner}/{name}"][file])


class _Front(_Answers):
    def answer(self, path: str, query: dict[str, list[str]], headers: dict[str, str]) -> None:
        if scope := re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)(/repo(?:/files)?)", path):
            self._modelscope(scope[1], scope[2], query)
        elif self.hub.token and headers.get("authorization") != f"Bearer {self.hub.token}":
            self.json({"error": "Access to this model is restricted."}, 401)
        elif info := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", path):
            self._info(info[1], unquote(info[2]), query)
        elif file := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(file[1], unquote(file[3]))
        else:
            self.json({"error": "Not Found"}, 404)

    def _info(self, repo: str, revision: str, query: dict[str, list[str]]) -> None:
        if fault := self.hub.fault("listing"):
            return self._listing_fault(fault)
        if repo not in self.hub.repos or revision not in self.hub.revisions:
            return self.json({"error": "Repository not found"}, 404)
        siblings = [_sibling(path, content) for path, content in self.hub.repos[repo].items()]
        assert query.get("blobs") == ["true"]
        answer = {"id": repo, "sha": COMMIT, "gated": False, "cardData": {"license": self.hub.licence}}
        return self.json(self.hub.listed(answer | {"siblings": siblings}))

    def _listing_fault(self, fault: Fault) -> None:
        if fault.kind == "page":
            return self.say(200, b"<html>Please log in to this network</html>", Content_Type="text/html")
        if fault.kind == "silent":
            self.hub.stopping.wait(60)
            self.close_connection = True
            return None
        return self.say(int(fault.kind), b"{}", Retry_After=fault.wait)

    def _resolve(self, repo: str, path: str) -> None:
        content = self.hub.repos[repo].get(path)
        if content is None:
            return self.json({"error": "Entry not found"}, 404)
        if len(content) < LARGE:
            return self.send_file(path, content)
        where = f"{self.hub.network}/{repo}/{quote(path)}"
        return self.say(
            302,
            Location=f"{where}?X-Amz-Signature=abcdef",
            X_Repo_Commit=COMMIT,
            X_Linked_Size=str(len(content)),
            X_Linked_Etag=f'"{hashlib.sha256(content).hexdigest()}"',
        )

    def _modelscope(self, repo: str, what: str, query: dict[str, list[str]]) -> None:
        files = self.hub.repos.get(repo)
        if files is None:
            return self.json({"Code": 10010205001, "Message": "record not found", "Success": False}, 404)
        if what == "/repo/files":
            if fault := self.hub.fault("listing"):
                return self._listing_fault(fault)
            return self.json(self.hub.listed(_envelope(self._entries(files, query))))
        path = query["FilePath"][0]
        if path not in files:
            return self.json({"Code": 10990101007, "Message": "file not found", "Success": False}, 404)
        return self.send_file(path, files[path], partial=200)

    def _entries(self, files: dict[str, bytes], query: dict[str, list[str]]) -> list[dict[str, Any]] | None:
        assert query["Recursive"] == ["True"]
        if query["Revision"][0] not in self.hub.revisions:
            return None
        folders = {path.rpartition("/")[0] for path in files} - {""}
        trees = [{"Path": name, "Name": name, "Type": "tree", "Size": 0, "Sha256": ""} for name in folders]
        return [*trees, *(_entry(path, content) for path, content in files.items())]


def _envelope(entries: list[dict[str, Any]] | None) -> dict[str, Any]:
    committer = {"Id": "", "ShortId": COMMIT[:8]} if entries else None
    data = {"Files": entries, "IsVisual": 0, "LatestCommitter": committer}
    return {"Code": 200, "Data": data, "Message": "success", "RequestId": "1", "Success": True}


def _sibling(path: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    facts: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": blob}
    if len(content) >= LARGE:
        sha256 = hashlib.sha256(content).hexdigest()
        facts["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
    return facts


def _entry(path: str, content: bytes) -> dict[str, Any]:
    return {
        "Path": path,
        "Name": path.rpartition("/")[2],
        "Type": "blob",
        "Size": len(content),
        "Sha256": hashlib.sha256(content).hexdigest().upper(),
        "IsLFS": len(content) >= LARGE,
        "Revision": COMMIT,
    }
