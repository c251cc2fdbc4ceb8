"""A model of one's own
====================

Any function can be a model. This one is a pulse that rises and decays, with its derivatives, hints for its
parameters, and errors of the data that grow with the signal; the figure shows the bands in which the true
curve and new measurements lie.
"""

import matplotlib.pyplot as plt
import numpy as np

from lmfit import Model
from lmfit.model import load_modelresult, save_modelresult

# %%
# The first argument is the independent variable. Defaults are start values, and dictionaries in the
# annotations are hints for the parameters, such as bounds.


def pulse(t, height=1.0, rise: {"min": 1e-3} = 1.0, decay: {"min": 1e-3} = 5.0):
    """Return a pulse that starts at time 0."""
    return height * (1 - np.exp(-t / rise)) * np.exp(-t / decay)


def pulse_derivatives(t, height, rise, decay):
    """Return the derivatives of the pulse by its three parameters."""
    rising, falling = np.exp(-t / rise), np.exp(-t / decay)
    shape = (1 - rising) * falling
    return [shape, -height * t / rise**2 * rising * falling, height * t / decay**2 * shape]


own = Model(pulse, dfunc=pulse_derivatives)

# %%
# ``check_jac`` compares the derivatives with differences: here they agree to nine digits or more. A wrong
# column would be an error that names its parameter.

t = np.linspace(0.05, 15, 60)
print({name: f"{size:.0e}" for name, size in own.check_jac(t=t, height=2, rise=1, decay=4).items()})

# %%
# The errors of the data are known: they are given as ``sigma``, and taken as they are.

rng = np.random.default_rng(5)
sigma = 0.03 + 0.05 * own.eval(t=t, height=3, rise=0.8, decay=4)
data = own.eval(t=t, height=3, rise=0.8, decay=4) + sigma * rng.normal(size=t.size)
result = own.fit(data, t=t, sigma=sigma, scale_covar=False)
print(result.fit_report())

# %%
# The bands of 95 %: of the curve, and of further measurements.

curve = result.eval_uncertainty(sigma=0.95)
measurement = result.dely_predicted

figure, ax = plt.subplots()
ax.errorbar(t, data, sigma, fmt=".", color="0.4")
ax.plot(t, result.best_fit, color="C3")
ax.fill_between(t, result.best_fit - measurement, result.best_fit + measurement, alpha=0.2, label="data")
ax.fill_between(t, result.best_fit - curve, result.best_fit + curve, alpha=0.5, label="curve")
ax.set(xlabel="t", ylabel="signal")
ax.legend(title="95 % bands")
figure.savefig("model_own_function.png", dpi=120)

# %%
# The result is saved as JSON. The function is stored by its name, so that whoever reads the file needs it
# too, and nothing in the file is executed.

save_modelresult(result, "pulse.json")
again = load_modelresult("pulse.json", funcdefs={"pulse": pulse, "pulse_derivatives": pulse_derivatives})
print(again.params["decay"])
