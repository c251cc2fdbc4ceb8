"""Fits of models from amplitudes that are orders of magnitude off: the linear parameters are solved first."""

import numpy as np
import pytest
from helpers import values

from lmfit import GlobalModel, Model
from lmfit.models import (
    ConstantModel,
    ExponentialModel,
    GaussianModel,
    LinearModel,
    LorentzianModel,
    SineModel,
    StepModel,
    VoigtModel,
)

X = np.linspace(0, 10, 101)
STARTED = "started from the best values of the linear parameters"
ONE = {
    "gaussian": (GaussianModel(), {"center": 4.3, "sigma": 0.8}, {"center": 4.9, "sigma": 1.6}),
    "lorentzian": (LorentzianModel(), {"center": 4.3, "sigma": 0.8}, {"center": 3.8, "sigma": 0.5}),
    "voigt": (VoigtModel(), {"center": 5.3, "sigma": 0.8}, {"center": 4.9, "sigma": 1.6}),
    "exponential": (ExponentialModel(), {"decay": 2.0}, {"decay": 6.0}),
    "sine": (SineModel(), {"frequency": 2.0, "shift": 1.0}, {"frequency": 2.08, "shift": 0.6}),
    "step": (StepModel(form="logistic"), {"center": 5.3, "sigma": 0.5}, {"center": 4.9, "sigma": 1.3}),
}


def noisy(curve, seed=1, part=0.01):
    return curve + part * np.abs(curve).max() * np.random.default_rng(seed).normal(size=curve.shape)


@pytest.mark.parametrize("factor", [-1e-3, 1e-9, 1e-6, 1e-3, 1e-1, 10, 1e4])
@pytest.mark.parametrize("model, truth, start", ONE.values(), ids=ONE)
def test_one_line(model, truth, start, factor):
    solution = model.make_params(amplitude=3e4, **truth)
    data = noisy(model.eval(solution, x=X))
    fit = model.fit(data, model.make_params(amplitude=factor * 3e4, **start), x=X)
    exact = model.fit(data, solution, x=X)
    assert fit.success
    assert fit.chisqr == pytest.approx(exact.chisqr, rel=1e-8)
    assert fit.nfev < 100


def peaks(count):
    model = ConstantModel()
    for index in range(count):
        model += GaussianModel(prefix=f"p{index}_")
    return model


def peak_values(count, seed):
    """Peaks of very different heights, and starts that are nearly one width off."""
    rng = np.random.default_rng(seed)
    truth, start = {"c": 3.0}, {"c": 0.0}
    for index in range(count):
        center = 10 * index + rng.uniform(3.5, 6.5)
        truth |= {f"p{index}_center": center, f"p{index}_sigma": rng.uniform(0.8, 1.8)}
        truth[f"p{index}_amplitude"] = 10 ** rng.uniform(1.5, 3)
        start |= {f"p{index}_center": center + rng.uniform(-0.7, 0.7), f"p{index}_sigma": 1.0}
    return truth, start


@pytest.mark.parametrize("amplitude", [1e-3, 1.0])
@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_several_peaks_that_all_start_at_one_small_amplitude(seed, bounded, amplitude):
    model, x = peaks(4), np.linspace(0, 40, 240)
    truth, start = peak_values(4, seed)
    data = model.eval(x=x, **truth) + np.random.default_rng(seed).normal(size=x.size)
    params = model.make_params(**start)
    for index in range(4):
        params[f"p{index}_amplitude"].set(value=amplitude, min=0 if bounded else -np.inf)
    fit = model.fit(data, params, x=x)
    assert STARTED in fit.message
    assert fit.chisqr == pytest.approx(model.fit(data, x=x, **truth).chisqr, rel=1e-8)
    assert fit.nfev < 200


def test_a_start_that_explains_something_is_taken_as_it_is():
    model, truth, start = ONE["gaussian"]
    data = noisy(model.eval(x=X, amplitude=100, **truth))
    assert STARTED not in model.fit(data, x=X, amplitude=60, **start).message
    assert STARTED in model.fit(data, x=X, amplitude=0.6, **start).message


def test_a_background_alone_explains_nothing():
    model, x = GaussianModel() + ConstantModel(), X
    data = noisy(model.eval(x=x, amplitude=100, center=4.3, sigma=0.8, c=1e5), part=1e-5)
    fit = model.fit(data, x=x, amplitude=0.1, center=4.9, sigma=1.5, c=1e5)
    assert STARTED in fit.message
    assert fit.best_values["amplitude"] == pytest.approx(100, rel=0.1)


def test_it_can_be_switched_off():
    model, truth, start = ONE["gaussian"]
    data = noisy(model.eval(x=X, amplitude=3e4, **truth))
    fit = model.fit(data, x=X, amplitude=30, **start, fit_kws={"retry": False})
    assert STARTED not in fit.message


def test_the_start_of_the_user_is_what_is_reported():
    model, truth, start = ONE["gaussian"]
    data = noisy(model.eval(x=X, amplitude=3e4, **truth))
    params = model.make_params(amplitude=30, **start)
    fit = model.fit(data, params, x=X)
    assert fit.init_values == {"amplitude": 30, **start}
    assert params["amplitude"].value == 30
    np.testing.assert_allclose(fit.init_fit, model.eval(params, x=X))


def test_terms_that_are_nearly_the_same_are_not_solved_first():
    model = ExponentialModel(prefix="a_") + ExponentialModel(prefix="b_")
    data = model.eval(x=X, a_amplitude=3e3, a_decay=1.0, b_amplitude=2e3, b_decay=4.0)
    start = {"a_amplitude": 1, "b_amplitude": 1, "a_decay": 2.0}
    assert STARTED not in model.fit(data, x=X, b_decay=2.01, **start).message
    assert STARTED in model.fit(data, x=X, b_decay=5.0, **start).message


def test_fixed_and_tied_amplitudes_stay_what_they_are():
    model = GaussianModel(prefix="a_") + GaussianModel(prefix="b_")
    truth = {"a_center": 3, "a_sigma": 0.6, "b_center": 7, "b_sigma": 0.8}
    data = noisy(model.eval(x=X, a_amplitude=2e4, b_amplitude=1e4, **truth))
    params = model.make_params(a_amplitude=2, **truth)
    params["b_amplitude"].expr = "a_amplitude / 2"
    fit = model.fit(data, params, x=X)
    assert fit.best_values["a_amplitude"] == pytest.approx(2e4, rel=0.01)
    assert fit.best_values["b_amplitude"] == fit.best_values["a_amplitude"] / 2
    params["b_amplitude"].set(value=1, expr="", vary=False)
    assert model.fit(data, params, x=X).best_values["b_amplitude"] == 1


@pytest.mark.parametrize("settings", [{"weights": 0.01}, {"weights": 1 / (1 + X)}, {"nan_policy": "omit"}])
def test_weights_and_missing_data(settings):
    model, truth, start = ONE["gaussian"]
    data = noisy(model.eval(x=X, amplitude=3e4, **truth))
    if "nan_policy" in settings:
        data[::7] = np.nan
    fit = model.fit(data, x=X, amplitude=3, **start, **settings)
    assert STARTED in fit.message
    assert fit.best_values["amplitude"] == pytest.approx(3e4, rel=0.02)


def test_complex_data():
    def resonance(f, amplitude, center, width):
        return amplitude / (1 + 1j * (f - center) / width)

    model = Model(resonance)
    data = model.eval(f=X, amplitude=3e4, center=4.3, width=0.8)
    fit = model.fit(data, f=X, amplitude=3e-2, center=4.9, width=1.5)
    np.testing.assert_allclose(values(fit), [3e4, 4.3, 0.8], rtol=1e-6)


def test_global_fit():
    both = GlobalModel(dict.fromkeys("ab", GaussianModel() + LinearModel()), shared=["center", "sigma"])
    params = both.make_params(amplitude=1, center=4.9, sigma=1.5, slope=0, intercept=0)
    truth = both.make_params(center=4.3, sigma=0.8, slope=2, intercept=5)
    for key, amplitude in (("a", 2e4), ("b", 300.0)):
        truth[f"{key}_amplitude"].value = amplitude
    data = {key: noisy(curve) for key, curve in both.eval(truth, x=X).items()}
    fit = both.fit(data, params, x=X)
    assert STARTED in fit.message
    assert fit.chisqr == pytest.approx(both.fit(data, truth, x=X).chisqr, rel=1e-8)


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("amplitude", [1e-3, 1.0, 1e3])
def test_many_fits_from_one_start(amplitude, bounded):
    rng, model, x, count = np.random.default_rng(5), GaussianModel() + ConstantModel(), X, 200
    truth = {"amplitude": 10 ** rng.uniform(1, 5, count), "center": rng.uniform(4, 6, count)}
    data = np.array([
        model.eval(x=x, sigma=1.2, c=5, **{name: column[row] for name, column in truth.items()})
        for row in range(count)
    ])  # fmt: skip
    data += 0.003 * truth["amplitude"][:, np.newaxis] * rng.normal(size=data.shape)
    params = model.make_params(center=5, sigma=1, c=0)
    params["amplitude"].set(value=amplitude, min=0 if bounded else -np.inf)
    many = model.fit_many(data, params, x=x)
    assert many.success.all()
    np.testing.assert_allclose(many.values["amplitude"], truth["amplitude"], rtol=0.1)
    np.testing.assert_allclose(many.values["center"], truth["center"], atol=0.1)
    one = model.fit(data[7], params, x=x)
    assert many.chisqr[7] == pytest.approx(one.chisqr, rel=1e-8)


def test_many_fits_with_terms_that_are_nearly_the_same():
    model = ExponentialModel(prefix="a_") + ExponentialModel(prefix="b_")
    data = model.eval(x=X, a_amplitude=30, a_decay=1.0, b_amplitude=20, b_decay=4.0)
    params = model.make_params(a_amplitude=0.01, b_amplitude=0.01, a_decay=2.0, b_decay=2.01)
    many = model.fit_many(noisy(np.stack([data, data])), params, x=X)
    assert np.isfinite(many.chisqr).all()
