"""A series of curves in a table
=============================

Decay curves of twelve samples stand in one long table, as they come from a laboratory: a row a reading.
``groupby`` makes them to data sets, `fit_many` fits them, and the results join the table of the samples.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from lmfit import create_params, fit_many
from lmfit.models import ExponentialModel

# %%
# The tables: the samples with what is known of them, and the readings. The samples were not read equally
# often.

rng = np.random.default_rng(11)
samples = pd.DataFrame(
    {"sample": [f"S{i:02d}" for i in range(12)], "dose": np.repeat([0.0, 1.0, 2.0, 4.0], 3)}
)
samples = samples.set_index("sample")


def readings_of(sample, dose):
    """Return the readings of one sample: a decay that is faster the higher the dose is."""
    time = np.sort(rng.uniform(0.0, 10.0, rng.integers(25, 40)))
    signal = 5.0 * np.exp(-time / (3.0 / (1.0 + 0.3 * dose))) + rng.normal(0.0, 0.05, time.size)
    return pd.DataFrame({"sample": sample, "time": time, "signal": signal})


readings = pd.concat([readings_of(name, dose) for name, dose in samples["dose"].items()], ignore_index=True)
print(readings.head(3))

# %%
# Data sets of any length are what the function `fit_many` takes, with an objective as for `minimize`.


def residual(params, time, signal):
    """Return model - data of one sample."""
    return params["amplitude"] * np.exp(-time / params["decay"]) - signal


params = create_params(amplitude=4.0, decay={"value": 2.0, "min": 0.0}, half_life={"expr": "decay * log(2)"})
groups = readings.groupby("sample")
datasets = [(group["time"].to_numpy(), group["signal"].to_numpy()) for _, group in groups]
result = fit_many(residual, params, datasets)
print(result.summary())

# %%
# As a table, the results join what is known of the samples; from here on it is statistics.

table = result.to_dataframe().set_index(pd.Index(groups.groups, name="sample"))
table = samples.join(table[["decay", "decay_stderr", "half_life", "half_life_stderr", "redchi"]])
print(table.round(3))
print(table.groupby("dose")["decay"].agg(["mean", "std"]).round(3))

# %%
# Where all curves have the same points, a row of a table is a data set, and a model fits them all at once.
# Readings that are missing are NaN.

grid = np.linspace(0.0, 9.5, 20)
binned = readings.assign(time=grid[np.searchsorted(grid, readings["time"], side="right") - 1] + 0.25)
wide = binned.pivot_table(index="sample", columns="time", values="signal")
rough = ExponentialModel().fit_many(wide, amplitude=4.0, decay=2.0)
print(rough.values["decay"].round(2).head(3))

figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.0), layout="constrained")
for sample, group in list(groups)[::3]:
    (line,) = left.plot(group["time"], group["signal"], ".", label=f"{sample}, dose {samples.dose[sample]:g}")
    best = result.values["amplitude"][samples.index.get_loc(sample)]
    left.plot(grid, best * np.exp(-grid / table.decay[sample]), color=line.get_color())
left.set(xlabel="time", ylabel="signal")
left.legend()
right.errorbar(table["dose"], table["half_life"], table["half_life_stderr"], fmt="o")
right.set(xlabel="dose", ylabel="half-life")
plt.savefig("series_with_pandas.png", dpi=120)
