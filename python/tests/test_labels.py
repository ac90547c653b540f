"""`refine_labels` and `latticecrf.simplecrf` against the calls that they stand for."""
import numpy as np
import pytest

import latticecrf
from latticecrf import densecrf, simplecrf, utils


def scene(labels=(0, 3, 7), noise=0.15):
    """An image of blocks of colours, and the blocks' numbers with some wrong."""
    generator = np.random.default_rng(4)
    truth = np.asarray(labels)[(np.add.outer(np.arange(40) // 14, np.arange(56) // 19)) % len(labels)]
    colors = generator.integers(0, 256, (truth.max() + 1, 3))
    image = np.clip(colors[truth] + generator.normal(0, 6, truth.shape + (3,)), 0, 255).astype(np.uint8)
    wrong = generator.random(truth.shape) < noise
    given = np.where(wrong, generator.choice(labels, truth.shape), truth)
    return image, given.astype(np.uint8), truth


def by_pydensecrf(image, labels, count, gt_prob, zero_unsure=False):
    """What IRN's `crf_inference_label` does, on the replacement of pydensecrf."""
    height, width = labels.shape
    crf = densecrf.DenseCRF2D(width, height, count)
    crf.setUnaryEnergy(utils.unary_from_labels(labels, count, gt_prob, zero_unsure))
    crf.addPairwiseGaussian(sxy=3, compat=3)
    crf.addPairwiseBilateral(sxy=50, srgb=5, rgbim=np.ascontiguousarray(image), compat=10)
    return np.argmax(np.array(crf.inference(10)), 0).reshape(height, width)


def test_labels_are_those_of_the_usual_call():
    image, labels, _ = scene((0, 1, 2))
    expected = by_pydensecrf(image, labels, 3, 0.7)
    assert (expected != labels).any()
    np.testing.assert_array_equal(latticecrf.refine_labels(image, labels, 0.7), expected)


def test_only_labels_that_there_are_take_part():
    image, labels, truth = scene((0, 3, 7))
    found = latticecrf.refine_labels(image, labels)
    assert found.dtype == labels.dtype
    assert set(np.unique(found)) <= {0, 3, 7}
    numbers = np.searchsorted([0, 3, 7], labels)
    np.testing.assert_array_equal(found, np.array([0, 3, 7])[by_pydensecrf(image, numbers, 3, 0.7)])
    assert (found != truth).mean() < (labels != truth).mean()


def test_absent_labels_share_what_a_wrong_label_has():
    """Of 21 labels a wrong one has 0.3 / 20, so that the three that are there are surer."""
    image, labels, _ = scene((0, 3, 7))
    found = latticecrf.refine_labels(image, labels, 0.7, n_labels=21)
    sure = 0.7 / (0.7 + 2 * 0.3 / 20)
    np.testing.assert_array_equal(found, latticecrf.refine_labels(image, labels, sure))
    # With all 21 at hand, labels that nothing speaks for take next to nothing.
    assert (found == by_pydensecrf(image, labels, 21, 0.7)).mean() >= 0.99


def test_pixels_without_a_label_get_one():
    image, labels, truth = scene((1, 2))
    labels[10:14, 20:30] = 255
    found = latticecrf.refine_labels(image, labels, ignore=255)
    assert (found != 255).all()
    assert (found == truth)[10:14, 20:30].mean() > 0.9


@pytest.mark.parametrize("labels", [np.full((4, 5), 3, np.uint8), np.full((4, 5), 255, np.uint8)])
def test_one_label_is_left_alone(labels):
    image = np.full((4, 5, 3), 90, np.uint8)
    image[2:] = 200
    np.testing.assert_array_equal(latticecrf.refine_labels(image, labels, ignore=255), labels)
    labels = labels.copy()
    labels[0, 0] = 1
    found = latticecrf.refine_labels(image, labels, ignore=255)
    assert (found != 255).all()


@pytest.mark.parametrize("options, says", [
    ({"gt_prob": 0.2}, "gt_prob is 0.2"), ({"gt_prob": 1}, "gt_prob is 1"), ({"n_labels": 2}, "n_labels is 2"),
    ({"preset": "none"}, "irn"),
])
def test_what_cannot_be_is_refused(options, says):
    image, labels, _ = scene()
    with pytest.raises(ValueError, match=says):
        latticecrf.refine_labels(image, labels, **options)


def test_scores_are_no_labels():
    image, labels, _ = scene()
    with pytest.raises(TypeError, match="whole numbers"):
        latticecrf.refine_labels(image, labels.astype(np.float32))


def probabilities(labels, count):
    scores = np.full(labels.shape + (count,), 0.3 / (count - 1), np.float32)
    np.put_along_axis(scores, labels[..., None].astype(int), 0.7, -1)
    return scores


def test_simplecrf_in_two_dimensions():
    image, labels, _ = scene((0, 1, 2))
    found = simplecrf.densecrf(image, probabilities(labels, 3), (10.0, 50, 5, 3.0, 3, 10.0))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, by_pydensecrf(image, labels, 3, 0.7))


def test_simplecrf_in_three_dimensions():
    generator = np.random.default_rng(5)
    volume = generator.integers(0, 256, (4, 9, 12, 2)).astype(np.uint8)
    scores = generator.random((4, 9, 12, 3)).astype(np.float32)
    param = {
        "MaxIterations": 2.0, "PosW": 2.0, "PosRStd": 4, "PosCStd": 5, "PosZStd": 3, "BilateralW": 3.0,
        "BilateralRStd": 6, "BilateralCStd": 7, "BilateralZStd": 2, "ModalityNum": 2,
        "BilateralModsStds": (40.0, 60.0)}
    crf = densecrf.DenseCRF(scores[..., 0].size, 3)
    energies = -np.log(np.clip(scores / scores.sum(-1, keepdims=True), 1e-5, 1))
    crf.setUnaryEnergy(np.ascontiguousarray(energies.reshape(-1, 3).T, dtype=np.float32))
    # The lattice's own error depends on the order of axes, which is x, y, z here.
    gaussian = utils.create_pairwise_gaussian((3, 4, 5), (4, 9, 12))
    bilateral = utils.create_pairwise_bilateral((2, 6, 7), (40, 60), volume, chdim=3)
    crf.addPairwiseEnergy(np.ascontiguousarray(gaussian[::-1]), compat=2)
    crf.addPairwiseEnergy(np.ascontiguousarray(bilateral[[2, 1, 0, 3, 4]]), compat=3)
    expected = np.argmax(np.array(crf.inference(2)), 0).reshape(4, 9, 12)
    np.testing.assert_array_equal(simplecrf.densecrf3d(volume, scores, param), expected)


def test_simplecrf_says_what_is_missing():
    image, labels, _ = scene((0, 1))
    with pytest.raises(ValueError, match="6 are needed"):
        simplecrf.densecrf(image, probabilities(labels, 2), (1, 2, 3))
    with pytest.raises(ValueError, match="lacks MaxIterations"):
        simplecrf.densecrf3d(image[None], probabilities(labels, 2)[None], {"PosW": 1})
