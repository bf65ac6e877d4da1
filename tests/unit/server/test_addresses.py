from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from threading import Event
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import UrlRefused
from parley.server import addresses

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
NOT_PUBLIC = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "100::1", "3fff::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text: str) -> None:
    assert addresses.is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_addresses_that_are_not_public(text: str) -> None:
    assert not addresses.is_public(ip_address(text))


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="127.0.0.0/8"))
def test_wrapping_an_address_does_not_make_it_public(inner: Any) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::", "::"):
        wrapped = ip_address(int(ip_address(prefix)) | int(inner))
        assert not addresses.is_public(wrapped)


class Names:
    """A resolver that knows some names, and counts how often it was asked."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): found for name, found in known.items()}
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        try:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (str(ip_address(host)), port))]
        except ValueError:
            pass
        if host not in self.known:
            raise socket.gaierror(-2, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in self.known[host]]


def checked(url: str, names: Names | None = None, **how: Any) -> addresses.Place:
    with mock.patch.object(socket, "getaddrinfo", (names or Names()).getaddrinfo):
        return asyncio.run(addresses.check(url, **how))


def test_the_place_is_what_was_checked() -> None:
    names = Names(example_com=["8.8.8.8", "1.1.1.1"])
    place = checked("https://Example.COM:8443/a%20b?c=d#e", names)
    assert str(place.url) == "https://8.8.8.8:8443/a%20b?c=d"
    assert place.headers == {"Host": "example.com:8443"}
    assert place.extensions == {"sni_hostname": "example.com"}
    assert names.asked == ["example.com"]


def test_an_address_of_version_six() -> None:
    place = checked("http://[2606:4700:4700::1111]/a")
    assert str(place.url) == "http://[2606:4700:4700::1111]/a"
    assert place.headers == {"Host": "[2606:4700:4700::1111]"}


@pytest.mark.parametrize(
    "url",
    [
        "", "a", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
        "http://", "http:///a", "http://user@example.com/", "http://user:secret@example.com/",
        "http://example.com/ a", "http://example.com/\n", "http://example.com/" + "a" * 2000,
        "http://[fe80::1%25eth0]/", "http://[::1", "http://example.com:99999/", "http://unknown.example/",
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/",
        "http://mixed.example/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        checked(url, Names(example_com=["8.8.8.8"], mixed_example=["8.8.8.8", "10.0.0.1"]))


def test_private_addresses_where_they_are_allowed() -> None:
    assert str(checked("http://127.0.0.1:80/a", allow_private=True).url) == "http://127.0.0.1/a"
    with pytest.raises(UrlRefused):
        checked("file:///etc/passwd", allow_private=True)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"])
def test_odd_spellings_of_loopback_are_resolved_before_they_are_judged(host: str) -> None:
    with pytest.raises(UrlRefused):
        asyncio.run(addresses.check(f"http://{host}/"))


@given(st.text(max_size=60))
def test_nothing_else_comes_out_of_any_text(text: str) -> None:
    try:
        place = checked(text, Names())
    except UrlRefused:
        return
    assert addresses.is_public(ip_address(place.url.host))


def test_names_that_are_not_answered_for_take_no_thread_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = Event()

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        answered.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "again")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
        asked = [asyncio.create_task(addresses.check(f"http://{number}.example/")) for number in range(8)]
        try:
            async with asyncio.timeout(30):
                assert await asyncio.to_thread(lambda: "done") == "done"
        finally:
            answered.set()
        for failure in await asyncio.gather(*asked, return_exceptions=True):
            # Whoever wanted to call there may try again later.
            assert isinstance(failure, UrlRefused)
            assert not failure.permanent

    asyncio.run(main())
