import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.formats.strategies import any_text

from parley.formats.text import clean, clusters, columns, is_cjk, is_mostly_wide, join


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("hello", 5),
        ("你好，", 6),
        ("ﾃｽﾄ", 3),
        ("ｶﾞ", 1),
        ("e\u0301", 1),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪🇫🇷", 4),
        ("👍🏽", 2),
        ("❤️", 2),
        ("한국", 4),
        ("\u1112\u1161\u11ab", 2),
        ("\u200b", 0),
    ],
)
def test_columns(text: str, width: int) -> None:
    assert columns(text) == width


@given(any_text)
def test_clusters_lose_nothing(text: str) -> None:
    assert "".join(clusters(text)) == text


def test_clusters_keep_what_a_reader_sees_as_one() -> None:
    assert clusters("e\u0301👨‍👩‍👧🇩🇪🇫🇷ก็") == ["e\u0301", "👨‍👩‍👧", "🇩🇪", "🇫🇷", "ก็"]


def test_clean_makes_one_line_without_controls() -> None:
    assert clean(" a\n\nb\tc\u3000d\u2028e\x00\x1b[0m\ud800 ") == "a b c d e[0m"


@given(st.text(max_size=200))
def test_clean_is_idempotent_and_one_line(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert len(cleaned.splitlines()) <= 1


@pytest.mark.parametrize("character", "你。，（ー々あアｱ、㎏𠀀")
def test_chinese_and_japanese_are_cjk(character: str) -> None:
    assert is_cjk(character)


@pytest.mark.parametrize("character", "a1é한ＡЖ“😊３")
def test_others_are_not_cjk(character: str) -> None:
    assert not is_cjk(character)


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        ("Hello.", "World.", "Hello. World."),
        ("你好。", "再见。", "你好。再见。"),
        ("我用的是Python", "很好。", "我用的是Python很好。"),
        ("Hello.", "你好。", "Hello. 你好。"),
        ("你好。", "Hello.", "你好。Hello."),
        ("そうです", "OK", "そうですOK"),
        ("안녕하세요.", "네.", "안녕하세요. 네."),
        ("Nice 😊", "Next", "Nice 😊 Next"),
        ("", "a", "a"),
        ("a", "", "a"),
    ],
)
def test_join(left: str, right: str, joined: str) -> None:
    assert join(left, right) == joined


def test_script_decides_what_is_mostly_wide() -> None:
    assert is_mostly_wide("我们都用 Python")
    assert is_mostly_wide("우리 회사는")
    assert not is_mostly_wide("the word 你好 means hello")
    assert not is_mostly_wide("")
