"""Names from outside: nothing a hub says leads out of a model's folder."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.supply.names import has_clash, is_model_name, is_safe, matches

parts = st.text(alphabet="ab.* ~-_/\\:\0\n中é", max_size=12)
words = st.text(alphabet="abc.-_", min_size=1, max_size=6)


@given(parts)
def test_a_safe_path_stays_inside_on_every_system(path: str) -> None:
    if not is_safe(path):
        return
    base = Path("/models/x")
    assert Path(base, path).resolve().is_relative_to(base)
    assert Path(base, path).resolve() != base
    assert not PureWindowsPath(path).is_absolute()
    assert not PureWindowsPath(path).drive
    assert ".." not in PureWindowsPath(path).parts
    assert PurePosixPath(path).as_posix() == path


@pytest.mark.parametrize("path", ["model.bin", "a/b/c.json", "中文/词表.txt", ".hidden", "a b", "x" * 200])
def test_ordinary_paths_are_safe(path: str) -> None:
    assert is_safe(path)


@given(st.lists(words, min_size=1, max_size=4))
def test_a_path_without_wild_cards_matches_itself_only(parts: list[str]) -> None:
    path = "/".join(parts)
    assert matches(path, [path])
    assert not matches(f"{path}x", [path])
    assert not matches(f"x/{path}", [path])
    assert matches(path, ["**"])


@given(words, st.text(alphabet="abc.*?", max_size=6))
def test_in_one_folder_a_pattern_means_what_a_shell_means(name: str, pattern: str) -> None:
    if "**" not in pattern:
        assert matches(name, [pattern]) == fnmatchcase(name, pattern)


def test_a_star_stays_in_its_folder_and_two_do_not() -> None:
    assert not matches("a/b.json", ["*.json"])
    assert matches("a/b.json", ["*/*.json"])
    assert matches("a/b.json", ["**/*.json"])
    assert matches("b.json", ["**/*.json"])
    assert matches("a/b/c.bin", ["a/**"])
    assert not matches("x", [])


@given(st.lists(st.lists(words, min_size=1, max_size=3).map("/".join), unique=True, max_size=6))
def test_a_clash_is_a_file_that_a_file_system_could_not_hold_beside_the_others(paths: list[str]) -> None:
    lower = [path.lower() for path in paths]
    as_folder = any(one != other and other.startswith(f"{one}/") for one in lower for other in lower)
    assert has_clash(paths) == (len(set(lower)) < len(lower) or as_folder)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", ".incoming", "-x", "a\n", "a" * 101])
def test_what_cannot_be_the_name_of_a_model(name: str) -> None:
    assert not is_model_name(name)
