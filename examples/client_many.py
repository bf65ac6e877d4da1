"""Many recordings at once: `python examples/client_many.py localhost:8767 a.wav b.wav c.wav`."""

import asyncio
import sys

from parley.client import AsyncClient
from parley.errors import ParleyError


async def main(server: str, paths: list[str]) -> None:
    async with AsyncClient(server) as client:
        # The server has them all when `submit` comes back; this program could end here.
        jobs = await asyncio.gather(*(client.submit(path, priority="low") for path in paths))
        for path, job in zip(paths, jobs, strict=True):
            try:
                result = await job.result("srt")
                print(f"== {path} ({job.id})\n{result.content}")
            except ParleyError as error:
                print(f"== {path}: {error.code}: {error.message}")


asyncio.run(main(sys.argv[1], sys.argv[2:]))
