"""Start values, bounds and ties of many fits: from numbers, mappings, arrays and earlier results.

What is the same for all fits becomes Parameters, which also say what is varied, fixed or tied.  What differs
from fit to fit becomes arrays in the shape of the fits, by the name of the parameter and 'value', 'min' or
'max'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ._batch_dask import broadcast, is_lazy
from ._batch_labels import Labels
from ._batch_result import BatchResult
from ._model_arguments import check_mapping
from .errors import ModelError, ParameterError
from .parameter import Parameters

if TYPE_CHECKING:
    from .model import Model

__all__ = ["Settings", "settled", "told_apart"]

Settings: TypeAlias = dict[tuple[str, str], Any]

_ATTRIBUTES = ("value", "min", "max")


def told_apart(
    model: Model, params: Any, keywords: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell start values among the keywords from independent variables and options.

    Parameters
    ----------
    model : Model
    params : Parameters, mapping, BatchResult or None
    keywords : mapping

    Returns
    -------
    starts : dict
        By full name of the parameter.
    variables : dict
        The rest.
    """
    if not isinstance(params, BatchResult):
        check_mapping("params", params)
    named = model._by_full_name(keywords)
    own = params.param_names if isinstance(params, BatchResult) else params or ()
    names = {*model.param_names, *own}
    starts = {name: value for name, value in named.items() if name in names}
    return starts, {name: value for name, value in named.items() if name not in names}


def settled(
    model: Model, params: Any, starts: Mapping[str, Any], labels: Labels, shape: tuple[int, ...]
) -> tuple[Parameters, Settings]:
    """Return the Parameters that stand for all fits, and what differs from fit to fit.

    Parameters
    ----------
    model : Model
    params : Parameters, mapping, BatchResult or None
    starts : mapping
        Start values, or mappings of attributes, which win over those in `params`.
    labels : Labels
    shape : tuple of int
        Of the fits.

    Raises
    ------
    ModelError
        An array does not have the shape of the fits.
    ParameterError
        The bounds of a fit cross, or a tied parameter has an array.

    Examples
    --------
    >>> from lmfit.model import Model
    >>> model = Model(lambda x, a, b: a * x + b)
    >>> params, settings = settled(model, None, {"a": [1.0, 2.0], "b": 3.0}, Labels(("fit",)), (2,))
    >>> params.valuesdict(), settings
    ({'a': 1.0, 'b': 3.0}, {('a', 'value'): array([1., 2.])})
    """
    arrays: Settings = {}
    if isinstance(params, BatchResult):
        values, params = params.values, params.params
        arrays = {(name, "value"): values[name] for name, par in params.items() if par.vary}
    if isinstance(params, Parameters):
        template, _ = model._started(params, _plain(starts, arrays), verbose=False)
    else:
        template, _ = model._started(_plain({**(params or {}), **starts}, arrays), {}, verbose=False)
    found = {key: _over_fits(array, template, key, labels, shape) for key, array in arrays.items()}
    _check_bounds(template, found)
    return template, found


def _plain(starts: Mapping[str, Any], arrays: Settings) -> dict[str, Any]:
    """The settings without arrays, which are noted in `arrays`."""
    plain = {}
    for name, given in starts.items():
        setting = dict(given) if isinstance(given, Mapping) else {"value": given}
        for what in _ATTRIBUTES:
            if what in setting and np.ndim(setting[what]):
                arrays[name, what] = setting.pop(what)
        if (name, "value") in arrays:
            setting.setdefault("value", _typical(arrays[name, "value"]))
        plain[name] = setting if isinstance(given, Mapping) else setting["value"]
    return plain


def _typical(array: Any) -> float:
    """Some finite value of an array."""
    values = np.asarray(array.ravel()[:1] if is_lazy(array) else array, dtype=float)
    finite = values[np.isfinite(values)]
    return float(finite[0]) if len(finite) else 1.0


def _over_fits(
    given: Any, template: Parameters, key: tuple[str, str], labels: Labels, shape: tuple[int, ...]
) -> Any:
    """An array in the shape of the fits; where it has no start value, that of the template holds."""
    (name, what), par = key, template[key[0]]
    if par.expr:
        raise ParameterError(
            f"parameter {name!r}: it is tied by {par.expr!r}, and can have no array for its {what}"
        )
    array = labels.aligned(given)
    try:
        array = broadcast(array if is_lazy(array) else np.asarray(array, dtype=float), shape)
    except ValueError:
        raise ModelError(
            f"parameter {name!r}: its {what} has shape {np.shape(array)}, which cannot be broadcast to the "
            f"shape {shape} of the fits"
        ) from None
    if what == "value" and not is_lazy(array):
        return np.where(np.isfinite(array), array, par.value)
    return array


def _check_bounds(template: Parameters, settings: Settings) -> None:
    for name, par in template.items():
        low, high = settings.get((name, "min"), par.min), settings.get((name, "max"), par.max)
        if is_lazy(low) or is_lazy(high) or not (np.ndim(low) or np.ndim(high)):
            continue
        low, high = np.broadcast_arrays(low, high)
        crossed = np.argwhere(~(low < high))
        if len(crossed):
            place = tuple(int(i) for i in crossed[0])
            raise ParameterError(
                f"parameter {name!r}: min ({low[place]}) must be below max ({high[place]}), in fit "
                f"{list(place)}"
            )
