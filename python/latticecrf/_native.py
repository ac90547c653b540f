"""liblatticecrf through ctypes: where it is, what its calls take, what its statuses mean.

Calls release the GIL for as long as they last.
"""
from __future__ import annotations

import ctypes
import os
import sys
import threading
import weakref
from collections import deque
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_uint64, c_void_p
from typing import Any, Sequence

from ._version import VERSION

_HERE = os.path.dirname(os.path.abspath(__file__))
_FILE = "liblatticecrf.dylib" if sys.platform == "darwin" else "liblatticecrf.so"

#: LATTICECRF_ABI_VERSION of the header that this was written for.
_ABI_VERSION = 1
# Of latticecrf_status; every other number is asked from the library (_kinds).
_OUT_OF_MEMORY = 4
# How the library's messages call what `refine` can be given.
_WORDS = {
    "score_kind": "kind='%s'",
    "layout=first": "layout='LHW'",
    "layout=last": "layout='HWL'",
    "normalize_scores": "normalize=True",
    "single_channel": "layout='HW'",
    "image_range": "image_range=(%s)",
    "orientation": "orientation='%s'",
    "plugin": "latticecrf.load_plugin",
}
# Points times labels times updates of about a fiftieth of a second.
_LONG = 1 << 24


class _Sized(ctypes.Structure):
    """A structure whose first field is its size."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(ctypes.sizeof(self), *values, **named)


class Term(_Sized):
    """latticecrf_term"""

    _fields_ = [
        ("size", c_uint64),
        ("compatibility", c_void_p),
        ("compatibility_count", c_int64),
        ("normalization", c_int32),
        ("self_term", c_int32),
        ("filter", c_int32),
        ("reserved", c_int32),
    ]


class Inference(_Sized):
    """latticecrf_inference"""

    _fields_ = [("size", c_uint64), ("iterations", c_int32), ("tolerance", c_float),
                ("solver", c_char_p)]


class Energies(_Sized):
    """latticecrf_energies"""

    _fields_ = [
        ("size", c_uint64),
        *(
            (name, c_double)
            for name in ("unary", "pairwise", "entropy", "free_energy", "kl_divergence")
        ),
    ]


class Scene(_Sized):
    """latticecrf_scene"""

    _fields_ = [
        ("size", c_uint64),
        ("extents", c_void_p),
        ("scores", c_void_p),
        ("score_count", c_int64),
        ("score_extents", c_void_p),
        ("image", c_void_p),
        ("image_count", c_int64),
        ("labels", c_int64),
        ("rank", c_int32),
        ("kind", c_int32),
        ("layout", c_int32),
        ("minimum_probability", c_float),
        ("element", c_int32),
        ("channels", c_int32),
        ("threads", c_int32),
        ("reserved", c_int32),
        ("mask", c_void_p),
        ("mask_count", c_int64),
        ("displacements", c_void_p),
        ("displacement_count", c_int64),
        ("origin", c_void_p),
    ]


class Results(_Sized):
    """latticecrf_results"""

    _fields_ = [
        ("size", c_uint64),
        ("marginals", c_void_p),
        ("marginal_count", c_int64),
        ("labels", c_void_p),
        ("label_count", c_int64),
        ("report", c_void_p),
        ("report_capacity", c_int64),
        ("report_length", c_int64),
        ("layout", c_int32),
        ("objective", c_int32),
    ]


class Learning(_Sized):
    """latticecrf_learning"""

    _fields_ = [
        ("size", c_uint64),
        ("precision", c_int32),
        ("filter", c_int32),
        ("recipe", c_int32),
        ("threads", c_int32),
    ]


class LearnedTerm(_Sized):
    """latticecrf_learned_term"""

    _fields_ = [
        ("size", c_uint64),
        *(
            field
            for name in ("feature", "bandwidth", "transform", "compatibility")
            for field in ((name, c_void_p), (name + "_count", c_int64))
        ),
        ("channels", c_int32),
        ("has_positions", c_int32),
        ("normalization", c_int32),
        ("self_term", c_int32),
        ("is_unsymmetric", c_int32),
        ("reserved", c_int32),
    ]


class Updates(_Sized):
    """latticecrf_updates"""

    _fields_ = [
        ("size", c_uint64),
        ("damping", c_double),
        ("iterations", c_int32),
        ("recomputes", c_int32),
    ]


class Gradients(_Sized):
    """latticecrf_gradients"""

    _fields_ = [
        ("size", c_uint64),
        ("unary", c_void_p),
        ("unary_count", c_int64),
        ("compatibilities", c_void_p),
        ("compatibility_count", c_int64),
        ("weights", c_void_p),
        ("weight_count", c_int64),
        ("bandwidths", c_void_p),
        ("bandwidth_count", c_int64),
        ("transforms", c_void_p),
        ("transform_count", c_int64),
        ("features", c_void_p),
        ("feature_count", c_int64),
    ]


class Pairs(_Sized):
    """latticecrf_pairs"""

    _fields_ = [
        ("size", c_uint64),
        ("images", c_void_p),
        ("image_count", c_int64),
        ("bandwidths", c_void_p),
        ("bandwidth_count", c_int64),
        ("batch", c_int32),
        ("channels", c_int32),
        ("filter", c_int32),
        ("threads", c_int32),
    ]


class DomainTransform(_Sized):
    """latticecrf_domain_transform"""

    _fields_ = [
        ("size", c_uint64),
        ("sigma_spatial", c_double),
        ("sigma_range", c_double),
        ("iterations", c_int32),
        ("threads", c_int32),
    ]


class GuidedFilter(_Sized):
    """latticecrf_guided_filter"""

    _fields_ = [
        ("size", c_uint64),
        ("epsilon", c_double),
        ("radius", c_int32),
        ("reflects", c_int32),
        ("threads", c_int32),
        ("reserved", c_int32),
    ]


class FilterGradients(_Sized):
    """latticecrf_filter_gradients"""

    _fields_ = [
        ("size", c_uint64),
        ("values", c_void_p),
        ("value_count", c_int64),
        ("guide", c_void_p),
        ("guide_count", c_int64),
        ("parameters", c_void_p),
        ("parameter_count", c_int64),
    ]


_PROTOTYPES = {
    "latticecrf_set_words": [c_char_p, c_char_p],
    "latticecrf_set_threads": [c_int32],
    "latticecrf_threads": [POINTER(c_int32)],
    "latticecrf_set_cancel_flag": [POINTER(c_int32)],
    "latticecrf_release_memory": [],
    "latticecrf_kinds_json": [c_void_p, c_int64, POINTER(c_int64)],
    "latticecrf_crf_create": [c_void_p, c_int32, c_int64, c_int32, POINTER(c_uint64)],
    "latticecrf_crf_destroy": [c_uint64],
    "latticecrf_crf_set_unary": [c_uint64, c_void_p, c_int64, c_int32],
    "latticecrf_crf_set_scores": [
        c_uint64, c_void_p, c_int64, c_void_p, c_int32, c_int32, c_float,
    ],
    "latticecrf_crf_add_position_kernel": [
        c_uint64, c_void_p, c_int32, c_int32, POINTER(Term),
    ],
    "latticecrf_crf_add_bilateral_kernel": [
        c_uint64, c_void_p, c_int32, c_void_p, c_int64, c_int32, c_int32, c_void_p, c_int32,
        c_int32, POINTER(Term),
    ],
    "latticecrf_crf_add_feature_kernel": [
        c_uint64, c_void_p, c_int64, c_int32, c_int32, c_int32, c_void_p, c_int64, POINTER(Term),
    ],
    "latticecrf_crf_infer": [
        c_uint64, POINTER(Inference), c_void_p, c_int64, c_int32, c_void_p, c_int64,
    ],
    "latticecrf_crf_step": [c_uint64, c_void_p, c_int64, c_int32],
    "latticecrf_crf_energy": [c_uint64, c_void_p, c_int64, c_int32, POINTER(Energies)],
    "latticecrf_plan_create": [c_char_p, POINTER(c_uint64)],
    "latticecrf_plan_destroy": [c_uint64],
    "latticecrf_plan_json": [c_uint64, c_void_p, c_int64, POINTER(c_int64)],
    "latticecrf_plan_reach": [c_uint64, POINTER(c_int64)],
    "latticecrf_plan_set_array": [c_uint64, c_char_p, c_void_p, c_int64, c_void_p, c_int32],
    "latticecrf_plan_run": [c_uint64, POINTER(Scene), POINTER(Results)],
    "latticecrf_plan_over_frames": [c_uint64, c_float, POINTER(c_uint64)],
    "latticecrf_sequence_windows": [
        c_int64, c_int32, c_int32, c_void_p, c_int64, POINTER(c_int64),
    ],
    "latticecrf_motion": [c_void_p, c_int64, c_void_p, c_int32, c_int32, c_void_p, c_int64],
    "latticecrf_plan_clean": [
        c_uint64, c_void_p, c_int64, c_void_p, c_int32, c_int32, c_void_p, c_int64,
    ],
    "latticecrf_load_plugin": [c_char_p],
    "latticecrf_add_plugin": [c_void_p],
    "latticecrf_score": [c_char_p, POINTER(Scene), c_void_p, c_int64, POINTER(c_int64)],
    "latticecrf_filter_create": [
        c_void_p, c_int64, c_int32, c_int32, c_int32, c_int32, POINTER(c_uint64),
    ],
    "latticecrf_filter_destroy": [c_uint64],
    "latticecrf_filter_apply": [
        c_uint64, c_void_p, c_int64, c_int32, c_int32, c_int32, c_void_p, c_int64,
    ],
    "latticecrf_learner_create": [
        c_void_p, c_int32, c_int64, POINTER(Learning), POINTER(c_uint64),
    ],
    "latticecrf_learner_destroy": [c_uint64],
    "latticecrf_learner_add_term": [c_uint64, POINTER(LearnedTerm)],
    "latticecrf_learner_run": [
        c_uint64, c_void_p, c_int64, POINTER(Updates), c_void_p, c_int64, c_void_p, c_int64,
        POINTER(c_uint64),
    ],
    "latticecrf_learner_filter": [
        c_uint64, c_int32, c_void_p, c_int64, c_int32, c_int32, c_void_p, c_int64,
    ],
    "latticecrf_learner_filter_gradient": [
        c_uint64, c_int32, c_void_p, c_void_p, c_int64, c_int32, POINTER(Gradients),
    ],
    "latticecrf_domain_transform_apply": [
        POINTER(DomainTransform), c_void_p, c_int32, c_void_p, c_int64, c_int32, c_void_p, c_int64,
        c_void_p, c_int64,
    ],
    "latticecrf_domain_transform_gradient": [
        POINTER(DomainTransform), c_void_p, c_int32, c_void_p, c_int64, c_int32, c_void_p, c_int64,
        c_void_p, c_int64, POINTER(FilterGradients),
    ],
    "latticecrf_guided_filter_apply": [
        POINTER(GuidedFilter), c_void_p, c_int32, c_void_p, c_int64, c_int32, c_void_p, c_int64, c_int32,
        c_void_p, c_int64,
    ],
    "latticecrf_guided_filter_gradient": [
        POINTER(GuidedFilter), c_void_p, c_int32, c_void_p, c_int64, c_int32, c_void_p, c_int64, c_int32,
        c_void_p, c_int64, POINTER(FilterGradients),
    ],
    "latticecrf_association_create": [
        c_void_p, c_int32, POINTER(Pairs), c_void_p, c_int64, c_int32, c_void_p, c_int64, c_void_p,
        c_int64, POINTER(c_uint64),
    ],
    "latticecrf_association_destroy": [c_uint64],
    "latticecrf_association_write": [c_uint64, c_double, c_void_p, c_int64],
    "latticecrf_record_destroy": [c_uint64],
    "latticecrf_record_differentiate": [
        c_uint64, c_void_p, c_int64, c_int32, POINTER(Gradients),
    ],
}


def _place() -> str:
    """Where the library is. One that the environment names is taken, or it is an error."""
    named = os.environ.get("LATTICECRF_LIBRARY")
    if named:
        if not os.path.isfile(named):
            raise ImportError(f"LATTICECRF_LIBRARY is {named}, but there is no such file")
        return named
    beside = os.path.join(_HERE, _FILE)
    if os.path.exists(beside):
        return beside
    # A checkout in which the library was built.
    checkout = os.path.dirname(os.path.dirname(_HERE))
    built = os.path.join(checkout, ".build", "release", _FILE)
    if os.path.exists(os.path.join(checkout, "Package.swift")) and os.path.exists(built):
        return built
    raise ImportError(
        f"{_FILE} is not beside {_HERE}; install the wheel, or build the library with "
        "`swift build -c release --product latticecrf`"
    )


def _load() -> ctypes.CDLL:
    path = _place()
    try:
        library = _open(path)
        library.latticecrf_version.restype = c_char_p
        version = library.latticecrf_version().decode()
    except (OSError, AttributeError) as error:
        raise ImportError(f"{path} is not a library of LatticeCRF's: {error}") from None
    if version != VERSION:
        raise ImportError(f"{path} is of version {version}, but the package is of {VERSION}")
    abi = library.latticecrf_abi_version() if hasattr(library, "latticecrf_abi_version") else 0
    if abi != _ABI_VERSION:
        raise ImportError(
            f"{path} has version {abi} of the C interface, but the package needs {_ABI_VERSION}: "
            "build the library and the package from the same sources"
        )
    for name, arguments in _PROTOTYPES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, c_int32
    for name in ("latticecrf_version", "latticecrf_last_error"):
        function = getattr(library, name)
        function.argtypes, function.restype = [], c_char_p
    return library


def _open(path: str) -> ctypes.CDLL:
    """Loads the library without the crash handlers that a shared Swift runtime would install."""
    name = "SWIFT_BACKTRACE"
    before = os.environ.get(name)
    os.environ[name] = "enable=no"
    try:
        return ctypes.CDLL(path)
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


_library = _load()
_FUNCTIONS = {
    name[len("latticecrf_"):]: getattr(_library, name) for name in _PROTOTYPES
}


def call(name: str, *arguments: Any) -> None:
    """Makes a call; raises what its status means, with the library's own words."""
    status = _FUNCTIONS[name](*arguments)
    if status != 0:
        raise _error(status)


#: What functions in Python have raised within calls, by what the library was told of it.
_exceptions: "deque[tuple]" = deque(maxlen=16)


def keep_exception(text: str, error: BaseException) -> None:
    """Keeps what comes out of the call that is told `text`."""
    _exceptions.append((text, error))


def _error(status: int) -> BaseException:
    text = _library.latticecrf_last_error().decode("utf-8", "replace")
    for kept in list(_exceptions):
        if kept[0] in text:
            _exceptions.remove(kept)
            return _noted(kept[1], text)
    return (MemoryError if status == _OUT_OF_MEMORY else ValueError)(text)


def _noted(error: BaseException, text: str) -> BaseException:
    """The exception with the library's words, which name the step."""
    notes = getattr(error, "__notes__", [])
    if text not in notes:
        error.__notes__ = [*notes, text]  # What add_note does from Python 3.11 on.
    return error


for _parameter, _words in _WORDS.items():
    call("set_words", _parameter.encode(), _words.encode())


def long_call(work: float, name: str, *arguments: Any) -> None:
    """The same for a call that may take long: Ctrl-C, or whatever else a signal handler raises, ends it.

    Python runs handlers in its main thread, and only between two steps of the interpreter. So a call of
    the main thread is made by another one, for which the main thread waits.

    Args:
        work: about how much there is to do, in points times labels times updates.
    """
    if work < _LONG or threading.current_thread() is not threading.main_thread():
        return call(name, *arguments)
    flag = c_int32(0)
    errors = []

    def work_in_thread() -> None:
        _library.latticecrf_set_cancel_flag(ctypes.byref(flag))
        status = _FUNCTIONS[name](*arguments)
        if status != 0:
            errors.append(_error(status))

    thread = threading.Thread(target=work_in_thread, name="latticecrf", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # There may be no more threads.
        return call(name, *arguments)
    try:
        thread.join()
    except BaseException:
        flag.value = 1
        _join_whatever_comes(thread)
        raise
    if errors:
        raise errors[0]


def _join_whatever_comes(thread: threading.Thread) -> None:
    """Waits for a call that was told to end: it still uses the caller's arrays."""
    while thread.is_alive():
        try:
            thread.join()
        except BaseException:
            continue


def version() -> str:
    """The library's version."""
    return _library.latticecrf_version().decode()


def text(name: str, *arguments: Any) -> str:
    """The text that a call gives."""
    capacity, length = 1 << 16, c_int64()
    while True:
        buffer = ctypes.create_string_buffer(capacity)
        call(name, *arguments, buffer, capacity, ctypes.byref(length))
        if length.value <= capacity:
            return buffer.value.decode()
        capacity = length.value


def create(kind: str, *arguments: Any) -> int:
    """The number of a new "crf", "plan", "filter" or "learner"."""
    number = c_uint64()
    call(kind + "_create", *arguments, ctypes.byref(number))
    return number.value


def destroy(kind: str, number: int) -> None:
    """Frees an object; a number that is no longer known is not an error here."""
    _FUNCTIONS[kind + "_destroy"](number)


def finalize(owner: Any, kind: str, number: int) -> None:
    """Frees an object together with its owner in Python.

    Not when the program ends: other threads may still use it then, and the memory goes anyway.
    """
    weakref.finalize(owner, destroy, kind, number).atexit = False


def int64s(values: Sequence[int]) -> ctypes.Array:
    """An array of C's int64_t."""
    return (c_int64 * len(values))(*values)


def floats(values: Sequence[float]) -> ctypes.Array:
    """An array of C's float."""
    return (c_float * len(values))(*values)
