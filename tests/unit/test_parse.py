import pytest

from parley.cli.parse import parse_hotwords, parse_raw, parse_time
from parley.errors import InvalidOption
from parley.speech.media import RawFormat


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("83.5", 83.5), ("1:23.5", 83.5), ("0:01:23.5", 83.5), ("100:00:00", 360000.0), (None, None)],
)
def test_a_time_is_seconds_or_a_clock(text: str | None, seconds: float | None) -> None:
    assert parse_time(text, "--from") == seconds


@pytest.mark.parametrize("text", ["", "-1", "1:2:3:4", "1e3", "ab", "1:", "nan"])
def test_other_times_are_refused_with_the_form_expected(text: str) -> None:
    with pytest.raises(InvalidOption, match=r"--to wants seconds or \[HH:\]MM:SS"):
        parse_time(text, "--to")


def test_raw_format() -> None:
    assert parse_raw(None) is None
    assert parse_raw("8000,mulaw,2") == RawFormat(sample_rate_hz=8000, sample_format="mulaw", channels=2)
    with pytest.raises(InvalidOption, match="for instance 16000,s16le,1"):
        parse_raw("16000")


def test_hotwords_may_carry_a_weight() -> None:
    assert parse_hotwords(["Parley", "达摩院:2.5", "a:b"]) == (("Parley", 1.0), ("达摩院", 2.5), ("a:b", 1.0))
    assert parse_hotwords(None) == ()
    with pytest.raises(InvalidOption, match="finite"):
        parse_hotwords(["x:inf"])
