"""`parley devices`: what computes here, and which role runs where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from parley.app.devices import Looked, Survey
    from parley.speech.device import DeviceFound


def command(
    json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    device: Annotated[
        str | None, typer.Option(help="What if: auto, cpu, mps, cuda:0, or several with commas.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for what is remembered.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")] = None,
) -> None:
    """Try every device with every library that is installed, and say which role would run where."""
    import asyncio
    import json
    from dataclasses import asdict

    from parley.app.devices import survey
    from parley.cli.start import start

    settings = start(config=config, data_dir=data_dir, devices={"default": device})
    found = asyncio.run(survey(settings))
    if json_output:
        typer.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
        return
    for line in _lines(found):
        typer.echo(line)


def _lines(found: Survey) -> list[str]:
    strict = ", strictly" if found.strict else ""
    lines = [f"cores {found.cores}, device wanted: {found.default}{strict}"]
    lines += [f"workers of {crew.pool}: {crew.workers}, threads {crew.threads}" for crew in found.crews]
    for looked in found.libraries:
        lines += ["", *_library(looked)]
    for profile, roles in found.profiles.items():
        lines += ["", f"profile {profile}"]
        for each in roles:
            where = ", ".join(each.devices) or "nowhere"
            lines.append(f"  {each.role:<12} {each.engine:<28} {where}")
            lines += [f"  {'':<12} {each.notice}"] if each.notice else []
    return lines


def _library(looked: Looked) -> list[str]:
    place = f"environment {looked.environment}" if looked.environment else "Parley's own environment"
    lines = [f"{looked.library} in {place}"]
    if looked.problem:
        return [*lines, f"  {looked.problem}"]
    return [*lines, *(_device(device) for device in looked.devices)]


def _device(device: DeviceFound) -> str:
    memory = f" ({device.memory_mib} MiB)" if device.memory_mib else ""
    state = f"cannot be used: {device.problem}" if device.problem else "works"
    return f"  {device.name:<8} {device.title + memory:<40} {state}"
