"""Units and transcripts against a dictionary, over any sequence of operations."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from parley.speech.transcript import Transcript
from parley.storage.store import Store

WORKS = st.sampled_from(["a", "b", "%_\\"])
STAGES = st.sampled_from(["recognise", "embed"])
UNITS = st.integers(0, 3)
PAYLOADS = st.binary(max_size=30)
KEYS = st.sampled_from(["x", "y"])


class Remembering(RuleBasedStateMachine):
    """Every rule does the same to the store and to the dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        self.units: dict[tuple[str, str], dict[int, bytes]] = {}
        self.transcripts: dict[str, Transcript] = {}
        self.runner = asyncio.Runner()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.store: Store = self.run(Store.open(Path(self.folder.name)))

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self.open()

    @rule(work=WORKS, stage=STAGES, unit=UNITS, payload=PAYLOADS, replace=st.booleans())
    def put(self, work: str, stage: str, unit: int, payload: bytes, replace: bool) -> None:
        self.run(self.store.units.put(work, stage, unit, payload, replace=replace))
        units = self.units.setdefault((work, stage), {})
        if replace or unit not in units:
            units[unit] = payload

    @rule(key=KEYS, duration=st.floats(0, 100))
    def put_transcript(self, key: str, duration: float) -> None:
        self.transcripts[key] = Transcript(duration=duration)
        self.run(self.store.transcripts.put(key, self.transcripts[key]))

    @rule(key=KEYS)
    def forget_transcript(self, key: str) -> None:
        self.run(self.store.transcripts.forget(key))
        self.transcripts.pop(key, None)

    @rule()
    def tidy_with_room_for_all(self) -> None:
        self.run(self.store.tidy(pcm_bytes=0, cache_bytes=10**6, cache_age_s=3600.0))

    @rule(work=WORKS, stage=STAGES)
    def read_units(self, work: str, stage: str) -> None:
        expected = self.units.get((work, stage), {})
        assert self.run(self.store.units.get(work, stage)) == expected

    @rule(key=KEYS)
    def read_transcript(self, key: str) -> None:
        assert self.run(self.store.transcripts.get(key)) == self.transcripts.get(key)

    @invariant()
    def accounts_agree(self) -> None:
        """What retention goes by is what the units really take."""
        with closing(sqlite3.connect(Path(self.folder.name) / "parley.db")) as connection:
            accounts = connection.execute("SELECT work, stage, size_bytes FROM works").fetchall()
        sizes = {key: sum(map(len, units.values())) for key, units in self.units.items()}
        assert {(work, stage): size for work, stage, size in accounts} == sizes

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()


TestRemembering = Remembering.TestCase
TestRemembering.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
