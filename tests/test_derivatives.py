"""Central differences against derivatives that are known."""

import math

import numpy as np
import pytest
from helpers import Counted
from hypothesis import given
from hypothesis import strategies as st

from lmfit._derivatives import Differences, Domain, central_jacobian, norm, vector_jacobian

T = np.linspace(0.1, 3, 20)


def decay(values):
    return values[0] * np.exp(-values[1] * T)


def decay_jacobian(values):
    return np.array([np.exp(-values[1] * T), -T * decay(values)]).T


def within(low, high, n):
    return Domain(np.full(n, low), np.full(n, high), np.ones(n))


@given(st.floats(1e-12, 1e12), st.floats(0.1, 5))
def test_ten_digits_for_smooth_functions(amplitude, rate):
    x = np.array([amplitude, rate])
    found = central_jacobian(decay, x, decay(x), np.zeros(2), Domain.unbounded(2))
    assert np.abs(found / decay_jacobian(x) - 1).max() < 2e-9


@pytest.mark.parametrize("bound", ["lower", "upper"])
def test_no_point_outside_the_bounds(bound):
    x = np.array([2.0, 0.5])
    low, high = (0.5, math.inf) if bound == "lower" else (-math.inf, 2.0)
    seen = []

    def watched(values):
        seen.append(values)
        return decay(values)

    found = central_jacobian(watched, x, decay(x), np.zeros(2), within(low, high, 2))
    assert found == pytest.approx(decay_jacobian(x), rel=1e-8)
    assert np.min(seen) >= low
    assert np.max(seen) <= high


def test_the_other_side_where_one_is_not_finite():
    def root(values):
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.array([values[0] - 1.0])) + values[0]

    x = np.array([1.0 + 1e-9])
    found = central_jacobian(root, x, root(x), np.zeros(1), Domain.unbounded(1))
    assert np.isfinite(found).all()


def test_no_finite_side_gives_no_number():
    def island(values):
        return np.array([1.0 if values[0] == 1.0 else math.nan])

    found = central_jacobian(island, np.array([1.0]), np.ones(1), np.zeros(1), Domain.unbounded(1))
    assert not np.isfinite(found).any()


def test_zero_takes_the_scale_of_its_error():
    x = np.array([0.0])
    found = central_jacobian(
        lambda v: np.sin(1e6 * v[0]) * T, x, 0 * T, np.array([1e-6]), Domain.unbounded(1)
    )
    assert found[:, 0] == pytest.approx(1e6 * T, rel=1e-8)


def test_a_step_too_small_to_see_is_made_larger():
    x = np.array([1e-25])
    found = central_jacobian(lambda v: 1.0 + v[0] * T, x, 1.0 + x * T, np.zeros(1), Domain.unbounded(1))
    assert found[:, 0] == pytest.approx(T, rel=1e-6)


@pytest.mark.parametrize("start", [3.0, 3.01, 3.5])
def test_a_jump_is_no_derivative(start):
    x = np.array([start])
    found = central_jacobian(
        lambda v: int(v[0]) * T, x, int(start) * T, np.zeros(1), Domain(-x * np.inf, x * np.inf, x)
    )
    assert not found.any()


def test_an_objective_that_reuses_its_array():
    out = np.empty_like(T)

    def reusing(values):
        out[:] = decay(values)
        return out

    x = np.array([2.0, 0.5])
    found = central_jacobian(reusing, x, decay(x), np.zeros(2), Domain.unbounded(2))
    assert found == pytest.approx(decay_jacobian(x), rel=1e-8)


def test_vector_function():
    found = vector_jacobian(lambda v: np.array([v[0] * v[1], v[0] / v[1]]), np.array([2.0, 4.0]), np.zeros(2))
    assert found == pytest.approx(np.array([[4.0, 2.0], [0.25, -0.125]]), rel=1e-9)


def test_vector_function_at_an_edge():
    found = vector_jacobian(
        lambda v: [v[0] ** 2 if v[0] >= 1 else math.nan, 3 * v[1]], np.array([1.0, 2.0]), np.zeros(2)
    )
    assert found == pytest.approx(np.array([[2.0, 0.0], [0.0, 3.0]]), rel=1e-7)


def test_vector_function_that_hardly_changes():
    found = vector_jacobian(lambda v: [1 + 1e-9 * v[0] ** 2], np.array([1.0]), np.zeros(1))
    assert found == pytest.approx(np.array([[2e-9]]), rel=1e-4)


def test_norm():
    assert norm(np.array([3.0, -4.0])) == 5.0
    assert math.isnan(norm(np.array([math.nan])))


def wave(v):
    return v[0] * np.sin(GRID * v[1] + 0.3) * np.exp(-v[2] * GRID)


def wave_jacobian(v):
    fade, angle = np.exp(-v[2] * GRID), GRID * v[1] + 0.3
    columns = np.sin(angle), v[0] * GRID * np.cos(angle), -GRID * v[0] * np.sin(angle)
    return np.stack([column * fade for column in columns], axis=1)


GRID = np.linspace(0.0, 4.0, 30)
AT = np.array([3.0, 2.0, 0.4])


def jacobian_after(step, residual=wave, domain=None):
    """Return the Jacobian after a step from AT, the point, and the calls that it took."""
    counted = Counted(residual)
    differences = Differences(counted)
    domain = domain or Domain.unbounded(3)
    differences.jacobian(AT, np.array(residual(AT.tolist())), np.zeros(3), domain, 0.0)
    before, x = counted.calls, AT + step
    found = differences.jacobian(x, np.array(residual(x.tolist())), np.zeros(3), domain, 0.0)
    return found, x, counted.calls - before


@pytest.mark.parametrize("step", [1e-9, 1e-6, 9e-6, -5e-6])
def test_after_a_small_step_differences_are_updated_at_half_the_cost(step):
    found, x, calls = jacobian_after(step * AT)
    assert calls == 3
    np.testing.assert_allclose(found, wave_jacobian(x), rtol=0, atol=2e-9 * np.abs(found).max())


@pytest.mark.parametrize("step", [0.0, 1e-3])
def test_otherwise_they_are_made_anew(step):
    found, x, calls = jacobian_after(step * AT)
    assert calls == 6
    np.testing.assert_allclose(found, wave_jacobian(x), rtol=0, atol=2e-9 * np.abs(found).max())


def test_no_update_steps_over_a_bound():
    upper = AT * (1 + 1e-5)
    found, x, _ = jacobian_after(
        5e-6 * AT, lambda v: np.where(v > upper, np.nan, 1.0).prod() * wave(v), Domain(-upper, upper, AT)
    )
    np.testing.assert_allclose(found, wave_jacobian(x), rtol=0, atol=1e-8 * np.abs(found).max())


def test_no_update_where_the_residual_is_no_longer_finite():
    edge = AT[0] * (1 + 1e-5)
    found, x, _ = jacobian_after(
        np.array([8e-6, 0.0, 0.0]) * AT, lambda v: (np.nan if v[0] > edge else 1.0) * wave(v)
    )
    np.testing.assert_allclose(found, wave_jacobian(x), rtol=0, atol=1e-8 * np.abs(found).max())


def test_an_objective_may_write_into_the_same_array_at_each_call():
    buffer = np.empty(GRID.size)

    def reusing(v):
        buffer[:] = wave(v)
        return buffer

    found, x, _ = jacobian_after(1e-6 * AT, reusing)
    np.testing.assert_allclose(found, wave_jacobian(x), rtol=0, atol=2e-9 * np.abs(found).max())
