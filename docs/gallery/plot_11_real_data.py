r"""
Real data
=========

Tables with names and units, classes that are not shown to the fit, and the accidents of real files: a wrong
column, a hole, another unit.
"""

# %%
# Old Faithful
# ------------
# 272 eruptions of a geyser: how long each took and how long one waits for the next, in minutes. It comes with
# mixtura as a CSV file. Names of columns find their way to the axes.

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics import adjusted_rand_score

from mixtura import GaussianMixture, KMeans, MixtureSelector, datasets
from mixtura.plot import DensityDisplay, MixtureDisplay

geyser = pd.read_csv(datasets.path("faithful"))
print(geyser.head(3))

selector = MixtureSelector(n_components=range(1, 7), random_state=0).fit(geyser)
print("BIC chooses", selector.best_params_)
print(selector.best_estimator_.mixture_)

MixtureDisplay.from_estimator(selector, geyser)
plt.show()

# %%
# A mixture answers questions about one column given another: how long is the wait after an eruption of two
# minutes, and after one of four and a half?

mixture = selector.best_estimator_.mixture_
for duration in (2.0, 4.5):
    wait = mixture.conditional({"eruptions": duration})
    low, middle, high = wait.quantile([0.05, 0.5, 0.95])
    print(f"after {duration} minutes: {middle:.0f}, in nine of ten cases {low:.0f} to {high:.0f}")

# %%
# Iris, without its labels
# ------------------------
# Four measures of 150 flowers of three species. The fit sees the measures only; the species are compared
# afterwards.

flowers = load_iris(as_frame=True)
iris, species = flowers.data, flowers.target

free = MixtureSelector(n_components=range(1, 7), random_state=0).fit(iris)
three = MixtureSelector(n_components=3, random_state=0).fit(iris)
for selector in (free, three):
    index = adjusted_rand_score(species, selector.predict(iris))
    bic = selector.best_estimator_.bic(iris)
    print(f"{selector.best_params_}: BIC {bic:.1f}, adjusted Rand index {index:.3f}")

# %%
# Left to itself BIC finds two groups: two of the species lie so close that 150 flowers do not tell them
# apart. Told that there are three, it chooses their shape, and the components are nearly the species.
#
# In four features ``MixtureDisplay`` draws every pair of them, and on the diagonal each for itself.

display = MixtureDisplay.from_estimator(three, iris)
display.figure_.set_size_inches(9, 9)
plt.show()
names = pd.Series(flowers.target_names[species], name="species")
print(pd.crosstab(names, pd.Series(three.predict(iris), name="component")))

# %%
# Wine: many columns, few rows
# ----------------------------
# 178 wines of three growers, and 13 chemical measures on very different scales. A free covariance has 91
# numbers here, and each of three components has 59 rows to settle them.

bottles = load_wine(as_frame=True)
wine, grower = bottles.data, bottles.target
some = ["alcohol", "malic_acid", "magnesium", "proline"]
print(wine[some].describe().loc[["mean", "std"]].round(1))

for settings in (
    {"covariance_type": "full"},
    {"covariance_type": "full", "covariance_prior": "auto"},
    {"covariance_type": "tied"},
    {"covariance_type": "diag"},
):
    model = GaussianMixture(3, random_state=0, **settings).fit(wine)
    index = adjusted_rand_score(grower, model.predict(wine))
    print(f"{index:.3f}  {settings}")

# %%
# Free covariances follow chance. With a prior, or with fewer parameters, the growers appear; they were
# never shown. A few columns can be drawn, or the density of two:

model = GaussianMixture(3, covariance_prior="auto", random_state=0).fit(wine)

figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
two = ["flavanoids", "color_intensity"]
MixtureDisplay.from_estimator(model, wine, features=two, ax=axes[0])
DensityDisplay.from_estimator(model, wine, features=two, ax=axes[1])
plt.show()

# %%
# Another unit
# ------------
# Proline varies by hundreds, malic acid by tenths. To k-means that matters most, to a mixture nothing.
# Suppose that proline came in a unit a thousand times as large, and magnesium in one a thousandth as large.

other = wine.assign(proline=wine["proline"] / 1e3, magnesium=wine["magnesium"] * 1e3)
again = GaussianMixture(3, covariance_prior="auto", random_state=0).fit(other)
print("mixture: ", np.sum(model.predict(wine) != again.predict(other)), "labels changed")

before, after = (KMeans(3, random_state=0).fit_predict(rows) for rows in (wine, other))
print(f"k-means:  adjusted Rand index of the two {adjusted_rand_score(before, after):.3f}")

# %%
# A wrong column, a hole, a text
# ------------------------------
# What cannot be used is refused before any work is done, by an error that names the place and what to do.
# All of these are ``ValueError``, and mixtura's own are ``InputError``.

wrong_name = geyser.rename(columns={"waiting": "wait"})
holes = geyser.copy()
holes.loc[[3, 17, 40], "waiting"] = np.nan
text = geyser.astype({"waiting": str})
text.loc[5, "waiting"] = "an hour"

fitted = GaussianMixture(2, random_state=0).fit(geyser)
for name, call in (
    ("wrong name", lambda: fitted.predict(wrong_name)),
    ("wrong order", lambda: fitted.predict(geyser[["waiting", "eruptions"]])),
    ("holes", lambda: GaussianMixture(2).fit(holes)),
    ("text", lambda: GaussianMixture(2).fit(text)),
):
    try:
        call()
    except ValueError as error:
        print(f"{name}: {type(error).__name__}\n{fill(str(error), 90)}\n")

# %%
# The estimator is as it was: an error changes nothing.

print(fitted.predict(geyser[:3]))

# %%
# Rows with holes can be left out by the frame itself. Their numbers stay, so what comes out finds its way
# back.

whole = holes.dropna()
found = GaussianMixture(2, random_state=0).fit_predict(whole)
labels = pd.Series(found, index=whole.index, name="component")
print(holes.join(labels).loc[[2, 3, 4, 17]])
