r"""
Outliers
========

A density says which rows are rare. An outlier is a row with so low a density that one would not expect to
have drawn it at all. This page plants outliers, looks for them by a threshold set by hand, and then by one
that comes from the model.
"""

# %%
# Twenty rows are moved
# ---------------------
# The 4600 rows of :ref:`the page before <sphx_glr_auto_gallery_plot_07_one_dimension.py>`, of which twenty
# are moved by 50 times a standard normal draw. Some go far; others fall among the rest.

import numpy as np
from matplotlib import pyplot as plt

from mixtura import GaussianMixture, MixtureOutlierDetector
from mixtura.plot import OutlierDisplay

rng = np.random.RandomState(2)
x = np.concatenate([rng.normal(0, 2, 2000), rng.normal(5, 5, 2000), rng.normal(3, 0.5, 600)])
moved = np.sort(rng.choice(len(x), 20, replace=False))
x[moved] += 50 * rng.randn(20)
X = x[:, None]
is_moved = np.isin(np.arange(len(x)), moved)
print("moved to:", np.sort(x[moved]).round(1))

# %%
# A threshold by hand
# -------------------
# Fit to all rows, and call a row an outlier where its log-density is below -9.

model = GaussianMixture(4, random_state=0).fit(X)

OutlierDisplay.from_estimator(model, X, threshold=-9)
plt.show()


def report(found):
    """Print which of the moved rows were found, and which rows were accused."""
    missed, accused = is_moved & ~found, found & ~is_moved
    print(f"found {np.sum(found & is_moved)} of {is_moved.sum()} moved rows")
    print(f"missed {missed.sum()}, at", np.sort(x[missed]).round(1))
    print(f"accused wrongly {accused.sum()}, at", np.sort(x[accused]).round(1))


report(model.score_samples(X) < -9)

# %%
# Most of those that were missed have landed among the others, where they look like everybody else: no
# method that sees only the rows can find them.
#
# But look at the model. Four components were given to three groups, and the fourth has been spent on the
# outliers: it is as wide as they lie. With it, a place far out is not so strange after all.

print(model.mixture_)

# %%
# The detector
# ------------
# ``MixtureOutlierDetector`` fits the densest nine tenths of the rows first, again and again until they stay
# the same; then all rows count that are no rarer than one in ten thousand of the model's own. So outliers
# have no part in the model that is to judge them. Its threshold is the log-density below which the model
# itself puts one row in a thousand.

detector = MixtureOutlierDetector(3, random_state=0).fit(X)

display = OutlierDisplay.from_estimator(detector, X)
display.ax_.set_yscale("symlog", linthresh=10)
display.ax_.set_ylim(-1000, 0)
plt.show()
report(detector.predict(X) == -1)

# %%
# No component is spent on the outliers:

print(detector.estimator_.mixture_)

# %%
# Without the first step, all rows have a part from the beginning. Then one of the three components is spent
# on the outliers, and few of them are strange to it.

plain = MixtureOutlierDetector(3, support_fraction=1.0, random_state=0).fit(X)
report(plain.predict(X) == -1)
print(plain.estimator_.mixture_)

# %%
# Robustness has a price, but a small one. Of rows that the true distribution draws, the threshold should
# accuse one in a thousand, and the widest group should keep its standard deviation of 5:

accused = np.sum((detector.predict(X) == -1) & ~is_moved)
widest = np.sqrt(detector.estimator_.covariances_.max())
print(f"accused wrongly: {accused}, one in a thousand: {np.sum(~is_moved) / 1000:.1f}")
print(f"standard deviation of the widest component: {widest:.2f}, drawn with 5")

# %%
# p-values
# --------
# A threshold says yes or no. A *p-value* says how strange: it is the probability, under the model, of a
# density as low as that of the row. It is estimated from draws, and comes with its standard error.

p, error = detector.pvalues(X)
order = np.argsort(x)
for row in order[[0, 5, 7, 20, 100, len(x) // 2, -100, -20, -6, -1]]:
    moved_or_not = "  moved" if is_moved[row] else ""
    print(f"x = {x[row]:7.1f}: p = {p[row]:.5f} ± {error[row]:.5f}{moved_or_not}")

# %%
# The rows below the threshold of the detector are those with a p-value below 1/1000, but for the error of
# the draws. Of the most certain ones, most were moved:

for level in (1e-2, 1e-3, 1e-4, 2e-5):
    below = p < level
    print(f"p < {level:g}: {below.sum():3d} rows, {is_moved[below].sum()} of them moved")
