"""Moments of components that are tried: all at once, against one at a time and the rows that count."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura.search import places


@pytest.mark.parametrize("form", [(0,), (5, 1), (5, 3), (5, 3, 3)])
def test_moments_at_once_are_those_of_one_component_at_a_time(form, monkeypatch) -> None:
    monkeypatch.setattr(places, "_NEXT_TO_NOTHING", -1.0)
    rng = np.random.default_rng(0)
    rows, means, resp = rng.normal(size=(40, 3)), rng.normal(size=(5, 3)), rng.uniform(size=(40, 5))
    first, second = places._moments(rows, means, resp, np.zeros(form))
    sparse_first, sparse_second = places._sparse_moments(rows, means, resp, np.zeros(form))
    for j in range(5):
        t = rows - means[j]
        whole = t.T @ (resp[:, j, None] * t)
        wanted = {1: whole[:0, 0], 2: np.diag(whole) if form[-1] == 3 else [np.trace(whole)], 3: whole}[
            len(form)
        ]
        np.testing.assert_allclose(first[j], resp[:, j] @ t, rtol=1e-12)
        if form != (0,):
            np.testing.assert_allclose(second[j], wanted, rtol=1e-12)
    np.testing.assert_allclose(sparse_first, first, rtol=1e-12)
    np.testing.assert_allclose(sparse_second, second, rtol=1e-12)
    assert second.shape == form
