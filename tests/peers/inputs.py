"""The inputs of the comparisons, as plain files that both sides read. What is there already is not made again."""

import gzip
import pathlib

import numpy as np

EDGES, NODES = 10_000_000, 1_000_000
ROWS, WIDTH, LABELS = 1_000_000, 64, 10
TABLE = 100_000


def idx(path):
    with gzip.open(path) as file:
        content = file.read()
    sides = content[3]
    shape = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(sides)]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * sides).reshape(shape)


def write(name, folder, data):
    data = pathlib.Path(data)
    makers = {
        "mlp": [("mlp.f32", lambda: pixels(data)[: 2 * 512 * 784])],
        "cnn": [("images.u8", lambda: idx(data / "train-images-idx3-ubyte.gz"))],
        "resnet": [("resnet.f32", lambda: np.random.default_rng(0).random(2 * 64 * 3 * 32 * 32, np.float32))],
        "embed": [("fashion_mnist.txt", lambda: np.frombuffer(str(data.resolve()).encode(), np.uint8))],
        "views": [("images.u8", lambda: idx(data / "train-images-idx3-ubyte.gz"))],
        "components": [("edges.u32", edges)],
    }
    makers["views_each"], makers["components_csr"] = makers["views"], makers["components"]
    makers.update({f"{name}_tuned": makers[name] for name in ("mlp", "cnn", "resnet", "embed")})
    for file, make in makers.get(name, []):
        if not (folder / file).exists():
            make().tofile(folder / file)
    if name in ("nearest", "probe", "knn") and not (folder / "test.u32").exists():
        principal_components(folder, data)
    if name == "means" and not (folder / "embeddings.parquet").exists():
        embeddings(folder / "embeddings.parquet")
    if name == "hashing" and not (folder / "people.csv").exists():
        people(folder / "people.csv")


def pixels(data):
    return idx(data / "train-images-idx3-ubyte.gz").reshape(-1).astype(np.float32) / 255


def edges():
    return np.random.default_rng(0).integers(0, NODES, 2 * EDGES, np.uint32)


def principal_components(folder, data):
    """Fashion-MNIST on its first 128 principal components: real data of the width of an embedding."""
    images = {side: idx(data / f"{file}-images-idx3-ubyte.gz").reshape(-1, 784) / 255 for side, file in SIDES}
    mean = images["train"].mean(0)
    axes = np.linalg.eigh(np.cov(images["train"].T))[1][:, ::-1][:, :128]
    for side, file in SIDES:
        ((images[side] - mean) @ axes).astype(np.float32).tofile(folder / f"{side}.f32")
        idx(data / f"{file}-labels-idx1-ubyte.gz").astype(np.uint32).tofile(folder / f"{side}.u32")


SIDES = (("train", "train"), ("test", "t10k"))


def embeddings(path):
    """A table like the embeddings of a run: row groups of 16,384 rows, zstd, nothing null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    labels = random.integers(0, LABELS, ROWS)
    centres = random.standard_normal((LABELS, WIDTH))
    values = (centres[labels] + random.standard_normal((ROWS, WIDTH))).astype(np.float32)
    vector = pa.list_(pa.field("item", pa.float32(), nullable=False), WIDTH)
    schema = pa.schema(
        [
            pa.field("id", pa.uint64(), nullable=False),
            pa.field("embedding", vector, nullable=False),
            pa.field("label", pa.string(), nullable=False),
        ]
    )
    columns = [
        pa.array(np.arange(ROWS, dtype=np.uint64)),
        pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), type=vector),
        pa.array(labels.astype(str)),
    ]
    table = pa.Table.from_arrays(columns, schema=schema)
    pq.write_table(table, path, row_group_size=16 * 1024, compression="zstd", compression_level=1)


def people(path):
    """A table of persons: six columns of words that are made of syllables, a few of them common."""
    random = np.random.default_rng(0)
    syllables = "ka lo mi ren sta bru den el viv or shi qui nel ta sen no ar is um pe".split()
    words = np.array(["".join(random.choice(syllables, random.integers(2, 5))) for _ in range(20_000)])
    columns = {"first": 1, "last": 1, "street": 3, "city": 1, "company": 2, "note": 4}
    # Squares make some words common, as names are.
    drawn = {name: words[(random.random((TABLE, many)) ** 2 * len(words)).astype(int)] for name, many in columns.items()}
    with open(path, "w") as file:
        print("id", *columns, sep=",", file=file)
        for row in range(TABLE):
            print(row, *(" ".join(drawn[name][row]) for name in columns), sep=",", file=file)
