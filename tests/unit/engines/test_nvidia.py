"""NVIDIA's libraries inside Python packages."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from parley.engines.devices.nvidia import carried_libraries, load_carried_libraries

CARRIED = (
    "cudnn/lib/libcudnn_ops.so.9",
    "cudnn/lib/libcudnn.so.9",
    "cublas/lib/libcublas.so.12",
    "cublas/lib/libcublasLt.so.12",
    "cuda_nvrtc/lib/libnvrtc.so.12",
    "cuda_runtime/lib/libcudart.so.12",
)
ORDER = ["libcublasLt.so.12", "libcublas.so.12", "libnvrtc.so.12", "libcudnn.so.9", "libcudnn_ops.so.9"]


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages with files of those names, none of which is a library."""
    for name in CARRIED:
        file = tmp_path / "nvidia" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"no library")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_they_are_loaded_in_the_order_of_their_needs(carried: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda path, mode: loaded.append(Path(path).name))
    load_carried_libraries()
    assert loaded == (ORDER if sys.platform == "linux" else [])


def test_what_does_not_load_is_passed_over(carried: Path) -> None:
    assert [library.name for library in carried_libraries()] == ORDER
    load_carried_libraries()


def test_without_such_packages_there_is_nothing_to_load() -> None:
    script = "from parley.engines.devices.nvidia import carried_libraries; print(carried_libraries())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
