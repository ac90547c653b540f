"""Which axes of scores and image are which, where callers do not say."""
from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

LABELS = {"LHW": 0, "HWL": -1}
CHANNELS = {"CHW": 0, "HWC": -1}
#: Of gray images, colours, and colours with transparency: what settles shapes that fit in two ways.
USUAL_CHANNELS = (1, 3, 4)


class Reading(NamedTuple):
    """One way to read a pair of arrays."""

    layout: str
    #: `None` where the image has no axis of channels.
    image_layout: Optional[str]
    #: The image's grid.
    extents: Tuple[int, ...]
    #: That of the scores, which may be coarser.
    score_extents: Tuple[int, ...]


def read(
    scores: np.ndarray, image: Optional[np.ndarray], layout: Optional[str],
    image_layout: Optional[str],
) -> Reading:
    """The one way in which the grids of both fit; raises where there is none, or more."""
    _check(layout, LABELS, "layout")
    _check(image_layout, CHANNELS, "image_layout")
    if scores.ndim < 2:
        raise ValueError(
            f"scores have shape {scores.shape}, but must have an axis of labels and a grid, such as "
            "(labels, height, width)"
        )
    if 0 in scores.shape:
        raise ValueError(f"scores of shape {scores.shape} are empty")
    score_grids = [
        (name, _without(scores.shape, axis))
        for name, axis in LABELS.items() if layout in (None, name)
    ]
    if image is None:
        # Nothing to compare with: labels come first unless the caller says otherwise.
        name, grid = score_grids[0]
        return Reading(name, None, grid, grid)
    image_grids = _image_grids(scores, image, image_layout)
    readings = [
        Reading(name, channels, grid, score_grid)
        for channels, grid in image_grids for name, score_grid in score_grids
    ]
    fitting = [reading for reading in readings if reading.extents == reading.score_extents]
    if not fitting:
        fitting = [r for r in readings if _is_coarse(r.score_extents, r.extents)]
    usual = [r for r in fitting if _channels(image, r) in USUAL_CHANNELS]
    fitting = usual or fitting
    if len(fitting) == 1:
        return fitting[0]
    shapes = f"scores of shape {scores.shape} and an image of shape {image.shape}"
    if fitting:
        ways = ", ".join(f"{r.layout} with {r.image_layout or 'no channels'}" for r in fitting)
        raise ValueError(f"{shapes} can be read as {ways}: pass layout= and image_layout=")
    if scores.ndim == 4 and image.ndim in (3, 4) and scores.shape[0] == image.shape[0]:
        raise ValueError(f"{shapes} look like a batch: pass batch=True")
    if scores.shape[0] == 1 and scores.ndim > 2:
        raise ValueError(f"{shapes} do not fit: for a batch of one scene pass scores[0]")
    raise ValueError(
        f"{shapes} do not fit: the grids must be equal, or that of the scores a coarser one of the "
        "same proportions"
    )


def _image_grids(
    scores: np.ndarray, image: np.ndarray, image_layout: Optional[str]
) -> List[Tuple[Optional[str], Tuple[int, ...]]]:
    if 0 in image.shape:
        raise ValueError(f"an image of shape {image.shape} is empty")
    if image.ndim == scores.ndim - 1 and image_layout is None:
        return [(None, image.shape)]
    if image.ndim != scores.ndim:
        raise ValueError(
            f"scores of shape {scores.shape} need an image of {scores.ndim - 1} axes, and one more "
            f"where it has channels, but its shape is {image.shape}"
        )
    return [
        (name, _without(image.shape, axis))
        for name, axis in reversed(CHANNELS.items()) if image_layout in (None, name)
    ]


def _check(value: Optional[str], choices: dict, name: str) -> None:
    if value is not None and value not in choices:
        raise ValueError(f"{name} is {value!r}, but must be one of " + ", ".join(choices))


def _channels(image: np.ndarray, reading: Reading) -> int:
    return 1 if reading.image_layout is None else image.shape[CHANNELS[reading.image_layout]]


def _without(shape: Tuple[int, ...], axis: int) -> Tuple[int, ...]:
    return shape[1:] if axis == 0 else shape[:-1]


def _is_coarse(cells: Tuple[int, ...], points: Tuple[int, ...]) -> bool:
    """Whether one stride, rounded as networks do, leads from `points` to `cells`."""
    if len(cells) != len(points):
        return False
    least, most = 0.0, float("inf")
    for few, many in zip(cells, points):
        if few > many or (few == many and many > 1):
            return False
        if many > 1:
            least = max(least, many / (few + 1))
            most = min(most, many / (few - 1)) if few > 1 else most
    return least <= most
