r"""
A mixture as clustering
=======================

A Gaussian mixture is a recipe for rows: choose a component :math:`k` with probability :math:`\pi_k`, then
draw from its normal distribution. The density of a row is therefore

.. math:: p(x) = \sum_{k=1}^K \pi_k \, N(x; \mu_k, \Sigma_k),

where :math:`\mu_k` is the centre of a component and :math:`\Sigma_k`, its covariance, tells how wide it is in
every direction. By Bayes' rule a row that was seen came from component :math:`k` with probability

.. math:: r_k(x) = \frac{\pi_k \, N(x; \mu_k, \Sigma_k)}{p(x)} .

These *responsibilities* are what k-means lacks: they are labels that know how sure they are. Fitting goes
in turns, which is called EM: compute the responsibilities (E), then compute weights, means and covariances
with the responsibilities as weights of the rows (M). The likelihood rises with every turn.
"""

# %%
# Labels, and probabilities
# -------------------------
# The same 400 points as on the page before. ``GaussianMixture`` has the names and the habits of
# scikit-learn's class.

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture
from mixtura.plot import MixtureDisplay

X, truth = make_blobs(400, centers=4, cluster_std=0.60, random_state=0)
model = GaussianMixture(4, random_state=0).fit(X)
print(model.mixture_)
print("the likelihood rose with every turn:", bool((np.diff(model.trace_) > 0).all()))

# %%
# The label of a row is its most probable component. ``predict`` gives that, ``predict_proba`` all of them.

labels = model.predict(X)
p = model.predict_proba(X)
print(f"adjusted Rand index: {adjusted_rand_score(truth, labels):.3f}")
print("shape:", p.shape, " rows sum to one:", np.allclose(p.sum(axis=1), 1))
print(p[:5].round(3))

# %%
# Size as certainty
# -----------------
# ``MixtureDisplay`` gives each point the area :math:`50 p^2`, with :math:`p` the probability of its label;
# the square makes the difference plain. Points in the middle of their group are large, and points between
# two groups are small.

display = MixtureDisplay.from_estimator(model, X, sigmas=())
display.ax_.set_aspect("equal")
display.ax_.set_title("Area of a point: 50 p²")
plt.show()

# %%
# Who is in doubt?
# ----------------
# Most rows are not. Those that are can be listed, looked at, or left to somebody who knows more. The truth,
# which the fit has not seen, shows that this is where the errors are.

certainty = p.max(axis=1)
component_of = np.array([np.bincount(truth[labels == k]).argmax() for k in range(4)])
wrong = component_of[labels] != truth
for low, high in ((0.99, 1.0), (0.9, 0.99), (0.0, 0.9)):
    held = (certainty > low) & (certainty <= high)
    rows, errors = held.sum(), wrong[held].sum()
    print(f"p from {low:.2f} to {high:.2f}: {rows:3d} rows, {errors} of them wrong")

# %%
# The probabilities can be taken at their word as far as the model is right: the expected number of errors
# is the sum of :math:`1 - p`.

print(f"expected errors: {np.sum(1 - certainty):.1f}, found: {wrong.sum()}")
