"""Images of any form: what they show, which way up they are, and whether their range fits."""
import warnings

import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf
from latticecrf import utils

HEIGHT, WIDTH = 24, 36
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


@pytest.fixture(scope="module")
def scene():
    generator = np.random.default_rng(11)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    truth = ((x > 20) & (y < 15)).astype(int)
    colors = np.array([[40, 90, 200], [210, 120, 40]])[truth]
    image = (colors + generator.integers(0, 40, (HEIGHT, WIDTH, 3))).astype(np.uint8)
    logits = generator.normal(0, 1, (2, HEIGHT, WIDTH)).astype(np.float32)
    logits += 1.5 * (np.arange(2)[:, None, None] == truth)
    return image, logits


def caught(function):
    """The texts of the warnings of a call, and what it returns."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = function()
    return [str(warning.message) for warning in found], result


ODD_RANGES = {
    "normalised": (lambda i: (i / 255 - MEAN) / STD, "mean= and std="),
    "normalised, half precision": (lambda i: ((i / 255 - MEAN) / STD).astype("f2"), "mean="),
    "normalised, big-endian": (lambda i: ((i / 255 - MEAN) / STD).astype(">f4"), "mean="),
    "-1...1": (lambda i: i / np.float32(127.5) - 1, "image_range=(-1, 1)"),
    "0...1": (lambda i: i / 255, "image_range=(0, 1)"),
    "0 and 1 in uint8": (lambda i: (i > 127).astype("u1"), "threshold"),
    "0 and 1 in int64": (lambda i: (i > 127).astype("i8"), "threshold"),
    "bool": (lambda i: i > 127, "threshold"),
    "0...1 cut to 0": (lambda i: (i / 256).astype("u1"), "bilateral=False"),
    "0...1, gray": (lambda i: i[..., 0] / 255, "image_range=(0, 1)"),
    "12 bits in 16": (lambda i: i.astype("u2") * 16, "image_range=(0, 4095)"),
    "14 bits in 32": (lambda i: i.astype("i4") * 64, "image_range=(0, 16383)"),
    "signed 12 bits": (lambda i: i.astype("i2") * 16 - 1000, "image_range=(-"),
}


@pytest.mark.parametrize("name", ODD_RANGES)
def test_a_range_that_does_not_fit_the_bandwidths_is_warned_of(scene, name):
    image, logits = scene
    change, remedy = ODD_RANGES[name]
    found, _ = caught(lambda: latticecrf.refine(logits, change(image), "deeplab-vgg"))
    assert len(found) == 1 and remedy in found[0], found
    assert "color sigma of 5" in found[0]


@pytest.mark.parametrize("dtype", ["u1", "i4", "f2", "f4", "f8", ">f4"])
def test_a_range_that_fits_is_not_warned_of(scene, dtype):
    image, logits = scene
    for form in (image.astype(dtype), np.moveaxis(image, -1, 0).astype(dtype)[:, ::-1]):
        for preset in latticecrf.Model.presets():
            if preset != "deepmedic":
                assert caught(lambda: latticecrf.refine(logits, form, preset))[0] == []


def test_bandwidths_in_the_images_own_units_are_not_warned_of(scene):
    image, logits = scene
    for form, sigma in [(image / 255, 0.05), (image.astype("u2") * 16, 200), (image, 50)]:
        assert caught(lambda: latticecrf.refine(logits, form, bilateral=(5, 30, sigma)))[0] == []
    assert caught(lambda: latticecrf.refine(logits, image / 255, bilateral=False))[0] == []
    # A single point has no edges; a picture of one colour has none that were lost.
    assert caught(lambda: latticecrf.refine(logits[:, :1, :1], image[:1, :1] / 255))[0] == []
    assert caught(lambda: latticecrf.refine(logits, np.full_like(image, 77)))[0] == []


def test_warnings_point_at_the_callers_line(scene):
    image, logits = scene
    for call in (
        lambda: latticecrf.refine(logits, image / 255),
        lambda: latticecrf.refine([logits], [image / 255], batch=True),
        lambda: utils.create_pairwise_bilateral((3, 3), (1, 2), image, chdim=2),
    ):
        with pytest.warns(UserWarning) as found:
            call()
        assert found[0].filename == __file__


def test_the_class_of_pydensecrf_warns_too(scene):
    image, _ = scene
    crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, 2)
    found, _ = caught(lambda: crf.addPairwiseBilateral(30, 13, (image / 256).astype(np.uint8), 5))
    assert len(found) == 1 and "0 everywhere" in found[0]
    assert caught(lambda: crf.addPairwiseBilateral(30, 13, image, 5))[0] == []


def test_a_range_is_stretched_and_a_normalisation_undone(scene):
    image, logits = scene
    expected = latticecrf.refine(logits, image)
    normalised = (image / np.float32(255) - MEAN) / STD
    for form, options in [
        (image / 255, {"image_range": (0, 1)}),
        (image / 127.5 - 1, {"image_range": (-1, 1)}),
        (image.astype("u2") * 257, {"image_range": (0, 65535)}),
        (normalised, {"mean": MEAN, "std": STD}),
        (np.moveaxis(normalised, -1, 0), {"mean": tuple(MEAN), "std": list(STD)}),
        (image / 127.5 - 1, {"mean": 0.5, "std": 0.5}),
        (image - np.float32([104, 117, 123]), {"mean": (104, 117, 123)}),
        (image / 255, {"std": 255}),
        (image / 255, {"mean": 0}),
    ]:
        found, marginals = caught(lambda: latticecrf.refine(logits, form, **options))
        assert found == []
        # Colours that differ by float32's rounding, at lattice cells' borders.
        np.testing.assert_allclose(marginals, expected, atol=2e-3)
    wild = image.astype("f4").copy()
    wild[0, 0] = 1e6
    clipped = np.minimum(wild, 255)
    np.testing.assert_array_equal(
        latticecrf.refine(logits, wild, image_range=(0, 255)), latticecrf.refine(logits, clipped)
    )


def pictures(image):
    """The picture in every mode of Pillow's that holds it, with the array that it shows."""
    from PIL import Image

    picture = Image.fromarray(image)
    alpha = Image.fromarray(image[..., 1])
    few = picture.quantize(16)
    clear = few.copy()
    clear.info["transparency"] = bytes(range(0, 240, 15))
    transparent, gray = picture.copy(), picture.convert("L")
    transparent.putalpha(alpha)
    gray_alpha = gray.copy()
    gray_alpha.putalpha(alpha)
    shown, values = np.asarray(few.convert("RGB")), np.asarray(gray)
    deep = Image.fromarray(values.astype("u2") * 10)
    yield "RGB", picture, image
    yield "P", few, shown
    yield "P with transparency", clear, shown
    yield "P of gray", gray.convert("P"), np.repeat(values[..., None], 3, -1)
    yield "1", Image.fromarray(image[..., 0] > 99), np.uint8(255) * (image[..., 0] > 99)
    yield "L", gray, values
    yield "LA", gray_alpha, values
    yield "RGBA", transparent, image
    yield "RGBX", picture.convert("RGBX"), image
    yield "CMYK", picture.convert("CMYK"), np.asarray(picture.convert("CMYK").convert("RGB"))
    yield "YCbCr", picture.convert("YCbCr"), np.asarray(picture.convert("YCbCr").convert("RGB"))
    yield "I;16", deep, values.astype("u2") * 10
    yield "I", gray.convert("I"), values
    yield "F", gray.convert("F"), values


def test_pictures_count_as_what_they_show(scene):
    pytest.importorskip("PIL")
    image, logits = scene
    for mode, picture, shown in pictures(image):
        expected = latticecrf.refine(logits, shown.astype("f4"), bilateral=(5, 30, 20))
        found, marginals = caught(lambda: latticecrf.refine(logits, picture, bilateral=(5, 30, 20)))
        # Bytes are divided by bandwidths as they are, floats are multiplied by their inverses.
        np.testing.assert_allclose(marginals, expected, atol=1e-4, err_msg=mode)
        assert found == [], mode
        crf, other = dcrf.DenseCRF2D(WIDTH, HEIGHT, 2), dcrf.DenseCRF2D(WIDTH, HEIGHT, 2)
        crf.addPairwiseBilateral(30, 20, picture, 5)
        other.addPairwiseBilateral(30, 20, shown, 5)
        crf.setUnaryEnergy(-logits)
        other.setUnaryEnergy(-logits)
        np.testing.assert_allclose(crf.inference(2), other.inference(2), atol=1e-4, err_msg=mode)
        chdim = 2 if shown.ndim == 3 else -1
        np.testing.assert_array_equal(
            utils.create_pairwise_bilateral((3, 3), 9, picture, chdim),
            utils.create_pairwise_bilateral((3, 3), 9, shown, chdim), err_msg=mode,
        )


def test_arrays_of_four_channels_keep_them(scene):
    image, logits = scene
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 1), dtype=np.uint8)
    forms = (image, np.concatenate([image, noise], -1))
    three, four = (latticecrf.refine(logits, form, iterations=1) for form in forms)
    # Three channels differ from themselves by nothing.
    assert np.abs(three - four).max() > 1e-3


def test_a_picture_in_lab_is_refused(scene):
    image_module = pytest.importorskip("PIL.Image")
    with pytest.raises(TypeError, match="ImageCms"):
        latticecrf.refine(scene[1], image_module.new("LAB", (WIDTH, HEIGHT)))


def turned(image, orientation, folder):
    """A file whose rows are stored as the orientation says, so that it shows `image`."""
    from PIL import Image

    back = {
        1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4,  # Pillow's numbers of transpositions.
    }[orientation]
    picture = Image.fromarray(image)
    stored = picture if back is None else picture.transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = folder / f"{orientation}.png"
    stored.save(path, exif=exif)
    return Image.open(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_lie_as_their_scores_do_or_ask(scene, tmp_path, orientation):
    pytest.importorskip("PIL")
    image, logits = scene
    expected = latticecrf.refine(logits, image)
    picture = turned(image, orientation, tmp_path)
    stored = np.asarray(turned(image, orientation, tmp_path))
    as_stored = logits if orientation < 5 else logits.swapaxes(1, 2)
    plain = latticecrf.refine(as_stored, stored)
    found, marginals = caught(lambda: latticecrf.refine(logits, picture, orientation="apply"))
    np.testing.assert_array_equal(marginals, expected)
    found, marginals = caught(lambda: latticecrf.refine(as_stored, picture, orientation="ignore"))
    np.testing.assert_array_equal(marginals, plain)
    assert found == []
    if orientation == 1:
        np.testing.assert_array_equal(latticecrf.refine(logits, picture), expected)
    elif orientation < 5:
        with pytest.raises(ValueError, match=f"orientation {orientation} .*orientation='apply'"):
            latticecrf.refine(logits, picture)
    else:
        found, marginals = caught(lambda: latticecrf.refine(logits, picture))
        np.testing.assert_array_equal(marginals, expected)
        assert len(found) == 1 and "orientation='apply'" in found[0]
        found, marginals = caught(lambda: latticecrf.refine(as_stored, picture))
        np.testing.assert_array_equal(marginals, plain)
        assert len(found) == 1 and "orientation='ignore'" in found[0]
        # Coarse scores tell as well.
        coarse = np.zeros((2, HEIGHT // 4, WIDTH // 4), "f4")
        found, marginals = caught(lambda: latticecrf.refine(coarse, picture, position=False))
        assert marginals.shape == (2, HEIGHT, WIDTH) and "upright" in found[0]
    if orientation > 1:
        crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, 2)
        with pytest.raises(ValueError, match="exif_transpose"):
            crf.addPairwiseBilateral(30, 13, picture, 5)


def test_square_pictures_ask(scene, tmp_path):
    pytest.importorskip("PIL")
    image, logits = scene
    picture = turned(image[:, :HEIGHT], 6, tmp_path)
    with pytest.raises(ValueError, match="both ways up"):
        latticecrf.refine(logits[:, :, :HEIGHT], picture)
    with pytest.raises(ValueError, match="scene 0 of the batch: .*orientation="):
        latticecrf.refine([logits[:, :, :HEIGHT]], [picture], batch=True)
