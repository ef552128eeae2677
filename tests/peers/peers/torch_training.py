"""Training in PyTorch: the same layers, losses, optimiser and batches, as they are usually written; `tuned` runs also keep
channels innermost, step with the fused AdamW and leave out biases that batch norm takes back."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from .torch_views import batch_views, images

torch.set_num_threads(2)


def perceptron(*widths, bias=True):
    layers = []
    for i, o in zip(widths[:-2], widths[1:-1]):
        layers += [nn.Linear(i, o, bias=bias), nn.BatchNorm1d(o), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


def convnet():
    def block(i, o):
        return [nn.Conv2d(i, o, 3, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]

    return nn.Sequential(*block(1, 32), *block(32, 64), *block(64, 128), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.second, self.second_norm = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.shortcut = nn.Sequential()
        if stride != 1 or i != o:
            self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        hidden = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.second_norm(self.second(hidden)) + self.shortcut(x))


def resnet18():
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    blocks = []
    for i, o, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)):
        blocks += [Block(i, o, stride), Block(o, o, 1)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def nt_xent(z, temperature=0.5):
    """The two views of a sample against all other rows; the positive is in the denominator."""
    u = F.normalize(z)
    scores = u @ u.T / temperature
    scores.fill_diagonal_(float("-inf"))
    n = len(z)
    return F.cross_entropy(scores, (torch.arange(n) + n // 2) % n)


def vicreg(z):
    """Invariance of the two views of a sample, variance and covariance."""
    n, k = z.shape
    a, b = z[: n // 2], z[n // 2 :]
    covariance = torch.cov(z.T)
    diagonal = covariance.diagonal()
    variance = F.relu(1 - (diagonal + 1e-4).sqrt()).mean()
    return 25 * F.mse_loss(a, b) + 25 * variance + (covariance.square().sum() - diagonal.square().sum()) / k


def innermost(tensors, tuned):
    return tensors.to(memory_format=torch.channels_last) if tuned else tensors


def adamw(model, tuned):
    return torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4, fused=tuned or None)


def steps(model, loss_of, values, batch, count, tuned):
    optimiser = adamw(model, tuned)

    def work():
        for _ in range(count):
            loss = loss_of(model(values))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return count * batch, loss.item()

    return work


def mlp(folder, tuned=False):
    torch.manual_seed(0)
    values = torch.tensor(np.fromfile(folder / "mlp.f32", np.float32)).view(2 * 512, 784)
    return steps(perceptron(784, 512, 512, 128, bias=not tuned), vicreg, values, 512, 20, tuned)


def mlp_tuned(folder):
    return mlp(folder, tuned=True)


def resnet(folder, tuned=False):
    torch.manual_seed(0)
    values = torch.tensor(np.fromfile(folder / "resnet.f32", np.float32)).view(2 * 64, 3, 32, 32)
    model = innermost(nn.Sequential(resnet18(), perceptron(512, 256, 128, bias=not tuned)), tuned)
    return steps(model, nt_xent, innermost(values, tuned), 64, 2, tuned)


def resnet_tuned(folder):
    return resnet(folder, tuned=True)


def cnn(folder, tuned=False):
    x = images(folder)

    def work():
        torch.manual_seed(0)
        g = torch.Generator().manual_seed(0)
        model = innermost(nn.Sequential(convnet(), perceptron(128, 256, 128, bias=not tuned)), tuned)
        optimiser = adamw(model, tuned)
        count = len(x) // 256
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=count)
        for rows in torch.randperm(len(x), generator=g)[: count * 256].view(-1, 256):
            views = torch.cat([batch_views(x[rows], g), batch_views(x[rows], g)])
            loss = nt_xent(model(innermost(views, tuned)))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        return count * 256, loss.item()

    return work


def cnn_tuned(folder):
    return cnn(folder, tuned=True)
