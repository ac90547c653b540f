"""Pieces of one's own in Python: a kernel, a filter, a refinement and a label filter.

    python Examples/Python/plugin.py

Refines the sample with all of them. They are known by their names in models, plans and latticecrf.filters, for as
long as this process lives.
"""
from pathlib import Path

import numpy as np
from PIL import Image

import latticecrf
from latticecrf import setting


@latticecrf.kernel(needs_image=True)
def hue(
    scene,
    *,
    spatial=setting.bandwidths("σ of positions in pixels"),
    hue=setting.number("σ of the shares of colours, which lie in 0…1", above=0, default=0.03),
):
    """Positions and hues: neighbours of like hue ought to share a label, in light or in shadow."""
    y, x = np.indices(scene.grid, np.float32)
    # One more than the sum, so that black is gray and nothing is divided by 0.
    shares = scene.image[..., :2] / (scene.image.sum(-1, keepdims=True) + 1)
    # Tiles find their points where the whole image has them.
    positions = np.stack([x + scene.origin[1], y + scene.origin[0]], -1)
    return np.concatenate([positions / spatial[0], shares / np.float32(hue)], -1)


@latticecrf.filter()
def rows(features, values):
    """Every pair of points, some rows of the matrix at a time."""
    sums = np.empty_like(values)
    squares = (features**2).sum(1)
    for first in range(0, len(features), 512):
        some = slice(first, first + 512)
        distances = squares[some, None] + squares - 2 * features[some] @ features.T
        sums[some] = np.exp(-0.5 * np.maximum(distances, 0)) @ values
    return sums


@latticecrf.refinement(reach=0)
def sharpen(probabilities, scene, *, power=setting.number("above 1 sharpens", above=0, default=2)):
    """Probabilities raised to a power."""
    raised = probabilities**power
    return raised / raised.sum(-1, keepdims=True)


@latticecrf.label_filter("unsure", needs_marginals=True, reach=0)
class Unsure:
    """Pixels of which no label is likely enough become void."""

    def __init__(
        self, *, least=setting.number("the least probability", minimum=0, maximum=1, default=0.5)
    ):
        self.least = least

    def clean(self, labels, marginals, scene):
        return np.where(marginals.max(-1) < self.least, 255, labels)


def main():
    sample = Path(__file__).resolve().parent.parent / "sample"
    # Every eighth pixel of the sample, for pairs of all points are many.
    image = np.asarray(Image.open(sample / "image.png").convert("RGB"))[::8, ::8].copy()
    logits = np.load(sample / "logits.npy")
    model = {
        "terms": [
            {"kernel": {"kind": "hue", "spatial": 20}, "compatibility": {"kind": "potts", "weight": 4}}
        ],
        "iterations": 5,
        "filter": {"kind": "rows"},
    }
    labels = latticecrf.refine(
        logits, image, plan=[model, "sharpen:power=1.5", "unsure:least=0.6"], output="labels"
    )
    print(f"{labels.shape[1]} x {labels.shape[0]} pixels, labels {np.unique(labels).tolist()}")


if __name__ == "__main__":
    main()
