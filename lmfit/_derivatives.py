r"""Jacobians by central differences, inside the bounds.

For a smooth residual the central difference

.. math::  \frac{r(x + h) - r(x - h)}{2h}

has a truncation error of order :math:`h^2` and a rounding error of order
:math:`\epsilon/h`, so that :math:`h = \epsilon^{1/3}` times the length over which
the residual changes leaves about ten digits (Press et al., *Numerical Recipes*,
3rd ed., section 5.7).  That length is taken as the larger of :math:`|x|` and a
scale given by the caller, commonly the standard error.

Where a bound is closer than *h*, or where one side gives no finite residual, the
three-point formula of the other side, with the same order of error, is used:

.. math::  \frac{-3 r(x) + 4 r(x + h) - r(x + 2h)}{2h} .

Where the residual does not visibly move, as at an optimum of almost exactly zero,
the step is made larger, a thousandfold at a time, up to the size that the variable
had at the start.  A column that stays zero then means that it has no effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Domain", "central_jacobian", "vector_jacobian"]

Array: TypeAlias = NDArray[np.float64]
Residual: TypeAlias = Callable[[list[float]], Array]

_CUBE_ROOT_EPS = float(np.finfo(float).eps) ** (1.0 / 3.0)
#: A change of the residual below this fraction of its size is lost in rounding.
_VISIBLE = 1e-11


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
    rows = np.empty((len(x), len(at_x)))
    floor = _VISIBLE * max(size, float(np.linalg.norm(at_x)))
    for j, value in enumerate(x.tolist()):
        reach = float(domain.reach[j])
        length = max(abs(value), min(float(scale[j]), reach or np.inf)) or reach or 1.0
        rows[j] = _visible_column(residual, x, at_x, j, _CUBE_ROOT_EPS * length, domain, floor)
    return rows.T


def vector_jacobian(function: Residual, x: Array, scale: Array) -> Array:
    """Return the Jacobian of a cheap vector `function`, such as the tied parameters.

    Shapes and `scale` are those of `central_jacobian`; there are no bounds.

    Examples
    --------
    >>> vector_jacobian(lambda v: np.array([3 * v[0]]), np.array([2.0]), np.zeros(1)).round(9)
    array([[3.]])
    """
    return central_jacobian(function, x, function(x.tolist()), scale, Domain.unbounded(len(x)))


def _visible_column(
    residual: Residual, x: Array, at_x: Array, j: int, step: float, domain: Domain, floor: float
) -> Array:
    """One column, by the smallest step from `step` on whose change exceeds `floor`."""
    largest = 1e3 * _CUBE_ROOT_EPS * max(abs(float(x[j])), float(domain.reach[j]) or 1.0)
    lower, upper = float(domain.lower[j]), float(domain.upper[j])
    row, change = _column(residual, x, at_x, j, step, lower, upper)
    while change <= floor and step < largest:
        step = min(1e3 * step, largest)
        row, change = _column(residual, x, at_x, j, step, lower, upper)
    return row


def _column(
    residual: Residual, x: Array, at_x: Array, j: int, step: float, lower: float, upper: float
) -> tuple[Array, float]:
    """One column, and the norm of the change that it was computed from."""
    value = float(x[j])
    step = min(step, 0.25 * (upper - lower))
    if value - step >= lower and value + step <= upper:
        low, high = value - step, value + step
        minus = np.array(_moved(residual, x, j, low))  # a copy: some objectives reuse their array
        plus = _moved(residual, x, j, high)
        change = plus - minus
        norm = float(np.linalg.norm(change))
        if math.isfinite(norm):
            return change / (high - low), norm
        step = -step if np.isfinite(minus).all() else step
    elif value + step > upper:
        step = -step
    return _one_sided(residual, x, at_x, j, step)


def _one_sided(residual: Residual, x: Array, at_x: Array, j: int, step: float) -> tuple[Array, float]:
    near, far = float(x[j]) + step, float(x[j]) + 2.0 * step
    r_near = np.array(_moved(residual, x, j, near))
    change = 4.0 * r_near - 3.0 * at_x - _moved(residual, x, j, far)
    return change / (far - float(x[j])), float(np.linalg.norm(change))


def _moved(residual: Residual, x: Array, j: int, value: float) -> Array:
    point: list[float] = x.tolist()
    point[j] = value
    return residual(point)
