import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Literal

import pytest

from parley.telemetry.log import configure
from parley.telemetry.redaction import redact
from parley.telemetry.trace import tracing


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    logger = logging.getLogger("parley")
    before = (list(logger.handlers), logger.level, logger.propagate)
    last_resort = logging.lastResort
    yield
    logging.captureWarnings(False)
    logging.lastResort = last_resort
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def test_a_line_is_time_level_room_message() -> None:
    out: list[str] = []
    configure("INFO", lambda line: None)
    configure("info", out.append)
    logging.getLogger("parley.fleet.pool").info("a worker of %s", "main")
    logging.getLogger("parley.fleet.pool").debug("not this")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO fleet a worker of main", out[0])
    assert len(out) == 1


def test_warnings_of_others_go_the_same_way() -> None:
    out: list[str] = []
    configure("warning", out.append)
    logging.getLogger("py.warnings").warning("something is odd")
    logging.getLogger("py.warnings").info("not this")
    [line] = out
    assert line.endswith(" WARNING py something is odd")


SECRETS = [
    "pk_0123456789ab_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl",
    "hush",
]


@pytest.mark.parametrize("line_format", ["text", "json"])
@pytest.mark.parametrize(
    "message",
    [
        '127.0.0.1:5555 - "GET /?token={} HTTP/1.1" 101',
        '127.0.0.1:5555 - "WebSocket /any/path?x=1&token={}" [accepted]',
        "fetching https://media.example/talk.wav?signature={}&x=1#t",
        "posting to https://user:{}@hook.example/in",
        "header authorization: Bearer {}",
        "{{'token': '{}'}}",
        "secret={}, and more",
        "PARLEY_AUTH__SECRET={}",
    ],
)
@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_never_reach_a_line(message: str, secret: str, line_format: Literal["text", "json"]) -> None:
    out: list[str] = []
    configure("info", out.append, line_format)
    logging.getLogger("parley.server").info(message.format(secret))
    logging.getLogger("parley.server").info("%s", message.format(secret))
    try:
        raise ValueError(message.format(secret))
    except ValueError:
        logging.getLogger("parley.server").exception("it failed")
    assert len(out) == 3
    assert secret not in "".join(out)
    assert "***" in out[0]


@pytest.mark.parametrize("secret", SECRETS[:2])
def test_tokens_are_known_wherever_they_stand(secret: str) -> None:
    assert redact(f"it was {secret}, they say") == "it was ***, they say"


@pytest.mark.parametrize(
    "text", ["is it so? yes", "3/4 of 10", "a worker of main", "https://x.example/y.wav", "tokens: two of 3"]
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


def test_lines_of_the_web_server_go_the_same_way() -> None:
    out: list[str] = []
    configure("info", out.append)
    logger = logging.getLogger("uvicorn.access")
    before, logger.level = logger.level, logging.INFO
    try:
        logger.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", "/v1/jobs?token=hush", "1.1", 200)
    finally:
        logger.setLevel(before)
    # Without handlers of their own, foreign loggers end in the handler of last resort.
    assert not [line for line in out if "hush" in line]


def test_a_trace_stands_in_the_lines_of_its_task_and_nowhere_else() -> None:
    out: list[str] = []
    configure("info", out.append)
    log = logging.getLogger("parley.jobs.desk")

    async def work(name: str) -> None:
        with tracing(name):
            await asyncio.sleep(0)
            await asyncio.to_thread(log.info, "in a thread")
            log.info("done")

    async def main() -> None:
        await asyncio.gather(work("one"), work("two"))
        log.info("outside")

    asyncio.run(main())
    tails = [line.split(" jobs ")[1] for line in out]
    assert sorted(tails) == [
        "[one] done", "[one] in a thread", "[two] done", "[two] in a thread", "outside",
    ]  # fmt: skip


def test_json_lines_have_the_same_facts() -> None:
    out: list[str] = []
    configure("info", out.append, "json")
    with tracing("4711"):
        logging.getLogger("parley.fleet.pool").warning("a worker of %s 死了\nline", "main")
    try:
        raise RuntimeError("no")
    except RuntimeError:
        logging.getLogger("parley.server").exception("it failed")
    first, second = map(json.loads, out)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "level": "warning", "room": "fleet", "trace": "4711", "message": "a worker of main 死了\nline",
    }  # fmt: skip
    assert "trace" not in second
    assert second["error"].endswith("RuntimeError: no")
    assert out[0].isascii()
