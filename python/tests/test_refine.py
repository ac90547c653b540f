"""`refine`: whatever form scores and images come in, the same result."""
import sys

import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf

HEIGHT, WIDTH, LABELS = 20, 31, 3


@pytest.fixture(scope="module")
def scene():
    generator = np.random.default_rng(5)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    truth = (x > 14).astype(int) + (y > 11) * (x > 14)
    image = np.uint8([40, 120, 200])[truth][..., None] + generator.integers(
        0, 12, (HEIGHT, WIDTH, 3), dtype=np.uint8
    )
    logits = generator.normal(0, 1, (LABELS, HEIGHT, WIDTH)).astype(np.float32)
    logits += 1.5 * (np.arange(LABELS)[:, None, None] == truth)
    return truth, image, logits


@pytest.fixture(scope="module")
def expected(scene):
    return latticecrf.refine(scene[2], scene[1])


def test_refining_mends_labels(scene, expected):
    truth, _, logits = scene
    assert np.mean(logits.argmax(0) != truth) > 0.1
    assert np.mean(expected.argmax(0) != truth) < 0.01
    np.testing.assert_allclose(expected.sum(0), 1, rtol=1e-5)


def test_the_result_is_that_of_the_classes(scene, expected):
    _, image, logits = scene
    crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
    shifted = np.exp(logits - logits.max(0))
    crf.setUnaryEnergy(-np.log(np.maximum(shifted / shifted.sum(0), 1e-5)))
    crf.addPairwiseGaussian(sxy=1, compat=3)
    crf.addPairwiseBilateral(sxy=67, srgb=3, rgbim=image, compat=4)
    # Energies in float32, computed in two ways.
    np.testing.assert_allclose(crf.inference(10), expected.reshape(LABELS, -1), atol=1e-4)


@pytest.mark.parametrize("layout", ["LHW", "HWL"])
@pytest.mark.parametrize("image_layout", ["HWC", "CHW"])
def test_axes_are_found_or_told(scene, expected, layout, image_layout):
    _, image, logits = scene
    scores = logits if layout == "LHW" else np.moveaxis(logits, 0, -1)
    picture = image if image_layout == "HWC" else np.moveaxis(image, -1, 0)
    target = expected if layout == "LHW" else np.moveaxis(expected, 0, -1)
    for options in ({}, {"layout": layout, "image_layout": image_layout}):
        np.testing.assert_array_equal(latticecrf.refine(scores, picture, **options), target)


def test_labels_energies_and_probabilities(scene, expected):
    _, image, logits = scene
    labels = latticecrf.refine(logits, image, output="labels")
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, expected.argmax(0))
    shifted = np.exp(logits - logits.max(0))
    probabilities = shifted / shifted.sum(0)
    for kind, scores in [("energies", -logits), ("probabilities", probabilities)]:
        found = latticecrf.refine(scores, image, kind=kind)
        # The same energies but for rounding; some probabilities are near the clip of 1e-5.
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("dtype", ["f2", "f8"])
def test_types_and_strides_of_scores(scene, dtype):
    _, image, logits = scene
    rounded = logits.astype("f2")
    expected = latticecrf.refine(rounded.astype("f4"), image)
    wide = np.zeros((HEIGHT, 2 * WIDTH, LABELS), dtype)
    wide[:, ::-2] = np.moveaxis(rounded, 0, -1)
    strided = np.moveaxis(wide[:, ::-2], -1, 0)
    before = strided.copy()
    np.testing.assert_array_equal(latticecrf.refine(strided, image), expected)
    np.testing.assert_array_equal(strided, before)


def test_coarse_scores_are_upsampled(scene):
    _, image, _ = scene
    coarse = np.zeros((LABELS, 10, 16), np.float32)
    coarse[1, :, 8:] = coarse[0, :, :8] = 3
    for scores in (coarse, np.moveaxis(coarse, 0, -1)):
        labels = latticecrf.refine(scores, image, output="labels")
        assert labels.shape == (HEIGHT, WIDTH)
        assert (labels[:, 2] == 0).all() and (labels[:, -2] == 1).all()


def test_batches_are_scene_by_scene(scene, expected):
    _, image, logits = scene
    found = latticecrf.refine([logits, -logits], [image, image], batch=True)
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1], latticecrf.refine(-logits, image))


def test_volumes_gray_images_lines_and_no_image():
    generator = np.random.default_rng(3)
    volume = generator.random((4, 6, 8)).astype(np.float32) * 100
    scores = generator.random((2, 4, 6, 8))
    marginals = latticecrf.refine(
        scores, volume, position=(3, (3, 2, 1)), bilateral=(5, (5, 4, 3), 20)
    )
    assert marginals.shape == (2, 4, 6, 8)
    crf = dcrf.DenseCRF(4 * 6 * 8, 2)
    crf.setUnaryEnergy(-np.log(np.exp(scores) / np.exp(scores).sum(0)).reshape(2, -1))
    z, y, x = np.mgrid[:4, :6, :8].astype(np.float32)
    crf.addPairwiseEnergy(np.stack([x / 3, y / 2, z / 1]).reshape(3, -1), 3)
    crf.addPairwiseEnergy(np.stack([x / 5, y / 4, z / 3, volume / 20]).reshape(4, -1), 5)
    np.testing.assert_allclose(marginals.reshape(2, -1), crf.inference(10), atol=1e-4)
    multichannel = latticecrf.refine(scores, np.stack([volume, volume], -1), "deepmedic")
    assert multichannel.shape == scores.shape
    assert latticecrf.refine(scores[:, 0], volume[0]).shape == (2, 6, 8)
    assert latticecrf.refine(scores[:, 0, 0]).shape == (2, 8)
    no_kernels = latticecrf.refine(scores, position=False)
    np.testing.assert_allclose(no_kernels, np.exp(scores) / np.exp(scores).sum(0), rtol=1e-5)


@pytest.mark.parametrize("method", ["permutohedral", "accurate", "exact", "grid", "window"])
def test_results_do_not_depend_on_threads(scene, method):
    _, image, logits = scene
    one, two = (
        latticecrf.refine(logits, image, method=method, threads=count) for count in (1, 2)
    )
    np.testing.assert_array_equal(one, two)


def test_presets_are_known_by_name(scene):
    _, image, logits = scene
    known = latticecrf.Model.presets()
    kernel = known["deeplab-vgg"].terms[1]["kernel"]
    assert kernel == {"kind": "bilateral", "spatial": 49, "color": 5}
    for name, preset in known.items():
        if name != "deepmedic":
            by_name = latticecrf.refine(logits, image, name)
            np.testing.assert_array_equal(by_name, latticecrf.refine(logits, image, preset))


class Tensor:
    """A tensor of some framework, which numpy knows nothing of."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


def test_tensors_of_other_frameworks(scene, expected):
    _, image, logits = scene
    np.testing.assert_array_equal(latticecrf.refine(Tensor(logits), Tensor(image)), expected)


def test_pytorchs_tensors(scene, expected):
    torch = pytest.importorskip("torch")
    _, image, logits = scene
    tensor = torch.tensor(logits, requires_grad=True)
    picture = torch.tensor(image).permute(2, 0, 1)
    np.testing.assert_array_equal(latticecrf.refine(tensor, picture), expected)
    assert latticecrf.refine(tensor.bfloat16(), picture).shape == expected.shape


def test_no_framework_is_imported():
    import subprocess

    check = (
        "import sys, latticecrf; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'tensorflow', 'PIL', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


def test_likely_mistakes_are_pointed_out(scene):
    _, image, logits = scene
    probabilities = np.exp(logits) / np.exp(logits).sum(0)
    with pytest.warns(UserWarning, match="probabilities"):
        latticecrf.refine(probabilities, image)
    with pytest.warns(UserWarning, match="255"):
        latticecrf.refine(logits, image / 255.0)
