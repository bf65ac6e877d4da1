"""Links between the pages lead somewhere, and the tables of profiles in the READMEs say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from parley.engines.contract import Capability, Role
from parley.engines.profiles import build_profiles
from parley.engines.registry import discover

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    page for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if page.parent.name != "generating"
)
PROFILES = build_profiles(discover(), {})


def bare(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.*)$", bare(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", bare(page)):
        if re.match(r"\w+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), link


def rows(page: str) -> list[list[str]]:
    lines = [line for line in (ROOT / page).read_text("utf-8").splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == 4 and not row[0].startswith("`parley")]


def names_in(group: str) -> list[str]:
    """Profiles by name, by the end of a name, or with an ellipsis all others of a family."""
    first, *others = re.findall(r"`([\w.-]+)`", group)
    family = first.partition("-")[0]
    if "…" in group:
        return [
            name for name in PROFILES if name.startswith(f"{family}-tiny-") or name == f"{family}-base-es"
        ]
    return [first, *(family + name if name.startswith("-") else name for name in others)]


def test_the_table_of_profiles_tells_languages_as_they_are() -> None:
    told: set[str] = set()
    for named, spoken, *_ in rows("README.md"):
        for group, languages in zip(named.split(";"), spoken.split(";"), strict=True):
            names = names_in(group)
            told |= set(names)
            known = {name: PROFILES[name].languages or frozenset() for name in names}
            plain = re.sub(r"\(.*?\)|,.*", "", languages)
            if numbers := re.findall(r"\d+", plain):
                assert {str(len(each)) for each in known.values()} == set(numbers), group
            else:
                assert frozenset().union(*known.values()) == set(plain.split()), group
    assert set(PROFILES) - told == {"embedded", "moonshine-tiny"}


def test_both_tables_name_the_same_profiles_and_what_they_can() -> None:
    ours, theirs = rows("README.md"), rows("README.zh-CN.md")
    said = {Capability.HOTWORDS: ("hotwords", "热词"), Capability.PROMPT: ("prompt", "提示词")}
    for english, chinese in zip(ours, theirs, strict=True):
        names = re.findall(r"`([\w.-]+)`", english[0])
        assert names == re.findall(r"`([\w.-]+)`", chinese[0])
        able = [PROFILES[name].capabilities for group in english[0].split(";") for name in names_in(group)]
        for capability, words in said.items():
            for cells, word in zip((english, chinese), words, strict=True):
                assert (word in cells[2]) == any(capability in each for each in able), (names, word)
        kinds = {kind for name in names_in(english[0].split(";")[0]) for kind in devices_of(name)}
        assert (
            ("CUDA" in english[3])
            == ("CUDA" in chinese[3])
            == ("cuda" in kinds and "no torch" not in english[3])
        )


def devices_of(name: str) -> tuple[str, ...]:
    return PROFILES[name].engines[Role.ASR].devices
