"""How often the start values that a model guesses lead to the right fit.

For each built-in model random data sets are made: parameters, axis (length, place, number of points) and
noise of 1 to 5 % of the height are random.  Each is fitted from the values that `guess` gives, and from the
true ones.  A guess is right if its fit converges and ends as low as the other: its chi-square may exceed
that of the other by a tenth of the variance of the noise, which shifts no parameter by more than a third of
its standard error.  Data that the fit from the true values finds no end for (some distributions can be made
ever flatter with ever less loss) are drawn again.

Columns: as the model is; with negative amplitude; both on a constant, which is fitted, too, with the guess
for the sum; and the last one again with the models guessed one by one and the Parameters joined.

Usage: python benchmarks/guess.py [number of data sets per model and column, default 200] [models ...]
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import numpy as np

from lmfit import models

COLUMNS = ("peak", "dip", "peak + c", "dip + c", "apart")


def axis(rng, low=None, span=None):
    """Evenly spaced points: how many, from where and how far is random."""
    span = 10.0 ** rng.uniform(-1, 3) if span is None else span
    low = span * rng.uniform(-3, 3) if low is None else low
    return low + span * np.linspace(0.0, 1.0, int(rng.integers(60, 200)))


def peak(**more: Callable) -> Callable:
    """Make a case: a peak somewhere on the axis, and how to draw its other parameters."""

    def case(rng):
        x = axis(rng)
        span = np.ptp(x)
        sigma = span * 10.0 ** rng.uniform(-1.8, -0.9)
        values = {"center": x[0] + span * rng.uniform(0.2, 0.8), "sigma": sigma}
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
    "LognormalModel": lognormal,
    "DampedOscillatorModel": resonance,
    "DampedHarmonicOscillatorModel": damped_harmonic,
    "ExponentialGaussianModel": tail,
    "SkewedGaussianModel": peak(gamma=signed(0.5, 5.0)),
    "SkewedVoigtModel": peak(skew=signed(0.3, 3.0)),
    "DoniachModel": peak(gamma=uniform(0.02, 0.3)),
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


def made(name):
    """Return the model of a case."""
    cls, *form = name.split()
    return getattr(models, cls)(**({"form": form[0]} if form else {}))


def data_set(name, column, rng):
    """Return a model, data, points, and the true values."""
    x, values = CASES[name](rng)
    model = made(name)
    shape = model.eval(model.make_params(amplitude=1.0, **values), x=x)
    height = 10.0 ** rng.uniform(-2, 4)
    amplitude = height / np.max(np.abs(shape - (0.0 if column in {"peak", "dip"} else np.median(shape))))
    values["amplitude"] = -amplitude if "dip" in column or column == "apart" else amplitude
    data = values["amplitude"] * shape + height * rng.uniform(0.01, 0.05) * rng.normal(size=len(x))
    if column not in {"peak", "dip"}:
        values["c"] = height * rng.uniform(-10.0, 10.0)
        data, model = data + values["c"], model + models.ConstantModel()
    return model, data, x, values


def start(model, data, x, column):
    """Return the start values for a fit."""
    if column != "apart":
        return model.guess(data, x=x)
    params = model.left.guess(data, x=x)
    params.update(model.right.guess(data, x=x))
    return params


def is_right(name, column, rng):
    """Whether the fit from the guess of one data set is as good as that from the true values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ended = False
        while not ended:
            model, data, x, values = data_set(name, column, rng)
            truth = model.fit(data, model.make_params(**values), x=x, max_nfev=1000)
            ended = truth.success
        try:
            fit = model.fit(data, start(model, data, x, column), x=x)
        except (ValueError, NotImplementedError):
            return False
    return bool(fit.success and fit.chisqr <= truth.chisqr + 0.1 * truth.redchi)


def columns_of(name):
    """Return the columns that a case has: the amplitude of a sine wave has a bound at zero."""
    return ("peak", "peak + c") if name == "SineModel" else COLUMNS


def successes(name, column, count):
    """Return how many of the data sets are fitted right."""
    rngs = np.random.default_rng([*map(ord, name + column)]).spawn(count)
    return sum(is_right(name, column, rng) for rng in rngs)


def main(count, names):
    print(f"Right fits from the guess, of {count} data sets")
    print(f"{'':32}" + "".join(f"{column:>10}" for column in COLUMNS))
    for name in names:
        known = columns_of(name)
        found = [successes(name, column, count) if column in known else "" for column in COLUMNS]
        print(f"{name:32}" + "".join(f"{number:>10}" for number in found), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:] or list(CASES))
