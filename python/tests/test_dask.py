"""Scenes in tiles over dask arrays: what is cut, what comes out, and what a broken worker changes."""
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import latticecrf
from latticecrf import _tiles

dask = pytest.importorskip("dask", reason="dask is not installed")
pytest.importorskip("dask.array", reason="dask is not installed with its arrays")

import dask.array as da  # noqa: E402

import latticecrf.dask  # noqa: E402

PLAN = latticecrf.Plan([
    {"kind": "crf", "model": {
        "terms": [
            {"kernel": {"kind": "gaussian", "spatial": 2}, "compatibility": {"kind": "potts", "weight": 2}},
            {"kernel": {"kind": "bilateral", "spatial": 5, "color": 13},
             "compatibility": {"kind": "potts", "weight": 4}},
        ], "iterations": 3}},
    "majority:radius=1",
])
VOLUME_PLAN = [{"kind": "crf", "model": {
    "terms": [{"kernel": {"kind": "gaussian", "spatial": 2}, "compatibility": {"kind": "potts", "weight": 1}}],
    "iterations": 3}}]


def scene(height=130, width=170, labels=3, seed=0):
    """Blocks of colours with noise, and scores that follow them badly."""
    generator = np.random.default_rng(seed)
    blocks = generator.integers(0, labels, (height // 10 + 1, width // 10 + 1))
    truth = blocks.repeat(10, 0).repeat(10, 1)[:height, :width]
    colors = generator.integers(0, 256, (labels, 3))
    image = np.clip(colors[truth] + generator.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)
    scores = 2 * (np.arange(labels)[:, None, None] == truth) + generator.normal(0, 1.5, (labels, height, width))
    return scores.astype(np.float32), image


def lazily(scores, image, chunk=64):
    return da.from_array(scores, chunks=(2, chunk, chunk + 7)), da.from_array(image, chunks=(50, 90, 3))


def by_hand(scores, image, spans, plan=PLAN, output="marginals"):
    """Each tile by `latticecrf.refine`, its core put where it belongs; labels first."""
    shape = scores.shape if output == "marginals" else scores.shape[1:]
    whole = np.empty(shape, np.float32 if output == "marginals" else np.uint8)
    for rows in spans[0]:
        for columns in spans[1]:
            part = np.s_[rows.start:rows.stop, columns.start:columns.stop]
            found = latticecrf.refine(
                scores[(slice(None), *part)], image[part], plan=plan, output=output, layout="LHW",
                origin=(rows.start, columns.start))
            core = np.s_[rows.first - rows.start:rows.last - rows.start,
                         columns.first - columns.start:columns.last - columns.start]
            whole[..., rows.first:rows.last, columns.first:columns.last] = found[(..., *core)]
    return whole


@pytest.mark.parametrize("output", ["marginals", "labels"])
@pytest.mark.parametrize("tile", [None, (70, 80)])
def test_each_core_is_its_tiles(tile, output):
    scores, image = scene()
    overlap = 2 * PLAN.reach
    if tile is None:
        spans = [_tiles.around((64, 64, 2), overlap), _tiles.around((71, 71, 28), overlap)]
    else:
        spans = [_tiles.cut(130, 70, overlap, 0), _tiles.cut(170, 80, overlap, 1)]
    found = latticecrf.dask.refine(*lazily(scores, image), PLAN, tile=tile, output=output)
    assert len(spans[0]) > 1 and len(spans[1]) > 1
    # The same calls on the same arrays.
    np.testing.assert_array_equal(
        found.compute(scheduler="threads"), by_hand(scores, image, spans, output=output))


def test_cores_cover_an_axis_and_tiles_share_what_they_must():
    for extent in range(1, 400, 7):
        spans = _tiles.cut(extent, 60, 24, 0)
        assert spans[0].first == 0 and spans[-1].last == extent
        assert max(s.stop - s.start for s in spans) <= 60
        for one, other in zip(spans, spans[1:]):
            assert one.last == other.first
            assert one.stop - other.start >= 24
            assert min(one.stop - one.last, other.first - other.start) >= 12


def test_a_volume_is_cut_along_three_axes():
    generator = np.random.default_rng(1)
    scores = generator.normal(0, 1, (2, 40, 40, 50)).astype(np.float32)
    lazy = da.from_array(scores, chunks=(1, 20, 20, 30))
    found, report = latticecrf.dask.refine(lazy, None, VOLUME_PLAN, report=True)
    assert found.chunks == ((2,), (20, 20), (20, 20), (30, 20))
    found, report = dask.compute(found, report)
    whole = latticecrf.refine(scores, plan=VOLUME_PLAN)
    # A Gaussian's tail beyond 16 of 2-wide points is nothing; what a lattice rounds differently stays below.
    assert np.abs(found - whole).max() < 1e-3
    # Of both sides: two lines of 40 x 50, 40 x 50 and 40 x 40 points.
    assert report["seam_pixels"] == 2 * (40 * 50 + 40 * 50 + 40 * 40)
    assert 0 < report["largest_seam_difference"] < 1e-3


def test_labels_last_channels_first_masks_and_one_channel():
    scores, image = scene()
    usual = latticecrf.dask.refine(*lazily(scores, image), PLAN, tile=80).compute()
    last = latticecrf.dask.refine(
        da.from_array(np.moveaxis(scores, 0, -1), chunks=(64, 64, 2)),
        da.from_array(np.moveaxis(image, -1, 0), chunks=(2, 64, 64)), PLAN, tile=80).compute()
    np.testing.assert_array_equal(np.moveaxis(last, -1, 0), usual)

    mask = np.ones(image.shape[:2], bool)
    mask[40:90, 50:100] = False
    masked = latticecrf.dask.refine(
        *lazily(scores, image), PLAN, tile=80, output="labels", mask=mask, report=True)
    labels, report = dask.compute(*masked)
    assert (labels[~mask] == 255).all() and (labels[mask] < 3).all()
    assert np.isfinite(report["mean_seam_difference"])

    foreground = 1 / (1 + np.exp(-scores[0]))
    whole = latticecrf.refine(foreground, image, plan=PLAN, kind="probabilities")
    tiled = latticecrf.dask.refine(foreground, image, PLAN, tile=200, kind="probabilities")
    np.testing.assert_array_equal(tiled.compute(), whole)

    given = scores.argmax(0)
    whole = latticecrf.refine(given, image, plan=PLAN, kind="labels", labels=3)
    tiled = latticecrf.dask.refine(given, image, PLAN, tile=200, kind="labels", labels=3)
    np.testing.assert_array_equal(tiled.compute(), whole)


def test_tiles_are_refined_once_for_labels_and_seams():
    scores, image = scene()
    read = []

    def note(block, block_info=None):
        if block_info:
            read.append(block_info[0]["chunk-location"])
        return block

    lazy = da.from_array(scores, chunks=(-1, 64, 71)).map_blocks(note, dtype=np.float32)
    read.clear()
    labels, seams = latticecrf.dask.refine(lazy, image, PLAN, output="labels", report=True)
    assert not read, "something was read before it was asked for"
    target = np.empty(labels.shape, labels.dtype)
    stored = da.store(labels, target, compute=False)
    _, report = dask.compute(stored, seams, scheduler="sync")
    assert sorted(read) == sorted(set(read)) and len(read) == 9
    np.testing.assert_array_equal(target, labels.compute())
    assert report["tiles"] == [3, 3] and report["overlap"] == 2 * PLAN.reach


PROGRAM = next(
    (p for p in (Path(__file__).parents[2] / ".build" / "release" / "crf-refine",) if p.exists()),
    shutil.which("crf-refine"))


@pytest.mark.skipif(PROGRAM is None, reason="crf-refine is not built")
def test_results_and_seams_are_those_of_the_program(tmp_path):
    image_file = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    scores, image = scene(230, 310)
    np.save(tmp_path / "scores.npy", scores)
    image_file.fromarray(image).save(tmp_path / "image.png")
    (tmp_path / "plan.json").write_text(PLAN.to_json())
    ran = subprocess.run(
        [PROGRAM, "--unary", "scores.npy", "--image", "image.png", "--plan", "plan.json", "--tile",
         "100x90", "--output", "labels.npy", "--marginals", "marginals.npy", "--json"],
        cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)["tiles"]
    lazy = lazily(scores, image)
    labels, seams = latticecrf.dask.refine(*lazy, PLAN, tile=(90, 100), output="labels", report=True)
    labels, seams = dask.compute(labels, seams)
    marginals = latticecrf.dask.refine(*lazy, PLAN, tile=(90, 100)).compute()
    # The same library on the same numbers.
    np.testing.assert_array_equal(labels, np.load(tmp_path / "labels.npy"))
    np.testing.assert_array_equal(marginals, np.load(tmp_path / "marginals.npy"))
    assert seams["tiles"] == [said["rows"], said["columns"]] and seams["size"] == said["size"]
    assert seams["overlap"] == said["overlap"] and seams["seam_pixels"] == said["seam_pixels"] > 0
    # Text of the program's float32, and sums in another order.
    for name in ("largest_seam_difference", "mean_seam_difference", "unlike_seam_share"):
        assert seams[name] == pytest.approx(said[name], rel=1e-6)


def test_what_is_wrong_is_said_before_anything_is_read():
    scores, image = lazily(*scene())
    refine = latticecrf.dask.refine
    with pytest.raises(ValueError, match="no step 'deeplab-v9'"):
        refine(scores, image, "deeplab-v9")
    with pytest.raises(ValueError, match="shape"):
        refine(scores, image[:100], PLAN)
    with pytest.raises(ValueError, match="upsample the scores first"):
        refine(scores[:, ::2, ::2], image, PLAN, layout="LHW")
    with pytest.raises(ValueError, match="wherever they are"):
        refine(scores, image, ["sieve:minimum=9"])
    with pytest.raises(ValueError, match="at least 64"):
        refine(scores, image, PLAN, tile=50)
    with pytest.raises(ValueError, match="at least 2"):
        refine(scores, image, PLAN, overlap=1)
    with pytest.raises(ValueError, match="no image"):
        refine(scores, None, PLAN)
    with pytest.raises(ValueError, match="output"):
        refine(scores, image, PLAN, output="energies")
    with pytest.raises(ValueError, match="axes"):
        refine(scores, image, PLAN, tile=(80, 80, 80))
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        refine(scores[:, np.ones(130, bool) & (da.ones(130, chunks=64) > 0)], image, PLAN)


def test_the_cost_is_stated_from_shapes_and_holds_for_noise():
    """Of a process of its own, whose memory is its task's."""
    program = """if True:
        import resource
        import dask.array as da, numpy as np
        import latticecrf.dask
        generator = np.random.default_rng(0)
        scores = da.from_array(generator.random((8, 400, 400), dtype=np.float32), chunks=-1)
        image = da.from_array(generator.integers(0, 256, (400, 400, 3), dtype=np.uint8), chunks=-1)
        cost = latticecrf.dask.cost(scores, image, tile=400, overlap=2)
        before = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
        latticecrf.dask.refine(scores, image, tile=400, overlap=2).compute(scheduler="sync")
        print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, cost.bytes)
    """
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    taken, stated = map(int, ran.stdout.split())
    # Not less than is taken, and not so much that it says nothing.
    assert taken < stated < 3 * taken

    scores, image = lazily(*scene())
    cost = latticecrf.dask.cost(scores, image, PLAN)
    assert cost.tiles == 9 and cost.overlap == 32
    # Chunks of 64, 64 and 2 rows and of 71, 71 and 28 columns, with up to 16 more a side.
    assert cost.tile == (64 + 16 + 2, 71 + 2 * 16)
    assert cost.points_share == (80 + 82 + 18) * (87 + 103 + 44) / (130 * 170)


def test_the_work_of_a_tile_pickles():
    scores, image = lazily(*scene())
    found = latticecrf.dask.refine(scores, image, PLAN, tile=80)
    other = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(other.compute(), found.compute())


def die_once(block, flag):
    """Kills the process that reads this block, the first time."""
    if os.path.exists(flag):
        os.remove(flag)
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def test_a_worker_that_is_killed_changes_nothing(tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask's distributed is not installed")
    scores, image = scene()
    lazy = da.from_array(scores, chunks=(-1, 64, 71))
    want = latticecrf.dask.refine(lazy, image, PLAN, output="labels").compute()
    flag = tmp_path / "die"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        local_directory=str(tmp_path),
    ) as cluster, distributed.Client(cluster):
        # The blocks that are read last, when others are done.
        dying = da.concatenate(
            [lazy[:, :128], lazy[:, 128:].map_blocks(die_once, str(flag), meta=lazy._meta)], 1)
        flag.touch()
        labels, seams = latticecrf.dask.refine(dying, image, PLAN, output="labels", report=True)
        labels, seams = dask.compute(labels, seams)
    assert not flag.exists(), "no worker was killed"
    np.testing.assert_array_equal(labels, want)
    assert seams["seam_pixels"] > 0
