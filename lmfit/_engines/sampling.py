r"""The posterior distribution of the parameters, sampled by `emcee`.

With a uniform prior inside the bounds, and nothing outside, the logarithm of the
posterior of a residual *r* in units of the errors of the data is

.. math::

    \ln p = -\tfrac{1}{2} \sum_i r_i^2 .

Where these errors are not known (``is_weighted=False``) they are taken as equal, and
the logarithm of their size is one more variable, ``__lnsigma``:

.. math::

    \ln p = -\tfrac{1}{2} \sum_i \left[ \frac{r_i^2}{\sigma^2} + \ln 2\pi\sigma^2 \right] .

The sampler is the affine-invariant ensemble of J. Goodman and J. Weare, Comm. App.
Math. Comp. Sci. 5 (2010) 65, as implemented by D. Foreman-Mackey et al., PASP 125
(2013) 306.  The value of a parameter is the median of the sample, its error half the
distance of the percentiles that, for a normal distribution, lie one standard
deviation from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.linalg.blas import ddot

from .._derivatives import Array
from .._problem import Problem, Space, View
from ..errors import AbortFitException, MinimizerException
from .base import Finds, Objective, Outcome, generator, register
from .parallel import Replay, mapping, pool

__all__ = ["emcee"]

LNSIGMA = "__lnsigma"
#: Of a normal distribution at minus one, zero and one standard deviation, rounded as lmfit 1.x does.
_PERCENTILES = (15.87, 50.0, 84.13)
#: Walkers start this far from each other, relative to the value, where its error is not known.
_BALL = 1e-4
#: More points of the sample than these say nothing new about the errors of tied parameters.
_TIED_SAMPLE = 20_000


@dataclass(frozen=True)
class _Settings:
    """The options, checked."""

    steps: int = 1000
    nwalkers: int = 100
    burn: int = 0
    thin: int = 1
    ntemps: int = 1
    pos: Any = None
    reuse_sampler: bool = False
    workers: Any = 1
    float_behavior: str = "posterior"
    is_weighted: bool = True
    seed: Any = None
    run_mcmc_kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("nwalkers", 2), ("burn", 0), ("thin", 1), ("ntemps", 1)):
            value = getattr(self, name)
            if value != int(value) or value < least:
                raise ValueError(f"{name} must be an integer of at least {least}, not {value!r}")
        if self.ntemps != 1:
            raise ValueError(
                f"ntemps must be 1, not {self.ntemps}: emcee 3 has no parallel tempering; "
                "for a posterior with several peaks start walkers at each, by pos"
            )
        if self.float_behavior not in {"posterior", "chi2"}:
            raise ValueError(f"float_behavior must be 'posterior' or 'chi2', not {self.float_behavior!r}")


@register(
    "emcee",
    space=Space.EXTERNAL,
    objective=Objective.SCALAR,
    title="Markov chain Monte Carlo (package emcee)",
    options=tuple(_Settings.__dataclass_fields__),
    evaluations=1_000_000_000,
    finds=Finds.DISTRIBUTION,
    stochastic=True,
)
def emcee(view: View, options: dict[str, Any]) -> Outcome:
    """Sample the posterior distribution, and describe the sample."""
    package = _packages()
    settings, problem = _Settings(**options), view.problem
    _prepare(problem, settings)
    _check_size(settings, len(problem.names))
    with _Posterior.of(view, settings) as posterior:
        sampler = _sampler(package, problem, posterior, settings)
        start = _start(package, problem, sampler, settings)
        # The difference of two zero probabilities has no logarithm; emcee rejects such a move.
        with np.errstate(invalid="ignore"):
            for _ in sampler.sample(start, iterations=settings.steps, **settings.run_mcmc_kwargs):
                if posterior.ended is not None:
                    break
    return _outcome(problem, sampler, posterior, settings)


def _packages() -> Any:
    """The package emcee; what is missing is found before the sampling, not after it."""
    try:
        import emcee as package
        import pandas as pd  # noqa: F401 - for the sample as a table
    except ImportError as error:
        raise ImportError(
            f"the engine 'emcee' needs the package {error.name}: pip install 'lmfit[mcmc]'"
        ) from error
    return package


def _prepare(problem: Problem, settings: _Settings) -> None:
    """Let the Problem know what a number means, or add the size of the errors to its variables."""
    if problem.size == 1:
        if settings.float_behavior == "posterior":
            problem.measure_by(lambda value: -2.0 * float(value[0]))
    elif not settings.is_weighted and LNSIGMA not in problem.params:
        present = problem.start_residual[problem.start_residual != 0.0]
        size = float(np.sqrt(np.mean(present**2))) if present.size else 1.0
        problem.add_variable(LNSIGMA, math.log(size))


def _check_size(settings: _Settings, nvarys: int) -> None:
    if settings.nwalkers < 2 * nvarys:
        raise ValueError(
            f"nwalkers ({settings.nwalkers}) must be at least twice the number of variables ({nvarys})"
        )


class _Posterior:
    """The logarithm of the posterior at many points, as emcee calls it.

    Attributes
    ----------
    ended : BaseException or None
        Why no more points are evaluated.  emcee prints every exception, so they are kept here.
    """

    def __init__(self, problem: Problem, settings: _Settings) -> None:
        self.problem: Problem | None = problem
        self.run: Any = None
        self.lower, self.upper = problem.domain.lower, problem.domain.upper
        self.unweighted = not settings.is_weighted and problem.size > 1
        self.ended: BaseException | None = None
        self.numpy_errors = np.geterr()

    @classmethod
    @contextmanager
    def of(cls, view: View, settings: _Settings) -> Iterator[_Posterior]:
        """Yield the posterior of a View, evaluated by the workers of `settings`."""
        made = cls(view.problem, settings)
        workers = settings.workers
        if not hasattr(workers, "submit") and hasattr(workers, "map"):
            workers = workers.map
        with pool(workers) as crew:
            if crew is None:
                yield made
                return
            with Replay(view, mapping(crew)) as replay:
                made.run = replay.map
                yield made
                made.run = None

    def __call__(self, points: Array) -> Array:
        """Return the values at points of shape (k, n): minus infinity outside the bounds."""
        found = np.full(len(points), -np.inf)
        inside = ((self.lower <= points) & (points <= self.upper)).all(axis=1)
        if self.ended is None:
            try:
                with np.errstate(**self.numpy_errors):
                    found[inside] = list((self.run or map)(self.at, points[inside]))
            except (Exception, KeyboardInterrupt) as reason:  # noqa: BLE001 - raised again by _outcome
                self.ended = reason
        return found

    def at(self, point: Array) -> float:
        """Return the value at a point inside the bounds: minus infinity where the residual is not finite."""
        problem = self.problem
        if problem is None:
            raise MinimizerException("a sampler from a pickle or copy has its chain, but not the objective")
        problem._mask = None  # of the data that nan_policy='omit' leaves out at this point
        residual = problem.residual(point.tolist())
        if problem.rejected:
            problem.rejected = False
            return -math.inf
        cost = problem.cost(residual)
        if self.unweighted:
            lnsigma = float(problem.params[LNSIGMA])
            cost = float(ddot(residual, residual)) * math.exp(-2.0 * lnsigma)
            cost += (len(residual) - _left_out(problem)) * (math.log(2.0 * math.pi) + 2.0 * lnsigma)
        return -0.5 * cost if math.isfinite(cost) else -math.inf

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "problem": None, "run": None}


def _left_out(problem: Problem) -> int:
    return 0 if problem._mask is None else int(problem._mask.sum())


def _sampler(package: Any, problem: Problem, posterior: _Posterior, settings: _Settings) -> Any:
    """A new sampler, with the chain and the number of walkers of the last one if that is to be continued."""
    last = _last_sampler(problem, settings)
    sampler = package.EnsembleSampler(
        settings.nwalkers if last is None else last.nwalkers,
        len(problem.names),
        posterior,
        backend=None if last is None else last.backend,
        vectorize=True,
    )
    if settings.burn >= sampler.iteration + settings.steps:
        raise ValueError(
            f"burn ({settings.burn}) must be below the number of steps "
            f"({sampler.iteration + settings.steps}); nothing would be left"
        )
    return sampler


def _last_sampler(problem: Problem, settings: _Settings) -> Any:
    """The sampler of the last fit, if there is one and it is to be continued."""
    if not settings.reuse_sampler:
        return None
    result = problem.previous
    if result is None or "sampler" not in result.extras:
        raise ValueError("reuse_sampler: the last fit of this Minimizer has made no sampler; run emcee first")
    if result.var_names != problem.names:
        raise ValueError(
            f"reuse_sampler: the last sampler has the variables {', '.join(result.var_names)}, "
            f"now they are {', '.join(problem.names)}; use the same, or reuse_sampler=False"
        )
    return result.extras["sampler"]


def _start(package: Any, problem: Problem, sampler: Any, settings: _Settings) -> Any:
    """Where the walkers begin, with the state of the random numbers."""
    random = generator(settings.seed)
    if sampler.iteration:
        state = sampler.get_last_sample()
    elif settings.pos is not None:
        state = package.State(_given_walkers(settings, len(problem.names)))
    else:
        state = package.State(_walkers(problem, settings.nwalkers, random))
    if not sampler.iteration or settings.seed is not None:
        state.random_state = np.random.MT19937(int(random.integers(2**32))).state
    return state


def _given_walkers(settings: _Settings, nvarys: int) -> Array:
    """The positions that the user gives: one for each walker, or a chain whose last ones are meant."""
    given = np.asarray(settings.pos, dtype=float)
    last = given[-1] if given.ndim == 3 and len(given) else given
    if last.shape != (settings.nwalkers, nvarys):
        raise ValueError(
            f"pos must have the shape (nwalkers, nvarys), {(settings.nwalkers, nvarys)}, or that of a chain, "
            f"not {given.shape}"
        )
    return last


def _walkers(problem: Problem, nwalkers: int, random: np.random.Generator) -> Array:
    """Positions around the start, spread by the standard errors of an earlier fit where they are known."""
    start, lower, upper = np.array(problem.start), problem.domain.lower, problem.domain.upper
    errors = np.array([problem.params[name].stderr or 0.0 for name in problem.names], dtype=float)
    ball = np.where(start == 0.0, _BALL, _BALL * np.abs(start))
    spread = np.where(np.isfinite(errors) & (errors > 0.0), errors, ball)
    walkers = start + spread * random.standard_normal((nwalkers, len(start)))
    walkers = np.where(walkers < lower, 2.0 * lower - walkers, walkers)
    walkers = np.where(walkers > upper, 2.0 * upper - walkers, walkers)
    # Mirrored at one of two bounds a walker may have left through the other.
    outside = (walkers < lower) | (walkers > upper)
    finite = np.where(outside, lower, 0.0), np.where(outside, upper, 0.0)
    return np.where(outside, random.uniform(*finite), walkers)


def _outcome(problem: Problem, sampler: Any, posterior: _Posterior, settings: _Settings) -> Outcome:
    """Describe the sample: medians, errors and correlations, and how far it can be trusted."""
    import pandas as pd

    reason = posterior.ended
    part = {"discard": settings.burn, "thin": settings.thin}
    chain, lnprob = sampler.get_chain(**part).copy(), sampler.get_log_prob(**part).copy()
    found_any = bool(np.isfinite(lnprob).any())
    if reason is not None and not (isinstance(reason, _ENDS) and found_any):
        raise reason
    if not found_any:
        raise MinimizerException(
            "the posterior is zero wherever the walkers have been; choose other start values, or pos"
        )
    flat = chain.reshape(-1, chain.shape[-1])
    problem.finish()
    errors = _settle(problem, flat, flat[np.argmax(lnprob)], posterior.unweighted)
    times, reliable = _autocorrelation(sampler, settings.burn)
    extras = {
        "chain": chain,
        "lnprob": lnprob,
        "flatchain": pd.DataFrame(flat, columns=list(problem.names)),
        "acceptance_fraction": sampler.acceptance_fraction,
        "sampler": sampler,
        **({"acor": times} if reliable else {}),
    }
    return Outcome(
        success=reason is None,
        aborted=reason is not None,
        message=_message(sampler, reason, times, reliable),
        covariance=_covariance(problem, flat, errors),
        extras=extras,
    )


#: What ends the sampling but leaves the sample; any other exception is an error of the objective.
_ENDS = (AbortFitException, KeyboardInterrupt)


def _settle(problem: Problem, flat: Array, best: Array, unweighted: bool) -> Array:
    """Make the medians the result, and return the errors of the variables."""
    low, median, high = np.percentile(flat, _PERCENTILES, axis=0)
    values = median.tolist()
    problem._mask = None
    residual = problem.probe(values)
    if not np.isfinite(residual).all():
        # The medians of a curved distribution may lie outside it.
        values = best.tolist()
        residual = problem.probe(values)
    sigma = math.exp(float(problem.params[LNSIGMA])) if unweighted else 1.0
    problem.settle(values, residual / sigma)
    problem.omitted = problem._mask
    return np.asarray((high - low) / 2.0)


def _covariance(problem: Problem, flat: Array, errors: Array) -> Array:
    """Covariance of variables and tied parameters, from correlations of the sample and robust errors."""
    sample = flat
    if problem.tied_names:
        sample = flat[:: max(1, len(flat) // _TIED_SAMPLE)]
        tied = np.array([problem.tied_values(point) for point in sample.tolist()])
        kept = np.isfinite(tied).all(axis=1)
        sample = np.hstack([sample, tied])[kept]
        low, _, high = np.percentile(tied[kept], _PERCENTILES, axis=0)
        errors = np.concatenate([errors, (high - low) / 2.0])
    deviation = sample - sample.mean(axis=0)
    scale = np.sqrt((deviation**2).mean(axis=0))
    unit = deviation / np.where(scale > 0.0, scale, 1.0)
    correlation = unit.T @ unit / len(sample)
    return np.asarray(correlation * np.outer(errors, errors))


def _autocorrelation(sampler: Any, burn: int) -> tuple[Array, bool]:
    """The autocorrelation times, in steps, and whether the chain is long enough to know them."""
    from emcee.autocorr import AutocorrError

    # A walker that has never moved has no variance to divide by.
    with np.errstate(all="ignore"):
        try:
            times = sampler.get_autocorr_time(discard=burn)
            return times, bool(np.isfinite(times).all())
        except AutocorrError as error:
            return np.asarray(error.tau), False


def _message(sampler: Any, reason: BaseException | None, times: Array, reliable: bool) -> str:
    accepted = float(np.mean(sampler.acceptance_fraction))
    text = (
        f"{sampler.iteration} steps of {sampler.nwalkers} walkers, "
        f"{100.0 * accepted:.0f} % of the moves accepted"
    )
    longest = float(np.max(times))
    if not math.isfinite(longest):
        text += "; the chain is too short to tell how far it can be trusted: run more steps"
    elif reliable:
        text += f", autocorrelation time at most {longest:.3g} steps"
    else:
        text += (
            f"; the chain is shorter than 50 times the autocorrelation time (about {longest:.3g} steps), so "
            "medians and errors are uncertain: run more steps"
        )
    if reason is None:
        return text
    return f"{str(reason) or 'interrupted from the keyboard'}; {text}"
