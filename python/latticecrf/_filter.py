"""Gaussian filters alone, for research."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import _arrays, _kinds, _native


class Filter:
    """Sums over all points, weighted by a Gaussian of the distance between their features.

    Args:
        features: (d, N), divided by their bandwidths: weights are exp(−½‖fᵢ − fⱼ‖²).
        method: "permutohedral" (pydensecrf's lattice), "accurate", "exact" or "grid", which takes up
            to 5 features.
        threads: 0 for one per processor.
    """

    def __init__(self, features: Any, method: str = "permutohedral", threads: int = 0) -> None:
        values = _arrays.to_float32(features, "features")
        if values.ndim != 2 or values.size == 0:
            raise ValueError(
                f"features have shape {values.shape}, but must be (features, points)"
            )
        values = _arrays.dense(values)
        self.points = values.shape[1]
        # Of all pairs, or of a few vertices for each point.
        self._effort = self.points if method == "exact" else len(values)
        self._number = _native.create(
            "filter", values.ctypes.data, values.size, values.shape[0], _kinds.CHANNELS_FIRST,
            _arrays.choice(method, "method", _kinds.FILTERS),
            _arrays.integer(threads, "threads", 0),
        )
        _native.finalize(self, "filter", self._number)

    def __reduce__(self) -> Any:
        raise TypeError("a Filter can be neither copied nor pickled")

    def apply(self, values: Any, transposed: bool = False) -> np.ndarray:
        """K·values, or Kᵀ·values, for (channels, N) or (N,) values; float32 of their shape."""
        array = _arrays.to_float32(values, "values")
        if array.ndim not in (1, 2) or array.shape[-1] != self.points or array.size == 0:
            raise ValueError(
                f"values have shape {array.shape}, but must be (channels, {self.points}) or "
                f"({self.points},)"
            )
        array = _arrays.dense(array)
        output = np.empty_like(array)
        _native.long_call(
            self._effort * array.size, "filter_apply", self._number, array.ctypes.data, array.size,
            1 if array.ndim == 1 else len(array), _kinds.CHANNELS_FIRST, int(bool(transposed)),
            output.ctypes.data, output.size,
        )
        return output
