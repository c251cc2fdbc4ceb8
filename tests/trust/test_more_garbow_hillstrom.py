"""Published minima of the problems of Moré, Garbow and Hillstrom; see `more_garbow_hillstrom`."""

import numpy as np
import pytest
from more_garbow_hillstrom import PROBLEMS

from lmfit import MinimizerException, Parameters, minimize

#: The Jacobian is singular at the minimum of Powell's function: chi-square falls by the same factor in each
#: step until a limit ends it, in MINPACK too.
WITHOUT_END = (13, 22)

# An exponential of a bad start overflows in the residual, which is the objective's own affair.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def parameters(start):
    params = Parameters()
    for index, value in enumerate(start, 1):
        params.add(f"x{index}", value=float(value))
    return params


def fit(problem, start, **settings):
    def residual(params):
        return problem.residual(np.array([par.value for par in params.values()]))

    return minimize(residual, parameters(start), **settings)


def is_published(problem, chisqr):
    """Whether `chisqr` is a published minimum, in the six digits of the paper."""
    return any(abs(chisqr - minimum) <= 6e-6 * minimum + 1e-20 for minimum in problem.minima)


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_from_the_standard_start(problem):
    found = fit(problem, problem.start)
    assert is_published(problem, found.chisqr)
    assert found.success or problem.number in WITHOUT_END


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_from_the_standard_start_with_least_squares(problem):
    assert is_published(problem, fit(problem, problem.start, method="least_squares").chisqr)


@pytest.mark.thorough
@pytest.mark.parametrize("factor", [10, 100])
@pytest.mark.parametrize("method", ["leastsq", "least_squares"])
@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_from_far_away(problem, method, factor):
    """Success is only reported where no variable, moved by a part of its size, lowers chi-square."""
    start = factor * np.array(problem.start) if any(problem.start) else np.full(len(problem.start), factor)
    try:
        found = fit(problem, start, method=method)
    except MinimizerException as error:
        assert "not finite" in str(error)
        return
    before = np.sum(problem.residual(start.astype(float)) ** 2)
    assert found.chisqr <= before
    if found.success and not is_published(problem, found.chisqr):
        best = np.array([par.value for par in found.params.values()])
        for index, size in enumerate(np.abs(best) + 1e-12):
            for sign in (1e-3, -1e-3):
                moved = best.copy()
                moved[index] += sign * size
                assert np.sum(problem.residual(moved) ** 2) >= found.chisqr * (1 - 1e-6)
