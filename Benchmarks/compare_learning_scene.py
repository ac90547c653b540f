"""The picture that compare_learning and compare_learning_peers learn on."""
import numpy as np
import torch


def painted(width, height):
    """Areas of a few colours with noise, (1, 3, height, width) in 0…255."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    centres = random.uniform(0, 1, (24, 2)) * (height, width)
    nearest = ((y[None] - centres[:, 0, None, None]) ** 2 + (x[None] - centres[:, 1, None, None]) ** 2).argmin(0)
    colours = random.uniform(20, 235, (24, 3))[nearest]
    noisy = np.clip(colours + random.normal(0, 8, colours.shape), 0, 255)
    return torch.tensor(noisy.transpose(2, 0, 1)[None], dtype=torch.float32).round()


def photo(path, width, height):
    from PIL import Image

    picture = Image.open(path).convert("RGB").resize((width, height))
    return torch.tensor(np.array(picture).transpose(2, 0, 1)[None], dtype=torch.float32)
