"""Embeds new samples by an exported model: by the reader that lies in its folder, and by onnxruntime.

Prints for each of them, and for the first with few samples at once, the largest distance of a number to that in a Parquet
file of embeddings, relative to the largest number of its row.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow.parquet

folder, data, embeddings = sys.argv[1:]
sys.path.insert(0, folder)
from relata_model import Model  # noqa: E402


def samples(path):
    """Images of an IDX file, rows of JSON lines, or vectors of a Parquet file."""
    if path.endswith(".jsonl"):
        return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    if path.endswith(".parquet"):
        return np.array(pyarrow.parquet.read_table(path)["x"].to_pylist(), np.float32)
    content = Path(path).read_bytes()
    height, width = (int.from_bytes(content[at : at + 4], "big") for at in (8, 12))
    return np.frombuffer(content[16:], np.uint8).reshape(-1, 1, height, width)


expected = np.array(pyarrow.parquet.read_table(embeddings)["embedding"].to_pylist())
model, new = Model.load(folder), samples(data)
session = onnxruntime.InferenceSession(str(Path(folder) / "model.onnx"), providers=["CPUExecutionProvider"])
(by_onnx,) = session.run(["embedding"], model.encode(new))
for found in (model.embed(new), model.embed(new, at_once=7), by_onnx):
    assert found.shape == expected.shape and found.dtype == np.float32, (found.shape, found.dtype, expected.shape)
    rows = np.abs(expected).max(1)
    assert (rows > 1e-6).all(), "embeddings of nothing"
    print((np.abs(found - expected).max(1) / rows).max())
