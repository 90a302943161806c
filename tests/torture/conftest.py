"""A model file to attack, and what has to become of an attack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import mixtura
from mixtura import GaussianMixture, datasets
from mixtura.errors import ModelFileError


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A fit of two full components in two features without names."""
    path = tmp_path_factory.mktemp("model") / "model.mixtura"
    GaussianMixture(2, random_state=0).fit(datasets.load_faithful().data).save(path)
    return path.read_bytes()


@pytest.fixture
def refuse(tmp_path: Path) -> Callable[..., None]:
    path = tmp_path / "attack.mixtura"

    def check(attack: bytes, match: str = r"upgrade|altered|not a mixtura model file|the model file") -> None:
        path.write_bytes(attack)
        with pytest.raises(ModelFileError, match=match) as raised:
            mixtura.load(path)
        assert len(str(raised.value)) < 1000
        assert [p.name for p in tmp_path.iterdir()] == [path.name]

    return check
