"""What must not depend on units, order or parametrisation; and all engines against the closed form."""

import hypothesis.strategies as st
import numpy as np
import pytest
from helpers import errors, linear_solution, values
from hypothesis import given, settings
from scipy import optimize

from lmfit import Parameters, create_params, minimize
from lmfit.engines import Finds, find, names

MANY = settings.default.max_examples
SEEDS = st.integers(0, 2**32 - 1)
EXPONENTS = st.integers(-12, 12)
X = np.linspace(0.0, 3.0, 40)


def decay(amp, tau, offset):
    with np.errstate(over="ignore"):
        return amp * np.exp(-X / tau) + offset


def noisy_decay(seed):
    """A decay with noise of one per cent, and its start values."""
    rng = np.random.default_rng(seed)
    true = rng.uniform([1.0, 0.3, -0.5], [10.0, 1.5, 0.5])
    data = decay(*true) + 0.01 * true[0] * rng.normal(size=len(X))
    return data, dict(zip(("amp", "tau", "offset"), true * rng.uniform(0.5, 1.5, size=3)))


def residual(params, data):
    return decay(params["amp"].value, params["tau"].value, params["offset"].value) - data


def fitted(seed):
    data, start = noisy_decay(seed)
    return data, start, minimize(residual, create_params(**start), args=(data,)).result


def assert_same(found, expected, unit=1.0):
    """The same values, in units of the standard errors, and the same standard errors."""
    scale = errors(expected)
    np.testing.assert_allclose((values(found) / unit - values(expected)) / scale, 0, atol=1e-5)
    np.testing.assert_allclose(errors(found) / unit, scale, rtol=1e-5)


@given(SEEDS, EXPONENTS)
@settings(max_examples=MANY // 4)
def test_scale_of_the_data(seed, exponent):
    data, start, expected = fitted(seed)
    unit = 10.0**exponent
    params = create_params(amp=start["amp"] * unit, tau=start["tau"], offset=start["offset"] * unit)
    found = minimize(residual, params, args=(data * unit,))
    assert_same(found, expected, np.array([unit, 1.0, unit]))
    assert found.chisqr == pytest.approx(expected.chisqr * unit**2, rel=1e-9)


@given(SEEDS, st.tuples(EXPONENTS, EXPONENTS, EXPONENTS))
@settings(max_examples=MANY // 4)
def test_scale_of_each_parameter(seed, exponents):
    data, start, expected = fitted(seed)
    units = 10.0 ** np.array(exponents)
    params = create_params(**{name: value * unit for (name, value), unit in zip(start.items(), units)})
    found = minimize(lambda p: decay(*(values(p) / units)) - data, params)
    assert_same(found, expected, units)


@given(SEEDS, st.permutations(["amp", "tau", "offset"]))
@settings(max_examples=MANY // 4)
def test_order_of_the_parameters(seed, order):
    data, start, expected = fitted(seed)
    found = minimize(residual, create_params(**{name: start[name] for name in order}), args=(data,))
    place = [order.index(name) for name in start]
    np.testing.assert_allclose((values(found)[place] - values(expected)) / errors(expected), 0, atol=1e-5)
    np.testing.assert_allclose(errors(found)[place], errors(expected), rtol=1e-5)
    np.testing.assert_allclose(found.covar[np.ix_(place, place)], expected.covar, rtol=1e-4)


@given(SEEDS)
@settings(max_examples=MANY // 4)
def test_order_of_the_data(seed):
    data, start, expected = fitted(seed)
    shuffled = np.random.default_rng(seed).permutation(len(X))
    found = minimize(lambda p: residual(p, data)[shuffled], create_params(**start))
    assert_same(found, expected)


@given(SEEDS)
@settings(max_examples=MANY // 4)
def test_parametrisation_by_expressions(seed):
    """Other variables, tied back to the same parameters: these have the same values and errors."""
    data, start, expected = fitted(seed)
    params = create_params(
        log_amp=np.log(start["amp"]),
        rate=1 / start["tau"],
        total=start["amp"] + start["offset"],
        amp={"expr": "exp(log_amp)"},
        tau={"expr": "1/rate"},
        offset={"expr": "total - amp"},
    )
    found = minimize(residual, params, args=(data,))
    for name, par in expected.params.items():
        assert (params[name].value - par.value) / par.stderr == pytest.approx(0, abs=1e-5)
        assert params[name].stderr == pytest.approx(par.stderr, rel=1e-5)
    assert found.chisqr == pytest.approx(expected.chisqr, rel=1e-9)


@given(SEEDS, st.floats(0.1, 50), st.floats(0.1, 50))
@settings(max_examples=MANY // 4)
def test_bounds_that_are_not_reached(seed, below, above):
    data, start, expected = fitted(seed)
    params = create_params(**start)
    for par, best, error in zip(params.values(), values(expected), errors(expected)):
        par.set(min=min(par.value, best) - below * error, max=max(par.value, best) + above * error)
    assert_same(minimize(residual, params, args=(data,)), expected)


@st.composite
def boxes(draw):
    """A linear problem of k variables, each with bounds that may cut off the free solution."""
    rng, k = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 5))
    A, y = rng.normal(size=(k + 10, k)) + rng.choice([0.0, 1.0]), rng.normal(size=k + 10)
    free = linear_solution(A, y)
    low = free.values + free.stderr * rng.uniform(-20, 5, size=k)
    return A, y, low, low + free.stderr * rng.uniform(1, 20, size=k)


@given(boxes())
@settings(max_examples=MANY // 2)
def test_linear_problems_in_a_box(box):
    """Any number of bounds may be active: the values, and the errors of the variables between them."""
    A, y, low, high = box
    params = Parameters()
    for j, (lower, upper) in enumerate(zip(low, high)):
        params.add(f"v{j}", value=(lower + upper) / 2, min=lower, max=upper)
    found = minimize(lambda p: A @ values(p) - y, params)
    expected = optimize.lsq_linear(A, y, (low, high), method="bvls", tol=1e-15)
    np.testing.assert_allclose((values(found) - expected.x) / (high - low), 0, atol=1e-5)
    inside = (expected.x > low + 1e-3 * (high - low)) & (expected.x < high - 1e-3 * (high - low))
    if inside.all() or (expected.active_mask[~inside] != 0).all():
        held = y - A[:, ~inside] @ expected.x[~inside]
        if inside.any():
            np.testing.assert_allclose(
                errors(found)[inside], linear_solution(A[:, inside], held).stderr, rtol=1e-4
            )


SEARCHES = [name for name in names() if find(name).finds is Finds.MINIMUM and not find(name).needs_linear]


@pytest.mark.parametrize("method", SEARCHES)
@given(SEEDS, st.integers(1, 3))
@settings(max_examples=max(2, MANY // 50))
def test_every_engine_on_convex_problems(method, seed, k):
    """A positive definite quadratic form, and the same with a convex term of fourth order."""
    rng = np.random.default_rng(seed)
    A, y = rng.normal(size=(k + 6, k)), rng.normal(size=k + 6)
    start = {f"v{j}": {"value": rng.uniform(-4, 4), "min": -5, "max": 5} for j in range(k)}

    def quadratic(params):
        return A @ values(params) - y

    def steeper(params):
        found = values(params)
        return np.append(A @ found - y, 0.1 * found**2)

    for function in (quadratic, steeper):
        expected = optimize.least_squares(
            lambda v, f=function: f(create_params(**{f"v{j}": x for j, x in enumerate(v)})),
            np.zeros(k),
            bounds=(-5, 5),
            xtol=1e-12,
            ftol=1e-12,
        )
        seeded = {"seed": 1} if find(method).stochastic else {}
        found = minimize(function, create_params(**start), method=method, max_nfev=20000, **seeded)
        scale = 1e-3 * np.sqrt(2 * expected.cost / (len(expected.fun) - k))
        np.testing.assert_allclose(values(found), expected.x, rtol=0, atol=scale)
