"""Derivatives that a user gives, compared with finite differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._derivatives import Array, Domain, central_jacobian
from ._evaluation import Node
from .errors import ModelError

__all__ = ["compared"]


def compared(
    node: Node, names: Sequence[str], values: Sequence[float], rtol: float, what: str
) -> dict[str, float]:
    """Return for each parameter how much its derivative differs from finite differences.

    Parameters
    ----------
    node : Node
    names, values : sequence
        The parameters and the point.
    rtol : float
        Largest difference, relative to the largest element of the column.
    what : str
        The model, for the message.

    Raises
    ------
    ModelError
        Some differ by more, or there are no derivatives.
    """
    if not node.differentiable:
        raise ModelError(
            f"{what} has no derivatives to check: give a function dfunc for each part that lacks it"
        )
    x = np.array(values, dtype=float)
    given = _analytic(node, x)
    at_x = _flat(node.value(x.tolist()))
    size = float(np.sqrt(at_x @ at_x))
    numeric = central_jacobian(
        lambda point: _flat(node.value(point)), x, at_x, np.abs(x), Domain.unbounded(len(x)), size
    ).T
    largest = np.maximum(np.abs(numeric).max(axis=1), 1e-300)
    difference = np.abs(given - numeric).max(axis=1) / largest
    differences = dict(zip(names, difference.tolist()))
    wrong = sorted(
        (name for name in names if not differences[name] <= rtol), key=lambda name: -differences[name]
    )
    if wrong:
        place = list(names).index(wrong[0])
        raise ModelError(_complaint(what, wrong, differences, given[place], numeric[place]))
    return differences


def _analytic(node: Node, x: Array) -> Array:
    value = np.asarray(node.forward(x.tolist()))
    rows = np.empty((len(x), *value.shape), dtype=value.dtype if value.dtype.kind == "c" else np.float64)
    node.backward(1.0, list(rows))
    return np.array([_flat(row) for row in rows])


def _flat(value: Any) -> Array:
    array = np.atleast_1d(np.asarray(value)).ravel()
    flat = array.astype(np.complex128).view(np.float64) if array.dtype.kind == "c" else array
    return flat.astype(np.float64)


def _complaint(
    what: str, wrong: Sequence[str], differences: dict[str, float], given: Array, numeric: Array
) -> str:
    index = int(np.argmax(np.abs(given - numeric)))
    others = [f"{name!r} (by {differences[name]:.2g} of its largest element)" for name in wrong[1:]]
    return (
        f"the derivative of {what} by {wrong[0]!r} is wrong, at index {index}: {given[index]:.6g} is given, "
        f"{numeric[index]:.6g} is the difference quotient{'; also by ' if others else ''}{', '.join(others)}"
    )
