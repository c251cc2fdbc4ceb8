r"""Second derivatives of a function that returns one number, and the errors they give.

.. math::

    H_{jj} = \frac{f(x + h_j) - 2 f(x) + f(x - h_j)}{h_j^2}, \qquad
    H_{jk} = \frac{f(x + h_j + h_k) - f(x + h_j - h_k) - f(x - h_j + h_k) + f(x - h_j - h_k)}{4 h_j h_k} .

The step is :math:`\epsilon^{1/4}` of the variable's size.  Where *f* then changes by less
than a millionth of itself, rounding would leave few digits of so small a
difference and the step is made longer (F. James, *MINUIT Reference Manual*, 1994,
on HESSE, does the same).

A variable closer to a bound than *h* is differentiated on the inner side, at a point
moved in by *h*.

A function that is minimised is taken as a chi-square: the error of a variable is
the change that raises it by 1, so that the covariance is :math:`2 H^{-1}`.  If it is
minus the logarithm of a likelihood, it should therefore be returned twice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._covariance import Bound, Covariance, column_norms, covariance
from ._derivatives import Array, Domain

__all__ = ["covariance_of_minimum", "gradient", "hessian"]

_EPS = float(np.finfo(float).eps)
#: Relative change of the function that leaves nine digits of a second difference.
_VISIBLE = 1e-6
#: Largest factor by which a step is made longer: up to a hundredth of the variable.
_LONGEST = 1e2
#: Curvatures below this fraction of the largest, in variables scaled to equal ones, are rounding.
_FLAT = 1e-7
#: A variable closer to a bound than this fraction of its own error may be held by it.
_NEAR = 1e-3

Function = Callable[[Array], float]


def hessian(function: Function, x: Array, scale: Array, domain: Domain) -> Array:
    """Return the matrix of second derivatives, shape (n, n).

    Parameters
    ----------
    function : callable
        ``function(array of n floats) -> float``.
    x : ndarray, shape (n,)
        The point, within the bounds.
    scale : ndarray, shape (n,)
        Size of each variable where that is more than ``abs(x)``; 0 where it is not known.
    domain : Domain
        Bounds.

    Examples
    --------
    >>> f = lambda v: v[0] ** 2 * v[1] + 3.0 * v[1] ** 2
    >>> hessian(f, np.array([1.0, 2.0]), np.zeros(2), Domain.unbounded(2)).round(5)
    array([[4., 2.],
           [2., 6.]])
    """
    steps = _EPS**0.25 * _size(x, scale)
    x = _moved_in(x, steps, domain)
    at_x = function(x)
    steps = np.diag([_visible(function, x, at_x, j, step) for j, step in enumerate(steps)])
    x = _moved_in(x, np.diag(steps), domain)
    at_x = function(x)
    found = np.empty((len(x), len(x)))
    for j, one in enumerate(steps):
        found[j, j] = (function(x + one) - 2.0 * at_x + function(x - one)) / one[j] ** 2
        for k, other in enumerate(steps[:j]):
            ahead = function(x + one + other) - function(x + one - other)
            behind = function(x - one + other) - function(x - one - other)
            found[j, k] = found[k, j] = (ahead - behind) / (4.0 * one[j] * other[k])
    return found


def gradient(function: Function, x: Array, scale: Array, domain: Domain) -> Array:
    """Return the first derivatives by central differences, shape (n,); see `hessian`.

    Examples
    --------
    >>> f = lambda v: v[0] ** 2 * v[1]
    >>> gradient(f, np.array([1.0, 2.0]), np.zeros(2), Domain.unbounded(2)).round(8)
    array([4., 1.])
    """
    found = np.empty(len(x))
    for j, step in enumerate(_EPS ** (1.0 / 3.0) * _size(x, scale)):
        low, high = x.copy(), x.copy()
        low[j], high[j] = max(x[j] - step, domain.lower[j]), min(x[j] + step, domain.upper[j])
        found[j] = (function(high) - function(low)) / (high[j] - low[j])
    return found


def covariance_of_minimum(
    curvature: Array, slope: Array, x: Array, names: list[str], domain: Domain
) -> Covariance:
    """Return the covariance of the variables at the minimum of a function.

    Parameters
    ----------
    curvature : ndarray, shape (n, n)
        Its second derivatives.
    slope : ndarray, shape (n,)
        Its first derivatives, for telling which variables are held by a bound.
    x : ndarray, shape (n,)
        The minimum.
    names : list of str
        Names of the n variables, for the reasons.
    domain : Domain
        Bounds.

    Examples
    --------
    >>> H = np.array([[2.0, 0.0], [0.0, 0.5]])
    >>> found = covariance_of_minimum(H, np.zeros(2), np.ones(2), ["a", "b"], Domain.unbounded(2))
    >>> found.matrix
    array([[1., 0.],
           [0., 4.]])
    """
    root = _square_root(0.5 * curvature)
    with np.errstate(divide="ignore"):
        near = np.maximum(_NEAR / column_norms(root), 1e-12 * np.abs(x))
    at_lower = (x - domain.lower <= near) & (slope > 0.0)
    at_upper = (domain.upper - x <= near) & (slope < 0.0)
    return covariance(root, names, Bound(at_upper.astype(float) - at_lower))


def _square_root(matrix: Array) -> Array:
    """A matrix *J* with ``J.T @ J`` the symmetric `matrix`, its negative part left out.

    Columns of variables without a finite diagonal element are infinite.
    """
    diagonal = np.diag(matrix)
    known = np.flatnonzero(np.isfinite(matrix).all(axis=0) | np.isfinite(diagonal))
    root = np.full(matrix.shape, np.inf)
    length = np.sqrt(np.abs(diagonal[known]))
    length = np.where(length > 0.0, length, 1.0)
    scaled = np.nan_to_num(matrix[np.ix_(known, known)]) / np.outer(length, length)
    curvatures, directions = np.linalg.eigh(scaled)
    curvatures[curvatures < _FLAT * curvatures.max(initial=0.0)] = 0.0
    root[:, known] = 0.0
    root[np.ix_(known, known)] = np.sqrt(curvatures)[:, np.newaxis] * directions.T * length
    return root


def _size(x: Array, scale: Array) -> Array:
    size = np.maximum(np.abs(x), scale)
    return np.asarray(np.where(size > 0.0, size, 1.0))


def _visible(function: Function, x: Array, at_x: float, j: int, step: float) -> float:
    """A step of variable `j` by which the function changes visibly, if there is one of sensible size."""
    one = np.zeros(len(x))
    one[j] = step
    change = abs(function(x + one) - 2.0 * at_x + function(x - one))
    if not change < _VISIBLE * abs(at_x):
        return step
    return float(step * min(np.sqrt(_VISIBLE * abs(at_x) / max(change, 1e-300)), _LONGEST))


def _moved_in(x: Array, steps: Array, domain: Domain) -> Array:
    inner = np.clip(x, domain.lower + steps, domain.upper - steps)
    return np.asarray(np.where(domain.upper - domain.lower > 2.0 * steps, inner, x))
