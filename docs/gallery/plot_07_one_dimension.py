r"""
One dimension
=============

In one dimension a mixture can be seen whole: the histogram of the rows, the density, and what each
component has of it,

.. math:: p(x) = \sum_k \pi_k \, N(x; \mu_k, \sigma_k^2) .
"""

# %%
# Three normals
# -------------
# 4600 draws: 2000 with mean 0 and standard deviation 2, 2000 with 5 and 5, and 600 with 3 and 0.5. The
# narrow one sits on the slopes of the two others.

import numpy as np
from matplotlib import pyplot as plt

from mixtura import MixtureSelector
from mixtura.plot import DensityDisplay, SelectionDisplay

rng = np.random.RandomState(2)
x = np.concatenate([rng.normal(0, 2, 2000), rng.normal(5, 5, 2000), rng.normal(3, 0.5, 600)])

# %%
# How many?
# ---------
# Nobody tells the fit that there are three. It tries one to nine components; in one dimension there is one
# structure that lets each have its own width.

X = x[:, None]
selector = MixtureSelector(n_components=range(1, 10), covariance_type="full", random_state=0).fit(X)

SelectionDisplay.from_estimator(selector, column=("aic", "bic"))
plt.show()

# %%
# From one to three both fall steeply. After that hardly anything is left to gain, and BIC charges more for a
# component than it brings.
#
# The density and its parts
# -------------------------

model = selector.best_estimator_
DensityDisplay.from_estimator(model, X, bins=100)
plt.show()

# %%
# Each filled curve is :math:`\pi_k N(x; \mu_k, \sigma_k^2)`, and the black one is their sum. The parameters
# are close to those that the rows were drawn with; in the legend above, and here to the digit.
# ``covariances_`` has a matrix for each component, of 1 × 1 here, and holds variances, the squares of the
# standard deviations.

print("BIC chooses", selector.best_params_["n_components"])
print("means_      ", model.means_.ravel().round(2))
print("covariances_", model.covariances_.ravel().round(2))
print("sd          ", np.sqrt(model.covariances_.ravel()).round(2))
print("weights_    ", model.weights_.round(3), " drawn:", np.array([2000, 2000, 600]) / 4600)

# %%
# Components come with the heaviest first. Which one is which is therefore a matter of the weights, and not
# of the order in which the rows were drawn.
#
# The mixture as a distribution
# -----------------------------
# ``mixture_`` is the distribution itself. It knows its moments, its quantiles and its peaks.

mixture = model.mixture_
print("mean and sd:        ", mixture.mean().round(2), np.sqrt(mixture.covariance()).round(2).ravel())
print("quartiles:          ", mixture.quantile([0.25, 0.5, 0.75]).round(2))
print("of the rows:        ", np.quantile(x, [0.25, 0.5, 0.75]).round(2))
print("peaks of the density:", mixture.modes().ravel().round(2))
