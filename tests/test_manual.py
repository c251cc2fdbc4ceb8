"""The manual's chapters 2 and 3, and what 4.2 and chapter 5 say of fits: each example, each statement.

A test names the section that it checks; examples run as they are printed there, but for Python 3's
``print`` and for data, which the manual leaves to the reader.
"""

import re

import numpy as np
import pytest
import scipy.optimize
from helpers import Counted
from numpy import exp, pi, sign, sin

import lmfit
from lmfit import Minimizer, Parameter, Parameters, minimize

x = np.linspace(0, 15, 301)
NOISE = np.random.default_rng(2012).normal(scale=0.2, size=x.size)
#: What the data were made of, under the names of section 2.1.
TRUE = {"amp": 9.0, "decay": 0.02, "phase": 0.3, "frequency": 2.9}
data = 9.0 * sin(2.9 * x + 0.3) * exp(-x * x * 0.02) + NOISE


def residual_2_1(params, x, data):
    amp = params["amp"].value
    pshift = params["phase"].value
    freq = params["frequency"].value
    decay = params["decay"].value

    model = amp * sin(x * freq + pshift) * exp(-x * x * decay)

    return data - model


def params_2_1():
    params = Parameters()
    params.add("amp", value=10)
    params.add("decay", value=0.007)
    params.add("phase", value=0.2)
    params.add("frequency", value=3.0)
    return params


def residual_3_2(pars, x, data=None):
    # unpack parameters:
    # extract .value attribute for each parameter
    amp = pars["amp"].value
    period = pars["period"].value
    shift = pars["shift"].value
    decay = pars["decay"].value

    if abs(shift) > pi / 2:
        shift = shift - sign(shift) * pi

    if abs(period) < 1.0e-10:
        period = sign(period) * 1.0e-10

    model = amp * sin(shift + x / period) * exp(-x * x * decay * decay)

    if data is None:
        return model
    return model - data


def params_3_2():
    params = Parameters()
    params.add("amp", value=10)
    params.add("period", value=0.34)
    params.add("shift", value=0.2)
    params.add("decay", value=0.1)
    return params


def test_2_1_parameters_give_what_leastsq_gives_for_variables():
    def residual(vars, x, data):
        amp = vars[0]
        phaseshift = vars[1]
        freq = vars[2]
        decay = vars[3]

        model = amp * sin(x * freq + phaseshift) * exp(-x * x * decay)

        return data - model

    vars_ = [10.0, 0.2, 3.0, 0.007]
    expected, _ = scipy.optimize.leastsq(residual, vars_, args=(x, data), ftol=1e-14, xtol=1e-14)
    params = params_2_1()
    minimize(residual_2_1, params, args=(x, data))
    found = [params[name].value for name in ("amp", "phase", "frequency", "decay")]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_2_1_values_are_those_of_the_data_within_their_errors():
    params = params_2_1()
    out = minimize(residual_2_1, params, args=(x, data))
    assert out.success
    for name, value in TRUE.items():
        assert abs(params[name].value - value) < 4 * params[name].stderr
    assert out.redchi == pytest.approx(0.2**2, rel=0.2)


def test_2_1_fixed_and_bounded_when_defined():
    params = Parameters()
    params.add("amp", value=10, vary=False)
    params.add("decay", value=0.007, min=0.0)
    params.add("phase", value=0.2)
    params.add("frequency", value=3.0, max=10)
    out = minimize(residual_2_1, params, args=(x, data))
    assert params["amp"].value == 10
    assert out.nvarys == 3
    assert params["decay"].value == pytest.approx(0.0225, rel=0.05)
    assert params["frequency"].value == pytest.approx(2.9, rel=0.01)


def test_2_1_fixed_and_bounded_later():
    params = params_2_1()
    params["amp"].vary = False
    params["amp"].vary = True
    params["decay"].max = 0.10
    out = minimize(residual_2_1, params, args=(x, data))
    assert out.nvarys == 4
    assert params["decay"].value == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(
    "bounds, limit", [({"max": 0.01}, 0.01), ({"min": 0.03}, 0.03), ({"min": 0.03, "max": 1}, 0.03)]
)
def test_2_1_bounds_are_imposed_at_every_step(bounds, limit):
    seen = []

    def residual(params, x, data):
        seen.append(params["decay"].value)
        return residual_2_1(params, x, data)

    params = params_2_1()
    params["decay"].set(**bounds)
    minimize(residual, params, args=(x, data))
    assert min(seen) >= bounds.get("min", -np.inf)
    assert max(seen) <= bounds.get("max", np.inf)
    assert params["decay"].value == pytest.approx(limit, rel=1e-6)


def test_2_2_each_input_becomes_an_attribute_of_the_same_name():
    par = Parameter(value=2.5, vary=False, min=1, max=5, name="amp", expr=None)
    assert (par.value, par.vary, par.min, par.max, par.name, par.expr) == (2.5, False, 1, 5, "amp", None)


def test_2_2_order_of_the_arguments():
    par = Parameter(2.5, False, 1, 5, "amp", None)
    assert (par.value, par.vary, par.min, par.max, par.name, par.expr) == (2.5, False, 1, 5, "amp", None)


def test_2_2_defaults():
    par = Parameter()
    assert (par.value, par.vary, par.name, par.expr) == (None, True, None, None)
    assert (par.min, par.max) == (-np.inf, np.inf)


def test_2_2_none_is_no_bound():
    params = Parameters()
    params.add("a", value=1e9, min=None, max=None)
    minimize(lambda p: p["a"].value - np.array([-5.0, -7.0]), params)
    assert params["a"].value == pytest.approx(-6)


@pytest.mark.parametrize("name", [None, "b"])
def test_2_2_a_dictionary_of_parameter_objects_gets_consistent_names(name):
    pars = {"a": Parameter(value=1.0), "b": Parameter(value=2.0, name=name)}
    minimize(lambda p: np.array([p["a"].value - 3, p["b"].value - 4, 1.0]), pars)
    assert [par.name for par in pars.values()] == ["a", "b"]
    assert [par.value for par in pars.values()] == pytest.approx([3, 4])


def test_2_2_stderr_and_correl_after_a_fit():
    params = params_2_1()
    assert all(par.stderr is None and par.correl is None for par in params.values())
    minimize(residual_2_1, params, args=(x, data))
    for name, par in params.items():
        assert par.stderr > 0
        assert set(par.correl) == set(params) - {name}
        assert all(-1 < value < 1 for value in par.correl.values())
    assert params["amp"].correl["decay"] == pytest.approx(params["decay"].correl["amp"], rel=1e-9)


def test_2_2_expr_is_evaluated_at_each_step():
    params = params_2_1()
    params.add("twice", expr="2 * decay")
    pairs = []

    def residual(params, x, data):
        pairs.append((params["decay"].value, params["twice"].value))
        return residual_2_1(params, x, data)

    minimize(residual, params, args=(x, data))
    assert len({decay for decay, _ in pairs}) > 10
    assert all(twice == 2 * decay for decay, twice in pairs)


@pytest.mark.parametrize("name", ["2a", "a b", "a.b", "", "lambda", "class", "a-b"])
def test_2_3_keys_are_symbol_names(name):
    with pytest.raises(KeyError, match="identifier"):
        Parameters().add(name, value=1)
    with pytest.raises(KeyError, match="identifier"):
        Parameters()[name] = Parameter(value=1)


@pytest.mark.parametrize("name", ["a", "_", "A9_z", "_0"])
def test_2_3_symbol_names_are_keys(name):
    params = Parameters()
    params.add(name, value=1)
    assert params[name].name == name


def test_2_3_values_are_parameter_objects():
    with pytest.raises(ValueError, match="Parameter"):
        Parameters()["a"] = 1.0


def test_2_3_is_a_dictionary():
    assert isinstance(params_2_1(), dict)


def test_2_3_add():
    p = Parameters()
    p.add("myvar", value=1, vary=True)
    assert isinstance(p["myvar"], Parameter)
    assert (p["myvar"].value, p["myvar"].vary) == (1, True)


def test_2_3_add_takes_its_arguments_in_order():
    p = Parameters()
    p.add("a", 1, False, 0, 3, None)
    assert (p["a"].value, p["a"].vary, p["a"].min, p["a"].max, p["a"].expr) == (1, False, 0, 3, None)


def test_2_3_add_many():
    p = Parameters()
    p.add_many(("amp1", 10, True, None, None, None),
               ("cen1", 1.2, True, 0.5, 2.0, None),
               ("wid1", 0.8, True, 0.1, None, None),
               ("amp2", 7.5, True, None, None, None),
               ("cen2", 1.9, True, 1.0, 3.0, None),
               ("wid2", None, False, None, None, "2*wid1/3"))  # fmt: skip
    assert list(p) == ["amp1", "cen1", "wid1", "amp2", "cen2", "wid2"]
    assert (p["cen2"].value, p["cen2"].min, p["cen2"].max) == (1.9, 1.0, 3.0)
    assert p["wid2"].value == pytest.approx(2 * 0.8 / 3, rel=1e-15)
    assert not p["wid2"].vary


def test_2_4_simple_example(capsys):
    def residual(params, x, data=None):
        amp = params["amp"].value
        shift = params["phase_shift"].value
        omega = params["omega"].value
        decay = params["decay"].value

        model = amp * sin(x * omega + shift) * exp(-x * x * decay)

        return data - model

    params = Parameters()
    params.add("amp", value=10)
    params.add("decay", value=0.007, vary=False)
    params.add("phase_shift", value=0.2)
    params.add("omega", value=3.0)

    result = minimize(residual, params, args=(x, data))

    print(result.chisqr)
    print("Best-Fit Values:")
    for name, par in params.items():
        print(" %s = %.4f +/- %.4f " % (name, par.value, par.stderr))  # noqa: UP031 (as printed)

    lines = capsys.readouterr().out.splitlines()
    assert float(lines[0]) == result.chisqr
    assert lines[1] == "Best-Fit Values:"
    assert [line.split()[0] for line in lines[2:]] == ["amp", "decay", "phase_shift", "omega"]
    assert lines[3] == " decay = 0.0070 +/- 0.0000 "
    assert float(lines[5].split()[2]) == pytest.approx(2.9, abs=0.02)


def test_3_1_the_order_of_the_arguments():
    def residual(params, x, data=None):
        return residual_2_1(params, x, data)

    out = minimize(residual, params_2_1(), (x,), {"data": data}, "leastsq", ftol=1e-9)
    assert out.success
    assert out.call_kws == {"ftol": 1e-9}


def test_3_1_args_and_kws_reach_the_function():
    received = []

    def residual(params, *args, **kws):
        received.append((args, kws))
        return params["a"].value - np.arange(3.0)

    params = Parameters()
    params.add("a", value=0)
    minimize(residual, params, args=(1, "two"), kws={"three": 3})
    assert all(call == ((1, "two"), {"three": 3}) for call in received)


def test_3_1_returns_the_minimizer_with_statistics_which_can_fit_again():
    out = minimize(residual_2_1, params_2_1(), args=(x, data))
    assert isinstance(out, Minimizer)
    chisqr = out.chisqr
    assert out.leastsq()
    assert out.chisqr == pytest.approx(chisqr, rel=1e-9)


def test_3_1_params_are_updated_on_output():
    params = params_2_1()
    out = minimize(residual_2_1, params, args=(x, data))
    for name, par in params.items():
        assert par.value == out.params[name].value != params_2_1()[name].value
        assert par.stderr == out.params[name].stderr
        assert par.correl == out.params[name].correl


def test_3_2_example():
    params = params_3_2()
    out = minimize(residual_3_2, params, args=(x,), kws={"data": data})
    assert out.success
    assert params["amp"].value == pytest.approx(9, abs=0.5)
    assert params["period"].value == pytest.approx(1 / 2.9, rel=0.01)
    assert abs(params["decay"].value) == pytest.approx(np.sqrt(0.02), rel=0.05)


def test_3_2_without_data_the_example_returns_the_model():
    params = params_3_2()
    minimize(residual_3_2, params, args=(x,), kws={"data": data})
    model = residual_3_2(params, x)
    assert np.std(model - data) == pytest.approx(0.2, rel=0.2)


def test_3_2_a_bound_keeps_the_period_from_zero():
    params = params_3_2()
    params["period"] = Parameter(value=2, min=1.0e-10)
    assert (params["period"].name, params["period"].min) == ("period", 1e-10)
    seen = []

    def residual(pars, x, data):
        seen.append(pars["period"].value)
        return residual_3_2(pars, x, data)

    minimize(residual, params, args=(x, data))
    assert min(seen) >= 1e-10


class Callable:
    def __call__(self, params, y):
        return params["a"].value - y

    method = __call__


@pytest.mark.parametrize("function", [Callable(), Callable().method, lambda params, y: params["a"].value - y])
def test_3_2_any_callable_will_do(function):
    params = Parameters()
    params.add("a", value=10)
    minimize(function, params, args=(np.arange(5.0),))
    assert params["a"].value == pytest.approx(2)


def test_3_2_the_length_of_the_array_cannot_change():
    params = Parameters()
    params.add("a", value=1)
    with pytest.raises(lmfit.MinimizerException, match="length of the residual must not change"):
        minimize(lambda p: np.ones(3 if p["a"].value == 1 else 4), params)


def test_3_3_leastsq_is_the_default_the_engine_and_a_method():
    default = minimize(residual_2_1, params_2_1(), args=(x, data))
    by_name = minimize(residual_2_1, params_2_1(), args=(x, data), engine="leastsq")
    fitter = Minimizer(residual_2_1, params_2_1(), fcn_args=(x, data))
    fitter.leastsq()
    assert default.method == by_name.method == fitter.method == "leastsq"
    assert default.values == by_name.values == fitter.values


def test_3_4_table_of_fit_results():
    function = Counted(residual_2_1)
    out = minimize(function, params_2_1(), args=(x, data))
    assert out.nfev == function.calls
    assert out.success is True
    assert out.errorbars is True
    assert "succeeded" in out.message
    assert out.ier in {1, 2, 3, 4}
    assert isinstance(out.lmdif_message, str)
    assert (out.nvarys, out.ndata, out.nfree) == (4, 301, 297)
    np.testing.assert_array_equal(out.residual, residual_2_1(out.params, x, data))
    assert out.chisqr == pytest.approx(np.sum(out.residual**2), rel=1e-13)
    assert out.redchi == pytest.approx(out.chisqr / (301 - 4), rel=1e-13)


def test_3_4_standard_errors_and_correlations_are_those_of_the_covariance():
    params = params_2_1()
    out = minimize(residual_2_1, params, args=(x, data))
    _, expected, *_ = scipy.optimize.leastsq(
        lambda v: residual_2_1({n: Parameter(value=v[i]) for i, n in enumerate(params)}, x, data),
        [par.value for par in params.values()], full_output=True,
    )  # fmt: skip
    expected = expected * out.redchi
    np.testing.assert_allclose([par.stderr for par in params.values()], np.sqrt(np.diag(expected)), rtol=1e-4)
    correl = expected[0, 1] / np.sqrt(expected[0, 0] * expected[1, 1])
    assert params["amp"].correl["decay"] == pytest.approx(correl, rel=1e-4)


def test_3_4_a_variable_without_effect_has_no_error_and_errorbars_is_false():
    params = params_2_1()
    params.add("useless", value=1)
    out = minimize(residual_2_1, params, args=(x, data))
    assert out.success
    assert out.errorbars is False
    assert params["useless"].stderr is None
    assert "'useless'" in out.message


def test_3_4_near_a_bound_errorbars_is_false():
    params = params_2_1()
    params["decay"].max = 0.01
    out = minimize(residual_2_1, params, args=(x, data))
    assert out.errorbars is False
    assert params["decay"].stderr is None
    assert "'decay'" in out.message


def test_3_5_minimizer_takes_fcn_args_and_fcn_kws():
    fitter = Minimizer(residual_3_2, params_3_2(), fcn_args=(x,), fcn_kws={"data": data})
    assert fitter.leastsq()
    assert fitter.ndata == x.size


def test_3_5_keywords_of_the_minimizer_go_to_leastsq():
    loose = Minimizer(residual_2_1, params_2_1(), fcn_args=(x, data), ftol=1e-2, xtol=1e-2, polish=False)
    tight = Minimizer(residual_2_1, params_2_1(), fcn_args=(x, data), polish=False)
    assert loose.leastsq().nfev < tight.leastsq().nfev


@pytest.fixture
def passed_to_scipy(monkeypatch):
    """The keywords that scipy.optimize.leastsq receives."""
    received = {}
    original = scipy.optimize.leastsq

    def spy(function, start, **kws):
        received.update(kws)
        return original(function, start, **kws)

    monkeypatch.setattr(scipy.optimize, "leastsq", spy)
    return received


def test_3_5_default_tolerances(passed_to_scipy):
    Minimizer(residual_2_1, params_2_1(), fcn_args=(x, data)).leastsq()
    assert (passed_to_scipy["xtol"], passed_to_scipy["ftol"]) == (1e-7, 1e-7)


def test_3_5_keywords_go_to_scipy(passed_to_scipy):
    Minimizer(residual_2_1, params_2_1(), fcn_args=(x, data)).leastsq(xtol=1e-4, epsfcn=1e-10, factor=10)
    assert passed_to_scipy["xtol"] == 1e-4
    assert passed_to_scipy["epsfcn"] == 1e-10
    assert passed_to_scipy["factor"] == 10


def narrow_valley(p):
    """Return the residual of a valley so narrow and bent that it takes some 20000 steps to its end."""
    x, y, *others = (par.value for par in p.values())
    return np.array([1e8 * (y - x**2), 1 - x, *others])


@pytest.mark.parametrize("names", ["xy", "xyz"])
def test_3_5_default_limit_of_evaluations(names):
    params = Parameters()
    for name in names:
        params.add(name, value=-1.2)
    searched = []
    out = minimize(narrow_valley, params, iter_cb=lambda *args: searched.append(args))
    assert len(searched) == 1000 * (len(names) + 1)
    assert out.aborted
    assert not out.success


def test_3_5_prepare_fit_before_the_function_is_called():
    p_fit = params_3_2()
    p_fit.add("unused", expr="2 * amp")
    myfit = Minimizer(residual_3_2, p_fit, fcn_args=(x,), fcn_kws={"data": data})

    myfit.prepare_fit()
    init = residual_3_2(p_fit, x)

    assert p_fit["unused"].value == 20
    np.testing.assert_allclose(init, 10 * sin(0.2 + x / 0.34) * exp(-x * x * 0.01))
    assert myfit.leastsq()


def test_3_5_prepare_fit_checks_the_expressions():
    params = params_2_1()
    params.add("wrong", expr="2 * ampp")
    with pytest.raises(lmfit.MinimizerException, match=r"'wrong'.*'ampp'.*'amp'"):
        Minimizer(residual_2_1, params, fcn_args=(x, data)).prepare_fit()


def test_4_2_report_of_a_repeated_fit(capsys):
    x = np.linspace(0.3, 10, 100)
    y = 1 / (0.1 * x) + 2 + 0.1 * np.random.default_rng(4).standard_normal(x.size)
    p = lmfit.Parameters()
    p.add_many(("a", 0.1), ("b", 1))

    def residual(p):
        a = p["a"].value
        b = p["b"].value
        return 1 / (a * x) + b - y

    mi = lmfit.minimize(residual, p)
    assert bool(mi.leastsq()) is True
    lmfit.printfuncs.report_errors(mi.params)
    a, b, correlations, correlation = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r" +a: +0\.\d{5}\+/- 0\.000\d\d \(initial= 0\.100000\)", a)
    assert re.fullmatch(r" +b: +\d\.\d{5}\+/- 0\.01\d{3} \(initial= 1\.000000\)", b)
    assert correlations == "Correlations:"
    assert re.fullmatch(r" +C\(a, b\) += 0\.601", correlation)


def test_5_1_fractions_that_add_up_to_one():
    pars = Parameters()
    pars.add("frac_curve1", value=0.5, min=0, max=1)
    pars.add("frac_curve2", expr="1-frac_curve1")
    curve1, curve2 = exp(-x), exp(-x / 5)
    mixed = 0.3 * curve1 + 0.7 * curve2
    sums = []

    def residual(pars):
        frac1, frac2 = pars["frac_curve1"].value, pars["frac_curve2"].value
        sums.append(frac1 + frac2)
        return frac1 * curve1 + frac2 * curve2 - mixed

    minimize(residual, pars)
    assert pars["frac_curve1"].value == pytest.approx(0.3, rel=1e-9)
    assert pars["frac_curve2"].value == pytest.approx(0.7, rel=1e-9)
    assert sums == pytest.approx([1.0] * len(sums), abs=1e-15)


def test_5_1_a_tied_parameter_has_the_error_of_what_it_is_tied_to():
    pars = Parameters()
    pars.add("frac_curve1", value=0.5, min=0, max=1)
    pars.add("frac_curve2", expr="1-frac_curve1")
    noisy = 0.3 * exp(-x) + 0.7 * exp(-x / 5) + 0.1 * NOISE
    minimize(lambda p: p["frac_curve1"].value * exp(-x) + p["frac_curve2"].value * exp(-x / 5) - noisy, pars)
    assert pars["frac_curve2"].stderr == pytest.approx(pars["frac_curve1"].stderr, rel=1e-8)
    assert pars["frac_curve2"].correl["frac_curve1"] == pytest.approx(-1, rel=1e-9)


def test_5_2_expressions_of_two_peaks():
    pars = Parameters()
    pars.add("amp_1", value=0.5, min=0, max=1)
    pars.add("cen_1", value=2.2)
    pars.add("wid_1", value=0.2)
    pars.add("amp_2", expr="(2.0 - amp_1**2)")
    pars.add("cen_2", expr="cen_1 * wid_2 / max(wid_1, 0.001)")
    pars.add("wid_2", expr="sqrt(pi)*wid_1")

    def peak(pars, i):
        amp, cen, wid = (pars[f"{name}_{i}"].value for name in ("amp", "cen", "wid"))
        return amp * exp(-(((x - cen) / wid) ** 2))

    def peaks(pars):
        return peak(pars, 1) + peak(pars, 2)

    pars["amp_1"].value, pars["cen_1"].value, pars["wid_1"].value = 0.7, 3.0, 0.4
    expected = pars.valuesdict()
    measured = peaks(pars)
    pars["amp_1"].value, pars["cen_1"].value, pars["wid_1"].value = 0.5, 2.8, 0.3
    minimize(lambda p: peaks(p) - measured, pars)
    assert pars.valuesdict() == pytest.approx(expected, rel=1e-8)
    assert pars["cen_2"].value == pytest.approx(3.0 * np.sqrt(np.pi), rel=1e-8)


@pytest.mark.parametrize("test_val, expected", [(300, 1), (100, 2)])
def test_5_2_if_expression(test_val, expected):
    pars = Parameters()
    pars.add_many(("param_a", 1), ("param_b", 2), ("test_val", test_val))
    pars.add("bounded", expr="param_a if test_val/2. > 100 else param_b")
    assert pars["bounded"].value == expected


def test_5_3_a_function_of_the_user_in_a_fit():
    def lorentzian(x, amp, cen, wid):
        "lorentzian function: wid = half-width at half-max"
        return amp / (1 + ((x - cen) / wid) ** 2)

    fitter = Minimizer()
    fitter.asteval.symtable["lorentzian"] = lorentzian

    pars = Parameters()
    pars.add("amp", value=1)
    pars.add("half", expr="lorentzian(3, amp, 1, 2)")
    fitter.userfcn = lambda p: np.array([p["half"].value - 4, p["half"].value - 6])
    assert fitter.minimize(params=pars)
    assert pars["amp"].value == pytest.approx(10, rel=1e-9)
    assert pars["half"].value == pytest.approx(5, rel=1e-9)
