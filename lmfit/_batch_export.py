"""Results of many fits for others: tables of pandas, Datasets of xarray, text, pictures and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from ._batch_labels import Labels
from ._batch_table import MESSAGES, Layout, succeeded
from ._derivatives import Array
from ._files import replacing
from ._format import column_table, escape, html_table
from .errors import ModelError, close_matches
from .parameter import Parameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame
    from xarray import Dataset

    from ._batch_result import BatchResult

__all__ = ["dataframe", "dataset", "load", "plot_map", "save", "summary"]

_FORMAT = "lmfit BatchResult 1"
_STATISTICS = {
    "chisqr": "chi-square",
    "redchi": "reduced chi-square",
    "ndata": "number of data",
    "nfev": "number of evaluations",
}
#: Longest list of reasons, or parameters, in a summary.
_LISTED = 20


def _needed(package: str, extra: str) -> ImportError:
    return ImportError(f"this needs the package {package}: pip install 'lmfit[{extra}]'")


def dataframe(result: BatchResult) -> DataFrame:
    """Return a row for each fit."""
    try:
        import pandas as pd
    except ImportError as missing:
        raise _needed("pandas", "data") from missing
    columns: dict[str, Any] = {}
    for name in result.param_names:
        columns[name], columns[f"{name}_stderr"] = result.values[name], result.stderr[name]
    for name in (*_STATISTICS, "success", "message"):
        columns[name] = getattr(result, name)
    flat = {name: np.ravel(np.asarray(column)) for name, column in columns.items()}
    return pd.DataFrame(flat, index=_index(result))


def _index(result: BatchResult) -> Any:
    import pandas as pd

    labels = result._labels
    if not labels.dims:
        return None
    levels = []
    for dim, size in zip(labels.dims, result.shape):
        known = labels.coords.get(dim) if hasattr(labels.coords, "get") else None
        levels.append(pd.RangeIndex(size) if known is None else _as_index(known))
    if len(levels) == 1:
        return levels[0].rename(levels[0].names if levels[0].nlevels > 1 else labels.dims[0])
    return pd.MultiIndex.from_product(levels, names=labels.dims)


def _as_index(coordinate: Any) -> Any:
    import pandas as pd

    if isinstance(coordinate, pd.Index):
        return coordinate
    return pd.Index(coordinate[1] if isinstance(coordinate, tuple) else np.asarray(coordinate))


def dataset(result: BatchResult, units: Mapping[str, str]) -> Dataset:
    """Return all numbers as one Dataset."""
    try:
        import xarray as xr
    except ImportError as missing:
        raise _needed("xarray", "data") from missing
    unknown = [name for name in units if name not in result.param_names]
    if unknown:
        raise ModelError(
            f"units: there is no parameter {unknown[0]!r}{close_matches(unknown[0], result.param_names)}"
        )
    labels, variables = result._labels, result.var_names

    def array(values: Any, about: Mapping[str, Any], *more: str) -> Any:
        return (
            (*labels.dims, *more),
            getattr(values, "data", values) if hasattr(values, "dims") else values,
            about,
        )

    found: dict[str, Any] = {}
    for name in result.param_names:
        unit = {"units": units[name]} if name in units else {}
        column, error = result._layout.value(name), result._layout.error(name)
        found[name] = array(result._table[..., column], {"long_name": name, **unit})
        found[f"{name}_stderr"] = array(
            result._table[..., error], {"long_name": f"standard error of {name}", **unit}
        )
    for name, words in _STATISTICS.items():
        found[name] = array(getattr(result, name), {"long_name": words})
    meaning = "; ".join(f"{int(code)}: {text}" for code, text in MESSAGES.items())
    found["success"] = array(result.success, {"long_name": "whether the fit succeeded"})
    found["status"] = array(result.status, {"long_name": "how the fit ended", "meaning": meaning})
    found["covar"] = array(result.covar, {"long_name": "covariance"}, "variable", "variable_2")
    named = {"variable": variables, "variable_2": variables}
    return xr.Dataset(found, coords={**labels.coords, **named})


def summary(result: BatchResult) -> str:
    """Return what there is to say about all fits together."""
    good = _good(result)
    table = [column_table(_rows(result, good), width=11)] if good.any() else []
    return "\n".join([*_facts(result, good), *table])


def summary_html(result: BatchResult) -> str:
    """Return `summary` as HTML."""
    good = _good(result)
    facts = "<br>".join(escape(line) for line in _facts(result, good))
    header, *rows = _rows(result, good) if good.any() else [[]]
    return f"<p>{facts}</p>\n{html_table('Variables', header, rows) if rows else ''}"


def _good(result: BatchResult) -> Any:
    return succeeded(np.ravel(np.asarray(result.status)))


def _facts(result: BatchResult, good: Any) -> list[str]:
    """How many fits failed, and why, and how good the others are."""
    status = np.ravel(np.asarray(result.status))
    lines = [f"{result.size} fits, {np.count_nonzero(good)} succeeded, {np.count_nonzero(~good)} failed"]
    for code in np.unique(status[~good])[:_LISTED]:
        rows = np.flatnonzero(status == code)
        lines.append(f"    {len(rows)}: {MESSAGES[int(code)]} (first {_place(result, rows[0])})")
    if good.any():
        redchi, nfev = (np.ravel(np.asarray(column)) for column in (result.redchi, result.nfev))
        worst = int(np.nanargmax(np.where(good, redchi, np.nan)))
        lines.append(
            f"reduced chi-square: median {np.median(redchi[good]):.4g}, largest {redchi[worst]:.4g} "
            f"{_place(result, worst)}"
        )
        lines.append(f"evaluations: median {np.median(nfev[good]):.0f}, largest {nfev[good].max()}")
    return lines


def _place(result: BatchResult, row: int) -> str:
    index = [int(i) for i in np.unravel_index(row, result.shape)] if result.shape else []
    return f"at {index}"


def _rows(result: BatchResult, good: Any) -> list[list[str]]:
    """Quantiles of each variable, its usual error, and in how many fits it has none."""
    rows = [["variable", "5 %", "median", "95 %", "error", "no error"]]
    for name in result.var_names:
        values = np.ravel(np.asarray(result.values[name]))[good]
        errors = np.ravel(np.asarray(result.stderr[name]))[good]
        known = errors[np.isfinite(errors)]
        usual = f"{np.median(known):.3g}" if len(known) else "-"
        rows.append(
            [
                name,
                *(f"{q:.5g}" for q in np.quantile(values, [0.05, 0.5, 0.95])),
                usual,
                str(len(errors) - len(known)),
            ]
        )
    return rows


def plot_map(
    result: BatchResult, name: str, what: str, ax: Axes | None, label: str | None, kws: Mapping[str, Any]
) -> Axes:
    """Draw one number of each fit."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as missing:
        raise _needed("matplotlib", "plot") from missing
    if what not in ("value", "stderr"):
        raise ValueError(f"what must be 'value' or 'stderr', not {what!r}")
    numbers, errors = _numbers(result, name, what)
    ax = plt.gca() if ax is None else ax
    places = [_coordinate(result, dim, size) for dim, size in zip(result._labels.dims, numbers.shape)]
    label = label or (name if what == "value" else f"standard error of {name}")
    if numbers.ndim == 2:
        (y, x), (y_name, x_name) = places, result._labels.dims
        mesh = ax.pcolormesh(x, y, numbers, **{"shading": "nearest", **kws})
        ax.figure.colorbar(mesh, ax=ax, label=label)
        ax.set(xlabel=x_name, ylabel=y_name)
    elif numbers.ndim == 1:
        ax.errorbar(places[0], numbers, yerr=errors, **{"fmt": ".", **kws})
        ax.set(xlabel=result._labels.dims[0], ylabel=label)
    else:
        raise ValueError(
            f"the fits have shape {numbers.shape}; a map needs one or two dimensions, so plot a part of "
            f"result.values[{name!r}]"
        )
    return ax


def _numbers(result: BatchResult, name: str, what: str) -> tuple[Array, Array | None]:
    if name in _STATISTICS:
        return np.asarray(getattr(result, name), dtype=float), None
    known = [*result.param_names, *_STATISTICS]
    if name not in known:
        raise ModelError(f"{name!r} is neither a parameter nor a statistic{close_matches(name, known)}")
    errors = np.asarray(result.stderr[name])
    return (np.asarray(result.values[name]), errors) if what == "value" else (errors, None)


def _coordinate(result: BatchResult, dim: str, size: int) -> Any:
    coords = result._labels.coords
    if dim in coords:
        known = np.asarray(_as_index(coords[dim]))
        if known.dtype.kind in "iufM":
            return known
    return np.arange(size)


def save(
    path: str | PathLike[str], table: Array, params: Parameters, labels: Labels, texts: Mapping[int, str]
) -> None:
    """Write a result to a file."""
    from zipfile import ZIP_DEFLATED, ZipFile

    coords = {name: _stored(name, coord, labels) for name, coord in labels.coords.items()}
    about = {
        "format": _FORMAT,
        "params": params.dumps(),
        "dims": labels.dims,
        "kind": labels.kind,
        "coords": {name: list(dims) for name, (dims, _) in coords.items()},
        "texts": {str(row): text for row, text in texts.items()},
    }
    arrays: dict[str, Any] = {f"coord_{name}": values for name, (_, values) in coords.items()}
    arrays = {"table": table, "about": np.array(json.dumps(about)), **arrays}
    # An archive of our own is closed before its file is; on a full disk, that of NumPy would be later.
    with replacing(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)


def _stored(name: str, coordinate: Any, labels: Labels) -> tuple[tuple[str, ...], Array]:
    """Dimensions and values of a coordinate, as what can be stored without code."""
    values = np.asarray(coordinate[1] if isinstance(coordinate, tuple) else coordinate)
    if values.dtype == object:
        if not all(isinstance(value, str) for value in values.flat):
            raise ModelError(
                f"the coordinate {name!r} holds {type(values.flat[0]).__name__}, which cannot be stored"
            )
        values = values.astype(str)
    return tuple(getattr(coordinate, "dims", labels.dims[:1])), values


def load(path: str | PathLike[str]) -> tuple[Array, Parameters, Layout, Labels, dict[int, str]]:
    """Read what `save` wrote."""
    import struct
    import zipfile
    import zlib

    damaged = (zipfile.BadZipFile, struct.error, zlib.error, EOFError, NotImplementedError, RuntimeError)
    try:
        return _read(path)
    except (*damaged, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path} is no file of BatchResult.save: {error}") from error


def _read(path: str | PathLike[str]) -> tuple[Array, Parameters, Layout, Labels, dict[int, str]]:
    # NumPy leaves a file open that it cannot read.
    with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        if about["format"] != _FORMAT:
            raise ModelError(f"{path} has the format {about['format']!r}, and not {_FORMAT!r}")
        table = file["table"]
        coords = {name: (tuple(dims), file[f"coord_{name}"]) for name, dims in about["coords"].items()}
    params = Parameters().loads(about["params"])
    layout = Layout(tuple(params), tuple(name for name, par in params.items() if par.vary))
    if about["kind"] == "pandas":
        coords = {name: _as_index(values) for name, (_, values) in coords.items()}
    labels = Labels(tuple(about["dims"]), coords, about["kind"])
    return table, params, layout, labels, {int(row): text for row, text in about["texts"].items()}
