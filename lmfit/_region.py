"""A walk over a grid of two held parameters.

The cells are visited row by row, outwards from the best point, each row in the opposite
direction of the last one, so that a step always leads to a neighbour.  A refit starts from
what the cells around it foretell.

A walk may carry a minimum along that is no longer the lowest.  It then differs
abruptly from what another path has found next to it; at such edges each side
is tried from the other, and what is better spreads.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ._derivatives import Array
from ._refit import Refit, State

__all__ = ["Grid", "walked"]

#: A difference between neighbours this many times the usual one is an edge.
_EDGE = 6.0
#: Refits at edges, in units of the number of cells.
_REPAIRS = 1.0
#: Distance of the cells in which other starts are tried, where none has led to a minimum.
_STRIDE = 4

Cell = tuple[int, int]


@dataclass(frozen=True)
class Grid:
    """Costs on a grid.

    Attributes
    ----------
    cost : ndarray, shape (ny, nx)
        The least cost for each pair of values; nan where no refit has converged.
    x : ndarray, shape (ny, nx, n)
        All coordinates there.
    """

    cost: Array
    x: Array


def walked(
    refit: Callable[[Array, Array], Refit],
    best: Refit,
    values: Array,
    xs: Array,
    ys: Array,
    plenty: float = math.inf,
    visit: Callable[[Iterator[int]], Iterator[int]] = iter,
) -> Grid:
    """Return the least cost for each pair of `xs` and `ys`.

    Parameters
    ----------
    refit : callable
        ``refit(values, start) -> Refit``, with the two parameters held at `values`.
    best : Refit
        The best point, with its tangents.
    values : ndarray, shape (2,)
        The values of the two parameters there.
    xs, ys : ndarray
        Values of the first and of the second parameter.
    plenty : float, optional
        Rise of the cost from which on its exact size does not matter.
    visit : callable, optional
        Wraps the iterator over the rows, such as a progress bar does.
    """
    walk = _Walk(refit, best, values, xs, ys, plenty)
    for row in visit(walk.rows()):
        walk.go(row)
    walk.repair()
    return Grid(walk.cost, walk.x)


class _Walk:
    def __init__(
        self,
        refit: Callable[[Array, Array], Refit],
        best: Refit,
        values: Array,
        xs: Array,
        ys: Array,
        plenty: float,
    ) -> None:
        self.refit, self.best, self.values, self.xs, self.ys = refit, best, values, xs, ys
        self.cost = np.full((len(ys), len(xs)), np.nan)
        self.x = np.full((len(ys), len(xs), len(best.x)), np.nan)
        self.high = best.cost + plenty
        #: Cells whose minimum is not known, or too high to be of interest.
        self.rough = np.zeros(self.cost.shape, dtype=bool)
        self.middle = (int(np.argmin(np.abs(ys - values[1]))), int(np.argmin(np.abs(xs - values[0]))))
        self.at_left = True

    def rows(self) -> Iterator[int]:
        """The rows from the middle up, and then down."""
        first = self.middle[0]
        yield from range(first, len(self.ys))
        yield from range(first - 1, -1, -1)

    def go(self, row: int) -> None:
        columns = list(range(len(self.xs)))
        if row == self.middle[0]:
            centre = self.middle[1]
            columns = [*columns[centre:], *reversed(columns[:centre])]
            self.at_left = True
        else:
            columns = columns if self.at_left else columns[::-1]
            self.at_left = not self.at_left
        for column in columns:
            self.visit((row, column))

    def visit(self, cell: Cell) -> None:
        """Refit in a cell, from one start after the other until that succeeds."""
        for start in self.starts(cell):
            if self.try_from(cell, start):
                return

    def try_from(self, cell: Cell, start: Array) -> bool:
        found = self.refit(np.array([self.xs[cell[1]], self.ys[cell[0]]]), start)
        if not found.converged or found.cost >= np.nan_to_num(self.cost[cell], nan=math.inf):
            return False
        self.cost[cell], self.x[cell] = found.cost, found.x
        self.rough[cell] = found.state is State.ROUGH or found.cost > self.high
        return True

    def starts(self, cell: Cell) -> Iterator[Array]:
        """What the cells around foretell, then these themselves, then the best point."""
        yield from self.foretold(cell)
        ahead = np.array([self.xs[cell[1]], self.ys[cell[0]]]) - self.values
        around = self.neighbours(cell)
        yield from (self.x[other] for other in around if self.known(other))
        yield self.best.x + self.best.tangent @ ahead
        yield from (self.x[other] for other in around if self.rough[other])
        yield self.best.x

    def foretold(self, cell: Cell) -> Iterator[Array]:
        """Coordinates by the corner opposite in a square, and by two cells in a line."""
        row, column = cell
        for j, i in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            square = (row + j, column), (row, column + i), (row + j, column + i)
            if all(map(self.known, square)):
                along, across, corner = (self.x[other] for other in square)
                yield along + across - corner
        for j, i in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            line = (row + j, column + i), (row + 2 * j, column + 2 * i)
            if all(map(self.known, line)):
                yield 2.0 * self.x[line[0]] - self.x[line[1]]

    def known(self, cell: Cell) -> bool:
        """Whether a cell is in the grid and has a minimum."""
        row, column = cell
        inside = 0 <= row < len(self.ys) and 0 <= column < len(self.xs)
        return inside and not (math.isnan(self.cost[cell]) or self.rough[cell])

    def repair(self) -> None:
        """Try both sides of every edge from each other, and go on where that helps."""
        left = int(_REPAIRS * self.cost.size)
        waiting = deque([*self.islands(), *self.edges()])
        while waiting and left:
            cell, other = waiting.popleft()
            left -= 1
            if self.known(other) and self.try_from(cell, self.x[other]):
                waiting.extend((next_, cell) for next_ in self.neighbours(cell) if next_ != other)

    def islands(self) -> list[tuple[Cell, Cell]]:
        """Look for minima of another kind in places where none were found; return their borders."""
        found = []
        for cell in np.argwhere(self.rough | np.isnan(self.cost)).tolist():
            place = cell[0], cell[1]
            if place[0] % _STRIDE == place[1] % _STRIDE == _STRIDE // 2:
                for start in self.scaled():
                    if self.try_from(place, start) and self.known(place):
                        found += [(other, place) for other in self.neighbours(place)]
                        break
        return found

    def scaled(self) -> Iterator[Array]:
        """The best point with one coordinate much larger or smaller."""
        for j in range(len(self.best.x)):
            for factor in (3.0, 1.0 / 3.0):
                start = self.best.x.copy()
                start[j] *= factor
                if not (self.best.tangent[j] == 1.0).any():  # held
                    yield start

    def edges(self) -> list[tuple[Cell, Cell]]:
        """Pairs of neighbours whose coordinates differ much more than usual."""
        found = []
        for axis in (0, 1):
            gaps = np.abs(np.diff(self.x, axis=axis))
            usual = np.nanmedian(gaps, axis=(0, 1), keepdims=True) if np.isfinite(gaps).any() else gaps
            with np.errstate(invalid="ignore"):
                far = (gaps > _EDGE * usual).any(axis=2)
            border = np.diff(self.rough, axis=axis) | np.isnan(gaps).any(axis=2)
            for row, column in np.argwhere(far | border).tolist():
                one, two = (row, column), (row + 1, column) if axis == 0 else (row, column + 1)
                found += [(one, two), (two, one)]
        return found

    def neighbours(self, cell: Cell) -> list[Cell]:
        row, column = cell
        around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        return [(j, i) for j, i in around if 0 <= j < len(self.ys) and 0 <= i < len(self.xs)]
