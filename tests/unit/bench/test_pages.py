"""The page, its plots and the Markdown hold what they are given, and nothing that they are not."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.bench.reports import combination, report, trial, whole

from parley.bench.comparison import compare
from parley.bench.markdown import BEGIN, END, into_page, markdown
from parley.bench.page import page
from parley.bench.plots import Bar, Plot, plots, svg
from parley.bench.report import Accuracy, Combination
from parley.bench.spread import spread
from parley.bench.tables import NOTES, changes, tables, without_notes

VOID = {"meta", "line", "rect", "path", "br"}
SVG = "{http://www.w3.org/2000/svg}"


class Reader(HTMLParser):
    """Fails where tags do not close as they opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.found)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader


FULL = report(
    combination(),
    combination("mps", whole=whole(0.05, accuracy=Accuracy(wer=0.2, words=9, cer=0.1, der=0.3))),
    Combination(profile="embedded", device="cuda:0", workers=1, problem="There is none <here>."),
    roles=(trial("cpu", vad=0.01, asr=0.1), trial("mps", vad=0.02, asr=0.05)),
)


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    html = page(FULL, compare(FULL, FULL))
    reader = read(html)
    assert html.startswith("<!DOCTYPE html>")
    assert reader.count("script") == reader.count("link") == reader.count("img") == 0
    assert not re.search(r"""(?:src|href)=|url\(|@import""", html)
    assert set(re.findall(r"https?://[^\s\"']+", html)) == {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme: dark" in html
    text = "".join(reader.text)
    assert "There is none <here>." in text
    assert "A <fast> one & two, 2 cores" in text
    assert "mps is 2.00 times as fast as cpu" in text


def test_every_plot_has_its_words_and_a_table() -> None:
    reader = read(page(FULL))
    drawn = [facts for tag, facts in reader.found if tag == "svg"]
    # RTF, first text, processor, memory, WER, CER, DER, and two roles.
    assert len(drawn) == len(plots(FULL)) == reader.count("figure") == 9
    ids = {facts["id"] for _, facts in reader.found if "id" in facts}
    for facts in drawn:
        assert facts["role"] == "img"
        assert set((facts["aria-labelledby"] or "").split()) <= ids
    assert reader.count("details") == 9
    assert reader.count("caption") == reader.count("table")
    assert len(ids) == len([facts for _, facts in reader.found if "id" in facts])


nasty = st.text() | st.sampled_from(["</title><script>alert(1)</script>", "a & b", "'\"", "]]>", "<!--"])


def xml_text(text: str) -> str:
    """What XML can hold at all; control characters come from nobody's profile name."""
    return "".join(char for char in text if char.isprintable())


@given(nasty.map(xml_text), st.lists(st.floats(0, 1e7), min_size=1, max_size=4))
def test_a_plot_is_xml_and_stays_within_its_frame(label: str, values: list[float]) -> None:
    plot = Plot(key="k", title=label, unit=label, bars=(Bar(label=label, value=spread(values), shown="x"),))
    root = ElementTree.fromstring(svg(plot))
    width = float(root.attrib["viewBox"].split()[2])
    assert root.findtext(f"{SVG}title") == label
    for each in root.iter(f"{SVG}rect"):
        assert 0 <= float(each.attrib["x"]) <= float(each.attrib["x"]) + float(each.attrib["width"]) < width
    for each in root.iter(f"{SVG}text"):
        assert 0 <= float(each.attrib["x"]) < width
    assert 2 <= len(list(root.iter(f"{SVG}line"))) <= 8 or max(values) == 0


@given(nasty)
def test_no_name_becomes_part_of_the_page_or_of_the_table(name: str) -> None:
    odd = replace(trial("cpu", vad=0.1).roles[0], role=name, engine=name, ran_on=name)
    roles = (replace(trial("cpu"), profile=name, device=name, roles=(odd,)),)
    found = report(combination(profile=name), command=name, notes=(name,), roles=roles)
    reader = read(page(found))
    assert reader.count("script") == 0
    rows = [line for line in markdown(found).splitlines() if line.startswith("| ")]
    cells = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows[:2]}
    assert len(cells) == 1
    assert "<script" not in "\n".join(rows)


def test_bars_are_as_long_as_their_figures() -> None:
    root = ElementTree.fromstring(svg(plots(FULL)[0]))
    slow, fast = (float(each.attrib["width"]) for each in root.iter(f"{SVG}rect"))
    assert slow == pytest.approx(2 * fast, rel=0.01)


def test_markdown_takes_its_place_in_a_page() -> None:
    section = markdown(FULL)
    assert section.startswith(BEGIN)
    assert section.rstrip().endswith(END)
    assert "| embedded | cuda:0 | 1 |" in section
    fresh = into_page("", section)
    assert fresh == section
    appended = into_page("# Title\n\nBy hand.\n", section)
    assert appended == f"# Title\n\nBy hand.\n\n{section}"
    around = f"# Title\n\n{section}\n## By hand\n"
    newer = markdown(replace(FULL, made_at="later"))
    replaced = into_page(around, newer)
    assert replaced == f"# Title\n\n{newer}\n## By hand\n"
    assert into_page(replaced, newer) == replaced


def test_sentences_stand_under_their_table() -> None:
    [whole_recipes, *_] = tables(FULL)
    shown, notes = without_notes(whole_recipes)
    assert shown.head[-1] != NOTES
    assert len(shown.rows) == 3
    assert notes == ("embedded, cuda:0, 1: There is none <here>.",)
    assert whole_recipes.marks == {2}
    for table in (*tables(FULL), changes(compare(FULL, FULL))):
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_an_interrupted_benchmark_says_so() -> None:
    partial = replace(FULL, is_complete=False, combinations=())
    assert "interrupted" in page(partial)
    assert "interrupted" in markdown(partial)
    read(page(partial))
