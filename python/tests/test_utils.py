"""The helpers, by what they are to compute."""
import numpy as np
import pytest

from latticecrf import utils


@pytest.mark.parametrize("dtype", ["i8", "i4", "u1", "u2"])
def test_labels_become_energies_of_their_certainty(dtype):
    labels = np.array([[0, 1, 2], [3, 3, 0]], dtype)
    energies = utils.unary_from_labels(labels, 3, 0.8)
    sure, other, unknown = -np.log(0.8), -np.log(0.1), -np.log(1 / 3)
    expected = np.array([
        [unknown, sure, other, other, other, unknown],
        [unknown, other, sure, other, other, unknown],
        [unknown, other, other, sure, sure, unknown],
    ])
    assert energies.dtype == np.float32
    np.testing.assert_allclose(energies, expected, rtol=1e-6)
    plain = utils.unary_from_labels(labels, 4, 0.7, zero_unsure=False)
    np.testing.assert_array_equal(plain.argmin(0), labels.ravel())


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_probabilities_become_energies(dtype):
    p = np.array([[[0.0, 0.25]], [[1.0, 0.75]]], dtype)
    np.testing.assert_allclose(
        utils.unary_from_softmax(p), [[-np.log(1e-5), -np.log(0.25)], [0, -np.log(0.75)]], rtol=1e-6
    )
    mixed = -np.log(0.5 * p.reshape(2, -1).astype(np.float64) + 0.25)
    np.testing.assert_allclose(utils.unary_from_softmax(p, scale=0.5), mixed, rtol=1e-6)
    assert utils.unary_from_softmax(p, clip=0.3)[0, 1] == np.float32(-np.log(0.3))


def test_features_are_positions_and_colours_over_bandwidths():
    gaussian = utils.create_pairwise_gaussian((2, 3, 4), (2, 3, 2))
    assert gaussian.shape == (3, 12) and gaussian.dtype == np.float32
    np.testing.assert_allclose(gaussian[:, -1], [1 / 2, 2 / 3, 1 / 4])
    image = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    bilateral = utils.create_pairwise_bilateral((2, 3), (1, 2, 3, 4), image, chdim=2)
    np.testing.assert_allclose(bilateral[:, 5], [1 / 2, 2 / 3, 20, 21 / 2, 22 / 3, 23 / 4])
    volume = utils.create_pairwise_bilateral((1, 2, 4), 10, image)
    np.testing.assert_allclose(volume[:, -1], [1, 1, 3 / 4, 2.3])


def test_old_names_warn():
    with pytest.warns(DeprecationWarning):
        old = utils.compute_unary(np.array([0, 1]), 2)
    np.testing.assert_array_equal(old, utils.unary_from_labels(np.array([0, 1]), 2, 0.5))
    with pytest.warns(DeprecationWarning):
        utils.softmax_to_unary(np.array([[0.5], [0.5]]), GT_PROB=0.9)
