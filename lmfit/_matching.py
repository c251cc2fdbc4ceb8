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
pursuit: Y. Pati et al., Asilomar Conf. 27 (1993) 40).  That is greedy, so it is done several times, with
restrictions that may lead elsewhere; the best few are refined together, and each shape is placed anew in view
of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Protocol, TypeAlias

import numpy as np
from scipy import optimize

from ._derivatives import Array
from ._starts import Curve, Shape, Tries

__all__ = ["Part", "place_all", "place_alone"]

#: Shifts in widths, factors of scales, and how many of the best are refined, round by round.
_ROUNDS = ((0.5, 1.6, 24), (0.25, 1.25, 16), (0.12, 1.1, 10), (0.06, 1.05, 5), (0.03, 1.02, 3))
#: About so many values are tried at once, where each has many ways to be refined.
_TRIALS = 600
#: Sums of up to so many shapes are tried with all signs; for those of more than so many less is done.
_FEW, _MANY = 4, 8
#: Gains that differ by no more than this part are taken as equal.
_NEARLY = 0.1
#: How many attempts at a sum are followed up, with how many evaluations per value, how often, till what gain.
_KEPT, _STEPS, _CYCLES, _HARDLY_BETTER = 8, 12, 3, 0.9
#: More values than these are not refined together.
_MOST_VALUES = 30
#: Sums are also tried with shapes that are no wider than this part of the axis, to begin with.
_NARROW = 1 / 25
#: A hidden background is believed in if it leaves less than this of the sum of squares; or of what is more
#: than noise in it, if it takes off so many times the variance of the noise.
_MUCH_BETTER, _SIGNIFICANT = 0.2, 30.0


#: Values to try first and their curves, by kind of part.
Known: TypeAlias = dict[Any, tuple[Tries, Array]]


class Part(Protocol):
    """A shape that is to be placed.

    Attributes
    ----------
    shape : Shape
    scaled : bool
        Whether it has an amplitude to solve for.
    direction : float
        Sign that the amplitude must have, or 0.
    freedom : int
        Number of values that are to be found, the amplitude not among them.
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
    def freedom(self) -> int: ...
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
    known: Known = {}
    for used in range(len(hidden) + 1):
        attempt = _Placement([part], points, y, hidden[:used], [part.direction], np.inf, known)
        attempt.place()
        # What only the steps of the search leave must not be taken for a background.
        attempt.refine()
        if best is None or _is_much_better(attempt.left(), left, y):
            best, left = (attempt.placed[0], used), attempt.left()
    assert best is not None
    return best


def _is_much_better(left: float, before: float, y: Array) -> bool:
    """Whether so small a sum of squares makes up for one more row of background."""
    noise = _variance_of_noise(y)
    significant = before - left > _SIGNIFICANT * noise
    all_noise = len(y) * noise if significant else 0.0
    return left - all_noise < _MUCH_BETTER * (before - all_noise)


def _variance_of_noise(y: Array) -> float:
    """Estimate the variance of the noise from second differences, few of which know of a shape."""
    if len(y) < 3:
        return 0.0
    # For a normal distribution 1.4826 times the median of the sizes is the standard deviation.
    return float((1.4826 * np.median(np.abs(np.diff(y, 2)))) ** 2 / 6.0)


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
    # Greed may take one wide shape for two narrow ones: what has less freedom at first may end lower.
    known: Known = {}
    ways = [(signs, widest) for signs in _signs(parts) for widest in (np.inf, _NARROW)]
    if len(parts) == 1:
        ways = ways[:1]
    attempts = [_Placement(parts, points, y, background, *way, known) for way in ways]
    for attempt in attempts:
        attempt.place()
    # Many end at the same places.
    different = {f"{attempt.left():.6g}": attempt for attempt in reversed(attempts)}
    best = sorted(different.values(), key=_Placement.left)[: _KEPT if len(parts) <= _MANY else 1]
    for attempt in best:
        if len(parts) > 1:
            attempt.improve()
    return _in_order(parts, min(best, key=_Placement.left).placed)


def _signs(parts: Sequence[Part]) -> list[list[float]]:
    """Return ways to give the shapes signs: none for each, one for all, and, if they are few, all ways."""
    if len(parts) == 1:
        return [[parts[0].direction]]
    given = [[part.direction] if part.direction else [1.0, -1.0] for part in parts]
    usual = (0.0, 1.0, -1.0) if len(parts) <= _MANY else (0.0, 1.0)
    ways = [tuple(part.direction or sign for part in parts) for sign in usual]
    if len(parts) <= _FEW:
        # Of parts of one kind it is of no importance which has which sign.
        every = {tuple(sorted(zip([part.kind for part in parts], way))): way for way in product(*given)}
        ways += every.values()
    return [list(way) for way in dict.fromkeys(ways)]


class _Placement:
    """Several shapes on their way to their places.

    Parameters
    ----------
    parts, points, y, background
        As in `place_all`.
    signs : list of float
        Sign that each amplitude must have, or 0.
    widest : float
        Greatest width to try, as part of the axis.
    known : dict
        Rows that have been evaluated already, shared by all attempts.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        points: tuple[Array, ...],
        y: Array,
        background: Array,
        signs: list[float],
        widest: float,
        known: Known,
    ) -> None:
        self._parts, self._points, self._y, self._background = parts, points, y, background
        self._signs, self._widest, self._known = signs, widest, known
        self.placed: dict[int, Tries] = {}

    def place(self) -> None:
        """Place all, one after the other."""
        while len(self.placed) < len(self._parts):
            curve = self._curve_without(None)
            waiting = {
                (part.kind, self._signs[k]): k for k, part in enumerate(self._parts) if k not in self.placed
            }
            found = {k: self._search(k, curve) for k in waiting.values()}
            # Where several explain the same, it belongs to the one that can explain least else.
            most = max(gain for _, gain in found.values())
            enough = most - _NEARLY * abs(most)
            first = min((k for k in found if found[k][1] >= enough), key=lambda k: self._parts[k].freedom)
            self.placed[first] = found[first][0]

    def improve(self) -> None:
        """Refine, and place anew until hardly anything is gained by it."""
        self.refine()
        for _ in range(_CYCLES):
            before = self.left()
            self.place_anew()
            self.refine()
            if self.left() > _HARDLY_BETTER * before:
                break

    def place_anew(self) -> None:
        """Place each in view of the others, with all freedom."""
        self._signs, self._widest = [part.direction for part in self._parts], np.inf
        for k in range(len(self._parts)):
            self.placed[k] = self._search(k, self._curve_without(k), self.placed[k])[0]

    def refine(self) -> None:
        """Improve all together by a few steps of Levenberg and Marquardt."""
        names = [
            (k, name) for k, part in enumerate(self._parts) for name in part.shape.moving(self.placed[k])
        ]
        start = [float(self.placed[k][name][0]) for k, name in names]
        sizes = [self._parts[k].shape.size(name, self.placed[k]) for k, name in names]

        def left(values: Array) -> Array:
            for (k, name), value in zip(names, values):
                self.placed[k] = self._parts[k].allowed({**self.placed[k], name: np.array([value])})
            return self._curve_without(None).y

        before, total = dict(self.placed), self.left()
        if 0 < len(names) <= min(len(self._y), _MOST_VALUES):
            most = _STEPS * len(names)
            # With `full_output` it does not warn that it could do more.
            left(optimize.leastsq(left, start, diag=1.0 / np.array(sizes), maxfev=most, full_output=True)[0])
        if not self.left() < total:
            self.placed = before

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

    def _search(self, k: int, curve: Curve, found: Tries | None = None) -> tuple[Tries, float]:
        return _search(self._parts[k], curve, self._signs[k], self._widest, self._known, found)


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


def _search(
    part: Part, curve: Curve, direction: float, widest: float, known: Known, found: Tries | None = None
) -> tuple[Tries, float]:
    """Return the values that gain most, and the gain; `found` are values that were best before."""
    tries, rows = known.get(part.kind) or _first_tries(part, curve)
    if not part.shape.of_data:
        known[part.kind] = tries, rows
    narrow = part.shape.is_narrow(tries, widest * curve.span)
    if narrow.any():
        tries, rows = {name: values[narrow] for name, values in tries.items()}, rows[narrow]
    if found is not None:
        tries = {name: np.append(tries[name], found[name]) for name in tries}
        rows = np.concatenate([rows, _rows(part, curve.points, found, curve.y)])
    gains = _gains(rows, curve, part.scaled, direction)
    for round_, (shift, factor, most) in enumerate(_ROUNDS):
        moves = _moves(part.shape, tries, shift, factor, choose=round_ == 0)
        best = np.argsort(-gains, kind="stable")[: min(most, 3 + _TRIALS // len(moves))]
        tries = part.allowed(
            _moved(part.shape, {name: values[best] for name, values in tries.items()}, moves)
        )
        gains = _gains(_rows(part, curve.points, tries, curve.y), curve, part.scaled, direction)
    top = int(np.argmax(gains))
    return {name: values[top : top + 1] for name, values in tries.items()}, float(gains[top])


def _first_tries(part: Part, curve: Curve) -> tuple[Tries, Array]:
    """Return the values to try first, and their curves."""
    tries = part.shape.tries(curve)
    count = len(next(iter(tries.values())))
    chosen = {name: np.full(count, values[0]) for name, values in part.shape.choices.items()}
    tries = part.allowed({**tries, **chosen})
    return tries, _rows(part, curve.points, tries, curve.y)


def _gains(rows: Array, curve: Curve, scaled: bool, direction: float) -> Array:
    """Return what each of the rows takes off the sum of squares; -inf for those that cannot be."""
    # The rows need not be freed from the background themselves: the data are, and Pythagoras does the rest.
    along, own, background = rows @ curve.y, np.einsum("ij,ij->i", rows, rows), rows @ curve.basis
    size = own - (background * background).sum(axis=1)
    if not scaled:
        gains = 2.0 * along - size
    else:
        # What the background explains as well has no gain of its own.
        new = size > 1e-9 * own
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
