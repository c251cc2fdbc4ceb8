"""Quickstart: three measured data sets
====================================

Fits with bounds and constraints, compared with the certified answers. The data, and the answers to eleven
digits, are NIST's (see ``nist.py``). Run it as it is::

    python examples/quickstart.py

It prints the report of each fit beside the certified values and saves ``quickstart.png``.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import nist
import numpy as np

from lmfit import Parameters, fit_report, minimize

# A model is a function of the parameters, by name. The residual, model - data, is what is minimized.


def ultrasound(params: Parameters, x: np.ndarray) -> np.ndarray:
    """Response of an ultrasonic reference block at the metal distance `x` (NIST: Chwirut2)."""
    decay = params["decay"].value
    return np.exp(-decay * x) / (params["b2"].value + params["b3"].value * x)


def transmittance(params: Parameters, x: np.ndarray) -> np.ndarray:
    """Transmittance of a filter at the wavelength `x` (NIST: Eckerle4)."""
    height, width, center = params["height"].value, params["width"].value, params["center"].value
    return height * np.exp(-0.5 * ((x - center) / width) ** 2)


def pressure(params: Parameters, month: np.ndarray) -> np.ndarray:
    """Air pressure, Easter Island less Darwin: the year, El Niño, the southern oscillation (NIST: ENSO)."""
    total = np.full(len(month), params["mean"].value)
    for cycle in ("year", "nino", "southern"):
        angle = 2 * np.pi * month / params[f"{cycle}_period"].value
        total += params[f"{cycle}_cos"].value * np.cos(angle)
        total += params[f"{cycle}_sin"].value * np.sin(angle)
    return total


def residual(
    params: Parameters, model: Callable[..., np.ndarray], x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return what is to be minimized, in the least-squares sense."""
    return model(params, x) - y


# Parameters hold the starting values, the bounds, and the expressions that tie one to others.


def ultrasound_parameters() -> Parameters:
    """All three are positive."""
    params = Parameters()
    params.add("decay", value=0.1, min=0)
    params.add("b2", value=0.01, min=0)
    params.add("b3", value=0.02, min=0)
    return params


def transmittance_parameters() -> Parameters:
    """The height follows from area and width; the width at half maximum comes with its own error bar."""
    params = Parameters()
    params.add("area", value=1.5, min=0)
    params.add("width", value=5, min=0.1, max=50)
    params.add("center", value=450, min=400, max=500)
    params.add("height", expr="area/width")
    params.add("fwhm", expr="2*sqrt(2*log(2))*width")
    return params


def pressure_parameters() -> Parameters:
    """The annual cycle has a known period, which is not varied; the amplitudes are tied."""
    params = Parameters()
    params.add("mean", value=11)
    params.add("year_period", value=12, vary=False)
    params.add("year_cos", value=3)
    params.add("year_sin", value=0.5)
    params.add("nino_period", value=40, min=35, max=60)
    params.add("nino_cos", value=-0.7)
    params.add("nino_sin", value=-1.3)
    params.add("southern_period", value=25, min=20, max=35)
    params.add("southern_cos", value=-0.3)
    params.add("southern_sin", value=1.4)
    for cycle in ("year", "nino", "southern"):
        params.add(f"{cycle}_amplitude", expr=f"sqrt({cycle}_cos**2 + {cycle}_sin**2)")
    return params


class Job(NamedTuple):
    """A data set, what to fit to it, and the names of NIST's b1, b2, ... in our model."""

    data: nist.Dataset
    title: str
    axes: tuple[str, str]
    model: Callable[..., np.ndarray]
    params: Parameters
    names: tuple[str, ...]


def jobs() -> list[Job]:
    """Set up the three fits."""
    return [
        Job(
            nist.load("Chwirut2"),
            "Ultrasonic reference block",
            ("metal distance", "response"),
            ultrasound,
            ultrasound_parameters(),
            ("decay", "b2", "b3"),
        ),
        Job(
            nist.load("Eckerle4"),
            "Transmittance of a filter",
            ("wavelength", "transmittance"),
            transmittance,
            transmittance_parameters(),
            ("area", "width", "center"),
        ),
        Job(
            nist.load("ENSO"),
            "El Niño, southern oscillation",
            ("month", "pressure difference"),
            pressure,
            pressure_parameters(),
            (
                "mean",
                "year_cos",
                "year_sin",
                "nino_period",
                "nino_cos",
                "nino_sin",
                "southern_period",
                "southern_cos",
                "southern_sin",
            ),
        ),
    ]


def compare(job: Job, out: Any) -> float:
    """Print fitted beside certified values; return the digits in which the worst parameter agrees."""
    print(f"{'':19}{'fitted':>18}{'certified':>18}{'digits':>8}{'stderr':>18}{'certified':>18}{'digits':>8}")
    worst = nist.MAX_DIGITS
    for name, value, error in zip(job.names, job.data.certified, job.data.stderr, strict=True):
        par = out.params[name]
        agreement = nist.digits(par.value, value)
        print(
            f"  {name:17}{par.value:18.11g}{value:18.11g}{agreement:8.1f}"
            f"{par.stderr:18.11g}{error:18.11g}{nist.digits(par.stderr, error):8.1f}"
        )
        worst = min(worst, agreement)
    agreement = nist.digits(out.chisqr, job.data.rss)
    print(f"  {'chi-square':17}{out.chisqr:18.11g}{job.data.rss:18.11g}{agreement:8.1f}\n")
    return worst


def plot(fits: list[tuple[Job, Any]], path: str) -> None:
    """Draw data and fit of each job above its residuals, and save the figure."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        print("No plot: matplotlib is not installed. Try: pip install 'lmfit[plot]'", file=sys.stderr)
        return
    figure = Figure(figsize=(13, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(2, len(fits), sharex="col", height_ratios=(3, 1), squeeze=False)
    for (job, out), above, below in zip(fits, *grid, strict=True):
        (x,) = job.data.x.values()
        fine = np.linspace(x.min(), x.max(), 800)
        above.plot(x, job.data.y, "o", ms=4, mfc="none", mew=0.8, color="#44505c", label="data")
        above.plot(fine, job.model(out.params, fine), "-", lw=1.6, color="#d1495b", label="fit")
        above.set_title(f"{job.title} ({job.data.name})", fontsize=11)
        above.set_ylabel(job.axes[1])
        above.legend(frameon=False)
        below.axhline(0, lw=1.0, color="#d1495b")
        below.plot(x, -out.residual, "o", ms=3, color="#44505c")
        below.set_ylabel("data - fit")
        below.set_xlabel(job.axes[0])
        for axes in (above, below):
            axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels()
    figure.savefig(path, dpi=120)
    print(f"The plot is in {path}")


def main() -> None:
    """Fit, report, compare, plot."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--output", default="quickstart.png", help="where to save the plot (default: %(default)s)"
    )
    path = parser.parse_args().output
    fits, worst = [], nist.MAX_DIGITS
    for job in jobs():
        (x,) = job.data.x.values()
        out = minimize(residual, job.params, args=(job.model, x, job.data.y))
        fits.append((job, out))
        print(f"=== {job.title} ({job.data.name}: {job.data.n} points)\n    {job.data.model}\n")
        print(fit_report(out))
        print("\n" + textwrap.fill(out.message, 100) + "\n")
        worst = min(worst, compare(job, out))
    print(
        f"All parameters of the three fits agree with NIST's certified values to {worst:.1f} digits or more."
    )
    plot(fits, path)


if __name__ == "__main__":
    main()
