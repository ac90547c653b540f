"""What callers bring, as numpy arrays: tensors of any framework, any type of numbers, any strides."""
from __future__ import annotations

import operator
from typing import Any, Sequence

import numpy as np

LARGEST_INT32 = 2**31 - 1


def to_numpy(value: Any, name: str) -> np.ndarray:
    """`value` as an array of numbers.

    Takes numpy arrays, PyTorch tensors (on any device, with or without a gradient), what has
    `__array__` or `__dlpack__`, buffers and nested lists. No framework is imported.
    """
    if value is None:
        raise TypeError(f"{name} is None, but must be an array")
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{name} is text, but must be an array")
    if type(value).__module__.split(".")[0] == "torch":
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
    try:
        if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
            array = np.from_dlpack(value)
        else:
            array = np.asarray(value)
    except Exception as error:
        raise TypeError(f"{name} cannot be read as an array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} is an array of {array.dtype}, but must hold real numbers; "
            + ("take the real part" if array.dtype.kind == "c" else "are its rows of one length?")
        )
    return array


def to_float32(value: Any, name: str) -> np.ndarray:
    """`value` as float32, with its strides where it is float32 already."""
    array = to_numpy(value, name)
    if array.dtype == np.float32:
        return array
    with np.errstate(over="ignore"):
        converted = array.astype(np.float32)
    if array.dtype.kind == "f" and array.dtype.itemsize > 4 and not np.isfinite(converted).all():
        wrong = array[~np.isfinite(converted)].flat[0]
        raise ValueError(f"{name} holds {wrong}, but numbers must be finite and fit float32")
    return converted


def dense(array: np.ndarray) -> np.ndarray:
    """The array in C order, copied only where it is not."""
    return np.ascontiguousarray(array)


def integer(value: Any, name: str, least: int, most: int = LARGEST_INT32) -> int:
    """A whole number within limits, which C's types would cut off silently."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} is {_shown(value)}, but must be a whole number"
        ) from None
    if not least <= number <= most:
        raise ValueError(f"{name} is {number}, but must lie in {least}…{most}")
    return number


def number(value: Any, name: str) -> float:
    """A single real number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {_shown(value)}, but must be a number") from None


def bandwidths(value: Any, name: str, count: int, what: str) -> Sequence[float]:
    """One bandwidth, or `count` of them, all above 0."""
    array = np.atleast_1d(to_numpy(value, name)).astype(np.float64)
    if array.ndim != 1 or len(array) not in (1, count):
        raise ValueError(
            f"{name} has shape {np.shape(value)}, but must be one number, or {count} for {count} "
            f"{what}"
        )
    for sigma in array:
        if not (np.isfinite(sigma) and sigma > 0):
            raise ValueError(f"{name} is {sigma:g}, but a bandwidth must be finite and above 0")
    return [float(sigma) for sigma in array]


def choice(value: Any, name: str, choices: dict) -> int:
    """What a word stands for."""
    if not isinstance(value, str) or value not in choices:
        known = ", ".join(repr(word) for word in choices)
        raise ValueError(f"{name} is {_shown(value)}, but must be one of {known}")
    return choices[value]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
