"""The language model over real sockets, whatever its server does."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing
from typing import Any

import pytest

from parley.assistant.contract import Message, ToolWish
from parley.assistant.openai_model import OpenAiModel
from parley.assistant.options import LanguageModelOptions
from parley.errors import (
    LanguageModelBusy,
    LanguageModelError,
    LanguageModelRefused,
    LanguageModelSilent,
    LanguageModelUnreachable,
)
from tests.integration.assistant.misbehaving import (
    CHUNKED,
    HANG,
    STREAM,
    Script,
    Server,
    chunk,
    end,
    in_chunks,
    refusal,
    server,
    whole,
)

SAID = (Message(role="user", text="What was said", at=0.0),)
KEY = "sk-secret"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.assistant.openai_model.FIRST_BACKOFF_S", 0.01)


def options(url: str, **more: Any) -> LanguageModelOptions:
    patient = {"first_token_s": 30.0, "between_tokens_s": 30.0, "answer_s": 60.0, "retries": 2}
    return LanguageModelOptions(base_url=url, model="m", key=KEY, **{**patient, **more})


async def ask(url: str, *, history: tuple[Message, ...] = SAID, **more: Any) -> list[str | ToolWish]:
    async with OpenAiModel(options(url, **more)) as model:
        return [piece async for piece in model.answer("Be brief.", history, None)]


def answer_of(*scripts: Script, **more: Any) -> tuple[list[str | ToolWish], Server]:
    async def main() -> tuple[list[str | ToolWish], Server]:
        async with server(*scripts) as one:
            return await ask(one.url, **more), one

    return asyncio.run(main())


def failure_of(*scripts: Script, **more: Any) -> tuple[LanguageModelError, Server]:
    async def main() -> tuple[LanguageModelError, Server]:
        async with server(*scripts) as one:
            with pytest.raises(LanguageModelError) as caught:
                await ask(one.url, **more)
            return caught.value, one

    error, one = asyncio.run(main())
    for secret in (KEY, "What was said", one.url):
        assert secret not in error.message + error.detail
    assert error.message.endswith(".")
    return error, one


def test_an_answer_comes_piece_by_piece() -> None:
    pieces, one = answer_of(whole("Hel", "lo. ", "你好。"))
    assert pieces == ["Hel", "lo. ", "你好。"]
    (request,) = one.requests
    assert request["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What was said"},
    ]
    assert (request["model"], request["stream"], request["max_tokens"]) == ("m", True, 800)
    assert "temperature" not in request
    assert f"authorization: bearer {KEY}" in one.headers[0].lower()


def test_a_history_that_is_too_long_loses_its_beginning() -> None:
    history = tuple(
        Message(role="assistant" if at % 2 else "user", text=f"{at} " + "word " * 40, at=0.0)
        for at in range(21)
    )
    _, one = answer_of(whole("Yes."), history=history, history_tokens=300, temperature=0.5)
    sent = one.requests[0]["messages"]
    assert one.requests[0]["temperature"] == 0.5
    assert [message["role"] for message in sent] == ["system", *["user", "assistant"] * 2, "user"]
    assert sent[-1]["content"].startswith("20 ")


def test_a_slow_answer_is_waited_for() -> None:
    pieces, _ = answer_of((STREAM, 0.3, "Slow", 0.3, "ly.", end()))
    assert pieces == ["Slow", "ly."]


@pytest.mark.parametrize(
    ("script", "kind", "says"),
    [
        (refusal(401), LanguageModelRefused, "LLM_API_KEY"),
        (refusal(403), LanguageModelRefused, "key"),
        (refusal(404), LanguageModelRefused, "assistant.llm_model"),
        (refusal(400), LanguageModelRefused, "did not accept"),
        (refusal(422), LanguageModelRefused, "did not accept"),
        (refusal(429, "insufficient_quota"), LanguageModelBusy, "credit"),
        (whole(), LanguageModelError, "empty answer"),
        (whole("   ", "\n"), LanguageModelError, "empty answer"),
        (whole(reason="length"), LanguageModelError, "max_answer_tokens"),
        (whole("<think>Much of it", reason="length"), LanguageModelError, "max_answer_tokens"),
        (whole(reason="content_filter"), LanguageModelRefused, "declined"),
        ((STREAM, b"data: {this is no JSON}\n\n"), LanguageModelError, "llm_base_url"),
        ((STREAM, b"data: [1, 2]\n\n"), LanguageModelError, "llm_base_url"),
        ((STREAM, b'data: {"choices": [{"delta": 5}]}\n\n'), LanguageModelError, "llm_base_url"),
        (
            (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>no</html>",),
            LanguageModelError,
            "llm_base_url",
        ),
    ],
)
def test_what_will_not_be_better_soon_is_not_tried_again(
    script: Script, kind: type[LanguageModelError], says: str
) -> None:
    error, one = failure_of(script, retries=0 if kind is LanguageModelError else 2)
    assert type(error) is kind and says in error.message
    assert len(one.requests) == 1


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (refusal(500), LanguageModelError),
        (refusal(503), LanguageModelBusy),
        (refusal(429), LanguageModelBusy),
        ((b"",), LanguageModelUnreachable),
        ((STREAM,), LanguageModelError),
        ((CHUNKED, in_chunks(b": hello\n\n")), LanguageModelError),
    ],
)
def test_what_may_be_better_soon_is_tried_again(script: Script, kind: type[LanguageModelError]) -> None:
    pieces, one = answer_of(script, whole("There you are."))
    assert pieces == ["There you are."] and len(one.requests) == 2
    error, one = failure_of(script, retries=1)
    assert type(error) is kind and len(one.requests) == 2


def test_a_server_that_says_when_is_heeded() -> None:
    async def main() -> float:
        async with server(refusal(429, Retry_After="1"), whole("Yes.")) as one:
            began = asyncio.get_running_loop().time()
            assert await ask(one.url) == ["Yes."]
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(main()) >= 1.0


def test_nobody_waits_longer_than_an_answer_may_take_to_begin() -> None:
    error, one = failure_of(refusal(429, Retry_After="77"), whole("Yes."))
    assert isinstance(error, LanguageModelBusy) and "77 seconds" in error.message
    assert len(one.requests) == 1


@pytest.mark.parametrize(
    ("script", "patience"),
    [
        ((HANG,), {"first_token_s": 0.5}),
        ((STREAM, HANG), {"first_token_s": 0.5}),
        ((STREAM, "One", HANG), {"between_tokens_s": 0.5}),
        ((STREAM, *["word ", 0.2] * 200), {"answer_s": 1.0}),
    ],
)
def test_a_server_that_hangs_is_given_up(script: Script, patience: dict[str, float]) -> None:
    error, one = failure_of(script, **patience)
    assert isinstance(error, LanguageModelSilent)
    assert len(one.requests) == 1


def test_nothing_is_tried_again_once_an_answer_has_begun() -> None:
    async def main() -> None:
        broken = (CHUNKED, in_chunks(chunk({"content": "Half an"})))
        async with server(broken, whole("Whole.")) as one, OpenAiModel(options(one.url)) as model:
            pieces: list[Any] = []
            with pytest.raises(LanguageModelError, match="broke off"):
                async for piece in model.answer("", SAID, None):
                    pieces.append(piece)  # noqa: PERF401 - what came before it broke counts
            assert pieces == ["Half an"] and len(one.requests) == 1

    asyncio.run(main())


def test_an_answer_without_an_end_was_broken_off() -> None:
    error, _ = failure_of((STREAM, "Half an"))
    assert "broke off" in error.message


def test_an_error_in_the_stream_is_one() -> None:
    error, _ = failure_of((STREAM, "Half", b'data: {"error": {"message": "sk-secret", "code": "x"}}\n\n'))
    assert "broke off" in error.message


def test_an_answer_that_was_cut_by_its_length_is_an_answer() -> None:
    assert answer_of(whole("As long as", " it gets", reason="length"))[0] == ["As long as", " it gets"]


def test_thoughts_are_not_said() -> None:
    pieces, _ = answer_of(whole("<th", "ink>Hm, ", "what? </th", "ink>\n\nFor", "ty-two."))
    assert "".join(map(str, pieces)) == "Forty-two."
    pieces, _ = answer_of(whole("<", "3 you"))
    assert "".join(map(str, pieces)) == "<3 you"


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("Hi \ud83d", "\ude00 there."), "Hi 😀 there."),
        (("\ud83d", "\ude00"), "😀"),
        (("Hi \ud83d there.", " \ude00"), "Hi \ufffd there. \ufffd"),
        (("Hi \ud83d",), "Hi \ufffd"),
    ],
)
def test_half_characters_are_put_together_or_replaced(pieces: tuple[str, ...], text: str) -> None:
    said, _ = answer_of(whole(*pieces))
    assert "".join(map(str, said)) == text


def test_a_tool_that_nobody_offered_is_told_of() -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "clock", "arguments": '{"zo'}}
    more = {"index": 0, "function": {"arguments": 'ne": 1}'}}
    script = (STREAM, chunk({"tool_calls": [call]}), chunk({"tool_calls": [more]}), end("tool_calls"))
    assert answer_of(script)[0] == [ToolWish(name="clock", arguments='{"zone": 1}')]


def test_a_very_long_answer_comes_whole() -> None:
    pieces, _ = answer_of(whole(*["word "] * 1000))
    assert len(pieces) == 1000


def test_where_nobody_listens_that_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(LanguageModelUnreachable, match="start its server"):
            asyncio.run(ask(url, retries=1))


def test_who_closes_an_answer_hangs_up() -> None:
    async def main() -> None:
        async with server((STREAM, "One", HANG)) as one, OpenAiModel(options(one.url)) as model:
            answer: Any = model.answer("", SAID, None)
            async with aclosing(answer) as pieces:
                assert await anext(pieces) == "One"
            async with asyncio.timeout(30):
                while not one.hung_up:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def test_whoever_is_cancelled_hangs_up() -> None:
    async def main() -> None:
        async with server((STREAM, HANG)) as one, OpenAiModel(options(one.url)) as model:
            answer: Any = model.answer("", SAID, None)
            asking = asyncio.create_task(anext(answer))
            async with asyncio.timeout(30):
                while not one.requests:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                asking.cancel()
                await asyncio.wait({asking})
                while not one.hung_up:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def test_the_key_is_in_no_sight() -> None:
    assert KEY not in repr(options("http://127.0.0.1:1/v1"))
