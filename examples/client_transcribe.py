"""A server transcribes a file: `python examples/client_transcribe.py talk.wav localhost:8767 [TOKEN]`."""

import sys

from parley.client import Client, Progress, Uploading


def show(event: object) -> None:
    if isinstance(event, Uploading):
        print(f"sent {event.sent_bytes} of {event.total_bytes} bytes", file=sys.stderr)
    if isinstance(event, Progress):
        print(f"{event.percent:3.0f} %  {event.message}", file=sys.stderr)


path, server, *token = sys.argv[1:]
with Client(server, *token) as client:
    result = client.transcribe(path, on_progress=show)
    for segment in result.segments:
        print(f"{segment.start:7.2f}  {segment.speaker}: {segment.text}")
