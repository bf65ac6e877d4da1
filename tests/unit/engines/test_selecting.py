"""Which profile a name means."""

import pytest

from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.engines.selecting import Selection, select
from parley.engines.shipped import BEST, BEST_OF_MANY
from parley.errors import ProfileUnknown


def profile(name: str, *languages: str, public: tuple[str, ...] = ()) -> Profile:
    spec = EngineSpec(
        name=f"{name}-engine",
        role=Role.ASR,
        factory="nowhere:Nothing",
        revision="1",
        summary="",
        licence="MIT",
        languages=frozenset(languages) or None,
        public_names=public,
    )
    return Profile(name, {Role.ASR: spec})


PROFILES = {
    each.name: each
    for each in (
        profile("embedded", "en"),
        profile("mine", "zh"),
        profile("sensevoice", "zh", "en", "ja", "ko", "yue", public=("SenseVoiceSmall",)),
        profile("paraformer-zh", "zh", public=("iic/paraformer", "paraformer")),
        profile("paraformer-onnx", "zh", public=("paraformer",)),
        profile("whisper-small", public=("whisper-1",)),
    )
}


def selected(name: str, language: str | None, *ready: str) -> Selection:
    return select(PROFILES, name, language, lambda each: each.name in {"embedded", *ready})


def test_a_profile_that_is_named_is_taken_without_a_word() -> None:
    assert selected("sensevoice", "en") == Selection(profile=PROFILES["sensevoice"])


@pytest.mark.parametrize(
    ("language", "ready", "best"),
    [
        ("zh", ["sensevoice", "paraformer-zh", "paraformer-onnx", "whisper-small"], "paraformer-zh"),
        ("zh", ["sensevoice", "paraformer-onnx"], "paraformer-onnx"),
        ("zh", ["whisper-small", "mine"], "whisper-small"),
        ("zh", ["mine"], "mine"),
        ("zh", [], "embedded"),
        ("ja", ["paraformer-zh"], "embedded"),
        ("fi", ["sensevoice", "whisper-small"], "whisper-small"),
        ("en", ["paraformer-zh"], "embedded"),
        (None, ["paraformer-zh", "whisper-small"], "whisper-small"),
        (None, ["paraformer-zh", "mine"], "embedded"),
    ],
)
def test_auto_takes_the_best_that_is_there_and_knows_the_language(
    language: str | None, ready: list[str], best: str
) -> None:
    selection = selected("auto", language, *ready)
    assert selection.profile.name == best
    assert f"'{best}'" in selection.reason
    assert (f"'{language}'" in selection.reason) == (language is not None)


def test_a_public_name_leads_to_a_profile_that_can_run_here() -> None:
    assert selected("Paraformer", None, "paraformer-onnx").profile.name == "paraformer-onnx"
    assert selected("paraformer", None).profile.name == "paraformer-zh"
    said = selected("whisper-1", "en").reason
    assert said == "'whisper-1' is recognised by profile 'whisper-small'."


def test_a_name_that_means_nothing() -> None:
    with pytest.raises(ProfileUnknown, match="no profile 'gpt-4o'; there are: embedded, mine"):
        selected("gpt-4o", None)


def test_what_auto_prefers_has_no_name_twice() -> None:
    for ranking in (*BEST.values(), BEST_OF_MANY):
        assert len(ranking) == len(set(ranking))


def test_where_only_embedded_is_left_the_best_one_can_be_had_by_a_command() -> None:
    assert selected("auto", "zh").reason == (
        "Profile 'embedded', because no other profile for 'zh' is installed; the first choice comes by: "
        "parley pull paraformer-zh"
    )
    only = {"embedded": PROFILES["embedded"]}
    assert "see 'parley profiles'" in select(only, "auto", "en", lambda each: True).reason
