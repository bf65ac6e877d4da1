"""A chat as OpenAI-compatible servers take it and give it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from parley.assistant.contract import Message, ToolWish
from parley.assistant.history import fitting, tokens_of

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

MOST_TOOL_CHARS = 100_000
MOST_TOOLS = 16

_OPEN, _CLOSE = "<think>", "</think>"


def messages_of(
    instructions: str, history: Sequence[Message], language: str | None, budget: int
) -> list[ChatCompletionMessageParam]:
    """What is sent: as much of the conversation as fits, the roles in turn, as some models demand."""
    system = instructions.strip()
    if language:
        system = f"{system}\nThe language of the conversation has the code '{language}'.".strip()
    sent: list[ChatCompletionMessageParam] = []
    if system:
        sent.append({"role": "system", "content": system})
        budget = max(1, budget - tokens_of(system))
    for message in _in_turn(fitting(history, budget)):
        if message.role == "user":
            sent.append({"role": "user", "content": message.text})
        else:
            sent.append({"role": "assistant", "content": message.text})
    return sent


def _in_turn(history: Sequence[Message]) -> list[Message]:
    """Messages of one role that follow each other are one."""
    joined: list[Message] = []
    for message in history:
        if joined and joined[-1].role == message.role:
            before = joined.pop()
            message = Message(role=message.role, text=f"{before.text}\n{message.text}", at=message.at)
        joined.append(message)
    return joined


class Halves:
    """Puts characters together that a server wrote as two halves, one each in two pieces; half a one that is
    left alone could be neither sent nor stored."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """What of a piece is whole."""
        text, self._half = self._half + piece, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def end(self) -> str:
        """What stands for a half that was left."""
        return "\ufffd" if self._half else ""


class Thoughts:
    """Takes away what a model that reasons aloud writes before its answer, between <think> and </think>."""

    def __init__(self) -> None:
        self._waiting: str | None = ""
        self._is_thinking = False

    def feed(self, piece: str) -> str:
        """The part of a piece that is meant for the user."""
        if self._waiting is None:
            return piece
        text = (self._waiting + piece).lstrip() if not self._is_thinking else self._waiting + piece
        if not self._is_thinking and text.startswith(_OPEN):
            self._is_thinking, text = True, text.removeprefix(_OPEN)
        if self._is_thinking:
            return self._after(text)
        if _OPEN.startswith(text):
            self._waiting = text
            return ""
        self._waiting = None
        return text

    def end(self) -> str:
        """What was held back for its beginning only."""
        rest = "" if self._is_thinking else self._waiting or ""
        self._waiting = None
        return rest

    def _after(self, text: str) -> str:
        thought, mark, answer = text.partition(_CLOSE)
        if not mark:
            self._waiting = thought[-len(_CLOSE) :]
            return ""
        self._waiting, self._is_thinking = None, False
        return answer.lstrip()


class Reading:
    """What came of a stream so far."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.has_text = self.has_any = False
        self._tools: dict[int, tuple[str, str]] = {}
        self._halves, self._thoughts = Halves(), Thoughts()

    def take(self, chunk: ChatCompletionChunk) -> str:
        """The text of a chunk; raises AttributeError or TypeError for one that is none."""
        if not chunk.choices:
            return ""
        self.has_any = True
        choice = chunk.choices[0]
        self.finish_reason = choice.finish_reason or self.finish_reason
        for call in choice.delta.tool_calls or ():
            if call.function:
                self._take_tool(call.index, call.function.name or "", call.function.arguments or "")
        return self._note(self._thoughts.feed(self._halves.feed(choice.delta.content or "")))

    def rest(self) -> str:
        """What is left when the stream has ended."""
        return self._note(self._thoughts.feed(self._halves.end()) + self._thoughts.end())

    def wishes(self) -> list[ToolWish]:
        """The tools that were asked for."""
        return [ToolWish(name=name, arguments=arguments) for name, arguments in self._tools.values() if name]

    def _note(self, text: str) -> str:
        self.has_text = self.has_text or bool(text.strip())
        return text

    def _take_tool(self, index: int, name: str, arguments: str) -> None:
        if len(self._tools) < MOST_TOOLS or index in self._tools:
            known_name, known = self._tools.get(index, ("", ""))
            self._tools[index] = known_name + name, (known + arguments)[:MOST_TOOL_CHARS]
