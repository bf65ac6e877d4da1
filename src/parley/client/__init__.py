"""The Python library that talks to a server."""

from __future__ import annotations

from parley.client.asynchronous import AsyncClient
from parley.client.events import Completed, Event, Progress, Queued, Reading, Segment, Uploading
from parley.client.job import AsyncJob
from parley.client.options import Options
from parley.client.result import Result
from parley.client.synchronous import Client, Job

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "Client",
    "Completed",
    "Event",
    "Job",
    "Options",
    "Progress",
    "Queued",
    "Reading",
    "Result",
    "Segment",
    "Uploading",
]
