"""Steps against their definitions in float64 (fixtures/post), through Python and the command line.

The library's own tests hold filters to the stored arrays. Here whole steps run, which begin and end with
probabilities: what is expected is the definition's answer for all labels, without what is negative, divided by its
sum. Tolerances are those of the cases, and 2e-6 for the logarithm and softmax on the way, in float32.
"""
import functools
import importlib.util
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import latticecrf

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CASES = SHARED / "fixtures" / "post"
PROGRAM = ROOT / ".build" / "release" / "crf-refine"
CONVERSION = 2e-6
#: Above what energies are clipped at.
LEAST = 1e-4

pytestmark = [
    pytest.mark.skipif(
        not CASES.is_dir(), reason="skipped: ../shared (golden cases) is not beside the project"),
    pytest.mark.skipif(
        importlib.util.find_spec("scipy") is None, reason="skipped: the definitions need SciPy"),
]
needs_program = pytest.mark.skipif(
    not PROGRAM.is_file(), reason="skipped: crf-refine is not built (swift build -c release)")


@functools.lru_cache(None)
def definitions():
    specification = importlib.util.spec_from_file_location(
        "post_reference", SHARED / "tools" / "post_reference.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Run:
    """A run of a case; what it names is read where it is asked for."""

    def __init__(self, folder, case, run):
        self.folder, self.kind = folder, case["kind"]
        self.inputs = {**(case.get("inputs") or {}), **(run.get("inputs") or {})}
        self.parameters, self.expected = run["parameters"], run["expected"]
        self.tolerance = run["tolerance"]
        self.id = "%s/%s" % (folder.name, run["id"])

    def path(self, file):
        return self.folder / file

    def array(self, name):
        return self.read(self.inputs[name])

    def stored(self, name):
        """What is expected, as it is in the file."""
        return self.read(self.expected[name])

    def read(self, file):
        path = self.path(file)
        if path.suffix == ".npy":
            return np.load(path)
        from PIL import Image

        return np.array(Image.open(path))

    def guide(self):
        return self.array({"gray": "gray", "guide4": "guide4"}.get(self.parameters.get("guide"), "image"))

    def guide_in(self, scale):
        """Channels first."""
        guide = self.guide().astype(np.float64) / scale
        return guide[None] if guide.ndim == 2 else guide.transpose(2, 0, 1)

    def scores(self):
        """Probabilities of all labels, whose sums are 1."""
        if self.kind == "random_walker":
            # They say only how many labels there are.
            labels = len(self.parameters["seed_labels"])
            return np.full((labels,) + self.array("seeds").shape, 1 / labels, np.float32)
        name = self.parameters.get("scores", "scores" if "scores" in self.inputs else "scores3")
        path = self.path(self.inputs[name])
        all_labels = path.with_name("scores.npy")
        scores = np.load(all_labels if all_labels.is_file() else path).astype(np.float64)
        scores = scores.reshape((-1,) + scores.shape[-2:])
        if len(scores) == 1:
            scores = np.concatenate([scores, 1 - scores])
        scores = np.maximum(scores, LEAST)
        return (scores / scores.sum(0)).astype(np.float32)

    def limit(self, expected):
        relative = self.tolerance.get("max_abs_relative_to_largest", 0) * np.abs(expected).max()
        return self.tolerance.get("max_abs", relative) + CONVERSION


def runs(*kinds):
    if not CASES.is_dir():
        return []
    found = []
    for item in json.loads((CASES / "index.json").read_text())["cases"]:
        if item["kind"] not in kinds:
            continue
        case = json.loads((CASES / item["id"] / "case.json").read_text())
        found += [Run(CASES / item["id"], case, run) for run in case["runs"]]
    return found


def distribution(values):
    values = np.maximum(values, 0)
    return values / values.sum(0)


def guided(run, scores):
    p = run.parameters
    return ({"radius": p["radius"], "epsilon": p["eps"], "border": p["border"]},
            definitions().guided(run.guide_in(255), scores, p["radius"], p["eps"], p["border"]))


def guided_fast(run, scores):
    p = run.parameters
    return ({"radius": p["radius"], "epsilon": p["eps"], "subsample": p["subsampling"]},
            definitions().fast_guided(run.guide_in(255), scores, p["radius"], p["eps"], p["subsampling"]))


def domain_transform(run, scores):
    p = run.parameters
    reference = {"RF": definitions().dt_recursive, "IC": definitions().dt_interpolated,
                 "NC": lambda *given: definitions().dt_normalized(*given)[0]}[p["mode"]]
    return ({"spatial": p["sigma_spatial"], "color": p["sigma_color"], "iterations": p["iterations"],
             "mode": p["mode"].lower()},
            reference(run.guide_in(1), scores, p["sigma_spatial"], p["sigma_color"], p["iterations"]))


def deeplab(run, scores):
    p = run.parameters
    edges = run.array("edges")
    filtered = definitions().dt_deeplab(
        scores.astype(np.float64), edges.astype(np.float64), p["sigma_spatial"], p["sigma_range"], p["iterations"])
    return ({"spatial": p["sigma_spatial"], "color": p["sigma_range"], "iterations": p["iterations"],
             "edges": edges}, filtered[0] if isinstance(filtered, tuple) else filtered)


def smoother(run, scores):
    p = run.parameters
    return ({"lambda": p["lambda"], "color": p["sigma_color"], "attenuation": p["attenuation"],
             "iterations": p["iterations"], "schedule": p["schedule"]},
            definitions().fgs(run.guide_in(1), scores, p["lambda"], p["sigma_color"], p["attenuation"],
                              p["iterations"], p["schedule"]))


def joint_bilateral(run, scores):
    p = run.parameters
    return ({"spatial": p["sigma_space"], "color": p["sigma_color"], "radius": p["radius"]},
            definitions().joint_bilateral(
                run.guide_in(1), scores, p["radius"], p["sigma_color"], p["sigma_space"]))


def affinity(name):
    def build(run, scores):
        p = run.parameters
        return ({"dilations": p["dilations"], "iterations": p["iterations"]},
                getattr(definitions(), name)(
                    run.guide_in(255), scores.astype(np.float64), p["dilations"], p["iterations"]))
    return build


def bilateral_solver(run, scores):
    p = run.parameters
    confidence = run.array("confidence")
    chroma = {} if p["sigma_chroma"] is None else {"chroma": p["sigma_chroma"]}
    return ({"lambda": p["lambda"], "spatial": p["sigma_spatial"], "luma": p["sigma_luma"], **chroma,
             "confidences": confidence},
            definitions().bilateral_solver(
                run.guide(), scores, confidence, p["sigma_spatial"], p["sigma_luma"], p["sigma_chroma"], p["lambda"],
                p["bistochastic_iterations"])[0])


def random_walker(run, scores):
    seeds = run.array("seeds").astype(int)
    return ({"beta": run.parameters["beta"], "seeds": np.where(seeds == 0, 255, seeds - 1).astype(np.float32)},
            definitions().random_walker(run.guide() / 255, seeds, run.parameters["beta"]))


def superpixels(run, scores):
    segments = run.array("segments")
    floor = run.parameters["floor"]
    table = definitions().pool_log_probabilities(scores.astype(np.float64), segments, floor)
    rows = table if table.shape[-1] == len(scores) else table.T
    return ({"segments": segments.astype(np.float32), "floor": floor},
            np.exp(rows[np.searchsorted(np.unique(segments), segments)]).transpose(2, 0, 1))


REFINEMENTS = {
    "guided": ("guided", guided), "guided_fault": ("guided", guided), "guided_fast": ("guided", guided_fast),
    "domain_transform": ("domain-transform", domain_transform),
    "domain_transform_deeplab": ("domain-transform", deeplab),
    "fast_global_smoother": ("smoother", smoother), "joint_bilateral": ("joint-bilateral", joint_bilateral),
    "pamr": ("pamr", affinity("pamr")), "par": ("par", affinity("par")),
    "bilateral_solver": ("bilateral-solver", bilateral_solver), "random_walker": ("random-walker", random_walker),
    "superpixels": ("superpixels", superpixels),
}


def text(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "+".join("%s:%s" % pair for pair in value.items())
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def step_text(kind, settings, folder):
    """A step as the command line has it; arrays become files."""
    parts = []
    for key, value in settings.items():
        if isinstance(value, np.ndarray):
            np.save(folder / (key + ".npy"), value)
            value = folder / (key + ".npy")
        elif key == "dilations":
            value = "x".join(map(str, value))
        parts.append("%s=%s" % (key, text(value)))
    return kind + ":" + ",".join(parts)


def command(*arguments):
    done = subprocess.run([str(PROGRAM), "--quiet", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("run", runs(*REFINEMENTS), ids=lambda run: run.id)
@needs_program
def test_refinements_are_their_definitions(run, tmp_path):
    kind, build = REFINEMENTS[run.kind]
    scores = run.scores()
    settings, filtered = build(run, scores)
    expected = distribution(filtered)
    has_image = run.kind not in ("superpixels", "domain_transform_deeplab")
    image = run.guide() if has_image else None
    found = latticecrf.refine(
        scores, image, kind="probabilities", plan=[{"kind": kind, **settings}], output="marginals")
    assert np.abs(found - expected).max() <= run.limit(expected)

    np.save(tmp_path / "scores.npy", scores)
    inputs = ["--unary", tmp_path / "scores.npy", "--unary-kind", "probabilities"]
    if has_image:
        np.save(tmp_path / "image.npy", image if image.ndim == 3 else image[..., None])
        inputs += ["--image", tmp_path / "image.npy", "--image-layout", "hwc"]
    command(*inputs, "--step", step_text(kind, settings, tmp_path), "--marginals", tmp_path / "q.npy")
    # The same program twice; an image of bytes may become floats on the way.
    np.testing.assert_allclose(np.load(tmp_path / "q.npy"), found, atol=CONVERSION)


def small(run):
    p = run.parameters
    return {"result": ("components", {"minimum": p["size"], "connectivity": p["connectivity"], "void": p["void"]})}


def largest(run):
    p = run.parameters
    return {"result": ("largest", {"count": p["k"], "connectivity": p["connectivity"], "void": p["void"],
                                   **({"classes": p["classes"]} if p["classes"] else {})})}


def sieve(run):
    p = run.parameters
    return {"result": ("sieve", {"minimum": p["size"], "connectivity": p["connectivity"], "void": 65535})}


def majority(run):
    p = run.parameters
    return {"result": ("majority", {"radius": p["radius"], "void": p["void"]})}


def holes(run):
    p = run.parameters
    # Holes are pieces of the background, joined the other way than areas are.
    settings = {"connectivity": p["background_connectivity"], "classes": p.get("classes", [1])}
    if p.get("max_area"):
        settings["maximum"] = p["max_area"]
    if p.get("open_to_border"):
        settings["open"] = True
    return {"result": ("holes", settings)}


def morphology(run):
    p = run.parameters
    settings = {"radius": p["radius"], "classes": [p["class"]]}
    return {"labels_opened": ("open", {**settings, "void": p["void"]}), "labels_closed": ("close", settings)}


LABEL_FILTERS = {
    "remove_small": small, "keep_largest": largest, "sieve": sieve, "majority": majority, "fill_holes": holes,
    "fill_holes_3d": holes, "morphology": morphology,
}


def cleaned(labels, kind, settings, folder):
    """By Python, after the command line has given the same."""
    found = latticecrf.clean(labels, [{"kind": kind, **settings}])
    np.save(folder / "labels.npy", labels)
    command("--unary", folder / "labels.npy", "--unary-kind", "labels", "--step", step_text(kind, settings, folder),
            "--output", folder / "clean.npy")
    np.testing.assert_array_equal(np.load(folder / "clean.npy"), found)
    return found


@pytest.mark.parametrize(
    "run", [run for run in runs(*LABEL_FILTERS) if run.parameters.get("replace", "void") == "void"],
    ids=lambda run: run.id)
@needs_program
def test_label_filters_are_their_definitions(run, tmp_path):
    for name, (kind, settings) in LABEL_FILTERS[run.kind](run).items():
        labels = run.array("mask" if run.kind == "fill_holes_3d" else "labels")
        expected = run.stored(name)
        if run.parameters.get("mask"):
            # GDAL leaves alone what its mask takes out, as `sieve` does with points without a label.
            out = run.array("mask") == 0
            labels, expected = (np.where(out, settings["void"], a.astype(np.uint16)) for a in (labels, expected))
        np.testing.assert_array_equal(cleaned(labels, kind, settings, tmp_path), expected)


@pytest.mark.parametrize("run", runs("components"), ids=lambda run: run.id)
@needs_program
def test_components_are_as_large_as_in_the_definition(run, tmp_path):
    """No step numbers components; which of them leave at a minimum tells how they are joined."""
    labels = run.array("labels")
    sizes = run.stored("sizes")[run.stored("components")]
    void = run.parameters["void"]
    for minimum in np.unique(np.quantile(np.unique(sizes[labels != void]), [0.25, 0.5, 0.9]).astype(int)) + 1:
        settings = {"minimum": int(minimum), "connectivity": run.parameters["connectivity"], "void": void}
        np.testing.assert_array_equal(
            cleaned(labels, "components", settings, tmp_path), np.where(sizes < minimum, void, labels))


@pytest.mark.parametrize(
    "run", [run for run in runs("remove_small") if run.parameters["replace"] == "best_other"], ids=lambda run: run.id)
@needs_program
def test_small_components_take_the_next_likeliest_label(run, tmp_path):
    """Scores whose likeliest labels are the case's; its pixels without a label are left out.

    Roots keep the order of probabilities, and lift all of them above what energies are clipped at.
    """
    labels = run.array("labels")
    counts = labels != 255
    scores = run.array("scores").astype(np.float64) ** 0.1
    scores[np.where(counts, labels, 0), *np.indices(labels.shape)] += 2
    scores = (scores / scores.sum(0)).astype(np.float32)
    p = run.parameters
    settings = {"minimum": p["size"], "connectivity": p["connectivity"], "replace": "likeliest"}
    found = latticecrf.refine(
        scores, kind="probabilities", plan=[{"kind": "components", **settings}], output="labels", mask=counts)
    np.testing.assert_array_equal(found[counts], run.stored("result")[counts])
    np.save(tmp_path / "scores.npy", scores)
    np.save(tmp_path / "mask.npy", counts)
    command("--unary", tmp_path / "scores.npy", "--unary-kind", "probabilities", "--mask", tmp_path / "mask.npy",
            "--step", step_text("components", settings, tmp_path), "--output", tmp_path / "clean.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "clean.npy")[counts], run.stored("result")[counts])


@pytest.mark.parametrize("run", [run for run in runs("band") if "width" in run.parameters], ids=lambda run: run.id)
@needs_program
def test_a_band_is_its_definition(run, tmp_path):
    scores = run.scores()
    softer = scores.astype(np.float64) ** 0.5
    expected = definitions().band_limited(
        scores, softer / softer.sum(0), scores.argmax(0), run.parameters["width"])
    expected = expected[0] if isinstance(expected, tuple) else expected
    width = run.parameters["width"]
    found = latticecrf.refine(
        scores, kind="probabilities", plan=[{"kind": "band", "width": width, "of": "temperature:value=2"}],
        output="marginals")
    assert np.abs(found - expected).max() <= CONVERSION
    np.save(tmp_path / "scores.npy", scores)
    command("--unary", tmp_path / "scores.npy", "--unary-kind", "probabilities",
            "--step", "band:width=%s,of=temperature:value=2" % width, "--marginals", tmp_path / "q.npy")
    np.testing.assert_allclose(np.load(tmp_path / "q.npy"), found, atol=CONVERSION)


@pytest.mark.parametrize("run", runs("merge_scores"), ids=lambda run: run.id)
@needs_program
def test_merged_scores_are_their_definition(run, tmp_path):
    p = run.parameters
    maps = run.array("maps")
    maps = np.maximum(maps, LEAST)
    maps = (maps / maps.sum(1, keepdims=True)).astype(np.float32)
    expected = distribution(definitions().merge_scores(maps, p["rule"], p["weights"], p["floor"]))
    rule = {"gmean": "geometric"}.get(p["rule"], p["rule"])
    inputs = ["--unary-kind", "probabilities", "--merge", rule]
    for index, scores in enumerate(maps):
        np.save(tmp_path / ("%d.npy" % index), scores)
        inputs += ["--unary", tmp_path / ("%d.npy" % index)]
    if p["weights"]:
        inputs += ["--merge-weights", ",".join(map(str, p["weights"]))]
    command(*inputs, "--step", "temperature:value=1", "--marginals", tmp_path / "q.npy")
    assert np.abs(np.load(tmp_path / "q.npy") - expected).max() <= run.limit(expected)
