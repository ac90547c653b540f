"""Which axes of scores and image are which, where callers do not say."""
from __future__ import annotations

from typing import Iterator, List, NamedTuple, Optional, Tuple

from ._warnings import warn

#: Where the labels are; "HW" has no axis of labels: one channel, or a map of labels.
LABELS = {"LHW": 0, "HWL": -1, "HW": None}
CHANNELS = {"HWC": -1, "CHW": 0}
#: Of gray images, colours, and colours with transparency: what settles shapes that fit in two ways.
USUAL_CHANNELS = (1, 3, 4)
#: More labels or bands than this look like an axis of an image.
_MANY = 16

Shape = Tuple[int, ...]


class Reading(NamedTuple):
    """One way to read a pair of arrays."""

    layout: str
    #: `None` where the image has no axis of channels.
    image_layout: Optional[str]
    #: The image's grid.
    extents: Shape
    #: That of the scores, which may be coarser.
    score_extents: Shape
    #: The shapes of both once axes of length 1 that mean nothing are dropped.
    scores: Shape
    image: Optional[Shape]

    @property
    def labels(self) -> int:
        """How many labels there are scores for; 1 for a single channel."""
        axis = LABELS[self.layout]
        return 1 if axis is None else self.scores[axis]

    @property
    def channels(self) -> int:
        if self.image is None or self.image_layout is None:
            return 1
        return self.image[CHANNELS[self.image_layout]]


def read(
    scores: Shape, image: Optional[Shape], layout: Optional[str] = None,
    image_layout: Optional[str] = None,
) -> Reading:
    """The one way in which the grids of both fit; raises where there is none, or more."""
    _check(layout, LABELS, "layout")
    _check(image_layout, CHANNELS, "image_layout")
    if len(scores) < (1 if layout == "HW" else 2):
        raise ValueError(
            f"scores have shape {scores}, but must have an axis of labels and a grid, such as "
            "(labels, height, width)"
        )
    if 0 in scores:
        raise ValueError(f"scores of shape {scores} are empty")
    if image is None:
        return _alone(scores, layout)
    if 0 in image:
        raise ValueError(f"an image of shape {image} is empty")
    found = _fitting(scores, image, layout, image_layout)
    shorter = _shorter(scores, image, layout, image_layout)
    if len(found) == 1 and not (shorter and _may_be_batch_of_one(found[0], layout)):
        return found[0]
    if len(found) == len(shorter) == 1 and found[0].extents[0] == 1:
        # A volume of one slice, or rather an image.
        found = []
    shapes = f"scores of shape {scores} and an image of shape {image}"
    if found:
        others = shorter if len(found) == 1 else []
        raise ValueError(f"{shapes} can be read as {_ways(found + others)}: {_advice(others)}")
    if len(shorter) == 1:
        _warn_of_dropped(scores, image, shorter[0])
        return shorter[0]
    if shorter:
        raise ValueError(f"{shapes} can be read as {_ways(shorter)}: drop the axes of length 1")
    raise ValueError(f"{shapes} {_misfit(scores, image)}")


def fits(
    scores: Shape, image: Shape, layout: Optional[str], image_layout: Optional[str]
) -> bool:
    """Whether there is a way to read both."""
    return bool(
        _fitting(scores, image, layout, image_layout)
        or _shorter(scores, image, layout, image_layout)
    )


def _alone(scores: Shape, layout: Optional[str]) -> Reading:
    """Scores without an image: labels come first unless the caller says otherwise."""
    if layout is None and len(scores) > 3 and scores[0] == 1:
        raise ValueError(
            f"scores of shape {scores} can be a batch of one, or one channel of a volume: pass "
            "scores[0], or layout='LHW' for the volume"
        )
    if layout is None and len(scores) == 2 and min(scores) >= _MANY:
        warn(
            f"scores of shape {scores} are read as {scores[0]} labels on a line of {scores[1]} "
            "points: pass layout='HW' where they are one channel of an image, else layout='LHW'"
        )
    layout = layout or "LHW"
    grid = _without(scores, LABELS[layout])
    return Reading(layout, None, grid, grid, scores, None)


def _fitting(
    scores: Shape, image: Shape, layout: Optional[str], image_layout: Optional[str]
) -> List[Reading]:
    """The readings whose grids are equal or, where there are none, that upsample the scores."""
    readings = list(_readings(scores, image, layout, image_layout))
    fitting = [reading for reading in readings if reading.extents == reading.score_extents]
    if not fitting:
        fitting = [r for r in readings if _is_coarse(r.score_extents, r.extents)]
    usual = [r for r in fitting if r.channels in USUAL_CHANNELS]
    usual_labelled = [r for r in usual if r.layout != "HW"]
    if usual_labelled:
        return usual_labelled
    # One channel of gray images, rather than as many labels as there are bands; but of volumes of few
    # slices nobody can tell.
    banded = [r for r in fitting if r.layout != "HW" and r.channels <= _MANY]
    if usual:
        return banded + usual if len(scores) > 2 else usual
    return fitting


def _readings(
    scores: Shape, image: Shape, layout: Optional[str], image_layout: Optional[str]
) -> Iterator[Reading]:
    for name, axis in LABELS.items():
        if layout not in (None, name):
            continue
        grid = _without(scores, axis)
        if len(image) == len(grid) and image_layout is None:
            yield Reading(name, None, image, grid, scores, image)
        if len(image) == len(grid) + 1:
            for channels, place in CHANNELS.items():
                if image_layout in (None, channels):
                    yield Reading(name, channels, _without(image, place), grid, scores, image)


def _shorter(
    scores: Shape, image: Shape, layout: Optional[str], image_layout: Optional[str]
) -> List[Reading]:
    """The readings once an axis of length 1 of either or both is dropped."""
    found = {}
    for fewer_scores in _with_one_dropped(scores):
        for fewer_image in _with_one_dropped(image):
            if (fewer_scores, fewer_image) != (scores, image) and fewer_scores:
                for reading in _fitting(fewer_scores, fewer_image, layout, image_layout):
                    found[reading] = None
    # Where the scores alone, or the image alone, are too long, the other stays as it is.
    least = min((_dropped(r, scores, image) for r in found), default=0)
    return [reading for reading in found if _dropped(reading, scores, image) == least]


def _dropped(reading: Reading, scores: Shape, image: Shape) -> int:
    return len(scores) - len(reading.scores) + len(image) - len(reading.image or ())


def _with_one_dropped(shape: Shape) -> List[Shape]:
    shapes = [shape[:axis] + shape[axis + 1:] for axis, n in enumerate(shape) if n == 1]
    return [shape, *dict.fromkeys(shapes)]


def _may_be_batch_of_one(reading: Reading, layout: Optional[str]) -> bool:
    """(1, D, H, W) of both: a volume's channel, or scores and image with an axis of batches."""
    return (
        layout is None and len(reading.scores) > 3 and reading.scores[0] == 1
        and reading.layout == "LHW" and reading.image is not None and reading.image[0] == 1
    )


def _warn_of_dropped(scores: Shape, image: Shape, reading: Reading) -> None:
    pairs = [("scores", scores, reading.scores), ("the image", image, reading.image)]
    said = [f"{name} of shape {a} as {b}" for name, a, b in pairs if a != b]
    warn("axes of length 1 are dropped: " + " and ".join(said) + " are what fits")


def _ways(readings: List[Reading]) -> str:
    ways = [f"{r.layout} with {r.image_layout or 'no channels'}" for r in readings]
    return ", ".join(dict.fromkeys(ways))


def _advice(others: List[Reading]) -> str:
    if others:
        return "pass scores[0] and image[0] for a batch of one, or layout= and image_layout="
    return "pass layout= and image_layout="


def _misfit(scores: Shape, image: Shape) -> str:
    if len(scores) == 4 and len(image) in (3, 4) and scores[0] == image[0]:
        return "look like a batch: pass batch=True"
    if len(image) not in (len(scores) - 1, len(scores), len(scores) + 1):
        return "do not fit: an image has the grid's axes, and one more where it has channels"
    return (
        "do not fit: the grids must be equal, or that of the scores a coarser one of the same "
        "proportions"
    )


def _check(value: Optional[str], choices: dict, name: str) -> None:
    if value is not None and value not in choices:
        raise ValueError(f"{name} is {value!r}, but must be one of " + ", ".join(choices))


def _without(shape: Shape, axis: Optional[int]) -> Shape:
    if axis is None:
        return shape
    return shape[1:] if axis == 0 else shape[:-1]


def _is_coarse(cells: Shape, points: Shape) -> bool:
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
