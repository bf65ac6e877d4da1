"""Questions of the protocol that have one answer."""

from __future__ import annotations

from typing import TypeVar

from parley.client.failures import LineLost, error_of
from parley.client.line import Door, Line, Message, Silence, open_line
from parley.wire.native.message import Data

SILENCE_S = 120.0
"""A chunk takes so long at 70 kbit/s."""

_D = TypeVar("_D", bound=Data)


async def ask(door: Door, question: Data, answer: type[_D]) -> _D:
    """Ask over a line of its own; raises what the server refuses with."""
    async with open_line(door) as line:
        return await (await ask_over(line, question, answer.TYPE)).read(answer)


async def ask_over(line: Line, question: Data, *answers: str) -> Message:
    """Ask over a line that has nothing else to say; raises what the server refuses with."""
    await line.send(question)
    while True:
        message = await next_message(line)
        if message.type in answers:
            return message
        if message.type == "error":
            raise error_of(message.data)


async def next_message(line: Line) -> Message:
    """What the server says where it has to say something; raises LineLost."""
    try:
        return await line.receive(SILENCE_S)
    except Silence:
        raise LineLost("The server has said nothing for two minutes.") from None
