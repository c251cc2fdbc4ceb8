"""The search along one parameter and its refits, on functions whose answers are known in closed form."""

import math

import numpy as np
import pytest

from lmfit._intervals import Missing
from lmfit._levels import F_TEST, KNOWN_ERRORS, LIKELIHOOD, Levels, f_probability, probability_of
from lmfit._profile import Crossing, Failure, Node, Side, crossings, predicted
from lmfit._refit import Refitter, State
from lmfit._region import walked

INF = math.inf


def profile(z, slope, x=None):
    """Return an ``evaluate`` for a profile given by its root and the root's slope."""
    calls = []

    def evaluate(t, start, first):
        calls.append(t)
        root = z(abs(t))
        if math.isnan(root):
            return Failure(Missing.NOT_FINITE)
        point = np.array([t])
        return Node(t, abs(root), abs(slope(abs(t))), root * abs(root), point, np.ones(1))

    return evaluate, calls


def search(z, slope, levels, sign=1, best=0.0, bound=INF, maxiter=200, first=1.0, unit=1.0):
    evaluate, calls = profile(z, slope)
    start = Node(best, 0.0, abs(slope(best)), 0.0, np.array([best]), np.ones(1))
    side = Side(
        evaluate, start, sign, bound=bound, unit=unit, first=first, lowest=-1e-2, fixed=(0,), maxiter=maxiter
    )
    return crossings(side, levels), calls


@pytest.mark.parametrize("sign", [-1, 1])
def test_straight_line_needs_one_refit_for_each_level(sign):
    found, calls = search(lambda t: 2 * t, lambda t: 2.0, [1.0, 2.0, 3.0], sign=sign, first=100.0)
    assert [crossing.value for crossing in found] == pytest.approx([0.5 * sign, sign, 1.5 * sign])
    assert len(calls) <= 4


@pytest.mark.parametrize(
    "z, slope, inverse",
    [
        (math.expm1, math.exp, math.log1p),
        (lambda t: math.asinh(3 * t), lambda t: 3 / math.hypot(1, 3 * t), lambda z: math.sinh(z) / 3),
        (lambda t: t**3 + t, lambda t: 3 * t * t + 1, None),
        (lambda t: t + 0.3 * t**1.5, lambda t: 1.0 + 0.45 * math.sqrt(t), None),
    ],
    ids=["exponential", "slow", "cubic", "half powers"],
)
def test_curved_profiles(z, slope, inverse):
    levels = [0.5, 1.0, 2.0, 3.0]
    found, calls = search(z, slope, levels)
    assert [z(crossing.value) for crossing in found] == pytest.approx(levels, rel=3e-3)
    if inverse is not None:
        assert [crossing.value for crossing in found] == pytest.approx([inverse(v) for v in levels], rel=5e-3)
        assert len(calls) <= 25


def test_a_step_is_found_where_it_is():
    found, _ = search(lambda t: 0.1 * t if t < 2 else 5.0, lambda t: 0.1, [1.0])
    assert found[0].value == pytest.approx(2.0, rel=1e-4)


def test_limit_beyond_the_bound():
    found, calls = search(lambda t: t, lambda t: 1.0, [1.0, 3.0], bound=2.0)
    assert found[0].value == pytest.approx(1.0)
    assert math.isnan(found[1].value)
    assert found[1].missing == Missing.AT_BOUND
    assert max(calls) <= 2.0


def test_best_value_on_the_bound():
    found, calls = search(lambda t: t, lambda t: 1.0, [1.0], bound=0.0)
    assert found[0].missing == Missing.AT_BOUND
    assert not calls


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    "z, slope",
    [
        (lambda t: t / math.hypot(1, t), lambda t: math.hypot(1, t) ** -3),
        (lambda t: 0.0, lambda t: 0.0),
        (math.tanh, lambda t: math.cosh(min(abs(t), 300)) ** -2),
    ],
    ids=["power", "no effect", "exponential"],
)
def test_profile_that_levels_off(z, slope, sign):
    found, _ = search(z, slope, [1.2, 2.0], sign=sign)
    assert found == [Crossing(sign * INF, Missing.FLAT)] * 2


def test_level_just_below_a_limit_is_found():
    found, _ = search(lambda t: t / math.hypot(1, t), lambda t: math.hypot(1, t) ** -3, [0.99])
    assert found[0].value == pytest.approx(0.99 / math.sqrt(1 - 0.99**2), rel=5e-3)


def test_wall_of_points_without_residual():
    found, _ = search(lambda t: t if t < 1.5 else math.nan, lambda t: 1.0, [1.0, 2.0])
    assert found[0].value == pytest.approx(1.0)
    assert found[1].missing == Missing.NOT_FINITE
    assert math.isnan(found[1].value)


def test_no_point_at_all():
    found, calls = search(lambda t: math.nan, lambda t: 1.0, [1.0, 2.0])
    assert {crossing.missing for crossing in found} == {Missing.NOT_FINITE}
    assert len(calls) < 40


def test_lower_minimum_ends_the_search_but_keeps_what_was_found():
    found, _ = search(lambda t: t if t < 1.5 else -1.0, lambda t: 1.0, [1.0, 2.0])
    assert found[0].value == pytest.approx(1.0)
    assert found[1].missing == Missing.BETTER_MINIMUM


def test_maxiter():
    found, calls = search(lambda t: math.sqrt(abs(t)) / 100, lambda t: 0.0, [1.0], maxiter=3)
    assert found[0].missing == Missing.MAXITER
    assert len(calls) == 3


def test_prediction_is_exact_for_growth_and_for_a_limit():
    def node(t):
        return Node(t, 0, 0, 0, np.array([t, 3 * t + 1, 2 + 1 / t]), np.array([1, 3, -1 / t**2]))

    start = predicted([node(2.0), node(5.0)], 10.0, origin=1.0, unit=1.0)
    np.testing.assert_allclose(start, [10.0, 31.0, 2.1], rtol=1e-10)


def linear(n=20, k=3):
    rng = np.random.default_rng(5)
    A, b = rng.normal(size=(n, k)) * [1.0, 1e3, 1e-4], rng.normal(size=n)
    best = np.linalg.lstsq(A, b)[0]
    return A, b, best


def refitter(function, best, lower=None, upper=None, **kws):
    n = len(best)
    limits = np.full(n, -INF) if lower is None else lower, np.full(n, INF) if upper is None else upper
    return Refitter(function, *limits, best, function(best.tolist()), **{"rise": 0.1, **kws})


@pytest.mark.parametrize("fixed", [[0], [1], [2], [0, 2]])
def test_refits_of_a_linear_problem_are_exact(fixed):
    A, b, best = linear()
    calls = []

    def residual(v):
        calls.append(v)
        return A @ v - b

    fits = refitter(residual, best)
    before = len(calls)
    start = best.copy()
    start[fixed] *= 1.5
    found = fits.refit(start, fixed)
    free = [j for j in range(3) if j not in fixed]
    rest = b - A[:, fixed] @ start[fixed]
    x, (cost,) = np.linalg.lstsq(A[:, free], rest)[:2]
    assert found.state is State.CONVERGED
    assert found.cost == pytest.approx(cost)
    np.testing.assert_allclose(found.x[free], x, rtol=1e-6)
    np.testing.assert_allclose(found.gradient, 2 * A[:, fixed].T @ (A @ found.x - b), rtol=1e-5)
    tangent = -np.linalg.lstsq(A[:, free], A[:, fixed])[0]
    np.testing.assert_allclose(found.tangent[free], tangent, rtol=1e-5)
    assert len(calls) - before <= 2


def test_refit_within_bounds():
    A, b, best = linear()
    upper = np.array([INF, INF, best[2]])
    fits = refitter(lambda v: A @ v - b, best, upper=upper)
    rng = np.random.default_rng(1)
    for shift in rng.normal(size=4):
        start = best + np.array([shift, 0, 0])
        found = fits.refit(start, [0])
        with_bound = [1] if np.linalg.lstsq(A[:, 1:], b - A[:, 0] * start[0])[0][1] > upper[2] else [1, 2]
        held = np.where(np.isin(range(3), with_bound), 0.0, start)
        rest = np.linalg.lstsq(A[:, with_bound], b - A @ held)[1][0]
        assert found.x[2] <= upper[2]
        assert found.cost == pytest.approx(rest)


def test_refit_of_a_curved_problem_with_two_ways_to_get_derivatives():
    t = np.linspace(0, 4, 60)
    data = 3 * np.exp(-t / 1.5) + 0.05 * np.cos(50 * t)

    def residual(v):
        return v[0] * np.exp(-t / v[1]) - data

    def derivative(v):
        decay = np.exp(-t / v[1])
        return np.column_stack([decay, v[0] * t / v[1] ** 2 * decay])

    best = np.array([3.0, 1.5])
    for tau in (1.2, 1.9):
        decay = np.exp(-t / tau)
        amp = decay @ data / (decay @ decay)
        cost = np.sum((amp * decay - data) ** 2)
        for known in (None, derivative):
            found = refitter(residual, best, rise=1e-3, derivative=known).refit(np.array([3.0, tau]), [1])
            assert found.cost == pytest.approx(cost, rel=1e-3)
            assert found.x[0] == pytest.approx(amp, rel=1e-3)


def test_start_that_is_too_far_or_not_finite():
    fits = refitter(lambda v: np.array([v[0], np.log(v[1]) if v[1] > 0 else np.nan]), np.array([0.0, 1.0]))
    assert fits.refit(np.array([100.0, 1.0]), [0], ceiling=10.0).state is State.TOO_FAR
    assert fits.refit(np.array([0.0, -1.0]), [1]).state is State.NOT_FINITE


def test_grid_of_a_quadratic_form():
    A, b, best = linear()
    fits = refitter(lambda v: A @ v - b, best, slopes=False)
    xs, ys = best[0] + np.linspace(-1, 1, 7), best[1] + np.linspace(-1e-3, 2e-3, 6)
    grid = walked(lambda values, start: _held(fits, values, start), fits.at_best([0, 1]), best[:2], xs, ys)
    expected = [[np.linalg.lstsq(A[:, 2:], b - A[:, :2] @ [x, y])[1][0] for x in xs] for y in ys]
    np.testing.assert_allclose(grid.cost, expected, rtol=1e-6)


def _held(fits, values, start):
    start = start.copy()
    start[:2] = values
    return fits.refit(start, [0, 1])


@pytest.mark.parametrize("kind", [F_TEST, KNOWN_ERRORS, LIKELIHOOD])
@pytest.mark.parametrize("nfix", [1, 2])
def test_levels_and_back(kind, nfix):
    levels = Levels(kind, scale=0.5, nfree=17, ndata=20, cost=8.5)
    for prob in (0.1, 0.6827, 0.9973):
        assert levels.probability(levels.rise(prob, nfix), nfix) == pytest.approx(prob)
    assert levels.probability(0.0, nfix) == levels.probability(-1.0, nfix) == 0.0
    assert math.isnan(levels.probability(math.nan, nfix))


def test_f_formula_of_the_manual():
    levels = Levels(F_TEST, scale=8.5 / 17, nfree=17, ndata=20, cost=8.5)
    assert levels.probability(1.5) == pytest.approx(f_probability(20, 3, 10.0, 8.5))


def test_known_errors_are_standard_normal():
    assert Levels(KNOWN_ERRORS, 1.0, 17, 20, 8.5).rise(probability_of(2)) == pytest.approx(4.0)


def test_numbers_of_sigma_begin_at_one():
    assert probability_of(0.95) == 0.95
    assert probability_of(2) == pytest.approx(0.9545, abs=1e-4)
