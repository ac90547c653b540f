"""One image after another, each a dictionary of files or bytes: what Spark and dask bags have in common."""
from __future__ import annotations

import io
import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Union

import numpy as np

from . import _kinds, _refine
from ._plans import Plan

Source = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview]

#: What a row may bring, each a file's path or its bytes.
INPUTS = ("scores", "image", "truth")
#: What a row of results has, and what each is where an image could not be refined.
RESULTS: Dict[str, Any] = {
    "labels": None, "changed_share": None, "label_count": None, "confusion": None, "error": None,
}


class Task:
    """Refines the image of a row. Pickles.

    Args:
        plan: a `Plan`, or what one can be made of; "deeplab-v2-pytorch" unless given.
        options: as `latticecrf.spark.refine` has them.
    """

    def __init__(self, plan: Any = None, **options: Any) -> None:
        known = {"kind", "layout", "image_layout", "normalize", "labels", "confidence", "ignore",
                 "void", "threads", "minimum_probability"}
        for name in options:
            if name not in known:
                raise TypeError(f"{name} is not an option; known are {', '.join(sorted(known))}")
        self._plan = Plan(_kinds.everything()["default_preset"] if plan is None else plan)
        self._void = options.pop("void", 255)
        self._kind = _refine._checked(options.pop("kind", "logits"))
        self._layout = "HW" if self._kind == "labels" else options.pop("layout", None)
        self._image_layout = options.pop("image_layout", None)
        self._threads = options.pop("threads", 1)
        self._options = options

    def __call__(self, row: Mapping[str, Any]) -> Dict[str, Any]:
        """The row without its inputs and with its results; `error` says why there are none."""
        kept = {name: value for name, value in row.items() if name not in INPUTS}
        try:
            return {**kept, **RESULTS, **self._results(row)}
        except Exception as error:  # Whatever is wrong with a file, the others go on.
            return {**kept, **RESULTS, "error": f"{_subject(row)}: {error or type(error).__name__}"}

    def _results(self, row: Mapping[str, Any]) -> Dict[str, Any]:
        # What pandas has for a missing text is NaN.
        given = {name: row[name] for name in INPUTS
                 if row.get(name) is not None and not isinstance(row[name], float)}
        if "scores" not in given:
            raise ValueError("there are no scores")
        scores = _scores(given["scores"])
        image = _picture(given["image"]) if "image" in given else None
        scene = _refine._read(scores, image, None, _refine.options_of_plan(
            self._plan, kind=self._kind, layout=self._layout, image_layout=self._image_layout,
            origin=None, gives_labels=True, threads=self._threads, **self._options))
        options = _refine.options_of_plan(
            self._plan, kind=self._kind, layout=scene.reading.layout,
            image_layout=scene.reading.image_layout, origin=None, gives_labels=True,
            threads=self._threads, **self._options)
        after = _refine.run(scene, options, gives_marginals=False).labels
        before = _refine.run(
            scene, options._replace(plan=_unchanged()), gives_marginals=False).labels
        count = (
            self._options["labels"] if self._kind == "labels" else max(2, scene.reading.labels))
        truth = _labels(given["truth"]) if "truth" in given else None
        return {
            "labels": _png(after),
            "changed_share": float(np.count_nonzero(after != before) / after.size),
            "label_count": int(count),
            "confusion": None if truth is None else confusion(truth, after, count, self._void),
        }


def _unchanged() -> Plan:
    """A plan that gives the labels of the scores."""
    return Plan([{"kind": "temperature", "value": 1}])


def confusion(truth: np.ndarray, labels: np.ndarray, count: int, void: Optional[int]) -> List[int]:
    """How many points of each true label have each label, row by row; those of several images add up."""
    if truth.shape != labels.shape:
        raise ValueError(f"the truth has shape {truth.shape}, but the labels have {labels.shape}")
    counts = np.ones(truth.shape, bool) if void is None else truth != void
    true, found = truth[counts].astype(np.int64), labels[counts].astype(np.int64)
    for name, given in (("the truth", true), ("the labels", found)):
        if given.size and given.max() >= count:
            raise ValueError(f"{name} has a label {given.max()}, but {count} labels lie in 0…{count - 1}")
    return np.bincount(true * count + found, minlength=count * count).tolist()


def figures(counts: Any, label_count: int) -> Dict[str, Any]:
    """IOU of each label (`None` where it is nowhere), their mean and the share of right points.

    Args:
        counts: of `confusion`, summed over images.
    """
    matrix = np.asarray(counts, np.int64).reshape(label_count, label_count)
    right = np.diag(matrix)
    unions = matrix.sum(0) + matrix.sum(1) - right
    ious = [float(r / u) if u else None for r, u in zip(right, unions)]
    met = [iou for iou in ious if iou is not None]
    return {
        "iou": ious, "mean_iou": float(np.mean(met)) if met else None,
        "accuracy": float(right.sum() / matrix.sum()) if matrix.sum() else None,
    }


def summary(rows: Iterable[Mapping[str, Any]]) -> Dict[str, Any]:
    """The figures of all rows of results together, and how many there are and failed."""
    images, failed, total, count = 0, 0, None, 0
    for row in rows:
        if row["error"] is not None:
            failed += 1
            continue
        images += 1
        if row["confusion"] is None:
            continue
        counts = np.asarray(row["confusion"], np.int64)
        if total is not None and row["label_count"] != count:
            raise ValueError(
                f"images of {count} and of {row['label_count']} labels have no figures together")
        count = row["label_count"]
        total = counts if total is None else total + counts
    return {"images": images, "failed": failed, **({} if total is None else figures(total, count))}


def matched(
    scores: Union[str, "os.PathLike[str]"], images: Union[str, "os.PathLike[str]", None] = None,
    truth: Union[str, "os.PathLike[str]", None] = None,
) -> List[Dict[str, Optional[str]]]:
    """The files of folders as rows, `name`, `scores`, `image` and `truth`: what has the same stem belongs
    together. Scores without an image, or without a truth, become rows that say so once they are refined.

    Raises:
        ValueError: where a folder has two files of the same stem, or no scores.
    """
    folders = {"scores": scores, "image": images, "truth": truth}
    found = {name: _stems(folder) for name, folder in folders.items() if folder is not None}
    if not found["scores"]:
        raise ValueError(f"{os.fspath(scores)} has no files")
    rows: List[Dict[str, Optional[str]]] = []
    for stem in sorted(found["scores"]):
        row: Dict[str, Optional[str]] = {"name": stem}
        for name, files in found.items():
            # A path that does not exist is an error of that image alone.
            row[name] = files.get(stem) or os.path.join(os.fspath(folders[name]), stem + ".*")
        rows.append(row)
    return rows


def _stems(folder: Any) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.abspath(os.path.join(folder, name))
        if name.startswith(".") or not os.path.isfile(path):
            continue
        stem = os.path.splitext(name)[0]
        if stem in found:
            raise ValueError(f"{found[stem]} and {path} have the same stem: only one can be meant")
        found[stem] = path
    return found


def _subject(row: Mapping[str, Any]) -> str:
    for name in ("name", "scores", "image"):
        if isinstance(row.get(name), (str, os.PathLike)):
            return os.path.basename(os.fspath(row[name]))
    return "a row without a name"


def _stream(source: Source) -> Any:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source)
    return open(source, "rb")


def _picture(source: Source) -> Any:
    from PIL import Image

    with _stream(source) as stream:
        image = Image.open(stream)
        image.load()
    return image


def _labels(source: Source) -> np.ndarray:
    """A map of labels: .npy, or a picture whose numbers (palette indices) they are."""
    with _stream(source) as stream:
        is_array = stream.read(6) == b"\x93NUMPY"
    return _array(source) if is_array else np.asarray(_picture(source))


def _array(source: Source) -> np.ndarray:
    with _stream(source) as stream:
        found = np.load(stream, allow_pickle=False)
        return found[found.files[0]] if hasattr(found, "files") else found


def _scores(source: Source) -> np.ndarray:
    with _stream(source) as stream:
        start = stream.read(6)
    # .npy and .npz; label maps may be pictures.
    return _array(source) if start[:2] in (b"\x93N", b"PK") else _labels(source)


def _png(labels: np.ndarray) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(labels).save(target, "png")
    return target.getvalue()
