"""Points that are left out."""
import numpy as np
import pytest

import latticecrf

PLANS = [None, ["guided:radius=3"], ["smoother", "components:minimum=5,replace=neighbour"],
         ["joint-bilateral:spatial=2,color=40", "majority:radius=1"]]


def scene(height=20, width=30, labels=3):
    generator = np.random.default_rng(4)
    image = generator.integers(0, 255, (height, width, 3)).astype(np.uint8)
    scores = generator.normal(size=(labels, height, width)).astype(np.float32)
    mask = generator.random((height, width)) > 0.2
    return scores, image, mask


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("last", [False, True])
def test_nothing_under_a_mask_counts(plan, last):
    scores, image, mask = scene()
    holes = image.astype(np.float32)
    holes[~mask] = np.nan
    others = scores.copy()
    others[:, ~mask] = np.nan
    if last:
        scores, others = np.moveaxis(scores, 0, -1), np.moveaxis(others, 0, -1)
    layout = "HWL" if last else "LHW"
    one = latticecrf.refine(scores, image.astype(np.float32), plan=plan, mask=mask, layout=layout)
    two = latticecrf.refine(others, holes, plan=plan, mask=mask, layout=layout)
    assert np.array_equal(one, two, equal_nan=True)
    points = np.moveaxis(one, -1, 0) if last else one
    assert np.isnan(points[:, ~mask]).all() and not np.isnan(points[:, mask]).any()
    found = latticecrf.refine(others, holes, plan=plan, mask=mask, layout=layout, output="labels")
    assert (found[~mask] == 255).all() and (found[mask] < 3).all()


def test_what_is_left_is_an_image_of_its_own():
    scores, image, _ = scene()
    mask = np.zeros((20, 30), np.uint8)
    mask[:, :17] = 1
    for plan in (["guided:radius=3"], ["smoother", "majority:radius=1"]):
        whole = latticecrf.refine(scores, image, plan=plan, mask=mask)[:, :, :17]
        part = latticecrf.refine(scores[:, :, :17], image[:, :17], plan=plan)
        # Means of the guided filter are summed in another order.
        np.testing.assert_allclose(whole, part, atol=2e-5)


def test_a_mask_of_all_points_is_none():
    scores, image, mask = scene()
    everything = latticecrf.refine(scores, image, mask=np.ones_like(mask))
    assert np.array_equal(everything, latticecrf.refine(scores, image))


def test_a_mask_of_no_point_leaves_nothing():
    scores, image, mask = scene()
    assert np.isnan(latticecrf.refine(scores, image, mask=np.zeros_like(mask))).all()


@pytest.mark.parametrize("kind", ["probabilities", "energies"])
def test_kinds_of_scores(kind):
    scores, image, mask = scene()
    values = np.exp(scores) / np.exp(scores).sum(0) if kind == "probabilities" else scores
    values[:, ~mask] = np.nan
    found = latticecrf.refine(values, image, kind=kind, mask=mask)
    assert np.isfinite(found[:, mask]).all()


def test_one_hot_numbers():
    scores, image, mask = scene()
    hot = (scores.argmax(0) == np.arange(3)[:, None, None]).astype(np.uint8)
    hot[:, ~mask] = 0
    found = latticecrf.refine(hot, image, kind="probabilities", mask=mask)
    assert np.isfinite(found[:, mask]).all()


def test_maps_of_labels_and_single_channels():
    scores, image, mask = scene()
    labels = scores.argmax(0)
    labels[~mask] = 77
    found = latticecrf.refine(labels, image, kind="labels", labels=3, mask=mask, output="labels")
    assert (found[mask] < 3).all() and (found[~mask] == 255).all()
    channel = scores[0].copy()
    channel[~mask] = np.nan
    found = latticecrf.refine(channel, image, layout="HW", mask=mask)
    assert np.isnan(found[~mask]).all() and np.isfinite(found[mask]).all()


def test_batches_have_masks_of_their_own():
    scores, image, mask = scene()
    both = latticecrf.refine([scores, scores], [image, image], mask=[mask, None], batch=True)
    assert np.array_equal(both[0], latticecrf.refine(scores, image, mask=mask), equal_nan=True)
    assert np.array_equal(both[1], latticecrf.refine(scores, image))
    with pytest.raises(ValueError, match="2 scores, but 1 masks"):
        latticecrf.refine([scores, scores], [image, image], mask=[mask], batch=True)


def test_wrong_masks():
    scores, image, mask = scene()
    with pytest.raises(ValueError, match=r"the mask has shape \(30, 20\)"):
        latticecrf.refine(scores, image, mask=mask.T)
    with pytest.raises(ValueError, match="NaN"):
        latticecrf.refine(scores, image, mask=np.where(mask, 1.0, np.nan))
    with pytest.raises(ValueError, match="takes every point into account"):
        latticecrf.refine(scores, image, mask=mask, plan=["guided:radius=2,subsample=2"])
