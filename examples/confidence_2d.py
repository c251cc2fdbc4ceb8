"""Confidence region of two parameters
===================================

Those of a sum of exponentials, as in the manual's chapter 4; beside the region, the ellipse that the standard
errors and the correlation stand for::

    python confidence_2d.py [--output confidence_2d.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from confidence import exponentials

import lmfit

mpl.use("agg")
import matplotlib.pyplot as plt


def main() -> None:
    """Draw the probabilities and the ellipse of 95 %."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("confidence_2d.png"), help="file for the figure")
    output = parser.parse_args().output

    fit = exponentials(np.random.default_rng(0))
    region = lmfit.conf_interval2d(fit, "a1", "t2", 30, 30)
    x, y, grid = region
    print(
        f"{region.nfev} evaluations of the residual for {grid.size} cells, {region.failed} without a result"
    )

    figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
    filled = axes.contourf(x, y, grid, np.linspace(0, 1, 11))
    figure.colorbar(filled, label="probability")
    axes.plot(*ellipse(fit, "a1", "t2"), "r--", label="95 % by the standard errors")
    axes.set(xlabel="a1", ylabel="t2", xlim=x[[0, -1]], ylim=y[[0, -1]])
    axes.legend()
    figure.savefig(output)


def ellipse(fit: lmfit.Minimizer, x_name: str, y_name: str) -> np.ndarray:
    """Return the points at which the linear approximation has risen to 95 %, shape (2, 200)."""
    names = [fit.var_names.index(name) for name in (x_name, y_name)]
    root = np.linalg.cholesky(fit.covar[np.ix_(names, names)])
    angle = np.linspace(0, 2 * np.pi, 200)
    radius = np.sqrt(-2 * np.log(0.05))
    centre = np.array([[fit.params[x_name].value], [fit.params[y_name].value]])
    return np.asarray(centre + radius * root @ np.array([np.cos(angle), np.sin(angle)]))


if __name__ == "__main__":
    main()
