r"""Least squares with some coordinates fixed, from a start that is close.

A profile asks for many fits that differ little: one or two coordinates are given a
value, a small step from the last one, and the others follow.  Each refit is a
Levenberg-Marquardt search on the free coordinates,

.. math::  (A^T A + \lambda D)\, d = -A^T r ,

with *A* the free columns of the Jacobian *J* and *D* the squares of their lengths
(D. W. Marquardt, SIAM J. Appl. Math. 11 (1963) 431), by the singular value
decomposition of *A* with its columns scaled.

*J* is seldom computed.  Each evaluation after a step *s* corrects it by Broyden's
update in the metric of its columns (C. G. Broyden, Math. Comp. 19 (1965) 577),

.. math::  J_+ = J + \frac{(r_+ - r - J s)\, s^T D}{s^T D s} ,

and the part of the change that *J* did not foresee, :math:`|r_+ - r - Js| / |Js|`, says
how wrong *J* is.  An error *e* of *J* leaves chi-square too high by about :math:`e^2` of
its rise, so that a search that has come to rest with a small *e* is over; otherwise
the free columns are computed anew by forward differences, and it goes on.

The last step is not evaluated: what it would take from chi-square is subtracted.
Where the fixed coordinates move, the others follow the *tangent*

.. math::  \frac{dx}{dt} = -(A^T A)^{-1} A^T J_t ,

the start of the next refit.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import ddot

from ._derivatives import Array, norm

__all__ = ["PATIENCE", "Refit", "Refitter", "State"]

#: Error of the Jacobian with which a search may end.
TRUSTED = 0.1
_SHARP = 0.05
#: A step that takes less than this part of what is above `plenty` is idle.
_IDLE = 8.0
#: Number of idle steps with which a search ends.
PATIENCE = 3
#: Error from which on a Jacobian is not worth correcting.
_USELESS = 1e3
#: What may be left of a rise of chi-square when a search ends; it is subtracted.
LEFT_OVER = 2e-3
_MAX_STEPS = 100
#: Part of the foreseen reduction below which the Jacobian is renewed and the step bent.
_BENT = 0.25
_PROBE = 0.1
_FIRST_DAMPING = 1e-3
#: Singular values below this fraction of the largest are no directions to move in.
_RANK = 1e-9
#: Step of a forward difference in units of the least rise that matters, and of the coordinate.
_STEP, _LEAST_STEP = 1e-5, 1e-8


class State(enum.Enum):
    """How a refit ended."""

    CONVERGED = "converged"
    ROUGH = "high enough not to matter"
    STUCK = "stuck"
    NOT_FINITE = "not finite"
    TOO_FAR = "the start is too far away"


@dataclass(frozen=True)
class Refit:
    """A point with the least sum of squares for the values of some coordinates.

    Attributes
    ----------
    x : ndarray, shape (n,)
        All coordinates.
    cost : float
        The sum of squares.
    gradient : ndarray, shape (k,)
        Its derivatives by the fixed coordinates.
    tangent : ndarray, shape (n, k)
        Derivatives of `x` by the fixed coordinates.
    state : State
        How the refit ended.
    """

    x: Array
    cost: float
    gradient: Array
    tangent: Array
    state: State

    @property
    def converged(self) -> bool:
        """Whether the cost is known as well as is needed."""
        return self.state in (State.CONVERGED, State.ROUGH)


@dataclass
class _Here:
    """The point where a search is."""

    x: Array
    residual: Array
    cost: float


class Refitter:
    """Refits of one residual, each beginning with the Jacobian that the last one ended with.

    Parameters
    ----------
    residual : callable
        ``residual(list of n floats) -> array of m floats``; NaN or infinite where there is none.
    lower, upper : ndarray, shape (n,)
        Bounds of the coordinates.
    x : ndarray, shape (n,)
        A point, the best one.
    at_x : ndarray, shape (m,)
        Residual there.
    rise : float
        The least rise of the sum of squares above that at `x` that matters.
    jacobian : ndarray, shape (m, n), optional
        That at `x`; computed if it is not given.
    lengths : ndarray, shape (n,), optional
        Rough lengths of its columns, for the steps of differences; 0 where they are not known.
    derivative : callable, optional
        ``derivative(list of n floats) -> array of shape (m, n)``, where derivatives are known.

    Examples
    --------
    >>> t = np.linspace(0, 1, 5)
    >>> best = np.array([1.0, 0.0])
    >>> f = lambda v: v[0] * np.exp(v[1] * t) - 1.0
    >>> refitter = Refitter(f, np.full(2, -np.inf), np.full(2, np.inf), best, f(best), rise=0.01)
    >>> found = refitter.refit(np.array([1.1, 0.0]), [0])
    >>> found.x.round(2), round(found.cost, 4)
    (array([ 1.1 , -0.13]), 0.0163)
    """

    def __init__(
        self,
        residual: Callable[[list[float]], Array],
        lower: Array,
        upper: Array,
        x: Array,
        at_x: Array,
        rise: float,
        jacobian: Array | None = None,
        lengths: Array | None = None,
        derivative: Callable[[list[float]], Array] | None = None,
        slopes: bool = True,
        plenty: float = math.inf,
    ) -> None:
        self.residual, self.derivative = residual, derivative
        self.lower, self.upper = lower, upper
        self.bounded = bool(np.isfinite(lower).any() or np.isfinite(upper).any())
        self.best = _Here(x, at_x, ddot(at_x, at_x))
        self.rise = rise
        self.slopes, self.plenty = slopes, plenty
        self.here = self.best
        self.metric = np.zeros(len(x)) if lengths is None else lengths**2
        self.errors = np.zeros(len(x))
        self.jacobian = np.zeros((len(at_x), len(x)), order="F")
        if jacobian is None:
            self._begin()
        else:
            self.jacobian[:] = jacobian
        self._at_best = self.jacobian.copy(order="F")
        self._measure()

    def restart(self) -> None:
        """Go back to the best point and its Jacobian."""
        self.here, self.errors = self.best, np.zeros(len(self.lower))
        self.jacobian = self._at_best.copy(order="F")
        self._measure()

    def at_best(self, fixed: Sequence[int]) -> Refit:
        """Return the best point as a `Refit`."""
        self.restart()
        return self._ended(list(fixed), self._free(fixed), State.CONVERGED)

    def refit(
        self,
        start: Array,
        fixed: Sequence[int],
        ceiling: float = math.inf,
        first: Sequence[int] | None = None,
        patience: int = PATIENCE,
    ) -> Refit:
        """Minimise over the coordinates that are not fixed.

        Parameters
        ----------
        start : ndarray, shape (n,)
            With the values of the fixed coordinates.
        fixed : sequence of int
            Which these are.
        ceiling : float, optional
            A start with a larger sum of squares is refused.
        first : sequence of int, optional
            Coordinates to be refitted before the others, from a start at which these are better known.
        patience : int, optional
            Number of idle steps with which a search ends far above `plenty`.
        """
        fixed = list(fixed)
        free = self._free(fixed)
        start = self._inside(start)
        here = self._evaluated(start)
        if here is None:
            here = self._evaluated(np.where(_mask(free, len(start)), self.here.x, start))
        if here is None:
            return Refit(start, math.inf, np.zeros(len(fixed)), self._no_tangent(fixed), State.NOT_FINITE)
        if first:
            self.here = here
            self._renew(range(len(start)))
            self._search(list(first), patience)
            here = self.here
            self._renew(range(len(start)))
        if here.cost > ceiling:
            return Refit(start, here.cost, np.zeros(len(fixed)), self._no_tangent(fixed), State.TOO_FAR)
        self._move(here, travels=True)
        return self._ended(fixed, free, self._search(free, patience))

    def _begin(self) -> None:
        """Compute the Jacobian at the best point; twice where the right step has to be found first."""
        unknown = np.flatnonzero(self.metric == 0.0).tolist()
        if self.derivative is None and unknown:
            self._renew(unknown)
        self._renew(range(len(self.lower)))

    def _free(self, fixed: Sequence[int]) -> list[int]:
        return [j for j in range(len(self.lower)) if j not in fixed]

    def _no_tangent(self, fixed: list[int]) -> Array:
        tangent = np.zeros((len(self.lower), len(fixed)))
        tangent[fixed, range(len(fixed))] = 1.0
        return tangent

    def _search(self, free: list[int], patience: int) -> State:
        damping, gain, missed, idle = 0.0, 1.0, math.inf, 0
        for _ in range(_MAX_STEPS if free else 0):
            if not np.isfinite(self.jacobian[:, free]).all():
                return State.STUCK
            linear = _Linear(self.jacobian[:, free], self.here.residual)
            step = self._step(linear, free, damping)
            left = linear.reduction(step)
            if damping == 0.0 and left <= self._tolerance():
                if self._error(free) <= TRUSTED * linear.condition or missed <= self._tolerance():
                    return State.CONVERGED
                self._renew(free)
                continue
            fresh, before = self._error(free) == 0.0, self.here.cost
            if gain < _BENT and fresh:
                step = self._bent(linear, step, free, damping)
            gain = self._try(step, free, left)
            missed = abs(1.0 - gain) * left if fresh and damping == 0.0 else math.inf
            above = self.here.cost - self.best.cost - self.plenty
            idle = idle + 1 if _IDLE * (before - self.here.cost) < above else 0
            if idle >= patience:
                return State.ROUGH
            if gain < _BENT and not fresh:
                self._renew(free)
                damping = damping if gain > 0.0 else max(damping, _FIRST_DAMPING)
            elif gain <= 0.0:
                damping = max(_FIRST_DAMPING, 8.0 * damping)
                if damping > 1e10:
                    return State.STUCK
            else:
                damping = 0.0 if damping <= _FIRST_DAMPING or gain > 0.9 else damping / 8.0
        return State.CONVERGED if not free else State.STUCK

    def _bent(self, linear: _Linear, step: Array, free: list[int], damping: float) -> Array:
        """The step with half the acceleration along it, where that is small enough to be believed."""
        probe = self.here.x.copy()
        probe[free] += _PROBE * step
        there = self._evaluated(self._inside(probe))
        if there is None:
            return step
        moved = probe[free] - self.here.x[free]
        second = 2.0 / _PROBE * ((there.residual - self.here.residual) - linear.matrix @ moved) / _PROBE
        bend = 0.5 * linear.solve(-second, damping)
        if norm(bend * linear.norms) > 0.75 * norm(step * linear.norms):
            return step
        return np.asarray(step + bend)

    def _inside(self, x: Array) -> Array:
        return np.minimum(np.maximum(x, self.lower), self.upper) if self.bounded else x

    def _error(self, columns: list[int]) -> float:
        """The largest error of these columns of the Jacobian."""
        return float(self.errors[columns].max())

    def _tolerance(self) -> float:
        return LEFT_OVER * max(abs(self.here.cost - self.best.cost), 0.1 * self.rise)

    def _try(self, step: Array, free: list[int], expected: float) -> float:
        """Make a step if it lowers the sum of squares; return the part of the reduction that came true."""
        x = self.here.x.copy()
        x[free] += step
        there = self._evaluated(self._inside(x))
        if there is None:
            return -1.0
        gain = (self.here.cost - there.cost) / expected if expected > 0.0 else -1.0
        before = self.here
        self._move(there, travels=False)
        if gain <= 0.0:
            self.here = before
        return gain

    def _evaluated(self, x: Array) -> _Here | None:
        residual = np.array(self.residual(x.tolist()))
        cost = ddot(residual, residual)
        return _Here(x, residual, cost) if cost < math.inf else None

    def _move(self, there: _Here, travels: bool) -> None:
        """Go to a point and correct the Jacobian by what is seen there."""
        step = there.x - self.here.x
        weighted = self.metric * step
        length = ddot(weighted, step)
        foreseen = self.jacobian @ step
        unforeseen = there.residual - self.here.residual - foreseen
        expected = norm(foreseen)
        if length > 0.0 and expected > 1e-10 * math.sqrt(there.cost):
            off = norm(unforeseen) / expected
            self.errors = self.errors + 2.0 * off if travels else np.maximum(self.errors, off)
            if off < _USELESS:
                self.jacobian += np.outer(unforeseen, weighted / length)
        self.here = there

    def _renew(self, columns: Sequence[int]) -> None:
        """Compute columns of the Jacobian."""
        if self.derivative is not None:
            self.jacobian = np.asfortranarray(self.derivative(self.here.x.tolist()))
            self.errors[:] = 0.0
        else:
            for j in columns:
                self._difference(j)
            self.errors[list(columns)] = 0.0
        self._measure()

    def _measure(self) -> None:
        self.metric = np.einsum("ij,ij->j", self.jacobian, self.jacobian)

    def _difference(self, j: int) -> None:
        """Compute one column by a forward difference; backward where a bound or no residual is ahead."""
        value = float(self.here.x[j])
        length = math.sqrt(self.metric[j])
        least = _LEAST_STEP * (abs(value) or 1.0)
        step = max(_STEP * math.sqrt(self.rise) / length, least) if length > 0.0 else least
        for h in (step, -step):
            x = self.here.x.copy()
            x[j] += h
            if self.lower[j] <= x[j] <= self.upper[j]:
                there = self._evaluated(x)
                if there is not None:
                    self.errors[j] = 0.0
                    self.jacobian[:, j] = (there.residual - self.here.residual) / (x[j] - value)
                    return

    def _step(self, linear: _Linear, free: list[int], damping: float) -> Array:
        if not self.bounded:
            return linear.step(damping)
        low, high = (self.lower - self.here.x)[free], (self.upper - self.here.x)[free]
        return linear.bounded_step(damping, low, high)

    def _ended(self, fixed: list[int], free: list[int], state: State) -> Refit:
        """What a search has found, with the step that was not evaluated."""
        here = self.here
        x, residual, cost = here.x.copy(), here.residual, here.cost
        tangent = self._no_tangent(fixed)
        if state is State.STUCK:
            return Refit(x, cost, np.full(len(fixed), np.nan), tangent, state)
        if free:
            linear = _Linear(self.jacobian[:, free], residual)
            if state is State.CONVERGED:
                step = self._step(linear, free, 0.0)
                x[free] += step
                cost -= linear.reduction(step)
                residual = residual + linear.matrix @ step
        if self.slopes and state is State.CONVERGED:
            self._sharpen(fixed, residual)
        columns = self.jacobian[:, fixed]
        if free:
            inside = (x[free] > self.lower[free]) & (x[free] < self.upper[free])
            tangent[free] = np.where(inside[:, np.newaxis], linear.solve(-columns), 0.0)
        return Refit(x, cost, 2.0 * (columns.T @ residual), tangent, state)

    def _sharpen(self, fixed: list[int], residual: Array) -> None:
        """Compute columns anew whose errors would spoil the gradient: most of the residual cancels in it."""
        for j in fixed:
            column = self.jacobian[:, j]
            if self.errors[j] * norm(column) * norm(residual) > _SHARP * abs(ddot(column, residual)):
                self._difference(j)


def _mask(columns: list[int], n: int) -> Array:
    chosen = np.zeros(n)
    chosen[columns] = 1.0
    return chosen


class _Linear:
    """The residual at one point as a linear function of the free coordinates."""

    def __init__(self, matrix: Array, residual: Array) -> None:
        self.matrix, self.residual = matrix, residual
        self.norms = np.sqrt(np.einsum("ij,ij->j", matrix, matrix))
        self.norms[self.norms == 0.0] = 1.0
        self.left, self.singular, self.right = np.linalg.svd(matrix / self.norms, full_matrices=False)
        self.usable = self.singular > _RANK * self.singular[0]

    def solve(self, columns: Array, damping: float = 0.0) -> Array:
        """Return the free coordinates that come closest to `columns`, of shape (m,) or (m, k)."""
        weights = np.where(
            self.usable, self.singular / np.where(self.usable, self.singular**2 + damping, 1.0), 0.0
        )
        solved = (weights[:, np.newaxis] * self.right).T @ (self.left.T @ columns)
        return np.asarray((solved.T / self.norms).T)

    @property
    def condition(self) -> float:
        """The least singular value of the scaled matrix in units of the largest."""
        return float(self.singular[-1] / self.singular[0])

    def step(self, damping: float) -> Array:
        return self.solve(-self.residual, damping)

    def reduction(self, step: Array) -> float:
        """What `step` takes from the sum of squares."""
        moved = self.matrix @ step
        return float(-2.0 * ddot(self.residual, moved) - ddot(moved, moved))

    def bounded_step(self, damping: float, low: Array, high: Array) -> Array:
        """The step within bounds: coordinates that would leave them are held there, one after the other."""
        slope = self.matrix.T @ self.residual
        held = ((low >= 0.0) & (slope > 0.0)) | ((high <= 0.0) & (slope < 0.0))
        step = np.where(held, np.clip(0.0, low, high), 0.0)
        while not held.all():
            rest = _Linear(self.matrix[:, ~held], self.residual + self.matrix[:, held] @ step[held])
            step[~held] = rest.step(damping)
            beyond = np.maximum(low - step, step - high)
            if not (beyond[~held] > 0.0).any():
                break
            worst = int(np.argmax(np.where(held, -math.inf, beyond * self.norms)))
            step[worst] = np.clip(step[worst], low[worst], high[worst])
            held[worst] = True
        return np.clip(step, low, high)
