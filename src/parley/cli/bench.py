"""`parley bench`: how fast and how right profiles are on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from parley.cli import bench_live, bench_talk
from parley.errors import InvalidOption

WORSE = 8
"""Exit code of a comparison that found something worse."""

COMPARE = "compare"

LIVE = "live"

TALK = "talk"

_RECORDINGS = "recordings"


class _Benchmarks(TyperGroup):
    """`live` and `talk` are commands of their own; everything else goes to the one for recordings."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args[:1] in ([LIVE], [TALK]) else [_RECORDINGS, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        # Nobody typed the other one's name, so no usage line shows it.
        return (name if name in (LIVE, TALK) else ""), command, rest


app = typer.Typer(cls=_Benchmarks, rich_markup_mode=None)
app.command(LIVE, short_help="Measure live speech.")(bench_live.command)
app.command(TALK, short_help="Measure conversations.")(bench_talk.command)


@app.command(_RECORDINGS)
def command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Recordings; default: the public-domain one that ships with Parley. "
            "'compare OLD.json NEW.json' compares two benchmarks, 'live' measures live speech, 'talk' "
            "conversations (talk --help).",
        ),
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of recordings with references.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only these of the corpus ('librispeech/*'); several times."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many of the corpus.")] = None,
    profiles: Annotated[
        str | None, typer.Option(metavar="A,B", help="Profiles; default: that of the settings.")
    ] = None,
    devices: Annotated[
        str | None, typer.Option(metavar="A,B", help="cpu, mps, cuda:0, auto; default: as the settings say.")
    ] = None,
    workers: Annotated[
        str | None, typer.Option(metavar="1,2", help="Numbers of speech workers; default: the settings'.")
    ] = None,
    per_role: Annotated[
        bool, typer.Option("--per-role", help="Measure every role by itself too, on the same spans.")
    ] = False,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of each, after a warm-up.")] = 3,
    language: Annotated[
        str | None, typer.Option(help="ISO 639-1 code of the language spoken, told to the recogniser.")
    ] = None,
    speakers: Annotated[str, typer.Option(help="auto, off, a number, or MIN-MAX.")] = "auto",
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with plots that needs nothing else.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write Markdown; in a page that has such a part, in its place."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="OLD.json", help="Mark what got worse since then.")
    ] = None,
) -> None:
    """Measure speed, latency, memory and accuracy of profiles on devices, with several workers.

    Nothing is taken from what Parley remembers. Accuracy is measured where a recording has references:
    docs/benchmarking.md says how a corpus is laid out.

    Exit codes: 0 measured; 2 the request is at fault; 3 no such file; 5 a profile is not installed; 6 no
    combination could be measured; 8 something got worse beyond the spread; 130 interrupted, what was
    done is printed.
    """
    from parley.cli import bench_run
    from parley.cli.bench_results import Results

    paths = Results(json_file=json_file, html=html, markdown=markdown, compare=compare)
    if files and files[0] == COMPARE:
        if len(files) != 3:
            raise InvalidOption("Name two files: parley bench compare OLD.json NEW.json")
        worse = bench_run.compare_files(Path(files[1]), Path(files[2]), paths)
        raise typer.Exit(WORSE if worse else 0)
    if files and corpus:
        raise InvalidOption("Name files or a corpus, not both.")
    if (only or limit) and not corpus:
        raise InvalidOption("--only and --limit are for --corpus.")
    asked = bench_run.Asked(
        files=tuple(files or ()),
        corpus=corpus,
        only=tuple(only or ()),
        limit=limit,
        profiles=_list(profiles),
        devices=_list(devices),
        workers=_list(workers),
        per_role=per_role,
        runs=runs,
        language=language.lower() if language else "",
        speakers=speakers,
    )
    code = bench_run.measure(asked, paths)
    if code:
        raise typer.Exit(code)


def _list(text: str | None) -> tuple[str, ...]:
    """Different words with commas between them."""
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
