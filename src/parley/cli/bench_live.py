"""`parley bench live`: how many live sessions fit on this machine, and how late their texts come."""

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
    corpus: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of recordings with references.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only these of the corpus ('librispeech/*'); several times."),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Recordings of the corpus with one word each, for partials."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many of the corpus.")] = None,
    wer: Annotated[
        bool, typer.Option("--wer", help="Word error rate of finals, beside that of the files.")
    ] = False,
    delays: Annotated[
        bool, typer.Option("--delays/--no-delays", help="How late finals and partials come.")
    ] = True,
    load: Annotated[
        bool, typer.Option("--load/--no-load", help="The largest number of sessions, and overload.")
    ] = True,
    profile: Annotated[str | None, typer.Option(help="Profile; default: that of the settings.")] = None,
    language: Annotated[
        str | None, typer.Option(help="ISO 639-1 code of the language spoken, told to the recogniser.")
    ] = None,
    partials: Annotated[bool, typer.Option("--partials/--no-partials", help="Ask for partials.")] = True,
    silence_ms: Annotated[
        int,
        typer.Option("--endpoint-silence-ms", min=100, max=5000, help="Silence that ends an utterance."),
    ] = 700,
    max_lag_ms: Annotated[
        int, typer.Option(min=50, help="A number holds while the lag's p95 is less.")
    ] = 1000,
    step_s: Annotated[
        float, typer.Option("--step-seconds", min=1, max=3600, help="How long each number is tried.")
    ] = 30.0,
    first: Annotated[
        int | None, typer.Option("--from", min=1, help="Number tried first; default: a guess.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=4096, help="No more sessions are tried.")] = 256,
    trials: Annotated[int, typer.Option(min=1, max=50, help="No more numbers are tried.")] = 8,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A server that runs; default: one is started for this."),
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="PARLEY_TOKEN", help="For a server that asks for one.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON; - prints it.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write Markdown; in a page that has such a part, in its place."),
    ] = None,
) -> None:
    """Measure live speech: sessions that speak in real time over the socket.

    Finds the largest number whose lag stays small, shows what happens with half as many again, and how
    long finals and partials have to be waited for.

    Exit codes: 0 measured; 2 the request is at fault; 3 no such file; 5 the profile is not installed; 6 the
    server did not start; 130 interrupted, what was done is printed.
    """
    from parley.cli import bench_live_run
    from parley.cli.bench_live_asked import Asked
    from parley.cli.bench_results import Results

    if files and corpus:
        raise InvalidOption("Name files or a corpus, not both.")
    if (only or limit or words) and not corpus:
        raise InvalidOption("--only, --words and --limit are for --corpus.")
    asked = Asked(
        files=tuple(files or ()),
        corpus=corpus,
        only=tuple(only or ()),
        words=tuple(words or ()),
        limit=limit,
        with_wer=wer,
        with_delays=delays,
        with_load=load,
        profile=profile,
        language=language.lower() if language else "",
        partials=partials,
        silence_ms=silence_ms,
        max_lag_ms=max_lag_ms,
        step_s=step_s,
        first=first,
        most=most,
        trials=trials,
        server=server,
        token=token,
    )
    results = Results(json_file=json_file, html=None, markdown=markdown, compare=None)
    if code := bench_live_run.measure(asked, results):
        raise typer.Exit(code)
