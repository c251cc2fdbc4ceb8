r"""From the Jacobian at the best point to covariance, standard errors and reasons.

Near its minimum chi-square is quadratic, and the covariance of the variables is

.. math::  C = \sigma^2 (J^T J)^{-1}, \qquad J = U S V^T, \qquad C = \sigma^2 V S^{-2} V^T ,

where the columns of *J* are first scaled to unit length, so that the singular
values do not depend on the units of the variables (G. H. Golub and C. F. Van
Loan, *Matrix Computations*, 4th ed., section 5.5).

Not every variable has a standard error.  Instead of giving up on all of them,
those without one are told apart:

* a variable *at an active bound*, to which chi-square pushes it, does not
  fluctuate: the others have the errors of the fit with it fixed there;
* a variable with *no effect* has a zero column;
* a small singular value is a direction *v* in which chi-square is flat: the
  variables with a component in *v* are *fully correlated* among each other, all
  others are as well determined as ever.

A function *t* of the variables, such as a tied parameter, has the covariance
:math:`C' = G C G^T` with its gradients *G*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import ddot, dsyrk
from scipy.linalg.lapack import dpotrf, dpotri

from ._derivatives import Array, Domain, norm

__all__ = [
    "Bound",
    "Covariance",
    "NormalEquations",
    "column_norms",
    "covariance",
    "propagate",
    "standard_errors",
]

#: Singular values of the column-scaled Jacobian below this fraction of the largest are rounding:
#: central differences are good to about ten digits.
RANK_TOLERANCE = 1e-10
#: Largest element of the inverse up to which the normal equations keep ten digits.
WELL_CONDITIONED = 1e6
#: Components of a flat direction that count (its length is 1).
PART_OF_FLAT = 1e-3
#: A variable closer to a bound than this fraction of its own error may be held by it.
_NEAR = 1e-3


@dataclass(frozen=True)
class Bound:
    """The bounds that hold the variables: -1 at the lower, +1 at the upper, 0 where free."""

    side: Array

    @property
    def held(self) -> int:
        """Number of variables that are held."""
        return int(np.count_nonzero(self.side))

    @classmethod
    def active(cls, x: Array, residual: Array, jacobian: Array, domain: Domain) -> Bound:
        """Find the variables close to a bound to which the gradient of chi-square pushes them.

        Parameters
        ----------
        x : ndarray, shape (n,)
            Best values.
        residual : ndarray, shape (m,)
        jacobian : ndarray, shape (m, n)
        domain : Domain
            Bounds.
        """
        side = np.zeros(len(x))
        if not domain.bounded:
            return cls(side)
        error = norm(residual) / math.sqrt(max(1, len(residual) - len(x)))
        limits = zip(x.tolist(), domain.lower.tolist(), domain.upper.tolist())
        for j, (value, lower, upper) in enumerate(limits):
            near = max(_NEAR * error / max(norm(jacobian[:, j]), 1e-300), 1e-12 * abs(value))
            at_lower, at_upper = value - lower <= near, upper - value <= near
            if at_lower or at_upper:
                slope = ddot(jacobian[:, j], residual)
                side[j] = -1.0 if at_lower and slope > 0.0 else 1.0 if at_upper and slope < 0.0 else 0.0
        return cls(side)


@dataclass(frozen=True)
class Covariance:
    """Covariance of the variables, with NaN for those that have none, and why.

    Attributes
    ----------
    rank : int
        Number of independent combinations of variables that the data determine.
    matrix : ndarray, shape (n, n)
        In units of the residual's variance.
    reasons : dict
        Index of each variable without a standard error: the reason in words.
    """

    rank: int
    matrix: Array
    reasons: dict[int, str]


def covariance(
    jacobian: Array, names: list[str], bound: Bound, equations: NormalEquations | None = None
) -> Covariance:
    """Return the covariance ``inv(J.T @ J)`` of what can be estimated.

    Parameters
    ----------
    jacobian : ndarray, shape (m, n)
        Derivatives of the residual by the variables at the best point.
    names : list of str
        Names of the n variables, for the reasons.
    bound : Bound
        The variables held at a bound.
    equations : NormalEquations, optional
        Those of `jacobian`, if they have been made.

    Examples
    --------
    >>> J = np.array([[1.0, 0.0, 2.0], [1.0, 0.0, 3.0]])
    >>> found = covariance(J, ["a", "b", "c"], Bound(np.zeros(3)))
    >>> found.reasons
    {1: 'no effect on the residual'}
    >>> found.matrix[np.ix_([0, 2], [0, 2])].round(9)
    array([[13., -5.],
           [-5.,  2.]])
    """
    if equations is not None and equations.regular and not bound.held:
        return Covariance(len(names), equations.inverse, {})
    n = len(names)
    reasons = {
        j: f"at its {'upper' if side > 0 else 'lower'} bound" for j, side in enumerate(bound.side) if side
    }
    for j, length in enumerate(column_norms(jacobian).tolist()):
        if j not in reasons and not length < np.inf:
            reasons[j] = "no finite residual on either side of its value"
        elif j not in reasons and length == 0.0:
            reasons[j] = "no effect on the residual"
    free = [j for j in range(n) if j not in reasons]
    matrix = np.full((n, n), np.nan)
    rank = len(free)
    if free:
        equations = NormalEquations(jacobian[:, free])
        matrix[np.ix_(free, free)] = equations.inverse
        reasons |= _correlated(equations.flat, free, names)
        rank -= len(equations.flat)
    lost = sorted(reasons)
    matrix[lost, :] = np.nan
    matrix[:, lost] = np.nan
    return Covariance(rank, matrix, {j: reasons[j] for j in lost})


class NormalEquations:
    """The matrix ``J.T @ J`` of a Jacobian and its inverse on what *J* can see.

    Parameters
    ----------
    jacobian : ndarray, shape (m, n)

    Attributes
    ----------
    matrix : ndarray, shape (n, n)
        Its lower half, with zeros above.
    norms : ndarray, shape (n,)
        Lengths of the columns of *J*.
    visible : bool
        Whether all of these are finite and none is zero; without that there is no `inverse`.
    inverse : ndarray, shape (n, n)
        The pseudo-inverse where `flat` is not empty.
    flat : ndarray, shape (k, n)
        Orthonormal directions, in variables scaled to columns of unit length, that *J* maps to zero.

    Examples
    --------
    >>> NormalEquations(np.array([[1.0, 2.0], [1.0, 3.0]])).inverse.round(9)
    array([[13., -5.],
           [-5.,  2.]])
    """

    def __init__(self, jacobian: Array) -> None:
        self.jacobian = jacobian
        n = jacobian.shape[1]
        self.matrix = dsyrk(1.0, jacobian, trans=1, lower=1)
        self.norms = np.sqrt(self.matrix.diagonal())
        self.visible = all(0.0 < length < math.inf for length in self.norms.tolist())
        self.flat: Array = np.empty((0, n))
        if self.visible:
            self._invert()

    def _invert(self) -> None:
        factor, failed = dpotrf(self.matrix, lower=1)
        if not failed:
            inverse, failed = dpotri(factor, lower=1)
            # The diagonal bounds the condition, and with it the digits lost by squaring J.
            if not failed and (inverse.diagonal() * self.matrix.diagonal()).max() < WELL_CONDITIONED:
                self.inverse = _symmetric(inverse)
                return
        self._decompose()

    def _decompose(self) -> None:
        norms = self.norms
        scaled = self.jacobian / norms
        _, singular, directions = np.linalg.svd(scaled, full_matrices=len(scaled) < len(norms))
        singular = np.append(singular, np.zeros(len(norms) - len(singular)))
        steep = singular > RANK_TOLERANCE * singular[0]
        weighted = directions[steep] / singular[steep, np.newaxis] / norms
        self.inverse, self.flat = weighted.T @ weighted, directions[~steep]

    @property
    def regular(self) -> bool:
        """Whether the Jacobian has full rank."""
        return self.visible and not len(self.flat)


def _symmetric(triangle: Array) -> Array:
    """The symmetric matrix of which BLAS has computed the lower half, with zeros above."""
    full = triangle + triangle.T
    full.ravel()[:: len(full) + 1] *= 0.5
    return full


def standard_errors(jacobian: Array, residual: Array) -> Array:
    """Return rough errors of the variables; zero for those that have no effect.

    Examples
    --------
    >>> standard_errors(np.array([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), np.ones(3))
    array([0.8660254, 0.       ])
    """
    norms = column_norms(jacobian)
    errors = np.zeros(len(norms))
    free = np.flatnonzero((norms > 0.0) & np.isfinite(norms))
    if len(free):
        variance = ddot(residual, residual) / max(1, len(residual) - len(norms))
        errors[free] = np.sqrt(variance * NormalEquations(jacobian[:, free]).inverse.diagonal())
    return errors


def column_norms(jacobian: Array) -> Array:
    """Return the lengths of the columns.

    Examples
    --------
    >>> column_norms(np.array([[3.0, 0.0], [4.0, 1.0]]))
    array([5., 1.])
    """
    return np.array([norm(row) for row in jacobian.T])


def _correlated(flat: Array, free: list[int], names: list[str]) -> dict[int, str]:
    """Say of each variable in a flat direction with which others it can be exchanged."""
    # The projector on the flat directions does not depend on how they were chosen.
    projector = np.abs(flat.T @ flat)
    inside = [(row, names[j]) for row, j in enumerate(free) if projector[row, row] > PART_OF_FLAT**2]
    reasons = {}
    for row, _ in inside:
        others = [other for col, other in inside if col != row and projector[row, col] > PART_OF_FLAT**2]
        partners = " and ".join(map(repr, others))
        reasons[free[row]] = f"fully correlated with {partners}" if others else "no effect on the residual"
    return reasons


def propagate(gradient: Array, matrix: Array) -> Array:
    """Return ``G @ C @ G.T``; a row that does not use an undetermined variable stays finite.

    Parameters
    ----------
    gradient : ndarray, shape (k, n)
    matrix : ndarray, shape (n, n)
        Covariance, NaN for undetermined variables.

    Examples
    --------
    >>> C = np.array([[4.0, np.nan], [np.nan, np.nan]])
    >>> propagate(np.array([[2.0, 0.0], [0.0, 1.0]]), C)
    array([[16., nan],
           [nan, nan]])
    """
    undetermined = np.isnan(matrix.diagonal())
    with np.errstate(over="ignore", invalid="ignore"):  # slopes of an expression may be infinite
        if not undetermined.any():
            return np.asarray(gradient @ matrix @ gradient.T)
        result = gradient @ np.where(np.isnan(matrix), 0.0, matrix) @ gradient.T
    lost = (gradient[:, undetermined] != 0.0).any(axis=1)
    result[lost, :] = np.nan
    result[:, lost] = np.nan
    return np.asarray(result, dtype=float)
