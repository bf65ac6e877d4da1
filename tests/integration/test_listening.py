"""The sockets of a server: several, or none at all."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from parley.app.listening import listening, url_of
from parley.errors import InvalidSettings
from parley.settings import load_settings


def bound(address: socket.socket) -> int:
    return address.getsockname()[1]


def wished(**live: Any) -> Any:
    return load_settings(server={"port": 0}, live=live)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)


def test_there_is_one_socket_unless_more_are_wished() -> None:
    with listening(wished()) as listeners:
        assert listeners.all == [listeners.main]
        assert url_of(listeners.main, False) == f"http://127.0.0.1:{bound(listeners.main)}"
    with listening(wished(asr_port=0, funasr_port=0)) as listeners:
        assert [path for path, _ in listeners.extra] == ["/asr", "/funasr"]
        assert len({bound(listener) for listener in listeners.all}) == 3
        assert url_of(listeners.all[1], True, "ws") == f"wss://127.0.0.1:{bound(listeners.all[1])}"
    assert all(listener.fileno() == -1 for listener in listeners.all)


def test_voices_may_have_a_socket_too() -> None:
    with listening(load_settings(server={"port": 0}, voices={"tts_port": 0})) as listeners:
        assert [path for path, _ in listeners.extra] == ["/tts"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = load_settings(server={"port": 0}, voices={"tts_port": bound(taken)})
        with pytest.raises(InvalidSettings, match="choose another with --tts-port"), listening(settings):
            pass


@pytest.mark.parametrize(("name", "option"), [("asr_port", "--asr-port"), ("funasr_port", "--funasr-port")])
def test_a_port_that_is_taken_is_named_before_anything_starts(name: str, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = bound(taken)
        with (
            pytest.raises(InvalidSettings, match=rf"port {port}: .* choose another with {option}"),
            listening(wished(**{name: port})),
        ):
            pass


def test_two_doors_cannot_have_the_same_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = bound(free)
    with (
        pytest.raises(InvalidSettings, match=r"--(fun)?asr-port"),
        listening(wished(asr_port=port, funasr_port=port)),
    ):
        pass
