"""Regions of two parameters
=========================

Two exponentials, as in example 4.3 of the manual: which pairs of values do the data allow? Shaded are the
regions of 1, 2 and 3 sigma, for which all other parameters are fitted again; dashed are the ellipses that the
covariance matrix makes of them.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit import Minimizer, Parameters, conf_interval, conf_interval2d
from lmfit.plotting import plot_pairs, plot_region, plot_trace

rng = np.random.default_rng(0)
x = np.linspace(0.3, 10, 100)
data = 3 * np.exp(-x / 2) - 5 * np.exp(-x / 10) + rng.normal(0, 0.2, x.size)


def residual(params, x, data):
    """Return a fast rise and a slow decay, minus the data."""
    a1, a2, t1, t2 = params.valuesdict().values()
    return a1 * np.exp(-x / t1) + a2 * np.exp(-x / t2) - data


params = Parameters()
params.add_many(("a1", 5.0), ("a2", -5.0), ("t1", 2.0), ("t2", 5.0))
fitter = Minimizer(residual, params, fcn_args=(x, data))
result = fitter.leastsq()

# %%
# One pair, on a grid of 30 times 30 points. The grid holds probabilities, of which any contour can be drawn;
# ``plot_region`` draws those of 1, 2 and 3 sigma.

a1, t2, grid = conf_interval2d(fitter, result, "a1", "t2", 30, 30)
inside = grid < 0.95
print(f"within 95 %: a1 from {a1[inside.any(axis=0)].min():.1f} to {a1[inside.any(axis=0)].max():.1f}")

# %%
# The trace of ``conf_interval`` shows how one parameter follows the other.

ci, trace = conf_interval(fitter, result, ["a1", "t2"], sigmas=[1, 2], trace=True)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
plot_region(a1, t2, grid, "a1", "t2", result, ax=left)
plot_trace(trace, "a1", "t2", ax=right)
figure.savefig("regions_2d.png", dpi=120)

# %%
# All pairs, with the profiles on the diagonal.

axes = plot_pairs(fitter, result, sigmas=[1, 2], nx=20, ny=20)
axes[0, 0].figure.savefig("regions_of_all_pairs.png", dpi=80)
