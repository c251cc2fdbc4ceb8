"""What the global optimisers share: a cost that they cannot lose an error of, and lists of candidates.

SciPy's global optimisers were written for functions that are finite everywhere and
never fail.  Some take any exception of the function for an infinite value, others
turn it into an error of their own; but an exception is how a search is ended
(`AbortFitException`), and one of the user's must reach the user.  A `Cost` keeps it
and raises it again when SciPy returns.

A rejected point, where the residual is not finite, costs more than any that was seen
so far, wherever the search began: where the start is already good, a multiple of the
start's cost would be an attraction.
"""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from .._problem import Problem, View
from .._robust import SUM_OF_SQUARES
from ..result import Candidate
from .base import Outcome
from .parallel import Replay
from .polish import improved

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "WITH_BOUNDS",
    "WITH_GRADIENT",
    "Cost",
    "candidates",
    "concluded",
    "message",
    "polished",
    "seeding",
]

#: Methods of scipy.optimize.minimize that take bounds, and those that take a gradient.
WITH_BOUNDS = ("L-BFGS-B", "TNC", "SLSQP", "Powell", "Nelder-Mead")
WITH_GRADIENT = ("L-BFGS-B", "TNC", "SLSQP", "CG", "BFGS", "Newton-CG")
#: A rejected point costs this much more than the highest, in units of the largest cost so far.
_ABOVE = 100.0
_HUGE = sys.float_info.max / (4.0 * _ABOVE)


class Cost:
    """The number to minimise, as a function of a point of a View.

    Used as a context manager around the search, it raises whatever the objective has raised.
    """

    def __init__(self, view: View) -> None:
        self.view, self.problem = view, view.problem
        self.error: BaseException | None = None
        self.highest = min(self.problem.lowest, _HUGE)
        self.largest = abs(self.highest)

    def __call__(self, u: Any) -> float:
        if self.error is not None:
            raise self.error
        problem = self.problem
        try:
            self.view.evaluate(np.asarray(u, dtype=float).tolist())
        except BaseException as error:
            self.error = error
            raise
        if problem.rejected:
            problem.rejected = False
            return self.ceiling
        cost = problem.last_cost
        if not -self.largest <= cost <= self.highest and abs(cost) <= _HUGE:
            self.highest, self.largest = max(cost, self.highest), max(abs(cost), self.largest)
        return cost

    def mapping(self, replay: Replay) -> Callable[[Any, Iterable[Any]], list[float]]:
        """Return what SciPy takes as `workers`: it evaluates many points through `replay`."""

        def costs(_: Any, points: Iterable[Any]) -> list[float]:
            try:
                return replay.map(self, points)
            except BaseException as error:
                self.error = error
                raise

        return costs

    @property
    def ceiling(self) -> float:
        """The cost of a rejected point."""
        return self.highest + _ABOVE * (self.largest or 1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.error is not None and self.error is not value:
            raise self.error from None


def seeding(function: Callable[..., Any], generator: np.random.Generator) -> dict[str, Any]:
    """Return the keyword by which `function` of SciPy takes a generator of random numbers.

    Examples
    --------
    >>> list(seeding(lambda x, seed=None: x, np.random.default_rng(1)))
    ['seed']
    """
    # SciPy 1.15 renamed it, and is going to warn of the old name.
    return {"rng" if "rng" in inspect.signature(function).parameters else "seed": generator}


def message(solution: Any) -> str:
    """Return what SciPy says at the end of a search, as one sentence without its full stop.

    Examples
    --------
    >>> message({"message": ["Maximum number of iteration reached"]})
    'maximum number of iteration reached'
    """
    said = solution["message"]
    text = said if isinstance(said, str) else "; ".join(map(str, said))
    text = text.strip().rstrip(".")
    return text[:1].lower() + text[1:]


def concluded(solution: Any, prefix: str, fields: Iterable[str]) -> Outcome:
    """Return the outcome for what SciPy returns, with some of its `fields` as extras."""
    extras = {f"{prefix}_{key}": solution.get(key) for key in fields}
    # SciPy 1.10's basinhopping says nothing of success where no local search has failed.
    return Outcome(bool(solution.get("success", True)), message(solution), extras=extras)


def polished(view: View, outcome: Outcome, polish: bool) -> Outcome:
    """Return the outcome with the last digits of its lowest point, where the cost is a sum of squares.

    The engines of this kind end with the few digits that differences of the cost leave.
    """
    if polish and view.problem.summed_cost is SUM_OF_SQUARES:
        return improved(view.problem, outcome, polish)
    return outcome


def candidates(problem: Problem, points: Iterable[tuple[list[float], float]]) -> list[Candidate]:
    """Return the candidates for points given as values of the variables and cost, in their order."""
    found = []
    for values, score in points:
        problem.set_values(values)
        found.append(Candidate(copy.copy(problem.params), float(score)))
    return found
