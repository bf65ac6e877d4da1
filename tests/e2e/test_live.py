"""Live speech through the installed server: real recordings, many sessions, lost workers, lost lines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import jiwer

from tests.e2e.command import Parley, wait_until
from tests.e2e.serving import serve
from tests.e2e.speaking import Speaker, pcm_of, session, sessions_of, spoken, workers_of_server

MANY = 30


def recordings(audio: Path, count: int) -> list[Path]:
    """The shortest English utterances."""
    rows = [json.loads(line) for line in (audio / "manifest.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["path"].startswith("librispeech/test-other")]
    rows = sorted(rows, key=lambda row: row["duration_s"])[:count]
    assert len(rows) == count
    return [audio / row["path"] for row in rows]


def test_thirty_sessions_at_once_say_what_each_says_alone(parley: Parley, audio: Path) -> None:
    pieces = [pcm_of(path, 4.0) for path in recordings(audio, MANY)]
    parley.settings["PARLEY_LIVE__MAX_SESSIONS"] = "100"
    served = serve(parley)

    async def alone() -> list[Speaker]:
        return [await spoken(served.socket_url, pcm, partials=False) for pcm in pieces]

    async def together() -> list[Speaker]:
        # Cut differently, so that nothing depends on how the audio came.
        sessions = [
            spoken(served.socket_url, pcm, partials=False, pace={"chunk_s": 0.02 + 0.013 * number})
            for number, pcm in enumerate(pieces)
        ]
        return list(await asyncio.gather(*sessions))

    apart, beside = asyncio.run(alone()), asyncio.run(together())
    assert [speaker.told("final") for speaker in beside] == [speaker.told("final") for speaker in apart]
    assert sum(bool(speaker.texts) for speaker in apart) == MANY
    served.stop()


def test_a_killed_worker_costs_no_session_and_no_word(parley: Parley, audio: Path) -> None:
    pieces = [
        pcm_of(audio / "joined" / "en_2spk.flac", 40.0),
        pcm_of(audio / "joined" / "en_long_10spk.flac", 40.0),
    ]
    parley.settings |= {"PARLEY_LIVE__WORKERS": "1"}
    served = serve(parley)
    url = served.socket_url

    # How many partials there are depends on load, and finals keep what those showed as stable.
    shown = (True, False)

    async def undisturbed() -> list[Speaker]:
        sessions = (spoken(url, pcm, partials=show) for pcm, show in zip(pieces, shown, strict=True))
        return list(await asyncio.gather(*sessions))

    async def disturbed() -> list[Speaker]:
        lines = [session(url, partials=show) for show in shown]
        speakers = [await line.__aenter__() for line in lines]
        telling = [
            asyncio.create_task(speaker.say(pcm, speed=4.0))
            for speaker, pcm in zip(speakers, pieces, strict=True)
        ]
        for kills in (1, 3):
            await asyncio.wait_for(asyncio.gather(*(speaker.has_told(kills) for speaker in speakers)), 120)
            for worker in workers_of_server(served.process.pid):
                os.kill(worker, signal.SIGKILL)
        await asyncio.gather(*telling)
        for line in lines:
            await line.__aexit__(None, None, None)
        return speakers

    whole, broken = asyncio.run(undisturbed()), asyncio.run(disturbed())
    for before, after in zip(whole, broken, strict=True):
        after.check()
        assert after.heard[-1]["type"] == "done"
        assert not after.told("error")
        said, said_again = " ".join(before.texts), " ".join(after.texts)
        assert jiwer.wer(said.lower(), said_again.lower()) < 0.1, (said, said_again)
        assert len(after.texts) == len(before.texts)
    assert broken[1].told("final") == whole[1].told("final")
    served.stop()


def test_a_lost_line_is_taken_up_where_it_was_lost(parley: Parley, audio: Path) -> None:
    pcm = pcm_of(audio / "joined" / "en_2spk.flac", 30.0)
    served = serve(parley)

    async def main() -> tuple[Speaker, list[dict[str, Any]]]:
        whole = await spoken(served.socket_url, pcm, partials=False)
        async with session(served.socket_url, partials=False) as first:
            ready = await first.until("ready")
            await first.speak(pcm[: 12 * 32000], speed=8.0)
            await first.until("final")
            first.connection.transport.abort()
        finals = first.told("final")
        last = finals[-1]["utterance"]
        async with session(
            served.socket_url, resume_token=ready["resume_token"], have_utterance=last
        ) as second:
            again = await second.until("ready")
            assert again["session_id"] == ready["session_id"]
            await second.say(pcm[again["received_samples"] * 2 :])
        assert second.heard[-1]["type"] == "done"
        return whole, finals + second.told("final")

    whole, finals = asyncio.run(main())
    assert finals == whole.told("final")
    served.stop()


def test_a_stranger_cannot_take_up_a_session_and_nothing_is_left_of_it(parley: Parley, audio: Path) -> None:
    parley.settings |= {"PARLEY_LIVE__RESUME_S": "1", "PARLEY_LIVE__SESSION_IDLE_S": "12"}
    served = serve(parley)

    async def main() -> None:
        async with session(served.socket_url) as first:
            token = (await first.until("ready"))["resume_token"]
            async with session(served.socket_url, resume_token=token[::-1]) as stranger:
                refused = await stranger.until("error")
                assert (refused["error"], refused["fatal"]) == ("session_not_found", True)
            assert sessions_of(served) == 1
        async with session(served.socket_url) as silent:
            ended = await silent.until("error")
            assert (ended["error"], ended["fatal"]) == ("idle_timeout", True)

    asyncio.run(main())
    wait_until(lambda: sessions_of(served) == 0, 60)
    served.stop()
