"""Random views: a whole batch through one affine grid, and sample by sample through torchvision."""

import math

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(2)
BATCH, BATCHES, EACH = 256, 100, 1024


def images(folder):
    pixels = np.fromfile(folder / "images.u8", np.uint8).reshape(-1, 1, 28, 28)
    return torch.tensor(pixels).float().div(255)


def batch_views(x, g):
    """A crop of 0.3 to 1 of the area with a ratio of 3/4 to 4/3, a flip, contrast and brightness of 0.6 to 1.4."""
    n = len(x)
    area = torch.empty(n).uniform_(0.3, 1, generator=g)
    ratio = torch.exp(torch.empty(n).uniform_(math.log(3 / 4), math.log(4 / 3), generator=g))
    w = (area * ratio).sqrt().clamp(max=1)
    h = (area / ratio).sqrt().clamp(max=1)
    cx = (torch.rand(n, generator=g) * 2 - 1) * (1 - w)
    cy = (torch.rand(n, generator=g) * 2 - 1) * (1 - h)
    flip = (torch.rand(n, generator=g) < 0.5).float() * -2 + 1
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 2], theta[:, 1, 1], theta[:, 1, 2] = w * flip, cx, h, cy
    y = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), align_corners=False)
    brightness = torch.empty(n, 1, 1, 1).uniform_(0.6, 1.4, generator=g)
    contrast = torch.empty(n, 1, 1, 1).uniform_(0.6, 1.4, generator=g)
    mean = y.mean((1, 2, 3), keepdim=True)
    return (((y - mean) * contrast + mean) * brightness).clamp(0, 1)


def views(folder):
    x, g = images(folder), torch.Generator().manual_seed(0)

    def work():
        total = 0.0
        for batch in range(BATCHES):
            rows = torch.arange(batch * BATCH, (batch + 1) * BATCH)
            both = torch.cat([batch_views(x[rows], g), batch_views(x[rows], g)])
            total += both[0, 0, 14, 0].item()
        return 2 * BATCH * BATCHES, total / BATCHES

    return work


def views_each(folder):
    from torchvision.transforms import v2

    x = images(folder)[:EACH]
    torch.manual_seed(0)
    view = v2.Compose(
        [
            v2.RandomResizedCrop(28, scale=(0.3, 1)),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.4, contrast=0.4),
        ]
    )

    def work():
        both = torch.stack([view(image) for _ in range(2) for image in x])
        return len(both), both[:, 0, 14, 0].mean()

    return work
