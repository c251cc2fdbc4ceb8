"""Constraints: two peaks that share a width
=========================================

NIST's data set Gauss3 is two strongly overlapping peaks on an exponential background. The function that is
fitted knows nothing of constraints. We fit it three times: with all parameters varied, with one width for
both peaks, and with the distance of the peaks as a variable that cannot be negative.
"""

import matplotlib.pyplot as plt
import nist
import numpy as np

from lmfit import Parameters, minimize

measured = nist.load("Gauss3")
x, y = measured.x["x"], measured.y


def background(params, x):
    """Return the exponential decay below the peaks."""
    return params["b_amp"].value * np.exp(-params["b_rate"].value * x)


def peak(params, x, prefix):
    """Return one peak, of the parameters whose names begin with `prefix`."""
    amp, cen, wid = (params[prefix + name].value for name in ("amp", "cen", "wid"))
    return amp * np.exp(-(((x - cen) / wid) ** 2))


def residual(params, x, y):
    """Return model - data."""
    return background(params, x) + peak(params, x, "p1_") + peak(params, x, "p2_") - y


params = Parameters()
params.add_many(("b_amp", 94.9, True, 0), ("b_rate", 0.009, True, 0))
params.add_many(("p1_amp", 90, True, 0), ("p1_cen", 113), ("p1_wid", 20, True, 1))
params.add_many(("p2_amp", 74, True, 0), ("p2_cen", 140), ("p2_wid", 20, True, 1))
# Not used by the function, but reported, with its own standard error.
params.add("ratio", expr="p2_amp*p2_wid / (p1_amp*p1_wid)")

# %%
# All eight varied. The error of the ratio of the areas includes all correlations.

free = minimize(residual, params.copy(), args=(x, y))
print(f"certified b1 ... b8: {measured.certified}")

# %%
# One width for both. A constraint costs no line in the function.

tied_params = params.copy()
tied_params["p2_wid"].expr = "p1_wid"
tied = minimize(residual, tied_params, args=(x, y))

# %%
# The second center above the first, by a distance that is varied instead of it. Without such a constraint,
# the two peaks can change their roles.

ordered_params = params.copy()
ordered_params.add("distance", value=20, min=0)
ordered_params["p2_cen"].expr = "p1_cen + distance"
ordered = minimize(residual, ordered_params, args=(x, y))

for title, out in (("all free", free), ("one width", tied), ("ordered", ordered)):
    shown = ", ".join(
        f"{name} = {out.params[name].value:.3f} +/- {out.params[name].stderr:.3f}"
        for name in ("p1_wid", "p2_wid", "ratio")
    )
    print(f"{title:10} chi-square {out.chisqr:8.2f}, {out.nvarys} variables, BIC {out.bic:7.2f}: {shown}")

# %%
# One variable less, but a BIC that is higher by 20: these peaks do differ in width. NIST made them so.

figure, (above, below) = plt.subplots(2, sharex=True, height_ratios=(3, 1), layout="constrained")
above.plot(x, y, ".", ms=4, color="0.6", label="data")
above.plot(x, y + free.residual, label="all free")
above.plot(x, y + tied.residual, "--", label="one width")
for prefix in ("p1_", "p2_"):
    above.fill_between(x, peak(free.params, x, prefix), alpha=0.2, color="C0", lw=0)
above.plot(x, background(free.params, x), ":", color="C0")
above.set_ylabel("response")
above.legend(frameon=False)
below.plot(x, -tied.residual, "--", color="C1")
below.plot(x, -free.residual, color="C0")
below.set(xlabel="channel", ylabel="data - fit")
figure.savefig("constraints.png", dpi=120)
