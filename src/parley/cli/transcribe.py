"""`parley transcribe FILE...`: recordings become transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parley.cli.server_options import ServerOption, TlsCaOption, TokenOption, check_place
from parley.formats.options import LINE_WIDTH_RANGE, MAX_LINES_RANGE
from parley.formats.registry import FORMATS


def command(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Audio or video files; - reads standard input.")
    ],
    profile: Annotated[str | None, typer.Option(help="Profile to use; see 'parley profiles'.")] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help=f"Form of the result: {', '.join(FORMATS)}; by default what the suffix of -o says, or txt.",
        ),
    ] = None,
    output: Annotated[
        # As text: a Path would lose the slash at the end, which means a folder.
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A file (it has a suffix), or a folder (DIR or DIR/): DIR/<stem>.<format>.",
        ),
    ] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639-1 code of the language spoken.")] = None,
    speakers: Annotated[
        str, typer.Option(help="auto, off, a number, or MIN-MAX (either end may be left out).")
    ] = "auto",
    words: Annotated[
        bool, typer.Option("--words", help="Times of every word (profiles that have them).")
    ] = False,
    task: Annotated[str, typer.Option(help="transcribe, or translate into English.")] = "transcribe",
    prompt: Annotated[str | None, typer.Option(help="Text that says what the recording is about.")] = None,
    hotword: Annotated[
        list[str] | None, typer.Option("--hotword", help="A word to favour; may be given several times.")
    ] = None,
    channel: Annotated[
        str, typer.Option(help="mix, split (each channel is a speaker), or a channel number from 0.")
    ] = "mix",
    start: Annotated[
        str | None, typer.Option("--from", help="Begin here: seconds or [HH:]MM:SS of the recording.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End here: seconds or [HH:]MM:SS.")] = None,
    raw: Annotated[
        str | None,
        typer.Option(metavar="RATE,FORMAT,CHANNELS", help="Headerless PCM, for instance 16000,s16le,1."),
    ] = None,
    max_line_width: Annotated[
        int | None,
        typer.Option(
            min=LINE_WIDTH_RANGE[0],
            max=LINE_WIDTH_RANGE[1],
            help="Columns of a subtitle line; a Chinese character counts two.",
        ),
    ] = None,
    max_lines: Annotated[
        int,
        typer.Option(min=MAX_LINES_RANGE[0], max=MAX_LINES_RANGE[1], help="Lines of a subtitle block."),
    ] = 2,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Speech worker processes.")] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="What computes: auto, cpu, mps, cuda:0, or several with commas; see 'parley devices'."
        ),
    ] = None,
    strict_device: Annotated[
        bool,
        typer.Option(
            "--strict-device", help="Fail when that cannot be used, instead of taking the processor."
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when a part cannot be recognised, instead of marking it.")
    ] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Do everything anew.")] = False,
    json_progress: Annotated[
        bool, typer.Option("--json-progress", help="Progress as one JSON object a line on standard error.")
    ] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for what is remembered.")] = None,
    server: ServerOption = None,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
) -> None:
    """Turn recordings into transcripts with speakers and times.

    The result goes to standard output (or --output), everything else to standard error. The same
    command on the same file answers from what is remembered; after an interruption it continues.
    With --server, Ctrl-C detaches: the task goes on at the server, and the same command re-attaches.

    Exit codes: 0 done, or whoever reads the result has enough (| head); 2 the request is at fault;
    3 no such file; 4 the media cannot be used; 5 something is not installed; 6 a worker failed;
    7 storage failed (disk full, locked); 130 interrupted. With several files the first failure's
    code, after all were tried.
    """
    from parley.cli.delivery import Delivery, choose_format
    from parley.cli.display import display_for
    from parley.cli.parse import parse_hotwords, parse_raw, parse_time
    from parley.cli.start import start as set_up
    from parley.formats.options import RenderOptions
    from parley.speech.recognition import RecognitionOptions, language_of, parse_speaker_count

    layout = RenderOptions(max_line_width=max_line_width, max_lines=max_lines)
    delivery = Delivery(format=choose_format(format, output), output=output, render=layout)
    begin, finish = parse_time(start, "--from") or 0.0, parse_time(end, "--to")
    recognition = RecognitionOptions(
        language=language_of(language),
        task=task,
        prompt=prompt,
        hotwords=parse_hotwords(hotword),
        words=words,
    )
    if server is not None:
        from parley.cli import ordering, remote

        ordering.refuse_local(
            workers=workers,
            data_dir=data_dir,
            raw=raw,
            device=device,
            strict_device=strict_device,
            strict=strict,
        )
        order = ordering.order(
            profile, recognition, parse_speaker_count(speakers), channel, (begin, finish), anew=no_cache
        )
        place = remote.Server(url=server, token=token, tls_ca=tls_ca)
        remote.transcribe_files(set_up(), files, place, order, delivery, display_for(json_progress))
        return
    check_place(server, token=token, tls_ca=tls_ca)

    from parley.cli import run
    from parley.speech.media import DecodeOptions

    devices = {"default": device, "strict": strict_device or None}
    settings = set_up(profile=profile, workers=workers, data_dir=data_dir, devices=devices)
    wish = run.Wish(
        decode=DecodeOptions(channel=channel, start=begin, end=finish, raw=parse_raw(raw)),
        recognition=recognition,
        speakers=parse_speaker_count(speakers),
        use_cache=not no_cache,
        strict=strict,
    )
    run.transcribe_files(settings, files, wish, delivery, display_for(json_progress))
