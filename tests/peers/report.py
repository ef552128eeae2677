"""The table of results: rows measured now replace those of the same name, the others stay."""

import dataclasses
import datetime
import importlib.metadata
import os
import pathlib
import platform

PACKAGES = ["torch", "torchvision", "faiss-cpu", "scikit-learn", "scipy", "numpy", "pyarrow", "duckdb"]
HEAD = "| name | what | peer | ours | peer's | ratio | target | pairs | checks | date |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"


@dataclasses.dataclass
class Row:
    name: str
    what: str
    peer: str
    target: float
    ours: float
    theirs: float
    ratio: float
    pairs: int
    checks: list

    def line(self):
        checks = " and ".join(f"{check:.6g}" for check in self.checks)
        date = datetime.date.today().isoformat()
        return (
            f"| {self.name} | {self.what} | {self.peer} | {seconds(self.ours)} | {seconds(self.theirs)} "
            f"| {self.ratio:.2f} | {self.target:g} | {self.pairs} | {checks} | {date} |"
        )


def seconds(value):
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def machine():
    model = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    flags = ""
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
        features = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
        flags = ", " + ("AVX-512" if "avx512f" in features else "AVX2" if "avx2" in features else "no AVX2")
    return f"{model}, {os.cpu_count()} cores{flags}, {platform.system()}"


def write(path, rows, order):
    kept = {}
    if path.exists():
        for line in path.read_text().splitlines():
            name = line.split("|")[1].strip() if line.startswith("|") else ""
            if name in order:
                kept[name] = line
    kept.update({row.name: row.line() for row in rows})
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)
    table = "\n".join(kept[name] for name in order if name in kept)
    text = f"""# Relata and its peers

Medians of the time of a unit of work (a training sample with its two views, a view, a query, a row, an edge); the ratio
is the peer's time by ours, so above 1 Relata is faster. Both sides have 2 threads and take turns. The checks are a number
that follows from each side's result, ours first.

Last measured on: {machine()}; Python {platform.python_version()}, {versions}.

{HEAD}
{table}
"""
    path.write_text(text)
