r"""Which of many trial values explain a curve best: the search behind `guess`.

A sum of shapes is linear in their amplitudes and in the coefficients of its background.  For given values of
the other parameters the best amplitude is known in closed form, and so is what it takes off the sum of
squares: with :math:`f` the shape of unit amplitude and :math:`y` the data, both freed from the background by
projection,

.. math:: \text{gain} = \frac{(f \cdot y)^2}{f \cdot f}, \qquad
    \text{amplitude} = \frac{f \cdot y}{f \cdot f} .

So a shape is tried with all the values that `_starts` proposes for it in one call, and what gains most is
refined.  Dips need no care: their amplitudes come out negative.  In a sum the shape that gains most is placed
first, the others are tried on what it leaves, with all amplitudes solved for again (orthogonal matching
pursuit: Y. Pati et al., Asilomar Conf. 27 (1993) 40), and then each is placed anew in view of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Protocol

import numpy as np

from ._derivatives import Array
from ._starts import Curve, Shape, Tries

__all__ = ["Part", "place_all", "place_alone"]

#: Shifts in widths, factors of scales, and how many of the best are refined, round by round.
_ROUNDS = ((0.5, 1.6, 24), (0.25, 1.25, 12), (0.12, 1.1, 6), (0.06, 1.05, 3), (0.03, 1.02, 3))
#: About so many values are tried at once, where each has many ways to be refined.
_TRIALS = 300
#: Sums of so many shapes are tried with one sign, too; how often they are placed anew, and till what gain.
_FEW, _CYCLES, _HARDLY_BETTER = 8, 6, 0.99
#: A hidden background is believed in if it leaves less than this of the sum of squares.
_MUCH_BETTER = 0.2


class Part(Protocol):
    """A shape that is to be placed.

    Attributes
    ----------
    shape : Shape
    scaled : bool
        Whether it has an amplitude to solve for.
    direction : float
        Sign that the amplitude must have, or 0.
    kind : object
        Equal for parts that may be exchanged.
    """

    @property
    def shape(self) -> Shape: ...
    @property
    def scaled(self) -> bool: ...
    @property
    def direction(self) -> float: ...
    @property
    def kind(self) -> Any: ...

    def rows(self, points: Sequence[Array], tries: Tries) -> Array:
        """Return the curve of unit amplitude for each of the tries, as rows."""

    def allowed(self, tries: Tries) -> Tries:
        """Return the tries within the bounds."""


def place_alone(part: Part, points: tuple[Array, ...], y: Array, hidden: Array) -> tuple[Tries, int]:
    """Place a shape, with what may hide it taken into account if need be.

    Parameters
    ----------
    part : Part
    points : tuple of ndarray, each of shape (n,)
    y : ndarray, shape (n,)
    hidden : ndarray, shape (k, n)
        Rows of the background that may be there.

    Returns
    -------
    tries : dict
        One value for each parameter, in arrays of length 1.
    used : int
        How many rows of `hidden` were taken.
    """
    best: tuple[Tries, int] | None = None
    left = np.inf
    for used in range(len(hidden) + 1):
        curve = _curve(points, y, hidden[:used])
        tries, gain = _search(part, curve, part.direction)
        now_left = float(curve.y @ curve.y) - gain
        if best is None or now_left < _MUCH_BETTER * left:
            best, left = (tries, used), now_left
    assert best is not None
    return best


def place_all(parts: Sequence[Part], points: tuple[Array, ...], y: Array, background: Array) -> list[Tries]:
    """Place several shapes, those that explain most first, and then each again in view of the others.

    Parameters
    ----------
    parts : sequence of Part
    points : tuple of ndarray, each of shape (n,)
    y : ndarray, shape (n,)
    background : ndarray, shape (k, n)
        Rows whose coefficients are solved for along with the amplitudes.

    Returns
    -------
    list of dict
        For each part one value for each parameter, in arrays of length 1.  Parts of one kind come in the
        order of their centres.
    """
    # What one sign for all finds may be better, though more is allowed without.
    directions = (0.0, 1.0, -1.0) if 1 < len(parts) <= _FEW else (0.0,)
    placements = [_Placement(parts, points, y, background, direction) for direction in directions]
    for placement in placements:
        placement.place()
    return _in_order(parts, min(placements, key=_Placement.left).placed)


class _Placement:
    """Several shapes on their way to their places; `direction` is the sign of those that may have either."""

    def __init__(
        self, parts: Sequence[Part], points: tuple[Array, ...], y: Array, background: Array, direction: float
    ) -> None:
        self._parts, self._points, self._y, self._background = parts, points, y, background
        self._direction = direction
        self.placed: dict[int, Tries] = {}

    def place(self) -> None:
        """Place all, one after the other, and then again until nothing is gained."""
        while len(self.placed) < len(self._parts):
            curve = self._curve_without(None)
            waiting = {part.kind: k for k, part in enumerate(self._parts) if k not in self.placed}
            found = {k: self._search(k, curve) for k in waiting.values()}
            first = max(found, key=lambda k: found[k][1])
            self.placed[first] = found[first][0]
        left = np.inf
        for _ in range(_CYCLES if len(self._parts) > 1 else 0):
            before, left = left, self.left()
            if left > _HARDLY_BETTER * before:
                break
            for k in range(len(self._parts)):
                self.placed[k] = self._search(k, self._curve_without(k), self.placed[k])[0]

    def left(self) -> float:
        """Return the sum of squares that is left."""
        y = self._curve_without(None).y
        return float(y @ y)

    def _curve_without(self, index: int | None) -> Curve:
        """Return the data freed from all that is placed, but for one."""
        others = [(self._parts[k], tries) for k, tries in self.placed.items() if k != index]
        rows = [(part, _rows(part, self._points, tries, self._y)) for part, tries in others]
        rest = self._y - sum(row[0] for part, row in rows if not part.scaled)
        scaled = [row for part, row in rows if part.scaled]
        return _curve(self._points, rest, np.concatenate([self._background, *scaled]))

    def _search(self, k: int, curve: Curve, known: Tries | None = None) -> tuple[Tries, float]:
        part = self._parts[k]
        return _search(part, curve, part.direction or self._direction, known)


def _rows(part: Part, points: tuple[Array, ...], tries: Tries, y: Array) -> Array:
    """Return the curves as rows of the length of `y`: shapes are real, also where the data are complex."""
    rows = part.rows(points, tries)
    return rows if rows.shape[1] == len(y) else np.pad(rows, [(0, 0), (0, len(y) - rows.shape[1])])


def _orthonormal(rows: Array) -> Array:
    """Return orthonormal columns that span the rows, shape (n, rank)."""
    sizes = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    rows = (rows / np.where(sizes > 0.0, sizes, 1.0))[np.isfinite(sizes[:, 0])]
    columns, singular, _ = np.linalg.svd(rows.T, full_matrices=False)
    return columns[:, singular > 1e-10]


def _curve(points: tuple[Array, ...], y: Array, rows: Array) -> Curve:
    """Return the data freed from the rows."""
    basis = _orthonormal(rows)
    return Curve(points, y - basis @ (basis.T @ y), basis)


def _search(part: Part, curve: Curve, direction: float, known: Tries | None = None) -> tuple[Tries, float]:
    """Return the values that gain most, and the gain."""
    shape = part.shape
    tries = shape.tries(curve)
    count = len(next(iter(tries.values())))
    tries = {**tries, **{name: np.full(count, values[0]) for name, values in shape.choices.items()}}
    if known is not None:
        tries = {name: np.append(tries[name], known[name]) for name in tries}
    tries = part.allowed(tries)
    gains = _gains(part, curve, tries, direction)
    for round_, (shift, factor, most) in enumerate(_ROUNDS):
        moves = _moves(shape, tries, shift, factor, choose=round_ == 0)
        best = np.argsort(-gains, kind="stable")[: min(most, 3 + _TRIALS // len(moves))]
        tries = part.allowed(_moved(shape, {name: values[best] for name, values in tries.items()}, moves))
        gains = _gains(part, curve, tries, direction)
    top = int(np.argmax(gains))
    return {name: values[top : top + 1] for name, values in tries.items()}, float(gains[top])


def _gains(part: Part, curve: Curve, tries: Tries, direction: float) -> Array:
    """Return what each of the tries takes off the sum of squares; -inf for those that cannot be."""
    rows = _rows(part, curve.points, tries, curve.y)
    freed = curve.freed(rows)
    along, size = freed @ curve.y, (freed * freed).sum(axis=1)
    if not part.scaled:
        gains = 2.0 * along - size
    else:
        # What the background explains as well has no gain of its own.
        new = size > 1e-9 * (rows * rows).sum(axis=1)
        gains = np.where(new, along * along / np.where(new, size, 1.0), 0.0)
        gains[along * direction < 0.0] = -np.inf
    gains[~np.isfinite(gains)] = -np.inf
    # Equal but for rounding is equal, so that of two ways to say the same the first is taken.
    total = float(curve.y @ curve.y) or 1.0
    return np.asarray(np.round(gains / total, 9) * total)


def _moves(shape: Shape, tries: Tries, shift: float, factor: float, choose: bool) -> list[Any]:
    """Return ways to change the values: a list of (parameter, how, by what) each, the first leaving all."""
    moves: list[list[tuple[str, str, float]]] = [
        [(name, "shift", step) for step in (0.0, -shift, shift)] for name in shape.places if name in tries
    ]
    moves += [[(name, "scale", step) for step in (1.0, 1.0 / factor, factor)] for name in shape.scales]
    if choose:
        moves += [[(name, "choose", value) for value in values] for name, values in shape.choices.items()]
    return list(product(*moves))


def _moved(shape: Shape, tries: Tries, moves: Sequence[Any]) -> Tries:
    """Return the values changed in each of the ways."""
    near = []
    for move in moves:
        new = dict(tries)
        for name, how, step in move:
            if how == "shift":
                width = shape.places[name]
                new[name] = new[name] + step * (tries[width] if isinstance(width, str) else width)
            elif how == "scale":
                new[name] = new[name] * step
            else:
                new[name] = np.full(len(new[name]), step)
        near.append(new)
    return {name: np.concatenate([new[name] for new in near]) for name in tries}


def _in_order(parts: Sequence[Part], placed: dict[int, Tries]) -> list[Tries]:
    """Give the parts of one kind their places from left to right."""
    result = [placed[k] for k in range(len(parts))]
    for kind in {part.kind for part in parts}:
        alike = [k for k, part in enumerate(parts) if part.kind == kind]
        key = next((name for name in ("center", "frequency") if name in placed[alike[0]]), None)
        if key is not None:
            for k, tries in zip(
                alike, sorted((placed[k] for k in alike), key=lambda tries: float(tries[key][0]))
            ):
                result[k] = tries
    return result
