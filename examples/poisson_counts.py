r"""Poisson counts: a peak of few events
====================================

Where a channel holds a handful of counts, the usual errors, the square root of the counts, mislead: channels
that happen to be low get too much weight, and empty ones none that is right. The likelihood of Poisson's
distribution does not. Its deviance,

.. math:: D = 2 \sum_i \left[ f_i - n_i + n_i \ln (n_i / f_i) \right],

is a sum of positive terms, so the square roots of these, with a sign, are a residual that any engine takes
(S. Baker and R. D. Cousins, Nucl. Instrum. Methods 221 (1984) 437).
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import xlogy

from lmfit import Parameters, minimize

channel = np.arange(60.0)


def model(params, channel):
    """Return the expected counts: a Gaussian peak of `area` on a constant background."""
    area, center, sigma = (params[name].value for name in ("area", "center", "sigma"))
    peak = np.exp(-0.5 * ((channel - center) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    return area * peak + params["background"].value


def by_errors(params, channel, counts):
    """Return the usual residual, with errors from the counts, at least 1."""
    return (model(params, channel) - counts) / np.sqrt(np.maximum(counts, 1))


def by_likelihood(params, channel, counts):
    """Return the signed square roots of the terms of the deviance."""
    expected = model(params, channel)
    deviance = 2 * (expected - counts + xlogy(counts, counts / expected))
    return np.sign(expected - counts) * np.sqrt(np.maximum(deviance, 0))


def start():
    """Return the parameters; all are positive, so that expected counts are."""
    params = Parameters()
    params.add("area", value=20, min=1e-3)
    params.add("center", value=28, min=0, max=60)
    params.add("sigma", value=4, min=0.5, max=20)
    params.add("background", value=2, min=1e-3)
    return params


true = start()
true.set(area=40, center=30, sigma=3, background=1.5)

# %%
# One measurement. Errors are not scaled, since Poisson's distribution says how large they are.

rng = np.random.default_rng(8)
counts = rng.poisson(model(true, channel))
fits = {
    residual.__name__: minimize(residual, start(), args=(channel, counts), scale_covar=False)
    for residual in (by_errors, by_likelihood)
}
for name, out in fits.items():
    area, background = out.params["area"], out.params["background"]
    print(
        f"{name:14} area {area.value:6.2f} +/- {area.stderr:.2f}, "
        f"background {background.value:.3f} +/- {background.stderr:.3f}"
    )

# %%
# A hundred measurements show which of the two is right on average.

found = {name: [] for name in fits}
for _ in range(100):
    draw = rng.poisson(model(true, channel))
    for residual in (by_errors, by_likelihood):
        out = minimize(residual, true.copy(), args=(channel, draw), calc_covar=False)
        found[residual.__name__].append(out.params["background"].value)
for name, values in found.items():
    print(f"{name:14} mean background {np.mean(values):.3f}, true {true['background'].value}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.step(channel, counts, where="mid", color="0.5", label="counts")
left.plot(channel, model(true, channel), "k:", label="true")
for name, out in fits.items():
    left.plot(channel, model(out.params, channel), label=name.replace("_", " "))
left.set(xlabel="channel", ylabel="counts")
left.legend(frameon=False)
for name, values in found.items():
    right.hist(values, bins=np.linspace(0.4, 2.4, 31), alpha=0.6, label=name.replace("_", " "))
right.axvline(true["background"].value, color="k", ls=":", label="true")
right.set(xlabel="background", ylabel="fits")
right.legend(frameon=False)
figure.savefig("poisson_counts.png", dpi=120)
