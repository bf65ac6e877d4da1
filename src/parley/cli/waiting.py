"""Shows what a long installation is doing: one line that changes on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from parley.cli import tell


@contextmanager
def reporting(name: str) -> Generator[Callable[[str], None]]:
    """A function that takes sentences about `name`; a sentence that announces is kept on the screen."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield lambda sentence: tell.line(f"{name}: {tell.printable(sentence)}")
        return

    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    with console.status(Text(name)) as status:

        def show(sentence: str) -> None:
            text = Text(f"{name}: {tell.printable(sentence)}")
            if sentence.startswith(PASSING):
                status.update(text)
            else:
                console.print(text)

        yield show


PASSING = ("making", "downloading", "taking", "building", "installing", "looking")
"""How sentences begin that the next one replaces."""
