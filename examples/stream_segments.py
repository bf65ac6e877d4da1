"""Print text while it is recognised, then the speakers: `python examples/stream_segments.py meeting.mp4`."""

import asyncio
import sys

import parley


async def main(path: str) -> None:
    transcription = parley.stream(path)
    async for segment in transcription:
        print(f"{segment.start:7.2f}  {segment.text}")
    if transcription.transcript is not None:
        print("speakers:", ", ".join(transcription.transcript.speakers))


asyncio.run(main(sys.argv[1]))
