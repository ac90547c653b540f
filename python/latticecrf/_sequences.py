"""`refine_sequence`: the frames of a sequence, refined over time."""
from __future__ import annotations

import ctypes
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from . import _arrays, _native, _outputs, _refine

_DIRECTIONS = {"forward": 0, "backward": 1}


def refine_sequence(
    scores: Sequence[Any],
    images: Optional[Sequence[Any]] = None,
    preset: Any = None,
    *,
    window: int = 8,
    overlap: Optional[int] = None,
    time: float = 2.0,
    flow: Optional[Sequence[Any]] = None,
    flow_direction: str = "forward",
    masks: Optional[Sequence[Any]] = None,
    **options: Any,
) -> Iterator[np.ndarray]:
    """Refines the frames of a sequence by windows that overlap; memory is that of a window.

        for labels in latticecrf.refine_sequence(scores, frames, "deeplab-vgg", output="labels"):
            ...

    Args:
        scores: of each frame, as for `refine`, at the size of its image. What is indexed like a list, and
            knows its length: frames are asked for one after another, once each, so that they may be
            read from files.
        images: of each frame; `None` for kernels of positions alone.
        preset: as for `refine`.
        window: how many frames are refined together.
        overlap: how many neighbouring windows share; half a window unless given. Each frame is answered by
            the window in which it is nearest to the middle.
        time: the bandwidth of time in frames, of kernels whose spatial bandwidths do not say it.
        flow: of each frame, (2, H, W): how far each pixel goes to the right and down to the next frame, NaN
            where nobody knows. `None` in the place of one where nothing is known, as of the last frame.
            Pixels are then compared where they would stand in the middle frame of their window.
        flow_direction: "forward", or "backward" where flow leads to the frame before.
        masks: of each frame, as `mask` of `refine`.
        options: whatever else `refine` takes for one scene: `plan=`, `kind=`, `output=`, `threads=` …
            A plan's label filters clean each frame by itself.

    Yields:
        What `refine` returns for each frame, in their order.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
    """
    for name in ("batch", "report", "mask"):
        if name in options:
            raise ValueError(f"a sequence has no {name}=" + (": give masks=" if name == "mask" else ""))
    count = len(scores)
    for name, given in (("images", images), ("flow", flow), ("masks", masks)):
        if given is not None and len(given) != count:
            raise ValueError(f"there are {count} frames of scores, but {len(given)} of {name}")
    if count == 0:
        raise ValueError("the sequence is empty")
    window = _arrays.integer(window, "window", 2, 4096)
    overlap = window // 2 if overlap is None else _arrays.integer(overlap, "overlap", 0, window - 1)
    time = _arrays.number(time, "time")
    backward = _arrays.choice(flow_direction, "flow_direction", _DIRECTIONS)
    checked = _refine._checked_options(preset, report=False, **options)._replace(time=time)
    return _results(scores, images, flow, masks, checked, _windows(count, window, overlap), backward)


def _windows(frames: int, window: int, overlap: int) -> List[Tuple[int, ...]]:
    """The first frame and the one behind the last of each window, and of those that it answers."""
    count = ctypes.c_int64()
    _native.call("sequence_windows", frames, window, overlap, None, 0, ctypes.byref(count))
    bounds = (ctypes.c_int64 * (4 * count.value))()
    _native.call("sequence_windows", frames, window, overlap, bounds, count.value, ctypes.byref(count))
    return [tuple(bounds[4 * index:4 * index + 4]) for index in range(count.value)]


def _results(
    scores: Any, images: Any, flow: Any, masks: Any, options: Any, windows: Any, backward: int
) -> Iterator[np.ndarray]:
    held: dict = {}
    first = None
    for start, end, low, high in windows:
        held = {number: frame for number, frame in held.items() if number >= start}
        for number in range(start, end):
            if number in held:
                continue
            try:
                scene = _refine._read(
                    scores[number], None if images is None else images[number],
                    None if masks is None else masks[number], options)
                first = _fitting(scene, first)
                vectors = None if flow is None else _vectors(flow[number], scene.reading.extents)
            except (TypeError, ValueError) as error:
                raise type(error)(f"frame {number}: {error}") from None
            held[number] = (scene, vectors)
        frames = [held[number] for number in range(start, end)]
        stacked = _stacked([scene for scene, _ in frames])
        if flow is not None:
            stacked = stacked._replace(displacements=_displacements(
                np.stack([vectors for _, vectors in frames]), backward, options.threads))
        result, _ = _refine._refined(stacked, options)
        # Marginals have an axis of labels before that of frames, unless labels come last.
        is_first = result.ndim == 4 and "HWL" not in (stacked.reading.layout, options.layout)
        for number in range(low, high):
            place = number - start
            one = np.ascontiguousarray(result[:, place] if is_first else result[place])
            yield _outputs.like(one, scores[number]) if options.gives_same else one


def _fitting(scene: Any, first: Any) -> Any:
    """The reading of the first frame, which that of all others must be."""
    reading = scene.reading
    if len(reading.extents) != 2:
        raise ValueError(f"a frame lies on a grid of {reading.extents}, but must be an image")
    if reading.extents != reading.score_extents:
        raise ValueError(
            f"the scores are {reading.score_extents} and the image is {reading.extents}: upsample the "
            "scores of sequences first")
    if first is not None and reading != first:
        raise ValueError(
            f"the frame has scores of shape {reading.scores} and an image of shape {reading.image}, but "
            f"the frames before have {first.scores} and {first.image}")
    return reading


def _vectors(given: Any, extents: Sequence[int]) -> np.ndarray:
    """(H, W, 2), NaN where nothing is known."""
    if given is None:
        return np.full((*extents, 2), np.nan, np.float32)
    array = _arrays.to_float32(given, "flow")
    if array.shape != (2, *extents):
        raise ValueError(f"the flow has shape {array.shape}, but must be {(2, *extents)}")
    return np.moveaxis(array, 0, -1)


def _stacked(scenes: List[Any]) -> Any:
    """The frames as one scene, whose first axis is time."""
    one, frames = scenes[0], len(scenes)
    reading = one.reading
    axis = 1 if reading.layout == "LHW" else 0
    values = np.stack([scene.scores for scene in scenes], axis)
    image = None if one.image is None else np.stack([scene.image for scene in scenes])
    extents = (frames, *reading.extents)
    counted = None
    if any(scene.mask is not None for scene in scenes):
        counted = np.stack([
            np.ones(reading.extents, bool) if scene.mask is None else scene.mask for scene in scenes])
    return one._replace(
        scores=values, image=image, mask=counted,
        reading=reading._replace(extents=extents, score_extents=extents, scores=values.shape))


def _displacements(flow: np.ndarray, backward: int, threads: int) -> np.ndarray:
    """(T, H, W, 3): how far points are from where they would stand in the middle frame."""
    flow = _arrays.dense(np.asarray(flow, np.float32))
    moved = np.empty((*flow.shape[:3], 3), np.float32)
    _native.call(
        "motion", flow.ctypes.data, flow.size, _native.int64s(flow.shape[:3]), backward, threads,
        moved.ctypes.data, moved.size,
    )
    return moved
