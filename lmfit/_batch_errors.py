r"""Covariance of many fits at once, and the reasons where a variable has no standard error.

The rules are those of `lmfit._covariance`, for arrays: a variable held at its bound does not
fluctuate, one without effect has no error, and neither have those that are fully correlated.
The matrix :math:`J^T J` keeps enough digits for all but badly conditioned fits; for these *J* is
computed once more, and decomposed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._batch_algebra import factored, inverted
from ._batch_equations import Fits, Sample, Steps
from ._batch_lm import Solution
from ._covariance import PART_OF_FLAT, RANK_TOLERANCE, WELL_CONDITIONED
from ._derivatives import Array

__all__ = ["Errors", "Reason", "standard_errors"]

#: Fits that are decomposed at a time.
_SLAB = 256


class Reason(enum.IntEnum):
    """Why a variable has no standard error."""

    NONE = 0
    LOWER = 1
    UPPER = 2
    NO_EFFECT = 3
    CORRELATED = 4
    NO_FREEDOM = 5


@dataclass(frozen=True)
class Errors:
    """Errors of the variables.

    Attributes
    ----------
    covar : ndarray, shape (p, p, m)
        In units of the residual's variance; NaN for variables without standard error.
    rank : ndarray of int, shape (m,)
        Number of independent combinations of variables that the data determine.
    reason : ndarray of int, shape (p, m)
        See `Reason`.
    """

    covar: Array
    rank: NDArray[np.int_]
    reason: NDArray[np.int8]


def standard_errors(fits: Fits, solution: Solution) -> Errors:
    """Return the covariance of the variables of each fit.

    Examples
    --------
    >>> from lmfit._batch_equations import Function
    >>> from lmfit._batch_lm import solve
    >>> x = np.arange(4.0)
    >>> line = Function(lambda theta, _: theta[0][:, np.newaxis] * x + 0.0 * theta[1][:, np.newaxis])
    >>> fits = Fits(line, np.array([[0.1, 2.0, 4.0, 5.9]]), np.ones((2, 1)))
    >>> errors = standard_errors(fits, solve(fits))
    >>> errors.covar[0, 0].round(6), Reason(errors.reason[1, 0]).name
    (array([0.071429]), 'NO_EFFECT')
    """
    p = len(solution.theta)
    diagonal = np.arange(p)
    reason = np.select([solution.side < 0, solution.side > 0], [Reason.LOWER, Reason.UPPER], Reason.NONE)
    lengths = np.sqrt(solution.normal[diagonal, diagonal])
    reason = np.where((reason == Reason.NONE) & (lengths == 0.0), Reason.NO_EFFECT, reason).astype(np.int8)
    lost = reason != Reason.NONE
    scale = np.where(lengths > 0.0, lengths, 1.0)
    with np.errstate(all="ignore"):
        scaled = np.where(lost | lost[:, np.newaxis], 0.0, solution.normal / scale / scale[:, np.newaxis])
        scaled[diagonal, diagonal] = 1.0
        factor, regular = factored(scaled)
        inverse = inverted(factor)
        covar = inverse / scale / scale[:, np.newaxis]
    rank = np.count_nonzero(~lost, axis=0)
    poor = ~regular | ~(inverse[diagonal, diagonal].max(axis=0, initial=0.0) < WELL_CONDITIONED)
    rows = np.flatnonzero(poor & np.isfinite(solution.chisqr))
    for first in range(0, len(rows), _SLAB):
        _decompose(fits, solution, rows[first : first + _SLAB], Errors(covar, rank, reason))
    lost = reason != Reason.NONE
    covar[lost | lost[:, np.newaxis]] = np.nan
    return Errors(covar, rank, reason)


def _decompose(fits: Fits, solution: Solution, rows: NDArray[np.intp], errors: Errors) -> None:
    """Covariance of badly conditioned fits, by singular value decomposition of the Jacobian."""
    p, b = len(solution.theta), len(rows)
    lost = (errors.reason[:, rows] != Reason.NONE).T
    sample = Sample(fits, rows)
    effect = np.sqrt(solution.normal[np.arange(p), np.arange(p)][:, rows])
    some = fits.chosen(rows)
    steps = Steps(effect, np.ones(b, dtype=bool), some.lower, some.upper)
    jacobian = sample.jacobian(solution.theta[:, rows], steps)
    jacobian[lost.nonzero()[0], :, lost.nonzero()[1]] = 0.0
    norms = np.linalg.norm(jacobian, axis=1)
    norms[norms == 0.0] = 1.0
    _, singular, directions = np.linalg.svd(jacobian / norms[:, np.newaxis], full_matrices=False)
    steep = singular > RANK_TOLERANCE * singular[:, :1]
    weighted = directions / np.where(steep, singular, np.inf)[:, :, np.newaxis] / norms[:, np.newaxis]
    errors.covar[:, :, rows] = np.einsum("bkp,bkq->pqb", weighted, weighted)
    seen = np.einsum("bkp,bkp->bp", directions * steep[:, :, np.newaxis], directions)
    flat = (1.0 - seen > PART_OF_FLAT**2) & ~lost
    errors.reason[:, rows] = np.where(flat.T, Reason.CORRELATED, errors.reason[:, rows])
    errors.rank[rows] = np.count_nonzero(steep, axis=1)
