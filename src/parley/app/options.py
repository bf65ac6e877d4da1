"""What each room of the server is told of the settings."""

from __future__ import annotations

from parley.app.live_pools import live_seats
from parley.app.pools import speech_workers
from parley.app.workshop import house_limits
from parley.assistant.options import AssistantLimits, LanguageModelOptions
from parley.jobs.options import DeskOptions
from parley.jobs.reception import ReceptionOptions
from parley.live.options import LiveLimits
from parley.server.asr.behind import AsrOptions
from parley.server.assistant.behind import AssistantOptions
from parley.server.authority import AuthorityOptions
from parley.server.gate import GateOptions
from parley.server.native.behind import NativeOptions
from parley.server.rooms import DoorOptions
from parley.server.socket.wire_options import WireOptions
from parley.server.tls import TlsOptions
from parley.server.tts.behind import TtsOptions
from parley.settings import MIB, Settings
from parley.storage.conversations import Keeping
from parley.storage.recording_rows import KeepMedia
from parley.synthesis.options import SynthesisLimits

_SESSIONS_PER_SEAT = 16
_THINK_S = AssistantLimits().think_timeout_s


def desk_options(settings: Settings) -> DeskOptions:
    """The queue's share."""
    queue, workers = settings.queue, speech_workers(settings)
    lock = queue.mode == "lock"
    return DeskOptions(
        max_waiting=queue.max_waiting,
        max_waiting_per_user=queue.max_waiting_per_user,
        # One more than there are workers: while it decodes, the others recognise.
        running=1 if lock else queue.running or workers + 1,
        # One unit in each worker's hands and one waiting beside it.
        in_flight=1 if lock else 2 * workers,
        silence_s=queue.silence_s,
        attempts=queue.attempts,
        keep_s=queue.keep_days * 86400,
        limits=house_limits(settings),
    )


def live_limits(settings: Settings) -> LiveLimits:
    """The share of live speech."""
    live, seats = settings.live, live_seats(settings)
    return LiveLimits(
        max_sessions=live.max_sessions or _SESSIONS_PER_SEAT * seats,
        max_sessions_per_user=live.max_sessions_per_client,
        max_lag_s=live.max_lag_ms / 1000,
        session_idle_s=live.session_idle_s,
        resume_s=live.resume_s,
        backlog_s=live.backlog_s,
        endpoint_silence_s=live.endpoint_silence_ms / 1000,
        max_utterance_s=live.max_utterance_s,
        partial_interval_s=live.partial_interval_ms / 1000,
    )


def synthesis_limits(settings: Settings) -> SynthesisLimits:
    """The share of voices."""
    voices = settings.voices
    return SynthesisLimits(
        max_requests=voices.max_requests,
        max_requests_per_user=voices.max_requests_per_client,
        max_text_chars=voices.max_text_chars,
        max_ahead_s=voices.max_ahead_s,
        idle_s=voices.idle_s,
        max_voices_per_user=voices.max_library,
    )


def keeping(settings: Settings) -> Keeping:
    """How much of conversations is remembered."""
    assistant = settings.assistant
    return Keeping(most=assistant.max_stored, keep_s=assistant.keep_days * 86400.0)


def assistant_options(settings: Settings) -> AssistantOptions:
    """The share of the door of conversations."""
    return AssistantOptions(auth_timeout_s=settings.server.auth_timeout_s)


def language_model_options(settings: Settings) -> LanguageModelOptions:
    """The share of whoever writes answers. A server that somebody names may ask for no key."""
    chosen = settings.assistant
    key = chosen.llm_api_key.get_secret_value().strip() if chosen.llm_api_key else ""
    is_named = chosen.llm_base_url != type(chosen).model_fields["llm_base_url"].default
    return LanguageModelOptions(
        base_url=chosen.llm_base_url,
        model=chosen.llm_model,
        key=key or ("none" if is_named else None),
        instructions=chosen.instructions,
        history_tokens=chosen.history_tokens,
        max_answer_tokens=chosen.max_answer_tokens,
        temperature=chosen.temperature,
        first_token_s=chosen.first_token_s,
        between_tokens_s=chosen.between_tokens_s,
        answer_s=chosen.answer_s,
        retries=chosen.retries,
    )


def assistant_limits(settings: Settings) -> AssistantLimits:
    """The share of conversations."""
    chosen = settings.assistant
    barge_in_s = chosen.barge_in_ms / 1000
    return AssistantLimits(
        max_sessions=chosen.max_sessions,
        max_sessions_per_user=chosen.max_sessions_per_client,
        session_idle_s=chosen.session_idle_s,
        resume_s=chosen.resume_s,
        barge_in_speech_s=barge_in_s,
        barge_in_guard_s=chosen.barge_in_guard_ms / 1000,
        barge_in_guard_speech_s=2 * barge_in_s,
        # Whoever writes the answer gives up first, and knows why.
        think_timeout_s=_THINK_S + max(chosen.first_token_s, chosen.between_tokens_s),
        max_ahead_s=settings.voices.max_ahead_s,
        speculates=chosen.speculate,
    )


def reception_options(settings: Settings) -> ReceptionOptions:
    """The uploads' share."""
    uploads = settings.uploads
    return ReceptionOptions(
        max_file_bytes=settings.max_file_mib * MIB,
        expire_s=uploads.expire_minutes * 60,
        max_open=uploads.max_open,
        max_open_per_user=uploads.max_open_per_user,
        disk_bytes=uploads.disk_mib * MIB,
        keep_media=KeepMedia(uploads.keep_media),
        authenticated=settings.auth.enabled,
        shared=settings.cache.shared,
    )


def authority_options(settings: Settings) -> AuthorityOptions:
    """The share of whoever knows users."""
    auth = settings.auth
    return AuthorityOptions(
        enabled=auth.enabled,
        secret=auth.secret.get_secret_value() if auth.secret else None,
        algorithm=auth.algorithm,
        public_key=auth.public_key,
        allow_eternal_tokens=auth.allow_eternal_tokens,
    )


def native_options(settings: Settings) -> NativeOptions:
    """The share of the WebSocket door."""
    server = settings.server
    return NativeOptions(
        default_profile=settings.profile,
        max_connections=server.max_connections,
        max_connections_per_client=server.max_connections_per_client,
        auth_timeout_s=server.auth_timeout_s,
        allow_private_urls=settings.uploads.allow_private_urls,
    )


def asr_options(settings: Settings) -> AsrOptions:
    """The share of the door of live recognition."""
    return AsrOptions(
        session_idle_s=settings.live.session_idle_s, auth_timeout_s=settings.server.auth_timeout_s
    )


def tts_options(settings: Settings) -> TtsOptions:
    """The share of the door of voices."""
    voices = settings.voices
    return TtsOptions(
        max_text_chars=voices.max_text_chars,
        idle_s=voices.idle_s,
        auth_timeout_s=settings.server.auth_timeout_s,
    )


def wire_options(settings: Settings) -> WireOptions:
    """The share of what reads and writes frames."""
    server = settings.server
    return WireOptions(
        frame_budget_bytes=server.frame_budget_mib * MIB,
        send_timeout_s=server.send_timeout_s,
        ping_interval_s=server.ping_interval_s,
    )


def door_options(settings: Settings) -> DoorOptions:
    """The share of the HTTP doors."""
    return DoorOptions(
        default_profile=settings.profile,
        max_file_bytes=settings.max_file_mib * MIB,
        allow_urls=settings.uploads.allow_urls,
        allow_private_urls=settings.uploads.allow_private_urls,
        url_timeout_s=settings.uploads.url_timeout_s,
        patience_s=settings.server.send_timeout_s,
        origins=settings.server.origins,
    )


def tls_options(settings: Settings) -> TlsOptions:
    """What connections are secured with."""
    server = settings.server
    return TlsOptions(
        certificate=server.tls_cert,
        key=server.tls_key,
        self_signed=server.tls == "self-signed",
        names=(server.host, *(name for name in server.hosts if name != "*")),
    )


def gate_options(settings: Settings) -> GateOptions:
    """Whose requests are let through."""
    server = settings.server
    return GateOptions(
        host=server.host,
        hosts=server.hosts,
        origins=server.origins,
        trusted_proxies=server.trusted_proxies,
        trusts_loopback=not (settings.auth.enabled or server.insecure),
    )
