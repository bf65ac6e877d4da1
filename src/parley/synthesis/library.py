"""What the room needs of those who keep voices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from parley.engines.contract import EngineSpec
from parley.storage.voice_library import KeptVoice
from parley.synthesis.options import NewVoice


class VoiceLibrary(Protocol):
    """The voices that users have added, and previews of all voices. Every method may raise StorageError."""

    async def voices(self, user: str) -> Sequence[KeptVoice]:
        """Those of a user, the oldest first."""
        ...

    def workspace(self) -> AbstractAsyncContextManager[Path]:
        """A folder that is gone afterwards."""
        ...

    async def add(self, user: str, voice: NewVoice, engine: EngineSpec) -> KeptVoice:
        """Keep one that `engine` is to speak in, once its recording was found fit; see SynthesisRoom."""
        ...

    async def prompt(self, voice: KeptVoice, engine: EngineSpec) -> bytes:
        """What the engine takes for it, made anew where the engine has changed."""
        ...

    async def remove(self, user: str, voice_id: str) -> bool:
        """Forget it and its files; False where there is none."""
        ...

    async def preview(self, key: str, voice_id: str | None, make: Callable[[], Awaitable[bytes]]) -> Path:
        """A WAV file under this key, made where it is not there; `voice_id` is that of a voice kept here."""
        ...
