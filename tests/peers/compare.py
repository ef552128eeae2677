"""Times Relata and its peers in turn and writes the table RESULTS.md.

usage: python compare.py [--only mlp,probe] [--pairs 5] [--binary PATH] [--data DIR] [--work DIR] [--write]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import inputs
import report

HERE = pathlib.Path(__file__).parent
THREADS = "2"

# What is compared: name, what it is, the peer, the ratio (the peer's time by ours) that Relata must reach.
COMPARISONS = [
    ("mlp", "training steps of an MLP 784-512-512-128 with batch norm, VICReg, batch 512 x 2 views", "PyTorch", 0.95),
    ("cnn", "an epoch of a CNN 32-64-128 with views, NT-Xent, batch 256 x 2 views, Fashion-MNIST", "PyTorch", 1.2),
    ("resnet", "training steps of ResNet-18, 32 x 32, NT-Xent, batch 64 x 2 views", "PyTorch", 0.8),
    ("embed", "70,000 images from IDX files through the CNN to Parquet", "PyTorch, pyarrow", 1.5),
    ("mlp_tuned", "as mlp, against PyTorch with the fused AdamW and no biases before batch norm", "PyTorch", 0.95),
    ("cnn_tuned", "as cnn, against PyTorch with channels last as well", "PyTorch", 1.0),
    ("resnet_tuned", "as resnet, against PyTorch with channels last as well", "PyTorch", 0.8),
    ("embed_tuned", "as embed, against channels last and no dictionary of the vectors", "PyTorch, pyarrow", 1.0),
    ("views", "two random views of batches of 28 x 28 images", "torch grid_sample, batched", 2.0),
    ("views_each", "the same, sample by sample", "torchvision v2", 20.0),
    ("nearest", "exact 20-NN of 10,000 against 60,000 in 128 dimensions", "faiss flat", 0.9),
    ("probe", "linear probe, 60,000 x 128, ten classes, same loss", "scikit-learn lbfgs", 3.0),
    ("knn", "kNN probe by cosine, 10,000 rows against 60,000 in 128 dimensions, votes weighted", "scikit-learn", 1.0),
    ("components", "connected components of 10^7 random edges over 10^6 nodes, from pairs", "scipy.sparse.csgraph", 1.0),
    ("components_csr", "the same, from a sorted sparse matrix that is already there", "scipy.sparse.csgraph", 1.0),
    ("means", "mean embedding per label, 10^6 x 64, from Parquet", "DuckDB", 0.8),
    ("hashing", "10^5 rows of six texts, from CSV to hashed n-grams", "scikit-learn HashingVectorizer, pyarrow", 1.0),
]


class Side:
    """A process that does the work once for every line it is sent, and waits in between."""

    def __init__(self, command, environment):
        self.command = command
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.ready = self.answer()

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit(f"{' '.join(map(str, self.command))} ended before it answered")

    def turn(self):
        # Threads of the other side may still be spinning for new work; they give up within this time.
        time.sleep(0.5)
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(name, pairs, binary, folder):
    """The seconds per unit of both sides, a list each, and what each says about its result."""
    environment = dict(os.environ)
    for variable in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[variable] = THREADS
    ours = Side([binary, name, folder], environment)
    theirs = Side([sys.executable, HERE / "peer.py", name, folder], environment)
    times, checks = ([], []), [None, None]
    # The first pair warms caches and pools and does not count.
    for repetition in range(pairs + 1):
        for side, process in enumerate((ours, theirs)):
            done = process.turn()
            checks[side] = done["check"]
            if repetition > 0:
                times[side].append(done["seconds"] / done["units"])
        if repetition > 0:
            print(f"  {name} {repetition}: {times[0][-1]:.3e} {times[1][-1]:.3e} s/unit", file=sys.stderr, flush=True)
    ours.close()
    theirs.close()
    return times, checks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="names of comparisons, by commas")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--binary", default=HERE / "../../target/release/relata-peers", type=pathlib.Path)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="the four .gz files of Fashion-MNIST")
    parser.add_argument("--work", help="a folder for the inputs, kept for the next time")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md; other comparisons keep their rows")
    options = parser.parse_args()
    if not options.binary.exists():
        sys.exit(f"{options.binary} is not there: cargo build --release --workspace --bins, or name it with --binary")
    only = options.only.split(",") if options.only else [name for name, *_ in COMPARISONS]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.work or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for name, what, peer, target in COMPARISONS:
            if name in only:
                inputs.write(name, folder, options.data)
                times, checks = compare(name, options.pairs, options.binary.resolve(), folder)
                ours, theirs = map(statistics.median, times)
                rows.append(report.Row(name, what, peer, target, ours, theirs, theirs / ours, options.pairs, checks))
                print(rows[-1].line(), flush=True)
                if options.write:
                    report.write(HERE / "RESULTS.md", rows, [name for name, *_ in COMPARISONS])


if __name__ == "__main__":
    main()
