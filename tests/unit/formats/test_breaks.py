import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.formats.strategies import HAN, KANA, any_text

from parley.formats.borders import Border
from parley.formats.breaks import atoms
from parley.formats.layout import lines, text_of
from parley.formats.text import clean, clusters, columns

NO_BEGIN = "，。！？、；：）】》”』」，.!?…ーゃッ"
NO_END = "（【《“「『"


def pieces(text: str, limit: int = 42) -> list[str]:
    return [atom.text for atom in atoms(clean(text), limit)]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hello, world", ["Hello,", "world"]),
        ("don't well-known a/b", ["don't", "well-known", "a/b"]),
        ("我用iPhone 15吗？", ["我", "用", "iPhone", "15", "吗？"]),
        ("价格是3,999.50元。", ["价", "格", "是", "3,999.50", "元。"]),
        ("他说：“你好。”然后", ["他", "说：", "“你", "好。”", "然", "后"]),
        ("《红楼梦》（上）", ["《红", "楼", "梦》", "（上）"]),
        ("等等……好——吧", ["等", "等……", "好", "——", "吧"]),
        ("コーヒー、しゃしん", ["コー", "ヒー、", "しゃ", "し", "ん"]),
        ('说"好"吧', ['说"好"吧']),
        ("95%的$5", ["95%", "的", "$5"]),
        ("Vraiment ? « Oui »", ["Vraiment ?", "« Oui »"]),
        ("好！”Python“好”", ["好！”", "Python", "“好”"]),
        ("好,OK", ["好,", "OK"]),
        ("„Ja“, sagte sie", ["„Ja“,", "sagte", "sie"]),
        ("sa ”Ja” och", ["sa", "”Ja”", "och"]),
        ("wait—what…now", ["wait—", "what…", "now"]),
        ("우리 회사는", ["우리", "회사는"]),
        ("你好😊世界", ["你", "好", "😊", "世", "界"]),
    ],
)
def test_what_stays_together(text: str, kept: list[str]) -> None:
    assert pieces(text) == kept


@pytest.mark.parametrize(
    ("text", "borders"),
    [
        ("Yes. No, the end", [Border.SENTENCE, Border.CLAUSE, Border.CLINGING]),
        ("Dr. Smith e.g. this J. Doe", [Border.WORD] * 5),
        ('"Why?" he asked', [Border.CLAUSE, Border.CLINGING]),
        ("好。吗，对", [Border.SENTENCE, Border.CLAUSE]),
        ("“好。”吗", [Border.SENTENCE]),
        ("对 好", [Border.CLAUSE]),
        ("14字", [Border.CLINGING]),
        ("他们的家", [Border.SUFFIX, Border.SUFFIX, Border.WORD]),
        ("日本は東京", [Border.CLINGING, Border.SUFFIX, Border.WORD, Border.CLINGING]),
    ],
)
def test_how_good_a_border_is(text: str, borders: list[Border]) -> None:
    assert [atom.after for atom in atoms(text, 42)][:-1] == borders


@given(any_text, st.integers(8, 60))
def test_atoms_lose_nothing_and_fit(text: str, limit: int) -> None:
    found = atoms(clean(text), limit)
    assert text_of(found) == clean(text)
    assert all(atom.width <= limit and atom.width == columns(atom.text) for atom in found)


@given(any_text, st.integers(8, 60))
def test_atoms_never_part_a_character(text: str, limit: int) -> None:
    found = [part for atom in atoms(clean(text), limit) for part in clusters(atom.text) if part != " "]
    assert found == [part for part in clusters(clean(text)) if part != " "]


chinese = st.lists(
    st.tuples(
        st.sampled_from(["", "", "“", "（", "《"]),
        st.lists(st.sampled_from([*HAN, *KANA, "Python", "1,234.5"]), min_size=1, max_size=4).map("".join),
        st.sampled_from(["，", "。", "！”", "）、", "》", "……", "？"]),
    ).map("".join),
    min_size=1,
    max_size=12,
).map("".join)


@given(chinese, st.integers(34, 60))
def test_kinsoku_and_whole_words_in_every_line(text: str, width: int) -> None:
    shown = lines(atoms(text, width), width, 0)
    assert "".join(shown) == text
    assert all(columns(line) <= width for line in shown)
    assert not any(line[0] in NO_BEGIN for line in shown)
    assert not any(line[-1] in NO_END for line in shown)
    runs = re.findall(r"[A-Za-z]+|[\d.,]+%?", text)
    assert runs == [run for line in shown for run in re.findall(r"[A-Za-z]+|[\d.,]+%?", line)]


def test_a_word_wider_than_a_line_is_cut_at_characters() -> None:
    assert pieces("x" * 20, 8) == ["x" * 8, "x" * 8, "x" * 4]
    assert pieces("！" * 6, 8) == ["！" * 4, "！" * 2]
    assert pieces("ab ！！！！ ！", 8) == ["ab", "！！！！", "！"]
    assert pieces("👨‍👩‍👧" * 5, 8) == ["👨‍👩‍👧" * 4, "👨‍👩‍👧"]


def test_even_lines_and_no_word_left_over() -> None:
    text = "I will go to the market with all my friends now"
    assert lines(atoms(text, 42), 42, 0) == ("I will go to the market", "with all my friends now")


def test_a_comma_is_worth_some_balance() -> None:
    text = "Before we leave the house, I would like to say something"
    assert lines(atoms(text, 42), 42, 0) == ("Before we leave the house,", "I would like to say something")


def test_the_first_line_leaves_room() -> None:
    assert lines(atoms("one two three four", 20), 20, 12) == ("one two", "three four")
