"""Confidence intervals and regions: what they accept and leave alone, and answers known in closed form."""

import copy
import json
import math
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from helpers import Counted, linear_solution
from scipy import optimize, special

from lmfit import (
    Minimizer,
    MinimizerException,
    ci_report,
    conf_interval,
    conf_interval2d,
    create_params,
    f_compare,
    fit_report,
    minimize,
)
from lmfit._constrained import ConstrainedFit
from lmfit._intervals import ConfidenceIntervals, Interval, Limit, Missing
from lmfit._refit import State
from lmfit.confidence import _recipe
from lmfit.errors import AbortFitException

INF = math.inf
T = np.linspace(0, 5, 40)
NOISE = np.random.default_rng(1).normal(size=40)
Y = 2 * np.exp(-T / 1.5) + 0.05 * NOISE
SIGMA1, SIGMA2 = (math.erf(n / math.sqrt(2)) for n in (1, 2))


def decay(p, error=0.05):
    return (p["A"] * np.exp(-T / p["tau"]) - Y) / error


def decay_fit(**kws):
    params = create_params(A={"value": 1, "min": 0, "max": 10}, tau={"value": 1, "min": 0.01, "max": 20})
    params.add("half", expr="tau*log(2)")
    return minimize(decay, params, **kws)


def line(p):
    return p["a"] * T + p["b"] - Y


def values(ci, name):
    return np.array([value for _, value in ci[name]])


def profile_of_tau(cost, tau):
    """The least cost for a given tau, by a minimisation of its own."""
    return optimize.minimize_scalar(lambda A: cost((A * np.exp(-T / tau) - Y) / 0.05), bounds=(1, 3)).fun


@pytest.mark.parametrize("scale_covar", [True, False])
def test_a_linear_fit_has_student_or_normal_limits(scale_covar):
    fit = minimize(line, create_params(a=1, b=1), scale_covar=scale_covar)
    exact = linear_solution(np.column_stack([T, np.ones(40)]), Y)
    ci = conf_interval(fit, sigmas=[0.5, 1, 2])
    for j, name in enumerate("ab"):
        probs = np.array([0.5, SIGMA1, SIGMA2])
        if scale_covar:
            reach = special.stdtrit(38, 0.5 + probs / 2) * exact.stderr[j]
        else:
            reach = special.ndtri(0.5 + probs / 2) * np.sqrt(exact.unscaled[j, j])
        best = exact.values[j]
        np.testing.assert_allclose(
            values(ci, name), [*(best - reach[::-1]), best, *(best + reach)], rtol=1e-5
        )


def test_likelihood_ratio_and_forced_tests():
    fit = minimize(line, create_params(a=1, b=1))
    exact = linear_solution(np.column_stack([T, np.ones(40)]), Y)
    quantile = special.chdtri(1, 1 - SIGMA1)
    for prob_func, rise in (
        ("lr", exact.chisqr * math.expm1(quantile / 40)),
        ("chi2", quantile),
        ("f", exact.redchi * special.fdtri(1, 38, SIGMA1)),
        (f_compare, exact.redchi * special.fdtri(1, 38, SIGMA1)),
    ):
        ci = conf_interval(fit, "a", 1, prob_func=prob_func)
        assert ci["a"][2][1] - ci["a"][1][1] == pytest.approx(
            math.sqrt(rise * exact.unscaled[0, 0]), rel=1e-4
        )


def test_the_variable_of_a_sampler_is_none_of_the_objective():
    best = decay_fit()
    kws = {"steps": 200, "burn": 100, "nwalkers": 20, "seed": 1, "progress": False, "is_weighted": False}
    fit = minimize(decay, best.params, method="emcee", **kws)
    assert "__lnsigma" in fit.result.params
    ci, expected = conf_interval(fit, sigmas=1), conf_interval(best, sigmas=1)
    assert list(ci) == ["A", "tau"]
    for name in ci:  # it profiles the cost from medians, which are not quite at its minimum
        low, _, high = values(expected, name)
        np.testing.assert_allclose(values(ci, name), values(expected, name), atol=0.5 * (high - low))


def test_user_functions_of_both_kinds():
    fit = decay_fit()
    plain = conf_interval(fit, "tau", [1, 2])
    manual = conf_interval(
        fit, "tau", [1, 2], prob_func=lambda n, k, new, best, nfix=1: f_compare(n, k, new, best)
    )

    def compare(best_fit, new_fit):
        assert new_fit.nvarys == best_fit.nvarys - 1
        assert (
            new_fit.params["tau"].value != best_fit.params["tau"].value or new_fit.chisqr == best_fit.chisqr
        )
        return f_compare(best_fit, new_fit)

    of_results = conf_interval(fit, "tau", [1, 2], prob_func=compare)
    for ci in (manual, of_results):
        np.testing.assert_allclose(values(ci, "tau"), values(plain, "tau"), rtol=1e-4)


def test_functions_that_do_not_say_what_they_take_get_all_numbers():
    def likelihood_ratio(ndata, nparas, new_chi, best_chi):
        return math.erf(math.sqrt(max(0.0, (new_chi - best_chi) / 2)))

    class Silent:
        __signature__ = "none"

        def __call__(self, *args):
            return likelihood_ratio(*args[:4])

    fit = decay_fit(scale_covar=False)
    expected = conf_interval(fit, "tau", 1, prob_func=likelihood_ratio)
    assert values(conf_interval(fit, "tau", 1, prob_func=Silent()), "tau").tolist() == pytest.approx(
        values(expected, "tau").tolist(), rel=1e-9
    )


def test_probability_that_saturates():
    fit = decay_fit()
    ci = conf_interval(fit, "tau", [0.5], prob_func=lambda n, k, new, best: float(min(1, (new - best) / 4)))
    for side in (0, 2):
        rise = profile_of_tau(lambda r: r @ r, ci["tau"][side][1]) - fit.chisqr
        assert rise == pytest.approx(2.0, rel=1e-2)


@pytest.mark.parametrize(
    "method", ["leastsq", "least_squares", "nelder", "lbfgsb", "powell", "differential_evolution"]
)
def test_every_engine_gives_the_same_limits(method):
    ci = conf_interval(decay_fit(method=method), ["tau", "half"], [1, 2])
    expected = conf_interval(decay_fit(), ["tau", "half"], [1, 2])
    for name in expected:
        np.testing.assert_allclose(values(ci, name), values(expected, name), rtol=2e-4)


def decay_chi_square(p):
    r = decay(p)
    return float(r @ r)


@pytest.mark.parametrize(
    "kws, names",
    [
        ({"method": "nelder"}, ["tau", "half"]),
        ({"method": "nelder", "calc_covar": False}, ["tau"]),  # no errors to begin with
        # From the minimum another engine is enough.
        ({"method": "differential_evolution", "seed": 1}, ["tau", "half"]),
    ],
)
def test_number_as_objective_is_a_chi_square(kws, names):
    params = create_params(A={"value": 2, "min": 0, "max": 10}, tau={"value": 1.4, "min": 0.01, "max": 20})
    params.add("half", expr="tau*log(2)")
    ci = conf_interval(minimize(decay_chi_square, params, **kws), names, [1])
    expected = conf_interval(decay_fit(scale_covar=False), names, [1])
    for name in names:
        np.testing.assert_allclose(values(ci, name), values(expected, name), rtol=1e-3)


def test_a_cost_of_the_users_own_from_residuals():
    fit = decay_fit(method="nelder", reduce_fcn=lambda r: float(np.sum(np.abs(r) ** 1.5)))
    ci = conf_interval(fit, ["tau", "half"], 1)
    low, best, high = values(ci, "tau")
    costs = [profile_of_tau(lambda r: np.sum(np.abs(r) ** 1.5), tau) for tau in (low, best, high)]
    assert costs[0] - costs[1] == pytest.approx(costs[2] - costs[1], rel=5e-3)
    assert costs[0] > costs[1]
    np.testing.assert_allclose(values(ci, "half"), values(ci, "tau") * math.log(2), rtol=1e-3)


def test_a_likelihood_ratio_of_known_errors_is_their_chi_square():
    fit = decay_fit(scale_covar=False)
    np.testing.assert_allclose(
        values(conf_interval(fit, "tau", 1, prob_func="lr"), "tau"),
        values(conf_interval(fit, "tau", 1, prob_func="chi2"), "tau"),
    )


def test_refits_of_a_cost_without_residual():
    def cost(p):
        return math.nan if p["tau"] > 1.55 else decay_chi_square(p)

    fit = minimize(cost, create_params(A=2, tau=1.4), method="nelder")
    held = ConstrainedFit(_recipe(fit, None)).hold(["tau"])
    expected = profile_of_tau(lambda r: r @ r, 1.52)
    found = held.refit(np.array([1.52]), held.x, held.fit.cost + 100)
    assert (found.state, found.cost) == (State.CONVERGED, pytest.approx(expected, rel=1e-6))
    found = held.refit(np.array([1.52]), held.x, held.fit.cost + 1e-3)
    assert found.state is State.TOO_FAR
    assert found.cost > expected
    found = held.refit(np.array([1.6]), held.x)
    assert (found.state, found.cost) == (State.STUCK, math.inf)


def test_twins_stay_inside_their_bounds():
    x = np.linspace(0, 4, 30)

    def two_decays(p):
        return p["a"] * np.exp(-x / p["s"]) + p["b"] * np.exp(-x / p["t"]) - np.exp(-x / 2) - np.exp(-x / 0.5)

    def twins(**bounds):
        fit = minimize(two_decays, create_params(a=1.1, s={"value": 1.9, **bounds}, b=0.9, t=0.6))
        held = ConstrainedFit(_recipe(fit, None)).hold(["a"])
        return held, held.twins(1000)

    held, found = twins()
    np.testing.assert_allclose(held.x, [1, 2, 1, 0.5], rtol=1e-6)
    [(values, point)] = found(held.x)
    np.testing.assert_allclose(point, [1, 0.5, 1, 2], rtol=1e-6)
    assert values == [point[0]]
    held, found = twins(min=0.3)
    assert len(list(found(np.array([1, 2, 1, 0.31])))) == 1
    assert list(found(np.array([1, 2, 1, 0.29]))) == []
    held, found = twins(min=1)
    assert list(found(held.x)) == []


@pytest.mark.parametrize(
    "kws, each",
    [
        ({"method": "least_squares", "loss": "soft_l1"}, lambda r: np.sqrt(1 + r * r) - 1),
        ({"method": "nelder", "reduce_fcn": "neglogcauchy"}, lambda r: np.log1p(r * r)),
    ],
)
def test_robust_cost_is_the_one_that_is_profiled(kws, each):
    fit = decay_fit(**kws)
    best, error = fit.params["tau"].value, fit.params["tau"].stderr
    low, _, high = values(conf_interval(fit, "tau", 1), "tau")
    costs = [profile_of_tau(lambda r: each(r).sum(), tau) for tau in (low, best, high)]
    assert costs[0] - costs[1] == pytest.approx(costs[2] - costs[1], rel=5e-3)
    assert high - best == pytest.approx(error, rel=0.3)


def test_tied_parameter_has_the_limits_of_what_it_is_tied_to():
    ci = conf_interval(decay_fit(), ["tau", "half"], [1, 2])
    np.testing.assert_allclose(values(ci, "half"), values(ci, "tau") * math.log(2), rtol=1e-4)


def test_tied_parameter_of_two_variables():
    params = create_params(a=1, b=1)
    params.add("at_3", expr="3*a + b")
    fit = minimize(line, params)
    ci = conf_interval(fit, "at_3", 1)
    reach = special.stdtrit(38, 0.5 + SIGMA1 / 2) * fit.params["at_3"].stderr
    assert values(ci, "at_3") == pytest.approx(
        fit.params["at_3"].value + reach * np.array([-1, 0, 1]), rel=1e-4
    )


def test_poisson_like_limits_of_one_variable():
    counts = 4.0

    def deviance(p):  # the signed root of minus twice the logarithm of the likelihood ratio
        mu = p["mu"].value
        return np.sign(counts - mu) * np.sqrt(2 * max(mu - counts + counts * math.log(counts / mu), 0.0))

    fit = minimize(deviance, create_params(mu={"value": 3, "min": 1e-9}), scale_covar=False)
    found = values(conf_interval(fit, sigmas=[1, 2], prob_func="chi2"), "mu")
    for value, sigma in zip(found, (2, 1, 0, 1, 2)):
        assert 2 * (value - counts + counts * math.log(counts / value)) == pytest.approx(sigma**2, abs=2e-2)
    assert found[4] - found[2] > 1.2 * (found[2] - found[0])


def test_upper_limit_beyond_a_bound():
    params = create_params(A=1, tau={"value": 1.4, "min": 0.01, "max": 1.49})
    fit = minimize(decay, params)
    ci = conf_interval(fit, "tau", [1, 2])
    free = conf_interval(decay_fit(), "tau", [1, 2])
    np.testing.assert_allclose(values(ci, "tau")[:3], values(free, "tau")[:3], rtol=1e-4)
    assert np.isnan(values(ci, "tau")[3:]).all()
    assert [limit.missing for limit in ci.missing["tau"]] == [Missing.AT_BOUND] * 2
    assert "bound 1.49" in ci.status["tau"][3]


def test_active_bound_of_another_parameter():
    fit = minimize(decay, create_params(A={"value": 1.5, "max": 1.9}, tau=1))
    assert fit.params["A"].value == pytest.approx(1.9)
    ci = conf_interval(fit, "tau", 1)
    for side in (0, 2):
        r = decay({"A": 1.9, "tau": ci["tau"][side][1]})
        assert f_compare(40, 2, r @ r, fit.chisqr) == pytest.approx(SIGMA1, abs=2e-3)


def test_best_value_on_its_bound():
    fit = minimize(decay, create_params(A={"value": 1.5, "max": 1.9}, tau=1))
    ci = conf_interval(fit, "A", 1)
    assert [limit.missing for limit in ci.intervals["A"].ordered] == ["", Missing.AT_BOUND]


def test_degenerate_pair_and_parameter_without_effect():
    fit = minimize(lambda p: p["A"] * p["B"] * np.exp(-T / p["tau"]) - Y, create_params(A=1, B=1, tau=1, C=3))
    ci = conf_interval(fit, sigmas=[1, 2])
    for name in "ABC":
        assert values(ci, name)[[0, 1, 3, 4]].tolist() == [-INF, -INF, INF, INF]
        assert all("chi-square stays below the level" in limit.reason for limit in ci.missing[name])
    plain = conf_interval(decay_fit(), sigmas=[1, 2])
    np.testing.assert_allclose(values(ci, "tau"), values(plain, "tau"), rtol=2e-2)
    assert "tau" not in ci.missing


def gives_nan():
    return np.full(40, np.nan)


def aborts():
    raise AbortFitException("out of the region")


@pytest.mark.parametrize("beyond", [gives_nan, aborts])
def test_region_without_residual(beyond):
    def mean(p):
        return beyond() if p["m"] < 0.35 else p["m"] - Y

    ci = conf_interval(minimize(mean, create_params(m=1)), sigmas=[1, 2, 3])
    error = np.std(Y, ddof=1) / math.sqrt(40)
    low = np.mean(Y) - special.stdtrit(39, 0.5 + SIGMA1 / 2) * error
    assert ci["m"][2][1] == pytest.approx(low, rel=1e-4)
    assert [limit.missing for limit in ci.missing["m"]] == [Missing.NOT_FINITE]
    assert math.isnan(ci["m"][0][1])


def test_exception_of_the_objective_leaves_everything_alone():
    calls = Counted(line)
    fit = minimize(calls, create_params(a=1, b=1))
    before, result = fit.params.dumps(), fit.result

    def failing(p):
        raise ZeroDivisionError("of the objective")

    fit.userfcn = failing
    with pytest.raises(ZeroDivisionError, match="of the objective"):
        conf_interval(fit)
    assert fit.params.dumps() == before
    assert fit.result is result


def test_data_without_any_error_leave_no_doubt():
    fit = minimize(lambda p: p["a"] * T + p["b"], create_params(a=1, b=0))
    assert fit.chisqr == 0.0
    ci = conf_interval(fit)
    for name in "ab":
        np.testing.assert_array_equal(values(ci, name), np.full(7, fit.params[name].value))


def test_nothing_of_the_fit_is_touched():
    fit = decay_fit()
    before, result, chisqr = fit.params.dumps(), fit.result, fit.chisqr
    conf_interval(fit)
    conf_interval2d(fit, "A", "tau", 3, 3)
    assert fit.params.dumps() == before == result.params.dumps()
    assert fit.result is result
    assert fit.chisqr == chisqr


def two_minima(p):
    v = p["v"].value
    return np.array([1 + (v * v - 1) ** 2 + 0.3 * v, 0.1, 0.1, 0.1])


def test_better_minimum_is_reported_and_taken_on_request():
    fit = minimize(two_minima, create_params(v=1.0))
    ci = conf_interval(fit, sigmas=[1, 2])
    assert ci["v"][1][1] == pytest.approx(0.6097, abs=1e-3)
    assert [limit.missing for limit in ci.missing["v"]] == [Missing.BETTER_MINIMUM]
    assert "restart=True" in ci.missing["v"][0].reason
    assert ci.better["v"] < 0
    again = conf_interval(fit, sigmas=[1], restart=True)
    assert again.better is None
    restarted = conf_interval(fit, sigmas=[1, 2], restart=True)
    assert restarted["v"][2][1] == pytest.approx(-1.036, abs=2e-3)
    assert fit.params["v"].value == pytest.approx(0.96, abs=1e-2)


def test_signatures_of_1_x():
    fit = decay_fit()
    result = fit.result
    expected = conf_interval(fit, "tau", [1, 2])
    fitter = Minimizer(decay, result.params)
    for ci in (
        conf_interval(fit, result, ["tau"], [1, 2]),
        conf_interval(fitter, result, p_names=["tau"], sigmas=[1, 2], min_rel_change=1e-5),
        conf_interval(fitter, result=result, p_names="tau", sigmas=[1, 2]),
    ):
        np.testing.assert_allclose(values(ci, "tau"), values(expected, "tau"), rtol=1e-6)
    ours = conf_interval2d(fit, "A", "tau", 4, 3)
    theirs = conf_interval2d(fitter, result, "A", "tau", 4, 3)
    np.testing.assert_allclose(ours.grid, theirs.grid, rtol=1e-6)


def test_chi_square_of_a_region_and_its_axes():
    fit = decay_fit()
    region = conf_interval2d(fit, "A", "tau", 5, 4, limits=((1.8, 2.2), (1.2, 1.8)), chi2_out=True, log="y")
    np.testing.assert_allclose(region.y, np.geomspace(1.2, 1.8, 4))
    np.testing.assert_allclose(region.x, np.linspace(1.8, 2.2, 5))
    expected = [[np.sum(decay({"A": A, "tau": tau}) ** 2) for A in region.x] for tau in region.y]
    np.testing.assert_allclose(region.grid, expected)
    assert (region.failed, len(region), region[2] is region.grid) == (0, 3, True)


def test_default_limits_of_a_region():
    fit = decay_fit()
    x, _, _ = conf_interval2d(fit, "A", "tau", 3, 3, nsigma=2)
    par = fit.params["A"]
    np.testing.assert_allclose(x, par.value + 2 * par.stderr * np.array([-1, 0, 1]))


def test_cells_without_residual_are_nan_and_counted():
    fit = minimize(
        lambda p: (p["a"] * T + p["b"] - Y) if p["a"] > -0.3 else np.full(40, np.nan), create_params(a=1, b=1)
    )
    region = conf_interval2d(fit, "a", "b", 4, 3, limits=((-0.5, 0.0), (0.5, 1.5)))
    assert np.isnan(region.grid).all(axis=0).tolist() == [True, True, False, False]
    assert (region.failed, region.missing) == (6, {Missing.NOT_FINITE: 6})
    with ThreadPoolExecutor(2) as executor:
        again = conf_interval2d(fit, "a", "b", 4, 3, limits=((-0.5, 0.0), (0.5, 1.5)), executor=executor)
    assert again.missing == region.missing
    nowhere = conf_interval2d(fit, "a", "b", 3, 3, limits=((-0.9, -0.5), (0.5, 1.5)))
    assert np.isnan(nowhere.grid).all()
    assert nowhere.failed == 9


def test_region_of_a_tied_parameter():
    region = conf_interval2d(decay_fit(), "A", "half", 4, 3)
    plain = conf_interval2d(decay_fit(), "A", "tau", 4, 3)
    np.testing.assert_allclose(region.grid, plain.grid, atol=2e-3)


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_executors(kind):
    fit = decay_fit()
    expected, region = conf_interval(fit, sigmas=1), conf_interval2d(fit, "A", "tau", 4, 5)
    with kind(2) as executor:
        found = conf_interval(fit, sigmas=1, executor=executor)
        grid = conf_interval2d(fit, "A", "tau", 4, 5, executor=executor).grid
    for name in expected:
        np.testing.assert_allclose(values(found, name), values(expected, name), rtol=1e-5)
    np.testing.assert_allclose(grid, region.grid, rtol=1e-5)


def test_objective_that_cannot_be_sent():
    fit = minimize(lambda p: p["a"] * T + p["b"] - Y, create_params(a=1, b=1))
    with ProcessPoolExecutor(1) as executor:
        with pytest.raises(MinimizerException, match=r"<lambda>.* sent to another process"):
            conf_interval(fit, executor=executor)
        with pytest.raises(MinimizerException, match=r"<lambda>.* sent to another process"):
            conf_interval2d(fit, "a", "b", 3, 3, executor=executor)


def test_progress_and_verbose(capsys):
    fit = decay_fit()
    conf_interval(fit, sigmas=1, progress=True, verbose=True)
    conf_interval2d(fit, "A", "tau", 3, 3, progress=True)
    captured = capsys.readouterr()
    assert "68.27% upper: " in captured.out
    assert "profiles" in captured.err
    assert "rows" in captured.err


def test_known_derivatives_save_evaluations():
    def derivatives(p):
        decay = np.exp(-T / p["tau"])
        return {"A": decay / 0.05, "tau": p["A"] * T / p["tau"] ** 2 * decay / 0.05}

    with_them = minimize(decay, create_params(A=1, tau=1), Dfun=derivatives)
    found, plain = conf_interval(with_them, sigmas=[1, 2]), conf_interval(decay_fit(), sigmas=[1, 2])
    for name in found:
        np.testing.assert_allclose(values(found, name), values(plain, name), rtol=1e-4)
    assert found.nfev < plain.nfev


@pytest.mark.parametrize(
    "make, limit",
    [
        (lambda fit: conf_interval(fit, sigmas=(1, 2, 3)), 40),
        (lambda fit: conf_interval2d(fit, "A", "tau", 30, 30), 1000),
    ],
)
def test_few_evaluations(make, limit):
    counted = Counted(decay)
    fit = minimize(counted, create_params(A=1, tau=1))
    before = counted.calls
    found = make(fit)
    assert found.nfev == counted.calls - before <= limit


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda fit: conf_interval(fit, "tua"), KeyError, "did you mean 'tau'"),
        (lambda fit: conf_interval(fit, "fixed"), ValueError, "'fixed' is fixed"),
        (lambda fit: conf_interval(fit, sigmas=[0.5, -1]), ValueError, "sigmas must be probabilities"),
        (lambda fit: conf_interval(fit, prob_func="t"), ValueError, "prob_func must be"),
        (lambda fit: conf_interval(fit, *[None] * 9), TypeError, "at most 7 positional"),
        (lambda fit: conf_interval2d(fit, "A"), TypeError, "names of two parameters"),
        (lambda fit: conf_interval2d(fit, "A", "A"), ValueError, "'A' twice"),
        (
            lambda fit: conf_interval2d(fit, "A", "tau", log=True, limits=((-1, 1), (1, 2))),
            ValueError,
            "above zero",
        ),
    ],
)
def test_errors_say_what_is_wrong(call, error, message):
    params = create_params(A=1, tau=1, fixed={"value": 1, "vary": False})
    fit = minimize(decay, params)
    with pytest.raises(error, match=message):
        call(fit)


def test_no_fit_and_no_errors():
    params = create_params(A=1, tau=1)
    with pytest.raises(MinimizerException, match="need a fit that has been made"):
        conf_interval(Minimizer(decay, params))
    for par in params.values():
        par.vary = False
    with pytest.raises(MinimizerException, match="need a fit with variables, but all parameters are fixed"):
        conf_interval(minimize(decay, params))
    params = create_params(A=1, tau=1)
    fit = minimize(decay, params, calc_covar=False)
    assert conf_interval(fit, sigmas=1).complete
    with pytest.raises(ValueError, match="no standard error to choose the range by"):
        conf_interval2d(fit, "A", "tau")


def test_intervals_are_a_dictionary_and_more():
    lost = Limit(0.95, 1, INF, Missing.FLAT, "chi-square stays below the level")
    limits = (lost, Limit(0.68, 1, 2.5), Limit(0.68, -1, 1.0), Limit(0.95, -1, 0.5))
    ci = ConfidenceIntervals({"a": Interval(2.0, limits)}, nfev=7, better={"a": 3.0})
    assert ci == {"a": [(0.95, 0.5), (0.68, 1.0), (0.0, 2.0), (0.68, 2.5), (0.95, INF)]}
    assert ci.status["a"] == ["", "", "", "", lost.reason]
    for twin in (copy.copy(ci), copy.deepcopy(ci), ci.copy(), pickle.loads(pickle.dumps(ci))):
        assert twin == ci
        assert (twin.nfev, twin.better, twin.missing) == (7, {"a": 3.0}, {"a": (lost,)})
        twin["a"].append((0.99, 9.0))
        del twin["a"]
    assert len(ci["a"]) == 5 or "a" not in ci
    assert json.loads(json.dumps(ci.asdict()))["intervals"]["a"]["best"] == 2.0
    assert ci.limit("a", 0.68, -1).value == 1.0
    with pytest.raises(KeyError, match="its levels are"):
        ci.limit("a", 0.5, 1)


def test_reports_take_the_intervals():
    fit = decay_fit()
    ci = conf_interval(fit, sigmas=[1, 2])
    assert "_BEST_" in ci_report(ci)
    assert "Confidence Intervals" in fit_report(fit, ci=ci)
    assert "<table" in ci._repr_html_()


def exponentials(seed):
    x = np.linspace(0.3, 10, 100)
    y = 3 * np.exp(-x / 2) - 5 * np.exp(-x / 10) + 0.2 * np.random.default_rng(seed).normal(size=100)

    def residual(p):
        a1, a2, t1, t2 = (par.value for par in p.values())
        return a1 * np.exp(-x / t1) + a2 * np.exp(-x / t2) - y

    return minimize(residual, create_params(a1=5, a2=-5, t1=2, t2=5))


def test_two_exponentials_of_any_data():
    # Limits at 1, 2 and 3 sigma by brute force: dense grids over both decay constants, linear in the rest.
    # Where two terms may exchange their roles the profile passes the point at which they are equal.
    known = {
        0: {
            "a1": [1.6981, 1.9062, 2.1104, 2.5370, 2.9227, 4.5197],
            "t2": [7.896, 9.956, 11.435, 13.972, 15.258, 16.661],
        },
        1: {"t1": [1.0139, 1.2112, 1.4551, 2.2599, 3.1960, 14.583]},
        3: {
            "a1": [1.7649, 2.1024, 2.6067, INF, INF, INF],
            "t1": [1.0322, 1.3695, 1.8530, 11.002, 13.095, 15.182],
        },
        57: {"t2": [1.0468, 1.2737, 8.2075, 11.6276, 13.1027, 14.6092]},
        58: {"t2": [0.9821, 1.2263, 8.0429, 11.6751, 13.1455, 14.6378]},
    }
    for seed, limits in known.items():
        fit = exponentials(seed)
        ci = conf_interval(fit, list(limits), [1, 2, 3])
        for name, expected in limits.items():
            best = fit.params[name].value
            found = np.delete(values(ci, name), 3)
            for value, true in zip(found, expected):
                close = 0.01 * abs(true - best) if true < INF else 0.0
                assert value == pytest.approx(true, abs=close), (seed, name)


@pytest.mark.parametrize("seed", [9, 15, 22, 25])
def test_hard_data_give_limits_or_reasons(seed):
    ci = conf_interval(exponentials(seed), sigmas=[1, 2, 3])
    for interval in ci.intervals.values():
        for limit in interval.limits:
            assert limit.found == math.isfinite(limit.value) == (not limit.reason)
            assert limit.side * (limit.value - interval.best) > 0 or math.isnan(limit.value)


def test_region_of_two_exponentials_has_no_gaps():
    fit = exponentials(2)
    region = conf_interval2d(fit, "a1", "t2", 12, 12)
    assert region.failed == 0
    for row, column in ((0, 11), (5, 6), (7, 3), (11, 0)):
        params = fit.params.copy()
        params["a1"].set(value=region.x[column], vary=False)
        params["t2"].set(value=region.y[row], vary=False)
        chisqr = minimize(fit.userfcn, params).chisqr
        expected = f_compare(100, 4, chisqr, fit.chisqr, 2)
        assert region.grid[row, column] <= expected + 2e-3


def two_exponentials_by_projection(fit, amplitudes, times):
    """Chi-square for one term: dense in the rate of the other one, linear in its amplitude."""
    x = np.linspace(0.3, 10, 100)
    y = -fit.userfcn(create_params(a1=0, a2=0, t1=1, t2=1))
    rates = np.concatenate(
        [-np.geomspace(1.5, 0.003, 80), np.linspace(-0.002, 1, 9000), np.geomspace(1, 2e3, 300)]
    )
    terms = np.exp(-rates[:, np.newaxis] * (x - np.where(rates > 0, 0.3, 10)[:, np.newaxis]))
    terms /= np.linalg.norm(terms, axis=1)[:, np.newaxis]
    rest = y - amplitudes[:, np.newaxis] * np.exp(-x / times[:, np.newaxis, np.newaxis])
    return np.sum(rest**2, axis=2) - np.max((rest @ terms.T) ** 2, axis=2)


@pytest.mark.parametrize("seed, names", [(10, ("a1", "t1")), (15, ("a2", "t2"))])
def test_region_has_the_twin_of_the_best_fit(seed, names):
    # With the terms exchanged the model is the same, so the best fit is twice in the plane of one term.
    fit = exponentials(seed)
    region = conf_interval2d(fit, *names, 20, 16, limits=((-12, 12), (1, 9)))
    chisqr = two_exponentials_by_projection(fit, region.x, region.y)
    expected = special.fdtr(2, 96, np.maximum(chisqr / fit.chisqr - 1, 0) * 96 / 2)
    np.testing.assert_allclose(region.grid, expected, atol=2e-3)
    with ThreadPoolExecutor(1) as executor:
        in_blocks = conf_interval2d(fit, *names, 20, 16, limits=((-12, 12), (1, 9)), executor=executor)
    np.testing.assert_allclose(in_blocks.grid, expected, atol=2e-3)
    twin = [fit.params[name].value for name in {"a1": ("a2", "t2"), "a2": ("a1", "t1")}[names[0]]]
    row, column = np.argmin(np.abs(region.y - twin[1])), np.argmin(np.abs(region.x - twin[0]))
    assert expected[row - 1 : row + 2, column - 1 : column + 2].min() < 0.95


def two_basins(p):
    u, v, w = (p[name].value for name in "uvw")
    return np.array([10 * (w * w - 1), u * w - 1, v + 0.2 * w - 0.2, 0.3, 0.3, 0.3, 0.3, 0.3])


def test_region_of_two_basins_takes_the_lower_one_everywhere():
    # w is near 1 or near -1, and either can be followed all over the grid; which is lower changes at u = 0.
    fit = minimize(two_basins, create_params(u=0.8, v=0.1, w=0.9))
    region = conf_interval2d(fit, "u", "v", 10, 7, limits=((-2, 2), (-1, 1)), chi2_out=True)
    w = np.linspace(-1.2, 1.2, 24001)

    def least(u, v, branch):
        w_ = w[w * branch > 0.5]
        return np.min(100 * (w_**2 - 1) ** 2 + (u * w_ - 1) ** 2 + (v + 0.2 * w_ - 0.2) ** 2) + 0.45

    carried, other = (
        np.array([[least(u, v, branch) for u in region.x] for v in region.y]) for branch in (1, -1)
    )
    np.testing.assert_allclose(region.grid, np.minimum(carried, other), rtol=1e-2)
    assert (carried > 1.1 * other).any(axis=0).tolist() == [True] * 5 + [False] * 5


def test_region_of_a_cost_without_residual():
    def chi_square(p):
        return float(np.sum(decay(p) ** 2))

    params = create_params(A=2, tau=1.5, extra=0.1)
    fit = minimize(lambda p: chi_square(p) + (p["extra"] - p["A"]) ** 2, params, method="nelder")
    limits = ((1.9, 2.1), (1.4, 1.6))
    region = conf_interval2d(fit, "A", "tau", 3, 3, limits=limits, chi2_out=True)
    expected = [[np.sum(decay({"A": A, "tau": tau}) ** 2) for A in region.x] for tau in region.y]
    np.testing.assert_allclose(region.grid, expected, rtol=1e-3)
