"""Many data sets and one objective: each is a fit of its own, made by a `Minimizer`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _engines
from ._batch_errors import Reason
from ._batch_lm import Status
from ._batch_piece import Filled
from ._batch_table import Layout, Outcome
from ._conclusion import INTERRUPTED
from ._derivatives import Array
from .minimizer import Minimizer
from .parameter import Parameters
from .result import MinimizerResult

__all__ = ["ObjectivePlan", "ObjectiveSource", "fit_objectives"]


@dataclass(frozen=True)
class ObjectivePlan:
    """What all fits have in common: objective, start, engine and settings."""

    objective: Callable[..., Any]
    params: Parameters
    method: str = "leastsq"
    seed: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """How the results are arranged."""
        return Layout(tuple(self.params), tuple(name for name, par in self.params.items() if par.vary))

    def fit(self, number: int, dataset: Any, values: Mapping[str, float] | None = None) -> MinimizerResult:
        """Make one fit, from other values than the start if some are given."""
        args, kws = _arguments(dataset)
        params = self.params.copy()
        for name, value in (values or {}).items():
            if params[name].vary and math.isfinite(value):
                params[name].value = value
        options = dict(self.settings)
        if self.seed is not None and "seed" in _engines.find(self.method).options:
            options["seed"] = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        return Minimizer(self.objective, params, args, kws).minimize(self.method, **options)


@dataclass(frozen=True)
class ObjectiveSource:
    """The data sets, and how pieces are cut out."""

    plan: ObjectivePlan
    datasets: Sequence[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the fits."""
        return (len(self.datasets),)

    def check(self) -> None:
        """Let the objective say if its arguments are wrong: that is no fault of a single data set.

        Raises
        ------
        TypeError
            It does not take what the first data set has for it.
        """
        if not len(self.datasets):
            return
        args, kws = _arguments(self.datasets[0])
        try:
            self.plan.objective(self.plan.params.copy(), *args, **kws)
        except TypeError:
            raise
        except Exception:  # noqa: BLE001 - the fit of this data set will tell
            return

    def piece(self, first: int, end: int) -> list[tuple[int, Any]]:
        """Return some data sets with their numbers."""
        return [(number, self.datasets[number]) for number in range(first, end)]

    def refit(self, index: tuple[int, ...], values: Mapping[str, float]) -> MinimizerResult:
        """Make one fit again, from the values found for it."""
        return self.plan.fit(index[0], self.datasets[index[0]], values)


def _arguments(dataset: Any) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Positional and keyword arguments of the objective."""
    if isinstance(dataset, Mapping):
        return (), dataset
    return (dataset if isinstance(dataset, tuple) else (dataset,)), {}


def fit_objectives(plan: ObjectivePlan, piece: Sequence[tuple[int, Any]]) -> Filled:
    """Fit some data sets, one after the other."""
    layout = plan.layout
    table = layout.failed(len(piece), Outcome.RAISED)
    texts = {}
    for row, (number, dataset) in enumerate(piece):
        try:
            result = _uninterrupted(plan.fit(number, dataset))
        except KeyboardInterrupt:
            table[row:, layout.status] = Outcome.INTERRUPTED
            break
        except Exception as error:  # noqa: BLE001 - an objective may raise anything, which ends its own fit only
            texts[row] = f"{type(error).__name__}: {error}"
            continue
        if result.success:
            table[row] = _row(layout, result)
        else:
            texts[row] = result.message
            table[row, layout.status] = Outcome.FAILED
        table[row, layout.ndata], table[row, layout.nfev] = result.ndata, result.nfev
    return Filled(table, texts)


def _uninterrupted(result: MinimizerResult) -> MinimizerResult:
    """A result as it is; Ctrl-C, which a fit takes for its own end, is meant for all fits."""
    if result.extras.get("lmdif_message") == INTERRUPTED:
        raise KeyboardInterrupt
    return result


def _row(layout: Layout, result: MinimizerResult) -> Array:
    """The numbers of one fit."""
    row = np.full(layout.width, np.nan)
    for name, par in result.params.items():
        row[layout.value(name)] = par.value
        row[layout.error(name)] = np.nan if par.stderr is None else par.stderr
    if result.covar is not None:
        row[layout.covariance] = result.covar[np.triu_indices(len(layout.variables))]
    for name in layout.variables:
        row[layout.reason(name)] = _REASONS.get(result.undetermined.get(name, ""), Reason.CORRELATED)
    row[layout.chisqr], row[layout.status] = result.chisqr, Status.CONVERGED
    return row


_REASONS = {
    "": Reason.NONE,
    "at its lower bound": Reason.LOWER,
    "at its upper bound": Reason.UPPER,
    "no effect on the residual": Reason.NO_EFFECT,
    "no degrees of freedom are left": Reason.NO_FREEDOM,
}
