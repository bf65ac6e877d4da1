"""Builds the application from settings: the only place that knows every room."""

from parley.app.pools import limits_for, pools_for
from parley.app.workshop import (
    Workshop,
    house_limits,
    load_profiles,
    nobody_listens,
    open_workshop,
    supplies_of,
)
from parley.batch.wish import Wish

__all__ = [
    "Wish",
    "Workshop",
    "house_limits",
    "limits_for",
    "load_profiles",
    "nobody_listens",
    "open_workshop",
    "pools_for",
    "supplies_of",
]
