"""Variable projection beside `leastsq`: evaluations and time for the same optimum.

The built-in models know their derivatives, which are not counted as evaluations. Start values of amplitudes
are good (within a third) or all 1; centres and widths start half a width off. NIST's problems have numeric
derivatives, and the search for linear parameters counts.
"""

from __future__ import annotations

from _timing import compare, heading, show_time

import functools
import sys
from pathlib import Path
from typing import Any

import numpy as np

from lmfit import Parameters, minimize
from lmfit.model import Model
from lmfit.models import GaussianModel, LinearModel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
import nist

X = np.linspace(0.0, 20.0, 400)
NOISE = 0.05
ENGINES = ("leastsq", "varpro")


def spectrum(n: int, good: bool) -> tuple[Model, Parameters, Any]:
    """Return a model of `n` peaks on a line, start values and data."""
    rng = np.random.default_rng(n)
    model, truth, start = LinearModel(), {"slope": 0.1, "intercept": 1.0}, {"slope": 0.0, "intercept": 1.0}
    for i, center in enumerate(np.linspace(2.0, 18.0, n + 2)[1:-1]):
        width, height = 4.0 / (n + 1), 5.0 + i
        model = model + GaussianModel(prefix=f"g{i}_")
        truth |= {f"g{i}_amplitude": height, f"g{i}_center": center, f"g{i}_sigma": width}
        amplitude = height * rng.uniform(0.7, 1.3) if good else 1.0
        shift, factor = rng.choice([-0.5, 0.5]) * width, rng.uniform(0.8, 1.3)
        start |= {
            f"g{i}_amplitude": amplitude,
            f"g{i}_center": center + shift,
            f"g{i}_sigma": factor * width,
        }
    data = model.eval(model.make_params(**truth), x=X) + rng.normal(0.0, NOISE, X.size)
    return model, model.make_params(**start), data


def fit(model: Model, params: Parameters, data: Any, method: str) -> Any:
    return model.fit(data, params, x=X, method=method, max_nfev=500)


def peaks() -> None:
    print("\npeaks on a line, 400 points; 'found' compares chi-square with that of the noise")
    print(f"{'':26}{'leastsq':>9}{'varpro':>9}{'time':>10}{'time':>10}{'ratio':>8}{'found':>12}")
    for n in (1, 2, 5, 10, 20):
        for good in (True, False):
            problem = spectrum(n, good)
            found = {name: fit(*problem, name) for name in ENGINES}
            times = compare({name: functools.partial(fit, *problem, name) for name in ENGINES}, rounds=5)
            reached = "/".join("yes" if one.redchi < 1.5 * NOISE**2 else "no" for one in found.values())
            label = f"{n:3} {'good' if good else 'all 1'} amplitudes"
            print(
                f"{label:26}{found['leastsq'].nfev:9}{found['varpro'].nfev:9}"
                f"{show_time(times['leastsq'].seconds):>10}{show_time(times['varpro'].seconds):>10}"
                f"{times['varpro'].ratio:8.2f}{reached:>12}"
            )


def certified() -> None:
    print(
        "\nNIST's problems, numeric derivatives: evaluations from both starts, digits of the worst parameter"
    )
    print(f"{'':12}{'leastsq':>9}{'varpro':>9}{'leastsq':>9}{'varpro':>9}{'digits':>9}{'':>7}")
    total = dict.fromkeys(ENGINES, 0)
    for name in nist.names():
        data = nist.load(name)
        if name.startswith("Chwirut"):  # linear in none
            continue
        counts, digits = [], []
        for start in (data.start1, data.start2):
            for engine in ENGINES:
                params = Parameters()
                for key, value in zip(data.parameter_names, start, strict=True):
                    params.add(key, value=value)
                with np.errstate(all="ignore"):
                    out = minimize(nist.residual(data), params, method=engine)
                counts.append(out.nfev)
                total[engine] += out.nfev
                best = [par.value for par in out.params.values()]
                digits.append(nist.digits(best, data.certified).min())
        print(
            f"{name:12}{counts[0]:9}{counts[1]:9}{counts[2]:9}{counts[3]:9}"
            f"{min(digits[::2]):9.1f}{min(digits[1::2]):7.1f}"
        )
    print(f"all: {total['leastsq']} and {total['varpro']}")


if __name__ == "__main__":
    print(__doc__.split("\n")[0])
    print(heading())
    peaks()
    certified()
