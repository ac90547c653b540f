"""Settings of kinds that are written in Python: what stands for the default of a keyword argument.

    def hue(scene, *, hue=setting.number("σ of shares of colours", above=0, default=0.03)): …

Each function says what the setting holds, what it does in one line, and what holds where it is left out: without
`default` it cannot be left out, with `default=None` the argument is `None` then.
"""
from __future__ import annotations

from typing import Any, NamedTuple, Optional, Sequence

_OPTIONAL, _ABOVE, _BELOW = 1, 2, 4
_TYPES = [
    "number", "bandwidths", "count", "counts", "choice", "file", "array", "flag", "labels",
    "label_counts",
]
_REQUIRED = object()
_INFINITY = float("inf")


class Setting(NamedTuple):
    """One setting; made by the functions below."""

    type: str
    help: str
    fallback: Optional[str]
    is_required: bool
    minimum: float = 0.0
    maximum: float = 0.0
    flags: int = 0
    words: Optional[str] = None

    def structure(self, structure: Any, key: str) -> Any:
        """latticecrf_plugin_setting"""
        optional = _OPTIONAL * (self.fallback is None and not self.is_required)
        return structure(
            key.encode(), self.help.encode(), _encoded(self.fallback), _encoded(self.words),
            self.minimum, self.maximum, _TYPES.index(self.type), self.flags + optional)

    def sample(self) -> str:
        """A value for an example of a setting that cannot be left out."""
        if self.words is not None:
            return self.words.split("|")[0]
        if self.type in ("file", "array"):
            return "FILE"
        if self.type == "flag":
            return "yes"
        if self.type in ("number", "count", "counts", "label_counts") and self.maximum > self.minimum:
            middle = max(self.minimum, min(self.maximum, 1.0))
            if middle == self.minimum and self.flags & _ABOVE:
                middle = min(self.minimum + 1, (self.minimum + self.maximum) / 2)
            return f"{middle:g}"
        return "1"


def _encoded(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else text.encode()


def _setting(type: str, help: str, default: Any, text: Any = str, **more: Any) -> Setting:
    fallback = None if default is _REQUIRED or default is None else text(default)
    return Setting(type, help, fallback, default is _REQUIRED, **more)


def number(
    help: str, *, default: Any = _REQUIRED, minimum: Optional[float] = None,
    maximum: Optional[float] = None, above: Optional[float] = None, below: Optional[float] = None,
) -> Setting:
    """A number, from `minimum` or `above` to `maximum` or `below`."""
    flags = _ABOVE * (above is not None) + _BELOW * (below is not None)
    low = above if above is not None else minimum
    high = below if below is not None else maximum
    return _setting(
        "number", help, default, lambda given: repr(float(given)),
        minimum=-_INFINITY if low is None else float(low),
        maximum=_INFINITY if high is None else float(high), flags=flags)


def bandwidths(help: str, *, default: Any = _REQUIRED) -> Setting:
    """One number above 0, or one for each axis or channel: an array of numbers."""
    return _setting("bandwidths", help, default, lambda given: _joined(given, "x"))


def count(help: str, *, default: Any = _REQUIRED, minimum: int = 0, maximum: Optional[int] = None) -> Setting:
    """A whole number of a range."""
    return _setting("count", help, default, **_range(minimum, maximum))


def counts(help: str, *, default: Any = _REQUIRED, minimum: int = 0, maximum: Optional[int] = None) -> Setting:
    """Whole numbers of a range: a list."""
    return _setting(
        "counts", help, default, lambda given: _joined(given, "x"), **_range(minimum, maximum))


def choice(help: str, words: Sequence[str], *, default: Any = _REQUIRED) -> Setting:
    """One of a few words."""
    return _setting("choice", help, default, words="|".join(words))


def file(help: str, *, default: Any = _REQUIRED) -> Setting:
    """The path of a file, which the kind reads itself."""
    return _setting("file", help, default)


def array(help: str, *, default: Any = _REQUIRED) -> Setting:
    """An array: what `refine` is given by its name in `arrays`, or numbers."""
    return _setting("array", help, default)


def flag(help: str, *, default: Any = _REQUIRED) -> Setting:
    """True or false."""
    return _setting("flag", help, default, lambda given: "yes" if given else "no")


def labels(help: str, *, default: Any = _REQUIRED) -> Setting:
    """Labels: a list."""
    return _setting("labels", help, default, lambda given: _joined(given, "+"))


def label_counts(
    help: str, *, default: Any = _REQUIRED, minimum: int = 0, maximum: Optional[int] = None,
) -> Setting:
    """A whole number, or one for each of some labels: a list of (first label, last label, number)."""
    return _setting("label_counts", help, default, **_range(minimum, maximum))


def _range(minimum: int, maximum: Optional[int]) -> dict:
    return {"minimum": float(minimum), "maximum": _INFINITY if maximum is None else float(maximum)}


def _joined(values: Any, separator: str) -> str:
    items = values if isinstance(values, (list, tuple)) else [values]
    return separator.join(f"{item:g}" if isinstance(item, float) else str(item) for item in items)
