import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.signal.sentences import ends_sentence, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("Hello there", ["Hello there"]),
        ("Hello. How are you? Fine!", ["Hello. ", "How are you? ", "Fine!"]),
        ("Mr. Hale met Dr. Jones. They left.", ["Mr. Hale met Dr. Jones. ", "They left."]),
        ("By J. R. Smith. Then", ["By J. R. Smith. ", "Then"]),
        ("So did I. He went.", ["So did I. ", "He went."]),
        ("I said no. Then I left.", ["I said no. ", "Then I left."]),
        ("It is 3.5 metres. Good.", ["It is 3.5 metres. ", "Good."]),
        ("Well... maybe. Yes.", ["Well... maybe. ", "Yes."]),
        ('He said "Stop!" Then he ran.', ['He said "Stop!" ', "Then he ran."]),
        ("your secrets.I shall", ["your secrets.I shall"]),
        ("你好。你在哪里？我在这里！", ["你好。", "你在哪里？", "我在这里！"]),
        ("他说：“走吧。”然后走了。", ["他说：“走吧。”", "然后走了。"]),
        ("价格是3.5元。好", ["价格是3.5元。", "好"]),
        ("  ", ["  "]),
    ],
)
def test_sentences(text, sentences):
    assert split_sentences(text) == sentences


@given(st.text(alphabet='aIMr.!? 。？”"3\n…', max_size=60))
def test_joined_the_sentences_are_the_text(text):
    sentences = split_sentences(text)
    assert "".join(sentences) == text
    assert all(sentences)


@pytest.mark.parametrize(
    ("text", "complete"),
    [("Done.", True), ("你好。", True), ("and then,", False), ("Mr.", False), ("", False), ('"Go!"', True)],
)
def test_whether_the_last_sentence_is_complete(text, complete):
    assert ends_sentence(text) is complete
