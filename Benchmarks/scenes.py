"""What the comparisons with pydensecrf are made on, and the inference that all of them time."""
import os
import statistics

import numpy as np
from PIL import Image


def upsampled(scores, size):
    """(L, h, w) scores at (width, height), bilinearly with half-pixel centres; (L, H, W) float32."""
    planes = [Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32)) for plane in scores]
    return np.stack([np.asarray(plane.resize(size, Image.BILINEAR)) for plane in planes])


def energies_of(scores):
    """-log(max(softmax, 1e-5)) of (L, H, W) scores; float32."""
    exponentials = np.exp(scores - scores.max(0))
    energies = -np.log(np.clip(exponentials / exponentials.sum(0), 1e-5, 1.0))
    return np.ascontiguousarray(energies, dtype=np.float32)


def prepare(image, scores, folder, size=None, labels=None):
    """Writes image.png, scores.npy and energies.npy of the size (WxH) and labels asked for.

    Labels that the scores lack are added as smooth noise two units below their mean. Returns the size and the labels.
    """
    image = Image.open(image).convert("RGB")
    if size:
        width, height = (int(v) for v in size.lower().split("x"))
        image = image.resize((width, height), Image.BICUBIC)
    image.save(os.path.join(folder, "image.png"))
    scores = np.load(scores, allow_pickle=False).astype(np.float32)
    labels = labels or len(scores)
    generator = np.random.default_rng(0)
    while len(scores) < labels:
        noise = generator.normal(scores.mean() - 2, scores.std(), (12, 16)).astype(np.float32)
        smooth = Image.fromarray(noise).resize(scores.shape[:0:-1], Image.BICUBIC)
        scores = np.concatenate([scores, np.asarray(smooth)[None]])
    scores = upsampled(scores[:labels], image.size)
    np.save(os.path.join(folder, "scores.npy"), scores)
    np.save(os.path.join(folder, "energies.npy"), energies_of(scores))
    return image.size, labels


def load(folder):
    """The image and the energies that `prepare` has written."""
    image = np.ascontiguousarray(np.array(Image.open(os.path.join(folder, "image.png"))))
    return image, np.load(os.path.join(folder, "energies.npy"))


def infer(module, image, energies, parameters, iterations, **options):
    """Marginals (L, N) by pydensecrf or a module that does the same; parameters are (w1, sa, sb, w2, sg)."""
    labels, height, width = energies.shape
    w1, sa, sb, w2, sg = parameters
    crf = module.DenseCRF2D(width, height, labels, **options)
    crf.setUnaryEnergy(energies.reshape(labels, -1))
    crf.addPairwiseGaussian(sxy=sg, compat=w2)
    crf.addPairwiseBilateral(sxy=sa, srgb=sb, rgbim=image, compat=w1)
    return np.array(crf.inference(iterations))


def summary(values):
    """Minimum / median / maximum."""
    return "%.3g / %.3g / %.3g" % (min(values), statistics.median(values), max(values))
