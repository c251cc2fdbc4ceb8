r"""Built-in models: the functions of `lineshapes` with bounds, derived parameters and start values.

All classes take the same arguments:

independent_vars : sequence of str, optional
    Arguments of the function that are independent variables: ``x``, and ``form`` where there is one.
prefix : str, optional
    Put in front of the names of the parameters, so that models can be added.
nan_policy : {'raise', 'omit', 'propagate'}, optional
    What a fit does with data that are not finite.
\*\*kws
    What else `lmfit.model.Model` takes.

The parameters have the names of the arguments of the function.  Many models have derived parameters on top,
such as `fwhm` and `height`; they are expressions, and so have standard errors like all others.

Every model, and every sum of them, can estimate start values, ``model.guess(data, x=x)``, and has analytic
derivatives.

>>> x = np.linspace(0, 10, 101)
>>> data = 3.0 + 5.0 * np.exp(-((x - 4.0) ** 2) / 0.5)
>>> model = GaussianModel() + ConstantModel()
>>> result = model.fit(data, model.guess(data, x=x), x=x)
>>> round(result.params["height"].value, 6), round(result.params["fwhm"].value, 6)
(5.0, 1.17741)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np

from . import lineshapes
from ._derivatives import Array
from ._format import folded
from ._guess import GuessError
from ._model_functions import ExpressionFunction, Polynomial, Spline, complex_constant, constant
from .errors import ModelError
from .lineshapes import tiny
from .model import Model
from .parameter import Parameters

__all__ = [
    "BoseModel",
    "BreitWignerModel",
    "BuiltInModel",
    "ComplexConstantModel",
    "ConstantModel",
    "DampedHarmonicOscillatorModel",
    "DampedOscillatorModel",
    "DonaichModel",
    "DoniachModel",
    "ExponentialGaussianModel",
    "ExponentialModel",
    "ExpressionModel",
    "FermiModel",
    "Gaussian2dModel",
    "GaussianModel",
    "GuessError",
    "LinearModel",
    "LognormalModel",
    "LorentzianModel",
    "MoffatModel",
    "ParabolicModel",
    "Pearson4Model",
    "Pearson7Model",
    "PolynomialModel",
    "PowerLawModel",
    "PseudoVoigtModel",
    "QuadraticModel",
    "RectangleModel",
    "SineModel",
    "SkewedGaussianModel",
    "SkewedVoigtModel",
    "SplineModel",
    "SplitLorentzianModel",
    "StepModel",
    "StudentsTModel",
    "ThermalDistributionModel",
    "VoigtModel",
    "fwhm_expr",
    "guess_from_peak",
    "height_expr",
    "lmfit_models",
    "update_param_vals",
]

#: Attributes of parameters by name; in an expression, names in braces get the prefix.
Hints: TypeAlias = Mapping[str, Mapping[str, Any]]

tau = 2.0 * math.pi
_FWHM_OF_GAUSSIAN = 2.0 * math.sqrt(2.0 * math.log(2.0))
_POSITIVE = {"min": 0}
_SIGMA = f"max({tiny}, {{sigma}})"

COMMON_INIT_DOC = """
    Parameters
    ----------
    independent_vars : sequence of str, optional
        Arguments of the function that are independent variables.
    prefix : str, optional
        Put in front of the names of the parameters.
    nan_policy : {'raise', 'omit', 'propagate'}, optional
        What a fit does with data that are not finite.
    **kws
        What else `Model` takes.
"""
COMMON_GUESS_DOC = """Estimate start values from data.

    Parameters
    ----------
    data : array_like
    x : array_like
        Independent variable.
    **kws
        Values of parameters that are to be kept.

    Returns
    -------
    Parameters
"""


class BuiltInModel(Model):
    """What the models of this module have in common: hints, a guess of start values, and derivatives.

    Parameters
    ----------
    independent_vars : sequence of str, optional
        Arguments of the function that are independent variables.
    prefix : str, optional
        Put in front of the names of the parameters.
    nan_policy : {'raise', 'omit', 'propagate'}, optional
        What a fit does with data that are not finite.
    **kws
        What else `Model` takes.

    Examples
    --------
    >>> x = np.linspace(0, 10, 51)
    >>> model = GaussianModel(prefix="g_")
    >>> isinstance(model, BuiltInModel), model.linear_parameters
    (True, ('amplitude',))
    >>> result = model.fit(lineshapes.gaussian(x, 5, 4, 1), x=x, g_center=3)
    >>> round(result.params["g_fwhm"].value, 4)
    2.3548
    """

    #: The function.
    function: ClassVar[Callable[..., Any]]
    #: What its parameters get when they are made, derived ones included.
    hints: ClassVar[Hints] = {}
    #: Independent variables and parameters, where the function's signature does not tell them apart.
    _variables: ClassVar[Sequence[str] | None] = None
    _roots: ClassVar[Sequence[str] | None] = None

    def __init__(
        self,
        independent_vars: Sequence[str] | None = None,
        prefix: str = "",
        nan_policy: str = "raise",
        **kws: Any,
    ) -> None:
        variables = self._variables if independent_vars is None else independent_vars
        kws.setdefault("param_names", self._roots)
        super().__init__(self._made_function(), variables, prefix=prefix, nan_policy=nan_policy, **kws)
        self._add_hints()

    def _made_function(self) -> Callable[..., Any]:
        """Return the function of this model."""
        return type(self).function

    def _add_hints(self) -> None:
        names = {name: self.prefix + name for name in (*(self._param_root_names or ()), *self.hints)}
        for name, hint in self.hints.items():
            found = {key: value.format(**names) if key == "expr" else value for key, value in hint.items()}
            if name in self.param_hints:  # the user's come on top
                self.set_param_hint(name, **{**found, **self.param_hints[name]})
            else:
                self.param_hints[name] = found

    @property
    def linear_parameters(self) -> tuple[str, ...]:
        """Parameters, without prefix, that the model is linear in, all at once."""
        return lineshapes.linear_parameters(self.func)


class ConstantModel(BuiltInModel):
    """A constant `c`; it needs no independent variable.

    Examples
    --------
    >>> round(ConstantModel().guess([1.0, 2.0, 6.0])["c"].value, 6)
    3.0
    """

    function = staticmethod(constant)


class ComplexConstantModel(BuiltInModel):
    """A complex constant of the parts `re` and `im`.

    Examples
    --------
    >>> print(*ComplexConstantModel().make_params())
    re im
    """

    function = staticmethod(complex_constant)


class LinearModel(BuiltInModel):
    """A straight line: `slope`, `intercept`.

    Examples
    --------
    >>> print(*LinearModel().make_params())
    slope intercept
    """

    function = staticmethod(lineshapes.linear)


class QuadraticModel(BuiltInModel):
    """A parabola ``a * x**2 + b * x + c``.

    Examples
    --------
    >>> print(*QuadraticModel().make_params())
    a b c
    """

    function = staticmethod(lineshapes.parabolic)


ParabolicModel = QuadraticModel


class PolynomialModel(BuiltInModel):
    """A polynomial ``c0 + c1 * x + c2 * x**2 + ...``.

    Parameters
    ----------
    degree : int
        Highest power; the parameters are `c0` to the `c` of that number.
    *args, **kws
        As of `BuiltInModel`.

    Raises
    ------
    TypeError
        `degree` is no whole number, or negative.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 21)
    >>> params = PolynomialModel(degree=2).guess(1 + 2 * x + 3 * x**2, x=x)
    >>> {name: round(value, 6) for name, value in params.valuesdict().items()}
    {'c0': 1.0, 'c1': 2.0, 'c2': 3.0}
    """

    def __init__(self, degree: int = 7, *args: Any, **kws: Any) -> None:
        if isinstance(degree, bool) or not hasattr(degree, "__index__") or degree < 0:
            raise TypeError(f"PolynomialModel: degree must be a whole number from 0 on, got {degree!r}")
        self.poly_degree = int(degree)
        super().__init__(*args, **kws)

    def _made_function(self) -> Callable[..., Any]:
        return Polynomial(self.poly_degree)


class SplineModel(BuiltInModel):
    """A cubic spline through values at knots, which are its parameters `s0`, `s1`, ....

    It is the interpolating spline with "not a knot" ends.  Beyond the outermost knots it is continued.

    Parameters
    ----------
    xknots : array_like, shape (n,)
        At least two places, in increasing order.
    *args, **kws
        As of `BuiltInModel`.

    Raises
    ------
    TypeError, ValueError
        They are no such numbers.

    Examples
    --------
    >>> x = np.linspace(0, 6, 61)
    >>> model = SplineModel(xknots=[0, 1, 2, 3, 4, 5, 6])
    >>> result = model.fit(np.sin(x), model.guess(np.sin(x), x=x), x=x)
    >>> round(result.params["s2"].value, 2), round(float(np.sin(2)), 2)
    (0.91, 0.91)
    """

    def __init__(self, xknots: Sequence[float] | Array, *args: Any, **kws: Any) -> None:
        self.xknots = _knots(xknots)
        super().__init__(*args, **kws)

    def _made_function(self) -> Callable[..., Any]:
        return Spline(self.xknots)


def _knots(given: Any) -> Array:
    try:
        knots = np.asarray(given, float)
    except (TypeError, ValueError):
        knots = np.empty(0)
    if knots.ndim != 1 or len(knots) < 2 or not np.all(np.diff(knots) > 0.0):
        raise ValueError(
            f"SplineModel: xknots must be at least two numbers in increasing order, got {given!r:.200}"
        )
    return knots


class SineModel(BuiltInModel):
    """A sine wave: `amplitude`, `frequency` in radians per unit of `x`, `shift` in radians.

    Examples
    --------
    >>> print(*SineModel().make_params())
    amplitude frequency shift
    """

    function = staticmethod(lineshapes.sine)
    hints: ClassVar[Hints] = {
        "amplitude": _POSITIVE,
        "frequency": _POSITIVE,
        "shift": {"min": -tau - 1e-5, "max": tau + 1e-5},
    }


class GaussianModel(BuiltInModel):
    """A Gaussian: `amplitude` (its area), `center`, `sigma`; derived `fwhm`, `height`.

    Examples
    --------
    >>> print(*GaussianModel().make_params())
    amplitude center sigma fwhm height
    """

    fwhm_factor = _FWHM_OF_GAUSSIAN
    height_factor = 1.0 / math.sqrt(tau)
    function = staticmethod(lineshapes.gaussian)
    hints: ClassVar[Hints] = {
        "sigma": _POSITIVE,
        "fwhm": {"expr": f"{fwhm_factor!r}*{{sigma}}"},
        "height": {"expr": f"{height_factor!r}*{{amplitude}}/{_SIGMA}"},
    }


class Gaussian2dModel(BuiltInModel):
    """A Gaussian of `x` and `y`.

    Its parameters are `amplitude` (its volume), `centerx`, `centery`, `sigmax`, `sigmay`; derived `fwhmx`,
    `fwhmy`, `height`.

    Examples
    --------
    >>> x, y = np.meshgrid(np.linspace(-5, 5, 21), np.linspace(-4, 4, 17))
    >>> data = lineshapes.gaussian2d(x, y, 10, 1, -1, 1.5, 0.8)
    >>> model = Gaussian2dModel()
    >>> result = model.fit(data, model.guess(data, x=x, y=y), x=x, y=y)
    >>> round(result.params["sigmay"].value, 6)
    0.8
    """

    fwhm_factor = _FWHM_OF_GAUSSIAN
    height_factor = 1.0 / tau
    function = staticmethod(lineshapes.gaussian2d)
    hints: ClassVar[Hints] = {
        "sigmax": _POSITIVE,
        "sigmay": _POSITIVE,
        "fwhmx": {"expr": f"{fwhm_factor!r}*{{sigmax}}"},
        "fwhmy": {"expr": f"{fwhm_factor!r}*{{sigmay}}"},
        "height": {
            "expr": f"{height_factor!r}*{{amplitude}}/(max({tiny}, {{sigmax}})*max({tiny}, {{sigmay}}))"
        },
    }
    _variables = ("x", "y")

    def guess(  # type: ignore[override]
        self, data: Any, x: Any = None, y: Any = None, negative: bool = False, **kws: Any
    ) -> Parameters:
        """Estimate start values from data, see `Model.guess`; `x`, `y` and `data` have one shape.

        Parameters
        ----------
        data : array_like
            What is to be fitted, of any shape.
        x, y : array_like
            Independent variables, in the shape of `data`.
        negative : bool, optional
            Whether the peak must be a dip.
        **kws
            Values of parameters that are to be kept.

        Returns
        -------
        lmfit.Parameters
            New ones, as `make_params` makes them.

        Raises
        ------
        GuessError
            There are no data, or an independent variable is missing or has another size.

        Examples
        --------
        >>> x, y = np.meshgrid(np.linspace(-5, 5, 21), np.linspace(-4, 4, 17))
        >>> params = Gaussian2dModel().guess(lineshapes.gaussian2d(x, y, 10, 1, -1, 1.5, 0.8), x=x, y=y)
        >>> round(params["centerx"].value, 1), round(params["centery"].value, 1)
        (1.0, -1.0)
        """
        return super().guess(data, x, negative, y=y, **kws)


class LorentzianModel(BuiltInModel):
    """A Lorentzian: `amplitude` (its area), `center`, `sigma`; derived `fwhm`, `height`.

    Examples
    --------
    >>> print(*LorentzianModel().make_params())
    amplitude center sigma fwhm height
    """

    fwhm_factor = 2.0
    height_factor = 1.0 / math.pi
    function = staticmethod(lineshapes.lorentzian)
    hints: ClassVar[Hints] = {
        "sigma": _POSITIVE,
        "fwhm": {"expr": "2.0*{sigma}"},
        "height": {"expr": f"{height_factor!r}*{{amplitude}}/{_SIGMA}"},
    }


class SplitLorentzianModel(BuiltInModel):
    """A Lorentzian of two half widths: `amplitude`, `center`, `sigma`, `sigma_r`; `fwhm`, `height`.

    Examples
    --------
    >>> print(*SplitLorentzianModel().make_params())
    amplitude center sigma sigma_r fwhm height
    """

    function = staticmethod(lineshapes.split_lorentzian)
    hints: ClassVar[Hints] = {
        "sigma": _POSITIVE,
        "sigma_r": _POSITIVE,
        "fwhm": {"expr": "{sigma}+{sigma_r}"},
        "height": {"expr": f"2*{{amplitude}}/pi/max({tiny}, {{sigma}}+{{sigma_r}})"},
    }


#: To 0.02 % (J. Olivero and R. Longbothum, J. Quant. Spectrosc. Radiat. Transfer 17 (1977) 233).
_FWHM_OF_VOIGT = "1.0692*{gamma}+sqrt(0.8664*{gamma}**2+5.545083*{sigma}**2)"


class VoigtModel(BuiltInModel):
    """A Voigt profile: `amplitude` (its area), `center`, `sigma`, `gamma`; derived `fwhm`, `height`.

    `gamma` is tied to `sigma`; to free it: ``params["gamma"].set(expr="", vary=True)``.

    Examples
    --------
    >>> print(*VoigtModel().make_params())
    amplitude center sigma gamma fwhm height
    """

    function = staticmethod(lineshapes.voigt)
    hints: ClassVar[Hints] = {
        "sigma": _POSITIVE,
        "gamma": {"expr": "{sigma}"},
        "fwhm": {"expr": _FWHM_OF_VOIGT},
        # erfcx(y) is the Faddeeva function at 1j*y, real.
        "height": {"expr": f"{{amplitude}}/({_SIGMA}*sqrt(2*pi))*erfcx({{gamma}}/({_SIGMA}*sqrt(2)))"},
    }
    _roots = ("amplitude", "center", "sigma", "gamma")


class PseudoVoigtModel(BuiltInModel):
    """A pseudo-Voigt profile: `amplitude` (its area), `center`, `sigma`, `fraction`; `fwhm`, `height`.

    Examples
    --------
    >>> print(*PseudoVoigtModel().make_params())
    amplitude center sigma fraction fwhm height
    """

    fwhm_factor = 2.0
    function = staticmethod(lineshapes.pvoigt)
    hints: ClassVar[Hints] = {
        "sigma": _POSITIVE,
        "fraction": {"value": 0.5, "min": 0.0, "max": 1.0},
        "fwhm": {"expr": "2.0*{sigma}"},
        "height": {"expr": f"{{amplitude}}/{_SIGMA}*((1-{{fraction}})*sqrt(log(2)/pi)+{{fraction}}/pi)"},
    }


class MoffatModel(BuiltInModel):
    """A Moffat function: `amplitude` (its height), `center`, `sigma`, `beta`; derived `fwhm`, `height`.

    Examples
    --------
    >>> print(*MoffatModel().make_params())
    amplitude center sigma beta fwhm height
    """

    function = staticmethod(lineshapes.moffat)
    hints: ClassVar[Hints] = {
        "sigma": _POSITIVE,
        "fwhm": {"expr": "2*{sigma}*sqrt(2**(1.0/max(1e-3, {beta}))-1)"},
        "height": {"expr": "{amplitude}"},
    }


class Pearson4Model(BuiltInModel):
    """A Pearson IV distribution: `amplitude` (its area), `center`, `sigma`, `expon`, `skew`.

    Derived are `fwhm` (an approximation), `height` and `position`, the place of the maximum.

    Examples
    --------
    >>> print(*Pearson4Model().make_params())
    amplitude center sigma expon skew fwhm height position
    """

    function = staticmethod(lineshapes.pearson4)
    hints: ClassVar[Hints] = {
        "expon": {"value": 1.5, "min": 0.5 + tiny, "max": 1000},
        "skew": {"value": 0.0, "min": -1000, "max": 1000},
        "fwhm": {"expr": "{sigma}*sqrt(2**(1/{expon})-1)*pi/arctan2(exp(1)*{expon}, {skew})"},
        "height": {
            "expr": f"{{amplitude}}/{_SIGMA}*exp("
            "2*(real(loggammafcn({expon}+{skew}*0.5j))-loggammafcn({expon}))-betalnfnc({expon}-0.5, 0.5)"
            "-{expon}*log1p(({skew}/(2*{expon}))**2)+{skew}*arctan({skew}/(2*{expon})))"
        },
        "position": {"expr": "{center}-{sigma}*{skew}/(2*{expon})"},
    }


class Pearson7Model(BuiltInModel):
    """A Pearson VII distribution: `amplitude` (its area), `center`, `sigma`, `expon`; `fwhm`, `height`.

    Examples
    --------
    >>> print(*Pearson7Model().make_params())
    amplitude center sigma expon fwhm height
    """

    function = staticmethod(lineshapes.pearson7)
    hints: ClassVar[Hints] = {
        "expon": {"value": 1.5, "max": 100},
        "fwhm": {"expr": "sqrt(2**(1/{expon})-1)*2*{sigma}"},
        "height": {"expr": f"{{amplitude}}*exp(-betalnfnc({{expon}}-0.5, 0.5))/{_SIGMA}"},
    }


class StudentsTModel(BuiltInModel):
    """Student's t-distribution: `amplitude` (its area), `center`, `sigma`; derived `fwhm`, `height`.

    Examples
    --------
    >>> print(*StudentsTModel().make_params())
    amplitude center sigma fwhm height
    """

    function = staticmethod(lineshapes.students_t)
    hints: ClassVar[Hints] = {
        "sigma": {"min": 0.0, "max": 100},
        "fwhm": {"expr": "2*sqrt(2**(2/({sigma}+1))*{sigma}-{sigma})"},
        "height": {"expr": f"{{amplitude}}*exp(-betalnfnc(0.5*{_SIGMA}, 0.5))/sqrt({_SIGMA})"},
    }


class BreitWignerModel(BuiltInModel):
    """A Breit-Wigner-Fano resonance: `amplitude`, `center`, `sigma`, `q`.

    Examples
    --------
    >>> print(*BreitWignerModel().make_params())
    amplitude center sigma q
    """

    function = staticmethod(lineshapes.breit_wigner)
    hints: ClassVar[Hints] = {"sigma": {"min": 0.0}}


class LognormalModel(BuiltInModel):
    """A log-normal distribution: `amplitude` (its area), `center`, `sigma`; derived `fwhm`, `height`.

    Examples
    --------
    >>> print(*LognormalModel().make_params())
    amplitude center sigma fwhm height
    """

    function = staticmethod(lineshapes.lognormal)
    hints: ClassVar[Hints] = {
        "sigma": _POSITIVE,
        "fwhm": {"expr": "2*exp({center}-{sigma}**2)*sinh({sigma}*sqrt(2*log(2)))"},
        "height": {"expr": f"{{amplitude}}/({_SIGMA}*sqrt(2*pi))*exp({{sigma}}**2/2-{{center}})"},
    }


class DampedOscillatorModel(BuiltInModel):
    """A damped oscillator: `amplitude`, `center`, `sigma` (the damping ratio); derived `height`.

    Examples
    --------
    >>> print(*DampedOscillatorModel().make_params())
    amplitude center sigma height
    """

    height_factor = 0.5
    function = staticmethod(lineshapes.damped_oscillator)
    hints: ClassVar[Hints] = {"sigma": _POSITIVE, "height": {"expr": f"0.5*{{amplitude}}/{_SIGMA}"}}


class DampedHarmonicOscillatorModel(BuiltInModel):
    """A damped harmonic oscillator: `amplitude`, `center`, `sigma`, `gamma`; derived `fwhm`, `height`.

    Examples
    --------
    >>> print(*DampedHarmonicOscillatorModel().make_params())
    amplitude center sigma gamma fwhm height
    """

    fwhm_factor = 2.0
    function = staticmethod(lineshapes.dho)
    hints: ClassVar[Hints] = {
        "center": _POSITIVE,
        "sigma": _POSITIVE,
        "gamma": {"min": 1e-19},
        "fwhm": {"expr": "2.0*{sigma}"},
        "height": {
            "expr": f"{{amplitude}}*{{sigma}}/max({tiny}, pi*(1-exp(-{{center}}/max({tiny}, {{gamma}}))))"
            f"*(1/{_SIGMA}**2-1/(4*{{center}}**2+{_SIGMA}**2))"
        },
    }


class ExponentialGaussianModel(BuiltInModel):
    """A Gaussian with an exponential tail: `amplitude` (its area), `center`, `sigma`, `gamma` (the rate).

    Examples
    --------
    >>> print(*ExponentialGaussianModel().make_params())
    amplitude center sigma gamma
    """

    function = staticmethod(lineshapes.expgaussian)
    hints: ClassVar[Hints] = {"sigma": _POSITIVE, "gamma": {"min": 0, "max": 20}}


class SkewedGaussianModel(BuiltInModel):
    """A skew normal distribution: `amplitude` (its area), `center`, `sigma`, `gamma` (the skewness).

    Examples
    --------
    >>> print(*SkewedGaussianModel().make_params())
    amplitude center sigma gamma
    """

    function = staticmethod(lineshapes.skewed_gaussian)
    hints: ClassVar[Hints] = {"sigma": _POSITIVE}


class SkewedVoigtModel(BuiltInModel):
    """A skewed Voigt profile: `amplitude` (area), `center`, `sigma`, `gamma` (tied to `sigma`), `skew`.

    Examples
    --------
    >>> print(*SkewedVoigtModel().make_params())
    amplitude center sigma gamma skew
    """

    function = staticmethod(lineshapes.skewed_voigt)
    hints: ClassVar[Hints] = {"sigma": _POSITIVE, "gamma": {"expr": "{sigma}"}}
    _roots = ("amplitude", "center", "sigma", "gamma", "skew")


class _FormModel(BuiltInModel):
    """A model whose function has an option `form`."""

    def __init__(self, *args: Any, form: str | None = None, **kws: Any) -> None:
        form = self.valid_forms[0] if form is None else form
        if form not in self.valid_forms:
            raise ValueError(
                f"{type(self).__name__}: form must be one of {', '.join(map(repr, self.valid_forms))}, "
                f"got {form!r}"
            )
        super().__init__(*args, form=form, **kws)


class ThermalDistributionModel(_FormModel):
    """A thermal distribution: `amplitude`, `center`, `kt`; `form` is 'bose', 'maxwell' or 'fermi'.

    Only ``amplitude * exp(-center / kt)`` can be told from data: fix `amplitude` or `center`.

    Examples
    --------
    >>> print(*ThermalDistributionModel(form="fermi").make_params())
    amplitude center kt
    """

    function = staticmethod(lineshapes.thermal_distribution)
    valid_forms = ("bose", "maxwell", "fermi")


class BoseModel(BuiltInModel):
    """The Bose-Einstein distribution: `amplitude`, `center`, `kt`.

    Examples
    --------
    >>> print(*BoseModel().make_params())
    amplitude center kt
    """

    function = staticmethod(lineshapes.bose)


class FermiModel(BuiltInModel):
    """The Fermi-Dirac distribution: `amplitude`, `center`, `kt`.

    Examples
    --------
    >>> print(*FermiModel().make_params())
    amplitude center kt
    """

    function = staticmethod(lineshapes.fermi)


class DoniachModel(BuiltInModel):
    """A Doniach-Sunjic line: `amplitude`, `center`, `sigma`, `gamma` (the asymmetry); derived `height`.

    Examples
    --------
    >>> print(*DoniachModel().make_params())
    amplitude center sigma gamma height
    """

    function = staticmethod(lineshapes.doniach)
    hints: ClassVar[Hints] = {
        "height": {"expr": f"{{amplitude}}/max({tiny}, {{sigma}}**(1-{{gamma}}))*cos(pi*{{gamma}}/2)"}
    }


DonaichModel = DoniachModel


class PowerLawModel(BuiltInModel):
    """A power law: `amplitude`, `exponent`.

    Examples
    --------
    >>> print(*PowerLawModel().make_params())
    amplitude exponent
    """

    function = staticmethod(lineshapes.powerlaw)


class ExponentialModel(BuiltInModel):
    """An exponential decay: `amplitude`, `decay`.

    Examples
    --------
    >>> print(*ExponentialModel().make_params())
    amplitude decay
    """

    function = staticmethod(lineshapes.exponential)


class StepModel(_FormModel):
    """A step: `amplitude`, `center`, `sigma`; `form` is 'linear', 'atan' or 'arctan', 'erf', 'logistic'.

    Examples
    --------
    >>> print(*StepModel(form="erf").make_params())
    amplitude center sigma
    """

    function = staticmethod(lineshapes.step)
    valid_forms = ("linear", "atan", "arctan", "erf", "logistic")


class RectangleModel(_FormModel):
    """A step up and down again: `amplitude`, `center1`, `sigma1`, `center2`, `sigma2`; derived `midpoint`.

    `form` is 'linear', 'atan' or 'arctan', 'erf', 'logistic'.

    Examples
    --------
    >>> print(*RectangleModel(form="erf").make_params())
    amplitude center1 sigma1 center2 sigma2 midpoint
    """

    function = staticmethod(lineshapes.rectangle)
    valid_forms = ("linear", "atan", "arctan", "erf", "logistic")
    hints: ClassVar[Hints] = {"midpoint": {"expr": "({center1}+{center2})/2.0"}}


class ExpressionModel(Model):
    """A model from the text of an expression.

    The names in it are parameters, but for independent variables, for functions that are called, and for
    what `init_script` defines.  The expression is evaluated as those of parameters are: it can compute with
    arrays and call mathematical functions, but not open files, import, or reach an attribute of an object.

    Parameters
    ----------
    expr : str
        The text of the expression.
    independent_vars : sequence of str, optional
        Names of independent variables; by default `x`.
    init_script : str, optional
        Statements that define functions and constants, run once.
    nan_policy : {'raise', 'omit', 'propagate'}, optional
        What a fit does with data that are not finite.
    **kws
        What else `Model` takes.

    Raises
    ------
    ExpressionError
        The expression or the script cannot be understood.
    ValueError
        There is no independent variable in the expression.

    Examples
    --------
    >>> model = ExpressionModel("off + amp * exp(-x/x0) * cos(x*phase)")
    >>> model.param_names
    ['off', 'amp', 'x0', 'phase']
    >>> ExpressionModel("twice(a*t)", ["t"], "def twice(u): return 2*u").eval(a=3, t=np.array([1.0, 2.0]))
    array([ 6., 12.])
    """

    def __init__(
        self,
        expr: str,
        independent_vars: Sequence[str] | None = None,
        init_script: str | None = None,
        nan_policy: str = "raise",
        **kws: Any,
    ) -> None:
        if not isinstance(expr, str):
            raise TypeError(f"ExpressionModel: expr must be the text of an expression, not {expr!r:.80}")
        variables = _names(independent_vars)
        function = ExpressionFunction(expr, variables, init_script)
        self.expr, self.init_script, self.asteval = expr, init_script, function.namespace.interpreter
        kws.setdefault("name", expr)
        super().__init__(function, independent_vars=variables, nan_policy=nan_policy, **kws)

    def __repr__(self) -> str:
        return folded(f"<lmfit.ExpressionModel({self.expr!r})>")

    def guess(self, data: Any, x: Any = None, negative: bool = False, **kws: Any) -> Parameters:
        """Refuse: nothing is known about the expression.

        Parameters
        ----------
        data : array_like
            Not looked at, as the others.
        x : array_like, optional
            Independent variable.
        negative : bool, optional
            Whether a single peak must be a dip.
        **kws
            Other independent variables, and values.

        Returns
        -------
        lmfit.Parameters
            Never.

        Raises
        ------
        NotImplementedError
            Always; give start values to `make_params`.

        Examples
        --------
        >>> ExpressionModel("a * x").guess([1.0, 2.0], x=[0.0, 1.0])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        NotImplementedError: ...make_params...
        """
        raise NotImplementedError(f"{self!r} cannot guess start values; give them to make_params()")


def _names(independent_vars: Any) -> list[str]:
    if independent_vars is None:
        return ["x"]
    if isinstance(independent_vars, str) or not isinstance(independent_vars, Sequence):
        raise ModelError(f"independent_vars must be a list of names, not {independent_vars!r:.80}")
    return list(independent_vars)


#: The models by name.
lmfit_models: dict[str, type[Model]] = {
    "Constant": ConstantModel,
    "Complex Constant": ComplexConstantModel,
    "Linear": LinearModel,
    "Quadratic": QuadraticModel,
    "Polynomial": PolynomialModel,
    "Spline": SplineModel,
    "Gaussian": GaussianModel,
    "Gaussian-2D": Gaussian2dModel,
    "Lorentzian": LorentzianModel,
    "Split-Lorentzian": SplitLorentzianModel,
    "Voigt": VoigtModel,
    "PseudoVoigt": PseudoVoigtModel,
    "Moffat": MoffatModel,
    "Pearson4": Pearson4Model,
    "Pearson7": Pearson7Model,
    "StudentsT": StudentsTModel,
    "Breit-Wigner": BreitWignerModel,
    "Log-Normal": LognormalModel,
    "Damped Oscillator": DampedOscillatorModel,
    "Damped Harmonic Oscillator": DampedHarmonicOscillatorModel,
    "Exponential Gaussian": ExponentialGaussianModel,
    "Skewed Gaussian": SkewedGaussianModel,
    "Skewed Voigt": SkewedVoigtModel,
    "Thermal Distribution": ThermalDistributionModel,
    "Bose-Einstein Distribution": BoseModel,
    "Fermi-Dirac Distribution": FermiModel,
    "Doniach": DoniachModel,
    "Power Law": PowerLawModel,
    "Exponential": ExponentialModel,
    "Sine": SineModel,
    "Step": StepModel,
    "Rectangle": RectangleModel,
    "Expression": ExpressionModel,
}


def guess_from_peak(
    model: Model, y: Any, x: Any, negative: bool, ampscale: float = 1.0, sigscale: float = 1.0
) -> Parameters:
    """Estimate `amplitude`, `center` and `sigma` of a peak, for models of your own that have them.

    Parameters
    ----------
    model : Model
        It must have the three parameters.
    y, x : array_like
        Data and independent variable.
    negative : bool
        Whether it must be a dip.
    ampscale : float, optional
        Ratio of `amplitude` to height times `sigma`.
    sigscale : float, optional
        Ratio of `sigma` to the full width at half maximum.

    Returns
    -------
    lmfit.Parameters
        Those of the model; `sigma` has a lower bound of zero.

    Examples
    --------
    >>> x = np.linspace(0, 10, 51)
    >>> params = guess_from_peak(LorentzianModel(), lineshapes.gaussian(x, 2, 4, 1), x, False, ampscale=3.1)
    >>> round(params["center"].value, 1)
    4.0
    """
    peak = GaussianModel().guess(y, x, negative)
    params = model.make_params()
    width = float(peak["fwhm"].value) * sigscale
    params[model.prefix + "center"].value = peak["center"].value
    params[model.prefix + "sigma"].set(value=width, min=0.0)
    params[model.prefix + "amplitude"].value = float(peak["height"].value) * width * ampscale
    return params


def update_param_vals(pars: Parameters, prefix: str, **kwargs: Any) -> Parameters:
    """Set the values of parameters named without their prefix, and return the Parameters.

    Parameters
    ----------
    pars : Parameters
        Changed in place; values of tied parameters are left alone.
    prefix : str
        What their names begin with.
    **kwargs
        Values by name without prefix; names that there are not are ignored.

    Returns
    -------
    lmfit.Parameters
        The same object.

    Examples
    --------
    >>> update_param_vals(GaussianModel(prefix="g_").make_params(), "g_", sigma=3)["g_sigma"].value
    3
    """
    for name, value in kwargs.items():
        if prefix + name in pars:
            pars[prefix + name].value = value
    return pars


def fwhm_expr(model: Any) -> str:
    """Return the expression of the full width of a model that has a `fwhm_factor`.

    Parameters
    ----------
    model : Model
        With attributes ``fwhm_factor`` and ``prefix``.

    Returns
    -------
    str
        For the `expr` of a parameter.

    Examples
    --------
    >>> fwhm_expr(LorentzianModel(prefix="l_"))
    '2.0*l_sigma'
    """
    return f"{model.fwhm_factor!r}*{model.prefix}sigma"


def height_expr(model: Any) -> str:
    """Return the expression of the height of a model that has a `height_factor`.

    Parameters
    ----------
    model : Model
        With attributes ``height_factor`` and ``prefix``.

    Returns
    -------
    str
        For the `expr` of a parameter.

    Examples
    --------
    >>> height_expr(DampedOscillatorModel())
    '0.5*amplitude/max(1e-15, sigma)'
    """
    return f"{model.height_factor!r}*{model.prefix}amplitude/max({tiny}, {model.prefix}sigma)"
