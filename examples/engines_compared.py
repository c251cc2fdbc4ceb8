"""Engines compared: many minima
=============================

How long is the cycle of El Niño? NIST's data set ENSO is 168 months of air pressure. The annual cycle is
known; to it we add a second one, whose period may be anything from 20 to 80 months. Chi-square has a minimum
at every cycle that is in the data, and one at many that are not. Each engine starts at 65 months.
"""

import matplotlib.pyplot as plt
import nist
import numpy as np

from lmfit import Parameters, minimize

measured = nist.load("ENSO")
month, pressure = measured.x["x"], measured.y


def residual(params, month, pressure):
    """Return model - data: the year, and one cycle more."""
    year, angle = 2 * np.pi * month / 12, 2 * np.pi * month / params["period"].value
    model = params["mean"] + params["year_cos"] * np.cos(year) + params["year_sin"] * np.sin(year)
    return model + params["cos"] * np.cos(angle) + params["sin"] * np.sin(angle) - pressure


start = Parameters()
start.add("mean", value=10, min=0, max=20)
for name in ("year_cos", "year_sin", "cos", "sin"):
    start.add(name, value=1, min=-5, max=5)
start.add("period", value=65, min=20, max=80)

# %%
# The same problem for each; those that draw random numbers get a seed.

engines = {
    "leastsq": {},
    "least_squares": {},
    "nelder": {},
    "powell": {},
    "lbfgsb": {},
    "multistart": {"n": 20, "seed": 1},
    "differential_evolution": {"seed": 1},
    "dual_annealing": {"seed": 1, "maxiter": 100},
    "basinhopping": {"seed": 1, "niter": 10},
}
fits = {
    method: minimize(residual, start.copy(), args=(month, pressure), method=method, **options)
    for method, options in engines.items()
}
for method, out in fits.items():
    period = out.params["period"]
    print(
        f"{method:24}{out.nfev:7} calls, chi-square {out.chisqr:9.4f}, "
        f"period {period.value:7.3f} +/- {period.stderr or np.nan:.3f}"
    )

# %%
# For a given period, all else is linear: this is the valley's floor, and where each search ended on it.

periods = np.linspace(20, 80, 601)
floor = []
for period in periods:
    angles = [2 * np.pi * month / length for length in (12, period)]
    columns = [np.ones_like(month), *(wave(angle) for angle in angles for wave in (np.cos, np.sin))]
    floor.append(np.linalg.lstsq(np.transpose(columns), pressure, rcond=None)[1][0])

figure, axes = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
axes.plot(periods, floor, color="0.6")
for size, (method, out) in zip(range(20, 2, -2), fits.items(), strict=True):
    label = f"{method}: {out.nfev} calls"
    axes.plot(out.params["period"], out.chisqr, "o", ms=size, mfc="none", mew=1.5, label=label)
axes.set(xlabel="period of the second cycle in months", ylabel="chi-square")
axes.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
figure.savefig("engines_compared.png", dpi=120)
