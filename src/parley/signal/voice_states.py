"""Refinement of speakers by a hidden Markov model whose states are voices (variational Bayes).

After the VB-HMM of M. Diez, L. Burget, F. Landini, J. Cernocky, "Analysis of speaker diarization
based on Bayesian HMM with eigenvoice priors" (2020) and VBx (F. Landini et al., 2022), with the isotropic
Gaussians of `VoiceModel` in place of a trained PLDA: a voice is a standard normal vector over
`dimensions`, a window its voice plus noise, and a state that nobody needs loses its prior and goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parley.signal.agglomeration import Labels
from parley.signal.voices import Seconds, Vectors, VoiceModel

Likelihoods = npt.NDArray[np.float64]
"""Shape (n, speakers)."""

ITERATIONS = 20
"""It settles in 5 to 15; in a long recording the last surplus speakers go late."""

SETTLED = 1e-3
"""Largest change of a posterior that still counts as one."""

LEAST_PRIOR = 1e-4
"""A speaker to whom one change in ten thousand leads is nobody."""

FIRST_BELIEF = 5.0
"""Log odds given to the speakers of the first guess against each other one."""

CHAIN = 500
"""Windows per chain: chains are run side by side, which only loses what a window says of its
neighbour once in four minutes."""


@dataclass(frozen=True, slots=True)
class _Voices:
    means: npt.NDArray[np.float64]
    precisions: Seconds


def refine_speakers(
    vectors: Vectors, own_s: Seconds, first: npt.NDArray[np.bool_], labels: Labels, model: VoiceModel
) -> Labels:
    """New labels, never of more speakers than before; `first` says which windows begin an island."""
    precisions = model.precisions(own_s)
    chains = _Chains.of(first, model)
    likelihoods = FIRST_BELIEF * np.eye(int(labels.max()) + 1)[labels]
    beliefs = np.exp(likelihoods) / np.exp(likelihoods).sum(axis=1, keepdims=True)
    prior = np.full(beliefs.shape[1], 1.0 / beliefs.shape[1])
    for _ in range(ITERATIONS):
        voices = _voices(vectors, beliefs * precisions[:, None], model)
        before = beliefs
        beliefs, prior = chains.posteriors(_likelihoods(vectors, precisions, voices, model), prior)
        needed = prior > LEAST_PRIOR
        if needed.all() and np.abs(beliefs - before).max() < SETTLED:
            break
        beliefs, prior = beliefs[:, needed], prior[needed] / prior[needed].sum()
    return np.unique(beliefs.argmax(axis=1), return_inverse=True)[1].astype(np.int64)


def _voices(vectors: Vectors, weights: Likelihoods, model: VoiceModel) -> _Voices:
    """Posterior mean and precision of each voice, given how much each window weighs for it."""
    precisions = model.dimensions + weights.sum(axis=0)
    return _Voices((weights.T.astype(np.float32) @ vectors) / precisions[:, None], precisions)


def _likelihoods(vectors: Vectors, precisions: Seconds, voices: _Voices, model: VoiceModel) -> Likelihoods:
    """Expected log likelihood of each window under each voice, but for what all voices share."""
    uncertainty = (voices.means**2).sum(axis=1) + model.dimensions / voices.precisions
    return precisions[:, None] * (vectors @ voices.means.T.astype(np.float32) - uncertainty / 2)


@dataclass(frozen=True, slots=True)
class _Chains:
    """`switch`, shape (chains, length): how likely somebody else begins at a window; 0 where none is."""

    switch: npt.NDArray[np.float64]
    windows: int

    @classmethod
    def of(cls, first: npt.NDArray[np.bool_], model: VoiceModel) -> _Chains:
        chains = -(-len(first) // CHAIN)
        length = -(-len(first) // chains)
        switch = np.zeros(chains * length)
        switch[: len(first)] = np.where(first, model.switch_between, model.switch_inside)
        switch = switch.reshape(chains, length)
        switch[:, 0] = 1.0
        return cls(switch, len(first))

    def posteriors(self, log_likelihoods: Likelihoods, prior: Seconds) -> tuple[Likelihoods, Seconds]:
        """Posteriors of the speakers, and the prior that the expected entries into each make likely."""
        speakers = len(prior)
        padded = np.zeros((self.switch.size, speakers))
        padded[: self.windows] = log_likelihoods
        relative = padded - padded.max(axis=1, keepdims=True)
        likelihoods = np.exp(relative).reshape(*self.switch.shape, speakers)
        forward, entries = self._forward(likelihoods, prior)
        backward = self._backward(likelihoods, prior)
        beliefs = forward * backward
        totals = beliefs.sum(axis=2, keepdims=True)
        entered = (entries * backward / totals).sum(axis=(0, 1))
        return (beliefs / totals).reshape(-1, speakers)[: self.windows], entered / entered.sum()

    def _forward(self, likelihoods: Likelihoods, prior: Seconds) -> tuple[Likelihoods, Likelihoods]:
        """Normalised forward probabilities, and the part of them that came in by a switch."""
        forward, entries = np.empty_like(likelihoods), np.empty_like(likelihoods)
        before = np.broadcast_to(prior, likelihoods[:, 0].shape)
        for step in range(likelihoods.shape[1]):
            switch = self.switch[:, step, None]
            entering = switch * prior * likelihoods[:, step]
            reached = (1.0 - switch) * before * likelihoods[:, step] + entering
            total = reached.sum(axis=1, keepdims=True)
            before = forward[:, step] = reached / total
            entries[:, step] = entering / total
        return forward, entries

    def _backward(self, likelihoods: Likelihoods, prior: Seconds) -> Likelihoods:
        backward = np.ones_like(likelihoods)
        for step in range(likelihoods.shape[1] - 1, 0, -1):
            ahead = backward[:, step] * likelihoods[:, step]
            switch = self.switch[:, step, None]
            reached = (1.0 - switch) * ahead + switch * (ahead @ prior)[:, None]
            backward[:, step - 1] = reached / reached.sum(axis=1, keepdims=True)
        return backward
