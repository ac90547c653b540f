"""Scores of any meaning: one channel, maps of labels, labels that cannot be, numbers to normalise."""
import warnings

import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf
from latticecrf import utils

HEIGHT, WIDTH = 20, 30
GENERATOR = np.random.default_rng(4)
IMAGE = GENERATOR.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
P = GENERATOR.random((HEIGHT, WIDTH), dtype=np.float32)
P[:, WIDTH // 2:] /= 3
LOGITS = np.log(P / (1 - P))
VOLUME = GENERATOR.integers(0, 256, (17, HEIGHT, WIDTH), dtype=np.uint8)


def both(probabilities):
    return np.stack([1 - probabilities, probabilities])


@pytest.mark.parametrize("kind, scores", [("probabilities", P), ("logits", LOGITS)])
def test_one_channel_is_the_foregrounds(kind, scores):
    expected = latticecrf.refine(both(P), IMAGE, kind="probabilities")[1]
    for form in (scores, scores[None], scores[..., None], scores[None, None]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            marginals = latticecrf.refine(form, IMAGE, kind=kind)
            labels = latticecrf.refine(form, IMAGE, kind=kind, output="labels")
        assert marginals.shape == labels.shape == (HEIGHT, WIDTH)
        # The logarithms of both ways round differently.
        np.testing.assert_allclose(marginals, expected, atol=1e-4)
        np.testing.assert_array_equal(labels, marginals > 0.5)
        assert labels.dtype == np.uint8 and marginals.flags.c_contiguous


def test_one_channel_of_batches_volumes_gray_images_and_coarse_scores():
    expected = latticecrf.refine(P, IMAGE, kind="probabilities")
    for batch in (np.stack([P, P]), np.stack([P, P])[:, None], [P[None], P]):
        found = latticecrf.refine(batch, [IMAGE, IMAGE], kind="probabilities", batch=True)
        np.testing.assert_array_equal(found, [expected, expected])
    deep = np.repeat(P[None], 17, 0)
    volume = latticecrf.refine(both(deep), VOLUME, kind="probabilities")[1]
    for form in (deep, deep[None], deep[..., None]):
        np.testing.assert_array_equal(latticecrf.refine(form, VOLUME, kind="probabilities"), volume)
    gray = latticecrf.refine(both(P), IMAGE[..., 0], kind="probabilities")[1]
    for form in (P, P[None]):
        np.testing.assert_array_equal(
            latticecrf.refine(form, IMAGE[..., 0], kind="probabilities"), gray
        )
    coarse = latticecrf.refine(P[::2, ::2], IMAGE, kind="probabilities")
    np.testing.assert_array_equal(
        coarse, latticecrf.refine(both(P[::2, ::2]), IMAGE, kind="probabilities")[1]
    )
    alone = latticecrf.refine(P, kind="probabilities", layout="HW")
    np.testing.assert_array_equal(alone, latticecrf.refine(P[None], kind="probabilities"))
    with pytest.warns(UserWarning, match="layout='HW'"):
        latticecrf.refine(LOGITS)


def test_saturated_sigmoids_and_8_bit_masks_of_one_channel():
    p = np.round(P * 3) / np.float32(3)
    assert (p == 0).any() and (p == 1).any()
    with np.errstate(divide="ignore"):
        logits = np.log(p / (1 - p))
    marginals = latticecrf.refine(logits, IMAGE)
    assert (marginals[p == 0] == 0).all() and (marginals[p == 1] == 1).all()
    stored = np.uint8(np.round(P * 255))
    np.testing.assert_array_equal(
        latticecrf.refine(stored, IMAGE, kind="probabilities", normalize=True),
        latticecrf.refine(stored / np.float32(255), IMAGE, kind="probabilities"),
    )
    with pytest.warns(UserWarning, match="kind='probabilities'"):
        latticecrf.refine(P, IMAGE)


def test_axes_of_length_1_are_dropped_with_a_warning():
    logits = GENERATOR.normal(0, 2, (4, HEIGHT, WIDTH)).astype("f4")
    expected = latticecrf.refine(logits, IMAGE)
    tensor = np.moveaxis(IMAGE, -1, 0)
    for scores, image in [
        (logits[None], IMAGE), (logits[:, None], IMAGE), (logits, IMAGE[None]),
        (logits[None], tensor[None]), (logits[:, None], tensor[None]),
    ]:
        with pytest.warns(UserWarning, match="length 1"):
            np.testing.assert_array_equal(latticecrf.refine(scores, image), expected)
    # A volume of one slice is one.
    assert latticecrf.refine(logits[:, None], IMAGE[None]).shape == (4, 1, HEIGHT, WIDTH)
    with pytest.raises(ValueError, match=r"scores\[0\] and image\[0\]"):
        latticecrf.refine(logits[None, :3], tensor[None])


def test_as_many_labels_as_channels_are_asked_about():
    bands = np.repeat(IMAGE[..., :1], 10, -1)
    scores = GENERATOR.normal(size=(10, HEIGHT, WIDTH))
    image = np.moveaxis(bands, -1, 0)
    with pytest.raises(ValueError, match="LHW with CHW, HW with no channels"):
        latticecrf.refine(scores, image)
    assert latticecrf.refine(scores, image, layout="LHW").shape == (10, HEIGHT, WIDTH)
    assert latticecrf.refine(scores, image, layout="HW").shape == (10, HEIGHT, WIDTH)
    rgb = np.moveaxis(IMAGE, -1, 0)
    assert latticecrf.refine(rgb / np.float32(9), rgb).shape == (3, HEIGHT, WIDTH)


@pytest.mark.parametrize("kind", ["logits", "energies"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_infinite_scores_rule_a_label_out(kind, dtype):
    sign = 1 if kind == "energies" else -1
    scores = sign * GENERATOR.random((3, HEIGHT, WIDTH)).astype(dtype)
    scores[1, :, :9] = sign * np.inf
    finite = np.where(np.isinf(scores), 1e6, sign * scores.astype("f4"))
    expected = latticecrf.refine(finite, IMAGE, kind="energies")
    marginals = latticecrf.refine(scores, IMAGE, kind=kind)
    assert (marginals[1, :, :9] == 0).all() and (marginals[1, :, 9:] > 0).any()
    # Logits become energies by a softmax first, which clips and rounds.
    np.testing.assert_allclose(marginals, expected, atol=1e-3)
    coarse = latticecrf.refine(scores[:, ::2, ::2], IMAGE, kind=kind)
    assert (coarse[1, :, :9] == 0).all() and np.isfinite(coarse).all()


def test_infinite_energies_give_pydensecrfs_numbers_where_it_is_installed():
    peer = pytest.importorskip("pydensecrf.densecrf")
    coarse = np.round(P * 7) / np.float32(7)
    with np.errstate(divide="ignore"):
        two = -np.log(both(coarse).reshape(2, -1))
    one_hot = np.where(np.arange(3)[:, None] == (np.arange(P.size) % 3), 0, np.inf).astype("f4")
    huge = (two.clip(0, 9) * np.float32(1e37)).astype("f4")
    for energies in (two, one_hot, huge, huge - np.float32(2e38)):
        results = []
        for module in (peer, dcrf):
            crf = module.DenseCRF2D(WIDTH, HEIGHT, len(energies))
            crf.setUnaryEnergy(np.ascontiguousarray(energies))
            crf.addPairwiseGaussian(sxy=3, compat=3)
            crf.addPairwiseBilateral(sxy=40, srgb=13, rgbim=IMAGE, compat=5)
            results.append(np.array(crf.inference(5)))
        assert not np.isnan(results[0]).any()
        # Two builds of pydensecrf differ by up to 1.2e-6, in every update.
        np.testing.assert_allclose(results[1], results[0], atol=2e-5)


def test_a_mask_of_allowed_labels_works_step_by_step():
    crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, 2)
    energies = np.zeros((2, HEIGHT * WIDTH))
    energies[1, ::2] = np.inf
    crf.setUnaryEnergy(energies)
    crf.addPairwiseGaussian(3, 3)
    q, first, second = crf.startInference()
    for _ in range(3):
        crf.stepInference(q, first, second)
        assert np.isfinite(crf.klDivergence(q))
    np.testing.assert_allclose(q, crf.inference(3), atol=2e-6)
    assert (np.array(q)[1, ::2] == 0).all()


@pytest.mark.parametrize("labels", [3, 11, 40])
def test_probabilities_of_8_bits_are_taken(labels):
    logits = 3 * GENERATOR.normal(size=(labels, HEIGHT, WIDTH))
    p = np.exp(logits) / np.exp(logits).sum(0)
    stored = np.round(p * 255).astype(np.uint8)
    assert np.abs(stored.sum(0) - 255).max() > 0
    expected = latticecrf.refine(stored / stored.sum(0), IMAGE, kind="probabilities")
    for dtype in ("f4", "f8"):
        found = latticecrf.refine((stored / 255).astype(dtype), IMAGE, kind="probabilities")
        # Sums within 1 % of 1 are taken as they are.
        np.testing.assert_allclose(found, expected, atol=1e-2)
    found = latticecrf.refine(stored, IMAGE, kind="probabilities", normalize=True)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    with pytest.raises(ValueError, match="normalize=True"):
        latticecrf.refine(stored, IMAGE, kind="probabilities")


@pytest.mark.parametrize("layout", ["LHW", "HWL"])
def test_activation_maps_are_normalised(layout):
    maps = 7 * GENERATOR.random((3, HEIGHT, WIDTH)).astype("f4") - 1
    maps[:, 0, 0] = -1
    positive = np.maximum(maps, 0)
    positive[:, positive.sum(0) == 0] = 1
    expected = latticecrf.refine(positive / positive.sum(0), IMAGE, kind="probabilities")
    scores = maps if layout == "LHW" else np.moveaxis(maps, 0, -1)
    found = latticecrf.refine(scores, IMAGE, kind="probabilities", normalize=True)
    found = found if layout == "LHW" else np.moveaxis(found, -1, 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    slightly = np.float32([[[1.004]], [[-0.004]]])
    with pytest.raises(ValueError, match=r"at row 0, column 0 is 1.004.*normalize=True"):
        latticecrf.refine(slightly, IMAGE[:1, :1], kind="probabilities")
    mended = latticecrf.refine(slightly, IMAGE[:1, :1], kind="probabilities", normalize=True)
    assert mended[0, 0, 0] == pytest.approx(1, abs=1e-4)


def test_remedies_of_the_library_are_arguments():
    """Its messages name what can be set as Python calls it."""
    logits = np.array([[[4.0, 1.0]], [[-3.0, 2.0]]])
    with pytest.raises(ValueError, match="use kind='logits' if these are scores before the softmax") as info:
        latticecrf.refine(logits, kind="probabilities")
    assert "LATTICECRF" not in str(info.value)
    labels_last = np.full((2, 2, 3), [0.2, 0.3, 0.5])
    with pytest.raises(ValueError, match="use layout='HWL'"):
        latticecrf.refine(labels_last, kind="probabilities", layout="LHW")


@pytest.mark.parametrize("dtype", ["u1", "i4", "i8", "u2"])
def test_maps_of_labels_are_refined(dtype):
    drawn = GENERATOR.integers(0, 4, (HEIGHT, WIDTH)).astype(dtype)
    given = drawn.copy()
    given[:3] = 255
    given[3:5] = 254
    marginals = latticecrf.refine(
        given, IMAGE, kind="labels", labels=4, confidence=0.6, ignore=(254, 255)
    )
    energies = utils.unary_from_labels(drawn, 4, 0.6, zero_unsure=False).reshape(4, HEIGHT, WIDTH)
    energies[:, :5] = 0
    expected = latticecrf.refine(energies, IMAGE, kind="energies")
    np.testing.assert_allclose(marginals, expected, atol=1e-5)
    last = latticecrf.refine(
        given, IMAGE, kind="labels", labels=4, confidence=0.6, ignore=(254, 255), layout="HWL"
    )
    np.testing.assert_allclose(np.moveaxis(last, -1, 0), expected, atol=1e-5)
    both_maps = latticecrf.refine(
        [drawn, drawn], [IMAGE] * 2, kind="labels", labels=4, output="labels", batch=True
    )
    assert both_maps.shape == (2, HEIGHT, WIDTH)


def test_a_palette_picture_of_labels_counts_by_its_indices():
    image_module = pytest.importorskip("PIL.Image")
    drawn = GENERATOR.integers(0, 3, (HEIGHT, WIDTH)).astype("u1")
    picture = image_module.fromarray(drawn).convert("P")
    picture.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    np.testing.assert_array_equal(
        latticecrf.refine(picture, IMAGE, kind="labels", labels=3),
        latticecrf.refine(drawn, IMAGE, kind="labels", labels=3),
    )


def test_scenes_of_a_batch_may_differ_in_size():
    sizes = [(20, 30), (12, 9), (20, 30)]
    scores = [GENERATOR.normal(size=(3, *size)) for size in sizes]
    images = [GENERATOR.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    found = latticecrf.refine(scores, iter(images), batch=True)
    assert isinstance(found, list)
    for one, s, i in zip(found, scores, images):
        np.testing.assert_array_equal(one, latticecrf.refine(s, i))


def test_no_scene_is_refined_before_all_fit(monkeypatch):
    from latticecrf import _refine

    monkeypatch.setattr(_refine, "_handle", None)  # Any use of it would raise a TypeError.
    with pytest.raises(ValueError, match=r"scene 1 .*\(3, 20, 30\).*\(9, 9, 3\)"):
        latticecrf.refine(np.zeros((2, 3, 20, 30)), [IMAGE, IMAGE[:9, :9]], batch=True)


def test_axes_are_checked_before_numbers():
    nan = np.full((3, 9, 9), np.nan)
    with pytest.raises(ValueError, match="do not fit"):
        latticecrf.refine(nan, IMAGE)
    with pytest.raises(ValueError, match="do not fit"):
        latticecrf.refine(nan * 1e300, IMAGE, kind="probabilities")
