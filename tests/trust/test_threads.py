"""Fits in several threads and processes that share their objects are those made one after the other."""

import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from global_state import unchanged

from lmfit import Minimizer, create_params, minimize
from lmfit._cached import cached_property
from lmfit.confidence import conf_interval
from lmfit.lineshapes import gaussian
from lmfit.models import ExpressionModel, GaussianModel, LinearModel

THREADS = 8
X = np.linspace(-3.0, 3.0, 40)
DATA = [
    gaussian(X, 3.0, 0.1 * seed, 1.0) + 0.5 + 0.05 * np.random.default_rng(seed).normal(size=len(X))
    for seed in range(5)
]


@pytest.fixture(autouse=True)
def hasty_threads():
    """Let threads take turns after every few instructions."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def described(result):
    """All that a fit finds, bit for bit."""
    return (
        {name: (par.value, par.stderr, par.correl) for name, par in result.params.items()},
        result.residual.tobytes(),
        result.covar.tobytes(),
        result.nfev,
        result.message,
    )


def together(work, rounds):
    """What each thread gets from its `rounds` calls of ``work(index)``, all starting at the same time."""
    barrier = threading.Barrier(THREADS)

    def run():
        barrier.wait()
        return [work(index % len(DATA)) for index in range(rounds)]

    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(run) for _ in range(THREADS)]
        return [future.result() for future in futures]


MODEL = GaussianModel(prefix="g_") + LinearModel(prefix="l_")
PARAMS = MODEL.make_params(g_amplitude=2, g_center=0, g_sigma=1.3, l_slope=0, l_intercept=0)
PARAMS["g_center"].set(min=-2, max=2)
PARAMS.add("half", expr="g_amplitude / 2")
EXPRESSION = ExpressionModel("a*exp(-(x - c)**2/2) + b")


def fit_model(index):
    return described(MODEL.fit(DATA[index], PARAMS, x=X))


def fit_expression(index):
    return described(EXPRESSION.fit(DATA[index], x=X, a=1, b=0, c=0.2))


def residual(params, data):
    return params["a"] * np.exp(-((X - params["c"]) ** 2) / 2) + params["b"] - data


TIED = create_params(a={"value": 1, "min": 0}, c={"value": 0.1, "max": 1}, b={"expr": "a * 0.4 + sqrt(c**2)"})


def fit_with_ties(index):
    return described(minimize(residual, TIED.copy(), args=(DATA[index],)).result)


def intervals(index):
    fitter = Minimizer(residual, create_params(a=1, b=0, c=0.1), fcn_args=(DATA[index],))
    fitter.leastsq()
    return dict(conf_interval(fitter, sigmas=[0.95]))


def read_ties(index):
    """Reads of a Parameters that nobody changes, which evaluate its expressions."""
    return TIED.valuesdict(), TIED.eval("a + b + c"), PARAMS["half"].value


WORK = {
    "models": (fit_model, 25),
    "expressions": (fit_expression, 10),
    "ties": (fit_with_ties, 25),
    "intervals": (intervals, 2),
    "reading": (read_ties, 100),
}


def check(work, rounds, record_property):
    record_property("cases", THREADS * rounds)
    expected = [work(index) for index in range(len(DATA))]
    params = PARAMS.dumps()
    with unchanged():
        found = together(work, rounds)
    assert PARAMS.dumps() == params
    for results in found:
        assert results == [expected[index % len(DATA)] for index in range(rounds)]


@pytest.mark.parametrize("work, rounds", WORK.values(), ids=WORK)
def test_threads(work, rounds, record_property):
    check(work, rounds, record_property)


@pytest.mark.thorough
@pytest.mark.parametrize("work", [fit_model, fit_expression, fit_with_ties, intervals])
def test_threads_200_fits_each(work, record_property):
    check(work, 200, record_property)


INTERPRETED = create_params(a=1.5, b={"expr": "sum([a*i for i in (1, 2)])"}, c={"expr": "max([b, 1][:2])"})


def fit_with_interpreted_ties(index):
    fitted = minimize(residual, INTERPRETED.copy(), args=(DATA[index],), max_nfev=8)
    return fitted.params.valuesdict()


def test_threads_with_expressions_that_need_the_interpreter(record_property):
    check(fit_with_interpreted_ties, 3, record_property)


@pytest.mark.parametrize("template", [TIED, INTERPRETED], ids=["compiled", "interpreted"])
def test_first_reading_by_several_threads(template):
    for value in np.linspace(0.5, 2.0, 20):
        params = template.copy()
        params["a"].value = value  # nothing is evaluated until it is read
        expected = params.copy().valuesdict()
        found = together(lambda _, params=params: params.valuesdict(), 1)
        assert all(values == [expected] for values in found)


def test_threads_do_not_wait_for_properties_of_each_other():
    """An interrupt may end a thread at any moment: a lock that it holds would stop all others."""
    both = threading.Barrier(2)

    class Slow:
        @cached_property
        def value(self):
            both.wait(timeout=10)
            return 1

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: Slow().value, range(2))) == [1, 1]


def test_processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for work in (fit_model, fit_with_ties):
            assert list(pool.map(work, range(len(DATA)))) == [work(index) for index in range(len(DATA))]
