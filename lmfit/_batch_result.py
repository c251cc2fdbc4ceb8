"""The result of many fits: arrays by name of the parameter, tables and maps."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from . import _batch_export
from ._batch_labels import Labels
from ._batch_table import MESSAGES, REASONS, Layout, succeeded
from ._format import folded
from .errors import ModelError, close_matches
from .parameter import Parameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame
    from xarray import Dataset

__all__ = ["BatchResult"]


class Source(Protocol):
    """What a single fit can be made from again."""

    def refit(self, index: tuple[int, ...], values: Mapping[str, float]) -> Any:
        """Fit one of them by itself, from the values found for it.

        Parameters
        ----------
        index : tuple of int
            Which one.
        values : mapping
            Values of all parameters by name.

        Returns
        -------
        MinimizerResult or ModelResult
            As a single fit gives it.
        """


class BatchResult:
    """Many fits; each attribute is an array in the shape of the fits, or a dictionary of arrays by name.

    Data with labels (`xarray.DataArray`, `pandas.DataFrame`) give results with labels.  Of a Dask array the
    result is lazy: nothing is fitted before it is computed, saved or looked at.

    Attributes
    ----------
    params : Parameters
        Which parameters there are, varied, fixed or tied, and where the fits started unless told otherwise.
    shape : tuple of int
        Shape of the fits.
    var_names, param_names : list of str
        The parameters that are varied, and all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from lmfit.model import Model
    >>> x = np.arange(5.0)
    >>> result = Model(lambda x, a, b: a * x + b).fit_many([2 * x, 3 * x + 1], x=x, a=1, b=0)
    >>> result
    <BatchResult: 2 fits of a, b; all succeeded>
    >>> result.values["a"].round(9), result.values["b"].round(9) + 0.0
    (array([2., 3.]), array([0., 1.]))
    >>> result[1].params["b"].value.__class__
    <class 'float'>
    """

    def __init__(
        self,
        table: Any,
        params: Parameters,
        layout: Layout,
        labels: Labels,
        source: Source | None = None,
        texts: Mapping[int, str] | None = None,
    ) -> None:
        self._table, self._layout, self._labels, self._source = table, layout, labels, source
        self._texts = dict(texts or {})
        self.params = params

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the fits."""
        return tuple(self._table.shape[:-1])

    @property
    def size(self) -> int:
        """Number of fits."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def lazy(self) -> bool:
        """Whether nothing has been fitted yet."""
        return hasattr(self._table, "dask")

    @property
    def var_names(self) -> list[str]:
        """Names of the parameters that are varied."""
        return list(self._layout.variables)

    @property
    def param_names(self) -> list[str]:
        """Names of all parameters."""
        return list(self._layout.names)

    def compute(self, **kws: Any) -> BatchResult:
        """Return the result of lazy fits, computed; any other as it is.

        Parameters
        ----------
        **kws
            For Dask's ``compute``, such as ``scheduler``.

        Returns
        -------
        BatchResult
            With NumPy arrays.

        Raises
        ------
        ImportError
            The package dask is not installed.

        Examples
        --------
        >>> import dask.array as da
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> x = np.arange(5.0)
        >>> lazy = LinearModel().fit_many(da.from_array([2 * x, 3 * x + 1]), x=x, slope=1, intercept=0)
        >>> lazy.compute(scheduler="synchronous").values["slope"].round(6)
        array([2., 3.])
        """
        if not self.lazy:
            return self
        table = self._table.compute(**kws)
        return BatchResult(table, self.params, self._layout, self._labels, self._source)

    def _column(self, place: int) -> Any:
        return self._labels.put_on(self._table[..., place])

    @property
    def values(self) -> dict[str, Any]:
        """Best values by name; NaN where a fit failed."""
        return {name: self._column(self._layout.value(name)) for name in self._layout.names}

    @property
    def stderr(self) -> dict[str, Any]:
        """Standard errors by name; 0 for fixed parameters, NaN for those that have none."""
        return {name: self._column(self._layout.error(name)) for name in self._layout.names}

    @property
    def covar(self) -> Any:
        """Covariance of the variables, shape (..., nvarys, nvarys)."""
        packed = self._table[..., self._layout.covariance]
        return self._labels.put_on(self._layout.square(packed), "variable", "variable_2")

    @property
    def chisqr(self) -> Any:
        """Chi-square."""
        return self._column(self._layout.chisqr)

    @property
    def redchi(self) -> Any:
        """Chi-square divided by the number of degrees of freedom."""
        ndata = self._table[..., self._layout.ndata]
        free = np.maximum(ndata - len(self._layout.variables), 1)
        return self._labels.put_on(self._table[..., self._layout.chisqr] / free)

    @property
    def ndata(self) -> Any:
        """Number of data that were neither missing nor masked."""
        return self._labels.put_on(self._table[..., self._layout.ndata].astype(int))

    @property
    def nfev(self) -> Any:
        """Number of evaluations."""
        return self._labels.put_on(self._table[..., self._layout.nfev].astype(int))

    @property
    def status(self) -> Any:
        """How each fit ended, as a number; `message` has the words."""
        return self._labels.put_on(self._table[..., self._layout.status].astype(np.int8))

    @property
    def success(self) -> Any:
        """Whether each fit succeeded."""
        return self._labels.put_on(succeeded(self._table[..., self._layout.status]))

    @property
    def message(self) -> Any:
        """How each fit ended, in words."""
        codes = self._eager()[..., self._layout.status]
        words = np.empty(codes.shape, dtype=object)
        for code in np.unique(codes):
            words[codes == code] = MESSAGES[int(code)]
        for row, text in self._texts.items():
            words.flat[row] = f"{words.flat[row]} ({text})"
        return self._labels.put_on(words if words.ndim else words.item())

    def undetermined(self, name: str) -> Any:
        """Return why a variable has no standard error, in words; '' for fits in which it has one.

        Parameters
        ----------
        name : str
            One of `var_names`.

        Returns
        -------
        ndarray of str
            In the shape of the fits.

        Raises
        ------
        KeyError
            There is no such variable.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> result = LinearModel().fit_many([[0.0, 2.0], [1.0, 4.0]], x=np.arange(2.0), slope=1, intercept=0)
        >>> result.undetermined("slope")
        array(['no degrees of freedom are left', 'no degrees of freedom are left'],
              dtype=object)
        """
        if name not in self._layout.variables:
            raise ModelError(
                f"{name!r} is no variable of these fits{close_matches(name, self._layout.variables)}"
            )
        codes = self._eager()[..., self._layout.reason(name)].astype(int)
        words = np.array([REASONS[code] for code in range(len(REASONS))], dtype=object)
        return self._labels.put_on(words[codes])

    def _eager(self) -> Any:
        return self._table.compute() if self.lazy else self._table

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("this is the result of a single fit, which has no length")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        """Return a full result of one fit, made by fitting it once more from the values that were found."""
        place = index if isinstance(index, tuple) else (index,)
        if any(not hasattr(i, "__index__") for i in place):
            raise IndexError(
                f"a fit is chosen by whole numbers, not by {index!r:.80}; what was found for all is in "
                "result.values[name], result.errors[name], ..."
            )
        if len(place) != len(self.shape):
            raise IndexError(
                f"the fits have shape {self.shape}: {len(self.shape)} indices choose one of them, not "
                f"{len(place)}; parts of all are had from the arrays, such as result.values[name][...]"
            )
        if self._source is None:
            raise ModelError(
                "the data are not at hand, as this result was loaded from a file; fit that data set by "
                "itself, starting from result.values"
            )
        if any(not -size <= int(i) < size for i, size in zip(place, self.shape)):
            raise IndexError(f"there is no fit {index!r}: the fits have shape {self.shape}")
        row = np.asarray(self._table[place])
        values = {name: float(row[self._layout.value(name)]) for name in self._layout.names}
        whole = tuple(int(i) % size for i, size in zip(place, self.shape))
        return self._source.refit(whole, values)

    def __repr__(self) -> str:
        fits = f"{self.size} fit{'s' if self.size != 1 else ''} of {', '.join(self._layout.variables)}"
        if self.lazy:
            return folded(f"<BatchResult: {fits}; not computed yet>")
        failed = self.size - int(np.count_nonzero(succeeded(self._table[..., self._layout.status])))
        return folded(f"<BatchResult: {fits}; {f'{failed} failed' if failed else 'all succeeded'}>")

    def to_dataframe(self) -> DataFrame:
        """Return a table with a row for each fit: values, errors, statistics and messages.

        Returns
        -------
        pandas.DataFrame
            Its index has a level for each dimension of the fits; an error stands in the column
            ``name_stderr``.

        Raises
        ------
        ImportError
            The package pandas is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> x = np.arange(5.0)
        >>> table = LinearModel().fit_many([2 * x, 3 * x + 1], x=x, slope=1, intercept=0).to_dataframe()
        >>> table[["slope", "intercept"]].round(3).abs()
               slope  intercept
        fit_0
        0        2.0        0.0
        1        3.0        1.0
        """
        return _batch_export.dataframe(self.compute())

    def to_xarray(self, units: Mapping[str, str] | None = None) -> Dataset:
        """Return a Dataset with the dimensions and coordinates of the fits; of lazy fits, a lazy one.

        Parameters
        ----------
        units : mapping, optional
            Units by name of the parameter, for the attribute ``units`` of values and errors.

        Returns
        -------
        xarray.Dataset
            With ``name`` and ``name_stderr`` for each parameter, ``covar``, and the statistics.

        Raises
        ------
        ImportError
            The package xarray is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> x = np.arange(5.0)
        >>> result = LinearModel().fit_many([2 * x, 3 * x + 1], x=x, slope=1, intercept=0)
        >>> result.to_xarray(units={"slope": "m/s"})["slope"].attrs["units"]
        'm/s'
        """
        return _batch_export.dataset(self, dict(units or {}))

    def summary(self) -> str:
        """Return in a few lines how many fits failed, and why, how good they are, and what they found.

        Returns
        -------
        str
            Lines of text.  In the table `error` is the median of the standard errors, `no error` how many
            fits have none.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> x = np.arange(5.0)
        >>> noise = np.random.default_rng(1).normal(0, 0.1, (100, 5))
        >>> print(LinearModel().fit_many(2 * x + noise, x=x, slope=1, intercept=0).summary())
        100 fits, 100 succeeded, 0 failed
        reduced chi-square: median 0.007013, largest 0.0531 at [54]
        evaluations: median 2, largest 2
        variable           5 %      median        95 %       error    no error
        slope           1.9626      2.0002       2.042      0.0265           0
        intercept     -0.10133  -0.0035868    0.086462      0.0649           0
        """
        return _batch_export.summary(self.compute())

    def _repr_html_(self) -> str | None:
        # What has not been computed yet is not computed for being looked at.
        return None if self.lazy else _batch_export.summary_html(self)

    def plot_map(
        self, name: str, what: str = "value", ax: Axes | None = None, label: str | None = None, **kws: Any
    ) -> Axes:
        """Draw a parameter, or a statistic, over the fits: a map of two dimensions, or a line of one.

        Parameters
        ----------
        name : str
            A parameter; or 'chisqr', 'redchi', 'nfev', 'ndata'.
        what : {'value', 'stderr'}, optional
            Which of the two is drawn in a map; a line has the errors as bars.
        ax : Axes, optional
            Where to draw; the current axes by default.
        label : str, optional
            At the bar of colours, or the axis; the name by default.
        **kws
            For ``Axes.pcolormesh`` or ``Axes.errorbar``.

        Returns
        -------
        Axes
            With the map, or the line.

        Raises
        ------
        ImportError
            The package matplotlib is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> x = np.arange(5.0)
        >>> maps = LinearModel().fit_many(np.ones((3, 4, 1)) * x, x=x, slope=1, intercept=0)
        >>> ax = maps.plot_map("slope", label="slope (m/s)")
        >>> ax.collections[0].get_array().shape
        (3, 4)
        """
        return _batch_export.plot_map(self.compute(), name, what, ax, label, kws)

    def save(self, path: str | PathLike[str]) -> None:
        """Write all numbers, names, coordinates and messages to a file of NumPy's format ``npz``.

        The data and the model are not stored.

        Parameters
        ----------
        path : path-like
            Name of the file, as it is.

        Examples
        --------
        >>> import os, tempfile
        >>> import numpy as np
        >>> from lmfit.models import LinearModel
        >>> x = np.arange(5.0)
        >>> result = LinearModel().fit_many([2 * x, 3 * x + 1], x=x, slope=1, intercept=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "fits.npz")
        ...     result.save(path)
        ...     BatchResult.load(path)
        <BatchResult: 2 fits of slope, intercept; all succeeded>
        """
        result = self.compute()
        _batch_export.save(path, result._table, result.params, result._labels, result._texts)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> BatchResult:
        """Read a file that `save` has written; nothing in it is executed.

        Parameters
        ----------
        path : path-like
            Name of the file.

        Returns
        -------
        BatchResult
            Without data and model: single fits cannot be made again from it.

        Raises
        ------
        ModelError
            The file is something else.
        """
        table, params, layout, labels, texts = _batch_export.load(path)
        return cls(table, params, layout, labels, texts=texts)
