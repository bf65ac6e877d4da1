"""The entry of the `parley` command.

It imports next to nothing before interruptions are caught: Ctrl-C during an import ends the
command as quietly as one in the middle of the work.
"""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130
"""What a shell reports for a command that Ctrl-C ended: 128 + SIGINT."""


def main() -> None:
    """Run the command that the arguments name; ends the process with its exit code."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        from parley.cli.commands import run

        code = run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)
