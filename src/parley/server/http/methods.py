"""Which methods a path answers, for the header Allow: several routes may share a path."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute


class Methods:
    """What the routers answer to."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
        self._known: list[tuple[re.Pattern[str], frozenset[str]]] = [
            (route.path_regex, frozenset(route.methods or ())) for route in routes
        ]

    def of(self, path: str) -> list[str]:
        """All methods of a path."""
        found = [methods for pattern, methods in self._known if pattern.match(path)]
        return sorted(frozenset[str]().union(*found))
