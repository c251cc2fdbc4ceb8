"""The compiled fit: the only place that calls the objective.

A `Problem` is made from Parameters and an objective when a fit starts.  It works
on a copy of the Parameters and knows them as a list of values of the variables.
Each evaluation sets these, brings the tied parameters up to date, calls the
objective, turns what it returns into a flat array of floats, counts, and
remembers the lowest point.  It also ends the search: when the limit on the
evaluations or on the time is reached, or when the callback asks for it.

An optimiser sees the Problem through a `View`, as a function of an array (see `_view`).
"""

from __future__ import annotations

import copy
import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import ddot

from ._covariance import standard_errors
from ._derivatives import Array, Differences, Domain, Residual, vector_jacobian
from ._hessian import gradient, hessian
from ._robust import SUM_OF_SQUARES, Cost
from ._rules import check_setting
from ._view import Space, View
from .errors import (
    AbortFitException,
    ExpressionDomainError,
    MinimizerException,
    NonFiniteError,
    ParameterError,
    close_matches,
)
from .parameter import Parameters

__all__ = ["Best", "Policy", "Problem", "Space", "View"]

_NAN_POLICIES = ("raise", "omit", "propagate")
_FLOAT64 = np.dtype(np.float64)
#: A variable this much smaller than at the start may be close to zero.
_SMALL = 1e-2
_DERIVATIVES = "derivative function"


@dataclass(frozen=True)
class Policy:
    """How a search is watched and when it ends.

    Attributes
    ----------
    nan_policy : {'raise', 'omit', 'propagate'}
        What a residual that is not finite means: an error at the start and a rejected point in the
        search; missing data; or nothing, it is handed on to the optimiser.
    reduce_fcn : callable or None
        ``reduce_fcn(residual) -> float``, what a scalar optimiser minimises; None for the sum of squares.
    iter_cb : callable or None
        ``iter_cb(params, iteration, residual, *args, **kws)`` after each evaluation; True ends the search.
    max_nfev : float
        Largest number of evaluations of a search.
    per_variable : float
        The same for each variable and one more, where `max_nfev` gives no limit.
    timeout : float or None
        Longest duration of a search in seconds.
    """

    nan_policy: str = "raise"
    reduce_fcn: Callable[[Array], float] | None = None
    iter_cb: Callable[..., Any] | None = None
    max_nfev: float = math.inf
    per_variable: float = math.inf
    timeout: float | None = None

    def __post_init__(self) -> None:
        if self.nan_policy not in _NAN_POLICIES:
            raise ValueError(
                f"nan_policy must be one of {', '.join(map(repr, _NAN_POLICIES))}, not {self.nan_policy!r}"
            )
        if self.iter_cb is not None and not callable(self.iter_cb):
            raise TypeError(
                "iter_cb must be a function iter_cb(params, iteration, residual, *args, **kws), "
                f"not {self.iter_cb!r:.80}"
            )
        if self.timeout is not None:
            check_setting("timeout", self.timeout, -math.inf, "a number of seconds")
        check_setting("max_nfev", self.max_nfev, 1, "a number of evaluations from 1 on; None is the default")


_PLAIN = Policy()


@dataclass(frozen=True)
class Best:
    """The lowest point that was seen: values of the variables, residual and cost."""

    values: list[float]
    residual: Array
    cost: float


class Problem:
    """An objective and the variables of its Parameters, ready to be evaluated.

    Parameters
    ----------
    function : callable
        ``function(params, *args, **kws) -> residual``.  If it has an attribute ``reads``, a set of names,
        these are the only parameters that it reads: tied ones not among them wait for the end.
    params : Parameters
        Copied; the original is not touched.
    args, kws : sequence, mapping
        Further arguments of `function`.
    policy : Policy
        How the search is watched.
    derivative : callable or None
        ``derivative(params, *args, **kws)``, the derivatives of the residual; see `jacobian`.
    column_derivatives : bool
        Whether an array from `derivative` has a row, not a column, for each variable.
    scalar : bool
        Whether the optimiser minimises a number: an objective that returns one is then taken as it is.
    curvature : callable or None
        ``curvature(params, *args, **kws)``, the second derivatives of the cost by the variables.

    Attributes
    ----------
    params : Parameters
        The copy, at the values of the last evaluation.
    names : list of str
        Names of the variables.
    start : list of float
        Their values at the start.
    domain : Domain
        Their bounds and start magnitudes.
    nfev : int
        Number of evaluations.
    size : int
        Length of the residual; -1 before the first evaluation.
    last_cost : float
        The cost at the last evaluation.
    previous : object
        The result of the fit before this one, for engines that can continue it.
    residual : callable
        ``residual(values) -> ndarray``: evaluates the objective at values of the variables, given as
        a list; `rejected` tells that the result is not finite.  Raises `AbortFitException` when the
        search is over.
    """

    residual: Residual
    _shape: tuple[int, ...] | None = None
    _limit: float
    _deadline: float | None
    _callback: Callable[..., Any] | None

    def __init__(
        self,
        function: Callable[..., Any],
        params: Parameters,
        args: Sequence[Any] = (),
        kws: Mapping[str, Any] | None = None,
        policy: Policy = _PLAIN,
        derivative: Callable[..., Any] | None = None,
        column_derivatives: bool = False,
        scalar: bool = False,
        curvature: Callable[..., Any] | None = None,
    ) -> None:
        self.curvature = curvature
        self.function, self.derivative, self.column_derivatives = function, derivative, column_derivatives
        self.args, self.kws = tuple(args), dict(kws or {})
        self.policy = policy
        self.scalar = scalar
        self.params = copy.copy(params)
        self._varied = [par for par in self.params.values() if par.vary]
        self.names: list[str] = [str(par.name) for par in self._varied]
        self.start = [_start_value(par) for par in self._varied]
        self.domain = Domain(
            lower=np.array([par._min for par in self._varied], dtype=float),
            upper=np.array([par._max for par in self._varied], dtype=float),
            reach=np.abs(np.array(self.start, dtype=float)),
        )
        self._compile_ties()
        self.nfev = 0
        self._best_values: list[float] | None = None
        self._best_residual: Array = np.empty(0)
        #: Mask of the data that nan_policy='omit' left out at the best point.
        self.omitted: NDArray[np.bool_] | None = None
        #: How many it left out at the start.
        self.omitted_at_start = 0
        self._mask: NDArray[np.bool_] | None = None
        self.rejected = False
        self.start_norm = 0.0
        self.start_residual: Array = np.empty(0)
        self._cost = math.inf
        self.last_cost = math.inf
        self.previous: Any = None
        self.size = -1
        self._differences = Differences(self.probe)
        self._watch()

    @property
    def best(self) -> Best | None:
        """The lowest point so far; None before there is one."""
        if self._best_values is None:
            return None
        if self.cost(self._best_residual) != self._cost:
            # The objective writes into the same array at each call.
            self._best_residual = self.probe(self._best_values).copy()
        return Best(self._best_values, self._best_residual.copy(), self._cost)

    @property
    def tied_names(self) -> list[str]:
        """Names of the tied parameters, in the order of their evaluation."""
        return list(self._order)

    def view(self, space: Space) -> View:
        """Return the problem as a function of an array."""
        return View(self, space)

    def begin(self) -> Array:
        """Evaluate the start; its residual must be finite unless the policy allows otherwise.

        Raises
        ------
        NonFiniteError
            It is not: says how many values, which first, and at which parameter values.
        """
        at_start = self.residual(self.start)
        if self.rejected:
            self._explain_start()
        elif self._best_values is None and np.isfinite(at_start).all():
            raise NonFiniteError(
                "the sum of squares of the residual is not finite at the start values, but the residual is: "
                f"it reaches {np.abs(at_start).max():g}; divide it by something, such as the data's errors"
            )
        self.residual = self._evaluator()  # which now knows the shape of the residual
        if self.nfev == 1 and self.omitted is not None:
            self.omitted_at_start = int(self.omitted.sum())
        self.start_residual = at_start
        self.start_norm = math.sqrt(_sum_of_squares(at_start))
        return at_start

    def finish(self) -> None:
        """End the search: later evaluations are counted but not watched or limited."""
        self._limit, self._deadline, self._callback = math.inf, None, None
        self.residual = self._evaluator()

    def probe(self, values: list[float]) -> Array:
        """Return the residual, with NaN where it is not finite."""
        residual = self.residual(values)
        self.rejected = False
        return residual

    def settle(self, values: list[float], residual: Array) -> None:
        """Make a point the best one although, within rounding, it is not the lowest."""
        self._cost = self.cost(residual)
        self._best_values, self._best_residual = values, residual

    def add_variable(self, name: str, value: float) -> None:
        """Add a variable that the engine needs and the objective does not, such as the size of the errors."""
        self.params.add(name, value=value)
        self._varied.append(self.params[name])
        self.names.append(name)
        self.start = [*self.start, value]  # the list may be that of the best point
        if self._best_values is not None:
            self._best_values = [*self._best_values, value]
        domain = self.domain
        self.domain = Domain(
            np.append(domain.lower, -math.inf),
            np.append(domain.upper, math.inf),
            np.append(domain.reach, abs(value)),
        )
        self.residual = self._evaluator()

    @property
    def lowest(self) -> float:
        """The lowest cost so far."""
        return self._cost

    def cost(self, residual: Array) -> float:
        """Return what the optimiser minimises, of a residual."""
        return self._scalar_cost(residual) if self.scalar else _sum_of_squares(residual)

    @property
    def returns_number(self) -> bool:
        """Whether the objective returns the cost itself, one number, and not a residual."""
        return self.scalar and self.size == 1 and self.policy.reduce_fcn is None

    @property
    def summed_cost(self) -> Cost | None:
        """The cost as a sum over the residual, where it is one whose derivatives are known."""
        if self.returns_number:
            return None
        reduce = self.policy.reduce_fcn if self.scalar else None
        return SUM_OF_SQUARES if reduce is None else reduce if isinstance(reduce, Cost) else None

    def evaluate_by(self, function: Callable[..., Any]) -> None:
        """From here on call another function in the place of the objective."""
        self.function = function
        self.residual = self._evaluator()

    def count(self, evaluations: int) -> None:
        """Count evaluations that were made elsewhere; raises `AbortFitException` when the search is over."""
        self.nfev += evaluations
        self._check_limits()

    @contextmanager
    def limited(self, evaluations: float) -> Iterator[None]:
        """Allow this many evaluations more at most: the next one raises `AbortFitException`."""
        whole = self._limit
        self._limit = min(whole, self.nfev + evaluations)
        self.residual = self._evaluator()
        try:
            yield
        finally:
            self._limit = whole
            self.residual = self._evaluator()

    @contextmanager
    def restarted(self, start: list[float], evaluations: float) -> Iterator[None]:
        """Search for the least sum of squares from another start, as if nothing were known; then go back.

        Afterwards the lowest point of all is the best.

        Parameters
        ----------
        start : list of float
            Values of the variables.
        evaluations : float
            Largest number of evaluations of this search, which are among those of the whole.
        """
        whole = self.start, self.domain, self.start_norm, self.start_residual, self._limit, self.scalar
        best = self._cost, self._best_values, self._best_residual, self.omitted
        self.start, self.domain = start, replace(self.domain, reach=np.abs(start))
        self._limit, self.scalar = min(self._limit, self.nfev + evaluations), False
        self._cost, self._best_values, self.omitted = math.inf, None, None
        self.residual = self._evaluator()
        try:
            self.begin()
            yield
        finally:
            self.start, self.domain, self.start_norm, self.start_residual, self._limit, self.scalar = whole
            if best[0] <= self._cost:
                self._cost, self._best_values, self._best_residual, self.omitted = best
            self.residual = self._evaluator()

    def measure_by(self, cost: Callable[[Array], float]) -> None:
        """From here on search for the least ``cost(residual)``, starting at the best point so far."""
        self.policy, self.scalar = replace(self.policy, reduce_fcn=cost), True
        if self._best_values is not None:
            self._cost = self.cost(self._best_residual)
        self._watch()

    def jacobian(self, x: Array, at_x: Array, scale: Array) -> Array:
        """Return the derivatives of the residual by the variables, shape (m, n).

        Parameters
        ----------
        x : ndarray, shape (n,)
            Values of the variables.
        at_x : ndarray, shape (m,)
            The residual there.
        scale : ndarray, shape (n,)
            See `lmfit._derivatives.central_jacobian`; not used where the derivatives are known.
        """
        if self.derivative is not None:
            known = self.user_derivative(x.tolist())
            if known.ndim == 2:
                return known
        return self._differences.jacobian(x, at_x, scale, self.domain, self.start_norm)

    def best_jacobian(self, x: Array, at_x: Array) -> Array:
        """Return `jacobian` at the best point, where the scale of each variable is not known yet."""
        jacobian = self.jacobian(x, at_x, np.zeros(len(x)))
        if self.derivative is None and any(
            abs(value) <= _SMALL * (reach or math.inf)
            for value, reach in zip(x.tolist(), self.domain.reach.tolist())
        ):
            # The size of a variable close to zero says little: its error is the better scale.
            jacobian = self.jacobian(x, at_x, standard_errors(jacobian, at_x))
        return jacobian

    def best_curvature(self, x: Array) -> tuple[Array, Array]:
        """Return the second and first derivatives of the cost, shapes (n, n) and (n,), at the best point."""

        def cost(at: Array) -> float:
            return self.cost(self.probe(at.tolist()))

        unknown = np.zeros(len(x))
        known = self.curvature is not None
        second = self.user_hessian(x.tolist()) if known else hessian(cost, x, unknown, self.domain)
        return second, gradient(cost, x, unknown, self.domain)

    def tied_gradient(self, x: Array, scale: Array) -> Array:
        """Return the derivatives of the tied parameters by the variables, shape (k, n)."""
        return vector_jacobian(self._tied_at, x, scale, {index for _, index in self._tie_slots})

    def set_values(self, values: Sequence[float]) -> None:
        """Give the parameters, also the tied ones, the values of a point."""
        for par, value in zip(self._varied, values):
            par._val = value
        if self._tied and self._update_ties(list(values)):
            for par in self._tied:
                par._val = par.value
            self.params._evaluated = None

    def _move_to(self, values: list[float]) -> None:
        """Give the variables their values, and with them the tied parameters that will be read."""
        for par, value in zip(self._varied, values):
            par._val = value
        if self._needs_ties:
            self._update_ties(values)

    def _check_limits(self) -> None:
        if self.nfev >= self._limit:
            raise AbortFitException(f"the limit of {self._limit} evaluations was reached")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise AbortFitException(f"the time limit of {self.policy.timeout} s was reached")

    def _watch(self) -> None:
        policy = self.policy
        self._limit = min(policy.max_nfev, policy.per_variable * (len(self.names) + 1))
        self._callback = policy.iter_cb
        self._deadline = None if policy.timeout is None else time.monotonic() + policy.timeout
        self.residual = self._evaluator()

    def _evaluator(self) -> Residual:
        """Make the function that evaluates the residual, with all that is constant bound to it.

        It is called at every step of every fit, and a closure is faster than a method.
        """
        function, params, args, kws = self.function, self.params, self.args, self.kws
        assign = _assigner(len(self._varied))(*self._varied)
        tied, shape, scalar = self._needs_ties, self._shape, self.scalar
        # The start is always evaluated; with a deadline the limits are checked each time after it.
        unchecked = self._limit if self._deadline is None else 1
        callback, ndarray, float64 = self._callback, np.ndarray, _FLOAT64
        summed = not scalar or (self.policy.reduce_fcn is None and self.size > 1)

        def residual(values: list[float]) -> Array:
            if self.nfev >= unchecked:
                self._check_limits()
            assign(values)
            if tied and not self._update_ties(values):
                self.rejected = True
                return np.full(max(1, self.size), np.nan)
            self.nfev += 1
            found: Array = function(params, *args, **kws) if kws else function(params, *args)
            if found.__class__ is not ndarray or found.dtype is not float64 or found.shape != shape:
                found = self._flat(found)
            cost = self.last_cost = ddot(found, found) if summed else self._scalar_cost(found)
            if cost - cost != 0.0:  # NaN or infinite
                found = self._non_finite(found, values)
            elif cost < self._cost:
                self._cost, self._best_values, self._best_residual, self.omitted = cost, values, found, None
            if callback is not None:
                self._call_back(found)
            return found

        return residual

    def _compile_ties(self) -> None:
        """Arrange the expressions such that only the values of the variables need be filled in."""
        self._tied, self._order, self._needs_ties = [], [], False
        if not any(par._tie is not None for par in self.params.values()):
            return
        self.params.update_constraints()
        program = self.params._compiled()
        position = {name: index for index, name in enumerate(self.names)}
        self._order = list(program.order)
        self._tied = [self.params[name] for name in self._order]
        reads = getattr(self.function, "reads", None)
        self._needs_ties = (
            reads is None or self.policy.iter_cb is not None or not reads.isdisjoint(self._order)
        )
        for slot, par in enumerate(self._tied):
            par._slot = slot
        self._evaluate_ties = program.evaluate
        self._tie_inputs = [self.params._input(name) for name in program.inputs]
        self._tie_slots = [
            (slot, position[name]) for slot, name in enumerate(program.inputs) if name in position
        ]

    def _update_ties(self, values: list[float]) -> bool:
        """Evaluate the expressions; False where one of them has no value at this point."""
        inputs = self._tie_inputs
        for slot, index in self._tie_slots:
            inputs[slot] = values[index]
        try:
            tied = self._evaluate_ties(inputs)
        except ExpressionDomainError:
            if self._best_values is None:
                raise
            return False
        # The objective may read few of them: each fetches its value when it is read.
        self.params._evaluated = tied
        return True

    def tied_values(self, values: list[float]) -> Array:
        """Return the tied parameters at values of the variables, NaN where they have no value, shape (k,)."""
        return np.array(self._tied_at(values), dtype=float)

    def _tied_at(self, values: list[float]) -> Sequence[float]:
        found = self.params._evaluated if self._update_ties(values) else None
        return [math.nan] * len(self._tied) if found is None else found

    def _scalar_cost(self, residual: Array) -> float:
        reduce = self.policy.reduce_fcn
        if reduce is not None:
            return float(reduce(residual))
        return float(residual[0]) if len(residual) == 1 else _sum_of_squares(residual)

    def _call_back(self, residual: Array) -> None:
        assert self._callback is not None
        answer = self._callback(self.params, self.nfev, residual, *self.args, **self.kws)
        if isinstance(answer, (bool, np.bool_)) and answer:
            raise AbortFitException("the callback iter_cb returned True")

    def _flat(self, returned: Any) -> Array:
        """What the objective returned, as a flat float array of the length of the first time."""
        residual = _as_floats(returned)
        if self._shape is None:
            if residual.size == 0:
                raise NonFiniteError(
                    "the objective returned no data (an empty array); a fit needs at least one point"
                )
            self.size = residual.size
            self._shape = residual.shape
        if residual.size != self.size:
            raise MinimizerException(
                f"the objective returned {residual.size} values after {self.size} in an earlier call; "
                "the length of the residual must not change during a fit (nan_policy='omit' leaves out NaN)"
            )
        return residual

    def _non_finite(self, residual: Array, values: list[float]) -> Array:
        if self.policy.nan_policy == "omit":
            finite = np.isfinite(residual)
            if finite.any():
                return self._note(np.where(finite, residual, 0.0), values, ~finite)
        elif np.isfinite(residual).all():  # the square of a huge number is no longer finite
            return residual
        self.rejected = self.policy.nan_policy != "propagate"
        return residual

    def _note(self, residual: Array, values: list[float], omitted: NDArray[np.bool_]) -> Array:
        """Keep a point with omitted data if it is the best; they count as zeros."""
        self._mask = omitted
        cost = self.last_cost = self.cost(residual)
        if cost < self._cost:
            self._cost, self._best_values, self._best_residual = cost, values, residual
            self.omitted = omitted
        return residual

    def _explain_start(self) -> None:
        self.finish()
        residual = self.residual(self.start)
        bad = np.flatnonzero(~np.isfinite(residual))
        values = ", ".join(f"{name}={par.value!r}" for name, par in self.params.items())
        broken = [par for par in self._tied if par._val != par._val]
        if broken:
            values += f" (parameter {broken[0].name!r}: the expression {broken[0].expr!r} has no value there)"
        raise NonFiniteError(
            f"the residual is not finite at the start values: {len(bad)} of {residual.size} values, the "
            f"first ({residual[bad[0]]}) at index {bad[0]}, with {values}; choose other start values or "
            "bounds, or nan_policy='omit' if these data are to be left out"
        )

    def user_derivative(self, values: list[float]) -> Array:
        """Return what the user's function gives at `values`.

        Returns
        -------
        ndarray, shape (m, n) or (n,)
            Derivatives by the variables: of the residual, or of the cost.
        """
        assert self.derivative is not None
        omitted = self._omitted_at(values)
        self._move_to(values)
        given = self.derivative(self.params, *self.args, **self.kws)
        jacobian = self._copied(given) if self._is_jacobian(given) else self._assembled(given, values)
        if omitted is not None and len(jacobian) == len(omitted):
            jacobian[omitted] = 0.0
        return jacobian

    def _is_jacobian(self, given: Any) -> bool:
        """Whether derivatives came as they are needed: finite floats (not huge), by the variables only."""
        n = len(self.names)
        shape = (n, self.size) if self.column_derivatives else (self.size, n)
        return (
            given.__class__ is np.ndarray
            and given.dtype is _FLOAT64
            and given.shape == shape
            and math.isfinite(_sum_of_squares(given.ravel(order="K")))
        )

    def _copied(self, given: Array) -> Array:
        # The function may write into the same array at each call; its columns are made contiguous.
        return np.array(given if self.column_derivatives else given.T, order="C").T

    def _assembled(self, given: Any, values: list[float]) -> Array:
        """The derivatives by the variables from those by parameters, also by tied ones."""
        columns = self._columns(given)
        tied = [(index, columns[name]) for index, name in enumerate(self._order) if name in columns]
        size = max(column.size for column in columns.values())
        nothing = np.zeros(size)
        jacobian = np.array([columns.get(name, nothing) for name in self.names]).T
        if tied:
            gradient = self.tied_gradient(np.array(values), np.zeros(len(values)))
            jacobian = jacobian + sum(np.outer(column, gradient[index]) for index, column in tied)
        return jacobian if size == self.size else np.asarray(jacobian[0])

    def user_hessian(self, values: list[float]) -> Array:
        """Return the second derivatives of the cost that the user's function gives, shape (n, n)."""
        assert self.curvature is not None
        self._move_to(values)
        given = np.asarray(self.curvature(self.params, *self.args, **self.kws), dtype=float)
        n = len(self.names)
        if given.shape != (n, n) or not np.isfinite(given).all():
            raise MinimizerException(
                f"the function hess returned an array of shape {given.shape}; {(n, n)} finite second "
                f"derivatives of the cost by {', '.join(self.names)} are needed"
            )
        return given

    def _omitted_at(self, values: list[float]) -> NDArray[np.bool_] | None:
        """Which data 'omit' leaves out at a point; their derivatives do not count either."""
        if self.policy.nan_policy != "omit":
            return None
        self._mask = None
        self.probe(values)
        return self._mask

    def _columns(self, given: Any) -> dict[str, Array]:
        """What the user's derivative function returned, by name and checked."""
        columns = self._named_columns(given)
        gradient = self.scalar and all(column.size == 1 for column in columns.values())
        for name, column in columns.items():
            what = (
                f"is no parameter{close_matches(name, self.params)}"
                if name not in self.params
                else f"has {column.size} values where the residual has {self.size}"
                if column.size != self.size and not gradient
                else "is not finite"
                if not np.isfinite(column).all()
                else ""
            )
            if what:
                raise MinimizerException(
                    f"the derivative function returned a column for {name!r} that {what}"
                )
        for name in self.names:
            ties = [tied for tied in columns if tied in self._order and name in self._needs(tied)]
            if name not in columns and not ties:
                raise MinimizerException(
                    f"the derivative function returned no column for the variable {name!r}"
                )
        return columns

    def _needs(self, tied: str) -> frozenset[str]:
        return self.params._compiled().dependencies(tied)

    def _named_columns(self, given: Any) -> dict[str, Array]:
        """The derivatives by name; those of an array belong to the variables or to all parameters."""
        if isinstance(given, Mapping):
            return {name: _as_floats(column, _DERIVATIVES) for name, column in given.items()}
        try:
            array = np.asarray(given)
        except ValueError:  # columns of different lengths
            array = np.empty(0)
        rows = array if self.column_derivatives else array.T
        if self.scalar and array.ndim <= 1:  # the gradient of the cost
            rows = np.atleast_2d(array).T
        for names in (self.names, list(self.params)):
            if rows.ndim >= 2 and len(rows) == len(names):
                return {name: _as_floats(row, _DERIVATIVES) for name, row in zip(names, rows)}
        n = len(self.names)
        expected = (n, self.size) if self.column_derivatives else (self.size, n)
        raise MinimizerException(
            f"the derivative function returned an array of shape {array.shape}, but {expected} is needed: "
            f"the derivatives by {', '.join(self.names)} (col_deriv={self.column_derivatives}); also allowed "
            f"are those by all {len(self.params)} parameters, and a dictionary of arrays by name"
        )


@functools.lru_cache(maxsize=256)
def _assigner(n: int) -> Callable[..., Callable[[list[float]], None]]:
    """Return ``make(*parameters) -> assign``, where ``assign(values)`` gives `n` parameters their values.

    One statement does it in a fifth of the time of a loop, in each evaluation of each fit.
    """
    names = [f"p{index}" for index in range(n)]
    targets = ", ".join(f"{name}._val" for name in names)
    scope: dict[str, Any] = {}
    source = f"def make({', '.join(names)}):\n def assign(values):\n  [{targets}] = values\n return assign"
    exec(source, scope)  # noqa: S102 - nothing in it but a number
    make: Callable[..., Callable[[list[float]], None]] = scope["make"]
    return make


def _sum_of_squares(residual: Array) -> float:
    return float(ddot(residual, residual))


def _start_value(par: Any) -> float:
    value = par.value
    if value is None or not math.isfinite(value):
        what = "has no value" if value is None else f"starts at {value}"
        raise ParameterError(
            f"parameter {par.name!r}: a variable needs a finite start value, but it {what}; "
            f"set params[{par.name!r}].value, or vary=False"
        )
    return float(value)


def _as_floats(returned: Any, by: str = "objective") -> Array:
    """A number, sequence or array of real or complex numbers as a flat array of floats."""
    what = "the residual" if by == "objective" else "derivatives of the residual"
    if returned is None:
        raise MinimizerException(f"the {by} returned None; it must return {what} (is a 'return' missing?)")
    try:
        if isinstance(returned, np.ma.MaskedArray):  # masked data are missing data
            kind = complex if returned.dtype.kind == "c" else float
            returned = np.ma.filled(returned.astype(kind), np.nan)
        array = np.asarray(returned)
        if array.dtype == object:
            array = array.astype(complex if any(isinstance(v, complex) for v in array.flat) else float)
        if array.dtype.kind == "c":
            return np.ascontiguousarray(array, dtype=np.complex128).ravel().view(np.float64)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"cannot use values of type {array.dtype}")
        return np.ascontiguousarray(array, dtype=np.float64).ravel()
    except (TypeError, ValueError, OverflowError) as error:
        raise MinimizerException(
            f"the {by} returned {type(returned).__name__}, which is no array of numbers ({error}); "
            f"return {what} as a NumPy array, a sequence of numbers or a number"
        ) from error
