"""The kernel of many fits: small matrices, steps, search and errors, against SciPy and NumPy fit by fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from lmfit._batch_algebra import (
    bounded_step,
    decrement,
    factored,
    inverted,
    solved,
    transformed,
    trust_region_step,
)
from lmfit._batch_equations import Fits, Function, Sample, Steps
from lmfit._batch_errors import Reason, standard_errors
from lmfit._batch_lm import Solution, Status, solve, solve_again
from lmfit._covariance import Bound, covariance

X = np.linspace(-5.0, 5.0, 40)
seeds = st.integers(0, 2**32 - 1)


def peak(x, height, center, width, base):
    return height * np.exp(-(((x - center) / width) ** 2)) + base


def peak_slopes(x, height, center, width, _base):
    u = (x - center) / width
    shape = np.exp(-u * u)
    by_center = 2.0 * height * shape * u / width
    return [shape, by_center, by_center * u, 1.0]


def columns(theta):
    return [row[:, np.newaxis] for row in theta]


def value(theta, _inputs):
    return peak(X, *columns(theta))


def both(theta, _inputs, factor):
    slopes = peak_slopes(X, *columns(theta))
    return value(theta, ()), [np.broadcast_to(slope, (theta.shape[1], X.size)) * factor for slope in slopes]


FUNCTIONS = {"known derivatives": Function(value, both), "differences": Function(value)}


def made(count, seed, noise=0.05):
    rng = np.random.default_rng(seed)
    ranges = ((1.0, 3.0), (-1.0, 1.0), (0.7, 1.5), (0.0, 0.5))
    theta = np.array([rng.uniform(*ends, count) for ends in ranges])
    return theta, value(theta, ()) + rng.normal(0.0, noise, (count, X.size))


def start(count):
    return np.repeat([[2.0], [0.0], [1.0], [0.2]], count, axis=1)


def alone(data, x0, weights=1.0, low=-np.inf, high=np.inf):
    """Values and standard errors of one fit, to all digits, by SciPy; NaN for those held by a bound."""
    low, high = np.broadcast_to(low, 4), np.broadcast_to(high, 4)

    def residual(theta):
        return (peak(X, *theta) - data) * weights

    def jacobian(theta):
        slopes = [np.broadcast_to(slope, X.shape) for slope in peak_slopes(X, *theta)]
        return np.array(slopes).T * np.broadcast_to(weights, X.shape)[:, np.newaxis]

    exactly = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    theta = optimize.least_squares(residual, np.clip(x0, low, high), jacobian, (low, high), **exactly).x
    near = 1e-6 * np.abs(theta)
    theta = np.where(theta - low < near, low, np.where(high - theta < near, high, theta))
    slope = jacobian(theta).T @ residual(theta)
    free = ~(((theta == low) & (slope > 0.0)) | ((theta == high) & (slope < 0.0)))

    if not free.any():  # SciPy 1.10 cannot search for nothing
        return theta, np.full(4, np.nan), residual(theta) @ residual(theta)

    def filled(part):
        found = theta.copy()
        found[free] = part
        return found

    found = optimize.least_squares(
        lambda part: residual(filled(part)), theta[free], lambda part: jacobian(filled(part))[:, free],
        method="lm", **exactly,
    )  # fmt: skip
    number = np.count_nonzero(np.broadcast_to(weights, X.shape))
    scale = 2.0 * found.cost / (number - np.count_nonzero(free))
    errors = np.full(4, np.nan)
    errors[free] = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)) * scale)
    return filled(found.x), errors, 2.0 * found.cost


def errors_of(fits, end):
    found = standard_errors(fits, end)
    p = len(end.theta)
    return np.sqrt(found.covar[np.arange(p), np.arange(p)] * end.chisqr / (end.ndata - found.rank))


def assert_same(fits, end, expected):
    """Values within 1e-6 of their errors, errors to 1e-5, chi-square to rounding; `expected` fit by fit."""
    theta, errors, chisqr = (np.array(part).T for part in zip(*expected, strict=True))
    theta[2], end.theta[2] = np.abs(theta[2]), np.abs(end.theta[2])  # a width has no sign
    assert (end.status == Status.CONVERGED).all()
    np.testing.assert_array_equal(np.isnan(errors_of(fits, end)), np.isnan(errors))
    np.testing.assert_allclose(errors_of(fits, end), errors, rtol=1e-5)
    assert np.nanmax(np.abs(end.theta - theta) / errors) < 1e-6
    np.testing.assert_array_equal(end.theta[np.isnan(errors)], theta[np.isnan(errors)])
    np.testing.assert_allclose(end.chisqr, chisqr, rtol=1e-9)


def positive_definite(p, b, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(p, p + 2, b))
    return np.einsum("ikb,jkb->ijb", root, root), rng.normal(size=(p, b))


class TestAlgebra:
    @given(st.integers(1, 9), seeds)
    def test_equations_are_solved(self, p, seed):
        matrix, right = positive_definite(p, 7, seed)
        factor, regular = factored(matrix)
        assert regular.all()
        np.testing.assert_allclose(transformed(matrix, solved(factor, right)), right, rtol=1e-7, atol=1e-9)
        identity = np.einsum("ijb,jkb->ikb", matrix, inverted(factor))
        np.testing.assert_allclose(identity, np.repeat(np.eye(p)[:, :, None], 7, axis=2), atol=1e-6)

    def test_singular_matrices_are_told_apart(self):
        matrix = np.stack([np.eye(2), np.ones((2, 2)), -np.eye(2), np.full((2, 2), np.nan)], axis=-1)
        with np.errstate(invalid="ignore"):
            assert factored(matrix)[1].tolist() == [True, False, False, False]

    @given(seeds)
    def test_decrement_is_the_length_of_the_free_step(self, seed):
        matrix, gradient = positive_definite(3, 5, seed)
        fixed = np.zeros((3, 5), dtype=bool)
        fixed[1, 2:] = True
        found = decrement(matrix, gradient, fixed)
        for i in range(5):
            free = ~fixed[:, i]
            step = np.linalg.solve(matrix[np.ix_(free, free)][:, :, i], gradient[free, i])
            assert found[i] == pytest.approx(gradient[free, i] @ step)

    @given(st.integers(1, 6), seeds, st.floats(1e-3, 1e3))
    def test_steps_are_those_of_their_damping_and_within_the_radius(self, p, seed, radius):
        matrix, gradient = positive_definite(p, 6, seed)
        scale = 1.0 / np.sqrt(matrix[np.arange(p), np.arange(p)])
        matrix = matrix * scale * scale[:, np.newaxis]
        step, damping = trust_region_step(matrix, gradient, np.full(6, radius))
        lengths = np.linalg.norm(step, axis=0)
        assert (lengths <= 1.1 * radius * (1.0 + 1e-12)).all()
        for i in range(6):
            exact = np.linalg.solve(matrix[:, :, i] + damping[i] * np.eye(p), -gradient[:, i])
            shortened = min(1.0, lengths[i] / np.linalg.norm(exact))
            np.testing.assert_allclose(step[:, i], exact * shortened, rtol=1e-6, atol=1e-9 * radius)
            if damping[i] > 0.0:
                assert lengths[i] > 0.3 * radius

    def test_singular_models_have_finite_steps(self):
        matrix = np.ones((2, 2, 3))
        step, damping = trust_region_step(matrix, np.ones((2, 3)), np.array([1e-3, 1.0, 1e6]))
        assert np.isfinite(step).all()
        assert (np.linalg.norm(step, axis=0) <= [1.1e-3, 1.1, 1.1e6]).all()
        assert (damping > 0.0).all()

    @given(seeds)
    def test_bounded_steps_stay_within_the_room_and_lower_the_model(self, seed):
        matrix, gradient = positive_definite(4, 8, seed)
        rng = np.random.default_rng(seed)
        low, high = -rng.uniform(0.0, 1.0, (4, 8)), rng.uniform(0.0, 1.0, (4, 8))
        low[0, :4], high[1, 2:6] = 0.0, 0.0
        found = bounded_step(matrix, gradient, np.full(8, 1e6), (low, high))
        assert (found.step >= low).all()
        assert (found.step <= high).all()
        np.testing.assert_array_equal(found.side == -1, (low == 0.0) & (gradient > 0.0))
        np.testing.assert_array_equal(found.side == 1, (high == 0.0) & (gradient < 0.0))

    @given(seeds)
    def test_one_bound_gives_the_solution_of_the_bounded_problem(self, seed):
        rng = np.random.default_rng(seed)
        jacobian, residual = rng.normal(size=(9, 3)), rng.normal(size=9)
        high = np.array([rng.uniform(0.0, 0.3), np.inf, np.inf])
        expected = optimize.lsq_linear(jacobian, -residual, (-np.inf, high), method="bvls").x
        matrix, gradient = (jacobian.T @ jacobian)[:, :, None], (jacobian.T @ residual)[:, None]
        room = np.full((3, 1), -np.inf), high[:, None]
        found = bounded_step(matrix, gradient, np.array([1e9]), room)
        np.testing.assert_allclose(found.step[:, 0], expected, rtol=1e-6, atol=1e-9)

    @pytest.mark.parametrize("high, expected", [(0.5, 0.5), (3.0, 2.0)])
    def test_one_variable_goes_as_far_as_its_bound(self, high, expected):
        room = np.array([[-1.0]]), np.array([[high]])
        found = bounded_step(np.array([[[2.0]]]), np.array([[-4.0]]), np.array([1e9]), room)
        assert found.step == pytest.approx(expected)

    def test_variables_without_effect_are_not_moved(self):
        matrix = np.zeros((2, 2, 1))
        matrix[0, 0] = 1.0
        found = bounded_step(matrix, np.array([[1.0], [0.0]]), np.array([10.0]), None)
        assert found.step[:, 0].tolist() == [-1.0, 0.0]


class TestEquations:
    @pytest.mark.parametrize("count", [1, 5])
    def test_sums_of_squares_count_weights(self, count):
        theta, data = made(5, 1)
        weights = np.random.default_rng(2).uniform(0.5, 2.0, (count, X.size))
        found = Fits(FUNCTIONS["differences"], data, theta, weights).chisqr(theta)
        expected = (((value(theta, ()) - data) * weights) ** 2).sum(axis=1)
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    @pytest.mark.parametrize("central", [False, True])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_differences_are_the_derivatives(self, central, weighted):
        theta, data = made(30, 1)
        weights = np.random.default_rng(2).uniform(0.5, 2.0, data.shape) if weighted else None
        found = []
        for function in FUNCTIONS.values():
            sample = Sample(Fits(function, data, theta, weights), np.arange(30))
            steps = Steps(np.ones((4, 30)), np.full(30, central), None, None)
            found.append((sample.jacobian(theta, steps), *vars(sample.equations(theta, steps)[0]).values()))
        for known, estimated in zip(*found, strict=True):
            scale = np.abs(known).max()
            np.testing.assert_allclose(estimated, known, atol=scale * (1e-9 if central else 3e-7))

    def test_many_variables_are_multiplied_by_blas(self):
        powers = np.arange(9)
        function = Function(lambda theta, _: theta.T @ (X / 5.0) ** powers[:, np.newaxis])
        theta = np.random.default_rng(3).normal(size=(9, 4))
        sample = Sample(Fits(function, np.zeros((4, X.size)), theta), np.arange(4))
        steps = Steps(np.ones((9, 4)), np.ones(4, dtype=bool), None, None)
        found, calls = sample.equations(theta, steps)
        design = ((X / 5.0) ** powers[:, np.newaxis]).T
        np.testing.assert_allclose(found.normal[:, :, 0], design.T @ design, rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(found.chisqr, ((design @ theta) ** 2).sum(axis=0))
        assert calls.tolist() == [19.0] * 4

    def test_differences_stay_within_bounds(self):
        seen = []

        def watched(theta, _inputs):
            seen.append(theta.copy())
            return theta[0][:, np.newaxis] * X

        low, high = np.array([[1.0, 1.0, 1.0]]), np.array([[2.0, 2.0, 2.0]])
        theta = np.array([[1.0, 1.5, 2.0]])
        sample = Sample(Fits(Function(watched), np.zeros((3, X.size)), theta), np.arange(3))
        for central in (False, True):
            steps = Steps(np.ones((1, 3)), np.full(3, central), low, high)
            np.testing.assert_allclose(sample.jacobian(theta, steps)[0, :, 0], X, rtol=1e-7, atol=1e-12)
        assert min(part.min() for part in seen) >= 1.0
        assert max(part.max() for part in seen) <= 2.0

    def test_where_one_side_has_no_value_the_other_serves(self):
        function = Function(
            lambda theta, _: np.where(theta[0][:, np.newaxis] > 1.0, np.nan, theta[0][:, np.newaxis] * X)
        )
        theta = np.array([[1.0, 0.5]])
        sample = Sample(Fits(function, np.ones((2, X.size)), theta), np.arange(2))
        found, _ = sample.equations(theta, Steps(np.ones((1, 2)), np.zeros(2, dtype=bool), None, None))
        np.testing.assert_allclose(found.normal[0, 0], X @ X, rtol=1e-6)


class TestSearch:
    @pytest.mark.parametrize("kind", FUNCTIONS)
    @pytest.mark.parametrize("noise", [1e-3, 0.05, 0.2])
    def test_all_fits_end_where_scipy_ends(self, kind, noise):
        _, data = made(60, 4, noise)
        fits = Fits(FUNCTIONS[kind], data, start(60))
        assert_same(fits, solve(fits), [alone(row, start(1)[:, 0]) for row in data])

    @pytest.mark.parametrize("kind", FUNCTIONS)
    def test_weights_and_masks(self, kind):
        _, data = made(40, 5)
        rng = np.random.default_rng(6)
        weights = rng.uniform(0.5, 2.0, data.shape) * (rng.random(data.shape) > 0.2)
        fits = Fits(FUNCTIONS[kind], data, start(40), weights)
        end = solve(fits)
        assert end.ndata.tolist() == np.count_nonzero(weights, axis=1).tolist()
        expected = [alone(row, start(1)[:, 0], own) for row, own in zip(data, weights, strict=True)]
        assert_same(fits, end, expected)

    def test_weights_for_all(self):
        _, data = made(10, 7)
        weights = np.linspace(0.5, 2.0, X.size)[np.newaxis]
        fits = Fits(FUNCTIONS["differences"], data, start(10), weights)
        assert_same(fits, solve(fits), [alone(row, start(1)[:, 0], weights[0]) for row in data])

    @pytest.mark.parametrize("kind", FUNCTIONS)
    @settings(max_examples=10, derandomize=True)
    @given(seeds)
    def test_bounds_hold_some_of_the_variables(self, kind, seed):
        truth, data = made(12, seed)
        rng = np.random.default_rng(seed)
        low = truth + np.array([[-1.0], [-0.5], [-0.3], [-0.5]]) + rng.uniform(0.0, 0.6, truth.shape)
        high = np.maximum(low + 0.05, truth + rng.uniform(-0.2, 1.0, truth.shape))
        fits = Fits(FUNCTIONS[kind], data, np.clip(start(12), low, high), None, low, high)
        end = solve_again(fits, solve(fits))
        expected = [alone(row, fits.start[:, i], 1.0, low[:, i], high[:, i]) for i, row in enumerate(data)]
        theta, _, chisqr = (np.array(part).T for part in zip(*expected, strict=True))
        assert (end.theta >= low).all()
        assert (end.theta <= high).all()
        assert (end.chisqr <= chisqr * (1.0 + 1e-9)).all()
        same = np.abs(end.chisqr / chisqr - 1.0) < 1e-9
        np.testing.assert_allclose(end.theta[:, same], theta[:, same], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(end.side[:, same] == -1, (end.theta == low)[:, same])
        np.testing.assert_array_equal(end.side[:, same] == 1, (end.theta == high)[:, same])

    def test_held_variables_are_as_good_as_fixed(self):
        truth, data = made(20, 8)
        low = np.full((4, 20), -np.inf)
        low[3] = truth[3] + 0.3
        fits = Fits(
            FUNCTIONS["known derivatives"],
            data,
            np.maximum(start(20), low),
            None,
            low,
            np.full((4, 20), np.inf),
        )
        end = solve(fits)
        assert (end.theta[3] == low[3]).all()
        expected = [alone(row, fits.start[:, i], 1.0, low[:, i], np.inf) for i, row in enumerate(data)]
        assert_same(fits, end, expected)

    @pytest.mark.parametrize("kind", FUNCTIONS)
    def test_no_result_depends_on_the_working_set(self, kind):
        _, data = made(50, 9)
        fits = Fits(FUNCTIONS[kind], data, start(50), inputs=(np.arange(50),))
        whole = solve(fits)
        for capacity in (1, 7, 50):
            part = solve(fits, capacity=capacity)
            for name, array in vars(whole).items():
                np.testing.assert_array_equal(getattr(part, name), array, err_msg=name)
        some = solve(fits.chosen(np.arange(20, 30)))
        np.testing.assert_array_equal(some.theta, whole.theta[:, 20:30])

    def test_inputs_go_with_their_fits(self):
        shifts = np.linspace(-1.0, 1.0, 25)
        function = Function(lambda theta, inputs: theta[0][:, np.newaxis] * (X + inputs[0][:, np.newaxis]))
        data = 3.0 * (X + shifts[:, np.newaxis])
        end = solve(Fits(function, data, np.ones((1, 25)), inputs=(shifts,)), capacity=4)
        np.testing.assert_allclose(end.theta[0], 3.0, rtol=1e-9)

    def test_data_without_noise(self):
        truth, data = made(20, 10, noise=0.0)
        end = solve(Fits(FUNCTIONS["known derivatives"], data, start(20)))
        assert (end.status == Status.CONVERGED).all()
        np.testing.assert_allclose(end.theta, truth, rtol=1e-9, atol=1e-9)

    def test_a_start_without_value_fails_alone(self):
        _, data = made(5, 11)
        x0 = start(5)
        x0[2, 3] = np.nan
        status = solve(Fits(FUNCTIONS["known derivatives"], data, x0)).status
        assert status.tolist() == [0, 0, 0, Status.NOT_FINITE, 0]

    def test_points_without_value_on_the_way_are_rejected(self):
        """The first step goes to negative values, whose root is NaN."""
        function = Function(lambda theta, _: np.sqrt(theta[0])[:, np.newaxis] * np.ones(5))
        end = solve(Fits(function, np.full((1, 5), 0.1), np.array([[4.0]])))
        assert end.status[0] == Status.CONVERGED
        assert end.theta[0, 0] == pytest.approx(0.01, rel=1e-8)

    def test_limit_on_iterations(self):
        _, data = made(5, 12)
        end = solve(Fits(FUNCTIONS["known derivatives"], data, start(5) + 0.5), max_iterations=2)
        assert (end.status == Status.LIMIT).all()
        assert end.iterations.tolist() == [2] * 5
        assert end.nfev.tolist() == [2] * 5

    def test_no_fits(self):
        assert solve(Fits(FUNCTIONS["differences"], np.empty((0, X.size)), start(0))).theta.shape == (4, 0)

    def test_lost_variables_are_searched_for_again(self):
        """The Gauss-Newton step from here makes the decay so fast that only the first point feels it."""
        t = np.linspace(0.0, 10.0, 30)
        function = Function(
            lambda theta, _: theta[0][:, np.newaxis] * np.exp(-np.abs(theta[1])[:, np.newaxis] * t)
        )
        data = 5.0 * np.exp(-0.3 * t)[np.newaxis] + np.random.default_rng(13).normal(0.0, 0.05, (20, 30))
        x0 = np.array([[1.0], [9.0]]) * np.ones(20)
        fits = Fits(function, data, x0)
        first = solve(fits)
        before = first.chisqr.copy()
        end = solve_again(fits, first)
        assert (before > 10.0).any()
        assert (end.chisqr < 1.0).all()
        assert (end.nfev[before > 10.0] > end.iterations[before > 10.0]).all()

    def test_a_found_solution_can_be_put_and_taken(self):
        whole = Solution.blank(2, 3)
        part = whole.chosen(np.array([1]))
        part.theta[:] = 7.0
        whole.put(np.array([2]), part)
        assert whole.theta[0].tolist()[2] == 7.0
        assert np.isnan(whole.theta[0, :2]).all()


class TestErrors:
    def fitted(self, function, theta):
        """A solution at given values, as if it had been searched for."""
        fits = Fits(function, np.zeros((theta.shape[1], X.size)), theta)
        end = Solution.blank(*theta.shape)
        sample = Sample(fits, np.arange(theta.shape[1]))
        steps = Steps(np.ones(theta.shape), np.ones(theta.shape[1], dtype=bool), None, None)
        jacobian = sample.jacobian(theta, steps)
        end.theta[:], end.chisqr[:], end.ndata[:] = theta, 1.0, X.size
        end.normal[:] = np.einsum("bnp,bnq->pqb", jacobian, jacobian)
        return fits, end, jacobian

    @pytest.mark.parametrize("spread", [1.0, 1e-2, 1e-4, 1e-6, 1e-8])
    def test_badly_conditioned_fits_keep_their_digits(self, spread):
        def two_lines(theta, _inputs):
            return theta[0][:, np.newaxis] * X + theta[1][:, np.newaxis] * (X + spread * X**2)

        fits, end, jacobian = self.fitted(Function(two_lines), np.array([[1.0, 2.0], [3.0, 4.0]]))
        found = standard_errors(fits, end)
        for i in range(2):
            expected = covariance(jacobian[i], ["a", "b"], Bound(np.zeros(2)))
            np.testing.assert_allclose(found.covar[:, :, i], expected.matrix, rtol=1e-5)
            assert found.rank[i] == expected.rank

    def test_reasons(self):
        def flat(theta, _inputs):
            first, second, third, _ = columns(theta)
            return (first + second) * X + third * X**2

        fits, end, jacobian = self.fitted(Function(flat), np.ones((4, 2)))
        end.side[2, 1] = 1
        found = standard_errors(fits, end)
        correlated, useless = Reason.CORRELATED, Reason.NO_EFFECT
        assert found.reason.T.tolist() == [
            [correlated, correlated, 0, useless],
            [correlated, correlated, Reason.UPPER, useless],
        ]
        assert found.rank.tolist() == [2, 1]
        expected = covariance(jacobian[0], list("abcd"), Bound(np.zeros(4)))
        np.testing.assert_allclose(found.covar[:, :, 0], expected.matrix, rtol=1e-6)
        assert np.isnan(found.covar[:, :, 1]).all()

    def test_fewer_data_than_variables(self):
        function = Function(lambda theta, _: theta.sum(axis=0)[:, np.newaxis] * np.ones(1))
        fits = Fits(function, np.array([[3.0]]), np.ones((2, 1)))
        found = standard_errors(fits, solve(fits))
        assert found.rank.tolist() == [1]
        assert found.reason[:, 0].tolist() == [Reason.CORRELATED, Reason.CORRELATED]
