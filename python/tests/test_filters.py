"""Functions for single steps, and labels that are cleaned without scores."""
import inspect
import pickle

import numpy as np
import pytest

import latticecrf
from latticecrf import filters


@pytest.fixture
def labels():
    values = np.zeros((5, 6), np.uint8)
    values[:, 3:] = 1
    values[2, 1] = 7  # Alone among zeros.
    return values


def test_labels_are_cleaned_without_scores(labels):
    cleaned = latticecrf.clean(labels, "majority")
    assert cleaned.dtype == np.uint8 and cleaned.shape == labels.shape
    expected = labels.copy()
    expected[2, 1] = 0
    np.testing.assert_array_equal(cleaned, expected)
    assert labels[2, 1] == 7


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint16, np.int8])
def test_the_type_of_labels_stays(labels, dtype):
    given = (labels % 2).astype(dtype)
    cleaned = latticecrf.clean(given, ["majority:radius=1"])
    assert cleaned.dtype == dtype


def test_a_function_is_the_plan_of_one_step(labels):
    np.testing.assert_array_equal(
        filters.majority(labels, radius=2), latticecrf.clean(labels, "majority:radius=2"))
    scores = np.random.default_rng(1).normal(size=(3, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(
        filters.temperature(scores, value=2, kind="logits"),
        latticecrf.refine(scores, plan="temperature:value=2"))
    image = np.zeros((4, 5, 3), np.uint8)
    assert filters.band(scores, image, width=1, of="crf", output="labels").shape == (4, 5)


def test_functions_say_what_they_take():
    signature = inspect.signature(filters.majority)
    assert list(signature.parameters)[:2] == ["labels", "radius"]
    assert signature.parameters["radius"].default == 1
    assert "radius: how far around" in filters.majority.__doc__
    assert {"majority", "temperature", "crf"} <= set(dir(filters))


@pytest.mark.parametrize("call, error, words", [
    (lambda labels: filters.majority(labels, wide=3), TypeError, "no setting 'wide'; it has radius"),
    (lambda labels: filters.majority(labels, radius=0), ValueError, "radius"),
    (lambda labels: filters.majority(labels.astype(float)), TypeError, "whole numbers"),
    (lambda labels: filters.majority(labels.astype(int) - 1), ValueError, "-1"),
    (lambda labels: filters.majority(70000 + labels.astype(int)), ValueError, "65535"),
    (lambda labels: filters.majority(np.uint8(3)), ValueError, "one number"),
    (lambda labels: latticecrf.clean(labels, "temperature:value=2"), ValueError, "labels alone"),
    (lambda labels: latticecrf.clean(labels[:0], "majority"), ValueError, "grid"),
    (lambda labels: filters.blur(labels), AttributeError, "no step 'blur'; there are"),
])
def test_wrong_calls_are_refused_in_words(labels, call, error, words):
    with pytest.raises(error) as caught:
        call(labels)
    assert words in str(caught.value)


def test_threads_do_not_change_labels():
    labels = np.random.default_rng(2).integers(0, 4, (3, 50, 70))
    one = filters.majority(labels, radius=2, threads=1)
    np.testing.assert_array_equal(one, filters.majority(labels, radius=2, threads=3))


def test_steps_can_be_pickled():
    plan = latticecrf.Plan("majority:radius=2")
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_words_of_other_libraries_stand_for_settings_that_there_are():
    known = latticecrf.kinds()
    settings = {
        kind["name"]: {setting["key"] for setting in kind["settings"]}
        for kind in known["refinements"] + known["label_filters"]
    }
    for kind, words in filters.WORDS.items():
        for word, (key, _) in words.items():
            assert key in settings[kind], (kind, word)
            assert word not in settings[kind], (kind, word)


def test_words_of_other_libraries_mean_the_same(labels):
    same = filters.components(labels, minimum=3, connectivity=8, replace="neighbour")
    for words in ({"min_size": 3}, {"max_size": 2}, {"threshold": 3}):
        found = filters.components(labels, connectivity=2, replace="neighbour", **words)
        np.testing.assert_array_equal(found, same)
    assert same[2, 1] == 0
    np.testing.assert_array_equal(
        filters.holes(labels, applied_labels=[0], max_size=1), filters.holes(labels, classes=[0], maximum=1))
    with pytest.raises(TypeError, match="given minimum twice"):
        filters.components(labels, minimum=3, min_size=3)
    with pytest.raises(ValueError, match="connectivity is 3, but there are 2 axes"):
        filters.components(labels, minimum=3, connectivity=3)
    scores = np.random.default_rng(3).normal(size=(2, 6, 7)).astype(np.float32)
    image = np.random.default_rng(4).integers(0, 256, (6, 7, 3), np.uint8)
    np.testing.assert_array_equal(
        filters.smoother(scores, image, lambda_=50, sigma_color=9),
        latticecrf.refine(scores, image, plan="smoother:lambda=50,color=9"))
