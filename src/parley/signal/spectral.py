"""Spectral clustering of voices, as 3D-Speaker and FunASR do it for CAM++, with bounded cost.

Each window keeps its nearest neighbours; the eigenvalues of the graph that this makes tell how many
voices there are (the widest gap), and its eigenvectors who is whose. Beyond `MOST_EXACT` windows a part
of them is clustered so, and the others go to the voice that is nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parley.speech.recognition import SpeakerCount

Vectors = npt.NDArray[np.float32]
"""Shape (n, d)."""
Labels = npt.NDArray[np.int64]
"""Shape (n,)."""

MOST_EXACT = 1_500
"""Windows in one graph: its eigenvectors take seconds and 70 MB."""

_ROUNDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectral:
    """The defaults are FunASR's for CAM++.

    Each window keeps the `kept` share of all as neighbours, but at least `least_kept`. Below
    `fewest` windows a graph says nothing, and those with a mean cosine of `alike_windows` are one
    voice. Voices whose mean vectors have a cosine of `alike` are one, and so is everything that is
    said to be at most `most_speakers`.
    """

    kept: float = 0.022
    least_kept: int = 6
    fewest: int = 20
    alike_windows: float = 0.4
    alike: float = 0.78
    most_speakers: int = 15


def cluster_spectral(vectors: Vectors, count: SpeakerCount, how: Spectral) -> Labels:
    """Speakers of windows in order of time, numbered by first appearance, as many as `count` allows."""
    if not len(vectors):
        return np.zeros(0, dtype=np.int64)
    unit = _unit(vectors)
    sample = np.unique(np.linspace(0, len(unit) - 1, min(len(unit), MOST_EXACT)).astype(np.int64))
    chosen = unit[sample]
    few = len(chosen) < how.fewest
    labels = _average_linkage(chosen, count, how) if few else _by_graph(chosen, count, how)
    centres = _centres(chosen, labels)
    if not few:
        centres = _merge_alike(centres, np.bincount(labels).astype(np.float64), count.minimum, how.alike)
    # One voice per window even where windows are fewer than voices asked for.
    return _by_appearance((unit @ _unit(centres).T).argmax(axis=1) if not few else labels)


def _unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)


def _range(count: SpeakerCount, most: int, windows: int) -> tuple[int, int]:
    """At least and at most so many voices."""
    least = min(count.minimum, windows)
    upper = max(count.minimum, most) if count.maximum is None else count.maximum
    return least, max(least, min(upper, windows))


def _by_graph(unit: Vectors, count: SpeakerCount, how: Spectral) -> Labels:
    least, most = _range(count, how.most_speakers, len(unit) - 1)
    similarity = (unit @ unit.T).astype(np.float64)
    keep = max(how.least_kept, round(how.kept * len(unit)))
    dropped = np.argsort(similarity, axis=1, kind="stable")[:, : len(unit) - keep]
    np.put_along_axis(similarity, dropped, 0.0, axis=1)
    graph = (similarity + similarity.T) / 2
    np.fill_diagonal(graph, 0.0)
    laplacian = np.diag(np.abs(graph).sum(axis=1)) - graph
    values, places = np.linalg.eigh(laplacian)
    gaps = np.diff(values[least - 1 : most + 1])
    number = least + int(gaps.argmax())
    return _k_means(places[:, :number], number)


def _k_means(points: npt.NDArray[np.float64], number: int) -> Labels:
    """Lloyd's algorithm from centres far apart, the first being the point nearest to the mean."""
    first = int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())
    centres = points[[first]]
    while len(centres) < number:
        centres = np.vstack([centres, points[_distances(points, centres).min(axis=1).argmax()]])
    labels = _distances(points, centres).argmin(axis=1)
    for _ in range(_ROUNDS):
        for label in np.unique(labels):
            centres[label] = points[labels == label].mean(axis=0)
        moved = _distances(points, centres).argmin(axis=1)
        if (moved == labels).all():
            break
        labels = moved
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _distances(points: npt.NDArray[np.float64], centres: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return ((points[:, None, :] - centres[None]) ** 2).sum(axis=2)


def _centres(unit: Vectors, labels: Labels) -> npt.NDArray[np.float64]:
    return np.stack([unit[labels == label].mean(axis=0, dtype=np.float64) for label in np.unique(labels)])


def _merge_alike(
    centres: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], least: int, alike: float
) -> npt.NDArray[np.float64]:
    """The most similar two become one, until none are alike or only `least` are left."""
    while len(centres) > least:
        unit = _unit(centres)
        similarity = np.triu(unit @ unit.T, 1)
        kept, gone = np.unravel_index(int(similarity.argmax()), similarity.shape)
        if similarity[kept, gone] < alike:
            break
        both = sizes[kept] + sizes[gone]
        centres[kept] = (centres[kept] * sizes[kept] + centres[gone] * sizes[gone]) / both
        sizes[kept] = both
        centres, sizes = np.delete(centres, gone, axis=0), np.delete(sizes, gone)
    return centres


def _average_linkage(unit: Vectors, count: SpeakerCount, how: Spectral) -> Labels:
    """Groups with the highest mean cosine become one, until none are alike."""
    least, most = _range(count, how.most_speakers, len(unit))
    groups = [[index] for index in range(len(unit))]
    similarity = unit @ unit.T
    while len(groups) > least:
        means = np.array([[similarity[np.ix_(a, b)].mean() for b in groups] for a in groups])
        means[np.tril_indices(len(groups))] = -np.inf
        kept, gone = np.unravel_index(int(means.argmax()), means.shape)
        if means[kept, gone] < how.alike_windows and len(groups) <= most:
            break
        groups[kept] += groups.pop(int(gone))
    labels = np.zeros(len(unit), dtype=np.int64)
    for label, members in enumerate(groups):
        labels[members] = label
    return labels


def _by_appearance(labels: npt.NDArray[np.integer]) -> Labels:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)
