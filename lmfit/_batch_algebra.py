r"""Linear algebra of small symmetric matrices, many at a time.

Everything here has the fits along the last axis: vectors of shape (p, b), matrices of
shape (p, p, b).  An operation of *p* by *p* algebra is then one NumPy operation on
contiguous rows of *b* numbers, which for p < 10 is several times faster than a call of
LAPACK for each matrix.

`trust_region_step` solves the problem of the Levenberg-Marquardt method, in variables
that are scaled to columns of unit length: the step of least length *d* with

.. math::  (H + \lambda) d = -g, \qquad \lambda = 0 \;\text{or}\; |d| \approx \Delta ,

where :math:`\lambda` is found by Newton's method for :math:`1/|d(\lambda)| = 1/\Delta`
(J. J. Moré, *The Levenberg-Marquardt algorithm: implementation and theory*, Lecture
Notes in Mathematics 630 (1978) 105, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._derivatives import Array

__all__ = [
    "Step",
    "bounded_step",
    "contracted",
    "decrement",
    "determined",
    "factored",
    "inverted",
    "solved",
    "summed",
    "transformed",
    "trust_region_step",
]

Mask = NDArray[np.bool_]

#: Pivots of the factor, relative to the diagonal, below this are rounding.
_SINGULAR = 1e-14
#: A step may be longer than the radius by this fraction.
_SLACK = 0.1
#: A damped step is good enough if its length is within this fraction of the radius.
_ROUGH = 0.3
#: The least damping of a singular matrix.
_SINGULAR_DAMPING = 1e-10


def factored(matrix: Array) -> tuple[Array, Mask]:
    """Return Cholesky factors, and which matrices are positive definite.

    Parameters
    ----------
    matrix : ndarray, shape (p, p, b)
        Symmetric.

    Returns
    -------
    factor : ndarray, shape (p, p, b)
        Lower triangles, with the reciprocals of the diagonal in their diagonal.
    regular : ndarray of bool, shape (b,)
        The factors of the other matrices mean nothing.

    Examples
    --------
    >>> matrix = np.array([[[4.0, 1.0], [2.0, 2.0]], [[2.0, 2.0], [5.0, 1.0]]])
    >>> factor, regular = factored(matrix)
    >>> regular
    array([ True, False])
    >>> solved(factor, np.array([[6.0, 0.0], [7.0, 0.0]]))[:, 0]
    array([1., 1.])
    """
    p = len(matrix)
    factor = np.zeros_like(matrix)
    regular = np.ones(matrix.shape[-1], dtype=bool)
    for j in range(p):
        row = factor[j, :j]
        diagonal = matrix[j, j]
        pivot = diagonal - contracted(row, row) if j else diagonal
        good = pivot > _SINGULAR * diagonal
        regular &= good
        reciprocal = 1.0 / np.sqrt(np.where(good, pivot, 1.0))
        factor[j, j] = reciprocal
        if j + 1 < p:
            below = matrix[j + 1 :, j]
            if j:
                below = below - transformed(factor[j + 1 :, :j], row)
            np.multiply(below, reciprocal, out=factor[j + 1 :, j])
    return factor, regular


def forward(factor: Array, right: Array) -> Array:
    """Solve ``L z = right`` for the factors *L* of `factored`, shapes (p, b)."""
    solution = np.empty_like(right)
    for j in range(len(right)):
        rest = right[j] - contracted(factor[j, :j], solution[:j]) if j else right[0]
        np.multiply(rest, factor[j, j], out=solution[j])
    return solution


def _backward(factor: Array, right: Array) -> Array:
    p = len(right)
    solution = np.empty_like(right)
    for j in reversed(range(p)):
        rest = right[j] - contracted(factor[j + 1 :, j], solution[j + 1 :]) if j + 1 < p else right[j]
        np.multiply(rest, factor[j, j], out=solution[j])
    return solution


def solved(factor: Array, right: Array) -> Array:
    """Solve the equations whose matrices have these factors, for right sides of shape (p, b)."""
    return _backward(factor, forward(factor, right))


def inverted(factor: Array) -> Array:
    """Return the inverses of the matrices with these factors, shape (p, p, b)."""
    inverse = np.empty_like(factor)
    for j in range(len(factor)):
        unit = np.zeros(factor.shape[1:])
        unit[j] = 1.0
        inverse[:, j] = solved(factor, unit)
    return inverse


def transformed(matrix: Array, vector: Array) -> Array:
    """Return the products of matrices (p, q, b) and vectors (q, b)."""
    return summed("pqb,qb->pb", matrix, vector)


def contracted(left: Array, right: Array) -> Array:
    """Return the scalar products of vectors, shape (b,)."""
    return summed("pb,pb->b", left, right)


def summed(subscripts: str, left: Array, right: Array) -> Array:
    """Return sums of products over an axis; `b` names that of the fits, the last one of the result.

    The order in which NumPy sums depends on how arrays lie in memory, and on whether there is but one fit.
    They are therefore all made to lie in the same way, and one fit becomes two: no result depends on the
    fits that come along with it.
    """
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    if left.shape[subscripts.index("b")] > 1:
        return np.asarray(np.einsum(subscripts, left, right))
    own, other, _ = subscripts.replace("->", ",").split(",")
    left, right = (np.repeat(array, 2, names.index("b")) for array, names in ((left, own), (right, other)))
    return np.asarray(np.einsum(subscripts, left, right)[..., :1])


@dataclass(frozen=True)
class Step:
    """Steps (p, b), their damping (b,), and what holds each variable: -1 the lower bound, 1 the upper."""

    step: Array
    damping: Array
    side: Array


def bounded_step(matrix: Array, gradient: Array, radius: Array, room: tuple[Array, Array] | None) -> Step:
    """Return the steps of `trust_region_step` within limits for each component.

    Parameters
    ----------
    matrix, gradient, radius : ndarray
        See `trust_region_step`.  A variable with a zero on the diagonal has no effect and is not moved.
    room : pair of ndarray, shape (p, b), or None
        Lower limits of the step, not above 0, and upper ones, not below 0.

    Examples
    --------
    >>> matrix = np.array([[[2.0], [1.0]], [[1.0], [2.0]]])
    >>> gradient, radius = np.array([[3.0], [3.0]]), np.array([10.0])
    >>> bounded_step(matrix, gradient, radius, None).step[:, 0]
    array([-1., -1.])
    >>> limits = np.array([[-0.5], [-9.0]]), np.array([[9.0], [9.0]])
    >>> bounded_step(matrix, gradient, radius, limits).step[:, 0]
    array([-0.5 , -1.25])
    """
    diagonal = np.arange(len(gradient))
    side = np.zeros_like(gradient)
    if room is not None:
        side = ((room[1] == 0.0) & (gradient < 0.0)).astype(float) - ((room[0] == 0.0) & (gradient > 0.0))
    fixed = (side != 0.0) | (matrix[diagonal, diagonal] <= 0.0)
    if fixed.any():
        step, damping = trust_region_step(_without(matrix, fixed), np.where(fixed, 0.0, gradient), radius)
    else:
        step, damping = trust_region_step(matrix, gradient, radius)
    if room is not None:
        outside = (step < room[0]) | (step > room[1])
        rows = np.flatnonzero(outside.any(axis=0))
        if len(rows):
            limits = room[0][:, rows], room[1][:, rows]
            shifted = matrix[:, :, rows]
            shifted[diagonal, diagonal] += damping[rows]
            step[:, rows] = _within(shifted, gradient[:, rows], step[:, rows], fixed[:, rows], limits)
    return Step(step, damping, side)


def _without(matrix: Array, fixed: Mask) -> Array:
    """The matrices with rows and columns of the identity for fixed variables."""
    reduced = np.where(fixed | fixed[:, np.newaxis], 0.0, matrix)
    diagonal = np.arange(len(fixed))
    reduced[diagonal, diagonal] = np.where(fixed, 1.0, matrix[diagonal, diagonal])
    return reduced


def decrement(matrix: Array, gradient: Array, fixed: Mask) -> Array:
    """Return ``g inv(A) g``, the square of the length of a step in the metric of the matrix, shape (b,).

    Variables that are `fixed` (p, b), or have a zero on the diagonal, do not take part.
    """
    diagonal = np.arange(len(gradient))
    fixed = fixed | (matrix[diagonal, diagonal] <= 0.0)
    factor, _ = factored(_without(matrix, fixed))
    half = forward(factor, np.where(fixed, 0.0, gradient))
    return contracted(half, half)


def determined(matrix: Array, fixed: Mask) -> Mask:
    """Say which matrices are regular, but for rows and columns of fixed variables (p, b)."""
    return factored(_without(matrix, fixed))[1]


def _within(matrix: Array, gradient: Array, step: Array, fixed: Mask, room: tuple[Array, Array]) -> Array:
    """Put what is outside on the limits, and let the other variables take the best step that is left."""
    for _ in range(len(gradient)):
        inside = np.clip(step, *room)
        outside = inside != step
        if not outside.any():
            break
        fixed = fixed | outside
        moved = np.where(fixed, inside, 0.0)
        factor, regular = factored(_without(matrix, fixed))
        slope = np.where(fixed, 0.0, gradient + transformed(matrix, moved))
        step = np.where(fixed | ~regular, inside, -solved(factor, slope))
    return np.clip(step, *room)


def trust_region_step(matrix: Array, gradient: Array, radius: Array) -> tuple[Array, Array]:
    """Return the steps to the minima of quadratic models within a radius.

    Parameters
    ----------
    matrix : ndarray, shape (p, p, b)
        Symmetric, with diagonals of about 1.
    gradient : ndarray, shape (p, b)
    radius : ndarray, shape (b,)

    Returns
    -------
    step : ndarray, shape (p, b)
        Not longer than 1.1 times the radius.
    damping : ndarray, shape (b,)
        What was added to the diagonals for it, often 0.

    Examples
    --------
    >>> matrix = np.eye(2)[:, :, np.newaxis] * [1.0, 1.0]
    >>> step, damping = trust_region_step(matrix, -np.ones((2, 2)), np.array([10.0, 0.1]))
    >>> step[0].round(2), damping.round(1)
    (array([1.  , 0.07]), array([ 0. , 13.1]))
    """
    factor, regular = factored(matrix)
    step = -solved(factor, gradient)
    length = np.sqrt(contracted(step, step))
    long = ~(regular & (length <= (1.0 + _SLACK) * radius))
    damping = np.zeros_like(radius)
    if long.any():
        index = np.flatnonzero(long)
        size = np.sqrt(contracted(gradient[:, index], gradient[:, index])) / radius[index]
        newton = _newton(factor[:, :, index], step[:, index], radius[index])
        guess = np.where(regular[index], newton, np.maximum(1e-3 * size, _SINGULAR_DAMPING))
        step[:, index], damping[index] = _damped(
            matrix[:, :, index], gradient[:, index], radius[index], guess
        )
    return step, damping


def _newton(factor: Array, step: Array, radius: Array) -> Array:
    """By how much Newton's method changes the damping; from below it never goes beyond the root."""
    half = forward(factor, step)
    length = contracted(step, step)
    return np.asarray((np.sqrt(length) / radius - 1.0) * length / contracted(half, half))


def _damped(matrix: Array, gradient: Array, radius: Array, damping: Array) -> tuple[Array, Array]:
    """Steps of about the radius, and their damping, from a guess of it."""
    step = np.empty_like(gradient)
    todo = np.arange(len(radius))
    diagonal = np.arange(len(gradient))
    for last in (False, True):
        shifted = matrix[:, :, todo]
        shifted[diagonal, diagonal] += damping[todo]
        factor, regular = factored(shifted)
        found = np.where(regular, -solved(factor, gradient[:, todo]), -gradient[:, todo])
        excess = np.sqrt(contracted(found, found)) / radius[todo] - 1.0
        step[:, todo] = found / (1.0 + np.maximum(excess, 0.0))
        again = ~regular | (np.abs(excess) > _ROUGH)
        if last or not again.any():
            break
        index = todo[again]
        newton = damping[index] + _newton(factor[:, :, again], found[:, again], radius[index])
        lower, upper = 0.1 * damping[index], 100.0 * damping[index]
        damping[index] = np.where(regular[again], np.maximum(newton, lower), upper)
        todo = index
    return step, damping
