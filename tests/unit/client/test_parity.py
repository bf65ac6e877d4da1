"""Whoever knows one client knows the other."""

from __future__ import annotations

import inspect

import pytest

from parley.client import (
    AsyncClient,
    AsyncConversation,
    AsyncJob,
    AsyncLiveSession,
    Client,
    Conversation,
    Job,
    LiveSession,
)

ONLY_ONE_NEEDS = {"close", "admit", "begin", "next"}
"""A thread has to be ended; the events of `submit`, and the steps of a session, are what the other one is
made of.
"""


def methods(kind: type) -> dict[str, list[str]]:
    return {
        name: [str(parameter) for parameter in inspect.signature(method).parameters.values()]
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name not in ONLY_ONE_NEEDS
    }


@pytest.mark.parametrize(
    ("plain", "asynchronous"),
    [
        (Client, AsyncClient),
        (Job, AsyncJob),
        (LiveSession, AsyncLiveSession),
        (Conversation, AsyncConversation),
    ],
)
def test_the_same_methods_with_the_same_arguments(plain: type, asynchronous: type) -> None:
    assert methods(plain) == methods(asynchronous)
    assert len(methods(plain)) >= 3
