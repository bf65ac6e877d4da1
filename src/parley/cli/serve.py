"""`parley serve`: the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from parley.cli import tell


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 8767 by default, 0 takes any that is free.")
    ] = None,
    asr_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Another port that serves /asr, such as 8765.")
    ] = None,
    funasr_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Another port that serves /funasr, such as 10095.")
    ] = None,
    tts_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Another port that serves /tts, such as 8766.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Profile of requests that name none.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Most speech worker processes.")] = None,
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
    data_dir: Annotated[Path | None, typer.Option(help="Folder for everything that is remembered.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")] = None,
    auth: Annotated[
        bool | None, typer.Option("--auth/--no-auth", help="Ask clients for a token or an API key.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow a public address without authentication.")
    ] = False,
    tls: Annotated[str | None, typer.Option(help="`self-signed` makes a certificate of its own.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key (PEM).")] = None,
    until_stdin_ends: Annotated[
        bool, typer.Option("--until-stdin-ends", hidden=True, help="Stop when standard input ends.")
    ] = False,
) -> None:
    """Serve transcripts, live speech, voices, conversations and the page until Ctrl-C or SIGTERM.

    What is being worked on when the server stops goes on after its next start.
    """
    from parley.app.serving import serve
    from parley.cli.start import start_server
    from parley.cli.tether import end_with_stdin

    if until_stdin_ends:
        end_with_stdin()
    doors = {
        "host": host,
        "port": port,
        "insecure": insecure or None,
        "tls": tls,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
    }
    live = {"asr_port": asr_port, "funasr_port": funasr_port}
    settings = start_server(
        config=config,
        profile=profile,
        workers=workers,
        data_dir=data_dir,
        devices={"default": device, "strict": strict_device or None},
        server=_given(doors),
        live=_given(live),
        voices=_given({"tts_port": tts_port}),
        auth=None if auth is None else {"enabled": auth},
    )
    serve(settings, tell.line)


def _given(flags: dict[str, Any]) -> dict[str, Any] | None:
    return {key: value for key, value in flags.items() if value is not None} or None
