"""The references of FunASR's protocol, in English and in Chinese: prose from a head, tables from the code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from parley.wire.funasr.catalogue import CATALOGUE, Entry
from parley.wire.funasr.server import StampedSentence

from .reference import type_of

_HERE = Path(__file__).parent

_CHINESE = {
    "mode": "模式。发送：`offline`（只在结尾返回一次全文）、`online`（边说边返回）、`2pass`（边说"
    "边返回，句尾由第二遍识别修正）。返回：`2pass-online`、`online` 是追加的增量；`2pass-"
    "offline` 是一句话的最终文本，替换此前的增量；`offline` 是整个输入的文本",
    "wav_name": "音频名，原样出现在每条回答里",
    "wav_format": "`pcm` 或 `wav`；`offline` 模式下也可以是 `parley transcribe` 能打开的任何格式",
    "audio_fs": "采样率（Hz），8000 到 48000，起初为 16000；开头若有 RIFF 头，以其为准",
    "is_speaking": "false 表示输入结束：剩余音频识别到最后一个采样点并返回",
    "is_finished": "true 等同于 `is_speaking: false`",
    "is_end": "发送 true 同样结束输入，并要求在最后一条回答之后返回确认；返回时恒为 true",
    "hotwords": '字符串：JSON 对象（`{"阿里巴巴": 20}`），或用空格、逗号分隔的词，或每行“词 权重”；也'
    "接受对象本身和列表",
    "svs_lang": "语种（ISO 639-1），仅当方案可选语种时有效；`auto` 为自动",
    "itn": "接受，但不起作用",
    "svs_itn": "接受，但不起作用",
    "chunk_size": "接受，但不起作用",
    "chunk_interval": "接受；其值不起作用（是否出现见上文“两种服务器的差别”）",
    "encoder_chunk_look_back": "接受，但不起作用",
    "decoder_chunk_look_back": "接受，但不起作用",
    "text": "识别出的文本",
    "is_final": "是否为该输入的最后一条回答；在确认里，有内容丢失时为 false",
    "timestamp": "JSON 字符串 `[[起, 止], ...]`，毫秒，从输入开头算起，每个词（中文为每个字）一对；方案"
    "没有词级时间时省略",
    "stamp_sents": "按分句给出的同样内容，与 `timestamp` 同时省略",
    "error": "出错时的代码（确认里是句子）；FunASR 没有该字段",
    "message": "出了什么错、该怎么办（英文）",
    "ignored": "最后一条回答里：方案无法满足而被忽略的设置",
    "text_seg": "词（或字），以空格分隔",
    "punc": "其后的标点",
    "start": "开始，毫秒",
    "end": "结束，毫秒",
    "ts_list": "每个词（或字）的起止时间",
}


@dataclass(frozen=True, slots=True)
class _Language:
    head: str
    client: str
    server: str
    values: str
    columns: str
    names: dict[str, str]
    meanings: dict[str, str] | None = None


_ENGLISH_WORDS = _Language(
    head="funasr.head.md",
    client="## What a client sends",
    server="## What the server sends",
    values="## Values inside messages",
    columns="| field | type | meaning |",
    names={
        "settings": "Settings and the end of an input",
        "answer": "Text",
        "acknowledgement": "Acknowledgement",
        "sentence": "An element of `stamp_sents`",
    },
)
_CHINESE_WORDS = _Language(
    head="funasr.head.zh-CN.md",
    client="## 客户端发送",
    server="## 服务器返回",
    values="## 消息中的值",
    columns="| 字段 | 类型 | 含义 |",
    names={
        "settings": "设置与输入的结束",
        "answer": "文本",
        "acknowledgement": "结束确认",
        "sentence": "`stamp_sents` 的元素",
    },
    meanings=_CHINESE,
)


def funasr_page() -> str:
    """The reference as Markdown."""
    return _page(_ENGLISH_WORDS)


def funasr_page_in_chinese() -> str:
    """The same in Chinese."""
    return _page(_CHINESE_WORDS)


def _page(language: _Language) -> str:
    lines = [(_HERE / language.head).read_text("utf-8").rstrip(), ""]
    for title, is_from_client in ((language.client, True), (language.server, False)):
        lines += [title, ""]
        for entry in CATALOGUE:
            if entry.is_from_client is is_from_client:
                lines += _message(entry, language)
    lines += [language.values, "", f"### {language.names['sentence']}", ""]
    lines += _fields(StampedSentence, language)
    return "\n".join(lines).rstrip() + "\n"


def _message(entry: Entry, language: _Language) -> Iterator[str]:
    yield f"### {language.names[entry.name]}"
    yield ""
    yield from _fields(entry.model, language)
    yield "```json"
    for example in entry.examples:
        yield json.dumps(dict(example), ensure_ascii=False)
    yield "```"
    yield ""


def _fields(model: type[BaseModel], language: _Language) -> Iterator[str]:
    yield language.columns
    yield "|---|---|---|"
    for name, field in model.model_json_schema(mode="serialization")["properties"].items():
        yield f"| `{name}` | {_type(field)} | {_meaning(name, field, language)} |"
    yield ""


def _type(field: dict[str, Any]) -> str:
    choices = [choice for choice in field.get("anyOf", [field]) if choice.get("type") != "null"]
    if any("$ref" in choice.get("items", {}) for choice in choices):
        return "list"
    return " or ".join(dict.fromkeys(type_of(choice) for choice in choices))


def _meaning(name: str, field: dict[str, Any], language: _Language) -> str:
    said = field.get("description", "") if language.meanings is None else language.meanings[name]
    return said.rstrip(".")
