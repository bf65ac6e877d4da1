"""The room of conversations of a server: its bounds, its language model, its memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from parley.app import options
from parley.app.assistant_gauges import count
from parley.app.looking import Found
from parley.assistant.contract import AssistantRoom, LanguageModel
from parley.assistant.options import LanguageModelOptions
from parley.assistant.parrot import Parrot
from parley.assistant.room import Assistant
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.engines.shipped import EMBEDDED
from parley.live.contract import LiveRoom
from parley.settings import Settings
from parley.storage.conversations import Conversations
from parley.synthesis.contract import SynthesisRoom
from parley.telemetry.metrics import Metrics

NO_MODEL = (
    "No language model is set up: in conversations a parrot repeats what it hears. "
    "Set LLM_API_KEY, or the keys of [assistant], to talk to one."
)
NO_VOICE = "No voice is installed: conversations answer in text only; run: pip install 'parley[espeak]'"


@asynccontextmanager
async def open_assistant_room(
    settings: Settings,
    found: Found,
    live: LiveRoom,
    synthesis: SynthesisRoom,
    memory: Conversations,
    metrics: Metrics,
    notice: Callable[[str], None],
) -> AsyncGenerator[AssistantRoom]:
    """Open it; in the end conversations are ended before the rooms that they hear and speak with."""
    memory.keep(options.keeping(settings))
    wanted = options.language_model_options(settings)
    if wanted.key is None:
        notice(NO_MODEL)
    if not found.voices:
        notice(NO_VOICE)
    async with _language_model(wanted) as model:
        room = Assistant(
            live,
            synthesis,
            model,
            memory,
            options.assistant_limits(settings),
            wanted.instructions,
            _voices_chosen(found.installed),
            told=partial(count, metrics),
        )
        async with room:
            yield room


def _voices_chosen(installed: Mapping[str, Profile]) -> Mapping[str, str]:
    """The engine that speaks beside a profile, where it names one. The one that all have which name none
    gives way to the voice of the settings, and to better ones."""
    named = {name: profile.tts.name for name, profile in installed.items() if profile.tts is not None}
    return {name: engine for name, engine in named.items() if engine != EMBEDDED[Role.TTS]}


@asynccontextmanager
async def _language_model(wanted: LanguageModelOptions) -> AsyncGenerator[LanguageModel]:
    """The one that answers, or the parrot; what it needs is loaded when it is asked first."""
    if wanted.key is None:
        yield Parrot()
        return
    from parley.assistant.openai_model import OpenAiModel

    async with OpenAiModel(wanted) as model:
        yield model
