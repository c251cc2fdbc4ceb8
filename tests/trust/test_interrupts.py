"""Ctrl-C: the best point so far, what is finished of many things, and nothing half done.

It comes at numbered evaluations of the objective, at numbered lines of the library, which no machine changes,
and from a timer, which may hit anything.
"""

import gc
import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from interrupted import SETTINGS, WORKS, Fit, X, residual, start, state

from lmfit import Minimizer, fit_many, minimize
from lmfit.confidence import conf_interval
from lmfit.engines import Finds, find, names

SCRIPT = Path(__file__).with_name("interrupted.py")
LOCAL = ("leastsq", "least_squares", "nelder", "lbfgsb", "tnc", "slsqp", "cobyla", "trust-constr")
GLOBAL = ("differential_evolution", "basinhopping", "brute", "shgo", "ampgo", "multistart", "emcee")
OTHERS = ("conf_interval", "conf_interval2d", "bootstrap", "model", "batch", "batch of objectives")
ENDS = {"best so far", "finished", "passed on"}
NOT_WAITED = "interrupted from the keyboard"


@pytest.fixture(autouse=True)
def ctrl_c():
    """Whatever runs the tests, SIGINT is a KeyboardInterrupt."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


class Pressing:
    """An objective whose n-th call is interrupted; it remembers the cost and the place of all others."""

    def __init__(self, n=0):
        self.n, self.calls, self.points = n, 0, []

    def __call__(self, params, *args):
        self.calls += 1
        if self.calls == self.n:
            signal.raise_signal(signal.SIGINT)
        found = residual(params, *args)
        self.points.append((float(found @ found), params["a"].value, params["t"].value))
        return found


def some(calls, seed, count=6):
    """Some numbers of calls from the second to the last, these two among them."""
    return sorted({2, calls, *random.Random(seed).choices(range(2, calls + 1), k=count - 2)})


@pytest.mark.parametrize("method", [name for name in names() if find(name).finds is not Finds.DISTRIBUTION])
def test_in_the_objective(method):
    settings = {**SETTINGS.get(method, {}), **({"seed": 1} if find(method).stochastic else {})}
    whole = Pressing()
    last = minimize(whole, start(), method=method, **settings)
    for n in some(whole.calls, method):
        objective, params = Pressing(n), start()
        found = minimize(objective, params, method=method, **settings)
        # What comes after the search is for the errors.
        best = min(cost for cost, *_ in objective.points[: n - 1]) if found.aborted else last.chisqr
        assert NOT_WAITED in found.message
        assert found.chisqr == best
        assert (best, found.params["a"].value, found.params["t"].value) in objective.points
        np.testing.assert_array_equal(found.residual, residual(found.params))
        assert state(params) == state(found.params)
        # Before the end of the search there are errors, but no success; after it, it is the other way round.
        assert found.aborted == (not found.success) == found.errorbars == (params["a"].stderr is not None)


def test_in_the_objective_of_a_sampler():
    for n in some(112, "emcee"):
        params = start()
        found = minimize(Pressing(n), params, method="emcee", steps=10, nwalkers=10, seed=1)
        assert found.aborted
        assert NOT_WAITED in found.message
        assert state(params) == state(found.params)


def fitted(objective):
    fitter = Minimizer(residual, start())
    fitter.leastsq()
    fitter.userfcn = objective
    return fitter


@pytest.mark.parametrize("p_names", [None, ["b", "t"]])
def test_in_the_objective_while_limits_are_searched(p_names):
    objective = Pressing()
    whole = conf_interval(fitted(objective), p_names=p_names)
    finished = 0
    for n in some(objective.calls, "limits", 20):
        fitter = fitted(Pressing(n))
        before, last = state(fitter.params), fitter.result
        try:
            found = conf_interval(fitter, p_names=p_names)
        except KeyboardInterrupt:
            assert finished == 0  # before there is any limit
            continue
        finally:
            assert state(fitter.params) == state(last.params) == before
            assert fitter.result is last
        assert list(found) == list(whole)
        assert {limit.missing for limits in found.missing.values() for limit in limits} == {"interrupted"}
        assert NOT_WAITED in found.status[list(found)[-1]]
        limits = [(name, limit) for name, interval in found.intervals.items() for limit in interval.limits]
        assert all(
            limit == whole.limit(name, limit.probability, limit.side) for name, limit in limits if limit.found
        )
        assert finished <= sum(limit.found for _, limit in limits) < len(limits)
        finished = sum(limit.found for _, limit in limits)
    assert finished >= 9


def test_trace_of_interrupted_limits():
    found, trace = conf_interval(fitted(Pressing(26)), trace=True)
    assert 0 < len(trace) <= len(found) == 2
    for name, columns in trace.items():
        assert len(set(map(len, columns.values()))) == 1
        assert (np.diff(columns[name]) > 0).all()


def test_in_the_objective_of_one_of_many_fits():
    objective, datasets = Pressing(), [X, X[:20], X[:10], X[5:25], X[3:]]
    whole = fit_many(objective, start(), datasets)
    for n in some(objective.calls, "batch", 12):
        params = start()
        found = fit_many(Pressing(n), params, datasets)
        done = int(np.sum(found.success))
        assert list(found.success) == [True] * done + [False] * (len(datasets) - done)
        assert all(NOT_WAITED in text for text in found.message[done:])
        assert done < len(datasets)
        for name in ("a", "t", "b"):
            np.testing.assert_array_equal(found.values[name][:done], whole.values[name][:done])
            np.testing.assert_array_equal(found.stderr[name][:done], whole.stderr[name][:done])
        assert state(params) == state(start())


class Tracer:
    """Interrupts at the n-th line that is run outside of the tests, and counts the lines."""

    def __init__(self, n=0):
        self.n, self.lines = n, 0

    def __call__(self, frame, event, arg):
        if "/tests/" in frame.f_code.co_filename:
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.n:
                raise KeyboardInterrupt
        return self


def traced(work, tracer):
    before = sys.gettrace()
    gc.disable()  # what others have it call, hypothesis for one, is not to be interrupted
    sys.settrace(tracer)
    try:
        return work.run()
    except KeyboardInterrupt:
        return None
    finally:
        sys.settrace(before)
        gc.enable()


@pytest.mark.parametrize(
    "name", ["leastsq", "lbfgsb", "nelder", "conf_interval", "model", "batch of objectives"]
)
def test_at_random_lines(name, record_property):
    """Also where a result is made from a search, and where it is written into the parameters."""
    work, rounds, ends = WORKS.get(name) or Fit(name), 40, []
    record_property("cases", rounds)
    work.reset()
    work.run()
    work.reset()
    counter = Tracer()
    traced(work, counter)
    rng = random.Random(name)
    for _ in range(rounds):
        work.reset()
        ends.append(work.check(traced(work, Tracer(rng.randrange(1, counter.lines)))))
    assert set(ends) <= ENDS
    if isinstance(work, Fit) and name in LOCAL:
        assert ends.count("best so far") > 0.5 * rounds


def interrupted(rounds, works, record_property):
    record_property("cases", rounds * len(works))
    command = [sys.executable, SCRIPT, str(rounds), *works]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=3600, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # emcee prints what was raised in the objective


def check(ends, rounds):
    """When an interrupt comes is a matter of the machine; that some come in time is not."""
    for counts in ends.values():
        assert set(counts) <= ENDS
        assert sum(counts.values()) == rounds
    assert any(set(counts) - {"finished"} for counts in ends.values())


def test_at_random_moments(record_property):
    works = ["leastsq", "least_squares", "nelder", "differential_evolution", *OTHERS]
    check(interrupted(5, works, record_property), 5)


@pytest.mark.thorough
@pytest.mark.parametrize("works", [LOCAL, GLOBAL, OTHERS], ids=["local", "global", "others"])
def test_at_many_random_moments(works, record_property):
    check(interrupted(40, works, record_property), 40)


ENDLESS = """
import sys
import numpy as np
from lmfit import create_params, minimize

calls = [0]

def residual(params):
    calls[0] += 1
    if calls[0] == 6:
        print("ready", flush=True)
        while True:
            pass
    return params["a"].value ** 2 * np.arange(1, 5) - 2.0

params = create_params(a=1.0)
found = minimize(residual, params)
assert found.aborted and not found.success
assert found.params["a"].value == params["a"].value
print(found.message)
"""


def test_from_another_process_while_the_objective_never_ends():
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert "interrupted from the keyboard" in said
