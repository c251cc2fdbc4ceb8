"""The posterior distribution, against closed forms, and what lmfit 1.x promises of `emcee`."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import Counted, linear_solution
from scipy import stats

from lmfit import Minimizer, Parameters, create_params, minimize
from lmfit.errors import MinimizerException

SIGMA = 0.3
X = np.linspace(0.0, 10.0, 40)
Y = 1.5 + 0.7 * X + np.random.default_rng(5).normal(0.0, SIGMA, X.size)
DESIGN = np.vstack([np.ones_like(X), X]).T
EXACT = linear_solution(DESIGN / SIGMA, Y / SIGMA)
POSTERIOR_ERRORS = np.sqrt(np.diag(EXACT.unscaled))

SHORT = {"steps": 40, "nwalkers": 12, "seed": 1}


def residual(params, weight=1.0 / SIGMA):
    return weight * (params["a"] + params["b"] * X - Y)


def log_posterior(params):
    return -0.5 * np.sum(residual(params) ** 2)


def chi_square(params):
    return np.sum(residual(params) ** 2)


def line(**bounds):
    params = Parameters()
    params.add("a", value=1.5, **bounds)
    params.add("b", value=0.7)
    return params


def fitter(objective=residual, params=None, **settings):
    return Minimizer(objective, line() if params is None else params, **settings)


def independent(result):
    """Return points of the sample that are far enough apart to be independent."""
    apart = int(np.ceil(2.0 * max(result.acor)))
    return result.chain[::apart].reshape(-1, len(result.var_names))


@pytest.fixture(scope="module")
def weighted():
    return fitter().emcee(steps=2000, burn=200, nwalkers=20, seed=2)


@pytest.fixture(scope="module")
def unweighted():
    return fitter(fcn_args=(1.0,)).emcee(steps=2000, burn=200, nwalkers=20, seed=2, is_weighted=False)


def test_posterior_of_a_linear_problem_is_the_normal_distribution(weighted):
    """With known errors: mean b, covariance inverse(X^T X)."""
    points = independent(weighted)
    assert len(points) > 500
    unit = np.linalg.solve(np.linalg.cholesky(EXACT.unscaled), (points - EXACT.values).T)
    for one in unit:
        assert stats.kstest(one, "norm").pvalue > 0.01
    assert stats.kstest((unit**2).sum(axis=0), "chi2", args=(2,)).pvalue > 0.01


def test_medians_errors_and_correlation_of_a_linear_problem(weighted):
    accuracy = 5.0 / np.sqrt(len(independent(weighted)))
    for name, exact, error in zip("ab", EXACT.values, POSTERIOR_ERRORS):
        par = weighted.params[name]
        assert abs(par.value - exact) < accuracy * error
        assert par.stderr == pytest.approx(error, rel=accuracy)
    correlation = EXACT.unscaled[0, 1] / np.prod(POSTERIOR_ERRORS)
    assert weighted.params["a"].correl["b"] == pytest.approx(correlation, abs=accuracy)


def test_posterior_without_known_errors(unweighted):
    """With a uniform prior of ln(sigma): S / sigma^2 is chi-square, (b - b_best) / s is Student's t."""
    exact = linear_solution(DESIGN, Y)
    points = independent(unweighted)
    dof = len(X) - 2
    assert stats.kstest(exact.chisqr * np.exp(-2.0 * points[:, 2]), "chi2", args=(dof,)).pvalue > 0.01
    for column, value, error in zip(points.T, exact.values, exact.stderr):
        assert stats.kstest((column - value) / error, "t", args=(dof,)).pvalue > 0.01


def test_a_bound_cuts_the_posterior_off():
    """Half of a normal distribution is left of a parameter with its lower bound at the best value."""
    params = line(min=EXACT.values[0])
    params["b"].set(value=EXACT.values[1], vary=False)
    params["a"].value = 2.0
    result = fitter(params=params).emcee(steps=2000, burn=200, nwalkers=10, seed=4)
    error = SIGMA / np.sqrt(len(X))
    centre = np.mean(Y - EXACT.values[1] * X)
    cut = stats.truncnorm((EXACT.values[0] - centre) / error, np.inf, centre, error)
    assert stats.kstest(independent(result)[:, 0], cut.cdf).pvalue > 0.01
    assert result.flatchain["a"].min() >= EXACT.values[0]


def test_median_and_percentiles(weighted):
    for name, column in weighted.flatchain.items():
        low, median, high = np.percentile(column, [15.87, 50.0, 84.13])
        assert weighted.params[name].value == pytest.approx(median, rel=1e-12)
        assert weighted.params[name].stderr == pytest.approx((high - low) / 2.0, rel=1e-9)
    correlation = np.corrcoef(weighted.flatchain["a"], weighted.flatchain["b"])[0, 1]
    assert weighted.params["b"].correl["a"] == pytest.approx(correlation, rel=1e-9)
    assert np.sqrt(np.diag(weighted.covar)) == pytest.approx([par.stderr for par in weighted.params.values()])


def test_attributes_of_the_result(weighted):
    assert weighted.chain.shape == (1800, 20, 2)
    assert weighted.lnprob.shape == (1800, 20)
    assert list(weighted.flatchain.columns) == weighted.var_names == ["a", "b"]
    assert weighted.flatchain.shape == (1800 * 20, 2)
    assert weighted.acceptance_fraction.shape == (20,)
    assert weighted.acor.shape == (2,)
    assert weighted.sampler.iteration == 2000
    assert weighted.method == "emcee"
    assert weighted.success
    assert weighted.errorbars
    assert "autocorrelation time at most" in weighted.message


def test_thin_and_burn_select_steps():
    full = fitter().emcee(**SHORT)
    part = fitter().emcee(**SHORT, burn=10, thin=3)
    assert np.array_equal(part.chain, full.chain[12::3])
    assert np.array_equal(part.lnprob, full.lnprob[12::3])
    assert len(part.flatchain) == 10 * 12


def test_short_chain_has_no_autocorrelation_time_and_says_so():
    result = fitter().emcee(**SHORT)
    assert not hasattr(result, "acor")
    assert "shorter than 50 times the autocorrelation time" in result.message


def test_one_step():
    result = fitter().emcee(steps=1, nwalkers=12, seed=1)
    assert "too short" in result.message
    assert not hasattr(result, "acor")


def test_lnprob_is_minus_half_chi_square(weighted):
    for index in (0, 17):
        a, b = weighted.chain[-1, index]
        assert weighted.lnprob[-1, index] == pytest.approx(log_posterior({"a": a, "b": b}), rel=1e-12)


def test_lnprob_without_known_errors_is_the_normal_density(unweighted):
    a, b, lnsigma = unweighted.chain[-1, 5]
    density = stats.norm.logpdf(residual({"a": a, "b": b}, 1.0), scale=np.exp(lnsigma))
    assert unweighted.lnprob[-1, 5] == pytest.approx(density.sum(), rel=1e-12)


def test_residual_without_known_errors_is_in_units_of_their_median(unweighted):
    values = unweighted.params.valuesdict()
    expected = residual(values, 1.0) / np.exp(values["__lnsigma"])
    assert unweighted.residual == pytest.approx(expected, rel=1e-12)
    assert unweighted.redchi == pytest.approx(1.0, abs=0.1)


def test_lnsigma_is_a_variable_of_the_result_only(unweighted):
    assert unweighted.var_names == ["a", "b", "__lnsigma"]
    assert unweighted.nvarys == 3
    assert unweighted.params["__lnsigma"].stderr > 0.0
    params = line()
    fitter(params=params).emcee(**SHORT, is_weighted=False)
    assert list(params) == ["a", "b"]


def test_the_size_of_the_errors_starts_from_the_residual():
    result = fitter(fcn_args=(1e-9,)).emcee(**SHORT, is_weighted=False)
    assert result.init_values["__lnsigma"] == pytest.approx(np.log(1e-9 * SIGMA), abs=0.5)


def test_lnsigma_of_the_user_keeps_its_start_and_bounds():
    params = line()
    params.add("__lnsigma", value=np.log(0.5), min=np.log(0.4), max=np.log(0.6))
    result = fitter(params=params, fcn_args=(1.0,)).emcee(**SHORT, is_weighted=False)
    assert result.init_values["__lnsigma"] == np.log(0.5)
    assert result.flatchain["__lnsigma"].between(np.log(0.4), np.log(0.6)).all()
    assert params["__lnsigma"].value == result.params["__lnsigma"].value


def test_fixed_lnsigma_is_the_size_of_the_errors():
    params = line()
    params.add("__lnsigma", value=np.log(SIGMA), vary=False)
    fixed = fitter(params=params, fcn_args=(1.0,)).emcee(**SHORT, is_weighted=False)
    known = fitter().emcee(**SHORT)
    assert fixed.chain == pytest.approx(known.chain, rel=1e-9)


@pytest.mark.parametrize(
    "objective, behavior", [(log_posterior, "posterior"), (chi_square, "chi2"), (residual, "posterior")]
)
def test_numbers_and_arrays_mean_the_same_posterior(objective, behavior):
    expected = fitter().emcee(**SHORT)
    result = fitter(objective).emcee(**SHORT, float_behavior=behavior)
    assert result.chain == pytest.approx(expected.chain, rel=1e-9)
    assert result.lnprob == pytest.approx(expected.lnprob, rel=1e-9)


def test_a_log_posterior_has_its_own_errors():
    result = fitter(log_posterior).emcee(**SHORT, is_weighted=False)
    assert result.var_names == ["a", "b"]


def test_reduce_fcn_is_the_chi_square():
    result = fitter(reduce_fcn=lambda r: 2.0 * np.sum(np.abs(r))).emcee(**SHORT)
    a, b = result.chain[-1, 3]
    assert result.lnprob[-1, 3] == pytest.approx(-np.sum(np.abs(residual({"a": a, "b": b}))))


def test_expressions_have_errors_of_the_sample():
    params = line()
    params.add("end", expr="a + 10 * b")
    params.add("third", value=3.0, vary=False)
    result = fitter(params=params).emcee(steps=300, burn=100, nwalkers=20, seed=1)
    end = result.flatchain["a"] + 10.0 * result.flatchain["b"]
    low, high = np.percentile(end, [15.87, 84.13])
    values = result.params.valuesdict()
    assert values["end"] == values["a"] + 10.0 * values["b"]
    assert result.params["end"].stderr == pytest.approx((high - low) / 2.0, rel=1e-9)
    assert result.params["end"].correl["a"] == pytest.approx(np.corrcoef(end, result.flatchain["a"])[0, 1])
    assert result.params["third"].value == 3.0


def test_points_where_an_expression_has_no_value_are_never_reached():
    def objective(params):
        return residual(params) + 0.0 * params["root"]

    params = line()
    params.add("root", expr="sqrt(a - 1.45)")
    result = fitter(objective, params).emcee(steps=100, nwalkers=20, seed=1)
    assert result.flatchain["a"].min() >= 1.45
    assert result.params["root"].stderr > 0.0


@pytest.mark.parametrize("make_seed", [lambda: 3, lambda: np.random.default_rng(3)], ids=["int", "Generator"])
def test_seed_repeats(make_seed):
    runs = [fitter().emcee(steps=30, nwalkers=10, seed=make_seed()) for _ in range(2)]
    assert np.array_equal(runs[0].chain, runs[1].chain)
    other = fitter().emcee(steps=30, nwalkers=10, seed=4)
    assert not np.array_equal(runs[0].chain, other.chain)


def global_random_state():
    return repr(np.random.get_state())  # noqa: NPY002 - the state that must not change


def test_global_random_state_is_not_touched():
    before = global_random_state()
    fitter().emcee(steps=10, nwalkers=10)
    fitter().emcee(**SHORT)
    assert global_random_state() == before


def test_reuse_sampler_continues_the_chain():
    mini = fitter()
    first = mini.emcee(**SHORT)
    kept = first.chain.copy()
    second = mini.emcee(steps=20, nwalkers=12, reuse_sampler=True)
    assert second.chain.shape == (60, 12, 2)
    assert np.array_equal(second.chain[:40], first.chain)
    assert np.array_equal(first.chain, kept)
    assert second.nfev < 20 * 12 + 10
    third = mini.emcee(steps=5, reuse_sampler=True, burn=62)
    assert third.chain.shape == (3, 12, 2)


def test_a_continued_chain_is_that_of_one_long_run():
    mini = fitter()
    mini.emcee(steps=20, nwalkers=12, seed=1)
    continued = mini.emcee(steps=20, nwalkers=12, reuse_sampler=True)
    assert np.array_equal(continued.chain, fitter().emcee(**SHORT).chain)


def test_reuse_sampler_continues_without_known_errors():
    mini = fitter(fcn_args=(1.0,))
    mini.emcee(**SHORT, is_weighted=False)
    assert mini.emcee(steps=5, reuse_sampler=True, is_weighted=False).chain.shape == (45, 12, 3)


def test_reuse_sampler_needs_the_same_variables():
    mini = fitter()
    with pytest.raises(ValueError, match="reuse_sampler: the last fit of this Minimizer has made no sampler"):
        mini.emcee(reuse_sampler=True)
    mini.emcee(**SHORT)
    mini.params["b"].vary = False
    with pytest.raises(ValueError, match=r"has the variables a, b, now they are a; use the same"):
        mini.emcee(reuse_sampler=True)


def test_pos_gives_the_start_of_each_walker():
    pos = EXACT.values + 1e-3 * np.random.default_rng(0).standard_normal((40, 2))
    result = fitter().emcee(steps=1, nwalkers=40, pos=pos, seed=1)
    rejected = result.acceptance_fraction == 0.0
    assert rejected.any()
    assert np.array_equal(result.chain[0][rejected], pos[rejected])


def test_pos_may_be_a_chain():
    chain = fitter().emcee(**SHORT).chain
    from_chain, from_end = (fitter().emcee(**SHORT, pos=pos) for pos in (chain, chain[-1]))
    assert np.array_equal(from_chain.chain, from_end.chain)


def test_walkers_start_within_the_errors_of_an_earlier_fit():
    mini = fitter()
    mini.leastsq()
    mini.params["a"].min = mini.params["a"].value
    first = mini.emcee(steps=1, nwalkers=200, seed=1).flatchain
    assert first["b"].std() == pytest.approx(mini.result.params["b"].stderr, rel=0.9)
    assert first["a"].min() >= mini.params["a"].min


@pytest.mark.parametrize(
    "bounds",
    [
        {"value": 0.0},
        {"value": 0.0, "min": 0.0},
        {"value": 1.5, "min": 1.5, "max": 1.5 + 1e-9},
        {"value": 1.5, "max": 1.5},
        {"value": 1.5, "min": 1.5 - 1e-5, "max": 1.5 + 1e-5},
    ],
)
def test_start_at_zero_or_at_a_bound_and_narrow_bounds(bounds):
    params = create_params(a=bounds, b=0.7)
    result = fitter(params=params).emcee(**SHORT)
    assert result.flatchain["a"].nunique() > 10
    assert result.flatchain["a"].between(bounds.get("min", -np.inf), bounds.get("max", np.inf)).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"ntemps": 2}, "ntemps must be 1, not 2: emcee 3 has no parallel tempering"),
        ({"steps": 0}, "steps must be an integer of at least 1, not 0"),
        ({"thin": 1.5}, "thin must be an integer of at least 1, not 1.5"),
        ({"steps": 10, "burn": 10}, r"burn \(10\) must be below the number of steps \(10\)"),
        ({"nwalkers": 3}, r"nwalkers \(3\) must be at least twice the number of variables \(2\)"),
        ({"float_behavior": "chi"}, "float_behavior must be 'posterior' or 'chi2', not 'chi'"),
        ({"pos": np.zeros((3, 3))}, r"pos must have the shape \(nwalkers, nvarys\), \(12, 2\)"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        fitter().emcee(**{**SHORT, **options})


def test_emcee_gets_its_own_keywords():
    result = fitter().emcee(**SHORT, run_mcmc_kwargs={"thin_by": 2})
    assert result.chain.shape == (40, 12, 2)
    assert result.nfev > 2 * 40 * 12


def stop_at(limit):
    return lambda params, iteration, resid, *args, **kws: iteration >= limit


def interrupt(params, iteration, resid, *args, **kws):
    if iteration >= 300:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"iter_cb": stop_at(300)}, "the callback iter_cb returned True"),
        ({"max_nfev": 300}, "the limit of 300 evaluations was reached"),
        ({"iter_cb": interrupt}, "interrupted from the keyboard"),
    ],
    ids=["callback", "max_nfev", "keyboard"],
)
def test_an_aborted_chain_is_not_lost(settings, message, capsys):
    result = fitter(**settings).emcee(**SHORT)
    assert result.aborted
    assert not result.success
    assert message in result.message
    full = fitter().emcee(**SHORT).chain
    whole = len(result.chain) - 1
    assert whole > 20
    assert np.array_equal(result.chain[:whole], full[:whole])
    assert result.params["a"].stderr > 0.0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("limit, burn", [(1, 0), (3, 0), (100, 30)])
def test_an_abort_before_there_is_a_sample_leaves_the_best_point(limit, burn):
    result = fitter(max_nfev=limit).emcee(**SHORT, burn=burn)
    assert result.aborted
    assert f"the limit of {limit} evaluations was reached" in result.message
    assert not hasattr(result, "chain")
    assert result.params["a"].stderr == pytest.approx(EXACT.stderr[0], rel=0.2)


def test_an_error_of_the_objective_reaches_the_user_and_nothing_is_printed(capsys):
    def objective(params):
        if params["a"] > 1.5:
            raise ZeroDivisionError("mine")
        return residual(params)

    params = line()
    with pytest.raises(ZeroDivisionError, match="mine"):
        fitter(objective, params).emcee(**SHORT)
    assert capsys.readouterr() == ("", "")
    assert params["a"].value == 1.5


def test_walkers_that_find_no_point_at_all():
    def objective(params):
        return residual(params) if params["a"] == 1.5 else np.full(X.size, np.nan)

    with pytest.raises(MinimizerException, match="the posterior is zero wherever the walkers have been"):
        fitter(objective).emcee(**SHORT)


def test_warnings_of_the_objective_are_seen():
    def objective(params):
        return residual(params) + 0.0 * np.log(1.5 - params["a"].value)

    with pytest.raises(RuntimeWarning, match="log"):
        fitter(objective, create_params(a=1.4, b=0.7)).emcee(**SHORT)


@pytest.mark.parametrize("policy", ["raise", "propagate", "omit"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_without_a_finite_residual_are_never_reached(policy, bad):
    def objective(params):
        return residual(params) if params["a"] < 1.55 else np.full(X.size, bad)

    result = fitter(objective, nan_policy=policy).emcee(**SHORT)
    assert result.flatchain["a"].max() < 1.55


def test_medians_outside_of_a_curved_distribution_are_no_result():
    def ring(p):
        inside = 0.5 < p["a"] ** 2 + p["b"] ** 2 < 1.5
        return np.array([0.1, 0.2]) if inside else np.full(2, np.nan)

    result = minimize(ring, create_params(a=1, b=0), "emcee", steps=600, burn=100, nwalkers=20, seed=2).result
    assert np.hypot(*np.median(result.flatchain, axis=0)) < 0.5
    assert 0.5 < result.params["a"] ** 2 + result.params["b"] ** 2 < 1.5
    assert result.residual.tolist() == [0.1, 0.2]


def test_omitted_data_do_not_count():
    holes = np.where(np.arange(X.size) % 4 == 0, np.nan, 1.0)
    present = np.isfinite(holes)

    def with_holes(params):
        return residual(params, 1.0) * holes

    def without(params):
        return residual(params, 1.0)[present]

    expected = fitter(without).emcee(**SHORT, is_weighted=False)
    result = fitter(with_holes, nan_policy="omit").emcee(**SHORT, is_weighted=False)
    assert result.lnprob == pytest.approx(expected.lnprob, rel=1e-9)
    assert result.ndata == present.sum()
    assert result.chisqr == pytest.approx(expected.chisqr)


def test_no_evaluation_goes_uncounted():
    counted = Counted(residual)
    result = fitter(counted, line(min=1.45, max=1.6)).emcee(**SHORT)
    assert result.nfev == counted.calls


def test_workers_give_the_same_chain_and_count():
    expected = fitter().emcee(**SHORT)
    result = fitter().emcee(**SHORT, workers=2)
    assert np.array_equal(result.chain, expected.chain)
    assert result.nfev == expected.nfev


def test_pools_give_the_same_chain():
    expected = fitter().emcee(**SHORT)
    with multiprocessing.Pool(2) as pool, ThreadPoolExecutor(2) as threads:
        for workers in (pool, threads, map):
            assert np.array_equal(fitter().emcee(**SHORT, workers=workers).chain, expected.chain)


def test_an_objective_that_cannot_be_sent_to_other_processes():
    with pytest.raises(MinimizerException, match=r"lambda.* cannot be sent to another process"):
        fitter(lambda params: 1.0 * residual(params)).emcee(**SHORT, workers=2)


def test_results_can_be_pickled_and_copied():
    result = fitter(lambda params: 1.0 * residual(params)).emcee(**SHORT)
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert np.array_equal(other.sampler.get_chain(), result.chain)
        assert other.flatchain.equals(result.flatchain)
    with pytest.raises(MinimizerException, match="has its chain, but not the objective"):
        other.sampler.log_prob_fn.f.at(np.array([1.0, 2.0]))


def test_by_name_through_minimize():
    params = line()
    out = minimize(residual, params, method="emcee", **SHORT)
    assert np.array_equal(out.chain, fitter().emcee(**SHORT).chain)
    assert params["a"].value == out.params["a"].value == pytest.approx(np.median(out.flatchain["a"]))


@pytest.mark.parametrize("package", ["emcee", "pandas"])
def test_missing_package_is_named_with_its_extra(package, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ImportError, match=rf"needs the package {package}: pip install 'lmfit\[mcmc\]'"):
        fitter().emcee(**SHORT)
