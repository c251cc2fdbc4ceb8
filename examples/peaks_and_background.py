"""Peaks on a background
=====================

Three overlapping peaks, one of them a dip, sit on a step and a slope. A model is added up from built-in ones,
guesses its start values from the data, and is fitted; widths and heights come out with their standard errors.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit.models import GaussianModel, LinearModel, LorentzianModel, StepModel

# %%
# Data as a spectrometer gives them, with noise of 3 % of the highest peak.

x = np.linspace(0, 20, 301)
step = StepModel(form="erf", prefix="edge_")
model = (
    GaussianModel(prefix="a_")
    + GaussianModel(prefix="b_")
    + LorentzianModel(prefix="dip_")
    + step
    + LinearModel()
)
truth = {
    "a_amplitude": 18.0,
    "a_center": 5.0,
    "a_sigma": 0.8,
    "b_amplitude": 10.0,
    "b_center": 7.2,
    "b_sigma": 0.7,
    "dip_amplitude": -9.0,
    "dip_center": 15.0,
    "dip_sigma": 0.6,
    "edge_amplitude": 8.0,
    "edge_center": 11.0,
    "edge_sigma": 0.8,
    "slope": -0.15,
    "intercept": 6.0,
}
data = model.eval(**truth, x=x) + np.random.default_rng(1).normal(scale=0.3, size=x.size)

# %%
# The sum guesses all start values at once: each part is tried on what the others leave. Peaks of one kind are
# numbered from left to right, and a dip needs no hint.

params = model.guess(data, x=x)
result = model.fit(data, params, x=x)

print("                     true     guess       fit    standard error")
for name, value in truth.items():
    found = result.params[name]
    print(f"{name:15} {value:9.3f} {params[name].value:9.3f} {found.value:9.3f} {found.stderr:17.3f}")
for name in ("a_fwhm", "a_height", "dip_fwhm"):
    print(f"{name:15} {'':9} {'':9} {result.params[name].value:9.3f} {result.params[name].stderr:17.3f}")
print(f"reduced chi-square {result.redchi:.4f}, of which the noise is 0.09; {result.nfev} evaluations")

# %%
# The parts of the best fit, each on the background, and the band of one standard error.

parts = result.eval_components(x=x)
background = parts["edge_"] + parts["linear"]
band = result.eval_uncertainty(sigma=1)

figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
axes.plot(x, data, ".", ms=3, color="0.5", label="data")
axes.fill_between(x, result.best_fit - 3 * band, result.best_fit + 3 * band, color="C1", alpha=0.3, lw=0)
axes.plot(x, result.best_fit, color="C1", label="fit, with three standard errors")
axes.plot(x, result.init_fit, "--", lw=1, color="C2", label="guess")
for prefix in ("a_", "b_", "dip_"):
    axes.plot(x, background + parts[prefix], ":", color="C0")
axes.plot(x, background, color="C3", lw=1, label="background")
axes.set(xlabel="x", ylabel="signal")
axes.legend()
figure.savefig("peaks_and_background.png", dpi=120)
