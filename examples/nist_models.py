"""NIST's data sets with built-in models
=====================================

Six of NIST's data sets, fitted with sums and quotients of built-in models. NIST writes each curve as a
formula of b1, b2, ...; each of these is an expression of the parameters of our models, is added as one
that is tied to them, and so comes out with its standard error.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import nist
import numpy as np

from lmfit import Parameters
from lmfit.model import Model, ModelResult
from lmfit.models import ConstantModel, ExponentialModel, GaussianModel, LinearModel, SineModel

# %%
# Gauss1, Gauss2 and Gauss3 are two peaks on an exponential decay. The sum of three models guesses the start.


def peaks_on_a_decay(data: nist.Dataset) -> tuple[Model, Parameters, list[str]]:
    """Return the model, start values, and NIST's parameters in terms of ours."""
    model = ExponentialModel() + GaussianModel(prefix="p_") + GaussianModel(prefix="q_")
    formulas = [f"{p}_{formula}" for p in "pq" for formula in ("height", "center", "sigma*sqrt(2)")]
    return model, model.guess(data.y, x=data.x["x"]), ["amplitude", "1/decay", *formulas]


# %%
# ENSO is the difference of pressure between two places in the Pacific: a yearly cycle and two slower ones,
# whose periods the guess finds. That of the year is known, and is kept.


def three_cycles(data: nist.Dataset) -> tuple[Model, Parameters, list[str]]:
    """Return the model, start values, and NIST's parameters in terms of ours."""
    model = ConstantModel() + SineModel(prefix="year_") + SineModel(prefix="p_") + SineModel(prefix="q_")
    params = model.guess(data.y, x=data.x["x"], year_frequency={"value": 2 * np.pi / 12, "vary": False})
    waves = {p: [f"{p}_amplitude*{f}({p}_shift)" for f in ("sin", "cos")] for p in ("year", "p", "q")}
    formulas = ["c", *waves["year"], "2*pi/p_frequency", *waves["p"], "2*pi/q_frequency", *waves["q"]]
    return model, params, formulas


# %%
# Chwirut1 and Chwirut2 are the response of an ultrasonic calibration: a decay divided by a straight line. One
# coefficient can be chosen, which is the amplitude of the decay. We start where NIST does.


def decay_over_a_line(data: nist.Dataset) -> tuple[Model, Parameters, list[str]]:
    """Return the model, start values, and NIST's parameters in terms of ours."""
    model = ExponentialModel() / LinearModel()
    rate, intercept, slope = data.start1
    amplitude = {"value": 1, "vary": False}
    params = model.make_params(amplitude=amplitude, decay=1 / rate, intercept=intercept, slope=slope)
    return model, params, ["1/decay", "intercept", "slope"]


MODELS = {
    "Gauss1": peaks_on_a_decay,
    "Gauss2": peaks_on_a_decay,
    "Gauss3": peaks_on_a_decay,
    "Chwirut1": decay_over_a_line,
    "Chwirut2": decay_over_a_line,
    "ENSO": three_cycles,
}


def fit(name: str) -> ModelResult:
    """Fit one of the data sets; the result's parameters ``b1``, ``b2``, ... are NIST's."""
    data = nist.load(name)
    model, params, formulas = MODELS[name](data)
    for b, formula in zip(data.parameter_names, formulas):
        params.add(b, expr=formula)
    return model.fit(data.y, params, x=data.x["x"])


def digits(result: ModelResult, name: str) -> tuple[float, float]:
    """Return how many digits the worst of the values and of the standard errors have right."""
    data = nist.load(name)
    found = [result.params[b] for b in data.parameter_names]
    values = nist.digits([parameter.value for parameter in found], data.certified)
    errors = nist.digits([parameter.stderr for parameter in found], data.stderr)
    return float(values.min()), float(errors.min())


def main() -> None:
    """Print the digits of all six, and draw them."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    print("            digits of values   of standard errors   evaluations")
    for name, ax in zip(MODELS, axes.flat):
        result = fit(name)
        values, errors = digits(result, name)
        print(f"{name:10}  {values:16.1f}  {errors:19.1f}  {result.nfev:12}")
        x = nist.load(name).x["x"]
        order = np.argsort(x)
        ax.plot(x, nist.load(name).y, ".", ms=3, color="0.6")
        ax.plot(x[order], result.best_fit[order], color="C1")
        ax.set_title(name)
    figure.savefig("nist_models.png", dpi=120)


if __name__ == "__main__":
    main()
