"""A small product whose result is exact in every precision: whole numbers, none above 2048."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parley.errors import EngineFailed

SIDE = 32


def factors() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Two matrices of small whole numbers."""
    numbers = np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    return numbers % 3, numbers.T % 5


def check(product: npt.ArrayLike, total: float) -> None:
    """Raise EngineFailed unless this is the product of the factors, and its sum."""
    left, right = factors()
    expected = left @ right
    if not np.array_equal(np.asarray(product), expected) or total != float(expected.sum()):
        raise EngineFailed("its results are wrong")
