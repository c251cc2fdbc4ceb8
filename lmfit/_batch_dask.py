"""Many fits of Dask arrays: lazy, block by block.

Each block of the data is a piece of its own, fitted by whichever worker has it, be it on this computer or
on a cluster.  Blocks that are lost with their worker are fitted again by another one: that is Dask's
doing.  Nothing larger than a block is ever in memory at once.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from ._batch_piece import fit_piece
from ._batch_run import check, portable
from ._batch_source import ModelSource
from ._derivatives import Array

__all__ = ["as_lazy", "broadcast", "is_lazy", "lazy_table", "moved"]


def as_lazy(data: Any) -> Any:
    """Return arrays that are stored in chunks, such as Zarr's, as Dask arrays; others as they are."""
    if is_lazy(data) or isinstance(data, np.ndarray) or not hasattr(data, "chunks"):
        return data
    return _dask().from_array(data, chunks=data.chunks or "auto")


def is_lazy(array: Any) -> bool:
    """Whether something is a Dask array."""
    return hasattr(array, "dask")


def broadcast(array: Any, shape: tuple[int, ...]) -> Any:
    """Return an array, lazy or not, in a larger shape."""
    return _dask().broadcast_to(array, shape) if is_lazy(array) else np.broadcast_to(array, shape)


def moved(array: Any, axis: int) -> Any:
    """Return an array, lazy or not, or masked, with one axis last."""
    if is_lazy(array):
        return _dask().moveaxis(array, axis, -1)
    if isinstance(array, np.ma.MaskedArray):
        mask = np.moveaxis(np.ma.getmaskarray(array), axis, -1)
        return np.ma.array(np.moveaxis(array.data, axis, -1), mask=mask)
    return np.moveaxis(array, axis, -1)


def _dask() -> Any:
    try:
        import dask.array as da
    except ImportError as error:
        raise ImportError(
            "arrays in chunks need the package dask: pip install 'lmfit[distributed]'"
        ) from error
    return da


def lazy_table(source: ModelSource, raising: bool) -> Any:
    """Return the table of all fits as a Dask array, shape (..., k).

    Parameters
    ----------
    source : ModelSource
        Whose data are a Dask array.
    raising : bool
        Whether a failed fit is an error, when it is computed.
    """
    da = _dask()
    plan = source.plan
    dims = tuple(range(source.data.ndim))
    data = source.data.rechunk({source.data.ndim - 1: -1})
    arrays: list[Any] = [data, dims]
    for array, own in _others(source):
        chunks = tuple(data.chunks[dim] if size > 1 else 1 for dim, size in zip(own, array.shape))
        lazy = array.rechunk(chunks) if is_lazy(array) else da.from_array(array, chunks=chunks)
        arrays += [lazy, own]
    width = plan.layout.width
    return da.blockwise(
        _fit_block,
        (*dims[:-1], len(dims)),
        *arrays,
        plan=portable(plan),
        names=_names(source),
        raising=raising,
        new_axes={len(dims): width},
        dtype=float,
        meta=np.empty((0,) * len(dims)),
        concatenate=True,
        align_arrays=False,
    )


def _names(source: ModelSource) -> dict[str, Any]:
    return {
        "weights": source.weights is not None,
        "settings": list(source.settings),
        "each": list(source.each),
    }


def _others(source: ModelSource) -> list[tuple[Any, tuple[int, ...]]]:
    """The arrays besides the data, each with the dimensions of the data that it has."""
    dims = tuple(range(source.data.ndim))
    found = []
    if source.weights is not None:
        found.append((source.weights, dims if source.weights.ndim > 1 else dims[-1:]))
    found += [(array, dims[:-1]) for array in source.settings.values()]
    found += [(array, dims) for array in source.each.values()]
    return found


def _fit_block(data: Array, *others: Array, plan: Any, names: dict[str, Any], raising: bool) -> Array:
    """Fit one block; what comes before the last dimension is the shape of its fits."""
    plan = pickle.loads(plan) if isinstance(plan, bytes) else plan  # noqa: S301 - made by portable
    shape = data.shape[:-1]
    block = ModelSource(plan, data, *_sorted(others, names))
    if data.size == 0:
        return np.empty((*shape, plan.layout.width))
    count = int(np.prod(shape, dtype=int))
    filled = fit_piece(plan, block.piece(0, count))
    if raising:
        check(filled, plan.layout, 0, shape)
    return filled.table.reshape(*shape, plan.layout.width)


def _sorted(others: tuple[Array, ...], names: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Weights, settings and independent variables, from the arrays of a block."""
    rest = list(others)
    weights = rest.pop(0) if names["weights"] else None
    settings = {key: rest.pop(0) for key in names["settings"]}
    return weights, settings, dict(zip(names["each"], rest))
