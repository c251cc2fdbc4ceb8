"""Write the descriptions of the built-in models from the code: formula, parameters, picture.

Sphinx calls `write` before it reads the pages; they include what is written to ``_generated``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lmfit import models
from lmfit.model import Model

TARGET = Path(__file__).with_name("_generated")

#: Greys and colours that are seen on white and on black.
GREY, COLORS = "#888888", ("#4c8fd6", "#e07b39", "#4fae62")


class Shown(NamedTuple):
    """How a model is drawn: range of x, values of parameters, and one that takes three values."""

    x: tuple[float, float]
    values: Mapping[str, float]
    varied: str
    steps: Sequence[float | str]
    make: Mapping[str, Any] = {}


_PEAK = (-6, 6)

GROUPS: dict[str, dict[str, Shown]] = {
    "Peaks": {
        "GaussianModel": Shown(_PEAK, {}, "sigma", (0.6, 1, 2)),
        "LorentzianModel": Shown(_PEAK, {}, "sigma", (0.6, 1, 2)),
        "SplitLorentzianModel": Shown(_PEAK, {}, "sigma_r", (0.5, 1, 3)),
        "VoigtModel": Shown(_PEAK, {"gamma": 1}, "gamma", (0.2, 1, 2)),
        "PseudoVoigtModel": Shown(_PEAK, {}, "fraction", (0, 0.5, 1)),
        "MoffatModel": Shown(_PEAK, {}, "beta", (0.7, 1, 3)),
        "Pearson4Model": Shown(_PEAK, {}, "skew", (-3, 0, 3)),
        "Pearson7Model": Shown(_PEAK, {}, "expon", (0.8, 1.5, 5)),
        "StudentsTModel": Shown(_PEAK, {}, "sigma", (0.5, 1, 10)),
        "BreitWignerModel": Shown(_PEAK, {}, "q", (0, 1, 2)),
        "LognormalModel": Shown((0.01, 6), {}, "sigma", (0.25, 0.5, 1)),
        "ExponentialGaussianModel": Shown(_PEAK, {"sigma": 0.5}, "gamma", (0.3, 1, 5)),
        "SkewedGaussianModel": Shown(_PEAK, {"sigma": 1.5}, "gamma", (-4, 0, 4)),
        "SkewedVoigtModel": Shown(_PEAK, {"gamma": 0.5}, "skew", (-2, 0, 2)),
        "DoniachModel": Shown(_PEAK, {}, "gamma", (0, 0.2, 0.5)),
        "DampedOscillatorModel": Shown((0, 3), {}, "sigma", (0.1, 0.2, 0.4)),
        "DampedHarmonicOscillatorModel": Shown(_PEAK, {"center": 3, "sigma": 0.7}, "gamma", (0.5, 2, 10)),
        "Gaussian2dModel": Shown((-4, 4), {"sigmax": 1.5, "sigmay": 0.8}, "", ()),
    },
    "Steps and distributions": {
        "StepModel": Shown(_PEAK, {"sigma": 1.5}, "form", ("linear", "erf", "logistic")),
        "RectangleModel": Shown(_PEAK, {"center1": -3, "center2": 3}, "form", ("linear", "erf", "logistic")),
        "ThermalDistributionModel": Shown((0.4, 5), {}, "form", ("bose", "maxwell", "fermi")),
        "BoseModel": Shown((0.4, 5), {}, "kt", (0.5, 1, 2)),
        "FermiModel": Shown(_PEAK, {}, "kt", (0.2, 0.5, 1)),
    },
    "Lines and curves": {
        "ConstantModel": Shown((0, 1), {}, "c", (1, 2, 3)),
        "ComplexConstantModel": Shown((0, 1), {"re": 2, "im": 1}, "", ()),
        "LinearModel": Shown((-2, 2), {"intercept": 1}, "slope", (-1, 0.5, 2)),
        "QuadraticModel": Shown((-2, 2), {"b": 1}, "a", (-1, 0.5, 2)),
        "PolynomialModel": Shown((-2, 2), {"c1": -2, "c3": 1}, "c2", (-1, 0, 1), {"degree": 3}),
        "SplineModel": Shown((0, 6), {"s1": 1, "s3": 2}, "s2", (-1, 0.5, 2), {"xknots": [0, 2, 3, 4, 6]}),
        "ExponentialModel": Shown((0, 5), {}, "decay", (0.5, 1, 3)),
        "PowerLawModel": Shown((0.2, 3), {}, "exponent", (-1, 0.5, 2)),
        "SineModel": Shown((0, 10), {}, "shift", (0, 0.7, 1.4)),
        "ExpressionModel": Shown(
            (0, 10), {"a": 2, "k": 0.3}, "w", (1, 2, 3), {"expr": "a*exp(-k*x)*cos(w*x)"}
        ),
    },
}


def write() -> None:
    """Write one file for each group, and the pictures."""
    TARGET.mkdir(exist_ok=True)
    for group, shown in GROUPS.items():
        text = "\n".join(line for name, how in shown.items() for line in _entry(name, how))
        (TARGET / f"{group.split()[0].lower()}.inc").write_text(text, encoding="utf-8")


def _entry(name: str, how: Shown) -> Iterator[str]:
    cls = getattr(models, name)
    model = cls(**how.make)
    _draw(model, how, TARGET / f"{name}.svg")
    yield from (name, "-" * len(name), "", _first_part(cls), "")
    function = getattr(cls, "function", None)
    if function is not None:
        yield from (_first_part(function, skip=1), "")
    yield from (f".. image:: _generated/{name}.svg", f"   :alt: {name}, {how.varied or 'an example'}", "")
    yield from (*_table(model), "")


def _first_part(thing: Any, skip: int = 0) -> str:
    """Return the paragraphs of a docstring above its first section, but for the first `skip`."""
    text = re.split(r"\n\n[A-Z][A-Za-z ]+\n---+\n", inspect.getdoc(thing) or "")[0]
    return "\n\n".join(text.split("\n\n")[skip:])


def _table(model: Model) -> Iterator[str]:
    yield from (".. list-table::", "   :header-rows: 1", "   :widths: 18 14 18 50", "")
    yield from ("   * - parameter", "     - start", "     - bounds", "     - expression")
    for name, par in model.make_params().items():
        bounded = np.isfinite(par.min) or np.isfinite(par.max)
        yield f"   * - ``{name}``"
        yield f"     - {par.value:.4g}" if par.value is not None and not par.expr else "     -"
        yield f"     - {par.min:.4g} ... {par.max:.4g}" if bounded else "     -"
        yield f"     - ``{par.expr}``" if par.expr else "     -"


def _draw(model: Model, how: Shown, path: Path) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style = {"text.color": GREY, "axes.edgecolor": GREY, "xtick.color": GREY, "ytick.color": GREY}
    with mpl.rc_context({**style, "svg.hashsalt": "lmfit", "font.size": 9}):
        figure = Figure(figsize=(5, 2.4), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_facecolor("none")
        draw = _draw_image if "y" in model.independent_vars else _draw_curves
        draw(axes, model, how)
        figure.savefig(path, transparent=True, metadata={"Date": None})


def _draw_curves(axes: Any, model: Model, how: Shown) -> None:
    x = np.linspace(*how.x, 400)
    for color, step in zip(COLORS, how.steps or (None,), strict=False):
        values = dict(how.values) if step is None else {**how.values, how.varied: step}
        options = {key: values.pop(key) for key in ("form",) if key in values}
        y = model.eval(model.make_params(**values), x=x, **options)
        curves = {"real part": y.real, "imaginary part": y.imag} if np.iscomplexobj(y) else {"": y}
        for style, (part, curve) in zip(("-", "--"), curves.items(), strict=False):
            label = part or (f"{how.varied} = {step}" if step is not None else "")
            axes.plot(x, np.broadcast_to(curve, x.shape), style, color=color, label=label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def _draw_image(axes: Any, model: Model, how: Shown) -> None:
    x, y = np.meshgrid(np.linspace(*how.x, 80), np.linspace(*how.x, 80))
    image = model.eval(model.make_params(**how.values), x=x, y=y)
    axes.contourf(x, y, image, 12, cmap="Blues")
    axes.set_aspect("equal")
