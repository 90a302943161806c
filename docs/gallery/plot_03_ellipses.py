r"""
Ellipses: what a covariance can say
===================================

The covariance :math:`\Sigma_k` of a component is an ellipse: the rows that are :math:`s` standard
deviations from the mean, :math:`(x - \mu_k)^\top \Sigma_k^{-1} (x - \mu_k) = s^2`. It may be left free or
be held to a simpler shape. There are six such *structures*, and which one to take is half of choosing a
mixture. With :math:`K` components in :math:`d` columns:

=================== ================================ =======================
``covariance_type`` an ellipse of a component is     numbers to estimate
=================== ================================ =======================
``full``            any ellipse                      :math:`K d (d + 1) / 2`
``tied``            any, the same for all            :math:`d (d + 1) / 2`
``diag``            along the axes                   :math:`K d`
``tied_diag``       along the axes, the same for all :math:`d`
``spherical``       a circle                         :math:`K`
``tied_spherical``  a circle, the same for all       :math:`1`
=================== ================================ =======================
"""

# %%
# One cluster, three shapes
# -------------------------
# With a single component nothing can be shared, so there are three shapes. The cluster lies aslant. A
# circle has to be as wide as the cluster is on average; an ellipse along the axes can follow the spread of
# each column, but not that the two rise together; a free one can.

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture
from mixtura.plot import MixtureDisplay

rng = np.random.RandomState(5)
one = rng.randn(200, 2) @ np.array([[1.6, 0.7], [0.0, 0.4]])

figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained")
for ax, structure in zip(axes, ("spherical", "diag", "full"), strict=True):
    model = GaussianMixture(1, covariance_type=structure, random_state=0).fit(one)
    MixtureDisplay.from_estimator(model, one, certainty=False, ax=ax)
    ax.set(title=f"{structure}\n{model.score(one):.2f} nats a row", aspect="equal")
    ax.label_outer()
plt.show()

# %%
# The ellipses are drawn at 1, 2 and 3 standard deviations. A *nat* is the unit of a natural logarithm: the
# mean log-density of the rows says how well a shape describes them.
#
# Four round groups
# -----------------
# The blobs of the pages before are circles of one size. All six structures see them alike, and BIC (of
# which :ref:`page 5 <sphx_glr_auto_gallery_plot_05_selection.py>` tells more; lower is better) prefers the
# simplest. A component is the more solid the more weight it has.

STRUCTURES = ("full", "tied", "diag", "tied_diag", "spherical", "tied_spherical")


def compare(X, truth):
    """Draw a mixture of four components of every structure, and print how it does."""
    shared = {"sharex": True, "sharey": True, "layout": "constrained"}
    _, axes = plt.subplots(2, 3, figsize=(8.5, 7), **shared)
    for ax, structure in zip(axes.T.flat, STRUCTURES, strict=True):
        model = GaussianMixture(4, covariance_type=structure, random_state=0).fit(X)
        MixtureDisplay.from_estimator(model, X, ax=ax)
        ax.set(title=structure, aspect="equal")
        ax.label_outer()
        count, bic = model.mixture_.n_parameters, model.bic(X)
        index = adjusted_rand_score(truth, model.predict(X))
        print(f"{structure:14s} {count} parameters, BIC {bic:.0f}, adjusted Rand index {index:.3f}")


X, truth = make_blobs(400, centers=4, cluster_std=0.60, random_state=0)
compare(X, truth)
plt.show()

# %%
# The same groups, stretched
# --------------------------
# All groups are now the same slanting ellipse. ``tied`` says just that, and BIC finds it; ``full`` can say
# it too, at the price of more parameters. Circles and ellipses along the axes cannot, and join what does
# not belong together, as k-means did.

stretched = X @ np.random.RandomState(13).randn(2, 2)
compare(stretched, truth)
plt.show()

# %%
# Since the map of the page before stretched all rows alike, labels under ``full`` and ``tied`` should not
# have changed at all, and have not: a mixture with free covariances does not care about units, nor about
# directions.

for structure in ("full", "tied"):
    before, after = (
        GaussianMixture(4, covariance_type=structure, random_state=0).fit_predict(rows)
        for rows in (X, stretched)
    )
    print(f"{structure}: {np.sum(before != after)} of {len(X)} labels changed")
