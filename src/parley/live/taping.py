"""The recording of a session that wishes one; what goes wrong with it is told, and costs no speech."""

from __future__ import annotations

from parley.errors import ParleyError
from parley.live.contract import Recording
from parley.live.outbox import Outbox
from parley.speech.live import Trouble


class Taping:
    """Without a recording nothing is kept."""

    def __init__(self, recording: Recording | None, outbox: Outbox) -> None:
        self._recording = recording
        self._outbox = outbox

    async def keep(self, pcm: bytes) -> None:
        """More of the audio."""
        if self._recording is not None:
            await self._recording.write(pcm)

    async def finish(self) -> str | None:
        """The id of the task that is made of it, if one is."""
        recording, self._recording = self._recording, None
        if recording is None:
            return None
        try:
            return await recording.finish()
        except ParleyError as error:
            self._outbox.put(Trouble(error=error))
            await recording.abandon()
            return None

    async def abandon(self) -> None:
        """Leave nothing behind; harmless after the end."""
        recording, self._recording = self._recording, None
        if recording is not None:
            await recording.abandon()
