"""The polish: convergence to the last digits, bounds, and knowing when it does not work."""

import math

import numpy as np
import pytest

from lmfit._derivatives import Domain, central_jacobian
from lmfit._gauss_newton import Solution, polish

T = np.linspace(0, 3, 30)
ROUNDING = 1e-14


def polished(residual, x, domain=None):
    x = np.array(x, dtype=float)
    domain = domain or Domain.unbounded(len(x))

    def jacobian(point, at_point, errors):
        return central_jacobian(residual, point, at_point, errors, domain)

    at_x = residual(x.tolist())
    start = Solution(x, at_x, jacobian(x, at_x, np.zeros(len(x))), regular=True, converged=False)
    return polish(residual, jacobian, start, domain, ROUNDING)


def gradient(residual, solution):
    return solution.jacobian.T @ residual(solution.x.tolist())


def noisy(values):
    """A decay that does not describe the data well, so that second derivatives matter."""
    return values[0] * np.exp(-values[1] * T) - np.cos(2 * T) - 0.3


def test_large_residuals_converge_to_a_vanishing_gradient():
    found = polished(noisy, [0.5, 1.0])
    assert found.converged
    assert np.abs(gradient(noisy, found)).max() < 1e-8


def test_the_solution_is_a_fixed_point():
    once = polished(noisy, [0.5, 1.0])
    twice = polished(noisy, once.x)
    assert twice.x == pytest.approx(once.x, rel=1e-8)


def test_linear_problem_in_one_step():
    calls = []

    def line(values):
        calls.append(values)
        return values[0] + values[1] * T - 2.0 * T - 1.0 + 0.1 * np.sin(9 * T)

    exact = np.linalg.lstsq(np.array([np.ones(30), T]).T, 2 * T + 1 - 0.1 * np.sin(9 * T), rcond=None)[0]
    found = polished(line, [0.9, 2.1])
    assert found.x == pytest.approx(exact, rel=1e-9)


def test_rank_deficient():
    found = polished(lambda v: (v[0] + v[1]) * T - T, [0.3, 0.4])
    assert not found.regular
    assert not found.converged


def test_stays_within_bounds_and_solves_the_rest():
    domain = Domain(np.array([-math.inf, 2.2]), np.array([math.inf, 9.0]), np.ones(2))
    data = 2.0 * T + 1.0
    found = polished(lambda v: v[0] + v[1] * T - data, [0.5, 2.21], domain)
    assert found.x[1] == 2.2
    assert found.x[0] == pytest.approx((data - 2.2 * T).mean(), rel=1e-9)
    assert found.converged


def test_leaves_a_bound_that_does_not_hold():
    domain = Domain(np.array([-math.inf, 1.9]), np.full(2, math.inf), np.ones(2))
    found = polished(lambda v: v[0] + v[1] * T - 2.0 * T - 1.0, [1.1, 1.9], domain)
    assert found.x == pytest.approx([1.0, 2.0], rel=1e-9)


def test_never_climbs():
    """Far from the minimum of a curved valley: it may give up, but never returns something worse."""

    def rosenbrock(values):
        return np.array([10 * (values[1] - values[0] ** 2), 1 - values[0]])

    for start in ([-1.2, 1.0], [3.0, -2.0], [0.5, 5.0]):
        before = rosenbrock(start) @ rosenbrock(start)
        found = polished(rosenbrock, start)
        assert found.residual @ found.residual <= before


def test_a_barrier_of_nan_is_not_crossed():
    def guarded(values):
        return np.full(30, math.nan) if values[1] > 1.05 else noisy(values)

    found = polished(guarded, [0.5, 1.0])
    assert np.isfinite(found.residual).all()


def test_large_residuals_with_a_bound_that_holds():
    """The secant term also counts among the variables that are free."""
    domain = Domain(np.array([-math.inf, -math.inf, 0.2]), np.array([math.inf, math.inf, 9.0]), np.ones(3))

    def held(values):
        return noisy(values[:2]) + values[2] * np.ones(30)

    fixed = polished(lambda v: held([*v, 0.2]), [0.5, 1.0])
    calls = []

    def counted(values):
        calls.append(values)
        return held(values)

    found = polished(counted, [*(1.01 * fixed.x), 0.21], domain)
    assert found.converged
    assert found.x[2] == 0.2
    assert found.x[:2] == pytest.approx(fixed.x, rel=1e-7)
    assert len(calls) < 60
