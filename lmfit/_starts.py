"""What to try as start values of a line shape, before any is fitted.

A `Shape` says for one function of `lineshapes` which values of its nonlinear parameters are worth trying on a
given curve, and how they may be refined.  For a peak these are the tiles of the axis: intervals of
1/2, 1/4, 1/8, ... of the points, each overlapping the next by half, down to single points.  Counting points
and not lengths makes the tiles small where the points are dense, so that gaps do no harm.

The linear parameters, such as amplitudes, are not tried but solved for, see `_guess`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from . import lineshapes
from ._derivatives import Array

__all__ = ["SHAPES", "Curve", "Shape", "Tries"]

#: Values to try, by parameter; all arrays have the same length.
Tries: TypeAlias = dict[str, Array]


@dataclass(frozen=True)
class Curve:
    """Points, and what is to be explained there.

    Attributes
    ----------
    points : tuple of ndarray, each of shape (n,)
        Independent variables; the first is in increasing order.
    y : ndarray, shape (n,)
    basis : ndarray, shape (n, k)
        Orthonormal columns that `y` has been freed from: the background.
    """

    points: tuple[Array, ...]
    y: Array
    basis: Array

    @property
    def x(self) -> Array:
        """The first independent variable."""
        return self.points[0]

    @property
    def span(self) -> float:
        """Length of the axis, or 1 if it has none."""
        return float(np.ptp(self.x)) or 1.0

    def freed(self, columns: Array) -> Array:
        """Return rows, shape (m, n), freed from the background."""
        return columns - (columns @ self.basis) @ self.basis.T


@dataclass(frozen=True)
class Shape:
    """How to find start values for one function.

    Attributes
    ----------
    tries : callable
        ``tries(curve)`` gives the values to try first.
    places : mapping
        Parameters that may be shifted, and by how much: a number, or the parameter that is their width.
    scales : tuple of str
        Parameters that may be multiplied.
    choices : mapping
        Parameters of which several values are tried in the end; the first of them is used till then.
    of_data : bool
        Whether `tries` looks at the data, and not at the points alone.
    background : bool
        Whether a constant or a line below may hide the shape when it is guessed alone.
    positive : tuple of str
        Parameters that get a lower bound of zero, where they have none.
    """

    tries: Callable[[Curve], Tries]
    places: Mapping[str, str | float] = field(default_factory=lambda: {"center": "sigma"})
    scales: tuple[str, ...] = ("sigma",)
    choices: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    of_data: bool = False
    background: bool = True
    positive: tuple[str, ...] = ()

    def moving(self, tries: Tries) -> list[str]:
        """Return the parameters that can be refined."""
        return [name for name in dict.fromkeys([*self.places, *self.scales, *self.choices]) if name in tries]

    def size(self, name: str, tries: Tries) -> float:
        """Return how far a parameter may be expected to be from its best value."""
        width = self.places.get(name, name)
        size = abs(float(tries[width][0])) if isinstance(width, str) else width
        return size or 1.0

    def is_narrow(self, tries: Tries, widest: float) -> Array:
        """Return which of the tries have no width above a limit."""
        widths = [tries[width] for width in self.places.values() if isinstance(width, str)]
        narrow = [np.abs(width) <= widest for width in widths]
        return np.asarray(np.logical_and.reduce(narrow) if narrow else np.array([False]))


def _tiles(x: Array) -> tuple[Array, Array]:
    """Return centres and half widths of intervals of 1/2, 1/4, ... of the points; some lie outside."""
    n = len(x)
    span = float(np.ptp(x)) or 1.0
    centers = [np.array([x[0] - 0.1 * span, x[-1] + 0.1 * span] * 2)]
    widths = [span * np.array([0.2, 0.2, 0.5, 0.5])]
    half = n / 2.0
    while half > 0.7:
        place = np.arange(0.0, n - 1 + 0.5 * half, 0.5 * half)
        ends = [np.interp(place + step, np.arange(n), x) for step in (-half, 0.0, half)]
        centers.append(ends[1])
        widths.append(np.maximum(0.5 * (ends[2] - ends[0]), 1e-4 * span))
        half /= 2.0
    return np.concatenate(centers), np.concatenate(widths)


def _with_each(tries: Tries, name: str, values: Array) -> Tries:
    """Combine all tries with each of the values of one more parameter."""
    count = len(next(iter(tries.values())))
    repeated = {known: np.tile(column, len(values)) for known, column in tries.items()}
    return {**repeated, name: np.repeat(values, count)}


def _peaks(curve: Curve) -> Tries:
    centers, widths = _tiles(curve.x)
    return {"center": centers, "sigma": widths}


def _peaks_of_logarithm(curve: Curve) -> Tries:
    centers, widths = _tiles(np.log(np.maximum(curve.x, 1e-6 * curve.span)))
    return {"center": centers, "sigma": widths}


def _split_peaks(curve: Curve) -> Tries:
    tries = _peaks(curve)
    return {**tries, "sigma_r": tries["sigma"]}


def _peaks_with(name: str, *values: float, per_width: bool = False) -> Callable[[Curve], Tries]:
    """Make the tries of a peak with one more parameter; its values are per width or not."""

    def tries(curve: Curve) -> Tries:
        found = _with_each(_peaks(curve), name, np.array(values))
        return {**found, name: found[name] / found["sigma"]} if per_width else found

    return tries


def _centers_with(name: str, *values: float) -> Callable[[Curve], Tries]:
    """Make the tries of a peak whose width is no length on the axis."""

    def tries(curve: Curve) -> Tries:
        return _with_each({"center": np.unique(_tiles(curve.x)[0])}, name, np.array(values))

    return tries


def _damped_harmonic(curve: Curve) -> Tries:
    size = float(np.max(np.abs(curve.x))) or 1.0
    centers, widths = _tiles(np.unique(np.abs(curve.x)))
    inside = centers > 0.0
    peaks = {"center": centers[inside], "sigma": widths[inside]}
    return _with_each(peaks, "gamma", size * np.array([0.1, 0.3, 1.0]))


def _edges(curve: Curve) -> Tries:
    centers, widths = _tiles(curve.x)
    # On a constant, a step down is a negative step up, and needs no width of its own.
    constant = curve.freed(np.ones((1, len(curve.y))))
    turns = [1.0, -1.0] if np.max(np.abs(constant)) > 1e-6 else [1.0]
    return _with_each({"center": centers, "sigma": widths}, "turn", np.array(turns))


def _steps(curve: Curve) -> Tries:
    tries = _edges(curve)
    return {"center": tries["center"], "sigma": tries["sigma"] * tries["turn"]}


def _fermi_edges(curve: Curve) -> Tries:
    tries = _edges(curve)
    return {"center": tries["center"], "kt": tries["sigma"] * tries["turn"]}


def _plateaus(curve: Curve) -> Tries:
    centers, widths = _tiles(curve.x)
    tries = _with_each({"center": centers, "width": widths}, "edge", np.array([0.8, 0.4, 0.2, 0.1]))
    sigma = tries["edge"] * tries["width"]
    first, last = tries["center"] - tries["width"], tries["center"] + tries["width"]
    return {"center1": first, "sigma1": sigma, "center2": last, "sigma2": sigma}


def _bosons(curve: Curve) -> Tries:
    below = {"center": curve.x[0] - curve.span * np.geomspace(1e-3, 3.0, 24)}
    rising = _with_each(below, "kt", curve.span * np.geomspace(0.01, 3.0, 16))
    above = {"center": curve.x[-1] + curve.span * np.geomspace(1e-3, 3.0, 24)}
    falling = _with_each(above, "kt", -curve.span * np.geomspace(0.01, 3.0, 16))
    return {name: np.concatenate([rising[name], falling[name]]) for name in rising}


def _thermal(curve: Curve) -> Tries:
    # Amplitude and centre say the same, A exp(-center/kt), so that one of them will do.
    every = [_fermi_edges(curve), _bosons(curve)]
    tries = {name: np.concatenate([one[name] for one in every]) for name in ("center", "kt")}
    return {**tries, "amplitude": np.ones(len(tries["kt"]))}


def _decays(curve: Curve) -> Tries:
    decay = curve.span * np.geomspace(0.25 / len(curve.x), 30.0, 60)
    return {"decay": np.concatenate([decay, -decay])}


def _powers(curve: Curve) -> Tries:
    return {"exponent": np.linspace(-6.0, 6.0, 97)}


def _waves(curve: Curve) -> Tries:
    """Frequencies up to that of two points per period, each with the phase that fits best."""
    x = curve.x - curve.x[0]
    steps = np.diff(x)[np.diff(x) > 0.0]
    highest = np.pi / float(np.median(steps)) if len(steps) else 1.0
    frequency = np.arange(0.1, highest * curve.span, 0.6) / curve.span
    sines, cosines = (curve.freed(wave(frequency[:, None] * x)) for wave in (np.sin, np.cos))
    ss, cc, sc = (sines**2).sum(1), (cosines**2).sum(1), (sines * cosines).sum(1)
    ys, yc = sines @ curve.y, cosines @ curve.y
    phase = np.arctan2(yc * ss - ys * sc, ys * cc - yc * sc) - frequency * curve.x[0]
    return {"frequency": frequency, "shift": np.remainder(phase + np.pi, 2.0 * np.pi) - np.pi}


def _spots(curve: Curve) -> Tries:
    """Places on a grid, and where the data are highest and lowest, each with several widths."""
    u, v = curve.points
    extremes = np.argsort(curve.y)[[0, 1, 2, -3, -2, -1]] if len(curve.y) > 5 else np.arange(len(curve.y))
    grid = np.array([(p, q) for p in np.linspace(0.1, 0.9, 7) for q in np.linspace(0.1, 0.9, 7)])
    x = np.concatenate([u.min() + np.ptp(u) * grid[:, 0], u[extremes]])
    y = np.concatenate([v.min() + np.ptp(v) * grid[:, 1], v[extremes]])
    tries = _with_each({"centerx": x, "centery": y}, "width", np.array([0.3, 0.15, 0.07, 0.03]))
    width = tries.pop("width")
    return {**tries, "sigmax": width * (np.ptp(u) or 1.0), "sigmay": width * (np.ptp(v) or 1.0)}


SHAPES: dict[Callable[..., Array], Shape] = {
    lineshapes.gaussian: Shape(_peaks),
    lineshapes.gaussian2d: Shape(
        _spots,
        places={"centerx": "sigmax", "centery": "sigmay"},
        scales=("sigmax", "sigmay"),
        of_data=True,
    ),
    lineshapes.lorentzian: Shape(_peaks),
    lineshapes.split_lorentzian: Shape(_split_peaks, scales=("sigma", "sigma_r")),
    lineshapes.voigt: Shape(_peaks),
    lineshapes.pvoigt: Shape(_peaks, choices={"fraction": (0.5, 0.1, 0.9)}),
    lineshapes.moffat: Shape(_peaks, choices={"beta": (1.5, 0.7, 4.0)}),
    lineshapes.pearson4: Shape(
        _peaks, choices={"expon": (1.5, 0.8, 5.0), "skew": (0.0, -2.0, 2.0)}, positive=("sigma",)
    ),
    lineshapes.pearson7: Shape(_peaks, choices={"expon": (1.5, 0.8, 5.0)}, positive=("sigma",)),
    lineshapes.students_t: Shape(
        _centers_with("sigma", 0.5, 1.0, 2.0, 5.0, 20.0, 60.0), places={"center": 1.0}
    ),
    lineshapes.breit_wigner: Shape(
        _peaks_with("q", 0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 8.0, -8.0),
        places={"center": "sigma", "q": 1.0},
    ),
    lineshapes.lognormal: Shape(_peaks_of_logarithm),
    lineshapes.damped_oscillator: Shape(_centers_with("sigma", 0.02, 0.05, 0.1, 0.2, 0.5), places={}),
    lineshapes.dho: Shape(_damped_harmonic),
    lineshapes.expgaussian: Shape(
        _peaks_with("gamma", 1.0, 0.3, 3.0, per_width=True), scales=("sigma", "gamma")
    ),
    lineshapes.skewed_gaussian: Shape(_peaks, choices={"gamma": (0.0, 1.0, -1.0, 4.0, -4.0)}),
    lineshapes.skewed_voigt: Shape(_peaks, choices={"skew": (0.0, 1.0, -1.0, 4.0, -4.0)}),
    lineshapes.doniach: Shape(_peaks, choices={"gamma": (0.1, 0.0, 0.3)}, positive=("sigma",)),
    lineshapes.thermal_distribution: Shape(_thermal, places={"center": "kt"}, scales=("kt",)),
    lineshapes.bose: Shape(_bosons, places={"center": "kt"}, scales=("kt",)),
    lineshapes.fermi: Shape(_fermi_edges, places={"center": "kt"}, scales=("kt",)),
    lineshapes.step: Shape(_steps),
    lineshapes.rectangle: Shape(
        _plateaus,
        places={"center1": "sigma1", "center2": "sigma2"},
        scales=("sigma1", "sigma2"),
        positive=("sigma1", "sigma2"),
    ),
    lineshapes.exponential: Shape(_decays, places={}, scales=("decay",)),
    lineshapes.powerlaw: Shape(_powers, places={"exponent": 0.12}, scales=()),
    lineshapes.sine: Shape(_waves, places={"shift": 0.3}, scales=("frequency",), of_data=True),
}
