"""`refine`: scores and an image in, better scores out."""
from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _arrays, _kinds, _masks, _outputs, _pictures, _plans, _ranges, _readings, _scores
from ._plans import Model, Plan

_OUTPUTS = {"marginals": 0, "labels": 1}

_MOST_ITERATIONS = 100_000

Sigma = Union[float, Sequence[float]]


def refine(
    scores: Any,
    image: Any = None,
    preset: Union[str, Model, None] = None,
    *,
    plan: Union[Plan, Model, str, Mapping, Sequence, None] = None,
    arrays: Optional[Mapping[str, Any]] = None,
    kind: str = "logits",
    layout: Optional[str] = None,
    image_layout: Optional[str] = None,
    image_range: Optional[Tuple[float, float]] = None,
    mean: Union[float, Sequence[float], None] = None,
    std: Union[float, Sequence[float], None] = None,
    orientation: Optional[str] = None,
    normalize: bool = False,
    labels: Optional[int] = None,
    confidence: float = 0.7,
    mask: Any = None,
    origin: Optional[Sequence[int]] = None,
    ignore: Union[int, Sequence[int], None] = None,
    iterations: Optional[int] = None,
    position: Union[Tuple[float, Sigma], bool, None] = None,
    bilateral: Union[Tuple[float, Sigma, Sigma], bool, None] = None,
    normalization: Optional[str] = None,
    method: Optional[str] = None,
    self_term: Optional[str] = None,
    tolerance: Optional[float] = None,
    solver: Optional[str] = None,
    minimum_probability: float = 1e-5,
    output: str = "marginals",
    output_type: str = "numpy",
    batch: bool = False,
    report: bool = False,
    threads: int = 0,
) -> Any:
    """Refines the scores of a segmentation: with a dense CRF, or by the steps of a plan.

    Arrays may be numpy's, PyTorch's (on any device), or anything with `__array__` or `__dlpack__`; of
    any type of real numbers and with any strides. They are not changed. Other Python threads run
    meanwhile.

    Args:
        scores: (L, H, W) or (H, W, L) for an image, (L, D, H, W) or (D, H, W, L) for a volume, (L, N)
            for a line; (H, W) or (1, H, W) for the foreground of two labels. May be coarser than the
            image, at the same proportions: they are then upsampled. A logit of -inf, or an energy of
            inf, is a label that cannot be.
        image: (H, W), (H, W, C) or (C, H, W), with as many axes more as the grid has, or a picture of
            Pillow's, which counts as what it shows, without its alpha; `None` for a kernel of positions
            alone.
        preset: a name of `Model.presets()`, or a `Model`; "deeplab-v2-pytorch" unless given.
        plan: all that is to be done, in place of `preset` and of what changes it: a `Plan`, or what
            one can be made of: `["crf:model=deeplab-vgg", "majority"]`. Label filters count for
            output="labels".
        arrays: by name, what the plan or model names: `{"depth": depth}` for a kernel
            `{"kind": "features", "file": "depth"}`; (d, H, W) or (H, W, d).
        kind: what scores are: "logits" (before the softmax or sigmoid), "probabilities", "energies"
            (−log P), or "labels": a map (H, W) of whole numbers.
        layout: "LHW" (labels first), "HWL" (labels last) or "HW" (one channel, no axis of labels), where
            shapes leave it open.
        image_layout: "HWC" (channels last) or "CHW" (channels first), where shapes leave it open.
        image_range: (low, high) of an image that is not in 0…255: they become 0 and 255, and what lies
            beyond is clipped.
        mean, std: of a normalised image (x − mean) / std, one number or one for each channel, to undo
            it. Where none of them exceeds 1, x was in 0…1 and is multiplied by 255.
        orientation: whether the EXIF orientation of Pillow's pictures is to be "apply" or "ignore";
            needed where the scores' proportions do not tell.
        normalize: whether probabilities are only proportional to what they say, as 8-bit score maps and
            activation maps are: negative ones become 0, and those of a point are divided by their sum.
            Whole numbers for a single channel are divided by their type's largest.
        labels: how many there are, for a map of labels.
        confidence: how probable it is that a map's label is right.
        mask: True, or another number than 0, where points count, on the image's grid. The others are left
            out as if they did not exist, whatever scores and image hold there, NaN for example; they get
            the marginals NaN and the label 255 (65535 where 255 is a label). For a batch one for each
            scene, or `None`.
        origin: where the grid lies in a larger scene of which it is a tile, a whole number for each
            axis: lattices then have their vertices where those of the whole have them.
        ignore: the number, or numbers, of a map that mark points without a label.
        iterations: mean field updates, in place of the preset's. So are all numbers from here to
            `solver`.
        position: (weight, sigma) of the kernel of positions, in pixels; `False` for none.
        bilateral: (weight, spatial sigma, color sigma) of the kernel of positions and colours, the last
            in the image's units; `False` for none.
        normalization: "symmetric", "before", "after" or "none".
        method: "permutohedral" (pydensecrf's lattice), "accurate", "exact", "grid" or "window".
        self_term: whether a point counts among its own neighbours: "included" as in pydensecrf,
            "excluded" as in the papers, "excluded_before_normalization".
        tolerance: stops once no marginal changes by more than this; other solvers than "parallel" once the
            gap of a point is below it, on average.
        solver: how mean field is solved: "parallel", "safe", "damped", "convergent", "frank-wolfe" or
            "concave", with settings behind a colon: "damped:step=0.5".
        minimum_probability: smaller probabilities are raised to it first.
        output: "marginals", or "labels" for the most likely ones.
        output_type: "numpy", or "same" for tensors where scores are tensors: on their device, and
            marginals of their type where that is a floating one.
        batch: whether the first axis of both arrays (or lists) counts scenes. Their sizes may differ.
        report: whether to return a pair, of the result and of what the steps say of themselves: a
            dictionary of updates, times and the like; a list of them for a batch.
        threads: 0 for one per processor. Results do not depend on it.

    Returns:
        Marginals, float32, on the image's grid, their labels where those of the scores are; or labels,
        uint8 (uint16 where one may be above 255), of the grid's shape. For a single channel both are of the
        grid's shape: the foreground's marginals, or 0 and 1. For a batch they are stacked, or a list
        where sizes differ.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong.
        MemoryError: where the scene does not fit into memory.
    """
    options = _checked_options(
        preset, plan=plan, arrays=arrays, kind=kind, layout=layout, image_layout=image_layout,
        image_range=image_range, mean=mean, std=std, orientation=orientation, normalize=normalize,
        labels=labels, confidence=confidence, ignore=ignore, iterations=iterations,
        position=position, bilateral=bilateral, normalization=normalization, method=method,
        self_term=self_term, tolerance=tolerance, minimum_probability=minimum_probability,
        output=output, output_type=output_type, report=report, threads=threads, origin=origin,
        solver=solver,
    )
    if batch:
        if origin is not None:
            raise ValueError("origin= is one scene's: leave it out of a batch")
        return _refine_batch(scores, image, mask, options)
    result, said = _refined(_read(scores, image, mask, options), options)
    if options.gives_same:
        result = _outputs.like(result, scores)
    return (result, said) if report else result


def _checked_options(
    preset: Any = None, *, plan: Any = None, arrays: Any = None, kind: Any = "logits",
    layout: Any = None, image_layout: Any = None, image_range: Any = None, mean: Any = None,
    std: Any = None, orientation: Any = None, normalize: Any = False, labels: Any = None,
    confidence: Any = 0.7, ignore: Any = None, iterations: Any = None, position: Any = None,
    bilateral: Any = None, normalization: Any = None, method: Any = None, self_term: Any = None,
    tolerance: Any = None, minimum_probability: Any = 1e-5, output: Any = "marginals",
    output_type: Any = "numpy", report: Any = False, threads: Any = 0, origin: Any = None,
    solver: Any = None,
) -> _Options:
    """What `refine` is given beside its arrays."""
    if plan is not None:
        _refuse_beside_plan(preset, iterations, position, bilateral, normalization, method,
                            self_term, tolerance, solver)
        plan = Plan(plan)
    least = _arrays.number(minimum_probability, "minimum_probability")
    if not 0 < least < 1:
        raise ValueError(f"minimum_probability is {least:g}, but must be above 0 and below 1")
    options = _Options(
        _checked(kind), layout, image_layout, image_range, mean, std, orientation, normalize,
        labels, confidence, ignore, plan,
        _Changes(
            preset, iterations, position, bilateral, normalization, method, self_term, tolerance,
            solver,
        ),
        arrays, origin, least,
        _arrays.choice(output, "output", _OUTPUTS) == 1,
        _arrays.choice(output_type, "output_type", _outputs.TYPES), bool(report),
        _arrays.integer(threads, "threads", 0),
    )
    if normalize and kind != "probabilities":
        raise ValueError(f"normalize goes with kind='probabilities', but kind is {kind!r}")
    return options


def _refuse_beside_plan(*given: Any) -> None:
    names = ("preset", "iterations", "position", "bilateral", "normalization", "method",
             "self_term", "tolerance", "solver")
    for name, value in zip(names, given):
        if value is not None:
            raise ValueError(f"plan= says all that is done: leave {name}= out, or put it in the plan")


def _checked(kind: Any) -> str:
    # A map of labels is nothing that the library knows of.
    if kind != "labels":
        _arrays.choice(kind, "kind", {**_kinds.SCORE_KINDS, "labels": -1})
    return kind


class _Changes(NamedTuple):
    """A preset, and what a caller wants otherwise; not checked yet."""

    preset: Any
    iterations: Any
    position: Any
    bilateral: Any
    normalization: Any
    method: Any
    self_term: Any
    tolerance: Any
    solver: Any


class _Options(NamedTuple):
    """What is alike for the scenes of a batch; words checked, numbers in part."""

    kind: str
    layout: Optional[str]
    image_layout: Optional[str]
    image_range: Any
    mean: Any
    std: Any
    orientation: Optional[str]
    normalize: bool
    labels: Any
    confidence: Any
    ignore: Any
    plan: Optional[Plan]
    changes: _Changes
    arrays: Optional[Mapping[str, Any]]
    origin: Optional[Sequence[int]]
    minimum_probability: float
    gives_labels: bool
    gives_same: bool
    gives_report: bool
    threads: int
    #: The bandwidth of time where the first axis of scenes is that; else `None`.
    time: Optional[float] = None


class _Scene(NamedTuple):
    """Scores and image whose sizes fit; their numbers are not looked at yet."""

    scores: np.ndarray
    #: (…grid, channels), or `None`.
    image: Optional[np.ndarray]
    #: bool on the grid, or `None`.
    mask: Optional[np.ndarray]
    reading: _readings.Reading
    #: (…grid, rank): how far points are moved, or `None`.
    displacements: Optional[np.ndarray] = None


def options_of_plan(
    plan: Plan, *, kind: str, layout: Optional[str], image_layout: Optional[str],
    origin: Optional[Sequence[int]], gives_labels: bool, threads: int, image_range: Any = None,
    mean: Any = None, std: Any = None, normalize: bool = False, labels: Any = None,
    confidence: Any = 0.7, ignore: Any = None, minimum_probability: float = 1e-5,
) -> _Options:
    """The options of one scene of many that a plan is made over."""
    return _Options(
        _checked(kind), layout, image_layout, image_range, mean, std, None, normalize, labels,
        confidence, ignore, plan, _Changes(*[None] * len(_Changes._fields)), None, origin,
        minimum_probability, gives_labels, False, False, threads,
    )


def scene(
    scores: np.ndarray, image: Optional[np.ndarray], mask: Optional[np.ndarray],
    reading: _readings.Reading,
) -> _Scene:
    """Arrays of which it is known how they are to be read, and that they fit."""
    if image is not None and reading.image_layout is None:
        image = image[..., np.newaxis]
    elif image is not None and reading.image_layout == "CHW":
        image = np.moveaxis(image, 0, -1)
    return _Scene(scores, image, _masks.read(mask, reading), reading)


def _read(scores: Any, image: Any, mask: Any, options: _Options) -> _Scene:
    values = _arrays.to_numpy(scores, "scores")
    layout = "HW" if options.kind == "labels" else options.layout
    if image is None:
        reading = _readings.read(values.shape, None, layout, options.image_layout)
        return _Scene(values, None, _masks.read(mask, reading), reading)
    picture = _pictures.read(image)
    image_layout = (
        options.image_layout if picture.layout is None else picture.layout or None
    )
    pixels = _pictures.oriented(
        picture, options.orientation,
        lambda shape: _readings.fits(values.shape, shape, layout, image_layout),
    )
    reading = _readings.read(values.shape, pixels.shape, layout, image_layout)
    return scene(values.reshape(reading.scores), pixels.reshape(reading.image), mask, reading)


def _refined(scene: _Scene, options: _Options) -> Tuple[np.ndarray, Any]:
    """The result, and its report."""
    outcome = run(scene, options, gives_marginals=not options.gives_labels)
    if options.gives_labels:
        return outcome.labels, outcome.report
    if scene.reading.labels == 1 and options.kind != "labels":
        return outcome.marginals[1].copy(), outcome.report
    return outcome.marginals, outcome.report


def run(scene: _Scene, options: _Options, gives_marginals: bool) -> _plans.Outcome:
    """What comes of a scene, labels in their type. A single channel's marginals are those of two labels."""
    reading, values, kind = scene.reading, scene.scores, options.kind
    last = reading.layout == "HWL"
    if scene.mask is not None:
        values = _masks.filled(values, scene.mask, reading, kind, options.normalize)
    if kind == "labels":
        values, labels = _scores.of_labels(values, options.labels, options.confidence, options.ignore)
        if options.layout == "HWL":
            values, last = np.moveaxis(values, 0, -1), True
        kind = "energies"
    elif reading.labels == 1:
        channel = values.reshape(reading.score_extents)
        values, labels, last = _scores.two_labels(channel, kind, options.normalize), 2, False
    else:
        labels = reading.labels
        if options.normalize:
            values = _scores.normalized(values, -1 if last else 0)
        values = _arrays.to_float32(values, "scores")
        if kind == "logits":
            _scores.warn_of_probabilities(values, last)
    outcome = _outcome(scene, values, labels, kind, last, options, gives_marginals)
    found = outcome.labels
    # A label filter may give numbers that are no label of the scores.
    if found is not None and labels <= 256 and (found.size == 0 or found.max() <= 255):
        return outcome._replace(labels=found.astype(np.uint8))
    return outcome


def _outcome(
    scene: _Scene, values: np.ndarray, labels: int, kind: str, last: bool, options: _Options,
    gives_marginals: bool,
) -> _plans.Outcome:
    reading = scene.reading
    handle = _handle(options, reading, labels, scene.image is not None)
    image = scene.image if handle.sees_image or options.plan is not None else None
    if image is not None and scene.mask is not None:
        image = _masks.filled_image(image, scene.mask)
    if image is not None:
        image = _pictures.to_colors(image, options.image_range, options.mean, options.std)
        seen = image if scene.mask is None else image[scene.mask]
        for sigma, is_preset in handle.colors:
            _ranges.check(seen, sigma, is_preset)
        if image.dtype != np.uint8:
            image = _arrays.to_float32(image, "the image")

    def made(scores: np.ndarray) -> _plans.Outcome:
        return handle.run(
            scores, reading.score_extents, reading.extents, labels, _kinds.SCORE_KINDS[kind],
            _kinds.CHANNELS_LAST if last else _kinds.CHANNELS_FIRST, options.minimum_probability,
            image, scene.mask, _origin(options.origin, reading.extents), options.threads,
            gives_marginals, options.gives_labels, options.gives_report, scene.displacements,
        )

    try:
        return made(values)
    except ValueError as error:
        if kind != "probabilities":
            raise
        better = _scores.mended(values, -1 if last else 0)
        if better is None:
            if values.ndim > 2:
                raise
            raise ValueError(f"{error}; for one channel of an image, layout='HW'") from None
        return made(better)


def _origin(given: Optional[Sequence[int]], extents: Sequence[int]) -> Optional[List[int]]:
    if given is None:
        return None
    corner = [_arrays.integer(place, "origin", -(2**31) + 1, 2**31 - 1) for place in given]
    if len(corner) != len(extents):
        raise ValueError(f"origin is {tuple(corner)}, but the grid has {len(extents)} axes")
    return corner


def _handle(
    options: _Options, reading: _readings.Reading, labels: int, has_image: bool
) -> _plans.Handle:
    """The plan as the library has it, made once for calls that are alike."""
    handle = _handle_of_scene(options, reading, labels, has_image)
    return handle if options.time is None else handle.over_frames(options.time)


def _handle_of_scene(
    options: _Options, reading: _readings.Reading, labels: int, has_image: bool
) -> _plans.Handle:
    if options.plan is not None:
        if not options.arrays:
            return options.plan._handle
        handle = _plans.Handle(options.plan.to_json())
    else:
        changes = options.changes
        # Numbers that Python takes for equal words: 0 is not the False of "no such kernel".
        kept = tuple(
            None if value is True else "none" if value is False else value
            for value in (changes.position, changes.bilateral)
        )
        changes = changes._replace(position=kept[0], bilateral=kept[1])
        axes = len(reading.extents) - (options.time is not None)
        place = (changes, axes, reading.channels, labels, has_image)
        try:
            handle = _cached(*place) if not options.arrays else _changed(*place)
        except TypeError:  # Lists and arrays cannot be keys.
            handle = _changed(*place)
    if options.arrays:
        for name, array in options.arrays.items():
            handle.set_array(name, array)
    return handle


@lru_cache(maxsize=64)
def _cached(*place: Any) -> _plans.Handle:
    return _changed(*place)


def _changed(
    changes: _Changes, axes: int, channels: int, labels: int, has_image: bool
) -> _plans.Handle:
    """A preset with a caller's changes."""
    preset = changes.preset
    model = Model(_kinds.everything()["default_preset"] if preset is None else preset).to_dict()
    terms = model["terms"]
    if not has_image:
        terms[:] = [t for t in terms if t["kernel"]["kind"] not in _kinds.kernels_of_images()]
    form = "(weight, sigma)"
    _replace(terms, "gaussian", changes.position, "position", form, {"spatial": axes}, labels)
    if has_image:
        form = "(weight, spatial sigma, color sigma)"
        sizes = {"spatial": axes, "color": channels}
        _replace(terms, "bilateral", changes.bilateral, "bilateral", form, sizes, labels)
    for term in terms:
        if changes.normalization is not None:
            term["normalization"] = _kinds.word(
                changes.normalization, "normalization", _kinds.NORMALIZATIONS)
        if changes.self_term is not None:
            term["self"] = _kinds.word(changes.self_term, "self_term", _kinds.SELF_TERMS)
    if changes.method is not None:
        model["filter"] = {"kind": _kinds.word(changes.method, "method", _kinds.FILTERS)}
    if changes.iterations is not None:
        model["iterations"] = _arrays.integer(
            changes.iterations, "the number of iterations", 0, _MOST_ITERATIONS)
    if changes.tolerance is not None:
        model["tolerance"] = _arrays.number(changes.tolerance, "tolerance")
        if not 0 <= model["tolerance"] < float("inf"):
            raise ValueError(f"tolerance is {model['tolerance']:g}, but must be 0 or more")
    if changes.solver is not None:
        model["solver"] = _kinds.solver(changes.solver)
    return _plans.Handle(_plans._text(model))


#: Words of a kernel's settings, in the order in which `refine` takes them.
_SAID = {"spatial": {"gaussian": "position sigma", "bilateral": "spatial sigma"},
         "color": {"bilateral": "color sigma"}}


def _replace(
    terms: List[Dict[str, Any]], kind: str, given: Any, name: str, form: str,
    sizes: Dict[str, int], labels: int,
) -> None:
    """Puts a caller's kernel in the place of a model's of that kind, or behind the others."""
    if given is None:
        return
    places = [index for index, term in enumerate(terms) if term["kernel"]["kind"] == kind]
    if isinstance(given, str) and given == "none":
        terms[:] = [term for index, term in enumerate(terms) if index not in places]
        return
    if not isinstance(given, (tuple, list)) or len(given) != 1 + len(sizes):
        raise ValueError(f"{name} is {given!r}, but must be {form}, or False for no such kernel")
    kernel: Dict[str, Any] = {"kind": kind}
    for sigma, (key, count) in zip(given[1:], sizes.items()):
        what = "channels" if key == "color" else "axes"
        values = list(_arrays.bandwidths(sigma, _SAID[key][kind], count, what))
        kernel[key] = values[0] if len(values) == 1 else values
    term = {**(terms[places[0]] if places else {}), "kernel": kernel,
            "compatibility": _compatibility(given[0], labels)}
    if places:
        terms[places[0]] = term
    else:
        terms.append(term)


def _compatibility(weight: Any, labels: int) -> Dict[str, Any]:
    """Potts' weight, or what is added to the energies: a number per label, or per pair of labels."""
    values = _arrays.to_float32(weight, "the compatibility")
    if not np.isfinite(values).all():
        raise ValueError(f"the compatibility is {_arrays.shown(weight)}, but must be finite")
    if values.ndim == 0:
        return {"kind": "potts", "weight": float(weight)}
    if values.shape == (labels,):
        return {"kind": "diagonal", "costs": values.tolist()}
    if values.shape == (labels, labels):
        return {"kind": "matrix", "costs": values.tolist()}
    raise ValueError(
        f"the compatibility has shape {values.shape}, but for {labels} labels it must be a number, "
        f"({labels},) or ({labels}, {labels})"
    )


def _refine_batch(scores: Any, image: Any, mask: Any, options: _Options) -> Any:
    """Scene by scene, once all are known to fit."""
    all_scores = scores if hasattr(scores, "__len__") else list(scores)
    images = image if image is None or hasattr(image, "__len__") else list(image)
    if images is not None and len(all_scores) != len(images):
        raise ValueError(f"there are {len(all_scores)} scores, but {len(images)} images")
    masks = mask if mask is None or hasattr(mask, "__len__") else list(mask)
    if masks is not None and len(all_scores) != len(masks):
        raise ValueError(f"there are {len(all_scores)} scores, but {len(masks)} masks")
    if len(all_scores) == 0:
        raise ValueError("the batch is empty")
    scenes: List[_Scene] = []
    for index in range(len(all_scores)):
        with _naming(index):
            one = None if images is None else images[index]
            counted = None if masks is None else masks[index]
            scenes.append(_read(all_scores[index], one, counted, options))
    results, reports = [], []
    for index, scene in enumerate(scenes):
        with _naming(index):
            result, report = _refined(scene, options)
        results.append(result)
        reports.append(report)
    together = _together(results, all_scores, options)
    return (together, reports) if options.gives_report else together


def _together(results: List[np.ndarray], scores: Any, options: _Options) -> Any:
    """The results of a batch: stacked, or a list where sizes differ."""
    if len({result.shape for result in results}) > 1:
        if not options.gives_same:
            return results
        return [_outputs.like(one, scores[index]) for index, one in enumerate(results)]
    stacked = np.stack(results)
    if not options.gives_same:
        return stacked
    return _outputs.like(stacked, scores if hasattr(scores, "dtype") else scores[0])


class _naming:
    """Says which scene of a batch an error is about."""

    def __init__(self, index: int) -> None:
        self.index = index

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, (TypeError, ValueError)):
            raise type(error)(f"scene {self.index} of the batch: {error}") from None
