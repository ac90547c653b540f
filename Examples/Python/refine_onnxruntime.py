#!/usr/bin/env python3
"""A segmenter in ONNX Runtime, its scores refined, and an overlay.

  refine_onnxruntime.py model.onnx photo.jpg overlay.png [--preset deeplab-v2-resnet101]

The model takes (1, 3, H, W) and returns scores before the softmax, (1, L, h, w) of any resolution, as its
first output; docs/onnx.md says how `deeplab export` makes one. Where it has a fixed size, the photograph is
resized to it for the network alone. Needs onnxruntime, Pillow and latticecrf.
"""
import numpy as np
import onnxruntime
import pictures
from PIL import Image

import latticecrf


def main():
    arguments = pictures.arguments(__doc__)

    session = onnxruntime.InferenceSession(arguments.model, providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0]
    photo = Image.open(arguments.photo).convert("RGB")
    height, width = (
        size if isinstance(size, int) else own
        for size, own in zip(taken.shape[2:], (photo.height, photo.width)))
    image = np.asarray(photo.resize((width, height), Image.BILINEAR))
    values = pictures.network_input(image, session.get_modelmeta().custom_metadata_map)
    scores = session.run(None, {taken.name: values})[0][0]

    before = latticecrf.refine(
        scores, image, position=False, bilateral=False, iterations=0, output="labels")
    after = latticecrf.refine(scores, image, arguments.preset, output="labels")
    pictures.report(before, after)
    pictures.write_overlay(arguments.overlay, image, after)


if __name__ == "__main__":
    main()
