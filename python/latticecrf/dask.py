"""Scenes larger than memory, over dask arrays: tile by tile, on any scheduler.

    scores = dask.array.from_zarr("scores.zarr")          # (labels, height, width)
    image = dask.array.from_zarr("image.zarr")            # (height, width, 3)
    labels = latticecrf.dask.refine(scores, image, "deeplab-vgg", output="labels")
    labels.to_zarr("labels.zarr")

And of many images one by one: `refine_images`, over a dask bag. Needs `pip install latticecrf[dask]`.
"""
from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import dask.array
import numpy as np
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from . import _arrays, _images, _kinds, _readings, _refine, _tiles
from ._images import matched
from ._plans import Model, Plan, _models

__all__ = ["Cost", "cost", "figures", "matched", "refine", "refine_images"]

Steps = Union[Plan, Model, str, dict, Sequence, None]

#: Bytes of a lattice for each vertex, and for each of its channels, as measured on images of noise, where
#: every point has vertices of its own; and those for each corner of a point where only positions are
#: compared, whose vertices are shared.
_VERTEX_BYTES, _CHANNEL_BYTES, _CORNER_BYTES = 80, 7, 16
#: What a process takes to begin with, besides Python and numpy.
_BASE_BYTES = 96 << 20


class Cost(NamedTuple):
    """What a refinement in tiles takes, as far as shapes tell."""

    #: How many there are.
    tiles: int
    #: The rows and columns that neighbours share at least.
    overlap: int
    #: Of the largest, with what is read around it.
    tile: Tuple[int, ...]
    #: The points of all tiles over those of the scene: 1 where none is read twice.
    points_share: float
    #: What one thread of a worker needs at most while it refines the largest tile, beside Python itself.
    bytes: int


def refine(
    scores: Any,
    image: Any = None,
    plan: Steps = None,
    *,
    tile: Union[int, Sequence[int], None] = None,
    overlap: Optional[int] = None,
    kind: str = "logits",
    layout: Optional[str] = None,
    image_layout: Optional[str] = None,
    image_range: Optional[Tuple[float, float]] = None,
    mean: Union[float, Sequence[float], None] = None,
    std: Union[float, Sequence[float], None] = None,
    normalize: bool = False,
    labels: Optional[int] = None,
    confidence: float = 0.7,
    ignore: Union[int, Sequence[int], None] = None,
    mask: Any = None,
    minimum_probability: float = 1e-5,
    output: str = "marginals",
    label_type: Any = None,
    report: bool = False,
    threads: int = 1,
) -> Any:
    """Refines a scene of 2 or 3 axes in overlapping tiles; lazily, nothing is read yet.

    A task refines a tile, with as much around it as the plan reaches, and keeps its core. Tiles are the
    chunks of `scores` unless `tile` cuts others; `image` and `mask` may be chunked otherwise. With the
    same `tile` and `overlap`, results are those of `crf-refine --tile`, bit for bit, whatever the
    scheduler and however often a task is repeated. `cost` says beforehand what that takes.

    Args:
        scores: (L, H, W), (L, D, H, W), or labels last, as for `latticecrf.refine`, on the image's grid;
            a dask array, or what one can be made of. An axis of labels in several chunks is merged.
        image: (H, W), (H, W, C) or (C, H, W), and so on; `None` for a plan that needs none.
        plan: a `Plan`, or what one can be made of: a preset's name, `["crf:model=irn", "majority"]`;
            "deeplab-v2-pytorch" unless given.
        tile: the extent of tiles at most, one for all axes of the grid or one for each, slowest first;
            cut as `crf-refine --tile` does. `None` for the chunks of `scores`.
        overlap: the points that neighbouring tiles share at least; twice the plan's reach, and at least
            32, unless given.
        kind, layout, image_layout, image_range, mean, std, normalize, labels, confidence, ignore,
            minimum_probability: as for `latticecrf.refine`.
        mask: True where points count, on the image's grid.
        output: "marginals", or "labels" for the most likely ones.
        label_type: of labels; uint8 unless given, uint16 for more than 256 labels.
        report: whether to return a pair, of the result and of a `Delayed`: how much tiles disagree beside
            their seams, in the words of `crf-refine --json`. Compute both in one call, so that tiles
            are refined once: `dask.compute(labels, seams)`.
        threads: of each task; workers run as many tasks at a time as they have threads of their own.

    Returns:
        A dask array on the image's grid whose chunks are the tiles' cores: float32 marginals, their
        labels where those of the scores are, or labels.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong. What is wrong with numbers is said
            by the task that meets them.
    """
    cutting, inputs, work = _prepared(
        scores, image, mask, plan, tile, overlap, kind, layout, image_layout, output, label_type,
        report, threads, labels, minimum_probability,
        dict(image_range=image_range, mean=mean, std=std, normalize=normalize, labels=labels,
             confidence=confidence, ignore=ignore, minimum_probability=minimum_probability))
    return _graph(cutting, inputs, work)


def cost(
    scores: Any,
    image: Any = None,
    plan: Steps = None,
    *,
    tile: Union[int, Sequence[int], None] = None,
    overlap: Optional[int] = None,
    kind: str = "logits",
    layout: Optional[str] = None,
    image_layout: Optional[str] = None,
    labels: Optional[int] = None,
    mask: Any = None,
    output: str = "marginals",
    report: bool = False,
) -> Cost:
    """What `refine` takes with the same arguments, from shapes and types alone.

    A worker needs `bytes` for each of its threads, what Python takes, and the chunks that it holds for
    others. The lattice is counted as for an image of noise, where every point has vertices of its own:
    flat colours took a third of what noise took.

    Args:
        scores, image, plan, tile, overlap, kind, layout, image_layout, labels, mask, output, report: as
            for `refine`.
    """
    cutting, inputs, work = _prepared(
        scores, image, mask, plan, tile, overlap, kind, layout, image_layout, output, None, report, 1,
        labels, 1e-5, {})
    extents = [max(s.stop - s.start for s in spans) for spans in cutting.spans]
    points = _product(extents)
    read = _product(sum(s.stop - s.start for s in spans) for spans in cutting.spans)
    count = _labels(work, labels)
    stride = 4 if count <= 4 else -(-count // 8) * 8
    # As read, and once more while pieces become one array.
    given = sum(
        2 * points * array.dtype.itemsize * (array.size / _product(work.reading.extents))
        for array in inputs if array is not None)
    # Scores in float32 and energies, which become marginals, and those that are given back; labels.
    each = 4 * count + 3 * 4 * stride + 4 * count + 8
    for model in _models(work.plan.steps):
        for term in model["terms"]:
            features = len(extents)
            if term["kernel"]["kind"] in _kinds.kernels_of_images():
                features += work.reading.channels
                each += 4 * work.reading.channels
                each += (features + 1) * (_VERTEX_BYTES + _CHANNEL_BYTES * stride)
            else:
                each += (features + 1) * _CORNER_BYTES
    return Cost(
        _product(len(spans) for spans in cutting.spans), cutting.overlap, tuple(extents),
        read / _product(work.reading.extents), int(_BASE_BYTES + given + points * each))


def refine_images(bag: Any, plan: Steps = None, **options: Any) -> Any:
    """Refines the images of a dask bag one by one; those that cannot be become rows with an error.

    Args:
        bag: a `dask.bag` of dictionaries: `scores` and `image`, and `truth` where there is one, each the
            path of a file or its bytes; what else they hold is kept.
        plan: as for `refine`.
        options: as for `latticecrf.spark.refine`, which does the same over Spark.

    Returns:
        A bag of dictionaries, as `latticecrf.spark.refine` has rows; `figures` sums them up.
    """
    return bag.map(_images.Task(plan, **options))


def figures(rows: Any) -> Dict[str, Any]:
    """What rows of `refine_images` come to, computed or not: as `latticecrf.spark.figures`.

    Args:
        rows: a bag or a list of dictionaries.
    """
    if hasattr(rows, "to_delayed"):
        rows = rows.map(_counts).compute()
    return _images.summary(rows)


def _counts(row: Dict[str, Any]) -> Dict[str, Any]:
    return {name: row[name] for name in ("label_count", "confusion", "error")}


class _Cutting(NamedTuple):
    spans: List[List[_tiles.Span]]
    overlap: int


def _prepared(
    scores: Any, image: Any, mask: Any, plan: Steps, tile: Any, overlap: Any, kind: str,
    layout: Optional[str], image_layout: Optional[str], output: str, label_type: Any, report: bool,
    threads: int, labels: Optional[int], minimum_probability: float, settings: Dict[str, Any],
) -> Tuple[_Cutting, Tuple[Any, Any, Any], _tiles.Work]:
    """Everything that can be wrong with shapes and words is said here, before anything is read."""
    plan = Plan(_kinds.everything()["default_preset"] if plan is None else plan)
    gives_labels = _arrays.choice(output, "output", {"marginals": False, "labels": True})
    scores, image, mask = (
        None if given is None else _array(given, name)
        for given, name in ((scores, "scores"), (image, "the image"), (mask, "the mask")))
    if kind == "labels":
        layout = "HW"
        if labels is None:
            raise ValueError("kind='labels' needs labels=, how many labels there are")
    reading = _readings.read(scores.shape, None if image is None else image.shape, layout, image_layout)
    if reading.extents != reading.score_extents:
        raise ValueError(
            f"scores lie on a grid of {reading.score_extents}, but the image on {reading.extents}: "
            "tiles need both on the same grid, so upsample the scores first")
    if image is None and plan._handle.sees_image:
        raise ValueError("the plan compares colours, but there is no image")
    if mask is not None and mask.shape != tuple(reading.extents):
        raise ValueError(
            f"the mask has shape {mask.shape}, but the image's grid is {tuple(reading.extents)}")
    scores = _merged(scores.reshape(reading.scores), _readings.LABELS[reading.layout])
    if image is not None:
        image = image.reshape(reading.image)
        if reading.image_layout is not None:
            image = _merged(image, _readings.CHANNELS[reading.image_layout])
    shared = _tiles.overlap_of(
        plan, None if overlap is None else _arrays.integer(overlap, "overlap", 0))
    grid_chunks = _grid(scores, _readings.LABELS[reading.layout])
    if tile is None:
        spans = [_tiles.around(chunks, shared) for chunks in grid_chunks]
    else:
        sizes = [tile] * len(grid_chunks) if np.ndim(tile) == 0 else list(tile)
        if len(sizes) != len(grid_chunks):
            raise ValueError(f"tile has {len(sizes)} numbers, but the grid has {len(grid_chunks)} axes")
        spans = [
            _tiles.cut(extent, _arrays.integer(size, "tile", 1), shared, axis)
            for axis, (extent, size) in enumerate(zip(reading.extents, sizes))]
    work = _tiles.Work(
        plan, reading, _refine._checked(kind), settings, gives_labels, None, bool(report),
        _arrays.integer(threads, "threads", 0))
    if label_type is None:
        label_type = "uint8" if _labels(work, labels) <= 256 else "uint16"
    return _Cutting(spans, shared), (scores, image, mask), work._replace(
        label_type=np.dtype(label_type).str)


def _array(given: Any, name: str) -> Any:
    array = dask.array.asarray(given)
    if any(np.isnan(extent) for extent in array.shape):
        raise ValueError(
            f"{name} has chunks of unknown sizes: call compute_chunk_sizes() on it first")
    return array


def _merged(array: Any, axis: Optional[int]) -> Any:
    """The array with one chunk along an axis of labels or channels."""
    return array if axis is None or array.numblocks[axis] == 1 else array.rechunk({axis: -1})


def _grid(array: Any, axis: Optional[int]) -> List[Tuple[int, ...]]:
    """The chunks along the axes of the grid, where `axis` is that of labels or channels."""
    chunks = list(array.chunks)
    if axis is not None:
        del chunks[axis]
    return chunks


def _labels(work: _tiles.Work, given: Optional[int]) -> int:
    if work.kind == "labels":
        return _arrays.integer(given, "labels", 2, 65536)
    return max(2, work.reading.labels)


def _product(numbers: Any) -> int:
    result = 1
    for number in numbers:
        result *= int(number)
    return result


# MARK: The graph


def _graph(cutting: _Cutting, inputs: Tuple[Any, Any, Any], work: _tiles.Work) -> Any:
    """One task for each piece of a chunk that a tile needs and does not have whole, one for each tile,
    one for each seam. Tasks are named for what they do: those of several collections are the same."""
    spans, reading = cutting.spans, work.reading
    scores, image, mask = inputs
    given = [array for array in inputs if array is not None]
    token = tokenize(cutting, [array.name for array in given], work.plan.to_json(), work[1:])
    axes = (
        _readings.LABELS[reading.layout],
        None if image is None or reading.image_layout is None
        else _readings.CHANNELS[reading.image_layout], None)
    tasks: Dict[Any, Any] = {}
    cuts: Dict[Any, Any] = {}
    names = {part: f"refine-{part}-{token}" for part in ("cut", "tile", "lines", "core", "seams")}
    counts = [len(axis) for axis in spans]
    for place in product(*map(range, counts)):
        tile = [axis[number] for axis, number in zip(spans, place)]
        ends = [(number > 0, number + 1 < count) for number, count in zip(place, counts)]
        keys, corners = zip(*(
            (None, None) if array is None else _pieces(array, axis, tile, cuts, names["cut"])
            for array, axis in zip(inputs, axes)))
        # What is no key of the graph stands in the function, where nobody looks for keys.
        tasks[(names["tile"], *place)] = (
            partial(_refine_tile, work, tile, ends, corners), *keys)
        lines = (names["lines"], *place)
        tasks[lines] = (_second, (names["tile"], *place))
    cores: Dict[Any, Any] = {}
    axis = None if work.gives_labels or _tiles.is_channel(work) else axes[0] or 0
    chunks = [tuple(span.last - span.first for span in one) for one in spans]
    if axis is not None:
        labels = work.settings.get("labels") if work.kind == "labels" else reading.labels
        chunks.insert(axis if axis >= 0 else len(chunks), (labels,))
    for place in product(*map(range, counts)):
        block = list(place)
        if axis is not None:
            block.insert(axis if axis >= 0 else len(block), 0)
        # That each tile has two tasks behind it keeps a tile a task of its own whatever is optimised.
        cores[(names["core"], *block)] = (
            _first, (names["tile"], *place), (names["lines"], *place))
    layers = {names["tile"]: {**cuts, **tasks}, names["core"]: cores}
    dependencies = {names["tile"]: {array.name for array in given}, names["core"]: {names["tile"]}}
    base = HighLevelGraph.merge(*(array.__dask_graph__() for array in given))
    graph = HighLevelGraph(
        {**base.layers, **layers}, {**base.dependencies, **dependencies})
    kind = work.label_type if work.gives_labels else np.float32
    result = dask.array.Array(graph, names["core"], tuple(chunks), dtype=np.dtype(kind))
    if not work.meets_neighbours:
        return result
    seams = _seams(names, counts, {
        "size": [max(s.stop - s.start for s in one) for one in spans], "overlap": cutting.overlap,
        "tiles": counts})
    graph = HighLevelGraph(
        {**base.layers, names["tile"]: layers[names["tile"]], names["seams"]: seams},
        {**base.dependencies, names["tile"]: dependencies[names["tile"]],
         names["seams"]: {names["tile"]}})
    return result, Delayed(names["seams"], graph, layer=names["seams"])


def _pieces(
    array: Any, axis: Optional[int], tile: Sequence[_tiles.Span], cuts: Dict[Any, Any], name: str,
) -> Tuple[List[Any], List[Tuple[int, ...]]]:
    """The pieces of chunks that cover a tile, and where each lies in it."""
    ranges = [
        list(_tiles.pieces(span.start, span.stop, chunks))
        for span, chunks in zip(tile, _grid(array, axis))]
    if axis is not None:
        whole = (0, 0, array.shape[axis])
        ranges.insert(axis if axis >= 0 else len(ranges), [whole])
    starts = [span.start for span in tile]
    if axis is not None:
        starts.insert(axis if axis >= 0 else len(starts), 0)
    offsets = [np.cumsum([0, *chunks]).tolist() for chunks in array.chunks]
    keys: List[Any] = []
    corners: List[Tuple[int, ...]] = []
    for part in product(*ranges):
        key: Tuple[Any, ...] = (array.name, *(number for number, _, _ in part))
        bounds = tuple((first, last) for _, first, last in part)
        extents = tuple(chunks[number] for chunks, (number, _, _) in zip(array.chunks, part))
        if bounds != tuple((0, extent) for extent in extents):
            cut = (name, array.name, *key[1:], *bounds)
            cuts[cut] = (partial(_cut, bounds), key)
            key = cut
        keys.append(key)
        corners.append(tuple(
            offset[number] + first - start
            for offset, (number, first, _), start in zip(offsets, part, starts)))
    return keys, corners


def _cut(bounds: Sequence[Sequence[int]], chunk: np.ndarray) -> np.ndarray:
    # A copy, so that the rest of the chunk need not stay.
    return np.asarray(chunk)[tuple(slice(*bound) for bound in bounds)].copy()


def _whole(
    pieces: Optional[Sequence[np.ndarray]], corners: Optional[Sequence[Tuple[int, ...]]],
) -> Optional[np.ndarray]:
    """The pieces as one array."""
    if pieces is None or corners is None:
        return None
    if len(pieces) == 1:
        return np.asarray(pieces[0])
    ends = [np.add(corner, piece.shape) for corner, piece in zip(corners, pieces)]
    whole = np.empty(np.max(ends, axis=0), pieces[0].dtype)
    for piece, corner, end in zip(pieces, corners, ends):
        whole[tuple(map(slice, corner, end))] = piece
    return whole


def _refine_tile(
    work: _tiles.Work, tile: Sequence[_tiles.Span], ends: Sequence[Tuple[bool, bool]],
    corners: Sequence[Any], *given: Any,
) -> Tuple[np.ndarray, _tiles.Lines]:
    return _tiles.run(work, tile, ends, *map(_whole, given, corners))


def _first(pair: Tuple[Any, Any], _: Any) -> Any:
    return pair[0]


def _second(pair: Tuple[Any, Any]) -> Any:
    return pair[1]


def _seams(names: Dict[str, str], counts: Sequence[int], about: Dict[str, Any]) -> Dict[Any, Any]:
    tasks: Dict[Any, Any] = {}
    for place in product(*map(range, counts)):
        for axis, count in enumerate(counts):
            if place[axis] + 1 < count:
                following = (*place[:axis], place[axis] + 1, *place[axis + 1:])
                tasks[(names["seams"], axis, *place)] = (
                    partial(_tiles.compare, axis), (names["lines"], *place),
                    (names["lines"], *following))
    tasks[names["seams"]] = (partial(_tiles.together, about), list(tasks))
    return tasks
