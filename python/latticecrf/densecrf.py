"""`pydensecrf.densecrf` with another engine: the same names, arguments and numbers.

    import latticecrf.densecrf as dcrf

    crf = dcrf.DenseCRF2D(width, height, labels)
    crf.setUnaryEnergy(unary)                       # (labels, height * width)
    crf.addPairwiseGaussian(sxy=3, compat=3)
    crf.addPairwiseBilateral(sxy=80, srgb=13, rgbim=image, compat=10)
    q = np.array(crf.inference(5))                  # (labels, height * width)

Where pydensecrf refuses or misreads an argument, this takes it or says what is wrong: arrays may be of
any type of real numbers and have any strides, images any number of channels. See
docs/migrating-from-pydensecrf.md.
"""
from __future__ import annotations

from enum import IntEnum
from typing import Any, Sequence, Tuple, Union

import numpy as np

from . import _arrays, _kinds, _pictures, _ranges
from ._native_crf import NativeCRF, Term
from ._warnings import warn
from .eigen import MatrixXf

__all__ = [
    "CONST_KERNEL", "DIAG_KERNEL", "FULL_KERNEL", "NO_NORMALIZATION", "NORMALIZE_BEFORE",
    "NORMALIZE_AFTER", "NORMALIZE_SYMMETRIC", "KernelType", "NormalizationType", "Unary",
    "ConstUnary", "LogisticUnary", "DenseCRF", "DenseCRF2D",
]


class KernelType(IntEnum):
    """What a kernel could learn; all are the same before anything is learned."""

    CONST_KERNEL = 0
    DIAG_KERNEL = 1
    FULL_KERNEL = 2


class NormalizationType(IntEnum):
    """How a kernel's sums are normalised, with n = K 1."""

    NO_NORMALIZATION = 0
    NORMALIZE_BEFORE = 1
    NORMALIZE_AFTER = 2
    NORMALIZE_SYMMETRIC = 3


CONST_KERNEL = KernelType.CONST_KERNEL
DIAG_KERNEL = KernelType.DIAG_KERNEL
FULL_KERNEL = KernelType.FULL_KERNEL
NO_NORMALIZATION = NormalizationType.NO_NORMALIZATION
NORMALIZE_BEFORE = NormalizationType.NORMALIZE_BEFORE
NORMALIZE_AFTER = NormalizationType.NORMALIZE_AFTER
NORMALIZE_SYMMETRIC = NormalizationType.NORMALIZE_SYMMETRIC


#: The library's words for pydensecrf's numbers.
_RULES = ("none", "before", "after", "symmetric")


class Unary:
    """Energies for `DenseCRF.setUnary`."""

    def __init__(self, energies: np.ndarray) -> None:
        self._energies = energies


class ConstUnary(Unary):
    """Energies as they are, (labels, points)."""

    def __init__(self, u: Any) -> None:
        super().__init__(_arrays.to_float32(u, "u", masks="dropped"))


class LogisticUnary(Unary):
    """Energies of a linear model: `L` is (labels, k), `f` is (k, points); L·f."""

    def __init__(self, L: Any, f: Any) -> None:
        super().__init__(_product(L, f))


class DenseCRF:
    """A dense CRF over `nvar` points, of which nothing but their features is known.

    Points of any kind: pixels, voxels, a point cloud. `threads=` limits the threads (0: one a
    processor).
    """

    _nvar: int
    _nlabel: int

    def __init__(
        self, nvar: int, nlabels: int, *_: Any, threads: int = 0, **__: Any
    ) -> None:
        self._start([_arrays.integer(nvar, "nvar", 1)], nlabels, threads)

    def _start(self, extents: Sequence[int], nlabels: Any, threads: int) -> None:
        self._nlabel = _arrays.integer(nlabels, "nlabels", 1)
        self._crf = NativeCRF(extents, self._nlabel, threads)
        self._nvar = self._crf.points

    def __reduce__(self) -> Any:
        raise TypeError("a DenseCRF can be neither copied nor pickled")

    def setUnary(self, u: Unary) -> None:
        """Takes the energies of a `ConstUnary` or `LogisticUnary`."""
        if not isinstance(u, Unary):
            raise TypeError(f"u is {type(u).__name__}, but must be a ConstUnary or LogisticUnary")
        self.setUnaryEnergy(u._energies)

    def setUnaryEnergy(self, u: Any, f: Any = None) -> None:
        """The energies −log P of all labels.

        Args:
            u: (labels, points), or with the grid's own axes. An infinite one is a label that cannot be.
                With `f`, the weights (labels, k) of a linear model.
            f: features (k, points) of a linear model; energies are then u·f.
        """
        energies = _arrays.to_float32(u, "u", masks="dropped") if f is None else _product(u, f)
        shapes = [(self._nlabel, self._nvar), (self._nlabel, *self._crf.extents)]
        if energies.shape not in shapes:
            hint = ""
            if energies.shape in [shape[1:] + shape[:1] for shape in shapes]:
                hint = "; labels come first: use np.moveaxis(u, -1, 0)"
            raise ValueError(
                f"Bad shape for unary energy (Need {shapes[0]}, got {energies.shape}){hint}"
            )
        if energies.ndim == 2 and energies.T.flags.c_contiguous:
            self._crf.set_unary(energies.T, _kinds.CHANNELS_LAST)
        else:
            self._crf.set_unary(energies, _kinds.CHANNELS_FIRST)

    def addPairwiseEnergy(
        self, features: Any, compat: Any, kernel: int = DIAG_KERNEL,
        normalization: int = NORMALIZE_SYMMETRIC,
    ) -> None:
        """A kernel of any features.

        Args:
            features: (d, points), divided by their bandwidths.
            compat: a number w (unlike labels cost w), or `labels` numbers or a matrix of
                labels × labels, which are added to the energies: negative ones smooth.
            kernel: makes no difference before anything is learned.
            normalization: one of the constants of this module.
        """
        values = _arrays.to_float32(features, "features", masks="dropped")
        if values.ndim != 2 or values.shape[1] != self._nvar:
            hint = ""
            if values.ndim == 2 and values.shape[0] == self._nvar:
                hint = "; points come last: use features.T"
            raise ValueError(
                f"Bad shape for pairwise energy (Need (?, {self._nvar}), got {values.shape}){hint}"
            )
        _constant(kernel, KernelType, "kernel")
        self._crf.add_feature_kernel(
            values, _kinds.CONST_KERNEL, self._term(compat, normalization)
        )

    def inference(self, niter: int) -> MatrixXf:
        """The marginals after `niter` updates, (labels, points)."""
        return self._crf.marginals(niter, _kinds.CHANNELS_LAST).T.view(MatrixXf)

    def map(self, niter: int) -> np.ndarray:
        """The most likely label of each point after `niter` updates, (points,) uint16."""
        return self._crf.most_likely(niter).reshape(-1)

    def startInference(self) -> Tuple[MatrixXf, MatrixXf, MatrixXf]:
        """Where inference starts, for `stepInference`; the last two hold nothing."""
        return self.inference(0), MatrixXf(), MatrixXf()

    def stepInference(self, Q: Any, tmp1: Any = None, tmp2: Any = None) -> None:
        """One update of `Q`, in place."""
        if not isinstance(Q, np.ndarray) or Q.dtype != np.float32 or not Q.flags.writeable:
            raise TypeError("Q must be what startInference returned, or a writable float32 array")
        dense, layout = self._marginals(Q)
        self._crf.step(dense, layout)
        if not np.may_share_memory(dense, Q):
            Q[...] = dense.T if layout == _kinds.CHANNELS_LAST else dense

    def klDivergence(self, Q: Any) -> float:
        """pydensecrf's figure: ΣQ log Q + ΣQU + ΣQP, which may be negative; see `freeEnergy`."""
        return self._crf.energies(*self._marginals(Q)).kl_divergence

    def freeEnergy(self, Q: Any) -> float:
        """ΣQ log Q + ΣQU + ½ΣQP: what updates descend, and the figure to compare."""
        return self._crf.energies(*self._marginals(Q)).free_energy

    def _marginals(self, Q: Any) -> Tuple[np.ndarray, int]:
        """`Q` dense, with its layout: itself where it is."""
        values = _arrays.to_float32(Q, "Q").view(np.ndarray)
        if values.shape != (self._nlabel, self._nvar):
            raise ValueError(
                f"Q has shape {values.shape}, but must be {(self._nlabel, self._nvar)}"
            )
        if values.flags.c_contiguous:
            return values, _kinds.CHANNELS_FIRST
        return _arrays.dense(values.T), _kinds.CHANNELS_LAST

    def _term(self, compat: Any, normalization: Any) -> Term:
        if self._nlabel == 1 and np.ndim(compat) > 0:
            # A vector or matrix of one number looks like Potts' number, which has the other sign.
            compat = -_arrays.to_float32(compat, "the compatibility")
        number = _constant(normalization, NormalizationType, "normalization")
        return Term(compat, self._nlabel, _kinds.NORMALIZATIONS[_RULES[number]])


class DenseCRF2D(DenseCRF):
    """A dense CRF over the pixels of an image: width before height."""

    _w: int
    _h: int

    def __init__(
        self, w: int, h: int, nlabels: int, *_: Any, threads: int = 0, **__: Any
    ) -> None:
        self._w = _arrays.integer(w, "w", 1)
        self._h = _arrays.integer(h, "h", 1)
        self._start([self._h, self._w], nlabels, threads)

    def addPairwiseGaussian(
        self, sxy: Union[float, Sequence[float]], compat: Any, kernel: int = DIAG_KERNEL,
        normalization: int = NORMALIZE_SYMMETRIC,
    ) -> None:
        """Neighbours ought to share a label.

        Args:
            sxy: how near, in pixels: one number, or (x, y).
            compat: see `addPairwiseEnergy`.
        """
        _constant(kernel, KernelType, "kernel")
        sxy, term = _leading(sxy, "sxy", 2), self._term(compat, normalization)
        if _any_infinite(sxy):
            self._crf.add_feature_kernel(self._positions(sxy), _kinds.CONST_KERNEL, term)
        else:
            self._crf.add_position_kernel(sxy, term, name="sxy")

    def addPairwiseBilateral(
        self, sxy: Union[float, Sequence[float]], srgb: Union[float, Sequence[float]], rgbim: Any,
        compat: Any, kernel: int = DIAG_KERNEL, normalization: int = NORMALIZE_SYMMETRIC,
    ) -> None:
        """Pixels of like colours ought to share a label.

        Args:
            sxy: how near, in pixels: one number, or (x, y).
            srgb: how alike, in the image's units: one number, or one per channel.
            rgbim: (height, width, channels) or (height, width), of any type, or a picture of Pillow's.
            compat: see `addPairwiseEnergy`.
        """
        _constant(kernel, KernelType, "kernel")
        image = _pictures.array(rgbim, "rgbim", masks="dropped")
        if image.ndim == 2:
            image = image[:, :, np.newaxis]
        if image.ndim != 3 or image.shape[:2] != (self._h, self._w):
            hint = ""
            if image.ndim == 3 and image.shape[:2] == (self._w, self._h):
                hint = "; DenseCRF2D takes width before height, arrays have height first"
            elif image.ndim == 3 and image.shape[1:] == (self._h, self._w):
                hint = "; channels come last: use np.moveaxis(rgbim, 0, -1)"
            raise ValueError(
                f"Bad shape for pairwise bilateral (Need {(self._h, self._w, 3)}, got "
                f"{image.shape}){hint}"
            )
        sxy, srgb = _leading(sxy, "sxy", 2), _leading(srgb, "srgb", image.shape[2])
        _ranges.check(image, srgb, is_preset=False, arguments=False)
        term = self._term(compat, normalization)
        if _any_infinite(sxy) or _any_infinite(srgb):
            colors = np.moveaxis(_arrays.to_float32(image, "rgbim"), -1, 0).reshape(image.shape[2], -1)
            features = [self._positions(sxy), _divided(colors, srgb, "srgb", "channels")]
            self._crf.add_feature_kernel(np.concatenate(features), _kinds.CONST_KERNEL, term)
        else:
            self._crf.add_bilateral_kernel(sxy, srgb, image, term, names=("sxy", "srgb"))

    def _positions(self, sxy: Any) -> np.ndarray:
        """Features of positions, x before y."""
        mesh = np.indices((self._h, self._w), np.float32)[::-1].reshape(2, -1)
        return _divided(mesh, sxy, "sxy", "axes")


def _any_infinite(bandwidths: Any) -> bool:
    if type(bandwidths) in (int, float):
        return bandwidths == float("inf")
    try:
        return bool(np.isinf(np.asarray(bandwidths, float)).any())
    except (TypeError, ValueError):
        return False  # Refused elsewhere.


def _divided(rows: np.ndarray, value: Any, name: str, what: str) -> np.ndarray:
    """Features of which those of an infinite bandwidth are 0.

    Exactly: a feature that is only next to nothing decides ties in the lattice, and the result is
    another one.
    """
    sigmas = np.float32(_arrays.bandwidths(value, name, len(rows), what))
    sigmas[sigmas >= np.float32(_arrays.BLIND)] = np.inf
    return rows / np.broadcast_to(sigmas, len(rows))[:, np.newaxis]


def _leading(bandwidths: Any, name: str, count: int) -> Any:
    """The first `count` bandwidths, where there are more: those that pydensecrf looks at."""
    if type(bandwidths) not in (int, float) and np.ndim(bandwidths) == 1 and len(bandwidths) > count:
        warn(f"{name} has {len(bandwidths)} numbers, of which the first {count} are used")
        return bandwidths[:count]
    return bandwidths


def _constant(value: Any, kind: Any, name: str) -> int:
    if type(value) is kind:
        return value.value
    try:
        return int(kind(value))
    except ValueError:
        raise ValueError(
            f"{name} is {value!r}, but must be one of " + ", ".join(kind.__members__)
        ) from None


def _product(weights: Any, features: Any) -> np.ndarray:
    weights, features = _arrays.to_float32(weights, "L"), _arrays.to_float32(features, "f")
    if weights.ndim != 2 or features.ndim != 2 or weights.shape[1] != features.shape[0]:
        raise ValueError(
            f"L of shape {weights.shape} and f of shape {features.shape} do not multiply: they must "
            "be (labels, k) and (k, points)"
        )
    return weights @ features
