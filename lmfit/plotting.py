r"""Figures of fits, and of what the data say about the parameters.

Every function draws into the axes that it is given, or into new ones, and returns them, so
that anything can be changed or added.  New axes go into the current figure if that is still
empty, else into a new one.  The functions take arrays and what `conf_interval` and
`conf_interval2d` return; matplotlib is loaded when the first of them is called.

Two scales make deviations from the linear approximation visible, for which they are straight.
Profiles show the probability *P* as the number of standard deviations of a normal distribution
within which it lies, :math:`z = \sqrt 2\, \mathrm{erf}^{-1}(P)`; that of a linear model is a V
(D. M. Bates and D. G. Watts, *Nonlinear Regression Analysis*, 1988, section 6.1).  Regions are
interpolated on the radius :math:`s = \sqrt{-2 \ln(1 - P)}`, which for a linear model is a cone over
an ellipse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ._derivatives import Array
from ._levels import probability_of
from .confidence import conf_interval, conf_interval2d

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "plot_fit",
    "plot_pairs",
    "plot_profile",
    "plot_profiles",
    "plot_region",
    "plot_residuals",
    "plot_trace",
    "two_panels",
]

#: By name of the fixed parameter the values of all, and their probability under the key 'prob'.
Trace: TypeAlias = Mapping[str, Mapping[str, Any]]
Limits: TypeAlias = Mapping[str, Iterable[tuple[float, float]]]

_GREY = "0.6"
#: Closest to 1 that a probability is taken to be: the next number below it.
_ALMOST_ONE = 1.0 - 1e-16
#: Height up to which a profile is drawn, in units of the highest level.
_HEADROOM = 1.3
#: Distance from the best value to the edge of a region, in units of that to a limit, with room to spare.
_WIDER = 1.6
#: Fewest points of a grid through which a cubic spline goes, and how many times finer it is drawn.
_SPLINE, _FINER = 4, 6
#: Points of an ellipse and of the curve of a linear model.
_SMOOTH = 201


def plot_fit(
    x: Any,
    data: Any,
    best_fit: Any,
    *,
    x_fit: Any = None,
    init: Any = None,
    components: Mapping[str, Any] | None = None,
    band: Any = None,
    yerr: Any = None,
    ax: Axes | None = None,
    datafmt: str = "o",
    fitfmt: str = "-",
    initfmt: str = "--",
    data_kws: Mapping[str, Any] | None = None,
    fit_kws: Mapping[str, Any] | None = None,
    init_kws: Mapping[str, Any] | None = None,
    ax_kws: Mapping[str, Any] | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    title: str | None = None,
) -> Axes:
    """Draw data and the model at its best values.

    Parameters
    ----------
    x : array_like, shape (n,)
        Where the data are.
    data : array_like, shape (n,), or None
        None draws no data.
    best_fit : array_like
        The model at its best values, at `x_fit` if that is given, else at `x`.
    x_fit : array_like, optional
        Where the model is known, such as on a finer grid.
    init : array_like, optional
        The model at its start values.
    components : dict, optional
        Parts of the model, by label.
    band : array_like or pair of array_like, optional
        Uncertainty of `best_fit`: its half width, or the lower and the upper limit.
    yerr : array_like, optional
        Errors of the data.
    ax : Axes, optional
        Where to draw; new ones by default.
    datafmt, fitfmt, initfmt : str, optional
        Formats as of `matplotlib.axes.Axes.plot`.
    data_kws, fit_kws, init_kws : dict, optional
        Further arguments of `plot` (of `errorbar` for data with errors).
    ax_kws : dict, optional
        Arguments for new axes.
    xlabel, ylabel, title : str, optional
        What is written at the axes and above them.

    Returns
    -------
    Axes
        Those that were drawn into.

    Raises
    ------
    ImportError
        The package matplotlib is missing.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 5)
    >>> ax = plot_fit(x, [0.1, 0.4, 1.1, 1.4, 2.1], 2 * x, band=0.1)
    >>> ax.get_legend_handles_labels()[1]
    ['data', 'best fit', 'uncertainty']
    """
    ax = _axes(ax, ax_kws)
    points = _sorted(x if x_fit is None else x_fit)
    if data is not None:
        _draw_data(ax, x, data, yerr, datafmt, {"label": "data", **(data_kws or {})})
    if init is not None:
        ax.plot(*points(init), initfmt, **{"label": "initial fit", **(init_kws or {})})
    (line,) = ax.plot(*points(best_fit), fitfmt, **{"label": "best fit", **(fit_kws or {})})
    if band is not None:
        lower, upper = (points(side) for side in _limits_of(band, np.asarray(best_fit)))
        look: dict[str, Any] = {
            "label": "uncertainty",
            "color": line.get_color(),
            "alpha": 0.25,
            "linewidth": 0.0,
        }
        ax.fill_between(lower[0], lower[1], upper[1], **look)
    for label, component in (components or {}).items():
        ax.plot(*points(component), "--", linewidth=1.0, label=label)
    _describe(ax, xlabel, ylabel, title)
    ax.legend(loc="best")
    return ax


def plot_residuals(
    x: Any,
    residual: Any,
    *,
    yerr: Any = None,
    ax: Axes | None = None,
    datafmt: str = "o",
    data_kws: Mapping[str, Any] | None = None,
    fit_kws: Mapping[str, Any] | None = None,
    ax_kws: Mapping[str, Any] | None = None,
    xlabel: str | None = None,
    ylabel: str | None = "residuals",
    title: str | None = None,
) -> Axes:
    """Draw residuals around a line at zero.

    Parameters
    ----------
    x, residual : array_like, shape (n,)
        The residual is drawn as it is given.
    yerr : array_like, optional
        Errors of the data.
    ax : Axes, optional
        Where to draw; new ones by default.
    datafmt : str, optional
        Format as of `matplotlib.axes.Axes.plot`.
    data_kws : dict, optional
        Further arguments of `plot`, or of `errorbar`.
    fit_kws : dict, optional
        Further arguments of `axhline`, for the line.
    ax_kws : dict, optional
        Arguments for new axes.
    xlabel, ylabel, title : str, optional
        What is written at the axes and above them.

    Returns
    -------
    Axes
        Those that were drawn into.

    Examples
    --------
    >>> ax = plot_residuals([0, 1, 2], [0.1, -0.2, 0.1], yerr=0.1, xlabel="time (s)")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('time (s)', 'residuals')
    """
    ax = _axes(ax, ax_kws)
    ax.axhline(0.0, **{"color": _GREY, "linewidth": 1.0, "zorder": 0, **(fit_kws or {})})
    _draw_data(ax, x, residual, yerr, datafmt, {"label": "residuals", **(data_kws or {})})
    _describe(ax, xlabel, ylabel, title)
    return ax


def two_panels(
    fig: Figure | None = None, fig_kws: Mapping[str, Any] | None = None
) -> tuple[Figure, Axes, Axes]:
    """Make axes for a fit and, in a flat panel above it, for its residuals.

    Parameters
    ----------
    fig : Figure, optional
        Where to put them; a new figure by default.
    fig_kws : dict, optional
        Arguments for a new figure.

    Returns
    -------
    fig : Figure
        The given or new one.
    ax_fit, ax_residuals : Axes
        They share the x axis, whose numbers stand below the fit only.

    Examples
    --------
    >>> fig, ax_fit, ax_residuals = two_panels()
    >>> bool(ax_fit.get_position().height > ax_residuals.get_position().height)
    True
    """
    if fig is not None and not hasattr(fig, "subplots"):
        raise TypeError(f"fig must be the Figure to draw in, not {fig!r:.80}; leave it out for a new one")
    figure = _pyplot().figure(**{"layout": "constrained", **(fig_kws or {})}) if fig is None else fig
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (1, 4)})
    return figure, lower, upper


def plot_profile(
    ci: Limits,
    name: str,
    trace: Trace | None = None,
    result: Any = None,
    *,
    ax: Axes | None = None,
    legend: bool = True,
) -> Axes:
    """Draw the profile of a parameter and its confidence intervals.

    The curve shows how probable it is, in standard deviations, that a value is to be excluded when all
    others are adjusted to it.  Each level is a horizontal line from the lower to the upper limit.

    Parameters
    ----------
    ci : dict
        As `conf_interval` returns it.
    name : str
        The parameter.
    trace : dict, optional
        That of ``conf_interval(..., trace=True)``.  Without it the limits alone make the curve.
    result : MinimizerResult or Minimizer, optional
        Its standard error is shown as a dashed line, on which the profile of a linear model lies.
    ax : Axes, optional
        Where to draw; new ones by default.
    legend : bool, optional
        Whether to explain the dashed line.

    Returns
    -------
    Axes
        Those that were drawn into.

    Examples
    --------
    >>> ax = plot_profile({"b": [(0.68, 1.9), (0.0, 2.0), (0.68, 2.2)]}, "b")
    >>> ax.get_xlabel()
    'b'
    """
    row = _row(ci, name)
    best = _best(row)
    if not math.isfinite(best):
        raise ValueError(f"parameter {name!r} has no finite best value in these intervals: nothing to draw")
    ax = _axes(ax)
    levels = sorted({prob for prob, _ in row if prob})
    top = _HEADROOM * float(_deviations(max(levels, default=0.95)))
    values, heights = _profile(row, {} if trace is None else _traced(trace, name), name)
    shown = heights <= top
    color = _draw_curve(ax, values[shown], heights[shown], best)
    for probability in levels:
        _draw_level(ax, row, best, probability, color)
    if result is not None:
        _draw_linear(ax, result, name)
        if legend:
            ax.legend(loc="upper center", ncols=2, fontsize="x-small", frameon=False, handlelength=1.5)
    ax.set_ylim(0.0, top)
    _describe(ax, name, "standard deviations", None)
    return ax


def plot_profiles(
    ci: Limits,
    trace: Trace | None = None,
    result: Any = None,
    *,
    names: Sequence[str] | None = None,
    axes: Any = None,
) -> Any:
    """Draw the profiles of several parameters side by side, see `plot_profile`.

    Parameters
    ----------
    ci : dict
        As of `plot_profile`.
    trace : dict, optional
        As of `plot_profile`.
    result : MinimizerResult or Minimizer, optional
        As of `plot_profile`.
    names : sequence of str, optional
        The parameters; by default all of `ci`.
    axes : array of Axes, optional
        As many as there are parameters; a new figure by default.

    Returns
    -------
    ndarray of Axes
        One for each parameter.

    Examples
    --------
    >>> ci = {"a": [(0.68, 0.9), (0.0, 1.0), (0.68, 1.1)], "b": [(0.68, 1.9), (0.0, 2.0), (0.68, 2.2)]}
    >>> [ax.get_xlabel() for ax in plot_profiles(ci)]
    ['a', 'b']
    """
    names = list(ci) if names is None else list(names)
    if axes is None:
        size = (3.2 * len(names), 2.8)
        _, axes = _pyplot().subplots(1, len(names), squeeze=False, figsize=size, layout="constrained")
    drawn = np.asarray(axes, dtype=object).ravel()
    for name, ax in zip(names, drawn, strict=True):
        plot_profile(ci, name, trace, result, ax=ax, legend=ax is drawn[0])
    for ax in drawn[1:]:
        ax.set_ylabel("")
    return drawn


def plot_trace(
    trace: Trace, x_name: str, y_name: str, *, ax: Axes | None = None, colorbar: bool = True
) -> Axes:
    """Draw how two parameters depend on each other: each as adjusted to given values of the other.

    For a linear model these are two straight lines, through the points of a region's edge where it
    has horizontal and vertical tangents; the closer they are to each other, the stronger the correlation.

    Parameters
    ----------
    trace : dict
        That of ``conf_interval(..., trace=True)``, with both parameters.
    x_name, y_name : str
        The parameters.
    ax : Axes, optional
        Where to draw; new ones by default.
    colorbar : bool, optional
        Whether to explain the colours, which show the probability.

    Returns
    -------
    Axes
        Those that were drawn into.

    Examples
    --------
    >>> from lmfit import conf_interval
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.1, 4.9, 7.2], x=[0, 1, 2, 3], slope=1, intercept=0)
    >>> ci, trace = conf_interval(result.minimizer, sigmas=0.95, trace=True)
    >>> plot_trace(trace, "slope", "intercept").get_ylabel()
    'intercept'
    """
    curves = [_traced(trace, x_name), _traced(trace, y_name)]
    ax = _axes(ax)
    points = None
    for fixed, curve, style in zip((x_name, y_name), curves, ("-", "--")):
        order = np.argsort(curve[fixed])
        x, y, prob = (np.asarray(curve[key], dtype=float)[order] for key in (x_name, y_name, "prob"))
        ax.plot(x, y, style, color=_GREY, linewidth=1.0, zorder=1, label=f"{fixed} held")
        points = ax.scatter(x, y, c=prob, s=20.0, vmin=0.0, vmax=1.0, zorder=2)
    if colorbar and points is not None:
        ax.figure.colorbar(points, ax=ax, label="probability")
    ax.legend(fontsize="small", frameon=False)
    _describe(ax, x_name, y_name, None)
    return ax


def plot_region(
    x: Any,
    y: Any,
    grid: Any,
    x_name: str,
    y_name: str,
    result: Any = None,
    *,
    sigmas: Sequence[float] = (1, 2, 3),
    ax: Axes | None = None,
    labels: bool = True,
) -> Axes:
    r"""Draw the confidence regions of two parameters.

    Parameters
    ----------
    x, y, grid : array_like, shapes (nx,), (ny,), (ny, nx)
        What `conf_interval2d` returns; a nan in the grid leaves a gap.
    x_name, y_name : str
        The parameters.
    result : MinimizerResult or Minimizer, optional
        Its best values are marked, and dashed ellipses show what its covariance makes of the regions.
    sigmas : sequence of float, optional
        Levels: below 1 a probability; from 1 on *k* stands for that of *k* standard deviations of
        one normal variable, :math:`\mathrm{erf}(k/\sqrt 2)`.
    ax : Axes, optional
        Where to draw; new ones by default.
    labels : bool, optional
        Whether to write the levels on their contours.

    Returns
    -------
    Axes
        Its contours are drawn on the radius :math:`\sqrt{-2 \ln(1 - P)}`.

    Examples
    --------
    >>> from lmfit import conf_interval2d
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.1, 4.9, 7.2], x=[0, 1, 2, 3], slope=1, intercept=0)
    >>> region = conf_interval2d(result.minimizer, "slope", "intercept", 8, 8)
    >>> plot_region(*region, "slope", "intercept", result.minimizer).get_xlabel()
    'slope'
    """
    levels = {
        _radius(probability_of(sigma)): _level_text(sigma) for sigma in sorted(sigmas, key=probability_of)
    }
    surface = _refined(np.asarray(x), np.asarray(y), _radius(np.asarray(grid, dtype=float)))
    ax = _axes(ax)
    ax.contourf(*surface, [0.0, *levels], cmap="Blues_r", alpha=0.6)
    lines = ax.contour(*surface, list(levels), colors="C0", linewidths=1.2)
    if labels:
        ax.clabel(lines, fmt=levels, fontsize="small")
    if result is not None:
        _draw_ellipses(ax, result, (x_name, y_name), [probability_of(sigma) for sigma in sigmas])
        if labels:
            ax.legend(fontsize="x-small", frameon=False)
    _describe(ax, x_name, y_name, None)
    return ax


def plot_pairs(
    minimizer: Any,
    result: Any = None,
    names: Sequence[str] | None = None,
    *,
    sigmas: Sequence[float] = (1, 2, 3),
    nx: int = 20,
    ny: int = 20,
    axes: Any = None,
    **kws: Any,
) -> Any:
    """Draw a matrix of pictures: profiles on its diagonal, the regions of all pairs below.

    Parameters
    ----------
    minimizer : Minimizer
        As of `conf_interval`.
    result : MinimizerResult, optional
        As of `conf_interval`.
    names : sequence of str, optional
        The parameters; by default all variables.
    sigmas : sequence of float, optional
        Levels, as of `plot_region`.
    nx, ny : int, optional
        Number of points of the grids, which reach somewhat further than the intervals.
    axes : array of Axes, shape (k, k), optional
        For *k* parameters; a new figure by default.
    **kws
        Arguments of `conf_interval2d`, such as `executor`.

    Returns
    -------
    ndarray of Axes, shape (k, k)
        Those above the diagonal are switched off.

    Examples
    --------
    >>> from lmfit.models import LinearModel
    >>> result = LinearModel().fit([1.0, 3.1, 4.9, 7.2], x=[0, 1, 2, 3], slope=1, intercept=0)
    >>> plot_pairs(result.minimizer, sigmas=[1, 2], nx=6, ny=6).shape
    (2, 2)
    """
    result = minimizer.result if result is None else result
    names = list(result.var_names) if names is None else list(names)
    count = len(names)
    if axes is None:
        size = (2.4 * count + 0.6, 2.2 * count + 0.4)
        _, axes = _pyplot().subplots(
            count, count, sharex="col", squeeze=False, figsize=size, layout="constrained"
        )
    axes = np.asarray(axes, dtype=object).reshape(count, count)
    ci, trace = conf_interval(minimizer, result, p_names=names, sigmas=sigmas, trace=True)
    spans = {name: _span(_row(ci, name), result.params[name]) for name in names}
    for row, y_name in enumerate(names):
        for column, x_name in enumerate(names[:row]):
            region = {"nx": nx, "ny": ny, "limits": (spans[x_name], spans[y_name]), **kws}
            x, y, grid = conf_interval2d(minimizer, result, x_name, y_name, **region)
            ax = axes[row, column]
            plot_region(x, y, grid, x_name, y_name, result, sigmas=sigmas, ax=ax, labels=False)
    # After the regions, to whose range the straight lines go.
    for place, name in enumerate(names):
        plot_profile(ci, name, trace, result, ax=axes[place, place], legend=False)
        for ax in axes[place, place + 1 :]:
            ax.set_axis_off()
    _tidy(axes)
    return axes


def _span(row: list[tuple[float, float]], par: Any) -> tuple[float, float]:
    """A range, within the bounds, that holds the regions whose levels are those of an interval."""
    best, found = _best(row), [value for _, value in row if math.isfinite(value)]
    below, above = best - min(found), max(found) - best
    reach = max(below, above) or 5.0 * (par.stderr or abs(best) or 1.0)
    low, high = best - _WIDER * (below or reach), best + _WIDER * (above or reach)
    return max(low, par.min), min(high, par.max)


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("pictures need the package matplotlib: pip install 'lmfit[plot]'") from error
    return plt


def _axes(ax: Axes | None, kws: Mapping[str, Any] | None = None) -> Axes:
    """The axes given, or new ones: in the current figure only if they have it for themselves."""
    if ax is not None:
        if not hasattr(ax, "plot"):
            raise TypeError(f"ax must be the Axes to draw in, not {ax!r:.80}; leave it out for new ones")
        return ax
    plt = _pyplot()
    figure = plt.figure() if plt.gcf().axes else plt.gcf()
    new: Axes = figure.add_subplot(**(kws or {}))
    return new


def _describe(ax: Axes, xlabel: str | None, ylabel: str | None, title: str | None) -> None:
    if xlabel is not None:
        ax.set_xlabel(xlabel)
    if ylabel is not None:
        ax.set_ylabel(ylabel)
    if title is not None:
        ax.set_title(title)


def _draw_data(ax: Axes, x: Any, y: Any, yerr: Any, fmt: str, kws: Mapping[str, Any]) -> None:
    kws = {"markersize": 4.0, **kws}
    if yerr is None:
        ax.plot(x, y, fmt, **kws)
    else:
        ax.errorbar(x, y, yerr=yerr, fmt=fmt, **kws)


def _sorted(x: Any) -> Any:
    """A function from `y` to the points of a curve in the order of `x`: a line must not run to and fro."""
    x = np.asarray(x)
    order = np.argsort(x, kind="stable")
    return lambda y: (x[order], np.broadcast_to(y, x.shape)[order])


def _limits_of(band: Any, best_fit: Array) -> tuple[Any, Any]:
    """Lower and upper limit of a band, which may be given by its half width."""
    if isinstance(band, (tuple, list)) and len(band) == 2:
        return np.asarray(band[0]), np.asarray(band[1])
    half = np.asarray(band)
    return best_fit - half, best_fit + half


def _row(ci: Limits, name: str) -> list[tuple[float, float]]:
    if name not in ci:
        raise KeyError(f"there are no intervals for {name!r}; there are for {', '.join(map(repr, ci))}")
    return [(float(prob), float(value)) for prob, value in ci[name]]


def _best(row: list[tuple[float, float]]) -> float:
    return min(row, key=lambda pair: pair[0], default=(0.0, math.nan))[1]


def _traced(trace: Trace, name: str) -> Mapping[str, Any]:
    if name not in trace:
        raise KeyError(f"there is no trace of {name!r}; there are traces of {', '.join(map(repr, trace))}")
    return trace[name]


def _profile(row: list[tuple[float, float]], curve: Mapping[str, Any], name: str) -> tuple[Array, Array]:
    """Values and heights of a profile, from its trace and its limits."""
    points = dict(zip(map(float, curve.get(name, ())), curve.get("prob", ())))
    points |= {value: prob for prob, value in row if math.isfinite(value)}
    values = np.array(sorted(points))
    return values, _deviations([points[value] for value in values])


def _deviations(probability: Any) -> Array:
    """Number of standard deviations that hold a probability; some eight where it is one."""
    from scipy.special import erfinv

    inside = np.clip(np.asarray(probability, dtype=float), 0.0, _ALMOST_ONE)
    return np.asarray(math.sqrt(2.0) * erfinv(inside))


def _draw_curve(ax: Axes, values: Array, heights: Array, best: float) -> Any:
    """Draw a profile as a smooth curve through its points, and return its colour."""
    (line,) = ax.plot(values, heights, "o", markersize=3.0)
    curve = values, heights
    if len(values) > 1:
        from scipy.interpolate import PchipInterpolator

        # With its sign it has no kink, and where it rises everywhere the curve does.
        signed = PchipInterpolator(values, np.sign(values - best) * heights)
        fine = np.union1d(np.linspace(values[0], values[-1], _SMOOTH), values)
        curve = fine, np.abs(signed(fine))
    ax.plot(*curve, "-", color=line.get_color(), label="profile")
    return line.get_color()


def _draw_level(
    ax: Axes, row: list[tuple[float, float]], best: float, probability: float, color: Any
) -> None:
    """Draw one level: a faint line all across, a stronger one between its limits, and its name."""
    height = float(_deviations(probability))
    ax.axhline(height, color=_GREY, linewidth=0.5, linestyle=":", zorder=0)
    limits = sorted(value for prob, value in row if prob == probability and math.isfinite(value))
    look: dict[str, Any] = {"color": color, "linewidth": 0.8, "alpha": 0.5, "zorder": 1}
    ax.plot([min([*limits, best]), max([*limits, best])], [height, height], **look)
    for limit in limits:
        ax.plot([limit, limit], [0.0, height], **look)
    text = f"{100.0 * probability:.3g} %" if probability < 0.9995 else f"{probability:.6g}"
    ax.text(best, height, text, ha="center", va="bottom", fontsize="x-small", color="0.3")


def _draw_linear(ax: Axes, result: Any, name: str) -> None:
    """Draw the profile that the standard error stands for, over the range of the axes."""
    par = result.params[name]
    if not par.stderr:
        return
    low, high = ax.get_xlim()
    values = np.linspace(low, high, _SMOOTH)
    distance = np.abs(values - par.value) / par.stderr
    ax.plot(values, _deviations(_probability_within(distance, result)), "--", color=_GREY, zorder=1,
            label="standard error")  # fmt: skip
    ax.set_xlim(low, high)


def _probability_within(distance: Array, result: Any) -> Array:
    """Probability within a distance in standard errors: of Student's t where their size was estimated."""
    from scipy.special import erf, stdtr

    if not result.scale_covar:
        return np.asarray(erf(distance / math.sqrt(2.0)))
    return np.asarray(1.0 - 2.0 * stdtr(max(1, result.nfree), -distance))


def _level_text(sigma: float) -> str:
    return f"{100.0 * sigma:.3g} %" if sigma < 1.0 else f"{sigma:g}σ"


def _radius(probability: Any) -> Any:
    """Radius of the circle that holds a probability of two independent normal variables."""
    return np.sqrt(-2.0 * np.log1p(-np.clip(probability, 0.0, _ALMOST_ONE)))


def _refined(x: Array, y: Array, radius: Array) -> tuple[Array, Array, Any]:
    """A finer grid, on which a narrow valley between the points is not a string of beads.

    The square of the radius is close to a quadratic form, which cubic splines reproduce.  Cells with a
    corner that has no value stay empty.
    """
    if min(radius.shape) < _SPLINE or not np.isfinite(radius).any():
        return x, y, np.ma.masked_invalid(radius)
    from scipy.interpolate import RectBivariateSpline
    from scipy.ndimage import distance_transform_edt

    columns, rows = np.argsort(x), np.argsort(y)  # the manual's limits begin with the upper one
    x, y, radius = x[columns], y[rows], radius[np.ix_(rows, columns)]
    unknown = ~np.isfinite(radius)
    nearest = distance_transform_edt(unknown, return_distances=False, return_indices=True)
    places = [np.linspace(0.0, len(t) - 1.0, _FINER * len(t)) for t in (y, x)]
    fine_y, fine_x = (np.interp(place, np.arange(len(t)), t) for place, t in zip(places, (y, x)))
    square = RectBivariateSpline(y, x, radius[tuple(nearest)] ** 2)(fine_y, fine_x)
    corners = product(*((np.floor(place).astype(int), np.ceil(place).astype(int)) for place in places))
    empty = np.any([unknown[np.ix_(*corner)] for corner in corners], axis=0)
    return fine_x, fine_y, np.ma.masked_array(np.sqrt(np.maximum(square, 0.0)), empty)


def _draw_ellipses(ax: Axes, result: Any, names: tuple[str, str], probabilities: list[float]) -> None:
    """Mark the best values, and draw the regions that the standard errors and correlation stand for."""
    one, two = (result.params[name] for name in names)
    ax.plot([one.value], [two.value], "+", color="black", markersize=8.0, label="best fit")
    if not (one.stderr and two.stderr):
        return
    correlation = (one.correl or {}).get(names[1], (two.correl or {}).get(names[0], 0.0))
    angle = np.linspace(0.0, 2.0 * np.pi, _SMOOTH)
    across = correlation * np.cos(angle) + math.sqrt(max(0.0, 1.0 - correlation**2)) * np.sin(angle)
    label: str | None = "covariance"
    for probability in probabilities:
        radius = _ellipse_radius(probability, result)
        x, y = one.value + radius * one.stderr * np.cos(angle), two.value + radius * two.stderr * across
        ax.plot(x, y, "--", color="C3", linewidth=1.0, label=label)
        label = None


def _ellipse_radius(probability: float, result: Any) -> float:
    r"""Radius, in standard errors, of the region of two parameters in the linear approximation.

    With errors of known size the square of the radius is that of two normal variables.  Otherwise half
    of it follows the F distribution with 2 and :math:`\nu` degrees of freedom, for which
    :math:`P = 1 - (1 + 2F/\nu)^{-\nu/2}`.
    """
    if not result.scale_covar:
        return float(_radius(probability))
    nfree = max(1, result.nfree)
    return math.sqrt(nfree * math.expm1(-2.0 / nfree * math.log1p(-probability)))


def _tidy(axes: Any) -> None:
    """Leave names and numbers only at the outer edges of a matrix of axes; profiles have their own scale."""
    last = len(axes) - 1
    for (row, column), ax in np.ndenumerate(axes):
        if row != last:
            ax.set_xlabel("")
        if row == column:
            ax.set_ylabel("")
            ax.yaxis.tick_right()
        elif column > 0:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
