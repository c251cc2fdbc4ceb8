"""Interrupt fits at random moments, as Ctrl-C does, and check what is left; to be run as a script.

``python interrupted.py ROUNDS WORK...`` interrupts each work that often and prints how its rounds ended as
JSON. A SIGINT comes from a timer at any moment: in the objective, the optimiser, the driver, or not at all.
"""

import json
import random
import signal
import sys
import time
from collections import Counter

import numpy as np

from lmfit import Minimizer, create_params, fit_many
from lmfit.bootstrap import bootstrap_interval
from lmfit.confidence import conf_interval, conf_interval2d
from lmfit.engines import find
from lmfit.models import GaussianModel

X = np.linspace(0.0, 3.0, 30)
Y = 3 * np.exp(-X / 0.7) + 0.05 * np.cos(40 * X)
SPECTRA = np.exp(-((X - 1.5) ** 2)) * np.linspace(1, 2, 20)[:, np.newaxis] + 0.01 * np.cos(40 * X)
SETTINGS = {
    "ampgo": {"totaliter": 1, "maxiter": 1},
    "basinhopping": {"niter": 3},
    "brute": {"Ns": 15},
    "emcee": {"steps": 10, "nwalkers": 10},
}


def residual(params, x=X):
    return params["a"].value * np.exp(-x / params["t"].value) - Y[: len(x)]


def start():
    return create_params(
        a={"value": 1.0, "min": 0, "max": 9}, t={"value": 1.5, "min": 0.05, "max": 9}, b={"expr": "a/2"}
    )


def state(params):
    return [(par.value, par.stderr, par.init_value) for par in params.values()]


class Fit:
    """A fit with an engine; its Parameters are the user's own."""

    def __init__(self, method):
        self.method = method
        self.settings = dict(SETTINGS.get(method, {}))
        if find(method).stochastic:
            self.settings["seed"] = 1
        self.reset()

    def reset(self):
        self.params = start()
        self.before = state(self.params)
        self.fitter = Minimizer(residual, self.params)

    def run(self):
        return self.fitter.minimize(self.method, **self.settings)

    def check(self, result):
        """How the round ended, if nothing is broken: `result` is None where the interrupt came through."""
        if result is None:
            whole = state(self.params) == self.before if self.fitter.result is None else self.is_whole()
            assert whole, f"half written: {state(self.params)}"
            return "passed on"
        assert self.is_whole()
        assert np.isfinite(result.residual).all()
        if self.method != "emcee":
            np.testing.assert_allclose(result.residual, residual(result.params), rtol=1e-12, atol=1e-12)
        assert result.params["b"].value == result.params["a"].value / 2
        if result.aborted:
            assert "interrupted from the keyboard" in result.message
            return "best so far"
        return "finished"

    def is_whole(self):
        return state(self.params) == state(self.fitter.result.params)


class After(Fit):
    """Something that is done with the result of a fit, and must not change it."""

    def __init__(self, what):
        self.what = what
        super().__init__("leastsq")

    def reset(self):
        super().reset()
        self.fitter.leastsq()
        self.before = state(self.params)

    def run(self):
        return self.what(self.fitter)

    def check(self, result):
        assert state(self.params) == self.before
        assert self.is_whole()
        return "passed on" if result is None else "finished"


class Many:
    """Many fits at once."""

    def __init__(self, run):
        self.run = run

    def reset(self):
        self.spectra = SPECTRA.copy()

    def check(self, result):
        assert (self.spectra == SPECTRA).all()
        return (
            "passed on" if result is None else "best so far" if "interrupted" in told(result) else "finished"
        )


def told(result):
    """The messages of one fit or of many."""
    return str(result.message if isinstance(result.message, str) else list(np.ravel(result.message)))


MODEL = GaussianModel()
WORKS = {
    "conf_interval": After(conf_interval),
    "conf_interval2d": After(lambda fitter: conf_interval2d(fitter, "a", "t", 6, 6)),
    "bootstrap": After(lambda fitter: bootstrap_interval(fitter, n=30, seed=1)),
    "model": Many(lambda: MODEL.fit(SPECTRA[0], x=X, amplitude=1, center=1, sigma=1)),
    "batch": Many(lambda: MODEL.fit_many(SPECTRA, x=X, amplitude=1, center=1, sigma=1)),
    "batch of objectives": Many(lambda: fit_many(residual, start(), [X, X[:20], X[:10]])),
}


def interrupted(work, delay):
    """Run `work` with a Ctrl-C after `delay` seconds; return its result, None if that came through."""
    result = None
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        try:
            result = work.run()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        pass
    return result


def rounds(name, count):
    """Interrupt a work `count` times and count how it ended."""
    work = WORKS.get(name) or Fit(name)
    for _ in range(2):  # the first one is slower
        work.reset()
        began = time.perf_counter()
        work.run()
        duration = time.perf_counter() - began
    rng, ends = random.Random(name), Counter()
    for _ in range(count):
        work.reset()
        ends[work.check(interrupted(work, max(1e-5, rng.uniform(0, 1.1) * duration)))] += 1
    return ends


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(json.dumps({name: rounds(name, int(sys.argv[1])) for name in sys.argv[2:]}))
