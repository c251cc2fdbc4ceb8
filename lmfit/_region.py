"""A walk over a grid of two held parameters.

The cells are visited row by row, outwards from the best point, each row in the opposite
direction of the last one, so that a step always leads to a neighbour.  A refit starts from
what the cells around it foretell.  Where it begins far above all that matters, and does not fall,
it soon gives up: the cell is *rough*.

A walk may carry a minimum along that is no longer the lowest, or pass a region that it does
not see.  What is to be gained is found in three ways:

- a model in which two terms can be exchanged has every minimum twice (`_exchanges`), and the
  twin of a known point belongs to another cell;
- in some cells, more of them where no minimum is known, other starts are tried;
- next to an edge, where neighbours are rough, or differ abruptly, each side foretells the other.
  One evaluation shows whether that is promising, and then a refit is worth its price.

What is better spreads to the neighbours, until nothing improves.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._derivatives import Array
from ._refit import PATIENCE, Refit, State

__all__ = ["Grid", "Twins", "walked"]

#: A difference between neighbours this many times the usual one is an edge.
_EDGE = 6.0
#: Relative differences that are usual in any case.
_SMALL = 1e-3
#: Relative differences between a minimum and what is foretold that do not make another one of it.
_ALIKE = 1e-2
#: Largest number of refits at edges, in units of the number of cells.
_REPAIRS = 1.0
#: Distance of the cells in which other starts are tried, where none has led to a minimum.
_STRIDE = 6
#: Number of rows, and of columns, in which they are tried where one has.
_FEW = 4
#: A start is promising where the cost is at most this many times as far above the best one.
_PROMISING = 10.0
#: A start must be better by this factor than the last one that was tried in the same cell.
_BETTER = 0.5
#: A rise of the cost that is not below this fraction of the last one is the same.
_LOWER = 0.999

Cell: TypeAlias = tuple[int, int]
#: Row and column indices of many cells.
Pairs: TypeAlias = "tuple[NDArray[np.int_], NDArray[np.int_]]"
#: Points as good as another one, each with its values of the two parameters.
Twins: TypeAlias = "Callable[[Array], Iterator[tuple[Array, Array]]]"


@dataclass(frozen=True)
class Grid:
    """Costs on a grid.

    Attributes
    ----------
    cost : ndarray, shape (ny, nx)
        The least cost for each pair of values; nan where no refit has converged.
    x : ndarray, shape (ny, nx, n)
        All coordinates there.
    tangent : ndarray, shape (ny, nx, n, 2)
        Their derivatives by the two values.
    rough : ndarray of bool, shape (ny, nx)
        Where the cost is so high that a refit has ended early, or need not be known.
    state : ndarray of State, shape (ny, nx)
        How the refit has ended.
    """

    cost: Array
    x: Array
    tangent: Array
    rough: NDArray[np.bool_]
    state: NDArray[np.object_]

    @classmethod
    def empty(cls, ny: int, nx: int, n: int) -> Grid:
        """Return a grid of which nothing is known."""
        shape = (ny, nx)
        return cls(
            np.full(shape, np.nan),
            np.full((*shape, n), np.nan),
            np.full((*shape, n, 2), np.nan),
            np.zeros(shape, dtype=bool),
            np.full(shape, State.STUCK, dtype=object),
        )

    @classmethod
    def joined(cls, parts: Sequence[Grid]) -> Grid:
        """Return the grid with the rows of all parts."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*(vars(part).values() for part in parts))))


def walked(
    refit: Callable[..., Refit],
    best: Refit,
    values: Array,
    xs: Array,
    ys: Array,
    plenty: float = math.inf,
    twins: Twins | None = None,
    visit: Callable[[Iterator[int]], Iterator[int]] = iter,
    parts: Sequence[Grid] = (),
) -> Grid:
    """Return the least cost for each pair of `xs` and `ys`.

    Parameters
    ----------
    refit : callable
        ``refit(values, start, patience=..., ceiling=...) -> Refit``, with the two parameters held at
        `values`; see `_refit`.
    best : Refit
        The best point, with its tangents.
    values : ndarray, shape (2,)
        The values of the two parameters there.
    xs, ys : ndarray
        Values of the first and of the second parameter.
    plenty : float, optional
        Rise of the cost from which on its exact size does not matter.
    twins : callable, optional
        ``twins(x)`` gives other points with the same cost, each with its values of the two parameters.
    visit : callable, optional
        Wraps the iterator over the rows, such as a progress bar does.
    parts : sequence of Grid, optional
        Grids of the same `xs` and of successive parts of `ys` that have been walked each by itself, to
        be joined.
    """
    grid = Grid.joined(parts) if parts else Grid.empty(len(ys), len(xs), len(best.x))
    walk = _Walk(refit, best, values, xs, ys, plenty, grid)
    if not parts:
        for row in visit(walk.rows()):
            walk.go(row)
    if best.x.size > values.size:
        others = [] if parts else walk.islands()
        walk.improve([*walk.mirrored(twins), *others, *walk.edges()])
    return grid


class _Walk:
    def __init__(
        self,
        refit: Callable[..., Refit],
        best: Refit,
        values: Array,
        xs: Array,
        ys: Array,
        plenty: float,
        grid: Grid,
    ) -> None:
        self.refit, self.best, self.values, self.xs, self.ys = refit, best, values, xs, ys
        self.cost, self.x, self.tangent = grid.cost, grid.x, grid.tangent
        self.rough, self.state = grid.rough, grid.state
        #: The least rise of the cost at a start that has been tried from a neighbour.
        self.tried = np.full(self.cost.shape, math.inf)
        self.high = best.cost + plenty
        self.middle = (int(np.argmin(np.abs(ys - values[1]))), int(np.argmin(np.abs(xs - values[0]))))
        self.left = int(_REPAIRS * self.cost.size)
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
            if self.try_from(cell, start, patience=1):
                return

    def try_from(self, cell: Cell, start: Array, patience: int = PATIENCE) -> bool:
        """Refit in a cell; return whether that found a lower cost."""
        found = self.refit(self.values_at(cell), start, patience=patience)
        if math.isnan(self.cost[cell]):
            self.state[cell] = found.state
        if not found.converged or found.cost >= self.known_cost(cell):
            return False
        self.cost[cell], self.x[cell], self.tangent[cell] = found.cost, found.x, found.tangent
        self.rough[cell] = found.state is State.ROUGH or found.cost > self.high
        self.state[cell] = found.state
        return True

    def starts(self, cell: Cell) -> Iterator[Array]:
        """What the cells around foretell, then these themselves, then the best point."""
        yield from self.foretold(cell)
        ahead = self.values_at(cell) - self.values
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

    def known_cost(self, cell: Cell) -> float:
        """The cost in a cell; infinite where there is none."""
        return float(np.nan_to_num(self.cost[cell], nan=math.inf))

    def known(self, cell: Cell) -> bool:
        """Whether a cell is in the grid and has a minimum."""
        row, column = cell
        inside = 0 <= row < len(self.ys) and 0 <= column < len(self.xs)
        return inside and not (math.isnan(self.cost[cell]) or self.rough[cell])

    def improve(self, borders: list[tuple[Cell, Cell]]) -> None:
        """Try each cell of these pairs from the other, and spread what is found."""
        waiting = deque(borders)
        while waiting and self.left > 0:
            cell, other = waiting.popleft()
            if self.known(other) and self.follow(cell, other):
                waiting.extend((next_, cell) for next_ in self.neighbours(cell) if next_ != other)

    def follow(self, cell: Cell, other: Cell) -> bool:
        """Refit in a cell from what another one foretells, if that is promising; return whether it helps."""
        here, ahead = self.values_at(cell), self.ahead(other, cell)
        if self.known(cell) and (np.abs(self.x[cell] - ahead) <= _ALIKE * np.abs(ahead)).all():
            return False
        guesses = [self.x[other], ahead, *self.in_line(cell, other)]
        costs = [self.refit(here, guess, ceiling=0.0).cost for guess in guesses]
        least, before = min(costs) - self.best.cost, self.known_cost(cell) - self.best.cost
        promising = least <= min(_PROMISING * before, _BETTER * self.tried[cell]) and least < math.inf
        if not (promising or least < _LOWER * before):
            return False
        self.tried[cell] = least
        self.left -= 1
        lower = self.try_from(cell, guesses[int(np.argmin(costs))])
        return lower and float(self.cost[cell]) <= self.best.cost + _LOWER * before

    def in_line(self, cell: Cell, other: Cell) -> Iterator[Array]:
        """What another cell foretells together with the one beyond it, and with the one opposite."""
        row, column = other[0] - cell[0], other[1] - cell[1]
        beyond, opposite = (other[0] + row, other[1] + column), (cell[0] - row, cell[1] - column)
        if self.known(beyond):
            yield 2.0 * self.x[other] - self.x[beyond]
        if self.known(opposite):
            yield 0.5 * (self.x[other] + self.x[opposite])

    def ahead(self, cell: Cell, other: Cell) -> Array:
        """What a cell foretells for another one."""
        return np.asarray(self.x[cell] + self.tangent[cell] @ (self.values_at(other) - self.values_at(cell)))

    def values_at(self, cell: Cell) -> Array:
        return np.array([self.xs[cell[1]], self.ys[cell[0]]])

    def mirrored(self, twins: Twins | None) -> list[tuple[Cell, Cell]]:
        """Try the twins of all minima where they are better than what is known; return the borders."""
        if twins is None:
            return []
        best: dict[Cell, tuple[float, Array]] = {}
        for row, column in np.argwhere(~self.rough & ~np.isnan(self.cost)).tolist():
            cost = float(self.cost[row, column])
            for values, x in twins(self.x[row, column]):
                cell = self.cell_at(values)
                if cell and cost < min(self.known_cost(cell), best.get(cell, (math.inf, x))[0]):
                    best[cell] = cost, x
        found = [cell for cell, (_, x) in best.items() if self.try_from(cell, x)]
        return [(other, cell) for cell in found for other in self.neighbours(cell)]

    def cell_at(self, values: Array) -> Cell | None:
        """The cell next to two values, if they are in the grid."""
        place = []
        for value, axis in ((values[1], self.ys), (values[0], self.xs)):
            nearest = int(np.argmin(np.abs(axis - value)))
            width = np.max(np.abs(np.diff(axis[max(nearest - 1, 0) : nearest + 2])), initial=0.0)
            if abs(axis[nearest] - value) > 0.5 * width:
                return None
            place.append(nearest)
        return place[0], place[1]

    def islands(self) -> list[tuple[Cell, Cell]]:
        """Try other starts in some cells, in more where no minimum is known; return the borders of gains."""
        found = []
        for cell in np.ndindex(*self.cost.shape):
            if self.sampled(cell):
                before = self.known_cost(cell) if self.known(cell) else math.inf
                for start in self.scaled(self.x[cell] if self.known(cell) else self.best.x):
                    self.try_from(cell, start)
                if self.known(cell) and self.cost[cell] < before:
                    found += [(other, cell) for other in self.neighbours(cell)]
        return found

    def sampled(self, cell: Cell) -> bool:
        """Whether a cell is one of those in which other starts are tried."""
        few = self.known(cell)
        strides = [max(_STRIDE, few * (size // _FEW)) for size in self.cost.shape]
        return all(index % stride == stride // 2 for index, stride in zip(cell, strides))

    def scaled(self, x: Array) -> Iterator[Array]:
        """A point with one coordinate much larger, much smaller, or of the other sign."""
        for j in np.flatnonzero((self.best.tangent != 1.0).all(axis=1)):  # those that are not held
            for factor in (3.0, 1.0 / 3.0, -1.0):
                start = x.copy()
                start[j] *= factor
                yield start

    def edges(self) -> list[tuple[Cell, Cell]]:
        """Pairs of neighbours one of which is rough, or whose coordinates differ much more than usual."""
        found = []
        for row, column in ((1, 0), (0, 1), (1, 1), (1, -1)):
            one, two = self.pairs(row, column)
            edge = self.rough[one] != self.rough[two]
            edge = edge | (np.isnan(self.cost[one]) != np.isnan(self.cost[two]))
            if 0 in (row, column):
                edge = edge | self.apart(one, two)
            for cell, other in zip(np.stack(one, 1)[edge].tolist(), np.stack(two, 1)[edge].tolist()):
                found += [(tuple(cell), tuple(other)), (tuple(other), tuple(cell))]
        return found

    def apart(self, one: Pairs, two: Pairs) -> NDArray[np.bool_]:
        """Which of pairs of neighbours have coordinates that differ much more than usual."""
        gaps = np.abs(self.x[one] - self.x[two])
        known = np.isfinite(gaps).all(axis=1)
        if not known.any():
            return np.zeros(len(gaps), dtype=bool)
        size = np.median(np.abs(self.x[one][known]), axis=0)
        usual = np.maximum(np.median(gaps[known], axis=0), _SMALL * size)
        return np.asarray(known & (gaps > _EDGE * usual).any(axis=1))

    def pairs(self, row: int, column: int) -> tuple[Pairs, Pairs]:
        """The indices of all cells with a neighbour so many rows and columns away, and of these."""
        ny, nx = self.cost.shape
        first = np.indices((ny - row, nx - abs(column))).reshape(2, -1)
        rows, columns = first[0], first[1] + max(-column, 0)
        return (rows, columns), (rows + row, columns + column)

    def neighbours(self, cell: Cell) -> list[Cell]:
        row, column = cell
        around = [(row + j, column + i) for j in (-1, 0, 1) for i in (-1, 0, 1) if i or j]
        return [(j, i) for j, i in around if 0 <= j < len(self.ys) and 0 <= i < len(self.xs)]
