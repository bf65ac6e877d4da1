"""What is installed holds the page: every file that the document loads, and none of the tools around it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from parley.web.shipped import shipped

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_page(tmp_path: Path) -> None:
    built = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())
        for path, part in shipped().items():
            assert wheel.read(f"parley/web/{path}") == part.content
    assert {"parley/web/index.html", "parley/web/docs.html"} <= names
    assert len(shipped()) > 20
    foreign = [name for name in names if "node_modules" in name or name.endswith((".ts", "package.json"))]
    assert not foreign
