"""Robust fit: outliers
====================

One detector reading in ten is wrong, and always too high. Least squares bends towards them, as a residual
counts with its square. A robust loss counts large residuals less; ``f_scale`` is the size of residual that is
still a good one.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit import Parameters, minimize

rng = np.random.default_rng(5)
time = np.linspace(0, 8, 80)
error = 0.05
truth = 2.0 * np.exp(-time / 2.5) + 0.3
data = truth + rng.normal(0, error, time.size)
wrong = rng.random(time.size) < 0.1
data[wrong] += rng.uniform(0.5, 2.0, wrong.sum())


def model(params, time):
    """Return a decay with an offset."""
    return params["amp"] * np.exp(-time / params["tau"]) + params["offset"]


def residual(params, time, data):
    """Return the residual in units of the error of a good reading."""
    return (model(params, time) - data) / error


params = Parameters()
params.add("amp", value=1, min=0)
params.add("tau", value=1, min=0)
params.add("offset", value=0)

# %%
# The losses of ``least_squares``. Standard errors take the loss into account: they are those of the estimate,
# not those of a sum of squares.

fits = {"least squares": minimize(residual, params.copy(), args=(time, data))}
for loss in ("soft_l1", "huber", "cauchy"):
    fits[loss] = minimize(
        residual, params.copy(), args=(time, data), method="least_squares", loss=loss, f_scale=1.0
    )
for loss, out in fits.items():
    tau = out.params["tau"]
    print(f"{loss:14} tau = {tau.value:.3f} +/- {tau.stderr:.3f}, true 2.5")

figure, axes = plt.subplots(layout="constrained")
axes.plot(time[~wrong], data[~wrong], ".", color="0.4", label="data")
axes.plot(time[wrong], data[wrong], "x", color="C3", label="wrong readings")
axes.plot(time, truth, "k:", label="true")
axes.plot(time, model(fits["least squares"].params, time), color="C1", label="least squares")
axes.plot(time, model(fits["cauchy"].params, time), color="C0", label="Cauchy loss")
axes.set(xlabel="time", ylabel="signal")
axes.legend(frameon=False)
figure.savefig("robust_fit.png", dpi=120)
