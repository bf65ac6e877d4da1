"""A model in two repositories, and downloads with little patience."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.supply.hubs import Access
from parley.supply.models import Models
from parley.supply.patience import Patience
from parley.supply.pulling import Downloads
from tests.integration.supply import hub as fake

QUICK = Patience(
    probe=10.0, connect=10.0, answer=20.0, window=20.0, slowest_bytes=1024, tries=4, pause=0.01,
    longest_pause=0.1, other=60.0,
)  # fmt: skip

WEIGHTS = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(40_000))
"""1.28 MB that no compression or mistake reproduces."""

FILES = {
    "config.json": b'{"size": "tiny"}',
    "model.bin": WEIGHTS,
    "sub/tokens.txt": b"a\nb\n",
    "README.md": b"# A model\n",
}
REPOS = {"acme__tiny": FILES, "acme-ms__tiny": FILES}

MODEL = ModelSpec(
    name="tiny",
    sources=(
        ModelSource(hub=Hub.HUGGINGFACE, repo="acme/tiny", revision=fake.COMMIT),
        ModelSource(hub=Hub.MODELSCOPE, repo="acme-ms/tiny", revision="master"),
    ),
    needs=("config.json", "*.bin", "sub/tokens.txt"),
    size_mib=1,
    licence="MIT",
)
ON_HF = replace(MODEL, sources=MODEL.sources[:1])
ON_MS = replace(MODEL, sources=MODEL.sources[1:])

CLOSED = "http://127.0.0.1:9"
"""The discard port, which nobody listens on."""


@dataclass
class Told:
    """A report that remembers."""

    said: list[str] = field(default_factory=list[str])
    steps: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def moved(self, name: str, done_bytes: int, total_bytes: int) -> None:
        self.steps.append((done_bytes, total_bytes))


def access(server: fake.Hub, **changes: object) -> Access:
    known = Access(huggingface=server.address, modelscope=server.address, patience=QUICK)
    return replace(known, **changes)  # type: ignore[arg-type]


def pull(
    folder: Path, server: fake.Hub, model: ModelSpec = ON_HF, *, told: Told | None = None, **changes: object
) -> Told:
    told = told or Told()
    downloads = Downloads(models=Models(folder), access=access(server, **changes), report=told)

    async def main() -> None:
        await downloads.pull(model)

    asyncio.run(main())
    return told


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
