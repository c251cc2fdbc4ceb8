"""Which argument or part of a model is to blame when its evaluation fails.

It is looked for only after a failure, so that it costs an evaluation that succeeds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import ModelError

__all__ = ["blamed", "check_no_text"]


def check_no_text(model: Any, variables: Mapping[str, Any]) -> None:
    """Refuse the text for an independent variable, such as the name of a column.

    A variable that has a default may be an option, and a text.
    """
    for part in model.components:
        for name in part.independent_vars or ():
            given = _text(variables.get(name))
            if given is not None and name not in (*part.opts, *part.independent_vars_defvals):
                raise ModelError(
                    f"{part.name}: the independent variable {name!r} is the text {given!r:.80}; give "
                    f"numbers, such as the column of that name, {name}=table[{given!r:.80}]"
                )


def _text(given: Any) -> str | None:
    """What is given, or the first of it, if it is text."""
    if getattr(getattr(given, "dtype", None), "kind", "") in tuple("OUS") and np.size(given):
        given = np.asarray(given).flat[0]
    return str(given) if isinstance(given, str) else None


def blamed(model: Any, params: Any, variables: Mapping[str, Any], error: Exception) -> Exception:
    """Return an error that names what is to blame, or the error itself.

    Parameters
    ----------
    model : Model
    params : Parameters or mapping
        Values of the parameters.
    variables : mapping
        Independent variables and options, and values that win over `params`.
    error : Exception
        What the evaluation raised.
    """
    if isinstance(error, ModelError):
        return error
    try:
        check_no_text(model, variables)
        _check_parts(model, params, variables)
    except ModelError as explanation:
        return explanation
    except Exception:  # noqa: BLE001  # a part fails by itself, and the error says how
        return error
    return error


def _check_parts(model: Any, params: Any, variables: Mapping[str, Any]) -> None:
    """Refuse parts of a composite that are no curves, or that do not go together."""
    parts = model.components if model.is_composite else []
    shapes = {part.name: _shape(part, part.eval(params, **variables)) for part in parts}
    sizes = {shape for shape in shapes.values() if np.prod(shape) != 1}
    if len(sizes) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ModelError(
            f"the parts of a model must give curves of one shape, but their shapes are: {listed}"
        )


def _shape(part: Any, value: Any) -> tuple[int, ...]:
    if value is None:
        raise ModelError(f"{part.name} returned None; it must return the curve (is a 'return' missing?)")
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.asarray("")
    if array.dtype.kind not in "biufcO" or isinstance(value, (Mapping, set)):
        raise ModelError(f"{part.name} gives values of type {type(value).__name__}, not a curve")
    return array.shape
