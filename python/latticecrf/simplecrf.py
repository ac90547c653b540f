"""SimpleCRF's dense CRFs: `densecrf` and `densecrf3d` with their arguments and results.

    from latticecrf.simplecrf import densecrf, densecrf3d

in place of `import denseCRF, denseCRF3D`. Maximum flow is not here.
"""
from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from . import _arrays
from ._refine import refine

__all__ = ["densecrf", "densecrf3d"]

_NEEDED_IN_3D = (
    "MaxIterations", "PosW", "PosRStd", "PosCStd", "PosZStd", "BilateralW", "BilateralRStd", "BilateralCStd",
    "BilateralZStd", "ModalityNum", "BilateralModsStds",
)


def densecrf(I: Any, P: Any, param: Sequence[float], *, threads: int = 0) -> np.ndarray:
    """Labels of an image.

    Args:
        I: (H, W, 3), 0…255.
        P: (H, W, L), probabilities.
        param: (w1, alpha, beta, w2, gamma, iterations): weight and bandwidths of the bilateral kernel,
            in pixels and levels; weight and bandwidth of the Gaussian kernel; mean field updates.
        threads: 0 for one per processor.

    Returns:
        (H, W), uint8 (uint16 for more than 256 labels).

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
    """
    if len(param) != 6:
        raise ValueError(f"param has {len(param)} numbers, but 6 are needed: w1, alpha, beta, w2, gamma, iterations")
    weight, alpha, beta, spatial_weight, gamma, iterations = param
    return refine(
        P, I, kind="probabilities", layout="HWL", image_layout="HWC", normalize=True,
        position=(spatial_weight, gamma), bilateral=(weight, alpha, beta),
        iterations=_arrays.integer(iterations, "param[5]", 0), output="labels", threads=threads)


def densecrf3d(I: Any, P: Any, param: Mapping[str, Any], *, threads: int = 0) -> np.ndarray:
    """Labels of a volume.

    Args:
        I: (D, H, W, C), 0…255, of C modalities.
        P: (D, H, W, L), probabilities.
        param: MaxIterations; PosW and PosZStd, PosRStd, PosCStd (bandwidths along D, H and W, in voxels)
            of the Gaussian kernel; BilateralW, BilateralZStd, BilateralRStd, BilateralCStd and
            BilateralModsStds (one for each of ModalityNum modalities) of the bilateral one.
        threads: 0 for one per processor.

    Returns:
        (D, H, W), uint8 (uint16 for more than 256 labels).

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
    """
    missing = [name for name in _NEEDED_IN_3D if name not in param]
    if missing:
        raise ValueError(f"param lacks {', '.join(missing)}")
    colors = tuple(np.atleast_1d(param["BilateralModsStds"]).tolist())
    channels = np.shape(I)[-1] if np.ndim(I) == 4 else 1
    if not len(colors) == param["ModalityNum"] == channels:
        raise ValueError(
            f"ModalityNum is {param['ModalityNum']} and BilateralModsStds has {len(colors)} numbers, "
            f"but the image has {channels} channels")

    def along(kernel: str) -> tuple:
        # Bandwidths are those of x, y, z.
        return tuple(float(param[f"{kernel}{axis}Std"]) for axis in "CRZ")

    return refine(
        P, I, kind="probabilities", layout="HWL", image_layout="HWC", normalize=True,
        position=(float(param["PosW"]), along("Pos")),
        bilateral=(float(param["BilateralW"]), along("Bilateral"), colors),
        iterations=_arrays.integer(param["MaxIterations"], "MaxIterations", 0), output="labels", threads=threads)
