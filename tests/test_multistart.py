"""Least-squares searches from many starts."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import nist
import numpy as np
import pytest
from helpers import Counted, values

from lmfit import Minimizer, Parameters, create_params, minimize
from lmfit._engines.multistart import _SAMPLERS, End, _Minima, _spread_out
from lmfit.errors import AbortFitException

X = np.linspace(0.0, 10.0, 80)


def ripples(params):
    """Have a minimum in every period of the sine, the lowest close to 20."""
    v = params["v"].value
    return np.array([0.1 * (v - 20.0), 2.0 * np.sin(2.0 * v), 0.5])


def ripples_box():
    return create_params(v={"value": 4.5, "min": 0.0, "max": 30.0})


def peaks(params):
    first, second = (
        params[f"h{i}"].value * np.exp(-((X - params[f"c{i}"].value) ** 2)) for i in (1, 2)
    )  # fmt: skip
    return first + second - 3.0 * np.exp(-((X - 3.0) ** 2)) - 2.0 * np.exp(-((X - 6.0) ** 2))


def peaks_box(c1=2.0, c2=7.0):
    params = Parameters()
    for i, center in ((1, c1), (2, c2)):
        params.add(f"h{i}", value=1.0, min=0.1, max=10.0)
        params.add(f"c{i}", value=center, min=0.0, max=10.0)
    return params


# The problems that it is for.

TIME = np.linspace(0.0, 250.0, 2500)
TRUTH = np.array([14.0, 5.33, 0.123, 0.010])


def wave(amp, period, shift, decay):
    with np.errstate(all="ignore"):
        return amp * np.sin(shift + TIME / period) * np.exp(-((TIME * decay) ** 2))


@pytest.mark.parametrize("sampler", ["lhs", "sobol"])
@pytest.mark.parametrize("seed", range(10))
def test_decaying_wave(seed, sampler):
    data = wave(*TRUTH) + np.random.default_rng(seed).normal(0.0, 0.7215, TIME.size)
    params = Parameters()
    params.add("amp", value=13.0, min=-5.0, max=40.0)
    params.add("period", value=2.0, min=0.0, max=7.0)
    params.add("shift", value=0.0, min=-1.5, max=1.5)
    params.add("decay", value=0.02, min=0.0, max=1.0)
    out = minimize(lambda p: wave(*values(p)) - data, params, method="multistart", sampler=sampler, seed=seed)
    errors = np.array([par.stderr for par in out.params.values()])
    assert (np.abs(values(out) - TRUTH) < 5.0 * errors).all()


@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize(
    "name", ["BoxBOD", "MGH09", "MGH17", "Gauss3", "Lanczos2", "Rat43", "Thurber", "ENSO"]
)
def test_nist(name, start):
    data = nist.load(name)
    params = create_params(**dict(zip(data.parameter_names, getattr(data, start))))
    out = minimize(nist.residual(data), params, method="multistart", n=4, seed=1)
    assert nist.digits(values(out), data.certified).min() >= 6.0


# Many minima.


def test_candidates_are_the_distinct_minima_in_their_order():
    out = minimize(ripples, ripples_box(), method="multistart", n=60, stop=False, seed=1)
    found = np.array([candidate.params["v"].value for candidate in out.candidates])
    scores = np.array([candidate.score for candidate in out.candidates])
    assert (np.diff(scores) > 0.0).all()
    assert scores[0] == out.chisqr
    assert found[0] == out.params["v"].value == pytest.approx(20.42, abs=0.02)
    assert (np.diff(np.sort(found)) > 1.0).all()
    assert len(found) == 20  # zeros of the sine between 0 and 30, with a minimum at each
    assert out.searches == 60
    assert "60 searches from 60 starts ended in 20 different minima" in out.message


def test_candidates_have_their_tied_parameters():
    params = ripples_box()
    params.add("w", expr="v + 1")
    out = minimize(ripples, params, method="multistart", n=10, seed=1)
    assert all(found.params["w"].value == found.params["v"].value + 1.0 for found in out.candidates)


def test_stops_when_the_lowest_has_been_found_often_enough():
    often = minimize(peaks, peaks_box(), method="multistart", seed=1, stop=3)
    assert "3 of them in the lowest" in often.message
    assert often.searches < minimize(peaks, peaks_box(), method="multistart", seed=1, stop=8).searches
    assert often.chisqr < 1e-20


@pytest.mark.parametrize("centers", [(2.0, 7.0), (7.0, 2.0)])
@pytest.mark.parametrize("seed", range(3))
def test_terms_that_change_places_keep_the_order_of_the_user(centers, seed):
    out = minimize(peaks, peaks_box(*centers), method="multistart", seed=seed, stop=False, n=20)
    assert (out.params["c1"].value < out.params["c2"].value) == (centers[0] < centers[1])
    assert out.chisqr < 1e-20


def end(cost, *residual):
    return End([0.0], np.array(residual), cost, True, "", 1)


def test_minima_are_told_apart_by_their_residuals():
    minima = _Minima(tol=1e-3, length=10.0, stop=2)
    for found in (end(1.0, 1.0, 0.0), end(1.0, 0.0, 1.0), end(1.0, 1.0, 1e-4)):
        assert not minima.settled
        minima.add(found)
    assert minima.hits == [2, 1]
    assert minima.settled


def test_of_one_minimum_the_visibly_lower_end_is_kept():
    minima = _Minima(tol=1e-3, length=10.0, stop=None)
    for cost in (1.0, 1.0 - 1e-12, 1.0 - 1e-6, 1.0):
        minima.add(end(cost, 1.0, 0.0))
    assert [found.cost for found in minima.ends] == [1.0 - 1e-6]
    assert minima.hits == [4]


def test_residuals_of_nothing_but_rounding_are_the_same():
    minima = _Minima(tol=1e-3, length=10.0, stop=None)
    minima.add(end(1e-30, 1e-15, 0.0))
    minima.add(end(1e-31, 0.0, 3e-16))
    assert minima.hits == [2]


# What a search may come across.


def test_the_start_of_the_user_comes_first():
    points = []
    minimize(lambda p: points.append(values(p)) or peaks(p), peaks_box(), method="multistart", n=1)
    alone = []
    minimize(lambda p: alone.append(values(p)) or peaks(p), peaks_box(), method="leastsq")
    # The start is evaluated by the driver and by the search.
    assert np.array_equal(points[1 : len(alone) + 1], alone)


def test_starts_without_values_are_left_out():
    def with_hole(params):
        return peaks(params) if params["h2"].value < 5.0 else np.full(X.size, np.nan)

    out = minimize(with_hole, peaks_box(), method="multistart", seed=1, stop=False, n=30)
    assert out.searches < 30
    assert out.chisqr < 1e-20


def test_omitted_data():
    def with_gap(params):
        residual = peaks(params)
        residual[10] = np.nan
        return residual

    out = minimize(with_gap, peaks_box(), method="multistart", seed=1, nan_policy="omit")
    assert out.ndata == X.size - 1
    assert np.sort([out.params["c1"].value, out.params["c2"].value]) == pytest.approx([3.0, 6.0])


@pytest.mark.parametrize("executor", [None, map])
def test_derivatives_of_the_user(executor):
    def slope(params):
        v = params["v"].value
        return np.array([[0.1], [4.0 * np.cos(2.0 * v)], [0.0]])

    slopes = Counted(slope)
    out = minimize(ripples, ripples_box(), method="multistart", seed=1, Dfun=slopes, executor=executor)
    assert out.params["v"].value == pytest.approx(20.42, abs=0.02)
    assert slopes.calls > 10


def test_options_of_leastsq():
    settings = {"method": "multistart", "seed": 1, "n": 5, "stop": False}
    plain = minimize(ripples, ripples_box(), **settings)
    rough = minimize(ripples, ripples_box(), xtol=0.1, ftol=0.1, polish=False, retry=False, **settings)
    assert rough.nfev < plain.nfev


def test_errors_are_those_of_leastsq():
    rng = np.random.default_rng(0)
    noise = rng.normal(0.0, 0.01, X.size)
    one, many = (
        minimize(lambda p: peaks(p) + noise, peaks_box(), method=method)
        for method in ("leastsq", "multistart")
    )
    assert values(many) == pytest.approx(values(one), rel=1e-9)
    assert many.covar == pytest.approx(one.covar, rel=1e-6)


@pytest.mark.parametrize("executor", [None, map])
def test_limit_of_evaluations_within_a_search(executor):
    objective = Counted(peaks)
    out = minimize(
        objective,
        peaks_box(),
        method="multistart",
        n=6,
        seed=1,
        max_nfev=25,
        calc_covar=False,
        executor=executor,
    )
    assert out.aborted
    assert out.nfev == objective.calls
    assert "limit of 25 evaluations" in out.message


def test_best_point_before_the_callback_ended_the_search():
    out = minimize(peaks, peaks_box(), method="multistart", seed=1, iter_cb=lambda p, i, r: i >= 60)
    assert out.aborted
    assert out.chisqr <= np.sum(peaks(peaks_box()) ** 2)


def test_objective_that_ends_one_search_ends_all():
    def ending(params):
        if objective.calls > 100:
            raise AbortFitException("enough")
        return peaks(params)

    objective = Counted(ending)
    assert minimize(objective, peaks_box(), method="multistart", seed=1, calc_covar=False).aborted
    assert objective.calls == 101


def test_a_search_without_end_is_only_one_of_many(monkeypatch):
    monkeypatch.setattr("lmfit._engines.descent._PER_SEARCH", 4)
    out = minimize(ripples, ripples_box(), method="multistart", seed=1, n=8, stop=False, polish=False)
    assert out.searches == 8
    assert not out.aborted


def test_executor_shares_the_searches():
    calls = itertools.count()

    def counted(params):
        next(calls)
        return peaks(params)

    with ThreadPoolExecutor(3) as executor:
        out = minimize(counted, peaks_box(), method="multistart", seed=1, executor=executor)
    assert out.nfev == next(calls)
    assert out.chisqr < 1e-20


def test_callback_sees_the_best_of_the_workers():
    seen = []
    minimize(
        peaks, peaks_box(), method="multistart", seed=1, executor=map,
        iter_cb=lambda p, i, residual: seen.append(float(residual @ residual)),
    )  # fmt: skip
    assert min(seen) < 1e-20


# Where the starts are.


@pytest.mark.parametrize("sampler", _SAMPLERS)
@pytest.mark.parametrize("count", [0, 1, 7, 16])
def test_samples_fill_the_unit_cube(sampler, count):
    points = _SAMPLERS[sampler](count, 3, np.random.default_rng(1))
    assert points.shape == (count, 3)
    assert ((points >= 0.0) & (points < 1.0)).all()


@pytest.mark.parametrize("sampler", _SAMPLERS)
def test_every_variable_is_covered_evenly(sampler):
    points = _SAMPLERS[sampler](16, 3, np.random.default_rng(1))
    assert (np.sort(np.floor(points * 16), axis=0) == np.arange(16)[:, np.newaxis]).all()


SHARES = np.linspace(0.001, 0.999, 999)


def test_starts_between_two_bounds():
    assert _spread_out(SHARES, 3.0, 2.0, 12.0, 1.0) == pytest.approx(2.0 + 10.0 * SHARES)


def test_starts_without_bounds():
    starts = _spread_out(SHARES, -4.0, -np.inf, np.inf, 0.5)
    assert np.median(starts) == pytest.approx(-4.0)
    assert starts.std() == pytest.approx(2.0, rel=0.02)
    assert _spread_out(SHARES, 0.0, -np.inf, np.inf, 1.0).std() == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("low, high, value", [(1.0, np.inf, 4.0), (-np.inf, 1.0, -2.0), (1.0, np.inf, 1.0)])
def test_starts_beyond_one_bound(low, high, value):
    starts = _spread_out(SHARES, value, low, high, 1.0)
    assert ((starts > low) & (starts < high)).all()
    distance = abs(value - 1.0) or 1.0
    assert np.median(np.abs(starts - 1.0)) == pytest.approx(distance)
    assert np.log(np.abs(starts - 1.0)).std() == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"sampler": "random"}, "sampler must be one of 'lhs', 'sobol', not 'random'"),
        ({"n": 0}, "n must be at least 1"),
        ({"spread": 0.0}, "spread above 0"),
        ({"executor": 0}, "executor must be a number of processes"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        minimize(peaks, peaks_box(), method="multistart", **options)


def test_as_a_method():
    out = Minimizer(peaks, peaks_box()).multistart(seed=1)
    assert out.method == "multistart"
    assert out.chisqr < 1e-20
