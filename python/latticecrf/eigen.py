"""What `pydensecrf.eigen` has: matrices that inference returns."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import _arrays


class _Eigen(np.ndarray):
    """An array of float32 that numpy's functions turn into plain arrays."""

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        return super().__array_function__(
            function, (np.ndarray,), _plain(arguments), _plain(options)
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        result = getattr(ufunc, method)(*_plain(inputs), **_plain(options))
        # What was written in place stays what it was: Q += … is a matrix still.
        out = options.get("out")
        return out[0] if out is not None and len(out) == 1 else result


def _plain(value: Any) -> Any:
    if isinstance(value, _Eigen):
        return value.view(np.ndarray)
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


class MatrixXf(_Eigen):
    """A float32 matrix, its columns contiguous as in Eigen; a numpy array as well.

    `np.array(Q)`, `np.asarray(Q)`, `memoryview(Q)` and `Q.shape` work, without copies but for the first.
    """

    def __new__(cls, rows: int = 0, columns: int = 0) -> MatrixXf:
        return super().__new__(cls, (rows, columns), np.float32, order="F")


class VectorXf(_Eigen):
    """A float32 vector; a numpy array as well."""

    def __new__(cls, size: int = 0) -> VectorXf:
        return super().__new__(cls, (size,), np.float32)


def matrixXf(array: Any) -> MatrixXf:
    """A copy of a two-dimensional array as a matrix."""
    values = _arrays.to_float32(array, "the matrix")
    if values.ndim != 2:
        raise ValueError(f"a matrix has 2 axes, but shape {values.shape} is given")
    return np.array(values, np.float32, order="F").view(MatrixXf)


def vectorXf(array: Any) -> VectorXf:
    """A copy of a one-dimensional array as a vector."""
    values = _arrays.to_float32(array, "the vector")
    if values.ndim != 1:
        raise ValueError(f"a vector has 1 axis, but shape {values.shape} is given")
    return np.array(values, np.float32).view(VectorXf)
