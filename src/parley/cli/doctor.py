"""`parley doctor`: what is installed, what is missing, how to get it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from parley.settings import Settings

LOW_DISK_BYTES = 1024**3

TRIAL_S = 4.0
"""Seconds of the demonstration recording: its first words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `remedy` says what to do where something is wrong."""

    subject: str
    state: str
    is_good: bool = True
    remedy: str = ""


def command(
    data_dir: Annotated[Path | None, typer.Option(help="Folder for what is remembered.")] = None,
) -> None:
    """Check this machine: versions, profiles, data directory, and a worker that really recognises.

    Exit code 0 when the default profile works, 5 otherwise.
    """
    from parley.cli.start import start

    settings = start(data_dir=data_dir)
    healthy = True
    for finding in _findings(settings):
        mark = "ok  " if finding.is_good else "FAIL"
        typer.echo(f"{mark} {finding.subject:<14} {finding.state}")
        if finding.remedy:
            typer.echo(f"     {'':<14} {finding.remedy}")
        healthy = healthy and finding.is_good
    if not healthy:
        raise typer.Exit(5)


def _findings(settings: Settings) -> Iterator[Finding]:
    yield from _machine()
    yield _data_dir(settings.data_dir)
    yield from _profiles(settings)
    yield _voices(settings)
    yield _trial()


def _machine() -> Iterator[Finding]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from parley import __version__

    yield Finding("parley", __version__)
    yield Finding("python", f"{platform.python_version()} at {sys.prefix}")
    yield Finding("system", f"{platform.system()} {platform.machine()}")
    for package in ("av", "onnxruntime", "moonshine-voice", "faster-whisper"):
        try:
            yield Finding(package, version(package))
        except PackageNotFoundError:
            yield Finding(package, "not installed", is_good=False, remedy=f"pip install {package}")


def _data_dir(path: Path) -> Finding:
    import shutil
    import tempfile

    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    state = f"{path} ({free / 1024**3:.1f} GiB free)"
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"parley")
    except OSError as error:
        remedy = f"It cannot be written ({error.strerror}); make it yours, or name another --data-dir."
        return Finding("data directory", state, is_good=False, remedy=remedy)
    if free < LOW_DISK_BYTES:
        return Finding(
            "data directory", state, is_good=False, remedy="Free some space, or name another --data-dir."
        )
    return Finding("data directory", state)


def _profiles(settings: Settings) -> Iterator[Finding]:
    from parley.app import load_profiles, supplies_of

    supplies = supplies_of(settings)
    for profile in load_profiles(settings).values():
        lacking = supplies.lack(profile.engines.values())
        languages = ", ".join(sorted(profile.languages)) if profile.languages is not None else "any language"
        if lacking:
            remedy = f"parley pull {profile.name}"
            matters = profile.name == settings.profile
            yield Finding(f"profile {profile.name}", "not installed", is_good=not matters, remedy=remedy)
        else:
            deaf = profile.streaming is not None and supplies.streaming(profile) is None
            later = f"; live speech streams after: parley pull {profile.name}" if deaf else ""
            yield Finding(f"profile {profile.name}", f"ready ({languages}){later}")


def _voices(settings: Settings) -> Finding:
    """Who can speak; recordings and live speech do without."""
    from parley.app import supplies_of
    from parley.engines.contract import Role
    from parley.engines.registry import by_role, discover
    from parley.engines.shipped import voices_by_preference

    supplies = supplies_of(settings)
    specs = voices_by_preference(by_role(discover(settings.engine_dirs), Role.TTS))
    ready = [name for name, spec in specs.items() if not supplies.lack([spec])]
    if ready:
        return Finding("voices", f"{', '.join(ready)}; see: parley voices list")
    return Finding("voices", "none; Parley cannot speak", remedy="pip install 'parley[espeak]'")


def _trial() -> Finding:
    """Start real workers on the first seconds of the demonstration recording."""
    import asyncio
    import tempfile

    from parley.errors import ParleyError

    try:
        with tempfile.TemporaryDirectory() as folder:
            heard = asyncio.run(_hear(Path(folder)))
    except ParleyError as error:
        remedy = "Run with PARLEY_LOG_LEVEL=debug to see why."
        return Finding("trial", error.message, is_good=False, remedy=remedy)
    return Finding("trial", f"heard: {heard}", is_good=bool(heard))


async def _hear(data_dir: Path) -> str:
    from parley.app import Wish, nobody_listens, open_workshop
    from parley.cli.demo import recording
    from parley.settings import load_settings
    from parley.speech.media import DecodeOptions

    wish = Wish(decode=DecodeOptions(start=0.0, end=TRIAL_S), speakers=None)
    async with open_workshop(load_settings(data_dir=data_dir, workers=1)) as workshop:
        outcome = await workshop.transcribe(recording(), wish, nobody_listens)
    return outcome.transcript.text.replace("\n", " ")
