"""What models cost: a fit of one peak to `curve_fit`, sums of many peaks to NumPy, and making them.

The reference for one peak is `scipy.optimize.curve_fit` of the same function, with its numerical Jacobian;
for sums of Gaussians it is a loop of NumPy over the peaks, and `scipy.optimize.leastsq` on that.
"""

from __future__ import annotations

from _timing import compare, heading, show_time

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import curve_fit, leastsq

from lmfit.lineshapes import gaussian
from lmfit.model import Model
from lmfit.models import GaussianModel

RNG = np.random.default_rng(0)
ROOT = np.sqrt(2.0 * np.pi)


def peak(x: Any, amplitude: float, center: float, sigma: float) -> Any:
    return amplitude / (ROOT * sigma) * np.exp(-((x - center) ** 2) / (2 * sigma**2))


def one_peak() -> dict[str, Callable[[], Any]]:
    x = np.linspace(0, 10, 101)
    data = peak(x, 8, 4.6, 0.9) + 0.05 * RNG.normal(size=101)
    start = {"amplitude": 5.0, "center": 5.0, "sigma": 1.0}
    model = GaussianModel()
    params = model.make_params(**start)
    assert np.allclose(
        curve_fit(gaussian, x, data, list(start.values()))[0],
        list(model.fit(data, x=x, **start).best_values.values()),
        rtol=1e-5,
    )
    return {
        "curve_fit": lambda: curve_fit(gaussian, x, data, list(start.values())),
        "GaussianModel().fit(data, x=x, amplitude=...)": lambda: model.fit(data, x=x, **start),
        "GaussianModel().fit(data, params, x=x)": lambda: model.fit(data, params, x=x),
        "Model(gaussian).fit(...)": lambda: Model(gaussian).fit(data, x=x, **start),
    }


def composite(n: int) -> Model:
    model: Model = GaussianModel(prefix="p0_")
    for i in range(1, n):
        model = model + GaussianModel(prefix=f"p{i}_")
    return model


class Peaks:
    """A sum of `n` Gaussians on 2000 points, as a model and as a loop."""

    def __init__(self, n: int) -> None:
        self.n, self.model, self.x = n, composite(n), np.linspace(0, n, 2000)
        center = np.arange(n) + 0.5 + 0.2 * RNG.random(n)
        true = np.column_stack([5 + RNG.random(n), center, 0.2 + 0.1 * RNG.random(n)])
        self.start = (true + 0.03 * RNG.normal(size=(n, 3))).ravel()
        self.data = self.loop(true) + 0.05 * RNG.normal(size=2000)
        self.params = self.model.make_params(**dict(zip(self.model.param_names, self.start, strict=True)))

    def loop(self, values: Any) -> Any:
        """Return the sum, peak by peak."""
        total = np.zeros(2000)
        for amplitude, center, sigma in np.reshape(values, (-1, 3)):
            total += peak(self.x, amplitude, center, sigma)
        return total

    def fits(self) -> dict[str, Callable[[], Any]]:
        """Return what fits the sum."""
        return {
            "leastsq on the loop": lambda: leastsq(lambda values: self.data - self.loop(values), self.start),
            f"fit of {self.n} Gaussians": lambda: self.model.fit(self.data, self.params, x=self.x),
        }

    def curves(self) -> dict[str, Callable[[], Any]]:
        """Return what calculates the sum."""
        return {
            "the loop": lambda: self.loop(self.start),
            f"eval of {self.n} Gaussians": lambda: self.model.eval(self.params, x=self.x),
        }

    def check(self) -> None:
        """Make sure that both find the same."""
        found = list(self.model.fit(self.data, self.params, x=self.x).best_values.values())
        raw = leastsq(lambda values: self.data - self.loop(values), self.start)[0]
        assert np.allclose(found, raw, rtol=1e-4)
        assert np.allclose(self.model.eval(self.params, x=self.x), self.loop(self.start))


def show(title: str, candidates: dict[str, Callable[[], Any]], aim: str, rounds: int) -> None:
    print(f"\n{title} (aim: {aim})")
    for label, time in compare(candidates, rounds=rounds).items():
        print(f"  {label:48}{show_time(time.seconds):>10}{time.ratio:8.2f} +-{time.spread:5.2f}")


def main() -> None:
    print(__doc__.split("\n")[0])
    print(heading())
    show("One peak, 101 points", one_peak(), "1.0", 41)
    for n, rounds in ((10, 7), (50, 3), (100, 1)):
        peaks = Peaks(n)
        peaks.check()
        show(f"Fit of {n} peaks, 2000 points", peaks.fits(), "0.5", rounds)
        show(f"Curve of {n} peaks, 2000 points", peaks.curves(), "1.2", 21)
    built = {
        "100 models, their sum and its parameters": lambda: composite(100).make_params(),
        "100 models and their parameters": lambda: [
            GaussianModel(prefix=f"p{i}_").make_params() for i in range(100)
        ],
    }
    show("Making 100 models and their parameters", built, "5 ms", 21)


if __name__ == "__main__":
    main()
