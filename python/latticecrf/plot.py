"""Pictures of labels, beliefs and figures near boundaries, by matplotlib where it is installed.

    from latticecrf import plot
    plot.overlay(labels, image, names=["road", "car"])
    plot.beliefs(marginals, image)
    plot.trimap({"before": logits.argmax(0), "after": labels}, truth)

Each function draws on axes that are given, or on new ones, and returns them.
"""
from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence, Union

import numpy as np

from . import _arrays, _pictures

__all__ = ["beliefs", "overlay", "trimap"]


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot
    except ImportError:
        raise ImportError(
            "latticecrf.plot draws by matplotlib, which is not installed: pip install matplotlib"
        ) from None
    return matplotlib.pyplot


def overlay(
    labels: Any,
    image: Any = None,
    *,
    palette: Any = None,
    names: Optional[Sequence[str]] = None,
    ignore: Optional[int] = 255,
    opacity: float = 0.5,
    outlines: bool = True,
    ax: Any = None,
) -> Any:
    """Labels over the image that they belong to, with a legend of those that occur and their shares.

    Args:
        labels: (H, W) whole numbers.
        image: (H, W) or (H, W, 3), 8 bits or 0…1, or a picture of Pillow's; `None` for labels alone.
        palette: (L, 3) colours of labels, 0…255; those of PASCAL VOC unless given.
        names: of labels; those that are missing have numbers.
        ignore: the label of pixels without one, which the image is seen through; `None` for none.
        opacity: the share of the label's colour, 0…1.
        outlines: whether white lines part labels.
        ax: matplotlib's axes; new ones unless given.

    Returns:
        The axes.
    """
    labels = _map(labels, "labels")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity is {opacity:g}, but must be 0…1")
    found, counts = np.unique(labels, return_counts=True)
    colors = _colors(palette, int(found.max()) + 1)
    shown = colors[np.minimum(labels, len(colors) - 1)] / 255
    if image is not None:
        base = _rgb(image, labels.shape)
        shown = base + opacity * (shown - base)
        if ignore is not None:
            shown[labels == ignore] = base[labels == ignore]
    if outlines:
        edge = np.zeros(labels.shape, bool)
        edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
        edge[:-1] |= labels[:-1] != labels[1:]
        shown[edge] = 1
    ax = _pyplot().subplots()[1] if ax is None else ax
    ax.imshow(shown, interpolation="nearest")
    ax.set_axis_off()
    from matplotlib.patches import Patch

    patches = [
        Patch(
            facecolor=colors[min(label, len(colors) - 1)] / 255, edgecolor="0.3",
            label=f"{_name(label, names)}, {100 * count / labels.size:.1f} %",
        )
        for label, count in zip(found.tolist(), counts.tolist()) if label != ignore
    ]
    if patches:
        ax.legend(handles=patches, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return ax


def beliefs(
    marginals: Any,
    image: Any = None,
    *,
    classes: Optional[Sequence[int]] = None,
    names: Optional[Sequence[str]] = None,
    axes: Any = None,
) -> Any:
    """The probability of each class at each pixel, 0…1, with a colour bar.

    Args:
        marginals: (L, H, W) probabilities, such as `refine` gives for scores of that layout.
        image: (H, W) or (H, W, 3), which is shown first; `None` for none.
        classes: the labels that are shown; the six most frequent unless given.
        names: of labels; those that are missing have numbers.
        axes: matplotlib's axes, one a picture; new ones unless given.

    Returns:
        The axes, an array.
    """
    values = _arrays.to_numpy(marginals, "marginals")
    if values.ndim != 3:
        raise ValueError(f"marginals have the shape {values.shape}, but must be (L, H, W)")
    if classes is None:
        likeliest = np.bincount(values.argmax(0).ravel(), minlength=len(values))
        classes = sorted(np.argsort(-likeliest, kind="stable")[:6].tolist())
    wrong = [label for label in classes if not 0 <= label < len(values)]
    if wrong:
        raise ValueError(f"classes has {wrong[0]}, but there are {len(values)} labels")
    count = len(classes) + (image is not None)
    if axes is None:
        columns = min(count, 4)
        rows = -(-count // columns)
        axes = _pyplot().subplots(
            rows, columns, squeeze=False, layout="constrained",
            figsize=(3.2 * columns, (3.2 * values.shape[1] / values.shape[2] + 0.4) * rows),
        )[1]
    axes = np.atleast_1d(np.asarray(axes, object))
    places = list(axes.ravel())
    if len(places) < count:
        raise ValueError(f"there are {len(places)} axes for {count} pictures")
    for place in places:
        place.set_axis_off()
    rest = iter(places)
    if image is not None:
        place = next(rest)
        place.imshow(_rgb(image, values.shape[1:]))
        place.set_title("image")
    shown = []
    for label, place in zip(classes, rest):
        shown.append(place)
        drawn = place.imshow(values[label], vmin=0, vmax=1, interpolation="nearest")
        place.set_title(_name(label, names))
    if shown:
        shown[-1].figure.colorbar(drawn, ax=shown, label="probability")
    return axes


def trimap(
    predictions: Union[Any, Mapping[str, Any]],
    truth: Any,
    *,
    widths: Sequence[int] = tuple(range(1, 41)),
    ignore: Optional[int] = 255,
    ax: Any = None,
) -> Any:
    """The mean IOU within bands around true boundaries, by the bands' width: the trimap of Kohli et al.

    A pixel beside one of another label has distance 1; pixels of `ignore` make no boundary and do not
    count. The figures are those of `crf-refine --trimap`.

    Args:
        predictions: (H, W) labels, or several by name.
        truth: (H, W) labels.
        widths: of the bands, in pixels, each at least 1.
        ignore: the label of the truth that does not count; `None` for none.
        ax: matplotlib's axes; new ones unless given.

    Returns:
        The axes.
    """
    truth = _map(truth, "truth")
    if not isinstance(predictions, Mapping):
        predictions = {"labels": predictions}
    widths = sorted({_arrays.integer(width, "a width", 1) for width in widths})
    if not widths:
        raise ValueError("widths has no width")
    distances = _distances(truth, ignore, widths[-1])
    ax = _pyplot().subplots()[1] if ax is None else ax
    for name, labels in predictions.items():
        labels = _map(labels, name)
        if labels.shape != truth.shape:
            raise ValueError(f"{name} has the shape {labels.shape}, but the truth {truth.shape}")
        curve = [_mean_iou(labels, truth, distances <= width - 1) for width in widths]
        ax.plot(widths, [100 * value for value in curve], label=name)
    ax.set_xlabel("greatest distance to a boundary, pixels")
    ax.set_ylabel("mean IOU, %")
    ax.grid(alpha=0.3)
    if len(predictions) > 1:
        ax.legend(frameon=False)
    return ax


def _distances(truth: np.ndarray, ignore: Optional[int], most: int) -> np.ndarray:
    """Euclidean distances to the nearest pixel at a boundary; inf beyond `most` and where ignored."""
    counted = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    seeds = np.zeros(truth.shape, bool)
    for one, other in (
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
        ((slice(1, None),), (slice(None, -1),)),
    ):
        edge = (truth[one] != truth[other]) & counted[one] & counted[other]
        seeds[one] |= edge
        seeds[other] |= edge
    far = np.inf
    along = np.where(seeds, 0.0, far)
    for step in range(1, most + 1):  # Along rows first.
        for one, other in ((slice(step, None), slice(None, -step)),
                           (slice(None, -step), slice(step, None))):
            near = np.where(seeds[:, other], float(step * step), far)
            along[:, one] = np.minimum(along[:, one], near)
    squared = along.copy()
    for step in range(1, most + 1):
        for one, other in ((slice(step, None), slice(None, -step)),
                           (slice(None, -step), slice(step, None))):
            squared[one] = np.minimum(squared[one], along[other] + step * step)
    squared[~counted] = far
    return np.sqrt(squared)


def _mean_iou(labels: np.ndarray, truth: np.ndarray, band: np.ndarray) -> float:
    """Over the labels that occur in the band; NaN where it is empty."""
    labels, truth = labels[band], truth[band]
    values: List[float] = []
    for label in np.union1d(labels, truth):
        one, other = labels == label, truth == label
        values.append(float((one & other).sum()) / float((one | other).sum()))
    return float(np.mean(values)) if values else float("nan")


def _map(values: Any, name: str) -> np.ndarray:
    labels = _arrays.to_numpy(values, name)
    if labels.ndim != 2 or labels.dtype.kind not in "iub" or (labels.size and labels.min() < 0):
        raise ValueError(
            f"{name} is {_arrays.shown(labels)}, but must be (H, W) of whole numbers from 0")
    if labels.size == 0:
        raise ValueError(f"{name} has no pixels")
    return labels.astype(np.int64)


def _rgb(image: Any, shape: Sequence[int]) -> np.ndarray:
    """(H, W, 3) of 0…1."""
    pixels = _pictures.array(image, "image")
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.shape[:2] != tuple(shape) or pixels.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"the image has the shape {pixels.shape}, but must be (H, W) or (H, W, 3) with "
            f"{tuple(shape)} pixels")
    pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]
    scale = 255 if pixels.dtype.kind in "iu" or pixels.max(initial=0) > 1 else 1
    return np.clip(pixels.astype(np.float64) / scale, 0, 1)


def _colors(palette: Any, count: int) -> np.ndarray:
    """(L, 3) of 0…255."""
    if palette is not None:
        colors = np.asarray(palette, np.float64)
        if colors.ndim != 2 or colors.shape[1] != 3 or len(colors) == 0:
            raise ValueError(f"palette has the shape {colors.shape}, but must be (L, 3)")
        return colors
    # PASCAL VOC's rule: the bits of a label, from the lowest, are the highest of its colours.
    labels = np.arange(max(count, 256))
    colors = np.zeros((len(labels), 3))
    for bit in range(8):
        for channel in range(3):
            colors[:, channel] += ((labels >> (3 * bit + channel)) & 1) << (7 - bit)
    return colors


def _name(label: int, names: Optional[Sequence[str]]) -> str:
    known = names is not None and label < len(names)
    return str(names[label]) if known and names is not None else str(label)
