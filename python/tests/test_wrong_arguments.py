"""Wrong arguments, each of which must raise an exception that says what is wrong; none may abort or hang."""
import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf
from latticecrf import eigen, utils

# What is odd besides is warned of elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

W, H, L = 8, 6, 3
N = W * H
UNARY = np.ones((L, N), np.float32)
IMAGE = np.zeros((H, W, 3), np.uint8)
LOGITS = np.arange(L * N, dtype=np.float32).reshape(L, H, W) % 5
MAP = np.arange(N).reshape(H, W) % 3
NAN = np.where(np.arange(L * N).reshape(L, N) == 5, np.float32(np.nan), UNARY)


def crf2d():
    return dcrf.DenseCRF2D(W, H, L)


def crf():
    return dcrf.DenseCRF(N, L)


def refine(scores=LOGITS, image=IMAGE, *arguments, **options):
    return latticecrf.refine(scores, image, *arguments, **options)


WRONG = {
    # Objects.
    "0 labels": (lambda: dcrf.DenseCRF2D(W, H, 0), ValueError, "nlabels is 0"),
    "negative labels": (lambda: dcrf.DenseCRF(N, -3), ValueError, "nlabels is -3"),
    "more labels than 65536": (lambda: dcrf.DenseCRF(5, 70_000), ValueError, "labels"),
    "labels of None": (lambda: dcrf.DenseCRF(N, None), TypeError, "None"),
    "labels of 2.5": (lambda: dcrf.DenseCRF(N, 2.5), TypeError, "whole"),
    "0 points": (lambda: dcrf.DenseCRF(0, L), ValueError, "nvar is 0"),
    "a width of 0": (lambda: dcrf.DenseCRF2D(0, H, L), ValueError, "w is 0"),
    "a negative height": (lambda: dcrf.DenseCRF2D(W, -1, L), ValueError, "h is -1"),
    "2^31 points": (lambda: dcrf.DenseCRF(2**31, L), ValueError, "2147483648"),
    "2^62 pixels": (lambda: dcrf.DenseCRF2D(2**31 - 1, 2**31 - 1, L), ValueError, "points"),
    "2^64 points": (lambda: dcrf.DenseCRF(2**64, L), ValueError, "nvar"),
    "60000 x 30000 pixels of 60000 labels":
        (lambda: dcrf.DenseCRF2D(60_000, 30_000, 60_000), MemoryError, "GiB"),
    "negative threads": (lambda: dcrf.DenseCRF(N, L, threads=-1), ValueError, "threads"),
    "2^31 threads": (lambda: latticecrf.set_threads(2**31), ValueError, "threads"),
    # Unaries.
    "a unary of None": (lambda: crf().setUnaryEnergy(None), TypeError, "None"),
    "a unary of text": (lambda: crf().setUnaryEnergy("energies"), TypeError, "text"),
    "a complex unary": (lambda: crf().setUnaryEnergy(UNARY + 1j), TypeError, "complex"),
    "a unary of objects":
        (lambda: crf().setUnaryEnergy(np.array([[object()]])), TypeError, "object"),
    "a ragged unary": (lambda: crf().setUnaryEnergy([[1, 2], [3]]), TypeError, "u cannot be read"),
    "a transposed unary": (lambda: crf().setUnaryEnergy(UNARY.T), ValueError, "labels come first"),
    "a unary of (H, W, L)":
        (lambda: crf2d().setUnaryEnergy(np.ones((H, W, L))), ValueError, "labels come first"),
    "a unary of one axis": (lambda: crf().setUnaryEnergy(UNARY[0]), ValueError, "Need"),
    "an empty unary": (lambda: crf().setUnaryEnergy(UNARY[:0]), ValueError, "Need"),
    "NaN in a unary": (lambda: crf().setUnaryEnergy(NAN), ValueError, "label 0 at point 5 is nan"),
    "a unary that leaves no label":
        (lambda: crf().setUnaryEnergy(UNARY * np.inf), ValueError, "all labels at point 0"),
    "minus infinity in a unary":
        (lambda: crf().setUnaryEnergy(-UNARY.astype("f8") * np.inf), ValueError, "is -inf"),
    "a unary too large for float32":
        (lambda: crf().setUnaryEnergy(UNARY.astype("f8") * 1e300), ValueError, "float32"),
    "a unary of no class": (lambda: crf().setUnary(UNARY), TypeError, "ConstUnary"),
    "a linear model that does not multiply":
        (lambda: crf().setUnaryEnergy(np.ones((L, 4)), np.ones((5, N))), ValueError, "multiply"),
    # Kernels.
    "a negative sigma": (lambda: crf2d().addPairwiseGaussian(-3, 3), ValueError, "sxy is -3"),
    "a sigma of 0": (lambda: crf2d().addPairwiseGaussian(0, 3), ValueError, "sxy is 0"),
    "a sigma of NaN": (lambda: crf2d().addPairwiseGaussian(np.nan, 3), ValueError, "sxy is nan"),
    "a sigma of None": (lambda: crf2d().addPairwiseGaussian(None, 3), TypeError, "sxy is None"),
    "a sigma of text": (lambda: crf2d().addPairwiseGaussian("3", 3), TypeError, "sxy is text"),
    "a sigma that is no number":
        (lambda: crf2d().addPairwiseGaussian("wide", 3), TypeError, "sxy is text"),
    "one sigma of text": (lambda: crf2d().addPairwiseGaussian(("3", 3), 3), TypeError, "sxy is '3'"),
    "a tiny colour bandwidth":
        (lambda: crf2d().addPairwiseBilateral(5, 1e-4, IMAGE + np.arange(3, dtype="u1"), 3),
         ValueError, "larger bandwidth"),
    "a colour bandwidth of 1e-38":
        (lambda: crf2d().addPairwiseBilateral(5, 1e-38, IMAGE, 3), ValueError, "bandwidth"),
    "two colour bandwidths":
        (lambda: crf2d().addPairwiseBilateral(5, (1, 2), IMAGE, 3), ValueError, "3 channels"),
    "an image of None": (lambda: crf2d().addPairwiseBilateral(5, 9, None, 3), TypeError, "None"),
    "width and height confused":
        (lambda: crf2d().addPairwiseBilateral(5, 9, IMAGE.transpose(1, 0, 2), 3), ValueError,
         "width before height"),
    "channels before pixels":
        (lambda: crf2d().addPairwiseBilateral(5, 9, np.moveaxis(IMAGE, -1, 0), 3), ValueError,
         "channels come last"),
    "an image of four axes":
        (lambda: crf2d().addPairwiseBilateral(5, 9, IMAGE[None], 3), ValueError, "Need"),
    "NaN in an image":
        (lambda: crf2d().addPairwiseBilateral(5, 9, IMAGE * np.nan, 3), ValueError, "nan"),
    "a compatibility of None": (lambda: crf2d().addPairwiseGaussian(3, None), TypeError, "None"),
    "a compatibility of NaN": (lambda: crf2d().addPairwiseGaussian(3, np.nan), ValueError, "nan"),
    "a compatibility of two labels":
        (lambda: crf2d().addPairwiseGaussian(3, [1, 2]), ValueError, "for 3 labels"),
    "a compatibility of three axes":
        (lambda: crf2d().addPairwiseGaussian(3, np.ones((3, 3, 3))), ValueError, "3 axes"),
    "no such normalisation":
        (lambda: crf2d().addPairwiseGaussian(3, 3, normalization=9), ValueError, "NORMALIZE_AFTER"),
    "no such kernel":
        (lambda: crf2d().addPairwiseGaussian(3, 3, kernel="DIAG"), ValueError, "DIAG_KERNEL"),
    "features of None": (lambda: crf().addPairwiseEnergy(None, 3), TypeError, "None"),
    "transposed features":
        (lambda: crf().addPairwiseEnergy(np.ones((N, 2)), 3), ValueError, "points come last"),
    "no features": (lambda: crf().addPairwiseEnergy(np.ones((0, N)), 3), ValueError, "features"),
    "300 features":
        (lambda: crf().addPairwiseEnergy(np.ones((300, N)), 3), ValueError, "1…255"),
    "infinite features":
        (lambda: crf().addPairwiseEnergy(np.full((2, N), np.inf), 3), ValueError, "inf"),
    "features far apart":
        (lambda: crf().addPairwiseEnergy(np.full((2, N), 1e9), 3), ValueError, "bandwidths"),
    # Inference.
    "negative iterations": (lambda: crf().inference(-1), ValueError, "iterations is -1"),
    "2^31 iterations": (lambda: crf().inference(2**31), ValueError, "iterations"),
    "10^6 iterations": (lambda: crf().inference(10**6), ValueError, "iterations"),
    "a width of 8.7": (lambda: dcrf.DenseCRF2D(8.7, H, L), TypeError, "w is 8.7"),
    "an infinite width": (lambda: dcrf.DenseCRF2D(np.inf, H, L), TypeError, "whole"),
    "a width of text": (lambda: dcrf.DenseCRF2D("8", H, L), TypeError, "whole"),
    "half an iteration": (lambda: crf().inference(0.5), TypeError, "whole"),
    "a step of a list": (lambda: crf().stepInference([[1]]), TypeError, "startInference"),
    "a step of another size": (lambda: crf().stepInference(UNARY[:2] / 3), ValueError, "shape"),
    "a step of a read-only array":
        (lambda: crf().stepInference(np.broadcast_to(np.float32(0.3), (L, N))), TypeError,
         "writable"),
    "a step of energies": (lambda: crf().stepInference(UNARY * 9), ValueError, "marginal"),
    "a divergence of NaN": (lambda: crf().klDivergence(NAN), ValueError, "nan"),
    "a divergence of another size": (lambda: crf().klDivergence(UNARY[:1]), ValueError, "shape"),
    # Helpers.
    "a label too large":
        (lambda: utils.unary_from_labels(np.array([0, 9]), 3, 0.7), ValueError, "label 9"),
    "a negative label":
        (lambda: utils.unary_from_labels(np.array([-1]), 3, 0.7), ValueError, "label -1"),
    "labels of floats":
        (lambda: utils.unary_from_labels(np.array([1.0]), 3, 0.7), TypeError, "whole"),
    "certainty of 1":
        (lambda: utils.unary_from_labels(np.array([1]), 3, 1), ValueError, "gt_prob is 1"),
    "NaN in a softmax": (lambda: utils.unary_from_softmax(NAN), ValueError, "NaN"),
    "a softmax of no axis": (lambda: utils.unary_from_softmax(0.5), ValueError, "labels first"),
    "a scale of 0": (lambda: utils.unary_from_softmax(UNARY, scale=0), ValueError, "scale is 0"),
    "a clip of 2": (lambda: utils.unary_from_softmax(UNARY, clip=2), ValueError, "clip is 2"),
    "bandwidths for other axes":
        (lambda: utils.create_pairwise_gaussian((3, 3), (5, 5, 5)), ValueError, "3 axes"),
    "more sdims than axes":
        (lambda: utils.create_pairwise_bilateral((3, 3, 3), 9, IMAGE, 2), ValueError, "2 axes"),
    "more schan than channels":
        (lambda: utils.create_pairwise_bilateral((3, 3), (9, 9, 9, 9), IMAGE, 2), ValueError,
         "3 channels"),
    "chdim beyond the image":
        (lambda: utils.create_pairwise_bilateral((3, 3), 9, IMAGE, 5), ValueError, "chdim is 5"),
    "a matrix of one axis": (lambda: eigen.matrixXf([1, 2]), ValueError, "2 axes"),
    # refine.
    "scores of None": (lambda: refine(None), TypeError, "scores is None"),
    "scores of one axis": (lambda: refine(LOGITS[0, 0]), ValueError, "grid"),
    "empty scores": (lambda: refine(LOGITS[:, :0]), ValueError, "empty"),
    "energies of one label":
        (lambda: refine(LOGITS[:1], kind="energies"), ValueError, "np.stack"),
    "an axis of batches of one without an image":
        (lambda: latticecrf.refine(LOGITS[None]), ValueError, "scores[0]"),
    "one channel beyond probabilities":
        (lambda: refine(LOGITS[0], kind="probabilities"), ValueError, "at (0, 2) is 2"),
    "scores that leave no label":
        (lambda: refine(LOGITS * np.float32(0) - np.inf), ValueError, "all labels"),
    "a certain logit": (lambda: refine(np.where(LOGITS > 3, np.inf, LOGITS)), ValueError, "inf"),
    "NaN in scores": (lambda: refine(np.where(LOGITS > 3, np.nan, LOGITS)), ValueError, "nan"),
    "scores of another scene": (lambda: refine(np.zeros((3, 40, 90)), np.zeros((100, 99, 3))), ValueError, "do not fit"),
    "axes that fit in two ways":
        (lambda: refine(np.zeros((5, 5, 5)), np.zeros((5, 5, 5))), ValueError, "layout="),
    "a batch not said to be one":
        (lambda: refine(LOGITS[None].repeat(2, 0), IMAGE[None].repeat(2, 0)), ValueError, "batch"),
    "a batch of other lengths":
        (lambda: refine([LOGITS], [IMAGE, IMAGE], batch=True), ValueError, "2 images"),
    "an empty batch": (lambda: refine([], [], batch=True), ValueError, "empty"),
    "NaN in a batch":
        (lambda: refine([LOGITS, LOGITS * np.nan], [IMAGE] * 2, batch=True), ValueError, "scene 1"),
    "no such preset": (lambda: refine(preset="deeplab"), ValueError, "deeplab-vgg"),
    "no such kind": (lambda: refine(kind="softmax"), ValueError, "probabilities"),
    "no such layout": (lambda: refine(layout="CHW"), ValueError, "LHW"),
    "no such output": (lambda: refine(output="map"), ValueError, "labels"),
    "no such method": (lambda: refine(method="fast"), ValueError, "exact"),
    "probabilities above 1":
        (lambda: refine(LOGITS, kind="probabilities"), ValueError, "label 1 at row 0, column 0 is 3.0"),
    "probabilities that do not sum to 1":
        (lambda: refine(LOGITS * 0, kind="probabilities"), ValueError, "sum to 0"),
    "normalised logits": (lambda: refine(normalize=True), ValueError, "kind='probabilities'"),
    "NaN in what is to be normalised":
        (lambda: refine(LOGITS * np.nan, kind="probabilities", normalize=True), ValueError, "nan"),
    "a map of labels without their number":
        (lambda: refine(MAP, kind="labels"), ValueError, "labels="),
    "a map's label out of range":
        (lambda: refine(MAP, kind="labels", labels=2), ValueError, "label 2 at (0, 2)"),
    "a map of 0 and 255":
        (lambda: refine(np.uint8(MAP > 0) * np.uint8(255), kind="labels", labels=2), ValueError,
         "mask > 0"),
    "a map of floats":
        (lambda: refine(MAP * 1.0, kind="labels", labels=3), TypeError, "astype(int)"),
    "a confidence of 1":
        (lambda: refine(MAP, kind="labels", labels=3, confidence=1), ValueError, "confidence is 1"),
    "a map with an axis of labels":
        (lambda: refine(LOGITS.astype(int), kind="labels", labels=3), ValueError, "do not fit"),
    "scenes of a batch of which one does not fit":
        (lambda: refine([LOGITS, LOGITS], [IMAGE, IMAGE[:, :5]], batch=True), ValueError,
         "scene 1 of the batch: scores of shape (3, 6, 8)"),
    "an image range of one number": (lambda: refine(image_range=255), ValueError, "(low, high)"),
    "an image range of nothing":
        (lambda: refine(image_range=(9, 9)), ValueError, "low must be less"),
    "two ways to give a range":
        (lambda: refine(image_range=(0, 1), mean=0.5), ValueError, "without mean"),
    "two means for three channels": (lambda: refine(mean=(1, 2)), ValueError, "3 channels"),
    "a deviation of 0": (lambda: refine(std=0), ValueError, "std is 0"),
    "no such orientation": (lambda: refine(orientation="up"), ValueError, "'ignore'"),
    "no such type of output": (lambda: refine(output_type="torch"), ValueError, "'same'"),
    "masked scores":
        (lambda: refine(np.ma.masked_greater(LOGITS, 3)), ValueError, "filled"),
    "a masked image":
        (lambda: refine(LOGITS, np.ma.masked_equal(IMAGE, 0)), ValueError, "image is a masked"),
    "a kernel without a sigma": (lambda: refine(position=3), ValueError, "sigma"),
    "a negative tolerance": (lambda: refine(tolerance=-1), ValueError, "tolerance"),
    "a clip of 0": (lambda: refine(minimum_probability=0), ValueError, "probability"),
    # Filters.
    "a filter of no points": (lambda: latticecrf.Filter(np.ones((2, 0))), ValueError, "points"),
    "a filter of NaN": (lambda: latticecrf.Filter([[np.nan, 1]]), ValueError, "nan"),
    "values of other points":
        (lambda: latticecrf.Filter([[1, 2]]).apply([1, 2, 3]), ValueError, "(channels, 2)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_raises_a_useful_exception(name):
    call, kind, text = WRONG[name]
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert text in message, message
    assert len(message) < 400 and "\n" not in message


def test_the_table_is_long_enough():
    assert len(WRONG) >= 40
