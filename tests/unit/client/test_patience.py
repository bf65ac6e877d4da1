"""Pauses grow, and end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from parley.client import patience
from parley.client.patience import Patience


def pauses(monkeypatch: pytest.MonkeyPatch, limit_s: float, renew_after: int = 10**6) -> list[float]:
    """On a clock that only moves while somebody sleeps."""
    slept: list[float] = []
    now = [1000.0]

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(patience, "asyncio", SimpleNamespace(sleep=sleep))
    tried = Patience(limit_s)
    for count in range(1000):
        coroutine = tried.wait(ValueError("enough"))
        try:
            coroutine.send(None)
        except StopIteration:
            pass
        except ValueError:
            break
        if count == renew_after:
            tried.renew()
    return slept


def test_until_the_limit_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = pauses(monkeypatch, 60.0)
    assert sum(slept) == pytest.approx(60.0)
    assert slept[0] <= patience.FIRST_PAUSE_S
    assert max(slept) <= patience.LONGEST_PAUSE_S


def test_something_going_forward_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = pauses(monkeypatch, 60.0, renew_after=8)
    assert sum(slept) == pytest.approx(60.0 + sum(slept[:9]))
    assert slept[9] <= patience.FIRST_PAUSE_S


def test_no_patience_at_all() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="enough"):
            await Patience(0).wait(ValueError("enough"))

    asyncio.run(main())
