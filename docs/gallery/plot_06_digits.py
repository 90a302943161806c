r"""
New handwritten digits
======================

A density can be drawn from, and what comes out need not be points in a plane. Here it is handwriting. The
digits are also a warning: the usual recipe for the number of components fails on them without a word, and
this page shows how to see that, and what to do.
"""

# %%
# From pictures to 41 features
# ----------------------------
# 1797 pictures of 8 × 8 grey values. Many of the 64 columns are nearly constant or say the same as others,
# so a principal component analysis turns them into the features that hold 99 % of the variance, each scaled
# to variance one (*whitened*).

import warnings
from textwrap import fill

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from mixtura import GaussianMixture
from mixtura.errors import DegenerateFitWarning
from mixtura.plot import image_grid

images = load_digits().data
pca = PCA(0.99, whiten=True, svd_solver="full")
X = pca.fit_transform(images)
print(f"{images.shape} to {X.shape}")

figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
image_grid(images[:50], (8, 8), ax=ax).set_title("Fifty of 1797 digits")
plt.show()

# %%
# The recipe of the textbooks
# ---------------------------
# Fit mixtures with 50 to 200 components, and take the one with the lowest AIC. These are scikit-learn's
# settings: one start from k-means, a tolerance of 1e-3, and 1e-6 added to each variance.

textbook = {"init_params": "kmeans", "tol": 1e-3, "reg_covar": 1e-6, "random_state": 0}
counts = [50, 80, 110, 150, 200]
folds = KFold(3, shuffle=True, random_state=0)

aic, held_out = [], []
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always", DegenerateFitWarning)
    for count in counts:
        recipe = GaussianMixture(count, **textbook)
        aic.append(recipe.fit(X).aic(X))
        held_out.append(cross_val_score(recipe, X, cv=folds).mean())

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
axes[0].plot(counts, aic, "o-", markerfacecolor="white", color="#0072b2")
axes[0].set(xlabel="components", ylabel="AIC (lower is better)", title="What AIC says")
axes[1].plot(counts, held_out, "o-", markerfacecolor="white", color="#d55e00")
axes[1].set_yscale("symlog")
axes[1].set(xlabel="components", ylabel="log-likelihood (nats a row)", title="What rows held out say")
plt.show()
print("AIC chooses", counts[int(np.argmin(aic))])
for count, score in zip(counts, held_out, strict=True):
    print(f"{count:3d} components: {score:14,.0f} nats a row held out")

# %%
# AIC asks for components of a dozen rows each, while rows held out are *millions* of nats below those of
# the fit. Each fit says why. This is the first of the warnings:

print(len(said), "warnings, the first of them:")
print(fill(str(said[0].message), 90))

# %%
# A covariance in 41 features has 861 numbers and takes 42 rows to be one at all. 1797 rows make 110
# components of 16 rows each: every one of them can lie as flat on its rows as it likes, and the likelihood
# grows without bound. It is held by the 1e-6 alone, and so AIC, which is made of it, tells of the 1e-6.
# ``diagnostics_`` has the same as numbers:

many = 110
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DegenerateFitWarning)
    loose = GaussianMixture(many, **textbook).fit(X)
print(f"converged: {loose.converged_}")
for found in loose.diagnostics_:
    print(f"{found.finding}: {len(found.components)} of {many} components")

# %%
# The choice, done right
# ----------------------
# Two things are needed. A prior on the covariances, worth a few rows that look like the data as a whole,
# settles what a handful of rows cannot: ``covariance_prior="auto"``. And the number of components is chosen
# by rows held out. ``GaussianMixture`` scores by the mean log-likelihood a row, so scikit-learn's own
# search does that.

quick = {"init_params": "kmeans", "tol": 1e-3, "random_state": 0}
search = GridSearchCV(
    GaussianMixture(covariance_prior="auto", **quick),
    {"n_components": [1, 5, 10, 20, 30, 40, 60, 80, 110]},
    cv=folds,
).fit(X)
tried = search.cv_results_["param_n_components"].data.astype(int)
scores = search.cv_results_["mean_test_score"]
best, best_score = search.best_params_["n_components"], search.best_score_

figure, ax = plt.subplots(layout="constrained")
ax.plot(tried, scores, "o-", color="#009e73")
ax.plot(best, best_score, "*", color="black", markersize=15)
ax.set(xlabel="components", ylabel="log-likelihood held out (nats a row)", title="With a prior")
plt.show()
print(f"chosen: {best} components, {best_score:.2f} nats a row held out")

# %%
# Fewer parameters are another way. With one covariance for all (``tied``) no component is loose, as all
# rows settle it together; but the free ones with the prior describe the digits better.

tied = GaussianMixture(40, covariance_type="tied", **quick)
print(f"40 tied components: {cross_val_score(tied, X, cv=folds).mean():.2f} nats a row held out")
print("diagnostics:", tied.fit(X).diagnostics_)

# %%
# A hundred new digits
# --------------------
# Draw in the 41 features, and go back to pictures. To the left the mixture that AIC likes, to the right the
# one that was chosen.

chosen = search.best_estimator_
new = {}
figure, axes = plt.subplots(1, 2, figsize=(10, 5.2), layout="constrained")
figure.get_layout_engine().set(wspace=0.08)
for ax, model, name in ((axes[0], loose, "loose"), (axes[1], chosen, "with a prior")):
    rows, _ = model.sample(100)
    new[name] = np.random.RandomState(0).permutation(rows)
    image_grid(pca.inverse_transform(new[name]), (8, 8), vmin=0, vmax=16, ax=ax)
    ax.set_title(f"{model.n_components} components, {name}")
plt.show()

# %%
# The left ones are a little crisper, and one is tempted to like them better. But look how near each is to a
# digit that was there before: loose components lie flat on a few rows, and what they draw are blends of
# these. They are nearer to a digit of the fit than true digits are to each other; those of the prior are
# farther.

between = pairwise_distances(X)
np.fill_diagonal(between, np.inf)
print(f"a digit to the nearest other one:  {np.median(between.min(axis=1)):.2f}")
for name, rows in new.items():
    nearest = pairwise_distances(rows, X).min(axis=1)
    print(f"a new one, {name}, to the nearest: {np.median(nearest):.2f}")

# %%
# As a pipeline
# -------------
# The same in one object: pictures in, log-densities out. Above are the pictures that the model finds
# strangest, below new ones.

pipeline = make_pipeline(PCA(0.99, whiten=True, svd_solver="full"), chosen).fit(images)
log_density = pipeline.score_samples(images)
strangest = np.argsort(log_density)[:20]
drawn, _ = pipeline[-1].sample(20)

figure, axes = plt.subplots(2, 1, figsize=(7, 3.6), layout="constrained")
image_grid(images[strangest], (8, 8), ax=axes[0]).set_title("The strangest")
new_images = pipeline[:-1].inverse_transform(drawn)
image_grid(new_images, (8, 8), vmin=0, vmax=16, ax=axes[1]).set_title("Drawn by the pipeline")
plt.show()
