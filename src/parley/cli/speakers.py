"""`parley speakers enroll|list|remove`: voices that are called by their names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from parley.cli import tell

if TYPE_CHECKING:
    from parley.storage.voices import EnrolledVoice, Voices

_T = TypeVar("_T")

app = typer.Typer(
    help="Enroll, list and remove speakers who are called by their names.", no_args_is_help=True
)

DataDir = Annotated[
    Path | None, typer.Option(help="Folder for what is remembered; a server's, to enroll there.")
]
User = Annotated[
    str | None, typer.Option(help="Whose speaker it is, on a server with authentication; else nobody's own.")
]


@app.callback()
def root() -> None:
    """Enroll, list and remove speakers who are called by their names."""


@app.command("enroll", short_help="Remember a voice under a name.")
def enroll(
    name: Annotated[str, typer.Argument(help="What the speaker is called in transcripts.")],
    file: Annotated[Path, typer.Argument(help="A recording in which only they speak, 5 seconds or more.")],
    profile: Annotated[str | None, typer.Option(help="Profile whose engine is to know the voice.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Begin here: seconds or HH:MM:SS.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="End here.")] = None,
    user: User = None,
    data_dir: DataDir = None,
) -> None:
    """Remember a voice: whoever has it is called so in transcripts from now on.

    A voice is known to the engine that heard it: enroll it again for profiles with another one.
    """
    import asyncio

    from parley.cli.parse import parse_time
    from parley.cli.start import start as set_up
    from parley.speech.enrolment import clean_speaker_name
    from parley.speech.media import DecodeOptions

    called = clean_speaker_name(name)
    part = DecodeOptions(start=parse_time(start, "--from") or 0.0, end=parse_time(end, "--to"))
    settings = set_up(profile=profile, data_dir=data_dir)

    async def run() -> EnrolledVoice:
        from parley.app import Wish, open_workshop

        async with open_workshop(settings, notice=tell.line) as workshop:
            return await workshop.enrol(file, Wish(decode=part), _user(user), called)

    enrolled = asyncio.run(run())
    tell.line(f"'{called}' is known now, by {enrolled.speech_s:.0f} seconds of speech.")


@app.command("list")
def show(
    json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    user: User = None,
    data_dir: DataDir = None,
) -> None:
    """List enrolled speakers: of everybody, or of one user."""
    import json

    found = _with_voices(data_dir, lambda voices: voices.list(None if user is None else _user(user)))
    rows = [_facts(each) for each in found]
    if json_output:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        tell.line("Nobody is enrolled here; `parley speakers enroll NAME FILE` remembers a voice.")
    for row in rows:
        engine = str(row["engine"]).split()[0]
        line = f"{row['name']}  {row['speech_s']:.0f} s  {engine}  {row['user'] or '-'}"
        typer.echo(tell.printable(line))


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="As `parley speakers list` shows it.")],
    user: User = None,
    data_dir: DataDir = None,
) -> None:
    """Forget a voice. Transcripts that name it stay as they are."""
    from parley.errors import InvalidOption
    from parley.speech.enrolment import clean_speaker_name

    called = clean_speaker_name(name)
    if not _with_voices(data_dir, lambda voices: voices.remove(_user(user), called)):
        raise InvalidOption(f"No speaker '{called}' is enrolled; `parley speakers list` shows who is.")
    tell.line(f"'{called}' was forgotten.")


def _user(name: str | None) -> str:
    from parley.cli.lifetime import check_subject
    from parley.jobs.principal import ANYBODY

    return ANYBODY if name is None else check_subject(name, "--user")


def _with_voices(data_dir: Path | None, work: Callable[[Voices], Awaitable[_T]]) -> _T:
    import asyncio

    from parley.cli.start import start
    from parley.storage.store import Store

    settings = start(data_dir=data_dir)

    async def run() -> _T:
        store = await Store.open(settings.data_dir)
        try:
            return await work(store.voices)
        finally:
            await store.close()

    return asyncio.run(run())


def _facts(enrolled: EnrolledVoice) -> dict[str, str | float]:
    from parley.jobs.principal import ANYBODY

    return {
        "name": enrolled.voice.name,
        "user": "" if enrolled.user == ANYBODY else enrolled.user,
        "engine": enrolled.voice.engine,
        "speech_s": round(enrolled.speech_s, 1),
        "enrolled": datetime.fromtimestamp(enrolled.created_at, UTC).isoformat(timespec="seconds"),
    }
