"""Evaluations in other threads or processes.

Some optimisers have many points to evaluate before they decide anything: a grid,
a generation of a population, the starts of many searches.  These are handed to
workers in groups.  A worker gets the objective with its arguments and Parameters of
its own, and returns what the objective returned.  Here each of these answers then
passes through the `Problem` as if the objective had been called at that moment, so
that counting, limits, callbacks and the lowest point are the same as without workers.
"""

from __future__ import annotations

import copy
import math
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .._derivatives import Array
from .._problem import Policy, Problem, View
from ..errors import ExpressionDomainError, MinimizerException
from ..parameter import Parameters

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from typing_extensions import Self

__all__ = ["Evaluations", "ParallelMap", "Replay", "mapping", "pool"]

#: A function like the built-in `map` of one function and one iterable.
ParallelMap: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

#: Groups of points per processor: small ones share the work evenly, large ones cost less to send.
_GROUPS = 4


@dataclass(frozen=True)
class Evaluations:
    """What a worker must know to evaluate an objective.

    Calling it with a list of points (lists of values of the variables) gives the residual at each, or
    None where an expression has no value.
    """

    function: Callable[..., Any]
    params: Parameters
    args: Sequence[Any]
    kws: Mapping[str, Any]

    def __call__(self, points: Sequence[list[float]]) -> list[Array | None]:
        # A Problem copies the Parameters, which workers in threads must not share.
        problem = Problem(self.function, self.params, self.args, self.kws, Policy(nan_policy="propagate"))
        return [_returned(problem, point) for point in points]


def _returned(problem: Problem, point: list[float]) -> Array | None:
    try:
        return problem.residual(point).copy()
    except ExpressionDomainError:
        return None


class Replay:
    """Evaluates many points of a View in workers, and tells its Problem of each in turn.

    Parameters
    ----------
    view : View
        What is to be evaluated.
    run : callable
        ``run(function, items) -> results``, such as `map`; see `mapping`.
    """

    def __init__(self, view: View, run: ParallelMap) -> None:
        self.view, self.problem, self.run = view, view.problem, run
        problem = self.problem
        self.task = Evaluations(problem.function, copy.copy(problem.params), problem.args, problem.kws)
        self.answer: Array | None = None

    def __enter__(self) -> Self:
        self.problem.evaluate_by(self)
        return self

    def __exit__(self, *exception: object) -> None:
        self.problem.evaluate_by(self.task.function)

    def __call__(self, params: Parameters, *args: Any, **kws: Any) -> Any:
        """Stand for the objective: return what a worker has found, or else what the objective returns."""
        answer, self.answer = self.answer, None
        return self.task.function(params, *args, **kws) if answer is None else answer

    def map(self, function: Callable[[Array], Any], points: Iterable[Any]) -> list[Any]:
        """Return ``[function(point) for point in points]``, where `function` evaluates the View once."""
        points = [np.asarray(point, dtype=float) for point in points]
        found = []
        for point, answer in zip(points, self._answers(points)):
            self.answer = answer
            found.append(function(point))
            self.answer = None
        return found

    def _answers(self, points: list[Array]) -> list[Array | None]:
        """What the objective returns at each point, but for those beyond the limit of evaluations."""
        values = [self.view.values(point.tolist()) for point in points]
        policy = self.problem.policy
        left = min(policy.max_nfev, policy.per_variable * (len(values[0]) + 1)) - self.problem.nfev
        allowed = values if left >= len(values) else values[: max(0, int(left))]
        size = math.ceil(len(allowed) / (_GROUPS * processors())) or 1
        groups = [allowed[first : first + size] for first in range(0, len(allowed), size)]
        answers = [answer for group in self.run(self.task, groups) for answer in group]
        return answers + [None] * (len(values) - len(answers))


def processors() -> int:
    """Return the number of processors of this machine."""
    return os.cpu_count() or 1


def pool(workers: Any, name: str = "workers") -> AbstractContextManager[Any]:
    """Return what `workers` stands for: None for no parallel work, an executor or a map-like callable.

    Parameters
    ----------
    workers : int, Executor, callable or None
        Number of processes to start, -1 for one per processor; an executor of `concurrent.futures` or
        alike; or a function like `map`.  Only processes started here are ended by the context manager.
    name : str, optional
        Name of the option, for messages.

    Examples
    --------
    >>> with pool(1) as crew:
    ...     print(crew)
    None
    >>> with pool(map) as crew:
    ...     print(crew is map)
    True
    """
    if isinstance(workers, (int, np.integer)) and not isinstance(workers, bool):
        if workers == 1:
            return nullcontext()
        if workers == -1 or workers > 1:
            # Takes long to import, and most fits need one processor.
            from concurrent.futures import ProcessPoolExecutor

            return ProcessPoolExecutor(max_workers=None if workers == -1 else int(workers))
    elif workers is None or callable(workers) or hasattr(workers, "submit"):
        return nullcontext(workers)
    raise ValueError(
        f"{name} must be a number of processes (-1 for one per processor), an executor of "
        f"concurrent.futures or a function like map, not {workers!r}"
    )


def mapping(crew: Any) -> ParallelMap:
    """Return the function that works like `map`, in order, with the help of `crew`.

    A task that cannot be sent to another process is an error that says so.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor() as executor:
    ...     list(mapping(executor)(abs, [-1, 2]))
    [1, 2]
    """

    def run(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        if _is_process_pool(crew):
            _check_pickles(function)
        try:
            yield from _submitted(crew, function, items) if hasattr(crew, "submit") else crew(function, items)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            # Other kinds of pools find out themselves, each with an error of its own.
            if any(word in str(error) for word in ("pickle", "local object")):
                _check_pickles(function)
            raise

    return run


def _is_process_pool(crew: Any) -> bool:
    processes = sys.modules.get("concurrent.futures.process")
    return processes is not None and isinstance(crew, processes.ProcessPoolExecutor)


def _submitted(executor: Executor, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The results in order; what has not begun when they are no longer wanted is cancelled."""
    futures: list[Future[Any]] = [executor.submit(function, item) for item in items]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _check_pickles(task: Any) -> None:
    try:
        pickle.dumps(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        name = getattr(task.function, "__qualname__", repr(task.function))
        raise MinimizerException(
            f"the objective {name!r}, its arguments or its parameters cannot be sent to another process "
            f"({error}); define the objective at the top level of a module, or use threads: "
            "concurrent.futures.ThreadPoolExecutor()"
        ) from error
