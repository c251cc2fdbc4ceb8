"""Callbacks that raise, and workers that die: what is known is kept, the rest is an error that says why."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import numpy as np
import pytest
from world import World

from lmfit import Minimizer, MinimizerException, create_params, fit_many
from lmfit.bootstrap import bootstrap_interval
from lmfit.confidence import conf_interval, conf_interval2d
from lmfit.engines import Finds, find, names

METHODS = [name for name in names() if find(name).finds is Finds.MINIMUM and not find(name).needs_linear]


class OfTheUserError(Exception):
    """Raised by functions of the user."""


class Failing:
    """A function that raises at its n-th call."""

    def __init__(self, function, n):
        self.function, self.left = function, n

    def __call__(self, *args, **kws):
        self.left -= 1
        if self.left == 0:
            raise OfTheUserError("mine")
        return self.function(*args, **kws)


def bounded():
    return create_params(a={"value": 2.0, "min": 0, "max": 5}, b={"value": 1.0, "min": 0.1, "max": 2})


@pytest.mark.parametrize("n", [1, 2, 5, 11])
@pytest.mark.parametrize("method", METHODS)
def test_errors_of_the_objective_and_of_the_callback(method, n):
    world = World()
    for settings in ({}, {"iter_cb": Failing(lambda *args, **kws: None, n)}):
        function = world.residual if settings else Failing(world.residual, n)
        params = bounded()
        before = [(par.value, par.stderr, par.init_value) for par in params.values()]
        fitter = Minimizer(function, params, fcn_kws=world.keywords, **settings)
        with pytest.raises(OfTheUserError, match="mine"):
            fitter.minimize(method)
        assert fitter.result is None
        assert [(par.value, par.stderr, par.init_value) for par in params.values()] == before
        # The next fit is as if nothing had happened.
        fitter.userfcn, fitter.iter_cb = world.residual, None
        assert fitter.leastsq().success


AFTER = {
    "conf_interval": conf_interval,
    "conf_interval2d": lambda fitter: conf_interval2d(fitter, "a", "b", 5, 5),
    "bootstrap": lambda fitter: bootstrap_interval(fitter, n=20, seed=1),
}


@pytest.mark.parametrize("n", [1, 4, 13])
@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
def test_errors_of_the_objective_while_limits_are_searched(after, n):
    """They pass, or are the noted reason of what is missing; the fit stays what it was."""
    world = World()
    fitter = Minimizer(world.residual, bounded(), fcn_kws=world.keywords)
    fitter.leastsq()
    before = fitter.params.dumps()
    fitter.userfcn = Failing(world.residual, n)
    try:
        found = after(fitter)
    except OfTheUserError:
        pass
    else:
        assert "failed" in str(found.status).lower() or found.failed
    assert fitter.params.dumps() == before
    fitter.userfcn = world.residual
    assert fitter.leastsq().success


X = np.linspace(0.0, 2.0, 20)
THIS = os.getpid()


def deadly(params, rate):
    """An objective that ends any process but this one, for one of the data sets."""
    if rate == 3.0 and os.getpid() != THIS:
        os.kill(os.getpid(), signal.SIGKILL)
    return params["a"] * np.exp(-X) - rate * np.exp(-X)


@pytest.fixture
def pool():
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as executor:
        yield executor


# A process with threads is forked: the children only compute.
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_worker_that_dies_in_many_fits(pool):
    found = fit_many(deadly, create_params(a=1.0), [1.0, 2.0, 3.0, 4.0], executor=pool, chunk=1)
    values = found.values["a"]
    assert np.isnan(values[2])
    known = np.isfinite(values)
    np.testing.assert_allclose(values[known], np.array([1.0, 2.0, 3.0, 4.0])[known])
    assert "worker" in str(found.message[2])


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_worker_that_dies_in_a_bootstrap(pool):
    fitter = Minimizer(deadly, create_params(a=1.0), fcn_args=(3.0,))
    fitter.leastsq()
    with pytest.raises((BrokenProcessPool, MinimizerException), match="process"):
        bootstrap_interval(fitter, n=20, seed=1, kind="parametric", executor=pool)
    assert fitter.params["a"].value == pytest.approx(3.0)
