"""Least-squares searches from many starts.

Where chi-square has many minima, a search from a single start finds the nearest.
Here the starts fill the region that the bounds leave, each variable evenly: by a
Latin hypercube (M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21 (1979)
239) or by a scrambled Sobol sequence (A. B. Owen, J. Complexity 14 (1998) 466).
A variable without bounds is drawn around its start value, one with a single bound
around its distance from there.

The objective is evaluated at each start.  From the user's own and then from the
others, the lowest first, the engine `leastsq` searches.  Two ends are the same minimum
when they describe the data equally, that is when their residuals differ by a small
fraction of their length.  When the lowest has been found several times the rest is
left out: a lower one with a basin as large would have been hit as often.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._derivatives import Array, norm
from .._problem import Policy, Problem, Space, View
from ..parameter import Parameters
from . import parallel
from .base import Objective, Outcome, generator, register
from .descent import End, descent
from .search import candidates, seeding

__all__ = ["Descent", "multistart"]

_STARTS_PER_VARIABLE = 10
#: In units of the residual at the start, one below which nothing but rounding is left.
_ROUNDING = 1e-10
_EPS = float(np.finfo(float).eps)
#: Fraction of chi-square by which two searches may differ that end in the same minimum.
_DIGITS = 1e-9
_LEASTSQ_OPTIONS = ("ftol", "xtol", "gtol", "epsfcn", "factor", "polish", "retry")


@dataclass(frozen=True)
class Descent:
    """A least-squares search from any start, as a task that can be sent to a worker.

    Calling it with a start, a list of values of the variables, gives its `End`.
    """

    function: Callable[..., Any]
    params: Parameters
    args: Sequence[Any] = ()
    kws: Mapping[str, Any] = field(default_factory=dict)
    derivative: Callable[..., Any] | None = None
    column_derivatives: bool = False
    nan_policy: str = "raise"
    max_nfev: float = math.inf
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, start: list[float]) -> End:
        policy = Policy(self.nan_policy)
        problem = Problem(
            self.function, self.params, self.args, self.kws, policy, self.derivative, self.column_derivatives
        )
        return descent(problem, start, self.options, self.max_nfev)


@register(
    "multistart",
    space=Space.EXTERNAL,
    objective=Objective.RESIDUAL,
    title="Levenberg-Marquardt from many starts",
    options=("n", "sampler", "seed", "spread", "tol", "stop", "executor", "workers", *_LEASTSQ_OPTIONS),
    evaluations=200_000,
    uses_jacobian=True,
    stochastic=True,
)
def multistart(view: View, options: dict[str, Any]) -> Outcome:
    """Search from many starts by leastsq, whose options are known too.

    `n` is the number of starts, ``10 * (nvarys + 1)`` by default; `sampler` 'lhs' or 'sobol'; `spread`
    the distance of starts without bounds, in units of the start value (1); `tol` the fraction by which
    the residuals of two minima must differ (1e-3); `stop` how often the lowest is to be found before the
    rest is left out (5; None for never); `executor` any executor of `concurrent.futures`, a function like
    map or a number of processes.  The distinct minima are the `candidates`, the lowest first.
    """
    settings = {key: options[key] for key in _LEASTSQ_OPTIONS if key in options}
    starts = _starts(view, options)
    minima = _Minima(options.get("tol", 1e-3), view.problem.start_norm, options.get("stop", 5))
    with parallel.pool(options.get("executor", options.get("workers")), "executor") as crew:
        starts = [view.problem.start, *_ranked(view, starts, crew)]
        for ends in _rounds(view.problem, starts, settings, crew):
            for end in ends:
                minima.add(end)
            if minima.settled:
                break
    return _concluded(view.problem, minima, len(starts))


@dataclass
class _Minima:
    """The distinct ends of searches, and how often each was found.

    Attributes
    ----------
    tol : float
        Two residuals that differ by less than this fraction of their length are the same.
    length : float
        Length of the residual at the start: what is small in units of it is rounding.
    stop : int or None
        How often the lowest is to be found.
    """

    tol: float
    length: float
    stop: int | None
    ends: list[End] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)

    def add(self, end: End) -> None:
        """Enter an end, in the place of the same minimum if that was visibly higher.

        Where several points describe the data equally, as when the terms of a sum change places, the
        first is kept: that of the user's own start, if it led there.
        """
        for index, known in enumerate(self.ends):
            if self._same(end, known):
                self.hits[index] += 1
                if end.cost < known.cost - self._visible(known):
                    self.ends[index] = end
                return
        self.ends.append(end)
        self.hits.append(1)

    def _visible(self, end: End) -> float:
        """The change of chi-square that is more than rounding and the last digits of a search."""
        size = math.sqrt(end.cost)
        return size * max(8.0 * _EPS * self.length, _DIGITS * size)

    def _same(self, one: End, other: End) -> bool:
        size = max(norm(one.residual), norm(other.residual))
        return norm(one.residual - other.residual) <= max(self.tol * size, _ROUNDING * self.length)

    @property
    def order(self) -> list[int]:
        """Indices of the minima, the lowest first."""
        return sorted(range(len(self.ends)), key=lambda index: self.ends[index].cost)

    @property
    def settled(self) -> bool:
        """Whether the lowest has been found often enough."""
        return bool(self.stop and self.ends) and self.hits[self.order[0]] >= (self.stop or 0)


def _concluded(problem: Problem, minima: _Minima, starts: int) -> Outcome:
    order = minima.order
    best, hits = minima.ends[order[0]], minima.hits[order[0]]
    searches = sum(minima.hits)
    problem.settle(best.values, best.residual)
    found = [(minima.ends[index].values, minima.ends[index].cost) for index in order]
    return Outcome(
        success=best.success,
        message=f"{searches} searches from {starts} starts ended in {len(order)} different minima, "
        f"{hits} of them in the lowest; there: {best.message}",
        jacobian=best.jacobian,
        equations=best.equations,
        extras={"candidates": candidates(problem, found), "searches": searches},
    )


def _rounds(
    problem: Problem, starts: list[list[float]], options: Mapping[str, Any], crew: Any
) -> Iterator[list[End]]:
    """The ends of the searches, in the order of their starts; of as many at once as there are processors."""
    if crew is None:
        for start in starts:
            yield [descent(problem, start, options)]
        return
    count = parallel.processors()
    for first in range(0, len(starts), count):
        yield _round(problem, starts[first : first + count], options, crew)


def _round(problem: Problem, starts: list[list[float]], options: Mapping[str, Any], crew: Any) -> list[End]:
    """The ends of searches that workers make at the same time."""
    task = Descent(
        problem.function, copy.copy(problem.params), problem.args, problem.kws, problem.derivative,
        problem.column_derivatives, problem.policy.nan_policy,
        max(1.0, problem.policy.max_nfev - problem.nfev), options,
    )  # fmt: skip
    ends: list[End] = list(parallel.mapping(crew)(task, starts))
    best = min(ends, key=lambda end: end.cost)
    if best.cost < problem.lowest:
        problem.residual(best.values)  # once more here, for the callback and as the lowest point
    problem.count(sum(end.nfev for end in ends))
    return ends


def _ranked(view: View, starts: list[list[float]], crew: Any) -> list[list[float]]:
    """The starts where the residual is finite, the lowest first."""
    problem = view.problem

    def cost(point: Any) -> float:
        found = problem.residual(np.asarray(point).tolist())
        rejected, problem.rejected = problem.rejected, False
        return math.inf if rejected else problem.cost(found)

    if crew is None:
        costs = [cost(start) for start in starts]
    else:
        with parallel.Replay(view, parallel.mapping(crew)) as replay:
            costs = replay.map(cost, starts)
    return [starts[index] for index in np.argsort(costs, kind="stable") if costs[index] < math.inf]


def _starts(view: View, options: Mapping[str, Any]) -> list[list[float]]:
    """Starts beside the user's own, as values of the variables."""
    dimension = len(view.start)
    count = int(options.get("n", _STARTS_PER_VARIABLE * (dimension + 1)))
    sampler, spread = options.get("sampler", "lhs"), float(options.get("spread", 1.0))
    if sampler not in _SAMPLERS:
        raise ValueError(f"sampler must be one of {', '.join(map(repr, _SAMPLERS))}, not {sampler!r}")
    if count < 1 or not spread > 0.0:
        raise ValueError(f"n must be at least 1 and spread above 0, not n={count}, spread={spread}")
    shares = _SAMPLERS[sampler](count - 1, dimension, generator(options.get("seed")))
    limits = zip(view.problem.start, view.lower.tolist(), view.upper.tolist())
    columns = [
        _spread_out(share, value, low, high, spread) for share, (value, low, high) in zip(shares.T, limits)
    ]
    starts: list[list[float]] = np.array(columns).T.tolist()
    return starts


def _latin_hypercube(count: int, dimension: int, random: np.random.Generator) -> Array:
    """One point in each of `count` strips of every variable."""
    strips = np.array([random.permutation(count) for _ in range(dimension)]).T.reshape(count, dimension)
    return (strips + random.random((count, dimension))) / max(count, 1)


def _sobol(count: int, dimension: int, random: np.random.Generator) -> Array:
    from scipy.stats import qmc  # slow to load

    engine = qmc.Sobol(dimension, scramble=True, **seeding(qmc.Sobol, random))
    # The sequence is balanced only where its length is a power of two.
    points: Array = engine.random_base2(max(0, math.ceil(math.log2(max(count, 1)))))[:count]
    return points


_SAMPLERS = {"lhs": _latin_hypercube, "sobol": _sobol}


def _spread_out(share: Array, value: float, low: float, high: float, spread: float) -> Array:
    """Values of a variable for shares of its distribution, between 0 and 1."""
    from scipy.special import ndtri

    below, above = math.isfinite(low), math.isfinite(high)
    if below and above:
        return low + share * (high - low)
    normal = np.asarray(ndtri(np.clip(share, 1e-9, 1.0 - 1e-9)), dtype=float)
    if not below and not above:
        return value + spread * (abs(value) or 1.0) * normal
    bound, sign = (low, 1.0) if below else (high, -1.0)
    distance = abs(value - bound) or abs(bound) or 1.0
    return bound + sign * distance * np.exp(spread * normal)
