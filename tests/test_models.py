"""Built-in models: names and bounds as in 1.3.4, derived parameters, derivatives, saving, options."""

import copy
import inspect
import json
import pickle
from pathlib import Path

import nist
import nist_models
import numpy as np
import pytest
from helpers import errors, linear_solution, values
from scipy import interpolate, optimize

import lmfit.model
from lmfit import lineshapes, models
from lmfit.errors import ExpressionError
from lmfit.models import (
    ConstantModel,
    ExponentialModel,
    ExpressionModel,
    GaussianModel,
    LinearModel,
    LorentzianModel,
    PolynomialModel,
    SineModel,
    SplineModel,
    StepModel,
    VoigtModel,
)

GOLDEN = json.loads((Path(__file__).parent / "data" / "models.json").read_text())
X = np.linspace(0.4, 9.6, 47)
#: Values that suit all models with a parameter of that name.
VALUES = {
    "amplitude": 3.0,
    "center": 4.3,
    "sigma": 0.9,
    "sigma_r": 1.4,
    "center1": 3.1,
    "center2": 7.2,
    "sigma1": 0.8,
    "sigma2": 1.1,
    "beta": 1.4,
    "expon": 1.8,
    "skew": 0.7,
    "fraction": 0.4,
    "q": 0.8,
    "kt": 1.7,
    "decay": 2.5,
    "exponent": 1.3,
    "frequency": 1.1,
    "shift": 0.4,
    "slope": 0.6,
    "intercept": 1.2,
    "a": 0.3,
    "b": -0.5,
    "c": 1.1,
    "re": 1.0,
    "im": -2.0,
}


def made(name, **kws):
    return getattr(models, name)(**GOLDEN[name]["options"], **kws)


def params_of(model):
    params = model.make_params()
    for name, parameter in params.items():
        if not parameter.expr:
            parameter.value = VALUES.get(name, 0.3 + 0.1 * len(name))
    return params


def variables_of(model):
    return {"x": X, "y": X[::-1] / 2} if "y" in model.independent_vars else {"x": X}


@pytest.mark.parametrize("name", GOLDEN)
def test_parameters_are_those_of_1_3_4(name):
    model = made(name)
    params = model.make_params()
    assert model.independent_vars == GOLDEN[name]["independent_vars"]
    assert set(params) == set(GOLDEN[name]["params"])
    for key, (value, low, high, tied) in GOLDEN[name]["params"].items():
        parameter = params[key]
        assert bool(parameter.expr) == tied
        if not tied:
            assert parameter.min == (-np.inf if low is None else pytest.approx(low, rel=1e-12))
            assert parameter.max == (np.inf if high is None else pytest.approx(high, rel=1e-12))
        # 1.x prints factors with seven digits; where it has no value (None), ours is zero.
        assert parameter.value == pytest.approx(value or 0.0, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", GOLDEN)
def test_prefix_is_in_names_and_expressions(name):
    plain, prefixed = made(name), made(name, prefix="p_")
    params, others = params_of(plain), prefixed.make_params()
    assert list(others) == ["p_" + key for key in params]
    for key, parameter in params.items():
        if not parameter.expr:
            others["p_" + key].value = parameter.value
    assert [parameter.value for parameter in others.values()] == [
        parameter.value for parameter in params.values()
    ]
    plain.prefix = "later_"
    assert list(plain.make_params()) == ["later_" + key for key in params]


@pytest.mark.parametrize("name", GOLDEN)
def test_derivatives_are_known_and_right(name):
    model = made(name)
    assert model.differentiable
    if name != "ComplexConstantModel":
        found = model.check_jac(params_of(model), **variables_of(model))
        assert max(found.values()) < 1e-6


@pytest.mark.parametrize("name", GOLDEN)
def test_copies_and_files_evaluate_the_same(name):
    model = made(name, prefix="p_") + ConstantModel(prefix="c_") if name != "ConstantModel" else made(name)
    params = model.make_params()
    for place, parameter in enumerate(params.values()):
        if not parameter.expr:
            parameter.value = 0.7 + 0.1 * place
    expected = model.eval(params, **variables_of(model))
    restored = lmfit.model.Model.loads(model, model.dumps())
    for other in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model)), restored):
        np.testing.assert_array_equal(other.eval(params, **variables_of(model)), expected)
        assert list(other.make_params()) == list(params)


@pytest.mark.parametrize("name", ["GaussianModel", "SplineModel", "PolynomialModel", "StepModel"])
def test_a_saved_result_evaluates_the_same(name, tmp_path):
    model = made(name)
    data = model.eval(params_of(model), x=X) + 0.01 * np.random.default_rng(3).normal(size=len(X))
    result = model.fit(data, params_of(model), x=X)
    lmfit.model.save_modelresult(result, tmp_path / "fit.json")
    for other in (lmfit.model.load_modelresult(tmp_path / "fit.json"), pickle.loads(pickle.dumps(result))):
        np.testing.assert_array_equal(other.best_fit, result.best_fit)
        np.testing.assert_array_equal(other.eval(x=X / 2), result.eval(x=X / 2))
        np.testing.assert_array_equal(values(other), values(result))
        np.testing.assert_array_equal(errors(other), errors(result))


def curve(model, params):
    return lambda x: float(np.squeeze(model.eval(params, x=np.array([x]))))


def top_of(function, near):
    found = optimize.minimize_scalar(
        lambda x: -function(x), bounds=(near - 3, near + 3), options={"xatol": 1e-11}
    )
    return found.x, -found.fun


HEIGHTS = [name for name in GOLDEN if "height" in GOLDEN[name]["params"] and name != "Gaussian2dModel"]


@pytest.mark.parametrize("name", HEIGHTS)
def test_height_is_that_of_the_curve(name):
    model = made(name)
    params = params_of(model)
    if name == "LognormalModel":
        params["center"].value = 1.1
    if name == "StudentsTModel":
        params["sigma"].value = 2.2
    function = curve(model, params)
    if name == "DampedOscillatorModel":  # its maximum is below the centre, by a fraction of sigma squared
        params["sigma"].value = 0.01
        assert params["height"].value == pytest.approx(function(params["center"].value), rel=1e-10)
    elif name in {"DampedHarmonicOscillatorModel", "DoniachModel"}:  # 1.x says: the value at the centre
        assert params["height"].value == pytest.approx(function(params["center"].value), rel=1e-10)
    else:
        top = top_of(function, 1.5 if name == "LognormalModel" else params["center"].value)[1]
        assert params["height"].value == pytest.approx(top, rel=1e-9)


#: How well the width is known: of some it is an approximation.
WIDTHS = {
    "GaussianModel": 1e-9,
    "LorentzianModel": 1e-9,
    "SplitLorentzianModel": 1e-9,
    "VoigtModel": 3e-4,
    "PseudoVoigtModel": 1e-9,
    "MoffatModel": 1e-9,
    "Pearson4Model": 0.1,
    "Pearson7Model": 1e-9,
    "StudentsTModel": 1e-9,
    "LognormalModel": 1e-9,
    "DampedHarmonicOscillatorModel": 0.1,
}


def test_all_widths_are_tested():
    assert {name for name in GOLDEN if "fwhm" in GOLDEN[name]["params"]} == set(WIDTHS)


@pytest.mark.parametrize("name", WIDTHS)
def test_width_is_that_of_the_curve(name):
    model = made(name)
    params = params_of(model)
    params["sigma"].value = {"StudentsTModel": 2.2, "DampedHarmonicOscillatorModel": 0.1}.get(name, 0.9)
    params["center"].value = 0.8 if name == "LognormalModel" else 4.3
    function = curve(model, params)
    place, height = top_of(function, 1.5 if name == "LognormalModel" else 4.3)
    half = lambda x: function(x) - height / 2
    width = optimize.brentq(half, place, place + 30) - optimize.brentq(half, max(place - 30, 1e-9), place)
    assert params["fwhm"].value == pytest.approx(width, rel=WIDTHS[name])


def test_position_of_pearson4():
    model = made("Pearson4Model")
    params = params_of(model)
    assert params["position"].value == pytest.approx(top_of(curve(model, params), 4.0)[0], rel=1e-6)


def test_widths_and_heights_of_two_variables():
    params = params_of(made("Gaussian2dModel"))
    one = params_of(GaussianModel())
    one["sigma"].value = params["sigmax"].value
    assert params["fwhmx"].value == one["fwhm"].value
    at_top = lineshapes.gaussian2d(
        0.0, 0.0, params["amplitude"].value, 0, 0, *(params[f"sigma{v}"] for v in "xy")
    )
    assert params["height"].value == pytest.approx(float(at_top))


@pytest.mark.parametrize(
    "name", [name for name in GOLDEN if any(row[3] for row in GOLDEN[name]["params"].values())]
)
@pytest.mark.parametrize("width", [0.0, 1e-300])
def test_derived_parameters_at_a_width_of_zero(name, width):
    params = params_of(made(name))
    for key in ("sigma", "sigmax"):
        if key in params:
            params[key].value = width
    assert all(np.isfinite(parameter.value) for parameter in params.values())


def test_derived_parameters_have_standard_errors():
    rng = np.random.default_rng(4)
    model = GaussianModel()
    data = model.eval(amplitude=5, center=4, sigma=0.8, x=X) + 0.02 * rng.normal(size=len(X))
    params = model.fit(data, model.guess(data, x=X), x=X).params
    assert params["fwhm"].stderr == pytest.approx(model.fwhm_factor * params["sigma"].stderr, rel=1e-6)
    # height = factor amplitude / sigma
    amplitude, sigma = params["amplitude"], params["sigma"]
    relative = np.array([1 / amplitude.value, -1 / sigma.value])
    both = np.array([amplitude.stderr, sigma.stderr])
    correlation = np.array([[1, amplitude.correl["sigma"]], [amplitude.correl["sigma"], 1]])
    expected = np.sqrt(relative @ (correlation * np.outer(both, both)) @ relative) * params["height"].value
    assert params["height"].stderr == pytest.approx(expected, rel=1e-5)


def test_gamma_of_voigt_can_be_freed():
    model = VoigtModel()
    data = lineshapes.voigt(X, 5, 4, 0.5, 1.1)
    params = model.guess(data, x=X)
    assert params["gamma"].expr == "sigma"
    params["gamma"].set(expr="", vary=True)
    found = model.fit(data, params, x=X)
    np.testing.assert_allclose(
        [found.params[p].value for p in model.param_names], [5, 4, 0.5, 1.1], rtol=1e-6
    )


def test_hints_of_the_user_come_before_ours():
    model = GaussianModel(sigma={"min": 0.3, "value": 2})
    assert (model.make_params()["sigma"].min, model.make_params()["sigma"].value) == (0.3, 2)
    model.set_param_hint("fwhm", max=3)
    assert model.make_params()["fwhm"].max == 3


@pytest.mark.parametrize("form", ["linear", "atan", "arctan", "erf", "logistic"])
def test_form_of_a_step(form):
    model = StepModel(form=form)
    assert model.opts == {"form": form}
    found = model.eval(amplitude=2, center=4, sigma=0.7, x=X)
    np.testing.assert_array_equal(found, lineshapes.step(X, 2, 4, 0.7, form))


@pytest.mark.parametrize("name", ["StepModel", "RectangleModel", "ThermalDistributionModel"])
def test_an_unknown_form_is_refused_with_those_that_are_known(name):
    valid = getattr(models, name).valid_forms
    with pytest.raises(ValueError, match=f"{name}: form must be one of '{valid[0]}', .* got 'round'"):
        getattr(models, name)(form="round")


def test_linear_parameters_of_models():
    assert GaussianModel(prefix="g_").linear_parameters == ("amplitude",)
    assert PolynomialModel(2).linear_parameters == ("c0", "c1", "c2")
    assert SplineModel([0, 1, 2]).linear_parameters == ("s0", "s1", "s2")
    assert ConstantModel().linear_parameters == ("c",)
    assert models.ThermalDistributionModel().linear_parameters == ()


def test_all_models_of_1_x_are_listed():
    assert {cls.__name__ for cls in models.lmfit_models.values()} == {*GOLDEN, "ExpressionModel"}
    assert all(cls.__name__ in models.__all__ for cls in models.lmfit_models.values())
    assert models.ParabolicModel is models.QuadraticModel
    assert models.DonaichModel is models.DoniachModel


@pytest.mark.parametrize("degree", [0, 1, 4, 9])
def test_polynomial_is_that_of_numpy(degree):
    rng = np.random.default_rng(degree)
    coefficients = rng.normal(size=degree + 1)
    model = PolynomialModel(degree=degree)
    named = {f"c{k}": value for k, value in enumerate(coefficients)}
    np.testing.assert_allclose(
        model.eval(x=X, **named), np.polynomial.Polynomial(coefficients)(X), rtol=1e-12
    )


@pytest.mark.parametrize("degree", [-1, 1.5, "3", True, None])
def test_degree_must_be_a_whole_number(degree):
    with pytest.raises(TypeError, match="degree must be a whole number from 0 on, got"):
        PolynomialModel(degree=degree)


def test_polynomial_fit_is_linear_least_squares():
    rng = np.random.default_rng(7)
    data = 1 + 0.2 * X - 0.1 * X**2 + 0.3 * rng.normal(size=len(X))
    model = PolynomialModel(degree=2)
    result = model.fit(data, model.guess(data, x=X), x=X)
    solution = linear_solution(np.vander(X, 3, increasing=True), data)
    np.testing.assert_allclose(values(result), solution.values, rtol=1e-7)
    np.testing.assert_allclose(errors(result), solution.stderr, rtol=1e-6)


def test_spline_goes_through_its_values_as_that_of_scipy():
    knots = np.array([0.0, 1.0, 2.5, 4.0, 6.0, 10.0])
    heights = np.array([1.0, 3.0, -1.0, 2.0, 2.0, 0.0])
    model = SplineModel(xknots=knots)
    named = {f"s{k}": value for k, value in enumerate(heights)}
    np.testing.assert_allclose(model.eval(x=knots, **named), heights, atol=1e-12)
    expected = interpolate.splev(X, interpolate.splrep(knots, heights))
    np.testing.assert_allclose(model.eval(x=X, **named), expected, atol=1e-12)
    # Other points, and then the first again.
    np.testing.assert_allclose(
        model.eval(x=X / 2, **named)[:3], interpolate.CubicSpline(knots, heights)(X[:3] / 2)
    )
    np.testing.assert_allclose(model.eval(x=X, **named), expected, atol=1e-12)


@pytest.mark.parametrize("count", [2, 3])
def test_spline_of_few_knots(count):
    knots = np.arange(count) * 3.0
    model = SplineModel(xknots=knots)
    named = {f"s{k}": knot ** (count - 1) for k, knot in enumerate(knots)}
    np.testing.assert_allclose(model.eval(x=X, **named), X ** (count - 1), rtol=1e-12)


@pytest.mark.parametrize("knots", [[1.0], [[1, 2], [3, 4]], [3, 2, 1], [0, 0, 1], [0, np.nan, 1]])
def test_knots_must_increase(knots):
    with pytest.raises(ValueError, match="at least two numbers in increasing order"):
        SplineModel(xknots=knots)


def test_constant_needs_no_points():
    result = ConstantModel().fit([1.0, 2.0, 6.0], c=0)
    assert result.params["c"].value == pytest.approx(3.0)
    assert ConstantModel().eval(c=2.0, x=X).shape == X.shape


def test_complex_constant():
    rng = np.random.default_rng(8)
    data = 2 - 1j + 0.1 * (rng.normal(size=20) + 1j * rng.normal(size=20))
    model = models.ComplexConstantModel()
    params = model.guess(data)
    assert params["re"].value + 1j * params["im"].value == pytest.approx(data.mean())
    result = model.fit(data, params)
    assert result.params["im"].value == pytest.approx(data.imag.mean())


def evaluate_with_ones(text):
    model = ExpressionModel(text)
    return model.eval(x=X, **dict.fromkeys(model.param_names, 1.0))


class TestExpressionModel:
    def test_agrees_with_the_function(self):
        model = ExpressionModel("amplitude * exp(-(x-center)**2 / (2*sigma**2)) / (sqrt(2*pi)*sigma)")
        assert model.param_names == ["amplitude", "center", "sigma"]
        found = model.eval(amplitude=3, center=4, sigma=0.8, x=X)
        np.testing.assert_allclose(found, lineshapes.gaussian(X, 3, 4, 0.8), rtol=1e-12)

    def test_fits(self):
        data = 3 * np.exp(-X / 2.5) + 1
        result = ExpressionModel("a*exp(-x/t) + off").fit(data, a=1, t=1, off=0, x=X)
        np.testing.assert_allclose(list(result.best_values.values()), [3, 2.5, 1], rtol=1e-7)

    def test_init_script_defines_functions_and_constants(self):
        script = "scale = 2.0\ndef twice(u):\n    return scale*u\n"
        model = ExpressionModel("off + twice(a*x) + scale", init_script=script)
        assert model.param_names == ["off", "a"]
        np.testing.assert_allclose(model.eval(off=1, a=3, x=X), 3 + 6 * X)

    def test_independent_variables_are_those_named(self):
        model = ExpressionModel("a*t + b*u", independent_vars=["t", "u"])
        assert (model.independent_vars, model.param_names) == (["t", "u"], ["a", "b"])
        np.testing.assert_allclose(model.eval(a=2, b=3, t=X, u=X**2), 2 * X + 3 * X**2)

    def test_without_an_independent_variable(self):
        with pytest.raises(
            ValueError, match=r"no independent variable found in the expression 'a\*t', which has a, t"
        ):
            ExpressionModel("a*t")

    def test_text_that_is_no_expression(self):
        with pytest.raises(ExpressionError, match="a\\*\\("):
            ExpressionModel("a*(")

    def test_an_unknown_function(self):
        with pytest.raises(ExpressionError, match="nope"):
            ExpressionModel("a*x + nope(b)").eval(a=1, b=2, x=X)

    def test_a_name_of_a_function_that_is_not_called_is_a_parameter(self):
        model = ExpressionModel("gamma*x + log*beta")
        assert model.param_names == ["gamma", "log", "beta"]
        np.testing.assert_allclose(model.eval(gamma=1, log=2, beta=3, x=X), X + 6)

    @pytest.mark.parametrize(
        "text",
        [
            "x.__class__",
            "open('x') + x",
            "a*__import__('os').getpid()*x",
            "eval('1')*x",
            "x + getattr(x, 'tofile')('f')",
            "(lambda: x.data)()",
            "f'{x.data}'",
        ],
    )
    def test_nothing_but_arithmetic(self, text, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ExpressionError):
            evaluate_with_ones(text)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "script", ["import os", "open('f', 'w')", "from os import path", "x = ().__class__"]
    )
    def test_nothing_else_in_the_script(self, script, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ExpressionError):
            ExpressionModel("a*x", init_script=script)
        assert not list(tmp_path.iterdir())

    def test_prefix_pickle_and_sum(self):
        model = ExpressionModel("a*x + s", prefix="e_", init_script="s = 2.0") + ConstantModel()
        assert model.param_names == ["e_a", "c"]
        other = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(other.eval(e_a=3, c=1, x=X), 3 * X + 3)

    def test_cannot_guess(self):
        with pytest.raises(NotImplementedError, match="give them to make_params"):
            ExpressionModel("a*x").guess(X, x=X)


def test_signatures_of_constructors():
    for name in GOLDEN:
        first = list(inspect.signature(getattr(models, name)).parameters)
        assert first[:1] == {"PolynomialModel": ["degree"], "SplineModel": ["xknots"]}.get(name, first[:1])
        made(name, independent_vars=GOLDEN[name]["independent_vars"], prefix="q_", nan_policy="omit")


def test_models_can_be_derived_from():
    class Peak(GaussianModel):
        def __init__(self, **kws):
            super().__init__(**kws)
            self.set_param_hint("double", expr=f"2*{self.prefix}amplitude")

        def guess(self, data, x, **kws):
            return models.guess_from_peak(self, data, x, negative=False, ampscale=2.5066, sigscale=0.4247)

    data = lineshapes.gaussian(X, 3, 4, 0.7)
    params = Peak(prefix="n_").guess(data, X)
    assert params["n_double"].value == pytest.approx(6, rel=0.1)
    assert params["n_sigma"].value == pytest.approx(0.7, rel=0.1)


def test_helpers_of_1_x():
    model = LorentzianModel(prefix="l_")
    assert eval(models.fwhm_expr(model), {"l_sigma": 3.0}) == 6.0
    height = eval(models.height_expr(model), {"l_sigma": 3.0, "l_amplitude": 2.0, "max": max})
    assert height == pytest.approx(2 / (3 * np.pi))


@pytest.mark.parametrize("name", nist_models.MODELS)
def test_nist_by_built_in_models(name):
    result = nist_models.fit(name)
    values_right, errors_right = nist_models.digits(result, name)
    assert result.success
    assert result.chisqr == pytest.approx(nist.load(name).rss, rel=1e-9)
    assert values_right > 8
    assert errors_right > 6


def test_sum_of_models_is_linear_least_squares_where_it_is_linear():
    rng = np.random.default_rng(9)
    data = 2 + 0.5 * X + 3 * np.exp(-X / 1.7) + 0.1 * rng.normal(size=len(X))
    model = LinearModel() + ExponentialModel() + SineModel(prefix="s_")
    params = model.make_params(decay=1.7, s_frequency=2.0, s_amplitude=0.1, s_shift=0.0)
    for fixed in ("decay", "s_frequency", "s_shift"):
        params[fixed].vary = False
    params["s_amplitude"].min = -np.inf
    result = model.fit(data, params, x=X)
    columns = np.column_stack([X, np.ones_like(X), np.exp(-X / 1.7), np.sin(2 * X)])
    solution = linear_solution(columns, data)
    free = ["slope", "intercept", "amplitude", "s_amplitude"]
    np.testing.assert_allclose([result.params[name].value for name in free], solution.values, rtol=1e-7)
    np.testing.assert_allclose([result.params[name].stderr for name in free], solution.stderr, rtol=1e-6)
