"""The bars of cost that do not depend on how busy the machine is: processor seconds and memory."""

from __future__ import annotations

import pytest

from tests.bench import speed

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("audio"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def with_speakers() -> speed.Run:
    return speed.command(speed.LONG, "--workers", "2")


def test_processor_seconds_against_a_bare_whole_file_call(with_speakers: speed.Run) -> None:
    _, bare = speed.bare()
    without = speed.command(speed.LONG, "--workers", "2", "--speakers", "off")
    assert without.stage("recognise") + without.stage("place") <= 0.3 * bare
    assert without.cpu_s / without.audio_s <= 0.5 * bare
    assert with_speakers.cpu_s / with_speakers.audio_s <= 0.7 * bare
    assert without.stage("find_speech") <= 0.25 * without.stage("recognise")


def test_the_parents_memory_does_not_grow_with_the_recording(with_speakers: speed.Run) -> None:
    short = speed.command(speed.SHORT, "--workers", "2")
    assert with_speakers.parent_peak_bytes < 1.1 * short.parent_peak_bytes


def test_the_version_costs_no_more_than_twice_its_imports() -> None:
    assert speed.version_ratio() <= 2
