"""From what an evaluation gives, or raises, to a real number or an error of ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._limits import plain
from .errors import ExpressionDomainError, ExpressionError

__all__ = ["expression_error", "real", "shorten"]


class ComplexResultError(ArithmeticError):
    """The result has an imaginary part."""


def real(value: Any) -> float:
    """Return the result of an expression as a float.

    Raises
    ------
    TypeError, ArithmeticError
        If it is no real number; the message says what it is.

    Examples
    --------
    >>> real(True), real(np.array([2.5]))
    (1.0, 2.5)
    """
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(()).item()
    value = plain(value)
    if isinstance(value, complex):
        raise ComplexResultError(f"the result is complex ({value:.6g}); a parameter must be real")
    if isinstance(value, np.ndarray):
        raise TypeError(f"the result is an array of shape {value.shape}; a parameter must be one number")
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"the result is of type {type(value).__name__}; a parameter must be a number")
    return float(value)


def shorten(text: str, width: int = 200) -> str:
    """Return the text in quotes, its middle left out if it is long.

    >>> shorten("2*a + b"), shorten("abcdefghijkl", 8)
    ("'2*a + b'", "'abcd ... kl'")
    """
    return repr(text if len(text) <= width else f"{text[: width // 2]} ... {text[-(width // 4) :]}")


def expression_error(exc: Exception, what: str) -> ExpressionError:
    """Return the error that says that `what` failed because of `exc`."""
    if isinstance(exc, (RecursionError, MemoryError)):
        return ExpressionError(f"{what}: it takes too much memory or nests too deeply; make it simpler")
    reason = str(exc) or type(exc).__name__
    if isinstance(exc, ArithmeticError) or reason.startswith("math domain error"):
        # The point is to blame, and not the expression.
        return ExpressionDomainError(f"{what}: {reason}")
    return ExpressionError(f"{what}: {reason}")
