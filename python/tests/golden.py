"""Golden cases of dense CRFs, which live beside the project and not in it."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures" / "crf"
ABSENCE = "skipped: ../shared (golden cases) is not beside the project"


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


def cases(*kinds: str) -> List[Case]:
    """All cases of those kinds; none where there are no fixtures."""
    found = [Case(path.parent) for path in sorted(FOLDER.glob("*/case.json"))]
    return [case for case in found if case.kind in kinds]


def compatibility(kernel: Dict[str, Any]) -> Any:
    compat = kernel["compat"]
    return compat["weight"] if compat["type"] == "potts" else np.float32(compat["values"])
