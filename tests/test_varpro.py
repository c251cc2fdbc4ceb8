"""Variable projection: the optimum and the errors of a full search, for fewer evaluations."""

import re

import nist
import numpy as np
import pytest
from helpers import Counted, errors, linear_solution, values
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from lmfit import MinimizerException, Parameters, create_params, minimize
from lmfit._derivatives import Domain
from lmfit._linear_model import linearity, roles
from lmfit._linearity import Linearity, found_by_trying
from lmfit._varpro import End, NotLinear, Search, Separable
from lmfit.lineshapes import exponential, gaussian, linear, lorentzian
from lmfit.model import CompositeModel, Model

rng = np.random.default_rng(20)
t = np.linspace(0.0, 10.0, 81)
PEAK = Model(gaussian, prefix="g_") + Model(linear, prefix="l_")
TRUTH = {"g_amplitude": 5.0, "g_center": 4.0, "g_sigma": 0.8, "l_slope": 0.1, "l_intercept": 1.0}
START = {"g_amplitude": 2.0, "g_center": 4.4, "g_sigma": 0.6, "l_slope": 0.0, "l_intercept": 1.0}
DATA = PEAK.eval(x=t, **TRUTH) + rng.normal(0.0, 0.05, t.size)
ERRORS = rng.uniform(0.03, 0.08, t.size)
COVARIANCE = 0.05**2 * 0.6 ** np.abs(np.subtract.outer(np.arange(t.size), np.arange(t.size)))


def assert_same(one, other):
    """Values and covariance of two fits agree to far less than a standard error."""
    np.testing.assert_allclose(values(one), values(other), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(errors(one), errors(other), rtol=1e-5)
    np.testing.assert_allclose(one.covar, other.covar, rtol=1e-5, atol=1e-9 * np.abs(other.covar).max())
    assert one.chisqr == pytest.approx(other.chisqr, rel=1e-10)


def both(model, data, start, **kws):
    return [
        model.fit(data, model.make_params(**start), x=t, method=name, **kws) for name in ("varpro", "leastsq")
    ]


@pytest.mark.parametrize(
    "kws",
    [{}, {"weights": 1.0 / ERRORS}, {"sigma": ERRORS, "scale_covar": False}, {"covariance": COVARIANCE}],
    ids=["plain", "weights", "sigma", "covariance"],
)
def test_optimum_and_errors_of_leastsq(kws):
    varpro, leastsq = both(PEAK, DATA, START, **kws)
    assert_same(varpro, leastsq)
    assert varpro.nfev <= leastsq.nfev
    assert varpro.method == "varpro"
    assert varpro.linear_names == ["g_amplitude", "l_slope", "l_intercept"]
    assert varpro.success
    assert varpro.message.startswith("Fit succeeded: ")


def test_complex_data():
    model = Model(lambda x, re, im, f, q: (re + 1j * im) / (1.0 + 2j * q * (x - f)))
    truth = {"re": 2.0, "im": -1.0, "f": 5.0, "q": 0.7}
    noise = rng.normal(0.0, 0.02, (2, t.size))
    data = model.eval(x=t, **truth) + noise[0] + 1j * noise[1]
    varpro, leastsq = both(model, data, {"re": 1.0, "im": 1.0, "f": 4.5, "q": 1.0})
    assert_same(varpro, leastsq)
    assert varpro.linear_names == ["re", "im"]


def test_missing_data():
    data = DATA.copy()
    data[[3, 40]] = np.nan
    varpro, leastsq = both(PEAK, data, START, nan_policy="omit")
    assert_same(varpro, leastsq)
    assert varpro.ndata == t.size - 2


def test_start_values_of_linear_parameters_do_not_matter():
    near, far = (
        PEAK.fit(DATA, PEAK.make_params(**{**START, "g_amplitude": a, "l_slope": b}), x=t, method="varpro")
        for a, b in ((5.0, 0.1), (-1e6, 1e4))
    )
    assert near.nfev == far.nfev
    np.testing.assert_allclose(values(near), values(far), rtol=1e-7)


def test_many_peaks_that_leastsq_cannot_find():
    """Amplitudes far too small: a full search moves the peaks away before they have grown."""
    peaks = [Model(gaussian, prefix=f"g{i}_") for i in range(12)]
    model, start, truth = Model(linear, prefix="l_"), {"l_slope": 0.0, "l_intercept": 0.0}, {}
    for i, peak in enumerate(peaks):
        model = model + peak
        truth |= {f"g{i}_amplitude": 2.0 + 0.2 * i, f"g{i}_center": 0.6 + 0.8 * i, f"g{i}_sigma": 0.3}
        start |= {f"g{i}_amplitude": 1e-3, f"g{i}_center": 0.65 + 0.8 * i, f"g{i}_sigma": 0.35}
    data = model.eval(x=t, **truth, l_slope=0.1, l_intercept=1.0) + rng.normal(0.0, 0.02, t.size)
    fit = model.fit(data, model.make_params(**start), x=t, method="varpro")
    assert fit.success
    assert fit.redchi < 2.0 * 0.02**2
    assert fit.nfev < 30


@pytest.mark.parametrize("name", ["g_amplitude", "l_slope"])
def test_bounds_on_linear_parameters(name):
    start = {**START, name: {"value": 0.03, "min": 0.0, "max": 0.05 if name == "l_slope" else 4.0}}
    varpro, leastsq = both(PEAK, DATA, start)
    assert varpro.params[name].value == varpro.params[name].max
    assert varpro.params[name].stderr is None
    np.testing.assert_allclose(values(varpro), values(leastsq), rtol=1e-5)
    np.testing.assert_allclose(errors(varpro), errors(leastsq), rtol=1e-4)


@pytest.mark.parametrize("bound", [{"min": 0.9}, {"max": 0.7}])
def test_bounds_on_the_others(bound):
    start = {**START, "g_sigma": {"value": 1.2 if "min" in bound else 0.4, **bound}}
    varpro, leastsq = both(PEAK, DATA, start)
    assert varpro.params["g_sigma"].value == pytest.approx(*bound.values(), rel=1e-9)
    np.testing.assert_allclose(values(varpro), values(leastsq), rtol=1e-5)
    np.testing.assert_allclose(errors(varpro), errors(leastsq), rtol=1e-4)


def test_no_bound_is_ever_passed():
    params = PEAK.make_params(**START)
    params["g_sigma"].set(min=0.3, max=1.6)
    params["l_intercept"].set(min=0.0, max=1.0)

    def inside(pars, *_args, **_kws):
        assert all(par.min <= par.value <= par.max for par in pars.values())

    fit = PEAK.fit(DATA, params, x=t, method="varpro", iter_cb=inside)
    assert fit.params["l_intercept"].value == 1.0


def test_tied_amplitudes_are_solved_together():
    model = Model(gaussian, prefix="a_") + Model(gaussian, prefix="b_")
    start = {"a_amplitude": 1.0, "a_center": 3.0, "a_sigma": 1.0, "b_center": 7.0, "b_sigma": 1.0}
    params = model.make_params(**start, b_amplitude={"expr": "0.5 * a_amplitude"})
    data = model.eval(x=t, **{**start, "a_amplitude": 6.0}, b_amplitude=3.0) + rng.normal(0.0, 0.02, t.size)
    fit = model.fit(data, params, x=t, method="varpro")
    assert fit.linear_names == ["a_amplitude"]
    assert_same(fit, model.fit(data, params, x=t))


def test_amplitude_in_an_expression_that_is_not_linear():
    params = PEAK.make_params(**START)
    params["g_sigma"].set(expr="0.2 * g_amplitude")
    fit = PEAK.fit(DATA, params, x=t, method="varpro")
    assert fit.linear_names == ["l_slope", "l_intercept"]
    assert_same(fit, PEAK.fit(DATA, fit.params, x=t))


def test_fixed_parameters_are_not_solved():
    params = PEAK.make_params(**START)
    params["l_slope"].set(value=0.1, vary=False)
    fit = PEAK.fit(DATA, params, x=t, method="varpro")
    assert fit.linear_names == ["g_amplitude", "l_intercept"]
    assert fit.params["l_slope"].value == 0.1


def roles_of(model):
    return roles(model, model.param_names)


def linear_ones(model):
    return [name for name, reason in roles_of(model).items() if reason == ""]


G, L, E = Model(gaussian, prefix="g_"), Model(linear, prefix="l_"), Model(exponential, prefix="e_")


@pytest.mark.parametrize(
    "model, expected",
    [
        (G, ["g_amplitude"]),
        (G - L, ["g_amplitude", "l_slope", "l_intercept"]),
        (G * L, ["l_slope", "l_intercept"]),
        (G * E, ["g_amplitude"]),
        (G / L, ["g_amplitude"]),
        ((G + L) * E, ["g_amplitude", "l_slope", "l_intercept"]),
        ((G + L) / E, ["g_amplitude", "l_slope", "l_intercept"]),
        (CompositeModel(G, L, np.convolve), []),
        (Model(lambda x, a: a * x), []),
    ],
    ids=[
        "peak",
        "difference",
        "product",
        "product of peaks",
        "quotient",
        "sum times",
        "sum by",
        "other",
        "own",
    ],
)
def test_linear_parameters_of_a_model(model, expected):
    assert linear_ones(model) == expected


def test_roles_say_why():
    reasons = roles_of(G * L)
    assert reasons["g_amplitude"] == "it multiplies 'l_slope', which is solved"
    assert reasons["g_sigma"] == "gaussian is not linear in it"
    assert roles_of(G / L)["l_slope"] == "it is in the divisor of a quotient"
    assert roles_of(CompositeModel(G, L, np.convolve))["g_amplitude"] is None


def test_product_where_the_linear_factor_is_fixed():
    assert roles(G * L, ["g_amplitude", "g_center"])["g_amplitude"] == ""
    assert roles(G * L, ["g_center"])["l_slope"] == ""


def test_long_sums_need_no_recursion():
    model = Model(gaussian, prefix="g0_")
    for i in range(1, 1500):
        model = model + Model(gaussian, prefix=f"g{i}_")
    assert len(linear_ones(model)) == 1500


def test_linearity_of_variables():
    params = create_params(a=1.0, b=1.0, unused=2.0, c={"expr": "2 * a * d"}, d={"value": 1.0, "vary": False})
    found = linearity({"a": "", "b": None, "c": "", "d": ""}, params)
    assert (found.linear, found.unknown) == ((), ("a", "b"))
    assert found.reasons == {"unused": "the model does not depend on it"}


DECAY = 4.0 * np.exp(-t / 3.0) + 1.0 + rng.normal(0.0, 0.05, t.size)


def residual(p):
    return p["a"] * np.exp(-t / p["tau"]) + p["offset"] - DECAY


def plain():
    return create_params(a=3.0, tau=2.0, offset=0.5)


def test_plain_objective_is_tried():
    objective = Counted(residual)
    fit = minimize(objective, plain(), method="varpro").result
    assert fit.linear_names == ["a", "offset"]
    assert fit.nfev == objective.calls
    assert_same(fit, minimize(residual, plain()).result)


@pytest.mark.parametrize("options", [{}, {"linear": ["a", "offset"]}])
def test_objective_that_writes_into_one_array(options):
    array = np.empty_like(t)

    def reusing(p):
        array[:] = residual(p)
        return array

    fit = minimize(reusing, plain(), method="varpro", **options).result
    assert fit.linear_names == ["a", "offset"]
    assert_same(fit, minimize(residual, plain()).result)


def test_names_that_the_user_gives():
    fit = minimize(residual, plain(), method="varpro", linear=["a"]).result
    assert fit.linear_names == ["a"]
    assert_same(fit, minimize(residual, plain()).result)
    two = minimize(residual, plain(), method="varpro", linear=["a", "offset"])
    assert two.nfev < minimize(residual, plain(), method="varpro").nfev


def test_others_that_have_no_effect_are_left_alone():
    params = create_params(a=1.0, idle=2.0)
    fit = minimize(
        lambda p: p["a"] * np.exp(-t / 3) + 0 * p["idle"] - DECAY, params, "varpro", linear="a"
    ).result
    shape = np.exp(-t / 3)
    assert fit.params["a"].value == pytest.approx(shape @ DECAY / (shape @ shape))
    assert fit.params["idle"].value == 2.0
    assert "'idle' (no effect on the residual)" in fit.message


def test_derivatives_of_the_user():
    def slopes(p):
        decay = np.exp(-t / p["tau"])
        return np.column_stack([decay, p["a"] * decay * t / p["tau"] ** 2, np.ones_like(t)])

    fit = minimize(residual, plain(), method="varpro", Dfun=slopes)
    assert_same(fit, minimize(residual, plain()).result)
    assert fit.nfev < minimize(residual, plain(), method="varpro").nfev


@pytest.mark.parametrize(
    "given, message",
    [
        (
            ["tua"],
            r"option linear: 'tua' is no parameter; did you mean 'tau'\? The variables are a, tau, offset",
        ),
        (["fixed"], r"option linear: 'fixed' is no variable: it is fixed or tied\. The"),
        ([], "option linear: name at least one variable"),
        (["a", "tau"], r"varpro: the residual is not linear in 'a', 'tau' together; .* linear=\[\.\.\.\]"),
    ],
)
def test_wrong_names(given, message):
    params = plain()
    params.add("fixed", value=1.0, vary=False)
    with pytest.raises(MinimizerException, match=message):
        minimize(residual, params, method="varpro", linear=given)


def test_names_that_are_none():
    with pytest.raises(TypeError, match="linear must be names of parameters, but is 3"):
        minimize(residual, plain(), method="varpro", linear=3)


def test_nothing_linear():
    model = Model(lorentzian)
    params = model.make_params(amplitude={"value": 2.0, "vary": False}, center=4.0, sigma=1.0)
    with pytest.raises(MinimizerException) as caught:
        model.fit(DATA, params, x=t, method="varpro")
    assert str(caught.value) == (
        "varpro needs a variable in which the residual is linear, and finds none ('center': lorentzian is "
        "not linear in it; 'sigma': lorentzian is not linear in it); use another engine, such as 'leastsq'"
    )


def test_nothing_linear_found_by_trying():
    with pytest.raises(MinimizerException, match=r"'tau': its effect is not proportional to it\)"):
        minimize(lambda p: np.exp(-t / p["tau"]) - DATA, create_params(tau=2.0), method="varpro")


def tried(function, x, lower=-np.inf, upper=np.inf, known=None):
    names = [f"v{i}" for i in range(len(x))]
    domain = Domain(np.full(len(x), lower), np.full(len(x), upper), np.abs(np.array(x)))
    known = Linearity(unknown=tuple(names)) if known is None else known
    return found_by_trying(lambda v: np.asarray(function(*v), float), x, function(*x), names, known, domain)


def test_product_is_linear_in_one_factor_only():
    found = tried(lambda a, b, c: a * b * t + c, [1.0, 2.0, 3.0])
    assert found.linear == ("v0", "v2")
    assert found.reasons == {"v1": "it multiplies another that is, one of 'v0'"}


def test_product_with_one_that_is_known():
    known = Linearity(linear=("v1",), unknown=("v0",))
    found = tried(lambda a, b: a * b * t, [1.0, 2.0], known=known)
    assert found.linear == ("v1",)
    assert "one of 'v1'" in found.reasons["v0"]


def test_missing_effects():
    found = tried(lambda a, b, c: a * t + 0.0 * b + (c if c < 3.5 else np.nan), [1.0, 2.0, 3.0])
    assert found.linear == ("v0",)
    assert found.reasons["v1"] == "its effect is too small to tell"
    assert found.reasons["v2"] == "the residual is not finite at 4.5 or 1.5"


def test_small_effects_are_tried_with_larger_steps():
    found = tried(lambda a, b, c: a * t + 1e-9 * b * t**2 + 1e-9 * np.exp(c * t), [1.0, 2.0, 3.0])
    assert found.linear == ("v0", "v1")
    assert found.reasons == {"v2": "its effect is not proportional to it"}


def test_small_effects_within_close_bounds():
    found = tried(lambda a, b: a * t + 1e-9 * b * t**2, [1.0, 2.0], lower=[-9.0, 1.0], upper=[9.0, 3.0])
    assert found.linear == ("v0",)
    assert found.reasons["v1"] == "its effect is too small to tell"


@pytest.mark.parametrize("bounds", [(0.5, 2.5), (0.9, 1.4), (1.0, 1.001), (-3.0, 1.0)])
def test_trials_stay_within_bounds(bounds):
    def function(a):
        assert bounds[0] <= a <= bounds[1]
        return a * t

    assert tried(function, [1.0], *bounds).linear == ("v0",)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(0, 2**31), st.floats(-6.0, 6.0))
def test_a_linear_problem_is_solved_at_once(n, seed, magnitude):
    generator = np.random.default_rng(seed)
    design = generator.normal(size=(12, n)) * 10.0**magnitude
    data = generator.normal(size=12)
    separable = Separable(
        lambda v: design @ v - data,
        lambda x, at_x, indices: design[:, indices],
        np.ones(n, dtype=bool),
        Domain.unbounded(n),
    )
    search = Search(separable, np.ones(n), design @ np.ones(n) - data)
    assert search.run() is End.SOLVED
    expected = linear_solution(design, data)
    np.testing.assert_allclose(search.here.x, expected.values, rtol=1e-7, atol=1e-9 * 10.0**-magnitude)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(2, 5), st.integers(0, 2**31))
def test_a_bounded_linear_problem_is_that_of_scipy(n, seed):
    generator = np.random.default_rng(seed)
    design, data = generator.normal(size=(15, n)), generator.normal(size=15)
    low, high = -generator.uniform(0.0, 0.2, n), generator.uniform(0.0, 0.2, n)
    separable = Separable(
        lambda v: design @ v - data,
        lambda x, at_x, indices: design[:, indices],
        np.ones(n, dtype=bool),
        Domain(low, high, np.ones(n)),
    )
    search = Search(separable, np.zeros(n), -data)
    assert search.run() is End.SOLVED
    expected = optimize.lsq_linear(design, data, (low, high), method="bvls").x
    np.testing.assert_allclose(search.here.x, expected, atol=1e-9)


def test_superfluous_linear_variables_stay():
    design = np.column_stack([np.ones(5), np.ones(5), np.zeros(5)])
    separable = Separable(
        lambda v: design @ v - 3.0,
        lambda x, at_x, indices: design[:, indices],
        np.ones(3, bool),
        Domain.unbounded(3),
    )
    search = Search(separable, np.array([1.0, 0.5, 7.0]), design @ [1.0, 0.5, 7.0] - 3.0)
    search.run()
    assert search.here.x[2] == 7.0
    assert search.here.x[:2].sum() == pytest.approx(3.0)


def test_not_linear_is_noticed():
    separable = Separable(
        lambda v: np.array([v[0] ** 2 - 2.0, v[0]]),
        lambda x, at_x, indices: np.array([[2.0 * x[0]], [1.0]]),
        np.ones(1, bool),
        Domain.unbounded(1),
    )
    with pytest.raises(NotLinear):
        Search(separable, np.array([3.0]), np.array([7.0, 3.0])).run()


#: In b2, with b1 fixed by it, no variable of the others is linear.
WITHOUT_LINEAR = {"Chwirut1", "Chwirut2"}


@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize("name", sorted(set(nist.names()) - WITHOUT_LINEAR))
def test_nist(name, start):
    data = nist.load(name)
    params = Parameters()
    for key, value in zip(data.parameter_names, getattr(data, start), strict=True):
        params.add(key, value=value)
    with np.errstate(all="ignore"):
        fit = minimize(nist.residual(data), params, method="varpro")
    assert fit.success, fit.message
    assert nist.digits(values(fit), data.certified).min() >= 6.0
    # The residual of Lanczos1, and with it the scale of its errors, is nothing but the rounding of its data.
    scale = data.rsd / np.sqrt(fit.redchi) if name == "Lanczos1" else 1.0
    assert nist.digits(scale * errors(fit), data.stderr).min() >= 6.0


@pytest.mark.parametrize("name", sorted(WITHOUT_LINEAR))
def test_nist_without_linear_variables(name):
    data = nist.load(name)
    params = create_params(**dict(zip(data.parameter_names, data.start1, strict=True)))
    with pytest.raises(MinimizerException, match=re.escape("finds none ('b1': its effect is not")):
        minimize(nist.residual(data), params, method="varpro")


def test_success_is_not_claimed_where_two_terms_have_become_one(monkeypatch):
    """The two exponentials had the same rate, where chi-square is flat but no minimum."""
    monkeypatch.setattr("lmfit._engines.varpro._FIRST_STEPS", (2.0,))
    data = nist.load("MGH17")
    params = create_params(**dict(zip(data.parameter_names, data.start1, strict=True)))
    fit = minimize(nist.residual(data), params, engine="varpro").result
    assert not fit.success or fit.chisqr < data.rss * (1 + 1e-6)
