"""Pieces of one's own in Python and in shared libraries: known by their names, right, and safe when wrong."""
import os
import shutil
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import latticecrf
from latticecrf import setting

GRID = (6, 8)
RNG = np.random.default_rng(5)
IMAGE = RNG.integers(0, 256, (*GRID, 3), np.uint8)
SCORES = RNG.normal(size=(3, *GRID)).astype(np.float32)


def model(kernel, weight=3.0, **more):
    term = {"kernel": kernel, "compatibility": {"kind": "potts", "weight": weight}}
    return {"terms": [term], "iterations": 3, **more}


@latticecrf.kernel("py-bilateral", needs_image=True)
def bilateral(
    scene, *, spatial=setting.bandwidths("σ of positions"),
    color=setting.number("σ of colours", above=0, default=20.0),
):
    """Positions and colours."""
    y, x = np.indices(scene.grid, np.float32)
    positions = np.stack([x + scene.origin[1], y + scene.origin[0]], -1) / spatial[0]
    assert scene.bytes is not None and (scene.bytes == scene.image).all()
    assert not scene.image.flags.writeable
    return np.concatenate([positions, scene.image / color], -1)


@latticecrf.filter("py-pairs")
def pairs(features, values):
    """Every pair of points."""
    distances = ((features[:, None] - features[None]) ** 2).sum(-1)
    return np.exp(-0.5 * distances) @ values


@latticecrf.filter("py-lopsided", "every pair of points, with weights of one's own")
class Lopsided:
    def __init__(self, features, *, gain=setting.number("what sums are multiplied with", default=2)):
        self.kernel = gain * np.exp(-0.5 * ((features[:, None] - features[None]) ** 2).sum(-1))

    def apply(self, values):
        return self.kernel @ values

    def apply_transposed(self, values):
        return self.kernel.T @ values

    def self_weights(self):
        return np.diag(self.kernel)


@latticecrf.refinement("py-sharpen", "probabilities raised to a power", reach=0)
def sharpen(probabilities, scene, *, power=setting.number("the power", above=0, maximum=9, default=2)):
    raised = probabilities**power
    return raised / raised.sum(-1, keepdims=True)


@latticecrf.refinement("py-energies", "what the softmax of energies is", takes="energies")
def softmax(energies, scene):
    found = np.exp(energies.min(-1, keepdims=True) - energies)
    return (found / found.sum(-1, keepdims=True)).reshape(-1, found.shape[-1])


@latticecrf.label_filter("py-unsure", "unlikely labels become void", needs_marginals=True, reach=0)
class Unsure:
    def __init__(self, *, least=setting.number("the least", minimum=0, maximum=1, default=0.5)):
        self.least = least

    def clean(self, labels, marginals, scene):
        return np.where(marginals.max(-1) < self.least, 255, labels)


@latticecrf.label_filter("py-add", "labels and a number", reach=0)
def add(labels, scene, *, number=setting.count("the number", default=1)):
    return labels + np.uint16(number)


def test_kernel_and_filter_are_those_that_they_repeat():
    own = latticecrf.refine(
        SCORES, IMAGE, model({"kind": "py-bilateral", "spatial": 4}, filter={"kind": "py-pairs"}))
    built_in = latticecrf.refine(
        SCORES, IMAGE,
        model({"kind": "bilateral", "spatial": 4, "color": 20},
              filter={"kind": "exact", "threshold": 0}))
    # Sums of 48 products in float32, three times.
    np.testing.assert_allclose(own, built_in, atol=1e-5)
    plain = latticecrf.refine(SCORES, IMAGE, model({"kind": "py-bilateral", "spatial": 4}, 0.0))
    assert np.abs(own - plain).max() > 0.05


@pytest.mark.parametrize("self_term", ["included", "excluded"])
def test_a_filter_of_a_class_has_its_own_weights(self_term):
    # Normalised, a gain does not matter, with or without the points' own weights.
    def refined(filter):
        return latticecrf.refine(
            SCORES, IMAGE,
            {"terms": [{"kernel": {"kind": "gaussian", "spatial": 2},
                        "compatibility": {"kind": "potts", "weight": 3}, "self": self_term}],
             "iterations": 3, "filter": filter})

    np.testing.assert_allclose(
        refined({"kind": "py-lopsided", "gain": 7}), refined({"kind": "exact", "threshold": 0}),
        atol=1e-5)


def test_steps():
    expected = np.exp(SCORES.astype(np.float64))
    expected /= expected.sum(0)
    np.testing.assert_allclose(
        latticecrf.refine(SCORES, plan="py-energies"), expected, atol=1e-5)
    power = expected**3 / (expected**3).sum(0)
    np.testing.assert_allclose(
        latticecrf.refine(SCORES, plan="py-sharpen:power=3"), power, atol=1e-5)
    labels = latticecrf.refine(
        SCORES, plan=["py-sharpen:power=3", "py-add", "py-unsure:least=0.7"], output="labels")
    likeliest = np.where(power.max(0) < 0.7, 255, power.argmax(0) + 1)
    np.testing.assert_array_equal(labels, likeliest)
    assert (labels == 255).any() and (labels < 4).any()
    # Numbers that no label of the scores has are not wrapped to 8 bits.
    np.testing.assert_array_equal(
        latticecrf.refine(SCORES, plan="py-add:number=300", output="labels"),
        expected.argmax(0) + 300)


def test_steps_are_functions_of_filters_and_stand_in_kinds():
    labels = np.arange(48, dtype=np.uint16).reshape(GRID)
    np.testing.assert_array_equal(latticecrf.filters.py_add(labels, number=5), labels + 5)
    assert "the number" in latticecrf.filters.py_add.__doc__
    kinds = latticecrf.kinds()
    kernel = next(kind for kind in kinds["kernels"] if kind["name"] == "py-bilateral")
    assert kernel["needs_image"] and kernel["summary"] == "Positions and colours"
    assert kernel["settings"][1]["exclusiveMinimum"] == 0
    assert latticecrf.Plan("py-sharpen").steps == [{"kind": "py-sharpen"}]


def test_exceptions_come_back_as_themselves_with_the_step_named():
    class Mine(Exception):
        pass

    raised = Mine("no hue today")

    @latticecrf.kernel("py-raising", "nothing")
    def kernel(scene):
        raise raised

    with pytest.raises(Mine) as caught:
        latticecrf.refine(SCORES, IMAGE, model({"kind": "py-raising"}))
    assert caught.value is raised
    note = "\n".join(caught.value.__notes__)
    assert "the term py-raising:" in note and "kernel 'py-raising' of the plug-in 'python'" in note
    assert "Mine: no hue today" in note
    assert any(entry.name == "kernel" for entry in caught.traceback)


@pytest.mark.parametrize("result, message", [
    (lambda grid: np.full((*grid, 1), np.nan), "gives feature 0 of point 0 the value nan"),
    (lambda grid: np.zeros((3, 2)), r"features have the shape \(3, 2\), but must have"),
    (lambda grid: np.zeros((*grid, 300)), "gives a point 300 features"),
    (lambda grid: "features", "features"),
])
def test_wrong_features_are_refused(result, message):
    @latticecrf.kernel("py-wrong", "wrong features")
    def kernel(scene):
        return result(scene.grid)

    with pytest.raises((ValueError, TypeError), match=message):
        latticecrf.refine(SCORES, IMAGE, model({"kind": "py-wrong"}))


def test_wrong_results_of_all_else_are_refused():
    @latticecrf.filter("py-nan", "sums that are NaN")
    def sums(features, values):
        return np.full(values.shape, np.nan)

    with pytest.raises(ValueError, match="the filter 'py-nan' of the plug-in 'python' gives channel 0"):
        latticecrf.refine(
            SCORES, IMAGE, model({"kind": "gaussian", "spatial": 1}, filter={"kind": "py-nan"}))

    @latticecrf.filter("py-late", "sums that fail in the updates")
    def late(features, values):
        if values.shape[1] > 1:
            raise ArithmeticError("in an update")
        return values

    with pytest.raises(ArithmeticError, match="in an update"):
        latticecrf.refine(
            SCORES, IMAGE, model({"kind": "gaussian", "spatial": 1}, filter={"kind": "py-late"}))

    @latticecrf.refinement("py-half", "halves")
    def half(probabilities, scene):
        return probabilities / 2

    with pytest.raises(ValueError, match="gives no probabilities: the marginals of point 0"):
        latticecrf.refine(SCORES, plan="py-half")

    @latticecrf.label_filter("py-negative", "labels below 0")
    def negative(labels, scene):
        return np.full(labels.shape, -1)

    with pytest.raises(ValueError, match="labels must lie in 0…65535"):
        latticecrf.clean(np.zeros(GRID, np.uint8), "py-negative")


def test_settings_are_checked_and_arrive_as_they_are():
    seen = {}

    @latticecrf.label_filter("py-settings", "everything")
    def everything(
        labels, scene, *, sigma=setting.bandwidths("σ"), count=setting.count("n", minimum=1, maximum=9),
        sizes=setting.counts("n", minimum=1, maximum=9, default=[1, 2]),
        word=setting.choice("w", ["fast", "slow"], default="slow"),
        path=setting.file("f", default=None), flag=setting.flag("y", default=True),
        some=setting.labels("l", default=[3]), least=setting.label_counts("c", default=None),
    ):
        seen.update(locals())
        return labels

    labels = np.zeros(GRID, np.uint8)
    latticecrf.clean(labels, "py-settings:sigma=2x3,count=4,least=1:5+3-4:50")
    assert seen["sigma"].tolist() == [2, 3] and seen["count"] == 4 and seen["sizes"] == [1, 2]
    assert seen["word"] == "slow" and seen["path"] is None and seen["flag"] is True
    assert seen["some"] == [3] and seen["least"] == [(1, 1, 5), (3, 4, 50)]
    with pytest.raises(ValueError, match="'count' is 12, but must be a whole number from 1 to 9"):
        latticecrf.clean(labels, "py-settings:sigma=2,count=12")
    with pytest.raises(ValueError, match="lacks 'sigma='"):
        latticecrf.clean(labels, "py-settings:count=2")


def test_wrong_definitions_are_refused():
    with pytest.raises(ValueError, match="there is one already"):
        latticecrf.kernel("gaussian", "another")(lambda scene: scene)
    with pytest.raises(TypeError, match="the keyword argument 'a' of <lambda> says no setting"):
        latticecrf.kernel("py-x", "nothing")(lambda scene, *, a=1: scene)
    with pytest.raises(ValueError, match="needs a summary"):
        latticecrf.kernel("py-y")(lambda scene: scene)
    with pytest.raises(ValueError, match="cannot stand in an option"):
        latticecrf.kernel("two words", "nothing")(lambda scene: scene)
    with pytest.raises(ValueError, match="has a default that it refuses"):
        latticecrf.kernel("py-z", "nothing")(
            lambda scene, *, a=setting.number("a", above=0, default=-1): scene)


def test_a_definition_that_is_made_again_replaces_the_first():
    def define(value):
        @latticecrf.label_filter("py-again", "a number")
        def constant(labels, scene):
            return np.full(labels.shape, value)

    labels = np.zeros(GRID, np.uint8)
    for value in (1, 2):
        define(value)
        assert (latticecrf.clean(labels, "py-again") == value).all()
    with pytest.raises(ValueError, match="is defined already, with other settings"):
        latticecrf.label_filter("py-again", "a number", reach=3)(lambda labels, scene: labels)


def test_several_threads_at_once():
    plan = latticecrf.Plan(["py-sharpen:power=2"])
    expected = latticecrf.refine(SCORES, plan=plan)
    wrong = []

    def work():
        for _ in range(20):
            if not np.array_equal(latticecrf.refine(SCORES, plan=plan), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_objects_are_freed():
    import gc

    from latticecrf import plugins

    definition = plugins._definitions[plugins.abi.RefinementKind, "py-sharpen"]
    gc.collect()
    before = len(definition.objects)
    plan = latticecrf.Plan(["py-sharpen:power=4"])
    assert len(definition.objects) == before + 1
    del plan
    gc.collect()
    assert len(definition.objects) == before


# Shared libraries -------------------------------------------------------------------------------------------------

SOURCE = os.path.join(
    os.path.dirname(__file__), os.pardir, os.pardir, "Examples", "PluginC", "plugin.c")
COMPILER = shutil.which("cc") or shutil.which("clang")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    if COMPILER is None or not os.path.exists(SOURCE):
        pytest.skip("there is no C compiler, or no template beside these tests")
    path = str(tmp_path_factory.mktemp("plugin") / "libexample.so")
    subprocess.run(
        [COMPILER, "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-I", latticecrf.get_include(),
         "-o", path, SOURCE, "-lm"], check=True)
    return path


def test_a_kind_of_everything_from_a_library(library):
    found = latticecrf.load_plugin(library)
    assert found["name"] == "example" and found["path"] == library
    assert {"noun": "label filter", "name": "unsure"} in found["kinds"]
    assert latticecrf.load_plugin(library) == found
    own = latticecrf.refine(
        SCORES, IMAGE,
        model({"kind": "hue", "spatial": 4}, filter={"kind": "pairs"}))
    exact = latticecrf.refine(
        SCORES, IMAGE,
        model({"kind": "hue", "spatial": 4}, filter={"kind": "exact", "threshold": 0}))
    np.testing.assert_allclose(own, exact, atol=1e-5)
    ordered = {"kernel": {"kind": "gaussian", "spatial": 2},
               "compatibility": {"kind": "ordered", "weight": 1}}
    costs = np.abs(np.subtract.outer(np.arange(3), np.arange(3))).tolist()
    matrix = {"kernel": {"kind": "gaussian", "spatial": 2},
              "compatibility": {"kind": "matrix", "costs": costs}}
    np.testing.assert_array_equal(
        latticecrf.refine(SCORES, IMAGE, {"terms": [ordered]}),
        latticecrf.refine(SCORES, IMAGE, {"terms": [matrix]}))
    energies = latticecrf.score("shades:labels=3,sigma=40", IMAGE)
    gray = IMAGE.astype(np.float64).mean(-1)
    shades = np.array([0, 127.5, 255])[:, None, None]
    np.testing.assert_allclose(energies, 0.5 * ((gray - shades) / 40) ** 2, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        latticecrf.refine(SCORES, plan="sharpen:power=3"),
        latticecrf.refine(SCORES, plan="py-sharpen:power=3"), atol=1e-6)
    np.testing.assert_array_equal(
        latticecrf.refine(SCORES, plan="unsure:least=0.6", output="labels"),
        latticecrf.refine(SCORES, plan="py-unsure:least=0.6", output="labels"))
    with pytest.raises(ValueError, match="there is neither an image nor a grid"):
        latticecrf.score("shades")
    with pytest.raises(ValueError, match="shades' of the plug-in 'example' needs an image"):
        latticecrf.score("shades", grid=GRID)


def test_wrong_libraries(tmp_path):
    with pytest.raises(ValueError, match="there is no such file"):
        latticecrf.load_plugin(tmp_path / "none.so")
    (tmp_path / "text.so").write_text("int x;\n")
    with pytest.raises(ValueError, match="compile it first"):
        latticecrf.load_plugin(tmp_path / "text.so")
    with pytest.raises(ValueError, match="use latticecrf.load_plugin"):
        latticecrf.Plan("something-else:a=1")


def test_a_program_of_its_own(tmp_path):
    """A kind lives as long as its process, which ends in good order."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent("""
        import numpy as np, latticecrf
        @latticecrf.refinement("even", "all labels alike")
        def even(probabilities, scene):
            return np.full(probabilities.shape, 1 / probabilities.shape[-1])
        found = latticecrf.refine(np.zeros((4, 5, 6)), plan="even")
        print(found.shape, found.max())
    """))
    run = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "(4, 5, 6) 0.25"
