"""Builds the notifier from the settings, and turns tasks into events."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from parley.errors import InvalidSettings
from parley.jobs.task import Task, TaskState
from parley.notify.apprise_target import AppriseTarget
from parley.notify.events import Event, EventKind, TaskFacts
from parley.notify.notifier import Notifier
from parley.notify.options import NotifierOptions
from parley.notify.outbox import Outbox
from parley.notify.target import Target
from parley.notify.webhook import Callback, Pin, Poster, Signer, Webhook
from parley.settings.server import NotifySettings
from parley.storage.secret_files import read_or_create
from parley.telemetry.metrics import Metrics
from parley.telemetry.names import NOTIFICATIONS, NOTIFICATIONS_WAITING

WEBHOOK_SECRET_FILE = ".webhook-secret"  # noqa: S105 - a file's name

_KINDS: Mapping[TaskState, EventKind] = MappingProxyType(
    {TaskState.COMPLETED: "task_completed", TaskState.CANCELLED: "task_cancelled"}
)


def build_notifier(
    settings: NotifySettings, data_dir: Path, outbox: Outbox, metrics: Metrics, pin: Pin | None
) -> tuple[Notifier, Poster]:
    """The notifier, and what has to be closed after it. Blocks; raises InvalidSettings.

    `pin` gives the IP address that a task's `callback_url` may be called at.
    """
    server = socket.gethostname()
    signer = Signer(
        secret=webhook_secret(settings, data_dir),
        server=server,
        language=settings.language,
        timeout_s=settings.timeout_s,
    )
    poster = Poster(signer)
    notifier = Notifier(
        outbox,
        _targets(settings, server, poster),
        NotifierOptions(events=frozenset(settings.events), attempts=settings.attempts),
        callback=lambda address: Callback(address, poster, pin),
        count=lambda kind, outcome: metrics.count(NOTIFICATIONS, kind, outcome),
    )
    metrics.watch(NOTIFICATIONS_WAITING, lambda: notifier.waiting)
    return notifier, poster


def webhook_secret(settings: NotifySettings, data_dir: Path) -> bytes:
    """The key of the signatures: that of the settings, or a random one kept in the data directory."""
    if settings.webhook_secret is not None:
        return settings.webhook_secret.get_secret_value().encode()
    try:
        return read_or_create(data_dir / WEBHOOK_SECRET_FILE, lambda: secrets.token_hex(32).encode()).strip()
    except OSError as error:
        raise InvalidSettings(
            "The webhook's secret in the data directory cannot be read or written; correct its permissions.",
            detail=type(error).__name__,
        ) from error


def tell_end(notifier: Notifier, task: Task) -> None:
    """Tell of a task that is over; of one that its owner cancelled only to the address it names."""
    notifier.tell(event_of(task), callback=task.order.callback_url)


def event_of(task: Task) -> Event:
    """What outsiders may know of a task that is over."""
    failure = task.failure
    facts = TaskFacts(
        task_id=task.id,
        file_name=task.order.file_name,
        state=task.state.value,
        duration=task.duration,
        processing_s=task.processing_s,
        error_code=None if failure is None else failure.code,
        error_message=None if failure is None else failure.message,
    )
    return Event(kind=_KINDS.get(task.state, "task_failed"), task=facts)


def _targets(settings: NotifySettings, server: str, poster: Poster) -> dict[str, Target]:
    targets: dict[str, Target] = {}
    if settings.webhook:
        targets["webhook"] = Webhook(settings.webhook.get_secret_value(), poster)
    for url in settings.urls:
        target = AppriseTarget(
            url.get_secret_value(), server=server, language=settings.language, timeout_s=settings.timeout_s
        )
        targets[target.name] = target
    return targets
