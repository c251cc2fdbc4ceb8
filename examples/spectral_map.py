"""A map of spectra: 4800 fits in a second
=======================================

A Raman microscope has taken a spectrum at each of 60 x 80 points of a strained film. In every spectrum stands
the same line; its position tells the strain, its width the quality of the crystal, and its area how much of
the film is there. One call fits them all, and gives maps.
"""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from lmfit.models import LinearModel, LorentzianModel

# %%
# The measurement, made up here: an island of the film with strain at its rim, a scratch, and a detector that
# has lost some pixels. Counts have Poisson noise.

rng = np.random.default_rng(7)
shift = np.linspace(490.0, 550.0, 96)
y, x = np.meshgrid(np.linspace(0.0, 6.0, 60), np.linspace(0.0, 8.0, 80), indexing="ij")
rim = np.hypot((x - 4.0) / 3.2, (y - 3.0) / 2.4)
film = 1.0 / (1.0 + np.exp((rim - 1.0) / 0.05)) * (np.abs(y - 0.5 * x - 0.6) > 0.12)
true = {
    "area": 6000.0 * film,
    "center": 520.5 - 2.5 * np.exp(-(((rim - 1.0) / 0.15) ** 2)),
    "width": 1.8 + 1.2 * rim**4,
}
area, center, width = (true[name][..., np.newaxis] for name in true)
counts = area * width / np.pi / ((shift - center) ** 2 + width**2) + 60.0 + 0.4 * (shift - 490.0)
counts = rng.poisson(counts).astype(float)
counts[rng.random(counts.shape[:2]) < 0.004] = np.nan

cube = xr.DataArray(
    counts,
    dims=("y", "x", "shift"),
    coords={"y": y[:, 0], "x": x[0], "shift": ("shift", shift, {"units": "1/cm"})},
    name="counts",
)

# %%
# The model is the one that would be fitted to a single spectrum. The weights are those of counts. Start
# values and bounds may be numbers, as here, or arrays: one for each spectrum, or anything that broadcasts.

model = LorentzianModel() + LinearModel()
start = {
    "amplitude": {"value": 3000.0, "min": 0.0},
    "center": {"value": 520.0, "min": 505.0, "max": 535.0},
    "sigma": {"value": 2.0, "min": 0.5, "max": 8.0},
    "slope": 0.4,
    "intercept": -130.0,
}
weights = 1.0 / np.sqrt(cube.fillna(1.0).clip(min=1.0))
result = model.fit_many(cube, start, weights, axis="shift", scale_covar=False)
print(result.summary())

# %%
# The results are arrays with the coordinates of the map. Where there is no film there is no line to be found:
# its position has no meaning there, and we leave out all whose error is too large.

found = result.to_xarray(units={"center": "1/cm", "sigma": "1/cm"})
there = found["amplitude"] > 5.0 * found["amplitude_stderr"]
strained = found["center"].where(there & (found["center_stderr"] < 0.5))
truth = xr.DataArray(true["center"], dims=("y", "x"))
pulls = ((strained - truth) / found["center_stderr"]).values
pulls = pulls[np.isfinite(pulls)]
print(f"film in {int(there.sum())} of {there.size} points")
print(f"positions are off by {pulls.std():.2f} of their errors")

# %%
# Any single fit is at hand in full.

full = result[30, 25]
print(full.fit_report(show_correl=False))

figure, axes = plt.subplots(2, 2, figsize=(9.0, 6.5), layout="constrained")
full.plot_fit(ax=axes[0, 0], xlabel="Raman shift (1/cm)", ylabel="counts")
axes[0, 0].set_title("one of the spectra")
result.plot_map("amplitude", ax=axes[0, 1], label="area of the line")
strained.plot(ax=axes[1, 0], cmap="coolwarm", cbar_kwargs={"label": "position (1/cm)"})
result.plot_map("redchi", ax=axes[1, 1], label="reduced chi-square", vmin=0.5, vmax=1.5)
plt.savefig("spectral_map.png", dpi=120)
