"""What scores mean: logits, probabilities, energies or labels, of many labels or of a foreground."""
from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np

from . import _arrays
from ._warnings import warn

#: As in the library.
_VALUE_TOLERANCE, _SUM_TOLERANCE = 1e-3, 1e-2
#: How far interpolation of higher order takes probabilities out of 0…1.
_OVERSHOOT = 0.2
#: How far 255 times a number stored in 8 bits, and in half precision since, may be from a whole one.
_BYTE_TOLERANCE = 0.13


def two_labels(channel: np.ndarray, kind: str, normalize: bool) -> np.ndarray:
    """Scores of background and foreground, (2, …grid), from the foreground's alone."""
    if kind == "energies":
        raise ValueError(
            "energies of one label leave open what those of the other are: pass "
            "np.stack([background, foreground]), or kind='logits' and their difference"
        )
    if kind == "logits":
        logits = _arrays.to_float32(channel, "scores")
        if logits.size > 1 and 0 <= logits.min() and logits.max() <= 1:
            warn("one channel of scores lies in 0…1: pass kind='probabilities' unless they are logits")
        # A saturated sigmoid's logit is infinite, which rules the other label out.
        certain = logits == np.inf
        return np.stack([
            np.where(certain, np.float32(-np.inf), np.float32(0)),
            np.where(certain, np.float32(0), logits),
        ])
    if normalize and channel.dtype.kind in "iu":
        channel = channel.astype(np.float32) / np.float32(np.iinfo(channel.dtype).max)
    p = _arrays.to_float32(channel, "scores")
    outside = ~((p >= -_VALUE_TOLERANCE) & (p <= 1 + _VALUE_TOLERANCE))
    if outside.any() and not (normalize and np.abs(p - 0.5).max() <= 0.5 + _OVERSHOOT):
        wrong = channel[outside].flat[0]
        raise ValueError(
            f"the probability of the foreground at {_place(outside)} is {wrong:g}, but must lie in "
            "0…1: pass normalize=True for 8 or 16 bits, kind='logits' for scores before the sigmoid, "
            "or layout= where this is not one channel of an image"
        )
    p = np.clip(p, 0, 1)
    return np.stack([1 - p, p])


def normalized(values: np.ndarray, axis: int) -> np.ndarray:
    """Probabilities of what is only proportional to them: negative numbers become 0, sums 1.

    Where all are 0, all labels are alike.
    """
    numbers = _arrays.to_float32(values, "scores")
    if not np.isfinite(numbers).all():
        raise ValueError(f"scores hold {numbers[~np.isfinite(numbers)][0]}, but must be finite")
    numbers = np.maximum(numbers, 0)
    sums = numbers.sum(axis, keepdims=True)
    return np.where(sums > 0, numbers / np.where(sums > 0, sums, 1), 1 / np.float32(numbers.shape[axis]))


def mended(values: np.ndarray, axis: int) -> Optional[np.ndarray]:
    """What to take for probabilities that the library refuses.

    Returns:
        Those that were stored in 8 bits, their sums mended; `None` for anything else.
    """
    numbers = values.astype(np.float32)
    if not ((numbers >= -_VALUE_TOLERANCE) & (numbers <= 1 + _VALUE_TOLERANCE)).all():
        return None
    off = np.abs(numbers.sum(axis, dtype=np.float64) - 1)
    if off.max() <= _SUM_TOLERANCE:
        return None
    steps = numbers * 255
    rounding = 0.5 / 255 * numbers.shape[axis]
    if off.max() <= rounding and np.abs(steps - np.rint(steps)).max() <= _BYTE_TOLERANCE:
        return normalized(numbers, axis)
    return None


def of_labels(
    given: np.ndarray, labels: Any, confidence: Any, ignore: Any
) -> Tuple[np.ndarray, int]:
    """Energies (labels, …grid) of a map of labels, and how many labels there are.

    A label is right with the probability `confidence`; the rest is shared by the others. What `ignore`
    names has no label: all are alike there.
    """
    if labels is None:
        raise ValueError("kind='labels' needs labels=, how many labels there are")
    count = _arrays.integer(labels, "labels", 2, 65536)
    certainty = _arrays.number(confidence, "confidence")
    if not 0 < certainty < 1:
        raise ValueError(f"confidence is {certainty:g}, but must be above 0 and below 1")
    if given.dtype.kind == "f":
        raise TypeError(
            f"a map of labels is {given.dtype}, but must hold whole numbers: use .astype(int)"
        )
    numbers = given.astype(np.int64)
    ignored = [] if ignore is None else np.atleast_1d(ignore)
    unknown = np.isin(numbers, [_arrays.integer(n, "ignore", -(2**31)) for n in ignored])
    wrong = ~unknown & ((numbers < 0) | (numbers >= count))
    if wrong.any():
        label = numbers[wrong].flat[0]
        hint = "ignore=255 where 255 marks what has no label"
        if count == 2 and label == 255:
            hint = "mask > 0 for a mask of 0 and 255, or ignore=255"
        elif label != 255:
            hint = f"ignore={label} where it marks what has no label"
        raise ValueError(
            f"there is a label {label} at {_place(wrong)}, but {count} labels lie in 0…{count - 1}: "
            f"pass {hint}"
        )
    energies = np.full((count, *numbers.shape), -np.log((1 - certainty) / (count - 1)), np.float32)
    known = np.where(unknown, 0, numbers)
    np.put_along_axis(energies, known[None], np.float32(-np.log(certainty)), 0)
    energies[:, unknown] = np.log(count)
    return energies, count


def warn_of_probabilities(scores: np.ndarray, last: bool) -> None:
    """A softmax of a softmax is flat: the commonest mistake, and one that no result shows."""
    rows = scores.reshape(-1, scores.shape[-1]) if last else scores.reshape(len(scores), -1).T
    rows = rows[:: max(1, len(rows) // 64)]
    if (rows >= 0).all() and (np.abs(rows.sum(1) - 1) < 1e-2).all():
        warn(
            "scores look like probabilities (at least 0, with sums of 1): pass kind='probabilities', "
            "or energies and logits as they are"
        )


def _place(found: np.ndarray) -> str:
    """The indices of the first place that is marked."""
    return str(tuple(int(axis[0]) for axis in np.nonzero(found)))
