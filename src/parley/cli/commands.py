"""Names the commands and turns errors into a sentence and an exit code.

Command modules import what they run inside functions, so that `parley --version` loads nothing.
"""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from parley import __version__
from parley.cli import app as window
from parley.cli import (
    bench,
    cache,
    config,
    demo,
    devices,
    doctor,
    engines,
    jobs,
    key,
    listen,
    models,
    profiles,
    pull,
    serve,
    speak,
    speakers,
    tell,
    token,
    transcribe,
    voices,
)
from parley.errors import InputError, ParleyError

app = typer.Typer(
    name="parley",
    help="Self-hosted speech: transcripts of recordings, live speech as text, voices, spoken conversations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("transcribe")(transcribe.command)
app.command("listen", short_help="Recognise speech while it is spoken: a microphone, a pipe, a file.")(
    listen.command
)
app.command("speak", short_help="Speak a text: play it, or write a WAV file.")(speak.command)
app.command("serve", short_help="Serve all of it over WebSocket and HTTP, with a page at /.")(serve.command)
app.command("app", short_help="Talk and transcribe on a page in its own window.")(window.command)
app.command("demo", short_help="Transcribe a public-domain reading that ships with Parley.")(demo.command)
app.command("profiles", short_help="List profiles, what they can do, and what they lack here.")(
    profiles.command
)
app.command("pull", short_help="Install a profile or a voice: its engine environments and models.")(
    pull.command
)
app.command("doctor", short_help="Check this machine, and say how to mend what is wrong.")(doctor.command)
app.command("devices", short_help="Try every device, and say which role would run where.")(devices.command)
app.add_typer(
    bench.app,
    name="bench",
    short_help="Measure profiles here: speed, latency, memory, accuracy, live speech, conversations.",
)
app.add_typer(engines.app, name="engines", short_help="List engines; install and check their environments.")
app.add_typer(models.app, name="models")
app.add_typer(jobs.app, name="jobs")
app.add_typer(cache.app, name="cache")
app.add_typer(config.app, name="config")
app.add_typer(token.app, name="token")
app.add_typer(key.app, name="key")
app.add_typer(
    speakers.app, name="speakers", short_help="Enroll speakers, who are then called by their names."
)
app.add_typer(
    voices.app, name="voices", short_help="List the voices that can speak; add, try and remove your own."
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"parley {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Self-hosted speech: transcripts of recordings, live speech as text, voices, spoken conversations."""


def run() -> int:
    """Run a command; a ParleyError ends it with its sentence on standard error. Gives the exit code."""
    try:
        # Alone, typer prints a usage error as text.
        return app(standalone_mode=not tell.is_json()) or 0
    except SystemExit as stop:
        return _exit_code(stop)
    except ParleyError as error:
        tell.failure(error.code, error.message)
        return error.exit_code
    except typer.TyperException as error:
        tell.failure(InputError.code, error.format_message())
        return InputError.exit_code
    except Exception as error:
        _set_up_log()
        import logging

        logging.getLogger(__name__).debug("unforeseen", exc_info=True)
        sentence = f"internal error ({type(error).__name__}); PARLEY_LOG_LEVEL=debug shows where."
        tell.failure(ParleyError.code, sentence)
        return ParleyError.exit_code


def _exit_code(stop: SystemExit) -> int:
    """Typer ends with 1 when the reader of our output went away (`| head -1`), which is no failure."""
    if isinstance(stop.__context__, BrokenPipeError):
        return 0
    return stop.code if isinstance(stop.code, int) else 0


def _set_up_log() -> None:
    """For a command that did not come as far itself."""
    from parley.cli.start import start

    # The sentence about the internal error follows in any case.
    with contextlib.suppress(ParleyError):
        start()
