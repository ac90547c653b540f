"""What latticecrf_plugin.h declares, for ctypes: its structures, functions and numbers."""
from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_int32, c_int64, c_void_p

from . import _native

ABI_VERSION = 1
NEEDS_IMAGE, NEEDS_MARGINALS, TAKES_PROBABILITIES = 1, 2, 4
EVERYWHERE = -1


class Call(_native._Sized):
    _fields_ = [
        ("size", c_int64), ("error", c_void_p), ("error_capacity", c_int64), ("cancelled", c_void_p),
        ("threads", c_int32), ("reserved", c_int32),
    ]


class Scene(_native._Sized):
    _fields_ = [
        ("size", c_int64), ("points", c_int64), ("extents", c_void_p), ("origin", c_void_p),
        ("image", c_void_p), ("bytes", c_void_p), ("rank", c_int32), ("channels", c_int32),
    ]


class Setting(_native._Sized):
    _fields_ = [
        ("size", c_int64), ("key", c_char_p), ("help", c_char_p), ("fallback", c_char_p),
        ("words", c_char_p), ("minimum", c_double), ("maximum", c_double), ("type", c_int32),
        ("flags", c_int32),
    ]


class Value(_native._Sized):
    _fields_ = [
        ("size", c_int64), ("key", c_char_p), ("text", c_char_p), ("number", c_double),
        ("numbers", c_void_p), ("count", c_int64), ("extents", c_void_p), ("rank", c_int32),
        ("is_given", c_int32),
    ]


class Features(_native._Sized):
    _fields_ = [
        ("size", c_int64), ("points", c_int64), ("features", c_void_p), ("runs", c_void_p),
        ("run_count", c_int64), ("line_length", c_int64), ("dimensions", c_int32),
        ("reserved", c_int32),
    ]


Object = POINTER(c_void_p)
CallPointer, ScenePointer = POINTER(Call), POINTER(Scene)
Make = CFUNCTYPE(c_int32, c_void_p, POINTER(Value), Object, CallPointer)
Release = CFUNCTYPE(None, c_void_p)
Reach = CFUNCTYPE(c_int64, c_void_p, POINTER(Value))
Dimensions = CFUNCTYPE(c_int32, c_void_p, ScenePointer, POINTER(c_int32), CallPointer)
WriteFeatures = CFUNCTYPE(c_int32, c_void_p, ScenePointer, c_void_p, c_int32, CallPointer)
Prepare = CFUNCTYPE(c_int32, c_void_p, POINTER(Features), Object, CallPointer)
Apply = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_int32, c_int64, c_void_p, CallPointer)
SelfWeights = CFUNCTYPE(c_int32, c_void_p, c_void_p, CallPointer)
Refine = CFUNCTYPE(
    c_int32, c_void_p, ScenePointer, c_void_p, c_int32, c_int64, c_void_p, CallPointer)
Clean = CFUNCTYPE(
    c_int32, c_void_p, ScenePointer, c_void_p, c_void_p, c_int32, c_int64, c_void_p, CallPointer)


class Kind(_native._Sized):
    _fields_ = [
        ("size", c_int64), ("name", c_char_p), ("summary", c_char_p), ("example", c_char_p),
        ("settings", POINTER(Setting)), ("context", c_void_p), ("make", Make),
        ("release", Release), ("reach", Reach), ("role", c_int32), ("setting_count", c_int32),
        ("flags", c_int32), ("reserved", c_int32),
    ]


class KernelKind(ctypes.Structure):
    _fields_ = [("kind", Kind), ("dimensions", Dimensions), ("features", WriteFeatures)]


class FilterKind(ctypes.Structure):
    _fields_ = [
        ("kind", Kind), ("prepare", Prepare), ("release_filter", Release), ("apply", Apply),
        ("apply_transposed", Apply), ("self_weights", SelfWeights), ("factors", c_void_p),
        ("blur", c_void_p), ("blur_transposed", c_void_p),
    ]


class RefinementKind(ctypes.Structure):
    _fields_ = [("kind", Kind), ("refine", Refine)]


class LabelFilterKind(ctypes.Structure):
    _fields_ = [("kind", Kind), ("clean", Clean)]


class Table(_native._Sized):
    _fields_ = [
        ("size", c_int64), ("abi_version", c_int32), ("kind_count", c_int32), ("name", c_char_p),
        ("kinds", POINTER(c_void_p)),
    ]


ROLES = {KernelKind: 0, FilterKind: 1, RefinementKind: 4, LabelFilterKind: 5}
