r"""Confidence limits and regions of the parameters of a fit, by profiles of chi-square.

For the limits of one parameter it is held at a value, all others are fitted again, and the
value is moved until chi-square has risen by as much as the level allows (the manual's
chapter 4).  What a rise means is in `_levels`, how the value is found in `_profile`, the
refits in `_refit`.

Nothing here touches the Parameters or the result of the fit.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, overload

import numpy as np
from scipy import special

from . import _engines
from ._constrained import ConstrainedFit, Recipe
from ._derivatives import Array
from ._engines import Objective
from ._engines.parallel import mapping, pool
from ._intervals import ConfidenceIntervals, Interval, Limit, Missing, Traces, chosen
from ._levels import F_TEST, KNOWN_ERRORS, LIKELIHOOD, f_probability, probabilities
from ._problem import Policy
from ._profile import INTERRUPTED, TOO_FAR, Failure, Node, Side, crossings
from ._progress import counted
from ._refit import State
from ._region import Grid, walked
from ._rules import check_setting
from .errors import MinimizerException
from .minimizer import _derivative
from .printfuncs import ci_report, report_ci
from .result import MinimizerResult

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "ConfidenceIntervals",
    "ConfidenceRegion",
    "ci_report",
    "conf_interval",
    "conf_interval2d",
    "f_compare",
    "report_ci",
]

#: The manual's levels.
SIGMAS = (0.674, 0.95, 0.997)
#: Fraction of the rise of one standard error by which chi-square may be below that of the fit.
_BETTER = 1e-2
#: A refit whose start has risen by more than this many times three standard errors is not tried.
_CEILING = 450.0
#: Below this fraction of the steepness a curvature of the profile is rounding.
_FLAT = 1e-7
_MAX_RESTARTS = 5
#: Largest first step in units of the parameter's size.
_FIRST = 0.3
#: A probability that needs no further digits.
_CERTAIN = 1.0 - 1e-9

ProbFunc: TypeAlias = "str | Callable[..., float] | None"


def f_compare(
    ndata: Any, nparas: Any, new_chi: float = math.nan, best_chi: float = math.nan, nfix: float = 1.0
) -> float:
    """Return the probability that a model with parameters fixed is worse by more than chance (F test).

    Parameters
    ----------
    ndata : int
        Number of data; or the result of the best fit.
    nparas : int
        Number of variables of the best fit; or the result of the fit with parameters fixed.
    new_chi, best_chi : float
        Chi-square of the fit with parameters fixed, and of the best one.
    nfix : float, optional
        Number of parameters that are fixed.

    Returns
    -------
    float
        The manual's section 4.1.

    Examples
    --------
    >>> round(f_compare(ndata=100, nparas=3, new_chi=1.05, best_chi=1.0), 4)
    0.97
    """
    if hasattr(ndata, "chisqr"):
        best, new = ndata, nparas
        fixed = best.nvarys - new.nvarys
        return f_probability(best.nfree + best.nvarys, best.nvarys, new.chisqr, best.chisqr, fixed)
    return f_probability(ndata, nparas, new_chi, best_chi, nfix)


@dataclass(frozen=True, eq=False)
class ConfidenceRegion:
    """The probabilities of pairs of values, to be unpacked as ``x, y, grid``.

    Attributes
    ----------
    x, y : ndarray, shapes (nx,) and (ny,)
        Values of the two parameters.
    grid : ndarray, shape (ny, nx)
        Probabilities, or chi-square if that was asked for; nan where no refit has converged.
    names : tuple of str
        The two parameters.
    nfev : int
        Number of evaluations of the objective.
    missing : dict of str to int
        Why cells are nan, in a word as of the limits of `conf_interval`, and how many of them.

    Examples
    --------
    >>> grid = np.array([[0.5, 0.1, np.nan]] * 2)
    >>> region = ConfidenceRegion(np.zeros(3), np.zeros(2), grid, ("a", "b"), 6, {"not finite": 2})
    >>> x, y, grid = region
    >>> grid.shape, region.failed, region.missing
    ((2, 3), 2, {'not finite': 2})
    >>> region
    <ConfidenceRegion of a and b: 3 x 2 values, 2 without a value>
    """

    x: Array
    y: Array
    grid: Array
    names: tuple[str, str]
    nfev: int
    missing: dict[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Array]:
        return iter((self.x, self.y, self.grid))

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Array:
        return (self.x, self.y, self.grid)[index]

    def __repr__(self) -> str:
        missing = f", {self.failed} without a value" if self.failed else ""
        size = f"{self.x.size} x {self.y.size}"
        return f"<{type(self).__name__} of {' and '.join(self.names)}: {size} values{missing}>"

    @property
    def failed(self) -> int:
        """Number of cells that are nan."""
        return int(np.isnan(self.grid).sum())


class _Settings(TypedDict, total=False):
    """The keywords of `conf_interval` but `trace`, on which depends what it returns."""

    result: Any
    p_names: str | Iterable[str] | None
    sigmas: float | Iterable[float] | None
    maxiter: int
    verbose: bool
    prob_func: ProbFunc
    min_rel_change: float
    executor: Any
    progress: bool
    restart: bool


@overload
def conf_interval(
    minimizer: Any, *positional: Any, trace: Literal[True], **settings: Unpack[_Settings]
) -> tuple[ConfidenceIntervals, Traces]: ...


@overload
def conf_interval(minimizer: Any, **settings: Unpack[_Settings]) -> ConfidenceIntervals: ...


# Two more by position are names and levels, or a result and names; among three `trace` may be.
@overload
def conf_interval(
    minimizer: Any, second: Any, third: Any = ..., /, **settings: Unpack[_Settings]
) -> ConfidenceIntervals: ...


@overload
def conf_interval(
    minimizer: Any, *positional: Any, trace: bool = ..., **settings: Unpack[_Settings]
) -> Any: ...


def conf_interval(
    minimizer: Any,
    *positional: Any,
    result: Any = None,
    p_names: str | Iterable[str] | None = None,
    sigmas: float | Iterable[float] | None = None,
    trace: bool = False,
    maxiter: int = 200,
    verbose: bool = False,
    prob_func: ProbFunc = None,
    min_rel_change: float = 1e-5,
    executor: Any = None,
    progress: bool = False,
    restart: bool = False,
) -> Any:
    """Return confidence limits of the parameters of a fit.

    A parameter is varied while the others are fitted again, until chi-square has risen by as much as
    the level allows.  The limits need not be symmetric, and need no covariance.  The search goes outwards
    from the best value to where a level is first reached; farther out there may be values within it again.

    Parameters
    ----------
    minimizer : Minimizer
        After a fit.
    *positional
        The order is that of the manual: `p_names`, `sigmas`, `trace`, `maxiter`, `verbose`, `prob_func`;
        or, where the second argument is a result, that of lmfit 1.x: `result`, `p_names`, ...,
        `prob_func`, `min_rel_change`.
    result : MinimizerResult, optional
        The fit; that of the minimizer by default.
    p_names : str or list of str, optional
        Parameters whose limits are wanted, by default all variables.  Tied ones are allowed.
    sigmas : float or list of float, optional
        Levels: below 1 a probability, from 1 on a number of standard errors.  Default
        ``(0.674, 0.95, 0.997)``.
    trace : bool, optional
        Whether to return all points that were found, too.
    maxiter : int, optional
        Largest number of refits for one limit.
    verbose : bool, optional
        Whether to print each limit when it is found.
    prob_func : {None, 'f', 'lr', 'chi2'} or callable, optional
        Probability of a rise of chi-square.  None: the F test (`f_compare`), or where the errors of the
        data are known (``scale_covar=False``) the chi-square test; 'f': the F test in any case; 'lr': the
        likelihood ratio; 'chi2': the chi-square test.  A function is called as ``prob_func(ndata, nparas,
        new_chi, best_chi, nfix=1)`` or, if it has two required arguments, ``prob_func(best_fit, new_fit)``.
    min_rel_change : float, optional
        Relative change of chi-square that counts as none where a limit may not exist.
    executor : Executor or callable, optional
        For one profile per worker: an executor of `concurrent.futures`, a number of processes, or a
        function like `map`.
    progress : bool, optional
        Whether to show a bar with the number of profiles.
    restart : bool, optional
        Whether to begin again, at a better minimum, should one be found.

    Returns
    -------
    ConfidenceIntervals
        For each name a list of pairs ``(probability, value)`` from the lowest limit to the highest,
        with the best value at probability 0.  A limit that does not exist is -inf or inf where all
        values are within the level, and nan where the search ended before; its `status` says why.  At a
        bound of the parameter that is nan.  Ctrl-C ends the search and keeps the limits that were found.
    trace : dict
        Only if asked for: ``trace[name][other]`` are the values of all parameters, in ascending order of
        the one named first, ``trace[name]['prob']`` the probabilities.

    Raises
    ------
    MinimizerException
        There is no fit, or nothing to vary.
    ValueError
        A name is no variable or tied parameter, or a level is not positive.

    Examples
    --------
    >>> from lmfit import create_params, minimize
    >>> x = np.linspace(0.3, 10, 100)
    >>> data = 1 / (0.1 * x) + 2 + 0.1 * np.cos(37 * x)
    >>> fit = minimize(lambda p: 1 / (p["a"] * x) + p["b"] - data, create_params(a=0.1, b=1))
    >>> report_ci(conf_interval(fit, sigmas=[0.68, 0.95]))
          95.00%     68.00%      0.00%     68.00%     95.00%
    a    0.09973    0.09987    0.10001    0.10015    0.10029
          95.00%     68.00%      0.00%     68.00%     95.00%
    b    1.98319    1.99194    2.00082    2.00970    2.01845
    """
    call = _in_order(positional, _MANUAL_ORDER, {
        "result": result, "p_names": p_names, "sigmas": sigmas, "trace": trace, "maxiter": maxiter,
        "verbose": verbose, "prob_func": prob_func, "min_rel_change": min_rel_change,
    })  # fmt: skip
    recipe = _recipe(minimizer, call["result"])
    levels = probabilities(SIGMAS if call["sigmas"] is None else call["sigmas"])
    names = chosen(call["p_names"], recipe.params)
    test = _Test.of(call["prob_func"])
    check_setting("maxiter", call["maxiter"], 1, "a number of refits, at least 1")
    task = _Profiles(recipe, test, levels, int(call["maxiter"]), float(call["min_rel_change"]))
    nfev, better = 0, None
    for _ in range(_MAX_RESTARTS if restart else 1):
        found = _collected(task, names, executor, progress, bool(call["verbose"]))
        nfev += sum(profile.nfev for profile in found)
        lowest = min(found, key=lambda profile: profile.lowest)
        if not lowest.better or found[-1].interrupted:
            break
        better = _settled(recipe, lowest.better)
        task = replace(task, recipe=_moved(recipe, better))
    ci = ConfidenceIntervals({profile.name: profile.interval for profile in found}, nfev, better)
    return (ci, {profile.name: profile.trace for profile in found if profile.trace}) if call["trace"] else ci


def conf_interval2d(
    minimizer: Any,
    *positional: Any,
    result: Any = None,
    x_name: str | None = None,
    y_name: str | None = None,
    nx: int = 10,
    ny: int = 10,
    limits: Any = None,
    prob_func: ProbFunc = None,
    nsigma: float = 5.0,
    chi2_out: bool = False,
    log: bool | str = False,
    executor: Any = None,
    progress: bool = False,
) -> ConfidenceRegion:
    """Return the probabilities of pairs of values of two parameters.

    Parameters
    ----------
    minimizer : Minimizer
        After a fit.
    *positional
        `x_name`, `y_name`, `nx`, `ny`, `limits`, `prob_func`, `nsigma`, `chi2_out`, as in the manual and,
        with the result before them, as in lmfit 1.x.
    result : MinimizerResult, optional
        The fit; that of the minimizer by default.
    x_name, y_name : str
        Two variables or tied parameters.
    nx, ny : int, optional
        Number of values of each.
    limits : tuple, optional
        ``((x_upper, x_lower), (y_upper, y_lower))``, in any order; `nsigma` standard errors on either
        side by default, within the bounds.
    prob_func : {None, 'f', 'lr', 'chi2'} or callable, optional
        As of `conf_interval`.
    nsigma : float, optional
        Number of standard errors on either side, where `limits` are not given.
    chi2_out : bool, optional
        Whether to return chi-square instead of probabilities.
    log : bool or {'x', 'y'}, optional
        Whether the values are to be spaced by their logarithms: both, or those of one axis.
    executor : Executor or callable, optional
        For blocks of rows in parallel, as of `conf_interval`.
    progress : bool, optional
        Whether to show a bar with the number of rows.

    Returns
    -------
    ConfidenceRegion
        To be unpacked as ``x, y, grid``; `grid` has shape (ny, nx), as ``contourf(x, y, grid)`` needs
        it.  Cells without a refit that converged are nan: `failed` is their number, `missing` says why.

    Raises
    ------
    MinimizerException
        There is no fit.
    ValueError
        A name is no variable or tied parameter, or there are no limits.

    Examples
    --------
    >>> from lmfit import create_params, minimize
    >>> x = np.linspace(0.3, 10, 100)
    >>> data = 1 / (0.1 * x) + 2 + 0.1 * np.cos(37 * x)
    >>> fit = minimize(lambda p: 1 / (p["a"] * x) + p["b"] - data, create_params(a=0.1, b=1))
    >>> a, b, probability = conf_interval2d(fit, "a", "b", nx=5, ny=4, nsigma=2)
    >>> probability.shape, bool(probability.max() < 1)
    ((4, 5), True)
    """
    call = _in_order(positional, _ORDER_2D, {
        "result": result, "x_name": x_name, "y_name": y_name, "nx": nx, "ny": ny, "limits": limits,
        "prob_func": prob_func, "nsigma": nsigma, "chi2_out": chi2_out,
    })  # fmt: skip
    recipe = _recipe(minimizer, call["result"])
    names = _two_names(recipe, call["x_name"], call["y_name"])
    for setting in ("nx", "ny"):
        check_setting(setting, call[setting], 1, "a number of values, at least 1")
    check_setting("nsigma", call["nsigma"], 0, "a number that is not negative")
    spans = _spans(recipe, names, call["limits"], float(call["nsigma"]))
    xs, ys = (
        _spaced(name, span, int(count), log is True or log == axis)
        for name, span, count, axis in zip(names, spans, (call["nx"], call["ny"]), "xy")
    )
    task = _Region(recipe, _Test.of(call["prob_func"]), names, xs, bool(call["chi2_out"]))
    rows, nfev, missing = _grid(task, ys, executor, progress)
    return ConfidenceRegion(xs, ys, rows, names, nfev, dict(missing))


_MANUAL_ORDER = ("p_names", "sigmas", "trace", "maxiter", "verbose", "prob_func", "min_rel_change")
_ORDER_2D = ("x_name", "y_name", "nx", "ny", "limits", "prob_func", "nsigma", "chi2_out")


def _in_order(positional: tuple[Any, ...], order: tuple[str, ...], named: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name; a result may come before all others."""
    if positional and hasattr(positional[0], "chisqr"):
        order = ("result", *order)
    if len(positional) > len(order):
        raise TypeError(
            f"at most {len(order)} positional arguments can follow the minimizer: {', '.join(order)}"
        )
    return {**named, **dict(zip(order, positional))}


def _recipe(minimizer: Any, result: Any) -> Recipe:
    """How to do the fit of a Minimizer, or of the result of a model's fit, again."""
    given, minimizer = minimizer, getattr(minimizer, "minimizer", minimizer)
    result = getattr(given, "result", None) if result is None else getattr(result, "result", result)
    if not isinstance(result, MinimizerResult):
        raise MinimizerException(
            "confidence intervals need a fit that has been made: call minimizer.leastsq() or minimize() first"
        )
    if not result.nvarys:
        raise MinimizerException(
            "confidence intervals need a fit with variables, but all parameters are fixed"
        )
    engine = _engines.find(result.method)
    policy, _, options = minimizer._settings(engine, {})
    params = copy.copy(result.params)
    for name in params:
        if name.startswith("__"):  # a variable of the sampler's own, not of the objective
            params[name].vary = False
    return Recipe(
        function=minimizer.userfcn,
        params=params,
        args=tuple(minimizer.userargs),
        kws=dict(minimizer.userkws),
        policy=Policy(nan_policy=policy.nan_policy, reduce_fcn=policy.reduce_fcn),
        derivative=_derivative(engine, options),
        column_derivatives=bool(options.pop("col_deriv", False)),
        scalar=engine.objective is Objective.SCALAR,
        curvature=options.pop("hess", None),
        engine=engine.name,
        options={**options, **result.call_kws},
        result=result,
    )


def _moved(recipe: Recipe, values: Mapping[str, float]) -> Recipe:
    params = copy.copy(recipe.params)
    for name, value in values.items():
        params[name].value = value
    return replace(recipe, params=params)


def _settled(recipe: Recipe, values: Mapping[str, float]) -> dict[str, float]:
    """The values of the variables at the minimum next to a point."""
    fit = ConstrainedFit(_moved(recipe, values))
    found = fit.hold([]).refit(np.empty(0), fit.x)
    return dict(zip(fit.names, found.x.tolist()))


def _two_names(recipe: Recipe, x_name: Any, y_name: Any) -> tuple[str, str]:
    for name in (x_name, y_name):
        if name is None:
            raise TypeError("conf_interval2d() needs the names of two parameters, x_name and y_name")
    chosen([x_name, y_name], recipe.params)
    if x_name == y_name:
        raise ValueError(f"x_name and y_name must be two parameters, not {x_name!r} twice")
    return str(x_name), str(y_name)


def _spans(recipe: Recipe, names: tuple[str, str], limits: Any, nsigma: float) -> list[tuple[float, float]]:
    if limits is not None:
        try:
            (x_one, x_two), (y_one, y_two) = np.asarray(limits, dtype=float).tolist()
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"limits must be ((x_upper, x_lower), (y_upper, y_lower)), not {limits!r:.80}"
            ) from error
        return [(min(x_one, x_two), max(x_one, x_two)), (min(y_one, y_two), max(y_one, y_two))]
    found = []
    for name in names:
        par = recipe.params[name]
        if not par.stderr:
            raise ValueError(
                f"parameter {name!r} has no standard error to choose the range by; give limits="
                "((x_upper, x_lower), (y_upper, y_lower))"
            )
        reach = nsigma * par.stderr
        found.append((max(par.value - reach, par.min), min(par.value + reach, par.max)))
    return found


def _spaced(name: str, span: tuple[float, float], count: int, log: bool) -> Array:
    if not log:
        return np.linspace(*span, count)
    if span[0] <= 0.0:
        raise ValueError(
            f"parameter {name!r}: a logarithmic axis needs limits above zero, not {span[0]:g}; give limits"
        )
    return np.geomspace(*span, count)


@dataclass(frozen=True)
class _Test:
    """The probability of a rise of chi-square: one of `Levels`, or a function of the user.

    Attributes
    ----------
    kind : str or None
        That of the `Levels`.
    function : callable or None
    takes_results : bool
        Whether it takes two results, as in lmfit 1.x.
    takes_nfix : bool
        Whether it takes the number of parameters that are fixed.
    """

    kind: str | None
    function: Callable[..., float] | None = None
    takes_results: bool = False
    takes_nfix: bool = True

    @classmethod
    def of(cls, prob_func: ProbFunc) -> _Test:
        if prob_func is None or prob_func in (F_TEST, LIKELIHOOD, KNOWN_ERRORS):
            return cls(prob_func)
        if prob_func is f_compare:
            return cls(F_TEST)
        if not callable(prob_func):
            raise ValueError(
                f"prob_func must be a function, None, {F_TEST!r}, {LIKELIHOOD!r} or {KNOWN_ERRORS!r}, "
                f"not {prob_func!r}"
            )
        required, most = _arguments(prob_func)
        return cls(None, prob_func, required == 2, most > 4)

    def probability(self, fit: ConstrainedFit, rise: float, x: Array, nfix: int) -> float:
        """Return the probability of a rise above the least cost of `fit`."""
        if self.function is None or math.isnan(rise):
            return fit.levels.probability(rise, nfix)
        cost = fit.cost + max(rise, 0.0)
        best = fit.recipe.result
        if not self.takes_results:
            further = (nfix,) if self.takes_nfix else ()
            return float(self.function(best.ndata, best.nvarys, cost, fit.cost, *further))
        nfree = best.nfree + nfix
        params = _moved(fit.recipe, dict(zip(fit.names, x.tolist()))).params
        new = replace(
            best,
            params=params,
            chisqr=cost,
            nfree=nfree,
            nvarys=best.nvarys - nfix,
            redchi=cost / max(1, nfree),
        )
        return float(self.function(replace(best, chisqr=fit.cost), new))


def _arguments(function: Callable[..., Any]) -> tuple[int, float]:
    """How many positional arguments a function must and may have."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some that are written in C do not say
        return 4, 5
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    plain = [par for par in parameters if par.kind in kinds]
    any_number = any(par.kind is par.VAR_POSITIONAL for par in parameters)
    return sum(par.default is par.empty for par in plain), math.inf if any_number else len(plain)


@dataclass(frozen=True)
class _Found:
    """The profile of one parameter."""

    name: str
    interval: Interval
    trace: dict[str, Array]
    nfev: int
    lowest: float
    better: dict[str, float] | None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C has ended the search."""
        return any(limit.missing == Missing.INTERRUPTED for limit in self.interval.limits)


@dataclass(frozen=True)
class _Profiles:
    """Makes the profile of a parameter, in any process."""

    recipe: Recipe
    test: _Test
    levels: tuple[float, ...]
    maxiter: int
    tolerance: float

    @property
    def function(self) -> Callable[..., Any]:
        """The objective, for messages."""
        return self.recipe.function

    def fit(self) -> ConstrainedFit:
        return ConstrainedFit(self.recipe, self.test.kind)

    def without(self, name: str) -> _Found:
        """What is returned for a parameter that Ctrl-C came before."""
        limits = tuple(
            Limit(level, side, math.nan, Missing.INTERRUPTED, _NOT_WAITED)
            for side in (-1, 1)
            for level in self.levels
        )
        return _Found(name, Interval(float(self.recipe.params[name].value), limits), {}, 0, 0.0, None)

    def __call__(self, name: str, fit: ConstrainedFit | None = None) -> _Found:
        # Far from the best point an objective may overflow, which is no news.
        with np.errstate(all="ignore"):
            fit = fit or self.fit()
            before = 0 if fit.used == 0 else fit.nfev
            fit.used += 1
            return _Profile(self, fit, name).found(before)


class _Profile:
    """The search for the limits of one parameter."""

    def __init__(self, task: _Profiles, fit: ConstrainedFit, name: str) -> None:
        self.task, self.fit, self.name = task, fit, name
        self.held = fit.hold([name])
        at_best = self.held.at_best()
        curvature, steepness = float(self.held.curvature(at_best)[0, 0]), float(self.held.steepness()[0])
        slope = math.sqrt(curvature) if curvature > (_FLAT * steepness) ** 2 else 0.0
        t, error = float(self.held.values[0]), math.sqrt(fit.unit_rise)
        sizes = [abs(t), *(error / steep for steep in (slope, steepness) if steep > 0.0)]
        self.unit = max(sizes) or 1.0
        # Where the others follow closely, the straight line of the tangent soon ends.
        self.first = (
            max(_FIRST * abs(t), 100.0 * _FIRST * error / steepness if steepness else 0.0) or self.unit
        )
        self.ceiling = fit.cost + _CEILING * fit.unit_rise
        self.best = Node(t, 0.0, slope * self._z_by_root(), 0.0, self.held.x, at_best.tangent[:, 0])
        self.targets = [self._target(level) for level in task.levels]
        self.nodes = [self.best]
        self.interrupted = False

    def found(self, before: int) -> _Found:
        limits = [*self._limits(-1), *self._limits(1)]
        lowest = min(self.nodes, key=lambda node: node.rise)
        better = None
        if lowest.rise < -_BETTER * self.fit.unit_rise:
            better = dict(zip(self.fit.names, lowest.x.tolist()))
        interval = Interval(self.best.t, tuple(limits))
        nfev = self.fit.nfev - before
        return _Found(self.name, interval, self._trace(), nfev, lowest.rise, better)

    def _limits(self, sign: int) -> list[Limit]:
        self.held.restart()
        side = Side(
            evaluate=lambda t, start, first: self._node(sign, t, start, first),
            best=self.best,
            sign=sign,
            bound=self._room(sign),
            unit=self.unit,
            first=self.first,
            lowest=-_BETTER * self.fit.unit_rise,
            fixed=tuple(self.held.fixed),
            maxiter=self.task.maxiter,
            tolerance=self.task.tolerance,
        )
        ends = [INTERRUPTED] * len(self.targets) if self.interrupted else crossings(side, self.targets)
        self.interrupted = INTERRUPTED in ends
        self.nodes += side.nodes[1:]
        return [
            Limit(level, sign, float(end.value), end.missing, self._reason(end.missing, side))
            for level, end in zip(self.task.levels, ends)
        ]

    def _room(self, sign: int) -> float:
        par = self.fit.recipe.params[self.name]
        if self.held.tied:
            return math.inf
        return float(par.max - self.best.t if sign > 0 else self.best.t - par.min)

    def _node(self, sign: int, t: float, start: Array, first: list[int]) -> Node | Failure:
        found = self.held.refit(np.array([t]), start, self.ceiling, first)
        if not found.converged:
            return Failure(_FAILURES[found.state])
        rise = found.cost - self.fit.cost
        z, rate = self._measure(rise, found.x)
        value = float(found.x[self.held.fixed[0]])
        return Node(value, z, sign * float(found.gradient[0]) * rate, rise, found.x, found.tangent[:, 0])

    def _measure(self, rise: float, x: Array) -> tuple[float, float]:
        """The measure of a rise that the search goes by, and its derivative by the rise."""
        if self.task.test.function is None:
            z = math.sqrt(max(rise, 0.0))
            return z, 0.5 / z if z > 0.0 else math.nan
        step = 1e-4 * max(rise, 1e-3 * self.fit.unit_rise)
        z, beyond = self._quantile(rise, x), self._quantile(rise + step, x)
        return z, (beyond - z) / step if math.isfinite(beyond) else math.nan

    def _quantile(self, rise: float, x: Array) -> float:
        """The number of standard errors of a normal variable that the user's probability stands for."""
        return _normal(self.task.test.probability(self.fit, rise, x, 1))

    def _target(self, level: float) -> float:
        return math.sqrt(self.fit.levels.rise(level)) if self.task.test.function is None else _normal(level)

    def _z_by_root(self) -> float:
        """Derivative of the measure by the root of the rise, at the best point."""
        return 1.0 if self.task.test.function is None else 1.0 / math.sqrt(self.fit.unit_rise)

    def _trace(self) -> dict[str, Array]:
        """All points in ascending order of the parameter."""
        nodes = sorted(self.nodes, key=lambda node: node.t)
        fit, n = self.fit, len(self.fit.names)
        points = np.array([node.x[:n] for node in nodes])
        columns = dict(zip(fit.names, points.T))
        if fit.problem.tied_names:
            tied = [fit.problem.tied_values(point.tolist()) for point in points]
            columns |= dict(zip(fit.problem.tied_names, np.array(tied).T))
        probs = [self.task.test.probability(fit, node.rise, node.x[:n], 1) for node in nodes]
        return {
            **{name: columns[name] for name in fit.problem.params if name in columns},
            "prob": np.array(probs),
        }

    def _reason(self, missing: str, side: Side) -> str:
        if not missing:
            return ""
        reached = side.nodes[-1]
        prob = self.task.test.probability(self.fit, reached.rise, reached.x, 1)
        par = self.fit.recipe.params[self.name]
        bound = par.max if side.sign > 0 else par.min
        at = f"{self.name} = {reached.t:.6g}"
        lowest = min(side.nodes, key=lambda node: node.rise)
        return {
            Missing.AT_BOUND: f"at its bound {bound:g} the probability is only {prob:.4g}",
            Missing.FLAT: (
                f"chi-square stays below the level: the probability is {prob:.4g} at {at} and does not rise"
            ),
            Missing.NOT_CONVERGED: f"no refit converged beyond {at}",
            Missing.NOT_FINITE: f"the residual is not finite beyond {at}",
            Missing.MAXITER: f"maxiter={side.maxiter} refits did not suffice; the search reached {at}",
            Missing.BETTER_MINIMUM: (
                f"chi-square is lower than that of the fit at {self.name} = {lowest.t:.6g}; "
                "fit again from the values in `better`, or use restart=True"
            ),
            Missing.INTERRUPTED: _NOT_WAITED,
        }[missing]


_NOT_WAITED = "interrupted from the keyboard"
_FAILURES = {
    State.NOT_FINITE: Missing.NOT_FINITE,
    State.STUCK: Missing.NOT_CONVERGED,
    State.TOO_FAR: TOO_FAR,
}


def _normal(probability: float) -> float:
    return math.sqrt(2.0) * float(special.erfinv(min(probability, 1.0)))


def _collected(
    task: _Profiles, names: list[str], executor: Any, progress: bool, verbose: bool
) -> list[_Found]:
    """The profiles of all names; after Ctrl-C, if any limit was found, some without limits."""
    found = []
    try:
        for profile in _profiles(task, names, executor, progress):
            found.append(profile)
            if verbose:
                print(_told(profile))
            if profile.interrupted:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        if not any(limit.found for profile in found for limit in profile.interval.limits):
            raise
    return [*found, *map(task.without, names[len(found) :])]


def _profiles(task: _Profiles, names: list[str], executor: Any, progress: bool) -> Iterator[_Found]:
    """The profiles of all names, one after the other or in workers."""
    with pool(executor, "executor") as crew:
        if crew is None:
            fit = task.fit()
            profiles: Iterator[_Found] = (task(name, fit) for name in names)
        else:
            profiles = iter(mapping(crew)(task, names))
        yield from counted(profiles, progress, len(names), "confidence", "profile")


def _told(profile: _Found) -> str:
    lines = [f"{profile.name}: {profile.nfev} evaluations"]
    for limit in profile.interval.ordered:
        side = "lower" if limit.side < 0 else "upper"
        lines += [f"  {limit.probability:.2%} {side}: {limit.value:.8g} {limit.reason}".rstrip()]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Region:
    """Makes rows of the grid of two parameters, in any process."""

    recipe: Recipe
    test: _Test
    names: tuple[str, str]
    xs: Array
    chi2_out: bool

    @property
    def function(self) -> Callable[..., Any]:
        """The objective, for messages."""
        return self.recipe.function

    def __call__(self, ys: Array) -> tuple[Grid, int]:
        grid, fit = self._walked(ys)
        return grid, fit.nfev

    def table(
        self,
        ys: Array,
        visit: Callable[[Iterator[int]], Iterator[int]] = iter,
        parts: Sequence[Grid] = (),
    ) -> tuple[Array, int, Counter[str]]:
        """Return the values of the cells, the number of evaluations, and why cells are missing."""
        grid, fit = self._walked(ys, visit, parts)
        missing = Counter(_FAILURES[state] for state in grid.state[np.isnan(grid.cost)])
        if self.chi2_out:
            return grid.cost, fit.nfev, missing
        n = len(fit.names)
        probs = [
            [self.test.probability(fit, cost - fit.cost, x[:n], 2) for cost, x in zip(costs, xs)]
            for costs, xs in zip(grid.cost, grid.x)
        ]
        return np.array(probs), fit.nfev, missing

    def _walked(
        self,
        ys: Array,
        visit: Callable[[Iterator[int]], Iterator[int]] = iter,
        parts: Sequence[Grid] = (),
    ) -> tuple[Grid, ConstrainedFit]:
        with np.errstate(all="ignore"):
            fit = ConstrainedFit(self.recipe, self.test.kind)
            plenty = math.inf if self.chi2_out else fit.levels.rise(_CERTAIN, 2)
            held = fit.hold(self.names, slopes=False, plenty=plenty)
            twins = held.twins(most=self.xs.size * ys.size)
            best = held.at_best()
            return walked(held.refit, best, held.values, self.xs, ys, plenty, twins, visit, parts), fit


def _grid(task: _Region, ys: Array, executor: Any, progress: bool) -> tuple[Array, int, Counter[str]]:
    """All rows, in one walk or in blocks that workers make, which are joined at the end."""
    with pool(executor, "executor") as crew:
        if crew is None:
            return task.table(ys, lambda rows: counted(rows, progress, len(ys), "confidence", "row"))
        blocks = np.array_split(ys, min(len(ys), _BLOCKS))
        made = list(counted(mapping(crew)(task, blocks), progress, len(blocks), "confidence", "block"))
    table, nfev, missing = task.table(ys, parts=[grid for grid, _ in made])
    return table, nfev + sum(calls for _, calls in made), missing


#: Into how many parts the rows of a grid are divided for workers.
_BLOCKS = 8
