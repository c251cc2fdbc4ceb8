r"""The data of a fit: as arrays, without what is missing, and weighted.

A residual is :math:`r = (y - f)\,w` with weights *w*, or, where the covariance *C* of the data is
given, :math:`r = L^{-1} (y - f)` with :math:`C = L L^T` (Cholesky), which makes the elements of *r*
independent and of unit variance.  Complex data are two real ones: real weights hold for the real and
for the imaginary part, complex weights have one for each.

Data that are missing, as NaN or masked, are left out of data, weights and independent variables alike.
What the data were, a pandas Series or an xarray DataArray, is remembered, so that the fitted curve can
have the same labels.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.linalg import lapack

from .errors import ModelError, NonFiniteError

__all__ = ["FitData", "coerced", "numbers", "prepared"]

Array = np.ndarray[Any, Any]
#: Data, weights and independent variables that are missing count for nothing.
_OMIT = "omit"


@dataclass(frozen=True)
class FitData:
    """What a model is fitted to.

    Attributes
    ----------
    data : ndarray
        What was measured, without what is missing.
    weights : ndarray, float or None
        What the difference between data and model is multiplied by.
    factor : ndarray, shape (n, n), or None
        Lower Cholesky factor of the covariance of the data, or of their real and imaginary parts.
    variables : dict
        Independent variables and options, without what is missing.
    original : object
        The data as given, with their labels, without what is missing.
    origin : {'', 'weights', 'sigma', 'covariance'}
        How the weighting was given.
    """

    data: Array
    weights: Any = None
    factor: Array | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    original: Any = None
    origin: str = ""

    def labelled(self, values: Any) -> Any:
        """Return values with the labels of the data, where they have some and the shape is theirs."""
        if isinstance(self.original, np.ndarray) or np.shape(values) != self.data.shape:
            return values
        return _relabelled(values, self.original)

    @property
    def errors(self) -> Any:
        """Standard errors that the weighting says the data have; None without weighting."""
        if self.factor is not None:
            variance = np.sqrt((self.factor**2).sum(axis=1))
            n = self.data.size
            parts = variance if len(variance) == n else variance[:n] + 1j * variance[n:]
            return parts.reshape(self.data.shape)
        if self.weights is None:
            return None
        with np.errstate(divide="ignore"):
            return _by_part(lambda weight: 1.0 / np.abs(weight), self.weights)


def prepared(
    data: Any,
    variables: Mapping[str, Any],
    weights: Any = None,
    sigma: Any = None,
    covariance: Any = None,
    nan_policy: str = "raise",
    coerce: bool = True,
) -> FitData:
    """Check data, weights and independent variables and leave out what is missing.

    Parameters
    ----------
    data : array_like
        Real or complex, of any shape.
    variables : mapping
        Independent variables and options by name.
    weights, sigma, covariance : array_like, optional
        At most one of them: weights, standard errors (1/weights), or the covariance of the data.
    nan_policy : {'raise', 'omit', 'propagate'}
        Whether data that are not finite are an error, are left out, or are kept.  Masked elements of a
        masked array are always left out.
    coerce : bool
        Whether to turn arrays, lists and Series among the variables into arrays of floats.

    Raises
    ------
    ModelError
        Shapes do not match.
    NonFiniteError
        Data or weights are not finite, and the policy is 'raise'.
    """
    array = _data_array(data)
    if coerce:
        variables = {name: coerced(value) for name, value in _aligned(variables, data).items()}
    origin, scale = _weighting(array, _positional(weights, data), _positional(sigma, data), covariance)
    factor = scale if origin == "covariance" else None
    missing = _missing(array, data, None if factor is not None else scale, variables, nan_policy)
    if missing is not None:
        present = ~missing
        if not present.any():
            raise NonFiniteError("there are no data: all of them are missing")
        variables = {name: _selected(value, present) for name, value in variables.items()}
        scale = _chosen(scale, present, factor is not None)
        array, data = array[present], _selected(data, present)
    if factor is not None:
        return FitData(array, None, _cholesky(scale, array), variables, _labels(data, array), origin)
    return FitData(array, scale, None, variables, _labels(data, array), origin)


def coerced(value: Any) -> Any:
    """Return an array, list, tuple or Series of numbers as an array of floats; anything else as it is.

    Examples
    --------
    >>> coerced([1, 2]), coerced("linear"), coerced(3)
    (array([1., 2.]), 'linear', 3)
    """
    if value.__class__ is np.ndarray and value.dtype == np.float64:
        return value
    listed = isinstance(value, (list, tuple, range))
    if not listed and (not hasattr(value, "__array__") or np.ndim(value) == 0 or hasattr(value, "columns")):
        return value
    try:
        array = np.asarray(value)
    except ValueError:  # a list of lists of different lengths
        return value
    if array.dtype.kind not in "biufcO":
        return value
    try:
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    except (TypeError, ValueError):
        return value


def _data_array(data: Any) -> Array:
    """The data as an array of floats or complex numbers."""
    if data is None:
        raise ModelError("there are no data to fit: data is None")
    array = numbers("data", data)
    if array.size == 0:
        raise ModelError(f"there are no data to fit: data have shape {array.shape}")
    return np.atleast_1d(array)


def numbers(what: str, values: Any) -> Array:
    """Numbers as an array of floats or complex numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # lists of different lengths
        raise ModelError(f"{what} must be numbers in an array of one shape ({error})") from error
    try:
        if array.dtype.kind in "mM":
            raise TypeError("times are no numbers; subtract the first and divide by a unit")
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{what} must be numbers, but are of type {array.dtype} ({error})") from error


def _aligned(variables: Mapping[str, Any], data: Any) -> Mapping[str, Any]:
    return {name: _positional(value, data) for name, value in variables.items()}


def _positional(value: Any, data: Any) -> Any:
    """A Series with the labels of the data, in another order, is brought into theirs."""
    ours, theirs = getattr(value, "index", None), getattr(data, "index", None)
    if ours is None or theirs is None or not hasattr(value, "reindex") or not hasattr(data, "reindex"):
        return value
    same = len(ours) == len(theirs) and ours.is_unique and theirs.is_unique
    return value.reindex(theirs) if same and not ours.equals(theirs) and ours.isin(theirs).all() else value


def _weighting(array: Array, weights: Any, sigma: Any, covariance: Any) -> tuple[str, Any]:
    """How the data are weighted, and by what, checked against the shape of the data."""
    settings = {"weights": weights, "sigma": sigma, "covariance": covariance}
    given = {name: value for name, value in settings.items() if value is not None}
    if not given:
        return "", None
    if len(given) > 1:
        raise ModelError(f"{' and '.join(given)} say the same, the errors of the data; give one of them")
    ((origin, value),) = given.items()
    if origin == "covariance":
        return origin, _covariance(value, array)
    values = numbers(origin, value.astype(float).filled(np.nan) if _is_masked(value) else value)
    if values.dtype.kind == "c" and array.dtype.kind != "c":
        raise ModelError(f"{origin} are complex, but the data are real; give real {origin}")
    if values.ndim and values.shape != array.shape:
        raise ModelError(
            f"{origin} have shape {values.shape}, but the data have shape {array.shape}; one for each "
            "of the data is needed, or one number for all"
        )
    if origin == "sigma":
        _check_positive(values)
        values = np.asarray(_by_part(np.reciprocal, values))
    return origin, values if values.ndim else values.item()


def _check_positive(sigma: Array) -> None:
    parts = [sigma.real, sigma.imag] if sigma.dtype.kind == "c" else [sigma]
    for part in parts:
        bad = np.flatnonzero(part <= 0)
        if bad.size:
            raise ModelError(
                f"sigma, the standard error of the data, must be above 0, but is {part.flat[bad[0]]} at "
                f"index {bad[0]}; leave such data out, or give weights"
            )


def _by_part(function: Callable[[Any], Any], values: Any) -> Any:
    """A function of real numbers, of the real and the imaginary part."""
    if np.iscomplexobj(values):
        return function(np.real(values)) + 1j * function(np.imag(values))
    return function(values)


def _covariance(value: Any, array: Array) -> Array:
    matrix = numbers("covariance", value)
    sizes = (array.size, 2 * array.size) if array.dtype.kind == "c" else (array.size,)
    if matrix.dtype.kind == "c":
        raise ModelError("covariance must be real: that of the real parts, followed by the imaginary parts")
    if matrix.shape not in [(n, n) for n in sizes]:
        needed = " or ".join(str((n, n)) for n in sizes)
        raise ModelError(f"covariance has shape {matrix.shape}, but {array.size} data need {needed}")
    return matrix


def _cholesky(matrix: Array, array: Array) -> Array:
    """The lower factor of a covariance, of real and imaginary parts where the data are complex."""
    factor, failed = lapack.dpotrf(matrix, lower=1, clean=1)
    if failed or not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0.0) or not np.isfinite(factor).all():
        raise ModelError(
            "covariance must be symmetric and positive definite, which this matrix is not; check it, or add "
            "a small number to its diagonal"
        )
    if array.dtype.kind == "c" and len(matrix) == array.size:
        nothing = np.zeros_like(factor)
        factor = np.block([[factor, nothing], [nothing, factor]])
    return np.asfortranarray(factor)


def _missing(
    array: Array, data: Any, scale: Any, variables: Mapping[str, Any], nan_policy: str
) -> Array | None:
    """Mask of what is left out; None for nothing."""
    missing = np.atleast_1d(np.ma.getmaskarray(data)) if _is_masked(data) else None
    if nan_policy == _OMIT:
        omitted = np.isnan(array) | (np.isnan(scale) if np.ndim(scale) else False)
        for value in variables.values():
            for part in _like(value, array.shape):
                omitted = omitted | np.isnan(part)
        missing = omitted if missing is None else missing | omitted
    if nan_policy == "raise":
        for what, values in (("data", array), ("weights", scale)):
            _check_finite(what, values, missing)
    return missing if missing is not None and missing.any() else None


def _is_masked(value: Any) -> bool:
    """Whether a value is a masked array; without loading their module, which is slow, if nobody has."""
    return "numpy.ma" in sys.modules and np.ma.isMaskedArray(value)


def _check_finite(what: str, values: Any, missing: Array | None) -> None:
    if values is None or np.isfinite(values).all():
        return
    bad = ~np.isfinite(values) if missing is None else ~np.isfinite(values) & ~missing
    if bad.any():
        where = np.flatnonzero(bad)
        raise NonFiniteError(
            f"{what}: {where.size} of {np.size(values)} values are not finite, the first "
            f"({np.ravel(values)[where[0]]}) at index {where[0]}; nan_policy='omit' leaves NaN out"
        )


def _like(value: Any, shape: tuple[int, ...]) -> list[Array]:
    """The parts of an independent variable that have one number for each of the data."""
    if isinstance(value, Mapping):
        return [part for item in value.values() for part in _like(item, shape)]
    array = np.asarray(value) if hasattr(value, "__array__") else None
    return [array] if array is not None and array.shape == shape and array.dtype.kind in "fc" else []


def _selected(value: Any, present: Array) -> Any:
    """What belongs to the data that are present, of anything that goes along with the data."""
    if isinstance(value, Mapping):
        return {key: _selected(item, present) for key, item in value.items()}
    shape = np.shape(value) if hasattr(value, "__array__") else ()
    if not shape:
        return value
    if hasattr(value, "loc") and shape[0] == present.size:  # pandas
        return value[present]
    if shape == present.shape:
        return value[present] if present.ndim == 1 else np.asarray(value)[present]
    if present.ndim == 1 and present.size in (shape[0], shape[-1]):
        axis = 0 if shape[0] == present.size else len(shape) - 1
        return np.compress(present, np.asarray(value), axis=axis)
    return value


def _chosen(scale: Any, present: Array, is_matrix: bool) -> Any:
    """The weights, or the covariance, of the data that are present."""
    if not is_matrix:
        return scale[present] if np.ndim(scale) else scale
    flat = present.ravel()
    rows = flat if len(scale) == flat.size else np.concatenate([flat, flat])
    return scale[np.ix_(rows, rows)]


def _labels(data: Any, array: Array) -> Any:
    """The data themselves where they have labels, else the array."""
    labelled = (hasattr(data, "index") and hasattr(data, "reindex")) or hasattr(data, "coords")
    return data if labelled and np.shape(data) == array.shape else array


def _relabelled(values: Any, like: Any) -> Any:
    if hasattr(like, "coords"):  # xarray
        return like.copy(data=np.asarray(values))
    return type(like)(np.asarray(values), index=like.index, name=like.name)
