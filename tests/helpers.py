"""What several test modules share: a counter of calls, and the closed form of linear fits."""

from dataclasses import dataclass
from importlib import metadata

import numpy as np

#: For xarray's `to_zarr`, which can write texts only so; before version 3 of zarr there was nothing else.
ZARR_2 = {} if metadata.version("zarr").startswith("2.") else {"zarr_format": 2}


class Counted:
    """A callable that counts its calls."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, *args, **kws):
        self.calls += 1
        return self.function(*args, **kws)


def values(fit):
    """Return the values of all parameters of a fit, or of Parameters, as an array."""
    return np.array([par.value for par in getattr(fit, "params", fit).values()])


def errors(fit):
    """Return the standard errors of all parameters, NaN for None."""
    return np.array([par.stderr for par in getattr(fit, "params", fit).values()], dtype=float)


@dataclass(frozen=True)
class Linear:
    """The least-squares solution of ``X @ b = y``, with the covariance scaled by reduced chi-square."""

    values: np.ndarray
    unscaled: np.ndarray
    chisqr: float
    redchi: float

    @property
    def covar(self):
        return self.unscaled * self.redchi

    @property
    def stderr(self):
        return np.sqrt(np.diag(self.covar))


def linear_solution(X, y):
    """Solve a linear problem by the singular value decomposition of its design matrix, shape (n, k)."""
    scale = np.linalg.norm(X, axis=0)
    U, S, Vt = np.linalg.svd(X / scale, full_matrices=False)
    inverse = Vt.T / S / scale[:, np.newaxis]
    found = inverse @ (U.T @ y)
    residual = X @ found - y
    chisqr = float(residual @ residual)
    return Linear(found, inverse @ inverse.T, chisqr, chisqr / (len(y) - X.shape[1]))
