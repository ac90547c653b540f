"""`clean`: labels in, cleaner labels out, without scores."""
from __future__ import annotations

from typing import Any, Mapping, Sequence, Union

import numpy as np

from . import _arrays, _native, _outputs
from ._plans import Plan


def clean(
    labels: Any, plan: Union[Plan, str, Mapping, Sequence], *, output_type: str = "numpy",
    threads: int = 0,
) -> Any:
    """Makes the label filters of a plan over labels without scores.

    Args:
        labels: (H, W), (D, H, W) or any grid of 1 to 16 axes, whole numbers in 0…65535. Negative numbers
            are refused: name the number that stands for unknown in the plan (`void=`), and map others.
        plan: what is to be done: a `Plan`, or what one can be made of: `"majority:radius=2"`. Its steps
            are label filters; refinements need scores, see `refine`.
        output_type: "numpy", or "same" for a tensor where labels are a tensor.
        threads: 0 for one per processor. Results do not depend on it.

    Returns:
        Labels of the same shape; of the same type too where it holds every label of the result, otherwise
        uint16.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
    """
    same = _arrays.choice(output_type, "output_type", _outputs.TYPES)
    given = _arrays.to_numpy(labels, "labels")
    numbers = _whole(given)
    handle = Plan(plan)._handle
    found = np.empty(numbers.shape, np.uint16)
    _native.long_call(
        numbers.size * 10, "plan_clean", handle.number, numbers.ctypes.data, numbers.size,
        _native.int64s(numbers.shape), numbers.ndim, _arrays.integer(threads, "threads", 0),
        found.ctypes.data, found.size,
    )
    result = _of_type(found, given.dtype)
    return _outputs.like(result, labels) if same else result


def _whole(values: np.ndarray) -> np.ndarray:
    """Labels as uint16, in C order."""
    if values.ndim == 0:
        raise ValueError("labels are one number, but must be an array")
    if values.dtype.kind == "f":
        raise TypeError(
            f"labels are of type {values.dtype}, but must be whole numbers: for scores, see refine")
    if values.dtype.kind == "b" or values.dtype == np.uint8:
        return _arrays.dense(values.astype(np.uint16))
    if values.size and (values.min() < 0 or values.max() > 0xFFFF):
        wrong = values.min() if values.min() < 0 else values.max()
        raise ValueError(f"labels hold {wrong}, but must lie in 0…65535")
    return _arrays.dense(values.astype(np.uint16, copy=False))


def _of_type(found: np.ndarray, wanted: np.dtype) -> np.ndarray:
    if wanted.kind == "b":
        return found != 0 if found.size == 0 or found.max() <= 1 else found
    most = np.iinfo(wanted).max
    return found.astype(wanted) if found.size == 0 or found.max() <= most else found
