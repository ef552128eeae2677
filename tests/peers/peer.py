"""The peer's side of a comparison: prepares, says that it is ready, and works once for every line on its input."""

import importlib
import json
import pathlib
import sys
import time

MODULES = {
    "mlp": "torch_training",
    "mlp_tuned": "torch_training",
    "cnn": "torch_training",
    "cnn_tuned": "torch_training",
    "resnet": "torch_training",
    "resnet_tuned": "torch_training",
    "embed": "torch_embedding",
    "embed_tuned": "torch_embedding",
    "views": "torch_views",
    "views_each": "torch_views",
    "nearest": "faiss_nearest",
    "probe": "sklearn_probe",
    "knn": "sklearn_probe",
    "components": "scipy_components",
    "components_csr": "scipy_components",
    "means": "duckdb_means",
    "hashing": "sklearn_hashing",
}


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    module = importlib.import_module(f"peers.{MODULES[name]}")
    work = getattr(module, name)(folder)
    print(json.dumps({"ready": name}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        units, check = work()
        seconds = time.perf_counter() - start
        # A check that takes time is a function, called when the clock has stopped.
        check = float(check() if callable(check) else check)
        print(json.dumps({"seconds": seconds, "units": units, "check": check}), flush=True)


main()
