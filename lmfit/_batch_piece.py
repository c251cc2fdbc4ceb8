"""Some of many fits of a model: what a worker is given, and what it makes of it.

A `Plan` says what all fits have in common, a `Piece` holds the data and everything else that differs from
fit to fit.  Both can be sent to another process.  `fit_piece` starts the fits, lets the kernel search
(`_batch_lm`), and adds errors, tied parameters and reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._batch_curves import Curves, Known
from ._batch_equations import Fits, Mask
from ._batch_errors import Reason, standard_errors
from ._batch_lm import Solution, Status, solve, solve_again
from ._batch_table import Layout, Outcome
from ._batch_ties import Ties
from ._derivatives import Array
from ._linear_model import linearity, roles
from .parameter import Parameters

if TYPE_CHECKING:
    from .model import Model

__all__ = ["Filled", "Piece", "Plan", "fit_piece"]


@dataclass(frozen=True)
class Plan:
    """What all fits have in common.

    Attributes
    ----------
    model : Model
    params : Parameters
        Which parameters there are, varied, fixed or tied, with their values and bounds.
    shared : mapping
        Independent variables and options.
    init : {'params', 'guess', 'neighbour'}
        Where the fits start.
    scale_covar : bool
    max_iterations : int
    """

    model: Model
    params: Parameters
    shared: Mapping[str, Any] = field(default_factory=dict)
    init: str = "params"
    scale_covar: bool = True
    max_iterations: int = 200

    @property
    def layout(self) -> Layout:
        """How the results are arranged."""
        return Layout(tuple(self.params), tuple(name for name, par in self.params.items() if par.vary))


@dataclass(frozen=True)
class Piece:
    """What differs between m fits of n data each.

    Attributes
    ----------
    data : ndarray, shape (m, n)
        NaN where they are missing.
    weights : ndarray, shape (m, n) or (1, n), or None
    settings : mapping
        Arrays (m,) by name of the parameter and 'value', 'min' or 'max'.
    each : mapping of str to ndarray, shape (m, n)
        Independent variables of each fit.
    """

    data: NDArray[Any]
    weights: NDArray[Any] | None = None
    settings: Mapping[tuple[str, str], Array] = field(default_factory=dict)
    each: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def chosen(self, rows: NDArray[np.intp]) -> Piece:
        """Return some of the fits."""
        common = self.weights is None or len(self.weights) == 1
        return Piece(
            self.data[rows],
            self.weights if self.weights is None or common else self.weights[rows],
            {key: array[rows] for key, array in self.settings.items()},
            {name: array[rows] for name, array in self.each.items()},
        )


@dataclass(frozen=True)
class Filled:
    """The results of a piece: a table (m, k), and what there is to say about single fits, by their number."""

    table: Array
    texts: Mapping[int, str] = field(default_factory=dict)


def fit_piece(plan: Plan, piece: Piece) -> Filled:
    """Fit a model to some data sets.

    Examples
    --------
    >>> from lmfit.model import Model
    >>> model = Model(lambda x, a, b: a * x + b)
    >>> plan = Plan(model, model.make_params(a=1, b=1), {"x": np.array([1.0, 2.0, 3.0])})
    >>> fit_piece(plan, Piece(np.array([[1.0, 2.0, 3.0], [0.0, 3.0, 6.0]]))).table[:, :2].round(6)
    array([[ 1.,  0.],
           [ 3., -3.]])
    """
    layout = plan.layout
    piece, number = _masked(piece)
    table = np.empty((len(number), layout.width))
    few = (number < len(layout.variables)) | (number == 0)
    status = np.where(number == 0, Outcome.NO_DATA, Outcome.TOO_FEW)
    table[:] = layout.failed(len(number), Outcome.NO_DATA)
    table[:, layout.status], table[:, layout.ndata] = status, number
    rows = np.flatnonzero(~few)
    texts: dict[int, str] = {}
    if len(rows):
        filled = _Fitting(plan, piece.chosen(rows) if few.any() else piece).filled()
        table[rows] = filled.table
        texts = {int(rows[row]): text for row, text in filled.texts.items()}
    return Filled(table, texts)


def _masked(piece: Piece) -> tuple[Piece, NDArray[np.intp]]:
    """Give missing data no weight and a finite value; return also the number of data of each fit."""
    data, weights = piece.data, piece.weights
    missing = ~np.isfinite(data)
    for array in piece.each.values():
        if array.shape == data.shape:
            missing |= ~np.isfinite(array)
    if weights is not None:
        missing |= ~(np.isfinite(weights) & (weights != 0.0))
    number = np.count_nonzero(~missing, axis=1)
    if not missing.any():
        return piece, number
    filled = np.where(missing, 0.0, data)
    weights = np.where(missing, 0.0, 1.0 if weights is None else weights)
    each = {name: _filled(array, missing) for name, array in piece.each.items()}
    return replace(piece, data=filled, weights=weights, each=each), number


def _filled(array: NDArray[Any], missing: Mask) -> NDArray[Any]:
    """An independent variable with some other of its values where it is missing."""
    if array.shape != missing.shape or np.isfinite(array).all():
        return array
    some = array[np.arange(len(array)), np.argmax(np.isfinite(array), axis=1)]
    return np.where(np.isfinite(array), array, some[:, np.newaxis])


class _Fitting:
    """The fits of a piece, none of which lacks data."""

    def __init__(self, plan: Plan, piece: Piece) -> None:
        self.plan, self.piece, self.layout = plan, piece, plan.layout
        self.count = len(piece.data)
        variables = self.layout.variables
        self.lower, self.upper = self._bounds("min"), self._bounds("max")
        self.start = self._limited(np.array([self._setting(name, "value") for name in variables]))
        self.unstarted = np.zeros(self.count, dtype=bool)
        linear = linearity(roles(plan.model, variables), plan.params).linear
        self.linear = np.array([variables.index(name) for name in linear], dtype=np.intp)
        fixed = {
            name: piece.settings.get((name, "value"), par.value)
            for name, par in plan.params.items()
            if not par.vary and not par.expr
        }
        tied = any(par.expr for par in plan.params.values())
        known = Known(fixed, plan.shared, piece.each, Ties(plan.params) if tied else None)
        self.curves = Curves(plan.model, variables, known, piece.data.shape, self._complex())

    def _setting(self, name: str, what: str) -> Array:
        given = self.piece.settings.get((name, what), getattr(self.plan.params[name], what))
        return np.broadcast_to(np.asarray(given, dtype=float), self.count)

    def _bounds(self, what: str) -> Array | None:
        """Bounds of one kind; None where no variable has any of either kind."""
        kinds = [
            np.array([self._setting(name, kind) for name in self.layout.variables]) for kind in ("min", "max")
        ]
        if not any(np.isfinite(bounds).any() for bounds in kinds):
            return None
        return kinds[what == "max"]

    def _limited(self, theta: Array) -> Array:
        """Values within the bounds, shape (p, m)."""
        theta = theta.reshape(len(self.layout.variables), self.count)
        return theta if self.lower is None else np.clip(theta, self.lower, self.upper)

    def _complex(self) -> bool:
        """Whether data or curves are complex."""
        if self.piece.data.dtype.kind == "c":
            return True
        each = {name: array[0] for name, array in self.piece.each.items()}
        try:
            curve = self.plan.model.eval(self.plan.params, **self.plan.shared, **each)
        except Exception:  # noqa: BLE001 - it will be the fate of a fit, which is told then
            return False
        return bool(np.asarray(curve).dtype.kind == "c")

    def filled(self) -> Filled:
        """Search, and arrange the results."""
        if self.plan.init == "guess":
            self._guess()
        fits = self._fits()
        end = self._along_neighbours(fits) if self.plan.init == "neighbour" else self._searched(fits)
        status = np.where(self.unstarted, Outcome.NO_START, end.status)
        status[list(self.curves.raised)] = Outcome.RAISED
        failed = (status != Status.CONVERGED) & (status != Status.STALLED)
        table = self._table(fits, end)
        table[failed] = self.layout.failed(1, 0)
        table[:, self.layout.ndata], table[:, self.layout.nfev] = end.ndata, end.nfev
        table[:, self.layout.status] = status
        texts = {row: f"{type(error).__name__}: {error}" for row, error in self.curves.raised.items()}
        return Filled(table, texts)

    def _fits(self) -> Fits:
        piece, weights = self.piece, self.piece.weights
        data = piece.data
        if self.curves.kind is np.complex128:
            data = np.ascontiguousarray(data, dtype=np.complex128).view(np.float64)
            if weights is not None and weights.dtype.kind == "c":
                weights = np.ascontiguousarray(weights).view(np.float64)
            elif weights is not None:
                weights = np.repeat(weights, 2, axis=1)
        function = self.curves.function(self.start)
        return Fits(function, data, self.start, weights, self.lower, self.upper, self.curves.inputs)

    def _searched(self, fits: Fits) -> Solution:
        limit = self.plan.max_iterations
        return solve_again(fits, solve(fits, linear=self.linear, max_iterations=limit), limit)

    def _guess(self) -> None:
        """Start where the model's own guess for each fit is."""
        piece, model = self.piece, self.plan.model
        for row in range(self.count):
            weights = None if piece.weights is None else piece.weights[row if len(piece.weights) > 1 else 0]
            present = slice(None) if weights is None else weights != 0.0
            given = {**self.plan.shared, **{name: array[row] for name, array in piece.each.items()}}
            size = piece.data.shape[1]
            there = {
                name: value[present] if np.shape(value) == (size,) else value
                for name, value in given.items()
                if name in (model.independent_vars or ())
            }
            try:
                guessed = model.guess(piece.data[row][present], **there)
                self.start[:, row] = [guessed[name].value for name in self.layout.variables]
            except (ValueError, IndexError, ArithmeticError, KeyError):
                self.unstarted[row] = True
        self.start[:] = self._limited(self.start)

    def _along_neighbours(self, fits: Fits) -> Solution:
        """Fit some first, and let each of the others start from the better of its two neighbours."""
        stride = 1 << max(0, min(_COARSEST, self.count.bit_length() - 2))
        end = Solution.blank(len(fits.start), self.count)
        rows = np.arange(0, self.count, stride)
        end.put(rows, self._searched(fits.chosen(rows)))
        while stride > 1:
            stride //= 2
            rows = np.arange(stride, self.count, 2 * stride)
            some = fits.chosen(rows)
            ahead = np.where(rows + stride < self.count, rows + stride, rows - stride)
            starts = [some.start, end.theta[:, rows - stride], end.theta[:, ahead]]
            if self.lower is not None:
                starts = [np.clip(start, some.lower, some.upper) for start in starts]
            with np.errstate(all="ignore"):
                chisqr = np.array([some.chisqr(start) for start in starts])
            best = np.argmin(np.where(np.isfinite(chisqr), chisqr, np.inf), axis=0)
            end.put(rows, self._searched(replace(some, start=np.choose(best, starts))))
        return end

    def _table(self, fits: Fits, end: Solution) -> Array:
        """Values, errors and statistics of all fits, as if all had succeeded."""
        layout, p = self.layout, len(self.layout.variables)
        errors = standard_errors(fits, end)
        free = end.ndata - errors.rank
        scale = np.ones(self.count)
        if self.plan.scale_covar:
            scale = np.where(free > 0, end.chisqr / np.maximum(free, 1), np.nan)
            errors.reason[(errors.reason == Reason.NONE) & (free <= 0)] = Reason.NO_FREEDOM
        covar = errors.covar * scale
        stderr = np.sqrt(covar[np.arange(p), np.arange(p)])
        table = np.empty((self.count, layout.width))
        values = self.curves.values(end.theta, self.curves.inputs)
        for name in layout.names:
            table[:, layout.value(name)] = values[name]
            table[:, layout.error(name)] = 0.0
        for k, name in enumerate(layout.variables):
            table[:, layout.error(name)] = stderr[k]
            table[:, layout.reason(name)] = errors.reason[k]
        for name, error in self._tied_errors(end.theta, covar, stderr).items():
            table[:, layout.error(name)] = error
        table[:, layout.covariance] = layout.triangle(covar)
        table[:, layout.chisqr] = end.chisqr
        return table

    def _tied_errors(self, theta: Array, covar: Array, stderr: Array) -> dict[str, Array]:
        """Standard errors of the tied parameters: those of C' = G C G^T."""
        ties = self.curves.known.ties
        if ties is None:
            return {}
        inputs = self.curves.inputs
        slopes = [self.curves.tied_slopes(theta, inputs, k, stderr[k]) for k in range(len(theta))]
        errors = {}
        for name in ties.names:
            gradient = np.array([slope[name] for slope in slopes]).reshape(len(theta), self.count)
            used = (gradient != 0.0) & (gradient[:, np.newaxis] != 0.0)
            terms = np.where(used, covar * gradient * gradient[:, np.newaxis], 0.0)
            errors[name] = np.sqrt(terms.sum(axis=(0, 1)))
        return errors


#: Two to this power is the distance of the fits that are made first where others start from neighbours.
_COARSEST = 4
