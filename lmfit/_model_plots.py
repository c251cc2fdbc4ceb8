"""Figures of the result of a fit of a Model: which curves to draw; `lmfit.plotting` draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import plotting
from .errors import ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot", "plot_fit", "plot_residuals"]

#: What is drawn of complex numbers.
_PARTS: dict[str, Callable[[Any], Any]] = {
    "abs": np.abs,
    "angle": np.angle,
    "real": np.real,
    "imag": np.imag,
}


def plot_fit(
    result: Any,
    ax: Axes | None = None,
    datafmt: str = "o",
    fitfmt: str = "-",
    initfmt: str = "--",
    xlabel: str | None = None,
    ylabel: str | None = None,
    yerr: Any = None,
    numpoints: int | None = None,
    data_kws: Mapping[str, Any] | None = None,
    fit_kws: Mapping[str, Any] | None = None,
    init_kws: Mapping[str, Any] | None = None,
    ax_kws: Mapping[str, Any] | None = None,
    show_init: bool = False,
    parse_complex: str = "abs",
    title: str | None = None,
) -> Axes:
    """Draw data and fitted curve, see `ModelResult.plot_fit`."""
    name, x = _abscissa(result)
    part = _part(parse_complex)
    fine = _finer(result, name, x, numpoints)
    again = {} if numpoints is None else {name: fine}
    return plotting.plot_fit(
        x,
        part(np.asarray(result.data)),
        part(np.asarray(result.eval(**again) if again else result.best_fit)),
        x_fit=fine,
        init=part(np.asarray(result.eval(result.init_params, **again))) if show_init else None,
        yerr=_errors(result, yerr, part),
        ax=ax,
        datafmt=datafmt,
        fitfmt=fitfmt,
        initfmt=initfmt,
        data_kws=data_kws,
        fit_kws=fit_kws,
        init_kws=init_kws,
        ax_kws=ax_kws,
        xlabel=name if xlabel is None else xlabel,
        ylabel="y" if ylabel is None else ylabel,
        title=result.model.name if title is None else title,
    )


def plot_residuals(
    result: Any,
    ax: Axes | None = None,
    datafmt: str = "o",
    yerr: Any = None,
    data_kws: Mapping[str, Any] | None = None,
    fit_kws: Mapping[str, Any] | None = None,
    ax_kws: Mapping[str, Any] | None = None,
    parse_complex: str = "abs",
    title: str | None = None,
) -> Axes:
    """Draw the difference of fitted curve and data, see `ModelResult.plot_residuals`."""
    name, x = _abscissa(result)
    part = _part(parse_complex)
    return plotting.plot_residuals(
        x,
        part(np.asarray(result.best_fit)) - part(np.asarray(result.data)),
        yerr=_errors(result, yerr, part),
        ax=ax,
        datafmt=datafmt,
        data_kws=data_kws,
        fit_kws=fit_kws,
        ax_kws=ax_kws,
        xlabel=name,
        title=result.model.name if title is None else title,
    )


def plot(
    result: Any,
    datafmt: str = "o",
    fitfmt: str = "-",
    initfmt: str = "--",
    xlabel: str | None = None,
    ylabel: str | None = None,
    yerr: Any = None,
    numpoints: int | None = None,
    fig: Figure | None = None,
    data_kws: Mapping[str, Any] | None = None,
    fit_kws: Mapping[str, Any] | None = None,
    init_kws: Mapping[str, Any] | None = None,
    ax_res_kws: Mapping[str, Any] | None = None,
    ax_fit_kws: Mapping[str, Any] | None = None,
    fig_kws: Mapping[str, Any] | None = None,
    show_init: bool = False,
    parse_complex: str = "abs",
    title: str | None = None,
) -> Figure:
    """Draw the fit and its residuals in one figure, see `ModelResult.plot`."""
    figure, ax_fit, ax_residuals = plotting.two_panels(fig, fig_kws)
    shared = {"datafmt": datafmt, "yerr": yerr, "data_kws": data_kws, "fit_kws": fit_kws}
    shared |= {"parse_complex": parse_complex, "title": title}
    plot_residuals(result, ax_residuals, ax_kws=ax_res_kws, **shared)
    plot_fit(
        result,
        ax_fit,
        fitfmt=fitfmt,
        initfmt=initfmt,
        xlabel=xlabel,
        ylabel=ylabel,
        numpoints=numpoints,
        init_kws=init_kws,
        ax_kws=ax_fit_kws,
        show_init=show_init,
        **{**shared, "title": ""},
    )
    return figure


def _abscissa(result: Any) -> tuple[str, Any]:
    """The one independent variable that has a value for each of the data."""
    data = np.asarray(result.data)
    found = {
        name: np.asarray(value)
        for name, value in result.userkws.items()
        if name in result.model.independent_vars and np.shape(value) == data.shape and data.ndim == 1
    }
    if len(found) != 1:
        names = ", ".join(map(repr, found)) or "none"
        raise ModelError(
            f"a figure needs one independent variable with a value for each of the data, here: {names}; "
            "draw result.best_fit yourself"
        )
    return next(iter(found.items()))


def _part(parse_complex: str) -> Callable[[Any], Any]:
    """What is drawn of numbers: real ones as they are."""
    if parse_complex not in _PARTS:
        raise ValueError(
            f"parse_complex must be one of {', '.join(map(repr, _PARTS))}, not {parse_complex!r}"
        )
    return lambda values: _PARTS[parse_complex](values) if np.iscomplexobj(values) else values


def _finer(result: Any, name: str, x: Any, numpoints: int | None) -> Any:
    if numpoints is None:
        return None
    if not hasattr(numpoints, "__index__"):
        raise TypeError(f"numpoints must be a number of points of the curve, not {numpoints!r}")
    return np.linspace(x.min(), x.max(), max(numpoints, len(x)))


def _errors(result: Any, yerr: Any, part: Callable[[Any], Any]) -> Any:
    """Error bars: those that are given, or those that the weights stand for."""
    if yerr is not None:
        return yerr
    errors = result._fit_data.errors
    if errors is None:
        return None
    errors = np.broadcast_to(part(errors), np.shape(result.data))
    return np.where(np.isfinite(errors), errors, 0.0)
