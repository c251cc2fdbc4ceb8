r"""Many least-squares fits at once: a vectorised Levenberg-Marquardt method.

The fits are independent of each other but have the same function, so that each
NumPy operation can serve many of them.  A *working set* of some hundred fits, few
enough for the processor's cache, goes through the iterations together.  Each fit has
its own step, trust radius and end, and where one has ended, the next that waits takes
its place.

The steps are those of MINPACK's ``lmder`` (J. J. Moré, *The Levenberg-Marquardt
algorithm: implementation and theory*, Lecture Notes in Mathematics 630 (1978) 105),
made from the normal equations in variables scaled to columns of unit length.  Four
things are added.

*Bounds.*  A variable that is at a bound, to which chi-square pushes it, is held
there; a step that would leave the bounds ends on them, and the other variables take
the best step that is left to them.  Coming from far away, a step goes nine tenths of
the way only: at a bound some functions lose all their derivatives.

*Convergence.*  With the length *q* of a step measured in standard errors,

.. math::  q^2 = \delta^T J^T J\, \delta / s^2, \qquad s^2 = \chi^2/\nu ,

a fit has ended when what remains after its step, estimated from the ratio of the last
two lengths, is far below one standard error.

*Second order.*  Close to the minimum the second-order part *S* of the Hessian is
added to :math:`J^T J`.  It comes from the change of the gradient :math:`g = J^T r`,

.. math::  S \delta = g_+ - g - \tfrac12 (J^T J + J_+^T J_+)\,\delta ,

by symmetric rank-one updates (J. Nocedal and S. J. Wright, *Numerical Optimization*,
2nd ed., section 6.2), which makes convergence faster than linear.

*Linear variables.*  Where the function explains nothing of the data at the start, as with an
amplitude that is too small by orders of magnitude, the first step is that of the linear
variables alone, and the search begins from there.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from ._batch_algebra import bounded_step, contracted, decrement, determined, factored, solved, transformed
from ._batch_equations import Equations, Fits, Function, Index, Mask, Sample, Steps
from ._derivatives import Array
from ._linearity import NOTHING, kept_visible

__all__ = ["Fits", "Function", "Solution", "Status", "solve", "solve_again"]

#: A fit has converged when this fraction of a standard error remains after its step.
_CONVERGED = 1e-7
#: Length of a step, in standard errors, that may be the last.
_CLOSE = 1e-2
#: Length of a step after which differences are central.
_CENTRAL = 1e-3
#: Length of a step after which the second-order part counts.
_NEAR = 1.0
#: Fraction of the diagonal that the second-order part must leave.
_LEAST = 1e-3
#: Length of the longest step that says something about it.
_TELLING = 3.0
#: Cosine between step and change of the gradient below which they say nothing.
_ALONG = 0.1
#: By what factor the second-order part may shorten the last step.
_MISLED = 4.0
#: No faster convergence than this is foreseen.
_RATE = 0.05
#: Relative steps without noise in the data below which all digits are there.
_DIGITS = 1e-10
#: Norm of a residual, in units of that of the data, that is rounding.
_ROUNDING = 1e-14
#: Fraction of chi-square below which a predicted reduction cannot be told from rounding.
_INVISIBLE = 1e-12
#: Fraction of the predicted reduction of chi-square for which a step is taken, as in MINPACK.
_TAKEN = 1e-4
#: First trust radius in units of the start values, as in MINPACK.
_FACTOR = 100.0
#: Fraction of the way to a distant bound that one step may go.
_FRACTION = 0.9
#: A damping of less does not shorten a step; singular matrices have it.
_UNDAMPED = 1e-8
#: Relative reduction of chi-square at which a search that reaches its limit has still succeeded.
_FTOL = 1e-7
#: Cosine between residual and a column of the Jacobian at which chi-square still falls.
_STEEP = 1e-2
#: A variable has lost its effect when a change as large as its own size would change the residual
#: by less than this fraction.
_LOST = 1e-6
#: By how much of its size a value that starts on a bound is moved off it when a fit is repeated.
_INWARDS = 0.3
#: Part of a column that is no sum of others, relative to its length, from which it is far from one.
_INDEPENDENT = 1e-2
#: Bytes of the data of the working set, and limits of the number of its fits.
_CACHE, _FEWEST, _MOST = 2e6, 64, 4096


class Status(enum.IntEnum):
    """How a fit ended; those below `LIMIT` succeeded."""

    CONVERGED = 0
    STALLED = 1
    LIMIT = 2
    STEEP = 3
    NOT_FINITE = 4


@dataclass(frozen=True)
class Solution:
    """What the fits found, in arrays with the m fits last.

    Attributes
    ----------
    theta : ndarray, shape (p, m)
        Best values.
    normal : ndarray, shape (p, p, m)
        The matrix of the normal equations there.
    side : ndarray of int, shape (p, m)
        -1 for a variable held at its lower bound, 1 at its upper, 0 for a free one.
    chisqr : ndarray, shape (m,)
    ndata : ndarray of int, shape (m,)
        Number of data that are not masked.
    nfev, iterations : ndarray of int, shape (m,)
    status : ndarray of int, shape (m,)
        See `Status`.
    """

    theta: Array
    normal: Array
    side: NDArray[np.int8]
    chisqr: Array
    ndata: NDArray[np.int32]
    nfev: NDArray[np.int32]
    iterations: NDArray[np.int32]
    status: NDArray[np.int8]

    @classmethod
    def blank(cls, p: int, m: int) -> Solution:
        """Return the arrays before anything is known."""
        return cls(
            theta=np.full((p, m), np.nan),
            normal=np.full((p, p, m), np.nan),
            side=np.zeros((p, m), dtype=np.int8),
            chisqr=np.full(m, np.nan),
            ndata=np.zeros(m, dtype=np.int32),
            nfev=np.zeros(m, dtype=np.int32),
            iterations=np.zeros(m, dtype=np.int32),
            status=np.full(m, Status.NOT_FINITE, dtype=np.int8),
        )

    def put(self, rows: Index, other: Solution) -> None:
        """Note what was found for some of the fits."""
        for field in fields(self):
            getattr(self, field.name)[..., rows] = getattr(other, field.name)

    def chosen(self, rows: Index | Mask) -> Solution:
        """Return what was found for some of the fits."""
        return Solution(*(getattr(self, field.name)[..., rows] for field in fields(self)))


def solve(
    fits: Fits,
    *,
    units: Array | None = None,
    linear: Index | None = None,
    capacity: int | None = None,
    max_iterations: int = 200,
) -> Solution:
    """Minimise the sum of squares of each fit.

    Parameters
    ----------
    fits : Fits
    units : ndarray, shape (p, m), optional
        Measure steps in these units, with a first step of at most the start values, and not by the
        variables' effects: for fits in which these mislead.
    linear : ndarray of int, optional
        Variables that the function is linear in, all at once.
    capacity : int, optional
        Size of the working set.  No result depends on it.
    max_iterations : int, optional
        Largest number of iterations of a fit.

    Returns
    -------
    Solution

    Examples
    --------
    >>> x = np.linspace(0.0, 4.0, 30)
    >>> def value(theta, inputs):
    ...     amp, tau = theta[:, :, np.newaxis]
    ...     return amp * np.exp(-x / tau)
    >>> data = value(np.array([[3.0, 5.0], [1.0, 2.0]]), ())
    >>> solve(Fits(Function(value), data, start=np.ones((2, 2)))).theta.round(6)
    array([[3., 5.],
           [1., 2.]])
    """
    p, total = fits.start.shape
    if capacity is None:
        capacity = int(np.clip(_CACHE / (8 * max(1, fits.data.shape[1])), _FEWEST, _MOST))
    end = Solution.blank(p, total)
    if total:
        search = _Search(fits, units, linear, min(capacity, total), max_iterations)
        with np.errstate(all="ignore"):
            while search.size:
                search.advance()
                search.retire(end)
    return end


def solve_again(fits: Fits, first: Solution, max_iterations: int = 200) -> Solution:
    """Repeat the fits that ended where they cannot have wanted to, and keep the lowest end of each.

    That is where a variable was thrown so far away that it lost its effect, or where chi-square
    still falls.  The repetitions start with short steps, measured in units of the start values, then in
    the variables' own units, as those of the engine ``leastsq`` do.
    """
    for own_units in (False, True):
        rows = np.flatnonzero(_in_trouble(fits, first))
        if not len(rows):
            break
        other = _with_short_steps(_inside(fits.chosen(rows)), own_units, max_iterations)
        first.nfev[rows] += other.nfev
        other.nfev[:] = first.nfev[rows]
        lower = other.chisqr < first.chisqr[rows]
        first.put(rows[lower], other.chosen(lower))
    return first


def _with_short_steps(fits: Fits, own_units: bool, max_iterations: int) -> Solution:
    """Search with short steps; those that do not arrive with them go on with the usual ones."""
    size = np.abs(fits.start)
    units = np.ones_like(size) if own_units else np.where(size > 0.0, size, 1.0)
    end = solve(fits, units=units, max_iterations=max_iterations)
    late = np.flatnonzero(end.status == Status.LIMIT)
    if len(late):
        near = replace(fits.chosen(late), start=end.theta[:, late])
        further = solve(near, max_iterations=max_iterations)
        further.nfev[:] += end.nfev[late]
        end.put(late, further)
    return end


def _in_trouble(fits: Fits, end: Solution) -> Mask:
    """Which fits ended with useless variables, in a corner, or on a slope."""
    free = end.side == 0
    diagonal = np.arange(len(end.theta))
    lengths = np.sqrt(end.normal[diagonal, diagonal])
    travel = np.abs(end.theta - fits.start)
    effect = lengths * np.maximum(np.abs(end.theta), travel)
    lost = (free & (travel > 0.0) & (effect < _LOST * np.sqrt(end.chisqr))).any(axis=0)
    failed = (end.status == Status.STEEP) | (end.status == Status.LIMIT)
    # A peak narrower than the distance of the points does not determine its variables.
    unit = 1.0 / np.where(lengths > 0.0, lengths, 1.0)
    with np.errstate(all="ignore"):
        regular = determined(end.normal * unit * unit[:, np.newaxis], ~free)
    return np.asarray((lost | failed | ~regular | ~free.any(axis=0)) & (end.status < Status.NOT_FINITE))


def _inside(fits: Fits) -> Fits:
    """The fits, with start values on a bound moved well inside."""
    if fits.lower is None or fits.upper is None:
        return fits
    start, lower, upper = fits.start, fits.lower, fits.upper
    move = _INWARDS * np.minimum(np.where(start != 0.0, np.abs(start), 1.0), upper - lower)
    start = np.where(start == lower, start + move, np.where(start == upper, start - move, start))
    return replace(fits, start=start)


@dataclass
class _State:
    """Where each fit of the working set is, in arrays with the b fits last.

    `theta` is the best point of each, `trial` the one after `step`; `helped` is 1 where the linear variables
    have been solved first.
    """

    theta: Array
    trial: Array
    step: Array
    lower: Array
    upper: Array
    side: Array
    scale: Array
    gradient: Array
    normal: Array
    second: Array
    chisqr: Array
    radius: Array
    damping: Array
    length: Array
    slope: Array
    predicted: Array
    size: Array
    iterations: Array
    nfev: Array
    helped: Array

    @classmethod
    def at_start(cls, fits: Fits, rows: Index) -> _State:
        """The fits before their first evaluation."""
        start = fits.start[:, rows]
        p, b = start.shape
        lower = np.full((p, b), -np.inf) if fits.lower is None else fits.lower[:, rows]
        upper = np.full((p, b), np.inf) if fits.upper is None else fits.upper[:, rows]
        vectors = dict.fromkeys(("step", "side", "scale", "gradient"))
        numbers = dict.fromkeys(
            ("radius", "damping", "length", "slope", "predicted", "iterations", "nfev", "helped")
        )
        return cls(
            theta=start,
            trial=start.copy(),
            lower=lower,
            upper=upper,
            normal=np.zeros((p, p, b)),
            second=np.zeros((p, p, b)),
            chisqr=np.full(b, np.inf),
            size=np.full(b, np.inf),
            **{name: np.zeros((p, b)) for name in vectors},
            **{name: np.zeros(b) for name in numbers},
        )

    def put(self, slots: Index, other: _State) -> None:
        """Let the fits of another state take the places of those that have ended."""
        for name in _STATE:
            getattr(self, name)[..., slots] = getattr(other, name)

    def keep(self, slots: Index) -> None:
        """Forget all fits but some."""
        for name in _STATE:
            setattr(self, name, np.take(getattr(self, name), slots, axis=-1))


_STATE = tuple(field.name for field in fields(_State))


class _Search:
    """The working set: the state and the data of its fits."""

    def __init__(
        self, fits: Fits, units: Array | None, linear: Index | None, capacity: int, max_iterations: int
    ) -> None:
        self.fits, self.units, self.max_iterations = fits, units, max_iterations
        self.linear = linear if linear is not None and len(linear) else None
        self.bounded = fits.lower is not None
        self.waiting = capacity
        rows = np.arange(capacity)
        self.sample, self.state = Sample(fits, rows), _State.at_start(fits, rows)

    @property
    def size(self) -> int:
        """Number of fits that have not ended."""
        return len(self.sample.rows)

    def advance(self) -> None:
        """One iteration: evaluate, accept or reject, propose the next step."""
        state = self.state
        bounds = (state.lower, state.upper) if self.bounded else (None, None)
        steps = Steps(state.scale, state.size < _CENTRAL, *bounds)
        found, calls = self.sample.equations(state.trial, steps)
        state.nfev += calls
        new = state.iterations == 0
        accepted = self._judge(found, new)
        self._move(found, accepted, accepted & ~new & (state.size < _TELLING))
        state.iterations += 1
        self._measure(new)
        previous = state.size
        self._propose()
        precise = steps.central | (self.fits.function.both is not None)
        self._look_for_ends(accepted & precise, accepted, previous)
        if self.linear is not None and new.any():
            self._begin_again(new)

    def _begin_again(self, new: Mask) -> None:
        """Let new fits that explain nothing of their data start from the best linear variables."""
        state = self.state
        nothing = state.chisqr >= (NOTHING * self.sample.scatter) ** 2
        slots = np.flatnonzero(new & nothing & np.isfinite(state.chisqr) & (state.helped == 0.0))
        start, determined = self._linear_solved(slots)
        slots, start = slots[determined], start[:, determined]
        fresh = _State.at_start(self.fits, self.sample.rows[slots])
        fresh.theta[:], fresh.trial[:] = start, start
        fresh.nfev[:], fresh.helped[:] = state.nfev[slots], 1.0
        state.put(slots, fresh)
        for ended in (self.done, self.converged, self.stalled):
            ended[slots] = False

    def _linear_solved(self, slots: Index) -> tuple[Array, Mask]:
        """The points with the best values of the linear variables, and where these are well determined."""
        state, linear = self.state, self.linear
        assert linear is not None
        normal, gradient = state.normal[np.ix_(linear, linear, slots)], state.gradient[np.ix_(linear, slots)]
        diagonal = np.arange(len(linear))
        lengths = np.sqrt(normal[diagonal, diagonal])
        unit = 1.0 / np.where(lengths > 0.0, lengths, 1.0)
        factor, regular = factored(normal * unit * unit[:, np.newaxis])
        there = state.theta[:, slots]
        best = there[linear] - solved(factor, gradient * unit) * unit
        low, high = (bound[np.ix_(linear, slots)] for bound in (state.lower, state.upper))
        there[linear] = kept_visible(best, there[linear], lengths, low, high)
        # The diagonals of the factors hold the reciprocals.
        independent = (factor[diagonal, diagonal] * _INDEPENDENT < 1.0).all(axis=0)
        return there, regular & independent & np.isfinite(there).all(axis=0)

    def _judge(self, found: Equations, new: Mask) -> Mask:
        """Say which steps are taken, and set the radii by how well they were predicted."""
        state = self.state
        usable = np.isfinite(found.chisqr) & np.isfinite(found.gradient).all(axis=0)
        actual = np.where(usable, state.chisqr - found.chisqr, -np.inf)
        ratio = actual / state.predicted
        unseen = state.predicted <= _INVISIBLE * state.chisqr
        radius = np.where(state.iterations == 1, np.minimum(state.radius, state.length), state.radius)
        shrink = np.where(actual >= 0.0, 0.5, np.maximum(0.5 / (1.0 + 0.5 * actual / state.slope), 0.1))
        poor = ratio <= 0.25
        good = (state.damping <= _UNDAMPED) | (ratio >= 0.75)
        radius = np.where(
            poor, shrink * np.minimum(radius, 10.0 * state.length), np.where(good, 2.0 * state.length, radius)
        )
        state.radius = np.where(unseen, 2.0 * state.radius, radius)
        return usable & (new | unseen | (ratio > _TAKEN))

    def _move(self, found: Equations, accepted: Mask, telling: Mask) -> None:
        """Go to the new points, and learn from the change of the gradient."""
        state = self.state
        if telling.any():
            self._update_second(found, telling)
        for name, new in (("theta", state.trial), *vars(found).items()):
            if accepted.all():
                setattr(state, name, new.copy() if name == "theta" else new)
            else:
                np.copyto(getattr(state, name), new, where=accepted)

    def _update_second(self, found: Equations, telling: Mask) -> None:
        """Symmetric rank-one update of the second-order part."""
        state = self.state
        step, scale = state.step, np.where(state.scale > 0.0, state.scale, 1.0)
        expected = transformed(0.5 * (found.normal + state.normal) + state.second, step)
        missing = np.where(state.side == 0.0, found.gradient - state.gradient - expected, 0.0)
        along = contracted(missing, step)
        sizes = contracted(missing / scale, missing / scale) * contracted(step * scale, step * scale)
        telling = telling & (np.abs(along) > _ALONG * np.sqrt(sizes))
        missing = np.where(telling, missing / np.sqrt(np.abs(along)), 0.0)
        state.second += missing * missing[:, np.newaxis] * np.sign(along)

    def _measure(self, new: Mask) -> None:
        """Bring the units of the steps up to date, and set the radii of new fits."""
        state = self.state
        if self.units is None:
            diagonal = np.arange(len(state.theta))
            state.scale = np.maximum(state.scale, np.sqrt(state.normal[diagonal, diagonal]))
            factor = _FACTOR
        else:
            state.scale, factor = 1.0 / self.units[:, self.sample.rows], 1.0
        if new.any():
            far = state.theta * state.scale
            radius = np.sqrt(contracted(far, far))
            state.radius = np.where(new, factor * np.where(radius > 0.0, radius, 1.0), state.radius)

    def _propose(self) -> None:
        """Find the next steps, and how much they should lower chi-square."""
        state = self.state
        unit = 1.0 / np.where(state.scale > 0.0, state.scale, 1.0)
        hessian = self._hessian()
        room = self._room() if self.bounded else None
        scaled = None if room is None else (room[0] / unit, room[1] / unit)
        found = bounded_step(
            hessian * (unit * unit[:, np.newaxis]), state.gradient * unit, state.radius, scaled
        )
        state.step, state.damping, state.side = found.step * unit, found.damping, found.side
        state.length = np.sqrt(contracted(found.step, found.step))
        state.slope = contracted(state.gradient, state.step)
        state.predicted = -2.0 * state.slope - contracted(state.step, transformed(hessian, state.step))
        state.trial = state.theta + state.step
        if self.bounded:
            state.trial = _landed(state.trial, state.theta, state.lower, state.upper)

    def _hessian(self) -> Array:
        """The Hessian: close to a minimum with the second-order part, unless that makes it indefinite."""
        state, diagonal = self.state, np.arange(len(self.state.theta))
        hessian = state.normal.copy()
        rows = np.flatnonzero((state.size < _NEAR) & self._second_known())
        normal = np.take(state.normal, rows, axis=-1)
        whole = normal + np.take(state.second, rows, axis=-1)
        largest = np.take(state.scale, rows, axis=-1)
        spare = whole.copy()
        spare[diagonal, diagonal] -= _LEAST * normal[diagonal, diagonal]
        unit = 1.0 / np.where(largest > 0.0, largest, 1.0)
        good = determined(spare * (unit * unit[:, np.newaxis]), normal[diagonal, diagonal] == 0.0)
        hessian[:, :, rows[good]] = whole[:, :, good]
        return hessian

    def _second_known(self) -> Mask:
        """In which fits there is a second-order part."""
        diagonal = np.arange(len(self.state.theta))
        return np.asarray((self.state.second[diagonal, diagonal] != 0.0).any(axis=0))

    def _room(self) -> tuple[Array, Array]:
        """How far the variables may go down and up: to a distant bound not all the way."""
        state = self.state
        diagonal = np.arange(len(state.theta))
        error = np.sqrt(self._variance() / state.normal[diagonal, diagonal])
        down, up = state.lower - state.theta, state.upper - state.theta
        return np.where(-down > error, _FRACTION * down, down), np.where(up > error, _FRACTION * up, up)

    def _variance(self) -> Array:
        return np.asarray(self.state.chisqr / np.maximum(self.sample.number - len(self.state.theta), 1.0))

    def _look_for_ends(self, precise: Mask, accepted: Mask, previous: Array) -> None:
        """Find out which fits have ended, and how; to converge takes `precise` derivatives."""
        state = self.state
        step = state.step
        size = np.sqrt(contracted(step, transformed(state.normal, step)) / self._variance())
        free = state.damping <= _UNDAMPED
        remains = size * np.clip(np.where(free, size / previous, 1.0), _RATE, 1.0)
        done = (size < _CLOSE) & (remains <= _CONVERGED)
        done |= (np.abs(step) <= _DIGITS * np.abs(state.theta)).all(axis=0)
        exact = np.sqrt(state.chisqr) <= _ROUNDING * self.sample.total
        converged = free & ((precise & done) | (accepted & exact))
        plain = self._plain_size(size, ~free | (converged & self._second_known()))
        # The second-order part may be wrong, and then makes steps short where they should be long.
        misled = converged & (plain > np.maximum(_MISLED * size, _CONVERGED))
        self.converged = converged & ~misled
        far = state.theta * state.scale
        self.stalled = ~free & (state.radius <= _DIGITS * np.sqrt(contracted(far, far)))
        # A damped step is short wherever it is: what counts is its length without damping.
        state.size = np.where(accepted, np.where(free, size, plain), state.size)
        state.second *= accepted & ~misled & (state.size < _TELLING)
        failed = ~np.isfinite(state.chisqr)
        self.done = self.converged | self.stalled | failed | (state.iterations >= self.max_iterations)

    def _plain_size(self, size: Array, wanted: Mask) -> Array:
        """The lengths of the steps, in some fits those of plain Gauss-Newton steps."""
        state, rows = self.state, np.flatnonzero(wanted)
        fixed = state.side[:, rows] != 0.0
        found = decrement(state.normal[:, :, rows], state.gradient[:, rows], fixed)
        plain = size.copy()
        plain[rows] = np.sqrt(found / self._variance()[rows])
        return plain

    def retire(self, end: Solution) -> None:
        """Note the fits that have ended, and let waiting ones take their places."""
        slots = np.flatnonzero(self.done)
        if not len(slots):
            return
        self._note(end, slots)
        total = self.fits.start.shape[1]
        fresh = np.arange(self.waiting, min(self.waiting + len(slots), total))
        self.waiting += len(fresh)
        if len(fresh):
            self.sample.put(slots[: len(fresh)], Sample(self.fits, fresh))
            self.state.put(slots[: len(fresh)], _State.at_start(self.fits, fresh))
        if len(fresh) < len(slots):
            kept = np.delete(np.arange(self.size), slots[len(fresh) :])
            self.sample.keep(kept)
            self.state.keep(kept)

    def _note(self, end: Solution, slots: Index) -> None:
        state, rows = self.state, self.sample.rows[slots]
        last = self.converged[slots]
        end.theta[:, rows] = np.where(last, state.trial[:, slots], state.theta[:, slots])
        end.normal[:, :, rows] = state.normal[:, :, slots]
        end.side[:, rows] = state.side[:, slots]
        end.chisqr[rows] = state.chisqr[slots] - np.where(last, state.predicted[slots], 0.0)
        end.ndata[rows] = self.sample.number[slots]
        end.nfev[rows], end.iterations[rows] = state.nfev[slots], state.iterations[slots]
        end.status[rows] = self._status(slots)

    def _status(self, slots: Index) -> NDArray[np.int_]:
        """How the fits in `slots` ended."""
        state = self.state
        diagonal = np.arange(len(state.theta))
        lengths = np.sqrt(state.normal[diagonal, diagonal] * state.chisqr)
        steep = ((np.abs(state.gradient) > _STEEP * lengths) & (state.side == 0.0)).any(axis=0)
        settled = state.predicted <= _FTOL * state.chisqr
        status = np.where(settled & ~steep, Status.STALLED, Status.LIMIT)
        status = np.where(self.stalled, np.where(steep, Status.STEEP, Status.STALLED), status)
        status = np.where(self.converged, Status.CONVERGED, status)
        return np.where(np.isfinite(state.chisqr), status, Status.NOT_FINITE)[slots]


def _landed(trial: Array, theta: Array, lower: Array, upper: Array) -> Array:
    """The points, exactly on a bound where they differ from it by rounding."""
    rounding = 4.0 * np.finfo(float).eps * np.maximum(np.abs(trial), np.abs(theta))
    trial = np.where(trial - lower <= rounding, lower, trial)
    return np.where(upper - trial <= rounding, upper, trial)
