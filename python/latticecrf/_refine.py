"""`refine`: scores and an image in, better scores out."""
from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _arrays, _native, _outputs, _pictures, _presets, _ranges, _readings, _scores
from ._crf import CRF, Term
from ._presets import Preset

_OUTPUTS = {"marginals": 0, "labels": 1}

Sigma = Union[float, Sequence[float]]


def refine(
    scores: Any,
    image: Any = None,
    preset: Union[str, Preset] = "densecrf",
    *,
    kind: str = "logits",
    layout: Optional[str] = None,
    image_layout: Optional[str] = None,
    image_range: Optional[Tuple[float, float]] = None,
    mean: Union[float, Sequence[float], None] = None,
    std: Union[float, Sequence[float], None] = None,
    orientation: Optional[str] = None,
    normalize: bool = False,
    labels: Optional[int] = None,
    confidence: float = 0.7,
    ignore: Union[int, Sequence[int], None] = None,
    iterations: Optional[int] = None,
    position: Union[Tuple[float, Sigma], bool, None] = None,
    bilateral: Union[Tuple[float, Sigma, Sigma], bool, None] = None,
    normalization: Optional[str] = None,
    method: str = "permutohedral",
    self_term: str = "included",
    tolerance: float = 0.0,
    minimum_probability: float = 1e-5,
    output: str = "marginals",
    output_type: str = "numpy",
    batch: bool = False,
    threads: int = 0,
) -> Any:
    """Refines the scores of a segmentation with a dense CRF.

    Arrays may be numpy's, PyTorch's (on any device), or anything with `__array__` or `__dlpack__`; of
    any type of real numbers and with any strides. They are not changed. Other Python threads run
    meanwhile.

    Args:
        scores: (L, H, W) or (H, W, L) for an image, (L, D, H, W) or (D, H, W, L) for a volume, (L, N)
            for a line; (H, W) or (1, H, W) for the foreground of two labels. May be coarser than the
            image, at the same proportions: they are then upsampled. A logit of -inf, or an energy of
            inf, is a label that cannot be.
        image: (H, W), (H, W, C) or (C, H, W), with as many axes more as the grid has, or a picture of
            Pillow's, which counts as what it shows, without its alpha; `None` for a kernel of positions
            alone.
        preset: a name of `presets()`, or a `Preset`.
        kind: what scores are: "logits" (before the softmax or sigmoid), "probabilities", "energies"
            (−log P), or "labels": a map (H, W) of whole numbers.
        layout: "LHW" (labels first), "HWL" (labels last) or "HW" (one channel, no axis of labels), where
            shapes leave it open.
        image_layout: "HWC" (channels last) or "CHW" (channels first), where shapes leave it open.
        image_range: (low, high) of an image that is not in 0…255: they become 0 and 255, and what lies
            beyond is clipped.
        mean, std: of a normalised image (x − mean) / std, one number or one for each channel, to undo
            it. Where none of them exceeds 1, x was in 0…1 and is multiplied by 255.
        orientation: whether the EXIF orientation of Pillow's pictures is to be "apply" or "ignore";
            needed where the scores' proportions do not tell.
        normalize: whether probabilities are only proportional to what they say, as 8-bit score maps and
            activation maps are: negative ones become 0, and those of a point are divided by their sum.
            Whole numbers for a single channel are divided by their type's largest.
        labels: how many there are, for a map of labels.
        confidence: how probable it is that a map's label is right.
        ignore: the number, or numbers, of a map that mark points without a label.
        iterations: mean field updates, in place of the preset's.
        position: (weight, sigma) of the kernel of positions, in pixels; `False` for none.
        bilateral: (weight, spatial sigma, color sigma) of the kernel of positions and colours, the last
            in the image's units; `False` for none.
        normalization: "symmetric", "before", "after" or "none", in place of the preset's.
        method: "permutohedral" (pydensecrf's lattice), "accurate" or "exact".
        self_term: whether a point counts among its own neighbours: "included" as in pydensecrf,
            "excluded" as in the papers, "excluded_before_normalization".
        tolerance: stops once no marginal changes by more than this.
        minimum_probability: smaller probabilities are raised to it first.
        output: "marginals", or "labels" for the most likely ones.
        output_type: "numpy", or "same" for tensors where scores are tensors: on their device, and
            marginals of their type where that is a floating one.
        batch: whether the first axis of both arrays (or lists) counts scenes. Their sizes may differ.
        threads: 0 for one a processor. Results do not depend on it.

    Returns:
        Marginals, float32, on the image's grid, their labels where those of the scores are; or labels,
        uint8 (uint16 for more than 256), of the grid's shape. For a single channel both are of the
        grid's shape: the foreground's marginals, or 0 and 1. For a batch they are stacked, or a list
        where sizes differ.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
        MemoryError: where the scene does not fit into memory.
    """
    options = _Options(
        _presets.named(preset), _checked(kind), layout,
        image_layout, image_range, mean, std, orientation, normalize, labels, confidence, ignore,
        iterations, position, bilateral, normalization,
        _arrays.choice(method, "method", _native.METHODS),
        _arrays.choice(self_term, "self_term", _native.SELF_TERMS),
        _arrays.number(tolerance, "tolerance"),
        _arrays.number(minimum_probability, "minimum_probability"),
        _arrays.choice(output, "output", _OUTPUTS) == 1,
        _arrays.choice(output_type, "output_type", _outputs.TYPES), threads,
    )
    if normalize and kind != "probabilities":
        raise ValueError(f"normalize goes with kind='probabilities', but kind is {kind!r}")
    if batch:
        return _refine_batch(scores, image, options)
    result = _refined(_read(scores, image, options), options)
    return _outputs.like(result, scores) if options.gives_same else result


def _checked(kind: Any) -> str:
    _arrays.choice(kind, "kind", _scores.KINDS)
    return kind


class _Options(NamedTuple):
    """What is alike for the scenes of a batch; words checked, numbers in part."""

    preset: Preset
    kind: str
    layout: Optional[str]
    image_layout: Optional[str]
    image_range: Any
    mean: Any
    std: Any
    orientation: Optional[str]
    normalize: bool
    labels: Any
    confidence: Any
    ignore: Any
    iterations: Any
    position: Any
    bilateral: Any
    normalization: Optional[str]
    method: int
    self_term: int
    tolerance: float
    minimum_probability: float
    gives_labels: bool
    gives_same: bool
    threads: Any


class _Scene(NamedTuple):
    """Scores and image whose sizes fit; their numbers are not looked at yet."""

    scores: np.ndarray
    #: (…grid, channels), or `None`.
    image: Optional[np.ndarray]
    reading: _readings.Reading


def _read(scores: Any, image: Any, options: _Options) -> _Scene:
    values = _arrays.to_numpy(scores, "scores")
    layout = "HW" if options.kind == "labels" else options.layout
    if image is None:
        reading = _readings.read(values.shape, None, layout, options.image_layout)
        return _Scene(values, None, reading)
    picture = _pictures.read(image)
    image_layout = (
        options.image_layout if picture.layout is None else picture.layout or None
    )
    pixels = _pictures.oriented(
        picture, options.orientation,
        lambda shape: _readings.fits(values.shape, shape, layout, image_layout),
    )
    reading = _readings.read(values.shape, pixels.shape, layout, image_layout)
    pixels = pixels.reshape(reading.image)
    if reading.image_layout is None:
        pixels = pixels[..., np.newaxis]
    elif reading.image_layout == "CHW":
        pixels = np.moveaxis(pixels, 0, -1)
    return _Scene(values.reshape(reading.scores), pixels, reading)


def _refined(scene: _Scene, options: _Options) -> np.ndarray:
    reading, values, kind = scene.reading, scene.scores, options.kind
    last = reading.layout == "HWL"
    is_channel = kind != "labels" and reading.labels == 1
    if kind == "labels":
        values, labels = _scores.of_labels(values, options.labels, options.confidence, options.ignore)
        if options.layout == "HWL":
            values, last = np.moveaxis(values, 0, -1), True
        kind = "energies"
    elif is_channel:
        channel = values.reshape(reading.score_extents)
        values, labels, last = _scores.two_labels(channel, kind, options.normalize), 2, False
    else:
        labels = reading.labels
        if options.normalize:
            values = _scores.normalized(values, -1 if last else 0)
        values = _arrays.to_float32(values, "scores")
        if kind == "logits":
            _scores.warn_of_probabilities(values, last)
    crf = CRF(reading.extents, labels, options.threads)
    _set_scores(crf, values, reading.score_extents, kind, last, options.minimum_probability)
    _add_kernels(crf, scene.image, options)
    updates = options.preset.iterations if options.iterations is None else options.iterations
    if options.gives_labels:
        found = crf.most_likely(updates, options.tolerance)
        return found.astype(np.uint8) if labels <= 256 else found
    if is_channel:
        marginals = crf.marginals(updates, _native.CHANNELS_FIRST, options.tolerance)
        return marginals[1].reshape(reading.extents).copy()
    shape = (*reading.extents, labels) if last else (labels, *reading.extents)
    return crf.marginals(updates, _layout(last), options.tolerance).reshape(shape)


def _set_scores(
    crf: CRF, values: np.ndarray, extents: Tuple[int, ...], kind: str, last: bool, least: float
) -> None:
    number = _native.SCORE_KINDS[kind]
    try:
        crf.set_scores(values, extents, number, _layout(last), least)
    except ValueError as error:
        if kind != "probabilities":
            raise
        better = _scores.mended(values, -1 if last else 0)
        if better is None:
            if values.ndim > 2:
                raise
            raise ValueError(f"{error}; for one channel of an image, layout='HW'") from None
        crf.set_scores(better, extents, number, _layout(last), least)


def _layout(last: bool) -> int:
    return _native.CHANNELS_LAST if last else _native.CHANNELS_FIRST


def _add_kernels(crf: CRF, image: Optional[np.ndarray], options: _Options) -> None:
    preset = options.preset
    rule = _arrays.choice(
        preset.normalization if options.normalization is None else options.normalization,
        "normalization", _native.NORMALIZATIONS,
    )
    kernel = _parameters(options.position, preset.position, "position", "(weight, sigma)")
    if kernel:
        term = Term(kernel[0], crf.labels, rule, options.method, options.self_term)
        crf.add_position_kernel(kernel[1], term, name="position sigma")
    kernel = _parameters(
        options.bilateral, preset.bilateral, "bilateral", "(weight, spatial sigma, color sigma)"
    )
    if kernel and image is not None:
        image = _pictures.to_colors(image, options.image_range, options.mean, options.std)
        _ranges.check(image, kernel[2], is_preset=options.bilateral in (None, True))
        term = Term(kernel[0], crf.labels, rule, options.method, options.self_term)
        crf.add_bilateral_kernel(kernel[1], kernel[2], image, term)


def _parameters(given: Any, default: Tuple, name: str, form: str) -> Optional[Tuple]:
    if given is None or given is True:
        return default
    if given is False:
        return None
    if not isinstance(given, (tuple, list)) or len(given) != len(default):
        raise ValueError(f"{name} is {given!r}, but must be {form}, or False for no such kernel")
    return tuple(given)


def _refine_batch(scores: Any, image: Any, options: _Options) -> Any:
    """Scene by scene, once all are known to fit."""
    all_scores = scores if hasattr(scores, "__len__") else list(scores)
    images = image if image is None or hasattr(image, "__len__") else list(image)
    if images is not None and len(all_scores) != len(images):
        raise ValueError(f"there are {len(all_scores)} scores, but {len(images)} images")
    if len(all_scores) == 0:
        raise ValueError("the batch is empty")
    scenes: List[_Scene] = []
    for index in range(len(all_scores)):
        with _naming(index):
            one = None if images is None else images[index]
            scenes.append(_read(all_scores[index], one, options))
    results = []
    for index, scene in enumerate(scenes):
        with _naming(index):
            results.append(_refined(scene, options))
    if len({result.shape for result in results}) > 1:
        if not options.gives_same:
            return results
        return [_outputs.like(one, all_scores[index]) for index, one in enumerate(results)]
    stacked = np.stack(results)
    if not options.gives_same:
        return stacked
    return _outputs.like(stacked, all_scores if hasattr(all_scores, "dtype") else all_scores[0])


class _naming:
    """Says which scene of a batch an error is about."""

    def __init__(self, index: int) -> None:
        self.index = index

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, (TypeError, ValueError)):
            raise type(error)(f"scene {self.index} of the batch: {error}") from None
