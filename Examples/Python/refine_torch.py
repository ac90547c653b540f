#!/usr/bin/env python3
"""A PyTorch segmenter, its scores refined, and an overlay.

  refine_torch.py model.pt photo.jpg overlay.png [--preset deeplab-v2-resnet101]

The model is TorchScript (`torch.jit.script(model).save("model.pt")`), takes (1, 3, H, W), and returns scores
before the softmax, (1, L, h, w) of any resolution, or a dictionary with them under "out" as torchvision's
networks do. Needs torch, Pillow and latticecrf.
"""
import pictures
import torch

import latticecrf


def main():
    arguments = pictures.arguments(__doc__)

    image = pictures.read(arguments.photo)
    network = torch.jit.load(arguments.model, map_location="cpu").eval()
    with torch.inference_mode():
        scores = network(torch.from_numpy(pictures.network_input(image)))
    if isinstance(scores, dict):
        scores = scores["out"]

    # Tensors go in as they are; scores coarser than the photograph are upsampled.
    before = latticecrf.refine(
        scores[0], image, position=False, bilateral=False, iterations=0, output="labels")
    after = latticecrf.refine(scores[0], image, arguments.preset, output="labels")
    pictures.report(before, after)
    pictures.write_overlay(arguments.overlay, image, after)


if __name__ == "__main__":
    main()
