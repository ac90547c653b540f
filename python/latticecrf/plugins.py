"""Kernels, filters, refinements and label filters in Python, over numpy arrays; and shared libraries.

    @latticecrf.kernel("hue", "positions and hues", needs_image=True)
    def hue(scene, *, spatial=setting.bandwidths("σ of positions in pixels"),
            hue=setting.number("σ of shares of colours", above=0, default=0.03)):
        y, x = np.indices(scene.grid)
        shares = scene.image / (scene.image.sum(-1, keepdims=True) + 1)
        return np.dstack([x / spatial[0], y / spatial[0], shares[..., :2] / hue])

    latticecrf.refine(logits, image, {"terms": [{"kernel": {"kind": "hue", "spatial": 50}, …}]})

What is decorated is known by its name wherever kinds are, from then on and in this process: in models, plans,
`latticecrf.filters` and messages. Settings are the keyword arguments, each with one of `setting`'s functions for
its default. The arrays that a function is given are the library's own and valid while it runs: copy what is to be
kept. Functions may be called from several threads, one at a time.
"""
from __future__ import annotations

import ctypes
import functools
import inspect
import itertools
import os
import threading
from ctypes import POINTER, c_int64, c_void_p
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import _arrays, _kinds, _native
from . import _plugin_header as abi
from .setting import Setting

#: What messages call the plug-in that everything decorated is part of.
_PLUGIN = b"python"


# What functions are given -----------------------------------------------------------------------------------------

class Scene(NamedTuple):
    """What is labelled. Its arrays are valid while a function runs."""

    #: The length of each axis: (height, width).
    grid: Tuple[int, ...]
    #: Where the first point lies in what a tile is cut from.
    origin: Tuple[int, ...]
    #: (…grid, channels) float32, 0…255 for photographs; `None` where there is none.
    image: Optional[np.ndarray]
    #: The same as uint8, where the image has 8 bits; else `None`.
    bytes: Optional[np.ndarray]


def _view(address: Optional[int], shape: Sequence[int], type: Any) -> np.ndarray:
    """Memory of the library's as an array that cannot be written to."""
    array = _memory(address, shape, type)
    array.flags.writeable = False
    return array


def _memory(address: Optional[int], shape: Sequence[int], type: Any) -> np.ndarray:
    count = 1
    for extent in shape:
        count *= extent
    if not address or count == 0:
        return np.empty(shape, type)
    size = count * np.dtype(type).itemsize
    return np.frombuffer((ctypes.c_char * size).from_address(address), type).reshape(shape)


def _scene(pointer: Any) -> Scene:
    scene = pointer.contents
    grid = tuple(_view(scene.extents, [scene.rank], np.int64).tolist())
    shape = (*grid, scene.channels)
    return Scene(
        grid, tuple(_view(scene.origin, [scene.rank], np.int64).tolist()),
        _view(scene.image, shape, np.float32) if scene.image else None,
        _view(scene.bytes, shape, np.uint8) if scene.bytes else None,
    )


def _values(pointer: Any, settings: Dict[str, Setting]) -> Dict[str, Any]:
    """What the settings of an object are, as keyword arguments."""
    return {
        name: _value(pointer[index], one) for index, (name, one) in enumerate(settings.items())
    }


def _value(value: Any, one: Setting) -> Any:
    if not value.is_given:
        return None
    numbers = _view(value.numbers, [value.count], np.float64)
    if one.type == "number":
        return value.number
    if one.type == "count":
        return int(value.number)
    if one.type == "flag":
        return value.number != 0
    if one.type == "bandwidths":
        return numbers.copy()
    if one.type in ("counts", "labels"):
        return [int(number) for number in numbers]
    if one.type == "label_counts":
        return [tuple(int(number) for number in row) for row in numbers.reshape(-1, 3)]
    if one.type == "array":
        return numbers.reshape(_view(value.extents, [value.rank], np.int64).tolist()).copy()
    return value.text.decode()


# Definitions ------------------------------------------------------------------------------------------------------

#: What the library knows; ctypes' functions must stay for as long as the process lives.
_definitions: Dict[Tuple[type, str], "_Definition"] = {}
_lock = threading.Lock()


class _Definition:
    """A kind of which the library has the functions below, and whose target may be replaced."""

    def __init__(
        self, target: Any, name: str, settings: Dict[str, Setting], shape: Tuple, reach: Any,
    ) -> None:
        self.target, self.name, self.settings = target, name, settings
        #: What the library was told, besides the settings.
        self.shape = shape
        self.reach = reach
        self.objects: Dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self.kept: List[Any] = []

    def keep(self, value: Any) -> int:
        """The number by which the library names an object."""
        number = next(self._numbers)
        self.objects[number] = value
        return number

    def release(self, number: Optional[int]) -> None:
        self.objects.pop(number, None)

    def make(self, _: Any, values: Any, target: Any, call: Any) -> None:
        given = _values(values, self.settings)
        made = functools.partial(self.target, **given)
        target[0] = self.keep(made() if inspect.isclass(self.target) else made)

    def function(self, prototype: Any, body: Callable[..., None]) -> Any:
        """`body` as C calls it: whatever it raises is kept, and comes out of the call of the library's."""
        def guarded(*arguments: Any) -> int:
            try:
                body(*arguments)
            except BaseException as error:
                _tell(error, arguments[-1].contents)
                return 1
            return 0

        function = prototype(guarded)
        self.kept.append(function)
        return function


def _tell(error: BaseException, call: abi.Call) -> None:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    text = " ".join(text.split())
    data = text.encode("utf-8", "replace")[: call.error_capacity - 1]
    # A letter cut in half is no letter.
    text = data.decode("utf-8", "ignore").rstrip(". ")
    data = text.encode()
    ctypes.memmove(call.error, data + b"\0", len(data) + 1)
    _native.keep_exception(text, error)


def _define(
    structure: Any, target: Any, name: Optional[str], summary: Optional[str], example: Optional[str],
    flags: int, reach: Any, fill: Callable[["_Definition", Any], None],
) -> Any:
    name = name or target.__name__.replace("_", "-")
    settings = _settings(target)
    documented = (inspect.getdoc(target) or "").strip().splitlines()
    summary = summary or (documented[0].rstrip(".") if documented else "")
    if not summary:
        raise ValueError(f"{name} needs a summary, or a documentation string")
    methods = [hasattr(target, one) for one in ("apply_transposed", "self_weights")]
    shape = (flags, summary, reach is None, inspect.isclass(target), methods)
    with _lock:
        known = _definitions.get((structure, name))
        if known is not None:
            if known.settings != settings or known.shape != shape:
                raise ValueError(
                    f"{name!r} is defined already, with other settings; choose another name")
            known.target, known.reach = target, reach  # A cell of a notebook that was run again.
            return target
        definition = _Definition(target, name, settings, shape, reach)
        _register(definition, structure, summary, example, flags, fill)
        _definitions[structure, name] = definition
    _kinds.forget()
    return target


def _register(
    definition: _Definition, structure: Any, summary: str, example: Optional[str], flags: int,
    fill: Callable[["_Definition", Any], None],
) -> None:
    settings = definition.settings
    array = (abi.Setting * max(1, len(settings)))(
        *(one.structure(abi.Setting, name) for name, one in settings.items()))
    kind = abi.Kind(
        definition.name.encode(), summary.encode(),
        (example or _example(structure, definition.name, settings)).encode(),
        role=abi.ROLES[structure], setting_count=len(settings), flags=flags)
    kind.settings = array
    kind.size = ctypes.sizeof(structure)
    kind.make = definition.function(abi.Make, definition.make)
    kind.release = abi.Release(definition.release)
    if definition.reach is not None:
        def steps(_: Any, values: Any) -> int:
            reach = definition.reach
            try:
                found = reach(**_values(values, settings)) if callable(reach) else reach
                return abi.EVERYWHERE if found is None else int(found)
            except Exception:  # Tiles that overlap by too much are right all the same.
                return abi.EVERYWHERE

        kind.reach = abi.Reach(steps)
    shown = structure(kind)
    fill(definition, shown)
    pointers = (c_void_p * 1)(ctypes.addressof(shown))
    table = abi.Table(abi.ABI_VERSION, 1, _PLUGIN, ctypes.cast(pointers, POINTER(c_void_p)))
    definition.kept += [array, kind, shown, pointers, table, kind.release, kind.reach]
    _native.call("add_plugin", ctypes.addressof(table))


def _settings(target: Any) -> Dict[str, Setting]:
    """The settings that a function or a class takes: its keyword arguments, in their order."""
    found: Dict[str, Setting] = {}
    for parameter in inspect.signature(target).parameters.values():
        if parameter.kind == inspect.Parameter.KEYWORD_ONLY:
            if not isinstance(parameter.default, Setting):
                raise TypeError(
                    f"the keyword argument {parameter.name!r} of {target.__name__} says no setting: "
                    "give it a default such as latticecrf.setting.number('…', default=1)")
            found[parameter.name] = parameter.default
    return found


def _example(structure: Any, name: str, settings: Dict[str, Setting]) -> str:
    parts = ["weight=1"] if structure is abi.KernelKind else []
    parts += [f"{key}={one.sample()}" for key, one in settings.items() if one.is_required]
    return f"{name}:{','.join(parts)}" if parts else name


def _as_rows(values: Any, shapes: Sequence[Tuple[int, ...]], what: str) -> np.ndarray:
    """`values` where they have one of some shapes."""
    array = _arrays.to_numpy(values, what)
    if array.shape not in shapes:
        known = " or ".join(str(shape) for shape in dict.fromkeys(shapes))
        raise ValueError(f"{what} have the shape {array.shape}, but must have {known}")
    return array


# Decorators -------------------------------------------------------------------------------------------------------

def kernel(
    name: Optional[str] = None, summary: Optional[str] = None, *, needs_image: bool = False,
    reach: Any = None, example: Optional[str] = None,
) -> Callable[[Any], Any]:
    """Which points are alike: a function `(scene, *, …settings) -> features`, or a class that takes settings and
    has a method `features(scene)`.

    Features are (…grid, d) or (N, d), divided by their bandwidths: points at distance r count exp(−r²/2).

    Args:
        name: what options and models call it; the function's name unless given.
        summary: what it compares, in a few words; the first line of its documentation unless given.
        needs_image: whether there must be an image.
        reach: how far, in steps of the grid, points depend on others: a number, a function of the settings, or
            `None` for three times the setting `spatial`, and everywhere without one.
        example: how an option has it.
    """
    def fill(definition: _Definition, shown: Any) -> None:
        found: Dict[Tuple[int, int], np.ndarray] = {}

        def dimensions(number: int, scene: Any, target: Any, call: Any) -> None:
            made = definition.objects[number]
            scene = _scene(scene)
            features = getattr(made, "features", made)(scene)
            array = _arrays.to_numpy(features, "features")
            points = int(np.prod(scene.grid))
            last = array.shape[-1] if array.ndim else 0
            array = _as_rows(array, [(*scene.grid, last), (points, last)], "features")
            found[number, threading.get_ident()] = array.reshape(points, last)
            target[0] = last

        def features(number: int, _: Any, target: int, count: int, call: Any) -> None:
            array = found.pop((number, threading.get_ident()))
            _memory(target, (len(array), count), np.float32)[:] = array

        shown.dimensions = definition.function(abi.Dimensions, dimensions)
        shown.features = definition.function(abi.WriteFeatures, features)

    return lambda target: _define(
        abi.KernelKind, target, name, summary, example, abi.NEEDS_IMAGE * needs_image, reach, fill)


def filter(
    name: Optional[str] = None, summary: Optional[str] = None, *, example: Optional[str] = None,
) -> Callable[[Any], Any]:
    """How pairs are summed: a function `(features, values, *, …settings) -> sums`, or a class that is made of
    `(features, *, …settings)` and has a method `apply(values)`, and `apply_transposed(values)` and
    `self_weights()` where K is not symmetric, or not 1 on its diagonal.

    Row i of the sums is Σⱼ exp(−‖fᵢ − fⱼ‖²/2) values[j], or what comes near it: features are (N, d), values and sums
    (N, C).

    Args:
        name: what options and models call it; the function's name unless given.
        summary: how it sums, in a few words; the first line of its documentation unless given.
        example: how an option has it.
    """
    def decorate(target: Any) -> Any:
        is_class = inspect.isclass(target)

        def fill(definition: _Definition, shown: Any) -> None:
            def make(_: Any, values: Any, made: Any, call: Any) -> None:
                made[0] = definition.keep(_values(values, definition.settings))

            def prepare(number: int, given: Any, made: Any, call: Any) -> None:
                given = given.contents
                features = _view(given.features, (given.points, given.dimensions), np.float32).copy()
                settings = definition.objects[number]
                if is_class:
                    one = definition.target(features, **settings)
                else:
                    one = functools.partial(definition.target, features, **settings)
                made[0] = definition.keep((len(features), one))

            def apply(method: str) -> Callable[..., None]:
                def body(
                    number: int, values: int, channels: int, stride: int, target: int, call: Any,
                ) -> None:
                    points, one = definition.objects[number]
                    given = _view(values, (points, stride), np.float32)[:, :channels]
                    sums = getattr(one, method)(given) if is_class else one(given)
                    sums = _as_rows(sums, [(points, channels)], "sums")
                    _memory(target, (points, stride), np.float32)[:, :channels] = sums

                return body

            def self_weights(number: int, target: int, call: Any) -> None:
                points, one = definition.objects[number]
                weights = _as_rows(one.self_weights(), [(points,)], "self weights")
                _memory(target, (points,), np.float32)[:] = weights

            shown.kind.make = definition.function(abi.Make, make)
            shown.prepare = definition.function(abi.Prepare, prepare)
            shown.release_filter = abi.Release(definition.release)
            definition.kept.append(shown.release_filter)
            shown.apply = definition.function(abi.Apply, apply("apply"))
            if hasattr(target, "apply_transposed"):
                shown.apply_transposed = definition.function(abi.Apply, apply("apply_transposed"))
            if hasattr(target, "self_weights"):
                shown.self_weights = definition.function(abi.SelfWeights, self_weights)

        return _define(abi.FilterKind, target, name, summary, example, 0, None, fill)

    return decorate


def refinement(
    name: Optional[str] = None, summary: Optional[str] = None, *, takes: str = "probabilities",
    needs_image: bool = False, reach: Any = None, example: Optional[str] = None,
) -> Callable[[Any], Any]:
    """How scores are improved: a function `(scores, scene, *, …settings) -> probabilities`, or a class that takes
    settings and has a method `refine(scores, scene)`. Both arrays are (…grid, L); probabilities sum to 1.

    Args:
        name: what options and plans call it; the function's name unless given.
        summary: what it does, in a few words; the first line of its documentation unless given.
        takes: what it is given: "probabilities", or "energies" (−log P, 1e30 for labels that are ruled out).
        needs_image: whether there must be an image.
        reach: how far, in steps of the grid, points depend on others: a number, a function of the settings, or
            `None` for everywhere.
        example: how an option has it.
    """
    if takes not in ("probabilities", "energies"):
        raise ValueError(f"takes is {takes!r}, but must be 'probabilities' or 'energies'")
    flags = abi.NEEDS_IMAGE * needs_image + abi.TAKES_PROBABILITIES * (takes == "probabilities")

    def fill(definition: _Definition, shown: Any) -> None:
        def refine(
            number: int, scene: Any, scores: int, labels: int, stride: int, target: int, call: Any,
        ) -> None:
            made = definition.objects[number]
            scene = _scene(scene)
            given = _view(scores, (*scene.grid, stride), np.float32)[..., :labels]
            found = getattr(made, "refine", made)(given, scene)
            points = int(np.prod(scene.grid))
            found = _as_rows(found, [given.shape, (points, labels)], "probabilities")
            _memory(target, (points, stride), np.float32)[:, :labels] = found.reshape(points, labels)

        shown.refine = definition.function(abi.Refine, refine)

    return lambda target: _define(
        abi.RefinementKind, target, name, summary, example, flags, reach, fill)


def label_filter(
    name: Optional[str] = None, summary: Optional[str] = None, *, needs_marginals: bool = False,
    needs_image: bool = False, reach: Any = None, example: Optional[str] = None,
) -> Callable[[Any], Any]:
    """How labels are cleaned: a function `(labels, scene, *, …settings) -> labels`, or a class that takes settings
    and has a method `clean(labels, scene)`. Labels are (…grid) uint16.

    Args:
        name: what options and plans call it; the function's name unless given.
        summary: what it does, in a few words; the first line of its documentation unless given.
        needs_marginals: whether it is given the probabilities, (…grid, L), between labels and scene.
        needs_image: whether there must be an image.
        reach: how far, in steps of the grid, points depend on others: a number, a function of the settings, or
            `None` for everywhere.
        example: how an option has it.
    """
    def fill(definition: _Definition, shown: Any) -> None:
        def clean(
            number: int, scene: Any, labels: int, marginals: Optional[int], count: int, stride: int,
            target: int, call: Any,
        ) -> None:
            made = definition.objects[number]
            scene = _scene(scene)
            arguments: List[Any] = [_view(labels, scene.grid, np.uint16)]
            if needs_marginals:
                arguments.append(
                    _view(marginals, (*scene.grid, stride), np.float32)[..., :count])
            found = getattr(made, "clean", made)(*arguments, scene)
            found = _as_rows(found, [scene.grid], "labels")
            if found.dtype != np.uint16 and (found.min() < 0 or found.max() > 0xFFFF):
                raise ValueError("labels must lie in 0…65535")
            _memory(target, scene.grid, np.uint16)[:] = found

        shown.clean = definition.function(abi.Clean, clean)

    flags = abi.NEEDS_IMAGE * needs_image + abi.NEEDS_MARGINALS * needs_marginals
    return lambda target: _define(
        abi.LabelFilterKind, target, name, summary, example, flags, reach, fill)


# Shared libraries -------------------------------------------------------------------------------------------------

def load_plugin(path: Any) -> Dict[str, Any]:
    """Loads a shared library that was built with `latticecrf_plugin.h`; see `get_include`.

    Its kinds are known by their names from then on, as those of decorators are. A library runs with all rights of
    this process: load what you trust. Nothing else is ever loaded, whatever models or plans name.

    Args:
        path: of the file; it is looked for nowhere else.

    Returns:
        Its "name", "path", and "kinds", each with a "noun" and a "name".
    """
    path = os.fspath(path)
    _native.call("load_plugin", os.fsencode(path))
    _kinds.forget()
    found = [one for one in _kinds.everything()["plugins"] if one.get("path") is not None]
    same = [
        one for one in found if os.path.exists(one["path"]) and os.path.samefile(one["path"], path)
    ]
    return dict((same or found)[-1])


def get_include() -> str:
    """The folder of `latticecrf_plugin.h` and `latticecrf.h`: `cc -I"$(python -c 'import latticecrf;
    print(latticecrf.get_include())')" …`."""
    here = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(here, "include")
    if os.path.isdir(installed):
        return installed
    return os.path.join(os.path.dirname(os.path.dirname(here)), "Sources", "PluginHeader", "include")


def score(unary: str, image: Any = None, *, grid: Optional[Sequence[int]] = None,
          threads: int = 0) -> np.ndarray:
    """The energies that a unary of a plug-in gives a scene, (L, …grid): `refine(…, kind="energies")` takes them.

    Args:
        unary: its name and settings: "colors:sigma=20".
        image: (…grid, channels), or (H, W); `None` where it needs none.
        grid: the length of each axis, where there is no image.
        threads: 0 for what `set_threads` says.
    """
    pixels = None
    if image is not None:
        pixels = _arrays.to_numpy(image, "the image")
        if pixels.ndim == 2:
            pixels = pixels[..., None]
        pixels = np.ascontiguousarray(
            pixels, np.uint8 if pixels.dtype == np.uint8 else np.float32)
        grid = pixels.shape[:-1]
    if grid is None:
        raise ValueError("there is neither an image nor a grid to score")
    extents = _native.int64s([int(extent) for extent in grid])
    scene = _native.Scene(
        ctypes.addressof(extents), rank=len(extents), layout=_kinds.CHANNELS_FIRST, threads=threads)
    if pixels is not None:
        scene.image, scene.image_count = pixels.ctypes.data, pixels.size
        scene.element = _kinds.UINT8 if pixels.dtype == np.uint8 else _kinds.FLOAT32
        scene.channels = pixels.shape[-1]
    labels = c_int64()
    text = unary.encode()
    _native.call("score", text, ctypes.byref(scene), None, 0, ctypes.byref(labels))
    energies = np.empty((labels.value, *extents), np.float32)
    _native.call(
        "score", text, ctypes.byref(scene), energies.ctypes.data, energies.size,
        ctypes.byref(labels))
    return energies
