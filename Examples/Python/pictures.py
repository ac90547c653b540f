"""Photographs in, networks' inputs, and overlays out: what both examples do alike."""
import argparse

import numpy as np
from PIL import Image

import latticecrf

# What most networks that were trained on ImageNet take.
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def arguments(description):
    """What the command line says: model, photo, overlay, preset."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("photo")
    parser.add_argument("overlay")
    parser.add_argument("--preset", default="deeplab-vgg", choices=latticecrf.Model.presets())
    return parser.parse_args()


def read(path):
    """A photograph, (height, width, 3) bytes."""
    return np.asarray(Image.open(path).convert("RGB"))


def network_input(image, notes=None):
    """(1, 3, height, width), normalised; as the notes in a model say (docs/onnx.md), where it has some."""
    if not notes or "mean" not in notes:
        normalized = (image / np.float32(255) - MEAN) / DEVIATION
    else:
        mean, deviation = (np.array(notes[k].split(","), np.float32) for k in ("mean", "deviation"))
        ordered = image[:, :, ::-1] if notes["channel_order"] == "bgr" else image
        normalized = (ordered / np.float32(notes["divisor"]) - mean) / deviation
    return np.moveaxis(normalized, -1, 0)[None].copy()


def palette(count):
    """The colours that PASCAL VOC gives to labels: the bits of a label, spread over three channels."""
    colors = np.zeros((count, 3), np.uint8)
    for label in range(count):
        for bit in range(8):
            for channel in range(3):
                colors[label, channel] |= (label >> (3 * bit + channel) & 1) << (7 - bit)
    return colors


def write_overlay(path, image, labels):
    """The photograph with its labels' colours over it."""
    colors = palette(int(labels.max()) + 1)[labels]
    Image.fromarray((image // 2 + colors // 2).astype(np.uint8)).save(path)


def report(before, after):
    print(f"{np.mean(before != after):.2%} of the pixels have another label than before")
