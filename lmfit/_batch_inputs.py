"""Data, weights and independent variables of many fits, with the points of a fit last.

Arrays may be lazy, and are then handled lazily.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._batch_dask import as_lazy, broadcast, is_lazy, moved
from ._blame import check_no_text
from ._fit_data import coerced, numbers
from .errors import ModelError, close_matches

if TYPE_CHECKING:
    from .model import Model

__all__ = ["Shape", "data_of", "variables_of", "weights_of"]


class Shape:
    """The shape of the data as they were given, and the axis along which the points of a fit lie.

    Examples
    --------
    >>> shape = Shape((64, 10, 20), 0)
    >>> shape.goes_along((64, 1, 1)), shape.goes_along((10, 20))
    (True, False)
    >>> shape.like_data(np.zeros((64, 1, 1))).shape
    (10, 20, 64)
    """

    def __init__(self, given: tuple[int, ...], axis: int) -> None:
        self.given, self.axis = given, axis

    @property
    def points(self) -> int:
        """Number of points of a fit."""
        return self.given[self.axis]

    def goes_along(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of that shape has something to each of the data."""
        return len(shape) == len(self.given) and all(n in (1, whole) for n, whole in zip(shape, self.given))

    def like_data(self, array: Any) -> Any:
        """Return such an array in the shape of the data, with the points last."""
        return moved(broadcast(array, self.given), self.axis)


def data_of(array: Any, axis: int) -> tuple[Any, Shape]:
    """Return the data with the points of a fit last, and what shape they had.

    Raises
    ------
    ModelError
        They have no such axis.
    """
    array = as_lazy(array)
    if not array.ndim:
        raise ModelError("the data are a single number; a fit needs an array of points")
    if not -array.ndim <= axis < array.ndim:
        raise ModelError(f"axis={axis} does not exist in data of shape {array.shape}")
    return moved(array, axis), Shape(array.shape, axis)


def variables_of(
    model: Model, given: Mapping[str, Any], shape: Shape, points: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return independent variables and options that all fits share, and those that each has for itself.

    Parameters
    ----------
    model : Model
    given : mapping
    shape : Shape
    points : ndarray or None
        Coordinates of the points, for the one variable that is not given.

    Raises
    ------
    ModelError
        The model has no variable of a name that was given.
    """
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
    check_no_text(model, given)
    arrays = {
        name: value if is_lazy(value) else coerced(getattr(value, "values", value))
        for name, value in given.items()
    }
    own = {name for name, value in arrays.items() if np.ndim(value) > 1 and shape.goes_along(np.shape(value))}
    shared = {name: value for name, value in arrays.items() if name not in own}
    return shared, {name: shape.like_data(arrays[name]) for name in sorted(own)}


def weights_of(weights: Any, shape: Shape) -> Any:
    """Return the weights of all fits (n,), or of each (..., n); None for none.

    Raises
    ------
    ModelError
        They have another shape.
    """
    if weights is None:
        return None
    value = as_lazy(weights.data if hasattr(weights, "dims") else weights)
    if not is_lazy(value):
        value = numbers("weights", np.ma.filled(np.ma.asarray(value), 0.0))
    if value.ndim == 0:
        value = np.broadcast_to(value, (shape.points,))
    if value.shape == (shape.points,):
        return value
    if not shape.goes_along(value.shape):
        raise ModelError(
            f"weights have shape {value.shape}; needed is {shape.given}, like the data, or "
            f"{(shape.points,)}, the same for all fits"
        )
    return shape.like_data(value)
