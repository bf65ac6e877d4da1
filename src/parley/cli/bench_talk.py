"""`parley bench talk`: how long answers have to be waited for, heard from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parley.errors import InvalidOption


def command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="Recordings; default: the public-domain one that ships with Parley."
        ),
    ] = None,
    corpus: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of recordings.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only these of the corpus ('librispeech/*'); several times."),
    ] = None,
    turns: Annotated[int, typer.Option(min=1, max=1000, help="So many turns, if there are as many.")] = 20,
    profile: Annotated[str | None, typer.Option(help="Profile; default: that of the settings.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639-1 code of the language spoken.")] = None,
    voice: Annotated[str | None, typer.Option(help="Voice; default: the one for the language.")] = None,
    language_model: Annotated[
        bool,
        typer.Option(
            "--language-model/--parrot",
            help="The one of the settings; default: the parrot, which takes no time of its own.",
        ),
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A server that runs; default: one is started for this."),
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="PARLEY_TOKEN", help="For a server that asks for one.")
    ] = None,
    tape: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep the recording of both sides there, as two WAV files."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON; - prints it.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write Markdown; in a page that has such a part, in its place."),
    ] = None,
) -> None:
    """Measure conversations: speak in real time, and hear when the answer begins.

    Both sides are recorded on one clock, and the delay is what lies between the end of speech and the first
    sound of the answer on that recording.

    Exit codes: 0 measured; 2 the request is at fault; 3 no such file; 5 the profile or a voice is not
    installed; 6 the server did not start; 130 interrupted.
    """
    from parley.cli import bench_talk_run
    from parley.cli.bench_results import Results

    if files and corpus:
        raise InvalidOption("Name files or a corpus, not both.")
    if only and not corpus:
        raise InvalidOption("--only is for --corpus.")
    asked = bench_talk_run.Asked(
        files=tuple(files or ()),
        corpus=corpus,
        only=tuple(only or ()),
        turns=turns,
        profile=profile,
        language=language.lower() if language else "",
        voice=voice,
        with_model=language_model,
        server=server,
        token=token,
        tape=tape,
    )
    bench_talk_run.measure(asked, Results(json_file=json_file, html=None, markdown=markdown, compare=None))
