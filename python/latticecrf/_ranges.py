"""Warnings of images whose values cannot be what their bandwidths of colour are meant for.

The filter sees differences in bandwidths. In an image that spans few of them no edge is left, in one
that spans hundreds any noise is an edge, and neither shows in the result.
"""
from __future__ import annotations

from typing import Any, Optional

import numpy as np

from ._warnings import warn

#: From one end of the range to the other, over all channels. The usual bandwidths of 3 to 20 in 0…255
#: make it 12 and more; normalised images, whose range is about 4.7, make it 3 at most.
_FEWEST_BANDWIDTHS = 3.0
#: For one channel: 255 over a bandwidth of 1, below which nobody goes. 12 bits over 13 are 315.
_MOST_BANDWIDTHS = 255.0
#: Points along each axis that show most images to be fine.
_SAMPLE = 32


def check(pixels: np.ndarray, sigmas: Any, is_preset: bool, arguments: bool = True) -> None:
    """Warns where the range of an image does not fit its bandwidths of colour.

    Args:
        pixels: (…grid, channels).
        sigmas: one, or one for each channel.
        is_preset: whether they come from a preset, which are meant for 0…255.
        arguments: whether the caller has `image_range=`, `mean=` and `std=`.
    """
    if pixels.size <= pixels.shape[-1] or _is_photograph(pixels, sigmas):
        return
    axes = tuple(range(pixels.ndim - 1))
    bandwidths = np.asarray(sigmas, np.float64).reshape(-1)
    if bandwidths.size not in (1, pixels.shape[-1]) or not (bandwidths > 0).all():
        return  # Refused elsewhere.
    if np.isinf(bandwidths).any():
        return  # Colours are not to count.
    sample = pixels[tuple(slice(None, None, -(-n // _SAMPLE)) for n in pixels.shape[:-1])]
    if _span(sample.min(axes), sample.max(axes), bandwidths) >= _FEWEST_BANDWIDTHS:
        if pixels.dtype.itemsize == 1 or pixels.max() <= 255:
            return
    # By channel: numpy takes a hundred times as long over an axis that is short and runs fastest.
    channels = [pixels[..., index] for index in range(pixels.shape[-1])]
    least = np.array([channel.min() for channel in channels], np.float64)
    most = np.array([channel.max() for channel in channels], np.float64)
    if not (np.isfinite(least).all() and np.isfinite(most).all()):
        return  # Refused elsewhere.
    low, high = float(least.min()), float(most.max())
    sigma = float(bandwidths.min())
    span = _span(least, most, bandwidths)
    if span == 0:
        remedy = _of_constant(low, pixels.dtype)
    elif span < _FEWEST_BANDWIDTHS:
        remedy = _of_narrow(low, high, pixels.dtype, arguments)
    elif high > 255 and (is_preset or ((most - least) / bandwidths).max() > _MOST_BANDWIDTHS):
        meant = ", meant for 0…255," if is_preset else ""
        warn(
            f"the image lies in {low:g}…{high:g}, and a color sigma of {sigma:g}{meant} takes its "
            f"noise for edges: pass {_of_wide(low, high, arguments)}, or a larger sigma"
        )
        return
    else:
        return
    if remedy:
        place = f"is {low:g} everywhere" if span == 0 else f"lies in {low:g}…{high:g}"
        warn(f"the image {place}, and a color sigma of {sigma:g} sees no edge in it: {remedy}")


def _is_photograph(pixels: np.ndarray, sigma: Any) -> bool:
    """Whether one look shows that nothing is wrong: small scenes would notice more of them."""
    if pixels.dtype != np.uint8 or type(sigma) not in (int, float) or pixels.ndim != 3:
        return False
    height, width, _ = pixels.shape
    sample = pixels[:: -(-height // _SAMPLE), :: -(-width // _SAMPLE), 0].tobytes()
    return bool(sample) and max(sample) - min(sample) >= _FEWEST_BANDWIDTHS * sigma > 0


def _span(least: np.ndarray, most: np.ndarray, bandwidths: np.ndarray) -> float:
    """The distance that the filter sees between the ends of the range."""
    steps = (most.astype(np.float64) - least.astype(np.float64)) / bandwidths
    return float(np.sqrt((steps**2).sum()))


def _of_constant(value: float, dtype: np.dtype) -> Optional[str]:
    if value not in (0, 1) or dtype.kind == "f":
        return None
    return (
        "where it was cut from 0…1 to whole numbers, pass the image before that, else "
        "bilateral=False"
    )


def _of_narrow(low: float, high: float, dtype: np.dtype, arguments: bool) -> str:
    if dtype.kind in "biu" and 0 <= low and high <= 1:
        return (
            "where it was cut from 0…1 to whole numbers or compared with a threshold, pass the image "
            "before that"
        )
    if 0 <= low and high <= 1:
        way = "image_range=(0, 1), or " if arguments else ""
        return f"pass {way}image * 255, or a smaller sigma"
    if -1 <= low and high <= 1:
        way = "image_range=(-1, 1)" if arguments else "(image + 1) * 127.5"
        return f"pass {way}, or a smaller sigma"
    if low < 0:
        way = "the mean= and std= that it was normalised by, or " if arguments else ""
        return f"pass {way}the image before it was normalised, or a smaller sigma"
    way = "image_range=(low, high)" if arguments else "it stretched to 0…255"
    return f"pass {way}, or a smaller sigma"


def _of_wide(low: float, high: float, arguments: bool) -> str:
    # The next power of two: 12 bits in 16 are the usual case.
    bottom, top = min(low, 0), 2 ** int(np.ceil(np.log2(high + 1))) - 1
    if arguments:
        return f"image_range=({bottom:g}, {top})"
    return "it scaled to 0…255"
