from parley.batch.doubt import doubt
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.speech.transcript import Segment, Transcript


def profile(languages: frozenset[str] | None) -> Profile:
    asr = EngineSpec(
        name="a", role=Role.ASR, factory="m:C", revision="1", summary="", licence="MIT", languages=languages
    )
    return Profile("p", {Role.ASR: asr})


def transcript(*confidences: float | None) -> Transcript:
    segments = (Segment(start=0.0, end=1.0, text="word", confidence=confidence) for confidence in confidences)
    return Transcript(duration=1.0, segments=tuple(segments))


def test_a_recogniser_that_was_unsure_is_doubted() -> None:
    english = profile(frozenset({"en"}))
    assert "recognises en only" in (doubt(transcript(0.9, 0.0), english) or "")
    assert "probably wrong" in (doubt(transcript(0.3), profile(None)) or "")
    many = profile(frozenset(f"x{number}" for number in range(99)))
    assert "recognises 99 languages only" in (doubt(transcript(0.3), many) or "")
    assert doubt(transcript(0.9, 0.4), english) is None
    assert doubt(transcript(None), english) is None
    assert doubt(transcript(), english) is None
