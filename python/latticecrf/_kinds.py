"""What the library knows by name: presets, kinds with their settings, the numbers of its enumerations.

Asked once, when it is first needed.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Optional

from . import _native

_NUMBERS = {
    "CHANNELS_FIRST": ("layout", "channelsFirst"),
    "CHANNELS_LAST": ("layout", "channelsLast"),
    "UINT8": ("element", "uint8"),
    "FLOAT32": ("element", "float32"),
    "X_FIRST": ("axisOrder", "xFirst"),
    "CONST_KERNEL": ("kernelType", "const"),
}
_TABLES = {
    "SCORE_KINDS": "scoreKind",
    "NORMALIZATIONS": "normalization",
    "SELF_TERMS": "selfTerm",
    "FILTERS": "filter",
    "PRECISIONS": "precision",
    "RECIPES": "recipe",
}


@lru_cache(maxsize=None)
def everything() -> Dict[str, Any]:
    """latticecrf_kinds_json."""
    import json

    return json.loads(_native.text("kinds_json"))


@lru_cache(maxsize=None)
def presets() -> Dict[str, Dict[str, Any]]:
    """The models of all presets by name."""
    return {model["name"]: model for model in everything()["presets"]}


@lru_cache(maxsize=None)
def kernels_of_images() -> frozenset:
    """The kinds of kernels that need an image."""
    return frozenset(kind["name"] for kind in everything()["kernels"] if kind["needs_image"])


def solver(value: Any) -> Optional[str]:
    """A solver by its name, with settings behind a colon; the library says where there is none."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"solver is {value!r}, but must be a text such as 'safe' or 'damped:step=0.5'")
    return value


def forget() -> None:
    """Asks anew: there are other kinds than before."""
    everything.cache_clear()
    kernels_of_images.cache_clear()


def __getattr__(name: str) -> Any:
    if name in _NUMBERS:
        enumeration, word = _NUMBERS[name]
        value = everything()["enumerations"][enumeration][word]
    elif name in _TABLES:
        value = everything()["enumerations"][_TABLES[name]]
    else:
        raise AttributeError(f"there is no {name}")
    globals()[name] = value  # Found without a call from now on.
    return value


def word(value: Any, name: str, table: Dict[str, int]) -> str:
    """`value` as the library spells it: excluded_before_normalization is a word of Python's."""
    if isinstance(value, str):
        if value in table:
            return value
        for known in table:
            if known.lower() == value.replace("_", "").lower():
                return known
    known = ", ".join(repr(word) for word in table)
    raise ValueError(f"{name} is {value!r}, but must be one of {known}")
