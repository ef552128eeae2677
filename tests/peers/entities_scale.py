"""The first decision about many persons, without answers, from CSV to the entity of every row: time, memory and F1 of
Relata (the example same_person) and splink, one after the other, as rows of Markdown.

usage: python entities_scale.py [--rows 1000000] [--programs relata,splink] [--binary PATH] [--folder DIR]
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
BINARY = HERE / "../../target/release/examples/same_person"


def measured(command, folder):
    """The output of a process, its seconds and its peak memory in GB."""
    before = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), cwd=folder, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return output, time.perf_counter() - before, usage.ru_maxrss / 1e6


def relata(rows, folder, binary):
    output, seconds, memory = measured([binary.resolve(), "--rows", rows], folder)
    return float(re.search(r"decision\.f1 +\| ([0-9.]+)", output)[1]), seconds, memory


def splink(rows, folder, _):
    environment = [sys.executable, "-m", "peers.splink_generated"]
    table, result = (folder / f"runs/persons_{rows}.csv").resolve(), (folder / "splink.parquet").resolve()
    output, seconds, memory = measured([*environment, table, result], HERE)
    return json.loads(output.splitlines()[-1])["f1"], seconds, memory


PROGRAMS = {"relata": relata, "splink": splink}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--programs", default="relata,splink", help="names of programs, by commas; Relata makes the table")
    parser.add_argument("--binary", default=BINARY, type=pathlib.Path)
    parser.add_argument("--folder", default=pathlib.Path("."), type=pathlib.Path, help="where the table and the runs go")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| rows | program | minutes | peak memory, GB | pair F1 |\n| ---: | --- | ---: | ---: | ---: |")
    for program in options.programs.split(","):
        f1, seconds, memory = PROGRAMS[program](options.rows, options.folder, options.binary)
        print(f"| {options.rows:,} | {program} | {seconds / 60:.1f} | {memory:.2f} | {f1:.3f} |", flush=True)


if __name__ == "__main__":
    main()
