"""What the native functions say to arguments that they cannot use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixtura import _native

# pass, argument, what takes its place, the words of the ValueError
SHAPES = [
    ("e_step_dense", "centre", np.zeros(4), "centre must have one number a feature"),
    ("e_step_dense", "sample_weight", np.ones(49), "sample_weight must have one number a row"),
    ("e_step_dense", "means", np.zeros((4, 2)), r"means must be \(K, d\) with the d of X"),
    ("e_step_dense", "means", np.zeros((0, 3)), r"means must be \(K, d\) with the d of X"),
    ("e_step_dense", "offset", np.zeros(5), "offset must have one number a component"),
    ("e_step_dense", "whitener", np.zeros((3, 3, 3)), r"whitener must be \(K, d, d\)"),
    ("e_step_dense", "whitener", np.zeros((4, 3, 2)), r"whitener must be \(K, d, d\)"),
    ("e_step_diagonal", "whitener", np.zeros((4, 2)), r"whitener must be \(K, d\) or \(K, 1\)"),
    ("e_step_diagonal", "whitener", np.zeros((1, 3)), r"whitener must be \(K, d\)"),
    ("e_step_shared_dense", "whitener", np.zeros((3, 2)), r"whitener must be \(d, d\), \(d,\) or \(1,\)"),
    ("e_step_shared_dense", "whitener", np.zeros((1, 3, 3)), r"whitener must be \(d, d\), \(d,\) or \(1,\)"),
    ("e_step_shared_diagonal", "whitener", np.zeros(2), r"whitener must be \(d, d\), \(d,\) or \(1,\)"),
    ("score_dense", "whitener", np.zeros((2, 3, 3)), "whitener must have K or 1 leading entries"),
    ("score_dense", "whitener", np.zeros((4, 3, 2)), "whitener must have the d of X"),
    ("score_diagonal", "whitener", np.zeros((4, 2)), "whitener must have the d of X"),
    ("score_diagonal", "whitener", np.zeros(3), r"whitener must be \(K or 1, d, d\) or \(K or 1, d or 1\)"),
    ("score_dense", "offset", np.zeros(1), "offset must have one number a component"),
    ("e_step_shared_dense", "scatter", np.zeros((3, 2)), "scatter must have the shape of whitener"),
    ("e_step_shared_diagonal", "scatter", np.zeros(1), "scatter must have the shape of whitener"),
    ("e_step_shared_dense", "reach", np.zeros(2), "reach must have one number a feature"),
    ("em_dense", "reach", np.zeros(2), "reach must have one number a feature"),
    ("em_shared", "reach", None, "components that share a whitener need scatter and reach"),
    ("nearest", "centers", np.zeros((4, 2)), r"centers must be \(K, d\) with the d of X"),
    ("nearest", "centers", np.zeros((0, 3)), r"centers must be \(K, d\) with the d of X"),
    ("min_update", "point", np.zeros(2), "point must have the d of X"),
    ("min_update", "closest", np.zeros(49, dtype=np.float32), "closest must have one number a row"),
    ("potential", "candidates", np.zeros((2, 4)), r"candidates must be \(L, d\) with the d of X"),
    ("potential", "candidates", np.zeros((0, 3)), r"candidates must be \(L, d\) with the d of X"),
    ("potential", "closest", np.zeros(51, dtype=np.float32), "closest must have one number a row"),
    ("lloyd_step", "centers", np.zeros((4, 4)), r"centers must be \(K, d\) with the d of X"),
    ("lloyd_step", "before", np.zeros((2, 3)), "before must have the shape of centers"),
    ("lloyd_step", "labels", np.zeros(49, dtype=np.int32), "labels must have one number a row"),
    ("lloyd_step", "lower", np.zeros(49, dtype=np.float32), "lower must have one number a row"),
]


@pytest.mark.parametrize(("name", "argument", "value", "words"), SHAPES)
def test_shapes_that_do_not_fit(name, argument, value, words, call, arguments) -> None:
    args = arguments(name)
    assert argument in args
    with pytest.raises(ValueError, match=words):
        call(name)(**(args | {argument: value}))


def refused(name: str, call: Any, args: dict[str, Any]) -> None:
    """A TypeError that names the function and shows its signature."""
    with pytest.raises(TypeError, match=r"\(\): incompatible function arguments") as raised:
        call(name)(**args)
    assert str(raised.value).startswith(call(name).__name__ + "():")
    assert "n_threads: int" in str(raised.value)


def test_rows_of_other_types(each_pass, call, arguments) -> None:
    args = arguments(each_pass)
    X = args["X"]
    for dtype in ("int64", "float16", "complex128", "bool"):
        with pytest.raises(ValueError, match="X must be float32 or float64"):
            call(each_pass)(**(args | {"X": X.astype(dtype)}))
    for other in (X.astype(X.dtype.newbyteorder()), X.tolist(), X[0], X[None], None, X.astype(object)):
        refused(each_pass, call, args | {"X": other})


def test_rows_whose_strides_are_no_whole_numbers_of_elements(each_pass, call, arguments) -> None:
    args = arguments(each_pass)
    table = np.zeros(50, dtype=[("id", "i4"), ("x", "f8", (3,))])
    table["x"] = args["X"]
    assert table["x"].strides == (28, 8)
    refused(each_pass, call, args | {"X": table["x"]})


def test_other_arrays_must_be_of_their_type_contiguous_and_of_their_dimension(
    each_pass, call, arguments
) -> None:
    args = arguments(each_pass)
    inputs = [key for key, v in args.items() if isinstance(v, np.ndarray) and key not in ("X", "labels")]
    assert len(inputs) >= 2
    for key in inputs:
        value = args[key]
        strided = np.repeat(value, 2, axis=-1)[..., ::2]
        # One number lies together however it is cut out.
        assert strided.flags.c_contiguous == (value.size == 1)
        other = np.float64 if value.dtype == np.float32 else np.float32
        wrongs = [value.astype(other), value.astype(np.int64), value.tolist()]
        for wrong in wrongs if value.size == 1 else [*wrongs, strided]:
            refused(each_pass, call, args | {key: wrong})
        if key not in ("whitener", "scatter"):
            refused(each_pass, call, args | {key: value[None]})
            if key not in ("sample_weight", "before") and (key, each_pass[:2]) != ("reach", "em"):
                refused(each_pass, call, args | {key: None})


def test_what_is_written_must_be_writable_and_of_its_type(call, arguments) -> None:
    for name, key in (("min_update", "closest"), ("lloyd_step", "labels"), ("lloyd_step", "lower")):
        args = arguments(name)
        frozen = args[key].copy()
        frozen.flags.writeable = False
        refused(name, call, args | {key: frozen})
        refused(name, call, args | {key: args[key].astype(np.int64)})
    args = arguments("potential")
    args["closest"].flags.writeable = False
    assert np.isfinite(_native.potential(**args)).all()


@pytest.mark.parametrize("n_threads", [0, -1, -(2**31)])
def test_the_number_of_threads_is_positive(each_pass, n_threads, call, arguments) -> None:
    with pytest.raises(ValueError, match="n_threads must be at least 1"):
        call(each_pass)(**(arguments(each_pass) | {"n_threads": n_threads}))


def test_the_number_of_threads_is_an_integer(each_pass, call, arguments) -> None:
    for wrong in (1.0, "1", None, 2**40):
        refused(each_pass, call, arguments(each_pass) | {"n_threads": wrong})


def test_arguments_are_all_needed_and_no_others_taken(each_pass, call, arguments) -> None:
    args = arguments(each_pass)
    for key in set(args) - {"log_prob", "resp", "labels"}:
        refused(each_pass, call, {name: value for name, value in args.items() if name != key})
    refused(each_pass, call, args | {"unknown": 1})


def test_sums_over_no_rows_are_refused_and_scores_of_none_are_empty(each_pass, call, arguments) -> None:
    args = arguments(each_pass)
    none = {key: v[:0] for key, v in args.items() if key in ("X", "sample_weight", "closest")}
    if each_pass == "lloyd_step":
        none |= {key: args[key][:0] for key in ("labels", "lower")}
    if each_pass.startswith("score") or each_pass == "nearest":
        assert all(len(part) == 0 for part in call(each_pass)(**(args | none)))
    else:
        with pytest.raises(ValueError, match="must have"):
            call(each_pass)(**(args | none))


def test_a_refusal_leaves_nothing_behind(call, arguments, bits) -> None:
    args = arguments("min_update")
    before = bits("min_update", args)
    closest = args["closest"].copy()
    for wrong in ({"n_threads": 0}, {"point": np.zeros(7)}, {"X": None}):
        with pytest.raises((TypeError, ValueError)):
            _native.min_update(**(args | wrong))
    np.testing.assert_array_equal(args["closest"], closest)
    assert bits("min_update", args) == before


@pytest.mark.parametrize("name", ["whiten", "first_indefinite"])
def test_matrices_to_factor(name) -> None:
    function = getattr(_native, name)
    for shape in ((2, 3, 4), (2, 0, 0)):
        with pytest.raises(ValueError, match=r"must be \(m, d, d\)"):
            function(np.zeros(shape))
    eye = np.stack([np.eye(3)] * 2)
    for wrong in (eye[0], eye.astype(np.float32), eye.transpose(2, 1, 0)[:, ::-1], eye.tolist(), None):
        with pytest.raises(TypeError, match=rf"{name}\(\): incompatible function arguments"):
            function(wrong)


FULL, SHARED = "em_dense", "em_shared"
START, BOUNDS, COURSE = range(3)
# run, part of a task and place in it, what takes its place, the words of the ValueError
TASKS = [
    (FULL, START, 0, np.ones(5), "weights must have one number a component"),
    (FULL, START, 1, np.ones((4, 2)), r"means must be \(K, d\) with the d of X"),
    (FULL, START, 1, np.ones((0, 3)), r"means must be \(K, d\) with the d of X"),
    (FULL, START, 2, np.ones((4, 3)), "covariances must have the shape of whitener"),
    (FULL, START, 3, np.ones((4, 3, 2)), "whitener must have the d of X"),
    (FULL, START, 3, np.ones((2, 3, 3)), "whitener must have K or 1 leading entries"),
    (FULL, START, 3, np.ones(3), r"whitener must be \(K or 1, d, d\) or \(K or 1, d or 1\)"),
    (FULL, START, 4, np.ones(1), "log_det must have one number a whitener"),
    (FULL, BOUNDS, 1, np.ones(3), "floor must have the shape of one whitener"),
    (FULL, BOUNDS, 2, np.ones(3), "prior must have the shape of one whitener"),
    (FULL, COURSE, 3, -1, "passes must be at least 0"),
    (SHARED, START, 5, None, "components that share a whitener need scatter and reach"),
    (SHARED, START, 5, np.ones(3), "scatter must have the shape of the whitener"),
]


@pytest.mark.parametrize(("name", "part", "place", "value", "words"), TASKS)
def test_tasks_that_do_not_fit(name, part, place, value, words, arguments) -> None:
    args = arguments(name)
    first, *others = args["tasks"]
    wrong = list(first)
    wrong[part] = (*first[part][:place], value, *first[part][place + 1 :])
    with pytest.raises(ValueError, match=words):
        _native.em(**(args | {"tasks": [*others, tuple(wrong)]}))


def test_tasks_of_other_types(call, arguments) -> None:
    args = arguments(FULL)
    task = args["tasks"][0]
    start = (task[0][0].astype(np.float32), *task[0][1:])
    for wrong in (task[:-1], (*task, 1), (start, *task[1:]), (None, *task[1:]), 3):
        refused(FULL, call, args | {"tasks": [wrong]})
    assert _native.em(**(args | {"tasks": []})) == []


def test_only_a_run_alone_can_be_watched(arguments) -> None:
    with pytest.raises(ValueError, match="only one run at a time can be watched"):
        _native.em(**(arguments(FULL) | {"watch": lambda *_: False}))


def test_the_length_of_a_pass_is_told_by_its_shape() -> None:
    assert _native.is_short_pass(400, 2, 4, True)
    assert not _native.is_short_pass(10**6, 2, 4, True)
    assert _native.is_short_pass(5000, 40, 10, False)
    assert not _native.is_short_pass(5000, 40, 10, True)
