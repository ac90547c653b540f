"""Dense CRFs that refine segmentations.

    labels = latticecrf.refine(logits, image, preset="deeplab-vgg", output="labels")

`latticecrf.densecrf` and `latticecrf.utils` take the place of pydensecrf's modules of those names.
"""
from __future__ import annotations

import ctypes as _ctypes

from . import _arrays, _native
from ._filter import Filter
from ._presets import Preset, presets
from ._refine import refine
from ._version import VERSION as __version__

__all__ = ["Filter", "Preset", "presets", "refine", "release_memory", "set_threads", "threads"]


def set_threads(count: int) -> None:
    """How many threads CRFs and filters made from now on use, where they are not given `threads=`.

    Args:
        count: 0 for what `OMP_NUM_THREADS` says, or else one for each processor that this process may
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
