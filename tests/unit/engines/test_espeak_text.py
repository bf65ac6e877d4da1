"""What espeak-ng is given to say."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engines.tts.chinese_numbers import spell, spell_numbers
from parley.engines.tts.espeak_text import spoken_runs, without_commands
from parley.engines.tts.espeak_voices import PRESETS, pace_of


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        *(("0", "零"), ("2", "二"), ("10", "十"), ("11", "十一"), ("20", "二十"), ("101", "一百零一")),
        *(("110", "一百一十"), ("1000", "一千"), ("1001", "一千零一"), ("1010", "一千零一十")),
        *(("2026", "二千零二十六"), ("10000", "一万"), ("10500", "一万零五百"), ("10001", "一万零一")),
        *(("100000", "十万"), ("12000000", "一千二百万"), ("12345678", "一千二百三十四万五千六百七十八")),
        ("13800138000", "一三八零零一三八零零零"),
        ("007", "零零七"),
    ],
)
def test_numbers_are_spelled_as_they_are_said(digits: str, said: str) -> None:
    assert spell(digits) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("今天是2026年11月21日", "今天是二零二六年十一月二十一日"),
        ("2026-11-21", "二零二六年十一月二十一日"),
        ("价格是3.14元", "价格是三点一四元"),
        ("涨了0.5%。", "涨了百分之零点五。"),
        ("占50％", "占百分之五十"),
        ("零下-5度", "零下负五度"),
        ("下午3:15见", "下午三点十五分见"),
        ("12:05和8:00", "十二点零五分和八点"),
        ("一共1,234,567人", "一共一百二十三万四千五百六十七人"),
        ("1,200,000,000元", "十二亿元"),
        ("2个苹果，12个梨，2.5个桃，22个人", "两个苹果，十二个梨，二点五个桃，二十二个人"),
        ("GPT-4和MP3", "GPT-4和MP3"),
        ("没有数字", "没有数字"),
        ("", ""),
    ],
)
def test_numbers_in_chinese_text(text: str, said: str) -> None:
    assert spell_numbers(text) == said


def value(said: str) -> int:
    """The number that was spelled, the other way round."""
    total = group = digit = 0
    for char in said:
        if char in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(char)
        elif char in "十百千":
            group += (digit or 1) * 10 ** (1 + "十百千".index(char))
            digit = 0
        else:
            total += (group + digit) * {"万": 10**4, "亿": 10**8}[char]
            group = digit = 0
    return total + group + digit


@given(st.integers(min_value=0, max_value=99_999_999))
def test_a_number_that_is_spelled_is_that_number(number: int) -> None:
    assert value(spell(str(number))) == number


def runs(text: str, voice: str) -> list[tuple[str, str]]:
    return [(run.voice, run.text.strip()) for run in spoken_runs(text, voice)]


def test_each_language_has_its_voice() -> None:
    assert runs("我用 Python 写代码", "cmn") == [("cmn", "我用"), ("en-us", "Python"), ("cmn", "写代码")]
    assert runs("我用 Python 寫程式", "yue")[0] == ("yue", "我用")
    assert runs("你好，world", "en-gb") == [("cmn", "你好，"), ("en-gb", "world")]
    assert runs("I met 张伟, 35 years old.", "en-us") == [
        ("en-us", "I met"),
        ("cmn", "张伟"),
        ("en-us", ", 35 years old."),
    ]
    assert runs("GPT-4 和 C++ 有3个", "cmn") == [
        ("en-us", "GPT-4"),
        ("cmn", "和"),
        ("en-us", "C++"),
        ("cmn", "有三个"),
    ]
    assert runs("增长了50%", "de") == [("cmn", "增长了百分之五十")]
    assert runs("Hello, my friend.", "cmn") == [("en-us", "Hello, my friend.")]
    assert runs("It costs 50%", "en-us") == [("en-us", "It costs 50%")]


def test_only_where_a_clause_ends_there_is_a_pause() -> None:
    assert [run.pauses for run in spoken_runs("我用 Python 写代码", "cmn")] == [False, False, True]
    assert [run.pauses for run in spoken_runs("你好，world", "en-us")] == [True, True]


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "\x01\x02", "\ud800", "\ue000"])
def test_nothing_is_nothing(text: str) -> None:
    assert spoken_runs(text, "en-us") == [] == spoken_runs(text, "cmn")


@given(st.text(), st.sampled_from([preset.name for preset in PRESETS]))
def test_no_text_is_a_command_or_lost(text: str, voice: str) -> None:
    clean = without_commands(text)
    assert len(clean) == len(text)
    parts = spoken_runs(text, voice)
    for run in parts:
        run.text.encode()
        assert not any(unicodedata.category(char) == "Cc" and char != "\n" for char in run.text)
    if voice not in {"cmn", "yue"} and all(run.voice == voice for run in parts):
        assert "".join(run.text for run in parts).strip() == clean.strip()
    letters = [char for char in clean if char.isalpha()]
    kept = iter([char for run in parts for char in run.text])
    assert all(char in kept for char in letters), "a letter is lost, or out of order"


def test_presets_are_told_apart_and_known_by_their_languages() -> None:
    names = [preset.name for preset in PRESETS]
    assert len(set(names)) == len(names) > 100
    assert names[:2] == ["en-us", "cmn"]
    by_name = {preset.name: preset for preset in PRESETS}
    assert by_name["cmn"].languages == ("zh",)
    assert by_name["yue"].languages[0] == "yue"
    for preset in PRESETS:
        assert all(len(language) == 2 or language == "yue" for language in preset.languages)
        assert preset.summary.endswith(".")
        assert pace_of(preset.name).words_per_minute >= 150
