import asyncio

from parley.fleet.murmur import KEPT_LINES, LINE_CHARACTERS, Murmur


def heard(*chunks: bytes) -> list[str]:
    async def listen() -> str:
        stream = asyncio.StreamReader()
        for chunk in chunks:
            stream.feed_data(chunk)
        stream.feed_eof()
        murmur = Murmur("pool", 1)
        await murmur.listen(stream)
        return murmur.last_lines()

    return asyncio.run(listen()).splitlines()


def test_lines_survive_any_cut() -> None:
    assert heard(b"one\ntw", b"o\r\n\nthree") == ["one", "two", "three"]


def test_only_the_last_lines_are_kept() -> None:
    lines = heard(*(f"{number}\n".encode() for number in range(1000)))
    assert lines == [str(number) for number in range(1000 - KEPT_LINES, 1000)]


def test_endless_lines_and_strange_bytes_are_bounded() -> None:
    (line,) = heard(b"\xff" * 1_000_000)
    assert len(line) == LINE_CHARACTERS
