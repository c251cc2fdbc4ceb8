"""Two-dimensional image: a tilted spot
====================================

A residual may have any shape: here it is an image. The spot is an elliptic Gaussian, whose axes and tilt are
the parameters; what is of interest, the full widths and the ellipticity, are expressions with errors of their
own.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit import Parameters, fit_report, minimize

rows, columns = np.mgrid[0:60, 0:80]


def spot(params, columns, rows):
    """Return an elliptic Gaussian on a sloping background."""
    value = params.valuesdict()
    dx, dy = columns - value["x0"], rows - value["y0"]
    along = dx * np.cos(value["tilt"]) + dy * np.sin(value["tilt"])
    across = dy * np.cos(value["tilt"]) - dx * np.sin(value["tilt"])
    background = value["level"] + value["slope"] * columns
    return background + value["height"] * np.exp(
        -0.5 * ((along / value["long"]) ** 2 + (across / value["short"]) ** 2)
    )


def residual(params, columns, rows, image, error):
    """Return (model - image) / error, an array of the shape of the image."""
    return (spot(params, columns, rows) - image) / error


# %%
# An image with noise of a known size.

true = Parameters()
true.add_many(("height", 120), ("x0", 43.2), ("y0", 27.7), ("long", 11), ("short", 5), ("tilt", 0.6))
true.add_many(("level", 20), ("slope", 0.1))
error = 5.0
image = spot(true, columns, rows) + np.random.default_rng(4).normal(0, error, rows.shape)

# %%
# Start values from the image itself. The ratio of the axes is varied instead of the short one: with a bound
# of 1, the two axes cannot change their roles.

top = np.unravel_index(np.argmax(image), image.shape)
params = Parameters()
params.add("height", value=float(np.ptp(image)), min=0)
params.add("x0", value=float(top[1]), min=0, max=79)
params.add("y0", value=float(top[0]), min=0, max=59)
params.add("long", value=8, min=0.5, max=80)
params.add("ratio", value=0.7, min=0.05, max=1)
params.add("short", expr="ratio * long")
params.add("tilt", value=0.3, min=-np.pi / 2, max=np.pi / 2)
params.add("level", value=float(np.median(image)))
params.add("slope", value=0)
params.add("fwhm_long", expr="2*sqrt(2*log(2)) * long")
params.add("fwhm_short", expr="2*sqrt(2*log(2)) * short")
params.add("ellipticity", expr="1 - ratio")

out = minimize(residual, params, args=(columns, rows, image, error), scale_covar=False)
print(fit_report(out, modelpars=true, min_correl=0.5))

figure, axes = plt.subplots(1, 3, figsize=(11, 3), sharey=True, layout="constrained")
fitted = spot(out.params, columns, rows)
for panel, title, picture in zip(
    axes, ("image", "fit", "residual"), (image, fitted, out.residual), strict=True
):
    picture = picture.reshape(image.shape)
    limits = (-4, 4) if title == "residual" else (0, 150)
    shown = panel.imshow(picture, origin="lower", vmin=limits[0], vmax=limits[1])
    shown.set_cmap("RdBu" if title == "residual" else "viridis")
    panel.contour(columns, rows, fitted, 5, colors="w" if title != "residual" else "k", linewidths=0.6)
    panel.set_title(title)
    figure.colorbar(shown, ax=panel, shrink=0.85)
figure.savefig("image_2d.png", dpi=120)
