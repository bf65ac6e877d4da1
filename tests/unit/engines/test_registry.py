import ast
import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from parley import engines
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile, build_profiles, check_options, choose
from parley.engines.registry import by_role, discover, missing_packages
from parley.engines.shipped import SHIPPED
from parley.errors import (
    InvalidOption,
    InvalidSettings,
    ProfileNotInstalled,
    ProfileUnknown,
    UnsupportedOption,
)
from parley.speech.recognition import RecognitionOptions
from parley.supply.environments import Environments
from parley.supply.models import Models
from parley.supply.readiness import Supplies

PLUGIN = """
from parley.engines.contract import Capability, EngineSpec, Role
SPEC = EngineSpec(name="{name}", role=Role.ASR, factory=":Thing", revision="1", summary="", licence="MIT",
                  requires=("no_such_package",), install="pip install no-such-package",
                  languages=None, capabilities=frozenset({{Capability.WORDS}}))
class Thing: ...
"""


def plugin(folder: Path, name: str = "thing") -> Path:
    (folder / f"{name}.py").write_text(PLUGIN.format(name=name))
    return folder


def test_the_shipped_profile_is_complete() -> None:
    specs = discover()
    assert {spec.name for spec in specs.values()} >= set(SHIPPED["embedded"].values())
    profile = choose(build_profiles(specs, {}), "embedded")
    assert not any(missing_packages(spec) for spec in profile.engines.values())
    assert [spec.role for spec in by_role(specs, Role.VAD)] == [Role.VAD] * len(by_role(specs, Role.VAD))


def test_engine_files_import_libraries_inside_functions_only() -> None:
    light = {"numpy", "msgspec", "parley", "__future__"}
    for path in Path(engines.__path__[0]).rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                root = name.split(".")[0]
                spec = importlib.util.find_spec(root)
                standard = spec is not None and "site-packages" not in str(spec.origin)
                assert root in light or standard, f"{path.name} imports {name} when it is read"


def test_a_file_in_a_folder_of_the_users_is_an_engine(tmp_path: Path) -> None:
    spec = discover([plugin(tmp_path)])["thing"]
    assert spec.factory == f"{tmp_path.resolve() / 'thing.py'}:Thing"
    assert missing_packages(spec) == ("no_such_package",)


def test_two_engines_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="Two engine files call themselves 'silero'"):
        discover([plugin(tmp_path, "silero")])


def test_a_broken_file_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import no_such_module_here")
    with pytest.raises(InvalidSettings, match=r"bad\.py cannot be imported"):
        discover([tmp_path])
    with pytest.raises(InvalidSettings, match="does not exist"):
        discover([tmp_path / "nowhere"])


def test_a_profile_takes_what_it_leaves_out_from_embedded(tmp_path: Path) -> None:
    specs = discover([plugin(tmp_path)])
    mine = build_profiles(specs, {"mine": {"asr": "thing", "speakers": "none"}})["mine"]
    assert mine.engines[Role.VAD].name == SHIPPED["embedded"]["vad"]
    assert mine.engine(Role.SPEAKERS) is None
    supplies = Supplies(environments=Environments(tmp_path), models=Models(tmp_path))
    with pytest.raises(ProfileNotInstalled, match="install with: pip install no-such-package"):
        supplies.require(mine)


@pytest.mark.parametrize(
    "roles", [{"ears": "silero"}, {"asr": "nothing"}, {"asr": "silero"}, {"asr": "none"}]
)
def test_a_profile_that_makes_no_sense_is_refused(roles: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match="Profile 'mine'"):
        build_profiles(discover(), {"mine": roles})


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ProfileUnknown, match="there are: embedded"):
        choose(build_profiles(discover(), {}), "nothing")


def _profiles() -> tuple[Profile, Profile]:
    def asr(name: str, languages: frozenset[str] | None, able: frozenset[Capability]) -> EngineSpec:
        return EngineSpec(
            name=name, role=Role.ASR, factory="m:C", revision="1", summary="", licence="MIT",
            languages=languages, capabilities=able,
        )  # fmt: skip

    small = Profile("small", {Role.ASR: asr("a", frozenset({"en"}), frozenset())})
    large = Profile("large", {Role.ASR: asr("b", None, frozenset(Capability))})
    return small, large


@pytest.mark.parametrize(
    "options",
    [
        RecognitionOptions(words=True),
        RecognitionOptions(prompt="x"),
        RecognitionOptions(task="translate"),
        RecognitionOptions(hotwords=(("x", 1.0),)),
        RecognitionOptions(language="zh"),
    ],
)
def test_what_a_profile_cannot_do_is_refused_naming_those_that_can(options: RecognitionOptions) -> None:
    small, large = _profiles()
    with pytest.raises(UnsupportedOption, match="use --profile large"):
        check_options(small, options, [small, large])
    more = [Profile(name, large.engines) for name in ("a", "b", "c")]
    with pytest.raises(UnsupportedOption, match=r"use --profile a, b or c\.$"):
        check_options(small, options, [small, *more])
    with pytest.raises(UnsupportedOption, match="no profile known here can"):
        check_options(small, options, [small])
    check_options(large, options, [small, large])
    check_options(small, RecognitionOptions(language="en"), [small, large])


def test_weights_of_hotwords_are_refused_where_words_alone_are_taken() -> None:
    small, large = _profiles()
    words = frozenset({Capability.HOTWORDS})
    plain = Profile("plain", {Role.ASR: replace(small.engines[Role.ASR], capabilities=words)})
    check_options(plain, RecognitionOptions(hotwords=(("x", 1.0),)), [plain, large])
    with pytest.raises(UnsupportedOption, match="'plain' has no weights of hotwords; use --profile large"):
        check_options(plain, RecognitionOptions(hotwords=(("x", 1.0), ("y", 2.0))), [plain, large])


def test_a_language_that_cannot_be_chosen_is_refused_too() -> None:
    deaf = EngineSpec(name="d", role=Role.ASR, factory="m:C", revision="1", summary="", licence="MIT")
    profile = Profile("deaf", {Role.ASR: deaf})
    with pytest.raises(UnsupportedOption, match="has no choice of language"):
        check_options(profile, RecognitionOptions(language="zh"), [profile])


def test_a_task_that_does_not_exist_is_refused() -> None:
    small, _ = _profiles()
    with pytest.raises(InvalidOption, match="transcribe or translate"):
        check_options(small, RecognitionOptions(task="sing"), [small])


def test_an_align_engine_adds_word_times() -> None:
    small, _ = _profiles()
    align = EngineSpec(name="al", role=Role.ALIGN, factory="m:C", revision="1", summary="", licence="MIT")
    able = Profile("able", {**small.engines, Role.ALIGN: align})
    check_options(able, RecognitionOptions(words=True), [able])
