"""`refine`: scores and an image in, better scores out."""
from __future__ import annotations

import warnings
from typing import Any, Optional, Sequence, Tuple, Union

import numpy as np

from . import _arrays, _native, _presets, _readings
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
    iterations: Optional[int] = None,
    position: Union[Tuple[float, Sigma], bool, None] = None,
    bilateral: Union[Tuple[float, Sigma, Sigma], bool, None] = None,
    normalization: Optional[str] = None,
    method: str = "permutohedral",
    self_term: str = "included",
    tolerance: float = 0.0,
    minimum_probability: float = 1e-5,
    output: str = "marginals",
    batch: bool = False,
    threads: int = 0,
) -> np.ndarray:
    """Refines the scores of a segmentation with a dense CRF.

    Arrays may be numpy's, PyTorch's (on any device), or anything with `__array__` or `__dlpack__`; of
    any type of real numbers and with any strides. They are not changed. Other Python threads run
    meanwhile.

    Args:
        scores: (L, H, W) or (H, W, L) for an image, (L, D, H, W) or (D, H, W, L) for a volume, (L, N)
            for a line. May be coarser than the image, at the same proportions: they are then upsampled.
        image: (H, W), (H, W, C) or (C, H, W), with as many axes more as the grid has; `None` for a
            kernel of positions alone.
        preset: a name of `presets()`, or a `Preset`.
        kind: what scores are: "logits" (before the softmax), "probabilities", or "energies" (−log P).
        layout: "LHW" (labels first) or "HWL" (labels last), where shapes leave it open.
        image_layout: "HWC" (channels last) or "CHW" (channels first), where shapes leave it open.
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
        batch: whether the first axis of both arrays (or lists) counts scenes.
        threads: 0 for one a processor. Results do not depend on it.

    Returns:
        Marginals, float32, on the image's grid, their labels where those of the scores are; or labels,
        uint8 (uint16 for more than 256), of the grid's shape.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
        MemoryError: where the scene does not fit into memory.
    """
    if batch:
        return _refine_batch(scores, image, preset, locals())
    values = _arrays.to_float32(scores, "scores")
    picture = None if image is None else _arrays.to_numpy(image, "image")
    settings = _presets.named(preset)
    reading = _readings.read(values, picture, layout, image_layout)
    kind_number = _arrays.choice(kind, "kind", _native.SCORE_KINDS)
    gives_labels = _arrays.choice(output, "output", _OUTPUTS)
    last = reading.layout == "HWL"
    labels = values.shape[-1 if last else 0]
    if labels == 1:
        raise ValueError(
            f"scores of shape {values.shape} have 1 label, which leaves nothing to decide; for the "
            "probability p of a foreground pass np.stack([1 - p, p]) and kind='probabilities'"
        )
    _warn_of_probabilities(values, kind, last)
    crf = CRF(reading.extents, labels, threads)
    layout_number = _native.CHANNELS_LAST if last else _native.CHANNELS_FIRST
    crf.set_scores(
        values, reading.score_extents, kind_number, layout_number,
        _arrays.number(minimum_probability, "minimum_probability"),
    )
    rule = _arrays.choice(
        settings.normalization if normalization is None else normalization, "normalization",
        _native.NORMALIZATIONS,
    )
    way = _arrays.choice(method, "method", _native.METHODS)
    own = _arrays.choice(self_term, "self_term", _native.SELF_TERMS)
    kernel = _parameters(position, settings.position, "position", "(weight, sigma)")
    if kernel:
        term = Term(kernel[0], labels, rule, way, own)
        crf.add_position_kernel(kernel[1], term, name="position sigma")
    kernel = _parameters(
        bilateral, settings.bilateral, "bilateral", "(weight, spatial sigma, color sigma)"
    )
    if kernel and picture is not None:
        if reading.image_layout is None:
            picture = picture[..., np.newaxis]
        elif reading.image_layout == "CHW":
            picture = np.moveaxis(picture, 0, -1)
        _warn_of_unit_range(picture, kernel[2])
        term = Term(kernel[0], labels, rule, way, own)
        crf.add_bilateral_kernel(kernel[1], kernel[2], picture, term)
    updates = settings.iterations if iterations is None else iterations
    stop = _arrays.number(tolerance, "tolerance")
    if gives_labels:
        found = crf.most_likely(updates, stop)
        return found.astype(np.uint8) if labels <= 256 else found
    shape = (*reading.extents, labels) if last else (labels, *reading.extents)
    return crf.marginals(updates, layout_number, stop).reshape(shape)


def _refine_batch(scores: Any, image: Any, preset: Any, options: dict) -> np.ndarray:
    options = {
        name: value for name, value in options.items()
        if name not in ("scores", "image", "preset", "batch")
    }
    if image is not None and len(scores) != len(image):
        raise ValueError(f"there are {len(scores)} scores, but {len(image)} images")
    if len(scores) == 0:
        raise ValueError("the batch is empty")
    results = []
    for index, one in enumerate(scores):
        try:
            results.append(
                refine(one, None if image is None else image[index], preset, **options)
            )
        except (TypeError, ValueError) as error:
            raise type(error)(f"scene {index} of the batch: {error}") from None
    return np.stack(results)


def _parameters(given: Any, default: Tuple, name: str, form: str) -> Optional[Tuple]:
    if given is None or given is True:
        return default
    if given is False:
        return None
    if not isinstance(given, (tuple, list)) or len(given) != len(default):
        raise ValueError(f"{name} is {given!r}, but must be {form}, or False for no such kernel")
    return tuple(given)


def _warn_of_probabilities(scores: np.ndarray, kind: str, last: bool) -> None:
    """A softmax of a softmax is flat: the commonest mistake, and one that no result shows."""
    if kind != "logits":
        return
    rows = scores.reshape(-1, scores.shape[-1]) if last else scores.reshape(len(scores), -1).T
    rows = rows[:: max(1, len(rows) // 64)]
    if (rows >= 0).all() and (np.abs(rows.sum(1) - 1) < 1e-2).all():
        warnings.warn(
            "scores look like probabilities (at least 0, with sums of 1): pass kind='probabilities', "
            "or energies and logits as they are", stacklevel=4,
        )


def _warn_of_unit_range(image: np.ndarray, color_sigma: Any) -> None:
    if image.dtype.kind == "f" and np.min(color_sigma) > 1:
        least, most = image.min(), image.max()
        if least >= 0 and most <= 1 and most > least:
            warnings.warn(
                f"the image lies in {least:g}…{most:g}, and a color sigma of "
                f"{np.min(color_sigma):g} sees no edge in it: pass image * 255, or a smaller sigma",
                stacklevel=4,
            )
