"""Results: every field with its type, their statistics, messages, and what can be done with the object."""

import copy
import functools
import math
import pickle

import numpy as np
import pytest
from helpers import linear_solution

from lmfit import Minimizer, MinimizerResult, create_params, fit_report, minimize

x = np.linspace(0, 10, 50)
y = 3 * np.exp(-x / 2) + 1 + np.random.default_rng(3).normal(scale=0.05, size=x.size)

FIELDS = {
    "nfev": int,
    "success": bool,
    "errorbars": bool,
    "message": str,
    "ier": int,
    "lmdif_message": str,
    "nvarys": int,
    "ndata": int,
    "nfree": int,
    "residual": np.ndarray,
    "chisqr": float,
    "redchi": float,
    "aic": float,
    "bic": float,
    "covar": np.ndarray,
    "var_names": list,
    "init_vals": list,
    "init_values": dict,
    "method": str,
    "aborted": bool,
    "scale_covar": bool,
    "undetermined": dict,
}


def residual(p, x=x, y=y):
    return p["a"] * np.exp(-x / p["t"]) + p["c"] - y


def start():
    params = create_params(a=1.0, t=1.0, c={"value": 0.5, "min": 0})
    params.add("half", expr="t / 2")
    params.add("fixed", value=7, vary=False)
    return params


@pytest.fixture
def out():
    return minimize(residual, start(), ftol=1e-8)


@pytest.fixture
def result(out):
    return out.result


@pytest.mark.parametrize("name, kind", FIELDS.items())
def test_field_on_the_result_and_on_the_minimizer(out, name, kind):
    assert type(getattr(out.result, name)) is kind
    assert type(getattr(out, name)) is kind
    np.testing.assert_array_equal(getattr(out, name), getattr(out.result, name))


@pytest.mark.parametrize("name", [name for name, kind in FIELDS.items() if kind in (int, float, bool)])
def test_numbers_of_an_aborted_fit_have_the_same_types(name):
    result = minimize(residual, start(), max_nfev=9).result
    assert type(getattr(result, name)) is FIELDS[name]


@pytest.mark.parametrize("name", FIELDS)
def test_fields_of_a_fit_without_variables(name):
    params = start()
    for par in params.values():
        par.vary = False
    result = minimize(residual, params).result
    if name == "covar":
        assert result.covar is None
    else:
        assert type(getattr(result, name)) is FIELDS[name]


def test_counts(result):
    assert (result.nvarys, result.ndata, result.nfree) == (3, 50, 47)
    assert result.var_names == ["a", "t", "c"]


def test_start_values(result):
    assert result.init_values == {"a": 1.0, "t": 1.0, "c": 0.5}
    assert result.init_vals == [1.0, 1.0, 0.5]
    assert {name: par.init_value for name, par in result.params.items() if par.vary} == result.init_values


def test_options_of_the_engine(result):
    assert result.call_kws == {"ftol": 1e-8}
    assert result.method == "leastsq"


def test_statistics(result):
    chisqr, n, k = float(np.sum(residual(result.params) ** 2)), 50, 3
    assert result.chisqr == pytest.approx(chisqr, rel=1e-12)
    assert result.redchi == pytest.approx(chisqr / (n - k), rel=1e-12)
    assert result.aic == pytest.approx(n * math.log(chisqr / n) + 2 * k, rel=1e-12)
    assert result.bic == pytest.approx(n * math.log(chisqr / n) + math.log(n) * k, rel=1e-12)


def test_statistics_of_an_exact_fit_are_finite():
    fit = minimize(lambda p: p["a"] * x, create_params(a=1))
    assert fit.chisqr == 0
    assert math.isfinite(fit.aic)
    assert math.isfinite(fit.bic)


def test_residual_is_that_of_the_best_values(result):
    np.testing.assert_array_equal(result.residual, residual(result.params))


def test_covariance_agrees_with_errors_and_correlations(result):
    errors = np.sqrt(np.diag(result.covar))
    assert [result.params[name].stderr for name in result.var_names] == pytest.approx(list(errors), rel=1e-12)
    correl = result.params["a"].correl
    assert correl["t"] == pytest.approx(result.covar[0, 1] / errors[0] / errors[1], rel=1e-12)
    assert set(correl) == {"t", "c"}


def test_covariance_is_scaled_by_reduced_chi_square_if_wanted():
    scaled, plain = (minimize(residual, start(), scale_covar=flag) for flag in (True, False))
    np.testing.assert_allclose(scaled.covar, plain.covar * scaled.redchi, rtol=1e-7)
    assert (scaled.scale_covar, plain.scale_covar) == (True, False)


def test_covariance_has_the_order_of_the_variables():
    X = np.column_stack([np.ones_like(x), x, x**2])
    params = create_params(b={"expr": "c - a"}, a=1, fixed={"value": 1, "vary": False}, c=1)
    fit = minimize(lambda p: p["a"] + p["c"] * x - y, params)
    assert fit.var_names == ["a", "c"]
    np.testing.assert_allclose(fit.covar, linear_solution(X[:, :2], y).covar, rtol=1e-7)


def test_tied_parameters_have_errors_and_correlations(result):
    t, half = result.params["t"], result.params["half"]
    assert half.stderr == pytest.approx(t.stderr / 2, rel=1e-8)
    assert half.correl["t"] == pytest.approx(1, rel=1e-8)
    assert half.correl["a"] == pytest.approx(t.correl["a"], rel=1e-8)


def test_fixed_parameters_have_the_error_zero(result):
    assert result.params["fixed"].stderr == 0
    assert not result.params["fixed"].correl


def test_without_covariance():
    fit = minimize(residual, start(), calc_covar=False)
    assert fit.success
    assert fit.covar is None
    assert fit.errorbars is False
    assert fit.params["a"].stderr is None
    assert fit.params["a"].correl is None


def test_without_covariance_errors_of_an_earlier_fit_do_not_survive():
    params = start()
    minimize(residual, params)
    minimize(residual, params, calc_covar=False)
    assert params["a"].stderr is None
    assert params["half"].stderr is None


def test_uvars_are_correlated(result):
    pytest.importorskip("uncertainties")
    difference = result.uvars["a"] - result.uvars["half"]
    weights = np.array([1, -0.5, 0])
    assert result.uvars["a"].nominal_value == result.params["a"].value
    assert difference.std_dev == pytest.approx(math.sqrt(weights @ result.covar @ weights), rel=1e-8)


def test_message_says_why_it_ended(result):
    assert result.message.startswith("Fit succeeded: ")
    assert result.message.endswith(".")


def test_message_names_what_has_no_error():
    params = create_params(a=1.0, t=1.0, c={"value": 0.5, "max": 0.8}, u=1.0, v=1.0)
    fit = minimize(lambda p: residual(p) + 0 * (p["u"] - p["v"]), params)
    assert "'c' (at its upper bound)" in fit.message
    assert "'u' (no effect on the residual)" in fit.message
    assert "'v' (no effect on the residual)" in fit.message
    assert set(fit.undetermined) == {"c", "u", "v"}


def test_message_shows_the_options_given():
    assert "ftol=0.01" in minimize(residual, start(), ftol=0.01, xtol=1e-15).message


def test_message_of_a_fit_that_was_cut_short():
    fit = minimize(residual, start(), max_nfev=9)
    assert fit.message.startswith("Fit aborted: ")
    assert "9 evaluations" in fit.message


def test_truth_is_success():
    assert minimize(residual, start()).result
    assert not minimize(residual, start(), max_nfev=9).result


def test_repr(result):
    text = repr(result)
    assert text.startswith("<MinimizerResult: leastsq succeeded after ")
    assert "50 data" in text
    assert max(map(len, text.splitlines())) <= 80


FUNCTIONS = [residual, functools.partial(residual, y=2 * y), lambda p: 1 * residual(p)]


@pytest.mark.parametrize("function", FUNCTIONS, ids=["def", "partial", "lambda"])
def test_repr_of_the_minimizer_is_short(function):
    lines = repr(minimize(function, start())).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 80


def test_html(result):
    assert "<table" in result._repr_html_()


def test_report(out):
    assert fit_report(out) == fit_report(out.result)
    assert "chi-square" in fit_report(out)


@pytest.mark.parametrize(
    "wrong, right", [("chisq", "chisqr"), ("redchis", "redchi"), ("lmdif_mesage", "lmdif_message")]
)
def test_unknown_attribute_is_an_error_with_a_hint(out, wrong, right):
    for thing in (out, out.result):
        with pytest.raises(AttributeError, match=f"'{wrong}'.*'{right}'"):
            getattr(thing, wrong)


def test_unknown_attribute_has_its_default(out):
    assert getattr(out, "flatchain", "none") == "none"
    assert not hasattr(out.result, "flatchain")


def test_completion_lists_the_fields(out):
    assert set(FIELDS) | {"params", "leastsq"} <= set(dir(out))
    assert set(FIELDS) | {"params"} <= set(dir(out.result))


def test_result_has_parameters_of_its_own(out):
    out.result.params["a"].value = 99
    assert out.params["a"].value != 99


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def assert_same(one, other):
    assert one.params == other.params
    assert [par.stderr for par in one.params.values()] == [par.stderr for par in other.params.values()]
    np.testing.assert_array_equal(one.covar, other.covar)
    np.testing.assert_array_equal(one.residual, other.residual)
    for name in ("message", "ier", "nfev", "chisqr", "init_values"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickled])
def test_result_can_be_copied_and_pickled(out, duplicate):
    twin = duplicate(out.result)
    assert isinstance(twin, MinimizerResult)
    assert_same(out.result, twin)


def test_result_of_a_lambda_can_be_pickled():
    result = minimize(lambda p: 1 * residual(p), start()).result
    assert_same(result, pickled(result))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_minimizer_of_a_module_function_can_be_copied_and_pickled_and_fits_again(out, duplicate):
    twin = duplicate(out)
    assert isinstance(twin, Minimizer)
    assert_same(out, twin)
    assert twin.leastsq()
    assert twin.params["a"].value == pytest.approx(out.params["a"].value, rel=1e-7)


def test_a_copy_of_a_minimizer_is_independent(out):
    twin = copy.deepcopy(out)
    twin.params["a"].value = 99
    assert out.params["a"].value != 99


def test_candidates_are_shown(capsys):
    params = create_params(a={"value": 0.0, "min": -2, "max": 2})
    out = minimize(lambda p: [p["a"] - 1.0, 0.5], params, method="brute", Ns=5, keep=2)
    out.show_candidates()
    shown = capsys.readouterr().out
    assert shown.startswith("Candidate #1, chisqr = 0.25")
    assert "Candidate #2" in shown
    out.show_candidates(2)
    assert "Candidate #1" not in capsys.readouterr().out
    with pytest.raises(ValueError, match="no candidate 3 among the 2"):
        out.show_candidates(3)
