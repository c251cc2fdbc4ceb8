"""Figures, by what is in their axes: curves, levels, limits and labels, for a line with known regions."""

import math
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from scipy import stats

from lmfit import Minimizer, create_params, plotting
from lmfit._intervals import ConfidenceIntervals, Interval, Limit, Missing
from lmfit.confidence import conf_interval
from lmfit.plotting import (
    plot_fit,
    plot_pairs,
    plot_profile,
    plot_profiles,
    plot_region,
    plot_residuals,
    plot_trace,
    two_panels,
)

X = np.linspace(0.0, 5.0, 30)
DATA = 1.0 + 2.0 * X + 0.3 * np.random.default_rng(1).standard_normal(X.size)


def line(params, sigma=1.0):
    return (params["a"] + params["b"] * X - DATA) / sigma


def fitted(**settings):
    fitter = Minimizer(line, create_params(a=0.0, b=1.0), **settings)
    fitter.leastsq()
    return fitter


@pytest.fixture(autouse=True)
def no_figures_are_left():
    plt.close("all")
    yield
    plt.close("all")


def lines(ax):
    """Return the labelled lines of axes by their labels."""
    return {item.get_label(): item for item in ax.get_lines() if not item.get_label().startswith("_")}


def labels(ax):
    return ax.get_legend_handles_labels()[1]


def profile_of_line(fitter, name, levels=(0.68, 0.95)):
    """Return intervals and trace of a linear model: Student's t, exactly."""
    par, result = fitter.params[name], fitter.result
    student = stats.t(result.nfree)
    limits = [
        Limit(level, side, par.value + side * par.stderr * student.ppf((1.0 + level) / 2.0))
        for level in levels
        for side in (-1, 1)
    ]
    values = par.value + par.stderr * np.linspace(-2.5, 2.5, 11)
    prob = 1.0 - 2.0 * student.sf(np.abs(values - par.value) / par.stderr)
    trace = {name: {name: values, "prob": prob}}
    return ConfidenceIntervals({name: Interval(par.value, tuple(limits))}), trace


def region_of_line(result, size=3.5, n=25):
    """Return the grid of the probability of both parameters of a linear model, exactly."""
    a, b = result.params["a"], result.params["b"]
    x = a.value + a.stderr * np.linspace(-size, size, n)
    y = b.value + b.stderr * np.linspace(-size, size, n + 2)
    away = np.stack(np.meshgrid(x - a.value, y - b.value), axis=-1)
    square = np.einsum("...i,ij,...j", away, np.linalg.inv(result.covar), away)
    return (
        x,
        y,
        stats.f(2, result.nfree).cdf(square / 2.0) if result.scale_covar else stats.chi2(2).cdf(square),
    )


# Fits and residuals.


def test_fit_with_everything():
    fine = np.linspace(0.0, 5.0, 7)
    ax = plot_fit(
        X, DATA, 1.0 + 2.0 * fine, x_fit=fine, init=fine, components={"rise": 2.0 * fine, "offset": 1.0},
        band=0.5, yerr=np.full(X.size, 0.3), xlabel="time (s)", ylabel="counts", title="decay",
    )  # fmt: skip
    drawn = lines(ax)
    np.testing.assert_array_equal(drawn["best fit"].get_xydata(), np.column_stack([fine, 1.0 + 2.0 * fine]))
    np.testing.assert_array_equal(drawn["initial fit"].get_ydata(), fine)
    np.testing.assert_array_equal(drawn["rise"].get_ydata(), 2.0 * fine)
    np.testing.assert_array_equal(drawn["offset"].get_ydata(), np.ones(7))
    (errors,) = ax.containers
    np.testing.assert_array_equal(errors.lines[0].get_ydata(), DATA)
    assert set(labels(ax)) == {"data", "initial fit", "best fit", "uncertainty", "rise", "offset"}
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("time (s)", "counts", "decay")


@pytest.mark.parametrize("band", [np.full(4, 0.5), (np.arange(4) - 0.5, np.arange(4) + 0.5)])
def test_band_is_half_width_or_limits(band):
    ax = plot_fit(range(4), None, np.arange(4.0), band=band)
    (area,) = ax.collections
    corners = area.get_paths()[0].vertices
    assert corners[:, 1].min() == -0.5
    assert corners[:, 1].max() == 3.5
    assert labels(ax) == ["best fit", "uncertainty"]


def test_curves_follow_x_whatever_the_order_of_the_data():
    ax = plot_fit([2.0, 0.0, 1.0], [4.0, 0.0, 1.0], [4.1, 0.1, 1.1], init=[3.0, 1.0, 2.0])
    np.testing.assert_array_equal(lines(ax)["best fit"].get_xydata(), [[0.0, 0.1], [1.0, 1.1], [2.0, 4.1]])
    np.testing.assert_array_equal(lines(ax)["initial fit"].get_ydata(), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(lines(ax)["data"].get_xdata(), [2.0, 0.0, 1.0])


def test_looks_can_be_changed():
    ax = plot_fit(
        X, DATA, DATA, init=DATA, datafmt="s", fitfmt=":", initfmt="-.",
        data_kws={"color": "black", "label": "run 7"}, fit_kws={"linewidth": 3.0},
        init_kws={"alpha": 0.5}, ax_kws={"facecolor": "0.9"},
    )  # fmt: skip
    drawn = lines(ax)
    assert drawn["run 7"].get_marker() == "s"
    assert drawn["run 7"].get_color() == "black"
    assert (drawn["best fit"].get_linestyle(), drawn["best fit"].get_linewidth()) == (":", 3.0)
    assert (drawn["initial fit"].get_linestyle(), drawn["initial fit"].get_alpha()) == ("-.", 0.5)
    assert ax.get_facecolor() == to_rgba("0.9")


def test_residuals_around_zero():
    ax = plot_residuals(X, DATA - 2.0 * X, data_kws={"color": "red"}, fit_kws={"color": "blue"}, xlabel="x")
    zero, data = ax.get_lines()
    assert (set(zero.get_ydata()), zero.get_color()) == ({0.0}, "blue")
    np.testing.assert_array_equal(data.get_ydata(), DATA - 2.0 * X)
    assert data.get_color() == "red"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "residuals")
    assert plot_residuals(X, DATA, yerr=DATA).containers


def test_two_panels_share_x():
    figure, below, above = two_panels(fig_kws={"figsize": (4.0, 5.0)})
    plot_fit(X, DATA, DATA, ax=below)
    plot_residuals(X, DATA, ax=above)
    below.set_xlim(-1.0, 7.0)
    assert above.get_xlim() == (-1.0, 7.0)
    figure.canvas.draw()
    assert below.get_position().height > 3.0 * above.get_position().height
    assert above.get_position().y0 > below.get_position().y1
    assert tuple(figure.get_size_inches()) == (4.0, 5.0)
    assert two_panels(fig=figure)[0] is figure


# Where things are drawn.


def test_axes_given_are_used_and_returned():
    _, ax = plt.subplots()
    fitter = fitted()
    ci, trace = profile_of_line(fitter, "a")
    assert plot_fit(X, DATA, DATA, ax=ax) is ax
    assert plot_residuals(X, DATA, ax=ax) is ax
    assert plot_profile(ci, "a", ax=ax) is ax
    assert plot_region(*region_of_line(fitter.result), "a", "b", ax=ax) is ax
    both = {"a": {**trace["a"], "b": trace["a"]["a"]}, "b": {**trace["a"], "b": trace["a"]["a"]}}
    assert plot_trace(both, "a", "b", ax=ax, colorbar=False) is ax
    assert len(plt.get_fignums()) == 1


def test_new_axes_take_an_empty_figure_or_a_new_one():
    figure = plt.figure(figsize=(3.0, 3.0))
    first = plot_residuals(X, DATA)
    assert first.figure is figure
    assert plot_residuals(X, DATA).figure is not figure
    assert len(first.get_lines()) == 2


# Profiles.


def test_profile_of_a_line_is_that_of_its_standard_error():
    fitter = fitted()
    ci, trace = profile_of_line(fitter, "a")
    ax = plot_profile(ci, "a", trace, fitter)
    drawn = lines(ax)
    assert set(drawn) == {"profile", "standard error"}
    x, y = drawn["profile"].get_data()
    straight_x, straight = drawn["standard error"].get_data()
    np.testing.assert_allclose(y, np.interp(x, straight_x, straight), atol=0.03)
    assert ax.get_xlabel() == "a"
    assert ax.get_ylim()[0] == 0.0


def test_curve_goes_through_the_points_and_the_limits():
    fitter = fitted()
    ci, trace = profile_of_line(fitter, "a", levels=(0.9545,))
    ax = plot_profile(ci, "a", trace)
    x, y = lines(ax)["profile"].get_data()
    expected = stats.norm.ppf((1.0 + trace["a"]["prob"]) / 2.0)
    shown = expected < ax.get_ylim()[1]
    np.testing.assert_allclose(np.interp(trace["a"]["a"], x, y)[shown], expected[shown], atol=1e-6)
    for _, value in ci["a"][::2]:
        assert np.interp(value, x, y) == pytest.approx(2.0, abs=1e-3)
    assert y.min() == 0.0


def test_levels_are_drawn_from_limit_to_limit():
    fitter = fitted()
    ci, _ = profile_of_line(fitter, "b")
    ax = plot_profile(ci, "b")
    assert sorted(text.get_text() for text in ax.texts) == ["68 %", "95 %"]
    spans = {
        round(float(item.get_ydata()[0]), 4): sorted(item.get_xdata())
        for item in ax.get_lines()
        if len(set(item.get_ydata())) == 1 and len(item.get_xdata()) == 2 and list(item.get_xdata()) != [0, 1]
    }
    row = [value for _, value in ci["b"]]
    assert spans[0.9945] == pytest.approx([row[1], row[3]])
    assert spans[1.96] == pytest.approx([row[0], row[4]])


def test_known_errors_are_compared_with_a_normal_distribution():
    fitter = fitted(scale_covar=False, fcn_kws={"sigma": 0.3})
    ci, _ = profile_of_line(fitter, "a")
    x, y = lines(plot_profile(ci, "a", result=fitter.result))["standard error"].get_data()
    par = fitter.params["a"]
    np.testing.assert_allclose(y, np.abs(x - par.value) / par.stderr, atol=1e-9)


def test_missing_limits_leave_gaps():
    limits = [
        Limit(0.68, -1, 0.5),
        Limit(0.68, 1, math.inf, Missing.FLAT, "flat"),
        Limit(0.95, -1, math.nan, Missing.NOT_CONVERGED, "no"),
        Limit(0.95, 1, math.inf, Missing.FLAT, "flat"),
    ]
    ax = plot_profile(ConfidenceIntervals({"a": Interval(1.0, tuple(limits))}), "a")
    x, _ = lines(ax)["profile"].get_data()
    assert (x.min(), x.max()) == (0.5, 1.0)
    assert [text.get_text() for text in ax.texts] == ["68 %", "95 %"]


def test_only_a_best_value():
    ax = plot_profile({"a": [(0.95, math.nan), (0.0, 2.0), (0.95, math.nan)]}, "a")
    np.testing.assert_array_equal(lines(ax)["profile"].get_xdata(), [2.0])


def test_without_standard_error_there_is_no_line_of_it():
    result = SimpleNamespace(params={"a": SimpleNamespace(value=2.0, stderr=None)}, scale_covar=False)
    row = [(0.68, 1.0), (0.0, 2.0), (0.68, 3.0)]
    assert "standard error" not in lines(plot_profile({"a": row}, "a", result=result))
    result.params["a"].stderr = 1.0
    assert "standard error" in lines(plot_profile({"a": row}, "a", result=result))


def test_points_far_above_the_levels_are_not_shown():
    trace = {"a": {"a": np.array([0.0, 1.0, 2.0, 50.0]), "prob": np.array([0.7, 0.0, 0.7, 1.0])}}
    ax = plot_profile({"a": [(0.68, 0.1), (0.0, 1.0), (0.68, 1.9)]}, "a", trace)
    assert ax.get_xlim()[1] < 3.0
    assert ax.get_ylim()[1] < 2.0


def test_names_that_are_not_there():
    ci, trace = profile_of_line(fitted(), "a")
    with pytest.raises(KeyError, match="no intervals for 'c'; there are for 'a'"):
        plot_profile(ci, "c")
    with pytest.raises(KeyError, match="no trace of 'b'; there are traces of 'a'"):
        plot_trace(trace, "a", "b")
    with pytest.raises(ValueError, match="parameter 'a' has no finite best value"):
        plot_profile({"a": [(0.68, 1.0), (0.0, math.nan), (0.68, 2.0)]}, "a")


def test_profiles_side_by_side():
    fitter = fitted()
    ci, trace = conf_interval(fitter, sigmas=[1, 2], trace=True)
    axes = plot_profiles(ci, trace, fitter)
    assert [ax.get_xlabel() for ax in axes] == ["a", "b"]
    assert [ax.get_ylabel() for ax in axes] == ["standard deviations", ""]
    assert all("profile" in lines(ax) for ax in axes)
    assert [ax.get_legend() is None for ax in axes] == [False, True]
    (only,) = plot_profiles(ci, names=["b"], axes=plt.subplots()[1])
    assert only.get_xlabel() == "b"


def test_trace_of_conf_interval():
    fitter = fitted()
    _, trace = conf_interval(fitter, sigmas=[1, 2], trace=True)
    ax = plot_trace(trace, "a", "b")
    assert labels(ax) == ["a held", "b held"]
    assert len(ax.figure.axes) == 2  # with the bar of colours
    first, second = (points.get_offsets() for points in ax.collections)
    # For a linear model the other parameter follows along a straight line with the slope of the covariance.
    covar = fitter.covar
    slope = np.polyfit(*first.T, 1)[0]
    assert slope == pytest.approx(covar[0, 1] / covar[0, 0], rel=1e-3)
    assert np.polyfit(*second.T[::-1], 1)[0] == pytest.approx(covar[0, 1] / covar[1, 1], rel=1e-3)
    assert len(plot_trace(trace, "b", "a", colorbar=False).figure.axes) == 1


# Regions.


def contours(ax):
    """Return the vertices of the contour lines of axes, by level."""
    (found,) = [item for item in ax.collections if hasattr(item, "levels") and not item.filled]
    return {
        float(level): np.concatenate([path.vertices]) for level, path in zip(found.levels, found.get_paths())
    }


def ellipses(ax):
    return [item.get_xydata() for item in ax.get_lines() if item.get_linestyle() == "--"]


def probability_at(result, points):
    away = points - [result.params["a"].value, result.params["b"].value]
    square = np.einsum("ni,ij,nj->n", away, np.linalg.inv(result.covar), away)
    return stats.f(2, result.nfree).cdf(square / 2.0) if result.scale_covar else stats.chi2(2).cdf(square)


@pytest.mark.parametrize("scale_covar", [True, False])
def test_regions_and_ellipses_of_a_line_are_the_same(scale_covar):
    result = fitted(scale_covar=scale_covar, fcn_kws={"sigma": 0.3}).result
    ax = plot_region(*region_of_line(result), "a", "b", result, sigmas=(1, 0.9, 2))
    probabilities = [math.erf(math.sqrt(0.5)), 0.9, math.erf(math.sqrt(2.0))]
    drawn = contours(ax)
    assert list(drawn) == pytest.approx([math.sqrt(-2.0 * math.log(1.0 - p)) for p in probabilities])
    for expected, points in zip(probabilities, drawn.values(), strict=True):
        np.testing.assert_allclose(probability_at(result, points), expected, atol=2e-3)
    for expected, points in zip([probabilities[0], 0.9, probabilities[2]], ellipses(ax), strict=True):
        np.testing.assert_allclose(probability_at(result, points), expected, atol=1e-9)
    assert labels(ax) == ["best fit", "covariance"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    assert {text.get_text() for text in ax.texts} >= {"1σ", "90 %"}


def test_a_narrow_valley_on_a_coarse_grid_is_one_region():
    params = {name: SimpleNamespace(value=0.0, stderr=1.0, correl={}) for name in "ab"}
    params["a"].correl = {"b": 0.97}
    result = SimpleNamespace(params=params, scale_covar=False)
    x = np.linspace(-3.0, 3.0, 15)
    one, two = np.meshgrid(x, x)
    square = (one**2 + two**2 - 2.0 * 0.97 * one * two) / (1.0 - 0.97**2)
    ax = plot_region(x, x, stats.chi2(2).cdf(square), "a", "b", result, sigmas=[1])
    (points,) = contours(ax).values()
    assert np.abs(points[:, 0]).max() == pytest.approx(math.sqrt(2.2957), rel=0.05)
    # One closed curve: no vertex is far from the next.
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 0.5


def test_a_grid_may_begin_at_its_upper_end():
    x, y, grid = region_of_line(fitted().result)
    upwards, downwards = (
        contours(plot_region(x[::step], y[::step], grid[::step, ::step], "a", "b")) for step in (1, -1)
    )
    for one, two in zip(upwards.values(), downwards.values(), strict=True):
        np.testing.assert_allclose(one, two)


@pytest.mark.parametrize("columns, finer", [(2, False), (3, False), (4, True)])
def test_only_a_grid_of_a_few_points_is_drawn_as_it_is(columns, finer):
    x, y = np.arange(columns) - 1.0, np.linspace(-1.0, 1.0, 9)
    probability = stats.chi2(2).cdf(x**2 + y[:, np.newaxis] ** 2)
    (points,) = contours(plot_region(x, y, probability, "a", "b", sigmas=[0.3])).values()
    # Between the lines of the grid the contour is straight, but for the gap for its label.
    on_lines = np.isclose(points[:, :1], x).any(axis=1) | np.isclose(points[:, 1:], y).any(axis=1)
    assert (np.sum(~on_lines) > 4) == finer


def test_cells_without_a_value_leave_a_gap():
    result = fitted().result
    x, y, grid = region_of_line(result)
    grid[5:9, 4:20] = np.nan
    ax = plot_region(x, y, grid, "a", "b")
    points = np.concatenate(list(contours(ax).values()))
    hole = (points[:, 1] > y[5]) & (points[:, 1] < y[8]) & (points[:, 0] > x[4]) & (points[:, 0] < x[19])
    assert len(points) > 50
    assert not hole.any()


def test_without_standard_errors_there_is_no_ellipse():
    params = {name: SimpleNamespace(value=1.0, stderr=None, correl=None) for name in "ab"}
    result = SimpleNamespace(params=params, scale_covar=True, nfree=5)
    ax = plot_region(*region_of_line(fitted().result), "a", "b", result)
    assert labels(ax) == ["best fit"]
    assert ellipses(ax) == []


def test_matrix_of_all_pairs():
    fitter = fitted()
    before = fitter.result
    axes = plot_pairs(fitter, nx=8, ny=8, sigmas=(1, 2))
    assert axes.shape == (2, 2)
    assert not axes[0, 1].axison
    assert "profile" in lines(axes[0, 0])
    assert "profile" in lines(axes[1, 1])
    for level, points in zip((1, 2), contours(axes[1, 0]).values(), strict=True):
        expected = math.erf(level / math.sqrt(2.0))
        np.testing.assert_allclose(probability_at(fitter.result, points), expected, atol=8e-3)
        np.testing.assert_allclose(points[0], points[-1])  # closed: it does not end at the edge of the grid
    assert (axes[1, 0].get_xlabel(), axes[1, 0].get_ylabel()) == ("a", "b")
    assert (axes[0, 0].get_xlabel(), axes[1, 1].get_xlabel()) == ("", "b")
    assert fitter.result is before


def test_ranges_of_the_matrix_can_be_given():
    axes = plot_pairs(fitted(), nx=5, ny=5, sigmas=(1,), limits=((0.5, 1.5), (1.8, 2.2)))
    points = np.concatenate([line.get_xydata() for line in axes[1, 0].get_lines()])
    assert points[:, 0].min() > 0.5
    assert axes[1, 0].get_ylim() == pytest.approx((1.8, 2.2))


def test_ranges_of_the_matrix_do_without_limits():
    params = create_params(a={"value": 1.0, "min": 0.9}, b=2.0)
    missing = [(0.95, -math.inf), (0.0, 1.0), (0.95, math.nan)]
    assert plotting._span(missing, params["a"]) == (0.9, 9.0)
    assert plotting._span([(0.95, 1.5), (0.0, 2.0), (0.95, math.inf)], params["b"]) == (1.2, 2.8)


def test_the_matrix_takes_axes_that_are_given():
    _, given = plt.subplots(1, 1)
    axes = plot_pairs(fitted(), names=["b"], sigmas=[1], axes=given)
    assert axes[0, 0] is given
    assert "profile" in lines(given)


def test_one_parameter_has_only_its_profile():
    assert plot_pairs(fitted(), names=["b"], sigmas=[1]).shape == (1, 1)


# matplotlib itself.


def test_it_is_loaded_only_when_it_is_needed():
    code = "import sys, lmfit.plotting; sys.exit('matplotlib' in sys.modules)"
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert run.returncode == 0


def calls():
    result = fitted().result
    ci, trace = profile_of_line(fitted(), "a")
    grid = region_of_line(result)
    return {
        "plot_fit": lambda: plot_fit(X, DATA, DATA),
        "plot_residuals": lambda: plot_residuals(X, DATA),
        "two_panels": two_panels,
        "plot_profile": lambda: plot_profile(ci, "a", trace),
        "plot_profiles": lambda: plot_profiles(ci),
        "plot_trace": lambda: plot_trace({"a": trace["a"]}, "a", "a"),
        "plot_region": lambda: plot_region(*grid, "a", "b"),
        "plot_pairs": lambda: plot_pairs(fitted()),
    }


@pytest.mark.parametrize("name", plotting.__all__)
def test_without_it_the_extra_is_named(name, monkeypatch):
    call = calls()[name]
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(
        ImportError, match=r"pictures need the package matplotlib: pip install 'lmfit\[plot\]'"
    ):
        call()
