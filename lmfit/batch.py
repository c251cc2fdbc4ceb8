"""Many data sets at once: maps, cubes and series of spectra, each spectrum a fit of its own.

Models are fitted by a vectorised Levenberg-Marquardt method (`_batch_lm`), some hundred fits at a time, which
takes a tenth or less of the time of a loop and gives what the engine ``leastsq`` gives.  Plain objectives,
which take `Parameters`, are fitted one after the other.  Both can be spread over the workers of any executor,
and Dask arrays are fitted lazily, block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import numpy as np

from ._batch_dask import lazy_table
from ._batch_inputs import data_of, variables_of, weights_of
from ._batch_labels import Labels, unlabelled
from ._batch_objective import ObjectivePlan, ObjectiveSource, fit_objectives
from ._batch_piece import Plan, fit_piece
from ._batch_result import BatchResult
from ._batch_run import Task, spans, work_off
from ._batch_settings import settled, told_apart
from ._batch_source import ModelSource
from ._rules import switch
from .errors import ModelError
from .parameter import Parameters

if TYPE_CHECKING:
    from .model import Model

__all__ = ["BatchResult", "fit_many", "fit_many_models"]

_INITS = ("params", "guess", "neighbour")
_ON_ERROR = ("nan", "raise")


def fit_many_models(
    model: Model,
    data: Any,
    params: Any = None,
    weights: Any = None,
    *,
    axis: int | str = -1,
    executor: Executor | None = None,
    chunk: int | None = None,
    errors: str = "nan",
    init: str = "params",
    progress: bool = False,
    seed: int | None = None,
    scale_covar: bool = True,
    **independent_vars: Any,
) -> BatchResult:
    """Fit a model to each of many data sets; `Model.fit_many` describes the arguments.

    Parameters
    ----------
    model : Model
        As all that follows, of `Model.fit_many`.
    data : array_like
        One fit for each line along `axis`.
    params : Parameters, mapping or BatchResult, optional
        Start values, bounds, and what is fixed or tied.
    weights : array_like, optional
        Factors of the residuals.
    axis : int or str, optional
        Along which the points of one fit lie.
    executor : concurrent.futures.Executor, optional
        Whose workers share the fits.
    chunk : int, optional
        Number of fits that are handed to a worker at a time.
    errors : {'nan', 'raise'}, optional
        What becomes of fits that fail.
    init : {'params', 'guess', 'neighbour'}, optional
        Where each fit starts.
    progress : bool, optional
        Whether to show a bar.
    seed : int, optional
        Not used.
    scale_covar : bool, optional
        Whether to scale the errors such that reduced chi-square is 1.
    **independent_vars
        Independent variables, options and start values.

    Returns
    -------
    BatchResult
        Arrays in the shape of the fits.

    Examples
    --------
    >>> from lmfit.models import LinearModel
    >>> x = np.arange(4.0)
    >>> result = fit_many_models(LinearModel(), [2 * x, 3 * x + 1], x=x, slope=1, intercept=0)
    >>> result.values["slope"].round(6)
    array([2., 3.])
    """
    del seed  # nothing here is left to chance
    for name, value, known in (("errors", errors, _ON_ERROR), ("init", init, _INITS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
    scale_covar = switch("scale_covar", scale_covar)
    array, place, labels, points = unlabelled(data, axis)
    array, shape = data_of(array, place)
    starts, variables = told_apart(model, params, independent_vars)
    template, settings = settled(model, params, starts, labels, array.shape[:-1])
    shared, each = variables_of(model, variables, shape, points)
    plan = Plan(model, template, shared, init, scale_covar)
    source = ModelSource(plan, array, weights_of(weights, shape), settings, each)
    _check(source)
    if source.lazy:
        return BatchResult(lazy_table(source, errors == "raise"), template, plan.layout, labels, source)
    task = Task(fit_piece, plan, source.piece, plan.layout, source.shape, errors == "raise")
    count = int(np.prod(source.shape, dtype=int))
    parts = spans(count, array.shape[-1] * array.dtype.itemsize, chunk, executor is not None)
    table, texts = work_off(task, parts, executor, progress)
    table = table.reshape(*source.shape, plan.layout.width)
    return BatchResult(table, template, plan.layout, labels, source, texts)


def fit_many(
    objective: Callable[..., Any],
    params: Parameters,
    datasets: Sequence[Any],
    *,
    method: str = "leastsq",
    executor: Executor | None = None,
    chunk: int | None = None,
    errors: str = "nan",
    progress: bool = False,
    seed: int | None = None,
    **settings: Any,
) -> BatchResult:
    """Minimise an objective for each of many data sets.

    Parameters
    ----------
    objective : callable
        ``objective(params, *dataset) -> residual``, as for `minimize`.
    params : Parameters
        Start values of all fits; not changed.
    datasets : sequence
        For each fit its further arguments: a tuple, or a dictionary of keywords, or a single argument.
        They may have different sizes.
    method : str, optional
        Name of the engine.
    executor : concurrent.futures.Executor, optional
        Whose workers share the fits: processes, threads, ``dask.distributed.Client.get_executor()``,
        ``mpi4py.futures``.
    chunk : int, optional
        Number of fits that a worker gets at a time.
    errors : {'nan', 'raise'}, optional
        Whether fits that fail are NaN with a message (default), or an error.
    progress : bool, optional
        Whether to show a bar.
    seed : int, optional
        For engines that draw random numbers: each fit has its own, which depend on this and on its place in
        `datasets`, and not on who makes it.
    **settings
        Settings of the `Minimizer` and options of the engine.

    Returns
    -------
    BatchResult
        ``result[i]`` is the full result of one fit.

    Raises
    ------
    MinimizerException
        A fit failed, and `errors` is 'raise'.
    TypeError
        The objective does not take the arguments that a data set has for it.

    Examples
    --------
    >>> from lmfit import create_params
    >>> def residual(params, x, y):
    ...     return params["a"] * x - y
    >>> x = np.arange(4.0)
    >>> result = fit_many(residual, create_params(a=1), [(x, 2 * x), (x[:3], 5 * x[:3])])
    >>> result.values["a"].round(9)
    array([2., 5.])
    """
    if errors not in _ON_ERROR:
        raise ValueError(f"errors must be one of {', '.join(map(repr, _ON_ERROR))}, not {errors!r}")
    plan = ObjectivePlan(objective, params.copy(), method, seed, settings)
    source = ObjectiveSource(plan, datasets if hasattr(datasets, "__len__") else list(datasets))
    source.check()
    task = Task(fit_objectives, plan, source.piece, plan.layout, source.shape, errors == "raise")
    parts = spans(source.shape[0], 0, chunk, executor is not None)
    table, texts = work_off(task, parts, executor, progress)
    return BatchResult(table, plan.params, plan.layout, Labels(("fit_0",)), source, texts)


def _check(source: ModelSource) -> None:
    """Evaluate the model once, so that what is wrong with all fits is an error and not a million failures."""
    if not source.plan.layout.variables:
        raise ModelError("no parameter is varied, there is nothing to fit; set vary=True for some")
    if not source.lazy and not all(source.data.shape):
        raise ModelError(f"there are no data to fit: data have shape {source.data.shape}")
    n = source.data.shape[-1]
    each = {name: array[(0,) * (array.ndim - 1)] for name, array in source.each.items()}
    each = {name: array.compute() if hasattr(array, "compute") else array for name, array in each.items()}
    curve = source.plan.model.eval(source.plan.params, **{**source.plan.shared, **each})
    if np.shape(curve) not in ((), (1,), (n,)):
        raise ModelError(
            f"the model gives an array of shape {np.shape(curve)}, but each fit has {n} data; the "
            "independent variables must go with the data"
        )
