"""How the results of many fits are kept: one row of numbers for each fit.

One array of shape (..., k) is what a worker sends back, what Dask makes block by block, and what is saved.  A
`Layout` knows which columns hold what.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._batch_errors import Reason
from ._batch_lm import Status
from ._derivatives import Array

__all__ = ["MESSAGES", "REASONS", "Layout", "Outcome", "succeeded"]


class Outcome(enum.IntEnum):
    """How a fit ended: the codes of `Status`, and what can be known without the search."""

    NO_DATA = 10
    TOO_FEW = 11
    RAISED = 12
    NO_START = 13
    INTERRUPTED = 14
    WORKER_DIED = 15
    FAILED = 16


#: What the codes mean; the first ones are successes.
MESSAGES: dict[int, str] = {
    Status.CONVERGED: "converged: the next step would be far below one standard error",
    Status.STALLED: "converged: chi-square does not fall any further",
    Status.LIMIT: "the limit on the number of iterations was reached",
    Status.STEEP: "chi-square still falls, but no step was found; choose other start values",
    Status.NOT_FINITE: "the model is not finite at the start values",
    Outcome.NO_DATA: "no data: all are missing, masked or without weight",
    Outcome.TOO_FEW: "fewer data than variables",
    Outcome.RAISED: "the model function raised an exception",
    Outcome.NO_START: "no start values could be found",
    Outcome.INTERRUPTED: "not fitted: interrupted from the keyboard",
    Outcome.WORKER_DIED: "not fitted: the worker process died",
    Outcome.FAILED: "the fit did not succeed",
}


def succeeded(status: Any) -> Any:
    """Say which codes mean success."""
    return status < Status.LIMIT


#: Why a variable has no standard error.
REASONS: dict[int, str] = {
    Reason.NONE: "",
    Reason.LOWER: "at its lower bound",
    Reason.UPPER: "at its upper bound",
    Reason.NO_EFFECT: "no effect on the residual",
    Reason.CORRELATED: "fully correlated with other variables",
    Reason.NO_FREEDOM: "no degrees of freedom are left",
}


@dataclass(frozen=True)
class Layout:
    """The columns of a table.

    Attributes
    ----------
    names : tuple of str
        All parameters.
    variables : tuple of str
        Those that are varied.

    Examples
    --------
    >>> layout = Layout(("a", "b"), ("b",))
    >>> layout.width, layout.value("b"), layout.error("a")
    (10, 1, 2)
    """

    names: tuple[str, ...]
    variables: tuple[str, ...]

    def value(self, name: str) -> int:
        """Column of the value of a parameter."""
        return self.names.index(name)

    def error(self, name: str) -> int:
        """Column of its standard error."""
        return len(self.names) + self.names.index(name)

    def reason(self, name: str) -> int:
        """Column of the code in `REASONS` of a variable."""
        return self._numbers + 4 + self.variables.index(name)

    @property
    def covariance(self) -> slice:
        """Columns of the upper triangle of the covariance, row by row."""
        return slice(2 * len(self.names), self._numbers)

    @property
    def _numbers(self) -> int:
        p = len(self.variables)
        return 2 * len(self.names) + p * (p + 1) // 2

    @property
    def chisqr(self) -> int:
        """Column of chi-square."""
        return self._numbers

    @property
    def ndata(self) -> int:
        """Column of the number of data."""
        return self._numbers + 1

    @property
    def nfev(self) -> int:
        """Column of the number of evaluations."""
        return self._numbers + 2

    @property
    def status(self) -> int:
        """Column of the code in `MESSAGES`."""
        return self._numbers + 3

    @property
    def width(self) -> int:
        """Number of columns."""
        return self._numbers + 4 + len(self.variables)

    def failed(self, count: int, status: int) -> Array:
        """Return rows of fits that all have failed for the same reason, shape (count, width)."""
        table = np.full((count, self.width), np.nan)
        table[:, [self.ndata, self.nfev]] = 0.0
        table[:, self.status] = status
        table[:, self._numbers + 4 :] = Reason.NONE
        return table

    def triangle(self, covar: Array) -> Array:
        """Pack symmetric matrices (p, p, m) as rows (m, p (p + 1) / 2)."""
        return np.asarray(covar[np.triu_indices(len(self.variables))].T)

    def square(self, packed: Any) -> Any:
        """Unpack covariances, shape (..., p, p)."""
        p = len(self.variables)
        place = np.zeros((p, p), dtype=int)
        place[np.triu_indices(p)] = np.arange(p * (p + 1) // 2)
        place = np.maximum(place, place.T)
        return packed[..., place.ravel()].reshape(*packed.shape[:-1], p, p)
