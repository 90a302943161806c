r"""
A classifier from densities
===========================

Where classes are known, fit a mixture to each of them. Bayes' rule turns the densities into probabilities
of the classes, with :math:`P(c)` the share of a class:

.. math:: P(c \mid x) = \frac{P(c) \, p(x \mid c)}{\sum_{c'} P(c') \, p(x \mid c')} .

Such a classifier is *generative*: it knows not only where one class ends and the next begins, but what a
row of a class looks like. So it can also draw new ones, and say of a row that it looks like none of them.
"""

# %%
# Classes of any shape
# --------------------
# With one component a class has to be an ellipse, which is quadratic discriminant analysis.

import numpy as np
from matplotlib import pyplot as plt
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.datasets import load_digits, make_moons
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from mixtura import MixtureClassifier
from mixtura.plot import ClassifierDisplay, image_grid

X, y = make_moons(400, noise=0.3, random_state=0)
unseen, truth = make_moons(2000, noise=0.3, random_state=1)

one = MixtureClassifier(1, random_state=0).fit(X, y)

display = ClassifierDisplay.from_estimator(one, X, y)
display.ax_.set(title="One component a class", aspect="equal")
plt.show()

# %%
# With more it follows other shapes too. Each class gets as many as BIC finds for it.

several = MixtureClassifier(n_components=range(1, 7), random_state=0).fit(X, y)

display = ClassifierDisplay.from_estimator(several, X, y)
display.ax_.set(title="As many components a class as BIC finds", aspect="equal")
plt.show()
for model in (one, several):
    counts = [mixture.n_components for mixture in model.estimators_]
    print(f"{counts} components: {model.score(unseen, truth):.1%} of unseen rows are right")

# %%
# Digits
# ------
# Two thirds of the 1797 digits to learn from, one third held out; the features that hold 90 % of the
# variance; two components a class.

images, digits = load_digits(return_X_y=True)
seen, held, labels, wanted = train_test_split(images, digits, test_size=1 / 3, random_state=0)
pca = PCA(0.9, svd_solver="full").fit(seen)
classifier = MixtureClassifier(2, random_state=0).fit(pca.transform(seen), labels)
predicted = classifier.predict(pca.transform(held))
print(f"held out: {np.mean(predicted == wanted):.1%} of {len(wanted)} are right")

# %%
# Are the probabilities true?
# ---------------------------
# Of the rows of which the classifier is 80 % sure, 80 % should be right. To see that, sort rows held out by
# the probability of the class that they are given, and count the right ones. The moons have doubtful rows
# enough.

probability = several.predict_proba(unseen).max(axis=1)
right = several.predict(unseen) == truth
share, said = calibration_curve(right, probability, n_bins=10, strategy="uniform")

figure, ax = plt.subplots(figsize=(5, 5), layout="constrained")
ax.plot([0.5, 1], [0.5, 1], "--", color="#666666", label="as it should be")
ax.plot(said, share, "o-", color="#0072b2", label="moons, held out")
ax.set(xlabel="probability given to the label", ylabel="share that is right", aspect="equal")
ax.legend(frameon=False)
plt.show()

# %%
# Nearly all digits have a probability near 1, which leaves nothing to sort. So compare the number of errors
# that the probabilities promise, the sum of :math:`1 - p`, with those that were made.

p = classifier.predict_proba(pca.transform(held)).max(axis=1)
print(f"moons:  {np.sum(1 - probability):5.1f} errors promised, {np.sum(~right)} made of {len(right)}")
print(f"digits: {np.sum(1 - p):5.1f} errors promised, {np.sum(predicted != wanted)} made of {len(wanted)}")

# %%
# The moons keep their word. Of the digits more are wrong than was promised, few as they are: in many
# features a density that is a little wrong is wrong by a large factor. Scikit-learn's
# ``CalibratedClassifierCV`` learns from folds how much to believe.

plain = MixtureClassifier(2, random_state=0)
calibrated = CalibratedClassifierCV(plain, method="temperature", cv=5)
calibrated.fit(pca.transform(seen), labels)
p = calibrated.predict_proba(pca.transform(held)).max(axis=1)
made = np.sum(calibrated.predict(pca.transform(held)) != wanted)
print(f"digits, calibrated: {np.sum(1 - p):.1f} errors promised, {made} made of {len(wanted)}")

# %%
# New digits of a chosen class
# ----------------------------
# Ten of each.

drawn = np.concatenate([classifier.sample(10, label=digit, random_state=digit) for digit in range(10)])

figure, ax = plt.subplots(figsize=(5.5, 5.8), layout="constrained")
image_grid(pca.inverse_transform(drawn), (8, 8), vmin=0, vmax=16, ax=ax)
ax.set_title("New digits, a row a class")
plt.show()
read = classifier.predict(drawn) == np.repeat(range(10), 10)
print(f"read as what they are drawn to be: {read.mean():.0%}")

# %%
# What is none of them
# --------------------
# ``score_samples`` is the log-density of a row whatever its class. A picture of noise, with the grey values
# of a digit in any order, gets a label like all others, but a density that hardly any digit has.

noise = np.random.default_rng(0).permuted(held, axis=1)
of_digits = classifier.score_samples(pca.transform(held))
of_noise = classifier.score_samples(pca.transform(noise))
limit = np.quantile(of_digits, 0.01)
print(f"medians: {np.median(of_digits):.1f} nats of digits held out, {np.median(of_noise):.1f} of noise")
print(f"below {limit:.1f} nats: 1% of the digits, {np.mean(of_noise < limit):.0%} of the noise")
