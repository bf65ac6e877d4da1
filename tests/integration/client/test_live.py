"""Live sessions over lines that break, servers that do not read, and everything that may be refused."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from parley.client import (
    AsyncClient,
    Client,
    Done,
    Final,
    LiveEvent,
    Partial,
    Received,
    Trouble,
    Voice,
    live_session,
)
from parley.errors import (
    AuthFailed,
    InvalidOption,
    LiveOverloaded,
    ParleyError,
    RecognitionFailed,
    ServerUnreachable,
    SessionIdle,
    SessionNotFound,
)
from tests.integration.client.scripted_live import Live, serving

AUDIO = random.Random(5).randbytes(2 * 30_001)
CHUNK = 2 * 1800 + 1
MARK_AT = 5 * CHUNK


@pytest.fixture
def live() -> Iterator[Live]:
    with serving(Live()) as live:
        yield live


def chunks() -> Iterator[bytes]:
    for first in range(0, len(AUDIO), CHUNK):
        yield AUDIO[first : first + CHUNK]


def listen(live: Live, **options: Any) -> list[LiveEvent]:
    """The whole recording, one mark in the middle, everything that was told."""

    async def main() -> list[LiveEvent]:
        async with AsyncClient(live.url, live.token).listen(**options) as session:

            async def speak() -> None:
                for number, chunk in enumerate(chunks()):
                    await session.send(chunk)
                    if (number + 1) * CHUNK == MARK_AT:
                        await session.finalize()
                await session.stop()

            speaking = asyncio.create_task(speak())
            try:
                return [event async for event in session]
            finally:
                await asyncio.gather(speaking, return_exceptions=True)

    return asyncio.run(main())


def finals(events: list[LiveEvent]) -> list[Final]:
    return [event for event in events if isinstance(event, Final)]


def check(live: Live, events: list[LiveEvent], expected: list[Final]) -> None:
    """No audio twice, none lost; every final once."""
    assert bytes(live.session.heard) == AUDIO
    assert finals(events) == expected
    assert isinstance(events[-1], Done)
    assert [isinstance(event, Done) for event in events].count(True) == 1
    assert events[-1].utterances == len(expected)


def test_everything_is_told_in_order(live: Live) -> None:
    events = listen(live, hotwords={"Parley": 2.0}, language="en", endpoint_silence_ms=300)
    told = finals(events)
    assert [final.utterance for final in told] == list(range(len(told)))
    assert told[0].confidence == 0.5
    # The mark ends an utterance that would have been longer, at a whole sample.
    assert MARK_AT // 2 / 16000 in [final.end for final in told]
    check(live, events, told)
    assert {type(event) for event in events} >= {Voice, Partial, Final, Received, Done}
    start = live.session.start
    assert (start["hotwords"], start["language"], start["endpoint_silence_ms"]) == (
        {"Parley": 2.0},
        "en",
        300,
    )
    assert live.paths == {"/asr"}


def test_cut_at_every_message() -> None:
    """Each of the messages of a whole session, in both directions, is replaced by a cut once."""
    with serving(Live(token="secret")) as live:
        events = listen(live)
        expected, messages = finals(events), live.counted
        check(live, events, expected)
    for number in range(4, messages + 1):
        with serving(Live(token="secret", cuts={number})) as live:
            check(live, listen(live), expected)


def test_cut_again_and_again(live: Live) -> None:
    with serving(Live()) as whole:
        expected = finals(listen(whole))
    live.cuts = set(range(5, 2000, 6))
    check(live, listen(live), expected)
    assert live.lines > 4


@pytest.mark.parametrize("number", [1, 2])
def test_the_first_line_is_not_waited_for(live: Live, number: int) -> None:
    live.cuts = {number}
    with pytest.raises(ServerUnreachable):
        listen(live)
    assert live.lines == 1


def test_a_line_that_falls_silent_is_replaced(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_session, "_QUIET_S", 1.0)

    async def main() -> list[LiveEvent]:
        live.mute = True
        async with AsyncClient(live.url).listen() as session:
            await session.send(AUDIO)
            while live.lines < 2:  # noqa: ASYNC110 - the server has its own thread
                await asyncio.sleep(0.01)
            live.mute = False
            await session.stop()
            return [event async for event in session]

    events = asyncio.run(main())
    check(live, events, finals(events))


def test_a_server_that_never_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_session, "RESUME_S", 0.5)

    async def main(live: Live, stopped: threading.Event) -> None:
        async with AsyncClient(live.url).listen() as session:
            await session.send(AUDIO)
            stopped.set()
            with pytest.raises(ServerUnreachable):
                async for _ in session:
                    pass
            with pytest.raises(ServerUnreachable):
                await session.send(AUDIO)
            with pytest.raises(ServerUnreachable):
                await session.finalize()

    with serving(Live()) as live:
        stopped = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(main(live, stopped)), daemon=True)
        problems: list[Any] = []
        monkeypatch.setattr(threading, "excepthook", problems.append)
        thread.start()
        assert stopped.wait(30)
    thread.join(60)
    assert not thread.is_alive()
    assert not problems


def test_a_session_that_the_server_forgot(live: Live) -> None:
    live.forgetful = True
    live.cuts = {9}
    with pytest.raises(SessionNotFound):
        listen(live)
    assert live.lines == 2


def test_sending_waits_while_the_server_does_not_read(live: Live) -> None:
    live.stalled = True
    much = AUDIO * 400

    async def main() -> tuple[int, list[LiveEvent]]:
        sent = 0
        async with AsyncClient(live.url).listen() as session:

            async def speak() -> None:
                nonlocal sent
                for first in range(0, len(much), 1 << 16):
                    await session.send(much[first : first + (1 << 16)])
                    sent = first
                await session.stop()

            speaking = asyncio.create_task(speak())
            before = -1
            while not sent or sent != before:
                before = sent
                await asyncio.sleep(0.5)
            assert not speaking.done()
            live.stalled = False
            events = [event async for event in session]
            await speaking
            return before, events

    stuck_at, events = asyncio.run(main())
    assert 0 < stuck_at < len(much) - (1 << 20)
    assert bytes(live.session.heard) == much
    assert isinstance(events[-1], Done)


def test_unread_events_are_bounded(live: Live) -> None:
    """Whoever reads late hears every final, but of partials and acknowledgements the newest only."""

    async def main() -> list[LiveEvent]:
        async with AsyncClient(live.url).listen() as session:
            for chunk in chunks():
                await session.send(chunk)
            await session.stop()
            # Everything has come, and nothing of it is read.
            assert session._running is not None
            await asyncio.wait_for(asyncio.shield(session._running), 60)
            return [event async for event in session]

    events = asyncio.run(main())
    check(live, events, finals(events))
    assert [isinstance(event, Received) for event in events].count(True) <= 2
    assert [isinstance(event, Partial) for event in events].count(True) <= 2


def test_an_utterance_lost_is_no_end(live: Live) -> None:
    live.trouble = True
    events = listen(live)
    troubles = [event for event in events if isinstance(event, Trouble)]
    assert isinstance(troubles[0].error, RecognitionFailed)
    assert [trouble.utterance for trouble in troubles] == [final.utterance for final in finals(events)]
    assert isinstance(events[-1], Done)


def test_what_ends_a_session_is_raised(live: Live) -> None:
    live.failure = "idle_timeout"
    with pytest.raises(SessionIdle, match="idle_timeout"):
        listen(live)
    assert live.lines == 1


@pytest.mark.parametrize(
    ("options", "refusal", "expected"),
    [
        ({}, {"error": "live_overloaded"}, LiveOverloaded),
        ({"sample_rate": 4000}, None, InvalidOption),
        ({"hotword": ["x"]}, None, InvalidOption),
        ({"encoding": "mp3"}, None, InvalidOption),
    ],
)
def test_refusals(
    live: Live, options: dict[str, Any], refusal: dict[str, Any] | None, expected: type[ParleyError]
) -> None:
    live.refusal = refusal
    with pytest.raises(expected):
        listen(live, **options)


def test_a_token_that_lacks() -> None:
    with (
        serving(Live(token="secret")) as live,
        pytest.raises(AuthFailed, match="token"),
        Client(live.url) as client,
        client.listen(),
    ):
        pass


def test_the_plain_client(live: Live) -> None:
    with Client(live.url) as client:
        with client.listen() as session:
            assert (session.id, session.profile, session.streaming) == ("s", "embedded", False)
            for number, chunk in enumerate(chunks()):
                session.send(chunk)
                if (number + 1) * CHUNK == MARK_AT:
                    session.finalize()
            session.stop()
            session.send(b"ignored")
            events = list(session)
        check(live, events, finals(events))
        live.sessions.clear()
        events = list(client.transcribe_live(chunks()))
        check(live, events, finals(events))


def test_pieces_that_come_asynchronously(live: Live) -> None:
    async def spoken() -> AsyncIterator[bytes]:
        for chunk in chunks():
            await asyncio.sleep(0)
            yield chunk

    async def main() -> list[LiveEvent]:
        return [event async for event in AsyncClient(live.url).transcribe_live(spoken())]

    events = asyncio.run(main())
    check(live, events, finals(events))


def test_pieces_that_end_with_an_exception(live: Live) -> None:
    def broken() -> Iterator[bytes]:
        yield AUDIO
        raise OSError("unplugged")

    events: list[LiveEvent] = []
    with Client(live.url) as client, pytest.raises(OSError, match="unplugged"):
        events.extend(client.transcribe_live(broken()))
    assert bytes(live.session.heard) == AUDIO


def test_leaving_early_ends_the_session(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_session, "_LEAVING_S", 30.0)

    async def main() -> None:
        async with AsyncClient(live.url).listen() as session:
            await session.send(AUDIO)
            async for event in session:
                if isinstance(event, Final):
                    break

    asyncio.run(main())
    deadline = time.monotonic() + 30
    while live.session.done is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_many_sessions_of_one_client_do_not_meet(live: Live) -> None:
    voices = [random.Random(number).randbytes(40_000 + 2 * number) for number in range(8)]

    async def main() -> list[list[LiveEvent]]:
        client = AsyncClient(live.url)

        async def one(voice: bytes) -> list[LiveEvent]:
            pieces = [voice[first : first + 999] for first in range(0, len(voice), 999)]
            return [event async for event in client.transcribe_live(pieces)]

        return await asyncio.gather(*map(one, voices))

    told = asyncio.run(main())
    assert sorted(bytes(session.heard) for session in live.sessions.values()) == sorted(voices)
    by_voice = {bytes(session.heard): session.finals for session in live.sessions.values()}
    for voice, events in zip(voices, told, strict=True):
        assert [final.text for final in finals(events)] == [final["text"] for final in by_voice[voice]]
