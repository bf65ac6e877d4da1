"""What happens on a line besides what everybody does: settings, errors, several inputs, lost lines."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.server.funasr.rehearsal import (
    Client,
    Message,
    Nobody,
    ScriptedRoom,
    Stage,
    hearing,
    profile,
    recogniser,
    said,
)

from parley.engines.contract import Capability
from parley.errors import (
    LiveOverloaded,
    RecognitionFailed,
    SessionIdle,
    TooManySessions,
    UnsupportedOption,
    WorkersExhausted,
)
from parley.speech.live import Failed, Trouble

SAMPLES = bytes(3200)
START: Message = {"mode": "2pass", "wav_name": "x", "chunk_size": "5,10,5", "is_speaking": True}
END: Message = {"is_speaking": False}


def test_the_tail_is_answered_though_no_vad_closed_it():
    client = Stage(ScriptedRoom(last=[said(0, "tail")])).play(START, SAMPLES, END)
    assert client.answers == [{"mode": "2pass-offline", "text": "tail", "wav_name": "x", "is_final": True}]


def test_text_that_may_still_change_is_not_told():
    room = ScriptedRoom(
        lines={
            3200: [hearing(0, "he was go", 7), hearing(0, "he was going", 7), hearing(0, "he was gone", 11)]
        },
        last=[said(0, "He was gone.")],
    )
    client = Stage(room).play(START, SAMPLES, END)
    assert client.texts("2pass-online") == ["he was ", "gone"]
    assert client.texts("2pass-offline") == ["He was gone."]


def test_of_a_streaming_recogniser_everything_is_told_as_long_as_it_only_adds():
    partials = [hearing(0, text, 0) for text in ("he", "he was", "she was", "he was here")]
    room = ScriptedRoom(lines={3200: [*partials]}, last=[said(0, "He is here.")], streaming=True)
    client = Stage(room).play(START, SAMPLES, END)
    assert client.texts("2pass-online") == ["he", " was", " here"]
    assert client.texts("2pass-offline") == ["He is here."]


def test_mode_online_takes_the_streaming_text_as_final_and_asks_for_no_words():
    stage = Stage(ScriptedRoom(last=[said(0, "x")]), profile(Capability.WORDS))
    stage.play({**START, "mode": "online"}, SAMPLES, END)
    stage.play({**START, "mode": "2pass"}, SAMPLES, END)
    stage.play({**START, "mode": "offline"}, SAMPLES, END)
    online, two, offline = (session.wish for session in stage.room.sessions)
    assert (online.second_pass, online.words, online.partials) == (False, False, True)
    assert (two.second_pass, two.words, two.partials) == (True, True, True)
    assert (offline.second_pass, offline.words, offline.partials) == (True, True, False)


def test_pieces_that_led_to_nothing_are_replaced_by_nothing():
    room = ScriptedRoom(lines={3200: [hearing(0, "hm", 2), said(0, ""), said(1, "")]}, last=[said(2, "Yes.")])
    client = Stage(room).play(START, SAMPLES, END)
    assert [(each["mode"], each["text"]) for each in client.answers] == [
        ("2pass-online", "hm"),
        ("2pass-offline", ""),
        ("2pass-offline", "Yes."),
    ]


def test_only_the_last_answer_is_final_however_many_come_after_the_end():
    room = ScriptedRoom(last=[said(0, "one"), hearing(1, "two", 3), said(1, "two"), said(2, "three")])
    client = Stage(room).play(START, SAMPLES, END)
    assert [(each["text"], each["is_final"]) for each in client.answers] == [
        ("one", False),
        (" two", False),
        (" two", False),
        (" three", True),
    ]


def test_texts_of_chinese_are_joined_without_blanks():
    room = ScriptedRoom(last=[said(0, "你好。"), said(1, "再见。")])
    assert "".join(Stage(room).play(START, SAMPLES, END).texts("2pass-offline")) == "你好。再见。"
    offline = Stage(room).play({**START, "mode": "offline"}, SAMPLES, END)
    assert offline.texts("offline") == ["你好。再见。"]


def test_an_end_without_audio_is_answered_too():
    client = Stage().play({**START, "mode": "offline"}, END, END)
    assert [each["text"] for each in client.answers] == ["", ""]
    assert Stage().play(END).answers[0]["is_final"] is True
    assert not Stage().play(START).answers


@pytest.mark.parametrize(
    "end", [{"is_speaking": False}, {"is_speaking": "false"}, {"is_finished": True}, {"is_end": True}]
)
def test_every_way_to_say_that_the_input_ends(end: Message):
    assert Stage(ScriptedRoom(last=[said(0, "x")])).play(START, SAMPLES, end).answers[0]["text"] == "x"


def test_settings_come_as_numbers_or_strings():
    stage = Stage()
    stage.play(
        {**START, "audio_fs": "8000", "wav_name": 7, "wav_format": None, "chunk_interval": "10"}, SAMPLES, END
    )
    stage.play({**START, "audio_fs": 8000.0}, SAMPLES, END)
    assert [session.wish.sample_rate_hz for session in stage.room.sessions] == [8000, 8000]


def test_audio_without_any_frame_gets_the_defaults():
    stage = Stage(ScriptedRoom(last=[said(0, "x")]))
    assert stage.play(SAMPLES, END).texts("2pass-offline") == ["x"]
    assert stage.room.sessions[0].wish.sample_rate_hz == 16000


def test_a_change_of_rate_while_audio_comes_begins_a_new_session_of_the_same_input():
    room = ScriptedRoom(plays=[({}, [said(0, "one")]), ({}, [said(0, "two")])])
    stage = Stage(room)
    client = stage.play(START, SAMPLES, {"audio_fs": 8000}, {"wav_name": "y"}, SAMPLES, END)
    assert [(each["text"], each["is_final"]) for each in client.answers] == [("one", False), (" two", True)]
    assert [session.wish.sample_rate_hz for session in room.sessions] == [16000, 8000]


def test_times_go_on_where_a_session_was_given_up_in_silence():
    from parley.speech.transcript import Word

    word = (Word(text="one", start=0.0, end=0.05),)
    idle = Failed(error=SessionIdle("You said nothing."))
    room = ScriptedRoom(
        plays=[({3200: [said(0, "one", words=word), idle]}, []), ({}, [said(0, "one", words=word)])]
    )
    client = Stage(room, profile(Capability.WORDS)).play(START, SAMPLES, SAMPLES, END)
    assert [each["timestamp"] for each in client.answers] == ["[[0,50]]", "[[100,150]]"]
    assert not any("error" in each for each in client.answers)


def test_refused_for_want_of_room_with_a_reason_and_a_close():
    for error in (
        TooManySessions("There is no place."),
        LiveOverloaded("Everybody waits; try again in 5 s."),
    ):
        client = Stage(ScriptedRoom(refusal=error)).play(START, SAMPLES, SAMPLES, END)
        assert client.answers == [
            {
                "mode": "2pass-offline",
                "text": "",
                "wav_name": "x",
                "is_final": True,
                "error": error.code,
                "message": error.message,
            }
        ]
        assert (client.close_code, client.close_reason) == (1013, error.message)


@pytest.mark.parametrize(
    "frame", ["START", "[1]", "{", '"x"', '{"mode": "loud"}', '{"audio_fs": "fast"}', '{"is_speaking": 7}']
)
def test_a_frame_that_makes_no_sense_closes_the_line_with_a_reason(frame: str):
    client = Stage().play(frame, SAMPLES, END)
    assert client.close_code == 1008
    assert client.answers[0]["error"] in ("invalid_json", "invalid_option")
    assert client.close_reason == client.answers[0]["message"]


def test_a_stranger_is_turned_away_before_saying_anything():
    stage = Stage(authority=Nobody("secret"))
    client = stage.play(START, SAMPLES, END, query="token=wrong")
    assert client.answers[0]["error"] == "auth_failed"
    assert client.close_reason == "Authentication failed; send a valid token."
    assert not stage.room.sessions
    assert stage.play(START, SAMPLES, END, query="token=secret").close_code is None


def test_a_profile_is_named_in_the_query():
    stage = Stage()
    stage.play(START, SAMPLES, END, query="profile=one")
    assert stage.room.sessions[0].wish.profile == "one"
    assert stage.play(START, SAMPLES, query="profile=two").answers[0]["error"] == "profile_unknown"


def test_samples_that_cannot_be_taken_are_told_at_once_and_the_next_input_is_served():
    room = ScriptedRoom(plays=[({}, [said(0, "x")])])
    client = Stage(room).play(
        {**START, "wav_format": "mp3"}, SAMPLES, SAMPLES, END, {**START, "wav_format": "pcm"}, SAMPLES, END
    )
    assert [(each.get("error"), each["text"]) for each in client.answers] == [
        ("unsupported_media", ""),
        (None, "x"),
    ]
    assert client.close_code is None


def test_a_lost_utterance_is_said_in_the_last_answer_and_the_acknowledgement():
    trouble = Trouble(error=RecognitionFailed("One utterance was lost."), utterance=0)
    room = ScriptedRoom(lines={3200: [said(0, ""), trouble]}, last=[said(1, "Yes.")])
    client = Stage(room).play(START, SAMPLES, {"is_speaking": False, "is_end": True})
    assert client.answers[-2]["error"] == "recognition_failed"
    assert client.answers[-1] == {
        "is_end": True,
        "is_final": False,
        "wav_name": "x",
        "error": "One utterance was lost.",
    }


def test_a_session_that_fails_is_told_and_closes_the_line():
    failed = Failed(error=WorkersExhausted("The worker is gone; try again."))
    room = ScriptedRoom(lines={3200: [hearing(0, "he", 2), failed]})

    async def main() -> Client:
        client, stage = Client(), Stage(room)
        client.send(START, SAMPLES)
        async with asyncio.timeout(60):
            await stage.enter(client)
        return client

    client = asyncio.run(main())
    assert client.close_reason == "The worker is gone; try again."
    assert sum(each["is_final"] for each in client.answers) == 1
    assert room.sessions[0].closed


def test_a_session_that_fails_while_the_end_is_dealt_with_is_acknowledged():
    failed = Failed(error=WorkersExhausted("The worker is gone; try again."))
    client = Stage(ScriptedRoom(last=[failed])).play(START, SAMPLES, {"is_end": True})
    assert [each["is_final"] for each in client.answers] == [True, False]
    assert client.answers[0]["error"] == WorkersExhausted.code
    assert client.answers[1]["error"] == "The worker is gone; try again."


def test_who_is_gone_leaves_no_session_behind():
    stage = Stage()
    stage.play(START, SAMPLES)
    assert stage.room.sessions[0].closed
    assert stage.guests.total == 0


def test_a_client_that_is_gone_when_it_is_told_something_frees_its_session():
    room = ScriptedRoom(lines={3200: [said(0, "one")]})

    async def main() -> None:
        client, stage = Client(), Stage(room)
        client.send(START)
        serving = stage.enter(client)
        await asyncio.sleep(0)
        client.is_gone = True
        client.send(SAMPLES)
        client.hang_up()
        async with asyncio.timeout(60):
            await serving

    asyncio.run(main())
    assert room.sessions[0].closed


def test_language_and_hotwords_are_passed_on_where_the_profile_can():
    stage = Stage(ScriptedRoom(), profile(Capability.LANGUAGE, languages=frozenset({"zh", "en"})))
    client = stage.play({**START, "svs_lang": "zh", "hotwords": "阿里"}, SAMPLES, END)
    assert stage.room.sessions[0].wish.language == "zh"
    assert client.answers[-1]["ignored"] == ["hotwords"]
    client = stage.play({**START, "svs_lang": "yue"}, SAMPLES, END)
    assert stage.room.sessions[1].wish.language is None
    assert client.answers[-1]["ignored"] == ["svs_lang"]
    assert "ignored" not in stage.play({**START, "svs_lang": "auto"}, SAMPLES, END).answers[-1]


def test_a_hotword_that_cannot_be_spelled_is_no_error():
    trouble = Trouble(error=UnsupportedOption("It cannot spell 'x'."))
    stage = Stage(ScriptedRoom({len(SAMPLES): [trouble]}), profile(Capability.HOTWORDS))
    last = stage.play({**START, "hotwords": '{"x": 20}'}, SAMPLES, END).answers[-1]
    assert (last["ignored"], "error" in last) == (["hotwords"], False)


def test_in_mode_online_the_recogniser_of_live_speech_has_the_last_word():
    # FunASR's page sends hotwords in every mode; that recogniser takes none, and the page has to work.
    two = profile(Capability.HOTWORDS, Capability.WORDS, streaming=recogniser("live"))
    stage = Stage(profile=two)
    hotwords = {"hotwords": '{"阿里巴巴": 20}'}
    online = stage.play({**START, "mode": "online", **hotwords}, SAMPLES, END)
    both = stage.play({**START, **hotwords}, SAMPLES, END)
    assert [session.wish.hotwords for session in stage.room.sessions] == [(), (("阿里巴巴", 1.0),)]
    assert online.answers[-1]["ignored"] == ["hotwords"]
    assert "ignored" not in both.answers[-1]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Bearer;"])
def test_a_token_may_come_in_a_header(scheme: str):
    stage = Stage(authority=Nobody("secret"))
    client = stage.play(START, SAMPLES, END, headers={"authorization": f"{scheme} secret"})
    assert client.close_code is None
    assert len(stage.room.sessions) == 1
