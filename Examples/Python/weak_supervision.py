#!/usr/bin/env python3
"""Trains a small network on scribbles, with cross-entropy alone and with a dense CRF loss beside it.

  weak_supervision.py DATASET [--epochs 8] [--weight 1.5e-7] [--size 192x144] [--threads 2] [--seed 1]

DATASET is laid out as PASCAL VOC is: JPEGImages, SegmentationClass, ImageSets/Segmentation/{train,val}.txt. Of each
training label map only scribbles are shown to the network: for each class, thin lines along the middles of its largest
areas (one or two pixels in a hundred). For the first half of the epochs the network learns by cross-entropy on them.
Then it goes on twice from there: by cross-entropy as before, and with `latticecrf.torch.DenseCRFLoss` (Tang et al.,
"On regularized losses for weakly-supervised CNN segmentation", ECCV 2018), which wants pixels alike and near each other
to have the same label, whoever labelled them. Both see the same images in the same order.

The weight: rloss has 2e-9 for crops of 513 pixels with sigma_xy = 100, at half the size. The loss grows with the
pixels and with the neighbours of each, a tenth and a sixth as many here, which makes about 1.2e-7.

Needs torch, Pillow, SciPy and latticecrf.
"""
import argparse
import copy
import os
import time

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import nn
from torch.nn import functional

from latticecrf.torch import DenseCRFLoss

UNKNOWN = 255
#: Lines are drawn through so many areas of a class, of this many pixels and more.
AREAS, LEAST_AREA = 3, 30


class Block(nn.Module):
    """Two convolutions around which the input passes."""

    def __init__(self, channels, dilation):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(channels) for _ in range(2)])

    def forward(self, x):
        inner = functional.relu(self.norms[0](self.first(x)))
        return functional.relu(x + self.norms[1](self.second(inner)))


def network(labels):
    """1.1 million parameters, scores at a quarter of the resolution."""
    def reduce(given, made):
        return nn.Sequential(
            nn.Conv2d(given, made, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU())

    return nn.Sequential(
        reduce(3, 32), reduce(32, 96), Block(96, 1), Block(96, 2), Block(96, 4), Block(96, 8), Block(96, 1),
        nn.Conv2d(96, 192, 1, bias=False), nn.BatchNorm2d(192), nn.ReLU(), nn.Conv2d(192, labels, 1))


def scribbles(labels):
    """The labels along lines through the middles of areas; elsewhere UNKNOWN."""
    result = np.full_like(labels, UNKNOWN)
    for label in np.unique(labels[labels != UNKNOWN]):
        areas, count = ndimage.label(labels == label)
        sizes = np.bincount(areas.ravel())[1:]
        for area in np.argsort(-sizes)[:AREAS]:
            inside = areas == area + 1
            if sizes[area] < LEAST_AREA:
                continue
            # The ridge of the distance to the border, where the area is wide.
            distance = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
            ridge = ndimage.maximum_filter(distance, 5) == distance
            result[inside & ridge & (distance >= distance.max() / 2)] = label
    return result


class Set:
    """The images and labels of a list, in memory."""

    def __init__(self, folder, part, size):
        with open(os.path.join(folder, "ImageSets", "Segmentation", part + ".txt")) as file:
            self.names = file.read().split()
        pictures, labels = [], []
        for name in self.names:
            with Image.open(os.path.join(folder, "JPEGImages", name + ".jpg")) as picture:
                pictures.append(np.asarray(picture.convert("RGB").resize(size, Image.BILINEAR)))
            with Image.open(os.path.join(folder, "SegmentationClass", name + ".png")) as picture:
                labels.append(np.asarray(picture.resize(size, Image.NEAREST)))
        self.images = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy())
        self.labels = np.stack(labels)


def normalized(images):
    return (images.float() - 114) / 58


def scores(net, images):
    return functional.interpolate(
        net(normalized(images)), images.shape[-2:], mode="bilinear", align_corners=False)


def train(net, data, drawn, epochs, rate, options, regularizer=None):
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=1e-2)
    order = torch.Generator().manual_seed(options.seed)
    batches = len(data.images) // options.batch
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimizer, epochs * batches, 0.9)
    net.train()
    for epoch in range(epochs):
        start, sums = time.time(), np.zeros(2)
        for chosen in torch.randperm(len(data.images), generator=order)[:batches * options.batch].view(batches, -1):
            images, labels = data.images[chosen], drawn[chosen]
            if torch.rand(1, generator=order) < 0.5:
                images, labels = images.flip(-1), labels.flip(-1)
            found = scores(net, images)
            loss = functional.cross_entropy(found, labels, ignore_index=UNKNOWN)
            sums[0] += loss.item()
            if regularizer is not None:
                all_of_it = torch.ones(labels.shape)
                smooth = regularizer(images.float(), found.softmax(1), all_of_it)
                sums[1] += smooth.item()
                loss = loss + smooth
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print("  epoch %d: cross-entropy %.3f, CRF loss %.3f, %.0f s" % (
            epoch + 1, *sums / batches, time.time() - start), flush=True)


def mean_iou(net, data, labels):
    net.eval()
    confusion = np.zeros((labels, labels), np.int64)
    with torch.no_grad():
        for index in range(0, len(data.images), 16):
            found = scores(net, data.images[index:index + 16]).argmax(1).numpy()
            truth = data.labels[index:index + 16]
            counts = truth != UNKNOWN
            confusion += np.bincount(
                labels * truth[counts].astype(np.int64) + found[counts], minlength=labels ** 2
            ).reshape(labels, labels)
    hits = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return 100 * (hits[union > 0] / union[union > 0]).mean(), 100 * hits.sum() / confusion.sum()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--weight", type=float, default=1.5e-7)
    parser.add_argument("--size", default="192x144")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    start = time.time()
    size = tuple(int(part) for part in options.size.split("x"))
    training, validation = (Set(options.dataset, part, size) for part in ("train", "val"))
    labels = int(max(training.labels[training.labels != UNKNOWN].max(),
                     validation.labels[validation.labels != UNKNOWN].max())) + 1
    drawn = torch.from_numpy(np.stack([scribbles(one) for one in training.labels]).astype(np.int64))
    net = network(labels)
    print("%d training images of %s, %d labels; scribbles are %.1f %% of the pixels; %.1f million parameters" % (
        len(training.names), options.size, labels, 100 * (drawn != UNKNOWN).float().mean(),
        sum(value.numel() for value in net.parameters()) / 1e6), flush=True)
    before = options.epochs // 2
    results = []

    def report(name, net):
        results.append((name, *mean_iou(net, validation, labels)))
        print("%s: mean IOU %.1f %%, accuracy %.1f %%" % results[-1], flush=True)

    print("cross-entropy on scribbles")
    train(net, training, drawn, before, options.rate, options)
    report("after the first half", net)
    for name, regularizer in (
        ("cross-entropy alone", None),
        ("with DenseCRFLoss", DenseCRFLoss(
            options.weight, sigma_rgb=15, sigma_xy=40, scale_factor=0.5, threads=options.threads)),
    ):
        print(name)
        own = copy.deepcopy(net)
        train(own, training, drawn, options.epochs - before, options.rate / 2, options, regularizer)
        report(name, own)
    print("%.1f minutes" % ((time.time() - start) / 60))


if __name__ == "__main__":
    main()
