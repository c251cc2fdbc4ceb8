"""What data know about themselves: dimensions and coordinates of xarray, the index of pandas.

The labels of the data go with the results of the fits, one dimension less: that of the points of a fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._fit_data import numbers
from .errors import ModelError, close_matches

__all__ = ["Labels", "unlabelled"]


@dataclass(frozen=True)
class Labels:
    """Names of the dimensions of the fits, and their coordinates.

    Attributes
    ----------
    dims : tuple of str
    coords : mapping
        What `xarray.DataArray` takes as coordinates.
    kind : {'', 'xarray', 'pandas'}
        What the data were.
    """

    dims: tuple[str, ...]
    coords: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""

    def put_on(self, values: Any, *more: str) -> Any:
        """Return an array with these labels, where the data had some; `more` names further dimensions."""
        if self.kind == "xarray":
            from xarray import DataArray

            return DataArray(values, dims=(*self.dims, *more), coords=self.coords)
        if self.kind == "pandas" and not more:
            from pandas import Series

            return Series(values, index=self.coords[self.dims[0]])
        return values

    def aligned(self, value: Any) -> Any:
        """Return the array of something that has labels itself, with its axes in the order of the fits."""
        if self.kind == "xarray" and hasattr(value, "dims") and hasattr(value, "transpose"):
            unknown = [dim for dim in value.dims if dim not in self.dims]
            if unknown:
                raise ModelError(
                    f"an array for all fits has the dimension {unknown[0]!r}, but the fits have "
                    f"{', '.join(map(repr, self.dims))}"
                )
            missing = [dim for dim in self.dims if dim not in value.dims]
            return value.expand_dims(missing).transpose(*self.dims).data
        return np.asarray(value) if hasattr(value, "iloc") else value


def unlabelled(data: Any, axis: int | str) -> tuple[Any, int, Labels, Any]:
    """Take the labels off some data.

    Parameters
    ----------
    data : array_like
        Also a DataArray, DataFrame or Series; lazy arrays stay lazy.
    axis : int or str
        The one along which the points of a fit lie; of a DataArray also its name.

    Returns
    -------
    array : array_like
    axis : int
    labels : Labels
        Those of the fits.
    points : ndarray or None
        Coordinates of the points, if they have some that are numbers.

    Examples
    --------
    >>> unlabelled([[1.0, 2.0]], -1)[1:]
    (-1, Labels(dims=('fit_0',), coords={}, kind=''), None)
    """
    if hasattr(data, "dims") and hasattr(data, "isel"):
        return _of_xarray(data, axis)
    if isinstance(axis, str):
        raise ModelError(f"axis={axis!r} is the name of a dimension, which only an xarray.DataArray has")
    if hasattr(data, "iloc"):
        return _of_pandas(data, axis)
    is_array = hasattr(data, "shape") and getattr(getattr(data, "dtype", None), "kind", "") in tuple("biufc")
    array = data if is_array else numbers("data", data)
    return array, axis, Labels(tuple(f"fit_{i}" for i in range(array.ndim - 1))), None


def _of_xarray(data: Any, axis: int | str) -> tuple[Any, int, Labels, Any]:
    if isinstance(axis, str) and axis not in data.dims:
        raise ModelError(f"the data have no dimension {axis!r}{close_matches(axis, data.dims)}")
    dim = axis if isinstance(axis, str) else data.dims[axis]
    one = data.isel({dim: 0}, drop=True)
    points = _numbers(data.coords[dim].values) if dim in data.coords else None
    return data.data, data.dims.index(dim), Labels(tuple(one.dims), one.coords, "xarray"), points


def _of_pandas(data: Any, axis: int) -> tuple[Any, int, Labels, Any]:
    if data.ndim == 1:
        return data.to_numpy(), axis, Labels(()), _numbers(data.index.to_numpy())
    fits, points = (data.index, data.columns) if axis in (1, -1) else (data.columns, data.index)
    name = str(fits.name or "fit")
    return data.to_numpy(), axis, Labels((name,), {name: fits}, "pandas"), _numbers(points.to_numpy())


def _numbers(coordinates: Any) -> Any:
    """Coordinates as floats, or None where they are no numbers."""
    array = np.asarray(coordinates)
    return array.astype(float) if array.dtype.kind in "iuf" else None
