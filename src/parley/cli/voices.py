"""`parley voices list|add|remove|preview`: the voices there are, here or at a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parley.cli.server_options import ServerOption, TlsCaOption, TokenOption, check_place

if TYPE_CHECKING:
    from parley.cli.voice_library import Library

app = typer.Typer(help="List the voices that can speak; add, try and remove your own.", no_args_is_help=True)

DataDir = Annotated[
    Path | None, typer.Option(help="Folder for what is remembered; a server's, to look there.")
]
User = Annotated[
    str | None, typer.Option(help="Whose voices they are, in the folder of a server with authentication.")
]
VoiceId = Annotated[str, typer.Argument(metavar="ID", help="As 'parley voices list' shows it.")]


@app.callback()
def root() -> None:
    """List the voices that can speak; add, try and remove your own."""


@app.command("list")
def show(
    language: Annotated[str | None, typer.Option(help="Only voices that speak it (ISO 639-1).")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    user: User = None,
    data_dir: DataDir = None,
    server: ServerOption = None,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
) -> None:
    """List the voices that can be chosen."""
    from parley.cli import voice_tables
    from parley.speech.recognition import language_of

    library = _library(server, token, tls_ca, data_dir, user)
    code = language_of(language)
    found = [each for each in library.list() if code is None or code in each.languages]
    if json_output:
        voice_tables.print_json(found)
    else:
        voice_tables.print_list(found)


@app.command("add", short_help="Add a voice: cloned from a recording, or made from words.")
def add(
    name: Annotated[str, typer.Argument(help="What the voice is called.")],
    file: Annotated[
        Path | None, typer.Argument(help="A recording of 3 to 30 seconds in which one person speaks.")
    ] = None,
    transcript: Annotated[str, typer.Option(help="What is said in the recording, word for word.")] = "",
    consent: Annotated[
        bool, typer.Option("--consent", help="Whoever is heard agrees that speech is made in this voice.")
    ] = False,
    design: Annotated[str, typer.Option(help="Instead of a recording: the voice in words.")] = "",
    language: Annotated[str | None, typer.Option(help="ISO 639-1 code of its language.")] = None,
    engine: Annotated[str | None, typer.Option(help="Engine that is to speak; the best that can.")] = None,
    user: User = None,
    data_dir: DataDir = None,
    server: ServerOption = None,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
) -> None:
    """Add a voice of your own.

    The recording is checked: one person, not silent, 3 to 30 seconds. Only use the voice of somebody who
    agrees; that they do is kept with the voice.
    """
    from parley.cli import tell
    from parley.cli.voice_library import NewVoice

    library = _library(server, token, tls_ca, data_dir, user)
    voice = library.add(
        NewVoice(
            name=name,
            file=file,
            transcript=transcript,
            consent=consent,
            design=design,
            language=language,
            engine=engine,
        )
    )
    tell.line(f"'{tell.printable(voice.name)}' can speak now; its id is {voice.voice_id}.")


@app.command("remove")
def remove(
    voice_id: VoiceId,
    user: User = None,
    data_dir: DataDir = None,
    server: ServerOption = None,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
) -> None:
    """Forget a voice of your own, and its recording."""
    from parley.cli import tell

    _library(server, token, tls_ca, data_dir, user).remove(voice_id)
    tell.line(f"The voice {tell.printable(voice_id)} was forgotten.")


@app.command("preview", short_help="Hear a few seconds of a voice.")
def preview(
    voice_id: VoiceId,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="WAV|-", help="A WAV file; - writes raw PCM.")
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Play it, as is done without -o.")] = False,
    user: User = None,
    data_dir: DataDir = None,
    server: ServerOption = None,
    token: TokenOption = None,
    tls_ca: TlsCaOption = None,
) -> None:
    """Hear a few seconds of a voice: play it, or write it to a WAV file."""
    from parley.cli.voice_library import hear
    from parley.cli.voiced import destination_of

    library = _library(server, token, tls_ca, data_dir, user)
    destination = destination_of(output, play, [])
    hear(library.preview(voice_id), destination)


def _library(
    server: str | None, token: str | None, tls_ca: Path | None, data_dir: Path | None, user: str | None
) -> Library:
    from parley.cli.lifetime import check_subject
    from parley.cli.remote import Server
    from parley.cli.start import start
    from parley.cli.voice_library import LibraryHere, LibraryThere
    from parley.errors import InvalidOption
    from parley.jobs.principal import ANYBODY

    if server is not None:
        if data_dir is not None or user is not None:
            raise InvalidOption("--data-dir and --user are about this machine; the server knows its own.")
        return LibraryThere(start(), Server(url=server, token=token, tls_ca=tls_ca))
    check_place(server, token=token, tls_ca=tls_ca)
    return LibraryHere(start(data_dir=data_dir), ANYBODY if user is None else check_subject(user, "--user"))
