"""The real libraries, each asked in a worker of the environment that holds it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from parley.fleet.probing import probe
from parley.speech.device import DeviceFound
from tests.engines.environments import environment

ROOM = "parley.engines.devices"


def ask(backend: str, python: str | Path = sys.executable) -> tuple[DeviceFound, ...]:
    return asyncio.run(probe(f"{ROOM}.{backend}", python=str(python)))


def assert_works(found: tuple[DeviceFound, ...]) -> None:
    """The processor works, and comes last; this machine may have more."""
    assert found[-1] == DeviceFound(name="cpu", title="processor")
    assert all(device.title for device in found)


def test_the_library_of_parley_s_own_environment() -> None:
    assert_works(ask("ctranslate2:CTranslate2"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_pytorch() -> None:
    assert_works(ask("pytorch:PyTorch", environment("funasr")))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sherpa_onnx() -> None:
    assert_works(ask("sherpa:SherpaOnnx", environment("sherpa-onnx")))
