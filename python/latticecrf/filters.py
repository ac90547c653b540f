"""A function for each kind of step: refinements take scores, label filters take labels.

    probabilities = filters.temperature(logits, value=2)
    labels = filters.majority(labels, radius=2)

A refinement is called as `filters.KIND(scores, image, *, its settings, and what refine takes)` and gives
marginals, or labels for `output="labels"`. A label filter is called as `filters.KIND(labels, *, its settings,
threads=0)` and gives labels. Several steps are one call of `latticecrf.refine(…, plan=[…])` or
`latticecrf.clean(labels, plan=[…])`.

Kinds and settings are those of the library: `help(filters.majority)`, `latticecrf.kinds()`. A hyphen in a
name is an underscore here, and `lambda` is `lambda_`. A setting that names an array takes the array itself.
Words of MONAI, scikit-image, cc3d, OpenCV and rasterio are understood where they differ: see `WORDS`.
"""
from __future__ import annotations

import inspect
import keyword
from typing import Any, Callable, Dict, List, Mapping, Tuple

import numpy as np

from . import _kinds
from ._clean import clean
from ._refine import refine

#: What of `refine` steps other than CRFs have no use for.
_OF_A_CRF = {
    "plan", "arrays", "preset", "iterations", "position", "bilateral", "normalization", "method",
    "self_term", "tolerance", "solver",
}
_SHARED = {
    name: parameter for name, parameter in inspect.signature(refine).parameters.items()
    if name not in _OF_A_CRF | {"scores", "image"}
}


def _same(value: Any) -> Any:
    return value


_CLASSES = {"applied_labels": ("classes", _same)}
_COLOR = {"sigmaColor": ("color", _same), "sigma_color": ("color", _same)}
_SPATIAL = {"sigmaSpatial": ("spatial", _same), "sigma_spatial": ("spatial", _same)}
_ROUNDS = {"numIters": ("iterations", _same), "num_iter": ("iterations", _same)}

#: Other libraries' words for a kind's settings, with what becomes of their values.
WORDS: Dict[str, Dict[str, Tuple[str, Callable[[Any], Any]]]] = {
    "components": {
        **_CLASSES,
        "min_size": ("minimum", _same),  # MONAI, scikit-image: what has fewer points leaves.
        "max_size": ("minimum", lambda size: size + 1),  # scikit-image 0.26: or as many.
        "threshold": ("minimum", _same),  # cc3d.dust
    },
    "largest": {**_CLASSES, "num_components": ("count", _same), "k": ("count", _same)},
    "holes": {
        **_CLASSES,
        "max_size": ("maximum", _same),
        "area_threshold": ("maximum", lambda area: area - 1),  # scikit-image before 0.26.
    },
    "keep": _CLASSES,
    "open": _CLASSES,
    "close": _CLASSES,
    "sieve": {"threshold": ("minimum", _same), "size": ("minimum", _same)},
    "majority": {"size": ("radius", lambda size: (size - 1) // 2)},
    "guided": {"eps": ("epsilon", _same), "r": ("radius", _same), "scale": ("subsample", _same)},
    "domain-transform": {**_SPATIAL, **_COLOR, **_ROUNDS},
    "smoother": {**_COLOR, **_ROUNDS, "lambda_attenuation": ("attenuation", _same)},
    "joint-bilateral": {**_COLOR, "sigmaSpace": ("spatial", _same), "sigma_space": ("spatial", _same)},
}
#: How many neighbours a point has by the number of axes and scikit-image's `connectivity`.
_NEIGHBOURS = {(2, 1): 4, (2, 2): 8, (3, 1): 6, (3, 2): 18, (3, 3): 26}


def __getattr__(name: str) -> Any:
    for family, make in (("refinements", _refinement), ("label_filters", _label_filter)):
        for kind in _kinds.everything()[family]:
            if kind["name"].replace("-", "_") == name:
                function = make(kind)
                globals()[name] = function  # Found without a search from now on.
                return function
    raise AttributeError(f"there is no step {name!r}; there are {', '.join(_names())}")


def __dir__() -> List[str]:
    return sorted(list(globals()) + _names())


def _names() -> List[str]:
    known = _kinds.everything()
    return [
        kind["name"].replace("-", "_")
        for family in ("refinements", "label_filters") for kind in known[family]
    ]


def _refinement(kind: Mapping[str, Any]) -> Callable[..., Any]:
    def function(scores: Any, image: Any = None, **given: Any) -> Any:
        rest = {name: given.pop(name) for name in list(given) if name in _SHARED and
                name not in _keys(kind)}
        step, arrays = _step(kind, given)
        return refine(scores, image, plan=[step], arrays=arrays, **rest)

    shared = [one for name, one in _SHARED.items() if name not in _keys(kind)]
    return _named(function, kind, ["scores"], ["image"], shared, "Returns what `refine` returns.")


def _label_filter(kind: Mapping[str, Any]) -> Callable[..., Any]:
    def function(labels: Any, *, output_type: str = "numpy", threads: int = 0, **given: Any) -> Any:
        if given.get("connectivity") in (1, 2, 3):
            place = (np.ndim(labels), given["connectivity"])
            if place not in _NEIGHBOURS:
                raise ValueError(f"connectivity is {place[1]}, but there are {place[0]} axes")
            given["connectivity"] = _NEIGHBOURS[place]
        step, arrays = _step(kind, given)
        if arrays:
            raise TypeError(f"{next(iter(arrays))} is an array, but {kind['name']} takes none")
        return clean(labels, [step], output_type=output_type, threads=threads)

    shared = [
        parameter for name, parameter in inspect.signature(clean).parameters.items()
        if name in ("output_type", "threads")
    ]
    return _named(function, kind, ["labels"], [], shared, "Returns what `clean` returns.")


def _keys(kind: Mapping[str, Any]) -> Dict[str, str]:
    """The kind's settings by their names in Python."""
    return {_name(setting["key"]): setting["key"] for setting in kind["settings"]}


def _name(key: str) -> str:
    name = key.replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def _step(kind: Mapping[str, Any], given: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The step as JSON has it, and the arrays that it names."""
    keys, words = _keys(kind), WORDS.get(kind["name"], {})
    step: Dict[str, Any] = {"kind": kind["name"]}
    arrays: Dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name in words:
            word, change = words[name]
            name, value = _name(word), change(value)
        if name not in keys:
            known = ", ".join([*keys, *words]) or "none"
            raise TypeError(f"{kind['name']} has no setting {name!r}; it has {known}")
        key = keys[name]
        if key in step:
            raise TypeError(f"{kind['name']} is given {key} twice, in words that mean the same")
        if _types(kind)[key] in ("array", "file") and not isinstance(value, str):
            arrays[key] = value
            value = key
        step[key] = value
    return step, arrays


def _types(kind: Mapping[str, Any]) -> Dict[str, str]:
    return {setting["key"]: setting["type"] for setting in kind["settings"]}


def _named(
    function: Callable[..., Any], kind: Mapping[str, Any], first: List[str], second: List[str],
    shared: List[inspect.Parameter], returns: str,
) -> Callable[..., Any]:
    """The function with the name, signature and documentation of its kind."""
    name = kind["name"].replace("-", "_")
    places = [inspect.Parameter(one, inspect.Parameter.POSITIONAL_OR_KEYWORD) for one in first]
    places += [
        inspect.Parameter(one, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
        for one in second
    ]
    lines = []
    for setting in kind["settings"]:
        key = _name(setting["key"])
        empty = inspect.Parameter.empty
        default = empty if setting["required"] else setting.get("default")
        places.append(inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default))
        lines.append(f"    {key}: {setting['help']}.")
    places += [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in shared]
    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    function.__signature__ = inspect.Signature(places)  # type: ignore[attr-defined]
    others = [f"{word} for {key}" for word, (key, _) in WORDS.get(kind["name"], {}).items()]
    summary = kind["summary"][:1].upper() + kind["summary"][1:]
    parts = [f"{summary}.", "Args:\n" + "\n".join(lines) if lines else ""]
    parts += ["Also understood: " + ", ".join(others) + "." if others else "", returns]
    function.__doc__ = "\n\n".join(part for part in parts if part)
    return function
