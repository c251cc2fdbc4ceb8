r"""Jacobians by central differences, inside the bounds.

For a smooth residual the central difference

.. math::  \frac{r(x + h) - r(x - h)}{2h}

has a truncation error of order :math:`h^2` and a rounding error of order
:math:`\epsilon/h`, so that :math:`h = \epsilon^{1/3}` times the length over which
the residual changes leaves about ten digits (W. H. Press et al., *Numerical
Recipes*, 3rd ed., section 5.7).  That length is taken as the larger of :math:`|x|`
and a scale given by the caller, commonly the standard error.

Where a bound is closer than *h*, or where one side gives no finite residual, the
three-point formula of the other side, with the same order of error, is used:

.. math::  \frac{-3 r(x) + 4 r(x + h) - r(x + 2h)}{2h} .

Where the residual does not visibly move, as at an optimum of almost exactly zero,
the step is made larger, a thousandfold at a time, up to the size that the variable
had at the start.  A column that stays zero then means that it has no effect.  So does
a residual that stands still on one side: it changes in jumps, as where a parameter
is used as an integer, and has no derivative.

A Jacobian is often wanted again after a small step *d*, at :math:`x_1 = x_0 + d`.
The forward differences *F*, of which half the evaluations are there already, change
as the Jacobian does but for :math:`O(h d)`,

.. math::  J(x_1) \approx J(x_0) + F(x_1) - F(x_0) ,

which costs one evaluation per variable instead of two and is as accurate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import ddot

from ._cached import cached_property

__all__ = ["Array", "Differences", "Domain", "Residual", "central_jacobian", "norm", "vector_jacobian"]

Array: TypeAlias = NDArray[np.float64]
Residual: TypeAlias = Callable[[list[float]], Array]

_CUBE_ROOT_EPS = float(np.finfo(float).eps) ** (1.0 / 3.0)
#: A change of the residual below this fraction of its size is lost in rounding.
_VISIBLE = 1e-11
#: The largest step, as a fraction of each variable, after which differences are updated.
_NEARBY = 1e-5


@dataclass(frozen=True)
class Domain:
    """What is known of the variables: their bounds and natural sizes.

    Attributes
    ----------
    lower, upper : ndarray, shape (n,)
        Bounds; no point outside them is evaluated.
    reach : ndarray, shape (n,)
        Size that each variable may have, commonly that of its start value.
    """

    lower: Array
    upper: Array
    reach: Array

    @classmethod
    def unbounded(cls, n: int) -> Domain:
        """Return the domain of `n` variables without bounds and of size 1."""
        return cls(np.full(n, -np.inf), np.full(n, np.inf), np.ones(n))

    @cached_property
    def bounded(self) -> bool:
        """Whether any variable has a bound."""
        return any(map(math.isfinite, (*self.lower.tolist(), *self.upper.tolist())))

    def clipped(self, x: Array) -> Array:
        """Return `x` moved into the bounds."""
        return np.minimum(np.maximum(x, self.lower), self.upper) if self.bounded else x


@dataclass(frozen=True)
class _Point:
    """A function and the point at which it is differentiated.

    Attributes
    ----------
    residual : callable
    x : list of float
    at_x : ndarray, shape (m,)
        The residual there.
    ahead : dict
        For each variable with a central difference its step forwards, and the change of the residual by it.
    """

    residual: Residual
    x: list[float]
    at_x: Array
    ahead: dict[int, tuple[float, Array]] = field(default_factory=dict)

    def moved(self, j: int, value: float) -> Array:
        """The residual with variable `j` at `value`."""
        point = self.x.copy()
        point[j] = value
        return self.residual(point)


def central_jacobian(
    residual: Residual, x: Array, at_x: Array, scale: Array, domain: Domain, size: float = 0.0
) -> Array:
    """Return the Jacobian of `residual` at `x`.

    Parameters
    ----------
    residual : callable
        ``residual(list of n floats) -> array of m floats``; may hold NaN.
    x : ndarray, shape (n,)
        The point, within the bounds.
    at_x : ndarray, shape (m,)
        The residual at `x`.
    scale : ndarray, shape (n,)
        Length over which each variable changes the residual, where that is more than ``abs(x)``.
    domain : Domain
        Bounds and sizes of the variables.
    size : float, optional
        Euclidean norm that a residual commonly has, for telling a change from rounding;
        the norm of `at_x` where that is larger.

    Returns
    -------
    ndarray, shape (m, n)
        Not finite only where neither side of a variable gives a finite residual.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> f = lambda v: np.array([v[0] * v[1], v[1] ** 2])
    >>> central_jacobian(f, x, f(x), np.abs(x), Domain.unbounded(2)).round(9)
    array([[2., 1.],
           [0., 4.]])
    """
    return _central(_Point(residual, x.tolist(), at_x), scale, domain, size)


def _central(point: _Point, scale: Array, domain: Domain, size: float) -> Array:
    at_x = point.at_x
    rows = np.empty((len(point.x), len(at_x)))
    invisible = _VISIBLE * max(size, norm(at_x))
    limits = zip(point.x, scale.tolist(), domain.reach.tolist(), domain.lower.tolist(), domain.upper.tolist())
    for j, (value, length, reach, lower, upper) in enumerate(limits):
        longest = max(abs(value), reach or 1.0)
        step = _CUBE_ROOT_EPS * (max(abs(value), min(length, reach or math.inf)) or longest)
        change = _column(point, j, step, lower, upper, rows[j])
        while change <= invisible and step < 1e3 * _CUBE_ROOT_EPS * longest:
            step = min(1e3 * step, 1e3 * _CUBE_ROOT_EPS * longest)
            change = _column(point, j, step, lower, upper, rows[j])
    return rows.T


class Differences:
    """Jacobians of one function, each from the last one where that is close.

    Parameters
    ----------
    residual : callable
        ``residual(list of n floats) -> array of m floats``; may hold NaN.

    Examples
    --------
    >>> calls = []
    >>> f = lambda v: calls.append(v) or np.array([v[0] ** 3])
    >>> x, domain = np.array([2.0]), Domain.unbounded(1)
    >>> differences = Differences(f)
    >>> differences.jacobian(x, f(x), x, domain, 0.0).round(9), len(calls)
    (array([[12.]]), 3)
    >>> x += 1e-6
    >>> differences.jacobian(x, f(x), x, domain, 0.0).round(9), len(calls)
    (array([[12.000012]]), 5)
    """

    def __init__(self, residual: Residual) -> None:
        self.residual = residual
        self._base: _Point | None = None
        self._at_base: Array = np.empty((0, 0))

    def jacobian(self, x: Array, at_x: Array, scale: Array, domain: Domain, size: float) -> Array:
        """Return the Jacobian at `x`; the arguments are those of `central_jacobian`."""
        there = _Point(self.residual, x.tolist(), at_x)
        if self._base is not None and self._is_nearby(self._base, there, scale):
            updated = self._updated(self._base, there, domain)
            if updated is not None:
                return updated
        there = _Point(self.residual, there.x, at_x.copy())  # the caller's may change before it is needed
        self._base, self._at_base = there, _central(there, scale, domain, size)
        return self._at_base

    @staticmethod
    def _is_nearby(base: _Point, there: _Point, scale: Array) -> bool:
        steps = [abs(a - b) for a, b in zip(base.x, there.x)]
        lengths = [_NEARBY * max(abs(value), length) for value, length in zip(base.x, scale.tolist())]
        return any(steps) and all(step <= length for step, length in zip(steps, lengths))

    def _updated(self, base: _Point, there: _Point, domain: Domain) -> Array | None:
        """The Jacobian from that at `base`; None where a variable has no difference to be updated."""
        rows = np.empty_like(self._at_base.T)
        for j, (value, upper) in enumerate(zip(there.x, domain.upper.tolist())):
            if j not in base.ahead:
                return None
            step, forwards = base.ahead[j]
            if value + step > upper:
                return None
            row = rows[j]
            np.subtract(there.moved(j, value + step), there.at_x, out=row)
            row -= forwards
            row /= step
            row += self._at_base[:, j]
            if not math.isfinite(norm(row)):
                return None
        return rows.T


def vector_jacobian(
    function: Callable[[list[float]], Sequence[float]],
    x: Array,
    scale: Array,
    inputs: Collection[int] | None = None,
) -> Array:
    """Return the Jacobian of a `function` that gives a few numbers at once, such as the tied parameters.

    Parameters
    ----------
    function : callable
        ``function(list of n floats) -> k floats``; may hold NaN.
    x, scale : ndarray, shape (n,)
        As of `central_jacobian`; there are no bounds.
    inputs : collection of int, optional
        The variables that it depends on, all by default.

    Returns
    -------
    ndarray, shape (k, n)

    Examples
    --------
    >>> vector_jacobian(lambda v: [3 * v[0]], np.array([2.0]), np.zeros(1)).round(9)
    array([[3.]])
    """
    values = x.tolist()
    at_x = function(values)
    rows = np.zeros((len(values), len(at_x)))
    for j, length in enumerate(scale.tolist()):
        if inputs is None or j in inputs:
            row = _difference(function, values, at_x, j, length)
            if row is None:  # one that steps forwards, or further, is needed
                whole = Domain.unbounded(len(x))
                return central_jacobian(
                    lambda at: np.array(function(at), dtype=float),
                    x,
                    np.array(at_x, dtype=float),
                    scale,
                    whole,
                )
            rows[j] = row
    return rows.T


def _difference(
    function: Callable[[list[float]], Sequence[float]],
    x: list[float],
    at_x: Sequence[float],
    j: int,
    length: float,
) -> list[float] | None:
    """Central differences of numbers by variable `j`; None where one is not finite, or lost in rounding."""
    step = _CUBE_ROOT_EPS * (max(abs(x[j]), min(length, 1.0)) or 1.0)
    low, high = x[j] - step, x[j] + step
    below, above = function([*x[:j], low, *x[j + 1 :]]), function([*x[:j], high, *x[j + 1 :]])
    row = []
    for before, here, after in zip(below, at_x, above):
        change = after - before
        if here in (before, after):  # it does not depend on this variable, or jumps
            change = 0.0
        elif not _VISIBLE * abs(here) < abs(change) < math.inf:
            return None
        row.append(change / (high - low))
    return row


def norm(vector: Array) -> float:
    """Return the Euclidean norm, by the fastest way there is for short vectors.

    Examples
    --------
    >>> norm(np.array([3.0, 4.0]))
    5.0
    """
    return math.sqrt(ddot(vector, vector))


def _column(point: _Point, j: int, step: float, lower: float, upper: float, out: Array) -> float:
    """Write one column; return the norm of the change that it was computed from."""
    value = point.x[j]
    step = min(step, 0.25 * (upper - lower))
    low, high = value - step, value + step
    if low < lower or high > upper:
        return _one_sided(point, j, step if low < lower else -step, out)
    out[:] = point.moved(j, low)  # at once: some objectives reuse their array
    at_high = point.moved(j, high)
    if _stays(at_high, point.at_x) or _stays(out, point.at_x):
        # Smooth functions do not stand still on one side: it jumps, as an integer does, or is flat.
        out[:] = 0.0
        return 0.0
    forwards = at_high - point.at_x
    np.subtract(at_high, out, out=out)
    change = norm(out)
    if math.isfinite(change):
        out /= high - low
        point.ahead[j] = high - value, forwards
        return change
    side = step if np.isfinite(at_high).all() else -step
    return _one_sided(point, j, side, out)


def _stays(moved: Array, at_x: Array) -> bool:
    """Whether a residual is exactly the one at the point; the ends of the array rule most out."""
    return bool(moved[-1] == at_x[-1] and moved[0] == at_x[0] and (moved == at_x).all())


def _one_sided(point: _Point, j: int, step: float, out: Array) -> float:
    near, far = point.x[j] + step, point.x[j] + 2.0 * step
    out[:] = point.moved(j, near)
    out *= 4.0
    out -= point.moved(j, far)
    out -= 3.0 * point.at_x
    change = norm(out)
    out /= far - point.x[j]
    return change
