"""Where the fits come from: data, weights, start values and bounds of all of them.

The arrays keep the shape of the fits.  Nothing is copied before a piece is cut out.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ._batch_piece import Piece, Plan
from .parameter import Parameters

if TYPE_CHECKING:
    from ._model_result import ModelResult

__all__ = ["ModelSource"]


@dataclass(frozen=True)
class ModelSource:
    """Many fits of a model.

    Attributes
    ----------
    plan : Plan
    data : array, shape (..., n)
    weights : array, shape (..., n) or (n,), or None
    settings : mapping
        Arrays (...) by name of the parameter and 'value', 'min' or 'max'.
    each : mapping
        Independent variables, shape (..., n), of each fit.
    """

    plan: Plan
    data: Any
    weights: Any = None
    settings: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    each: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the fits."""
        return tuple(int(size) for size in self.data.shape[:-1])

    @property
    def lazy(self) -> bool:
        """Whether the data are a Dask array."""
        return hasattr(self.data, "dask")

    def piece(self, first: int, end: int) -> Piece:
        """Return some fits, counted in the order of the shape (the last index runs fastest)."""
        place = np.unravel_index(np.arange(first, end), self.shape) if self.shape else ()
        weights = self.weights
        if weights is not None:
            weights = _cut(weights, place) if weights.ndim > 1 else np.asarray(weights)[np.newaxis]
        return Piece(
            _cut(self.data, place),
            weights,
            {key: np.atleast_1d(array[place]) for key, array in self.settings.items()},
            {name: _cut(array, place) for name, array in self.each.items()},
        )

    def params(self, index: tuple[int, ...], values: Mapping[str, float]) -> Parameters:
        """Return the Parameters of one fit, at the values found for it, or at its start if there are none."""
        params = copy.copy(self.plan.params)
        for (name, what), array in self.settings.items():
            setattr(params[name], what, float(array[index]))
        for name, value in values.items():
            if params[name].vary and np.isfinite(value):
                params[name].value = value
        return params

    def refit(self, index: tuple[int, ...], values: Mapping[str, float]) -> ModelResult:
        """Fit one of them again by itself, from the values found for it; data without weight are left out."""
        data, weights = _computed(self.data[index]), self.weights
        if weights is not None:
            weights = _computed(weights[index] if weights.ndim > 1 else weights)
            data = np.where(weights != 0.0, _cut(data, ())[0], np.nan)
        each = {name: _computed(array[index]) for name, array in self.each.items()}
        return self.plan.model.fit(
            data,
            self.params(index, values),
            weights=weights,
            scale_covar=self.plan.scale_covar,
            nan_policy="omit",
            **{**self.plan.shared, **each},
        )


def _cut(array: Any, place: tuple[Any, ...]) -> Any:
    """The rows of some fits, with NaN for what is masked, shape (m, n)."""
    rows = array[place]
    if isinstance(rows, np.ma.MaskedArray):
        rows = np.ma.filled(rows.astype(complex if rows.dtype.kind == "c" else float), np.nan)
    return np.atleast_2d(np.asarray(rows, dtype=None if rows.dtype.kind in "fc" else float))


def _computed(array: Any) -> Any:
    return array.compute() if hasattr(array, "compute") else array
