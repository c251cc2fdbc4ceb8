r"""Complex data: a microwave resonator
===================================

The transmission past a resonator is a complex number that runs through a circle as the frequency passes the
resonance; a cable of delay :math:`\tau` turns it as well:

.. math::

    S(f) = a e^{i \alpha - 2\pi i (f - f_m) \tau}
           \left[ 1 - \frac{(Q/Q_c)\, e^{i \varphi}}{1 + 2 i Q (f/f_0 - 1)} \right].

The residual is complex: lmfit minimises the sum of the squares of its real and imaginary parts. The internal
quality factor is an expression of the two that are varied, and has its own standard error.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit import Parameters, fit_report, minimize

frequency = np.linspace(5.9985, 6.0015, 401)  # GHz
MIDDLE = 6.0


def transmission(params, frequency):
    """Return the complex transmission."""
    value = params.valuesdict()
    # The phase at the middle of the data: at zero frequency it would be correlated with the delay.
    turns = value["delay"] * (frequency - MIDDLE)
    environment = value["gain"] * np.exp(1j * (value["phase"] - 2 * np.pi * turns))
    detuning = frequency / value["f0"] - 1
    dip = value["Q"] / value["Qc"] * np.exp(1j * value["asymmetry"]) / (1 + 2j * value["Q"] * detuning)
    return environment * (1 - dip)


def residual(params, frequency, data):
    """Return the complex residual."""
    return transmission(params, frequency) - data


true = Parameters()
true.add_many(("f0", 6.0002), ("Q", 12000), ("Qc", 18000), ("asymmetry", 0.25))
true.add_many(("gain", 0.8), ("phase", 0.5), ("delay", 40.0))
rng = np.random.default_rng(12)
noise = rng.normal(0, 0.01, frequency.size) + 1j * rng.normal(0, 0.01, frequency.size)
data = transmission(true, frequency) + noise

# %%
# Start values from the data: the frequency of the smallest transmission, and the slope of the phase far from
# it.

phase = np.unwrap(np.angle(data))
slope = np.polyfit(frequency[:60], phase[:60], 1)[0]
params = Parameters()
params.add("f0", value=frequency[np.argmin(abs(data))], min=frequency[0], max=frequency[-1])
params.add("Q", value=5000, min=10)
params.add("Qc", value=10000, min=10)
params.add("asymmetry", value=0, min=-np.pi / 2, max=np.pi / 2)
params.add("gain", value=abs(data[0]), min=0)
params.add("delay", value=-slope / (2 * np.pi))
params.add("phase", value=phase[0] - slope * (frequency[0] - MIDDLE))
params.add("Qi", expr="1 / (1/Q - cos(asymmetry)/Qc)")

out = minimize(residual, params, args=(frequency, data))
print(fit_report(out, modelpars=true, min_correl=0.5))
print(f"{data.size} complex numbers are {out.ndata} data")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
fit = transmission(out.params, frequency)
left.plot(frequency, abs(data), ".", ms=3, color="0.5")
left.plot(frequency, abs(fit))
left.set(xlabel="frequency in GHz", ylabel="magnitude")
right.plot(data.real, data.imag, ".", ms=3, color="0.5", label="data")
right.plot(fit.real, fit.imag, label="fit")
right.set(xlabel="real part", ylabel="imaginary part", aspect="equal")
right.legend(frameon=False)
figure.savefig("complex_resonator.png", dpi=120)
