"""Derivatives of models: the chain rule against finite differences, and what uses them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmfit import models
from lmfit.lineshapes import gaussian, linear, lorentzian, step
from lmfit.model import CompositeModel, Model, ModelError

X = np.linspace(-2, 6, 41)


def decay(x, amplitude, rate):
    return amplitude * np.exp(-rate * x)


def decay_slopes(x, amplitude, rate):
    curve = np.exp(-rate * x)
    return [curve, -x * amplitude * curve]


def oscillation(x, amplitude, rate):
    return amplitude * np.exp(1j * rate * x)


def oscillation_slopes(x, amplitude, rate):
    curve = np.exp(1j * rate * x)
    return [curve, 1j * x * amplitude * curve]


def rotten(x, amplitude, rate):
    return [np.exp(-rate * x), x * amplitude * np.exp(-rate * x)]


def parts():
    """Five models whose parameters have different names."""
    return [
        Model(gaussian, prefix="a_"),
        Model(lorentzian, prefix="b_"),
        Model(linear, prefix="c_"),
        Model(decay, dfunc=decay_slopes, prefix="d_"),
        Model(step, prefix="e_", form="logistic"),
    ]


def start(model):
    """Values at which no part is zero or flat."""
    typical = {"amplitude": 2.0, "center": 1.5, "sigma": 1.2, "slope": 0.3, "intercept": 4.0, "rate": 0.2}
    return {name: typical[name.split("_")[-1]] * (1 + 0.05 * i) for i, name in enumerate(model.param_names)}


def trees():
    """Strategy for an order in which the parts are combined: operators and positions."""
    return st.lists(st.tuples(st.sampled_from("+-*/"), st.integers(0, 3)), min_size=1, max_size=4)


OPERATORS = {"+": Model.__add__, "-": Model.__sub__, "*": Model.__mul__, "/": Model.__truediv__}


def grown(choices):
    left = parts()
    for sign, place in choices:
        place %= len(left) - 1
        left[place : place + 2] = [OPERATORS[sign](left[place], left[place + 1])]
    return left[0]


@given(trees())
def test_chain_rule_agrees_with_finite_differences(choices):
    model = grown(choices)
    values = start(model)
    if (
        np.abs(model.eval(x=X, **values)).max() < 1e6
    ):  # a quotient by something close to zero has no digits left
        found = model.check_jac(x=X, rtol=1e-4, **values)
        assert list(found) == model.param_names


@pytest.mark.parametrize("complex_data", [False, True])
@pytest.mark.parametrize("weighting", ["none", "scalar", "weights", "complex", "covariance"])
def test_rows_are_derivatives_of_the_residual(complex_data, weighting):
    model = Model(oscillation, dfunc=oscillation_slopes) if complex_data else parts()[0] * parts()[3]
    values = start(model)
    data = np.asarray(model.eval(x=X, **values)) + np.cos(X)
    rng = np.random.default_rng(3)
    root = rng.normal(size=(41, 41))
    given = {
        "none": {},
        "scalar": {"weights": 3.0},
        "weights": {"weights": 1 + X**2},
        "complex": {"weights": 1 + X**2 + 2j} if complex_data else {"weights": 2 + np.sin(X)},
        "covariance": {"covariance": root @ root.T + np.eye(41)},
    }[weighting]
    result = model.fit(data, x=X, max_nfev=1, **given, **values)
    objective = result.minimizer.userfcn
    params = result.init_params.copy()
    rows = objective.derivative(params)
    for row, name in zip(rows, model.param_names, strict=True):
        step = 1e-6
        here = params[name].value
        params[name].value = here + step
        above = objective(params)
        params[name].value = here - step
        numeric = (above - objective(params)) / (2 * step)
        params[name].value = here
        assert row == pytest.approx(numeric, rel=1e-6, abs=1e-6 * np.abs(numeric).max())


def test_two_dimensional_data():
    x, y = np.meshgrid(np.arange(6.0), np.arange(5.0))
    model = models.Gaussian2dModel()
    values = {"amplitude": 5, "centerx": 2.5, "centery": 2, "sigmax": 1, "sigmay": 1.5}
    assert max(model.check_jac(x=x, y=y, **values).values()) < 1e-7
    data = model.eval(x=x, y=y, amplitude=6, centerx=2.2, centery=2.1, sigmax=1.1, sigmay=1.4)
    result = model.fit(data, x=x, y=y, **values)
    assert result.params["centerx"].value == pytest.approx(2.2)


@pytest.mark.parametrize("method", ["leastsq", "least_squares"])
def test_fits_need_no_further_evaluations(method):
    model = parts()[0] + parts()[2]
    data = model.eval(x=X, **start(model)) + 0.1 * np.cos(9 * X)
    values = {name: 1.1 * value for name, value in start(model).items()}
    analytic = model.fit(data, x=X, method=method, **values)
    numeric = CompositeModel(model.left, model.right, lambda a, b: a + b).fit(
        data, x=X, method=method, **values
    )
    assert analytic.nfev < numeric.nfev
    for name, par in analytic.params.items():
        assert par.value == pytest.approx(numeric.params[name].value, rel=1e-7)
        assert par.stderr == pytest.approx(numeric.params[name].stderr, rel=1e-6)


def test_bounds_expressions_and_fixed_parameters():
    model = parts()[0] + parts()[1] + parts()[2]
    values = start(model)
    data = model.eval(x=X, **values) + 0.1 * np.cos(9 * X)
    params = model.make_params(**values)
    params["a_sigma"].set(min=0, max=10)
    params.add("shift", value=0.5)
    params["b_center"].expr = "a_center + shift"
    params["b_sigma"].expr = "a_sigma"
    params["c_slope"].vary = False
    numeric = CompositeModel(model.left, model.right, lambda a, b: a + b)
    assert not numeric.differentiable
    found, expected = model.fit(data, params, x=X), numeric.fit(data, params, x=X)
    assert found.nfev < expected.nfev
    for name in found.var_names:
        assert found.params[name].value == pytest.approx(expected.params[name].value, rel=1e-6)
        assert found.params[name].stderr == pytest.approx(expected.params[name].stderr, rel=1e-5)


def test_parameters_that_the_model_does_not_know():
    params = Model(linear).make_params()
    params.add("other", value=1.0)
    result = Model(linear).fit(2 * X + 1, params, x=X)
    assert result.params["slope"].value == pytest.approx(2)
    assert result.undetermined == {"other": "no effect on the residual"}


def test_a_wrong_column_is_named():
    model = Model(decay, dfunc=rotten)
    with pytest.raises(ModelError, match=r"by 'rate' is wrong, at index 0: -7\.28848 is given, 7\.28848"):
        model.check_jac(x=X, amplitude=2, rate=0.3)
    assert max(Model(decay, dfunc=decay_slopes).check_jac(x=X, amplitude=2, rate=0.3).values()) < 1e-8


@pytest.mark.parametrize(
    "dfunc, message",
    [
        (lambda x, amplitude, rate: [x], "one for each of amplitude, rate, but 1 were returned"),
        (
            lambda x, amplitude, rate: [x, x[:-1]],
            r"by 'rate' has shape \(40,\), but the data have shape \(41,\)",
        ),
    ],
)
def test_derivatives_of_the_wrong_form(dfunc, message):
    with pytest.raises(ModelError, match=message):
        Model(decay, dfunc=dfunc).fit(np.exp(-X), x=X, amplitude=1, rate=1)


def test_what_has_no_derivatives_says_so():
    model = Model(decay) + parts()[0]
    assert not model.differentiable
    with pytest.raises(ModelError, match="has no derivatives to check"):
        model.check_jac(x=X, amplitude=2, rate=0.3)


def test_a_fixed_number_of_a_line_shape():
    model = Model(gaussian, sigma=2.0)
    assert model.param_names == ["amplitude", "center"]
    assert max(model.check_jac(x=X, amplitude=2, center=1.5).values()) < 1e-8
    assert model.fit(gaussian(X, 3, 1, 2), x=X, amplitude=2).params["center"].value == pytest.approx(1)


def test_parameters_in_another_order():
    model = Model(gaussian, param_names=["sigma", "amplitude", "center"])
    assert max(model.check_jac(x=X, amplitude=2, center=1.5, sigma=0.8).values()) < 1e-8


@pytest.mark.parametrize(
    "model", [models.VoigtModel(), models.SkewedVoigtModel(), models.StepModel(form="erf")]
)
def test_built_in_models_with_options(model):
    values = {"amplitude": 3.0, "center": 1.5, "sigma": 0.9, "gamma": 0.6, "skew": 0.2}
    given = {name: values[name] for name in model.param_names}
    assert max(model.check_jac(x=X, **given).values()) < 1e-7


def test_scalar_engines_use_them_for_gradient_and_covariance():
    model = Model(gaussian)
    data = gaussian(X, 5, 2, 1) + 0.01 * np.cos(9 * X)
    values = {"amplitude": 4, "center": 1.8, "sigma": 1.1}
    expected = model.fit(data, x=X, **values)
    for method in ("bfgs", "nelder"):
        found = model.fit(data, x=X, method=method, **values)
        assert found.params["sigma"].stderr == pytest.approx(expected.params["sigma"].stderr, rel=1e-4)
