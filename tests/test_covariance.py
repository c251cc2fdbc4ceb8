"""Covariance of what the data determine, and the reasons for what they do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmfit._covariance import (
    Bound,
    NormalEquations,
    column_norms,
    covariance,
    propagate,
    standard_errors,
)
from lmfit._derivatives import Domain

FREE = Bound(np.zeros(3))
NAMES = ["a", "b", "c"]
SEEDS = st.integers(0, 2**32 - 1)


def jacobian_of(seed, m=12, n=3):
    return np.random.default_rng(seed).normal(size=(m, n))


@given(SEEDS, st.lists(st.floats(-12, 12), min_size=3, max_size=3))
def test_the_inverse_in_any_units(seed, exponents):
    jacobian = jacobian_of(seed)
    units = 10.0 ** np.array(exponents)
    found = covariance(jacobian * units, NAMES, FREE)
    exact = np.linalg.inv(jacobian.T @ jacobian) / np.outer(units, units)
    assert found.reasons == {}
    assert found.rank == 3
    assert found.matrix == pytest.approx(exact, rel=1e-6)
    assert (found.matrix == found.matrix.T).all()


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
@given(SEEDS)
def test_ill_conditioned_but_determined(unit, seed):
    """Singular values over seven decades: the normal equations would lose all digits."""
    left, _ = np.linalg.qr(jacobian_of(seed))
    right, _ = np.linalg.qr(jacobian_of(seed + 1, 3))
    singular = np.array([1.0, 1e-3, 1e-7])
    found = covariance(left * (unit * singular) @ right.T, NAMES, FREE)
    exact = right / (unit * singular) ** 2 @ right.T
    assert found.reasons == {}
    assert found.matrix == pytest.approx(exact, rel=1e-6)


def test_no_effect():
    jacobian = jacobian_of(1)
    jacobian[:, 1] = 0.0
    found = covariance(jacobian, NAMES, FREE)
    others = jacobian[:, [0, 2]]
    assert found.reasons == {1: "no effect on the residual"}
    assert found.rank == 2
    assert np.isnan(found.matrix[1]).all()
    assert found.matrix[np.ix_([0, 2], [0, 2])] == pytest.approx(np.linalg.inv(others.T @ others))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(value):
    jacobian = jacobian_of(1)
    jacobian[3, 2] = value
    assert "no finite residual" in covariance(jacobian, NAMES, FREE).reasons[2]


@given(SEEDS)
def test_a_degenerate_pair_leaves_the_third_alone(seed):
    jacobian = jacobian_of(seed)
    jacobian[:, 1] = -3.0 * jacobian[:, 0]
    found = covariance(jacobian, NAMES, FREE)
    assert found.reasons == {0: "fully correlated with 'b'", 1: "fully correlated with 'a'"}
    assert found.rank == 2
    alone = jacobian[:, [0, 2]]
    assert found.matrix[2, 2] == pytest.approx(np.linalg.inv(alone.T @ alone)[1, 1], rel=1e-6)


@pytest.mark.parametrize("part, named", [(1e-2, True), (1e-4, False)])
def test_a_part_in_a_flat_direction_counts_from_a_thousandth(part, named):
    flat = np.array([1.0, 1.0, part]) / np.sqrt(2.0)
    jacobian = jacobian_of(3)
    jacobian -= np.outer(jacobian @ flat, flat) / (flat @ flat)
    found = covariance(jacobian / column_norms(jacobian), NAMES, FREE)
    assert (2 in found.reasons) == named
    assert found.reasons[0] == f"fully correlated with 'b'{' and {}'.format(repr('c')) if named else ''}"


def test_where_the_rank_ends():
    """Two unit columns, with singular values around a ratio of 1e-10."""
    for ratio, rank in ((1.2e-10, 2), (0.8e-10, 1)):
        angle = np.arctan(ratio)
        jacobian = np.array([[np.cos(angle), np.cos(angle)], [np.sin(angle), -np.sin(angle)]])
        equations = NormalEquations(jacobian)
        assert covariance(jacobian, ["a", "b"], Bound(np.zeros(2))).rank == rank
        assert equations.regular == (rank == 2)
        assert len(equations.flat) == 2 - rank
    assert np.abs(equations.flat) == pytest.approx(np.sqrt(0.5))
    assert equations.inverse == pytest.approx(0.25)  # the pseudo-inverse of [[1, 1], [1, 1]]


def test_a_well_conditioned_inverse_takes_no_decomposition(monkeypatch):
    monkeypatch.setattr(np.linalg, "svd", None)
    equations = NormalEquations(np.array([[1.0, 2.0], [1.0, 3.0]]))
    assert equations.inverse == pytest.approx(np.array([[13.0, -5.0], [-5.0, 2.0]]))
    assert equations.matrix.tolist() == [[2.0, 0.0], [5.0, 13.0]]


def test_normal_equations_that_are_known_are_used():
    jacobian = jacobian_of(2)
    equations = NormalEquations(jacobian)
    assert covariance(jacobian, NAMES, FREE, equations).matrix is equations.inverse
    held = covariance(jacobian, NAMES, Bound(np.array([0.0, -1.0, 0.0])), equations)
    assert held.reasons == {1: "at its lower bound"}
    jacobian[:, 1] = 0.0
    assert covariance(jacobian, NAMES, FREE, NormalEquations(jacobian)).rank == 2


def test_fewer_data_than_variables():
    found = covariance(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]), NAMES, FREE)
    assert set(found.reasons) == {0, 1}
    assert found.matrix[2, 2] == pytest.approx(0.25)


def test_one_variable_and_one_point():
    assert covariance(np.array([[2.0]]), ["a"], Bound(np.zeros(1))).matrix == pytest.approx(0.25)


@given(SEEDS)
def test_an_active_bound_is_like_a_fixed_variable(seed):
    jacobian = jacobian_of(seed)
    found = covariance(jacobian, NAMES, Bound(np.array([0.0, 1.0, 0.0])))
    others = jacobian[:, [0, 2]]
    assert found.reasons == {1: "at its upper bound"}
    assert found.matrix[np.ix_([0, 2], [0, 2])] == pytest.approx(np.linalg.inv(others.T @ others), rel=1e-6)


def test_which_bounds_are_active():
    jacobian = np.eye(4)
    residual = np.array([1.0, -1.0, 1.0, 0.0])
    domain = Domain(np.array([0.0, 0.0, -5.0, 0.0]), np.array([9.0, 0.5, 9.0, 9.0]), np.ones(4))
    x = np.array([0.0, 0.5, 0.5, 0.0])
    # pushed below its lower bound; above its upper one; pushed down but inside; on the bound, not pushed
    assert Bound.active(x, residual, jacobian, domain).side.tolist() == [-1, 1, 0, 0]


@pytest.mark.parametrize("steepness", [4.0, 0.25])
@pytest.mark.parametrize("nfree", [4, 1])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_thousandth_of_its_error_is_near_a_bound(side, nfree, steepness):
    """One variable with the error 2 / sqrt(nfree) / steepness, pushed to its bound at 0."""
    jacobian, residual = np.zeros((nfree + 1, 1)), np.zeros(nfree + 1)
    jacobian[0], residual[0] = steepness, -2.0 * side
    limits = sorted([0.0, -9.0 * side])
    domain = Domain(np.array(limits[:1]), np.array(limits[1:]), np.ones(1))
    near = 1e-3 * 2.0 / np.sqrt(nfree) / steepness
    for distance, held in ((near, 1), (1.01 * near, 0)):
        found = Bound.active(np.array([-side * distance]), residual, jacobian, domain)
        assert found.side.tolist() == [side * held]
        assert found.held == held
        # Pushed away from it by the opposite residual, and not pushed at all.
        for other in (-residual, residual[::-1]):
            assert Bound.active(np.array([-side * distance]), other, jacobian, domain).held == 0


@pytest.mark.parametrize("side", [-1, 1])
def test_rounding_of_a_large_value_is_near_its_bound(side):
    limits = np.array([1e6, 2e6]) if side < 0 else np.array([1e5, 1e6])
    domain = Domain(limits[:1], limits[1:], np.ones(1))
    jacobian, residual = np.array([[1e9], [0.0]]), np.array([-side * 1e-9, 0.0])
    for distance, held in ((0.9e-6, 1), (1.2e-6, 0)):
        assert Bound.active(np.array([1e6 - side * distance]), residual, jacobian, domain).held == held


def test_without_bounds_nothing_is_held():
    domain = Domain(np.full(2, -np.inf), np.full(2, np.inf), np.ones(2))
    assert Bound.active(np.zeros(2), np.ones(2), np.eye(2), domain).side.tolist() == [0, 0]


def test_fewer_data_than_variables_at_a_bound():
    domain = Domain(np.zeros(2), np.full(2, 9.0), np.ones(2))
    found = Bound.active(np.array([1e-4, 1e-2]), np.ones(1), np.ones((1, 2)), domain)
    assert found.side.tolist() == [-1, 0]


def test_an_unused_variable_on_its_bound_is_not_held():
    domain = Domain(np.zeros(2), np.full(2, np.inf), np.ones(2))
    side = Bound.active(np.zeros(2), np.ones(2), np.array([[1.0, 0.0], [0.0, 0.0]]), domain).side
    assert side.tolist() == [-1, 0]


@given(SEEDS)
def test_propagation(seed):
    matrix = NormalEquations(jacobian_of(seed)).inverse
    gradient = jacobian_of(seed + 1, m=2)
    assert propagate(gradient, matrix) == pytest.approx(gradient @ matrix @ gradient.T)


@given(SEEDS)
def test_propagation_around_what_is_undetermined(seed):
    matrix, gradient = NormalEquations(jacobian_of(seed)).inverse, jacobian_of(seed + 1, m=4)
    gradient[:3, 1] = 0.0
    used = gradient[:3, [0, 2]]
    exact = used @ matrix[np.ix_([0, 2], [0, 2])] @ used.T
    matrix[1, :] = matrix[:, 1] = np.nan
    found = propagate(gradient, matrix)
    assert found[:3, :3] == pytest.approx(exact)
    assert np.isnan(found[3]).all()
    assert np.isnan(found[:, 3]).all()


def test_propagation_needs_only_what_is_used():
    matrix = np.array([[4.0, np.nan], [np.nan, np.nan]])
    found = propagate(np.array([[3.0, 0.0], [1.0, 1e-30]]), matrix)
    assert found[0, 0] == 36.0
    assert np.isnan(found[1]).all()


def test_infinite_slopes_spoil_only_their_own_row():
    found = propagate(np.array([[1.0, 0.0], [0.0, np.inf], [0.0, 1e300]]), 2.0 * np.eye(2))
    assert found[0, 0] == 2.0
    assert not np.isfinite(found[[1, 2], [1, 2]]).any()


def test_rough_errors():
    jacobian, residual = jacobian_of(4), np.ones(12)
    exact = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)) * 12 / 9)
    assert standard_errors(jacobian, residual) == pytest.approx(exact)


def test_rough_errors_of_as_many_data_as_variables():
    jacobian = np.diag([0.5, 0.0, 4.0])
    jacobian[1, 1] = np.nan
    assert standard_errors(jacobian, np.array([3.0, 0.0, 4.0])).tolist() == [10.0, 0.0, 1.25]
    assert standard_errors(np.zeros((2, 1)), np.ones(2)).tolist() == [0.0]


def test_column_norms():
    assert column_norms(np.array([[3.0, 1.0], [4.0, 0.0]])).tolist() == [5.0, 1.0]
