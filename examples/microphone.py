"""Speak, and read along: `python examples/microphone.py localhost:8767`, with `pip install 'parley[mic]'`."""

import queue
import sys
from typing import Any

import sounddevice

from parley.client import Client, Final, Partial

blocks: queue.Queue[bytes] = queue.Queue()


def hear(data: Any, *_: object) -> None:
    blocks.put(bytes(data))


microphone = sounddevice.RawInputStream(
    samplerate=16000, blocksize=1600, channels=1, dtype="int16", callback=hear
)
with Client(sys.argv[1]) as client, microphone:
    for event in client.transcribe_live(iter(blocks.get, b"")):
        if isinstance(event, Partial):
            print(f"\r{event.text}", end="", flush=True)
        if isinstance(event, Final):
            print(f"\r{event.start:7.2f}  {event.text}", flush=True)
