"""Learners as the C interface has them, on memory that callers own: what `latticecrf.torch` is made of."""
from __future__ import annotations

import ctypes
import math
from typing import Any, Optional, Sequence

from . import _arrays, _kinds, _native

#: Bytes of a number, by precision.
SINGLE, DOUBLE = 4, 8


class Numbers:
    """Dense numbers at an address, which their owner keeps."""

    def __init__(self, owner: Any, address: int, count: int) -> None:
        self.owner, self.address, self.count = owner, address, count


def doubles(values: Sequence[float]) -> Numbers:
    """A short list in memory of its own."""
    array = (ctypes.c_double * max(1, len(values)))(*values)
    return Numbers(array, ctypes.addressof(array), len(values))


class Term:
    """What one term of a learner is made of."""

    def __init__(
        self, bandwidths: Sequence[float], compatibility: Sequence[float], features: Optional[Numbers],
        channels: int, has_positions: bool, normalization: str, self_term: str,
        transform: Optional[Sequence[float]] = None, unsymmetric: bool = False,
    ) -> None:
        self._bandwidths, self._compatibility = doubles(bandwidths), doubles(compatibility)
        self._transform = None if transform is None else doubles(transform)
        self._features = features
        self.weights, self.channels = len(compatibility), channels
        self.transform = 0 if transform is None else len(transform)
        self._struct = _native.LearnedTerm(
            None if features is None else features.address, 0 if features is None else features.count,
            self._bandwidths.address, self._bandwidths.count,
            None if self._transform is None else self._transform.address, self.transform,
            self._compatibility.address, self._compatibility.count, channels, int(has_positions),
            _number(_kinds.NORMALIZATIONS, normalization, "normalization"),
            _number(_kinds.SELF_TERMS, self_term, "self_term"), int(unsymmetric),
        )

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self._struct)


def _number(table: dict, word: str, name: str) -> int:
    return table[_kinds.word(word, name, table)]


class Learner:
    """A CRF whose parameters can be learned, over a grid."""

    def __init__(
        self, extents: Sequence[int], labels: int, size: int, filter: str, recipe: str = "default",
        threads: int = 0,
    ) -> None:
        self.extents, self.labels, self.size = tuple(extents), labels, size
        self.points = math.prod(self.extents)
        self._is_exact = filter == "exact" or size == DOUBLE
        options = _native.Learning(
            _kinds.PRECISIONS["double" if size == DOUBLE else "single"],
            _number(_kinds.FILTERS, filter, "filter"), _number(_kinds.RECIPES, recipe, "recipe"),
            _arrays.integer(threads, "threads", 0),
        )
        self.number = _native.create(
            "learner", _native.int64s(self.extents), len(self.extents), labels, ctypes.byref(options))
        _native.finalize(self, "learner", self.number)
        self.terms: list = []

    def _work(self, channels: float) -> float:
        return self.points * channels * (self.points / 16 if self._is_exact else 4)

    def add(self, term: Term) -> None:
        _native.long_call(
            self.points * (self.points / 16 if self._is_exact else 64), "learner_add_term", self.number,
            term.pointer,
        )
        self.terms.append(term)

    def run(
        self, energies: Numbers, iterations: int, damping: float, recomputes: bool,
        marginals: Optional[Numbers], logits: Optional[Numbers], noting: bool,
    ) -> Optional[Record]:
        updates = _native.Updates(damping, iterations, int(recomputes))
        number = ctypes.c_uint64()
        _native.long_call(
            self._work(self.labels * (iterations + 1) * len(self.terms)), "learner_run", self.number,
            energies.address, energies.count, ctypes.byref(updates), *_place(marginals), *_place(logits),
            ctypes.byref(number) if noting else None,
        )
        return Record(self, number.value, iterations) if noting else None

    def filter(
        self, term: int, values: Numbers, channels: int, transposed: bool, output: Numbers
    ) -> None:
        """output = K' values, or its transpose's."""
        _native.long_call(
            self._work(channels), "learner_filter", self.number, term, values.address, values.count,
            channels, int(transposed), output.address, output.count,
        )

    def filter_gradient(
        self, term: int, a: Numbers, q: Numbers, channels: int, bandwidths: Optional[Numbers],
        features: Optional[Numbers],
    ) -> None:
        """The gradient of sum <a, K' q> by a term's bandwidths and features."""
        gradients = _native.Gradients(
            **_fields("bandwidths", bandwidths), **_fields("features", features))
        _native.long_call(
            self._work(16 * channels), "learner_filter_gradient", self.number, term, a.address, q.address,
            a.count, channels, ctypes.byref(gradients),
        )


class Association:
    """Σ ⟨vᵢ, vⱼ⟩·k(i,j)·mᵢ·mⱼ over all pairs of the points of each image of a batch."""

    def __init__(
        self, extents: Sequence[int], images: Numbers, channels: int, bandwidths: Sequence[float],
        values: Numbers, labels: int, mask: Numbers, batch: int, filter: str, threads: int, keeps: bool,
    ) -> None:
        """`keeps`: whether `write` is going to be called."""
        sigmas = _native.floats(bandwidths)
        pairs = _native.Pairs(
            images.address, images.count, ctypes.addressof(sigmas), len(bandwidths), batch, channels,
            _number(_kinds.FILTERS, filter, "filter"), _arrays.integer(threads, "threads", 0))
        sums, number = (ctypes.c_double * batch)(), ctypes.c_uint64()
        self._work = values.count * 4
        _native.long_call(
            self._work, "association_create", _native.int64s(extents), len(extents), ctypes.byref(pairs),
            values.address, values.count, labels, mask.address, mask.count, sums, batch,
            ctypes.byref(number) if keeps else None)
        self.sums, self._number = list(sums), number.value
        if keeps:
            _native.finalize(self, "association", self._number)

    def write(self, factor: float, output: Numbers) -> None:
        """output = factor · m ∘ K (m ∘ v)."""
        _native.long_call(
            self._work, "association_write", self._number, factor, output.address, output.count)


class Record:
    """Updates that were made."""

    def __init__(self, learner: Learner, number: int, iterations: int) -> None:
        self.learner, self.number, self._iterations = learner, number, iterations
        _native.finalize(self, "record", number)

    def differentiate(
        self, upstream: Numbers, of_logits: bool, **targets: Optional[Numbers]
    ) -> None:
        """Writes the gradients by `unary`, `weights`, `bandwidths`, `transforms` and `features`, those of
        several terms one after another."""
        fields = {}
        for name, target in targets.items():
            fields.update(_fields(name, target))
        _native.long_call(
            self.learner._work(16 * self.learner.labels * (self._iterations + 1)), "record_differentiate",
            self.number, upstream.address, upstream.count, int(of_logits),
            ctypes.byref(_native.Gradients(**fields)),
        )


def _place(numbers: Optional[Numbers]) -> tuple:
    return (None, 0) if numbers is None else (numbers.address, numbers.count)


_COUNTS = {
    "unary": "unary_count", "weights": "weight_count", "bandwidths": "bandwidth_count",
    "transforms": "transform_count", "features": "feature_count",
}


def _fields(name: str, numbers: Optional[Numbers]) -> dict:
    return {} if numbers is None else {name: numbers.address, _COUNTS[name]: numbers.count}
