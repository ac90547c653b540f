"""Results as the scores were: tensors for tensors."""
from __future__ import annotations

import sys
from typing import Any

import numpy as np

TYPES = {"numpy": False, "same": True}


def like(result: np.ndarray, scores: Any) -> Any:
    """`result` as what `scores` is: a tensor on its device, marginals of its type where that is a float.

    PyTorch's tensors, and those of derived classes, become plain tensors without a gradient; arrays of
    other frameworks are made by their own `__array_namespace__`. What else numpy reads gives numpy's.
    """
    if all(hasattr(scores, name) for name in ("detach", "cpu", "numpy", "is_floating_point")):
        torch = sys.modules["torch"]
        if result.dtype == np.uint16:
            result = result.astype(np.int32)  # PyTorch does little with uint16.
        tensor = torch.from_numpy(result)
        is_float = result.dtype.kind == "f" and scores.is_floating_point()
        return tensor.to(device=scores.device, dtype=scores.dtype if is_float else None)
    is_float = result.dtype.kind == "f"
    if isinstance(scores, np.ndarray) or not hasattr(scores, "__array_namespace__"):
        if is_float and getattr(getattr(scores, "dtype", None), "kind", "") == "f":
            return result.astype(scores.dtype)
        return result
    namespace = scores.__array_namespace__()
    array = namespace.asarray(result)
    if is_float and namespace.isdtype(scores.dtype, "real floating"):
        array = namespace.astype(array, scores.dtype)
    return array
