"""Bounds: keeping a search where the model makes sense
====================================================

NIST's data set BoxBOD has six points and a start from which many programs run away: the rate is guessed twice
as large as it is, the saturation two hundred times too small. We watch the search with ``iter_cb``, without
bounds and with a rough one on each variable.
"""

import matplotlib.pyplot as plt
import nist
import numpy as np

from lmfit import Parameters, minimize

measured = nist.load("BoxBOD")
x, y = measured.x["x"], measured.y


def residual(params, x, y):
    """Return model - data of a saturation."""
    return params["saturation"] * (1 - np.exp(-params["rate"] * x)) - y


def search(bounded):
    """Fit from NIST's first start; return the fit and the points on its way."""
    params = Parameters()
    params.add("saturation", value=1.0)
    params.add("rate", value=1.0)
    if bounded:
        params["saturation"].set(min=0, max=500)
        params["rate"].set(min=0, max=3)
    way = []

    def note(params, iteration, resid, *args):
        way.append((params["rate"].value, params["saturation"].value))

    # By default a search that ran away is noticed and tried again; here we want to see it run.
    out = minimize(residual, params, args=(x, y), iter_cb=note, retry=False)
    return out, np.array(way)


free, free_way = search(bounded=False)
bounded, bounded_way = search(bounded=True)
for title, out in (("free", free), ("bounded", bounded)):
    rate, saturation = (out.params[name].value for name in ("rate", "saturation"))
    print(f"{title:8} rate {rate:10.5g}, saturation {saturation:8.5g}, chi-square {out.chisqr:8.5g}")
print("NIST     rate {:10.5g}, saturation {:8.5g}".format(*measured.certified[::-1]))

# %%
# The valley of chi-square and the two ways through it. At high rates the floor is flat: all six points are
# saturated, and nothing tells the search which way to go. A bound stops it where there is still a slope.

rates, saturations = np.linspace(0.05, 5, 200), np.linspace(0, 400, 200)
model = saturations[:, None, None] * (1 - np.exp(-rates[:, None] * x))
chisqr = np.sum((model - y) ** 2, axis=-1)

figure, axes = plt.subplots(layout="constrained")
filled = axes.contourf(rates, saturations, np.log10(chisqr), 24, cmap="Blues_r")
figure.colorbar(filled, label="log10 of chi-square")
axes.plot(*free_way.T, "o-", ms=4, color="C1", label="without bounds")
axes.plot(*bounded_way.T, "s-", ms=4, color="C3", label="with bounds")
axes.plot(*measured.certified[::-1], "*", ms=16, color="k", label="certified solution")
axes.axvline(3, ls=":", color="C3")
axes.set(xlabel="rate", ylabel="saturation", xlim=(0, 5), ylim=(0, 400))
axes.legend(loc="lower right")
figure.savefig("bounds.png", dpi=120)
