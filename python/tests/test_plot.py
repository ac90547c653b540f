"""Pictures by matplotlib, and what notebooks show."""
import sys

import numpy as np
import pytest

import latticecrf
from latticecrf import Model, Plan

TRUTH = np.repeat(np.repeat(np.array([[0, 1], [2, 1]]), 8, axis=0), 12, axis=1)
IMAGE = np.uint8([[40, 50, 60], [120, 90, 30], [200, 210, 220]])[TRUTH]


@pytest.fixture
def plot():
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("Agg")
    from latticecrf import plot

    yield plot
    matplotlib.pyplot.close("all")


def test_overlay_blends_labels_and_names_those_that_occur(plot):
    palette = [[0, 0, 0], [255, 0, 0], [0, 0, 255]]
    ax = plot.overlay(
        TRUTH, IMAGE, palette=palette, names=["sky", "car"], opacity=0.25, outlines=False)
    shown = ax.images[0].get_array()
    expected = 0.75 * IMAGE / 255 + 0.25 * np.float64(palette)[TRUTH] / 255
    np.testing.assert_allclose(shown, expected, atol=1e-12)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["sky, 25.0 %", "car, 50.0 %", "2, 25.0 %"]


def test_overlay_leaves_pixels_without_a_label_as_they_are(plot):
    labels = TRUTH.copy()
    labels[:3] = 255
    ax = plot.overlay(labels, IMAGE, outlines=False)
    np.testing.assert_allclose(ax.images[0].get_array()[:3], IMAGE[:3] / 255)
    assert len(ax.get_legend().get_texts()) == 3


def test_overlay_draws_on_given_axes(plot):
    import matplotlib.pyplot as pyplot

    _, ax = pyplot.subplots()
    assert plot.overlay(TRUTH, ax=ax) is ax
    # The colours of PASCAL VOC: label 1 is (128, 0, 0); outlines are white.
    shown = ax.images[0].get_array()
    np.testing.assert_allclose(shown[0, 20], [128 / 255, 0, 0])
    np.testing.assert_allclose(shown[0, 11], [1, 1, 1])


def test_beliefs_shows_probabilities_of_the_classes_asked_for(plot):
    marginals = np.full((3, 16, 24), 0.25, np.float32)
    marginals[1] = 0.5
    axes = plot.beliefs(marginals, IMAGE, classes=[1, 2], names=["a", "b"])
    titles = [ax.get_title() for ax in axes.ravel()]
    assert titles == ["image", "b", "2"]
    picture = axes.ravel()[1].images[0]
    assert picture.get_clim() == (0, 1)
    np.testing.assert_array_equal(picture.get_array(), marginals[1])


def test_trimap_counts_within_euclidean_distances_of_boundaries(plot):
    labels = TRUTH.copy()
    labels[:, 12] = TRUTH[:, 11]  # Wrong in one column beside the boundary.
    ax = plot.trimap({"before": labels, "after": TRUTH}, TRUTH, widths=[1, 3])
    curves = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(curves["after"], 100)
    # By the definition, over all pairs of pixels.
    y, x = np.mgrid[:16, :24]
    seeds = np.zeros(TRUTH.shape, bool)
    seeds[:, 11:13] = True
    seeds[7:9, :12] = True
    points = np.argwhere(seeds)
    distance = np.sqrt(
        ((y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2).min(-1))
    for width, value in zip([1, 3], curves["before"]):
        band = distance <= width - 1
        ious = [
            ((labels == k) & (TRUTH == k) & band).sum() / (((labels == k) | (TRUTH == k)) & band).sum()
            for k in range(3)
        ]
        assert value == pytest.approx(100 * np.mean(ious))


def test_trimap_makes_no_boundary_of_what_is_ignored(plot):
    truth = TRUTH.copy()
    truth[:, 12:] = 255
    ax = plot.trimap(TRUTH, truth, widths=[1])
    assert ax.lines[0].get_ydata() == pytest.approx([100])
    truth[:] = 255
    assert np.isnan(plot.trimap(TRUTH, truth, widths=[1]).lines[0].get_ydata()).all()


@pytest.mark.parametrize("call, words", [
    (lambda plot: plot.overlay(TRUTH[None]), "must be \\(H, W\\)"),
    (lambda plot: plot.overlay(TRUTH, IMAGE[:3]), "the image has the shape"),
    (lambda plot: plot.overlay(TRUTH, opacity=2), "opacity"),
    (lambda plot: plot.beliefs(TRUTH), "marginals"),
    (lambda plot: plot.beliefs(np.zeros((2, 4, 4)), classes=[2]), "2 labels"),
    (lambda plot: plot.trimap(TRUTH[:3], TRUTH), "truth"),
    (lambda plot: plot.trimap(TRUTH, TRUTH, widths=[0]), "width"),
])
def test_what_is_wrong_is_said(plot, call, words):
    with pytest.raises(ValueError, match=words):
        call(plot)


def test_without_matplotlib_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    from latticecrf import plot

    with pytest.raises(ImportError, match="pip install matplotlib"):
        plot.overlay(TRUTH)


def test_notebooks_show_models_plans_and_reports_as_tables():
    html = Model("deeplab-vgg")._repr_html_()
    assert "deeplab-vgg" in html and html.count("<tr>") == 3 and "bilateral" in html
    plan = Plan(["crf:model=deeplab-vgg", "majority:radius=3"])._repr_html_()
    assert plan.count("<li>") == 2 and "radius" in plan
    logits = np.zeros((2, 6, 8), np.float32)
    _, report = latticecrf.refine(logits, np.arange(144, dtype=np.uint8).reshape(6, 8, 3), report=True)
    assert isinstance(report, dict) and "<table>" in report._repr_html_()


def test_what_notebooks_show_is_escaped():
    from latticecrf._reports import Report

    html = Report({"<script>": "<b>", "steps": [{"a": "&"}, "<i>"]})._repr_html_()
    assert "<script>" not in html and "<i>" not in html and "&lt;b&gt;" in html and "&amp;" in html
