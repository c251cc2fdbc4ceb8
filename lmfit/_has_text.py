"""The text of models and results as something that can be written to an open file."""

from __future__ import annotations

from abc import abstractmethod
from typing import IO, Any, ClassVar

from . import _model_json

__all__ = ["HasText"]


class HasText:
    """What `dumps` returns as text.

    Attributes
    ----------
    _saved_by : str
        The function that takes the name of a file.
    """

    _saved_by: ClassVar[str] = "save_model"

    @abstractmethod
    def dumps(self, **kws: Any) -> str:
        """Return the text; each class has its own.

        Parameters
        ----------
        **kws
            For `json.dumps`, and `trusted`.
        """

    def dump(self, fp: IO[str], **kws: Any) -> int:
        """Write `dumps` to an open text file.

        Parameters
        ----------
        fp : file
            Open for writing text.
        **kws
            As of `dumps`.

        Returns
        -------
        int
            Number of characters.

        Raises
        ------
        TypeError
            `fp` is no open file, but its name, say.

        Examples
        --------
        >>> from io import StringIO
        >>> from lmfit.models import LinearModel
        >>> model = LinearModel()
        >>> result = model.fit([1.0, 3.1, 4.9], x=[0, 1, 2], slope=1, intercept=0)
        >>> file = StringIO()
        >>> result.dump(file) == len(file.getvalue())
        True
        >>> _ = file.seek(0)
        >>> model.fit([0.0, 0.0, 0.0], x=[0, 1, 2], slope=1, intercept=0).load(file).params == result.params
        True
        """
        _model_json.check_file(fp, "write", self._saved_by)
        return fp.write(self.dumps(**kws))
