"""Known traps of least-squares fits, each against a closed form or a certified answer.

Values and standard errors are compared with what linear algebra, or NIST, says they are.
"""

import sys

import nist
import numpy as np
import pytest
from helpers import Counted, Linear, errors, linear_solution, values
from hypothesis import given
from hypothesis import strategies as st
from numpy import exp

from lmfit import Parameters, create_params, minimize

x = np.linspace(0, 1, 21)
NOISE = np.random.default_rng(7).normal(size=x.size)
LINE = np.column_stack([x, np.ones_like(x)])
CURVE = np.column_stack([x, np.ones_like(x), x**2])


def straight_line(y):
    return lambda p: p["a"] * x + p["b"] - y


def parabola(y):
    return lambda p: p["a"] * x + p["b"] + p["c"] * x**2 - y


def decay(y):
    return lambda p: p["a"] * exp(-x / p["t"]) - y


def decay_errors(a, t, y):
    """Standard errors of `decay` at its minimum, from analytic derivatives."""
    e = exp(-x / t)
    J = np.column_stack([e, a * e * x / t**2])
    residual = a * e - y
    return np.sqrt(np.diag(np.linalg.inv(J.T @ J)) * (residual @ residual) / (len(x) - 2))


def assert_covariance(fit, expected, atol):
    scale = np.outer(expected.stderr, expected.stderr)
    np.testing.assert_allclose(fit.covar / scale, expected.covar / scale, rtol=0, atol=atol)


def assert_linear(fit, expected, tol=1e-7):
    """Compare a fit with a `Linear` solution: values, covariance, errors, correlations, chi-square."""
    scale = expected.stderr
    np.testing.assert_allclose((values(fit) - expected.values) / scale, 0, atol=tol)
    np.testing.assert_allclose(errors(fit), scale, rtol=tol)
    assert_covariance(fit, expected, tol)
    for i, par in enumerate(fit.params.values()):
        correl = expected.covar[i] / scale[i] / scale
        assert list(par.correl.values()) == pytest.approx(list(np.delete(correl, i)), abs=tol)
    assert fit.chisqr == pytest.approx(expected.chisqr, rel=tol)


@pytest.mark.parametrize("start", [1.0, -1.0, 0.0, 1e-3, 1e6])
def test_optimum_exactly_at_zero(start):
    y = NOISE - LINE @ linear_solution(LINE, NOISE).values
    fit = minimize(straight_line(y), create_params(a=start, b=start))
    expected = linear_solution(LINE, y)
    assert fit.success
    assert_linear(fit, Linear(np.zeros(2), expected.unscaled, expected.chisqr, expected.redchi))


def test_optimum_exactly_at_zero_of_one_variable_only():
    y = 3 + NOISE - LINE @ linear_solution(LINE, NOISE).values
    fit = minimize(straight_line(y), create_params(a=5, b=5))
    assert_linear(fit, linear_solution(LINE, y))


def test_optimum_exactly_at_zero_on_a_bound_that_does_not_push():
    y = NOISE - LINE @ linear_solution(LINE, NOISE).values
    fit = minimize(straight_line(y), create_params(a={"value": 1, "min": 0}, b=1))
    expected = linear_solution(LINE, y)
    np.testing.assert_allclose(values(fit) / expected.stderr, 0, atol=1e-4)
    assert fit.params["b"].stderr in (
        pytest.approx(expected.stderr[1], rel=1e-4),
        pytest.approx(linear_solution(LINE[:, 1:], y).stderr[0], rel=1e-4),
    )


def test_residuals_of_1e_minus_12():
    y = 2 * x + 1 + 1e-12 * NOISE
    fit = minimize(straight_line(y), create_params(a=1, b=0))
    assert fit.success
    # The data themselves are rounded to a few ten-thousandths of the residual.
    assert_linear(fit, linear_solution(LINE, y), tol=5e-3)


def test_data_and_residuals_of_1e_minus_12():
    y = 1e-12 * (2 * x + 1 + 0.1 * NOISE)
    fit = minimize(straight_line(y), create_params(a=1e-12, b=1e-12))
    assert fit.success
    assert_linear(fit, linear_solution(LINE, y))


def test_data_of_1e_minus_12_from_a_start_at_1():
    y = 1e-12 * (2 * x + 1 + 0.1 * NOISE)
    fit = minimize(straight_line(y), create_params(a=1, b=1))
    assert_linear(fit, linear_solution(LINE, y), tol=1e-3)


@pytest.mark.parametrize("bounds", [{}, {"min": 0}, {"min": 0, "max": 1}, {"min": -1, "max": 1e-12}])
def test_values_of_1e_minus_13_with_min_0(bounds):
    y = 3e-13 * exp(-x / 0.4) * (1 + 0.01 * NOISE)
    fit = minimize(decay(y), create_params(a={"value": 1e-13, **bounds}, t={"value": 1.0, "min": 0.01}))
    free = minimize(decay(1e13 * y), create_params(a=1.0, t=1.0))
    assert fit.success
    np.testing.assert_allclose(values(fit) * [1e13, 1], values(free), rtol=1e-7)
    np.testing.assert_allclose(errors(fit), decay_errors(*values(fit), y), rtol=1e-6)


@pytest.mark.parametrize(
    "par",
    [
        {"value": 0, "min": 0},
        {"value": 10, "max": 10},
        {"value": 0, "min": 0, "max": 10},
        {"value": 10, "min": 0, "max": 10},
        {"value": 0, "min": 0, "max": 1e9},
        {"value": 2.5, "min": 2.5, "max": 3.5},
    ],
    ids=str,
)
def test_start_exactly_on_a_bound(par):
    y = 3 * x + 0.5 + 0.01 * NOISE
    fit = minimize(straight_line(y), create_params(a=par, b=0))
    assert fit.success
    assert_linear(fit, linear_solution(LINE, y))


PEAK = {"height": 4.0, "center": 0.4, "width": 0.08, "slope": 1.0}


def peak(v):
    height, center, width, slope = (float(v[name]) for name in PEAK)
    return height / (1 + ((x - center) / max(width, 1e-3)) ** 2) + slope * x


def peak_from_a_start_on_bounds(seed):
    """Whether a fit of a peak, each start value on a bound, ends at or below the chi-square of the truth."""
    rng = np.random.default_rng(seed)
    y = peak(PEAK) + rng.normal(scale=0.05, size=x.size)
    params = Parameters()
    for name, true in PEAK.items():
        start = true * rng.uniform(0.6, 1.7)
        low, high = (start, 10 * true) if start < true else (0, start)
        params.add(name, value=start, min=low, max=high)
    fit = minimize(lambda p: peak(p) - y, params)
    return fit.success and fit.chisqr <= np.sum((peak(PEAK) - y) ** 2)


def test_start_exactly_on_bounds_of_a_nonlinear_problem():
    # There are local minima in the corners, so that not each start leads to the solution.
    assert sum(map(peak_from_a_start_on_bounds, range(50))) >= 47


ON_BOUND = [{"max": 2}, {"min": -10, "max": 2}, {"min": 1.9, "max": 2}, {"min": 1.99999, "max": 2}]


def fit_on_a_bound(bounds, start, **settings):
    """Fit a parabola whose slope, about 3, has the upper bound 2; solve it with the slope fixed there too."""
    y = 3 * x + 0.5 + 0.1 * NOISE
    pars = {"a": {"value": start, **bounds}, "b": 0, "c": 1}
    return minimize(parabola(y), create_params(**pars), **settings), linear_solution(CURVE[:, 1:], y - 2 * x)


@pytest.mark.parametrize("bounds", ON_BOUND, ids=str)
@pytest.mark.parametrize("start", [1.0, 2.0, 1.95])
def test_solution_on_a_bound_values(bounds, start):
    fit, fixed = fit_on_a_bound(bounds, start)
    assert fit.success
    assert fit.params["a"].value == pytest.approx(2, abs=1e-9)
    np.testing.assert_allclose(values(fit)[1:], fixed.values, rtol=1e-6)
    assert fit.chisqr == pytest.approx(fixed.chisqr, rel=1e-8)


@pytest.mark.parametrize("bounds", ON_BOUND, ids=str)
def test_solution_on_a_bound_leaves_the_other_errors_those_of_the_fit_with_it_fixed_there(bounds):
    fit, fixed = fit_on_a_bound(bounds, 1.0)
    assert fit.params["a"].stderr is None
    np.testing.assert_allclose(errors(fit)[1:], fixed.stderr, rtol=1e-6)
    assert fit.params["b"].correl == pytest.approx({"c": fixed.covar[0, 1] / np.prod(fixed.stderr)}, rel=1e-6)
    assert fit.errorbars is False
    assert "'a' (at its upper bound)" in fit.message


def test_solution_on_a_bound_with_known_errors_of_the_data():
    fit, fixed = fit_on_a_bound({"max": 2}, 1.0, scale_covar=False)
    np.testing.assert_allclose(errors(fit)[1:], np.sqrt(np.diag(fixed.unscaled)), rtol=1e-6)


def test_solution_on_a_bound_takes_few_evaluations():
    fit, _ = fit_on_a_bound({"min": 1.99999, "max": 2}, 2.0)
    assert fit.nfev < 500


@pytest.mark.parametrize("width", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("place", [0, 0.3, 1])
def test_bounds_very_close_together(width, place):
    y = 3 * x + 0.5 + 0.001 * NOISE
    low, high = 2.5, 2.5 + width
    slope = {"value": low + place * width, "min": low, "max": high}
    fit = minimize(straight_line(y), create_params(a=slope, b=0))
    assert fit.success
    assert low <= fit.params["a"].value <= high
    expected = linear_solution(LINE[:, 1:], y - fit.params["a"].value * x)
    assert fit.params["b"].value == pytest.approx(expected.values[0], rel=1e-6)
    assert fit.nfev < 1000


def test_bounds_one_rounding_error_apart():
    above = np.nextafter(3, 4)
    fit = minimize(straight_line(3 * x + NOISE), create_params(a={"value": 3, "min": 3, "max": above}, b=0))
    assert 3 <= fit.params["a"].value <= above


T = np.linspace(0, 10, 101)


def gaussian_peak(p):
    return p["height"] * exp(-((T - p["center"]) ** 2) / (2 * p["sigma"] ** 2))


def exponential(p):
    return p["height"] * exp(-T / p["decay"])


def logistic_step(p):
    return p["height"] / (1 + exp(-(T - p["center"]) / p["sigma"]))


@pytest.mark.parametrize("factor", [1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 1e2, 1e4])
@pytest.mark.parametrize("curve, truth, others", [
    (gaussian_peak, {"center": 4.0, "sigma": 1.0}, {"center": 4.5, "sigma": {"value": 1.8, "min": 0}}),
    (gaussian_peak, {"center": 5.5, "sigma": 0.8}, {"center": 5.0, "sigma": 1.5}),
    (exponential, {"decay": 2.0}, {"decay": 5.0}),
    (exponential, {"decay": 2.0}, {"decay": {"value": 0.7, "min": 0}}),
    (logistic_step, {"center": 5.0, "sigma": 0.6}, {"center": 4.4, "sigma": 1.0}),
])  # fmt: skip
def test_amplitude_that_starts_orders_of_magnitude_off(curve, truth, others, factor):
    height = 2e4
    data = curve({"height": height, **truth}) + 100 * np.random.default_rng(3).normal(size=T.size)
    with np.errstate(all="ignore"):  # such searches go to extremes
        fit = minimize(
            lambda p: curve(p.valuesdict()) - data, create_params(height=factor * height, **others)
        )
        exact = minimize(lambda p: curve(p.valuesdict()) - data, create_params(height=height, **truth))
    assert fit.success
    assert fit.chisqr == pytest.approx(exact.chisqr, rel=1e-9)


def test_variables_that_lose_an_effect_of_their_own_without_a_linear_one():
    """A step of both rates at once, far away, would be a minimum of a flat kind; no variable is linear."""
    data = exp(-T / 2.0) - exp(-T / 0.7)

    def objective(p):
        return exp(-T / p["slow"]) - exp(-T / p["fast"]) - data

    with np.errstate(all="ignore"):
        fit = minimize(objective, create_params(slow=100.0, fast=0.01))
    assert not fit.success or fit.chisqr < 1e-12


def test_steps_that_are_no_numbers_end_a_search():
    """Derivatives of a peak narrower than the data's spacing have no finite step any more."""
    data = 2e3 * gaussian_peak({"height": 1.5, "center": 0.0, "sigma": 1.0})
    seen = []

    def objective(p):
        seen.append(p["sigma"].value)
        return gaussian_peak(p.valuesdict()) - data

    params = create_params(height=1.5, center=0.002, sigma={"value": 1.005, "min": 0})
    with np.errstate(all="ignore"):
        fit = minimize(objective, params)
    assert np.count_nonzero(np.isnan(seen)) <= 1
    assert fit.success
    assert fit.params["height"].value == pytest.approx(3e3)


def test_search_that_takes_long_is_continued(monkeypatch):
    data = 2e4 * exp(-(((T - 5.5) / 1.1) ** 2))

    def objective(p):  # linear in no variable
        return exp(p["log_height"] - ((T - p["center"]) / p["width"]) ** 2) - data

    monkeypatch.setattr(sys.modules["lmfit._engines.leastsq"], "_FIRST", 10)
    with np.errstate(all="ignore"):
        fit = minimize(objective, create_params(log_height=-6.0, center=5.0, width=2.1))
    assert "continued once more" in fit.message
    assert fit.success
    np.testing.assert_allclose(np.abs(values(fit)), [np.log(2e4), 5.5, 1.1])


def test_search_that_takes_long_may_yet_be_at_the_minimum(monkeypatch):
    monkeypatch.setattr(sys.modules["lmfit._engines.leastsq"], "_FIRST", 10)
    dataset, fit = nist_fit("Thurber", 1)
    assert fit.success
    assert "cannot be lowered visibly; last digits" in fit.message
    assert nist.digits(values(fit), dataset.certified).min() >= 6


def test_product_of_two_variables_is_degenerate():
    y = 6 * exp(-x / 0.4) + 0.01 * NOISE
    fit = minimize(lambda p: p["a"] * p["b"] * exp(-x / p["t"]) - y, create_params(a=1, b=1, t=1))
    reference = minimize(decay(y), create_params(a=1, t=1))
    assert fit.success
    assert fit.params["a"] * fit.params["b"] == pytest.approx(reference.params["a"].value, rel=1e-6)
    assert fit.params["t"].value == pytest.approx(reference.params["t"].value, rel=1e-6)
    assert fit.params["a"].stderr is None
    assert fit.params["b"].stderr is None
    # One variable more, as nothing but the reduced chi-square knows.
    ratio = np.sqrt(fit.redchi / reference.redchi)
    assert fit.params["t"].stderr / reference.params["t"].stderr in (pytest.approx(1), pytest.approx(ratio))
    assert "'a' (fully correlated with 'b')" in fit.message
    assert not fit.errorbars


def test_parameter_used_as_an_integer():
    y = 3 * x + 2 + 0.1 * NOISE
    fit = minimize(lambda p: p["a"] * x + int(p["n"]) - y, create_params(a=1, n=2))
    reference = linear_solution(LINE[:, :1], y - 2)
    assert fit.params["n"].value == 2
    assert fit.params["n"].stderr is None
    assert fit.params["a"].value == pytest.approx(reference.values[0], rel=1e-7)
    assert fit.errorbars is False
    assert "'n'" in fit.message


UNUSED = [0, 1, -3e5, {"value": 0.5, "min": 0, "max": 1}, {"value": 0, "min": 0}, {"value": 2, "max": 2}]


@pytest.mark.parametrize("unused", UNUSED, ids=str)
def test_unused_parameter(unused):
    y = 6 * exp(-x / 0.4) + 0.01 * NOISE
    start = create_params(u=unused)["u"].value
    fit = minimize(decay(y), create_params(a=1, t=1, u=unused))
    reference = minimize(decay(y), create_params(a=1, t=1))
    assert fit.success
    np.testing.assert_allclose(values(fit)[:2], values(reference), rtol=1e-6)
    assert fit.params["u"].value == pytest.approx(start, abs=0.021)
    assert fit.params["u"].stderr is None
    assert errors(fit)[:2] == pytest.approx(errors(reference), rel=0.05)
    assert "'u' (no effect on the residual)" in fit.message
    assert not fit.errorbars


@pytest.mark.parametrize("settings", [{}, {"scale_covar": False}])
def test_more_variables_than_points(settings):
    residual = lambda p: np.array([p["a"] + p["b"] + p["c"] - 3, p["a"] - p["b"] - 1])
    fit = minimize(residual, create_params(a=1, b=1, c=1), **settings)
    assert fit.chisqr == pytest.approx(0, abs=1e-20)
    assert all(par.stderr is None for par in fit.params.values())
    assert not fit.errorbars
    assert fit.nfree == -1
    assert all(f"'{name}' (" in fit.message for name in "abc")


def test_as_many_variables_as_points_have_no_errors():
    residual = lambda p: np.array([p["a"] + p["b"] - 3, p["a"] - p["b"] - 1])
    fit = minimize(residual, create_params(a=1, b=1))
    assert values(fit) == pytest.approx([2, 1], rel=1e-9)
    assert all(par.stderr is None for par in fit.params.values())
    assert "degrees of freedom" in fit.message


def test_as_many_variables_as_points_of_known_errors():
    residual = lambda p: np.array([p["a"] + p["b"] - 3, p["a"] - p["b"] - 1])
    fit = minimize(residual, create_params(a=1, b=1), scale_covar=False)
    assert errors(fit) == pytest.approx([np.sqrt(0.5)] * 2, rel=1e-9)


def test_one_variable():
    fit = minimize(lambda p: p["a"] - NOISE, create_params(a=3))
    assert fit.params["a"].value == pytest.approx(NOISE.mean(), rel=1e-8)
    assert fit.params["a"].stderr == pytest.approx(NOISE.std(ddof=1) / np.sqrt(len(x)), rel=1e-8)
    assert fit.params["a"].correl in (None, {})


@pytest.mark.parametrize("form", [float, np.float64, lambda v: [v], np.array])
def test_one_point(form):
    fit = minimize(lambda p: form(p["a"].value - 2), create_params(a=1))
    assert fit.params["a"].value == pytest.approx(2)
    assert (fit.ndata, fit.nfree) == (1, 0)
    assert fit.params["a"].stderr is None


def test_zero_variables():
    residual = Counted(lambda p: p["a"] + p["b"] - np.arange(4.0))
    params = create_params(a={"value": 1, "vary": False}, b={"expr": "2*a"})
    fit = minimize(residual, params)
    assert fit.success
    assert values(fit) == pytest.approx([1, 2])
    assert fit.chisqr == pytest.approx(9 + 4 + 1)
    assert fit.nfev == residual.calls == 1
    assert (fit.nvarys, fit.var_names, fit.nfree) == (0, [], 4)
    assert "no variables" in fit.message


def test_perfect_data():
    fit = minimize(decay(6 * exp(-x / 0.4)), create_params(a=1, t=1))
    assert fit.success
    np.testing.assert_allclose(values(fit), [6, 0.4], rtol=1e-13)
    assert (errors(fit) < 1e-13).all()
    assert fit.errorbars


def test_perfect_data_from_the_solution_itself():
    fit = minimize(decay(6 * exp(-x / 0.4)), create_params(a=6, t=0.4))
    assert fit.success
    assert list(values(fit)) == [6, 0.4]
    assert list(errors(fit)) == [0, 0]


def test_near_perfect_data_have_errors_as_small_as_their_noise():
    y = 6 * exp(-x / 0.4) * (1 + 1e-9 * NOISE)
    fit = minimize(decay(y), create_params(a=1, t=1))
    np.testing.assert_allclose(errors(fit), decay_errors(*values(fit), y), rtol=1e-5)


def test_near_perfect_linear_data():
    y = 3 * x + 2 + 1e-8 * NOISE
    fit = minimize(straight_line(y), create_params(a=1, b=1))
    assert_linear(fit, linear_solution(LINE, y), tol=1e-6)


@pytest.mark.parametrize("size", [1e-150, 1e-30, 1e-12, 1e12, 1e30, 1e140])
def test_scale_of_the_data(size):
    y = 3 * exp(-x / 0.5) + 0.01 * NOISE
    fit = minimize(decay(size * y), create_params(a=size, t=1))
    reference = minimize(decay(y), create_params(a=1, t=1))
    np.testing.assert_allclose(values(fit) / [size, 1], values(reference), rtol=1e-8)
    np.testing.assert_allclose(errors(fit) / [size, 1], errors(reference), rtol=1e-6)
    assert fit.params["a"].correl["t"] == pytest.approx(reference.params["a"].correl["t"], rel=1e-6)


@pytest.mark.parametrize("unit", [1e-30, 1e-12, 1e-6, 1e6, 1e12, 1e30])
@pytest.mark.parametrize("bounds", [{}, {"min": 0}, {"min": 0, "max": 1e3}])
def test_unit_of_a_parameter(unit, bounds):
    y = 3 * exp(-x / 0.5) + 0.01 * NOISE
    limits = {key: unit * bound for key, bound in bounds.items()}
    fit = minimize(
        lambda p: p["a"] * exp(-x / (p["t"] / unit)) - y, create_params(a=1, t={"value": unit, **limits})
    )
    reference = minimize(decay(y), create_params(a=1, t=1))
    np.testing.assert_allclose(values(fit) / [1, unit], values(reference), rtol=1e-8)
    np.testing.assert_allclose(errors(fit) / [1, unit], errors(reference), rtol=1e-6)


def test_objective_that_reuses_one_array():
    y = 3 * exp(-x / 0.5) + 0.01 * NOISE
    out = np.empty_like(x)

    def reusing(p):
        np.multiply(exp(-x / p["t"].value), p["a"].value, out=out)
        return np.subtract(out, y, out=out)

    fit = minimize(reusing, create_params(a=1, t=1))
    reference = minimize(decay(y), create_params(a=1, t=1))
    np.testing.assert_allclose(values(fit), values(reference), rtol=1e-9)
    np.testing.assert_allclose(errors(fit), errors(reference), rtol=1e-9)
    np.testing.assert_allclose(fit.residual, reference.residual, atol=1e-9)
    assert fit.chisqr == pytest.approx(reference.chisqr, rel=1e-12)


def test_residual_of_a_result_is_not_changed_by_later_calls():
    out = np.empty_like(x)

    def reusing(p):
        return np.subtract(p["a"].value * x, 3 * x + NOISE, out=out)

    fit = minimize(reusing, create_params(a=1))
    kept = fit.residual.copy()
    reusing(create_params(a=77))
    np.testing.assert_array_equal(fit.residual, kept)


@pytest.mark.parametrize("writeable", [True, False])
def test_data_of_the_user_are_never_written_to(writeable):
    y = 3 * exp(-x / 0.5) + 0.01 * NOISE
    mine = y.copy()
    mine.flags.writeable = writeable
    residual = lambda p: mine if p["a"].value < 2 else decay(y)(p)
    fit = minimize(residual, create_params(a=3, t=1))
    fit = minimize(lambda p: mine, create_params(a=3, t=1))
    fit.residual[:] = 0
    np.testing.assert_array_equal(mine, y)


@st.composite
def linear_problems(draw):
    """A design matrix, data, and for each column what its parameter is: free, bounded, fixed or tied."""
    seed, n, k = draw(st.integers(0, 2**32 - 1)), draw(st.integers(8, 30)), draw(st.integers(1, 5))
    kinds = [draw(st.sampled_from(["free", "min", "max", "both"])) for _ in range(k)]
    others = draw(st.lists(st.sampled_from(["fixed", "tied"]), max_size=2))
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k + len(others))) + draw(st.sampled_from([0.0, 1.0]))
    y = rng.normal(size=n) * draw(st.sampled_from([1e-3, 1.0, 1e3]))
    return X, y, kinds, others


def linear_params(kinds, others, X, y):
    """Parameters ``v0``, ``v1``, ... with bounds far from the solution; tied ones are ``2*v0 - last``."""
    size = 100 * (1 + np.abs(y).max()) * np.linalg.cond(X)
    bounds = {"free": {}, "min": {"min": -size}, "max": {"max": size}, "both": {"min": -size, "max": size}}
    params = Parameters()
    for j, kind in enumerate(kinds):
        params.add(f"v{j}", value=0.1 * (j + 1), **bounds[kind])
    for j, kind in enumerate(others, start=len(kinds)):
        if kind == "fixed":
            params.add(f"v{j}", value=0.7, vary=False)
        else:
            params.add(f"v{j}", expr=f"2*v0 - v{len(kinds) - 1}")
    return params


def reduced(X, y, kinds, others):
    """The problem of the free variables alone: ``C @ free + constant`` are all the values."""
    k = len(kinds)
    C, constant = np.vstack([np.eye(k), np.zeros((len(others), k))]), np.zeros(k + len(others))
    for j, kind in enumerate(others, start=k):
        if kind == "fixed":
            constant[j] = 0.7
        else:
            C[j, 0] += 2
            C[j, k - 1] -= 1
    return linear_solution(X @ C, y - X @ constant), C, constant


def objective_of(X, y):
    return lambda p: X @ [par.value for par in p.values()] - y


@given(linear_problems())
def test_linear_problem_values_and_covariance(problem):
    X, y, kinds, others = problem
    fit = minimize(objective_of(X, y), linear_params(kinds, others, X, y))
    expected, C, constant = reduced(X, y, kinds, others)
    assert fit.success
    assert fit.errorbars
    found = values(fit)[: len(kinds)]
    np.testing.assert_allclose((found - expected.values) / expected.stderr, 0, atol=1e-5)
    np.testing.assert_allclose(values(fit), C @ found + constant, rtol=1e-12, atol=1e-12 * abs(found).max())
    assert_covariance(fit, expected, 1e-5)
    assert fit.chisqr == pytest.approx(expected.chisqr, rel=1e-8)


@given(linear_problems())
def test_linear_problem_errors_and_correlations_of_tied_parameters_too(problem):
    X, y, kinds, others = problem
    fit = minimize(objective_of(X, y), linear_params(kinds, others, X, y))
    expected, C, _ = reduced(X, y, kinds, others)
    full = C @ expected.covar @ C.T
    np.testing.assert_allclose(errors(fit), np.sqrt(np.diag(full)), rtol=1e-5, atol=1e-300)
    for i, par in enumerate(fit.params.values()):
        for j, other in enumerate(fit.params):
            if par.correl and other in par.correl:
                rho = full[i, j] / np.sqrt(full[i, i] * full[j, j])
                assert par.correl[other] == pytest.approx(rho, abs=1e-5)


@given(linear_problems(), st.data())
def test_linear_problem_with_active_bounds_is_that_with_these_fixed(problem, data):
    X, y, kinds, _ = problem
    X = X[:, : len(kinds)]
    free = linear_solution(X, y)
    held = data.draw(st.integers(0, len(kinds) - 1))
    sign = data.draw(st.sampled_from([-1.0, 1.0]))
    bound = free.values[held] + sign * 5 * free.stderr[held]
    others = [j for j in range(len(kinds)) if j != held]
    params = create_params(**{f"v{j}": 0.1 for j in range(len(kinds))})
    params[f"v{held}"].set(value=bound + sign * free.stderr[held], **{"min" if sign > 0 else "max": bound})
    fit = minimize(objective_of(X, y), params)
    assert fit.params[f"v{held}"].value == pytest.approx(bound, abs=1e-5 * free.stderr[held])
    assert fit.params[f"v{held}"].stderr is None
    if others:
        fixed = linear_solution(X[:, others], y - X[:, held] * bound)
        np.testing.assert_allclose((values(fit)[others] - fixed.values) / fixed.stderr, 0, atol=1e-4)
        np.testing.assert_allclose(errors(fit)[others], fixed.stderr, rtol=1e-4)


@given(linear_problems(), st.sampled_from([1e-12, 1e-6, 1e6, 1e12]), st.sampled_from([1e-12, 1.0, 1e12]))
def test_linear_problem_in_other_units(problem, unit, size):
    X, y, kinds, _ = problem
    X = X[:, : len(kinds)]
    expected = linear_solution(X, y)
    params = create_params(**{f"v{j}": 0.1 * size * (1 if j else unit) for j in range(len(kinds))})
    units = np.array([unit] + [1.0] * (len(kinds) - 1))
    fit = minimize(objective_of(X / units, size * y), params)
    scale = expected.stderr
    np.testing.assert_allclose((values(fit) / units / size - expected.values) / scale, 0, atol=1e-5)
    np.testing.assert_allclose(errors(fit) / units / size, scale, rtol=1e-5)


RUNS = [(name, start) for name in nist.names() for start in (1, 2)]


def nist_fit(name, start, **settings):
    dataset = nist.load(name)
    start = {1: dataset.start1, 2: dataset.start2, "certified": dataset.certified}[start]
    params = create_params(**dict(zip(dataset.parameter_names, start, strict=True)))
    return dataset, minimize(nist.residual(dataset), params, **settings)


@pytest.mark.parametrize("name, start", RUNS)
def test_nist_values(name, start):
    dataset, fit = nist_fit(name, start)
    assert fit.success
    assert nist.digits(values(fit), dataset.certified).min() >= 6


# The residuals of Lanczos1 are the rounding of its data: its errors cannot have more digits than these.
@pytest.mark.parametrize("name, start", [run for run in RUNS if run[0] != "Lanczos1"])
def test_nist_standard_errors(name, start):
    dataset, fit = nist_fit(name, start)
    assert nist.digits(errors(fit), dataset.stderr).min() >= 4
    assert nist.digits(np.sqrt(fit.redchi), dataset.rsd) >= 6
    assert fit.errorbars


@pytest.mark.parametrize("name", nist.names())
def test_nist_from_the_certified_values(name):
    dataset, fit = nist_fit(name, "certified")
    assert fit.success
    assert nist.digits(values(fit), dataset.certified).min() >= 6


@pytest.mark.parametrize("name, start", RUNS)
@pytest.mark.parametrize("max_nfev", [5, 20, 60])
def test_nist_success_means_four_digits(name, start, max_nfev):
    dataset, fit = nist_fit(name, start, max_nfev=max_nfev)
    assert not fit.success or nist.digits(values(fit), dataset.certified).min() >= 4
