r"""Residuals of many fits at once, and their normal equations.

The residual of fit *i* is :math:`r = w\,(f(\theta_i) - y_i)`.  What a step needs of it are
chi-square, the gradient :math:`J^T r` and the matrix :math:`J^T J`: p + 1 arrays of the shape of the
data become sums for each fit, and are then forgotten.

Derivatives come from the function itself, or from differences

.. math::  \frac{f(\theta + h) - f(\theta)}{h}, \qquad
           \frac{f(\theta + h) - f(\theta - h)}{2h} ,

the first kind on the way, with :math:`h = \epsilon^{1/2} L`, the second close to the minimum, with
:math:`h = \epsilon^{1/3} L`.  The length *L* over which a variable changes the function is the scatter of
the data in units of the variable's effect, :math:`|w (y - \bar y)|/|J_k|`: the center of a line at 1000
with a width of 0.1 moves by a fraction of its width, and a constant of almost zero by one of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._batch_algebra import summed
from ._derivatives import Array

__all__ = ["Equations", "Fits", "Function", "Sample"]

Inputs = tuple[NDArray[Any], ...]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

_EPS = float(np.finfo(float).eps)
_FORWARD = _EPS ** (1.0 / 2.0)
_CENTRAL = _EPS ** (1.0 / 3.0)
#: In units of its magnitude, limits of the length over which a variable is taken to change the function.
_SHORTEST, _LONGEST = 1e-6, 1e3
#: Relative scatter of data that are all the same.
_CONSTANT = 1e-12
#: From this number of variables on BLAS makes the normal equations faster than sums of pairs do.
_MANY = 8
#: Bytes of the derivatives that are made at a time.
_BLOCK = 2.5e6


@dataclass(frozen=True)
class Function:
    """What is fitted, for many sets of variables at once.

    Attributes
    ----------
    value : callable
        ``value(theta, inputs) -> array (b, n)`` with the variables in the rows of `theta` (p, b), and the
        entries of `Fits.inputs` that belong to the b fits.
    both : callable or None
        ``both(theta, inputs, factor) -> (value, columns)`` where the derivatives are known: a column for each
        variable, its derivative times the factor, which broadcasts to (b, n) as the columns must.
    """

    value: Callable[[Array, Inputs], Array]
    both: Callable[[Array, Inputs, Any], tuple[Array, Sequence[Any]]] | None = None


@dataclass(frozen=True)
class Fits:
    """The fits that are to be made: m of them, with n data and p variables each.

    Attributes
    ----------
    function : Function
    data : ndarray, shape (m, n)
    start : ndarray, shape (p, m)
        Within the bounds.
    weights : ndarray, shape (m, n) or (1, n), or None
        Factors of the residuals; 0 masks a datum, which must be finite all the same.
    lower, upper : ndarray, shape (p, m), or None
        Bounds.
    inputs : tuple of ndarray, shape (m, ...)
        What the function needs to know of each fit.
    """

    function: Function
    data: NDArray[Any]
    start: Array
    weights: NDArray[Any] | None = None
    lower: Array | None = None
    upper: Array | None = None
    inputs: Inputs = ()

    @property
    def weighted_each(self) -> bool:
        """Whether each fit has its own weights."""
        return self.weights is not None and len(self.weights) > 1

    def chosen(self, rows: Index) -> Fits:
        """Return some of the fits."""
        return Fits(
            self.function,
            self.data[rows],
            self.start[:, rows],
            self.weights[rows] if self.weights is not None and self.weighted_each else self.weights,
            None if self.lower is None else self.lower[:, rows],
            None if self.upper is None else self.upper[:, rows],
            tuple(array[rows] for array in self.inputs),
        )

    def chisqr(self, theta: Array) -> Array:
        """Return the sums of squares at `theta` (p, m)."""
        residual = self.function.value(theta, self.inputs) - self.data
        if self.weights is not None:
            residual *= self.weights
        return _dots(residual, residual)


@dataclass(frozen=True)
class Equations:
    """What a step needs of the residuals: `chisqr` (b,), `gradient` (p, b) and `normal` (p, p, b)."""

    chisqr: Array
    gradient: Array
    normal: Array


class Sample:
    """The data of those fits that are worked on.

    Parameters
    ----------
    fits : Fits
    rows : ndarray of int, shape (b,)
        Which of them.

    Attributes
    ----------
    number : ndarray, shape (b,)
        Number of data that are not masked.
    total, scatter : ndarray, shape (b,)
        Norms of the weighted data, and of their deviations from the mean.
    """

    def __init__(self, fits: Fits, rows: Index) -> None:
        self.function, self.rows = fits.function, rows
        self.data = np.asarray(fits.data[rows], dtype=float)
        self.inputs = tuple(array[rows] for array in fits.inputs)
        self.weights = fits.weights
        self.weighted_each = fits.weighted_each
        if self.weights is not None and self.weighted_each:
            self.weights = np.asarray(self.weights[rows], dtype=float)
        self._measure()

    def _measure(self) -> None:
        if self.weights is None:
            self.number = np.full(len(self.data), float(self.data.shape[1]))
            weighted, deviation = self.data, self.data - self.data.mean(axis=1, keepdims=True)
        else:
            weights = np.broadcast_to(self.weights, self.data.shape)
            self.number = np.count_nonzero(weights, axis=1).astype(float)
            weighted = self.data * weights
            mean = _dots(weighted, weights) / _dots(weights, weights)
            deviation = weighted - mean[:, np.newaxis] * weights
        self.total = np.sqrt(_dots(weighted, weighted))
        scatter = np.sqrt(_dots(deviation, deviation))
        self.scatter = np.where(scatter > _CONSTANT * self.total, scatter, 0.0)

    def put(self, slots: Index, other: Sample) -> None:
        """Let the fits of another sample take the places of those that have ended."""
        for mine, theirs in zip(self._arrays(), other._arrays()):
            mine[slots] = theirs

    def keep(self, slots: Index) -> None:
        """Forget all fits but some."""
        self.rows, self.data = self.rows[slots], self.data[slots]
        self.inputs = tuple(array[slots] for array in self.inputs)
        self.number, self.total, self.scatter = self.number[slots], self.total[slots], self.scatter[slots]
        if self.weights is not None and self.weighted_each:
            self.weights = self.weights[slots]

    def _arrays(self) -> list[NDArray[Any]]:
        each = [self.weights] if self.weights is not None and self.weighted_each else []
        return [self.rows, self.data, self.number, self.total, self.scatter, *self.inputs, *each]

    def equations(self, theta: Array, steps: Steps) -> tuple[Equations, Array]:
        """Return chi-square and the normal equations at `theta` (p, b), and the evaluations taken (b,)."""
        b, n = self.data.shape
        many = max(1, int(_BLOCK / (8 * n * (len(theta) + 1))))
        found = [
            self._block(slice(first, first + many)).equations(
                theta[:, first : first + many], steps.chosen(slice(first, first + many))
            )
            for first in range(0, b, many)
        ]
        if len(found) == 1:
            return found[0]
        parts = [np.concatenate(arrays, axis=-1) for arrays in zip(*(vars(one).values() for one, _ in found))]
        return Equations(*parts), np.concatenate([calls for _, calls in found])

    def jacobian(self, theta: Array, steps: Steps) -> Array:
        """Return the derivatives of the residuals at `theta` (p, b), shape (b, n, p)."""
        _, columns, widths, _ = self._block(slice(None)).evaluate(theta, steps)
        jacobian = np.stack(columns, axis=-1)
        return jacobian if widths is None else jacobian / widths.T[:, np.newaxis]

    def _block(self, rows: slice) -> _Block:
        weights = self.weights
        if weights is not None and self.weighted_each:
            weights = weights[rows]
        inputs = tuple(array[rows] for array in self.inputs)
        return _Block(self.function, self.data[rows], weights, inputs, self.scatter[rows])


@dataclass(frozen=True)
class _Block:
    """Some fits of a sample, so few that all that is made of them fits the cache."""

    function: Function
    data: Array
    weights: NDArray[Any] | None
    inputs: Inputs
    scatter: Array

    def equations(self, theta: Array, steps: Steps) -> tuple[Equations, Array]:
        """See `Sample.equations`."""
        residual, columns, widths, calls = self.evaluate(theta, steps)
        found = _summed(columns, residual, widths)
        if self.function.both is None:
            lost = np.isfinite(found.chisqr) & ~np.isfinite(found.gradient).all(axis=0)
            if lost.any():
                self._mend(found, theta, steps, np.flatnonzero(lost))
        return found, calls

    def _mend(self, found: Equations, theta: Array, steps: Steps, rows: Index) -> None:
        """Take differences to the other side, where those to the first have no value."""
        weights = self.weights if self.weights is None or len(self.weights) == 1 else self.weights[rows]
        inputs = tuple(array[rows] for array in self.inputs)
        some = _Block(self.function, self.data[rows], weights, inputs, self.scatter[rows])
        residual, columns, widths, _ = some.evaluate(theta[:, rows], steps.chosen(rows).mirrored())
        other = _summed(columns, residual, widths)
        found.gradient[:, rows], found.normal[:, :, rows] = other.gradient, other.normal

    def evaluate(self, theta: Array, steps: Steps) -> tuple[Array, list[Array], Array | None, Array]:
        """Return residuals, the columns of their Jacobians, and the number of evaluations.

        The columns are to be divided by the third array (p, b), if there is one.
        """
        calls, widths = np.ones(theta.shape[1]), None
        if self.function.both is None:
            value = self.function.value(theta, self.inputs)
            columns, widths = self._differences(theta, value, steps, self.weights)
            calls += len(theta) * (1 + steps.central)
        else:
            factor = 1.0 if self.weights is None else self.weights
            value, derivatives = self.function.both(theta, self.inputs, factor)
            columns = [np.broadcast_to(column, self.data.shape) for column in derivatives]
        residual = value - self.data
        if self.weights is not None:
            residual *= self.weights
        return residual, columns, widths, calls

    def _differences(
        self, theta: Array, value: Array, steps: Steps, factor: Any
    ) -> tuple[list[Array], Array]:
        """Differences in the direction of each variable, and the lengths (p, b) over which they are taken."""
        ahead, behind = steps.points(theta, self.scatter)
        central = np.flatnonzero(steps.central)
        near = tuple(array[central] for array in self.inputs)
        columns = []
        for k in range(len(theta)):
            column = self._moved(theta, k, ahead[k], self.inputs) - value
            if len(central):
                below = self._moved(theta[:, central], k, behind[k, central], near)
                column[central] += value[central] - below
            if factor is not None:
                column *= factor
            columns.append(column)
        return columns, ahead - behind

    def _moved(self, theta: Array, k: int, to: Array, inputs: Inputs) -> Array:
        moved = theta.copy()
        moved[k] = to
        return self.function.value(moved, inputs)


@dataclass(frozen=True)
class Steps:
    """How far the variables are moved for differences, and which fits have central ones.

    Attributes
    ----------
    effect : ndarray, shape (p, b)
        Norms of the derivatives; 0 where they are not known.
    central : ndarray of bool, shape (b,)
    lower, upper : ndarray, shape (p, b), or None
        Bounds.
    sign : float
        Direction of forward steps.
    """

    effect: Array
    central: Mask
    lower: Array | None
    upper: Array | None
    sign: float = 1.0

    def chosen(self, rows: slice | Index) -> Steps:
        """Return those of some fits."""
        return Steps(
            self.effect[:, rows],
            self.central[rows],
            None if self.lower is None else self.lower[:, rows],
            None if self.upper is None else self.upper[:, rows],
        )

    def mirrored(self) -> Steps:
        """Return forward steps to the other side, also for fits that had central ones."""
        return replace(self, central=np.zeros_like(self.central), sign=-self.sign)

    def points(self, theta: Array, scatter: Array) -> tuple[Array, Array]:
        """Return the values (p, b) ahead of and behind `theta`, between which differences are taken."""
        size = np.abs(theta)
        known = (self.effect > 0.0) & (scatter > 0.0)
        length = np.where(known, scatter / np.where(known, self.effect, 1.0), np.where(size > 0.0, size, 1.0))
        length = np.where(size > 0.0, np.clip(length, _SHORTEST * size, _LONGEST * size), length)
        step = self.sign * np.where(self.central, _CENTRAL, _FORWARD) * length
        ahead, behind = theta + step, np.where(self.central, theta - step, theta)
        if self.upper is not None and self.lower is not None:
            outside = (ahead > self.upper) | (ahead < self.lower)
            ahead = np.where(outside, np.where(self.central, self.upper, theta - step), ahead)
            behind = np.maximum(behind, self.lower)
        return ahead, behind


def _summed(columns: Sequence[Array], residual: Array, widths: Array | None) -> Equations:
    """The normal equations of derivatives, or of differences over some widths (p, b)."""
    found = _multiplied(columns, residual) if len(columns) >= _MANY else _paired(columns, residual)
    if widths is None:
        return found
    return Equations(found.chisqr, found.gradient / widths, found.normal / (widths * widths[:, np.newaxis]))


def _paired(columns: Sequence[Array], residual: Array) -> Equations:
    p, b = len(columns), len(residual)
    gradient, normal = np.empty((p, b)), np.empty((p, p, b))
    for i, column in enumerate(columns):
        gradient[i] = _dots(column, residual)
        for j in range(i + 1):
            normal[i, j] = normal[j, i] = _dots(column, columns[j])
    return Equations(_dots(residual, residual), gradient, normal)


def _multiplied(columns: Sequence[Array], residual: Array) -> Equations:
    stacked = np.empty((len(residual), len(columns) + 1, residual.shape[1]))
    for k, column in enumerate((*columns, residual)):
        stacked[:, k] = column
    products = np.moveaxis(stacked @ stacked.transpose(0, 2, 1), 0, -1)
    normal = np.ascontiguousarray(products[:-1, :-1])
    return Equations(products[-1, -1].copy(), np.ascontiguousarray(products[:-1, -1]), normal)


def _dots(left: Array, right: Array) -> Array:
    """Scalar products of the rows."""
    return summed("bn,bn->b", left, right)
