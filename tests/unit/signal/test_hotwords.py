from __future__ import annotations

from parley.signal.hotwords import Phrasebook

BOOK = Phrasebook(["你 1", "好 2", "▁HE 3", "LLO 4", "", "，"])


def test_hotwords_become_phrases_with_a_bonus_per_token() -> None:
    words = (("你好", 1.0), ("hello  world", 2.0), ("don't", 0.5))
    assert BOOK.phrases(words, 1.5) == "你好 :1.50/HELLO WORLD :3.00/DON'T :0.75"
    assert BOOK.strange(words) == 0


def test_what_the_model_cannot_spell_is_left_out_and_counted() -> None:
    words = (("龙", 1.0), ("你好", 1.0), ("a:b", 1.0), ("x1", 1.0), (" ", 1.0))
    assert BOOK.phrases(words, 1.5) == "你好 :1.50"
    assert BOOK.strange(words) == 4


def test_no_hotword_reaches_over_the_border_of_another_or_outweighs_the_sound() -> None:
    assert BOOK.phrases((("你/好\n你", 1e9),), 1.5) == "你 好 你 :20.00"
    assert BOOK.phrases((("你", -1.0), ("好", -1e9)), 1.5) == "你 :-1.50/好 :-20.00"
    assert BOOK.phrases((), 1.5) == ""
