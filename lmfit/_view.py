"""The problem as an optimiser sees it: a function of an array.

There are three spaces.  Optimisers that know bounds see the parameters themselves
(`EXTERNAL`), or the parameters in units of their start values (`SCALED`), so that one
of 1e-13 moves like one of 1.  The others see internal variables (`INTERNAL`), where
every point is allowed: a bounded parameter is a function of one (see `_bounds`), and
for optimisers that minimise a number an unbounded one is scaled too.  Those that
minimise a residual know how to scale by its derivatives.

No optimiser sees a point without a finite residual: there the residual and the cost
are those of a wall, higher than at any good point.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ._bounds import Bounded, transform
from ._cached import cached_property
from ._derivatives import Array, Domain
from ._hessian import gradient, hessian
from ._robust import SUM_OF_SQUARES, Cost
from .errors import MinimizerException

if TYPE_CHECKING:
    from ._problem import Problem

__all__ = ["Space", "View"]

_EPS = float(np.finfo(float).eps)
#: Steps of forward and of central differences, in units of the variable.
_FORWARD = _EPS**0.5
_CENTRAL = _EPS ** (1.0 / 3.0)
#: Norm of the residual of a rejected point, in units of that at the start.
_WALL = 1e2
#: A value is as good as on its bound where it changes by this fraction of its change at the start.
_ON_BOUND = 1e-9


class Space(enum.Enum):
    """The variables that an optimiser sees.

    Attributes
    ----------
    INTERNAL
        Any value is allowed; close to its start each variable behaves like one of magnitude 1.
    EXTERNAL
        The parameters themselves, within their bounds.
    SCALED
        The same in units of their start values.

    Examples
    --------
    >>> from lmfit.engines import find
    >>> find("leastsq").space, find("least_squares").space
    (<Space.INTERNAL: 'internal'>, <Space.EXTERNAL: 'external'>)
    """

    INTERNAL = "internal"
    EXTERNAL = "external"
    SCALED = "scaled"


class _Map(Protocol):
    """A parameter as a function of the variable of a space."""

    def to_internal(self, value: float) -> float: ...
    @property
    def from_internal(self) -> Callable[[float], float]: ...
    def derivative(self, u: float) -> float: ...


@dataclass(frozen=True)
class _Scaled:
    """A parameter in units of its start value; rounding does not carry it over a bound."""

    unit: float
    lower: float
    upper: float

    @classmethod
    def by_start(cls, value: float, lower: float, upper: float) -> _Scaled:
        """Return the map for a parameter that starts at `value`."""
        width = upper - lower
        return cls(abs(value) or (width if math.isfinite(width) else 1.0), lower, upper)

    def to_internal(self, value: float) -> float:
        return value / self.unit

    @property
    def from_internal(self) -> Callable[[float], float]:
        unit, lower, upper = self.unit, self.lower, self.upper

        def value(u: float) -> float:
            found = u * unit
            return lower if found < lower else upper if found > upper else found  # noqa: FURB136 - faster

        return value

    def derivative(self, u: float) -> float:
        return self.unit


def _function(found: _Map) -> Callable[[float], float]:
    """The fastest way to get the value from a variable: it is called at every evaluation."""
    if isinstance(found, _Scaled) and math.isinf(found.lower) and math.isinf(found.upper):
        return found.unit.__mul__
    return found.from_internal


def _valuer(
    functions: dict[int, Callable[[float], float]], n: int, curved: bool
) -> Callable[[list[float]], list[float]]:
    """Make the function that gives the values of `n` variables: it is called at every evaluation.

    Parameters
    ----------
    functions : dict
        By index, those variables that differ from their parameters.
    n : int
    curved : bool
        Whether the functions take longer than a comparison.
    """
    if len(functions) < n:
        return lambda point: _replaced(point, functions)
    each = [functions[index] for index in range(n)]
    if not curved:
        return lambda point: [function(u) for function, u in zip(each, point)]
    base = known = [math.nan] * n

    def values(point: list[float]) -> list[float]:
        # Most points are steps along one variable from a base, for a difference.
        nonlocal base, known
        found = [
            value if u == at_base else function(u)
            for u, at_base, value, function in zip(point, base, known, each)
        ]
        if point[0] != base[0] and point[-1] != base[-1]:
            base, known = point, found
        return found

    return values


def _replaced(point: list[float], functions: dict[int, Callable[[float], float]]) -> list[float]:
    if not functions:
        return point
    values = point.copy()
    for index, function in functions.items():
        values[index] = function(point[index])
    return values


class View:
    """A Problem as a function of an array in one of the spaces.

    Attributes
    ----------
    problem : Problem
    space : Space
    start : ndarray, shape (n,)
        The start values in this space.
    names : list of str
        Names of the variables.
    values : callable
        ``values(point) -> list``: the values of the variables, in the units of the parameters, at a
        point of this space, given as a list; both have length n.

    Examples
    --------
    An engine gets a View; here one is made by hand, with its variable as it is:

    >>> import numpy as np
    >>> from lmfit import Minimizer, create_params
    >>> fitter = Minimizer(lambda p: np.array([p["a"] - 2.0, 1.0]), create_params(a={"value": 1.0, "min": 0}))
    >>> _ = fitter.leastsq(Dfun=lambda p: np.array([[1.0], [0.0]]))
    >>> problem = fitter.search_again()[1]
    >>> _ = problem.begin()
    >>> view = problem.view(Space.EXTERNAL)
    >>> point = np.array([3.0])
    >>> view.residual(point), view.evaluate([3.0]), view.cost(point)
    (array([1., 1.]), array([1., 1.]), 2.0)
    >>> view.values([3.0]), view.to_space([3.0]), view.derivative(point)
    ([3.0], array([3.]), array([1.]))
    >>> view.jacobian(point).tolist(), view.gradient(point).round(4), view.hessian(point).round(4)
    ([[1.0], [0.0]], array([2.]), array([[2.]]))
    >>> view.differences(point).round(4).tolist(), view.central_differences(point).round(4).tolist()
    ([[1.0], [0.0]], [[1.0], [0.0]])
    >>> bool(view.wall(np.array([np.nan, 1.0])).sum() > view.residual(point).sum())
    True
    """

    def __init__(self, problem: Problem, space: Space) -> None:
        self.problem, self.space = problem, space
        self.names = problem.names
        self._maps = list(self._needed_maps())
        self._inverse = {index: _function(found) for index, found in self._maps}
        self._curved = [index for index, found in self._maps if isinstance(found, Bounded)]
        self.values = _valuer(self._inverse, len(problem.start), bool(self._curved))
        self.start = self._start()
        self._differenced: tuple[list[float], Array] | None = None

    @cached_property
    def lower(self) -> Array:
        """Lower bounds in this space, ``-inf`` where there is none; shape (n,)."""
        return self._limits(self.problem.domain.lower, -np.inf)

    @cached_property
    def upper(self) -> Array:
        """Upper bounds in this space, ``inf`` where there is none; shape (n,)."""
        return self._limits(self.problem.domain.upper, np.inf)

    def _limits(self, values: Array, none: float) -> Array:
        free = self.space is Space.INTERNAL
        return np.full(len(values), none) if free else self.to_space(values.tolist())

    def _start(self) -> Array:
        start = list(self.problem.start)
        for index, found in self._maps:
            # That of a curve is inside, also where the value is on its bound.
            start[index] = 1.0 if isinstance(found, Bounded) else found.to_internal(start[index])
        return np.array(start, dtype=float)

    def _needed_maps(self) -> Iterator[tuple[int, _Map]]:
        """Those of the variables that differ from their parameters."""
        problem, domain = self.problem, self.problem.domain
        if self.space is Space.EXTERNAL or (
            self.space is Space.INTERNAL and not (domain.bounded or problem.scalar)
        ):
            return
        limits = zip(problem.start, domain.lower.tolist(), domain.upper.tolist())
        for index, (value, low, high) in enumerate(limits):
            found = self._map(value, low, high)
            if found is not None:
                yield index, found

    def _map(self, value: float, low: float, high: float) -> _Map | None:
        """How one parameter depends on its variable; None where they are the same."""
        found = transform(value, low, high) if self.space is Space.INTERNAL else None
        scaled = self.space is Space.SCALED or (self.space is Space.INTERNAL and self.problem.scalar)
        return _Scaled.by_start(value, low, high) if found is None and scaled else found

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """The bounds of each variable in this space, as SciPy takes them."""
        return list(zip(self.lower.tolist(), self.upper.tolist()))

    @property
    def transforms(self) -> bool:
        """Whether any variable differs from its parameter."""
        return bool(self._maps)

    @property
    def starts_inside(self) -> bool:
        """Whether no start value had to be moved off its bound."""
        domain = self.problem.domain
        limits = zip(self.problem.start, domain.lower.tolist(), domain.upper.tolist())
        return not self._maps or all(low < value < high for value, low, high in limits)

    @property
    def has_jacobian(self) -> bool:
        """Whether the user gives derivatives."""
        return self.problem.derivative is not None

    def to_space(self, values: Sequence[float]) -> Array:
        """Return the point of this space for values of the variables.

        Parameters
        ----------
        values : sequence of float, length n
            In the units of the parameters.

        Returns
        -------
        ndarray, shape (n,)
            In this space.
        """
        u = np.array(values, dtype=float)
        for index, found in self._maps:
            u[index] = found.to_internal(float(values[index]))
        return u

    def derivative(self, u: Array) -> Array:
        """Return the derivative of each value by its variable of this space.

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.

        Returns
        -------
        ndarray, shape (n,)
            1 where the two are the same.
        """
        slopes = [1.0] * len(u)
        for index, found in self._maps:
            slopes[index] = found.derivative(float(u[index]))
        return np.array(slopes)

    def evaluate(self, point: list[float]) -> Array:
        """Return the residual; `problem.rejected` tells that it is not finite.

        Parameters
        ----------
        point : list of float, length n
            In this space.

        Returns
        -------
        ndarray, shape (m,)
            As the objective gives it.
        """
        return self.problem.residual(self.values(point))

    def residual(self, u: Array) -> Array:
        """Return the residual; at a rejected point a finite one, larger than any at good points.

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.

        Returns
        -------
        ndarray, shape (m,)
            All its elements are finite.
        """
        residual = self.evaluate(u.tolist())
        if self.problem.rejected:
            self.problem.rejected = False
            return self.wall(residual)
        return residual

    def cost(self, u: Array) -> float:
        """Return the number to minimise; at a rejected point a finite one, larger than at good points.

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.

        Returns
        -------
        float
            Sum of squares of the residual, or what stands for it.
        """
        problem = self.problem
        self.evaluate(u.tolist())
        if problem.rejected:
            problem.rejected = False
            return self.wall_cost
        return problem.last_cost

    def jacobian(self, u: Array) -> Array:
        """Return the user's derivatives of the residual by the variables of this space, shape (m, n).

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.

        Returns
        -------
        ndarray, shape (m, n)
            A row for each of the data.

        Raises
        ------
        MinimizerException
            The user's function has returned something else.
        """
        known = self.problem.user_derivative(self.values(u.tolist()))
        if known.ndim == 1:
            raise MinimizerException(
                f"the derivative function returned a gradient of the cost; this engine needs "
                f"derivatives of the residual, shape {(self.problem.size, len(known))}"
            )
        for index, found in self._maps:
            known[:, index] *= found.derivative(float(u[index]))
        return known

    def gradient(self, u: Array, at_u: Array | None = None) -> Array:
        """Return the derivatives of the cost by the variables of this space, shape (n,).

        From the user's derivatives; without them by differences of the residual, which, near the
        minimum, are far more accurate than differences of the cost.

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.
        at_u : ndarray, shape (m,), optional
            The residual there, if it is known.

        Returns
        -------
        ndarray, shape (n,)
            Zero at the minimum, unless that is at a bound.
        """
        cost = self.problem.summed_cost
        if self.has_jacobian:
            known = self.problem.user_derivative(self.values(u.tolist())) * self._visible_slopes(u)
            if known.ndim == 1 or self.problem.returns_number:
                return known.reshape(-1)
            if cost is not None:
                return np.asarray(known.T @ _pull(cost, self._residual(u, at_u)))
        if cost is None:
            return gradient(self.cost, u, self._units, self._domain)
        at_u = self._residual(u, at_u)
        return np.asarray(self.differences(u, at_u).T @ _pull(cost, at_u))

    def hessian(self, u: Array, at_u: Array | None = None) -> Array:
        """Return second derivatives of the cost by the variables of this space, shape (n, n).

        Those of the user; without them the Gauss-Newton approximation from first derivatives of the
        residual, or differences of the cost where there is no residual.

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.
        at_u : ndarray, shape (m,), optional
            The residual there, if it is known.

        Returns
        -------
        ndarray, shape (n, n)
            Symmetric.
        """
        problem, cost = self.problem, self.problem.summed_cost
        if problem.curvature is not None:
            return self._user_hessian(u)
        if cost is None:
            return hessian(self.cost, u, self._units, self._domain)
        at_u = self._residual(u, at_u)
        known = problem.user_derivative(self.values(u.tolist())) if self.has_jacobian else np.empty(0)
        jacobian = known * self._visible_slopes(u) if known.ndim == 2 else self.differences(u, at_u)
        if cost is SUM_OF_SQUARES:
            found = 2.0 * (jacobian.T @ jacobian)
        else:
            found = jacobian.T @ (cost.slopes(at_u)[1][:, np.newaxis] * jacobian)
        if self._curved:
            # Close to a bound the curve of `_bounds` bends more than the residual does.
            found += np.diag(np.maximum(self._bend(u, jacobian.T @ _pull(cost, at_u)), 0.0))
        return np.asarray(found)

    def differences(self, u: Array, at_u: Array | None = None) -> Array:
        """Return derivatives of the residual by forward differences, shape (m, n).

        Backward differences where a bound or a rejected point is ahead.

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.
        at_u : ndarray, shape (m,), optional
            The residual there, if it is known.

        Returns
        -------
        ndarray, shape (m, n)
            Zero in the columns of variables that can go neither way.
        """
        if self._differenced is not None and self._differenced[0] == u.tolist():
            return self._differenced[1]  # the gradient has asked before the Hessian does
        at_u = self._residual(u, at_u)
        rows, values = np.zeros((len(u), len(at_u))), self.values(u.tolist())
        visible, units = self._visible_slopes(u).tolist(), self._units.tolist()
        for j, (value, (lower, upper)) in enumerate(zip(u.tolist(), self.bounds)):
            if not visible[j]:
                continue
            step = _FORWARD * max(abs(value), units[j])
            for move in (step, -step) if value + step <= upper else (-step, step):
                there, point = min(max(value + move, lower), upper), values.copy()
                point[j] = self._inverse[j](there) if j in self._inverse else there
                moved = self.problem.residual(point)
                rejected, self.problem.rejected = self.problem.rejected, False
                if not rejected and there != value:
                    row = np.subtract(moved, at_u, out=rows[j])
                    row /= there - value
                    break
        self._differenced = u.tolist(), rows.T
        return rows.T

    def central_differences(self, u: Array) -> Array:
        """Return derivatives of the residual by central differences, shape (m, n).

        Parameters
        ----------
        u : ndarray, shape (n,)
            A point of this space.

        Returns
        -------
        ndarray, shape (m, n)
            More exact than forward ones, for twice the evaluations.
        """
        values = np.array(self.values(u.tolist()))
        at_u = self._residual(u, None)
        return self.problem.jacobian(values, at_u, np.zeros(len(u))) * self.derivative(u)

    def wall(self, residual: Array) -> Array:
        """Return the residual that stands for a point without one.

        Parameters
        ----------
        residual : ndarray, shape (m,)
            What the objective gave there, finite or not.

        Returns
        -------
        ndarray, shape (m,)
            Finite, and with a sum of squares above any that has been found.
        """
        height = _WALL * max(self.problem.start_norm, 1e-100)
        return np.full(len(residual), height / math.sqrt(len(residual)))

    @property
    def wall_cost(self) -> float:
        """The cost that stands for that of a point without one."""
        problem = self.problem
        if problem.summed_cost is SUM_OF_SQUARES:
            return float(_WALL**2 * max(problem.start_norm, 1e-100) ** 2)
        start = problem.cost(problem.start_residual)
        problem.rejected = False
        return start + _WALL**2 * max(abs(start), abs(start - problem.lowest), 1.0)

    @property
    def _domain(self) -> Domain:
        return Domain(self.lower, self.upper, self._units)

    @cached_property
    def _units(self) -> Array:
        """Sizes of the variables of this space."""
        if self.space is not Space.EXTERNAL:
            return np.ones(len(self.start))
        domain = self.problem.domain
        limits = zip(self.problem.start, domain.lower.tolist(), domain.upper.tolist())
        return np.array([_Scaled.by_start(value, low, high).unit for value, low, high in limits])

    def _residual(self, u: Array, known: Array | None) -> Array:
        """A copy of the residual; zeros, which have no derivatives, where it is not finite."""
        if known is not None:
            return known
        residual = np.array(self.evaluate(u.tolist()))
        rejected, self.problem.rejected = self.problem.rejected, False
        return np.zeros(len(residual)) if rejected else residual

    def _visible_slopes(self, u: Array) -> Array:
        """The `derivative`, but zero where a value is as good as on its bound.

        An optimiser would follow the rest of a slope there, and never come to an end.
        """
        if not self._curved:
            return self._first_slopes
        slopes = self.derivative(u)
        slopes[slopes < _ON_BOUND * self._first_slopes] = 0.0
        return slopes

    @cached_property
    def _first_slopes(self) -> Array:
        return self.derivative(self.start)

    def _user_hessian(self, u: Array) -> Array:
        """The user's second derivatives, with those of the values by the variables of this space."""
        slopes = self._visible_slopes(u)
        known = self.problem.user_hessian(self.values(u.tolist())) * np.outer(slopes, slopes)
        return known + np.diag(self._bend(u, self.gradient(u))) if self._curved else known

    def _bend(self, u: Array, slope: Array) -> Array:
        """What the curvature of the maps adds to the second derivatives of a cost with this gradient."""
        step = _CENTRAL * np.maximum(np.abs(u), self._units)
        first = self._visible_slopes(u)
        second = (self.derivative(u + step) - self.derivative(u - step)) / (2.0 * step)
        return np.asarray(np.divide(second * slope, first, out=np.zeros(len(u)), where=first > 0.0))


def _pull(cost: Cost, residual: Array) -> Array:
    """The derivatives of a cost by each residual."""
    return 2.0 * residual if cost is SUM_OF_SQUARES else cost.slopes(residual)[0]
