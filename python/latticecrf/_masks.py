"""Points that are left out, as if they did not exist: whatever scores and image hold there, NaN for example."""
from __future__ import annotations

from typing import Any, Optional

import numpy as np

from . import _arrays, _readings


def read(mask: Any, reading: _readings.Reading) -> Optional[np.ndarray]:
    """The points that count; `None` for all."""
    if mask is None:
        return None
    values = _arrays.to_numpy(mask, "the mask")
    if values.shape != tuple(reading.extents):
        raise ValueError(
            f"the mask has shape {values.shape}, but the image's grid is {tuple(reading.extents)}")
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError("the mask has NaN, but must be True or False at each point")
    counted = values != 0
    return None if counted.all() else counted


def filled(
    values: np.ndarray, mask: np.ndarray, reading: _readings.Reading, kind: str, normalizes: bool
) -> np.ndarray:
    """Scores with something of no account where points are left out, which may hold anything there."""
    if tuple(reading.score_extents) != mask.shape:
        return values
    if kind == "labels":
        first = values[mask][:1]
        filler = first[0] if first.size else values.dtype.type(0)
        return np.where(mask, values, filler)
    shape = mask.shape if values.ndim == mask.ndim else (
        (*mask.shape, 1) if reading.layout == "HWL" else (1, *mask.shape))
    number: float = 0
    if kind == "probabilities":
        number = 1 if normalizes else 1 / max(1, reading.labels)
        if values.dtype.kind != "f" and not normalizes and reading.labels > 1:
            values = values.astype(np.float32)  # One-hot numbers have no such share.
    return np.where(mask.reshape(shape), values, values.dtype.type(number))


def filled_image(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """An image (…grid, channels) with 0 where points are left out."""
    return np.where(mask[..., np.newaxis], image, image.dtype.type(0))
