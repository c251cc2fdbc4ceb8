"""Exceptions and warnings of the library.

Every error that lmfit raises on purpose derives from `MinimizerException`, so
that one ``except`` clause catches them all, and also from the built-in class
that describes it (`ValueError`, `KeyError`, ...), so that code which knows
nothing of lmfit catches them as well.  A message names the parameter, the rule,
the value received and the remedy.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AbortFitException",
    "ExpressionDomainError",
    "ExpressionError",
    "FitWarning",
    "MinimizerException",
    "ModelCallError",
    "ModelError",
    "ModelNameError",
    "NonFiniteError",
    "ParameterError",
    "ParameterNameError",
    "close_matches",
]


class MinimizerException(Exception):
    """Base class of the errors raised by lmfit."""


class ParameterError(MinimizerException, ValueError):
    """A parameter has an attribute that breaks one of its rules."""


class ParameterNameError(MinimizerException, KeyError):
    """A name is no valid parameter name, or no parameter has it."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which spoils a sentence.
        return str(self.args[0]) if self.args else ""


class ExpressionError(MinimizerException, ValueError):
    """A constraint expression cannot be parsed, ordered or evaluated."""


class ExpressionDomainError(ExpressionError, ArithmeticError):
    """A constraint expression has no real value at this point.

    During a search such a point is a rejected step; anywhere else it is an error.
    """


class NonFiniteError(MinimizerException, ValueError):
    """The objective returned NaN or infinity where a number is needed."""


class ModelError(MinimizerException, ValueError):
    """A model cannot be made, combined, fitted or saved as it was asked for."""


class ModelCallError(ModelError, TypeError):
    """A model is called with arguments that it does not have, or without one that it needs."""


class ModelNameError(ModelError, NameError):
    """Two models that are to be combined have a parameter of the same name."""


class AbortFitException(MinimizerException):
    """Ends the search from inside the objective; the best point found is kept."""


class FitWarning(UserWarning):
    """Something about a fit that the user should know but that does not end it."""


def close_matches(name: str, known: Iterable[str]) -> str:
    """Return a hint such as ``"; did you mean 'sigma'?"``, or an empty string.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        What could be meant.

    Returns
    -------
    str
        To be put behind a message.

    Examples
    --------
    >>> close_matches("sgima", ["amp", "sigma"])
    "; did you mean 'sigma'?"
    >>> close_matches("q", ["amp", "sigma"])
    ''
    """
    found = difflib.get_close_matches(name, list(known), n=3)
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else ""
