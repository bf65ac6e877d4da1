"""What is written down about a model comes back as it was, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from parley.engines.model import Hub, ModelSource
from parley.supply import manifest
from parley.supply.manifest import HeldFile, Manifest

texts = st.text(max_size=20).filter(lambda text: text.isprintable())
files = st.builds(
    HeldFile,
    path=texts,
    size_bytes=st.integers(0, 2**40),
    sha256=st.text(alphabet="0123456789abcdef", min_size=64, max_size=64),
)
manifests = st.builds(
    Manifest, model=texts, hub=texts, repo=texts, revision=texts, commit=texts, licence=texts, arrived=texts,
    files=st.lists(files, max_size=4, unique_by=lambda file: file.path).map(tuple),
)  # fmt: skip


@given(manifests)
def test_a_manifest_comes_back(held: Manifest) -> None:
    with TemporaryDirectory() as folder:
        manifest.write(Path(folder), held)
        assert manifest.read(Path(folder)) == held


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(max_size=50) | _JSON.map(json.dumps))
def test_nonsense_is_no_manifest(content: str) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / manifest.FILE).write_text(content, "utf-8", "replace")
        assert manifest.read(Path(folder)) is None


def test_a_manifest_knows_whether_it_is_still_what_is_asked_for() -> None:
    source = ModelSource(hub=Hub.HUGGINGFACE, repo="a/b", revision="1")
    facts = {"model": "m", "commit": "c", "licence": "MIT", "arrived": "", "files": ()}
    held = Manifest(hub="huggingface", repo="a/b", revision="1", **facts)  # type: ignore[arg-type]
    older = Manifest(hub="huggingface", repo="a/b", revision="0", **facts)  # type: ignore[arg-type]
    taken_over = Manifest(hub="", repo="", revision="", **facts)  # type: ignore[arg-type]
    assert held.is_from([source])
    assert not older.is_from([source])
    assert taken_over.is_from([source])
