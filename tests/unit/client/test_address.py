"""Addresses of servers, as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.client.address import parse_address
from parley.errors import InvalidOption


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost", "ws://localhost:8767/"),
        ("localhost:9000", "ws://localhost:9000/"),
        ("10.0.0.7:8767/parley", "ws://10.0.0.7:8767/parley"),
        ("[::1]:8767", "ws://[::1]:8767/"),
        ("ws://speech.example", "ws://speech.example:80/"),
        ("http://speech.example:8767/", "ws://speech.example:8767/"),
        ("wss://speech.example", "wss://speech.example:443/"),
        ("HTTPS://Speech.Example/parley/", "wss://speech.example:443/parley"),
    ],
)
def test_every_form(text: str, url: str) -> None:
    assert parse_address(text).socket_url == url


@pytest.mark.parametrize(
    "text", ["", "://", "ftp://host", "host:port", "host:99999", "ws://", "a b", "[::1", "/path/only"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InvalidOption):
        parse_address(text)


@pytest.mark.parametrize("text", ["ws://anna:secret@host", "ws://host/?token=secret", "host/#part"])
def test_a_secret_in_the_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        parse_address(text)
    assert "secret" not in refused.value.message


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    with contextlib.suppress(InvalidOption):
        assert parse_address(text).socket_url.startswith(("ws://", "wss://"))
