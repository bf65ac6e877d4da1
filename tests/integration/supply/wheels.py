"""Tiny wheels, made here, and an index of them on the loopback."""

from __future__ import annotations

import http.server
import importlib.util
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from parley.supply.recipes import Recipe


def make_wheel(folder: Path, name: str, version: str, files: Mapping[str, str | bytes]) -> Path:
    """A wheel of pure Python that holds these files."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    inside = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*inside, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for file, content in (inside | {f"{about}/RECORD": record}).items():
            wheel.writestr(file, content)
    return path


def make_ours(folder: Path, real: Path) -> None:
    """Wheels called numpy and msgspec that lead to the real ones, which every worker needs."""
    real.mkdir(parents=True)
    for name in ("numpy", "msgspec"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        home = Path(spec.origin).parent
        for source in (home, home.with_name(f"{name}.libs")):
            if source.exists():
                (real / source.name).symlink_to(source)
        make_wheel(folder, name, "1.0", {f"{name}_is_there.pth": f"{real}\n"})


def make_tiny(folder: Path, version: str, ballast: int = 0) -> None:
    """The library of the tiny environment."""
    files: dict[str, str | bytes] = {"tinylib/__init__.py": f"VERSION = {version!r}\n"}
    if ballast:
        files["tinylib/ballast.bin"] = b"\0" * ballast
    make_wheel(folder, "tinylib", version, files)


def make_torch(folder: Path, version: str, cuda: str | None) -> None:
    """A PyTorch as far as an installation looks at it."""
    content = f"__version__ = {version!r}\n\n\nclass version:\n    cuda = {cuda!r}\n    hip = None\n"
    make_wheel(folder, "torch", version, {"torch/__init__.py": content})


def write_recipe(pins: Path, version: str = "1.0", *, torch: bool = False, disk_mib: int = 1) -> Recipe:
    """The recipe `tiny`, which wants this version of tinylib."""
    pins.mkdir(parents=True, exist_ok=True)
    wanted = [f"tinylib=={version}", "numpy==1.0", "msgspec==1.0", *(["torch==2.13.0"] if torch else [])]
    (pins / "tiny.txt").write_text("# Tiny.\n" + "\n".join(wanted) + "\n")
    (pins / "tiny.constraints.txt").write_text("")
    return Recipe(name="tiny", imports=("tinylib",), disk_mib=disk_mib, uses_torch=torch, pins=pins)


@contextmanager
def serving(wheels: Path) -> Iterator[str]:
    """An index of the wheels in a folder: `/simple` has those at its top, `/whl/cpu` those in `cpu/`."""

    class Index(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place, _, last = self.path.strip("/").rpartition("/")
            home = wheels / place.removeprefix("simple").removeprefix("whl").strip("/")
            if last.endswith(".whl"):
                self._answer((home / last.replace("%2B", "+")).read_bytes(), "application/octet-stream")
                return
            names = sorted(path.name for path in home.glob(f"{last}-*.whl"))
            if not names:
                self.send_error(404)
                return
            links = "".join(f'<a href="../{name.replace("+", "%2B")}">{name}</a>\n' for name in names)
            self._answer(f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


INSTALLS = """
import sys
from pathlib import Path
from parley.supply.environments import Environments
from tests.integration.supply.wheels import write_recipe
folder, pins, version = sys.argv[1:]
environments = Environments(Path(folder), {"tiny": write_recipe(Path(pins), version)})
made = environments.install("tiny", report=lambda said: print(said, flush=True))
print("made", made.packages["tinylib"], flush=True)
"""
"""A process that installs the tiny environment, for tests that end it."""


def installing(folder: Path, pins: Path, version: str) -> list[str]:
    """Its command line; run it where `tests` can be imported."""
    return [sys.executable, "-c", INSTALLS, str(folder), str(pins), version]
