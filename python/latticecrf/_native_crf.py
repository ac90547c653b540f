"""A CRF as the C interface has it: what `CRF` and `densecrf` are made of."""
from __future__ import annotations

import ctypes
import math
from typing import Any, Optional, Sequence

import numpy as np

from . import _arrays, _kinds, _native


class NativeCRF:
    """A CRF over a grid. Arrays are (labels, …grid) or (…grid, labels), by `layout`."""

    def __init__(self, extents: Sequence[int], labels: int, threads: int = 0) -> None:
        self.extents = tuple(extents)
        self.labels = labels
        self.number = _native.create(
            "crf", _native.int64s(self.extents), len(self.extents), labels,
            _arrays.integer(threads, "threads", 0),
        )
        _native.finalize(self, "crf", self.number)
        self.points = math.prod(self.extents)
        # What an update takes for each point and label.
        self._effort = 1

    def __reduce__(self) -> Any:
        raise TypeError("a CRF can be neither copied nor pickled")

    def set_unary(self, energies: np.ndarray, layout: int) -> None:
        energies = _arrays.dense(energies)
        _native.long_call(
            4 * energies.size, "crf_set_unary", self.number, energies.ctypes.data, energies.size, layout
        )

    def set_scores(
        self, scores: np.ndarray, extents: Sequence[int], kind: int, layout: int,
        minimum_probability: float,
    ) -> None:
        scores = _arrays.dense(scores)
        _native.long_call(
            4 * self.points * self.labels, "crf_set_scores", self.number, scores.ctypes.data,
            scores.size, _native.int64s(extents), kind, layout, minimum_probability,
        )

    def add_position_kernel(self, sigmas: Any, term: Term, name: str = "sigma") -> None:
        sigmas = _arrays.bandwidths(sigmas, name, len(self.extents), "axes")
        _native.long_call(
            self._building(term), "crf_add_position_kernel", self.number, _native.floats(sigmas),
            len(sigmas), _kinds.X_FIRST, term.pointer,
        )

    def add_bilateral_kernel(
        self, sigmas: Any, color_sigmas: Any, image: np.ndarray, term: Term,
        names: Sequence[str] = ("spatial sigma", "color sigma"),
    ) -> None:
        """`image` has the grid's axes, then one of channels."""
        channels = image.shape[-1]
        sigmas = _arrays.bandwidths(sigmas, names[0], len(self.extents), "axes")
        color_sigmas = _arrays.bandwidths(color_sigmas, names[1], channels, "channels")
        if image.dtype != np.uint8:
            image = _arrays.to_float32(image, "the image")
        image = _arrays.dense(image)
        element = _kinds.UINT8 if image.dtype == np.uint8 else _kinds.FLOAT32
        _native.long_call(
            self._building(term), "crf_add_bilateral_kernel", self.number, _native.floats(sigmas),
            len(sigmas), image.ctypes.data, image.size, element, channels,
            _native.floats(color_sigmas), len(color_sigmas), _kinds.X_FIRST, term.pointer,
        )

    def add_feature_kernel(self, features: np.ndarray, kernel_type: int, term: Term) -> None:
        """`features` is (d, N)."""
        features = _arrays.dense(features)
        _native.long_call(
            self._building(term), "crf_add_feature_kernel", self.number, features.ctypes.data,
            features.size, features.shape[0], _kinds.CHANNELS_FIRST, kernel_type, None, 0,
            term.pointer,
        )

    def _building(self, term: Term) -> float:
        """What it takes to build the filter of a term; notes what it takes to apply it."""
        # All pairs, at half a nanosecond each.
        if term.filter == _kinds.FILTERS["exact"]:
            self._effort = max(self._effort, self.points / 16)
            return self.points * self.points / 16
        return self.points * (1024 if term.filter == _kinds.FILTERS["accurate"] else 64)

    def infer(
        self, iterations: Any, layout: int = 0, tolerance: float = 0,
        marginals: Optional[np.ndarray] = None, labels: Optional[np.ndarray] = None,
        solver: Optional[str] = None,
    ) -> None:
        """Writes to dense arrays: marginals of float32, labels of uint16."""
        iterations = _arrays.integer(iterations, "the number of iterations", 0)
        options = _native.Inference(
            iterations, tolerance, None if solver is None else solver.encode())
        _native.long_call(
            self._effort * iterations * self.points * self.labels, "crf_infer", self.number,
            ctypes.byref(options),
            None if marginals is None else marginals.ctypes.data,
            0 if marginals is None else marginals.size, layout,
            None if labels is None else labels.ctypes.data, 0 if labels is None else labels.size,
        )

    def marginals(self, iterations: Any, layout: int) -> np.ndarray:
        """Dense: (L, N), or (N, L) for the layout of labels last."""
        shape = (self.labels, self.points)
        result = np.empty(shape if layout == _kinds.CHANNELS_FIRST else shape[::-1], np.float32)
        self.infer(iterations, layout, marginals=result)
        return result

    def most_likely(self, iterations: Any) -> np.ndarray:
        labels = np.empty(self.extents, np.uint16)
        self.infer(iterations, labels=labels)
        return labels

    def step(self, marginals: np.ndarray, layout: int) -> None:
        """One update of a dense float32 array, in place."""
        _native.long_call(
            self._effort * marginals.size, "crf_step", self.number, marginals.ctypes.data,
            marginals.size, layout,
        )

    def energies(self, marginals: np.ndarray, layout: int) -> _native.Energies:
        result = _native.Energies()
        _native.long_call(
            self._effort * marginals.size, "crf_energy", self.number, marginals.ctypes.data,
            marginals.size, layout, ctypes.byref(result),
        )
        return result


class Term:
    """A compatibility with its normalisation, as C takes it."""

    def __init__(
        self, compatibility: Any, labels: int, normalization: int = 0, filter: int = 0,
        self_term: int = 0,
    ) -> None:
        self.filter = filter
        if type(compatibility) in (int, float) and abs(compatibility) < 1e30:
            # What nearly everybody gives, and small scenes would notice the way through numpy.
            self._values = ctypes.c_float(compatibility)
            self._struct = _native.Term(
                ctypes.addressof(self._values), 1, normalization, self_term, filter
            )
            return
        values = _arrays.to_float32(compatibility, "the compatibility")
        if values.ndim > 2:
            raise ValueError(
                f"the compatibility has {values.ndim} axes, but must be a number, {labels} numbers "
                f"or {labels} × {labels}"
            )
        if values.shape not in ((), (labels,), (labels, labels)):
            raise ValueError(
                f"the compatibility has shape {values.shape}, but for {labels} labels it must be a "
                f"number, ({labels},) or ({labels}, {labels})"
            )
        # Kept: the struct has only its address.
        self._values = _arrays.dense(values)
        self._struct = _native.Term(
            self._values.ctypes.data, self._values.size, normalization, self_term, filter
        )

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self._struct)
