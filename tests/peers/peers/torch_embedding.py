"""Images from IDX files through the CNN, in evaluation mode, to Parquet by pyarrow; the `tuned` run also keeps channels
innermost and writes the vectors without looking for a dictionary, as Relata does."""

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from inputs import idx

from .torch_training import convnet, innermost

torch.set_num_threads(2)
BATCH = 1024


def embed(folder, tuned=False):
    data = pathlib.Path((folder / "fashion_mnist.txt").read_text().strip())
    torch.manual_seed(0)
    model = innermost(convnet().eval(), tuned)
    vector = pa.list_(pa.field("item", pa.float32(), nullable=False), 128)

    def work():
        images, labels, splits = [], [], []
        for split, file in (("train", "train"), ("test", "t10k")):
            images.append(idx(data / f"{file}-images-idx3-ubyte.gz"))
            labels.append(idx(data / f"{file}-labels-idx1-ubyte.gz"))
            splits += [split] * len(labels[-1])
        pixels = torch.from_numpy(np.concatenate(images))[:, None]
        with torch.inference_mode():
            batches = (pixels[i : i + BATCH].float().div(255) for i in range(0, len(pixels), BATCH))
            parts = [model(innermost(batch, tuned)) for batch in batches]
        values = torch.cat(parts).numpy().reshape(-1)
        columns = {
            "id": pa.array(np.arange(len(pixels), dtype=np.uint64)),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(values), type=vector),
            "label": pa.array(np.concatenate(labels)),
            "split": pa.array(splits),
        }
        path = folder / "embedded_by_torch.parquet"
        dictionary = ["label", "split"] if tuned else True
        options = {"row_group_size": 16 * 1024, "compression": "zstd", "compression_level": 1}
        pq.write_table(pa.table(columns), path, use_dictionary=dictionary, **options)
        return len(pixels), len(pixels)

    return work


def embed_tuned(folder):
    return embed(folder, tuned=True)
