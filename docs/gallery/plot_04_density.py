r"""
A mixture as density
====================

A component need not be a group. With enough of them a mixture can follow a density of any shape, much as a
polynomial follows a curve; nobody asks what its third term means. What comes out is not labels but the
density :math:`p(x)` itself: where rows are common, where they are rare, and a way to draw new ones.
"""

# %%
# Two components fail
# -------------------
# Two half moons, 200 points. They are two groups to the eye, but neither is an ellipse, so no moon gets a
# component of its own.

from textwrap import fill

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import make_circles, make_moons

from mixtura import GaussianMixture
from mixtura.plot import DensityDisplay, MixtureDisplay

moons, half = make_moons(200, noise=0.05, random_state=0)
two = GaussianMixture(2, random_state=0).fit(moons)

display = MixtureDisplay.from_estimator(two, moons)
display.ax_.set(title="Two components: no moons", aspect="equal")
plt.show()
agree = np.mean(two.predict(moons) == half)
print(f"rows whose component is their moon: {max(agree, 1 - agree):.0%}")

# %%
# Sixteen describe it
# -------------------
# 200 rows leave sixteen components a dozen each, and some get fewer than that. The fit says so.

import warnings

from mixtura.errors import DegenerateFitWarning

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always", DegenerateFitWarning)
    GaussianMixture(16, random_state=0).fit(moons)
for warning in said:
    print(fill(str(warning.message), 90))

# %%
# Among its remedies is a prior: each covariance has then seen a few rows of the data's own spread before it
# sees the data. A quarter of a row is enough here. The regions below hold 20, 40, 60, 80, 95 and 99 % of
# the probability, from dark to light: each moon is made of a chain of short ellipses.

many = GaussianMixture(16, covariance_prior=0.25, random_state=0).fit(moons)

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained")
for ax, model in zip(axes, (two, many), strict=True):
    DensityDisplay.from_estimator(model, moons, ax=ax)
    ax.set(title=f"{model.n_components} components", aspect="equal")
    ax.label_outer()
plt.show()

# %%
# Is this description, or learning by heart? Rows that the fit has not seen tell. Their mean log-density is
# much higher with sixteen components than with two.

unseen, _ = make_moons(2000, noise=0.05, random_state=1)
for model in (two, many):
    print(
        f"{model.n_components:2d} components: {model.score(moons):6.3f} nats a row seen, "
        f"{model.score(unseen):6.3f} a row unseen"
    )

# %%
# New rows
# --------
# A density can be drawn from. 400 new points, none of which is a copy, look like the old ones.

new, component = many.sample(400)

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained")
axes[0].scatter(*moons.T, s=12, color="#555555")
axes[1].scatter(*new.T, s=12, color="#0072b2")
axes[0].set(title="200 original rows", xlabel="x0", ylabel="x1", aspect="equal")
axes[1].set(title="400 new rows", xlabel="x0", aspect="equal")
plt.show()

# %%
# Circles
# -------
# The same on two rings, with 20 components. No ellipse can be hollow, but a ring of them is.

rings, _ = make_circles(200, noise=0.05, factor=0.5, random_state=0)
few, enough = (GaussianMixture(k, covariance_prior=0.25, random_state=0).fit(rings) for k in (2, 20))
new, _ = enough.sample(400)

figure, axes = plt.subplots(1, 3, figsize=(10, 3.8), sharex=True, sharey=True, layout="constrained")
for ax, model in zip(axes, (few, enough), strict=False):
    DensityDisplay.from_estimator(model, rings, ax=ax)
    ax.set(title=f"{model.n_components} components", aspect="equal")
    ax.label_outer()
axes[2].scatter(*new.T, s=12, color="#0072b2")
axes[2].set(title="400 new rows", xlabel="x0", aspect="equal")
plt.show()

# %%
# So how many components are enough, and when are there too many? That is
# :ref:`the next page <sphx_glr_auto_gallery_plot_05_selection.py>`.
