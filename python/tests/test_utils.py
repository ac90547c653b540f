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


PICTURE = np.random.default_rng(1).random((3, 8, 9)).astype(np.float32)

#: Arguments of create_pairwise_bilateral that leave axes or channels without a bandwidth, or name them in
#: unusual ways, and whether that is warned of.
ODD_FEATURES = {
    "fewer schan than channels": (((25, 25), (0.05, 0.05), PICTURE, 0), True),
    "one schan in a tuple": (((25, 25), (0.05,), PICTURE, 0), True),
    "no axis of channels, a gray picture of (H, W, 1)":
        (((10, 10), (0.01,), PICTURE[0, :, :, None], -1), False),
    "fewer sdims than axes": (((4, 5), 0.1, PICTURE, -1), True),
    "one sdims in a list": (([4], (0.1, 0.2, 0.3), PICTURE, 0), True),
    "channels counted from the end": (((4, 5), (0.1, 0.2, 0.3), PICTURE, -3), False),
    "channels between the axes": (((4, 5), 0.1, PICTURE.swapaxes(0, 1), -2), False),
    "an infinite bandwidth": (((4, float("inf")), 0.1, PICTURE, 0), False),
    "a line": (((4,), (0.1,), PICTURE[0, 0], -1), False),
    "bool": (((4, 5), 0.1, PICTURE > 0.5, 0), False),
    "float16, strided": (((4, 5), 0.1, PICTURE.astype("f2")[:, ::-1, ::2], 0), False),
}


@pytest.mark.parametrize("name", ODD_FEATURES)
def test_features_of_odd_arguments_are_pydensecrfs(name, recwarn):
    (sdims, schan, image, chdim), warned = ODD_FEATURES[name]
    found = utils.create_pairwise_bilateral(sdims, schan, image, chdim)
    assert [w.category for w in recwarn] == [UserWarning] * warned
    # By pydensecrf's definition: bandwidths divide the first rows of each kind.
    channels = image[None] if chdim == -1 else np.rollaxis(image, chdim)
    channels = channels.astype(np.float32)
    mesh = np.indices(channels.shape[1:], dtype=np.float32)
    for rows, sigmas in [(mesh, sdims), (channels, schan)]:
        sigmas = [sigmas] * len(rows) if np.ndim(sigmas) == 0 else sigmas
        for index, sigma in enumerate(sigmas):
            rows[index] /= np.float32(min(sigma, 1e30))
    np.testing.assert_allclose(found, np.concatenate([mesh, channels]).reshape(len(found), -1), rtol=1e-6)
    peer = pytest.importorskip("pydensecrf.utils")
    expected = peer.create_pairwise_bilateral(sdims, schan, image, chdim)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-28)  # 1 / 1e30 and 1 / inf.


def test_an_image_whose_channels_are_not_named_is_warned_of():
    with pytest.warns(UserWarning, match="chdim=2"):
        utils.create_pairwise_bilateral((3, 3), 9, np.moveaxis(PICTURE, 0, -1))


def test_unaries_of_odd_arguments_are_pydensecrfs(recwarn):
    one = utils.unary_from_labels(np.array([[1, 0, 1]]), 1, 0.8)
    np.testing.assert_allclose(one, [[-np.log(0.8), 0, -np.log(0.8)]], rtol=1e-6)
    p = np.float32([0, 0.25, 0.75])
    np.testing.assert_allclose(utils.unary_from_softmax(p)[:, 0], -np.log([1e-5, 0.25, 0.75]), rtol=1e-6)
    for clip in (None, 0, -1):
        energies = utils.unary_from_softmax(p[:, None], clip=clip)
        np.testing.assert_allclose(energies, [[np.inf], [-np.log(0.25)], [-np.log(0.75)]], rtol=1e-6)
    np.testing.assert_array_equal(utils.unary_from_softmax(p, clip=1), np.zeros((3, 1)))
    assert len(recwarn) == 0
    peer = pytest.importorskip("pydensecrf.utils")
    with np.errstate(divide="ignore"):
        for options in ({"clip": None}, {"clip": 0}, {"clip": 1}, {"scale": 0.5}, {"scale": 0.5, "clip": None}):
            np.testing.assert_array_equal(
                utils.unary_from_softmax(p, **options), peer.unary_from_softmax(p, **options)
            )
