"""A CRF that is put together step by step, with arrays as numpy has them."""
from __future__ import annotations

from typing import Any, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _arrays, _kinds, _pictures
from ._native_crf import NativeCRF, Term

_LAYOUTS = {"LHW": 0, "HWL": -1}
_OUTPUTS = {"marginals": (True, False), "labels": (False, True), "both": (True, True)}


class Energies(NamedTuple):
    """The mean field objective at some marginals."""

    #: ΣQU
    unary: float
    #: ΣQP(Q): every pair counted twice.
    pairwise: float
    #: −ΣQ log Q
    entropy: float
    #: unary + pairwise/2 − entropy: what updates descend.
    free_energy: float
    #: unary + pairwise − entropy: pydensecrf's figure, which may be negative.
    kl_divergence: float


class CRF:
    """A dense CRF over a grid.

        crf = latticecrf.CRF((height, width), labels)
        crf.set_scores(logits)
        crf.add_position_kernel(3, compatibility=3)
        crf.add_bilateral_kernel(80, 13, image, compatibility=10)
        marginals, labels = crf.infer(5, output="both")

    For what a `Model` describes, `refine` is shorter, and does it in one call of the library.

    Args:
        extents: the grid: (height, width), (depth, height, width), or (N,) for points on no grid.
        labels: how many there are.
        threads: 0 for one per processor. Results do not depend on it.
    """

    def __init__(self, extents: Sequence[int], labels: int, threads: int = 0) -> None:
        self._crf = NativeCRF(
            [_arrays.integer(extent, "an extent", 1) for extent in extents],
            _arrays.integer(labels, "labels", 1), threads,
        )

    @property
    def extents(self) -> Tuple[int, ...]:
        """The grid."""
        return self._crf.extents

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return self._crf.labels

    def __reduce__(self) -> Any:
        raise TypeError("a CRF can be neither copied nor pickled")

    def set_scores(
        self, scores: Any, kind: str = "logits", layout: str = "LHW",
        minimum_probability: float = 1e-5,
    ) -> None:
        """Replaces the scores; kernels stay.

        Args:
            scores: (labels, …grid), or (…grid, labels) for layout="HWL". The grid may be coarser than
                the CRF's, of the same proportions: scores are then upsampled.
            kind: "logits", "probabilities" or "energies".
            minimum_probability: smaller probabilities are raised to it.
        """
        axis = _arrays.choice(layout, "layout", _LAYOUTS)
        number = _arrays.choice(kind, "kind", _kinds.SCORE_KINDS)
        values = _arrays.to_float32(scores, "scores")
        axes = len(self.extents)
        if values.ndim != axes + 1 or values.shape[axis] != self.labels:
            raise ValueError(
                f"scores have shape {values.shape}, but must have {axes} axes of the grid, and one of "
                f"{self.labels} labels " + ("in front" if axis == 0 else "at the end")
            )
        extents = values.shape[1:] if axis == 0 else values.shape[:-1]
        self._crf.set_scores(
            values, extents, number, self._layout(axis),
            _arrays.number(minimum_probability, "minimum_probability"),
        )

    def add_position_kernel(
        self, sigma: Any, compatibility: Any, normalization: str = "symmetric",
        self_term: str = "included", method: str = "permutohedral",
    ) -> None:
        """Near points ought to share a label.

        Args:
            sigma: in steps of the grid: one number, or one per axis in the order x, y(, z).
            compatibility: a number w (unlike labels cost w); or a number per label, or a matrix of
                labels × labels, which are added to the energies: negative ones smooth.
            normalization: "symmetric", "before", "after" or "none".
            self_term: "included", "excluded" or "excluded_before_normalization".
            method: "permutohedral", "accurate", "exact", "grid" or "window".
        """
        self._crf.add_position_kernel(
            sigma, self._term(compatibility, normalization, self_term, method)
        )

    def add_bilateral_kernel(
        self, spatial_sigma: Any, color_sigma: Any, image: Any, compatibility: Any,
        normalization: str = "symmetric", self_term: str = "included",
        method: str = "permutohedral",
    ) -> None:
        """Points that are near and of like colours ought to share a label.

        Args:
            color_sigma: in the image's units: one number, or one per channel.
            image: (…grid, channels) or (…grid), of any type, or a picture of Pillow's.
        """
        pixels = _pictures.array(image, "image")
        if pixels.shape == self.extents:
            pixels = pixels[..., np.newaxis]
        if pixels.shape[:-1] != self.extents:
            raise ValueError(
                f"the image has shape {pixels.shape}, but must be {self.extents}, or that and an axis "
                "of channels"
            )
        self._crf.add_bilateral_kernel(
            spatial_sigma, color_sigma, pixels,
            self._term(compatibility, normalization, self_term, method),
        )

    def add_feature_kernel(
        self, features: Any, compatibility: Any, normalization: str = "symmetric",
        self_term: str = "included", method: str = "permutohedral",
    ) -> None:
        """Points of like features ought to share a label.

        Args:
            features: (d, …grid), divided by their bandwidths.
        """
        values = _arrays.to_float32(features, "features")
        if values.shape[1:] not in (self.extents, (self._crf.points,)):
            raise ValueError(
                f"features have shape {values.shape}, but must be (features, *{self.extents})"
            )
        self._crf.add_feature_kernel(
            values, _kinds.CONST_KERNEL,
            self._term(compatibility, normalization, self_term, method),
        )

    def infer(
        self, iterations: int = 10, tolerance: float = 0.0, output: str = "marginals",
        layout: str = "LHW", solver: Optional[str] = None,
    ) -> Union[np.ndarray, Tuple[np.ndarray, np.ndarray]]:
        """The marginals after some updates, the most probable labels, or both of one inference.

        Args:
            tolerance: stops once no marginal changes by more than this; other solvers than "parallel" once
                the gap of a point is below it, on average.
            output: "marginals", "labels" or "both".
            layout: of the marginals: "LHW" or "HWL".
            solver: how mean field is solved: "safe", "damped:step=0.5"; `None` for "parallel".
        """
        axis = _arrays.choice(layout, "layout", _LAYOUTS)
        gives_marginals, gives_labels = _arrays.choice(output, "output", _OUTPUTS)
        shape = (self.labels, *self.extents) if axis == 0 else (*self.extents, self.labels)
        marginals = np.empty(shape, np.float32) if gives_marginals else None
        labels = np.empty(self.extents, np.uint16) if gives_labels else None
        self._crf.infer(
            iterations, self._layout(axis), _arrays.number(tolerance, "tolerance"), marginals, labels,
            _kinds.solver(solver),
        )
        if not gives_labels:
            return marginals
        return (marginals, labels) if gives_marginals else labels

    def step(self, marginals: Any) -> np.ndarray:
        """The marginals after one update of those that are given, (labels, …grid)."""
        result = np.array(self._marginals(marginals), np.float32, order="C")
        self._crf.step(result, _kinds.CHANNELS_FIRST)
        return result

    def energies(self, marginals: Any) -> Energies:
        """The objective at some marginals, (labels, …grid)."""
        values = _arrays.dense(self._marginals(marginals))
        found = self._crf.energies(values, _kinds.CHANNELS_FIRST)
        return Energies(*(getattr(found, name) for name in Energies._fields))

    def _marginals(self, marginals: Any) -> np.ndarray:
        values = _arrays.to_float32(marginals, "marginals")
        shape = (self.labels, *self.extents)
        if values.shape != shape:
            raise ValueError(f"marginals have shape {values.shape}, but must be {shape}")
        return values

    def _term(self, compatibility: Any, normalization: str, self_term: str, method: str) -> Term:
        def number(value: Any, name: str, table: dict) -> int:
            return table[_kinds.word(value, name, table)]

        return Term(
            compatibility, self.labels,
            number(normalization, "normalization", _kinds.NORMALIZATIONS),
            number(method, "method", _kinds.FILTERS),
            number(self_term, "self_term", _kinds.SELF_TERMS),
        )

    @staticmethod
    def _layout(axis: int) -> int:
        return _kinds.CHANNELS_FIRST if axis == 0 else _kinds.CHANNELS_LAST
