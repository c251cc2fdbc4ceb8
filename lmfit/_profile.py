r"""Bracket and root of a level along one parameter.

With the parameter fixed at *t* and the others refitted, chi-square has risen by
:math:`\Delta(t)`.  Its signed root

.. math::  z(t) = \pm\sqrt{\Delta(t)}

is a straight line where the model is linear, and bends little where it is not, which
chi-square itself, a parabola, does at once.  A limit is where *z* reaches the level.  By
the envelope theorem the slope at a refitted point is known without further work,

.. math::  \frac{dz}{dt} = \frac{1}{2 z} \frac{\partial \chi^2}{\partial t} ,

so that a cubic through two points and their slopes gives the next one (D. M. Bates and
D. G. Watts, *Nonlinear Regression Analysis and Its Applications*, 1988, chapter 6, on
profile *t*; the interpolation is Hermite's, of *t* by *z*).  A point outside the bracket, or one that shrinks
it too little, is replaced by its middle: nothing here depends on signs that a function may not have.

The search goes outwards from the best value and finds the first crossing of each level.
It ends without one where a bound is reached, where no refit succeeds, where the limit of
:math:`\Delta` for a parameter that goes to infinity is below the level (Aitken's
:math:`\Delta^2` estimate of that limit), or where chi-square falls below the best one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ._derivatives import Array

__all__ = ["INTERRUPTED", "Crossing", "Failure", "Node", "Side", "crossings", "predicted"]

#: Distance from a level, as a fraction of it, from which one step along the slope is exact enough.
_NEAR = 1.2e-2
#: Agreement of two ways to interpolate, as a fraction of the distance from the best value.
_AGREE = 3e-4
#: Part of a bracket that is as good as a point.
_NARROW = 1e-5
#: Largest factor by which the distance from the best value grows at once.
_GROWTH = 3.0
#: Distance, in units of the size of the parameter, that is as good as infinite.
_FAR = 1e9
#: From here on a limit of chi-square for an infinite distance is believed.
_ASYMPTOTIC = 30.0
_MAX_FAILURES = 12
#: Relative change of a coordinate, in units of that of the parameter, that looks like a pole.
_DIVERGES = 3.0
TOO_FAR = "too far"


@dataclass(frozen=True, eq=False)
class Node:
    """A point of a profile.

    Attributes
    ----------
    t : float
        Value of the fixed parameter.
    z : float
        Root of the rise of chi-square, or another measure that grows with it.
    slope : float
        Derivative of `z` by the distance from the best value; nan where it is not known.
    rise : float
        Rise of chi-square above the best one.
    x : ndarray, shape (n,)
        All coordinates.
    tangent : ndarray, shape (n,)
        Their derivatives by `t`.
    """

    t: float
    z: float
    slope: float
    rise: float
    x: Array
    tangent: Array


@dataclass(frozen=True)
class Failure:
    """A value at which there is no point: why, in a word."""

    missing: str


@dataclass(frozen=True)
class Crossing:
    """Where a profile reaches a level: the value, or why there is none."""

    value: float
    missing: str = ""


#: That the user did not wait for it.
INTERRUPTED = Crossing(math.nan, "interrupted")


@dataclass
class Side:
    """One side of a profile.

    Attributes
    ----------
    evaluate : callable
        ``evaluate(t, start, first) -> Node or Failure``, the refit at `t` from the coordinates `start`;
        those listed in `first`, if any, are to be refitted before the others.
    best : Node
    sign : {-1, 1}
        The direction.
    bound : float
        The largest distance from the best value that is allowed.
    unit : float
        Size of the parameter.
    first : float
        Largest first step.
    lowest : float
        Rise of chi-square, below zero, from which on the best fit is none.
    fixed : tuple of int
        The coordinates that are held.
    maxiter : int
        Largest number of refits for one level.
    tolerance : float
        Relative change of chi-square that counts as none.
    """

    evaluate: Callable[[float, Array, list[int]], Node | Failure]
    best: Node
    sign: int
    bound: float
    unit: float
    first: float
    lowest: float
    fixed: tuple[int, ...] = ()
    maxiter: int = 200
    tolerance: float = 1e-5
    nodes: list[Node] = field(default_factory=list)
    wall: tuple[float, str] | None = None
    growth: float = _GROWTH
    rechecked: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nodes = [self.best]

    def distance(self, node: Node) -> float:
        """How far a node is from the best value."""
        return self.sign * (node.t - self.best.t)

    def at(self, distance: float) -> Node | Failure:
        """Refit at a distance from the best value and keep the node."""
        t = self.best.t + self.sign * distance
        near = min(self.nodes, key=lambda node: abs(node.t - t))
        found = self.refit(near, t, predicted(self.nodes, t, self.best.t, self.unit))
        if isinstance(found, Failure) and found.missing == TOO_FAR:
            # One of the nodes may belong to another branch, or be of no use.
            found = self.refit(near, t, near.x + (t - near.t) * near.tangent)
        if isinstance(found, Failure) and found.missing == TOO_FAR and math.isnan(near.slope):
            known = [node for node in self.nodes if not math.isnan(node.slope)]
            near = min(known, key=lambda node: abs(node.t - t), default=near)
            found = self.refit(near, t, near.x + (t - near.t) * near.tangent)
        if isinstance(found, Node):
            self.keep(found)
            self.growth = min(2.0 * self.growth, _GROWTH)
        return found

    def refit(self, near: Node, t: float, start: Array) -> Node | Failure:
        """Refit at `t` from `start`, with those coordinates first that a node says little about."""
        wild = self.wild(near, t)
        start[wild] = near.x[wild]
        return self.evaluate(t, start, wild)

    def wild(self, node: Node, t: float) -> list[int]:
        """The coordinates that seem to have a pole between a node and `t`, or just behind it.

        Where two terms of a model become equal, their sizes go to infinity, with opposite signs, and come
        back from the other side.
        """
        rate, size = np.abs(node.tangent), np.abs(self.best.x)
        steep = rate * self.distance(node) > _DIVERGES * np.maximum(np.abs(node.x - self.best.x), size)
        far = rate * abs(t - node.t) > _DIVERGES * np.maximum(np.abs(node.x), size)
        return [int(j) for j in np.flatnonzero(steep | far) if j not in self.fixed]

    def keep(self, node: Node) -> None:
        """Put a node in its place; one at the same distance is replaced."""
        others = [other for other in self.nodes if other.t != node.t or other is self.best]
        self.nodes = sorted([*others, node], key=self.distance)

    def recheck(self, low: Node, high: Node) -> bool:
        """Refit `high` from `low`, where they may be of two branches; return whether that lowered it.

        On one branch the coordinates change about as much as the mean of the tangents says.
        """
        gap = self.distance(high) - self.distance(low)
        if low is self.best or gap > 0.3 * self.rechecked.get(id(high), math.inf):
            return False
        change, ahead = high.x - low.x, high.t - low.t
        off = np.abs(change - 0.5 * ahead * (low.tangent + high.tangent))
        if not (off > 0.5 * abs(ahead) * (np.abs(low.tangent) + np.abs(high.tangent))).any():
            return False
        self.rechecked[id(high)] = gap
        again = self.refit(low, high.t, low.x + ahead * low.tangent)
        if not isinstance(again, Node) or again.z > 0.999 * high.z:
            return False
        self.keep(again)
        return True

    def peak(self, level: float) -> float | None:
        """A distance between two nodes below a level, at which the profile may have passed above it."""
        for low, high in zip(self.nodes, self.nodes[1:]):
            if high.z >= level:
                break
            gap = self.distance(high) - self.distance(low)
            if not (low.slope > 0.0 > high.slope) or gap <= 1e-3 * self.distance(high):
                continue
            # Two straight lines meet above the peak; where that is above both nodes, it is between them.
            ahead = (high.z - low.z - high.slope * gap) / (low.slope - high.slope)
            if low.z + low.slope * ahead > level:
                return self.reachable(low, high, self.distance(low) + min(max(ahead, 0.1 * gap), 0.9 * gap))
        return None

    def reachable(self, low: Node, high: Node, distance: float) -> float:
        """A distance between two nodes; where no refit has succeeded, one closer to either."""
        wall = math.inf if self.wall is None else self.wall[0]
        ends = self.distance(low), self.distance(high)
        if not ends[0] < wall < ends[1]:
            return distance
        return 0.5 * (wall + min(ends, key=lambda end: abs(end - wall)))

    def bracket(self, level: float) -> tuple[Node, Node | None]:
        """The last node before the first one that reaches a level, and that one if there is any."""
        for low, high in zip(self.nodes, self.nodes[1:]):
            if high.z >= level:
                return low, high
        return self.nodes[-1], None


def crossings(side: Side, levels: Sequence[float]) -> list[Crossing]:
    """Return where the profile first reaches each of `levels`, which ascend.

    Examples
    --------
    >>> def parabola(t, start, first):
    ...     return Node(t, abs(t - 2.0), 1.0, (t - 2.0) ** 2, np.array([t]), np.ones(1))
    >>> side = Side(parabola, parabola(2.0, None, []), 1, bound=math.inf, unit=1.0, first=1.0, lowest=-0.1)
    >>> crossings(side, [1.0, 2.0])
    [Crossing(value=3.0, missing=''), Crossing(value=4.0, missing='')]
    """
    found: list[Crossing] = []
    for level in levels:
        if found and found[-1].missing and (found[-1] is INTERRUPTED or side.bracket(level)[1] is None):
            found.append(found[-1])  # a higher level is not reached where a lower one is not
        else:
            found.append(_unless_interrupted(side, level))
    return found


def predicted(nodes: Sequence[Node], t: float, origin: float, unit: float) -> Array:
    """Return the coordinates at `t` foreseen from the nearest nodes and their tangents.

    With the distance *d* from `origin`, in units of `unit` and counted from 1, each coordinate is taken as
    a combination of 1, *d* and 1/*d*, between two nodes of 1/*d*^2, too.  That is as good as a
    polynomial nearby and includes what coordinates do far away: to grow in proportion, or to have a limit.

    Examples
    --------
    >>> at = lambda t: Node(t, 0.0, 0.0, 0.0, np.array([t, 1 / t]), np.array([1.0, -1 / t**2]))
    >>> predicted([at(1.0), at(2.0)], 4.0, origin=1.0, unit=1.0).round(12)
    array([4.  , 0.25])
    """
    near, *others = sorted(nodes, key=lambda node: abs(node.t - t))
    ahead = t - near.t
    far = [node for node in others if abs(node.t - near.t) >= 0.25 * abs(ahead)]
    if not far:
        return np.asarray(near.x + ahead * near.tangent)
    other = far[0]
    inside = min(near.t, other.t) <= t <= max(near.t, other.t)
    d, by_t = _scaled(t, origin, unit), math.copysign(1.0 / unit, t - origin)
    places = [_scaled(node.t, origin, unit) for node in (near, other)]
    rows = [_powers(place) for place in places] + [_slopes(place) for place in places]
    known = [near.x, other.x, near.tangent / by_t, other.tangent / by_t]
    size = 4 if inside else 3
    matrix = np.array(rows)[:size, :size]
    weights = np.linalg.lstsq(matrix.T, _powers(d)[:size], rcond=None)[0]
    return np.asarray(weights @ np.array(known[:size]))


def _scaled(t: float, origin: float, unit: float) -> float:
    return 1.0 + abs(t - origin) / unit


def _powers(d: float) -> list[float]:
    return [1.0, d, 1.0 / d, 1.0 / d**2]


def _slopes(d: float) -> list[float]:
    return [0.0, 1.0, -1.0 / d**2, -2.0 / d**3]


def _unless_interrupted(side: Side, level: float) -> Crossing:
    """Where the profile reaches a level; what has been found before Ctrl-C is kept."""
    try:
        return _crossing(side, level)
    except KeyboardInterrupt:
        return INTERRUPTED


def _crossing(side: Side, level: float) -> Crossing:
    side.wall = None
    failures = 0
    widths: list[float] = []
    for _ in range(side.maxiter):
        low, high = side.bracket(level)
        if min(node.rise for node in side.nodes) < side.lowest:
            return Crossing(math.nan, "better minimum")
        if high is not None and side.recheck(low, high):
            continue
        value = _finished(side, low, high, level)
        if value is not None and side.peak(level) is None:
            return Crossing(value)
        if high is None:
            ended = _ended(side, low, level)
            if ended is not None:
                return ended
        peak = side.peak(level)
        distance = _proposal(side, low, high, level, widths) if peak is None else peak
        found = side.at(distance)
        if isinstance(found, Node):
            failures = 0
            if side.wall is not None and side.wall[1] == TOO_FAR:
                side.wall = None
        else:
            failures += 1
            side.wall = (distance, found.missing)
            side.growth = 1.0 + 0.3 * (side.growth - 1.0)
            if failures > _MAX_FAILURES:
                return Crossing(math.nan, _in_words(found.missing))
    return Crossing(math.nan, "maxiter")


def _finished(side: Side, low: Node, high: Node | None, level: float) -> float | None:
    """The value at a level, where the nodes are close enough to know it."""
    nodes = [node for node in (low, high) if node is not None and node is not side.best]
    if not nodes:
        return None
    near = min(nodes, key=lambda node: abs(node.z - level))
    at, off = side.distance(near), level - near.z
    flattens = near.slope * at < 0.5 * near.z
    if near.slope > 0.0 and abs(off) <= (0.1 if flattens else 1.0) * _NEAR * level:
        ahead = off / near.slope
        bend = 0.5 * off * off * _bend(side, near)
        if abs(bend) <= 0.1 * abs(ahead) and abs(ahead) <= 2.0 * _NEAR * at:
            return side.best.t + side.sign * (at + ahead + bend)
    if high is None:
        return None
    between = _interpolated(side, low, high, level)
    if side.distance(high) - side.distance(low) <= _NARROW * side.distance(high):
        return side.best.t + side.sign * between
    if (
        near.slope > 0.0
        and abs(off) <= 0.2 * level
        and abs(at + off / near.slope - between) <= _AGREE * between
    ):
        return side.best.t + side.sign * between
    return None


def _bend(side: Side, node: Node) -> float:
    """Second derivative of the distance by `z` at a node, from its slope and that of the one before it."""
    other = side.nodes[side.nodes.index(node) - 1]
    if other.slope > 0.0 and node.slope > 0.0 and other.z != node.z:
        return (1.0 / node.slope - 1.0 / other.slope) / (node.z - other.z)
    return 0.0


def _interpolated(side: Side, low: Node, high: Node, level: float) -> float:
    """The distance at which a cubic through two nodes, of the distance by `z`, has a level."""
    a, b = side.distance(low), side.distance(high)
    width = high.z - low.z
    if not (math.isfinite(high.z) and width > 0.0):
        return 0.5 * (a + b)
    u = (level - low.z) / width
    secant = b - a
    # Slopes far from the secant belong to no cubic that only rises.
    rates = [width / node.slope if node.slope > 0.0 else math.inf for node in (low, high)]
    first, last = (rate if rate <= 3.0 * secant else secant for rate in rates)
    h = (1 + 2 * u) * (1 - u) ** 2 * a + u * (1 - u) ** 2 * first
    return h + u * u * (3 - 2 * u) * b + u * u * (u - 1) * last


def _proposal(side: Side, low: Node, high: Node | None, level: float, widths: list[float]) -> float:
    """The distance of the next refit."""
    a = side.distance(low)
    limit = side.wall[0] if side.wall is not None and side.wall[0] > a else math.inf
    if high is None:
        b = _extrapolated(side, low, level)
        return min(b, side.bound) if b < limit else 0.5 * (a + limit)
    b = min(side.distance(high), limit)
    width = b - a
    widths.append(width)
    slow = len(widths) > 2 and width > 0.5 * widths[-3]
    guess = _interpolated(side, low, high, level)
    if slow or not a + 0.02 * width <= guess <= b - 0.02 * width:
        middle = math.sqrt(a * b) if a > 0.0 and b > 4.0 * a else 0.5 * (a + b)
        guess = min(max(guess, a + 0.1 * width), b - 0.1 * width) if not slow else middle
    return guess


def _extrapolated(side: Side, low: Node, level: float) -> float:
    """A distance at which the level may be reached."""
    a = side.distance(low)
    if low is side.best:
        return min(level / low.slope, side.first) if low.slope > 0.0 else side.first
    off = level - low.z
    ahead = off / low.slope if low.slope > 0.0 else math.inf
    ahead = max(ahead + 0.5 * off * off * _bend(side, low), 0.5 * ahead)
    # A little too far makes a bracket, in which a cubic can do better.
    return a + min(1.02 * ahead, (side.growth - 1.0) * a)


def _ended(side: Side, low: Node, level: float) -> Crossing | None:
    """Why the search cannot go on outwards."""
    distance = side.distance(low)
    if distance >= side.bound * (1.0 - 1e-12):
        return Crossing(math.nan, "at bound")
    if side.wall is not None and 0.0 <= side.wall[0] - distance <= 1e-2 * max(distance, 1e-3 * side.unit):
        return Crossing(math.nan, _in_words(side.wall[1]))
    if math.isinf(side.bound) and _levels_off(side, level):
        return Crossing(side.sign * math.inf, "flat")
    if distance > _FAR * side.unit:
        return Crossing(side.sign * math.inf, "flat")
    return None


def _in_words(missing: str) -> str:
    """The reason for the user: that no start was close enough means that no refit converged."""
    return "not converged" if missing == TOO_FAR else missing


def _levels_off(side: Side, level: float) -> bool:
    """Whether `z` has a limit below the level for an infinite distance."""
    nodes = side.nodes[-3:]
    if len(nodes) < 3 or side.distance(nodes[-1]) < _ASYMPTOTIC * side.unit:
        return False
    first, middle, last = (node.rise for node in nodes)
    near, far = middle - first, last - middle
    if abs(far) <= side.tolerance * level**2:
        return True
    if not 0.0 < far < 0.8 * near:
        return False
    return bool(last + far * far / (near - far) < 0.98 * level**2)
