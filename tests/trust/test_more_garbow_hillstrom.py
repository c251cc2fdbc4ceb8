"""Published minima of the problems of Moré, Garbow and Hillstrom; see `more_garbow_hillstrom`."""

import numpy as np
import pytest
from more_garbow_hillstrom import PROBLEMS

from lmfit import Parameters, minimize
from lmfit.errors import NonFiniteError

#: Powell's singular function. At its minimum, 0, the Jacobian has half the rank, and two residuals are
#: squares: each Gauss-Newton step goes half of the way, and divides chi-square by 16. MINPACK tests the
#: fall of chi-square relative to itself and the step relative to the distance that is left, and neither
#: ever gets small: its own program ends at the limit of its evaluations, too. That chi-square is small by
#: some absolute measure a fit cannot know, as it does not know the units of the data. So the minimum is
#: found, without success.
WITHOUT_END = (13, 22)

# Exponentials overflow in the residual, which is the objective's own affair.
pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning", "ignore:invalid value encountered:RuntimeWarning"
)


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


def test_why_the_singular_function_has_no_end():
    problem = next(problem for problem in PROBLEMS if problem.number in WITHOUT_END)
    x, falls, steps = np.array(problem.start, dtype=float), [], []
    for _ in range(25):
        residual = problem.residual(x)
        jacobian = np.imag([problem.residual(x + 1e-200j * unit) for unit in np.eye(4)]).T / 1e-200
        step = np.linalg.lstsq(jacobian, -residual, rcond=None)[0]
        steps.append(np.linalg.norm(step) / np.linalg.norm(x + step))
        x = x + step
        falls.append(np.sum(problem.residual(x) ** 2) / np.sum(residual**2))
    np.testing.assert_allclose(falls[1:], 1 / 16, rtol=1e-6)
    np.testing.assert_allclose(steps[1:], 1.0, rtol=1e-6)


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_from_the_standard_start_with_least_squares(problem):
    assert is_published(problem, fit(problem, problem.start, method="least_squares").chisqr)


def steepest(problem, best):
    """Largest cosine between the residual and what a variable that matters does to it."""
    residual = problem.residual(best)
    cosines = [0.0]
    for index, size in enumerate(np.abs(best)):
        step = np.zeros(len(best))
        step[index] = 1e-6 * size + 1e-12
        change = (problem.residual(best + step) - problem.residual(best - step)) / 2
        lengths = np.linalg.norm(change) * np.linalg.norm(residual)
        if lengths > 1e-12 * residual @ residual:
            cosines.append(abs(change @ residual) / lengths)
    return max(cosines)


@pytest.mark.thorough
@pytest.mark.parametrize("factor", [10, 100])
@pytest.mark.parametrize("method", ["leastsq", "least_squares"])
@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_success_from_far_away_means_a_minimum(problem, method, factor):
    start = factor * np.array(problem.start) if any(problem.start) else np.full(len(problem.start), factor)
    if not np.isfinite(np.sum(problem.residual(start.astype(float)) ** 2)):
        with pytest.raises(NonFiniteError):
            fit(problem, start, method=method)
        return
    found = fit(problem, start, method=method)
    assert found.chisqr <= np.sum(problem.residual(start.astype(float)) ** 2)
    best = np.array([par.value for par in found.params.values()])
    assert not found.success or is_published(problem, found.chisqr) or steepest(problem, best) < 0.02
