r"""
Against kernel density
======================

A kernel density estimate puts a small normal of one width :math:`h` on each row,

.. math:: \hat p(x) = \frac{1}{N} \sum_{n=1}^{N} N(x; x_n, h^2) .

That is a mixture too, with as many components as there are rows. It has nothing to fit but :math:`h`, and
it has to carry all rows with it. A mixture says the same with few components.
"""

# %%
# The same density
# ----------------
# 4600 rows from three normals, as before. The kernels come from scikit-learn, and ``DensityDisplay`` draws
# them beside the mixture.

from time import perf_counter

import numpy as np
from matplotlib import pyplot as plt
from sklearn.neighbors import KernelDensity

from mixtura import GaussianMixture
from mixtura.plot import DensityDisplay


def draw(seed):
    """Draw 4600 rows from three normals."""
    rng = np.random.RandomState(seed)
    parts = rng.normal(0, 2, 2000), rng.normal(5, 5, 2000), rng.normal(3, 0.5, 600)
    return np.concatenate(parts)[:, None]


X = draw(2)
kernels = KernelDensity(bandwidth=0.15).fit(X)
mixture = GaussianMixture(3, random_state=0).fit(X)

display = DensityDisplay.from_estimator(mixture, X, kde=kernels, bins=100)
display.ax_.set_title(f"{len(X)} kernels, {mixture.n_components} components")
plt.show()

# %%
# The kernels follow the chance ups and downs of the rows; the mixture does not. Where they differ, who is
# nearer to the truth? Rows that neither has seen tell.

unseen = draw(3)
for name, model in (("kernels", kernels), ("mixture", mixture)):
    print(f"{name}: {np.mean(model.score_samples(unseen)):.4f} nats a row unseen")

# %%
# How far apart are they? Half of the area between the two curves is the largest difference that the two can
# have about the probability of anything.

grid = np.linspace(X.min(), X.max(), 2000)
difference = np.exp(kernels.score_samples(grid[:, None])) - mixture.mixture_.pdf(grid)
print(f"half of the area between them: {0.5 * np.trapezoid(np.abs(difference), grid):.3f}")

# %%
# The price
# ---------
# To score a row, the kernels ask their rows, through a tree that leaves out those that are far away. The
# mixture asks three components.


def fastest(model):
    """Time a score of 4600 rows, in milliseconds."""
    times = []
    for _ in range(3):
        begin = perf_counter()
        model.score_samples(unseen)
        times.append(perf_counter() - begin)
    return 1e3 * min(times)


slow, quick = fastest(kernels), fastest(mixture)
print(f"kernels: {slow:6.1f} ms, {X.size} numbers to keep")
print(f"mixture: {quick:6.1f} ms, {mixture.mixture_.n_parameters} numbers to keep")
print("the mixture is", "faster" if quick < slow else "slower")

# %%
# Both have something to choose: the kernels their width, the mixture its number of components. With another
# width the picture is another one (dashed, as above); the number of components can be left to BIC, as on
# :ref:`page 7 <sphx_glr_auto_gallery_plot_07_one_dimension.py>`.

figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True, layout="constrained")
for ax, width in zip(axes, (0.03, 0.15, 1.5), strict=True):
    other = KernelDensity(bandwidth=width).fit(X)
    DensityDisplay.from_estimator(mixture, X, kde=other, bins=100, ax=ax)
    score = np.mean(other.score_samples(unseen))
    ax.set(title=f"h = {width}: {score:.4f} nats", xlim=(-8, 16))
    ax.label_outer()
    ax.get_legend().remove()
plt.show()
