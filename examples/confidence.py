"""Confidence intervals: two examples
==================================

Those of the manual's chapter 4. In the first the standard errors are good enough. In the second, a sum of two
exponentials, the limits are far from symmetric, and the trace shows how the other parameters follow the one
that is held. Writes one figure::

    python confidence.py [--output confidence.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np

import lmfit

mpl.use("agg")
import matplotlib.pyplot as plt

X = np.linspace(0.3, 10, 100)


def basic(rng: np.random.Generator) -> lmfit.Minimizer:
    """Fit 1/(a x) + b."""
    y = 1 / (0.1 * X) + 2 + 0.1 * rng.normal(size=X.size)
    params = lmfit.Parameters()
    params.add_many(("a", 0.1), ("b", 1))

    def residual(p: lmfit.Parameters) -> np.ndarray:
        return 1 / (p["a"].value * X) + p["b"].value - y

    return lmfit.minimize(residual, params)


def exponentials(rng: np.random.Generator) -> lmfit.Minimizer:
    """Fit a sum of two exponentials."""
    y = 3 * np.exp(-X / 2.0) - 5 * np.exp(-X / 10.0) + 0.2 * rng.normal(size=X.size)
    params = lmfit.Parameters()
    params.add_many(("a1", 5), ("a2", -5), ("t1", 2), ("t2", 5))

    def residual(p: lmfit.Parameters) -> np.ndarray:
        a1, a2, t1, t2 = [par.value for par in p.values()]
        return a1 * np.exp(-X / t1) + a2 * np.exp(-X / t2) - y

    return lmfit.minimize(residual, params)


def main() -> None:
    """Print both reports and draw the traces of the second example."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("confidence.png"), help="file for the figure")
    output = parser.parse_args().output

    fit = basic(np.random.default_rng(0))
    lmfit.report_errors(fit.params)
    lmfit.report_ci(lmfit.conf_interval(fit))

    fit = exponentials(np.random.default_rng(0))
    lmfit.report_errors(fit.params, show_correl=False)
    ci, trace = lmfit.conf_interval(fit, sigmas=[0.68, 0.95], trace=True)
    lmfit.report_ci(ci)
    print(f"{ci.nfev} evaluations of the residual for 16 limits")

    figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
    for held in ("a1", "t2"):
        points = axes.scatter(
            trace[held]["a1"], trace[held]["t2"], c=trace[held]["prob"], s=30, vmin=0, vmax=1, label=held
        )
    axes.set(xlabel="a1", ylabel="t2", title="Profile traces of a1 and t2")
    figure.colorbar(points, label="probability")
    figure.savefig(output)


if __name__ == "__main__":
    main()
