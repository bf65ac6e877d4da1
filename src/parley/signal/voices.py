"""How far a voice vector can be trusted: the one model that merging and refining share.

A vector z of unit length from L seconds of speech is taken as voice plus noise, where
|noise|^2 / |voice|^2 = `noise_s` / L. Measured on clips of 42 people: two windows of one person have
a cosine of 0.20, 0.31, 0.38, 0.49 and 0.61 at 1, 1.5, 2, 3 and 5 seconds, which is L / (L + 3.2) within
0.05; two people have 0.08 or less, whatever the length. So u = z * sqrt(1 + noise_s / L) estimates a
voice of unit length without bias, long and short windows alike, and products of such vectors compare
voices on one scale: 1 the same person, 0 strangers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (n, d)."""
Seconds = npt.NDArray[np.float64]
"""Shape (n,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceModel:
    """The defaults suit 512-dimensional x-vectors, normalised and centred, of 1.5 s windows (ADR 008).

    `dimensions` is the number of independent directions: the cosine of strangers scatters by
    0.08 = 1 / sqrt(150). `alike` is the similarity above which two groups are one voice; it is more
    than a half, because a voice that was split comes together again in refinement, but two that were
    merged stay so. Where few voices are left, `caution` standard deviations from it count instead of 0.
    `doubt` is the variance that similarity keeps however much is heard: rooms and moods. `evidence`
    is the share of a window's own seconds that counts as independent of its neighbours and of what
    else the person said. Somebody else speaks at the next window with probability `switch_inside`
    in an island and `switch_between` across a pause.
    """

    noise_s: float = 3.2
    dimensions: float = 150.0
    alike: float = 0.6
    caution: float = -0.5
    doubt: float = 0.02
    evidence: float = 0.4
    switch_inside: float = 0.03
    switch_between: float = 0.3

    def unbiased(self, vectors: Vectors, lengths: Seconds) -> Vectors:
        """Vectors scaled so that each estimates its voice; `lengths` are whole windows, in seconds."""
        scale = np.sqrt(1.0 + self.noise_s / np.maximum(lengths, 0.1))
        return (vectors * scale[:, None]).astype(np.float32)

    def precisions(self, own_s: Seconds) -> Seconds:
        """Inverse variance per dimension of unbiased vectors, given the seconds each answers for."""
        return self.evidence * self.dimensions * own_s / self.noise_s

    def confidence(
        self, similarity: npt.NDArray[np.float64], own_s: Seconds, other_s: Seconds | float
    ) -> npt.NDArray[np.float64]:
        """How surely two groups are one voice: standard deviations above `alike`."""
        spread = (1.0 + self.noise_s / own_s) * (1.0 + self.noise_s / other_s) / self.dimensions
        return (similarity - self.alike) / np.sqrt(spread + self.doubt)
