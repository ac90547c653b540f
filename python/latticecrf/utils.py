"""`pydensecrf.utils` with arguments that are checked: the same names and numbers."""
from __future__ import annotations

import warnings
from typing import Any, Optional, Sequence, Union

import numpy as np

from . import _arrays, _pictures
from ._warnings import warn

__all__ = [
    "unary_from_labels", "unary_from_softmax", "create_pairwise_gaussian",
    "create_pairwise_bilateral", "compute_unary", "softmax_to_unary",
]


def unary_from_labels(
    labels: Any, n_labels: int, gt_prob: float, zero_unsure: bool = True
) -> np.ndarray:
    """Energies of labels that are right with probability `gt_prob`.

    Args:
        labels: whole numbers of any shape. With `zero_unsure`, 0 means unknown (all labels are alike
            there) and label k is numbered k − 1; without, labels count from 0.
        n_labels: how many labels there are, without the unknown one.
        gt_prob: above 0 and below 1.

    Returns:
        (n_labels, number of labels given) float32.
    """
    count = _arrays.integer(n_labels, "n_labels", 1)
    certainty = _arrays.number(gt_prob, "gt_prob")
    if not 0 < certainty < 1:
        raise ValueError(f"gt_prob is {certainty:g}, but must be above 0 and below 1")
    given = _arrays.to_numpy(labels, "labels")
    if given.dtype.kind == "f":
        raise TypeError(f"labels are {given.dtype}, but must be whole numbers: use labels.astype(int)")
    given = given.reshape(-1).astype(np.int64)
    most = count if zero_unsure else count - 1
    if given.size and not 0 <= given.min() <= given.max() <= most:
        wrong = given[(given < 0) | (given > most)][0]
        raise ValueError(
            f"there is a label {wrong}, but with n_labels={count} and "
            f"zero_unsure={bool(zero_unsure)} labels lie in 0…{most}"
        )
    # With one label there is no other, and no energy of it.
    other = -np.log((1.0 - certainty) / (count - 1)) if count > 1 else 0.0
    energies = np.full((count, given.size), other, dtype=np.float32)
    rows = np.maximum(given - 1, 0) if zero_unsure else given
    energies[rows, np.arange(given.size)] = -np.log(certainty)
    if zero_unsure:
        energies[:, given == 0] = -np.log(1.0 / count)
    return energies


def unary_from_softmax(
    sm: Any, scale: Optional[float] = None, clip: Optional[float] = 1e-5
) -> np.ndarray:
    """Energies −log p of probabilities.

    Args:
        sm: (labels, …) probabilities of any float type; (labels,) for a single point.
        scale: how far they are trusted, above 0 and up to 1: scale·p + (1 − scale)/labels takes the
            place of p.
        clip: smaller probabilities are raised to it, up to 1; `None` or 0 leaves zeros, whose energies
            are infinite: labels that cannot be.

    Returns:
        (labels, points) float32.
    """
    probabilities = _arrays.to_numpy(sm, "sm")
    if probabilities.ndim < 1:
        raise ValueError("sm is a number, but must have labels first and points after them")
    if probabilities.dtype.kind != "f" or probabilities.dtype.itemsize < 4:
        probabilities = probabilities.astype(np.float32)
    if np.isnan(probabilities).any():
        raise ValueError("sm holds NaN, but probabilities must be finite")
    if scale is not None:
        scale = _arrays.number(scale, "scale")
        if not 0 < scale <= 1:
            raise ValueError(f"scale is {scale:g}, but must be above 0 and up to 1")
        probabilities = scale * probabilities + (1 - scale) * (
            np.ones(probabilities.shape) / len(probabilities)
        )
    if clip is not None:
        clip = _arrays.number(clip, "clip")
        if not clip <= 1:
            raise ValueError(f"clip is {clip:g}, but must be at most 1")
        probabilities = np.clip(probabilities, clip, 1.0)
    with np.errstate(divide="ignore"):
        energies = -np.log(probabilities)
    return energies.reshape(len(probabilities), -1).astype(np.float32)


def create_pairwise_gaussian(sdims: Sequence[float], shape: Sequence[int]) -> np.ndarray:
    """Features of positions on a grid of any number of axes.

    Args:
        sdims: a bandwidth for each axis, in the order of `shape`.
        shape: the grid's extents.

    Returns:
        (axes, points) float32, for `addPairwiseEnergy`.
    """
    extents = [_arrays.integer(extent, "an axis of shape", 1) for extent in np.atleast_1d(shape)]
    mesh = np.indices(extents, dtype=np.float32)
    if np.size(sdims) not in (1, len(extents)):
        raise ValueError(f"sdims has {np.size(sdims)} numbers, but there are {len(extents)} axes")
    # Of several axes, for which a list of one number is of no use to pydensecrf.
    _divide(mesh, np.reshape(sdims, ()) if np.size(sdims) == 1 else sdims, "sdims", "axes")
    return mesh.reshape(len(extents), -1)


def create_pairwise_bilateral(
    sdims: Sequence[float], schan: Union[float, Sequence[float]], img: Any, chdim: int = -1
) -> np.ndarray:
    """Features of positions and colours on a grid of any number of axes.

    Args:
        sdims: a bandwidth for each axis of the grid, in the order of the image's axes, or a number for
            all. Axes beyond their number are left as they are, and so are channels.
        schan: a bandwidth for all channels, or one for each, in the image's units.
        img: the image, of any type.
        chdim: which of its axes has the channels; −1 where none has, so that axes count from the end
            from −2 on.

    Returns:
        (axes + channels, points) float32, for `addPairwiseEnergy`.
    """
    image = _pictures.array(img, "img", masks="dropped")
    axis = _arrays.integer(chdim, "chdim", -max(1, image.ndim), max(0, image.ndim - 1))
    channels = image[np.newaxis] if axis == -1 else np.moveaxis(image, axis, 0)
    # A copy in any case: bandwidths divide it in place.
    channels = channels.astype(np.float32)
    extents = channels.shape[1:]
    hint = ""
    if axis == -1 and image.ndim > 1 and np.size(sdims) == image.ndim - 1:
        hint = f"; where the last axis has channels, pass chdim={image.ndim - 1}"
    _divide(channels, schan, "schan", "channels")
    mesh = np.indices(extents, dtype=np.float32)
    _divide(mesh, sdims, "sdims", "axes", hint)
    return np.concatenate([mesh, channels]).reshape(len(extents) + len(channels), -1)


def compute_unary(labels: Any, M: int, GT_PROB: float = 0.5) -> np.ndarray:
    """The old name of `unary_from_labels`."""
    warnings.warn("use unary_from_labels", DeprecationWarning, stacklevel=2)
    return unary_from_labels(labels, M, GT_PROB)


def softmax_to_unary(sm: Any, GT_PROB: float = 1) -> np.ndarray:
    """The old name of `unary_from_softmax`."""
    warnings.warn("use unary_from_softmax", DeprecationWarning, stacklevel=2)
    return unary_from_softmax(sm, None if GT_PROB == 1 else GT_PROB, clip=None)


def _divide(rows: np.ndarray, value: Any, name: str, what: str, hint: str = "") -> None:
    """Divides each row by its bandwidth: all by one number, or those that there are numbers for.

    As in pydensecrf, which leaves the others as they are. Programs rely on it where that makes no
    difference (an axis of one element) and some where it does.
    """
    is_number = np.ndim(value) == 0
    count = len(rows) if is_number else min(len(rows), np.size(value))
    sigmas = _arrays.bandwidths(value, name, np.size(value), what)
    if len(sigmas) > len(rows):
        raise ValueError(
            f"{name} has {len(sigmas)} numbers, but there are {len(rows)} {what}"
        )
    for index in range(count):
        rows[index] /= sigmas[0 if is_number else index]
    if any(np.ptp(row) > 0 for row in rows[count:]):
        warn(
            f"{name} has {count} numbers for {len(rows)} {what}: the others are left as they are, as by "
            f"pydensecrf{hint}"
        )
