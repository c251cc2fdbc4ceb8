"""Engines that search a whole region: a grid, SciPy's global optimisers, annealing, adaptive memory."""

import inspect
import itertools
import math
import multiprocessing
import random
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from helpers import Counted, values
from scipy import optimize

from lmfit import Minimizer, MinimizerException, Parameters, create_params, minimize
from lmfit._engines import find
from lmfit._engines.ampgo import _Settings
from lmfit._engines.parallel import pool
from lmfit._engines.search import Cost
from lmfit._engines.stochastic import _temperatures
from lmfit._problem import Problem, Space
from lmfit.errors import AbortFitException, ParameterError

X = np.linspace(0.0, 10.0, 60)
#: Enough to find the minimum of the problems here, and no more.
ENGINES = {
    "brute": {"Ns": 12},
    "shgo": {"n": 40, "iters": 3},
    "direct": {},
    "differential_evolution": {"seed": 1, "popsize": 8, "atol": 1e-6},
    "basinhopping": {"seed": 1, "niter": 10},
    "dual_annealing": {"seed": 1, "maxiter": 60},
    "anneal": {"seed": 1, "maxiter": 60},
    "ampgo": {"seed": 1, "totaliter": 4},
    "multistart": {"seed": 1},
}
SEEDED = [name for name in ENGINES if find(name).stochastic]
#: The grid has no point at the minimum.
EXACT = [name for name in ENGINES if name != "brute"]
#: SciPy 1.11 was the first whose shgo shares its work.
SHARED_SHGO = "workers" in inspect.signature(optimize.shgo).parameters
WORKERS = ["brute", "differential_evolution", "multistart", *(["shgo"] if SHARED_SHGO else [])]


def decay(params):
    return params["amp"].value * np.exp(-X / params["tau"].value) - 3.0 * np.exp(-X / 2.5)


def box():
    return create_params(
        amp={"value": 1.0, "min": 0.1, "max": 9.0}, tau={"value": 1.0, "min": 0.5, "max": 6.0}
    )


def fit(name, objective=decay, params=None, **kws):
    return Minimizer(objective, box() if params is None else params).minimize(
        name, **{**ENGINES[name], **kws}
    )


# Every engine: the minimum, and what a search may come across.


@pytest.mark.parametrize("name", EXACT)
def test_finds_the_minimum(name):
    out = fit(name)
    assert out.success
    assert values(out) == pytest.approx([3.0, 2.5], rel=1e-6)
    assert out.method == name


@pytest.mark.parametrize("name", EXACT)
def test_finds_the_lower_of_two_minima(name):
    def double_well(params):
        v = params["v"].value
        return (v * v - 1.0) ** 2 + 0.3 * v + 1.0

    out = fit(name, double_well, create_params(v={"value": 0.9, "min": -2.0, "max": 2.0}))
    assert out.params["v"].value == pytest.approx(-1.0354, abs=1e-3)
    assert out.chisqr == pytest.approx(0.6946**2, rel=1e-3)


@pytest.mark.parametrize("name", EXACT)
def test_leaves_a_region_without_values(name):
    def with_hole(params):
        return decay(params) if params["tau"].value > 0.7 else np.full(X.size, np.nan)

    assert values(fit(name, with_hole)) == pytest.approx([3.0, 2.5], rel=1e-5)


@pytest.mark.parametrize("name", EXACT)
def test_expressions_and_their_errors(name):
    params = box()
    params.add("half", expr="tau / 2")
    out = fit(name, lambda p: decay(p) + 1e-3 * np.cos(7.0 * X), params)
    assert out.params["half"].value == out.params["tau"].value / 2.0
    assert out.params["half"].stderr == pytest.approx(out.params["tau"].stderr / 2.0)


@pytest.mark.parametrize("name", EXACT)
def test_expression_without_a_value_is_a_rejected_point(name):
    params = box()
    params.add("root", expr="sqrt(tau - 0.8)")
    assert values(fit(name, params=params))[:2] == pytest.approx([3.0, 2.5], rel=1e-5)


@pytest.mark.parametrize("name", ENGINES)
def test_counts_every_call(name):
    objective = Counted(decay)
    assert fit(name, objective).nfev == objective.calls


@pytest.mark.parametrize("name", ENGINES)
def test_limit_on_the_evaluations(name):
    out = fit(name, max_nfev=7, calc_covar=False)
    assert out.nfev == 7
    assert out.aborted
    assert "limit of 7 evaluations" in out.message


@pytest.mark.parametrize("name", ENGINES)
def test_time_limit(name):
    out = fit(name, timeout=0.0)
    assert out.aborted
    assert "time limit" in out.message


@pytest.mark.parametrize("name", ENGINES)
def test_callback_ends_the_search(name):
    out = fit(name, iter_cb=lambda params, iteration, resid: iteration >= 9, calc_covar=False)
    assert out.aborted
    assert out.nfev == 9


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("error", [ValueError, TypeError, ZeroDivisionError, KeyError, RuntimeError])
def test_an_error_of_the_objective_reaches_the_user(name, error):
    def failing(params):
        if objective.calls > 12:
            raise error("of the user")
        return decay(params)

    objective = Counted(failing)
    with pytest.raises(error, match="of the user"):
        fit(name, objective)
    assert objective.calls == 13


@pytest.mark.parametrize("name", ENGINES)
def test_objective_may_end_the_search(name):
    def ending(params):
        if objective.calls > 12:
            raise AbortFitException("enough")
        return decay(params)

    objective = Counted(ending)
    out = fit(name, objective, calc_covar=False)
    assert out.aborted
    assert "enough" in out.message


@pytest.mark.parametrize("name", ENGINES)
def test_interrupt_keeps_the_best_point(name):
    def interrupted(params):
        if objective.calls == 12:
            raise KeyboardInterrupt
        return decay(params)

    objective = Counted(interrupted)
    out = fit(name, objective)
    assert out.aborted
    assert "interrupted" in out.message


@pytest.mark.parametrize("name", EXACT)
def test_scalar_objective(name):
    def banana(params):
        x, y = params["x"].value, params["y"].value
        return 1.0 + (1.0 - x) ** 2 + 10.0 * (y - x * x) ** 2

    params = create_params(
        x={"value": -1.0, "min": -5.0, "max": 5.0}, y={"value": -1.0, "min": -5.0, "max": 5.0}
    )
    out = fit(name, banana, params)
    assert values(out) == pytest.approx([1.0, 1.0], abs=1e-2)


@pytest.mark.parametrize("name", [name for name in EXACT if name != "multistart"])
def test_negative_scalar_objective(name):
    params = create_params(v={"value": 1.5, "min": -2.0, "max": 2.0})
    out = fit(name, lambda p: -math.exp(-((p["v"].value - 0.3) ** 2)), params)
    assert out.params["v"].value == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("name", [name for name in EXACT if name != "multistart"])
def test_other_cost_than_the_sum_of_squares(name):
    data = decay(create_params(amp=0.0, tau=1.0))
    data[5] += 30.0

    def outlier(params):
        return params["amp"].value * np.exp(-X / params["tau"].value) + data

    out = fit(name, outlier, reduce_fcn=lambda r: float(np.sqrt(0.01 + r * r).sum()))
    assert values(out) == pytest.approx([3.0, 2.5], rel=0.02)


@pytest.mark.parametrize("name", ENGINES)
def test_unknown_option(name):
    with pytest.raises(TypeError, match=f"{name!r} does not know the option 'dwell'"):
        fit(name, dwell=50)


@pytest.mark.parametrize("name", [name for name in ENGINES if find(name).needs_bounds])
def test_all_variables_without_bounds_are_named(name):
    params = create_params(amp=1.0, tau={"value": 1.0, "min": 0.5}, c={"value": 0.0, "min": -1.0, "max": 1.0})
    with pytest.raises(ParameterError, match=r"'amp', 'tau'$"):
        fit(name, params=params)


# Random numbers.


@pytest.mark.parametrize("name", SEEDED)
def test_same_seed_same_search(name):
    def trail(seed):
        points = []
        fit(name, lambda p: points.append(values(p)) or decay(p), seed=seed)
        return np.array(points)

    first = trail(3)
    assert np.array_equal(first, trail(3))
    assert np.array_equal(first, trail(np.random.default_rng(3)))
    assert not np.array_equal(first, trail(4))


@pytest.mark.parametrize("name", ENGINES)
def test_global_random_state_is_not_touched(name):
    before, ours = random.getstate(), np.random.get_state()  # noqa: NPY002
    fit(name)
    assert random.getstate() == before
    assert all(np.array_equal(one, other) for one, other in zip(ours, np.random.get_state()))  # noqa: NPY002


@pytest.mark.parametrize("name", SEEDED)
def test_seed_of_a_wrong_kind(name):
    with pytest.raises(TypeError, match="seed must be"):
        fit(name, seed="one")


# The grid. The expected points are those of lmfit 1.3.4.

BOX = {"min": -2.0, "max": 2.0}


@pytest.mark.parametrize(
    "attributes, count, expected",
    [
        (BOX, 5, [-2.0, -1.0, 0.0, 1.0, 2.0]),
        ({**BOX, "brute_step": 0.5}, 4, [-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]),
        ({**BOX, "brute_step": 1.3}, 4, [-2.0, -0.7, 0.6, 1.9]),
        ({"min": -1.0, "brute_step": 0.5}, 4, [-1.0, -0.5, 0.0, 0.5]),
        ({"max": 1.0, "brute_step": 0.5}, 4, [-1.0, -0.5, 0.0, 0.5]),
        ({"brute_step": 0.5}, 4, [-0.5, 0.0, 0.5, 1.0]),
        ({"brute_step": 0.5}, 5, [-0.5, 0.0, 0.5, 1.0]),
    ],
)
def test_points_of_the_grid(attributes, count, expected):
    params = create_params(x={"value": 0.5, **attributes})
    out = minimize(lambda p: np.array([p["x"] - 1.3, 0.5]), params, method="brute", Ns=count)
    assert out.brute_grid == pytest.approx(np.array(expected))
    assert out.brute_Jout == pytest.approx((np.array(expected) - 1.3) ** 2 + 0.25)
    assert out.brute_x0 == pytest.approx(min(expected, key=lambda v: abs(v - 1.3)))
    assert out.brute_fval == out.brute_Jout.min()


def bowl(params):
    x, y = params["x"].value, params["y"].value
    return np.array([x - 1.3, y + 0.7, 0.1 * (x * y - 1.0)])


def bowl_box():
    return create_params(x={"value": 0.5, **BOX}, y={"value": 0.4, **BOX})


def test_grid_of_two_variables():
    out = minimize(bowl, bowl_box(), method="brute", Ns=5, keep="all")
    assert out.brute_grid.shape == (2, 5, 5)
    assert out.brute_Jout.shape == (5, 5)
    assert out.brute_x0 == pytest.approx([1.0, -1.0])
    assert out.brute_fval == pytest.approx(0.22)
    i, j = np.unravel_index(np.argmin(out.brute_Jout), (5, 5))
    assert out.brute_grid[:, i, j] == pytest.approx(out.brute_x0)
    assert len(out.candidates) == 25
    assert out.nfev - 26 == 4  # the start, and two evaluations for each column of the Jacobian


def test_candidates_of_the_grid():
    params = bowl_box()
    params.add("sum", expr="x + y")
    out = minimize(bowl, params, method="brute", Ns=5, keep=3)
    scores = [candidate.score for candidate in out.candidates]
    assert scores == sorted(out.brute_Jout.ravel())[:3]
    for candidate in out.candidates:
        assert float(np.sum(bowl(candidate.params) ** 2)) == candidate.score
        assert candidate.params["sum"].value == candidate.params["x"].value + candidate.params["y"].value
    assert values(out.candidates[0].params)[:2] == pytest.approx(out.brute_x0)


def test_grid_keeps_fifty():
    assert len(minimize(bowl, bowl_box(), method="brute", Ns=8).candidates) == 50


def test_grid_names_all_variables_that_it_cannot_divide():
    params = create_params(a=1.0, b={"value": 0.0, "min": 0.0}, c={"value": 1.0, "brute_step": 0.1})
    with pytest.raises(ParameterError, match=r"'a' \[-inf, inf\], 'b' \[0.0, inf\]; set min and max"):
        minimize(lambda p: np.array(values(p)), params, method="brute")


def test_grid_of_no_points():
    with pytest.raises(ValueError, match="Ns, the number of points"):
        minimize(bowl, bowl_box(), method="brute", Ns=0)


def test_a_start_below_the_grid_stays_the_best_point():
    params = create_params(x={"value": 1.3, **BOX}, y={"value": -0.7, **BOX})
    out = minimize(bowl, params, method="brute", Ns=3)
    assert values(out) == pytest.approx([1.3, -0.7])
    assert out.brute_fval > out.chisqr


# Workers.


def unequal(params):
    return decay(params) + 0.1 * params["c"].value


unnamed = lambda params: decay(params)  # noqa: PLW0108 (pickle does not find it)


def with_tie():
    params = box()
    params.add("b", value=0.3, min=-1.0, max=1.0)
    params.add("c", expr="2 * b")
    return params


@pytest.fixture(scope="module")
def executors():
    # Python warns of forking a process with threads, and NumPy's linear algebra has some.
    context = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2, mp_context=context) as processes:
        yield {"threads": threads, "processes": processes, "map": map}


@pytest.mark.parametrize("kind", ["threads", "processes", "map"])
@pytest.mark.parametrize("name", WORKERS)
def test_workers_change_nothing(name, kind, executors):
    options = {"maxiter": 8, "updating": "deferred"} if name == "differential_evolution" else {}
    options |= {"Ns": 6} if name == "brute" else {"stop": False, "n": 8} if name == "multistart" else {}
    alone = fit(name, unequal, with_tie(), **options)
    shared = fit(name, unequal, with_tie(), workers=executors[kind], **options)
    assert values(shared).tolist() == values(alone).tolist()
    assert shared.chisqr == alone.chisqr
    assert shared.message == alone.message
    if name != "multistart":  # which evaluates the ends of searches again
        assert shared.nfev == alone.nfev


def test_workers_pass_over_points_where_an_expression_has_no_value(executors):
    params = create_params(a={"value": 2, "min": -3, "max": 4}, root={"expr": "sqrt(a)"})
    options = {"maxiter": 5, "updating": "deferred", "seed": 1}
    alone, shared = (
        minimize(lambda p: [p["root"] - 1.5, 0.1], params.copy(), "differential_evolution", **options, **kws)
        for kws in ({}, {"workers": executors["threads"]})
    )
    assert shared.params["a"].value == alone.params["a"].value == pytest.approx(2.25)
    assert shared.nfev == alone.nfev


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_number_of_processes():
    assert values(fit("brute", Ns=4, workers=2)).tolist() == values(fit("brute", Ns=4)).tolist()


@pytest.mark.parametrize("name", WORKERS)
def test_workers_count_every_call(name, executors):
    calls = itertools.count()
    out = fit(name, lambda p: (next(calls), decay(p))[1], workers=executors["threads"])
    assert out.nfev == next(calls)


@pytest.mark.parametrize("name", [name for name in WORKERS if name != "multistart"])
def test_workers_keep_the_limit(name, executors):
    calls = itertools.count()
    out = fit(
        name,
        lambda p: (next(calls), decay(p))[1],
        max_nfev=20,
        workers=executors["threads"],
        calc_covar=False,
    )
    assert out.nfev == 20 == next(calls)
    assert out.aborted


@pytest.mark.parametrize("name", WORKERS)
def test_objective_that_cannot_be_sent(name, executors):
    with pytest.raises(MinimizerException, match="cannot be sent to another process"):
        fit(name, unnamed, workers=executors["processes"])


def test_pool_that_finds_out_itself(executors):
    def mapping(function, items):
        return executors["processes"].map(function, items)

    with pytest.raises(MinimizerException, match="cannot be sent to another process"):
        fit("brute", unnamed, workers=mapping)


@pytest.mark.parametrize("kind", ["threads", "map"])
@pytest.mark.parametrize("error", [TypeError, ValueError, KeyError])
@pytest.mark.parametrize("name", WORKERS)
def test_an_error_in_a_worker_reaches_the_user(name, error, kind, executors):
    def failing(params):
        if params["amp"].value > 5.0:
            raise error("of the user")
        return decay(params)

    with pytest.raises(error, match="of the user"):
        fit(name, failing, workers=executors[kind])


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_may_end_the_search(name, executors):
    def ending(params):
        if params["amp"].value > 5.0:
            raise AbortFitException("enough")
        return decay(params)

    out = fit(name, ending, workers=executors["threads"], calc_covar=False)
    assert out.aborted
    assert "enough" in out.message


@pytest.mark.parametrize("name", WORKERS)
def test_workers_reject_points_without_values(name, executors):
    params = box()
    params.add("root", expr="sqrt(tau - 0.8)")

    def with_hole(params):
        return decay(params) if params["amp"].value < 8.0 else np.full(X.size, np.nan)

    out = fit(name, with_hole, params, workers=executors["threads"])
    assert out.chisqr < 1.0


@pytest.mark.parametrize("workers", [0, -2, 1.5, "two", True])
def test_workers_of_a_wrong_kind(workers):
    with pytest.raises(ValueError, match="workers must be a number of processes"):
        pool(workers)


def test_workers_that_scipy_does_not_have(monkeypatch):
    monkeypatch.setattr(optimize, "shgo", lambda function, bounds, n=1: None)
    with pytest.raises(ValueError, match=r"need SciPy 1\.11"):
        fit("shgo", workers=map)


# A cost that SciPy cannot lose.


def problem_of(objective, **parameters):
    problem = Problem(objective, create_params(**parameters), scalar=True)
    problem.begin()
    return problem


def test_rejected_points_cost_more_than_any_before():
    problem = problem_of(lambda p: p["v"].value - 3.0 if p["v"].value < 9.0 else np.nan, v=3.0)
    cost = Cost(problem.view(Space.EXTERNAL))
    assert cost([8.0]) == 5.0
    assert cost([9.5]) > 5.0
    assert cost([2.0]) == -1.0


def test_an_exception_is_raised_again_after_it_was_swallowed():
    problem = problem_of(lambda p: 1.0 / p["v"].value, v=3.0)

    def swallowing():
        with Cost(problem.view(Space.EXTERNAL)) as cost:
            for v in (1.0, 0.0):
                with pytest.raises(ZeroDivisionError):
                    cost([v]) if v == 0.0 else cost([0.0])

    with pytest.raises(ZeroDivisionError):
        swallowing()


# The user's derivatives.


def decay_slopes(params):
    amp, tau = params["amp"].value, params["tau"].value
    curve = np.exp(-X / tau)
    return np.array([curve, amp * X / tau**2 * curve]).T


@pytest.mark.parametrize("name", ["basinhopping", "shgo", "ampgo", "multistart"])
def test_derivatives_of_the_user(name):
    slopes = Counted(decay_slopes)
    out = fit(name, Dfun=slopes)
    assert values(out) == pytest.approx([3.0, 2.5], rel=1e-6)
    assert slopes.calls > 3
    assert out.nfev < fit(name).nfev


# Options that SciPy gets.


def test_options_of_shgo_in_a_dictionary_and_as_keywords():
    few = fit("shgo", options={"maxiter": 1})
    assert few.nfev == fit("shgo", maxiter=1).nfev < fit("shgo").nfev


@pytest.mark.parametrize("method", ["Nelder-Mead", "TNC", "COBYLA"])
def test_local_search_of_shgo(method):
    out = fit("shgo", minimizer_kwargs={"method": method})
    assert values(out) == pytest.approx([3.0, 2.5], rel=1e-5)


@pytest.mark.parametrize("method", ["Nelder-Mead", "BFGS"])
def test_local_search_of_basinhopping(method):
    out = fit("basinhopping", minimizer_kwargs={"method": method})
    assert values(out) == pytest.approx([3.0, 2.5], rel=1e-5)


@pytest.mark.parametrize(
    "name", ["shgo", "differential_evolution", "basinhopping", "dual_annealing", "anneal", "ampgo", "direct"]
)
def test_without_polish(name):
    rough, fine = fit(name, polish=False), fit(name)
    assert rough.nfev < fine.nfev
    assert values(rough) == pytest.approx(values(fine), rel=0.2)
    assert "last digits" in fine.message
    assert "last digits" not in rough.message


@pytest.mark.parametrize(
    "name, extra",
    [
        ("shgo", "shgo_xl"),
        ("dual_annealing", "da_x"),
        ("differential_evolution", "de_x"),
        ("direct", "direct_x"),
    ],
)
def test_what_scipy_returns_is_kept(name, extra):
    assert np.isfinite(getattr(fit(name), extra)).all()


def test_rectangles_may_be_more_than_scipy_allows_at_first():
    usual = fit("direct", vol_tol=0.0, len_tol=0.0, maxiter=10**5, polish=False)
    assert 1900 < usual.nfev < 2200
    assert fit("direct", vol_tol=0.0, len_tol=0.0, maxiter=10**5, polish=False, max_nfev=3000).aborted


# Simulated annealing.

TIME = np.linspace(0.0, 250.0, 2500)
TRUTH = [14.0, 5.33, 0.123, 0.010]


def wave(params):
    amp, period, shift, fall = values(params)
    with np.errstate(all="ignore"):
        return amp * np.sin(shift + TIME / period) * np.exp(-((TIME * fall) ** 2))


def wave_box():
    params = Parameters()
    params.add("amp", value=13.0, min=-5.0, max=40.0)
    params.add("period", value=2.0, min=0.0, max=7.0)
    params.add("shift", value=0.0, min=-1.5, max=1.5)
    params.add("decay", value=0.02, min=0.0, max=1.0)
    return params


def wave_problem(seed):
    truth = wave_box()
    for par, value in zip(truth.values(), TRUTH):
        par.value = value
    data = wave(truth) + np.random.default_rng(seed).normal(0.0, 0.7215, TIME.size)
    return Minimizer(lambda p: wave(p) - data, wave_box())


@pytest.mark.parametrize(
    "schedule, seed", [("fast", 0), ("fast", 1), ("fast", 2), ("cauchy", 3), ("boltzmann", 4)]
)
def test_annealing_of_a_decaying_wave(schedule, seed):
    out = wave_problem(seed).anneal(schedule=schedule, seed=seed)
    for par, true in zip(out.params.values(), TRUTH):
        assert par.value == pytest.approx(true, abs=5.0 * par.stderr)
    assert "refined by least squares" in out.message


def test_a_wave_without_period_is_no_number():
    params = wave_box()
    params["period"].value = 0.0
    assert not np.isfinite(wave(params)).all()
    out = wave_problem(0).brute(Ns=3)  # with points on the edge of the box
    assert np.isfinite(out.chisqr)


def test_annealing_without_bounds_stays_within_its_own():
    points = []
    params = create_params(amp=1.0, tau={"value": 1.0, "min": 0.5})
    out = minimize(
        lambda p: points.append(values(p)) or decay(p), params, method="anneal", seed=2, maxiter=40,
        lower=-10.0, upper=[20.0, 30.0], polish=False, no_local_search=True, calc_covar=False,
    )  # fmt: skip
    points = np.array(points)
    assert points[:, 0].min() >= -10.0
    assert 10.0 < points[:, 0].max() <= 20.0
    assert points[:, 1].min() >= 0.5
    assert 20.0 < points[:, 1].max() <= 30.0
    assert out.chisqr < 10.0


def test_annealing_moves_its_own_bounds_to_the_start():
    params = create_params(v=500.0)
    out = minimize(lambda p: np.array([p["v"] - 400.0, 1.0]), params, method="anneal", seed=1, maxiter=20)
    assert out.params["v"].value == pytest.approx(400.0)


def test_temperatures_limit_the_search():
    long, short = fit("anneal", maxiter=400), fit("anneal", maxiter=400, T0=1000.0, Tf=10.0)
    assert short.da_nit < long.da_nit == 400
    assert fit("anneal", maxiter=5, T0=1000.0, Tf=10.0).da_nit == 5


@pytest.mark.parametrize("index", [1.1, 2.0, 2.62])
@pytest.mark.parametrize("ratio", [1.001, 10.0, 40.0])
def test_number_of_temperatures(index, ratio):
    def temperature(step):
        return (2.0 ** (index - 1.0) - 1.0) / ((step + 2.0) ** (index - 1.0) - 1.0)

    last = _temperatures(index, ratio) - 1
    assert temperature(last) <= 1.000001 / ratio
    assert temperature(last - 1) > 0.999999 / ratio


def test_temperatures_that_are_never_reached():
    assert _temperatures(1.1, 1e300) > 10**9


def test_annealing_takes_what_the_old_function_took():
    out = fit("anneal", schedule="cauchy", T0=100.0, boltzmann=2.0, full_output=True, maxeval=300)
    assert values(out) == pytest.approx([3.0, 2.5], rel=1e-6)
    assert out.da_nfev <= 310


@pytest.mark.parametrize(
    "options, message",
    [
        ({"schedule": "slow"}, "schedule must be one of 'boltzmann', 'cauchy', 'fast', not 'slow'"),
        ({"T0": -1.0}, "T0, the first temperature"),
        ({"T0": 1e6}, "T0, the first temperature"),
        ({"T0": 1.0, "Tf": 2.0}, "Tf, the last temperature"),
        ({"boltzmann": 0.0}, "boltzmann must be positive"),
        ({"lower": [1.0, 2.0, 3.0]}, "lower must be a finite number, or one for each of amp, tau"),
        ({"upper": np.inf}, "upper must be a finite number"),
    ],
)
def test_annealing_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        fit("anneal", **options)


@pytest.mark.parametrize("option", ["learn_rate", "feps", "quench", "m", "n", "dwell", "maxaccept"])
def test_annealing_options_without_counterpart(option):
    with pytest.raises(TypeError, match=f"does not know the option '{option}'"):
        fit("anneal", **{option: 1.0})


def test_annealing_without_room():
    params = create_params(v={"value": 300.0, "min": 300.0})
    with pytest.raises(ParameterError, match="no room between the lower and the upper limit of 'v'"):
        minimize(lambda p: np.array([p["v"] - 400.0, 1.0]), params, method="anneal")


# Adaptive memory programming.


def ripples(params):
    v = params["v"].value
    return np.array([0.1 * (v - 20.0), np.sin(2.0 * v) * 2.0, 0.5])


@pytest.mark.parametrize("strategy", ["farthest", "oldest"])
@pytest.mark.parametrize("local", ["L-BFGS-B", "Nelder-Mead", "BFGS"])
def test_tunnels_through_many_minima(local, strategy):
    params = create_params(v={"value": 4.5, "min": 0.0, "max": 30.0})
    out = minimize(
        ripples,
        params,
        method="ampgo",
        seed=3,
        local=local,
        tabustrategy=strategy,
        tabulistsize=3,
        totaliter=25,
    )
    assert abs(out.params["v"].value - 20.0) < 2.0
    attempts, passages = out.ampgo_tunnel
    assert 0 < passages <= attempts
    assert out.ampgo_x0 == pytest.approx([out.params["v"].value], rel=1e-3)
    assert out.ampgo_fval == pytest.approx(out.chisqr, rel=1e-3)
    assert out.ampgo_msg == "25 local searches (totaliter) were made"


def test_ampgo_spends_no_more_than_it_may():
    out = fit("ampgo", maxfunevals=40, polish=False, calc_covar=False)
    assert out.ampgo_eval == 40
    assert out.nfev == 41  # and the start
    assert "maxfunevals" in out.message


def test_ampgo_reports_only_when_asked(capsys):
    fit("ampgo")
    assert capsys.readouterr().out == ""
    fit("ampgo", disp=True, totaliter=2)
    assert capsys.readouterr().out.count("a local minimum at") == 2


@pytest.mark.parametrize(
    "options",
    [{"local": "newton"}, {"tabustrategy": "newest"}, {"totaliter": 0}, {"eps2": 0.0}, {"tabulistsize": -1}],
)
def test_ampgo_options_out_of_range(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"^{name} must be"):
        _Settings(**options)


def test_ampgo_local_options():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        short = fit("ampgo", local_opts={"maxiter": 1}, polish=False)
    assert short.nfev < fit("ampgo", polish=False).nfev
