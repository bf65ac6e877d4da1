"""NVIDIA's libraries as Python packages carry them.

PyTorch loads them by itself. CTranslate2 asks the system's loader for `libcublas.so.12` and `libcudnn.so.9`
by name, which does not look into packages; what is loaded already it finds.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

_ORDER = ("libcublasLt.so", "libcublas.so", "libnvrtc.so", "libcudnn.so", "libcudnn_")
"""By the beginning of a name; each needs those before it."""


def load_carried_libraries() -> None:
    """Load what the packages `nvidia-*` hold; what does not load is missed when it is needed."""
    if sys.platform != "linux":
        return
    for library in carried_libraries():
        try:
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue


def carried_libraries() -> list[Path]:
    """The libraries that CTranslate2 needs, in the order of loading."""
    package = find_spec("nvidia")
    places = package.submodule_search_locations if package is not None else None
    found = [file for place in places or () for file in Path(place).glob("*/lib/*.so*")]
    return sorted((file for file in found if _rank(file) < len(_ORDER)), key=lambda file: (_rank(file), file))


def _rank(file: Path) -> int:
    ranks: Iterable[int] = (rank for rank, start in enumerate(_ORDER) if file.name.startswith(start))
    return next(iter(ranks), len(_ORDER))
