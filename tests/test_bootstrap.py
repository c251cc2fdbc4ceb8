"""Intervals from simulated data sets and from chains: against linear theory, SciPy and fits made by hand."""

import inspect
import json
import math
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import Counted
from scipy import stats

from lmfit import Minimizer, MinimizerException, create_params, minimize
from lmfit._intervals import Missing
from lmfit._resampling import Draw, Sampler, bca_levels, linear_map, percentile_levels, quantile, shortest
from lmfit.bootstrap import bootstrap_interval, credible_interval
from lmfit.models import GaussianModel
from lmfit.printfuncs import ci_report, fit_report

KINDS = ["residual", "case", "parametric"]
ONE_SIGMA = math.erf(math.sqrt(0.5))
X = np.linspace(0.0, 5.0, 60)
LINE = 1.0 + 2.0 * X + 0.3 * np.random.default_rng(11).standard_normal(X.size)
DECAY = 3.0 * np.exp(-X / 1.5) + 0.05 * np.random.default_rng(12).standard_normal(X.size)


def line(params, y=LINE, sigma=1.0):
    return (params["a"] + params["b"] * X - y) / sigma


def decay(params, y=DECAY):
    return params["amp"] * np.exp(-X / params["tau"]) - y


def weighted_decay(params, weights):
    return weights * decay(params)


def decay_derivative(params, y=DECAY):
    fall = np.exp(-X / params["tau"])
    return {"amp": fall, "tau": params["amp"] * fall * X / params["tau"] ** 2}


def fitted(function=line, params=None, method="leastsq", options=None, **settings):
    fitter = Minimizer(function, params or create_params(a=0.5, b=1.0), **settings)
    fitter.minimize(method, **(options or {}))
    return fitter


def fitted_decay(**settings):
    return fitted(decay, create_params(amp=2.0, tau=1.0), **settings)


def values_of(ci, name):
    return [value for _, value in ci[name]]


# How data sets are drawn.


def test_linear_map_is_minus_the_pseudo_inverse():
    jacobian = np.random.default_rng(1).standard_normal((20, 3))
    np.testing.assert_allclose(linear_map(jacobian), -np.linalg.pinv(jacobian), atol=1e-12)
    jacobian[:, 1] = 0.0
    np.testing.assert_allclose(linear_map(jacobian)[[0, 2]], -np.linalg.pinv(jacobian[:, [0, 2]]), atol=1e-12)
    assert not linear_map(jacobian)[1].any()


def test_residuals_are_freed_of_the_leverage_and_centred():
    jacobian = np.column_stack([np.ones(8), np.arange(8.0) ** 2])
    residual = np.random.default_rng(2).standard_normal(8)
    hat = np.diag(jacobian @ np.linalg.pinv(jacobian))
    expected = residual / np.sqrt(1.0 - hat)
    errors = Sampler.of("residual", residual, jacobian, 1.0).errors
    np.testing.assert_allclose(errors, expected - expected.mean(), rtol=1e-12)


def test_a_point_that_alone_determines_a_value_gives_no_error():
    jacobian = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    errors = Sampler.of("residual", np.array([1.0, -2.0, 1.0, 1e-17]), jacobian, 1.0).errors
    assert np.isfinite(errors).all()
    assert abs(errors[3]) < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_missing_data_stay_missing_and_are_never_drawn(kind):
    best = np.array([0.5, np.nan, -0.5, 0.25, -0.25])
    sampler = Sampler.of(kind, best, np.ones((5, 1)), sigma=2.0)
    for seed in range(20):
        drawn = sampler.draw(np.random.default_rng(seed))(best)
        assert np.isfinite(drawn).sum() == 4


def test_drawing_cases_is_weighting_them():
    rows = np.random.default_rng(3).choice(10, 10)
    residual = np.random.default_rng(4).standard_normal(10)
    weights = np.bincount(rows, minlength=10)
    assert np.sum(Draw(rows=rows)(residual) ** 2) == pytest.approx(np.sum(weights * residual**2))


@pytest.mark.parametrize("kind", KINDS)
def test_each_refit_is_the_fit_of_a_simulated_data_set(kind):
    """The same draws, with the data themselves changed, fitted one by one."""
    fitter = fitted_decay()
    found = bootstrap_interval(fitter, n=5, kind=kind, seed=7).sample
    best, residual = fitter.params, fitter.residual
    fall = np.exp(-X / best["tau"])
    jacobian = np.column_stack([fall, best["amp"] * fall * X / best["tau"] ** 2])
    sampler = Sampler.of(kind, residual, jacobian, math.sqrt(fitter.redchi))
    seeds = np.random.SeedSequence(int(np.random.default_rng(7).integers(2**63))).spawn(5)
    for index, seed in enumerate(seeds):
        draw = sampler.draw(np.random.default_rng(seed))
        if kind == "case":
            counts = np.bincount(draw.rows, minlength=X.size)
            refit = minimize(weighted_decay, create_params(amp=3.0, tau=1.5), args=(np.sqrt(counts),))
        else:
            simulated = DECAY - draw.shift
            refit = minimize(decay, create_params(amp=3.0, tau=1.5), args=(simulated,))
        for name in ("amp", "tau"):
            assert found[name][index] == pytest.approx(refit.params[name].value, rel=1e-5)


# Limits from a sample.


def test_quantiles_of_a_small_sample():
    ordered = np.arange(1.0, 100.0)
    assert quantile(ordered, 0.25) == pytest.approx(25.0)
    assert quantile(ordered, 0.01) == pytest.approx(1.0)
    assert quantile(ordered, 0.99) == pytest.approx(99.0)
    assert math.isnan(quantile(ordered, 0.0099))
    assert math.isnan(quantile(ordered, 0.9901))
    np.testing.assert_allclose(
        [quantile(ordered, level) for level in (0.1, 0.333, 0.5)],
        np.quantile(ordered, (0.1, 0.333, 0.5), method="weibull"),
    )


def test_without_bias_and_acceleration_bca_is_percentile():
    sample = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert bca_levels(sample, 0.0, 0.0, 0.9) == pytest.approx(percentile_levels(0.9))


def test_a_best_value_outside_the_sample_has_no_bca_limits():
    assert all(map(math.isnan, bca_levels(np.array([1.0, 2.0, 3.0]), 0.0, 0.0, 0.5)))


def test_bca_of_a_mean_agrees_with_scipy():
    data = np.random.default_rng(5).exponential(size=40)
    fitter = Minimizer(lambda p: p["mean"] - data, create_params(mean=1.0))
    fitter.leastsq()
    ci = bootstrap_interval(fitter, sigmas=0.9, n=4000, kind="case", limits="bca", seed=6)
    name = "rng" if "rng" in inspect.signature(stats.bootstrap).parameters else "random_state"  # before 1.15
    settings = {"confidence_level": 0.9, "n_resamples": 4000, "method": "BCa", name: 6}
    theirs = stats.bootstrap((data,), np.mean, **settings)
    low, _, high = values_of(ci, "mean")
    width = high - low
    assert low == pytest.approx(theirs.confidence_interval.low, abs=0.04 * width)
    assert high == pytest.approx(theirs.confidence_interval.high, abs=0.04 * width)
    plain = bootstrap_interval(fitter, sigmas=0.9, n=4000, kind="case", seed=6)
    assert values_of(plain, "mean")[2] < high


def test_acceleration_of_a_mean():
    data = np.random.default_rng(8).exponential(size=50)
    residual, jacobian = data.mean() - data, np.ones((50, 1))
    skewness = stats.skew(data) / math.sqrt(50) / 6.0
    for kind, expected in (("case", skewness), ("residual", skewness), ("parametric", 0.0)):
        sampler = Sampler.of(kind, residual, jacobian, 1.0)
        assert sampler.acceleration(linear_map(jacobian)[0]) == pytest.approx(expected)


def test_shortest_interval_of_a_skewed_sample():
    sample = np.sort(np.random.default_rng(9).exponential(size=20_000))
    low, high = shortest(sample, 0.9)
    assert low == pytest.approx(0.0, abs=0.01)
    assert high == pytest.approx(-math.log(0.1), abs=0.05)


# Against linear theory.


@pytest.mark.parametrize("limits", ["percentile", "bca"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_line_has_the_intervals_of_its_standard_errors(kind, limits):
    fitter = fitted()
    ci = bootstrap_interval(fitter, sigmas=(1, 0.95), n=2000, kind=kind, limits=limits, seed=1)
    for name in ("a", "b"):
        par = fitter.params[name]
        distances = (np.array(values_of(ci, name)) - par.value) / par.stderr
        np.testing.assert_allclose(distances, [-1.96, -1.0, 0.0, 1.0, 1.96], atol=0.22)
        assert np.std(ci.sample[name]) == pytest.approx(par.stderr, rel=0.1)


def test_known_errors_are_not_scaled():
    fitter = fitted(fcn_kws={"sigma": 1.0}, scale_covar=False)
    known = bootstrap_interval(fitter, sigmas=1, n=1000, kind="parametric", seed=1)
    assert np.std(known.sample["a"]) == pytest.approx(fitter.params["a"].stderr, rel=0.1)
    from_residuals = bootstrap_interval(fitter, sigmas=1, n=1000, seed=1)
    scatter = fitter.params["a"].stderr * math.sqrt(fitter.redchi)
    assert np.std(from_residuals.sample["a"]) == pytest.approx(scatter, rel=0.1)


def test_cases_do_not_mind_errors_of_different_sizes():
    """Errors that grow with x: the scatter of many experiments is that of cases, not that of residuals."""
    rng = np.random.default_rng(21)
    size = 0.05 * (1.0 + X**2)

    def slope(seed_data):
        return np.polyfit(X, seed_data, 1)[0]

    truth = np.std([slope(2.0 * X + size * rng.standard_normal(X.size)) for _ in range(2000)])
    spreads = {"case": [], "residual": []}
    for _ in range(12):
        fitter = fitted(fcn_args=(2.0 * X + size * rng.standard_normal(X.size),))
        for kind, found in spreads.items():
            found.append(np.std(bootstrap_interval(fitter, n=100, kind=kind, seed=1).sample["b"]))
    assert np.mean(spreads["case"]) == pytest.approx(truth, rel=0.12)
    assert np.mean(spreads["residual"]) < 0.8 * truth


# What is asked for.


def test_format_is_that_of_conf_interval():
    ci = bootstrap_interval(fitted(), sigmas=(2, 1), n=200, seed=1)
    assert [prob for prob, _ in ci["a"]] == pytest.approx(
        [0.9545, ONE_SIGMA, 0.0, ONE_SIGMA, 0.9545], abs=1e-4
    )
    assert values_of(ci, "a") == sorted(values_of(ci, "a"))
    assert ci.status == {"a": [""] * 5, "b": [""] * 5}
    assert (ci.complete, ci.n, ci.failed, ci.failures) == (True, 200, 0, {})
    assert ci.limit("a", ONE_SIGMA, -1).value == ci["a"][1][1]
    assert "68.27%" in ci_report(ci)
    assert "[[Confidence Intervals]]" in fit_report(fitted().result, ci=ci)


def test_defaults_are_the_levels_of_the_manual():
    ci = bootstrap_interval(fitted(), seed=1)
    assert [prob for prob, _ in ci["b"]] == [0.997, 0.95, 0.674, 0.0, 0.674, 0.95, 0.997]
    assert ci.complete


@pytest.mark.parametrize("p_names, expected", [(None, ["a", "b"]), ("b", ["b"]), (["b", "a"], ["b", "a"])])
def test_names(p_names, expected):
    assert list(bootstrap_interval(fitted(), p_names=p_names, n=10, sigmas=0.5, seed=1)) == expected
    assert list(bootstrap_interval(fitted(), p_names, n=10, sigmas=0.5, seed=1)) == expected


def test_tied_parameters():
    params = create_params(a=0.5, b=1.0, double={"expr": "2*b"}, both={"expr": "a + b"})
    fitter = fitted(params=params)
    names = ["b", "double", "both"]
    ci = bootstrap_interval(fitter, p_names=names, n=300, sigmas=0.5, limits="bca", seed=1)
    np.testing.assert_allclose(values_of(ci, "double"), 2.0 * np.array(values_of(ci, "b")), rtol=1e-9)
    assert np.std(ci.sample["both"]) == pytest.approx(fitter.params["both"].stderr, rel=0.15)
    assert values_of(ci, "both")[1] == fitter.params["both"].value


def test_without_variables():
    fixed = {"value": 1.0, "vary": False}
    with pytest.raises(ValueError, match="there is no parameter to find an interval of"):
        bootstrap_interval(fitted(params=create_params(a=fixed, b=fixed)))


def test_unknown_and_fixed_names():
    fitter = fitted(params=create_params(a=0.5, b=1.0, slope={"value": 3.0, "vary": False}))
    with pytest.raises(KeyError, match="no parameter is named 'slop'; did you mean 'slope'"):
        bootstrap_interval(fitter, p_names="slop")
    with pytest.raises(ValueError, match="parameter 'slope' is fixed"):
        bootstrap_interval(fitter, p_names=["a", "slope"])


@pytest.mark.parametrize(
    "wrong, message",
    [
        (
            {"kind": "residuals"},
            "kind must be one of 'residual', 'case', 'parametric', not 'residuals'; did you",
        ),
        ({"limits": "bc"}, "limits must be one of 'percentile', 'bca', not 'bc'"),
        ({"n": 0}, "n must be the number of data sets, a positive whole number, but is 0"),
        ({"n": 1.5}, "but is 1.5"),
        ({"sigmas": [0.0]}, "sigmas must be probabilities between 0 and 1"),
        ({"sigmas": 9}, "from 1 to 8, numbers of standard errors, not 9"),
        ({"sigmas": ["one"]}, r"not \['one'\]"),
        ({"sigmas": []}, r"not \[\]"),
        ({"p_names": "zz"}, "no parameter is named 'zz'; there are 'a', 'b'"),
        ({"executor": "two"}, "executor must be a number of processes"),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises((ValueError, KeyError), match=message):
        bootstrap_interval(fitted(), **wrong)


def test_wrong_seed():
    with pytest.raises(TypeError, match="seed must be None, an integer"):
        bootstrap_interval(fitted(), seed="one")


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"n": "many"}, "n must be the number of data sets, a positive whole number, but is 'many'"),
        ({"minimizer": 3}, "minimizer must be a Minimizer after a fit, .* not 3"),
    ],
)
def test_arguments_of_a_wrong_kind(wrong, message):
    with pytest.raises(TypeError, match=message):
        bootstrap_interval(**{"minimizer": fitted(), **wrong})


def test_before_any_fit():
    with pytest.raises(MinimizerException, match="no fit yet"):
        bootstrap_interval(Minimizer(line, create_params(a=1, b=1)))


def test_the_result_of_an_earlier_fit():
    params = create_params(a=0.5, b=1.0)
    fitter = Minimizer(line, params)
    first = fitter.leastsq()
    params["b"].set(value=1.0, vary=False)
    fitter.leastsq()
    assert list(bootstrap_interval(fitter, n=10, sigmas=0.5, seed=1)) == ["a"]
    assert list(bootstrap_interval(fitter, first, n=10, sigmas=0.5, seed=1)) == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
def test_fits_of_models(kind):
    data = np.exp(-((X - 2.5) ** 2) / 2.0) + 0.02 * np.random.default_rng(4).standard_normal(X.size)
    fit = GaussianModel().fit(data, x=X, center=2.0, sigma=2.0, amplitude=1.0, weights=50.0)
    ci = bootstrap_interval(fit, p_names=["center", "fwhm"], n=200, sigmas=1, kind=kind, seed=1)
    for name, sample in ci.sample.items():
        assert np.std(sample) == pytest.approx(fit.params[name].stderr, rel=0.2)


def test_what_minimize_returns_will_do():
    out = minimize(decay, create_params(amp=2.0, tau=1.0))
    low, best, high = values_of(bootstrap_interval(out, p_names="tau", n=100, sigmas=1, seed=1), "tau")
    assert low < best < high


# The same numbers however they are computed; nothing of the user's is touched.


def test_the_seed_decides_whoever_does_the_work():
    fitter = fitted_decay()
    alone = bootstrap_interval(fitter, n=90, seed=5, limits="bca")
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        for executor in (map, threads, processes):
            again = bootstrap_interval(fitter, n=90, seed=5, limits="bca", executor=executor)
            # Compared as text: nan, for the limits that 90 data sets do not reach, equals nothing.
            assert repr(again) == repr(alone)
            np.testing.assert_array_equal(again.sample["tau"], alone.sample["tau"])
            assert again.nfev == alone.nfev
    assert repr(bootstrap_interval(fitter, n=90, seed=6)) != repr(alone)


def test_a_generator_as_seed_goes_on():
    generator = np.random.default_rng(3)
    first, second = (bootstrap_interval(fitted(), n=20, sigmas=0.5, seed=generator) for _ in range(2))
    assert first != second
    assert first == bootstrap_interval(fitted(), n=20, sigmas=0.5, seed=np.random.default_rng(3))


def test_more_data_sets_begin_with_the_same():
    few, more = (bootstrap_interval(fitted(), n=n, sigmas=0.5, seed=1).sample["a"] for n in (30, 60))
    np.testing.assert_array_equal(few, more[:30])


def test_an_objective_that_other_processes_cannot_have():
    fitter = fitted(function=lambda p: 2.0 * line(p))
    with pytest.raises(MinimizerException, match="cannot be sent to another process"):
        bootstrap_interval(fitter, n=10, executor=2)


def snapshot(fitter):
    params = [(par.value, par.stderr, dict(par.correl), par.init_value) for par in fitter.params.values()]
    return params, fitter.result, fitter.result.nfev, fitter.result.residual.tolist()


def test_nothing_is_touched():
    params = create_params(a=0.5, b=1.0)
    fitter = fitted(params=params)
    before = snapshot(fitter)
    bootstrap_interval(fitter, n=20, sigmas=0.5, seed=1)
    assert snapshot(fitter) == before
    assert params["a"].value == fitter.params["a"].value


def test_nothing_is_touched_when_the_objective_raises():
    calls = Counted(line)
    params = create_params(a=0.5, b=1.0)
    fitter = fitted(function=calls, params=params)
    before, limit = snapshot(fitter), calls.calls + 30

    def broken(p):
        if calls.calls > limit:
            raise RuntimeError("the disk is full")
        return calls(p)

    fitter.userfcn = broken
    with pytest.raises(RuntimeError, match="disk is full"):
        bootstrap_interval(fitter, n=20, seed=1)
    assert snapshot(fitter) == before


def test_callback_and_limits_of_the_fit_are_not_those_of_refits():
    calls = []
    fitter = Minimizer(line, create_params(a=0.5, b=1.0), iter_cb=lambda *args: calls.append(1))
    fitter.leastsq(max_nfev=60)
    seen = len(calls)
    assert bootstrap_interval(fitter, n=30, sigmas=0.5, seed=1).nfev > 60
    assert len(calls) == seen


def test_refits_are_cheap():
    fitter = fitted_decay()
    ci = bootstrap_interval(fitter, n=100, sigmas=0.5, seed=1)
    assert ci.nfev <= 100 * 16


# Failures.


def fails_above(limit):
    def objective(params):
        if params["a"] > limit:
            raise ZeroDivisionError("a is too large")
        return line(params)

    return objective


def test_failed_refits_are_counted_and_left_out():
    fitter = fitted()
    par = fitter.params["a"]
    fitter.userfcn = fails_above(par.value + par.stderr)
    ci = bootstrap_interval(fitter, n=200, sigmas=0.5, seed=1)
    assert 10 <= ci.failed < 100
    assert ci.failures == {"ZeroDivisionError: a is too large": ci.failed}
    assert len(ci.sample["a"]) == 200 - ci.failed
    note = f"{ci.failed} of 200 refits failed and are left out (ZeroDivisionError: a is too large)"
    assert ci.status["a"] == [note, "", note]
    assert ci.complete


def test_refits_that_do_not_converge_are_left_out():
    fitter = fitted(method="nelder", options={"reduce_fcn": "huber", "options": {"maxiter": 5}})
    ci = bootstrap_interval(fitter, n=5, sigmas=0.5, seed=1)
    reason = "no convergence: Maximum number of iterations has been exceeded"
    assert ci.failures == {reason: 5}
    assert f"5 of 5 refits failed and are left out ({reason})" in ci.status["b"][0]


def test_refits_whose_expressions_overflow_are_left_out():
    best = fitted().params["b"].value
    params = create_params(a=0.5, b=1.0, c={"expr": f"exp(700 + 1e5*(b - {best}))"})
    ci = bootstrap_interval(fitted(params=params), ["b", "c"], n=50, sigmas=0.5, seed=1)
    assert ci.failures == {"an expression has no finite value": ci.failed}
    assert 10 < ci.failed < 40
    assert len(ci.sample["b"]) == 50 - ci.failed
    assert max(ci.sample["b"]) < best + 1e-3


def test_without_any_refit_there_are_no_limits():
    fitter = fitted()
    par = fitter.params["a"]
    fitter.userfcn = fails_above(par.value + 0.01 * par.stderr)
    # The data set of this seed moves the parameter upwards.
    ci = bootstrap_interval(fitter, n=1, sigmas=0.5, seed=2)
    low, best, high = values_of(ci, "a")
    assert [math.isnan(low), best == par.value, math.isnan(high)] == [True, True, True]
    assert "1 of 1 refits failed" in ci.status["a"][0]
    assert ci.missing["a"][0].missing == Missing.TOO_FEW


def test_limits_outside_the_sample_are_missing_and_say_how_many_are_needed():
    few = bootstrap_interval(fitted(), sigmas=(0.5, 0.997), n=665, seed=1)
    assert [math.isnan(value) for value in values_of(few, "a")] == [True, False, False, False, True]
    assert few.status["a"][0] == "the limit is outside the sample of 665; at least 666 are needed"
    assert bootstrap_interval(fitted(), sigmas=0.997, n=666, seed=1).complete


def test_bca_may_need_more():
    data = np.random.default_rng(5).exponential(size=40)
    fitter = Minimizer(lambda p: p["mean"] - data, create_params(mean=1.0))
    fitter.leastsq()
    ci = bootstrap_interval(fitter, sigmas=0.95, n=40, kind="case", limits="bca", seed=3)
    assert "the limit is outside the sample of 40 after its corrections" in ci.status["mean"]


# All kinds of fits.


def test_derivatives_of_the_user_give_the_same():
    plain = bootstrap_interval(fitted_decay(), n=50, kind="case", sigmas=0.5, seed=1)
    fitter = Minimizer(decay, create_params(amp=2.0, tau=1.0))
    derivative = Counted(decay_derivative)
    fitter.leastsq(Dfun=derivative)
    before = derivative.calls
    for kind in KINDS:
        known = bootstrap_interval(fitter, n=50, kind=kind, sigmas=0.5, seed=1)
        if kind == "case":
            np.testing.assert_allclose(known.sample["tau"], plain.sample["tau"], rtol=1e-6)
    assert derivative.calls > before + 100


def test_a_gradient_of_the_users_cost_is_not_that_of_other_data():
    def gradient(params):
        return 2 * decay(params) @ np.column_stack(list(decay_derivative(params).values()))

    params = create_params(amp=2.0, tau=1.0)
    fitter = fitted(decay, params, "lbfgsb", {"Dfun": gradient})
    known = bootstrap_interval(fitter, n=50, sigmas=0.5, seed=1)
    plain = bootstrap_interval(fitted_decay(), n=50, sigmas=0.5, seed=1)
    np.testing.assert_allclose(known.sample["tau"], plain.sample["tau"], rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "method, options",
    [
        ("least_squares", {"loss": "soft_l1", "f_scale": 0.1}),
        ("nelder", {"reduce_fcn": "huber"}),
        ("lbfgsb", {}),
        ("differential_evolution", {"seed": 1}),
        ("differential_evolution", {"seed": 1, "reduce_fcn": "huber"}),
    ],
)
def test_other_engines(method, options, kind):
    bounded = create_params(a={"value": 0.5, "min": -5, "max": 5}, b={"value": 1.0, "min": -5, "max": 5})
    fitter = fitted(params=bounded, method=method, options=options)
    ci = bootstrap_interval(fitter, n=60, sigmas=0.5, kind=kind, seed=1)
    assert ci.failed == 0
    plain = fitted().params["b"]
    assert np.std(ci.sample["b"]) == pytest.approx(plain.stderr, rel=0.35)
    assert np.mean(ci.sample["b"]) == pytest.approx(fitter.params["b"].value, abs=plain.stderr)


def test_robust_costs_stay_robust():
    data = LINE.copy()
    data[::12] += 30.0
    fitter = fitted(fcn_args=(data, 0.3), method="least_squares", options={"loss": "cauchy"})
    ci = bootstrap_interval(fitter, n=60, sigmas=0.9, kind="case", seed=1)
    low, _, high = values_of(ci, "b")
    assert low < 2.0 < high
    assert high - low < 0.5


def test_missing_data():
    data = LINE.copy()
    data[[3, 30]] = np.nan
    fitter = fitted(fcn_args=(data,), nan_policy="omit")
    for kind in KINDS:
        ci = bootstrap_interval(fitter, n=300, sigmas=0.5, kind=kind, seed=1)
        assert ci.failed == 0
        assert np.std(ci.sample["b"]) == pytest.approx(fitter.params["b"].stderr, rel=0.2)


def test_complex_residuals():
    def circle(params):
        return params["amp"] * np.exp(1j * (X + params["phase"])) - truth

    noise = np.random.default_rng(2).standard_normal((2, X.size))
    truth = 2.0 * np.exp(1j * (X + 0.3)) + 0.1 * (noise[0] + 1j * noise[1])
    fitter = fitted(circle, create_params(amp=1.0, phase=0.1))
    for kind in KINDS:
        ci = bootstrap_interval(fitter, n=200, sigmas=0.5, kind=kind, seed=1)
        assert np.std(ci.sample["phase"]) == pytest.approx(fitter.params["phase"].stderr, rel=0.25)


def test_a_variable_at_its_bound_stays_within():
    params = create_params(a={"value": 2.0, "min": 1.2}, b=1.0)
    fitter = fitted(params=params)
    assert fitter.params["a"].value == 1.2
    ci = bootstrap_interval(fitter, n=200, sigmas=0.9, limits="percentile", seed=1)
    assert values_of(ci, "a")[0] == pytest.approx(1.2, rel=1e-12)
    assert ci.sample["a"].min() >= 1.2
    assert ci.failed == 0


def test_a_variable_without_effect_does_no_harm():
    params = create_params(a=0.5, b=1.0, c=3.0)
    ci = bootstrap_interval(fitted(params=params), p_names=["b"], n=50, sigmas=0.5, limits="bca", seed=1)
    low, best, high = values_of(ci, "b")
    assert low < best < high


def test_a_number_has_no_data_to_draw_from():
    fitter = fitted(function=lambda p: float(np.sum(line(p) ** 2)), method="nelder")
    with pytest.raises(
        ValueError, match="needs an objective that returns a residual; this one returns a number"
    ):
        bootstrap_interval(fitter)


@pytest.mark.parametrize(
    "method, what", [("brute", "best point of a grid"), ("emcee", "or credible_interval")]
)
def test_what_is_no_fit_is_not_repeated(method, what):
    bounds = {"value": 1.0, "min": -5.0, "max": 5.0, "brute_step": 1.0}
    options = {"steps": 20, "nwalkers": 10, "seed": 1} if method == "emcee" else {}
    fitter = fitted(params=create_params(a=bounds, b=bounds), method=method, options=options)
    with pytest.raises(ValueError, match=what):
        bootstrap_interval(fitter)


# The result as an object, and the bar.


def test_copies_and_pickles():
    ci = bootstrap_interval(fitted(), n=30, sigmas=0.5, seed=1)
    for twin in (ci.copy(), pickle.loads(pickle.dumps(ci))):
        assert twin == ci
        assert (type(twin), twin.n, twin.failures, twin.status) == (type(ci), 30, {}, ci.status)
        np.testing.assert_array_equal(twin.sample["a"], ci.sample["a"])
    ci.copy()["a"].clear()
    assert len(ci["a"]) == 3
    plain = json.loads(json.dumps(ci.asdict()))
    assert (plain["n"], len(plain["sample"]["b"])) == (30, 30)


def test_progress(capsys):
    bootstrap_interval(fitted(), n=25, sigmas=0.5, seed=1, progress=True)
    assert "25/25" in capsys.readouterr().err


def test_progress_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install 'lmfit\[progress\]'"):
        bootstrap_interval(fitted(), n=25, progress=True)


# Credible intervals.


def chain_of(**columns):
    params = create_params(**{name: float(np.median(column)) for name, column in columns.items()})
    return SimpleNamespace(flatchain=columns, var_names=list(columns), params=params)


def test_equal_tailed_intervals_are_quantiles():
    sample = np.random.default_rng(1).gamma(2.0, size=5000)
    ci = credible_interval(chain_of(a=sample), sigmas=(0.5, 0.9))
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(values_of(ci, "a"), np.quantile(sample, levels, method="weibull"), rtol=1e-3)
    assert ci.complete


def test_highest_density_intervals_are_the_shortest():
    sample = np.random.default_rng(1).gamma(2.0, size=20_000)
    result = chain_of(a=sample)
    equal, highest = (
        credible_interval(result, sigmas=0.9, kind=kind) for kind in ("equal-tailed", "highest")
    )
    (low, _, high), (left, _, right) = values_of(equal, "a"), values_of(highest, "a")
    assert right - left < high - low
    # The density, x exp(-x), is the same at both ends of the region where it is highest.
    assert left * math.exp(-left) == pytest.approx(right * math.exp(-right), rel=0.25)
    assert np.mean((sample >= left) & (sample <= right)) == pytest.approx(0.9, abs=1e-4)


def test_credible_intervals_of_a_chain_of_emcee():
    params = create_params(a=0.5, b=1.0, double={"expr": "2*b"})
    fitter = fitted(params=params, fcn_kws={"sigma": 0.3}, scale_covar=False)
    errors = {name: par.stderr for name, par in fitter.params.items()}
    result = fitter.emcee(nwalkers=30, steps=400, burn=100, seed=1, is_weighted=True)
    ci = credible_interval(result, p_names=["a", "b", "double"], sigmas=1)
    for name, error in errors.items():
        low, best, high = values_of(ci, name)
        assert (high - low) / 2.0 == pytest.approx(error, rel=0.15)
        assert best == result.params[name].value
    assert list(credible_interval(fitter, sigmas=1)) == ["a", "b"]


def test_credible_intervals_need_a_chain():
    with pytest.raises(ValueError, match=r"there is no chain.*emcee.*lmfit\[mcmc\]"):
        credible_interval(fitted().result)
    with pytest.raises(ValueError, match="kind must be one of 'equal-tailed', 'highest', not 'hpd'"):
        credible_interval(chain_of(a=np.arange(5.0)), kind="hpd")


def test_a_short_chain_has_no_outer_limits():
    ci = credible_interval(chain_of(a=np.arange(100.0)), sigmas=(0.5, 0.997))
    assert "at least 666 are needed" in ci.status["a"][0]
