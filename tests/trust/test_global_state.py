"""No public call changes the state of the interpreter, and none depends on the global random numbers."""

import copy
import io
import pickle
import random

import matplotlib.pyplot as plt
import numpy as np
import pytest
from global_state import unchanged, unusual
from world import World

import lmfit
from lmfit import Minimizer, Parameters, create_params, fit_many
from lmfit.bootstrap import bootstrap_interval
from lmfit.confidence import conf_interval, conf_interval2d
from lmfit.engines import find, names
from lmfit.model import Model, load_model, load_modelresult, save_model, save_modelresult
from lmfit.models import GaussianModel

FIT = {"brute": {"Ns": 5}, "emcee": {"steps": 20, "nwalkers": 20}}


def fitted():
    world = World()
    fitter = Minimizer(world.residual, world.params, fcn_kws=world.keywords)
    fitter.leastsq()
    return fitter


def failing_fit():
    with pytest.raises(TypeError, match="bogus"):
        World().fit(bogus=3)


def modelled(**settings):
    x = np.linspace(-3, 3, 30)
    y = 3 * np.exp(-(x**2) / 2) + 0.01 * np.cos(40 * x)
    model = GaussianModel()
    return model.fit(y, model.guess(y, x=x), x=x, **settings)


def saved_and_loaded(folder, result):
    save_model(result.model, folder / "model.sav")
    save_modelresult(result, folder / "result.sav")
    return load_model(folder / "model.sav"), load_modelresult(folder / "result.sav")


CALLS = {
    "parameters": lambda folder: World().params.copy().valuesdict(),
    "expressions": lambda folder: World().params.eval("sqrt(a) + [b, c][1]"),
    "parameters as JSON": lambda folder: Parameters().loads(World().params.dumps()),
    "parameters as pickle": lambda folder: pickle.loads(pickle.dumps(World().params)),
    "copies": lambda folder: copy.deepcopy(fitted().result),
    "leastsq": lambda folder: fitted().chisqr,
    "a failing fit": lambda folder: failing_fit(),
    "an aborted fit": lambda folder: World().fit(max_nfev=5),
    "conf_interval": lambda folder: conf_interval(fitted()),
    "conf_interval2d": lambda folder: conf_interval2d(fitted(), "a", "b", 5, 5),
    "bootstrap": lambda folder: bootstrap_interval(fitted(), n=20, seed=1),
    "report": lambda folder: lmfit.fit_report(fitted()),
    "interval report": lambda folder: lmfit.ci_report(conf_interval(fitted())),
    "model": lambda folder: modelled().fit_report(),
    "own model": lambda folder: Model(lambda x, a: a * x).fit(np.ones(5), a=1, x=np.arange(5.0)),
    "band": lambda folder: modelled().eval_uncertainty(sigma=2),
    "figure": lambda folder: plt.close(modelled().plot()),
    "model files": lambda folder: saved_and_loaded(folder, modelled()),
    "many data sets": lambda folder: GaussianModel().fit_many(
        modelled().data * np.array([[1.0], [2.0]]), x=np.linspace(-3, 3, 30), center=0, sigma=1, amplitude=5
    ),
    "many fits": lambda folder: fit_many(
        lambda p, x: p["a"] * x - 1, create_params(a=1), [np.arange(3.0), np.arange(4.0)]
    ),
    "print": lambda folder: print(fitted().params, modelled(), file=io.StringIO()),
} | {
    f"engine {name}": lambda folder, name=name: bounded_fit(name)
    for name in names()
    if not find(name).needs_linear
}


def bounded_fit(method):
    params = create_params(a={"value": 2, "min": 0, "max": 5}, b={"value": 1, "min": 0.1, "max": 2})
    world = World()
    settings = FIT.get(method, {}) | ({"seed": 1} if find(method).stochastic else {})
    return lmfit.minimize(world.residual, params, kws=world.keywords, method=method, max_nfev=300, **settings)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_nothing_global_is_changed(call, tmp_path):
    call(tmp_path)  # what is imported at the first call may register itself
    with unusual(), unchanged():
        call(tmp_path)


@pytest.mark.parametrize("method", [name for name in names() if find(name).stochastic])
def test_results_do_not_depend_on_the_global_random_numbers(method):
    found = []
    for seed in (1, 2):
        random.seed(seed)
        found.append(bounded_fit(method).params.valuesdict())
    assert found[0] == found[1]
