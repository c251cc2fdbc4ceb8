r"""A fit again, with some parameters held at given values.

`ConstrainedFit` knows the least cost of a fit for any values of one or two of its
parameters.  Where the cost is a sum of squares, or of a robust function of each
residual, which is the sum of squares of :math:`\pm\sqrt{f(r_i) - f(0)}`, the refits
are those of `_refit`, few evaluations each.  Where it is a number of its own, or where such
a refit does not converge, the engine of the best fit does them.

A tied parameter *g(x)* is held by a further residual :math:`w (g(x) - t)`.  Whatever
the weight *w*, the minimum is that of the fit with the tied parameter held at the value
it has there, a little off *t*, so nothing is approximate about it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import _engines
from ._derivatives import Array
from ._engines import Engine, Finds, Objective
from ._exchanges import exchanges
from ._levels import F_TEST, KNOWN_ERRORS, LIKELIHOOD, Levels
from ._problem import Policy, Problem
from ._refit import PATIENCE, Refit, Refitter, State
from ._region import Twins
from ._robust import SUM_OF_SQUARES, Cost, loss
from .errors import AbortFitException, NonFiniteError
from .parameter import Parameters
from .result import MinimizerResult

__all__ = ["ConstrainedFit", "Held", "Recipe"]

#: Weight of a held tied parameter: this many times the rise of chi-square by one standard error.
_WEIGHT = 30.0
#: How often the engine may be asked for help in one search.
_ENGINE_RUNS = 5
ONE_SIGMA = math.erf(math.sqrt(0.5))
#: For engines that do not look for the minimum nearby.
_SUBSTITUTES = {Objective.RESIDUAL: "leastsq", Objective.SCALAR: "nelder"}


@dataclass(frozen=True)
class Recipe:
    """All that is needed to do a fit again, in this process or another.

    Attributes
    ----------
    function, params, args, kws, policy, derivative, column_derivatives, scalar, curvature
        As of `Problem`; the parameters have the best values.
    engine : str
        Name of the engine.
    options : mapping
        Its options.
    result : MinimizerResult
        The best fit.
    """

    function: Callable[..., Any]
    params: Parameters
    args: tuple[Any, ...]
    kws: Mapping[str, Any]
    policy: Policy
    derivative: Callable[..., Any] | None
    column_derivatives: bool
    scalar: bool
    curvature: Callable[..., Any] | None
    engine: str
    options: Mapping[str, Any]
    result: MinimizerResult

    def problem(self, params: Parameters, further: Callable[[Parameters], Array] | None = None) -> Problem:
        """Return the compiled fit, if need be with further residuals."""
        function = self.function if further is None else _Extended(self.function, further, self.scalar)
        problem = Problem(
            function, params, self.args, self.kws, self.policy,
            None if further else self.derivative, self.column_derivatives, self.scalar,
            None if further else self.curvature,
        )  # fmt: skip
        cost = self._loss()
        if cost is not None:
            problem.measure_by(cost)
        return problem

    def local_engine(self) -> Engine:
        """The engine of the fit, or one that looks for the nearest minimum."""
        engine = _engines.find(self.engine)
        if engine.finds is Finds.MINIMUM and not engine.stochastic and not engine.needs_bounds:
            return engine
        return _engines.find(_SUBSTITUTES[Objective.SCALAR if self.scalar else engine.objective])

    def _loss(self) -> Cost | None:
        name = self.options.get("loss", "linear")
        return None if name == "linear" else loss(name, self.options.get("f_scale", 1.0))


@dataclass(frozen=True)
class _Extended:
    """An objective with further residuals; where it returns a number their squares are added."""

    function: Callable[..., Any]
    further: Callable[[Parameters], Array]
    scalar: bool

    def __call__(self, params: Parameters, *args: Any, **kws: Any) -> Any:
        found = np.asarray(self.function(params, *args, **kws), dtype=float).ravel()
        further = self.further(params)
        if self.scalar and found.size == 1:
            return found + further @ further
        return np.concatenate([found, further])


class ConstrainedFit:
    """A fit whose parameters can be held.

    Parameters
    ----------
    recipe : Recipe

    Attributes
    ----------
    problem : Problem
        Counts the evaluations.
    names : list of str
        Names of the variables.
    x : ndarray, shape (n,)
        Their best values.
    cost : float
        The least cost, that of the best fit.
    levels : Levels
        What a rise of the cost means; a `prob_func` is not considered here.
    """

    def __init__(self, recipe: Recipe, kind: str | None = None) -> None:
        self.recipe = recipe
        self.problem = recipe.problem(recipe.params)
        self.problem.begin()
        self.names = self.problem.names
        self.x = np.array(self.problem.start)
        self.extra_nfev = 0
        self.used = 0
        self._shape = self._residual_shape()
        self.at_x = self.residual(self.x.tolist())
        self.cost = float(self.at_x @ self.at_x) if self.is_sum else float(self.at_x[0])
        self.levels = self._levels(kind)
        self.unit_rise = self.levels.rise(ONE_SIGMA)
        self._jacobian: Array | None = None

    @property
    def nfev(self) -> int:
        """Number of evaluations of the objective."""
        return self.problem.nfev + self.extra_nfev

    @property
    def is_sum(self) -> bool:
        """Whether the cost is a sum of squares of something."""
        return self._shape is not None

    def residual(self, values: list[float]) -> Array:
        """Return that whose sum of squares is the cost, or the cost itself; NaN where there is none."""
        try:
            found = self.problem.probe(values)
        except AbortFitException:
            return np.full(max(1, self.problem.size), np.nan)
        if self._shape is None:
            return np.array([self.problem.cost(found)])
        return self._shape(found)

    def jacobian(self) -> Array:
        """Return the derivatives of `residual` at the best point, shape (m, n)."""
        if self._jacobian is None:
            first = Refitter(
                self.residual, self.problem.domain.lower, self.problem.domain.upper,
                self.x, self.at_x, self.unit_rise, lengths=self._lengths(), derivative=self._derivative(),
            )  # fmt: skip
            self._jacobian = first.jacobian
        return self._jacobian

    def hold(self, names: Sequence[str], slopes: bool = True, plenty: float = math.inf) -> Held:
        """Return this fit with some parameters held, variables or tied ones.

        Parameters
        ----------
        names : sequence of str
        slopes : bool, optional
            Whether the derivatives by the held values are to be exact.
        plenty : float, optional
            Rise of the cost from which on its exact size does not matter.
        """
        return Held(self, list(names), slopes, plenty)

    def _residual_shape(self) -> Callable[[Array], Array] | None:
        cost = self.problem.summed_cost
        if cost is None:
            return None
        if cost is SUM_OF_SQUARES:
            return _unchanged
        least = float(cost.each(np.zeros(1))[0][0])

        def root(residual: Array) -> Array:
            return np.copysign(np.sqrt(np.maximum(cost.each(residual)[0] - least, 0.0)), residual)

        return root

    def _derivative(self) -> Callable[[list[float]], Array] | None:
        """The user's derivatives, where the cost is the plain sum of squares."""
        plain = self._shape is _unchanged and self.problem.derivative is not None
        return self.problem.user_derivative if plain else None

    def _levels(self, kind: str | None) -> Levels:
        result = self.recipe.result
        plain = self._shape is _unchanged
        known = self.problem.returns_number or (plain and not result.scale_covar)
        if kind is None:
            kind = KNOWN_ERRORS if known else F_TEST
        elif kind == LIKELIHOOD and (known or not plain):
            kind = KNOWN_ERRORS
        else:
            known = known or (plain and kind == KNOWN_ERRORS)
        scale = self._scale(known and kind != F_TEST)
        return Levels(kind, scale, max(1, result.nfree), result.ndata, self.cost)

    def _scale(self, known: bool) -> float:
        """What one degree of freedom adds to the cost."""
        if known:
            return 1.0
        result = self.recipe.result
        cost = self.problem.summed_cost
        if cost is None or cost is SUM_OF_SQUARES:
            return self.cost / max(1, result.nfree)
        first, second = cost.slopes(result.residual)
        bend = float(np.mean(second)) or 1.0
        return 0.5 * float(np.mean(first**2)) / abs(bend) * result.ndata / max(1, result.nfree)

    def _lengths(self) -> Array:
        """Rough lengths of the columns of the Jacobian, from the covariance of the fit."""
        result = self.recipe.result
        covar = result.covar
        n = len(self.names)
        if covar is None or covar.shape != (n, n) or not np.isfinite(covar).all():
            return np.zeros(n)
        errors = np.sqrt(np.diag(covar))
        if not (errors > 0.0).all():
            return np.zeros(n)
        inverse = np.linalg.pinv(covar / np.outer(errors, errors))
        scale = result.redchi if result.scale_covar else 1.0
        return np.asarray(np.sqrt(np.maximum(np.diag(inverse), 1.0) * scale) / errors)


def _unchanged(residual: Array) -> Array:
    return residual


@dataclass
class Held:
    """A fit with some parameters held: a function of their values.

    Attributes
    ----------
    fit : ConstrainedFit
    names : list of str
        The parameters that are held.
    """

    fit: ConstrainedFit
    names: list[str]
    slopes: bool = True
    plenty: float = math.inf
    tied: list[str] = field(init=False)
    weights: Array = field(init=False)
    refitter: Refitter | None = field(init=False, default=None)
    engine_runs: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        fit = self.fit
        self.tied = [name for name in self.names if name not in fit.names]
        order = fit.problem.tied_names
        self._slots = [order.index(name) for name in self.tied]
        self.weights = np.array([self._weight(name) for name in self.tied])
        n = len(fit.names)
        self.fixed = [
            fit.names.index(name) if name in fit.names else n + self.tied.index(name) for name in self.names
        ]
        params = fit.recipe.params
        self.lower, self.upper = (
            np.concatenate([side, np.full(len(self.tied), limit)])
            for side, limit in ((fit.problem.domain.lower, -np.inf), (fit.problem.domain.upper, np.inf))
        )
        self.values = np.array([float(params[name].value) for name in self.names])
        self.x = np.concatenate([fit.x, [params[name].value for name in self.tied]])
        if fit.is_sum:
            self.refitter = self._refitter()

    def at_best(self) -> Refit:
        """Return the best point, with its tangent."""
        if self.refitter is not None:
            return self.refitter.at_best(self.fixed)
        return Refit(self.x, self.fit.cost, np.zeros(len(self.fixed)), self._straight(), State.CONVERGED)

    def curvature(self, found: Refit) -> Array:
        """Return half the second derivatives of the cost by the held values at the best point."""
        if self.refitter is None:
            return self._from_errors()
        held = self.refitter.jacobian[:, self.fixed]
        rest = held.copy()
        free = [j for j in range(len(self.x)) if j not in self.fixed]
        rest += self.refitter.jacobian[:, free] @ found.tangent[free]
        return np.asarray(held.T @ rest)

    def steepness(self) -> Array:
        """Return the square roots of half the second derivatives with all other variables fixed, too."""
        if self.refitter is None:
            return np.sqrt(np.diag(self._from_errors()))
        found = []
        for name, index in zip(self.names, self.fixed):
            column = self.refitter.jacobian[:, index]
            found.append(0.0 if name in self.tied else math.sqrt(column @ column))
        return np.array(found)

    def refit(
        self,
        values: Array,
        start: Array,
        ceiling: float = math.inf,
        first: Sequence[int] | None = None,
        patience: int = PATIENCE,
    ) -> Refit:
        """Return the least cost with the parameters held at `values`.

        Parameters
        ----------
        values : ndarray, shape (k,)
        start : ndarray, shape (n + number of tied ones,)
            Where to begin.
        ceiling, first, patience
            As of `Refitter.refit`.

        Returns
        -------
        Refit
            For tied parameters its `x` ends with the values that they have there.
        """
        start = start.copy()
        start[self.fixed] = values
        found = None
        if self.refitter is not None:
            found = self.refitter.refit(start, self.fixed, ceiling, first, patience)
            if found.state is State.STUCK and self.engine_runs < _ENGINE_RUNS:
                self.engine_runs += 1
                slow = self._by_engine(found.x)
                # What the engine takes for a minimum is one, even if the last digits cannot be had.
                found = slow and replace(self.refitter.refit(slow.x, self.fixed), state=slow.state)
        elif ceiling < math.inf and (cost := self._cost(start[: len(self.fit.names)])) > ceiling:
            return Refit(start, cost, np.zeros(len(self.fixed)), self._straight(), State.TOO_FAR)
        else:
            found = self._by_engine(start)
        if found is None:
            return Refit(start, math.inf, np.zeros(len(self.fixed)), self._straight(), State.STUCK)
        return self._without_penalty(found) if self.tied else found

    def twins(self, most: int) -> Twins:
        """Find the points that are as good as another one because two terms of the model are exchanged.

        Parameters
        ----------
        most : int
            Largest number of evaluations.

        Returns
        -------
        callable
            ``twins(x)`` gives for each twin of a point the values of the held parameters, and the point.
        """
        fit, n = self.fit, len(self.fit.names)
        moving = range(n) if self.tied else self.fixed
        found = exchanges(self._cost, fit.x, moving, most) if n > len(self.names) else []

        def twins(x: Array) -> Iterator[tuple[Array, Array]]:
            for exchange in found:
                twin = x[:n][exchange]
                if self._allowed(twin):
                    twin = self._with_tied(twin)
                    yield twin[self.fixed], twin

        return twins

    def restart(self) -> None:
        """Forget the way that the refits have come."""
        self.engine_runs = 0
        if self.refitter is not None:
            self.refitter.restart()

    def _cost(self, x: Array) -> float:
        """The cost for values of the variables; infinite outside of their bounds."""
        if not self._allowed(x):
            return math.inf
        residual = self.fit.residual(x.tolist())
        return float(residual @ residual) if self.fit.is_sum else float(residual[0])

    def _allowed(self, x: Array) -> bool:
        n = len(x)
        return bool(np.all((self.lower[:n] <= x) & (x <= self.upper[:n])))

    def _with_tied(self, x: Array) -> Array:
        """Values of the variables, and after them those of the held tied parameters."""
        if not self.tied:
            return x
        return np.concatenate([x, self.fit.problem.tied_values(x.tolist())[self._slots]])

    def _straight(self) -> Array:
        tangent = np.zeros((len(self.x), len(self.fixed)))
        tangent[self.fixed, range(len(self.fixed))] = 1.0
        return tangent

    def _weight(self, name: str) -> float:
        par = self.fit.recipe.params[name]
        error = par.stderr or abs(float(par.value)) or 1.0
        return _WEIGHT * math.sqrt(self.fit.unit_rise) / error

    def _refitter(self) -> Refitter:
        fit = self.fit
        derivative = fit._derivative()
        jacobian = self._with_ties(fit.jacobian(), self.x)
        return Refitter(
            self._residual, self.lower, self.upper, self.x, self._residual(self.x.tolist(), fit.at_x),
            fit.unit_rise, jacobian, slopes=self.slopes, plenty=self.plenty,
            derivative=None if derivative is None else lambda x: self._with_ties(
                derivative(x[: len(fit.names)]), np.array(x)
            ),
        )  # fmt: skip

    def _residual(self, x: list[float], known: Array | None = None) -> Array:
        """The residual of the fit, and one for each held tied parameter."""
        values = x[: len(self.fit.names)]
        residual = self.fit.residual(values) if known is None else known
        if not self.tied:
            return residual
        tied = self.fit.problem.tied_values(values)[self._slots]
        return np.concatenate([residual, self.weights * (tied - np.array(x[len(values) :]))])

    def _with_ties(self, jacobian: Array, x: Array) -> Array:
        if not self.tied:
            return jacobian
        n, k = len(self.fit.names), len(self.tied)
        gradient = self.fit.problem.tied_gradient(x[:n], np.zeros(n))[self._slots]
        below = np.hstack([self.weights[:, np.newaxis] * gradient, -np.diag(self.weights)])
        return np.vstack([np.hstack([jacobian, np.zeros((len(jacobian), k))]), below])

    def _without_penalty(self, found: Refit) -> Refit:
        n = len(self.fit.names)
        x = self._with_tied(found.x[:n])
        off = self.weights * (x[n:] - found.x[n:])
        gradient = found.gradient.copy()
        for k, name in enumerate(self.tied):
            # The derivative of the least cost by the held value is the force of the penalty.
            gradient[self.names.index(name)] = -2.0 * self.weights[k] * off[k]
        return Refit(x, found.cost - float(off @ off), gradient, found.tangent, found.state)

    def _from_errors(self) -> Array:
        """Second derivatives from the standard errors, for costs without residual."""
        params = self.fit.recipe.params
        errors = np.array([params[name].stderr or math.inf for name in self.names])
        return np.diag(self.fit.levels.scale / errors**2)

    def _by_engine(self, start: Array) -> Refit | None:
        """Let the engine of the best fit find the minimum; None if it does not."""
        fit, recipe = self.fit, self.fit.recipe
        n = len(fit.names)
        params = copy.copy(recipe.params)
        for name, value in zip(fit.names, start[:n].tolist()):
            params[name].value = value
        for name, index in zip(self.names, self.fixed):
            if name not in self.tied:
                params[name].set(value=float(start[index]), vary=False)
        problem = recipe.problem(params, self._penalty(start) if self.tied else None)
        engine = recipe.local_engine()
        try:
            problem.begin()
            options = dict(recipe.options) if engine.name == recipe.engine else {}
            success = not problem.names or engine.run(problem.view(engine.space), options).success
        except (AbortFitException, NonFiniteError):
            success = False
        fit.extra_nfev += problem.nfev
        if not success or problem.best is None:
            return None
        x = start.copy()
        found = dict(zip(problem.names, problem.best.values))
        x[:n] = [found.get(name, value) for name, value in zip(fit.names, start[:n].tolist())]
        return Refit(x, problem.best.cost, self._slope(x), self._straight(), State.CONVERGED)

    def _penalty(self, start: Array) -> Callable[[Parameters], Array]:
        targets = start[len(self.fit.names) :]

        def off(params: Parameters) -> Array:
            return self.weights * (np.array([params[name].value for name in self.tied]) - targets)

        return off

    def _slope(self, x: Array) -> Array:
        """Derivatives of a cost without residual by the held values, by differences."""
        slopes = np.full(len(self.fixed), np.nan)
        if self.refitter is not None or self.tied:
            return slopes
        steep = self.steepness()
        for k, index in enumerate(self.fixed):
            step = 1e-3 * math.sqrt(self.fit.unit_rise) / steep[k] if steep[k] > 0.0 else 0.0
            low, high = x.tolist(), x.tolist()
            low[index], high[index] = (
                max(low[index] - step, self.lower[index]),
                min(high[index] + step, self.upper[index]),
            )
            if high[index] > low[index]:
                rise = self.fit.residual(high)[0] - self.fit.residual(low)[0]
                slopes[k] = rise / (high[index] - low[index])
        return slopes
