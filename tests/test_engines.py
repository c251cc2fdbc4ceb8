"""Every engine of the registry on every kind of problem: one behaviour for all.

What an engine need not do is what it declares (`needs_bounds`, `objective`, `finds`, ...); no engine is
named here, but for settings that only make it quick. An engine that is added is tested by being there.
"""

import re
import time
import warnings

import nist
import numpy as np
import pytest
from helpers import Counted, errors, linear_solution, values

from lmfit import Minimizer, MinimizerException, Parameters, create_params, minimize
from lmfit._covariance import Bound
from lmfit._engines import LACKING, Finds, Objective, find, names
from lmfit._robust import LOSSES, sandwich

#: Settings that make a search short enough for a test, or exact enough.
SETTINGS = {
    "ampgo": {"totaliter": 1},
    "anneal": {"maxiter": 50},
    "basinhopping": {"niter": 4},
    "brute": {"Ns": 21},
    "cobyla": {"tol": 1e-6},
    "dual_annealing": {"maxiter": 50},
    "differential_evolution": {"popsize": 6, "maxiter": 40},
    "direct": {"len_tol": 1e-6, "vol_tol": 1e-20, "eps": 1e-9},
    "multistart": {"n": 6},
}

ENGINES = [find(name) for name in names()]
SEARCHES = [engine for engine in ENGINES if engine.finds is not Finds.DISTRIBUTION]
MINIMISERS = [engine for engine in SEARCHES if engine.finds is Finds.MINIMUM]
SCALAR = [engine for engine in MINIMISERS if engine.objective is Objective.SCALAR]

#: In standard errors, how close a search comes to the minimum.
CLOSE = 2e-3

x = np.linspace(0.0, 4.0, 30)
y = 3.0 - 0.5 * x + np.random.default_rng(7).normal(scale=0.2, size=x.size)
LINE = linear_solution(np.column_stack([np.ones_like(x), x]), y)


def each(engines):
    return pytest.mark.parametrize("engine", engines, ids=lambda engine: engine.name)


def line(p):
    return p["a"] + p["b"] * x - y


def variable(value, low=-np.inf, high=np.inf):
    """Return the settings of a variable; the step is for those that need one where there is no bound."""
    return {"value": value, "min": low, "max": high, "brute_step": 0.37}


def free():
    return create_params(a=variable(1.0), b=variable(0.7))


def bounded():
    return create_params(a=variable(1.0, -4.0, 6.5), b=variable(0.7, -2.1, 1.6))


def run(engine, objective, params, **settings):
    """Fit with an engine, with quick settings and a seed if it takes one, and with any warning an error."""
    seed = {"seed": 1} if engine.stochastic else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return minimize(
            objective, params, engine=engine.name, **{**seed, **SETTINGS.get(engine.name, {}), **settings}
        ).result


def assert_is_minimum(engine, fit, expected, error):
    """Check the values, but only that it is no worse than the start where no minimum is looked for."""
    if engine.finds is Finds.MINIMUM:
        np.testing.assert_array_less(np.abs(values(fit) - expected), CLOSE * np.asarray(error) + 1e-9)


def lies_near(reported, expected):
    """Whether standard errors agree, None (as NaN) with NaN."""
    np.testing.assert_allclose(reported, expected, rtol=1e-3)


@each(SEARCHES)
def test_unbounded(engine):
    if engine.needs_bounds:
        with pytest.raises(ValueError, match=r"finite bounds of all variables.* 'a', 'b'"):
            run(engine, line, free())
        return
    fit = run(engine, line, free())
    assert_is_minimum(engine, fit, LINE.values, LINE.stderr)
    assert fit.success, fit.message
    assert fit.chisqr <= np.sum(line(free()) ** 2)


@each(SEARCHES)
def test_bounded(engine):
    fit = run(engine, line, bounded())
    assert_is_minimum(engine, fit, LINE.values, LINE.stderr)
    assert fit.method == engine.name
    assert fit.message.startswith("Fit succeeded: ")


@each(MINIMISERS)
def test_statistics_and_errors(engine):
    fit = run(engine, line, bounded())
    assert (fit.ndata, fit.nvarys, fit.nfree) == (30, 2, 28)
    assert fit.chisqr == pytest.approx(LINE.chisqr, rel=1e-5)
    np.testing.assert_allclose(fit.residual, line(fit.params), atol=1e-12)
    lies_near(errors(fit), LINE.stderr)
    np.testing.assert_allclose(fit.covar, LINE.covar, rtol=1e-3)
    correl = LINE.covar[0, 1] / np.prod(LINE.stderr)
    assert fit.params["a"].correl["b"] == pytest.approx(correl, rel=1e-3)
    assert fit.errorbars


@each(SEARCHES)
def test_nfev_is_the_number_of_calls(engine):
    objective = Counted(line)
    fit = run(engine, objective, bounded())
    assert fit.nfev == objective.calls


@each(SEARCHES)
def test_best_point_ever_seen(engine):
    seen = []

    def objective(p):
        seen.append(np.sum(line(p) ** 2))
        return line(p)

    fit = run(engine, objective, bounded(), calc_covar=False)
    assert fit.chisqr <= min(seen) * (1.0 + 1e-9)


@each(SEARCHES)
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_minimum_at_a_bound(engine, side):
    params = bounded()
    if side == "lower":
        params["b"].set(value=1.2, min=-0.3)
    else:
        params["b"].set(value=-1.4, max=-0.7)
    edge = params["b"].min if side == "lower" else params["b"].max
    mean = linear_solution(np.ones((x.size, 1)), y - edge * x)
    fit = run(engine, line, params)
    if engine.finds is Finds.MINIMUM:
        assert fit.params["b"].value == pytest.approx(edge, abs=1e-4)
        assert abs(fit.params["a"].value - mean.values[0]) < 10 * CLOSE * mean.stderr[0]
        assert fit.params["b"].stderr is None
        assert f"'b' (at its {side} bound)" in fit.message
        lies_near(fit.params["a"].stderr, mean.stderr[0])
    assert params["b"].min <= fit.params["b"].value <= params["b"].max


@each(SEARCHES)
def test_minimum_in_a_corner(engine):
    """No variable is left that is not held by its bound."""
    A, b = np.random.default_rng(5).normal(size=(12, 2)) + 1.0, -30.0
    params = create_params(a=variable(0.7, 0.2, 1.1), b=variable(0.5, 0.1, 0.9))
    fit = run(engine, lambda p: A @ values(p) - b, params)
    np.testing.assert_allclose(values(fit), [0.2, 0.1], rtol=0, atol=1e-5)
    assert fit.success or engine.finds is not Finds.MINIMUM


@each(SEARCHES)
def test_the_objective_is_never_called_outside_the_bounds(engine):
    params = create_params(a=variable(2.9, 2.0, 2.97), b=variable(-0.2, -0.3, 0.4))

    def objective(p):
        assert 2.0 <= p["a"].value <= 2.97
        assert -0.3 <= p["b"].value <= 0.4
        return line(p)

    run(engine, objective, params)


@each(SEARCHES)
def test_expressions(engine):
    params = bounded()
    params.add("double", expr="2 * a")
    params.add("fixed", value=0.5, vary=False)
    fit = run(engine, lambda p: p["fixed"] * p["double"] + p["b"] * x - y, params)
    assert fit.params["double"].value == 2.0 * fit.params["a"].value
    assert_is_minimum(engine, fit, [*LINE.values, 2 * LINE.values[0], 0.5], [*LINE.stderr, 1.0, 0.0])
    if engine.finds is Finds.MINIMUM:
        assert fit.params["double"].stderr == pytest.approx(2.0 * LINE.stderr[0], rel=1e-3)


@each(SEARCHES)
def test_one_variable(engine):
    mean = linear_solution(np.ones((x.size, 1)), y)
    fit = run(engine, lambda p: p["a"] - y, create_params(a=variable(1.0, -4.0, 6.5)))
    assert_is_minimum(engine, fit, mean.values, mean.stderr)
    if engine.finds is Finds.MINIMUM:
        lies_near(errors(fit), mean.stderr)


@each(SEARCHES)
def test_no_variables(engine):
    fit = run(engine, line, create_params(a={"value": 1.0, "vary": False}, b={"value": 0.0, "vary": False}))
    assert (fit.nfev, fit.nvarys) == (1, 0)
    assert fit.success


@each(SEARCHES)
def test_abort_by_callback(engine):
    calls = []

    def stop(params, iteration, residual):
        calls.append(iteration)
        return iteration >= 5

    params = bounded()
    fit = run(engine, line, params, iter_cb=stop)
    assert (fit.aborted, fit.success) == (True, False)
    assert calls == [1, 2, 3, 4, 5]
    assert fit.message.startswith("Fit aborted: the callback")
    assert fit.chisqr <= np.sum(line(bounded()) ** 2)
    assert params["a"].value == fit.params["a"].value


@each(SEARCHES)
def test_abort_by_max_nfev(engine):
    objective = Counted(line)
    fit = run(engine, objective, bounded(), max_nfev=7, calc_covar=False)
    assert (fit.aborted, fit.success) == (True, False)
    assert fit.nfev == objective.calls == 7
    assert "limit of 7 evaluations" in fit.message


@each(SEARCHES)
def test_abort_by_timeout(engine):
    def slow(p):
        time.sleep(2e-3)
        return line(p)

    fit = run(engine, slow, bounded(), timeout=0.01, calc_covar=False)
    assert fit.aborted
    assert "time limit" in fit.message


@each(SEARCHES)
def test_an_error_in_the_objective_reaches_the_user(engine):
    def broken(p):
        if p["a"].value != 1.0:
            raise ZeroDivisionError("of the user")
        return line(p)

    params = bounded()
    with pytest.raises(ZeroDivisionError, match="of the user"):
        run(engine, broken, params)
    assert (params["a"].value, params["b"].value) == (1.0, 0.7)


@each(SEARCHES)
def test_region_without_values(engine):
    def model(p):
        a = p["a"].value
        return (np.log(a) if a > 0.0 else np.nan) + p["b"] * x - y

    fit = run(engine, model, create_params(a=variable(5.0, -20.0, 60.0), b=variable(0.7, -2.1, 1.6)))
    best = np.array([np.exp(LINE.values[0]), LINE.values[1]])
    assert_is_minimum(engine, fit, best, 5 * LINE.stderr * [best[0], 1.0])
    assert np.isfinite(fit.residual).all()


@each(SEARCHES)
def test_omitted_data(engine):
    broken = y.copy()
    broken[3] = np.nan
    kept = np.isfinite(broken)
    expected = linear_solution(np.column_stack([np.ones(29), x[kept]]), y[kept])
    fit = run(engine, lambda p: p["a"] + p["b"] * x - broken, bounded(), nan_policy="omit")
    assert fit.ndata == 29
    assert_is_minimum(engine, fit, expected.values, expected.stderr)


@each(SEARCHES)
def test_start_on_a_bound(engine):
    fit = run(engine, line, create_params(a=variable(-4.0, -4.0, 6.5), b=variable(1.6, -2.1, 1.6)))
    assert_is_minimum(engine, fit, LINE.values, LINE.stderr)


@each(SEARCHES)
def test_repeats(engine):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, other = (run(engine, line, bounded()) for _ in range(2))
    assert (one.nfev, values(one).tolist()) == (other.nfev, values(other).tolist())
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@each([engine for engine in SEARCHES if engine.stochastic])
def test_seed_may_be_a_generator(engine):
    with_int = run(engine, line, bounded(), seed=5)
    with_generator = run(engine, line, bounded(), seed=np.random.default_rng(5))
    assert with_int.nfev == with_generator.nfev
    np.testing.assert_allclose(values(with_int), values(with_generator))


@each([engine for engine in SEARCHES if engine.stochastic])
def test_wrong_seed(engine):
    with pytest.raises(TypeError, match=r"seed must be .*'abc'"):
        run(engine, line, bounded(), seed="abc")


CENTRE, CURVATURE = np.array([2.0, -0.5]), np.array([[8.0, 3.0], [3.0, 6.0]])


def bowl(p):
    away = np.array([p["a"].value, p["b"].value]) - CENTRE
    return float(7.0 + 0.5 * away @ CURVATURE @ away)


@each(SCALAR)
@pytest.mark.parametrize("offset", [0.0, -50.0])
def test_number_as_objective(engine, offset):
    fit = run(engine, lambda p: bowl(p) + offset, bounded())
    error = np.sqrt(np.diag(2.0 * np.linalg.inv(CURVATURE)))
    np.testing.assert_allclose(values(fit), CENTRE, atol=5e-4)
    lies_near(errors(fit), error)
    assert fit.params["a"].correl["b"] == pytest.approx(-3.0 / np.sqrt(48.0), rel=1e-3)


@each([engine for engine in SEARCHES if engine.objective is Objective.RESIDUAL and not engine.needs_linear])
def test_number_as_residual(engine):
    fit = run(engine, bowl, bounded())
    assert fit.chisqr <= bowl(bounded()) ** 2


@each(SCALAR)
@pytest.mark.parametrize("reduce_fcn", ["neglogcauchy", "huber", lambda r: np.sum(np.abs(r) ** 1.5)])
def test_reduced_residual(engine, reduce_fcn):
    outliers = y.copy()
    outliers[[4, 20]] += [30.0, -40.0]
    fit = run(engine, lambda p: (p["a"] + p["b"] * x - outliers) / 0.2, bounded(), reduce_fcn=reduce_fcn)
    np.testing.assert_allclose(values(fit), LINE.values, atol=0.6)
    assert fit.chisqr == pytest.approx(np.sum(fit.residual**2))
    assert fit.params["a"].stderr > 0.0


@each(ENGINES)
def test_unknown_option(engine):
    with pytest.raises(TypeError) as caught:
        run(engine, line, bounded(), no_such_option=1)
    assert f"engine {engine.name!r} does not know the option 'no_such_option'" in str(caught.value)
    assert all(option in str(caught.value) for option in engine.options)


@each(ENGINES)
def test_misspelt_option(engine):
    if engine.options:
        with pytest.raises(TypeError, match=f"did you mean .*{re.escape(repr(engine.options[0]))}"):
            run(engine, line, bounded(), **{engine.options[0] + "_": 1})


@each(ENGINES)
def test_names_and_methods(engine):
    assert getattr(Minimizer, engine.name.replace("-", "_")).__doc__
    assert all(find(alias) is engine for alias in (engine.name, engine.name.upper(), *engine.aliases))
    assert engine.title


@each(MINIMISERS)
def test_method_of_the_minimizer(engine):
    params = bounded()
    fitter = Minimizer(line, params, **SETTINGS.get(engine.name, {}))
    fit = getattr(fitter, engine.name.replace("-", "_"))(**({"seed": 1} if engine.stochastic else {}))
    assert fit.method == engine.name
    assert params["a"].stderr == fit.params["a"].stderr


def slopes(p):
    return np.column_stack([np.ones_like(x), x])


@each([engine for engine in MINIMISERS if engine.uses_jacobian])
@pytest.mark.parametrize(
    "given",
    [
        {"Dfun": slopes},
        {"jac": slopes},
        {"Dfun": lambda p: slopes(p).T, "col_deriv": True},
        {"jac": lambda p: {"a": np.ones_like(x), "b": x}},
    ],
    ids=["Dfun", "jac", "col_deriv", "by name"],
)
def test_derivatives_of_the_user(engine, given):
    name = "Dfun" if "Dfun" in given else "jac"
    derivative = Counted(given[name])
    fit = run(engine, line, bounded(), **{**given, name: derivative})
    assert_is_minimum(engine, fit, LINE.values, LINE.stderr)
    lies_near(errors(fit), LINE.stderr)
    assert derivative.calls > 0


@each([engine for engine in SCALAR if engine.uses_jacobian])
def test_gradient_of_the_user(engine):
    gradient = Counted(lambda p: CURVATURE @ (np.array([p["a"].value, p["b"].value]) - CENTRE))
    fit = run(engine, bowl, bounded(), jac=gradient)
    np.testing.assert_allclose(values(fit), CENTRE, atol=5e-4)
    assert gradient.calls > 0


@each([engine for engine in SCALAR if engine.uses_jacobian])
def test_gradient_of_the_sum_of_squares(engine):
    gradient = Counted(lambda p: 2.0 * slopes(p).T @ line(p))
    fit = run(engine, line, bounded(), jac=gradient)
    assert_is_minimum(engine, fit, LINE.values, LINE.stderr)
    lies_near(errors(fit), LINE.stderr)


@each([engine for engine in SCALAR if engine.uses_hessian])
def test_hessian_of_the_user(engine):
    curvature = Counted(lambda p: CURVATURE)
    fit = run(engine, bowl, bounded(), hess=curvature)
    np.testing.assert_allclose(values(fit), CENTRE, atol=5e-4)
    assert curvature.calls > 0


@each([engine for engine in SCALAR if engine.uses_hessian])
def test_hessian_of_wrong_shape(engine):
    with pytest.raises(MinimizerException, match=r"hess returned an array of shape \(3,\).*\(2, 2\)"):
        run(engine, bowl, bounded(), hess=lambda p: np.ones(3))


@each(SEARCHES)
@pytest.mark.parametrize("size", [1e-13, 1e13])
def test_parameters_of_any_size(engine, size):
    scale = np.array([size, 1.0])
    params = create_params(a=variable(size, -4.0 * size, 6.5 * size), b=variable(0.7, -2.1, 1.6))
    params["a"].brute_step *= size
    fit = run(engine, lambda p: p["a"] / size + p["b"] * x - y, params)
    assert_is_minimum(engine, fit, LINE.values * scale, LINE.stderr * scale)


@each([engine for engine in SEARCHES if not engine.needs_bounds])
@pytest.mark.parametrize("size", [1e-13, 1e13])
def test_residuals_of_any_size(engine, size):
    fit = run(engine, lambda p: size * line(p), free())
    assert_is_minimum(engine, fit, LINE.values, LINE.stderr)


@each([engine for engine in MINIMISERS if "polish" in engine.options])
def test_without_polish(engine):
    fit = run(engine, line, bounded(), polish=False)
    np.testing.assert_array_less(np.abs(values(fit) - LINE.values), 0.3 * LINE.stderr)
    assert "Gauss-Newton" not in fit.message


def test_scalar_minimize():
    fit = Minimizer(line, bounded()).scalar_minimize()
    assert fit.method == "nelder"
    assert Minimizer(line, bounded()).scalar_minimize("BFGS", max_nfev=5).aborted
    with pytest.raises(ValueError, match="'leastsq' minimises a residual"):
        Minimizer(line, bounded()).scalar_minimize("leastsq")


def test_options_in_the_ways_of_scipy_and_of_the_manual():
    old = minimize(line, bounded(), engine="lbfgsb", factr=1e12, pgtol=1e-2, m=5, epsilon=1e-6, polish=False)
    new = minimize(
        line, bounded(), method="L-BFGS-B", polish=False,
        options={"ftol": 1e12 * np.finfo(float).eps, "gtol": 1e-2, "maxcor": 5, "eps": 1e-6},
    )  # fmt: skip
    assert (old.nfev, values(old).tolist()) == (new.nfev, values(new).tolist())
    assert (
        minimize(line, bounded(), engine="nelder", tol=1e-2).nfev
        < minimize(line, bounded(), engine="nelder").nfev
    )
    with pytest.raises(TypeError, match="'cg' does not know the option 'maxcor'"):
        minimize(line, bounded(), engine="cg", options={"maxcor": 5})


def test_options_of_the_minimizer_are_for_the_engines_that_know_them():
    fitter = Minimizer(line, bounded(), ftol=1e-9, maxcor=7)
    assert fitter.leastsq().call_kws == {"ftol": 1e-9}
    assert fitter.lbfgsb().call_kws == {"ftol": 1e-9, "maxcor": 7}
    with pytest.raises(TypeError, match="'leastsq' does not know the option 'ftoll'"):
        Minimizer(line, bounded(), ftoll=1e-9).leastsq()


def test_first_simplex_in_values_of_the_parameters():
    simplex = np.array([[1.0, 0.5], [2.0, 0.5], [1.0, -0.5]])
    seen = []
    minimize(
        lambda p: seen.append((p["a"].value, p["b"].value)) or line(p),
        bounded(), engine="nelder", initial_simplex=simplex,
    )  # fmt: skip
    np.testing.assert_allclose(seen[1:4], simplex)


def test_one_name_for_engine_and_method():
    with pytest.raises(TypeError, match="one setting"):
        minimize(line, bounded(), engine="least_squares", method="dogbox")
    fit = minimize(line, bounded(), engine="least_squares", options={"method": "dogbox"})
    np.testing.assert_allclose(values(fit), LINE.values, rtol=1e-6)


def test_unknown_engine():
    with pytest.raises(ValueError, match=r"no engine is named 'nelderr'; did you mean 'nelder'.*leastsq"):
        minimize(line, free(), method="nelderr")


def test_engine_of_a_newer_scipy(monkeypatch):
    monkeypatch.setitem(LACKING, "aquila", "SciPy 99.1 or newer, not 1.2")
    with pytest.raises(ValueError, match=r"^the engine 'aquila' needs SciPy 99.1 or newer, not 1.2$"):
        minimize(line, free(), method="aquila")


def test_derivatives_of_a_wrong_kind():
    with pytest.raises(TypeError, match="jac must be a function"):
        minimize(line, free(), jac="2-point")
    with pytest.raises(ValueError, match="jac must be '2-point', '3-point' or a function"):
        minimize(line, free(), engine="least_squares", jac="4-point")
    with pytest.raises(MinimizerException, match=r"shape \(2,\), but \(30, 2\) is needed"):
        minimize(line, free(), engine="least_squares", jac=lambda p: np.ones(2))


@pytest.mark.parametrize("settings", [{"jac": "2-point"}, {"jac": "3-point"}, {"diff_step": 1e-6}])
def test_differences_of_least_squares(settings):
    fit = minimize(line, free(), engine="least_squares", polish=False, **settings)
    np.testing.assert_allclose(values(fit), LINE.values, rtol=1e-6)


def with_outliers(p):
    data = y.copy()
    data[[4, 20]] += [30.0, -40.0]
    return p["a"] + p["b"] * x - data


@pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy", "arctan"])
def test_robust_losses(loss):
    fit = minimize(with_outliers, free(), engine="least_squares", loss=loss, f_scale=0.2)
    np.testing.assert_allclose(values(fit), LINE.values, atol=0.15)
    assert fit.chisqr == pytest.approx(np.sum(with_outliers(fit.params) ** 2))
    assert 0.5 < fit.params["a"].stderr / LINE.stderr[0] < 2.0


def test_loss_as_a_function():
    def cauchy(z):
        return np.array([np.log1p(z), 1.0 / (1.0 + z), -1.0 / (1.0 + z) ** 2])

    one, other = (
        minimize(with_outliers, free(), engine="least_squares", loss=loss, f_scale=0.2)
        for loss in ("cauchy", cauchy)
    )
    np.testing.assert_allclose(values(one), values(other), rtol=1e-6)
    np.testing.assert_allclose(errors(one), errors(other), rtol=1e-6)


def test_unknown_loss():
    with pytest.raises(ValueError, match="loss='hubert' is not known; did you mean 'huber'"):
        minimize(line, free(), engine="least_squares", loss="hubert")


def test_sandwich_of_a_location():
    data = np.random.default_rng(2).standard_t(2, size=400)
    fit = minimize(lambda p: p["m"] - data, create_params(m=1.0), engine="least_squares", loss="cauchy")
    z = fit.residual**2
    psi, slope = fit.residual / (1 + z), (1 - z) / (1 + z) ** 2
    expected = np.sqrt(400 / 399 * np.sum(psi**2)) / np.sum(slope)
    assert fit.params["m"].stderr == pytest.approx(expected, rel=1e-6)


def test_sandwich_of_a_location_far_from_all_data():
    residual = np.array([-4.0, -3.0, 3.0, 5.0])  # where the second derivatives of this cost are negative
    found = sandwich(LOSSES["cauchy"], residual, np.ones((4, 1)), ["m"], Bound(np.zeros(1)))
    weight = 1 / (1 + residual**2)
    expected = 4 / 3 * np.sum((weight * residual) ** 2) / np.sum(weight) ** 2
    assert found.matrix[0, 0] == pytest.approx(expected)


def test_sandwich_of_variables_at_their_bounds():
    found = sandwich(LOSSES["huber"], np.arange(4.0), np.ones((4, 1)), ["m"], Bound(np.array([1.0])))
    assert np.isnan(found.matrix).all()
    assert list(found.reasons) == [0]


def test_sandwich_covers():
    """Errors of robust fits are those found by repeating the experiment."""
    rng = np.random.default_rng(5)

    def residual(p, data):
        return p["a"] + p["b"] * x - data

    pulls = []
    for _ in range(150):
        data = 3.0 - 0.5 * x + 0.2 * rng.standard_t(3, size=x.size)
        fit = minimize(residual, free(), (data,), engine="least_squares", loss="huber", f_scale=0.3)
        pulls.append((fit.params["a"].value - 3.0) / fit.params["a"].stderr)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    "name, residual, expected",
    [
        ("neglogcauchy", [0.3, -1.2, 2.0], 6.021803305528463),
        ("neglogcauchy", [0.1, 10.0], 6.914530619393227),
        ("negentropy", [0.3, -1.2, 2.0], -0.8434897321404489),
        ("negentropy", [2.0, 2.0], -0.31519262520061553),
    ],
)
def test_costs_of_1x(name, residual, expected):
    """Values of lmfit 1.3.4."""
    from lmfit._robust import reducer

    assert reducer(name)(np.array(residual)) == pytest.approx(expected, rel=1e-14)


def test_errors_of_least_absolute_deviations():
    """Those of a median: sqrt(pi / 2) times those of a mean."""
    reported, found = [], []
    for seed in range(40):
        sample = np.random.default_rng(seed).normal(size=150)
        fit = minimize(
            lambda p, s=sample: p["m"] - s,
            create_params(m=0.1),
            engine="nelder",
            reduce_fcn=lambda r: np.abs(r).mean(),
        )
        reported.append(fit.params["m"].stderr)
        found.append(fit.params["m"].value)
    assert np.mean(reported) == pytest.approx(np.sqrt(np.pi / 2 / 150), rel=0.1)
    assert np.mean(reported) == pytest.approx(np.std(found), rel=0.25)


@pytest.mark.parametrize("size", [60, 9000])
def test_errors_of_a_cost_that_grows_with_the_sum_of_squares(size):
    at = np.linspace(0.0, 1.0, size)
    data = 1.0 + at + np.random.default_rng(1).normal(size=size)
    fits = [
        minimize(lambda p: p["a"] + p["b"] * at - data, create_params(a=0.5, b=2.0), engine="bfgs", **cost)
        for cost in ({"reduce_fcn": lambda r: np.sqrt(np.mean(r * r))}, {})
    ]
    np.testing.assert_allclose(errors(fits[0]), errors(fits[1]), rtol=1e-4)


def test_unknown_cost():
    with pytest.raises(ValueError, match="reduce_fcn='negentrop' is not known; did you mean 'negentropy'"):
        minimize(line, free(), engine="nelder", reduce_fcn="negentrop")


@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize("name", nist.names())
def test_nist_with_least_squares(name, start):
    data = nist.load(name)
    params = Parameters()
    for key, value in zip(data.parameter_names, getattr(data, start), strict=True):
        params.add(key, value=value)
    with np.errstate(all="ignore"):
        fit = minimize(nist.residual(data), params, engine="least_squares")
    assert nist.digits(values(fit), data.certified).min() >= 6.0
    # The residual of Lanczos1, and with it the scale of its errors, is nothing but the rounding of its data.
    scale = data.rsd / np.sqrt(fit.redchi) if name == "Lanczos1" else 1.0
    assert nist.digits(scale * errors(fit), data.stderr).min() >= 4.0


# What claims success has found a minimum.


def in_a_box(seed, k):
    """Return a linear problem of `k` variables from -5 to 5, its start and its solution."""
    rng = np.random.default_rng(seed)
    A, b = rng.normal(size=(k + 6, k)), rng.normal(size=k + 6)
    params = Parameters()
    for j in range(k):
        params.add(f"v{j}", value=rng.uniform(-4, 4), min=-5, max=5)
    return lambda p: A @ values(p) - b, params, linear_solution(A, b)


def test_cobyla_with_a_start_close_to_zero():
    """In units of that start the others are far away, and it crawled until it was stopped."""
    residual, params, expected = in_a_box(1446, 3)
    fit = minimize(residual, params, engine="cobyla")
    assert fit.success
    assert fit.nfev < 400
    np.testing.assert_allclose(values(fit), expected.values, rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed, k", [(29, 2), (33, 3)])
def test_powell_thrown_to_a_bound(seed, k):
    """Its directions had become the same, along the bound."""
    residual, params, expected = in_a_box(seed, k)
    fit = minimize(residual, params, engine="powell")
    assert fit.success
    np.testing.assert_allclose(values(fit), expected.values, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "engine, name, start",
    [
        ("bfgs", "Lanczos1", "start1"),
        ("lbfgsb", "MGH09", "start1"),
        ("lbfgsb", "MGH10", "start1"),
        ("slsqp", "Eckerle4", "start1"),
        ("newton", "Bennett5", "start1"),
        ("trust-exact", "MGH17", "start1"),
        ("trust-ncg", "Lanczos3", "start1"),
        ("nelder", "MGH17", "start1"),
        ("powell", "Lanczos2", "start1"),
    ],
)
def test_success_is_not_claimed_where_the_cost_is_only_flat(engine, name, start):
    data = nist.load(name)
    params = create_params(**dict(zip(data.parameter_names, getattr(data, start), strict=True)))
    with np.errstate(all="ignore"):
        fit = minimize(nist.residual(data), params, engine=engine)
    assert not fit.success or fit.chisqr < data.rss * (1 + 1e-6) + 1e-20


def test_many_peaks_that_start_far_too_low():
    """The first step of MINPACK threw the centres away, where nothing brings them back."""
    at, rng = np.linspace(0.0, 100.0, 500), np.random.default_rng(0)
    centers = np.linspace(5.0, 95.0, 10)

    def peaks(areas, places, widths):
        with np.errstate(all="ignore"):
            shapes = np.exp(-0.5 * ((at[:, np.newaxis] - places) / widths) ** 2) / widths
        return shapes @ areas

    data = peaks(rng.uniform(5, 50, 10), centers, rng.uniform(0.8, 1.6, 10)) + rng.normal(0, 0.2, at.size)
    start = np.concatenate([np.ones(10), centers + rng.normal(0, 0.6, 10), np.ones(10)])
    params = create_params(**{f"v{j}": value for j, value in enumerate(start)})
    fit = minimize(lambda p: peaks(*values(p).reshape(3, 10)) - data, params, max_nfev=5000)
    assert fit.success
    assert fit.redchi == pytest.approx(0.04, rel=0.2)


def test_more_omitted_data_than_at_the_start_are_noticed():
    """A mask that follows the parameters: chi-square is lowest where nearly nothing is left."""
    distance = np.linspace(-5.0, 5.0, 20)

    def clipped(params):
        return np.where(np.abs(distance) > params["width"].value, np.nan, distance)

    params = create_params(width={"value": 4.0, "min": 0.5, "max": 10.0})
    fit = minimize(clipped, params, engine="nelder", nan_policy="omit")
    assert fit.ndata < 16
    assert "data were omitted, as they are not finite (4 at the start: chi-square is also" in fit.message


@pytest.mark.parametrize("engine", sorted({"nelder", "powell", "cobyla", "cobyqa"} - set(LACKING)))
def test_rounded_residuals(engine):
    """Their derivatives by small steps are zero or huge; engines that need none find the minimum."""
    fit = minimize(lambda p: np.round(line(p), 2), bounded(), engine=engine)
    assert fit.success
    assert fit.chisqr < 1.05 * np.sum((y - LINE.values[0] - LINE.values[1] * x) ** 2)
