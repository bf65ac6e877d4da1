"""The Python library that talks to a server."""

from __future__ import annotations

from parley.client.asynchronous import AsyncClient
from parley.client.conversation import AsyncConversation
from parley.client.conversation_events import AnswerSound, ConversationEvent, ConversationOptions
from parley.client.conversation_plain import Conversation
from parley.client.events import Completed, Event, Progress, Queued, Reading, Segment, Uploading
from parley.client.job import AsyncJob
from parley.client.live_options import LiveOptions
from parley.client.live_plain import LiveSession
from parley.client.live_session import AsyncLiveSession
from parley.client.options import Options
from parley.client.result import Result
from parley.client.speaking import SpeakOptions
from parley.client.synchronous import Client, Job
from parley.speech.live import Done, Final, Level, LiveEvent, Partial, Received, Trouble, Voice
from parley.speech.speaking import Sentence, SpeechBegun, SpeechEvent, Spoken, SpokenAudio
from parley.speech.voice import VoiceFacts
from parley.wire.speech.assistant_server import (
    AssistantProblem,
    AssistantReady,
    AssistantResponse,
    AssistantVad,
    AudioLevel,
    PlaybackControl,
    PlaybackEnded,
    PlaybackStarted,
    StateShown,
    TurnMeasured,
    UserTranscript,
)

__all__ = [
    "AnswerSound",
    "AssistantProblem",
    "AssistantReady",
    "AssistantResponse",
    "AssistantVad",
    "AsyncClient",
    "AsyncConversation",
    "AsyncJob",
    "AsyncLiveSession",
    "AudioLevel",
    "Client",
    "Completed",
    "Conversation",
    "ConversationEvent",
    "ConversationOptions",
    "Done",
    "Event",
    "Final",
    "Job",
    "Level",
    "LiveEvent",
    "LiveOptions",
    "LiveSession",
    "Options",
    "Partial",
    "PlaybackControl",
    "PlaybackEnded",
    "PlaybackStarted",
    "Progress",
    "Queued",
    "Reading",
    "Received",
    "Result",
    "Segment",
    "Sentence",
    "SpeakOptions",
    "SpeechBegun",
    "SpeechEvent",
    "Spoken",
    "SpokenAudio",
    "StateShown",
    "Trouble",
    "TurnMeasured",
    "Uploading",
    "UserTranscript",
    "Voice",
    "VoiceFacts",
]
