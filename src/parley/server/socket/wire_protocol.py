"""A WebSocket connection under uvicorn: frames to ASGI messages and back, with bounds on everything.

Written on the sans-I/O handshake of `websockets`, as uvicorn's own implementation is; the frames are
read here, because memory has to be asked for before a payload arrives and not counted afterwards.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from parley.server.socket.budget import FrameBudget
from parley.server.socket.frames import (
    SCRATCH_BYTES,
    CloseCode,
    Control,
    Drain,
    FrameError,
    FrameReader,
    Message,
    Opcode,
    close_payload,
    frame,
    read_close,
)
from parley.server.socket.handshake import Handshake
from parley.server.socket.outlet import Outlet
from parley.server.socket.patience import Patience
from parley.server.socket.turnstile import Turnstile
from parley.server.socket.wire_options import LINE, WireOptions

_LINGER_S = 1.0
_LINGER_AT_MOST_S = 30.0

_log = logging.getLogger(__name__)

# One buffer for all connections: it is written and emptied within one call of the event loop.
_scratch = memoryview(bytearray(SCRATCH_BYTES))


def wire_protocol(options: WireOptions) -> Callable[..., BoundedWebSocket]:
    """What uvicorn calls for each connection (`ws=`); they share a byte budget and a turnstile."""
    budget = FrameBudget(options.frame_budget_bytes)
    return functools.partial(BoundedWebSocket, options=options, budget=budget, turnstile=Turnstile())


class BoundedWebSocket(asyncio.BufferedProtocol):
    """One connection. To the application it is also its `Line`: limits and the memory of messages."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        options: WireOptions | None = None,
        budget: FrameBudget | None = None,
        turnstile: Turnstile | None = None,
    ) -> None:
        self._options = options or WireOptions()
        self._budget = budget or FrameBudget(self._options.frame_budget_bytes)
        self._turnstile = turnstile or Turnstile()
        self._loop = _loop or asyncio.get_running_loop()
        self._app = config.loaded_app
        self._config = config
        self._state = server_state
        self._app_state = app_state
        self._reader = FrameReader(self._ask, self._options.max_frame_bytes)
        self._patience = Patience(
            self, self._loop, self._options.ping_interval_s, self._options.send_timeout_s
        )
        self._outlet = Outlet(self._loop, self._patience)
        # Lists and futures made when they are needed: an idle connection should cost little.
        self._inbox: list[dict[str, Any]] = []
        self._listener: asyncio.Future[None] | None = None
        self._in_hand = 0
        self._is_open = False
        self._drain: Drain | None = None
        self._reading = True
        self._last_words: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport = None  # type: ignore[assignment]

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is there; uvicorn's HTTP protocol has read the request."""
        self.transport = cast("asyncio.Transport", transport)
        self._outlet.opened(self.transport)
        self._state.connections.add(self)  # type: ignore[arg-type] - uvicorn lists its own
        self._patience.watch_socket(transport.get_extra_info("socket"))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go: straight into a large payload, else through the shared buffer."""
        if self._drain is not None:
            return _scratch
        return self._reader.room() or _scratch

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes were put there."""
        self._patience.heard()
        if self._drain is not None:
            if self._drain.feed(_scratch[:nbytes]):
                self.transport.close()
            return
        if self._reader.room() is not None:
            self._reader.filled(nbytes)
        else:
            self._reader.feed(_scratch[:nbytes])
        self._read_on()

    def data_received(self, data: bytes) -> None:
        """The request, as uvicorn hands it over."""
        task = self._loop.create_task(self._begin(data))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    def eof_received(self) -> bool | None:
        """The peer writes no more: the line is closed."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone."""
        self._state.connections.discard(self)
        self._patience.stop()
        if self._last_words is not None:
            self._last_words.cancel()
        self._outlet.lost()
        self._forget_reader()
        if not self._closing:
            self._disconnect(1006)

    def pause_writing(self) -> None:
        """The peer does not keep up."""
        self._outlet.pause()

    def resume_writing(self) -> None:
        """The peer has taken most of what was sent."""
        self._outlet.resume()

    def shutdown(self) -> None:
        """The server stops."""
        if self._is_open:
            self._close(CloseCode.SERVICE_RESTART, "")
            self._disconnect(CloseCode.SERVICE_RESTART)
        else:
            self.transport.close()

    # What the application calls, besides ASGI

    def limit(self, most_bytes: int) -> None:
        """Refuse messages larger than this from now on."""
        self._reader.most_bytes = min(most_bytes, self._options.max_frame_bytes)

    def give_on_pieces(self) -> None:
        """Receive binary messages from now on in pieces, as they arrive."""
        self._reader.in_pieces = True

    def claim(self) -> int:
        """Keep the memory of the message received last until `release` is called with the answer;
        else it counts as dealt with when the next one is received.
        """
        size, self._in_hand = self._in_hand, 0
        return size

    def release(self, size: int) -> None:
        """A claimed message is dealt with."""
        self._give_back(size)

    def abort(self) -> None:
        """Drop the line at once."""
        self.transport.abort()

    # What the patience asks

    def ping(self) -> None:
        """Ask the peer for a sign of life."""
        if self._is_open and not self._closing:
            self._outlet.write(frame(Opcode.PING, b""))

    @property
    def is_listening(self) -> bool:
        """Whether bytes of the peer would be noticed."""
        return self._reading

    @property
    def is_in_the_way(self) -> bool:
        """Whether an unfinished frame holds memory that others wait for."""
        return self._reader.in_frame and self._budget.is_contended

    @property
    def frame_bytes(self) -> int:
        """Length of the frame being read."""
        return self._reader.frame_bytes

    # Reading

    def admitted(self) -> None:
        """Memory for the next frame is there."""
        self._reader.admit()
        self._loop.call_soon(self._read_on)

    def _ask(self, size: int, continuing: bool) -> bool:
        return self._budget.ask(self, size, continuing=continuing)

    def _give_back(self, size: int) -> None:
        if size:
            self._budget.release(size, self)

    def _read_on(self) -> None:
        """Deliver what is complete, one message at a time, and read only while there is a place for it."""
        if self._closing:
            return
        try:
            while self._has_room and (event := self._reader.next_event()) is not None:
                self._take(event)
        except FrameError as error:
            self._fail(error)
        self._listen(self._closing or (self._has_room and not self._reader.is_waiting))

    @property
    def _has_room(self) -> bool:
        return self._is_open and not (self._inbox or self._outlet.is_gone or self._closing)

    @property
    def _closing(self) -> bool:
        """Whether our close frame was sent."""
        return self._drain is not None

    def _forget_reader(self) -> None:
        """Nothing more is read into messages: give their memory back."""
        reader, self._reader = self._reader, FrameReader(self._ask, 0)
        self._budget.forget(self)
        self._give_back(reader.charged)

    def _listen(self, wanted: bool) -> None:
        if wanted == self._reading or self._outlet.is_gone or self.transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._patience.heard()
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _take(self, event: Control | Message) -> None:
        match event:
            case Message():
                self._deliver_message(event)
            case Control(Opcode.PING, payload):
                self._outlet.answer(frame(Opcode.PONG, payload))
            case Control(Opcode.CLOSE, payload):
                code, reason = read_close(payload)
                self._disconnect(code, reason)
                self._close(CloseCode.NORMAL if code == 1005 else code, "")
                self.transport.close()  # the server closes first
            case _:
                pass

    def _deliver_message(self, message: Message) -> None:
        delivered: dict[str, Any] = {"type": "websocket.receive", "charged": message.charged}
        if message.is_text:
            try:
                delivered["text"] = message.payload.decode()
            except UnicodeDecodeError:
                self._give_back(message.charged)
                raise FrameError(CloseCode.INVALID_DATA, "a text message is UTF-8") from None
        else:
            delivered["bytes"] = message.payload
        self._deliver(delivered)

    def _deliver(self, message: dict[str, Any]) -> None:
        self._inbox.append(message)
        if self._listener is not None and not self._listener.done():
            self._listener.set_result(None)

    def _disconnect(self, code: int, reason: str = "") -> None:
        self._deliver({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _fail(self, error: FrameError) -> None:
        """Close because the peer broke the protocol."""
        _log.info("a connection is closed: %s (%d)", error.reason, error.code)
        self._disconnect(error.code, error.reason)
        self._close(error.code, error.reason)

    # Writing

    def _close(self, code: int, reason: str) -> None:
        """Say goodbye. What the peer still sends is read and dropped until it says goodbye too, or falls
        silent: closing while bytes arrive would reset the connection, and our last words would be lost.
        """
        if self._closing or self._outlet.is_gone:
            return
        self._outlet.write(frame(Opcode.CLOSE, close_payload(code, reason)))
        self._drain = self._reader.drain()
        self._forget_reader()
        self._listen(True)
        until = self._loop.time() + _LINGER_AT_MOST_S
        self._last_words = self._loop.call_later(_LINGER_S, self._linger, until)

    def _linger(self, until: float) -> None:
        if self._patience.silent_s < _LINGER_S and self._loop.time() < until:
            self._last_words = self._loop.call_later(_LINGER_S, self._linger, until)
        else:
            self.transport.close()
            self._last_words = self._loop.call_later(self._options.send_timeout_s, self.transport.abort)

    # ASGI

    async def _begin(self, data: bytes) -> None:
        """Answer the handshake when its turn has come."""
        await self._turnstile.turn()
        if self._outlet.is_gone:
            return
        handshake = Handshake(data, self._config, self._state, self._app_state)
        if not handshake.is_acceptable:
            self._outlet.write(handshake.refusal())
            self.transport.close()
            return
        scope = handshake.scope(self.transport)
        scope[LINE] = self
        self._deliver({"type": "websocket.connect"})
        await self._run(scope, handshake)

    async def _run(self, scope: dict[str, Any], handshake: Handshake) -> None:
        try:
            await self._app(scope, self.receive, functools.partial(self._send_event, handshake))  # type: ignore[arg-type]
        except OSError:
            pass  # the line went away while something was being said
        except Exception as error:  # noqa: BLE001 - the door
            _log.error("a WebSocket application failed: %s", type(error).__name__, exc_info=error)
        finally:
            self._give_back(self.claim() + sum(message.get("charged", 0) for message in self._inbox))
            self._inbox.clear()
            self._finish(handshake)

    def _finish(self, handshake: Handshake) -> None:
        """The application is done: so is the line."""
        if self._is_open:
            self._close(CloseCode.NORMAL, "")
        elif not self.transport.is_closing():
            self._outlet.write(handshake.refuse(500, [], b""))
            self.transport.close()

    async def receive(self) -> dict[str, Any]:
        """The next message; the one before it is dealt with unless it was claimed."""
        self._give_back(self.claim())
        while not self._inbox:
            self._read_on()
            if not self._inbox:
                self._listener = self._loop.create_future()
                await self._listener
        await self._turnstile.turn()
        message = self._inbox.pop(0)
        self._in_hand = message.pop("charged", 0)
        self._loop.call_soon(self._read_on)
        return message

    async def _send_event(self, handshake: Handshake, message: dict[str, Any]) -> None:
        """Send once the peer has taken what was sent before; raises ConnectionResetError when it is gone."""
        await self._outlet.free()
        if self._outlet.is_gone or self._closing:
            raise ConnectionResetError("the line is closed")
        match message["type"]:
            case "websocket.accept":
                self._outlet.write(handshake.accept(message))
                self._is_open = True
                self._patience.start()
                self._read_on()
            case "websocket.send":
                self._send(message)
            case "websocket.close" if self._is_open:
                code = message.get("code") or CloseCode.NORMAL
                self._close(code, message.get("reason") or "")
                self._disconnect(code)
            case _:
                self._refuse(handshake.rejection(message))

    def _send(self, message: dict[str, Any]) -> None:
        data = message.get("bytes")
        if data is not None:
            self._outlet.write(frame(Opcode.BINARY, data))
        else:
            self._outlet.write(frame(Opcode.TEXT, message["text"].encode()))

    def _refuse(self, answer: bytes | None) -> None:
        if answer is not None:
            self._outlet.write(answer)
            self.transport.close()
