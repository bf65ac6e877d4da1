"""What FunASR's own clients send, frame by frame, and what they have to be answered to go on.

The sequences are those of the clients in its repository: each reads other fields, and each ends in its
own way.
"""

from __future__ import annotations

import json
import struct

from tests.unit.server.funasr.rehearsal import Message, ScriptedRoom, Stage, hearing, profile, said

from parley.engines.contract import Capability
from parley.errors import TooManySessions
from parley.speech.transcript import Word

SAMPLES = bytes(1920)
END: Message = {"is_speaking": False}
PYTHON: Message = {
    "chunk_size": [5, 10, 5],
    "chunk_interval": 10,
    "encoder_chunk_look_back": 4,
    "decoder_chunk_look_back": 0,
    "audio_fs": 16000,
    "wav_name": "demo",
    "wav_format": "pcm",
    "is_speaking": True,
    "hotwords": "",
    "itn": True,
}


def talk() -> ScriptedRoom:
    """Two utterances: the first ends while audio comes, the second with it."""
    return ScriptedRoom(
        lines={
            1920: [hearing(0, "good", 4)],
            3840: [hearing(0, "good morning", 12), said(0, "Good morning.")],
            5760: [hearing(1, "how", 3)],
        },
        last=[said(1, "How are you?")],
    )


def test_python_client_in_mode_2pass():
    client = Stage(talk()).play({"mode": "2pass", **PYTHON}, SAMPLES, SAMPLES, SAMPLES, END)
    # It appends online texts, and starts anew with each offline text.
    assert client.texts("2pass-online") == ["good", " morning", " how"]
    assert client.texts("2pass-offline") == ["Good morning.", " How are you?"]
    assert all(answer["wav_name"] == "demo" for answer in client.answers)
    assert [answer["is_final"] for answer in client.answers] == [False] * 4 + [True]
    assert client.subprotocol == "binary"


def test_newest_python_client_waits_for_an_acknowledgement():
    end = {"is_speaking": False, "is_end": True}
    client = Stage(talk()).play({"mode": "2pass", **PYTHON}, SAMPLES, SAMPLES, SAMPLES, end)
    assert client.answers[-1] == {"is_end": True, "is_final": True, "wav_name": "demo"}
    assert sum("is_end" in answer for answer in client.answers) == 1
    assert client.answers[-2]["text"] == " How are you?"


def test_nobody_is_acknowledged_who_did_not_ask():
    client = Stage(talk()).play({"mode": "online", **PYTHON}, SAMPLES, SAMPLES, SAMPLES, END)
    assert not any("is_end" in answer for answer in client.answers)


def test_python_client_in_mode_online():
    client = Stage(talk()).play({"mode": "online", **PYTHON}, SAMPLES, SAMPLES, SAMPLES, END)
    assert "".join(client.texts("online")) == "good morning. how are you?"
    assert {answer["mode"] for answer in client.answers} == {"online"}
    assert client.answers[-1]["is_final"] is True


def test_python_client_in_mode_offline():
    client = Stage(talk()).play({"mode": "offline", **PYTHON}, SAMPLES, SAMPLES, SAMPLES, END)
    assert client.answers == [
        {"mode": "offline", "text": "Good morning. How are you?", "wav_name": "demo", "is_final": False}
    ]


def test_page_in_file_mode_closes_on_is_final_false():
    # The page sends a WAV file with its header, in pieces of 960 bytes, and all settings again at the end.
    header = (
        b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    )
    file = header + b"data" + struct.pack("<I", 3840) + SAMPLES * 2
    said_first = {
        "chunk_size": [5, 10, 5],
        "wav_name": "h5",
        "is_speaking": True,
        "chunk_interval": 10,
        "itn": False,
        "mode": "offline",
        "wav_format": "PCM",
        "audio_fs": 8000,
        "hotwords": '{"阿里巴巴":20,"hello world":40}',
    }
    at_end = {
        "chunk_size": [5, 10, 5],
        "wav_name": "h5",
        "is_speaking": False,
        "chunk_interval": 10,
        "mode": "offline",
    }
    stage = Stage(talk())
    client = stage.play(said_first, *(file[at : at + 960] for at in range(0, len(file), 960)), at_end)
    assert len(client.answers) == 1
    assert client.answers[0]["is_final"] is False
    # Its hotwords come with the page; they are named, not refused.
    assert client.answers[0]["ignored"] == ["hotwords"]
    (session,) = stage.room.sessions
    assert bytes(session.heard) == SAMPLES * 2
    assert session.wish.sample_rate_hz == 8000


def test_page_with_the_microphone():
    first = {
        "chunk_size": [5, 10, 5],
        "wav_name": "h5",
        "is_speaking": True,
        "chunk_interval": 10,
        "itn": False,
        "mode": "2pass",
    }
    client = Stage(talk()).play(first, SAMPLES, SAMPLES, SAMPLES, {**first, "is_speaking": False})
    assert "".join(client.texts("2pass-offline")) == "Good morning. How are you?"


def test_cpp_client_for_files_counts_one_answer_for_each():
    # It names no mode, sends its hotwords with the first file only, and many files on one line.
    first = {
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "wav_format": "pcm",
        "audio_fs": 16000,
        "itn": True,
        "is_speaking": True,
    }
    room = ScriptedRoom(plays=[({}, [said(0, "one")]), ({}, [said(0, "two")]), ({}, [])])
    stage = Stage(room, profile(Capability.HOTWORDS))
    client = stage.play(
        {**first, "wav_name": "a", "hotwords": '{"阿里巴巴":20}'}, SAMPLES, END,
        {**first, "wav_name": "b"}, SAMPLES, END,
        {**first, "wav_name": "c"}, SAMPLES, END,
    )  # fmt: skip
    assert [(each["wav_name"], each["text"]) for each in client.answers] == [
        ("a", "one"),
        ("b", "two"),
        ("c", ""),
    ]
    assert {each["mode"] for each in client.answers} == {"offline"}
    assert [session.wish.hotwords for session in room.sessions] == [(("阿里巴巴", 1.0),)] * 3


def test_cpp_client_for_live_speech_closes_on_is_final_true():
    first = {
        "mode": "2pass",
        "chunk_size": [5, 10, 5],
        "wav_name": "record",
        "wav_format": "pcm",
        "audio_fs": 16000.0,
        "is_speaking": True,
        "itn": True,
    }
    for mode in ("2pass", "online", "offline"):
        client = Stage(talk()).play({**first, "mode": mode}, SAMPLES, SAMPLES, SAMPLES, END)
        assert [answer["is_final"] for answer in client.answers].index(True) == len(client.answers) - 1, mode


def test_android_client_reads_three_fields_of_every_message():
    first = {
        "mode": "2pass",
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "wav_name": "default",
        "hotwords": '{"阿里巴巴":20,"达摩院":20,"夜雨飘零":20}',
        "wav_format": "pcm",
        "is_speaking": True,
    }
    client = Stage(talk()).play(first, SAMPLES, SAMPLES, SAMPLES, END)
    for answer in client.answers:
        assert isinstance(answer["text"], str)
        assert isinstance(answer["is_final"], bool)
        assert isinstance(answer["mode"], str)


def test_java_and_go_clients():
    java = {
        "mode": "offline",
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "wav_name": "javatest",
        "hotwords": "阿里巴巴 达摩院",
        "wav_format": "pcm",
        "is_speaking": True,
    }
    client = Stage(talk()).play(java, SAMPLES, SAMPLES, SAMPLES, END, subprotocols=())
    assert [answer["mode"] for answer in client.answers] == ["offline"]
    assert client.subprotocol is None


def test_a_robot_sends_everything_in_one_message_and_waits_for_is_final_true():
    first = {
        "mode": "offline",
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "wav_name": "x",
        "is_speaking": True,
        "itn": False,
    }
    client = Stage(talk()).play(first, SAMPLES * 3, END)
    assert [(each["text"], each["is_final"]) for each in client.answers] == [
        ("Good morning. How are you?", True)
    ]


def test_packaged_client_leaves_out_the_mode_and_decodes_times():
    # It leaves out what it was not told, and gives up without `mode` in every message.
    first = {
        "is_speaking": True,
        "chunk_size": [5, 10, 5],
        "wav_name": "x",
        "audio_fs": 16000,
        "svs_lang": "auto",
    }
    words = (Word(text="Good", start=0.1, end=0.3), Word(text="morning.", start=0.3, end=0.9))
    room = ScriptedRoom(last=[said(0, "Good morning.", words=words)])
    client = Stage(room, profile(Capability.WORDS)).play(first, SAMPLES, END)
    (answer,) = client.answers
    assert answer["mode"] == "2pass-offline"
    assert answer["is_final"] is True
    assert json.loads(answer["timestamp"]) == [[100, 300], [300, 900]]
    assert answer["stamp_sents"] == [
        {
            "text_seg": "Good morning",
            "punc": ".",
            "start": 100,
            "end": 900,
            "ts_list": [[100, 300], [300, 900]],
        }
    ]


def test_documented_first_frame():
    # As it stands in FunASR's protocol; JSON's own true and false apart.
    offline = {
        "mode": "offline",
        "wav_name": "wav_name",
        "wav_format": "pcm",
        "is_speaking": True,
        "itn": True,
    }
    hotwords = {"hotwords": '{"阿里巴巴":20,"通义实验室":30}'}
    stage = Stage(talk(), profile(Capability.HOTWORDS, Capability.HOTWORD_WEIGHTS))
    client = stage.play({**offline, **hotwords}, SAMPLES, SAMPLES, SAMPLES, END)
    assert client.texts("offline") == ["Good morning. How are you?"]
    assert stage.room.sessions[0].wish.hotwords == (("阿里巴巴", 1.0), ("通义实验室", 1.5))


def test_the_page_closes_its_line_when_its_file_is_refused_too():
    first = {"mode": "offline", "wav_format": "PCM", "audio_fs": 8000, "chunk_interval": 10, "wav_name": "h5"}
    room = ScriptedRoom(refusal=TooManySessions("There is no place."))
    client = Stage(room).play(first, SAMPLES, END)
    assert [(each["error"], each["is_final"]) for each in client.answers] == [("too_many_sessions", False)]
