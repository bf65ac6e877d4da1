"""What every command does first: read the settings and set up the log."""

from __future__ import annotations

from typing import Any

from parley.cli import tell
from parley.settings import Settings, load_settings
from parley.telemetry.log import configure


def start(**flags: Any) -> Settings:
    """The settings with the flags that were given, `config` among them, and the log going where they say.

    Raises InvalidSettings.
    """
    settings = load_settings(**flags)
    configure(settings.log_level, tell.log, settings.log_format)
    return settings


def start_server(**flags: Any) -> Settings:
    """The same for the server, which says more."""
    settings = load_settings(**flags)
    configure(settings.server.log_level, tell.log, settings.log_format)
    return settings
