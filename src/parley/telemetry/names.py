"""Every number that `/metrics` shows: its name, what it means, and the labels it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_LAGS = (
    0.001,
    0.002,
    0.003,
    0.005,
    0.0075,
    0.01,
    0.015,
    0.02,
    0.03,
    0.05,
    0.075,
    0.1,
    0.15,
    0.2,
    0.5,
    1.0,
    5.0,
)

_LIVE_LAGS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number. Counters only grow while the server runs; `buckets` are those of a histogram."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name=f"parley_{name}", kind="gauge", meaning=meaning, labels=labels)


def _counter(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name=f"parley_{name}_total", kind="counter", meaning=meaning, labels=labels)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name=f"parley_{name}", kind="histogram", meaning=meaning, labels=labels, buckets=buckets)


INFO = _gauge("info", "Always 1; the label names the version.", "version")
READY = _gauge("ready", "1 while the server takes work, as /ready says.")
UPTIME = _gauge("uptime_seconds", "Seconds since the server started.")

QUEUE_WAITING = _gauge("queue_waiting_tasks", "Tasks that wait for their turn.")
QUEUE_OLDEST = _gauge("queue_oldest_wait_seconds", "How long the task waits that has waited longest.")
TASKS_RUNNING = _gauge("tasks_running", "Tasks that are worked on.")
TASKS = _counter("tasks", "Tasks by the state they ended in, since the server started.", "state")
STAGE_SECONDS = _histogram(
    "stage_seconds", "Seconds that a stage of the recipe took for one recording.", _SECONDS, "stage"
)
TASK_SECONDS = _histogram("task_seconds", "Seconds from the admission of a task to its end.", _SECONDS)

WORKERS = _gauge("workers", "Worker processes by what they do.", "pool", "state")
WORKER_CALLS_WAITING = _gauge("worker_calls_waiting", "Calls that wait for a worker.", "pool")
WORKER_RESTARTS = _counter("worker_restarts", "Workers that were lost and replaced.", "pool")
WORKER_RECYCLED = _counter("worker_recycled", "Workers replaced because they were worn.", "pool")
ENGINE_WORKERS = _gauge(
    "engine_workers", "Workers that have an engine loaded, by the device it is on.", "engine", "device"
)
ENGINE_BROKEN = _gauge(
    "engine_broken", "1 for an engine that could not be loaded, until it has been.", "engine"
)
MEMORY = _gauge("memory_bytes", "Resident memory of the server, and of its workers together.", "process")

CACHE_HITS = _counter("cache_hits", "Requests answered from what was remembered.")
CACHE_MISSES = _counter("cache_misses", "Requests that had to be worked on.")

UPLOADS_OPEN = _gauge("uploads_open", "Uploads that are not finished.")
UPLOAD_BYTES = _counter("upload_bytes", "Bytes of recordings received.")
DISK_FREE = _gauge("disk_free_bytes", "Free space where the data directory lives.")

LOOP_LAG = _histogram("event_loop_lag_seconds", "How late the event loop wakes up.", _LAGS)
LOOP_LAG_MAX = _gauge("event_loop_lag_max_seconds", "The latest it woke up in the last minute.")
CONNECTIONS = _gauge("connections", "Open lines by door.", "door")

LIVE_SESSIONS = _gauge(
    "live_sessions", "Live sessions by state: open, or waiting for a client whose line was lost.", "state"
)
LIVE_LAG = _histogram(
    "live_lag_seconds",
    "How old the oldest audio of a session is that is not dealt with, each session once a second.",
    _LIVE_LAGS,
)
LIVE_LAG_MAX = _gauge("live_lag_max_seconds", "The longest lag of a live session now.")
LIVE_LAG_P95 = _gauge("live_lag_p95_seconds", "The lag that 95 of 100 live sessions do not exceed now.")
LIVE_OPENED = _counter("live_sessions_opened", "Live sessions that were admitted.")
LIVE_REFUSED = _counter("live_sessions_refused", "Live sessions that were refused, by number or by lag.")
LIVE_MOVED = _counter(
    "live_sessions_moved", "Times a live session went on in another worker or in one that was started anew."
)
LIVE_FINALS = _counter("live_finals", "Utterances of live sessions that got their final text.")
LIVE_SKIPPED = _counter("live_partials_skipped", "Partial texts that were left out to keep up.")
LIVE_AUDIO = _counter("live_audio_seconds", "Seconds of audio that live sessions have taken.")
LIVE_PROCESSOR = _counter(
    "live_processor_seconds", "Processor time of live speech in workers: listening, final, partial.", "stage"
)

SPEAKING = _gauge("speaking_requests", "Texts that are spoken now.")
SPEAKING_STARTED = _counter("speaking_requests_started", "Texts that were taken to be spoken.")
SPEAKING_REFUSED = _counter("speaking_requests_refused", "Texts that were refused because of their number.")
SPEAKING_FAILED = _counter("speaking_requests_failed", "Texts that could not be spoken to their end.")
SPEAKING_CANCELLED = _counter("speaking_requests_cancelled", "Texts that were cancelled.")
SPEECH_AUDIO = _counter("speech_audio_seconds", "Seconds of speech that were made.")
SPEECH_PROCESSOR = _counter("speech_processor_seconds", "Processor time of making speech in workers.")
SPEECH_FIRST_AUDIO = _histogram(
    "speech_first_audio_seconds", "From the first whole clause of a text to its first audio.", _LIVE_LAGS
)

ASSISTANT_SESSIONS = _gauge("assistant_sessions", "Conversations that are open, lost lines included.")
ASSISTANT_OPENED = _counter("assistant_sessions_opened", "Conversations that were admitted.")
ASSISTANT_REFUSED = _counter("assistant_sessions_refused", "Conversations that were refused by number.")
ASSISTANT_TURNS = _counter("assistant_turns", "Turns of conversations that are over.")
ASSISTANT_INTERRUPTED = _counter("assistant_turns_interrupted", "Those of them that the user interrupted.")
ASSISTANT_ERRORS = _counter("assistant_errors", "What failed and conversations survived, by code.", "code")
ASSISTANT_STAGE = _histogram(
    "assistant_stage_seconds",
    "Seconds from the end of the user's speech to a stage of the turn: endpoint, asr_final, llm_first_token, "
    "first_sentence, tts_first_audio, first_audio_sent.",
    _LIVE_LAGS,
    "stage",
)

NOTIFICATIONS = _counter(
    "notifications", "Deliveries by kind of target and outcome: sent, failed, given_up, dropped.",
    "target", "outcome",
)  # fmt: skip
NOTIFICATIONS_WAITING = _gauge("notifications_waiting", "Deliveries that are not done.")

METRICS: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of them, in the order above."""
