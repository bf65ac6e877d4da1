"""What environments are made of, and which PyTorch they get."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from parley.engines.registry import discover
from parley.errors import DiskFull, InstallFailed, InvalidOption
from parley.supply import torch_builds, wishing
from parley.supply.ourselves import bring, is_checkout
from parley.supply.packages import explain, said
from parley.supply.recipes import RECIPES, Recipe, read_pins
from parley.supply.torch_builds import choose_build
from parley.supply.wishing import announce, plan

EVERY = pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
INDEX = "https://packages.example/whl"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@EVERY
def test_every_package_is_pinned_once_and_what_workers_need_is_among_them(recipe: Recipe) -> None:
    pins, rest = read_pins(recipe.requirements), read_pins(recipe.constraints)
    assert {"numpy", "msgspec"} <= set(pins)
    alone = read_pins(recipe.alone_requirements) if recipe.alone else {}
    names = [normal(name) for name in (*pins, *rest, *alone)]
    assert len(names) == len(set(names))
    versions = {**pins, **rest, **alone}.values()
    assert all(re.fullmatch(r"\d+(\.\d+)*(\.post\d+)?", version) for version in versions)
    assert recipe.alone == recipe.alone_requirements.exists()
    assert ("torch" in pins) is recipe.uses_torch
    # Nothing of ours needs it, and it has to match PyTorch's build to the letter.
    assert "torchaudio" not in names
    if recipe.cuda:
        assert all(name.startswith("nvidia-") for name in read_pins(recipe.cuda_requirements))


def test_every_environment_that_an_engine_names_can_be_installed() -> None:
    assert {spec.environment for spec in discover(()).values() if spec.environment} <= set(RECIPES)


@pytest.mark.parametrize("line", ["torch>=2", "torch", "torch==1\ntorch==2", "-r other.txt"])
def test_a_line_that_pins_nothing_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text(line)
    with pytest.raises(ValueError, match="not a pin"):
        read_pins(tmp_path / "pins.txt")


def test_comments_and_markers_are_no_part_of_a_pin(tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text("# why\n\none==1.0  # because\ntwo==2.0 ; python_version > '3'\n")
    assert read_pins(tmp_path / "pins.txt") == {"one": "1.0", "two": "2.0"}


@pytest.mark.parametrize(
    ("platform", "driver", "kind"),
    [
        ("linux", None, "cpu"),
        ("linux", 12_040, "cu126"),
        ("linux", 13_000, "cu130"),
        ("win32", None, "cpu"),
        ("darwin", None, "default"),
    ],
)
def test_the_build_that_suits_the_machine(
    platform: str, driver: int | None, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_builds.sys, "platform", platform)
    monkeypatch.setattr(torch_builds, "cuda_driver", lambda: driver)
    chosen = choose_build(None)
    assert chosen.kind == kind
    assert chosen.reason
    if driver:
        assert f"CUDA {driver // 1000}.{driver % 1000 // 10}" in chosen.reason


def test_a_build_comes_from_its_folder_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_builds.sys, "platform", "linux")
    asked = choose_build("cu126")
    assert asked.requirement("2.13.0") == "torch==2.13.0+cu126"
    assert asked.index(f"{INDEX}/") == f"{INDEX}/cu126"
    plain = choose_build("default")
    assert (plain.requirement("2.13.0"), plain.index(INDEX)) == ("torch==2.13.0", "")
    monkeypatch.setattr(torch_builds.sys, "platform", "darwin")
    assert choose_build("cpu").requirement("2.13.0") == "torch==2.13.0"


@pytest.mark.parametrize("kind", ["gpu", "cuda", "cu", "cu12", "cpu; rm", "../cpu", "CPU", ""])
def test_a_build_that_does_not_exist_is_refused(kind: str) -> None:
    with pytest.raises(InvalidOption, match="cpu, default"):
        choose_build(kind)


@pytest.mark.parametrize(
    ("kind", "cuda", "wrong"),
    [
        ("cpu", None, ""),
        ("cpu", "12.6", "a build for CUDA 12.6"),
        ("cu126", "12.6", ""),
        ("cu126", None, "a build without CUDA"),
        ("cu126", "13.0", "a build for CUDA 13.0"),
        ("default", None, ""),
        ("default", "13.0", ""),
    ],
)
def test_a_build_that_is_not_what_was_asked_for(kind: str, cuda: str | None, wrong: str) -> None:
    refusal = choose_build(kind).refusal("2.13.0", cuda)
    assert wrong in refusal
    assert bool(refusal) is bool(wrong)


def test_options_that_an_environment_does_not_have_are_refused() -> None:
    with pytest.raises(InvalidOption, match="no PyTorch, so --torch does not apply; --cuda says"):
        plan(RECIPES["faster-whisper"], "cpu", INDEX, None)
    with pytest.raises(InvalidOption, match="no PyTorch, so --torch does not apply"):
        plan(RECIPES["sherpa-onnx"], "cpu", INDEX, None)
    with pytest.raises(InvalidOption, match="--cuda does not apply; choose with --torch"):
        plan(RECIPES["funasr"], None, INDEX, True)


@pytest.mark.parametrize(
    ("driver", "asked", "has"), [(None, None, False), (12_040, None, True), (12_040, False, False)]
)
def test_libraries_for_graphics_cards_come_where_a_driver_is(
    driver: int | None, asked: bool | None, has: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishing, "cuda_driver", lambda: driver)
    assert plan(RECIPES["faster-whisper"], None, INDEX, asked).cuda is has


def test_a_large_download_is_announced_and_a_small_disk_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    wish = plan(RECIPES["funasr"], "cu126", INDEX, None)
    monkeypatch.setattr(wishing, "free_mib", lambda _: 100_000)
    announce(wish, tmp_path, heard.append)
    assert any("GiB to download" in said for said in heard)
    monkeypatch.setattr(wishing, "free_mib", lambda _: 2_000)
    with pytest.raises(DiskFull, match=r"takes about 7\.\d GiB, and only 2\.0 GiB are free"):
        announce(wish, tmp_path, heard.append)


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (
            "ERROR: No matching distribution found for funasr==1.4.16",
            "pip finds no funasr==1.4.16 for Python",
        ),
        (
            "Retrying ... NewConnectionError('x')\nERROR: No matching distribution found for funasr",
            "could not be reached for funasr",
        ),
        ("pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.", "could not be reached;"),
        ("ERROR: ResolutionImpossible: for help visit", "contradict each other"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "arrived damaged"),
        ("  ERROR: Failed building wheel for jieba", "The package jieba has no ready-made build"),
        ("something else", "pip failed"),
    ],
)
def test_pips_failure_becomes_a_sentence(log: str, sentence: str) -> None:
    error = explain(log)
    assert isinstance(error, InstallFailed)
    assert sentence in error.message
    assert error.detail == log


@pytest.mark.parametrize(
    "log", ["OSError: [Errno 28] No space left on device", "OSError: [Errno 122] Disk quota"]
)
def test_a_full_disk_has_its_own_code(log: str) -> None:
    assert isinstance(explain(log), DiskFull)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("  Downloading torch-2.13.0-cp311-linux_x86_64.whl (190 MB)", "downloading torch 2.13.0 (190 MB)"),
        ("  Downloading https://example/x/oss2-2.19.1.tar.gz (298 kB)", "downloading oss2 2.19.1 (298 kB)"),
        ("  Downloading funasr-1.4.16-py3-none-any.whl.metadata (37 kB)", ""),
        ("  Using cached numpy-2.4.6-cp311-linux.whl (16 MB)", "taking numpy 2.4.6, which is here already"),
        ("Installing collected packages: a, b, c", "installing 3 packages"),
        ("Collecting torch==2.13.0", ""),
    ],
)  # fmt: skip
def test_what_pip_says_that_matters_to_a_person(line: str, meaning: str) -> None:
    assert said(line) == meaning


def make_package(folder: Path) -> Path:
    package = folder / "parley"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    return package


def test_a_checkout_is_linked(tmp_path: Path) -> None:
    package, site = make_package(tmp_path / "src"), tmp_path / "site"
    site.mkdir()
    (tmp_path / "src/parley.egg-info").mkdir()
    assert is_checkout(package)
    assert bring(site, package) is True
    assert (site / "parley.pth").read_text() == f"{tmp_path / 'src'}\n"


def test_an_installed_package_is_copied(tmp_path: Path) -> None:
    package, site = make_package(tmp_path / "site-packages"), tmp_path / "site"
    site.mkdir()
    (tmp_path / "site-packages/numpy").mkdir()
    assert not is_checkout(package)
    assert bring(site, package) is False
    assert (site / "parley/__init__.py").exists()
    assert not (site / "parley/__pycache__").exists()
