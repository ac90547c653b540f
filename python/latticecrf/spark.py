"""Many images over Spark: each row an image's files or bytes, each result a row.

    images = spark.createDataFrame(latticecrf.spark.matched("scores", "images", truth="truth"))
    rows = latticecrf.spark.refine(images, "deeplab-vgg")
    rows.filter("error is null").select("name", "labels", "changed_share")
    latticecrf.spark.figures(rows)            # mean IOU and the like, counted over all images

An image that cannot be refined becomes a row whose `error` says why; the job goes on. Needs
`pip install latticecrf[spark]`.
"""
from __future__ import annotations

from typing import Any, Dict

from pyspark.sql import DataFrame
from pyspark.sql.types import (
    ArrayType, BinaryType, DoubleType, IntegerType, LongType, StringType, StructField, StructType,
)

from . import _images
from ._images import matched

__all__ = ["figures", "matched", "refine"]

_RESULTS = [
    StructField("labels", BinaryType()), StructField("changed_share", DoubleType()),
    StructField("label_count", IntegerType()), StructField("confusion", ArrayType(LongType())),
    StructField("error", StringType()),
]


def refine(frame: DataFrame, plan: Any = None, **options: Any) -> DataFrame:
    """Refines the image of each row by `DataFrame.mapInPandas`; lazily, as all of Spark.

    Args:
        frame: with the columns `scores` and, but for plans that need none, `image`, and `truth` where
            there are true labels: each a path that every worker can read, or bytes, such as the
            `content` of `binaryFile`. Scores are .npy or .npz, or label maps; images are what Pillow
            reads. Other columns, a name for example, are kept.
        plan: a `Plan`, or what one can be made of: a preset's name, `["crf:model=irn", "majority"]`;
            "deeplab-v2-pytorch" unless given.
        options: `kind`, `layout`, `image_layout`, `normalize`, `labels`, `confidence`, `ignore` and
            `minimum_probability` as for `latticecrf.refine`; `void`, the true label that does not count,
            255 unless given; `threads` of each task, 1 unless given.

    Returns:
        The other columns, and `labels`, the bytes of a PNG whose numbers are the labels;
        `changed_share`, the share of points that have another label than before; `label_count`;
        `confusion`, where there is a truth, how many points of each true label (rows) have each label,
        row by row; `error`, null where all is well.

    Raises:
        ValueError, TypeError: with a sentence that says what is wrong with plan, options or columns.
    """
    if "scores" not in frame.columns:
        raise ValueError(
            f"the frame has the columns {', '.join(frame.columns)}, but scores must be among them")
    task = _images.Task(plan, **options)
    inputs = [name for name in _images.INPUTS if name in frame.columns]
    kept = [field for field in frame.schema.fields if field.name not in inputs]
    for field in kept:
        if field.name in _images.RESULTS:
            raise ValueError(f"the column {field.name} is one of the results: rename it first")
    schema = StructType([*kept, *_RESULTS])
    names = schema.names

    def refined(batches: Any) -> Any:
        import pandas

        for batch in batches:
            # A row at a time, so that memory is that of an image and not of a batch of them.
            for row in batch.to_dict("records"):
                result = task(row)
                yield pandas.DataFrame({name: [result[name]] for name in names}, columns=names)

    return frame.mapInPandas(refined, schema)


def figures(rows: DataFrame) -> Dict[str, Any]:
    """What `confusion` comes to over all rows: `images`, `failed`, `iou` of each label, `mean_iou` and
    `accuracy`, the last three counted over all points of all images with a truth.

    Runs the job.

    Args:
        rows: of `refine`.
    """
    return _images.summary(row.asDict() for row in rows.select(
        "label_count", "confusion", "error").toLocalIterator())
