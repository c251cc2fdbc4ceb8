"""How the objective is called: what it may return, NaN, limits, interrupts, derivatives from the user."""

import copy
import time
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import Counted, errors, linear_solution, values

from lmfit import Minimizer, MinimizerException, Parameters, _problem, create_params, minimize
from lmfit._problem import Policy, Problem, Space
from lmfit._robust import SUM_OF_SQUARES, loss
from lmfit.errors import AbortFitException, ExpressionDomainError, NonFiniteError, ParameterError

x = np.linspace(0, 10, 50)
y = 3 * np.exp(-x / 2) + 1 + np.random.default_rng(3).normal(scale=0.05, size=x.size)


def residual(p, y=y):
    return p["a"] * np.exp(-x / p["t"]) + p["c"] - y


def start():
    return create_params(a=1.0, t=1.0, c=0.0)


def best():
    """The values and errors of the plain fit."""
    fit = minimize(residual, start())
    return values(fit), errors(fit)


def untouched(params):
    return params == start() and all(par.stderr is None for par in params.values())


def as_series(r):
    pandas = pytest.importorskip("pandas")
    return pandas.Series(r, index=x)


def as_frame(r):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(r.reshape(10, 5))


REAL = {
    "list": list,
    "list of Python floats": lambda r: r.tolist(),
    "tuple": tuple,
    "nested list": lambda r: r.reshape(5, 10).tolist(),
    "2-D": lambda r: r.reshape(5, 10),
    "column": lambda r: r[:, np.newaxis],
    "Fortran order": lambda r: np.asfortranarray(r.reshape(5, 10)),
    "strided": lambda r: np.repeat(r, 2)[::2],
    "reversed view": lambda r: r[::-1],
    "big endian": lambda r: r.astype(">f8"),
    "long double": lambda r: r.astype(np.longdouble),
    "objects": lambda r: r.astype(object),
    "matrix of one row": lambda r: r[np.newaxis, :],
    "imaginary": lambda r: 1j * r,
    "masked, nothing masked": np.ma.masked_array,
    "Series": as_series,
    "DataFrame": as_frame,
}


@pytest.mark.parametrize("form", REAL.values(), ids=REAL)
def test_forms_of_a_residual(form):
    fit = minimize(lambda p: form(residual(p)), start())
    expected_values, expected_errors = best()
    assert fit.success
    np.testing.assert_allclose(values(fit), expected_values, rtol=1e-7)
    assert type(fit.residual) is np.ndarray
    assert fit.residual.ndim == 1
    if not np.iscomplexobj(form(residual(start()))):
        np.testing.assert_allclose(errors(fit), expected_errors, rtol=1e-6)


def test_complex_counts_real_and_imaginary_part():
    z = y + 2j * x
    fit = minimize(lambda p: p["a"] + 1j * p["b"] * x - z, create_params(a=0, b=0))
    X = np.zeros((100, 2))
    X[::2, 0], X[1::2, 1] = 1, x
    expected = linear_solution(X, np.column_stack([y, 2 * x]).ravel())
    assert fit.ndata == 100
    np.testing.assert_allclose(values(fit), expected.values, rtol=1e-8)
    np.testing.assert_allclose(errors(fit), expected.stderr, rtol=1e-8)


@pytest.mark.parametrize("kind", [list, np.array])
def test_complex_list(kind):
    fit = minimize(lambda p: kind([p["a"].value - 1 + 0j, 1j * (p["a"].value - 3)]), create_params(a=0))
    assert fit.params["a"].value == pytest.approx(2)
    assert fit.ndata == 4


def test_single_precision_is_fitted_as_far_as_it_goes():
    fit = minimize(lambda p: residual(p).astype(np.float32), start())
    expected_values, expected_errors = best()
    assert fit.success
    assert (abs(values(fit) - expected_values) < 0.3 * expected_errors).all()
    np.testing.assert_allclose(errors(fit), expected_errors, rtol=0.1)


def test_integers_do_not_move():
    fit = minimize(lambda p: np.round(p["a"].value - np.arange(5)).astype(int), create_params(a=1.2))
    assert fit.params["a"].value == 1.2
    assert "'a' (no effect on the residual)" in fit.message
    assert fit.ndata == 5


def test_masked_data_do_not_count():
    masked = np.ma.masked_array(np.append(y, 1e6), mask=[False] * 50 + [True])
    wide = np.append(x, 0)
    fit = minimize(lambda p: p["a"] * np.exp(-wide / p["t"]) + p["c"] - masked, start(), nan_policy="omit")
    assert fit.ndata == 50
    np.testing.assert_allclose(values(fit), best()[0], rtol=1e-7)


@pytest.mark.parametrize(
    "returned, message",
    [
        (None, "returned None.*'return'"),
        ("text", "returned str"),
        (b"bytes", "returned bytes"),
        ({"a": 1.0}, "returned dict"),
        ([1.0, "x"], "returned list"),
        ([[1.0, 2.0], [3.0]], "returned list"),
        (..., "returned ellipsis"),
        ([], "no data"),
        (np.empty((0, 3)), "no data"),
    ],
    ids=str,
)
def test_what_is_no_residual_is_a_clear_error(returned, message):
    params = start()
    with pytest.raises(MinimizerException, match=message):
        minimize(lambda p: returned, params)
    assert untouched(params)


def test_change_of_length_is_a_clear_error():
    params = start()
    short = lambda p: residual(p) if p["a"].value == 1 else residual(p)[:-1]
    with pytest.raises(MinimizerException, match="49 values after 50"):
        minimize(short, params)
    assert untouched(params)


def test_change_of_shape_is_none_of_length():
    shapes = iter([(5, 10), (50,), (10, 5)] * 1000)
    fit = minimize(lambda p: residual(p).reshape(next(shapes)), start())
    np.testing.assert_allclose(values(fit), best()[0], rtol=1e-7)


CASES = {
    "plain": {},
    "no polish": {"polish": False},
    "no retry": {"retry": False},
    "no covariance": {"calc_covar": False},
    "limit": {"max_nfev": 7},
    "derivatives": {"Dfun": lambda p: rows_of_all(p).T},
    "omit": {"nan_policy": "omit"},
    "callback": {"iter_cb": lambda p, i, r: i > 9},
}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
@pytest.mark.parametrize("bounds", [{}, {"min": 0, "max": 50}])
def test_nfev_is_the_number_of_calls(settings, bounds):
    params = start()
    params["t"].set(**bounds)
    params.add("tied", expr="2 * t")
    objective = Counted(residual)
    assert minimize(objective, params, **settings).nfev == objective.calls


def test_nfev_is_that_of_the_last_fit():
    objective = Counted(residual)
    fitter = minimize(objective, start())
    first = objective.calls
    fitter.leastsq()
    assert fitter.nfev == objective.calls - first


def test_the_objective_gets_a_parameters_with_current_ties():
    seen = []

    def objective(p):
        seen.append((type(p), p["tied"].value - 2 * p["t"].value))
        return residual(p)

    params = start()
    params.add("tied", expr="2 * t")
    minimize(objective, params)
    assert set(seen) == {(Parameters, 0.0)}


def test_the_fit_works_on_a_copy():
    params = start()
    seen = set()

    def objective(p):
        seen.add((p is params, params["a"].value))
        return residual(p)

    minimize(objective, params)
    assert seen == {(False, 1.0)}


def with_nan(p):
    r = residual(p)
    r[[3, 7]] = np.nan, np.inf
    return r


def test_nan_at_the_start_says_how_many_where_and_for_which_values():
    params = start()
    params.add("tied", expr="2 * t")
    with pytest.raises(ValueError, match="2 of 50 values") as caught:
        minimize(with_nan, params)
    for text in ("(nan) at index 3", "a=1.0", "t=1.0", "c=0.0", "tied=2", "nan_policy='omit'"):
        assert text in str(caught.value)
    assert isinstance(caught.value, MinimizerException)
    assert params["a"].stderr is None


def test_infinity_at_the_start():
    with pytest.raises(ValueError, match=r"50 of 50 values, the first \(inf\) at index 0"):
        minimize(lambda p: np.full(50, np.inf), start())


@pytest.mark.parametrize("data", [slice(3, 4), slice(0, 1), slice(49, 50), slice(0, 50, 3)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_omit_is_the_fit_without_these_data(data, bad):
    broken = y.copy()
    broken[data] = bad
    keep = np.isfinite(broken)
    fit = minimize(lambda p: residual(p, broken), start(), nan_policy="omit")
    reference = minimize(lambda p: residual(p)[keep], start())
    assert (fit.ndata, fit.nfree) == (keep.sum(), keep.sum() - 3)
    assert fit.residual.shape == (keep.sum(),)
    np.testing.assert_allclose(values(fit), values(reference), rtol=1e-8)
    np.testing.assert_allclose(errors(fit), errors(reference), rtol=1e-7)


def test_omit_with_derivatives_from_the_user():
    fit = minimize(with_nan, start(), nan_policy="omit", Dfun=derivatives)
    reference = minimize(with_nan, start(), nan_policy="omit")
    np.testing.assert_allclose(values(fit), values(reference), rtol=1e-7)
    np.testing.assert_allclose(errors(fit), errors(reference), rtol=1e-6)


def test_omit_with_a_mask_that_changes_during_the_fit():
    data = np.log(2 * x + 1) + 0.01 * np.sin(7 * x)

    def objective(p):
        with np.errstate(invalid="ignore"):
            return np.log(p["a"].value * x + p["b"].value) - data

    assert np.isnan(objective(create_params(a=3.0, b=-2.0))).sum() == 4
    fit = minimize(objective, create_params(a=3.0, b=-2.0), nan_policy="omit")
    reference = minimize(objective, create_params(a=1.0, b=2.0))
    assert fit.ndata == 50
    np.testing.assert_allclose(values(fit), values(reference), rtol=1e-7)
    np.testing.assert_allclose(errors(fit), errors(reference), rtol=1e-6)


def test_omit_says_how_many():
    assert "2 of 50 data" in minimize(with_nan, start(), nan_policy="omit").message


@pytest.mark.parametrize("missing, said", [(0, "1 of 3"), (1, "2 of 3")])
def test_omit_says_how_many_more_than_at_the_start(missing, said):
    def objective(p):
        a = p["a"].value
        return np.array([np.nan if missing else 1.0, np.nan if a < 1 else 5.0 + a, a])

    fit = minimize(objective, create_params(a=2.0), nan_policy="omit")
    assert f"{said} data were omitted, as they are not finite ({missing} at the start:" in fit.message


def test_what_is_omitted_at_the_start_is_that_of_the_first_start():
    def objective(p):
        return np.where(p["a"].value < 2, [1.0, np.nan, np.nan, 2.0], [np.nan, 3.0, 4.0, 5.0])

    problem = small(objective, Policy(nan_policy="omit"))
    problem.begin()
    assert problem.omitted_at_start == 1
    with problem.restarted([1.0], 5):
        assert problem.omitted_at_start == 1
    assert problem.omitted.tolist() == [False, True, True, False]


def test_omit_when_nothing_is_left():
    with pytest.raises(ValueError, match="50 of 50"):
        minimize(lambda p: np.full(50, np.nan), start(), nan_policy="omit")


def test_omit_that_leaves_fewer_data_than_variables_is_no_success():
    line = lambda p: np.array([p["a"] + p["b"] - 3, np.nan, np.nan])
    fit = minimize(line, create_params(a=1, b=1), nan_policy="omit")
    assert not fit.success
    assert "2 of 3 data were omitted" in fit.message
    assert "which leaves fewer than the 2 variables" in fit.message


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_in_the_search_is_a_rejected_step(bad):
    objective = lambda p: residual(p) if p["t"].value < 2.5 else np.full(50, bad)
    fit = minimize(objective, start())
    assert fit.success
    np.testing.assert_allclose(values(fit), best()[0], rtol=1e-7)
    np.testing.assert_allclose(errors(fit), best()[1], rtol=1e-6)


def test_nan_on_one_side_of_the_start():
    objective = lambda p: residual(p) if p["t"].value <= 3 else np.full(50, np.nan)
    fit = minimize(objective, create_params(a=1.0, t=3.0, c=0.0))
    np.testing.assert_allclose(values(fit), best()[0], rtol=1e-7)


def test_nan_on_both_sides_of_the_start():
    alone = lambda p: np.array([1.0, 2.0]) * p["a"] if p["a"] == 1 else np.full(2, np.nan)
    fit = minimize(alone, create_params(a=1))
    assert (fit.params["a"].value, fit.params["a"].stderr, fit.chisqr) == (1.0, None, 5.0)
    assert "'a' (no finite residual on either side of its value)" in fit.message


def test_nan_of_a_logarithm():
    def objective(p):
        with np.errstate(invalid="ignore"):
            return np.array([np.log(p["a"].value) - np.log(0.01), 0.1])

    fit = minimize(objective, create_params(a=5.0))
    assert fit.params["a"].value == pytest.approx(0.01, rel=1e-7)


def test_expression_without_value_in_the_search_is_a_rejected_step():
    params = create_params(a=5.0, root={"expr": "sqrt(a)"})
    fit = minimize(lambda p: np.array([p["root"].value - 0.1, 0.1]), params)
    assert fit.params["a"].value == pytest.approx(0.01, rel=1e-6)


def test_expression_without_value_at_the_start_is_an_error():
    params = create_params(a=-5.0, root={"expr": "sqrt(a)"})
    with pytest.raises(MinimizerException, match="root"):
        minimize(lambda p: p["root"] - np.arange(3.0), params)


def test_propagate_hands_nan_on():
    fit = minimize(residual, start(), nan_policy="propagate")
    np.testing.assert_allclose(values(fit), best()[0], rtol=1e-7)
    with pytest.raises(MinimizerException, match="finite"):
        minimize(with_nan, start(), nan_policy="propagate")
    with pytest.raises(MinimizerException, match="nelder found no point with a finite residual"):
        minimize(with_nan, start(), method="nelder", nan_policy="propagate", max_nfev=50)


def test_unknown_nan_policy_is_an_error_that_lists_them():
    with pytest.raises(ValueError, match="'raise', 'omit', 'propagate', not 'drop'"):
        minimize(residual, start(), nan_policy="drop")


class StopAt:
    """An objective that raises at its n-th call, and only then."""

    def __init__(self, n, error):
        self.n, self.error, self.calls = n, error, 0

    def __call__(self, p):
        self.calls += 1
        if self.calls == self.n:
            raise self.error
        return residual(p)


def assert_complete(fit, params):
    """All that a fit reports belongs to the best point, though the fit was ended early."""
    assert fit.aborted
    assert not fit.success
    assert fit.message.startswith("Fit aborted: ")
    assert fit.chisqr == pytest.approx(np.sum(residual(fit.params) ** 2), rel=1e-12)
    assert fit.chisqr <= np.sum(residual(start()) ** 2)
    assert (fit.ndata, fit.nfree, fit.covar.shape) == (50, 47, (3, 3))
    assert all(par.stderr > 0 for par in fit.params.values())
    assert params == fit.params


@pytest.mark.parametrize("n", range(2, 39))
def test_keyboard_interrupt_at_any_call_keeps_the_best_point(n):
    params = start()
    objective = StopAt(n, KeyboardInterrupt())
    fit = minimize(objective, params)
    if objective.calls >= n:
        assert_complete(fit, params)
        assert "interrupted from the keyboard" in fit.message
        assert fit.nfev == objective.calls


def test_keyboard_interrupt_before_there_is_a_point_passes():
    params = start()
    with pytest.raises(KeyboardInterrupt):
        minimize(StopAt(1, KeyboardInterrupt()), params)
    assert untouched(params)


def test_keyboard_interrupt_while_the_result_is_written(monkeypatch):
    pressed = []

    def pressing(value):
        if isinstance(value, dict) and not pressed:
            pressed.append(value)
            raise KeyboardInterrupt
        return copy.copy(value)

    fitter = Minimizer(residual, start())
    monkeypatch.setattr("lmfit.minimizer.copy", SimpleNamespace(copy=pressing))
    with pytest.raises(KeyboardInterrupt):
        fitter.leastsq()
    assert pressed
    np.testing.assert_array_equal((values(fitter), errors(fitter)), best())


def test_second_keyboard_interrupt_passes():
    params = start()

    def objective(p):
        if objective_calls() > 9:
            raise KeyboardInterrupt
        return residual(p)

    counter = iter(range(1000))
    objective_calls = lambda: next(counter)
    with pytest.raises(KeyboardInterrupt):
        minimize(objective, params)
    assert untouched(params)


@pytest.mark.parametrize("n", [1, 2, 6, 20])
@pytest.mark.parametrize(
    "error", [ZeroDivisionError("mine"), RuntimeError(), SystemExit(3), StopIteration()], ids=repr
)
def test_exception_of_the_objective_passes_unchanged(n, error):
    params = start()
    with pytest.raises(type(error)) as caught:
        minimize(StopAt(n, error), params)
    assert caught.value is error
    assert error.__cause__ is None
    assert untouched(params)


def test_exception_leaves_the_last_result_of_the_minimizer():
    fitter = minimize(residual, start())
    result = fitter.result
    fitter.userfcn = StopAt(3, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        fitter.leastsq()
    assert fitter.result is result
    assert fitter.params == result.params


def test_the_objective_may_end_the_fit():
    params = start()
    fit = minimize(StopAt(9, AbortFitException("that is enough")), params)
    assert_complete(fit, params)
    assert "that is enough" in fit.message


@pytest.mark.parametrize("true", [True, np.True_])
def test_callback_returning_true_ends_the_fit(true):
    params = start()
    fit = minimize(residual, params, iter_cb=lambda p, i, r: true if i == 9 else None)
    assert_complete(fit, params)
    assert "iter_cb" in fit.message


def test_callback_ends_the_fit_at_the_first_call():
    params = start()
    fit = minimize(residual, params, iter_cb=lambda p, i, r: True)
    assert_complete(fit, params)
    assert fit.init_values == params.valuesdict()


@pytest.mark.parametrize("nothing", [None, False, np.False_])
def test_callback_returning_nothing_changes_nothing(nothing):
    fit = minimize(residual, start(), iter_cb=lambda p, i, r: nothing)
    assert fit.success
    assert list(values(fit)) == list(best()[0])


def test_callback_gets_parameters_count_residual_and_arguments():
    seen = []

    def callback(params, iteration, resid, *args, **kws):
        seen.append((params.valuesdict(), iteration, resid.copy(), args, kws))

    def objective(p, first, second=None):
        return residual(p)

    minimize(objective, start(), args=("one",), kws={"second": 2}, iter_cb=callback)
    assert [iteration for _, iteration, *_ in seen] == list(range(1, len(seen) + 1))
    for point, _, resid, args, kws in seen:
        np.testing.assert_array_equal(resid, residual(point))
        assert (args, kws) == (("one",), {"second": 2})


def test_exception_of_the_callback_passes():
    params = start()

    def callback(params, iteration, resid):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        minimize(residual, params, iter_cb=callback)
    assert untouched(params)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8, 20])
@pytest.mark.parametrize("keyword", ["max_nfev", "maxfev"])
def test_limit_of_the_search(keyword, limit):
    params = start()
    searched = Counted(lambda *args: None)
    fit = minimize(residual, params, iter_cb=searched, **{keyword: limit})
    assert searched.calls == limit
    assert_complete(fit, params)
    assert f"{limit} evaluations" in fit.message


def test_limit_of_one_call_only():
    fitter = Minimizer(residual, start())
    assert fitter.leastsq(max_nfev=5).aborted
    assert fitter.leastsq().success


def test_limit_of_the_minimizer():
    fitter = Minimizer(residual, start(), max_nfev=5)
    assert fitter.leastsq().aborted
    fitter.max_nfev = None
    assert fitter.leastsq().success


def test_time_limit(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    params = start()
    fit = minimize(residual, params, timeout=12)
    assert_complete(fit, params)
    assert "12 s" in fit.message


@pytest.mark.parametrize("timeout", [0, 1e-9])
def test_time_limit_that_has_passed_at_once_still_evaluates_the_start(timeout):
    params = start()
    assert_complete(minimize(residual, params, timeout=timeout), params)


def test_time_limit_that_is_not_reached():
    assert minimize(residual, start(), timeout=3600).success


def derivatives(p):
    """The derivatives of `residual` by all of its parameters."""
    e = np.exp(-x / p["t"].value)
    return {"a": e, "t": p["a"].value * e * x / p["t"].value ** 2, "c": np.ones_like(x)}


def rows_of_all(p):
    return np.array(list(derivatives(p).values()))


MODELS = {
    "free": create_params(a=1.0, t=1.0, c=0.0),
    "bounds": create_params(
        a={"value": 1.0, "min": 0}, t={"value": 1.0, "min": 0.1, "max": 10}, c={"value": 0.0, "max": 5}
    ),
    "fixed": create_params(a={"value": 3.0, "vary": False}, t=1.0, c=0.0),
    "tied": create_params(a={"value": 1.0, "min": 0}, t=1.0, c={"expr": "a / t"}),
    "chain": create_params(a={"expr": "3 * c"}, t={"expr": "2 * c"}, c={"value": 2.0, "min": 0}),
}
FORMS = {
    "dictionary": {"Dfun": derivatives},
    "columns": {"Dfun": lambda p: rows_of_all(p).T},
    "rows": {"Dfun": rows_of_all, "col_deriv": True},
    "lists": {"Dfun": lambda p: {name: list(column) for name, column in derivatives(p).items()}},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("params", MODELS.values(), ids=MODELS)
def test_derivatives_by_all_parameters(params, form):
    objective = Counted(residual)
    fit = minimize(objective, copy.deepcopy(params), **form)
    numeric = minimize(residual, copy.deepcopy(params))
    assert fit.success
    np.testing.assert_allclose(values(fit), values(numeric), rtol=1e-7)
    np.testing.assert_allclose(errors(fit), errors(numeric), rtol=1e-6)
    np.testing.assert_allclose(fit.covar, numeric.covar, rtol=1e-6)
    assert fit.nfev == objective.calls < numeric.nfev


@pytest.mark.parametrize("model", ["free", "bounds", "fixed"])
@pytest.mark.parametrize("col_deriv", [True, False])
def test_derivatives_by_the_variables(model, col_deriv):
    def by_variables(p):
        rows = np.array([column for name, column in derivatives(p).items() if p[name].vary])
        return rows if col_deriv else rows.T

    fit = minimize(residual, copy.deepcopy(MODELS[model]), Dfun=by_variables, col_deriv=col_deriv)
    numeric = minimize(residual, copy.deepcopy(MODELS[model]))
    np.testing.assert_allclose(values(fit), values(numeric), rtol=1e-7)
    np.testing.assert_allclose(errors(fit), errors(numeric), rtol=1e-6)


def test_derivatives_by_the_variables_with_an_expression_are_total_ones():
    def total(p):
        by, (a, t) = derivatives(p), (p["a"].value, p["t"].value)
        return np.column_stack([by["a"] + by["c"] / t, by["t"] - by["c"] * a / t**2])

    fit = minimize(residual, copy.deepcopy(MODELS["tied"]), Dfun=total)
    numeric = minimize(residual, copy.deepcopy(MODELS["tied"]))
    np.testing.assert_allclose(values(fit), values(numeric), rtol=1e-7)
    np.testing.assert_allclose(errors(fit), errors(numeric), rtol=1e-6)


def test_derivatives_of_a_complex_residual():
    turn = 0.6 + 0.8j
    by_name = lambda p: {name: turn * column for name, column in derivatives(p).items()}
    fit = minimize(lambda p: turn * residual(p), start(), Dfun=by_name)
    numeric = minimize(lambda p: turn * residual(p), start())
    np.testing.assert_allclose(values(fit), values(numeric), rtol=1e-7)
    np.testing.assert_allclose(errors(fit), errors(numeric), rtol=1e-6)


def test_derivatives_of_a_residual_with_two_dimensions():
    by_name = lambda p: {name: column.reshape(5, 10) for name, column in derivatives(p).items()}
    fit = minimize(lambda p: residual(p).reshape(5, 10), start(), Dfun=by_name)
    np.testing.assert_allclose(errors(fit), best()[1], rtol=1e-6)


def test_derivatives_get_the_arguments_of_the_objective():
    received = []

    def dfun(p, *args, **kws):
        received.append((args, kws))
        return derivatives(p)

    minimize(lambda p, one, two=None: residual(p), start(), args=(1,), kws={"two": 2}, Dfun=dfun)
    assert received
    assert all(call == ((1,), {"two": 2}) for call in received)


def test_derivatives_as_a_setting_of_the_minimizer():
    assert Minimizer(residual, start(), Dfun=derivatives).leastsq().nfev < best_nfev()


def best_nfev():
    return minimize(residual, start()).nfev


def test_derivatives_with_more_variables_than_data():
    fit = minimize(
        lambda p: np.array([p["a"].value + p["b"].value - 3]),
        create_params(a=1.0, b=1.0),
        Dfun=lambda p: {"a": np.ones(1), "b": np.ones(1)},
    )
    assert sum(values(fit)) == pytest.approx(3)


@pytest.mark.parametrize(
    "returned, message",
    [
        (np.zeros((3, 4)), r"shape \(3, 4\).*\(50, 3\)"),
        (np.zeros(50), r"shape \(50,\).*\(50, 3\)"),
        (np.zeros((50, 3, 1)), r"shape \(50, 3, 1\)"),
        (None, "derivative"),
        ({"zz": x}, "'zz'"),
        ({"a": x[:3], "t": x, "c": x}, "'a'"),
        ({"a": x}, "'t'"),
        ({"a": 1.0, "t": 1.0, "c": 1.0}, "'a' that has 1 values where the residual has 50"),
        ({"a": x, "t": 1.0, "c": x}, "'t' that has 1 values where the residual has 50"),
        ({}, "'a'"),
        (np.full((50, 3), np.nan), "finite|NaN"),
    ],
    ids=lambda value: getattr(value, "shape", None) and str(value.shape),
)
def test_wrong_derivatives_are_a_clear_error(returned, message):
    params = start()
    with pytest.raises(MinimizerException, match=message):
        minimize(residual, params, Dfun=lambda p: returned)
    assert untouched(params)


@pytest.fixture
def problem():
    params = start()
    params.add("tied", expr="2 * t")
    params["t"].set(min=0.5, max=20)
    params["a"].min = 0
    return Problem(residual, params)


def test_problem_knows_its_variables(problem):
    assert problem.names == ["a", "t", "c"]
    assert problem.tied_names == ["tied"]
    assert list(problem.start) == [1.0, 1.0, 0.0]
    assert list(problem.domain.lower) == [0, 0.5, -np.inf]
    assert list(problem.domain.upper) == [np.inf, 20, np.inf]


def test_problem_does_not_touch_the_parameters():
    params = start()
    Problem(residual, params).residual([2.0, 3.0, 4.0])
    assert untouched(params)


def test_problem_remembers_the_lowest_point(problem):
    for point in ([1.0, 1.0, 0.0], [3.0, 2.0, 1.0], [0.0, 1.0, 0.0]):
        problem.residual(point)
    assert list(problem.best.values) == [3.0, 2.0, 1.0]
    assert problem.best.cost == pytest.approx(np.sum(problem.best.residual**2), rel=1e-14)
    assert problem.nfev == 3


def test_problem_without_evaluation_has_no_best_point(problem):
    assert problem.best is None


@pytest.mark.parametrize("space", Space)
def test_view_starts_at_the_start(problem, space):
    view = problem.view(space)
    assert view.values(view.start.tolist()) == pytest.approx([1.0, 1.0, 0.0], rel=1e-12)
    np.testing.assert_allclose(view.to_space([2.0, 3.0, 4.0]), view.to_space([2.0, 3.0, 4.0]))


@pytest.mark.parametrize("space", Space)
@pytest.mark.parametrize("point", [[2.0, 3.0, 4.0], [1e-6, 0.500001, -1e9], [1e6, 19.999, 0.0]])
def test_view_and_back(problem, space, point):
    view = problem.view(space)
    assert view.values(view.to_space(point).tolist()) == pytest.approx(point, rel=1e-9)


def test_internal_space_covers_the_bounds_and_no_more(problem):
    view = problem.view(Space.INTERNAL)
    for u in np.random.default_rng(1).normal(scale=1e3, size=(200, 3)).tolist():
        a, t, _ = view.values(u)
        assert a >= 0
        assert 0.5 <= t <= 20


def test_internal_derivative_is_that_of_the_values(problem):
    view = problem.view(Space.INTERNAL)
    u, h = view.start + 0.1, 1e-6
    for j in range(3):
        step = np.zeros(3)
        step[j] = h
        slope = (view.values((u + step).tolist())[j] - view.values((u - step).tolist())[j]) / (2 * h)
        assert view.derivative(u)[j] == pytest.approx(slope, rel=1e-6)


POINT = np.array([1.0, 1.0, 0.0])


def test_view_of_a_point_without_residual_is_finite_and_high():
    objective = lambda p: residual(p) if p["a"].value < 2 else np.full(50, np.nan)
    view = Problem(objective, start()).view(Space.EXTERNAL)
    view.problem.begin()
    good, bad = view.cost(POINT), view.cost(np.array([3.0, 1.0, 0.0]))
    assert np.isfinite(bad)
    assert bad > 10 * good


@pytest.mark.parametrize("offset", [0.0, -1e6])
def test_view_of_a_point_without_cost_is_finite_and_high(offset):
    cost = lambda p: np.nan if p["a"].value > 2 else offset + p["a"].value ** 2
    view = Problem(cost, start(), scalar=True).view(Space.EXTERNAL)
    view.problem.begin()
    good, bad = view.cost(np.array([-30.0, 1.0, 0.0])), view.cost(np.array([3.0, 1.0, 0.0]))
    assert good == offset + 900
    assert np.isfinite(bad)
    assert bad > good + 9000
    assert not view.problem.rejected


def test_a_gradient_of_the_cost_is_no_derivative_of_the_residual():
    problem = Problem(residual, start(), derivative=lambda p: [1.0, 2.0, 3.0], scalar=True)
    problem.begin()
    assert problem.view(Space.EXTERNAL).gradient(POINT).tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(
        MinimizerException, match=r"returned a gradient of the cost; .* of the residual, shape \(50, 3\)"
    ):
        problem.view(Space.EXTERNAL).jacobian(POINT)


def test_derivatives_of_the_residual_do_not_replace_those_of_the_users_cost():
    def derivative(p):
        fall = np.exp(-x / p["t"])
        return {"a": fall, "t": p["a"] * fall * x / p["t"] ** 2, "c": np.ones(50)}

    policy = Policy(reduce_fcn=lambda r: float(np.sum(r**4)))
    problem = Problem(residual, start(), derivative=derivative, policy=policy, scalar=True)
    problem.begin()
    by_hand = 4 * residual(start()) ** 3 @ np.column_stack(list(derivative(start()).values()))
    assert problem.view(Space.EXTERNAL).gradient(POINT) == pytest.approx(by_hand, rel=1e-5)


def test_scalar_objective_of_one_number_is_taken_as_it_is():
    problem = Problem(lambda p: p["a"].value - 7, start(), scalar=True)
    assert problem.view(Space.EXTERNAL).cost(POINT) == -6


def test_scalar_objective_of_an_array_is_the_sum_of_squares():
    problem = Problem(residual, start(), scalar=True)
    assert problem.view(Space.EXTERNAL).cost(POINT) == pytest.approx(np.sum(residual(start()) ** 2))


def test_reduce_fcn_makes_the_number_of_a_scalar_objective():
    problem = Problem(residual, start(), policy=Policy(reduce_fcn=lambda r: abs(r).sum()), scalar=True)
    assert problem.view(Space.EXTERNAL).cost(POINT) == pytest.approx(abs(residual(start())).sum())


@pytest.mark.parametrize("value", [None, np.inf])
def test_a_variable_needs_a_finite_start_value(value):
    params = start()
    params["t"].value = value
    with pytest.raises(ValueError, match=r"parameter 't'.*start value"):
        minimize(residual, params)


def test_tied_values_are_those_of_the_evaluation_and_of_what_the_objective_sets():
    """They are fetched when read; a change made by the objective itself makes them follow."""
    params = create_params(a=1.0, double={"expr": "2*a"}, chain={"expr": "double + 1"})
    seen = []

    def objective(p):
        seen.append((p["a"].value, p["chain"].value))
        p["a"].value = 10.0
        seen.append((p["a"].value, p["chain"].value, p["double"].value))
        return np.array([1.0])

    problem = Problem(objective, params)
    problem.residual([3.0])
    problem.residual([4.0])
    assert seen == [(3.0, 7.0), (10.0, 21.0, 20.0), (4.0, 9.0), (10.0, 21.0, 20.0)]


class Reading:
    """An objective that says which parameters it reads."""

    def __init__(self, *names):
        self.reads = frozenset(names)
        self.evaluated = []

    def __call__(self, params):
        self.evaluated.append(params._evaluated is not None)
        return sum(params[name].value for name in self.reads) * np.ones(3) - [1.0, 2.0, 4.0]


def tied_to_a():
    params = Parameters()
    params.add("a", value=1.0)
    params.add("b", expr="2*a")
    params.add("c", expr="3*b")
    return params


@pytest.mark.parametrize("names, needed", [(("a",), False), (("b",), True), (("c",), True)])
def test_tied_parameters_that_are_not_read_wait_for_the_end(names, needed):
    objective, params = Reading(*names), tied_to_a()
    out = minimize(objective, params)
    assert set(objective.evaluated) == {needed}
    assert out.params["c"].value == pytest.approx(6 * out.params["a"].value)
    assert out.params["c"].stderr == pytest.approx(6 * out.params["a"].stderr, rel=1e-6)


def test_a_callback_sees_tied_parameters_up_to_date():
    seen = []
    minimize(Reading("a"), tied_to_a(), iter_cb=lambda p, *_: seen.append((p["a"].value, p["b"].value)))
    assert all(b == 2 * a for a, b in seen)


def small(function=lambda p: np.array([p["a"].value, 2.0]), policy=None, **settings):
    """The problem of a variable, which starts at 3, and of one that is twice as large."""
    params = create_params(a=3.0, b={"expr": "2*a"})
    return Problem(function, params, policy=policy or Policy(), **settings)


def test_a_problem_by_itself():
    problem = small()
    assert problem.best is None
    assert (problem.nfev, problem.size, problem.lowest) == (0, -1, np.inf)
    assert problem.begin().tolist() == [3.0, 2.0]
    assert problem.residual([1.0]).tolist() == [1.0, 2.0]
    assert problem.residual([4.0]).tolist() == [4.0, 2.0]
    assert (problem.nfev, problem.size, problem.lowest, problem.start_norm) == (3, 2, 5.0, 13.0**0.5)
    assert (problem.best.values, problem.best.residual.tolist(), problem.best.cost) == (
        [1.0],
        [1.0, 2.0],
        5.0,
    )
    assert problem.params["a"].value == 4.0
    assert problem.params["b"].value == 8.0
    problem.set_values([7.0])
    assert problem.params["b"].value == 14.0
    assert problem.tied_values([5.0]).tolist() == [10.0]
    assert problem.tied_gradient(np.array([5.0]), np.zeros(1)) == pytest.approx(np.array([[2.0]]))


def test_equally_good_points_leave_the_first():
    problem = small()
    problem.begin()
    problem.residual([-3.0])
    assert problem.best.values == [3.0]


def test_derivatives_as_they_are_needed_are_only_copied():
    for column_derivatives in (False, True):
        given = np.array([[1.0, 0.0]]) if column_derivatives else np.array([[1.0], [0.0]])
        settings = {"column_derivatives": True} if column_derivatives else {}
        problem = small(derivative=lambda p, given=given: given, **settings)
        problem.begin()
        problem._assembled = None
        found = problem.user_derivative([3.0])
        assert found.tolist() == [[1.0], [0.0]]
        assert not np.shares_memory(found, given)


def test_derivatives_by_a_tied_parameter_are_enough():
    problem = small(derivative=lambda p: {"b": [0.5, 0.0]})
    problem.begin()
    assert problem.user_derivative([3.0]) == pytest.approx(np.array([[1.0], [0.0]]))
    problem = small(derivative=lambda p: {"b": [0.5, 0.0], "a": [1.0, 3.0]})
    problem.begin()
    assert problem.user_derivative([3.0]) == pytest.approx(np.array([[2.0], [3.0]]))


def test_derivatives_by_another_tied_parameter_are_not():
    params = create_params(a=3.0, c=1.0, b={"expr": "2*a"})
    problem = Problem(lambda p: np.ones(2), params, derivative=lambda p: {"b": [0.5, 0.0]})
    problem.begin()
    with pytest.raises(MinimizerException, match="no column for the variable 'c'"):
        problem.user_derivative([3.0, 1.0])


def test_messages_say_what_is_missing():
    with pytest.raises(MinimizerException, match=r"objective returned None; it must return the residual"):
        small(lambda p: None).begin()
    problem = small(derivative=lambda p: {"a": None})
    problem.begin()
    with pytest.raises(MinimizerException, match="must return derivatives of the residual"):
        problem.user_derivative([3.0])


@pytest.mark.parametrize(
    "policy, last", [(Policy(per_variable=10), 20), (Policy(max_nfev=7, per_variable=10), 7)]
)
def test_limits_of_evaluations(policy, last):
    problem = small(policy=policy)
    problem.begin()
    for _ in range(last - 1):
        problem.residual([1.0])
    with pytest.raises(AbortFitException, match=f"the limit of {last} evaluations was reached"):
        problem.residual([1.0])
    problem.finish()
    assert problem.residual([1.0]).tolist() == [1.0, 2.0]
    assert problem.nfev == last + 1


def test_the_limit_of_the_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_problem.time, "monotonic", lambda: now[0])
    problem = small(policy=Policy(timeout=5.0))
    now[0] = 106.0
    problem.begin()  # the start is always evaluated
    for _ in range(2):
        with pytest.raises(AbortFitException, match=r"the time limit of 5.0 s was reached"):
            problem.residual([1.0])
    assert problem.nfev == 1
    now[0] = 105.0
    problem.residual([1.0])
    now[0] = 105.1
    with pytest.raises(AbortFitException, match=r"the time limit of 5.0 s was reached"):
        problem.residual([1.0])
    assert problem.nfev == 2


@pytest.mark.parametrize("limit", [0, 0.5, -3, "many"])
def test_limits_that_are_none(limit):
    with pytest.raises((ValueError, TypeError), match="max_nfev"):
        Policy(max_nfev=limit)


@pytest.mark.parametrize(
    "timeout, error", [("soon", TypeError), ([5], TypeError), (np.nan, ValueError)], ids=str
)
def test_time_limits_that_are_none(timeout, error):
    with pytest.raises(error, match="timeout must be a number of seconds, but is"):
        Policy(timeout=timeout)


def test_evaluations_made_elsewhere_count():
    problem = small(policy=Policy(max_nfev=6))
    problem.begin()
    problem.count(3)
    assert problem.nfev == 4
    problem.residual([1.0])
    with pytest.raises(AbortFitException, match="the limit of 6 evaluations was reached"):
        problem.count(2)
    assert problem.nfev == 7


def test_what_is_summed():
    huber, other = loss("huber", 1.0), lambda residual: float(np.abs(residual).sum())
    assert small().summed_cost is SUM_OF_SQUARES
    assert small(scalar=True).summed_cost is SUM_OF_SQUARES
    assert small(policy=Policy(reduce_fcn=huber)).summed_cost is SUM_OF_SQUARES
    assert small(scalar=True, policy=Policy(reduce_fcn=huber)).summed_cost is huber
    assert small(scalar=True, policy=Policy(reduce_fcn=other)).summed_cost is None
    number = small(lambda p: p["a"].value - 5.0, scalar=True)
    number.begin()
    assert number.returns_number
    assert number.summed_cost is None
    assert (number.lowest, number.last_cost) == (-2.0, -2.0)
    measured = small()
    measured.begin()
    measured.measure_by(other)
    assert (measured.lowest, measured.summed_cost) == (5.0, None)
    measured.residual([1.0])
    assert (measured.lowest, measured.last_cost) == (3.0, 3.0)
    assert small(scalar=True, policy=Policy(reduce_fcn=other)).cost(np.array([3.0, -4.0])) == 7.0
    assert small(scalar=True).cost(np.array([3.0, -4.0])) == small().cost(np.array([3.0, -4.0])) == 25.0


def test_second_derivatives_of_the_user():
    number = small(lambda p: p["a"].value ** 2 + 1.0, scalar=True, curvature=lambda p: [[p["b"].value]])
    number.begin()
    second, first = number.best_curvature(np.array([3.0]))
    assert second.tolist() == [[6.0]]
    assert first == pytest.approx([6.0])
    for wrong in (np.ones(1), np.full((1, 1), np.nan)):
        number.curvature = lambda p, wrong=wrong: wrong
        with pytest.raises(MinimizerException, match="the function hess returned"):
            number.user_hessian([3.0])


def test_a_variable_of_the_engine():
    for begun in (False, True):
        problem = small()
        if begun:
            problem.begin()
        problem.add_variable("extra", -4.0)
        assert (problem.names, problem.start) == (["a", "extra"], [3.0, -4.0])
        assert problem.domain.lower.tolist() == [-np.inf, -np.inf]
        assert problem.domain.upper.tolist() == [np.inf, np.inf]
        assert problem.domain.reach.tolist() == [3.0, 4.0]
        assert (problem.best and problem.best.values) == ([3.0, -4.0] if begun else None)
        problem.residual([1.0, 9.0])
        assert problem.params["extra"].value == 9.0


def test_an_objective_that_writes_into_the_same_array():
    array = np.zeros(2)

    def same(p):
        array[:] = p["a"].value, 2.0
        return array

    problem = small(same)
    problem.begin()
    problem.residual([1.0])
    problem.residual([9.0])
    assert problem.best.residual.tolist() == [1.0, 2.0]
    problem.best.residual[0] = 99.0
    assert problem.best.residual.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("policy, rejected", [("raise", True), ("propagate", False), ("omit", False)])
def test_residuals_with_nan(policy, rejected):
    problem = small(
        lambda p: np.array([p["a"].value, np.nan if p["a"].value < 2 else 2.0]), Policy(nan_policy=policy)
    )
    problem.begin()
    found = problem.residual([1.0])
    assert problem.rejected == rejected
    assert found.tolist()[0] == 1.0
    assert found[1] == 0.0 if policy == "omit" else np.isnan(found[1])
    assert problem.best.values == ([1.0] if policy == "omit" else [3.0])
    assert (problem.omitted is not None) == (policy == "omit")
    assert problem.probe([1.0]).shape == (2,)
    assert not problem.rejected
    problem.residual([0.5])
    assert problem.best.values == ([0.5] if policy == "omit" else [3.0])


def test_a_search_from_another_start():
    problem = small()
    problem.begin()
    problem.residual([4.0])
    with problem.restarted([-1.0], 3):
        assert (problem.nfev, problem.lowest, problem.start_norm) == (3, 5.0, 5.0**0.5)
        assert problem.domain.reach.tolist() == [1.0]
        problem.residual([6.0])
        problem.residual([6.0])
        with pytest.raises(AbortFitException, match="the limit of 5 evaluations"):
            problem.residual([6.0])
    assert (problem.start, problem.start_norm, problem.domain.reach.tolist()) == ([3.0], 13.0**0.5, [3.0])
    assert problem.best.values == [-1.0]
    with problem.restarted([-2.0], 3):
        assert problem.best.values == [-2.0]
    assert (problem.best.values, problem.lowest) == ([-1.0], 5.0)
    assert problem.residual([6.0]).tolist() == [6.0, 2.0]


def test_a_search_from_another_start_that_ends_as_low_leaves_the_best_point():
    problem = small()
    problem.begin()
    with problem.restarted([-3.0], 3):
        assert problem.best.values == [-3.0]
    assert problem.best.values == [3.0]


def test_a_search_from_another_start_is_for_the_least_sum_of_squares():
    problem = small(scalar=True, policy=Policy(reduce_fcn=lambda r: 100.0 + np.abs(r).sum()))
    problem.begin()
    assert problem.lowest == 105.0
    with problem.restarted([-1.0], 3):
        assert (problem.lowest, problem.last_cost) == (5.0, 5.0)
        assert problem.summed_cost is SUM_OF_SQUARES
    problem.residual([1.0])
    assert problem.last_cost == 103.0


@pytest.mark.parametrize(
    "start, value, evaluations", [(3.0, 1.5, 2), (3.0, 0.02, 4), (100.0, 1.0, 4), (0.0, 1.0, 4)]
)
def test_derivatives_at_a_value_close_to_zero_are_made_again_with_its_error(start, value, evaluations):
    """Close to zero is what has fallen to a hundredth of its start, or started there."""
    problem = Problem(lambda p: np.array([p["a"].value ** 2, 2.0, 1.0]), create_params(a=start))
    problem.begin()
    at_x = problem.residual([value])
    before = problem.nfev
    found = problem.best_jacobian(np.array([value]), at_x)
    assert problem.nfev - before == evaluations
    assert found == pytest.approx(np.array([[2 * value], [0.0], [0.0]]), rel=1e-8)


def test_known_derivatives_are_asked_for_once_also_close_to_zero():
    asked = Counted(lambda p: np.array([[1.0], [0.0]]))
    problem = small(derivative=asked)
    at_start = problem.begin()
    for value in (0.0, 3.0):
        assert problem.best_jacobian(np.array([value]), at_start).tolist() == [[1.0], [0.0]]
    assert (asked.calls, problem.nfev) == (2, 1)


def test_derivatives_of_a_tiny_residual_before_the_start_is_evaluated():
    """Nothing is known of its common size: no change of it counts as too small to be seen."""
    problem = Problem(lambda p: 1e-20 * np.array([p["a"].value ** 3]), create_params(a=2.0))
    x, at_x = np.array([2.0]), np.array([8e-20])
    assert problem.jacobian(x, at_x, x) == pytest.approx(np.array([[12e-20]]), rel=1e-9, abs=0)
    assert problem.nfev == 2


def test_derivatives_are_taken_as_they_are_and_where_they_are_wanted():
    problem = small(
        lambda p: np.array([p["a"].value, 2.0]),
        derivative=lambda p: np.array([[p["a"].value], [p["b"].value]]),
        curvature=lambda p: [[p["b"].value]],
    )
    at_start = problem.begin()
    assert problem.user_derivative([5.0]).tolist() == [[5.0], [10.0]]
    assert problem.jacobian(np.array([6.0]), at_start, np.zeros(1)).tolist() == [[6.0], [12.0]]
    assert problem.user_hessian([7.0]).tolist() == [[14.0]]


def test_parameters_without_expressions_are_not_evaluated():
    evaluated = []
    problem = Problem(lambda p: evaluated.append(p._evaluated) or np.ones(2), create_params(a=1.0))
    problem.begin()
    assert evaluated == [None]
    assert problem.tied_names == []


def test_expressions_without_variables():
    problem = Problem(lambda p: np.ones(1), create_params(b={"expr": "2*3"}))
    assert problem.tied_names == ["b"]
    assert problem.tied_values([]).tolist() == [6.0]


def test_expression_without_value_at_the_start_that_the_objective_does_not_read_is_an_error():
    params = create_params(a=1.0, pole={"expr": "1/(a-1)"})
    with pytest.raises(ExpressionDomainError, match="pole"):
        Problem(Reading("a"), params)


def test_a_start_without_residual_is_explained_whatever_the_limits():
    seen = Counted(lambda *args: None)
    params = create_params(a=3.0, b={"expr": "2*a"})
    problem = Problem(lambda p: np.full(2, np.nan), params, policy=Policy(max_nfev=1, iter_cb=seen))
    with pytest.raises(NonFiniteError, match=r"2 of 2 values.*with a=3.0, b=6.0; choose"):
        problem.begin()
    assert seen.calls == 1


def test_the_expression_that_spoils_the_start_is_named():
    params = create_params(a=3.0, good={"expr": "2*a"}, bad={"expr": "1e400 - 1e400/a"})
    problem = Problem(lambda p: p["bad"].value * np.ones(2), params)
    with pytest.raises(
        NonFiniteError,
        match=r"good=6.0, bad=nan \(parameter 'bad': the expression '1e400 - 1e400/a' has no value there\)",
    ):
        problem.begin()


def test_ties_without_value():
    problem = Problem(lambda p: np.array([p["b"].value]), create_params(a=4.0, b={"expr": "1/(a-1)"}))
    problem.begin()
    found = problem.residual([1.0])
    assert found.shape == (1,)
    assert np.isnan(found).all()
    assert problem.rejected
    assert problem.nfev == 1
    assert np.isnan(problem.tied_values([1.0])).tolist() == [True]
    assert problem.tied_values([3.0]).tolist() == [0.5]
    problem = Problem(lambda p: np.ones(1), create_params(a=4.0, b={"expr": "1/(a-1)"}))
    with pytest.raises(ExpressionDomainError):
        problem.residual([1.0])


def test_a_huge_residual_is_no_missing_one():
    problem = small()
    problem.begin()
    assert problem.residual([1e200]).tolist() == [1e200, 2.0]
    assert not problem.rejected
    assert problem.best.values == [3.0]


def test_equally_good_points_with_omitted_data_leave_the_first():
    problem = small(lambda p: np.array([p["a"].value, np.nan]), Policy(nan_policy="omit"))
    problem.begin()
    problem.residual([-3.0])
    assert problem.best.values == [3.0]
    problem.residual([-2.0])
    assert problem.best.values == [-2.0]


@pytest.mark.parametrize("column_derivatives", [False, True])
@pytest.mark.parametrize("kind", [np.array, list])
def test_gradients_of_a_number_and_derivatives_of_a_residual(kind, column_derivatives):
    settings = {"scalar": True, "column_derivatives": column_derivatives}
    params = create_params(a=3.0, c=1.0)
    number = Problem(
        lambda p: p["a"].value ** 2 + p["c"].value,
        params,
        derivative=lambda p: kind([2 * p["a"].value, 1.0]),
        **settings,
    )
    number.begin()
    assert number.user_derivative([3.0, 1.0]).tolist() == [[6.0, 1.0]]
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    given = [list(column) for column in zip(*rows)] if column_derivatives else rows
    residual = Problem(lambda p: np.ones(3), params, derivative=lambda p: kind(given), **settings)
    residual.begin()
    assert residual.user_derivative([3.0, 1.0]).tolist() == rows


@pytest.mark.parametrize("column_derivatives", [False, True])
def test_a_gradient_of_the_wrong_length_or_form(column_derivatives):
    for given, message in (
        ([1.0, 2.0, 3.0], r"array of shape \(3,\)"),
        ([[1.0, 2.0], [3.0]], r"array of shape \(0,\)"),
        ({"a": [1.0, 2.0, 3.0]}, "'a' that has 3 values where the residual has 2"),
    ):
        settings = {"scalar": True, "column_derivatives": column_derivatives}
        problem = small(derivative=lambda p, given=given: given, **settings)
        problem.begin()
        with pytest.raises(MinimizerException, match=message):
            problem.user_derivative([3.0])


def test_variables_without_a_start():
    params = create_params(a=1.0, b=np.inf)
    params.add("c", value=None)
    for name, said in (("c", "it has no value"), ("b", "it starts at inf")):
        params["a"].vary = params["b"].vary = params["c"].vary = False
        params[name].vary = True
        with pytest.raises(
            ParameterError, match=f"{name!r}: a variable needs a finite start value, but {said}"
        ):
            Problem(lambda p: np.ones(1), params)
