"""Dictate to a server: `python examples/client_dictation.py localhost:8767 < pcm`, 16 kHz, 16 bits, mono."""

import asyncio
import os
import sys

from parley.client import AsyncClient, Final, Voice


async def main(server: str) -> None:
    async with AsyncClient(server) as client, client.listen(partials=False, language="en") as session:

        async def speak() -> None:
            while chunk := await asyncio.to_thread(os.read, sys.stdin.fileno(), 3200):
                # Waits while the server is too far behind; goes on by itself after a lost line.
                await session.send(chunk)
            await session.stop()

        speaking = asyncio.create_task(speak())
        async for event in session:
            if isinstance(event, Voice):
                print(f"{event.time:7.2f}  {event.status}", file=sys.stderr)
            if isinstance(event, Final):
                print(event.text, flush=True)
        await speaking


asyncio.run(main(sys.argv[1]))
