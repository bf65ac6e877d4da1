"""The life of a worker: one thread listens, the main thread loads engines and answers calls in order."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time

import parley
from parley.errors import OutOfMemory
from parley.wire.frames import (
    FRAME_VERSION,
    Call,
    CloseStream,
    Failure,
    FeedStream,
    FeedStreams,
    Heartbeat,
    Hello,
    Load,
    Loaded,
    OpenStream,
    Probe,
    Probed,
    Progress,
    Result,
    Stop,
    ToWorker,
    Trying,
)
from parley.wire.framing import FrameError
from parley.workers.calls import answer
from parley.workers.failures import failure, is_beyond_repair
from parley.workers.heartbeat import resident_bytes, start_heartbeat
from parley.workers.pipe import Pipe
from parley.workers.placing import Placed, open_backend, place, survey
from parley.workers.streams import Streams

_LOST_DEVICE = 70
"""The exit code of a worker whose device computes nothing more; another worker takes its call."""

_log = logging.getLogger(__name__)


class WorkerLoop:
    """Answers every Load and Call with exactly one frame of the same id."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._engines: dict[str, Placed] = {}
        self._streams = Streams()
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

    def _respond(self, frame: Load | Call | Probe) -> None:
        about = frame.backend.rpartition(":")[2] if isinstance(frame, Probe) else frame.engine
        try:
            self._send_measured(self._answer(frame))
            return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an engine may raise anything, and the worker lives on
            _log.warning("%s of %s failed: %s", type(frame).__name__, about, type(error).__name__)
            if is_beyond_repair(error):
                _log.exception("the device of %s is lost to this process, which ends", about)
                os._exit(_LOST_DEVICE)
            models = frame.models if isinstance(frame, Load) else ()
            failed = failure(frame.call_id, about, error, models)
        if failed.code == OutOfMemory.code and about in self._engines:
            # So that a smaller try has room; now that the error is gone, whose traceback held what
            # the engine had made so far.
            self._engines[about].release()
        self._send_measured(failed)

    def _answer(self, frame: Load | Call | Probe) -> Loaded | Result | Probed:
        match frame:
            case Load():
                return self._load(frame)
            case Call():
                return self._call(frame)
            case Probe():
                return self._probe(frame)

    def _send_measured(self, frame: Loaded | Result | Probed | Failure) -> None:
        """Memory first, so that the parent knows it when it decides what this worker does next."""
        self._pipe.send(Heartbeat(rss_bytes=resident_bytes()))
        self._pipe.send(frame)

    def _load(self, load: Load) -> Loaded:
        began = time.monotonic()
        # What was open before gives its memory back first.
        self._engines.pop(load.engine, None)
        self._streams.forget(load.engine)
        placed = place(load, lambda device: self._pipe.send(Trying(call_id=load.call_id, device=device)))
        self._engines[load.engine] = placed
        seconds = time.monotonic() - began
        _log.info("loaded %s on %s in %.2f s", load.engine, placed.device, seconds)
        return Loaded(
            call_id=load.call_id,
            seconds=seconds,
            device=placed.device,
            memory_mib=placed.memory_mib,
            notices=placed.notices,
        )

    def _probe(self, probe: Probe) -> Probed:
        def tell(device: str) -> None:
            self._pipe.send(Trying(call_id=probe.call_id, device=device))

        devices = survey(open_backend(probe.backend), tell, probe.avoid)
        return Probed(call_id=probe.call_id, devices=devices)

    def _call(self, call: Call) -> Result:
        began = time.process_time()

        def progress(done_s: float) -> None:
            self._pipe.send(Progress(call_id=call.call_id, done_s=float(done_s)))

        engine = self._engines[call.engine].engine
        request = call.request
        if isinstance(request, OpenStream | FeedStream | FeedStreams | CloseStream):
            reply = self._streams.answer(call.engine, engine, request)
        else:
            reply = answer(engine, call, progress)
        return Result(call_id=call.call_id, reply=reply, cpu_s=time.process_time() - began)
