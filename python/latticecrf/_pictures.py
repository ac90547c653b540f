"""Images: what pictures of Pillow's show, which way up they are, and the range of their values."""
from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional, Tuple

import numpy as np

from . import _arrays
from ._warnings import warn

ORIENTATIONS = {"apply": True, "ignore": False}

_EXIF_ORIENTATION = 0x0112
#: Of the values 1 to 8, what turns the stored rows upright.
_TURNS = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[::-1],
}
_TURNED = {
    2: "mirrored", 3: "upside down", 4: "mirrored upside down", 5: "mirrored on its side",
    6: "on its side", 7: "mirrored on its side", 8: "on its side",
}

#: Pillow's modes that are not what they show, and what they are converted to, step by step. Alpha is
#: no colour, and is dropped.
_SHOWN = {
    "1": ("L",), "LA": ("L",), "La": ("LA", "L"), "P": ("RGBA", "RGB"), "PA": ("RGBA", "RGB"),
    "RGBA": ("RGB",), "RGBa": ("RGBA", "RGB"), "RGBX": ("RGB",), "CMYK": ("RGB",),
    "YCbCr": ("RGB",), "HSV": ("RGB",),
}


class Picture(NamedTuple):
    """An image's numbers, and what Pillow knows of them."""

    pixels: np.ndarray
    #: "HWC" where the last axis is known to have the channels, "" where there is no such axis.
    layout: Optional[str] = None
    #: EXIF's number for the way up.
    orientation: int = 1

    @property
    def upright(self) -> np.ndarray:
        return _TURNS[self.orientation](self.pixels)


def read(value: Any, name: str = "image", masks: str = "refused") -> Picture:
    """An image of any kind; pictures of Pillow's as they show, any other array as it is."""
    if not (hasattr(value, "getbands") and hasattr(value, "mode") and hasattr(value, "convert")):
        return Picture(_arrays.to_numpy(value, name, masks))
    value.load()  # Before it, TIFF files are not upright yet.
    orientation = _orientation(value)
    if value.mode == "LAB":
        raise TypeError(
            f"{name} is a picture of Pillow's mode LAB, which it stores with wrapped numbers: "
            "convert it by PIL.ImageCms, or pass an array"
        )
    for mode in _SHOWN.get(value.mode, ()):
        value = value.convert(mode)
    pixels = _arrays.to_numpy(np.asarray(value), name)
    return Picture(pixels, "HWC" if pixels.ndim == 3 else "", orientation)


def array(value: Any, name: str, masks: str = "refused") -> np.ndarray:
    """The numbers of an image where nothing tells which way up it is to be."""
    picture = read(value, name, masks)
    if picture.orientation != 1:
        raise ValueError(
            f"{name} {_said(picture)}: pass np.asarray({name}) to take it as stored, or "
            f"PIL.ImageOps.exif_transpose({name}) to take it upright"
        )
    return picture.pixels


def oriented(
    picture: Picture, orientation: Optional[str], fits: Callable[[Tuple[int, ...]], bool]
) -> np.ndarray:
    """The picture the way up that its scores are.

    Args:
        orientation: "apply" or "ignore" what EXIF says; `None` where the scores are to tell.
        fits: whether scores fit an image of a shape.
    """
    if orientation is not None:
        apply = _arrays.choice(orientation, "orientation", ORIENTATIONS)
        return picture.upright if apply and picture.orientation != 1 else picture.pixels
    if picture.orientation == 1:
        return picture.pixels
    pixels, upright = picture.pixels, picture.upright
    ways = [fits(pixels.shape), fits(upright.shape)]
    if not any(ways):
        return pixels  # Refused, as they do not fit.
    if all(ways):
        raise ValueError(
            f"the image {_said(picture)}, and its scores fit both ways up: pass orientation='apply' "
            "where they were made from it upright, as OpenCV and exif_transpose have it, or "
            "orientation='ignore' where from the rows as stored, as Pillow and torchvision have them"
        )
    word = "apply" if ways[1] else "ignore"
    warn(
        f"the image {_said(picture)}; it is taken "
        + ("upright" if ways[1] else "as stored")
        + f", as the scores' proportions are: pass orientation='{word}' to say so"
    )
    return upright if ways[1] else pixels


def _orientation(picture: Any) -> int:
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:
        return 1  # EXIF that cannot be read says nothing.
    return value if value in _TURNS else 1


def _said(picture: Picture) -> str:
    turned = _TURNED[picture.orientation]
    return f"has the EXIF orientation {picture.orientation} (stored {turned})"


def to_colors(
    pixels: np.ndarray, image_range: Any = None, mean: Any = None, std: Any = None
) -> np.ndarray:
    """The numbers that bandwidths of 0…255 are meant for.

    Args:
        pixels: (…grid, channels).
        image_range: (low, high), which become 0 and 255; what lies beyond is clipped.
        mean, std: of a normalisation (x − mean) / std that is undone: one number, or one for each
            channel. Where none of them exceeds 1, x lay in 0…1 and is multiplied by 255.
    """
    if image_range is not None:
        if mean is not None or std is not None:
            raise ValueError("image_range goes without mean and std: both say what the range is")
        low, high = _pair(image_range)
        numbers = _arrays.to_float32(pixels, "the image")
        return np.clip((numbers - np.float32(low)) * np.float32(255 / (high - low)), 0, 255)
    if mean is None and std is None:
        return pixels
    channels = pixels.shape[-1]
    means = _per_channel(0 if mean is None else mean, "mean", channels)
    stds = _per_channel(1 if std is None else std, "std", channels)
    if (stds <= 0).any():
        raise ValueError(f"std is {stds.min():g}, but must be above 0")
    scale = np.float32(255 if max(means.max(), stds.max()) <= 1 else 1)
    return _arrays.to_float32(pixels, "the image") * (stds * scale) + means * scale


def _pair(value: Any) -> Tuple[float, float]:
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:
        raise ValueError(f"image_range is {_arrays.shown(value)}, but must be (low, high)")
    low, high = (_arrays.number(one, "image_range") for one in value)
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"image_range is ({low:g}, {high:g}), but low must be less than high")
    return low, high


def _per_channel(value: Any, name: str, channels: int) -> np.ndarray:
    values = np.atleast_1d(_arrays.to_float32(value, name))
    if values.shape not in ((1,), (channels,)) or not np.isfinite(values).all():
        raise ValueError(
            f"{name} is {_arrays.shown(value)}, but must be one number, or one for each of "
            f"{channels} channels"
        )
    return values
