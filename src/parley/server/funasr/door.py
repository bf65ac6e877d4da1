"""The FunASR door: reads frames, hands audio to live sessions, and answers in the words of the protocol."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from parley.errors import ParleyError
from parley.server.funasr.behind import Behind
from parley.server.funasr.talk import Talk, excuse
from parley.server.socket.entrance import Entrance, Manners, Visitor
from parley.server.socket.line import LineGone, Receive, Send
from parley.telemetry.trace import tracing

SUBPROTOCOL = "binary"

_log = logging.getLogger(__name__)


class FunasrDoor:
    """An ASGI application for WebSockets."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        manners = Manners(excuse=excuse, asks=False, subprotocols=(SUBPROTOCOL,))
        self._entrance = Entrance(behind.guests, behind.authority, manners)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        await self._entrance.admit(scope, receive, send, self._serve)

    async def _serve(self, visitor: Visitor) -> None:
        talk = Talk(self._behind, visitor)
        # A message may wait as long as its session does, and must not take others' memory meanwhile.
        visitor.line.wire.give_on_pieces()
        with tracing(uuid.uuid4().hex):
            await self._converse(talk)

    async def _converse(self, talk: Talk) -> None:
        try:
            await talk.converse()
        except LineGone:
            raise
        except ParleyError as error:
            await talk.hang_up(error)
        except Exception:  # noqa: BLE001 - the door
            _log.exception("a connection of FunASR's protocol failed")
            await talk.hang_up(ParleyError("Something went wrong in the server; its log says what."))
        finally:
            await talk.close()
