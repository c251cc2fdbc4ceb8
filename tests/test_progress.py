"""The bar of a search: shown for every engine, only when asked for, and closed however the search ends."""

import re
import sys

import numpy as np
import pytest
from helpers import Counted

from lmfit import Minimizer, create_params, engines, minimize
from lmfit._problem import Policy
from lmfit._progress import shown

X = np.linspace(0.0, 4.0, 20)
DATA = 3.0 * np.exp(-X / 1.5) + np.random.default_rng(1).normal(0.0, 0.02, X.size)

#: What makes a search with these engines short.
SHORT = {
    "emcee": {"steps": 5, "nwalkers": 6, "seed": 1},
    "brute": {"Ns": 5},
    "multistart": {"n": 2},
}


def residual(params):
    return params["amp"] * np.exp(-X / params["tau"]) - DATA


def params():
    return create_params(
        amp={"value": 2.0, "min": 0.5, "max": 5.0}, tau={"value": 1.0, "min": 0.5, "max": 5.0}
    )


def last_state(text):
    """Return title, number of calls, chi-square and rate of what a bar showed last."""
    line = text.rsplit("\r", 1)[-1]
    found = re.search(
        r"^(\S+): .*?(\d+)(?:/\d+| calls) \[.*, +(\S+ ?calls/s|\S+ ?s/ calls), chi-square (\S+)\]", line
    )
    assert found, line
    return found[1], int(found[2]), float(found[4]), found[3]


@pytest.mark.parametrize("method", engines.names())
def test_bar_of_every_engine(method, capsys):
    counted = Counted(residual)
    out = minimize(
        counted,
        params(),
        method=method,
        progress=True,
        max_nfev=200,
        calc_covar=False,
        **SHORT.get(method, {}),
    )
    printed = capsys.readouterr()
    title, calls, chisqr, _ = last_state(printed.err.rstrip("\n"))
    assert printed.out == ""
    assert title == method
    assert out.nfev == counted.calls
    assert calls <= out.nfev
    assert calls >= 0.7 * out.nfev
    assert chisqr == pytest.approx(out.chisqr, rel=0.01)


@pytest.mark.parametrize("method", engines.names())
def test_silent_when_not_asked_for(method, capsys):
    minimize(residual, params(), method=method, max_nfev=200, **SHORT.get(method, {}))
    assert capsys.readouterr() == ("", "")


def test_setting_of_a_minimizer_and_of_one_fit(capsys):
    fitter = Minimizer(residual, params(), progress=True)
    fitter.leastsq()
    assert "leastsq" in capsys.readouterr().err
    fitter.leastsq(progress=False)
    assert capsys.readouterr().err == ""
    Minimizer(residual, params()).nelder(progress=True)
    assert "nelder" in capsys.readouterr().err


def test_shows_the_lowest_chi_square(capsys):
    out = minimize(residual, params(), method="nelder", progress=True, calc_covar=False)
    _, calls, chisqr, rate = last_state(capsys.readouterr().err.rstrip("\n"))
    assert calls == out.nfev
    assert chisqr == pytest.approx(out.chisqr, rel=1e-5)
    assert rate.endswith("calls/s")


def test_a_number_is_shown_as_it_is(capsys):
    minimize(lambda p: (p["amp"] - 1.0) ** 2 - 7.0, create_params(amp=3.0), method="nelder", progress=True)
    assert "value -7]" in capsys.readouterr().err


def test_limit_of_evaluations_is_the_length_of_the_bar(capsys):
    minimize(residual, params(), method="nelder", progress=True, max_nfev=20, calc_covar=False)
    assert "20/20" in capsys.readouterr().err


def bars():
    from tqdm.auto import tqdm

    return list(getattr(tqdm, "_instances", ()))


def stop(params, iteration, resid):
    return iteration >= 12


def interrupt(params, iteration, resid):
    if iteration >= 12:
        raise KeyboardInterrupt


@pytest.mark.parametrize("iter_cb", [stop, interrupt])
def test_ends_cleanly_on_abort(iter_cb, capsys):
    out = minimize(residual, params(), method="nelder", progress=True, iter_cb=iter_cb)
    assert out.aborted
    printed = capsys.readouterr().err
    assert printed.endswith("\n")
    assert last_state(printed.rstrip("\n"))[1] >= 11
    assert not bars()


@pytest.mark.parametrize("method", ["leastsq", "nelder", "emcee"])
def test_ends_cleanly_on_an_exception(method, capsys):
    def objective(p):
        if p["amp"] != 2.0:
            raise ZeroDivisionError("mine")
        return residual(p)

    with pytest.raises(ZeroDivisionError, match="mine"):
        minimize(objective, params(), method=method, progress=True, **SHORT.get(method, {}))
    assert capsys.readouterr().err.endswith("\n")
    assert not bars()


def test_callback_of_the_user_is_called_as_without_a_bar():
    seen = []

    def note(params, iteration, resid, *args, **kws):
        seen.append((iteration, params["amp"].value, args, kws))

    def objective(params, shift, scale):
        return scale * residual(params) + shift

    runs = []
    for progress in (False, True):
        seen.clear()
        minimize(
            objective, params(), (0.0,), {"scale": 1.0}, method="nelder", iter_cb=note, progress=progress
        )
        runs.append(list(seen))
    assert runs[0] == runs[1]
    assert runs[0][0][2:] == ((0.0,), {"scale": 1.0})


def test_result_is_the_same():
    plain, watched = (minimize(residual, params(), progress=progress) for progress in (False, True))
    assert watched.nfev == plain.nfev
    assert watched.params.valuesdict() == plain.params.valuesdict()


def test_residuals_too_large_to_be_squared_are_no_warning():
    with shown(Policy(), True, "nelder") as policy:
        assert policy.iter_cb({}, 1, np.full(4, 1e200)) is None


def test_nothing_is_put_before_the_callback_without_a_bar():
    policy = Policy()
    with shown(policy, False, "nelder") as same:
        assert same is policy


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="progress=True needs the package tqdm: pip install"):
        minimize(residual, params(), progress=True)
    assert minimize(residual, params()).success
