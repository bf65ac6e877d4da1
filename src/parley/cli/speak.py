"""`parley speak`: text becomes speech."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parley.cli.server_options import ServerOption, TlsCaOption, TokenOption, check_place
from parley.errors import InvalidOption

if TYPE_CHECKING:
    from parley.client.speaking import Text


def command(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT|-", help="The text; - reads it from standard input.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="A text file (UTF-8) instead.")
    ] = None,
    voice: Annotated[
        str | None, typer.Option(help="Id or name of a voice; see 'parley voices list'.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="ISO 639-1 code; by the text if it is left out.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="Preferred where no voice is named.")] = None,
    speed: Annotated[
        float, typer.Option(min=0.25, max=4.0, help="1 is as the voice speaks by itself.")
    ] = 1.0,
    instruct: Annotated[str, typer.Option(help="In words how to speak, for engines that can.")] = "",
    sample_rate: Annotated[
        int | None, typer.Option(min=8000, max=48000, help="Of what -o writes, in Hz; the voice's own.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="WAV|-", help="A WAV file; - writes raw PCM, 16 bits, mono."),
    ] = None,
    play: Annotated[
        bool, typer.Option("--play", help="Play it, as is done without -o (pip install 'parley[mic]').")
    ] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Folder with the voices that were added.")] = None,
    server: ServerOption = None,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
) -> None:
    """Speak a text: play it, or write it to a WAV file.

    Text on standard input is spoken while it is still coming, clause by clause. A file is written whole or
    not at all. Exit codes are those of 'parley transcribe'.
    """
    from parley.cli.remote import Server
    from parley.cli.speaking import Wanted, place_here, place_there, speak
    from parley.cli.start import start
    from parley.cli.voiced import destination_of
    from parley.speech.recognition import language_of

    check_place(server, token=token, tls_ca=tls_ca, data_dir=data_dir)
    if sample_rate is not None and output is None:
        raise InvalidOption("--sample-rate is for -o; a loudspeaker has a rate of its own.")
    said = _text(text, file)
    settings = start(data_dir=data_dir)
    wanted = Wanted(
        voice=voice,
        language=language_of(language),
        engine=engine,
        speed=speed,
        instruct=instruct,
        sample_rate_hz=sample_rate,
    )
    destination = destination_of(output, play, [] if file is None else [file])
    place = (
        place_there(settings, Server(url=server, token=token, tls_ca=tls_ca))
        if server
        else place_here(settings)
    )
    speak(place, said, wanted, destination)


def _text(text: str | None, file: str | None) -> Text:
    from parley.cli.delivery import STANDARD_INPUT
    from parley.cli.texts import piped, read_argument, read_file

    if (text is None) == (file is None):
        raise InvalidOption("Give a text, or - for standard input, or a file with -f; one of them.")
    if STANDARD_INPUT in (text, file):
        return piped()
    return read_argument(text) if text is not None else read_file(Path(file or ""))
