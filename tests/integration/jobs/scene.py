"""What every test of the desk needs: a store, a scripted fleet, recordings, and people who ask."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from parley.batch.wish import HouseLimits, Wish
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import ParleyError
from parley.fleet.fleet import Answer, Fleet
from parley.jobs.desk import Desk, DeskOptions, open_desk
from parley.jobs.principal import ADMIN, Principal
from parley.jobs.task import Order, Priority, Task
from parley.jobs.updates import Over, Update
from parley.jobs.upload import Acknowledgement
from parley.speech.media import DecodedMedia, PcmTrack
from parley.speech.recognition import Piece, Recognition
from parley.speech.span import Span, SpeakerTurn
from parley.speech.transcript import Word
from parley.storage.recordings import StoredRecording
from parley.storage.store import Store
from parley.wire import frames

SECONDS = 40
ISLANDS = tuple(Span(5.0 * place + 1, 5.0 * place + 4) for place in range(8))
PATIENCE_S = 40.0

ANN, BOB, ROOT = (
    Principal(user="ann"),
    Principal(user="bob"),
    Principal(user="root", scopes=frozenset({ADMIN})),
)


def spec(role: Role, **facts: Any) -> EngineSpec:
    return EngineSpec(
        name=role.value, role=role, factory="m:C", revision="1", summary="", licence="MIT", **facts
    )


_ASR = frozenset({Capability.WORDS, Capability.PROMPT})
PROFILE = Profile(
    "test",
    {
        Role.MEDIA: spec(Role.MEDIA),
        Role.VAD: spec(Role.VAD),
        Role.ASR: spec(Role.ASR, max_stretch_s=6.0, capabilities=_ASR),
        Role.SPEAKERS: spec(Role.SPEAKERS),
    },
)
OPTIONS = DeskOptions(
    running=2,
    in_flight=1,
    retry_s=0.05,
    heartbeat_s=0.3,
    silence_s=60.0,
    limits=HouseLimits(unit_seconds=1.0),
)


@dataclass
class ScriptedFleet:
    """Answers as engines would. A recording's bytes say what happens to it: see `Script`."""

    asked: list[Any] = field(default_factory=list)
    scripts: dict[str, Script] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0
    _of_folder: dict[str, Script] = field(default_factory=dict)

    async def call(
        self,
        engine: str,
        request: Any,
        audio_s: float,
        on_progress: Any = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
    ) -> Answer:
        self.asked.append(request)
        script = self._script(request)
        script.asked.append(request)
        self.at_once += isinstance(request, frames.Recognise)
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await script.before(request)
        finally:
            self.at_once -= isinstance(request, frames.Recognise)
        return Answer(reply=self._reply(request, script), cpu_s=0.1, worker_pid=1, attempts=1)

    async def warm(self, *engines: str, keep: bool = True) -> None:
        pass

    def script(self, content: bytes) -> Script:
        return self.scripts.setdefault(hashlib.sha256(content).hexdigest(), Script())

    def _script(self, request: Any) -> Script:
        if isinstance(request, frames.DecodeMedia):
            content = Path(request.source.decode()).read_bytes()
            return self.script(content)
        path = getattr(request, "path", None) or _path_in(request)
        marks = Path(path).with_name("mark").read_text() if path else ""
        return self.scripts.setdefault(marks, Script())

    def _reply(self, request: Any, script: Script) -> Any:
        match request:
            case frames.DecodeMedia():
                return frames.Decoded(media=_decode(request))
            case frames.FindSpeech():
                return frames.SpeechFound(islands=ISLANDS)
            case frames.Recognise():
                words = request.options.words
                return frames.Recognised(
                    recognitions=tuple(script.recognise(ref, words) for ref in request.stretches)
                )
            case frames.EmbedVoices():
                windows = np.array([[i.start, i.end] for i in request.islands]).tobytes()
                vectors = np.zeros((len(request.islands), 1), np.float16).tobytes()
                return frames.VoiceVectors(windows=windows, vectors=vectors, dimension=1)
            case frames.ClusterVoices():
                return frames.Clustered(turns=(SpeakerTurn(0.0, 15.0, 0), SpeakerTurn(15.0, SECONDS, 1)))
            case _:
                raise AssertionError(request)

    def count(self, kind: type) -> int:
        return sum(isinstance(request, kind) for request in self.asked)


@dataclass
class Script:
    """What happens to one recording: `gate` holds up its units until it is set, `each_s` slows
    them down, `errors` are raised by the next recognitions, `text` is what is heard."""

    gate: asyncio.Event | None = None
    each_s: float = 0.0
    errors: list[Exception] = field(default_factory=list)
    always: Exception | None = None
    text: str = "said"
    asked: list[Any] = field(default_factory=list)

    async def before(self, request: Any) -> None:
        if not isinstance(request, frames.Recognise):
            return
        if self.gate is not None:
            await self.gate.wait()
        if self.each_s:
            await asyncio.sleep(self.each_s)
        if self.errors:
            raise self.errors.pop(0)
        if self.always is not None:
            raise self.always

    def recognise(self, ref: frames.StretchRef, words: bool) -> Recognition:
        start, end = ref.islands[0].start, ref.islands[-1].end
        text = f"{self.text} {ref.clip.first // 16000}."
        timed = (Word(text=text, start=start, end=end),) if words else None
        return Recognition(pieces=(Piece(start=start, end=end, text=text, words=timed),))

    @property
    def recognised(self) -> int:
        return sum(isinstance(request, frames.Recognise) for request in self.asked)


def _path_in(request: Any) -> str | None:
    if isinstance(request, frames.Recognise):
        return request.stretches[0].clip.path
    clip = getattr(request, "clip", None)
    return clip.path if clip else None


def _decode(request: frames.DecodeMedia) -> DecodedMedia:
    folder = Path(request.folder)
    content = Path(request.source.decode()).read_bytes()
    (folder / "mark").write_text(hashlib.sha256(content).hexdigest())
    path = folder / "mix.s16le"
    path.write_bytes(bytes(2 * 16000 * SECONDS))
    track = PcmTrack(path=str(path), samples=16000 * SECONDS)
    return DecodedMedia(tracks=(track,), duration=float(SECONDS))


@dataclass
class Scene:
    """One open desk."""

    desk: Desk
    store: Store
    fleet: ScriptedFleet
    folder: Path

    async def recording(self, content: bytes) -> StoredRecording:
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.store.recordings.path(sha256)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        md5 = hashlib.md5(content).hexdigest()
        return StoredRecording(sha256=sha256, md5=md5, size_bytes=len(content), path=path)

    async def send(
        self, content: bytes, who: Principal = ANN, wish: Wish = Wish(), **order: Any
    ) -> tuple[str, Acknowledgement]:
        task_id = str(uuid.uuid4())
        facts = {"file_name": "talk.wav", "profile": "test"} | order
        recording = await self.recording(content)
        return task_id, await self.desk.admit(who, task_id, Order(wish=wish, **facts), recording)

    async def start(self, content: bytes, who: Principal = ANN, **how: Any) -> str:
        return (await self.send(content, who, **how))[0]

    async def end(self, task_id: str, who: Principal = ROOT) -> Task:
        return (await self.watch(task_id, who))[-1].task  # type: ignore[union-attr]

    async def watch(self, task_id: str, who: Principal = ROOT, **how: Any) -> list[Update]:
        async with asyncio.timeout(PATIENCE_S):
            return [update async for update in self.desk.watch(who, task_id, **how)]

    def gate(self, content: bytes) -> asyncio.Event:
        gate = asyncio.Event()
        self.fleet.script(content).gate = gate
        return gate

    async def until_begun(self, content: bytes) -> None:
        await until(lambda: self.fleet.script(content).recognised > 0)


async def until(condition: Callable[[], Any], seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(
    folder: Path, fleet: ScriptedFleet | None = None, profiles: Any = None, **changes: Any
) -> AsyncGenerator[Scene]:
    fleet = fleet or ScriptedFleet()
    data_dir = folder / "data"
    store = await Store.open(data_dir)
    try:
        async with open_desk(
            store,
            cast(Fleet, fleet),
            profiles or {"test": PROFILE},
            replace(OPTIONS, **changes),
            data_dir,
        ) as desk:
            yield Scene(desk, store, fleet, folder)
    finally:
        await store.close()


def with_desk(folder: Path, test: Callable[[Scene], Coroutine[Any, Any, None]], **changes: Any) -> None:
    async def body() -> None:
        async with asyncio.timeout(120), opened(folder, **changes) as scene:
            await test(scene)

    asyncio.run(body())


__all__ = ["ANN", "BOB", "ROOT", "Over", "ParleyError", "Priority", "Scene", "opened", "until", "with_desk"]
