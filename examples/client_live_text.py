"""Print text while a server recognises it: `python examples/client_live_text.py talk.wav localhost:8767`."""

import asyncio
import sys

from parley.client import AsyncClient, Completed, Segment


async def main(path: str, server: str) -> None:
    async with AsyncClient(server) as client:
        async for event in client.stream(path, segments=True):
            if isinstance(event, Segment):
                print(f"{event.start:7.2f}  {event.text}")
            if isinstance(event, Completed):
                print("speakers:", ", ".join(event.result.speakers))


asyncio.run(main(*sys.argv[1:3]))
