r"""
How many components?
====================

More components always describe the rows at hand better. So the likelihood :math:`L` cannot choose their
number: something has to count against them. Two criteria charge for each of the :math:`p` free parameters;
both are to be made small.

.. math:: \mathrm{AIC} = -2 L + 2 p, \qquad \mathrm{BIC} = -2 L + p \log N

BIC charges more as soon as there are eight rows. The third way needs no formula: fit to a part of the rows,
and look at the likelihood of those that were held out.
"""

# %%
# Moons: from 1 to 20 components
# ------------------------------
# ``MixtureSelector`` fits all of them. With ``criterion="cv"`` it also holds rows out, in five folds; AIC
# and BIC are in its table as well.

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import make_moons
from sklearn.metrics import adjusted_rand_score

from mixtura import MixtureSelector
from mixtura.plot import DensityDisplay, MixtureDisplay, SelectionDisplay

moons, half = make_moons(200, noise=0.05, random_state=0)
selector = MixtureSelector(
    n_components=range(1, 21), covariance_type="full", criterion="cv", random_state=0
).fit(moons)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
SelectionDisplay.from_estimator(selector, column=("aic", "bic"), ax=axes[0])
SelectionDisplay.from_estimator(selector, column="cv", ax=axes[1])
axes[1].set_ylabel("log-likelihood held out (nats a row)")
plt.show()

# %%
# A hollow point is a fit with components that the data do not settle, because they have too few rows: its
# likelihood means nothing, and it is not chosen. Of the others, AIC asks for more components than BIC.

table = selector.table_
sound = table["findings"] == ""
for name in ("aic", "bic"):
    best = np.argmin(np.where(sound, table[name], np.inf))
    print(f"{name.upper()} asks for {table['n_components'][best]} components")
print(f"rows held out ask for {selector.best_params_['n_components']}")
print("not settled:", table["n_components"][~sound].tolist())

# %%
# There are two moons, and nobody says two. That is no mistake: all three measure how well the *density* is
# described, and a moon takes several ellipses. They do not count groups. Where one component is one group,
# as on the data below, the two questions have one answer.

display = DensityDisplay.from_estimator(selector, moons)
count = selector.best_params_["n_components"]
display.ax_.set(title=f"{count} components, chosen by rows held out", aspect="equal")
plt.show()

# %%
# To get from components to groups, ``Mixture.merge`` puts together those that overlap most, step by step.
# The overlap is the probability that a row of the one is taken for one of the other.

merging = selector.best_estimator_.mixture_.merge()
print("overlap at each merge:", merging.overlaps.round(4))

# %%
# The last merge would join what hardly overlaps any more. So stop before it, at two groups:

groups = merging.cut(2)
print(f"adjusted Rand index: {adjusted_rand_score(half, groups.predict(moons)):.3f}")

display = MixtureDisplay.from_estimator(selector, moons, clusters=groups)
display.ax_.set(title=f"{groups.n_clusters} groups of {count} components", aspect="equal")
plt.show()

# %%
# Number and shape together
# -------------------------
# A long ellipse and a circle, 500 rows each. The number of components and their structure have to be chosen
# together: circles can describe an ellipse too, if there are enough of them.

rng = np.random.RandomState(0)
ellipse = rng.randn(500, 2) @ np.array([[0.0, -0.1], [1.7, 0.4]])
circle = 0.7 * rng.randn(500, 2) + np.array([-4, 1])
X = np.concatenate([ellipse, circle])

selector = MixtureSelector(
    n_components=range(1, 7),
    covariance_type=("spherical", "tied", "diag", "full"),
    random_state=0,
).fit(X)

display = SelectionDisplay.from_estimator(selector, kind="bars")
display.figure_.set_size_inches(8, 4.5)
plt.show()
print("BIC chooses", selector.best_params_)

# %%
# The star is on the lowest bar. This is the winner:

display = MixtureDisplay.from_estimator(selector, X)
display.ax_.set(title="Two components, full", aspect="equal")
plt.show()

# %%
# How sure is the choice? Draw the rows anew, with replacement, choose again, and count. Every candidate
# that won at least once is listed, with its share of the draws.

for (count, structure), share in selector.stability(X, n_bootstrap=10, random_state=0).items():
    print(f"{count} {structure}: {share:.0%}")

# %%
# In short: BIC to choose a model that is to be read, and rows held out where the density is to be used.
# What becomes of AIC where components have few rows is on :ref:`the next page
# <sphx_glr_auto_gallery_plot_06_digits.py>`.
