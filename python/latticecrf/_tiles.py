"""Scenes in tiles that overlap, as `crf-refine --tile` has them, along any number of axes."""
from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import _refine
from ._plans import Plan
from ._readings import LABELS, Reading

#: As in the library: the least overlap that is chosen here, and the least that lets seams be compared.
LEAST_DEFAULT_OVERLAP, LEAST_OVERLAP = 32, 2


class Span(NamedTuple):
    """A tile along one axis: what is read, and the part of it that is kept."""

    start: int
    stop: int
    first: int
    last: int


def overlap_of(plan: Plan, given: Optional[int]) -> int:
    """What neighbours share: what is given, or twice the plan's reach, so that each sees that far."""
    reach = plan.reach
    if reach is None:
        raise ValueError(
            "the plan compares points wherever they are, and tiles would leave most of them out: "
            "leave out its step without a reach, such as an exact filter or sieve")
    overlap = max(LEAST_DEFAULT_OVERLAP, 2 * reach) if given is None else given
    if overlap < LEAST_OVERLAP:
        raise ValueError(
            f"overlap is {overlap}, but must be at least {LEAST_OVERLAP}: leave it out for twice as "
            "far as the plan reaches")
    return overlap


def cut(extent: int, size: int, overlap: int, axis: int) -> List[Span]:
    """As few tiles as possible, all of one size, their seams in the middle of what they share."""
    if 2 * overlap > size:
        raise ValueError(
            f"the overlap of {overlap} is more than half of a tile of {size} along axis {axis} of the "
            f"grid: pass a tile of at least {2 * overlap}, or a smaller overlap=")
    if extent <= size:
        return [Span(0, extent, 0, extent)]
    count = -(-(extent - overlap) // (size - overlap))
    size = (extent + (count - 1) * overlap + count - 1) // count
    starts = [number * (extent - size) // (count - 1) for number in range(count)]
    seams = [(after + before + size) // 2 for before, after in zip(starts, starts[1:])]
    return [
        Span(start, start + size, first, last)
        for start, first, last in zip(starts, [0, *seams], [*seams, extent])
    ]


def around(chunks: Sequence[int], overlap: int) -> List[Span]:
    """A tile for each chunk: what is kept is the chunk, what is read half of the overlap more a side."""
    halo, extent = -(-overlap // 2), sum(chunks)
    spans, first = [], 0
    for chunk in chunks:
        last = first + chunk
        spans.append(Span(max(0, first - halo), min(extent, last + halo), first, last))
        first = last
    return spans


class Work(NamedTuple):
    """What is alike for all tiles of a scene: what a worker has to know. Pickles."""

    plan: Plan
    reading: Reading
    kind: str
    #: Of `latticecrf.refine`.
    settings: Dict[str, Any]
    gives_labels: bool
    #: The type of labels.
    label_type: Any
    meets_neighbours: bool
    threads: int


#: The lines beside a tile's seams, by axis and side, (…lines, labels).
Lines = Dict[Tuple[int, bool], np.ndarray]


def run(
    work: Work, spans: Sequence[Span], ends: Sequence[Tuple[bool, bool]], scores: np.ndarray,
    image: Optional[np.ndarray], mask: Optional[np.ndarray],
) -> Tuple[np.ndarray, Lines]:
    """Refines a tile.

    Args:
        spans: one per axis of the grid.
        ends: whether the tile has a neighbour before it and one behind it, along each axis.
        scores, image, mask: what lies over the tile.

    Returns:
        What is kept of the result, and the lines beside the seams, where they are to be compared.
    """
    whole = work.reading
    extents = tuple(span.stop - span.start for span in spans)
    reading = whole._replace(
        extents=extents, score_extents=extents, scores=scores.shape,
        image=None if image is None else image.shape)
    options = _refine.options_of_plan(
        work.plan, kind=work.kind, layout=whole.layout, image_layout=whole.image_layout,
        origin=[span.start for span in spans], gives_labels=work.gives_labels,
        threads=work.threads, **work.settings)
    outcome = _refine.run(
        _refine.scene(scores, image, mask, reading), options,
        gives_marginals=work.meets_neighbours or not work.gives_labels)
    core = tuple(slice(span.first - span.start, span.last - span.start) for span in spans)
    if work.gives_labels:
        kept = outcome.labels[core]
        largest = np.iinfo(work.label_type).max
        if outcome.labels.dtype.itemsize > np.dtype(work.label_type).itemsize:
            raise ValueError(f"there are labels above {largest}: pass label_type='uint16'")
        kept = kept.astype(work.label_type)
    elif is_channel(work):
        kept = outcome.marginals[1][core].copy()
    else:
        axis = LABELS[whole.layout] or 0
        kept = np.moveaxis(np.moveaxis(outcome.marginals, axis, -1)[core], -1, axis).copy()
    if not work.meets_neighbours:
        return kept, {}
    last = whole.layout == "HWL"
    marginals = outcome.marginals if last else np.moveaxis(outcome.marginals, 0, -1)
    return kept, _lines(marginals, spans, core, ends)


def is_channel(work: Work) -> bool:
    """Whether results are of the foreground alone."""
    return work.reading.labels == 1 and work.kind != "labels"


def _lines(
    marginals: np.ndarray, spans: Sequence[Span], core: Tuple[slice, ...],
    ends: Sequence[Tuple[bool, bool]],
) -> Lines:
    """The last line of a core and the first beyond it, as the tiles of both sides have them."""
    lines: Lines = {}
    for axis, span in enumerate(spans):
        for is_behind, has_neighbour in enumerate(ends[axis]):
            if not has_neighbour:
                continue
            seam = (span.last if is_behind else span.first) - span.start
            place = (*core[:axis], slice(seam - 1, seam + 1), *core[axis + 1:])
            lines[axis, bool(is_behind)] = marginals[place].copy()
    return lines


class Seam(NamedTuple):
    """How much tiles disagree on the lines beside their seams; those of several seams add up."""

    pixels: int = 0
    largest: float = 0.0
    differences: float = 0.0
    unlike: int = 0


def compare(axis: int, one: Lines, other: Lines) -> Seam:
    """The seam between a tile and the next along an axis. Points that are left out agree."""
    before, behind = one[axis, True], other[axis, False]
    counts = ~np.isnan(before).any(-1)
    largest = np.where(counts, np.abs(before - behind).max(-1), np.float32(0))
    unlike = counts & (before.argmax(-1) != behind.argmax(-1))
    return Seam(
        counts.size, float(largest.max()), float(largest.sum(dtype=np.float64)), int(unlike.sum()))


def together(about: Dict[str, Any], seams: Sequence[Seam]) -> Dict[str, Any]:
    """The report of all seams, named as in `crf-refine --json`."""
    pixels = sum(seam.pixels for seam in seams)
    return {
        **about,
        "seam_pixels": pixels,
        "largest_seam_difference": max((seam.largest for seam in seams), default=0.0),
        "mean_seam_difference": sum(seam.differences for seam in seams) / max(1, pixels),
        "unlike_seam_share": sum(seam.unlike for seam in seams) / max(1, pixels),
    }


def pieces(start: int, stop: int, chunks: Sequence[int]) -> Iterator[Tuple[int, int, int]]:
    """The chunks that a range meets: the number of each, and the range in it."""
    first = 0
    for number, chunk in enumerate(chunks):
        if first < stop and start < first + chunk:
            yield number, max(0, start - first), min(chunk, stop - first)
        first += chunk
