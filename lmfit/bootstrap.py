"""Confidence intervals from simulated data sets, and from a sample of the posterior.

`bootstrap_interval` fits data sets drawn from what a fit has found (see `_resampling` for how, and
for the mathematics); `credible_interval` reads the chain of `Minimizer.emcee`.  Both return what
`conf_interval` returns.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from . import _engines
from ._covariance import Bound
from ._derivatives import Array
from ._engines import Finds, Objective
from ._engines.base import generator
from ._engines.parallel import mapping, pool
from ._intervals import ConfidenceIntervals, Interval, Limit, Missing, chosen
from ._levels import probabilities
from ._problem import Policy, Problem, _as_floats
from ._progress import counted
from ._resampling import (
    KINDS,
    Draw,
    Sampler,
    bca_levels,
    linear_map,
    percentile_levels,
    quantile,
    shortest,
)
from ._robust import SUM_OF_SQUARES
from ._rules import check_setting
from .errors import MinimizerException, close_matches
from .minimizer import Minimizer
from .parameter import Parameters
from .result import MinimizerResult

__all__ = ["BootstrapIntervals", "bootstrap_interval", "credible_interval"]

#: The levels of the manual.
SIGMAS = (0.674, 0.95, 0.997)
_NUMBER = "the number of data sets, a positive whole number"
#: Data sets that one process fits before it reports: few enough for a bar to move.
_GROUP = 20


class BootstrapIntervals(ConfidenceIntervals):
    """Limits from a bootstrap, with the sample that they come from.

    Parameters
    ----------
    intervals : mapping of str to Interval
        The limits by name.
    nfev : int
        Number of evaluations of the objective.
    sample : dict of str to ndarray
        By name the values that the refits found.
    n : int
        Number of data sets that were fitted.
    failures : dict of str to int
        Why refits failed, and how many.

    Attributes
    ----------
    sample : dict of str to ndarray
        By name the values that the refits found, all in the same order.
    n : int
        Number of data sets that were fitted.
    failures : dict of str to int
        Why refits failed, and how many; they are not in the sample.

    Examples
    --------
    >>> import numpy as np
    >>> from lmfit.models import LinearModel
    >>> x = np.arange(20.0)
    >>> noise = np.random.default_rng(1).normal(0, 0.5, 20)
    >>> result = LinearModel().fit(2 * x + 1 + noise, x=x, slope=1, intercept=0)
    >>> found = bootstrap_interval(result, sigmas=0.68, n=50, seed=1)
    >>> found.n, found.sample["slope"].shape, sorted(found.asdict()), found.copy() == found
    (50, (50,), ['better', 'failures', 'intervals', 'n', 'nfev', 'sample'], True)
    """

    def __init__(
        self,
        intervals: Mapping[str, Interval] | None = None,
        nfev: int = 0,
        sample: Mapping[str, Array] | None = None,
        n: int = 0,
        failures: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(intervals, nfev)
        self.sample, self.n, self.failures = dict(sample or {}), n, dict(failures or {})

    @property
    def failed(self) -> int:
        """Number of refits that failed."""
        return sum(self.failures.values())

    def copy(self) -> BootstrapIntervals:
        """Return an independent copy.

        Returns
        -------
        BootstrapIntervals
            The sample is copied too.
        """
        return copy.deepcopy(self)

    def asdict(self) -> dict[str, Any]:
        """Return all that is known as plain dictionaries, lists and numbers.

        Returns
        -------
        dict
            For JSON, say.
        """
        sample = {name: values.tolist() for name, values in self.sample.items()}
        return {**super().asdict(), "sample": sample, "n": self.n, "failures": self.failures}


def bootstrap_interval(
    minimizer: Any,
    result: MinimizerResult | str | Sequence[str] | None = None,
    p_names: str | Iterable[str] | None = None,
    sigmas: float | Iterable[float] = SIGMAS,
    n: int = 1000,
    kind: str = "residual",
    limits: str = "percentile",
    seed: Any = None,
    executor: Any = None,
    progress: bool = False,
) -> BootstrapIntervals:
    """Estimate confidence intervals by fitting simulated data sets.

    Parameters
    ----------
    minimizer : Minimizer or ModelResult
        After a fit.  Its objective must return a residual.
    result : MinimizerResult, optional
        That of the fit; the last one by default.  Names in its place are taken as `p_names`.
    p_names : str or sequence of str, optional
        Variables or tied parameters; by default all variables.
    sigmas : float or sequence of float, optional
        Levels: below 1 a probability, from 1 on a number of standard deviations.
    n : int, optional
        Number of data sets.  Limits of a probability *P* need at least ``2 / (1 - P)``, and some ten
        times as many to be reproducible to a few percent of their distance from the best value.
    kind : {'residual', 'case', 'parametric'}, optional
        How data sets are made: with errors drawn from the residuals, from data points drawn with
        replacement, or with normal errors.  The size of normal errors is that of the residuals; with
        ``scale_covar=False`` the residual is in units of known errors, and their size is 1.
    limits : {'percentile', 'bca'}, optional
        The quantiles of the results, or these corrected for bias and acceleration.
    seed : int, Generator or None, optional
        The same seed gives the same limits, whatever the `executor`.
    executor : int, Executor or callable, optional
        Number of processes (-1 for one per processor), an executor of `concurrent.futures` or alike,
        or a function like `map`.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    BootstrapIntervals
        By name the limits as `conf_interval` returns them; also the sample.

    Raises
    ------
    ValueError
        An argument has a value that is not allowed, or the objective returns no residual.
    MinimizerException
        There has been no fit.

    Notes
    -----
    Refits start at the best values, with the settings of the fit.  Where the fit minimised the sum of
    squares as a number, or searched globally, the refits use a local engine for the same minimum.  Those
    that fail are counted in `failures` and left out; `status` tells how many they were.

    A complex residual counts as pairs of real data, which are drawn one by one.

    Examples
    --------
    >>> import numpy as np
    >>> from lmfit import Minimizer, create_params
    >>> x = np.linspace(0, 4, 20)
    >>> data = 3.0 * np.exp(-x / 1.5) + 0.05 * np.sin(40 * x)
    >>> def residual(params, x, data):
    ...     return params["amp"] * np.exp(-x / params["tau"]) - data
    >>> fitter = Minimizer(residual, create_params(amp=1, tau=1), fcn_args=(x, data))
    >>> fit = fitter.leastsq()
    >>> ci = bootstrap_interval(fitter, sigmas=1, n=200, seed=1)
    >>> low, best, high = (value for _, value in ci["tau"])
    >>> bool(low < best < high), round((high - low) / 2 / fit.params["tau"].stderr)
    (True, 1)
    """
    _check_choice("kind", kind, KINDS)
    _check_choice("limits", limits, ("percentile", "bca"))
    check_setting("n", n, 1, _NUMBER)
    if n != int(n):
        raise ValueError(f"n must be {_NUMBER}, but is {n!r}")
    levels = probabilities(sigmas)
    if isinstance(result, (str, list, tuple)):
        result, p_names = None, result
    fit = _Fit.of(minimizer, result, kind)
    names = chosen(p_names, fit.problem.params)
    answers = _collected(fit.refits(names), _seeds(seed, int(n)), executor, progress)
    good = [answer.values for answer in answers if not answer.failure]
    sample = dict(zip(names, np.array(good, dtype=float).reshape(-1, len(names)).T.copy()))
    failures = Counter(answer.failure for answer in answers if answer.failure)
    accelerations = fit.accelerations(names) if limits == "bca" else {}
    intervals = {}
    for name, values in sample.items():
        pick = _Quantiles(np.sort(values), fit.values[name], accelerations.get(name))
        intervals[name] = _interval(pick, fit.values[name], levels, _note(failures, len(answers)))
    return BootstrapIntervals(
        intervals, sum(answer.nfev for answer in answers), sample, len(answers), failures
    )


def credible_interval(
    result: Any,
    p_names: str | Iterable[str] | None = None,
    sigmas: float | Iterable[float] = SIGMAS,
    kind: str = "equal-tailed",
) -> ConfidenceIntervals:
    """Return the intervals that hold a parameter with a probability, from a sample of the posterior.

    Parameters
    ----------
    result : MinimizerResult or Minimizer
        That of `Minimizer.emcee`.
    p_names : str or sequence of str, optional
        Variables or tied parameters; by default all variables.
    sigmas : float or sequence of float, optional
        Levels: below 1 a probability, from 1 on a number of standard deviations.
    kind : {'equal-tailed', 'highest'}, optional
        With the same probability below and above the interval; or the shortest interval, in which, for a
        distribution with one peak, the density is highest.

    Returns
    -------
    ConfidenceIntervals
        By name the limits as `conf_interval` returns them.

    Raises
    ------
    ValueError
        The result has no chain, or an argument has a value that is not allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from lmfit import create_params
    >>> chain = {"a": np.random.default_rng(1).exponential(size=100_000)}
    >>> result = SimpleNamespace(flatchain=chain, var_names=["a"], params=create_params(a=0.69))
    >>> [round(value, 1) for _, value in credible_interval(result, sigmas=0.9)["a"]]
    [0.1, 0.7, 3.0]
    >>> [round(value, 1) for _, value in credible_interval(result, sigmas=0.9, kind="highest")["a"]]
    [0.0, 0.7, 2.3]
    """
    _check_choice("kind", kind, ("equal-tailed", "highest"))
    levels = probabilities(sigmas)
    flatchain = getattr(result, "flatchain", None)
    if flatchain is None:
        raise ValueError(
            "there is no chain to take credible intervals from: call Minimizer.emcee(), which needs "
            "pip install 'lmfit[mcmc]', and give its result"
        )
    names = chosen(p_names, result.params)
    sample = _sample_of(flatchain, result.params, result.var_names, names)
    pick = _Quantiles if kind == "equal-tailed" else _Shortest
    values = {name: float(result.params[name].value) for name in names}
    return ConfidenceIntervals(
        {
            name: _interval(pick(np.sort(column), values[name]), values[name], levels, "")
            for name, column in sample.items()
        }
    )


@dataclass(frozen=True)
class _Answer:
    """What one refit gives: values of the parameters, or why there are none."""

    values: list[float]
    failure: str
    nfev: int


@dataclass(frozen=True)
class _Refits:
    """Fits of simulated data sets; what a worker must know for them.

    Attributes
    ----------
    function, args, kws, policy, derivative, column_derivatives, scalar
        As of `Problem`.
    params : Parameters
        At the best values.
    engine : str
        Name of the engine.
    options : dict
        For the engine.
    sampler : Sampler
    names : list of str
        Parameters whose values are wanted.
    """

    function: Callable[..., Any]
    params: Parameters
    args: Sequence[Any]
    kws: Mapping[str, Any]
    policy: Policy
    derivative: Callable[..., Any] | None
    column_derivatives: bool
    scalar: bool
    engine: str
    options: Mapping[str, Any]
    sampler: Sampler
    names: list[str]

    def __call__(self, seeds: Sequence[np.random.SeedSequence]) -> list[_Answer]:
        """Return the answer for each of the seeds."""
        derivative = self._derivative()
        draws = (self.sampler.draw(np.random.default_rng(seed)) for seed in seeds)
        return [self._refit(self._problem(draw, derivative)) for draw in draws]

    def _refit(self, problem: Problem) -> _Answer:
        engine = _engines.find(self.engine)
        try:
            problem.begin()
            outcome = engine.run(problem.view(engine.space), dict(self.options))
            best = problem.best
            if not outcome.success or best is None:
                return _Answer([], f"no convergence: {outcome.message}", problem.nfev)
            problem.set_values(best.values)
            values = [float(problem.params[name].value) for name in self.names]
        # A data set that the model cannot follow is one that failed, and not the end of the others.
        except (MinimizerException, ArithmeticError, ValueError) as error:
            return _Answer([], f"{type(error).__name__}: {error}", problem.nfev)
        if not np.isfinite(values).all():
            return _Answer([], "an expression has no finite value", problem.nfev)
        return _Answer(values, "", problem.nfev)

    def _problem(self, draw: Draw, derivative: Callable[[Parameters], Array] | None) -> Problem:
        """The problem of one data set."""

        def residual(params: Parameters) -> Array:
            return draw(_as_floats(self.function(params, *self.args, **self.kws)))

        def jacobian(params: Parameters) -> Array:
            assert derivative is not None
            known = derivative(params)
            return known if draw.rows is None else known[draw.rows]

        known = None if derivative is None else jacobian
        return Problem(residual, self.params, policy=self.policy, derivative=known, scalar=self.scalar)

    def _derivative(self) -> Callable[[Parameters], Array] | None:
        """The derivatives that the user gives, by the variables, as a function of Parameters."""
        if self.derivative is None:
            return None
        problem = Problem(
            self.function, self.params, self.args, self.kws, self.policy,
            self.derivative, self.column_derivatives, self.scalar,
        )  # fmt: skip
        problem.begin()  # from here on it knows how many data there are
        return lambda params: problem.user_derivative([float(params[name].value) for name in problem.names])


@dataclass(frozen=True)
class _Fit:
    """A fit, as far as simulated data sets need it.

    Attributes
    ----------
    problem : Problem
        Its parameters are at the best values.
    values : dict of str to float
        These, of all parameters.
    jacobian : ndarray, shape (m, n)
        There; zero for variables that are held by a bound.
    engine : str
        Name of the engine for refits.
    options : dict
        For that.
    sampler : Sampler
    """

    problem: Problem
    values: dict[str, float]
    jacobian: Array
    engine: str
    options: dict[str, Any]
    sampler: Sampler

    @classmethod
    def of(cls, minimizer: Minimizer, result: Any, kind: str) -> _Fit:
        """Return that of a Minimizer, by default its last one."""
        if not hasattr(minimizer, "search_again"):
            raise TypeError(
                "minimizer must be a Minimizer after a fit, or the result of the fit of a model, "
                f"not {minimizer!r:.80}"
            )
        engine, problem, options = minimizer.search_again(result)
        found: Any = minimizer.result if result is None else result
        at_best = problem.begin()
        if problem.returns_number:
            raise ValueError(
                "a bootstrap needs an objective that returns a residual; this one returns a number"
            )
        x = np.array(problem.start)
        jacobian = problem.best_jacobian(x, at_best)
        held = Bound.active(x, at_best, jacobian, problem.domain).side != 0
        jacobian = np.where(held | ~np.isfinite(jacobian), 0.0, jacobian)
        residual = at_best if problem.omitted is None else np.where(problem.omitted, np.nan, at_best)
        sigma = math.sqrt(found.redchi) if found.scale_covar else 1.0
        name, options = _local(engine, problem, options)
        problem.set_values(problem.start)  # differences have moved them
        values = problem.params.valuesdict()
        return cls(problem, values, jacobian, name, options, Sampler.of(kind, residual, jacobian, sigma))

    def refits(self, names: list[str]) -> _Refits:
        """Return the task for the workers."""
        problem = self.problem
        scalar = _engines.find(self.engine).objective is Objective.SCALAR
        known = problem.derivative
        if known is not None and problem.user_derivative(problem.start).ndim == 1:
            known = None  # the gradient of a cost, which other data would change
        policy = problem.policy if scalar else replace(problem.policy, reduce_fcn=None)
        return _Refits(
            problem.function, problem.params, problem.args, problem.kws, policy, known,
            problem.column_derivatives, scalar, self.engine, self.options, self.sampler, names,
        )  # fmt: skip

    def accelerations(self, names: list[str]) -> dict[str, float]:
        """Return those of variables and tied parameters, see `_resampling`."""
        problem = self.problem
        x = np.array(problem.start)
        slopes = linear_map(self.jacobian)
        rows = dict(zip(problem.names, slopes))
        if problem.tied_names:
            rows |= zip(problem.tied_names, problem.tied_gradient(x, np.zeros(len(x))) @ slopes)
        return {name: self.sampler.acceleration(rows[name]) for name in names}


def _local(engine: _engines.Engine, problem: Problem, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """An engine, with its options, that finds from close by the minimum that another one has found."""
    if engine.finds is not Finds.MINIMUM:
        raise ValueError(
            f"a bootstrap repeats a fit, and {engine.name!r} gives the {engine.finds.value}; "
            "call leastsq() first"
            + (", or credible_interval()" if engine.finds is Finds.DISTRIBUTION else "")
        )
    fits_residual = engine.objective is Objective.RESIDUAL and not engine.stochastic
    if not fits_residual and problem.summed_cost is SUM_OF_SQUARES:
        engine, options = _engines.find("leastsq"), {}
    elif engine.stochastic or engine.needs_bounds:
        engine, options = _engines.find("lbfgsb"), {}
    # Last digits are far below the scatter, and no second search is needed so close to the minimum.
    spared: dict[str, Any] = {key: False for key in ("polish", "retry") if key in engine.options}
    return engine.name, {**spared, **options}


def _collected(
    task: _Refits, seeds: list[np.random.SeedSequence], executor: Any, progress: bool
) -> list[_Answer]:
    """The answers for all seeds, in order, from as many workers as there are."""
    groups = [seeds[first : first + _GROUP] for first in range(0, len(seeds), _GROUP)]
    with pool(executor, "executor") as crew:
        answers = chain.from_iterable(map(task, groups) if crew is None else mapping(crew)(task, groups))
        return list(counted(answers, progress, len(seeds), "bootstrap", "refit"))


def _seeds(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """One independent source of random numbers for each data set, whoever fits it."""
    return np.random.SeedSequence(int(generator(seed).integers(2**63))).spawn(n)


@dataclass(frozen=True)
class _Quantiles:
    """Limits as quantiles of a sample in ascending order; corrected ones if there is an acceleration."""

    ordered: Array
    best: float
    acceleration: float | None = None

    def __call__(self, probability: float) -> tuple[float, float]:
        if not len(self.ordered):
            return math.nan, math.nan
        levels = percentile_levels(probability)
        if self.acceleration is not None:
            levels = bca_levels(self.ordered, self.best, self.acceleration, probability)
        return quantile(self.ordered, levels[0]), quantile(self.ordered, levels[1])


class _Shortest(_Quantiles):
    """Limits as the ends of the shortest interval."""

    def __call__(self, probability: float) -> tuple[float, float]:
        return shortest(self.ordered, probability)


def _interval(pick: _Quantiles, best: float, levels: Sequence[float], note: str) -> Interval:
    """The limits of one parameter."""
    limits = []
    for level in levels:
        for side, value in zip((-1, 1), pick(level)):
            if math.isnan(value):
                reason = "; ".join(filter(None, [_too_few(pick, level), note]))
                limits.append(Limit(level, side, math.nan, Missing.TOO_FEW, reason))
            else:
                limits.append(Limit(level, side, value, reason=note))
    return Interval(best, tuple(limits))


def _too_few(pick: _Quantiles, level: float) -> str:
    count = len(pick.ordered)
    needed = math.ceil(2.0 / (1.0 - level)) - 1
    text = f"the limit is outside the sample of {count}"
    return f"{text}; at least {needed} are needed" if count < needed else f"{text} after its corrections"


def _note(failures: Mapping[str, int], n: int) -> str:
    """What to say of refits that failed."""
    if not failures:
        return ""
    reason, count = max(failures.items(), key=lambda item: item[1])
    times = "" if len(failures) == 1 else f", {count} times"
    return f"{sum(failures.values())} of {n} refits failed and are left out ({reason}{times})"


def _sample_of(
    chain: Any, params: Parameters, variables: Sequence[str], names: Sequence[str]
) -> dict[str, Array]:
    """The values of parameters in a chain, those of tied ones calculated from the variables."""
    columns = {name: np.asarray(chain[name], dtype=float) for name in variables}
    tied = [name for name in names if name not in columns]
    if tied:
        problem = Problem(np.empty, params)  # expressions do not need the objective
        points = np.column_stack([columns[name] for name in problem.names]).tolist()
        rows = np.array([problem.tied_values(point) for point in points])
        columns |= dict(zip(problem.tied_names, rows.T))
    return {name: columns[name] for name in names}


def _check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    if value not in choices:
        hint = close_matches(str(value), choices)
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}{hint}")
