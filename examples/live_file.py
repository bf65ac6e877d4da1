"""Print text while a recording plays: `python examples/live_file.py talk.wav` (WAV with 16 bits)."""

import asyncio
import sys
import time
import wave
from collections.abc import Iterator

import parley


def play(recording: wave.Wave_read) -> Iterator[bytes]:
    while chunk := recording.readframes(recording.getframerate() // 10):
        time.sleep(0.1)
        yield chunk


async def main(path: str) -> None:
    with wave.open(path) as recording:
        rate, channels = recording.getframerate(), recording.getnchannels()
        async for event in parley.transcribe_live(play(recording), sample_rate=rate, channels=channels):
            if isinstance(event, parley.Partial):
                print(f"\r{event.text}", end="", flush=True)
            if isinstance(event, parley.Final):
                print(f"\r{event.start:7.2f}  {event.text}")


asyncio.run(main(sys.argv[1]))
