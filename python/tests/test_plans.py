"""Models and plans: what the library reads, and what `refine` does with it."""
import json
import os
import pickle

import numpy as np
import pytest

import latticecrf
from latticecrf import CRF, Model, Plan

HEIGHT, WIDTH, LABELS = 20, 31, 3
GAUSSIAN = {"kernel": {"kind": "gaussian", "spatial": 2},
            "compatibility": {"kind": "potts", "weight": 2}}
FEATURES = {"kernel": {"kind": "features", "file": "depth", "sigma": 4},
            "compatibility": {"kind": "potts", "weight": 3}}


@pytest.fixture(scope="module")
def scene():
    generator = np.random.default_rng(7)
    _, x = np.mgrid[:HEIGHT, :WIDTH]
    image = np.where(x[..., None] > 14, 180, 60) + generator.integers(0, 12, (HEIGHT, WIDTH, 3))
    logits = generator.normal(0, 1, (LABELS, HEIGHT, WIDTH)).astype(np.float32)
    logits += 1.5 * (np.arange(LABELS)[:, None, None] == (x > 14))
    return image.astype(np.uint8), logits


def test_a_model_is_a_name_a_dictionary_a_text_or_a_file(tmp_path):
    model = Model("deeplab-vgg")
    assert (model.name, model.iterations, len(model.terms)) == ("deeplab-vgg", 10, 2)
    (tmp_path / "model.json").write_text(model.to_json(indent=2))
    for source in (model, model.to_dict(), model.to_json(), tmp_path / "model.json",
                   str(tmp_path / "model.json")):
        assert Model(source) == model and hash(Model(source)) == hash(model)
    assert Model("deeplab-largefov") != model
    assert repr(model) == "Model('deeplab-vgg')"
    changed = Model({**model.to_dict(), "iterations": np.int64(3)})
    assert changed != model and eval(repr(changed)) == changed
    assert pickle.loads(pickle.dumps(changed)) == changed
    model.terms.clear()
    assert len(model.terms) == 2


def test_presets_and_kinds_are_the_librarys():
    known = latticecrf.kinds()
    assert list(Model.presets()) == [preset["name"] for preset in known["presets"]]
    assert known["default_preset"] == "deeplab-v2-pytorch"
    names = {kind["name"] for kind in known["refinements"]}
    assert {"crf", "temperature", "band"} <= names
    for group in ("kernels", "compatibilities", "filters", "refinements", "label_filters"):
        for kind in known[group]:
            assert kind["summary"] and kind["example"]
            assert all(setting["key"] and setting["help"] for setting in kind["settings"])
    known.clear()
    assert latticecrf.kinds()


def test_one_preset_is_the_default_everywhere(scene):
    image, logits = scene
    name = latticecrf.kinds()["default_preset"]
    expected = latticecrf.refine(logits, image)
    for options in ({"preset": name}, {"preset": Model(name)}, {"plan": name},
                    {"plan": Model(name)}, {"plan": Plan(name)}, {"plan": [f"crf:model={name}"]},
                    {"plan": {"kind": "crf", "model": name}}, {"plan": ["crf"]}):
        np.testing.assert_array_equal(latticecrf.refine(logits, image, **options), expected)


def test_steps_take_arrays_and_lists(scene):
    image, logits = scene
    edges = np.zeros((HEIGHT, WIDTH), np.float32)
    edges[:, 15] = 1000
    step = {"kind": "domain-transform", "spatial": 1e3, "color": 1, "iterations": 1, "mode": "nc", "edges": "map"}
    smooth = latticecrf.refine(logits, plan=[step], arrays={"map": edges})
    # Means over either side of the edge, which nothing crosses; the links of its own column are cut, too.
    before = np.exp(logits) / np.exp(logits).sum(0)
    for side, shown in ((np.s_[:, :, :15],) * 2, (np.s_[:, :, 15:], np.s_[:, :, 16:])):
        means = np.broadcast_to(before[side].mean((1, 2), keepdims=True), smooth[shown].shape)
        np.testing.assert_allclose(smooth[shown], means, atol=1e-5)
    np.testing.assert_array_equal(
        latticecrf.refine(logits, image, plan=["pamr:dilations=1x3,iterations=2"]),
        latticecrf.refine(logits, image, plan={"kind": "pamr", "dilations": [1, 3], "iterations": 2}))


def test_a_plan_is_its_steps(tmp_path):
    plan = Plan([Model("deeplab-vgg"), {"kind": "temperature", "value": 2}, "majority:radius=1"])
    assert [step["kind"] for step in plan.steps] == ["crf", "temperature", "majority"]
    assert plan.steps[0]["model"] == Model("deeplab-vgg").to_dict()
    (tmp_path / "plan.json").write_text(plan.to_json())
    for steps in (plan, plan.steps, json.loads(plan.to_json()), plan.to_json(),
                  tmp_path / "plan.json", [plan]):
        assert Plan(steps) == plan and hash(Plan(steps)) == hash(plan)
    assert eval(repr(plan)) == plan and pickle.loads(pickle.dumps(plan)) == plan
    assert Plan("deeplab-vgg") != plan


def test_two_steps_are_the_two_done_by_hand(scene):
    image, logits = scene
    both = latticecrf.refine(logits, image, plan=["temperature:value=2", "crf:model=deeplab-vgg"])
    first = latticecrf.refine(logits, image, plan="temperature:value=2")
    second = latticecrf.refine(first, image, "deeplab-vgg", kind="probabilities")
    assert np.abs(first - both).max() > 0.01
    # −log of probabilities, once in between and once as scores, which are clipped at 1e-5.
    np.testing.assert_allclose(both, second, atol=1e-3)


def test_label_filters_change_labels_alone(scene):
    image, logits = scene
    plan = ["temperature:value=1", "majority:radius=3"]
    plain = latticecrf.refine(logits, image, plan=plan[:1])
    np.testing.assert_array_equal(latticecrf.refine(logits, image, plan=plan), plain)
    labels = latticecrf.refine(logits, image, plan=plan, output="labels")
    assert labels.dtype == np.uint8 and np.mean(labels != plain.argmax(0)) > 0.05


def test_arrays_are_passed_by_name(scene):
    image, logits = scene
    depth = np.where(np.arange(WIDTH) > 14, 20.0, 0.0) * np.ones((1, HEIGHT, 1))
    model = Model({"terms": [GAUSSIAN, FEATURES]})
    found = latticecrf.refine(logits, plan=model, arrays={"depth": depth})
    crf = CRF((HEIGHT, WIDTH), LABELS)
    crf.set_scores(logits)
    crf.add_position_kernel(2, 2)
    crf.add_feature_kernel(depth / 4, 3)
    np.testing.assert_allclose(found, crf.infer(10), atol=1e-5)
    by_preset = latticecrf.refine(logits, image, model, arrays={"depth": depth})
    np.testing.assert_array_equal(by_preset, found)
    with pytest.raises(ValueError, match="no array called 'depth'"):
        latticecrf.refine(logits, plan=model)


def test_compatibilities_come_in_models(scene):
    image, logits = scene
    costs = np.float32([[0, 1, 2], [1, 0, 1], [2, 1, 0]])
    term = {**GAUSSIAN, "compatibility": {"kind": "matrix", "costs": costs}}
    found = latticecrf.refine(logits, image, plan={"terms": [term], "iterations": 5})
    short = latticecrf.refine(
        logits, image, position=(costs, 2), bilateral=False, iterations=5)
    np.testing.assert_array_equal(found, short)


def test_the_report_says_what_was_done(scene):
    image, logits = scene
    result, report = latticecrf.refine(
        logits, image, plan=["temperature:value=2", "crf:iterations=3"], report=True)
    np.testing.assert_allclose(result.sum(0), 1, rtol=1e-5)
    assert [step.get("iterations") for step in report["steps"]] == [None, 3]
    assert report["steps"][1]["seconds"]["inference"] > 0
    _, reports = latticecrf.refine([logits] * 2, [image] * 2, batch=True, report=True)
    assert len(reports) == 2


def test_infinite_scores_rule_labels_out_in_plans(scene):
    image, logits = scene
    scores = logits.copy()
    scores[0, :, :5] = -np.inf
    found = latticecrf.refine(scores, image, plan=["crf", "temperature:value=2"])
    assert (found[0, :, :5] == 0).all() and np.isfinite(found).all()


def test_a_crf_by_hand_is_a_model(scene):
    image, logits = scene
    crf = CRF((HEIGHT, WIDTH), LABELS, threads=1)
    crf.set_scores(logits)
    crf.add_position_kernel(1, 3)
    crf.add_bilateral_kernel(67, 3, image, 4)
    marginals, labels = crf.infer(output="both")
    np.testing.assert_array_equal(marginals, crf.infer())
    np.testing.assert_array_equal(labels, crf.infer(output="labels"))
    np.testing.assert_array_equal(labels, marginals.argmax(0))
    np.testing.assert_array_equal(np.moveaxis(crf.infer(layout="HWL"), -1, 0), marginals)
    # Stages in one pass and stages one by one round sums differently.
    np.testing.assert_allclose(latticecrf.refine(logits, image), marginals, atol=1e-5)
    start = crf.infer(0)
    after = crf.step(start)
    assert crf.energies(after).free_energy < crf.energies(start).free_energy
    np.testing.assert_allclose(after, crf.infer(1), atol=1e-5)
    assert (crf.extents, crf.labels) == ((HEIGHT, WIDTH), LABELS)
    last = CRF((HEIGHT, WIDTH), LABELS)
    last.set_scores(np.moveaxis(logits, 0, -1), layout="HWL")
    np.testing.assert_array_equal(last.infer(0), start)


def test_a_child_made_by_fork_uses_its_parents_plan(scene):
    image, logits = scene
    plan = Plan(["crf:iterations=2"])
    expected = latticecrf.refine(logits, image, plan=plan)
    child = os.fork()
    if child == 0:
        same = np.array_equal(latticecrf.refine(logits, image, plan=plan), expected)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


WRONG = {
    "an unknown preset": (lambda: Model("deeplab"), "deeplab-vgg"),
    "wrong JSON": (lambda: Model('{"terms": '), "not valid JSON"),
    "an absent file": (lambda: Model("absent.json"), "cannot be read"),
    "a list for a model": (lambda: Model("[1]"), "JSON object"),
    "a plan for a model": (lambda: Model({"steps": []}), "Plan takes plans"),
    "an unknown key": (lambda: Model({"terms": [], "updates": 3}), "iterations"),
    "an unknown kernel":
        (lambda: Model({"terms": [{**GAUSSIAN, "kernel": {"kind": "gauss"}}]}), "gaussian"),
    "a bandwidth of 0":
        (lambda: Model({"terms": [{**GAUSSIAN, "kernel": {"kind": "gaussian", "spatial": 0}}]}),
         "spatial"),
    "NaN in a model": (lambda: Model({"terms": [], "tolerance": float("nan")}), "JSON"),
    "an unknown step": (lambda: Plan(["nothing-known"]), "nothing-known"),
    "a wrong setting": (lambda: Plan("band:breadth=3"), "width"),
    "a filter before a refinement": (lambda: Plan(["majority", "crf"]), "is a label filter"),
    "a plan with more than steps": (lambda: Plan({"steps": [], "name": "x"}), "one member"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name):
    call, text = WRONG[name]
    with pytest.raises(ValueError) as caught:
        call()
    assert text in str(caught.value), str(caught.value)


def test_wrong_types_are_type_errors():
    for call in (lambda: Model(3), lambda: Plan(None), lambda: Plan([3])):
        with pytest.raises(TypeError, match="a model or step is"):
            call()


def test_a_plan_says_all(scene):
    image, logits = scene
    for options in ({"preset": "densecrf"}, {"iterations": 3}, {"method": "exact"},
                    {"position": False}):
        with pytest.raises(ValueError, match="plan= says all"):
            latticecrf.refine(logits, image, plan="crf", **options)
    with pytest.raises(ValueError, match="there is no image"):
        latticecrf.refine(logits, plan="crf")


def test_wrong_calls_of_a_crf_are_refused(scene):
    image, logits = scene
    crf = CRF((HEIGHT, WIDTH), LABELS)
    for call, text in [
        (lambda: crf.set_scores(logits[:2]), "3 labels in front"),
        (lambda: crf.set_scores(logits, kind="scores"), "probabilities"),
        (lambda: crf.add_bilateral_kernel(5, 5, image[1:], 3), "axis of channels"),
        (lambda: crf.add_feature_kernel(logits[:, 1:], 3), "features"),
        (lambda: crf.add_position_kernel(5, 3, normalization="both"), "symmetric"),
        (lambda: crf.infer(output="map"), "'both'"),
        (lambda: crf.step(logits), "marginal"),
        (lambda: crf.energies(logits[0]), "shape"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises(TypeError, match="copied"):
        pickle.dumps(crf)
