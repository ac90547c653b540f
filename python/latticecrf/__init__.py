"""Dense CRFs that refine segmentations.

    labels = latticecrf.refine(logits, image, preset="deeplab-vgg", output="labels")
    labels = latticecrf.clean(labels, "majority:radius=2")

`latticecrf.densecrf` and `latticecrf.utils` take the place of pydensecrf's modules of those names.
"""
from __future__ import annotations

import ctypes as _ctypes

from . import _arrays, _kinds, _native, filters, plugins, setting
from ._clean import clean
from ._crf import CRF, Energies
from ._filter import Filter
from ._labels import refine_labels
from ._plans import Model, Plan
from ._refine import refine
from ._sequences import refine_sequence
from ._version import VERSION as __version__
from .plugins import (
    Scene, filter, get_include, kernel, label_filter, load_plugin, refinement, score,
)

__all__ = [
    "CRF", "Energies", "Filter", "Model", "Plan", "Scene", "clean", "filters",
    "get_include", "kernel", "kinds", "label_filter", "load_plugin", "plugins", "refine",
    "refine_labels", "refine_sequence", "refinement", "release_memory", "score", "set_threads", "setting", "threads",
]


def kinds() -> dict:
    """What the library knows: presets, and the kinds of kernels, compatibilities, filters,
    solvers, refinements and label filters, each with its settings and their ranges, defaults and help."""
    import copy

    return copy.deepcopy(_kinds.everything())


def set_threads(count: int) -> None:
    """How many threads CRFs and filters made from now on use, where they are not given `threads=`.

    Args:
        count: 0 for what `OMP_NUM_THREADS` says, or else one per processor that this process may
            use (by its affinity mask, and by the quota of its container).
    """
    _native.call("set_threads", _arrays.integer(count, "the number of threads", 0))


def threads() -> int:
    """How many threads a CRF made now would use."""
    count = _ctypes.c_int32()
    _native.call("threads", _ctypes.byref(count))
    return count.value


def release_memory() -> None:
    """Gives memory that is kept for later calls back to the system.

    Up to 256 MiB stay after a call, up to 1 GiB where scenes that large follow one another; the next
    call then takes a little longer.
    """
    _native.call("release_memory")
