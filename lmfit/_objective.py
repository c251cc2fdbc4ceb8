"""What a fit of a Model minimises: the weighted difference of data and model, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy.linalg import lapack

from ._derivatives import Array, norm
from ._evaluation import Node
from ._fit_data import FitData
from ._linear_model import Roles, linearity
from ._linearity import Linearity
from .errors import ModelError
from .parameter import Parameters

__all__ = ["FindRoles", "Objective"]

#: Returns the role of each parameter, for the names of those that vary.
FindRoles: TypeAlias = Callable[[Collection[str]], Roles]


class Objective:
    """The residual of a model and data, as a function of Parameters.

    Parameters
    ----------
    node : Node
        The model, with its independent variables bound to it.
    names : sequence of str
        Its parameters.
    fit_data : FitData
        What it is compared with.
    roles : callable, optional
        ``roles(names of the variables)``: which parameters the model is linear in, see `_linear_model`.

    Attributes
    ----------
    differentiable : bool
        Whether `derivative` and `rows` can be used.
    reads : frozenset of str
        The parameters on which it depends.

    Examples
    --------
    >>> from lmfit import create_params
    >>> from lmfit._evaluation import Term
    >>> line = Term(lambda a: a * np.array([1.0, 2.0]), 0, ["a"])
    >>> objective = Objective(line, ["a"], FitData(np.array([2.0, 5.0]), weights=2.0))
    >>> objective(create_params(a=2))
    array([0., 2.])
    """

    def __init__(
        self, node: Node, names: Sequence[str], fit_data: FitData, roles: FindRoles | None = None
    ) -> None:
        self.node, self.names, self.fit_data = node, list(names), fit_data
        self.reads = frozenset(names)
        self._roles = roles
        self.differentiable = node.differentiable
        self._data, self._weights, self._factor = fit_data.data, fit_data.weights, fit_data.factor
        self._shape = self._data.shape
        self._complex = self._data.dtype.kind == "c"
        self._plain = not self._complex and self._factor is None and not np.iscomplexobj(self._weights)
        self._derivatives_wanted = False
        #: The point of the last forward pass, whose derivatives the nodes keep.
        self._at: list[float] | None = None
        #: Names that derivatives were last wanted for, the place of each parameter among them (-1 for none;
        #: None where the order is the same), and the places of those that are not the model's.
        self._order: tuple[Sequence[str], list[int] | None, list[int]] | None = None
        #: The Parameters that derivatives were last wanted for, by which names, and whether some are tied.
        self._wanted: tuple[Parameters, list[str], bool] | None = None

    def __call__(self, params: Parameters, *_args: Any, **_kws: Any) -> Array:
        """Return the residual, data minus model, weighted; complex ones as pairs of real numbers."""
        values = self.values(params)
        if self._derivatives_wanted:
            # An optimiser asks for derivatives where it has just evaluated: they share the work.
            model = self.node.forward(values)
            self._at = values
        else:
            model = self.node.value(values)
        if model.__class__ is not np.ndarray or model.shape != self._shape or model.dtype.kind != "f":
            model = self._checked(model)
        residual: Array = self._data - model
        if self._plain and residual.ndim == 1:
            if self._weights is not None:
                residual *= self._weights
            return residual
        return self._whitened(self._as_real(residual))

    def values(self, params: Parameters) -> list[float]:
        """Return the values of the model's parameters, in order."""
        return [
            par._val if par._tie is None else par.value  # type: ignore[misc]
            for par in map(params.__getitem__, self.names)
        ]

    def derivative(self, params: Parameters, *_args: Any, **_kws: Any) -> Array | dict[str, Array]:
        """Return the derivatives of the residual.

        Returns
        -------
        ndarray, shape (n, m), or dict
            One row for each variable; or, where parameters of the model are tied, rows by name of the
            variables and of these.
        """
        if self._wanted is None or self._wanted[0] is not params:
            varied = [name for name, par in params.items() if par.vary]
            tied = [name for name in self.names if params[name].expr]
            self._wanted = params, [*varied, *tied], bool(tied)
        _, names, tied_ones = self._wanted
        rows = self.rows(params, names)
        return dict(zip(names, rows)) if tied_ones else rows

    def spread(self) -> float:
        """Return the norm of the residual of a model that is the mean of the data."""
        around = self._data - self._data.sum() / self._data.size
        return norm(self._whitened(self._as_real(around)).ravel())

    def linearity(self, params: Parameters) -> Linearity:
        """Return which variables the residual is linear in, as far as this is known."""
        return linearity(self.roles([name for name, par in params.items() if par.vary]), params)

    def roles(self, free: Collection[str]) -> Roles:
        """Return which of its parameters the model is linear in, where those of the names `free` vary."""
        return dict.fromkeys(self.names) if self._roles is None else self._roles(free)

    def rows(self, params: Parameters, names: Sequence[str]) -> Array:
        """Return the derivatives of the residual, one row for each parameter.

        Parameters
        ----------
        params : Parameters
            The point.
        names : sequence of str
            The parameters; rows of those that are not the model's are zero.

        Returns
        -------
        ndarray, shape (n, m)
        """
        values = self.values(params)
        if self._at != values:
            self._checked(self.node.forward(values))
            self._at, self._derivatives_wanted = values, True
        if self._order is None or self._order[0] is not names:
            self._order = self._ordered(names)
        _, places, strange = self._order
        table = np.empty((len(names), *self._shape), dtype=np.complex128 if self._complex else np.float64)
        if strange:
            table[strange] = 0.0
        weighted = self._plain and self._weights is not None
        rows = table if places is None else [table[place] if place >= 0 else None for place in places]
        self.node.backward(-self._weights if weighted else -1.0, rows)
        if self._plain:
            return table if table.ndim == 2 else table.reshape(len(names), -1)
        return self._whitened(self._as_real(table.reshape(len(names), -1)))

    def _ordered(self, names: Sequence[str]) -> tuple[Sequence[str], list[int] | None, list[int]]:
        place = {name: index for index, name in enumerate(names)}
        strange = [index for name, index in place.items() if name not in self.reads]
        places = [place.get(name, -1) for name in self.names]
        return names, None if list(names) == self.names else places, strange

    def _checked(self, model: Any) -> Array:
        """The model's value, as an array of the shape of the data."""
        if model is None:
            raise ModelError(
                "the function of the model returned None; it must return the curve (is a 'return' missing?)"
            )
        found = np.asarray(model)
        if found.dtype.kind not in "fc":
            try:
                found = found.astype(float)
            except (TypeError, ValueError) as error:
                raise ModelError(f"the model gives values of type {found.dtype}, not a curve") from error
        if found.shape != self._shape:
            if found.size != 1:
                raise ModelError(
                    f"the model gives an array of shape {found.shape}, but the data have shape "
                    f"{self._shape}; the independent variables must go with the data"
                )
            found = np.broadcast_to(found.reshape(()), self._shape)
        if found.dtype.kind == "c" and not self._complex:
            self._complex, self._plain = True, False
        return found

    def _as_real(self, residual: Array) -> Array:
        """Complex numbers as pairs of real ones, along the last axis, which is flat."""
        flat = residual.reshape(-1, self._data.size)
        if self._complex:
            flat = np.ascontiguousarray(flat, dtype=np.complex128).view(np.float64)
        return flat[0] if residual.shape == self._shape else flat

    def _whitened(self, flat: Array) -> Array:
        """Residuals, or rows of derivatives, in units of the errors of the data."""
        if self._factor is not None:
            return self._decorrelated(flat)
        if self._weights is None:
            return flat
        weights = np.broadcast_to(self._weights, self._shape).ravel()
        if self._complex:
            if weights.dtype.kind != "c":
                weights = weights * (1 + 1j)
            weights = np.ascontiguousarray(weights).view(np.float64)
        return np.asarray(flat * weights)

    def _decorrelated(self, flat: Array) -> Array:
        """Residuals, or rows of derivatives, multiplied by the inverse of the Cholesky factor."""
        parts = np.concatenate([flat[..., ::2], flat[..., 1::2]], axis=-1) if self._complex else flat
        found, _ = lapack.dtrtrs(self._factor, parts.T, lower=1)
        return np.ascontiguousarray(found.T)
