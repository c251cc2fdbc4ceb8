"""The driver, by both of its doors: the manual's and that of lmfit 1.x."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import Counted, errors, values

import lmfit
from lmfit import (
    Minimizer,
    MinimizerException,
    MinimizerResult,
    Parameter,
    Parameters,
    create_params,
    minimize,
    report_errors,
)

x = np.linspace(0, 10, 50)
y = 3 * np.exp(-x / 2) + 1 + np.random.default_rng(3).normal(scale=0.05, size=x.size)


def residual(p, x=x, y=y):
    return p["a"] * np.exp(-x / p["t"]) + p["c"] - y


def start():
    return create_params(a=1.0, t=1.0, c=0.0)


@pytest.fixture
def fitter():
    return Minimizer(residual, start())


def assert_same_fit(one, other):
    np.testing.assert_allclose(values(one), values(other), rtol=1e-7)
    np.testing.assert_allclose(errors(one), errors(other), rtol=1e-6)


@pytest.mark.parametrize("name", ["Minimizer", "MinimizerResult", "MinimizerException", "minimize"])
def test_names_in_the_module_and_in_the_package(name):
    assert getattr(lmfit.minimizer, name) is getattr(lmfit, name)


def test_minimize_returns_the_minimizer_which_passes_for_a_result():
    out = minimize(residual, start())
    assert isinstance(out, Minimizer)
    assert isinstance(out, MinimizerResult)
    assert isinstance(out.result, MinimizerResult)
    assert not isinstance(out.result, Minimizer)


def test_the_methods_return_the_result(fitter):
    assert type(fitter.leastsq()) is MinimizerResult
    assert type(fitter.minimize()) is MinimizerResult
    result = fitter.minimize()
    assert fitter.result is result


ORDERS = {
    "manual": lambda f, p: minimize(f, p, (x,), {"y": y}, "leastsq"),
    "1.x": lambda f, p: minimize(f, p, "leastsq", (x,), {"y": y}),
    "1.x, args by name": lambda f, p: minimize(f, p, "leastsq", args=(x,), kws={"y": y}),
    "1.x, kws by name": lambda f, p: minimize(f, p, "leastsq", (x,), kws={"y": y}),
    "engine by name": lambda f, p: minimize(f, p, args=(x,), kws={"y": y}, engine="leastsq"),
    "method by name": lambda f, p: minimize(f, p, args=(x,), kws={"y": y}, method="leastsq"),
    "both": lambda f, p: minimize(f, p, (x,), {"y": y}, engine="leastsq", method="leastsq"),
    "all by name": lambda f, p: minimize(fcn=f, params=p, args=(x,), kws={"y": y}),
    "list for args": lambda f, p: minimize(f, p, [x], {"y": y}),
    "1.x, all positional": lambda f, p: minimize(f, p, "leastsq", (x,), {"y": y}, None, True, "raise"),
    "manual, all positional": lambda f, p: minimize(f, p, (x,), {"y": y}, "leastsq", None, True, "raise"),
}


@pytest.mark.parametrize("call", ORDERS.values(), ids=ORDERS)
def test_orders_of_the_arguments(call):
    received = []

    def objective(p, first, y=None):
        received.append((first, y))
        return residual(p)

    out = call(objective, start())
    assert all(first is x and second is y for first, second in received)
    assert out.success
    assert out.method == "leastsq"


@pytest.mark.parametrize("name", ["leastsq", "LEASTSQ", "lm"])
def test_engine_and_method_are_one_setting(name):
    fits = [minimize(residual, start(), engine=name), minimize(residual, start(), method=name)]
    fits += [Minimizer(residual, start()).minimize(name), Minimizer(residual, start()).minimize(method=name)]
    fits += [Minimizer(residual, start()).minimize(engine=name)]
    assert {fit.method for fit in fits} == {"leastsq"}


def test_truth_of_minimizer_and_result(fitter):
    assert fitter
    assert not fitter.leastsq(max_nfev=5)
    assert fitter.leastsq()
    assert fitter


def test_options_of_scipy_at_every_door(fitter):
    assert minimize(residual, start(), ftol=1e-3).call_kws == {"ftol": 1e-3}
    assert Minimizer(residual, start(), ftol=1e-3).leastsq().call_kws == {"ftol": 1e-3}
    assert fitter.leastsq(ftol=1e-3).call_kws == {"ftol": 1e-3}
    assert fitter.minimize("leastsq", ftol=1e-3).call_kws == {"ftol": 1e-3}
    assert fitter.leastsq().call_kws == {}


def test_params_are_updated_in_place_when_the_fit_ends():
    params = start()
    objects = list(params.values())
    out = minimize(residual, params)
    assert list(params.values()) == objects
    assert all(one is other for one, other in zip(params.values(), objects, strict=True))
    assert_same_fit(params, out)
    assert params["a"].correl == out.params["a"].correl


@pytest.mark.parametrize("expr", ["exp(400 + 1e10 * (t - {}))", "exp(640 + 100 * (t - {}))"])
def test_errors_of_expressions_that_are_too_large_are_none(expr):
    best = minimize(residual, start()).params["t"].value
    params = start()
    params.add("huge", expr=expr.format(best))
    fit = minimize(residual, params)
    assert (fit.params["huge"].stderr, fit.params["huge"].correl) == (None, None)
    assert fit.params["t"].stderr == pytest.approx(minimize(residual, start()).params["t"].stderr)


def test_ties_and_fixed_parameters_are_updated_too():
    params = start()
    params.add("tied", expr="2 * t")
    params["c"].set(value=1, vary=False)
    minimize(residual, params)
    assert params["tied"].value == 2 * params["t"].value
    assert params["tied"].stderr == pytest.approx(2 * params["t"].stderr, rel=1e-8)
    assert (params["c"].value, params["c"].stderr, params["c"].vary) == (1, 0, False)
    assert (params["tied"].expr, params["tied"].vary) == ("2 * t", False)


def test_user_data_and_bounds_stay():
    params = start()
    params["a"].user_data = ["mine"]
    params["a"].set(min=-5, max=50, brute_step=0.5)
    out = minimize(residual, params)
    for par in (params["a"], out.result.params["a"]):
        assert (par.user_data, par.min, par.max, par.brute_step) == (["mine"], -5, 50, 0.5)


def test_results_of_several_data_sets_from_the_same_params_keep_their_values():
    params = start()
    results = [minimize(residual, params, args=(x, size * y)) for size in (1, 2, 3)]
    for size, out in zip((1, 2, 3), results, strict=True):
        assert_same_fit(out, minimize(residual, start(), args=(x, size * y)))
        assert out.values == out.params.valuesdict()
        assert out.result.params["a"].value == out.params["a"].value
        assert out.uvars["a"].nominal_value == out.params["a"].value
    assert params["a"].value == results[-1].params["a"].value


def test_results_of_one_minimizer_keep_their_values(fitter):
    results = []
    for size in (1, 2, 3):
        fitter.userkws = {"y": size * y}
        results.append(fitter.leastsq())
    amplitudes = [result.params["a"].value for result in results]
    np.testing.assert_allclose(amplitudes, amplitudes[0] * np.array([1, 2, 3]), rtol=1e-6)


def test_changes_by_the_user_between_fits_take_effect():
    params = start()
    out = minimize(residual, params)
    params["c"].set(value=0.5, vary=False)
    out.leastsq()
    assert out.nvarys == 2
    assert params["c"].value == out.params["c"].value == 0.5
    params["c"].vary = True
    params["a"].max = 2
    out.leastsq()
    assert out.nvarys == 3
    assert params["a"].value == pytest.approx(2)


def test_changes_through_the_minimizer_between_fits_take_effect():
    out = minimize(residual, start())
    out.params["c"].set(value=0.5, vary=False)
    out.leastsq()
    assert (out.nvarys, out.params["c"].value) == (2, 0.5)
    out.params["t"].expr = "a / 2"
    out.leastsq()
    assert out.nvarys == 1
    assert out.params["t"].value == out.params["a"].value / 2


def test_a_parameter_added_between_fits_takes_effect():
    params = start()
    out = minimize(lambda p: residual(p) - (p["d"] * x if "d" in p else 0), params)
    params.add("d", value=0)
    out.leastsq()
    assert out.var_names == ["a", "t", "c", "d"]
    assert out.params["d"].stderr > 0


def test_a_start_value_set_between_fits_takes_effect(fitter):
    fitter.leastsq()
    fitter.params["t"].value = 5.0
    assert fitter.leastsq().init_values["t"] == 5.0
    assert fitter.params["t"].init_value == 5.0


def test_a_repeated_fit_keeps_the_initial_values_of_the_first(capsys):
    params = start()
    out = minimize(residual, params)
    out.leastsq()
    out.leastsq()
    assert [par.init_value for par in params.values()] == [1.0, 1.0, 0.0]
    report_errors(out.params)
    assert "(initial= 1.000000)" in capsys.readouterr().out


def test_an_independent_fit_has_initial_values_of_its_own():
    params = start()
    first = minimize(residual, params)
    second = minimize(residual, params)
    assert second.params["a"].init_value == first.params["a"].value


def test_another_fit_of_an_earlier_minimizer():
    params = start()
    first = minimize(residual, params, args=(x, y))
    expected = first.values
    minimize(residual, params, args=(x, 2 * y))
    first.leastsq()
    assert first.values == pytest.approx(expected, rel=1e-6)
    assert params.valuesdict() == first.values


def test_params_given_to_the_method_replace_the_others(fitter):
    params = create_params(a=2.0, t={"value": 2.0, "vary": False}, c=0.0)
    for fit in (fitter.leastsq, fitter.minimize):
        fit(params=params)
        assert fitter.nvarys == 2
        assert fitter.params is params
    assert params["a"].stderr > 0


@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_a_list_of_parameter_objects_is_updated_in_place(kind):
    pars = [Parameter("a", 1.0), Parameter("t", 1.0, min=0), Parameter("c", 0.0)]
    pars.append(Parameter("tied", expr="2 * t"))
    out = minimize(residual, kind(pars))
    assert list(out.params) == ["a", "t", "c", "tied"]
    assert [par.value for par in pars] == list(values(out))
    assert [par.stderr for par in pars] == list(errors(out))


def test_a_dictionary_of_parameter_objects_is_updated_in_place():
    pars = {"a": Parameter(1.0), "t": Parameter(value=1.0, name="t"), "c": Parameter(0.0, vary=True)}
    out = minimize(residual, pars)
    assert isinstance(out.params, Parameters)
    assert [par.name for par in pars.values()] == ["a", "t", "c"]
    assert [par.value for par in pars.values()] == list(values(out))
    assert pars["a"].init_value == 1.0


def test_a_dictionary_can_be_fitted_again_and_changed_between():
    pars = {"a": Parameter(1.0), "t": Parameter(1.0), "c": Parameter(0.0)}
    minimize(residual, pars)
    pars["c"].set(value=0.5, vary=False)
    assert minimize(residual, pars).nvarys == 2
    assert pars["c"].value == 0.5


@pytest.mark.parametrize(
    "params, message",
    [
        (3, "params.*3"),
        ("abc", "params.*'abc'"),
        ([1, 2], "entry 0|int"),
        ({"a": 1}, "entry 0|'a'"),
        ([Parameter(1.0)], "name"),
        ([Parameter("a", 1), Parameter("a", 2)], "'a'"),
        ({"1a": Parameter(1)}, "'1a'"),
    ],
    ids=repr,
)
def test_what_are_no_parameters_is_a_clear_error(params, message):
    with pytest.raises((ValueError, KeyError, TypeError), match=message):
        minimize(residual, params)


@pytest.mark.parametrize("params", [None, {}, [], Parameters()])
def test_no_parameters_is_a_clear_error(params):
    with pytest.raises(MinimizerException, match="no parameters"):
        minimize(lambda p: x, params)


def test_without_parameters_at_first():
    fitter = Minimizer(residual, None)
    fitter.prepare_fit(params=start())
    assert fitter.leastsq()


def test_without_anything_at_first():
    fitter = Minimizer()
    fitter.asteval.symtable["twice"] = lambda value: 2 * value
    params = start()
    params.add("tied", expr="twice(t)")
    fitter.userfcn, fitter.params = residual, params
    assert fitter.leastsq()
    assert params["tied"].value == 2 * params["t"].value
    assert params["tied"].stderr == pytest.approx(2 * params["t"].stderr, rel=1e-8)


def test_interpreter_is_that_of_the_parameters(fitter):
    fitter.asteval.symtable["seven"] = 7
    assert fitter.params._asteval.symtable["seven"] == 7
    fitter.params.add("tied", expr="seven * t")
    assert fitter.leastsq().params["tied"].value == pytest.approx(7 * fitter.params["t"].value)


def test_nothing_to_fit_is_a_clear_error():
    with pytest.raises(MinimizerException, match="userfcn"):
        Minimizer().leastsq()
    with pytest.raises(MinimizerException, match="parameters"):
        Minimizer(residual).leastsq()


@pytest.mark.parametrize("function", [3, "residual", x], ids=["int", "str", "array"])
def test_what_is_not_callable_is_a_clear_error(function):
    with pytest.raises((MinimizerException, TypeError), match="objective must be"):
        minimize(function, start())


def test_no_result_yet_is_a_clear_error(fitter):
    with pytest.raises(AttributeError, match=r"chisqr.*leastsq\(\)"):
        fitter.chisqr
    with pytest.raises(AttributeError, match="nonsense"):
        fitter.nonsense
    assert fitter.result is None
    assert "no fit yet" in repr(fitter)


def test_prepare_fit_leaves_values_and_calls_nothing():
    params = start()
    objective = Counted(residual)
    Minimizer(objective, params).prepare_fit()
    assert params == start()
    assert objective.calls == 0


def test_scale_covar_between_fits(fitter):
    scaled = fitter.leastsq()
    fitter.scale_covar = False
    plain = fitter.leastsq()
    np.testing.assert_allclose(errors(scaled), errors(plain) * np.sqrt(scaled.redchi), rtol=1e-6)


def test_arguments_between_fits():
    fitter = Minimizer(residual, start(), fcn_args=(x,), fcn_kws={"y": y})
    amplitude, tau = values(fitter.leastsq())[:2]
    fitter.userkws = {"y": 2 * y}
    assert fitter.leastsq().params["a"].value == pytest.approx(2 * amplitude, rel=1e-7)
    fitter.userargs = (3 * x,)
    assert fitter.leastsq().params["t"].value == pytest.approx(3 * tau, rel=1e-7)
    fitter.userfcn = lambda p, x, y: residual(p, x, y / 2)
    assert fitter.leastsq().params["a"].value == pytest.approx(amplitude, rel=1e-7)


def test_options_between_fits(fitter):
    fitter.kws = {"ftol": 1e-3}
    assert fitter.leastsq().call_kws == {"ftol": 1e-3}
    assert fitter.leastsq(xtol=1e-3).call_kws == {"ftol": 1e-3, "xtol": 1e-3}
    assert fitter.leastsq(ftol=1e-5).call_kws == {"ftol": 1e-5}
    assert fitter.kws == {"ftol": 1e-3}


def test_parameters_between_fits(fitter):
    fitter.leastsq()
    fitter.params = create_params(a=1.0, t={"value": 2.0, "vary": False}, c=0.0)
    assert fitter.leastsq().var_names == ["a", "c"]


def test_settings_for_one_fit_only(fitter):
    assert fitter.minimize(scale_covar=False).scale_covar is False
    assert fitter.minimize(calc_covar=False).covar is None
    assert fitter.minimize(nan_policy="omit").success
    assert fitter.minimize(max_nfev=5).aborted
    assert fitter.minimize(iter_cb=lambda *args: True).aborted
    assert fitter.leastsq().covar is not None
    assert (fitter.scale_covar, fitter.calc_covar, fitter.nan_policy) == (True, True, "raise")


def test_reduce_fcn_does_not_change_least_squares():
    fit = minimize(residual, start(), reduce_fcn=lambda r: abs(r).sum())
    assert_same_fit(fit, minimize(residual, start()))
    assert fit.chisqr == pytest.approx(np.sum(fit.residual**2))


@pytest.mark.parametrize("call", [
    lambda **kws: minimize(residual, start(), **kws),
    lambda **kws: Minimizer(residual, start(), **kws).leastsq(),
    lambda **kws: Minimizer(residual, start()).leastsq(**kws),
    lambda **kws: Minimizer(residual, start()).minimize("leastsq", **kws),
])  # fmt: skip
def test_unknown_option_is_a_type_error_that_names_it(call):
    with pytest.raises(TypeError, match=r"'leastsq'.*'ftoll'.*'ftol'"):
        call(ftoll=1e-3)


def test_unknown_option_leaves_the_parameters_alone():
    params = start()
    with pytest.raises(TypeError):
        minimize(residual, params, nonsense=1)
    assert params == start()


@pytest.mark.parametrize("keyword", ["engine", "method"])
def test_unknown_engine_is_a_value_error_with_a_hint(keyword):
    with pytest.raises(ValueError, match=r"'leastq'.*did you mean 'leastsq'"):
        minimize(residual, start(), **{keyword: "leastq"})
    with pytest.raises(ValueError, match="leastsq"):
        minimize(residual, start(), **{keyword: "nonsense"})


def test_retry_and_polish_can_be_switched_off():
    plain = minimize(residual, start(), retry=False, polish=False)
    polished = minimize(residual, start())
    assert "Gauss-Newton" in polished.message
    assert "Gauss-Newton" not in plain.message
    assert plain.nfev < polished.nfev
    assert plain.params["a"].value == pytest.approx(polished.params["a"].value, rel=1e-4)


class Model:
    def __call__(self, p):
        return residual(p)

    def method(self, p):
        return residual(p)

    @classmethod
    def of_class(cls, p):
        return residual(p)

    @staticmethod
    def static(p):
        return residual(p)


CALLABLES = {
    "instance": Model(),
    "bound method": Model().method,
    "class method": Model.of_class,
    "static method": Model.static,
    "partial": functools.partial(residual, x=x, y=y),
    "lambda": lambda p: 1 * residual(p),
    "cached": functools.wraps(residual)(lambda p: residual(p) * 1),
}


@pytest.mark.parametrize("function", CALLABLES.values(), ids=CALLABLES)
def test_callables_of_any_kind(function):
    assert_same_fit(minimize(function, start()), minimize(residual, start()))


def test_objective_may_use_parameters_as_numbers_or_their_values():
    def by_value(p):
        v = p.valuesdict()
        return v["a"] * np.exp(-x / v["t"]) + v["c"] - y

    def by_list(p):
        a, t, c = (par.value for par in p.values())
        return a * np.exp(-x / t) + c - y

    def by_array(p):
        a, t, c = np.array(p)
        return a * np.exp(-x / t) + c - y

    for function in (by_value, by_list, by_array):
        assert_same_fit(minimize(function, start()), minimize(residual, start()))


class Remembering(Minimizer):
    """A subclass as packages have them: it overrides a documented method."""

    def leastsq(self, params=None, **kws):
        self.remembered = True
        return super().leastsq(params=params, **kws)


@pytest.mark.parametrize("call", [
    lambda fitter: fitter.leastsq(),
    lambda fitter: fitter.minimize(),
    lambda fitter: fitter.minimize(method="leastsq"),
    lambda fitter: fitter.minimize(engine="lm", ftol=1e-9),
])  # fmt: skip
def test_subclass_that_overrides_a_method(call):
    fitter = Remembering(residual, start())
    assert call(fitter)
    assert fitter.remembered
    assert fitter.success


def test_subclass_with_an_init_of_its_own():
    class OfData(Minimizer):
        def __init__(self, data, **kws):
            self.data = data
            super().__init__(self.objective, start(), **kws)

        def objective(self, p):
            return residual(p, y=self.data)

    assert_same_fit(OfData(y).leastsq(), minimize(residual, start()))


def test_fits_within_a_fit():
    def outer(p):
        inner = minimize(lambda q: q["b"] - p["a"].value - np.arange(3.0), create_params(b=0.0))
        return np.array([inner.params["b"].value - 5.0, 0.5])

    fit = minimize(outer, create_params(a=0.0))
    assert fit.params["a"].value == pytest.approx(4, rel=1e-7)


SCRIPT = """
import sys
import numpy as np
import lmfit
x = np.arange(9.0)
params = lmfit.create_params(a=1, b={"value": 1, "min": -99})
fit = lmfit.minimize(lambda p: p["a"] * x + p["b"] - x**2, params)
assert fit.success
heavy = {"matplotlib", "pandas", "emcee", "uncertainties", "dill", "scipy.stats"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_fit_needs_no_optional_package():
    root = Path(lmfit.__file__).resolve().parents[1]
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


def test_a_search_can_be_made_again_with_its_settings():
    def residual(params):
        return params["a"] * np.arange(1.0, 5.0) - 2.0

    fitter = Minimizer(residual, create_params(a=1))
    with pytest.raises(MinimizerException, match="no fit yet"):
        fitter.search_again()
    first = fitter.minimize("nelder", reduce_fcn="huber", iter_cb=lambda *args: None, tol=1e-9)
    engine, problem, options = fitter.search_again()
    assert (engine.name, options) == ("nelder", {"tol": 1e-9})
    assert problem.start == [first.params["a"].value]
    assert problem.policy.reduce_fcn is not None
    assert problem.policy.iter_cb is None
    fitter.leastsq(xtol=1e-9)
    assert fitter.search_again()[2] == {"xtol": 1e-9}
    assert fitter.search_again(first)[0].name == "nelder"
    assert problem.params is not first.params
