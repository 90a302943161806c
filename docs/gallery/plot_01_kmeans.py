r"""
k-means and its two weaknesses
==============================

Clustering asks which rows of a table belong together, without anybody saying what the groups are. k-means is
where most people begin: it places :math:`K` centres :math:`c_k` and gives each row :math:`x_n` to the nearest
one, such that the squared distances

.. math:: \sum_n \min_k |x_n - c_k|^2

add up to as little as possible. It is quick, and where groups are round it is right. This page shows both,
and then the two things that it cannot do, which are the reason for all pages that follow.
"""

# %%
# Four round groups
# -----------------
# 400 points, 100 around each of four places, with the same spread in every direction.

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from mixtura import KMeans
from mixtura.plot import KMeansDisplay

X, truth = make_blobs(400, centers=4, cluster_std=0.60, random_state=0)
round_model = KMeans(4, random_state=0).fit(X)
print(f"adjusted Rand index: {adjusted_rand_score(truth, round_model.labels_):.3f}")

# %%
# The `adjusted Rand index <https://scikit-learn.org/stable/modules/clustering.html#rand-index>`_ compares
# two ways to divide the same rows, however the groups are numbered: 1 if they agree everywhere, 0 on
# average if one of them was drawn by chance. k-means has found what was put in.
#
# The circles
# -----------
# A row belongs to the nearest centre. So the reach of a centre is the same in all directions, and the model
# of a cluster, if we want to call it one, is a circle around the centre that ends at its farthest member.

display = KMeansDisplay.from_estimator(round_model, X)
display.ax_.set_title("Round groups: circles suit them")
plt.show()
print("radii:", display.radii_.round(2))

# %%
# First weakness: it knows circles only
# -------------------------------------
# Now every point is mapped by the same matrix. No two groups have come closer in any sense that matters:
# who can see the four groups above will see them here. But they are no longer round.

stretched = X @ np.random.RandomState(13).randn(2, 2)
stretched_model = KMeans(4, random_state=0).fit(stretched)

display = KMeansDisplay.from_estimator(stretched_model, stretched)
display.ax_.set_title("Stretched groups: circles do not")
plt.show()
print("radii:", display.radii_.round(2))
print(f"adjusted Rand index: {adjusted_rand_score(truth, stretched_model.labels_):.3f}")

# %%
# The circles overlap, and each takes in much that is not its own: k-means cuts long groups across and joins
# the pieces that lie side by side. Scaling the columns does not help: it stretches along the axes only, and
# the groups lie aslant.

scaled = (stretched - stretched.mean(axis=0)) / stretched.std(axis=0)
again = KMeans(4, random_state=0).fit_predict(scaled)
print(f"adjusted Rand index, columns standardised: {adjusted_rand_score(truth, again):.3f}")

# %%
# Second weakness: it does not know doubt
# ---------------------------------------
# Every row gets a label, and all labels look alike. Here is the row for which two centres of the first fit
# are nearly equally far, beside one that lies close to its centre.

distance = np.sort(round_model.transform(X), axis=1)
between = np.argmin(distance[:, 1] - distance[:, 0])
within = np.argmin(distance[:, 0])
for name, row in (("between two groups", between), ("within its group", within)):
    label, (nearest, second) = round_model.labels_[row], distance[row, :2]
    print(f"{name}: label {label}, nearest centre at {nearest:.2f}, second at {second:.2f}")
print("k-means has probabilities:", hasattr(round_model, "predict_proba"))

# %%
# The distances could be made into some measure of doubt, but into which? That depends on how wide the
# groups are and how many rows each has, and k-means has no notion of either. A mixture has both: see
# :ref:`the next page <sphx_glr_auto_gallery_plot_02_mixture.py>`.
