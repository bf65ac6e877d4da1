"""`parley listen`: speech becomes text while it is spoken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parley.cli.server_options import ServerOption, TlsCaOption, TokenOption, check_place
from parley.errors import InvalidOption

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from parley.cli.captions import View
    from parley.cli.sounds import Sound
    from parley.settings import Settings
    from parley.speech.media import RawFormat


def command(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE|-", help="A media file; - reads PCM from standard input.")
    ] = None,
    mic: Annotated[
        bool, typer.Option("--mic", help="Listen to a microphone (pip install 'parley[mic]').")
    ] = False,
    mic_device: Annotated[
        str | None, typer.Option(metavar="DEVICE", help="Its number, or a part of its name.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Profile to use; see 'parley profiles'.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639-1 code of the language spoken.")] = None,
    hotword: Annotated[
        list[str] | None,
        typer.Option("--hotword", "--hotwords", help="A word to favour; may be given several times."),
    ] = None,
    endpoint_silence_ms: Annotated[
        int | None, typer.Option(min=100, max=10_000, help="Silence that ends an utterance.")
    ] = None,
    no_partials: Annotated[
        bool, typer.Option("--no-partials", help="Only text that changes no more.")
    ] = False,
    words: Annotated[
        bool, typer.Option("--words", help="Times of every word (profiles that have them).")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Have the server keep the audio, as a recording's task.")
    ] = False,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="text (a line for each utterance), json (a line for each event), srt or vtt (in the end); "
            "by default what the suffix of -o says, or text.",
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="PATH", help="A file for the text.")
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0, max=1000, help="Pace of a file; 0 sends as fast as it is recognised.")
    ] = 1.0,
    raw: Annotated[
        str | None,
        typer.Option(
            metavar="RATE,FORMAT,CHANNELS", help="Headerless PCM; for - 16000,s16le,1 unless said otherwise."
        ),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for what is remembered.")] = None,
    server: ServerOption = None,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
) -> None:
    """Recognise speech while it is spoken.

    On a terminal the text so far stands in grey and is rewritten in place; what changes no more
    stands in ink. Elsewhere only the latter is written, or every event with --format json.

    Ctrl-C ends the input: the last words are still recognised, and that is no failure. Ctrl-C
    again ends at once. Exit codes are those of 'parley transcribe'.
    """
    from functools import partial

    from parley.cli import hearing
    from parley.cli.listening import Output, listen
    from parley.cli.live_results import choose_form
    from parley.cli.parse import parse_hotwords, parse_raw
    from parley.cli.remote import Server
    from parley.cli.start import start
    from parley.speech.recognition import language_of

    _check_source(file, mic, mic_device)
    _check_place(server, token=token, tls_ca=tls_ca, data_dir=data_dir, record=record)
    form = parse_raw(raw)
    settings = start(data_dir=data_dir, profile=None if server else profile)
    wanted = hearing.Wanted(
        profile=profile,
        language=language_of(language),
        hotwords=parse_hotwords(hotword),
        partials=not no_partials,
        endpoint_silence_ms=endpoint_silence_ms,
        words=words,
        record=record,
    )
    out = Output(form=choose_form(format, output), path=output)
    _check_streams(file, output)
    view = out.view()
    place = server and Server(url=server, token=token, tls_ca=tls_ca)
    listen(
        settings,
        view,
        lambda: _open_sound(settings, file, mic_device, form, speed, view),
        partial(hearing.hear_at_server, settings, place, wanted)
        if place
        else partial(hearing.hear_here, settings, view.notice, wanted),
        out,
    )


def _open_sound(
    settings: Settings, file: str | None, device: str | None, raw: RawFormat | None, speed: float, view: View
) -> AbstractAsyncContextManager[Sound]:
    from parley.cli import sounds
    from parley.cli.delivery import STANDARD_INPUT
    from parley.cli.microphone import open_microphone

    if file is None:
        return open_microphone(device, view.notice)
    if file == STANDARD_INPUT:
        return sounds.open_standard_input(raw)
    return sounds.open_file(settings, Path(file), raw, speed, view.notice)


def _check_source(file: str | None, mic: bool, mic_device: str | None) -> None:
    if (file is None) != mic:
        raise InvalidOption("Name a file, or - for standard input, or give --mic; one of them.")
    if mic_device is not None and not mic:
        raise InvalidOption("--mic-device is for --mic.")


def _check_place(
    server: str | None, *, token: str | None, tls_ca: Path | None, data_dir: Path | None, record: bool
) -> None:
    check_place(server, token=token, tls_ca=tls_ca, data_dir=data_dir)
    if server is None and record:
        raise InvalidOption("--record is for a server; name it with --server.")


def _check_streams(file: str | None, output: str | None) -> None:
    """Refuse closed streams, and a result that would replace the recording."""
    from parley.cli.delivery import check_streams, spare

    target = None if output is None else Path(output)
    named = [] if file is None else [file]
    check_streams(named, [target])
    if target is not None:
        spare([target], named)
