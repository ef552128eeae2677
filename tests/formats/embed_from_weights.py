"""Embeds samples by NumPy from a checkpoint alone, as the documentation of encoders lays the weights out.

Prints the largest distance of a number to that in embeddings.parquet, and the largest number.
"""

import sys

import numpy as np
import pyarrow.parquet
from safetensors.numpy import load_file


def samples(path):
    """Vectors of a Parquet file, or images of an IDX file as channels x height x width."""
    if path.endswith(".parquet"):
        column = pyarrow.parquet.read_table(path)["image"]
        scale = 1 / 255 if column.type.value_type == pyarrow.uint8() else 1
        return np.array(column.to_pylist(), np.float32) * np.float32(scale)
    with open(path, "rb") as file:
        magic, count, height, width = (int.from_bytes(file.read(4), "big") for _ in range(4))
        assert magic == 0x0803, magic
        pixels = np.frombuffer(file.read(), np.uint8)
    return pixels.reshape(count, 1, height, width) * np.float32(1 / 255)


def batch_norm(y, name):
    parts = [w[f"{name}.{part}"] for part in ("gamma", "running_mean", "running_var", "beta")]
    gamma, mean, variance, beta = (part.reshape(1, -1, *[1] * (y.ndim - 2)) for part in parts)
    return gamma * (y - mean) / np.sqrt(variance + 1e-5) + beta


def convolution(x, name, stride):
    weight = w[f"{name}.weight"]
    kernel = weight.shape[2]
    padding = (kernel - 1) // 2
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", windows, weight)


def mlp(x, name):
    layer = 0
    while f"{name}.hidden.{layer}.weight" in w:
        x = np.maximum(batch_norm(x @ w[f"{name}.hidden.{layer}.weight"], f"{name}.norms.{layer}"), 0)
        layer += 1
    return x @ w[f"{name}.last.weight"] + w[f"{name}.last.bias"]


def convnet(x):
    layer = 0
    while f"encoder.convolutions.{layer}.weight" in w:
        x = convolution(x, f"encoder.convolutions.{layer}", 2)
        x = np.maximum(batch_norm(x, f"encoder.norms.{layer}"), 0)
        layer += 1
    return x.mean((2, 3))


def resnet18(x):
    x = np.maximum(batch_norm(convolution(x, "encoder.stem", 1), "encoder.stem_norm"), 0)
    for at in range(8):
        block = f"encoder.blocks.{at}"
        stride = 2 if at in (2, 4, 6) else 1
        y = np.maximum(batch_norm(convolution(x, f"{block}.first", stride), f"{block}.first_norm"), 0)
        y = batch_norm(convolution(y, f"{block}.second", 1), f"{block}.second_norm")
        if f"{block}.shortcut.weight" in w:
            x = batch_norm(convolution(x, f"{block}.shortcut", stride), f"{block}.shortcut_norm")
        x = np.maximum(y + x, 0)
    return x.mean((2, 3))


encoder, head, checkpoint, data, embeddings = sys.argv[1:]
w = load_file(checkpoint)
x = samples(data)
x = {"mlp": lambda x: mlp(x, "encoder"), "convnet": convnet, "resnet18": resnet18}[encoder](x)
if head == "projector":
    x = mlp(x, "projector")
expected = np.array(pyarrow.parquet.read_table(embeddings)["embedding"].to_pylist())
assert x.shape == expected.shape, (x.shape, expected.shape)
print(np.abs(x - expected).max(), np.abs(expected).max(), sep="\t")
