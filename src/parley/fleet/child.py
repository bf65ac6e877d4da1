"""One child process: its start, its frames and its end. Knows nothing of engines and calls."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

from parley.fleet.limits import FleetLimits
from parley.fleet.murmur import Murmur
from parley.fleet.spec import PoolSpec, apart_from_terminal, worker_environment
from parley.wire.frames import Frame, FromWorker, Stop
from parley.wire.framing import LENGTH, body_length, decode_from_worker, encode

# Windows has no SIGKILL; there SIGTERM is TerminateProcess.
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
_EXIT_POLL_S = 1.0
_LAST_WORDS_S = 0.5


class Child:
    """A running worker process; whoever started it must `retire`, `dismiss` or `break_off` it."""

    def __init__(self, process: Process, pool: str, limits: FleetLimits) -> None:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101 - all three were asked for
        self._process = process
        self._limits = limits
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self.pid = process.pid
        self.murmur = Murmur(pool, process.pid)
        self._hearing = asyncio.create_task(self.murmur.listen(self._stderr))
        self._exit = asyncio.create_task(self._await_exit())

    @classmethod
    async def start(cls, spec: PoolSpec, limits: FleetLimits) -> Child:
        """Start a worker of the pool; raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *await asyncio.to_thread(spec.command),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=worker_environment(spec),
            **apart_from_terminal(),
        )
        return cls(process, spec.name, limits)

    async def send(self, frame: Frame) -> None:
        """Write one frame and wait until the pipe has taken it; a dead child shows in `receive`."""
        data = encode(frame)
        with suppress(ConnectionError):
            self._stdin.write(data)
            await self._stdin.drain()

    async def receive(self) -> FromWorker | None:
        """The next frame, or None when the child is gone, even half-way; raises FrameError."""
        try:
            header = await self._stdout.readexactly(LENGTH.size)
            return decode_from_worker(await self._stdout.readexactly(body_length(header)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    @property
    def has_exited(self) -> bool:
        """Whether the process has ended and was reaped."""
        return self._process.returncode is not None

    async def _await_exit(self) -> None:
        """Wait for the process, not for its pipes: what it started may hold them open for ever."""
        waiting = asyncio.create_task(self._process.wait())
        try:
            while self._process.returncode is None:
                await asyncio.wait({waiting}, timeout=_EXIT_POLL_S)
            await asyncio.wait({waiting}, timeout=_LAST_WORDS_S)
        finally:
            if not waiting.done():
                waiting.cancel()
                self._kill_group()
                self._stdout.feed_eof()
                self._stderr.feed_eof()

    async def retire(self) -> None:
        """Ask an idle child to stop, and see to it that it does."""
        # Not drained: a child that does not even read this must not hold us up.
        if not self.has_exited:
            self._stdin.write(encode(Stop()))
        await self._finish()

    async def dismiss(self) -> None:
        """Close the pipe, which ends a child at once even in the middle of a call."""
        self._stdin.close()
        await self._finish()

    async def break_off(self) -> None:
        """Let a child that does not answer show its stacks, then kill it."""
        try:
            if not self.has_exited and sys.platform != "win32":
                self._signal(signal.SIGUSR1)
                await asyncio.wait({self._exit}, timeout=self._limits.dump_grace_s)
        finally:
            self.kill()
        await self._reap()

    async def expire(self) -> None:
        """The pipe has ended: leave the process a moment to end as it wants, then kill it."""
        await asyncio.wait({self._exit}, timeout=self._limits.dump_grace_s)
        await self.drop()

    async def drop(self) -> None:
        """Kill the child without asking."""
        self.kill()
        await self._reap()

    def kill(self) -> None:
        """Send SIGKILL to the child and what it started; without effect on one that has ended."""
        if not self.has_exited:
            self._kill_group()
            self._signal(_KILL)

    def fate(self) -> str:
        """How the process ended, as the end of a sentence."""
        code = self._process.returncode
        if code is None:
            return "closed its pipe"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"

    async def _finish(self) -> None:
        await asyncio.wait({self._exit}, timeout=self._limits.stop_grace_s)
        await (self._reap() if self.has_exited else self.break_off())

    async def _reap(self) -> None:
        """Wait, bounded even for a process that the kernel does not let go, until nothing is left."""
        await asyncio.wait({self._exit, self._hearing}, timeout=self._limits.stop_grace_s)
        self._stdin.close()
        if not self._exit.done():
            # What it started still holds a pipe, and closing ours hides that from `_await_exit`.
            self._kill_group()
        # asyncio sees the end of a pipe only while somebody reads it: one that holds a late reply
        # would outlive the event loop and complain when it is collected. Process has no close().
        getattr(self._process, "_transport").close()  # noqa: B009

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _kill_group(self) -> None:
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
