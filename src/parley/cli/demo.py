"""`parley demo`: transcribes the public-domain recording that ships with the embedded recogniser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Speech worker processes.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Do everything anew.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for what is remembered.")] = None,
) -> None:
    """Transcribe a public-domain reading of 'A Tale of Two Cities' (44 s) as a first trial."""
    from parley.app import Wish
    from parley.cli import run
    from parley.cli.delivery import Delivery
    from parley.cli.display import display_for
    from parley.cli.start import start
    from parley.formats.options import RenderOptions

    settings = start(profile="embedded", workers=workers, data_dir=data_dir)
    delivery = Delivery(format="txt", output=None, render=RenderOptions())
    run.transcribe_files(
        settings, [str(recording())], Wish(use_cache=not no_cache), delivery, display_for(json_lines=False)
    )


def recording() -> Path:
    """The recording inside the moonshine-voice package; raises ProfileNotInstalled."""
    from importlib.util import find_spec

    from parley.errors import ProfileNotInstalled

    # find_spec, not import: the package would load its native library.
    spec = find_spec("moonshine_voice")
    folders = spec.submodule_search_locations if spec else None
    path = Path(next(iter(folders))) / "assets" / "two_cities.wav" if folders else None
    if path is None or not path.is_file():
        raise ProfileNotInstalled(
            "The demonstration recording is missing; install it with: pip install moonshine-voice==0.0.49"
        )
    return path
