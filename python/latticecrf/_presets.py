"""Published parameters, as the library has them."""
from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, Tuple, Union

from . import _native


@dataclass(frozen=True)
class Preset:
    """Parameters of two kernels; bandwidths are in the order x, y(, z)."""

    name: str
    source: str
    #: Weight and bandwidths of the kernel of positions.
    position: Tuple[float, Tuple[float, ...]]
    #: Weight, bandwidths of positions and of colours of the other.
    bilateral: Tuple[float, Tuple[float, ...], Tuple[float, ...]]
    iterations: int
    normalization: str


@lru_cache(maxsize=None)
def _presets() -> Dict[str, Preset]:
    found: Dict[str, Preset] = {}
    words = {number: word for word, number in _native.NORMALIZATIONS.items()}
    while True:
        struct = _native.PresetStruct()
        try:
            _native.call("get_preset", len(found), ctypes.byref(struct))
        except ValueError:
            return found
        name = struct.name.decode()
        found[name] = Preset(
            name,
            struct.source.decode(),
            (struct.position_weight, tuple(struct.position_sigmas[: struct.position_count])),
            (
                struct.bilateral_weight,
                tuple(struct.bilateral_sigmas[: struct.bilateral_count]),
                tuple(struct.color_sigmas[: struct.color_count]),
            ),
            struct.iterations,
            words[struct.normalization],
        )


def presets() -> Dict[str, Preset]:
    """All presets by name."""
    return dict(_presets())


def named(preset: Union[str, Preset]) -> Preset:
    """The preset of that name, or `preset` itself."""
    if isinstance(preset, Preset):
        return preset
    known = _presets()
    if preset not in known:
        raise ValueError(f"there is no preset {preset!r}, but " + ", ".join(known))
    return known[preset]
