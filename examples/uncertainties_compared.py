"""Uncertainties compared
======================

The same fit with error bars from its covariance, from profiles of chi-square and from bootstraps. The data
hardly reach the bend of the curve, so that they do not agree; :doc:`../uncertainties` says which to trust.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit import Minimizer, Parameters, bootstrap_interval, conf_interval, fit_report
from lmfit.plotting import plot_fit, plot_profile

# %%
# A reaction that saturates: the rate reaches ``vmax`` at high concentrations, and half of it at ``half``, not
# far from where the measurements end.

rng = np.random.default_rng(7)
concentration = np.linspace(0.5, 8, 16)
rate = 10.0 * concentration / (6.0 + concentration) + rng.normal(0, 0.7, concentration.size)


def model(params, x):
    """Return the law of Michaelis and Menten."""
    return params["vmax"] * x / (params["half"] + x)


def residual(params, x, data):
    """Return the distance of the model from the data."""
    return model(params, x) - data


params = Parameters()
params.add("vmax", value=8)
params.add("half", value=4, min=0)
fitter = Minimizer(residual, params, fcn_args=(concentration, rate))
result = fitter.leastsq()

# %%
# The profile is far from the straight lines of a standard error. In the report an exclamation mark tells so.

ci, trace = conf_interval(fitter, result, sigmas=[0.68, 0.95], trace=True)
print(fit_report(result, ci=ci))

# %%
# Bootstraps fit simulated data sets. They are random, but the same seed gives the same numbers, also with
# ``executor=2`` or any other number of processes.

intervals = {
    "profile": ci,
    "residuals drawn": bootstrap_interval(fitter, sigmas=[0.68, 0.95], n=999, seed=1),
    "the same, BCa": bootstrap_interval(fitter, sigmas=[0.68, 0.95], n=999, seed=1, limits="bca"),
    "cases drawn": bootstrap_interval(fitter, sigmas=[0.68, 0.95], n=999, kind="case", seed=1),
    "normal errors": bootstrap_interval(fitter, sigmas=[0.68, 0.95], n=999, kind="parametric", seed=1),
}
half = result.params["half"]
print("\nhalf, 95 %       lower   upper")
print(f"2 std. errors  {half.value - 2 * half.stderr:7.2f} {half.value + 2 * half.stderr:7.2f}")
for title, found in intervals.items():
    values = [value for _, value in found["half"]]
    print(f"{title:15}{values[0]:7.2f} {values[-1]:7.2f}")

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
fine = np.linspace(0, 16, 100)
plot_fit(concentration, rate, model(result.params, fine), x_fit=fine, ax=left)
left.set(xlabel="concentration", ylabel="rate", title="data")
plot_profile(ci, "half", trace, result, ax=middle)
middle.set_title("profile")
for row, found in enumerate(reversed(intervals.values())):
    outer, inner, best, inner_up, outer_up = (value for _, value in found["half"])
    right.plot([outer, outer_up], [row, row], "C0", linewidth=1)
    right.plot([inner, inner_up], [row, row], "C0", linewidth=4)
    right.plot(best, row, "o", color="white", markeredgecolor="C0")
row = len(intervals)
right.errorbar(half.value, row, xerr=2 * half.stderr, color="C1", elinewidth=1)
right.errorbar(half.value, row, xerr=half.stderr, fmt="o", color="C1", elinewidth=4, markerfacecolor="white")
right.axvline(6.0, color="black", linestyle=":", linewidth=1)
right.set_yticks(range(row + 1), [*reversed(intervals), "standard error"])
right.set(xlabel="half", title="68 and 95 % (dotted: true value)")
figure.savefig("uncertainties_compared.png", dpi=120)
