"""Values and derivatives of the line shapes, against formulas in many digits."""

import inspect
import json
import pickle
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmfit import lineshapes
from lmfit.lineshapes import linear_parameters, not_zero, with_derivatives

GOLDEN = json.loads((Path(__file__).parent / "data" / "lineshapes.json").read_text())

# The formulas once more, in mpmath: slow, exact, and without the care for overflow and cancellation.


def gaussian(x, a, c, s):
    return a / (s * mp.sqrt(2 * mp.pi)) * mp.exp(-((x - c) ** 2) / (2 * s**2))


def lorentzian(x, a, c, s):
    return a / mp.pi * s / ((x - c) ** 2 + s**2)


def split_lorentzian(x, a, c, s, r):
    w = s if x < c else r
    return 2 * a / (mp.pi * (s + r)) * w**2 / ((x - c) ** 2 + w**2)


def voigt(x, a, c, s, g):
    z = (x - c + 1j * g) / (s * mp.sqrt(2))
    return a / (s * mp.sqrt(2 * mp.pi)) * mp.re(mp.exp(-z * z) * mp.erfc(-1j * z))


def pvoigt(x, a, c, s, f):
    return (1 - f) * gaussian(x, a, c, s / mp.sqrt(2 * mp.log(2))) + f * lorentzian(x, a, c, s)


def pearson7(x, a, c, s, m):
    return a / (s * mp.beta(m - mp.mpf(1) / 2, mp.mpf(1) / 2)) * (1 + ((x - c) / s) ** 2) ** -m


def pearson4(x, a, c, s, m, v):
    u = (x - c) / s
    norm = abs(mp.gamma(m + 1j * v / 2) / mp.gamma(m)) ** 2
    return norm * pearson7(x, a, c, s, m) * mp.exp(-v * mp.atan(u))


def dho(x, a, c, s, g):
    return a * s / mp.pi / (1 - mp.exp(-x / g)) * (1 / ((x - c) ** 2 + s**2) - 1 / ((x + c) ** 2 + s**2))


def students_t(x, a, c, s):
    norm = mp.gamma((s + 1) / 2) / (mp.sqrt(s * mp.pi) * mp.gamma(s / 2))
    return a * norm * (1 + (x - c) ** 2 / s) ** (-(s + 1) / 2)


def expgaussian(x, a, c, s, g):
    return a * g / 2 * mp.exp(g * (c - x + g * s * s / 2)) * mp.erfc((c + g * s * s - x) / (mp.sqrt(2) * s))


def doniach(x, a, c, s, g):
    u = (x - c) / s
    return a / s ** (1 - g) * mp.cos(mp.pi * g / 2 + (1 - g) * mp.atan(u)) / (1 + u * u) ** ((1 - g) / 2)


def skewed(x, c, s, k):
    return 1 + mp.erf(k * (x - c) / (s * mp.sqrt(2)))


EDGES = {
    "linear": lambda u: min(1, max(0, u + mp.mpf(1) / 2)),
    "atan": lambda u: mp.mpf(1) / 2 + mp.atan(u) / mp.pi,
    "erf": lambda u: (1 + mp.erf(u)) / 2,
    "logistic": lambda u: 1 - 1 / (1 + mp.exp(u)),
}


def edge_of_rectangle(form):
    return EDGES[form] if form != "linear" else lambda u: EDGES["linear"](u / 2)


def rectangle(form):
    edge = edge_of_rectangle(form)
    return lambda x, a, c, s, d, r: a * (edge((x - c) / s) + edge((d - x) / r) - 1)


def thermal(constant):
    return lambda x, a, c, k: 1 / (a * mp.exp((x - c) / k) + constant)


# What the parameters may be, besides amplitude and centre.
WIDTH, RATE, SKEW = (0.2, 4.0), (0.1, 3.0), (-3.0, 3.0)
PEAK = [(-3.0, 3.0), (-1.0, 1.0), WIDTH]

CASES = {
    "gaussian": (gaussian, PEAK),
    "lorentzian": (lorentzian, PEAK),
    "split_lorentzian": (split_lorentzian, [*PEAK, WIDTH]),
    "voigt": (voigt, [*PEAK, (0.0, 20.0)]),
    "pvoigt": (pvoigt, [*PEAK, (0.0, 1.0)]),
    "moffat": (lambda x, a, c, s, b: a * (1 + ((x - c) / s) ** 2) ** -b, [*PEAK, (0.3, 5.0)]),
    "pearson4": (pearson4, [*PEAK, (0.6, 30.0), SKEW]),
    "pearson7": (pearson7, [*PEAK, (0.6, 30.0)]),
    "breit_wigner": (
        lambda x, a, c, s, q: a * (q * s / 2 + x - c) ** 2 / ((s / 2) ** 2 + (x - c) ** 2),
        [*PEAK, SKEW],
    ),
    "damped_oscillator": (
        lambda x, a, c, s: a / mp.sqrt((1 - (x / c) ** 2) ** 2 + (2 * s * x / c) ** 2),
        [(-3.0, 3.0), (0.3, 3.0), (0.05, 1.0)],
    ),
    "dho": (dho, [(-3.0, 3.0), (0.1, 3.0), WIDTH, (0.1, 5.0)]),
    "logistic": (lambda x, a, c, s: a * EDGES["logistic"]((x - c) / s), PEAK),
    "lognormal": (lambda x, a, c, s: gaussian(mp.log(x), a, c, s) / x if x > 0 else mp.mpf(0), PEAK),
    "students_t": (students_t, [(-3.0, 3.0), (-1.0, 1.0), (0.3, 60.0)]),
    "expgaussian": (expgaussian, [*PEAK, RATE]),
    "doniach": (doniach, [*PEAK, (-0.5, 0.5)]),
    "skewed_gaussian": (lambda x, a, c, s, k: gaussian(x, a, c, s) * skewed(x, c, s, k), [*PEAK, SKEW]),
    "skewed_voigt": (
        lambda x, a, c, s, g, k: voigt(x, a, c, s, g) * skewed(x, c, s, k),
        [*PEAK, (0.0, 5.0), SKEW],
    ),
    "thermal_distribution bose": (thermal(-1), [(2.0, 3.0), (-9.0, -7.0), WIDTH]),
    "thermal_distribution maxwell": (thermal(0), [(0.5, 3.0), (-1.0, 1.0), WIDTH]),
    "thermal_distribution fermi": (thermal(1), [(0.5, 3.0), (-1.0, 1.0), WIDTH]),
    "bose": (lambda x, a, c, k: a / (mp.exp((x - c) / k) - 1), [(-3.0, 3.0), (-9.0, -7.0), WIDTH]),
    "fermi": (lambda x, a, c, k: a / (mp.exp((x - c) / k) + 1), PEAK),
    **{
        f"step {form}": (lambda x, a, c, s, edge=edge: a * edge((x - c) / s), PEAK)
        for form, edge in EDGES.items()
    },
    **{f"rectangle {form}": (rectangle(form), [*PEAK, (1.5, 4.0), WIDTH]) for form in EDGES},
    "exponential": (lambda x, a, t: a * mp.exp(-x / t), [(-3.0, 3.0), (0.3, 9.0)]),
    "powerlaw": (lambda x, a, k: a * mp.mpf(x) ** k if x > 0 else None, [(-3.0, 3.0), (-2.0, 3.0)]),
    "linear": (lambda x, a, b: a * x + b, [(-3.0, 3.0)] * 2),
    "parabolic": (lambda x, a, b, c: a * x**2 + b * x + c, [(-3.0, 3.0)] * 3),
    "sine": (lambda x, a, f, p: a * mp.sin(f * x + p), [(-3.0, 3.0), RATE, (-3.0, 3.0)]),
    "expsine": (
        lambda x, a, f, p, k: a * mp.sin(f * x + p) * mp.exp(-x * k),
        [(-3.0, 3.0), RATE, (-3.0, 3.0), (-0.3, 1.0)],
    ),
}
# None of them is where an edge bends or `split_lorentzian` and `dho` have their joints.
POINTS = np.array([-6.137, -1.713, -0.317, 0.113, 0.771, 1.303, 2.639, 7.213])


def call(name, *args):
    shape, *form = name.split()
    options = {"form": form[0]} if form else {}
    return with_derivatives(getattr(lineshapes, shape))(*args, **options), getattr(lineshapes, shape)(
        *args, **options
    )


def bends(name, x, p):
    """Whether the shape has no derivative near the point."""
    if name == "step linear":
        return abs(abs((x - p[1]) / p[2]) - 0.5) < 1e-6
    if name == "rectangle linear":
        return min(abs(abs((x - p[1]) / p[2]) - 1), abs(abs((x - p[3]) / p[4]) - 1)) < 1e-6
    return name == "split_lorentzian" and abs(x - p[1]) < 1e-6


def exact(formula, x, values, k):
    """Derivative with respect to the k-th parameter, or the value for None, in many digits."""
    with mp.workdps(50):
        values = [mp.mpf(v) for v in values]
        if k is None:
            return float(formula(mp.mpf(x), *values))
        shifted = lambda v: formula(mp.mpf(x), *values[:k], v, *values[k + 1 :])
        h = mp.mpf(10) ** -15
        return float((shifted(values[k] + h) - shifted(values[k] - h)) / (2 * h))


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(data=st.data())
def test_value_and_derivatives_agree_with_many_digits(name, data):
    formula, ranges = CASES[name]
    values = [data.draw(st.floats(low, high)) for low, high in ranges]
    points = POINTS[POINTS > 0] if name == "powerlaw" else POINTS
    points = np.array([x for x in points if not bends(name, x, values)])
    (value, slopes), alone = call(name, points, *values)
    assert len(slopes) == len(values)
    for k, found in [(None, value), (None, alone), *enumerate(slopes)]:
        expected = np.array([exact(formula, x, values, k) for x in points])
        scale = max(np.max(np.abs(expected)), 1e-10)
        np.testing.assert_allclose(
            np.broadcast_to(found, points.shape), expected, rtol=1e-8, atol=1e-11 * scale
        )


def defaults(name):
    """Arguments in the middle of the ranges, for each of the cases."""
    return [0.5 * low + 0.5 * high + 0.1 for low, high in CASES[name][1]]


def test_every_function_has_derivatives_and_a_case():
    assert {name.split()[0] for name in CASES} == set(lineshapes.functions) - {"gaussian2d"}
    assert all(with_derivatives(getattr(lineshapes, name)) for name in lineshapes.functions)


def test_unknown_functions_have_none():
    assert with_derivatives(np.exp) is None
    assert linear_parameters(np.exp) == ()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.tuples(*(st.floats(low, high) for low, high in [*PEAK[:2], PEAK[1], WIDTH, WIDTH])))
def test_derivatives_of_the_gaussian_of_two_variables(values):
    x, y = np.meshgrid(POINTS[2:6], POINTS[3:7])
    value, slopes = with_derivatives(lineshapes.gaussian2d)(x, y, *values)
    np.testing.assert_allclose(value, lineshapes.gaussian2d(x, y, *values))
    formula = lambda y: lambda x, a, c, d, s, t: gaussian(x, a, c, s) * gaussian(y, 1, d, t)
    for k, found in [(None, value), *enumerate(slopes)]:
        expected = np.array([exact(formula(v), u, values, k) for u, v in zip(x.flat, y.flat)])
        scale = max(np.max(np.abs(expected)), 1e-10)
        np.testing.assert_allclose(found.flat, expected, rtol=1e-8, atol=1e-11 * scale)


@pytest.mark.parametrize("key", GOLDEN["values"])
def test_values_of_release_1_3_4(key):
    name, *form = key.split(":")
    x = np.array(GOLDEN["x"])
    for values, expected in GOLDEN["values"][key]:
        found = getattr(lineshapes, name)(x, *values, **({"form": form[0]} if form else {}))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_many_curves_in_one_call(name):
    one = np.array(defaults(name))
    points = np.abs(POINTS) if name == "powerlaw" else POINTS
    many = np.array([one, one * 1.02, one * 0.97])
    (value, slopes), alone = call(name, points, *many.T[:, :, None])
    assert alone.shape == value.shape == (3, len(points))
    for row, values in enumerate(many):
        (value_1, slopes_1), alone_1 = call(name, points, *values)
        np.testing.assert_allclose(value[row], value_1, rtol=1e-12)
        np.testing.assert_allclose(alone[row], alone_1, rtol=1e-12)
        for slope, slope_1 in zip(slopes, slopes_1):
            expected = np.broadcast_to(slope_1, points.shape)
            np.testing.assert_allclose(np.broadcast_to(slope, value.shape)[row], expected, rtol=1e-12)


def names_of_parameters(name):
    points = 2 if name == "gaussian2d" else 1
    return [p for p in inspect.signature(getattr(lineshapes, name)).parameters if p != "form"][points:]


@pytest.mark.parametrize("width", [0.0, 1e-300, 1e-16, 0])
@pytest.mark.parametrize("name", CASES)
def test_a_width_of_zero_gives_numbers(name, width):
    values = defaults(name)
    for k, parameter in enumerate(names_of_parameters(name.split()[0])):
        if parameter.startswith(("sigma", "gamma", "kt")):
            (value, slopes), alone = call(name, POINTS, *values[:k], width, *values[k + 1 :])
            assert np.all(np.isfinite(alone))
            assert np.all(np.isfinite(value))
            assert all(np.all(np.isfinite(slope)) for slope in slopes)


@pytest.mark.parametrize("name", CASES)
def test_linear_in_what_is_said_to_be(name):
    linear = linear_parameters(getattr(lineshapes, name.split()[0]))
    assert bool(linear) == (not name.startswith("thermal"))
    names = names_of_parameters(name.split()[0])
    values = defaults(name)
    points = np.abs(POINTS) if name == "powerlaw" else POINTS
    (value, slopes), _ = call(name, points, *values)
    if linear:
        total = sum(values[names.index(p)] * slopes[names.index(p)] for p in linear)
        np.testing.assert_allclose(total, value, rtol=1e-12, atol=1e-14)


def test_voigt_without_gamma_takes_sigma():
    value, (_, _, d_sigma) = with_derivatives(lineshapes.voigt)(POINTS, 2.0, 0.3, 0.7)
    same, (*_, part_sigma, part_gamma) = with_derivatives(lineshapes.voigt)(POINTS, 2.0, 0.3, 0.7, 0.7)
    np.testing.assert_array_equal(value, same)
    np.testing.assert_allclose(d_sigma, part_sigma + part_gamma)
    np.testing.assert_array_equal(lineshapes.voigt(POINTS, 2.0, 0.3, 0.7), value)
    assert len(with_derivatives(lineshapes.skewed_voigt)(POINTS, 2.0, 0.3, 0.7, skew=0.1)[1]) == 4


@pytest.mark.parametrize("sigma", [1e-1, 1e-2, 1e-4, 1e-7, 1e-12])
def test_voigt_that_is_all_but_a_lorentzian(sigma):
    # V = L + sigma^2/2 L'' + ...: the derivative with respect to sigma is sigma L'' in the limit.
    _, slopes = with_derivatives(lineshapes.voigt)(POINTS, 1.0, 0.1, sigma, 1.5)
    for k, slope in enumerate(slopes):
        expected = np.array([exact(limit_of_voigt, x, [1.0, 0.1, sigma, 1.5], k) for x in POINTS])
        np.testing.assert_allclose(slope, expected, rtol=30 * sigma**2 + 1e-8, atol=sigma**3)


def limit_of_voigt(x, a, c, s, g):
    return lorentzian(x, a, c, g) + s**2 / 2 * mp.diff(lambda t: lorentzian(t, a, c, g), x, 2)


def test_expgaussian_far_on_either_side():
    # In 1.x erfc underflows here while the exponential overflows: NaN.
    expected = [exact(expgaussian, x, [1.7, 0.0, 4.0, 15.0], None) for x in POINTS]
    np.testing.assert_allclose(lineshapes.expgaussian(POINTS, 1.7, 0.0, 4.0, 15.0), expected, rtol=1e-12)
    assert np.all(lineshapes.expgaussian(np.array([-300.0, 300.0]), 1.0, 0.0, 0.1, 5.0) < 1e-300)


def test_limit_of_the_oscillator_at_zero():
    at_zero, near = lineshapes.dho(np.array([0.0, 1e-7]), 1.0, 1.0, 0.3, 2.0)
    assert at_zero == pytest.approx(near, rel=1e-6)


def test_points_are_left_alone():
    for name in lineshapes.functions:
        x = np.array([-1.0, 0.0, 1.0, 2.0])
        if name != "gaussian2d":
            getattr(lineshapes, name)(x)
            with_derivatives(getattr(lineshapes, name))(x)
        assert x.tolist() == [-1.0, 0.0, 1.0, 2.0], name


@pytest.mark.parametrize("name", ["step", "rectangle", "thermal_distribution"])
@pytest.mark.parametrize("form", ["round", 3, None])
def test_an_unknown_form_is_refused_with_those_that_are_known(name, form):
    with pytest.raises(ValueError, match=r"form must be one of '.*', got " + repr(form)):
        getattr(lineshapes, name)(POINTS, form=form)


def test_forms_are_found_in_any_case():
    np.testing.assert_array_equal(lineshapes.step(POINTS, form="ERF"), lineshapes.step(POINTS, form="erf"))


def test_old_name_of_doniach():
    np.testing.assert_array_equal(
        lineshapes.donaich(POINTS, gamma=0.1), lineshapes.doniach(POINTS, gamma=0.1)
    )
    assert with_derivatives(lineshapes.donaich) is with_derivatives(lineshapes.doniach)


def test_functions_can_be_pickled():
    for name in lineshapes.functions:
        func = getattr(lineshapes, name)
        assert pickle.loads(pickle.dumps(func)) is func
        assert pickle.loads(pickle.dumps(with_derivatives(func))) is with_derivatives(func)


def test_not_zero_of_arrays():
    assert not_zero(np.array([0.0, -0.0, -2.0, 1e-20])).tolist() == [1e-15, -1e-15, -2.0, 1e-15]
    assert np.isnan(not_zero(float("nan")))
