"""`refine_labels`: a map of labels and an image in, a better map out."""
from __future__ import annotations

from typing import Any, Optional, Sequence, Union

import numpy as np

from . import _arrays
from ._plans import Model
from ._refine import refine


def refine_labels(
    image: Any,
    labels: Any,
    gt_prob: float = 0.7,
    *,
    n_labels: Optional[int] = None,
    preset: Union[str, Model] = "irn",
    ignore: Union[int, Sequence[int], None] = None,
    iterations: Optional[int] = None,
    threads: int = 0,
) -> Any:
    """Refines a map of labels, as weakly supervised segmentation does with activation maps.

    Each pixel's label is taken to be right with the probability `gt_prob`, the others to be equally
    likely. Only labels that the map has take part: what it lacks cannot win, and costs time. The map
    may have gaps in its numbers.

    Args:
        image: (H, W, 3), as for `refine`.
        labels: (H, W), whole numbers of at least 0.
        gt_prob: how probable it is that a label is right; above 1 / (the number of labels) and below 1.
        n_labels: how many labels there are, as far as a wrong label's probability
            (1 − gt_prob) / (n_labels − 1) goes, as in `pydensecrf.utils.unary_from_labels`; unless
            given, as many as the map has.
        preset: a name of `Model.presets()`, or a `Model`.
        ignore: the number, or numbers, of pixels without a label, which get one.
        iterations: mean field updates, in place of the preset's.
        threads: 0 for one per processor. Results do not depend on it.

    Returns:
        (H, W), labels of the same type as those given.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
    """
    given = _arrays.to_numpy(labels, "labels")
    if given.dtype.kind not in "iub":
        raise TypeError(f"labels are of type {given.dtype}, but must be whole numbers")
    unknown = np.isin(given, [] if ignore is None else ignore)
    present = np.unique(given[~unknown])
    if len(present) < 2:
        # Nothing to decide; all are known to be the only label there is.
        return np.where(unknown, present[0], given).astype(given.dtype) if len(present) else given.copy()
    count = len(present) if n_labels is None else _arrays.integer(n_labels, "n_labels", len(present))
    right = _arrays.number(gt_prob, "gt_prob")
    if not 1 / count < right < 1:
        raise ValueError(
            f"gt_prob is {right:g}, but must be above {1 / count:g} (one of {count} labels) and below 1")
    # Of the labels that are left, as probable to each other as among all.
    wrong = (1 - right) / (count - 1)
    confidence = right / (right + wrong * (len(present) - 1))
    numbers = np.where(unknown, len(present), np.searchsorted(present, given)).astype(np.int32)
    found = refine(
        numbers, image, preset, kind="labels", labels=len(present), confidence=confidence,
        ignore=len(present) if unknown.any() else None, iterations=iterations, output="labels",
        threads=threads)
    return present[found].astype(given.dtype)
