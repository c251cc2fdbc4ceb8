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

from . import confidence, jsonutils, lineshapes, minimizer, model, models, parameter, printfuncs
from .batch import BatchResult, fit_many
from .bootstrap import bootstrap_interval, credible_interval
from .confidence import conf_interval, conf_interval2d, f_compare
from .errors import MinimizerException
from .global_model import GlobalModel
from .minimizer import Minimizer, minimize
from .model import CompositeModel, Model
from .parameter import Parameter, Parameters, create_params
from .printfuncs import ci_report, fit_report, report_ci, report_errors, report_fit
from .result import MinimizerResult

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
