"""Several data sets at once: shared parameters
============================================

A line is measured at five temperatures. Its position and the slope of the background are the same in all of
them, its strength and width are not. Fitted together, the weak lines profit from the strong ones.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit.global_model import GlobalModel
from lmfit.models import GaussianModel, LinearModel

rng = np.random.default_rng(8)
temperatures = {f"K{t}": t for t in (50, 100, 150, 200, 250)}
line = GaussianModel() + LinearModel()

# %%
# The model of each data set is the same here. Parameters that are not shared have the name of their data set
# in front: ``K50_amplitude``. The data sets differ in length, so that x is a dictionary like the data.

model = GlobalModel(dict.fromkeys(temperatures, line), shared=["center", "slope"])
x = {name: np.linspace(-6, 6, 61 + t // 5) for name, t in temperatures.items()}
truth = model.make_params(center=0.3, slope=0.02, intercept=1.0)
for name, t in temperatures.items():
    truth[f"{name}_amplitude"].value = 6.0 * np.exp(-t / 80.0)
    truth[f"{name}_sigma"].value = 0.8 + t / 300.0
noise = 0.04
data = {name: y + rng.normal(0, noise, y.size) for name, y in model.eval(truth, x=x).items()}

# %%
# ``method="varpro"`` solves for amplitudes, slope and intercepts, which are linear, and searches for centre
# and widths only: no start values of the others are needed.

params = model.make_params(center=0, sigma={"value": 1.5, "min": 0.1})
result = model.fit(data, params, x=x, sigma=dict.fromkeys(data, noise), method="varpro")
print(result.fit_report(show_correl=False))
print(f"searched for: {', '.join(sorted(set(result.var_names) - set(result.linear_names)))}")

# %%
# Each data set has its part of the result, with all that the result of a model has. Compared with fits of
# each data set by itself, the position of the weak line is known much better.

print("\ncenter, true 0.3")
for name, part in result.parts.items():
    alone = line.fit(data[name], x=x[name], sigma=noise, center=0, amplitude=1, slope=0, intercept=1)
    center = alone.params["center"]
    print(f"  {name:5} alone {center.value:6.3f} +/- {center.stderr:.3f}   R-squared {part.rsquared:.3f}")
center = result.params["center"]
print(f"  together    {center.value:6.3f} +/- {center.stderr:.3f}")

figure = result.plot(columns=3, numpoints=300, xlabel="position", ylabel="signal")
figure.savefig("global_fit.png", dpi=120)
plt.close(figure)
