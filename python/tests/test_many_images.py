"""Images by the folder, one row each: the task itself, over dask bags, and over Spark."""
import io
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
from latticecrf import _images

pictures = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

PLAN = latticecrf.Plan(["crf:model=deeplab-vgg,iterations=2"])


def png(array):
    target = io.BytesIO()
    pictures.fromarray(array).save(target, "png")
    return target.getvalue()


def npy(array):
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def scene(seed, labels=3):
    generator = np.random.default_rng(seed)
    height, width = generator.integers(20, 40, 2)
    truth = generator.integers(0, labels, (4, 4)).repeat(10, 0).repeat(10, 1)[:height, :width]
    image = np.clip(60 * truth[..., None] + generator.normal(60, 9, (height, width, 3)), 0, 255)
    scores = 2 * (np.arange(labels)[:, None, None] == truth) + generator.normal(0, 2, (labels, height, width))
    return scores.astype(np.float32), image.astype(np.uint8), truth.astype(np.uint8)


@pytest.fixture
def folders(tmp_path):
    """Six images, of which one has a broken picture, one no picture, and one scores of another size."""
    for name in ("scores", "images", "truth"):
        (tmp_path / name).mkdir()
    for number in range(6):
        scores, image, truth = scene(number)
        if number == 3:
            scores = scores[:, :9]
        (tmp_path / f"scores/{number}.npy").write_bytes(npy(scores))
        if number != 2:
            (tmp_path / f"images/{number}.png").write_bytes(png(image)[:99 if number == 1 else None])
        (tmp_path / f"truth/{number}.png").write_bytes(png(truth))
    return tmp_path


def rows_of(folder):
    return _images.matched(folder / "scores", folder / "images", folder / "truth")


def check(rows):
    """That all rows are there, and are what `latticecrf.refine` gives or say what is wrong."""
    rows = {row["name"]: row for row in rows}
    assert sorted(rows) == list("012345")
    for name, row in rows.items():
        if name in "123":
            assert row["labels"] is None and row["confusion"] is None
            assert row["error"].startswith(name) or f"{name}." in row["error"]
            continue
        scores, image, truth = scene(int(name))
        want = latticecrf.refine(scores, image, plan=PLAN, output="labels")
        assert row["error"] is None
        np.testing.assert_array_equal(np.asarray(pictures.open(io.BytesIO(row["labels"]))), want)
        assert row["changed_share"] == pytest.approx((want != scores.argmax(0)).mean())
        counts = np.zeros((3, 3), int)
        np.add.at(counts, (truth, want), 1)
        assert list(row["confusion"]) == counts.ravel().tolist()


def test_rows_are_refined_or_say_what_is_wrong(folders):
    task = pickle.loads(pickle.dumps(_images.Task(PLAN)))
    rows = [task(row) for row in rows_of(folders)]
    check(rows)
    total = sum(np.array(row["confusion"]) for row in rows if row["confusion"])
    figures = _images.summary(rows)
    matrix = total.reshape(3, 3)
    assert figures["images"] == 3 and figures["failed"] == 3
    assert figures["iou"][1] == matrix[1, 1] / (matrix[1].sum() + matrix[:, 1].sum() - matrix[1, 1])
    assert figures["accuracy"] == np.trace(matrix) / matrix.sum()


def test_bytes_do_as_well_and_void_does_not_count():
    scores, image, truth = scene(0)
    truth[:5] = 255
    row = _images.Task(PLAN)({"scores": npy(scores), "image": png(image), "truth": png(truth), "id": 7})
    assert row["id"] == 7 and row["error"] is None
    assert sum(row["confusion"]) == (truth != 255).sum()
    row = _images.Task(PLAN)({"scores": b"nothing of use", "image": png(image)})
    assert row["error"].startswith("a row without a name: ")
    given = _images.Task(PLAN, kind="labels", labels=3)({"scores": png(scores.argmax(0).astype(np.uint8)),
                                                         "image": png(image)})
    want = latticecrf.refine(scores.argmax(0), image, plan=PLAN, kind="labels", labels=3, output="labels")
    np.testing.assert_array_equal(np.asarray(pictures.open(io.BytesIO(given["labels"]))), want)


def test_options_are_checked_at_once(tmp_path):
    with pytest.raises(TypeError, match="colour is not an option"):
        _images.Task(PLAN, colour=3)
    with pytest.raises(ValueError, match="no step 'deeplab-v9'"):
        _images.Task("deeplab-v9")
    (tmp_path / "a.npy").touch()
    (tmp_path / "a.npz").touch()
    with pytest.raises(ValueError, match="same stem"):
        _images.matched(tmp_path)


PROGRAM = next(
    (p for p in (Path(__file__).parents[2] / ".build" / "release" / "crf-refine",) if p.exists()),
    shutil.which("crf-refine"))


@pytest.mark.skipif(PROGRAM is None, reason="crf-refine is not built")
def test_rows_are_what_the_program_says_of_a_folder(folders):
    (folders / "plan.json").write_text(PLAN.to_json())
    (folders / "images/3.png").unlink()
    (folders / "out").mkdir()
    ran = subprocess.run(
        [PROGRAM, "--unary", "scores", "--image", "images", "--ground-truth", "truth", "--output", "out",
         "--plan", "plan.json", "--json"], cwd=folders, capture_output=True, text=True)
    said = json.loads(ran.stdout)
    rows = {row["name"]: row for row in map(_images.Task(PLAN), rows_of(folders))}
    assert len(said["files"]) == 3
    for file in said["files"]:
        row = rows[Path(file["unary"]).stem]
        assert row["changed_share"] == pytest.approx(file["changed_share"], abs=1e-12)
    figures = _images.summary(rows.values())
    after = said["evaluation"]["after"]
    assert figures["mean_iou"] == pytest.approx(after["mean_iou"], rel=1e-9)


def test_a_bag_of_images(folders):
    bag = pytest.importorskip("dask.bag", reason="dask is not installed with its bags")
    import latticecrf.dask

    rows = latticecrf.dask.refine_images(bag.from_sequence(rows_of(folders), npartitions=3), PLAN)
    check(rows.compute(scheduler="threads"))
    assert latticecrf.dask.figures(rows)["failed"] == 3


@pytest.fixture(scope="module")
def session():
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    # Workers are other programs, which see what this one does.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    pytest.importorskip("pandas", reason="pandas is not installed")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java, which Spark runs on")
    session = (
        sql.SparkSession.builder.master("local[2,4]")  # Tasks are tried four times, as on clusters.
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "2").getOrCreate())
    yield session
    session.stop()


def test_a_frame_of_images(session, folders):
    import latticecrf.spark

    frame = session.createDataFrame(rows_of(folders)).repartition(3)
    rows = latticecrf.spark.refine(frame, PLAN)
    check([row.asDict() for row in rows.collect()])
    figures = latticecrf.spark.figures(rows)
    assert figures["images"] == 3 and figures["failed"] == 3 and 0 < figures["mean_iou"] <= 1
    with pytest.raises(ValueError, match="scores must be among them"):
        latticecrf.spark.refine(frame.drop("scores"), PLAN)
    with pytest.raises(ValueError, match="rename it"):
        latticecrf.spark.refine(frame.withColumnRenamed("name", "error"), PLAN)

    # As bytes, and a worker of Python that is killed: its rows come from the next one.
    files = session.read.format("binaryFile").load(str(folders / "scores")).select("path", "content")
    flag = folders / "die"
    flag.touch()
    where = str(flag)

    def die_once(batches):
        for batch in batches:
            if os.path.exists(where):
                os.remove(where)
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch

    dying = files.withColumnRenamed("content", "scores").mapInPandas(die_once, "path string, scores binary")
    plan = [{"kind": "temperature", "value": 2}]
    found = latticecrf.spark.refine(dying, plan).collect()
    assert not flag.exists() and len(found) == 6
    assert all(row["error"] is None and row["changed_share"] == 0 for row in found)
