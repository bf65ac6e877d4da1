"""Whatever a client sends in whatever order, each request ends once, and is silent after that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.server.tts.scripted import Line, Scene, scene, until

from parley.errors import SpeakingError, VoicesBusy

IDS = st.sampled_from("abcd")
TEXTS = st.sampled_from(["", "one", "two|", "|", "x" * 500, "早上好|再见", "y" * 2000])
STEPS = st.one_of(
    st.tuples(st.just("synthesize"), IDS, TEXTS),
    st.tuples(st.sampled_from(["start", "flush", "end", "cancel", "end", "cancel"]), IDS),
    st.tuples(st.just("text"), IDS, TEXTS),
    st.tuples(st.just("unfit"), IDS),
    st.tuples(st.sampled_from(["junk", "ping", "voices", "audio"])),
    st.tuples(st.just("pause"), st.integers(0, 20)),
    st.tuples(st.sampled_from(["stall", "take", "refuse", "accept", "fail", "hold", "let go"])),
)
SEQUENCES = st.lists(STEPS, min_size=1, max_size=30)
Step = tuple[Any, ...]


class Client:
    """Counts what it asked for, and checks what it hears."""

    def __init__(self, here: Scene) -> None:
        self.here = here
        self.line: Line = here.line()
        self.asked: Counter[str] = Counter()

    async def do(self, step: Step) -> None:
        match step:
            case ("synthesize", str(request_id), str(text)):
                self.ask("synthesize", request_id, text=text)
            case ("start", str(request_id)):
                self.ask("start", request_id)
            case ("unfit", str(request_id)):
                self.ask("start", request_id, speed=99)
            case ("text", str(request_id), str(text)):
                self.line.send("text", request_id=request_id, text=text)
            case ("pause", int(rounds)):
                for _ in range(rounds):
                    await asyncio.sleep(0)
            case (("flush" | "end" | "cancel") as kind, str(request_id)):
                self.line.send(kind, request_id=request_id)
            case (str(kind),):
                self.do_once(kind)
            case _:
                raise AssertionError(step)

    def do_once(self, kind: str) -> None:
        line = self.line
        acts: dict[str, Callable[[], None]] = {
            "junk": lambda: line.send_text("{"),
            "audio": lambda: line.send_audio(b"\0\1"),
            "stall": line.may_take.clear,
            "take": line.may_take.set,
            "ping": lambda: line.send("ping"),
            "voices": lambda: line.send("voices"),
            "let go": self.let_go,
        }
        acts.get(kind, lambda: self.trouble(kind))()

    def trouble(self, kind: str) -> None:
        room = self.here.room
        if kind in ("refuse", "accept"):
            room.refusal = VoicesBusy("Later.") if kind == "refuse" else None
        elif room.speaking and kind == "fail":
            room.speaking[-1].failure = SpeakingError("It could not be said.")
        elif room.speaking:
            room.speaking[-1].gate.clear()

    def let_go(self) -> None:
        for speaking in self.here.room.speaking:
            speaking.gate.set()

    def ask(self, kind: str, request_id: str, **more: Any) -> None:
        self.asked[request_id] += 1
        self.line.send(kind, request_id=request_id, **more)

    def is_settled(self) -> bool:
        """Whether everything that was asked for has ended, or was refused because of another one."""
        taken = [error for error in self.line.told("error") if "is open; choose" in error["message"]]
        unfit = [error for error in self.line.told("error") if "'speed'" in error["message"]]
        of_open = [error for error in (*taken, *unfit) if error["request_id"] is None]
        ended = sum(len(self.line.lasts(request_id)) for request_id in self.asked)
        assert ended + len(of_open) <= self.asked.total()
        return ended + len(of_open) == self.asked.total()

    def check(self) -> None:
        """Audio stands between `started` and the last message of its request only."""
        current, voices = None, set[bytes]()
        begun = Counter[str]()
        for heard in self.line.heard:
            if isinstance(heard, bytes):
                assert current is not None, "audio after the end"
                assert heard[:2] * (len(heard) // 2) == heard
                voices.add(heard[:2])
                assert len(voices) == 1, "audio of another request"
                continue
            kind, data = heard["type"], heard["data"]
            if kind == "started":
                assert current is None, heard
                current = data["request_id"]
                begun[current] += 1
                voices = set()
            elif kind == "sentence":
                assert data["request_id"] == current
            elif data.get("request_id") == current:
                current = None
        assert current is None
        for request_id, count in begun.items():
            assert count <= len(self.line.lasts(request_id))


async def converse(steps: list[Step], last: str) -> None:
    async with scene(max_waiting=2, max_text_chars=2100) as here:
        client = Client(here)
        for step in steps:
            await client.do(step)
        client.do_once("take")
        client.let_go()
        for request_id in "abcd":
            client.line.send(last, request_id=request_id)
        await until(client.is_settled)
        client.line.send("ping")
        await client.line.until("pong")
        client.check()
        assert client.is_settled()
        assert client.line.closed is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=SEQUENCES, last=st.sampled_from(["cancel", "end"]))
@example(
    steps=[("synthesize", "a", "x" * 500), ("pause", 20), ("cancel", "a"), ("synthesize", "a", "one")],
    last="end",
)
@example(
    steps=[("start", "a"), ("pause", 5), ("stall",), ("text", "a", "y" * 2000), ("cancel", "a")], last="end"
)
def test_every_request_ends_once_and_is_silent_then(steps: list[Step], last: str) -> None:
    asyncio.run(converse(steps, last))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=SEQUENCES)
def test_whenever_the_line_is_lost_everything_is_free(steps: list[Step]) -> None:
    async def main() -> None:
        async with scene(max_waiting=2, max_text_chars=2100) as here:
            client = Client(here)
            for step in steps:
                await client.do(step)
            client.line.vanish()

    asyncio.run(main())
