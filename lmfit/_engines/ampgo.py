r"""Adaptive memory programming for global optimisation.

L. Lasdon, A. Duarte, F. Glover, M. Laguna and R. Martí, *Adaptive memory programming
for constrained global optimization*, Comput. Oper. Res. 37 (2010) 1500.  A local
search ends in a minimum *f*.  To leave it, the tunnelling function

.. math::  T(x) = \frac{(f(x) - a)^2}{\prod_{s} \lVert x - s \rVert^2},
           \qquad a = f - \epsilon_1 (1 + |f|),

is minimised from a point close by, at a random step of length
:math:`\epsilon_2 \lVert x \rVert`.  It is zero where the aspiration *a*, somewhat below
*f*, is reached, and infinite at the points *s* of a short memory: where the search
has been lately.  Where tunnelling ends lower than *f* the next local search begins;
where it does not, its end is remembered.  A full memory gives up its oldest point, or
the one farthest from the current.

Points are compared in units of the start values, so that parameters of any magnitude
count alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
from scipy import optimize

from .._derivatives import Array, norm
from .._problem import Space, View
from .base import Objective, Outcome, generator, register
from .search import WITH_BOUNDS, WITH_GRADIENT, Cost, polished

__all__ = ["ampgo"]

_LOCAL = ("L-BFGS-B", "TNC", "SLSQP", "Nelder-Mead", "Powell", "CG", "BFGS")
_STRATEGIES = ("farthest", "oldest")
#: Largest product of distances to the memory, and the inverse of the smallest.
_FAR = 1e100


@register(
    "ampgo",
    space=Space.SCALED,
    objective=Objective.SCALAR,
    title="Adaptive memory programming",
    options=(
        "local", "local_opts", "maxfunevals", "totaliter", "maxiter", "glbtol", "eps1", "eps2",
        "tabulistsize", "tabustrategy", "disp", "seed", "polish",
    ),
    evaluations=200_000,
    uses_jacobian=True,
    stochastic=True,
)  # fmt: skip
def ampgo(view: View, options: dict[str, Any]) -> Outcome:
    """Alternate between local searches and tunnelling.

    `local` is the method of `scipy.optimize.minimize` for both ('L-BFGS-B') and `local_opts` its options;
    `totaliter` (20) is the number of local searches, `maxiter` (5) that of attempts to tunnel after each,
    and `maxfunevals` the largest number of evaluations; an end of tunnelling counts as lower when it is by
    no more than ``glbtol * (1 + abs(f))`` higher (1e-5); `eps1` (0.02) and `eps2` (0.1) are those of the
    module's docstring; `tabulistsize` (5) and `tabustrategy` ('farthest' or 'oldest') describe the memory;
    `disp` prints every local minimum.
    """
    random = generator(options.pop("seed", None))
    polish = options.pop("polish", True)
    settings = _Settings(**options)
    with Cost(view) as cost:
        search = _Search(view, cost, settings, random)
        text = search.run()
    best = view.problem.best
    assert best is not None  # the start is one
    extras = {
        "ampgo_x0": np.array(best.values),
        "ampgo_fval": best.cost,
        "ampgo_msg": text,
        "ampgo_eval": search.nfev,
        "ampgo_tunnel": (search.attempts, search.passages),
    }
    return polished(view, Outcome(True, text, extras=extras), polish)


@dataclass(frozen=True)
class _Settings:
    """The options, checked."""

    local: str = "L-BFGS-B"
    local_opts: Mapping[str, Any] = field(default_factory=dict)
    maxfunevals: float = math.inf
    totaliter: int = 20
    maxiter: int = 5
    glbtol: float = 1e-5
    eps1: float = 0.02
    eps2: float = 0.1
    tabulistsize: int = 5
    tabustrategy: str = "farthest"
    disp: bool = False

    def __post_init__(self) -> None:
        for name, known in (("local", _LOCAL), ("tabustrategy", _STRATEGIES)):
            if getattr(self, name) not in known:
                choice = ", ".join(map(repr, known))
                raise ValueError(f"{name} must be one of {choice}, not {getattr(self, name)!r}")
        for name in ("totaliter", "maxiter", "tabulistsize", "eps1", "eps2"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)!r}")


class _SpentError(Exception):
    """`maxfunevals` has been reached."""


class _PassedError(Exception):
    """Tunnelling has reached the aspiration, at the point that is the argument."""


class _Search:
    """The state of a search: where it is, and its memory."""

    def __init__(self, view: View, cost: Cost, settings: _Settings, random: np.random.Generator) -> None:
        self.view, self.settings, self.random = view, settings, random
        self.tabu: list[Array] = []
        self.attempts = self.passages = 0
        self._cost, self._before = cost, view.problem.nfev

    @property
    def nfev(self) -> int:
        """Number of evaluations so far."""
        return self.view.problem.nfev - self._before

    @property
    def floor(self) -> float:
        """The lowest cost so far."""
        return self.view.problem.lowest

    def run(self) -> str:
        """Search until a limit is reached; return which."""
        point = self.view.start
        try:
            for _ in range(self.settings.totaliter):
                point = self._descend(point)
                point = self._tunnel(point)
        except _SpentError:
            return f"the limit of {self.settings.maxfunevals} evaluations (maxfunevals) was reached"
        return f"{self.settings.totaliter} local searches (totaliter) were made"

    def cost(self, u: Array) -> float:
        """The cost of a point, if there are evaluations left."""
        if self.nfev >= self.settings.maxfunevals:
            raise _SpentError
        return self._cost(u)

    def _descend(self, start: Array) -> Array:
        """The local minimum next to `start`."""
        gradient = self.view.gradient if self.view.has_jacobian else None
        point = self._minimum(self.cost, start, gradient)
        if self.settings.disp:
            print(f"ampgo: a local minimum at {self.floor:g} after {self.nfev} evaluations")  # noqa: T201
        self._remember(point, point)
        return point

    def _tunnel(self, point: Array) -> Array:
        """A point lower than the lowest minimum, or the end of the last attempt to find one."""
        known = self.floor
        end = point
        for _ in range(self.settings.maxiter):
            self.attempts += 1
            try:
                end = self._minimum(self._tunnelling(known), self._nearby(point), None)
                passed = self.cost(end) < known + self.settings.glbtol * (1.0 + abs(known))
            except _PassedError as lower:
                (end,), passed = lower.args, True
            if passed:
                self.passages += 1
                break
            self._remember(end, point)
        return end

    def _tunnelling(self, known: float) -> Callable[[Array], float]:
        aspiration = known - self.settings.eps1 * (1.0 + abs(known))
        tabu = [point.tolist() for point in self.tabu]

        def tunnelling(u: Array) -> float:
            above = self.cost(u) - aspiration
            if above <= 0.0:
                raise _PassedError(np.array(u))
            distances = math.prod(map(math.dist, repeat(u.tolist()), tabu))
            # The logarithm has the same minima, and does not vary by many powers of ten.
            return 2.0 * (math.log(above) - math.log(min(max(distances, 1.0 / _FAR), _FAR)))

        return tunnelling

    def _nearby(self, point: Array) -> Array:
        """A random point at the distance at which tunnelling starts."""
        direction = self.random.uniform(-1.0, 1.0, len(point))
        length = self.settings.eps2 * (norm(point) or 1.0) / (norm(direction) or 1.0)
        return np.clip(point + length * direction, self.view.lower, self.view.upper)

    def _minimum(
        self, function: Callable[[Array], float], start: Array, gradient: Callable[[Array], Array] | None
    ) -> Array:
        settings: dict[str, Any] = {"method": self.settings.local, "options": dict(self.settings.local_opts)}
        if self.settings.local in WITH_BOUNDS:
            settings["bounds"] = self.view.bounds
        if self.settings.local in WITH_GRADIENT:
            settings["jac"] = gradient
        return np.asarray(optimize.minimize(function, start, **settings).x)

    def _remember(self, end: Array, point: Array) -> None:
        """Enter `end` into the memory, which gives up another if it is full."""
        if len(self.tabu) >= self.settings.tabulistsize:
            distances = [norm(known - point) for known in self.tabu]
            farthest = self.settings.tabustrategy == "farthest"
            del self.tabu[int(np.argmax(distances)) if farthest else 0]
        self.tabu.append(end)
