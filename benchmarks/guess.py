"""How often the start values that a model guesses lead to the right fit.

For each built-in model random data sets are made.  Random are the parameters, also of the shape; the axis:
its length over four decades, its place and the number of points; where a peak is, from a tenth of the axis to
nine tenths; its half width, from 1.6 to 20 % of the axis, which is from one point on; and the noise, 0.5 to
10 % of the height.  Each is fitted from the values that `guess` gives, and from the true ones.

A guess is right if its fit converges and ends as low as the other: its chi-square may exceed that of the
other by a tenth of the variance of the noise, which shifts no parameter by more than a third of its standard
error.  Data that the fit from the true values finds no end for (some distributions can be made ever flatter
with ever less loss) are drawn again; the last column counts them.

Columns: as the model is; with negative amplitude; both on a constant, which is fitted, too, with the guess
for the sum; the last one again with the models guessed one by one and the Parameters joined; and peak or dip
on a constant at 30 to 80 random places in random order, with a tenth of the axis left out.

Usage: python benchmarks/guess.py [number of data sets per model and column, default 200] [models ...]
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import numpy as np

from lmfit import models

COLUMNS = ("peak", "dip", "peak + c", "dip + c", "apart", "rough")
ALONE, DIPS = {"peak", "dip"}, {"dip", "dip + c", "apart"}


def axis(rng, low=None, span=None):
    """Evenly spaced points: how many, from where and how far is random."""
    span = 10.0 ** rng.uniform(-1, 3) if span is None else span
    low = span * rng.uniform(-3, 3) if low is None else low
    return low + span * np.linspace(0.0, 1.0, int(rng.integers(60, 200)))


def rough(x, rng):
    """Random places on the same axis, in random order, with a gap; on a plane as many as there were."""
    if isinstance(x, tuple):
        return tuple(np.min(each) + np.ptp(each) * rng.uniform(size=each.size) for each in x)
    gap = rng.uniform(0.0, 0.9)
    places = rng.uniform(0.0, 0.9, int(rng.integers(30, 80)))
    return x[0] + np.ptp(x) * np.where(places > gap, places + 0.1, places)


def width(rng):
    """Half width of a peak, as part of the axis."""
    return 10.0 ** rng.uniform(-1.8, -0.7)


def peak(**more: Callable) -> Callable:
    """Make a case: a peak somewhere on the axis, and how to draw its other parameters."""

    def case(rng):
        x = axis(rng)
        values = {"center": x[0] + np.ptp(x) * rng.uniform(0.1, 0.9), "sigma": np.ptp(x) * width(rng)}
        return x, {**values, **{name: draw(rng) for name, draw in more.items()}}

    return case


def uniform(low, high):
    return lambda rng: rng.uniform(low, high)


def signed(low, high):
    return lambda rng: rng.choice([-1.0, 1.0]) * rng.uniform(low, high)


def split(rng):
    x, values = peak()(rng)
    return x, {**values, "sigma_r": values["sigma"] * rng.uniform(0.4, 2.5)}


def tail(rng):
    # The rate has an upper bound of 20 in the model, so that the unit of x is not free.
    x = axis(rng, span=10.0 ** rng.uniform(0.5, 3))
    sigma = np.ptp(x) * rng.uniform(0.02, 0.08)
    values = {"center": x[0] + np.ptp(x) * rng.uniform(0.2, 0.5), "sigma": sigma}
    return x, {**values, "gamma": rng.uniform(0.3, 3.0) / sigma}


def students(rng):
    x = axis(rng, low=rng.uniform(-30, 10), span=rng.uniform(15, 30))
    return x, {"center": x[0] + np.ptp(x) * rng.uniform(0.3, 0.7), "sigma": rng.uniform(0.8, 10.0)}


def lognormal(rng):
    scale = 10.0 ** rng.uniform(-1, 2)
    x = axis(rng, low=0.01 * scale, span=8.0 * scale)
    return x, {"center": np.log(scale) + rng.uniform(0.0, 0.8), "sigma": rng.uniform(0.15, 0.8)}


def resonance(rng):
    x = axis(rng, low=0.0)
    return x, {"center": np.ptp(x) * rng.uniform(0.25, 0.7), "sigma": rng.uniform(0.02, 0.3)}


def damped_harmonic(rng):
    x = axis(rng, low=0.0)
    span = np.ptp(x)
    values = {"center": span * rng.uniform(0.25, 0.7), "sigma": span * rng.uniform(0.02, 0.12)}
    return x, {**values, "gamma": span * rng.uniform(0.1, 0.4)}


def bose(rng):
    x = axis(rng)
    span = np.ptp(x)
    return x, {"center": x[0] - span * rng.uniform(0.03, 0.3), "kt": span * rng.uniform(0.1, 0.5)}


def edge(rng):
    x = axis(rng)
    span = np.ptp(x)
    return x, {"center": x[0] + span * rng.uniform(0.2, 0.8), "sigma": span * rng.uniform(0.04, 0.2)}


def thermal(low, high):
    """Make a case of a distribution that cannot be scaled."""

    def case(rng):
        x = axis(rng, low=0.0)
        values = {"center": np.ptp(x) * rng.uniform(low, high), "kt": np.ptp(x) * rng.uniform(0.1, 0.5)}
        return x, {**values, "amplitude": 1.0}

    return case


def spot(rng):
    x, y = (axis(rng)[::6] for _ in range(2))
    spans = np.ptp(x), np.ptp(y)
    centers = [low + span * rng.uniform(0.1, 0.9) for low, span in zip((x[0], y[0]), spans)]
    widths = [max(0.04, width(rng)) * span for span in spans]
    x, y = (grid.ravel() for grid in np.meshgrid(x, y))
    return (x, y), {"centerx": centers[0], "centery": centers[1], "sigmax": widths[0], "sigmay": widths[1]}


def line(*names: str) -> Callable:
    """Make a case that is linear in all its parameters."""

    def line(rng):
        return axis(rng), {name: 10.0 ** rng.uniform(-3, 3) * rng.normal() for name in names}

    return line


def fermi(rng):
    x, values = peak()(rng)
    return x, {"center": values["center"], "kt": values["sigma"]}


def power(rng):
    return axis(rng, low=0.5, span=9.5), {"exponent": rng.choice([-1.0, 1.0]) * rng.uniform(0.4, 3.0)}


def decay(rng):
    x = axis(rng, low=0.0)
    return x, {"decay": np.ptp(x) * 10.0 ** rng.uniform(-1.3, -0.1)}


def wave(rng):
    x = axis(rng)
    return x, {"frequency": rng.uniform(6.0, 100.0) / np.ptp(x), "shift": rng.uniform(-3.0, 3.0)}


def plateau(rng):
    x = axis(rng)
    span = np.ptp(x)
    centers = x[0] + span * np.array([rng.uniform(0.15, 0.4), rng.uniform(0.55, 0.85)])
    widths = span * rng.uniform(0.05, 0.12, 2)
    return x, {"center1": centers[0], "sigma1": widths[0], "center2": centers[1], "sigma2": widths[1]}


CASES = {
    "ConstantModel": line("c"),
    "LinearModel": line("intercept", "slope"),
    "QuadraticModel": line("a", "b", "c"),
    "PolynomialModel": line(*(f"c{k}" for k in range(8))),
    "SplineModel": line(*(f"s{k}" for k in range(6))),
    "GaussianModel": peak(),
    "LorentzianModel": peak(),
    "SplitLorentzianModel": split,
    "VoigtModel": peak(),
    "PseudoVoigtModel": peak(fraction=uniform(0.1, 0.9)),
    "MoffatModel": peak(beta=uniform(0.8, 4.0)),
    "Pearson4Model": peak(expon=uniform(1.0, 4.0), skew=uniform(-3.0, 3.0)),
    "Pearson7Model": peak(expon=uniform(0.8, 5.0)),
    "StudentsTModel": students,
    "BreitWignerModel": peak(q=signed(0.2, 4.0)),
    "Gaussian2dModel": spot,
    "LognormalModel": lognormal,
    "DampedOscillatorModel": resonance,
    "DampedHarmonicOscillatorModel": damped_harmonic,
    "ExponentialGaussianModel": tail,
    "SkewedGaussianModel": peak(gamma=signed(0.5, 5.0)),
    "SkewedVoigtModel": peak(skew=signed(0.3, 3.0)),
    "DoniachModel": peak(gamma=uniform(0.02, 0.3)),
    "ThermalDistributionModel bose": thermal(-0.3, -0.03),
    "ThermalDistributionModel maxwell": thermal(-0.5, 0.5),
    "ThermalDistributionModel fermi": thermal(0.2, 0.8),
    "BoseModel": bose,
    "FermiModel": fermi,
    "PowerLawModel": power,
    "ExponentialModel": decay,
    "SineModel": wave,
    "StepModel linear": edge,
    "StepModel atan": edge,
    "StepModel erf": edge,
    "StepModel logistic": edge,
    "RectangleModel linear": plateau,
    "RectangleModel atan": plateau,
    "RectangleModel erf": plateau,
    "RectangleModel logistic": plateau,
}


def made(name, x):
    """Return the model of a case."""
    cls, *form = name.split()
    options = {"form": form[0]} if form else {}
    if cls == "SplineModel":
        options["xknots"] = np.linspace(np.min(x), np.max(x), 6)
    return getattr(models, cls)(**options)


def sign(name, column, rng):
    """Return the sign of the amplitude; that of a sine wave has a bound at zero."""
    if name == "SineModel":
        return 1.0
    return rng.choice([-1.0, 1.0]) if column == "rough" else -1.0 if column in DIPS else 1.0


def data_set(name, column, rng):
    """Return a model, data, points by variable, and the true values."""
    x, values = CASES[name](rng)
    if column == "rough":
        x = rough(x, rng)
    points = dict(zip("xy", x)) if isinstance(x, tuple) else {"x": x}
    model = made(name, points["x"])
    scaled = "amplitude" in model.param_names and "amplitude" not in values
    shape = model.eval(model.make_params(**values), **points)
    height = np.max(np.abs(shape - (0.0 if column in ALONE else np.median(shape))))
    if scaled:
        values["amplitude"] = sign(name, column, rng) * 10.0 ** rng.uniform(-2, 4) / height
        shape, height = values["amplitude"] * shape, abs(values["amplitude"]) * height
    data = shape + height * 10.0 ** rng.uniform(-2.3, -1.0) * rng.normal(size=len(shape))
    if column not in ALONE:
        values["c"] = height * rng.uniform(-10.0, 10.0)
        data, model = data + values["c"], model + models.ConstantModel()
    return model, data, points, values


def start(model, data, points, column):
    """Return the start values for a fit."""
    if column != "apart":
        return model.guess(data, **points)
    params = model.left.guess(data, **points)
    params.update(model.right.guess(data, x=points["x"]))
    return params


def fitted(name, model, data, params, points):
    """Return the fit; where amplitude and centre say the same, the amplitude is known."""
    if name.startswith("Thermal"):
        params["amplitude"].set(value=1.0, vary=False)
    return model.fit(data, params, **points, max_nfev=5000)


def is_right(name, column, rng):
    """Whether the fit from the guess of one data set is as good as that from the true values.

    The second number is how many data sets were drawn for this.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ended, drawn = False, 0
        while not ended:
            model, data, points, values = data_set(name, column, rng)
            truth = fitted(name, model, data, model.make_params(**values), points)
            ended, drawn = truth.success, drawn + 1
        try:
            fit = fitted(name, model, data, start(model, data, points, column), points)
        except (ValueError, NotImplementedError):
            return False, drawn
    return bool(fit.success and fit.chisqr <= truth.chisqr + 0.1 * truth.redchi), drawn


def columns_of(name):
    """Return the columns that make sense for a case."""
    if CASES[name].__name__ == "line":
        return ("peak",)
    if name == "SineModel" or name.startswith("Thermal"):
        return ("peak", "peak + c", "rough")
    return COLUMNS


def outcomes(name, column, count):
    """Return how many of the data sets are fitted right, and how many were drawn."""
    seeds = np.random.SeedSequence([*map(ord, name + column)]).spawn(count)
    rngs = map(np.random.default_rng, seeds)
    return tuple(int(total) for total in np.sum([is_right(name, column, rng) for rng in rngs], axis=0))


def main(count, names):
    print(f"Right fits from the guess, of {count} data sets per model and column")
    print(f"{'':32}" + "".join(f"{column:>9}" for column in (*COLUMNS, "redrawn")))
    for name in names:
        found = {column: outcomes(name, column, count) for column in columns_of(name)}
        redrawn = sum(drawn - count for _, drawn in found.values())
        rights = "".join(f"{found[column][0] if column in found else '':>9}" for column in COLUMNS)
        print(f"{name:32}{rights}{redrawn:>9}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:] or list(CASES))
