"""Objectives that do what they should not, and what a fit makes of it."""

import warnings

import numpy as np
import pytest
from world import World

from lmfit import Minimizer, create_params, minimize
from lmfit.errors import ParameterNameError


def meddling(*changes):
    """An objective that changes what it was given, after having used it."""

    def residual(params, x, y):
        found = World.residual(params, x, y)
        for change in changes:
            change(params)
        return found

    return residual


MEDDLING = {
    "value": lambda p: setattr(p["a"], "value", 7.0),
    "tied value": lambda p: setattr(p["c"], "value", 7.0),
    "bounds": lambda p: p["a"].set(min=-100, max=100),
    "vary": lambda p: setattr(p["b"], "vary", False),
    "stderr": lambda p: setattr(p["a"], "stderr", 3.0),
    "user data": lambda p: setattr(p["a"], "user_data", object()),
    "another": lambda p: p.add("another", value=1.0),
}


@pytest.mark.parametrize("change", MEDDLING.values(), ids=MEDDLING)
@pytest.mark.parametrize("method", ["leastsq", "least_squares", "nelder"])
def test_changes_of_the_params_have_no_effect_on_the_search(change, method):
    plain, meddled = World(), World()
    expected = plain.fit(method=method)
    found = meddled.fit(meddling(change), method=method)
    assert found.chisqr == pytest.approx(expected.chisqr, rel=1e-9)
    for name in ("a", "b"):
        assert meddled.params[name].value == pytest.approx(plain.params[name].value, rel=1e-6)
        assert meddled.params[name].vary
    assert list(meddled.params) == list(plain.params)
    assert meddled.params["a"].min == 0
    assert meddled.params["a"].user_data is None


def test_a_parameter_taken_away_is_an_error_that_names_it():
    world = World()
    before = world.snapshot()
    with pytest.raises(ParameterNameError, match="no parameter is named 'b'"):
        world.fit(meddling(lambda p: p.pop("b", None)))
    assert world.snapshot() == before


FORMS = {
    "list": list,
    "tuple": tuple,
    "column": lambda r: r[:, np.newaxis],
    "square": lambda r: r.reshape(4, 5),
    "object array": lambda r: r.astype(object),
    "float32 and back": lambda r: r.astype(np.float64),
    "Fortran order": lambda r: np.asfortranarray(r.reshape(4, 5).T).T,
    "every second of twice as many": lambda r: np.repeat(r, 2)[::2],
    "backwards": lambda r: r[::-1][::-1],
    "big-endian": lambda r: r.astype(">f8"),
    "read-only": lambda r: np.frombuffer(r.tobytes()),
    "masked array": np.ma.array,
    "long double": lambda r: r.astype(np.longdouble),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_forms_of_the_same_residual(form):
    plain, other = World(), World()
    plain.fit()
    other.fit(lambda p, x, y: form(World.residual(p, x, y)))
    assert other.params.valuesdict() == plain.params.valuesdict()
    assert other.params["a"].stderr == plain.params["a"].stderr


def test_read_only_data_and_generators_as_arguments():
    world = World()
    world.x.flags.writeable = world.y.flags.writeable = False
    found = minimize(world.residual, world.params, args=(array for array in (world.x, world.y)))
    assert found.success


def test_generators_are_used_up_only_once():
    world = World()
    fitter = Minimizer(world.residual, world.params, fcn_args=iter((world.x, world.y)))
    assert fitter.leastsq().success
    assert fitter.leastsq().success


def test_warnings_of_the_objective_reach_the_user():
    world = World()

    def residual(params, x, y):
        warnings.warn("mine", UserWarning, stacklevel=1)
        return World.residual(params, x, y)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert world.fit(residual).success
    assert {str(warning.message) for warning in caught} == {"mine"}


@pytest.mark.parametrize("method", ["leastsq", "least_squares", "nelder", "bfgs", "differential_evolution"])
def test_an_objective_that_never_ends_is_ended_between_its_calls(method):
    """An endless search, not an endless call: that one only Ctrl-C ends, see test_interrupts."""
    calls = [0]

    def restless(params):
        calls[0] += 1
        return np.sin(np.arange(10.0) * 12.9898 * calls[0]) + 2.0  # never twice the same

    found = minimize(
        restless, create_params(a={"value": 1.0, "min": 0, "max": 3}), method=method, timeout=0.3
    )
    assert found.aborted or found.nfev < 20000


def test_huge_and_tiny_numbers():
    for size in (1e-150, 1e150):
        world = World()
        world.keywords["y"] = world.y * size
        world.params.add("a", value=2 * size)
        assert world.fit().success
        assert world.params["a"].value == pytest.approx(3.0 * size, rel=0.1)
