"""What is done to scores: models of CRFs, and plans of steps, as the library reads them."""
from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

from . import _arrays, _kinds, _native, _reports


def _dumps(values: Any, **options: Any) -> str:
    import json  # Which takes a tenth of the time of importing the package.

    return json.dumps(values, ensure_ascii=False, **options)


def _loads(text: Union[str, bytes]) -> Any:
    import json

    return json.loads(text)


Source = Union[str, "os.PathLike[str]", Mapping[str, Any], "Model"]


class Model:
    """A dense CRF and how it is solved: its terms, updates, filter. Never changes.

        Model("deeplab-vgg")
        Model({"terms": [{"kernel": {"kind": "gaussian", "spatial": 3},
                          "compatibility": {"kind": "potts", "weight": 3}}], "iterations": 5})
        Model("tuned.json")

    Args:
        source: a preset's name; a dictionary or JSON text; the path of a JSON file (a text that ends
            in ".json", or a `Path`), such as crf-tune writes; or a model.
    """

    def __init__(self, source: Source = "") -> None:
        if isinstance(source, Model):
            self._values = source._values
            return
        given = _given(source)
        if isinstance(given, Mapping):
            for key in ("steps", "kind"):
                if key in given:
                    raise ValueError(f"a model has no {key!r}: Plan takes plans and their steps")
            given = _text(given)
        elif not isinstance(given, str):
            raise ValueError(f"a model is {_arrays.shown(given)}, but must be a JSON object")
        elif given not in _kinds.presets():
            # Refused by the library, which knows the names; what is not a preset is not a step here.
            given = _text({"kind": "crf", "model": given})
        self._values = Handle(given).steps[0]["model"]

    @staticmethod
    def presets() -> Dict[str, Model]:
        """Published parameters by name."""
        return {name: Model(name) for name in _kinds.presets()}

    @property
    def name(self) -> Optional[str]:
        """What it is called."""
        return self._values.get("name")

    @property
    def source(self) -> Optional[str]:
        """Where its values come from."""
        return self._values.get("source")

    @property
    def terms(self) -> List[Dict[str, Any]]:
        """The pairwise terms: each a kernel, a compatibility, a normalization and a self term."""
        return self.to_dict()["terms"]

    @property
    def iterations(self) -> int:
        """Mean field updates."""
        return self._values["iterations"]

    def to_dict(self) -> Dict[str, Any]:
        """The model as JSON has it; a copy."""
        return _loads(self.to_json())

    def to_json(self, indent: Optional[int] = None) -> str:
        """The model as JSON text, which crf-refine and crf-tune read too."""
        return _dumps(self._values, indent=indent)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Model) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __repr__(self) -> str:
        if self._values == _kinds.presets().get(self.name):
            return f"Model({self.name!r})"
        return f"Model({self._values!r})"

    def _repr_html_(self) -> str:
        return _reports.model(self._values)

    def __reduce__(self) -> Any:
        return Model, (self.to_dict(),)


class Plan:
    """What is done to scores: refinements one after another, then label filters. Never changes.

        Plan(["crf:model=deeplab-vgg", "majority"])
        Plan([Model("tuned.json"), {"kind": "band", "width": 8, "of": "crf"}])

    Args:
        steps: a step or a list of them, each a `Model`, a preset's name, a step as crf-refine has it
            ("band:width=8,of=crf"), or a dictionary as in JSON; or a plan, {"steps": […]}; or the path
            of a JSON file.
    """

    def __init__(self, steps: Union[Source, Sequence[Source], Plan]) -> None:
        if isinstance(steps, Plan):
            self._handle, self._steps = steps._handle, steps._steps
            return
        if not isinstance(steps, (list, tuple)):
            steps = [steps]
        members: List[Any] = []
        for step in steps:
            members += _steps(step)
        self._handle = Handle(_text({"steps": members}))
        self._steps = self._handle.steps

    @property
    def steps(self) -> List[Dict[str, Any]]:
        """The steps as JSON has them, presets written out; a copy."""
        return _loads(_dumps(self._steps))

    @property
    def reach(self) -> Optional[int]:
        """The steps of the grid beyond which no point sees another; `None` where all see all."""
        return self._handle.reach()

    def to_json(self, indent: Optional[int] = None) -> str:
        """The plan as JSON text, which crf-refine reads too."""
        return _dumps({"steps": self._steps}, indent=indent)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Plan) and self._steps == other._steps

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __repr__(self) -> str:
        return f"Plan({self._steps!r})"

    def _repr_html_(self) -> str:
        return _reports.plan(self._steps)

    def __reduce__(self) -> Any:
        return Plan, (self.steps,)


def _given(source: Any) -> Any:
    """What a file, a JSON text or anything else stands for; names stay texts."""
    if isinstance(source, os.PathLike) or (isinstance(source, str) and source.endswith(".json")):
        try:
            with open(source, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{os.fspath(source)} cannot be read: {error}") from None
        return _parsed(text, os.fspath(source))
    if isinstance(source, str) and source.lstrip()[:1] in ("{", "["):
        return _parsed(source, "the text")
    if not isinstance(source, (str, Mapping, list)):
        raise TypeError(
            f"a model or step is {_arrays.shown(source)}, but must be a name, a dictionary, JSON or "
            "a file of it"
        )
    return source


def _parsed(text: str, name: str) -> Any:
    try:
        return _loads(text)
    except ValueError as error:
        raise ValueError(f"{name} is not valid JSON: {error}") from None


def _steps(step: Any) -> List[Any]:
    """What stands for a step in a plan's JSON."""
    if isinstance(step, Model):
        return [{"kind": "crf", "model": step._values}]
    if isinstance(step, Plan):
        return step._steps
    given = _given(step)
    if isinstance(given, list):
        return [one for member in given for one in _steps(member)]
    if isinstance(given, str):
        return [{"kind": "crf", "model": given} if given in _kinds.presets() else given]
    if "steps" in given:
        if len(given) > 1 or not isinstance(given["steps"], list):
            raise ValueError("a plan has one member, 'steps', which is a list")
        return [one for member in given["steps"] for one in _steps(member)]
    return [dict(given) if "kind" in given else {"kind": "crf", "model": dict(given)}]


def _text(values: Any) -> str:
    """JSON of what a caller brings, in which numpy's numbers and arrays may stand."""
    try:
        return _dumps(values, allow_nan=False, default=_plain)
    except ValueError as error:
        raise ValueError(f"a model or plan cannot be JSON: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value._values
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return _arrays.to_numpy(value, "a setting").tolist()


class Outcome(NamedTuple):
    """What a plan came to; what was not asked for is `None`."""

    marginals: Optional[np.ndarray]
    labels: Optional[np.ndarray]
    report: Optional[Dict[str, Any]]


class Handle:
    """A plan in the library."""

    #: What reports take besides what the plan itself does.
    _REPORT = 1 << 14

    def __init__(self, text: str) -> None:
        self._take(_native.create("plan", text.encode()))

    def over_frames(self, time: float) -> "Handle":
        """The same for scenes whose first axis is time, with the arrays that are set by now."""
        number = ctypes.c_uint64()
        _native.call("plan_over_frames", self.number, time, ctypes.byref(number))
        handle = Handle.__new__(Handle)
        handle._take(number.value)
        return handle

    def _take(self, number: int) -> None:
        self.number = number
        _native.finalize(self, "plan", self.number)
        text = _native.text("plan_json", self.number)
        self._capacity = self._REPORT + 4 * len(text)
        self.steps: List[Dict[str, Any]] = _loads(text)["steps"]
        models = list(_models(self.steps))
        known = _kinds.presets()
        #: The bandwidths of colours, and whether they are a preset's.
        self.colors = [
            (term["kernel"]["color"], model == known.get(model.get("name")))
            for model in models for term in model["terms"] if "color" in term["kernel"]
        ]
        #: Whether a CRF compares what only an image has.
        self.sees_image = any(
            term["kernel"]["kind"] in _kinds.kernels_of_images()
            for model in models for term in model["terms"]
        )
        usual = next(iter(_kinds.FILTERS))
        self._is_slow = any(model["filter"]["kind"] != usual for model in models)
        # Steps of other kinds are taken to last as long as ten updates.
        self._updates = 10 * len(self.steps) + sum(model["iterations"] for model in models)

    def set_array(self, name: str, values: Any) -> None:
        array = _arrays.dense(_arrays.to_float32(values, f"the array {name!r}"))
        _native.call(
            "plan_set_array", self.number, name.encode(), array.ctypes.data, array.size,
            _native.int64s(array.shape), array.ndim,
        )

    def reach(self) -> Optional[int]:
        steps = ctypes.c_int64()
        _native.call("plan_reach", self.number, ctypes.byref(steps))
        return None if steps.value < 0 else steps.value

    def run(
        self, scores: np.ndarray, score_extents: Sequence[int], extents: Sequence[int], labels: int,
        kind: int, layout: int, minimum_probability: float, image: Optional[np.ndarray],
        mask: Optional[np.ndarray], origin: Optional[Sequence[int]], threads: int,
        gives_marginals: bool, gives_labels: bool, gives_report: bool,
        displacements: Optional[np.ndarray] = None,
    ) -> Outcome:
        """All steps over a scene, in one call.

        Args:
            scores: float32, C order.
            image: (…grid, channels), uint8 or float32; `None` for none.
            mask: bool on the grid; `None` where all points count.
            displacements: (…grid, rank), float32, C order; `None` where points stay.
            origin: where the grid lies in a larger scene; `None` for a scene of its own.
        """
        scores = _arrays.dense(scores)
        grid = _native.int64s(extents)
        coarse = grid if score_extents == extents else _native.int64s(score_extents)
        scene = _native.Scene(
            ctypes.addressof(grid), scores.ctypes.data, scores.size, ctypes.addressof(coarse),
            labels=labels, rank=len(extents), kind=kind, layout=layout,
            minimum_probability=minimum_probability, threads=threads,
        )
        if image is not None:
            image = _arrays.dense(image)
            scene.image, scene.image_count = image.ctypes.data, image.size
            scene.element = _kinds.UINT8 if image.dtype == np.uint8 else _kinds.FLOAT32
            scene.channels = image.shape[-1]
        if mask is not None:
            mask = _arrays.dense(mask)
            scene.mask, scene.mask_count = mask.ctypes.data, mask.size
        if displacements is not None:
            scene.displacements = displacements.ctypes.data
            scene.displacement_count = displacements.size
        if origin is not None:
            corner = _native.int64s(origin)
            scene.origin = ctypes.addressof(corner)
        marginals = found = report = None
        results = _native.Results(layout=layout)
        points = 1
        for extent in extents:
            points *= extent
        if gives_labels:
            found = np.empty(extents, np.uint16)
            results.labels, results.label_count = found.ctypes.data, found.size
        if gives_marginals:
            is_first = layout == _kinds.CHANNELS_FIRST
            shape = (labels, *extents) if is_first else (*extents, labels)
            marginals = np.empty(shape, np.float32)
            results.marginals, results.marginal_count = marginals.ctypes.data, marginals.size
        if gives_report:
            buffer = ctypes.create_string_buffer(self._capacity)
            results.report = ctypes.addressof(buffer)
            results.report_capacity = self._capacity
        # Of all pairs half a nanosecond each.
        work = points * self._updates * (max(labels, points / 16) if self._is_slow else labels)
        _native.long_call(
            work, "plan_run", self.number, ctypes.byref(scene), ctypes.byref(results)
        )
        if gives_report:
            report = _reports.Report(_loads(buffer.value) if buffer.value else {})
        return Outcome(marginals, found, report)


def _models(value: Any) -> Any:
    """All models in a plan's JSON, wherever they stand."""
    if isinstance(value, list):
        for member in value:
            yield from _models(member)
    elif isinstance(value, dict):
        if isinstance(value.get("terms"), list) and "filter" in value:
            yield value
            return
        for member in value.values():
            yield from _models(member)
