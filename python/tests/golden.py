"""Golden cases of dense CRFs: those that come with the repository, and more that live beside it."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

import latticecrf
import latticecrf.densecrf as dcrf
from latticecrf import utils

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT.parent / "shared" / "fixtures" / "crf"
ABSENCE = "skipped: ../shared (golden cases) is not beside the project"
#: Made by Benchmarks/make_goldens, which says what the arrays are.
OWN = ROOT / "Tests" / "Goldens"
OWN_ABSENCE = "skipped: these tests run without the repository, which has the golden cases"

NORMALIZATIONS = {
    "none": dcrf.NO_NORMALIZATION, "before": dcrf.NORMALIZE_BEFORE,
    "after": dcrf.NORMALIZE_AFTER, "symmetric": dcrf.NORMALIZE_SYMMETRIC,
}


class Case:
    """A case with its arrays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.description: Dict[str, Any] = json.loads((folder / "case.json").read_text())
        self.kind: str = self.description["kind"]
        self.runs: List[Dict[str, Any]] = self.description["runs"]

    def __repr__(self) -> str:
        return self.folder.name

    def array(self, file: str) -> np.ndarray:
        if "." not in file:
            with np.load(self.folder / "arrays.npz", allow_pickle=False) as arrays:
                array = arrays[file]
            if file.startswith("q_"):
                return array / self.description["scale"]
            return np.float32(array) if array.dtype == np.float16 else array
        if file.endswith(".png"):
            from PIL import Image

            return np.array(Image.open(self.folder / file))
        return np.load(self.folder / file, allow_pickle=False)

    def input(self, name: str) -> np.ndarray:
        return self.array(self.description["inputs"][name])

    def expected(self, run: Dict[str, Any], name: str) -> np.ndarray:
        return self.array(run["expected"][name])

    def has(self, name: str) -> bool:
        return name in self.description["inputs"]


def cases(*kinds: str, folder: Path = FOLDER) -> List[Case]:
    """All cases of those kinds; none where there are no fixtures."""
    found = [Case(path.parent) for path in sorted(folder.glob("*/case.json"))]
    return [case for case in found if case.kind in kinds]


def crf(case: Case, run: Dict[str, Any], recomputed: bool = False) -> dcrf.DenseCRF:
    """The case as a program for pydensecrf has it."""
    energies = unary(case)
    labels, points = energies.shape
    if "width" in case.description:
        made = dcrf.DenseCRF2D(case.description["width"], case.description["height"], labels)
    else:
        made = dcrf.DenseCRF(points, labels)
    made.setUnaryEnergy(energies)
    for kernel in run["kernels"]:
        options = {
            "compat": compatibility(kernel),
            "normalization": NORMALIZATIONS[kernel["normalization"]],
        }
        if kernel["type"] == "gaussian":
            made.addPairwiseGaussian(sxy=kernel["sxy"], **options)
        elif kernel["type"] == "bilateral":
            made.addPairwiseBilateral(
                sxy=kernel["sxy"], srgb=kernel["srgb"], rgbim=case.input("image"), **options
            )
        else:
            made.addPairwiseEnergy(features(case, kernel, recomputed), **options)
    return made


def unary(case: Case) -> np.ndarray:
    if case.has("unary"):
        energies = case.input("unary")
        return energies.reshape(len(energies), -1)
    return utils.unary_from_labels(case.input("labels"), case.description["labels"], 0.7)


def features(case: Case, kernel: Dict[str, Any], recomputed: bool) -> np.ndarray:
    if not recomputed:
        return case.array(kernel["features"])
    if "schan" not in kernel:
        return utils.create_pairwise_gaussian(kernel["sdims"], case.description["shape"])
    image = case.input("intensity")
    has_channels = image.ndim > len(kernel["sdims"])
    return utils.create_pairwise_bilateral(
        kernel["sdims"], kernel["schan"], image, chdim=image.ndim - 1 if has_channels else -1
    )


def compatibility(kernel: Dict[str, Any]) -> Any:
    compat = kernel["compat"]
    return compat["weight"] if compat["type"] == "potts" else np.float32(compat["values"])


def check_exact(case: Case, tolerance: float) -> None:
    """Marginals and energies of the exact filter, against all pairs in float64."""
    energies, image = case.input("unary"), case.input("image")
    for run in case.runs:
        gaussian, bilateral = run["kernels"]
        rule, own = gaussian["normalization"], run["self_term"]
        spatial = (gaussian["compat"]["weight"], gaussian["sxy"])
        colored = (bilateral["compat"]["weight"], bilateral["sxy"], bilateral["srgb"])
        expected = case.expected(run, "Q")
        marginals = latticecrf.refine(
            energies, image, kind="energies", position=spatial, bilateral=colored,
            normalization=rule, self_term=own, method="exact", iterations=run["iterations"],
        )
        assert np.abs(marginals - expected).max() <= tolerance, run["id"]

        made = latticecrf.CRF(energies.shape[1:], len(energies))
        made.set_scores(energies, kind="energies")
        options = {"normalization": rule, "self_term": own, "method": "exact"}
        made.add_position_kernel(spatial[1], spatial[0], **options)
        made.add_bilateral_kernel(colored[1], colored[2], image, colored[0], **options)
        q = made.infer(0)
        for iteration, truth in enumerate(run["expected"]["energies_per_iteration"]):
            if iteration > 0:
                q = made.step(q)
            found = made.energies(q)
            for value, name in [
                (found.unary, "unary"), (found.pairwise, "pairwise_full"),
                (found.entropy, "entropy"), (found.free_energy, "free_energy"),
                (found.kl_divergence, "kl_divergence_formula"),
            ]:
                assert value == pytest.approx(truth[name], rel=1e-4), (run["id"], name, iteration)
