"""Sessions in virtual time: paced as a microphone, counted, and as many as a server bears."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from tests.unit.bench.live.virtual import Server, run

from parley.bench.live.accuracy import LiveHearing, compared
from parley.bench.live.clips import Samples
from parley.bench.live.course import LiveCourse, Plan
from parley.bench.live.crowd import Crowd
from parley.bench.live.latency import LatencyMeasurement, opened
from parley.bench.live.load import LoadMeasurement
from parley.bench.live.material import Scripts
from parley.bench.live.pacing import for_ever, once, pace
from parley.bench.live.processor import Meter
from parley.bench.live.report import Step
from parley.bench.live.script import Said, SaidWord, Script
from parley.bench.live.session import Session
from parley.errors import ParleyError
from parley.speech.span import Span
from parley.wire.speech.asr_client import Start

SECOND = bytes(32_000)
START = Start(endpoint_silence_ms=700)


def test_no_sample_is_sent_before_its_time_and_none_is_lost() -> None:
    async def main() -> tuple[list[tuple[float, int]], float]:
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), list[tuple[float, int]]()

        async def send(chunk: bytes) -> None:
            sent.append((loop.time() - began, len(chunk)))
            if len(sent) == 3:
                await asyncio.sleep(0.45)  # the server takes nothing for a while

        seconds = await pace(once(SECOND + bytes(100)), began, send, lambda late_s: None, asyncio.Event())
        return sent, seconds

    sent, seconds = run(main())
    moments = [at for at, _ in sent]
    assert moments[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert moments[3:7] == pytest.approx([0.75] * 4)
    assert moments[7:] == pytest.approx([0.8, 0.9, 1.0, 1.003125])
    assert sum(size for _, size in sent) == 32_100
    assert seconds == pytest.approx(1.003125)


def test_talk_begins_anywhere_and_goes_on_for_ever() -> None:
    pcm = bytes(range(256)) * 100
    whole = b"".join(itertools.islice(for_ever(pcm, 0.3), 30))
    assert whole == (pcm[9600:] + pcm * 4)[: len(whole)]
    assert list(for_ever(b"")) == []


def crowd(server: Server) -> Crowd:
    return Crowd(dial=server.dial, start=START, pcm=SECOND * 10, silence_s=0.7)


def load(crowd: Crowd) -> LoadMeasurement:
    return LoadMeasurement(crowd=crowd, meter=Meter(None), max_lag_s=1.0, step_s=30, tell=lambda text: None)


def test_the_largest_number_is_found_and_overload_is_told_and_over_again() -> None:
    server = Server(capacity=21.5, refuse_s=3.0)

    async def main() -> tuple[LoadMeasurement, int, Step, float | None]:
        ticking = asyncio.create_task(server.live())
        people = crowd(server)
        measuring = load(people)
        capacity = await measuring.capacity(8, 500, 12)
        overload = await measuring.overload(capacity.holds)
        assert people.size == overload.left == capacity.holds // 2
        await people.close()
        ticking.cancel()
        return measuring, capacity.holds, overload.step, overload.recovered_s

    measuring, holds, step, recovered_s = run(main())
    assert holds in (21, 22)
    assert server.lines == []
    assert len(measuring.steps) <= 8
    assert [each.holds for each in measuring.steps] == [each.lag_s < 1.0 for each in measuring.steps]
    assert all(each.seconds == pytest.approx(30, abs=1) for each in measuring.steps if each.holds)
    assert step.lag_s > 3.0
    assert step.refused.keys() == {"live_overloaded"}
    assert recovered_s is not None
    assert 0 < recovered_s < 60


def test_a_server_that_refuses_does_not_hold() -> None:
    async def main() -> tuple[int, int]:
        server = Server(lag_s=5.0, refuse_s=3.0)
        people = crowd(server)
        found = await load(people).capacity(4, 100, 5)
        await people.close()
        return found.holds, sum(people.refused.values())

    assert run(main()) == (0, 4 + 2 + 1)


def test_sessions_that_the_server_ends_are_counted() -> None:
    async def main() -> tuple[int, dict[str, int]]:
        server = Server()
        people = crowd(server)
        await people.resize(3, 1.0)
        server.lines[0].tell("error", error="idle_timeout", message="", fatal=True)
        await server.lines[0].close()
        await asyncio.sleep(61)
        size, lost = people.size, dict(people.lost)
        await people.close()
        return size, lost

    assert run(main()) == (2, {"idle_timeout": 1})


SAID = (Said(speech=Span(0.5, 2.0), words=(SaidWord(text="six", end=1.0), SaidWord(text="two", end=2.0))),)
TEXTS = (
    (1.3, "partial", {"utterance": 0, "start": 0.4, "text": "six"}),
    (3.0, "final", {"utterance": 0, "start": 0.4, "end": 2.1, "text": "Six two."}),
)


def test_delays_are_measured_from_when_it_was_said() -> None:
    async def main() -> None:
        server = Server(texts=TEXTS)
        script = Script(pcm=SECOND * 4, said=SAID)
        measuring = LatencyMeasurement(dial=server.dial, start=START, script=script, silence_s=0.7)
        found = await measuring.measure(2, 3)
        assert (found.sessions, found.asked) == (5, 2)
        assert found.final is not None
        assert found.beyond is not None
        assert found.word is not None
        assert (found.final.p50_s, found.beyond.p95_s) == (pytest.approx(1.0), pytest.approx(0.3))
        assert (found.word.p50_s, found.word.count) == (pytest.approx(0.3), 2)
        assert (found.only_final, found.misheard, found.without_final) == (2, 0, 0)

    run(main())


def test_a_server_that_is_still_busy_is_waited_for() -> None:
    async def main() -> float:
        server = Server(lag_s=9, refuse_s=3)
        asyncio.get_running_loop().call_later(10, setattr, server, "lag_s", 0.0)
        began = asyncio.get_running_loop().time()
        session = await opened(server.dial, START, SECOND)
        session.leave()
        await session.speak()
        return asyncio.get_running_loop().time() - began

    assert 10 <= run(main()) < 13


def test_a_server_that_lets_nobody_in_is_an_error_with_its_words() -> None:
    async def main() -> None:
        with pytest.raises(ParleyError, match="Too much"):
            await opened(Server(lag_s=9, refuse_s=3).dial, START, SECOND)

    run(main())


def test_recordings_are_spoken_a_few_at_a_time() -> None:
    import numpy as np

    server = Server(texts=((0.5, "final", {"utterance": 0, "start": 0, "end": 0.4, "text": "Six two."}),))
    recordings: dict[str, Samples] = {str(n): np.zeros(16000 * (n + 1), dtype=np.int16) for n in range(5)}

    async def main() -> dict[str, str]:
        return await LiveHearing(dial=server.dial, start=START, at_once=2).hear(recordings)

    assert run(main()) == dict.fromkeys(recordings, "Six two.")
    assert (server.opened, server.most) == (5, 2)
    assert compared([], {}, {}, 2) is None


def test_a_course_measures_part_by_part() -> None:
    server = Server(capacity=6.5, refuse_s=3.0, texts=TEXTS)
    said: list[str] = []

    async def nobody() -> None:
        return None

    async def main() -> LiveCourse:
        ticking = asyncio.create_task(server.live())
        script = Script(pcm=SECOND * 4, said=SAID)
        course = LiveCourse(
            plan=Plan(silence_s=0.7, max_lag_s=1.0, step_s=20, first=None, most=50, trials=10),
            dial=server.dial,
            start=START,
            scripts=Scripts(talk=script, timed=script, speech_share=0.5),
            words=None,
            costs=nobody,
            pid=None,
            tell=said.append,
        )
        await course.run()
        ticking.cancel()
        return course

    course = run(main())
    assert course.notes == []
    assert course.capacity is not None
    assert course.capacity.holds in (6, 7)
    assert [each.sessions for each in course.latencies] == [1, course.capacity.holds // 2]
    assert course.overload is not None
    assert course.streaming
    assert server.lines == []
    assert any("sessions do not hold" in line for line in said)


def test_an_idle_session_waits_for_what_is_still_to_come() -> None:
    async def main() -> Session:
        server = Server()
        session = Session(server.dial, START, once(SECOND))
        await session.open()
        session.leave()
        await session.speak()
        assert server.lines == []
        return session

    journal = run(main()).journal
    assert (journal.is_done, journal.problem, journal.sent_s) == (True, "", 0.0)
