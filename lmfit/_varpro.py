r"""Least squares where the residual is linear in some of the variables: variable projection.

With the other variables *a* held, a residual

.. math::  r(a, c) = r_0(a) + \Phi(a)\, c

has its least sum of squares where the linear problem says, at :math:`c(a) = -\Phi^+ r_0`.  What is left
to be searched for is the minimum of

.. math::  \rho(a) = P r_0(a), \qquad P = 1 - \Phi \Phi^+ ,

a function of *a* only (G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413).  The start values
of *c* do not matter, and the valleys in which *c* follows *a* are gone.  Of the derivative of
:math:`\rho` L. Kaufman (BIT 15 (1975) 49) keeps

.. math::  K = P\, \frac{\partial r}{\partial a} \quad\text{at } (a, c(a)) ,

which needs nothing but columns of the Jacobian of *r*, and leaves out what is small where the residual
is (see D. P. O'Leary and B. W. Rust, Comput. Optim. Appl. 54 (2013) 579).

*One evaluation per step.*  With a step :math:`\delta` of *a* the linear variables move, to first order,
by :math:`-\Phi^+ \partial r/\partial a\, \delta`.  The residual is evaluated there.  As it is linear in
*c*, this and :math:`\Phi` at the new *a* are enough to know the best *c* and the residual there.

*Steps* are those of Levenberg and Marquardt, with the trust region of MINPACK (J. J. Moré, Lecture Notes
in Mathematics 630 (1978) 105) and a singular value decomposition of *K*.  Their length is measured in
units of the start values, not of the columns of *K* as in MINPACK: what has hardly an effect at the start,
as a decay that is over before the second point, is then not thrown far away, to where it has none.

*Bounds.*  Those of *c* are kept by the linear problem (SciPy's `lsq_linear`, method BVLS of C. L. Lawson
and R. J. Hanson); what is at a bound does not take part in the projection.  Where a step of *a* would
leave the bounds it ends on them, and the other variables take the best step that is left to them.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.linalg import lapack

from ._cached import cached_property
from ._covariance import RANK_TOLERANCE, column_norms
from ._derivatives import Array, Domain, Residual, norm

__all__ = ["End", "NotLinear", "Search", "Separable"]

_EPS = float(np.finfo(float).eps)
#: Fraction of the predicted reduction of the sum of squares for which a step is taken, as in MINPACK.
_TAKEN = 1e-4
#: Fraction of the way to a distant bound that one step may go, and what is distant, in units of the
#: start value: at a bound some functions lose all their derivatives.
_FRACTION, _DISTANT = 0.9, 0.1
#: Size of the blocks that LAPACK works with.
_BLOCK = 32
#: Part of a column that is no sum of others, relative to its length, from which it is far from one.
_INDEPENDENT = 1e-2
#: Relative error of a residual that was calculated as linear, above which it is not.
_TOLERANCE = 1e-6


class NotLinear(Exception):
    """The residual is not linear in the variables that are said to be so."""


class End(enum.Enum):
    """How a search ended, in words."""

    SOLVED = "all variables are linear: the solution is that of a linear problem"
    REDUCTION = "actual and predicted relative reductions of the sum of squares are at most {ftol:g}"
    STEP = "the relative change between two iterates is at most {xtol:g}"
    ORTHOGONAL = "the residual is orthogonal to the columns of the Jacobian to machine precision"


@dataclass(frozen=True)
class Separable:
    """A residual, its derivatives, and which of its variables are linear.

    Attributes
    ----------
    residual : callable
        ``residual(list of n floats) -> array of m floats``; NaN where a point is rejected.
    columns : callable
        ``columns(x, residual at x, indices of k variables) -> array of shape (m, k)``, the derivatives.
    linear : ndarray of bool, shape (n,)
        Which variables the residual is linear in.
    domain : Domain
        Bounds and sizes of the variables.
    """

    residual: Residual
    columns: Callable[[Array, Array, NDArray[np.intp]], Array]
    linear: NDArray[np.bool_]
    domain: Domain

    def projected(self, x: Array, at_x: Array) -> Point:
        """Return the point with the best values of the linear variables for the others at `x`."""
        indices = np.flatnonzero(self.linear)
        columns = self.columns(x, at_x, indices)
        low, high = (bound[indices] for bound in (self.domain.lower, self.domain.upper))
        fit = LinearFit(columns)
        step = fit.solution(at_x)
        free = np.ones(len(indices), dtype=bool)
        best = x.copy()
        if ((x[indices] + step < low) | (x[indices] + step > high)).any():
            step, free = _bounded_solution(columns, at_x, low - x[indices], high - x[indices])
            fit = LinearFit(columns[:, free])
        best[indices] = np.clip(x[indices] + step, low, high)
        return Point(best, at_x + columns @ step, fit, indices[free])


@dataclass(frozen=True)
class Point:
    """A point where the linear variables have their best values.

    Attributes
    ----------
    x : ndarray, shape (n,)
    residual : ndarray, shape (m,)
        As it is calculated from that at a close point.
    fit : LinearFit
        That of the linear variables that are not at a bound.
    free : ndarray of int
        Their indices.
    """

    x: Array
    residual: Array
    fit: LinearFit
    free: NDArray[np.intp]


class LinearFit:
    """The linear problem with the given columns, shape (m, k), by a QR decomposition with pivoting.

    LAPACK is called as it is: SciPy's own functions take longer to check their arguments.

    Examples
    --------
    >>> fit = LinearFit(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]))
    >>> fit.solution(np.array([-1.0, -3.0, -5.0])), fit.well_conditioned
    (array([1., 2.]), True)
    """

    def __init__(self, columns: Array) -> None:
        norms = column_norms(columns)
        self._units = np.where(norms > 0.0, norms, 1.0)
        k = min(columns.shape)
        if not k:
            self._basis, self._triangle = np.empty((len(columns), 0)), np.empty((0, 0))
            self._order = np.empty(0, dtype=np.intp)
            return
        size = _BLOCK * (len(norms) + 1)
        reflectors, order, factors, _, _ = lapack.dgeqp3(columns / self._units, lwork=2 * len(norms) + size)
        diagonal = np.abs(reflectors.diagonal())
        rank = int(np.count_nonzero(diagonal > RANK_TOLERANCE * diagonal[0]))
        self._triangle, self._order = reflectors[:rank, :rank], order[:rank] - 1
        self._basis = lapack.dorgqr(reflectors[:, :k], factors, lwork=size)[0][:, :rank]

    @property
    def well_conditioned(self) -> bool:
        """Whether no column is nearly a sum of others."""
        diagonal = np.abs(self._triangle.diagonal())
        return len(diagonal) == len(self._units) and bool(diagonal[-1] > _INDEPENDENT * diagonal[0])

    def solution(self, residual: Array) -> Array:
        """The step of the variables to the least sum of squares; superfluous ones stay where they are."""
        step = np.zeros(len(self._units))
        if self._order.size:
            step[self._order] = -lapack.dtrtrs(self._triangle, self._basis.T @ residual)[0]
        return step / self._units

    def project(self, vectors: Array) -> Array:
        """What of the vectors, shape (m,) or (m, k), is orthogonal to the columns."""
        return np.asarray(vectors - self._basis @ (self._basis.T @ vectors))


def _bounded_solution(
    columns: Array, residual: Array, low: Array, high: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """The step to the least sum of squares within bounds, and which variables are not held by one."""
    norms = column_norms(columns)
    units = np.where(norms > 0.0, norms, 1.0)
    low, high = low * units, high * units
    room = low < high  # SciPy wants some
    step = np.where(room, 0.0, low)
    if room.any():
        target = -residual - columns[:, ~room] / units[~room] @ step[~room]
        found = optimize.lsq_linear(
            columns[:, room] / units[room], target, (low[room], high[room]), method="bvls"
        )
        step[room] = found.x
    return step / units, (low < step) & (step < high)


class Search:
    """The search for the least sum of squares.

    Parameters
    ----------
    problem : Separable
    start : ndarray, shape (n,)
        Start values; those of the linear variables do not matter.
    at_start : ndarray, shape (m,)
        The residual there.
    ftol, xtol : float
        Relative reduction of the sum of squares, and relative step, at which the search ends.
    first : float
        Length of the first step, in units of the start values.
    check : bool
        Whether to make sure, by an evaluation, that the residual is linear.

    Examples
    --------
    >>> t = np.arange(5.0)
    >>> def residual(v):
    ...     return v[0] * np.exp(-t / v[1]) - 3.0 * np.exp(-t / 2.0)
    >>> def columns(x, at_x, indices):
    ...     decay = np.exp(-t / x[1])
    ...     return np.column_stack([decay, x[0] * decay * t / x[1] ** 2])[:, indices]
    >>> problem = Separable(residual, columns, np.array([True, False]), Domain.unbounded(2))
    >>> search = Search(problem, np.array([1.0, 1.0]), residual([1.0, 1.0]))
    >>> end = search.run()
    >>> search.here.x.round(9)
    array([3., 2.])
    """

    def __init__(
        self,
        problem: Separable,
        start: Array,
        at_start: Array,
        ftol: float = 1e-10,
        xtol: float = 1e-10,
        first: float = 0.5,
        check: bool = True,
    ) -> None:
        self._problem, self._ftol, self._xtol = problem, ftol, xtol
        self._others = np.flatnonzero(~problem.linear)
        self._size = norm(at_start)
        self.here = problem.projected(start, at_start)
        self._units = np.zeros(len(self._others))
        self._radius = first
        self._check = check

    def run(self) -> End:
        """Search until the end, at the point `here`.

        Raises
        ------
        NotLinear
            The residual is not linear where it should be.
        """
        if self._check:
            self._check_linear()
        if not self._others.size:
            return End.SOLVED
        while True:
            slopes = _Slopes.at(self.here, self._problem, self._others)
            if slopes.cosine <= _EPS:
                return End.ORTHOGONAL
            if not self._units.any():
                self._units = slopes.units(self._problem.domain.reach[self._others])
            end = self._descend(slopes)
            if end is not None:
                return end

    def _check_linear(self) -> None:
        """Compare the residual with the one that is calculated on the assumption that it is linear."""
        found = np.array(self._problem.residual(self.here.x.tolist()))
        error = norm(found - self.here.residual)
        if not error <= _TOLERANCE * max(self._size, norm(found)):
            raise NotLinear
        self.here = Point(self.here.x, found, self.here.fit, self.here.free)

    def _length(self, vector: Array) -> float:
        return norm(self._units * vector)

    def _descend(self, slopes: _Slopes) -> End | None:
        """Go to a lower point, with as short a step as it needs; None, or why the search is at its end."""
        cost = norm(self.here.residual) ** 2
        low, high = self._room()
        while True:
            step = slopes.step(self._units, self._radius, low, high)
            length = self._length(step)
            predicted = 1.0 - norm(slopes.residual + slopes.projected @ step) ** 2 / cost
            there = self._trial(slopes, step)
            actual = -1.0 if there is None else 1.0 - norm(there.residual) ** 2 / cost
            ratio = actual / predicted if predicted > 0.0 else -math.inf
            self._adapt(actual, ratio, length)
            taken = there is not None and ratio >= _TAKEN
            if taken:
                assert there is not None
                self.here = there
            if abs(actual) <= self._ftol and predicted <= self._ftol and ratio <= 2.0:
                return End.REDUCTION
            if self._radius <= self._xtol * self._length(self.here.x[self._others]) or not length:
                return End.STEP
            if taken:
                return None

    def _room(self) -> tuple[Array, Array]:
        """How far each of the other variables may go in one step, down and up."""
        domain, others = self._problem.domain, self._others
        x, reach = self.here.x[others], domain.reach[others]
        low, high = domain.lower[others] - x, domain.upper[others] - x
        low[-low > _DISTANT * reach] *= _FRACTION
        high[high > _DISTANT * reach] *= _FRACTION
        return low, high

    def _trial(self, slopes: _Slopes, step: Array) -> Point | None:
        """The point after a step; None where it is rejected."""
        here, problem = self.here, self._problem
        x = here.x.copy()
        x[self._others] += step
        x[here.free] += here.fit.solution(slopes.columns @ step)
        x = problem.domain.clipped(x)
        at_x = np.array(problem.residual(x.tolist()))
        return problem.projected(x, at_x) if np.isfinite(at_x).all() else None

    def _adapt(self, actual: float, ratio: float, length: float) -> None:
        """Change the trust radius by MINPACK's rules."""
        if not ratio > 0.25:
            # The minimum of the parabola through the two values and the slope.
            shrink = 0.5 if actual >= 0.0 else 1.0 / (2.0 - ratio)
            self._radius = min(max(shrink, 0.1), 0.5) * min(self._radius, 10.0 * length)
        elif ratio >= 0.75 or length < 0.9 * self._radius:
            self._radius = 2.0 * length


@dataclass(frozen=True)
class _Slopes:
    """The derivatives at a point by the variables that are not linear.

    Attributes
    ----------
    residual : ndarray, shape (m,)
    columns : ndarray, shape (m, p)
        Of the residual, with the linear variables held.
    projected : ndarray, shape (m, p)
        Kaufman's, with the linear variables following.
    """

    residual: Array
    columns: Array
    projected: Array
    _known: dict[bytes, _Damped] = field(default_factory=dict)

    @classmethod
    def at(cls, here: Point, problem: Separable, others: NDArray[np.intp]) -> _Slopes:
        """Return those at a point."""
        columns = problem.columns(here.x, here.residual, others)
        return cls(here.residual, columns, here.fit.project(columns))

    @cached_property
    def gradient(self) -> Array:
        """Half the derivatives of the sum of squares, shape (p,)."""
        return np.asarray(self.projected.T @ self.residual)

    @property
    def cosine(self) -> float:
        """The largest cosine of an angle between the residual and a column."""
        lengths = column_norms(self.projected) * norm(self.residual)
        cosines = np.divide(np.abs(self.gradient), lengths, out=np.zeros(len(lengths)), where=lengths > 0.0)
        return float(cosines.max())

    def units(self, reach: Array) -> Array:
        """Return factors that measure steps in units of `reach`, or, where that is zero, by their effect."""
        effect = column_norms(self.projected) / norm(self.residual)
        return np.asarray(
            np.where(
                reach > 0.0, 1.0 / np.where(reach > 0.0, reach, 1.0), np.where(effect > 0.0, effect, 1.0)
            )
        )

    def step(self, units: Array, radius: float, low: Array, high: Array) -> Array:
        """Return the step to the least predicted sum of squares within a radius and bounds, shape (p,)."""
        step = np.zeros(len(units))
        outwards = ((low >= 0.0) & (self.gradient > 0.0)) | ((high <= 0.0) & (self.gradient < 0.0))
        free = ~outwards
        while free.any():
            target = self.residual + self.projected[:, ~free] @ step[~free]
            step[free] = self._damped(free, units).step(target, radius) / units[free]
            outside = free & ((step < low) | (step > high))
            if not outside.any():
                break
            step[outside] = np.clip(step[outside], low[outside], high[outside])
            free &= ~outside
        return step

    def _damped(self, free: NDArray[np.bool_], units: Array) -> _Damped:
        """The problem of the free variables, which is decomposed once for all radii."""
        key = free.tobytes()
        if key not in self._known:
            self._known[key] = _Damped(self.projected[:, free] / units[free])
        return self._known[key]


class _Damped:
    """A linear problem whose solution is kept short, by a singular value decomposition."""

    def __init__(self, matrix: Array) -> None:
        basis, singular, directions = np.linalg.svd(matrix, full_matrices=False)
        seen = singular > RANK_TOLERANCE * singular[0]
        self._basis, self._singular, self._directions = basis[:, seen], singular[seen], directions[seen]

    def step(self, residual: Array, radius: float) -> Array:
        """Return the step to the least sum of squares that is no longer than `radius`, within a tenth.

        The damping follows from Newton's method for the reciprocal of the length (Moré, section 5).
        """
        along = self._singular * (self._basis.T @ residual)
        square = self._singular**2
        damping = 0.0
        for _ in range(30):
            step = along / (square + damping)
            length = norm(step)
            if length <= 1.1 * radius and (damping == 0.0 or length >= 0.9 * radius):
                break
            slope = float(step**2 @ (1.0 / (square + damping))) / length
            damping = max(0.0, damping + (length / radius - 1.0) * length / slope)
        return np.asarray(-(step @ self._directions))
