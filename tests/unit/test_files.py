"""How many files the server may have open."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import resource
from parley.app.serving import allow_many_files
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
wanted = 600 if hard == resource.RLIM_INFINITY else min(600, hard)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, wanted))
allow_many_files()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, wanted)
allow_many_files()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, wanted)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_the_server_takes_as_many_files_as_the_system_lets_it() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
