"""The engines of the default installation that need no download."""

from __future__ import annotations

from tests.engines.conformance import Case

CASES = tuple(Case(engine=engine) for engine in ("silero", "moonshine", "xvector"))

VOICES = (Case(engine="espeak-ng"),)
