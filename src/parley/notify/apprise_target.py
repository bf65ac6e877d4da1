"""Chat rooms, mail and the like, through Apprise (WeCom bot, Feishu, DingTalk, Slack, ...)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
from typing import Any

from parley.notify.events import Event
from parley.notify.target import DeliveryFailed, TargetGone
from parley.notify.wording import Language, sentence_of, title_of


class AppriseTarget:
    """One Apprise address. The address holds a secret: it is never logged or stored."""

    kind = "apprise"

    def __init__(self, address: str, *, server: str, language: Language, timeout_s: float) -> None:
        self._address = address
        self._server = server
        self._language: Language = language
        self._timeout_s = timeout_s
        self._running: threading.Thread | None = None

    @property
    def name(self) -> str:
        """What the outbox calls it."""
        return f"apprise:{hashlib.sha256(self._address.encode()).hexdigest()[:16]}"

    async def send(self, event: Event) -> None:
        """Tell it once; raises DeliveryFailed, TargetGone for an address that Apprise does not know."""
        if self._running is not None and self._running.is_alive():
            raise DeliveryFailed("The try before still hangs.")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool | None] = loop.create_future()
        texts = title_of(event, self._language), sentence_of(event, self._server, self._language)

        def settle(result: bool | None) -> None:
            if not answer.done():
                answer.set_result(result)

        def work() -> None:
            result = _notify(self._address, *texts)
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, result)

        # A thread of its own that nobody waits for: the pool's would hold up the end of the server.
        self._running = threading.Thread(target=work, name="parley-apprise", daemon=True)
        self._running.start()
        try:
            async with asyncio.timeout(self._timeout_s):
                taken = await answer
        except TimeoutError:
            raise DeliveryFailed(f"No answer within {self._timeout_s:g} s.") from None
        if taken is None:
            raise TargetGone("Apprise does not know the kind of address; correct notify.urls.")
        if not taken:
            raise DeliveryFailed("Apprise could not deliver it.")

    async def close(self) -> None:
        """Nothing is kept open."""


def _notify(address: str, title: str, body: str) -> bool | None:
    """Whether it was delivered; None for an address of no known kind."""
    # Half a second to import, and only where it is used.
    import apprise

    # Its own lines may show addresses, which hold keys.
    logging.getLogger("apprise").handlers[:] = [logging.NullHandler()]
    logging.getLogger("apprise").propagate = False
    sender: Any = apprise.Apprise()
    if not sender.add(address):
        return None
    return bool(sender.notify(title=title, body=body, body_format="text"))
