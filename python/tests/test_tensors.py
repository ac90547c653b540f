"""Tensors in and out, of PyTorch, of what is derived from it, and of other frameworks."""
import sys
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf
from latticecrf import _outputs, utils

HEIGHT, WIDTH, LABELS = 12, 17, 3
GENERATOR = np.random.default_rng(8)
IMAGE = GENERATOR.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
# Halves: exact in every type of tensors below.
LOGITS = (GENERATOR.integers(-8, 9, (LABELS, HEIGHT, WIDTH)) / 2).astype(np.float32)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def kinds(torch):
    class Tagged(torch.Tensor):
        """As MONAI's MetaTensor and torchvision's tv_tensors are derived."""

    class Moved(Tagged):
        """Twice, with data of its own, and as if by another module."""

        note = "kept"

    Moved.__module__ = "another.module"
    return {
        "Tensor": lambda t: t, "Parameter": torch.nn.Parameter,
        "subclass": lambda t: t.as_subclass(Tagged),
        "subclass of a subclass": lambda t: t.as_subclass(Moved),
    }


STATES = {
    "float32": lambda t: t, "float64": lambda t: t.double(), "float16": lambda t: t.half(),
    "bfloat16": lambda t: t.bfloat16(), "with a gradient": lambda t: t.clone().requires_grad_(),
    "bfloat16 of a graph": lambda t: (t.clone().requires_grad_() * 1).bfloat16(),
    "strided": lambda t: t.repeat_interleave(2, -1)[..., ::2],
    "channels last": lambda t: t[None].to(memory_format=__import__("torch").channels_last)[0],
    "negative view": lambda t: __import__("torch")._neg_view(-t),
    "sparse": lambda t: t.to_sparse(),
}


@pytest.mark.parametrize("state", STATES)
def test_tensors_are_taken_in_any_state(torch, kinds, state):
    expected = latticecrf.refine(LOGITS, IMAGE)
    for kind, make in kinds.items():
        if kind != "Tensor" and state == "sparse" or kind == "Parameter" and "graph" in state:
            continue  # PyTorch has none.
        tensor = make(STATES[state](torch.from_numpy(LOGITS)))
        np.testing.assert_array_equal(latticecrf.refine(tensor, IMAGE), expected, err_msg=kind)
    image = torch.from_numpy(IMAGE).permute(2, 0, 1)
    picture = kinds["subclass"](STATES["with a gradient"](image.float()))
    np.testing.assert_allclose(latticecrf.refine(LOGITS, picture), expected, atol=1e-4)


def test_the_classes_and_helpers_of_pydensecrf_take_them(torch, kinds):
    for make in (kinds["subclass"], lambda t: kinds["subclass"](t.bfloat16().requires_grad_())):
        crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
        crf.setUnaryEnergy(make(torch.from_numpy(LOGITS).clone()).reshape(LABELS, -1))
        crf.addPairwiseBilateral(9, 20, make(torch.from_numpy(IMAGE).float()), 3)
        assert np.isfinite(crf.inference(2)).all()
    p = torch.softmax(torch.from_numpy(LOGITS), 0).requires_grad_()
    np.testing.assert_allclose(
        utils.unary_from_softmax(kinds["subclass"](p)), utils.unary_from_softmax(p.detach().numpy())
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
def test_tensors_are_given_for_tensors_where_asked(torch, dtype):
    dtype = getattr(torch, dtype)
    scores = torch.from_numpy(2 * LOGITS).to(dtype)
    if dtype.is_floating_point:
        scores.requires_grad_()
    expected = latticecrf.refine(scores, IMAGE)
    assert isinstance(expected, np.ndarray)
    marginals = latticecrf.refine(scores, IMAGE, output_type="same")
    assert type(marginals) is torch.Tensor and not marginals.requires_grad
    assert marginals.dtype == (dtype if dtype.is_floating_point else torch.float32)
    assert marginals.device == scores.device
    assert torch.equal(marginals, torch.from_numpy(expected).to(marginals.dtype))
    labels = latticecrf.refine(scores, IMAGE, output="labels", output_type="same")
    assert labels.dtype == torch.uint8 and labels.shape == (HEIGHT, WIDTH)
    batch = latticecrf.refine(
        torch.stack([scores, scores]), [IMAGE, IMAGE], output_type="same", batch=True
    )
    assert torch.equal(batch[1], marginals) and batch.dtype == marginals.dtype
    sizes = latticecrf.refine(
        [scores, scores[:, 1:]], [IMAGE, IMAGE[1:]], output_type="same", batch=True
    )
    assert torch.equal(sizes[0], marginals) and sizes[1].shape == (LABELS, HEIGHT - 1, WIDTH)


def test_results_go_to_the_scores_device(torch):
    """"meta" stands for a GPU: tensors can be sent there, though their numbers stay behind."""
    scores = torch.empty((LABELS, 2, 2), device="meta")
    assert _outputs.like(np.zeros((LABELS, 2, 2), np.float32), scores).device == scores.device


def test_many_labels_have_a_type_that_tensors_have(torch):
    scores = torch.zeros((300, 2, 2))
    labels = latticecrf.refine(scores, output="labels", output_type="same")
    assert labels.dtype == torch.int32


def test_numpys_arrays_and_lists_are_given_numpys():
    for form, dtype in [(LOGITS, "f4"), (LOGITS.astype("f8"), "f8"), (LOGITS.tolist(), "f4")]:
        assert latticecrf.refine(form, IMAGE, output_type="same").dtype == dtype


class Wrapped:
    """An array of a framework that follows the array API standard."""

    def __init__(self, values):
        self.values, self.dtype = values, values.dtype

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()

    def __array_namespace__(self):
        return SimpleNamespace(
            asarray=Wrapped, isdtype=lambda dtype, kind: dtype.kind == "f",
            astype=lambda array, dtype: Wrapped(array.values.astype(dtype)),
        )


def test_arrays_of_the_array_api_are_given_theirs():
    result = latticecrf.refine(Wrapped(LOGITS.astype("f8")), IMAGE, output_type="same")
    assert isinstance(result, Wrapped) and result.dtype == np.float64
    np.testing.assert_array_equal(result.values, latticecrf.refine(LOGITS, IMAGE))


class OnDevice:
    """As CuPy's arrays: numpy may not read them, `get` copies them."""

    __cuda_array_interface__ = {}

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def get(self):
        return LOGITS


def test_arrays_on_devices_are_copied():
    np.testing.assert_array_equal(
        latticecrf.refine(OnDevice(), IMAGE), latticecrf.refine(LOGITS, IMAGE)
    )


def test_short_floats_of_other_frameworks_are_widened():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    np.testing.assert_array_equal(
        latticecrf.refine(LOGITS.astype(ml_dtypes.bfloat16), IMAGE), latticecrf.refine(LOGITS, IMAGE)
    )


FORMS = {
    "lists": lambda a: a.tolist(), "float16": lambda a: a.astype("f2"),
    "big-endian": lambda a: a.astype(">f8"), "memoryview": memoryview,
    "turned over": lambda a: a[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
    "read-only": lambda a: np.broadcast_to(a[None], (2, *a.shape))[1],
    "Fortran's order": np.asfortranarray, "integers": lambda a: (2 * a).astype("i1") * np.float16(0.5),
    "masked nowhere": lambda a: np.ma.masked_array(a, False),
    "long double": lambda a: a.astype(np.longdouble),
}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_are_read_from_any_form(form):
    found = latticecrf.refine(FORMS[form](LOGITS), IMAGE)
    np.testing.assert_array_equal(found, latticecrf.refine(LOGITS, IMAGE))


@pytest.mark.parametrize("name", ["pandas", "xarray"])
def test_labelled_arrays_are_read(name):
    module = pytest.importorskip(name)
    make = module.DataFrame if name == "pandas" else module.DataArray
    p = np.float32([[0.25, 0.5], [0.75, 0.5]])
    found = latticecrf.refine(make(p), make(p * 99), kind="probabilities")
    np.testing.assert_array_equal(found, latticecrf.refine(p, p * 99, kind="probabilities"))


def test_masks_are_refused_here_and_dropped_with_a_warning_where_pydensecrf_drops_them():
    masked = np.ma.masked_greater(LOGITS, 3)
    with pytest.raises(ValueError, match="scores is a masked array.*filled"):
        latticecrf.refine(masked, IMAGE)
    crf = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
    with pytest.warns(UserWarning, match="behind the mask"):
        crf.setUnaryEnergy(masked.reshape(LABELS, -1))
    other = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
    other.setUnaryEnergy(LOGITS.reshape(LABELS, -1))
    np.testing.assert_array_equal(crf.inference(0), other.inference(0))


@pytest.mark.parametrize("make", [Decimal, Fraction, np.float64, np.float32, float, np.array])
def test_numbers_of_any_type_count(make):
    crf = dcrf.DenseCRF2D(make(WIDTH), make(HEIGHT), make(LABELS))
    crf.setUnaryEnergy(LOGITS.reshape(LABELS, -1))
    crf.addPairwiseGaussian((make(3), 4), make(2))
    crf.addPairwiseGaussian(make(5), make(1))
    plain = dcrf.DenseCRF2D(WIDTH, HEIGHT, LABELS)
    plain.setUnaryEnergy(LOGITS.reshape(LABELS, -1))
    plain.addPairwiseGaussian((3, 4), 2)
    plain.addPairwiseGaussian(5, 1)
    np.testing.assert_array_equal(crf.inference(make(3)), plain.inference(3))


def test_torch_is_not_imported():
    import subprocess

    code = (
        "import sys, numpy, latticecrf; latticecrf.refine(numpy.zeros((2, 3, 4)), "
        "output_type='same'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
