"""The life of a worker: one thread listens, the main thread loads engines and answers calls in order."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time

import parley
from parley.engines.contract import Engine
from parley.wire.frames import (
    FRAME_VERSION,
    Call,
    Failure,
    FrameError,
    Heartbeat,
    Hello,
    Load,
    Loaded,
    Progress,
    Result,
    Stop,
    ToWorker,
)
from parley.workers.calls import answer
from parley.workers.failures import failure
from parley.workers.heartbeat import resident_bytes, start_heartbeat
from parley.workers.loading import load_engine
from parley.workers.pipe import Pipe

_log = logging.getLogger(__name__)


class WorkerLoop:
    """Answers every Load and Call with exactly one frame of the same id."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._engines: dict[str, Engine] = {}
        # The parent sends a frame only after the last one was answered, so this stays short.
        self._inbox: queue.SimpleQueue[ToWorker] = queue.SimpleQueue()

    def run(self) -> None:
        """Greet the parent and work until it says Stop; the end of the pipe ends the process at once."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        self._pipe.send(
            Hello(package_version=parley.__version__, frame_version=FRAME_VERSION, pid=os.getpid())
        )
        start_heartbeat(self._pipe)
        while not isinstance(frame := self._inbox.get(), Stop):
            self._respond(frame)

    def _listen(self) -> None:
        """Nothing is saved on the way out: the parent is gone, and native code may never return."""
        try:
            for frame in self._pipe.frames():
                self._inbox.put(frame)
        except FrameError as error:
            _log.error("the parent sent something that is no frame: %s", error)
        os._exit(0)

    def _respond(self, frame: Load | Call) -> None:
        try:
            reply = self._load(frame) if isinstance(frame, Load) else self._call(frame)
            self._send_measured(reply)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an engine may raise anything, and the worker lives on
            _log.warning("%s of %s failed: %s", type(frame).__name__, frame.engine, type(error).__name__)
            self._send_measured(failure(frame.call_id, frame.engine, error))

    def _send_measured(self, frame: Loaded | Result | Failure) -> None:
        """Memory first, so that the parent knows it when it decides what this worker does next."""
        self._pipe.send(Heartbeat(rss_bytes=resident_bytes()))
        self._pipe.send(frame)

    def _load(self, load: Load) -> Loaded:
        began = time.monotonic()
        self._engines[load.engine] = load_engine(load.engine, load.factory)
        seconds = time.monotonic() - began
        _log.info("loaded %s in %.2f s", load.engine, seconds)
        return Loaded(call_id=load.call_id, seconds=seconds)

    def _call(self, call: Call) -> Result:
        began = time.process_time()

        def progress(done_s: float) -> None:
            self._pipe.send(Progress(call_id=call.call_id, done_s=float(done_s)))

        reply = answer(self._engines[call.engine], call, progress)
        return Result(call_id=call.call_id, reply=reply, cpu_s=time.process_time() - began)
