"""What of a written text is spoken."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley.synthesis.speakable import Speakable

MARKS = [
    *"*_~`#>-+|[]()!<>&\\=\n\n \t:.,;hwa1你。😀\u200d\ufe0f\ud800\ue000",
    *(
        "```",
        "~~~",
        "https://",
        "www.",
        "http://a.b/c",
        "**",
        "__",
        "- ",
        "1. ",
        "[a](b)",
        "![",
        "](",
        "<b>",
        "<br/>",
    ),
    *(
        "<!--",
        "-->",
        "&amp;",
        "&#39;",
        "| a | b |\n",
        "|---|\n",
        "# ",
        "> ",
        "word",
        "[x] ",
        "\\*",
        "\r\n",
        "C#",
    ),
]
WRITTEN = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(MARKS), max_size=40).map("".join))


def speakable(text: str) -> str:
    made = Speakable()
    return made.feed(text) + made.flush()


def in_pieces(text: str, cuts: list[int]) -> str:
    made = Speakable()
    borders = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return "".join(made.feed(text[a:b]) for a, b in itertools.pairwise(borders)) + made.flush()


@given(WRITTEN, st.lists(st.integers(0, 1000), max_size=20))
def test_what_is_spoken_does_not_depend_on_the_pieces(text: str, cuts: list[int]) -> None:
    assert in_pieces(text, cuts) == in_pieces(text, list(range(len(text)))) == speakable(text)


@given(WRITTEN)
def test_nothing_waits_for_ever_and_nothing_else_comes_out(text: str) -> None:
    said = speakable(text)
    said.encode()  # No lone surrogate goes to a worker.
    assert "\n\n\n" not in said and "\r" not in said and "\t" not in said
    assert not said.startswith("\n")


PLAIN = st.text(st.characters(whitelist_categories=("L", "N"), max_codepoint=0xFFFF), min_size=1, max_size=12)


@given(
    st.lists(PLAIN.filter(lambda word: not word.lower().startswith(("http", "www"))), min_size=1, max_size=20)
)
def test_ordinary_words_are_never_lost(words: list[str]) -> None:
    text = " ".join(words)
    assert speakable(text) == text


ORDINARY = [
    "5 * 3 is 15, and 2*3*4 is 24.",
    "C# and F# are languages, a_b and snake_case_name are names.",
    "《红楼梦》是一部小说，“很好”！",
    "3.14, 1,000.50 and 10:30, e.g. this one.",
    "if a < b and c > d then",
    "I <3 you",
    "Use List<String> here.",
    "[1] is a footnote, and [so is this",
    "What?! No... Yes!",
    "100% of A & B, 20 °C, 5 €, → there",
    "-5 degrees and +3",
    "#hashtag",
    "~5 kilometres",
    "C:\\Users\\name",
    "a|b and |x|",
    'it\'s "quoted" – really',
    "rated 5*",
    "email me at a@b.example",
    "3 * 4",
    "hello",
    "win www",
    "an html page",
    "نیم\u200cفاصله",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_what_is_meant_stays(text: str) -> None:
    assert speakable(text) == text


DRESSED = [
    ("# Title\n\nText", "Title\n\nText"),
    ("###### Six\nText", "Six\n\nText"),
    ("Title\n=====\nText", "Title\n\nText"),
    ("a\n\n---\n\nb", "a\n\nb"),
    ("- one\n- two\n  * three\n+ four", "one\n\ntwo\n\nthree\n\nfour"),
    ("1. one\n2. two", "1. one\n2. two"),
    ("- [ ] to do\n- [x] done", "to do\n\ndone"),
    ("> quoted\n> more", "quoted\nmore"),
    ("> - item", "item"),
    ("**bold**, *slanted*, __bold__, _slanted_, ~~gone~~", "bold, slanted, bold, slanted, gone"),
    ("***both***", "both"),
    ("* **Bold** item", "Bold item"),
    ("这是**重点**内容", "这是重点内容"),
    ("Run `make test` now", "Run make test now"),
    ("``a`b``", "ab"),
    ("See [the docs](https://a.b/c?d=e_f) now", "See the docs now"),
    ("See [the docs][1] now", "See the docs now"),
    ("[**bold** link](x)", "bold link"),
    ("![a picture](x.png) here", "a picture here"),
    ("[![alt](a.png)](b)", "alt"),
    ("[Wikipedia (en)](https://en.wikipedia.org/wiki/A_(b))", "Wikipedia (en)"),
    ("见[文档](http://a.b)。", "见文档。"),
    ("Go to https://example.org/a?b=c. Then", "Go to . Then"),
    ("Go to www.example.org, then", "Go to , then"),
    ("网址https://foo.com/bar。好的", "网址。好的"),
    ("(https://a.b/c)", "()"),
    ("<https://a.b/c> ok", " ok"),
    ("<b>bold</b> and <a href='x'>link</a>", "bold and link"),
    ("one<br>two<br/>three", "one\ntwo\nthree"),
    ("<p>one</p><p>two</p>", "one\n\ntwo"),
    ("a <!-- hidden --> b", "a  b"),
    ("Tom &amp; Jerry &lt;3 &#39;x&#39;", "Tom & Jerry <3 'x'"),
    ("| a | b |\n|---|:-:|\n| 1 | 2 |\n\nend", "a , b\n\n1 , 2\n\nend"),
    ("Hi 😀👍🏽 there ❤️ 👨‍👩‍👧 🇩🇪 1️⃣", "Hi  there    1"),
    ("a\x00b\x07c\u200bd", "abcd"),
    ("\\*not\\* \\# \\[x\\]", "*not* # [x]"),
    ("a\r\nb", "a\nb"),
    ("a\u2028b", "a\nb"),
]


@pytest.mark.parametrize(("text", "said"), DRESSED)
def test_signs_are_not_spoken(text: str, said: str) -> None:
    lines = (line.rstrip() for line in speakable(text).strip("\n").split("\n"))
    assert "\n".join(lines) == "\n".join(line.rstrip() for line in said.split("\n"))


CODE = [
    ("Here:\n```python\nprint('secret')\n```\nDone.", "Here:\n\nDone."),
    ("Here:\n~~~\nsecret\n~~~\nDone.", "Here:\n\nDone."),
    ("````\n```\nsecret\n```\n````\nDone.", "Done."),
    ("- item\n  ```\n  secret\n  ```\n- more", "item\n\nmore"),
    ("> ```\n> secret\n> ```\nDone.", "Done."),
    ("Here: ```secret``` done.", "Here:  done."),
    ("```secret``` done.", " done."),
    ("Unfinished:\n```\nsecret\nsecret", "Unfinished:"),
]


@pytest.mark.parametrize(("text", "said"), CODE)
def test_blocks_of_code_are_left_out(text: str, said: str) -> None:
    assert speakable(text).strip("\n") == said
    assert "secret" not in in_pieces(text, list(range(len(text))))


def test_a_flush_says_what_was_held_and_code_stays_out() -> None:
    made = Speakable()
    assert made.feed("See [the") == "See "
    assert made.flush() == "[the"
    assert made.feed(" end.\n```\nsecret") == " end.\n\n"
    assert made.flush() == ""
    assert made.feed(" and more\n```\nHello") == "Hello"


@given(st.sampled_from("*_`~#-[<&|!\\h"), st.integers(1, 5000))
@example("[", 20_000)
def test_a_sign_without_end_is_bounded(sign: str, count: int) -> None:
    made = Speakable()
    made.feed(sign * count + " end")
    assert made.flush().count(sign) <= count
