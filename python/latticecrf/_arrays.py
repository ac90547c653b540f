"""What callers bring, as numpy arrays: tensors of any framework, any type of numbers, any strides."""
from __future__ import annotations

import numbers
import operator
from typing import Any, Sequence

import numpy as np

from ._warnings import warn

LARGEST_INT32 = 2**31 - 1
#: What an infinite bandwidth is as well: no difference of features is left.
BLIND = 1e30
#: Types of tensors that numpy has no type for, as they call themselves.
_SHORT_FLOATS = ("bfloat16", "float8", "float6", "float4")


def to_numpy(value: Any, name: str, masks: str = "refused") -> np.ndarray:
    """`value` as an array of numbers.

    Takes numpy arrays, PyTorch tensors and what is derived from them (on any device, with or without a
    gradient), what has `__array__` or `__dlpack__`, buffers and nested lists. No framework is
    imported.

    Args:
        masks: what becomes of a masked array's mask: "refused", or "dropped" with a warning.
    """
    if type(value) is np.ndarray and value.dtype.kind in "fiub":
        return value
    if type(value) in (int, float):
        return np.asarray(value)
    if value is None:
        raise TypeError(f"{name} is None, but must be an array")
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{name} is text, but must be an array")
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        _drop_mask(value, name, masks)
    try:
        array = _read(value)
    except Exception as error:
        raise TypeError(f"{name} cannot be read as an array: {error}") from None
    if array.dtype.name.startswith(_SHORT_FLOATS):
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} cannot be read as real numbers, but as an array of {array.dtype}; "
            + ("take the real part" if array.dtype.kind == "c" else "are its rows of one length?")
        )
    return array


def _read(value: Any) -> np.ndarray:
    if all(hasattr(value, method) for method in ("detach", "cpu", "numpy")):
        return _of_tensor(value)
    if hasattr(value, "__cuda_array_interface__") and hasattr(value, "get"):
        value = value.get()  # CuPy copies to the host only where it is told to.
    if isinstance(value, numbers.Number) and not isinstance(value, (numbers.Complex, np.generic)):
        value = float(value)  # Decimal.
    elif isinstance(value, numbers.Rational) and not isinstance(value, int):
        value = float(value)  # Fraction.
    if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    return np.asarray(value)


def _of_tensor(tensor: Any) -> np.ndarray:
    """The numbers of a tensor of PyTorch's, or of any class derived from it."""
    tensor = tensor.detach().cpu()
    if getattr(tensor, "is_quantized", False):
        tensor = tensor.dequantize()
    if str(getattr(tensor, "layout", "torch.strided")) != "torch.strided":
        tensor = tensor.to_dense()
    if str(tensor.dtype).rpartition(".")[2].startswith(_SHORT_FLOATS):
        tensor = tensor.float()
    if hasattr(tensor, "resolve_neg"):
        tensor = tensor.resolve_neg()
    return np.asarray(tensor.numpy())


def _drop_mask(value: np.ma.MaskedArray, name: str, masks: str) -> None:
    count = f"{name} is a masked array, masked in {np.ma.count_masked(value)} of {value.size} places"
    if masks == "refused":
        raise ValueError(
            f"{count}: fill them with {name}.filled(…), or pass {name}.data to have what is behind "
            "the mask"
        )
    warn(f"{count}, but what is behind the mask is used, as by pydensecrf")


def to_float32(value: Any, name: str, masks: str = "refused") -> np.ndarray:
    """`value` as float32, with its strides where it is float32 already; infinities stay."""
    array = to_numpy(value, name, masks)
    if array.dtype == np.float32:
        return array
    with np.errstate(over="ignore"):
        converted = array.astype(np.float32)
    if array.dtype.kind == "f" and array.dtype.itemsize > 4:
        too_large = np.isinf(converted)
        if too_large.any():
            wrong = array[too_large & np.isfinite(array)]
            if wrong.size:
                raise ValueError(f"{name} holds {wrong.flat[0]}, but numbers must fit float32")
    return converted


def dense(array: np.ndarray) -> np.ndarray:
    """The array in C order, copied only where it is not."""
    return np.ascontiguousarray(array)


def integer(value: Any, name: str, least: int, most: int = LARGEST_INT32) -> int:
    """A whole number within limits, which C's types would cut off silently.

    Whole numbers of any type count, such as the 8.0 of a division.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = _whole(value)
        if number is None:
            raise TypeError(f"{name} is {shown(value)}, but must be a whole number") from None
    if not least <= number <= most:
        raise ValueError(f"{name} is {number}, but must lie in {least}…{most}")
    return number


def _whole(value: Any) -> Any:
    """`value` as an `int`, or `None` where it is not a whole number."""
    if not isinstance(value, numbers.Number) and np.shape(value) != ():
        return None
    try:
        number = int(value)
        return number if not isinstance(value, (str, bytes)) and number == value else None
    except (TypeError, ValueError, OverflowError):
        return None


def number(value: Any, name: str) -> float:
    """A single real number."""
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {shown(value)}, but must be a number") from None


def bandwidths(value: Any, name: str, count: int, what: str) -> Sequence[float]:
    """One bandwidth, or `count` of them, all above 0; infinite ones see no difference at all."""
    if type(value) in (int, float) and value > 0:
        return [min(float(value), BLIND)]
    if isinstance(value, (tuple, list)) and all(np.ndim(one) == 0 for one in value):
        array = np.array([number(one, name) for one in value])
    else:
        array = np.atleast_1d(to_numpy(value, name)).astype(np.float64)
    if array.ndim != 1 or len(array) not in (1, count):
        raise ValueError(
            f"{name} has shape {np.shape(value)}, but must be one number, or {count} for {count} "
            f"{what}"
        )
    for sigma in array:
        if not sigma > 0:
            raise ValueError(f"{name} is {sigma:g}, but a bandwidth must be above 0")
    return [min(sigma, BLIND) for sigma in array.tolist()]


def choice(value: Any, name: str, choices: dict) -> Any:
    """What a word stands for."""
    if not isinstance(value, str) or value not in choices:
        known = ", ".join(repr(word) for word in choices)
        raise ValueError(f"{name} is {shown(value)}, but must be one of {known}")
    return choices[value]


def shown(value: Any) -> str:
    """`value` in a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
