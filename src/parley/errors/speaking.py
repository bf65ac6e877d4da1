"""What may go wrong with voices and conversations. The codes are those of their protocols."""

from __future__ import annotations

from typing import ClassVar

from parley.errors.tree import ParleyError


class SpeakingError(ParleyError):
    """A request for speech could not begin or go on."""

    code: ClassVar[str] = "synthesis_failed"


class VoiceUnknown(SpeakingError):
    """There is no such voice, or not for this user."""

    code = "voice_unknown"
    http_status = 404
    exit_code = 2


class VoicesNotInstalled(SpeakingError):
    """No engine that speaks is installed."""

    code = "voices_not_installed"
    http_status = 409
    exit_code = 5


class VoicesBusy(SpeakingError):
    """As many requests are spoken as this machine takes."""

    code = "voices_busy"
    http_status = 503
    permanent = False


class VoiceRefused(SpeakingError):
    """A reference recording is not fit for cloning."""

    code = "voice_refused"
    http_status = 422
    exit_code = 2


class ConsentMissing(SpeakingError):
    """Nobody declared that the speaker agrees."""

    code = "consent_missing"
    http_status = 400
    exit_code = 2


class TextTooLong(SpeakingError):
    """A request holds more text than one may."""

    code = "text_too_long"
    http_status = 413
    exit_code = 2


class AssistantError(ParleyError):
    """A conversation could not begin or go on."""

    code: ClassVar[str] = "assistant_error"


class ConversationNotFound(AssistantError):
    """There is no such conversation, or not for this user."""

    code = "conversation_not_found"
    http_status = 404


class LanguageModelError(AssistantError):
    """The language model gave no answer, or only a part; the conversation goes on."""

    code = "llm_failed"
    http_status = 502


class LanguageModelUnreachable(LanguageModelError):
    """Nobody answers at its address."""

    code = "llm_unreachable"
    permanent = False


class LanguageModelSilent(LanguageModelError):
    """It took too long."""

    code = "llm_timeout"
    http_status = 504
    permanent = False


class LanguageModelBusy(LanguageModelError):
    """It refused for now: too many requests, or no credit."""

    code = "llm_busy"
    http_status = 503
    permanent = False


class LanguageModelRefused(LanguageModelError):
    """It does not accept the key, the model's name or the request."""

    code = "llm_refused"
