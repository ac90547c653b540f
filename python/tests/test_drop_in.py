"""What programs written for pydensecrf rely on."""
import gc
import pickle

import numpy as np
import pytest

import latticecrf.densecrf as dcrf
from latticecrf import eigen, utils

WIDTH, HEIGHT, LABELS = 13, 9, 4


@pytest.fixture
def scene():
    generator = np.random.default_rng(7)
    image = generator.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    unary = generator.random((LABELS, WIDTH * HEIGHT), dtype=np.float32) * 3
    return image, unary


def make(scene, **options):
    image, unary = scene
    crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS, **options)
    crf.setUnaryEnergy(unary)
    crf.addPairwiseGaussian(sxy=(3, 3), compat=3)
    crf.addPairwiseBilateral(sxy=20, srgb=(13, 13, 13), rgbim=image, compat=10)
    return crf


def test_results_have_the_type_layout_and_buffer_of_pydensecrfs(scene):
    q = make(scene).inference(5)
    assert isinstance(q, eigen.MatrixXf)
    buffer = memoryview(q)
    assert (buffer.format, buffer.shape) == ("f", (LABELS, WIDTH * HEIGHT))
    assert buffer.strides == (4, 4 * LABELS) and not buffer.readonly
    array = np.array(q)
    assert type(array) is np.ndarray and array.dtype == np.float32
    assert type(np.argmax(q, axis=0)) is np.ndarray
    assert type(q * 2) is np.ndarray
    np.testing.assert_allclose(array.sum(0), 1, rtol=1e-5)
    np.asarray(q)[0, 0] = 7
    assert memoryview(q)[0, 0] == 7 and array[0, 0] != 7


def test_matrices_and_vectors_are_made_from_arrays():
    matrix = eigen.matrixXf(np.arange(6.0).reshape(2, 3))
    assert memoryview(matrix).strides == (4, 8) and matrix[1, 0] == 3
    assert eigen.vectorXf([1, 2]).shape == (2,)
    assert eigen.MatrixXf().shape == (0, 0)
    matrix += 1
    assert isinstance(matrix, eigen.MatrixXf) and matrix[1, 0] == 4


def test_inference_can_be_repeated_and_stepped(scene):
    crf = make(scene)
    expected = np.array(crf.inference(3))
    q, first, second = crf.startInference()
    divergences = []
    for _ in range(3):
        crf.stepInference(q, first, second)
        divergences.append(crf.klDivergence(q))
    np.testing.assert_allclose(q, expected, atol=2e-6)
    assert divergences[2] < divergences[0]
    # The objective that updates descend, which counts pairs once, is the larger.
    assert crf.freeEnergy(q) > crf.klDivergence(q)
    np.testing.assert_array_equal(crf.inference(3), expected)
    np.testing.assert_array_equal(crf.map(3), expected.argmax(0))


def test_any_writable_array_can_be_stepped(scene):
    crf = make(scene)
    q = crf.startInference()[0]
    rows = np.ascontiguousarray(np.array(q))
    spread = np.zeros((LABELS, 2 * WIDTH * HEIGHT), np.float32)[:, ::2]
    spread[:] = rows
    for array in (q, rows, spread):
        crf.stepInference(array)
    np.testing.assert_array_equal(rows, q)
    np.testing.assert_array_equal(spread, q)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "u1"])
def test_types_and_strides_make_no_difference(scene, dtype):
    image, _ = scene
    unary = (np.arange(LABELS * WIDTH * HEIGHT) % 7).astype("f4").reshape(LABELS, -1)
    expected = make((image, unary)).inference(2)
    strided = np.zeros((LABELS, 3, WIDTH * HEIGHT), dtype)
    strided[:, 1] = unary
    wide = np.zeros((HEIGHT, 2 * WIDTH, 4), np.uint8)
    wide[:, ::2, :3] = image
    for energies in (strided[:, 1], np.asfortranarray(unary.astype(dtype))):
        found = make((wide[:, ::2, :3], energies)).inference(2)
        np.testing.assert_array_equal(found, expected)
    found = make((image[..., ::-1][..., ::-1].astype(np.float64), unary)).inference(2)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_energies_with_the_axes_of_the_grid(scene):
    image, unary = scene
    found = make((image, unary.reshape(LABELS, HEIGHT, WIDTH))).inference(2)
    np.testing.assert_array_equal(found, make(scene).inference(2))


def test_images_of_any_number_of_channels(scene):
    image, unary = scene
    for channels in (1, 2, 5):
        bands = np.repeat(image[..., :1], channels, axis=2)
        crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
        crf.setUnaryEnergy(unary)
        crf.addPairwiseBilateral(sxy=9, srgb=13, rgbim=bands, compat=5)
        other = dcrf.DenseCRF(WIDTH * HEIGHT, LABELS)
        other.setUnaryEnergy(unary)
        features = utils.create_pairwise_bilateral((9, 9), 13, bands, chdim=2)
        # The class has x before y, the helper y before x, which a lattice notices.
        features[[0, 1]] = features[[1, 0]]
        other.addPairwiseEnergy(features, compat=5)
        np.testing.assert_allclose(crf.inference(3), other.inference(3), atol=1e-5)


def test_unaries_of_classes_and_linear_models(scene):
    image, unary = scene
    weights = np.eye(LABELS, dtype=np.float32)
    expected = make(scene).inference(2)
    for u in (dcrf.ConstUnary(unary), dcrf.LogisticUnary(weights, unary)):
        crf = make((image, np.zeros_like(unary)))
        crf.setUnary(u)
        np.testing.assert_array_equal(crf.inference(2), expected)
    crf.setUnaryEnergy(weights, unary)
    np.testing.assert_array_equal(crf.inference(2), expected)


def test_kernel_types_make_no_difference(scene):
    image, unary = scene
    results = []
    for kernel in (dcrf.CONST_KERNEL, dcrf.DIAG_KERNEL, dcrf.FULL_KERNEL, dcrf.KernelType(1), 1):
        crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
        crf.setUnaryEnergy(unary)
        crf.addPairwiseGaussian(3, 3, kernel, dcrf.NORMALIZE_BEFORE)
        crf.addPairwiseEnergy(utils.create_pairwise_gaussian((5, 5), (HEIGHT, WIDTH)), 2, kernel=kernel)
        results.append(np.array(crf.inference(2)))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_without_a_unary_all_labels_are_alike():
    crf = dcrf.DenseCRF(5, 2)
    np.testing.assert_array_equal(crf.inference(3), np.full((2, 5), 0.5, np.float32))


def test_subclasses_and_further_arguments_work(scene):
    class Mine(dcrf.DenseCRF2D):
        def __init__(self, *arguments, name=None):
            super().__init__(*arguments, name=name)
            self.name = name

    assert Mine(WIDTH, HEIGHT, LABELS, name="x").inference(0).shape == (LABELS, WIDTH * HEIGHT)


def test_objects_are_freed_and_not_copied(scene):
    crf = make(scene)
    with pytest.raises(TypeError, match="copied"):
        pickle.dumps(crf)
    number = crf._crf.number
    del crf
    gc.collect()
    from latticecrf import _native

    with pytest.raises(ValueError, match="destroyed"):
        _native.call("crf_destroy", number)


def test_the_same_numbers_as_pydensecrf_where_it_is_installed(scene):
    peer = pytest.importorskip("pydensecrf.densecrf")
    peer_utils = pytest.importorskip("pydensecrf.utils")
    image, unary = scene

    def run(module, helpers):
        crf = module.DenseCRF2D(WIDTH, HEIGHT, LABELS)
        crf.setUnaryEnergy(unary)
        crf.addPairwiseGaussian(sxy=(2, 3), compat=np.float32([-1, -2, -3, -4]))
        matrix = -np.eye(LABELS, dtype=np.float32)
        crf.addPairwiseBilateral(sxy=(9, 7), srgb=(13, 14, 15), rgbim=image, compat=matrix)
        features = helpers.create_pairwise_bilateral((4, 5), (20, 21, 22), image, chdim=2)
        crf.addPairwiseEnergy(features, compat=2)
        return np.array(crf.inference(4)), features

    (found, features), (expected, peer_features) = run(dcrf, utils), run(peer, peer_utils)
    np.testing.assert_array_equal(features, peer_features)
    # Two builds of pydensecrf differ by up to 1.2e-6.
    np.testing.assert_allclose(found, expected, atol=5e-6)


def marginals(module, sxy=(9, 7), srgb=(13, 14, 15), labels=3, updates=3, width=8, image=None):
    generator = np.random.default_rng(3)
    crf = module.DenseCRF2D(width, 6, labels)
    crf.setUnaryEnergy(np.float32(generator.random((int(labels), 48)) * 3))
    crf.addPairwiseGaussian(sxy, 2)
    if image is None:
        image = generator.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    crf.addPairwiseBilateral(sxy, srgb, image, 3)
    return np.array(crf.inference(updates))


ODD_CALLS = {
    "one label": {"labels": 1},
    "sizes by division": {"width": 80 / 10},
    "updates by division": {"updates": 6 / 2},
    "sizes of numpy's floats": {"width": np.float64(8), "labels": np.float32(3)},
    "a width of an array": {"width": np.array(8)},
    "True updates": {"updates": True},
    "an infinite bandwidth": {"sxy": float("inf")},
    "one infinite bandwidth": {"sxy": (3, float("inf"))},
    "colours that do not count": {"srgb": float("inf")},
    "one colour that does not count": {"srgb": (13, float("inf"), 15)},
    "steps at the lattice's own borders": {"sxy": (float("inf"), 1), "srgb": 40},
    "colours alone": {"sxy": float("inf"), "srgb": 30},
    "lists of bandwidths": {"sxy": [3, 4], "srgb": [13, 14, 15]},
    "arrays of bandwidths": {"sxy": np.array([3, 4]), "srgb": np.array([13.0, 14, 15])},
    "more bandwidths than are used": {"sxy": (3, 4, 5), "srgb": (13, 14, 15, 16)},
    "a bool image": {"image": np.arange(144).reshape(6, 8, 3) % 5 > 2},
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ODD_CALLS)
def test_odd_calls_give_pydensecrfs_numbers_where_it_is_installed(name):
    peer = pytest.importorskip("pydensecrf.densecrf")
    expected = marginals(peer, **ODD_CALLS[name])
    # Two builds of pydensecrf differ by up to 1.2e-6.
    np.testing.assert_allclose(marginals(dcrf, **ODD_CALLS[name]), expected, atol=5e-6)


def test_one_label_is_certain_in_all_calls():
    crf = dcrf.DenseCRF2D(8, 6, 1)
    crf.setUnaryEnergy(utils.unary_from_labels(np.ones(48, int), 1, 0.7))
    crf.addPairwiseGaussian(3, 3)
    crf.addPairwiseGaussian(3, np.float32([[-2]]))
    np.testing.assert_array_equal(crf.inference(5), np.ones((1, 48)))
    np.testing.assert_array_equal(crf.map(5), np.zeros(48))
    q = crf.startInference()[0]
    crf.stepInference(q)
    np.testing.assert_array_equal(q, np.ones((1, 48)))
    assert np.isfinite(crf.klDivergence(q))


@pytest.mark.parametrize("compat", [3, np.float32([-2]), np.float32([[-2]])])
def test_the_divergence_of_one_label_is_pydensecrfs_where_it_is_installed(compat):
    peer = pytest.importorskip("pydensecrf.densecrf")
    found = []
    for module in (dcrf, peer):
        crf = module.DenseCRF2D(8, 6, 1)
        crf.setUnaryEnergy(np.ones((1, 48), np.float32))
        crf.addPairwiseGaussian(3, compat)
        found.append(crf.klDivergence(crf.inference(2)))
    assert found[0] == pytest.approx(found[1], rel=1e-5)  # Sums of float32.


def test_bandwidths_that_are_not_used_are_warned_of(scene):
    crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
    with pytest.warns(UserWarning, match="sxy has 3 numbers, of which the first 2"):
        crf.addPairwiseGaussian((3, 4, 5), 3)
    with pytest.warns(UserWarning, match="srgb has 4 numbers, of which the first 3"):
        crf.addPairwiseBilateral(9, (13, 14, 15, 16), scene[0], 3)
