"""Many data sets at once: maps, cubes and series of spectra, each spectrum a fit of its own.

Models are fitted by a vectorised Levenberg-Marquardt method (`_batch_lm`), some hundred fits at a time, which
takes a tenth or less of the time of a loop and gives what the engine ``leastsq`` gives.  Plain objectives,
which take `Parameters`, are fitted one after the other.  Both can be spread over the workers of any executor,
and Dask arrays are fitted lazily, block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ._batch_dask import as_lazy, broadcast, is_lazy, lazy_table, moved
from ._batch_labels import Labels, unlabelled
from ._batch_objective import ObjectivePlan, ObjectiveSource, fit_objectives
from ._batch_piece import Plan, fit_piece
from ._batch_result import BatchResult
from ._batch_run import Task, spans, work_off
from ._batch_source import ModelSource
from ._fit_data import coerced
from ._signature import ModelError
from .errors import ParameterError, close_matches
from .parameter import Parameters

if TYPE_CHECKING:
    from .model import Model

__all__ = ["BatchResult", "fit_many", "fit_many_models"]

_INITS = ("params", "guess", "neighbour")
_ON_ERROR = ("nan", "raise")


@dataclass
class _Given:
    """What the user gave for the parameters: plain settings, and those that are arrays over the fits."""

    plain: dict[str, Any] = field(default_factory=dict)
    arrays: dict[tuple[str, str], Any] = field(default_factory=dict)


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
    """Fit a model to each of many data sets; `Model.fit_many` describes the arguments."""
    del seed  # nothing here is left to chance
    for name, value, known in (("errors", errors, _ON_ERROR), ("init", init, _INITS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
    array, place, labels, points = unlabelled(data, axis)
    array = _moved(as_lazy(array), place)
    given, variables = _told_apart(model, params, independent_vars)
    template, settings = _parameters(model, given, labels, array.shape[:-1])
    shared, each = _variables(model, variables, labels, array, place, points)
    plan = Plan(model, template, shared, init, scale_covar)
    source = ModelSource(plan, array, _weights(weights, labels, array, place), settings, each)
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
    source = ObjectiveSource(plan, datasets)
    task = Task(fit_objectives, plan, source.piece, plan.layout, source.shape, errors == "raise")
    parts = spans(len(datasets), 0, chunk, executor is not None)
    table, texts = work_off(task, parts, executor, progress)
    return BatchResult(table, plan.params, plan.layout, Labels(("fit_0",)), source, texts)


def _moved(array: Any, axis: int) -> Any:
    """The data with the points of a fit last; of a lazy array lazily."""
    if not array.ndim:
        raise ModelError("the data are a single number; a fit needs an array of points")
    if not -array.ndim <= axis < array.ndim:
        raise ModelError(f"axis={axis} does not exist in data of shape {array.shape}")
    return moved(array, axis)


def _told_apart(model: Model, params: Any, keywords: Mapping[str, Any]) -> tuple[_Given, dict[str, Any]]:
    """Tell start values from independent variables, and arrays over the fits from plain settings."""
    given = _Given()
    if isinstance(params, BatchResult):
        values, params = params.values, params.params
        given.arrays = {(name, "value"): values[name] for name, par in params.items() if par.vary}
    named = model._by_full_name(keywords)
    names = {*model.param_names, *(params or ())}
    starts = {name: value for name, value in named.items() if name in names}
    if not isinstance(params, Parameters):
        starts = {**(params or {}), **starts}
        params = None
    for name, value in starts.items():
        given.plain[name] = _plain(name, value, given)
    given.plain = {"params": params, "starts": given.plain}
    return given, {name: value for name, value in named.items() if name not in names}


def _plain(name: str, value: Any, given: _Given) -> Any:
    """A setting of a parameter without its arrays, which are noted."""
    if isinstance(value, Mapping):
        kept = {}
        for what, entry in value.items():
            if what in ("value", "min", "max") and np.ndim(entry):
                given.arrays[name, what] = entry
            else:
                kept[what] = entry
        if (name, "value") in given.arrays:
            kept["value"] = _typical(given.arrays[name, "value"])
        return kept
    if np.ndim(value):
        given.arrays[name, "value"] = value
        return _typical(value)
    return value


def _typical(array: Any) -> float:
    """Some finite value of an array."""
    first = np.asarray(array if not is_lazy(array) else array.ravel()[:1], dtype=float).ravel()
    finite = first[np.isfinite(first)]
    return float(finite[0]) if len(finite) else 1.0


def _parameters(
    model: Model, given: _Given, labels: Labels, shape: tuple[int, ...]
) -> tuple[Parameters, dict[tuple[str, str], Any]]:
    """The Parameters that stand for all fits, and arrays of the shape of the fits for what differs."""
    params, starts = given.plain["params"], given.plain["starts"]
    if params is None:
        template, _ = model._started(model.make_params(**starts), {}, verbose=False)
    else:
        template, _ = model._started(params, starts, verbose=False)
    settings = {}
    for (name, what), value in given.arrays.items():
        par = template[name]
        if par.expr:
            raise ParameterError(
                f"parameter {name!r}: it is tied by {par.expr!r}, and can have no array for its {what}"
            )
        settings[name, what] = array = _over_fits(value, labels, shape, f"parameter {name!r}: its {what}")
        if what == "value" and not is_lazy(array):
            settings[name, what] = np.where(np.isfinite(array), array, par.value)
    _check_bounds(template, settings)
    return template, settings


def _over_fits(value: Any, labels: Labels, shape: tuple[int, ...], what: str) -> Any:
    """An array, broadcast to the shape of the fits."""
    array = labels.aligned(value)
    try:
        return broadcast(array if is_lazy(array) else np.asarray(array, dtype=float), shape)
    except ValueError:
        raise ModelError(
            f"{what} has shape {np.shape(array)}, which cannot be broadcast to the shape {shape} of the fits"
        ) from None


def _check_bounds(template: Parameters, settings: Mapping[tuple[str, str], Any]) -> None:
    for name, par in template.items():
        low, high = settings.get((name, "min"), par.min), settings.get((name, "max"), par.max)
        if any(is_lazy(bound) for bound in (low, high)) or not (np.ndim(low) or np.ndim(high)):
            continue
        crossed = np.argwhere(~(np.asarray(low) < np.asarray(high)))
        if len(crossed):
            place = tuple(int(i) for i in crossed[0])
            low, high = (
                np.broadcast_to(bound, np.broadcast_shapes(np.shape(low), np.shape(high)))[place]
                for bound in (low, high)
            )
            raise ParameterError(
                f"parameter {name!r}: min ({low}) must be below max ({high}), in fit {list(place)}"
            )


def _variables(
    model: Model, given: Mapping[str, Any], labels: Labels, array: Any, axis: int, points: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Independent variables and options that all fits share, and those that each has for itself."""
    missing = {
        name
        for part in model.components
        for name in part.independent_vars or ()
        if name not in given and name not in part.independent_vars_defvals and name not in part.opts
    }
    if points is not None and len(missing) == 1:
        given = {**given, missing.pop(): points}
    known = model._other_arguments()
    unknown = [name for name in given if name not in known]
    if unknown and not model._func_haskeywords:
        raise ModelError(
            f"{model.name} has no parameter or variable {unknown[0]!r}"
            f"{close_matches(unknown[0], [*model.param_names, *known])}"
        )
    shared, each = {}, {}
    for name, value in given.items():
        value = value if is_lazy(value) else coerced(getattr(value, "values", value))
        if (
            np.ndim(value) > 1
            and np.ndim(value) == array.ndim
            and _fits_onto(np.shape(value), array.shape, axis)
        ):
            each[name] = _like_data(value, array, axis)
        else:
            shared[name] = value
    return shared, each


def _fits_onto(shape: tuple[int, ...], moved: tuple[int, ...], axis: int) -> bool:
    """Whether an array has the shape of the data as they were given, or 1 where they have more."""
    data = _as_given(moved, axis)
    return all(size in (1, whole) for size, whole in zip(shape, data))


def _as_given(moved: tuple[int, ...], axis: int) -> tuple[int, ...]:
    rest = list(moved[:-1])
    rest.insert(axis % len(moved), moved[-1])
    return tuple(rest)


def _like_data(value: Any, array: Any, axis: int) -> Any:
    """An array that goes along with the data, in their shape, with the points of a fit last."""
    return moved(broadcast(value, _as_given(array.shape, axis)), axis)


def _weights(weights: Any, labels: Labels, array: Any, axis: int) -> Any:
    """Weights of all fits (n,), or of each (..., n); None for none."""
    if weights is None:
        return None
    value = weights.data if hasattr(weights, "dims") else weights
    value = (
        as_lazy(value) if hasattr(value, "chunks") else np.ma.filled(np.ma.asarray(value, dtype=float), 0.0)
    )
    n = array.shape[-1]
    if value.ndim == 0:
        value = np.broadcast_to(value, (n,))
    if value.shape == (n,):
        return value
    if value.ndim != array.ndim or not _fits_onto(value.shape, array.shape, axis):
        raise ModelError(
            f"weights have shape {value.shape}; needed is {_as_given(array.shape, axis)}, like the data, or "
            f"{(n,)}, the same for all fits"
        )
    return _like_data(value, array, axis)


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
