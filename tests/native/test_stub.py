"""`_native.pyi` says what the compiled module is."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from mixtura import _native

REQUIRED = object()


def stub() -> ast.Module:
    package = importlib.util.find_spec("mixtura")
    assert package is not None
    assert package.submodule_search_locations
    # An editable install has the stub by the sources, an installed one by the module.
    places = [*map(Path, package.submodule_search_locations), Path(str(_native.__file__)).parent]
    found = [place / "_native.pyi" for place in places if (place / "_native.pyi").exists()]
    assert found, "the package has no _native.pyi"
    return ast.parse(found[0].read_text(encoding="utf-8"))


def stubbed_functions() -> dict[str, list[tuple[str, Any]]]:
    """Parameters with their defaults, in order, of each function of the stub."""
    out = {}
    for node in stub().body:
        if isinstance(node, ast.FunctionDef):
            others = [*node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            assert others == [None, None], node.name
            names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
            defaults = [ast.literal_eval(value) for value in node.args.defaults]
            padded = [REQUIRED] * (len(names) - len(defaults)) + defaults
            out[node.name] = list(zip(names, padded, strict=True))
    return out


def split_parameters(text: str) -> list[str]:
    """Split at the commas that stand in no bracket."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [part.strip() for part in (*parts, current) if part.strip()]


def compiled_parameters(function: Any) -> list[tuple[str, Any]]:
    """Parameters with their defaults, from nanobind's `def name(a: type, b: type = \\0) -> type`."""
    overloads = function.__nb_signature__
    assert len(overloads) == 1, "a function with several signatures cannot be compared"
    text, _, defaults = overloads[0]
    inside = text[text.index("(") + 1 : text.rindex(") ->")]
    out = []
    for parameter in split_parameters(inside):
        name = parameter.split(":", 1)[0].strip()
        head, equals, index = parameter.rpartition(" = \\")
        out.append((name, defaults[int(index)] if equals and head else REQUIRED))
    return out


def compiled_functions() -> dict[str, Any]:
    return {
        name: getattr(_native, name)
        for name in dir(_native)
        if hasattr(getattr(_native, name), "__nb_signature__")
    }


def test_the_same_names() -> None:
    assert set(stubbed_functions()) == set(compiled_functions())
    others = {name for name in dir(_native) if not name.startswith("__")} - set(compiled_functions())
    assert others == set()


@pytest.mark.parametrize("name", sorted(stubbed_functions()))
def test_the_same_parameters(name) -> None:
    assert stubbed_functions()[name] == compiled_parameters(compiled_functions()[name])


def test_the_reading_of_signatures_itself() -> None:
    score = compiled_parameters(_native.score)
    assert [name for name, _ in score][:2] == ["X", "centre"]
    assert dict(score)["X"] is REQUIRED
    assert dict(score)["labels"] is False
    assert split_parameters("a: T[shape=(*, *)], b: int") == ["a: T[shape=(*, *)]", "b: int"]


def test_the_keys_of_config() -> None:
    (typed,) = [node for node in stub().body if isinstance(node, ast.ClassDef) and node.name == "_Config"]
    keys = {
        node.target.id: ast.unparse(node.annotation) for node in typed.body if isinstance(node, ast.AnnAssign)
    }
    config = _native.config()
    assert set(keys) == set(config)
    kinds = {"str": str, "int": int, "list[str]": list}
    for key, kind in keys.items():
        assert isinstance(config[key], kinds[kind]), key


def test_as_many_results_as_the_stub_says(each_pass, call, arguments) -> None:
    (node,) = [
        n for n in stub().body if isinstance(n, ast.FunctionDef) and n.name == call(each_pass).__name__
    ]
    result = call(each_pass)(**arguments(each_pass))
    returns = node.returns
    assert returns is not None
    if isinstance(returns, ast.Subscript) and ast.unparse(returns.value) == "tuple":
        assert isinstance(result, tuple)
        assert isinstance(returns.slice, ast.Tuple)
        assert len(result) == len(returns.slice.elts)
    else:
        assert not isinstance(result, tuple)
