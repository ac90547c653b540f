"""Frames that are refined over time."""
import numpy as np
import pytest

import latticecrf

FRAMES, HEIGHT, WIDTH, LABELS = 7, 10, 12, 3
MODEL = {"terms": [{"kernel": {"kind": "bilateral", "spatial": 3, "color": 30},
                    "compatibility": {"kind": "potts", "weight": 3}}], "iterations": 3}


def in_time(spatial):
    model = {**MODEL, "terms": [dict(MODEL["terms"][0])]}
    model["terms"][0]["kernel"] = {"kind": "bilateral", "spatial": spatial, "color": 30}
    return model


@pytest.fixture
def frames():
    random = np.random.default_rng(5)
    scores = random.normal(size=(FRAMES, LABELS, HEIGHT, WIDTH)).astype(np.float32)
    images = random.integers(0, 256, (FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    return scores, images


def test_one_window_is_the_volume(frames):
    scores, images = frames
    found = list(latticecrf.refine_sequence(scores, images, MODEL, window=FRAMES, time=1.5))
    volume = latticecrf.refine(
        np.moveaxis(scores, 0, 1), images, in_time([3, 3, 1.5]), layout="LHW", image_layout="HWC")
    assert len(found) == FRAMES
    np.testing.assert_array_equal(np.stack(found, 1), volume)


def test_labels_last_and_label_maps(frames):
    scores, images = frames
    first = list(latticecrf.refine_sequence(scores, images, MODEL, output="labels"))
    last = list(latticecrf.refine_sequence(
        np.moveaxis(scores, 1, -1), images, MODEL, layout="HWL", output="labels"))
    np.testing.assert_array_equal(first, last)
    assert first[0].shape == (HEIGHT, WIDTH) and first[0].dtype == np.uint8
    marginals = next(latticecrf.refine_sequence(
        np.moveaxis(scores, 1, -1), images, MODEL, layout="HWL"))
    assert marginals.shape == (HEIGHT, WIDTH, LABELS)
    maps = scores.argmax(1)
    found = list(latticecrf.refine_sequence(maps, images, MODEL, kind="labels", labels=LABELS))
    assert found[0].shape == (LABELS, HEIGHT, WIDTH)


def test_frames_are_read_as_windows_need_them(frames):
    scores, images = frames

    class Lazy:
        read = []

        def __len__(self):
            return FRAMES

        def __getitem__(self, number):
            if number >= FRAMES:
                raise IndexError
            self.read.append(number)
            return scores[number]

    lazy = Lazy()
    results = latticecrf.refine_sequence(lazy, images, MODEL, window=4, overlap=2)
    next(results)
    assert lazy.read == [0, 1, 2, 3]
    assert len(list(results)) == FRAMES - 1
    assert lazy.read == list(range(FRAMES))


def test_flow_moves_positions_and_still_flow_does_not(frames):
    scores, images = frames
    plain = list(latticecrf.refine_sequence(scores, images, MODEL, window=4))
    still = np.zeros((FRAMES, 2, HEIGHT, WIDTH), np.float32)
    for direction in ("forward", "backward"):
        found = list(latticecrf.refine_sequence(
            scores, images, MODEL, window=4, flow=still, flow_direction=direction))
        np.testing.assert_array_equal(found, plain)
    unknown = latticecrf.refine_sequence(scores, images, MODEL, window=4, flow=[None] * FRAMES)
    np.testing.assert_array_equal(list(unknown), plain)
    moved = latticecrf.refine_sequence(scores, images, MODEL, window=4, flow=still + 2)
    assert not np.array_equal(list(moved), plain)


def test_masks_and_label_filters(frames):
    scores, images = frames
    masks = [None] * (FRAMES - 1) + [np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 2]
    plan = [{"kind": "crf", "model": MODEL}, "majority:radius=1"]
    found = list(latticecrf.refine_sequence(
        scores, images, plan=plan, masks=masks, window=FRAMES, output="labels"))
    assert (found[-1][masks[-1] == 0] == 255).all() and found[0].max() < LABELS
    plain = latticecrf.refine_sequence(
        scores, images, MODEL, masks=masks, window=FRAMES, output="labels")
    np.testing.assert_array_equal(found[0], latticecrf.clean(next(plain), "majority:radius=1"))


@pytest.mark.parametrize("change, text", [
    ({"window": 1}, "window"), ({"overlap": 8}, "overlap"), ({"time": 0}, "bandwidth of time"),
    ({"flow_direction": "sideways"}, "flow_direction"), ({"flow": [None]}, "of flow"),
    ({"batch": True}, "batch"), ({"plan": "guided", "preset": None}, "sequences are for crf"),
])
def test_what_is_wrong_is_said(frames, change, text):
    scores, images = frames
    with pytest.raises(ValueError, match=text):
        list(latticecrf.refine_sequence(scores, images, **{"preset": MODEL, **change}))


def test_a_frame_of_another_size_is_named(frames):
    scores, images = list(frames[0]), list(frames[1])
    scores[3], images[3] = scores[3][:, 1:], images[3][1:]
    with pytest.raises(ValueError, match="frame 3: "):
        list(latticecrf.refine_sequence(scores, images, MODEL))
