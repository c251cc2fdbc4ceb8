"""Non-linear least squares with named, bounded and constrained parameters.

Examples
--------
>>> import numpy as np
>>> from lmfit import Parameters, minimize
>>> x = np.linspace(0, 10, 50)
>>> data = 5 * np.exp(-x / 3)
>>> params = Parameters()
>>> params.add("amp", value=1, min=0)
>>> params.add("tau", value=1, min=0)
>>> out = minimize(lambda p: p["amp"] * np.exp(-x / p["tau"]) - data, params)
>>> round(params["tau"].value, 6)
3.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import minimizer, parameter, printfuncs
from .errors import MinimizerException
from .minimizer import Minimizer, minimize
from .parameter import Parameter, Parameters, create_params
from .printfuncs import ci_report, fit_report, report_ci, report_errors, report_fit
from .result import MinimizerResult

if TYPE_CHECKING:
    from . import confidence, jsonutils, lineshapes, model, models
    from .batch import BatchResult, fit_many
    from .bootstrap import bootstrap_interval, credible_interval
    from .confidence import conf_interval, conf_interval2d, f_compare
    from .global_model import GlobalModel
    from .model import CompositeModel, Model

__version__ = "2.0.0.dev0"

__all__ = [
    "BatchResult",
    "CompositeModel",
    "GlobalModel",
    "Minimizer",
    "MinimizerException",
    "MinimizerResult",
    "Model",
    "Parameter",
    "Parameters",
    "bootstrap_interval",
    "ci_report",
    "conf_interval",
    "conf_interval2d",
    "confidence",
    "create_params",
    "credible_interval",
    "f_compare",
    "fit_many",
    "fit_report",
    "jsonutils",
    "lineshapes",
    "minimize",
    "minimizer",
    "model",
    "models",
    "parameter",
    "printfuncs",
    "report_ci",
    "report_errors",
    "report_fit",
]

#: What is loaded when it is first asked for, and from where: a script that calls minimize() needs none of it.
_LATER = {
    "BatchResult": "batch",
    "CompositeModel": "model",
    "GlobalModel": "global_model",
    "Model": "model",
    "bootstrap_interval": "bootstrap",
    "conf_interval": "confidence",
    "conf_interval2d": "confidence",
    "credible_interval": "bootstrap",
    "f_compare": "confidence",
    "fit_many": "batch",
}
_MODULES = (
    "batch",
    "bootstrap",
    "confidence",
    "global_model",
    "jsonutils",
    "lineshapes",
    "model",
    "models",
    "plotting",
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{_LATER[name]}", __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_MODULES})
