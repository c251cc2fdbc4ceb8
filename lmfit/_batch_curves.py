"""The function of a model for the parameters of many fits at once.

With parameters as columns (b, 1) and the independent variable as (n,) or (b, n), a function made of
NumPy's operations gives all b curves in one call.  Whether it does is tried out first: three curves made
together must be those made one by one.  If they are not, the function is called for each fit, and
everything else stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ._batch_equations import Function, Inputs
from ._batch_ties import Ties
from ._derivatives import Array
from .errors import ModelError

if TYPE_CHECKING:
    from ._evaluation import Node
    from .model import Model

__all__ = ["Curves", "Known"]

#: Points at which curves made together are compared with those made one by one.
_TRIALS = np.array([0.0, 0.013, -0.021])
_SAME = 1e-9
_STEP = float(np.finfo(float).eps) ** (1.0 / 3.0)


@dataclass(frozen=True)
class Known:
    """What is known of m fits besides their variables.

    Attributes
    ----------
    fixed : mapping of str to float or ndarray, shape (m,)
        Fixed parameters.
    shared : mapping
        Independent variables and options that are the same for all fits.
    each : mapping of str to ndarray, shape (m, n)
        Independent variables of each fit.
    ties : Ties or None
        Tied parameters.
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    shared: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[str, Array] = field(default_factory=dict)
    ties: Ties | None = None


class Curves:
    """The curves of m fits, of n points each, as functions of the variables.

    Parameters
    ----------
    model : Model
    variables : tuple of str
        Parameters that are varied, in the order of the rows of `theta`.
    known : Known
    shape : tuple of int
        The numbers m and n.
    complex_valued : bool
        Whether the curves are complex; they are then handled as pairs of real numbers.

    Attributes
    ----------
    inputs : tuple of ndarray, shape (m, ...)
        What the functions need to be given of each fit.
    raised : dict
        Exceptions of the model's function, by the number of the fit.

    Examples
    --------
    >>> from lmfit.model import Model
    >>> x = np.array([1.0, 2.0])
    >>> curves = Curves(Model(lambda x, a, b: a * x + b), ("a", "b"), Known(shared={"x": x}), (2, 2))
    >>> theta = np.array([[1.0, 2.0], [0.0, 5.0]])
    >>> curves.function(theta).value(theta, curves.inputs)
    array([[1., 2.],
           [7., 9.]])
    """

    def __init__(
        self,
        model: Model,
        variables: tuple[str, ...],
        known: Known,
        shape: tuple[int, int],
        complex_valued: bool = False,
    ) -> None:
        self.model, self.variables, self.known = model, variables, known
        self.count, self.size = shape
        self.kind = np.complex128 if complex_valued else np.float64
        self.names = tuple(model.param_names)
        self.raised: dict[int, Exception] = {}
        self._arrays = [name for name, value in known.fixed.items() if np.ndim(value)]
        self.inputs: Inputs = (
            np.arange(self.count),
            *(known.fixed[name] for name in self._arrays),
            *known.each.values(),
        )
        self._shared_node = None if known.each else model._node(known.shared)
        self._needed = [name for name in self.names if self._depends(name)]
        self._uses_ties = known.ties is not None and not set(known.ties.names).isdisjoint(self.names)
        self._buffer: Array | None = None

    def _depends(self, name: str) -> bool:
        """Whether a parameter of the model follows the variables."""
        ties = self.known.ties
        if ties is not None and name in ties.names:
            return not ties.dependencies(name).isdisjoint(self.variables)
        return name in self.variables

    def function(self, start: Array) -> Function:
        """Return the functions for the search, after trying out which of them can be called for many fits.

        Parameters
        ----------
        start : ndarray, shape (p, m)
        """
        first = np.zeros(3, dtype=int)
        inputs = tuple(array[first] for array in self.inputs)
        theta = start[:, first] + _TRIALS * np.where(start[:, first] == 0.0, 1.0, np.abs(start[:, first]))
        with np.errstate(all="ignore"):
            value = self._alone
            if _agree(self._curves, self._alone, theta, inputs):
                value = self._together
            both = None
            if self._node_of(inputs, 0).differentiable:
                if _agree(self._both, self._both_alone, theta, inputs, 1.0):
                    both = self._both_together
                elif value == self._alone:
                    both = self._both_alone
        self.raised.clear()
        return Function(value, both)

    def values(self, theta: Array, inputs: Inputs) -> dict[str, Any]:
        """Return the values of all parameters, numbers or arrays (b,)."""
        values = self._untied(theta, inputs)
        if self.known.ties is not None:
            values.update(self.known.ties.evaluate(values))
        return values

    def _untied(self, theta: Array, inputs: Inputs) -> dict[str, Any]:
        return {**self.known.fixed, **dict(zip(self._arrays, inputs[1:])), **dict(zip(self.variables, theta))}

    def _model_values(self, theta: Array, inputs: Inputs) -> list[Any]:
        """The values of the model's own parameters; tied ones that it does not use can wait."""
        values = self.values(theta, inputs) if self._uses_ties else self._untied(theta, inputs)
        return [values[name] for name in self.names]

    def _node_of(self, inputs: Inputs, row: int | None) -> Node:
        """The model with the independent variables of all fits, or of one."""
        if self._shared_node is not None:
            return self._shared_node
        arrays = inputs[1 + len(self._arrays) :]
        own = {name: array if row is None else array[row] for name, array in zip(self.known.each, arrays)}
        return self.model._node({**self.known.shared, **own})

    def _columns(self, theta: Array, inputs: Inputs) -> list[Any]:
        values = self._model_values(theta, inputs)
        return [value[:, np.newaxis] if np.ndim(value) else value for value in values]

    def _points(self, theta: Array, inputs: Inputs) -> list[list[float]]:
        """The values of the model's parameters, fit by fit."""
        values = self._model_values(theta, inputs)
        rows = np.array([np.broadcast_to(value, theta.shape[1]) for value in values])
        return rows.T.tolist()  # type: ignore[no-any-return]

    def _curves(self, theta: Array, inputs: Inputs) -> Array:
        found = self._node_of(inputs, None).value(self._columns(theta, inputs))
        return self._real(self._full(found, theta.shape[1]))

    def _together(self, theta: Array, inputs: Inputs) -> Array:
        try:
            return self._curves(theta, inputs)
        except Exception:  # noqa: BLE001 - one by one it is found which fits are to blame
            return self._alone(theta, inputs)

    def _alone(self, theta: Array, inputs: Inputs) -> Array:
        found = np.empty((theta.shape[1], self.size), dtype=self.kind)
        for row, point in enumerate(self._points(theta, inputs)):
            try:
                found[row] = self._full(self._node_of(inputs, row).value(point), 1)[0]
            except Exception as error:  # noqa: BLE001, PERF203 - noted as the reason of this fit's failure
                self.raised.setdefault(int(inputs[0][row]), error)
                found[row] = np.nan
        return self._real(found)

    def _both(self, theta: Array, inputs: Inputs, factor: Any) -> tuple[Array, list[Array]]:
        node = self._node_of(inputs, None)
        found = self._real(self._full(node.forward(self._columns(theta, inputs)), theta.shape[1]))
        rows = self._rows(theta.shape[1])
        if self.kind is np.float64:
            node.backward(factor, self._by_name(rows))
            return found, self._by_variable(list(rows), theta, inputs)
        node.backward(1.0, self._by_name(rows))
        return found, self._by_variable([self._real(row) * factor for row in rows], theta, inputs)

    def _both_together(self, theta: Array, inputs: Inputs, factor: Any) -> tuple[Array, list[Array]]:
        try:
            return self._both(theta, inputs, factor)
        except Exception:  # noqa: BLE001 - as in _together
            return self._both_alone(theta, inputs, factor)

    def _both_alone(self, theta: Array, inputs: Inputs, factor: Any) -> tuple[Array, list[Array]]:
        found = np.empty((theta.shape[1], self.size), dtype=self.kind)
        rows = self._rows(theta.shape[1])
        for row, point in enumerate(self._points(theta, inputs)):
            try:
                node = self._node_of(inputs, row)
                found[row] = self._full(node.forward(point), 1)[0]
                node.backward(1.0, self._by_name(rows[:, row]))
            except Exception as error:  # noqa: BLE001, PERF203 - as in _alone
                self.raised.setdefault(int(inputs[0][row]), error)
                found[row] = rows[:, row] = np.nan
        return self._real(found), self._by_variable([self._real(row) * factor for row in rows], theta, inputs)

    def _rows(self, count: int) -> Array:
        """Memory for the derivatives; the same as in the last iteration, which is in the cache."""
        if self._buffer is None or self._buffer.shape[1] < count:
            self._buffer = np.empty((len(self._needed), count, self.size), dtype=self.kind)
        return self._buffer[:, :count]

    def _by_name(self, rows: Array) -> list[Any]:
        places = dict(zip(self._needed, rows))
        return [places.get(name) for name in self.names]

    def _by_variable(self, rows: list[Array], theta: Array, inputs: Inputs) -> list[Array]:
        """The derivatives by the variables, from those by the model's parameters."""
        columns = dict(zip(self._needed, rows))
        tied = [name for name in self._needed if name not in self.variables]
        nothing = np.zeros((1, 1))
        found = [columns.get(name, nothing) for name in self.variables]
        for k in range(len(self.variables)) if tied else ():
            slopes = self.tied_slopes(theta, inputs, k)
            for name in tied:
                found[k] = found[k] + slopes[name][:, np.newaxis] * columns[name]
        return found

    def tied_slopes(
        self, theta: Array, inputs: Inputs, k: int, scale: Array | None = None
    ) -> dict[str, Array]:
        """Return the derivatives of the tied parameters by one variable, arrays (b,), by central differences.

        Parameters
        ----------
        theta, inputs
            The point.
        k : int
            Number of the variable.
        scale : ndarray, shape (b,), optional
            Length over which it changes, where that is known better than from its magnitude.
        """
        ties = self.known.ties
        assert ties is not None
        size = np.abs(theta[k])
        step = _STEP * np.where(size > 0.0, size, 1.0 if scale is None else np.where(scale > 0.0, scale, 1.0))
        ahead, behind = theta.copy(), theta.copy()
        ahead[k] += step
        behind[k] -= step
        above, below = self.values(ahead, inputs), self.values(behind, inputs)
        width = ahead[k] - behind[k]
        return {
            name: np.broadcast_to((above[name] - below[name]) / width, width.shape) for name in ties.names
        }

    def _full(self, found: Any, count: int) -> Array:
        """What the function returned, as one curve for each fit."""
        array = np.asarray(found)
        if array.shape == (count, self.size):
            return array
        try:
            return np.broadcast_to(array, (count, self.size))
        except ValueError:
            raise ModelError(
                f"the model gives an array of shape {array.shape[-1:]}, but each fit has {self.size} data; "
                "the independent variables must go with the data"
            ) from None

    def _real(self, curves: Any) -> Array:
        """Complex numbers as pairs of real ones."""
        if self.kind is np.float64:
            return np.asarray(curves)
        return np.ascontiguousarray(curves, dtype=np.complex128).view(np.float64)


def _agree(together: Callable[..., Any], alone: Callable[..., Any], *arguments: Any) -> bool:
    """Whether a function for many fits gives what the one for single fits gives."""
    try:
        found = together(*arguments)
    except Exception:  # noqa: BLE001 - a function made for numbers may raise anything for arrays
        return False
    expected = alone(*arguments)
    if isinstance(found, np.ndarray):
        return bool(np.allclose(found, expected, _SAME, 0.0, equal_nan=True))
    pairs = [(found[0], expected[0]), *zip(found[1], expected[1])]
    return all(np.allclose(*pair, _SAME, 0.0, equal_nan=True) for pair in pairs)
