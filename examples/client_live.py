"""A server listens while a recording plays: `python examples/client_live.py talk.wav localhost:8767`."""

import sys
import time
import wave
from collections.abc import Iterator

from parley.client import Client, Final, Partial


def play(recording: wave.Wave_read) -> Iterator[bytes]:
    while chunk := recording.readframes(recording.getframerate() // 10):
        time.sleep(0.1)
        yield chunk


path, server, *token = sys.argv[1:]
with wave.open(path) as recording, Client(server, *token) as client:
    for event in client.transcribe_live(
        play(recording), sample_rate=recording.getframerate(), channels=recording.getnchannels()
    ):
        if isinstance(event, Partial):
            print(f"\r{event.text}", end="", flush=True)
        if isinstance(event, Final):
            print(f"\r{event.start:7.2f}  {event.text}")
